"""What packages declare and what they bundle."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.wheel_deps import WheelDeps

SOURCE = WheelDeps()
REQUIREMENT = "raw_wheel_deps__requirement"
LIBRARY = "raw_wheel_deps__native_library"
SUMMARY = "raw_wheel_deps__vendor_summary"
READ = dt.date(2026, 11, 21)


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"wheel_deps/{name}"), READ)


def test_requirements_keep_marker_and_extra(read):
    result = read("wheel_requires.csv")
    assert len(result.rows[REQUIREMENT]) == 98
    assert not result.skipped
    row = result.row(REQUIREMENT, package="jax", required="libtpu")
    assert (row["extra"], row["is_optional"], row["vendor"]) == ("tpu", True, "Google")
    assert row["marker"] == 'extra == "tpu"'
    assert row["requirement"] == 'libtpu==0.0.50.*; extra == "tpu"'
    assert row["observed_on"] == READ


def test_torch_moved_its_requirements_into_extras_of_one_package(read):
    rows = read("wheel_requires.csv").rows[REQUIREMENT]
    torch = {"2.8.0": {}, "2.15.0": {}}
    for row in rows:
        if row["package"] == "torch" and row["vendor"] == "NVIDIA" and not row["is_optional"]:
            torch[row["version"]][row["required"]] = row["required_extras"]
    assert len(torch["2.8.0"]) == 14
    assert len(torch["2.15.0"]) == 6  # fewer names, not fewer parts
    extras = torch["2.15.0"]["cuda-toolkit"].split(",")
    assert {"cublas", "cudart", "nvrtc"} <= set(extras)
    assert len(extras) == 10


def test_vendors_are_guesses_by_name(read):
    rows = read("wheel_requires.csv").rows[REQUIREMENT]
    labels = {row["required"]: row["vendor"] for row in rows}
    assert labels["flashinfer-python"] == "NVIDIA"
    assert labels["mlx-cuda-12"] == "Apple"
    assert None in labels.values()


def test_a_release_is_read_for_several_platforms(read):
    rows = read("wheel_requires.csv").rows[REQUIREMENT]
    mlx = {row["platform"] for row in rows if row["package"] == "mlx"}
    assert mlx == {"linux-x86_64", "macos-arm64"}
    assert {row["artifact"] for row in rows} == {"wheel", "sdist"}


def test_native_libraries(read):
    result = read("wheel_native_libs.csv")
    assert len(result.rows[LIBRARY]) == 18
    row = result.row(LIBRARY, path="bitsandbytes/libbitsandbytes_cuda118.so")
    assert (row["size_bytes"], row["compressed_bytes"]) == (21879184, 5806791)
    assert row["backend"] == "CUDA"
    assert {"Ascend", "Intel-XPU", "ROCm", "CPU", None} <= {
        row["backend"] for row in result.rows[LIBRARY]
    }


def test_vendor_summary(read):
    result = read("wheel_vendor_summary.csv")
    row = result.row(SUMMARY, package="torch", version="2.15.0")
    assert (row["requirements_count"], row["nvidia_requirements_count"]) == (14, 6)
    assert row["vendor_counts"] == "NVIDIA=6;neutral-compiler=1"
    none = result.row(SUMMARY, package="gguf", version="0.19.0")
    assert (none["nvidia_requirements_count"], none["nvidia_packages"]) == (0, None)


@pytest.mark.parametrize("name", SOURCE.files)
def test_files_of_no_known_day_and_wrong_headers(parsed, sample, name):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, name, sample(f"wheel_deps/{name}"))
    with pytest.raises(SchemaError):
        parsed(SOURCE, name, b"one,two\n1,2\n", READ)


def test_bad_rows(parsed, sample):
    lines = sample("wheel_deps/wheel_native_libs.csv").decode().splitlines()
    lines[1] = lines[1].replace("63464", "big")
    lines[2] = lines[2].replace("21879184", "-1")
    lines[3] = lines[3].rpartition(",")[0]
    lines[4] = lines[5]
    result = parsed(SOURCE, "wheel_native_libs.csv", "\n".join(lines).encode(), READ)
    assert result.reasons == {
        "`size_bytes` is not a valid int64": 1,
        "`size_bytes` must be at least 0": 1,
        "number of cells differs from the header": 1,
        "repeats another row exactly (observed_on, package, version, path)": 1,
    }


def test_full_data(parsed, staged):
    folder = staged("stack/wheel-deps")
    rows = {}
    for name in SOURCE.files:
        result = parsed(SOURCE, name, (folder / name).read_bytes())
        assert not result.skipped, name
        rows.update(result.rows)
    assert {table: len(found) for table, found in rows.items()} == {
        REQUIREMENT: 11607,
        LIBRARY: 496,
        SUMMARY: 200,
    }
    # the summary counts packages, a requirement may stand twice under two markers
    required = defaultdict(set)
    key = ("package", "version", "platform", "artifact")
    for row in rows[REQUIREMENT]:
        if not row["is_optional"]:
            required[tuple(row[name] for name in key)].add(row["required"])
    for row in rows[SUMMARY]:
        found = required[tuple(row[name] for name in key)]
        assert len(found) == row["requirements_count"], row
