"""What a source is: one publisher's terms, tables and parser. No I/O here."""

from __future__ import annotations

import fnmatch
import gzip
import io
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from underlay.errors import UnreadableError
from underlay.tables import Batch, Column, Columns, Skipped, Table, coerce

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

__all__ = [
    "MAX_DECODED_BYTES",
    "OBSERVED_ON",
    "SNAPSHOT",
    "Request",
    "Snapshot",
    "Source",
    "Terms",
    "fit",
    "read_json",
    "read_json_lines",
    "skipped_rows",
]

MAX_DECODED_BYTES = 1 << 30  # one file, decompressed; the largest real one is 60 MB

SNAPSHOT = Column("snapshot_sha256", "string", "snapshot that the row was parsed from", True)
OBSERVED_ON = Column("observed_on", "date", "day for which the publisher states the row", True)

Redistribution = Literal["rows", "aggregates", "no"]


@dataclass(frozen=True)
class Terms:
    """Under which terms a publisher's data stands.

    `may_redistribute`: "rows" may ship in the package, "aggregates" only sums over many rows
    may, "no" means that nothing may. `conflict` names an interest of the publisher in what it
    measures, or is empty.
    """

    licence: str
    url: str
    may_redistribute: Redistribution
    conflict: str = ""
    requests_per_minute: int = 10


@dataclass(frozen=True)
class Request:
    """Something to fetch: the runner does it, the source only says what."""

    url: str
    name: str


@dataclass(frozen=True)
class Snapshot:
    """Bytes of one file as the publisher wrote it."""

    source: str
    name: str  # relative path or the last part of the URL
    data: bytes = field(repr=False)
    sha256: str
    observed_on: dt.date | None = None  # said by whoever fetched; for files that hold no date

    def text(self) -> str:
        """The bytes as UTF-8 text; raises `UnreadableError`."""
        try:
            return self.unpacked().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableError(self.name, f"not UTF-8 at byte {error.start}") from error

    def unpacked(self) -> bytes:
        """The bytes, decompressed if the name ends in .gz; bounded. Raises `UnreadableError`."""
        if not self.name.endswith(".gz"):
            return self.data
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(self.data)) as file:
                data = file.read(MAX_DECODED_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableError(self.name, f"not gzip: {error}") from error
        if len(data) > MAX_DECODED_BYTES:
            raise UnreadableError(self.name, f"more than {MAX_DECODED_BYTES} bytes unpacked")
        return data

    def matches(self, *patterns: str) -> bool:
        """Whether the name fits one of these shell patterns, as a path suffix."""
        return any(
            fnmatch.fnmatch(self.name, pattern) or fnmatch.fnmatch(self.name, f"*/{pattern}")
            for pattern in patterns
        )


class Source(Protocol):
    """One publisher. `parse` is pure: a stored snapshot is all that a test needs."""

    @property
    def name(self) -> str:
        """Short name, as in `raw_<name>__<noun>`."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def terms(self) -> Terms:
        """Licence and conflicts."""
        ...

    @property
    def tables(self) -> tuple[Table, ...]:
        """Tables that `parse` fills."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """Shell patterns of the file names that `parse` understands."""
        ...

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """What to fetch for news after `since`; nothing where live fetching isn't built yet."""
        ...

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows, further requests, and what could not be read with its reason.

        Raises `UnreadableError` or `SchemaError` when the whole file is not what it should be.
        """
        ...


def fit(table: Table, columns: Columns, snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Fit columns to a contract, stamping each row with its snapshot.

    Fills `observed_on` from the snapshot where the columns lack it.
    """
    columns = columns.with_constant(SNAPSHOT.name, snapshot.sha256)
    if "observed_on" in table.column_names and not columns.has("observed_on"):
        if snapshot.observed_on is None:
            raise UnreadableError(
                snapshot.name, "it holds no date; say which day it describes (`--observed-on`)"
            )
        columns = columns.with_constant("observed_on", snapshot.observed_on)
    batch, skipped = coerce(table, columns)
    if len(batch):
        yield batch
    yield from skipped


def skipped_rows(place: str, rows: Sequence[tuple[int, str]], reason: str) -> Iterator[Skipped]:
    """One `Skipped` for all these (line number, text) pairs, if there are any."""
    if rows:
        line, text = rows[0]
        yield Skipped(place, reason, len(rows), f"line {line}: {text[:120]}")


def read_json(snapshot: Snapshot) -> Any:
    """The file as JSON; raises `UnreadableError`, also for nesting that exhausts the stack."""
    try:
        return json.loads(snapshot.text())
    except (ValueError, RecursionError) as error:
        raise UnreadableError(snapshot.name, f"not JSON: {error}") from error


def read_json_lines(snapshot: Snapshot) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """Objects of a JSON-lines file, and (line number, text) of each line that is none."""
    good: list[dict[str, Any]] = []
    bad: list[tuple[int, str]] = []
    # not `splitlines`: it also cuts at U+2028, which JSON text may hold
    for number, line in enumerate(snapshot.text().split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            good.append(value)
        else:
            bad.append((number, line))
    return good, bad
