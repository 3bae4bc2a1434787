"""Runs epochs; device="cuda" is the usual choice."""

import os

import torch
import torch.cuda.amp as amp
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

try:
    from apex.optimizers import FusedAdam
except ImportError:
    FusedAdam = None


def start(local_rank: int) -> None:
    dist.init_process_group(backend="nccl", init_method="env://")
    torch.cuda.set_device(local_rank)
    torch.backends.cudnn.benchmark = True


def run(model, loader, steps: int) -> float:
    scaler = amp.GradScaler()
    model = DistributedDataParallel(model.cuda())
    total = 0.0
    for batch in loader:
        batch = {name: value.cuda(non_blocking=True) for name, value in batch.items()}
        with torch.autocast("cuda"):
            loss = model(**batch)
        scaler.scale(loss).backward()
        total += loss.item()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    torch.cuda.synchronize()
    return total


def peak() -> float:
    if not torch.cuda.is_available():
        return 0.0
    return torch.cuda.max_memory_allocated() / 2**30


def visible(gpus: str) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = gpus
