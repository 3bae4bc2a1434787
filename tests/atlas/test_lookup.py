"""One model or one maker by any of its names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.contracts import CORE, core
from underlay.atlas.lookup import find_maker, find_model
from underlay.errors import UnknownNameError
from underlay.lake import Engine, Lake
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def engine(small_lake: Path) -> Iterator[Engine]:
    with Engine(Lake(small_lake), CORE) as engine:
        yield engine


@pytest.mark.parametrize(
    "text",
    [
        "Qwen/Qwen3-0.6B",
        "qwen/qwen3-0.6b",
        "  Qwen/Qwen3-0.6B ",
        "huggingface:Qwen/Qwen3-0.6B",
        "https://huggingface.co/Qwen/Qwen3-0.6B/tree/main",
        "pkg:huggingface/Qwen/Qwen3-0.6B",
    ],
)
def test_all_spellings_of_a_model(engine: Engine, text: str) -> None:
    card = find_model(engine, text)
    assert card.model["name"] == "Qwen/Qwen3-0.6B"
    assert card.maker["organisation_id"] == "alibaba"
    assert card.maker["country"] == "CN"
    assert card.counts


def test_a_card_is_plain_json(engine: Engine) -> None:
    alias = engine.tables["core__alias"]
    one_each = alias.group_by("platform").agg(name=alias.name.min())
    for row in engine.run(one_each.order_by("platform")).rows():
        card = find_model(engine, f"{row['platform']}:{row['name']}")
        content = json.loads(json.dumps(card.to_dict(), allow_nan=False))
        assert content["schema"] == "underlay/model/1"
        assert row["name"] in {name["name"] for name in content["names"]}
        maker = find_maker(engine, content["model"]["organisation_id"])
        assert json.loads(json.dumps(maker.to_dict(), allow_nan=False))["maker"]


def test_a_model_by_its_old_and_bare_names(engine: Engine) -> None:
    assert find_model(engine, "bert-base-uncased").model["name"] == "google-bert/bert-base-uncased"
    new = find_model(engine, "CohereLabs/c4ai-command-r-v01").model
    assert find_model(engine, "CohereForAI/c4ai-command-r-v01").model == new


def test_a_platform_chooses_among_namesakes(small_lake: Path) -> None:
    rows = [
        {"platform": platform, "name": "a/b", "model_id": number, "method": "m", "reason": "r"}
        for number, platform in enumerate(("huggingface", "modelscope"))
    ]
    with Engine(Lake(small_lake), CORE) as engine:
        engine.register("core__alias", Batch.from_rows(core("alias"), rows))
        assert find_model(engine, "a/b").model["model_id"] == 0
        assert find_model(engine, "modelscope:a/b").model["model_id"] == 1


def test_counts_are_the_newest(engine: Engine) -> None:
    card = find_model(engine, "Qwen/Qwen3-8B")
    days = {(c["listing"], c["metric"]): c["observed_on"] for c in card.counts}
    assert days["llmfit", "downloads_30d_count"] == "2026-10-05"
    assert len(days) == len(card.counts)
    assert card.derived_count == 3


def test_bases_up_to_the_root(small_lake: Path) -> None:
    def edge(child: int, base: int) -> dict[str, Any]:
        return {"model_id": child, "base_model_id": base, "relation": "finetune",
                "evidence": "declared", "source": "s"}  # fmt: skip

    with Engine(Lake(small_lake), CORE) as engine:
        edges = [edge(0, 1), edge(1, 2), edge(1, 3), edge(3, 0)]
        engine.register("core__lineage", Batch.from_rows(core("lineage"), edges))
        model = engine.tables["core__model"]
        name = engine.run(model.filter(model.model_id == 0)).objects("name")[0]
        card = find_model(engine, name)
    assert [base["base_model_id"] for base in card.bases] == [1, 2, 3]
    assert card.derived_count == 1


@pytest.mark.parametrize("text", ["meta", "META", " Meta ", "FacebookAI"])
def test_all_spellings_of_a_maker(engine: Engine, text: str) -> None:
    card = find_maker(engine, text)
    assert card.maker["organisation_id"] == "meta"
    assert card.models_count == len(set(_models_of(engine, "meta")))


def _models_of(engine: Engine, maker: str) -> list[int]:
    model = engine.tables["core__model"]
    return engine.run(model.filter(model.organisation_id == maker)).objects("model_id")


def test_a_maker_by_its_account(engine: Engine) -> None:
    card = find_maker(engine, "google-bert")
    assert card.maker["organisation_id"] == "google"
    assert {"google-bert"} <= {account["account"] for account in card.accounts}
    assert card.families
    counts = [model["value"] for model in card.top_models]
    assert counts == sorted(counts, reverse=True)


def test_owners_and_what_they_own(engine: Engine) -> None:
    makers = engine.tables["core__organisation"]
    child = next(engine.run(makers.filter(makers.parent_id.notnull()).limit(1)).rows())
    card = find_maker(engine, child["organisation_id"])
    assert card.parent is not None
    assert card.parent["organisation_id"] == child["parent_id"]
    parent = find_maker(engine, child["parent_id"])
    assert child["organisation_id"] in {each["organisation_id"] for each in parent.children}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Qwen/Qwen3-0.5B", "Qwen/Qwen3-0.6B"),
        ("qwen3-0.6b", "Qwen/Qwen3-0.6B"),
        ("", ""),
        ("x", ""),
        ("https://huggingface.co/datasets/a/b", ""),
        ("'; DROP TABLE core__model; --", ""),
        ("%", ""),
        ("a\x00b", ""),
    ],
)
def test_an_unknown_model(engine: Engine, text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_model(engine, text)
    assert hint in caught.value.hint
    assert len(set(caught.value.candidates)) == len(caught.value.candidates)


@pytest.mark.parametrize("text", ["", "alibabba", "no such maker at all"])
def test_an_unknown_maker(engine: Engine, text: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_maker(engine, text)
    assert caught.value.kind == "maker"
    if text == "alibabba":
        assert "`alibaba`" in caught.value.hint
