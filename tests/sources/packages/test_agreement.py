"""The extractor beside tables made by hand, on small tables and on the real ones."""

from __future__ import annotations

import pytest

from underlay.errors import UnreadableError
from underlay.sources.packages.agreement import STAGED, agreements

ARCHITECTURES = """runtime,runtime_version,architecture,status,source_path
vLLM,0.33.0,A,supported,x.py::_TEXT_GENERATION_MODELS
vLLM,0.33.0,B,supported-via-transformers,x.py::_TRANSFORMERS_SUPPORTED_MODELS
vLLM,0.33.0,C,removed,x.py::_PREVIOUSLY_SUPPORTED_MODELS (last version=1)
Other,1,A,supported,x.py::R
"""
HISTORY = """runtime,version,architecture,registry,path
vLLM,0.2.7,A,_MODELS,x
vLLM,0.2.7,M,_ROCM_PARTIALLY_SUPPORTED_MODELS,x
llama.cpp(gguf-py),0.6.0,llama,MODEL_ARCH_NAMES,x
"""
REQUIRES = """package,version,raw_requirement
torch,2.15.0,triton==3.9.0; platform_system == 'Linux'
torch,2.15.0,Filelock
"""
LIBRARIES = """package,version,path,size_bytes
torch,2.15.0,torch/lib/a.so,10
torch,2.15.0,torch/lib/b.so,10
"""
GIVEN = {
    "architectures": ARCHITECTURES.encode(),
    "history": HISTORY.encode(),
    "requirements": REQUIRES.encode(),
    "libraries": LIBRARIES.encode(),
}


def entry(**more: object) -> dict[str, object]:
    base = {"package": "vllm", "version": "0.33.0", "runtime": "vLLM", "status": "supported"}
    return {**base, **more}


ROWS = {
    "raw_packages__architecture": [
        entry(architecture="A", registry="_TEXT_GENERATION_MODELS"),
        entry(architecture="Z", registry="_NOT_STAGED_MODELS"),
        entry(
            architecture="B", registry="_TRANSFORMERS_SUPPORTED_MODELS", status="via-transformers"
        ),
        entry(architecture="C", registry="_PREVIOUSLY_SUPPORTED_MODELS"),
        entry(architecture="A", registry="_MODELS", version="0.2.7"),
        entry(
            package="gguf",
            version="0.6.0",
            runtime="llama.cpp",
            architecture="llama",
            registry="MODEL_ARCH_NAMES",
        ),
    ],
    "raw_packages__requirement": [
        {
            "package": "torch",
            "version": "2.15.0",
            "requirement": "triton == 3.9.0 ; platform_system=='Linux'",
        },
        {"package": "torch", "version": "2.15.0", "requirement": "filelock"},
    ],
    "raw_packages__native_library": [
        {
            "package": "torch",
            "version": "2.15.0",
            "artifact": "torch-2.15.0-linux.whl",
            "path": "torch/lib/a.so",
            "size_bytes": 10,
        },
        {
            "package": "torch",
            "version": "2.15.0",
            "artifact": "torch-2.15.0-macosx.whl",
            "path": "torch/lib/m.dylib",
            "size_bytes": 10,
        },
    ],
}


def test_what_both_have_and_what_one_has() -> None:
    found = {f"{one.table} {one.subject}": one for one in agreements(ROWS, GIVEN)}
    assert set(found) == {
        "architectures vLLM",
        "history vLLM 0.2.7",
        "history llama.cpp(gguf-py) 0.6.0",
        "requirements torch 2.15.0",
        "libraries torch 2.15.0",
    }
    vllm = found["architectures vLLM"]
    assert (vllm.both, vllm.share, vllm.unexplained) == (2, 0.5, 2)
    assert [(d.thing, d.is_ours) for d in vllm.differences] == [
        ("C supported", True),
        ("C removed", False),
    ]
    assert found["requirements torch 2.15.0"].share == 1
    assert found["history llama.cpp(gguf-py) 0.6.0"].share == 1
    libraries = found["libraries torch 2.15.0"]
    assert [(d.thing, d.is_ours) for d in libraries.differences] == [("torch/lib/b.so 10", False)]


def test_a_difference_that_the_reviewed_list_explains() -> None:
    (one,) = [a for a in agreements(ROWS, GIVEN) if a.subject == "vLLM 0.2.7"]
    assert one.both == 1
    assert one.unexplained == 0
    assert "raw_packages__model_support" in one.differences[0].reason


def test_a_broken_table_is_refused() -> None:
    with pytest.raises(UnreadableError):
        agreements(ROWS, {**GIVEN, "libraries": b"\xff"})


def test_the_tables_made_by_hand_are_where_they_should_be(staged) -> None:
    for path in STAGED.values():
        assert staged(f"stack/{path}").is_file()
