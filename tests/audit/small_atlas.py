"""A small atlas, written by hand, for tests of what is joined to an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.audit.findings import Infrastructure, ModelReference, Unknown
from underlay.audit.knowledge import (
    NO_END,
    Adoption,
    Ancestor,
    End,
    LicenceFacts,
    Missing,
    ModelFacts,
    Party,
    RouteFacts,
    Routes,
    SourceFacts,
)
from underlay.audit.project import Audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.audit.knowledge import Sought

__all__ = ["AUDIT", "Small", "line", "reference"]

META = Party("meta", "Meta", "US")
ALIBABA = Party("alibaba", "Alibaba", "CN")
OPENAI = Party("openai", "OpenAI", "US")
NVIDIA = Party("nvidia", "Nvidia", "US")
AMD = Party("amd", "AMD", "US")
SOMEBODY = Party("somebody", "somebody", "unknown", "an individual who states none")
APACHE = LicenceFacts("apache-2.0", "Apache-2.0", "osi")
LLAMA = LicenceFacts("llama3.1", "LicenseRef-llama3.1", "open-with-use-restrictions")


def route(runtime: str, line: str, designer: Party, grade: str = "product") -> RouteFacts:
    return RouteFacts(
        f"runtime:{runtime}", "toolchain:x", f"accelerator:{line}", "serving", grade, designer,
        "test", "1",
    )  # fmt: skip


def facts(canonical: str, maker: Party, licence: LicenceFacts, **more: Any) -> ModelFacts:
    given: dict[str, Any] = {
        "found": "home: its name", "uploader": None, "copy_kind": "original",
        "openness": "osi-licence", "is_open_weights": True, "released_on": "2024-09-16",
        "architecture": "Qwen2ForCausalLM", "modality": "language", "parameters": 7,
        "lineage": "none", "ancestors": (), "adoption": None, "end": NO_END, "judged": None,
        "price": None, "alternatives": (), "routes": Routes(),
    }  # fmt: skip
    return ModelFacts(canonical=canonical, maker=maker, licence=licence, **(given | more))


KNOWN = {
    "huggingface:Qwen/Qwen2.5-7B": facts(
        "huggingface:Qwen/Qwen2.5-7B", ALIBABA, APACHE,
        adoption=Adoption(3, 100, 12345, "list", "2026-10-05"),
        routes=Routes(
            "Qwen2ForCausalLM",
            (route("vllm", "hopper", NVIDIA), route("vllm", "cdna3", AMD),
             route("sglang", "cdna3", AMD, "generic")),
            (), "product",
        ),
    ),
    "huggingface:somebody/Llama-chat": facts(
        "huggingface:somebody/Llama-chat", META, APACHE, uploader=SOMEBODY,
        copy_kind="quantised copy",
        ancestors=(
            Ancestor("huggingface:meta/Llama", "quantized", "declared", META, LLAMA, True),
        ),
        routes=Routes("LlamaForCausalLM", (route("vllm", "hopper", NVIDIA),), (), "product"),
    ),
    "openai:gpt-4o": facts(
        "models_dev:openai/gpt-4o", OPENAI, LicenceFacts(), openness="hosted-only",
        is_open_weights=False, end=End("2027-01-10", None, "litellm 2026-10-01"),
    ),
}  # fmt: skip


class Small:
    """Knows three models and five parties."""

    as_of = "2026-11-01"
    sources = (SourceFacts("test", "Test", "CC0-1.0", "https://example.org", "2026-11-01"),)

    def models(self, sought: Sequence[Sought], /) -> Mapping[str, ModelFacts | Missing]:
        missing = Missing("no name in the atlas agrees with it")
        return {each.canonical: KNOWN.get(each.canonical, missing) for each in sought}

    def parties(self, ids: Iterable[str], /) -> Mapping[str, Party]:
        known = {party.id: party for party in (META, ALIBABA, OPENAI, NVIDIA, AMD)}
        return {each: known[each] for each in ids if each in known}


def reference(ref: str, line: int, **more: Any) -> ModelReference:
    given: dict[str, Any] = {
        "kind": "hub", "role": "use", "file": "app/main.py", "column": 5, "rule": "python/loader",
        "evidence": "LLM(...)", "confidence": 0.95,
    }  # fmt: skip
    return ModelReference(ref=ref, line=line, **(given | more))


def line(component: str, number: int, **more: Any) -> Infrastructure:
    given: dict[str, Any] = {
        "vendor": "nvidia", "tie": "tied", "need": "hardware", "file": "deploy/x.yaml",
        "column": 1, "rule": "deployment/resource", "evidence": "seen",
    }  # fmt: skip
    return Infrastructure(component=component, line=number, **(given | more))


AUDIT = Audit(
    models=(
        reference("Qwen/Qwen2.5-7B", 3, revision="abc1234"),
        reference("somebody/Llama-chat", 4, flags=("remote-code", "pickle")),
        reference("gpt-4o", 5, kind="hosted", operator="openai", evidence="OpenAI(...)"),
        reference("gpt-3.5-turbo", 6, kind="hosted", operator="openai", alias=True),
        reference("nobody/nothing", 7),
        reference("Qwen/Qwen2.5-7B", 1, role="test", file="tests/test_x.py"),
    ),
    weak=(
        reference("Qwen/Qwen2.5-7B", 9, confidence=0.3, file="app/list.py"),
        reference("some/path", 9, confidence=0.3),
    ),
    infrastructure=(
        line("package:vllm", 1, tie="switch", need="toolchain", file="requirements.txt",
             version="0.6.3", replacement="its build for ROCm"),
        line("resource:nvidia.com/gpu", 2),
        line("service:openai", 8, vendor="openai", tie="switch", need="service"),
    ),
    unknown=(Unknown(file="app/x.py", line=2, text="f'{name}'", reason="made as it runs"),),
    files=6,
    read=5,
    bytes=1000,
    skipped={"no detector reads such a file": 1},
)  # fmt: skip
