"""Epoch AI's table of machine-learning accelerators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["EpochHardware"]

ACCELERATOR = Table(
    name="raw_epoch_hardware__accelerator",
    doc="One row per accelerator in one edition of the table.",
    key=("observed_on", "name"),
    columns=(
        OBSERVED_ON,
        Column("name", "string", "name as written, with the maker's", True),
        Column("manufacturer", "string", "who designs and sells it, as written"),
        Column("type", "string", "`GPU`, `TPU`, `NPU` ..."),
        Column("released_on", "date", "day of release"),
        Column("release_price_usd", "float64", "price at release"),
        Column("foundry", "string", "who makes the chip; several separated by commas"),
        Column("process_size_nm", "float64", "name of the process in nanometres"),
        Column("die_size_mm2", "float64", "area of the die"),
        Column("transistors_millions", "float64", "transistors"),
        Column("tensor_cores_count", "int64", "matrix units"),
        Column("fp64_flop_per_s", "float64", "64-bit floating point"),
        Column("fp32_flop_per_s", "float64", "32-bit floating point"),
        Column("tf32_flop_per_s", "float64", "TensorFloat-32"),
        Column("fp16_flop_per_s", "float64", "16-bit floating point, without matrix units"),
        Column("tensor_fp16_flop_per_s", "float64", "FP16 or BF16 with matrix units"),
        Column("fp8_flop_per_s", "float64", "8-bit floating point"),
        Column("fp4_flop_per_s", "float64", "4-bit floating point"),
        Column("int16_ops_per_s", "float64", "16-bit integers"),
        Column("int8_ops_per_s", "float64", "8-bit integers"),
        Column("int4_ops_per_s", "float64", "4-bit integers"),
        Column("max_ops_per_s", "float64", "highest of these; null where the table says 0"),
        Column("ml_ops_per_s", "float64", "at the usual precision; null where it says 0"),
        Column("total_processing_bit_ops_per_s", "float64", "operations times bits"),
        Column("memory_bytes", "float64", "memory of the accelerator"),
        Column("memory_bandwidth_bytes_per_s", "float64", "to its memory"),
        Column("memory_bus_bits", "int64", "width of the memory bus"),
        Column("intranode_bandwidth_bytes_per_s", "float64", "to others in the machine"),
        Column("internode_bandwidth_bits_per_s", "float64", "to other machines"),
        Column("tdp_w", "float64", "thermal design power"),
        Column("base_clock_mhz", "float64", "lowest clock"),
        Column("boost_clock_mhz", "float64", "highest clock"),
        Column("memory_clock_mhz", "float64", "clock of the memory"),
        Column("models", "string", "models trained on it, separated by commas"),
        Column("datasheet_url", "string", "sources, one a line"),
        Column("notes", "string", "the publisher's notes"),
        Column("last_modified_at", "timestamp", "last change of the row", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("memory not negative", "memory_bytes", lowest=0),
        Check("power not negative", "tdp_w", lowest=0),
        Check("process in nanometres", "process_size_nm", lowest=0.1, highest=1000),
    ),
)

_COLUMNS = {
    "name": "Hardware name",
    "manufacturer": "Manufacturer",
    "type": "Type",
    "released_on": "Release date",
    "release_price_usd": "Release price (USD)",
    "foundry": "Foundry",
    "process_size_nm": "Process size (nm)",
    "die_size_mm2": "Die Size (mm^2)",
    "transistors_millions": "Transistors (millions)",
    "tensor_cores_count": "Tensor cores",
    "fp64_flop_per_s": "FP64 (double precision) performance (FLOP/s)",
    "fp32_flop_per_s": "FP32 (single precision) performance (FLOP/s)",
    "tf32_flop_per_s": "TF32 (TensorFloat-32) performance (FLOP/s)",
    "fp16_flop_per_s": "FP16 (half precision) performance (FLOP/s)",
    "tensor_fp16_flop_per_s": "Tensor-FP16/BF16 performance (FLOP/s)",
    "fp8_flop_per_s": "FP8 performance (FLOP/s)",
    "fp4_flop_per_s": "FP4 performance (FLOP/s)",
    "int16_ops_per_s": "INT16 performance (OP/s)",
    "int8_ops_per_s": "INT8 performance (OP/s)",
    "int4_ops_per_s": "INT4 performance (OP/s)",
    "max_ops_per_s": "Max performance",
    "ml_ops_per_s": "ML OP/s",
    "total_processing_bit_ops_per_s": "Total processing performance (bit-OP/s)",
    "memory_bytes": "Memory (bytes)",
    "memory_bandwidth_bytes_per_s": "Memory bandwidth (byte/s)",
    "memory_bus_bits": "Memory bus (bit)",
    "intranode_bandwidth_bytes_per_s": "Intranode bandwidth (byte/s)",
    "internode_bandwidth_bits_per_s": "Internode bandwidth (bit/s)",
    "tdp_w": "TDP (W)",
    "base_clock_mhz": "Base clock (MHz)",
    "boost_clock_mhz": "Boost clock (MHz)",
    "memory_clock_mhz": "Memory clock (MHz)",
    "models": "ML models",
    "datasheet_url": "Link to datasheet",
    "notes": "Notes",
    "last_modified_at": "Last modified",
}


class EpochHardware:
    """Accelerators with designer, foundry, process, memory and speed, Chinese ones included.

    A later edition (`ml_hardware_2026-04.csv`) that came through a mirror without a licence is
    not read.
    """

    name = "epoch_hardware"
    title = "Epoch AI: machine learning hardware"
    terms = Terms(
        licence="CC-BY-4.0",
        url="https://epoch.ai/data/machine-learning-hardware",
        may_redistribute="rows",
        conflict="",
    )
    tables = (ACCELERATOR,)
    files = ("ml_hardware.csv",)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition, dated by the newest change in it unless a day was given.

        Raises `SchemaError` for a lost column, `UnreadableError` for a table that says no day.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        columns = columns.select(_COLUMNS)
        columns = columns.with_nulls_for("0.0", "0", names=["max_ops_per_s", "ml_ops_per_s"])
        changes = [str(cell) for cell in columns.cells("last_modified_at") if cell]
        if snapshot.observed_on is None and changes:
            columns = columns.with_constant("observed_on", max(changes)[:10])
        yield from fit(ACCELERATOR, columns, snapshot)
