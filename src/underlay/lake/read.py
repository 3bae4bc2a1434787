"""Reading a lake: which files make up a table, and whether their bytes are still right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from underlay.errors import CorruptError, LakeMissingError, UnreadableError
from underlay.lake.state import PartitionRef, SnapshotRef, State, digest, read_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.tables import Batch, Table

__all__ = ["Lake", "Problem", "checked_batch", "embedded", "verify_file"]


@dataclass(frozen=True)
class Problem:
    """What `verify` found wrong with one file."""

    path: str
    problem: str


class Lake:
    """One version of a lake, read only, laid over an optional `base` (the embedded snapshot).

    A raw table's partition here hides the base's partition of the same label only, so a lake of
    your own adds to the embedded one; a core table that stands here hides the base's whole.
    """

    def __init__(self, root: Path, base: Lake | None = None, *, must_exist: bool = True) -> None:
        if must_exist and not (root / "versions").is_dir():
            raise LakeMissingError(str(root))
        self.root = root
        self.base = base
        self.state: State = read_version(root)

    def tables(self) -> tuple[str, ...]:
        """Names of all tables, the base's included."""
        below = self.base.tables() if self.base else ()
        return tuple(sorted({*self.state.tables(), *below}))

    def partitions(self, table: str) -> dict[str, tuple[Path, PartitionRef]]:
        """The partitions of one table: label -> (file, record)."""
        found = self.base.partitions(table) if self.base else {}
        own = {
            label: (self.root / ref.path, ref)
            for (name, label), ref in self.state.partitions.items()
            if name == table
        }
        if table.startswith("core__") and own:
            return own  # core tables share ids within one build: never mix two builds
        return dict(sorted((found | own).items()))

    def files(self, table: str) -> list[Path]:
        """The Parquet files of one table; empty if it has none."""
        return [path for path, _ in self.partitions(table).values()]

    def snapshots(self) -> list[SnapshotRef]:
        """Records of all snapshots, the base's included, by source, name and time."""
        below = self.base.snapshots() if self.base else []
        found = {(ref.source, ref.name, ref.sha256): ref for ref in below}
        found |= self.state.snapshots
        return sorted(found.values(), key=lambda ref: (ref.source, ref.name, ref.fetched_at))

    def snapshot_bytes(self, ref: SnapshotRef) -> bytes:
        """The bytes of a snapshot; raises `UnreadableError` or `CorruptError`."""
        path = self.root / ref.path
        if not path.exists() and self.base is not None:
            return self.base.snapshot_bytes(ref)
        return _checked_bytes(path, ref.sha256)

    def read(self, table: Table) -> Batch:
        """All rows of one table as a batch; empty if it has no partition.

        Raises `UnreadableError`, `CorruptError` or `SchemaError`, which name the file or table.
        """
        from underlay.tables import Batch

        parts = [
            checked_batch(path, ref.sha256, table)
            for path, ref in self.partitions(table.name).values()
        ]
        return Batch.concat(parts) if parts else Batch.from_lists(table, {})

    def verify(self) -> Iterator[Problem]:
        """Read every byte again, the base's too; name each file that is gone or has changed."""
        if self.base is not None:
            yield from self.base.verify()
        for ref in self.state.partitions.values():
            yield from _problems(self.root / ref.path, ref.sha256)
        for snapshot in self.state.snapshots.values():
            if snapshot.is_kept:
                yield from _problems(self.root / snapshot.path, snapshot.sha256)


def embedded() -> Lake:
    """The lake that ships inside the package; raises `LakeMissingError` if it was left out."""
    root = Path(str(resources.files("underlay"))) / "data"
    if not (root / "versions").is_dir():
        raise LakeMissingError(str(root))
    return Lake(root)


def checked_batch(path: Path, sha256: str, table: Table) -> Batch:
    """The rows of one partition file, its bytes checked; raises as `Lake.read` does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from underlay.tables import Batch

    data = _checked_bytes(path, sha256)
    try:
        content = pq.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(str(path), str(error).splitlines()[0]) from error
    return Batch(table, content)


def verify_file(path: Path, sha256: str) -> None:
    """Raise `UnreadableError` or `CorruptError` unless the file has exactly these bytes."""
    try:
        found = digest(path)
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or str(error)) from error
    if found != sha256:
        raise _corrupt(path, sha256, found)


def _corrupt(path: Path, sha256: str, found: str) -> CorruptError:
    return CorruptError(str(path), f"sha256 {sha256[:12]}…", f"{found[:12]}…")


def _checked_bytes(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or str(error)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise _corrupt(path, sha256, found)
    return data


def _problems(path: Path, sha256: str) -> Iterator[Problem]:
    try:
        found = digest(path)
    except FileNotFoundError:
        yield Problem(str(path), "the file is gone")
    except OSError as error:
        yield Problem(str(path), error.strerror or str(error))
    else:
        if found != sha256:
            yield Problem(str(path), f"its sha256 is {found[:12]}…, not {sha256[:12]}…")
