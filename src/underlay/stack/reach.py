"""Which requirement classes have a route: states of classes at outlets, before and after removals.

A route of a class is an outlet that is alive and whose edge counts. For the published file the
format counts as a slot of its own, filled by readers of the same build; where the file can't be
read, converting unquantised weights of the model or its base is a `generic` route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.evidence import edges, slot_states
from underlay.stack.facets import State
from underlay.stack.graph import pack
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
    "offer_for",
    "outlets_alive",
    "reached",
    "removed_words",
    "standing",
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
    """States (classes, outlets) under a definition; outlets that are not of its kind are a no.

    `fits` tells where memory is known to do or does not matter, `possible` which edges are real in
    the lower bound, `slots` the states of reading the file, or None where any format will do.
    `is_kind` (outlets,) are those of the definition's route classes and use.
    """

    states: Any
    fits: Any
    possible: Any
    slots: Any
    is_kind: Any
    edges: Edges

    def at(self, threshold: int, *, is_strict: bool = False) -> Any:
        """Which (classes, outlets) count from this state on; strictly only what surely fits."""
        counts = self.states >= threshold
        return counts & self.fits if is_strict else counts


@dataclass(frozen=True)
class Standing:
    """How classes stand at one grade, as booleans (classes,).

    `had` had a route before the removal. Of those, `lost` have none after it; `lost_surely` none
    even if all unknown edges were real; `lost_perhaps` none that a source names.
    """

    had: Any
    lost: Any
    lost_surely: Any
    lost_perhaps: Any


def classes_for(stack: Stack, listed: Listed) -> Classes:
    """The requirement classes of a list."""
    key = ("classes", listed.listing, listed.observed_on, len(listed))
    if key not in stack.memory:
        sizes = {_capacity(stack, outlet) for outlet in stack.outlets} - {None}
        stack.memory[key] = classes_of(listed, sorted(size for size in sizes if size))
    found: Classes = stack.memory[key]
    return found


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
        found = _offer(
            stack, classes, facets, edges(stack, use=facets.use, below=below, until=until)
        )
        if below_state:
            weak = (found.states >= State.GENERIC) & (found.states < below_state)
            states = np.where(weak, np.uint8(State.UNKNOWN), found.states)
            found = Offer(
                states, found.fits, found.possible, found.slots, found.is_kind, found.edges
            )
        stack.memory[key] = (classes, found)  # holds the classes, so that their id stays theirs
    offer: Offer = stack.memory[key][1]
    return offer


def _offer(stack: Stack, classes: Classes, facets: Facets, found: Edges) -> Offer:
    outlets = stack.outlets
    shape = (len(classes), len(outlets))
    place = {name: number for number, name in enumerate(stack.architectures)}
    codes = np.array([place.get(name, -1) for name in classes.architecture], dtype=np.int64)
    states = np.full(shape, State.UNKNOWN, dtype=np.uint8)
    known = codes >= 0
    states[known] = found.states[codes[known]]
    slots = None
    if facets.object == "file":
        slots = _slots(stack, classes, codes, found)
        states = _as_file(states, slots, classes.is_convertible)
    kinds = ROUTE_CLASSES[facets.routes]
    is_kind = np.array([stack.builds[o.build].route_class in kinds for o in outlets], dtype=bool)
    is_kind &= found.serves
    states[:, ~is_kind] = State.NO
    capacity = np.array([_capacity(stack, o) or np.inf for o in outlets], dtype=np.float64)
    need = classes.need_bytes[:, None]
    states[need > capacity[None, :]] = State.NO
    fits = ~(np.isnan(need) & np.isfinite(capacity)[None, :])
    # before a model's architecture is known, no edge of it can be named as missing
    possible = (states != State.NO) & (found.exists[None, :] | (states >= State.GENERIC))
    possible &= known[:, None]
    return Offer(states, fits, possible, slots, is_kind, found)


def _slots(stack: Stack, classes: Classes, codes: Any, found: Edges) -> Any:
    """States (classes, outlets) of reading each class's file."""
    asked: dict[tuple[int, tuple[str, ...]], Any] = {}
    rows = []
    named = {architecture for architecture, _ in found.exceptions}
    for code, formats in zip(codes.tolist(), classes.formats, strict=True):
        key = (code if code in named else -1), formats
        if key not in asked:
            asked[key] = slot_states(stack, found, code, formats)
        rows.append(asked[key])
    shape = (len(classes), len(stack.outlets))
    return np.array(rows, dtype=np.uint8).reshape(shape)


def _as_file(states: Any, slots: Any, is_convertible: Any) -> Any:
    """States of a published file: the architecture and the format, else a conversion."""
    whole = np.where(
        slots >= State.PRODUCT,
        states,
        np.where(
            slots == State.GENERIC,
            np.minimum(states, np.uint8(State.GENERIC)),
            np.minimum(states, slots),
        ),
    )
    can = is_convertible[:, None] & (states >= State.GENERIC) & (whole < State.GENERIC)
    return np.where(can, np.uint8(State.GENERIC), whole)


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
    """Words (outlets, words) of the outlets that are left, given the components removed."""
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
    """Words (classes, words): where some outlet that counts for the class is alive.

    `counts` are booleans (classes, outlets), `alive` words (outlets, words).
    """
    rows, member = _distinct(counts)
    found = np.zeros((len(rows), alive.shape[1]), dtype=np.uint64)
    for place, row in enumerate(rows):
        chosen = np.flatnonzero(row)
        if len(chosen):
            found[place] = np.bitwise_or.reduce(alive[chosen], axis=0)
    return found[member]


def _distinct(rows: Any) -> tuple[Any, Any]:
    """Distinct rows of booleans, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    if not packed.size:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    whole = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, member = np.unique(whole, return_index=True, return_inverse=True)
    return rows[first], member.reshape(-1)


def standing(
    stack: Stack,
    classes: Classes,
    facets: Facets,
    removal: Removal,
    *,
    grade: str = "",
    until: int | None = None,
) -> Standing:
    """How classes stand at a grade (the definition's own unless one is given) after a removal."""
    threshold = int(State[(grade or facets.grade).upper()])
    before = offer_for(stack, classes, facets, until=until)
    after = offer_for(
        stack, classes, facets,
        below=removal.below, below_state=int(removal.below_state), until=until,
    )  # fmt: skip
    nothing = removed_words(stack, [()])
    gone = removed_words(stack, [removal.components])
    withheld = np.isin(np.array(classes.licence, dtype=object), list(removal.licences))

    def reaches(counts: Any, reading: Reading, removed: Any) -> Any:
        alive = outlets_alive(stack, facets, reading, removed)[:, 0] & np.uint64(1)
        return (counts & alive.astype(bool)[None, :]).any(axis=1)

    had = reaches(before.at(threshold), "value", nothing)
    kept = reaches(after.at(threshold), "value", gone) & ~withheld
    perhaps = reaches(after.possible | after.at(threshold), "lower", gone) & ~withheld
    named = max(threshold, int(State.NAMED))
    surely = reaches(after.at(named, is_strict=True), "upper", gone) & ~withheld
    return Standing(had, had & ~kept, had & ~perhaps, had & ~surely)
