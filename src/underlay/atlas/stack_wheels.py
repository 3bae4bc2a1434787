"""What released wheels declare that they need, as edges between components of the stack."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from underlay.atlas.stack_curated import StackRules

__all__ = ["declared_edges", "newest_release"]

_PLATFORM = re.compile(r"platform_system|sys_platform|platform_machine")
_LINUX = re.compile(r"""(platform_system\s*==\s*["']Linux|sys_platform\s*==\s*["']linux)""")
# libraries by which a wheel names the toolchain that it was built with
_OF_TOOLCHAIN = (
    (re.compile(r"^(cuda-toolkit|nvidia-(cuda|cublas|cudnn|nccl|curand)|cuda-python)"), "cuda"),
    (re.compile(r"^libtpu$"), "tpu"),
    (re.compile(r"^torch-npu$"), "cann"),
    (re.compile(r"^mlx-metal$"), "metal"),
)


def newest_release(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Newest version of each package: of final releases, or of all where there is none."""
    best: dict[str, tuple[bool, Version, str]] = {}
    for row in rows:
        try:
            version = Version(row["version"])
        except InvalidVersion:
            continue
        entry = (not version.is_prerelease, version, str(row["version"]))
        if row["package"] not in best or entry[:2] > best[row["package"]][:2]:
            best[row["package"]] = entry
    return {package: entry[2] for package, entry in best.items()}


def declared_edges(
    rules: StackRules,
    known: Collection[str],
    requirements: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Arguments of `Components.need`, one a hard requirement on a component.

    A requirement under a marker for Linux binds the builds for toolchains of Linux that need the
    package, not the package everywhere: PyTorch needs Triton there, and not on a Mac.
    """
    rows = [row for row in requirements if not row["is_optional"]]
    newest = newest_release(rows)
    wheels = {entry["package"]: entry for entry in rules.of("wheel")}
    provider = {
        _name(entry["pypi"]): f"package:{entry['id']}"
        for entry in rules.of("package")
        if entry.get("pypi")
    }
    # libraries that know no hardware bind the runtime's code, so all of its builds
    neutral = {f"package:{entry['id']}" for entry in rules.of("package") if entry.get("neutral")}
    own = {
        entry["package"]: f"runtime:{entry['id']}"
        for entry in rules.of("runtime")
        if entry.get("package")
    }
    edges: list[dict[str, Any]] = []
    linux: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        wheel = wheels.get(_name(row["package"]))
        if wheel is None or newest.get(row["package"]) != row["version"]:
            continue
        marker = row.get("marker") or ""
        is_linux = bool(_LINUX.search(marker))
        if _PLATFORM.search(marker) and not is_linux and "Darwin" not in marker:
            continue
        edge = _edge(row, provider)
        if edge is None:
            continue
        if wheel.get("build"):
            builds = [f"build:{build}" for build in str(wheel["build"]).split()]
            edges += [{"component": build, **edge} for build in builds if build in known]
            if edge["provider"] in neutral and wheel["package"] in own:
                runtimes = {
                    f"runtime:{build.split('/')[0]}" for build in str(wheel["build"]).split()
                }
                edges += [{"component": runtime, **edge} for runtime in sorted(runtimes)]
        elif is_linux:
            linux[wheel["component"]].append(edge)
        elif not edge["provider"].startswith("toolchain:"):
            edges.append({"component": wheel["component"], **edge})
    needing: dict[str, set[str]] = defaultdict(set)
    for each in edges:
        needing[each["provider"]].add(each["component"])
    for package, found in linux.items():
        for build in sorted(needing[package]):
            # the wheel on the index is the one for CUDA; others have theirs elsewhere
            if build.startswith("build:") and build.endswith("/cuda"):
                edges += [{"component": build, **edge} for edge in found]
    return _unique(edges)


def _edge(row: Mapping[str, Any], provider: Mapping[str, str]) -> dict[str, Any] | None:
    name = _name(row["required"])
    extras = f"[{row['extras']}]" if row.get("extras") else ""
    marker = f"; {row['marker']}" if row.get("marker") else ""
    same = {
        "evidence": "packaged",
        "stated_by": "project",
        "source": row["source"],
        "version": row["version"],
        "path": f"{row['package']} {row['version']} declares {name}{extras}{marker}",
        "last": row["observed_on"],
    }
    if name in provider:
        return {"slot": provider[name].removeprefix("package:"), "provider": provider[name], **same}
    for pattern, toolchain in _OF_TOOLCHAIN:
        if pattern.match(name):
            return {"slot": "toolchain", "provider": f"toolchain:{toolchain}", **same}
    return None


def _unique(edges: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for edge in edges:
        if edge["component"] == edge["provider"]:
            continue
        found.setdefault((edge["component"], edge["slot"], edge["provider"]), edge)
    return list(found.values())


def _name(text: str) -> str:
    """A package's name as the index normalises it."""
    return re.sub(r"[-_.]+", "-", text).lower()
