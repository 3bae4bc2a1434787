"""Names under which services serve models: read from operators' keys, and reviewed ones."""

from __future__ import annotations

import pytest

from underlay.api import open_lake
from underlay.atlas import read_curated
from underlay.atlas.served import PLATFORM, served_names


@pytest.fixture(scope="module")
def owners() -> dict[tuple[str, str], str]:
    """(platform, name) -> organisation of the model, for all names that are no hub's."""
    with open_lake() as lake:
        tables = lake.engine.tables
        alias, model = tables["core__alias"], tables["core__model"]
        found = alias.join(model.select("model_id", "organisation_id"), "model_id")
        rows = lake.engine.run(found.select("platform", "name", "organisation_id")).rows()
        return {(row["platform"], row["name"]): row["organisation_id"] for row in rows}


def test_each_reviewed_name_leads_somewhere(owners: dict[tuple[str, str], str]) -> None:
    found = served_names()
    assert not set(found["names"]) & set(found["makers"])
    for name, target in found["names"].items():
        platform, _, other = target.partition(":")
        assert (platform, other) in owners, f"`{name}`: no `{target}` in the atlas"
        assert owners[PLATFORM, name] == owners[platform, other], name
    known = read_curated().organisations
    for name, organisation in found["makers"].items():
        assert organisation in known, name
        assert owners[PLATFORM, name] == organisation, name


@pytest.mark.parametrize(
    ("key", "maker"),
    [
        ("us.amazon.nova-lite-v1:0", "amazon"),
        ("amazon.titan-embed-text-v2:0", "amazon"),
        ("bedrock/ap-south-1/meta.llama3-70b-instruct-v1:0", "meta"),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic"),
        ("together_ai/Qwen/QwQ-32B", "alibaba"),
        ("azure/eu/gpt-4o-2024-08-06", "openai"),
        ("watsonx/ibm/granite-3-8b-instruct", "ibm"),
        ("dashscope/qwen-max", "alibaba"),
    ],
)
def test_keys_of_operators(owners: dict[tuple[str, str], str], key: str, maker: str) -> None:
    assert owners["litellm", key] == maker


def test_what_tells_no_maker_leads_nowhere(owners: dict[tuple[str, str], str]) -> None:
    for key in ("together-ai-4.1b-8b", "azure/container", "azure/chat-latest"):
        assert ("litellm", key) not in owners
