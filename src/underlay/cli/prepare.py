"""Writing what usual questions need beforehand: `python -m underlay.cli.prepare` (see `make fix`).

Asks what the report and the claims ask, and what people ask first, of the embedded snapshot. Keeps
the SQL that Ibis wrote, the answers of measures that search the stack, the spreads that the report
shows, and the verdicts on claims.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from underlay.api import PREPARED, OpenLake, prepared_file
from underlay.claims.ledger import assess
from underlay.cli.knowledge import Atlas
from underlay.cli.report import known_of
from underlay.config import settings
from underlay.lake import Engine, embedded
from underlay.lake.prepared import (
    read_answers,
    read_statements,
    write_answers,
    write_statements,
)
from underlay.report import build_report
from underlay.stack.owners import exposure

if TYPE_CHECKING:
    from underlay.lake.prepared import Statement
    from underlay.report.ask import Prepared

__all__ = ["Usual", "is_fresh", "main", "usual"]

_FIGURES = (
    ("downloads_share", "country"),
    ("downloads_share", "maker"),
    ("downloads_share", "family"),
    ("downloads_level", "country"),
    ("tokens_share", "country"),
    ("stock_share", "maker"),
    ("concentration", "maker"),
    # beside what an owner holds
    ("tokens_share", "maker"),
    ("derivatives_share", "maker"),
    ("cluster_share", "maker"),
    ("cluster_share", "owner"),
    ("supercomputer_share", "maker"),
    ("foundry_share", "foundry"),
)
_OWNER = "nvidia"  # any would ask the same, and any model
_MODEL = "Qwen/Qwen2.5-7B-Instruct"


@dataclass(frozen=True)
class Usual:
    """What usual questions need: SQL by question, answers by the name of their file."""

    statements: dict[str, Statement]
    answers: dict[str, dict[str, Any]]
    lake: str


def usual() -> Usual:
    """All of it, written anew by the code as it is."""
    spreads: dict[str, Prepared] = {}
    with OpenLake(embedded(), settings({}), is_prepared=False) as lake:
        build_report(
            lake.figure,
            known_of(lake),
            version="",
            progress=lambda _: None,
            multiverses=lake.multiverse,
            answered=spreads,
        )
        for name, by in _FIGURES:
            lake.figure(name, by=by)
        verdicts = {row.claim.id: row.judged.to_plain() for row in assess(lake) if row.judged}
        Atlas(lake.engine).ask_usual()
        exposure(lake.engine, _OWNER)  # what owners, deals and sources are read by
        lake.model(_MODEL)
        lake.maker(_OWNER)
        lake.stack.find(_MODEL)
        answers = {"figures": lake.engine.answered, "spreads": spreads, "verdicts": verdicts}
        # as they are read again
        return Usual(dict(lake.engine.asked), json.loads(json.dumps(answers)), lake.digest)


def is_fresh() -> bool:
    """Whether what ships is what the code as it is writes."""
    found = usual()
    return read_statements(prepared_file("queries"), Engine.code()) == found.statements and all(
        read_answers(prepared_file(name), Engine.code(PREPARED[name]), found.lake) == answers
        for name, answers in found.answers.items()
    )


def main() -> int:
    """Write it, or with `--check` only say whether it is fresh; the exit code."""
    if "--check" in sys.argv[1:]:
        if is_fresh():
            return 0
        files = ", ".join(f"{name}.json" for name in PREPARED)
        sys.stderr.write(f"one of {files} is of other code or data; run `make fix`\n")
        return 1
    found = usual()
    write_statements(prepared_file("queries"), Engine.code(), found.statements)
    for name, answers in found.answers.items():
        write_answers(prepared_file(name), Engine.code(PREPARED[name]), found.lake, answers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
