"""From a measure and a query to a figure: the one runner of all measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError
from underlay.measures.definitions import Figure, Query, Row, SourceNote
from underlay.measures.intervals import bootstrap_sums

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import ibis

    from underlay.lake.engine import Engine, Result
    from underlay.measures.definitions import Measure

__all__ = ["evaluate", "kept_relation"]

_UNKNOWN = ("unknown", "", None)


def evaluate(
    measure: Measure,
    engine: Engine,
    *,
    by: str = "",
    where: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
) -> Figure:
    """Compute a figure.

    Raises `UnknownNameError` for a facet or option that the measure lacks, and `NoDataError`
    where no row is left, naming the days that have data.
    """
    by = by or measure.default_by
    measure.split(by)
    query = Query(by, measure.definition(where or {}), as_of)
    result = engine.run(_selected(measure, query, kept_relation(measure, engine, query)))
    if not len(result):
        raise _no_data(measure, engine, query)
    reduce: Callable[[Result, Query], list[Row]]
    if callable(measure.reduce):
        reduce = measure.reduce
        rows = reduce(result, query)
    else:
        rows = _sums(measure, result, query, is_share=measure.reduce == "share")
    days = result["observed_on"].astype("datetime64[D]")
    return Figure(
        name=measure.name,
        question=measure.question,
        unit=measure.unit,
        by=by,
        rows=tuple(rows),
        coverage=_coverage(result, measure.split(by).name),
        definition=query.definition.facets(),
        sources=_sources(engine, result),
        as_of=str(days.max()),
        caveat=measure.caveat,
        citation=measure.citation,
        notes=_notes(measure, result),
    )


def kept_relation(measure: Measure, engine: Engine, query: Query) -> ibis.Table:
    """The rows of the measure's relation that count under the query's definition."""
    relation = _relation(measure, engine)
    for choice in measure.choices:
        if choice.name == query.by:
            continue
        keep = choice.option(query.definition.options[choice.name]).keep
        if keep is not None:
            relation = relation.filter(keep(relation))
    for name, value in query.definition.kept.items():
        column = measure.split(name).column
        relation = relation.filter(relation[column].cast("string") == value)
    if query.as_of is not None:
        relation = relation.filter(relation.observed_on <= query.as_of)
    if not measure.history:
        within = [*measure.vintage_by, *(["listing"] if query.by == "listing" else [])]
        newest = relation.observed_on.max()
        newest = newest.over(group_by=within) if within else newest.as_scalar()
        relation = relation.filter(relation.observed_on == newest)
    return relation


def _relation(measure: Measure, engine: Engine) -> ibis.Table:
    """The measure's relation, made once: Ibis takes longer to write its SQL than DuckDB to run it.

    Measures that share an expression share the relation.
    """
    made = measure.expression
    place, own = getattr(made, "__module__", ""), getattr(made, "__qualname__", "<")
    if "<" in own:  # a lambda or an inner function: its name doesn't tell it from others
        return engine.view(f"measure__{measure.name}", made)
    return engine.view(f"measure__{place}.{own}", made)


def _selected(measure: Measure, query: Query, relation: ibis.Table) -> ibis.Table:
    by = measure.split(query.by)
    columns = {
        by.name: relation[by.column],
        "observed_on": relation.observed_on,
        "source": relation.source,
        "value": relation.value,
    }
    for name in (*measure.grain, *measure.columns):
        columns.setdefault(name, relation[name])
    return relation.select(**columns)


def _sums(measure: Measure, result: Result, query: Query, *, is_share: bool) -> list[Row]:
    names, groups = np.unique(
        np.array([_label(cell) for cell in result.objects(query.by)], dtype=object),
        return_inverse=True,
    )
    values = result.floats("value")
    sums = np.bincount(groups, weights=values, minlength=len(names))
    lower = upper = np.full(len(names), np.nan)
    if measure.sampled:
        replicates = bootstrap_sums(values, groups, len(names))
        if is_share:
            totals = replicates.sum(axis=1, keepdims=True)
            zeros = np.zeros_like(replicates)
            replicates = np.divide(replicates, totals, out=zeros, where=totals > 0)
        lower, upper = np.percentile(replicates, [2.5, 97.5], axis=0)
    total = sums.sum()
    if is_share:
        if total <= 0:
            reason = "the total is zero"
            return [Row({query.by: str(name)}, None, reason=reason) for name in names]
        sums = sums / total
    largest = _largest(measure, result)
    without: Any = np.zeros(0)
    if largest is not None:
        part = values[largest[0]] / (total if is_share else 1.0)
        without = sums - np.where(np.arange(len(names)) == groups[largest[0]], part, 0.0)
        without = without / (1.0 - part) if is_share else without
    order = np.lexsort((names.astype(str), -sums))
    return [
        Row(
            {query.by: str(names[i])},
            float(sums[i]),
            _number(lower[i]),
            _number(upper[i]),
            more={"without_largest": float(without[i])} if len(without) else {},
        )
        for i in order
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _label(cell: Any) -> str:
    return "unknown" if cell in _UNKNOWN else str(cell)


def _coverage(result: Result, by: str) -> dict[str, float | int | None]:
    """Rows used, and the part of the weight whose `by` value is known."""
    values = np.nan_to_num(result.floats("value"))
    known = np.array([cell not in _UNKNOWN for cell in result.objects(by)], dtype=bool)
    total = float(np.abs(values).sum())
    weight = float(np.abs(values[known]).sum()) / total if total > 0 else None
    return {"rows": len(result), "rows_known": int(known.sum()), "weight": weight}


def _largest(measure: Measure, result: Result) -> tuple[int, float] | None:
    """Place and share of the largest model where it alone is a tenth of the total or more."""
    if callable(measure.reduce) or not measure.sampled or "model_id" not in measure.grain:
        return None
    values = result.floats("value")
    total = values.sum()
    if total <= 0 or not 0.1 <= values.max() / total < 1.0:
        return None
    largest = int(values.argmax())
    return largest, float(values[largest] / total)


def _notes(measure: Measure, result: Result) -> tuple[str, ...]:
    """Name the largest model where it moves the figure."""
    largest = _largest(measure, result)
    if largest is None:
        return ()
    place, share = largest
    name = result.objects("name")[place] if "name" in result.columns else "one model"
    return (f"`{name}` alone is {share:.0%} of the total",)


def _sources(engine: Engine, result: Result) -> tuple[SourceNote, ...]:
    days = result["observed_on"].astype("datetime64[D]")
    names = np.array(result.objects("source"), dtype=object).astype(str)
    notes = []
    for row in _source_rows(engine):
        here = names == row["source"]
        if here.any():
            notes.append(
                SourceNote(
                    name=row["source"],
                    title=row["title"],
                    licence=row["licence"],
                    url=row["url"],
                    vintage=str(days[here].max()),
                    conflict=row["conflict"] or "",
                )
            )
    return tuple(notes)


def _source_rows(engine: Engine) -> Sequence[Mapping[str, Any]]:
    if "source" not in engine.memory:
        relation = engine.tables["core__source"]
        columns = ["source", "title", "licence", "url", "conflict"]
        result = engine.run(relation.select(columns).order_by("source"))
        engine.memory["source"] = list(result.rows())
    rows: Sequence[Mapping[str, Any]] = engine.memory["source"]
    return rows


def _no_data(measure: Measure, engine: Engine, query: Query) -> NoDataError:
    relation = _relation(measure, engine)
    for choice in measure.choices:
        keep = choice.option(query.definition.options[choice.name]).keep
        if keep is not None and choice.name in ("listing", "of", "board"):
            relation = relation.filter(keep(relation))
    span = engine.run(
        relation.aggregate(first=relation.observed_on.min(), last=relation.observed_on.max())
    )
    first, last = span.objects("first")[0], span.objects("last")[0]
    asked = ", ".join(f"{k}={v}" for k, v in query.definition.facets().items())
    if query.as_of is not None:
        asked = f"{query.as_of} ({asked})"
    if first is None:
        return NoDataError(measure.name, asked, "")
    return NoDataError(measure.name, asked, f"days from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
