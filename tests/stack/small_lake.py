"""A small lake with a made-up stack: three runtimes, five toolchains, ten models.

Everything in it can be counted by hand; each facet of the analyses changes something.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from underlay.atlas.contracts import CORE
from underlay.lake import Lake
from underlay.lake.write import Transaction
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from underlay.tables import Table

__all__ = ["LISTED_ON", "MODELS", "filled", "stack_tables", "tables", "write_lake"]

Rows = list[dict[str, Any]]
LISTED_ON = dt.date(2026, 6, 10)
NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)

_EMPTY = {
    "string": "unknown",
    "int32": 0,
    "int64": 0,
    "float64": 0.0,
    "bool": False,
    "date": LISTED_ON,
}

# name, maker, downloads, class, format, quantisation, modality, openness
MODELS = (
    ("acme/wide", "acme", 400, "Wide", "safetensors", "none", "language", "osi-licence"),
    ("bo/wide", "bo", 200, "Wide", "safetensors", "fp8", "language", "osi-licence"),
    ("bo/gguf", "bo", 100, "Wide", "gguf", "gguf-q4", "language", "custom-licence"),
    ("acme/closed", "acme", 90, "Cuda", "safetensors", "none", "language", "custom-licence"),
    ("dora/denied", "dora", 80, "Denied", "safetensors", "none", "language", "osi-licence"),
    ("bo/ascended", "bo", 60, "Ascended", "safetensors", "none", "language", "osi-licence"),
    ("x/mystery", "unknown", 40, "unknown", "unknown", "unknown", "language", "unknown"),
    ("x/tiny-random-wide", "unknown", 20, "Wide", "safetensors", "none", "language",
     "none-declared"),
    ("dora/general", "dora", 10, "General", "safetensors", "none", "language", "osi-licence"),
    ("acme/embed", "acme", 500, "Wide", "safetensors", "none", "embedding", "osi-licence"),
)  # fmt: skip
COUNTRIES = {
    "acme": "US", "bo": "CN", "dora": "FR", "unknown": "unknown", "nvidia": "US", "amd": "US",
    "huawei": "CN", "apple": "US", "tsmc": "TW", "smic": "CN", "huggingface": "US", "pytorch": "US",
}  # fmt: skip


def _component(name: str, owner: str, scope: str, called: str, **more: object) -> dict[str, Any]:
    return {
        "component_id": name, "layer": name.partition(":")[0], "name": called,
        "organisation_id": owner, "country": COUNTRIES[owner], "scope": scope, "source": "curated",
        "reason": "made up", **more,
    }  # fmt: skip


def _need(owner: str, slot: str, provider: str) -> dict[str, Any]:
    return {
        "component_id": owner, "slot": slot, "provider_id": provider, "use": "both",
        "evidence": "packaged", "stated_by": "project", "source": "packages",
    }  # fmt: skip


def _build(runtime: str, backend: str, **more: object) -> dict[str, Any]:
    return {
        "build_id": f"build:{runtime}/{backend}", "runtime_id": f"runtime:{runtime}",
        "backend_id": f"toolchain:{backend}", "route_class": "serving", "use": "both",
        "delivery": "in-tree", "status": "yes", "evidence": "packaged", "stated_by": "project",
        "source": "packages", "first_seen_on": dt.date(2025, 3, 1), **more,
    }  # fmt: skip


def _says(runtime: str, architecture: str = "any", backend: str = "any", **more: object) -> Any:
    return {
        "runtime_id": f"runtime:{runtime}", "architecture_id": architecture,
        "backend_id": backend if backend == "any" else f"toolchain:{backend}",
        "weight_format": "any", "accelerator_id": "any", "use": "both", "status": "yes",
        "evidence": "packaged", "stated_by": "project", "source": "packages", "version": "1.0",
        "path": "registry.py", "first_seen_on": dt.date(2025, 3, 1),
        "last_seen_on": dt.date(2026, 5, 1), **more,
    }  # fmt: skip


def stack_tables() -> dict[str, Rows]:
    """The tables of the stack, but for what models need."""
    open_code = {"is_open": True, "licence": "Apache-2.0"}
    silicon, tools = "silicon", "toolchain"
    return {
        "stack_component": [
            _component("runtime:vllm", "pytorch", "code", "vLLM", **open_code),
            _component("runtime:llama.cpp", "unknown", "code", "llama.cpp", is_open=True,
                       licence="MIT"),
            _component("runtime:transformers", "huggingface", "code", "Transformers", **open_code),
            _component("package:transformers", "huggingface", "code", "Transformers", **open_code),
            _component("package:torch", "pytorch", "code", "PyTorch", is_open=True,
                       licence="BSD-3-Clause"),
            _component("api:cuda", "nvidia", "code", "CUDA interface"),
            _component("toolchain:cuda", "nvidia", tools, "CUDA", is_open=False),
            _component("toolchain:rocm", "amd", tools, "ROCm", **open_code),
            _component("toolchain:cann", "huawei", tools, "CANN", is_open=False),
            _component("toolchain:metal", "apple", tools, "Metal", is_open=False),
            _component("toolchain:cpu", "unknown", tools, "CPU", is_open=True),
            _component("accelerator:hopper", "nvidia", silicon, "Hopper", memory_bytes=8e10),
            _component("accelerator:cdna3", "amd", silicon, "CDNA 3", memory_bytes=1.9e11),
            _component("accelerator:ascend", "huawei", silicon, "Ascend", memory_bytes=6e10),
            _component("accelerator:apple-m", "apple", silicon, "Apple silicon",
                       memory_bytes=1.2e11),
            _component("accelerator:cpu", "unknown", silicon, "processors", memory_bytes=1e12),
            _component("designer:nvidia", "nvidia", silicon, "NVIDIA"),
            _component("foundry:tsmc", "tsmc", "fabrication", "TSMC"),
            _component("foundry:smic", "smic", "fabrication", "SMIC"),
        ],
        "requires": [
            _need("runtime:vllm", "framework", "package:torch"),
            _need("runtime:vllm", "models", "package:transformers"),
            _need("runtime:transformers", "framework", "package:torch"),
            _need("toolchain:cuda", "interface", "api:cuda"),
            _need("toolchain:rocm", "interface", "api:cuda"),
            _need("toolchain:cuda", "accelerator", "accelerator:hopper"),
            _need("toolchain:rocm", "accelerator", "accelerator:cdna3"),
            _need("toolchain:cann", "accelerator", "accelerator:ascend"),
            _need("toolchain:metal", "accelerator", "accelerator:apple-m"),
            _need("toolchain:cpu", "accelerator", "accelerator:cpu"),
            _need("accelerator:hopper", "designer", "designer:nvidia"),
            _need("accelerator:hopper", "dies", "foundry:tsmc"),
            _need("accelerator:cdna3", "dies", "foundry:tsmc"),
            _need("accelerator:apple-m", "dies", "foundry:tsmc"),
            _need("accelerator:ascend", "dies", "foundry:smic"),
            _need("accelerator:ascend", "dies", "foundry:tsmc"),
            _need("accelerator:cpu", "dies", "unknown"),
        ],
        "stack_build": [
            _build("vllm", "cuda"),
            _build("vllm", "rocm", first_seen_on=dt.date(2025, 8, 1)),
            _build("vllm", "cann", has_own_registry=True, delivery="plugin"),
            _build("vllm", "cpu", route_class="cpu"),
            _build("llama.cpp", "metal", is_registry_closed=True),
            _build("llama.cpp", "cuda", is_registry_closed=True),
            _build("transformers", "cuda", route_class="runs"),
            _build("transformers", "rocm", route_class="runs"),
        ],
        "support": [
            _says("vllm", "Wide"),
            _says("vllm", "Wide", "cuda", evidence="measured", source="mlperf",
                  stated_by="vendor", version="5.1", path="results"),
            _says("vllm", "Wide", "rocm", evidence="ci", path="tests/amd.yaml"),
            _says("vllm", "Cuda", "cuda", evidence="documented", path="docs/models.md"),
            _says("vllm", "Cuda", "rocm", status="no", evidence="documented"),
            _says("vllm", "Cuda", "cann", status="no", evidence="documented"),
            _says("vllm", "Denied"),
            _says("vllm", "Denied", "rocm", status="no", evidence="documented"),
            _says("vllm", "Ascended"),
            _says("vllm", "Ascended", "cann", evidence="documented", stated_by="vendor"),
            _says("transformers", "General", is_fallback=True),
            _says("llama.cpp", "Wide", first_seen_on=dt.date(2025, 6, 1)),
            _says("vllm", weight_format="safetensors"),
            _says("transformers", weight_format="safetensors"),
            _says("vllm", weight_format="fp8", backend="cuda"),
            _says("llama.cpp", weight_format="gguf"),
        ],
        "architecture": [
            {"architecture_id": name, "head": "causal-lm"}
            for name in ("Ascended", "Cuda", "Denied", "General", "Wide")
        ],
    }  # fmt: skip


def tables() -> dict[str, Rows]:
    """All tables that the lake has rows of."""
    numbers = range(len(MODELS))
    return {
        **stack_tables(),
        "organisation": [
            {"organisation_id": name, "name": name.title(), "country": country}
            for name, country in COUNTRIES.items()
        ],
        "model": [
            {
                "model_id": n, "name": MODELS[n][0], "platform": "huggingface",
                "account": MODELS[n][0].split("/")[0], "organisation_id": MODELS[n][1],
                "modality": MODELS[n][6], "openness": MODELS[n][7], "licence_class": "osi",
                "copy_kind": "original", "parameters_count": 8_000_000_000,
            }
            for n in numbers
        ],
        "alias": [
            {"platform": "huggingface", "name": MODELS[n][0], "model_id": n, "method": "exact",
             "reason": "same"}
            for n in numbers
        ],
        "requirement": [
            {
                "model_id": n, "architecture_id": MODELS[n][3], "method": "published",
                "reason": "says so", "weight_format": MODELS[n][4], "quantisation": MODELS[n][5],
                "is_convertible": MODELS[n][5] == "none",
            }
            for n in numbers
        ],
        "observation": [
            {
                "listing": listing, "metric": "downloads_30d_count", "observed_on": LISTED_ON,
                "model_id": n, "value": value, "is_fresh": True, "source": listing,
            }
            for n in numbers
            for listing, value in (
                ("os_ai_map", float(MODELS[n][2])),
                *((("llmfit", 100.0),) if MODELS[n][3] in ("Wide", "Denied") else ()),
            )
        ],
        "source": [
            {"source": name, "title": f"List {name}", "licence": "MIT",
             "url": f"https://example.org/{name}", "may_redistribute": "rows",
             "last_observed_on": LISTED_ON}
            for name in ("os_ai_map", "llmfit", "packages", "mlperf", "curated")
        ],
    }  # fmt: skip


def filled(table: Table, rows: Rows) -> Batch:
    """A batch in which a required column that a row leaves out is empty or zero."""
    blank = {column.name: _EMPTY[column.type] for column in table.columns if column.required}
    return Batch.from_rows(table, [blank | row for row in rows])


def write_lake(root: Path, changed: Mapping[str, Rows] | None = None) -> Lake:
    """Write it; tables in `changed` stand in place of the usual ones."""
    root.mkdir(parents=True, exist_ok=True)
    content = {**tables(), **(changed or {})}
    transaction = Transaction(root)
    for table in CORE:
        batch = filled(table, content.get(table.name.removeprefix("core__"), []))
        batch.check()
        transaction.replace(batch)
    transaction.commit(NOW)
    return Lake(root)
