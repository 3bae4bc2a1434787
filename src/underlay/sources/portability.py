"""What other platforms offer in place of CUDA's and PyTorch's interfaces, as they list it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms
from underlay.sources.sheets import DAY_PRECISION, KNOWN_PRECISION, Sheet, read_sheet, sheet_of
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["Portability"]

ASCEND_API = Table(
    "raw_portability__ascend_api",
    "One row per heading, product and answer in Huawei's tables of PyTorch interfaces.",
    (
        *("observed_on", "torch_version", "module", "api", "product"),
        *("status", "has_restriction"),
    ),
    (
        OBSERVED_ON,
        Column("torch_version", "string", "release of PyTorch", True),
        Column("module", "string", "page, by module", True),
        Column(
            "api",
            "string",
            "name in the file; a class stands for its members too, whose names are lost",
            True,
        ),
        Column("product", "string", "Ascend product, as written", True),
        Column("status", "string", "supported or unsupported", True),
        Column("has_restriction", "bool", "whether a note restricts it", True),
        Column("interfaces_count", "int64", "rows of the file that say so: interfaces", True),
        Column("path", "string", "page", True),
        Column("commit_id", "string", "commit that was read", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("at least one", "interfaces_count", lowest=1),),
)
HIPIFY_SYMBOL = Table(
    "raw_portability__hipify_symbol",
    "One row per CUDA symbol in a table of HIPIFY: its counterpart, if there is one.",
    ("observed_on", "list", "target", "cuda_symbol"),
    (
        OBSERVED_ON,
        Column("list", "string", "HIPIFY's table; a symbol stands in several", True),
        Column("section", "string", "heading in it", True),
        Column("cuda_symbol", "string", "function, type, enumerator or macro", True),
        Column("cuda_added", "string", "CUDA release that added it"),
        Column("cuda_deprecated", "string", "release that deprecated it"),
        Column("cuda_changed", "string", "release that changed it"),
        Column("cuda_removed", "string", "release that removed it"),
        Column("target", "string", "HIP, ROC or MIOPEN", True),
        Column("target_symbol", "string", "counterpart; null if there is none"),
        Column("target_added", "string", "ROCm release that added it"),
        Column("target_deprecated", "string", "release that deprecated it"),
        Column("target_changed", "string", "release that changed it"),
        Column("target_removed", "string", "release that removed it"),
        Column("target_experimental", "string", "release since which it is an experiment"),
        Column("has_equivalent", "bool", "whether there is a counterpart", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
HIPIFY_SUMMARY = Table(
    "raw_portability__hipify_summary",
    "One row per table of HIPIFY and target: symbols and counterparts; enumerators count too.",
    ("observed_on", "list", "target"),
    (
        OBSERVED_ON,
        Column("list", "string", "HIPIFY's table", True),
        Column("target", "string", "HIP, ROC or MIOPEN", True),
        Column("cuda_symbols_count", "int64", "symbols, not only functions", True),
        Column("equivalents_count", "int64", "symbols with a counterpart", True),
        Column("equivalents_share", "float64", "one by the other, rounded", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("a share", "equivalents_share", lowest=0, highest=1),),
)
MUSA_SYMBOL = Table(
    "raw_portability__musa_symbol",
    "One row per CUDA text that torchada replaces by one for MUSA; no list of what is missing.",
    ("observed_on", "cuda_symbol"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        Column("kind", "string", "group of the mapping", True),
        Column("cuda_symbol", "string", "text in CUDA sources", True),
        Column("musa_symbol", "string", "text that replaces it; `((void)0)` drops the call", True),
        Column("is_different", "bool", "whether the two differ", True),
        Column("version", "string", "package and release", True),
        Column("path", "string", "file in the package", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(KNOWN_PRECISION,),
)
PADDLE_API = Table(
    "raw_portability__paddle_api",
    "One row per PyTorch interface that PaConvert knows: how it becomes one of Paddle.",
    ("observed_on", "torch_api"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        Column("torch_api", "string", "interface of PyTorch, or of a package on it", True),
        Column("matcher", "string", "rule that rewrites it; null if there is none"),
        Column("paddle_api", "string", "counterpart; null where the rule computes it"),
        Column("status", "string", "mapped or no-matcher", True),
        Column("version", "string", "package and release", True),
        Column("path", "string", "file in the package", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(KNOWN_PRECISION,),
)
NCCL_STATUS = Table(
    "raw_portability__nccl_status",
    "One row per function of NCCL: whether SYCLomatic migrates it.",
    ("observed_on", "cuda_symbol"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        Column("cuda_symbol", "string", "function", True),
        Column("is_migratable", "bool", "whether it is migrated", True),
        Column("repository", "string", "repository that was read", True),
        Column("path", "string", "file in it", True),
        Column("commit_id", "string", "commit that was read", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(KNOWN_PRECISION,),
)

_ASCEND_FILE = "ascend_pytorch_native_api_support.csv"
_ASCEND_DAYS = {"9e73e708ab9350d203475609f36f8a43f6a0c2ab": "2026-08-21"}  # Ascend/pytorch
# ROCm/HIPIFY@014177bc; its files name no commit, so by the start of each file's sha256
_HIPIFY = "2024-10-24"
_HIPIFY_DAYS = {"f4d6043d12634ee2": _HIPIFY, "2b48e82513babbde": _HIPIFY}
_PACKAGES = {"torchada 0.1.103": "2026", "paconvert 3.3.1": "2026-04"}
_SYCLOMATIC_DAYS = {"04a487c504b1c62f28135a16634d254fd861f643": "by 2026-11-21"}


def _counted(columns: Columns) -> Columns:
    """Rows that are equal become one with their number."""
    rows = Counter(zip(*(columns.cells(name) for name in columns.names), strict=True))
    lists = list(zip(*rows, strict=True)) or [()] * len(columns.names)
    cells = dict(zip(columns.names, lists, strict=True))
    return Columns.from_lists({**cells, "interfaces_count": [*rows.values()]}, columns.place)


_SHEETS = (
    Sheet(
        _ASCEND_FILE,
        ASCEND_API,
        {
            "torch_version": "pytorch_version",
            "module": "module",
            "api": "api",
            "product": "ascend_product",
            "status": "status",
            "has_restriction": "has_restriction_note",
            "path": "source_path",
            "commit_id": "source_commit",
        },
        named_by="source_commit",
        days=_ASCEND_DAYS,
        change=_counted,
    ),
    Sheet(
        "hipify_cuda_api_equivalents.csv",
        HIPIFY_SYMBOL,
        {"list": "table"}
        | {
            name: name
            for name in HIPIFY_SYMBOL.column_names
            if name not in ("observed_on", "list", SNAPSHOT.name)
        },
        days=_HIPIFY_DAYS,
    ),
    Sheet(
        "hipify_coverage_summary.csv",
        HIPIFY_SUMMARY,
        {
            "list": "table",
            "target": "target",
            "cuda_symbols_count": "cuda_symbols",
            "equivalents_count": "with_equivalent",
            "equivalents_share": "coverage",
        },
        days=_HIPIFY_DAYS,
    ),
    Sheet(
        "musa_cuda_symbol_mapping.csv",
        MUSA_SYMBOL,
        {
            "kind": "group",
            "cuda_symbol": "cuda_symbol",
            "musa_symbol": "musa_symbol",
            "is_different": "differs",
            "version": "source",
            "path": "path",
        },
        named_by="source",
        days=_PACKAGES,
    ),
    Sheet(
        "paddle_torch_api_mapping.csv",
        PADDLE_API,
        {
            "torch_api": "torch_api",
            "matcher": "matcher",
            "paddle_api": "paddle_api",
            "status": "status",
            "version": "source",
            "path": "path",
        },
        named_by="source",
        days=_PACKAGES,
    ),
    Sheet(
        "syclomatic_nccl_migration_status.csv",
        NCCL_STATUS,
        {
            "cuda_symbol": "cuda_symbol",
            "is_migratable": "migratable",
            "repository": "source",
            "path": "path",
            "commit_id": "commit",
        },
        named_by="commit",
        days=_SYCLOMATIC_DAYS,
    ),
)


class Portability:
    """Counterparts of CUDA and PyTorch on Ascend, ROCm, MUSA, Paddle and SYCL, as listed there.

    HIPIFY's tables are of 2024-10; the lists for MUSA and Paddle name what they replace, so they
    have no denominator.
    """

    name = "portability"
    title = "Portability tables: CUDA and PyTorch interfaces elsewhere"
    terms = Terms(
        licence="facts; MIT (HIPIFY), BSD-3-Clause and CC-BY-4.0 (Ascend), Apache-2.0 (PaConvert),"
        " Apache-2.0 WITH LLVM-exception (SYCLomatic)",
        url="https://github.com/ROCm/HIPIFY",
        may_redistribute="rows",
        conflict="Each vendor lists its own platform: Huawei Ascend's interfaces, AMD HIPIFY's,"
        " Moore Threads MUSA's, Baidu Paddle's, Intel SYCL's.",
    )
    tables = (
        ASCEND_API,
        HIPIFY_SYMBOL,
        HIPIFY_SUMMARY,
        MUSA_SYMBOL,
        PADDLE_API,
        NCCL_STATUS,
    )
    files = tuple(sheet.file for sheet in _SHEETS)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; raises `SchemaError` or `UnreadableError` (no known day)."""
        yield from read_sheet(sheet_of(_SHEETS, snapshot), snapshot)
