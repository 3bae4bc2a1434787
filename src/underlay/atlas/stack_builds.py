"""Builds: a runtime for a backend, from what packages and documents name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.atlas.stack_components import Components
    from underlay.atlas.stack_curated import StackRules

__all__ = ["Names", "build_rows", "require_builds"]

# of two statements about one build the better one speaks for it
_RANK = {"yes": 0, "experimental": 1, "not-tested": 2, "no": 3, "removed": 4}
_GRADE = {"packaged": 0, "documented": 1, "reported": 2}


class Names:
    """What the data's spellings of runtimes and toolchains mean."""

    def __init__(self, rules: StackRules) -> None:
        self.rules = rules
        self._runtimes = {
            written: entry["id"] for entry in rules.of("runtime") for written in entry["written"]
        }
        # package on the index that holds a runtime's own list
        self.lists = {
            entry["id"]: entry.get("lists") or entry.get("package", "")
            for entry in rules.of("runtime")
        }
        self._backends: dict[tuple[str, str], str] = {}
        for entry in rules.of("backend"):
            for written in entry["written"]:
                self._backends[entry.get("runtime", ""), written.casefold()] = entry["toolchain"]
        self.plugins: dict[str, tuple[str, str]] = {}
        self._speakers: dict[tuple[str, str], str] = {}
        for entry in rules.of("build"):
            place = entry["runtime"], entry["toolchain"]
            if entry.get("package"):
                self.plugins[entry["package"]] = place
            if entry.get("stated_by"):
                self._speakers[place] = entry["stated_by"]

    def runtime(self, written: str) -> str | None:
        """Name of the runtime component, or None for what is no runtime here."""
        return self._runtimes.get(written)

    def speaker(self, runtime: str, toolchain: str) -> str:
        """Who speaks in the code and documents of a build: a vendor, or the project."""
        return self._speakers.get((runtime, toolchain), "project")

    def toolchain(self, written: str | None, runtime: str = "") -> str | None:
        """Name of the toolchain component, or None."""
        if not written:
            return None
        key = written.casefold()
        return self._backends.get((runtime, key)) or self._backends.get(("", key))


def build_rows(
    backends: Iterable[Mapping[str, Any]],
    releases: Sequence[Mapping[str, Any]],
    names: Names,
    modules: Iterable[tuple[str, str, str, dt.date | None]] = (),
) -> list[dict[str, Any]]:
    """Rows of `core__stack_build`, one a runtime and toolchain.

    `backends` are rows of the support matrix, `releases` those of vllm-ascend's table. `modules`
    are `(runtime, backend, release, day)` of platform modules in releases that were read: a build
    is first seen with the oldest, and one without a module or a plug-in today is removed.
    """
    rules = names.rules
    meanings = {entry["written"]: entry for entry in rules.of("status")}
    runtimes = rules.by_id("runtime")
    toolchains = rules.by_id("toolchain")
    found: dict[str, dict[str, Any]] = {}
    for row in backends:
        runtime = names.runtime(row["runtime"])
        if runtime is None:
            continue
        toolchain = names.toolchain(row["backend"], runtime)
        meaning = meanings.get(row["status"])
        if toolchain is None or meaning is None:
            continue
        made = _row(runtime, toolchain, runtimes, toolchains)
        made |= {
            "delivery": meaning["delivery"],
            "status": meaning["status"],
            "evidence": meaning.get("evidence", "documented"),
            "stated_by": names.speaker(runtime, toolchain),
            "source": "support_matrix",
            "version": row["version"],
            "path": f"{row['path']} ({row['status']}: {row['backend']})",
            "last_seen_on": row["observed_on"],
        }
        _keep_better(found, made)
    _date(found, modules, names, runtimes, toolchains)
    for entry in rules.of("build"):
        identifier = f"build:{entry['runtime']}/{entry['toolchain']}"
        known = found.get(identifier)
        if known is None:
            known = _row(entry["runtime"], entry["toolchain"], runtimes, toolchains)
            cited = rules.citations[entry["citation"]]
            known |= {
                "delivery": entry.get("delivery", "documented"),
                "status": entry.get("status", "yes"),
                "evidence": entry.get("evidence", "documented"),
                "stated_by": entry.get("stated_by", "project"),
                "source": "curated",
                "path": cited.url,
                "last_seen_on": cited.read_on,
            }
            found[identifier] = known
        if "status" in entry:
            known["status"] = entry["status"]
        known["has_own_registry"] = bool(entry.get("has_own_registry", False))
        tracks = entry.get("tracks", "")
        known["tracks_version"] = (
            _newest_stable(releases) if tracks == "ascend_release" else (tracks or None)
        )
    return [found[key] for key in sorted(found)]


def _date(
    found: dict[str, dict[str, Any]],
    modules: Iterable[tuple[str, str, str, dt.date | None]],
    names: Names,
    runtimes: Mapping[str, Mapping[str, Any]],
    toolchains: Mapping[str, Mapping[str, Any]],
) -> None:
    """Give builds the day of their oldest module, and add what was removed."""
    held: dict[tuple[str, str], list[tuple[dt.date, str]]] = {}
    for written, backend, release, day in modules:
        runtime = names.runtime(written)
        toolchain = names.toolchain(backend, runtime or "")
        if runtime is not None and toolchain is not None and day is not None:
            held.setdefault((runtime, toolchain), []).append((day, release))
    for (runtime, toolchain), days in sorted(held.items()):
        identifier = f"build:{runtime}/{toolchain}"
        first, last = min(days), max(days)
        known = found.get(identifier)
        if known is not None:
            known["first_seen_on"] = min(first[0], known["last_seen_on"])
            known["last_seen_on"] = max(last[0], known["last_seen_on"])
            continue
        found[identifier] = _row(runtime, toolchain, runtimes, toolchains) | {
            "delivery": "in-tree",
            "status": "removed",
            "evidence": "packaged",
            "stated_by": "project",
            "source": "support_matrix",
            "version": last[1],
            "path": f"last release read with a module for it: {last[1]}",
            "first_seen_on": first[0],
            "last_seen_on": last[0],
        }


def _row(
    runtime: str,
    toolchain: str,
    runtimes: Mapping[str, Mapping[str, Any]],
    toolchains: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    entry = runtimes[runtime]
    return {
        "build_id": f"build:{runtime}/{toolchain}",
        "runtime_id": f"runtime:{runtime}",
        "backend_id": f"toolchain:{toolchain}",
        "route_class": toolchains[toolchain].get("route") or entry.get("route", "serving"),
        "use": entry.get("use", "inference"),
        "has_own_registry": False,
        "is_registry_closed": bool(entry["closed"]),
        "tracks_version": None,
        "first_seen_on": None,
    }


def _keep_better(found: dict[str, dict[str, Any]], made: dict[str, Any]) -> None:
    known = found.get(made["build_id"])
    if known is None or _order(made) < _order(known):
        found[made["build_id"]] = made


def _order(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return _RANK[row["status"]], _GRADE.get(row["evidence"], 9), row["path"]


def _newest_stable(releases: Sequence[Mapping[str, Any]]) -> str | None:
    """The vLLM release that the newest release of the plug-in without a mark goes with."""
    from packaging.version import InvalidVersion, Version

    best = None
    for row in releases:
        try:
            version = Version(row["version"])
        except InvalidVersion:
            continue
        if version.is_prerelease or version.is_postrelease:
            continue
        if best is None or version > best[0]:
            best = (version, str(row["vllm_version"]).split("/")[-1].removeprefix("v"))
    return best[1] if best else None


def require_builds(components: Components, builds: Sequence[Mapping[str, Any]]) -> None:
    """Note each build as a component, with its runtime, toolchain, interface and accelerators."""
    rules = components.rules
    implements = {entry["toolchain"]: entry for entry in rules.of("implements")}
    lines: dict[str, list[str]] = {}
    for entry in rules.of("line"):
        for toolchain in entry["toolchains"]:
            lines.setdefault(toolchain, []).append(f"accelerator:{entry['id']}")
    titles = {row["component_id"]: row["name"] for row in components.rows.values()}
    for build in builds:
        identifier = build["build_id"]
        runtime = components.rows[build["runtime_id"]]
        toolchain = build["backend_id"].removeprefix("toolchain:")
        components.add(
            "build",
            identifier.removeprefix("build:"),
            f"{titles[build['runtime_id']]} for {titles[build['backend_id']]}",
            runtime["organisation_id"],
            f"{build['delivery']}, {build['path']}",
            is_open=runtime.get("is_open"),
            licence=runtime.get("licence"),
            source=build["source"],
        )
        same = {
            "evidence": build["evidence"],
            "stated_by": build["stated_by"],
            "source": build["source"],
            "version": build.get("version"),
            "use": "both",
            "first": build.get("first_seen_on"),
            "last": build.get("last_seen_on"),
        }
        components.need(identifier, "runtime", build["runtime_id"], path=str(build["path"]), **same)
        components.need(
            identifier, "toolchain", build["backend_id"], path=str(build["path"]), **same
        )
        if toolchain in implements:
            entry = implements[toolchain]
            cited = components.cite(entry)
            components.need(
                identifier,
                "api",
                f"api:{entry['api']}",
                evidence=entry.get("evidence", "documented"),
                stated_by=entry.get("stated_by", "vendor"),
                path=f"{entry['reason']}: {cited.url if cited else ''}",
            )
        for line in lines.get(toolchain, ()):
            components.need(
                identifier,
                "accelerator",
                line,
                evidence="documented",
                stated_by="vendor",
                path=f"the line is driven by {titles[build['backend_id']]}",
            )
        if not lines.get(toolchain):
            components.need(
                identifier,
                "accelerator",
                UNKNOWN,
                evidence="conjecture",
                stated_by="third-party",
                path="no product line of this toolchain is listed",
            )
