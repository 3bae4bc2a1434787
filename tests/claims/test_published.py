"""published.toml: complete, well formed, and with bands that follow from what was published."""

from __future__ import annotations

import csv
import datetime as dt
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.claims.entries import RULES, STATISTICS, TAKES, Number, Published, band, number_of
from underlay.claims.entries import published as published_figures
from underlay.measures import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.claims.entries import Call

ROOT = Path(__file__).parents[2]
ENTRIES = published_figures()
NUMBERS = [(entry, number) for entry in ENTRIES for number in entry.ours]
UNITS = {
    "share", "ratio", "date", "models", "models a day", "parameters", "downloads in 30 days",
    "tokens in a week", "Elo points", "months", "H100 equivalents", "index",
}  # fmt: skip


def _named(pair: tuple[Published, Number]) -> str:
    return f"{pair[0].id} {pair[1].name}"


def _calls(number: Number) -> Iterator[Call]:
    for call in (number.call, *(call for _, call in number.also)):
        yield call
        if call.per is not None:
            yield call.per


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_has_a_figure_of_ours_or_a_reason(entry: Published) -> None:
    assert entry.figure
    assert entry.published
    assert entry.definition
    assert entry.source
    assert entry.grade in ("P", "S", "T", "C")
    if not any(number.judged for number in entry.ours):
        assert entry.reason
        assert entry.needs
    else:
        assert not entry.reason
    if entry.begins is not None:
        assert entry.begins <= entry.until


def test_ids_are_unique_and_every_entry_of_the_file_is_read() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert len(ids) == len(set(ids)) > 60


@pytest.mark.parametrize("pair", NUMBERS, ids=_named)
def test_a_number_is_well_formed(pair: tuple[Published, Number]) -> None:
    _, number = pair
    assert number.unit in UNITS
    assert number.rule in RULES
    assert number.band.low <= number.value <= number.band.high
    assert (number.rule == "range") == bool(number.why)
    assert number.differs
    names = [name for name, _ in number.also]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("pair", NUMBERS, ids=_named)
def test_its_calls_name_measures_facets_and_options_that_exist(
    pair: tuple[Published, Number],
) -> None:
    for call in _calls(pair[1]):
        asked = measure(call.measure)
        asked.definition(call.where)
        if call.by:
            asked.split(call.by)
        assert call.take in TAKES
        assert bool(call.over) == (call.take == "ratio")
        assert bool(call.field) == (call.take == "more")
        assert (call.since is not None) == (call.take == "change")
        if call.statistic:
            assert call.statistic in STATISTICS
            assert call.first is not None
            assert call.last is not None


def test_every_staged_figure_has_an_entry() -> None:
    data = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
    staged = data.parent / "published-figures.csv"
    if not staged.exists():
        pytest.skip("the staged list of published figures isn't here")
    with staged.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ours = {entry.id: entry for entry in ENTRIES}
    assert set(ours) == {row["id"] for row in rows}
    for row in rows:
        entry = ours[row["id"]]
        assert (entry.published, entry.date, entry.grade) == (
            row["value"], row["date"], row["grade"]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "number", "half"),
    [
        ("61.4%", 0.614, 0.0005),
        ("1.55B", 1.55e9, 5e6),
        ("113,000", 113000.0, 0.5),
        ("226k", 226000.0, 500.0),
        ("39", 39.0, 0.5),
    ],
)
def test_printed_numbers(printed: str, number: float, half: float) -> None:
    assert number_of(printed) == pytest.approx((number, half))


def test_a_printed_month_is_its_middle() -> None:
    middle, half = number_of("2025-09")
    assert (middle - half, middle + half) == (
        dt.date(2025, 9, 1).toordinal(), dt.date(2025, 9, 30).toordinal()
    )  # fmt: skip
    december, half = number_of("2025-12")
    assert december + half == dt.date(2025, 12, 31).toordinal()


@pytest.mark.parametrize("printed", ["", "about 5", "5 %", "-3", "1.", "2025-9", "5%%"])
def test_what_is_no_printed_number(printed: str) -> None:
    with pytest.raises(ValueError, match="no printed number"):
        number_of(printed)


@pytest.mark.parametrize(
    ("printed", "rule", "low", "high"),
    [
        ("39", "printed", 38.5, 39.5),
        ("39", "elo", 29.0, 49.0),
        ("2.6", "about", 2.34, 2.86),
        ("4,900", "revision", 4655.0, 5145.0),
        ("50", "edition", 45.0, 55.0),
        ("41%", "points", 0.36, 0.46),
        ("1%", "points", 0.005, 0.015),
        ("99%", "points", 0.985, 0.995),  # the printed digit is coarser than half the rest
        ("60%", "at least", 0.6, math.inf),
        ("60%", "at most", -math.inf, 0.6),
        ("4", "month", 3.0, 5.0),
    ],
)
def test_bands(printed: str, rule: str, low: float, high: float) -> None:
    found = band(printed, rule)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.why == RULES[rule]


def test_a_band_of_a_date_is_a_month_wide_on_each_side() -> None:
    found = band("2025-09", "month")
    assert dt.date.fromordinal(math.ceil(found.low)) == dt.date(2025, 8, 1)
    assert dt.date.fromordinal(math.floor(found.high)) == dt.date(2025, 10, 31)


def test_a_band_of_a_window_is_one_of_30_days() -> None:
    found = band("212M", "level", per_days=212)
    assert (found.low, found.high) == pytest.approx((22.5e6, 37.5e6))


def test_a_range_needs_its_ends_and_a_reason() -> None:
    assert band("x", "range", low=1.0, high=2.0, why="published so").holds(2.0)
    for ends in ({}, {"low": 2.0, "high": 1.0, "why": "w"}, {"low": 1.0, "high": 2.0}):
        with pytest.raises(ValueError, match="range"):
            band("x", "range", **ends)
    with pytest.raises(KeyError):
        band("1", "as you like")


_PRINTED = st.builds(
    lambda whole, decimals, sign: f"{whole:,}{decimals}{sign}",
    st.integers(1, 99_999),
    st.one_of(st.just(""), st.from_regex(r"\.[0-9]{1,3}", fullmatch=True)),
    st.sampled_from(["", "k", "M", "B", "T"]),
)
_PLAIN_RULES = sorted(set(RULES) - {"range", "points"})


@given(_PRINTED, st.sampled_from(_PLAIN_RULES))
def test_a_band_holds_what_was_published(printed: str, rule: str) -> None:
    value, half = number_of(printed)
    found = band(printed, rule)
    assert found.holds(value)
    if rule not in ("at least", "at most", "month", "elo"):
        assert found.holds(value + half)
        assert found.holds(value - half)
        assert not found.holds(value * 2 + half + 1)


@given(st.integers(1, 999), st.floats(-0.5, 1.5))
def test_a_band_of_a_share_is_never_wider_than_5_points(permille: int, ours: float) -> None:
    share = permille / 1000
    found = band(f"{permille / 10:.1f}%", "points")
    assert found.holds(share)
    if found.holds(ours):
        assert abs(ours - share) <= 0.05 + 1e-6
        assert 0 < ours < 1
