"""How fast leaders change: spells, rank correlation and half-life against their definitions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.measures.tempo import kendall_tau, spells

if TYPE_CHECKING:
    from collections.abc import Callable

MONTH = 30.44


def days(*numbers: int) -> Any:
    return np.datetime64("2026-01-01") + np.array(numbers).astype("timedelta64[D]")


# ---- spells ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leaders", "on", "months", "changes"),
    [
        ("aaaa", (0, 30, 60, 90), 90, 0),
        ("aabb", (0, 30, 60, 90), 45, 1),  # 60 of a, 30 of b
        ("abab", (0, 10, 20, 90), 90 / 4, 3),
        ("aaab", (0, 30, 60, 90), 45, 1),  # seen last on the day that b takes over
    ],
)
def test_spells(leaders: str, on: tuple[int, ...], months: float, changes: int) -> None:
    assert spells(list(leaders), days(*on)) == (pytest.approx(months / MONTH), changes)


def test_while_nobody_leads_the_spell_before_still_runs() -> None:
    assert spells(["a", "", "a", "b"], days(0, 10, 20, 40)) == (pytest.approx(20 / MONTH), 1)
    assert spells(["", "a", "", "b"], days(0, 10, 20, 40)) == (pytest.approx(15 / MONTH), 1)
    with pytest.raises(ValueError, match="nobody"):
        spells(["", ""], days(0, 1))
    with pytest.raises(ValueError, match="nobody"):
        spells([], days())


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
def test_spells_are_runs_of_one_leader(leaders: list[str]) -> None:
    runs = [list(run) for _, run in itertools.groupby(leaders)]
    mean, changes = spells(leaders, days(*range(0, 10 * len(leaders), 10)))
    assert changes == len(runs) - 1
    # all but the last run end when the next begins
    lengths = [10.0 * len(run) for run in runs]
    lengths[-1] -= 10.0
    assert mean == pytest.approx(sum(lengths) / len(runs) / MONTH)


# ---- Kendall's tau -----------------------------------------------------------------------------


def brute_tau(x: list[float], y: list[float]) -> float | None:
    """Tau-b by counting pairs (Kendall 1945)."""
    agree = differ = only_x = only_y = 0
    for i, j in itertools.combinations(range(len(x)), 2):
        a, b = x[i] - x[j], y[i] - y[j]
        if a * b > 0:
            agree += 1
        elif a * b < 0:
            differ += 1
        elif a:
            only_x += 1
        elif b:
            only_y += 1
    untied = ((agree + differ + only_x) * (agree + differ + only_y)) ** 0.5
    return (agree - differ) / untied if untied else None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=10))
def test_tau_is_what_counting_pairs_gives(pairs: list[tuple[int, int]]) -> None:
    x, y = ([float(cell) for cell in column] for column in zip(*pairs, strict=True))
    found, expected = kendall_tau(np.array(x), np.array(y)), brute_tau(x, y)
    assert found == (None if expected is None else pytest.approx(expected))
    assert kendall_tau(np.array(y), np.array(x)) == found


def test_tau_at_its_ends() -> None:
    rising = np.arange(6.0)
    assert kendall_tau(rising, rising * 7 + 1) == pytest.approx(1.0)
    assert kendall_tau(rising, -rising) == pytest.approx(-1.0)
    assert kendall_tau(rising, np.ones(6)) is None
    # the largest falls two places: 13 of 15 pairs agree
    assert kendall_tau(rising, np.array([0.0, 1, 2, 5, 3, 4])) == pytest.approx((13 - 2) / 15)


# ---- the series of the small world --------------------------------------------------------------


def series(world: Any, **where: str) -> dict[str, Any]:
    return {row.key["series"]: row for row in world.figure("tempo", **where).rows}


def test_leaders_of_downloads_on_the_fixed_panel(world: Any) -> None:
    """Dora's 500 joined later and never lead; level in June, acme stays ahead."""
    row = series(world)["downloads by maker"]
    assert row.key["layer"] == "above"
    assert row.more["leader"] == "bo"
    assert row.more["changes"] == 1
    # acme from 05-07 to 06-27, bo from then to 09-05
    assert row.value == pytest.approx((51 + 70) / 2 / MONTH)
    assert (row.lower, row.upper) == (row.value, None)
    assert (row.more["from"], row.more["to"]) == ("2025-05-07", "2025-09-05")
    assert row.more["days_observed"] == 4
    assert row.more["half_life_months"] is None
    assert row.more["half_life_reason"] == "no more than 5 parties"


def test_tau_is_the_mean_over_pairs_of_days(world: Any) -> None:
    """Three months on, the nearest day is 09-05, where bo is ahead of acme.

    On 05-07 acme was ahead (-1), on 06-07 they were level (no tau), on 06-27 bo was (1).
    """
    assert series(world)["downloads by maker"].more["tau_3m"] == 0.0
    assert series(world)["downloads by maker"].more["tau_12m"] is None


def test_accelerators_are_compared_by_what_was_sold_in_the_quarter(world: Any) -> None:
    """Acme sold more in all until the end; bo sold more in each quarter."""
    row = series(world)["accelerators sold by designer"]
    assert row.more["leader"] == "bo"
    assert row.more["changes"] == 0
    assert (row.more["from"], row.more["to"]) == ("2025-06-30", "2025-12-31")
    assert row.value == pytest.approx(184 / MONTH)


def test_a_short_series_says_so(world: Any) -> None:
    rows = series(world)
    assert rows["best arena model by maker"].value is None
    assert rows["best arena model by maker"].reason == "1 days and 3 parties are too few"
    assert rows["deep-learning frameworks by maker"].reason.startswith("1 days")


def test_one_layer_alone(world: Any) -> None:
    below = world.figure("tempo", layer="below")
    assert {row.key["layer"] for row in below.rows} == {"below"}
    assert [row.key["series"] for row in below.rows] == sorted(
        str(row.key["series"]) for row in below.rows
    )


def runtimes(changed: Callable[..., Any], rows_of: Any, table: dict[str, dict[str, float]]) -> Any:
    rows = [
        rows_of.library(on, maker, count)
        for on, row in table.items()
        for maker, count in row.items()
    ]
    return series(changed(library_month=rows))["runtimes of language models by maker"]


def test_many_under_one_name_can_not_lead_but_are_counted(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    row = runtimes(
        changed,
        rows_of,
        {
            "2026-01-01": {"acme": 10, "bo": 5, "unknown": 6, "independent": 4},
            "2026-02-01": {"acme": 10, "bo": 20, "unknown": 2},
            "2026-03-01": {"acme": 10, "bo": 20, "independent": 19},
        },
    )
    assert row.more["leader"] == "bo"
    assert row.more["changes"] == 1
    assert row.more["days_unsure"] == 1  # on the first day, what isn't acme's may be one party's


def test_nobody_leads(changed: Callable[..., Any], rows_of: Any) -> None:
    level = {f"2026-0{month}-01": {"acme": 1.0, "bo": 1.0} for month in (1, 2, 3)}
    row = runtimes(changed, rows_of, level)
    assert (row.value, row.reason) == (None, "nobody ever leads")


NAMES = ("a", "b", "c", "d", "e", "f", "g")


def test_half_life_of_the_top_five(changed: Callable[..., Any], rows_of: Any) -> None:
    """A fit through the origin of ln(overlap) on months: here two lags, computed by hand."""
    order = {name: 100.0 - place for place, name in enumerate(NAMES)}
    row = runtimes(
        changed,
        rows_of,
        {
            "2026-01-01": order,
            "2026-03-01": {**order, "f": 200.0},  # f for e
            "2026-05-01": {**order, "f": 200.0, "g": 300.0},  # g for d
            "2026-05-02": {"a": 1.0},  # too few to have a top five
        },
    )
    lags = np.array([59, 120, 61]) / MONTH
    logs = np.log([0.8, 0.6, 0.8])
    rate = -(lags * logs).sum() / (lags**2).sum()
    assert row.more["half_life_months"] == pytest.approx(np.log(2) / rate, abs=0.05)
    assert row.more["half_life_reason"] is None


def test_why_there_is_no_half_life(changed: Callable[..., Any], rows_of: Any) -> None:
    order = {name: 100.0 - place for place, name in enumerate(NAMES)}
    still = dict.fromkeys(("2026-01-01", "2026-03-01", "2026-05-01"), order)
    row = runtimes(changed, rows_of, still)
    assert row.more["half_life_months"] is None
    assert row.more["half_life_reason"] == "the top 5 never changed"
    few = {**still, "2026-01-01": {"a": 1.0, "b": 2.0}}
    row = runtimes(changed, rows_of, few)
    assert row.more["half_life_reason"] == "2 days with 5 parties are too few"


def test_two_sources_of_one_day_are_not_added_up(changed: Callable[..., Any], rows_of: Any) -> None:
    boards = [
        {**rows_of.rating(f"2026-0{month}-01", maker, score, None), "source": source,
         "scale": source}
        for month in (1, 2, 3)
        for source, scores in (("test", {"acme": 10.0, "bo": 9.0}), ("zed", {"bo": 900.0}))
        for maker, score in scores.items()
    ]  # fmt: skip
    row = series(changed(rating=boards))["best arena model by maker"]
    assert row.more["leader"] == "acme"
    assert row.more["changes"] == 0


def test_as_of(world: Any) -> None:
    row = series(world)["downloads by maker"]
    assert row.more["leader"] == "bo"
    earlier = {r.key["series"]: r for r in world.figure("tempo", as_of="2025-06-26").rows}
    assert earlier["downloads by maker"].value is None
