"""Older boards of Chatbot Arena, as kept by a public repository from 2024-06 to 2025-08."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["LmArenaHistory"]

RATING = Table(
    name="raw_lmarena_history__rating",
    doc=(
        "One row per place on a board at one edition. Ratings of different boards or editions "
        "have no common scale."
    ),
    key=("observed_on", "board", "rank", "model_name"),
    columns=(
        OBSERVED_ON,
        Column("board", "string", "`text`, `vision` or `image`, over all prompts", True),
        Column("rank", "int32", "place as published", True),
        Column("rank_style_control", "int32", "place with style controlled; from 2024-10-16"),
        Column("model_name", "string", "model as the board writes it", True),
        Column("rating", "float64", "Bradley-Terry rating, rounded", True),
        Column("rating_column", "string", "what the publisher calls it: the name changed", True),
        Column("interval_low_points", "float64", "from the rating down to the 95 % interval's end"),
        Column("interval_high_points", "float64", "from the rating up to the 95 % interval's end"),
        Column("votes_count", "int64", "votes that the rating rests on"),
        Column("organization", "string", "maker as written"),
        Column("licence", "string", "licence as written, typing errors included; null for `-`"),
        Column("knowledge_cutoff", "string", "year/month or `Online`; null for `Unknown`"),
        Column("url", "string", "page about the model, as given"),
        Column("committed_on", "date", "day of the repository's commit, where known"),
        Column("commit_id", "string", "start of the commit's hash, where known"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("a place", "rank", lowest=1),
        Check("not negative", "interval_low_points", lowest=0),
        Check("not negative", "interval_high_points", lowest=0),
        Check("not negative", "votes_count", lowest=0),
    ),
)

_COLUMNS = {
    "rank": "rank",
    "model_name": "model",
    "interval": "95_pct_ci",
    "votes_count": "votes",
    "organization": "organization",
    "licence": "license",
    "knowledge_cutoff": "knowledge_cutoff",
    "url": "url",
}
_SOMETIMES = {
    "rank_style_control": "rank_stylectrl",
    "committed_on": "snapshot_date",
    "commit_id": "commit",
}
_RATINGS = ("arena_score", "arena_elo")

# The repository commits an edition on its day, but for these four: it caught up on 2025-08-06,
# and only the commit's message ("update csv outputs to version 2025.07.27") names the edition.
_CAUGHT_UP = {
    "283321b9c6": "2025-07-27",
    "80141c0ba8": "2025-07-28",
    "7a7158f33e": "2025-08-01",
    "e964e252a1": "2025-08-04",
}
_INTERVAL = re.compile(r"^\+(\d+(?:\.\d+)?)/-(\d+(?:\.\d+)?)$")


class LmArenaHistory:
    """Editions of the text board, and one edition of the vision and the image board.

    Takes the flattened histories and the repository's own files, which hold no date: those
    staged beside are of 2025-08-04. Its table of the Open LLM Leaderboard is not read here.
    """

    name = "lmarena_history"
    title = "Chatbot Arena: older boards"
    terms = Terms(
        licence="MPL-2.0",
        url="https://github.com/fboulnois/llm-leaderboard-csv",
        may_redistribute="rows",
        conflict="Makers choose which of their models the arena tests before release.",
    )
    tables = (RATING,)
    files = (
        "lmsys_history*.parquet",
        "lmarena_text_history*.parquet",
        "lmsys.csv",
        "lmarena_text.csv",
        "lmarena_vision.csv",
        "lmarena_image.csv",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of every edition in the file, or of the day that was given."""
        if snapshot.name.endswith(".csv"):
            columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
            yield from skipped_rows(
                snapshot.name, ragged, "number of cells differs from the header"
            )
        else:
            columns = Columns.from_parquet(snapshot.data, snapshot.name)
        columns = _rated(columns)
        if columns.has("committed_on"):
            columns = columns.with_cells("observed_on", _editions(columns))
        board = next((name for name in ("vision", "image") if name in snapshot.name), "text")
        columns = columns.with_constant("board", board)
        columns = columns.derive("interval_high_points", "interval", lambda text: _bound(text, 1))
        columns = columns.derive("interval_low_points", "interval", lambda text: _bound(text, 2))
        columns = columns.with_nulls_for("", "Unknown", names=("knowledge_cutoff",))
        columns = columns.with_nulls_for("", "-", names=("organization", "licence", "url"))
        yield from fit(RATING, columns, snapshot)


def _rated(columns: Columns) -> Columns:
    """The columns under our names, with the rating from whichever column a row has it in."""
    found = [name for name in _RATINGS if columns.has(name)]
    if not found:
        columns.require(_RATINGS[0])
    chosen = _COLUMNS | {new: old for new, old in _SOMETIMES.items() if columns.has(old)}
    cells = {name: columns.cells(name) for name in found}
    ratings, names = [], []
    for row in zip(*cells.values(), strict=True):
        name = next((n for n, cell in zip(found, row, strict=True) if cell is not None), found[0])
        names.append(name)
        ratings.append(row[found.index(name)])
    columns = columns.select(chosen)
    return columns.with_cells("rating", ratings).with_cells("rating_column", names)


def _editions(columns: Columns) -> list[object]:
    days = columns.cells("committed_on")
    if not columns.has("commit_id"):
        return days
    commits = columns.cells("commit_id")
    return [_CAUGHT_UP.get(commit, day) for day, commit in zip(days, commits, strict=True)]


def _bound(text: object, part: int) -> object:
    """One end of "+3/-4"; the text itself if it is none, for the contract to refuse."""
    match = _INTERVAL.match(str(text))
    return float(match[part]) if match else str(text)
