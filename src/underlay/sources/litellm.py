"""LiteLLM's list of prices and limits by provider and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, read_json
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["LiteLlm"]

PRICE = Table(
    name="raw_litellm__price",
    doc=(
        "One row per entry of one edition of the list: a model at a provider, at times with a "
        "region or an image size in its key."
    ),
    key=("observed_on", "model_key"),
    columns=(
        OBSERVED_ON,
        Column("model_key", "string", "name by which the library calls it", True),
        Column("provider", "string", "provider as the library calls it", True),
        Column("mode", "string", "chat, embedding, image_generation ...; null where not said"),
        Column("input_usd_per_token", "float64", "base price of an input token"),
        Column("output_usd_per_token", "float64", "base price of an output token"),
        Column("cache_read_usd_per_token", "float64", "price of a token read from the cache"),
        Column("cache_write_usd_per_token", "float64", "price of a token written to the cache"),
        Column("reasoning_usd_per_token", "float64", "price of a reasoning token, if another"),
        Column("input_batch_usd_per_token", "float64", "price of an input token in a batch"),
        Column("output_batch_usd_per_token", "float64", "price of an output token in a batch"),
        Column("max_input_tokens", "int64", "longest input; null where published as 0"),
        Column("max_output_tokens", "int64", "longest output; null where published as 0"),
        Column("deprecation_on", "date", "day on which the provider retires it"),
        Column("has_tools", "bool", "supports function calling; null where not said"),
        Column("has_reasoning", "bool", "supports reasoning; null where not said"),
        Column("has_vision", "bool", "supports images as input; null where not said"),
        Column("has_structured_output", "bool", "supports a response schema; null where not said"),
        Column("has_prompt_caching", "bool", "supports prompt caching; null where not said"),
        Column("price_source", "string", "page that the price was taken from, at times a remark"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("not negative", "input_usd_per_token", lowest=0),
        Check("not negative", "output_usd_per_token", lowest=0),
        Check("not negative", "cache_read_usd_per_token", lowest=0),
        Check("not negative", "max_input_tokens", lowest=0),
        Check("not negative", "max_output_tokens", lowest=0),
    ),
)

_FIELDS = {
    "provider": "litellm_provider",
    "mode": "mode",
    "input_usd_per_token": "input_cost_per_token",
    "output_usd_per_token": "output_cost_per_token",
    "cache_read_usd_per_token": "cache_read_input_token_cost",
    "cache_write_usd_per_token": "cache_creation_input_token_cost",
    "reasoning_usd_per_token": "output_cost_per_reasoning_token",
    "input_batch_usd_per_token": "input_cost_per_token_batches",
    "output_batch_usd_per_token": "output_cost_per_token_batches",
    "max_input_tokens": "max_input_tokens",
    "max_output_tokens": "max_output_tokens",
    "deprecation_on": "deprecation_date",
    "has_tools": "supports_function_calling",
    "has_reasoning": "supports_reasoning",
    "has_vision": "supports_vision",
    "has_structured_output": "supports_response_schema",
    "has_prompt_caching": "supports_prompt_caching",
    "price_source": "source",
}
_EXAMPLE = "sample_spec"


class LiteLlm:
    """One edition of the list, which holds no day: say which (`--observed-on`).

    Prices by image, second, character, region, priority or above a context size are not read.
    """

    name = "litellm"
    title = "LiteLLM: prices and limits"
    terms = Terms(
        licence="MIT",
        url="https://github.com/BerriAI/litellm",
        may_redistribute="rows",
        conflict="BerriAI sells a gateway to the providers that it lists.",
    )
    tables = (PRICE,)
    files = ("model_prices_and_context_window*.json", "litellm_model_prices*.json")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of all entries that name a provider."""
        document = read_json(snapshot)
        if not isinstance(document, dict) or not any(
            isinstance(entry, dict) and "litellm_provider" in entry for entry in document.values()
        ):
            raise SchemaError(snapshot.name, "it is no object of entries with `litellm_provider`")
        rows: list[dict[str, Any]] = []
        for key, entry in document.items():
            if key == _EXAMPLE:
                yield Skipped(snapshot.name, "it explains the fields and is no entry", 1, key)
            elif not isinstance(entry, dict) or "litellm_provider" not in entry:
                yield Skipped(snapshot.name, "it names no provider", 1, key[:80])
            else:
                fields = {name: entry.get(field) for name, field in _FIELDS.items()}
                rows.append({"model_key": key, **fields})
        columns = Columns.from_rows(rows, snapshot.name, ["model_key", *_FIELDS])
        columns = columns.with_nulls_for(0, names=("max_input_tokens", "max_output_tokens"))
        yield from fit(PRICE, columns, snapshot)
