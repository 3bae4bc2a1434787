"""Packages that projects in other languages declare, and accelerators that their code names.

Maven, Gradle, NuGet, RubyGems, Packagist, Swift; of Go and Cargo the kits of services and the
features, their other packages are the manifests' own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue
from underlay.audit.detectors.infrastructure.ties import Ties, strongest
from underlay.audit.findings import Rule
from underlay.audit.readers.code_values import language_of, vocabulary_code
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Infrastructure, Tie

__all__ = ["Artifacts"]

_LARGEST = 1_000_000
_MOST = 5_000  # declarations of one file
_NAMES = frozenset(
    ("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle.kts", "libs.versions.toml",
     "packages.config", "Package.swift", "Gemfile", "composer.json", "go.mod", "Cargo.toml")
)  # fmt: skip
_PROJECTS = (".csproj", ".fsproj", ".vbproj", ".props", ".targets")
_NOISE = re.compile(r"(?<![:\w])//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_MARKS = (b"CUDA", b"Cuda", b"cuda", b"TensorRT", b"Tensorrt")
_COORDINATES = re.compile(
    r"[\"'](?P<name>[\w.-]{2,100}:[\w.-]{2,100})(?::(?P<version>[^\"'\s]{1,80}))?[\"']"
)
_GEM = re.compile(
    r"(?m)^[ \t]*(?:gem|\w+\.add_(?:runtime_|development_)?dependency)[ (]+"
    r"[\"'](?P<name>[\w.-]+)[\"']"
)
_SWIFT = re.compile(
    r"url:\s{0,8}\"https?://github\.com/(?P<name>[\w.-]{1,60}/[\w.-]{1,80}?)(?:\.git)?/?\""
)
_GO = re.compile(
    r"(?m)^[ \t]*(?:require[ \t]+)?(?P<name>[\w.-]+\.[a-z]+/[\w./-]+)[ \t]+v\S++"
    r"(?![ \t]*//[ \t]*indirect)"
)
_FEATURES = {
    "cuda": "cuda",
    "cudnn": "cuda",
    "nccl": "cuda",
    "cublas": "cuda",
    "flash-attn": "cuda",
    "tensorrt": "cuda",
    "metal": "metal",
    "hipblas": "rocm",
    "rocm": "rocm",
}


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Declared packages of seven ecosystems, features of crates, and devices named in code."""

    name: str = "artifacts"
    version: int = 2
    rules: tuple[Rule, ...] = (
        Rule("artifacts/package", "a declared package that needs an accelerator"),
        Rule("artifacts/kit", "a declared kit whose one purpose is to call a hosted service"),
        Rule("artifacts/feature", "a feature of a crate that builds for an accelerator"),
        Rule("artifacts/device", "code that asks for one accelerator's device or provider"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Files of declarations, and sources."""
        if size > _LARGEST:
            return False
        return (
            path.name in _NAMES
            or path.name.endswith((*_PROJECTS, ".gemspec"))
            or language_of(path.suffix.lower()) is not None
        )

    def detect(self, file: File, /) -> Iterator[Infrastructure]:
        """What one file declares or asks for."""
        yield from strongest(self._detect(file))

    def _detect(self, file: File) -> Iterator[Infrastructure]:
        name = file.path.name
        ties = Ties(file.path, self.name)
        suffix = file.path.suffix.lower()
        if name == "pom.xml" or name == "packages.config" or name.endswith(_PROJECTS):
            yield from _xml(file.data, ties)
        elif name.endswith((".gradle", ".gradle.kts")):
            yield from _matches(_COORDINATES, _plain(file.text()), "maven", ties)
        elif name == "libs.versions.toml":
            yield from _catalogue_of_versions(file.text(), ties)
        elif name == "Gemfile" or suffix == ".gemspec":
            yield from _matches(_GEM, file.text(), "gem", ties)
        elif name == "Package.swift":
            yield from _matches(_SWIFT, file.text(), "swift", ties)
        elif name == "composer.json":
            yield from _composer(file.text(), ties)
        elif name == "go.mod":
            yield from _matches(_GO, file.text(), "go", ties)
        elif name == "Cargo.toml":
            yield from _cargo(file.text(), ties)
        if language_of(suffix) is not None and any(mark in file.data for mark in _MARKS):
            yield from _devices(file.text(), suffix, ties)


@cache
def _known() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """By ecosystem: patterns of names, and their rows."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in vocabulary_code()["artifact"]:
        for ecosystem in ("maven", "nuget", "gem", "composer", "swift", "go", "crate"):
            for pattern in row.get(ecosystem, ()):
                found.setdefault(ecosystem, []).append((pattern.lower(), row))
    return found


def _package(
    ecosystem: str, name: str, line: int, column: int, ties: Ties, version: str | None = None
) -> Iterator[Infrastructure]:
    low = name.lower()
    for pattern, row in _known().get(ecosystem, ()):
        if not fnmatchcase(low, pattern):
            continue
        shown = f"{ecosystem}:{name}"
        if "kit" not in row:
            entry = Entry(row["vendor"], row["tie"], row["need"], row.get("replacement"))
            yield ties.at(shown, entry, line, column, "package", name, version=version)
            return
        service = catalogue().kit(row["kit"])
        if service is not None:
            told = f"{name}: kit of {service.name}"
            yield ties.at(shown, service.entry, line, column, "kit", told, version=version)
        return


def _plain(text: str) -> str:
    """The text with its comments blanked, every offset kept."""
    return _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _matches(
    pattern: re.Pattern[str], text: str, ecosystem: str, ties: Ties
) -> Iterator[Infrastructure]:
    line, counted = 1, 0
    for count, match in enumerate(pattern.finditer(text)):
        if count >= _MOST:
            return
        start = match.start("name")
        line += text.count("\n", counted, start)
        counted = start
        column = start - text.rfind("\n", 0, start)
        version = match.groupdict().get("version")
        yield from _package(ecosystem, match["name"], line, column, ties, version)


def _xml(data: bytes, ties: Ties) -> Iterator[Infrastructure]:
    """Maven's and MSBuild's files. A document type ends the reading: no entity is expanded."""
    found: list[tuple[str, str, int, int, str | None]] = []
    reader = _Elements(found)
    reader.read(data)
    for ecosystem, name, line, column, version in found[:_MOST]:
        yield from _package(ecosystem, name, line, column, ties, version)


class _Elements:
    """The packages of an XML file, by expat's own events; nothing of it is kept but names."""

    def __init__(self, found: list[tuple[str, str, int, int, str | None]]) -> None:
        from xml.parsers import expat

        self._found = found
        self._path: list[str] = []
        self._texts: dict[str, str] = {}
        self._at = (1, 1)
        self._error = expat.ExpatError
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def read(self, data: bytes) -> None:
        """Read up to the first thing that is no plain XML."""
        try:
            self._parser.Parse(data, True)
        except _RefusedError:
            cut("XML with a document type, or nested deeper than 100: read up to there")
        except (self._error, ValueError, LookupError):  # no XML, or of no known encoding
            return

    def _refuse(self, *_: object) -> None:
        raise _RefusedError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if len(self._path) > 100:
            raise _RefusedError
        self._path.append(name)
        where = (self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
        if name in ("dependency", "plugin"):
            self._texts = {}
        elif name == "artifactId":
            self._at = where
        package = attributes.get("Include") or attributes.get("Update")
        if name in ("PackageReference", "PackageVersion") and package:
            self._found.append(("nuget", package, *where, attributes.get("Version")))
        elif name == "package" and "id" in attributes:
            self._found.append(("nuget", attributes["id"], *where, attributes.get("version")))

    def _data(self, text: str) -> None:
        if self._path and self._path[-1] in ("groupId", "artifactId", "version", "classifier"):
            key = self._path[-1]
            self._texts[key] = (self._texts.get(key, "") + text)[:200]

    def _end(self, _tag: str) -> None:
        name = self._path.pop() if self._path else ""
        if name == "dependency" and {"groupId", "artifactId"} <= self._texts.keys():
            group, artifact = self._texts["groupId"].strip(), self._texts["artifactId"].strip()
            version = self._texts.get("version", "").strip() or None
            self._found.append(("maven", f"{group}:{artifact}", *self._at, version))


class _RefusedError(Exception):
    """The file holds what is not read: a document type, entities, too deep nesting."""


def _catalogue_of_versions(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """Gradle's catalogue of versions."""
    from underlay.audit.readers.documents import read_toml

    for root in read_toml(text).roots:
        libraries = root.get("libraries")
        for node in libraries.values[:_MOST] if libraries is not None else ():
            whole = node.get("module")
            group, name = node.get("group"), node.get("name")
            if node.kind == "text":
                coordinates = ":".join(node.text.split(":")[:2])
                yield from _package("maven", coordinates, node.line, node.column, ties)
            elif whole is not None:
                yield from _package("maven", whole.text, whole.line, whole.column, ties)
            elif group is not None and name is not None:
                both = f"{group.text}:{name.text}"
                yield from _package("maven", both, name.line, name.column, ties)


def _composer(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import read_json

    for root in read_json(text).roots:
        for section in ("require", "require-dev"):
            node = root.get(section)
            for key in node.keys[:_MOST] if node is not None else ():
                yield from _package("composer", key.text, key.line, key.column, ties)


def _cargo(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import read_toml

    for root in read_toml(text).roots:
        for path, node in root.walk():
            if node.kind == "map" and path and path[-1].endswith("dependencies"):
                for key in node.keys[:_MOST]:
                    yield from _package("crate", key.text, key.line, key.column, ties)
        features = root.get("features")
        if features is None:
            continue
        chosen = features.get("default")
        defaults = {node.text for node in chosen.values} if chosen is not None else set()
        for key in features.keys[:_MOST]:
            toolchain = _FEATURES.get(key.text)
            if toolchain is not None:
                tie: Tie = "tied" if key.text in defaults else "switch"
                yield ties.at(f"toolchain:{toolchain}", catalogue().toolchain(toolchain), key.line,
                              key.column, "feature", f"feature {key.text}", tie=tie)  # fmt: skip


@cache
def _patterns(suffix: str) -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    return tuple(
        (re.compile(mark["pattern"]), mark)
        for mark in vocabulary_code()["mark"]
        if suffix in mark["endings"]
    )


def _devices(text: str, suffix: str, ties: Ties) -> Iterator[Infrastructure]:
    plain = _plain(text)
    for pattern, mark in _patterns(suffix):
        entry = Entry(mark["vendor"], mark["tie"], mark["need"], mark["replacement"])
        line, counted = 1, 0
        for count, match in enumerate(pattern.finditer(plain)):
            if count >= 200:
                break
            line += plain.count("\n", counted, match.start())
            counted = match.start()
            column = match.start() - plain.rfind("\n", 0, match.start())
            yield ties.at(mark["component"], entry, line, column, "device", match[0].strip("( ."))
