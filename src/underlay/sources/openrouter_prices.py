"""OpenRouter's prices once a month or so, from archived copies of its catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, read_json
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["OpenRouterPrices"]

MODEL_MONTH = Table(
    name="raw_openrouter_prices__model_month",
    doc=(
        "One row per priced entry of OpenRouter's catalogue and archived copy, at most one copy a "
        "month."
    ),
    key=("observed_on", "slug"),
    columns=(
        OBSERVED_ON,
        Column("slug", "string", "id in the catalogue; `:free` is a variant, `~` an alias", True),
        Column("input_usd_per_mtok", "float64", "price of a million prompt tokens; 0 is free"),
        Column("output_usd_per_mtok", "float64", "price of a million completion tokens; 0 is free"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check("not negative", "input_usd_per_mtok", lowest=0),
        Check("not negative", "output_usd_per_mtok", lowest=0),
    ),
)


class OpenRouterPrices:
    """Prices of the catalogue's entries from 2023-07 on, with months missing early on.

    The file leaves out entries without a price (which the catalogue gives as -1), so absence is
    not delisting. Where a daily catalogue exists for the same day, nearly all prices agree.
    """

    name = "openrouter_prices"
    title = "OpenRouter: price history"
    terms = Terms(
        licence="MIT",
        url="https://web.archive.org/web/*/openrouter.ai/api/v1/models",
        may_redistribute="rows",
        conflict="OpenRouter sells routing to the models that it lists.",
    )
    tables = (MODEL_MONTH,)
    files = ("history*.json.gz", "history*.json")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of every archived copy in the file."""
        document = read_json(snapshot)
        copies = document.get("snapshots") if isinstance(document, dict) else None
        if not isinstance(copies, list):
            raise SchemaError(snapshot.name, "it is no object with a list `snapshots`")
        rows: list[dict[str, Any]] = []
        for copy in copies:
            prices = copy.get("prices") if isinstance(copy, dict) else None
            if not isinstance(prices, dict):
                yield Skipped(snapshot.name, "a copy is no object with `prices`", 1, str(copy)[:80])
                continue
            for slug, pair in prices.items():
                if not isinstance(pair, list) or len(pair) != 2:
                    yield Skipped(snapshot.name, "a price is no pair", 1, f"{slug}: {pair}"[:80])
                    continue
                rows.append(
                    {
                        "observed_on": copy.get("date"),
                        "slug": slug,
                        "input_usd_per_mtok": pair[0],
                        "output_usd_per_mtok": pair[1],
                    }
                )
        names = [name for name in MODEL_MONTH.column_names if name != SNAPSHOT.name]
        yield from fit(MODEL_MONTH, Columns.from_rows(rows, snapshot.name, names), snapshot)
