"""Downloads of Python packages from PyPI: lists of the most downloaded, month by month."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["PyPi"]

_PACKAGE = Column("package", "string", "name on PyPI as written", True)
_DOWNLOADS = Column("downloads_30d_count", "int64", "downloads in the trailing 30 days", True)
_RANK = Column("rank", "int32", "place in the whole list, 1 is the most downloaded", True)

DOWNLOADS_MONTH = Table(
    name="raw_pypi__downloads_month",
    doc="One row per infrastructure package and listing. A package that is not in a listing was"
    " below its last rank, not at zero: see `raw_pypi__listing_month` for its depth.",
    key=("observed_on", "package"),
    columns=(
        OBSERVED_ON,
        _PACKAGE,
        _DOWNLOADS,
        _RANK,
        Column("commit_id", "string", "start of the publisher's commit that holds the listing"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check("downloads not negative", "downloads_30d_count", lowest=0),
        Check("rank from 1", "rank", lowest=1),
    ),
)
LISTING_MONTH = Table(
    name="raw_pypi__listing_month",
    doc="One row per listing: weekly to 2019, monthly since; how deep it goes.",
    key=("observed_on",),
    columns=(
        OBSERVED_ON,
        Column("listed_packages_count", "int64", "packages in the list: its last rank", True),
        Column("listed_downloads_30d_count", "int64", "downloads of all in the list", True),
        Column(
            "counting_note",
            "string",
            "how downloads were counted as the publisher says it; null before 2025-07, when the"
            " way of counting changed",
        ),
        Column("commit_id", "string", "the publisher's commit that holds the listing"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(Check("not empty", "listed_packages_count", lowest=1),),
)
TOP_PACKAGE = Table(
    name="raw_pypi__top_package",
    doc="One row per package of a whole listing, as the publisher lists it.",
    key=("observed_on", "package"),
    columns=(
        OBSERVED_ON,
        _PACKAGE,
        _DOWNLOADS,
        Column("rank", "int32", "place in the list; null if a row of the list can't be read"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("downloads not negative", "downloads_30d_count", lowest=0),),
)

_MONTHLY = "infra_packages_monthly*.csv"
_LISTINGS = "snapshots.csv"
_WHOLE = "top_pypi_packages*.csv"
_ORIGINAL = "top-pypi-packages*.csv"
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})")


class PyPi:
    """30-day downloads from PyPI, mirrors and CI included, cut off at the end of each list.

    It can't see what is installed from elsewhere: the builds for AMD, Gaudi, Neuron, MUSA and
    Cambricon have indexes of their own. A list of ranks without counts (2026-11) is not read.
    """

    name = "pypi"
    title = "Top PyPI packages"
    terms = Terms(
        licence="none; counts are facts",
        url="https://github.com/hugovk/top-pypi-packages",
        may_redistribute="aggregates",
    )
    tables = (DOWNLOADS_MONTH, LISTING_MONTH, TOP_PACKAGE)
    files = (_MONTHLY, _LISTINGS, _WHOLE, _ORIGINAL)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; the day of a whole list comes from its name unless it was given.

        Raises `SchemaError` for a lost column, `UnreadableError` for a whole list of no known day.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        if snapshot.matches(_MONTHLY):
            columns = columns.select(
                {
                    "observed_on": "snapshot_date",
                    "package": "package",
                    "downloads_30d_count": "downloads_30d",
                    "rank": "rank",
                    "commit_id": "source_commit",
                }
            )
            yield from fit(DOWNLOADS_MONTH, columns, snapshot)
        elif snapshot.matches(_LISTINGS):
            columns = columns.select(
                {
                    "observed_on": "snapshot_date",
                    "listed_packages_count": "n_packages",
                    "listed_downloads_30d_count": "total_downloads_listed",
                    "counting_note": "source_note",
                    "commit_id": "commit",
                }
            )
            yield from fit(LISTING_MONTH, columns, snapshot)
        else:
            columns = columns.select(
                {"package": "project", "downloads_30d_count": "download_count"}
            )
            if not ragged:  # a lost row would shift the places of all below it
                columns = columns.with_cells("rank", range(1, len(columns) + 1))
            if snapshot.observed_on is None:
                columns = columns.with_constant("observed_on", _day(snapshot.name))
            yield from fit(TOP_PACKAGE, columns, snapshot)


def _day(name: str) -> str:
    match = _DATE.search(name.rsplit("/", 1)[-1])
    if not match:
        raise UnreadableError(name, "its name holds no day; say which one (`--observed-on`)")
    return match[1]
