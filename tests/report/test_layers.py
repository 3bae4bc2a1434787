"""The picture of layers: nothing lies over anything else, nothing is lost, names are only text."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import HOSTILE

from underlay.measures.definitions import Figure, Row
from underlay.report.between import narrowest
from underlay.report.document import Layers
from underlay.report.layers import OTHER, bars, drawing, layers_of, strips

LAYERS = ("first", "second", "third")
LETTER = 6.8  # units of a label's letter, about


def figure(links: list[tuple[str, str, str, float]]) -> Figure:
    """Links (layer, from, to, share) as the measure gives them, each piece reaching its share."""
    reach: dict[tuple[str, str], float] = {}
    order = ("a", "b", "c")
    for layer, source, target, share in links:
        after = order[order.index(layer) + 1]
        if layer == "a":
            reach[layer, source] = reach.get((layer, source), 0.0) + share
        reach[after, target] = reach.get((after, target), 0.0) + share
    rows = tuple(
        Row({"link": f"{s} > {t}"}, share, more={
            "layer": layer, "from": s, "to": t, "from_reach": reach.get((layer, s), 0.0),
            "to_reach": reach[order[order.index(layer) + 1], t]})
        for layer, s, t, share in links
    )  # fmt: skip
    return Figure("stack_flow", "", "share", "link", rows, {}, {}, (), "", "", "")


def made(links: list[tuple[str, str, str, float]], most: int = 7) -> Layers:
    def called(_: int, key: str) -> tuple[str, str]:
        return f"piece {key}", "unknown" if key == "unknown" else "US"

    return layers_of(figure(links), LAYERS, called, title="T", subtitle="S", most=most)


shares = st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=18)


@st.composite
def flows(draw: st.DrawFn) -> list[tuple[str, str, str, float]]:
    """Pieces of two layers, all of which lead into a third."""
    sizes = draw(shares)
    total = sum(sizes)
    middle = draw(st.lists(st.sampled_from("mnopqr"), min_size=len(sizes), max_size=len(sizes)))
    links = [
        ("a", f"x{number}" if number else "unknown", to, size / total)
        for number, (size, to) in enumerate(zip(sizes, middle, strict=True))
    ]
    out: dict[str, float] = {}
    for _, _, to, share in links:
        out[to] = out.get(to, 0.0) + share
    return [*links, *(("b", name, "end", share) for name, share in out.items())]


@given(flows())
def test_each_layer_is_the_whole_and_labels_stand_apart(
    links: list[tuple[str, str, str, float]],
) -> None:
    layers = made(links)
    for nodes in layers.nodes:
        assert sum(node.share for node in nodes) == pytest.approx(1.0)
    for place in range(2):
        through = sum(ribbon.share for ribbon in layers.ribbons if ribbon.layer == place)
        assert through == pytest.approx(1.0)
    root = ET.fromstring(drawing(layers))  # noqa: S314 - our own drawing
    wide, tall = (float(part) for part in root.attrib["viewBox"].split()[2:])
    columns: dict[str, list[float]] = {}
    for text in root.iter("text"):
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        assert x >= 0
        assert 0 < y <= tall
        assert x + len(text.text or "") * LETTER <= wide + LETTER
        columns.setdefault(text.attrib["x"], []).append(y)
    for places in columns.values():
        ordered = sorted(places)
        assert all(b - a >= 12 for a, b in pairwise(ordered))
    for rect in root.iter("rect"):
        assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= tall


def test_small_pieces_become_one_and_the_unknown_stays() -> None:
    links = [("a", f"x{n}", "m", 0.05) for n in range(10)] + [("a", "unknown", "m", 0.5)]
    links.append(("b", "m", "end", 1.0))
    layers = made(links, most=3)
    first = layers.nodes[0]
    assert [node.key for node in first] == ["x0", "x1", "x2", "unknown", OTHER]
    assert first[-1].name == "7 others"
    assert first[-1].share == pytest.approx(0.35)
    assert first[-1].reach is None  # what several reach overlaps
    assert "7 others<" in drawing(layers)  # without a number
    assert made(links, most=20).nodes[0][-1].key == "unknown"


def test_a_long_name_is_shortened_and_its_number_is_not() -> None:
    links = [("a", "x", "m", 1.0), ("b", "m", "end", 1.0)]

    def called(place: int, key: str) -> tuple[str, str]:
        return ("A very long name indeed (which says more than a label can hold)", "US")

    layers = layers_of(figure(links), LAYERS, called, title="T", subtitle="S")
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", drawing(layers))
    assert labels.count("A very long name indeed 100\u00a0%") == 2
    assert "A very long name… 100\u00a0%" in labels  # behind the last layer there is less room


def test_a_hostile_name_is_text() -> None:
    links = [("a", "x", "m", 1.0), ("b", "m", "end", 1.0)]
    layers = layers_of(
        figure(links), LAYERS, lambda *_: (HOSTILE, "US"), title=HOSTILE, subtitle=""
    )
    for text in (drawing(layers), bars(layers)):
        assert "<script" not in text
        ET.fromstring(f"<div>{text}</div>")  # noqa: S314 - our own drawing


def test_strips_are_as_long_as_the_terminal_is_wide() -> None:
    links = [("a", f"x{n}", "m", 0.1) for n in range(9)] + [("a", "unknown", "m", 0.1)]
    links.append(("b", "m", "end", 1.0))
    for name, bar, words in strips(made(links), 60):
        assert name in LAYERS
        assert sum(len(blocks) for blocks, _ in bar) == 60
        assert "%" in words
    unknown = [blocks for blocks, country in strips(made(links), 60)[0][1] if country == "unknown"]
    assert "".join(unknown) == "░" * 6


def row(by: str, name: str, value: float, models: int = 1, **more: object) -> Row:
    edges = {"edges_10": 1, "edges_50": 2, "edges_90": None}
    return Row({by: name}, value, more={"name": name, "models": models, **edges, **more})


def asked(singles: list[Row], pairs: list[Row]) -> object:
    def ask(name: str, by: str = "", **_: str) -> Figure:
        rows = tuple(singles if by == "component" else pairs)
        return Figure(name, "", "share", by, rows, {}, {}, (), "2026-06-10", "", "")

    return ask


def test_narrow_points_that_cost_the_same_stand_in_one_row() -> None:
    singles = [
        row("component", "Hub", 0.6, 9, layer="package", owner_country="US", same="Tokens, Safe"),
        row("component", "Metal", 0.1, 2, layer="toolchain", owner_country="US", same=""),
        row("component", "TSMC", 0.1, 2, layer="foundry", owner_country="TW", same=""),
    ]
    pairs = [
        row("pair", "Metal + Hub", 0.9, 12),
        row("pair", "Hub + TSMC", 0.9, 12),
        row("pair", "Torch + Metal", 0.9, 12),
        row("pair", "Torch + TSMC", 0.8, 12),
    ]
    line = narrowest(asked(singles, pairs))  # type: ignore[arg-type]
    (table,) = line.pictures
    assert not isinstance(table, Layers)
    assert [cells[1:] for cells in table.table().rows] == [
        ("Hub, Tokens or Safe", "US", "60\u00a0%", "9"),
        ("Metal or TSMC", "US, TW", "10\u00a0%", "2"),
        ("Hub + Metal or TSMC", "–", "90\u00a0%", "12"),
        ("Torch + Metal", "–", "90\u00a0%", "12"),
        ("Torch + TSMC", "–", "80\u00a0%", "12"),
    ]
    assert table.table().rows[0][0] == "1 / 2 / –"
