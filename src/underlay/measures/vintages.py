"""Vintages: the figures that are watched, as one side of a comparison has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import ibis

from underlay.errors import AskedError, UnknownNameError
from underlay.measures import MEASURES
from underlay.measures.definitions import Query
from underlay.measures.downloads import LISTINGS
from underlay.measures.evaluate import evaluate, kept_relation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.lake.engine import Engine
    from underlay.measures.definitions import Figure, Measure

__all__ = [
    "WATCHED",
    "Counter",
    "CounterKey",
    "Fall",
    "Verdict",
    "Vintage",
    "Watched",
    "read_vintage",
]


@dataclass(frozen=True)
class Watched:
    """A figure that is compared: a measure, what it is told apart by, facets off their default.

    `leads` says which end is first, empty where an order says nothing. `has_levels` is false where
    values of two vintages don't compare. `window_days` is what one count covers. With
    `by_account`, the figure is computed again on the accounts that both sides count; with
    `tells_list`, the list's own growth is told.
    """

    measure: str
    by: str
    where: Mapping[str, str] = field(default_factory=dict)
    leads: Literal["most", "least", ""] = "most"
    has_levels: bool = True
    window_days: int = 0
    by_account: bool = False
    tells_list: bool = False

    @property
    def id(self) -> str:
        """`downloads_share by country, listing=llmfit`: what `underlay figure` is asked."""
        return ", ".join([f"{self.measure} by {self.by}", *(f"{k}={v}" for k, v in self.facets())])

    def facets(self) -> list[tuple[str, str]]:
        """The facets that are set, in order."""
        return list(self.where.items())


def _downloads() -> Iterator[Watched]:
    for listing in (option.name for option in LISTINGS):
        # the census is older than what the debate calls a language model
        for scope in ("all",) if listing == "census_2022" else ("all", "language"):
            for by in ("country", "maker", "family"):
                where = {"listing": listing} | ({"scope": scope} if scope != "all" else {})
                is_list = by == "country" and scope == "all"
                yield Watched(
                    "downloads_share",
                    by,
                    where,
                    window_days=30,
                    by_account=True,
                    tells_list=is_list,
                )


def _boards() -> Iterator[Watched]:
    page = ("text_style_control", "webdev", "vision_style_control", "text_to_image")
    for scale, boards in (("official", page), ("page", page), ("history", ("text",))):
        for board in boards:
            where = {"board": board, "scale": scale}
            yield Watched("arena_leaders", "maker", where, has_levels=False)
        where = {"board": boards[0], "scale": scale}
        yield Watched("arena_leaders", "country", where, has_levels=False)
        yield Watched("arena_gap", "country", where, leads="")
        yield Watched("arena_gap", "openness", where, leads="")


WATCHED: tuple[Watched, ...] = (
    *_downloads(),
    Watched("derivatives_share", "country"),
    Watched("derivatives_share", "family"),
    *(Watched("pulls_share", by, window_days=30) for by in ("country", "maker", "family")),
    *(Watched("tokens_share", by) for by in ("country", "maker", "openness")),
    *_boards(),
    *(
        Watched("price_blended", by, {"catalogue": catalogue}, leads="least")
        # `openrouter_prices` is the same router as `openrouter`, from archived copies
        for catalogue in ("openrouter", "models_dev", "litellm")
        for by in ("country", "openness")
    ),
    Watched("notable_models", "country"),
    Watched("stock_share", "maker"),
    Watched("stock_chip_share", "chip"),
    Watched("stock_owner_share", "owner"),
    Watched("foundry_share", "foundry"),
    *(
        Watched("library_share", "maker", {"market": market})
        for market in ("llm-runtime", "deep-learning-framework", "vendor-accelerator-library")
    ),
    *(Watched("cluster_share", by) for by in ("country", "maker")),
    *(Watched("supercomputer_share", by) for by in ("country", "maker")),
    Watched("benchmark_share", "maker"),
    *(
        Watched("concentration", "maker", {"of": of}, leads="", has_levels=False)
        for of in (
            "downloads",
            "language_downloads",
            "accelerators",
            "runtimes",
            "frameworks",
            "tokens",
            "supercomputers",
        )
    ),
)


class CounterKey(NamedTuple):
    """One entry of a counter that should only grow."""

    source: str
    listing: str
    metric: str
    name: str


class Counter(NamedTuple):
    """The newest count of an entry."""

    on: dt.date
    value: float


class Fall(NamedTuple):
    """A step down from one day of an entry to its next."""

    key: CounterKey
    before: Counter
    after: Counter


@dataclass(frozen=True)
class Verdict:
    """What the ledger says of one claim: it holds under `holds` of `of` definitions."""

    claim_id: str
    text: str
    verdict: str
    holds: int | None = None
    of: int | None = None


@dataclass(frozen=True)
class Vintage:
    """One side: its figures by `Watched.id`, why others are missing, and what lies behind them.

    `accounts` holds by figure the amounts by account and party, `counters` the newest count of
    each entry of a counter, `falls` its steps down, `sources` the titles of those with data.
    """

    label: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=dict)
    counters: Mapping[CounterKey, Counter] = field(default_factory=dict)
    falls: tuple[Fall, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)


def read_vintage(
    engine: Engine,
    as_of: dt.date | None = None,
    label: str = "",
    *,
    watched: Sequence[Watched] = WATCHED,
    later: Vintage | None = None,
) -> Vintage:
    """The watched figures of one lake with the data up to a day, all of it if None.

    `later` is the same lake's vintage at a later day, whose figures are taken over where no newer
    data went into them. Raises what is wrong with the lake itself, such as `CorruptError`.
    """
    figures: dict[str, Figure] = {}
    missing: dict[str, str] = {}
    accounts: dict[str, Mapping[tuple[str, str], float]] = {}
    for each in watched:
        measure = _measure(each.measure)
        known = later.figures.get(each.id) if later is not None else None
        # editions of a measure with history may be newer than its rows, so it is asked again
        if known is not None and as_of is not None and not measure.history:  # noqa: SIM102 - reads apart
            if known.as_of <= as_of.isoformat():
                figures[each.id] = known
                if later is not None and each.id in later.accounts:
                    accounts[each.id] = later.accounts[each.id]
                continue
        try:
            found = evaluate(measure, engine, by=each.by, where=each.where, as_of=as_of)
        except AskedError as error:
            missing[each.id] = error.message + (f"; {error.hint}" if error.hint else "")
            continue
        if all(row.value is None for row in found.rows):
            missing[each.id] = found.rows[0].reason if found.rows else "it has no row"
            continue
        figures[each.id] = found
    wanted = [e for e in watched if e.by_account and e.id in figures and e.id not in accounts]
    while wanted:
        alike = [e for e in wanted if (e.measure, e.where) == (wanted[0].measure, wanted[0].where)]
        accounts |= _by_account(engine, alike, as_of)
        wanted = [e for e in wanted if e not in alike]
    counters, falls = _read_counters(engine, as_of)
    return Vintage(
        label or (as_of.isoformat() if as_of is not None else ""),
        figures,
        missing,
        accounts,
        counters,
        falls,
        _read_sources(engine, as_of),
    )


def _measure(name: str) -> Measure:
    for found in MEASURES:
        if found.name == name:
            return found
    raise UnknownNameError("measure", name, tuple(found.name for found in MEASURES))


def _by_account(
    engine: Engine, alike: Sequence[Watched], as_of: dt.date | None
) -> dict[str, dict[tuple[str, str], float]]:
    """Amounts by account and party of figures that differ in what tells them apart only."""
    measure, where = _measure(alike[0].measure), alike[0].where
    query = Query(alike[0].by, measure.definition(where, alike[0].by), as_of)
    relation = kept_relation(measure, engine, query)
    parties = {
        each.by: relation[measure.split(each.by).column].cast("string").nullif("") for each in alike
    }
    named = {by: column.fill_null("unknown") for by, column in parties.items()}
    grouped = relation.group_by(of_account=relation.account, **named)
    sums = grouped.agg(value=relation.value.sum()).order_by("of_account", *named)
    found: dict[str, dict[tuple[str, str], float]] = {each.id: {} for each in alike}
    for row in engine.run(sums).rows():
        for each in alike:
            cells, key = found[each.id], (row["of_account"], row[each.by])
            cells[key] = cells.get(key, 0.0) + row["value"]
    return found


def _read_counters(
    engine: Engine, as_of: dt.date | None
) -> tuple[dict[CounterKey, Counter], tuple[Fall, ...]]:
    """Newest counts, and steps down, of all counters that should only grow."""
    relation = engine.view("changes__counter", _counters)
    if as_of is not None:
        relation = relation.filter(relation.on <= as_of)
    by = list(CounterKey._fields)
    last = relation.group_by(by).agg(
        day=relation.on.max(), count=relation.value.argmax(relation.on)
    )
    counters = {
        _key(row): Counter(row["day"].date(), row["count"])
        for row in engine.run(last.order_by(by)).rows()
    }
    order = ibis.window(group_by=by, order_by=relation.on)
    steps = relation.mutate(
        was_on=relation.on.lag().over(order), was=relation.value.lag().over(order)
    )
    steps = steps.filter(steps.value < steps.was).order_by([*by, "on"])
    falls = tuple(
        Fall(
            _key(row),
            Counter(row["was_on"].date(), row["was"]),
            Counter(row["on"].date(), row["value"]),
        )
        for row in engine.run(steps).rows()
    )
    return counters, falls


def _key(row: Mapping[str, Any]) -> CounterKey:
    return CounterKey(*(row[name] for name in CounterKey._fields))


def _counters(tables: Any) -> ibis.Table:
    """One row per entry and day of what is counted from a beginning on."""
    counted = tables["core__observation"]
    counted = counted.filter(counted.metric.endswith("_total_count"))
    named = counted.join(tables["core__model"].select("model_id", "name"), "model_id")
    stock = tables["core__accelerator_stock"]
    stock = stock.filter(
        (stock.owner_id == "all")
        & (stock.chip == "all")
        & stock.is_complete
        & stock.h100e_count.notnull()
    )
    return named.select("source", "listing", "metric", "name", "value", on=named.observed_on).union(
        stock.select(
            source=stock.source,
            listing=ibis.literal("accelerator_stock"),
            metric=ibis.literal("h100e_count"),
            name=stock.organisation_id,
            value=stock.h100e_count,
            on=stock.observed_on,
        )
    )


def _read_sources(engine: Engine, as_of: dt.date | None) -> dict[str, str]:
    """Titles of the sources that have data up to that day; one without days always has."""
    table = engine.tables["core__source"]
    found = engine.run(table.select("source", "title", "first_observed_on").order_by("source"))
    return {
        row["source"]: row["title"]
        for row in found.rows()
        if as_of is None
        or row["first_observed_on"] is None
        or row["first_observed_on"].date() <= as_of
    }
