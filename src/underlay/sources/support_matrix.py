"""Which runtime says that it runs which model on which hardware, cut from many projects."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.base import (
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    skipped_rows,
)
from underlay.sources.sheets import (
    Sheet,
    dated,
    day_of_file,
    read_sheet,
    sheet_of,
    with_days,
)
from underlay.sources.support_contracts import (
    ARCHITECTURE,
    ARCHITECTURE_HISTORY,
    ASCEND_BRANCH,
    ASCEND_FIRST_SEEN,
    ASCEND_MODEL,
    ASCEND_RELEASE,
    ATTENTION_FLAG,
    BACKEND,
    FLAGGEMS_CI,
    FLAGGEMS_OPERATOR,
    FLAGGEMS_VENDOR_OPERATOR,
    LMDEPLOY_MODEL,
    RUNTIME_VERSION,
    SGLANG_ASCEND_MODEL,
    VLLM_FEATURE,
    VLLM_VALIDATED_MODEL,
)
from underlay.tables import Batch, Columns, Skipped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.tables import Table

__all__ = ["SupportMatrix"]

# releases by the newest file in their wheel, as in runtime_versions_history.csv
_RELEASES = {"0.33.0": "2026-11-01"}  # of vLLM
_TRANSFORMERS = {"5.23.0": "2026-11-13"}
# what was read for the table of backends. Releases were the newest ones in November 2026; of
# documents without a day only the year is known, or only that they were there by then
_ARTIFACTS = {
    "sdist vllm-0.33.0": "2026-11-01",
    "wheel transformers-5.23.0": "2026-11-13",
    "wheel sglang-0.5.23": "2026-10",
    "0c1e57098bba43ac29e6e3b677cdceebdd22334f": "2026-10-01",  # ggml-org/llama.cpp
    "1263d5cd889b7ad500e85b8eb20401327a4516ab": "2026-08-21",  # InternLM/lmdeploy
    "d78bf58e217c904ec282ed8da9b947491f78c022": "2026-08-22",  # ml-explore/mlx-lm
    "ed2508bcb5a03000e9774734201d840ba362cd11": "2026-08-21",  # flagos-ai/FlagGems
    "00b6d5a25c30b4382d24fbdf52956d601b3ffd24": "2026",  # NVIDIA/TensorRT-LLM
    "0171f954f3aadb5bc661601e113821f49f0bd237": "2026",  # PaddlePaddle/FastDeploy
    "06bb522dc5f2cd2b403ffc5cedeab2d3e3267c61": "2023",  # microsoft/onnxruntime, an old page
    "00425062e582586e3861d9b9b1b915ea2f99a517": "by 2026-11-21",  # FlagTree
    "06da019990aaae266f93faa57d9c13ff4a9b7f32": "2026-06-17",  # ollama/ollama
    "wheel mlx-0.32.4": "2026-11",
    "sdist deepspeed-0.19.8": "2026-11",
    "wheel torch-2.15.0": "2026-11",
    "wheel triton-3.9.0": "2026-11",
    "wheel triton-ascend-3.2.0": "by 2026-11-21",  # not a release of that month
    "wheel tinygrad-0.14.0": "2026-11",
    "wheel executorch-1.5.1": "2026-11",
    "wheel bitsandbytes-0.50.2": "2026-11",
    "wheel liger_kernel-0.8.5": "2026-11",
}
_FLAGGEMS = {"ed2508bcb5a03000e9774734201d840ba362cd11": "2026-08-21"}
_SGLANG_DOCS = {"5142eb0c28c96203d2fea171248dad9dbbfaa2e9": "2026"}
# files that name neither a day nor a commit, by the start of their sha256
_WHOLE_FILES = {
    "de21763b26c49058": "2026-08-20",  # releases of vllm-ascend, vllm-project/vllm-ascend@182b75ea
    "753f81750a911d14": "2026-08-21",  # CI of FlagGems, flagos-ai/FlagGems@ed2508bc
}
# wheels that can be rebuilt to the bit carry one of these days instead of their own
_FIXED_DAYS = ("1980-01-01", "2016-01-01")

_RELEASE_FILE = "vllm_ascend_release_compat.csv"
_CI_FILE = "flaggems_ci_backends.json"


def _same(*names: str, **renamed: str) -> dict[str, str]:
    """Ours -> the file's: `names` keep theirs."""
    return {name: name for name in names} | renamed


def _built(columns: Columns) -> Columns:
    """Fixed days become null, then as `_newest`."""
    columns = columns.with_nulls_for(*_FIXED_DAYS, names=["built_on"])
    return _newest(columns, "built_on")


def _newest(columns: Columns, name: str) -> Columns:
    """The newest day of a column is that of the whole file, unless one was given."""
    if columns.has("observed_on"):
        return columns
    days = [found[0] for cell in columns.cells(name) if cell and (found := dated(cell))]
    return columns.with_constant("observed_on", max(days)) if days else columns


_SHEETS = (
    Sheet(
        "runtime_architectures.csv",
        ARCHITECTURE,
        _same(
            *("runtime", "architecture", "category", "status", "source_date", "note"),
            version="runtime_version",
            architecture_kind="arch_id_kind",
            repository="source_repo",
            path="source_path",
            artifact="source_commit_or_artifact",
        ),
        day_column="source_date",
    ),
    Sheet(
        "runtime_architectures_history.csv",
        ARCHITECTURE_HISTORY,
        _same(
            *("runtime", "version", "architecture", "registry", "path"),
            built_on="wheel_build_date",
        ),
        change=_built,
    ),
    Sheet(
        "runtime_versions_history.csv",
        RUNTIME_VERSION,
        _same(
            *("runtime", "version"),
            built_on="wheel_build_date",
            entries_count="n_architectures",
            platform_modules="in_tree_platform_modules",
        ),
        change=_built,
    ),
    Sheet(
        "runtime_backends.csv",
        BACKEND,
        _same(
            *("runtime", "backend", "vendor", "vendor_country", "device", "status", "version"),
            path="source_path",
            artifact="source_commit_or_artifact",
            note="note",
        ),
        named_by="source_commit_or_artifact",
        days=_ARTIFACTS,
    ),
    Sheet(
        "vllm_ascend_supported_models.csv",
        ASCEND_MODEL,
        _same(
            *("runtime", "model_family", "backend", "hardware", "tab", "status", "section"),
            *("note", "features"),
            path="source_path",
            commit_id="source_commit",
        ),
        day_column="snapshot_date",
    ),
    Sheet(
        "vllm_ascend_first_seen.csv",
        ASCEND_FIRST_SEEN,
        _same("model_family", "status", first_seen_on="first_seen_in_doc"),
        change=lambda columns: _newest(columns, "first_seen_on"),
    ),
    Sheet(
        "sglang_ascend_supported_models.csv",
        SGLANG_ASCEND_MODEL,
        _same(
            *("runtime", "backend", "product", "category", "model", "status"),
            path="source_path",
            commit_id="source_commit",
        ),
        named_by="source_commit",
        days=_SGLANG_DOCS,
    ),
    Sheet(
        "lmdeploy_model_platform_support.csv",
        LMDEPLOY_MODEL,
        _same(
            *("engine", "model", "size", "backend", "device", "precision", "status", "section"),
            model_kind="type",
            path="source_path",
            commit_id="source_commit",
        ),
        day_column="snapshot_date",
    ),
    Sheet(
        "vllm_feature_quant_by_hardware.csv",
        VLLM_FEATURE,
        _same(*("runtime", "version", "kind", "item", "hardware", "support"), path="source_path"),
        named_by="version",
        days=_RELEASES,
    ),
    Sheet(
        "vllm_validated_models_xpu_cpu.csv",
        VLLM_VALIDATED_MODEL,
        _same(
            *("runtime", "version", "backend", "section", "model", "architecture", "status"),
            precision="dtype",
        ),
        named_by="version",
        days=_RELEASES,
    ),
    Sheet(
        "transformers_attention_support_flags.csv",
        ATTENTION_FLAG,
        _same(
            *("version", "model_dir", "pretrained_class", "path"),
            has_flash_attention="supports_flash_attn",
            has_sdpa="supports_sdpa",
            has_flex_attention="supports_flex_attn",
            has_attention_backend="supports_attention_backend",
        ),
        named_by="version",
        days=_TRANSFORMERS,
    ),
    Sheet(
        "flaggems_operators.csv",
        FLAGGEMS_OPERATOR,
        _same("labels", "kind", "stages", operator="op_id", commit_id="source_commit"),
        named_by="source_commit",
        days=_FLAGGEMS,
    ),
    Sheet(
        "flaggems_vendor_op_overrides.csv",
        FLAGGEMS_VENDOR_OPERATOR,
        _same(
            "vendor_backend",
            operator="op_file",
            files_count="n_files",
            path="source_path",
            commit_id="source_commit",
        ),
        named_by="source_commit",
        days=_FLAGGEMS,
    ),
)


class SupportMatrix:
    """Registries of runtimes, their history, backends, and vendors' tables of supported models.

    A registry says that code exists, not that it was tried on every backend. The tables of
    vllm-ascend, SGLang on Ascend and FlagGems are what vendors say of themselves. ONNX Runtime's
    backends are from a page of about 2023.
    """

    name = "support_matrix"
    title = "Support matrix: runtimes, architectures, backends"
    terms = Terms(
        licence="facts; read in projects under Apache-2.0, MIT and BSD-3-Clause",
        url="https://github.com/vllm-project/vllm",
        may_redistribute="rows",
        conflict="Each project states its own support, and the tables on Ascend, MetaX and other"
        " Chinese chips are kept by or with their vendors: nobody outside has tested the rows.",
    )
    tables = (
        ARCHITECTURE,
        ARCHITECTURE_HISTORY,
        RUNTIME_VERSION,
        BACKEND,
        ASCEND_MODEL,
        ASCEND_FIRST_SEEN,
        ASCEND_RELEASE,
        ASCEND_BRANCH,
        SGLANG_ASCEND_MODEL,
        LMDEPLOY_MODEL,
        VLLM_FEATURE,
        VLLM_VALIDATED_MODEL,
        ATTENTION_FLAG,
        FLAGGEMS_OPERATOR,
        FLAGGEMS_VENDOR_OPERATOR,
        FLAGGEMS_CI,
    )
    files = (*(sheet.file for sheet in _SHEETS), _RELEASE_FILE, _CI_FILE)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file, dated by itself, by the commit or release that it names, or by hand.

        Raises `SchemaError` for a lost column, `UnreadableError` for a file of no known day.
        """
        if snapshot.matches(_RELEASE_FILE):
            yield from _releases(snapshot)
        elif snapshot.matches(_CI_FILE):
            yield from _tests(snapshot)
        else:
            yield from read_sheet(sheet_of(_SHEETS, snapshot), snapshot)


_RELEASE_HEADER = ["vLLM Ascend", "vLLM", "Python", "Stable CANN", "PyTorch/torch_npu"]
_RELEASE_CELLS = (
    "version",
    "vllm_version",
    "python",
    "cann_version",
    "torch_versions",
    "triton_ascend_version",
    "mooncake_version",
)
_BRANCH_CELLS = ("branch", "status", "note")


def _releases(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Two tables of the page in one file: releases in seven cells, branches in three.

    The header lacks the name of the last cell; the page calls it Mooncake.
    """
    try:
        lines = list(csv.reader(io.StringIO(snapshot.text(), newline=""), strict=True))
    except csv.Error as error:
        raise UnreadableError(snapshot.name, str(error)) from error
    if not lines or lines[0][: len(_RELEASE_HEADER)] != _RELEASE_HEADER:
        found = ", ".join(lines[0]) if lines else "none"
        raise SchemaError(
            snapshot.name, f"columns are {found}, expected {', '.join(_RELEASE_HEADER)} ..."
        )
    releases, branches, other = [], [], []
    for number, line in enumerate(lines[1:], 2):
        if len(line) == len(_RELEASE_CELLS):
            releases.append(dict(zip(_RELEASE_CELLS, line, strict=True)))
        elif len(line) == len(_BRANCH_CELLS):
            branches.append(dict(zip(_BRANCH_CELLS, line, strict=True)))
        elif line:
            other.append((number, ",".join(line)))
    yield from skipped_rows(snapshot.name, other, "neither a release nor a branch")
    yield from _fit_whole(ASCEND_RELEASE, releases, snapshot, "N/A", "")
    yield from _fit_whole(ASCEND_BRANCH, branches, snapshot, "")


def _tests(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    entries = read_json(snapshot)
    if not isinstance(entries, list):
        raise UnreadableError(snapshot.name, "it is no list of backends")
    good, bad = [], []
    for number, entry in enumerate(entries, 1):
        if _is_flat(entry):
            good.append(entry)
        else:
            bad.append((number, str(entry)))
    yield from skipped_rows(snapshot.name, bad, "no object, or one with lists in it")
    rows = [{"is_enabled": entry.get("enabled"), **entry} for entry in good]
    yield from _fit_whole(FLAGGEMS_CI, rows, snapshot, "")


def _is_flat(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    return not any(isinstance(cell, dict | list) for cell in entry.values())


def _fit_whole(
    table: Table, rows: Sequence[Mapping[str, object]], snapshot: Snapshot, *nothing: str
) -> Iterator[Batch | Skipped]:
    """Fit rows of a file that names no day; cells equal to one of `nothing` are null."""
    if not rows:
        return
    names = [name for name in table.column_names if name not in ("observed_on", SNAPSHOT.name)]
    columns = Columns.from_rows(rows, snapshot.name, names)
    texts = [name for name in names if table.column(name).type == "string"]
    columns = columns.with_nulls_for(*nothing, names=texts)
    words = [day_of_file(_WHOLE_FILES, snapshot)] * len(columns)
    yield from fit(table, with_days(columns, words, snapshot), snapshot)
