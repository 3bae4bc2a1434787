"""Asking for figures and their spreads: each once, or a reason why it can't be computed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from underlay.errors import AskedError, NotComputableError, UnknownNameError
from underlay.measures import measure
from underlay.measures.multiverse import open_choices
from underlay.report.document import Bar, Bars, Line, Mark, Spread, reach_text
from underlay.report.words import NBSP, Words, country, gauge, say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from underlay.measures import Figure, Row
    from underlay.measures.multiverse import Multiverse
    from underlay.report.document import Known, Picture

__all__ = [
    "Ask",
    "Figures",
    "Multiverses",
    "Prepared",
    "bars",
    "leaders",
    "line_or_reason",
    "name_of",
    "party_of",
    "question",
    "with_spreads",
]

NOBODY = ("unknown", "other", "none", "several", "independent", "all")  # keys that are no party


class Figures(Protocol):
    """Whatever gives figures: `OpenLake.figure`."""

    def __call__(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | str | None = None,
    ) -> Figure:
        """A figure; raises `AskedError`."""
        ...


class Multiverses(Protocol):
    """Whatever gives a figure under all its definitions: `OpenLake.multiverse`."""

    def __call__(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | str | None = None,
    ) -> Multiverse:
        """All definitions that `where` leaves open; raises `AskedError`."""
        ...


# choices that make no difference to the list that the report asks, and cost a query each: it holds
# makers' own models and marks no count as carried over
_IDLE: Mapping[str, Mapping[str, str]] = {
    "downloads_monthly": {"attribution": "author", "fresh": "only"},
}
# choices that the report holds at their default, and says so: each of their options makes the graph
# be searched anew, and a report is to take seconds; `underlay multiverse` has all of them
_DEAR: Mapping[str, tuple[str, ...]] = {
    "dependence": ("routes",),
    "chokepoints": ("routes", "population", "fixtures", "largest"),
}
_MARKS = 3  # parties whose small bars stand in a sentence


class Prepared(TypedDict):
    """What the report needs of a multiverse: how many definitions have a leader, and the answer."""

    led: int
    answer: Mapping[str, Any]


def question(name: str, by: str, where: Mapping[str, str], as_of: dt.date | None) -> str:
    """A spread's question as one word: equal for equal questions only."""
    return json.dumps([name, by, sorted(where.items()), str(as_of or "")])


@dataclass
class Ask:
    """Figures as of one day, each computed once; with `multiverses` also their spreads.

    `prepared` are spreads computed before over the same lake by the same code, by question;
    `answered` keeps those that this report asked for.
    """

    figures: Figures
    known: Known
    as_of: dt.date | None = None
    multiverses: Multiverses | None = None
    prepared: Mapping[str, Prepared] = field(default_factory=dict)
    answered: dict[str, Prepared] = field(default_factory=dict)
    _found: dict[tuple[str, ...], Figure | AskedError] = field(default_factory=dict)
    _wheres: dict[int, tuple[Mapping[str, str], dt.date | None]] = field(default_factory=dict)
    _spreads: dict[int, Spread] = field(default_factory=dict)
    _multiverses: dict[tuple[str, ...], Multiverse] = field(default_factory=dict)

    def __call__(
        self, name: str, by: str = "", *, until: dt.date | None = None, **where: str
    ) -> Figure:
        """The figure; raises the `AskedError` that it raised the first time too.

        `until` takes an earlier day than the report's own.
        """
        as_of = until or self.as_of
        key = (name, by, str(as_of), *(f"{k}={where[k]}" for k in sorted(where)))
        if key not in self._found:
            try:
                figure = self.figures(name, by=by, where=where, as_of=as_of)
                self._found[key] = figure
                self._wheres[id(figure)] = (where, as_of)
            except AskedError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, AskedError):
            raise found
        return found

    def perhaps(
        self, name: str, by: str = "", *, until: dt.date | None = None, **where: str
    ) -> Figure | None:
        """The figure, or None where it can't be computed: for what a line can do without."""
        try:
            found = self(name, by, until=until, **where)
            leaders(found)
        except AskedError:
            return None
        return found

    def where(self, figure: Figure) -> dict[str, str]:
        """The facets that a figure was asked with."""
        return dict(self._wheres.get(id(figure), ({}, None))[0])

    def spread(self, figure: Figure) -> Spread | None:
        """The figure under all definitions that leave open what it was asked without.

        None where no spreads are given at all.
        """
        if self.multiverses is None or id(figure) not in self._wheres:
            return None
        if id(figure) not in self._spreads:
            self._spreads[id(figure)] = self._spread(figure)
        return self._spreads[id(figure)]

    def _spread(self, figure: Figure) -> Spread:
        where, as_of = self._wheres[id(figure)]
        try:
            dear = _DEAR.get(figure.name, ())
            choices = measure(figure.name).choices if dear else ()
            held = {choice.name: choice.default.name for choice in choices if choice.name in dear}
            where = {**held, **where}
            asked = {**_IDLE.get(figure.name, {}), **where}
            if not open_choices(measure(figure.name), figure.by, asked):
                return Spread(
                    figure.name, figure.by, figure.unit, where, 1,
                    reaches={
                        party_of(row): (row.value, row.value)
                        for row in figure.rows
                        if row.value is not None
                    },
                    reason="there is one definition",
                )  # fmt: skip
            found = self._answer(figure, asked, as_of)
        except AskedError as error:
            return Spread(figure.name, figure.by, figure.unit, where, reason=error.message)
        answer = found["answer"]
        reaches = {party: (each["min"], each["max"]) for party, each in answer["spread"].items()}
        newest = max((str(row.key.get("day", "")) for row in figure.rows), default="")
        marks = [
            Mark(party_of(row), self._name(row, figure.by), row.value, *reaches[party_of(row)])
            for row in figure.rows
            if row.value is not None
            and party_of(row) in reaches
            and str(row.key.get(figure.by)) not in NOBODY
            and str(row.key.get("day", "")) == newest
        ]
        if answer["is_ranked"] or newest:
            marks.sort(key=lambda mark: -mark.value)
        return Spread(
            figure=figure.name,
            by=figure.by,
            unit=figure.unit,
            where=where,
            count=answer["count"],
            led=found["led"],
            reaches=reaches,
            leads=answer["leads"],
            marks=tuple(marks[:_MARKS]),
            answer=answer,
        )

    def _answer(self, figure: Figure, where: Mapping[str, str], as_of: dt.date | None) -> Prepared:
        key = question(figure.name, figure.by, where, as_of)
        if key not in self.answered:
            found = self.prepared.get(key)
            if found is None:
                every = self._multiverse(figure, where, as_of)
                led = int((every.leaders >= 0).sum())
                found = Prepared(led=led, answer=every.to_dict(definitions=False))
            self.answered[key] = found
        return self.answered[key]

    def _multiverse(
        self, figure: Figure, where: Mapping[str, str], as_of: dt.date | None
    ) -> Multiverse:
        """All definitions; as a part of what was computed before where that holds them."""
        kinds = {c.name for c in measure(figure.name).choices if c.role == "kind"}
        general = {name: option for name, option in where.items() if name not in kinds}
        key = (figure.name, figure.by, str(as_of), *(f"{k}={general[k]}" for k in sorted(general)))
        if key in self._multiverses:
            return self._multiverses[key].at(where)
        found = self.multiverses(figure.name, by=figure.by, where=where, as_of=as_of)  # type: ignore[misc]
        if len(general) == len(where):
            self._multiverses[key] = found
        return found

    def _name(self, row: Row, by: str) -> str:
        if isinstance(row.more.get("name"), str):
            return str(row.more["name"])
        if by in row.key:
            key = str(row.key[by])
            return key if by.endswith("country") else name_of(key, by, self.known)
        return party_of(row)

    def gauge(self, figure: Figure, party: str) -> Words:
        """A small bar to stand behind a party's number, with its ends; empty without a spread."""
        spread = self.spread(figure)
        if spread is None or party not in spread.reaches:
            return ()
        least, most = spread.reaches[party]
        ends = reach_text(least, most, figure.unit)
        of = f"{spread.count:,} definitions" if spread.count > 1 else "one definition"
        small = gauge(figure.value(party), least, most, figure.unit)
        return say(NBSP, small, f"{NBSP}{ends} over {of}")


def party_of(row: Row) -> str:
    """What a multiverse calls the party of a row."""
    return " / ".join(str(part) for part in row.key.values())


def with_spreads(line: Line, ask: Ask) -> Line:
    """The line with the spread of each of its figures, in its charts too."""
    spreads = tuple(each for each in map(ask.spread, line.figures) if each is not None)
    if len(spreads) != len(line.figures):
        return line
    return replace(
        line,
        spreads=spreads,
        pictures=tuple(_with_spread(picture, spreads) for picture in line.pictures),
    )


def _with_spread(picture: Picture, spreads: tuple[Spread, ...]) -> Picture:
    if not isinstance(picture, Bars) or picture.figure is None:
        return picture
    spread = spreads[picture.figure]
    reaches = spread.reaches if spread.count > 1 else {}
    return replace(
        picture,
        definitions=spread.count,
        bars=tuple(
            replace(bar, least=reaches[bar.key][0], most=reaches[bar.key][1])
            if bar.key in reaches and bar.value is not None
            else bar
            for bar in picture.bars
        ),
    )


def line_or_reason(id: str, label: str, make: Callable[[], Line]) -> Line:  # noqa: A002 - the document's word
    """The line, or one that says why there is none."""
    try:
        return make()
    except UnknownNameError as error:
        return Line(id, label, reason=f"{error.message} in this version")
    except AskedError as error:
        reason = f"{error.message}; {error.hint}" if error.hint else error.message
        return Line(id, label, reason=reason)


def name_of(key: str, by: str, known: Known) -> str:
    """A key's name for sentences."""
    if by.endswith("country"):
        return country(key)
    if key == "other":
        return "others"
    return known.names.get(_known_key(key, by), key)


def _known_key(key: str, by: str) -> str:
    return f"family:{key}" if by == "family" else key


def leaders(figure: Figure, count: int = 2) -> list[Row]:
    """The rows with the largest values, `unknown` and residuals left out.

    Raises `NotComputableError` where none is left.
    """
    rows = [
        row
        for row in figure.rows
        if row.value is not None and str(row.key.get(figure.by)) not in NOBODY
    ]
    if not rows:
        raise NotComputableError(figure.name, f"no {figure.by} is known", "a list that names some")
    return sorted(rows, key=lambda row: -float(row.value or 0.0))[:count]


def bars(figure: Figure, known: Known, count: int = 5) -> tuple[Bar, ...]:
    """The largest rows as bars, then all others in one, then the unknown.

    In a chart by country the bars are called by code, else by name. A bar that sums several
    rows has no interval: intervals don't add.
    """
    shown = leaders(figure, count)
    found = [_bar(figure, row, known) for row in shown]
    unknown = figure.row("unknown")
    rest = [row for row in figure.rows if all(row is not one for one in (*shown, unknown))]
    valued = [row for row in rest if row.value is not None]
    if len(valued) == 1:
        found.append(_bar(figure, valued[0], known))
    elif valued:
        total = sum(float(row.value or 0.0) for row in valued)
        found.append(Bar(f"other ({len(valued)})", total, country="other"))
    found += [_bar(figure, row, known) for row in rest if row.value is None][:count]
    if unknown is not None:
        found.append(_bar(figure, unknown, known))
    elif figure.unit == "share":
        found.append(Bar("unknown", 0.0, country="unknown"))
    return tuple(found)


def _bar(figure: Figure, row: Row, known: Known) -> Bar:
    key = str(row.key[figure.by])
    is_place = figure.by.endswith("country")
    country_of = key if is_place else known.countries.get(_known_key(key, figure.by), "other")
    return Bar(
        name=key if is_place else name_of(key, figure.by, known),
        value=row.value,
        lower=row.lower,
        upper=row.upper,
        country="unknown" if key == "unknown" else country_of,
        reason=row.reason,
        key=key,
    )
