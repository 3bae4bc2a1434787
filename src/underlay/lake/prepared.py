"""SQL that was written beforehand, for questions that are asked at every start.

Ibis takes some 30 ms to write the SQL of one figure, DuckDB 10 ms to run it; a report asks forty.
So the SQL of the usual questions ships with the snapshot, by question, and with a digest of the
code that wrote it: other code, or another version of a library, makes it void and Ibis writes it
anew. Only words are kept: every number is computed when it is asked for.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Statement", "code_digest", "read_statements", "write_statements"]

# what decides the words of a query
_WRITERS = (
    "measures",
    "stack",
    "atlas/contracts.py",
    "atlas/stack_contracts.py",
    "lake/engine.py",
)


@dataclass(frozen=True)
class Statement:
    """One query, and the tables and named relations that it reads, each after what it reads."""

    sql: str
    reads: tuple[str, ...]
    views: Mapping[str, str]  # named relation -> its SQL


def code_digest(versions: Iterable[str]) -> str:
    """Digest of all code that decides the words of a query, and of the libraries' versions."""
    root = resources.files("underlay")
    seen = hashlib.sha256("\n".join(versions).encode())
    for name in _WRITERS:
        place = root / name
        files = [place] if place.is_file() else place.iterdir()
        for file in sorted(files, key=lambda each: each.name):
            if file.name.endswith(".py"):
                seen.update(file.name.encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()


def read_statements(path: Path, code: str) -> dict[str, Statement]:
    """The statements at `path`; none if there are none, or other code wrote them."""
    try:
        content = json.loads(path.read_bytes())
        if content["code"] != code:
            return {}
        return {
            key: Statement(each["sql"], tuple(each["reads"]), each["views"])
            for key, each in content["statements"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # they only save time, so nothing is lost without them


def write_statements(path: Path, code: str, statements: Mapping[str, Statement]) -> None:
    """Write them so that equal statements give equal bytes."""
    content = {
        "code": code,
        "statements": {key: asdict(statements[key]) for key in sorted(statements)},
    }
    path.write_text(json.dumps(content, indent=0, sort_keys=True) + "\n", "utf-8")
