"""What a version of the lake holds, and how it is spelled on disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from underlay.errors import CorruptError, UnreadableError

__all__ = [
    "FORMAT",
    "PartitionRef",
    "SnapshotRef",
    "State",
    "digest",
    "read_version",
    "utc_text",
    "versions",
]

FORMAT = "underlay/lake/1"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class SnapshotRef:
    """Bytes of one publisher, as fetched. `is_kept` is false where only the record was shipped."""

    source: str
    name: str
    url: str
    fetched_at: str  # ISO 8601, UTC
    sha256: str
    size_bytes: int
    licence: str
    is_kept: bool = True

    @property
    def path(self) -> Path:
        """Place in the lake's folder."""
        return Path("snapshots") / self.sha256[:2] / self.sha256


@dataclass(frozen=True)
class PartitionRef:
    """One immutable Parquet file: a table's rows for one span of time."""

    table: str
    label: str
    sha256: str
    rows_count: int
    size_bytes: int

    @property
    def path(self) -> Path:
        """Place in the lake's folder."""
        return Path("partitions") / self.table / self.label / f"{self.sha256}.parquet"


@dataclass(frozen=True)
class State:
    """One version: partitions by (table, label), snapshots by (source, name, sha256)."""

    version: int = 0
    committed_at: str = ""
    partitions: dict[tuple[str, str], PartitionRef] = field(default_factory=dict)
    snapshots: dict[tuple[str, str, str], SnapshotRef] = field(default_factory=dict)

    def tables(self) -> tuple[str, ...]:
        """Names of all tables that hold at least one partition."""
        return tuple(sorted({table for table, _ in self.partitions}))

    def encode(self) -> bytes:
        """The version file: sorted, so that the same state gives the same bytes."""
        content = {
            "format": FORMAT,
            "version": self.version,
            "committed_at": self.committed_at,
            "partitions": [asdict(self.partitions[key]) for key in sorted(self.partitions)],
            "snapshots": [asdict(self.snapshots[key]) for key in sorted(self.snapshots)],
        }
        body = json.dumps(content, ensure_ascii=False, indent=0, sort_keys=True)
        seal = hashlib.sha256(body.encode()).hexdigest()
        return f'{{"sha256": "{seal}", "state":\n{body}}}\n'.encode()

    @classmethod
    def decode(cls, data: bytes, path: str) -> State:
        """Read a version file; raises `UnreadableError` or `CorruptError`."""
        try:
            envelope = json.loads(data)
            seal, content = envelope["sha256"], envelope["state"]
            body = json.dumps(content, ensure_ascii=False, indent=0, sort_keys=True)
            found = hashlib.sha256(body.encode()).hexdigest()
            if found != seal:
                raise CorruptError(path, f"sha256 {seal}", f"sha256 {found}")
            if content["format"] != FORMAT:
                raise UnreadableError(path, f"it has the format `{content['format']}`")
            partitions = [PartitionRef(**ref) for ref in content["partitions"]]
            snapshots = [SnapshotRef(**ref) for ref in content["snapshots"]]
            return cls(
                version=content["version"],
                committed_at=content["committed_at"],
                partitions={(ref.table, ref.label): ref for ref in partitions},
                snapshots={(ref.source, ref.name, ref.sha256): ref for ref in snapshots},
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            reason = f"not a version file ({type(error).__name__}: {error})"
            raise UnreadableError(path, reason) from error


def versions(root: Path) -> list[Path]:
    """Version files of a lake, oldest first."""
    return sorted(path for path in (root / "versions").glob("*.json") if path.stem.isdecimal())


def read_version(root: Path) -> State:
    """The newest version; an empty one where the folder has none.

    A version may be collected between listing and reading, but only when a newer one exists,
    so listing again finds that.
    """
    for _ in range(100):
        found = versions(root)
        if not found:
            return State()
        try:
            return State.decode(found[-1].read_bytes(), str(found[-1]))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnreadableError(str(found[-1]), error.strerror or str(error)) from error
    raise UnreadableError(str(root), "its versions vanish faster than they can be read")


def digest(path: Path) -> str:
    """Hex sha256 of a file; raises `OSError`."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            seen.update(chunk)
    return seen.hexdigest()


def utc_text(moment: dt.datetime) -> str:
    """ISO 8601 in UTC with a Z, to the second."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
