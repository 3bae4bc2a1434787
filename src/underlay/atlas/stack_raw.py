"""Rows of the raw tables of the stack, and the lists of architectures in them."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from underlay.atlas.architectures import CLASS, MODEL_TYPE, Registered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.atlas.stack_builds import Names
    from underlay.lake.engine import Engine

__all__ = ["History", "StackRaw", "histories", "registered_lines"]

_TYPE = re.compile(r"model_type=([^;]+)")
_FIRST = re.compile(r"first_added=(\d{4}-\d{2}-\d{2})")
_STATUS = {"out-of-tree": "supported-out-of-tree", "via-transformers": "supported-via-transformers"}


class StackRaw:
    """Raw tables as lists of rows; a table that the lake lacks has none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self, name: str, *columns: str) -> list[dict[str, Any]]:
        """All rows of a raw table, or some of its columns; days are dates."""
        tables = self._engine.tables
        if name not in tables.contracts or not self._engine.lake.files(name):
            return []
        relation = tables[name]
        return self._read(relation.select(*columns) if columns else relation)

    def core(self, name: str) -> list[dict[str, Any]]:
        """All rows of a core table that this build has made."""
        return self._read(self._engine.tables[name])

    def newest(self, name: str, key: str, *columns: str) -> list[dict[str, Any]]:
        """The newest row of each key in which the first of the columns is stated."""
        tables = self._engine.tables
        if name not in tables.contracts or not self._engine.lake.files(name):
            return []
        relation = tables[name]
        stated = relation.filter(relation[columns[0]].notnull())
        last = stated.group_by(key).agg(
            **{column: stated[column].argmax(stated.observed_on) for column in columns}
        )
        return self._read(last.order_by(key))

    def _read(self, relation: Any) -> list[dict[str, Any]]:
        return [
            {
                key: cell.date() if isinstance(cell, dt.datetime) else cell
                for key, cell in row.items()
            }
            for row in self._engine.run(relation).rows()
        ]


class History:
    """Releases of one runtime that were read, and the classes in each."""

    def __init__(self) -> None:
        self.days: dict[str, dt.date | None] = {}
        self.classes: dict[str, set[str]] = defaultdict(set)

    def releases(self) -> list[str]:
        """Versions from the oldest."""
        return sorted(self.days, key=_order)

    def span(self, name: str) -> tuple[str, dt.date | None, str, dt.date | None] | None:
        """`(oldest release, its day, newest release, its day)` with a class, or None."""
        held = [version for version in self.releases() if name in self.classes[version]]
        if not held:
            return None
        return held[0], self.days[held[0]], held[-1], self.days[held[-1]]

    def after(self, version: str) -> str | None:
        """The next release that was read, or None."""
        found = self.releases()
        at = found.index(version) + 1
        return found[at] if at < len(found) else None


def _order(version: str) -> tuple[int, Version | str]:
    try:
        return 1, Version(version)
    except InvalidVersion:
        return 0, version


def registered_lines(
    matrix: Iterable[Mapping[str, Any]],
    packages: Iterable[Mapping[str, Any]],
    names: Names,
) -> list[Registered]:
    """The newest list of each runtime and kind, from the support matrix and released packages.

    Versions of two packages don't compare (llama.cpp's Python binding and its file format), so
    the runtime's own package, or the matrix, goes before others, then the newer day, then the
    newer release; of one release the package's list stands.
    """
    own = list(_from_matrix(matrix, names))
    own += _from_packages(packages, names)

    def key(line: Registered) -> tuple[bool, dt.date, tuple[int, Version | str], bool]:
        is_own = line.package in ("", names.lists.get(line.runtime, ""))
        day = line.last_seen_on or dt.date.min
        return is_own, day, _order(line.version), line.source == "packages"

    best: dict[tuple[str, str], Any] = {}
    for line in own:
        place = line.runtime, line.kind
        if place not in best or key(line) > best[place]:
            best[place] = key(line)
    kept = [line for line in own if key(line) == best[line.runtime, line.kind]]
    # a list that doesn't stand may still say since when
    since = {(line.runtime, line.name): line.first_seen_on for line in own if line.first_seen_on}
    seen: dict[tuple[str, ...], Registered] = {}
    for line in kept:
        first = line.first_seen_on or since.get((line.runtime, line.name))
        if first != line.first_seen_on:
            line = replace(line, first_seen_on=first)  # noqa: PLW2901 - the same line, dated
        about = (line.runtime, line.kind, line.name, line.category, line.status, line.path)
        seen.setdefault((*about, line.model_type), line)
    return list(seen.values())


def _from_matrix(rows: Iterable[Mapping[str, Any]], names: Names) -> Iterable[Registered]:
    for row in rows:
        runtime = names.runtime(row["runtime"])
        if runtime is None:
            continue
        note = row["note"] or ""
        model_type = _TYPE.search(note)
        first = _FIRST.search(note)
        yield Registered(
            runtime,
            row["version"],
            row["architecture"],
            row["architecture_kind"],
            row["category"],
            row["status"],
            row["path"] or "",
            "support_matrix",
            model_type[1].strip() if model_type else "",
            note,
            dt.date.fromisoformat(first[1]) if first else None,
            row["observed_on"],
            row["snapshot_sha256"],
        )


def _from_packages(rows: Iterable[Mapping[str, Any]], names: Names) -> Iterable[Registered]:
    for row in rows:
        runtime = names.runtime(row["runtime"])
        if runtime is None or row["id_kind"] not in (CLASS, MODEL_TYPE, "gguf_arch"):
            continue
        category = row["registry"] if runtime == "transformers" else row["category"]
        status = row["status"]
        yield Registered(
            runtime,
            row["version"],
            row["architecture"],
            row["id_kind"],
            category,
            _STATUS.get(status, status),
            row["path"],
            "packages",
            row["model_type"] or "",
            row["last_version"] or "",
            None,
            row["observed_on"],
            row["snapshot_sha256"],
            row["package"],
        )


def histories(
    matrix: Iterable[Mapping[str, Any]],
    packages: Sequence[Mapping[str, Any]],
    names: Names,
    canonical: Any,
) -> dict[str, History]:
    """What each release of a runtime that was read lists, as classes."""
    found: dict[str, History] = defaultdict(History)
    for row in matrix:
        runtime = names.runtime(row["runtime"])
        if runtime is None or runtime == "llama.cpp":
            continue  # names in GGUF files are no classes, and the wheels bear no day
        found[runtime].days[row["version"]] = row["built_on"]
        found[runtime].classes[row["version"]].add(canonical(row["architecture"]))
    for row in packages:
        runtime = names.runtime(row["runtime"])
        if runtime is None or row["id_kind"] != CLASS or row["status"] == "removed":
            continue
        known = found[runtime]
        # the day inside a wheel is nearer to its release than the day on which it was listed
        known.days[row["version"]] = known.days.get(row["version"]) or row["observed_on"]
        known.classes[row["version"]].add(canonical(row["architecture"]))
    return dict(found)
