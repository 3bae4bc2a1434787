"""Models that shell scripts, Makefiles and other lists of commands name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import (
    COMMAND_RULES,
    CommandLines,
    mentions_models,
)
from underlay.audit.detectors.models.embedded import embedded_python
from underlay.audit.detectors.models.remarks import REMARK_RULES, read_remarks
from underlay.audit.detectors.models.settings_walk import SETTINGS_RULES
from underlay.audit.names.sites import Sightings
from underlay.audit.readers.documents import Fragment
from underlay.audit.readers.shell import Assignment, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, ModelReference, Rule, Unknown
    from underlay.audit.readers.shell import Variables

__all__ = ["Scripts"]

_SHELL = frozenset((".sh", ".bash", ".zsh", ".ksh", ".command", ".bats", ".sbatch", ".slurm"))
_MAKE = frozenset((".mk", ".make"))
_MAKEFILES = frozenset(("makefile", "gnumakefile", "justfile", ".justfile"))
_NAMES = frozenset(("procfile", ".envrc", "entrypoint", "start", "run", "setup", "install"))
_LARGEST = 1_000_000
_MAKE_SET = re.compile(
    r"^(?:export[ \t]+|override[ \t]+)*(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<sign>:::?=|[?:+]?=)"
    r"[ \t]*(?P<value>[^\n#]*)",
    re.MULTILINE,
)
_MAKE_VARIABLE = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)")
_JUST_VARIABLE = re.compile(r"\{\{[ \t]*([A-Za-z_][\w-]*)[ \t]*\}\}")
_BATCH_SET = re.compile(
    r"(?i)^[ \t]*(?:@?set[ \t]+(?P<quote>\")?|\$(?:env:)?)(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*"
)
_BATCH_VARIABLE = re.compile(r"%([A-Za-z_]\w*)%")
_UNIT_COMMAND = re.compile(r"(?m)^Exec\w{1,30}=[-@:+!]{0,3}")
_UNIT_ENVIRONMENT = re.compile(r"(?m)^Environment=(?P<pairs>[^\n]*)$")
_UNIT_REST = re.compile(r"(?m)^(?:\[\w+\]|(?:[A-Z][A-Za-z]{2,40})=[^\n]*)$")
_ECHOES = re.compile(r"(?m)^([ \t]*)([@+-]+)")


def _shell(file: File) -> Sightings:
    """What a shell script names, with the programs and files that it feeds."""
    found = Sightings(file.path)
    reader = CommandLines(file.path, found)
    reader.python = embedded_python(file.path, found)
    fragment = Fragment(file.text())
    reader.script(fragment)
    return found


def _make(source: str, path: PurePosixPath, found: Sightings) -> None:
    """Recipes line by line, with the variables of the makefile."""
    reader = CommandLines(path, found)
    reader.python = embedded_python(path, found)
    whole = Fragment(source)
    variables: Variables = {}
    for match in _MAKE_SET.finditer(source):
        text = match["value"].strip()
        if not text or "$" in text:
            continue
        line, column = whole.at(match.start("value"))
        is_default = match["sign"] == "?="
        pieces = text.split() if _is_list(match["name"]) else [text]
        values = []
        for piece in pieces:
            offset = match["value"].find(piece)
            values.append(Value(piece.strip("\"'"), line, column + max(offset, 0), is_default))
        before = variables.get(match["name"], ()) if match["sign"] == "+=" else ()
        variables[match["name"]] = (*before, *values)
    reader.variables = variables
    for fragment in _recipes(whole):
        reader.script(fragment)
    for name, found_values in variables.items():
        first = found_values[0]
        reader.assignment(Assignment(name, first.line, first.column, found_values))


def _is_list(name: str) -> bool:
    """Whether a variable's name is a plural: its words are its values."""
    return name.lower().endswith("s") and not name.lower().endswith("ss")


_RECIPE = re.compile(r"(?:^(?:\t| {2,})[^\n]*(?:\n|$))+", re.MULTILINE)


def _recipes(whole: Fragment) -> Iterator[Fragment]:
    whole.at(0)  # its parts share what it knows of lines
    for match in _RECIPE.finditer(whole.text):
        text = match[0]
        if not mentions_models(text.encode("utf-8", "replace")):
            continue
        # $(NAME) is a variable here and a command in the shell; @ and - before a command are make's
        text = _MAKE_VARIABLE.sub(r"${\1}", text).replace("$$", " $")
        text = _JUST_VARIABLE.sub(lambda m: ("${" + m[1] + "}").ljust(len(m[0])), text)
        text = _ECHOES.sub(lambda m: m[1] + " " * len(m[2]), text)
        yield whole.part(match.start(), match.end()).replaced(text)


def _batch(source: str, path: PurePosixPath, found: Sightings) -> None:
    """Windows' batch files and PowerShell: close enough to shell once `set` is read."""
    lines = []
    for raw in source.split("\n"):
        line = raw.rstrip("\r")
        match = _BATCH_SET.match(line)
        if match:  # `set NAME=value` and `$NAME = "value"`, each at its own column
            head = match["name"] + "="
            value = line[match.end() :].rstrip('"') if match["quote"] else line[match.end() :]
            lines.append(" " * (match.end() - len(head)) + head + value)
        else:
            line = _BATCH_VARIABLE.sub(r"$\1 ", line)
            lines.append(line.replace("^", "\\").replace("`", "\\"))
    reader = CommandLines(path, found)
    reader.script(Fragment("\n".join(lines)))


def _unit(source: str, path: PurePosixPath, found: Sightings) -> None:
    """A unit of systemd: its commands, and the environment that they have."""
    text = _UNIT_COMMAND.sub(lambda m: " " * len(m[0]), source)
    text = _UNIT_ENVIRONMENT.sub(
        lambda m: " " * (m.start("pairs") - m.start()) + m["pairs"].replace('"', " "), text
    )
    text = _UNIT_REST.sub(lambda m: " " * len(m[0]), text)
    CommandLines(path, found).script(Fragment(text))


@dataclass(frozen=True, slots=True)
class Scripts:
    """Shell, make, just, batch and PowerShell."""

    name: str = "scripts"
    version: int = 5
    rules: tuple[Rule, ...] = (*COMMAND_RULES, *REMARK_RULES, *SETTINGS_RULES)

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Scripts by their ending or their usual name."""
        name = path.name.lower()
        return size <= _LARGEST and (
            path.suffix.lower() in _SHELL | _MAKE | {".bat", ".cmd", ".ps1", ".service"}
            or name in _MAKEFILES
            or name in _NAMES
            or name.startswith("makefile.")
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of its commands and variables."""
        if not mentions_models(file.data) or b"\0" in file.data[:1000]:
            return
        suffix = file.path.suffix.lower()
        name = file.path.name.lower()
        if suffix in _MAKE or name in _MAKEFILES or name.startswith("makefile."):
            found = Sightings(file.path)
            _make(file.text(), file.path, found)
        elif suffix == ".service":
            found = Sightings(file.path)
            _unit(file.text(), file.path, found)
        elif suffix in (".bat", ".cmd", ".ps1"):
            found = Sightings(file.path)
            _batch(file.text(), file.path, found)
        else:
            found = _shell(file)
        if suffix not in (".bat", ".cmd"):
            read_remarks(file.text(), file.path, found)
        yield from found
