"""The Open Source AI Map's list of the most downloaded Hub models, with their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["OsAiMap"]

TOP_MODEL = Table(
    name="raw_os_ai_map__top_model",
    doc="One row per Hub model in one edition of the list of the thousand most downloaded ones.",
    key=("observed_on", "model_id"),
    columns=(
        OBSERVED_ON,
        Column("model_id", "string", "Hub id as written, `namespace/name`", True),
        Column("downloads_30d_count", "int64", "downloads in the trailing 30 days", True),
        Column("likes_count", "int64", "likes, ever"),
        Column("pipeline_tag", "string", "task that the Hub shows"),
        Column("library_name", "string", "library that the Hub shows"),
        Column("created_at", "timestamp", "when the repository was made"),
        Column("last_modified_at", "timestamp", "when it last changed"),
        Column("tags", "string", "all Hub tags, separated by commas"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("not negative", "downloads_30d_count", lowest=0),),
)

# The publisher's file names carry the day of its commit; the counts are those of the newest
# `last_modified` in the file. The June file read here was made on 2026-06-10; the one that its
# history names 2026-06-09 holds counts of about 2026-04-28 (its newest change is from that day).
_COLUMNS = {
    "model_id": "model_id",
    "downloads_30d_count": "downloads",
    "likes_count": "likes",
    "pipeline_tag": "pipeline_tag",
    "library_name": "library_name",
    "created_at": "created_at",
    "last_modified_at": "last_modified",
    "tags": "tags",
}


class OsAiMap:
    """Top-1,000 Hub models by 30-day downloads, a few editions."""

    name = "os_ai_map"
    title = "Open Source AI Map: top Hub models"
    terms = Terms(
        licence="MIT",
        url="https://github.com/open-source-ai-map",
        may_redistribute="rows",
        conflict="The Hub counts downloads of its own service; HEAD requests and CI count too.",
    )
    tables = (TOP_MODEL,)
    files = ("top_models*.csv",)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition, dated by the newest change in it unless a date was given."""
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        columns = columns.select(_COLUMNS)
        if snapshot.observed_on is None:
            newest = max(str(cell) for cell in columns.cells("last_modified_at") if cell)
            columns = columns.with_constant("observed_on", newest[:10])
        yield from fit(TOP_MODEL, columns, snapshot)
