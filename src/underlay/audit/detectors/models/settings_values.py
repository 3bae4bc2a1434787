"""Models in documents of settings: environments, containers, and keys that name models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import CommandLines
from underlay.audit.detectors.models.embedded import embedded_python
from underlay.audit.detectors.models.settings_names import literals_of
from underlay.audit.names.references import key_strength
from underlay.audit.names.sites import (
    VOICE,
    Endpoints,
    Site,
    by_size,
    files_of_repositories,
    pieces,
)
from underlay.audit.readers.documents import DYNAMIC, Fragment
from underlay.audit.readers.shell import Command, Value, read_shell, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from underlay.audit.findings import Kind, Role
    from underlay.audit.names.sites import Sightings
    from underlay.audit.readers.documents import Document, Node
    from underlay.audit.readers.shell import Variables

__all__ = ["Settings", "default_of", "is_name_of_path", "template_default"]

# ${NAME:-text} of shells and Compose, ${NAME:text} of Spring and others
_DEFAULT = re.compile(r"\$\{[A-Za-z_][\w.]*(?::?[-=]|:)(?P<text>[^{}$]*)\}")
_TEMPLATE_DEFAULT = re.compile(r"default\s+\\?[\"'](?P<text>[^\"'{}\\\s]{2,200})\\?[\"']")
_FLAGS = re.compile(r"(?:^|\s)--[a-z][\w-]*(?:\s|=)\S")
_ESCAPED_DOLLAR = re.compile(r"\$\$")


def default_of(text: str) -> tuple[str, int, bool]:
    """`${NAME:-text}` as (text, its offset, True); another text as it is."""
    match = _DEFAULT.fullmatch(text.strip())
    if match is None:
        return text, 0, False
    return match["text"], text.index(match["text"]) if match["text"] else 0, True


def is_name_of_path(name: str, value: str, given: Mapping[str, str]) -> bool:
    """Whether a variable only says how a server calls the weights of the variable beside it.

    `MODEL_NAME=qwen2` beside `MODEL_PATH=checkpoints/Qwen2-7B-Instruct`.
    """
    if not name.upper().endswith("MODEL_NAME") or "/" in value:
        return False
    path = name[:-4] + ("PATH" if name[-1].isupper() else "path")
    return "/" in given.get(path, "")


@dataclass(slots=True)
class Settings:
    """Reads parts of one document into sightings."""

    file: PurePosixPath
    found: Sightings
    document: Document
    role: Role = "config"
    endpoints: Endpoints = field(default_factory=Endpoints)
    depth: int = 0  # of documents in documents
    has_objects: bool = False  # a document of Kubernetes, whose objects have names of their own
    variables: Variables = field(default_factory=dict)  # of the environments read so far

    def site(self, node: Node, site: Site, *, expects: Kind | None = None) -> bool:
        """One value at a site; a default in a template is one too."""
        if node.kind != "text":
            return False
        text, offset, is_default = default_of(node.text)
        if text.startswith(("hf.co/", "huggingface.co/")):
            expects = None
        own = replace(site, expects=expects or site.expects, is_object=self.has_objects)
        if is_default:
            own = replace(own, role="default")
        column = node.column + offset + (node.is_quoted and offset > 0)
        return self.found.see(text, node.line, column, own)

    def environment(self, node: Node, rule: str, role: Role | None = None) -> None:
        """A mapping NAME: value, a list of `NAME=value`, or a list of {name, value}."""
        entries = list(_environment(node))
        known = Endpoints.of([(e[0], e[1]) for e in entries], is_environment=True)
        endpoints = known.joined(self.endpoints)
        plain = {entry[0]: entry[1] for entry in entries}
        files = files_of_repositories(plain)
        for name, text, line, column, start in entries:
            strength = key_strength(name)
            if name in files.values():
                continue
            value, offset, is_default = default_of(text)
            if DYNAMIC in text:
                if strength and start:
                    self.expression(start, Site(self.file, rule, name, self.role, strength), line,
                                    column)  # fmt: skip
                continue
            known_value = Value(value, line, column + offset, is_default)
            self.variables[name] = (known_value, *self.variables.get(name, ()))[:20]
            self.flags(value, line, column + offset)
            if not strength and not VOICE.fullmatch(value):
                continue
            if text.lstrip()[:1] in ("[", "{"):
                self._json(name, text, line, column)
                continue
            own: Role = "default" if is_default else role or self.role
            site = Site(self.file, rule, name, own, strength, url=endpoints.url_for(name),
                        weight_file=plain.get(files.get(name, "")))  # fmt: skip
            site = replace(site, is_served=is_name_of_path(name, value, plain))
            for piece, shift in pieces(value, name):
                own_site = by_size(site, name, piece)
                self.found.see(piece, line, column + offset + shift, own_site)

    def expression(self, start: int, site: Site, line: int, column: int) -> None:
        """The literals of a workflow's expression, which stands at an offset of the source."""
        end = self.document.source.find("\n", start, start + 1_000)
        raw = self.document.source[start : end if end >= 0 else start + 1_000]
        for literal, offset in literals_of(raw):
            self.found.see(literal, line, column + offset, site)

    def _json(self, name: str, text: str, line: int, column: int) -> None:
        """A variable that holds JSON: `PRELOAD_MODELS=[{"url": ..., "name": ...}]`."""
        from underlay.audit.detectors.models.settings_walk import walk_json

        if self.depth < 2 and len(text) <= 200_000:
            walk_json(self, Fragment.anchored(text, line, column), name)

    def flags(self, text: str, line: int, column: int) -> None:
        """`ARGS="--model org/name --dtype auto"`: a variable that holds arguments."""
        if _FLAGS.search(text) and len(text) <= 5_000:
            self.commands().script(Fragment.anchored(text, line, column))

    def container(
        self,
        entry: Node | None,
        command: Node | None,
        environment: Node | None,
        role: Role | None = None,
        image: str = "",
    ) -> None:
        """An entry point with its arguments; scripts in them are read as shell.

        The entry point of an image of Whisper takes its sizes.
        """
        reader = self.commands(environment)
        reader.role = role or self.role
        words: list[tuple[str, int, int]] = []
        if "whisper" in image.lower() and entry is None:
            words.append(("whisper", 0, 0))
        scripts: dict[int, Fragment] = {}
        for node in (entry, command):
            if node is None:
                continue
            if node.kind == "list":
                for one in node.values:
                    if one.kind != "text":
                        continue
                    if DYNAMIC in one.text:
                        words.append(self._templated(one))
                        continue
                    if "\n" in one.text or " " in one.text.strip():
                        scripts[len(words)] = self.script_of(one)
                    words.append((_ESCAPED_DOLLAR.sub("$", one.text), one.line, one.column))
            elif node.text and node is entry:
                words.append((node.text, node.line, node.column))
            elif node.text and words:  # `sh` with the string that it is given
                for part in read_shell(self.script_of(node)):
                    if isinstance(part, Command):
                        head = words_of(words)
                        reader.command(replace(part, words=(*head.words, *part.words)))
            elif node.text:
                reader.script(self.script_of(node))
        if words:
            reader.command(_with_defaults(words, scripts, self.variables))

    def _templated(self, node: Node) -> tuple[str, int, int]:
        """`--model={{ .Values.model | default "org/name" }}` with its default, if it has one."""
        raw = self.document.source[node.start : node.end]
        match = _TEMPLATE_DEFAULT.search(raw)
        head = node.text.partition(DYNAMIC)[0]
        if match is None or not node.text.endswith(DYNAMIC):
            return node.text, node.line, node.column
        return head + match["text"], node.line, node.column + match.start("text") - len(head)

    def script_of(self, node: Node) -> Fragment:
        """A text node as shell; Compose writes `$$` for the shell's `$`."""
        fragment = self.document.fragment(node)
        return fragment.replaced(fragment.text.replace("$$", " $"))

    def commands(self, environment: Node | None = None) -> CommandLines:
        """A reader of command lines that knows the environment."""
        reader = CommandLines(self.file, self.found, variables=dict(self.variables))
        reader.python = embedded_python(self.file, self.found)
        reader.endpoints = self.endpoints
        if environment is not None:
            pairs = [(e[0], e[1]) for e in _environment(environment)]
            known = Endpoints.of(pairs, is_environment=True)
            reader.endpoints = known.joined(self.endpoints)
        return reader


def template_default(raw: str) -> re.Match[str] | None:
    """The default in a chart's template, as the group `text`."""
    return _TEMPLATE_DEFAULT.search(raw)


def _with_defaults(
    words: list[tuple[str, int, int]], scripts: dict[int, Fragment], variables: Variables
) -> Command:
    """The words as a command; `${NAME:-text}` in them is its default."""
    plain = []
    for text, line, column in words:
        flag, sign, value = text.partition("=")
        default, _, is_default = default_of(value if sign else text)
        if is_default:
            plain.append((f"{flag}={default}" if sign else default, line, column))
        else:
            plain.append((text, line, column))
    return words_of(plain, variables, scripts)


def _environment(node: Node) -> list[tuple[str, str, int, int, int]]:
    """(name, value, line, column and offset of the value) of every variable."""
    found = []
    if node.kind == "map":
        for name, value in node.items():
            if value.kind == "text":
                found.append((name, value.text, value.line, value.column, value.start))
        return found
    for one in node.values:
        if one.kind == "text":
            name, sign, text = one.text.partition("=")
            if sign:
                column = one.column + len(name) + 1 + one.is_quoted
                found.append((name.strip(), text.strip("\"'"), one.line, column, 0))
        elif one.kind == "map":
            given = one.get("value")
            if given is not None and given.kind == "text":
                name = one.text_of("name", "key")
                found.append((name, given.text, given.line, given.column, given.start))
    return found
