"""One removal under every definition: values with their bounds, for each combination of facets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError, NotComputableError, UnknownNameError
from underlay.stack.facets import OPTIONS, WEIGHTS, Facets
from underlay.stack.population import weights_of
from underlay.stack.reach import classes_for, standings
from underlay.stack.removals import removal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.stack.parts import Stack
    from underlay.stack.population import Classes, Listed

__all__ = ["StackSpread", "spread"]

WEIGHT = "weight"
_PARTIES = ("all", "country", "openness")
# what decides routes, and what decides whose loss is counted
_ROUTE_FACETS = ("use", "object", "routes", "supply", "scope", "grade")
_WEIGHT_FACETS = ("listing", "population", "fixtures", "largest", WEIGHT)
_MOST = 200_000  # definitions


@dataclass(frozen=True)
class StackSpread:
    """Values under all combinations of the options of `facets`, in the order of a full factorial.

    `codes` (definitions, facets) are places in each facet's options, the default definition first.
    `values`, `lower`, `upper` and `no_evidence` (definitions, parties) are parts of the party's own
    weight, NaN where it has none. `held` are the facets that don't vary; `missing` says why an
    option was left out.
    """

    asked: tuple[str, ...]
    by: str
    facets: tuple[tuple[str, tuple[str, ...]], ...]
    held: Mapping[str, str]
    codes: Any
    parties: tuple[str, ...]
    values: Any
    lower: Any
    upper: Any
    no_evidence: Any
    as_of: str
    missing: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.codes)

    def definition(self, index: int) -> dict[str, str]:
        """All facets of one definition, by name."""
        varied = {
            name: options[code]
            for (name, options), code in zip(self.facets, self.codes[index], strict=True)
        }
        return {**self.held, **varied}


def spread(
    stack: Stack,
    asked: Sequence[str],
    *,
    by: str = "all",
    where: Mapping[str, str] | None = None,
    vary: Sequence[str] = (),
) -> StackSpread:
    """A removal under every combination of the options that `where` leaves open.

    Facets are those of `Facets` and `weight` (models, downloads, tokens). The list is held at its
    default unless `vary` names it, and `scope` varies where the removal names an owner or a country
    without one. Raises `UnknownNameError`, what `removal` raises, and `NotComputableError` where
    there would be too many definitions.
    """
    if by not in _PARTIES:
        raise UnknownNameError("party of the stack", by, _PARTIES)
    where = dict(where or {})
    names = (*_ROUTE_FACETS, *_WEIGHT_FACETS)
    for name in (*where, *vary):
        if name not in names:
            raise UnknownNameError("facet of the stack", name, names)
    fixed = where.pop(WEIGHT, None)
    if fixed is not None and fixed not in WEIGHTS:
        raise UnknownNameError("option of `weight`", fixed, WEIGHTS)
    held = Facets.of(where)
    options, missing = _options(stack, asked, held, where, fixed, vary)
    count = int(np.prod([len(each) for each in options.values()]))
    if count > _MOST:
        raise NotComputableError(
            "a multiverse", f"it has {count:,} definitions", "fewer open facets"
        )
    varied = [name for name in names if len(options[name]) > 1]
    found = _Cells(stack, asked, by, held, options)
    shape = [len(options[name]) for name in names]
    order = [names.index(name) for name in varied]
    rest = [place for place in range(len(names)) if place not in order]

    def flat(cells: Any) -> Any:
        # (route facets, parties, weight facets) -> one row a definition, varied facets in order
        grid = np.moveaxis(cells, len(_ROUTE_FACETS), -1).reshape(*shape, -1)
        return grid.transpose(*rest, *order, len(names)).reshape(count, -1)

    values, lower, upper, no_evidence = map(flat, found.arrays())
    codes = np.array(
        list(product(*(range(len(options[name])) for name in varied))), dtype=np.int64
    ).reshape(count, len(varied))
    return StackSpread(
        tuple(asked),
        by,
        tuple((name, options[name]) for name in varied),
        {name: options[name][0] for name in names if len(options[name]) == 1},
        codes,
        found.parties,
        values,
        lower,
        upper,
        no_evidence,
        found.as_of,
        missing,
    )


def _options(
    stack: Stack,
    asked: Sequence[str],
    held: Facets,
    where: Mapping[str, str],
    weight: str | None,
    vary: Sequence[str],
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Options of every facet, one where it is held, and why some are left out."""
    found: dict[str, tuple[str, ...]] = {}
    missing: dict[str, str] = {}
    for name in (*_ROUTE_FACETS, *_WEIGHT_FACETS[:-1]):
        is_held = name in where or (name == "listing" and name not in vary)
        found[name] = (
            (str(getattr(held, name)),) if is_held else tuple(each for each, _ in OPTIONS[name])
        )
    if len(found["listing"]) > 1:
        found["listing"], lacking = _readable(stack, found["listing"])
        missing |= lacking
    takes = {scope: removal(stack, asked, scope=scope).components for scope in found["scope"]}
    if len(set(takes.values())) == 1:
        found["scope"] = found["scope"][:1]
    listed = stack.listed(held.listing)
    there = tuple(name for name in _WEIGHT_ORDER if name in listed.weights)
    missing |= {name: listed.reasons.get(name, "") for name in WEIGHTS if name not in there}
    found[WEIGHT] = (weight,) if weight else there
    return found, missing


def _readable(stack: Stack, lists: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The lists that hold models, and why others are left out; raises what all of them raise."""
    found, missing = [], {}
    last = None
    for name in lists:
        try:
            stack.listed(name)
            found.append(name)
        except NoDataError as error:
            last = error
            missing[name] = error.message
    if last is not None and not found:
        raise last
    return tuple(found), missing


_KEPT = 16
_WEIGHT_ORDER = ("downloads", "models", "tokens")


class _Cells:
    """Sums over classes by route facets, parties and weight facets."""

    def __init__(
        self,
        stack: Stack,
        asked: Sequence[str],
        by: str,
        held: Facets,
        options: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.stack, self.asked, self.held, self.options = stack, asked, held, options
        self.lists = {name: stack.listed(name) for name in options["listing"]}
        self.as_of = max(listed.observed_on for listed in self.lists.values())
        self.by = by
        keys = {str(k) for listed in self.lists.values() for k in self._keys(listed)}
        self.parties = tuple(sorted(keys))

    def _keys(self, listed: Listed) -> Any:
        if self.by == "all":
            return np.full(len(listed), "all", dtype=object)
        return listed.country if self.by == "country" else listed.openness

    def arrays(self) -> tuple[Any, Any, Any, Any]:
        """Value, lower, upper, no evidence: (route facets ..., parties, weight facets ...)."""
        shape = (
            *(len(self.options[name]) for name in _ROUTE_FACETS),
            len(self.parties),
            *(len(self.options[name]) for name in _WEIGHT_FACETS),
        )
        found = tuple(np.full(shape, np.nan) for _ in range(4))
        for place, (name, listed) in enumerate(self.lists.items()):
            weights, totals = self._weights(name, listed)
            flags = self._flags(listed)
            with np.errstate(invalid="ignore", divide="ignore"):
                for array, flag in zip(found, flags, strict=True):
                    sums = np.tensordot(flag, weights, axes=([-1], [-1]))
                    array[(..., place, slice(None), slice(None), slice(None), slice(None))] = (
                        sums / totals
                    )
        return found[0], found[1], found[2], found[3]

    def _weights(self, name: str, listed: Listed) -> tuple[Any, Any]:
        """Weights (parties, population, fixtures, largest, weight, classes), and their totals.

        They don't depend on what is removed, so those of the last removals are kept.
        """
        classes = classes_for(self.stack, listed)
        options = tuple(self.options[facet] for facet in _WEIGHT_FACETS[1:])
        kept: dict[Any, Any] = self.stack.memory.setdefault("spread", {})
        key = name, self.by, self.parties, options
        if key not in kept or kept[key][0] is not classes:
            if len(kept) >= _KEPT:
                kept.clear()
            kept[key] = (classes, self._summed(name, listed, classes))
        found: tuple[Any, Any] = kept[key][1]
        return found

    def _summed(self, name: str, listed: Listed, classes: Classes) -> tuple[Any, Any]:
        keys = self._keys(listed)
        party = {key: number for number, key in enumerate(self.parties)}
        codes = np.array([party[str(key)] for key in keys], dtype=np.int64)
        cell = codes * len(classes) + classes.member
        size = len(self.parties) * len(classes)
        axes = [self.options[facet] for facet in _WEIGHT_FACETS[1:-1]]
        blocks = []
        for population, fixtures, largest in product(*axes):
            facets = replace(
                self.held, listing=name, population=population, fixtures=fixtures, largest=largest
            )
            columns = weights_of(listed, facets)
            for weight in self.options[WEIGHT]:
                column = columns.get(weight, np.zeros(len(listed)))
                blocks.append(np.bincount(cell, column, minlength=size))
        shape = [len(each) for each in axes] + [len(self.options[WEIGHT])]
        whole = np.stack(blocks).reshape(*shape, len(self.parties), len(classes))
        whole = np.moveaxis(whole, -2, 0)
        return whole, whole.sum(axis=-1)

    def _flags(self, listed: Listed) -> tuple[Any, Any, Any, Any]:
        """1 or 0 (route facets ..., classes): lost, lost surely, lost perhaps, no route before."""
        classes = classes_for(self.stack, listed)
        shape = [len(self.options[name]) for name in _ROUTE_FACETS]
        found = tuple(np.zeros((*shape, len(classes))) for _ in range(4))
        takes = {
            scope: removal(self.stack, self.asked, scope=scope) for scope in self.options["scope"]
        }
        axes = [list(enumerate(self.options[name])) for name in _ROUTE_FACETS[:-1]]
        for chosen in product(*axes):
            place = tuple(number for number, _ in chosen)
            use, wanted, kinds, supply, scope = (option for _, option in chosen)
            facets = replace(
                self.held, use=use, object=wanted, routes=kinds, supply=supply, scope=scope
            )
            at = standings(self.stack, classes, facets, takes[scope], grades=self.options["grade"])
            for number, grade in enumerate(self.options["grade"]):
                each = at[grade]
                for array, flag in zip(
                    found, (each.lost, each.lost_surely, each.lost_perhaps, ~each.had), strict=True
                ):
                    array[(*place, number)] = flag
        return found[0], found[1], found[2], found[3]
