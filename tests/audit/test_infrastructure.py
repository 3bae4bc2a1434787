"""What each detector of infrastructure finds in small files, at which line, and how it binds."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from underlay.audit.detectors.infrastructure.coupling import Coupling
from underlay.audit.detectors.infrastructure.deployment import Deployment
from underlay.audit.detectors.infrastructure.kernels import Kernels
from underlay.audit.detectors.infrastructure.locks import Locks
from underlay.audit.detectors.infrastructure.manifests import Manifests
from underlay.audit.detectors.infrastructure.services import Services
from underlay.audit.findings import Detector, File, Infrastructure

LABELLED = Path(__file__).parents[1] / "data" / "audit" / "labelled"
OURS: tuple[Detector, ...] = (
    Manifests(),
    Locks(),
    Coupling(),
    Deployment(),
    Kernels(),
    Services(),
)


def look(path: str, text: str | bytes) -> list[Infrastructure]:
    data = textwrap.dedent(text).encode() if isinstance(text, str) else text
    file = File(PurePosixPath(path), data, size=len(data))
    found: list[Infrastructure] = []
    for detector in OURS:
        if detector.wants(file.path, len(data)):
            for one in detector.detect(file):
                assert one.rule in {rule.id for rule in detector.rules}, one
                if isinstance(one, Infrastructure):
                    found.append(one)
    return found


def told(path: str, text: str | bytes) -> set[tuple[int, str, str]]:
    return {(one.line, one.component, one.tie) for one in look(path, text)}


# --- Python --------------------------------------------------------------------------------------


def test_what_is_tied_and_what_a_choice_guards() -> None:
    source = """\
        import torch
        model.cuda()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        best = "cuda" if torch.cuda.is_available() else "mps" if on_mac() else "cpu"
        torch.cuda.synchronize()
        if use_cuda:
            torch.cuda.empty_cache()
        torch.accelerator.synchronize()
        x = torch.zeros(3, device="cuda:1")
        assert torch.cuda.is_available()
        """
    assert told("a.py", source) == {
        (2, "api:cuda", "tied"),
        (3, "api:cuda", "switch"),
        (4, "api:cuda", "portable"),
        (5, "api:cuda", "tied"),
        (7, "api:cuda", "switch"),
        (8, "api:torch.accelerator", "portable"),
        (9, "api:cuda", "tied"),
        (10, "api:cuda", "tied"),
    }


def test_an_early_return_guards_what_follows_and_a_refusal_does_not() -> None:
    returns = "import torch\ndef f():\n if not torch.cuda.is_available():\n  return\n x.cuda()\n"
    refuses = "import torch\nif not torch.cuda.is_available():\n raise SystemExit\nx.cuda()\n"
    assert (5, "api:cuda", "switch") in told("a.py", returns)
    assert told("a.py", refuses) == {(2, "api:cuda", "tied"), (4, "api:cuda", "tied")}


def test_names_are_followed_through_imports() -> None:
    source = """\
        from torch import cuda
        from torch.cuda.amp import GradScaler
        import torch.cuda.nvtx as nvtx
        cuda.synchronize()
        nvtx.range_push("x")
        """
    lines = {line for line, component, _ in told("a.py", source) if component == "api:cuda"}
    assert lines == {2, 3, 4, 5}


def test_a_word_is_no_device() -> None:
    source = '''\
        """Works with cuda."""
        import torch
        name = "a cuda of sorts"
        print("cuda is fast")
        barracuda = Fish()
        barracuda.swim()
        if device == "cuda":
            pass
        '''
    assert told("a.py", source) == set()


def test_defaults_and_options_are_switches() -> None:
    source = """\
        import os
        def load(path, device="cuda"): ...
        class Settings:
            device: str = "cuda"
        parser.add_argument("--device", default="cuda")
        where = os.getenv("DEVICE", "cuda")
        CHOICES = ["cuda", "mps", "cpu"]
        """
    found = look("a.py", source)
    roles = {one.line: (one.tie, one.role) for one in found if one.component == "api:cuda"}
    assert roles == {
        2: ("switch", "default"),
        4: ("switch", "default"),
        5: ("switch", "default"),
        6: ("switch", "default"),
        7: ("portable", "option"),
    }


@pytest.mark.parametrize(
    ("line", "component", "tie", "need"),
    [
        ("import pynvml", "package:pynvml", "tied", "hardware"),
        ("from flash_attn import flash_attn_func", "package:flash-attn", "tied", "interface"),
        ("import torch_npu", "package:torch-npu", "tied", "hardware"),
        ("import mlx.core as mx", "package:mlx", "switch", "interface"),
        ("from numba import cuda", "package:numba-cuda", "tied", "interface"),
        ("from optimum.neuron import NeuronModel", "package:optimum-neuron", "tied", "hardware"),
        ('dist.init_process_group("nccl")', "api:nccl", "tied", "interface"),
        ('dist.init_process_group(backend="hccl")', "api:hccl", "tied", "interface"),
        ('m = load(x, attn_implementation="flash_attention_2")', "package:flash-attn", "tied",
         "interface"),
        ("m = load(x, load_in_8bit=True)", "package:bitsandbytes", "switch", "interface"),
        ('m = load(x, device_map="auto")', "api:device-map", "portable", "none"),
        ('s = Session(x, providers=["CUDAExecutionProvider"])', "api:CUDAExecutionProvider",
         "tied", "hardware"),
        ('subprocess.run(["nvidia-smi", "-L"])', "tool:nvidia-smi", "tied", "hardware"),
        ('os.system("nvcc -o a a.cu")', "tool:nvcc", "tied", "toolchain"),
        ('os.environ["CUDA_VISIBLE_DEVICES"] = "0"', "api:cuda", "switch", "interface"),
        ('ext = CUDAExtension("a", ["a.cu"])', "kernel:cuda", "tied", "toolchain"),
        ('mod = load_inline("a", cuda_sources=[text])', "kernel:cuda", "tied", "toolchain"),
        ('image = image.pip_install("vllm==0.6")', "package:vllm", "switch", "toolchain"),
        ("torch.backends.cudnn.benchmark = True", "api:cuda", "portable", "interface"),
    ],
)  # fmt: skip
def test_one_line_of_python(line: str, component: str, tie: str, need: str) -> None:
    source = f"import os, subprocess, torch\nimport torch.distributed as dist\n{line}\n"
    found = {(one.component, one.tie, one.need) for one in look("a.py", source) if one.line == 3}
    assert (component, tie, need) in found


def test_an_import_that_may_fail_is_a_switch() -> None:
    source = "try:\n    import flash_attn\nexcept ImportError:\n    flash_attn = None\n"
    assert told("a.py", source) == {(2, "package:flash-attn", "switch")}
    refused = "try:\n    import flash_attn\nexcept ImportError as e:\n    raise X from e\n"
    assert told("a.py", refused) == {(2, "package:flash-attn", "tied")}


def test_kernels_in_triton_are_a_toolchain_with_other_back_ends() -> None:
    source = "import triton\n\n@triton.jit\ndef add(x):\n    pass\n"
    assert (4, "kernel:triton", "switch") in told("a.py", source)


def test_replacements_come_from_the_tables() -> None:
    source = "import torch\ntorch.cuda.synchronize()\ntorch.cuda.nvtx.mark('x')\nx.cuda()\n"
    by_line = {one.line: one.replacement for one in look("a.py", source)}
    assert by_line == {2: "torch.accelerator.synchronize", 3: None, 4: ".to(device)"}


def test_deep_and_broken_python_ends() -> None:
    assert told("a.py", "x.cuda(\n") == set()
    chain = "import torch\nx = " + "+".join(["torch.cuda.x()"] * 3000) + "\n"
    assert told("a.py", chain) <= {(2, "api:cuda", "tied")}


# --- packages ------------------------------------------------------------------------------------


def test_requirements() -> None:
    text = """\
        # torch in a comment
        --extra-index-url https://download.pytorch.org/whl/cu121
        torch==2.4.1+cu121 \\
            --hash=sha256:00
        jax[cuda12]>=0.4  # flash-attn
        nvidia-cublas-cu12 ; sys_platform == "linux"
        flash-attn @ git+https://github.com/Dao-AILab/flash-attention
        https://example.org/whl/flash_attn-2.7+cu12torch2.6-cp312-cp312-linux_x86_64.whl
        -r more.txt
        numpy
        """
    assert told("requirements-gpu.txt", text) == {
        (2, "toolchain:cuda", "switch"),
        (3, "package:torch", "switch"),
        (3, "toolchain:cuda", "switch"),
        (5, "package:jax", "portable"),
        (5, "package:jax[cuda12]", "switch"),
        (6, "package:nvidia-cublas-cu12", "tied"),
        (7, "package:flash-attn", "tied"),
        (8, "package:flash-attn", "tied"),
        (8, "toolchain:cuda", "switch"),
    }


def test_pyproject_in_its_dialects() -> None:
    text = """\
        [project]
        name = "vllm"
        dependencies = ["torch", "anthropic"]
        [project.optional-dependencies]
        gpu = ["bitsandbytes"]
        [dependency-groups]
        test = ["pynvml"]
        [tool.poetry.dependencies]
        xformers = { version = "^0.0.28", source = "cu" }
        [[tool.poetry.source]]
        url = "https://download.pytorch.org/whl/cu121"
        [[tool.uv.index]]
        url = "https://download.pytorch.org/whl/rocm6.2"
        [tool.ruff]
        line-length = 100
        """
    assert told("pyproject.toml", text) == {
        (3, "package:torch", "switch"),
        (3, "package:anthropic", "tied"),
        (5, "package:bitsandbytes", "switch"),
        (7, "package:pynvml", "tied"),
        (9, "package:xformers", "switch"),
        (11, "toolchain:cuda", "switch"),
        (13, "toolchain:rocm", "switch"),
    }


def test_conda_and_its_channels() -> None:
    text = """\
        channels: [nvidia, conda-forge]
        dependencies:
          - pytorch=2.1.0=py3.10_cuda11.8_cudnn8.7.0_0
          - pytorch-cuda=11.8
          - pip:
              - deepspeed
        """
    assert told("environment.yml", text) == {
        (1, "toolchain:cuda", "switch"),
        (3, "package:torch", "switch"),
        (3, "toolchain:cuda", "switch"),
        (4, "package:pytorch-cuda", "tied"),
        (6, "package:deepspeed", "switch"),
    }


def test_other_manifests() -> None:
    assert told("setup.cfg", "[metadata]\nname = torch\n[options]\ninstall_requires =\n  vllm\n"
                ) == {(5, "package:vllm", "switch")}  # fmt: skip
    assert told("setup.py", "setup(install_requires=['cupy-cuda12x'])\n") == {
        (1, "package:cupy-cuda12x", "switch")
    }
    assert told("Cargo.toml", '[dependencies]\ncudarc = "0.11"\nserde = "1"\n') == {
        (2, "crate:cudarc", "tied")
    }
    assert told("go.mod", "module x\nrequire (\n\tgithub.com/NVIDIA/go-nvml v0.12.0\n)\n") == {
        (3, "go:github.com/NVIDIA/go-nvml", "tied")
    }
    assert told("cog.yaml", 'build:\n  gpu: true\n  cuda: "12.1"\n') == {
        (2, "device:nvidia", "tied"),
        (3, "toolchain:cuda", "switch"),
    }
    assert told("package.json", '{"dependencies": {\n "openai": "^4",\n "left-pad": "1"}}') == {
        (2, "npm:openai", "switch")
    }


LOCKS = {
    "uv.lock": (
        '[[package]]\nname = "nvidia-nccl-cu12"\nversion = "2.21"\n\n[[package]]\nname = "numpy"\n'
        'dependencies = [{ name = "nvidia-cudnn-cu12" }]\n',
        2,
    ),
    "poetry.lock": ('[[package]]\nname = "nvidia-nccl-cu12"\nversion = "2.21"\n', 2),
    "pylock.toml": ('[[packages]]\nname = "nvidia-nccl-cu12"\nversion = "2.21"\n', 2),
    "Pipfile.lock": (
        '{\n    "default": {\n        "nvidia-nccl-cu12": {\n            "version": "==2.21"\n'
        "        }\n    }\n}\n",
        3,
    ),
    "conda-lock.yml": (
        "package:\n- name: nvidia-nccl-cu12\n  version: '2.21'\n  manager: pip\n",
        2,
    ),
    "pixi.lock": (
        "packages:\n- pypi: https://x.org/nvidia_nccl_cu12-2.21-py3-none-any.whl\n  name: x\n",
        2,
    ),
}


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_a_pinned_package_is_found_once(name: str) -> None:
    text, line = LOCKS[name]
    found = look(name, text)
    assert [(one.line, one.version, one.need) for one in found] == [(line, "2.21", "hardware")]
    assert normal(found[0].component) == "package:nvidia-nccl-cu12"


def normal(component: str) -> str:
    return component.replace("_", "-")


def test_the_project_itself_is_no_pin() -> None:
    text = '[[package]]\nname = "vllm"\nversion = "1"\nsource = { editable = "." }\n'
    assert told("uv.lock", text) == set()


# --- deployment ----------------------------------------------------------------------------------


def test_a_dockerfile() -> None:
    text = """\
        ARG TAG=12.4.1-devel
        FROM nvidia/cuda:${TAG} AS build
        RUN apt-get install -y libcudnn9-cuda-12 git && pip install vllm --extra-index-url \\
            https://download.pytorch.org/whl/cu124
        ENV CUDA_HOME=/usr/local/cuda CUDA_VISIBLE_DEVICES=""
        FROM build
        FROM python:3.12-slim
        """
    assert told("Dockerfile", text) == {
        (2, "image:nvidia/cuda", "tied"),
        (3, "toolchain:cuda", "tied"),
        (3, "package:vllm", "switch"),
        (4, "toolchain:cuda", "switch"),
        (5, "toolchain:cuda", "switch"),
    }


def test_kubernetes_and_compose() -> None:
    text = """\
        spec:
          runtimeClassName: nvidia
          nodeSelector: {node.kubernetes.io/instance-type: g5.2xlarge}
          tolerations:
            - key: amd.com/gpu
          containers:
            - image: ghcr.io/huggingface/text-generation-inference:2.4-rocm
              resources: {limits: {nvidia.com/gpu: 1, google.com/tpu: "0"}}
        """
    assert told("pod.yaml", text) == {
        (2, "device:nvidia", "tied"),
        (3, "instance:aws/g5.2xlarge", "tied"),
        (5, "resource:amd.com/gpu", "tied"),
        (7, "image:ghcr.io/huggingface/text-generation-inference", "switch"),
        (8, "resource:nvidia.com/gpu", "tied"),
    }
    compose = """\
        services:
          a:
            runtime: nvidia
            devices: ["/dev/kfd:/dev/kfd", "/dev/snd"]
            image: postgres:16
            deploy: {resources: {reservations: {devices: [{driver: nvidia}]}}}
        """
    assert told("compose.yaml", compose) == {
        (3, "device:nvidia", "tied"),
        (4, "device:amd", "tied"),
        (6, "device:nvidia", "tied"),
    }


def test_commands() -> None:
    text = """\
        docker run --gpus all -it nvcr.io/nvidia/tritonserver:24.01-py3
        CMAKE_ARGS="-DGGML_METAL=on" pip install llama-cpp-python
        conda install -c nvidia pytorch-cuda=12.1
        uv sync --extra cuda12
        python serve.py --device npu
        pip install -r requirements.txt
        echo nvidia-smi is nice
        """
    assert told("run.sh", text) == {
        (1, "device:nvidia", "tied"),
        (1, "image:nvcr.io/nvidia/tritonserver", "tied"),
        (2, "toolchain:metal", "switch"),
        (2, "package:llama-cpp-python", "portable"),
        (3, "toolchain:cuda", "switch"),
        (3, "package:pytorch-cuda", "tied"),
        (4, "extra:cuda12", "switch"),
        (5, "api:npu", "switch"),
    }


def test_terraform() -> None:
    text = """\
        resource "aws_instance" "a" {
          instance_type = "p4d.24xlarge"
          tags = { Name = "m5.large or so" }
          user_data = <<-EOT
            #!/bin/bash
            nvidia-smi
          EOT
        }
        """
    assert told("main.tf", text) == {
        (2, "instance:aws/p4d.24xlarge", "tied"),
        (6, "tool:nvidia-smi", "tied"),
    }


def test_documents_count_as_documents() -> None:
    text = "# x\n\n```bash\n$ pip install flash-attn\n```\n\nUse `pip install xformers`.\n"
    found = look("README.md", text)
    assert [(one.line, one.component, one.role) for one in found] == [
        (4, "package:flash-attn", "doc")
    ]


# --- kernels -------------------------------------------------------------------------------------


def test_cuda_the_language_and_nvidia_the_machine_are_two_needs() -> None:
    text = """\
        #include <cuda_runtime.h>
        #include <cutlass/cutlass.h>
        // __global__ void no();
        __global__ void yes(float* x) { x[0] = 1; }
        __device__ int lane() { int r; asm volatile("mov.u32 %0, %laneid;" : "=r"(r)); return r; }
        void f() { cudaMalloc(0, 1); const char* s = "cudaFree __global__"; }
        """
    found = {(one.line, one.component, one.need) for one in look("a.cu", text)}
    assert found == {
        (1, "api:cuda-runtime", "interface"),
        (2, "package:cutlass", "hardware"),
        (4, "kernel:cuda", "interface"),
        (5, "kernel:ptx", "hardware"),
    }


def test_a_call_without_an_equivalent_is_said() -> None:
    text = "void f() { cudaMalloc(0, 1);\n cublasLtLoggerOpenFile(0); }\n"
    rules = {(one.line, one.rule, one.need) for one in look("a.cpp", text)}
    assert (1, "kernels/calls", "interface") in rules
    assert (2, "kernels/no-equivalent", "hardware") in rules


def test_other_languages_of_kernels() -> None:
    assert told("a.metal", "kernel void f(device float* x) {}\n") == {(1, "kernel:metal", "tied")}
    assert told("a.cl", "__kernel void f() {}\n") == {(1, "kernel:opencl", "portable")}
    assert told("a.cpp", 'int main() { asm volatile("nop"); }\n') == set()


def test_cmake() -> None:
    text = """\
        project(x LANGUAGES CXX CUDA)
        find_package(Threads)
        if(USE_CUDA)
          find_package(CUDAToolkit REQUIRED)
        endif()
        find_package(hip)
        # find_package(CUDA)
        """
    assert told("CMakeLists.txt", text) == {
        (1, "toolchain:cuda", "tied"),
        (4, "toolchain:cuda", "switch"),
        (6, "toolchain:rocm", "tied"),
    }


# --- services ------------------------------------------------------------------------------------


def test_clients_in_python() -> None:
    source = """\
        import os, boto3, anthropic
        from openai import OpenAI
        LOCAL = "http://localhost:8000/v1"
        a = OpenAI()
        b = OpenAI(base_url=LOCAL)
        c = OpenAI(base_url=os.environ["URL"])
        d = OpenAI(base_url="https://api.deepseek.com")
        e = OpenAI(base_url=os.getenv("URL", "http://ollama:11434/v1"))
        f = anthropic.Anthropic()
        g = boto3.client("bedrock-runtime")
        h = boto3.client("s3")
        i = boto3.client(service_name="bedrock-runtime")
        """
    assert told("a.py", source) == {
        (4, "service:openai", "switch"),
        (6, "api:openai", "portable"),
        (7, "service:deepseek", "switch"),
        (9, "service:anthropic", "tied"),
        (10, "service:amazon-bedrock", "tied"),
        (12, "service:amazon-bedrock", "tied"),
    }


def test_a_local_server_is_no_service() -> None:
    env = "OPENAI_API_KEY=none\nOPENAI_API_BASE=http://localhost:11434/v1\n"
    assert told(".env", env) == set()
    assert told(".env", "OPENAI_API_KEY=\n#GROQ_API_KEY=\n") == {(1, "service:openai", "switch")}
    script = 'import OpenAI from "openai";\nnew OpenAI({ baseURL: "http://localhost:1/v1" });\n'
    assert told("a.ts", script) == set()


def test_clients_in_scripts() -> None:
    script = """\
        import { createOpenAI, openai } from "@ai-sdk/openai";
        import type { Message } from "@anthropic-ai/sdk";
        const { Groq } = require("groq-sdk");
        // https://api.mistral.ai was tried
        const x = createOpenAI({ baseURL: process.env.URL });
        const y = new Groq();
        fetch("https://api.x.ai/v1/chat/completions");
        """
    assert told("a.ts", script) == {
        (5, "api:openai", "portable"),
        (6, "service:groq", "switch"),
        (7, "service:xai", "switch"),
    }


def test_addresses_in_configuration_and_prose() -> None:
    assert told("a.yaml", "url: https://api.together.xyz/v1\n# https://api.x.ai\n") == {
        (1, "service:together", "switch")
    }
    prose = "See https://api.openai.com for it.\n\n```\ncurl https://api.groq.com/x\n```\n"
    assert told("README.md", prose) == {(4, "service:groq", "switch")}


# --- all -----------------------------------------------------------------------------------------


def test_rules_have_one_name_and_a_reason() -> None:
    ids = [rule.id for detector in OURS for rule in detector.rules]
    assert len(ids) == len(set(ids))
    for detector in OURS:
        for rule in detector.rules:
            assert rule.id.startswith(f"{detector.name}/")
            assert rule.doc


@pytest.mark.parametrize("name", ["infra_training", "infra_serving", "infra_edge"])
def test_labelled_trees(name: str) -> None:
    root = LABELLED / name
    labels = tomllib.loads((root / "labels.toml").read_text("utf-8"))["infrastructure"]
    wanted = {(row["file"], row["line"], row["component"]): row for row in labels}
    found: dict[tuple[str, int, str], Infrastructure] = {}
    for path in sorted((root / "tree").rglob("*")):
        if path.is_file():
            here = path.relative_to(root / "tree").as_posix()
            for one in look(here, path.read_bytes()):
                found[one.file, one.line, one.component] = one
    hits = set(wanted) & set(found)
    assert len(hits) >= 0.9 * len(wanted), sorted(set(wanted) - hits)
    assert len(hits) >= 0.9 * len(found), sorted(set(found) - hits)
    for key in hits:
        assert (found[key].tie, found[key].need) == (wanted[key]["tie"], wanted[key]["need"]), key


def test_a_second_look_says_the_same() -> None:
    text = (LABELLED / "infra_training" / "tree" / "trainer" / "engine.py").read_bytes()
    assert look("engine.py", text) == look("engine.py", bytes(text))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000 + b"cuda",
        b"\xff\xfe" + "torch.cuda".encode("utf-16-le"),
        b"nvidia " * 50_000,
        b"image: &a [" + b"*a, " * 10_000 + b"] # nvidia",
        b"[" * 50_000 + b"nvidia cuda",
        b"x = " + b"(" * 5_000 + b"torch.cuda",
        b"import torch\n" + b"if torch.cuda.is_available():\n " * 90 + b"pass",
        b'{"nvidia":' * 20_000,
        b'x = "' + b"https://" * 20_000 + b'api.openai.com"',
        b"/* __global__ " * 20_000,
        b"FROM nvidia/cuda:" + b"\\\n" * 20_000,
        b"- name: " + b"nvidia-" * 20_000,
    ],
    ids=range(13),
)
def test_hostile_bytes_end(data: bytes) -> None:
    for name in (
        "a.yaml", "a.json", "a.tf", "Dockerfile", "a.sh", "a.cu", "a.ts", "a.md", "CMakeLists.txt",
        "requirements.txt", "pyproject.toml", "uv.lock", "yarn.lock", "package-lock.json", ".env",
        "pnpm-lock.yaml", "conda-lock.yml", "setup.cfg", "environment.yml", "package.json",
    ):  # fmt: skip
        look(name, data)


def test_half_a_character_of_json_costs_nothing() -> None:
    found = look(
        "job.json",
        r'{"command": "docker run --gpus all \ud83d x", "note": "a\nb \udc00", '
        r'"accelerator": "A100"}',
    )
    assert "accelerator:A100" in {one.component for one in found}
    assert "device:nvidia" in {one.component for one in found}
