"""Every mapping of a document of settings: which of its keys name models, and who is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.settings_names import (
    clip_parts,
    connects,
    holds_model,
    is_by_model,
    is_gateway_name,
    leading_repository,
    provider_of,
    revision_beside,
)
from underlay.audit.detectors.models.settings_prose import TOLD_RULES, read_told
from underlay.audit.detectors.models.settings_values import (
    Settings,
    default_of,
    template_default,
)
from underlay.audit.findings import Rule
from underlay.audit.names.hosts import is_local_url, operator_of_url
from underlay.audit.names.references import (
    Place,
    classify,
    hosted_operator,
    key_strength,
    vocabulary,
)
from underlay.audit.names.sites import (
    DATA_REPOSITORIES,
    PIPELINE,
    WHISPER_SIZE,
    Endpoints,
    Site,
    are_of_data,
    by_size,
    endpoint_key,
    files_of_repositories,
    pieces,
    words_of_name,
)
from underlay.audit.readers.documents import DYNAMIC, read_dotenv, read_json, read_toml, read_yaml
from underlay.audit.readers.shell import words_of

if TYPE_CHECKING:
    from underlay.audit.findings import Kind, Role
    from underlay.audit.readers.documents import Document, Fragment, Node

__all__ = ["SETTINGS_RULES", "TABLE_FILES", "walk_json", "walk_settings"]

SETTINGS_RULES = (
    Rule("settings/key", "A value under a key such as `model` or `repo_id`, of a model's shape."),
    Rule("settings/choice", "One of the models of a list, an enumeration or a table of choices."),
    Rule("settings/environment", "An environment variable whose name says model."),
    Rule("settings/litellm", "The model behind a name of a LiteLLM proxy, and that name."),
    Rule("settings/served-name", "The name under which a server of one's own answers: an alias."),
    Rule("settings/provider", "A provider of promptfoo: `openai:chat:gpt-4o`."),
    Rule("settings/url", "An address of a model on a hub, or of a file of weights."),
    Rule("settings/storage", "storageUri and its like, of servers on Kubernetes."),
    *TOLD_RULES,
    Rule("settings/name", "A whole value that follows the naming scheme of a hosted service."),
)

# keys that hold a repository whatever its name looks like: `gpt2`, `bert-base-uncased`
_HUB_KEYS = frozenset(
    ("model_name_or_path", "pretrained_model_name_or_path", "hf_model_id", "hf_model", "repo_id",
     "hf_repo", "hf_repo_id", "adapter_name_or_path", "name_or_path",
     "base_model_name_or_path", "hf_model_name", "tokenizer_name_or_path", "base_model_id",
     "pretrained_model_name", "huggingface_model", "huggingface_id")
)  # fmt: skip
_STORAGE_KEYS = frozenset(("storage_uri", "model_uri", "uri", "url", "source", "model_source"))
_SCRIPTS = frozenset(
    ("run", "script", "scripts", "before_script", "after_script", "cmd", "cmds", "setup",
     "commands", "test_command",
     "post_create_command", "on_create_command", "post_start_command", "inline_script",
     "shell", "bash", "start_command", "build_command", "startup_script", "user_data", "exec")
)  # fmt: skip
_ARGUMENTS = frozenset(
    ("args", "extra_args", "vllm_args", "arguments", "engine_args", "command_args", "cli_args",
     "server_args", "extra_vllm_args", "options", "flags", "command", "entrypoint")
)  # fmt: skip
_ENVIRONMENTS = frozenset(
    ("env", "envs", "environment", "env_vars", "environment_variables", "variables", "vars",
     "extra_env", "extra_envs", "extra_env_vars", "build_args", "envvars", "env_variables")
)  # fmt: skip
_PROVIDERS = frozenset(
    ("provider", "client", "platform", "api_type", "backend", "model_provider", "llm_provider",
     "vendor", "inference_server", "engine", "framework", "service", "source", "api", "type",
     "provider_id", "sdk", "runtime", "serving_engine", "completion_provider", "kind")
)  # fmt: skip
# below a key that names models, these name the model itself
_INNER = frozenset(
    ("name", "id", "path", "repo", "uri", "default", "primary", "fallback", "value", "model",
     "identifier", "slug", "ref", "url", "source", "small", "large", "fast", "smart",
     "main", "base", "chat", "completion", "embedding", "embeddings", "rerank", "reranker",
     "vision", "model_id", "model_name", "edit", "weak", "editor", "reasoning")
)  # fmt: skip
# mappings of settings that belong to what is around them
_SECTIONS = frozenset(
    ("config", "configuration", "params", "parameters", "settings", "options", "inputs", "spec",
     "init_parameters", "model_config", "kwargs", "config_list", "default_config")
)  # fmt: skip
_NAME = re.compile(
    r"(?=.*[\d-])(?:[A-Za-z][\w.-]{1,40}/){0,4}[A-Za-z][\w.-]{2,60}(?<![.-])(?::free)?"
)
# beside these, a repository is a container image's
_IMAGE_KEYS = ("tag", "image", "pullPolicy", "imagePullPolicy", "registry", "digest", "requestCPU")
# data sets have the names of models' hubs, and are none
_DATA = re.compile(r"(?:^|_)(?:datasets?|corpus|corpora|train_data|eval_data|data_files)(?:_|$)")
# what people say or are called: no setting
_SAID = frozenset(
    ("login", "author", "user", "username", "body", "text", "content", "message", "comment",
     "general_architecture", "general_name", "architecture", "author_login", "assignee", "commit",
     "license", "licence")
)  # fmt: skip
# what a person reads, beside the key that holds the name itself
_TITLES = frozenset(("name", "title", "label", "display_name", "description"))
# where a training run puts what it made
_MADE = re.compile(
    r"(?:^|_)(?:hub_model_id|push\w*|output\w*|save\w*|out|run|run_name|wandb\w*|experiment|project)"
    r"(?:_|$)"
)
# what Kubernetes' objects are found by
_LABELS = frozenset(("labels", "match_labels", "selector", "node_selector", "label_selector"))
# lists of what Ollama's chart pulls and runs
_PULLED = frozenset(("pull", "run", "preload", "pulls", "load"))
# other names under which a server answers
_ALIASES = frozenset(("aliases", "alias", "model_aliases", "served_names", "served_model_names"))
_CHOICES = frozenset(
    ("options", "choices", "enum", "values", "examples", "items", "list", "allowed")
)
# files that are such tables as a whole
TABLE_FILES = re.compile(
    r"(?:[a-z]+[-_])?(?:models|llms|embedders|rerankers|checkpoints)|"
    r"models?(?:2|[-_]?to[-_]|[-_])(?:[a-z]+)|(?:[a-z]+[-_])?model[-_](?:list|map|names|paths|zoo)"
)
# a list or a table with more models is a catalogue, and no choice of this project
MAX_CHOICES = 250
# so many keys say what a table is about, and so many of a catalogue are kept
MAX_PRICED = 60
_PROMPTFOO = re.compile(
    r"(?P<prefix>[a-z][\w-]*):(?:(?:chat|completion|messages|embeddings?|responses|realtime|image|"
    r"text-generation|feature-extraction|text-classification|sentence-similarity|completions):)?"
    r"(?P<name>.+)"
)
_NAMES_OF_FILES = re.compile(r"[\w./-]+\.(?P<kind>ya?ml|json|toml|env|conf|sh|py)$")
# a text under such a key may be a document of settings: serveConfigV2, valuesContent
_DOCUMENTS = re.compile(
    r"(?:^|_)(?:config|configuration|values|yaml|yml|settings|manifest)(?:_|$)|^runtime_env$"
)
_YAML_TEXT = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:- )?[A-Za-z_][\w.-]*:(?:[ \t]|\n)")
# a JSON text that says model
_JSON_TEXT = re.compile(r"(?i)[\[{][\s\S]*[\"'](?:\w*model\w*|repo_id|llm)\\?[\"']\s*:")
# kinds of Kubernetes' resources that are models
_OBJECTS = re.compile(r"(?:Base|Cluster|Foundation|Large|Hub|Finetuned)*(?:Model|LLM)(?:Cache)?")
_BEDROCK = re.compile(r":(?:foundation-model|inference-profile)/[\w.:-]+$")
# files that hold nothing but weights
_CLEAR_FILES = (".safetensors", ".gguf", ".llamafile")
# of a model in several files, the first tells of it
_LATER_PART = re.compile(r"-0\d{3}[02-9]-of-\d{5}\.")
# where a gallery of LocalAI's keeps what it installs under another name
_GALLERY = re.compile(r"(?:github|huggingface|oci|ollama)(?:://|:|@)|.*@.+|https?://")


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the mappings around say."""

    endpoints: Endpoints = field(default_factory=Endpoints)
    operator: str | None = None
    expects: Kind | None = None
    is_model: bool = False  # the key above names models
    is_schema: bool = False
    is_table: bool = False  # ... in the plural: whatever its keys are called
    key: str = ""
    depth: int = 0
    role: Role | None = None


def walk_settings(settings: Settings, roots: list[Node], key: str = "") -> None:
    """Adds what every mapping of the document names; `key` is what it stands under."""
    walker = _Walk(settings)
    if not key and TABLE_FILES.fullmatch(settings.file.stem.lower()):
        key = "models"
    is_model = bool(key_strength(key))
    settings.has_objects = settings.has_objects or any(
        root.get("apiVersion") is not None and root.get("kind") is not None for root in roots
    )
    for root in roots:
        is_table = is_model and all(one.kind == "text" for one in root.values)
        if root.kind == "map" and (is_table or is_by_model(root.keys[:MAX_PRICED])):
            walker.keys_of(root, _Scope(is_model=True, is_table=True, key=key))
        if root.kind == "list":
            walker.choices(key, root, _Scope(is_model=is_model, key=key))
        if root.kind == "map" and _OBJECTS.fullmatch(root.text_of("kind")):
            spec = root.get("spec")
            if spec is not None:
                # a resource that is a model: what it loads stands under a name
                walker.visit(spec, _Scope(is_model=True, key="model"))
                continue
        walker.visit(root, _Scope(is_model=is_model, is_table=is_model, key=key))


def walk_json(settings: Settings, fragment: Fragment, key: str) -> None:
    """A JSON text under a key: `MODELS=[{"id": ...}]`."""
    document: Document = getattr(read_json, "__wrapped__", read_json)(fragment.text)
    document.moved(fragment)
    inner = replace(settings, document=document, depth=settings.depth + 1)
    walk_settings(inner, document.roots, key)


class _Walk:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.file
        self._found = settings.found
        self._choices = 0

    def visit(self, root: Node, scope: _Scope) -> None:
        stack = [(root, scope)]
        while stack:
            node, around = stack.pop()
            if node.kind == "map":
                below = self._mapping(node, around)
                stack.extend(reversed(below))
            elif node.kind == "list":
                stack.extend((one, around) for one in reversed(node.values))

    # --- mappings -----

    def _mapping(self, node: Node, around: _Scope) -> list[tuple[Node, _Scope]]:
        """Reads one mapping; what is below it remains to be read."""
        if not node.keys:
            return []
        scope = self._scope(node, around)
        if node.get("litellm_params") is not None:
            return self._litellm(node)
        below: list[tuple[Node, _Scope]] = []
        served = self._served(node)
        is_container = node.get("image") is not None and any(
            node.get(key) is not None for key in ("args", "command", "env")
        )
        if is_container:
            environment = node.get("env", "environment")
            if environment is not None:
                self._settings.environment(environment, "settings/environment")
            self._settings.container(
                node.get("command", "entrypoint"),
                node.get("args"),
                environment,
                image=node.text_of("image"),
            )
        for key, part in clip_parts(node):
            site = Site(self._file, "settings/key", key, self._settings.role, 0.85)
            self._settings.site(part, site, expects="package")
        entry_name = node.text_of("name", "key")
        files = files_of_repositories({k: v.text for k, v in node.items() if v.kind == "text"})
        of_data = are_of_data(key for key, _ in node.items())
        for key, value in node.items():
            words = words_of_name(key)
            if key in files.values() or (of_data and words in DATA_REPOSITORIES):
                continue
            if is_container and key in ("args", "command", "env", "environment", "entrypoint"):
                continue
            if value is served or (served is not None and "@" in value.text):
                continue  # an entry of a gallery: `huggingface@owner__name__file`
            if value.kind == "text":
                if words == "value" and entry_name and key_strength(entry_name):
                    # a list of {name, value}: the name is the key
                    self._value(entry_name, value, scope, node)
                else:
                    file = node.text_of(files[key]) if key in files else None
                    self._value(key, value, scope, node, file)
                continue
            if words.endswith("args") and node.get("command", "entrypoint", "cmd") is None:
                leading = leading_repository(value)
                if leading is not None:
                    site = Site(self._file, "settings/key", key, self._settings.role, 0.6)
                    self._settings.site(leading, site)
            below += self._collection(key, words, value, scope)
        return below

    def _scope(self, node: Node, around: _Scope) -> _Scope:
        pairs = [
            (key, default_of(value.text)[0]) for key, value in node.items() if value.kind == "text"
        ]
        for nested in ("config", "params", "parameters", "options", "settings", "configuration"):
            inner = node.get(nested)
            if inner is not None and inner.kind == "map":
                pairs += [(k, default_of(v.text)[0]) for k, v in inner.items() if v.kind == "text"]
        own = Endpoints.of(pairs)
        operator, expects = around.operator, around.expects
        for key, text in pairs:
            if words_of_name(key) in _PROVIDERS:
                known = provider_of(text)
                if known is not None:
                    operator, expects = known
        inherited = Endpoints(tuple(u for u in around.endpoints.urls if u[1] != ""))
        return replace(around, endpoints=own.joined(inherited), operator=operator, expects=expects,
                       depth=around.depth + 1)  # fmt: skip

    def _collection(
        self, key: str, words: str, value: Node, scope: _Scope
    ) -> list[tuple[Node, _Scope]]:
        """A list or a mapping under a key."""
        if _DATA.search(words) or words in _LABELS:
            return []
        preset = value.get("name") if words == "preset" and self._settings.has_objects else None
        if preset is not None and preset.kind == "text" and DYNAMIC not in preset.text:
            # KAITO's: the operator knows the models by these names
            site = Site(self._file, "settings/key", "preset.name", self._settings.role, 0.85)
            self._found.see(preset.text, preset.line, preset.column,
                            replace(site, expects="package"))  # fmt: skip
            return []
        is_model = bool(key_strength(key)) or words == "providers"
        is_model = is_model and not words.endswith(("format", "formats"))
        goes_on = words in _INNER or words in _CHOICES or words in _SECTIONS
        # an entry of a table of models may be called anything
        goes_on = goes_on or (scope.is_table and value.kind == "map" and scope.depth < 3)
        is_model = is_model or (scope.is_model and goes_on)
        below = replace(scope, key=key, is_model=is_model, is_table=words.endswith("s"))
        known = provider_of(key)
        if known is not None:
            below = replace(below, operator=known[0], expects=known[1])
        if words in _ENVIRONMENTS or words.endswith("_env"):
            one = value.get("value")
            if value.kind == "map" and one is not None and value.get("name") is not None:
                # Terraform: a block of its own for each variable
                self._settings.environment(replace(value, kind="list", values=[value]),
                                           "settings/environment")  # fmt: skip
                return []
            self._settings.environment(value, "settings/environment")
            if value.kind == "map":  # Ray's runtime_env, and lists among Ansible's vars
                found = []
                for name, one in value.items():
                    if one.kind != "text":
                        found += self._collection(name, words_of_name(name), one, scope)
                return found
        if value.kind == "list":
            if words in _PULLED and scope.is_model and scope.expects == "ollama":
                self.choices(key, value, replace(below, is_model=True))
                return []
            if words in _ARGUMENTS or words.endswith("_args"):
                self._arguments(value)
                return []
            if words in _SCRIPTS:
                return self._scripts(value, below)
            self.choices(key, value, below)
            return [(one, below) for one in value.values if one.kind != "text"]
        if words in ("data", "string_data", "config_map", "files", "configs"):
            self._nested(value)
        if below.is_model or is_by_model(value.keys[:MAX_PRICED]):
            self.keys_of(value, below)
        schema = value.get("enum") or value.get("default") or value.get("example")
        if key_strength(key) and schema is not None and value.get("type") is not None:
            below = replace(below, is_schema=True)
        return [(value, below)]

    # --- values -----

    def _value(
        self, key: str, value: Node, scope: _Scope, parent: Node, weight_file: str | None = None
    ) -> None:
        words = words_of_name(key)
        text = value.text
        if not text or len(text) > 100_000:
            return
        is_script = "\n" in text or words in _SCRIPTS or (words in _ARGUMENTS and " " in text)
        if is_script and self._script(key, words, value, scope.key):
            return
        if text[:1] in ("{", "[") and self._json(key, value):
            return
        if " " in text and words not in _SAID:
            read_told(self._settings, key, value)
        if _BEDROCK.search(text):
            site = Site(self._file, "settings/key", key, self._role(words, scope), 0.6)
            self._found.see(text, value.line, value.column, site)
            return
        if len(text) > 400 or text == key:  # a translation of itself
            return
        if DYNAMIC in text:
            self._template(key, value)
            return
        if words.endswith("model_size") and self._sized(value, scope):
            return
        strength = self._strength(words, key, scope)
        if words == "repository" and scope.is_model and parent.get(*_IMAGE_KEYS) is None:
            strength = 0.6
        if words in _TITLES and (
            parent.get("model", "id", "modelId", "model_id", "value", "slug")
            or any(holds_model(*other) for other in parent.items())
        ):
            return
        role = self._role(words, scope)
        if words in ("model_args", "modelargs"):
            reader = self._settings.commands()
            reader.command(
                words_of(
                    [("lm_eval", 0, 0), ("--model_args", 0, 0), (text, value.line, value.column)]
                )
            )
            return
        if words in _STORAGE_KEYS and text.startswith(("hf://", "ollama://", "huggingface://")):
            self._storage(value)
            return
        url = scope.endpoints.url_for(key)
        if "://" in text and endpoint_key(key) is not None and not strength:
            strength = 0.0
        if words in ("provider", "id") and not strength:
            site = Site(self._file, "settings/provider", key, role, 0.6, url=url)
            if self._promptfoo(value, site, is_alone=True):
                return
        if strength:
            rule = "settings/choice" if role == "option" else "settings/key"
            site = Site(
                self._file,
                rule,
                f"{scope.key}.{key}" if scope.key else key,
                role,
                strength,
                operator=scope.operator,
                url=url,
                revision=revision_beside(parent),
                weight_file=weight_file,
            )
            if self._promptfoo(value, site):
                return
            if self._behind_proxy(value, site, url):
                return
            expects = self._expected(words, scope, text)
            if expects == "hub" and "/" not in text and words in _HUB_KEYS:
                site = replace(site, strength=0.8)
            elif scope.operator and expects in ("hosted", "ollama", "hub"):
                # a deployment, or a name without its owner, needs more than a provider beside it
                is_free = scope.operator == "azure" or (expects == "hub" and "/" not in text)
                site = replace(site, strength=0.75 if is_free else 0.8)
            site = by_size(site, f"{scope.key}_{key}", text)
            for piece, shift in pieces(text, key):
                moved = value if not shift else replace(value, column=value.column + shift)
                own = expects if site.expects is None else None
                self._settings.site(replace(moved, text=piece), site, expects=own)
            return
        self._anywhere(key, value, role, url)

    def _anywhere(self, key: str, value: Node, role: Role, url: str | None) -> None:
        """Addresses of models, and names that can be nothing else, under any key."""
        text = default_of(value.text)[0]
        words = words_of_name(key)
        if _MADE.search(words) or words in _SAID or key == text:
            return
        if "://" in text:
            found = classify(text, Place())
            if found is not None and found.confidence >= 0.7:
                site = Site(self._file, "settings/url", key, role, 0.6)
                self._settings.site(value, site)
            return
        if text.startswith(("http", "#")) or " " in text:
            return
        if text.endswith(_CLEAR_FILES) and not _LATER_PART.search(text):
            # the place of a file, or `uint3|org/name/file`: how it is loaded, and what
            cut = text.rfind("|") + 1
            site = Site(self._file, "settings/name", key, role, 0.6, most=0.7)
            moved = replace(value, column=value.column + cut) if cut else value
            self._settings.site(replace(moved, text=text[cut:]), site)
            return
        if PIPELINE.fullmatch(text):
            site = Site(self._file, "settings/name", key, role, 0.8, expects="package")
            self._settings.site(value, site)
        elif hosted_operator(text) is not None or is_gateway_name(text):
            site = Site(self._file, "settings/name", key, role, 0.0, url=url, most=0.6)
            self._settings.site(value, site)

    def _strength(self, words: str, key: str, scope: _Scope) -> float:
        if words in ("served_model_name", "served_model_names", "model_alias") or words in _SAID:
            return 0.0
        if _MADE.search(words):
            return 0.0
        if words in _HUB_KEYS:
            return 0.6
        strength = key_strength(key)
        if strength:
            return strength
        if scope.is_model and (words in _INNER or words in _CHOICES or scope.is_schema):
            return 0.6
        if words in _PROVIDERS:  # `type: embedding` of an entry
            return 0.0
        if scope.is_model and scope.is_table and key_strength(scope.key):
            return 0.55
        return 0.0

    def _role(self, words: str, scope: _Scope) -> Role:
        if scope.is_schema:
            return "default" if words in ("default", "const") else "option"
        if words in ("default_model", "default_llm", "default", "default_value"):
            return "default"
        return self._settings.role

    def _expected(self, words: str, scope: _Scope, text: str) -> Kind | None:
        if scope.operator is not None and scope.expects is not None:
            if (
                scope.expects == "hosted"
                and hosted_operator(text) is None
                and scope.operator == "azure"
            ):
                return None
            return scope.expects
        if words in _HUB_KEYS:
            return "hub"
        return None

    def _sized(self, value: Node, scope: _Scope) -> bool:
        """`model_size` of a program that calls its models by their size, or takes a repository."""
        site = Site(self._file, "settings/key", f"{scope.key}.model_size", self._settings.role, 0.6)
        if "/" in value.text:
            return self._settings.site(value, site)
        if "whisper" not in scope.key.lower() or not WHISPER_SIZE.fullmatch(value.text):
            return False
        return self._settings.site(value, replace(site, strength=0.85), expects="package")

    def _storage(self, value: Node) -> None:
        site = Site(self._file, "settings/storage", "storage", "config", 0.9)
        text = value.text
        if text.startswith("ollama://"):
            self._settings.site(replace(value, text=text[9:]), site, expects="ollama")
            return
        text = re.sub(r"[?#].*$", "", text).removeprefix("huggingface://")
        self._settings.site(replace(value, text=text.removesuffix("/")), site)

    def _promptfoo(self, value: Node, site: Site, *, is_alone: bool = False) -> bool:
        """`provider:kind:name`; whether it is one.

        Under a key that doesn't say model, the name has to be one by itself.
        """
        match = _PROMPTFOO.fullmatch(value.text)
        if match is None or match["prefix"] not in vocabulary()["gateways"]:
            return False
        if is_alone and classify(match["name"], Place(None, None, 0.5)) is None:
            return False
        known = provider_of(match["prefix"])
        if known is None or "://" in value.text:
            return False
        column = value.column + match.start("name") + value.is_quoted
        own = replace(site, operator=known[0], expects=known[1], strength=0.85)
        own = replace(own, rule="settings/provider", evidence=match["prefix"])
        return self._found.see(match["name"], value.line, column, own)

    def _behind_proxy(self, value: Node, site: Site, url: str | None) -> bool:
        """`openai/org/name` with an address of one's own: the server holds `org/name`."""
        parts = value.text.split("/")
        if url is None or len(parts) not in (2, 3) or parts[0] != "openai":
            return False
        if not is_local_url(url) and (operator_of_url(url) is not None or len(parts) == 2):
            return False
        if len(parts) == 2 and hosted_operator(parts[1]) is not None:
            return False
        column = value.column + len(parts[0]) + 1 + value.is_quoted
        own = replace(site, url=None, operator=None, strength=0.8 if len(parts) == 3 else 0.6)
        self._found.see("/".join(parts[1:]), value.line, column, own)
        return True

    # --- lists and tables -----

    def choices(self, key: str, value: Node, scope: _Scope) -> None:
        """Texts of a list: choices, where the key names models or the texts can be nothing else."""
        texts = [one for one in value.values if one.kind == "text"]
        strength = 0.6 if scope.is_model else 0.0
        is_plural = words_of_name(key).endswith("s") or words_of_name(key) in _CHOICES
        role: Role = self._settings.role
        role = "option" if is_plural and role == "config" else role
        for one in texts[:1000]:
            site = Site(self._file, "settings/choice", key, role, strength, operator=scope.operator,
                        url=scope.endpoints.url_for(key))  # fmt: skip
            if words_of_name(key) in _ALIASES:
                self._found.see(one.text, one.line, one.column, replace(site, is_served=True))
                continue
            if (
                strength == 0.0
                and hosted_operator(one.text) is None
                and not is_gateway_name(one.text)
            ):
                self._anywhere(key, one, role, None)
                continue
            if self._promptfoo(one, site):
                continue
            if self._choices >= MAX_CHOICES:
                self._too_many(one)
                return
            own = site if scope.expects is None else replace(site, strength=max(strength, 0.75))
            self._choices += self._settings.site(one, own, expects=scope.expects)

    def keys_of(self, value: Node, scope: _Scope) -> None:
        """A table whose keys are names of models; most of them vouch for the rest."""
        are_vouched = is_by_model(value.keys[:MAX_PRICED])
        most = MAX_CHOICES if len(value.keys) <= MAX_CHOICES else MAX_PRICED
        for name, entry in zip(value.keys, value.values, strict=False):
            operator = hosted_operator(name.text)
            found = classify(name.text, Place(None, scope.operator, 0.5))
            is_hub = (
                found is not None and found.kind in ("hub", "ollama") and found.confidence >= 0.75
            )
            is_known = operator is not None or is_hub or is_gateway_name(name.text)
            if not is_known and not (are_vouched and _NAME.fullmatch(name.text)):
                continue
            if self._choices >= most:
                self._too_many(name, most)
                return
            role: Role = "config" if connects(entry) else "option"
            site = Site(self._file, "settings/choice", scope.key, role, 0.5,
                        operator=scope.operator, url=scope.endpoints.url_for("model"))  # fmt: skip
            if scope.operator is not None:
                site = replace(site, strength=0.8, expects=scope.expects)
            elif not is_known:
                site = replace(site, strength=0.8, expects="hosted", most=0.6)
            self._choices += self._found.see(name.text, name.line, name.column, site)

    def _too_many(self, node: Node, most: int = MAX_CHOICES) -> None:
        reason = f"a catalogue: more than {most} names of models, the rest is left out"
        self._found.doubt(node.text, node.line, node.column, "settings/choice", reason)

    def _served(self, node: Node) -> Node | None:
        """The name under which LocalAI answers, beside the model that it loads or installs."""
        name = node.get("name")
        if name is None or name.kind != "text" or hosted_operator(name.text) is None:
            return None
        parameters = node.get("parameters")
        loads = parameters is not None and parameters.text_of("model") not in ("", name.text)
        if not loads and not _GALLERY.match(node.text_of("url", "id")):
            return None
        site = Site(self._file, "settings/served-name", "name", "config", 0.6, is_served=True)
        self._found.see(name.text, name.line, name.column, site)
        return name

    def _litellm(self, node: Node) -> list[tuple[Node, _Scope]]:
        """An entry of a LiteLLM proxy: what clients ask for, and what answers."""
        params = node.get("litellm_params")
        if params is None or params.kind != "map":
            return []
        model = params.get("model")
        target = ""
        if model is not None and model.kind == "text":
            target = model.text
            self._litellm_model(model, params)
        served = node.get("model_name")
        if served is not None and served.kind == "text":
            operator = hosted_operator(served.text)
            if served.text == target and model is not None:
                # the name by which clients ask is the model's own
                self._litellm_model(served, params)
            elif operator is not None and target.rpartition("/")[2] != served.text:
                site = Site(
                    self._file, "settings/litellm", "model_name", "config", 0.6, is_served=True
                )
                self._found.see(served.text, served.line, served.column, site)
        info = node.get("model_info")
        base = info.get("base_model") if info is not None else None
        if base is not None and base.kind == "text":
            site = Site(self._file, "settings/litellm", "base_model", "config", 0.8)
            self._settings.site(base, site)
        return []

    def _litellm_model(self, model: Node, params: Node) -> None:
        own = Endpoints.of(
            [(k, default_of(v.text)[0]) for k, v in params.items() if v.kind == "text"]
        )
        url = own.url_for("model")
        site = Site(self._file, "settings/litellm", "litellm_params.model", "config", 0.9, url=url)
        if self._behind_proxy(model, site, url):
            return
        prefix = model.text.partition("/")[0]
        if prefix == "azure" and hosted_operator(model.text.partition("/")[2]) is None:
            # a deployment has a name of the customer's choosing: `base_model` says what it is
            reason = "a deployment of Azure: its name doesn't say which model it is"
            self._found.doubt(model.text, model.line, model.column, "settings/litellm", reason)
            return
        self._settings.site(model, site)

    # --- commands and documents inside -----

    def _arguments(self, value: Node) -> None:
        texts = [one for one in value.values if one.kind == "text"]
        self._settings.container(None, replace(value, values=texts), None)

    def _json(self, key: str, value: Node) -> bool:
        """A text that is JSON and says model; whether it was one."""
        if self._settings.depth > 1 or DYNAMIC in value.text or not _JSON_TEXT.match(value.text):
            return False
        fragment = self._settings.document.fragment(value)
        if len(fragment.text) > 200_000:
            return False
        walk_json(self._settings, fragment, key if key_strength(key) else "")
        return True

    def _scripts(self, value: Node, scope: _Scope) -> list[tuple[Node, _Scope]]:
        below = []
        for one in value.values:
            if one.kind == "text":
                self._settings.commands().script(self._settings.script_of(one))
            else:
                below.append((one, scope))
        return below

    def _script(self, key: str, words: str, value: Node, above: str = "") -> bool:
        """A text of commands, or a document in a document; whether it was one."""
        file = _NAMES_OF_FILES.match(key)
        if file is not None and file["kind"] == "py":
            fragment = self._settings.document.fragment(value)
            line, column = fragment.at(0)
            self._settings.commands().python_text(fragment.text, line, column)
            return True
        if file is not None and file["kind"] != "sh":
            self._document(value, file["kind"])
            return True
        is_document = above in ("data", "stringData") or _DOCUMENTS.search(words)
        if value.is_block and is_document and _YAML_TEXT.match(value.text):
            self._document(value, "yaml")
            return True
        if words in _SCRIPTS or words in _ARGUMENTS or (file is not None):
            role: Role | None = (
                "use" if words in _SCRIPTS and self._settings.role == "config" else None
            )
            self._settings.container(None, replace(value), None, role)
            return True
        if value.is_block and value.text.lstrip().startswith("#!"):
            self._settings.commands().script(self._settings.script_of(value))
            return True
        return False

    def _nested(self, value: Node) -> None:
        """A ConfigMap's data: environment variables, and files."""
        if value.kind == "map":
            flat = replace(value, keys=[], values=[])
            for key, one in zip(value.keys, value.values, strict=False):
                if one.kind == "text" and "\n" not in one.text:
                    flat.keys.append(key)
                    flat.values.append(one)
            self._settings.environment(flat, "settings/environment")

    def _document(self, value: Node, kind: str) -> None:
        fragment = self._settings.document.fragment(value)
        if len(fragment.text) > 200_000 or self._settings.depth > 2:
            return
        # not the cached reading: its nodes get other places
        read: Any = {"json": read_json, "toml": read_toml, "env": read_dotenv}.get(kind, read_yaml)
        document: Document = getattr(read, "__wrapped__", read)(fragment.text)
        document.moved(fragment)
        depth = self._settings.depth + 1
        inner = Settings(self._file, self._found, document, depth=depth)
        if kind == "env":
            inner.environment(document.roots[0], "settings/environment")
        else:
            walk_settings(inner, document.roots)

    def _template(self, key: str, value: Node) -> None:
        """`{{ .Values.model | default "org/name" }}` of a chart."""
        strength = key_strength(key)
        if not strength:
            return
        site = Site(self._file, "settings/key", key, self._settings.role, strength)
        self._settings.expression(value.start, site, value.line, value.column)
        site = replace(site, role="default")
        raw = self._settings.document.source[value.start : value.end]
        match = template_default(raw)
        if match is not None:
            self._found.see(match["text"], value.line, value.column + match.start("text"), site)
