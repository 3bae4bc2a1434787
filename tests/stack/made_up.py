"""Stacks made up for tests, small enough to be counted by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from underlay.atlas.stack_contracts import EVIDENCE, STATUSES
from underlay.stack.parts import Build, Component, Need, Organisation, Stack, Statements
from underlay.stack.population import Listed

__all__ = ["MadeUp", "Model", "Row", "two_vendors"]

_USES = ("inference", "training", "both")


@dataclass(frozen=True)
class Row:
    """One statement; days are ISO dates."""

    runtime: str
    architecture: str = "any"
    backend: str = "any"
    file_format: str = "any"
    line: str = "any"
    use: str = "both"
    status: str = "yes"
    is_fallback: bool = False
    evidence: str = "packaged"
    first: str = "2025-01-01"
    last: str = "2026-01-01"
    version: str = "unknown"
    source: str = "made_up"
    path: str = "registry.py"


@dataclass(frozen=True)
class Model:
    name: str
    architecture: str
    downloads: float = 1.0
    country: str = "US"
    openness: str = "osi-licence"
    modality: str = "language"
    file_format: str = "safetensors"
    quantisation: str = "none"
    is_convertible: bool = False
    licence: str = "permissive"
    parameters: float = float("nan")


@dataclass
class MadeUp:
    """Parts to be made a stack of; change them before `stack`."""

    components: list[Component] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)

    def stack(self) -> Stack:
        components = {c.id: c for c in self.components}
        needs = list(self.needs)
        for build in self.builds:
            components.setdefault(build.id, Component(build.id, "build", build.id))
            needs.append(Need(build.id, "runtime", build.runtime))
            needs.append(Need(build.id, "toolchain", build.backend))
        ordered = tuple(components[name] for name in sorted(components))
        places = {c.id: n for n, c in enumerate(ordered)}
        named = {r.architecture for r in self.rows} | {m.architecture for m in self.models}
        architectures = tuple(sorted(named - {"any", "unknown"}))
        formats = tuple(sorted({r.file_format for r in self.rows} - {"any"}))

        def codes(values: list[str], names: dict[str, int]) -> Any:
            return np.array([-1 if v == "any" else names[v] for v in values], dtype=np.int32)

        def days(values: list[str]) -> Any:
            return np.array(
                [
                    (dt.date.fromisoformat(v) - dt.date(1970, 1, 1)).days if v else -1
                    for v in values
                ],
                dtype=np.int64,
            )

        rows = self.rows
        statements = Statements(
            codes([r.runtime for r in rows], places),
            codes([r.backend for r in rows], places),
            codes([r.architecture for r in rows], {a: n for n, a in enumerate(architectures)}),
            codes([r.file_format for r in rows], {f: n for n, f in enumerate(formats)}),
            codes([r.line for r in rows], places),
            np.array([_USES.index(r.use) for r in rows], dtype=np.int32),
            np.array([STATUSES.index(r.status) for r in rows], dtype=np.int32),
            np.array([r.is_fallback for r in rows], dtype=bool),
            np.array([EVIDENCE.index(r.evidence) for r in rows], dtype=np.int32),
            days([r.first for r in rows]),
            days([r.last for r in rows]),
            np.array(["project"] * len(rows), dtype=object),
            np.array([r.source for r in rows], dtype=object),
            np.array([r.version for r in rows], dtype=object),
            np.array([r.path for r in rows], dtype=object),
        )
        listed = self.listed()
        owners = {o.id: o for o in self.organisations}
        licences = tuple(sorted({m.licence for m in self.models}))
        return Stack(
            ordered, tuple(needs), tuple(self.builds), statements, architectures, formats, owners,
            lambda _: listed, lambda name: self.listed([m for m in self.models if m.name == name]),
            licences,
        )  # fmt: skip

    def listed(self, models: list[Model] | None = None) -> Listed:
        models = self.models if models is None else models

        def column(name: str) -> Any:
            return np.array([getattr(m, name) for m in models], dtype=object)

        return Listed(
            "os_ai_map", "2026-06-10", np.arange(len(models)), column("name"), column("country"),
            column("country"), column("openness"), column("modality"), column("architecture"),
            np.array(["published"] * len(models), dtype=object),
            np.array([""] * len(models), dtype=object), column("file_format"),
            column("quantisation"), np.array([m.is_convertible for m in models], dtype=bool),
            column("licence"), np.array([m.parameters for m in models], dtype=np.float64),
            {
                "models": np.ones(len(models)),
                "downloads": np.array([m.downloads for m in models], dtype=np.float64),
            },
            {"tokens": "none in a made-up list"},
        )  # fmt: skip


def two_vendors() -> MadeUp:
    """Two designers at one foundry, a third of unknown foundry, one engine on two toolchains."""
    made = MadeUp()
    made.organisations = [
        Organisation("nvidia", "NVIDIA", "US"),
        Organisation("amd", "AMD", "US"),
        Organisation("huawei", "Huawei", "CN"),
        Organisation("tsmc", "TSMC", "TW"),
        Organisation("mellanox", "Mellanox", "IL", "nvidia", dt.date(2020, 4, 27)),
    ]

    def silicon(name: str, owner: str, country: str, memory: float) -> Component:
        entity = f"accelerator:{name}"
        return Component(entity, "accelerator", name, owner, country, "silicon", None, "", memory)

    def tools(name: str, owner: str, country: str, is_open: bool | None, licence: str) -> Component:
        entity = f"toolchain:{name}"
        return Component(
            entity, "toolchain", name.upper(), owner, country, "toolchain", is_open, licence
        )

    def code(layer: str, name: str, owner: str, licence: str) -> Component:
        return Component(f"{layer}:{name}", layer, name, owner, "US", "code", True, licence)

    made.components = [
        code("runtime", "vllm", "vllm", "Apache-2.0"),
        code("runtime", "tei", "nvidia", "Apache-2.0"),
        code("package", "torch", "pytorch", "BSD-3-Clause"),
        tools("cuda", "nvidia", "US", False, "LicenseRef-nvidia"),
        tools("rocm", "amd", "US", True, "MIT"),
        tools("cann", "huawei", "CN", None, ""),
        tools("cpu", "unknown", "unknown", True, ""),
        silicon("hopper", "nvidia", "US", 8e10),
        silicon("cdna3", "amd", "US", 1.9e11),
        silicon("ascend", "huawei", "CN", 6e10),
        silicon("cpu", "unknown", "unknown", 1e12),
        Component("foundry:tsmc", "foundry", "TSMC", "tsmc", "TW", "fabrication"),
    ]
    made.needs = [
        Need("runtime:vllm", "framework", "package:torch"),
        Need("toolchain:cuda", "accelerator", "accelerator:hopper"),
        Need("toolchain:rocm", "accelerator", "accelerator:cdna3"),
        Need("toolchain:cann", "accelerator", "accelerator:ascend"),
        Need("toolchain:cpu", "accelerator", "accelerator:cpu"),
        Need("accelerator:hopper", "foundry", "foundry:tsmc"),
        Need("accelerator:cdna3", "foundry", "foundry:tsmc"),
        Need("accelerator:ascend", "foundry", "unknown"),
    ]
    made.builds = [
        Build("build:vllm/cuda", "runtime:vllm", "toolchain:cuda"),
        Build("build:vllm/rocm", "runtime:vllm", "toolchain:rocm"),
        Build("build:vllm/cann", "runtime:vllm", "toolchain:cann", has_own_registry=True),
        Build("build:vllm/cpu", "runtime:vllm", "toolchain:cpu", "cpu"),
        Build("build:tei/cuda", "runtime:tei", "toolchain:cuda"),
    ]
    made.rows = [
        Row("runtime:vllm", "Both"),
        Row("runtime:vllm", "Both", "toolchain:rocm", evidence="ci"),
        Row("runtime:vllm", "Denied"),
        Row("runtime:vllm", "Denied", "toolchain:rocm", status="no", evidence="documented"),
        Row("runtime:tei", "Closed"),
        Row("runtime:vllm", "Ascended"),
        Row("runtime:vllm", "Ascended", "toolchain:cann", evidence="documented"),
        Row("runtime:vllm", file_format="safetensors"),
    ]
    made.models = [
        Model("a/both", "Both", 50, "US"),
        Model("a/denied", "Denied", 20, "FR"),
        Model("a/closed", "Closed", 15, "CN"),
        Model("a/ascended", "Ascended", 10, "CN"),
        Model("a/mystery", "unknown", 5, "CN"),
    ]
    return made
