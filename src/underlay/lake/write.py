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

from underlay.errors import (
    DiskFullError,
    LakeBusyError,
    LakeError,
    LakeMissingError,
    LakeReadOnlyError,
)
from underlay.lake.read import checked_batch
from underlay.lake.state import (
    PartitionRef,
    SnapshotRef,
    State,
    digest,
    read_version,
    utc_text,
    versions,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from underlay.tables import Batch, Table

__all__ = ["KEPT_VERSIONS", "Transaction", "collect", "encode"]

KEPT_VERSIONS = 5  # older versions stay readable for readers that opened them a while ago
_TRIES = 200
_ROW_GROUP = (
    1 << 17
)  # rows that a reader skips together: tables lie in key order, so it skips a lot


class Transaction:
    """Changes to one lake that become visible together, at `commit`, or never.

    Every method raises `LakeReadOnlyError` or `DiskFullError` and leaves the lake as it was.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._merged: dict[str, list[Batch]] = {}
        self._replaced: dict[str, Batch] = {}
        self._snapshots: dict[tuple[str, str, str], SnapshotRef] = {}
        self._placed: set[Path] = set()

    def add_snapshot(self, data: bytes, ref: SnapshotRef) -> SnapshotRef:
        """Keep bytes under their sha256; returns the completed record."""
        ref = replace(ref, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        self._place(data, ref.sha256, self.root / ref.path)
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
            self._hold()
            if self._publish(new):
                return new
            time.sleep(
                min(0.001 * 2 ** min(attempt, 6), 0.05) * (0.5 + secrets.randbelow(100) / 100)
            )
        raise LakeBusyError(str(self.root))

    def _merge(self, batches: list[Batch], state: State) -> dict[tuple[str, str], PartitionRef]:
        table = batches[0].table
        merged: dict[str, Batch] = {}
        for batch in batches:
            for label, part in batch.partitions().items():
                merged[label] = part.merged_over(merged[label]) if label in merged else part
        for label, part in merged.items():
            ref = state.partitions.get((table.name, label))
            if ref is not None:
                # checked, since merging damaged rows would give them a good digest
                older = checked_batch(self.root / ref.path, ref.sha256, table)
                merged[label] = part.merged_over(older)
        return self._put(table, merged)

    def _put(self, table: Table, parts: dict[str, Batch]) -> dict[tuple[str, str], PartitionRef]:
        refs = {}
        for label, part in parts.items():
            part.check()
            data = encode(part.sorted())
            sha256 = hashlib.sha256(data).hexdigest()
            ref = PartitionRef(table.name, label, sha256, len(part), len(data))
            self._place(data, sha256, self.root / ref.path)
            refs[table.name, label] = ref
        return refs

    def _place(self, data: bytes, sha256: str, final: Path) -> None:
        """Put bytes at a content-addressed place; a damaged file there is replaced."""
        self._placed.add(final)
        with _storage(self.root):
            if _is_there(final, sha256):
                return
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary = _temporary(self.root, data)
            try:
                temporary.replace(final)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(final.parent)

    def _hold(self) -> None:
        """Make the placed files young again, so that no `gc` takes them before they are named."""
        try:
            for path in self._placed:
                os.utime(path)
        except FileNotFoundError as error:
            raise LakeBusyError(str(self.root)) from error
        except OSError:
            return  # another user's file can't be touched, but neither can it be lost to our `gc`

    def _publish(self, state: State) -> bool:
        """Create the version file, unless that number is taken."""
        final = self.root / "versions" / f"{state.version:08d}.json"
        with _storage(self.root):
            final.parent.mkdir(parents=True, exist_ok=True)
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
    # one chunk, since chunks decide where pages end
    pq.write_table(
        batch.data.combine_chunks(),
        sink,
        compression="zstd",
        compression_level=12,
        row_group_size=_ROW_GROUP,
    )
    return sink.getvalue()


def collect(root: Path, now: dt.datetime, grace_seconds: float = 3600.0) -> list[Path]:
    """Remove what no kept version refers to; returns the removed files.

    Files younger than `grace_seconds` stay: another writer may be about to refer to them.
    """
    found = versions(root)
    if not found and not (root / "versions").is_dir():
        raise LakeMissingError(str(root))
    kept = found[-KEPT_VERSIONS:]
    states = [State.decode(path.read_bytes(), str(path)) for path in kept]
    wanted = {root / ref.path for state in states for ref in state.partitions.values()}
    wanted |= {root / ref.path for state in states for ref in state.snapshots.values()}
    oldest = now.timestamp() - grace_seconds
    removed: list[Path] = []
    with _storage(root):
        candidates = found[:-KEPT_VERSIONS]
        for folder in ("partitions", "snapshots", "tmp"):
            candidates += sorted(path for path in (root / folder).rglob("*") if path.is_file())
        removed += [p for p in candidates if p not in wanted and _remove(p, oldest, root)]
        for folder in ("partitions", "snapshots"):
            _remove_empty(root / folder)
    return removed


def _remove(path: Path, oldest: float, root: Path) -> bool:
    """Remove a file last touched before `oldest`, unless a writer takes it up this moment."""
    aside = root / "tmp" / secrets.token_hex(8)
    try:
        if path.stat().st_mtime > oldest:
            return False
        aside.parent.mkdir(exist_ok=True)
        path.rename(aside)
        if aside.stat().st_mtime > oldest:  # touched between the look and the move
            aside.rename(path)
            return False
        aside.unlink()
    except FileNotFoundError:
        return False
    return True


def _remove_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):  # not empty, or a writer is about to use it
                path.rmdir()


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


def _is_there(final: Path, sha256: str) -> bool:
    """Whether the place holds exactly these bytes; makes the file young, against `gc`."""
    try:
        os.utime(final)  # not `Path.touch`, which would make an empty file of one just removed
        return digest(final) == sha256
    except FileNotFoundError:
        return False
    except PermissionError:
        return digest(final) == sha256


def _temporary(root: Path, data: bytes) -> Path:
    path = root / "tmp" / secrets.token_hex(8)
    path.parent.mkdir(parents=True, exist_ok=True)
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
