"""What a model of a given strength costs: blended prices at equal capability, and their decline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "MIXES"]

MIXES = {"3:1": 3.0, "1:1": 1.0, "10:1": 10.0}  # input tokens to one output token
_BOARD = "text_style_control"  # the estimate that the publisher's own page shows

_SPLITS: tuple[Split, ...] = (
    Split("country", "country", "primary base of the organisation that released the model"),
    Split("maker", "organisation_id", "organisation that released the model"),
    Split("openness", "weights", "open, closed or unknown weights"),
)


def _is(column: str, value: str) -> Any:
    return lambda t: t[column] == value


def _at_least(score: int) -> Any:
    return lambda t: t.score >= score


_CHOICES: tuple[Choice, ...] = (
    Choice(
        "score",
        "how strong a model has to be: its best rating on the newest official text board",
        tuple(
            Option(str(score), reason, "underlay", _at_least(score))
            for score, reason in (
                (1400, "strong enough for most work of 2026"),
                (1300, "the frontier of mid 2024"),
                (1350, "the frontier of early 2025 or a good small model"),
                (1450, "within about 60 points of the best"),
            )
        ),
        varies=False,  # what something weaker costs is another question
    ),
    Choice(
        "mix",
        "input tokens for one output token",
        tuple(
            Option(mix, reason, "underlay", _is("mix", mix))
            for mix, reason in (
                ("3:1", "the usual blend of chat"),
                ("1:1", "writing and reasoning: much output"),
                ("10:1", "reading and agents: much input"),
            )
        ),
    ),
    Choice(
        "catalogue",
        "whose price list is read",
        tuple(
            Option(name, reason, source, _is("catalogue", name))
            for name, reason, source in (
                ("openrouter", "one price a model at one router, every month", "OpenRouter"),
                ("models_dev", "many providers a model, entered by contributors", "models.dev"),
                ("litellm", "makers' own prices as a library ships them", "LiteLLM"),
                ("openrouter_prices", "back to 2023-07, from archived copies", "OpenRouter"),
            )
        ),
    ),
    Choice(
        "provider",
        "which provider's price a model has",
        (
            Option("cheapest", "what a buyer who looks around pays", "underlay"),
            Option("median", "what a buyer who doesn't pays", "underlay"),
        ),
    ),
    Choice(
        "variants",
        "which entries count",
        (
            Option(
                "plain",
                "free variants are rate-limited, batch ones wait: no price of the same service",
                "DATA.md: `:free` variants and `~` aliases inflate the count",
                lambda t: (t.variant == "") & ~t.is_free_variant,
            ),
            Option(
                "paid",
                "batches and other paid terms are prices too",
                "a buyer who can wait",
                lambda t: (t.variant != "moving") & ~t.is_free_variant,
            ),
            Option("all", "free is a price", "naive reading of the list"),
        ),
    ),
)
_CAVEAT = (
    "List prices; discounts, caches and reasoning tokens are left out, and tokenizers differ. "
    "Strength is the newest rating of any of the model's board entries, at its highest effort, and "
    "models without a current rating don't count, so older months miss models that left the "
    "board. A first change of price in a catalogue is often a correction. A price of zero counts "
    "as a free variant: subscriptions are listed at zero."
)
_CITATION = "OpenRouter, models.dev and LiteLLM price lists; Arena's text board for capability"


def _prices(tables: Tables) -> ibis.Table:
    """One row per price and mix, with the model's best current rating."""
    price = tables["core__price"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = price.join(maker, "organisation_id", how="left").join(
        _scores(tables), "model_id", how="left"
    )
    found = joined.select(
        "catalogue", "provider", "name", "variant", "model_id", "organisation_id", "observed_on",
        "input_usd_per_mtok", "output_usd_per_mtok", "is_free_variant", "source", "score",
        country=ibis.coalesce(joined.country, ibis.literal("unknown")),
        weights=ibis.cases(
            (joined.is_open_weights, "open"), (~joined.is_open_weights, "closed"), else_="unknown"
        ),
    )  # fmt: skip
    parts = [
        found.mutate(
            mix=ibis.literal(name),
            value=(found.input_usd_per_mtok * parts + found.output_usd_per_mtok) / (parts + 1),
        )
        for name, parts in MIXES.items()
    ]
    return ibis.union(*parts)


def _scores(tables: Tables) -> ibis.Table:
    rating = tables["core__rating"]
    rating = rating.filter(
        (rating.series == "official") & (rating.board == _BOARD) & (rating.category == "overall")
    )
    rating = rating.filter(rating.observed_on == rating.observed_on.max().as_scalar())
    return rating.group_by("model_id").agg(score=rating.rating.max())


def _cheapest(result: Result, query: Query) -> list[Row]:
    """Price of the cheapest model of each group on the newest day."""
    days = result["observed_on"].astype("datetime64[D]")
    prices = _Prices(result, query, days == days.max())
    rows = [
        Row({query.by: group}, price, more=prices.more(place))
        for _, group, price, place in prices.cheapest
    ]
    return sorted(rows, key=lambda row: (row.value or 0.0, str(row.key[query.by])))


class _Prices:
    """The price of each model on each day, and the cheapest model of each group.

    `cheapest` are (day, group, price, number of its model), by day and group.
    """

    def __init__(self, result: Result, query: Query, here: Any) -> None:
        values = result.floats("value")[here]
        self.values, self.scores = values, result.floats("score")[here]
        self.names = result["name"][here]
        cells = np.array([str(cell or "unknown") for cell in result.objects(query.by)], dtype=str)
        groups, group = np.unique(cells[here], return_inverse=True)
        days, day = np.unique(
            result["observed_on"].astype("datetime64[D]")[here], return_inverse=True
        )
        order = np.lexsort((values, result.floats("model_id")[here], group, day))
        keys = np.stack([day, group, result.floats("model_id")[here]])[:, order]
        # offers of one model on one day stand together, the lowest first
        starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
        self.offers = np.diff(np.append(starts, len(order)))
        self.nearest = order[starts]
        self.price = values[self.nearest]
        if query.definition.options["provider"] == "median":
            lower, upper = starts + (self.offers - 1) // 2, starts + self.offers // 2
            self.price = (values[order[lower]] + values[order[upper]]) / 2
        party = keys[0, starts].astype(np.int64) * len(groups) + keys[1, starts].astype(np.int64)
        self.party = party
        ranked = np.lexsort((self.nearest, self.offers, self.price, party))
        first = np.append(True, np.diff(party[ranked]) != 0)
        self.cheapest = [
            (
                str(days[party[place] // len(groups)]),
                str(groups[party[place] % len(groups)]),
                float(self.price[place]),
                int(place),
            )
            for place in ranked[first]
        ]

    def more(self, place: int) -> dict[str, Any]:
        """What stands behind the price of the model of that number."""
        where, others = self.nearest[place], self.price[self.party == self.party[place]]
        return {
            "model": str(self.names[where]),
            "score": float(self.scores[where]),
            "offers": int(self.offers[place]),
            "models": len(others),
            "median_over_models": float(np.median(others)),
        }


def _decline(result: Result, query: Query) -> list[Row]:
    """Price now over the price about a year before; `series` holds every month."""
    days = result["observed_on"].astype("datetime64[D]")
    series: dict[str, dict[str, float]] = {}
    for day, group, price, _ in _Prices(result, query, np.ones(len(days), dtype=bool)).cheapest:
        series.setdefault(group, {})[day] = price
    last = days.max()
    wanted = last - np.timedelta64(365, "D")
    rows = []
    for group, prices in sorted(series.items()):
        more: dict[str, Any] = {"series": prices}
        now = prices.get(str(last))
        before = [day for day in prices if abs((np.datetime64(day) - wanted).astype(int)) <= 45]
        if now is None:
            rows.append(Row({query.by: group}, None, reason=f"no price on {last}", more=more))
            continue
        if not before:
            reason = "no price within 45 days of a year before"
            rows.append(Row({query.by: group}, None, reason=reason, more=more))
            continue
        old = min(before, key=lambda day: abs((np.datetime64(day) - wanted).astype(int)))
        more |= {"from": old, "to": str(last), "before": prices[old], "now": now}
        if prices[old] > 0:
            rows.append(Row({query.by: group}, now / prices[old], more=more))
        else:
            rows.append(Row({query.by: group}, None, reason="it was free before", more=more))
    return rows


_COLUMNS = ("name", "score")
PRICE_BLENDED = Measure(
    name="price_blended",
    layer="above",
    question="What do a million tokens cost of the cheapest model that is strong enough?",
    unit="USD per million tokens",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("model_id",),
    expression=_prices,
    reduce=_cheapest,
    columns=_COLUMNS,
    sampled=False,
)
PRICE_DECLINE = Measure(
    name="price_decline",
    layer="above",
    question="What part of its price a year ago does the cheapest strong enough model cost now?",
    unit="ratio",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("model_id",),
    expression=_prices,
    reduce=_decline,
    columns=_COLUMNS,
    history=True,
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (PRICE_BLENDED, PRICE_DECLINE)
