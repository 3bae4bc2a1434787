"""Downloads month by month: who leads, since when, and what has been added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row
from underlay.measures.downloads import LISTINGS, MODEL_CHOICES, MODEL_SPLITS, model_relation

if TYPE_CHECKING:
    import ibis

    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES"]

_LISTING = Choice(
    "listing",
    "which list of models is counted",
    tuple(
        option
        for name in ("osir_lmts", "llmfit", "os_ai_map")
        for option in LISTINGS
        if option.name == name
    ),
)
_PANEL = Choice(
    "panel",
    "whether accounts that joined the list later count",
    (
        Option("fixed", "a growing panel looks like growth: only accounts in every edition count",
               "underlay", None),
        Option("growing", "every account that the list held at the time", "the list itself", None),
    ),
)  # fmt: skip
_CHOICES = (
    _LISTING,
    _PANEL,
    *(choice for choice in MODEL_CHOICES if choice.name not in ("listing", "age")),
)


def _downloads(tables: Tables) -> ibis.Table:
    return model_relation(tables, "downloads_30d_count")


def _table(result: Result, query: Query) -> tuple[Any, list[str], Any]:
    """(days (d,), names, sums (d, n)) of the kept rows, on the fixed panel if it is asked for."""
    days, day = np.unique(result["observed_on"].astype("datetime64[D]"), return_inverse=True)
    values = result.floats("value")
    names, group = np.unique(
        np.array(result.objects(query.by), dtype=object).astype(str), return_inverse=True
    )
    if query.definition.options["panel"] == "fixed":
        _, account = np.unique(
            np.array(result.objects("account"), dtype=object).astype(str), return_inverse=True
        )
        there = np.zeros((account.max() + 1, len(days)), dtype=bool)
        there[account, day] = True
        always: Any = there.all(axis=1)
        values = np.where(always[account], values, 0.0)
    sums = np.zeros((len(days), len(names)))
    np.add.at(sums, (day, group), values)
    return days, [str(name) for name in names], sums


def _monthly(result: Result, query: Query) -> list[Row]:
    """One row a group and day: its share of that day."""
    days, names, sums = _table(result, query)
    totals = sums.sum(axis=1, keepdims=True)
    shares = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
    order = np.argsort(-sums[-1], kind="stable")
    return [
        Row(
            {query.by: names[n], "day": str(days[d])},
            float(shares[d, n]),
            more={"downloads_30d_count": float(sums[d, n])},
        )
        for n in order
        for d in range(len(days))
    ]


def _cumulative(result: Result, query: Query) -> list[Row]:
    """Sums over the editions up to each day, and since when the present leader leads."""
    days, names, sums = _table(result, query)
    running = np.cumsum(sums, axis=0)
    order = np.argsort(-running[-1], kind="stable")
    leader = running.argmax(axis=1)
    rows = []
    for rank, n in enumerate(order):
        led = leader == n
        since = ""
        if rank == 0:
            changed = np.flatnonzero(leader != n)
            since = str(days[changed[-1] + 1]) if len(changed) else f"before {days[0]}"
        rows.append(
            Row(
                {query.by: names[n]},
                float(running[-1, n]),
                more={
                    "leads_since": since or None,
                    "first_day": str(days[0]),
                    "editions": len(days),
                    "days_led": int(led.sum()),
                },
            )
        )
    return rows


_CAVEAT = (
    "Each edition states the trailing 30 days, so a sum over monthly editions is close to, but not "
    "the same as, downloads since the first one; it starts with the list, not with the release: no "
    "open source has lifetime counts of the Hub. Editions are not exactly a month apart."
)
DOWNLOADS_MONTHLY = Measure(
    name="downloads_monthly",
    layer="above",
    question="Whose models were downloaded, edition by edition of a list?",
    unit="share",
    caveat=_CAVEAT,
    citation="Hugging Face Hub documentation, download counts",
    splits=MODEL_SPLITS,
    choices=_CHOICES,
    grain=("model_id",),
    expression=_downloads,
    reduce=_monthly,
    columns=("account",),
    history=True,
    sampled=False,
    default_by="family",
)
DOWNLOADS_CUMULATIVE = Measure(
    name="downloads_cumulative",
    layer="above",
    question="Whose models were downloaded most since the list began, and since when?",
    unit="downloads",
    caveat=_CAVEAT,
    citation="ATOM Report, arXiv 2604.07190",
    splits=MODEL_SPLITS,
    choices=_CHOICES,
    grain=("model_id",),
    expression=_downloads,
    reduce=_cumulative,
    columns=("account",),
    history=True,
    sampled=False,
    default_by="family",
)

MEASURES: tuple[Measure, ...] = (DOWNLOADS_MONTHLY, DOWNLOADS_CUMULATIVE)
