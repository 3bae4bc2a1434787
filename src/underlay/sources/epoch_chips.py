"""Epoch AI's estimates of how many AI accelerators exist, by designer, chip and owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.sources.epoch_cells import iso_date, renamed, ticked
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["EpochChips"]

ALL_CHIPS = "all"

_DESIGNER = Column("designer", "string", "chip designer as written", True)
_OWNER = Column("owner", "string", "owner; `China` is a whole country, `Other` the rest", True)
_CHIP = Column("chip_type", "string", "chip as written, or `all` for the designer's total", True)
_STARTS = Column("starts_on", "date", "first day of the span that the row counts", True)
_ESTIMATES = (
    Column("units_p05_count", "int64", "chips, 5th percentile"),
    Column("units_p50_count", "int64", "chips, median"),
    Column("units_p95_count", "int64", "chips, 95th percentile"),
    Column("compute_p05_h100e", "float64", "in H100 equivalents, 5th percentile"),
    Column("compute_p50_h100e", "float64", "in H100 equivalents, median"),
    Column("compute_p95_h100e", "float64", "in H100 equivalents, 95th percentile"),
    Column("power_p05_mw", "float64", "power of the chips, 5th percentile, where estimated"),
    Column("power_p50_mw", "float64", "power of the chips, median, where estimated"),
    Column("power_p95_mw", "float64", "power of the chips, 95th percentile, where estimated"),
)
_DESIGN_POWER = (
    Column("tdp_p05_w", "float64", "thermal design power of all, 5th percentile"),
    Column("tdp_p50_w", "float64", "thermal design power of all, median"),
    Column("tdp_p95_w", "float64", "thermal design power of all, 95th percentile"),
)
_MARKS = (
    Column("is_incomplete", "bool", "the quarter is only partly covered by sales data", True),
    Column("notes", "string", "the publisher's note, with the time of the estimate"),
    SNAPSHOT,
)
_CHECKS = (
    Check("units not negative", "units_p05_count", lowest=0),
    Check("units not negative", "units_p50_count", lowest=0),
    Check("compute not negative", "compute_p05_h100e", lowest=0),
    Check("compute not negative", "compute_p50_h100e", lowest=0),
)

CUMULATIVE = Table(
    name="raw_epoch_chips__cumulative",
    doc="One row per designer, chip and quarter end: chips sold from `starts_on` until then.",
    key=("observed_on", "designer", "chip_type"),
    columns=(OBSERVED_ON, _DESIGNER, _CHIP, _STARTS, *_ESTIMATES, *_MARKS),
    partition_by="observed_on",
    grain="year",
    checks=_CHECKS,
)
QUARTER = Table(
    name="raw_epoch_chips__quarter",
    doc="One row per designer, chip and calendar quarter: chips sold in it, dated by its end.",
    key=("observed_on", "designer", "chip_type"),
    columns=(OBSERVED_ON, _DESIGNER, _CHIP, _STARTS, *_ESTIMATES, *_MARKS),
    partition_by="observed_on",
    grain="year",
    checks=_CHECKS,
)
FISCAL_QUARTER = Table(
    name="raw_epoch_chips__fiscal_quarter",
    doc="One row per designer, chip and fiscal quarter of the seller; the same chips as in"
    " `raw_epoch_chips__quarter`, before Epoch AI spreads them over calendar quarters.",
    key=("observed_on", "designer", "chip_type"),
    columns=(OBSERVED_ON, _DESIGNER, _CHIP, _STARTS, *_ESTIMATES, *_MARKS),
    partition_by="observed_on",
    grain="year",
    checks=_CHECKS,
)
OWNER_CUMULATIVE = Table(
    name="raw_epoch_chips__owner_cumulative",
    doc="One row per designer, owner, chip and quarter end: chips bought since `starts_on`.",
    key=("observed_on", "designer", "owner", "chip_type"),
    columns=(
        OBSERVED_ON, _DESIGNER, _OWNER, _CHIP, _STARTS, *_ESTIMATES, *_DESIGN_POWER, *_MARKS
    ),
    partition_by="observed_on",
    grain="year",
    checks=_CHECKS,
)  # fmt: skip
OWNER_QUARTER = Table(
    name="raw_epoch_chips__owner_quarter",
    doc="One row per designer, owner, chip and calendar quarter: chips bought in it.",
    key=("observed_on", "designer", "owner", "chip_type"),
    columns=(
        OBSERVED_ON, _DESIGNER, _OWNER, _CHIP, _STARTS, *_ESTIMATES, *_DESIGN_POWER, *_MARKS
    ),
    partition_by="observed_on",
    grain="year",
    checks=_CHECKS,
)  # fmt: skip

_MAKERS = ("amd", "nvidia", "tpu", "trainium")
_OWNERS = (*(f"{maker}_owners" for maker in _MAKERS), "nvidia_owners_OTHER", "coreweave_owners")

# file name -> (table, whether the rows name their chip)
_FILES: dict[str, tuple[Table, bool]] = {
    **{f"{maker}_cumulative_totals.csv": (CUMULATIVE, False) for maker in _MAKERS},
    **{f"{maker}_cumulative_by_chip.csv": (CUMULATIVE, True) for maker in _MAKERS},
    "amd_chip_timelines.csv": (QUARTER, True),
    "nvidia_calendar_quarter_chip_timelines.csv": (QUARTER, True),
    "tpu_calendar_quarter_chip_timelines.csv": (QUARTER, True),
    "trainium_chip_timelines.csv": (QUARTER, True),
    "nvidia_fiscal_quarter_chip_timelines.csv": (FISCAL_QUARTER, True),
    "tpu_fiscal_quarter_chip_timelines.csv": (FISCAL_QUARTER, True),
    **{f"{owners}_cumulative_totals.csv": (OWNER_CUMULATIVE, False) for owners in _OWNERS},
    **{f"{owners}_cumulative_by_chip.csv": (OWNER_CUMULATIVE, True) for owners in _OWNERS},
    "named_other_owners_cumulative_totals.csv": (OWNER_CUMULATIVE, False),
    "named_other_owners_cumulative_by_chip.csv": (OWNER_CUMULATIVE, True),
    **{f"{owners}_quarters.csv": (OWNER_QUARTER, False) for owners in _OWNERS},
    **{f"{owners}_quarters_by_chip.csv": (OWNER_QUARTER, True) for owners in _OWNERS},
}

# The makers' files name the same quantities differently, and order them differently.
_NAMES: dict[str, tuple[str, ...]] = {
    "observed_on": ("End date",),
    "designer": ("Chip manufacturer",),
    "owner": ("Owner",),
    "chip_type": ("Chip type",),
    "starts_on": ("Start date",),
    "units_p05_count": ("Number of units (5th percentile)", "Number of Units (5th percentile)"),
    "units_p50_count": (
        "Number of units (median)", "Number of Units (median)", "Number of Units"
    ),
    "units_p95_count": ("Number of units (95th percentile)", "Number of Units (95th percentile)"),
    "compute_p05_h100e": (
        "Compute estimate in H100e (5th percentile)", "H100e (5th percentile)"
    ),
    "compute_p50_h100e": ("Compute estimate in H100e (median)",),
    "compute_p95_h100e": (
        "Compute estimate in H100e (95th percentile)", "H100e (95th percentile)"
    ),
    "power_p05_mw": ("Power in MW (5th percentile)",),
    "power_p50_mw": ("Power in MW (median)",),
    "power_p95_mw": ("Power in MW (95th percentile)",),
    "tdp_p05_w": ("Total TDP (W) (5th percentile)",),
    "tdp_p50_w": ("Total TDP (W)",),
    "tdp_p95_w": ("Total TDP (W) (95th percentile)",),
    "incomplete": ("Incomplete",),
    "notes": ("Notes",),
}  # fmt: skip
_REQUIRED = (
    "observed_on", "designer", "starts_on", "notes",
    "units_p05_count", "units_p50_count", "units_p95_count",
    "compute_p05_h100e", "compute_p50_h100e", "compute_p95_h100e",
)  # fmt: skip


class EpochChips:
    """Chips and H100 equivalents of Nvidia, Google, Amazon and AMD, with percentiles.

    Designers in China are not in it. Series start in different years: Nvidia 2022, Google 2023
    (its first row also holds what was sold from 2022-10-31 on), AMD and Amazon 2024. The owner
    `Other` leaves out xAI and CoreWeave, which have files of their own; xAI's, without
    percentiles, is among the publisher's inputs and is read here. Its other inputs are not read:
    revenues and prices, an older `Other` that still holds xAI and CoreWeave, and a file of
    quarters for xAI that repeats the cumulative one.
    """

    name = "epoch_chips"
    title = "Epoch AI: AI chip counts"
    terms = Terms(
        licence="MIT",
        url="https://github.com/epoch-research/ai-chip-counts",
        may_redistribute="rows",
        conflict="Estimated from revenue, prices and disclosures by Epoch AI, not counted.",
    )
    tables = (CUMULATIVE, QUARTER, FISCAL_QUARTER, OWNER_CUMULATIVE, OWNER_QUARTER)
    files = tuple(_FILES)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; its name says what they count.

        Raises `SchemaError` when an estimate, a date or, in a file by chip, the chip is missing,
        `UnreadableError` for a file of another name.
        """
        name = snapshot.name.rsplit("/", 1)[-1]
        if name not in _FILES:
            raise UnreadableError(snapshot.name, "not one of the files that this source knows")
        table, by_chip = _FILES[name]
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        required = (*_REQUIRED, *(("chip_type",) if by_chip else ()))
        if "owner" in table.column_names:
            required = (*required, "owner")
        columns = renamed(columns, _NAMES, required)
        if not by_chip:
            columns = columns.with_constant("chip_type", ALL_CHIPS)
        notes = columns.cells("notes")
        ticks = columns.cells("incomplete") if columns.has("incomplete") else [None] * len(notes)
        # some files tick a box, the others only say it in the note
        incomplete = [
            ticked(tick) or "incomplete:" in str(note or "").lower()
            for tick, note in zip(ticks, notes, strict=True)
        ]
        columns = columns.with_cells("is_incomplete", incomplete)
        for date in ("observed_on", "starts_on"):
            columns = columns.derive(date, date, iso_date)
        yield from fit(table, columns, snapshot)
