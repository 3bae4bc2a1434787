"""The report as a document without a format: parts, lines, pictures, and what each rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from underlay.report.words import Words, interval, percent, plain, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.measures import Figure
    from underlay.measures.definitions import SourceNote

__all__ = [
    "Bar",
    "Bars",
    "Block",
    "Cell",
    "Curve",
    "Curves",
    "Known",
    "Line",
    "Matrix",
    "Part",
    "Picture",
    "Report",
    "Spread",
    "Table",
]


@dataclass(frozen=True)
class Known:
    """What the words need besides figures: names, countries, and the days that lists cover.

    `names` and `countries` are by organisation id, and by `family:` and the id of a family; `days`
    are in order, by listing and what it counts.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart. `lower`, `upper` are its interval, `least`, `most` its spread."""

    name: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    least: float | None = None
    most: float | None = None
    country: str = ""  # whose colour it has; `unknown` and `other` have one too
    reason: str = ""


@dataclass(frozen=True)
class Bars:
    """Values side by side. `title` states the finding, `subtitle` the definition."""

    title: str
    subtitle: str
    unit: str
    bars: tuple[Bar, ...]
    by: str = "country"
    from_zero: bool = True  # false for scores, which have no zero: drawn as points

    def table(self) -> Table:
        """The same as a table."""
        has_interval = any(b.lower is not None or b.upper is not None for b in self.bars)
        has_spread = any(b.least is not None or b.most is not None for b in self.bars)
        has_note = any(b.reason for b in self.bars)
        headers = [self.by, self.unit]
        headers += ["interval"] if has_interval else []
        headers += ["over definitions"] if has_spread else []
        headers += ["note"] if has_note else []
        rows = []
        for b in self.bars:
            row = [b.name, value(b.value, self.unit) if b.value is not None else "not known"]
            row += [interval(b.lower, b.upper, self.unit)] if has_interval else []
            row += [interval(b.least, b.most, self.unit)] if has_spread else []
            row += [b.reason] if has_note else []
            rows.append(tuple(row))
        right = (False, True, *([True] * (has_interval + has_spread)), *([False] * has_note))
        return Table(self.title, self.subtitle, tuple(headers), tuple(rows), right)


@dataclass(frozen=True)
class Curve:
    """One line of a chart over time."""

    name: str
    points: tuple[tuple[str, float], ...]  # (day, value)
    country: str = ""
    is_background: bool = False  # drawn pale: context, not finding


@dataclass(frozen=True)
class Curves:
    """Values over time."""

    title: str
    subtitle: str
    unit: str
    curves: tuple[Curve, ...]

    def table(self) -> Table:
        """The same as a table: a row a day, a column a curve."""
        days = sorted({day for curve in self.curves for day, _ in curve.points})
        by_curve = [dict(curve.points) for curve in self.curves]
        rows = tuple(
            (day, *(value(points[day], self.unit) if day in points else "" for points in by_curve))
            for day in days
        )
        headers = ("day", *(curve.name for curve in self.curves))
        right = (False, *([True] * len(self.curves)))
        return Table(self.title, self.subtitle, headers, rows, right)


@dataclass(frozen=True)
class Cell:
    """One cell of a matrix: a share, or a reason why there is none."""

    value: float | None
    reason: str = ""

    @property
    def text(self) -> str:
        """What stands in the cell."""
        return percent(self.value) if self.value is not None else "–"


@dataclass(frozen=True)
class Block:
    """One weight of a matrix: its day, its cells, and the reason for what it lacks."""

    name: str
    day: str = ""
    cells: tuple[tuple[Cell, ...], ...] = ()
    unknown: Cell = field(default_factory=lambda: Cell(None))
    reason: str = ""


@dataclass(frozen=True)
class Matrix:
    """Shares in two dimensions, one block per weight; a block adds up to 1."""

    title: str
    subtitle: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]

    def table(self) -> Table:
        """The same as a table: a row a block, a column a cell."""
        pairs = [f"{row} {column}" for row in self.rows for column in self.columns]
        rows = []
        for block in self.blocks:
            cells = [cell.text for row in block.cells for cell in row] or ["–"] * len(pairs)
            rows.append((block.name, *cells, block.unknown.text, block.day, block.reason))
        right = (False, *([True] * (len(pairs) + 1)), False, False)
        headers = ("weight", *pairs, "unknown", "day", "what is missing")
        return Table(self.title, self.subtitle, headers, tuple(rows), right)


@dataclass(frozen=True)
class Table:
    """Cells under headers; `right` tells which columns hold numbers."""

    title: str
    subtitle: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]

    def table(self) -> Table:
        """Itself."""
        return self


Picture = Bars | Curves | Matrix | Table


@dataclass(frozen=True)
class Spread:
    """Values of some parties under several definitions of one figure."""

    definitions: tuple[tuple[Mapping[str, str], Mapping[str, float]], ...]  # (facets, values)

    def reach(self, party: str) -> tuple[float, float] | None:
        """The smallest and the largest value of a party; a definition without it counts as 0."""
        found = [values.get(party, 0.0) for _, values in self.definitions]
        return (min(found), max(found)) if len(found) > 1 else None

    def leads(self) -> dict[str, int]:
        """Under how many definitions each party leads, the most frequent leader first."""
        found: dict[str, int] = {}
        for _, values in self.definitions:
            parties = {name: share for name, share in values.items() if name != "unknown"}
            if parties:
                leader = max(parties, key=lambda name: parties[name])
                found[leader] = found.get(leader, 0) + 1
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

    def table(self, parties: Sequence[str]) -> Table:
        """A row a definition, a column a party."""
        facets = list(self.definitions[0][0]) if self.definitions else []
        rows = tuple(
            (
                *(where[facet] for facet in facets),
                *(percent(values.get(party, 0.0)) for party in parties),
            )
            for where, values in self.definitions
        )
        right = (*([False] * len(facets)), *([True] * len(parties)))
        return Table("Definitions", "", (*facets, *parties), rows, right)

    def to_dict(self) -> dict[str, Any]:
        """The definitions with their values, and the part of them under which each party leads."""
        count = len(self.definitions)
        return {
            "definitions": [
                {"facets": dict(where), "values": dict(values)}
                for where, values in self.definitions
            ],
            "leads": {party: times / count for party, times in self.leads().items()},
        }


@dataclass(frozen=True)
class Line:
    """One line of the argument: a finding with its numbers, pictures, and the figures it rests on.

    A line whose figures can't be computed says why in `reason` and has nothing else.
    """

    id: str
    label: str
    finding: Words = ()
    further: tuple[Words, ...] = ()
    pictures: tuple[Picture, ...] = ()
    figures: tuple[Figure, ...] = ()
    reason: str = ""
    spread: Spread | None = None
    short: Words = ()  # for the summary at the top; empty to stay out of it

    @property
    def as_of(self) -> tuple[str, ...]:
        """Days of the figures, oldest first, each once."""
        return tuple(sorted({figure.as_of for figure in self.figures}))

    @property
    def sources(self) -> tuple[SourceNote, ...]:
        """Sources of all the figures, each once, with its newest vintage."""
        found: dict[str, SourceNote] = {}
        for source in (source for figure in self.figures for source in figure.sources):
            if source.name not in found or source.vintage > found[source.name].vintage:
                found[source.name] = source
        return tuple(found.values())

    @property
    def coverage(self) -> str:
        """Rows of the first figure, and the part of its weight that is known."""
        if not self.figures:
            return ""
        first = self.figures[0]
        rows, weight = first.coverage.get("rows"), first.coverage.get("weight")
        words = f"{rows:,} {'row' if rows == 1 else 'rows'}" if isinstance(rows, int) else ""
        if weight is not None:
            kind = _KIND.get(first.by, first.by)
            words += (", " if words else "") + f"{kind} known for {percent(weight)} of the weight"
        return words

    @property
    def definition(self) -> str:
        """Facets of the first figure as one line."""
        if not self.figures:
            return ""
        return ", ".join(f"{k} = {v}" for k, v in self.figures[0].definition.items())

    def to_dict(self) -> dict[str, Any]:
        """The line for programs: words, and the figures in full."""
        return {
            "id": self.id,
            "label": self.label,
            "finding": _text(self.finding),
            "further": [_text(words) for words in self.further],
            "as_of": list(self.as_of),
            "coverage": _even(self.coverage),
            "spread": self.spread.to_dict() if self.spread else None,
            "figures": [figure.to_dict() for figure in self.figures],
            "reason": self.reason or None,
        }


_KIND = {"deriver_country": "country", "weight": "weight", "series": "series"}


@dataclass(frozen=True)
class Part:
    """A part of the argument."""

    id: Literal["above", "below", "between", "cannot-say"]
    title: str
    subtitle: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Report:
    """The whole argument, from top to bottom."""

    title: str
    question: str
    as_of: str
    version: str
    summary: tuple[Words, ...]
    parts: tuple[Part, ...]
    days: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[SourceNote, ...]:
        """All sources, by title."""
        found: dict[str, SourceNote] = {}
        for line in self.lines:
            for source in line.sources:
                if source.name not in found or source.vintage > found[source.name].vintage:
                    found[source.name] = source
        return tuple(sorted(found.values(), key=lambda source: source.title))

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines of all parts."""
        return tuple(line for part in self.parts for line in part.lines)

    def to_dict(self) -> dict[str, Any]:
        """The report for programs: `underlay/report/1` without its schema name."""
        return {
            "title": self.title,
            "question": self.question,
            "as_of": self.as_of or None,
            "version": self.version,
            "summary": [_text(words) for words in self.summary],
            "parts": [
                {
                    "id": part.id,
                    "title": part.title,
                    "subtitle": part.subtitle,
                    "lines": [line.to_dict() for line in part.lines],
                }
                for part in self.parts
            ],
            "sources": [
                {
                    "name": source.name,
                    "title": source.title,
                    "licence": source.licence,
                    "url": source.url,
                    "vintage": source.vintage,
                    "conflict": source.conflict or None,
                }
                for source in self.sources
            ],
        }


def _text(words: Words) -> str:
    return _even(plain(words))


def _even(text: str) -> str:
    """With ordinary spaces, so that programs find what they search."""
    return text.replace("\u00a0", " ")
