"""The report as Markdown, with tables as GitHub draws them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.report.words import NBSP, Bold, Gauge, Words, many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.report.document import Line, Report, Table

__all__ = ["render"]

_SPECIAL = re.compile(r"([\\*_\[\]<>#|~])")
_CODE = re.compile(r"`[^`\n]+`")


def render(report: Report) -> str:
    """The report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)).replace(NBSP, " ") + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {_safe(report.title)}: {_safe(report.question)}"
    yield ""
    date = f"Data to {report.as_of}" if report.as_of else "No data"
    yield (
        f"{date}; {many(len(report.sources), 'source')}; "
        "in brackets a 95 % interval or bounds; "
        "`╌━●━╌` is the spread over definitions, the dot the figure."
    )
    yield ""
    for words in report.summary:
        yield f"- {_words(words)}"
    for part in report.parts:
        yield ""
        yield f"## {_safe(part.title)}"
        yield ""
        yield f"*{_safe(part.subtitle)}*"
        for line in part.lines:
            yield ""
            yield from _line(line)
    yield ""
    yield "## Sources and licences"
    yield ""
    yield "| source | licence | to |"
    yield "| --- | --- | --- |"
    for source in report.sources:
        title = _safe(source.title)
        shown = f"[{title}]({_address(source.url)})" if source.url else title
        yield f"| {shown} | {_safe(source.licence)} | {source.vintage} |"


def _line(line: Line) -> Iterator[str]:
    yield f"### {_safe(line.label)}"
    yield ""
    if line.reason:
        yield f"No figure: {_safe(line.reason)}."
        return
    yield _words(line.finding)
    for picture in line.pictures:
        yield ""
        yield from _table(picture.table())
    if line.further or line.beside:
        yield ""
    for words in (*line.further, *line.beside):
        yield f"- {_words(words)}"
    if line.figures:
        yield ""
        names = ", ".join(f"{source.title} ({source.licence})" for source in line.sources)
        facts = "; ".join((", ".join(line.as_of), line.coverage, names))
        yield f"<sub>{_safe(facts)}</sub>"


def _table(table: Table) -> Iterator[str]:
    yield f"**{_safe(table.title)}**<br>{_safe(table.subtitle)}"
    yield ""
    yield f"| {' | '.join(_safe(header) for header in table.headers)} |"
    yield f"| {' | '.join('---:' if right else '---' for right in table.right)} |"
    for row in table.rows:
        yield f"| {' | '.join(_safe(cell) for cell in row)} |"


def _words(words: Words) -> str:
    return "".join(
        f"**{_safe(part.text.strip())}**{' ' if part.text.endswith(' ') else ''}"
        if isinstance(part, Bold)
        else part.text()
        if isinstance(part, Gauge)
        else _safe(part)
        for part in words
    )


def _safe(text: str) -> str:
    """Text whose characters mean themselves; code between backticks stays code."""
    text = "".join(c if c.isprintable() or c == NBSP else repr(c)[1:-1] for c in text)
    found, end = [], 0
    for code in _CODE.finditer(text):
        found.append(_SPECIAL.sub(r"\\\1", text[end : code.start()]))
        found.append(code.group().replace("|", r"\|"))
        end = code.end()
    found.append(_SPECIAL.sub(r"\\\1", text[end:]))
    return "".join(found)


def _address(url: str) -> str:
    return url.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("<", "%3C")
