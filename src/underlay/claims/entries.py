"""The entries of published.toml: what others published, and what of ours stands beside it."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "RULES",
    "TAKES",
    "Band",
    "Call",
    "Number",
    "Published",
    "band",
    "number_of",
    "published",
]

# how near counts as reproduced: by what was published alone, never by a result of ours
RULES: dict[str, str] = {
    "printed": "half a unit of the last printed digit: same quantity, nothing in between",
    "about": "10 %: published as a round number or as a quotient of two",
    "revision": "5 %: another vintage of the same series, which its publisher revises",
    "edition": "10 %: a count in a list that grows from edition to edition",
    "points": "5 percentage points, or half of the smaller of the share and its rest where that "
    "is less: another sample or day of the same share",
    "level": "25 %: one month, or one part, of what they count over another window",
    "elo": "10 points: about the width of a publisher's own interval at the top of a board",
    "month": "a month either way: editions are monthly",
    "range": "within the published range",
    "at least": "published as a lower limit",
    "at most": "published as an upper limit",
}
_FACTOR = {"about": 0.10, "revision": 0.05, "edition": 0.10, "level": 0.25}
_POINTS, _ELO, _MONTH_DAYS = 0.05, 10.0, 31

# how a number is read from a figure
TAKES: dict[str, str] = {
    "value": "value of the row with these keys",
    "sum": "sum of these rows, or of all of them",
    "ratio": "sum of these rows over the sum of `over`",
    "share": "sum of these rows over the sum of all",
    "change": "value of the row less its value as of `since`",
    "rank": "place of the row by value, 1 for the first",
    "count": "number of rows that are more than zero",
    "since": "day since which the row leads; no number where it doesn't lead",
    "more": "the row's further number `field`",
}
STATISTICS = ("mean", "max")

_SUFFIX = {"": 1.0, "%": 0.01, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_PRINTED = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)([%kMBT]?)")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True)
class Band:
    """Between which numbers, both included, ours counts as reproduced, and why."""

    low: float
    high: float
    why: str

    def holds(self, value: float) -> bool:
        """Whether a number is within; a hair's breadth of rounding doesn't matter."""
        hair = 1e-9 * max(1.0, abs(value))
        return self.low - hair <= value <= self.high + hair


@dataclass(frozen=True)
class Call:
    """One figure of ours, and how a number is read from it."""

    measure: str
    take: str
    by: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    as_of: dt.date | None = None
    rows: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()  # rows that count if they are there
    leave_out: tuple[str, ...] = ()
    field: str = ""
    since: dt.date | None = None
    per: Call | None = None  # a second number that divides the first
    statistic: str = ""  # over weekly editions from `first` to `last`
    first: dt.date | None = None
    last: dt.date | None = None

    def changed(self, changes: Mapping[str, Any]) -> Call:
        """The same call with some words changed; an empty text in `where` takes a facet away."""
        changes = dict(changes)
        where = {**self.where, **changes.pop("where", {})}
        for name in ("rows", "over", "maybe", "leave_out"):
            if name in changes:
                changes[name] = tuple(changes[name])
        per = changes.pop("per", None)
        made = replace(self, **changes, where={k: v for k, v in where.items() if v})
        if per is None:
            return made
        plain = replace(made, per=None, statistic="", first=None, last=None)
        return replace(made, per=plain.changed(per))


@dataclass(frozen=True)
class Number:
    """One number of a published figure, and the call of ours nearest to its definition."""

    name: str
    printed: str
    unit: str
    rule: str
    call: Call
    also: tuple[tuple[str, Call], ...] = ()
    low: float | None = None
    high: float | None = None
    why: str = ""
    made_of: str = ""
    per_days: int | None = None
    differs: str = ""
    until: dt.date | None = None
    judged: bool = True

    @property
    def value(self) -> float:
        """The published number in the unit of ours: shares 0 to 1, days as ordinals."""
        value, _ = number_of(self.printed) if self.rule != "range" else (self._middle(), 0.0)
        return value * 30 / self.per_days if self.per_days else value

    @property
    def band(self) -> Band:
        """When ours counts as reproduced."""
        return band(
            self.printed, self.rule, low=self.low, high=self.high, why=self.why,
            per_days=self.per_days,
        )  # fmt: skip

    def _middle(self) -> float:
        return ((self.low or 0.0) + (self.high or 0.0)) / 2


@dataclass(frozen=True)
class Published:
    """A figure that others published."""

    id: str
    topic: str
    figure: str
    published: str
    date: str
    until: dt.date
    definition: str
    source: str
    grade: str
    ours: tuple[Number, ...] = ()
    reason: str = ""
    needs: str = ""
    begins: dt.date | None = None

    def days_from(self, day: dt.date, number: Number) -> int:
        """Days by which `day` lies after (or, negative, before) the days of a number of it."""
        last = number.until or self.until
        first = (self.begins or last) if number.until is None else last
        if first <= day <= last:
            return 0
        return (day - last).days if day > last else (day - first).days


def number_of(printed: str) -> tuple[float, float]:
    """(number, half a unit of its last digit) of a printed one: `61.4%`, `1.55B`, `2025-09`.

    A month is the ordinal of its middle day and half its length. Raises `ValueError`.
    """
    if found := _MONTH.fullmatch(printed):
        first, last = _month(int(found[1]), int(found[2]))
        return (first + last) / 2, (last - first) / 2
    found = _PRINTED.fullmatch(printed)
    if not found:
        raise ValueError(f"`{printed}` is no printed number")
    digits, scale = found[1].replace(",", ""), _SUFFIX[found[2]]
    decimals = len(digits.partition(".")[2])
    return float(digits) * scale, 0.5 * 10.0**-decimals * scale


def band(
    printed: str,
    rule: str,
    *,
    low: float | None = None,
    high: float | None = None,
    why: str = "",
    per_days: int | None = None,
) -> Band:
    """The band of a published number under a rule. Raises `ValueError`, `KeyError`."""
    reason = RULES[rule]
    if rule == "range":
        if low is None or high is None or low > high or not why:
            raise ValueError("a range needs `low`, `high` and `why`")
        return Band(low, high, f"{reason}: {why}")
    value, half = number_of(printed)
    is_month = bool(_MONTH.fullmatch(printed))
    if rule == "at least":
        low, high = value, float("inf")
    elif rule == "at most":
        low, high = float("-inf"), value
    elif rule == "month":
        width = half + _MONTH_DAYS if is_month else 1.0
        low, high = value - width, value + width
    else:
        width = half
        if rule in _FACTOR:
            width = max(half, _FACTOR[rule] * abs(value))
        elif rule == "points":
            width = max(half, min(_POINTS, min(value, 1.0 - value) / 2))
        elif rule == "elo":
            width = _ELO
        low, high = value - width, value + width
    rate = 30 / per_days if per_days else 1.0
    return Band(low * rate, high * rate, reason)


def _month(year: int, month: int) -> tuple[int, int]:
    first = dt.date(year, month, 1)
    after = dt.date(year + month // 12, month % 12 + 1, 1)
    return first.toordinal(), after.toordinal() - 1


@cache
def published() -> tuple[Published, ...]:
    """All entries, in their order."""
    text = files("underlay.claims").joinpath("published.toml").read_text(encoding="utf-8")
    return tuple(_entry(each) for each in tomllib.loads(text)["published"])


def _entry(given: Mapping[str, Any]) -> Published:
    fields = dict(given)
    numbers = tuple(_number(each) for each in fields.pop("ours", ()))
    return Published(**fields, ours=numbers)


def _number(given: Mapping[str, Any]) -> Number:
    fields = dict(given)
    also = fields.pop("also", [])
    own = {name: fields.pop(name) for name in list(fields) if name in Number.__dataclass_fields__}
    for name in ("low", "high"):
        if isinstance(own.get(name), dt.date):
            own[name] = float(own[name].toordinal())
    call = Call(fields.pop("measure"), fields.pop("take")).changed(fields)
    others = []
    for each in also:
        changes = dict(each)
        others.append((changes.pop("name"), call.changed(changes)))
    return Number(call=call, also=tuple(others), **own)
