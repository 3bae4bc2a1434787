"""Tokens that OpenRouter routed to its most used models, week by week."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underlay.errors import SchemaError
from underlay.sources.base import (
    OBSERVED_ON,
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    skipped_rows,
)
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["OpenRouterUsage"]

_SPLIT = (
    "null where the week has none (published as 0); in the older set an assumed 80 to 20 split "
    "where `requests_count` is null"
)

MODEL_WEEK = Table(
    name="raw_openrouter_usage__model_week",
    doc=(
        "One row per set, week and model among the 9 or 10 that routed most tokens. Weeks are "
        "labelled as published: by a Sunday, from 2026-02-16 by a Monday."
    ),
    key=("observed_on", "source_set", "slug"),
    columns=(
        OBSERVED_ON,
        Column("source_set", "string", "folder: `current`, or the set that it replaced", True),
        Column("rank", "int32", "place by tokens, 1 for most", True),
        Column("slug", "string", "dated id of the model; variants such as `:free` apart", True),
        Column("name", "string", "name shown"),
        Column(
            "tokens_count",
            "int64",
            "tokens routed, each in its own tokenizer; from 2026-02-16 rounded",
            True,
        ),
        Column("change_percent", "float64", "change of the tokens against the week before"),
        Column("prompt_tokens_count", "int64", f"of these, prompt; {_SPLIT}"),
        Column("completion_tokens_count", "int64", f"of these, completion; {_SPLIT}"),
        Column("reasoning_tokens_count", "int64", f"of the completion, reasoning; {_SPLIT}"),
        Column("cached_tokens_count", "int64", f"of the prompt, read from a cache; {_SPLIT}"),
        Column("requests_count", "int64", "requests; null where not counted (published as 0)"),
        Column("input_usd_per_token", "float64", "price of a prompt token when collected"),
        Column("output_usd_per_token", "float64", "price of a completion token when collected"),
        Column("reasoning_usd_per_token", "float64", "price of a reasoning token when collected"),
        Column("cache_read_usd_per_token", "float64", "price of a cached token when collected"),
        Column(
            "revenue_usd", "float64", "the collector's estimate; null where tokens aren't split"
        ),
        Column("is_free", "bool", "as published: misses half of the `:free` slugs"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check("a place", "rank", lowest=1),
        Check("not negative", "tokens_count", lowest=0),
        Check("not negative", "requests_count", lowest=0),
        Check("not negative", "prompt_tokens_count", lowest=0),
        Check("not negative", "completion_tokens_count", lowest=0),
    ),
)

_COLUMNS = {
    "rank": "rank",
    "slug": "slug",
    "name": "name",
    "tokens_count": "total_tokens",
    "change_percent": "percent_change",
    "prompt_tokens_count": "prompt_tokens",
    "completion_tokens_count": "completion_tokens",
    "reasoning_tokens_count": "reasoning_tokens",
    "cached_tokens_count": "cached_tokens",
    "requests_count": "request_count",
    "input_usd_per_token": "prompt_price",
    "output_usd_per_token": "completion_price",
    "reasoning_usd_per_token": "reasoning_price",
    "cache_read_usd_per_token": "cache_read_price",
    "revenue_usd": "estimated_revenue",
    "is_free": "is_free",
}
_SPLITS = (
    "prompt_tokens_count",
    "completion_tokens_count",
    "reasoning_tokens_count",
    "cached_tokens_count",
    "revenue_usd",
)


class OpenRouterUsage:
    """The 9 or 10 models with most tokens a week: bounds, never shares of all tokens.

    Takes the weekly JSON files and the table made of them. Each folder of the collector is a
    set of its own: the older one reaches back to 2025-02 but its splits are assumed. The ratios
    are not read, since they follow from the counts.
    """

    name = "openrouter_usage"
    title = "OpenRouter: weekly tokens of the top models"
    terms = Terms(
        licence="none granted",
        url="https://github.com/johnbean393/openrouter-inference-stats",
        may_redistribute="aggregates",
        conflict="OpenRouter sells routing to the models that it ranks.",
    )
    tables = (MODEL_WEEK,)
    files = (
        "openrouter_top_models_weekly*.csv",
        "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].json",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one week, or of all weeks of the table."""
        if snapshot.name.endswith(".json"):
            columns = _week(snapshot)
        else:
            columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
            yield from skipped_rows(
                snapshot.name, ragged, "number of cells differs from the header"
            )
            columns = columns.select(
                {"observed_on": "week", "source_set": "source_set", **_COLUMNS}
            )
        yield from fit(MODEL_WEEK, _without_uncounted(columns), snapshot)


def _week(snapshot: Snapshot) -> Columns:
    document = read_json(snapshot)
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise SchemaError(snapshot.name, "it is no object with `date` and a list `models`")
    columns = Columns.from_rows(models, snapshot.name, list(_COLUMNS.values())).select(_COLUMNS)
    folder = PurePosixPath(snapshot.name).parent.name
    return columns.with_constant("observed_on", document.get("date")).with_constant(
        "source_set", folder or "current"
    )


def _without_uncounted(columns: Columns) -> Columns:
    """The same rows; zeros that stand beside tokens for "not counted" become null."""
    tokens = columns.cells("tokens_count")
    requests = columns.cells("requests_count")
    uncounted = [
        _is_zero(n) and not _is_zero(total) for n, total in zip(requests, tokens, strict=True)
    ]
    unsplit = [
        _is_zero(prompt) and _is_zero(completion) and not _is_zero(total)
        for prompt, completion, total in zip(
            columns.cells("prompt_tokens_count"),
            columns.cells("completion_tokens_count"),
            tokens,
            strict=True,
        )
    ]
    masks = {"requests_count": uncounted} | dict.fromkeys(_SPLITS, unsplit)
    for name, mask in masks.items():
        cells = columns.cells(name)
        columns = columns.with_cells(
            name, [None if gone else cell for cell, gone in zip(cells, mask, strict=True)]
        )
    return columns


def _is_zero(cell: object) -> bool:
    return cell in (0, "0", "0.0")
