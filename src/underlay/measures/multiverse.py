"""A measure under all combinations of its choices at once: who leads, how surely, and why.

Steegen et al. 2016, "Increasing transparency through a multiverse analysis"; the curve over all
definitions is Simonsohn et al. 2020, "Specification curve analysis".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError, NotComputableError, UnknownNameError
from underlay.measures.cube import cube, rounded
from underlay.measures.definitions import EACH, Definition, Query
from underlay.measures.evaluate import evaluate
from underlay.measures.slices import can_slice, slices

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.lake.engine import Engine
    from underlay.measures.definitions import Choice, Measure, Row

__all__ = [
    "Facet",
    "Flip",
    "Influence",
    "Merged",
    "Multiverse",
    "Spread",
    "multiverse",
    "open_choices",
    "spread",
]

# what is nobody in particular can't lead
NOBODY = frozenset(("unknown", "other", "several", "independent", "none"))
# units in which more is a lead
_AMOUNTS = frozenset(
    ("share", "downloads in 30 days", "downloads", "pulls", "models", "tokens in a week",
     "H100 equivalents", "systems", "count")
)  # fmt: skip
_ONE_BY_ONE = 400  # definitions of a measure that is no sum, at about 0.1 s each


@dataclass(frozen=True)
class Facet:
    """A choice that varies, with the options that make a difference; the first is the default."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """An option left out because on these rows it says in every definition what another says."""

    facet: str
    option: str
    same_as: str


@dataclass(frozen=True)
class Spread:
    """A party's values over the `n` definitions in which it is a party."""

    least: float
    q1: float
    median: float
    q3: float
    most: float
    n: int


@dataclass(frozen=True)
class Influence:
    """Parts of the variance of the leading party's value that a facet explains.

    `first` alone (first-order index, Sobol 1993), `total` with all its interactions (Homma &
    Saltelli 1996); None where the value is the same under all definitions.
    """

    facet: str
    first: float | None
    total: float | None


@dataclass(frozen=True)
class Flip:
    """A definition as near as any under which another party leads."""

    origin: int
    target: int
    changed: tuple[str, ...]
    leader_before: str
    leader_after: str
    as_near: int  # how many definitions do it with as few changes


@dataclass(frozen=True)
class Multiverse:
    """Values of all parties under all combinations of the facets' options.

    `codes` (definitions, facets) are places in each facet's options, in the order of a full
    factorial; definition 0 is the default one. `values` (definitions, parties) are NaN where
    a party can't have a value: the table of organisations doesn't know it, the denominator leaves
    it out, or nothing is left to be a share of. A party without a model that counts has 0.
    """

    measure: str
    question: str
    unit: str
    by: str
    facets: tuple[Facet, ...]
    held: Mapping[str, str]
    merged: tuple[Merged, ...]
    codes: Any
    parties: tuple[str, ...]
    values: Any
    as_of: str
    is_ranked: bool = True  # whether the largest value is a lead: not that of a price or an index
    missing: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)

    def definition(self, index: int) -> dict[str, str]:
        """The facets of one definition, those that are held too; `where` of the single path."""
        varied = {
            facet.name: facet.options[code]
            for facet, code in zip(self.facets, self.codes[index], strict=True)
        }
        return {**self.held, **varied}

    def index(self, where: Mapping[str, str]) -> int:
        """The definition with these options, and defaults elsewhere; raises `UnknownNameError`."""
        same = {(each.facet, each.option): each.same_as for each in self.merged}
        place = 0
        names = {facet.name for facet in self.facets} | set(self.held)
        for name, option in where.items():
            if name not in names:
                raise UnknownNameError(f"facet of `{self.measure}`", name, tuple(sorted(names)))
            if name in self.held and same.get((name, option), option) != self.held[name]:
                raise UnknownNameError(f"option of `{name}`", option, (self.held[name],))
        for facet in self.facets:
            option = where.get(facet.name, facet.options[0])
            option = same.get((facet.name, option), option)
            if option not in facet.options:
                raise UnknownNameError(f"option of `{facet.name}`", option, facet.options)
            place = place * len(facet.options) + facet.options.index(option)
        return place

    def value(self, index: int, party: str) -> float | None:
        """A party's value under one definition; None where it has none."""
        if party not in self.parties:
            return None
        return _number(self.values[index, self.parties.index(party)])

    @cached_property
    def leaders(self) -> Any:
        """Place of the leading party (definitions,), -1 where there is none.

        Nobody in particular (`unknown`, `other` ...) can't lead; of equals the first by name does.
        """
        is_party = np.array([party not in NOBODY for party in self.parties], dtype=bool)
        if not (self.is_ranked and is_party.any()):
            return np.full(len(self), -1)
        values = np.where(is_party & ~np.isnan(self.values), self.values, -np.inf)
        best = values.argmax(axis=1)
        return np.where(values[np.arange(len(self)), best] > 0, best, -1)

    def at(self, where: Mapping[str, str]) -> Multiverse:
        """The definitions with these options of facets, which are held then.

        The same as a multiverse with that `where`, as far as the facets don't choose lists. Raises
        `UnknownNameError`.
        """
        index = self.codes[self.index(where)]
        names = tuple(facet.name for facet in self.facets)
        places = [names.index(name) for name in where if name in names]
        left = [place for place in range(len(names)) if place not in places]
        chosen = (self.codes[:, places] == index[places]).all(axis=1)
        held = {**self.held, **{names[p]: self.facets[p].options[index[p]] for p in places}}
        found = replace(
            self,
            facets=tuple(self.facets[place] for place in left),
            held=held,
            codes=self.codes[chosen][:, left],
            values=self.values[chosen],
        )
        return _without_duplicates(found, tuple(held))

    @cached_property
    def leads(self) -> dict[str, float]:
        """Part of the definitions with a leader that each party leads, most often first."""
        decided = self.leaders[self.leaders >= 0]
        if not len(decided):
            return {}
        counts = np.bincount(decided, minlength=len(self.parties))
        order = [i for i in np.argsort(-counts, kind="stable") if counts[i]]
        return {self.parties[i]: float(counts[i] / len(decided)) for i in order}

    @cached_property
    def open_to_unknown(self) -> float | None:
        """Part of the definitions with a leader and something unknown in which that is more than
        the lead; None where nothing unknown is counted.
        """
        if "unknown" not in self.parties:
            return None
        unknown = self.values[:, self.parties.index("unknown")]
        asked = (self.leaders >= 0) & ~np.isnan(unknown)
        if not asked.any():
            return None
        is_party = np.array([party not in NOBODY for party in self.parties], dtype=bool)
        named = np.sort(np.nan_to_num(self.values[asked][:, is_party]), axis=1)
        second = named[:, -2] if named.shape[1] > 1 else 0.0
        return float((named[:, -1] - second < unknown[asked]).mean())

    @cached_property
    def spread(self) -> dict[str, Spread]:
        """Quartiles by party, the largest median first."""
        found = {}
        for place, party in enumerate(self.parties):
            values = self.values[:, place]
            values = values[~np.isnan(values)]
            if len(values):
                least, q1, median, q3, most = np.percentile(values, [0, 25, 50, 75, 100]).tolist()
                found[party] = Spread(least, q1, median, q3, most, len(values))
        return dict(sorted(found.items(), key=lambda item: (-item[1].median, item[0])))

    @property
    def leader(self) -> str | None:
        """The party that leads most often; where none leads, the one with the largest median."""
        return next(iter(self.leads), None) or next(iter(self.spread), None)

    @cached_property
    def facet_influence(self) -> tuple[Influence, ...]:
        """How much of the variance of the leader's value each facet explains, the most first."""
        return self.influence(self.leader) if self.leader else ()

    def influence(self, party: str) -> tuple[Influence, ...]:
        """The same for any party, over the definitions in which it has a value.

        The design is a full factorial, so the indices are exact sums and need no sampling. Where
        some definitions have no value the design isn't balanced, and parts of facets overlap.
        """
        values = self.values[:, self.parties.index(party)]
        shape = tuple(len(facet.options) for facet in self.facets)
        grid = values.reshape(shape)
        known: Any = ~np.isnan(grid)
        filled = np.where(known, grid, 0.0)
        count = int(known.sum())
        mean = float(filled.sum()) / count if count else 0.0
        variance = float((np.where(known, grid - mean, 0.0) ** 2).sum()) / count if count else 0.0
        found = []
        for axis, facet in enumerate(self.facets):
            if not variance > 0:
                found.append(Influence(facet.name, None, None))
                continue
            others = tuple(a for a in range(len(shape)) if a != axis)
            n = known.sum(axis=others)
            means = filled.sum(axis=others) / np.maximum(n, 1)
            first = float((n * (means - mean) ** 2).sum()) / count / variance
            m = known.sum(axis=axis, keepdims=True)
            rest = filled.sum(axis=axis, keepdims=True) / np.maximum(m, 1)
            total = float((np.where(known, grid - rest, 0.0) ** 2).sum()) / count / variance
            found.append(Influence(facet.name, first, total))
        return tuple(sorted(found, key=lambda each: (-(each.first or 0.0), each.facet)))

    @property
    def nearest_flip(self) -> Flip | None:
        """The smallest change of the default definition that gives another leader."""
        return self.flip(0)

    @property
    def no_flip(self) -> str:
        """Why there is no nearest flip."""
        if not self.is_ranked:
            return "the largest value is no lead here"
        if self.leaders[0] < 0:
            return "nobody leads under the default definition"
        return "no definition has another leader than the default one"

    def flip(self, index: int) -> Flip | None:
        """The definition with another leader that changes the fewest facets of this one.

        Ties by the names of the facets changed, then of their options. None if there is none.
        """
        leader = self.leaders[index]
        places = np.flatnonzero((self.leaders >= 0) & (self.leaders != leader))
        if leader < 0 or not len(places):
            return None
        apart = self.codes[places] != self.codes[index]
        distance = apart.sum(axis=1)
        nearest = places[distance == distance.min()]

        def names(place: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
            changed = self._changed(index, place)
            facets = self.definition(place)
            return changed, tuple(facets[name] for name in changed)

        target = min((int(place) for place in nearest), key=names)
        return Flip(
            index,
            target,
            self._changed(index, target),
            self.parties[leader],
            self.parties[self.leaders[target]],
            len(nearest),
        )

    def _changed(self, one: int, other: int) -> tuple[str, ...]:
        differs = self.codes[one] != self.codes[other]
        return tuple(
            sorted(f.name for f, is_other in zip(self.facets, differs, strict=True) if is_other)
        )

    def to_dict(self, *, definitions: bool = True) -> dict[str, Any]:
        """The JSON answer `underlay/multiverse/1`, with every definition unless told otherwise."""
        flip = self.nearest_flip
        content: dict[str, Any] = {
            "schema": "underlay/multiverse/1",
            "figure": self.measure,
            "question": self.question,
            "unit": self.unit,
            "by": self.by,
            "as_of": self.as_of,
            "count": len(self),
            "is_ranked": self.is_ranked,
            "without_value": int(np.isnan(self.values).all(axis=1).sum()),
            "facets": [{"facet": f.name, "options": list(f.options)} for f in self.facets],
            "held": dict(self.held),
            "merged": [
                {"facet": m.facet, "option": m.option, "same_as": m.same_as} for m in self.merged
            ],
            "leads": self.leads,
            "open_to_unknown": self.open_to_unknown,
            "missing": dict(self.missing),
            "spread": {
                party: {
                    "min": s.least, "q1": s.q1, "median": s.median, "q3": s.q3, "max": s.most,
                    "definitions": s.n,
                }
                for party, s in self.spread.items()
            },
            "influence_on": self.leader,
            "facet_influence": [
                {"facet": i.facet, "share_of_variance": i.first, "with_interactions": i.total}
                for i in self.facet_influence
            ],
            "nearest_flip": None
            if flip is None
            else {
                "from": self.definition(flip.origin),
                "to": self.definition(flip.target),
                "changed": list(flip.changed),
                "leader_before": flip.leader_before,
                "leader_after": flip.leader_after,
                "as_near": flip.as_near,
            },
        }  # fmt: skip
        if flip is None:
            content["reason"] = self.no_flip
        if definitions:
            content["definitions"] = list(self._plain())
        return content

    def _plain(self) -> Iterator[dict[str, Any]]:
        for index, row in enumerate(self.values.tolist()):
            values = {
                party: value
                for party, value in zip(self.parties, row, strict=True)
                if value == value  # NaN is no party here
            }
            yield {"facets": self.definition(index), "values": values}


def multiverse(
    measure: Measure,
    engine: Engine,
    *,
    by: str = "",
    where: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
    vary: Sequence[str] = (),
) -> Multiverse:
    """The measure under every combination of the options that `where` leaves open.

    `vary` names choices that are held otherwise, such as the list. Raises what `evaluate` raises,
    and `NotComputableError` where there would be too many definitions.
    """
    by = by or measure.default_by
    measure.split(by)
    where = dict(where or {})
    names = tuple(choice.name for choice in measure.choices)
    for name in vary:
        if name not in names:
            raise UnknownNameError(f"choice of `{measure.name}`", name, names)
    definition = measure.definition(where, by)
    varied = open_choices(measure, by, where, vary)
    facets = tuple(Facet(c.name, tuple(option.name for option in c.options)) for c in varied)
    codes = _factorial([len(facet.options) for facet in facets])
    varied_names = {facet.name for facet in facets}
    held = {k: v for k, v in definition.facets().items() if k not in varied_names}
    query = Query(
        by,
        Definition(
            {k: EACH if k in varied_names else v for k, v in definition.options.items()},
            definition.kept,
        ),
        as_of,
    )
    if measure.computation is not None:
        grid = measure.computation.all(engine, query, {f.name: f.options for f in facets})
        found = Multiverse(
            measure.name, measure.question, measure.unit, by, facets, held, (), codes,
            grid.parties, grid.values, grid.as_of, grid.is_ranked, grid.missing,
        )  # fmt: skip
    elif callable(measure.reduce):
        found = _unsummed(measure, engine, query, facets, codes, held)
    else:
        sums = cube(measure, engine, query, [facet.name for facet in facets], codes)
        found = Multiverse(
            measure.name, measure.question, measure.unit, by, facets, held, (), codes,
            sums.parties, sums.values, sums.newest, measure.unit in _AMOUNTS,
        )  # fmt: skip
    return _without_duplicates(found, tuple(definition.facets()))


def open_choices(
    measure: Measure, by: str, where: Mapping[str, str], vary: Sequence[str] = ()
) -> list[Choice]:
    """The choices that make several definitions of what is asked so."""
    return [
        choice
        for choice in measure.choices
        if choice.name not in where
        and choice.name != by
        and (choice.varies or choice.name in vary)
        and len(choice.options) > 1
    ]


def spread(
    measure: Measure,
    engine: Engine,
    party: str,
    *,
    by: str = "",
    where: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
) -> tuple[float | None, float | None, int]:
    """(least, most, definitions) of a party's value over the definitions that `where` leaves open.

    What was computed for one party is kept for the next.
    """
    key = f"multiverse {measure.name} {by} {sorted((where or {}).items())} {as_of}"
    if key not in engine.memory:
        engine.memory[key] = multiverse(measure, engine, by=by, where=where, as_of=as_of)
    found: Spread | None = engine.memory[key].spread.get(party)
    return (found.least, found.most, found.n) if found else (None, None, 0)


def _factorial(sizes: Sequence[int]) -> Any:
    """All combinations (product of sizes, sizes), the last facet changing fastest."""
    if not sizes:
        return np.zeros((1, 0), dtype=np.int16)
    return np.ascontiguousarray(np.indices(sizes, dtype=np.int16).reshape(len(sizes), -1).T)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _without_duplicates(found: Multiverse, names: Sequence[str]) -> Multiverse:
    """Without options that give in every definition what an earlier option gives.

    `names` is the order of what is held.
    """
    sizes = [len(facet.options) for facet in found.facets]
    grid = found.values.reshape(*sizes, len(found.parties))
    facets, merged = [], list(found.merged)
    held = dict(found.held)
    for axis, facet in enumerate(found.facets):
        kept: list[int] = []
        for place in range(len(facet.options)):
            here = grid.take(place, axis=axis)
            same = next(
                (i for i in kept if np.array_equal(grid.take(i, axis=axis), here, equal_nan=True)),
                None,
            )
            if same is None:
                kept.append(place)
            else:
                merged.append(Merged(facet.name, facet.options[place], facet.options[same]))
        grid = grid.take(kept, axis=axis)
        facets.append(Facet(facet.name, tuple(facet.options[i] for i in kept)))
    held |= {facet.name: facet.options[0] for facet in facets if len(facet.options) == 1}
    left = tuple(facet for facet in facets if len(facet.options) > 1)
    codes = _factorial([len(facet.options) for facet in left])
    values = np.ascontiguousarray(grid.reshape(len(codes), len(found.parties)))
    held = dict(sorted(held.items(), key=lambda item: names.index(item[0])))
    return replace(found, facets=left, codes=codes, values=values, held=held, merged=tuple(merged))


def _unsummed(
    measure: Measure,
    engine: Engine,
    query: Query,
    facets: tuple[Facet, ...],
    codes: Any,
    held: Mapping[str, str],
) -> Multiverse:
    """A measure that isn't a sum over rows: its own function for each definition."""
    wheres = [
        {f.name: f.options[place] for f, place in zip(facets, code, strict=True)} for code in codes
    ]
    figures: Iterator[tuple[Sequence[Row], str]]
    if can_slice(measure, query, [facet.name for facet in facets]):
        figures = slices(measure, engine, query, wheres)
    else:
        figures = _one_by_one(measure, engine, query, wheres, held)
    found: list[dict[str, float]] = []
    days, reasons, is_ranked = [], {}, measure.unit in _AMOUNTS
    for where, (rows, day) in zip(wheres, figures, strict=True):
        if not day:
            named = ", ".join(f"{k}={v}" for k, v in where.items())
            reasons[named] = NoDataError(measure.name, named, "").message
            found.append({})
            continue
        days.append(day)
        is_ranked &= all(set(row.key) == {query.by} for row in rows)
        found.append(
            {
                " / ".join(str(part) for part in row.key.values()): row.value
                for row in rows
                if row.value is not None
            }
        )
    if not days:
        raise NoDataError(measure.name, "any definition", "")
    parties = sorted({party for values in found for party in values})
    values = np.array([[row.get(p, np.nan) for p in parties] for row in found], dtype=np.float64)
    values = rounded(values, is_share=measure.unit == "share")
    return Multiverse(
        measure.name, measure.question, measure.unit, query.by, facets, held, (), codes,
        tuple(parties), values.reshape(len(codes), len(parties)), max(days), is_ranked, reasons,
    )  # fmt: skip


def _one_by_one(
    measure: Measure,
    engine: Engine,
    query: Query,
    wheres: Sequence[Mapping[str, str]],
    held: Mapping[str, str],
) -> Iterator[tuple[Sequence[Row], str]]:
    """(rows, newest day) of the single path under each definition; "" where there is no data."""
    if len(wheres) > _ONE_BY_ONE:
        raise NotComputableError(
            f"{measure.name} under {len(wheres):,} definitions",
            f"this measure is computed one by one, {_ONE_BY_ONE} definitions at most",
            "fewer open facets: hold some with `--where FACET=OPTION`",
        )
    for where in wheres:
        asked = {k: v for k, v in {**held, **where}.items() if v != EACH}
        try:
            figure = evaluate(measure, engine, by=query.by, where=asked, as_of=query.as_of)
        except NoDataError:
            yield (), ""
            continue
        yield figure.rows, figure.as_of
