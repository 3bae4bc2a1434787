"""One file of the stack's evidence, one table: its columns, and how well its day is known.

Such files were cut from releases, commits and documents. Few state a day; the others name a
commit or a release, or nothing, and then the day is written down beside the source.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underlay.sources.base import fit, skipped_rows
from underlay.tables import Check, Column, Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from underlay.sources.base import Snapshot
    from underlay.tables import Batch, Skipped, Table

__all__ = [
    "DAY_PRECISION",
    "KNOWN_PRECISION",
    "Sheet",
    "dated",
    "day_of_file",
    "read_sheet",
    "sheet_of",
    "with_days",
]

DAY_PRECISION = Column(
    "day_precision",
    "string",
    "how well `observed_on` is known: day; month or year (its first day); latest (only that it is"
    " not later)",
    True,
)
KNOWN_PRECISION = Check("precision", "day_precision", one_of=("day", "month", "year", "latest"))

_DAY = re.compile(r"(?<![\d.-])(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?![\d.-])")
_SHA_CHARS = 16  # of a file's sha256, as a key of `Sheet.days`


@dataclass(frozen=True)
class Sheet:
    """How a CSV file becomes a table: ours -> its column names, and where its day stands.

    `day_column` is the file's column that states a day in words. Else `days` maps the cells of
    `named_by` (a commit, a release), or the start of the file's own sha256, to such words.
    `change` is applied to the chosen columns after they are dated.
    """

    file: str
    table: Table
    names: Mapping[str, str]
    day_column: str = ""
    named_by: str = ""
    days: Mapping[str, str] = field(default_factory=dict)
    change: Callable[[Columns], Columns] = lambda columns: columns


def dated(words: str) -> tuple[dt.date, str] | None:
    """First day and precision of `2026-11-01`, `2026-11`, `2026 (a copy)` or `by 2026-11-21`.

    None if the words hold no day.
    """
    match = _DAY.search(words)
    if not match:
        return None
    year, month, day = match.groups()
    precision = "day" if day else "month" if month else "year"
    try:
        found = dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return found, "latest" if words.startswith("by ") else precision


def sheet_of(sheets: tuple[Sheet, ...], snapshot: Snapshot) -> Sheet:
    """The sheet that describes this file; there is one, since sources list what they match."""
    return next(sheet for sheet in sheets if snapshot.matches(sheet.file))


def read_sheet(sheet: Sheet, snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Rows of the file; a day given with the snapshot serves where nothing else states one.

    Raises `SchemaError` for a lost column, `UnreadableError` if no row has a day.
    """
    columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
    yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
    chosen = columns.select(sheet.names)
    if sheet.day_column:
        columns.require(sheet.day_column)
        words = [cell or "" for cell in columns.cells(sheet.day_column)]
    elif sheet.named_by:
        columns.require(sheet.named_by)
        words = [sheet.days.get(cell, "") for cell in columns.cells(sheet.named_by)]
    else:
        words = [day_of_file(sheet.days, snapshot)] * len(columns)
    yield from fit(sheet.table, sheet.change(with_days(chosen, words, snapshot)), snapshot)


def day_of_file(days: Mapping[str, str], snapshot: Snapshot) -> str:
    """Words for the day of a file that names nothing, by the start of its sha256, or none."""
    return days.get(snapshot.sha256[:_SHA_CHARS], "")


def with_days(columns: Columns, words: Sequence[str], snapshot: Snapshot) -> Columns:
    """The rows with `observed_on` and `day_precision`, from words for the day of each row.

    Where these hold no day, the snapshot's own serves; the rows stay as they are if all lack one.
    """
    given = (snapshot.observed_on, "day") if snapshot.observed_on else None
    meanings = {word: dated(word) or given for word in set(words)}
    found = [meanings[word] for word in words]
    if not any(found):
        return columns
    columns = columns.with_cells("observed_on", [day and day[0] for day in found])
    return columns.with_cells("day_precision", [day and day[1] for day in found])
