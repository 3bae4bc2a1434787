"""How many accelerators exist: whose design, whose property, whose dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = [
    "DRAWS",
    "MEASURES",
    "foundry_relation",
    "log_normal_draws",
    "stock_chips",
    "stock_owners",
    "stock_totals",
]

DRAWS = 4000
_SEED = 20260401
_Z95 = 1.6448536269514722  # the standard normal's 95th percentile
_ALL = "all"


def log_normal_draws(median: Any, lower: Any, upper: Any, seed: int = _SEED) -> Any:
    """Draws (DRAWS, n) of n independent log-normals with these medians and 5/95 percentiles.

    The spread of the logarithm is fitted to the two percentiles, the middle is the median. One
    without percentiles, or with a median of zero, is taken as exact.
    """
    rng = np.random.default_rng(seed)
    median, lower, upper = (np.asarray(each, dtype=np.float64) for each in (median, lower, upper))
    usable = (median > 0) & (lower > 0) & (upper >= lower)
    ratio = np.divide(upper, lower, out=np.ones_like(median), where=usable)
    spread = np.log(ratio) / (2 * _Z95)
    draws: Any = median * np.exp(spread * rng.standard_normal((DRAWS, len(median))))
    return draws


def _summed(result: Result, query: Query, *, is_share: bool) -> list[Row]:
    """Sums of the medians by group, or their shares; intervals from the draws, 2.5 to 97.5 %."""
    medians = result.floats("value")
    known: Any = ~np.isnan(medians)
    labels = np.array([_label(cell) for cell in result.objects(query.by)], dtype=object)
    names, groups = np.unique(labels, return_inverse=True)
    # drawn in the order of the values, so that the order of the rows changes nothing
    order = np.lexsort((result.floats("upper"), result.floats("lower"), medians, groups))
    order = order[known[order]]
    groups, medians = groups[order], medians[order]
    lower, upper = result.floats("lower")[order], result.floats("upper")[order]
    member = np.zeros((len(order), len(names)))
    member[np.arange(len(order)), groups] = 1.0
    sums = medians @ member
    draws = log_normal_draws(medians, lower, upper) @ member
    if is_share:
        total = sums.sum()
        if not total > 0:
            return [Row({query.by: str(n)}, None, reason="the total is zero") for n in names]
        sums = sums / total
        draws = draws / draws.sum(axis=1, keepdims=True)
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    has_estimate: Any = member.any(axis=0)
    rows = [
        Row({query.by: str(names[i])}, float(sums[i]), float(low[i]), float(high[i]))
        if has_estimate[i]
        else Row({query.by: str(names[i])}, None, reason="the publisher gives no estimate")
        for i in np.lexsort((names.astype(str), -sums))
    ]
    return sorted(rows, key=lambda row: row.value is None)


def _share(result: Result, query: Query) -> list[Row]:
    return _summed(result, query, is_share=True)


def _level(result: Result, query: Query) -> list[Row]:
    return _summed(result, query, is_share=False)


def _label(cell: Any) -> str:
    return "unknown" if cell in ("unknown", "", None) else str(cell)


def _stock(tables: Tables) -> ibis.Table:
    """One row per quarter, designer, owner, chip and metric."""
    stock = tables["core__accelerator_stock"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = stock.join(maker, "organisation_id", how="left")
    kept = {
        name: joined[name]
        for name in (
            "observed_on", "organisation_id", "owner", "owner_id", "owner_country", "chip",
            "is_complete", "source",
        )
    }  # fmt: skip
    kept["country"] = ibis.coalesce(joined.country, ibis.literal("unknown"))
    parts = [
        joined.select(
            **kept,
            metric=ibis.literal(metric),
            value=joined[f"{metric}_count"],
            lower=joined[f"{metric}_lower"],
            upper=joined[f"{metric}_upper"],
        )
        for metric in ("h100e", "units")
    ]
    return parts[0].union(parts[1])


def stock_totals(tables: Tables) -> ibis.Table:
    """Totals of the designers: all owners, all chips."""
    stock = _stock(tables)
    return stock.filter((stock.owner == _ALL) & (stock.chip == _ALL))


def stock_chips(tables: Tables) -> ibis.Table:
    """Single chips, all owners. Their medians don't add up to the median of the total."""
    stock = _stock(tables)
    return stock.filter((stock.owner == _ALL) & (stock.chip != _ALL))


def stock_owners(tables: Tables) -> ibis.Table:
    """Owners, all chips. Their medians don't add up to the median of the total."""
    stock = _stock(tables)
    return stock.filter((stock.owner != _ALL) & (stock.chip == _ALL))


def foundry_relation(tables: Tables) -> ibis.Table:
    """One row per accelerator and foundry, weighted by its part."""
    return tables["core__accelerator"].mutate(value=lambda table: table.weight_share)


_METRIC = Choice(
    "metric",
    "what is counted",
    (
        Option(
            "h100e",
            "chips differ more than thirtyfold, so peak 8-bit operations are counted",
            "Epoch AI, AI chip counts",
            lambda t: t.metric == "h100e",
        ),
        Option(
            "units",
            "a chip is a chip: what factories and export rules count",
            "Epoch AI, AI chip counts",
            lambda t: t.metric == "units",
        ),
    ),
)
_QUARTERS = Choice(
    "quarters",
    "which quarters may be the newest one",
    (
        Option(
            "complete",
            "a quarter that lacks a designer or an owner overstates the others",
            "Epoch AI marks 2026-Q1 as incomplete",
            lambda t: t.is_complete,
        ),
        Option("any", "the newest there is, with what it has", "naive reading of the series"),
    ),
)
_CITATION = "Epoch AI, AI chip counts (github.com/epoch-research/ai-chip-counts)"
_CAVEAT = (
    "No Chinese chips in this meter: it covers Nvidia, Google, Amazon and AMD. Cumulative sales "
    "since series that start in different years (Nvidia 2022, Google 2023, AMD and Amazon 2024); "
    "no chip is ever retired. Estimated from revenues and prices, not counted. Intervals: the "
    f"published 5/50/95 percentiles as log-normals, {DRAWS} draws with a fixed seed, 2.5 to 97.5 "
    "%, drawn independently although errors are shared, so that sums look surer than they are."
)
_MAKER = Split("maker", "organisation_id", "designer of the chip")
_COUNTRY = Split("country", "country", "base of the chip's designer")

STOCK_SHARE = Measure(
    name="stock_share",
    layer="below",
    question="Whose accelerators make up the stock of AI compute sold so far?",
    unit="share",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=(_MAKER, _COUNTRY),
    choices=(_METRIC, _QUARTERS),
    grain=("organisation_id",),
    expression=stock_totals,
    reduce=_share,
    columns=("lower", "upper"),
    sampled=False,
    default_by="maker",
)
STOCK_LEVEL = Measure(
    name="stock_level",
    layer="below",
    question="How much AI compute has been sold so far, in H100 equivalents?",
    unit="H100 equivalents",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=(_MAKER, _COUNTRY),
    choices=(Choice(_METRIC.name, _METRIC.doc, _METRIC.options[:1]), _QUARTERS),
    grain=("organisation_id",),
    expression=stock_totals,
    reduce=_level,
    columns=("lower", "upper"),
    sampled=False,
    default_by="maker",
)
STOCK_CHIP_SHARE = Measure(
    name="stock_chip_share",
    layer="below",
    question="Which accelerators make up the stock of AI compute sold so far?",
    unit="share",
    caveat=_CAVEAT + " Medians of single chips don't add up to the median of their designer.",
    citation=_CITATION,
    splits=(Split("chip", "chip", "the chip as the publisher names it"), _MAKER, _COUNTRY),
    choices=(_METRIC, _QUARTERS),
    grain=("organisation_id", "chip"),
    expression=stock_chips,
    reduce=_share,
    columns=("lower", "upper"),
    sampled=False,
    default_by="chip",
)
STOCK_OWNER_SHARE = Measure(
    name="stock_owner_share",
    layer="below",
    question="Who owns the accelerators sold so far?",
    unit="share",
    caveat=_CAVEAT + " `China` is all owners in China in one row; `Other` is every owner not "
    "named, of unknown country. What was smuggled is in neither. xAI has no published "
    "percentiles and is taken as exact. Buyers are not users: clouds rent out.",
    citation=_CITATION,
    splits=(
        Split("owner", "owner", "owner as the publisher names it, residuals included"),
        Split("country", "owner_country", "base of the owner, not place of the chips"),
        _MAKER,
    ),
    choices=(_METRIC, _QUARTERS),
    grain=("organisation_id", "owner"),
    expression=stock_owners,
    reduce=_share,
    columns=("lower", "upper"),
    sampled=False,
    default_by="owner",
)
FOUNDRY_SHARE = Measure(
    name="foundry_share",
    layer="below",
    question="Which foundries make the dies of the accelerators that there are?",
    unit="share",
    caveat="A share of products in a table, one vote each: existence, not capacity or volume. "
    "For more than a third the table names no foundry. A chip of two foundries counts half for "
    "each. Country is the base of the foundry, not the place of the fab.",
    citation="Epoch AI, Machine Learning Hardware (epoch.ai/data/machine-learning-hardware)",
    splits=(
        Split("foundry", "foundry_id", "who makes the dies"),
        Split("country", "foundry_country", "base of the foundry"),
        Split("maker", "organisation_id", "designer of the accelerator"),
        Split("maker_country", "country", "base of the designer"),
        Split("kind", "kind", "kind of accelerator as written"),
    ),
    choices=(
        Choice(
            "released",
            "how old an accelerator may be",
            (
                Option("any", "old chips still run", "Epoch AI's table"),
                Option(
                    "since_2020",
                    "chips of the generation that language models are trained on",
                    "A100 and later",
                    lambda t: t.released_on >= ibis.date(2020, 1, 1),
                ),
            ),
            role="kind",
        ),
        Choice(
            "foundry_known",
            "whether accelerators without a named foundry count",
            (
                Option("all", "unknown is a category", "underlay"),
                Option(
                    "known",
                    "compare only what is known; says nothing about the rest",
                    "press retellings",
                    lambda t: t.foundry_id != "unknown",
                ),
            ),
            role="base",
        ),
    ),
    grain=("name", "foundry_id"),
    expression=foundry_relation,
    reduce="share",
    sampled=False,
    default_by="foundry",
)

MEASURES: tuple[Measure, ...] = (
    STOCK_SHARE,
    STOCK_LEVEL,
    STOCK_CHIP_SHARE,
    STOCK_OWNER_SHARE,
    FOUNDRY_SHARE,
)
