"""From a measure and a query to a figure: the one runner of all measures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.errors import NoDataError
from underlay.lake.engine import Result
from underlay.measures.definitions import EACH, Answer, Figure, Query, Row, SourceNote
from underlay.measures.intervals import bootstrap_sums

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from underlay.lake.engine import Engine
    from underlay.measures.definitions import (
        Computation,
        Definition,
        Measure,
        Option,
        Role,
    )

__all__ = [
    "chosen_options",
    "evaluate",
    "kept_relation",
    "labelled",
    "labels_of",
    "listed_relation",
    "vintage_columns",
]

_NAMED = 8  # values of a facet that an error names


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
    query = Query(by, measure.definition(where or {}, by), as_of)
    if measure.computation is not None:
        return _computed(
            measure, _answered(measure.computation, measure, engine, query), engine, query
        )
    if measure.history:
        query = replace(query, editions=_editions(measure, engine, query))
    result = engine.ask(
        _question("rows", measure, query),
        lambda: _selected(measure, query, kept_relation(measure, engine, query)),
    )
    if not len(result):
        raise _no_data(measure, engine, query)
    counted = result
    result = _reshaped(measure, query, result)
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
        coverage=_coverage(measure, engine, query, counted),  # an outlier that is cut is known
        definition=query.definition.facets(),
        sources=_sources(engine, result),
        as_of=str(days.max()),
        caveat=measure.caveat,
        citation=measure.citation,
        notes=_notes(measure, query, result),
    )


def _answered(computation: Computation, measure: Measure, engine: Engine, query: Query) -> Answer:
    """What the measure computes itself, or what it computed before over the same lake."""
    found = engine.answer(
        _question("answer", measure, query), lambda: asdict(computation.one(engine, query))
    )
    rows = tuple(Row(**row) for row in found["rows"])
    return Answer(**{**found, "rows": rows, "notes": tuple(found["notes"])})


def _computed(measure: Measure, answer: Answer, engine: Engine, query: Query) -> Figure:
    return Figure(
        name=measure.name,
        question=measure.question,
        unit=measure.unit,
        by=query.by,
        rows=answer.rows,
        coverage=answer.coverage,
        definition=query.definition.facets(),
        sources=_noted(engine, answer.vintages),
        as_of=answer.as_of,
        caveat=measure.caveat,
        citation=measure.citation,
        notes=answer.notes,
    )


def listed_relation(measure: Measure, engine: Engine, query: Query) -> ibis.Table:
    """The rows of the chosen lists up to the asked day, of all kinds and editions."""
    relation = _chosen(measure, _relation(measure, engine), query, ("list",))
    if query.as_of is not None:
        relation = relation.filter(relation.observed_on <= query.as_of)
    return relation


def _question(what: str, measure: Measure, query: Query) -> str:
    """A name for one query about a figure: equal for equal SQL only."""
    facets = sorted(query.definition.facets().items())
    as_of = str(query.as_of) if query.as_of else ""
    return json.dumps([what, measure.name, query.by, facets, as_of])


def kept_relation(
    measure: Measure, engine: Engine, query: Query, *, whole: bool = False
) -> ibis.Table:
    """The rows of the measure's relation that count under the query's definition.

    With `whole`, choices of what values are related to ("base") leave nothing out.
    """
    if measure.history:
        relation = _amounts(measure, query, listed_relation(measure, engine, query))
    else:
        relation = _newest_listed(measure, engine, query)
    if not whole:
        relation = _chosen(measure, relation, query, ("base",))
    return _chosen(measure, relation, query, ("kind",))


def _amounts(measure: Measure, query: Query, relation: ibis.Table) -> ibis.Table:
    """With the amount as value that an option of the definition chooses, if one does."""
    options = chosen_options(measure, query.definition)
    amount = next((option.amount for option in options if option.amount != "value"), "value")
    return (
        relation if amount == "value" else relation.mutate(value=relation[amount].cast("float64"))
    )


def _newest_listed(measure: Measure, engine: Engine, query: Query) -> ibis.Table:
    """The newest editions of the chosen lists, kept: definitions differ in what they take of it."""
    options = chosen_options(measure, query.definition)
    within, editions = vintage_columns(measure, query.by), _editions_meant(options)
    facets = [
        (choice.name, query.definition.options[choice.name])
        for choice in measure.choices
        if choice.role == "list"
    ]
    facets += [
        (name, value)
        for name, value in sorted(query.definition.kept.items())
        if measure.split(name).role == "list"
    ]
    amounts = [option.amount for option in options if option.amount != "value"]
    key = json.dumps([facets, str(query.as_of), within, editions, amounts])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return engine.view(
        f"{measure.name}__{digest}",
        lambda _: _newest(
            _amounts(measure, query, listed_relation(measure, engine, query)), within, editions
        ),
        is_kept=True,
    )


def chosen_options(measure: Measure, definition: Definition) -> list[Option]:
    """The options that a definition picks, without choices that it leaves open."""
    picked = ((choice, definition.options[choice.name]) for choice in measure.choices)
    return [choice.option(name) for choice, name in picked if name != EACH]


def vintage_columns(measure: Measure, by: str) -> list[str]:
    """The columns within which the newest day is taken; none where it is the same for all."""
    return [*measure.vintage_by, *(["listing"] if by == "listing" else [])]


def _editions_meant(options: Sequence[Option]) -> int:
    return max((option.editions for option in options), default=1)


def _newest(relation: ibis.Table, within: list[str], editions: int) -> ibis.Table:
    """The rows of the newest edition, or of so many with the mean of their values."""
    if editions == 1:
        newest = relation.observed_on.max()
        newest = newest.over(group_by=within) if within else newest.as_scalar()
        return relation.filter(relation.observed_on == newest)
    days = relation.select("observed_on", *within).distinct()
    place = ibis.row_number().over(group_by=within or None, order_by=days.observed_on.desc())
    days = days.mutate(place=place)
    days = days.filter(days.place < editions)
    count = days.count().over(group_by=within or None)
    days = days.mutate(editions=count)
    joined = relation.join(days, ["observed_on", *within])
    return joined.mutate(value=joined.value / joined.editions).select(relation.columns)


def _reshaped(measure: Measure, query: Query, result: Result) -> Result:
    """The rows after the definition's rule for the largest models, if it has one."""
    for option in chosen_options(measure, query.definition):
        if option.reshape is not None:
            _, model = np.unique(np.asarray(result[measure.grain[0]]), return_inverse=True)
            values = result.floats("value")
            amounts = np.bincount(model, weights=np.nan_to_num(values))
            depth = option.reshape.depth
            # of models as large as each other, the one with the lower number comes first
            order = np.argsort(-amounts, kind="stable")[: depth + 1]
            largest = np.zeros(depth + 1)
            largest[: len(order)] = amounts[order]
            factors = np.ones(len(amounts))
            factors[order[:depth]] = option.reshape.factors(largest)[: len(order)]
            result = Result({**result.columns, "value": values * factors[model]})
    return result


def _chosen(
    measure: Measure, relation: ibis.Table, query: Query, roles: tuple[Role, ...]
) -> ibis.Table:
    """The rows that the options of choices, and the values of splits, of these roles keep."""
    for choice in measure.choices:
        option = query.definition.options[choice.name]
        keep = choice.option(option).keep if option != EACH else None
        if keep is not None and choice.role in roles:
            relation = relation.filter(keep(relation))
    for name, value in query.definition.kept.items():
        split = measure.split(name)
        if split.role in roles:
            relation = relation.filter(labels_of(relation[split.column]) == value)
    return relation


def labels_of(column: Any) -> Any:
    """The names that a figure gives to the values of a column: `_label` for an engine."""
    return column.cast("string").nullif("").fill_null("unknown")


def labelled(cells: Any) -> tuple[tuple[str, ...], Any]:
    """The names that a figure gives to these cells, in order, and each cell's place among them."""
    found = np.ma.asarray(cells, dtype=object).tolist()  # null is None there
    label = {cell: "unknown" if cell in (None, "") else str(cell) for cell in set(found)}
    names = tuple(sorted(set(label.values())))
    rank = {name: place for place, name in enumerate(names)}
    code = {cell: rank[name] for cell, name in label.items()}
    return names, np.fromiter(map(code.__getitem__, found), np.int32, len(found))


def _editions(measure: Measure, engine: Engine, query: Query) -> tuple[dt.date, ...]:
    """All days of the chosen list up to the asked one."""

    def days() -> ibis.Table:
        relation = listed_relation(measure, engine, query)
        return relation.select("observed_on").distinct().order_by("observed_on")

    found = engine.ask(_question("editions", measure, query), days)
    return tuple(found["observed_on"].astype("datetime64[D]").tolist())


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
    # an engine gives rows in any order, and sums of floats depend on it in the last digit
    return relation.select(**columns).order_by(list(columns))


def _sums(measure: Measure, result: Result, query: Query, *, is_share: bool) -> list[Row]:
    values = result.floats("value")
    is_stated: Any = ~np.isnan(values)
    every, group = labelled(result[query.by])
    stated = np.unique(group[is_stated])
    silent = [name for place, name in enumerate(every) if place not in stated]
    unstated = [Row({query.by: name}, None, reason="no value is stated") for name in silent]
    values = values[is_stated]
    names = np.array(every, dtype=object)[stated]
    groups = np.searchsorted(stated, group[is_stated])
    sums = np.bincount(groups, weights=values, minlength=len(names))
    total = sums.sum()
    if is_share and not total > 0:
        reason = "the total is zero"
        return [*(Row({query.by: str(name)}, None, reason=reason) for name in names), *unstated]
    lower = upper = np.full(len(names), np.nan)
    if measure.sampled:
        units = np.asarray(result[measure.grain[0]])[is_stated]
        replicates = bootstrap_sums(values, groups, len(names), units)
        if is_share:
            totals = replicates.sum(axis=1, keepdims=True)
            # a replicate in which no model was drawn has no shares
            replicates = replicates[totals[:, 0] > 0] / totals[totals[:, 0] > 0]
        lower, upper = np.percentile(replicates, [2.5, 97.5], axis=0)
    if is_share:
        sums = sums / total
    without: Any = np.zeros(0)
    largest = _largest(measure, result)
    if largest is not None:
        is_largest = largest[0][is_stated]
        part = np.bincount(groups[is_largest], weights=values[is_largest], minlength=len(names)) / (
            total if is_share else 1.0
        )
        without = (sums - part) / (1.0 - part.sum()) if is_share else sums - part
        without = np.maximum(without, 0.0)  # what is left of a difference of equals
    order = np.lexsort((names.astype(str), -sums))
    rows = [
        Row(
            {query.by: str(names[i])},
            float(sums[i]),
            _number(lower[i]),
            _number(upper[i]),
            more={"without_largest": float(without[i])} if len(without) else {},
        )
        for i in order
    ]
    return rows + unstated


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _coverage(
    measure: Measure, engine: Engine, query: Query, result: Result
) -> dict[str, float | int | None]:
    """Rows used, and the part of the weight that counts and whose `by` value is known.

    The whole is what there is before a choice of denominator or panel leaves some of it out.
    """
    values = np.nan_to_num(np.abs(result.floats("value")))
    names, group = labelled(result[query.by])
    known = np.array([name != "unknown" for name in names], dtype=bool)[group]
    total = float(values.sum())
    options = query.definition.options
    if any(
        choice.role == "base" and choice.option(options[choice.name]).keep is not None
        for choice in measure.choices
    ):

        def whole() -> ibis.Table:
            relation = kept_relation(measure, engine, query, whole=True)
            return relation.aggregate(total=relation.value.abs().sum())

        found = engine.ask(_question("whole", measure, query), whole)
        total = max(total, float(found.floats("total")[0]))
    weight = float(values[known].sum()) / total if total > 0 else None
    return {"rows": len(result), "rows_known": int(known.sum()), "weight": weight}


def _largest(measure: Measure, result: Result) -> tuple[Any, float] | None:
    """Rows (n,) and share of the largest model where it alone is a tenth of the total or more."""
    if callable(measure.reduce) or not measure.sampled or "model_id" not in measure.grain:
        return None
    models, model = np.unique(np.asarray(result["model_id"]), return_inverse=True)
    sums = np.bincount(model, weights=np.nan_to_num(result.floats("value")), minlength=len(models))
    total = sums.sum()
    if total <= 0 or not 0.1 <= sums.max() / total < 1.0:
        return None
    return model == sums.argmax(), float(sums.max() / total)


def _notes(measure: Measure, query: Query, result: Result) -> tuple[str, ...]:
    """What a reader of this figure has to know: its largest model, lists that overlap."""
    notes = []
    largest = _largest(measure, result)
    if largest is not None:
        place = int(largest[0].argmax())
        name = result.objects("name")[place] if "name" in result.columns else "one model"
        notes.append(f"`{name}` alone is {largest[1]:.0%} of the total")
    values = result.floats("value")
    fallen = values[values < 0]
    if len(fallen) and not callable(measure.reduce):
        notes.append(
            f"{len(fallen)} counters fell, by {-fallen.sum():,.0f} in all: revisions by the "
            "publisher, counted as they are"
        )
    if query.by == "listing" and measure.unit == "share":
        notes.append("the lists overlap: a part of their sum is not a part of any whole")
    return tuple(notes)


def _sources(engine: Engine, result: Result) -> tuple[SourceNote, ...]:
    days = result["observed_on"].astype("datetime64[D]")
    names, place = labelled(result["source"])
    newest = {name: str(days[place == number].max()) for number, name in enumerate(names)}
    return _noted(engine, newest)


def _noted(engine: Engine, vintages: Mapping[str, str]) -> tuple[SourceNote, ...]:
    """The sources of these names, each with its newest day."""
    return tuple(
        SourceNote(
            name=row["source"],
            title=row["title"],
            licence=row["licence"],
            url=row["url"],
            vintage=vintages[row["source"]],
            conflict=row["conflict"] or "",
        )
        for row in _source_rows(engine)
        if row["source"] in vintages
    )


def _source_rows(engine: Engine) -> Sequence[Mapping[str, Any]]:
    if "source" not in engine.memory:

        def known() -> ibis.Table:
            columns = ["source", "title", "licence", "url", "conflict"]
            return engine.tables["core__source"].select(columns).order_by("source")

        result = engine.ask("sources", known)
        engine.memory["source"] = list(result.rows())
    rows: Sequence[Mapping[str, Any]] = engine.memory["source"]
    return rows


def _no_data(measure: Measure, engine: Engine, query: Query) -> NoDataError:
    """The error that says which days there are for the list, or which values for the facet."""
    asked = ", ".join(f"{k}={v}" for k, v in query.definition.facets().items())
    if query.as_of is not None:
        asked = f"{query.as_of} ({asked})" if asked else f"{query.as_of}"
    relation = _chosen(measure, _relation(measure, engine), query, ("list",))
    first, last = _span(engine, relation)
    if first is None or (query.as_of is not None and query.as_of < first):
        days = f"days from {first} to {last}" if first is not None else ""
        return NoDataError(measure.name, asked, days)
    for name, value in query.definition.kept.items():
        values = labels_of(relation[measure.split(name).column])
        counted = relation.group_by(label=values).agg(rows=relation.count())
        found = engine.run(counted.order_by(counted.rows.desc(), counted.label)).objects("label")
        if value not in found:
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            return NoDataError(measure.name, asked, f"`{name}`: {', '.join(found[:_NAMED])}{more}")
    relation = _chosen(measure, relation, query, ("kind",))
    first, last = _span(engine, _chosen(measure, relation, query, ("base",)))
    if first is None and _span(engine, relation)[0] is not None:
        others = [
            f"`{choice.name}`: {', '.join(option.name for option in choice.options)}"
            for choice in measure.choices
            if choice.role == "base"
        ]
        return NoDataError(measure.name, asked, " or ".join(others))
    days = f"days from {first} to {last}" if first is not None else ""
    return NoDataError(measure.name, asked, days)


def _span(engine: Engine, relation: ibis.Table) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day of a relation; None where it has no row."""
    days = relation.observed_on
    first, last = (
        engine.run(relation.aggregate(first=days.min(), last=days.max())).objects(end)[0]
        for end in ("first", "last")
    )
    return (first.date(), last.date()) if first is not None else (None, None)
