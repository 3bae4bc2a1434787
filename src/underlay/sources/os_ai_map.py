"""The Open Source AI Map's list of the most downloaded Hub models, with their tags."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
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
        Column(
            "tags",
            "string",
            "all Hub tags, separated by commas; a base model stands twice, as `base_model:ID` and "
            "as `base_model:RELATION:ID`",
        ),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("not negative", "downloads_30d_count", lowest=0),),
)

# The list holds no date of its own, and the day in a file's name is that of a commit, which may
# be weeks later: the edition committed on 2026-06-09 was counted about 2026-04-28. But among a
# thousand busy repositories some change every day (12 and 15 within two days of the newest change
# in the two editions known), so the newest change is on the day of counting, or a day earlier. A
# silence of two weeks is not credible.
_LONGEST_SILENCE = dt.timedelta(days=14)
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
    """Top-1,000 Hub models by 30-day downloads, a few editions.

    The map's other files are not read: chosen models (cut off by the alphabet, so no shares can
    be had), their repositories, GitHub organisations, data sets, a copy of the Open LLM
    Leaderboard.
    """

    name = "os_ai_map"
    title = "Open Source AI Map: top Hub models"
    terms = Terms(
        licence="MIT",
        url="https://github.com/currentai-org/os-ai-map",
        may_redistribute="rows",
        conflict="The Hub counts downloads of its own service; HEAD requests and CI count too.",
    )
    tables = (TOP_MODEL,)
    files = ("top_models*.csv",)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition, dated by the newest change in it unless a day was given.

        Raises `UnreadableError` when the given day is before that change or weeks after it.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        columns = columns.select(_COLUMNS)
        newest, given = _newest_day(columns), snapshot.observed_on
        if newest is None:
            pass  # a given day is all there is
        elif given is None:
            columns = columns.with_constant("observed_on", newest)
        elif not newest <= given <= newest + _LONGEST_SILENCE:
            raise UnreadableError(
                snapshot.name, f"its newest change is of {newest}, so it can't describe {given}"
            )
        yield from fit(TOP_MODEL, columns, snapshot)


def _newest_day(columns: Columns) -> dt.date | None:
    """UTC day of the newest change; None if no cell is a moment."""
    moments = (_moment(str(cell)) for cell in columns.cells("last_modified_at") if cell)
    return max((moment.date() for moment in moments if moment is not None), default=None)


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment
