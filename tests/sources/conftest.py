"""Parsing without a lake, for the tests of the sources."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay.sources.base import Snapshot
from underlay.tables import Batch, Skipped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from underlay.sources.base import Source

ROOT = Path(__file__).parents[2]


@dataclass
class Parsed:
    """What a source made of a file: rows by table name, and what it skipped."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def row(self, table: str, **key: object) -> dict[str, Any]:
        """The only row of `table` with these cells."""
        found = [row for row in self.rows[table] if all(row[name] == key[name] for name in key)]
        assert len(found) == 1, f"{len(found)} rows of {table} have {key}"
        return found[0]

    @property
    def reasons(self) -> dict[str, int]:
        """Skipped rows by reason."""
        counts: dict[str, int] = {}
        for skip in self.skipped:
            counts[skip.reason] = counts.get(skip.reason, 0) + skip.count
        return counts


@pytest.fixture
def parsed() -> Callable[..., Parsed]:
    """Parse bytes: `parsed(source, name, data, observed_on=None)`."""

    def parse(source: Source, name: str, data: bytes, observed_on: dt.date | None = None) -> Parsed:
        snapshot = Snapshot(source.name, name, data, hashlib.sha256(data).hexdigest(), observed_on)
        assert snapshot.matches(*source.files), f"{name} is not a file of {source.name}"
        result = Parsed()
        for item in source.parse(snapshot):
            if isinstance(item, Batch):
                item.check()
                result.rows.setdefault(item.table.name, []).extend(item.data.to_pylist())
            else:
                assert isinstance(item, Skipped)
                result.skipped.append(item)
        return result

    return parse


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Bytes of a file under `tests/data`."""
    return lambda path: (ROOT / "tests" / "data" / path).read_bytes()


@pytest.fixture
def staged() -> Callable[[str], Path]:
    """A file or folder of the full data; skips the test where that is not there."""

    def find(path: str) -> Path:
        root = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
        found = root / path
        if not found.exists():
            pytest.skip(f"the full data holds no {path} here (set UNDERLAY_DATA)")
        return found

    return find
