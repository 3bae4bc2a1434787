"""An audit as one page that loads nothing, in the report's look."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from underlay.audit.formats.outline import Heading, Rows, Sentence
from underlay.audit.formats.plain import plain_text
from underlay.report.page import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.formats.outline import Outline

__all__ = ["audit_page"]

_MORE_STYLE = """
.audit dl { margin: 1rem 0; } .audit .wide { margin: 1.2rem 0; }
.audit td { overflow-wrap: anywhere; } .audit caption { font-weight: 600; padding-bottom: .3rem; }
"""


def audit_page(outline: Outline, *, version: str) -> str:
    """The page; a content policy forbids it to load or run anything."""
    style = STYLE + _MORE_STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = "\n".join(_body(outline))
    return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="underlay {escape(version)}">
<title>{_text(outline.title)}</title>
<style>{style}</style>
</head>
<body class="audit">
{body}
</body>
</html>
"""


def _text(value: str) -> str:
    return escape(plain_text(value))


def _body(outline: Outline) -> Iterator[str]:
    title, _, question = outline.title.partition(" · ")
    headings = [block for block in outline.blocks if isinstance(block, Heading)]
    yield "<header>"
    yield f"<h1>{_text(title)}</h1>"
    yield f'<p class="question">{_text(question[:1].upper() + question[1:])}</p>'
    yield f'<p class="dates">{_text(outline.subtitle)}</p>'
    links = "".join(
        f'<a href="#part-{number}">{_text(block.text.capitalize())}</a>'
        for number, block in enumerate(headings, 1)
    )
    yield f'<nav aria-label="Parts">{links}</nav>'
    yield "</header>"
    yield "<main>"
    number, is_listing = 0, False
    for block in outline.blocks:
        if is_listing and not isinstance(block, Sentence):
            yield "</dl>"
            is_listing = False
        if isinstance(block, Heading):
            if number:
                yield "</section>"
            number += 1
            yield f'<section class="part" id="part-{number}">'
            note = f" <small>{_text(block.note)}</small>" if block.note else ""
            yield f"<h2>{_text(block.text.capitalize())}{note}</h2>"
        elif isinstance(block, Sentence):
            if not is_listing:
                yield "<dl>"
                is_listing = True
            yield f"<dt>{_text(block.label)}</dt><dd>{_text(block.text)}</dd>"
        else:
            yield from _table(block)
    if is_listing:
        yield "</dl>"
    if number:
        yield "</section>"
    yield "</main>"


def _table(table: Rows) -> Iterator[str]:
    yield f'<div class="wide"><table><caption>{_text(table.title)}</caption>'
    heads = "".join(f'<th scope="col">{_text(name)}</th>' for name in table.headers)
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        first, *rest = row
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in rest)
        yield f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    if table.more:
        yield f'<p class="facts">and {table.more} more; JSON has all</p>'
