"""How fast leadership changes: the same statistics in each layer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Measure, Query, Row, Split
from underlay.measures.downloads import model_relation

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "kendall_tau", "spells"]

LAGS = (3, 6, 12)  # months
_TOP = 10  # parties whose order is compared; below them ranks are noise
_MONTH_DAYS = 30.44


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


def spells(leaders: list[str], days: Any) -> tuple[float, int, bool]:
    """(mean spell in months, number of changes, whether the last spell still runs).

    A spell lasts from the first day that a party leads to the first day that another one does; the
    running one counts up to the last day, so the mean is a lower bound while it runs.
    """
    if not leaders:
        return float("nan"), 0, False
    starts = [0, *(i for i in range(1, len(leaders)) if leaders[i] != leaders[i - 1])]
    edges = [days[start] for start in starts] + [days[-1]]
    lengths = [
        float((b - a).astype("timedelta64[D]").astype(float)) for a, b in itertools.pairwise(edges)
    ]
    return sum(lengths) / len(starts) / _MONTH_DAYS, len(starts) - 1, True


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
    series = np.array(result.objects("series"), dtype=object).astype(str)
    layers = np.array(result.objects("layer"), dtype=object).astype(str)
    parties = np.array(result.objects("party"), dtype=object).astype(str)
    days = result["observed_on"].astype("datetime64[D]")
    values = result.floats("value")
    for name in dict.fromkeys(series.tolist()):
        here = (series == name) & (parties != "unknown")
        rows.append(_row(name, layers[series == name][0], parties[here], days[here], values[here]))
    return sorted(rows, key=lambda row: (str(row.key["layer"]), str(row.key["series"])))


def _row(name: str, layer: str, parties: Any, days: Any, values: Any) -> Row:
    key = {"series": name, "layer": layer}
    moments, day = np.unique(days, return_inverse=True)
    names, party = np.unique(parties, return_inverse=True)
    table = np.full((len(moments), len(names)), np.nan)
    table[day, party] = values
    if name.startswith("accelerators"):
        # the source sums sales since the start; what leads now is what was sold in the quarter
        table = np.diff(np.nan_to_num(table), axis=0)
        moments = moments[1:]
    if len(moments) < 3 or len(names) < 2:
        return Row(key, None, reason=f"{len(moments)} days and {len(names)} parties are too few")
    filled = np.where(np.isnan(table), -np.inf, table)
    leaders = [str(names[i]) for i in filled.argmax(axis=1)]
    mean, changes, running = spells(leaders, moments)
    more: dict[str, Any] = {
        "leader": leaders[-1],
        "changes": changes,
        "months_observed": round(float((moments[-1] - moments[0]).astype(float)) / _MONTH_DAYS, 1),
        "from": str(moments[0]),
        "to": str(moments[-1]),
        "half_life_months": _half_life(filled, moments),
    }
    for lag in LAGS:
        more[f"tau_{lag}m"] = _tau_at(filled, moments, lag)
    return Row(key, mean, lower=mean if running else None, more=more)


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


def _half_life(table: Any, moments: Any) -> float | None:
    """Months until half of the top five are others, by an exponential fit through the origin.

    None where nothing of the top five ever changed: then the half-life is longer than the series.
    """
    lags, logs = [], []
    for i in range(len(moments)):
        top = set(np.argsort(-table[i], kind="stable")[:5])
        for j in range(i + 1, len(moments)):
            later = set(np.argsort(-table[j], kind="stable")[:5])
            overlap = max(len(top & later) / len(top), 0.1)
            lags.append(float((moments[j] - moments[i]).astype(float)) / _MONTH_DAYS)
            logs.append(np.log(overlap))
    x, y = np.array(lags), np.array(logs)
    rate = -(x * y).sum() / (x * x).sum() if len(x) else 0.0
    return round(float(np.log(2) / rate), 1) if rate > 1e-9 else None


TEMPO = Measure(
    name="tempo",
    layer="between",
    question="How long does a leader last, above and below?",
    unit="months",
    caveat="The value is the mean spell of the leader; the running spell isn't over, so it is a "
    "lower bound. Series differ in length and in the parties that they see; a short series can't "
    "show a long spell. Tau compares the order of the ten largest parties some months apart.",
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
