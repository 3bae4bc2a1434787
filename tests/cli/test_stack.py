"""`underlay whatif`, `routes`, `chokepoints` and `tempo` on a lake that is counted by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from tests.stack.small_lake import stack_tables, write_lake

from underlay.api import OpenLake
from underlay.cli.schemas import SCHEMAS
from underlay.config import settings
from underlay.lake import Lake
from underlay.stack.facets import Facets
from underlay.stack.removals import removal
from underlay.stack.whatif import whatif

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from underlay.stack.parts import Stack


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lake; read only."""
    path = tmp_path_factory.mktemp("stack") / "lake"
    write_lake(path)
    return path


@pytest.fixture
def asked(root: Path, underlay: Callable[..., Any]) -> Callable[..., str]:
    """Run a command on the small lake; its words."""

    def run(*arguments: str) -> str:
        ran = underlay("--lake", root, *arguments)
        assert (ran.code, ran.err) == (0, "")
        return str(ran.out)

    return run


@pytest.fixture
def told(asked: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Run a command with `--json`; its answer, held against the schema of the command's name."""

    def run(*arguments: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(asked(*arguments, "--json"))
        jsonschema.Draft202012Validator(SCHEMAS[arguments[0]]()).validate(content)
        assert content["schema"] == f"underlay/{arguments[0]}/1"
        return content

    return run


# of 1,000 downloads: 720 of the class that runs everywhere, 90 on CUDA only, 80 refused by ROCm,
# 60 of the class that Ascend's plug-in names, 40 of an unknown one, 10 on a general path
HEADLINES = [
    (("nvidia",), {}, 0.17, 0.78),
    (("nvidia",), {"grade": "measured"}, 0.72, 0.0),
    (("nvidia",), {"grade": "ci"}, 0.0, 0.72),
    (("nvidia",), {"grade": "named"}, 0.09, 0.78),
    (("nvidia",), {"population": "all"}, 170 / 1500, 1280 / 1500),
    (("nvidia",), {"fixtures": "drop"}, 170 / 980, 760 / 980),
    (("nvidia",), {"largest": "drop"}, 170 / 600, 380 / 600),
    (("nvidia",), {"listing": "llmfit"}, 0.2, 0.8),
    (("amd",), {}, 0.0, 0.95),
    (("nvidia", "amd"), {}, 0.17, 0.78),
    (("nvidia", "amd", "apple"), {}, 0.89, 0.06),
    (("country:US:design",), {}, 0.89, 0.06),
    (("foundry:tsmc",), {}, 0.89, 0.06),
    (("foundry:tsmc",), {"supply": "installed"}, 0.0, 0.95),
    (("package:torch",), {}, 0.23, 0.72),
    (("api:cuda",), {}, 0.17, 0.78),
    (("runtime:vllm",), {}, 0.23, 0.72),
    (("nvidia",), {"routes": "cpu"}, 0.0, 0.86),
    (("nvidia",), {"object": "file"}, 0.37, 0.58),
]


@pytest.fixture(scope="module")
def stack(root: Path) -> Stack:
    """The stack of the small lake."""
    with OpenLake(Lake(root), settings({"UNDERLAY_LAKE": str(root)})) as lake:
        return lake.stack


@pytest.mark.parametrize(("removed", "where", "value", "kept"), HEADLINES)
def test_headlines_counted_by_hand(
    stack: Stack, removed: tuple[str, ...], where: dict[str, str], value: float, kept: float
) -> None:
    facets = Facets.of(where)
    share = whatif(stack, removal(stack, removed, scope=facets.scope), facets).weights["downloads"]
    assert share.headline is not None
    assert share.headline.value == pytest.approx(value, abs=1e-9)
    assert share.headline.kept == pytest.approx(kept, abs=1e-9)
    whole = share.headline.value + share.headline.kept + share.headline.no_evidence
    assert whole == pytest.approx(1.0, abs=1e-9)
    assert share.headline.lower <= share.headline.value <= share.headline.upper


def test_facets_are_set_from_the_command_line(told: Callable[..., dict[str, Any]]) -> None:
    content = told("whatif", "--remove", "nvidia", "--remove", "apple", "--where", "object=file")
    assert content["removed"] == ["nvidia", "apple"]
    assert content["definition"]["object"] == "file"
    # of the files, that in fp8 and that in GGUF have no reader left
    assert content["weights"]["downloads"]["value"] == pytest.approx(0.47)


def test_a_removal_tells_what_it_takes_and_what_stays(told: Callable[..., dict[str, Any]]) -> None:
    content = told("whatif", "--remove", "nvidia")
    assert {each["component"] for each in content["takes"]} == {
        "accelerator:hopper",
        "designer:nvidia",
        "toolchain:cuda",
    }
    assert [each["component"] for each in content["spares"]] == ["api:cuda"]
    assert [(each["model"], each["slot"], each["needs"]) for each in content["lost"]] == [
        ("acme/closed", "accelerator", "accelerator:hopper"),
        ("dora/denied", "accelerator", "accelerator:hopper"),
    ]
    kept = content["kept"][0]
    assert (kept["model"], kept["grade"]) == ("acme/wide", "ci")
    assert kept["best"]["path"] == "tests/amd.yaml"
    assert kept["best"]["seen_on"] == "2026-05-01"
    lines = {each["line"]: (each["share"], each["only"]) for each in content["substitutes"]}
    assert lines["accelerator:cdna3"] == pytest.approx((0.78, 0.0))
    assert lines["accelerator:ascend"] == pytest.approx((0.06, 0.0))
    assert content["as_of"] == "2026-06-10"
    assert [each["name"] for each in content["sources"]] == ["mlperf", "packages"]


def test_the_ladder_and_the_parts_add_up(told: Callable[..., dict[str, Any]]) -> None:
    content = told("whatif", "--remove", "nvidia")
    rungs = {each["grade"]: each for each in content["ladder"]}
    assert list(rungs) == ["measured", "ci", "named", "product", "generic"]
    for rung in rungs.values():
        assert rung["value"] + rung["kept"] + rung["no_evidence"] == pytest.approx(1.0)
        assert rung["lower"] <= rung["value"] <= rung["upper"]
    unknown = [rungs[grade]["no_evidence"] for grade in rungs]
    assert unknown == sorted(unknown, reverse=True)
    for parts in (content["by_country"], content["by_openness"]):
        for weight in ("models", "downloads"):
            here = [each for each in parts if each["weight"] == weight]
            share = content["weights"][weight]
            assert sum(each["share"] for each in here) == pytest.approx(1.0)
            for field in ("value", "lower", "upper", "no_evidence"):
                whole = sum(each["share"] * each[field] for each in here)
                assert whole == pytest.approx(share[field]), (weight, field)
    france = next(p for p in content["by_country"] if (p["key"], p["weight"]) == ("FR", "models"))
    assert (france["value"], france["no_evidence"]) == (0.5, 0.5)


def test_a_weight_without_data_is_null_with_a_reason(told: Callable[..., dict[str, Any]]) -> None:
    tokens = told("whatif", "--remove", "nvidia")["weights"]["tokens"]
    assert tokens["value"] is None
    assert "routed" in tokens["reason"]
    broken = {"schema": "underlay/whatif/1", **told("whatif", "--remove", "nvidia")}
    broken["weights"]["tokens"].pop("reason")
    assert not jsonschema.Draft202012Validator(SCHEMAS["whatif"]()).is_valid(broken)


def test_the_words_of_whatif(asked: Callable[..., str]) -> None:
    text = asked("whatif", "--remove", "nvidia", "--by", "openness")
    for line in (
        "Without nvidia: who has no route left?",
        "downloads  17.0% lost [0.0% to 17.0%]; 78.0% kept, 5.0% without evidence before",
        "  product    17.0% [0.0% to 17.0%]     ####===================.  <- asked",
        "takes      accelerator: hopper",
        "spares     cuda: open code, services and what was not asked for; write a scope out "
        "(`:code`,",
        "    9.0%  acme/closed (Cuda)",
        "   40.0%  acme/wide: vllm on rocm, cdna3 (ci)",
        "          says packages, 1.0, tests/amd.yaml, seen 2026-05-01, stated by project",
        "as of      2026-06-10, list os_ai_map",
        "coverage   9 models, 8 with a known architecture (96.0% of downloads)",
        "source     List packages (MIT), to 2026-06-10, https://example.org/packages",
    ):
        assert line in text.splitlines(), line
    table = text.split("maker's openness")[1].split("\n\n")[0]
    assert "osi-licence" in table
    assert "custom-licence" in table
    assert "tokens     unknown: " in text
    assert all(len(line) <= 98 for line in text.splitlines() if not line.startswith("source"))
    assert "00:00:00" not in text


def test_history_is_that_of_the_evidence(told: Callable[..., dict[str, Any]]) -> None:
    days = {each["date"]: each for each in told("whatif", "--remove", "nvidia")["horizons"]}
    # llama.cpp listed the class in June, and the build for ROCm came in August
    assert days["2025-03-31"]["value"] == pytest.approx(0.89)
    assert days["2025-06-30"]["value"] == pytest.approx(0.17)
    assert days["2026-05-01"]["no_evidence"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["whatif", "--remove", "nvida"], "`nvida`", "did you mean `nvidia`"),
        (["whatif", "--remove", "foundry:tmsc"], "`tmsc`", "`tsmc`"),
        (["whatif", "--remove", "nvidia:silicone"], "`silicone`", "`silicon`"),
        (["whatif", "--remove", "grade<documentd"], "`documentd`", "`documented`"),
        (["whatif", "--remove", "nvidia", "--where", "objct=file"], "`objct`", "`object`"),
        (["whatif", "--remove", "nvidia", "--where", "object=fiel"], "`fiel`", "`file`"),
        (["whatif", "--remove", "nvidia", "--where", "object"], "`--where`", "FACET=OPTION"),
        (["whatif", "--remove", "nvidia", "--where", "listing=osir_lmts"], "osir_lmts", ""),
        (["whatif"], "missing option `--remove`", "--help"),
        (["routes", "acme/wied"], "`acme/wied`", "`acme/wide`"),
        (["routes", "acme/wide", "--without", "nvida"], "`nvida`", "`nvidia`"),
        (["chokepoints", "--weight", "tokens"], "tokens", "downloads"),
        (["chokepoints", "--weight", "likes"], "`likes`", "--help"),
        (["chokepoints", "--share", "grade<ci"], "`grade<ci`", "removals of components"),
    ],
)
def test_what_can_not_be_asked(
    root: Path, underlay: Callable[..., Any], arguments: list[str], error: str, hint: str
) -> None:
    ran = underlay("--lake", root, *arguments, "--json")
    assert (ran.code, ran.out) == (2, "")
    answer = json.loads(ran.err)
    jsonschema.Draft202012Validator(SCHEMAS["error"]()).validate(answer)
    assert error in answer["error"]
    assert hint in answer["hint"]


def test_an_error_is_a_sentence_and_near_names(root: Path, underlay: Callable[..., Any]) -> None:
    ran = underlay("--lake", root, "whatif", "--remove", "nvida")
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first == "error: no owner or component of the stack is called `nvida`"
    assert second.startswith("hint: did you mean `nvidia`")


def test_a_lake_without_a_stack_says_so(tmp_path: Path, underlay: Callable[..., Any]) -> None:
    empty: dict[str, list[dict[str, Any]]] = {
        "stack_component": [],
        "requires": [],
        "stack_build": [],
        "support": [],
    }
    write_lake(tmp_path / "lake", empty)
    ran = underlay("--lake", tmp_path / "lake", "whatif", "--remove", "nvidia")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")


def test_routes_the_best_evidence_first(told: Callable[..., dict[str, Any]]) -> None:
    content = told("routes", "acme/wide")
    grades = [each["grade"] for each in content["routes"]]
    order = ["measured", "ci", "named", "product", "generic"]
    assert grades == sorted(grades, key=order.index)
    best = content["routes"][0]
    assert (best["runtime"], best["backend"]) == ("runtime:vllm", "toolchain:cuda")
    assert (best["grade"], best["source"], best["stated_by"]) == ("measured", "mlperf", "vendor")
    assert content["requirement"]["weights_bytes"] == 16e9
    # llama.cpp on Metal needs nothing of the others
    assert content["depends_on"] == []
    assert told("routes", "acme/closed")["depends_on"] == [
        "accelerator:hopper",
        "api:cuda",
        "designer:nvidia",
        "foundry:tsmc",
        "package:torch",
        "package:transformers",
        "runtime:vllm",
        "toolchain:cuda",
    ]


def test_routes_that_are_left_and_what_blocks_the_others(
    told: Callable[..., dict[str, Any]], asked: Callable[..., str]
) -> None:
    content = told("routes", "acme/closed", "--without", "nvidia", "--where", "routes=accelerated")
    assert content["without"] == ["nvidia"]
    assert content["routes"] == []
    kinds: dict[str, int] = {}
    for block in content["blocks"]:
        kinds[block["kind"]] = kinds.get(block["kind"], 0) + 1
    assert kinds == {"removed": 1, "documented-no": 2, "conjectured-no": 2, "unknown": 2}
    text = asked("routes", "acme/closed", "--without", "nvidia")
    assert "No route is known without nvidia; unknown is not impossible" in text
    # two pieces of one name are told apart
    assert "hopper, api:cuda, nvidia, tsmc, torch, transformers," in text
    text = asked("routes", "acme/wide", "--limit", "1")
    assert "more; `--limit` shows them" in text
    assert "measured" in text


def test_a_model_of_unknown_class_has_no_known_route(told: Callable[..., dict[str, Any]]) -> None:
    content = told("routes", "x/mystery")
    assert content["routes"] == []
    assert {block["kind"] for block in content["blocks"]} == {"unknown"}


def test_chokepoints_counted_by_hand(told: Callable[..., dict[str, Any]]) -> None:
    content = told("chokepoints", "--share", "package:torch", "--share", "foundry:tsmc")
    found = {each["component"]: each for each in content["singles"]}
    first = content["singles"][0]
    assert first["component"] == "foundry:tsmc"
    assert (first["value"], first["models"]) == (pytest.approx(0.89), 6)
    torch = next(
        each for each in content["singles"]
        if "package:torch" in (each["component"], *each["same"])
    )  # fmt: skip
    assert torch["value"] == pytest.approx(0.23)
    # an unknown edge to llama.cpp for each of three classes would undo it
    assert [torch["missing"][f"edges_{part}"] for part in (10, 50, 90)] == [1, 2, 3]
    assert found["foundry:tsmc"]["lower"] == pytest.approx(0.09)
    assert content["tried"] == {"singles": 19, "pairs": 19 * 18 // 2}
    shapley = content["shapley"]
    assert shapley["is_exact"]
    assert shapley["total"] == pytest.approx(0.95)
    assert sum(each["value"] for each in shapley["players"]) == pytest.approx(0.95)
    alone = {each["name"]: each["alone"] for each in shapley["players"]}
    assert alone == pytest.approx({"package:torch": 0.23, "foundry:tsmc": 0.89})
    # two players: the joint loss is divided by what each adds before and after the other
    values = {each["name"]: each["value"] for each in shapley["players"]}
    assert values["package:torch"] == pytest.approx((0.23 + 0.95 - 0.89) / 2)


def test_the_words_of_chokepoints(asked: Callable[..., str]) -> None:
    text = asked("chokepoints", "--top", "3", "--weight", "models")
    assert text.startswith("Of 19 components and 171 pairs, those whose loss takes most models")
    assert "1 / 1 / -  TSMC" in text
    assert "(Shapley, exact)" in text
    assert "\ncoverage   22.2% of models had no known route before" in text


def test_statements_of_the_lake_stay_behind_the_answer(
    tmp_path: Path, underlay: Callable[..., Any]
) -> None:
    """A single row more, that vLLM runs the refused class on ROCm, and half of the loss is gone."""
    support = stack_tables()["support"]
    changed = [
        {**row, "status": "yes"}
        if (row["architecture_id"], row["backend_id"]) == ("Denied", "toolchain:rocm")
        else row
        for row in support
    ]
    assert changed != support
    write_lake(tmp_path / "lake", {"support": changed})
    ran = underlay("--lake", tmp_path / "lake", "whatif", "--remove", "nvidia", "--json")
    share = json.loads(ran.out)["weights"]["downloads"]
    assert share["value"] == pytest.approx(0.09)
