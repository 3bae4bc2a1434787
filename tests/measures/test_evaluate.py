"""The one runner: properties that hold for any rows, and figures of the embedded snapshot."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE, core
from underlay.errors import LakeMissingError, NoDataError
from underlay.lake import Engine, Lake, embedded
from underlay.measures import MEASURES, Figure, Measure, Query, evaluate, measure
from underlay.measures.definitions import Choice, Option, Split
from underlay.measures.evaluate import kept_relation
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

# ---- any rows ----------------------------------------------------------------------------------

MAKERS = ("acme", "bo", "unknown")
COUNTRY = {"acme": "US", "bo": "CN", "unknown": "unknown"}
SCOPES = {
    "all": ("language", "vision-language", "embedding"),
    "language": ("language", "vision-language"),
    "text_only": ("language",),
    "vision_language": ("vision-language",),
    "embedding": ("embedding",),
}
WAYS = ("author", "nearest_base", "root", "fractional")
DAYS = tuple(dt.date(2026, month, 1) for month in (1, 2, 3))

makers = st.sampled_from(MAKERS)
models = st.lists(
    st.fixed_dictionaries(
        {
            "maker": makers,
            "base": makers,
            "modality": st.sampled_from(SCOPES["all"]),
            "is_copy": st.booleans(),
            "age": st.none() | st.integers(0, 2000),
            "counts": st.dictionaries(st.sampled_from(DAYS), st.integers(0, 10**6), max_size=3),
        }
    ),
    min_size=1,
    max_size=12,
)


# one for all examples: turning a relation into SQL takes longer than all the rest
ENGINE = Engine(Lake(Path("nowhere"), must_exist=False), CORE)


class Drawn:
    """Rows as drawn, and the engine that holds them now."""

    def __init__(self, rows: list[dict[str, Any]], order: Any = None) -> None:
        self.rows = rows
        self.engine = ENGINE
        tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for number, row in enumerate(rows):
            tables["model"].append(
                {
                    "model_id": number, "name": f"m{number}", "platform": "huggingface",
                    "account": f"a{number % 3}", "organisation_id": row["maker"],
                    "family_id": f"f{number % 4}", "subfamily_id": "", "modality": row["modality"],
                    "size_band": "unknown", "licence_class": "unknown", "openness": "unknown",
                    "copy_kind": "quantised copy" if row["is_copy"] else "original",
                    "lineage": "none",
                    "released_on": None if row["age"] is None
                    else DAYS[-1] - dt.timedelta(row["age"]),
                }
            )  # fmt: skip
            parts = {"fractional": sorted({row["maker"], row["base"]}), "author": [row["maker"]]}
            for way in WAYS:
                parties = parts.get(way, [row["base"]])
                tables["attribution"] += [
                    {"attribution": way, "model_id": number, "organisation_id": party,
                     "weight_share": 1 / len(parties)}
                    for party in parties
                ]  # fmt: skip
            tables["observation"] += [
                {"listing": "os_ai_map", "metric": "downloads_30d_count", "observed_on": on,
                 "model_id": number, "value": float(count), "is_fresh": True, "source": "test"}
                for on, count in row["counts"].items()
            ]  # fmt: skip
        tables["organisation"] = [
            {"organisation_id": name, "name": name, "country": COUNTRY[name]} for name in MAKERS
        ]
        tables["source"] = [
            {"source": "test", "title": "T", "licence": "MIT", "url": "https://example.org",
             "may_redistribute": "rows", "rows_count": 1}
        ]  # fmt: skip
        for name in ("model", "attribution", "observation", "organisation", "source"):
            if order is not None:
                order.shuffle(tables[name])
            self.engine.register(f"core__{name}", Batch.from_rows(core(name), tables[name]))

    def newest(self) -> list[tuple[dict[str, Any], int]]:
        """Models and counts of the newest edition."""
        days = [on for row in self.rows for on in row["counts"]]
        return [(row, row["counts"][max(days)]) for row in self.rows
                if days and max(days) in row["counts"]]  # fmt: skip

    def figure(self, name: str, by: str = "country", **where: str) -> Figure | None:
        try:
            return evaluate(measure(name), self.engine, by=by, where=where)
        except NoDataError:
            return None

    def total(self, **where: str) -> float:
        found = self.figure("downloads_level", **where)
        return sum(row.value for row in found.rows if row.value) if found else 0.0


few = settings(max_examples=15)


@few
@given(models)
def test_shares_sum_to_one_with_unknown_as_a_row(rows: list[dict[str, Any]]) -> None:
    drawn = Drawn(rows)
    found = drawn.figure("downloads_share")
    expected: dict[str, float] = defaultdict(float)
    for row, count in drawn.newest():
        expected[COUNTRY[row["maker"]]] += count
    total = sum(expected.values())
    if found is None:
        assert not expected
    elif total == 0:
        assert {(row.value, row.reason) for row in found.rows} == {(None, "the total is zero")}
        assert found.coverage["weight"] is None
    else:
        shares = {row.key["country"]: row.value for row in found.rows}
        assert shares == pytest.approx({k: v / total for k, v in expected.items()})
        assert sum(shares.values()) == pytest.approx(1.0)
        known = total - expected.get("unknown", 0.0)
        assert found.coverage["weight"] == pytest.approx(known / total)


@few
@given(models, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[dict[str, Any]], order: Any) -> None:
    """Not even the last digit: the engine may give rows in any order."""
    answers = []
    for drawn in (Drawn(rows), Drawn(rows, order)):
        figures = [
            drawn.figure("downloads_share", attribution="fractional"),
            drawn.figure("downloads_growth", listing="os_ai_map"),
            drawn.figure("downloads_cumulative", listing="os_ai_map"),
        ]
        answers.append([found and found.to_dict() for found in figures])
    assert answers[0] == answers[1]


@few
@given(models)
def test_ways_of_attributing_give_the_same_total(rows: list[dict[str, Any]]) -> None:
    drawn = Drawn(rows)
    expected = sum(count for _, count in drawn.newest())
    for way in WAYS:
        assert drawn.total(attribution=way) == pytest.approx(expected)


@settings(max_examples=8)
@given(models, st.sampled_from(("", "language", "embedding")))
def test_a_filter_never_raises_a_level(rows: list[dict[str, Any]], scope: str) -> None:
    base = {"scope": scope} if scope else {}
    drawn = Drawn(rows)
    whole = drawn.total(**base)
    for where in (
        {"copies": "drop"},
        {"denominator": "known"},
        {"denominator": "us_china"},
        {"age": "one_year"},
        {"age": "since_llama"},
        {"country": "CN"},
        {"maker": "acme"},
        {"family": "f1"},
        {"modality": "language"},
        {"age": "one_year", "family": "f0", "copies": "drop"},
    ):
        assert drawn.total(**base, **where) <= whole * (1 + 1e-12)
    for name, kept in SCOPES.items():
        expected = sum(count for row, count in drawn.newest() if row["modality"] in kept)
        assert drawn.total(scope=name) == pytest.approx(expected)


@few
@given(models)
def test_an_interval_holds_its_value(rows: list[dict[str, Any]]) -> None:
    """The percentile interval of a sum holds the sum, but for the coarseness of few models."""
    drawn = Drawn(rows)
    found = drawn.figure("downloads_level", attribution="fractional")
    for row in found.rows if found else ():
        assert row.lower is not None
        assert row.upper is not None
        assert row.value is not None
        assert 0 <= row.lower <= row.value * (1 + 1e-9)
        assert row.upper >= row.value * (1 - 1e-9)


# ---- the runner --------------------------------------------------------------------------------


def test_unknown_is_asked_for_by_its_name(world: Any) -> None:
    assert world.values("downloads_level", "model", country="unknown") == {
        "quanter/alpha-gguf": 30, "anon/thing": 50,
    }  # fmt: skip


SYSTEMS = Measure(
    name="systems",
    layer="below",
    question="How many?",
    unit="systems",
    caveat="None.",
    citation="None",
    splits=(Split("maker", "maker", "maker"), Split("kind", "kind", "kind")),
    choices=(),
    grain=("maker",),
    expression=lambda tables: tables["core__supercomputer_share"].mutate(
        maker=ibis._.organisation_id,
        kind=ibis.cases(
            (ibis._.organisation_id == "acme", "big"), (ibis._.organisation_id == "bo", ""),
            else_=ibis.null("string"),
        ),
        value=ibis.cases(
            (ibis._.organisation_id == "unknown", ibis.null("float64")),
            else_=ibis._.systems_count.cast("float64"),
        ),
    ),
    reduce="level",
    sampled=False,
    default_by="maker",
)  # fmt: skip


def test_a_value_that_is_not_stated_is_no_zero(world: Any) -> None:
    """Nor does it make the sum of the others unknown."""
    found = evaluate(SYSTEMS, world.engine)
    assert {row.key["maker"]: row.value for row in found.rows} == {
        "none": 90, "acme": 6, "several": 2, "bo": 1, "unknown": None,
    }  # fmt: skip
    assert found.rows[-1].reason == "no value is stated"
    assert found.rows[0].lower is None
    assert found.coverage["weight"] == pytest.approx(1.0)
    by_kind = evaluate(replace(SYSTEMS, name="by_kind"), world.engine, by="kind")
    assert {row.key["kind"]: row.value for row in by_kind.rows} == {"unknown": 93, "big": 6}
    share = evaluate(replace(SYSTEMS, name="share", reduce="share"), world.engine)
    assert share.value("none") == pytest.approx(90 / 99)
    assert share.value("unknown") is None


def test_null_and_empty_can_be_asked_for_as_unknown(world: Any) -> None:
    found = evaluate(SYSTEMS, world.engine, by="maker", where={"kind": "unknown"})
    assert {row.key["maker"] for row in found.rows} == {"none", "several", "bo", "unknown"}


def test_all_unstated(world: Any) -> None:
    share = replace(SYSTEMS, name="nothing", reduce="share")
    found = evaluate(share, world.engine, where={"maker": "unknown"})
    assert [(row.value, row.reason) for row in found.rows] == [(None, "no value is stated")]
    assert found.coverage["weight"] is None


def test_inner_expressions_do_not_share_a_view(world: Any) -> None:
    double = replace(
        SYSTEMS,
        name="double",
        expression=lambda tables: SYSTEMS.expression(tables).mutate(value=ibis._.value * 2),
    )
    assert evaluate(double, world.engine).value("acme") == 12
    assert evaluate(SYSTEMS, world.engine).value("acme") == 6


def test_a_base_choice_is_outside_of_the_coverage_and_a_list_choice_is_not(world: Any) -> None:
    def only(role: Any) -> float | int | None:
        few = Option("few", "without the largest", "", lambda t: t.maker != "none")
        chosen = replace(SYSTEMS, name=f"of_{role}", choices=(Choice("of", "of", (few,), role),))
        return evaluate(chosen, world.engine).coverage["weight"]

    assert only("base") == pytest.approx(9 / 99)
    assert only("kind") == only("list") == 1.0


def test_editions_are_those_of_the_list_up_to_the_day(world: Any) -> None:
    seen: list[Query] = []

    def reduce(result: Any, query: Query) -> list[Any]:
        seen.append(query)
        return []

    asked = replace(measure("downloads_cumulative"), reduce=reduce)
    evaluate(asked, world.engine, where={"family": "embed"})
    assert [str(day) for day in seen[0].editions] == [
        "2025-05-07", "2025-06-07", "2025-06-27", "2025-09-05",
    ]  # fmt: skip
    with pytest.raises(NoDataError):  # bo/embed came last
        evaluate(asked, world.engine, where={"family": "embed"}, as_of=dt.date(2025, 9, 4))
    evaluate(asked, world.engine, as_of=dt.date(2025, 9, 4))
    assert [str(day) for day in seen[1].editions] == ["2025-05-07", "2025-06-07", "2025-06-27"]


def test_within_a_vintage_a_filter_comes_after_the_newest_day(world: Any) -> None:
    """Bravo's 999 descendants of June are not its newest count."""
    assert world.values("derivatives_count", "family", family="bravo") == {"bravo": 30}


@pytest.mark.parametrize(
    "asked",
    [each for each in MEASURES if each.computation is None],
    ids=lambda each: each.name,
)
def test_the_kept_rows_are_one_expression_for_the_engine(world: Any, asked: Measure) -> None:
    """Each split can be asked for, so that names of columns and kinds of values agree."""
    for split in asked.splits:
        definition = asked.definition({split.name: "x"} if split.name not in
                                      {c.name for c in asked.choices} else {})  # fmt: skip
        query = Query(split.name, definition, dt.date(2020, 1, 1))
        relation = kept_relation(asked, world.engine, query)
        assert len(world.engine.run(relation.limit(1))) == 0


# ---- the embedded snapshot ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Engine]:
    try:
        lake = embedded()
    except LakeMissingError:
        pytest.skip("the package was installed without its snapshot")
    with Engine(lake, CORE) as engine:
        yield engine


@pytest.mark.parametrize("by", ["country", "maker", "family", "openness", "modality"])
def test_the_headline_sums_to_one(snapshot: Engine, by: str) -> None:
    found = evaluate(measure("downloads_share"), snapshot, by=by)
    assert sum(row.value for row in found.rows if row.value) == pytest.approx(1.0)
    for row in found.rows:
        assert row.lower is not None
        assert row.upper is not None
        assert row.value is not None
        assert 0 <= row.lower <= row.upper <= 1


def test_the_headline_rests_on_known_makers(snapshot: Engine) -> None:
    found = evaluate(measure("downloads_share"), snapshot)
    assert found.coverage["rows"] == 1000
    assert float(found.coverage["weight"] or 0) > 0.9
    assert {"US", "CN", "unknown"} <= {str(row.key["country"]) for row in found.rows}


def test_all_ways_to_attribute_count_the_same_downloads(snapshot: Engine) -> None:
    totals = [
        sum(
            row.value or 0.0
            for row in evaluate(
                measure("downloads_level"), snapshot, where={"attribution": way}
            ).rows
        )
        for way in WAYS
    ]
    assert totals == pytest.approx([totals[0]] * 4)
    assert np.isfinite(totals[0])
