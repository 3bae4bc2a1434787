"""Writing the SQL of usual questions beforehand: `python -m underlay.cli.prepare` (see `make fix`).

Asks what the report and the claims ask, and the figures that people ask first, and keeps the SQL
that Ibis wrote.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from underlay.api import OpenLake, prepared_queries
from underlay.claims.ledger import assess
from underlay.cli.report import known_of
from underlay.config import settings
from underlay.lake import Engine, embedded
from underlay.lake.prepared import read_statements, write_statements
from underlay.report import build_report

if TYPE_CHECKING:
    from underlay.lake.prepared import Statement

__all__ = ["is_fresh", "main", "usual_statements"]

_FIGURES = (
    ("downloads_share", "country"),
    ("downloads_share", "maker"),
    ("downloads_share", "family"),
    ("downloads_level", "country"),
    ("tokens_share", "country"),
    ("stock_share", "maker"),
    ("concentration", "maker"),
)


def usual_statements() -> dict[str, Statement]:
    """The SQL of the usual questions, by question, written anew by the code as it is."""
    with OpenLake(embedded(), settings({}), prepared=None) as lake:
        build_report(
            lake.figure,
            known_of(lake),
            version="",
            progress=lambda _: None,
            multiverses=lake.multiverse,
        )
        for name, by in _FIGURES:
            lake.figure(name, by=by)
        assess(lake)
        return dict(lake.engine.asked)


def is_fresh() -> bool:
    """Whether the shipped statements are those that the code as it is writes."""
    return read_statements(prepared_queries(), Engine.code()) == usual_statements()


def main() -> int:
    """Write the statements, or with `--check` only say whether they are fresh; the exit code."""
    if "--check" in sys.argv[1:]:
        if is_fresh():
            return 0
        sys.stderr.write("queries.json is of other code; run `make fix`\n")
        return 1
    write_statements(prepared_queries(), Engine.code(), usual_statements())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
