"""Numbers and names as a reader meets them: at most three digits, British English."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "EU",
    "NBSP",
    "Bold",
    "Gauge",
    "Words",
    "amount",
    "bold",
    "country",
    "day",
    "gauge",
    "interval",
    "listed",
    "many",
    "month",
    "percent",
    "plain",
    "say",
    "value",
]

NBSP = "\u00a0"  # between a number and its unit


@dataclass(frozen=True)
class Bold:
    """Text that carries the finding."""

    text: str


@dataclass(frozen=True)
class Gauge:
    """A small bar beside a number: from `least` to `most` over definitions, on `low` to `high`."""

    value: float | None
    least: float
    most: float
    low: float
    high: float

    def places(self, width: int) -> tuple[int, int | None, int]:
        """Cells, of `width`, at which the range begins, the value stands and the range ends."""
        scale = (width - 1) / ((self.high - self.low) or 1.0)

        def place(number: float) -> int:
            return min(width - 1, max(0, round((number - self.low) * scale)))

        middle = None if self.value is None else place(self.value)
        return place(self.least), middle, place(self.most)

    def text(self, width: int = 10) -> str:
        """The bar in characters: a light track, the range heavy on it, the value as a dot."""
        first, middle, last = self.places(width)
        cells = ["╌"] * width
        cells[first : last + 1] = ["━"] * (last - first + 1)
        if middle is not None:
            cells[middle] = "●"
        return "".join(cells)


Words = tuple[str | Bold | Gauge, ...]


def bold(text: str) -> Bold:
    """Mark text as the finding."""
    return Bold(text)


def gauge(
    number: float | None, least: float, most: float, unit: str, high: float | None = None
) -> Gauge:
    """A small bar; shares stand on a scale from 0 to 1, all else on one from 0 to `high`."""
    if unit == "share":
        return Gauge(number, least, most, 0.0, 1.0)
    return Gauge(number, least, most, min(0.0, least), most if high is None else high)


def say(*parts: str | Bold | Gauge | Words) -> Words:
    """One sentence out of parts."""
    found: list[str | Bold | Gauge] = []
    for part in parts:
        if isinstance(part, tuple):
            found += part
        elif part:
            found.append(part)
    return tuple(found)


def plain(words: Words) -> str:
    """A sentence without its marks."""
    return "".join(
        part.text() if isinstance(part, Gauge) else part.text if isinstance(part, Bold) else part
        for part in words
    )


def percent(share: float | None) -> str:
    """A share in per cent: `41 %`, `<1 %`, `0 %`; `unknown` for None."""
    if share is None:
        return "unknown"
    if 0 < share < 0.005:
        return f"<1{NBSP}%"
    if 0.995 < share < 1:
        return f">99{NBSP}%"
    return f"{share * 100:.0f}{NBSP}%"


def amount(number: float | None) -> str:
    """A count or quantity with three digits: `1.55 billion`, `165 million`, `12,300`, `2.04`."""
    if number is None:
        return "unknown"
    if number == 0:
        return "0"
    size = abs(number)
    for scale, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if size >= scale * 0.9995:
            return f"{_three(number / scale)}{NBSP}{name}"
    return _three(number)


def _three(number: float) -> str:
    """Three significant digits, in full."""
    digits = 2 - math.floor(math.log10(abs(number)))
    rounded = round(number, digits)
    text = f"{rounded:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def value(number: float | None, unit: str) -> str:
    """A number of that unit, the unit's own name left out except for per cent and dollars."""
    if unit == "share":
        return percent(number)
    if unit == "USD per million tokens":
        return "unknown" if number is None else f"${number:,.2f}"
    if unit in ("Elo points", "index"):
        return "unknown" if number is None else f"{number:,.0f}"
    return amount(number)


def interval(lower: float | None, upper: float | None, unit: str) -> str:
    """`[17–32]` in the unit's numbers; empty where neither end is known, or it has no width."""
    if (lower is None and upper is None) or lower == upper:
        return ""
    return f"[{_end(lower, unit)}–{_end(upper, unit)}]"


def _end(number: float | None, unit: str) -> str:
    if number is None:
        return "?"
    if unit == "share":
        return f"{number * 100:.0f}"
    return value(number, unit)


def many(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 row`, `1,933 rows`; `plural` where it isn't made with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def day(date: str | dt.date) -> str:
    """`9 June 2026`."""
    found = _date(date)
    return f"{found.day}{NBSP}{found:%B}{NBSP}{found.year}"


def month(date: str | dt.date) -> str:
    """`June 2026`."""
    found = _date(date)
    return f"{found:%B}{NBSP}{found.year}"


def _date(date: str | dt.date) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    return date if isinstance(date, dt.date) else dt.date.fromisoformat(date[:10])


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    found = list(names)
    if len(found) < 2:
        return "".join(found)
    return ", ".join(found[:-1]) + " and " + found[-1]


def country(code: str) -> str:
    """The English short name of an ISO 3166-1 alpha-2 code; the code itself if it isn't here."""
    return _COUNTRIES.get(code, code)


# members of the European Union since 2020-02-01
EU = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)

_COUNTRIES = {
    "AE": "the United Arab Emirates",
    "AR": "Argentina",
    "AT": "Austria",
    "AU": "Australia",
    "BD": "Bangladesh",
    "BE": "Belgium",
    "BG": "Bulgaria",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CL": "Chile",
    "CN": "China",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "EE": "Estonia",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "the United Kingdom",
    "GR": "Greece",
    "HK": "Hong Kong",
    "HR": "Croatia",
    "HU": "Hungary",
    "ID": "Indonesia",
    "IE": "Ireland",
    "IL": "Israel",
    "IN": "India",
    "IR": "Iran",
    "IT": "Italy",
    "JP": "Japan",
    "KR": "South Korea",
    "LB": "Lebanon",
    "LT": "Lithuania",
    "LU": "Luxembourg",
    "LV": "Latvia",
    "MX": "Mexico",
    "MY": "Malaysia",
    "NL": "the Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PH": "the Philippines",
    "PL": "Poland",
    "PT": "Portugal",
    "QA": "Qatar",
    "RO": "Romania",
    "RU": "Russia",
    "SA": "Saudi Arabia",
    "SE": "Sweden",
    "SG": "Singapore",
    "SI": "Slovenia",
    "TH": "Thailand",
    "TR": "Türkiye",
    "TW": "Taiwan",
    "UA": "Ukraine",
    "UG": "Uganda",
    "US": "the United States",
    "VN": "Vietnam",
    "ZA": "South Africa",
    "all": "all",
    "other": "other countries",
    "unknown": "unknown",
}
