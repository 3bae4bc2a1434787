"""Values of one quantity under all its allowed definitions: parties by definitions."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from underlay.errors import NoDataError, NotComputableError, UnderlayError
from underlay.measures import Definition, Query, measure
from underlay.measures.definitions import EACH
from underlay.measures.multiverse import open_choices
from underlay.measures.slices import can_slice

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from underlay.claims.predicates import Quantity
    from underlay.measures import Figure
    from underlay.measures.multiverse import Multiverse

    _Table = tuple[tuple[tuple[str, ...], ...], tuple[str, ...], Any]  # rows, parties, values

__all__ = ["Answers", "Spread", "Spreads"]

# units of answers that name every party that has any: who isn't there has nothing. Of sums over
# lists that isn't so: a list may leave a party out, and then it has no value.
_COUNTED = frozenset({"share", "models"})
_PARTS = frozenset(
    {"share", "downloads", "downloads in 30 days", "pulls", "models", "tokens in a week",
     "systems", "H100 equivalents"}
)  # fmt: skip
_MOST = 40  # figures of one quantity that is no sum: each is a question to the lake


class Answers(Protocol):
    """What answers are had from: an `OpenLake`."""

    def figure(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | None = None,
    ) -> Figure:
        """A figure; raises `UnderlayError`."""
        ...

    def multiverse(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | None = None,
    ) -> Multiverse:
        """All definitions that `where` leaves open; raises `UnderlayError`."""
        ...


@dataclass(frozen=True)
class Spread:
    """`values` (n, p) of the parties, NaN where not computable, under n definitions.

    `rows` (n tuples) are the options of the `free` choices, those with more than one allowed
    option, in the order of a full factorial; `defaults` are the options of these that are used
    where none is chosen. `adds_up` says whether values are parts of one whole. `merged` are options
    that say in every definition what an earlier option says: (choice, option) -> that option.
    `of` is how many definitions there are; where `rows` are fewer, they are the default one and
    those that differ from it in one choice.
    """

    quantity: Quantity
    parties: tuple[str, ...]
    free: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: Any
    defaults: Mapping[str, str]
    adds_up: bool
    reasons: tuple[str, ...] = ()
    merged: Mapping[tuple[str, str], str] = field(default_factory=dict)
    of: int = 0

    def value(self, party: str) -> Any:
        """Values (n,) of a party; NaN for one that isn't there."""
        if party in self.parties:
            return self.values[:, self.parties.index(party)]
        return np.full(len(self.rows), np.nan)


class Spreads:
    """Spreads of a lake, each computed once. `limits`: measure -> choice -> allowed options."""

    def __init__(
        self, answers: Answers, limits: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    ) -> None:
        self._answers = answers
        self._limits = limits or {}
        self._spreads: dict[Quantity, Spread] = {}
        self._figures: dict[tuple[Any, ...], Figure | UnderlayError] = {}

    def spread(self, quantity: Quantity) -> Spread:
        """Values under all allowed definitions; raises `UnknownNameError`."""
        if quantity not in self._spreads:
            self._spreads[quantity] = self._computed(quantity)
        return self._spreads[quantity]

    def figure(self, quantity: Quantity) -> Figure:
        """The figure under the default definition; raises what `OpenLake.figure` raises."""
        allowed = self.allowed(quantity)
        return self._asked(quantity, {name: options[0] for name, options in allowed.items()})

    def allowed(self, quantity: Quantity) -> dict[str, tuple[str, ...]]:
        """By choice or split, the options that a definition may have; the default first."""
        found = measure(quantity.measure)
        found.split(quantity.by)
        given = dict(quantity.where)
        limits = self._limits.get(quantity.measure, {})
        allowed: dict[str, tuple[str, ...]] = {}
        for choice in found.choices:
            if choice.name == quantity.by and choice.name not in given:
                continue
            named = given.pop(choice.name, None) or limits.get(choice.name)
            known = choice.options if choice.varies else choice.options[:1]
            options = named or [option.name for option in known]
            allowed[choice.name] = tuple(choice.option(option).name for option in options)
        for name, values in given.items():
            found.definition({name: values[0]})  # raises for what is no facet
            if len(values) != 1:
                raise NotComputableError(found.name, f"`{name}` has one value at a time", "")
            allowed[name] = values
        return allowed

    def _asked(self, quantity: Quantity, where: Mapping[str, str]) -> Figure:
        key = (quantity.measure, quantity.by, tuple(sorted(where.items())), quantity.as_of)
        if key not in self._figures:
            try:
                self._figures[key] = self._answers.figure(
                    quantity.measure, by=quantity.by, where=where, as_of=quantity.as_of
                )
            except (NoDataError, NotComputableError) as error:
                self._figures[key] = error
        found = self._figures[key]
        if isinstance(found, UnderlayError):
            raise found
        return found

    def _computed(self, quantity: Quantity) -> Spread:
        found = measure(quantity.measure)
        allowed = self.allowed(quantity)
        free = {name: options for name, options in allowed.items() if len(options) > 1}
        reasons: dict[str, None] = {}
        if not callable(found.reduce):
            rows, parties, values = self._at_once(quantity, allowed, reasons)
        elif free and _is_sliced(quantity, allowed):
            rows, parties, values = self._at_once(quantity, allowed, reasons)
            parties = tuple(party.replace(" / ", " ") for party in parties)
            if found.unit in _COUNTED:  # where anybody has a value, who isn't there has nothing
                has_any = ~np.isnan(values).all(axis=1, keepdims=True)
                values = np.where(has_any & np.isnan(values), 0.0, values)
        else:
            rows, parties, values = self._one_by_one(quantity, allowed, reasons)
        of = math.prod(map(len, free.values()))
        return Spread(
            quantity=quantity,
            parties=parties,
            free=tuple(free),
            rows=rows,
            values=values,
            defaults={name: options[0] for name, options in free.items()},
            adds_up=found.unit in _PARTS,
            reasons=tuple(reasons),
            merged=_merged(free, values) if len(rows) == of else {},
            of=of,
        )

    def _one_by_one(
        self,
        quantity: Quantity,
        allowed: Mapping[str, Sequence[str]],
        reasons: dict[str, None],
    ) -> _Table:
        """A measure of which definitions don't share rows: a figure for each."""
        unit = measure(quantity.measure).unit
        rows = _definitions(list(allowed.values()))
        by_row: list[dict[str, float]] = []
        for row in rows:
            try:
                figure = self._asked(quantity, dict(zip(allowed, row, strict=True)))
                by_row.append(_values(figure))
            except (NoDataError, NotComputableError) as error:  # damage is no lack of data
                reasons[error.message] = None
                by_row.append({})
        parties = tuple(dict.fromkeys(party for values in by_row for party in values))
        table = np.full((len(rows), len(parties)), np.nan)
        for i, values in enumerate(by_row):
            absent = 0.0 if values and unit in _COUNTED else np.nan
            table[i] = [values.get(party, absent) for party in parties]
        places = [i for i, options in enumerate(allowed.values()) if len(options) > 1]
        return tuple(tuple(row[i] for i in places) for row in rows), parties, table

    def _at_once(
        self,
        quantity: Quantity,
        allowed: Mapping[str, Sequence[str]],
        reasons: dict[str, None],
    ) -> _Table:
        """All definitions of a list at once, list by list."""
        found = measure(quantity.measure)
        outer = [c.name for c in found.choices if not c.varies and c.name in allowed]
        fixed = {
            name: options[0]
            for name, options in allowed.items()
            if len(options) == 1 and name not in outer
        }
        parts: list[tuple[tuple[str, ...], Any]] = []  # parties, values (outer 1, inner ..., p)
        inner = [n for n in allowed if n not in outer and n not in fixed]
        shape = tuple(len(allowed[name]) for name in inner)
        for options in itertools.product(*(allowed[name] for name in outer)):
            where = {**fixed, **dict(zip(outer, options, strict=True))}
            try:
                parts.append(self._grid(quantity, where, {n: allowed[n] for n in inner}))
            except (NoDataError, NotComputableError) as error:
                reasons[error.message] = None
                parts.append(((), np.zeros((*shape, 0))))
        parties = tuple(dict.fromkeys(party for names, _ in parts for party in names))
        column = {party: place for place, party in enumerate(parties)}
        sizes = tuple(len(allowed[name]) for name in outer)
        table = np.full((len(parts), *shape, len(parties)), np.nan)
        for i, (names, grid) in enumerate(parts):
            table[i][..., [column[name] for name in names]] = grid
        table = table.reshape(*sizes, *shape, len(parties))
        order = [*outer, *inner]
        axes = [order.index(name) for name in allowed if name in order]
        table = table.transpose(*axes, len(order)).reshape(-1, len(parties))
        free = [options for options in allowed.values() if len(options) > 1]
        return tuple(itertools.product(*free)), parties, table

    def _grid(
        self, quantity: Quantity, where: Mapping[str, str], inner: Mapping[str, Sequence[str]]
    ) -> tuple[tuple[str, ...], Any]:
        """Parties and values (an axis for each choice of `inner`, parties)."""
        found = self._answers.multiverse(
            quantity.measure, by=quantity.by, where=where, as_of=quantity.as_of
        )
        same = {(each.facet, each.option): each.same_as for each in found.merged}
        axes = {facet.name: facet.options for facet in found.facets}
        grid = found.values.reshape(*map(len, axes.values()), len(found.parties))
        for place, (name, options) in enumerate(axes.items()):
            wanted = [options.index(same.get((name, o), o)) for o in inner[name]]
            grid = grid.take(wanted, axis=place)
        for place, name in enumerate(inner):
            if name not in axes:  # all of its options say the same
                grid = np.repeat(np.expand_dims(grid, place), len(inner[name]), axis=place)
        return found.parties, grid


def _is_sliced(quantity: Quantity, allowed: Mapping[str, Sequence[str]]) -> bool:
    """Whether the definitions within one list are parts of the same rows."""
    found = measure(quantity.measure)
    where = {
        name: options[0]
        for name, options in allowed.items()
        if len(options) == 1 or not any(c.name == name and c.varies for c in found.choices)
    }
    varied = [choice.name for choice in open_choices(found, quantity.by, where)]
    definition = found.definition(where, quantity.by)
    options = {k: EACH if k in varied else v for k, v in definition.options.items()}
    return can_slice(found, Query(quantity.by, Definition(options, definition.kept)), varied)


def _values(figure: Figure) -> dict[str, float]:
    """Values by party; a row that has several names is called by all of them.

    A row without a value is NaN, so that it isn't taken for nothing.
    """
    return {
        " ".join(str(part) for part in row.key.values()): np.nan if row.value is None else row.value
        for row in figure.rows
    }


def _definitions(options: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """All combinations, or, of too many, the default one and those that differ in one choice."""
    if math.prod(map(len, options)) <= _MOST:
        return list(itertools.product(*options))
    first = tuple(each[0] for each in options)
    return [first] + [
        (*first[:i], option, *first[i + 1 :])
        for i, each in enumerate(options)
        for option in each[1:]
    ]


def _merged(free: Mapping[str, Sequence[str]], values: Any) -> dict[tuple[str, str], str]:
    """Options that give in every definition what an earlier option gives."""
    grid = values.reshape(*map(len, free.values()), values.shape[1])
    merged: dict[tuple[str, str], str] = {}
    for axis, (name, options) in enumerate(free.items()):
        kept: list[int] = []
        for place, option in enumerate(options):
            here = grid.take(place, axis=axis)
            for earlier in kept:
                if np.array_equal(grid.take(earlier, axis=axis), here, equal_nan=True):
                    merged[name, option] = options[earlier]
                    break
            else:
                kept.append(place)
    return merged
