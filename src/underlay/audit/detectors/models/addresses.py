"""Which server's address the files of a tree set and read, and under which names servers answer.

A detector with facts alone: it names no model. `audit/servers.py` puts its facts together and says
of hosted names in other files whether they go to a server of one's own.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.settings import Dotenv
from underlay.audit.detectors.models.settings_values import default_of
from underlay.audit.findings import Rule
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.sites import endpoint_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from underlay.audit.findings import Facts, File, Infrastructure, ModelReference, Unknown
    from underlay.audit.readers.documents import Document, Fragment, Node

__all__ = ["Addresses", "home"]

_LARGEST = 500_000
_YAML = frozenset((".yaml", ".yml"))
_SHELL = frozenset((".sh", ".bash", ".zsh", ".sbatch", ".slurm"))
_CODE = frozenset(
    (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro",
     ".go", ".rs", ".java", ".kt", ".cs", ".rb", ".php", ".swift", ".scala", ".dart", ".ex")
)  # fmt: skip
# folders of deployments: what they set holds for the code beside them
_DEPLOYMENTS = frozenset(
    ("deploy", "deployment", "deployments", "k8s", "kubernetes", "helm", "chart", "charts",
     "templates", "manifests", "infra", "infrastructure", "ops", "docker", "compose", "kustomize",
     "base", "overlays", "config", "configs", "env", "envs", ".docker", ".devcontainer",
     "docker-compose")
)  # fmt: skip
# the environment that a project runs in as a rule; `.env.ollama` is one of several
_USUAL = re.compile(
    r"\.?env(?:[._-](?:local|dev|development|prod|production|docker|example|sample|template|dist|"
    r"defaults?))*|(?:example|sample|template|default|local)\.env"
)
_MARKS = (b"_URL", b"_BASE", b"_HOST", b"_ENDPOINT", b"_URI", b"BASE_PATH")
_NAME = re.compile(
    rb"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{1,40}(?:URL|URI|BASE|HOST|ENDPOINT|BASE_PATH)(?![A-Za-z0-9_])"
)
_LOCAL = re.compile(
    rb"(?i)[\"'/](?:localhost|127\.\d|0\.0\.0\.0|192\.168\.|10\.\d{1,3}\.|172\.(?:1[6-9]|2\d|3[01])\.|"
    rb"host\.docker\.|[a-z][a-z0-9-]{0,40}:\d{2,5}[/\"'])"
)
_CONSTANTS = (b"://", b"environ", b"getenv", b"BaseSettings")
_FIELD = re.compile(rb"(?m)^[ \t]+[a-z_]{0,40}(?:url|base|host|endpoint)\s*:")
_ANCHOR = re.compile(r"(?m)^(?P<key>x-[\w-]{1,60}):[ \t]*&(?P<name>[\w-]{1,60})")
_ALIAS = re.compile(r"(?:<<|environment)\s*:\s*\[?\s*\*(?P<name>[\w-]{1,60})")
_SHELL_FENCES = frozenset(("", "bash", "sh", "shell", "console", "zsh", "terminal"))
_PROMPT = re.compile(r"(?m)^[ \t]*\$[ \t]")
_RUNS = frozenset(("python", "python3", "node", "tsx", "bun", "deno", "ts-node", "uv", "npx"))
_RUNNERS = tuple(name.encode() for name in sorted(_RUNS))
_RECIPE = re.compile(r"(?m)^\t[@+-]*[^\n]*")
_MARKS_OF_RECIPE = "\t@+-"
_NAMED = frozenset(("makefile", "devcontainer.json", "package.json"))
# an address of a server that speaks OpenAI's interface, or Ollama's
_SERVER = re.compile(
    rb"(?i)[\"'`](https?://[a-z0-9.-]{1,100}(?::\d{2,5})?/v1(?=[/\"'`])|"
    rb"https?://[a-z0-9.-]{1,100}:(?:11434|1234)(?=[/\"'`]))"
)
# a server that speaks the interface: `@app.post("/v1/chat/completions")`
_ROUTE = re.compile(
    rb"\.(?:post|get|route|api_route|add_api_route|add_url_rule|add_post)\(\s{0,20}[\"']"
    rb"(?:/[\w{}-]{1,40}){0,2}/v1/(?:chat/completions|completions|embeddings|responses|messages|"
    rb"models|audio/\w{1,20}|images/\w{1,20})[\"']"
)
_PROGRAM = re.compile(r"[\w./-]{1,150}\.(?:py|js|mjs|ts|mts)")
_MOST = 200  # variables, services or blocks of one file
_MOST_LINES = 500  # of one service


def home(folder: str) -> str:
    """The folder whose code a file of settings in `folder` is for: deployments lie beside it."""
    parts = PurePosixPath(folder).parts
    at = next((i for i, part in enumerate(parts) if part.lower() in _DEPLOYMENTS), len(parts))
    return "/".join(parts[:at])


class Addresses:
    """Facts of addresses: who sets them, who reads them, which servers answer to which names."""

    name = "addresses"
    version = 2
    rules = (
        Rule(
            "addresses/elsewhere",
            "Another file sets the address that a hosted name is sent to: one's own server. The "
            "finding keeps its own rule and is an alias.",
        ),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Settings, scripts and code."""
        if size > _LARGEST:
            return False
        suffix = path.suffix.lower()
        if (
            suffix in _YAML
            or suffix in _SHELL
            or suffix in _CODE
            or suffix in (".py", ".md", ".mk")
        ):
            return True
        name = path.name.lower()
        return name in _NAMED or _is_container(name) or Dotenv().wants(path, size)

    def facts(self, file: File, /) -> Facts | None:
        """`set`: [name, address, scope]; `reads`: names; `served`; `merged`; `python`; `answers`.

        The last one: whether the file speaks the interface of a service to others.
        """
        suffix = file.path.suffix.lower()
        data = file.data
        if suffix == ".py":
            found = _constants(data) or {}
            if b"/v1/" in data and _ROUTE.search(data) is not None:
                found = {**found, "answers": True}
            return found or None
        if suffix in _YAML:
            is_set = b"://" in data and any(mark in data for mark in _MARKS)
            is_ours = b"parameters:" in data or b"env_file:" in data
            return _yaml(file) if is_set or is_ours else None
        if suffix in _CODE:
            return _code(data)
        if not any(mark in data for mark in _MARKS):
            return None
        if b"://" not in data:
            return None
        name = file.path.name.lower()
        if suffix in _SHELL or name == "makefile" or suffix == ".mk":
            return _script(file) if any(word in data for word in _RUNNERS) else None
        if suffix == ".json":
            return _json(file)
        if suffix == ".md":
            return _page(file) if b"export " in data and _LOCAL.search(data) else None
        if _is_container(file.path.name.lower()):
            return _container(file)
        return _dotenv(file)

    def link(  # what others found is judged by it, in servers.py
        self, _facts: Mapping[str, Facts], /
    ) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """Nothing by itself."""
        yield from ()

    def detect(self, _file: File, /) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """Nothing by itself."""
        yield from ()


def _is_container(name: str) -> bool:
    return name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


def _addresses(pairs: Iterable[tuple[str, str]], scope: str) -> list[list[str]]:
    """The variables that hold an address, with the folder (or file) that they hold for."""
    found = []
    for name, value in pairs:
        text = default_of(value)[0].strip("\"' ")
        if "://" in text and "$" not in text and endpoint_key(name) is not None:
            found.append([name, text[:300], scope])
    return found[:_MOST]


def _facts(found: list[list[str]]) -> Facts | None:
    return {"set": found} if found else None


def _constants(data: bytes) -> Facts | None:
    """Python that names addresses and no models: other modules may use what it holds."""
    from underlay.audit.detectors.models.python import facts_of_source, may_name_a_model

    if len(data) > 60_000 or not any(word in data for word in _CONSTANTS):
        return None
    is_settings = b"Settings" in data and _FIELD.search(data) is not None
    if not (is_settings or _LOCAL.search(data) or _NAME.search(data)) or may_name_a_model(data):
        return None
    facts = facts_of_source(data)
    if not facts or "problem" in facts:
        return None
    kept = {key: facts[key] for key in ("imports", "stars", "bind", "func", "class", "env", "calls")
            if key in facts}  # fmt: skip
    return {"python": kept} if kept.get("bind") or kept.get("func") else None


def _code(data: bytes) -> Facts | None:
    """Other languages: the variables that the code may read, and addresses of models in it."""
    if b"odel" not in data and b"ODEL" not in data:
        return None
    found: Facts = {}
    if any(mark in data for mark in _MARKS):
        names = sorted({name.decode() for name in _NAME.findall(data)})
        if names:
            found["reads"] = names[:_MOST]
    if b"://" in data:
        urls = {url.decode("ascii", "replace") for url in _SERVER.findall(data)}
        if urls and all(map(is_local_url, urls)):
            found["local"] = min(urls)
    return found or None


def _dotenv(file: File) -> Facts | None:
    """A file of variables; one of several holds for nobody before somebody names it."""
    from underlay.audit.readers.documents import read_dotenv

    root = read_dotenv(file.text()).roots[0]
    pairs = ((k, v.text) for k, v in root.items() if not v.is_comment)
    found = _addresses(pairs, home(_folder(file.path)))
    if found and not _USUAL.fullmatch(file.path.name.lower()):
        return {"variant": found}
    return _facts(found)


def _json(file: File) -> Facts | None:
    """What a container of development sets, and the programs that a package's scripts run."""
    from underlay.audit.readers.documents import Fragment, read_json

    folder = _folder(file.path)
    found: list[list[str]] = []
    for root in read_json(file.text()).roots[:1]:
        for key in ("containerEnv", "remoteEnv"):
            environment = root.get(key)
            if environment is not None:
                found += _addresses(_pairs(environment), home(folder))
        scripts = root.get("scripts")
        for _, node in list(scripts.items())[:_MOST] if scripts is not None else ():
            if node.kind == "text" and "://" in node.text:
                text = node.text.replace("cross-env ", "")
                for pairs in _runs(Fragment(text), folder).values():
                    found += [one for run in pairs for one in run]
    return _facts(found[:_MOST])


def _folder(path: PurePosixPath) -> str:
    folder = str(path.parent)
    return "" if folder == "." else folder


def _container(file: File) -> Facts | None:
    """ENV holds for what the image is built of."""
    from underlay.audit.readers.containerfile import read_containerfile

    variables: dict[str, Any] = {}
    pairs = []
    for instruction in read_containerfile(file.text()):
        if instruction.keyword == "ENV":
            for one in instruction.assignments(variables):
                pairs += [(one.name, value.text) for value in one.values[:1]]
    return _facts(_addresses(pairs, home(_folder(file.path))))


def _script(file: File) -> Facts | None:
    """A program that a script runs has the script's environment."""
    from underlay.audit.readers.documents import Fragment

    text = file.text()
    if file.path.suffix not in _SHELL:  # a recipe's lines are shell after their marks
        text = "".join(f"{line.lstrip(_MARKS_OF_RECIPE)}\n" for line in _RECIPE.findall(text))
    runs = _runs(Fragment(text), _folder(file.path))
    return _facts([one for found in runs.values() for pairs in found for one in pairs][:_MOST])


def _page(file: File) -> Facts | None:
    """A program that a page runs in one way only, with an address that the page exports."""
    from underlay.audit.readers.documents import Fragment
    from underlay.audit.readers.fences import code_blocks

    text = file.text()
    whole = Fragment(text)
    runs: dict[str, list[list[list[str]]]] = {}
    for count, block in enumerate(code_blocks(text)):
        if count > _MOST:
            break
        if block.language.lower() not in _SHELL_FENCES:
            continue
        part = whole.part(block.start, block.end)
        eased = part.replaced(_PROMPT.sub(lambda m: " " * len(m[0]), part.text))
        for program, found in _runs(eased, _folder(file.path)).items():
            runs.setdefault(program, []).extend(found)
    always = [
        one
        for found in runs.values()
        for one in found[0]
        if all(any(one[:2] == other[:2] for other in pairs) for pairs in found)
    ]
    return _facts(always[:_MOST])


def _runs(fragment: Fragment, home_folder: str) -> dict[str, list[list[list[str]]]]:
    """The programs that commands run, by path, with the addresses set each time."""
    from underlay.audit.readers.shell import Command, read_shell

    around: list[tuple[str, str]] = []
    folders = dict.fromkeys((home_folder, ""))
    found: dict[str, list[list[list[str]]]] = {}
    for part in read_shell(fragment, {}):
        if not isinstance(part, Command):
            if part.is_exported and part.values:
                around.append((part.name, part.values[0].text))
            continue
        own = [(one.name, one.values[0].text) for one in part.environment if one.values]
        texts = part.texts[:20]
        name = texts[0].rpartition("/")[2] if texts else ""
        if name == "export":
            around += [(n, v) for n, sign, v in (t.partition("=") for t in texts[1:]) if sign]
        elif name == "cd" and len(texts) == 2:
            inner = _within(home_folder, texts[1])
            folders |= {inner: None} if inner is not None and len(folders) < 10 else {}
        elif name in _RUNS:
            program = next((t for t in texts[1:] if _PROGRAM.fullmatch(t)), "")
            for folder in folders:
                where = _within(folder, program) if program else None
                if where:
                    pairs = _addresses([*around, *own], where)
                    found.setdefault(where, []).append(pairs)
    return found


def _within(folder: str, name: str) -> str | None:
    """A path as seen from a folder, None where it leads out of the tree."""
    path = posixpath.normpath(posixpath.join(folder, name))
    if path.startswith(("..", "/")):
        return None
    return "" if path == "." else path


# --- YAML ----------------------------------------------------------------------------------------


def _yaml(file: File) -> Facts | None:
    from underlay.audit.readers.documents import read_yaml

    document = read_yaml(file.text())
    found: dict[str, Any] = {}
    if any(root.get("services") is not None for root in document.roots):
        _compose(document, file.path, found)
    else:
        scope = home(_folder(file.path))
        is_deployment = scope != _folder(file.path) or any(
            root.get("kind", "image") is not None for root in document.roots
        )
        for root in document.roots:
            if is_deployment:
                pairs = list(_cluster(root))
                found.setdefault("set", []).extend(_addresses(pairs, scope))
            served = _local_ai(root)
            if served is not None:
                found.setdefault("served", []).append(served)
    return {key: value[:_MOST] for key, value in found.items() if value} or None


def _compose(document: Document, path: PurePosixPath, found: dict[str, Any]) -> None:
    """Services that are built here: their environment holds for the folder of the build."""
    shared: dict[str, Node] = {}
    for match in _ANCHOR.finditer(document.source):
        for root in document.roots:
            node = root.get(match["key"])
            if node is not None:
                shared[match["name"]] = node
    lines = document.source.split("\n") if shared else []
    for root in document.roots:
        services = root.get("services")
        for _, service in list(services.items())[:_MOST] if services is not None else ():
            if service.kind != "map":
                continue
            environment = service.get("environment")
            pairs = _pairs(environment) if environment is not None else []
            merged = [p for n in _aliases(lines, service) if n in shared
                      for p in _pairs(shared[n].get("environment") or shared[n])]  # fmt: skip
            if merged and environment is not None and environment.keys:
                own = [one.line for one in environment.values]
                outer = [[name, text] for name, text, _ in _addresses(merged, "")]
                found.setdefault("merged", []).append([min(own), max(own), outer])
            scope = _build(service, path)
            if scope is not None:
                files = _files(service, path)
                found.setdefault("files", []).extend([file, scope] for file in files)
                found.setdefault("set", []).extend(_addresses([*merged, *pairs], scope))


def _aliases(lines: list[str], service: Node) -> list[str]:
    """The names of anchors that a service takes in."""
    inside = [node.line for node in (*service.keys, *service.values)]
    for value in service.values:
        inside += [node.line for node in (*value.keys, *value.values)]
    if not lines or not inside:
        return []
    part = "\n".join(lines[min(inside) - 1 : max(inside)][:_MOST_LINES])
    return [match["name"] for match in _ALIAS.finditer(part)][:_MOST]


def _build(service: Node, path: PurePosixPath) -> str | None:
    """The folder that a service is built of; None where its image comes from elsewhere."""
    build = service.get("build")
    if build is None:
        return None
    context = build.text if build.kind == "text" else build.text_of("context") or "."
    return _within(_folder(path), context) if "$" not in context and "://" not in context else None


def _files(service: Node, path: PurePosixPath) -> list[str]:
    """The files of variables that a service is given."""
    given = service.get("env_file")
    if given is None:
        return []
    nodes = given.values if given.kind == "list" else [given]
    names = [one.text if one.kind == "text" else one.text_of("path") for one in nodes]
    found = (_within(_folder(path), name) for name in names if name and "$" not in name)
    return [one for one in found if one]


def _pairs(environment: Node) -> list[tuple[str, str]]:
    if environment.kind == "map":
        return [(k, v.text) for k, v in environment.items() if v.kind == "text"]
    split = (one.text.partition("=") for one in environment.values if one.kind == "text")
    return [(name.strip(), text) for name, sign, text in split if sign]


def _cluster(root: Node) -> Iterator[tuple[str, str]]:
    """Variables of containers, of ConfigMaps and of charts' values."""
    for path, node in root.walk():
        if node.kind == "map" and node.get("name") is not None and node.get("value") is not None:
            yield node.text_of("name"), node.text_of("value")
        elif node.kind == "text" and path and path[-1].isupper():
            yield path[-1], node.text


def _local_ai(root: Node) -> list[Any] | None:
    """[name, line, column]: LocalAI's description of one model, and what clients ask it for."""
    name, parameters = root.get("name"), root.get("parameters")
    if name is None or name.kind != "text" or parameters is None:
        return None
    model = parameters.get("model")
    if model is None or model.kind != "text":
        return None
    marks = ("backend", "context_size", "template", "f16", "gpu_layers", "embeddings", "threads")
    return [name.text, name.line, name.column] if root.get(*marks) is not None else None
