"""Where the machines stand and whose chips they use: clusters, supercomputers, benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from underlay.measures.definitions import Choice, Measure, Option, Split

if TYPE_CHECKING:
    from collections.abc import Callable

    from underlay.lake.engine import Tables

__all__ = ["MEASURES", "benchmark_relation", "cluster_relation", "supercomputer_relation"]

_CATEGORIES = ("none", "several")  # designers that are no organisation, so have no country


def _with_maker_country(table: ibis.Table, tables: Tables) -> ibis.Table:
    """With `maker_country`: base of the designer; a category stays one."""
    maker = tables["core__organisation"].select("organisation_id", maker_country="country")
    joined = table.join(maker, "organisation_id", how="left")
    known: Any = ibis.coalesce(joined.maker_country, ibis.literal("unknown"))
    is_category = joined.organisation_id.isin(_CATEGORIES)
    return joined.mutate(maker_country=ibis.ifelse(is_category, joined.organisation_id, known))


def cluster_relation(tables: Tables) -> ibis.Table:
    """One row per cluster, owner and weight; one of unknown size has no row by size."""
    cluster = _with_maker_country(tables["core__cluster"], tables)
    kept = [
        "observed_on", "row_number", "owner", "owner_id", "owner_country", "country",
        "organisation_id", "maker_country", "status", "is_standard", "is_superseded",
        "is_anonymised", "source",
    ]  # fmt: skip
    sized = cluster.filter(cluster.h100e_count.notnull())
    by_size = sized.select(
        *kept, weight=ibis.literal("h100e"), value=sized.h100e_count * sized.weight_share
    )
    by_count = cluster.select(*kept, weight=ibis.literal("clusters"), value=cluster.weight_share)
    return by_size.union(by_count)


def supercomputer_relation(tables: Tables) -> ibis.Table:
    """One row per edition, country, designer and weight."""
    share = _with_maker_country(tables["core__supercomputer_share"], tables)
    kept = ["observed_on", "country", "organisation_id", "maker_country", "source"]
    by_count = share.select(
        *kept, weight=ibis.literal("systems"), value=share.systems_count.cast("float64")
    )
    fast = share.filter(share.rmax_tflops.notnull())
    by_speed = fast.select(*kept, weight=ibis.literal("rmax"), value=fast.rmax_tflops)
    return by_count.union(by_speed)


def benchmark_relation(tables: Tables) -> ibis.Table:
    """One row per round, suite, division, submitter and designer."""
    run = _with_maker_country(tables["core__benchmark_run"], tables)
    return run.mutate(value=run.results_count.cast("float64"))


def _of_suite(name: str) -> Callable[[Any], Any]:
    return lambda t: t.suite == name


_MAKER = Split("maker", "organisation_id", "designer of the accelerator, `none` without one")
_MAKER_COUNTRY = Split("maker_country", "maker_country", "base of that designer")

CLUSTER_SHARE = Measure(
    name="cluster_share",
    layer="below",
    question="Where do the known AI clusters stand, whose are they, and whose chips do they use?",
    unit="share",
    caveat="Coverage is 10 to 20 % of the world's AI compute, found in public sources and so "
    "tilted to who announces. Every cluster in China is anonymised, with rounded size and no "
    "chip supplier: shares of makers hold for the others only. A cluster of unknown size counts "
    "for nothing by size. Owners of one cluster get equal parts; its designer is that of the "
    "main chip. Planned ones are mostly rumours, some larger than all that exists, and some "
    "hold an existing phase that is counted as well.",
    citation="Epoch AI, Data on AI supercomputers (epoch.ai/data)",
    splits=(
        Split("country", "country", "where the cluster stands"),
        _MAKER,
        _MAKER_COUNTRY,
        Split("owner", "owner_id", "organisation that owns it"),
        Split("owner_country", "owner_country", "base of the owner"),
        Split("status", "status", "existing, planned or decommissioned"),
    ),
    choices=(
        Choice(
            "weight",
            "what a cluster counts for",
            (
                Option(
                    "h100e",
                    "its size in H100 equivalents",
                    "Epoch AI",
                    lambda t: t.weight == "h100e",
                ),
                Option(
                    "clusters",
                    "one each, also those of unknown size",
                    "naive counting",
                    lambda t: t.weight == "clusters",
                ),
            ),
        ),
        Choice(
            "status",
            "which clusters count",
            (
                Option(
                    "standard",
                    "existing ones without possible duplicates and doubtful ones",
                    "Epoch AI's standard analysis",
                    lambda t: t.is_standard & (t.status == "existing"),
                ),
                Option(
                    "existing",
                    "all that exist, possible duplicates included",
                    "Epoch AI's whole table",
                    lambda t: t.status == "existing",
                ),
                Option("all", "planned and decommissioned ones too", "press on announcements"),
            ),
            role="kind",
        ),
        Choice(
            "phases",
            "whether earlier phases of a cluster count besides the later one that holds them",
            (
                Option("latest", "a chip counts once", "Epoch AI", lambda t: ~t.is_superseded),
                Option("all", "every row of the table", "naive counting"),
            ),
            role="kind",
        ),
        Choice(
            "anonymised",
            "whether clusters without a name count",
            (
                Option("keep", "they exist", "Epoch AI"),
                Option(
                    "drop",
                    "nothing is known of their chips and owners",
                    "shares among named clusters",
                    lambda t: ~t.is_anonymised,
                ),
            ),
            role="kind",
        ),
    ),
    grain=("row_number", "owner"),
    expression=cluster_relation,
    reduce="share",
    sampled=False,
)
SUPERCOMPUTER_SHARE = Measure(
    name="supercomputer_share",
    layer="below",
    question="Where do the TOP500 stand, and whose accelerators do they use?",
    unit="share",
    caveat="Owners choose what to submit, and most systems are not for AI. Ranked by "
    "64-bit arithmetic, which is not what models need. Two systems at least have accelerators "
    "that the list's own column leaves out. AMD is small by count and large by Rmax: the "
    "weight decides.",
    citation="TOP500 (top500.org/lists/top500)",
    splits=(Split("country", "country", "where the system stands"), _MAKER, _MAKER_COUNTRY),
    choices=(
        Choice(
            "weight",
            "what a system counts for",
            (
                Option(
                    "systems",
                    "one each",
                    "TOP500's own statistics",
                    lambda t: t.weight == "systems",
                ),
                Option(
                    "rmax",
                    "its measured speed",
                    "TOP500's own statistics",
                    lambda t: t.weight == "rmax",
                ),
            ),
        ),
        Choice(
            "systems",
            "which systems count",
            (
                Option("all", "the whole list", "TOP500"),
                Option(
                    "accelerated",
                    "those with an accelerator: the ones that train models",
                    "TOP500's accelerator statistics",
                    lambda t: t.organisation_id != "none",
                ),
            ),
            role="kind",
        ),
    ),
    grain=("country", "organisation_id"),
    expression=supercomputer_relation,
    reduce="share",
    sampled=False,
)
BENCHMARK_SHARE = Measure(
    name="benchmark_share",
    layer="below",
    question="Whose accelerators are shown in MLPerf, by number of results?",
    unit="share",
    caveat="Self-selected: vendors and their partners submit what they want to show, and one "
    "system can be submitted many times. A count of results says who takes part, not who is "
    "faster or sells more. Rounds 3.1 to 5.0 of training and 5.0 of inference are not in the "
    "data; one submitter fills most of the open division.",
    citation="MLCommons, MLPerf results (github.com/mlcommons)",
    splits=(
        _MAKER,
        Split("country", "maker_country", "base of that designer"),
        Split("submitter", "submitter", "who submitted, as written"),
        Split("round", "round", "round"),
    ),
    choices=(
        Choice(
            "suite",
            "which benchmark",
            tuple(
                Option(name, reason, "MLCommons", _of_suite(name))
                for name, reason in (
                    ("inference", "running models, in data centres and at the edge"),
                    ("training", "training models"),
                    ("tiny", "microcontrollers: another market"),
                )
            ),
            varies=False,  # running, training and microcontrollers are three questions
        ),
        Choice(
            "division",
            "under which rules",
            (
                Option(
                    "closed",
                    "same model for all: the only division where results compare",
                    "MLCommons",
                    lambda t: t.division == "closed",
                ),
                Option("open", "own models", "MLCommons", lambda t: t.division == "open"),
                Option("all", "every result", "naive counting"),
            ),
            role="kind",
        ),
    ),
    grain=("suite", "round", "submitter", "organisation_id"),
    expression=benchmark_relation,
    reduce="share",
    sampled=False,
    default_by="maker",
)

MEASURES: tuple[Measure, ...] = (CLUSTER_SHARE, SUPERCOMPUTER_SHARE, BENCHMARK_SHARE)
