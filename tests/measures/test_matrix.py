"""Country by open or closed, under each weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from underlay.measures.matrix import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable

CELLS = {
    # notable models of the last 24 months: one US open, one CN closed, one of both unknown
    "models": {
        ("US", "open"): 1 / 3, ("CN", "closed"): 1 / 3,
        ("US", "unknown"): 1 / 6, ("CN", "unknown"): 1 / 6,
    },
    # whatever stands on the Hub has open weights
    "downloads": {
        ("US", "open"): 0.24, ("CN", "open"): 0.48, ("other", "open"): 0.12,
        ("unknown", "open"): 0.16,
    },
    # what the list doesn't name isn't in it
    "tokens": {("US", "closed"): 20 / 90, ("CN", "open"): 70 / 90},
    # the week before: in the newest one acme's spend isn't known
    "spend": {("US", "closed"): 0.9, ("CN", "open"): 0.1},
    "capability": {("US", "closed"): 1 / 3, ("CN", "open"): 1 / 3, ("other", "unknown"): 1 / 3},
}  # fmt: skip
DAYS = {
    "models": "2026-01-26", "downloads": "2026-06-10", "tokens": "2026-05-11",
    "spend": "2026-05-04", "capability": "2026-08-19",
}  # fmt: skip


@pytest.mark.parametrize("weight", WEIGHTS)
def test_each_cell_by_hand(world: Any, weight: str) -> None:
    rows = [r for r in world.figure("open_closed_matrix").rows if r.key["weight"] == weight]
    assert len(rows) == 12
    for row in rows:
        cell = (row.key["country"], row.key["openness"])
        if weight == "downloads" and cell[1] == "closed":
            assert row.value is None
            assert row.reason == "a hub of weights can't see closed models"
        else:
            assert row.value == pytest.approx(CELLS[weight].get(cell, 0.0))
        assert row.more["day"] == DAYS[weight]
    assert sum(row.value for row in rows if row.value) == pytest.approx(1.0)


def test_no_cell_is_said_twice(world: Any) -> None:
    keys = [tuple(row.key.values()) for row in world.figure("open_closed_matrix").rows]
    assert len(set(keys)) == len(keys) == 12 * len(WEIGHTS)


def test_a_weight_without_data_says_so(changed: Callable[..., Any], rows_of: Any) -> None:
    world = changed(rating=[], tokens_week=[rows_of.tokens("2026-05-11", "acme", "closed", 20)])
    rows = world.figure("open_closed_matrix").rows
    missing = {row.key["weight"]: row.reason for row in rows if row.key["country"] == "all"}
    assert missing == {"spend": WEIGHTS["spend"], "capability": WEIGHTS["capability"]}
    assert all(row.value is None for row in rows if row.key["country"] == "all")


def test_only_what_was_asked_for(world: Any) -> None:
    """No zero for a country or a weight that was left out."""
    rows = world.figure("open_closed_matrix", country="CN", weight="tokens").rows
    assert [(*row.key.values(), row.value) for row in rows] == [
        ("tokens", "CN", "open", 1.0),
        ("tokens", "CN", "closed", 0.0),
        ("tokens", "CN", "unknown", 0.0),
    ]
    rows = world.figure("open_closed_matrix", openness="closed", weight="spend").rows
    assert {row.key["openness"] for row in rows} == {"closed"}
    assert {row.key["country"]: row.value for row in rows} == {
        "CN": 0.0, "US": 1.0, "other": 0.0, "unknown": 0.0,
    }  # fmt: skip


def test_any_country_can_be_asked_for(world: Any) -> None:
    rows = world.figure("open_closed_matrix", country="FR").rows
    values = {tuple(row.key.values()): (row.value, row.reason) for row in rows}
    assert values["downloads", "FR", "open"] == (1.0, "")
    assert values["capability", "FR", "unknown"] == (1.0, "")
    assert values["tokens", "FR", "all"] == (None, WEIGHTS["tokens"])
    # one by a French maker is too old to count
    assert values["models", "FR", "all"] == (None, WEIGHTS["models"])


def test_first_places_of_the_board(changed: Callable[..., Any], rows_of: Any) -> None:
    """Twenty count, the best first; of equal scores the first by name."""
    board = [rows_of.rating("2026-08-19", "acme", 1500.0 - n, False, f"m{n:02}") for n in range(19)]
    board += [
        rows_of.rating("2026-08-19", "bo", 1400.0, True, "tie a"),
        rows_of.rating("2026-08-19", "dora", 1400.0, True, "tie b"),
        rows_of.rating("2026-07-19", "dora", 1900.0, True, "old"),
        {**rows_of.rating("2026-08-19", "dora", 1900.0, True, "pictures"), "board": "vision"},
        {**rows_of.rating("2026-08-19", "dora", 1900.0, True, "code"), "category": "coding"},
    ]
    figure = changed(rating=board).figure("open_closed_matrix", weight="capability")
    assert {
        (row.key["country"], row.key["openness"]): row.value for row in figure.rows if row.value
    } == {("US", "closed"): pytest.approx(0.95), ("CN", "open"): pytest.approx(0.05)}


def test_as_of_each_weight_takes_its_newest_day(world: Any) -> None:
    rows = world.figure("open_closed_matrix", as_of="2026-05-04").rows
    days = {row.key["weight"]: row.more.get("day") for row in rows}
    assert days == {
        "models": "2026-01-26", "downloads": "2026-04-28", "tokens": "2026-05-04",
        "spend": "2026-05-04", "capability": None,
    }  # fmt: skip
