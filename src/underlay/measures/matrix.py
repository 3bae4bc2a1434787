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
    "models": "no list of notable models",
    "downloads": "no hub listing",
    "tokens": "no list of routed tokens",
    "spend": "no open source states spend for both open and closed models",
    "capability": "no arena board",
}
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
    rating = tables["core__rating"]
    rating = rating.filter((rating.board == "text") & (rating.category == "overall"))
    place = ibis.row_number().over(
        group_by=["observed_on", "source"], order_by=[rating.rating.desc(), rating.name]
    )
    rating = rating.mutate(place=place).join(maker, "organisation_id", how="left")
    unknown = ibis.literal("unknown")
    country = ibis.coalesce(ibis._.country, unknown)
    return [
        notable.mutate(weight=ibis.literal("models"), value=notable.weight_share),
        counted.mutate(weight=ibis.literal("downloads"), openness=ibis.literal("open")),
        tokens.mutate(weight=ibis.literal("tokens"), country=country, value=tokens.tokens_count),
        tokens.filter(tokens.spend_usd.notnull()).mutate(
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
    del query  # all weights are shown side by side
    weights = np.array(result.objects("weight"), dtype=object).astype(str)
    countries = result.objects("country")
    openness = result.objects("openness")
    values = result.floats("value")
    days = result["observed_on"].astype("datetime64[D]")
    rows = []
    for weight, why in WEIGHTS.items():
        here = np.flatnonzero(weights == weight)
        total = values[here].sum()
        if not total > 0:
            rows.append(
                Row({"weight": weight, "country": "all", "openness": "all"}, None, reason=why)
            )
            continue
        cells: dict[tuple[str, str], float] = {}
        for i in here:
            place = countries[i] if countries[i] in ("CN", "US", "unknown") else "other"
            cell = (place, openness[i])
            cells[cell] = cells.get(cell, 0.0) + float(values[i])
        day = str(days[here].max())
        rows += [
            _cell(weight, place, grade, cells, total, day)
            for place in ("CN", "US", "other", "unknown")
            for grade in ("open", "closed", "unknown")
        ]
    return rows


def _cell(
    weight: str, place: str, grade: str, cells: dict[tuple[str, str], float], total: float, day: str
) -> Row:
    key = {"weight": weight, "country": place, "openness": grade}
    if weight == "downloads" and grade == "closed":
        reason = "a hub of weights can't see closed models"
        return Row(key, None, reason=reason, more={"day": day})
    return Row(key, cells.get((place, grade), 0.0) / total, more={"day": day})


MATRIX = Measure(
    name="open_closed_matrix",
    layer="above",
    question="Do Chinese makers release openly and American ones not, by which weight?",
    unit="share",
    caveat="Models: notable models of the last 24 months in Epoch's list, multinational ones in "
    "parts. Downloads: the Hub's top list, where closed models can't stand. Tokens: named models "
    "of one router's top list. Capability: makers of the first 20 places of the text board. Each "
    "weight has a day of its own.",
    citation="Epoch AI, Notable AI models (epoch.ai/data)",
    splits=(
        Split("weight", "weight", "what a cell is a share of"),
        Split("country", "country", "primary base of the maker"),
        Split("openness", "openness", "open, closed or unknown weights"),
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
