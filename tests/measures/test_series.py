"""Downloads edition by edition, and what they add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import UnknownNameError
from underlay.measures.series import leaders

if TYPE_CHECKING:
    from collections.abc import Callable

# acme/alpha, bo/bravo and (last) bo/embed are the fixed panel; dora joined in the second edition
ALPHA = {"2025-05-07": 100, "2025-06-07": 90, "2025-06-27": 60, "2025-09-05": 30}
BRAVO = {"2025-05-07": 60, "2025-06-07": 90, "2025-06-27": 120, "2025-09-05": 150}
# the days since the edition before, over the 30 that a count covers
WEIGHTS = {"2025-05-07": 1, "2025-06-07": 31 / 30, "2025-06-27": 20 / 30, "2025-09-05": 70 / 30}


def monthly(world: Any, **where: str) -> dict[tuple[str, str], float | None]:
    rows = world.figure("downloads_monthly", **where).rows
    return {(row.key["family"], row.key["day"]): row.value for row in rows}


def test_shares_of_each_edition_on_the_fixed_panel(world: Any) -> None:
    shares = monthly(world)
    assert len(shares) == 3 * 4
    for day in ALPHA:
        total = ALPHA[day] + BRAVO[day] + (70 if day == "2025-09-05" else 0)
        assert shares["alpha", day] == pytest.approx(ALPHA[day] / total)
        assert shares["bravo", day] == pytest.approx(BRAVO[day] / total)
        assert sum(shares[name, day] or 0.0 for name in ("alpha", "bravo", "embed")) == (
            pytest.approx(1.0)
        )
    # not listed then, so none of the list's downloads; bo was there, so it isn't left out now
    assert shares["embed", "2025-05-07"] == 0.0
    assert shares["embed", "2025-09-05"] == pytest.approx(70 / 250)


def test_a_growing_panel(world: Any) -> None:
    shares = monthly(world, panel="growing")
    assert shares["merge", "2025-05-07"] == 0.0
    assert shares["merge", "2025-06-07"] == pytest.approx(500 / 680)
    assert ("merge", "2025-06-07") not in monthly(world)


def test_the_panel_is_decided_before_kinds_are_left_out(world: Any) -> None:
    """A first embedding model of an account that was always there is growth."""
    shares = monthly(world, scope="embedding")
    assert shares == {
        ("embed", "2025-05-07"): None,
        ("embed", "2025-06-07"): None,
        ("embed", "2025-06-27"): None,
        ("embed", "2025-09-05"): 1.0,
    }
    rows = world.figure("downloads_monthly", scope="embedding").rows
    assert rows[0].reason == "nothing that counts in this edition"
    assert rows[-1].reason == ""


def test_coverage_says_what_part_the_panel_is(world: Any) -> None:
    fixed = 160 + 180 + 180 + 250
    assert world.figure("downloads_monthly").coverage["weight"] == pytest.approx(
        fixed / (fixed + 1500)
    )
    growing = world.figure("downloads_monthly", panel="growing")
    assert growing.coverage["weight"] == pytest.approx(1.0)


def test_a_panel_as_of_a_day_is_that_of_the_editions_up_to_it(world: Any) -> None:
    """On the first day everyone was there."""
    figure = world.figure("downloads_monthly", as_of="2025-05-31")
    assert {row.key["day"] for row in figure.rows} == {"2025-05-07"}
    assert figure.as_of == "2025-05-07"


def test_sums_by_days_and_the_crossover(world: Any) -> None:
    figure = world.figure("downloads_cumulative")
    rows = {row.key["family"]: row for row in figure.rows}
    alpha = sum(ALPHA[day] * WEIGHTS[day] for day in ALPHA)
    bravo = sum(BRAVO[day] * WEIGHTS[day] for day in BRAVO)
    assert rows["alpha"].value == pytest.approx(alpha)  # 100 + 93 + 40 + 70 = 303
    assert rows["bravo"].value == pytest.approx(bravo)  # 60 + 93 + 80 + 350 = 583
    assert rows["embed"].value == pytest.approx(70 * 70 / 30)
    # 100 : 60, 193 : 153, 233 : 233 (alpha stays ahead), 303 : 583
    assert [row.key["family"] for row in figure.rows] == ["bravo", "alpha", "embed"]
    assert rows["bravo"].more == {
        "leads_since": "2025-09-05",
        "editions_led": 1,
        "first_day": "2025-04-08",
        "editions": 4,
        "days_between_windows": 1 + 0 + 40,
    }
    assert rows["alpha"].more["leads_since"] is None
    assert rows["alpha"].more["editions_led"] == 3


def test_who_always_led_leads_since_before_the_list(world: Any) -> None:
    rows = world.figure("downloads_cumulative", as_of="2025-06-27").rows
    assert rows[0].more["leads_since"] == "before 2025-05-07"
    assert rows[0].key["family"] == "alpha"


def test_unknown_is_many_and_can_not_lead(changed: Callable[..., Any], rows_of: Any) -> None:
    counts = {
        ("osir_lmts", "2025-05-01"): {5: 900.0, 0: 10.0, 2: 5.0},
        ("osir_lmts", "2025-05-31"): {5: 900.0, 0: 10.0, 2: 30.0},
    }
    world = changed(observation=rows_of.observations(counts, "downloads_30d_count"))
    rows = {row.key["family"]: row for row in world.figure("downloads_cumulative").rows}
    assert rows["unknown"].value == 1800
    assert rows["unknown"].more["editions_led"] == 0
    assert rows["unknown"].more["leads_since"] is None
    assert rows["bravo"].more["leads_since"] == "2025-05-31"


def test_weekly_editions_count_each_day_once(changed: Callable[..., Any], rows_of: Any) -> None:
    """Ten a day for 58 days, stated every week as 300 in 30 days: 580 in all."""
    days = ("2026-05-01", "2026-05-08", "2026-05-15", "2026-05-22", "2026-05-29")
    counts = {("llmfit", day): {0: 300.0} for day in days}
    world = changed(observation=rows_of.observations(counts, "downloads_30d_count"))
    row = world.figure("downloads_cumulative", listing="llmfit").rows[0]
    assert row.value == pytest.approx(10 * (30 + 28))
    assert row.more["days_between_windows"] == 0


def test_lists_are_no_parties(world: Any) -> None:
    for name in ("downloads_monthly", "downloads_cumulative"):
        with pytest.raises(UnknownNameError):
            world.figure(name, "listing")
        assert world.figure(name, listing="os_ai_map").definition["listing"] == "os_ai_map"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[1, 2], [3, 2]], [1, 0]),
        ([[2, 1], [2, 2]], [0, 0]),  # level: who led still leads
        ([[1, 2], [2, 2]], [1, 1]),
        ([[2, 2], [1, 2]], [-1, 1]),  # level from the start: nobody
        ([[0, 0], [0, 1]], [-1, 1]),
        ([[1, 3, 3], [5, 3, 3]], [-1, 0]),
        ([[9, 1, 1], [1, 3, 3]], [0, -1]),  # the former leader isn't among those level
        ([[np.nan, 1], [np.nan, np.nan]], [1, -1]),
    ],
)
def test_who_leads(table: list[list[float]], expected: list[int]) -> None:
    assert leaders(np.array(table, dtype=float)) == expected


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_leader_has_as_much_as_anyone(table: list[list[int]]) -> None:
    for row, leader in zip(table, leaders(np.array(table, dtype=float)), strict=True):
        if leader >= 0:
            assert row[leader] == max(row) > 0
        else:
            assert row.count(max(row)) > 1 or max(row) == 0
