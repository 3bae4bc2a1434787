"""Which requirement classes have a route: states of classes at outlets, before and after removals.

A route of a class is an outlet that is alive and whose edge counts. For the published file the
format counts as a slot of its own, filled by readers of the same build; where the file can't be
read, converting unquantised weights of the model or its base is a `generic` route.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.evidence import edges, slot_states
from underlay.stack.facets import State
from underlay.stack.graph import pack, unpack
from underlay.stack.population import classes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.stack.evidence import Edges
    from underlay.stack.facets import Facets
    from underlay.stack.parts import Outlet, Reading, Stack
    from underlay.stack.population import Classes, Listed
    from underlay.stack.removals import Removal

__all__ = [
    "ROUTE_CLASSES",
    "Offer",
    "Standing",
    "classes_for",
    "damages",
    "distinct",
    "offer_for",
    "outlets_alive",
    "reached",
    "removed_words",
    "standings",
]

ROUTE_CLASSES: dict[str, tuple[str, ...]] = {
    "accelerated": ("serving", "runs"),
    "serving": ("serving",),
    "runs": ("runs",),
    "cpu": ("cpu",),
    "all": ("serving", "runs", "cpu"),
}
# one machine holds the whole model; other routes spread it over cards and machines
_ONE_MACHINE = frozenset(("toolchain:metal", "toolchain:cpu"))


@dataclass(frozen=True)
class Offer:
    """States (kinds, outlets) under a definition; outlets that are not of its kind are a no.

    A kind holds the classes that ask the same under this definition: `kind` (classes,) tells which,
    `first` (kinds,) is one class of each. `fits` tells where memory is known to do or does not
    matter, `possible` which edges are real in the lower bound, `slots` the states of reading the
    file, or None where any format will do. `is_kind` (outlets,) are those of the definition's route
    classes and use.
    """

    kind: Any
    first: Any
    states: Any
    fits: Any
    possible: Any
    slots: Any
    is_kind: Any
    edges: Edges

    def at(self, threshold: int, *, is_strict: bool = False) -> Any:
        """Which (kinds, outlets) count from this state on; strictly only what surely fits."""
        counts = self.states >= threshold
        return counts & self.fits if is_strict else counts

    def sums(self, weights: Any) -> Any:
        """Weights (weights, classes) as those of kinds (weights, kinds)."""
        return np.stack(
            [np.bincount(self.kind, weight, minlength=len(self.first)) for weight in weights]
        )


@dataclass(frozen=True)
class Standing:
    """How classes stand at one grade, as booleans (classes,).

    `had` had a route before the removal. Of those, `lost` have none after it; `lost_surely` none
    even if all unknown edges were real; `lost_perhaps` lose a route, and none is left that a source
    names.
    """

    had: Any
    lost: Any
    lost_surely: Any
    lost_perhaps: Any


def classes_for(stack: Stack, listed: Listed) -> Classes:
    """The requirement classes of a list."""
    key = ("classes", id(listed))
    if key not in stack.memory:
        _forget(stack)
        sizes = {_capacity(stack, outlet) for outlet in stack.outlets}
        found = classes_of(listed, sorted(size for size in sizes if size))
        stack.memory[key] = (listed, found)  # holds the list, so that its id stays its own
    classes: Classes = stack.memory[key][1]
    return classes


def _forget(stack: Stack) -> None:
    """Let go of answers, where many lists and definitions have been asked for."""
    if len(stack.memory) > _KEPT:
        for key in [key for key in stack.memory if key[0] in ("classes", "offer", "edges")]:
            del stack.memory[key]


def offer_for(
    stack: Stack,
    classes: Classes,
    facets: Facets,
    *,
    below: str = "",
    below_state: int = 0,
    until: int | None = None,
) -> Offer:
    """What each class is offered where; evidence below a grade or after a day left out."""
    key = (
        "offer",
        id(classes),
        facets.use,
        facets.object,
        facets.routes,
        below,
        below_state,
        until,
    )
    if key not in stack.memory:
        _forget(stack)
        found = _offer(
            stack, classes, facets, edges(stack, use=facets.use, below=below, until=until)
        )
        if below_state:
            weak = (found.states >= State.GENERIC) & (found.states < below_state)
            states = np.where(weak, np.uint8(State.UNKNOWN), found.states)
            found = replace(found, states=states)
        stack.memory[key] = (classes, found)  # holds the classes, so that their id stays theirs
    offer: Offer = stack.memory[key][1]
    return offer


def _offer(stack: Stack, classes: Classes, facets: Facets, found: Edges) -> Offer:
    outlets = stack.outlets
    is_file = facets.object == "file"
    first, kind = classes.alike((0, 1, 2, 4, 5) if is_file else (0, 5))
    place = {name: number for number, name in enumerate(stack.architectures)}
    of_name = np.array([place.get(name, -1) for name in classes.names[0]], dtype=np.int64)
    codes = of_name[classes.rows[first, 0]]
    states = np.full((len(first), len(outlets)), State.UNKNOWN, dtype=np.uint8)
    known = codes >= 0
    states[known] = found.states[codes[known]]
    slots = None
    if is_file:
        slots = _slots(stack, classes, first, codes, found)
        states = _as_file(states, slots, classes.rows[first, 4].astype(bool))
    kinds = ROUTE_CLASSES[facets.routes]
    is_kind = np.array([stack.builds[o.build].route_class in kinds for o in outlets], dtype=bool)
    is_kind &= found.serves
    states[:, ~is_kind] = State.NO
    capacity = np.array([_capacity(stack, o) or np.inf for o in outlets], dtype=np.float64)
    need = classes.need_bytes(first)
    gated = np.flatnonzero(np.isfinite(capacity))
    fits = np.ones(states.shape, dtype=bool)
    for outlet in gated.tolist():
        states[need > capacity[outlet], outlet] = State.NO
        fits[:, outlet] = ~np.isnan(need)
    # before a model's architecture is known, no edge of it can be named as missing
    possible = (states != State.NO) & (found.exists[None, :] | (states >= State.GENERIC))
    possible &= known[:, None]
    return Offer(kind, first, states, fits, possible, slots, is_kind, found)


def _slots(stack: Stack, classes: Classes, first: Any, codes: Any, found: Edges) -> Any:
    """States (kinds, outlets) of reading the file of each kind."""
    pairs, pair = np.unique(classes.rows[first][:, 1:3], axis=0, return_inverse=True)
    pair = pair.reshape(-1)
    one_of_each = [int(first[place]) for place in np.unique(pair, return_index=True)[1].tolist()]
    general = [slot_states(stack, found, -1, classes.formats(of)) for of in one_of_each]
    table = np.array(general, dtype=np.uint8).reshape(len(pairs), len(stack.outlets))
    slots = table[pair]
    # few architectures have a source that names them with a format
    named = sorted({architecture for architecture, _ in found.exceptions})
    for kind in np.flatnonzero(np.isin(codes, named)).tolist():
        slots[kind] = slot_states(stack, found, int(codes[kind]), classes.formats(int(first[kind])))
    return slots


def _as_file(states: Any, slots: Any, is_convertible: Any) -> Any:
    """States of a published file: the architecture and the format, else a conversion."""
    # a reader that is known for sure takes nothing from what is known of the architecture
    limit = np.arange(256, dtype=np.uint8)
    limit[State.PRODUCT :] = 255
    whole = limit[slots]
    np.minimum(whole, states, out=whole)
    rows = np.flatnonzero(is_convertible)
    converted = np.minimum(states[rows], np.uint8(State.GENERIC))
    # of a conversion only the route counts: no doubt about the file becomes one about its base
    converted[converted < State.GENERIC] = State.NO
    whole[rows] = np.maximum(whole[rows], converted)
    return whole


def _capacity(stack: Stack, outlet: Outlet) -> float | None:
    """Bytes that a route has on its one machine; None where it can have more, or nobody says."""
    build = stack.builds[outlet.build]
    if outlet.line < 0 or (build.route_class != "cpu" and build.backend not in _ONE_MACHINE):
        return None
    return stack.components[outlet.line].memory_bytes


def removed_words(stack: Stack, sets: Sequence[Sequence[str]]) -> Any:
    """Words (components, words) of scenarios, each a set of component ids that go."""
    members = np.zeros((len(stack.components), len(sets)), dtype=bool)
    for scenario, ids in enumerate(sets):
        members[[stack.places[name] for name in ids], scenario] = True
    return pack(members)


def outlets_alive(stack: Stack, facets: Facets, reading: Reading, removed: Any) -> Any:
    """Words (outlets, words) of the outlets that are left, given the components removed.

    The last few answers are kept: definitions that differ in what counts ask the same of the graph.
    """
    if removed.shape[1] > 1:
        return _outlets_alive(stack, facets, reading, removed)
    kept: dict[Any, Any] = stack.memory.setdefault("alive", {})
    key = (reading, facets.use, facets.supply, removed.tobytes())
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = _outlets_alive(stack, facets, reading, removed)
    return kept[key]


def _outlets_alive(stack: Stack, facets: Facets, reading: Reading, removed: Any) -> Any:
    graph = stack.graph(reading, facets.use, facets.supply)
    all_of_them = np.zeros((len(graph), removed.shape[1]), dtype=np.uint64)
    all_of_them[: removed.shape[0]] = removed
    alive = graph.alive(all_of_them)
    if not stack.outlets:
        return np.zeros((0, removed.shape[1]), dtype=np.uint64)
    found = alive[[outlet.component for outlet in stack.outlets]]
    lines = np.array([outlet.line for outlet in stack.outlets], dtype=np.int64)
    on = lines >= 0
    found[on] &= alive[lines[on]]
    return found


def reached(counts: Any, alive: Any) -> Any:
    """Words (kinds, words): where some outlet that counts for the kind is alive.

    `counts` are booleans (kinds, outlets), `alive` words (outlets, words).
    """
    found = np.zeros((len(counts), alive.shape[1]), dtype=np.uint64)
    for place, row in enumerate(counts):
        chosen = np.flatnonzero(row)
        if len(chosen):
            np.bitwise_or.reduce(alive[chosen], axis=0, out=found[place])
    return found


def distinct(rows: Any) -> tuple[Any, Any]:
    """Distinct rows of booleans (rows, columns), and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    if not packed.size:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    whole = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, member = np.unique(whole, return_index=True, return_inverse=True)
    return rows[first], member.reshape(-1)


def damages(counts: Any, alive: Any, weights: Any, scenarios: int) -> Any:
    """Weight (weights, scenarios) of the kinds that lose their last route.

    `counts` are booleans (kinds, outlets), `alive` words (outlets, words) of the scenarios,
    `weights` (weights, kinds) those of the kinds that had a route, 0 for others.
    """
    rows, member = distinct(counts)
    heavy = np.stack([np.bincount(member, weight, minlength=len(rows)) for weight in weights])
    used = np.flatnonzero((heavy > 0).any(axis=0))
    found = np.zeros((len(weights), scenarios))
    for start in range(0, len(used), _CHUNK):
        some = used[start : start + _CHUNK]
        left = unpack(reached(rows[some], alive), scenarios)
        found += heavy[:, some] @ (1 - left).astype(np.float64)
    return found


def standings(
    stack: Stack,
    classes: Classes,
    facets: Facets,
    removal: Removal,
    *,
    grades: Sequence[str] = (),
    until: int | None = None,
) -> dict[str, Standing]:
    """How classes stand after a removal, at each of the grades (else the definition's own)."""
    before = offer_for(stack, classes, facets, until=until)
    after = offer_for(
        stack, classes, facets,
        below=removal.below, below_state=int(removal.below_state), until=until,
    )  # fmt: skip
    withheld = classes.has_licence(removal.licences)
    sets: list[tuple[str, ...]] = [(), removal.components]
    words = {
        reading: outlets_alive(stack, facets, reading, removed_words(stack, sets))
        for reading in _READINGS
    }
    at_start, value = (_scenario(words["value"], number) for number in (0, 1))
    lower, upper = _scenario(words["lower"], 1), _scenario(words["upper"], 1)
    found = {}
    for grade in grades or (facets.grade,):
        threshold = int(State[grade.upper()])
        had = _reaches(before, before.at(threshold), at_start)
        kept = _reaches(after, after.at(threshold), value) & ~withheld
        perhaps = _reaches(after, after.possible | after.at(threshold), lower) & ~withheld
        named = max(threshold, int(State.NAMED))
        surely = _reaches(after, after.at(named, is_strict=True), upper) & ~withheld
        # who loses no route at all is not hit, however little is named of what it has
        hit = withheld | _reaches(before, before.at(threshold), at_start & ~upper)
        if removal.below or removal.below_state:
            hit |= True
        found[grade] = Standing(had, had & ~kept, had & ~perhaps, had & hit & ~surely)
    return found


def _scenario(words: Any, number: int) -> Any:
    return ((words[:, 0] >> np.uint64(number)) & np.uint64(1)).astype(bool)


def _reaches(offer: Offer, counts: Any, alive: Any) -> Any:
    """Which classes (classes,) have an outlet that counts and is alive."""
    return counts[:, alive].any(axis=1)[offer.kind]


_READINGS: tuple[Reading, ...] = ("value", "lower", "upper")
_KEPT = 256  # answers kept at once, of some 300 kB each
_CHUNK = 1024  # classes of which all scenarios are held as bytes at once
