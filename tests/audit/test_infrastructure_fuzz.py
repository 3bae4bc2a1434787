"""Anything that a file can hold: the detectors of infrastructure end, and raise nothing."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.audit.detectors.infrastructure.coupling import Coupling
from underlay.audit.detectors.infrastructure.deployment import Deployment
from underlay.audit.detectors.infrastructure.kernels import Kernels
from underlay.audit.detectors.infrastructure.locks import Locks
from underlay.audit.detectors.infrastructure.manifests import Manifests
from underlay.audit.detectors.infrastructure.services import Services
from underlay.audit.findings import Detector, File, Infrastructure

OURS: tuple[Detector, ...] = (
    Manifests(),
    Locks(),
    Coupling(),
    Deployment(),
    Kernels(),
    Services(),
)
NAMES = (
    "a.py", "a.yaml", "docker-compose.yml", "environment.yml", "a.json", "package.json", "a.tf",
    "Dockerfile", "a.sh", "Makefile", "a.cu", "a.cpp", "a.hip", "a.metal", "CMakeLists.txt", "a.ts",
    "a.md", "requirements.txt", "pyproject.toml", "Cargo.toml", "go.mod", "setup.py", "setup.cfg",
    "uv.lock", "yarn.lock", "package-lock.json", "Pipfile.lock", "pnpm-lock.yaml", "pixi.lock",
    "conda-lock.yml", ".env", "a.ipynb", "cog.yaml", "a.go",
)  # fmt: skip
# pieces of which real files are made: far more of the readers is reached than by random bytes
PIECES = st.sampled_from(
    [
        "nvidia.com/gpu", "nvidia/cuda:12.1", "torch.cuda.is_available()", ".cuda()",
        "import torch", "if ", "else:", "\n", "\n  ", "\n- ", ": ", "[", "]", "{", "}", "(", ")",
        '"', "'", "\\", "cuda", "device=", "--gpus all", "docker run ", "pip install ",
        "torch==2.1+cu121", "FROM ", "RUN ", "ENV A=", "${X:-", "$(", "<<EOF\n", "EOF\n", "#",
        "//", "/*", "*/", "image", "run", "__global__ void f", "asm volatile(",
        "#include <cuda.h>", "cudaMalloc", "find_package(CUDA", "if(", "endif()",
        "https://api.openai.com/v1", "new OpenAI({", "baseURL:", "OPENAI_API_KEY",
        "from openai import OpenAI", "OpenAI(", "resource", "= ", "instance_type", "p5.48xlarge",
        "[[package]]", 'name = "nvidia-nccl-cu12"', "version", "dependencies",
        "node_modules/openai", "lambda: ", "match x:", "case ", "try:", "except ImportError:",
        "def f(", "return ", "*a", "&a ", "!!python/object", "{{ .Values.x }}", "\t", "\x00",
        "\ufeff", "\xe9", "\u2028", "\U0001d518", "%",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=40).map("".join)


def check(name: str, data: bytes) -> None:
    file = File(PurePosixPath(name), data, size=len(data))
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for detector in OURS:
        if not detector.wants(file.path, len(data)):
            continue
        found = list(detector.detect(file))
        assert found == list(detector.detect(file))
        for one in found:
            if isinstance(one, Infrastructure):
                assert 1 <= one.line <= lines
                assert one.column >= 1
                assert one.vendor
                assert len(one.evidence) <= 160


@given(st.sampled_from(NAMES), TEXTS)
def test_made_of_pieces(name: str, text: str) -> None:
    check(name, text.encode())


@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    check(name, b"nvidia cuda https://api.openai.com OPENAI_API_KEY\n" + data)


@pytest.mark.slow
@settings(max_examples=40_000)
@given(st.sampled_from(NAMES), TEXTS)
def test_made_of_pieces_at_length(name: str, text: str) -> None:
    check(name, text.encode())


@pytest.mark.slow
@settings(max_examples=10_000)
@given(st.sampled_from(NAMES), st.binary(max_size=600))
def test_any_bytes_at_length(name: str, data: bytes) -> None:
    check(name, b"nvidia cuda https://api.openai.com OPENAI_API_KEY\n" + data)
