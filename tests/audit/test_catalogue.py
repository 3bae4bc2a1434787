"""The reviewed tables: sound, cited, and in step with the atlas."""

from __future__ import annotations

import importlib.util
import json
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest

from underlay.atlas import read_curated
from underlay.audit.detectors.infrastructure.catalogue import (
    catalogue,
    cuda_version,
    is_local,
    normal_name,
    split_image,
)
from underlay.audit.findings import TIES, Need

ROOT = Path(__file__).parents[2]
TABLES = files("underlay.audit.detectors.infrastructure")


def table(name: str) -> dict[str, Any]:
    return tomllib.loads(TABLES.joinpath(name).read_text("utf-8"))


INFRASTRUCTURE = table("infrastructure.toml")
SERVICES = table("services.toml")
ROWS = [
    (kind, row)
    for kind in ("package", "extra", "image", "resource", "instance", "accelerator")
    for row in INFRASTRUCTURE[kind]
] + [("toolchain", row) for row in INFRASTRUCTURE["toolchain"].values()]


def test_vendors_are_organisations_of_the_atlas() -> None:
    known = read_curated().organisations
    for name, row in INFRASTRUCTURE["vendors"].items():
        if name == "unknown":
            continue
        listed = row.get("listed", True)
        assert (name in known) == listed, f"`{name}`: listed = {listed}, but the atlas says else"
        assert row["cite"].startswith("https://"), name


def test_rows_use_known_vendors_and_words() -> None:
    vendors = INFRASTRUCTURE["vendors"]
    needs = set(get_args(Need))
    for kind, row in ROWS:
        assert row["vendor"] in vendors, (kind, row)
        assert row.get("tie", "tied") in TIES, (kind, row)
        assert row.get("need", "none") in needs, (kind, row)
        if kind != "extra":
            assert row["cite"].startswith("https://"), (kind, row)
    for name, row in SERVICES.items():
        assert row["operator"] in vendors, name
        assert row["cite"].startswith("https://"), name
        assert row["packages"] or row["npm"] or row["hosts"], name


def test_no_name_stands_twice() -> None:
    for key in ("hosts", "packages", "npm", "classes", "keys", "calls"):
        names = [name for row in SERVICES.values() for name in row.get(key, ())]
        assert len(names) == len(set(names)), key
    for ecosystem in ("pypi", "npm", "crate", "go"):
        names = [
            name
            for row in INFRASTRUCTURE["package"]
            if row.get("ecosystem", "pypi") == ecosystem
            for name in row["names"]
        ]
        assert len(names) == len(set(names)), ecosystem


def test_names_are_written_as_they_are_compared() -> None:
    for row in INFRASTRUCTURE["package"]:
        if row.get("ecosystem", "pypi") == "pypi":
            for name in row["names"]:
                assert normal_name(name.rstrip("*-")) == name.rstrip("*-").replace("_", "-"), name


@pytest.mark.parametrize(
    ("name", "vendor", "tie", "need"),
    [
        ("nvidia-cublas-cu12", "nvidia", "tied", "hardware"),
        ("NVIDIA_cuDNN_cu12", "nvidia", "tied", "hardware"),
        ("nvidia-anything-new", "nvidia", "tied", "hardware"),
        ("torch", "pytorch", "switch", "toolchain"),
        ("flash_attn", "nvidia", "tied", "interface"),
        ("bitsandbytes", "nvidia", "switch", "interface"),
        ("made-up-cu121", "nvidia", "switch", "toolchain"),
        ("torch-npu", "huawei", "tied", "hardware"),
        ("mlx-lm", "apple", "switch", "interface"),
        ("onnxruntime", "microsoft", "portable", "none"),
    ],
)
def test_packages(name: str, vendor: str, tie: str, need: str) -> None:
    found = catalogue().package(name)
    assert found is not None
    assert (found.vendor, found.tie, found.need) == (vendor, tie, need)


@pytest.mark.parametrize(
    "name",
    ["numpy", "nvidia-riva-client", "cudas", "tritonsphere", "focus", "accu12rate", "rocket"],
)
def test_what_is_no_package_of_an_accelerator(name: str) -> None:
    assert catalogue().package(name) is None


@pytest.mark.parametrize(
    ("word", "cloud", "vendor"),
    [
        ("p5.48xlarge", "aws", "nvidia"),
        ("ml.g5.2xlarge", "aws", "nvidia"),
        ("g4ad.xlarge", "aws", "amd"),
        ("trn1.32xlarge", "aws", "amazon"),
        ("inf2.48xlarge", "aws", "amazon"),
        ("a3-highgpu-8g", "gcp", "nvidia"),
        ("nvidia-h100-80gb", "gcp", "nvidia"),
        ("ct6e-standard-4t", "gcp", "google"),
        ("Standard_NC24ads_A100_v4", "azure", "nvidia"),
        ("Standard_ND96isr_MI300X_v5", "azure", "amd"),
        ("ecs.gn7i-c8g1.2xlarge", "alibaba", "nvidia"),
        ("BM.GPU.H100.8", "oracle", "nvidia"),
    ],
)
def test_machines(word: str, cloud: str, vendor: str) -> None:
    found = catalogue().instance(word)
    assert found is not None
    assert (found.cloud, found.entry.vendor) == (cloud, vendor)


@pytest.mark.parametrize(
    "word", ["m5.large", "t3.xlarge", "n1-standard-8", "Standard_D4s_v5", "p5"]
)
def test_plain_machines_are_none(word: str) -> None:
    assert catalogue().instance(word) is None


@pytest.mark.parametrize(
    ("image", "component", "vendor"),
    [
        ("nvidia/cuda:12.4.1-devel", "image:nvidia/cuda", "nvidia"),
        ("docker.io/nvidia/cuda:12.4.1", "image:nvidia/cuda", "nvidia"),
        ("nvcr.io/nim/meta/llama3-8b-instruct:1.0", "image:nvcr.io/nim/meta/llama3-8b-instruct",
         "nvidia"),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "image:pytorch/pytorch", "nvidia"),
        ("rocm/vllm:latest", "image:rocm/vllm", "amd"),
        ("ollama/ollama", "image:ollama/ollama", "unknown"),
        ("localhost:5000/tools:cuda-12.1", "image:localhost:5000/tools", "nvidia"),
        ("vault.habana.ai/gaudi-docker/1.18.0/ubuntu22.04/habanalabs/pytorch:latest",
         "image:vault.habana.ai/gaudi-docker/1.18.0/ubuntu22.04/habanalabs/pytorch", "intel"),
    ],
)  # fmt: skip
def test_images(image: str, component: str, vendor: str) -> None:
    found = catalogue().image(image)
    assert found is not None
    assert (found[0], found[1].vendor) == (component, vendor)


@pytest.mark.parametrize(
    "image", ["python:3.11-slim", "nginx", "library/nginx:1.27", "barracuda/mail:1", "focus:cu"]
)
def test_plain_images_are_none(image: str) -> None:
    assert catalogue().image(image) is None


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/", "azure-openai"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "amazon-bedrock"),
        ("https://bedrock-runtime.{region}.amazonaws.com", "amazon-bedrock"),
        ("https://us-central1-aiplatform.googleapis.com/v1", "google-vertex"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://openrouter.ai/models", None),
        ("https://platform.openai.com/docs", None),
        ("https://api.openai.com.evil.example/v1", None),
        ("http://localhost:8000/v1", None),
        ("not a url", None),
    ],
)
def test_hosts(url: str, service: str | None) -> None:
    found = catalogue().host(url)
    assert (found.name if found else None) == service


def test_local_addresses() -> None:
    for url in ("http://localhost:1", "http://127.0.0.1", "http://ollama:11434/v1",
                "http://192.168.1.4/v1", "http://vllm.default.svc.cluster.local",
                "http://host.docker.internal:1234", "http://[::1]:80"):  # fmt: skip
        assert is_local(url), url
    for url in ("https://api.openai.com", "https://example.com", "ollama", ""):
        assert not is_local(url), url


def test_small_readings() -> None:
    assert cuda_version("126") == "12.6"
    assert cuda_version("118") == "11.8"
    assert cuda_version("12") == "12"
    assert split_image("a.b:5000/c/d:1@sha256:x") == ("a.b:5000/c/d", "1", "sha256:x")
    assert split_image("a.b:5000/c") == ("a.b:5000/c", "", "")


def test_indexes_and_pins() -> None:
    known = catalogue()
    for text, name, version in (
        ("https://download.pytorch.org/whl/cu126", "cuda", "12.6"),
        ("https://download.pytorch.org/whl/rocm6.2.4", "rocm", "6.2.4"),
        ("https://download.pytorch.org/whl/nightly/xpu", "xpu", None),
        ("https://pypi.nvidia.com", "cuda", None),
    ):
        found = known.index(text)
        assert found is not None
        assert (found[0], found[1].version) == (name, version), text
    assert known.index("https://download.pytorch.org/whl/cpu") is None
    assert known.index("https://index.example/simple") is None
    assert known.pin("1.2.3+local.1") is None


def test_the_table_of_symbols_is_what_the_script_makes() -> None:
    data = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
    folder = data / "stack" / "portability"
    if not folder.is_dir():
        pytest.skip("the staged portability tables are not here (set UNDERLAY_DATA)")
    path = ROOT / "bench" / "portability.py"
    spec = importlib.util.spec_from_file_location("bench_portability", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made = json.loads(TABLES.joinpath("portability.json").read_text("utf-8"))
    with_hip, without_hip = script.hip(folder)
    assert made["hip"].split() == with_hip
    assert made["no_hip"].split() == without_hip
    on_ascend, neutral = script.ascend(folder)
    assert made["ascend_cuda"] == on_ascend
    assert made["torch_accelerator"] == neutral


def test_the_tables_stay_small() -> None:
    size = len(TABLES.joinpath("portability.json").read_bytes())
    assert size < 300_000
