"""Chokepoints, minimal pairs, missing edges and Shapley values against brute force."""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stack.made_up import Model, Row, two_vendors
from tests.stack.test_graph import edge_lists, ways
from tests.stack.test_whatif import brute_lost, random_parts, removing

from underlay.errors import BadValueError, NoDataError
from underlay.stack.chokepoints import chokepoints, dominators
from underlay.stack.criticality import shapley, shapley_values
from underlay.stack.facets import Facets
from underlay.stack.population import collapse
from underlay.stack.reach import classes_for, offer_for
from underlay.stack.whatif import whatif


@settings(max_examples=12)  # a hundred removals each, by brute force
@given(st.data(), st.sampled_from(["product", "named", "generic"]))
def test_a_removal_costs_what_the_chokepoint_says(data: st.DataObject, grade: str) -> None:
    made = data.draw(random_parts())
    stack = made.stack()
    where = Facets(grade=grade)
    found = chokepoints(stack, where, top=10_000)
    costs = {name: each.value for each in found.singles for name in (each.component, *each.same)}
    lowest = {each.component: each.lower for each in found.singles}
    total = sum(m.downloads for m in made.models)
    alone = {}
    for component in made.components:
        _, lost = brute_lost(made, {component.id}, where)
        alone[component.id] = lost
        expected = sum(m.downloads for m in made.models if m.name in lost) / total
        assert costs.get(component.id, 0.0) == pytest.approx(expected)
        if component.id in lowest:
            share = whatif(stack, removing(stack, [component.id]), where).weights["downloads"]
            assert share.headline is not None
            assert lowest[component.id] == pytest.approx(share.headline.lower)
    joint = {pair: each.joint for each in found.pairs for pair in (each.components, *each.same)}
    for one, other in combinations(sorted(alone), 2):
        _, both = brute_lost(made, {one, other}, where)
        minimal = both - alone[one] - alone[other]
        expected = sum(m.downloads for m in made.models if m.name in minimal) / total
        assert joint.get((one, other), 0.0) == pytest.approx(expected)


@given(st.data())
def test_a_chokepoint_kills_exactly_the_models_that_it_dominates(data: st.DataObject) -> None:
    """A component dominates a model if it is in every way to have one of its routes."""
    made = data.draw(random_parts())
    stack = made.stack()
    where = Facets(routes="all")
    numbers = {component.id: n for n, component in enumerate(stack.components)}
    edges = [
        (numbers[need.component], need.slot, numbers[need.provider])
        for need in stack.needs
        if need.provider != "unknown"
    ]
    classes = classes_for(stack, stack.listed("os_ai_map"))
    offer = offer_for(stack, classes, where)
    counts = offer.at(int(where.state))
    found = dominators(stack, where, counts)
    for kind, row in enumerate(counts):
        routes = [
            frozenset(stack.components[n].id for n in way)
            for outlet in np.flatnonzero(row).tolist()
            for way in _ways_through(stack, edges, outlet)
        ]
        every = frozenset.intersection(*routes) if routes else frozenset()
        assert set(found[kind]) == {name for name in every if not name.startswith("build:")}


def _ways_through(stack, edges, outlet):  # type: ignore[no-untyped-def]
    """Ways to have an outlet: the build, and its line where it has one."""
    place = stack.outlets[outlet]
    for build in ways(edges, place.component):
        if place.line < 0:
            yield build
        else:
            for line in ways(edges, place.line):
                yield build | line


def test_missing_edges_by_hand() -> None:
    stack = two_vendors().stack()
    found = {each.component: each for each in chokepoints(stack).singles}
    # what TSMC's chips carry: 50 + 20 + 15 of 85; one edge each to the build on Ascend
    missing = found["foundry:tsmc"].missing
    assert (missing.edges_10, missing.edges_50, missing.edges_90) == (1, 1, 3)
    assert missing.dissolvable == pytest.approx(1)
    assert [(e.architecture, e.build, e.builds) for e in missing.first] == [
        ("Both", "build:vllm/cann", 1),
        ("Denied", "build:vllm/cann", 1),
        ("Closed", "build:vllm/cann", 1),
    ]


def test_a_documented_no_cannot_be_dissolved() -> None:
    made = two_vendors()
    for backend in ("rocm", "cann"):
        made.rows.append(Row("runtime:vllm", "Closed", f"toolchain:{backend}", status="no"))
    found = {name: e for e in chokepoints(made.stack()).singles for name in (e.component, *e.same)}
    missing = found["toolchain:cuda"].missing
    assert missing.dissolvable == pytest.approx(20 / 35)
    assert (missing.edges_50, missing.edges_90) == (1, None)


def test_an_unknown_format_is_a_second_edge() -> None:
    made = two_vendors()
    made.models = [Model("a/awq", "Closed", quantisation="awq")]
    made.rows += [
        Row("runtime:tei", file_format="safetensors"),
        Row("runtime:tei", file_format="awq"),
    ]
    stack = made.stack()
    weights = {c.component: c.missing for c in chokepoints(stack).singles}
    files = {c.component: c.missing for c in chokepoints(stack, Facets(object="file")).singles}
    assert weights["runtime:tei"].edges_90 == 1
    assert files["runtime:tei"].edges_90 == 2
    assert files["runtime:tei"].first[0].architecture == "Closed as safetensors and awq"


def test_components_that_end_the_same_builds_stand_together() -> None:
    stack = two_vendors().stack()
    found = chokepoints(stack)
    groups = [{each.component, *each.same} for each in found.singles]
    assert {"package:torch", "runtime:vllm"} in groups
    assert {"accelerator:hopper", "toolchain:cuda"} in groups
    assert found.count_singles == 12
    assert found.count_pairs == 66
    assert found.no_evidence == pytest.approx(0.05)
    first = found.pairs[0]
    assert (first.value, first.joint) == (pytest.approx(0.85), pytest.approx(0.5))
    assert {first.components, *first.same} == {
        ("accelerator:cdna3", "accelerator:hopper"),
        ("accelerator:cdna3", "toolchain:cuda"),
        ("accelerator:hopper", "toolchain:rocm"),
        ("toolchain:cuda", "toolchain:rocm"),
    }
    answer = json.loads(json.dumps(found.to_dict()))
    assert answer["schema"] == "underlay/chokepoints/1"


def test_a_weight_that_the_list_lacks() -> None:
    stack = two_vendors().stack()
    with pytest.raises(NoDataError, match="`tokens` has no data"):
        chokepoints(stack, weight="tokens")
    with pytest.raises(NoDataError, match="`tokens` has no data"):
        shapley(stack, ["nvidia"], weight="tokens")


@settings(max_examples=25)
@given(st.data())
def test_shapley_values_add_up_and_are_those_of_all_orders(data: st.DataObject) -> None:
    made = data.draw(random_parts())
    stack = made.stack()
    ids = [c.id for c in made.components]
    players = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True))
    found = shapley(stack, players)
    assert found.is_exact
    assert sum(each.value for each in found.players) == pytest.approx(found.total)

    @cache
    def loss(gone: frozenset[str]) -> float:
        share = whatif(stack, removing(stack, list(gone))).weights["downloads"].headline
        assert share is not None
        return share.value

    assert found.total == pytest.approx(loss(frozenset(players)))
    orders = list(permutations(players))
    for each in found.players:
        gains = [
            loss(frozenset(order[: order.index(each.name) + 1]))
            - loss(frozenset(order[: order.index(each.name)]))
            for order in orders
        ]
        assert each.value == pytest.approx(sum(gains) / len(orders))
        assert each.alone == pytest.approx(loss(frozenset((each.name,))))


def test_drawn_orders_come_near_the_exact_values() -> None:
    rng = np.random.default_rng(7)
    weight = rng.random(14)

    def loss(sets: np.ndarray) -> np.ndarray:
        # each player's own weight, and what two of them lose together
        return np.asarray(weight @ sets + 3.0 * (sets[0] & sets[1]))

    exact = weight.copy()
    exact[:2] += 1.5
    values, errors, is_exact = shapley_values(14, loss, orders=2000, seed=3)
    assert not is_exact
    assert values.sum() == pytest.approx(exact.sum())
    assert (np.abs(values - exact) <= 4 * errors + 1e-9).all()
    assert errors[:2].min() > 0
    again, _, _ = shapley_values(14, loss, orders=2000, seed=3)
    assert (again == values).all()
    other, _, _ = shapley_values(14, loss, orders=2000, seed=4)
    assert (other != values).any()


def test_players_remove_components() -> None:
    stack = two_vendors().stack()
    with pytest.raises(BadValueError):
        shapley(stack, ["nvidia", "grade<ci"])
    with pytest.raises(BadValueError):
        shapley(stack, [])


@given(edge_lists(), st.integers(0, 99))
def test_collapsing_keeps_every_sum(graph: tuple[int, list[object]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 3).tolist()
    if seed % 3 == 0:
        sizes[0] = 50_000_000  # too many combinations for a table of sums
    columns = [rng.integers(0, size, 50 + graph[0]) for size in sizes]
    weight = rng.random(len(columns[0]))
    rows, sums = collapse(columns, [weight, np.ones(len(weight))])
    expected: dict[tuple[int, ...], list[float]] = {}
    for place in range(len(weight)):
        key = tuple(int(column[place]) for column in columns)
        entry = expected.setdefault(key, [0.0, 0.0])
        entry[0] += weight[place]
        entry[1] += 1
    assert [tuple(row) for row in rows.tolist()] == sorted(expected)
    assert sums[1].tolist() == [expected[tuple(row)][1] for row in rows.tolist()]
    assert sums[0].tolist() == pytest.approx([expected[tuple(row)][0] for row in rows.tolist()])


def test_too_many_combinations_are_refused() -> None:
    column = np.array([2**40])
    with pytest.raises(OverflowError):
        collapse([column, column], [np.ones(1)])
