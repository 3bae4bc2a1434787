"""Values of one quantity under all its allowed definitions: parties by definitions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from underlay.errors import NoDataError, NotComputableError, UnderlayError
from underlay.measures import measure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from underlay.claims.predicates import Quantity
    from underlay.measures import Figure, Measure

__all__ = ["Answers", "Spread", "Spreads"]

# units in which a party that no row counts for has nothing; in others it has no value
_COUNTED = frozenset(
    {"share", "downloads", "downloads in 30 days", "pulls", "models", "tokens in a week",
     "systems", "H100 equivalents", "count"}
)  # fmt: skip
_MOST = 40  # figures of one quantity: each is a question to the lake


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


@dataclass(frozen=True)
class Spread:
    """`values` (n, p) of the parties, NaN where not computable, under n definitions.

    `rows` (n tuples) are the options of the `free` choices, those with more than one allowed
    option; `defaults` are the options of these that are used where none is chosen. `adds_up` says
    whether values are parts of a whole, in which a party without a row has nothing.
    """

    quantity: Quantity
    parties: tuple[str, ...]
    free: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: Any
    defaults: Mapping[str, str]
    adds_up: bool
    reasons: tuple[str, ...] = ()

    def value(self, party: str) -> Any:
        """Values (n,) of a party; of one that isn't there nothing, or NaN if it isn't a count."""
        if party in self.parties:
            found = self.values[:, self.parties.index(party)]
        else:
            found = np.full(len(self.rows), np.nan)
        if not self.adds_up:
            return found
        is_computed = ~np.isnan(self.values).all(axis=1)
        return np.where(np.isnan(found) & is_computed, 0.0, found)


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
            options = named or [option.name for option in choice.options]
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
        free = tuple(name for name, options in allowed.items() if len(options) > 1)
        fixed = {name: options[0] for name, options in allowed.items() if len(options) == 1}
        rows = _definitions([allowed[name] for name in free])
        by_row: list[dict[str, float]] = []
        reasons: dict[str, None] = {}
        for row in rows:
            try:
                figure = self._asked(quantity, {**fixed, **dict(zip(free, row, strict=True))})
            except (NoDataError, NotComputableError) as error:  # damage is no lack of data
                reasons[error.message] = None
                by_row.append({})
                continue
            by_row.append(_values(figure))
        parties = tuple(dict.fromkeys(party for values in by_row for party in values))
        table = np.full((len(rows), len(parties)), np.nan)
        for i, values in enumerate(by_row):
            for j, party in enumerate(parties):
                table[i, j] = values.get(party, np.nan)
        return Spread(
            quantity=quantity,
            parties=parties,
            free=free,
            rows=tuple(rows),
            values=table,
            defaults={name: allowed[name][0] for name in free},
            adds_up=_adds_up(found),
            reasons=tuple(reasons),
        )


def _adds_up(found: Measure) -> bool:
    return found.unit in _COUNTED


def _values(figure: Figure) -> dict[str, float]:
    """Values by party; a row that has several names is called by all of them."""
    return {
        " ".join(str(part) for part in row.key.values()): row.value
        for row in figure.rows
        if row.value is not None
    }


def _definitions(options: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """All combinations, or, of too many, the default one and those that differ in one choice."""
    if not options:
        return [()]
    if np.prod([len(each) for each in options]) <= _MOST:
        return list(itertools.product(*options))
    first = tuple(each[0] for each in options)
    return [first] + [
        (*first[:i], option, *first[i + 1 :])
        for i, each in enumerate(options)
        for option in each[1:]
    ]
