"""Hosted inference that code calls: clients, addresses, keys, and who runs the service."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue, is_local
from underlay.audit.detectors.infrastructure.ties import Ties, imports_any, strongest
from underlay.audit.findings import Rule
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from underlay.audit.detectors.infrastructure.catalogue import Service
    from underlay.audit.findings import File, Infrastructure

__all__ = ["Services"]

_LARGEST = 2_000_000
_SCRIPTS = frozenset((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"))
_TEXTS = frozenset(
    (".yaml", ".yml", ".json", ".jsonc", ".toml", ".env", ".ini", ".cfg", ".conf", ".sh", ".bash",
     ".tf", ".tfvars", ".hcl", ".go", ".rs", ".java", ".kt", ".cs", ".rb", ".php", ".swift", ".lua",
     ".md", ".mdx", ".rst", ".vue", ".svelte", ".properties", ".ps1", ".dart", ".ex", ".scala")
)  # fmt: skip
_PROSE = (".md", ".mdx", ".rst")
_LOCKS = re.compile(r"(?:^|[-._])lock(?:file)?\.(?:json|ya?ml)$|\.lock$|^npm-shrinkwrap\.json$")
_URL = re.compile(
    r"(?:https?|wss?)://(?P<host>[^\s/\"'`<>()\[\]|\\,;?#]{4,200})[^\s\"'`<>()\]|\\,;]*"
)
_URL_BYTES = re.compile(rb"://([^\s/\"'`<>()\[\]|\\,;?#:]{4,200})")
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?:VITE_|NEXT_PUBLIC_|REACT_APP_)?(?P<name>[A-Z][A-Z0-9_]{3,48})"
    r"(?![A-Za-z0-9_])"
)
_KEY_MARKS = (b"_KEY", b"_TOKEN", b"_ENDPOINT", b"APIKEY", b"_AK")
_KEY_BYTES = re.compile(rb"[A-Z][A-Z0-9_]{1,40}(?:KEY|TOKEN|ENDPOINT|_AK|TOKEN_ID)(?![A-Z0-9_])")
_CLIENT_WORDS = (b"bedrock", b"sagemaker-runtime", b"genai", b"generativeai", b"azure.ai.")
_SCRIPT_WORDS = (
    b"openai", b"anthropic", b"ai-sdk", b"langchain", b"genai", b"generative-ai", b"vertexai",
    b"bedrock", b"mistralai", b"cohere-ai", b"groq-sdk", b"together-ai", b"replicate", b"voyageai",
    b"huggingface/inference", b"elevenlabs", b"deepgram", b"assemblyai", b"fal-ai", b"openrouter",
    b"cerebras", b"watsonx", b"workers-ai", b"writer-sdk", b"runpod-sdk", b"ai21", b"aiplatform",
    b"zhipu", b"qwen-ai", b"minimax", b"sambanova", b"friendliai", b"sagemaker-runtime",
)  # fmt: skip
_BASE = ("base_url", "openai_api_base", "api_base", "baseURL", "baseUrl", "azure_endpoint",
         "endpoint", "openai_base_url", "basePath", "base_path", "model_url")  # fmt: skip
_BASE_TEXT = re.compile(
    r"(?i)\b(?P<name>\w*(?:base_?url|api_?base|base_?path|api_url|_host|endpoint|proxy_url)\w*)"
    r"[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?(?P<url>https?://[^\s\"',}]{3,300})"
)
_COMMENT = re.compile(r"^\s*(?:#|//|\*|<!--|--|;|/\*)|\s(?:#|//)\s")
_BOTO = frozenset(("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "sagemaker-runtime"))
_DYNAMIC_OPENAI = Entry(
    "openai", "portable", "interface", "the address chooses the server; others speak it too"
)


class Services:
    """Hosted services, by their clients, addresses and keys; a local server is none."""

    name = "services"
    version = 1
    rules = (
        Rule("services/client", "a client is made that calls the service"),
        Rule("services/import", "the service's kit is imported"),
        Rule("services/address", "the service's address"),
        Rule("services/key", "a variable that holds the service's key, where nothing else is seen"),
        Rule("services/interface", "a client whose address comes from outside"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Code and configuration."""
        if size > _LARGEST:
            return False
        suffix = path.suffix.lower()
        if suffix in (".py", ".ipynb") or suffix in _SCRIPTS:
            return True
        name = path.name.lower()
        if suffix in _TEXTS:
            return not _LOCKS.search(name) and name != "package.json"
        return name.startswith((".env", "env.", "dockerfile", "containerfile")) or name in (
            "makefile", "justfile", "caddyfile",
        )  # fmt: skip

    def detect(self, file: File, /) -> Iterator[Infrastructure]:
        """The services of one file."""
        suffix = file.path.suffix.lower()
        data = file.data
        has_address = _names_host(data)
        has_key = suffix not in _PROSE and _names_key(data)  # of a document, addresses count
        if suffix in (".py", ".ipynb"):
            has_client = any(word in data for word in _CLIENT_WORDS) or imports_any(
                data, _client_modules()
            )
        else:
            has_client = suffix in _SCRIPTS and any(word in data for word in _SCRIPT_WORDS)
        if not (has_address or has_key or has_client):
            return
        ties = Ties(file.path, self.name)
        if suffix == ".py":
            found = _python(data, ties, None)
        elif suffix == ".ipynb":
            from underlay.audit.detectors.models.notebook import notebook_code

            code = notebook_code(data)
            found = _python(code.text.encode(), ties, code.position)
        elif suffix in _SCRIPTS:
            found = [*_script(file.text(), suffix, ties, parse=has_client)]
        else:
            found = [*_text(file.text(), ties)]
        yield from strongest(_once(found))


def _names_host(data: bytes) -> bool:
    if b"://" not in data:
        return False
    known = catalogue()
    return any(
        known.host("https://" + host.decode("utf-8", "replace") + "/api")
        for host in set(_URL_BYTES.findall(data))
    )


def _names_key(data: bytes) -> bool:
    if not any(mark in data for mark in _KEY_MARKS):
        return False
    known = _key_names()
    return any(key in known for key in set(_KEY_BYTES.findall(data)))


@lru_cache(maxsize=1)
def _key_names() -> frozenset[bytes]:
    prefixes = ("", "VITE_", "NEXT_PUBLIC_", "REACT_APP_")
    return frozenset((p + key).encode() for key in catalogue().keys for p in prefixes)


@lru_cache(maxsize=1)
def _client_modules() -> frozenset[bytes]:
    # `google` alone is a hundred other packages; its own are seen by the words above
    roots = {name.partition(".")[0] for name in catalogue().classes} - {"google", "azure"}
    return frozenset(name.encode() for name in roots)


def _once(found: list[Infrastructure]) -> Iterator[Infrastructure]:
    """Keys and imports only where nothing firmer of the service is in the file; each once."""
    firm = {f.component for f in found if not f.rule.endswith(("/key", "/import"))}
    imported = {f.component for f in found if f.rule.endswith("/import")}
    seen: set[str] = set()
    for one in sorted(found, key=lambda f: (f.line, f.column)):
        if one.rule.endswith("/key") and one.component in firm | imported:
            continue
        if one.rule.endswith("/import") and one.component in firm:
            continue
        if one.rule.endswith(("/key", "/import")):
            if one.component in seen:
                continue
            seen.add(one.component)
        yield one


# --- text ----------------------------------------------------------------------------------------


def _line_of(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    return text[start:offset]


def _is_remark(text: str, offset: int) -> bool:
    """Whether a place stands in a comment, as far as its line tells."""
    before = _line_of(text, offset)
    return bool(_COMMENT.search(before[:500]))


def _text(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import Fragment

    whole = Fragment(text)
    known = catalogue()
    prose = ties.file.lower().endswith(_PROSE)
    for match in _URL.finditer(text):
        service = known.host(match[0])
        if service is None or (not prose and _is_remark(text, match.start())):
            continue
        if prose and not _is_code(text, match.start()):
            continue
        line, column = whole.at(match.start())
        yield ties.service(service, line, column, "address", match[0],
                           role="doc" if prose else "config")  # fmt: skip
    if prose:
        return
    elsewhere = _redirected(text)
    for match in _KEY.finditer(text):
        service = known.key(match["name"])
        if service is None or service.name in elsewhere or _is_remark(text, match.start()):
            continue
        line, column = whole.at(match.start())
        yield ties.service(service, line, column, "key", match["name"], role="config")


def _is_code(text: str, offset: int) -> bool:
    """Whether a place of a document is inside a fenced block: prose links to pages a lot."""
    return text.count("\n```", 0, offset) % 2 == 1 or text.startswith("```")


def _redirected(text: str) -> set[str]:
    """Services whose clients a file points at another address."""
    found: set[str] = set()
    for match in _BASE_TEXT.finditer(text):
        name = match["name"].lower()
        url = match["url"]
        service = catalogue().host(url)
        if service is not None and service.name == "openai":
            continue
        # another service's address under a name of its own leaves the client of OpenAI as it is
        own = "openai" in name or name in ("base_url", "baseurl", "api_base")
        if is_local(url) or (service is not None and own):
            found.add("anthropic" if "anthropic" in name else "openai")
    return found


# --- Python --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Module:
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    documentation: set[int] = field(default_factory=set)


def _python(
    data: bytes, ties: Ties, position: Callable[[int, int], tuple[int, int]] | None
) -> list[Infrastructure]:
    from underlay.audit.readers.syntax import python_source

    tree = python_source(data).tree
    if tree is None:
        return []
    module = _Module()
    nodes = list(_walk(tree))
    for node in nodes:
        _bind(node, module)
    found: list[Infrastructure] = []

    def add(service: Service, node: Any, rule: str, evidence: str) -> None:
        line, column = node.lineno, node.col_offset + 1
        if position is not None:
            line, column = position(line, column)
        found.append(ties.service(service, line, column, rule, evidence))

    for node in nodes:
        if isinstance(node, ast.Call):
            _call(node, module, add, found, ties, position)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in module.documentation:
                _constant(node, add)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                service = catalogue().client(f"{node.module}.{alias.name}")
                if service is not None and service.name != "openai":
                    add(service, node, "import", f"from {node.module} import {alias.name}")
    return found


def _walk(tree: ast.AST, budget: int = 1_000_000) -> Iterator[ast.AST]:
    stack = [tree]
    while stack:
        if not budget:
            cut("more nodes of syntax than are looked at for services: the rest is not read")
            return
        budget -= 1
        node = stack.pop()
        yield node
        stack.extend(ast.iter_child_nodes(node))


def _bind(node: ast.AST, module: _Module) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            module.names[name] = alias.name if alias.asname else name
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            module.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
            module.values[target.id] = str(node.value.value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        module.documentation.add(id(node.value))


def _full(node: ast.AST, module: _Module) -> str:
    from underlay.audit.detectors.infrastructure.device_names import dotted_name

    dotted = dotted_name(node)
    if dotted is None:
        return ""
    head, _, rest = dotted.partition(".")
    head = module.names.get(head, head if head in module.names.values() else "")
    return f"{head}.{rest}" if rest and head else head


def _constant(node: ast.Constant, add: Callable[[Service, Any, str, str], None]) -> None:
    text = str(node.value)
    if len(text) > 20_000:
        return
    known = catalogue()
    if "://" in text:
        for match in _URL.finditer(text):
            service = known.host(match[0])
            if service is not None:
                add(service, node, "address", match[0])
    elif text.isupper():
        service = known.key(text)
        if service is not None and service.name != "openai":
            add(service, node, "key", text)


def _call(
    node: ast.Call,
    module: _Module,
    add: Callable[[Service, Any, str, str], None],
    found: list[Infrastructure],
    ties: Ties,
    position: Callable[[int, int], tuple[int, int]] | None,
) -> None:
    full = _full(node.func, module)
    named = (k.value for k in node.keywords if k.arg == "service_name")
    first = node.args[0] if node.args else next(named, None)
    if full.endswith((".client", ".resource")) or (
        isinstance(node.func, ast.Attribute) and node.func.attr == "client"
    ):
        if isinstance(first, ast.Constant) and first.value in _BOTO:
            service = catalogue().host(f"https://{first.value}.region.amazonaws.com")
            if service is None and first.value == "sagemaker-runtime":
                service = catalogue().host("https://runtime.sagemaker.region.amazonaws.com")
            if service is not None:
                add(service, first, "client", f'client("{first.value}")')
        return
    if not full:
        return
    service = catalogue().client(full)
    if service is None:
        return
    # Azure's client is always given an address: its own
    address = None if service.name == "azure-openai" else _address(node, module)
    shown = f"{full}(...)"
    if address is None:
        add(service, node, "client", shown)
    elif address == "" and service.entry.tie == "switch":
        line, column = node.lineno, node.col_offset + 1
        if position is not None:
            line, column = position(line, column)
        entry = _DYNAMIC_OPENAI
        if service.entry.vendor != "openai":
            entry = Entry(service.entry.vendor, "portable", "interface", entry.replacement)
        found.append(
            ties.at(
                f"api:{service.name}",
                entry,
                line,
                column,
                "interface",
                f"{shown} with an address from outside",
            )
        )
    elif address == "":
        add(service, node, "client", shown)
    elif catalogue().host(address) is None and not is_local(address):
        line, column = node.lineno, node.col_offset + 1
        if position is not None:
            line, column = position(line, column)
        found.append(
            ties.at(
                f"api:{service.name}",
                Entry("unknown", "portable", "interface", _DYNAMIC_OPENAI.replacement),
                line,
                column,
                "interface",
                f"{shown} at {address}",
            )
        )


def _address(node: ast.Call, module: _Module) -> str | None:
    """The address that a client is given: None where none is, empty where it is not known."""
    for keyword in node.keywords:
        if keyword.arg in _BASE:
            value = keyword.value
            if isinstance(value, ast.Constant):
                return str(value.value) if value.value else None
            if isinstance(value, ast.Name) and value.id in module.values:
                return module.values[value.id]
            return _default_of(value) or ""
    return None


def _default_of(value: ast.AST) -> str:
    """What an environment variable falls back to."""
    if isinstance(value, ast.Call) and len(value.args) == 2:
        default = value.args[1]
        if isinstance(default, ast.Constant) and isinstance(default.value, str):
            return default.value
    if isinstance(value, ast.JoinedStr) and value.values:
        first = value.values[0]
        if isinstance(first, ast.Constant) and "://" in str(first.value):
            return str(first.value)
    return ""


# --- JavaScript and TypeScript -------------------------------------------------------------------


def _script(text: str, suffix: str, ties: Ties, *, parse: bool) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import Fragment

    whole = Fragment(text)
    elsewhere = _redirected(text)
    if parse:
        yield from _calls(text, suffix, whole, ties)
    for match in _URL.finditer(text):
        service = catalogue().host(match[0])
        if service is not None and not _is_remark(text, match.start()):
            line, column = whole.at(match.start())
            yield ties.service(service, line, column, "address", match[0])
    for match in _KEY.finditer(text):
        service = catalogue().key(match["name"])
        if service is not None and service.name not in elsewhere and service.name != "openai":
            line, column = whole.at(match.start())
            yield ties.service(service, line, column, "key", match["name"])


def _calls(text: str, suffix: str, whole: Any, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import grammar

    data = text.encode("utf-8", "replace")
    tree = grammar("typescript" if suffix in (".ts", ".mts", ".cts") else "tsx").parse(data)
    is_ascii = len(data) == len(text)

    def raw(node: Any) -> str:
        return data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def at(node: Any) -> tuple[int, int]:
        start = node.start_byte
        offset = start if is_ascii else len(data[:start].decode("utf-8", "ignore"))
        place: tuple[int, int] = whole.at(offset)
        return place

    bound: dict[str, Service] = {}
    made: set[str] = set()
    imported: list[Infrastructure] = []
    stack = [tree.root_node]
    budget = 300_000
    while stack:
        if not budget:
            cut("more nodes of syntax than are looked at for services: the rest is not read")
            return
        budget -= 1
        node = stack.pop()
        kind = node.type
        if kind == "import_statement":
            imported += _import(node, raw, at, bound, ties)
            continue
        if kind == "call_expression" and raw(node).startswith(("require(", "import(")):
            imported += _require(node, raw, at, bound, ties)
        elif kind in ("new_expression", "call_expression"):
            function = node.child_by_field_name(
                "constructor" if kind == "new_expression" else "function"
            )
            name = raw(function) if function is not None and function.end_byte - (
                function.start_byte) < 80 else ""  # fmt: skip
            service = bound.get(name)
            makes = kind == "new_expression" or name.startswith(("create", "init"))
            makes = makes and not name.endswith(("Command", "Error", "Message", "Part"))
            if service is not None and makes:
                made.add(service.name)
                yield from _made(node, name, service, raw, at, ties)
        stack.extend(reversed(node.children))
    # a client that was made says more, also when it leads elsewhere
    yield from (f for f in imported if f.component.partition(":")[2] not in made)


def _import(
    node: Any,
    raw: Callable[[Any], str],
    at: Callable[[Any], tuple[int, int]],
    bound: dict[str, Service],
    ties: Ties,
) -> Iterator[Infrastructure]:
    source = node.child_by_field_name("source")
    if source is None or raw(node).startswith("import type"):
        return
    package = raw(source).strip("\"'`")
    service = _kit(package)
    if service is None:
        return
    stack = list(node.children)
    while stack:
        child = stack.pop()
        if child.type == "identifier":
            bound[raw(child)] = service
        stack.extend(child.children)
    line, column = at(node)
    yield ties.service(service, line, column, "import", f'import "{package}"')


def _require(
    node: Any,
    raw: Callable[[Any], str],
    at: Callable[[Any], tuple[int, int]],
    bound: dict[str, Service],
    ties: Ties,
) -> Iterator[Infrastructure]:
    match = re.match(r"(?:require|import)\(\s*[\"'`]([^\"'`\n]{1,200})[\"'`]", raw(node))
    service = _kit(match[1]) if match else None
    if service is None or match is None:
        return
    parent = node.parent
    for _ in range(3):
        if parent is not None and parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
            for word in re.findall(r"[A-Za-z_$][\w$]*", raw(name) if name is not None else ""):
                bound[word] = service
            break
        parent = parent.parent if parent is not None else None
    line, column = at(node)
    yield ties.service(service, line, column, "import", match[0])


def _kit(package: str) -> Service | None:
    parts = package.split("/")
    name = "/".join(parts[:2]) if package.startswith("@") else parts[0]
    return catalogue().kit(name, "npm")


def _made(
    node: Any,
    name: str,
    service: Service,
    raw: Callable[[Any], str],
    at: Callable[[Any], tuple[int, int]],
    ties: Ties,
) -> Iterator[Infrastructure]:
    arguments = node.child_by_field_name("arguments")
    text = raw(arguments)[:4000] if arguments is not None else ""
    line, column = at(node)
    found = re.search(
        r"\b(?:"
        + "|".join(_BASE)
        + r")\s{0,4}:\s{0,4}(?P<value>[\"'`][^\"'`\n]{0,300}|[^\s,}]{1,200})",
        text,
    )
    if not found:
        yield ties.service(service, line, column, "client", f"{name}(...)")
        return
    value = found["value"]
    if value[0] not in "\"'`" or value[1:3] == "${":
        if service.entry.tie == "switch":
            entry = Entry(service.entry.vendor, "portable", "interface",
                          _DYNAMIC_OPENAI.replacement)  # fmt: skip
            yield ties.at(f"api:{service.name}", entry, line, column, "interface",
                          f"{name}(...) with an address from outside")  # fmt: skip
        else:
            yield ties.service(service, line, column, "client", f"{name}(...)")
        return
    url = value[1:]
    other = catalogue().host(url)
    if other is None and not is_local(url):
        entry = Entry("unknown", "portable", "interface", _DYNAMIC_OPENAI.replacement)
        yield ties.at(f"api:{service.name}", entry, line, column, "interface",
                      f"{name}(...) at {url}")  # fmt: skip
