"""`underlay reproduce`: figures that others published, beside ours."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import plain, write, write_json
from underlay.cli.session import Command, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.claims import Reproduced

__all__ = ["WIDTH", "reproduce"]

WIDTH = 98
_COLUMNS = (("id", 3), ("figure", 30), ("published", 24), ("ours", 23), ("status", 10))
_SHORT = {"not reproducible": "not here"}
_INDENT = "     "


@click.command(cls=Command)
@click.option("--id", "ids", multiple=True, metavar="ID", help="One figure only; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def reproduce(session: Session, ids: tuple[str, ...], as_json: bool) -> None:
    """Figures that others published beside ours: which come out, which don't, and why.

    A published number counts as reproduced within a band that follows from how it was published,
    never from ours. Ours is computed under the definition nearest to the published one; `also`
    shows other definitions that someone could have meant.
    """
    from underlay import claims

    def asked(name: str, **definition: Any) -> Any:
        return lake.figure(name, **definition)

    with session.answers() as lake:
        session.progress("computing the figures beside the published ones")
        rows = claims.reproduce(asked, ids)
    if as_json:
        write_json("underlay/reproduce/1", {"rows": [row.to_dict() for row in rows]})
        return
    _show(rows)


def _show(rows: Sequence[Reproduced]) -> None:
    write(_line([name for name, _ in _COLUMNS])[0])
    for row in rows:
        status = _SHORT.get(row.status, row.status)
        for line in _line([row.id, row.entry.figure, row.published, _ours(row), status]):
            write(line)
        label = "note" if row.status == "reproduced" else "why"
        for line in _wrapped(f"{label}: {row.reason}") if row.reason else []:
            write(line)
        for line in _spread(row):
            write(line)
    write()
    write(_summary(rows))


def _ours(row: Reproduced) -> str:
    """Our numbers; where there are several, those outside their bands say so."""
    if len(row.numbers) < 2:
        return row.text or "-"
    marked = [
        f"{each.name} {each.text}" + (" (off)" if each.within is False else "")
        for each in row.numbers
        if each.text
    ]
    return "; ".join(marked) or "-"


def _summary(rows: Sequence[Reproduced]) -> str:
    """How many come out, in one sentence."""
    counted = {
        status: sum(row.status == status for row in rows)
        for status in ("reproduced", "off", "not reproducible")
    }
    judged = [each for row in rows for each in row.numbers if each.within is not None]
    return (
        f"{counted['reproduced']} of {len(rows)} reproduced within their band, "
        f"{counted['off']} off, {counted['not reproducible']} not reproducible here\n"
        f"(of single numbers {sum(bool(each.within) for each in judged)} of {len(judged)} within)"
    )


def _spread(row: Reproduced) -> list[str]:
    """The other definitions' numbers, those that could be computed."""
    lines: list[str] = []
    for number in row.numbers:
        others = [f"{each['name']} {each['text']}" for each in number.spread if each["text"]]
        if others:
            whose = f" ({number.name})" if len(row.numbers) > 1 else ""
            lines += _wrapped(f"also{whose}: " + "; ".join(others))
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        plain(text), WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT + "  "
    )


def _line(cells: Sequence[str]) -> list[str]:
    """One row of the table as lines, each cell wrapped within its column."""
    wrapped = [
        textwrap.wrap(plain(cell), width) or [""]
        for cell, (_, width) in zip(cells, _COLUMNS, strict=True)
    ]
    height = max(len(cell) for cell in wrapped)
    lines = []
    for i in range(height):
        parts = [
            (cell[i] if i < len(cell) else "").ljust(width)
            for cell, (_, width) in zip(wrapped, _COLUMNS, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return lines
