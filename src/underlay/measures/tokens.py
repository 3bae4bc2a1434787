"""Whose tokens a router carries: shares and levels within a top list, with their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables


__all__ = ["MEASURES"]

_SPLITS: tuple[Split, ...] = (
    Split("country", "country", "primary base of the organisation that released the model"),
    Split("maker", "organisation_id", "organisation that released the model"),
    Split("openness", "openness", "open, closed or unknown weights"),
)
_DENOMINATOR = Choice(
    "denominator",
    "what the shares are shares of",
    (
        Option("list", "all tokens of the top list; unknown is a category", "underlay"),
        Option(
            "known",
            "only makers that are known; says nothing about the rest of the list",
            "press retellings",
            lambda t: t.organisation_id != "unknown",
        ),
        Option(
            "us_china",
            "a duel of two countries",
            "press on OpenRouter's rankings",
            lambda t: t.country.isin(("US", "CN")),
        ),
    ),
    role="base",
)
_CAVEAT = (
    "The list holds the 9 or 10 models with most tokens of a week; the router's total isn't "
    "published with it, so these are shares of the list and no bound on shares of all tokens can "
    "be computed. Bounds within the list give unknown makers to nobody and to everybody. Each "
    "provider counts in its own tokenizer, and reasoning models spend 10 to 1,000 times more "
    "tokens: tokens are not value. Week labels move from Sundays to Mondays in 2026-02."
)
_CITATION = "OpenRouter rankings, as collected in github.com/johnbean393/openrouter-inference-stats"
_WORLD = "no bound for all routed tokens: the total isn't published with the list"


def _tokens(tables: Tables) -> ibis.Table:
    """One row per week, maker and openness, with country."""
    return _with_country(tables, "tokens_count")


def _requests(tables: Tables) -> ibis.Table:
    """The same for requests, where they are counted for every entry of the row."""
    relation = _with_country(tables, "requests_count")
    return relation.filter(relation.value.notnull())


def _with_country(tables: Tables, metric: str) -> ibis.Table:
    week = tables["core__tokens_week"]
    week = week.filter(~week.is_other)
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = week.join(maker, "organisation_id", how="left")
    return joined.select(
        "observed_on",
        "organisation_id",
        "openness",
        "models_count",
        "tokens_count",
        "requests_count",
        "spend_usd",
        "source",
        country=ibis.coalesce(joined.country, ibis.literal("unknown")),
        value=joined[metric],
    )


def _shares(result: Result, query: Query) -> list[Row]:
    """Share of the list; from known only (lower) to known and all that is unknown (upper)."""
    groups = np.array([str(cell or "unknown") for cell in result.objects(query.by)], dtype=object)
    values = result.floats("value")
    total = float(values.sum())
    names = sorted(set(groups), key=lambda name: (-float(values[groups == name].sum()), name))
    if total <= 0:
        return [Row({query.by: name}, None, reason="the total is zero") for name in names]
    unknown = float(values[groups == "unknown"].sum()) / total
    rows = []
    for name in names:
        here = groups == name
        share = float(values[here].sum()) / total
        more = {
            "entries": int(result.floats("models_count")[here].sum()),
            "tokens": float(result.floats("tokens_count")[here].sum()),
            # a sum over rows of which one isn't counted is not known
            "requests": _sum(result.floats("requests_count")[here]),
            "spend_usd": _sum(result.floats("spend_usd")[here]),
            "bounds": _WORLD,
        }
        lower, upper = (0.0, share) if name == "unknown" else (share, share + unknown)
        rows.append(Row({query.by: name}, share, lower, upper, more=more))
    return rows


def _sum(values: np.ndarray) -> float | None:
    total = float(values.sum())
    return None if np.isnan(total) else total


_COLUMNS = ("models_count", "tokens_count", "requests_count", "spend_usd")
TOKENS_SHARE = Measure(
    name="tokens_share",
    layer="above",
    question="Whose models' tokens does OpenRouter carry, as a share of its weekly top list?",
    unit="share",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=(_DENOMINATOR,),
    grain=("organisation_id", "openness"),
    expression=_tokens,
    reduce=_shares,
    columns=_COLUMNS,
    sampled=False,
)
TOKENS_LEVEL = Measure(
    name="tokens_level",
    layer="above",
    question="How many tokens a week does OpenRouter carry for whose models of its top list?",
    unit="tokens in a week",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=(_DENOMINATOR,),
    grain=("organisation_id", "openness"),
    expression=_tokens,
    reduce="level",
    sampled=False,
)
REQUESTS_SHARE = Measure(
    name="requests_share",
    layer="above",
    question="Whose models get OpenRouter's requests, as a share of its weekly top list?",
    unit="share",
    caveat=_CAVEAT + " Requests are counted for some weeks and models only: rows that aren't "
    "counted are missing from the total, and the newest week with any is shown.",
    citation=_CITATION,
    splits=_SPLITS,
    choices=(_DENOMINATOR,),
    grain=("organisation_id", "openness"),
    expression=_requests,
    reduce=_shares,
    columns=_COLUMNS,
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (TOKENS_SHARE, TOKENS_LEVEL, REQUESTS_SHARE)
