"""A wheel or an sdist as far as it is read: its listing and the wanted members. Nothing runs."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from underlay.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "EXTRACT_SUFFIX",
    "LIMITS",
    "Artifact",
    "Given",
    "Limits",
    "Member",
    "Name",
    "Refusal",
    "from_extract",
    "from_sdist",
    "from_wheel",
    "name_of",
    "to_extract",
]

EXTRACT_SUFFIX = ".extract.zip"
_SDISTS = (".tar.gz", ".zip")
_STATEMENT = "artifact.json"
_LISTING = "members.tsv"
_TEXTS = "member/"
_LINK = 0o120000
_CHUNK = 1 << 16

# Builds that want the same bytes each time stamp every member with one of these days.
_CONSTANT_DAYS = frozenset(
    {
        dt.date(1970, 1, 1),  # zero, as Poetry's sdists have it
        dt.date(1980, 1, 1),  # the first that a zip can hold
        dt.date(1985, 10, 26),  # npm's, met in packages that bundle it
        dt.date(1993, 4, 5),  # TensorRT-LLM's sdists
        dt.date(2016, 1, 1),  # Poetry's wheels
        dt.date(2020, 2, 2),  # Hatch
        dt.date(2022, 11, 9),  # scikit-build-core
    }
)


@dataclass(frozen=True)
class Limits:
    """How much of an archive may be read. What is beyond is refused by name."""

    members: int = 100_000
    member_bytes: int = 4 << 20  # the largest wanted text of 2026 has 0.3 MB
    texts_bytes: int = 96 << 20
    unpacked_bytes: int = 3 << 30  # of a whole sdist; the largest real one has 0.4 GB
    header_bytes: int = 16 << 20
    ratio: int = 250  # unpacked to packed; program text reaches 20


LIMITS = Limits()


@dataclass(frozen=True)
class Name:
    """What an artifact's file name says."""

    artifact: str
    package: str
    version: str
    kind: str
    tags: str | None


@dataclass(frozen=True)
class Given:
    """What is known of an artifact from outside it: digest, size, and days."""

    sha256: str | None = None
    size_bytes: int | None = None
    uploaded_on: dt.date | None = None
    listed_on: dt.date | None = None


@dataclass(frozen=True)
class Member:
    """One file of the archive, without its bytes."""

    path: str
    size_bytes: int
    packed_bytes: int | None = None


@dataclass(frozen=True)
class Refusal:
    """Members that were not taken, and why."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True)
class Artifact:
    """A wheel or sdist: what its name says, its listing, and the bytes of wanted members.

    Paths of an sdist lack its top folder. `built_on` is the day of the newest member that isn't
    a constant of a build tool, or null.
    """

    name: Name
    given: Given
    members: tuple[Member, ...]
    texts: Mapping[str, bytes] = field(repr=False)
    built_on: dt.date | None = None
    refusals: tuple[Refusal, ...] = ()


def name_of(artifact: str) -> Name:
    """Take a file name apart; raises `UnreadableError` if it is no wheel or sdist."""
    if not re.fullmatch(r"[A-Za-z0-9._+!-]+", artifact):
        raise UnreadableError(artifact, "no name of a wheel or an sdist")
    try:
        if artifact.endswith(".whl"):
            package, version, build, _ = parse_wheel_filename(artifact)
            shown = artifact.removesuffix(".whl").split("-", 3 if build else 2)[-1]
            return Name(artifact, package, str(version), "wheel", shown)
        package, version = parse_sdist_filename(artifact)
        return Name(artifact, package, str(version), "sdist", None)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise UnreadableError(artifact, str(error)) from error


class _Taking:
    """Collects members under the limits; every archive goes through it."""

    def __init__(self, name: Name, wanted: Callable[[str], bool], limits: Limits) -> None:
        self.name = name
        self.wanted = wanted
        self.limits = limits
        self.members: list[Member] = []
        self.texts: dict[str, bytes] = {}
        self.newest: dt.date | None = None
        self._seen: set[str] = set()
        self._twice: set[str] = set()
        self._refused: dict[str, list[str]] = {}
        self._bytes = 0

    def refuse(self, reason: str, path: str) -> None:
        """Note that `path` isn't taken."""
        self._refused.setdefault(reason, []).append(path)

    def list(self, path: str, size: int, packed: int | None, day: dt.date | None) -> bool:
        """Enter a file into the listing; true if its bytes are wanted and allowed."""
        if len(self.members) >= self.limits.members:
            raise UnreadableError(
                self.name.artifact, f"more than {self.limits.members} members; refused"
            )
        if reason := _unsafe(path):
            self.refuse(reason, path)
            return False
        if path in self._seen:
            # which of the two an installer would keep differs, so neither is evidence
            self.texts.pop(path, None)
            self._twice.add(path)
            self.refuse("a second member has this name; neither is read", path)
            return False
        self._seen.add(path)
        self.members.append(Member(path, size, packed))
        if day and day not in _CONSTANT_DAYS and (self.newest is None or day > self.newest):
            self.newest = day
        if not self.wanted(path):
            return False
        if size > self.limits.member_bytes:
            self.refuse(f"has more than {self.limits.member_bytes} bytes; not read", path)
            return False
        if packed is not None and size > _CHUNK and size > packed * self.limits.ratio:
            self.refuse(f"unpacks to more than {self.limits.ratio} times its size", path)
            return False
        return True

    def take(self, path: str, data: bytes, declared: int) -> None:
        """Keep the bytes of a wanted member."""
        if path in self._twice:
            return
        if len(data) != declared:
            self.refuse("its size is not what the archive says", path)
            return
        self._bytes += len(data)
        if self._bytes > self.limits.texts_bytes:
            raise UnreadableError(
                self.name.artifact,
                f"wanted members have more than {self.limits.texts_bytes} bytes; refused",
            )
        self.texts[path] = data

    def done(self, given: Given) -> Artifact:
        """The artifact, in a stable order."""
        refusals = (
            Refusal(reason, len(paths), min(paths)) for reason, paths in self._refused.items()
        )
        latest = given.uploaded_on or given.listed_on
        newest = self.newest
        if newest and latest and newest > latest + dt.timedelta(days=1):
            newest = None  # later than the day on which it was seen
        return Artifact(
            self.name,
            given,
            tuple(sorted(self.members, key=lambda member: member.path)),
            dict(sorted(self.texts.items())),
            _checkout_day(self.texts) or newest,
            tuple(sorted(refusals, key=lambda refusal: refusal.reason)),
        )


def from_wheel(
    name: Name,
    file: BinaryIO,
    given: Given,
    wanted: Callable[[str], bool],
    *,
    before_reading: Callable[[Iterable[tuple[int, int]]], None] | None = None,
    limits: Limits = LIMITS,
) -> Artifact:
    """Read a zip (a wheel, or an sdist that is one) from a seekable file.

    `before_reading` gets (offset, length) of the spans that hold the wanted members. Raises
    `UnreadableError` when it is no zip or breaks a limit; single members are refused by name.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise UnreadableError(name.artifact, f"not a zip: {error}") from error
    taking = _Taking(name, wanted, limits)
    top = _top_folder(name, (info.filename for info in archive.infolist()))
    chosen = []
    for info in archive.infolist():
        path = info.filename.removeprefix(top)
        if info.is_dir():
            continue
        if stat.S_IFMT(info.external_attr >> 16) == _LINK:
            taking.refuse("a link; not followed", path)
        elif info.flag_bits & 1:
            taking.refuse("encrypted; not read", path)
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            taking.refuse("packed in an unusual way; not read", path)
        elif taking.list(path, info.file_size, info.compress_size, _zip_day(info)):
            chosen.append((info, path))
    if before_reading is not None:
        before_reading(
            # a local header repeats the name and may have extra fields of its own
            (info.header_offset, info.compress_size + len(info.filename) * 4 + 1024)
            for info, _ in chosen
        )
    for info, path in sorted(chosen, key=lambda one: one[0].header_offset):
        try:
            with archive.open(info) as opened:
                data = opened.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            taking.refuse(f"broken: {str(error)[:60]}", path)
            continue
        taking.take(path, data, info.file_size)
    return taking.done(given)


def from_sdist(
    name: Name,
    stream: BinaryIO,
    given: Given,
    wanted: Callable[[str], bool],
    *,
    limits: Limits = LIMITS,
) -> Artifact:
    """Read a .tar.gz once from front to back; `stream` needs only `read`.

    Computes the digest of all bytes. Raises `UnreadableError` when it is no such archive, breaks
    a limit, or has another digest than `given`.
    """
    unpacked = _Unpacked(name.artifact, stream, limits)
    taking = _Taking(name, wanted, limits)
    try:
        # "r:" and not "r|gz": the latter reads a header of any size at once
        with tarfile.open(fileobj=unpacked, mode="r:") as archive:
            for info in archive:
                path = info.name.partition("/")[2]
                if info.isdir() or not path:
                    continue
                if not info.isfile():
                    taking.refuse("a link or a device; not followed", path)
                    continue
                if _unsafe(info.name):
                    taking.refuse(_unsafe(info.name), info.name)
                    continue
                if taking.list(path, info.size, None, _tar_day(info.mtime)):
                    opened = archive.extractfile(info)
                    data = opened.read(info.size + 1) if opened else b""
                    taking.take(path, data, info.size)
                archive.members = []  # type: ignore[attr-defined]  # else it keeps every one
    except (tarfile.TarError, EOFError, OverflowError, RecursionError, ValueError) as error:
        raise UnreadableError(name.artifact, f"not a tar file: {str(error)[:80]}") from error
    digest, size = unpacked.finish()
    if given.sha256 and digest != given.sha256:
        raise UnreadableError(name.artifact, "its digest is not what the index states")
    return taking.done(Given(digest, size, given.uploaded_on, given.listed_on))


class _Unpacked(io.RawIOBase):
    """Decompressed bytes of a gzip stream, forward only, counted and limited."""

    def __init__(self, place: str, stream: BinaryIO, limits: Limits) -> None:
        self._place = place
        self._stream = stream
        self._limits = limits
        self._inflate = zlib.decompressobj(31)
        self._buffer = bytearray()
        self._position = 0
        self._packed = 0
        self._unpacked = 0
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence or offset < self._position:
            raise OSError("this stream goes forward only")
        while self._position < offset:
            if not self._give(min(offset - self._position, _CHUNK)):
                break
        return self._position

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._limits.header_bytes:
            raise UnreadableError(
                self._place, f"a header of more than {self._limits.header_bytes} bytes; refused"
            )
        return self._give(size)

    def finish(self) -> tuple[str, int]:
        """Digest and size of the packed bytes, read to their end."""
        while chunk := self._stream.read(_CHUNK):
            self._digest.update(chunk)
            self._packed += len(chunk)
        return self._digest.hexdigest(), self._packed

    def _give(self, size: int) -> bytes:
        while len(self._buffer) < size and not self._inflate.eof:
            rest = self._inflate.unconsumed_tail
            chunk = rest or self._stream.read(_CHUNK)
            if not chunk:
                raise UnreadableError(self._place, "it ends before its archive does")
            if not rest:
                self._digest.update(chunk)
                self._packed += len(chunk)
            try:
                data = self._inflate.decompress(chunk, 1 << 20)
            except zlib.error as error:
                raise UnreadableError(self._place, f"not gzip: {error}") from error
            self._buffer += data
            self._unpacked += len(data)
            limit = min(self._limits.unpacked_bytes, (1 << 24) + self._packed * self._limits.ratio)
            if self._unpacked > limit:
                raise UnreadableError(
                    self._place, f"unpacks to more than {limit} bytes; refused as a bomb"
                )
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._position += len(data)
        return data


def to_extract(artifact: Artifact) -> bytes:
    """The artifact as an extract: a zip of what is known of it, its listing and wanted members.

    Equal artifacts give equal bytes: no clock, no address, everything sorted.
    """
    given = artifact.given
    statement = {
        "schema": "underlay/extract/1",
        "artifact": artifact.name.artifact,
        "sha256": given.sha256,
        "size_bytes": given.size_bytes,
        "uploaded_on": given.uploaded_on.isoformat() if given.uploaded_on else None,
        "listed_on": given.listed_on.isoformat() if given.listed_on else None,
        "built_on": artifact.built_on.isoformat() if artifact.built_on else None,
        "refused": [[one.reason, one.count, one.example] for one in artifact.refusals],
    }
    listing = "".join(
        f"{member.path}\t{member.size_bytes}\t"
        f"{'' if member.packed_bytes is None else member.packed_bytes}\n"
        for member in artifact.members
    )
    entries = {
        _STATEMENT: (json.dumps(statement, indent=1) + "\n").encode(),
        _LISTING: listing.encode("utf-8", "surrogateescape"),
        **{_TEXTS + path: data for path, data in sorted(artifact.texts.items())},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in entries.items():
            info = zipfile.ZipInfo(path)  # dated 1980-01-01
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, data)
    return buffer.getvalue()


def from_extract(data: bytes, place: str, limits: Limits = LIMITS) -> Artifact:
    """Read an extract; raises `UnreadableError` when it isn't one or breaks a limit."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = archive.infolist()
        if len(infos) > limits.members:
            raise UnreadableError(place, f"more than {limits.members} members; refused")
        statement = json.loads(_entry(archive, _STATEMENT, limits.member_bytes, place))
        listing = _entry(archive, _LISTING, limits.header_bytes, place)
        texts: dict[str, bytes] = {}
        total = 0
        for info in infos:
            if info.filename.startswith(_TEXTS) and not info.is_dir():
                text = _entry(archive, info.filename, limits.member_bytes, place)
                total += len(text)
                if total > limits.texts_bytes:
                    raise UnreadableError(place, f"more than {limits.texts_bytes} bytes; refused")
                texts[info.filename.removeprefix(_TEXTS)] = text
        return Artifact(
            name_of(str(statement["artifact"])),
            Given(
                statement["sha256"],
                statement["size_bytes"],
                _day(statement["uploaded_on"]),
                _day(statement["listed_on"]),
            ),
            tuple(_listed(listing.decode("utf-8", "surrogateescape"))),
            texts,
            _day(statement["built_on"]),
            tuple(Refusal(*one) for one in statement["refused"]),
        )
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
        TypeError,
        NotImplementedError,
        RecursionError,
        OverflowError,
    ) as error:
        raise UnreadableError(place, f"no extract of a package: {str(error)[:80]}") from error


def _entry(archive: zipfile.ZipFile, path: str, limit: int, place: str) -> bytes:
    with archive.open(path) as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise UnreadableError(place, f"`{path}` has more than {limit} bytes; refused")
    return data


def _listed(listing: str) -> Iterable[Member]:
    for line in listing.split("\n"):
        if line:
            path, size, packed = line.rsplit("\t", 2)
            yield Member(path, int(size), int(packed) if packed else None)


def _day(text: Any) -> dt.date | None:
    return dt.date.fromisoformat(text) if text is not None else None


def _unsafe(path: str) -> str:
    """Why a member's name is refused, or nothing."""
    if not path or any(ord(letter) < 32 or letter == "\x7f" for letter in path):
        return "a name with control characters; refused"
    if path.startswith(("/", "\\")) or path[1:2] == ":":
        return "an absolute path; refused"
    if "\\" in path:
        return "a name with backslashes; refused"
    if ".." in PurePosixPath(path).parts:
        return "a path that climbs out (`..`); refused"
    return ""


def _top_folder(name: Name, paths: Iterable[str]) -> str:
    """The folder that holds all of an sdist, with its slash; nothing for a wheel."""
    if name.kind == "wheel":
        return ""
    tops = {path.partition("/")[0] for path in paths}
    return f"{tops.pop()}/" if len(tops) == 1 else ""


def _zip_day(info: zipfile.ZipInfo) -> dt.date | None:
    try:
        return dt.date(*info.date_time[:3])
    except ValueError:
        return None


def _tar_day(stamp: float) -> dt.date | None:
    try:
        return dt.datetime.fromtimestamp(stamp, dt.UTC).date()
    except (OverflowError, ValueError, OSError):
        return None


def _checkout_day(texts: Mapping[str, bytes]) -> dt.date | None:
    """Day of the last entry of a Git log that came along (llama-cpp-python's sdists have one)."""
    days = []
    for path, data in texts.items():
        if path.startswith(".git/") and path.endswith("logs/HEAD"):
            head = data.decode("utf-8", "replace").strip().rpartition("\n")[2].partition("\t")[0]
            stamp = head.split()[-2:-1]
            if stamp and stamp[0].isdigit():
                days.append(_tar_day(int(stamp[0])))
    return max((day for day in days if day), default=None)
