"""The AND/OR graph against brute force: a set of components at a time, by the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import BadValueError
from underlay.stack.graph import Graph, pack, pairs, singles, unpack

Edge = tuple[int, str, int]


@st.composite
def edge_lists(draw: st.DrawFn, *, circles: bool = False, most: int = 9) -> tuple[int, list[Edge]]:
    """A graph of a few components; without circles a component needs smaller ones only."""
    count = draw(st.integers(1, most))
    edges = []
    for component in range(count):
        below = count if circles else component
        if not below:
            continue
        for slot in range(draw(st.integers(0, 3))):
            providers = draw(st.sets(st.integers(0, below - 1), min_size=1, max_size=3))
            edges += [(component, f"slot {slot}", p) for p in sorted(providers)]
    return count, edges


@st.composite
def removals(draw: st.DrawFn, count: int, scenarios: int = 70) -> np.ndarray:
    """Booleans (components, scenarios), more than one word of them."""
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).random((count, scenarios)) < 0.25


def brute_alive(count: int, edges: list[Edge], removed: set[int]) -> set[int]:
    """The largest set in which everybody has a provider for every slot, found by exclusion."""
    slots: dict[int, dict[str, set[int]]] = {}
    for component, slot, provider in edges:
        slots.setdefault(component, {}).setdefault(slot, set()).add(provider)
    alive = set(range(count)) - removed
    while True:
        dead = {
            c
            for c in alive
            if any(not providers & alive for providers in slots.get(c, {}).values())
        }
        if not dead:
            return alive
        alive -= dead


def ways(edges: list[Edge], start: int) -> set[frozenset[int]]:
    """Every way to have `start`: one provider chosen for each slot, down to the bottom."""
    slots: dict[str, set[int]] = {}
    for component, slot, provider in edges:
        if component == start:
            slots.setdefault(slot, set()).add(provider)
    found = {frozenset({start})}
    for providers in slots.values():
        below = {way for provider in providers for way in ways(edges, provider)}
        found = {one | other for one in found for other in below}
    return found


@given(st.data(), st.booleans())
def test_who_is_alive_is_what_the_definition_says(data: st.DataObject, circles: bool) -> None:
    count, edges = data.draw(edge_lists(circles=circles))
    gone = data.draw(removals(count))
    alive = unpack(Graph.build(count, edges).alive(pack(gone)), gone.shape[1]).astype(bool)
    for scenario in range(gone.shape[1]):
        removed = set(np.flatnonzero(gone[:, scenario]).tolist())
        assert set(np.flatnonzero(alive[:, scenario]).tolist()) == brute_alive(
            count, edges, removed
        )


@given(st.data(), st.booleans())
def test_removing_more_never_brings_anything_back(data: st.DataObject, circles: bool) -> None:
    count, edges = data.draw(edge_lists(circles=circles))
    some, more = data.draw(removals(count)), data.draw(removals(count))
    graph = Graph.build(count, edges)
    before, after = graph.alive(pack(some)), graph.alive(pack(some | more))
    assert not (after & ~before).any()


@given(st.data(), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(
    data: st.DataObject, circles: bool, random: np.random.Generator
) -> None:
    count, edges = data.draw(edge_lists(circles=circles))
    shuffled = [*edges, *edges[:2]]  # doubles don't matter either
    random.shuffle(shuffled)
    gone = pack(data.draw(removals(count)))
    assert Graph.build(count, edges) == Graph.build(count, shuffled)
    assert (Graph.build(count, edges).alive(gone) == Graph.build(count, shuffled).alive(gone)).all()


@given(st.data())
def test_who_goes_with_one_component_has_it_in_every_way(data: st.DataObject) -> None:
    count, edges = data.draw(edge_lists(most=7))
    among = list(range(count))
    alive = unpack(Graph.build(count, edges).alive(singles(count, among)), count)
    for component in range(count):
        every = frozenset(range(count)).intersection(*ways(edges, component))
        assert {removed for removed in among if not alive[component, removed]} == set(every)


@given(st.data())
def test_pairs_hold_both(data: st.DataObject) -> None:
    count, edges = data.draw(edge_lists())
    places, words = pairs(count, list(range(count)))
    assert len(places) == count * (count - 1) // 2
    alive = unpack(Graph.build(count, edges).alive(words), len(places))
    for number, (one, other) in enumerate(places.tolist()):
        expected = brute_alive(count, edges, {one, other})
        assert set(np.flatnonzero(alive[:, number]).tolist()) == expected


@pytest.mark.parametrize("scenarios", [1, 63, 64, 65, 200])
def test_bits_come_back_as_they_were(scenarios: int) -> None:
    members = np.random.default_rng(scenarios).random((5, scenarios)) < 0.5
    assert (unpack(pack(members), scenarios).astype(bool) == members).all()


def test_a_circle_lives_until_something_outside_it_is_missing() -> None:
    graph = Graph.build(3, [(0, "a", 1), (1, "b", 0), (1, "c", 2)])
    alive = unpack(graph.alive(pack(np.array([[0, 0], [0, 0], [0, 1]], dtype=bool))), 2)
    assert graph.has_circle
    assert alive.tolist() == [[1, 0], [1, 0], [1, 0]]


def test_an_edge_to_nowhere_is_refused() -> None:
    with pytest.raises(BadValueError, match="can't be `3`"):
        Graph.build(3, [(0, "a", 3)])
