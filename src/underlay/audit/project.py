"""The audit of a whole tree: each file once, then what follows from all of them."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from underlay.audit.cache import Cache, file_key, fingerprint
from underlay.audit.detectors import DETECTORS
from underlay.audit.findings import (
    SURE,
    Infrastructure,
    Linker,
    ModelReference,
    Unknown,
)
from underlay.audit.walk import Limits, Walk, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from underlay.audit.findings import Detector, Facts, File
    from underlay.audit.walk import Entry

__all__ = ["Audit", "audit"]

Finding = ModelReference | Infrastructure | Unknown
_SHORT: dict[str, type[Finding]] = {"M": ModelReference, "I": Infrastructure, "U": Unknown}
_MARKS = {kind: mark for mark, kind in _SHORT.items()}


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that one tree stands on, sorted by file, line and column."""

    models: tuple[ModelReference, ...]
    weak: tuple[ModelReference, ...]  # of the right shape, but nothing vouches for them
    infrastructure: tuple[Infrastructure, ...]
    unknown: tuple[Unknown, ...]
    files: int  # walked over
    read: int  # wanted by a detector
    bytes: int
    skipped: dict[str, int] = field(default_factory=dict)  # by reason


def audit(
    root: Path,
    *,
    detectors: Sequence[Detector] = DETECTORS,
    cache: Path | None = None,
    limits: Limits | None = None,
) -> Audit:
    """What the files under `root` (or the one file `root`) stand on.

    Nothing is run, imported or fetched, and no link is followed. `cache` names a file that makes
    a second run of the same tree quick. Raises `OSError` only where `root` itself can't be read.
    """
    root.lstat()
    limits = limits or Limits()
    walk = Walk(root, limits)
    # what ast makes of a file differs between Pythons
    mark = fingerprint(detectors, sys.version_info[:2], limits)
    kept = Cache(cache, mark) if cache is not None else None
    collected = _Collected(tuple(detectors))
    count = 0
    try:
        for entry in walk:
            count += 1
            _take(entry, collected, walk, kept)
    finally:
        if kept is not None:
            kept.close()
    for detector in detectors:
        if isinstance(detector, Linker):
            collected.findings.extend(detector.link(collected.facts.get(detector.name, {})))
    collected.findings.extend(walk.unknown)
    return _sorted(collected, count, dict(sorted(walk.skipped.items())))


@dataclass(slots=True)
class _Collected:
    detectors: tuple[Detector, ...]
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, dict[str, Facts]] = field(default_factory=dict)
    read: int = 0
    bytes: int = 0


def _take(entry: Entry, collected: _Collected, walk: Walk, kept: Cache | None) -> None:
    wanting = [d for d in collected.detectors if d.wants(entry.path, entry.size)]
    if not wanting:
        walk.skipped["no detector reads such a file"] += 1
        return
    if collected.bytes > walk.limits.total_bytes:
        walk.note(str(entry.path), f"more than {walk.limits.total_bytes} bytes in all")
        return
    file = read(entry, walk.limits, walk)
    if file is None:
        return
    collected.read += 1
    collected.bytes += len(file.data)
    if file.is_truncated:
        wanting = [d for d in wanting if getattr(d, "reads_heads", False)]
        if not wanting:
            reason = f"larger than {walk.limits.file_bytes} bytes: not read whole"
            walk.note(str(entry.path), reason)
            return
    key = file_key(file) if kept is not None else b""
    found = kept.get(key) if kept is not None else None
    if found is None:
        found = list(_look(file, wanting))
        if kept is not None:
            kept.put(key, found)
    path = str(file.path)
    for item in found:
        if item[0] == "F":
            collected.facts.setdefault(item[1], {})[path] = item[2]
        else:
            collected.findings.append(_unpacked(item))


def _look(file: File, detectors: Iterable[Detector]) -> Iterator[list[Any]]:
    """What the detectors see in one file, as JSON."""
    for detector in detectors:
        if isinstance(detector, Linker):
            facts = detector.facts(file)
            if facts:
                yield ["F", detector.name, facts]
        else:
            for finding in detector.detect(file):
                yield _packed(finding)


def _packed(finding: Finding) -> list[Any]:
    values = [getattr(finding, item.name) for item in dataclasses.fields(finding)]
    return [_MARKS[type(finding)], *values]


def _unpacked(item: list[Any]) -> Finding:
    kind = _SHORT[item[0]]
    values = dict(zip((f.name for f in dataclasses.fields(kind)), item[1:], strict=True))
    if kind is ModelReference:
        values["flags"] = tuple(values["flags"])
    return kind(**values)


def _sorted(collected: _Collected, count: int, skipped: dict[str, int]) -> Audit:
    best: dict[tuple[str, int, int, str], ModelReference] = {}
    infrastructure: set[Infrastructure] = set()
    unknown: set[Unknown] = set()
    for finding in collected.findings:
        if isinstance(finding, ModelReference):
            key = (finding.file, finding.line, finding.column, finding.ref)
            if key not in best or _rank(finding) > _rank(best[key]):
                best[key] = finding
        elif isinstance(finding, Infrastructure):
            infrastructure.add(finding)
        else:
            unknown.add(finding)
    models = [best[key] for key in sorted(best)]
    return Audit(
        models=tuple(m for m in models if m.confidence >= SURE),
        weak=tuple(m for m in models if m.confidence < SURE),
        infrastructure=tuple(
            sorted(infrastructure, key=lambda i: (i.file, i.line, i.column, i.component, i.rule))
        ),
        unknown=tuple(
            sorted(
                unknown, key=lambda u: (u.file, u.line, u.column, u.text, u.reason, u.rule or "")
            )
        ),
        files=count,
        read=collected.read,
        bytes=collected.bytes,
        skipped=skipped,
    )


def _rank(finding: ModelReference) -> tuple[bool, float, str]:
    """Which of two findings at one place says more; an alias is never lost."""
    return finding.alias, finding.confidence, finding.rule
