"""Models that Go, Rust, Java, Kotlin, C#, Swift, Ruby, PHP, C and C++ name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.infrastructure.ties import lowered
from underlay.audit.detectors.models.code_constants import spelled
from underlay.audit.detectors.models.running_text import tell
from underlay.audit.findings import Rule
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.references import (
    ANYWHERE,
    Place,
    classify,
    hosted_operator,
    key_strength,
    vocabulary,
)
from underlay.audit.names.sites import PARTS, Sightings, Site, bare_name, endpoint_key
from underlay.audit.readers.code_values import (
    Source,
    Stand,
    code_words,
    language_of,
    vocabulary_code,
)
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Kind, ModelReference, Role, Unknown

__all__ = ["Code"]

_LARGEST = 1_000_000
# a file without one of these names no model
_WORTH = re.compile(  # of bytes in lower case
    rb"[\"'`/](?:gpt-?[2345o]|chatgpt-|claude-|gemini-|text-embedding|embedding-|whisper|dall-e|o[134]-|o[134][\"']|"
    rb"mi[sx]tral|open-mi|codestral|pixtral|command|deepseek|qwen|qwq|llama|llava|gemma|embeddinggemma|phi-?[234]|"
    rb"grok-|sonar|glm-|kimi-|moonshot|doubao|ernie|hunyuan|minimax|yi-|voyage-|jina-|rerank|embed-|nova-|amazon\.|"
    rb"(?:us|eu|apac)\.|anthropic|meta[.-]|titan|jamba|j2-|ai21|cohere|sabia|stable-diffusion|sdxl|flux|imagen-|veo-|"
    rb"bge-|e5-|gte-|all-|nomic|mxbai|xenova/|onnx-community|mlx-community|starcoder|codellama|solar|distil|bert|t5-|"
    rb"clip|sam-|yolo|moondream|smol|eleven_|tts-|@?cf/|hf[:./]|davinci|babbage|[\w-]*bison|textembedding|"
    rb"sentence-transformers/|baai/|microsoft/|google/|facebook/|openai/|meta-llama/|thebloke/|nvidia/|ibm|intfloat/|tii|"
    rb"granite|olmo|falcon|vicuna|zephyr|bakllava|tinyllama|dolphin|orca|ggml-(?:tiny|base|small|medium|large|model|gpt))|huggingface\.co|"
    rb"[\s(](?:gpt-[345o]|claude-[\di-s]|gemini-\d|deepseek-[crv]|text-embedding-)|"
    rb":(?:gpt-|claude-|gemini-|text-embedding|mistral-|llama|qwen)[\w.:-]*\}|"
    rb"\.gguf|\.onnx|\.safetensors|\.ggml|from_?pretrained|modelconfiguration|download_?(?:artifacts|model|weights)|snapshot_?download|"
    rb"model\w{0,24}(?:::\w{2,20})?[\"']?\)?\s?(?:[:=(]|=>)\s{0,20}@?[\"'`]|modelname\.|go-openai|"
    rb"openai-go|anthropic-sdk-go|springframework\.ai|import openai|rig::"
)
_KEYS_OF_ENTRIES = frozenset(("id", "name", "value", "model", "slug", "key", "repo", "ref"))
_SHOWN = frozenset(
    (
        "label",
        "title",
        "description",
        "displayname",
        "display",
        "help",
        "usage",
        "about",
        "abstract",
    )
)
_REPOSITORY = re.compile(r"[\"'][A-Za-z0-9][\w.-]{1,60}/[\w.-]*[A-Z0-9][\w.-]*[\"']")
_IMPORT = re.compile(
    r"(?m)^[ \t]*(?:import|use|using|require\w*|from|#include|#import)([^\n]{3,200})$|"
    r"^[ \t]*(?:\w+ )?(\"[\w./-]{3,120}\")$"
)
_GETTERS = re.compile(r"(?i)^(?:get|default|fetch|current|resolve)_?")
_ADVICE = re.compile(r"\bollama (?:pull|run) (?P<name>[a-z0-9][\w./:-]{1,80})")
# files of projects and pages with code in them, for which there is no grammar here
_PAGES = frozenset(
    (".csproj", ".fsproj", ".props", ".targets", ".gradle", ".razor", ".cshtml", ".plist")
)
_ON_PAGE = re.compile(
    r"(?P<address>https?://[\w.-]{4,100}/[^\s\"'<>`(){}|\\]{3,300})|[\"'](?P<name>[\w./:@-]{4,80})[\"']"
)
# whose a model is, beside it: `provider: :xai, model: "..."`
_SAID = re.compile(r"\b(?:provider|vendor)\W{1,12}(?:\w{1,20}(?:\.|::))?(?P<name>\w{2,30})")
_COMMAND = re.compile(
    rb"(?:[\"']ollama[\"'],\s{0,20}[\"'](?:run|pull|show)[\"']|"
    rb"(?P<flag>[\"']--(?:[a-z]{1,12}-)?model(?:-id|-name|-path)?[\"']|[\"']--?hf(?:-repo)?[\"']))"
    rb",\s{0,20}\Z"
)
_BODY_MODEL = re.compile(
    r"\\?[\"'](?:model|modelId|model_id|model_name)\\?[\"']\s{0,4}[:=]\s{0,4}\\?[\"'](?P<name>[\w./:@-]{2,120})\\?[\"']"
)
_DECLARATION = re.compile(
    r"\b(?:const|static|final|case|let|val|var)\b[^\n=;(]{0,80}?\b(\w{2,60})[ \t]*(?:[:=]|$)",
    re.MULTILINE,
)
MAX_FOLLOWED = 200  # constants of one file
MAX_USES = 12  # places of each
_SPRING_DEFAULT = re.compile(r"[$#]\{(?P<key>[\w.\[\]-]{1,100}):(?P<value>[^{}]{2,100})\}")
_ADDRESS = re.compile(
    r"([A-Za-z_][\w-]{1,60})[\"']?\s{0,3}(?:\(|\)?\s?[:=]{1,2}>?|,)\s{0,3}(?:new\s|URI|Uri|URL|\.init|\(|string:|\s){0,6}[\"'](https?://[^\"'\s]{3,200})[\"']"
)
_TOLD = re.compile(r"(?<![\w./-])[\"'`](?P<name>[\w.:@-]{2,60}(?:/[\w.:@-]{2,90})?)[\"'`]")
_IDENTIFIER = rb"[A-Za-z_]\w{2,60}"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

RULES = (
    Rule("code/loader", "An argument of a call that loads a model or makes a client for one."),
    Rule("code/argument", 'The first string of a call whose name says model: `WithModel("x")`.'),
    Rule("code/key", "A variable, field, argument or key whose name says model."),
    Rule("code/list", "One of a list, an enumeration or the keys of a map of names of models."),
    Rule("code/returned", "What a function returns whose name says model."),
    Rule("code/constant", "A constant of a kit that stands for a hosted service's name."),
    Rule("code/body", "`model` in JSON that stands in a text."),
    Rule("code/url", "An address of a model on a hub, or of a file of weights."),
    Rule("code/name", "A whole string that follows the naming scheme of a service or a hub."),
    Rule("code/told", "A quoted name of such a scheme in a comment or a text for people."),
)


@dataclass(frozen=True, slots=True)
class Code:
    """Sources of the languages in `vocabulary_code.toml`."""

    name: str = "code"
    version: int = 4
    rules: tuple[Rule, ...] = RULES

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Source files by their endings."""
        suffix = path.suffix.lower()
        return size <= _LARGEST and (suffix in _PAGES or language_of(suffix) is not None)

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of its strings, by where they stand."""
        data = file.data
        if not _WORTH.search(lowered(data)) or b"\0" in data[:1000]:
            return
        if len(data) > 20_000 and data.count(b"\n") * 400 < len(data):
            cut("lines of more than 400 bytes on average: taken for generated code, and not read")
            return
        language = language_of(file.path.suffix.lower())
        if language is None:
            yield from _of_page(file.path, file.text())
            return
        yield from _Reader(file.path, Source(data, language)).read()


def _of_page(path: PurePosixPath, text: str) -> Iterator[ModelReference | Unknown]:
    """Addresses of models in files of projects and pages, and services' names in quotes."""
    found = Sightings(path)
    line, counted = 1, 0
    for match in list(_ON_PAGE.finditer(text))[:2_000]:
        line += text.count("\n", counted, match.start())
        counted = match.start()
        address, name = match["address"], match["name"]
        if name is not None and hosted_operator(name) is None:
            continue
        rule = "code/url" if address else "code/name"
        group = "address" if address else "name"
        column = match.start(group) - text.rfind("\n", 0, match.start(group))
        found.see(match[group], line, column, Site(path, rule, "page", "config", 0.0))
    yield from found


@cache
def _providers() -> tuple[tuple[str, str, Kind | None], ...]:
    return tuple(
        (entry["word"], entry["operator"], entry.get("expects"))
        for entry in vocabulary_code()["provider"]
    )


def _names_model(name: str) -> bool:
    return bool(name) and key_strength(name) > 0


def _is_known(text: str) -> bool:
    """A name that means something by itself, wherever it stands."""
    return hosted_operator(text) is not None or _is_gateway(text)


def _is_gateway(text: str) -> bool:
    prefix, sign, name = text.partition(":")
    if sign and (prefix in vocabulary()["gateways"] or prefix in vocabulary()["makers"]["names"]):
        return hosted_operator(name) is not None or (prefix == "ollama" and ":" in name)
    rest = text.rpartition("/")[2].partition(":")[0]
    return "/" in text and text.count("/") <= 3 and hosted_operator(rest) is not None


# names of variables of the environment, of fields in a file, of types of media, of an image
_NO_NAME = re.compile(
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z]+(?:_[a-z]+)+|(?:application|text|image|audio|video|multipart)/[\w.+-]+|"
    r"ollama/ollama(?::.*)?|[\d.:,-]+|(?:api|v\d\w*|rest)/.*|\S+/v\d/\S+|(?:sha\d+:)?[0-9a-f]{24,}|(?i:fake|dummy|test|mock|your)[-_].*"
    r"|(?i:(?:https?://(?:huggingface\.co|hf\.co)/)?(?:test|tests|testing|unknown|another|other|some|fake|dummy|"
    r"example|sample|my|your|foo|org|owner|user|invalid|nonexistent|namespace|acme)"
    r"(?:[-_](?:org|owner|user|repo|namespace|team|company))?/.*)"
)


def _may_be(text: str) -> bool:
    if not 2 <= len(text) <= 300 or not text.isprintable() or re.search(r"[\s<>{}$%]", text):
        return False
    return _NO_NAME.fullmatch(text) is None or hosted_operator(text) is not None


class _Reader:
    def __init__(self, path: PurePosixPath, source: Source) -> None:
        self._path = path
        self._source = source
        self._found = Sightings(path)
        self._text = source.data.decode("utf-8", "replace")
        self._kit: tuple[str | None, Kind | None] | None = None
        self._beside: dict[int, bool] = {}  # by a list's id: whether a known name is in it
        self._around: dict[int, str | None] = {}  # by a function's id: the one address in it
        self._declared: frozenset[str] | None = None  # names to which this file gives a value

    def read(self) -> Iterator[ModelReference | Unknown]:
        """The findings of the file."""
        source = self._source
        if source.problem:
            self._found.doubt(
                self._path.name, 1, 1, "code/name", f"not read whole: {source.problem}"
            )
        if source.root is None:
            yield from self._found
            return
        unplaced: dict[str, list[tuple[Any, str]]] = {}
        for node, text, is_dynamic in source.strings():
            if is_dynamic:
                if " " in text:
                    self._told(node, text, "doc")
            elif _may_be(text):
                name = self._string(node, text)
                if name and len(name) > 2 and name not in ("name", "self", "this"):
                    unplaced.setdefault(name, []).append((node, text))
            elif len(text) > 2:
                self._longer(node, text)
        self._follow(unplaced)
        self._kits()
        for node in source.comments:
            self._comment(node)
        yield from self._found

    # --- strings -----

    def _string(self, node: Any, text: str) -> str:
        """Read a string; the name that it is given where it isn't known what it is."""
        stand = self._source.stand(node)
        if stand.is_refused or stand.is_spoken or (stand.is_compared and not _is_known(text)):
            return ""
        site = self._site(stand, node, text)
        if site is not None:
            line, column = self._source.place(node)
            if self._found.see(text, line, column, site):
                return ""
        return "" if stand.is_key or stand.callee else stand.key

    def _longer(self, node: Any, text: str) -> None:
        """Texts with more than a name in them: JSON of a request, advice, defaults of Spring."""
        row, _ = self._source.place(node)
        bodies = list(_BODY_MODEL.finditer(text))[:20] if "model" in text else []
        for told in bodies:
            line = row + text.count("\n", 0, told.start("name"))
            site = Site(self._path, "code/body", "model in a text", "use", 0.6,
                        url=self._address(node, Stand()))  # fmt: skip
            self._found.see(told["name"], line, told.start("name") + 1, site)
        if " " in text and not bodies:
            self._told(node, text, "doc")
        if "{" in text and ":" in text and len(text) < 300:
            given = _SPRING_DEFAULT.fullmatch(text)
            if given is not None and _names_model(re.split(r"[.\[]", given["key"])[-1]):
                line, column = self._source.place(node)
                site = Site(self._path, "code/key", given["key"], "default", 0.6)
                self._found.see(given["value"], line, column, site)
        if "ollama " in text:
            for told in list(_ADVICE.finditer(text[:2_000]))[:20]:
                line = row + text.count("\n", 0, told.start())
                site = Site(self._path, "code/name", told[0][:60], "doc", 0.9, "ollama")
                self._found.see(told["name"].rstrip(".,:"), line, told.start("name") + 1, site)

    def _follow(self, unplaced: dict[str, list[tuple[Any, str]]]) -> None:
        """Constants whose own name says nothing, by what is done with them."""
        followed = 0
        for name, given in unplaced.items():
            strings = [(node, text) for node, text in given if re.search(r"[\d/-]", text)]
            if not strings or len(strings) > 60:
                continue
            followed += 1
            if followed > MAX_FOLLOWED:
                return
            for use in list(self._source.uses(name))[:MAX_USES]:
                stand = self._source.stand(use)
                if stand.is_refused or stand.is_compared:
                    continue
                is_given = _names_model(stand.key) and stand.key != name
                if not is_given and self._called(stand, "a/b") is None and not self._is_sink(stand):
                    continue
                for node, text in strings:
                    site = None if is_given and "/" not in text else self._site(stand, use, text)
                    if site is not None:
                        line, column = self._source.place(node)
                        self._found.see(text, line, column, site)
                break

    def _site(self, stand: Stand, node: Any, text: str) -> Site | None:
        """What the place says of the string; None where it says that it is no model."""
        key, holder = stand.key, stand.holder
        if "://" in text:
            role = self._role(stand)
            return Site(self._path, "code/url", key or "address", role,
                        0.6 if _names_model(key) else 0.0)  # fmt: skip
        if key.lower() in _SHOWN and not _is_known(text):
            return None
        if stand.is_compared:
            if hosted_operator(text) is None and not _is_gateway(text):
                return None
            return Site(self._path, "code/name", key or "compared", "option", 0.0, most=0.45)
        called = self._called(stand, text) or self._commanded(stand, node)
        if called is not None:
            return self._with_server(called, node, stand)
        if stand.is_key:
            return self._as_key(stand, node, text)
        if stand.is_list and PARTS.search(key or holder):
            return None
        found = self._by_name(stand, node, text)
        return found if found is not None else self._alone(stand, node, text)

    def _by_name(self, stand: Stand, node: Any, text: str) -> Site | None:
        """The site of a string whose key, call, list or function says model."""
        key, holder, role = stand.key, stand.holder, self._role(stand)
        is_labelled = bool(stand.label) and stand.label.lower() not in _KEYS_OF_ENTRIES
        is_argument = not is_labelled and not _names_model(key) and self._is_sink(stand)
        returned = _GETTERS.sub("", stand.function) if stand.is_returned else ""
        if is_argument:
            rule, shown, sure = "code/argument", stand.callee[-1], 0.7
        elif stand.is_list and _names_model(holder or key):
            rule, shown, sure = "code/list", holder or key, 0.6
        elif _names_model(key):
            rule, shown, sure = "code/key", key, 0.6
        elif returned and (_names_model(returned) or returned.lower() in ("repo", "repository")):
            rule, shown, sure = "code/returned", stand.function, 0.6
        elif key.lower() in ("repo", "model_repo") and "/" in text:
            return Site(self._path, "code/key", key, role, 0.6)
        elif (key.lower() in _KEYS_OF_ENTRIES or stand.is_choice) and _names_model(holder):
            rule, shown, sure = "code/list", holder, 0.55
        else:
            return None
        operator, expects = self._provider(stand, node)
        if is_argument and (operator or expects):
            sure = 0.9
        elif rule == "code/key" and (
            expects or (operator and (stand.callee or _SAID.search(self._beside_text(stand))))
        ):
            sure = 0.8
        if sure == 0.55:
            expects = None
        site = Site(self._path, rule, shown, role, sure, expects=expects, operator=operator)
        if is_argument or sure == 0.8:
            site = self._hosted(site, text)
        return self._with_server(site, node, stand)

    def _alone(self, stand: Stand, node: Any, text: str) -> Site | None:
        """A name that is one by itself."""
        role = self._role(stand)
        shown = stand.key or stand.holder or (stand.callee[-1] if stand.callee else "")
        if _is_known(text):
            own = "local" if self._provider(stand, node)[0] == "local" else None
            site = Site(self._path, "code/name", shown, role, 0.0, operator=own)
            return self._with_server(site, node, stand)
        if (stand.is_default or stand.is_choice) and "/" not in text:
            bare = bare_name(text, Place("hub", None, 0.6))
            if bare is not None and bare.kind == "hub":
                return Site(self._path, "code/name", shown, role, 0.6, expects="hub")
        if stand.is_list and self._is_beside(stand):
            return Site(self._path, "code/list", shown, role, 0.55)
        candidate = classify(text, ANYWHERE)
        if candidate is None or candidate.confidence < 0.55:
            return None
        if candidate.kind == "file" and _REPOSITORY.search(self._source.expression(node)):
            return None  # a file of the repository beside it
        if candidate.kind in ("hub", "file", "ollama"):
            return Site(self._path, "code/name", shown, role, 0.0)
        return None

    def _is_beside(self, stand: Stand) -> bool:
        """Whether another one of the same list or map is a name that is known."""
        scope = stand.scope
        if scope is None:
            return False
        if scope.id not in self._beside:
            strings = vocabulary_code()["languages"][self._source.language]["strings"]
            known = False
            for kid in self._source.kids(scope)[:60]:
                inner = kid
                for _ in range(4):
                    if inner.type in strings or not self._source.kids(inner):
                        break
                    inner = self._source.kids(inner)[0]
                known = known or (inner.type in strings and _is_known(self._source.content(inner)))
            self._beside[scope.id] = known
        return self._beside[scope.id]

    def _hosted(self, site: Site, text: str) -> Site:
        """A client's argument takes what its service has, of whatever shape."""
        is_open = site.operator in (None, "", "azure", "local", "openai")
        if site.expects is None and not is_open and hosted_operator(text) is None:
            return replace(site, expects="hosted")
        if site.operator in ("", "local"):
            return replace(site, operator=None)
        return site

    def _as_key(self, stand: Stand, node: Any, text: str) -> Site | None:
        """A key of a map: sizes, prices or windows by model."""
        _, expects = self._provider(stand, node)
        name = stand.holder or stand.key
        if _is_known(text):
            return Site(self._path, "code/list", name, "option", 0.0)
        if expects == "ollama" and re.search(r"(?i)size|dimension|window|context|model", name):
            return Site(
                self._path, "code/list", name, "option", 0.55, expects="ollama", operator="ollama"
            )
        if _names_model(name) and "/" in text:
            return Site(self._path, "code/list", name, "option", 0.6)
        if _names_model(
            re.sub(r"(?i)_?(?:dimensions?|sizes?|windows?|limits?|prices?|costs?)$", "", name)
        ):
            return Site(self._path, "code/list", name, "option", 0.55)
        if self._is_beside(stand):
            return Site(self._path, "code/list", name, "option", 0.55)
        candidate = classify(text, ANYWHERE)
        if candidate is not None and candidate.kind == "hub" and candidate.confidence >= 0.6:
            return Site(self._path, "code/list", name, "option", 0.0)
        return None

    # --- calls -----

    def _called(self, stand: Stand, text: str) -> Site | None:
        """The site of an argument of a known loader or client."""
        if not stand.callee or stand.is_key:
            return None
        last = stand.callee[-1]
        head = ".".join(stand.callee[:-1]).lower()
        for loader in _loaders().get(last, ()):
            if loader["argument"] != (stand.label or stand.argument):
                continue
            if (
                "root" in loader
                and loader["root"] not in head
                and loader["root"] not in last.lower()
            ):
                continue
            operator = loader.get("operator")
            expects: Kind | None = loader.get("expects")
            if expects == "hosted" and operator is None:
                named, kind = self._of_words(" ".join(stand.callee).lower())
                operator, expects = named, kind or (expects if named else None)
            sure = 0.9 if expects else 0.7
            if expects == "hub" and "/" not in text:
                sure = 0.7  # a name without an owner has to be a known one
            return Site(self._path, "code/loader", last, self._role(stand), sure,
                        expects=expects, operator=operator)  # fmt: skip
        return None

    def _commanded(self, stand: Stand, node: Any) -> Site | None:
        """The site of a word of a command that is given as a list of strings."""
        if not stand.callee and not stand.is_list:
            return None
        before = self._source.data[max(0, node.start_byte - 80) : node.start_byte]
        told = _COMMAND.search(before)
        if told is None:
            return None
        shown = told[0].decode("utf-8", "replace").strip("\"', \n")
        if told["flag"]:
            return Site(self._path, "code/argument", shown, self._role(stand), 0.6)
        return Site(self._path, "code/argument", shown, "use", 0.9, expects="ollama")

    def _is_sink(self, stand: Stand) -> bool:
        """Whether the call's own name says that its first string is a model's."""
        if not stand.callee or stand.is_key or stand.is_list:
            return False
        last = stand.callee[-1]
        if last in code_words("sinks", "not") or stand.argument > 1 or stand.before:
            return False
        parts = [part.lower() for part in _WORD.findall(last)]
        if not set(parts) & code_words("sinks", "words") or parts[-1] in (
            "type",
            "exists",
            "error",
            "info",
            "path",
            "dir",
            "client",
            "provider",
            "service",
            "executor",
            "factory",
            "exception",
            "result",
            "response",
            "request",
            "loader",
        ):
            return False
        return key_strength(last) > 0 or parts[-1] in ("repo", "config", "options")

    def _provider(self, stand: Stand, node: Any) -> tuple[str | None, Kind | None]:
        """Who runs the client around, told from the call, the type, the variable or the class."""
        near = " ".join((*stand.callee, *stand.types, stand.key)).lower()
        operator, expects = self._of_words(near)
        if operator is not None:
            return operator, expects
        beside = self._beside_text(stand)
        if beside:
            said = _SAID.search(beside)
            operator, expects = self._of_words(
                said["name"] if said else beside if stand.label else ""
            )
            if operator is not None:
                return operator, expects
        for outer in stand.nodes[-1:]:
            name = self._source.name_of(outer) if outer.type.endswith("declaration") else ""
            operator, expects = self._of_words(name.lower())
            if operator is not None:
                return operator, expects
        made = self._made(node)
        operator, expects = self._of_words(made.lower())
        if operator is not None:
            return operator, expects
        holder = self._source.enclosing(node, "type")
        name = self._source.name_of(holder) if holder is not None else ""
        around = f"{stand.holder} {name} {self._path.stem} {self._path.parent.name}".lower()
        operator, expects = self._of_words(around)
        return (operator, expects) if operator is not None else self._imported()

    def _beside_text(self, stand: Stand) -> str:
        """What stands in the same list, object or arguments, where that is short; lower case."""
        scope = stand.scope
        if scope is None or scope.end_byte - scope.start_byte > 600:
            return ""
        return self._source.text(scope).lower()

    def _imported(self) -> tuple[str | None, Kind | None]:
        """Ollama where it is the one provider whose kit the file imports.

        Its names are bare ones; others' are known by themselves.
        """
        if self._kit is None:
            lines = [a or b for a, b in _IMPORT.findall(self._text[:20_000])[:200]]
            found = {self._of_words(line.lower()) for line in lines} - {(None, None)}
            is_ollama = len(found) == 1 and found <= {("ollama", "ollama")}
            self._kit = found.pop() if is_ollama else (None, None)
        return self._kit

    def _of_words(self, words: str) -> tuple[str | None, Kind | None]:
        squeezed = words.replace("_", "").replace("-", "")
        for word, operator, expects in _providers():
            if word in squeezed:
                return operator, expects
        return None, None

    def _made(self, node: Any) -> str:
        """What made the object whose member is set: `$config = new OllamaConfig()` above it."""
        outer = self._source.expression(node)
        member = re.match(r"\s*[$@&*]?(\w{1,60})(?:->|\.|::)", outer)
        parent = self._source.parent(node)
        if member is None and parent is not None:
            whole = self._source.text(parent)[:200]
            member = re.match(r"\s*[$@&*]?(\w{1,60})(?:->|\.)", whole)
        if member is None:
            return ""
        before = self._source.data[max(0, node.start_byte - 4_000) : node.start_byte].decode(
            "utf-8", "replace"
        )
        made = re.findall(
            rf"(?<!\w){re.escape(member[1])}\s*:?=\s*(?:new\s+|&)?([\w.:\\]{{2,80}})", before
        )
        return str(made[-1]) if made else ""

    def _role(self, stand: Stand) -> Role:
        if stand.is_default or stand.key.lower().lstrip("_").startswith("default"):
            return "default"
        if stand.is_list or stand.is_choice or stand.is_key:
            return "option"
        return "use"

    # --- servers -----

    def _with_server(self, site: Site, node: Any, stand: Stand) -> Site:
        if site.expects in ("hub", "package", "ollama"):
            return site
        url = self._address(node, stand)
        if url is None and site.operator == "local":
            url = "http://localhost"
        if url is None:
            return site
        if is_local_url(url):
            return replace(
                site, url=url, expects=None if site.expects == "hosted" else site.expects
            )
        return replace(site, url=url)

    def _address(self, node: Any, stand: Stand) -> str | None:
        """The address of the server that is asked: in the same expression, or set just around."""
        for text in (self._scope_text(stand), self._source.expression(node)):
            found = self._addresses(text)
            if len(found) == 1:
                return found.pop()
            if found:
                return None
        around = self._source.enclosing(node, "function")
        if around is None or around.end_byte - around.start_byte > 20_000:
            return None
        text = self._source.text(around)
        found = self._addresses(text, around.start_byte)
        if (
            len(found) == 1
            and len(
                re.findall(
                    r"(?i)\bnew\s+\w*(?:client|model|config)|NewClient|DefaultConfig|\.builder\(|Client::|Client\(",
                    text,
                )
            )
            <= 2
        ):
            return found.pop()
        return None

    def _scope_text(self, stand: Stand) -> str:
        scope = stand.scope
        if scope is None or scope.end_byte - scope.start_byte > 2_000:
            return ""
        return self._source.text(scope)

    def _addresses(self, text: str, start: int = -1) -> set[str]:
        """The addresses of servers in a text; of those around (`start`), not other clients' own."""
        found = set()
        for match in _ADDRESS.finditer(text[:20_000]):
            if start >= 0 and self._is_of_another(text, match.start(), start):
                continue
            name = re.sub(r"(?i)^(?:with|set)_?(?=[A-Z_]|server)", "", match[1])
            if endpoint_key(name) is not None or name.lower() in (
                "serverurl",
                "newclient",
                "withbase",
                "fromuri",
                "uribase",
            ):
                found.add(match[2])
        return found

    def _is_of_another(self, text: str, at: int, start: int) -> bool:
        """Whether an address belongs to a client that names its own model or its own provider."""
        byte = start + len(text[:at].encode("utf-8", "replace"))
        node = self._source.at(byte, byte + 1)
        stand = self._source.stand(node)
        scope = self._scope_text(stand)
        if re.search(r"(?i)\b\w*model\w*[\"']?\s*(?:[:=(]|=>)", scope):
            return True
        line = text[text.rfind("\n", 0, at) + 1 : at].lower()
        return self._of_words(line)[0] not in (None, "openai")

    # --- constants of kits -----

    def _kits(self) -> None:
        """Constants such as `GPT_4_O_MINI` that a kit defines and this file uses."""
        suffix = self._path.suffix.lower()
        for kit in vocabulary_code()["kit"]:
            if suffix not in kit["endings"] or not re.search(kit["imports"], self._text):
                continue
            pattern = re.compile(
                kit["before"].encode() + rb"(?P<name>" + _IDENTIFIER + rb")(?!\w|\()"
            )
            for match in list(pattern.finditer(self._source.data))[:2_000]:
                word = match["name"].decode()
                name = spelled(word)
                if name is None:
                    continue
                node = self._source.at(match.start("name"), match.end("name"))
                stand = self._source.stand(node)
                if stand.is_refused or self._is_declared(word) or self._in_import(match.start()):
                    continue
                line, column = self._source.position(match.start("name"))
                shown = f"{word} stands for {name}"
                role = self._role(stand)
                site = Site(self._path, "code/constant", shown, role, 0.0)
                self._found.see(name, line, column, self._with_server(site, node, stand))

    def _is_declared(self, word: str) -> bool:
        if self._declared is None:
            self._declared = frozenset(_DECLARATION.findall(self._text))
        return word in self._declared

    def _in_import(self, byte: int) -> bool:
        start = self._source.data.rfind(b"\n", 0, byte) + 1
        return (
            self._source.data[start:byte]
            .lstrip()
            .startswith((b"import", b"use ", b"using", b"//", b"*", b"#"))
        )

    # --- comments -----

    def _comment(self, node: Any) -> None:
        if node.end_byte - node.start_byte > 20_000:
            return
        text = self._source.text(node)
        quoted = self._told(node, text, "comment")
        row, column = self._source.place(node)
        site = Site(self._path, "code/told", "comment", "comment", 0.6, most=0.52)
        tell(text, row, column, site, self._found, quoted)

    def _told(self, node: Any, text: str, role: Role) -> set[tuple[int, int]]:
        """Names in quotes, in what people read; the (rows below, characters before) of each."""
        row, column = self._source.place(node)
        found = set()
        for told in list(_TOLD.finditer(text))[:40]:
            name = told["name"]
            if not _is_known(name):
                candidate = classify(name, ANYWHERE) if re.search("[/:]", name) else None
                if candidate is None or candidate.confidence < 0.55:
                    continue
                if candidate.kind not in ("hub", "ollama") or not _may_be(name):
                    continue
            line = row + text.count("\n", 0, told.start("name"))
            at = told.start("name") - text.rfind("\n", 0, told.start("name"))
            site = Site(self._path, "code/told", role, role, 0.0)
            self._found.see(name, line, at + (column - 1 if line == row else 0), site)
            found.add((line - row, at - 1))
        return found


@cache
def _loaders() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for loader in vocabulary_code()["loader"]:
        for name in loader["names"]:
            found.setdefault(name, []).append(loader)
    return found
