"""Lineage as arrays: from declared bases to nearest known base, root, and parts of a merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Attribution", "Edge", "attribute", "first_bases", "roots"]


@dataclass(frozen=True)
class Edge:
    """Model `child` says (or its name tells) that it was made from `base`."""

    child: int
    base: int
    relation: str
    evidence: str  # declared, or inferred
    source: str
    snapshot_sha256: str = ""


@dataclass(frozen=True)
class Attribution:
    """Parts of models by organisation: parallel arrays, weights sum to 1 per model."""

    model: Any  # (n,) int32
    organisation: Any  # (n,) int32, -1 for unknown
    weight: Any  # (n,) float64


def first_bases(count: int, edges: Sequence[Edge]) -> Any:
    """The base to follow for each of `count` models, -1 for none: (count,) int32.

    Of several bases, a declared one goes before an inferred one; then the first by number, so that
    the order of edges doesn't matter.
    """
    first = np.full(count, -1, dtype=np.int32)
    for edge in sorted(edges, key=lambda e: (e.child, e.evidence != "declared", e.base)):
        if first[edge.child] < 0 and edge.base != edge.child:
            first[edge.child] = edge.base
    return first


def roots(first: Any) -> Any:
    """The last base along each chain, the model itself where it has none: (n,) int32.

    A chain that closes on itself ends at its smallest member, whichever member it is entered by.
    """
    itself = np.arange(len(first), dtype=np.int32)
    last = _followed(np.where(first >= 0, first, itself))
    smallest: dict[int, int] = {}
    for entry in np.unique(last[first[last] >= 0]).tolist():
        if entry not in smallest:
            ring = [entry]
            while (at := int(first[ring[-1]])) != entry:
                ring.append(at)
            smallest |= dict.fromkeys(ring, min(ring))
    for entry, member in smallest.items():
        last[last == entry] = member
    return last


def _followed(step: Any) -> Any:
    """Where each model ends up when its steps are followed for longer than any chain: (n,) int32.

    Doubles the stride each time, so that no chain is too long (pointer jumping).
    """
    step = step.astype(np.int32)
    for _ in range(len(step).bit_length() + 1):
        step = step[step]
    return step


def attribute(makers: Any, first: Any, edges: Sequence[Edge]) -> dict[str, Attribution]:
    """The four ways to attribute models, from maker numbers (n,) with -1 for unknown.

    author: who published it. nearest_base: the maker of the nearest base that has a known one,
    the author where no base is known. root: the maker of the last base. fractional: equal parts
    to the makers of all bases (the author's where there is none), each base by its nearest known
    maker.
    """
    count = len(makers)
    models = np.arange(count, dtype=np.int32)
    ones = np.ones(count)
    nearest = _nearest_known(makers, first)
    found = {
        "author": Attribution(models, makers, ones),
        "nearest_base": Attribution(models, nearest, ones),
        "root": Attribution(models, makers[roots(first)], ones),
    }
    pairs = np.array(
        sorted({(edge.child, edge.base) for edge in edges if edge.child != edge.base}),
        dtype=np.int32,
    ).reshape(-1, 2)
    has_base = np.zeros(count, dtype=bool)
    has_base[pairs[:, 0]] = True
    parts = np.bincount(pairs[:, 0], minlength=count)
    # a base stands for whoever made it, or for what it was made from where that is unknown
    stands_for = np.where(makers >= 0, makers, nearest)
    child = np.concatenate([models[~has_base], pairs[:, 0]])
    maker = np.concatenate([makers[~has_base], stands_for[pairs[:, 1]]])
    weight = np.concatenate([ones[~has_base], 1.0 / parts[pairs[:, 0]]])
    found["fractional"] = _summed(child, maker, weight)
    return found


def _nearest_known(makers: Any, first: Any) -> Any:
    """Maker of the nearest proper base with a known maker, else of the model itself."""
    itself = np.arange(len(makers), dtype=np.int32)
    known = _followed(np.where((makers >= 0) | (first < 0), itself, first))
    found = np.where(first >= 0, makers[known[first]], -1)
    return np.where(found >= 0, found, makers).astype(makers.dtype)


def _summed(child: Any, maker: Any, weight: Any) -> Attribution:
    """Add up parts that one organisation has in one model through several bases."""
    order = np.lexsort((maker, child))
    child, maker, weight = child[order], maker[order], weight[order]
    new = np.ones(len(child), dtype=bool)
    new[1:] = (child[1:] != child[:-1]) | (maker[1:] != maker[:-1])
    starts = np.flatnonzero(new)
    summed = np.add.reduceat(weight, starts) if len(weight) else weight
    return Attribution(child[starts].astype(np.int32), maker[starts], np.minimum(summed, 1.0))
