"""The support matrix: registries, their history, backends, vendors' tables."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.support_matrix import SupportMatrix

SOURCE = SupportMatrix()
RAW = "raw_support_matrix__"
NOVEMBER = dt.date(2026, 11, 1)


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"support_matrix/{name}"))


def test_architectures(read):
    result = read("runtime_architectures.csv")
    rows = result.rows[RAW + "architecture"]
    assert len(rows) == 90
    assert not result.skipped
    row = result.row(RAW + "architecture", runtime="mlx-lm", architecture="qwen3")
    assert row["architecture_kind"] == "hf_model_type"
    assert (row["observed_on"], row["day_precision"]) == (dt.date(2026, 8, 22), "day")
    assert row["artifact"] == "d78bf58e217c904ec282ed8da9b947491f78c022"


def test_a_class_in_two_groups_of_a_registry_stands_twice(read):
    rows = read("runtime_architectures.csv").rows[RAW + "architecture"]
    name, llama = "Qwen2VLForConditionalGeneration", "LlamaForCausalLM"
    found = [r for r in rows if (r["runtime"], r["architecture"]) == ("vLLM", name)]
    assert sorted(r["category"] for r in found) == ["embedding", "multimodal"]
    # and Transformers gives one class to several model types
    found = [r for r in rows if (r["runtime"], r["architecture"]) == ("transformers", llama)]
    assert [r["note"] for r in found] == [
        "model_type=internlm3",
        "model_type=iquestcoder",
        "model_type=llama",
    ]


def test_a_month_and_an_undated_page_keep_their_words(read):
    rows = read("runtime_architectures.csv").rows[RAW + "architecture"]
    days = {r["runtime"]: (r["observed_on"], r["day_precision"], r["source_date"]) for r in rows}
    assert days["vLLM"] == (NOVEMBER, "month", "2026-11")
    assert days["TensorRT-LLM"] == (dt.date(2026, 1, 1), "year", "2026 (undated index copy)")


def test_what_was_removed_is_no_support_and_says_since_when(read):
    rows = read("runtime_architectures.csv").rows[RAW + "architecture"]
    removed = {r["architecture"]: r["note"] for r in rows if r["status"] == "removed"}
    assert removed == {"MotifForCausalLM": "0.10.2", "Phi3SmallForCausalLM": "0.9.2"}
    assert "supported-via-transformers" in {r["status"] for r in rows}


def test_the_fixed_days_of_rebuildable_wheels_are_null(read):
    result = read("runtime_architectures_history.csv")
    rows = result.rows[RAW + "architecture_history"]
    gguf = [r for r in rows if r["runtime"] == "llama.cpp(gguf-py)"]
    assert gguf
    assert all(r["built_on"] is None for r in gguf)
    others = [r for r in rows if r not in gguf]
    assert min(r["built_on"] for r in others) == dt.date(2023, 6, 13)
    # the file states no day of its own: its newest wheel does
    assert {r["observed_on"] for r in rows} == {dt.date(2026, 11, 13)}


def test_a_class_listed_twice_in_one_registry_is_skipped_once(read):
    result = read("runtime_architectures_history.csv")
    reason = "repeats another row exactly (observed_on, runtime, version, architecture, registry)"
    assert set(result.reasons) == {reason}
    assert len(result.rows[RAW + "architecture_history"]) + result.reasons[reason] == 55


def test_releases_of_runtimes(read):
    result = read("runtime_versions_history.csv")
    row = result.row(RAW + "runtime_version", runtime="vLLM", version="0.33.0")
    assert (row["built_on"], row["entries_count"]) == (NOVEMBER, 411)
    assert row["platform_modules"] == "cpu cuda rocm tpu xpu zen_cpu"
    old = result.row(RAW + "runtime_version", runtime="vLLM", version="0.2.7")
    assert old["platform_modules"] is None
    assert not result.skipped


def test_backends_keep_the_words_of_each_project(read):
    result = read("runtime_backends.csv")
    rows = result.rows[RAW + "backend"]
    assert len(rows) == 86
    assert not result.skipped
    tpu = result.row(RAW + "backend", runtime="vLLM", backend="tpu")
    assert (tpu["status"], tpu["version"]) == ("in-tree-stub+plugin", "0.33.0")
    assert {"UK", None} <= {r["vendor_country"] for r in rows}
    statuses = {r["status"] for r in rows}
    assert {"preview, community-maintained", "DeviceType enum", "enum-only/plugin"} <= statuses
    metal = [r["status"] for r in rows if (r["runtime"], r["backend"]) == ("vLLM", "metal")]
    assert len(metal) == 2  # two places of the same release


def test_backends_are_dated_by_what_was_read(read):
    rows = read("runtime_backends.csv").rows[RAW + "backend"]
    days = {r["runtime"]: (r["observed_on"], r["day_precision"]) for r in rows}
    assert days["vLLM"] == (NOVEMBER, "day")
    assert days["ONNX Runtime"] == (dt.date(2023, 1, 1), "year")  # an old page
    assert days["FlagTree (Triton fork)"] == (dt.date(2026, 11, 21), "latest")
    assert days["Ollama"] == (dt.date(2026, 6, 17), "day")
    assert days["llama.cpp"] == (dt.date(2026, 10, 1), "day")


def test_a_backend_read_in_another_release_needs_a_day(parsed, sample):
    data = sample("support_matrix/runtime_backends.csv")
    data = data.replace(b"wheel tinygrad-0.14.0", b"wheel tinygrad-0.15.0")
    result = parsed(SOURCE, "runtime_backends.csv", data)
    assert result.reasons == {"`observed_on` is empty": 2}
    result = parsed(SOURCE, "runtime_backends.csv", data, dt.date(2026, 12, 1))
    assert not result.skipped
    rows = result.rows[RAW + "backend"]
    days = {r["observed_on"] for r in rows if r["runtime"] == "tinygrad"}
    assert days == {dt.date(2026, 12, 1)}
    assert NOVEMBER in {r["observed_on"] for r in rows}


def test_ascend_models_with_and_without_hardware(read):
    result = read("vllm_ascend_supported_models.csv")
    assert len(result.rows[RAW + "ascend_model"]) == 14
    row = result.row(RAW + "ascend_model", model_family="Llama4")
    assert (row["hardware"], row["status"], row["note"]) == (None, "unsupported", "1972")
    assert row["observed_on"] == dt.date(2026, 8, 22)
    untested = result.row(RAW + "ascend_model", model_family="Ultravox")
    assert untested["status"] == "untested"  # which is no "no"


def test_first_seen_keeps_an_empty_status_unknown(read):
    result = read("vllm_ascend_first_seen.csv")
    assert not result.skipped
    row = result.row(RAW + "ascend_first_seen", model_family="Baichuan", status=None)
    assert row["first_seen_on"] == dt.date(2025, 3, 13)
    assert row["observed_on"] == dt.date(2026, 8, 20)


def test_releases_of_vllm_ascend_and_branches_stand_in_one_file(read):
    result = read("vllm_ascend_release_compat.csv")
    assert not result.skipped
    assert len(result.rows[RAW + "ascend_release"]) == 36
    row = result.row(RAW + "ascend_release", version="v0.23.0")
    assert (row["vllm_version"], row["cann_version"]) == ("v0.23.0", "9.1.0")
    assert (row["triton_ascend_version"], row["mooncake_version"]) == ("3.2.2", "v0.3.11.post1")
    assert row["observed_on"] == dt.date(2026, 8, 20)
    old = result.row(RAW + "ascend_release", version="v0.7.3")
    assert (old["triton_ascend_version"], old["mooncake_version"]) == (None, None)
    branch = result.row(RAW + "ascend_branch", branch="v0.7.1-dev")
    assert (branch["status"], branch["note"]) == ("Unmaintained", "Replaced by v0.7.3-dev")
    assert len(result.rows[RAW + "ascend_branch"]) == 4


def test_a_release_table_of_another_shape(parsed, sample):
    name = "vllm_ascend_release_compat.csv"
    data = sample(f"support_matrix/{name}")
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, name, data + b"v0.99.0,v0.99.0,3,9,2,3,1\n")
    result = parsed(SOURCE, name, data + b"one,two\n", dt.date(2026, 9, 1))
    assert result.reasons == {"neither a release nor a branch": 1}
    assert len(result.rows[RAW + "ascend_release"]) == 36
    with pytest.raises(SchemaError, match="vLLM Ascend"):
        parsed(SOURCE, name, data.replace(b"Stable CANN", b"CANN"), dt.date(2026, 9, 1))
    with pytest.raises(SchemaError, match="none"):
        parsed(SOURCE, name, b"", dt.date(2026, 9, 1))
    with pytest.raises(UnreadableError):
        parsed(SOURCE, name, data + b'"open', dt.date(2026, 9, 1))


def test_sglang_on_ascend_has_ticks_only(read):
    rows = read("sglang_ascend_supported_models.csv").rows[RAW + "sglang_ascend_model"]
    assert {r["status"] for r in rows} == {"supported"}
    assert {(r["observed_on"], r["day_precision"]) for r in rows} == {(dt.date(2026, 1, 1), "year")}
    gemma = [r["category"] for r in rows if r["model"] == "google/gemma-3-4b-it"]
    assert sorted(gemma) == ["LLM", "LLM", "multimodal", "multimodal"]


def test_lmdeploy_tells_no_from_not_verified(read):
    result = read("lmdeploy_model_platform_support.csv")
    rows = result.rows[RAW + "lmdeploy_model"]
    assert len(rows) == 16
    assert {r["status"] for r in rows} == {
        "supported",
        "supported-partial",
        "unsupported",
        "unverified",
    }
    assert {r["observed_on"] for r in rows} == {dt.date(2026, 8, 21)}


def test_vllm_features_by_hardware(read):
    result = read("vllm_feature_quant_by_hardware.csv")
    rows = result.rows[RAW + "vllm_feature"]
    assert len(rows) == 28
    assert {r["support"] for r in rows} == {"yes", "yes*", "no", "unknown"}
    assert "Blackwell" not in {r["hardware"] for r in rows}
    assert {r["observed_on"] for r in rows} == {NOVEMBER}


def test_models_that_vllm_validated(read):
    result = read("vllm_validated_models_xpu_cpu.csv")
    found = [r for r in result.rows[RAW + "vllm_validated_model"] if r["model"] == "Qwen/Qwen3-14B"]
    assert {r["backend"]: r["precision"] for r in found} == {"xpu": "BF16/Online FP8", "cpu": None}


def test_a_class_that_says_nothing_of_a_kernel_is_not_without_it(read):
    rows = read("transformers_attention_support_flags.csv").rows[RAW + "attention_flag"]
    assert {r["has_flash_attention"] for r in rows} == {True, False, None}
    assert {r["observed_on"] for r in rows} == {dt.date(2026, 11, 13)}


def test_flaggems(read):
    operators = read("flaggems_operators.csv")
    assert operators.row(RAW + "flaggems_operator", operator="mm")["kind"] == "BLAS"
    vendors = read("flaggems_vendor_op_overrides.csv").rows[RAW + "flaggems_vendor_operator"]
    assert {r["operator"] for r in vendors} == {"mm", "addmm"}
    tests = read("flaggems_ci_backends.json")
    assert len(tests.rows[RAW + "flaggems_ci"]) == 16
    off = tests.row(RAW + "flaggems_ci", backend="nvidia-cuda128")
    assert (off["is_enabled"], off["observed_on"]) == (False, dt.date(2026, 8, 21))
    assert tests.row(RAW + "flaggems_ci", backend="sunrise")["gpu_check"] is None


def test_broken_tests_of_flaggems(parsed, sample):
    name, day = "flaggems_ci_backends.json", dt.date(2026, 9, 1)
    entries = json.loads(sample(f"support_matrix/{name}"))
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, name, json.dumps(entries).encode())
    del entries[0]["enabled"]
    data = json.dumps([*entries, "x", {**entries[1], "backend": ["x"]}]).encode()
    result = parsed(SOURCE, name, data, day)
    assert result.reasons == {
        "no object, or one with lists in it": 2,
        "`is_enabled` is empty": 1,
    }
    assert len(result.rows[RAW + "flaggems_ci"]) == 15
    for data, message in ((b"{}", "no list"), (b"[", "not JSON")):
        with pytest.raises(UnreadableError, match=message):
            parsed(SOURCE, name, data, day)


@pytest.mark.parametrize("name", [name for name in SOURCE.files if name.endswith(".csv")])
def test_a_wrong_header(parsed, name):
    with pytest.raises(SchemaError):
        parsed(SOURCE, name, b"one,two\n1,2\n", dt.date(2026, 9, 1))


def test_bad_cells(parsed, sample):
    lines = sample("support_matrix/runtime_versions_history.csv").decode().splitlines()
    lines[1] = lines[1].replace(",25,", ",many,")
    lines[2] = lines[2].replace("2026-06-15", "June")
    lines[3] = lines[3].replace("0.33.0", "")
    lines[4] = lines[4][:20]
    result = parsed(SOURCE, "runtime_versions_history.csv", "\n".join(lines).encode())
    assert result.reasons == {
        "`entries_count` is not a valid int64": 1,
        "`built_on` is not a valid date": 1,
        "`version` is empty": 1,
        "number of cells differs from the header": 1,
    }


FULL = {
    "architecture": 1882,
    "architecture_history": 7939,
    "runtime_version": 45,
    "backend": 179,
    "ascend_model": 99,
    "ascend_first_seen": 201,
    "ascend_release": 36,
    "ascend_branch": 4,
    "sglang_ascend_model": 160,
    "lmdeploy_model": 648,
    "vllm_feature": 201,
    "vllm_validated_model": 91,
    "attention_flag": 545,
    "flaggems_operator": 1052,
    "flaggems_vendor_operator": 1433,
    "flaggems_ci": 16,
}


def test_full_data(parsed, staged):
    folder = staged("stack/support-matrix")
    counts, skipped, rows = {}, Counter(), {}
    for path in sorted(folder.iterdir()):
        result = parsed(SOURCE, path.name, path.read_bytes())
        counts.update({t.removeprefix(RAW): len(found) for t, found in result.rows.items()})
        rows.update(result.rows)
        skipped.update(result.reasons)
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                lines = sum(1 for _ in csv.reader(file)) - 1
            found = sum(map(len, result.rows.values()))
            assert found + sum(result.reasons.values()) == lines, path.name
    assert counts == FULL
    assert list(skipped.values()) == [89]
    history = {(r["runtime"], r["version"]) for r in rows[RAW + "architecture_history"]}
    assert history == {(r["runtime"], r["version"]) for r in rows[RAW + "runtime_version"]}
    assert len({r["architecture"] for r in rows[RAW + "architecture"]}) == 1038
