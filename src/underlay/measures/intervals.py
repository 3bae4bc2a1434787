"""Intervals for sums over models, by the bootstrap."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["REPLICATES", "bootstrap_sums"]

REPLICATES = 400
_INDIVIDUAL = 2000  # models resampled one by one; smaller ones move a sum by too little to see


def bootstrap_sums(
    values: Any, groups: Any, count: int, units: Any = None, seed: int = 20260401
) -> Any:
    """Replicates of the group sums under resampling of models with replacement.

    `values` (n,) are non-negative, `groups` (n,) are integers below `count`, `units` (n,) are
    integers that say to which model a row belongs (None: each row is a model of its own). A model
    is drawn with all its rows, so the parts of a merge move together. Returns an array
    (REPLICATES, count).

    Poisson bootstrap (Hanley & MacGibbon 2006; Chamandy et al. 2012, "Estimating uncertainty for
    massive data streams"): each model counts Poisson(1) times. The largest 2,000 models are drawn
    one by one; what is left of a group is a sum of many small terms, drawn as a normal with the
    same mean and variance, floored at 0, and independent of other groups. The seed is fixed, and
    the order of the rows has no influence: output is reproducible.
    """
    values = np.asarray(values, dtype=np.float64)
    groups = np.asarray(groups, dtype=np.int64)
    _, units = np.unique(np.arange(len(values)) if units is None else units, return_inverse=True)
    totals = np.bincount(units, weights=values)
    order = np.argsort(-totals, kind="stable")  # of models as large as each other, the first
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    place = place[units]
    is_head = place < _INDIVIDUAL
    times, state = _times(min(len(order), _INDIVIDUAL), seed)
    # only groups with a large model: by model there are as many groups as models
    present, column = np.unique(groups[is_head], return_inverse=True)
    weight = np.zeros((times.shape[1], len(present)))
    np.add.at(weight, (place[is_head], column), values[is_head])
    sums = np.zeros((REPLICATES, count))
    sums[:, present] = times @ weight
    if not is_head.all():
        cell = groups[~is_head] * len(order) + place[~is_head]
        cells, row = np.unique(cell, return_inverse=True)
        amounts = np.bincount(row, weights=values[~is_head])
        mean = np.bincount(cells // len(order), weights=amounts, minlength=count)
        spread = np.sqrt(np.bincount(cells // len(order), weights=amounts**2, minlength=count))
        rng = np.random.default_rng(seed)
        rng.bit_generator.state = state
        sums += np.maximum(mean + spread * rng.standard_normal((REPLICATES, count)), 0.0)
    return sums


@lru_cache(maxsize=4)
def _times(count: int, seed: int) -> tuple[Any, Any]:
    """How often each of `count` models counts, and the generator's state after drawing it.

    Drawing costs more than all the rest, and is the same for every figure over as many models.
    """
    rng = np.random.default_rng(seed)
    times = rng.poisson(1.0, (REPLICATES, count)).astype(np.float64)
    times.flags.writeable = False
    return times, rng.bit_generator.state
