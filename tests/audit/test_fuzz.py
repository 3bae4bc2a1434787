"""Each parser of the audit under random bytes and broken source: at least 100,000 inputs in all.

Slow; `make fuzz` runs it. The count is shared between names of files, mutated from real samples.
`UNDERLAY_FUZZ_SEED` gives other inputs; a process that dies ends the run, so no crash is missed.
"""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path, PurePosixPath

import pytest

from underlay.audit.detectors import DETECTORS
from underlay.audit.findings import File, Infrastructure, Linker, ModelReference, Unknown

LABELLED = Path(__file__).parents[1] / "data" / "audit" / "labelled"
INPUTS = 110_000
SEED = os.environ.get("UNDERLAY_FUZZ_SEED", "")
LONGEST = 20  # seconds of one input, which has a few kilobytes; a busy machine is no failure
NAMES = (
    "a.py", "a.ipynb", "a.ts", "a.tsx", "a.js", "a.sh", "Makefile", "Dockerfile", "docker-compose.yml",
    "values.yaml", "templates/deploy.yaml", ".github/workflows/ci.yml", "main.tf", "config.toml",
    "pyproject.toml", "config.json", "package.json", "workflow_api.json", "model_index.json", ".env",
    "a.ini", "Modelfile", "m.gguf", "m.safetensors", "m.onnx", "m.pt", "README.md", "a.rst",
    "requirements.txt", "uv.lock", "poetry.lock", "package-lock.json", "environment.yml", "setup.py",
    "k.cu", "CMakeLists.txt", "Cargo.toml", "go.mod", "litellm.yaml", "a.yaml",
    "models.txt", "config.pbtxt", "a.http", "main.bicep",
    "Pipfile.lock", "pdm.lock", "pylock.toml", "conda-lock.yml", "conda-linux-64.lock", "pixi.lock", "yarn.lock",
    "pnpm-lock.yaml", "bun.lock", "gpu-pins.txt", "requirements.lock", "torch-2.1+cu121-cp311-x-y.whl", "setup.cfg",
    "a.html", "a.vue", "a.svelte", "a.mdx", "a.go", "a.rs", "a.java", "a.kt", "a.cs", "a.swift", "a.rb", "a.php",
    "a.cpp", "a.metal", "a.hip", "Chart.yaml", "kustomization.yaml", "a.bat", "pom.xml", "build.gradle", "a.csproj",
)  # fmt: skip
WORDS = (
    b"gpt-4o", b"model", b"from_pretrained", b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b"$", b"${",
    b"\n", b"\\", b"#", b":", b"=", b"&a", b"*a", b"<<", b"!!python/object", b"huggingface.co/a/b",
    b"ollama pull ", b"FROM ", b"`", b"\xff", b"\0", b"nvidia", b"cuda", b"+cu126", b"f\"{", b"\r",
    b"<<EOF", b"---", b"|", b">", b"/*", b"//", b"\"model\": ", b"torch", b"image: ", b"lambda:", b"\t",
)  # fmt: skip


def samples() -> dict[str, list[bytes]]:
    """Real texts by the ending of their names."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(LABELLED.glob("*/tree/**/*")):
        if path.is_file():
            found.setdefault(path.suffix or path.name, []).append(path.read_bytes()[:3000])
    return found


def mutated(rng: random.Random, texts: list[bytes]) -> bytes:
    """A part of a sample, with words put in, bytes taken out, and pieces repeated."""
    text = rng.choice(texts) if texts and rng.random() < 0.8 else b""
    if text:
        start = rng.randrange(len(text)) if rng.random() < 0.5 else 0
        text = text[start : start + rng.randint(1, 400)]
    data = bytearray(text)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        way = rng.random()
        if way < 0.5:
            data[at:at] = rng.choice(WORDS)
        elif way < 0.7:
            del data[at : at + rng.randint(1, 20)]
        elif way < 0.85:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
        else:
            data[at:at] = bytes(data[at : at + 20]) * rng.randint(1, 10)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_detector_fails(name: str) -> None:
    rng = random.Random(name + SEED)  # noqa: S311 - inputs, no secret
    path = PurePosixPath(name)
    known = samples()
    texts = known.get(path.suffix or path.name, []) or [t for held in known.values() for t in held]
    wanting = [detector for detector in DETECTORS if detector.wants(path, 1000)]
    assert wanting, "no detector reads such a file"
    for _ in range(INPUTS // len(NAMES) + 1):
        data = mutated(rng, texts)
        file = File(path, data, size=len(data))
        for detector in wanting:
            start = time.perf_counter()
            try:
                found = list(detector.detect(file))
                if isinstance(detector, Linker):
                    facts = detector.facts(file)
                    if facts:
                        kept = json.loads(json.dumps(facts))  # what the cache makes of it
                        assert list(detector.link({name: kept})) == found
            except Exception as error:
                raise AssertionError(f"{detector.name} on {data!r}") from error
            assert time.perf_counter() - start < LONGEST, f"{detector.name} on {data!r}"
            for finding in found:
                assert isinstance(finding, (ModelReference, Infrastructure, Unknown))
                if not isinstance(finding, Unknown):
                    assert 1 <= finding.line <= data.count(b"\n") + data.count(b"\r") + 1
