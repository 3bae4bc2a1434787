"""An AND/OR graph over integers: who is left when some of them go, for many removals at once.

A component is alive if it isn't removed and, for every slot that it needs, some provider is alive.
Where components need each other in a circle, the circle stays alive as long as nothing outside it
is missing: what exists goes on, nobody has to build it anew. So the answer is the greatest set
that satisfies the rule, and that set does not depend on the order of edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import BadValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Graph", "pack", "pairs", "singles", "unpack"]

_WORD = 64


def pack(members: Any) -> Any:
    """Bits of booleans (rows, scenarios) as `uint64` words (rows, words); padding bits are 0."""
    rows, scenarios = members.shape
    words = -(-scenarios // _WORD)
    padded = np.zeros((rows, words * _WORD), dtype=bool)
    padded[:, :scenarios] = members
    packed: Any = np.packbits(padded, axis=1, bitorder="little")
    return packed.view(np.uint64)


def unpack(words: Any, scenarios: int) -> Any:
    """The booleans (rows, scenarios) of words (rows, words), as `uint8` of 0 and 1."""
    plain = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(plain, axis=1, bitorder="little", count=scenarios)


def singles(components: int, among: Sequence[int]) -> Any:
    """Words (components, words) of the scenarios that remove one of `among` each, in its order."""
    members = np.zeros((components, len(among)), dtype=bool)
    members[list(among), np.arange(len(among))] = True
    return pack(members)


def pairs(components: int, among: Sequence[int]) -> tuple[Any, Any]:
    """Places in `among` (pairs, 2), and words of the scenarios that remove two of `among` each."""
    places = np.array(list(combinations(range(len(among)), 2)), dtype=np.int64).reshape(-1, 2)
    members = np.zeros((components, len(places)), dtype=bool)
    named = np.asarray(among, dtype=np.int64)[places]
    members[named[:, 0], np.arange(len(places))] = True
    members[named[:, 1], np.arange(len(places))] = True
    return places, pack(members)


@dataclass(frozen=True)
class Graph:
    """`needs[c]` holds the slots of component c, each the components that can fill it, in order.

    `order` puts providers before those that need them, as far as circles let it.
    """

    needs: tuple[tuple[tuple[int, ...], ...], ...]
    order: tuple[int, ...]
    has_circle: bool

    @classmethod
    def build(cls, components: int, edges: Iterable[tuple[int, str, int]]) -> Graph:
        """From edges (component, slot, provider), in any order, doubles allowed.

        Raises `BadValueError` for an edge to a component that there isn't.
        """
        slots: list[dict[str, set[int]]] = [{} for _ in range(components)]
        for component, slot, provider in edges:
            for end in (component, provider):
                if not 0 <= end < components:
                    raise BadValueError("edge", str(end), f"a component below {components}")
            slots[component].setdefault(slot, set()).add(provider)
        needs = tuple(
            tuple(sorted({tuple(sorted(each)) for each in found.values()})) for found in slots
        )
        order, has_circle = _providers_first(needs)
        return cls(needs, order, has_circle)

    def __len__(self) -> int:
        return len(self.needs)

    def alive(self, removed: Any) -> Any:
        """Words (components, words) of who is alive, given those of who is removed.

        Bits of padding come out as alive: mask them by the number of scenarios.
        """
        alive: Any = ~removed
        if removed.shape[1] == 1:
            # few scenarios: arrays of one word cost far more than whole numbers do
            words = self._alive_word([int(word) for word in alive[:, 0]])
            return np.array(words, dtype=np.uint64)[:, None]
        while True:
            changed = False
            for component in self.order:
                left = alive[component].copy()
                for slot in self.needs[component]:
                    if len(slot) == 1:
                        left &= alive[slot[0]]
                    else:
                        left &= np.bitwise_or.reduce(alive[list(slot)], axis=0)
                if self.has_circle and not changed:
                    changed = bool((left != alive[component]).any())
                alive[component] = left
            if not changed:
                return alive

    def _alive_word(self, alive: list[int]) -> list[int]:
        """The same for one word a component."""
        while True:
            changed = False
            for component in self.order:
                left = alive[component]
                for slot in self.needs[component]:
                    filled = 0
                    for provider in slot:
                        filled |= alive[provider]
                    left &= filled
                changed |= left != alive[component]
                alive[component] = left
            if not (self.has_circle and changed):
                return alive


def _providers_first(needs: Sequence[Sequence[Sequence[int]]]) -> tuple[tuple[int, ...], bool]:
    """Components that need something, after their providers, and whether some need each other."""
    order: list[int] = []
    state = [0] * len(needs)  # 1: on the path from the start, 2: done
    has_circle = False
    for start in range(len(needs)):
        if state[start]:
            continue
        state[start] = 1
        path = [(start, iter([p for slot in needs[start] for p in slot]))]
        while path:
            component, providers = path[-1]
            for provider in providers:
                if state[provider] == 1:
                    has_circle = True
                elif not state[provider]:
                    state[provider] = 1
                    path.append((provider, iter([p for s in needs[provider] for p in s])))
                    break
            else:
                path.pop()
                state[component] = 2
                if needs[component]:
                    order.append(component)
    return tuple(order), has_circle
