"""Indices of concentration: textbook values, brute force over what isn't known, and the layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.measures.concentration import CONCENTRATION, indices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def hhi(amounts: Sequence[float]) -> float:
    return sum((100 * amount / sum(amounts)) ** 2 for amount in amounts)


def cr4(amounts: Sequence[float]) -> float:
    return sum(sorted(amounts, reverse=True)[:4]) / sum(amounts)


def hill(amounts: Sequence[float]) -> float:
    parts = [amount / sum(amounts) for amount in amounts if amount > 0]
    return math.exp(-sum(part * math.log(part) for part in parts))


@pytest.mark.parametrize(
    ("amounts", "expected_hhi", "expected_cr4"),
    [
        ([100], 10_000, 1.0),
        ([50, 50], 5_000, 1.0),
        ([30, 30, 20, 20], 2_600, 1.0),  # the US merger guidelines' own example
        ([10] * 10, 1_000, 0.4),
        ([1] * 100, 100, 0.04),
    ],
)
def test_textbook_values(amounts: list[float], expected_hhi: float, expected_cr4: float) -> None:
    found = indices(amounts, 0.0)
    assert found["HHI"] == pytest.approx((expected_hhi,) * 3)
    assert found["CR4"] == pytest.approx((expected_cr4,) * 3)
    assert found["effective number"] == pytest.approx((10_000 / expected_hhi,) * 3)
    assert found["effective number (Shannon)"] == pytest.approx((hill(amounts),) * 3)


def test_as_many_equals_as_there_are() -> None:
    """Equal parties are as many as they are by every effective number."""
    for count in (1, 2, 7):
        found = indices([3.0] * count, 0.0)
        assert found["effective number"].value == pytest.approx(count)
        assert found["effective number (Shannon)"].value == pytest.approx(count)


def test_unknown_as_atoms_and_as_one_party() -> None:
    found = indices([40, 20], 40)
    assert found["HHI"] == pytest.approx((2_000, 2_000, 3_600))
    assert found["CR4"] == pytest.approx((0.6, 0.6, 1.0))
    assert found["effective number"] == pytest.approx((5.0, 1 / 0.36, 5.0))
    shannon = found["effective number (Shannon)"]
    assert (shannon.value, shannon.lower) == pytest.approx((hill([40, 20, 40]),) * 2)
    assert shannon.upper is None


def test_all_unknown() -> None:
    found = indices([], 7.0)
    assert found["HHI"] == (0.0, 0.0, 10_000.0)
    assert found["CR4"] == (0.0, 0.0, 1.0)
    assert found["effective number"] == (None, 1.0, None)
    assert found["effective number (Shannon)"] == (1.0, 1.0, None)


@pytest.mark.parametrize(("known", "other"), [([], 0.0), ([0.0], 0.0), ([5.0, -1.0], 0.0)])
def test_nothing_and_less_than_nothing(known: list[float], other: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        indices(known, other)


@given(
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=8),
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=40),
)
def test_whatever_the_unknown_is_made_of_the_index_is_within_its_bounds(
    known: list[float], other: list[float]
) -> None:
    """Brute force: any split of what isn't known among parties that aren't named."""
    found = indices(known, sum(other))
    near = 1 + 1e-9
    for name, true in (
        ("HHI", hhi([*known, *other])),
        ("CR4", cr4([*known, *other])),
        ("effective number", 10_000 / hhi([*known, *other])),
        ("effective number (Shannon)", hill([*known, *other])),
    ):
        index = found[name]
        assert index.lower <= true * near
        assert index.upper is None or true <= index.upper * near
        assert index.value is not None
        assert index.lower <= index.value * near
        assert index.upper is None or index.value <= index.upper * near


# ---- the layers of the small world -------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "known", "other"),
    [
        ("downloads", [240, 120, 60], 80),
        ("language_downloads", [120, 90, 60], 80),
        ("accelerators", [230, 220], 0),  # 2026-Q1 lacks a designer
        ("runtimes", [60, 20], 20),  # independent projects are no firm
        ("frameworks", [5], 0),
        ("tokens", [70, 20], 110),
        ("supercomputers", [6, 1], 3),  # `several` is nobody's, `none` has no accelerator
    ],
)
def test_each_layer(world: Any, of: str, known: list[float], other: float) -> None:
    figure = world.figure("concentration", of=of)
    expected = indices(known, other)
    assert [row.key["index"] for row in figure.rows] == list(expected)
    for row in figure.rows:
        index = expected[str(row.key["index"])]
        assert row.value == pytest.approx(index.value)
        assert row.lower == pytest.approx(index.lower)
        assert row.upper == (None if index.upper is None else pytest.approx(index.upper))
        assert row.more["parties"] == len(known)
        assert row.more["largest_share"] == pytest.approx(max(known) / (sum(known) + other))
        assert row.more["unknown_share"] == pytest.approx(other / (sum(known) + other))


def test_every_layer_is_tested_above() -> None:
    assert len(CONCENTRATION.choices[0].options) == 7


def test_by_country(world: Any) -> None:
    row = world.figure("concentration", "country").row("HHI")
    assert row is not None
    assert row.value == pytest.approx(100**2 * (0.48**2 + 0.24**2 + 0.12**2))
    assert row.upper == pytest.approx(100**2 * (0.48**2 + 0.24**2 + 0.12**2 + 0.16**2))
    assert row.more["largest"] == "CN"


def test_a_layer_where_nobody_is_known(changed: Callable[..., Any], rows_of: Any) -> None:
    world = changed(library_month=[rows_of.library("2026-04-01", "unknown", 9)])
    rows = {row.key["index"]: row for row in world.figure("concentration", of="runtimes").rows}
    assert rows["HHI"].upper == 10_000
    assert rows["effective number"].value is None
    assert rows["effective number"].reason == "no party is known"
    assert rows["HHI"].more["largest"] is None


def test_a_layer_of_nothing(changed: Callable[..., Any], rows_of: Any) -> None:
    world = changed(library_month=[rows_of.library("2026-04-01", "acme", 0)])
    rows = world.figure("concentration", of="runtimes").rows
    assert [(row.value, row.reason) for row in rows] == [(None, "the total is zero")]
