"""How well the extractor agrees with tables that were made by hand from the same packages."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from underlay.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["STAGED", "Agreement", "Difference", "agreements"]

Row = dict[str, Any]
Things = frozenset[str]

STAGED = {
    "architectures": "support-matrix/runtime_architectures.csv",
    "history": "support-matrix/runtime_architectures_history.csv",
    "requirements": "wheel-deps/wheel_requires.csv",
    "libraries": "wheel-deps/wheel_native_libs.csv",
}


@dataclass(frozen=True)
class Difference:
    """One thing that only one side has; `reason` is empty where nobody explained it."""

    thing: str
    is_ours: bool
    reason: str


@dataclass(frozen=True)
class Agreement:
    """One subject of one table: how many things both have, and what only one has."""

    table: str
    subject: str
    both: int
    differences: tuple[Difference, ...]
    note: str = ""

    @property
    def share(self) -> float:
        """Common things among all things; 1 where neither side has any."""
        every = self.both + len(self.differences)
        return self.both / every if every else 1.0

    @property
    def unexplained(self) -> int:
        """Differences without a reason."""
        return sum(1 for one in self.differences if not one.reason)


@cache
def _reasons() -> tuple[Mapping[str, str], ...]:
    text = files("underlay.sources.packages").joinpath("agreement.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["difference"])


def agreements(rows: Mapping[str, Sequence[Row]], staged: Mapping[str, bytes]) -> list[Agreement]:
    """Compare rows by table name with the bytes of the staged CSV files (keys of `STAGED`).

    Only subjects that both sides have are compared; raises `UnreadableError` for a broken file.
    """
    registered = rows.get("raw_packages__architecture", ())
    found = _architectures(registered, _csv(staged["architectures"], "architectures"))
    found += _history(registered, _csv(staged["history"], "history"))
    found += _requirements(
        rows.get("raw_packages__requirement", ()), _csv(staged["requirements"], "requirements")
    )
    found += _libraries(
        rows.get("raw_packages__native_library", ()), _csv(staged["libraries"], "libraries")
    )
    return found


def _csv(data: bytes, name: str) -> list[Row]:
    try:
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(STAGED[name], str(error)) from error


def _compared(
    table: str, subject: str, ours: Iterable[str], theirs: Iterable[str], note: str = ""
) -> Agreement:
    mine, other = frozenset(ours), frozenset(theirs)
    differences = [Difference(t, True, _reason(table, subject, "ours", t)) for t in mine - other]
    differences += [
        Difference(t, False, _reason(table, subject, "theirs", t)) for t in other - mine
    ]
    differences.sort(key=lambda one: (not one.is_ours, one.thing))
    return Agreement(table, subject, len(mine & other), tuple(differences), note)


def _reason(table: str, subject: str, side: str, thing: str) -> str:
    for entry in _reasons():
        if (
            entry["table"] == table
            and entry["side"] in (side, "both")
            and re.fullmatch(entry["subject"], subject)
            and re.fullmatch(entry["thing"], thing)
        ):
            return entry["reason"]
    return ""


_STATUS = {
    "supported-out-of-tree": "out-of-tree",
    "supported-via-transformers": "via-transformers",
    "supported-via-alias": "supported",
}


def _architectures(ours: Sequence[Row], theirs: Sequence[Row]) -> list[Agreement]:
    """Runtime by runtime: (name, status) in the registries that the staged table names."""
    found = []
    for runtime in sorted({row["runtime"] for row in theirs}):
        mine = [row for row in ours if row["runtime"] == runtime]
        staged = [row for row in theirs if row["runtime"] == runtime]
        registries = {_registry(row["source_path"]) for row in staged}
        # a path without a constant stands for the whole registry
        mine = [row for row in mine if "" in registries or row["registry"] in registries]
        if not mine:
            continue
        wanted = staged[0]["runtime_version"]
        version = wanted if any(r["version"] == wanted for r in mine) else _newest(mine)
        kept = [row for row in mine if row["version"] == version]
        note = "" if version == wanted else f"theirs is {wanted}, ours is {version}"
        found.append(
            _compared(
                "architectures",
                runtime,
                (f"{row['architecture']} {row['status']}" for row in kept),
                (
                    f"{row['architecture']} {_STATUS.get(row['status'], row['status'])}"
                    for row in staged
                ),
                note,
            )
        )
    return found


def _registry(path: str) -> str:
    return path.partition("::")[2].split(" ")[0]


def _newest(rows: Iterable[Row]) -> str:
    return max((str(row["version"]) for row in rows), key=_version)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


_HISTORY = {"llama.cpp(gguf-py)": ("llama.cpp", "gguf")}


def _history(ours: Sequence[Row], theirs: Sequence[Row]) -> list[Agreement]:
    found = []
    subjects = dict.fromkeys((row["runtime"], row["version"]) for row in theirs)
    for name, version in subjects:
        runtime, package = _HISTORY.get(name, (name, name.lower()))
        staged = [r for r in theirs if (r["runtime"], r["version"]) == (name, version)]
        registries = {row["registry"] for row in staged}
        mine = [
            row
            for row in ours
            if (row["runtime"], row["package"], row["version"]) == (runtime, package, version)
        ]
        if mine:
            kept = (row for row in mine if row["registry"] in registries)
            found.append(
                _compared(
                    "history",
                    f"{name} {version}",
                    (f"{row['registry']} {row['architecture']}" for row in kept),
                    (f"{row['registry']} {row['architecture']}" for row in staged),
                )
            )
    return found


def _requirements(ours: Sequence[Row], theirs: Sequence[Row]) -> list[Agreement]:
    def of(rows: Sequence[Row], column: str) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            key = (canonicalize_name(row["package"]), str(row["version"]))
            found.setdefault(key, set()).add(_normal(str(row[column])))
        return found

    mine, staged = of(ours, "requirement"), of(theirs, "raw_requirement")
    return [
        _compared("requirements", " ".join(key), mine[key], staged[key])
        for key in sorted(mine.keys() & staged.keys())
    ]


def _normal(requirement: str) -> str:
    try:
        found = Requirement(requirement)
    except InvalidRequirement:
        return requirement
    found.name = canonicalize_name(found.name)
    return str(found)


def _libraries(ours: Sequence[Row], theirs: Sequence[Row]) -> list[Agreement]:
    def of(rows: Sequence[Row]) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            key = (canonicalize_name(row["package"]), str(row["version"]))
            found.setdefault(key, set()).add(f"{row['path']} {row['size_bytes']}")
        return found

    # one platform's libraries a version: those of the macOS builds aren't in the staged table
    mine = of([row for row in ours if "macosx" not in row["artifact"]])
    staged = of(theirs)
    return [
        _compared("libraries", " ".join(key), mine[key], staged[key])
        for key in sorted(mine.keys() & staged.keys())
    ]
