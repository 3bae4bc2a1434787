"""What a place in a file that is no Python says of the string that stands there.

A site carries the rule, the role and the server that is asked; `Sightings` keeps one finding a
place. A hosted name that goes to a local server is an alias, and stays one whoever sees it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import SURE, ModelReference, Unknown
from underlay.audit.names.hosts import is_local_url, operator_of_url
from underlay.audit.names.references import (
    Candidate,
    Place,
    classify,
    file_name,
    hosted_operator,
    key_strength,
    vocabulary,
)
from underlay.audit.names.roles import role_of
from underlay.audit.readers.documents import DYNAMIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from underlay.audit.findings import Kind, Role

__all__ = [
    "CLIP_MODEL",
    "CLIP_WEIGHTS",
    "DATA_REPOSITORIES",
    "OWN_SIZE",
    "PARTS",
    "PIPELINE",
    "REPOSITORIES",
    "RUN_TIME",
    "SPEECH",
    "SPEECH_SIZE",
    "VOICE",
    "WHISPER_SIZE",
    "Endpoints",
    "Sightings",
    "Site",
    "are_of_data",
    "bare_name",
    "by_size",
    "configuration_words",
    "endpoint_key",
    "files_of_repositories",
    "named_weights",
    "pieces",
    "words_of_name",
]

RUN_TIME = "the name is known only when the command runs"
# a list under such a name holds parts of names, with which names are sifted
PARTS = re.compile(r"(?i)prefix|suffix|pattern|keyword|regex|substring|(?:^|_)needles?")
# the sizes of Whisper, as its libraries call them; the second ones are nothing else's
WHISPER_SIZE = re.compile(
    r"(?:tiny|base|small|medium)(?:\.en)?|large(?:-v[123])?(?:-turbo)?|turbo|"
    r"distil-(?:small\.en|medium\.en|large-v[23](?:\.5)?)"
)
# ... where the name of a variable says that it is about them, also in their smaller forms
SPEECH = re.compile(r"(?i)whisper|(?:^|_)(?:asr|stt|speech|transcri\w*)(?:_|$)")
SPEECH_SIZE = re.compile(rf"(?:{WHISPER_SIZE.pattern})(?:-int8|-q\d_\d|-tdrz)?")
# pipelines of spaCy, and voices of Piper: en_core_web_sm, en_US-lessac-medium
PIPELINE = re.compile(
    r"[a-z]{2,3}_(?:core|dep|ent|ner)_[a-z0-9]{2,20}_(?:sm|md|lg|trf|[a-z]{0,9}bert)"
)
# what open_clip calls its models, and the weights that it has for each
CLIP_MODEL = re.compile(
    r"(?:hf-hub:)?(?:[A-Za-z0-9-]{2,24}-)?ViT-(?:S|M|B|L|H|g|bigG|e|gopt|SO400M)-?\d{2}(?:-[\w+]{1,16}){0,3}|"
    r"RN(?:50|101)(?:x\d{1,2})?(?:-quickgelu)?|convnext_\w{3,40}|EVA\d\d-[\w-]{3,40}|coca_\w[\w-]{3,40}"
)
CLIP_WEIGHTS = re.compile(
    r"(?:frozen_)?(?:laion|datacomp|commonpool|metaclip|dfn|webli|merged2b|mscoco|yfcc15m|cc12m)\w*"
)
VOICE = re.compile(r"[a-z]{2,3}_[A-Z]{2}-[a-z0-9_]{2,40}-(?:x_low|low|medium|high)")
OWN_SIZE = re.compile(r".*\.en|large-v[123].*|distil-.*")
# several repositories in one text: no name holds these signs
# keys beside which a repository holds data: `hf_subset`, `evaluation_splits`, `few_shots_split`
_OF_DATA = re.compile(r"(?:^|_)(?:subset|splits?|few_?shots?)(?:_|$)")
# keys of a repository that may hold either
DATA_REPOSITORIES = frozenset(
    ("hf_repo", "repo", "repo_id", "path", "name", "hf_path", "hf_name", "hub_repo", "dataset_path")
)
REPOSITORIES = re.compile(r"[\w.-]{2,60}/[\w.-]{2,90}(?:[,;] ?[\w.-]{2,60}/[\w.-]{2,90})+[,;]?")
MAX_FILES = 40  # of one mapping: more are a catalogue of files
_FILE_KEY = re.compile(r"(?i)(?:^|[_-]|(?<=[a-z]))(?:file|filename|file_name)$")
_CLEAR_ENDINGS = frozenset(
    ("safetensors", "gguf", "ckpt", "pth", "pt", "onnx", "llamafile", "sft", "tflite")
)
_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.+=@-]*", re.ASCII)
# what training and tests call their files
_OWN_WORDS = frozenset(
    ("epoch", "epochs", "step", "steps", "iter", "iters", "ckpt", "checkpoint", "checkpoints",
     "best", "last", "final", "latest", "model", "models", "weights", "net", "out", "output",
     "result", "tmp", "test", "dummy", "my", "trained", "pretrained", "sample", "example", "loss",
     "acc", "val", "train")
)  # fmt: skip
_WORDS_OF_A_FILE = re.compile(r"[A-Za-z]+|\d+")
# below, a string isn't even worth a look into the atlas
WEAKEST = 0.4

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDPOINT = re.compile(
    r"(?:^|_)(?:(?:api_)?base_?(?:url|path|uri)|api_base|(?:api_)?endpoint(?:_ur[li])?|host|"
    r"(?:server|service|api|inference)_ur[li]|baseurl|url|uri)$"
)
# what an address may belong to when its key names nobody
_ANYBODY = frozenset(("", "llm", "model", "ai", "chat", "default", "custom", "inference"))
_OWN = frozenset(("", "app", "api", "server", "public", "next_public", "site", "frontend"))
# host:port, and labels of Kubernetes: a domain before the slash is no namespace of a hub
_ADDRESS = re.compile(
    r"[\w.-]+:\d{2,5}|[\w-]+(?:\.[\w-]+)*\.(?:com|io|org|net|dev|cloud|k8s)/[\w.-]+"
)
# how Amazon addresses the models of Bedrock
_ARN = re.compile(r":(?:foundation-model|inference-profile)/(?P<id>[\w.:-]+)$")
_CACHED = re.compile(
    r"(?:^|/)models--(?P<owner>[\w.]+(?:-[\w.]+)*)--(?P<name>[\w.]+(?:-[\w.]+)*)"
    r"(?:/snapshots/(?P<revision>[0-9a-f]{40})(?:/(?P<file>[^\s]+))?)?/?$"
)
_LETTER = re.compile(r"[A-Za-z]")  # a number is no name
# the server's own image, and encodings of tokenizers
_NO_MODEL = re.compile(r"ollama/ollama(?::|$)|(?:cl100k|o200k|p50k|r50k)(?:_base|_harmony)?$")
_SERVICE = re.compile(r"(?P<ref>[\w.-]+(?:/[\w.-]+){1,3})(?::(?P<version>[0-9a-f]{12,64}))?")
_ROLES = {"use": 5, "test": 5, "default": 4, "config": 3, "option": 2, "doc": 1, "comment": 0}


@lru_cache(maxsize=20_000)
def words_of_name(name: str) -> str:
    """`embeddingModelId` and `EMBEDDING-MODEL-ID` as `embedding_model_id`."""
    return "_".join(word.lower() for word in _WORDS.findall(name[:120]))


@lru_cache(maxsize=20_000)
def endpoint_key(name: str) -> str | None:
    """Whose address stands under a key: `openai` for OPENAI_BASE_URL, empty for `base_url`.

    None where the key holds no address.
    """
    found = _ENDPOINT.search(words_of_name(name))
    return words_of_name(name)[: found.start()] if found else None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses that one scope sets, by whose they are."""

    urls: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], *, is_environment: bool = False) -> Endpoints:
        """The addresses among keys and values.

        In an environment, BASE_URL and HOST are as a rule the project's own: they don't count.
        """
        found = []
        for key, value in pairs:
            owner = endpoint_key(key)
            address = _address(value)
            if owner in _OWN and (is_environment or key.lower() == "host"):
                continue
            if owner is not None and address:
                found.append((owner, address))
        return cls(tuple(found))

    def joined(self, outer: Endpoints) -> Endpoints:
        """These, and those of the scope around."""
        return Endpoints((*self.urls, *outer.urls))

    def url_for(self, key: str) -> str | None:
        """The address that goes with a model's key: the same owner, or nobody's."""
        words = words_of_name(key)
        if "ollama" in words.split("_"):  # whose model it is, the key says itself
            return next((url for _, url in self.urls if operator_of_url(url) is None), None)
        owned = [url for owner, url in self.urls if owner and words.startswith(owner)]
        if owned:
            return owned[0]
        head = words.split("_")[0] if words else ""
        is_named = head in vocabulary()["gateways"]
        for owner, url in self.urls:
            if owner == "" or (owner in _ANYBODY and not is_named):
                return url
            if owner == "openai" and not is_named:
                return url
        return None


def _address(value: str) -> str:
    """A value as an address, templates of the environment cut to their default."""
    value = re.sub(r"^\$\{[A-Za-z_]\w*:-?(.*)\}$", r"\1", value.strip())
    return value if "://" in value or re.match(r"[\w.-]+:\d{2,5}(?:/|$)", value) else ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a string stands and what that says: enough to make a finding of it."""

    file: PurePosixPath
    rule: str
    evidence: str
    role: Role = "use"
    strength: float = 0.6
    expects: Kind | None = None
    operator: str | None = None
    url: str | None = None  # the server that is asked
    revision: str | None = None
    weight_file: str | None = None
    flags: tuple[str, ...] = ()
    is_served: bool = False  # the name under which a local server answers
    is_file: bool = False  # a file of weights, whatever its name
    is_object: bool = False  # among names of objects: one without owner or size tag is such a name
    most: float = 1.0  # however sure the string is, the place makes it no surer

    @property
    def place(self) -> Place:
        """What `classify` needs to know."""
        operator = self.operator
        expects = self.expects
        if self.url:
            is_own = is_local_url(self.url)
            operator = None if is_own else operator_of_url(self.url) or operator
            if ":11434" in self.url or "ollama" in self.url.lower():
                expects = expects or "ollama"
        return Place(expects, operator, self.strength)

    def read(self, text: str, line: int, column: int) -> ModelReference | None:
        """The finding, or None where the string is no reference at such a place."""
        text = text.strip()
        if DYNAMIC in text or _ADDRESS.fullmatch(text) or not _LETTER.search(text):
            return None
        if _NO_MODEL.match(text):
            return None
        named = _ARN.search(text)
        if named is not None:
            text = named["id"]
        cached = _CACHED.search(text)
        if cached is not None:
            return self._of_cache(cached, line, column)
        place = self.place
        found = classify(text, place) if not self.is_file else _of_file(text, self.strength)
        if found is None and place.expects not in (None, "package") and self.expects is None:
            found = classify(text, replace(place, expects=None))
        if self.is_object and found is not None and found.kind == "hosted" and not place.operator:
            # a family's name that one service has too, and the object as well
            found = found if "/" in text or hosted_operator(text) is not None else None
        elif found is None and place.strength >= 0.5 and not self.is_object:
            found = bare_name(text, place)
            if found is not None and found.kind == "hosted" and self.url and is_local_url(self.url):
                found = replace(found, kind="local", operator=None)  # nobody's name but the model's
        if found is None and self.expects == "hosted" and self.strength >= 0.9:
            found = _of_service(text, self.operator)
        if found is None or min(found.confidence, self.most) < WEAKEST:
            return None
        is_local = self.url is not None and is_local_url(self.url)
        alias = self.is_served or (is_local and found.kind == "hosted")
        if self.is_served and found.kind != "hosted":
            return None
        return ModelReference(
            ref=found.ref,
            kind=found.kind,
            role=_role(self.file, self.role),
            file=str(self.file),
            line=line,
            column=column,
            rule=self.rule,
            evidence=self.evidence[:120],
            confidence=round(min(found.confidence, self.most), 3),
            alias=alias,
            operator=found.operator,
            revision=self.revision or found.revision,
            weight_file=found.weight_file or self.weight_file,
            flags=tuple(dict.fromkeys((*found.flags, *self.flags))),
        )

    def _of_cache(self, cached: re.Match[str], line: int, column: int) -> ModelReference | None:
        """A path into the Hub's cache on this machine: it names the repository and the commit."""
        own = replace(
            self,
            expects="hub",
            strength=0.9,
            url=None,
            is_file=False,
            revision=cached["revision"] or self.revision,
            weight_file=cached["file"] or self.weight_file,
        )
        return own.read(f"{cached['owner']}/{cached['name']}", line, column)


@cache
def configuration_words() -> dict[str, Any]:
    """The parsed `vocabulary_config.toml`."""
    text = (
        resources.files("underlay.audit.names")
        .joinpath("vocabulary_config.toml")
        .read_text("utf-8")
    )
    return tomllib.loads(text)


@cache
def _bare() -> dict[str, re.Pattern[str]]:
    table: dict[str, list[str]] = configuration_words()["bare"]
    return {name: re.compile("|".join(parts), re.ASCII) for name, parts in table.items()}


def pieces(text: str, name: str) -> list[tuple[str, int]]:
    """The parts of a list in one string: `MODELS=a,b`; `MODEL_ID=org/a;org/b` needs no plural."""
    if not re.search(r"[,;]", text):
        return [(text, 0)]
    if not name.lower().endswith("s") and not REPOSITORIES.fullmatch(text):
        return [(text, 0)]
    return [(m[0].strip(), m.start() + len(m[0]) - len(m[0].lstrip()))
            for m in re.finditer(r"[^,;]+", text) if m[0].strip()]  # fmt: skip


def are_of_data(keys: Iterable[str]) -> bool:
    """Whether keys that stand together describe a set of data, and no model."""
    return any(_OF_DATA.search(key) is not None for key in keys)


def by_size(site: Site, name: str, text: str) -> Site:
    """The site, told of a size of Whisper, a voice of Piper or a pipeline of spaCy there."""
    is_size = SPEECH.search(name) is not None and SPEECH_SIZE.fullmatch(text) is not None
    if is_size or VOICE.fullmatch(text) or PIPELINE.fullmatch(text):
        return replace(site, expects="package", strength=0.85, url=None)
    return site


def files_of_repositories(pairs: Mapping[str, str]) -> dict[str, str]:
    """Which key holds a file of the repository under which other key of the same mapping.

    `MODEL_REPO_ID` and `MODEL_FILE`, `repo` and `file`: where there are several of both, those go
    together whose keys begin alike.
    """
    files = [key for key in pairs if _FILE_KEY.search(key) and _is_weights(pairs[key])]
    found: dict[str, str] = {}
    if not files or len(files) > MAX_FILES:
        return found
    for key, text in pairs.items():
        candidate = classify(text, Place(None, None, key_strength(key))) if "/" in text else None
        if candidate is None or candidate.kind != "hub" or candidate.confidence < SURE:
            continue
        nearest = max(files, key=lambda file: _alike(key, file))
        if len(files) == 1 or _alike(key, nearest) > 2:
            found[key] = nearest
    return found


def _alike(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _is_weights(text: str) -> bool:
    return "." in text and text.strip().rpartition(".")[2].lower() in _weights()


@cache
def _weights() -> frozenset[str]:
    return frozenset(vocabulary()["endings"]["weights"])


def bare_name(text: str, place: Place) -> Candidate | None:
    """An open model without its owner, where a model is expected: `gpt2`, `llama-2-70b-chat`.

    None where the place takes names of another kind.
    """
    if len(text) > 100 or "/" in text or text.rpartition(".")[2].lower() in _weights():
        return None
    known = _bare()
    expects = place.expects
    if expects in (None, "hub") and known["hub"].fullmatch(text):
        return Candidate(text, "hub", 0.75)
    if expects in (None, "ollama") and known["library"].fullmatch(text) and not place.operator:
        return Candidate(text, "ollama", 0.55, "ollama")
    if expects in (None, "hosted", "hub") and known["families"].fullmatch(text):
        return Candidate(text, "hosted", 0.65, place.operator)
    return None


def named_weights(text: str) -> str | None:
    """The name of a file of weights without its folders, where it says which model it holds.

    None for what a run calls its own: `best.pt`, `checkpoint-200.pth`, `epoch_3.ckpt`.
    """
    base = file_name(text.strip("\"'"))
    stem, _, ending = base.rpartition(".")
    if ending.lower() not in _CLEAR_ENDINGS or len(base) > 120 or not _FILE_NAME.fullmatch(base):
        return None
    words = _WORDS_OF_A_FILE.findall(stem.lower())
    is_own = all(len(word) < 2 or word.isdigit() or word in _OWN_WORDS for word in words)
    is_own = is_own or stem.lower() in vocabulary()["generic_files"]["names"]
    return base if not is_own and re.search(r"[\dA-Z]", stem) else None


def _of_file(text: str, sure: float) -> Candidate:
    """A file of weights that a program is told to load."""
    base = file_name(text)
    is_pickle = not base.lower().endswith((".safetensors", ".gguf", ".onnx", ".sft"))
    return Candidate(text, "file", sure, None, None, base, ("pickle",) if is_pickle else ())


def _of_service(text: str, operator: str | None) -> Candidate | None:
    """`owner/name/variant` and `owner/name:version` of services that run other people's models."""
    match = _SERVICE.fullmatch(text)
    if match is None or operator is None:
        return None
    return Candidate(match["ref"], "hosted", 0.85, operator, match["version"])


def _role(file: PurePosixPath, role: Role) -> Role:
    """What the path says of a file wins: a model that only a test uses is a test's."""
    return role if role == "comment" else role_of(file) or role


@dataclass(slots=True)
class Sightings:
    """The findings of one file: one a place, the strongest reading of it."""

    file: PurePosixPath
    _found: dict[tuple[int, int, str], ModelReference] = field(default_factory=dict)
    _unknown: dict[tuple[int, str], Unknown] = field(default_factory=dict)

    def add(self, found: ModelReference | None) -> bool:
        """Keep a finding; whether it is a sure one."""
        if found is None:
            return False
        key = (found.line, found.column, found.ref)
        before = self._found.get(key)
        self._found[key] = found if before is None else _merged(before, found)
        return found.confidence >= SURE

    def see(self, text: str, line: int, column: int, site: Site) -> bool:
        """Read a string at a site; whether it is a reference."""
        return self.add(site.read(text, line, column))

    def refs(self) -> frozenset[str]:
        """The references that are sure so far."""
        return frozenset(f.ref for f in self._found.values() if f.confidence >= SURE)

    def lines(self) -> frozenset[int]:
        """The lines on which there are such."""
        return frozenset(f.line for f in self._found.values() if f.confidence >= SURE)

    def places(self) -> frozenset[tuple[int, str]]:
        """Every line with what is named on it, sure or not."""
        return frozenset((line, ref) for line, _, ref in self._found)

    def fetches(self, name: str) -> bool:
        """Whether an address or a repository that is known brings a file of that name."""
        return any(
            found.ref.endswith(f"/{name}") or (found.weight_file or "").endswith(name)
            for found in self._found.values()
            if found.kind == "hub" or "://" in found.ref
        )

    def doubt(self, text: str, line: int, column: int, rule: str, reason: str) -> None:
        """Keep what looked like a reference and could not be resolved."""
        text = text.replace(DYNAMIC, "?")[:200]
        self._unknown.setdefault(
            (line, text),
            Unknown(
                file=str(self.file), line=line, text=text, reason=reason, column=column, rule=rule
            ),
        )

    def __iter__(self) -> Iterator[ModelReference | Unknown]:
        known = {found.line for found in self._found.values()}
        yield from (self._found[key] for key in sorted(self._found))
        for _, unknown in sorted(self._unknown.items()):
            # a loop over names gives some of them: what the rest is, is no question any more
            if unknown.reason != RUN_TIME or unknown.line not in known:
                yield unknown


def _merged(one: ModelReference, other: ModelReference) -> ModelReference:
    better, worse = (one, other) if one.confidence >= other.confidence else (other, one)
    role = max(one.role, other.role, key=lambda role: _ROLES[role])
    return replace(
        better,
        role=role,
        alias=one.alias or other.alias,
        revision=better.revision or worse.revision,
        weight_file=better.weight_file or worse.weight_file,
        flags=tuple(dict.fromkeys((*better.flags, *worse.flags))),
    )
