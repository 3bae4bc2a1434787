"""The runner: takes a source's bytes from where they are into the lake, in one transaction."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from underlay.errors import DataError, NoDataError, UnreadableError
from underlay.lake.state import SnapshotRef, utc_text
from underlay.lake.write import Transaction
from underlay.sources.base import Request, Snapshot
from underlay.tables import Batch, Skipped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from underlay.sources.base import Source

__all__ = ["MAX_FILE_BYTES", "Pulled", "sync_from"]

MAX_FILE_BYTES = 512 << 20


@dataclass
class Pulled:
    """What one run brought: rows by table, what was skipped, and files that are not ours."""

    source: str
    files: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    version: int = 0


def sync_from(
    source: Source,
    path: Path,
    lake: Path,
    now: dt.datetime,
    *,
    observed_on: dt.date | None = None,
    url: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Pulled:
    """Read a file or every matching file of a folder with `source` into the lake.

    A file that can't be read is skipped with its reason and the others go on; raises
    `NoDataError` (nothing there fits the source) or the first error when no file could be read,
    and then the lake is as before. Links that lead out of the folder are not followed.
    """
    pulled = Pulled(source.name)
    transaction = Transaction(lake)
    failures: list[DataError] = []
    for name, file, trouble in _files(path):
        shown = str(file)
        if trouble:
            pulled.skipped.append(Skipped(shown, trouble))
            continue
        probe = Snapshot(source.name, name, b"", "")
        if not probe.matches(*source.files):
            pulled.foreign.append(name)
            continue
        progress(f"{source.name}: {name}")
        try:
            data = _read(file)
            snapshot = Snapshot(
                source.name, name, data, hashlib.sha256(data).hexdigest(), observed_on
            )
            batches, skipped = _parse(source, snapshot)
        except DataError as error:
            failures.append(error)
            pulled.skipped.append(Skipped(shown, error.message))
            continue
        transaction.add_snapshot(
            data,
            SnapshotRef(
                source=source.name,
                name=name,
                url=url or source.terms.url,
                fetched_at=utc_text(now),
                sha256=snapshot.sha256,
                size_bytes=len(data),
                licence=source.terms.licence,
            ),
        )
        for batch in batches:
            transaction.merge(batch)
            count = pulled.rows.get(batch.table.name, 0)
            pulled.rows[batch.table.name] = count + len(batch)
        pulled.files.append(name)
        pulled.skipped += skipped
    if not pulled.files:
        if failures:
            raise failures[0]
        wanted = ", ".join(source.files)
        raise NoDataError(str(path), f"the source `{source.name}`", f"files named {wanted}")
    pulled.version = transaction.commit(now).version
    return pulled


def _parse(source: Source, snapshot: Snapshot) -> tuple[list[Batch], list[Skipped]]:
    batches: list[Batch] = []
    skipped: list[Skipped] = []
    for item in source.parse(snapshot):
        if isinstance(item, Batch):
            batches.append(item)
        elif isinstance(item, Skipped):
            skipped.append(item)
        elif isinstance(item, Request):
            skipped.append(Skipped(snapshot.name, f"points to {item.url}, which is not fetched"))
    return batches, skipped


def _files(path: Path) -> Iterator[tuple[str, Path, str]]:
    """(name relative to the folder, file, why it can't be used), in a stable order."""
    if not path.exists():
        raise UnreadableError(str(path), "there is no such file or folder")
    if not path.is_dir():
        yield _name(path.name), path, ""
        return
    root = path.resolve()
    unreadable: list[OSError] = []
    found = []
    for folder, folders, files in os.walk(path, onerror=unreadable.append):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found += [Path(folder, name) for name in (*files, *links)]
    for error in unreadable:
        place = Path(os.fsdecode(error.filename))
        yield _name(place.name), place, error.strerror or str(error)
    for file in sorted(found):
        name = _name(file.relative_to(path).as_posix())
        yield name, file, "" if _is_inside(file, root) else "a link out of the folder; not followed"


def _is_inside(file: Path, root: Path) -> bool:
    try:
        return file.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _name(name: str) -> str:
    # a name need not be text on every system, but the lake's records are
    return name.encode("utf-8", "backslashreplace").decode()


def _read(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise UnreadableError(str(file), "it is no regular file")
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            raise UnreadableError(str(file), f"it has {size} bytes; at most {MAX_FILE_BYTES}")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(str(file), error.strerror or str(error)) from error
