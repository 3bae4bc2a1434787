"""The report in a terminal: under 100 columns, and plain text where it is piped."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.report.colours import PALE, colour
from underlay.report.document import Bars, Curves, Layers, Matrix, Table, reach_text
from underlay.report.layers import strips
from underlay.report.words import NBSP, Bold, Gauge, Words, interval, many, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from underlay.report.document import Bar, Line, Picture, Report

__all__ = ["LEAST", "MOST", "Span", "render", "render_rich"]

LEAST, MOST = 79, 98  # columns; a narrower terminal folds lines itself
_GUTTER = 19
_GAUGE = 12  # columns of the small bar of a spread
_BLOCKS = "▏▎▍▌▋▊▉█"
_SPARKS = "▁▂▃▄▅▆▇█"
_ASCII = str.maketrans(
    {
        **dict.fromkeys(_BLOCKS, "#"),
        **dict.fromkeys("–−", "-"),
        "░": ".",
        "▓": "=",
        "·": "|",
        "…": "~",
        "─": "-",
        "●": "o",
        "╌": ".",
        "━": "=",
        "“": '"',
        "”": '"',
        "’": "'",
        **{spark: str(i + 1) for i, spark in enumerate(_SPARKS[:-1])},
    }
)


@dataclass(frozen=True)
class Span:
    """Text in one style: empty, `bold`, `dim`, `bold underline`, or a colour `#rrggbb`."""

    text: str
    style: str = ""


Row = list[Span]


def render(report: Report, width: int = 96, *, only_ascii: bool = False) -> str:
    """The report as plain text without escape codes, no line longer than `width`."""
    lines = ["".join(span.text for span in row).rstrip() for row in _rows(report, width)]
    text = "\n".join(lines) + "\n"
    if only_ascii:
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
    return text


def render_rich(report: Report, width: int = 96) -> Iterator[Text]:
    """The report line by line as rich text, for a terminal with colours."""
    from rich.text import Text

    for row in _rows(report, width):
        yield Text.assemble(*((span.text, span.style) for span in row), no_wrap=True)


def _rows(report: Report, width: int) -> Iterator[Row]:
    width = max(LEAST, min(width, MOST))
    for row in _all_rows(report, width):
        yield [Span(_shown(span.text), span.style) for span in row]


def _shown(text: str) -> str:
    """Ordinary spaces, and no character that could move the cursor or paint the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text.replace(NBSP, " "))


def _all_rows(report: Report, width: int) -> Iterator[Row]:
    yield [Span(report.title, "bold"), Span(f" · {report.question}")]
    date = f"data to {report.as_of}" if report.as_of else "no data"
    sources = f"{many(len(report.sources), 'source')}"
    legend = f"{date} · {sources} · [95 % interval or bounds] · ╌━●━╌ spread over definitions"
    yield from _wrapped((legend,), width, style="dim")
    if report.summary:
        yield []
        for words in report.summary:
            yield from _wrapped(words, width, first="  ", rest="  ")
    for part in report.parts:
        yield []
        yield [Span(part.title.upper(), "bold"), Span(f"  {part.subtitle}", "dim")]
        yield [Span("─" * width, "dim")]
        for line in part.lines:
            yield from _line(line, width)
            yield []
    yield [Span("SOURCES AND LICENCES", "bold")]
    yield [Span("─" * width, "dim")]
    for source in report.sources:
        words = (f"{source.title}: {source.licence}, to {source.vintage}, {source.url}",)
        yield from _wrapped(words, width, first="  ", rest="    ", style="dim")
    yield []
    ending = (
        "Definitions and options: `underlay measures NAME`; any figure: `underlay figure NAME`; "
        "this report for programs: `underlay report --format json`.",
    )
    yield from _wrapped(ending, width, first="  ", rest="  ", style="dim")


def _line(line: Line, width: int) -> Iterator[Row]:
    """Label in the gutter, the rest beside it."""
    labels = textwrap.wrap(line.label, _GUTTER - 2)
    for number, row in enumerate(_body(line, width - _GUTTER)):
        label = labels[number] if number < len(labels) else ""
        yield [Span(label.ljust(_GUTTER), "bold"), *row]
    for label in labels[number + 1 :]:
        yield [Span(label, "bold")]


def _body(line: Line, width: int) -> Iterator[Row]:
    if line.reason:
        yield from _wrapped((f"no figure: {line.reason}",), width, style="dim")
        return
    yield from _wrapped(line.finding, width)
    for picture in line.pictures:
        yield from _picture(picture, width, with_title=len(line.pictures) > 1)
    for words in (*line.further, *line.beside):
        yield from _wrapped(words, width)
    if line.figures:
        yield from _wrapped((_provenance(line),), width, style="dim")


def _provenance(line: Line) -> str:
    days = line.as_of[0] if len(line.as_of) == 1 else f"{line.as_of[0]} to {line.as_of[-1]}"
    sources = ", ".join(f"{source.title} ({source.licence})" for source in line.sources)
    return " · ".join(part for part in (days, line.coverage, sources) if part)


def _wrapped(
    words: Words, width: int, *, first: str = "", rest: str = "", style: str = ""
) -> Iterator[Row]:
    """Words in lines of at most `width` columns; a no-break space holds together."""
    pieces: list[tuple[str, str]] = []  # (word, style); an empty word is a place to break
    for part in words:
        if isinstance(part, Gauge):
            pieces.append((part.text(), style))
            continue
        text, own = (part.text, "bold") if isinstance(part, Bold) else (part, style)
        for number, word in enumerate(text.split(" ")):
            if number:
                pieces.append(("", own))
            if word:
                pieces.append((word, own))
    row, used, pending = [Span(first, style)], len(first), False
    unit: list[tuple[str, str]] = []

    def room(count: int) -> int:
        return used + count + (1 if pending else 0)

    for piece in [*pieces, ("", "")]:
        if piece[0]:
            unit.append(piece)
            continue
        length = sum(len(word) for word, _ in unit)
        if not length:
            continue
        while length > width - len(rest):  # a word longer than a line is cut
            word, own = unit.pop(0)
            cut = max(1, width - room(0))
            yield [*row, Span(" " if pending else "", ""), Span(word[:cut], own)]
            row, used, pending = [Span(rest, style)], len(rest), False
            if word[cut:]:
                unit.insert(0, (word[cut:], own))
            length = sum(len(word) for word, _ in unit)
        if room(length) > width:
            yield row
            row, used, pending = [Span(rest, style)], len(rest), False
        if pending:
            row.append(
                Span(" ", unit[0][1] if len(row) > 1 and row[-1].style == unit[0][1] else "")
            )
            used += 1
        row += [Span(word, own) for word, own in unit]
        used += length
        pending, unit = True, []
    yield row


def _picture(picture: Picture, width: int, *, with_title: bool) -> Iterator[Row]:
    if with_title:
        yield from _wrapped((picture.title,), width, style="italic")
    if isinstance(picture, Bars):
        yield from _bars(picture, width)
    elif isinstance(picture, Curves):
        yield from _curves(picture, width)
    elif isinstance(picture, Matrix):
        yield from _matrix(picture, width)
    elif isinstance(picture, Layers):
        yield from _layers(picture, width)
    else:
        yield from _table(picture, width)


def _layers(picture: Layers, width: int) -> Iterator[Row]:
    """A stacked bar a layer, its pieces below in the order of the bar."""
    wide = max(len(name) for name in picture.names)
    for name, bar, words in strips(picture, width - wide - 4):
        yield [Span(f"  {name:<{wide}}  "), *(Span(text, colour(land)) for text, land in bar)]
        indent = " " * (wide + 4)
        yield from _wrapped((words,), width, first=indent, rest=indent, style="dim")


def _bars(picture: Bars, width: int) -> Iterator[Row]:
    names = [_cut(bar.name, 22) for bar in picture.bars]
    numbers = [
        value(bar.value, picture.unit) if bar.value is not None else "–" for bar in picture.bars
    ]
    reaches = [interval(bar.lower, bar.upper, picture.unit) for bar in picture.bars]
    ends = [reach_text(bar.least, bar.most, picture.unit) for bar in picture.bars]
    columns = (names, numbers, reaches, ends)
    wide = [max((len(cell) for cell in cells), default=0) for cells in columns]
    small = _GAUGE if wide[3] else 0
    if wide[3]:
        head = many(picture.definitions, "definition") if picture.definitions else "definitions"
        wide[3] = max(wide[3], len(head) - small - 1)
        first = f"  {'':<{wide[0]}}  {'':>{wide[1]}}  {head:<{small + 1 + wide[3]}}"
        yield [Span(f"{first}  {picture.ends}" if wide[2] else first, "dim")]
    elif picture.definitions == 1:
        yield [Span(f"  {'':<{wide[0]}}  {'':>{wide[1]}}  one definition", "dim")]
    room = width - sum(wide) - small - 1 - 2 * len([each for each in wide if each]) - 2
    known = [bar.value for bar in picture.bars if bar.value is not None]
    largest = max(known, default=0.0)
    ends_of_all = [
        end for b in picture.bars for end in (b.lower, b.value, b.upper) if end is not None
    ]
    reach_of_all = (min(ends_of_all, default=0.0), max(ends_of_all, default=0.0))
    for bar, name, number, reach, end in zip(picture.bars, *columns, strict=True):
        row = [Span(f"  {name:<{wide[0]}}  {number:>{wide[1]}}")]
        if wide[3]:
            gauge = picture.gauge(bar)
            drawn = gauge.text(small) if gauge else " " * small
            row += [Span(f"  {drawn}", colour(bar.country)), Span(f" {end:<{wide[3]}}")]
        if wide[2]:
            row.append(Span(f"  {reach:<{wide[2]}}", "dim"))
        if bar.value is None:
            row.append(Span(f"  {_cut(bar.reason, room)}", "dim"))
        elif picture.from_zero:
            blocks = _blocks(bar, bar.value, largest, room)
            row.append(Span(f"  {blocks}", colour(bar.country)))
        else:
            own = (bar.lower if bar.lower is not None else bar.value, bar.upper or bar.value)
            row.append(
                Span(f"  {_whisker(bar.value, own, reach_of_all, room)}", colour(bar.country))
            )
        yield row


def _whisker(point: float, ends: tuple[float, float], reach: tuple[float, float], room: int) -> str:
    """A point with its interval on a scale that has no zero."""
    scale = (room - 1) / ((reach[1] - reach[0]) or 1.0)
    low, middle, high = (round((each - reach[0]) * scale) for each in (ends[0], point, ends[1]))
    marks = [" "] * low + ["─"] * (high - low + 1)
    marks[middle] = "●"
    return "".join(marks)


def _blocks(bar: Bar, part: float, whole: float, room: int) -> str:
    eighths = round(max(part, 0.0) / whole * room * 8) if whole > 0 else 0
    if bar.country == "unknown":
        return "░" * max(round(eighths / 8), 1 if eighths else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_BLOCKS[rest - 1] if rest else "")


def _curves(picture: Curves, width: int) -> Iterator[Row]:
    days = sorted({day for curve in picture.curves for day, _ in curve.points})
    if not days:
        return
    largest = max(number for curve in picture.curves for _, number in curve.points) or 1.0
    names = [_cut(curve.name, 22) for curve in picture.curves]
    wide = max(len(name) for name in names)
    starts = [value(curve.points[0][1], picture.unit) for curve in picture.curves]
    ends = [value(curve.points[-1][1], picture.unit) for curve in picture.curves]
    start_wide, end_wide = max(map(len, starts)), max(map(len, ends))
    each = max(1, min(4, (width - wide - start_wide - end_wide - 12) // len(days)))
    head = f"  {'':<{wide}}  {days[0][:7]:>{start_wide}}"
    yield [
        Span(
            f"{head}  {days[-1][:7]:>{len(days) * each + 2 + end_wide - max(0, 7 - start_wide)}}",
            "dim",
        )
    ]
    for curve, name, start, end in zip(picture.curves, names, starts, ends, strict=True):
        points = dict(curve.points)
        sparks = "".join(
            (_SPARKS[min(7, int(points[day] / largest * 8))] if day in points else " ") * each
            for day in days
        )
        style = PALE if curve.is_background else colour(curve.country)
        yield [
            Span(f"  {name:<{wide}}  {start:>{start_wide}}  "),
            Span(sparks, style),
            Span(f"  {end:>{end_wide}}"),
        ]


def _matrix(picture: Matrix, width: int) -> Iterator[Row]:
    """A row a weight; the places stand above their columns."""
    wide = max((len(block.name) for block in picture.blocks), default=0)
    each = [max(5, len(column)) for column in picture.columns]  # `100 %` is five wide
    place = sum(each) + len(each) - 1
    over = "".join(f" {row:>{place}}" for row in picture.rows)
    heads = zip(picture.columns, each, strict=True)
    under = "".join(f" {column:>{room}}" for column, room in [*heads] * len(picture.rows))
    yield [Span(f"  {'':<{wide}}{over}", "dim")]
    yield [Span(f"  {'':<{wide}}{under}  unknown", "dim")]
    days: dict[str, list[str]] = {}
    reasons: dict[str, list[str]] = {}
    for block in picture.blocks:
        row = [Span(f"  {block.name:<{wide}}")]
        for name, cells in zip(picture.rows, block.cells, strict=False):
            numbers = " ".join(
                f"{cell.text:>{room}}" for cell, room in zip(cells, each, strict=True)
            )
            row.append(Span(f" {numbers}", colour(name)))
        if block.cells:
            row.append(Span(f"  {block.unknown.text:>7}"))
        yield row
        days.setdefault(block.day, []).append(block.name)
        reasons.setdefault(block.reason, []).append(block.name)
    for found in (days, reasons):
        text = "; ".join(f"{', '.join(names)}: {each}" for each, names in found.items() if each)
        if text:
            yield from _wrapped((f"{text}.",), width, first="  ", rest="  ", style="dim")


def _table(picture: Table, width: int) -> Iterator[Row]:
    cells = [list(picture.headers), *(list(row) for row in picture.rows)]
    wide = [max(len(row[i]) for row in cells) for i in range(len(picture.headers))]
    longest = [
        max(len(word) for row in cells for word in (row[i].split() or [""]))
        for i in range(len(picture.headers))
    ]
    room = width - 2 - 2 * (len(wide) - 1)
    while sum(wide) > room:
        left = [i for i in range(len(wide)) if not picture.right[i] and wide[i] > longest[i]]
        if not left:  # then words are broken
            left = [i for i in range(len(wide)) if not picture.right[i] and wide[i] > 4]
        if not left:
            break
        widest = max(left, key=lambda i: wide[i])
        wide[widest] -= 1
    for number, row in enumerate(cells):
        folded = [textwrap.wrap(cell, wide[i]) or [""] for i, cell in enumerate(row)]
        for line in range(max(len(fold) for fold in folded)):
            texts = [
                f"{text:>{wide[i]}}" if picture.right[i] else f"{text:<{wide[i]}}"
                for i, fold in enumerate(folded)
                for text in [fold[line] if line < len(fold) else ""]
            ]
            yield [Span("  " + "  ".join(texts), "" if number else "dim")]


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: max(room - 1, 0)] + "…" if room > 0 else ""
