"""How fast leadership changes: the same statistics in each layer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Measure, Query, Row, Split
from underlay.measures.downloads import in_every_edition, model_relation
from underlay.measures.series import leaders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "kendall_tau", "spells"]

LAGS = (3, 6, 12)  # months
_TOP = 10  # parties whose order is compared; below them ranks are noise
_HEAD = 5  # parties whose staying in front is counted
_MONTH_DAYS = 30.44
_FEWEST_DAYS = 3
_SLOWEST = 1e-9  # a rate of change below it is rounding
_NO_PARTY = ("unknown", "several", "independent")  # many parties under one name can't lead


def _series(tables: Tables) -> ibis.Table:
    parts = list(_parts(tables))
    union = parts[0]
    for part in parts[1:]:
        union = union.union(part)
    return union


def _parts(tables: Tables) -> list[ibis.Table]:
    counted = model_relation(tables, "downloads_30d_count")
    monthly = counted.filter(
        (counted.listing == "osir_lmts") & (counted.attribution == "author") & counted.is_fresh
    )
    monthly = monthly.filter(in_every_edition(monthly))
    language = monthly.modality.isin(("language", "vision-language"))
    rating = tables["core__rating"]
    text = rating.filter((rating.board == "text") & (rating.category == "overall"))
    best = text.group_by("observed_on", "source", party=text.organisation_id).agg(
        value=text.rating.max()
    )
    stock = tables["core__accelerator_stock"]
    stock = stock.filter((stock.owner_id == "all") & (stock.chip == "all") & stock.is_complete)
    library = tables["core__library_month"]
    tokens = tables["core__tokens_week"]
    tokens = tokens.filter(~tokens.is_other)
    return [
        _part("above", "downloads by maker", monthly, monthly.organisation_id, monthly.value),
        _part(
            "above",
            "downloads of language models by family",
            monthly.filter(language),
            ibis._.family_id,
            ibis._.value,
        ),
        _part("above", "best arena model by maker", best, best.party, best.value),
        _part("above", "tokens by maker", tokens, tokens.organisation_id, tokens.tokens_count),
        _part(
            "below",
            "accelerators sold by designer",
            stock,
            stock.organisation_id,
            stock.h100e_count,
        ),
        *(
            _part(
                "below",
                label,
                library.filter(library.market == market),
                ibis._.organisation_id,
                ibis._.downloads_30d_count,
            )
            for label, market in (
                ("deep-learning frameworks by maker", "deep-learning-framework"),
                ("runtimes of language models by maker", "llm-runtime"),
            )
        ),
    ]


def _part(layer: str, series: str, relation: ibis.Table, party: Any, value: Any) -> ibis.Table:
    named = relation.select(
        "observed_on",
        "source",
        layer=ibis.literal(layer),
        series=ibis.literal(series),
        party=party,
        amount=value.cast("float64"),
    )
    return named.group_by("layer", "series", "observed_on", "source", "party").agg(
        value=named.amount.max() if series.startswith("best") else named.amount.sum()
    )


def spells(leaders: Sequence[str], days: Any) -> tuple[float, int]:
    """(mean spell in months, number of changes) of who leads on each of the days, "" for nobody.

    A spell lasts from the first day that a party leads to the first day that another one does, so
    while nobody leads it still runs. The first one began and the last one ends outside of what is
    seen, so the mean is a lower bound. Raises `ValueError` where nobody ever leads.
    """
    led = [(leader, day) for leader, day in zip(leaders, days, strict=True) if leader]
    if not led:
        raise ValueError("nobody ever leads")
    starts = [led[0][1]]
    starts += [day for (before, _), (leader, day) in itertools.pairwise(led) if leader != before]
    length = (days[-1] - starts[0]).astype("timedelta64[D]").astype(float)
    return float(length) / len(starts) / _MONTH_DAYS, len(starts) - 1


def kendall_tau(before: Any, after: Any) -> float | None:
    """Kendall's tau-b of two arrays (n,); None where one of them is constant (Kendall 1945)."""
    upper = np.triu_indices(len(before), 1)
    x = np.sign(before[:, None] - before[None, :])[upper]
    y = np.sign(after[:, None] - after[None, :])[upper]
    norm = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y).sum() / norm) if norm else None


def _tempo(result: Result, query: Query) -> list[Row]:
    del query  # rows are the series themselves
    rows = []
    columns = {
        name: np.array(result.objects(name), dtype=object).astype(str)
        for name in ("series", "layer", "party", "source")
    }
    days = result["observed_on"].astype("datetime64[D]")
    values = result.floats("value")
    for name in sorted(set(columns["series"].tolist())):
        here = columns["series"] == name
        key = {"series": name, "layer": str(columns["layer"][here][0])}
        here &= _first_source(days, columns["source"], here)
        rows.append(_row(key, columns["party"][here], days[here], values[here]))
    return sorted(rows, key=lambda row: (str(row.key["layer"]), str(row.key["series"])))


def _first_source(days: Any, sources: Any, here: Any) -> Any:
    """Of two sources that state the same day of a series, the first: amounts don't add up."""
    kept = np.zeros(len(days), dtype=bool)
    for day in np.unique(days[here]):
        same = here & (days == day)
        kept |= same & (sources == min(sources[same]))
    return kept


def _row(key: dict[str, str | int], parties: Any, days: Any, values: Any) -> Row:
    moments, day = np.unique(days, return_inverse=True)
    names, party = np.unique(parties, return_inverse=True)
    table = np.full((len(moments), len(names)), np.nan)
    table[day, party] = values
    if str(key["series"]).startswith("accelerators"):
        # the source sums sales since the start; what leads now is what was sold in the quarter
        table = np.diff(np.nan_to_num(table), axis=0)
        moments = moments[1:]
    is_party = ~np.isin(names, _NO_PARTY)
    unknown = np.nan_to_num(table[:, ~is_party]).sum(axis=1)
    names, table = names[is_party], table[:, is_party]
    if len(moments) < _FEWEST_DAYS or len(names) < 2:
        return Row(key, None, reason=f"{len(moments)} days and {len(names)} parties are too few")
    first = [str(names[place]) if place >= 0 else "" for place in leaders(table)]
    if not any(first):
        return Row(key, None, reason="nobody ever leads")
    mean, changes = spells(first, moments)
    filled = np.where(np.isnan(table), -np.inf, table)
    half_life, why = _half_life(filled, moments)
    more: dict[str, Any] = {
        "leader": first[-1] or None,
        "changes": changes,
        "months_observed": round(float((moments[-1] - moments[0]).astype(float)) / _MONTH_DAYS, 1),
        "days_observed": len(moments),
        "days_unsure": int((unknown >= filled.max(axis=1)).sum()),
        "from": str(moments[0]),
        "to": str(moments[-1]),
        "half_life_months": half_life,
        "half_life_reason": why or None,
    }
    for lag in LAGS:
        more[f"tau_{lag}m"] = _tau_at(filled, moments, lag)
    return Row(key, mean, lower=mean, more=more)


def _pairs(moments: Any, lag: int) -> list[tuple[int, int]]:
    """Pairs of positions about `lag` months apart: within half a month for each, at most 1.5."""
    wanted = lag * _MONTH_DAYS
    slack = min(15.0 * lag, 46.0)
    pairs = []
    for i, moment in enumerate(moments):
        gaps = np.abs((moments - moment).astype(float) - wanted)
        j = int(gaps.argmin())
        if j > i and gaps[j] <= slack:
            pairs.append((i, j))
    return pairs


def _tau_at(table: Any, moments: Any, lag: int) -> float | None:
    found = []
    for i, j in _pairs(moments, lag):
        top = np.argsort(-table[i], kind="stable")[:_TOP]
        both = top[np.isfinite(table[i][top]) & np.isfinite(table[j][top])]
        tau = kendall_tau(table[i][both], table[j][both]) if len(both) > 1 else None
        if tau is not None:
            found.append(tau)
    return round(float(np.mean(found)), 3) if found else None


def _half_life(table: Any, moments: Any) -> tuple[float | None, str]:
    """Months until half of the top five are others, by an exponential fit through the origin.

    Of days that list five parties or more. An overlap of nothing is taken as a tenth, half of the
    least that five can show. None with a reason where there are five parties in all, or hardly a
    day with five, or where the top five never changed: then it is longer than the series.
    """
    if table.shape[1] <= _HEAD:
        return None, f"no more than {_HEAD} parties"
    is_full = np.isfinite(table).sum(axis=1) >= _HEAD
    if is_full.sum() < _FEWEST_DAYS:
        return None, f"{is_full.sum()} days with {_HEAD} parties are too few"
    table, moments = table[is_full], moments[is_full]
    top = np.zeros(table.shape)
    best = np.argsort(-table, axis=1, kind="stable")[:, :_HEAD]
    np.put_along_axis(top, best, 1.0, axis=1)
    earlier, later = np.triu_indices(len(moments), 1)
    overlap = np.maximum((top @ top.T)[earlier, later] / _HEAD, 0.1)
    months = (moments[later] - moments[earlier]).astype(float) / _MONTH_DAYS
    rate = -(months * np.log(overlap)).sum() / (months**2).sum()
    if rate < _SLOWEST:
        return None, f"the top {_HEAD} never changed"
    return round(float(np.log(2) / rate), 1), ""


TEMPO = Measure(
    name="tempo",
    layer="between",
    question="How long does a leader last, above and below?",
    unit="months",
    caveat="The value is the mean spell of a leader. The first spell began and the last one ends "
    "outside of the series, so the value is its own lower bound and there is no upper one; a short "
    "series can't show a long spell. A change is dated on the first day that shows it; months "
    "between two days are not seen. Downloads: accounts in every edition. On `days_unsure` what is "
    "of unknown parties is as much as the leader has. Tau compares the order of the ten largest "
    "parties with that of those still listed some months later: who left a top list is not in it.",
    citation="Kendall 1945, Biometrika 33",
    splits=(
        Split("series", "series", "what is ranked"),
        Split("layer", "layer", "above (models) or below (infrastructure)"),
    ),
    choices=(),
    grain=("party",),
    expression=_series,
    reduce=_tempo,
    columns=("series", "layer"),
    history=True,
    sampled=False,
    default_by="series",
)

MEASURES: tuple[Measure, ...] = (TEMPO,)
