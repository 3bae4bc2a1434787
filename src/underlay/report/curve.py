"""A multiverse as a page: the specification curve, who leads, what matters, what flips it.

The curve follows Simonsohn, Simmons & Nelson 2020, "Specification curve analysis": definitions in
order of the leader's value, and below them which option each one picks.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.report.charts import FONT
from underlay.report.colours import colour
from underlay.report.page import STYLE, VEGA_LICENCE
from underlay.report.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from underlay.measures import Measure
    from underlay.measures.multiverse import Multiverse

__all__ = ["curve", "curve_page", "flip_sentence"]

_SHOWN = 360  # definitions drawn: more of them don't fit side by side
_PARTIES = 3
_WIDTH = 760
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_STYLE = STYLE + "\n#curve { overflow-x: auto; margin: 1rem 0; }\n"
_SCRIPT = (
    'vegaEmbed("#curve", JSON.parse(document.getElementById("spec").textContent), '
    "{actions: {export: true, source: false, compiled: false, editor: false}, ast: true});"
)


def curve(found: Multiverse) -> dict[str, Any]:
    """The specification curve as a Vega-Lite specification.

    Of many definitions every n-th in order of the leader's value is drawn, and the default one.
    """
    leader = found.leader
    parties = [*found.leads, *(party for party in found.spread if party not in found.leads)]
    parties = [party for party in parties if party in found.spread][:_PARTIES]
    order = _order(found, leader)
    drawn = _thinned(order)
    rows = []
    for rank, index in drawn:
        facets = found.definition(index)
        rows.append(
            {
                "rank": rank,
                "is_default": index == 0,
                **{f"v{i}": found.value(index, party) for i, party in enumerate(parties)},
                **{f"f{i}": facets[facet.name] for i, facet in enumerate(found.facets)},
            }
        )
    marks = [f"{facet.name}: {option}" for facet in found.facets for option in facet.options]
    names = {f"v{i}": party for i, party in enumerate(parties)}
    facets_of = {f"f{i}": facet.name for i, facet in enumerate(found.facets)}
    x = {
        "field": "rank",
        "type": "quantitative",
        "scale": {"domain": [0, max(len(order), 1)], "nice": False},
    }
    percent = {"format": "%"} if found.unit == "share" else {"format": "~s"}
    named = f"datum.key == 'v0' ? {json.dumps(parties[0])} : " if parties else ""
    named += "".join(f"datum.key == '{k}' ? {json.dumps(v)} : " for k, v in names.items()) + "''"
    facet = "".join(f"datum.key == '{k}' ? {json.dumps(v)} : " for k, v in facets_of.items())
    values = {
        "width": _WIDTH,
        "height": 220,
        "transform": [
            {"fold": list(names), "as": ["key", "value"]},
            {"filter": "isValid(datum.value)"},
            {"calculate": named, "as": "party"},
        ],
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.8},
                "encoding": {
                    "color": {
                        "field": "party",
                        "type": "nominal",
                        "scale": {"domain": parties, "range": [colour(p) for p in parties]},
                        "legend": {"title": None, "orient": "top"},
                    }
                },
            },
            {
                "transform": [{"filter": "datum.is_default"}],
                "mark": {"type": "rule", "strokeDash": [3, 3], "color": "#7f7f7f"},
                "encoding": {"y": None},
            },
        ],
        "encoding": {
            "x": {**x, "axis": None},
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {"title": found.unit, **percent},
            },
            "tooltip": [
                {"field": "party", "type": "nominal"},
                {"field": "value", "type": "quantitative", "format": ".3"},
                *({"field": k, "type": "nominal", "title": v} for k, v in facets_of.items()),
            ],
        },
    }
    choices = {
        "width": _WIDTH,
        "height": {"step": 15},
        "transform": [
            {"fold": list(facets_of), "as": ["key", "option"]},
            {"calculate": f"({facet}'') + ': ' + datum.option", "as": "mark"},
        ],
        "mark": {"type": "tick", "thickness": 1, "height": 9, "color": "#5c5c5c"},
        "encoding": {
            "x": {**x, "axis": {"title": "definitions, by the leader's value", "grid": False}},
            "y": {
                "field": "mark",
                "type": "nominal",
                "sort": marks,
                "axis": {"title": None, "labelLimit": 240},
            },
        },
    }
    return {
        "$schema": _SCHEMA,
        "title": {
            "text": _finding(found),
            "subtitle": ", ".join(f"{name}={value}" for name, value in found.held.items()),
            "anchor": "start",
        },
        "data": {"values": rows},
        "background": "white",  # the chart is drawn for paper, the page may be dark
        "config": {"font": FONT, "view": {"stroke": None}},
        "spacing": 8,
        "vconcat": [values, choices] if found.facets else [values],
    }


def _finding(found: Multiverse) -> str:
    counted = many(len(found), "definition")
    if found.leads:
        party, part = next(iter(found.leads.items()))
        return f"{party} leads under {part:.1%} of {counted} of {found.measure}"
    if found.leader is None:
        return f"{found.measure} under {counted}"
    spread, digits = found.spread[found.leader], ".1%" if found.unit == "share" else ".3g"
    span = f"{spread.least:{digits}} to {spread.most:{digits}}"
    return f"{found.leader} has {span} under {counted} of {found.measure}"


def _order(found: Multiverse, leader: str | None) -> list[int]:
    """Definitions in which the leader has a value, in order of it."""
    if leader is None:
        return list(range(len(found)))
    values = found.values[:, found.parties.index(leader)]
    order: list[int] = np.argsort(values, kind="stable").tolist()
    return [index for index in order if not np.isnan(values[index])]


def _thinned(order: Sequence[int]) -> list[tuple[int, int]]:
    ranked = list(enumerate(order))
    step = max(1, -(-len(ranked) // _SHOWN))
    return [(rank, index) for rank, index in ranked if rank % step == 0 or index == 0]


def flip_sentence(found: Multiverse) -> str:
    """The smallest change of the default definition that gives another leader, in a sentence."""
    flip = found.nearest_flip
    if flip is None:
        return found.no_flip[:1].upper() + found.no_flip[1:] + "."
    before, after = found.definition(flip.origin), found.definition(flip.target)
    changes = " and ".join(f"{name} from {before[name]} to {after[name]}" for name in flip.changed)
    more = flip.as_near - 1
    also = f" {more} more definition{'s do' if more > 1 else ' does'} it as easily." if more else ""
    return f"{flip.leader_after} leads instead of {flip.leader_before} with {changes}.{also}"


def curve_page(found: Multiverse, measure: Measure, bundle: str) -> str:
    """A page that loads nothing; `bundle` is the script that defines `vegaEmbed`."""
    spec = json.dumps(curve(found), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    scripts = [bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--"), _SCRIPT]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_digest, scripts))}; "
        f"style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_body(found, measure))
    return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(found.measure)} under {many(len(found), "definition")}</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
<script type="application/json" id="spec">{spec}</script>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _body(found: Multiverse, measure: Measure) -> Iterator[str]:
    leads = ", ".join(f"{party} {part:.1%}" for party, part in list(found.leads.items())[:4])
    drawn = len(_thinned(_order(found, found.leader)))
    counted = many(len(found), "definition")
    yield f"<header><h1>{escape(found.question)}</h1>"
    who = f" Leads: {escape(leads)}." if leads else ""
    yield f'<p class="question">{counted} by {escape(found.by)}.{who}</p>'
    held = ", ".join(f"{name}={value}" for name, value in found.held.items())
    yield f'<p class="dates">Data to {escape(found.as_of)}. Held: {escape(held) or "nothing"}.</p>'
    yield "</header><main>"
    yield (
        f'<p class="subtitle">{drawn:,} of {counted} drawn, in order of '
        f"{escape(found.leader or 'nobody')}; the dashed line is the default definition.</p>"
    )
    yield '<div id="curve" role="img" aria-label="Specification curve"></div>'
    yield f'<p class="finding">{escape(flip_sentence(found))}</p>'
    spread = [
        (party, *(f"{v:.4g}" for v in (s.least, s.q1, s.median, s.q3, s.most)), f"{s.n:,}")
        for party, s in found.spread.items()
    ]
    heads = ("party", "least", "lower quartile", "median", "upper quartile", "most", "definitions")
    yield from _table("Spread", heads, spread)
    yield from _table(
        f"What moves {found.leader or 'the leader'}",
        ("facet", "part of the variance", "with interactions"),
        [(i.facet, _part(i.first), _part(i.total)) for i in found.facet_influence],
    )
    reasons = [
        (facet.name, option.name, option.reason, option.source)
        for facet in found.facets
        for option in next(c for c in measure.choices if c.name == facet.name).options
        if option.name in facet.options
    ]
    yield from _table("Why one would choose it", ("facet", "option", "reason", "source"), reasons)
    if found.merged:
        same = ", ".join(f"{m.facet}={m.option} is {m.facet}={m.same_as}" for m in found.merged)
        yield f'<p class="dates">On these data {escape(same)}.</p>'
    yield f'<p class="dates">{escape(measure.caveat)} {escape(measure.citation)}</p></main>'
    yield (
        "<footer><details><summary>Licence of Vega, Vega-Lite and Vega-Embed, which draw the chart"
        f"</summary><pre>{escape(VEGA_LICENCE)}</pre></details></footer>"
    )


def _part(value: float | None) -> str:
    return "no variance" if value is None else f"{value:.1%}"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f'<h3>{escape(title)}</h3><div class="wide"><table><thead><tr>'
    yield "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div>"
