"""Numbers, gaps and names as the report says them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.report.colours import OTHER, UNKNOWN, colour
from underlay.report.limits import gaps
from underlay.report.words import amount, country, day, interval, listed, percent


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (0.001, "<1 %"),
        (0.005, "0 %"),
        (0.41, "41 %"),
        (0.999, ">99 %"),
        (1.0, "100 %"),
    ],
)
def test_shares(share: float, words: str) -> None:
    found = percent(share).replace("\u00a0", " ")
    if share == 0.005:
        assert found in ("0 %", "1 %")
    else:
        assert found == words


def test_an_unknown_share_is_no_zero() -> None:
    assert percent(None) == "unknown"
    assert amount(None) == "unknown"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (2.041, "2.04"),
        (12_345, "12,300"),
        (999_700, "1 million"),
        (165_400_000, "165 million"),
        (1_554_000_000, "1.55 billion"),
        (8_686_000_000_000, "8.69 trillion"),
        (-1234.5, "-1,230"),
    ],
)
def test_amounts_have_three_digits(number: float, words: str) -> None:
    assert amount(number).replace("\u00a0", " ") == words


@given(st.floats(1e-6, 1e15))
def test_amounts_never_have_more_than_three_digits(number: float) -> None:
    digits = [c for c in amount(number).split("\u00a0")[0] if c.isdigit()]
    assert len("".join(digits).strip("0")) <= 3


def test_intervals() -> None:
    assert interval(0.17, 0.32, "share") == "[17–32]"
    assert interval(None, None, "share") == ""
    assert interval(None, 0.32, "share") == "[?–32]"
    assert interval(0.5, 0.5, "share") == ""


def test_names() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
    assert country("CN") == "China"
    assert country("ZZ") == "ZZ"
    assert day(dt.date(2026, 6, 9)).replace("\u00a0", " ") == "9 June 2026"


def test_a_country_has_one_colour() -> None:
    assert colour("unknown") == UNKNOWN
    assert colour("ZZ") == OTHER
    assert colour("AT") == colour("SE")
    assert (
        len({colour(code) for code in ("CN", "US", "FR", "DE", "GB", "KR", "JP", "CA", "TW")}) == 9
    )


def test_gaps_by_the_usual_step() -> None:
    daily = [str(dt.date(2026, 1, 1) + dt.timedelta(days=n)) for n in range(40)]
    later = [str(dt.date(2026, 3, 20) + dt.timedelta(days=n)) for n in range(40)]
    assert gaps(daily + later) == [("2026-02-09", "2026-03-20")]
    monthly = [f"2025-{month:02}-01" for month in range(1, 13)]
    assert gaps(monthly) == []
    assert gaps([*monthly, "2026-05-01"]) == [("2025-12-01", "2026-05-01")]
    assert gaps([]) == []
    assert gaps(["2026-01-01"]) == []
