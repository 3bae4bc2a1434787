"""Whose models are pulled from Ollama's library: increments between two days of a counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.lake.engine import Result
from underlay.measures.definitions import Choice, Measure, Option, Query, Row
from underlay.measures.downloads import MODEL_SPLITS, model_relation

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis

    from underlay.lake.engine import Tables

__all__ = ["MEASURES", "rounding_half_width"]

_SPLITS = tuple(
    split for split in MODEL_SPLITS
    if split.name not in ("account", "copy_kind", "listing")
)  # fmt: skip
_WINDOW = Choice(
    "window",
    "between which days pulls are counted",
    (
        Option("30d", "what is pulled now", "as the Hub's downloads in 30 days"),
        Option("90d", "smooths a single release", "quarterly reporting"),
        Option("365d", "a year: no season, but slow to show change", "annual reports"),
        Option("lifetime", "what the library shows; never stands for now", "Ollama's own pages"),
    ),
)
_CAVEAT = (
    "Pulls are cumulative and rounded to 2 to 4 digits, so bounds come from rounding at both ends. "
    "A library entry holds several sizes and quantisations at once. A difference below zero is a "
    "revision of the counter: it is listed and counts as it is. From 2026-07-15 to 2026-08-16 no "
    "day was read. Until 2026-07 counts below 10,000 were not read: an entry without a count on "
    "the first day may have had up to 10,000, which widens its bounds. Ollama doesn't say what a "
    "pull is; pulls are not users."
)
_CITATION = "Ollama library, as collected in github.com/auditomatic/ollama-models-registry"
_UNREAD = 10_000.0  # counts below were not read until 2026-07
_MAX_DRIFT = 0.5  # of the window: how far its real length may be from the asked one


def _pulls(tables: Tables) -> ibis.Table:
    """One row per library entry and day, with every facet of its maker."""
    relation = model_relation(tables, "pulls_total_count")
    return relation.filter((relation.attribution == "author") & (relation.listing == "ollama"))


def rounding_half_width(counts: Any) -> Any:
    """Half of the last digit's step of counts shown as 950, 12.3K, 4.5M or 1.2B."""
    counts = np.abs(np.asarray(counts, dtype=np.float64))
    steps = np.select([counts >= 1e9, counts >= 1e6, counts >= 1e3], [1e8, 1e5, 1e2], 0.0)
    return steps / 2


def _increments(result: Result, query: Query) -> tuple[dict[str, Any], str]:
    """Arrays by entry (`group`, `name`, `value`, `lower`, `upper`) and the window, or a reason."""
    days = result["observed_on"].astype("datetime64[D]")
    values, models = result.floats("value"), result.floats("model_id")
    last = days.max()
    now = days == last
    newest = Result({name: cells[now] for name, cells in result.columns.items()})
    groups = np.array([str(cell or "unknown") for cell in newest.objects(query.by)], dtype=object)
    names = np.array(newest.objects("name"), dtype=object)
    window = query.definition.options["window"]
    found: dict[str, Any] = {"group": groups, "name": names, "to": str(last)}
    half = rounding_half_width(values[now])
    if window == "lifetime":
        found |= {"value": values[now], "lower": values[now] - half, "upper": values[now] + half}
        return {**found, "from": "the beginning", "removed": 0}, ""
    asked = int(window.removesuffix("d"))
    others = np.unique(days[days < last])
    if not len(others):
        return found, "the series has one day only"
    first = others[np.abs(others - (last - np.timedelta64(asked, "D"))).argmin()]
    length = int((last - first).astype(int))
    if abs(length - asked) > _MAX_DRIFT * asked:
        return found, f"the day nearest to {asked} days before is {length} days before"
    # an entry that wasn't read on that day had at least its count of the day before
    past = np.flatnonzero(days <= first)
    past = past[np.lexsort((days[past], models[past]))]
    known, place = np.unique(models[past], return_index=True)
    latest = values[past][np.append(place[1:], len(past)) - 1]  # of each, on its last day
    at = np.minimum(np.searchsorted(known, models[now]), len(known) - 1)
    is_new = known[at] != models[now]
    start = np.where(is_new, 0.0, latest[at])
    unread = np.where(is_new, np.minimum(_UNREAD, values[now]), 0.0)
    half_start = rounding_half_width(start)
    value = values[now] - start
    found |= {
        "value": value,
        "lower": value - half - half_start - unread,
        "upper": value + half + half_start,
        "from": str(first),
        "days": length,
        "removed": len(set(models[days == first]) - set(models[now])),
    }
    return found, ""


def _reduced(*, is_share: bool) -> Callable[[Result, Query], list[Row]]:
    def reduce(result: Result, query: Query) -> list[Row]:
        found, reason = _increments(result, query)
        names = sorted(set(found["group"]))
        if reason:
            return [Row({query.by: name}, None, reason=reason) for name in names]
        total = float(found["value"].sum())
        if is_share and total <= 0:
            return [
                Row({query.by: name}, None, reason="the total is not positive") for name in names
            ]
        rows = []
        for name in names:
            here = found["group"] == name
            value, lower, upper = (
                float(found[end][here].sum()) for end in ("value", "lower", "upper")
            )
            revised = sorted(found["name"][here & (found["value"] < 0)])
            more: dict[str, Any] = {
                "pulls": value,
                "entries": int(here.sum()),
                "counter_revisions": revised,
                **{key: found[key] for key in ("from", "to", "days", "removed") if key in found},
            }
            if is_share:
                # the ends of a share: this group at one end of its bounds, all others at the other
                low_rest = float(found["lower"][~here].sum())
                high_rest = float(found["upper"][~here].sum())
                lower = _part(lower, lower + high_rest)
                upper = _part(upper, upper + low_rest)
                value = value / total
            rows.append(Row({query.by: name}, value, lower, upper, more=more))
        return sorted(rows, key=lambda row: (-(row.value or 0.0), str(row.key[query.by])))

    return reduce


def _part(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


PULLS_SHARE = Measure(
    name="pulls_share",
    layer="above",
    question="Whose models are pulled from Ollama's library, as a share of all pulls?",
    unit="share",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=(_WINDOW,),
    grain=("model_id", "name"),
    expression=_pulls,
    reduce=_reduced(is_share=True),
    history=True,
    sampled=False,
)
PULLS_LEVEL = Measure(
    name="pulls_level",
    layer="above",
    question="How often are whose models pulled from Ollama's library?",
    unit="pulls",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=(_WINDOW,),
    grain=("model_id", "name"),
    expression=_pulls,
    reduce=_reduced(is_share=False),
    history=True,
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (PULLS_SHARE, PULLS_LEVEL)
