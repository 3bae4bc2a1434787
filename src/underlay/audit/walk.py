"""The files of a tree: bounded, in a fixed order, never outside the root."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underlay.audit.findings import File, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Entry", "Limits", "Notes", "Walk", "read", "summed"]

# folders of tools and of installed packages: not what the project wrote
SKIPPED_FOLDERS = frozenset(
    (".git", ".hg", ".svn", ".bzr", "node_modules", "bower_components", ".venv", "venv",
     "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
     "site-packages", ".eggs", ".terraform", ".next", ".nuxt", ".svelte-kit", ".turbo", ".gradle",
     ".ipynb_checkpoints", ".parcel-cache", ".yarn", ".pnpm-store", ".idea", ".cache")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a tree is read, so that a hostile one ends too."""

    files: int = 200_000
    depth: int = 64
    file_bytes: int = 4_000_000  # a file up to this size is read whole
    head_bytes: int = 1_000_000  # of a larger one, this much, for detectors of headers
    total_bytes: int = 2_000_000_000
    unknowns: int = 1_000  # notes about files; the rest is counted
    unknowns_alike: int = 20  # of one reason in one folder; the rest is counted


class _Path(PurePosixPath):
    """A path that knows its name and ending: every detector asks for them."""

    @cached_property
    def name(self) -> str:
        return super().name

    @cached_property
    def suffix(self) -> str:
        return super().suffix


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file that the walk came upon."""

    path: PurePosixPath
    size: int
    place: str = field(repr=False, default="")  # where it is for the operating system


class Notes:
    """What is told about files that were not read, or not whole: some by name, all counted."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.skipped: Counter[str] = Counter()  # by reason
        self.named: list[tuple[int, Unknown]] = []  # with the place in the walk's order
        self.position = 0
        self._alike: Counter[tuple[str, str]] = Counter()  # by folder and reason

    def note(self, path: str, reason: str) -> None:
        """Keep an `Unknown` about a file, up to the limits; count it in any case."""
        self.skipped[reason] += 1
        folder = path.rpartition("/")[0] or "."
        self._alike[folder, reason] += 1
        if (
            self._alike[folder, reason] <= self.limits.unknowns_alike
            and len(self.named) < self.limits.unknowns
        ):
            note = Unknown(file=path, line=0, text="", reason=reason, rule="walk")
            self.named.append((self.position, note))

    @property
    def alike(self) -> list[tuple[str, str, int]]:
        """How many notes there are of each reason in each folder."""
        return [(folder, reason, count) for (folder, reason), count in self._alike.items()]


def summed(
    named: Iterable[tuple[int, Unknown]], alike: Iterable[tuple[str, str, int]], limits: Limits
) -> list[Unknown]:
    """The notes of all shares of a tree: the first ones, and how many more there are of each kind.

    Which ones are named depends on the order of the walk alone, not on how the work was shared.
    """
    total: Counter[tuple[str, str]] = Counter()
    for folder, reason, count in alike:
        total[folder, reason] += count
    shown: Counter[tuple[str, str]] = Counter()
    kept: list[Unknown] = []
    for _, note in sorted(named, key=lambda pair: pair[0]):
        key = note.file.rpartition("/")[0] or ".", note.reason
        if shown[key] < limits.unknowns_alike and len(kept) < limits.unknowns:
            shown[key] += 1
            kept.append(note)
    rest: Counter[tuple[str, str]] = Counter()
    for (folder, reason), count in total.items():
        if count > shown[folder, reason]:
            # folders of which nothing is shown may be as many as the files: one line for all
            place = folder if shown[folder, reason] else "."
            rest[place, reason] += count - shown[folder, reason]
    for (folder, reason), count in rest.items():
        text = f"{count} more"
        kept.append(Unknown(file=folder, line=0, text=text, reason=reason, rule="walk"))
    return kept


class Walk:
    """Iterates over the files under a root, and notes what is not followed or can't be read."""

    def __init__(self, root: Path, limits: Limits, notes: Notes | None = None) -> None:
        self.root = root
        self.limits = limits
        self.notes = notes or Notes(limits)
        self._files = 0

    def _note(self, path: str, reason: str) -> None:
        self.notes.position = 2 * self._files + 1  # after the file that was walked over last
        self.notes.note(path, reason)

    def __iter__(self) -> Iterator[Entry]:
        if self.root.is_file():
            size = self.root.stat().st_size
            yield Entry(PurePosixPath(self.root.name), size, str(self.root))
            return
        # a stack of folders not yet opened: deep trees need no recursion, wide ones little memory
        folders: list[tuple[str, tuple[str, ...]]] = [(str(self.root), ())]
        while folders:
            place, parts = folders.pop()
            try:
                with os.scandir(place) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                self._note("/".join(parts) or ".", f"folder can't be read: {error.strerror}")
                continue
            below: list[tuple[str, tuple[str, ...]]] = []
            for entry in entries:
                found_entry = self._look(entry, parts, below)
                if found_entry is not None:
                    yield found_entry
                    if self._files >= self.limits.files:
                        self._note("/".join(parts) or ".", f"more than {self.limits.files} files")
                        return
            folders.extend(reversed(below))

    def _look(
        self,
        entry: os.DirEntry[str],
        parts: tuple[str, ...],
        below: list[tuple[str, tuple[str, ...]]],
    ) -> Entry | None:
        name = entry.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        here = (*parts, name)
        try:
            if entry.is_symlink():
                self._link(entry, "/".join(here))
                return None
            if entry.is_dir(follow_symlinks=False):
                if name in SKIPPED_FOLDERS:
                    self.notes.skipped[f"folder of a tool: {name}"] += 1
                elif os.path.lexists(os.path.join(entry.path, "pyvenv.cfg")):  # noqa: PTH118 - speed
                    self.notes.skipped["folder of a tool: virtual environment"] += 1
                elif len(here) > self.limits.depth:
                    self._note(
                        "/".join(here)[:200], f"folders nest deeper than {self.limits.depth}"
                    )
                else:
                    below.append((entry.path, here))
                return None
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._note("/".join(here), f"can't be looked at: {error.strerror}")
            return None
        if not stat.S_ISREG(status.st_mode):
            self._note("/".join(here), "neither a file nor a folder")
            return None
        self._files += 1
        self.notes.position = 2 * self._files
        return Entry(_Path(*here), status.st_size, entry.path)

    def _link(self, entry: os.DirEntry[str], path: str) -> None:
        """Links are never followed; one that leaves the root, loops or dangles is named."""
        try:
            target = os.path.realpath(entry.path, strict=True)
        except OSError:
            self._note(path, "symbolic link that leads nowhere or to itself")
            return
        root = os.path.realpath(self.root)
        here = os.path.dirname(os.path.abspath(entry.path))  # noqa: PTH100, PTH120 - speed
        if target != root and not target.startswith(root.rstrip(os.sep) + os.sep):
            self._note(path, "symbolic link out of the tree")
        elif (here + os.sep).startswith(target.rstrip(os.sep) + os.sep):
            self._note(path, "symbolic link to a folder that holds it")
        else:
            self.notes.skipped["symbolic link inside the tree"] += 1


def read(entry: Entry, limits: Limits, notes: Notes) -> File | None:
    """The file's bytes, at most as many as the limits allow; None, with a note, where it can't be.

    A file that changes meanwhile is noted, and what was read is used.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        handle = os.open(entry.place, flags)
    except OSError as error:
        notes.note(str(entry.path), f"can't be read: {error.strerror}")
        return None
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            notes.note(str(entry.path), "is no file any more")
            return None
        whole = before.st_size <= limits.file_bytes
        wanted = before.st_size + 1 if whole else limits.head_bytes
        data = os.read(handle, wanted)
        while whole and data and len(data) < before.st_size:
            more = os.read(handle, wanted - len(data))
            if not more:
                break
            data += more
        after = os.fstat(handle)
    except OSError as error:
        notes.note(str(entry.path), f"can't be read: {error.strerror}")
        return None
    finally:
        os.close(handle)
    changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
    if changed or (whole and len(data) != before.st_size):
        notes.note(str(entry.path), "changed while it was read")
    return File(entry.path, data, is_truncated=not whole, size=before.st_size)
