"""A small table, a small source, and child processes that use a lake."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay.lake import Lake
from underlay.lake.state import SnapshotRef
from underlay.lake.write import Transaction
from underlay.sources.base import Request, Snapshot, Terms, fit
from underlay.tables import Batch, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TERMS = Terms("MIT", "https://example.org", "rows")
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
PROCESSES = Path(__file__).with_name("processes.py")

COUNTED = Table(
    name="raw_toy__count",
    doc="One row per name and day.",
    key=("seen_on", "name"),
    columns=(
        Column("seen_on", "date", "day", True),
        Column("name", "string", "name", True),
        Column("downloads_count", "int64", "number"),
    ),
    partition_by="seen_on",
    grain="month",
)


@dataclass
class Toy:
    """A lake in a folder, and short words for what the tests do with it."""

    root: Path
    table: Table = COUNTED
    now: dt.datetime = NOW

    def batch(self, rows: Sequence[tuple[str, str, int | None]]) -> Batch:
        """Rows of (day, name, count)."""
        days, names, counts = zip(*rows, strict=True) if rows else ((), (), ())
        return Batch.from_lists(
            self.table,
            {
                "seen_on": [dt.date.fromisoformat(day) for day in days],
                "name": list(names),
                "downloads_count": list(counts),
            },
        )

    def merge(self, *rows: tuple[str, str, int | None]) -> None:
        """Commit one merge."""
        transaction = Transaction(self.root)
        transaction.merge(self.batch(rows))
        transaction.commit(self.now)

    def keep(self, data: bytes, name: str = "file.csv") -> SnapshotRef:
        """Commit one snapshot."""
        transaction = Transaction(self.root)
        ref = transaction.add_snapshot(data, self.ref(name))
        transaction.commit(self.now)
        return ref

    def ref(self, name: str) -> SnapshotRef:
        """The record of a snapshot before its bytes are known."""
        return SnapshotRef("toy", name, "https://example.org", "2026-01-01T00:00:00Z", "", 0, "MIT")

    def rows(self) -> set[tuple[str, str, int | None]]:
        """All rows of the newest version."""
        content = Lake(self.root).read(self.table).data.to_pylist()
        return {(str(row["seen_on"]), row["name"], row["downloads_count"]) for row in content}

    def problems(self) -> list[str]:
        """What `verify` finds."""
        return [f"{found.path}: {found.problem}" for found in Lake(self.root).verify()]

    def files(self) -> set[str]:
        """Every file below the folder."""
        return {p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()}

    def referenced(self) -> set[str]:
        """Every file that the newest version names."""
        state = Lake(self.root).state
        refs = [*state.partitions.values(), *state.snapshots.values()]
        return {ref.path.as_posix() for ref in refs}

    def parquet(self) -> list[Path]:
        """The table's files."""
        return Lake(self.root).files(self.table.name)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A lake that doesn't exist yet."""
    return Toy(tmp_path / "lake")


@dataclass
class ToySource:
    """Reads `day,name,downloads_count` files."""

    name: str = "toy"
    title: str = "A toy"
    terms: Terms = TERMS
    tables: tuple[Table, ...] = (
        Table(
            name="raw_toy__listing",
            doc="One row per name and day.",
            key=("seen_on", "name"),
            columns=(*COUNTED.columns, Column("snapshot_sha256", "string", "snapshot", True)),
            partition_by="seen_on",
            grain="month",
        ),
    )
    files: tuple[str, ...] = ("*.csv",)
    requests: list[Request] = field(default_factory=list)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        yield from self.requests

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        columns, _ = Columns.from_csv(snapshot.data, snapshot.name)
        yield from fit(self.tables[0], columns, snapshot)


@pytest.fixture
def toy_source() -> ToySource:
    """A source of its own kind."""
    return ToySource()


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `processes.py` with arguments; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROCESSES), *map(str, arguments)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def rows_of(value: int, months: int = 3, names: str = "abcd") -> list[tuple[str, str, int]]:
    """Rows over some months that all hold the same number."""
    return [
        (f"2026-{month:02d}-01", name, value) for month in range(1, months + 1) for name in names
    ]


@pytest.fixture
def uniform() -> Callable[..., list[tuple[str, str, Any]]]:
    """Rows that all hold the same number, so that a half-written version would show."""
    return rows_of
