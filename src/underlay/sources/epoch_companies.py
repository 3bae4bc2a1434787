"""Epoch AI's notes on AI companies: funding rounds and spending on compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.sources.epoch_cells import iso_date, ticked
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["EpochCompanies"]

COMPANY = Table(
    name="raw_epoch_companies__company",
    doc="One row per company in one edition.",
    key=("observed_on", "company"),
    columns=(
        OBSERVED_ON,
        Column("company", "string", "name as written", True),
        Column("organization", "string", "its name in Epoch AI's list of models"),
        Column("company_type", "string", "kind of company"),
        Column("product_domains", "string", "what it makes, separated by commas"),
        Column("founded_on", "date", "day of founding"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
FUNDING_ROUND = Table(
    name="raw_epoch_companies__funding_round",
    doc="One row per funding round, closed or talked about, in one edition.",
    key=("observed_on", "company", "funding_round_id"),
    columns=(
        OBSERVED_ON,
        Column("company", "string", "who gets the money", True),
        Column("funding_round_id", "string", "the publisher's name of the round", True),
        Column("status", "string", "`Closed` or `Late discussions`"),
        Column("closed_on", "date", "day of closing"),
        Column("reported_on", "date", "day of the report"),
        Column("type", "string", "`Primary`, `Secondary`, `Debt` ..., separated by commas"),
        Column("equity_usd", "float64", "new equity; 0 where shares only changed hands"),
        Column("debt_usd", "float64", "debt"),
        Column("valuation_usd", "float64", "value of the company after the round"),
        Column("confidence", "string", "`Confident`, `Likely` or `Uncertain`"),
        Column("is_left_out_of_graph", "bool", "left out of the publisher's graph", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("equity not negative", "equity_usd", lowest=0),
        Check("valuation not negative", "valuation_usd", lowest=0),
    ),
)
COMPUTE_SPEND = Table(
    name="raw_epoch_companies__compute_spend",
    doc="One row per statement on what a company spends on compute, in one edition.",
    key=("observed_on", "company", "statement_id"),
    columns=(
        OBSERVED_ON,
        Column("company", "string", "who spends", True),
        Column("statement_id", "string", "the publisher's name of the statement", True),
        Column("category", "string", "what it is spent on, separated by commas"),
        Column("amount_usd", "float64", "amount in the period", True),
        Column("period_type", "string", "`Year`, or `Annualized` from a shorter time"),
        Column("period_ends_on", "date", "last day of the period"),
        Column("reported_on", "date", "day of the report; before the period's end a forecast"),
        Column("confidence", "string", "`Likely` or `Uncertain`"),
        Column("source_type", "string", "kind of source"),
        Column("is_left_out_of_graph", "bool", "left out of the publisher's graph", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("amount not negative", "amount_usd", lowest=0),),
)

_FILES: dict[str, tuple[Table, dict[str, str]]] = {
    "ai_companies.csv": (
        COMPANY,
        {
            "company": "Name",
            "organization": "Organization (from Organizations)",
            "company_type": "Company type",
            "product_domains": "Product Domain(s)",
            "founded_on": "Founding date",
        },
    ),
    "ai_companies_funding_rounds.csv": (
        FUNDING_ROUND,
        {
            "company": "Company",
            "funding_round_id": "Id",
            "status": "Status",
            "closed_on": "Close date",
            "reported_on": "Report date",
            "type": "Type",
            "equity_usd": "Funding (equity)",
            "debt_usd": "Funding (debt)",
            "valuation_usd": "Valuation (post-money)",
            "confidence": "Confidence",
            "is_left_out_of_graph": "Exclude from graph view",
        },
    ),
    "ai_companies_compute_spend.csv": (
        COMPUTE_SPEND,
        {
            "company": "Company",
            "statement_id": "Id",
            "category": "Category",
            "amount_usd": "Amount",
            "period_type": "Period type",
            "period_ends_on": "Date",
            "reported_on": "Report date",
            "confidence": "Confidence",
            "source_type": "Source Type",
            "is_left_out_of_graph": "Exclude from graph view",
        },
    ),
}


class EpochCompanies:
    """A few AI companies, mostly American, from press reports.

    The files name no day: it has to be given. Notes that quote the reports are left out. The file
    of revenues, which gives no ids and unnamed columns, is not read.
    """

    name = "epoch_companies"
    title = "Epoch AI: AI companies"
    terms = Terms(
        licence="CC-BY-4.0",
        url="https://epoch.ai/data",
        may_redistribute="rows",
        conflict="Collected from press reports by Epoch AI; many amounts are unconfirmed.",
    )
    tables = (COMPANY, FUNDING_ROUND, COMPUTE_SPEND)
    files = tuple(_FILES)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file, at the day that was given with it.

        Raises `SchemaError` for a lost column, `UnreadableError` when no day was given.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        table, names = next(_FILES[name] for name in _FILES if snapshot.matches(name))
        columns = columns.select(names)
        for name in (name for name in names if name.endswith("_on")):
            columns = columns.derive(name, name, iso_date)
        if "is_left_out_of_graph" in names:
            ticks = [ticked(cell) for cell in columns.cells("is_left_out_of_graph")]
            columns = columns.with_cells("is_left_out_of_graph", ticks)
        yield from fit(table, columns, snapshot)
