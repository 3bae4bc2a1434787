"""Every definition of a measure that is no sum: the relation read once, each definition some rows.

A measure with a `reduce` function of its own can't be put together from sums. So its rows are read
once with a bit for each option that keeps them, and the function is called on the rows of each
definition. Filters and editions mean what they mean in `evaluate`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError
from underlay.lake.engine import Result
from underlay.measures.cube import ranked
from underlay.measures.definitions import EACH, Definition
from underlay.measures.evaluate import labels_of, listed_relation, vintage_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis

    from underlay.lake.engine import Engine
    from underlay.measures.definitions import Choice, Measure, Option, Query, Role, Row

__all__ = ["can_slice", "slices"]

_ORDER: tuple[Role, ...] = ("list", "base", "kind")  # in which filters are applied


def can_slice(measure: Measure, query: Query, varied: Sequence[str]) -> bool:
    """Whether every filter can be decided row by row, before the others are applied.

    One that looks at other rows can be where nothing is filtered before it that differs between
    definitions. Other amounts and rules for outliers are for measures that are sums.
    """
    differs = False  # whether a filter that differs between definitions comes before
    for role in _ORDER:
        for choice in (choice for choice in measure.choices if choice.role == role):
            options = _options(choice, query, varied)
            if any(o.amount != "value" or o.reshape is not None for o in options):
                return False
            filters = [option for option in options if option.keep is not None]
            # a list's own rule looks at its editions, which other choices of lists don't change
            if role != "list" and differs and not all(option.is_of_row for option in filters):
                return False
            if filters and (len(options) > 1 or role != "list"):
                differs = True
    return True


def _options(choice: Choice, query: Query, varied: Sequence[str]) -> tuple[Option, ...]:
    if choice.name in varied:
        return choice.options
    name = query.definition.options[choice.name]
    return () if name == EACH else (choice.option(name),)


def slices(
    measure: Measure, engine: Engine, query: Query, wheres: Sequence[Mapping[str, str]]
) -> Iterator[tuple[list[Row], str]]:
    """(rows of the figure, newest day) under each definition; no rows and "" where none is left.

    `wheres` are options of the choices that `query` leaves open, the same ones in each.
    """
    varied = tuple(wheres[0]) if wheres else ()
    held = _Held(measure, engine, query, varied)
    for where in wheres:
        yield held.figure(where)


class _Held:
    """The rows that some definition may count, with the bits of options."""

    def __init__(
        self, measure: Measure, engine: Engine, query: Query, varied: Sequence[str]
    ) -> None:
        self.measure, self.query = measure, query
        self.within = vintage_columns(measure, query.by)
        self.keeps: dict[tuple[str, str], Any] = {}
        for choice in measure.choices:
            for option in _options(choice, query, varied):
                is_applied = choice.role == "list" and choice.name not in varied
                if option.keep is not None and not is_applied:
                    self.keeps[choice.name, option.name] = option.keep
        for name, value in query.definition.kept.items():
            split = measure.split(name)
            if split.role != "list":  # those of lists are applied already
                self.keeps[name, value] = lambda t, c=split.column, v=value: labels_of(t[c]) == v
        facets = sorted(query.definition.facets().items())
        as_of = str(query.as_of) if query.as_of else ""
        question = json.dumps(["slices", measure.name, query.by, facets, as_of])
        result = engine.ask(question, lambda: self._coded(engine))
        self.result = result
        if not len(result):
            raise NoDataError(measure.name, ", ".join(f"{k}={v}" for k, v in facets), "")
        days = result["observed_on"].astype("datetime64[D]")
        self.days, self.day = ranked(days)
        strata = [result.objects(f"within_{i}") for i in range(len(self.within))]
        self.stratum = _strata(strata) if strata else np.zeros(len(result), dtype=np.int64)
        self.bits = {
            key: np.ma.filled(result[f"bit_{i}"], False).astype(bool)
            for i, key in enumerate(self.keeps)
        }

    def _coded(self, engine: Engine) -> ibis.Table:
        measure, by = self.measure, self.measure.split(self.query.by)
        relation = listed_relation(measure, engine, self.query)
        columns = {
            by.name: relation[by.column],
            "observed_on": relation.observed_on,
            "source": relation.source,
            "value": relation.value,
        }
        for name in (*measure.grain, *measure.columns):
            columns.setdefault(name, relation[name])
        columns |= {f"within_{i}": relation[name] for i, name in enumerate(self.within)}
        columns |= {f"bit_{i}": keep(relation) for i, keep in enumerate(self.keeps.values())}
        return relation.select(**columns)

    def figure(self, where: Mapping[str, str]) -> tuple[list[Row], str]:
        """One definition's rows and newest day."""
        options = {**self.query.definition.options, **where}
        listed = self._kept(options, "list")
        query = replace(self.query, definition=Definition(options, self.query.definition.kept))
        part = None
        if self.measure.history:
            seen = np.bincount(self.day[listed], minlength=len(self.days)) > 0
            query = replace(query, editions=tuple(self.days[seen].tolist()))
            rows = listed
        else:
            rows, part = self._newest(listed, options)
        rows = np.flatnonzero(rows & self._kept(options, "base") & self._kept(options, "kind"))
        if not len(rows):
            return [], ""
        chosen = {
            name: cells[rows]
            for name, cells in self.result.columns.items()
            if not name.startswith(("bit_", "within_"))
        }
        if part is not None:
            chosen["value"] = chosen["value"] * part[rows]
        result = Result(chosen)
        assert callable(self.measure.reduce)  # noqa: S101 - the caller chose by that
        return self.measure.reduce(result, query), str(self.days[self.day[rows].max()])

    def _kept(self, options: Mapping[str, str], role: Role) -> Any:
        kept = np.ones(len(self.result), dtype=bool)
        for choice in self.measure.choices:
            if choice.role == role and (choice.name, options[choice.name]) in self.bits:
                kept &= self.bits[choice.name, options[choice.name]]
        for name, value in self.query.definition.kept.items():
            if self.measure.split(name).role == role and (name, value) in self.bits:
                kept &= self.bits[name, value]
        return kept

    def _newest(self, listed: Any, options: Mapping[str, str]) -> tuple[Any, Any]:
        """Rows of the newest editions within each stratum, and the part for which each counts."""
        count = max(
            (
                choice.option(options[choice.name]).editions
                for choice in self.measure.choices
                if options[choice.name] != EACH
            ),
            default=1,
        )
        strata, days = int(self.stratum.max()) + 1, len(self.days)
        cell = self.stratum * days + self.day
        has_rows = np.bincount(cell[listed], minlength=strata * days).reshape(strata, days) > 0
        has_rows &= has_rows[:, ::-1].cumsum(axis=1)[:, ::-1] <= count
        rows = listed & has_rows.ravel()[cell]
        if count == 1:
            return rows, None
        parts = 1.0 / np.maximum(has_rows.sum(axis=1), 1)
        return rows, parts[self.stratum]


def _strata(columns: Sequence[Sequence[Any]]) -> Any:
    """A number for each distinct combination of cells."""
    places: dict[tuple[Any, ...], int] = {}
    return np.array(
        [places.setdefault(cells, len(places)) for cells in zip(*columns, strict=True)],
        dtype=np.int64,
    )
