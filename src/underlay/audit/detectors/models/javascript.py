"""Models that JavaScript and TypeScript name: clients, lists of models, defaults, types."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.javascript_lists import field_of, has_settings, lists_of
from underlay.audit.detectors.models.javascript_pages import REPOSITORY, markup_models
from underlay.audit.detectors.models.javascript_prose import names_in
from underlay.audit.detectors.models.javascript_values import (
    Context,
    Source,
    text_of,
    vocabulary_javascript,
    words,
)
from underlay.audit.detectors.models.running_text import tell
from underlay.audit.findings import SURE, ModelReference, Rule
from underlay.audit.names.references import (
    Place,
    classify,
    hosted_operator,
    key_strength,
    vocabulary,
    without_mode,
)
from underlay.audit.names.roles import role_of
from underlay.audit.names.sites import PARTS, Sightings, Site, pieces

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Kind, Role, Unknown

__all__ = ["JavaScript"]

_ENDINGS = frozenset((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"))
_PAGES = frozenset((".vue", ".svelte", ".astro", ".html", ".htm"))
_LARGEST = 1_000_000
_LARGEST_TEMPLATE = 50_000  # bytes
_FRONT = re.compile(rb"\A---\r?\n(.*?)\n---", re.DOTALL)
# a file without one of these names no model
_WORTH = re.compile(
    rb"(?i)[\"'`/:.@+](?:gpt-?[345o]|chatgpt-|claude-|gemini-|text-embedding|embedding|whisper|dall-e|o[134]-|o[134][\"']|mistral|"
    rb"open-mi|codestral|pixtral|command-|deepseek|qwen|qwq|llama|mixtral|gemma|phi-?[234]|grok-|sonar|glm-|kimi-|moonshot|"
    rb"doubao|ernie|hunyuan|minimax|abab|yi-|voyage-|jina-|rerank|embed-|nova-|amazon\.|anthropic|meta[.-]|titan|jamba|"
    rb"stable-diffusion|sdxl|flux|imagen-|veo-|bge-|e5-|gte-|all-|nomic|mxbai|xenova/|onnx-community|starcoder|codellama|"
    rb"solar|distil|tts_models/|bert|t5-|clip|sam-|yolo|moondream|llava|smol|eleven_|tts-|cf/|hf[:./]|sora|learnlm|davinci|babbage|bison|"
    rb"falcon|granite|gpt2|text-(?:davinci|curie|ada|babbage|bison|unicorn|multiling)|sd3|command[\"']|"
    rb"huggingface\.co|tfhub\.dev|www\.kaggle\.com/models)|ollama (?:pull|run) |"
    rb"\.gguf|\.onnx|\.safetensors|from_pretrained|pipeline\(|"
    rb"-(?:\d{1,3}(?:\.\d)?[bm]|gguf|onnx|mlc|instruct|chat-hf)[\"'`_-]|"
    rb"[\s(>][A-Z][\w-]{1,30}/[A-Za-z][\w.]{0,30}-[\w.-]{0,30}\d|"
    rb"[\s(>](?:gpt-[345o]|claude-[\di-s]|gemini-\d|deepseek-[crv]|text-embedding-)|"
    rb"(?:model|model_?id|repo|repo_?id|name_or_path)[\"']?\s{0,3}[:=]\s{0,3}[\"'`](?:[\w.-]{2,60}/[\w.-]{2,90}|[a-z][\w.:-]{1,40}\d[\w.:-]{0,40})[\"'`]"
)
# keys of a list's entries under which the name itself stands
_ENTRY = frozenset(
    ("id", "value", "model", "name", "slug", "key", "modelid", "model_id", "modelname",
     "model_name", "apiname", "identifier", "apimodel", "api_name", "name_or_path", "nameorpath",
     "model_name_or_path", "ref", "default",
     "modelkey", "apiid", "apiidentifier", "llm", "deployment", "primary", "fallback", "engine")
)  # fmt: skip
_SHOWN = frozenset(
    ("label", "title", "description", "displayname", "display_name", "alt", "class", "classname")
)
_NOT_NAMES = re.compile(r"[\s{}<>()]|^[/.#]")
_ADVICE = re.compile(r"\bollama (?:pull|run) (?P<name>[a-z0-9][\w./:-]{1,80})")
# names that can be a key without quotes
_PLAIN = frozenset(("o1", "o3", "o4"))
_MLC = re.compile(r"[A-Za-z][\w.-]{1,80}-q\d+f(?:16|32)(?:_\d)?-MLC(?:-[\w-]{1,12})?")
_NAME = re.compile(r"(?=.*[\d-])(?:[A-Za-z][\w.-]{1,40}/)?[A-Za-z][\w.-]{2,60}(?<![.-])(?::free)?")
_TAGGED = re.compile(r"[a-z][\w.-]{1,40}:[\w.-]{1,30}")
_LIBRARY = re.compile(r"[a-z][a-z0-9.-]{2,40}")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")  # getTTSModel: TTS_Model
_BEGUN = re.compile(
    r"https?://(?:huggingface\.co|hf\.co|hf-mirror\.com)/(?!datasets/|spaces/|api/)[\w.-]+/[\w.-]+"
    r"(?=/(?:resolve|raw|blob)/)"
)
_CLEAR = re.compile(r"(?=.*\d)[\w.]+-[\w.:/-]+")  # a word may be anything, `gpt-4` is a model
_MADE_UP = re.compile(  # what tests call a model that nobody has
    r"(?i)(?:^|[/:_-])(?:test|mock|fake|dummy|unknown|different|nonexistent|invalid|another|some)"
    r"-(?:model|llm|org|router|provider|name|user)s?(?![a-z])"
)
_PLURAL = re.compile(r"(?:[a-z_]M|^m|_m|MODEL_?M|_M|^M)(?:odels|ODELS)(?![a-z])|^MODELS")
_MARKUP = re.compile(r"<(?:option|select|input|code)[ >]")
_TITLED = frozenset(("test", "it", "describe", "suite", "context"))
_REPOSITORY = frozenset(
    ("repo", "repoid", "repo_id", "hfrepo", "hf_repo", "repository", "reponame", "repo_name")
)
_OF_REPOSITORY = frozenset(
    ("file", "filename", "quant", "quantization", "dtype", "hf_file", "hffile", "mmprojquant",
     "modelfile")
)  # fmt: skip
_HUB_OPERATORS: dict[str, Kind] = {"hub": "hub", "huggingface": "hub", "ollama": "ollama"}

RULES = (
    Rule("javascript/loader", "An argument of a function that loads models: `pipeline(task, X)`."),
    Rule("javascript/provider", 'A provider called with a name: `openai("gpt-4o")`.'),
    Rule("javascript/client", "`model` in a call of a client or in what makes one."),
    Rule("javascript/key", "A property, variable, field or parameter whose name says model."),
    Rule("javascript/list", "One of a list, an enumeration or a union of names of models."),
    Rule("javascript/url", "An address of a model on a hub, or of a file of weights."),
    Rule("javascript/field", "The value of a form's field for a model, or one of its choices."),
    Rule("javascript/beside", "One of a list whose other entries are names of models."),
    Rule("javascript/comment", "Commented-out code that sets or lists a model."),
    Rule("javascript/prose", "A name in running text: a comment, a page, the title of a test."),
    Rule("javascript/name", "A whole string that follows the naming scheme of a hosted service."),
)


@dataclass(frozen=True, slots=True)
class JavaScript:
    """JavaScript, TypeScript, JSX, TSX, and the scripts of Vue, Svelte, Astro and HTML."""

    name: str = "javascript"
    version: int = 5
    rules: tuple[Rule, ...] = RULES

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Source files, not what a bundler made of them."""
        suffix = path.suffix.lower()
        if size > _LARGEST or path.name.endswith((".min.js", ".bundle.js", ".d.ts", ".min.mjs")):
            return False
        return suffix in _ENDINGS or suffix in _PAGES

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of its strings, by where they stand."""
        data = file.data
        if not _WORTH.search(data) or b"\0" in data[:1000]:
            return
        suffix = file.path.suffix.lower()
        if suffix in _PAGES:
            scripts = _scripts_of(data, suffix)
            yield from markup_models(file.path, _markup_of(data, scripts))
            data = scripts
            if not _WORTH.search(data):
                return
        if len(data) > 20_000 and data.count(b"\n") * 400 < len(data):
            yield from ()  # generated: a bundle names what its libraries know
            return
        language = (
            "typescript"
            if suffix in (".ts", ".mts", ".cts", ".vue", ".svelte", ".astro")
            else "tsx"
        )
        yield from _Reader(file.path, Source(data, language)).read()


def _scripts_of(data: bytes, suffix: str) -> bytes:
    """The scripts of a page, everything else blank: lines and columns stay."""
    lowered = data.lower()
    spans: list[tuple[int, int]] = []
    at = lowered.find(b"<script")
    while at >= 0 and len(spans) < 1_000:
        start = lowered.find(b">", at) + 1
        stop = lowered.find(b"</script", start) if start else -1
        if stop < 0:
            break
        spans.append((start, stop))
        at = lowered.find(b"<script", stop)
    front = _FRONT.match(data) if suffix == ".astro" else None
    if front:
        spans.insert(0, front.span(1))
    parts = []
    end = 0
    for start, stop in spans:
        parts += [re.sub(rb"[^\n]", b" ", data[end:start]), data[start:stop]]
        end = stop
    parts.append(re.sub(rb"[^\n]", b" ", data[end:]))
    return b"".join(parts)


def _markup_of(data: bytes, scripts: bytes) -> str:
    """A page without its scripts, which the other has alone: lines stay."""
    lines = zip(data.split(b"\n"), scripts.split(b"\n"), strict=True)
    left = b"\n".join(line if not script.strip() else b"" for line, script in lines)
    return left.decode("utf-8", "replace")


class _Reader:
    def __init__(self, path: PurePosixPath, source: Source) -> None:
        self._path = path
        self._source = source
        self._found = Sightings(path)
        self._given: dict[int, list[Context]] = {}  # by the string's place: where its name is used
        self._lists: dict[Hashable, list[tuple[Any, str, bool]]] = {}
        self._named: set[Hashable] = set()  # lists that are called models
        self._unsure: list[tuple[Any, str]] = []  # fields that hold `owner/name`

    def read(self) -> Iterator[ModelReference | Unknown]:
        """The findings of the file."""
        for name, _ in self._source.names():
            strings = [s for s in self._source.resolve(name) if _may_be(text_of(s))]
            if strings:
                context = self._source.context(name)
                if self._is_sink(context):
                    for string in strings[:50]:
                        self._given.setdefault(string.start_byte, []).append(context)
        for node in self._source.strings():
            text = text_of(node)
            if _may_be(text):
                self._string(node, text)
            elif " " in text:
                self._sentence(node, text)
        for node, text in self._source.composed():
            self._composed(node, text)
        for node in self._source.templates():
            if b"<" in node.text and len(node.text) <= _LARGEST_TEMPLATE:
                self._markup(node, node.text[1:-1].decode("utf-8", "replace"))
        for node in self._source.shown():
            if b"ollama " in node.text:
                self._advice(node, text_of(node), 0)
            self._tell(node, text_of(node), 0, "doc", "what the page shows")
        self._plain_keys()
        self._beside()
        self._repeated()
        for node in self._source.comments():
            line, column = self._source.position(node)
            set_: set[tuple[int, int]] = set()
            for text, below, right in names_in(text_of(node)):
                at = column + right if below == 0 else right + 1
                is_compiled = _MLC.fullmatch(text) is not None
                site = Site(self._path, "javascript/comment", "comment", "comment", 0.8,
                            "package" if is_compiled else None, most=0.55)  # fmt: skip
                if self._found.see(text, line + below, at, site):
                    set_.add((below, right + 1))
            self._tell(node, text_of(node), 0, "comment", "comment", set_)
        yield from self._found

    def _sentence(self, node: Any, text: str) -> None:
        """A string of several words: what it tells to load, and what a test's title names."""
        if "ollama " in text:
            self._advice(node, text)
        self._markup(node, text)
        if role_of(self._path) == "test":
            context = self._source.context(node)
            if context.callee and context.callee[0] in _TITLED and context.argument == 0:
                self._tell(node, text, 1, "test", context.callee[0])

    def _markup(self, node: Any, text: str) -> None:
        """Choices and fields of a page that a program writes."""
        if not _MARKUP.search(text):
            return
        line, column = self._source.position(node)
        for one in markup_models(self._path, text):
            if isinstance(one, ModelReference):
                at = one.column + (column if one.line == 1 else 0)
                self._found.add(replace(one, line=one.line + line - 1, column=at))

    def _tell(
        self,
        node: Any,
        text: str,
        quote: int,
        role: Role,
        evidence: str,
        taken: set[tuple[int, int]] | frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """The models that running text names, but those of the places (row, column) `taken`."""
        line, column = self._source.position(node)
        site = Site(self._path, "javascript/prose", evidence, role, 0.6, most=0.52)
        tell(text, line, column + quote, site, self._found, taken)

    def _composed(self, node: Any, text: str) -> None:
        """A template: whole where its parts are known, else the repository that it begins with."""
        if "\0" not in text:
            if _may_be(text):
                self._string(node, text)
            return
        begun = _BEGUN.match(text)
        if begun is not None:
            line, column = self._source.position(node)
            site = Site(self._path, "javascript/url", "the beginning of an address", "use", 0.6)
            self._found.see(begun[0], line, column, site)

    def _plain_keys(self) -> None:
        """`o3: {...}` among the keys of a table of models: a name that needs no quotes."""
        for node in self._source.plain_keys():
            text = text_of(node)
            if text not in _PLAIN:
                continue
            known = [each for around in lists_of(node) for each in self._lists.get(around, ())]
            holder = self._source.context(node).holder or self._source.context(node).key
            if sum(is_sure for _, _, is_sure in known) > 1 or _names_model(holder):
                line, column = self._source.position(node)
                site = Site(self._path, "javascript/list", holder or text, "option", 0.6)
                self._found.see(text, line, column, site)

    def _beside(self) -> None:
        """The other entries of lists of which most are known to be models."""
        for around, entries in self._lists.items():
            sure = sum(is_sure for _, _, is_sure in entries)
            # the values of an object are less alike than the entries of a list
            least, share = (4, 0.7) if _kind_of(around) == "values" else (2, 0.5)
            clear = sum(_CLEAR.fullmatch(text) is not None for _, text, _ in entries)
            is_named = around in self._named and clear > 1 and 2 * clear >= len(entries)
            if (sure < least and not is_named) or sure == len(entries):
                continue
            if sure < share * len(entries) and not is_named:
                continue
            # among `llama2:13b` and its like a plain word is of Ollama's library too
            tagged = sum(
                is_sure and _TAGGED.fullmatch(text) is not None for _, text, is_sure in entries
            )
            for node, text, is_sure in entries:
                is_plain = tagged > 1 and _LIBRARY.fullmatch(text) is not None
                if is_sure or not (is_plain or _NAME.fullmatch(text)):
                    continue
                line, column = self._source.position(node)
                if is_plain and not _NAME.fullmatch(text):
                    site = Site(self._path, "javascript/beside", f"{tagged} have tags", "option",
                                0.8, "ollama", most=0.6)  # fmt: skip
                    self._found.see(text, line, column, site)
                    continue
                operator = "other" if "/" not in text else None
                told = "a list of models" if is_named else f"{sure} of {len(entries)} are models"
                site = Site(self._path, "javascript/beside", told,
                            "option", 0.8, "hosted" if operator else None, most=0.6)  # fmt: skip
                self._found.see(text, line, column, site)

    def _repeated(self) -> None:
        """Names of repositories that the file says elsewhere to be models."""
        sure = self._found.refs()
        for node, text in self._unsure:
            if text in sure:
                line, column = self._source.position(node)
                site = Site(self._path, "javascript/beside", "a model elsewhere in the file",
                            "option", 0.8, "hub", most=0.6)  # fmt: skip
                self._found.see(text, line, column, site)

    def _string(self, node: Any, text: str) -> None:
        context = self._source.context(node)
        if context.is_refused:
            return
        line, column = self._source.position(node)
        site = self._site(context, text)
        is_sure = False
        if site is not None:
            for part, at in pieces(text, "s") if _names_model(context.key) else [(text, 0)]:
                is_sure |= self._found.see(part.lstrip("+-"), line, column + at, site)
        if site is not None and not is_sure and self._is_set(context, text):
            more = replace(site, strength=0.8, expects="hosted", most=0.6)
            is_sure = self._found.see(text, line, column, more)
        is_field = context.scope is not None and context.key.lower() in _REPOSITORY
        if not is_sure and is_field and REPOSITORY.fullmatch(text):
            self._unsure.append((node, text))
        if not PARTS.search(context.key or context.holder):
            is_named = not context.is_key and _PLURAL.search(context.holder) is not None
            is_named &= not context.key or context.key.lower() in _ENTRY
            for around in lists_of(node):
                if is_named and _kind_of(around) in ("array", "entries"):
                    self._named.add(around)
                self._lists.setdefault(around, []).append((node, text, is_sure))
        for used in self._given.get(node.start_byte, ()):
            other = self._site(used, text)
            if other is not None:
                role: Role = "default" if context.is_default else other.role
                self._found.see(text, line, column, replace(other, role=role))

    def _is_set(self, context: Context, text: str) -> bool:
        """Whether a name of an unknown family stands as a model beside a model's settings."""
        return (
            context.key.lower() in ("model", "modelid", "model_id", "modelname", "model_name")
            and context.argument < 1
            and "/" not in text
            and _NAME.fullmatch(text) is not None
            and role_of(self._path) != "test"
            and has_settings(context.scope)
        )

    def _advice(self, node: Any, text: str, quote: int = 1) -> None:
        """What a message tells people to load: `Run: ollama pull NAME`."""
        line, column = self._source.position(node)
        for told in _ADVICE.finditer(text[:2_000]):
            before = text[: told.start("name")]
            row = before.count("\n")
            at = column + quote + len(before) if not row else len(before) - before.rfind("\n")
            site = Site(self._path, "javascript/name", told[0][:60], "doc", 0.9, "ollama")
            self._found.see(told["name"].rstrip(".,:"), line + row, at, site)

    def _is_sink(self, context: Context) -> bool:
        """Whether a name that stands there is a model's for sure enough to be followed."""
        if context.is_refused or context.is_compared:
            return False
        return bool(context.callee and self._called(context) is not None) or (
            bool(context.key) and _names_model(context.key)
        )

    # --- sites -----

    def _site(self, context: Context, text: str) -> Site | None:
        """What the place says of the string; None where it says that it is no model."""
        if "://" in text:
            return self._url(context, text)
        called = self._called(context)
        if called is not None:
            return called
        if _MLC.fullmatch(text):
            return Site(self._path, "javascript/name", "compiled for MLC", self._role(context), 0.8,
                        "package")  # fmt: skip
        last = context.callee[-1] if context.callee else ""
        if context.callee and context.scope is None and not context.key:
            return self._argument(context, last, text)
        if context.key.lower() in _SHOWN or context.key.startswith(("class", "aria", "data-")):
            return None
        if context.is_compared:
            is_known = hosted_operator(text) is not None or _is_gateway(text)
            if not is_known or not (_names_model(context.key) or _CLEAR.fullmatch(text)):
                return None
            return Site(self._path, "javascript/name", context.key, "option", 0.0, most=0.55)
        if "voice" in (context.key or context.holder).lower():
            return None
        field = field_of(context.scope, context.key, is_list=context.is_list)
        if field is not None and not context.is_key:
            return Site(self._path, "javascript/field", field[0], self._role(context), 0.6,
                        url=field[1])  # fmt: skip
        if context.key.lower() == "placeholder" and context.scope is None:
            return Site(self._path, "javascript/field", "placeholder", "option", 0.6)
        url = self._endpoint(context)
        operator = self._operator(context)
        role = self._role(context)
        if context.key.lower() in _REPOSITORY and _has_file(context.scope):
            return Site(self._path, "javascript/key", context.key, role, 0.9, "hub")
        if context.is_key:
            return self._as_key(context, text, url)
        key, holder = context.key, context.holder
        if context.is_list and PARTS.search(key or holder):
            return None
        if operator and key.lower() in ("id", "modelid") and not _names_model(holder):
            # an entry of a list: the id of a model beside whose it is
            return Site(self._path, "javascript/list", f"{operator} beside {key}", role, 0.6,
                        operator=None if operator == "ollama" else operator, url=url)  # fmt: skip
        if context.is_list and _names_model(key or holder):
            return Site(self._path, "javascript/list", key or holder, role, 0.6, url=url)
        if _names_model(key) or (key == "default" and self._option_names_model(context)):
            return self._by_key(context, text, role, operator, url)
        if key.lower().strip("\"'") in _ENTRY and (_names_model(holder) or context.is_list):
            strength = 0.6 if _names_model(holder) else 0.0
            if key.lower() in ("name", "key") and hosted_operator(text) is None and not operator:
                strength = min(strength, 0.5)
            return Site(self._path, "javascript/list", holder or key, role, strength,
                        operator=operator, url=url)  # fmt: skip
        if _names_model(holder) and (
            context.is_choice or context.scope is not None or context.is_list
        ):
            return Site(
                self._path, "javascript/list", holder, role, 0.55, operator=operator, url=url
            )
        if not _tells_itself(text):
            return None
        return Site(self._path, "javascript/name", key or holder or last, role, 0.0, url=url)

    def _by_key(
        self, context: Context, text: str, role: Role, operator: str | None, url: str | None
    ) -> Site:
        client = self._client(context)
        if client is not None:
            expects = _HUB_OPERATORS.get(client)
            is_hosted = (
                expects is None and client not in ("", "azure") and hosted_operator(text) is None
            )
            return Site(self._path, "javascript/client", ".".join(context.callee)[:60], role,
                        0.9 if client else 0.7,
                        expects=expects or ("hosted" if is_hosted and url is None else None),
                        operator=None if client in ("", "hub") else client, url=url)  # fmt: skip
        expects = _HUB_OPERATORS.get(operator or "")
        return Site(self._path, "javascript/key", context.key, role, 0.8 if expects else 0.6,
                    expects=expects, operator=operator, url=url)  # fmt: skip

    def _called(self, context: Context) -> Site | None:
        """The site of an argument of a loader or of a provider."""
        if not context.callee or context.scope is not None or context.is_key:
            return None
        last, root = context.callee[-1], context.callee[0]
        if context.argument == 1 and last != "pipeline" and self._is_task(context):
            # a hook or a worker around `pipeline`
            return Site(self._path, "javascript/loader", last, self._role(context), 0.8, "hub")
        for loader in vocabulary_javascript()["loader"]:
            if loader["name"] != last or loader["argument"] != context.argument:
                continue
            if "root" in loader and loader["root"] not in root.lower():
                continue
            if "member" in loader and loader["member"] not in context.callee[:-1]:
                continue
            if last == "pipeline" and not self._is_task(context):
                continue
            operator = loader.get("operator")
            expects: Kind | None = loader.get("expects") or ("hosted" if operator else None)
            return Site(self._path, "javascript/loader", last, self._role(context), 0.9,
                        expects=expects, operator=operator)  # fmt: skip
        if context.argument != 0:
            return None
        return self._provider(context, last, root)

    def _provider(self, context: Context, last: str, root: str) -> Site | None:
        known = vocabulary_javascript()
        name = root.partition("(")[0]
        if len(context.callee) > 1 and last not in words("methods") and root != "this":
            return None
        if root == "this" and len(context.callee) > 1:
            name = f"this.{context.callee[1]}"
            if len(context.callee) == 2 or last in words("methods"):
                pass
            else:
                return None
        made = self._source.made_by(name)
        url = None
        operator: str | None = None
        if made is not None:
            maker = text_of(
                made.child_by_field_name("function") or made.child_by_field_name("constructor")
            )
            operator = known["provider_names"].get(maker) if maker.startswith("create") else None
            if (
                operator is None
                and maker.startswith("create")
                and self._source.imports.get(maker) in known["providers"]
            ):
                operator = known["providers"][self._source.imports[maker]]
            if operator is None:
                return None
            url = self._source.endpoint(made)
        elif self._source.imports.get(name) in known["providers"]:
            operator = known["providers"][self._source.imports[name]]
        elif name in known["provider_names"] and (
            len(context.callee) == 1 or last in words("methods")
        ):
            operator = known["provider_names"][name]
            if "(" in root:
                function = context.call.child_by_field_name("function")
                url = self._source.endpoint(function)
        if operator is None:
            return None
        expects = _HUB_OPERATORS.get(operator)
        if expects is None and url is None and operator not in ("", "azure"):
            expects = "hosted"
        evidence = ".".join(context.callee)[:60]
        site = Site(self._path, "javascript/provider", evidence, self._role(context), 0.9, expects)
        return replace(site, operator=operator or None, url=url)

    def _argument(self, context: Context, last: str, text: str) -> Site | None:
        """A bare argument of some other function."""
        if last in words("asserts") and hosted_operator(text) is not None:
            return Site(self._path, "javascript/name", last, "test", 0.0, most=0.55)
        if last in words("looks") or context.callee[0] in ("console", "logger", "expect", "log"):
            return None
        first = _first_argument(context.call)
        if context.argument > 0 and first is not None and first.type == "string":
            flag = re.search(r"[\w-]{3,}", text_of(first))
            if flag is not None and _names_model(flag[0].strip("-")):
                # .option("--model <name>", "...", DEFAULT), getEnv("MODEL", DEFAULT)
                return Site(self._path, "javascript/key", flag[0], "default", 0.6)
        if _names_model(last) and not last.lower().startswith(("is", "has", "get_tokens")):
            return Site(self._path, "javascript/key", last, self._role(context), 0.55)
        if context.callee[0] in (
            "useState",
            "useRef",
            "ref",
            "signal",
            "createSignal",
            "atom",
            "useLocalStorage",
        ):
            return Site(self._path, "javascript/key", last, "default", 0.5)
        if not _tells_itself(text):
            return None
        return Site(self._path, "javascript/name", last, self._role(context), 0.0)

    def _url(self, context: Context, text: str) -> Site | None:
        last = context.callee[-1] if context.callee else ""
        found = classify(text, Place(None, None, 0.6))
        if found is None or last in words("looks") - {"fetch", "URL", "resolve"}:
            return None
        is_page = found.kind == "hub" and found.weight_file is None and "/resolve/" not in text
        is_entry = context.is_list and context.scope is not None  # of a list of objects
        is_meant = is_entry or _names_model(context.key) or self._called(context) is not None
        if is_page and not is_meant:
            return None  # a link for people; where a model is expected, it is a reference
        return Site(
            self._path,
            "javascript/url",
            context.key or ".".join(context.callee)[:60],
            self._role(context),
            0.6,
        )

    def _as_key(self, context: Context, text: str, url: str | None) -> Site | None:
        """A table whose keys are names of models."""
        holder = context.holder or context.key
        if _names_model(holder):
            return Site(self._path, "javascript/list", holder, "option", 0.55, url=url)
        if hosted_operator(text) is None and not _is_gateway(text):
            return None
        return Site(self._path, "javascript/name", holder, "option", 0.0, url=url)

    # --- who is asked -----

    def _client(self, context: Context) -> str | None:
        """The operator of the client whose call or construction holds the key; "" for any."""
        known = vocabulary_javascript()["classes"]
        for call in (context.call, *context.outer):
            if call is None:
                continue
            function = _called_by(call)
            parts = text_of(function).replace("?.", ".").split(".")
            if parts[-1] in known:
                return str(known[parts[-1]])
            for root in (parts[0], ".".join(parts[:2])):
                made = self._source.made_by(root)
                if made is not None:
                    maker = text_of(
                        made.child_by_field_name("constructor")
                        or made.child_by_field_name("function")
                    )
                    maker = maker.rpartition(".")[2]
                    if maker in known:
                        return str(known[maker])
            if len(parts) > 1 and parts[-1] in words("asks"):
                root = parts[0].lower() if parts[0] != "this" else parts[1].lower()
                for name, operator in vocabulary_javascript()["roots"].items():
                    if root.startswith(name):
                        return str(operator)
                if ".".join(parts[-2:]) in vocabulary_javascript()["asks"]["chains"]:
                    return ""
        return None

    def _endpoint(self, context: Context) -> str | None:
        """The address that goes with the string: of its own object, its client, or the request."""
        if context.scope is not None:
            url = self._source.endpoint_in(context.scope)
            if url is not None:
                return url
        for call in (context.call, *context.outer):
            if call is None:
                continue
            function = _called_by(call)
            parts = text_of(function).replace("?.", ".").split(".")
            if call.type == "new_expression" or parts[-1].startswith("create"):
                url = self._source.endpoint(call)
                if url is not None:
                    return url
            holder = function.child_by_field_name("object") if function is not None else None
            if holder is not None and holder.type == "new_expression":
                url = self._source.endpoint(holder)
                if url is not None:
                    return url
            for root in (parts[0], ".".join(parts[:2])):
                made = self._source.made_by(root)
                if made is not None and made != call:
                    url = self._source.endpoint(made)
                    if url is not None:
                        return url
            if parts[-1] in words("requests"):
                url = self._requested(call)
                if url is not None:
                    return url
        return None

    def _requested(self, call: Any) -> str | None:
        first = _first_argument(call)
        if first is None:
            return None
        if first.type == "template_string":
            text = text_of(first)
            if "://" in text[:8] and "${" not in text[:12]:
                return text.partition("${")[0]
            for child in first.named_children:
                for inner in child.named_children if child.type == "template_substitution" else ():
                    for string in self._source.resolve(inner):
                        if "://" in text_of(string):
                            return text_of(string)
            return None
        return next((text_of(s) for s in self._source.resolve(first) if "://" in text_of(s)), None)

    def _operator(self, context: Context) -> str | None:
        """`provider: "ollama"` beside the name."""
        if context.scope is None:
            return None
        names = vocabulary_javascript()["provider_names"]
        for child in context.scope.named_children[:40]:
            if child.type == "pair":
                key = text_of(child.child_by_field_name("key")).lower().strip("\"'")
                value = child.child_by_field_name("value")
                if key in ("provider", "providerid", "platform", "vendor") and value is not None:
                    text = text_of(value).lower().rpartition(".")[2]
                    if text in names:
                        return str(names[text])
        return None

    def _option_names_model(self, context: Context) -> bool:
        """`.option("model", { default: NAME })`."""
        first = _first_argument(context.call)
        if first is not None and first.type == "string":
            return _names_model(text_of(first).strip("-").split(" ")[0])
        return _names_model(context.holder)

    def _is_task(self, context: Context) -> bool:
        """Whether a `pipeline` is that of transformers.js, and no stream's."""
        first = _first_argument(context.call)
        return first is not None and text_of(first) in words("tasks")

    def _role(self, context: Context) -> Role:
        if context.is_default or context.key.lower() in ("default", "defaultvalue", "initialvalue"):
            return "default"
        if context.key.lower().startswith("default") or context.holder.lower().startswith(
            "default"
        ):
            return "default"
        if context.is_choice or context.is_list or context.is_key:
            return "option"
        if context.callee:
            return "use"
        return "option" if context.holder else "default"


def _first_argument(call: Any) -> Any:
    """The first argument of a call; None where there is none."""
    arguments = call.child_by_field_name("arguments") if call is not None else None
    return (
        arguments.named_children[0] if arguments is not None and arguments.named_children else None
    )


def _called_by(call: Any) -> Any:
    """What a call or a `new` calls."""
    return call.child_by_field_name("function") or call.child_by_field_name("constructor")


def _kind_of(around: Hashable) -> object:
    """The sort of a list that `lists_of` tells."""
    return around[0] if isinstance(around, tuple) else None


def _has_file(scope: Any) -> bool:
    """Whether an object that names a repository says which of its files or forms is meant."""
    return scope is not None and any(
        child.type == "pair"
        and text_of(child.child_by_field_name("key")).strip("\"'").lower() in _OF_REPOSITORY
        for child in scope.named_children[:40]
    )


def _names_model(name: str) -> bool:
    return key_strength(_ACRONYM.sub(r"\1_\2", name.strip("\"'"))) > 0


def _may_be(text: str) -> bool:
    """Whether a string could be a reference at some place."""
    return (
        1 < len(text) <= 300
        and not _NOT_NAMES.search(without_mode(text))
        and "${" not in text
        and not _MADE_UP.search(text)
    )


def _tells_itself(text: str) -> bool:
    """Whether a string is a model's name wherever it stands: also a file of a repository."""
    if hosted_operator(text) is not None or _is_gateway(text):
        return True
    if text.count("/") < 2:
        return False
    found = classify(text)
    if found is None or found.confidence < SURE:
        return False
    return found.weight_file is not None or found.kind == "package"


def _is_gateway(text: str) -> bool:
    """`anthropic/claude-...`, `openai:gpt-4o`, `@cf/...`: names that only a model has."""
    prefix, sign, name = text.partition(":")
    if sign and (prefix in vocabulary()["gateways"] or prefix in vocabulary()["makers"]["names"]):
        return hosted_operator(name) is not None or (prefix == "ollama" and ":" in name)
    rest = text.rpartition("/")[2].partition(":")[0]
    return "/" in text and text.count("/") <= 3 and hosted_operator(rest) is not None
