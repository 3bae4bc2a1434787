"""Kernels, calls of vendors' libraries, builds for accelerators: C++, CUDA, HIP, Metal, CMake.

C and its dialects are read as tokens, with comments and texts taken out: a grammar needs the
preprocessor, and what is looked for are names.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue
from underlay.audit.detectors.infrastructure.ties import Ties, strongest
from underlay.audit.findings import Rule
from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Infrastructure, Need, Tie

__all__ = ["Kernels"]

_LARGEST = 4_000_000
_DEVICE_CODE = frozenset((".cu", ".cuh"))
_HOST_CODE = frozenset((".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inl", ".mm"))
_OTHERS = {".hip": "hip", ".metal": "metal", ".cl": "opencl", ".mlu": "bang"}
_WORDS = (
    b"cuda", b"__global__", b"cublas", b"cudnn", b"nccl", b"nvml", b"nvrtc", b"NvInfer", b"cutlass",
    b"hip", b"sycl", b"__aicore__", b"CUDA", b"Metal/", b"kernel", b"cufft", b"curand", b"cusparse",
)  # fmt: skip
# comments and texts, each of them once and without nesting: linear
_NOISE = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.){1,8}\'', re.DOTALL
)
_INCLUDE = re.compile(r'(?m)^[ \t]*#[ \t]*include[ \t]*[<"](?P<path>[^>"\n]{1,200})[>"]')
_KERNEL = re.compile(r"\b__global__\b")
_KERNEL_NAME = re.compile(
    r"(?:[\w:<>,*&\s]|__launch_bounds__\s*\([^()]*\)|__cluster_dims__\s*\([^()]*\)|"
    r"__attribute__\s*\(\([^()]*(?:\([^()]*\))?[^()]*\)\))*?\bvoid\s+(?P<name>\w+)"
)
_METAL_KERNEL = re.compile(r"\bkernel\s+void\s+(?P<name>\w+)|\[\[\s*kernel\s*\]\]\s*void\s+(\w+)")
_OPENCL_KERNEL = re.compile(r"\b(?:__kernel|kernel)\s+(?:__attribute__\S*\s+)?void\s+(?P<name>\w+)")
_ASSEMBLY = re.compile(r"\b(?:asm|__asm__|__asm)\b\s*(?:volatile\b|__volatile__\b)?\s*(?:\(|$)")
_SYMBOL = re.compile(
    r"\b(?P<library>cublasLt|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|nvml|nvrtc|cuda|cu)"
    r"[A-Z]\w{2,80}\b"
)
_LIBRARIES = {
    "cuda": ("cuda-runtime", "HIP runtime"),
    "cu": ("cuda-driver", "HIP module and driver interface"),
    "cublas": ("cublas", "hipBLAS"),
    "cublasLt": ("cublas", "hipBLASLt"),
    "cudnn": ("cudnn", "MIOpen"),
    "cufft": ("cufft", "hipFFT"),
    "curand": ("curand", "hipRAND"),
    "cusolver": ("cusolver", "hipSOLVER"),
    "cusparse": ("cusparse", "hipSPARSE"),
    "nccl": ("nccl", "RCCL under the same names, HCCL"),
    "nvml": ("nvml", "amdsmi"),
    "nvrtc": ("nvrtc", "hipRTC"),
}
_HEADERS: tuple[tuple[str, str, Need, str | None], ...] = (
    ("cutlass/", "package:cutlass", "hardware", "Composable Kernel (ROCm), Triton"),
    ("cute/", "package:cutlass", "hardware", "Composable Kernel (ROCm), Triton"),
    ("NvInfer", "package:tensorrt", "hardware", "ONNX Runtime; MIGraphX, OpenVINO"),
    ("nvml.h", "api:nvml", "hardware", "amdsmi"),
    ("nvtx3/", "api:nvtx", "hardware", "rocTX"),
    ("nvshmem", "api:nvshmem", "hardware", "rocSHMEM"),
    ("cudnn", "api:cudnn", "interface", "MIOpen, hipDNN"),
    ("cublas", "api:cublas", "interface", "hipBLAS"),
    ("cufft", "api:cufft", "interface", "hipFFT"),
    ("curand", "api:curand", "interface", "hipRAND"),
    ("cusparse", "api:cusparse", "interface", "hipSPARSE"),
    ("cusolver", "api:cusolver", "interface", "hipSOLVER"),
    ("nccl.h", "api:nccl", "interface", "RCCL under the same names, HCCL"),
    ("cub/", "api:cub", "interface", "hipCUB"),
    ("thrust/", "api:thrust", "interface", "rocThrust"),
    ("ATen/cuda/", "api:cuda", "interface", "PyTorch translates it on ROCm; torch_musa"),
    ("c10/cuda/", "api:cuda", "interface", "PyTorch translates it on ROCm; torch_musa"),
)
_OTHER_HEADERS: tuple[tuple[str, str, str, Tie], ...] = (
    ("hip/", "toolchain:rocm", "amd", "switch"),
    ("rccl", "toolchain:rocm", "amd", "switch"),
    ("rocblas", "toolchain:rocm", "amd", "switch"),
    ("sycl/", "toolchain:oneapi", "intel", "switch"),
    ("CL/sycl", "toolchain:oneapi", "intel", "switch"),
    ("CL/cl", "toolchain:opencl", "unknown", "portable"),
    ("Metal/Metal.h", "toolchain:metal", "apple", "tied"),
    ("acl/acl", "toolchain:cann", "huawei", "tied"),
    ("kernel_operator.h", "toolchain:cann", "huawei", "tied"),
    ("mudnn", "toolchain:musa", "unknown", "tied"),
    ("musa_runtime", "toolchain:musa", "unknown", "tied"),
    ("vulkan/", "toolchain:vulkan", "unknown", "portable"),
)
_RUNTIME_HEADER = re.compile(
    r"cuda(?:_runtime|_runtime_api|_fp16|_bf16|_fp8|_fp4|_fp6|_pipeline|_awbarrier|_profiler_api|"
    r"_occupancy|_device_runtime_api|_texture_types|_surface_types|_d3d11_interop|_gl_interop|"
    r"TypedefsRuntime)?\.(?:h|hpp)|cuda/(?:std/)?\w{1,40}|mma\.h|cooperative_groups(?:/\w+)?\.h|"
    r"device_launch_parameters\.h|vector_types\.h|sm_\d\d_intrinsics\.h"
)
_CMAKE = re.compile(r"(?m)^[ \t]*(?P<name>[A-Za-z_]\w*)[ \t]*\((?P<body>[^()]{0,4000})")
_CMAKE_CUDA = re.compile(r"\b(?:CUDA|CUDAToolkit|CUDNN|cudnn|NCCL|TensorRT|nvinfer|CUDA_\w+)\b")
_CMAKE_HIP = re.compile(r"\b(?:HIP|hip|ROCM|rocblas|hipblas|rccl|miopen)\b")
_CMAKE_OTHER = (
    (re.compile(r"\b(?:IntelSYCL|SYCL|MKL_SYCL)\b"), "oneapi"),
    (re.compile(r"\b(?:CANN|ASCEND)\b"), "cann"),
    (re.compile(r"\b(?:MUSAToolkit|MUSA)\b"), "musa"),
    (re.compile(r"\bVulkan\b"), "vulkan"),
    (re.compile(r"\bOpenCL\b"), "opencl"),
)
MAX_PER_KIND = 500
_TOO_MANY = f"more than {MAX_PER_KIND} kernels or pieces of assembly: the rest is not listed"


@lru_cache(maxsize=1)
def _hip() -> tuple[frozenset[str], frozenset[str]]:
    made = json.loads(
        files("underlay.audit.detectors.infrastructure")
        .joinpath("portability.json")
        .read_text("utf-8")
    )
    return frozenset(made["hip"].split()), frozenset(made["no_hip"].split())


class Kernels:
    """Code that is compiled for an accelerator, and what of it others can compile too."""

    name = "kernels"
    version = 1
    rules = (
        Rule("kernels/cuda", "a kernel in CUDA's language, which HIP compiles too"),
        Rule("kernels/ptx", "assembly of Nvidia's machines inside device code"),
        Rule("kernels/other", "a kernel in another accelerator's language"),
        Rule("kernels/calls", "calls of CUDA's libraries, with how many HIP has an equivalent for"),
        Rule("kernels/no-equivalent", "a call for which HIPIFY's tables have no equivalent"),
        Rule("kernels/header", "a header of a vendor's library"),
        Rule("kernels/build", "a build that looks for a toolchain or a vendor's library"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Sources in C and its dialects, and CMake files."""
        suffix = path.suffix.lower()
        return size <= _LARGEST and (
            suffix in _DEVICE_CODE
            or suffix in _HOST_CODE
            or suffix in _OTHERS
            or suffix == ".cmake"
            or path.name == "CMakeLists.txt"
        )

    def detect(self, file: File, /) -> Iterator[Infrastructure]:
        """Kernels, headers, calls or build commands of one file."""
        if not any(word in file.data for word in _WORDS):
            return
        ties = Ties(file.path, self.name)
        suffix = file.path.suffix.lower()
        text = file.text()
        if suffix == ".cmake" or file.path.name == "CMakeLists.txt":
            yield from strongest(_cmake(text, ties))
        else:
            yield from strongest(_source(text, suffix, ties))


def _quiet(text: str) -> str:
    """The text with comments and literals blanked, every offset kept."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def _source(text: str, suffix: str, ties: Ties) -> Iterator[Infrastructure]:
    quiet = _quiet(text)
    whole = Fragment(text)
    if suffix in _OTHERS:
        yield from _other_kernels(quiet, _OTHERS[suffix], whole, ties)
        if suffix != ".hip":
            return
    is_device = suffix in _DEVICE_CODE or "__global__" in quiet or "__device__" in quiet
    if suffix != ".hip":
        for count, match in enumerate(_KERNEL.finditer(quiet)):
            if count >= MAX_PER_KIND:
                cut(_TOO_MANY)
                break
            name = _KERNEL_NAME.match(quiet[match.end() : match.end() + 600])
            shown = f"__global__ {name['name']}" if name else "__global__"
            entry = Entry("nvidia", "tied", "interface", "HIP compiles it after hipify")
            line, column = whole.at(match.start())
            yield ties.at("kernel:cuda", entry, line, column, "cuda", shown)
        if is_device:
            for count, match in enumerate(_ASSEMBLY.finditer(quiet)):
                if count >= MAX_PER_KIND:
                    cut(_TOO_MANY)
                    break
                entry = Entry("nvidia", "tied", "hardware", "an intrinsic or plain C++")
                line, column = whole.at(match.start())
                seen = text[match.start() : match.start() + 70].split("\n")[0]
                yield ties.at("kernel:ptx", entry, line, column, "ptx", seen)
    yield from _calls(text, quiet, whole, ties)


def _other_kernels(
    quiet: str, language: str, whole: Fragment, ties: Ties
) -> Iterator[Infrastructure]:
    vendor, tie, need, pattern = {
        "hip": ("amd", "switch", "interface", _KERNEL),
        "metal": ("apple", "tied", "hardware", _METAL_KERNEL),
        "opencl": ("unknown", "portable", "interface", _OPENCL_KERNEL),
        "bang": ("unknown", "tied", "hardware", re.compile(r"\b__mlu_global__\b")),
    }[language]
    replacement = {"hip": "HIP compiles for CUDA too", "metal": "Vulkan, WebGPU"}.get(language)
    for count, match in enumerate(pattern.finditer(quiet)):
        if count >= MAX_PER_KIND:
            cut(_TOO_MANY)
            return
        line, column = whole.at(match.start())
        entry = Entry(vendor, _tie(tie), _need(need), replacement)
        yield ties.at(f"kernel:{language}", entry, line, column, "other", match[0])


def _tie(text: str) -> Tie:
    return "tied" if text == "tied" else "switch" if text == "switch" else "portable"


def _need(text: str) -> Need:
    return "hardware" if text == "hardware" else "interface"


def _calls(text: str, quiet: str, whole: Fragment, ties: Ties) -> Iterator[Infrastructure]:
    """Headers and calls: one finding a header, and one for what HIP has no name for."""
    has, has_not = _hip()
    seen: dict[str, dict[str, int]] = {}
    for match in _SYMBOL.finditer(quiet):
        symbol = match[0]
        library = _LIBRARIES[match["library"]][0]
        if symbol in has or symbol in has_not:
            seen.setdefault(library, {}).setdefault(symbol, match.start())
    told: set[str] = set()
    for include in _INCLUDE.finditer(text):
        # a blanked line is a comment's
        if quiet[include.start() : include.end()].strip()[:1] != "#":
            continue
        header = include["path"]
        line, column = whole.at(include.start("path") - 1)
        if _RUNTIME_HEADER.fullmatch(header):
            if "cuda-runtime" not in told:
                told.add("cuda-runtime")
                yield _counted("cuda-runtime", seen, line, column, header, ties)
            continue
        for beginning, component, need, replacement in _HEADERS:
            if header.startswith(beginning):
                entry = Entry("nvidia", "tied", need, replacement)
                library = component.partition(":")[2]
                if library in seen:
                    told.add(library)
                    yield _counted(library, seen, line, column, header, ties)
                else:
                    yield ties.at(component, entry, line, column, "header", header)
                break
        else:
            for beginning, component, vendor, tie in _OTHER_HEADERS:
                if header.startswith(beginning):
                    entry = Entry(vendor, tie, "toolchain")
                    yield ties.at(component, entry, line, column, "header", header)
                    break
    for library, symbols in seen.items():
        if library not in told:
            line, column = whole.at(min(symbols.values()))
            yield _counted(library, seen, line, column, next(iter(symbols)), ties)
        for symbol, start in symbols.items():
            if symbol not in has:
                line, column = whole.at(start)
                entry = Entry("nvidia", "tied", "hardware")
                yield ties.at(f"api:{library}", entry, line, column, "no-equivalent",
                              f"{symbol}: none in HIPIFY's tables of 2024-10")  # fmt: skip


def _counted(
    library: str,
    seen: dict[str, dict[str, int]],
    line: int,
    column: int,
    shown: str,
    ties: Ties,
) -> Infrastructure:
    has, _ = _hip()
    symbols = seen.get(library, {})
    replacement = next((r for name, r in _LIBRARIES.values() if name == library), None)
    entry = Entry("nvidia", "tied", "hardware" if library == "nvml" else "interface", replacement)
    known = sum(symbol in has for symbol in symbols)
    evidence = f"{shown}: {known} of {len(symbols)} names have one in HIP" if symbols else shown
    return ties.at(f"api:{library}", entry, line, column, "calls", evidence)


# --- CMake ---------------------------------------------------------------------------------------


def _cmake(text: str, ties: Ties) -> Iterator[Infrastructure]:
    quiet = re.sub(r"#[^\n]*", lambda m: " " * len(m[0]), text)
    whole = Fragment(text)
    depth = 0
    known = catalogue()
    for match in _CMAKE.finditer(quiet):
        name = match["name"].lower()
        if name == "if":
            depth += 1
            continue
        if name == "endif":
            depth = max(0, depth - 1)
            continue
        if name not in ("find_package", "enable_language", "project", "find_cuda_helper_libs",
                        "cuda_add_library", "cuda_add_executable", "set", "check_language",
                        "set_target_properties", "pkg_check_modules"):  # fmt: skip
            continue
        body = match["body"]
        line, column = whole.at(match.start("name"))
        shown = f"{match['name']}({' '.join(body.split())})"
        is_set = name in ("set", "set_target_properties")
        tie: Tie = "switch" if depth else "tied"
        if is_set and "CUDA_ARCHITECTURES" not in body and "CUDA_ARCH" not in body:
            continue
        if name == "project" and not re.search(r"\b(?:CUDA|HIP)\b", _languages(body)):
            continue
        if name == "check_language":
            tie = "switch"
        if _CMAKE_CUDA.search(body) or name.startswith(("cuda_", "find_cuda")):
            entry = known.toolchain("cuda")
            yield ties.at("toolchain:cuda", entry, line, column, "build", shown, tie=tie)
        elif _CMAKE_HIP.search(body):
            entry = known.toolchain("rocm")
            yield ties.at("toolchain:rocm", entry, line, column, "build", shown, tie=tie)
        else:
            for pattern, toolchain in _CMAKE_OTHER:
                if pattern.search(body):
                    entry = known.toolchain(toolchain)
                    firm = "portable" if toolchain in ("vulkan", "opencl") else tie
                    yield ties.at(f"toolchain:{toolchain}", entry, line, column, "build", shown,
                                  tie=_tie(firm))  # fmt: skip
                    break


def _languages(body: str) -> str:
    words = body.split()
    if "LANGUAGES" in words:
        return " ".join(words[words.index("LANGUAGES") + 1 :])
    return " ".join(words[1:])
