"""Published figures beside ours: read a number from a figure, compare, say why it differs."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from underlay.claims.entries import Band, Call, Number, Published, published
from underlay.errors import NoDataError, NotComputableError, UnderlayError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from underlay.measures import Figure, Row

__all__ = ["Compared", "GetFigure", "Reproduced", "Status", "in_words", "read_number", "reproduce"]

Status = Literal["reproduced", "off", "not reproducible"]
_WEEK = dt.timedelta(days=7)
_NEAR_DAYS = 31  # nearer than that is the same date: editions are monthly
_MONTH_DAYS = 365.25 / 12


class GetFigure(Protocol):
    """How figures are had, as `OpenLake.figure` gives them."""

    def __call__(
        self, name: str, *, by: str, where: Mapping[str, str], as_of: dt.date | None
    ) -> Figure:
        """A figure; raises `UnderlayError`."""
        ...


@dataclass(frozen=True)
class Compared:
    """One number of a published figure beside ours."""

    name: str
    printed: str
    published: float
    band: Band
    unit: str
    judged: bool
    ours: float | None = None
    text: str = ""
    within: bool | None = None
    reason: str = ""
    definition: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""
    sources: tuple[str, ...] = ()
    spread: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON: days as ISO 8601, an open end of a band as null."""
        return {
            "name": self.name,
            "printed": self.printed,
            "published": _plain(self.published, self.unit),
            "low": _plain(self.band.low, self.unit),
            "high": _plain(self.band.high, self.unit),
            "band": self.band.why,
            "unit": self.unit,
            "judged": self.judged,
            "ours": _plain(self.ours, self.unit),
            "text": self.text,
            "within": self.within,
            "reason": self.reason,
            "definition": dict(self.definition),
            "as_of": self.as_of,
            "sources": list(self.sources),
            "spread": [dict(each) for each in self.spread],
        }


@dataclass(frozen=True)
class Reproduced:
    """A published figure, ours, and whether it comes out."""

    entry: Published
    status: Status
    reason: str
    numbers: tuple[Compared, ...] = ()

    @property
    def id(self) -> str:
        """Id of the entry."""
        return self.entry.id

    @property
    def published(self) -> str:
        """The value as printed."""
        return self.entry.published

    @property
    def text(self) -> str:
        """All numbers of ours in words; empty where there is none."""
        with_names = len(self.numbers) > 1
        return "; ".join(
            f"{each.name} {each.text}" if with_names else each.text
            for each in self.numbers
            if each.text
        )

    def to_dict(self) -> dict[str, Any]:
        """One row of `underlay/reproduce/1`. `ours` is the first number of `numbers`."""
        found = next((each for each in self.numbers if each.ours is not None), None)
        entry = self.entry
        return {
            "id": entry.id,
            "topic": entry.topic,
            "figure": entry.figure,
            "published": entry.published,
            "published_date": entry.date,
            "published_definition": entry.definition,
            "published_source": entry.source,
            "grade": entry.grade,
            "ours": _plain(found.ours, found.unit) if found else None,
            "ours_text": self.text,
            "status": self.status,
            "reason": self.reason,
            "needs": entry.needs,
            "definition": dict(found.definition) if found else {},
            "as_of": found.as_of if found else "",
            "sources": sorted({name for each in self.numbers for name in each.sources}),
            "numbers": [each.to_dict() for each in self.numbers],
        }


def reproduce(
    get_figure: GetFigure, ids: Iterable[str] = (), *, spread: bool = True
) -> tuple[Reproduced, ...]:
    """Each published figure beside ours, in the order of the list; `ids` keeps some of them.

    The verdict is by the nearest definition, named before any number was computed; other
    plausible ones are the spread, computed unless it is unwanted. What can't be computed says
    why: nothing is raised for it. Raises `UnknownNameError` for an id that isn't listed.
    """
    wanted = set(ids)
    listed = published()
    known = tuple(entry.id for entry in listed)
    for id_ in sorted(wanted - set(known)):
        raise UnknownNameError("published figure", id_, known)
    asked = _remembered(get_figure)
    return tuple(
        _compare(entry, asked, spread) for entry in listed if not wanted or entry.id in wanted
    )


def _remembered(get_figure: GetFigure) -> GetFigure:
    """The same, asking for each figure once."""
    known: dict[tuple[Any, ...], Figure | UnderlayError] = {}

    def asked(name: str, *, by: str, where: Mapping[str, str], as_of: dt.date | None) -> Figure:
        key = (name, by, tuple(sorted(where.items())), as_of)
        if key not in known:
            try:
                known[key] = get_figure(name, by=by, where=where, as_of=as_of)
            except UnderlayError as error:
                known[key] = error
        found = known[key]
        if isinstance(found, UnderlayError):
            raise found
        return found

    return asked


def _compare(entry: Published, get_figure: GetFigure, spread: bool) -> Reproduced:
    numbers = tuple(_number(entry, each, get_figure, spread) for each in entry.ours)
    judged = [each for each in numbers if each.within is not None]
    several = len(numbers) > 1
    said = [
        f"{each.name}: {each.reason}" if several else each.reason for each in numbers if each.reason
    ]
    differs = dict.fromkeys(
        each.differs for each in entry.ours if each.differs and each.differs != "as above"
    )
    if not judged:
        needs = f"would need {entry.needs}" if entry.needs else ""
        return Reproduced(
            entry, "not reproducible", _joined([entry.reason, *said, *differs, needs]), numbers
        )
    missed = [each for each in judged if not each.within]
    if several:
        said.insert(0, f"{len(judged) - len(missed)} of {len(judged)} numbers within their bands")
    status: Status = "off" if missed else "reproduced"
    return Reproduced(entry, status, _joined([*said, *differs]), numbers)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _number(entry: Published, number: Number, get_figure: GetFigure, spread: bool) -> Compared:
    band = number.band
    others = number.also if spread else ()
    compared = Compared(
        name=number.name,
        printed=number.made_of or number.printed,
        published=number.value,
        band=band,
        unit=number.unit,
        judged=number.judged,
        spread=tuple(_also(name, call, number, band, get_figure) for name, call in others),
    )
    try:
        value, figures = read_number(number.call, get_figure)
    except UnderlayError as error:
        return replace(compared, reason=_why(error))
    first = figures[0]
    compared = replace(
        compared,
        definition={"figure": first.name, "by": first.by, **first.definition},
        as_of=first.as_of,
        sources=tuple(dict.fromkeys(note.name for each in figures for note in each.sources)),
    )
    if isinstance(value, str):  # words that say it is no number: a miss
        near = _within_under(compared)
        return replace(compared, text=value, within=False, reason=near)
    within = band.holds(value)
    reasons = [_date_gap(entry, number, first), _part_known(number.call, first)]
    if number.judged and not within:
        reasons = [_distance(value, number, band), *reasons, _within_under(compared)]
    return replace(
        compared,
        ours=value,
        text=in_words(value, number.unit),
        within=within if number.judged else None,
        reason=_joined(reasons),
    )


def _within_under(compared: Compared) -> str:
    """Which of the other definitions would come out."""
    names = [f"{each['name']} ({each['text']})" for each in compared.spread if each["within"]]
    return f"within under: {', '.join(names)}" if names else ""


def _part_known(call: Call, figure: Figure) -> str:
    """Which part of the figure's weight a number leaves out, or has to."""
    row = figure.row(*call.rows) if call.rows else None
    known = row.more.get("known_weight") if row else None
    if known is None and call.leave_out == ("unknown",):
        left_out = figure.value("unknown")
        total = sum(row.value or 0.0 for row in figure.rows)
        known = 1.0 - (left_out or 0.0) / total if total else None
    return "" if known is None else f"known for {known:.0%} of ours"


def _also(
    name: str, call: Call, number: Number, band: Band, get_figure: GetFigure
) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "ours": None, "text": "", "within": None}
    try:
        value, figures = read_number(call, get_figure)
    except UnderlayError as error:
        return {**said, "reason": _why(error)}
    said["as_of"] = figures[0].as_of
    if isinstance(value, str):
        return {**said, "text": value, "within": False}
    return {
        **said,
        "ours": _plain(value, number.unit),
        "text": in_words(value, number.unit),
        "within": band.holds(value),
    }


def _why(error: UnderlayError) -> str:
    return _joined([error.message, error.hint])


def _distance(value: float, number: Number, band: Band) -> str:
    """How far ours is from the published number, and on which side of the band."""
    side = "above" if value > band.high else "below"
    if number.unit == "date":
        nearest = band.high if value > band.high else band.low
        days = abs(value - nearest)
        return (
            f"{days:.0f} days {'later' if side == 'above' else 'earlier'} than the published span"
        )
    gap = abs(value - number.value)
    if number.rule in ("range", "at least", "at most"):
        return f"{side} {in_words(band.high if side == 'above' else band.low, number.unit)}"
    if number.unit == "share":
        return f"{gap * 100:.1f} points {side}"
    if number.unit in ("Elo points", "months"):
        return f"{gap:.0f} {number.unit} {side}"
    if number.value == 0:
        return f"{in_words(gap, number.unit)} {side}"
    return f"{gap / abs(number.value):.0%} {side}"


def _date_gap(entry: Published, number: Number, figure: Figure) -> str:
    """Their day against ours, where more than a month lies between them."""
    if number.unit == "date":
        return ""
    days = entry.days_from(dt.date.fromisoformat(figure.as_of), number)
    if abs(days) <= _NEAR_DAYS:
        return ""
    months = abs(days) / _MONTH_DAYS
    return f"ours is of {figure.as_of}, {months:.0f} months {'later' if days > 0 else 'earlier'}"


def read_number(call: Call, get_figure: GetFigure) -> tuple[float | str, tuple[Figure, ...]]:
    """(number, figures that it was read from), or words where it is said to be no number.

    Raises `UnderlayError`: of the figure, or where the figure lacks a row.
    """
    if call.statistic:
        return _over_weeks(call, get_figure)
    value, figures = _once(call, get_figure, call.as_of)
    if call.per is None or isinstance(value, str):
        return value, figures
    divisor, more = _once(call.per, get_figure, call.as_of)
    if isinstance(divisor, str) or not divisor:
        raise NotComputableError(call.measure, "what it is divided by is zero", "")
    return value / divisor, (*figures, *more)


def _over_weeks(call: Call, get_figure: GetFigure) -> tuple[float, tuple[Figure, ...]]:
    """Mean or largest of the weekly numbers; a week without the row counts as zero."""
    if call.first is None or call.last is None:
        raise NotComputableError(call.measure, "no span of weeks is named", "`first` and `last`")
    values: list[float] = []
    figures: tuple[Figure, ...] = ()
    day = call.first
    while day <= call.last:
        week = call.changed({"statistic": "", "as_of": day})
        divisor = 1.0
        if week.per is not None:
            whole, figures = _once(week.per, get_figure, day)
            divisor = float(whole)
        try:
            value, _ = _once(week, get_figure, day)
        except NoDataError:
            value = 0.0
        values.append(float(value) / divisor)
        day += _WEEK
    number = max(values) if call.statistic == "max" else sum(values) / len(values)
    return number, figures


def _once(
    call: Call, get_figure: GetFigure, as_of: dt.date | None
) -> tuple[float | str, tuple[Figure, ...]]:
    figure = get_figure(call.measure, by=call.by, where=call.where, as_of=as_of)
    if call.take == "change":
        before = get_figure(call.measure, by=call.by, where=call.where, as_of=call.since)
        return _value(call, figure) - _value(call, before), (figure, before)
    readers: dict[str, Callable[[Call, Figure], float | str]] = {
        "value": _value,
        "sum": _sum,
        "ratio": _ratio,
        "share": _share,
        "rank": _rank,
        "count": _count,
        "since": _since,
        "more": _more,
    }
    return readers[call.take](call, figure), (figure,)


def _row(call: Call, figure: Figure) -> Row:
    row = figure.row(*call.rows)
    if row is None:
        asked = " ".join(f"`{key}`" for key in call.rows)
        raise NoDataError(figure.name, f"{asked} as of {figure.as_of}", "")
    return row


def _value(call: Call, figure: Figure) -> float:
    row = _row(call, figure)
    if row.value is None:
        raise NotComputableError(figure.name, row.reason or "it has no value", "")
    return row.value


def _kept(call: Call, figure: Figure) -> dict[str, float]:
    """Values by key of the figure's own facet, without those that are left out."""
    kept: dict[str, float] = {}
    for row in figure.rows:
        key = " ".join(str(part) for part in row.key.values())
        if row.value is not None and key not in call.leave_out:
            kept[key] = kept.get(key, 0.0) + row.value
    if not kept:
        raise NoDataError(figure.name, f"any row as of {figure.as_of}", "")
    return kept


def _of(values: Mapping[str, float], keys: tuple[str, ...], figure: Figure) -> float:
    for key in keys:
        if key not in values:
            raise NoDataError(figure.name, f"`{key}` as of {figure.as_of}", "")
    return sum(values[key] for key in keys)


def _sum(call: Call, figure: Figure) -> float:
    values = _kept(call, figure)
    optional = sum(values.get(key, 0.0) for key in call.maybe)
    if not call.rows and not call.maybe:
        return sum(values.values())
    return _of(values, call.rows, figure) + optional


def _ratio(call: Call, figure: Figure) -> float:
    values = _kept(call, figure)
    return _divided(_of(values, call.rows, figure), _of(values, call.over, figure), figure)


def _share(call: Call, figure: Figure) -> float:
    values = _kept(call, figure)
    return _divided(_of(values, call.rows, figure), sum(values.values()), figure)


def _divided(part: float, whole: float, figure: Figure) -> float:
    if not whole:
        raise NotComputableError(figure.name, "the total is zero", "")
    return part / whole


def _rank(call: Call, figure: Figure) -> float:
    own = _value(call, figure)
    return 1.0 + sum(value > own for value in _kept(call, figure).values())


def _count(call: Call, figure: Figure) -> float:
    return float(sum(value > 0 for value in _kept(call, figure).values()))


def _since(call: Call, figure: Figure) -> float | str:
    """Ordinal of the day since which the row leads."""
    since = _row(call, figure).more.get("leads_since")
    if not since:
        leader = max(figure.rows, key=lambda row: row.value or 0.0)
        name = " ".join(str(part) for part in leader.key.values())
        return f"not by {figure.as_of}: `{name}` leads"
    try:
        return float(dt.date.fromisoformat(str(since)).toordinal())
    except ValueError:
        return str(since)


def _more(call: Call, figure: Figure) -> float:
    row = _row(call, figure)
    found = row.more.get(call.field)
    if found is None:
        reason = row.more.get("lag_reason") or row.reason or f"it has no `{call.field}`"
        raise NotComputableError(figure.name, str(reason), "")
    return float(found)


def _plain(value: float | None, unit: str) -> float | str | None:
    """A number for JSON; a day as ISO 8601; null for none and for an open end."""
    if value is None or not math.isfinite(value):
        return None
    if unit == "date":
        return dt.date.fromordinal(round(value)).isoformat()
    return value


def in_words(value: float, unit: str) -> str:
    """A number for people: three significant digits at least, shares in per cent."""
    if unit == "date":
        return dt.date.fromordinal(round(value)).isoformat()
    if unit == "share":
        return f"{value:.1%}"
    if unit == "ratio":
        return f"{value:.2f}"
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.4g}{suffix}"
    if unit in ("months", "models a day", "index") and abs(value) < 1000:
        return f"{value:.1f}"
    return f"{value:,.0f}"
