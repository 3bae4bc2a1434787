"""The two-by-two: country by open or closed, under every weight that has data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from underlay.measures.definitions import Measure, Query, Row, Split
from underlay.measures.downloads import model_relation

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "WEIGHTS"]

# weight -> why it has no data, said where no row supports it
WEIGHTS: dict[str, str] = {
    "models": "no list of notable models has such models",
    "downloads": "no hub listing has such models",
    "tokens": "no list of routed tokens has such models",
    "spend": "no week of routed tokens has an estimate of spend for each such entry",
    "capability": "no first places of an arena board are such models",
}
_PLACES = ("CN", "US", "other", "unknown")
_GRADES = ("open", "closed", "unknown")
_CAPABLE = 20  # models of the board that count as capable: its first places
_RECENT_MONTHS = 24


def _cells(tables: Tables) -> ibis.Table:
    columns = ["weight", "country", "openness", "observed_on", "source", "value"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    parts = [part.select(*columns) for part in _parts(tables, maker)]
    union = parts[0]
    for part in parts[1:]:
        union = union.union(part)
    return union


def _parts(tables: Tables, maker: ibis.Table) -> list[ibis.Table]:
    notable = tables["core__notable_model"]
    last = notable.released_on.max().as_scalar()
    notable = notable.filter(notable.released_on >= last - ibis.interval(months=_RECENT_MONTHS))
    counted = model_relation(tables, "downloads_30d_count")
    counted = counted.filter((counted.listing == "os_ai_map") & (counted.attribution == "author"))
    tokens = tables["core__tokens_week"]
    tokens = tokens.filter(~tokens.is_other).join(maker, "organisation_id", how="left")
    # a week in which one maker's spend isn't known would give its part to the others
    weeks = tokens.group_by("observed_on").agg(missing=tokens.count() - tokens.spend_usd.count())
    priced = weeks.filter(weeks.missing == 0)
    rating = tables["core__rating"]
    rating = rating.filter((rating.board == "text") & (rating.category == "overall"))
    place = ibis.row_number().over(
        group_by=["observed_on", "source", "scale"], order_by=[rating.rating.desc(), rating.name]
    )
    rating = rating.mutate(place=place).join(maker, "organisation_id", how="left")
    unknown = ibis.literal("unknown")
    country = ibis.coalesce(ibis._.country, unknown)
    return [
        notable.mutate(weight=ibis.literal("models"), value=notable.weight_share),
        counted.mutate(weight=ibis.literal("downloads"), openness=ibis.literal("open")),
        tokens.mutate(weight=ibis.literal("tokens"), country=country, value=tokens.tokens_count),
        tokens.filter(tokens.observed_on.isin(priced.observed_on)).mutate(
            weight=ibis.literal("spend"), country=country, value=ibis._.spend_usd
        ),
        rating.filter(rating.place < _CAPABLE).mutate(
            weight=ibis.literal("capability"),
            country=country,
            openness=ibis.cases(
                (ibis._.is_open_weights, "open"), (~ibis._.is_open_weights, "closed"),
                else_="unknown",
            ),
            value=ibis.literal(1.0),
        ),
    ]  # fmt: skip


def _matrix(result: Result, query: Query) -> list[Row]:
    """Every cell of every weight as its part of that weight's total, within what was asked for."""
    kept = query.definition.kept
    weights = np.array(result.objects("weight"), dtype=object)
    place = kept.get("country", "")
    places = (place,) if place else _PLACES
    countries = [cell or "unknown" for cell in result.objects("country")]
    places_found = [cell if cell in places else "other" for cell in countries]
    grades_found = [cell if cell in _GRADES else "unknown" for cell in result.objects("openness")]
    in_place = {name: np.array(places_found, dtype=object) == name for name in places}
    in_grade = {name: np.array(grades_found, dtype=object) == name for name in _GRADES}
    values = result.floats("value")
    days = result["observed_on"].astype("datetime64[D]")
    grades = [kept["openness"]] if "openness" in kept else _GRADES
    rows = []
    for weight, why in WEIGHTS.items():
        if kept.get("weight", weight) != weight:
            continue
        here = weights == weight
        total = float(values[here].sum())
        if not total > 0:
            key = {
                "weight": weight,
                "country": place or "all",
                "openness": kept.get("openness", "all"),
            }
            rows.append(Row(key, None, reason=why))
            continue
        more = {"day": str(days[here].max())}
        for country in places:
            for grade in grades:
                key = {"weight": weight, "country": country, "openness": grade}
                if weight == "downloads" and grade == "closed":
                    reason = "a hub of weights can't see closed models"
                    rows.append(Row(key, None, reason=reason, more=more))
                    continue
                part = float(values[here & in_place[country] & in_grade[grade]].sum())
                rows.append(Row(key, part / total, more=more))
    return rows


MATRIX = Measure(
    name="open_closed_matrix",
    layer="above",
    question="Do Chinese makers release openly and American ones not, by which weight?",
    unit="share",
    caveat="Models: notable models of the last 24 months in Epoch's list, multinational ones in "
    "parts. Downloads: the Hub's top list, where closed models can't stand. Tokens: named models "
    "of one router's top list. Capability: makers of the first 20 places of the text board. Spend: "
    "the same list, weeks in which it is estimated for every entry. Each weight has a day of its "
    "own, and its cells sum to 1.",
    citation="Epoch AI, Notable AI models (epoch.ai/data)",
    splits=(
        Split("weight", "weight", "what a cell is a share of"),
        Split("country", "country", "primary base of the maker", role="kind"),
        Split("openness", "openness", "open, closed or unknown weights", role="kind"),
    ),
    choices=(),
    grain=(),
    expression=_cells,
    reduce=_matrix,
    columns=("weight", "country", "openness"),
    vintage_by=("weight",),
    sampled=False,
    default_by="weight",
)

MEASURES: tuple[Measure, ...] = (MATRIX,)
