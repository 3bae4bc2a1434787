"""llama.cpp's operators by backend, as its own test program answered on real machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms
from underlay.sources.sheets import DAY_PRECISION, KNOWN_PRECISION, Sheet, read_sheet, sheet_of
from underlay.tables import Batch, Check, Column, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["LlamaOps"]

_BACKEND = Column("backend", "string", "backend as written; HIP and MUSA are absent", True)
_STATUS = Column("status", "string", "full, partial or none of the cases", True)
_STATES = Check("states", "status", one_of=("full", "partial", "none"))

OPERATOR = Table(
    "raw_llama_ops__operator",
    "One row per backend and operator: test cases that the backend says it supports.",
    ("observed_on", "backend", "operator"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        _BACKEND,
        Column("operator", "string", "operator of ggml", True),
        Column("cases_supported_count", "int64", "cases supported", True),
        Column("cases_count", "int64", "cases asked for; differs with the day of the file", True),
        Column("supported_share", "float64", "one by the other, rounded", True),
        _STATUS,
        Column("path", "string", "file in the repository", True),
        Column("commit_id", "string", "commit that was read", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        _STATES,
        KNOWN_PRECISION,
        Check("not negative", "cases_supported_count", lowest=0),
        Check("at least one case", "cases_count", lowest=1),
        Check("a share", "supported_share", lowest=0, highest=1),
    ),
)
BACKEND = Table(
    "raw_llama_ops__backend",
    "One row per backend: operators tested, and how far they are supported.",
    ("observed_on", "backend"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        _BACKEND,
        Column("operators_count", "int64", "operators tested", True),
        Column("operators_full_count", "int64", "with every case", True),
        Column("operators_partial_count", "int64", "with some cases", True),
        Column("operators_none_count", "int64", "with none", True),
        Column("cuda_operators_share", "float64", "of CUDA's, at least in part", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        KNOWN_PRECISION,
        Check("at least one operator", "operators_count", lowest=1),
        Check("a share", "cuda_operators_share", lowest=0, highest=1),
    ),
)
DOCUMENTED_OPERATOR = Table(
    "raw_llama_ops__documented_operator",
    "One row per backend and operator in the project's own summary page.",
    ("observed_on", "backend", "operator"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        Column("backend", "string", "as the page spells it: HTP is Hexagon, MTL is Metal", True),
        Column("operator", "string", "operator of ggml", True),
        Column("status", "string", "full, partial or none; none also where it wasn't asked", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(_STATES, KNOWN_PRECISION),
)

# each table of the repository was made on an earlier day that it does not state
_BY = "by 2026-10-01"
_DAYS = {
    "0c1e57098bba43ac29e6e3b677cdceebdd22334f": _BY,
    "dd12c577e2b4337b": _BY,  # backend_summary.csv, of the same commit
    "f1e448d77db12f9c": _BY,  # ops_md_table.csv, of the same commit
}
_SHEETS = (
    Sheet(
        "op_backend_support.csv",
        OPERATOR,
        {
            "backend": "backend",
            "operator": "op",
            "cases_supported_count": "cases_supported",
            "cases_count": "cases_total",
            "supported_share": "share",
            "status": "status",
            "path": "source_path",
            "commit_id": "source_commit",
        },
        named_by="source_commit",
        days=_DAYS,
    ),
    Sheet(
        "backend_summary.csv",
        BACKEND,
        {
            "backend": "backend",
            "operators_count": "ops_tested",
            "operators_full_count": "ops_full",
            "operators_partial_count": "ops_partial",
            "operators_none_count": "ops_none",
            "cuda_operators_share": "share_of_cuda_ops_at_least_partial",
        },
        days=_DAYS,
    ),
    Sheet(
        "ops_md_table.csv",
        DOCUMENTED_OPERATOR,
        {"backend": "backend", "operator": "op", "status": "status"},
        days=_DAYS,
    ),
)


class LlamaOps:
    """Operators of ggml on 13 backends: what each answers when asked, not how fast it is.

    Contributors ran the tests on machines of their own, each on another day.
    """

    name = "llama_ops"
    title = "llama.cpp: operators by backend"
    terms = Terms(
        licence="MIT",
        url="https://github.com/ggml-org/llama.cpp",
        may_redistribute="rows",
        conflict="Vendors maintain some of the backends and ran the tests of their own.",
    )
    tables = (OPERATOR, BACKEND, DOCUMENTED_OPERATOR)
    files = tuple(sheet.file for sheet in _SHEETS)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; raises `SchemaError` or `UnreadableError` (no known day)."""
        yield from read_sheet(sheet_of(_SHEETS, snapshot), snapshot)
