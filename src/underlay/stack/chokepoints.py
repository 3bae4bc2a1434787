"""Which components cost most when they go, alone and in twos, and how firm that is.

A component that is in every route of a model dominates it, and removing it loses exactly the
models that it dominates. A pair is minimal for a model that loses its last route to both together
and to neither alone. All of that holds only as far as the known edges are all that there are, so
each comes with the number of unknown edges that would dissolve it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError
from underlay.stack.facets import Facets
from underlay.stack.graph import pairs as pair_words
from underlay.stack.graph import singles, unpack
from underlay.stack.missing import Missing, missing_edges
from underlay.stack.population import weights_of
from underlay.stack.reach import (
    classes_for,
    damages,
    distinct,
    offer_for,
    outlets_alive,
    reached,
    removed_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.stack.parts import Stack
    from underlay.stack.population import Classes
    from underlay.stack.reach import Offer

__all__ = [
    "Chokepoint",
    "Chokepoints",
    "Damages",
    "Pair",
    "chokepoints",
    "dominated",
    "dominators",
    "have_route",
    "removable",
    "removal_damages",
]


@dataclass(frozen=True)
class Chokepoint:
    """One component: the part of the whole that goes with it, and what would dissolve that.

    `lower` is the part that goes even if all unknown edges were real. `same` are other components
    whose removal ends exactly the same builds and lines, so that each is as much of a chokepoint.
    """

    component: str
    name: str
    layer: str
    organisation: str
    country: str
    value: float
    lower: float
    models: int
    missing: Missing
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Two components: what goes with both, and what goes with both but with neither alone.

    `same` are other pairs that end exactly the same builds and lines, and cost as much jointly.
    """

    components: tuple[str, str]
    names: tuple[str, str]
    value: float
    joint: float
    models: int
    missing: Missing
    same: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Chokepoints:
    """All single and pair removals, the most damage first; `count_*` are how many were tried."""

    facets: Facets
    weight: str
    listing: str
    observed_on: str
    singles: tuple[Chokepoint, ...]
    pairs: tuple[Pair, ...]
    count_singles: int
    count_pairs: int
    no_evidence: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON answer `underlay/chokepoints/1`."""
        return {
            "schema": "underlay/chokepoints/1",
            "weight": self.weight,
            "definition": self.facets.to_dict(),
            "listing": self.listing,
            "as_of": self.observed_on,
            "tried": {"singles": self.count_singles, "pairs": self.count_pairs},
            "no_evidence": self.no_evidence,
            "singles": [asdict(each) for each in self.singles],
            "pairs": [asdict(each) for each in self.pairs],
        }


def removable(stack: Stack) -> tuple[int, ...]:
    """Places of the components whose removal is tried: all but builds, which nobody owns alone."""
    return tuple(n for n, c in enumerate(stack.components) if c.layer != "build")


def chokepoints(
    stack: Stack,
    facets: Facets | None = None,
    *,
    weight: str = "downloads",
    pairs: bool = True,
    top: int = 20,
) -> Chokepoints:
    """The `top` components and pairs by the weight that goes with them under a definition.

    Pairs are ranked by what goes with both but with neither alone, and only where that is
    something. Raises `NoDataError` for a weight that the list does not have.
    """
    facets = facets or Facets()
    listed = stack.listed(facets.listing)
    weights = weights_of(listed, facets)
    if weight not in weights:
        raise NoDataError(weight, f"the list `{facets.listing}`", ", ".join(weights))
    classes = classes_for(stack, listed)
    offer = offer_for(stack, classes, facets)
    counts = offer.at(int(facets.state))
    had = have_route(stack, facets, counts)
    whole = float(weights[weight].sum())
    columns = (weights[weight] / whole, weights["models"] > 0)
    of_kind = offer.sums([np.bincount(classes.member, c, minlength=len(classes)) for c in columns])
    kept = np.where(had, of_kind, 0.0)
    tried = removal_damages(stack, facets, counts, kept, pairs=pairs)
    among, damage = tried.among, tried.alone
    removed = singles(len(stack.components), among)
    lower = _lower(stack, facets, offer, counts, kept, removed, len(among))
    view = _View(stack, classes, facets, offer, counts, had, of_kind[0])
    found = []
    for group in _groups(damage[0], tried.ends_alone, top):
        place = group[0]
        part = stack.components[among[place]]
        found.append(
            Chokepoint(
                part.id, part.name, part.layer, part.organisation, part.country,
                float(damage[0][place]), float(lower[place]), round(float(damage[1][place])),
                view.missing([part.id]), tuple(stack.components[among[n]].id for n in group[1:]),
            )
        )  # fmt: skip
    two = _pairs(stack, tried, view, top) if pairs else ()
    return Chokepoints(
        facets, weight, listed.listing, listed.observed_on, tuple(found), two, len(among),
        len(tried.places), 1.0 - float(kept[0].sum()),
    )  # fmt: skip


@dataclass(frozen=True)
class Damages:
    """What goes with each removal, as arrays: `alone` (weights, components of `among`), `both`
    (weights, pairs), `joint` (pairs) the part of the first weight that goes with neither alone.

    `places` (pairs, 2) are places in `among`; `ends_alone` and `ends_both` are words (outlets,
    words) of the scenarios that leave an outlet alive.
    """

    among: tuple[int, ...]
    alone: Any
    places: Any
    both: Any
    joint: Any
    ends_alone: Any
    ends_both: Any


def removal_damages(
    stack: Stack, facets: Facets, counts: Any, weights: Any, *, pairs: bool = True
) -> Damages:
    """All single removals, and all pairs unless told otherwise.

    `counts` are booleans (kinds, outlets) of what is a route, `weights` (weights, kinds) those of
    the kinds that have one, 0 for others.
    """
    counts, member = distinct(counts)
    weights = np.stack([np.bincount(member, weight, minlength=len(counts)) for weight in weights])
    among = removable(stack)
    alive = outlets_alive(stack, facets, "value", singles(len(stack.components), among))
    alone = damages(counts, alive, weights, len(among))
    if not pairs or len(among) < _TWO:
        none = np.zeros((0, 2), dtype=np.int64)
        nothing = np.zeros((len(weights), 0))
        return Damages(among, alone, none, nothing, np.zeros(0), alive, alive[:, :0])
    places, removed = pair_words(len(stack.components), among)
    ends = outlets_alive(stack, facets, "value", removed)
    both = damages(counts, ends, weights, len(places))
    # what goes with either alone is in both sums, so it is taken out once
    one, other = places[:, 0], places[:, 1]
    overlap = _overlap(stack, facets, counts, weights[0], among)
    joint = both[0] - (alone[0][one] + alone[0][other] - overlap[one, other])
    return Damages(among, alone, places, both, joint, alive, ends)


def _pairs(stack: Stack, tried: Damages, view: _View, top: int) -> tuple[Pair, ...]:
    """Pairs by what goes with neither component alone."""

    def ids(place: int) -> tuple[str, str]:
        one, other = tried.places[place].tolist()
        return stack.components[tried.among[one]].id, stack.components[tried.among[other]].id

    found = []
    for group in _groups(tried.joint, tried.ends_both, top):
        place = group[0]
        one, other = ids(place)
        parts = [stack.components[stack.places[name]] for name in (one, other)]
        found.append(
            Pair(
                (one, other), (parts[0].name, parts[1].name), float(tried.both[0][place]),
                float(tried.joint[place]), round(float(tried.both[1][place])),
                view.missing([one, other]), tuple(ids(n) for n in group[1:]),
            )
        )  # fmt: skip
    return tuple(found)


def _groups(damage: Any, ends: Any, top: int) -> list[list[int]]:
    """The `top` groups of removals by damage; a group ends the same outlets at the same cost.

    `ends` are words (outlets, words) of the scenarios that leave an outlet alive.
    """
    # rounding brings together what only the order of sums tells apart
    level = np.round(damage, 12)
    order = np.lexsort((np.arange(len(level)), -level))
    some = order[level[order] > _NOTHING]
    alive = unpack(ends, len(damage))[:, some] if len(some) else np.zeros((0, 0), dtype=np.uint8)
    groups: dict[tuple[float, bytes], list[int]] = {}
    least = 0.0
    for column, place in enumerate(some.tolist()):
        key = float(level[place]), alive[:, column].tobytes()
        if key in groups:
            groups[key].append(place)
        elif len(groups) < top:
            groups[key] = [place]
            least = float(level[place])
        elif level[place] < least:
            break
    return list(groups.values())


_TWO = 2
_NOTHING = 1e-12  # what a difference of sums of floats leaves of nothing


def _overlap(stack: Stack, facets: Facets, counts: Any, weight: Any, among: Sequence[int]) -> Any:
    """Weight (components, components) of the kinds that go with each of two alone."""
    used = weight > 0
    lost = dominated(stack, facets, counts[used], among).astype(np.float64)
    found: Any = (lost * weight[used][:, None]).T @ lost
    return found


def dominated(stack: Stack, facets: Facets, counts: Any, among: Sequence[int]) -> Any:
    """Booleans (kinds, components): whether the component is in every route of the kind.

    False throughout for a kind that has no route.
    """
    alive = outlets_alive(stack, facets, "value", singles(len(stack.components), among))
    left = unpack(reached(counts, alive), len(among)).astype(bool)
    return ~left & have_route(stack, facets, counts)[:, None]


def dominators(stack: Stack, facets: Facets, counts: Any) -> list[tuple[str, ...]]:
    """By kind, the components that are in every route of it; `counts` (kinds, outlets)."""
    among = removable(stack)
    return [
        tuple(stack.components[among[place]].id for place in np.flatnonzero(row).tolist())
        for row in dominated(stack, facets, counts, among)
    ]


def have_route(stack: Stack, facets: Facets, counts: Any) -> Any:
    """Which kinds (kinds,) have a route while nothing is removed; `counts` (kinds, outlets)."""
    alive = outlets_alive(stack, facets, "value", removed_words(stack, [()]))[:, 0]
    found: Any = counts[:, (alive & np.uint64(1)).astype(bool)].any(axis=1)
    return found


def _lower(
    stack: Stack, facets: Facets, offer: Offer, counts: Any, kept: Any, removed: Any, tried: int
) -> Any:
    alive = outlets_alive(stack, facets, "lower", removed)
    return damages(offer.possible | counts, alive, kept[:1], tried)[0]


class _View:
    """What missing edges are told from, for one removal after another."""

    def __init__(
        self,
        stack: Stack,
        classes: Classes,
        facets: Facets,
        offer: Offer,
        counts: Any,
        had: Any,
        weight: Any,
    ) -> None:
        self.stack, self.classes, self.facets = stack, classes, facets
        self.offer, self.counts, self.had, self.weight = offer, counts, had, weight

    def missing(self, components: list[str]) -> Missing:
        """The edges that would dissolve the loss of these components."""
        removed = removed_words(self.stack, [components])
        value, lower = (
            (outlets_alive(self.stack, self.facets, reading, removed)[:, 0] & np.uint64(1)) > 0
            for reading in ("value", "lower")
        )
        lost = self.had & ~self.counts[:, value].any(axis=1)
        return missing_edges(self.stack, self.classes, self.offer, lost, lower, self.weight)
