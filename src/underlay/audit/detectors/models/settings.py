"""Models in YAML, JSON, TOML, INI and dotenv files: services, pipelines, charts, workflows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.comfyui import WORKFLOW_MARKS
from underlay.audit.detectors.models.command_lines import COMMAND_RULES, mentions_models
from underlay.audit.detectors.models.remarks import REMARK_RULES, read_remarks
from underlay.audit.detectors.models.settings_values import Settings, is_name_of_path
from underlay.audit.detectors.models.settings_walk import (
    SETTINGS_RULES,
    TABLE_FILES,
    walk_json,
    walk_settings,
)
from underlay.audit.findings import ModelReference, Rule
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.references import key_strength
from underlay.audit.names.sites import (
    VOICE,
    Endpoints,
    Sightings,
    Site,
    by_size,
    endpoint_key,
    files_of_repositories,
    pieces,
)
from underlay.audit.readers.documents import (
    Document,
    Fragment,
    read_dotenv,
    read_ini,
    read_json,
    read_toml,
    read_yaml,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Role, Unknown
    from underlay.audit.readers.documents import Node

__all__ = ["Dotenv", "SettingsFiles"]

_LARGEST = 1_000_000
MAX_NEAR = 20  # addresses of one paragraph of an environment
_YAML = frozenset((".yaml", ".yml"))
_JSON = frozenset((".json", ".jsonc", ".json5"))
_INI = frozenset((".ini", ".cfg", ".conf", ".properties"))
# lists of packages, outputs of tools, vocabularies of tokenizers: what is in them is no setting
_NOT_SETTINGS = frozenset(
    ("package-lock.json", "composer.lock", "pnpm-lock.yaml", "yarn.lock", "tsconfig.json",
     "tokenizer.json", "vocab.json", "added_tokens.json", "special_tokens_map.json",
     "preprocessor_config.json", "generation_config.json", "tokenizer_config.json", "merges.txt",
     "poetry.lock", "uv.lock", "pixi.lock", "conda-lock.yml", "cargo.toml",
     ".pre-commit-config.yaml", "mkdocs.yml", "model.safetensors.index.json", "trainer_state.json",
     "pytorch_model.bin.index.json", "labels.toml", "citation.cff", "renovate.json", "turbo.json",
     "deno.lock", "bun.lock", "pipfile.lock", "pdm.lock", "dependabot.yml", "codecov.yml")
)  # fmt: skip
_OWN_FILES = frozenset(("config.json", "adapter_config.json", "model_index.json"))
# translations of what a program says
_LANGUAGES = frozenset(
    ("i18n", "locale", "locales", "lang", "langs", "language", "languages", "translations")
)
# what a program wrote down: it tells which models were asked then, and is no setting
_RESULTS = re.compile(r"(?i)(?:^|[/_-])(?:results?|outputs?|logs?|runs|predictions|traces|dumps?)/")
# one line of a mapping, also where a quotation mark isn't closed
_PAIR = re.compile(
    r"^[ \t]*+(?:-[ \t]++)?[\"']?(?P<key>[A-Za-z_][\w.-]{1,60})[\"']?:[ \t]++(?P<at>[\"']?)"
    r"(?P<value>[^\s\"'#,{}\[\]]{2,160})[\"']?[ \t]*+(?:#[^\n]*+)?\r?$",
    re.MULTILINE,
)
MAX_PAIRS = 5_000
# what JSON must hold to be parsed: a key that says model, or a name that can be nothing else
_WORTH = re.compile(
    rb"(?i)[\"'][\w ./-]{0,60}(?:model|llm|ckpt|lora|checkpoint|embed|pretrained|repo_?id|rerank|"
    rb"tokenizer|name_or_path|whisper|engine|deployment)[\w ./-]{0,30}[\"']\s*:|"
    rb"\"(?:key|name)\"\s*:\s*\"\w{0,60}MODEL|gpt-[345]|claude-|gemini-|hf://|huggingface\.co|ollama|\"run\"|\"scripts\""
)


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """Files of settings, whatever program reads them."""

    name: str = "settings"
    version: int = 6
    rules: tuple[Rule, ...] = (
        *SETTINGS_RULES,
        *REMARK_RULES,
        Rule("settings/own-name", "The name that a model's own config.json or adapter gives."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Settings by their ending; not lock files, vocabularies and manifests."""
        name = path.name.lower()
        suffix = path.suffix.lower()
        if size > _LARGEST or name in _NOT_SETTINGS or name.endswith((".lock.json", ".min.json")):
            return False
        if suffix in _YAML and "compose" in name:
            return False
        if name.startswith("dataset") or name.partition(".")[0].endswith("datasets"):
            return False
        if suffix in _JSON and _LANGUAGES & {part.lower() for part in path.parts[:-1]}:
            return False
        return (
            suffix in _YAML | _JSON | _INI
            or suffix == ".toml"
            or name in (".continuerc", ".aider.conf")
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """What the keys name."""
        suffix = file.path.suffix.lower()
        data = file.data
        is_table = TABLE_FILES.fullmatch(file.path.stem.lower()) is not None
        if not (is_table or mentions_models(data)) or b"\0" in data[:1000]:
            return
        if suffix in _JSON:
            is_worth = is_table or _WORTH.search(data) is not None
            if not is_worth or any(mark in data for mark in WORKFLOW_MARKS):
                return
        found = Sightings(file.path)
        name = file.path.name.lower()
        document = _read(file, suffix)
        settings = Settings(file.path, found, document)
        if name in _OWN_FILES and _own_name(settings):
            pass
        elif name == "package.json":
            _scripts(settings)
        elif name == "pyproject.toml":
            _pyproject(settings)
        else:
            walk_settings(settings, document.roots)
        if document.is_cut:
            found.doubt("", 0, 0, "settings", document.problem)
        elif document.problem and suffix in _YAML:
            _behind_the_break(settings)
        if suffix not in _JSON:
            read_remarks(file.text(), file.path, found)
        is_result = suffix in _JSON and _RESULTS.search(str(file.path)) is not None
        for one in found:
            if is_result and isinstance(one, ModelReference):
                yield replace(one, confidence=min(one.confidence, 0.45))
            else:
                yield one


def _read(file: File, suffix: str) -> Document:
    text = file.text()
    if suffix in _JSON:
        return read_json(text)
    if suffix == ".toml":
        return read_toml(text)
    return read_ini(text) if suffix in _INI else read_yaml(text)


def _behind_the_break(settings: Settings) -> None:
    """A YAML file with an error: the keys from there on, each on its line.

    A quotation mark that isn't closed swallows the lines up to the next one.
    """
    document = settings.document
    last = max((node.line for root in document.roots for _, node in root.walk()), default=0)
    whole = Fragment(document.source)
    matches = list(islice(_PAIR.finditer(document.source), MAX_PAIRS))
    behind = [match for match in matches if whole.at(match.start("at"))[0] >= last]
    endpoints = Endpoints.of([(match["key"], match["value"]) for match in matches])
    for match in behind:
        strength = key_strength(match["key"])
        if strength:
            key, url = match["key"], endpoints.url_for(match["key"])
            site = Site(settings.file, "settings/key", key, "config", strength, url=url)
            settings.found.see(match["value"], *whole.at(match.start("at")), site)


def _own_name(settings: Settings) -> bool:
    """`_name_or_path` and `base_model_name_or_path`; whether the file is a model's own."""
    is_own = False
    for root in settings.document.roots[:1]:
        if root.kind != "map":
            return False
        marks = ("architectures", "model_type", "peft_type", "_class_name", "_diffusers_version")
        is_own = any(root.get(mark) is not None for mark in marks)
        for key in ("_name_or_path", "base_model_name_or_path"):
            node = root.get(key)
            if node is not None and node.kind == "text" and is_own:
                revision = root.text_of("revision")
                revision = "" if revision in ("null", "None") else revision
                site = Site(settings.file, "settings/own-name", key, "config", 0.9, "hub")
                site = replace(site, revision=revision or None)
                settings.site(node, site)
    return is_own


def _scripts(settings: Settings) -> None:
    """The scripts of a package.json."""
    for root in settings.document.roots[:1]:
        scripts = root.get("scripts")
        for _, node in scripts.items() if scripts is not None else ():
            if node.kind == "text" and mentions_models(node.text.encode("utf-8", "replace")):
                settings.commands().script(settings.script_of(node))


def _pyproject(settings: Settings) -> None:
    """The tables of tools; dependencies are another detector's."""
    for root in settings.document.roots[:1]:
        tools = [value for key, value in root.items() if key == "tool"]
        skipped = {"poetry", "pdm", "uv", "ruff", "mypy", "hatch", "setuptools", "black", "isort",
                   "pytest", "coverage", "pixi", "pyright", "conda-lock"}  # fmt: skip
        for tool in tools:
            below = [value for key, value in tool.items() if key not in skipped]
            walk_settings(settings, below)


@dataclass(frozen=True, slots=True)
class Dotenv:
    """.env files and their examples; lines that are commented out are comments."""

    name: str = "dotenv"
    version: int = 6
    rules: tuple[Rule, ...] = (
        Rule("dotenv/variable", "A variable whose name says that a model's name stands in it."),
        *COMMAND_RULES,
        *REMARK_RULES,
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """.env, .env.example, app.env and their like."""
        name = path.name.lower()
        return size <= _LARGEST and (
            name in (".env", "env.example", "example.env", "env.sample", "dotenv", ".flaskenv")
            or name.startswith((".env.", ".env-", ".env_", "env.", ".dev.vars"))
            or path.suffix.lower() == ".env"
            or name.endswith((".env.example", ".env.template", ".env.sample"))
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """Variables that name models."""
        if not mentions_models(file.data) or b"\0" in file.data[:1000]:
            return
        found = Sightings(file.path)
        root = read_dotenv(file.text()).roots[0]
        scopes = _paragraphs(file.text(), root)
        texts = {k: v.text for k, v in root.items() if v.kind == "text"}
        files = files_of_repositories(texts)
        settings = Settings(file.path, found, Document([], ""))
        for key, value in root.items():
            strength = key_strength(key)
            if value.kind == "text" and not value.is_comment:
                settings.flags(value.text, value.line, value.column + value.is_quoted)
            if not strength and not (value.kind == "text" and VOICE.fullmatch(value.text)):
                continue
            if value.kind != "text" or key in files.values():
                continue
            if value.text[:1] in ("[", "{"):
                place = Fragment.anchored(value.text, value.line, value.column + value.is_quoted)
                walk_json(settings, place, key)
                continue
            around, only = scopes[value.line]
            role: Role = "comment" if value.is_comment else "config"
            url = around.url_for(key) or only
            site = Site(file.path, "dotenv/variable", key, role, strength, url=url,
                        weight_file=texts.get(files.get(key, "")))  # fmt: skip
            site = replace(site, is_served=is_name_of_path(key, value.text, texts))
            for piece, shift in pieces(value.text, key):
                found.see(piece, value.line, value.column + shift, by_size(site, key, piece))
        read_remarks(file.text(), file.path, found)
        yield from found


def _paragraphs(source: str, root: Node) -> dict[int, tuple[Endpoints, str | None]]:
    """The addresses that count for the variable of each line, and the one that always does.

    Examples give alternatives, one a paragraph, and the same key stands in several: then each
    paragraph has its own, and a server of one's own in it is asked for whatever it names. What is
    commented out says nothing to what isn't.
    """
    pairs = [(key, value) for key, value in root.items() if value.kind == "text"]
    times = Counter(key for key, value in pairs if endpoint_key(key) is not None and value.text)
    has_alternatives = any(count > 1 for count in times.values())
    number, paragraph = 0, [0]
    for text in source.split("\n"):
        number += not text.strip("# \t\r")
        paragraph.append(number)
    everywhere = {
        is_comment: Endpoints.of(
            [(k, v.text) for k, v in pairs if times[k] == 1 and (is_comment or not v.is_comment)],
            is_environment=True,
        )
        for is_comment in (False, True)
    }
    beside: dict[tuple[bool, int], list[tuple[str, str]]] = {}
    for key, value in pairs:
        if times[key]:
            beside.setdefault((value.is_comment, paragraph[value.line]), []).append(
                (key, value.text)
            )
    found: dict[int, tuple[Endpoints, str | None]] = {}
    for _, value in pairs:
        number = paragraph[value.line]
        near = list(beside.get((False, number), ()))
        if value.is_comment:
            near += beside.get((True, number), ())
        own = Endpoints.of(near[:MAX_NEAR], is_environment=True)
        urls = [url for _, url in own.urls]
        is_own = has_alternatives and value.is_comment and urls and all(map(is_local_url, urls))
        found[value.line] = (own.joined(everywhere[value.is_comment]), urls[0] if is_own else None)
    return found
