"""Changes between two vintages: each kind planted and found, and nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.measures import Figure, Row
from underlay.measures.changes import KINDS, Change, compare, hhi_band
from underlay.measures.vintages import (
    WATCHED,
    Counter,
    CounterKey,
    Fall,
    Verdict,
    Vintage,
    Watched,
    read_vintage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import DrawFn

SHARES = Watched("tokens_share", "maker")
BOARD = Watched("arena_leaders", "maker", has_levels=False)
GAP = Watched("arena_gap", "country", leads="")
PRICE = Watched("price_blended", "country", leads="least")
HHI = Watched("concentration", "maker", {"of": "tokens"}, leads="", has_levels=False)
LIST = Watched("downloads_share", "country", window_days=30, by_account=True, tells_list=True)
UNITS = {
    SHARES.id: "share",
    BOARD.id: "Elo points",
    GAP.id: "Elo points",
    PRICE.id: "USD per million tokens",
    HHI.id: "index",
    LIST.id: "share",
}
A_DAY, B_DAY = "2026-01-01", "2026-06-01"
Values = "Mapping[str, float | tuple[float, float, float] | Row]"


def figure(watched: Watched, values: Values, as_of: str) -> Figure:
    """A figure of these values by party; three numbers are value, lower and upper."""
    key = "index" if watched is HHI else watched.by
    rows = []
    for name, value in values.items():
        if isinstance(value, Row):
            rows.append(replace(value, key={key: name}))
        elif isinstance(value, tuple):
            rows.append(Row({key: name}, *value))
        else:
            rows.append(Row({key: name}, value))
    return Figure(
        name=watched.measure, question="?", unit=UNITS[watched.id], by=watched.by,
        rows=tuple(rows), coverage={"rows": 10}, definition={}, sources=(), as_of=as_of,
        caveat="", citation="",
    )  # fmt: skip


def vintage(watched: Watched, values: Values, as_of: str, **more: Any) -> Vintage:
    return Vintage(as_of, {watched.id: figure(watched, values, as_of)}, **more)


def changes(watched: Watched, old: Values, new: Values, **more: Any) -> tuple[Change, ...]:
    both = vintage(watched, old, A_DAY, **more), vintage(watched, new, B_DAY, **more)
    return compare(*both, watched=[watched]).changes


def kinds(found: tuple[Change, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((change.kind, change.parties) for change in found)


# ------------------------------------------------------------------------------ crossovers, ranks


def test_a_new_leader_is_a_crossover_and_a_move_and_the_values_stand_with_their_days() -> None:
    found = changes(
        SHARES,
        {"a": (0.5, 0.3, 0.7), "b": (0.4, 0.2, 0.6), "unknown": 0.1},
        {"b": (0.48, 0.3, 0.7), "a": (0.42, 0.2, 0.6), "unknown": 0.1},
    )
    assert kinds(found) == [("crossover", ("b", "a")), ("rank", ("a", "b"))]
    crossed, moved = found
    assert (crossed.before_on, crossed.after_on) == (A_DAY, B_DAY)
    assert crossed.before["values"] == {"b": 0.4, "a": 0.5}
    assert crossed.after["values"] == {"b": 0.48, "a": 0.42}
    assert crossed.size == pytest.approx(0.1)
    assert crossed.about == {"is_lead": True, "is_beyond_intervals": False}
    assert moved.before["ranks"] == {"b": 2, "a": 1}
    assert moved.after["ranks"] == {"b": 1, "a": 2}


def test_parties_behind_the_leader_cross_too_but_lead_nothing() -> None:
    found = changes(SHARES, {"a": 0.6, "b": 0.25, "c": 0.15}, {"a": 0.6, "c": 0.25, "b": 0.15})
    assert kinds(found) == [
        ("crossover", ("c", "b")), ("level", ("b",)), ("level", ("c",)), ("rank", ("b", "c")),
    ]  # fmt: skip
    crossed = next(change for change in found if change.kind == "crossover")
    assert crossed.about == {"is_lead": False, "is_beyond_intervals": True}


def test_residual_rows_have_no_rank() -> None:
    found = changes(
        SHARES,
        {"a": 0.5, "unknown": 0.495, "independent": 0.005},
        {"unknown": 0.5, "a": 0.495, "independent": 0.005},
    )
    assert found == ()


def test_moves_below_the_fifth_place_are_not_told() -> None:
    names = {name: 0.1 - i / 1000 for i, name in enumerate("abcdefg")}
    swapped = {**names, "f": names["g"], "g": names["f"]}
    assert changes(SHARES, names, swapped) == ()
    climbed = changes(SHARES, names, {**names, "g": 0.0965})
    assert kinds(climbed) == [("crossover", ("g", "e")), ("rank", ("e", "g"))]


def test_a_newcomer_that_leads_has_no_value_before() -> None:
    found = changes(SHARES, {"a": 0.6, "b": 0.4}, {"new": 0.5, "a": 0.3, "b": 0.2})
    crossed = [change for change in found if change.kind == "crossover"]
    assert [change.parties for change in crossed] == [("new", "a")]
    assert crossed[0].before["values"] == {"new": None, "a": 0.6}
    assert crossed[0].about["is_lead"]
    rank = next(change for change in found if change.kind == "rank")
    assert rank.before["ranks"]["new"] is None
    # an absent party has no level: its share is not known to be zero
    assert not [change for change in found if change.kind == "level" and "new" in change.parties]


def test_parties_that_are_level_have_one_rank_and_do_not_cross() -> None:
    assert kinds(changes(SHARES, {"a": 0.5, "b": 0.5}, {"a": 0.503, "b": 0.497})) == [
        ("rank", ("b",))
    ]


def test_the_cheapest_leads_where_less_is_first() -> None:
    found = changes(PRICE, {"US": 0.2, "CN": 0.21}, {"US": 0.2, "CN": 0.199})
    assert kinds(found) == [
        ("crossover", ("CN", "US")),
        ("level", ("CN",)),
        ("rank", ("CN", "US")),
    ]


def test_ratings_are_ranked_but_their_levels_are_not_compared() -> None:
    assert changes(BOARD, {"a": (1500.0, 1495.0, 1505.0)}, {"a": (1300.0, 1290.0, 1310.0)}) == ()


# -------------------------------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        ((0.20, 0.15, 0.25), (0.30, 0.26, 0.34), True),
        ((0.20, 0.15, 0.25), (0.30, 0.19, 0.41), False),  # the old value fits the new interval
        ((0.20, 0.05, 0.35), (0.30, 0.26, 0.34), False),  # the new value fits the old one
        ((0.20, 0.20, 0.23), (0.24, 0.24, 0.27), True),  # one-sided bounds of a top list
        ((0.24, 0.24, 0.27), (0.20, 0.20, 0.23), True),
        ((0.20, 0.20, 0.25), (0.24, 0.24, 0.27), False),
        (0.200, 0.2099, False),  # exact, but less than a point of a share
        (0.200, 0.2101, True),
    ],
)
def test_a_level_changes_when_each_value_is_outside_the_others_interval(
    old: Any, new: Any, is_told: bool
) -> None:
    found = changes(SHARES, {"a": 0.5, "b": old}, {"a": 0.5, "b": new})
    assert kinds(found) == ([("level", ("b",))] if is_told else [])


def test_the_unknown_part_has_a_level() -> None:
    assert kinds(changes(SHARES, {"a": 0.6, "unknown": 0.4}, {"a": 0.6, "unknown": 0.2})) == [
        ("level", ("unknown",))
    ]


def test_prices_are_exact_and_told_from_a_twentieth_on() -> None:
    assert changes(PRICE, {"US": 1.00}, {"US": 1.04}) == ()
    (found,) = changes(PRICE, {"US": 1.00}, {"US": 0.50})
    assert (found.kind, found.size) == ("level", 0.5)


def test_ratings_of_two_scales_are_never_compared() -> None:
    sides = [
        vintage(GAP, {"CN": Row({}, gap, gap - 1, gap + 1, more={"scale": scale})}, day)
        for gap, scale, day in ((5.0, "one", A_DAY), (90.0, "two", B_DAY))
    ]
    found = compare(*sides, watched=[GAP])
    assert found.changes == ()
    assert [each.figure for each in found.not_comparable] == [GAP.id]
    same = [sides[0], vintage(GAP, {"CN": Row({}, 90.0, 89.0, 91.0, more={"scale": "one"})}, B_DAY)]
    assert kinds(compare(*same, watched=[GAP]).changes) == [("level", ("CN",))]


# --------------------------------------------------------------------------------------- bands


@pytest.mark.parametrize(
    ("hhi", "band"),
    [
        (999.9, "not concentrated"),
        (1000, "moderately concentrated"),
        (1800, "moderately concentrated"),
        (1800.1, "highly concentrated"),
    ],
)
def test_bands(hhi: float, band: str) -> None:
    assert hhi_band(hhi) == band


def test_bands_that_are_crossed_name_their_guidelines_and_hold_under_both_bounds_or_not() -> None:
    (found,) = changes(HHI, {"HHI": (900.0, 900.0, 950.0)}, {"HHI": (1600.0, 1600.0, 1700.0)})
    assert (found.kind, found.before["band"], found.after["band"]) == (
        "hhi_band", "not concentrated", "moderately concentrated",
    )  # fmt: skip
    assert found.about["lines"] == [
        {"line": 1000, "guidelines": 2023, "is_within_bounds": True},
        {"line": 1500, "guidelines": 2010, "is_within_bounds": True},
    ]
    (doubtful,) = changes(HHI, {"HHI": (1700.0, 1700.0, 1900.0)}, {"HHI": (1850.0, 1850.0, 1850.0)})
    assert doubtful.about["lines"] == [
        {"line": 1800, "guidelines": 2023, "is_within_bounds": False}
    ]
    assert changes(HHI, {"HHI": 1100.0}, {"HHI": 1499.0}) == ()


# --------------------------------------------------------------------------- lists and their panel


def listed(values: Mapping[tuple[str, str], float], as_of: str, models: int = 10) -> Vintage:
    total = sum(values.values())
    shares: dict[str, float] = {}
    for (_, party), value in values.items():
        shares[party] = shares.get(party, 0.0) + value / total
    made = figure(LIST, {p: (s, s - 0.001, s + 0.001) for p, s in shares.items()}, as_of)
    made = replace(made, coverage={"rows": models})
    return Vintage(as_of, {LIST.id: made}, accounts={LIST.id: values})


def test_a_list_that_grew_is_told_and_the_panel_says_that_nothing_changed() -> None:
    old = listed({("x", "US"): 60.0, ("y", "CN"): 40.0}, A_DAY)
    new = listed({("x", "US"): 60.0, ("y", "CN"): 40.0, ("z", "CN"): 50.0}, B_DAY, 15)
    found = {change.kind: change for change in compare(old, new, watched=[LIST]).changes}
    assert set(found) == {"crossover", "rank", "level", "panel"}
    assert found["panel"].before == {
        "models": 10, "accounts": 2, "downloads": 100.0, "downloads_on_panel": 100.0,
        "accounts_only_here": 0, "share_of_those": 0.0,
    }  # fmt: skip
    assert found["panel"].after["accounts_only_here"] == 1
    assert found["panel"].after["share_of_those"] == pytest.approx(1 / 3)
    assert found["panel"].after["downloads_on_panel"] == 100.0
    assert found["crossover"].about["holds_on_panel"] is False
    assert found["crossover"].before["on_panel"] == found["crossover"].after["on_panel"]
    assert found["level"].about["holds_on_panel"] is False


def test_who_is_above_on_the_panel_on_both_days_has_not_crossed_there() -> None:
    old = listed({("x", "US"): 40.0, ("gone", "US"): 20.0, ("y", "CN"): 50.0}, A_DAY)
    new = listed({("x", "US"): 40.0, ("y", "CN"): 55.0}, B_DAY)
    crossed = next(c for c in compare(old, new, watched=[LIST]).changes if c.kind == "crossover")
    assert crossed.parties == ("CN", "US")
    assert crossed.about["holds_on_panel"] is False
    shares = [
        value for side in (crossed.before, crossed.after) for value in side["on_panel"].values()
    ]
    assert shares == pytest.approx([50 / 90, 40 / 90, 55 / 95, 40 / 95])


def test_a_change_on_the_same_accounts_needs_no_panel() -> None:
    old = listed({("x", "US"): 60.0, ("y", "CN"): 40.0}, A_DAY)
    new = listed({("x", "US"): 40.0, ("y", "CN"): 60.0}, B_DAY)
    found = compare(old, new, watched=[LIST]).changes
    assert {change.kind for change in found} == {"crossover", "rank", "level"}
    assert all("holds_on_panel" not in change.about for change in found)


def test_windows_that_overlap_are_told() -> None:
    cells = {("x", "US"): 60.0, ("y", "CN"): 40.0}, {("x", "US"): 40.0, ("y", "CN"): 60.0}
    days = (A_DAY, "2026-01-21"), (A_DAY, "2026-01-31")
    overlaps = [
        {change.about.get("windows_overlap_days") for change in found.changes}
        for first, last in days
        for found in [compare(listed(cells[0], first), listed(cells[1], last), watched=[LIST])]
    ]
    assert overlaps == [{10}, {None}]


# ----------------------------------------------------------------------------- counters, sources


def key(name: str) -> CounterKey:
    return CounterKey("ollama", "ollama", "pulls_total_count", name)


def counted(on: str, falls: tuple[Fall, ...] = (), **values: float) -> Vintage:
    day = dt.date.fromisoformat(on)
    return Vintage(on, counters={key(n): Counter(day, v) for n, v in values.items()}, falls=falls)


def test_a_counter_that_shrank_is_a_revision_and_one_that_grew_or_went_is_not() -> None:
    found = compare(counted(A_DAY, a=100.0, b=10.0, gone=5.0), counted(B_DAY, a=70.0, b=11.0))
    (change,) = found.changes
    assert (change.kind, change.before, change.after) == (
        "revision", {"total": 115.0}, {"total": 81.0},
    )  # fmt: skip
    assert change.about["how"] == "shrank"
    assert (change.about["entries"], change.about["amount"]) == (1, 30.0)
    assert change.about["largest"] == [
        {"name": "a", "from": A_DAY, "was": 100.0, "to": B_DAY, "is": 70.0}
    ]


def test_the_same_day_with_another_count_is_restated() -> None:
    (change,) = compare(counted(A_DAY, a=100.0, b=1.0), counted(A_DAY, a=120.0, b=1.0)).changes
    assert change.about["how"] == "restated"
    assert (change.before["largest"], change.after["largest"]) == ({"a": 100.0}, {"a": 120.0})


def test_a_fall_between_the_two_days_is_told_though_the_counter_recovered() -> None:
    days = [dt.date(2025, 12, 1), dt.date(2026, 2, 1), dt.date(2026, 2, 2)]
    fall = Fall(key("a"), Counter(days[1], 150.0), Counter(days[2], 20.0))
    older = Fall(key("b"), Counter(days[0], 150.0), Counter(dt.date(2026, 1, 1), 20.0))
    new = counted(B_DAY, (older, fall), a=200.0, b=30.0)
    (change,) = compare(counted(A_DAY, a=100.0, b=20.0), new).changes
    assert [each["name"] for each in change.about["largest"]] == ["a"]
    # for a side that has nothing of the counter all of it is news
    (whole,) = compare(Vintage("nothing"), new).changes
    assert whole.about["entries"] == 2
    assert whole.before == {"total": None}


def test_a_fall_counts_on_the_day_that_shows_it() -> None:
    start, seen = dt.date(2025, 12, 1), dt.date(2026, 1, 2)
    fall = Fall(key("a"), Counter(start, 150.0), Counter(seen, 20.0))
    (change,) = compare(counted(A_DAY, b=1.0), counted(B_DAY, (fall,), a=200.0, b=1.0)).changes
    assert change.about["largest"][0]["from"] == "2025-12-01"


def test_sources_that_came_and_went() -> None:
    old = Vintage("A", sources={"x": "X", "y": "Y"})
    new = Vintage("B", sources={"y": "Y", "z": "Z"})
    assert [(c.kind, c.figure, c.about["title"]) for c in compare(old, new).changes] == [
        ("new_source", "z", "Z"),
        ("gone_source", "x", "X"),
    ]


def test_claims_whose_verdict_changed_and_no_others() -> None:
    old, new = (
        Vintage(
            side,
            verdicts={
                "C1": Verdict("C1", "one", first, holds, 10),
                "C2": Verdict("C2", "two", "robust", holds, 10),
            },
        )
        for side, first, holds in (("A", "robust", 10), ("B", "definition-dependent", 6))
    )
    (change,) = compare(old, new).changes
    assert (change.kind, change.figure, change.size) == ("claim", "C1", 0.4)
    assert (change.before["verdict"], change.after["verdict"]) == ("robust", "definition-dependent")


# ------------------------------------------------------------------------- unchanged, not there


def test_the_same_data_is_said_to_be_the_same_and_a_day_later_to_be_compared() -> None:
    values = {"a": 0.6, "b": 0.4}
    same = compare(vintage(SHARES, values, A_DAY), vintage(SHARES, values, A_DAY), watched=[SHARES])
    assert (same.changes, dict(same.unchanged), same.compared) == ((), {SHARES.id: A_DAY}, ())
    later = compare(
        vintage(SHARES, values, A_DAY), vintage(SHARES, values, B_DAY), watched=[SHARES]
    )
    assert (later.changes, dict(later.unchanged), later.compared) == ((), {}, (SHARES.id,))
    # the same day with other rows: the lakes differ, so it is no unchanged vintage
    other = vintage(SHARES, {"a": 0.4, "b": 0.6}, A_DAY)
    restated = compare(vintage(SHARES, values, A_DAY), other, watched=[SHARES])
    assert restated.changes
    assert not restated.unchanged


def test_a_figure_that_one_side_lacks_is_no_change() -> None:
    old = Vintage("A", missing={SHARES.id: "no data before 2026"})
    found = compare(old, vintage(SHARES, {"a": 1.0}, B_DAY), watched=[SHARES])
    assert found.changes == ()
    assert [each.to_dict() for each in found.not_comparable] == [
        {"figure": SHARES.id, "before": "no data before 2026", "after": None}
    ]


def test_the_largest_change_is_first() -> None:
    found = changes(
        SHARES, {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 0.52, "b": 0.18, "c": 0.3},
    )  # fmt: skip
    sizes = [change.size for change in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len({change.kind for change in found}) > 1


# ---------------------------------------------------------------------------------- properties

NAMES = ("a", "b", "c", "d", "e", "f", "g", "unknown")
NUMBERS = st.sampled_from((0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5))


@st.composite
def sides(draw: DrawFn) -> Vintage:
    """Any vintage of two figures, a list with accounts, counters and sources."""
    as_of = draw(st.sampled_from((A_DAY, "2026-01-11", B_DAY)))
    day = dt.date.fromisoformat(as_of)

    def values() -> dict[str, Any]:
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
        found: dict[str, Any] = {}
        for name in names:
            value, width = draw(NUMBERS), draw(st.sampled_from((0.0, 0.02, 0.2)))
            found[name] = (value, value - width, value + width) if draw(st.booleans()) else value
        return found

    cells = draw(
        st.dictionaries(
            st.tuples(st.sampled_from("uvw"), st.sampled_from(NAMES)), NUMBERS, min_size=1
        )
    )
    figures = {
        each.id: figure(each, values(), as_of)
        for each in (SHARES, PRICE, LIST)
        if draw(st.booleans())
    }
    if draw(st.booleans()):
        hhi = draw(st.sampled_from((500.0, 1000.0, 1500.0, 1800.0, 2000.0, 3000.0)))
        figures[HHI.id] = figure(HHI, {"HHI": (hhi, hhi, hhi + 300)}, as_of)
    counters = draw(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3), max_size=3))
    return Vintage(
        as_of,
        figures,
        {each.id: "no data" for each in (SHARES, PRICE, LIST, HHI) if each.id not in figures},
        {LIST.id: cells} if LIST.id in figures else {},
        {key(name): Counter(day, float(count)) for name, count in counters.items()},
        (Fall(key("x"), Counter(dt.date(2026, 1, 9), 3.0), Counter(dt.date(2026, 1, 10), 1.0)),)
        if "x" in counters and as_of != A_DAY
        else (),
        draw(st.dictionaries(st.sampled_from("pq"), st.just("title"))),
    )


ALL = (SHARES, PRICE, LIST, HHI)
OTHER_KIND = {"new_source": "gone_source", "gone_source": "new_source"}


def mirrored(change: Change) -> dict[str, Any]:
    """The same change seen from the other side."""
    seen = change.to_dict()
    is_crossover = change.kind == "crossover"
    return {
        **seen,
        "kind": OTHER_KIND.get(change.kind, change.kind),
        "parties": seen["parties"][::-1] if is_crossover else seen["parties"],
        "before": seen["after"],
        "after": seen["before"],
    }


def unordered(found: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(_sorted(change)) for change in found)


def _sorted(cell: Any) -> Any:
    return (
        sorted((k, repr(_sorted(v))) for k, v in cell.items()) if isinstance(cell, dict) else cell
    )


@given(sides(), sides())
def test_the_other_way_round_is_the_mirror_image(old: Vintage, new: Vintage) -> None:
    there, back = compare(old, new, watched=ALL), compare(new, old, watched=ALL)
    assert unordered([mirrored(change) for change in there.changes]) == unordered(
        [change.to_dict() for change in back.changes]
    )
    assert there.unchanged == back.unchanged
    assert there.compared == back.compared


@given(sides())
def test_a_vintage_does_not_differ_from_itself(side: Vintage) -> None:
    found = compare(side, side, watched=ALL)
    assert found.changes == ()
    assert found.compared == ()
    assert set(found.unchanged) == set(side.figures)


@given(sides(), sides())
def test_sizes_are_parts_and_fall(old: Vintage, new: Vintage) -> None:
    found = compare(old, new, watched=ALL).changes
    sizes = [change.size for change in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0.0 <= size <= 1.0 for size in sizes)
    assert all(change.kind in KINDS for change in found)


# --------------------------------------------------------------------------------------- lakes


def watched(*ids: str) -> list[Watched]:
    by_id = {each.id: each for each in WATCHED}
    return [by_id[name] for name in ids]


def on(world: Any, day: str, few: list[Watched], **more: Any) -> Vintage:
    return read_vintage(world.engine, dt.date.fromisoformat(day), watched=few, **more)


def test_watched_figures_exist_and_have_names_of_their_own() -> None:
    assert len({each.id for each in WATCHED}) == len(WATCHED)
    from underlay.measures import measure

    for each in WATCHED:
        found = measure(each.measure)
        found.split(each.by)
        found.definition(each.where, each.by)


def test_two_days_of_one_lake(world: Any) -> None:
    few = watched("downloads_share by maker, listing=os_ai_map", "stock_share by maker")
    old, new = on(world, "2026-04-30", few), on(world, "2026-06-15", few)
    found = compare(old, new, watched=few)
    assert found.compared == (few[0].id,)
    assert dict(found.unchanged) == {few[1].id: "2025-12-31"}
    rank = next(change for change in found.changes if change.kind == "rank")
    # bo 260 of 475 then 240 of 500; dora comes in with 60, elk leaves with 25
    assert rank.before["ranks"] == {"dora": None, "elk": 3}
    assert rank.after["ranks"] == {"dora": 3, "elk": None}
    assert old.accounts[few[0].id] == {
        ("acme", "acme"): 100.0, ("anon", "unknown"): 40.0, ("bo", "bo"): 260.0,
        ("elk", "elk"): 25.0, ("quanter", "unknown"): 50.0,
    }  # fmt: skip
    # what was taken over from the later day is what would be computed
    again = on(world, "2026-04-30", few, later=new)
    assert again == old


def test_a_planted_swap_is_found_and_nothing_else(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    few = watched("tokens_share by maker", "library_share by maker, market=llm-runtime")
    weeks = [
        rows_of.tokens("2026-05-04", "acme", "closed", 60),
        rows_of.tokens("2026-05-04", "bo", "open", 40),
    ]
    later = [
        rows_of.tokens("2026-05-11", "acme", "closed", 30),
        rows_of.tokens("2026-05-11", "bo", "open", 70),
    ]
    old, new = changed(tokens_week=weeks), changed(tokens_week=[*weeks, *later])
    sides = [read_vintage(each.engine, watched=few) for each in (old, new)]
    found = compare(*sides, watched=few)
    assert {(change.kind, change.figure) for change in found.changes} == {
        (kind, few[0].id) for kind in ("crossover", "rank", "level")
    }
    assert list(found.unchanged) == [few[1].id]


def test_planted_band_counter_and_source_are_found_and_nothing_else(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    few = watched("concentration by maker, of=runtimes")
    libraries = [
        [rows_of.library("2026-04-01", name, count) for name, count in parts]
        for parts in (
            [("acme", 30), ("bo", 30), ("dora", 40)],  # HHI 3,400
            [("acme", 30), ("bo", 30), ("dora", 20), ("independent", 20)],  # 2,200
        )
    ]
    pulls = [
        rows_of.observations({("ollama", day): {0: a, 1: b}}, "pulls_total_count")
        for day, a, b in (("2026-04-01", 900, 50), ("2026-05-01", 950, 60), ("2026-06-01", 940, 60))
    ]
    old = changed(library_month=libraries[0], observation=[*pulls[0], *pulls[1]])
    new = changed(library_month=libraries[1], observation=[*pulls[0], *pulls[1], *pulls[2]])
    sides = [read_vintage(each.engine, watched=few) for each in (old, new)]
    found = compare(*sides, watched=few).changes
    assert sorted(change.kind for change in found) == ["hhi_band", "revision"]
    by_kind = {change.kind: change for change in found}
    assert [line["line"] for line in by_kind["hhi_band"].about["lines"]] == [2500]
    assert by_kind["revision"].about["largest"] == [
        {"name": "acme/alpha", "from": "2026-05-01", "was": 950.0, "to": "2026-06-01", "is": 940.0}
    ]


def test_the_stock_of_accelerators_is_a_counter_too(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    quarters = [rows_of.stock("2025-09-30", "acme", 190), rows_of.stock("2025-12-31", "acme", 180)]
    sides = [
        read_vintage(changed(accelerator_stock=rows).engine, watched=())
        for rows in (quarters[:1], quarters)
    ]
    (change,) = compare(*sides).changes
    assert (change.kind, change.about["listing"]) == ("revision", "accelerator_stock")
    assert change.about["amount"] == 10.0
