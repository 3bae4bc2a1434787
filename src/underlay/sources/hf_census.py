"""The last whole-Hub listing of models that can be had: every public model of July 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["HfCensus"]

MODEL = Table(
    name="raw_hf_census__model",
    doc="One row per model that the Hub listed on the day of the census.",
    key=("observed_on", "model_id"),
    columns=(
        OBSERVED_ON,
        Column(
            "model_id",
            "string",
            "Hub id as written: `namespace/name`, or a bare name for the oldest models",
            True,
        ),
        Column("downloads_30d_count", "int64", "downloads in the trailing 30 days", True),
        Column("pipeline_tag", "string", "task that the Hub shows; null for a third of them"),
        Column("revision_sha", "string", "commit of the repository; copies share one"),
        Column("is_private", "bool", "private repository; no listed one is"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("not negative", "downloads_30d_count", lowest=0),),
)

_COLUMNS = {
    "observed_on": "snapshot_date",
    "model_id": "model",
    "downloads_30d_count": "downloads",
    "pipeline_tag": "task",
    "revision_sha": "sha",
    "is_private": "private",
}


class HfCensus:
    """All Hub models with downloads and task on 2022-07-02, before Llama.

    The same rows in R's own format (`models_with_downloads.rda`) are not read.
    """

    name = "hf_census"
    title = "Hugging Face Hub census, July 2022"
    terms = Terms(
        licence="MIT",
        url="https://github.com/farach/huggingfaceR",
        may_redistribute="rows",
        conflict="The Hub counts downloads of its own service; HEAD requests and CI count too.",
    )
    tables = (MODEL,)
    files = ("models_with_downloads_*.parquet",)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: the census is closed."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of the census, dated by its own column."""
        columns = Columns.from_parquet(snapshot.unpacked(), snapshot.name)
        yield from fit(MODEL, columns.select(_COLUMNS), snapshot)
