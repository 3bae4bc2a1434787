"""Measures of the stack: dependence, narrowest points, flow and evidence, counted by hand."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.stack.small_lake import stack_tables, write_lake

from underlay.atlas.contracts import CORE
from underlay.errors import NoDataError, UnknownNameError
from underlay.lake import Engine
from underlay.measures import evaluate, measure
from underlay.measures.definitions import EACH
from underlay.measures.dependence import MEASURES, REMOVALS, removals_of, stack_of
from underlay.measures.multiverse import multiverse
from underlay.stack.flow import FLOW_LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from underlay.measures import Figure

DEPENDENCE, CHOKEPOINTS = measure("dependence"), measure("chokepoints")
GRADES = ("measured", "ci", "named", "product", "generic")
MANY = 50


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine over the small lake; its stack is read once."""
    with Engine(write_lake(tmp_path_factory.mktemp("stack") / "lake"), CORE) as opened:
        yield opened


def ask(engine: Engine, name: str, by: str = "", **where: str) -> Figure:
    return evaluate(measure(name), engine, by=by, where=where)


def single(engine: Engine, name: str, by: str, where: dict[str, str]) -> dict[str, float]:
    """Values of the single path by party; what has none is left out."""
    try:
        figure = evaluate(measure(name), engine, by=by, where=where)
    except NoDataError:
        return {}
    return {str(row.key[by]): row.value for row in figure.rows if row.value is not None}


def test_by_remove_is_what_can_be_counted(engine: Engine) -> None:
    figure = ask(engine, "dependence")
    assert figure.by == "remove"
    assert tuple(row.key["remove"] for row in figure.rows) == REMOVALS
    values = {str(row.key["remove"]): row.value for row in figure.rows}
    assert values == pytest.approx(
        {
            "nvidia": 0.17, "api:cuda": 0.17, "amd": 0.0, "huawei": 0.0, "country:US": 0.89,
            "country:CN": 0.0, "foundry:tsmc": 0.89, "package:torch": 0.23,
            "package:transformers": 0.23,
        }
    )  # fmt: skip
    names = {str(row.key["remove"]): row.more["name"] for row in figure.rows}
    assert names["nvidia"] == "Nvidia"
    assert names["country:US"] == "US design"
    assert names["foundry:tsmc"] == "TSMC"
    assert names["package:torch"] == "PyTorch"
    assert figure.coverage == {"rows": 9, "weight": pytest.approx(0.96)}
    assert figure.as_of == "2026-06-10"
    assert {source.name for source in figure.sources} == {"os_ai_map", "packages", "mlperf"}


def test_several_go_together(engine: Engine) -> None:
    figure = ask(engine, "dependence", "remove", remove="nvidia+amd+apple")
    (row,) = figure.rows
    assert (row.key["remove"], row.value) == ("nvidia+amd+apple", pytest.approx(0.89))
    assert row.more["name"] == "Nvidia + Amd + Apple"
    assert removals_of(" nvidia + country:CN ") == ("nvidia", "country:CN")


def test_by_grade_is_the_ladder(engine: Engine) -> None:
    figure = ask(engine, "dependence", "grade", remove="nvidia")
    assert tuple(row.key["grade"] for row in figure.rows) == GRADES
    assert [row.value for row in figure.rows] == pytest.approx([0.72, 0.0, 0.09, 0.17, 0.17])
    assert figure.definition["grade"] == "each"
    for row in figure.rows:
        assert row.value == ask(
            engine, "dependence", remove="nvidia", grade=str(row.key["grade"])
        ).value("nvidia")


def test_by_weight_says_why_one_is_missing(engine: Engine) -> None:
    figure = ask(engine, "dependence", "weight", remove="nvidia")
    assert figure.value("models") == pytest.approx(2 / 9)
    assert figure.value("downloads") == pytest.approx(0.17)
    tokens = figure.row("tokens")
    assert tokens is not None
    assert tokens.value is None
    assert tokens.reason
    alone = ask(engine, "dependence", "country", remove="nvidia", weight="tokens")
    assert [row.value for row in alone.rows] == [None]
    assert alone.rows[0].reason == tokens.reason


@pytest.mark.parametrize("by", ["country", "openness"])
def test_parts_of_makers_add_up_to_the_whole(engine: Engine, by: str) -> None:
    for removed in ("nvidia", "foundry:tsmc"):
        figure = ask(engine, "dependence", by, remove=removed)
        whole = ask(engine, "dependence", remove=removed).row(removed)
        assert whole is not None
        shares = [row.more["share_of_all"] for row in figure.rows]
        assert sum(shares) == pytest.approx(1.0)
        parts = [(row.more["share_of_all"], row.value, row.lower, row.upper) for row in figure.rows]
        for place, expected in enumerate((whole.value, whole.lower, whole.upper), 1):
            total = sum(part[0] * part[place] for part in parts)  # type: ignore[operator]
            assert total == pytest.approx(expected)
    keys = {str(row.key[by]) for row in figure.rows}
    assert keys >= ({"US", "CN", "FR", "unknown"} if by == "country" else {"unknown"})


def drawn(seed: int) -> dict[str, str]:
    """A definition with an option drawn for every facet, and a removal."""
    rng = random.Random(seed)  # noqa: S311 - definitions drawn for a test
    where = {
        choice.name: rng.choice(choice.options).name
        for choice in DEPENDENCE.choices
        if choice.name not in ("listing", "use")
    }
    where["weight"] = rng.choice(("models", "downloads"))
    where["remove"] = rng.choice((*REMOVALS, "nvidia+huawei", "runtime:vllm", "country:TW"))
    return where


@pytest.mark.parametrize("seed", range(MANY))
def test_lost_kept_and_unknown_are_the_whole(engine: Engine, seed: int) -> None:
    where = drawn(seed)
    (row,) = ask(engine, "dependence", "remove", **where).rows
    assert row.value is not None
    assert row.value + row.more["kept"] + row.more["no_evidence"] == pytest.approx(1.0, abs=1e-12)
    assert row.lower is not None
    assert row.upper is not None
    assert 0.0 <= row.lower <= row.value <= row.upper <= 1.0


@pytest.mark.parametrize("by", ["remove", "country", "openness", "grade", "weight"])
def test_the_multiverse_is_the_single_path(engine: Engine, by: str) -> None:
    """Of twelve definitions for each of the five, the default ones and ten drawn at random."""
    rng = random.Random(by)  # noqa: S311 - definitions drawn for a test
    for removed in ("nvidia", "country:US+package:torch"):
        found = multiverse(
            DEPENDENCE, engine, by=by, where={} if by == "remove" else {"remove": removed}
        )
        assert len(found) == len(set(map(tuple, found.codes.tolist())))
        for index in [0, *rng.sample(range(len(found)), MANY // 10)]:
            # what the figure is told apart by is no option of the single path
            where = {k: v for k, v in found.definition(index).items() if v != EACH}
            expected = single(engine, "dependence", by, where)
            for party, value in zip(found.parties, found.values[index].tolist(), strict=True):
                if np.isnan(value):
                    assert party not in expected, (party, where)
                else:
                    assert value == pytest.approx(expected[party], abs=1e-12), party
            assert set(expected) <= set(found.parties)
    assert found.leaders[0] == -1 or by == "remove"  # parts of different wholes have no leader


def test_every_facet_moves_something(engine: Engine) -> None:
    found = multiverse(DEPENDENCE, engine, by="remove")
    varied = {facet.name for facet in found.facets}
    assert varied == {
        "grade", "object", "routes", "scope", "supply", "population", "fixtures", "largest",
        "weight",
    }  # fmt: skip
    moved = {
        each.facet
        for party in found.parties
        for each in found.influence(party)
        if each.total is not None and each.total > 0
    }
    assert moved == varied


def test_a_list_varies_where_it_is_asked(engine: Engine) -> None:
    found = multiverse(
        DEPENDENCE, engine, by="grade", where={"remove": "nvidia", "scope": "default"},
        vary=("listing",),
    )  # fmt: skip
    place = found.index({"listing": "llmfit"})
    assert found.value(place, "product") == pytest.approx(0.2)
    assert found.value(0, "product") == pytest.approx(0.17)
    # a list without models has no value, and says why
    assert "osir_lmts" in found.missing
    assert np.isnan(found.values[found.index({"listing": "osir_lmts"})]).all()


@pytest.mark.parametrize("by", ["component", "pair"])
def test_narrowest_points_are_removals(engine: Engine, by: str) -> None:
    figure = ask(engine, "chokepoints", by)
    assert figure.rows
    values = [row.value for row in figure.rows]
    if by == "component":
        assert values == sorted(values, reverse=True)  # type: ignore[type-var]
        assert figure.rows[0].key["component"] == "foundry:tsmc"
        assert figure.rows[0].more["edges_10"] == 1
        assert figure.rows[0].more["edges_90"] is None
    found = multiverse(CHOKEPOINTS, engine, by=by)
    assert set(found.parties) == {row.key[by] for row in figure.rows}
    rng = random.Random(by)  # noqa: S311 - definitions drawn for a test
    for index in [0, *rng.sample(range(len(found)), MANY // 10)]:
        where = found.definition(index)
        party = rng.choice(found.parties)
        expected = single(engine, "dependence", "remove", {**where, "remove": party})
        value = found.value(index, party)
        assert value == pytest.approx(expected[party], abs=1e-12) if expected else value is None
    for row in figure.rows:
        assert found.value(0, str(row.key[by])) == pytest.approx(row.value, abs=1e-12)


def test_pairs_are_called_by_names(engine: Engine) -> None:
    (name,) = [
        row.more["name"]
        for row in ask(engine, "chokepoints", "pair").rows
        if set(str(row.key["pair"]).split("+")) == {"accelerator:ascend", "foundry:tsmc"}
    ]
    assert name == "Ascend + TSMC"


@pytest.mark.parametrize(
    "where",
    [
        {}, {"remove": "nvidia"}, {"weight": "models"}, {"grade": "ci"}, {"object": "file"},
        {"remove": "foundry:tsmc"}, {"population": "all"}, {"routes": "all"},
    ],
    ids=str,
)  # fmt: skip
def test_the_links_of_each_layer_are_the_whole(engine: Engine, where: dict[str, str]) -> None:
    figure = ask(engine, "stack_flow", "link", **where)
    sums = dict.fromkeys(FLOW_LAYERS[:-1], 0.0)
    for row in figure.rows:
        sums[row.more["layer"]] += row.value or 0.0
        assert row.key["link"] == f"{row.more['from']} > {row.more['to']}"
        for end in ("from_reach", "to_reach"):
            # what leads through a piece is a part of what it reaches
            assert (row.value or 0.0) <= row.more[end] + 1e-12
            assert row.more[end] <= 1.0 + 1e-12
    assert sums == pytest.approx(dict.fromkeys(FLOW_LAYERS[:-1], 1.0), abs=1e-12)
    stranded = [
        row.value for row in figure.rows
        if row.more["layer"] == "backend" and row.more["to"] == "no known route"
    ]  # fmt: skip
    assert 1.0 - sum(stranded) == pytest.approx(figure.coverage["weight"], abs=1e-12)  # type: ignore[arg-type]


def test_without_something_the_flow_is_what_is_kept(engine: Engine) -> None:
    kept = ask(engine, "dependence", remove="nvidia").row("nvidia")
    assert kept is not None
    figure = ask(engine, "stack_flow", "link", remove="nvidia")
    assert figure.coverage["weight"] == pytest.approx(kept.more["kept"])
    assert not any("nvidia" in str(row.key["link"]) for row in figure.rows)


def test_evidence_counts_what_is_graded(engine: Engine) -> None:
    counts = {str(row.key["layer"]): row.value for row in ask(engine, "stack_evidence").rows}
    assert counts == {
        "architectures": 5, "runtimes": 3, "builds": 8, "backends": 5, "accelerators": 5,
        "vendors": 4, "foundries": 2,
    }  # fmt: skip
    grades = {str(r.key["grade"]): r.value for r in ask(engine, "stack_evidence", "grade").rows}
    assert sum(value or 0.0 for value in grades.values()) == 5 * 8  # all pairs, the unknown too
    assert grades["measured"] == 1  # Wide on CUDA
    assert grades["ci"] == 1
    assert grades["no"] == 3


@pytest.mark.parametrize(
    ("name", "by", "where", "error"),
    [
        ("dependence", "makers", {}, UnknownNameError),
        ("dependence", "remove", {"remove": "nvida"}, UnknownNameError),
        ("dependence", "remove", {"objct": "file"}, UnknownNameError),
        ("dependence", "remove", {"object": "fiel"}, UnknownNameError),
        ("dependence", "remove", {"listing": "osir_lmts"}, NoDataError),
        ("stack_flow", "link", {"weight": "tokens"}, NoDataError),
        ("chokepoints", "component", {"weight": "tokens"}, NoDataError),
    ],
)
def test_what_can_not_be_computed(
    engine: Engine, name: str, by: str, where: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        evaluate(measure(name), engine, by=by, where=where)


@pytest.mark.parametrize("name", ["dependence", "chokepoints", "stack_flow"])
def test_a_day_before_the_list_has_no_answer(engine: Engine, name: str) -> None:
    with pytest.raises(NoDataError) as caught:
        evaluate(measure(name), engine, as_of=dt.date(2026, 6, 9))
    assert "2026-06-10" in caught.value.hint
    assert evaluate(measure(name), engine, as_of=dt.date(2026, 6, 10)).rows


def test_evidence_that_is_newer_than_the_day_asked_for(tmp_path: Path, engine: Engine) -> None:
    """It stays, as the list's models do, and a note says so."""
    support = [{**row, "last_seen_on": dt.date(2026, 8, 1)} for row in stack_tables()["support"]]
    with Engine(write_lake(tmp_path / "lake", {"support": support}), CORE) as later:
        for name in ("dependence", "chokepoints", "stack_flow"):
            notes = evaluate(measure(name), later, as_of=dt.date(2026, 7, 1)).notes
            assert any("2026-08-01" in note for note in notes), name
            notes = evaluate(measure(name), later, as_of=dt.date(2026, 8, 1)).notes
            assert not any("2026-08-01" in note for note in notes), name
        with pytest.raises(NoDataError):
            evaluate(measure("stack_evidence"), later, as_of=dt.date(2026, 7, 31))
    assert evaluate(measure("stack_evidence"), engine, as_of=dt.date(2026, 5, 1)).rows


@pytest.mark.parametrize("name", ["dependence", "chokepoints", "stack_flow", "stack_evidence"])
def test_an_answer_that_was_kept_gives_the_same_figure(
    tmp_path: Path, engine: Engine, name: str
) -> None:
    before = evaluate(measure(name), engine)
    kept = json.loads(json.dumps(engine.answered))
    with Engine(write_lake(tmp_path / "lake"), CORE, answers=lambda: kept) as later:
        assert evaluate(measure(name), later) == before
        assert "stack" not in later.memory  # nobody needed it


def test_the_stack_is_read_once(engine: Engine) -> None:
    before: Any = stack_of(engine)
    assert stack_of(engine) is before
    assert [each.name for each in MEASURES] == [
        "dependence",
        "chokepoints",
        "stack_flow",
        "stack_evidence",
    ]
