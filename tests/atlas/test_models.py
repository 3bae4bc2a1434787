"""One identity per model: which names lead to it, and which must not."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.curated import Curated, Licence, Organisation, read_curated
from underlay.atlas.licences import NONE_DECLARED
from underlay.atlas.models import Catalogue


def _maker(name: str, **accounts: tuple[str, ...]) -> Organisation:
    return Organisation(name, name.title(), "US", "company", accounts=accounts)


@pytest.fixture(scope="module")
def curated() -> Curated:
    makers = (
        _maker("alibaba", huggingface=("Qwen",), modelscope=("qwen", "iic", "damo")),
        _maker("nvidia", huggingface=("nvidia",)),
        _maker("zhipu", huggingface=("zai-org",)),
        _maker("meta", huggingface=("meta-llama", "FacebookAI"), huggingface_root=("bert-x",)),
    )
    return dataclasses.replace(
        read_curated(),
        organisations={maker.id: maker for maker in makers},
        corrections={
            "rename_namespace": (
                {"source": "s", "old": "THUDM", "new": "zai-org", "reason": "r", "date": "d"},
            )
        },
    )


@pytest.fixture
def catalogue(curated: Curated) -> Catalogue:
    return Catalogue(curated)


def _bases(catalogue: Catalogue, name: str) -> dict[str, tuple[str, str, str]]:
    number = catalogue.aliases["huggingface", name].model
    return catalogue.drafts[number].bases


# ---- hub names ---------------------------------------------------------------------------------


def test_case_does_not_make_another_model(catalogue: Catalogue) -> None:
    assert catalogue.hub("Qwen/Qwen3-8B") == catalogue.hub("qwen/qwen3-8b")
    assert len(catalogue) == 1
    assert catalogue.drafts[0].name == "Qwen/Qwen3-8B"
    assert catalogue.drafts[0].organisation == "alibaba"
    assert {name for _, name in catalogue.aliases} == {"Qwen/Qwen3-8B", "qwen/qwen3-8b"}


def test_a_renamed_namespace_is_one_account(catalogue: Catalogue) -> None:
    old = catalogue.hub("THUDM/chatglm-6b")
    draft = catalogue.drafts[old]
    assert (draft.name, draft.organisation) == ("zai-org/chatglm-6b", "zhipu")
    assert catalogue.aliases["huggingface", "THUDM/chatglm-6b"].method == "renamed"
    # it is found under the name that it is shown under, also if no list writes that
    assert catalogue.aliases["huggingface", "zai-org/chatglm-6b"].model == old
    assert catalogue.hub("zai-org/chatglm-6b") == old


def test_bare_names_find_their_new_home_in_any_order(curated: Curated) -> None:
    names = ["FacebookAI/roberta-base", "roberta-base", "other/roberta-base", "nowhere"]
    for order in itertools.permutations(names):
        catalogue = Catalogue(curated)
        catalogue.expect(names)
        for name in order:
            catalogue.hub(name)
        found = {name: catalogue.aliases["huggingface", name].model for name in names}
        assert found["roberta-base"] == found["FacebookAI/roberta-base"]
        assert catalogue.drafts[found["roberta-base"]].name == "FacebookAI/roberta-base"
        assert catalogue.aliases["huggingface", "roberta-base"].method == "moved"
        assert len(set(found.values())) == len(catalogue) == 3


def test_a_bare_name_has_a_curated_maker_or_none(catalogue: Catalogue) -> None:
    assert catalogue.drafts[catalogue.hub("bert-x")].organisation == "meta"
    assert catalogue.drafts[catalogue.hub("bert-y")].organisation == "unknown"


# ---- ModelScope --------------------------------------------------------------------------------


def test_modelscope_joins_by_name_and_maker(catalogue: Catalogue) -> None:
    hub = catalogue.hub("Qwen/Qwen3-8B")
    assert catalogue.modelscope("qwen/Qwen3-8B") == hub
    assert catalogue.modelscope("iic/qwen3_8b") == hub
    alias = catalogue.aliases["modelscope", "iic/qwen3_8b"]
    assert alias.method == "same name and maker"
    assert "on the Hub" in alias.reason
    assert catalogue.modelscope("somebody/Qwen3-8B") != hub


def test_modelscope_twins_are_not_said_to_stand_on_the_hub(catalogue: Catalogue) -> None:
    first = catalogue.modelscope("damo/nlp_x")
    assert catalogue.modelscope("iic/nlp-x") == first
    assert "on ModelScope" in catalogue.aliases["modelscope", "iic/nlp-x"].reason


def test_equal_names_of_unknown_makers_say_no_maker(catalogue: Catalogue) -> None:
    hub = catalogue.hub("somebody/own")
    assert catalogue.modelscope("Somebody/Own") == hub
    alias = catalogue.aliases["modelscope", "Somebody/Own"]
    assert alias.method == "same full name"
    assert "unknown" not in alias.reason
    # an account whose owner is known on one hub only isn't shown to be the same
    catalogue.hub("nvidia/thing")
    own = catalogue.modelscope("nvidia/thing")
    assert catalogue.drafts[own].platform == "modelscope"


# ---- catalogues and boards ---------------------------------------------------------------------


def test_elsewhere_in_order_of_evidence(catalogue: Catalogue) -> None:
    hub = catalogue.hub("Qwen/Qwen3-8B")
    stated = catalogue.elsewhere(
        "openrouter", "q/other", organisation="nvidia", hub_id="Qwen/Qwen3-8B"
    )
    same = catalogue.elsewhere("arena", "qwen3-8b", organisation="alibaba")
    title = catalogue.elsewhere("x", "q-8", organisation="alibaba", title="Qwen3 8B")
    stranger = catalogue.elsewhere("arena", "Qwen3 8B", organisation="nvidia")
    nobody = catalogue.elsewhere("epoch", "Qwen3-8B", organisation="unknown")
    assert stated == same == title == hub
    assert len({hub, stranger, nobody}) == 3
    assert catalogue.drafts[hub].organisation == "alibaba"
    assert catalogue.elsewhere("arena", "qwen3-8b", organisation="nvidia") == hub
    for alias in catalogue.aliases.values():
        assert alias.method
        assert alias.reason


def test_a_collection_is_never_one_of_its_models(catalogue: Catalogue) -> None:
    hub = catalogue.hub("Qwen/qwen3")
    name = catalogue.elsewhere(
        "ollama", "qwen3", organisation="alibaba", family="qwen", is_collection=True
    )
    assert name != hub
    assert catalogue.named("qwen3", "alibaba") == hub
    assert catalogue.drafts[name].family == "qwen"
    assert catalogue.drafts[name].is_open


def test_a_later_spelling_does_not_take_the_maker_away(catalogue: Catalogue) -> None:
    first = catalogue.elsewhere("arena", "Odd-1", organisation="nvidia")
    second = catalogue.elsewhere("arena", "odd-1", organisation="unknown")
    assert first == second
    assert catalogue.drafts[first].organisation == "nvidia"


def test_remarks_are_said_once(catalogue: Catalogue) -> None:
    number = catalogue.elsewhere("arena", "x", organisation="nvidia")
    catalogue.also("arena", "x", number + 1, "variant", "no")
    catalogue.remark("arena", "x", "but so")
    catalogue.remark("arena", "x", "but so")
    alias = catalogue.aliases["arena", "x"]
    assert alias.model == number
    assert alias.reason.count("but so") == 1


# ---- lineage that names tell -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "copy", "base"),
    [
        (["Qwen/Qwen3-8B"], "x/Qwen3-8B-GGUF", "Qwen/Qwen3-8B"),
        (["x/Qwen3-8B", "Qwen/Qwen3-8B"], "x/Qwen3-8B-GGUF", "x/Qwen3-8B"),
        (["x/Qwen3-8B-BF16", "Qwen/Qwen3-8B"], "x/Qwen3-8B-GGUF", "Qwen/Qwen3-8B"),
        (["nvidia/Nemotron-9-BF16"], "nvidia/Nemotron-9-FP8", "nvidia/Nemotron-9-BF16"),
        (["a/Odd-7B", "b/Odd-7B"], "b_Odd-7B-GGUF", "b/Odd-7B"),
        (["a/Odd-7B", "b/Odd-7B"], "r/b_Odd-7B-GGUF", "b/Odd-7B"),
        # another's model of the same name is no evidence
        (["a/Odd-7B"], "r/Odd-7B-GGUF", None),
        # a copy is no original
        (["Qwen/Qwen3-8B-AWQ"], "x/Qwen3-8B-GGUF", None),
        (["Qwen/Qwen2-57B"], "x/Qwen2.5-7B-GGUF", None),
        (["Qwen/Qwen3-8B"], "x/other-GGUF", None),
    ],
)
def test_copies_find_their_originals(
    curated: Curated, names: list[str], copy: str, base: str | None
) -> None:
    for order in itertools.permutations([*names, copy]):
        catalogue = Catalogue(curated)
        for name in order:
            catalogue.hub(name)
        catalogue.finish()
        expected = {} if base is None else {base: ("quantized", "inferred", "names")}
        assert _bases(catalogue, copy) == expected
        assert not any(_bases(catalogue, name) for name in names)


def test_a_declared_base_goes_before_the_name(catalogue: Catalogue) -> None:
    catalogue.hub("Qwen/Qwen3-8B")
    number = catalogue.hub("x/Qwen3-8B-GGUF")
    catalogue.drafts[number].bases["y/z"] = ("finetune", "declared", "s")
    catalogue.finish()
    assert list(catalogue.drafts[number].bases) == ["y/z"]


def test_models_of_other_platforms_are_no_originals(catalogue: Catalogue) -> None:
    catalogue.elsewhere("arena", "qwen-next", organisation="alibaba")
    catalogue.modelscope("qwen/qwen-next")
    catalogue.hub("x/qwen-next-GGUF")
    catalogue.finish()
    assert not _bases(catalogue, "x/qwen-next-GGUF")


@given(st.lists(st.text("abQ-/._3B", min_size=1, max_size=10), max_size=8))
def test_every_name_leads_to_one_model(curated: Curated, names: list[str]) -> None:
    catalogue = Catalogue(curated)
    for name in names:
        catalogue.hub(name)
        catalogue.modelscope(name)
        catalogue.elsewhere("arena", name, organisation="alibaba")
    catalogue.finish()
    numbers = {alias.model for alias in catalogue.aliases.values()}
    assert numbers == set(range(len(catalogue)))
    keys = {(draft.platform, draft.name.casefold()) for draft in catalogue.drafts}
    assert len(keys) == len(catalogue)
    for number, draft in enumerate(catalogue.drafts):
        if draft.platform == "huggingface":
            assert catalogue.aliases["huggingface", draft.name].model == number


# ---- rows --------------------------------------------------------------------------------------


def _row(catalogue: Catalogue, **facts: object) -> dict[str, object]:
    number = catalogue.hub("x/y-7B")
    catalogue.drafts[number] = dataclasses.replace(catalogue.drafts[number], **facts)  # type: ignore[arg-type]
    return catalogue.rows()[number]


@pytest.mark.parametrize(
    ("is_open", "licence", "openness", "expected"),
    [
        (True, "apache-2.0", "osi-licence", True),
        (True, None, "unknown", True),
        (True, NONE_DECLARED, "none-declared", True),
        (True, "Proprietary", "custom-licence", True),
        (False, "apache-2.0", "hosted-only", False),
        (None, "apache-2.0", "osi-licence", True),
        (None, "Proprietary", "hosted-only", False),
        (None, NONE_DECLARED, "none-declared", None),
        (None, "a licence that nobody reviewed", "unknown", None),
    ],
)
def test_openness(
    catalogue: Catalogue, is_open: bool | None, licence: str | None, openness: str, expected: object
) -> None:
    row = _row(catalogue, is_open=is_open, licence_text=licence)
    assert (row["openness"], row["is_open_weights"]) == (openness, expected)


def test_stated_parameters_go_before_the_name(catalogue: Catalogue) -> None:
    assert _row(catalogue)["size_band"] == "7-20B"
    assert _row(catalogue)["parameters_count"] is None
    row = _row(catalogue, parameters=5e8)
    assert (row["size_band"], row["parameters_count"]) == ("<1B", 500_000_000)


def test_of_two_licences_the_stricter_one_holds(catalogue: Catalogue) -> None:
    assert catalogue.strictest([]) is None
    assert catalogue.strictest(["apache-2.0"]) == "apache-2.0"
    for texts in itertools.permutations(["apache-2.0", "cc-by-nc-4.0", "mit"]):
        assert catalogue.strictest(texts) == "cc-by-nc-4.0"
    for texts in itertools.permutations(["mit", "other"]):
        assert catalogue.strictest(texts) == "other"
    # what nobody reviewed may allow less
    assert catalogue.strictest(["mit", "a licence that nobody reviewed"]).startswith("a licence")


def test_licence_classes_by_text(catalogue: Catalogue) -> None:
    licences = {"MIT": Licence("MIT", "osi", ""), "odd": Licence("", "custom", "")}
    own = Catalogue(dataclasses.replace(catalogue.curated, licences=licences))
    assert own.licence_class("MIT") == "osi"
    assert own.licence_class("Odd") == "custom"
    # not curated in that spelling, but an SPDX expression whose OSI approval nobody checked
    assert own.licence_class("mit") == "open-content"
    assert own.licence_class("our own terms") == "unknown"
    assert own.licence_class(None) == "unknown"
