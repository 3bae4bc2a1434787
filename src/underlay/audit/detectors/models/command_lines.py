"""Models that a command line names: what is pulled, served, downloaded, or passed by a flag."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.running_text import told_in
from underlay.audit.findings import Rule
from underlay.audit.names.references import classify, key_strength
from underlay.audit.names.sites import (
    CLIP_MODEL,
    CLIP_WEIGHTS,
    OWN_SIZE,
    RUN_TIME,
    SPEECH_SIZE,
    VOICE,
    Endpoints,
    Sightings,
    Site,
    configuration_words,
    named_weights,
    words_of_name,
)
from underlay.audit.readers.documents import DYNAMIC, Fragment, read_json
from underlay.audit.readers.shell import Command, Value, Word, read_shell, split_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import Kind, ModelReference, Role, Unknown
    from underlay.audit.readers.shell import Assignment, Variables

__all__ = [
    "COMMAND_RULES",
    "CommandLines",
    "mentions_models",
    "model_programs",
    "shell_models",
]

COMMAND_RULES = (
    Rule("command/argument", "An argument that a program of models takes: `ollama pull NAME`."),
    Rule("command/flag", "The value of a flag such as `--model`, of a shape that is a model's."),
    Rule("command/url", "An address of a model's page or of a file of weights in a command."),
    Rule("command/said", "A name in what a script prints for the person who runs it."),
    Rule("command/file", "A file of weights that a command copies, moves, links or writes."),
    Rule("command/body", "The `model` of a JSON body that a command sends to a service."),
    Rule("command/served-name", "The name under which a local server answers: an alias."),
    Rule("command/override", "`section.model=NAME`, as training programs take settings."),
    Rule("command/variable", "A variable whose name says that a model's name stands in it."),
)

_FLAG = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)(?:=(?P<value>.*))?$", re.DOTALL)
_PAIR = re.compile(r"\+{0,2}(?P<key>[A-Za-z_][\w./@-]*)=(?P<value>.+)$", re.DOTALL)
_URL = re.compile(r"https?://[^\s\"'<>|;)\\]+|hf://[\w./@:-]+")
_HUB_FILE = re.compile(
    r"https?://(?:huggingface\.co|hf\.co|hf-mirror\.com)/[\w.-]+/[\w.-]+(?=/(?:resolve|blob|raw)/)"
)
_SCRIPT_FLAGS = frozenset(("-c", "-lc", "-ec", "-exc", "-euc", "-xc", "-cl", "-ic", "-euxc"))
_SHELLS = frozenset(("sh", "bash", "zsh", "ash", "dash"))
_DATA_FLAGS = frozenset(("-d", "--data", "--data-raw", "--data-binary", "--json", "--data-ascii"))
_DATASETS = frozenset(("dataset", "space"))
_NOT_LOADED = re.compile(r"(?:^|_)(?:dataset|data|output|out|save|log|cache|image|docker)(?:_|$)")
_FETCHERS = frozenset(("wget", "curl", "git", "aria2c", "pip", "python", "axel", "huggingface-cli"))
_LATE = frozenset(("--quiet", "-q", "--force", "--verbose", "-v", "--insecure", "--gpu"))
_MOVERS = frozenset(("cp", "mv", "ln", "rsync", "scp", "install", "copy", "move", "xcopy"))
_STORES = frozenset(("aws", "gsutil", "gcloud", "rclone", "mc", "s5cmd", "oci", "azcopy", "sudo"))
# flags after which what is fetched gets its name
_TARGETS = {
    "wget": frozenset(("-O", "--output-document")),
    "curl": frozenset(("-o", "--output")),
    "aria2c": frozenset(("-o", "--out")),
    "gdown": frozenset(("-O", "--output")),
}
_WINDOWS = re.compile(r"[\w.:~-]{0,60}(?:\\[\w. -]{1,80}){1,20}\.[A-Za-z0-9]{2,11}")
MAX_DEPTH = 3
MAX_VALUES = 200
# a name that says that there are several: its text is a list
_PLURAL = re.compile(r"(?i)(?:models|names|ids|sizes|llms|list)$")


# one of these stands in every file of commands or settings that names a model
_WORDS = (
    b"model", b"ollama", b"hugging", b"hf", b"llm", b"whisper", b"gguf", b"ckpt", b"checkpoint",
    b"spacy", b"llama", b"claude", b"gpt", b"gemini", b".safetensors", b".onnx", b".pt", b"yolo",
    b"embed", b"pretrained", b"aider", b"litgpt", b"transformer", b"torch", b"timm", b"diffus",
    b"hub", b"codex", b"kaito",
)  # fmt: skip


def mentions_models(data: bytes) -> bool:
    """Whether the bytes hold a word without which no command and no setting names a model."""
    if b"model" in data or b"MODEL" in data:
        return True
    lowered = data.lower()
    for word in _WORDS:  # noqa: SIM110 -- a third of the time of `any`, for each file of the tree
        if word in lowered:
            return True
    return False


def shell_models(
    fragment: Fragment, file: PurePosixPath, role: Role = "use"
) -> Iterator[ModelReference | Unknown]:
    """The models that a shell text names, as a notebook's `!` lines."""
    found = Sightings(file)
    CommandLines(file, found, role).script(fragment)
    yield from found


@cache
def _programs() -> dict[str, list[dict[str, Any]]]:
    """The commands by their first word, the longest first."""
    programs: dict[str, list[dict[str, Any]]] = {}
    for command in configuration_words()["command"]:
        programs.setdefault(command["words"][0], []).append(command)
    for commands in programs.values():
        commands.sort(key=lambda command: -len(command["words"]))
    return programs


@cache
def model_programs() -> frozenset[str]:
    """The first words of the commands that take models."""
    return frozenset(_programs())


@cache
def _flags(name: str) -> frozenset[str]:
    return frozenset(configuration_words()["flags"][name])


@dataclass(slots=True)
class CommandLines:
    """Reads the commands of one file into sightings."""

    file: PurePosixPath
    found: Sightings
    role: Role = "use"
    variables: Variables = field(default_factory=dict)
    python: Callable[[str, int, int], None] | None = None  # reads a program in `python -c`
    endpoints: Endpoints = field(default_factory=Endpoints)

    def script(self, fragment: Fragment, depth: int = 0) -> None:
        """A whole script: its commands, then its variables."""
        parts = list(read_shell(fragment, self.variables))
        assigned: list[Assignment] = []
        for part in parts:
            assigned += part.environment if isinstance(part, Command) else [part]
        pairs = [(one.name, one.values[0].text) for one in assigned if one.values]
        known = Endpoints.of(pairs, is_environment=True)
        self.endpoints = known.joined(self.endpoints)
        for part in parts:
            if isinstance(part, Command):
                self.command(part, depth)
        for one in assigned:
            self.assignment(one)

    def python_text(self, text: str, line: int, column: int) -> None:
        """A program that stands in the file, where there is a reader of programs."""
        if self.python is not None:
            self.python(text, line, column)

    def assignment(self, one: Assignment, role: Role = "default") -> None:
        """A variable whose name is a model's; numbers and paths have no model's shape."""
        strength = key_strength(one.name)
        if len(one.values) > MAX_VALUES:
            return
        if not strength:
            site = Site(self.file, "command/url", f"{one.name}=", role, 0.0)
            for value in one.values:  # an address of a model, whatever the variable is called
                if "://" not in value.text or value.parts:
                    continue
                if DYNAMIC in value.text:
                    self._repository(value.text, value, site)
                elif _sure(value.text):
                    self._see(value, site)
            return
        url = self.endpoints.url_for(one.name)
        site = Site(self.file, "command/variable", f"{one.name}=", role, strength, url=url)
        values = one.values
        if _PLURAL.search(one.name):
            values = tuple(part for value in values for part in split_value(value))[:MAX_VALUES]
        sizes = _sizes_of_whisper(one.name, values)
        for value in values:
            own = replace(site, role="default" if value.is_default else role)
            if value in sizes:
                own = replace(own, expects="package", strength=0.85)
            elif len(values) > 3 and value.parts and "://" not in value.text and "." in value.text:
                continue  # a path put together in each way that there is
            self._see(value, own)

    def command(self, command: Command, depth: int = 0) -> None:
        """One command, with those that it hands to another shell."""
        words = tuple(map(_of_windows, command.words[:2000]))
        if not words or depth > MAX_DEPTH:
            return
        texts = [word.text for word in words]
        said = " ".join(word.raw for word in words) + " ".join(texts)
        if not command.heredocs and not mentions_models(said.encode("utf-8", "replace")):
            return
        self._nested(command, words, texts, depth)
        endpoints = _command_endpoints(words, command).joined(self.endpoints)
        own = _own(texts)
        url = endpoints.url_for("model")
        revision = _value_of(words, _flags("revision"))
        flags = ("remote-code",) if _has_flag(words, _flags("remote_code")) else ()
        base = Site(self.file, "command/flag", "", self.role, 0.6, revision=revision, flags=flags)
        taken: set[int] = set()
        if own is not None:
            taken = self._arguments(own, words, base, url)
        program_name = texts[0].rpartition("/")[2]
        if program_name in ("echo", "printf"):
            self._said(words)
        if program_name in ("echo", "printf", "grep", "sed", "awk", "test", "["):
            return
        program = next((p for p, _ in [own] if p), None) if own else None
        self._all_flags(words, taken, base, program, url)
        self._urls(words, taken, base)
        self._files(words, texts, base)
        self._bodies(words, command)

    # --- parts of a command -----

    def _said(self, words: tuple[Word, ...]) -> None:
        """What a script tells the person who runs it: texts of several words."""
        for word in words[1:]:
            if " " not in word.raw:
                continue
            quote = word.raw[:1] in "\"'"
            for name, below, right in told_in(word.raw[quote:]):
                if below == 0:
                    site = Site(self.file, "command/said", "echo", "doc", 0.6, most=0.52)
                    self.found.see(name, word.line, word.column + quote + right, site)

    def _nested(
        self, command: Command, words: tuple[Word, ...], texts: list[str], depth: int
    ) -> None:
        for position, text in enumerate(texts[:-1]):
            before = texts[position - 1].rpartition("/")[2] if position else ""
            if text in _SCRIPT_FLAGS and before in _SHELLS:
                after = position + 1 + (texts[position + 1] == "--")
                if after < len(words):
                    self._text_of(words[after], depth)
            elif text == "-c" and before.startswith("python") and self.python is not None:
                word = words[position + 1]
                raw = word.raw[1:-1] if word.raw[:1] in "\"'" else word.raw
                inner = raw.replace('\\"', '"') if word.raw[:1] == '"' else raw
                self.python(inner, word.line, word.column + (word.raw[:1] in "\"'"))
        name = texts[0].rpartition("/")[2]
        if command.heredocs and depth < MAX_DEPTH:
            from underlay.audit.detectors.models.written import read_written

            if read_written(command, self.file, self.found, self.role):
                return
        for body in command.heredocs:
            if name.startswith("python") and self.python is not None:
                line, column = body.at(0)
                self.python(body.text, line, column)
            elif name in (*_SHELLS, "ssh", "kubectl", "docker") or name == "":
                self.script(body, depth + 1)

    def _text_of(self, word: Word, depth: int) -> None:
        if word.fragment is not None:
            self._inner().script(word.fragment, depth + 1)
            return
        quoted = word.raw[:1] in ("'", '"')
        text = word.raw[1:-1] if quoted else word.text
        inner = Fragment.anchored(text.replace('\\"', ' "'), word.line, word.column + quoted)
        self._inner().script(inner, depth + 1)

    def _inner(self) -> CommandLines:
        known = self.endpoints
        return CommandLines(
            self.file, self.found, self.role, dict(self.variables), self.python, known
        )

    def _arguments(
        self, own: tuple[dict[str, Any], int], words: tuple[Word, ...], base: Site, url: str | None
    ) -> set[int]:
        """The arguments and flags of a program that is known to take models."""
        program, start = own
        name = " ".join(program["words"])
        taken: set[int] = set()
        slot = program.get("argument")
        site = replace(base, rule="command/argument", evidence=name, strength=0.9)
        if program.get("files"):
            named = [w.text for _, w in _positionals(words, start)][1:]
            include = _value_of(words, frozenset(("include",)))
            files = [f for f in (*named, include) if f and "." in f and DYNAMIC not in f]
            site = replace(site, weight_file=files[0] if len(files) == 1 else None)
        if _value_of(words, frozenset(("repo_type",))) in _DATASETS:
            return set(range(len(words)))
        if slot is not None:
            slots = [slot, program.get("second")]
            limit = program.get("only", 100)
            count = 0
            for position, word in _positionals(words, start):
                if slot == "pairs":
                    self._pairs(word, site)
                    continue
                if count < limit:
                    if self._slot(word, slot, site):
                        taken.add(position)
                        count += 1
                    elif word.text and not word.text.startswith((".", "/")):
                        count += slot != "hub"
                elif slots[1] and count == limit:
                    taken.add(position)
                    self._slot(word, slots[1], site)
                    count += 1
        flags: dict[str, str] = program.get("flags", {})
        for position, flag, value in _flag_values(words):
            if position >= start and flag in flags:
                kind = flags[flag]
                taken.add(position)
                site_of_flag = replace(base, evidence=f"{name} {flag}", strength=0.9, url=url)
                self._slot(value, kind, site_of_flag)
        return taken

    def _slot(self, word: Word, slot: str, site: Site) -> bool:
        if slot == "none":
            return False
        if slot == "pairs":
            self._pairs(word, site)
            return True
        if slot == "image":
            return self._image(word, site)
        seen = False
        for value in word.values:
            if slot == "served":
                named = replace(
                    site, rule="command/served-name", is_served=True, revision=None, flags=()
                )
                for part in re.split(r"[\s,]+", value.text):
                    seen |= self._see(replace(value, text=part), named)
                continue
            if slot == "whisper":
                good = SPEECH_SIZE.fullmatch(value.text) is not None
                own = replace(site, expects="package" if good else None, strength=0.85)
                seen |= self._see(value, own)
                continue
            expects: dict[str, Kind] = {"ollama": "ollama", "hub": "hub", "package": "package"}
            expects |= {"hosted": "hosted"}
            text = _unversioned(value.text) if slot == "hub" else value.text
            own = replace(site, expects=expects.get(slot))
            if slot == "ollama" and text.startswith(("hf.co/", "huggingface.co/")):
                own = replace(own, expects=None)
            if slot == "hub" and not re.search(r"[/\d-]", text):
                continue  # a word of a sentence, or of the command itself
            if slot == "hub" and text.startswith(("/", ".", "~")):
                own = replace(own, expects=None, strength=0.6)
            seen |= self._see(replace(value, text=text), own)
            if not value.is_literal and not seen:
                self.found.doubt(word.raw, word.line, word.column, site.rule, RUN_TIME)
        return seen

    def _image(self, word: Word, site: Site) -> bool:
        """Docker's model runner: `ai/smollm2:360M` of Docker Hub, or `hf.co/...`."""
        own = replace(site, expects="ollama" if not word.text.startswith("hf.co") else None)
        return any(self._see(value, own) for value in word.values)

    def _pairs(self, word: Word, site: Site) -> None:
        """`pretrained=org/name,dtype=auto`."""
        for value in word.values:
            offset = 0
            for part in value.text.split(","):
                key, sign, text = part.partition("=")
                if sign and key.strip() in (
                    "pretrained",
                    "model",
                    "peft",
                    "tokenizer",
                    "model_name",
                ):
                    column = value.column + offset + len(key) + 1
                    moved = replace(value, text=text, column=column)
                    moved = next((o for o in value.parts if o.text == text), moved)
                    own = replace(site, evidence=f"{site.evidence} {key}=", strength=0.85)
                    self._see(moved, own)
                offset += len(part) + 1

    def _all_flags(
        self,
        words: tuple[Word, ...],
        taken: set[int],
        base: Site,
        program: dict[str, Any] | None,
        url: str | None,
    ) -> None:
        """Flags that mean a model in whichever program: only their values' shape decides."""
        strength = 0.8 if program is not None else 0.6
        clip = _of_clip(words)
        for position, flag, value in _flag_values(words):
            if position in taken:
                continue
            name = flag.lstrip("-").replace("-", "_").replace(".", "_").lower()
            site = replace(base, evidence=flag, strength=strength, url=url)
            if name in _flags("served"):
                named = replace(
                    site, rule="command/served-name", is_served=True, revision=None, flags=()
                )
                for one in value.values:
                    self._see(one, named)
                continue
            if name == "set" or name == "set_string":
                self._override(value, base)
                continue
            if _NOT_LOADED.search(name) or name in _flags("revision"):
                continue
            if any(VOICE.fullmatch(one.text) for one in value.values):
                for one in value.values:
                    self._see(one, replace(site, expects="package", strength=0.85))
                continue
            hub = name in _flags("hub")
            if hub or key_strength(name) or name in _flags("file"):
                own = replace(site, expects="hub", strength=0.8) if hub else site
                own = replace(own, expects="package", strength=0.85) if value in clip else own
                for one in value.values:
                    self._see(one, own)
            elif name.endswith("path"):  # a path may be a repository, where that shows what it is
                for one in value.values:
                    self._see(one, replace(site, strength=0.0, most=0.6))
        for position, word in enumerate(words):
            if position not in taken and not word.text.startswith("-"):
                self._override(word, base)

    def _override(self, word: Word, base: Site) -> None:
        """`trainer.model_name=org/name`."""
        for value in word.values:
            match = _PAIR.match(value.text)
            if match is None or "://" in match["key"]:
                continue
            keys = match["key"].split(".")
            tail = "_".join(keys[-2:]) if keys[-1] in ("path", "name", "id", "repo") else keys[-1]
            strength = key_strength(tail)
            if strength and not _NOT_LOADED.search(words_of_name(tail)):
                column = value.column
                if (value.line, value.column) == (word.line, word.column):
                    column += match.start("value") + (word.raw[:1] in "\"'")
                moved = replace(value, text=match["value"].strip("\"'"), column=column)
                site = replace(base, rule="command/override", evidence=f"{match['key']}=")
                self._see(moved, replace(site, strength=strength))

    def _urls(self, words: tuple[Word, ...], taken: set[int], base: Site) -> None:
        names = [w.text.rpartition("/")[2] for w in words if "=" not in w.text]
        program = next((name for name in names if name in _FETCHERS), names[0] if names else "")
        for position, word in enumerate(words):
            if position in taken:
                continue
            for value in word.values:
                for match in _URL.finditer(value.text):
                    if DYNAMIC in match[0]:
                        self._repository(match[0], value, base)
                        continue
                    column = value.column
                    if (value.line, value.column) == (word.line, word.column):
                        column += match.start() + (word.raw[:1] in "\"'")
                    moved = replace(value, text=match[0].rstrip(".,"), column=column)
                    site = replace(base, rule="command/url", evidence=program, strength=0.6)
                    self._see(moved, site)

    def _files(self, words: tuple[Word, ...], texts: list[str], base: Site) -> None:
        """Files of weights that are put somewhere: copied, moved, linked, or what is fetched."""
        names = [text.rpartition("/")[2] for text in texts[:4]]
        is_moved = names[0] in _MOVERS or (names[0] in _STORES and bool(_MOVERS & set(names[1:])))
        moved = words[1:] if is_moved else ()
        addresses = [v.text for word in words for v in word.values if "://" in v.text[:12]]
        if names[0] in _TARGETS and not any(map(_sure, addresses)):
            flags = _TARGETS[names[0]]
            moved = tuple(value for _, flag, value in _flag_values(words) if flag in flags)
        for word in moved:
            for value in word.values:
                name = named_weights(value.text) if DYNAMIC not in value.text[-120:] else None
                if name is None or self.found.fetches(name):
                    continue  # the address says more
                column = value.column
                if (value.line, value.column) == (word.line, word.column):
                    column += value.text.rfind(name) + (word.raw[:1] in "\"'")
                site = replace(base, rule="command/file", evidence=names[0], strength=0.7)
                self._see(replace(value, text=name, column=column), replace(site, is_file=True))

    def _repository(self, address: str, value: Value, base: Site) -> None:
        """`https://huggingface.co/org/name/resolve/main/$FILE`: the repository is known."""
        match = _HUB_FILE.match(address)
        if match is not None:
            site = replace(base, rule="command/url", evidence="a file of", strength=0.6)
            self._see(replace(value, text=match[0]), site)

    def _bodies(self, words: tuple[Word, ...], command: Command) -> None:
        """`curl URL -d '{"model": ...}'`: the address says who is asked."""
        name = next((w.text.rpartition("/")[2] for w in words), "")
        if name not in ("curl", "http", "https", "xh", "wget", "curlie"):
            self._handed_bodies(words)
            return
        url = next((v.text for w in words for v in w.values if "://" in v.text[:12]), None)
        if url is None:
            url = next((w.text for w in words[1:] if re.match(r"[\w.-]+:\d+/", w.text)), None)
        bodies: list[tuple[str, int, int]] = []
        for position, word in enumerate(words[:-1]):
            if word.text in _DATA_FLAGS:
                body = words[position + 1]
                bodies.append((body.text, body.line, body.column + 1))
        bodies += [(h.text, *h.at(0)) for h in command.heredocs]
        for text, line, column in bodies:
            self._body(text, line, column, url)

    def _handed_bodies(self, words: tuple[Word, ...]) -> None:
        """`ask "$HOST/v1/chat/completions" '{"model": ...}'`: a function that sends the body."""
        url = next((v.text for w in words for v in w.values if "/v1/" in v.text), None)
        if url is None:
            return
        url = url if DYNAMIC not in url.partition("/v1/")[0] else "http://localhost/v1/"
        for word in words[1:]:
            if word.raw[:2] in ("'{", '"{'):
                self._body(word.text, word.line, word.column + 1, url)

    def _body(self, text: str, line: int, column: int, url: str | None) -> None:
        if not text.lstrip().startswith("{") or len(text) > 100_000:
            return
        place = Fragment.anchored(text, line, column)
        ollama = url is not None and "/api/pull" in url
        for root in read_json(text.replace('\\"', '"') if '"' not in text else text).roots[:1]:
            node = root.get("model", "name") if ollama else root.get("model", "modelId", "model_id")
            if node is not None and node.kind == "text":
                site = Site(self.file, "command/body", "model", self.role, 0.8, url=url)
                self.found.see(node.text, *place.at(node.start), site)

    def _see(self, value: Value, site: Site) -> bool:
        if value.is_default and site.role in ("use", "config"):
            site = replace(site, role="default")
        return self.found.see(value.text, value.line, value.column, site)


# --- pure parts -----


def _sure(text: str) -> bool:
    found = classify(text)
    return found is not None and found.confidence >= 0.7


def _sizes_of_whisper(name: str, values: tuple[Value, ...]) -> frozenset[Value]:
    """Those of the values that are sizes of Whisper.

    A variable's name says so, or there are several and half of them can be nothing else.
    """
    sizes = [value for value in values if SPEECH_SIZE.fullmatch(value.text)]
    own = [value for value in sizes if OWN_SIZE.fullmatch(value.text)]
    if "whisper" in name.lower() or (len(own) >= 3 and len(sizes) * 2 > len(values)):
        return frozenset(sizes)
    return frozenset(own)


def _own(texts: list[str]) -> tuple[dict[str, Any], int] | None:
    """The program of models that the words call, and where its arguments begin.

    It may stand behind `sudo`, `docker exec NAME`, `uv run` or `python -m`.
    """
    programs = _programs()
    for position, text in enumerate(texts[:40]):
        name = text.rpartition("/")[2]
        for program in programs.get(name, ()):
            words = program["words"]
            if [name, *texts[position + 1 : position + len(words)]] == words:
                return program, position + len(words)
        if name in ("echo", "printf", "which", "command", "pip", "apt-get", "grep", "cat"):
            return None
    return None


def _positionals(words: tuple[Word, ...], start: int) -> Iterator[tuple[int, Word]]:
    """Arguments that are no flags; what follows a flag comes last, as it may be its value."""
    late: list[tuple[int, Word]] = []
    for position in range(start, len(words)):
        word = words[position]
        if word.text.startswith("-"):
            continue
        before = words[position - 1].text if position > start else ""
        if (before.startswith("--") and "=" not in before) or (
            before.startswith("-") and len(before) == 2
        ):
            late.append((position, word))
        else:
            yield position, word
    yield from (pair for pair in late if words[pair[0] - 1].text in _LATE)


def _flag_values(words: tuple[Word, ...]) -> Iterator[tuple[int, str, Word]]:
    """(position of the flag, flag, its value); `--flag=value` gives the value's own place."""
    for position, word in enumerate(words):
        match = _FLAG.match(word.text) if word.text.startswith("-") else None
        if match is None:
            continue
        if match["value"] is not None:
            cut = match.start("value")
            flag = word.text[: cut - 1]
            values = []
            for value in word.values:
                column = value.column
                if (value.line, value.column) == (word.line, word.column):
                    column += cut + (word.raw[:1] in "\"'")
                    # --flag="value": the quote after the sign
                    column += 0
                values.append(replace(value, text=value.text[cut:], column=column))
            raw = word.raw.partition("=")[2]
            yield position, flag, Word(raw, word.line, word.column + cut, tuple(values))
        elif position + 1 < len(words) and not words[position + 1].text.startswith("-"):
            yield position, word.text, words[position + 1]
            many = position + 2
            name = word.text.lstrip("-").replace("-", "_")
            while name.endswith(("models", "names")) and many < len(words):
                if words[many].text.startswith("-"):
                    break
                yield position, word.text, words[many]
                many += 1


def _of_windows(word: Word) -> Word:
    r"""A path of Windows, `..\models\name.safetensors`, in which the signs are no escapes.

    Its value is the file's name, where that says which model it is, and else nothing is known.
    """
    if "\\" not in word.raw or not _WINDOWS.fullmatch(word.raw):
        return word
    name = named_weights(word.raw) or DYNAMIC
    column = word.column + (word.raw.rfind(name) if name != DYNAMIC else 0)
    return replace(word, values=(Value(name, word.line, column),))


def _of_clip(words: tuple[Word, ...]) -> list[Word]:
    """`--model ViT-B-32 --pretrained laion2b_s34b_b79k`: what open_clip is asked for.

    A name of an architecture counts only beside the weights that it gets.
    """
    texts = [(flag, value) for _, flag, value in _flag_values(words) if value.text]
    weights = [
        value
        for flag, value in texts
        if CLIP_WEIGHTS.fullmatch(value.text)
        or (value.text == "openai" and flag.endswith("pretrained"))
    ]
    models = [value for _, value in texts if CLIP_MODEL.fullmatch(value.text)] if weights else []
    return [*models, *(value for value in weights if models and value.text != "openai")]


def _value_of(words: tuple[Word, ...], names: frozenset[str]) -> str | None:
    for _, flag, value in _flag_values(words):
        if flag.lstrip("-").replace("-", "_") in names and DYNAMIC not in value.text:
            return value.text
    return None


def _has_flag(words: tuple[Word, ...], names: frozenset[str]) -> bool:
    return any(w.text.lstrip("-").replace("-", "_").partition("=")[0] in names for w in words)


def _command_endpoints(words: tuple[Word, ...], command: Command) -> Endpoints:
    pairs = [(one.name, one.values[0].text) for one in command.environment if one.values]
    for _, flag, value in _flag_values(words):
        name = flag.lstrip("-").replace("-", "_")
        if name in _flags("endpoint"):
            pairs.append((name, value.text))
    return Endpoints.of(pairs)


def _unversioned(text: str) -> str:
    """`org/name:Q4_K_M` of llama.cpp, without the file's quantisation."""
    name, _, tag = text.partition(":")
    return name if name.count("/") == 1 and tag and "/" not in tag else text
