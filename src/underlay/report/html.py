"""The report as one page that loads nothing: charts, definitions behind a click, print on A4."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from typing import TYPE_CHECKING

from underlay.measures import measure
from underlay.report.charts import spec
from underlay.report.document import Bars, Layers, Matrix
from underlay.report.layers import bars, drawing
from underlay.report.page import SCRIPT, STYLE, VEGA_LICENCE
from underlay.report.words import NBSP, Bold, Gauge, Words, many, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.measures import Figure
    from underlay.measures.definitions import SourceNote
    from underlay.report.document import Line, Part, Picture, Report, Spread, Table

__all__ = ["page", "vega_bundle"]

_GAUGE_PIXELS = 60
_FIRST_SCRIPT = 'document.documentElement.classList.add("js");'


def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; takes about a second to make."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def page(report: Report, bundle: str) -> str:
    """The page. `bundle` is the script that defines `vegaEmbed`; without it tables are shown."""
    scripts = [_FIRST_SCRIPT, _no_end_tag(bundle), SCRIPT] if bundle else []
    specs: list[str] = []
    body = "\n".join(_body(report, specs))
    first = f"<script>{_FIRST_SCRIPT}</script>\n" if bundle else ""
    rest = "".join(f"\n<script>{script}</script>" for script in scripts[1:])
    data = "\n".join(specs) if bundle else ""
    return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="underlay {escape(report.version)}">
<meta name="description" content="{escape(_flat(report.question))}">
<title>{escape(report.title)}: {escape(report.question)}</title>
<style>{STYLE}</style>
{first}</head>
<body>
{body}
{data}{rest}
</body>
</html>
"""


def _policy(scripts: list[str]) -> str:
    """Nothing may be loaded; only these scripts and this style may run."""
    allowed = " ".join(_digest(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_digest(STYLE)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _no_end_tag(script: str) -> str:
    """A script that holds no end tag and no comment of HTML, with the same meaning."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _body(report: Report, specs: list[str]) -> Iterator[str]:
    date = f"Data to {report.as_of}" if report.as_of else "No data"
    count = len(report.sources)
    yield "<header>"
    yield f"<h1>{escape(report.title)}</h1>"
    yield f'<p class="question">{escape(_sentence(report.question))}</p>'
    yield (
        f'<p class="dates">{date} · {many(count, "source")} · '
        "in brackets and as lines: 95{NBSP}% intervals, or bounds · small bars and pale bands: "
        "the spread over definitions</p>".replace("{NBSP}", NBSP)
    )
    if report.summary:
        items = "".join(f"<li>{_words(words)}</li>" for words in report.summary)
        yield f'<ol class="summary">{items}</ol>'
    links = "".join(f'<a href="#{part.id}">{escape(part.title)}</a>' for part in report.parts)
    yield f'<nav aria-label="Parts">{links}<a href="#sources">Sources and licences</a></nav>'
    yield "</header>"
    yield "<main>"
    for part in report.parts:
        yield from _part(part, report, specs)
    yield "</main>"
    yield from _footer(report)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _part(part: Part, report: Report, specs: list[str]) -> Iterator[str]:
    yield f'<section class="part" id="{part.id}" aria-labelledby="{part.id}-title">'
    yield (
        f'<h2 id="{part.id}-title">{escape(part.title)} <small>{escape(part.subtitle)}</small></h2>'
    )
    for line in part.lines:
        yield from _line(line, report, specs)
    yield "</section>"


def _line(line: Line, report: Report, specs: list[str]) -> Iterator[str]:
    # what passes through layers needs the whole width
    is_wide = any(isinstance(picture, Layers) for picture in line.pictures)
    kind = "line with-picture" if line.pictures and not is_wide else "line"
    yield f'<article class="{kind}" id="{escape(line.id)}">'
    yield f'<h3><a href="#{escape(line.id)}">{escape(line.label)}</a></h3>'
    if line.reason:
        yield f'<p class="reason">No figure: {_text(line.reason)}.</p></article>'
        return
    yield "<div>"
    yield f'<p class="finding">{_words(line.finding)}</p>'
    if line.further or line.beside:
        items = (f"<li>{_words(words)}</li>" for words in (*line.further, *line.beside))
        yield f"<ul>{''.join(items)}</ul>"
    if line.figures:
        yield f'<p class="facts">{_facts(line)}</p>'
    yield "</div>"
    if line.pictures:
        yield "<div>"
        for number, picture in enumerate(line.pictures, 1):
            yield from _picture(picture, f"{line.id}-{number}", specs)
        yield "</div>"
    if line.figures:
        yield from _definition(line, report)
    yield "</article>"


def _facts(line: Line) -> str:
    days = " to ".join(dict.fromkeys((line.as_of[0], line.as_of[-1])))
    names = ", ".join(f"{_link(source)} ({escape(source.licence)})" for source in line.sources)
    return " · ".join(part for part in (days, escape(line.coverage), names) if part)


def _picture(picture: Picture, id_: str, specs: list[str]) -> Iterator[str]:
    caption = (
        f"<figcaption><b>{_text(picture.title)}</b>"
        f'<span class="subtitle">{_text(_caption(picture))}</span></figcaption>'
    )
    if isinstance(picture, Layers):
        yield (
            f'<figure>{caption}<div class="flow">{drawing(picture)}</div>'
            f'<div class="strips">{bars(picture)}</div>'
            '<details class="data"><summary>Numbers as a table</summary>'
            f'<div class="wide">{_table(picture.table())}</div></details></figure>'
        )
        return
    chart = spec(picture)
    if chart is None:
        table = _matrix(picture) if isinstance(picture, Matrix) else _table(picture.table())
        yield f'<figure>{caption}<div class="wide">{table}</div></figure>'
        return
    del chart["title"]  # it stands above the chart as text, where it wraps
    specs.append(
        f'<script type="application/json" id="{escape(id_)}-chart">{_json(chart)}</script>'
    )
    yield (
        f'<figure data-chart="{escape(id_)}-chart">{caption}'
        f'<div class="chart" role="img" aria-label="{escape(_flat(picture.title))}"></div>'
        '<details class="data" open><summary>Numbers as a table</summary>'
        f'<div class="wide">{_table(picture.table())}</div></details></figure>'
    )


def _caption(picture: Picture) -> str:
    """What stands below a picture's title."""
    return picture.caption if isinstance(picture, Bars) else picture.subtitle


def _json(content: object) -> str:
    """JSON that can stand inside a script element."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _table(table: Table) -> str:
    kinds = [' class="n"' if right else "" for right in table.right]
    heads = "".join(
        f'<th scope="col"{kind}>{_text(head)}</th>'
        for head, kind in zip(table.headers, kinds, strict=True)
    )
    rows = "".join(
        "<tr>"
        + f'<th scope="row"{kinds[0]}>{_text(row[0])}</th>'
        + "".join(
            f"<td{kind}>{_text(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _matrix(matrix: Matrix) -> str:
    wide = len(matrix.columns)
    over = "".join(
        f'<th class="over {escape(row)}" scope="colgroup" colspan="{wide}">{_text(row)}</th>'
        for row in matrix.rows
    )
    under = "".join(
        f'<th class="n" scope="col">{_text(column)}</th>'
        for _ in matrix.rows
        for column in matrix.columns
    )
    rows = []
    for block in matrix.blocks:
        cells = "".join(
            f'<td class="n {escape(row)}">{_text(cell.text)}</td>'
            for row, line in zip(matrix.rows, block.cells, strict=False)
            for cell in line
        )
        if block.cells:
            cells += f'<td class="n">{_text(block.unknown.text)}</td>'
        else:
            cells = f'<td colspan="{wide * len(matrix.rows) + 1}">no figure</td>'
        rows.append(
            f'<tr><th scope="row">{_text(block.name)}</th>{cells}'
            f'<td class="n">{_text(block.day)}</td></tr>'
        )
    lacks = "; ".join(f"{block.name}: {block.reason}" for block in matrix.blocks if block.reason)
    below = f'<p class="subtitle">{_text(_sentence(lacks))}.</p>' if lacks else ""
    return (
        f'<table class="matrix"><thead><tr><td></td>{over}<td></td><td></td></tr>'
        f'<tr><th scope="col">weight</th>{under}<th class="n" scope="col">unknown</th>'
        f'<th class="n" scope="col">day</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f"{below}"
    )


def _definition(line: Line, report: Report) -> Iterator[str]:
    citation = (
        f"underlay {report.version}, “{line.label}”: {_flat(plain(line.finding))} "
        f"As of {', '.join(line.as_of)}; {line.coverage}. Definition: {line.definition}. "
        f"Sources: {'; '.join(f'{s.title} ({s.licence}), {s.vintage}' for s in line.sources)}."
    )
    spreads = line.spreads or [None] * len(line.figures)
    figures = "".join(
        _figure(figure, spread) for figure, spread in zip(line.figures, spreads, strict=True)
    )
    yield (
        '<div class="tools"><details class="definition"><summary>Definition, coverage and sources'
        f"</summary><div>{figures}</div></details>"
        f'<button type="button" data-anchor="{escape(line.id)}" '
        f'data-citation="{escape(_flat(citation))}">copy citation</button></div>'
    )


def _figure(figure: Figure, spread: Spread | None) -> str:
    rows = {
        "figure": f"<code>{escape(figure.name)}</code> by {escape(figure.by)}, "
        f"{escape(figure.unit)}",
        "as of": escape(figure.as_of),
        "coverage": _coverage(figure),
        "definition": ", ".join(
            f"{escape(name)} <b>{escape(str(option))}</b>"
            for name, option in figure.definition.items()
        )
        or "there is one only",
        "definitions": _definitions(spread),
        "note": " ".join(f"{_text(note)}." for note in figure.notes),
        "caveat": _text(figure.caveat),
        "citation": _text(figure.citation),
        "sources": "; ".join(
            f"{_link(source)}, {escape(source.licence)}, to {escape(source.vintage)}"
            for source in figure.sources
        ),
        "interest": " ".join(
            dict.fromkeys(_text(source.conflict) for source in figure.sources if source.conflict)
        ),
    }
    items = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows.items() if text)
    return f"<h4>{_text(figure.question)}</h4><dl>{items}</dl>"


def _definitions(spread: Spread | None) -> str:
    """Over how many definitions the figure is spread, and which of them decide."""
    if spread is None:
        return ""
    if not spread.count:
        return f"no spread: {_text(spread.reason)}"
    if spread.count == 1:
        return "one"
    influence = [
        f"{escape(each['facet'])} {each['share_of_variance']:.0%}"
        for each in spread.answer["facet_influence"][:3]
        if each["share_of_variance"]
    ]
    words = f"{spread.count:,}"
    if influence:
        who = escape(str(spread.answer["influence_on"]))
        words += f"; of the variance of {who} explained: {', '.join(influence)}"
    return f"{words} (<code>underlay multiverse {escape(spread.figure)}</code>)"


def _coverage(figure: Figure) -> str:
    rows, weight = figure.coverage.get("rows"), figure.coverage.get("weight")
    words = many(rows, "row") if isinstance(rows, int) else "unknown"
    if weight is None:
        return words
    covered = measure(figure.name).covered
    known = f"{escape(figure.by)} known for {weight:.1%} of the weight"
    return f"{words}; " + (f"{weight:.1%} {escape(covered)}" if covered else known)


def _footer(report: Report) -> Iterator[str]:
    yield '<footer id="sources"><h2>Sources and licences</h2><div class="wide"><table>'
    yield (
        '<thead><tr><th scope="col">source</th><th scope="col">licence</th><th scope="col">to</th>'
        '<th scope="col">interest in what it measures</th></tr></thead><tbody>'
    )
    for source in report.sources:
        yield (
            f'<tr><th scope="row">{_link(source)}</th><td>{escape(source.licence)}</td>'
            f'<td class="n">{escape(source.vintage)}</td><td>{escape(source.conflict)}</td></tr>'
        )
    yield "</tbody></table></div>"
    yield (
        f"<p>Made by underlay {escape(report.version)} (Apache-2.0). Any figure again: "
        "<code>underlay figure NAME --by FACET</code>; its definitions: "
        "<code>underlay measures NAME</code>. Charts are drawn by Vega, Vega-Lite and Vega-Embed "
        "(BSD-3-Clause, University of Washington Interactive Data Lab), which this page "
        "contains; it loads nothing.</p>"
        "<details><summary>Licence of Vega, Vega-Lite and Vega-Embed</summary>"
        f"<pre>{escape(VEGA_LICENCE)}</pre></details></footer>"
    )


def _words(words: Words) -> str:
    return "".join(
        _gauge(part)
        if isinstance(part, Gauge)
        else f"<b>{_text(part.text)}</b>"
        if isinstance(part, Bold)
        else _text(part)
        for part in words
    )


def _gauge(gauge: Gauge) -> str:
    """A small bar: the track, the range on it, and the value as a dot."""
    first, middle, last = gauge.places(_GAUGE_PIXELS + 1)
    dot = "" if middle is None else f'<circle cx="{middle + 4}" cy="5" r="3.5"/>'
    return (
        f'<svg class="gauge" width="{_GAUGE_PIXELS + 8}" height="10" aria-hidden="true">'
        f'<rect class="track" x="4" y="4.5" width="{_GAUGE_PIXELS}" height="1"/>'
        f'<rect x="{first + 4}" y="3" width="{max(last - first, 1)}" height="4"/>{dot}</svg>'
    )


_INTERVAL = re.compile(r"\[[^\[\] ]*–[^\[\] ]*\]|\b\d[\d,.]*–\d[\d,.]*")


def _text(text: str) -> str:
    """Escaped text; what stands between backticks becomes code, an interval isn't broken."""
    parts = "".join(c if c.isprintable() or c == NBSP else " " for c in text).split("`")
    if len(parts) % 2 == 0:  # an odd backtick means itself
        parts = ["`".join(parts)]
    return "".join(
        f"<code>{escape(part)}</code>"
        if number % 2
        else _INTERVAL.sub(r'<span class="nb">\g<0></span>', escape(part))
        for number, part in enumerate(parts)
    )


def _flat(text: str) -> str:
    return text.replace(NBSP, " ").replace("`", "")


def _link(source: SourceNote) -> str:
    """A source's title, linked to its page where that is a web address."""
    if not source.url.startswith(("https://", "http://")):
        return escape(source.title)
    return f'<a href="{escape(source.url)}" rel="noopener noreferrer">{escape(source.title)}</a>'
