"""How often Python packages name CUDA and its rivals: underlay's own count, and others' rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms
from underlay.sources.sheets import DAY_PRECISION, KNOWN_PRECISION, Sheet, read_sheet, sheet_of
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["CodeCoupling"]

RULE = Table(
    "raw_code_coupling__rule",
    "One row per rule by which a portability tool finds or rewrites uses of CUDA.",
    ("observed_on", "tool", "rule"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        Column("tool", "string", "tool", True),
        Column("kind", "string", "what kind of tool it is", True),
        Column("rule", "string", "rule in words", True),
        Column("verdict", "string", "what it means there: auto-portable, policy ...", True),
        Column("origin", "string", "file or page that holds it", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(KNOWN_PRECISION,),
)
COUNT = Table(
    "raw_code_coupling__count",
    "One row per package and rule: uses in its Python files.",
    ("observed_on", "package", "version", "rule"),
    (
        OBSERVED_ON,
        Column("package", "string", "package as written", True),
        Column("version", "string", "release, or `git-` and a commit", True),
        Column("python_files_count", "int64", "Python files in it", True),
        Column("lines_count", "int64", "lines in them", True),
        Column("rule", "string", "what was looked for, as in `torch.cuda.*`", True),
        Column("uses_count", "int64", "uses; files for `files_with_cuda_reference`", True),
        Column("uses_per_kloc", "float64", "per 1,000 lines; null for counts of files"),
        Column("files_share", "float64", "of all files; null for counts of uses"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("not negative", "uses_count", lowest=0),
        Check("a share", "files_share", lowest=0, highest=1),
    ),
)

_FILES_RULE = "files_with_cuda_reference"
# neither file states a day: of the rules only the year is known, by the start of the sha256
_DAYS = {"b56f8a400a1b93b5": "2026", "02e76f40c1ac711e": "2026-11-21"}


def _measured(columns: Columns) -> Columns:
    """Name and release apart; the last number by its unit, which depends on the rule."""
    columns = columns.derive("version", "package", lambda text: text.rpartition(" ")[2])
    columns = columns.derive("package", "package", lambda text: text.rpartition(" ")[0] or None)
    rules, ratios = columns.cells("rule"), columns.cells("ratio")
    pairs = list(zip(rules, ratios, strict=True))
    shares = [ratio if rule == _FILES_RULE else None for rule, ratio in pairs]
    rates = [None if rule == _FILES_RULE else ratio for rule, ratio in pairs]
    return columns.with_cells("files_share", shares).with_cells("uses_per_kloc", rates)


_SHEETS = (
    Sheet(
        "coupling_rules.csv",
        RULE,
        {"tool": "tool", "kind": "kind", "rule": "rule", "verdict": "class", "origin": "source"},
        days=_DAYS,
    ),
    Sheet(
        "cuda_coupling_scan.csv",
        COUNT,
        {
            "package": "package",
            "python_files_count": "py_files",
            "lines_count": "loc",
            "rule": "rule",
            "uses_count": "count",
            "ratio": "per_kloc_or_share",
        },
        days=_DAYS,
        change=_measured,
    ),
)


class CodeCoupling:
    """Uses of CUDA's names in 21 packages, counted in their syntax trees.

    The string `"cuda"` shows coupling to the interface, not to Nvidia's hardware: ROCm, T-Head
    and MetaX keep it.
    """

    name = "code_coupling"
    title = "Code coupling: uses of CUDA's names in packages"
    terms = Terms(
        licence="own measurement, Apache-2.0; rules summarised as facts",
        url="https://docs.python.org/3/library/ast.html",  # how it was counted
        may_redistribute="rows",
    )
    tables = (RULE, COUNT)
    files = tuple(sheet.file for sheet in _SHEETS)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; raises `SchemaError` or `UnreadableError` (no known day)."""
        yield from read_sheet(sheet_of(_SHEETS, snapshot), snapshot)
