"""LiteLLM's list: the entry that is an example, prices that aren't per token, no date."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.litellm import PRICE, LiteLlm

SOURCE = LiteLlm()
NAME = "model_prices_and_context_window.json"
DAY = dt.date(2026, 10, 1)
NO_ENTRY = {"it explains the fields and is no entry": 1, "it names no provider": 1}


@pytest.fixture
def data(sample: Any) -> bytes:
    return bytes(sample(f"litellm/{NAME}"))


def entries(**changes: object) -> bytes:
    good = {"litellm_provider": "a", "mode": "chat", "input_cost_per_token": 1e-06}
    return json.dumps({"good": good, "other": good | changes}).encode()


def test_cells(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data, DAY)
    assert len(got.rows[PRICE.name]) == len(json.loads(data)) - 2
    row = got.row(PRICE.name, model_key="gpt-4o")
    assert (row["provider"], row["mode"], row["observed_on"]) == ("openai", "chat", DAY)
    assert (row["input_usd_per_token"], row["output_usd_per_token"]) == (2.5e-06, 1e-05)
    assert (row["cache_read_usd_per_token"], row["input_batch_usd_per_token"]) == (1.25e-06,) * 2
    assert (row["max_input_tokens"], row["max_output_tokens"]) == (128_000, 16_384)
    assert (row["has_tools"], row["has_vision"], row["has_reasoning"]) == (True, True, None)
    assert row["deprecation_on"] is None
    dated = got.row(PRICE.name, model_key="gpt-4o-2024-05-13")
    assert dated["deprecation_on"] == dt.date(2026, 10, 23)


def test_the_example_and_the_rules_are_no_entries(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data, DAY)
    assert got.reasons == NO_ENTRY
    assert "sample_spec" not in {row["model_key"] for row in got.rows[PRICE.name]}


def test_what_is_not_priced_by_token_has_no_price(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data, DAY)
    key = "1024-x-1024/50-steps/bedrock/amazon.nova-canvas-v1:0"
    image = got.row(PRICE.name, model_key=key)
    assert (image["mode"], image["output_usd_per_token"]) == ("image_generation", None)
    assert got.row(PRICE.name, model_key="deepgram/aura-2")["mode"] is None


def test_free_is_zero_and_a_limit_of_zero_is_none(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data, DAY)
    free = got.row(PRICE.name, model_key="cloudflare/@cf/google/gemma-2b-it-lora")
    assert free["input_usd_per_token"] == 0.0
    embedding = got.row(PRICE.name, model_key="vercel_ai_gateway/cohere/embed-v4.0")
    assert (embedding["max_input_tokens"], embedding["max_output_tokens"]) == (None, None)


def test_the_file_needs_a_day(parsed: Any, data: bytes) -> None:
    with pytest.raises(UnreadableError, match="no date"):
        parsed(SOURCE, NAME, data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"input_cost_per_token": "cheap"}, "`input_usd_per_token` is not a valid float64"),
        ({"input_cost_per_token": -1}, "`input_usd_per_token` must be at least 0"),
        ({"deprecation_date": "soon"}, "`deprecation_on` is not a valid date"),
        ({"supports_vision": "maybe"}, "`has_vision` is not a valid bool"),
        ({"max_input_tokens": 1.5}, "`max_input_tokens` is not a valid int64"),
        ({"litellm_provider": None}, "`provider` is empty"),
    ],
)
def test_a_bad_cell_skips_its_row(parsed: Any, change: dict[str, object], reason: str) -> None:
    got = parsed(SOURCE, NAME, entries(**change), DAY)
    assert [row["model_key"] for row in got.rows[PRICE.name]] == ["good"]
    assert got.reasons == {reason: 1}


def test_bad_files(parsed: Any, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parsed(SOURCE, NAME, data[:-5], DAY)
    for document in ([], {}, {"gpt": {"mode": "chat"}}, {"gpt": 1}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, NAME, json.dumps(document).encode(), DAY)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("models/litellm/model_prices_and_context_window_litellm-1.109.1.json", 4551),
        (
            "models/ollama_registry_auditomatic/latest/"
            "litellm_model_prices_and_context_window.json",
            3109,
        ),
    ],
)
def test_full_files(parsed: Any, staged: Any, path: str, count: int) -> None:
    file = staged(path)
    got = parsed(SOURCE, file.name, file.read_bytes(), DAY)
    assert len(got.rows[PRICE.name]) == count
    assert got.reasons == NO_ENTRY
