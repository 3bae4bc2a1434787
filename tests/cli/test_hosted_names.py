"""Hosted names as code bases write them, joined to the models of the embedded snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from underlay.api import open_lake
from underlay.audit.knowledge import Missing, ModelFacts, Sought
from underlay.audit.names.references import canonical
from underlay.cli.knowledge import Atlas

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN = {
    ("groq", "llama-3.3-70b-versatile"): ("huggingface:meta-llama/Llama-3.3-70B-Instruct", "meta"),
    ("bedrock", "us.meta.llama3-3-70b-instruct-v1:0"): (
        "huggingface:meta-llama/Llama-3.3-70B-Instruct",
        "meta",
    ),
    ("bedrock", "us.anthropic.claude-opus-4-6-v1:thinking"): ("claude-opus-4-6", "anthropic"),
    ("cloudflare", "@cf/meta/llama-3.3-70b-instruct-fp8-fast"): ("Llama-3.3-70B", "meta"),
    ("azure", "gpt-35-turbo"): ("gpt-3.5-turbo", "openai"),
    ("dashscope", "qwen-max"): ("qwen-max", "alibaba"),
    ("jina", "jina-embeddings-v3"): ("huggingface:jinaai/jina-embeddings-v3", "jina"),
    ("anthropic", "claude-3-5-sonnet-latest"): ("claude-3.5-sonnet", "anthropic"),
    ("google", "models/gemini-1.5-flash"): ("gemini-flash-1.5", "google"),
    ("openai", "text-davinci-003"): ("served:text-davinci-003", "openai"),
    ("zhipu", "glm-4-flash"): ("served:glm-4-flash", "zhipu"),
}
# names that differ from a known one in a word that tells models apart, or are a user's own
UNKNOWN = (
    ("google", "gemini-9.9-flash-lite"),
    ("google", "gemini-2.5-flash-turbo"),
    ("azure", "gpt-4o-eu-prod"),
    ("openai", "gpt-4o-mini-nope"),
)


@pytest.fixture(scope="module")
def found() -> Mapping[str, ModelFacts | Missing]:
    sought = [
        Sought(canonical("hosted", ref, operator), "hosted", ref, operator, "test")
        for operator, ref in (*KNOWN, *UNKNOWN)
    ]
    with open_lake() as lake:
        return Atlas(lake.engine).models(sought)


@pytest.mark.parametrize(("name", "expected"), KNOWN.items())
def test_a_name_of_a_service_is_joined(
    found: Mapping[str, ModelFacts | Missing], name: tuple[str, str], expected: tuple[str, str]
) -> None:
    operator, ref = name
    facts = found[canonical("hosted", ref, operator)]
    assert isinstance(facts, ModelFacts)
    assert expected[0] in facts.canonical
    assert facts.maker.id == expected[1]


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_only_looks_alike_is_not(
    found: Mapping[str, ModelFacts | Missing], name: tuple[str, str]
) -> None:
    assert isinstance(found[canonical("hosted", name[1], name[0])], Missing)
