"""Epoch AI's catalogue of AI clusters, and its timelines of large AI data centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.sources.epoch_cells import iso_date, ticked
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["EpochClusters"]

CLUSTER = Table(
    name="raw_epoch_clusters__cluster",
    doc="One row per cluster, existing, planned or gone, in one edition of the catalogue.",
    # names repeat: all clusters in China are called `Anonymized Chinese System`, and with
    # rounded figures some look exactly alike although they are different ones
    key=("observed_on", "row_number"),
    columns=(
        OBSERVED_ON,
        Column("row_number", "int32", "place in the file, from 1", True),
        Column("name", "string", "name as written; not unique", True),
        Column("status", "string", "`Existing`, `Planned` or `Decommissioned`"),
        Column("certainty", "string", "`Confirmed`, `Likely` or `Unlikely`"),
        Column("single_cluster", "string", "whether it is one cluster: `Yes`, `No`, `Unclear`"),
        Column("country", "string", "country as written"),
        Column("location", "string", "place as written"),
        Column("owner", "string", "owner as written"),
        Column("users", "string", "users as written, separated by commas"),
        Column("sector", "string", "`Private`, `Public` or `Public/Private`"),
        Column("first_operational_on", "date", "first day of operation, possibly planned"),
        Column("decommissioned_on", "date", "end of operation; the first of the month if no day"),
        Column("chip_type_primary", "string", "main chip as written"),
        Column("chips_primary_count", "int64", "number of the main chip"),
        Column("chip_supplier_primary", "string", "supplier of the main chip as written"),
        Column("chip_type_secondary", "string", "second chip as written"),
        Column("chips_secondary_count", "int64", "number of the second chip"),
        Column("chip_supplier_secondary", "string", "supplier of the second chip as written"),
        Column("chips_total_count", "int64", "AI chips in all"),
        Column("hardware_note", "string", "chip as far as known, in words"),
        Column("compute_h100e", "float64", "in H100 equivalents"),
        Column("compute_max_ops_per_s", "float64", "highest of the three next ones"),
        Column("compute_8bit_ops_per_s", "float64", "8-bit operations per second"),
        Column("compute_16bit_ops_per_s", "float64", "16-bit operations per second"),
        Column("compute_32bit_ops_per_s", "float64", "32-bit operations per second"),
        Column("power_mw", "float64", "power capacity: reported if known, else calculated"),
        Column("power_reported_mw", "float64", "power capacity as reported"),
        Column("power_calculated_mw", "float64", "power capacity calculated from the chips"),
        Column("hardware_cost_usd", "float64", "cost of the hardware"),
        Column("hardware_cost_reported_usd", "float64", "cost as reported"),
        Column("hardware_cost_calculated_usd", "float64", "cost calculated from the chips"),
        Column("rank_when_first_operational", "int32", "place by compute at that time"),
        Column("builds_upon", "string", "cluster that it extends"),
        Column("superseded_by", "string", "cluster that took its place"),
        Column("is_possible_duplicate", "bool", "may be another row's cluster", True),
        Column("possible_duplicate_of", "string", "rows that it may repeat"),
        Column("is_in_standard_analysis", "bool", "counted in the publisher's figures", True),
        Column("is_excluded", "bool", "excluded by the publisher", True),
        Column("is_noteworthy", "bool", "marked noteworthy", True),
        Column("note", "string", "the publisher's note"),
        Column("certainty_note", "string", "why the certainty is what it is"),
        Column("first_operational_note", "string", "how that day is known"),
        Column("source_url", "string", "first of up to five sources"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("compute not negative", "compute_h100e", lowest=0),
        Check("power not negative", "power_mw", lowest=0),
        Check("chips not negative", "chips_total_count", lowest=0),
    ),
)
DATA_CENTER = Table(
    name="raw_epoch_clusters__data_center",
    doc="One row per data centre in one edition.",
    key=("observed_on", "data_center"),
    columns=(
        OBSERVED_ON,
        Column("data_center", "string", "the publisher's handle", True),
        Column("title", "string", "short name"),
        Column("project", "string", "project, with `#confident`, `#likely` or `#speculative`"),
        Column("owner", "string", "owner, marked in the same way"),
        Column("users", "string", "users, marked in the same way, separated by commas"),
        Column("investors", "string", "investors, separated by commas"),
        Column("construction_companies", "string", "builders, separated by commas"),
        Column("energy_companies", "string", "power suppliers, separated by commas"),
        Column("address", "string", "address as written"),
        Column("latitude", "string", "degrees, minutes and seconds as written"),
        Column("longitude", "string", "degrees, minutes and seconds as written"),
        Column("compute_h100e", "float64", "running now, in H100 equivalents"),
        Column("power_mw", "float64", "running now"),
        Column("capital_cost_2025_usd_billions", "float64", "of what runs now, in 2025 dollars"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("compute not negative", "compute_h100e", lowest=0),),
)
DATA_CENTER_STEP = Table(
    name="raw_epoch_clusters__data_center_step",
    doc="One row per data centre and step of its construction, past or expected.",
    key=("observed_on", "data_center", "step_on"),
    columns=(
        OBSERVED_ON,
        Column("data_center", "string", "the publisher's handle", True),
        Column("step_on", "date", "day of the step; after `observed_on` it is a forecast", True),
        Column("status", "string", "what was seen or is expected, in words"),
        Column("buildings_operational_count", "int64", "buildings in operation"),
        Column("compute_h100e", "float64", "running from then on, in H100 equivalents"),
        Column("compute_8bit_ops_per_s", "float64", "8-bit operations per second"),
        Column("power_mw", "float64", "running from then on"),
        Column("capital_cost_2025_usd_billions", "float64", "in all, in 2025 dollars"),
        Column("compute_cost_2025_usd_billions", "float64", "of the computers"),
        Column("construction_cost_2025_usd_billions", "float64", "of the buildings"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("compute not negative", "compute_h100e", lowest=0),
        Check("power not negative", "power_mw", lowest=0),
    ),
)

_CLUSTER_COLUMNS = {
    "name": "Name",
    "status": "Status",
    "certainty": "Certainty",
    "single_cluster": "Single cluster?",
    "country": "Country",
    "location": "Location",
    "owner": "Owner",
    "users": "Users",
    "sector": "Sector",
    "first_operational_on": "First Operational Date",
    "decommissioned_on": "Decommissioned Date (if applicable)",
    "chip_type_primary": "Chip type (primary)",
    "chips_primary_count": "Chip quantity (primary)",
    "chip_supplier_primary": "GPU Supplier (primary)",
    "chip_type_secondary": "Chip type (secondary)",
    "chips_secondary_count": "Chip quantity (secondary)",
    "chip_supplier_secondary": "GPU supplier (secondary)",
    "chips_total_count": "Total number of AI chips",
    "hardware_note": "Hardware note",
    "compute_h100e": "H100 equivalents",
    "compute_max_ops_per_s": "Max OP/s",
    "compute_8bit_ops_per_s": "8-bit OP/s",
    "compute_16bit_ops_per_s": "16-bit OP/s",
    "compute_32bit_ops_per_s": "32-bit OP/s",
    "power_mw": "Power Capacity (MW)",
    "power_reported_mw": "Reported Power Capacity (MW)",
    "power_calculated_mw": "Calculated Power Capacity (MW)",
    "hardware_cost_usd": "Hardware Cost",
    "hardware_cost_reported_usd": "Reported Cost",
    "hardware_cost_calculated_usd": "Calculated Cost",
    "rank_when_first_operational": "Rank when first operational",
    "builds_upon": "Builds Upon",
    "superseded_by": "Superseded by",
    "is_possible_duplicate": "Possible Duplicate",
    "possible_duplicate_of": "Possible Duplicate Of",
    "is_in_standard_analysis": "Include in Standard Analysis",
    "is_excluded": "Exclude",
    "is_noteworthy": "Noteworthy",
    "note": "Note",
    "certainty_note": "Certainty Note",
    "first_operational_note": "First Operational Date Note",
    "source_url": "Source 1",
}
_DATA_CENTER_COLUMNS = {
    "data_center": "Handle",
    "title": "Title",
    "project": "Project",
    "owner": "Owner",
    "users": "Users",
    "investors": "Investors",
    "construction_companies": "Construction companies",
    "energy_companies": "Energy companies",
    "address": "Address",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "compute_h100e": "Current H100 equivalents",
    "power_mw": "Current power (MW)",
    "capital_cost_2025_usd_billions": "Current total capital cost (2025 USD billions)",
}
_STEP_COLUMNS = {
    "data_center": "Data center",
    "step_on": "Date",
    "status": "Construction status",
    "buildings_operational_count": "Buildings operational",
    "compute_h100e": "H100 equivalents",
    "compute_8bit_ops_per_s": "Performance (8-bit OP/s)",
    "power_mw": "Power (MW)",
    "capital_cost_2025_usd_billions": "Total capital cost (2025 USD billions)",
    "compute_cost_2025_usd_billions": "Compute cost (2025 USD billions)",
    "construction_cost_2025_usd_billions": "Construction cost (2025 USD billions)",
}
_CLUSTERS = "gpu_clusters*.csv"
_DATA_CENTERS = "data_centers*.csv"
_STEPS = "data_center_timelines*.csv"


class EpochClusters:
    """Clusters and data centres as Epoch AI finds them in public sources.

    The clusters are 10 to 20 % of the world's. All those in China are anonymised, with rounded
    figures and no chip supplier, so that shares of suppliers hold for the others only. A later
    phase of a cluster holds its earlier ones: don't add up what `superseded_by` or `builds_upon`
    ties together. The files name no day: it has to be given. Logarithms, quotes and satellite
    pictures are not read; `epoch_companies` reads the files on companies beside them.
    """

    name = "epoch_clusters"
    title = "Epoch AI: AI clusters and data centres"
    terms = Terms(
        licence="CC-BY-4.0",
        url="https://epoch.ai/data",
        may_redistribute="rows",
        conflict="Collected from public sources and partly estimated by Epoch AI.",
    )
    tables = (CLUSTER, DATA_CENTER, DATA_CENTER_STEP)
    files = (_CLUSTERS, _DATA_CENTERS, _STEPS)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file, at the day that was given with it.

        Raises `SchemaError` for a lost column, `UnreadableError` when no day was given.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        if snapshot.matches(_CLUSTERS):
            columns = columns.select(_CLUSTER_COLUMNS)
            columns = columns.with_cells("row_number", range(1, len(columns) + 1))
            for name in ("first_operational_on", "decommissioned_on"):
                columns = columns.derive(name, name, iso_date)
            for name in (name for name in columns.names if name.startswith("is_")):
                columns = columns.with_cells(name, [ticked(tick) for tick in columns.cells(name)])
            yield from fit(CLUSTER, columns, snapshot)
        elif snapshot.matches(_DATA_CENTERS):
            yield from fit(DATA_CENTER, columns.select(_DATA_CENTER_COLUMNS), snapshot)
        else:
            columns = columns.select(_STEP_COLUMNS).derive("step_on", "step_on", iso_date)
            yield from fit(DATA_CENTER_STEP, columns, snapshot)
