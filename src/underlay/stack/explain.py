"""Why a model is kept or lost: its best route, the slot that nothing fills, what comes nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.evidence import said
from underlay.stack.facets import State, grade_name
from underlay.stack.parts import UNKNOWN
from underlay.stack.reach import offer_for, outlets_alive, removed_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.stack.facets import Facets
    from underlay.stack.parts import Stack
    from underlay.stack.population import Classes, Listed
    from underlay.stack.reach import Offer
    from underlay.stack.removals import Removal

__all__ = [
    "Kept",
    "Lost",
    "Route",
    "Substitute",
    "explain_kept",
    "explain_lost",
    "ranked",
    "route_at",
    "substitutes",
    "what_is_left",
]

_CLASSES = ("serving", "runs", "cpu")


@dataclass(frozen=True)
class Route:
    """One way to run a model, with the statement that it rests on most."""

    runtime: str
    backend: str
    line: str
    route_class: str
    grade: str
    seen_on: str
    source: str
    version: str
    path: str
    stated_by: str
    is_conflicting: bool = False


@dataclass(frozen=True)
class Kept:
    """A model that still has a route; `weight` is its part of the whole."""

    model: str
    weight: float
    route: str
    grade: str
    architecture: str
    best: Route


@dataclass(frozen=True)
class Lost:
    """A model that had a route and has none: the slot that fails, what was searched, what is near.

    `searched` counts the builds that are left by what is known of them for this architecture.
    """

    model: str
    weight: float
    architecture: str
    had: Route
    slot: str
    needs: str
    searched: dict[str, int]
    nearest: str
    nearest_state: str


@dataclass(frozen=True)
class Substitute:
    """A line of accelerators that carries what is kept.

    `share` is the part of the whole that has a route there, `only` the part that has none
    elsewhere, `split` the part when each model divides its weight among its lines.
    """

    backend: str
    line: str
    organisation: str
    country: str
    share: float
    only: float
    split: float
    best_grade: str


def route_at(stack: Stack, offer: Offer, classes: Classes, of: int, outlet: int, use: str) -> Route:
    """The route of a class through an outlet."""
    place = stack.outlets[outlet]
    build = stack.builds[place.build]
    name = classes.architecture(of)
    code = stack.architectures.index(name) if name in stack.architectures else -2
    rests = said(stack, code, outlet, use=use)[0]
    line = stack.components[place.line].id if place.line >= 0 else UNKNOWN
    return Route(
        build.runtime, build.backend, line, build.route_class,
        grade_name(int(offer.states[offer.kind[of], outlet])), rests.last_seen or rests.first_seen,
        rests.source, rests.version, rests.path, rests.stated_by,
        bool(code >= 0 and offer.edges.conflict[code, outlet]),
    )  # fmt: skip


def ranked(stack: Stack, states: Any, breadth: Any) -> list[int]:
    """Outlets by state, best first; of equals serving before plain frameworks, then those on which
    most architectures run, then the line with most memory, then by name.
    """

    def key(outlet: int) -> tuple[Any, ...]:
        place = stack.outlets[outlet]
        build = stack.builds[place.build]
        line = stack.components[place.line] if place.line >= 0 else None
        memory = (line.memory_bytes if line else None) or 0.0
        kind = _CLASSES.index(build.route_class)
        wide = -int(breadth[outlet])
        return (-int(states[outlet]), kind, wide, -memory, build.id, line.id if line else "")

    return sorted(np.flatnonzero(states >= State.UNKNOWN).tolist(), key=key)


def explain_kept(
    stack: Stack,
    listed: Listed,
    classes: Classes,
    facets: Facets,
    removal: Removal,
    places: Sequence[int],
    weight: Any,
) -> tuple[Kept, ...]:
    """The models at `places`, each with its best route after the removal."""
    after, alive = what_is_left(stack, classes, facets, removal)
    found = []
    for place in places:
        of = int(classes.member[place])
        states = np.where(alive, after.states[after.kind[of]], 0)
        best = route_at(
            stack, after, classes, of, ranked(stack, states, after.edges.breadth)[0], facets.use
        )
        text = f"{best.runtime.partition(':')[2]} on {best.backend.partition(':')[2]}"
        if best.line != UNKNOWN:
            text += f", {best.line.partition(':')[2]}"
        found.append(
            Kept(
                str(listed.name[place]), float(weight[place]), text, best.grade,
                classes.architecture(of), best,
            )
        )  # fmt: skip
    return tuple(found)


def explain_lost(
    stack: Stack,
    listed: Listed,
    classes: Classes,
    facets: Facets,
    removal: Removal,
    places: Sequence[int],
    weight: Any,
) -> tuple[Lost, ...]:
    """The models at `places`, each with the route that it had and why nothing replaces it."""
    before = offer_for(stack, classes, facets)
    after, alive = what_is_left(stack, classes, facets, removal)
    found = []
    for place in places:
        of = int(classes.member[place])
        had = ranked(stack, before.states[before.kind[of]], before.edges.breadth)[0]
        slot, needs = _failing(stack, classes, facets, removal, of, had)
        searched: dict[str, int] = {}
        left: dict[str, int] = {}
        for outlet in np.flatnonzero(alive & after.edges.exists & after.is_kind).tolist():
            build = stack.builds[stack.outlets[outlet].build].id
            left[build] = max(left.get(build, 0), int(after.states[after.kind[of], outlet]))
        for state in left.values():
            name = "documented-no" if state == State.NO else grade_name(state)
            searched[name] = searched.get(name, 0) + 1
        near = _nearest(stack, after, alive, of, had)
        found.append(
            Lost(
                str(listed.name[place]), float(weight[place]), classes.architecture(of),
                route_at(stack, before, classes, of, had, facets.use), slot, needs,
                dict(sorted(searched.items())), *near,
            )
        )  # fmt: skip
    return tuple(found)


def _nearest(stack: Stack, after: Offer, alive: Any, of: int, had: int) -> tuple[str, str]:
    """The build left whose edge is known best below a route, the same runtime first."""
    states = np.where(alive & after.edges.exists & after.is_kind, after.states[after.kind[of]], 0)
    runtime = stack.builds[stack.outlets[had].build].runtime
    order = ranked(stack, states, after.edges.breadth)
    if not order:
        return "", ""
    best = max(int(states[outlet]) for outlet in order)
    near = [outlet for outlet in order if int(states[outlet]) == best]
    same = [o for o in near if stack.builds[stack.outlets[o].build].runtime == runtime]
    outlet = (same or near)[0]
    return stack.builds[stack.outlets[outlet].build].id, grade_name(best)


def _failing(
    stack: Stack, classes: Classes, facets: Facets, removal: Removal, of: int, outlet: int
) -> tuple[str, str]:
    """(slot, component) at which the best route of before breaks."""
    if classes.has_licence(removal.licences)[of]:
        return "licence", classes.names[3][classes.rows[of, 3]]
    place = stack.outlets[outlet]
    gone = set(removal.components)
    if place.line >= 0 and stack.components[place.line].id in gone:
        return "accelerator", stack.components[place.line].id
    seen: set[str] = set()
    queue = [(stack.components[place.component].id, "")]
    if place.line >= 0:
        queue.append((stack.components[place.line].id, "accelerator"))
    while queue:
        component, slot = queue.pop(0)
        if component in gone:
            return slot or "build", component
        if component in seen:
            continue
        seen.add(component)
        slots: dict[str, list[str]] = {}
        for need in stack.needs:
            if need.component == component and need.use in (facets.use, "both"):
                slots.setdefault(need.slot, []).append(need.provider)
        # the slot all of whose providers go is the one that breaks
        order = sorted(slots, key=lambda s: not set(slots[s]) <= gone)
        queue += [(p, s) for s in order for p in sorted(slots[s]) if p != UNKNOWN]
    return ("evidence", f"grade below {removal.below or grade_name(removal.below_state)}")


def substitutes(
    stack: Stack, classes: Classes, facets: Facets, removal: Removal, kept: Any, weight: Any
) -> tuple[Substitute, ...]:
    """Lines that carry the classes `kept` at the definition's grade, the most weight first."""
    after, alive = what_is_left(stack, classes, facets, removal)
    of_class = np.bincount(classes.member, weight, minlength=len(classes))
    of_kind = after.sums([np.where(kept, of_class, 0.0)])[0]
    groups: dict[tuple[str, str], list[int]] = {}
    for outlet in np.flatnonzero(alive).tolist():
        place = stack.outlets[outlet]
        line = stack.components[place.line].id if place.line >= 0 else UNKNOWN
        groups.setdefault((stack.builds[place.build].backend, line), []).append(outlet)
    counts = after.at(int(facets.state))
    keys = sorted(groups)
    if not keys:
        return ()
    on = np.stack([counts[:, groups[key]].any(axis=1) for key in keys], axis=1)
    number = on.sum(axis=1)
    found = []
    for column, (backend, line) in enumerate(keys):
        here = on[:, column]
        share = float(of_kind[here].sum())
        if share <= 0:
            continue
        best = int(after.states[here & (of_kind > 0)][:, groups[backend, line]].max())
        maker = stack.components[stack.places[line if line != UNKNOWN else backend]]
        found.append(
            Substitute(
                backend, line, maker.organisation, maker.country, share,
                float(of_kind[here & (number == 1)].sum()),
                float((of_kind[here] / number[here]).sum()), grade_name(best),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda each: (-each.share, each.backend, each.line)))


def what_is_left(
    stack: Stack, classes: Classes, facets: Facets, removal: Removal
) -> tuple[Offer, Any]:
    """What is offered after the removal, and which outlets (outlets,) are alive."""
    offer = offer_for(
        stack, classes, facets, below=removal.below, below_state=int(removal.below_state)
    )
    words = outlets_alive(stack, facets, "value", removed_words(stack, [removal.components]))
    return offer, (words[:, 0] & np.uint64(1)).astype(bool)
