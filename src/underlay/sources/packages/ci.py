"""What the CI of a project names: jobs, their hardware, and the models in what they run."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from underlay.errors import UnreadableError
from underlay.sources.packages.literals import called, parse, strings, text
from underlay.sources.packages.workflows import load, walk
from underlay.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from underlay.sources.packages.artifact import Artifact

__all__ = ["CI_MEMBERS", "ci", "hardware_backend", "hub_ids", "slim"]

Row = dict[str, Any]

CI_MEMBERS: dict[str, str] = {
    "vllm": r"\.buildkite/.+\.ya?ml|\.buildkite/lm-eval-harness/configs/.+\.txt"
    r"|tests/evals/.+\.(?:ya?ml|txt)|tests/(?:.+/)?test_\w+\.py",
    "vllm-ascend": r"\.github/workflows/configs/\w+\.ya?ml|tests/e2e/.+\.(?:ya?ml|py)",
    "sglang": r"sglang/test/ascend/test_ascend_utils\.py",
    "optimum-habana": r"tests/test_\w+\.py",
    "optimum-neuron": r"tests/.+\.py",
    "tpu-inference": r"tests/e2e/\w+\.py",
}

# First match wins. What a project calls its runners, by the projects' own configurations.
_HARDWARE = tuple(
    (re.compile(pattern), backend)
    for pattern, backend in (
        (r"(?:^|[_-])cpu(?:$|[_-])|^cpu|ubuntu", "cpu"),
        (r"^mi\d{3}|^amd|gfx\d", "rocm"),
        (r"^(?:(?:h|b|a|gh|gb)\d{2,3}|l\d{1,2})(?!\d)|^dgx|^t4|nvidia|cuda", "cuda"),
        (r"intel_hpu|gaudi", "hpu"),
        (r"intel_gpu|xpu|bmg", "xpu"),
        (r"ascend|npu|^a[235](?:$|-)|310p|aarch64-a\d|^910", "npu"),
        (r"^tpu|^v[4-7]", "tpu"),
    )
)


def hardware_backend(hardware: str | None) -> str | None:
    """Toolchain of a runner's label as the projects use them; null if the label says nothing."""
    for pattern, backend in _HARDWARE:
        if hardware and pattern.search(hardware.lower()):
            return backend
    return None


def ci(artifact: Artifact) -> Iterator[Row | Skipped]:
    """Rows of the artifact's CI, and the members of it that can't be read."""
    reader = _READERS.get(artifact.name.package)
    if reader is not None:
        files = _Files(artifact)
        yield from reader(files)
        yield from files.skipped


_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,60}/[A-Za-z0-9][A-Za-z0-9_.+-]{1,95}")
_NO_MODEL = re.compile(
    r"(?:application|audio|image|text|video|multipart|tests?|models?|vllm|csrc|docs|examples?|tools"
    r"|scripts|data|datasets?|configs?|usr|etc|tmp|root|home|mnt|dev|src|lib|bin|opt|proc|assets"
    r"|https?|api|v1|v2|github|refs|origin|pytest|torch|nvidia-smi|and|or|TCP|input|output)/.*"
    r"|.*\.(?:py|pyi|sh|json|jsonl|ya?ml|txt|md|jpe?g|png|webp|gif|wav|mp3|mp4|flac|so|csv|toml|html"
    r"|safetensors|bin|pt|pth|gguf|parquet|jinja2?|log|cfg|ini|zip|gz|pdf|com|org|h|cpp|cu)"
)


def hub_ids(words: Iterable[str]) -> list[str]:
    """Words of the shape `owner/name` that are no path and no media type, in order, each once.

    The shape is all that is tested: whether the Hub has such a model is for the atlas.
    """
    found: dict[str, None] = {}
    for word in words:
        if (
            _HUB_ID.fullmatch(word)
            and not _NO_MODEL.fullmatch(word)
            and re.search("[A-Za-z]", word)
        ):
            found.setdefault(word)
    return list(found)


# Of these members only the names of models are of use; the rest of the text isn't kept.
_SLIM = {
    "vllm": r"tests/(?!models/registry\.py).+\.py",
    "optimum-habana": r"tests/.+\.py",
    "optimum-neuron": r"tests/.+\.py",
    "tpu-inference": r"tests/.+\.py",
}


def slim(artifact: Artifact) -> Artifact:
    """The same artifact with test modules cut down to the Hub ids in them.

    A cut module is Python that holds these strings alone, so that it reads as the whole one does;
    one that can't be parsed stays as it is.
    """
    pattern = _SLIM.get(artifact.name.package)
    if pattern is None:
        return artifact
    texts = dict(artifact.texts)
    for path, data in artifact.texts.items():
        if re.fullmatch(pattern, path):
            try:
                found = hub_ids(strings(parse(data, path)))
            except UnreadableError:
                continue
            texts[path] = "".join(f"{name!r}\n" for name in found).encode()
    return replace(artifact, texts=texts)


class _Files:
    """The members of an artifact that CI refers to, read once, with what was unreadable."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self.texts = artifact.texts
        self.skipped: list[Skipped] = []
        self._models: dict[str, list[str]] = {}
        self._documents: dict[str, Any] = {}

    def document(self, path: str) -> Any:
        """A YAML member; None if it can't be read, which is noted."""
        if path not in self._documents:
            self._documents[path] = self._read(path, load)
        return self._documents[path]

    def tree(self, path: str) -> ast.Module | None:
        found = self._read(path, parse)
        return found if isinstance(found, ast.Module) else None

    def models(self, path: str) -> list[str]:
        """Models that a test module or a configuration names."""
        if path not in self._models:
            if path.endswith(".py"):
                tree = self.tree(path)
                self._models[path] = hub_ids(strings(tree)) if tree else []
            elif path.endswith((".yaml", ".yml")):
                self._models[path] = _named_models(self.document(path))
            else:
                self._models[path] = []
        return self._models[path]

    def under(self, prefix: str, suffix: str = ".py") -> list[str]:
        return [p for p in self.texts if p.startswith(prefix) and p.endswith(suffix)]

    def _read(self, path: str, reader: Any) -> Any:
        try:
            return reader(self.texts[path], path)
        except UnreadableError as error:
            place = f"{self.artifact.name.artifact}/{path}"
            self.skipped.append(Skipped(place, error.reason))
            return None


_MODEL_KEYS = ("model", "model_name", "model_path", "model_id", "served_model")


def _named_models(document: Any) -> list[str]:
    """Values of keys that name a model, wherever in a configuration."""
    found: dict[str, None] = {}
    for mapping in walk(document):
        for key in _MODEL_KEYS:
            value = mapping.get(key)
            if isinstance(value, str) and value and len(value) < 160 and " " not in value:
                found.setdefault(value)
    return list(found)


def _vllm(files: _Files) -> Iterator[Row]:
    """Steps of vLLM's Buildkite pipelines, also those that another vendor's runners mirror."""
    for path in files.texts:
        if not path.startswith(".buildkite/") or not path.endswith((".yaml", ".yml")):
            continue
        document = files.document(path)
        steps = document.get("steps") if isinstance(document, dict) else document
        for step in steps if isinstance(steps, list) else ():
            if not isinstance(step, dict) or not isinstance(step.get("label"), str):
                continue
            yield from _step(files, path, step, step)
            mirrors = step.get("mirror")
            for mirror in mirrors.values() if isinstance(mirrors, dict) else ():
                if isinstance(mirror, dict):
                    yield from _step(files, path, {**step, **mirror}, mirror)


_DEVICE_KEYS = ("device", "agent_pool", "gpu")


def _step(files: _Files, path: str, step: Row, own: Row) -> Iterator[Row]:
    """A step once for each test that it runs and each model that the test names."""
    hardware = next((own[key] for key in _DEVICE_KEYS if isinstance(own.get(key), str)), None)
    weak = any(step.get(key) == "true" for key in ("soft_fail", "optional"))
    row: Row = {
        "runtime": "vLLM",
        "backend": hardware_backend(hardware),
        "hardware": hardware,
        "job": str(step["label"]),
        "is_blocking": not weak,
        "path": path,
    }
    folder = str(step.get("working_dir") or "/vllm-workspace/tests")
    folder = _normal(re.sub(r"^/vllm-workspace/?", "", folder))
    commands = step.get("commands") or step.get("command") or []
    found = False
    for command in commands if isinstance(commands, list) else [commands]:
        for test in _tests(str(command), folder):
            for model_path, model in _targeted(files, test, hardware):
                found = True
                yield {
                    **row,
                    "test": test.arguments,
                    "model_id": model,
                    "model_path": model_path,
                    "is_filtered": test.is_filtered,
                }
    if not found:
        yield row


_PYTEST = re.compile(r"\bpytest\b([^&|;\n]*)")
_CHANGE = re.compile(r"\bcd\s+([\w./-]+)")
_FILTERS = ("-k", "-m", "--deselect", "--ignore-glob")


class _Test(NamedTuple):
    """One call of pytest: its arguments, and what they point at and leave out."""

    arguments: str
    folder: str
    targets: list[str]
    ignored: list[str]
    lists: list[str]
    is_filtered: bool


def _tests(command: str, folder: str) -> Iterator[_Test]:
    """Every call of pytest in a shell command, with its paths from the top of the project."""
    for part in re.split(r"&&|\|\||;|\n", command):
        if match := _CHANGE.search(part):
            place = match[1]
            folder = place.strip("/") if place.startswith("/") else f"{folder}/{place}".strip("/")
            folder = _normal(re.sub(r"^vllm-workspace/?", "", folder))
        if not (match := _PYTEST.search(part)):
            continue
        words = _words(match[1])
        targets = []
        ignored: list[str] = []
        lists: list[str] = []
        is_filtered = skip = hidden = False
        for word in words:
            if skip:
                skip = False
            elif word.startswith("--config-list-file="):
                lists.append(word.partition("=")[2])
            elif word.startswith("--ignore=") or hidden:
                hidden = False
                ignored.append(_normal(f"{folder}/{word.removeprefix('--ignore=')}"))
            elif word == "--ignore":
                hidden = True
            elif word.startswith("-"):
                is_filtered |= word.split("=")[0] in _FILTERS or word[:2] in ("-k", "-m")
                skip = word in ("-k", "-m", "-n", "-p", "-c")
            elif re.fullmatch(r"[\w./-]+(?:::[\w\[\]:.-]+)?", word):
                is_filtered |= "::" in word
                targets.append(_normal(f"{folder}/{word.partition('::')[0]}"))
        if targets:
            arguments = " ".join(words)[:200]
            yield _Test(arguments, folder, targets, ignored, lists, is_filtered)


def _words(arguments: str) -> list[str]:
    """Words of a shell command; a part of a quoted one may end in a quote too many."""
    for written in (arguments, arguments.rstrip("'\" ")):
        try:
            return shlex.split(written)
        except ValueError:
            continue
    return arguments.replace("'", " ").replace('"', " ").split()


def _normal(path: str) -> str:
    """A path without `.`, `..` and doubled slashes; never above the top."""
    parts: list[str] = []
    for part in PurePosixPath(path.strip("/")).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _targeted(files: _Files, test: _Test, hardware: str | None) -> Iterator[tuple[str, str]]:
    """(member, model) for each model that what pytest is pointed at names."""
    modules = [target for target in test.targets if target.endswith(".py")]
    if test.lists:
        # the test module only loops over the configurations that the list names; a list is
        # beside the module or in the working folder
        folders = [*(module.rpartition("/")[0] for module in modules), test.folder]
        for target in (_normal(f"{folder}/{one}") for one in test.lists for folder in folders):
            for path in _configurations(files, target, hardware):
                for model in files.models(path):
                    yield path, model
        return
    for target in test.targets:
        paths = [target] if target in files.texts else files.under(f"{target}/")
        for path in paths:
            if any(path == one or path.startswith(f"{one}/") for one in test.ignored):
                continue
            for model in files.models(path):
                yield path, model


# What vLLM's lists and configurations call the machines that they are for.
_GENERATIONS = ((r"mi2\d\d", "cdna2", "gfx90a"), (r"mi3[0-4]\d|mi325", "cdna3", "gfx942"),
                (r"mi35\d", "cdna4", "gfx950"))  # fmt: skip
_MACHINE = re.compile(r"cuda|rocm|xpu|cpu|cdna\d")


def _configurations(files: _Files, target: str, hardware: str | None) -> list[str]:
    """Configurations that a list file names for a machine; the list may sort them by machine."""
    if target not in files.texts:
        return []
    backend = hardware_backend(hardware)
    machine = {"common", backend or ""}
    chips = set()
    for pattern, generation, chip in _GENERATIONS:
        if re.match(pattern, hardware or ""):
            machine.add(generation)
            chips.add(chip)
    folder = target.rpartition("/")[0]
    names: list[str] = []
    if target.endswith(".txt"):
        lines = files.texts[target].decode("utf-8", "replace").split("\n")
        names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    else:
        for mapping in walk(files.document(target)):
            for section, value in mapping.items():
                if isinstance(value, list) and (
                    section in machine or not _MACHINE.fullmatch(section)
                ):
                    names += [one for one in value if isinstance(one, str)]
    paths = [path for name in names if (path := _normal(f"{folder}/{name}")) in files.texts]
    return [path for path in paths if _may_run(files.document(path), backend, chips)]


def _may_run(configuration: Any, backend: str | None, chips: set[str]) -> bool:
    """Whether a configuration that asks for certain AMD chips runs on this machine."""
    asked = configuration.get("required_gpu_arch") if isinstance(configuration, dict) else None
    if not isinstance(asked, list):
        return True
    return backend == "rocm" and (not chips or bool(chips & set(map(str, asked))))


def _ascend(files: _Files) -> Iterator[Row]:
    """vllm-ascend: nightly lists by product, and marks on the tests of pull requests."""
    for path in files.texts:
        if path.startswith(".github/workflows/configs/"):
            yield from _ascend_lists(files, path)
        elif path.startswith("tests/e2e/") and path.endswith(".py"):
            yield from _ascend_marks(files, path)


def _ascend_lists(files: _Files, path: str) -> Iterator[Row]:
    document = files.document(path)
    for product, groups in document.items() if isinstance(document, dict) else ():
        for mapping in walk(groups):
            job = mapping.get("name")
            if not isinstance(job, str):
                continue
            row: Row = {
                "runtime": "vllm-ascend",
                "backend": "npu",
                "hardware": product,
                "job": job,
                "path": path,
            }
            named = list(_ascend_models(files, mapping))
            for test, model_path, model in named:
                yield {**row, "test": test, "model_id": model, "model_path": model_path}
            if not named:
                yield row


def _ascend_models(files: _Files, job: Row) -> Iterator[tuple[str, str | None, str]]:
    """(configuration or test, member, model) of one entry of a list."""
    name, base = job.get("config_file_path"), job.get("config_base_path")
    if isinstance(name, str):
        place = _normal(f"{base}/{name}") if isinstance(base, str) else _normal(name)
        found = [place] if place in files.texts else files.under("tests/e2e/", f"/{name}")
        for path in found:
            for model in files.models(path):
                yield name, path, model
    tests = job.get("tests")
    for test in [*(tests if isinstance(tests, list) else [tests])]:
        path = _normal(test.partition("::")[0]) if isinstance(test, str) else ""
        for one in [path] if path in files.texts else files.under(f"{path}/") if path else []:
            for model in files.models(one):
                yield str(test), one, model
    models = job.get("model_list")
    for listed in models if isinstance(models, list) else ():
        found = files.under("tests/e2e/models/configs/", f"/{listed}.yaml")
        for path in found:
            for model in files.models(path):
                yield str(listed), path, model
        if not found and isinstance(listed, str):
            yield listed, None, listed


def _ascend_marks(files: _Files, path: str) -> Iterator[Row]:
    tree = files.tree(path)
    for node in ast.walk(tree) if tree else ():
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        models: list[str] = []
        hardware: list[str | None] = []
        for decorator in node.decorator_list:
            for name, call in called(decorator):
                if name == "pytest.mark.e2e_model":
                    models += [found for one in call.args if (found := text(one, {}))]
                elif name == "pytest.mark.e2e_coverage":
                    for keyword in call.keywords:
                        if keyword.arg == "hardware":
                            hardware += _texts(keyword.value)
        for model in dict.fromkeys(models):
            for one in dict.fromkeys(hardware or [None]):
                yield {
                    "runtime": "vllm-ascend",
                    "backend": "npu",
                    "hardware": one,
                    "job": node.name,
                    "test": path,
                    "model_id": model,
                    "path": path,
                }


def _texts(node: ast.expr) -> list[str | None]:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [found for part in parts if (found := text(part, {}))]


def _sglang(files: _Files) -> Iterator[Row]:
    """Weights that SGLang's tests on Ascend load: constants that join a folder and a model."""
    for path in files.texts:
        tree = files.tree(path) if path.startswith("sglang/test/ascend/") else None
        for node in tree.body if tree else ():
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                continue
            name = node.targets[0].id
            if not name.endswith("_WEIGHTS_PATH") or not isinstance(node.value, ast.Call):
                continue
            for model in [found for one in node.value.args if (found := text(one, {}))]:
                yield {
                    "runtime": "SGLang",
                    "backend": "npu",
                    "job": name,
                    "model_id": model,
                    "path": path,
                }


_PLUGIN_TESTS = {
    "optimum-habana": ("optimum-habana", "hpu"),
    "optimum-neuron": ("optimum-neuron", "neuron"),
    "tpu-inference": ("tpu-inference", "tpu"),
}


def _plugin(files: _Files) -> Iterator[Row]:
    """Test modules of a package for one kind of hardware, and the models that they name."""
    runtime, backend = _PLUGIN_TESTS[files.artifact.name.package]
    for path in files.texts:
        if path.startswith("tests/") and path.endswith(".py"):
            for model in files.models(path):
                yield {
                    "runtime": runtime,
                    "backend": backend,
                    "job": PurePosixPath(path).stem,
                    "test": path,
                    "model_id": model,
                    "path": path,
                }


_READERS = {
    "vllm": _vllm,
    "vllm-ascend": _ascend,
    "sglang": _sglang,
    "optimum-habana": _plugin,
    "optimum-neuron": _plugin,
    "tpu-inference": _plugin,
}
