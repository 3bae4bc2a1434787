"""The report as a document without a format: parts, lines, pictures, and what each rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from underlay.measures import measure
from underlay.report.words import (
    NBSP,
    Gauge,
    Words,
    gauge,
    interval,
    listed,
    many,
    percent,
    plain,
    say,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "Layers",
    "Line",
    "Mark",
    "Matrix",
    "Node",
    "Part",
    "Picture",
    "Report",
    "Ribbon",
    "Spread",
    "Table",
    "reach_text",
]


@dataclass(frozen=True)
class Known:
    """What the words need besides figures: names, countries, and the days that lists cover.

    `names` and `countries` are by organisation id, and by `family:` and the id of a family;
    `owners` are (name, country) by component of the stack; `days` are in order, by listing and
    what it counts.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, str]] = field(default_factory=dict)
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
    key: str = ""  # the party that it stands for; empty for a sum of several


@dataclass(frozen=True)
class Bars:
    """Values side by side. `title` states the finding, `subtitle` the definition.

    `figure` is the place of what is drawn among the line's figures, None where it is none of them.
    `definitions` is over how many the bars' spreads reach; 0 where that isn't known. `ends` says
    what the bars' intervals are.
    """

    title: str
    subtitle: str
    unit: str
    bars: tuple[Bar, ...]
    by: str = "country"
    from_zero: bool = True  # false for scores, which have no zero: drawn as points
    figure: int | None = 0
    definitions: int = 0
    ends: str = "95 %"

    @property
    def caption(self) -> str:
        """The subtitle, and over how many definitions the spread is."""
        if not self.definitions:
            return self.subtitle
        if self.definitions == 1:
            return f"{self.subtitle}; there is one definition"
        over = many(self.definitions, "definition")
        return f"{self.subtitle}; pale bands are the spread over {over}"

    def gauge(self, bar: Bar) -> Gauge | None:
        """The small bar of its spread; None where there is none."""
        if bar.least is None or bar.most is None:
            return None
        high = max(each.most for each in self.bars if each.most is not None)
        return gauge(bar.value, bar.least, bar.most, self.unit, high)

    def table(self) -> Table:
        """The same as a table."""
        has_interval = any(b.lower is not None or b.upper is not None for b in self.bars)
        has_spread = any(b.least is not None or b.most is not None for b in self.bars)
        has_note = any(b.reason for b in self.bars)
        headers = [self.by, self.unit]
        headers += ["interval" if self.ends == "95 %" else self.ends] if has_interval else []
        headers += [_spread_header(self.definitions), "least to most"] if has_spread else []
        headers += ["note"] if has_note else []
        rows = []
        for b in self.bars:
            row = [b.name, value(b.value, self.unit) if b.value is not None else "not known"]
            row += [interval(b.lower, b.upper, self.unit)] if has_interval else []
            if has_spread:
                small = self.gauge(b)
                row += [small.text() if small else "", reach_text(b.least, b.most, self.unit)]
            row += [b.reason] if has_note else []
            rows.append(tuple(row))
        right = (
            False,
            True,
            *([True] * has_interval),
            *([False, True] * has_spread),
            *([False] * has_note),
        )
        return Table(self.title, self.caption, tuple(headers), tuple(rows), right)


def _spread_header(definitions: int) -> str:
    return many(definitions, "definition") if definitions else "definitions"


def reach_text(least: float | None, most: float | None, unit: str) -> str:
    """`17–32` in the unit's numbers; the one number where both ends are the same."""
    if least is None or most is None:
        return ""
    return interval(least, most, unit)[1:-1] or value(least, unit).replace(f"{NBSP}%", "")


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


@dataclass(frozen=True)
class Node:
    """A piece in one layer: its part of the ways, and whose colour it has.

    `reach` is the part of the whole that has any way through it; None for several pieces.
    """

    key: str
    name: str
    share: float
    country: str = ""
    reach: float | None = None


@dataclass(frozen=True)
class Ribbon:
    """What goes from a node of layer `layer` to one of the next."""

    layer: int
    source: str
    target: str
    share: float


@dataclass(frozen=True)
class Layers:
    """A whole that passes through layers, each of which adds up to 1."""

    title: str
    subtitle: str
    names: tuple[str, ...]
    nodes: tuple[tuple[Node, ...], ...]
    ribbons: tuple[Ribbon, ...]

    def table(self) -> Table:
        """The same as a table: a row a piece."""
        rows = tuple(
            (
                name,
                node.name,
                percent(node.reach) if node.reach is not None else "–",
                percent(node.share),
                node.country or "–",
            )
            for name, nodes in zip(self.names, self.nodes, strict=True)
            for node in nodes
        )
        headers = ("layer", "piece", "reaches", "of the ways", "country")
        return Table(self.title, self.subtitle, headers, rows, (False, False, True, True, False))


Picture = Bars | Curves | Layers | Matrix | Table


@dataclass(frozen=True)
class Mark:
    """One party's value under the figure's definition, and its ends over all definitions."""

    key: str
    name: str
    value: float
    least: float
    most: float


@dataclass(frozen=True)
class Spread:
    """A figure under all definitions that its choices leave open; `reason` says why there is none.

    `where` are the facets that it was asked with, so that they don't vary.
    `reaches` holds (least, most) by party, `leads` the part of the `led` definitions with a leader
    that each party leads, `marks` the parties that a reader is told of. `answer` is the JSON answer
    `underlay/multiverse/1` without the single definitions.
    """

    figure: str
    by: str
    unit: str
    where: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    led: int = 0
    reaches: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    leads: Mapping[str, float] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def name(self) -> str:
        """The figure's name, with what it is told apart by and what it was asked with."""
        held = "".join(f", {facet}={option}" for facet, option in self.where.items())
        return f"`{self.figure}` by {self.by}{held}"

    @property
    def sentence(self) -> Words:
        """The marks with their small bars; empty where there are none."""
        if self.count < 2 or not self.marks:
            return ()
        high = max(mark.most for mark in self.marks)
        parts: list[str | Gauge] = []
        for position, mark in enumerate(self.marks):
            number = value(mark.value, self.unit).replace(" ", NBSP)
            parts += [", " if position else "", f"{mark.name} {number}{NBSP}"]
            parts.append(gauge(mark.value, mark.least, mark.most, self.unit, high))
            parts.append(f"{NBSP}{reach_text(mark.least, mark.most, self.unit)}")
        return say(f"{self.name} over {many(self.count, 'definition')}: ", *parts, ".")

    def to_dict(self) -> dict[str, Any]:
        """The answer, or why there is none."""
        return (
            dict(self.answer)
            if self.answer
            else {"count": self.count or None, "reason": self.reason}
        )


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
    spreads: tuple[Spread, ...] = ()  # of the figures, in their order; none where none were asked
    short: Words = ()  # for the summary at the top; empty to stay out of it

    @property
    def beside(self) -> tuple[Words, ...]:
        """Small bars of the figures that no chart of the line draws, and who has one definition."""
        drawn = {each.figure for each in self.pictures if isinstance(each, Bars)}
        rest = [spread for place, spread in enumerate(self.spreads) if place not in drawn]
        found = [spread.sentence for spread in rest if spread.sentence]
        single = [spread.name for spread in self.spreads if spread.count == 1]
        lacking = [spread for spread in self.spreads if not spread.count]
        if single:
            found.append(say(f"There is one definition of {listed(dict.fromkeys(single))}."))
        found += [say(f"No spread of {each.name}: {each.reason}.") for each in lacking]
        return tuple(dict.fromkeys(found))

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
        words = many(rows, "row") if isinstance(rows, int) else ""
        if weight is None:
            return words
        covered = measure(first.name).covered
        kind = _KIND.get(first.by, first.by)
        known = f"{kind} known for {percent(weight)} of the weight"
        return ", ".join(
            part for part in (words, f"{percent(weight)} {covered}" if covered else known) if part
        )

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
            "figures": [
                {**figure.to_dict(), "spread": spread.to_dict() if spread else None}
                for figure, spread in zip(
                    self.figures, self.spreads or [None] * len(self.figures), strict=True
                )
            ],
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
