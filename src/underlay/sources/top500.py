"""The TOP500 list of the fastest computers by the LINPACK benchmark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["Top500"]

SYSTEM = Table(
    name="raw_top500__system",
    doc="One row per system in one edition of the list; `observed_on` is the first of its month.",
    key=("observed_on", "rank"),
    columns=(
        OBSERVED_ON,
        Column("rank", "int32", "place by `rmax_tflops`, 1 is the fastest", True),
        Column("system_id", "string", "the publisher's number of the system", True),
        Column("name", "string", "name, if it has one"),
        Column("computer", "string", "model, processor, accelerator and network in words"),
        Column("site", "string", "who runs it; `Software Company` and the like hide a name"),
        Column("country", "string", "country as written"),
        Column("continent", "string", "continent as written"),
        Column("manufacturer", "string", "manufacturer as written"),
        Column("installed_year", "int32", "year of installation or last upgrade"),
        Column("segment", "string", "`Industry`, `Research`, `Academic`, `Government` ..."),
        Column("cores_total_count", "int64", "cores, those of accelerators included"),
        Column("cores_accelerator_count", "int64", "cores of accelerators; null if not stated"),
        Column("rmax_tflops", "float64", "measured with LINPACK, 64-bit", True),
        Column("rpeak_tflops", "float64", "theoretical peak, 64-bit"),
        Column("hpcg_tflops", "float64", "measured with HPCG, if submitted"),
        Column("power_kw", "float64", "power while running LINPACK, if submitted"),
        Column("efficiency_gflops_per_w", "float64", "LINPACK per watt, if power is known"),
        Column("architecture", "string", "`Cluster` or `MPP`"),
        Column("processor", "string", "processor as written"),
        Column("processor_technology", "string", "processor's family"),
        Column("processor_generation", "string", "processor's generation"),
        Column("processor_speed_mhz", "float64", "clock"),
        Column("cores_per_socket_count", "int32", "cores of one processor"),
        Column(
            "accelerator", "string", "accelerator as written; null where it says that there is none"
        ),
        Column("system_model", "string", "model"),
        Column("system_family", "string", "family of models"),
        Column("interconnect_family", "string", "kind of network"),
        Column("interconnect", "string", "network as written"),
        Column("operating_system", "string", "operating system as written"),
        Column("previous_rank", "int32", "place in the list before; null if it was not in it"),
        Column("first_list", "int32", "number of the first list with it; June 1993 is 1"),
        Column("first_rank", "int32", "place in that list"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("rank from 1", "rank", lowest=1),
        Check("speed not negative", "rmax_tflops", lowest=0),
        Check("power not negative", "power_kw", lowest=0),
    ),
)

_TEXTS = {
    "system_id": "System ID",
    "name": "Name",
    "computer": "Computer",
    "site": "Site",
    "country": "Country",
    "continent": "Continent",
    "manufacturer": "Manufacturer",
    "segment": "Segment",
    "architecture": "Architecture",
    "processor": "Processor",
    "processor_technology": "Processor Technology",
    "processor_generation": "Processor Generation",
    "accelerator": "Accelerator/Co-Processor",
    "system_model": "System Model",
    "system_family": "System Family",
    "interconnect_family": "Interconnect Family",
    "interconnect": "Interconnect",
    "operating_system": "Operating System",
}
_NUMBERS = {
    "rank": "Rank",
    "installed_year": "Year",
    "cores_total_count": "Total Cores",
    "cores_accelerator_count": "Accelerator/Co-Processor Cores",
    "rmax_tflops": "Rmax [TFlop/s]",
    "rpeak_tflops": "Rpeak [TFlop/s]",
    "hpcg_tflops": "HPCG [TFlop/s]",
    "power_kw": "Power (kW)",
    "efficiency_gflops_per_w": "Energy Efficiency [GFlops/Watts]",
    "processor_speed_mhz": "Processor Speed (MHz)",
    "cores_per_socket_count": "Cores per Socket",
    "previous_rank": "Previous Rank",
    "first_list": "First Appearance",
    "first_rank": "First Rank",
}
_EDITION = re.compile(r"TOP500_(\d{4})(\d{2})\D")


class Top500:
    """One list a file, as exported with semicolons, spaces in thousands and decimal commas.

    Most systems are not for AI, and no cloud has to submit. Counting systems and adding up their
    speed give very different shares of a chip maker. Rows may not be passed on: this only reads
    a copy that the user has.
    """

    name = "top500"
    title = "TOP500"
    terms = Terms(
        licence="TOP500 terms; redistribution not granted",
        url="https://top500.org/lists/top500/",
        may_redistribute="no",
        conflict="Owners and vendors choose which of their systems to submit.",
    )
    tables = (SYSTEM,)
    files = ("TOP500_*.csv",)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition, dated by its name (`TOP500_YYYYMM.csv`) unless a day was given.

        Raises `SchemaError` for a lost column, `UnreadableError` for an edition of no known month.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name, delimiter=";")
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        columns = columns.select(_TEXTS | _NUMBERS).with_nulls_for("None", names=["accelerator"])
        for name in _NUMBERS:
            columns = columns.derive(name, name, _plain)
        if snapshot.observed_on is None:
            columns = columns.with_constant("observed_on", _month(snapshot.name))
        yield from fit(SYSTEM, columns, snapshot)


def _plain(number: str) -> str:
    """`1 353 000,00` as `1353000.00`."""
    return re.sub(r"\s", "", number).replace(",", ".")


def _month(name: str) -> str:
    match = _EDITION.search(name)
    if not match:
        raise UnreadableError(name, "its name holds no month; say which day (`--observed-on`)")
    return f"{match[1]}-{match[2]}-01"
