"""Intervals for sums over models, by the bootstrap."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["REPLICATES", "bootstrap_sums"]

REPLICATES = 400
_INDIVIDUAL = 2000  # models resampled one by one; smaller ones move a sum by too little to see


def bootstrap_sums(values: Any, groups: Any, count: int, seed: int = 20260401) -> Any:
    """Replicates of the group sums under resampling of models with replacement.

    `values` (n,) are non-negative, `groups` (n,) are integers below `count`. Returns an array
    (REPLICATES, count). Poisson bootstrap (Hanley & MacGibbon 2006; Chamandy et al. 2012,
    "Estimating uncertainty for massive data streams"): each model counts Poisson(1) times. The
    largest 2,000 models are drawn one by one; what is left of a group is a sum of many small terms,
    drawn as a normal with the same mean and variance, floored at 0. The seed is fixed: output is
    reproducible.
    """
    values = np.asarray(values, dtype=np.float64)
    groups = np.asarray(groups, dtype=np.int64)
    order = np.argsort(-values, kind="stable")
    head, tail = order[:_INDIVIDUAL], order[_INDIVIDUAL:]
    times, state = _times(len(head), seed)
    weight = np.zeros((len(head), count))
    weight[np.arange(len(head)), groups[head]] = values[head]
    sums: Any = times @ weight
    if len(tail):
        mean = np.bincount(groups[tail], weights=values[tail], minlength=count)
        spread = np.sqrt(np.bincount(groups[tail], weights=values[tail] ** 2, minlength=count))
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
