import subprocess

import pynvml


def memory() -> int:
    pynvml.nvmlInit()
    return pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).used


def table() -> str:
    return subprocess.check_output(["nvidia-smi", "--query-gpu=name", "--format=csv"], text=True)
