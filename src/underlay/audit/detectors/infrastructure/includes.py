"""Files of requirements that others include: `-r extra/gpu.txt`, `-c`, setuptools' `file = [...]`.

What such a file is called doesn't tell that it is one, so its packages count where another file
includes it. Nothing outside the tree is opened, and a loop ends.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.manifests import is_requirements, requirement_lines
from underlay.audit.detectors.infrastructure.ties import Ties, strongest
from underlay.audit.findings import Infrastructure, Rule, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from underlay.audit.findings import Facts, File

__all__ = ["Includes"]

_LARGEST = 100_000  # bytes
_MOST = 500  # lines of one file that include another
_NAMES = re.compile(
    r"(?i)req|dep|constr|base|common|core|main|cuda|rocm|gpu|cpu|torch|extra|pip|pack|dev|test|prod"
    r"|lint|train|infer|serv|linux|mac|win|build|optional|all|full|min|app|api|backend|version|pin"
)
_INCLUDE = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+['\"]?)?(?:-r|-c|--requirement|--constraint)(?:[ \t]+|=|(?=[\w./]))"
    r"[\"']?(?P<name>[^\s\"'#]{1,200})"
)
_LINE = re.compile(r"\s*(?:#.*|-.*|[A-Za-z0-9][\w.-]*\s*(?:\[[^\]\n]*\])?\s*(?:[=<>~!@;,(].*)?)?$")
_DYNAMIC = re.compile(r"(?m)^\s*[\w.-]{1,60}\s*=\s*\{\s*file\s*=\s*\[?(?P<names>[^\]}\n]{1,500})")
_QUOTED = re.compile(r"[\"'](?P<name>[^\"'\n]{1,200})[\"']")


class Includes:
    """Packages of files that are named by others only, and includes that lead nowhere."""

    name = "includes"
    version = 1
    rules = (
        Rule("includes/package", "a package in a file that another file of packages includes"),
        Rule("includes/missing", "an included file that is not in the tree"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Files that can include others or be included."""
        if size > _LARGEST:
            return False
        return (
            is_requirements(path)
            or path.name == "pyproject.toml"
            or (path.suffix in (".txt", ".in", ".pip") and bool(_NAMES.search(path.name)))
            or (path.suffix in (".yml", ".yaml") and "env" in path.name.lower())
        )

    def detect(self, file: File, /) -> Iterator[Infrastructure | Unknown]:
        """What follows from one file by itself."""
        facts = self.facts(file)
        if facts:
            yield from self.link({str(file.path): facts})

    def facts(self, file: File, /) -> Facts | None:
        """Whom a file includes, and the packages of one that only others tell to be one."""
        text = file.text()
        kept: Facts = {"includes": []}  # also where there are none: that the file is there counts
        if file.path.name == "pyproject.toml":
            if "setuptools.dynamic" in text:
                kept["includes"] = list(_dynamic(text))
        elif found := list(_included(text)):
            kept["includes"] = found
        is_known = is_requirements(file.path)
        if not is_known and file.path.suffix in (".txt", ".in", ".pip"):
            lines = text.split("\n")
            if not all(_LINE.match(line) for line in lines):
                return None
            ties = Ties(file.path, self.name)
            held = strongest(
                each for each in requirement_lines(text, ties) if isinstance(each, Infrastructure)
            )
            kept["packages"] = [asdict(each) | {"rule": "includes/package"} for each in held]
        return kept if kept["includes"] or "packages" in kept or is_known else None

    def link(self, facts: Mapping[str, Facts], /) -> Iterator[Infrastructure | Unknown]:
        """From the files that are what they are called, through what they include."""
        reached = [
            path
            for path in facts
            if is_requirements(PurePosixPath(path)) or not path.endswith((".txt", ".in", ".pip"))
        ]
        seen = set(reached)
        while reached:
            path = reached.pop()
            for name, line in facts[path]["includes"]:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                if target in facts:
                    if target not in seen:
                        seen.add(target)
                        reached.append(target)
                elif (reason := _why_not(name, target)) is not None:
                    yield Unknown(file=path, line=line, text=name, reason=reason,
                                  rule="includes/missing")  # fmt: skip
        for path in sorted(seen):
            for packed in facts[path].get("packages", ()):
                yield Infrastructure(**packed)


def _included(text: str) -> Iterator[tuple[str, int]]:
    for count, match in enumerate(_INCLUDE.finditer(text)):
        if count >= _MOST:
            return
        yield match["name"], text.count("\n", 0, match.start("name")) + 1


def _dynamic(text: str) -> Iterator[tuple[str, int]]:
    start = text.find("[tool.setuptools.dynamic")
    for block in _DYNAMIC.finditer(text, max(start, 0)):
        line = text.count("\n", 0, block.start("names")) + 1
        for match in _QUOTED.finditer(block["names"]):
            if match["name"].endswith((".txt", ".in", ".pip")):
                yield match["name"], line


def _why_not(name: str, target: str) -> str | None:
    if "://" in name:
        return "includes requirements by their address: not fetched"
    if "$" in name or "{" in name:
        return "includes requirements whose name is known only when it is installed"
    if name.startswith("/") or target.startswith("../") or target == "..":
        return "includes requirements outside the tree: not read"
    if not target.endswith((".txt", ".in", ".pip", ".lock")):
        return None
    return "includes requirements that are not in the tree, or not read"
