"""Arena (formerly LMArena): ratings of models from pairwise votes, as the publisher gives them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["LmArena"]

RATING = Table(
    name="raw_lmarena__rating",
    doc=(
        "One row per board, category and model at one publication of the official dataset. "
        "Ratings of different boards, categories or dates have no common scale."
    ),
    key=("observed_on", "board", "category", "model_name", "repeat_number"),
    columns=(
        OBSERVED_ON,
        Column("fetched_at", "timestamp", "when the dataset was read", True),
        Column("board", "string", "board, with `_style_control` a variant of its own", True),
        Column("category", "string", "part of the board's prompts; `overall` is all", True),
        Column("rank", "int32", "place by the interval's bounds: ties are many", True),
        Column("model_name", "string", "model as the board writes it", True),
        Column(
            "repeat_number",
            "int32",
            "1 for the first row of that name in its board, category and date, 2 for the next",
            True,
        ),
        Column(
            "repeats_count",
            "int32",
            "rows of that name there; above 1 no row says which of several lists it came from",
            True,
        ),
        Column("organization", "string", "maker as written; null for blank"),
        Column("licence", "string", "licence as written; null for `-`"),
        Column("rating", "float64", "Bradley-Terry rating on the board's own scale", True),
        Column("rating_lower", "float64", "lower bound of the 95 % interval"),
        Column("rating_upper", "float64", "upper bound of the 95 % interval"),
        Column("variance", "float64", "variance of the rating, in points squared"),
        Column("votes_count", "int64", "votes that the rating rests on"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("a place", "rank", lowest=1),
        Check("not negative", "variance", lowest=0),
        Check("not negative", "votes_count", lowest=0),
    ),
)
BOARD_DAY = Table(
    name="raw_lmarena__board_day",
    doc=(
        "One row per place on a board's page and day, top of the board only. Scores of different "
        "boards or dates have no common scale."
    ),
    key=("observed_on", "board", "rank", "model_name"),
    columns=(
        OBSERVED_ON,
        Column("board", "string", "board as in the page's address", True),
        Column("rank", "int32", "place on the page", True),
        Column("model_name", "string", "model as the page writes it", True),
        Column("organization", "string", "maker as written"),
        Column("licence", "string", "`open` or `proprietary`; null where the page says neither"),
        Column("score", "float64", "score, rounded; on the board `agent` no rating, or null"),
        Column("interval_half_width", "float64", "half of the 95 % interval, in points"),
        Column("votes_count", "int64", "votes; on the board `agent` 0 where none are shown"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("a place", "rank", lowest=1),
        Check("not negative", "interval_half_width", lowest=0),
        Check("not negative", "votes_count", lowest=0),
    ),
)

_RATING = {
    "observed_on": "leaderboard_publish_date",
    "fetched_at": "fetched_at",
    "board": "board",
    "category": "category",
    "rank": "rank",
    "model_name": "model_name",
    "organization": "organization",
    "licence": "license",
    "rating": "rating",
    "rating_lower": "rating_lower",
    "rating_upper": "rating_upper",
    "variance": "variance",
    "votes_count": "vote_count",
}
_BOARD_DAY = {
    "observed_on": "snapshot_date",
    "board": "board",
    "rank": "rank",
    "model_name": "model",
    "organization": "vendor",
    "licence": "license",
    "score": "score",
    "interval_half_width": "ci",
    "votes_count": "votes",
}


class LmArena:
    """The official dataset, several publications, and the daily pages before it."""

    name = "lmarena"
    title = "Arena: model ratings from pairwise votes"
    terms = Terms(
        licence="CC-BY-4.0",
        url="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
        may_redistribute="rows",
        conflict=(
            "Arena is a venture-funded company that sells evaluations to makers of models; "
            "makers choose which of their models it tests before release."
        ),
    )
    tables = (RATING, BOARD_DAY)
    files = ("lmarena_official_dataset*.parquet", "arena_boards*.parquet")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of the one table or the other, told apart by the file's name."""
        columns = Columns.from_parquet(snapshot.data, snapshot.name)
        if snapshot.matches("arena_boards*"):
            columns = columns.select(_BOARD_DAY)
            columns = columns.with_nulls_for("", "-", names=("organization", "licence"))
            yield from fit(BOARD_DAY, columns, snapshot)
            return
        columns = columns.select(_RATING)
        columns = columns.with_nulls_for("", "-", names=("organization", "licence"))
        yield from fit(RATING, _numbered(columns), snapshot)


def _numbered(columns: Columns) -> Columns:
    """The same rows with `repeat_number` and `repeats_count`.

    Four publications hold several lists under one name (the board `search` of 2026-07-14 holds
    six), and `webdev` holds one model twice: which row is which, the file doesn't say.
    """
    names = ("observed_on", "board", "category", "model_name")
    keys = list(zip(*(columns.cells(name) for name in names), strict=True))
    seen: Counter[tuple[object, ...]] = Counter()
    numbers = []
    for key in keys:
        seen[key] += 1
        numbers.append(seen[key])
    columns = columns.with_cells("repeat_number", numbers)
    return columns.with_cells("repeats_count", [seen[key] for key in keys])
