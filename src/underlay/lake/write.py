"""Writing a lake: whole or not at all, whatever moment the process is killed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from underlay.errors import DiskFullError, LakeBusyError, LakeError, LakeReadOnlyError
from underlay.lake.state import (
    PartitionRef,
    SnapshotRef,
    State,
    read_version,
    utc_text,
    versions,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from underlay.tables import Batch, Table

__all__ = ["KEPT_VERSIONS", "Transaction", "collect"]

KEPT_VERSIONS = 5  # older versions stay readable for readers that opened them a while ago
_TRIES = 200


class Transaction:
    """Changes to one lake that become visible together, at `commit`, or never.

    Every method raises `LakeReadOnlyError` or `DiskFullError` and leaves the lake as it was.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._merged: dict[str, list[Batch]] = {}
        self._replaced: dict[str, Batch] = {}
        self._snapshots: dict[tuple[str, str, str], SnapshotRef] = {}
        with _storage(root):
            for folder in ("versions", "partitions", "snapshots", "tmp"):
                (root / folder).mkdir(parents=True, exist_ok=True)

    def add_snapshot(self, data: bytes, ref: SnapshotRef) -> SnapshotRef:
        """Keep bytes under their sha256; returns the completed record."""
        ref = replace(ref, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        _place(self.root, data, self.root / ref.path)
        self._snapshots[ref.source, ref.name, ref.sha256] = ref
        return ref

    def record_snapshot(self, ref: SnapshotRef) -> None:
        """Keep only the record of a snapshot whose bytes stay elsewhere."""
        self._snapshots[ref.source, ref.name, ref.sha256] = replace(ref, is_kept=False)

    def merge(self, batch: Batch) -> None:
        """Add rows: a row whose key is in the lake already replaces it."""
        self._merged.setdefault(batch.table.name, []).append(batch)

    def replace(self, batch: Batch) -> None:
        """Put rows in place of all that the table holds."""
        self._replaced[batch.table.name] = batch

    def commit(self, now: dt.datetime) -> State:
        """Make everything visible in one new version; returns it.

        Runs again on top of what another writer committed meanwhile. Raises `LakeBusyError`
        after two hundred such defeats.
        """
        replaced = {
            name: self._put(batch.table, batch.partitions())
            for name, batch in self._replaced.items()
        }
        for attempt in range(_TRIES):
            state = read_version(self.root)
            partitions = {k: v for k, v in state.partitions.items() if k[0] not in replaced}
            for refs in replaced.values():
                partitions |= refs
            for batches in self._merged.values():
                partitions |= self._merge(batches, state)
            new = State(
                version=state.version + 1,
                committed_at=utc_text(now),
                partitions=partitions,
                snapshots=state.snapshots | self._snapshots,
            )
            if (new.partitions, new.snapshots) == (state.partitions, state.snapshots):
                return state
            if self._publish(new):
                return new
            time.sleep(min(0.001 * 2 ** min(attempt, 6), 0.05) * (0.5 + secrets.randbelow(100) / 100))
        raise LakeBusyError(str(self.root))

    def _merge(
        self, batches: list[Batch], state: State
    ) -> dict[tuple[str, str], PartitionRef]:
        import pyarrow.parquet as pq

        from underlay.tables import Batch

        table = batches[0].table
        merged: dict[str, Batch] = {}
        for batch in batches:
            for label, part in batch.partitions().items():
                merged[label] = part.merged_over(merged[label]) if label in merged else part
        for label, part in merged.items():
            ref = state.partitions.get((table.name, label))
            if ref is not None:
                older = Batch(table, pq.ParquetFile(self.root / ref.path).read())
                merged[label] = part.merged_over(older)
        return self._put(table, merged)

    def _put(
        self, table: Table, parts: dict[str, Batch]
    ) -> dict[tuple[str, str], PartitionRef]:
        refs = {}
        for label, part in parts.items():
            part.check()
            data = encode(part.sorted())
            sha256 = hashlib.sha256(data).hexdigest()
            ref = PartitionRef(table.name, label, sha256, len(part), len(data))
            _place(self.root, data, self.root / ref.path)
            refs[table.name, label] = ref
        return refs

    def _publish(self, state: State) -> bool:
        """Create the version file, unless that number is taken."""
        final = self.root / "versions" / f"{state.version:08d}.json"
        with _storage(self.root):
            temporary = _temporary(self.root, state.encode())
            try:
                os.link(temporary, final)
            except FileExistsError:
                return False
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(final.parent)
        return True


def encode(batch: Batch) -> bytes:
    """Parquet bytes of a batch: equal rows in equal order give equal bytes."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(
        batch.data, sink, compression="zstd", compression_level=12, row_group_size=1 << 20
    )
    return sink.getvalue()


def collect(root: Path, now: dt.datetime, grace_seconds: float = 3600.0) -> list[Path]:
    """Remove what no kept version refers to; returns the removed files.

    Files younger than `grace_seconds` stay: another writer may be about to refer to them.
    """
    found = versions(root)
    kept = found[-KEPT_VERSIONS:]
    states = [State.decode(path.read_bytes(), str(path)) for path in kept]
    wanted = {root / ref.path for state in states for ref in state.partitions.values()}
    wanted |= {root / ref.path for state in states for ref in state.snapshots.values()}
    removed = []
    with _storage(root):
        candidates = found[:-KEPT_VERSIONS]
        for folder in ("partitions", "snapshots", "tmp"):
            candidates += [path for path in (root / folder).rglob("*") if path.is_file()]
        for path in candidates:
            if path in wanted:
                continue
            with contextlib.suppress(FileNotFoundError):
                if now.timestamp() - path.stat().st_mtime >= grace_seconds:
                    path.unlink()
                    removed.append(path)
    return removed


@contextlib.contextmanager
def _storage(root: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one of the lake's errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFullError(str(root)) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR):
            raise LakeReadOnlyError(str(root)) from error
        raise LakeError(str(root)) from error


def _place(root: Path, data: bytes, final: Path) -> None:
    """Put bytes at a content-addressed place; a file already there has the same content."""
    with _storage(root):
        if final.exists():
            final.touch()  # keeps a running `gc` from taking it for left over
            return
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(root, data)
        temporary.replace(final)
        _sync_folder(final.parent)


def _temporary(root: Path, data: bytes) -> Path:
    path = root / "tmp" / secrets.token_hex(8)
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _sync_folder(folder: Path) -> None:
    # a rename is durable only once its folder is; Windows can't open folders and needs no sync
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
