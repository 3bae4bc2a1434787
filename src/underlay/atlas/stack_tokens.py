"""`core__routed`: tokens by what the routed models need, summed over models and weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from underlay.atlas.curated import UNKNOWN
from underlay.atlas.stack_contracts import ROUTED
from underlay.tables import Batch

if TYPE_CHECKING:
    from underlay.lake.engine import Engine

__all__ = ["routed"]

_WEEKS = "raw_openrouter_usage__model_week"
_SPAN_DAYS = 13 * 7  # a quarter: one week's top list is of ten models


def routed(engine: Engine) -> Batch:
    """Sums over the weeks of the newest quarter; empty where the lake lacks the weekly lists.

    The lists may be given on in sums only, so neither a model nor a week can be told from a row.
    """
    if _WEEKS not in engine.tables.contracts or not engine.lake.files(_WEEKS):
        return Batch.from_rows(ROUTED, [])
    week = engine.tables[_WEEKS]
    week = week.filter(week.source_set == "current")
    newest = week.aggregate(last=week.observed_on.max())
    week = week.cross_join(newest)
    week = week.filter(week.observed_on > week["last"] - ibis.interval(days=_SPAN_DAYS))
    alias = engine.tables["core__alias"]
    alias = alias.filter(alias.platform == "openrouter").select("model_id", known=alias.name)
    named = week.left_join(alias, week.slug == alias.known)
    model = engine.tables["core__model"]
    maker = engine.tables["core__organisation"].select("organisation_id", "country")
    model = model.join(maker, "organisation_id").select(
        "model_id", "country", "openness", "modality", "licence_class"
    )
    need = engine.tables["core__requirement"].select(
        "model_id", "architecture_id", "weight_format", "quantisation", "is_convertible"
    )
    known = model.join(need, "model_id").rename(number="model_id")
    found = named.left_join(known, named.model_id == known.number)
    words = {
        name: ibis.coalesce(found[name], ibis.literal(UNKNOWN))
        for name in (
            "architecture_id",
            "weight_format",
            "quantisation",
            "country",
            "openness",
            "modality",
            "licence_class",
        )
    }
    counted = found.group_by(**words)
    summed = counted.agg(
        observed_on=found["last"].max(),
        first_week_on=found.observed_on.min(),
        is_convertible=found.is_convertible.all(),
        models_count=found.slug.nunique(),
        weeks_count=found.observed_on.nunique(),
        tokens_count=found.tokens_count.sum().cast("float64"),
    )
    return engine.batch(ROUTED, summed.mutate(source=ibis.literal("openrouter_usage")))
