"""Models that documents name: code blocks, read as their language is, and front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underlay.audit.command_lines import CommandLines, mentions_models
from underlay.audit.containerfile import read_containerfile
from underlay.audit.detectors.modelfile import read_modelfile
from underlay.audit.documents import Fragment, read_dotenv, read_json, read_toml, read_yaml
from underlay.audit.embedded import embedded_python
from underlay.audit.findings import File, ModelReference, Rule
from underlay.audit.settings import Settings
from underlay.audit.settings_walk import walk_settings
from underlay.audit.sites import Sightings, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from underlay.audit.documents import Document
    from underlay.audit.findings import Unknown

__all__ = ["Prose"]

_ENDINGS = frozenset((".md", ".mdx", ".markdown", ".rst", ".qmd", ".rmd"))
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>```+|~~~+)[ \t]*\{?\.?(?P<language>[\w+-]*)[^\n]*\n"
    r"(?P<body>(?:(?![ \t]*(?P=fence))[^\n]*\n)*)(?:[ \t]*(?P=fence)[^\n]*)?",
    re.MULTILINE,
)
_DIRECTIVE = re.compile(
    r"^(?P<indent>[ \t]*)\.\.[ \t]+code(?:-block)?::[ \t]*(?P<language>[\w+-]*)[^\n]*\n"
    r"(?P<body>(?:[ \t]*\n|(?P=indent)[ \t]+[^\n]*\n)*)",
    re.MULTILINE,
)
_FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<body>(?:(?!---)[^\n]*\n){1,500})---")
_PAGE = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com/library|modelscope\.cn/models)"
    r"/[\w./:@-]{2,150}"
)
_PROMPT = re.compile(r"^([ \t]*)(?:\$|>|#|%)(?= )", re.MULTILINE)
_SHELL = frozenset(
    (
        "bash",
        "sh",
        "shell",
        "console",
        "zsh",
        "shell-session",
        "terminal",
        "cmd",
        "powershell",
        "ps1",
        "fish",
        "text",
        "",
    )
)
_PYTHON = frozenset(("python", "py", "python3", "pycon", "ipython"))
_SCRIPT = frozenset(("js", "javascript", "ts", "typescript", "jsx", "tsx", "mjs"))
_READERS: dict[str, Callable[[str], Document]] = {
    "yaml": read_yaml,
    "yml": read_yaml,
    "json": read_json,
    "jsonc": read_json,
    "toml": read_toml,
    "env": read_dotenv,
    "dotenv": read_dotenv,
    "ini": read_dotenv,
}
_FRONT_KEYS = frozenset(("base_model", "model", "models", "base_models"))
# a document tells of models; what the project uses stands elsewhere
MOST = 0.65


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown and reStructuredText."""

    name: str = "prose"
    version: int = 1
    rules: tuple[Rule, ...] = (
        Rule("prose/block", "A block of code in a document, read as its language is."),
        Rule("prose/front-matter", "`base_model` in the front matter of a model card."),
        Rule("prose/page", "The address of a model's page in a document."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Documents by their ending."""
        return size <= 1_000_000 and path.suffix.lower() in _ENDINGS

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of blocks and front matter, each as a document's."""
        data = file.data
        if not mentions_models(data) or b"\0" in data[:1000]:
            return
        if not any(mark in data for mark in (b"```", b"~~~", b"code", b"---", b"huggingface.co")):
            return
        source = file.text().replace("\r\n", " \n")
        found = Sightings(file.path)
        _Document(file.path, Fragment(source), found).read()
        for one in found:
            if isinstance(one, ModelReference):
                is_card = one.rule == "prose/front-matter"
                sure = one.confidence if is_card else min(one.confidence, MOST)
                yield replace(one, role=one.role if one.role == "test" else "doc", confidence=sure)


@dataclass(slots=True)
class _Document:
    path: PurePosixPath
    whole: Fragment
    found: Sightings

    def read(self) -> None:
        """Front matter, blocks, pages."""
        source = self.whole.text
        front = _FRONT.match(source)
        if front is not None:
            self._front(self.whole.part(front.start("body"), front.end("body")))
        spans = []
        for pattern in (_FENCE, _DIRECTIVE):
            for match in pattern.finditer(source):
                spans.append(match.span())
                body = self.whole.part(match.start("body"), match.end("body"))
                if mentions_models(body.text.encode("utf-8", "replace")):
                    self._block(match["language"].lower(), body)
        for match in _PAGE.finditer(source):
            if any(start <= match.start() < end for start, end in spans):
                continue
            line, column = self.whole.at(match.start())
            site = Site(self.path, "prose/page", "address", "doc", 0.6, most=0.5)
            self.found.see(match[0].rstrip("./:-"), line, column, site)

    def _front(self, fragment: Fragment) -> None:
        document = _moved(read_yaml, fragment)
        for root in document.roots[:1]:
            for key, value in root.items():
                if key not in _FRONT_KEYS:
                    continue
                site = Site(self.path, "prose/front-matter", key, "doc", 0.8, "hub")
                site = site if key.startswith("base") else replace(site, strength=0.6, expects=None)
                for node in value.values if value.kind == "list" else [value]:
                    if node.kind == "text":
                        self.found.see(node.text, node.line, node.column, site)

    def _block(self, language: str, body: Fragment) -> None:
        if language in _SHELL:
            if not language and body.text.lstrip().startswith(("FROM ", "from ", "import ")):
                language = "python" if "import" in body.text[:200] else "modelfile"
            else:
                text = _PROMPT.sub(lambda m: m[1] + " ", body.text)
                CommandLines(self.path, self.found, "doc").script(body.replaced(text))
                return
        if language in _PYTHON:
            line, column = body.at(0)
            text = re.sub(r"(?m)^([ \t]*)(?:>>>|\.\.\.) ", r"\1    ", body.text)
            embedded_python(self.path, self.found, "doc")(text, line, column)
        elif language in _SCRIPT:
            self._script(body)
        elif language in ("dockerfile", "docker", "containerfile"):
            self._containerfile(body)
        elif language in ("modelfile", "ollama"):
            read_modelfile(body, self.found)
        else:
            self._settings(language, body)

    def _settings(self, language: str, body: Fragment) -> None:
        read = _READERS.get(language)
        if read is None:
            return
        document = _moved(read, body)
        settings = Settings(self.path, self.found, document, "doc")
        if read is read_dotenv:
            settings.environment(document.roots[0], "prose/block")
        else:
            walk_settings(settings, document.roots)

    def _script(self, body: Fragment) -> None:
        from underlay.audit.detectors.javascript import JavaScript

        line, column = body.at(0)
        data = body.text.encode("utf-8", "replace")
        file = File(PurePosixPath(self.path), data, size=len(data))
        for one in JavaScript().detect(file):
            if isinstance(one, ModelReference):
                shift = column - 1 if one.line == 1 else 0
                self.found.add(replace(one, line=one.line + line - 1, column=one.column + shift))

    def _containerfile(self, body: Fragment) -> None:
        reader = CommandLines(self.path, self.found, "doc")
        for instruction in read_containerfile(body.text):
            line, column = body.at(0)
            inner = Fragment.anchored(instruction.fragment.text, *instruction.fragment.at(0))
            moved = replace(instruction, fragment=_shifted(inner, line - 1, column - 1))
            if instruction.keyword in ("ENV", "ARG"):
                for one in moved.assignments(reader.variables):
                    reader.assignment(one, "doc")
            elif instruction.keyword in ("RUN", "CMD", "ENTRYPOINT"):
                for part in moved.parts(reader.variables):
                    if not hasattr(part, "name"):
                        reader.command(part)


def _shifted(fragment: Fragment, lines: int, columns: int) -> Fragment:
    line, column = fragment.at(0)
    return Fragment.anchored(fragment.text, line + lines, column + (columns if line == 1 else 0))


def _moved(read: Callable[[str], Document], fragment: Fragment) -> Document:
    """A document of its own in a block: its nodes stand where the block stands."""
    # not the cached reading: its nodes get other places
    document: Document = getattr(read, "__wrapped__", read)(fragment.text)
    document.moved(fragment)
    return document
