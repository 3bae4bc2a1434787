"""How a joint loss divides among those who cause it: Shapley values over removal orders.

The value of a player is its mean extra loss when players go one after another in random order
(Shapley 1953); the values add up to the loss of all of them together. Up to twelve players are
counted exactly over all sets, more are estimated from orders drawn with a fixed seed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import BadValueError, NoDataError
from underlay.stack.facets import Facets
from underlay.stack.graph import pack
from underlay.stack.population import weights_of
from underlay.stack.reach import classes_for, damages, offer_for, outlets_alive
from underlay.stack.removals import removal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from underlay.stack.parts import Stack

__all__ = ["Player", "Shapley", "shapley", "shapley_values"]

EXACT = 12  # players: 4,096 sets
_BATCH = 4096  # sets whose loss is counted at once


@dataclass(frozen=True)
class Player:
    """A player's part of the joint loss; `error` is the standard error, 0 where it is exact."""

    name: str
    value: float
    error: float
    alone: float


@dataclass(frozen=True)
class Shapley:
    """The parts of the players, the largest first; they add up to `total`."""

    players: tuple[Player, ...]
    total: float
    is_exact: bool
    orders: int
    seed: int
    weight: str
    facets: Facets

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "facets": self.facets.to_dict()}


def shapley(
    stack: Stack,
    players: Sequence[str],
    facets: Facets | None = None,
    *,
    weight: str = "downloads",
    orders: int = 1000,
    seed: int = 0,
) -> Shapley:
    """The parts of `players`, each a removal such as `nvidia` or `package:torch`.

    Raises what `removal` raises, `BadValueError` for players that don't remove components, and
    `NoDataError` for a weight that the list does not have.
    """
    facets = facets or Facets()
    listed = stack.listed(facets.listing)
    weights = weights_of(listed, facets)
    if weight not in weights:
        raise NoDataError(weight, f"the list `{facets.listing}`", ", ".join(weights))
    names = tuple(dict.fromkeys(players))
    if not names:
        raise BadValueError("players", "", "at least one removal")
    takes = np.zeros((len(stack.components), len(names)), dtype=bool)
    for column, name in enumerate(names):
        each = removal(stack, [name], scope=facets.scope)
        if each.below or each.below_state or each.licences:
            raise BadValueError("players", name, "removals of components, not of grades or models")
        takes[[stack.places[part] for part in each.components], column] = True
    classes = classes_for(stack, listed)
    offer = offer_for(stack, classes, facets)
    counts = offer.at(int(facets.state))
    of_class = np.bincount(classes.member, weights[weight], minlength=len(classes))
    of_kind = offer.sums([of_class / of_class.sum()])

    def loss(sets: Any) -> Any:
        gone = (takes.astype(np.float32) @ sets.astype(np.float32)) > 0
        nothing = np.zeros((len(takes), 1), dtype=bool)
        words = pack(np.concatenate([nothing, gone], axis=1))
        alive = outlets_alive(stack, facets, "value", words)
        found = damages(counts, alive, of_kind, sets.shape[1] + 1)[0]
        return found[1:] - found[0]  # what had no route before is no loss

    parts, errors, is_exact = shapley_values(len(names), loss, orders=orders, seed=seed)
    alone = loss(np.eye(len(names), dtype=bool))
    total = float(loss(np.ones((len(names), 1), dtype=bool))[0])
    found = [
        Player(name, float(parts[n]), float(errors[n]), float(alone[n]))
        for n, name in enumerate(names)
    ]
    found.sort(key=lambda each: (-each.value, each.name))
    done = 0 if is_exact else orders
    return Shapley(tuple(found), total, is_exact, done, seed, weight, facets)


def shapley_values(
    players: int, loss: Callable[[Any], Any], *, orders: int = 1000, seed: int = 0
) -> tuple[Any, Any, bool]:
    """(values, standard errors, whether they are exact) of a loss over sets of players.

    `loss` takes sets as booleans (players, sets) and gives the loss of each; none for no player.
    """
    if players <= EXACT:
        sets = ((np.arange(1 << players)[None, :] >> np.arange(players)[:, None]) & 1).astype(bool)
        values = loss(sets)
        sizes = sets.sum(axis=0)
        whole = factorial(players)
        share = np.array(
            [factorial(s) * factorial(players - s - 1) / whole for s in range(players)] + [0.0]
        )
        parts = np.zeros(players)
        for player in range(players):
            without = np.flatnonzero(~sets[player])
            gain = values[without | (1 << player)] - values[without]
            parts[player] = float((share[sizes[without]] * gain).sum())
        return parts, np.zeros(players), True
    rng = np.random.default_rng(seed)
    sums, squares = np.zeros(players), np.zeros(players)
    at_once = max(1, _BATCH // players)
    for start in range(0, orders, at_once):
        count = min(at_once, orders - start)
        order = np.argsort(rng.random((count, players)), axis=1)
        rank = np.argsort(order, axis=1)  # place of each player in each order
        # the set after step k holds every player whose place is at most k
        steps = np.arange(players)
        sets = (rank[:, None, :] <= steps[None, :, None]).reshape(-1, players).T
        values = loss(sets).reshape(count, players)
        gain = np.diff(np.concatenate([np.zeros((count, 1)), values], axis=1), axis=1)
        by_player = np.take_along_axis(gain, rank, axis=1)
        sums += by_player.sum(axis=0)
        squares += (by_player**2).sum(axis=0)
    mean = sums / orders
    spread = np.maximum(squares / orders - mean**2, 0.0)
    errors = np.sqrt(spread / max(orders - 1, 1))
    return mean, errors, False
