"""Packages by manifest, by lock file of every tool, and by what manifests include."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from underlay.audit import Audit, audit
from underlay.audit.detectors.infrastructure.locks import Locks
from underlay.audit.findings import File, Infrastructure

# what a build of torch for CUDA 12 pulls in
WHEELS = (
    "nvidia-cublas-cu12", "nvidia-cuda-cupti-cu12", "nvidia-cuda-nvrtc-cu12",
    "nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", "nvidia-cufft-cu12", "nvidia-cufile-cu12",
    "nvidia-curand-cu12", "nvidia-cusolver-cu12", "nvidia-cusparse-cu12", "nvidia-cusparselt-cu12",
    "nvidia-nccl-cu12", "nvidia-nvjitlink-cu12", "nvidia-nvtx-cu12",
)  # fmt: skip
INDEX = "https://index.example"


def _toml(table: str) -> str:
    return "".join(
        f'[[{table}]]\nname = "{name}"\nversion = "12.4.5"\n\n[[{table}]]\nname = "six"\n'
        'version = "1"\n\n' for name in WHEELS
    )  # fmt: skip


def _wheel(name: str) -> str:
    return f"{INDEX}/{name.replace('-', '_')}-12.4.5-py3-none-manylinux2014_x86_64.whl"


LOCKS = {
    "uv.lock": _toml("package"),
    "poetry.lock": _toml("package"),
    "pdm.lock": _toml("package"),
    "pylock.toml": _toml("packages"),
    "pylock.gpu.toml": _toml("packages"),
    "Pipfile.lock": '{\n    "_meta": {},\n    "default": {\n' + ",\n".join(
        f'        "{name}": {{\n            "hashes": [\n                "sha256:0"\n            ],'
        f'\n            "version": "==12.4.5"\n        }}' for name in WHEELS) + "\n    }\n}\n",
    "conda-lock.yml": "version: 1\npackage:\n" + "".join(
        f"- name: {name}\n  version: 12.4.5\n  manager: pip\n  platform: linux-64\n"
        for name in WHEELS),
    "conda-linux-64.lock": "@EXPLICIT\n" + "".join(
        f"{INDEX}/linux-64/{name}-12.4.5-py_0.conda#abc\n" for name in WHEELS),
    "pixi.lock": "version: 6\nenvironments:\n  gpu:\n    packages:\n      linux-64:\n" + "".join(
        f"      - pypi: {_wheel(name)}\n" for name in WHEELS) + "packages:\n" + "".join(
        f"- pypi: {_wheel(name)}\n  name: {name}\n  version: 12.4.5\n" for name in WHEELS),
    "older/pixi.lock": "version: 5\npackages:\n" + "".join(
        f"- kind: pypi\n  name: {name}\n  version: 12.4.5\n  url: {_wheel(name)}\n"
        for name in WHEELS),
    "requirements.lock": "".join(f"{name}==12.4.5\n    # via torch\n" for name in WHEELS),
    "requirements.txt": "".join(
        f"{name}==12.4.5 ; sys_platform == 'linux' \\\n    --hash=sha256:0\n" for name in WHEELS),
}  # fmt: skip


@pytest.mark.parametrize("path", LOCKS)
def test_every_wheel_of_a_lock_is_seen_at_its_line(path: str, tmp_path: Path) -> None:
    place = tmp_path / path
    place.parent.mkdir(exist_ok=True)
    place.write_text(LOCKS[path])
    found = [i for i in audit(tmp_path).infrastructure if i.component.startswith("package:nvidia-")]
    assert {i.component.removeprefix("package:") for i in found} == set(WHEELS)
    assert len(found) == len(WHEELS)
    lines = LOCKS[path].split("\n")
    for one in found:
        shown = lines[one.line - 1].replace("_", "-")
        assert one.component.removeprefix("package:") in shown
        assert one.version == "12.4.5"
        assert one.vendor == "nvidia"


NODE = ("@tensorflow/tfjs-node-gpu", "gpu-info-nvidia")
NODE_LOCKS = {
    "package-lock.json": '{\n  "packages": {\n' + ",\n".join(
        f'    "node_modules/{name}": {{\n      "version": "3.0.1"\n    }}' for name in NODE)
        + "\n  }\n}\n",
    "yarn.lock": "".join(f'"{name}@^3.0.0":\n  version "3.0.1"\n\n' for name in NODE),
    "pnpm-lock.yaml": "packages:\n\n" + "".join(
        f"  '{name}@3.0.1':\n    resolution: {{}}\n\n" for name in NODE),
    "bun.lock": '{\n  "packages": {\n' + "".join(
        f'    "{name}": ["{name}@3.0.1", "", {{}}, "sha512-0"],\n' for name in NODE) + "  }\n}\n",
}  # fmt: skip


@pytest.mark.parametrize("path", NODE_LOCKS)
def test_locks_of_javascript(path: str) -> None:
    data = NODE_LOCKS[path].encode()
    found = list(Locks().detect(File(PurePosixPath(path), data, size=len(data))))
    assert found
    for one in found:
        assert isinstance(one, Infrastructure)
        assert one.component.partition(":")[2] in NODE_LOCKS[path].split("\n")[one.line - 1]
        assert one.version == "3.0.1"


def tree(root: Path, files: dict[str, str]) -> Audit:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return audit(root)


def test_what_is_included_is_followed_inside_the_tree(tmp_path: Path) -> None:
    (tmp_path / "outside-pins.txt").write_text("xformers\n")
    done = tree(
        tmp_path / "tree",
        {
            "requirements.txt": "-r extra/gpu.txt\n-c ../outside-pins.txt\n-r missing-deps.txt\n"
            "-r $WHICH/deps.txt\n-r https://example.com/deps.txt\n",
            "extra/gpu.txt": "flash-attn==2.5.8\n-r ../requirements.txt\n-r gpu.txt\n-r a-gpu.in\n",
            "extra/a-gpu.in": "deepspeed\n",
            "apart/gpu.txt": "bitsandbytes\n",
            "prose/all-about.txt": "deepspeed is a library, and so on.\n",
        },
    )
    found = {(i.component, i.file, i.line) for i in done.infrastructure}
    assert found == {
        ("package:flash-attn", "extra/gpu.txt", 1),
        ("package:deepspeed", "extra/a-gpu.in", 1),
    }
    told = {u.line: u.reason for u in done.unknown if u.file == "requirements.txt"}
    assert "outside the tree" in told[2]
    assert "not in the tree" in told[3]
    assert "known only when it is installed" in told[4]
    assert "not fetched" in told[5]


def test_setuptools_and_conda_include_too(tmp_path: Path) -> None:
    done = tree(
        tmp_path,
        {
            "pyproject.toml": '[project]\nname = "x"\n[tool.setuptools.dynamic]\n'
            'dependencies = { file = ["pins/core.txt"] }\n',
            "pins/core.txt": "vllm==0.6\n",
            "environment.yml": "dependencies:\n  - pip:\n    - -r gpu-pins.txt\n",
            "gpu-pins.txt": "cupy-cuda12x\n",
        },
    )
    assert {i.component for i in done.infrastructure} == {"package:vllm", "package:cupy-cuda12x"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--extra-index-url $INDEX\n"),
        ("requirements.txt", "--index-url https://example.com/whl/${CUDA}\n"),
        ("requirements.txt", "torch==2.1+${CUDA}\n"),
        ("setup.py", 'setup(install_requires=[f"torch==2.1+cu{cuda}"])\n'),
        ("setup.py", 'setup(dependency_links=[f"https://example.com/whl/{cuda}"])\n'),
        ("pyproject.toml", '[[tool.uv.index]]\nname = "x"\nurl = "https://example.com/${CUDA}"\n'),
        ("pip.conf", "[global]\nextra-index-url = https://example.com/whl/${CUDA}\n"),
        ("environment.yml", "dependencies:\n  - pip:\n    - --extra-index-url ${INDEX}\n"),
    ],
)
def test_what_is_known_only_when_installed_is_said(tmp_path: Path, name: str, text: str) -> None:
    done = tree(tmp_path, {name: text})
    assert [u.file for u in done.unknown] == [name]
    assert "known only when it is installed" in done.unknown[0].reason
    plain = text.replace('f"', '"').translate(str.maketrans("", "", "${}"))
    assert tree(tmp_path, {name: plain}).unknown == ()


def test_sources_of_uv_and_requirements_of_pixi(tmp_path: Path) -> None:
    done = tree(
        tmp_path,
        {
            "pyproject.toml": "[tool.uv.sources]\nflash-attn = { git = "
            '"https://github.com/Dao-AILab/flash-attention", rev = "x" }\n'
            "[tool.pixi.feature.gpu.system-requirements]\ncuda = '12'\n"
            '[tool.pixi.feature.gpu]\nchannels = ["nvidia"]\n'
        },
    )
    found = {i.component for i in done.infrastructure}
    assert {"package:flash-attn", "package:cuda", "toolchain:cuda"} <= found
