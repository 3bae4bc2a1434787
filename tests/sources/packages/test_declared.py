"""Requirements, bundled libraries and backends."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.sources.base import Snapshot
from underlay.sources.packages import Packages
from underlay.sources.packages.declared import library_backend

METADATA = """Metadata-Version: 2.4
Name: torch
Version: 2.15.0
Summary: Tensors
License-Expression: BSD-3-Clause
Requires-Python: >=3.10
Requires-Dist: cuda-toolkit[cublas,cudart]==13.3.1; platform_system == "Linux"
Requires-Dist: triton==3.9.0 ; platform_system == "Linux"
Requires-Dist: Opt_Einsum>=3.3; extra == "opt-einsum"
Requires-Dist: both; python_version < "3" or extra == 'x'
Requires-Dist: two; (extra == "a" or extra == "b") and python_version ~= "3.9"
Requires-Dist: direct @ https://example.org/direct-1.0.tar.gz
Requires-Dist: filelock
Requires-Dist: filelock
Requires-Dist: not a requirement !!
Provides-Extra: opt-einsum

A long description.
"""
DIST = "torch-2.15.0.dist-info/METADATA"


@pytest.fixture
def torch(wheel, parsed):
    files = {
        DIST: METADATA,
        "torch/lib/libtorch_cuda.so": b"x" * 1_000,
        "torch/lib/libc10.so.1": b"x",
        "torch/bin/protoc": b"x",
        "torch-2.15.0.dist-info/entry_points.txt": "[torch.backends]\ntorch_npu = torch_npu:_auto\n"
        "[console_scripts]\nx = y:z\n",
    }
    return parsed(Packages(), "torch-2.15.0-cp311-cp311-linux_x86_64.whl", wheel(files))


def test_a_release(torch) -> None:
    (row,) = torch.rows["raw_packages__release"]
    assert row["observed_on"] == dt.date(2026, 9, 21)
    assert (row["package"], row["version"], row["kind"]) == ("torch", "2.15.0", "wheel")
    assert (row["tags"], row["licence"]) == ("cp311-cp311-linux_x86_64", "BSD-3-Clause")
    assert (row["date_basis"], row["python_specifier"]) == ("built", ">=3.10")
    assert row["members_count"] == 5
    assert row["uploaded_on"] is None


REQUIREMENTS = [
    ("cuda-toolkit", "cublas,cudart", "==13.3.1", None, True),
    ("triton", None, "==3.9.0", None, True),
    ("opt-einsum", None, ">=3.3", "opt-einsum", False),
    ("both", None, None, None, True),
    ("two", None, None, "a,b", False),
    ("direct", None, None, None, True),
    ("filelock", None, None, None, True),
]


def test_requirements_with_extras_on_both_sides(torch) -> None:
    rows = torch.rows["raw_packages__requirement"]
    columns = ("name", "extras", "specifier", "extra", "is_hard")
    assert [tuple(row[c] for c in columns) for row in rows] == REQUIREMENTS
    assert torch.row("raw_packages__requirement", name="direct")["url"].startswith("https://")
    assert torch.reasons == {"a requirement is not as PEP 508 has it": 1}


def test_bundled_libraries(torch) -> None:
    rows = torch.rows["raw_packages__native_library"]
    assert [(row["path"], row["backend"], row["size_bytes"]) for row in rows] == [
        ("torch/lib/libc10.so.1", None, 1),
        ("torch/lib/libtorch_cuda.so", "cuda", 1_000),
    ]
    assert rows[1]["backend_rule"] == "cuda"
    assert rows[1]["compressed_bytes"] < 1_000


@pytest.mark.parametrize(
    ("path", "backend"),
    [
        ("bitsandbytes/libbitsandbytes_rocm62.so", "rocm"),
        ("bitsandbytes/libbitsandbytes_cuda118.so", "cuda"),
        ("bitsandbytes/libbitsandbytes_cpu.so", "cpu"),
        ("bitsandbytes/libbitsandbytes_xpu.so", "xpu"),
        ("onnxruntime/capi/libonnxruntime_providers_cann.so", "cann"),
        ("onnxruntime/capi/libonnxruntime_providers_migraphx.so", "rocm"),
        ("onnxruntime/capi/libonnxruntime_providers_openvino.so", "openvino"),
        ("torch_npu/lib/libtorch_npu.so", "cann"),
        ("vllm/_rocm_C.abi3.so", "rocm"),
        ("vllm/_C.abi3.so", None),
        ("triton/backends/nvidia/lib/libdevice.10.bc", "cuda"),
        ("triton/backends/amd/lib/ockl.bc", "rocm"),
        ("mlx/lib/mlx.metallib", "metal"),
        ("tokenizers/tokenizers.abi3.so", None),
    ],
)
def test_the_toolchain_that_a_name_suggests(path, backend) -> None:
    assert library_backend(path)[0] == backend


def test_entry_points_are_backends(torch) -> None:
    (row,) = torch.rows["raw_packages__backend"]
    assert (row["runtime"], row["backend"], row["kind"]) == ("PyTorch", "torch_npu", "entry-point")


def test_backends_that_a_listing_names(rows) -> None:
    files = {
        "vllm/platforms/__init__.py": "",
        "vllm/platforms/interface.py": "x",
        "vllm/platforms/cuda.py": "x" * 900,
        "vllm/platforms/tpu.py": "x",
    }
    got = rows("vllm", files)["backend"]
    assert [(row["backend"], row["size_bytes"], row["path"]) for row in got] == [
        ("cuda", 900, "vllm/platforms/cuda.py"),
        ("tpu", 1, "vllm/platforms/tpu.py"),
    ]
    ggml = "vendor/llama.cpp/ggml/src/"
    files = {ggml + "ggml-cuda/a.cu": "xx", ggml + "ggml-cuda/b/c.cu": "x", ggml + "ggml.c": "x"}
    (row,) = rows("llama-cpp-python", files)["backend"]
    assert (row["backend"], row["kind"], row["size_bytes"]) == ("cuda", "backend-folder", 3)
    assert row["path"] == ggml + "ggml-cuda"


def test_device_checks_of_transformers(rows) -> None:
    source = "def is_torch_npu_available(check=False): ...\ndef is_torch_available(): ...\n"
    (row,) = rows("transformers", {"src/transformers/utils/import_utils.py": source})["backend"]
    assert (row["backend"], row["kind"]) == ("npu", "device-check")


def test_an_artifact_without_metadata_still_has_a_release(wheel, parsed) -> None:
    got = parsed(Packages(), "made-1.0-py3-none-any.whl", wheel({"made/a.py": ""}))
    assert len(got.rows["raw_packages__release"]) == 1
    assert got.reasons == {"it has no metadata (METADATA or PKG-INFO)": 1}


def test_an_sdist_may_be_a_zip(wheel, parsed) -> None:
    files = {
        "vllm-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: vllm\nVersion: 1.0\nRequires-Dist: a\n",
        "vllm-1.0/vllm/platforms/cuda.py": "x",
        "vllm-1.0/vllm/_C.so": "x",
    }
    got = parsed(Packages(), "vllm-1.0.zip", wheel(files))
    assert got.row("raw_packages__release", kind="sdist")["tags"] is None
    assert got.row("raw_packages__backend", backend="cuda")["path"] == "vllm/platforms/cuda.py"
    assert "raw_packages__native_library" not in got.rows


def test_broken_entry_points_are_skipped(rows) -> None:
    got = rows("vllm-metal", {"x.egg-info/entry_points.txt": "no section = 1\n"})
    assert got["skipped"] == [
        ("vllm_metal-1.0.tar.gz/x.egg-info/entry_points.txt", "entry points can't be read")
    ]


def test_an_undated_artifact_needs_a_day(wheel) -> None:
    from underlay.errors import UnreadableError

    data = wheel({DIST: METADATA}, (1980, 1, 1))
    name = "torch-2.15.0-py3-none-any.whl"
    with pytest.raises(UnreadableError, match="no date"):
        list(Packages().parse(Snapshot("packages", name, data, "0" * 64)))
    given = Snapshot("packages", name, data, "0" * 64, dt.date(2026, 11, 1))
    (release,) = [
        batch.rows()[0] for batch in Packages().parse(given)
        if getattr(batch, "table", None) and batch.table.name.endswith("release")
    ]  # fmt: skip
    assert (release["date_basis"], release["observed_on"]) == ("given", dt.date(2026, 11, 1))
