"""What was prepared for questions that are asked at every start: SQL, and some answers.

Ibis takes some 30 ms to write the SQL of one figure, DuckDB 10 ms to run it; a report asks forty.
So the SQL of the usual questions ships with the snapshot, by question, and with a digest of the
code that wrote it: other code, or another version of a library, makes it void and Ibis writes it
anew. Of most questions only the words are kept, and their numbers are computed when asked for.

Answers are kept where seconds would go by: spreads over thousands of definitions, searches of the
graph of the stack, verdicts on claims. They are of one lake and of one code, and void with another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = [
    "Statement",
    "code_digest",
    "read_answers",
    "read_statements",
    "write_answers",
    "write_statements",
]

# what decides the words of a query
_WRITERS = (
    "measures",
    "stack",
    "atlas/contracts.py",
    "atlas/stack_contracts.py",
    "atlas/lookup.py",
    "cli/knowledge.py",
    "lake/engine.py",
)


@dataclass(frozen=True)
class Statement:
    """One query, and the tables and named relations that it reads, each after what it reads."""

    sql: str
    reads: tuple[str, ...]
    views: Mapping[str, str]  # named relation -> its SQL


def code_digest(versions: Iterable[str], more: Iterable[str] = ()) -> str:
    """Digest of all code that decides the words of a query, and of the libraries' versions.

    `more` are further folders or files of the package, of which data counts too.
    """
    root = resources.files("underlay")
    seen = hashlib.sha256("\n".join(versions).encode())
    kinds: dict[str, tuple[str, ...]] = dict.fromkeys(_WRITERS, (".py",))
    kinds |= dict.fromkeys(more, (".py", ".toml"))
    for name, suffixes in kinds.items():
        place = root / name
        files = [place] if place.is_file() else place.iterdir()
        for file in sorted(files, key=lambda each: each.name):
            if file.name.endswith(suffixes):
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


def read_answers(path: Path, code: str, lake: str) -> dict[str, Any]:
    """The answers at `path`; none if there are none, or other code or another lake gave them."""
    try:
        content: Any = json.loads(path.read_bytes())
        if content["code"] != code or content["lake"] != lake:
            return {}
        return dict(content["answers"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_answers(path: Path, code: str, lake: str, answers: Mapping[str, Any]) -> None:
    """Write them as one file; what is in an answer keeps its order."""
    content = {"code": code, "lake": lake, "answers": dict(sorted(answers.items()))}
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
