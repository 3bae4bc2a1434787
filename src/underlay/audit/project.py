"""The audit of a whole tree: each file once, then what follows from all of them."""

from __future__ import annotations

import dataclasses
import gc
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast
from zlib import crc32

from underlay.audit.cache import Cache, file_key, fingerprint
from underlay.audit.detectors import DETECTORS
from underlay.audit.findings import (
    SURE,
    Infrastructure,
    Linker,
    ModelReference,
    Unknown,
)
from underlay.audit.readers.cuts import collected, cut
from underlay.audit.servers import Servers, with_addresses
from underlay.audit.walk import Limits, Notes, Walk, read, summed
from underlay.audit.workers import in_processes

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
    processes: int | None = None,
) -> Audit:
    """What the files under `root` (or the one file `root`) stand on.

    Nothing is run, imported or fetched, and no link is followed. `cache` names a file that makes
    a second run of the same tree quick. `processes` share the work; two where the machine has two
    cores and can fork. Raises `OSError` only where `root` itself can't be read.
    """
    root.lstat()
    limits = limits or Limits()
    # what ast makes of a file differs between Pythons
    mark = fingerprint(detectors, sys.version_info[:2], limits)
    linkers = frozenset(d.name for d in detectors if isinstance(d, Linker))
    job = _Job(root, tuple(detectors), limits, cache, mark, linkers)
    parts = in_processes(job.part, processes)
    findings: list[Finding] = []
    facts: dict[str, dict[str, Facts]] = {}
    for part in parts:
        for path, found, _ in part["files"]:
            for item in found:
                if item[0] == "F":
                    facts.setdefault(item[1], {})[path] = item[2]
                else:
                    findings.append(_unpacked(item))
    findings += summed(
        [
            (place, cast("Unknown", _unpacked(note)))
            for part in parts
            for place, note in part["named"]
        ],
        [(folder, reason, count) for part in parts for folder, reason, count in part["alike"]],
        limits,
    )
    if cache is not None:
        _keep(cache, mark, parts)
    servers = Servers(facts.get("addresses", {}))
    if "python" in facts or "addresses" in facts:
        facts["python"] = with_addresses(facts.get("python", {}), servers)
    for detector in detectors:
        if isinstance(detector, Linker):
            findings.extend(detector.link(facts.get(detector.name, {})))
    return _sorted(servers.judged(findings), parts)


def _keep(cache: Path, mark: str, parts: list[dict[str, Any]]) -> None:
    """Write what is new in the cache, and forget what is no longer in the tree."""
    new = {
        bytes.fromhex(key.removeprefix("+")): found
        for part in parts
        for _, found, key in part["files"]
        if key.startswith("+")
    }
    used = {
        bytes.fromhex(key)
        for part in parts
        for _, _, key in part["files"]
        if not key.startswith("+")
    }
    kept = Cache(cache, mark)
    kept.replace(new, used)
    kept.close()


@dataclass(frozen=True, slots=True)
class _Job:
    root: Path
    detectors: tuple[Detector, ...]
    limits: Limits
    cache: Path | None
    mark: str
    linkers: frozenset[str]  # by name: asking a protocol costs more than looking into a file

    def part(self, number: int, count: int) -> dict[str, Any]:
        """One of `count` shares of the tree, as JSON: files are shared out by their path."""
        notes = Notes(self.limits)
        # only the first share tells what the walk came upon
        walk = Walk(self.root, self.limits, notes if number == 0 else None)
        kept = Cache(self.cache, self.mark) if self.cache is not None else None
        share = _Share(self, notes, kept, self.limits.total_bytes // count)
        files = 0
        collects = gc.isenabled()
        gc.disable()  # trees of syntax live short and hold no cycles; collecting doubles the time
        try:
            for entry in walk:
                files += 1
                if (
                    count == 1
                    or crc32(bytes(str(entry.path), "utf-8", "replace")) % count == number
                ):
                    notes.position = 2 * files
                    share.take(entry)
                    if share.read % _COLLECT == _COLLECT - 1:
                        gc.collect(1)  # what is new since the last time
        finally:
            if collects:
                gc.enable()
            if kept is not None:
                kept.close()
        return {
            "files": share.found,
            "named": [[place, _packed(unknown)] for place, unknown in notes.named],
            "alike": notes.alike,
            "skipped": dict(notes.skipped),
            "count": files if number == 0 else 0,
            "read": share.read,
            "bytes": share.bytes,
        }


_COLLECT = 500


@dataclass(slots=True)
class _Share:
    job: _Job
    notes: Notes
    kept: Cache | None
    most_bytes: int
    found: list[list[Any]] = field(default_factory=list)  # path, findings, key; "+key" is new
    read: int = 0
    bytes: int = 0

    def take(self, entry: Entry) -> None:
        """Read one file, if a detector wants it, and let the detectors look."""
        notes, limits = self.notes, self.job.limits
        if not entry.size:
            notes.skipped["empty"] += 1
            return
        wanting = [d for d in self.job.detectors if d.wants(entry.path, entry.size)]
        if entry.size > _SMALL:
            self._tell_refused(entry, wanting)
        if not wanting:
            if entry.path.name.lower().endswith(_ARCHIVES):
                notes.note(str(entry.path), "an archive: not opened")
            else:
                notes.skipped["no detector reads such a file"] += 1
            return
        if self.bytes > self.most_bytes:
            notes.note(str(entry.path), f"more than {limits.total_bytes} bytes in all: not read")
            return
        file = read(entry, limits, notes)
        if file is None:
            return
        self.read += 1
        self.bytes += len(file.data)
        if file.is_truncated:
            wanting = [d for d in wanting if getattr(d, "reads_heads", False)]
            if not wanting:
                reason = f"larger than {limits.file_bytes} bytes: not read"
                notes.note(str(entry.path), reason)
                return
        key = file_key(file).hex() if self.kept is not None else ""
        found = self.kept.get(bytes.fromhex(key)) if self.kept is not None else None
        if not _is_whole(found):
            found = list(_look(file, wanting, self.job.linkers))
            if file.is_truncated and not found:
                reason = f"larger than {limits.file_bytes} bytes: only its head was read"
                found = [_packed(_note(file, reason))]
            key = f"+{key}" if key else ""
        if found or key:
            self.found.append([str(file.path), found, key])

    def _tell_refused(self, entry: Entry, wanting: Sequence[Detector]) -> None:
        """Note the detectors that read such a file, but none of this size."""
        refusing = [
            d for d in self.job.detectors if d not in wanting and d.wants(entry.path, _SMALL)
        ]
        limit = self.job.limits.file_bytes
        if not refusing or (entry.size > limit and wanting):
            return  # what is said of files that are too large for all is said elsewhere
        by_limit: dict[int, list[str]] = {}
        for detector in refusing:
            most = min(limit, _most(detector, entry.path, entry.size))
            by_limit.setdefault(most, []).append(detector.name)
        if not wanting:
            by_limit = {max(by_limit): []}
        for most, names in sorted(by_limit.items()):
            which = f" for {', '.join(names)}" if names else ""
            self.notes.note(str(entry.path), f"larger than {most} bytes: not read{which}")


_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".7z", ".rar", ".egg")
_SMALL = 100_000  # bytes; no detector refuses a file for so little


def _most(detector: Detector, path: PurePosixPath, size: int) -> int:
    """The size up to which a detector reads files of this name, found by asking it."""
    low, high = _SMALL, size
    while high - low > 1:
        middle = (low + high) // 2
        if detector.wants(path, middle):
            low = middle
        else:
            high = middle
    return low


def _look(
    file: File, detectors: Iterable[Detector], linkers: frozenset[str]
) -> Iterator[list[Any]]:
    """What the detectors see in one file, as JSON.

    A detector that fails on a file loses what it would find there, and that is said.
    """
    said: set[str] = set()
    is_text = False
    collected()
    for detector in detectors:
        found: list[list[Any]] = []
        is_text = is_text or not getattr(detector, "reads_heads", False)
        try:
            if detector.name in linkers:
                facts = cast("Linker", detector).facts(file)
                if facts:
                    found.append(["F", detector.name, facts])
            else:
                for finding in detector.detect(file):
                    if isinstance(finding, Unknown):
                        said.add(finding.reason)
                    found.append(_packed(finding))
        except Exception as error:  # noqa: BLE001 - one file of a stranger may not end the audit
            reason = f"the detector {detector.name} failed: {type(error).__name__}"
            found = [_packed(_note(file, reason))]
        yield from found
    if is_text:
        _check_text(file)
    for reason in collected():
        if reason not in said:
            yield _packed(_note(file, reason))


def _check_text(file: File) -> None:
    """Say where bytes are no text: they are read as U+FFFD, and the rest as if nothing were."""
    try:
        file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        cut(f"not UTF-8 from line {line}: what can't be read there is left out")


def _note(file: File, reason: str) -> Unknown:
    return Unknown(file=str(file.path), line=0, text="", reason=reason, rule="walk")


_LENGTHS = {mark: len(dataclasses.fields(kind)) + 1 for mark, kind in _SHORT.items()} | {"F": 3}


def _is_whole(found: Any) -> bool:
    """Whether what a cache gave back has the shape of what was put in."""
    return isinstance(found, list) and all(
        isinstance(item, list) and item and len(item) == _LENGTHS.get(item[0]) for item in found
    )


def _packed(finding: Finding) -> list[Any]:
    values = [getattr(finding, item.name) for item in dataclasses.fields(finding)]
    return [_MARKS[type(finding)], *values]


def _unpacked(item: list[Any]) -> Finding:
    kind = _SHORT[item[0]]
    values = dict(zip((f.name for f in dataclasses.fields(kind)), item[1:], strict=True))
    if kind is ModelReference:
        values["flags"] = tuple(values["flags"])
    return kind(**values)


def _sorted(findings: list[Finding], parts: list[dict[str, Any]]) -> Audit:
    best: dict[tuple[str, int, int, str], ModelReference] = {}
    infrastructure: set[Infrastructure] = set()
    unknown: set[Unknown] = set()
    for finding in map(_writable, findings):
        if isinstance(finding, ModelReference):
            key = (finding.file, finding.line, finding.column, finding.ref)
            if key not in best or _rank(finding) > _rank(best[key]):
                best[key] = finding
        elif isinstance(finding, Infrastructure):
            infrastructure.add(finding)
        else:
            unknown.add(finding)
    models = _without_parts([best[key] for key in sorted(best)])
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
        files=sum(part["count"] for part in parts),
        read=sum(part["read"] for part in parts),
        bytes=sum(part["bytes"] for part in parts),
        skipped=dict(sorted(sum((Counter(part["skipped"]) for part in parts), Counter()).items())),
    )


def _writable(finding: Finding) -> Finding:
    """The finding without halves of characters, which Python's literals can make."""
    changes: dict[str, Any] = {}
    for item in dataclasses.fields(finding):
        value = getattr(finding, item.name)
        if type(value) is str and not value.isascii():
            made = value.encode("utf-8", "replace").decode()
            if made != value:
                changes[item.name] = made
    return dataclasses.replace(finding, **changes) if changes else finding


def _without_parts(models: list[ModelReference]) -> list[ModelReference]:
    """A file that a repository's own finding names is no model beside it, in that file of code.

    Elsewhere it is a place of its own: a workflow names the file that a script downloads.
    """
    parts = {
        (m.file, PurePosixPath(m.weight_file).name)
        for m in models
        if m.kind == "hub" and m.weight_file
    }
    return [
        m
        for m in models
        if m.kind != "file"
        or m.rule == "weights/file"
        or "://" in m.ref
        or (m.file, PurePosixPath(m.ref).name) not in parts
    ]


def _rank(finding: ModelReference) -> tuple[bool, float, str]:
    """Which of two findings at one place says more; an alias is never lost."""
    return finding.alias, finding.confidence, finding.rule
