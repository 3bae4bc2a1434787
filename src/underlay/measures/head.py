"""How a listing is spread: its head, its idle tail, its likes, the sizes that are downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.measures.definitions import Choice, Measure, Query, Row, Split
from underlay.measures.downloads import MODEL_CHOICES, MODEL_SPLITS, model_relation

if TYPE_CHECKING:
    import ibis

    from underlay.lake.engine import Result, Tables

__all__ = ["HEADS", "MEASURES", "head_shares", "weighted_median"]

HEADS = (1, 5, 10, 25, 50, 100, 1000)
_PARTS = (0.01, 0.015)
_UNDER = (1, 10, 200, 1000)
_FIRST = (10, 25, 50, 100)
_UNKNOWN = "unknown"
_PLAIN_CHOICES: tuple[Choice, ...] = tuple(
    choice for choice in MODEL_CHOICES if choice.name != "denominator"
)
# a merge counted in parts would be several models, so these are told apart by author only
_AUTHOR_CHOICES: tuple[Choice, ...] = tuple(
    Choice(choice.name, choice.doc, choice.options[:1]) if choice.name == "attribution" else choice
    for choice in _PLAIN_CHOICES
)
_PARTIES: tuple[Split, ...] = tuple(
    split for split in MODEL_SPLITS if split.name in ("model", "account", "maker", "country")
)


def _downloads(tables: Tables) -> ibis.Table:
    return model_relation(tables, "downloads_30d_count")


def _sized(tables: Tables) -> ibis.Table:
    """The same with the number of parameters, null where none is published."""
    counted = model_relation(tables, "downloads_30d_count")
    size = tables["core__model"].select("model_id", "parameters_count")
    return counted.join(size, "model_id")


def _liked(tables: Tables) -> ibis.Table:
    """The same with likes of the same day, for listings that state both."""
    counted = model_relation(tables, "downloads_30d_count")
    like = tables["core__observation"]
    like = like.filter(like.metric == "likes_count")
    like = like.select("model_id", "listing", "observed_on", likes=like.value)
    return counted.join(like, ["model_id", "listing", "observed_on"])


def _disclosed(tables: Tables) -> ibis.Table:
    """The same with whether the repository's tags name a dataset."""
    counted = model_relation(tables, "downloads_30d_count")
    model = tables["core__model"].select("model_id", "has_training_data")
    joined = counted.join(model, "model_id")
    named = joined.has_training_data.fill_null(False)
    return joined.mutate(training_data=named.ifelse("named", "none named"))


def head_shares(sums: Any, total: float) -> list[tuple[str, float, int]]:
    """(name of the head, share of `total` that it holds, its parties) for heads of `sums` (n,).

    Heads are the first 1, 5, 10 ... parties, as far as there are as many, and the first 1 and
    1.5 % of them, rounded up.
    """
    ordered = np.sort(np.asarray(sums, dtype=np.float64))[::-1]
    running = np.cumsum(ordered)
    counts = {f"top {n}": n for n in HEADS if n <= len(ordered)}
    counts |= {f"top {part:.1%}": int(np.ceil(part * len(ordered))) for part in _PARTS}
    return [(name, float(running[n - 1]) / total, n) for name, n in counts.items() if len(ordered)]


def _heads(result: Result, query: Query) -> list[Row]:
    labels = np.array([str(cell or _UNKNOWN) for cell in result.objects(query.by)], dtype=object)
    names, group = np.unique(labels.astype(str), return_inverse=True)
    sums = np.bincount(group, weights=result.floats("value"), minlength=len(names))
    total = float(sums.sum())
    if not total > 0:
        return [Row({"head": "top 1"}, None, reason="the total is zero")]
    is_party: Any = names != _UNKNOWN
    parties, held = names[is_party], sums[is_party]
    largest = [str(parties[i]) for i in np.argsort(-held, kind="stable")[:5]]
    unknown = float(sums[~is_party].sum()) / total
    return [
        Row(
            {"head": name},
            share,
            share,
            min(1.0, share + unknown),
            more={
                "count": count,
                "of": len(parties),
                "unknown_share": unknown,
                "largest": largest[: min(count, 5)],
            },
        )
        for name, share, count in head_shares(held, total)
    ]


def _tail(result: Result, query: Query) -> list[Row]:
    """Share of the models with fewer downloads than each mark, by group and of all."""
    values = result.floats("value")
    groups = np.array([str(cell or _UNKNOWN) for cell in result.objects(query.by)], dtype=object)
    rows = []
    for name in ("all", *sorted(set(groups))):
        here = values if name == "all" else values[groups == name]
        rows += [
            Row(
                {query.by: name, "downloads": f"under {mark}"},
                float((here < mark).mean()),
                more={"models": len(here), "least": float(here.min())},
            )
            for mark in _UNDER
        ]
    return rows


def _overlap(result: Result, query: Query) -> list[Row]:
    """Models that are among the first by downloads and among the first by likes."""
    names = np.array([str(cell) for cell in result.objects(query.by)], dtype=object)
    values, likes = result.floats("value"), result.floats("likes")
    by_downloads = names[np.lexsort((names.astype(str), -values))]
    by_likes = names[np.lexsort((names.astype(str), -likes))]
    rows = []
    for first in _FIRST:
        if first > len(names):
            reason = f"the listing has {len(names)} models only"
            rows.append(Row({"first": f"top {first}"}, None, reason=reason))
            continue
        liked = set(by_likes[:first])
        both = [str(name) for name in by_downloads[:first] if name in liked]
        rows.append(
            Row({"first": f"top {first}"}, float(len(both)), more={"models": both, "of": first})
        )
    return rows


def weighted_median(values: Any, weights: Any) -> float:
    """The smallest value at or below which lies half of the weight; NaN without weight."""
    values, weights = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    total = weights.sum()
    if not total > 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= total / 2
    return float(values[order][reached.argmax()])


def _sizes(result: Result, query: Query) -> list[Row]:
    """Mean and median parameters of a download, by group and of all."""
    values, sizes = result.floats("value"), result.floats("parameters_count")
    groups = np.array([str(cell or _UNKNOWN) for cell in result.objects(query.by)], dtype=object)
    known = ~np.isnan(sizes)
    rows = []
    for name in ("all", *sorted(set(groups))):
        inside = np.ones(len(groups), dtype=bool) if name == "all" else groups == name
        here = inside & known
        weight, whole = float(values[here].sum()), float(values[inside].sum())
        more = {
            "models": int(here.sum()),
            "of": int(inside.sum()),
            "known_weight": weight / whole if whole > 0 else None,
        }
        for statistic in ("mean", "median"):
            key = {query.by: name, "statistic": statistic}
            if not weight > 0:
                rows.append(Row(key, None, reason="no download of a known size", more=more))
            elif statistic == "mean":
                mean = float((values[here] * sizes[here]).sum()) / weight
                rows.append(Row(key, mean, more=more))
            else:
                rows.append(Row(key, weighted_median(sizes[here], values[here]), more=more))
    return rows


_TRUNCATED = (
    "A top list has no tail: what its head holds is more than the same head holds of the whole "
    "Hub. Only the census of 2022 holds the whole Hub. "
)
_CITATION = "Hugging Face Hub documentation, download counts"
HEAD_SHARE = Measure(
    name="head_share",
    layer="above",
    question="Which share of a listing's downloads do its first models, accounts or makers hold?",
    unit="share",
    caveat=_TRUNCATED + "Makers that aren't known are no party, so the upper bound gives all of "
    "theirs to the head.",
    citation=_CITATION,
    splits=_PARTIES,
    choices=_PLAIN_CHOICES,
    grain=("model_id",),
    expression=_downloads,
    reduce=_heads,
    sampled=False,
    default_by="account",
)
LITTLE_USED = Measure(
    name="little_used",
    layer="above",
    question="Which share of the models of a listing has hardly any downloads in 30 days?",
    unit="share",
    caveat=_TRUNCATED + "Lists with a floor have none that is little used. Downloads of 30 days "
    "are fewer than those of a lifetime.",
    citation=_CITATION,
    splits=tuple(split for split in MODEL_SPLITS if split.name in ("modality", "country")),
    choices=_AUTHOR_CHOICES,
    grain=("model_id",),
    expression=_downloads,
    reduce=_tail,
    sampled=False,
    default_by="modality",
)
ATTENTION_OVERLAP = Measure(
    name="attention_overlap",
    layer="above",
    question="How many models are among the most downloaded and among the most liked?",
    unit="models",
    caveat="Likes are of a lifetime, downloads of 30 days. A list of the most downloaded lacks "
    "much liked models that are downloaded less, so the overlap in it is at least that of the "
    "whole Hub.",
    citation="Hugging Face, State of Open Source, Summer 2026",
    splits=tuple(split for split in MODEL_SPLITS if split.name == "model"),
    choices=_AUTHOR_CHOICES,
    grain=("model_id", "name"),
    expression=_liked,
    reduce=_overlap,
    columns=("likes",),
    sampled=False,
    default_by="model",
)
DOWNLOADED_SIZE = Measure(
    name="downloaded_size",
    layer="above",
    question="How many parameters does a downloaded model have, on average and in the middle?",
    unit="count",
    caveat="Over models whose size is published, which are fewer than half of a top list. "
    "All experts count. The mean follows the few largest, the median the many smallest.",
    citation="Longpre et al. 2025, arXiv 2512.03073",
    splits=tuple(
        split for split in MODEL_SPLITS if split.name in ("country", "modality", "openness")
    ),
    choices=_PLAIN_CHOICES,
    grain=("model_id",),
    expression=_sized,
    reduce=_sizes,
    columns=("parameters_count",),
    sampled=False,
)
TRAINING_DATA_SHARE = Measure(
    name="training_data_share",
    layer="above",
    question="Which share of downloads goes to models whose repository names its training data?",
    unit="share",
    caveat="Counts dataset tags of the Hub: a tag names a dataset, it doesn't say that all data "
    "is named or can be had, and papers that name it don't count. Lists that copy no tags would "
    "show too little, so only one that copies all of them is used.",
    citation="Longpre et al. 2025, arXiv 2512.03073",
    splits=(
        Split("training_data", "training_data", "whether the repository's tags name a dataset"),
        *MODEL_SPLITS,
    ),
    choices=tuple(
        Choice(choice.name, choice.doc, choice.options[:1]) if choice.name == "listing" else choice
        for choice in MODEL_CHOICES
    ),
    grain=("model_id", "name"),
    expression=_disclosed,
    reduce="share",
    default_by="training_data",
)

MEASURES: tuple[Measure, ...] = (
    HEAD_SHARE,
    LITTLE_USED,
    ATTENTION_OVERLAP,
    DOWNLOADED_SIZE,
    TRAINING_DATA_SHARE,
)
