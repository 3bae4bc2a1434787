"""The words with which Python code speaks to an accelerator, and what would replace each."""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from underlay.audit.findings import Need

__all__ = [
    "ATTENTION", "BACKENDS", "CUDA_TEXT", "DEVICE_KEYWORDS", "DEVICE_NAME", "IMPORT_ERRORS",
    "KERNEL_SOURCES", "MACHINES", "NAMESPACES", "NEUTRAL", "NVIDIA_TOOL", "OTHER_DEVICE",
    "PROVIDERS", "SENSES", "TOOLS", "VARIABLES", "dotted_name", "families_in",
    "torch_cuda_replacement",
]  # fmt: skip

# families of accelerators by the words with which code asks for one
_FAMILY = re.compile(
    r"(?i)(?:^|[^a-z])(cuda|gpu|nvidia|rocm|hip|mps|xpu|npu|hpu|mlu|musa|xla|tpu|neuron|"
    r"accelerator|habana|ascend|ipex)(?:[^a-z]|$)"
)
NEUTRAL = frozenset(("gpu", "accelerator"))
_SAME = {"rocm": "hip", "habana": "hpu", "ascend": "npu", "ipex": "xpu", "tpu": "xla"}
IMPORT_ERRORS = frozenset(
    ("ImportError", "ModuleNotFoundError", "Exception", "RuntimeError", "OSError", "AttributeError")
)
CUDA_TEXT = re.compile(r"cuda(?::\d{1,3})?")
OTHER_DEVICE = re.compile(r"(mps|xpu|npu|hpu|mlu|musa|ipu)(?::\d{1,3})?")
DEVICE_NAME = re.compile(r"(?i)(?:^|_)(?:device|devices|dev|device_type|accelerator)(?:$|_|\d)")
DEVICE_KEYWORDS = frozenset(
    ("device", "device_type", "map_location", "device_map", "torch_device", "target_device",
     "device_name", "main_device", "execution_device", "to_device", "output_device", "accelerator")
)  # fmt: skip
BACKENDS = {
    "nccl": ("nvidia", "RCCL under the same name (ROCm), hccl, xccl, gloo"),
    "hccl": ("huawei", "nccl, xccl, gloo"),
    "xccl": ("intel", "nccl, hccl, gloo"),
    "ccl": ("intel", "nccl, hccl, gloo"),
}
# keywords under which code names a machine, an accelerator or an image
MACHINES = frozenset(
    ("instance_type", "machine_type", "vm_size", "accelerator_type", "node_type", "gpu", "gpu_type",
     "accelerators", "accelerator", "hardware", "flavor", "image_uri", "base_image", "image",
     "docker_image", "container_image", "instance_types", "instance")
)  # fmt: skip
NAMESPACES = {
    "cuda": "nvidia",
    "mps": "apple",
    "xpu": "intel",
    "npu": "huawei",
    "hpu": "intel",
    "mlu": "unknown",
    "musa": "unknown",
    "mtia": "meta",
}
PROVIDERS = {
    "CUDA": "nvidia",
    "Tensorrt": "nvidia",
    "NvTensorRTRTX": "nvidia",
    "ROCM": "amd",
    "MIGraphX": "amd",
    "VitisAI": "amd",
    "OpenVINO": "intel",
    "CoreML": "apple",
    "CANN": "huawei",
    "Dml": "microsoft",
    "QNN": "unknown",
}
VARIABLES: dict[str, tuple[Need, str | None]] = {
    "CUDA_VISIBLE_DEVICES": (
        "interface",
        "HIP_VISIBLE_DEVICES, ZE_AFFINITY_MASK, ASCEND_RT_VISIBLE_DEVICES",
    ),
    "CUDA_DEVICE_ORDER": ("interface", None),
    "CUDA_LAUNCH_BLOCKING": ("interface", "HIP_LAUNCH_BLOCKING, ASCEND_LAUNCH_BLOCKING"),
    "PYTORCH_CUDA_ALLOC_CONF": ("interface", "PYTORCH_ALLOC_CONF"),
    "CUDA_HOME": ("toolchain", "ROCM_HOME"),
    "CUDA_PATH": ("toolchain", "ROCM_PATH"),
    "TORCH_CUDA_ARCH_LIST": ("toolchain", "PYTORCH_ROCM_ARCH"),
    "NVIDIA_VISIBLE_DEVICES": ("hardware", None),
    "CUBLAS_WORKSPACE_CONFIG": ("interface", None),
}
NVIDIA_TOOL = re.compile(r"(?<![\w/-])(nvidia-smi|nvcc|nsys|ncu|nvidia-settings)(?![\w-])")
TOOLS: dict[str, tuple[Need, str | None]] = {
    "nvidia-smi": ("hardware", "amd-smi (ROCm), xpu-smi (Intel), npu-smi (Ascend)"),
    "nvidia-settings": ("hardware", None),
    "nvcc": ("toolchain", "hipcc (ROCm)"),
    "nsys": ("hardware", "rocprofv3 (ROCm), torch.profiler"),
    "ncu": ("hardware", "rocprof-compute (ROCm)"),
}
ATTENTION = frozenset(("flash_attention_2", "flash_attention_3", "flash_attention_4"))
KERNEL_SOURCES = frozenset(("RawKernel", "RawModule", "ElementwiseKernel", "ReductionKernel"))


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, bool] | list[str]]:
    text = (
        files("underlay.audit.detectors.infrastructure")
        .joinpath("portability.json")
        .read_text("utf-8")
    )
    made = json.loads(text)
    return {key: made[key] for key in ("ascend_cuda", "torch_accelerator", "paddle_cuda")}


# where PyTorch itself has a neutral name under another one
_NEUTRAL_NAMES = {
    "current_device": "torch.accelerator.current_device_index",
    "set_device": "torch.accelerator.set_device_index",
    "device": "torch.accelerator.device_index",
    "Stream": "torch.Stream",
    "Event": "torch.Event",
    "stream": "torch.Stream as a context",
    "manual_seed": "torch.manual_seed",
    "manual_seed_all": "torch.manual_seed",
    "seed": "torch.seed",
    "seed_all": "torch.seed",
    "amp.autocast": "torch.amp.autocast(device_type)",
    "amp.GradScaler": "torch.amp.GradScaler(device)",
    "amp.custom_fwd": "torch.amp.custom_fwd",
    "amp.custom_bwd": "torch.amp.custom_bwd",
    "mem_get_info": "torch.accelerator.memory.get_memory_info",
    "nccl": "torch.distributed",
    "comm": "torch.distributed",
}
SENSES = frozenset(
    ("is_available", "device_count", "is_initialized", "is_bf16_supported", "_is_compiled")
)


def torch_cuda_replacement(name: str) -> str | None:
    """What does the same as `torch.cuda.NAME` on any accelerator; None where nothing is known."""
    tables = _tables()
    neutral = tables["torch_accelerator"]
    for known in (name, name.split(".", 1)[0]):
        if known in _NEUTRAL_NAMES:
            return _NEUTRAL_NAMES[known]
        if known in neutral:
            return f"torch.accelerator.{known}"
        if f"memory.{known}" in neutral:
            return f"torch.accelerator.memory.{known}"
    ascend = tables["ascend_cuda"]
    first = name.split(".", 1)[0]
    if isinstance(ascend, dict) and (ascend.get(name) or ascend.get(first)):
        return f"torch.get_device_module().{first}, which torch_npu has too"
    return None


def dotted_name(node: ast.AST) -> str | None:
    """`a.b.c` of names and attributes only; None where anything else stands in it."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def families_in(nodes: Iterable[ast.AST | None]) -> set[str]:
    """Accelerators that a part of the tree names, by identifiers and short texts."""
    found: set[str] = set()
    stack = [node for node in nodes if node is not None]
    budget = 4000
    while stack and budget:
        budget -= 1
        node = stack.pop()
        word = ""
        if isinstance(node, ast.Name):
            word = node.id
        elif isinstance(node, ast.Attribute):
            word = node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value if len(node.value) < 40 else ""
        elif isinstance(node, ast.arg):
            word = node.arg
        if word:
            for name in _FAMILY.findall(word.replace("_", " ")):
                found.add(_SAME.get(name.lower(), name.lower()))
        stack.extend(ast.iter_child_nodes(node))
    return found
