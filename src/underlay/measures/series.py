"""Downloads month by month: who leads, since when, and what has been added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.measures.definitions import Choice, Measure, Query, Row
from underlay.measures.downloads import (
    LISTINGS,
    MODEL_CHOICES,
    MODEL_SPLITS,
    PANEL,
    model_relation,
)
from underlay.measures.evaluate import labelled

if TYPE_CHECKING:
    import ibis

    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "leaders"]

_LISTING = Choice(
    "listing",
    "which list of models is counted",
    tuple(
        option
        for name in ("osir_lmts", "llmfit", "os_ai_map")
        for option in LISTINGS
        if option.name == name
    ),
    varies=False,  # another list is of other models on other days
)
_CHOICES = (
    _LISTING,
    PANEL,
    *(choice for choice in MODEL_CHOICES if choice.name not in ("listing", "age")),
)
# lists have days of their own: a sum of an edition over lists is nothing
_SPLITS = tuple(split for split in MODEL_SPLITS if split.name != "listing")
_WINDOW_DAYS = 30  # what a count covers


def _downloads(tables: Tables) -> ibis.Table:
    return model_relation(tables, "downloads_30d_count")


def _table(result: Result, query: Query) -> tuple[Any, list[str], Any]:
    """(days (d,), names, sums (d, n)) of the kept rows; an edition without one has zeros."""
    days = np.array(query.editions, dtype="datetime64[D]")
    day = np.searchsorted(days, result["observed_on"].astype("datetime64[D]"))
    names, group = labelled(result[query.by])
    sums = np.zeros((len(days), len(names)))
    cells = np.bincount(day * len(names) + group, result.floats("value"), sums.size)
    sums += cells.reshape(sums.shape)
    return days, list(names), sums


def _monthly(result: Result, query: Query) -> list[Row]:
    """One row a group and day: its share of that day."""
    days, names, sums = _table(result, query)
    totals = sums.sum(axis=1)
    return [
        Row(
            {query.by: names[n], "day": str(days[d])},
            float(sums[d, n] / totals[d]) if totals[d] > 0 else None,
            reason="" if totals[d] > 0 else "nothing that counts in this edition",
            more={"downloads_30d_count": float(sums[d, n])},
        )
        for n in np.argsort(-sums[-1], kind="stable")
        for d in range(len(days))
    ]


def leaders(table: Any) -> list[int]:
    """Who leads on each day of a table (d, n), as a column; -1 where nobody does.

    Of parties that are level, the one that led before still leads; if none did, nobody leads.
    NaN and what isn't positive can't lead.
    """
    found: list[int] = []
    for row in np.where(np.isnan(table), 0.0, table):
        first = np.flatnonzero((row == row.max()) & (row > 0))
        if len(first) == 1:
            found.append(int(first[0]))
        else:
            found.append(found[-1] if found and found[-1] in first else -1)
    return found


def _cumulative(result: Result, query: Query) -> list[Row]:
    """Downloads added up over the editions, and since when the present leader leads.

    An edition stands for the days since the one before: its count times those days over the 30
    that it covers; the first one for its own 30. `unknown` is many parties, so it can't lead.
    """
    days, names, sums = _table(result, query)
    gaps = np.diff(days).astype(int)
    running = np.cumsum(sums * np.append(1.0, gaps / _WINDOW_DAYS)[:, None], axis=0)
    is_party = np.array(names) != "unknown"
    leader = np.array(leaders(np.where(is_party, running, np.nan)))
    about = {
        "first_day": str(days[0] - np.timedelta64(_WINDOW_DAYS - 1, "D")),
        "editions": len(days),
        "days_between_windows": int(np.maximum(gaps - _WINDOW_DAYS, 0).sum()),
    }
    return [
        Row(
            {query.by: names[n]},
            float(running[-1, n]),
            more={
                "leads_since": _since(days, leader == n) if leader[-1] == n else None,
                "editions_led": int((leader == n).sum()),
                **about,
            },
        )
        for n in np.argsort(-running[-1], kind="stable")
    ]


def _since(days: Any, led: Any) -> str:
    """The day from which on the last leader led; `before` the first day if it always did."""
    others = np.flatnonzero(~led)
    return str(days[others[-1] + 1]) if len(others) else f"before {days[0]}"


_CAVEAT = (
    "Each edition states the trailing 30 days; editions are not exactly a month apart. The fixed "
    "panel is decided by account, before any kind of model is left out: a new kind of model of an "
    "old account is growth."
)
_CUMULATIVE_CAVEAT = (
    " An edition stands for the days since the one before (count times days over 30), so that "
    "overlapping windows count once; days that no window covers (`days_between_windows`) are taken "
    "as the edition after them. The sum starts with the list, not with the release: no open "
    "source has lifetime counts of the Hub. A change of leader is dated on the edition that shows "
    "it first."
)
DOWNLOADS_MONTHLY = Measure(
    name="downloads_monthly",
    layer="above",
    question="Whose models were downloaded, edition by edition of a list?",
    unit="share",
    caveat=_CAVEAT,
    citation="Hugging Face Hub documentation, download counts",
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("model_id", "name"),
    expression=_downloads,
    reduce=_monthly,
    history=True,
    sampled=False,
    default_by="family",
)
DOWNLOADS_CUMULATIVE = Measure(
    name="downloads_cumulative",
    layer="above",
    question="Whose models were downloaded most since the list began, and since when?",
    unit="downloads",
    caveat=_CAVEAT + _CUMULATIVE_CAVEAT,
    citation="ATOM Report, arXiv 2604.07190",
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("model_id", "name"),
    expression=_downloads,
    reduce=_cumulative,
    history=True,
    sampled=False,
    default_by="family",
)

MEASURES: tuple[Measure, ...] = (DOWNLOADS_MONTHLY, DOWNLOADS_CUMULATIVE)
