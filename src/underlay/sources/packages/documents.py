"""Models that documents, lists and folders inside packages name for a backend."""

from __future__ import annotations

import ast
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from underlay.errors import UnreadableError
from underlay.sources.packages.literals import dotted, mappings, parse, text
from underlay.sources.packages.workflows import load
from underlay.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from underlay.sources.packages.artifact import Artifact

__all__ = ["DOCUMENTS", "LISTS", "Document", "markdown_tables", "model_support"]

Row = dict[str, Any]
Table = tuple[str, list[str], list[list[str]]]  # headings above it, header, rows

_MAX_ROWS = 5_000
_MAX_CELL = 400
_MAX_LINE = 20_000


@dataclass(frozen=True)
class Document:
    """Tables of one document: which columns mean what. What is not named is a feature.

    A table without a column of `model` (the first that it has counts) is no table of models.
    `features` is empty where no cell but `statement` says anything about support.
    """

    runtime: str
    backend: str | None
    packages: tuple[str, ...]
    members: str  # regular expression; METADATA stands for the long description
    model: tuple[str, ...]
    architecture: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    statement: tuple[str, ...] = ()
    features: str = r"(?!)"
    sections: str = ".*"
    hardware_from_tab: bool = False


DOCUMENTS: tuple[Document, ...] = (
    Document(
        "vLLM",
        None,
        ("vllm",),
        r"docs/models/(?:supported_models|pooling_models/\w+)\.md",
        model=("Models", "Model"),
        architecture=("Architecture",),
        statement=("Example HF Models", "Plugin Repository"),
    ),
    Document(
        "vLLM",
        "xpu",
        ("vllm",),
        r"docs/models/hardware_supported_models/xpu\.md",
        model=("Model",),
        architecture=("Architecture",),
        statement=("Dtype", "Supported"),
    ),
    Document(
        "vLLM",
        "cpu",
        ("vllm",),
        r"docs/models/hardware_supported_models/cpu\.md",
        model=("Model",),
        architecture=("Architecture",),
        statement=("Supported", "Dtype"),
    ),
    Document(
        "vllm-ascend",
        "npu",
        ("vllm-ascend",),
        r"docs/source/user_guide/support_matrix/supported_models\.md",
        model=("Model",),
        hardware=("Supported Hardware",),
        statement=("Support", "Supported"),
        hardware_from_tab=True,
    ),
    Document(
        "tpu-inference",
        "tpu",
        ("tpu-inference",),
        r"METADATA",
        model=("Model",),
        features=r"(?:Unit|Correctness|Performance) ?Test",
    ),
    Document(
        "optimum-habana",
        "hpu",
        ("optimum-habana",),
        r"METADATA",
        model=("Architecture",),
        features=r"Training|Inference",
        sections=r"(?!.*(?:Diffusers|TRL|timm|PyTorch Image)).*",
    ),
)


def model_support(artifact: Artifact, body: bytes) -> Iterator[Row | Skipped]:
    """Rows of all documents, lists and folders; `body` is the package's long description."""
    package = artifact.name.package
    for document in DOCUMENTS:
        if package not in document.packages:
            continue
        if document.members == "METADATA":
            yield from _document(document, "METADATA", body)
            continue
        for path, data in artifact.texts.items():
            if re.fullmatch(document.members, path):
                yield from _document(document, path, data)
    yield from _model_code(artifact)
    for packages, members, read in LISTS:
        for path, data in artifact.texts.items():
            if package not in packages or not re.fullmatch(members, path):
                continue
            try:
                rows = list(read(path, data))
            except UnreadableError as error:
                yield Skipped(f"{artifact.name.artifact}/{path}", error.reason)
                continue
            yield from rows


def _document(document: Document, path: str, data: bytes) -> Iterator[Row]:
    for section, header, rows in markdown_tables(data.decode("utf-8", "replace")):
        places = {name: index for index, name in reversed(list(enumerate(header)))}
        model_at = _first(places, document.model)
        if model_at is None or not re.fullmatch(document.sections, section):
            continue
        architecture_at = _first(places, document.architecture)
        hardware_at = _first(places, document.hardware)
        statement_at = _first(places, document.statement)
        tab = section.rpartition(" = ")[2] if " = " in section else ""
        features = [
            (index, name)
            for index, name in enumerate(header)
            if index != model_at and re.fullmatch(document.features, name)
        ]
        for cells in rows:
            row = {
                "runtime": document.runtime,
                "backend": document.backend,
                "kind": "document",
                "model": cells[model_at],
                "architecture": _cell(cells, architecture_at),
                "hardware": _cell(cells, hardware_at)
                or (tab if document.hardware_from_tab and tab else None),
                "section": section or None,
                "path": path,
            }
            if not row["model"]:
                continue
            if not features:
                yield {**row, "statement": _cell(cells, statement_at)}
            for index, name in features:
                yield {**row, "feature": name, "statement": cells[index] or None}


def _first(places: dict[str, int], names: tuple[str, ...]) -> int | None:
    return next((places[name] for name in names if name in places), None)


def _cell(cells: list[str], index: int | None) -> str | None:
    return (cells[index] or None) if index is not None else None


_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_TAB = re.compile(r'===\s+"([^"]{1,80})"')
_RULE = re.compile(r":?-{1,}:?")


def markdown_tables(source: str) -> Iterator[Table]:
    """Every pipe table of a Markdown text with the headings above it and cells as plain text.

    Rows are cut or filled to the header's width; a fenced block holds no table.
    """
    headings: list[tuple[int, str]] = []
    tab = ""
    fenced = False
    lines = source.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index][:_MAX_LINE].strip()
        index += 1
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif fenced:
            continue
        elif match := _HEADING.match(line[:_MAX_CELL]):
            level = len(match[1])
            headings = [(n, name) for n, name in headings if n < level]
            headings.append((level, _plain(match[2])))
            tab = ""
        elif match := _TAB.match(line):
            tab = match[1]
        elif line.startswith("|") and index < len(lines):
            rule = _cells(lines[index][:_MAX_LINE].strip())
            if not rule or not all(_RULE.fullmatch(cell) for cell in rule):
                continue
            header = [_plain(cell) for cell in _cells(line)]
            index += 1
            rows: list[list[str]] = []
            while index < len(lines) and lines[index].strip().startswith("|"):
                cells = [_plain(cell) for cell in _cells(lines[index][:_MAX_LINE].strip())]
                if len(rows) < _MAX_ROWS:
                    rows.append((cells + [""] * len(header))[: len(header)])
                index += 1
            section = " > ".join(name for _, name in headings)
            yield (f"{section} = {tab}" if tab else section), header, rows


def _cells(line: str) -> list[str]:
    if not line.startswith("|"):
        return []
    inner = line[1:-1] if line.endswith("|") and len(line) > 1 else line[1:]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]


_TITLED = re.compile(r'<span title="([^"<>]{1,80})">[^<>]*</span>')
_LINKED = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,600}\)")


def _plain(cell: str) -> str:
    """A cell's words: titles of symbols kept, links as their text, tags and quotes dropped."""
    cell = _TITLED.sub(r"\1", cell[: 4 * _MAX_CELL])
    cell = _LINKED.sub(r"\1", cell)
    cell = re.sub(r"<sup>[^<>]*</sup>", "", cell)
    cell = re.sub(r"</li>\s*<li>", ", ", cell)
    cell = html.unescape(re.sub(r"<[^<>]{0,200}>", "", cell)).replace("`", "").replace("**", "")
    return " ".join(cell.replace("\ufe0e", "").replace("\ufe0f", "").split())[:_MAX_CELL]


_CODE = re.compile(r"vllm/models/(\w+)/(amd|nvidia|intel|cpu|xpu|rocm|cuda|tpu)/.+\.py")
_CODE_BACKEND = {"amd": "rocm", "nvidia": "cuda", "intel": "xpu"}


def _model_code(artifact: Artifact) -> Iterator[Row]:
    """Folders of vLLM that hold a model's code for one vendor."""
    if artifact.name.package != "vllm":
        return
    counts: dict[tuple[str, str], int] = {}
    for member in artifact.members:
        if match := _CODE.fullmatch(member.path):
            counts[match[1], match[2]] = counts.get((match[1], match[2]), 0) + 1
    for (model, folder), count in sorted(counts.items()):
        yield {
            "runtime": "vLLM",
            "backend": _CODE_BACKEND.get(folder, folder),
            "kind": "code",
            "model": model,
            "statement": f"{count} modules for {folder}",
            "path": f"vllm/models/{model}/{folder}",
        }


def _vllm_examples(path: str, data: bytes) -> Iterator[Row]:
    """`"Class": _HfExamplesInfo("org/model", ...)` of vLLM's own test registry."""
    for node in ast.walk(parse(data, path)):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            architecture = text(key, {})
            if not architecture or not isinstance(value, ast.Call):
                continue
            if dotted(value.func) != "_HfExamplesInfo":
                continue
            extras = next((k.value for k in value.keywords if k.arg == "extras"), None)
            models = [text(value.args[0], {})] if value.args else []
            if isinstance(extras, ast.Dict):
                models += [text(one, {}) for one in extras.values]
            for model in dict.fromkeys(one for one in models if one):
                yield {
                    "runtime": "vLLM",
                    "kind": "example",
                    "model": model,
                    "architecture": architecture,
                    "path": path,
                }


_BY_BACKEND = re.compile(
    r"_(ROCM|NEURON|CPU|XPU|TPU|HPU)_(UNSUPPORTED|PARTIALLY_SUPPORTED|SUPPORTED)_MODELS"
)


def _vllm_by_backend(path: str, data: bytes) -> Iterator[Row]:
    """Lists of old versions that name what one backend lacks or has."""
    tree = parse(data, path)
    found: dict[str, dict[str, str | None]] = {}
    for registry, some in mappings(tree).items():
        if _BY_BACKEND.fullmatch(registry):
            found[registry] = {
                key: value if isinstance(value, str) else None for key, value in some
            }
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if not isinstance(target, ast.Name) or not _BY_BACKEND.fullmatch(target.id):
            continue
        if isinstance(value, ast.List | ast.Set | ast.Tuple):
            names = [text(one, {}) for one in value.elts]
            found.setdefault(target.id, {}).update({one: None for one in names if one})
    for registry, entries in found.items():
        match = _BY_BACKEND.fullmatch(registry)
        for architecture, note in entries.items():
            if match:
                yield {
                    "runtime": "vLLM",
                    "backend": match[1].lower(),
                    "kind": "configuration",
                    "model": architecture,
                    "architecture": architecture,
                    "feature": registry,
                    "statement": match[2].lower().replace("_", " ") + (f": {note}" if note else ""),
                    "path": path,
                }


def _spyre(path: str, data: bytes) -> Iterator[Row]:
    """Models that vllm-spyre's own configuration names."""
    found = load(data, path)
    models = found.get("models") if isinstance(found, dict) else None
    for model, settings in models.items() if isinstance(models, dict) else ():
        shape = settings.get("architecture") if isinstance(settings, dict) else None
        kinds = [name for name in settings if name.endswith("_configs")] if shape else []
        yield {
            "runtime": "vllm-spyre",
            "backend": "spyre",
            "kind": "configuration",
            "model": str(model),
            "statement": ", ".join(kinds) or None,
            "section": f"model_type {shape.get('model_type')}" if isinstance(shape, dict) else None,
            "path": path,
        }


_REGISTRY = (
    r"vllm/model_executor/models/(?:registry|__init__)\.py|vllm/model_executor/model_loader\.py"
)
LISTS: tuple[tuple[tuple[str, ...], str, Callable[[str, bytes], Iterator[Row]]], ...] = (
    (("vllm",), r"tests/models/registry\.py", _vllm_examples),
    (("vllm",), _REGISTRY, _vllm_by_backend),
    (("vllm-spyre",), r"vllm_spyre/config/model_configs\.yaml", _spyre),
)
