"""Writing what usual questions need beforehand: `python -m underlay.cli.prepare` (see `make fix`).

Asks what the report and the claims ask, and the figures that people ask first, keeps the SQL that
Ibis wrote, and the spreads that the report shows of the embedded snapshot.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.api import OpenLake, prepared_queries, prepared_spreads
from underlay.claims.ledger import assess
from underlay.cli.knowledge import Atlas
from underlay.cli.report import known_of
from underlay.config import settings
from underlay.lake import Engine, embedded
from underlay.lake.prepared import read_statements, write_statements
from underlay.report import build_report
from underlay.report.prepared import read_spreads, write_spreads
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
_OWNER = "nvidia"  # any would ask the same


@dataclass(frozen=True)
class Usual:
    """What usual questions ask of the embedded snapshot: their SQL, and the report's spreads."""

    statements: dict[str, Statement]
    spreads: dict[str, Prepared]
    lake: str


def usual() -> Usual:
    """Both, by question, written anew by the code as it is."""
    spreads: dict[str, Prepared] = {}
    with OpenLake(embedded(), settings({}), prepared=None) as lake:
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
        assess(lake)
        Atlas(lake.engine).ask_usual()
        exposure(lake.engine, _OWNER)  # what owners, deals and sources are read by
        return Usual(dict(lake.engine.asked), spreads, lake.digest)


def is_fresh() -> bool:
    """Whether what ships is what the code as it is writes."""
    found = usual()
    code = Engine.code()
    spreads = read_spreads(prepared_spreads(), code, found.lake)
    return read_statements(prepared_queries(), code) == found.statements and spreads == json.loads(
        json.dumps(found.spreads)
    )


def main() -> int:
    """Write both, or with `--check` only say whether they are fresh; the exit code."""
    if "--check" in sys.argv[1:]:
        if is_fresh():
            return 0
        sys.stderr.write("queries.json or spreads.json is of other code or data; run `make fix`\n")
        return 1
    found = usual()
    write_statements(prepared_queries(), Engine.code(), found.statements)
    write_spreads(prepared_spreads(), Engine.code(), found.lake, found.spreads)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
