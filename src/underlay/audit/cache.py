"""What was found in a file, kept by the file's content, so that a second audit reads little anew.

SQLite and JSON: nothing that is read back can run. A cache that is broken, locked or in the way
costs time, never an answer.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from underlay.audit.findings import Detector, File

__all__ = ["Cache", "file_key", "fingerprint"]

_FORMAT = 4
_MOST_BYTES = 200_000_000  # of what is kept of all trees; then what the last one lacks goes


def fingerprint(detectors: Iterable[Detector], *more: object) -> str:
    """What cached findings depend on besides the file: each detector's version, and `more`."""
    names = [f"{detector.name}={detector.version}" for detector in detectors]
    return json.dumps([_FORMAT, *names, *map(str, more)])


def file_key(file: File) -> bytes:
    """A key of path and content: the path decides roles."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{file.path}\0{file.size}\0{file.is_truncated}\0".encode("utf-8", "replace"))
    digest.update(file.data)
    return digest.digest()


class Cache:
    """A table of JSON by key, void as a whole when the fingerprint changes."""

    def __init__(self, path: Path, mark: str) -> None:
        self._base: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=2, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=OFF")
            self._base.execute("PRAGMA synchronous=OFF")
            self._base.execute("CREATE TABLE IF NOT EXISTS mark (text TEXT)")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS found (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID"
            )
            if self._base.execute("SELECT text FROM mark").fetchall() != [(mark,)]:
                self._base.execute("BEGIN IMMEDIATE")
                self._base.execute("DELETE FROM mark")
                self._base.execute("DELETE FROM found")
                self._base.execute("INSERT INTO mark VALUES (?)", (mark,))
                self._base.execute("COMMIT")
        except (sqlite3.Error, OSError):
            self._give_up()

    def _give_up(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            base.close()

    def get(self, key: bytes) -> Any | None:
        """What was kept under the key, or None."""
        if self._base is None:
            return None
        try:
            row = self._base.execute("SELECT value FROM found WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            return json.loads(row[0])
        except (sqlite3.Error, TypeError, ValueError, RecursionError):
            return None

    def replace(self, new: Mapping[bytes, object], used: Iterable[bytes]) -> None:
        """Add JSON by key. Once there is too much, forget keys that are neither new nor used."""
        if self._base is None:
            return
        kept = set(used)
        # ASCII alone: SQLite takes no half of a character, which a file can hold
        rows = [(key, json.dumps(value, separators=(",", ":"))) for key, value in new.items()]
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany("INSERT OR REPLACE INTO found VALUES (?, ?)", rows)
            if _size(self._base) > _MOST_BYTES:
                keys = [row[0] for row in self._base.execute("SELECT key FROM found")]
                stale = [(key,) for key in keys if key not in kept and key not in new]
                self._base.executemany("DELETE FROM found WHERE key = ?", stale)
            self._base.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):  # what is half written is void
                self._base.execute("DELETE FROM mark")
                self._base.execute("COMMIT")
            self._give_up()  # the next run finds less in the cache; nothing else is lost

    def close(self) -> None:
        """Let go of the file."""
        self._give_up()


def _size(base: sqlite3.Connection) -> int:
    """The bytes that a file's rows take."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (base.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)
