"""An outline as plain text under 100 columns, and as Markdown."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from underlay.audit.formats.outline import Heading, Rows, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.formats.outline import Outline

__all__ = ["WIDTH", "markdown", "plain_text", "text"]

WIDTH = 96
_LABEL = 11
_NARROWEST = 6
_FIRST = 10
_PATH = 24  # paths are cut from the left before another column is broken
_PIECE = re.compile(r"[^\s/:_-]*[\s/:_-]+|[^\s/:_-]+")


def plain_text(value: str) -> str:
    """On one line, control characters spelt out: no file name can move a terminal's cursor."""
    line = " ".join(value.split()) if "\n" in value or "\r" in value else value
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def text(outline: Outline, width: int = WIDTH) -> str:
    """The outline for a terminal or a file, without colour."""
    return "\n".join(_lines(outline, width)) + "\n"


def _lines(outline: Outline, width: int) -> Iterator[str]:
    yield from textwrap.wrap(plain_text(outline.title), width)
    yield from textwrap.wrap(plain_text(outline.subtitle), width)
    was_table = False
    for block in outline.blocks:
        if was_table and isinstance(block, Sentence):
            yield ""
        was_table = isinstance(block, Rows)
        if isinstance(block, Heading):
            yield ""
            gap = width - len(block.text) - len(block.note)
            both = f"{block.text}{' ' * max(gap, 2)}{block.note}".rstrip()
            yield from [both] if gap >= 2 else [block.text, *textwrap.wrap(block.note, width)]
        elif isinstance(block, Sentence):
            head = f"  {block.label:<{_LABEL}}" if block.label else " " * (_LABEL + 2)
            yield from textwrap.wrap(
                plain_text(block.text), width, initial_indent=head,
                subsequent_indent=" " * len(head), break_on_hyphens=False,
            )  # fmt: skip
        else:
            yield from _table(block, width)


def _table(table: Rows, width: int) -> Iterator[str]:
    yield ""
    yield f"  {table.title}"
    rows = [tuple(plain_text(cell) for cell in row) for row in table.rows]
    widths = _widths([table.headers, *rows], width - 2, table.paths)
    for number, row in enumerate([table.headers, *rows]):
        cells = [
            [_path(cell, size)] if place in table.paths and number else _wrapped(cell, size)
            for place, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        for line in range(max(len(cell) for cell in cells)):
            parts = [
                (cell[line] if line < len(cell) else "").ljust(size)
                for cell, size in zip(cells, widths, strict=True)
            ]
            yield "  " + "  ".join(parts).rstrip()
        if number == 0:
            yield "  " + "  ".join("-" * size for size in widths)
    if table.more:
        yield f"  and {table.more} more; JSON has all"


def _widths(rows: list[tuple[str, ...]], width: int, paths: tuple[int, ...] = ()) -> list[int]:
    """Widths of columns that fit: paths give way first, then the widest, down to the narrowest."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    room = width - 2 * (len(widths) - 1)
    for place in paths:
        over = sum(widths) - room
        widths[place] = max(min(widths[place], _PATH), widths[place] - max(over, 0))
    while sum(widths) > room:
        # what a row is about stands first, and is broken last
        place = max(
            range(len(widths)), key=lambda i: (i not in paths, widths[i] - (0 if i else _FIRST))
        )
        if widths[place] <= _NARROWEST:
            break
        widths[place] -= 1
    return widths


def _path(cell: str, size: int) -> str:
    """The end of a path, which says more than its beginning, at a folder where one fits."""
    if len(cell) <= size:
        return cell
    end = cell[-(size - 1) :]
    cut = end.find("/")
    return f"…{end[cut:]}" if 0 <= cut < len(end) - 12 else f"…{end}"


def _wrapped(cell: str, size: int) -> list[str]:
    """A cell in lines of at most `size`, broken behind blanks and the marks that names hold."""
    lines, line = [], ""
    for piece in _PIECE.findall(cell):
        rest = piece
        if len(line) + len(rest.rstrip()) > size and line:
            lines.append(line.rstrip())
            line = ""
        while len(rest.rstrip()) > size:
            lines.append(rest[:size])
            rest = rest[size:]
        line += rest
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def markdown(outline: Outline) -> str:
    """The outline as Markdown, for a job's summary or a comment."""
    return "\n".join(_markdown(outline)) + "\n"


def _markdown(outline: Outline) -> Iterator[str]:
    yield f"# {_escaped(outline.title)}"
    yield ""
    yield _escaped(outline.subtitle)
    was_sentence = False
    for block in outline.blocks:
        if not (isinstance(block, Sentence) and was_sentence):
            yield ""
        was_sentence = isinstance(block, Sentence)
        if isinstance(block, Heading):
            yield f"## {_escaped(block.text)}"
            if block.note:
                yield ""
                yield f"*{_escaped(block.note)}*"
        elif isinstance(block, Sentence):
            label = f"- **{_escaped(block.label)}**" if block.label else "  -"
            yield f"{label} {_escaped(block.text)}"
        else:
            yield f"**{_escaped(block.title)}**"
            yield ""
            yield "| " + " | ".join(map(_escaped, block.headers)) + " |"
            yield "|" + " --- |" * len(block.headers)
            for row in block.rows:
                yield "| " + " | ".join(map(_escaped, row)) + " |"
            if block.more:
                yield ""
                yield f"and {block.more} more; JSON has all"


_SPECIAL = str.maketrans(
    {mark: f"\\{mark}" for mark in "\\`*_[]|~#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def _escaped(value: str) -> str:
    return plain_text(value).translate(_SPECIAL)
