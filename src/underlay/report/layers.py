"""A whole that passes through layers, as a drawing: ribbons in SVG, else a stacked bar a layer."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from underlay.report.colours import colour
from underlay.report.document import Layers, Node, Ribbon
from underlay.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from underlay.measures import Figure

__all__ = ["bars", "drawing", "layers_of", "strips"]

_WIDE, _TALL = 1080, 480  # of the drawing, in its own units
_THICK = 12
_GAP = 12  # so that names of the smallest pieces stand one below the other
_TOP = 30  # for the layers' names
_SIDE = 6
_LAST = 170  # for the names of the last layer, which stand behind it
_LETTER = 6.8  # of a label, about
_LINE = 12  # between two labels at least, from one base line to the next
OTHER = "other"


def layers_of(
    figure: Figure,
    names: Sequence[str],
    called: Callable[[int, str], tuple[str, str]],
    *,
    title: str,
    subtitle: str,
    most: int = 7,
) -> Layers:
    """Layers out of the links of a figure; pieces beyond the `most` largest become one.

    `called` gives (name, country) of a piece by its layer and key.
    """
    order = list(dict.fromkeys(str(row.more["layer"]) for row in figure.rows))
    sums: list[dict[str, float]] = [{} for _ in names]
    reach: list[dict[str, float]] = [{} for _ in names]
    links = []
    for row in figure.rows:
        place = order.index(str(row.more["layer"]))
        source, target = str(row.more["from"]), str(row.more["to"])
        share = row.value or 0.0
        links.append((place, source, target, share))
        sums[place][source] = sums[place].get(source, 0.0) + share
        reach[place][source] = float(row.more["from_reach"])
        reach[place + 1][target] = float(row.more["to_reach"])
        if place == len(order) - 1:
            sums[place + 1][target] = sums[place + 1].get(target, 0.0) + share
    shown = [_largest(each, most) for each in sums]
    nodes = []
    for place, each in enumerate(sums):
        listed = [
            Node(key, *_told(called(place, key), each[key]), reach[place][key])
            for key in shown[place]
        ]
        rest = [key for key in each if key not in shown[place]]
        if rest:
            share = sum(each[key] for key in rest)
            listed.append(Node(OTHER, f"{len(rest)} others", share, "other"))
        nodes.append(tuple(listed))
    merged: dict[tuple[int, str, str], float] = {}
    for place, source, target, share in links:
        key = (
            place,
            source if source in shown[place] else OTHER,
            target if target in shown[place + 1] else OTHER,
        )
        merged[key] = merged.get(key, 0.0) + share
    ribbons = tuple(Ribbon(*key, share) for key, share in merged.items())
    return Layers(title, subtitle, tuple(names), tuple(nodes), ribbons)


def _told(called: tuple[str, str], share: float) -> tuple[str, float, str]:
    return called[0], share, called[1]


def _largest(sums: dict[str, float], most: int) -> list[str]:
    """Keys of the largest; what is unknown stands last, whatever its size."""
    order = sorted(sums, key=lambda key: (_is_unknown(key), -sums[key], key))
    named = [key for key in order if not _is_unknown(key)][:most]
    return [*named, *(key for key in order if _is_unknown(key))]


def _is_unknown(key: str) -> bool:
    return key in ("unknown", "no known route")


def drawing(layers: Layers) -> str:
    """The layers as an SVG element that loads nothing and needs no style."""
    tops, heights = _places(layers)
    step = (_WIDE - _SIDE - _THICK - _LAST) / (len(layers.names) - 1)
    parts = [
        f'<svg class="layers" viewBox="0 0 {_WIDE} {_TALL}" role="img" '
        f'aria-label="{escape(layers.title)}">'
    ]
    out = [dict.fromkeys((node.key for node in nodes), 0.0) for nodes in layers.nodes]
    into = [dict.fromkeys((node.key for node in nodes), 0.0) for nodes in layers.nodes]
    ranks = [{node.key: n for n, node in enumerate(nodes)} for nodes in layers.nodes]
    ordered = sorted(
        layers.ribbons,
        key=lambda r: (r.layer, ranks[r.layer][r.source], ranks[r.layer + 1][r.target]),
    )
    for ribbon in ordered:
        here, there = ribbon.layer, ribbon.layer + 1
        tall = ribbon.share * heights
        left = _SIDE + here * step + _THICK
        right = _SIDE + there * step
        y1 = tops[here][ribbon.source] + out[here][ribbon.source]
        y2 = tops[there][ribbon.target] + into[there][ribbon.target]
        out[here][ribbon.source] += tall
        into[there][ribbon.target] += tall
        middle = (left + right) / 2
        paint = colour(_node(layers, here, ribbon.source).country)
        parts.append(
            f'<path d="M{left:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} '
            f"{right:.1f} {y2:.1f}V{y2 + tall:.1f}C{middle:.1f} {y2 + tall:.1f} {middle:.1f} "
            f'{y1 + tall:.1f} {left:.1f} {y1 + tall:.1f}Z" fill="{paint}" fill-opacity="0.28"/>'
        )
    for place, (name, nodes) in enumerate(zip(layers.names, layers.nodes, strict=True)):
        x = _SIDE + place * step
        parts.append(f'<text x="{x:.1f}" y="14" font-weight="600">{escape(name)}</text>')
        above = 0.0  # base line of the label above
        room = (_LAST if place == len(layers.names) - 1 else step - _THICK) - 10
        for node in nodes:
            y = tops[place][node.key]
            tall = max(node.share * heights, 1.0)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{_THICK}" height="{tall:.1f}" '
                f'fill="{colour(node.country)}"><title>{escape(node.name)}: '
                f"{escape(percent(node.share))} of the ways</title></rect>"
            )
            base = y + tall / 2 + 4
            if base - above < _LINE:
                continue  # its name would lie over another one; the table has it
            above = base
            parts.append(
                f'<text x="{x + _THICK + 5:.1f}" y="{base:.1f}">{escape(_label(node, room))}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)


def _label(node: Node, room: float) -> str:
    """A piece's name and number, as much of the name as there is room for."""
    number = _number(node)
    letters = int(room / _LETTER) - len(number) - 1
    name = node.name if len(node.name) <= letters else node.name.partition(" (")[0]
    if len(name) > letters:
        name = name[: letters - 1].rstrip() + "…"
    return f"{name} {number}".rstrip()


def bars(layers: Layers) -> str:
    """For a narrow page: by layer a stacked bar as SVG, and its pieces in words."""
    parts = []
    for name, nodes in zip(layers.names, layers.nodes, strict=True):
        left, rects = 0.0, []
        for node in nodes:
            wide = node.share * _STRIP
            rects.append(
                f'<rect x="{left:.1f}" y="0" width="{max(wide - 1, 0.5):.1f}" height="10" '
                f'fill="{colour(node.country)}"/>'
            )
            left += wide
        words = ", ".join(f"{node.name} {_number(node)}".rstrip() for node in nodes)
        parts.append(
            f'<b>{escape(name)}</b><svg viewBox="0 0 {_STRIP} 10" preserveAspectRatio="none" '
            f'aria-hidden="true">{"".join(rects)}</svg><span>{escape(words)}</span>'
        )
    return "".join(parts)


_STRIP = 400


def _number(node: Node) -> str:
    """What the piece reaches; nothing for several pieces, whose reaches overlap."""
    return percent(node.reach) if node.reach is not None else ""


def _places(layers: Layers) -> tuple[list[dict[str, float]], float]:
    """Top of each node by layer, and how tall the whole is."""
    most = max(len(nodes) for nodes in layers.nodes)
    tall = _TALL - _TOP - _GAP * most
    tops = []
    for nodes in layers.nodes:
        y, found = float(_TOP), {}
        for node in nodes:
            found[node.key] = y
            y += node.share * tall + _GAP
        tops.append(found)
    return tops, tall


def _node(layers: Layers, place: int, key: str) -> Node:
    return next(node for node in layers.nodes[place] if node.key == key)


def strips(layers: Layers, width: int) -> list[tuple[str, list[tuple[str, str]], str]]:
    """For a terminal: by layer its name, a bar as (blocks, country), and its largest pieces."""
    found = []
    for name, nodes in zip(layers.names, layers.nodes, strict=True):
        bar: list[tuple[str, str]] = []
        used, passed = 0, 0.0
        for number, node in enumerate(nodes):
            passed += node.share
            end = width if number == len(nodes) - 1 else round(passed * width)
            unknown = node.country in ("unknown", "")
            mark = "░" if unknown else "█▓"[number % 2]
            bar.append((mark * (end - used), node.country))
            used = end
        words = ", ".join(f"{node.name} {_number(node)}".rstrip() for node in nodes)
        found.append((name, bar, words))
    return found
