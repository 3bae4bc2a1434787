"""Chooses a back end."""
from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from enum import Enum

import torch

HAS_NPU = importlib.util.find_spec("torch_npu") is not None
if HAS_NPU:
    import torch_npu  # noqa: F401


class Backend(str, Enum):
    CUDA = "cuda"
    CPU = "cpu"


@dataclass
class Settings:
    device: str = "npu:0"
    dist_backend: str = "hccl"


def get_device() -> str:
    match os.environ.get("BACKEND"):
        case "cuda":
            return "cuda"
        case "xpu":
            return "xpu"
    if HAS_NPU and torch.npu.is_available():
        return "npu"
    return "cpu"


def sync(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "npu":
        torch.npu.synchronize(device)


def to_gpu(batch):
    return [item.to("cuda", non_blocking=True) for item in batch]


def report(rank: int) -> None:
    free, total = torch.cuda.mem_get_info(rank)
    print(f"{free}/{total} on {torch.cuda.get_device_name(rank)}")
