import argparse

import torch


def pick() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def pick_short() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def pick_neutral() -> torch.device:
    return torch.accelerator.current_accelerator() or torch.device("cpu")


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", type=str, default="cuda:0")
    parser.add_argument("--name", default="a cuda of sorts")
    return parser


def is_gpu(device: str) -> bool:
    return device == "cuda"
