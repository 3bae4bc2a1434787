"""What could not be resolved, with the weight that hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from underlay.atlas.curated import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.atlas.curated import Curated
    from underlay.lake.engine import Engine

__all__ = ["KEPT_PER_KIND", "unresolved_architectures", "unresolved_rows"]

KEPT_PER_KIND = 500  # names listed one by one for each kind and listing; the rest is one line
_WEIGHTS = {
    "downloads_30d_count": "downloads in 30 days",
    "downloads_total_count": "downloads",
    "pulls_total_count": "pulls",
}


def unresolved_rows(engine: Engine, curated: Curated) -> Iterator[dict[str, Any]]:
    """Rows of `core__unresolved` for the newest day of each listing, largest first.

    Needs the core tables of models, organisations and observations registered in the engine.
    """
    weighted = _weighted(engine)
    kinds = {
        "account": (weighted.organisation_id == UNKNOWN, weighted.account),
        "country": (weighted.country == UNKNOWN, weighted.account),
        "family": (weighted.family_id == UNKNOWN, weighted.name),
        "licence": (
            (weighted.licence_class == UNKNOWN) & weighted.licence_text.notnull(),
            weighted.licence_text,
        ),
    }
    totals = {
        (row["listing"], row["metric"]): row["total"]
        for row in engine.run(
            weighted.group_by("listing", "metric").agg(total=weighted.value.sum())
        ).rows()
    }
    for kind, (condition, name) in kinds.items():
        missing = weighted.mutate(unresolved=name).filter(condition)
        sums = missing.group_by("listing", "metric", "unresolved").agg(
            weight=missing.value.sum(), organisation_id=missing.organisation_id.max()
        )
        ranked = sums.mutate(
            rank=ibis.row_number().over(
                group_by=["listing", "metric"], order_by=[sums.weight.desc(), sums.unresolved]
            )
        ).order_by("listing", "metric", "rank")
        yield from _listed(kind, engine.run(ranked).rows(), totals, curated)


def unresolved_architectures(engine: Engine) -> Iterator[dict[str, Any]]:
    """Language models of the newest day of each listing whose class is unknown, largest first.

    The share is of the listing's language models. Needs `core__requirement` registered besides.
    """
    needed = engine.tables["core__requirement"].select("model_id", "architecture_id", "reason")
    weighted = _weighted(engine)
    weighted = weighted.filter(weighted.modality == "language").join(needed, "model_id")
    totals = {
        (row["listing"], row["metric"]): row["total"]
        for row in engine.run(
            weighted.group_by("listing", "metric").agg(total=weighted.value.sum())
        ).rows()
    }
    missing = weighted.filter(weighted.architecture_id == UNKNOWN)
    sums = missing.group_by("listing", "metric", unresolved=missing.name).agg(
        weight=missing.value.sum(), reason=missing.reason.min()
    )
    ranked = sums.mutate(
        rank=ibis.row_number().over(
            group_by=["listing", "metric"], order_by=[sums.weight.desc(), sums.unresolved]
        )
    ).order_by("listing", "metric", "rank")
    rest: dict[tuple[str, str], list[float]] = {}
    for row in engine.run(ranked).rows():
        place = row["listing"], row["metric"]
        if row["rank"] >= KEPT_PER_KIND:
            rest.setdefault(place, []).append(row["weight"])
            continue
        yield _row("architecture", place, row["unresolved"], row["reason"], row["weight"], totals)
    for place, weights in rest.items():
        name = f"({len(weights)} smaller ones)"
        why = "each is smaller than all above"
        yield _row("architecture", place, name, why, sum(weights), totals)


def _weighted(engine: Engine) -> ibis.Table:
    counted = engine.tables["core__observation"]
    counted = counted.filter(counted.metric.isin(list(_WEIGHTS)) & counted.is_fresh)
    newest = counted.group_by("listing", "metric").agg(observed_on=counted.observed_on.max())
    model = engine.tables["core__model"]
    maker = engine.tables["core__organisation"].select("organisation_id", "country")
    joined = (
        counted.semi_join(newest, ["listing", "metric", "observed_on"])
        .join(model, "model_id")
        .join(maker, "organisation_id", how="left")
    )
    return joined.select(
        "model_id", "modality", "listing", "metric", "value", "name", "organisation_id",
        "family_id", "licence_class", "licence_text",
        account=ibis.ifelse(joined.account == "", joined.name, joined.account),
        country=ibis.coalesce(joined.country, ibis.literal(UNKNOWN)),
    )  # fmt: skip


def _listed(
    kind: str,
    rows: Iterator[dict[str, Any]],
    totals: dict[tuple[str, str], float],
    curated: Curated,
) -> Iterator[dict[str, Any]]:
    rest: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        place = row["listing"], row["metric"]
        if row["rank"] >= KEPT_PER_KIND:
            rest.setdefault(place, []).append(row["weight"])
            continue
        yield _row(
            kind, place, row["unresolved"], _reason(kind, row, curated), row["weight"], totals
        )
    for place, weights in rest.items():
        name = f"({len(weights)} smaller ones)"
        yield _row(kind, place, name, "each is smaller than all above", sum(weights), totals)


def _row(
    kind: str,
    place: tuple[str, str],
    name: str,
    reason: str,
    weight: float,
    totals: dict[tuple[str, str], float],
) -> dict[str, Any]:
    listing, metric = place
    total = totals[place]
    return {
        "kind": kind,
        "listing": f"{listing} · {_WEIGHTS[metric]}",
        "name": name,
        "reason": reason,
        "weight": weight,
        "unit": _WEIGHTS[metric],
        "weight_share": weight / total if total > 0 else None,
    }


def _reason(kind: str, row: dict[str, Any], curated: Curated) -> str:
    if kind == "account":
        return "the account is not in the curated list"
    if kind == "country":
        owner = curated.organisations.get(row["organisation_id"])
        return owner.reason if owner else "the account is not in the curated list"
    if kind == "family":
        return "no family pattern fits the name"
    return "the licence text is not in the curated list"
