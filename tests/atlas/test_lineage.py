"""Lineage and attribution against a walk of one model at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.lineage import Edge, attribute, first_bases, roots

if TYPE_CHECKING:
    import random

WAYS = ("author", "nearest_base", "root", "fractional")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[int], list[Edge]]:
    """Makers by model (-1 unknown), and edges: chains, merges, cycles, repeats, loops."""
    count = draw(st.integers(1, 12))
    makers = draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count))
    model = st.integers(0, count - 1)
    edge = st.builds(
        Edge,
        child=model,
        base=model,
        relation=st.sampled_from(["finetune", "merge", "quantized"]),
        evidence=st.sampled_from(["declared", "inferred"]),
        source=st.just("x"),
    )
    return makers, draw(st.lists(edge, max_size=20))


def _first(count: int, edges: list[Edge]) -> list[int]:
    found = []
    for model in range(count):
        own = [edge for edge in edges if edge.child == model != edge.base]
        declared = [edge.base for edge in own if edge.evidence == "declared"]
        inferred = [edge.base for edge in own if edge.evidence == "inferred"]
        found.append(min(declared) if declared else min(inferred) if inferred else -1)
    return found


def _chain(first: list[int], model: int) -> tuple[list[int], int]:
    """Models from `model` on, each once, and where the chain comes back to (-1: it ends)."""
    chain = [model]
    while first[chain[-1]] >= 0:
        following = first[chain[-1]]
        if following in chain:
            return chain, chain.index(following)
        chain.append(following)
    return chain, -1


def _root(first: list[int], model: int) -> int:
    chain, back = _chain(first, model)
    return chain[-1] if back < 0 else min(chain[back:])


def _nearest(makers: list[int], first: list[int], model: int) -> int:
    chain, back = _chain(first, model)
    bases = chain[1:] if back < 0 else [*chain[1:], *chain[back:]]
    return next((makers[base] for base in bases if makers[base] >= 0), makers[model])


@given(graphs(), st.randoms(use_true_random=False))
def test_arrays_agree_with_walks(
    graph: tuple[list[int], list[Edge]], shuffler: random.Random
) -> None:
    makers, edges = graph
    count = len(makers)
    first = _first(count, edges)
    shuffled = list(edges)
    shuffler.shuffle(shuffled)
    got = first_bases(count, shuffled)
    assert got.tolist() == first
    assert roots(got).tolist() == [_root(first, model) for model in range(count)]
    found = attribute(np.array(makers, dtype=np.int32), got, shuffled)
    assert set(found) == set(WAYS)
    expected: dict[str, dict[tuple[int, int], float]] = {way: {} for way in WAYS}
    for model in range(count):
        nearest = _nearest(makers, first, model)
        expected["author"][model, makers[model]] = 1.0
        expected["nearest_base"][model, nearest] = 1.0
        expected["root"][model, makers[_root(first, model)]] = 1.0
        bases = {edge.base for edge in edges if edge.child == model != edge.base}
        for base in bases:
            own = makers[base] if makers[base] >= 0 else _nearest(makers, first, base)
            key = model, own
            expected["fractional"][key] = expected["fractional"].get(key, 0.0) + 1 / len(bases)
        if not bases:
            expected["fractional"][model, makers[model]] = 1.0
    for way, part in found.items():
        keys = list(zip(part.model.tolist(), part.organisation.tolist(), strict=True))
        assert len(set(keys)) == len(keys), way
        assert dict(zip(keys, part.weight.tolist(), strict=True)) == pytest.approx(expected[way])
        assert np.bincount(part.model, part.weight, count) == pytest.approx(np.ones(count)), way
        assert part.weight.max() <= 1.0


def test_a_merge_of_one_maker_s_models_is_one_part() -> None:
    edges = [Edge(0, base, "merge", "declared", "x") for base in (1, 2, 3)]
    makers = np.array([9, 5, 5, 6], dtype=np.int32)
    found = attribute(makers, first_bases(4, edges), edges)["fractional"]
    parts = {
        (m, o): w
        for m, o, w in zip(
            found.model.tolist(), found.organisation.tolist(), found.weight, strict=True
        )
    }
    assert parts[0, 5] == pytest.approx(2 / 3)
    assert parts[0, 6] == pytest.approx(1 / 3)


@pytest.mark.parametrize("length", [63, 64, 65, 66, 200, 1000])
def test_long_chains_end_where_they_end(length: int) -> None:
    edges = [Edge(n, n + 1, "finetune", "declared", "x") for n in range(length)]
    makers = np.full(length + 1, -1, dtype=np.int32)
    makers[-1] = 7
    first = first_bases(length + 1, edges)
    assert set(roots(first).tolist()) == {length}
    assert set(attribute(makers, first, edges)["nearest_base"].organisation.tolist()) == {7}


@pytest.mark.parametrize("length", [2, 3, 64, 65, 300])
def test_a_ring_ends_at_its_smallest_member(length: int) -> None:
    ring = [Edge(n, (n + 1) % length, "finetune", "declared", "x") for n in range(length)]
    tail = [Edge(length, length - 1, "finetune", "declared", "x")]
    first = first_bases(length + 1, ring + tail)
    assert roots(first).tolist() == [0] * (length + 1)
    makers = np.full(length + 1, -1, dtype=np.int32)
    found = attribute(makers, first, ring + tail)
    assert set(found["nearest_base"].organisation.tolist()) == {-1}


def test_no_models() -> None:
    first = first_bases(0, [])
    assert roots(first).tolist() == []
    for part in attribute(np.zeros(0, dtype=np.int32), first, []).values():
        assert len(part.model) == len(part.organisation) == len(part.weight) == 0
