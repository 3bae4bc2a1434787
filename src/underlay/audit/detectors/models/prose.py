"""Models that documents name: code blocks, read as their language is, and front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import CommandLines, mentions_models
from underlay.audit.detectors.models.embedded import embedded_python
from underlay.audit.detectors.models.modelfile import read_modelfile
from underlay.audit.detectors.models.prose_places import in_tables, repeated, sizes
from underlay.audit.detectors.models.settings_values import Settings
from underlay.audit.detectors.models.settings_walk import walk_settings
from underlay.audit.findings import File, ModelReference, Rule
from underlay.audit.names.mentions import mentions, of_others
from underlay.audit.names.references import Candidate
from underlay.audit.names.roles import role_of
from underlay.audit.names.sites import Sightings, Site
from underlay.audit.readers.containerfile import read_containerfile
from underlay.audit.readers.documents import Fragment, read_dotenv, read_json, read_toml, read_yaml
from underlay.audit.readers.fences import Block, code_blocks
from underlay.audit.readers.shell import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from underlay.audit.findings import Role, Unknown
    from underlay.audit.readers.documents import Document

__all__ = ["Prose"]

_ENDINGS = frozenset((".md", ".mdx", ".markdown", ".rst", ".qmd", ".rmd"))
_DIRECTIVE_MARK = re.compile(r"\.\.[ \t]+code")
_DIRECTIVE = re.compile(
    r"^(?P<indent>[ \t]*)\.\.[ \t]+code(?:-block)?::[ \t]*+(?P<language>[\w+-]*+)[^\n]*+\n"
    r"(?P<body>(?:[ \t]*+\n|(?P=indent)[ \t]+[^\n]*+\n)*+)",
    re.MULTILINE,
)
_FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<body>(?:(?!---)[^\n]*\n){1,500})---")
# what once was: a name there is told once, unless it is told that it is gone
_GONE = re.compile(
    r"(?i)remov|delet|\bdrop|deprecat|no longer|any ?more|retir|replac|instead of|\bno\b|"
    r"\bfrom\b.{1,80}\bto\b"
)
_HISTORY = re.compile(r"(?i)(?:changelog|changes|history|news|releases?(?:[-_ ]?notes)?)\b")
# a page about one server points clients of OpenAI at this machine, and at nothing else
_LOCAL_SERVER = re.compile(
    r"(?i)(?:base_?ur[li]|api_?base|openai_(?:api_)?host|base_path)\W{1,6}"
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|\[::1\])"
)
_HOSTED = re.compile(
    r"(?i)api\.(?:openai|anthropic|groq|mistral|deepseek)\.|openrouter\.|azure\.com|googleapis|"
    r"api_?key\W{1,6}(?:sk|your|<|\.\.\.|\$)|anthropic|gemini|platform\.openai"
)
_PYTHON_PROMPT = re.compile(r"^([ \t]*)(?:>>>|\.\.\.) ", re.MULTILINE)
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
        "pwsh",
        "ps1",
        "ps",
        "bat",
        "batch",
        "batchfile",
        "dos",
        "sh-session",
        "shellsession",
        "commandline",
        "plaintext",
        "txt",
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
    "properties": read_dotenv,
    "conf": read_dotenv,
}
# languages that the detector of code reads, by the ending of their files
_OTHERS = {
    "c#": "cs", "cpp": "cpp", "c++": "cpp", "cs": "cs", "csharp": "cs", "go": "go", "golang": "go",
    "java": "java", "kotlin": "kt", "kt": "kt", "php": "php", "rb": "rb", "ruby": "rb", "rs": "rs",
    "rust": "rs", "swift": "swift", "scala": "scala", "dart": "dart",
}  # fmt: skip
# files of containers name images, which look like repositories of a hub
_CODE = frozenset(("dockerfile", "docker", "containerfile", "mermaid"))
# a block whose language nobody wrote down
_UNNAMED = frozenset(("", "text", "txt", "plaintext"))
_IS_PYTHON = re.compile(
    r"^(?:from [\w.]{1,80} import |import \w[\w.]{0,80}(?: as \w{1,30})?[ \t]*$)", re.MULTILINE
)
# a path of Windows: a backslash inside a word escapes nothing there
_WINDOWS = re.compile(r"(?<=[\w.:])\\(?=[\w.])")
# a name that is a name wherever it stands: with a slash, or with a digit behind a line
_TELLING = re.compile(
    r"[\w.@-]{1,60}/[\w./:@-]{2,90}|(?=[^\d]{0,90}\d)\w[\w.]{0,40}[-:][\w.:-]{2,60}"
)
_MOST_REPEATED = 200
_FRONT_KEYS = frozenset(("base_model", "model", "models", "base_models"))
# a document tells of models; what the project uses stands elsewhere
MOST = 0.65
_LONGEST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown and reStructuredText."""

    name: str = "prose"
    version: int = 4
    rules: tuple[Rule, ...] = (
        Rule("prose/block", "A block of code in a document, read as its language is."),
        Rule("prose/front-matter", "`base_model` in the front matter of a model card."),
        Rule("prose/page", "The address of a model's page or weights in a document."),
        Rule("prose/name", "A model's name in the text, a link or a span of code of a document."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Documents by their ending."""
        return size <= 1_000_000 and path.suffix.lower() in _ENDINGS

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of blocks and front matter, each as a document's."""
        data = file.data
        if not mentions_models(data) or b"\0" in data[:1000]:
            return
        is_history = _HISTORY.match(file.path.name) is not None
        key = blake2b(data, digest_size=16, salt=b"history" if is_history else b"").digest()
        named = _DOCUMENTS.get(key)
        if named is None:
            named = _document(file.text().replace("\r\n", " \n"), is_history=is_history)
            if len(_DOCUMENTS) >= _MOST_KEPT:
                _DOCUMENTS.clear()
            _DOCUMENTS[key] = named
        role: Role = "test" if role_of(file.path) == "test" else "doc"
        for one in named:
            yield replace(one, file=str(file.path), role=role)


# what documents name, by what they hold: those of several versions are often the same
_DOCUMENTS: dict[bytes, tuple[ModelReference, ...]] = {}
_MOST_KEPT = 1_000


def _document(source: str, *, is_history: bool) -> tuple[ModelReference, ...]:
    found = Sightings(PurePosixPath("document.md"))
    _read(Fragment(source), found, is_history=is_history)
    named = []
    for one in found:
        if isinstance(one, ModelReference):
            is_card = one.rule == "prose/front-matter"
            named.append(one if is_card else replace(one, confidence=min(one.confidence, MOST)))
    return tuple(named)


def _read(whole: Fragment, found: Sightings, *, is_history: bool) -> None:
    """Front matter, blocks, pages."""
    source = whole.text
    front = _FRONT.match(source)
    if front is not None and "model" in front["body"]:
        _front(whole.part(front.start("body"), front.end("body")), found)
    spans = []
    line, counted = 1, 0
    for block in _blocks(source):
        language = block.language.lower()
        spans.append((block.open, block.close, language in _CODE))
        body = source[block.start : block.end]
        if block.start < counted:
            line, counted = 1, 0
        line += source.count("\n", counted, block.start)
        counted = block.start
        # what is kept is bounded: only blocks of a common size
        read = _block if len(body) <= _LONGEST_KEPT else _block.__wrapped__
        for one in read(language, body):
            found.add(replace(one, file=str(found.file), line=one.line + line - 1))
    _text(whole, spans, found, is_history=is_history)


def _text(
    whole: Fragment, blocks: list[tuple[int, int, bool]], found: Sightings, *, is_history: bool
) -> None:
    """What stands between the blocks that were read, and in those that were not."""
    source = whole.text
    others = of_others(source)
    read = [one for one in found if isinstance(one, ModelReference)]
    known = {(one.line, one.ref) for one in read}
    aliases = {one.ref for one in read if one.alias} - {one.ref for one in read if not one.alias}
    is_local = _is_of_one_server(source)
    told: set[str] = set()

    def keep(candidate: Candidate, start: int, *, is_page: bool, is_own: bool = False) -> None:
        line, column = whole.at(start)
        if (line, candidate.ref) in known:
            return
        if is_history and not is_page:
            # a history tells of a name when it comes, and again when it goes
            if candidate.ref in told or _GONE.search(_line(source, start)):
                return
            told.add(candidate.ref)
        known.add((line, candidate.ref))
        is_client = candidate.kind == "hosted" and candidate.operator == "openai"
        found.add(
            ModelReference(
                ref=candidate.ref,
                kind=candidate.kind,
                role="doc",
                file=str(found.file),
                line=line,
                column=column,
                rule="prose/page" if is_page else "prose/name",
                evidence="address" if is_page else "text",
                confidence=0.5 if is_page else 0.55,
                alias=candidate.ref in aliases or (is_client and (is_local or is_own)),
                operator=candidate.operator,
                revision=candidate.revision,
                weight_file=candidate.weight_file,
                flags=candidate.flags,
            )
        )

    parts = []
    position = 0
    for start, end, is_read in [*sorted(blocks), (len(source), len(source), True)]:
        parts.append((position, start, False))
        if not is_read:
            parts.append((start, end, True))
        position = max(position, end)
    for start, end, is_block in parts:
        if start >= end:
            continue
        for one in mentions(source[start:end], others=others, are_quotes_code=is_block):
            first = start + one.start
            is_page = one.candidate.ref.startswith("http") or "://" in source[first : first + 8]
            keep(one.candidate, first, is_page=is_page, is_own=one.is_local)
    for named in (*in_tables(source), *sizes(source), *repeated(source, _vouched(read))):
        if named.candidate.ref not in others:
            keep(named.candidate, named.start, is_page=False)


def _vouched(read: list[ModelReference]) -> dict[str, Candidate]:
    """What the blocks load under names that are nothing else in the text."""
    known: dict[str, Candidate] = {}
    for one in read:
        if one.alias or one.confidence < MOST or one.kind == "file" or one.rule == "prose/page":
            continue
        if _TELLING.fullmatch(one.ref) and len(known) < _MOST_REPEATED:
            known[one.ref] = Candidate(
                one.ref, one.kind, one.confidence, one.operator, one.revision, None, one.flags
            )
    return known


def _line(source: str, start: int) -> str:
    end = source.find("\n", start, start + 500)
    first = source.rfind("\n", max(0, start - 500), start) + 1
    return source[max(first, start - 500) : end if end >= 0 else start + 500]


def _is_of_one_server(source: str) -> bool:
    """Whether the page speaks of a server on this machine, and of nobody's service."""
    if not any(host in source for host in ("localhost", "127.0.0.1", "0.0.0", "host.docker")):
        return False
    return _LOCAL_SERVER.search(source) is not None and _HOSTED.search(source) is None


def _blocks(source: str) -> Iterator[Block]:
    """Blocks of Markdown, then those of reStructuredText."""
    yield from code_blocks(source)
    if _DIRECTIVE_MARK.search(source):  # the pattern below looks at each line
        for match in _DIRECTIVE.finditer(source):
            yield Block(match["language"], match.start(), *match.span("body"), match.end())


def _front(fragment: Fragment, found: Sightings) -> None:
    document = _moved(read_yaml, fragment)
    for root in document.roots[:1]:
        for key, value in root.items():
            if key not in _FRONT_KEYS:
                continue
            site = Site(found.file, "prose/front-matter", key, "doc", 0.8, "hub")
            site = site if key.startswith("base") else replace(site, strength=0.6, expects=None)
            for node in value.values if value.kind == "list" else [value]:
                if node.kind == "text":
                    found.see(node.text, node.line, node.column, site)


@lru_cache(maxsize=2_000)
def _block(language: str, text: str) -> tuple[ModelReference, ...]:
    """What a block names, its first line being the first.

    Kept, as documents of several versions repeat their blocks.
    """
    if not mentions_models(text.encode("utf-8", "replace")):
        return ()
    path = PurePosixPath("block")
    found = Sightings(path)
    body = Fragment(text)
    if language in _UNNAMED and _IS_PYTHON.search(text):
        language = "python"
    elif not language and text.lstrip().startswith("FROM "):
        language = "modelfile"
    if language in _SHELL:
        shell = _WINDOWS.sub("/", _PROMPT.sub(lambda m: m[1] + " ", text))
        CommandLines(path, found, "doc").script(body.replaced(shell))
    elif language in _PYTHON:
        plain = _PYTHON_PROMPT.sub(r"\1    ", text)
        embedded_python(path, found, "doc")(plain, 1, 1)
    elif language in _SCRIPT:
        _script(path, text, found)
    elif language in ("dockerfile", "docker", "containerfile"):
        _containerfile(path, text, found)
    elif language in ("modelfile", "ollama"):
        read_modelfile(body, found)
    elif language in _OTHERS:
        _code(PurePosixPath(f"block.{_OTHERS[language]}"), text, found)
    elif language in _READERS:
        document = _READERS[language](text)
        settings = Settings(path, found, document, "doc")
        if _READERS[language] is read_dotenv:
            settings.environment(document.roots[0], "prose/block")
        else:
            walk_settings(settings, document.roots)
    return tuple(one for one in found if isinstance(one, ModelReference))


def _script(path: PurePosixPath, text: str, found: Sightings) -> None:
    from underlay.audit.detectors.models.javascript import JavaScript

    data = text.encode("utf-8", "replace")
    for one in JavaScript().detect(File(path, data, size=len(data))):
        if isinstance(one, ModelReference):
            found.add(one)


def _code(path: PurePosixPath, text: str, found: Sightings) -> None:
    from underlay.audit.detectors.models.code import Code

    data = text.encode("utf-8", "replace")
    file = File(path, data, size=len(data))
    reader = Code()
    for one in reader.detect(file) if reader.wants(path, len(data)) else ():
        if isinstance(one, ModelReference):
            found.add(one)


def _containerfile(path: PurePosixPath, text: str, found: Sightings) -> None:
    reader = CommandLines(path, found, "doc")
    for instruction in read_containerfile(text):
        if instruction.keyword in ("ENV", "ARG"):
            for one in instruction.assignments(reader.variables):
                reader.assignment(one, "doc")
        elif instruction.keyword in ("RUN", "CMD", "ENTRYPOINT"):
            for part in instruction.parts(reader.variables):
                if isinstance(part, Command):
                    reader.command(part)


def _moved(read: Callable[[str], Document], fragment: Fragment) -> Document:
    """A document of its own in a block: its nodes stand where the block stands."""
    # not the cached reading: its nodes get other places
    document: Document = getattr(read, "__wrapped__", read)(fragment.text)
    document.moved(fragment)
    return document
