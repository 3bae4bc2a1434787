"""How closely packages are tied to toolchains: what they declare, bundle, refer to, and measured.

Four ways of telling, never added up: a package that declares nothing may bundle everything, and
the word `cuda` in code shows a tie to the interface, which others offer too, not to a chip.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN
from underlay.atlas.stack_wheels import newest_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from underlay.atlas.stack_builds import Names

__all__ = ["bundled_rows", "declared_rows", "measured_rows", "referring_rows"]

NONE = "none"  # read, and tied to nothing
# libraries whose name tells a toolchain; kernels that only run there have names of their own and
# are not counted, since a name pattern would be a guess
_LIBRARIES = (
    (re.compile(r"^(cuda-|nvidia-|tensorrt($|-)|jax-cuda|nixl)"), "cuda"),
    (re.compile(r"^(amd-.*(rocm|hip|miopen|rccl)|jax-rocm|rocm)"), "rocm"),
    (re.compile(r"^(torch-npu|triton-ascend|memfabric-hybrid|memcache-hybrid)"), "cann"),
    (re.compile(r"^(torch-musa|mthreads-ml-py|torchada)"), "musa"),
    (re.compile(r"^(libtpu|torch-xla|tpu-info)"), "tpu"),
    (re.compile(r"^(neuronx|libneuronxla|torch-neuron)"), "neuron"),
    (re.compile(r"^(intel-(sycl-rt|cmplr-lib-ur|extension-for-py)|dpcpp-cpp-rt)"), "oneapi"),
    (re.compile(r"^openvino($|-)"), "openvino"),
    (re.compile(r"^(mlx-metal|coremltools)"), "metal"),
    (re.compile(r"^habana"), "gaudi"),
)  # fmt: skip
# what a rule of the coupling scan found -> component; the interface apart from its vendor's own
_REFERENCES = (
    (re.compile(r"^(literal_cuda|torch\.cuda\.\*|\.cuda\(\)|torch\.version\.cuda)$"), "api:cuda"),
    (re.compile(r"^platform_check:is_(torch_)?cuda(_available|_alike)?$"), "api:cuda"),
    (re.compile(r"^nv_import:"), "toolchain:cuda"),
    (re.compile(r"(hip|rocm|aiter)"), "toolchain:rocm"),
    (re.compile(r"(npu|hccl)"), "toolchain:cann"),
    (re.compile(r"musa|mccl"), "toolchain:musa"),
    (re.compile(r"mlu|cncl"), "toolchain:cambricon"),
    (re.compile(r"xpu|xccl"), "toolchain:oneapi"),
    (re.compile(r"hpu|habana"), "toolchain:gaudi"),
    (re.compile(r"mps|:mlx$"), "toolchain:metal"),
    (re.compile(r"xla|tpu"), "toolchain:tpu"),
    (re.compile(r"neuron"), "toolchain:neuron"),
    (re.compile(r"is_cpu|gloo"), "toolchain:cpu"),
)


def _row(
    package: str, version: str, way: str, provider: str, count: float, unit: str, **more: Any
) -> dict[str, Any]:
    return {
        "package": package,
        "version": version,
        "way": way,
        "provider_id": provider,
        "count": float(count),
        "unit": unit,
        **more,
    }


def declared_rows(requirements: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Libraries of a toolchain among the hard requirements of each package's newest release.

    Extras count one each: `cuda-toolkit[cublas,cudart]` asks for two libraries.
    """
    hard = [row for row in requirements if not row["is_optional"]]
    newest = newest_release(requirements)
    asked: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    about: dict[tuple[str, str], Mapping[str, Any]] = {}
    every: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in hard:
        if newest.get(row["package"]) != row["version"]:
            continue
        key = _name(row["package"]), row["version"]
        about.setdefault(key, row)
        name = _name(row["required"])
        wanted = {f"{name}[{each}]" for each in (row["extras"] or "").split(",") if each} or {name}
        every[key] |= wanted
        toolchain = next((found for rule, found in _LIBRARIES if rule.search(name)), None)
        if toolchain:
            asked[key][toolchain] |= wanted
    for key, row in sorted(about.items()):
        for toolchain, wanted in sorted(asked[key].items()) or [("", set())]:
            yield _row(
                *key,
                "declares",
                f"toolchain:{toolchain}" if toolchain else NONE,
                len(wanted),
                "libraries",
                total=float(len(every[key])),
                path=", ".join(sorted(wanted)[:12]) or "no library of a toolchain",
                source=row["source"],
                last_seen_on=row["observed_on"],
            )


def bundled_rows(libraries: Iterable[Mapping[str, Any]], names: Names) -> Iterator[dict[str, Any]]:
    """Native libraries inside each package's newest release, by the toolchain of their names."""
    rows = list(libraries)
    newest = newest_release(rows)
    files: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if newest.get(row["package"]) == row["version"]:
            toolchain = names.toolchain(row["backend"])
            provider = f"toolchain:{toolchain}" if toolchain else UNKNOWN
            files[_name(row["package"]), row["version"], provider].append(row)
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for (package, version, _), found in files.items():
        totals[package, version] += len(found)
    for (package, version, provider), found in sorted(files.items()):
        size = sum(row["size_bytes"] for row in found)
        yield _row(
            package,
            version,
            "bundles",
            provider,
            len(found),
            "native libraries",
            total=float(totals[package, version]),
            path=f"{size:,} bytes; {min(row['path'] for row in found)}",
            source=found[0]["source"],
            last_seen_on=found[0]["observed_on"],
            snapshot_sha256=found[0]["snapshot_sha256"],
        )


def measured_rows(backends: Iterable[Mapping[str, Any]], names: Names) -> Iterator[dict[str, Any]]:
    """Operators of llama.cpp that a backend says it runs, at least in part, by its own test."""
    best: dict[str, dict[str, Any]] = {}
    for row in backends:
        toolchain = names.toolchain(row["backend"], "llama.cpp")
        if toolchain is None:
            continue
        count = row["operators_full_count"] + row["operators_partial_count"]
        made = _row(
            "llama.cpp",
            UNKNOWN,
            "measured",
            f"toolchain:{toolchain}",
            count,
            "operators",
            total=float(row["operators_count"]),
            path=f"{row['backend']}: {row['operators_full_count']} fully",
            source="llama_ops",
            last_seen_on=row["observed_on"],
            snapshot_sha256=row["snapshot_sha256"],
        )
        # helpers of the processor's backend speak for a few operators each
        known = best.get(toolchain)
        if known is None or made["count"] > known["count"]:
            best[toolchain] = made
    for _, made in sorted(best.items()):
        yield made


def referring_rows(counts: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Uses of an interface or of a vendor's libraries in a package's Python, per 1,000 lines."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in counts:
        provider = next((name for rule, name in _REFERENCES if rule.search(row["rule"])), None)
        if provider is not None and row["uses_count"]:
            found[_name(row["package"]), row["version"], provider].append(row)
    for (package, version, provider), rows in sorted(found.items()):
        uses, lines = sum(row["uses_count"] for row in rows), rows[0]["lines_count"]
        if not lines:
            continue
        yield _row(
            package,
            version,
            "refers",
            provider,
            1000 * uses / lines,
            "uses per 1,000 lines",
            path=f"{uses} uses in {lines:,} lines; "
            + ", ".join(sorted(row["rule"] for row in rows)[:6]),
            source="code_coupling",
            last_seen_on=rows[0]["observed_on"],
            snapshot_sha256=rows[0]["snapshot_sha256"],
        )


def _name(text: str) -> str:
    """A package's name as the index normalises it."""
    return re.sub(r"[-_.]+", "-", text).lower() if text != "llama.cpp" else text
