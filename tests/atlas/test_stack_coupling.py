"""Ties of packages: four ways of telling that are never added up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.stack_builds import Names
from underlay.atlas.stack_contracts import COUPLING, WAYS
from underlay.atlas.stack_coupling import (
    bundled_rows,
    declared_rows,
    measured_rows,
    referring_rows,
)
from underlay.atlas.stack_curated import read_stack
from underlay.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(read_stack())


def by(rows: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by package and provider."""
    return {(row["package"], row["provider_id"]): row for row in rows}


def requires(package: str, required: str, **more: Any) -> dict[str, Any]:
    """One declared requirement."""
    return {
        "package": package,
        "version": "2.0",
        "required": required,
        "extras": None,
        "marker": None,
        "is_optional": False,
        "source": "packages",
        "observed_on": DAY,
        **more,
    }


def test_extras_count_as_libraries() -> None:
    found = by(
        declared_rows(
            [
                requires("torch", "cuda-toolkit", extras="cublas,cudart,cufft"),
                requires("torch", "nvidia-nccl-cu13"),
                requires("torch", "sympy"),
                requires("torch", "jax-rocm7-plugin", is_optional=True),
                requires("torch", "nvidia-old", version="1.0"),
                requires("transformers", "Hugging_Face.Hub"),
            ]
        )
    )
    assert found["torch", "toolchain:cuda"]["count"] == 4
    assert found["torch", "toolchain:cuda"]["total"] == 5
    assert "cuda-toolkit[cublas]" in found["torch", "toolchain:cuda"]["path"]
    # read and tied to nothing is no missing row
    assert found["transformers", "none"]["count"] == 0
    assert set(found) == {("torch", "toolchain:cuda"), ("transformers", "none")}


def test_kernels_with_names_of_their_own_are_not_guessed() -> None:
    found = by(declared_rows([requires("vllm", "flashinfer-python"), requires("vllm", "quack")]))
    assert set(found) == {("vllm", "none")}


def test_bundled_libraries_by_name(names: Names) -> None:
    row = {
        "package": "bitsandbytes",
        "version": "1.0",
        "size_bytes": 10,
        "source": "packages",
        "observed_on": DAY,
        "snapshot_sha256": "s",
    }
    rows = [
        {**row, "path": "a.so", "backend": "cuda"},
        {**row, "path": "b.so", "backend": "CUDA"},
        {**row, "path": "c.so", "backend": None},
        {**row, "path": "d.so", "backend": "cuda", "version": "0.9"},
    ]
    found = by(bundled_rows(rows, names))
    assert found["bitsandbytes", "toolchain:cuda"]["count"] == 2
    assert found["bitsandbytes", "unknown"]["count"] == 1
    assert found["bitsandbytes", "unknown"]["total"] == 3


def test_the_word_cuda_is_the_interface(names: Names) -> None:
    row = {
        "package": "vllm",
        "version": "1.0",
        "lines_count": 2000,
        "observed_on": DAY,
        "snapshot_sha256": "s",
    }
    rows = [
        {**row, "rule": "literal_cuda", "uses_count": 8},
        {**row, "rule": "torch.cuda.*", "uses_count": 2},
        {**row, "rule": "nv_import:pynvml", "uses_count": 4},
        {**row, "rule": "platform_check:is_rocm", "uses_count": 6},
        {**row, "rule": "torch.accelerator.*", "uses_count": 3},  # neutral
        {**row, "rule": "literal_hpu", "uses_count": 0},
    ]
    found = by(referring_rows(rows))
    assert found["vllm", "api:cuda"]["count"] == 5.0
    assert found["vllm", "toolchain:cuda"]["count"] == 2.0
    assert found["vllm", "toolchain:rocm"]["count"] == 3.0
    assert len(found) == 3


def test_operators_that_were_run(names: Names) -> None:
    row = {"observed_on": DAY, "snapshot_sha256": "s", "operators_count": 100}
    rows = [
        {**row, "backend": "BLAS", "operators_full_count": 0, "operators_partial_count": 2},
        {**row, "backend": "CPU", "operators_full_count": 90, "operators_partial_count": 6},
    ]
    (made,) = measured_rows(rows, names)
    assert (made["provider_id"], made["count"], made["total"]) == ("toolchain:cpu", 96.0, 100.0)


def test_ways_stay_apart_in_a_lake(small_lake: Path) -> None:
    rows = Lake(small_lake).read(COUPLING).rows()
    ways = {row["way"] for row in rows}
    assert ways == set(WAYS)
    units = {(row["way"], row["unit"]) for row in rows}
    assert len(units) == len(ways)  # one unit a way, so that nobody adds them up
