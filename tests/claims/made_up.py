"""Spreads made by hand: parties by definitions, without a lake."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.claims.predicates import Quantity
from underlay.claims.spreads import Spread
from underlay.errors import NoDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARE = Quantity.of("downloads_share", "country")


def spread(
    options: Mapping[str, Sequence[str]],
    parties: Sequence[str],
    values: Any,
    quantity: Quantity = SHARE,
    **more: Any,
) -> Spread:
    """A spread over the full factorial of `options`; `values` (definitions, parties)."""
    rows = tuple(itertools.product(*options.values()))
    table = np.array(values, dtype=np.float64).reshape(len(rows), len(parties))
    defaults = {name: each[0] for name, each in options.items()}
    given = {"adds_up": True, "of": math.prod(map(len, options.values())), **more}
    return Spread(quantity, tuple(parties), tuple(options), rows, table, defaults, **given)


class MadeUp:
    """What predicates ask, from spreads made by hand; there are no figures."""

    def __init__(self, *spreads: Spread) -> None:
        self.known = {each.quantity: each for each in spreads}

    def spread(self, quantity: Quantity) -> Spread:
        return self.known[quantity]

    def figure(self, quantity: Quantity) -> Any:
        raise NoDataError(quantity.measure, "a figure", "")
