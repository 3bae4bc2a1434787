"""How many unknown edges would have to be real for a loss to dissolve: the test of any chokepoint.

An edge is one architecture at one build (and one file format there, where the format is what is
unknown). One edge to a build that is left gives back every lost model of that architecture, so the
fewest edges for a part of the loss are found by taking the heaviest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.facets import State

if TYPE_CHECKING:
    from underlay.stack.parts import Stack
    from underlay.stack.population import Classes
    from underlay.stack.reach import Offer

__all__ = ["Missing", "MissingEdge", "missing_edges"]

_PARTS = (0.1, 0.5, 0.9)
_SHOWN = 5


@dataclass(frozen=True)
class MissingEdge:
    """An unknown edge that would give back most: to any of `builds`, the widest of them named."""

    architecture: str
    build: str
    builds: int
    edges: int
    weight: float


@dataclass(frozen=True)
class Missing:
    """Edges that would dissolve 10, 50 and 90 % of a loss; None where no number of them would.

    `dissolvable` is the part of the loss that unknown edges could give back at all.
    """

    edges_10: int | None
    edges_50: int | None
    edges_90: int | None
    dissolvable: float
    first: tuple[MissingEdge, ...]


def missing_edges(
    stack: Stack, classes: Classes, offer: Offer, lost: Any, alive: Any, weight: Any
) -> Missing:
    """Of the kinds `lost` (kinds,), with `weight` (kinds,); `alive` (outlets,) in `lower`."""
    total = float(weight[lost].sum())
    gains: dict[str, float] = {}
    costs: dict[str, int] = {}
    outlets: dict[str, Any] = {}
    use = lost & (weight > 0)
    for of in np.flatnonzero(use).tolist():
        open_to = offer.possible[of] & alive
        if not open_to.any():
            continue
        # two edges where the format is unknown as well at every build that is left
        one = open_to if offer.slots is None else open_to & (offer.slots[of] >= State.GENERIC)
        cost = 1 if one.any() else 2
        first = int(offer.first[of])
        key = classes.architecture(first)
        if cost == 2:
            key = f"{key} as {' and '.join(classes.formats(first))}"
        gains[key] = gains.get(key, 0.0) + float(weight[of])
        costs[key] = cost
        chosen = one if one.any() else open_to
        outlets[key] = outlets[key] | chosen if key in outlets else chosen
    order = sorted(gains, key=lambda key: (-gains[key] / costs[key], key))
    found: list[int | None] = []
    for part in _PARTS:
        edges, back = 0, 0.0
        for key in order:
            if total <= 0 or back >= part * total * (1 - 1e-12):
                break
            edges, back = edges + costs[key], back + gains[key]
        found.append(edges if total > 0 and back >= part * total * (1 - 1e-12) else None)
    shown = []
    for key in order[:_SHOWN]:
        near = [
            (-int(offer.edges.breadth[o]), _build(stack, o))
            for o in np.flatnonzero(outlets[key]).tolist()
        ]
        names = dict.fromkeys(name for _, name in sorted(near))
        shown.append(MissingEdge(key, next(iter(names)), len(names), costs[key], gains[key]))
    # a sum of all of it in another order may be a last digit more than the whole
    dissolvable = min(1.0, sum(gains.values()) / total) if total > 0 else 0.0
    return Missing(found[0], found[1], found[2], dissolvable, tuple(shown))


def _build(stack: Stack, outlet: int) -> str:
    return stack.builds[stack.outlets[outlet].build].id
