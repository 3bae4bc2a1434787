"""OpenRouter's catalogue of models and prices, a day at a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, read_json
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OpenRouter"]

_NO_PRICE = "null where none is stated or it varies by route (published as -1)"
_NO_LIST = "null on days when no entry lists parameters (before 2025-04-30)"

MODEL_DAY = Table(
    name="raw_openrouter__model_day",
    doc="One row per entry of OpenRouter's catalogue and day, variants and aliases included.",
    key=("observed_on", "slug"),
    columns=(
        OBSERVED_ON,
        Column("slug", "string", "id in the catalogue; `:free` is a variant, `~` an alias", True),
        Column("canonical_slug", "string", "dated id that the slug stands for; from 2025-06-14"),
        Column(
            "hub_id", "string", "Hub id, from 2025-05-13; null for none (published empty or null)"
        ),
        Column("name", "string", "name shown"),
        Column("created_at", "timestamp", "when the entry was made"),
        Column("context_length_tokens", "int64", "context window; null for none (published as 0)"),
        Column("modality", "string", "inputs -> outputs, as `text+image->text`"),
        Column("tokenizer", "string", "tokenizer family"),
        Column("input_usd_per_token", "float64", f"price of a prompt token; {_NO_PRICE}"),
        Column("output_usd_per_token", "float64", f"price of a completion token; {_NO_PRICE}"),
        Column("request_usd", "float64", f"price of a request; {_NO_PRICE}"),
        Column("image_usd", "float64", f"price of an input image; {_NO_PRICE}"),
        Column("cache_read_usd_per_token", "float64", f"price of a cached token; {_NO_PRICE}"),
        Column("max_completion_tokens", "int64", "longest completion of the top provider"),
        Column("is_moderated", "bool", "the top provider moderates"),
        Column("has_reasoning", "bool", f"`reasoning` is a supported parameter; {_NO_LIST}"),
        Column("has_tools", "bool", f"`tools` is a supported parameter; {_NO_LIST}"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("not negative", "input_usd_per_token", lowest=0),
        Check("not negative", "output_usd_per_token", lowest=0),
        Check("not negative", "request_usd", lowest=0),
        Check("not negative", "image_usd", lowest=0),
        Check("not negative", "cache_read_usd_per_token", lowest=0),
    ),
)

_COLUMNS = {
    "slug": "id",
    "canonical_slug": "canonical_slug",
    "hub_id": "hugging_face_id",
    "name": "name",
    "created_at": "created",
    "context_length_tokens": "context_length",
    "modality": "modality",
    "tokenizer": "tokenizer",
    "input_usd_per_token": "price_prompt",
    "output_usd_per_token": "price_completion",
    "request_usd": "price_request",
    "image_usd": "price_image",
    "cache_read_usd_per_token": "price_cache_read",
    "max_completion_tokens": "max_completion_tokens",
    "is_moderated": "is_moderated",
    "has_reasoning": "reasoning",
    "has_tools": "tools",
}
_PRICES = tuple(name for name in _COLUMNS if "usd" in name)
_TEXTS = ("canonical_slug", "hub_id", "name", "modality", "tokenizer")


class OpenRouter:
    """The catalogue's entries with prices, a day at a time.

    Takes the flattened history and the catalogue's own answer (`output.json`, which holds no
    day); its descriptions, prices by tier and default parameters are not read.
    """

    name = "openrouter"
    title = "OpenRouter: catalogue and prices"
    terms = Terms(
        licence="MIT",
        url="https://github.com/jvrck/openrouterlist",
        may_redistribute="rows",
        conflict="OpenRouter sells routing to the models that it lists.",
    )
    tables = (MODEL_DAY,)
    files = ("openrouter_models_daily*.parquet", "output.json")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of every day in the file, or of the day that was given."""
        if snapshot.name.endswith(".json"):
            columns = _catalogue(snapshot).select(_COLUMNS)
        else:
            columns = Columns.from_parquet(snapshot.data, snapshot.name)
            columns = columns.select({"observed_on": "snapshot_date", **_COLUMNS})
        columns = columns.with_nulls_for("", names=_TEXTS)
        columns = columns.with_nulls_for(-1, "-1", "", names=_PRICES)
        columns = columns.with_nulls_for(0, names=("context_length_tokens",))
        columns = columns.derive("created_at", "created_at", _moment)
        if columns.has("observed_on"):
            columns = _without_unlisted(columns)
        yield from fit(MODEL_DAY, columns, snapshot)


def _without_unlisted(columns: Columns) -> Columns:
    """The same rows; what parameters tell is null on days on which they tell nothing.

    The flattened file writes false where the catalogue of that time had no such list.
    """
    days = columns.cells("observed_on")
    cells = {name: columns.cells(name) for name in ("has_reasoning", "has_tools")}
    listed = {
        day for flags in cells.values() for day, flag in zip(days, flags, strict=True) if flag
    }
    for name, flags in cells.items():
        known = [flag if day in listed else None for day, flag in zip(days, flags, strict=True)]
        columns = columns.with_cells(name, known)
    return columns


def _moment(seconds: Any) -> object:
    """Seconds since 1970 as a UTC time; the cell itself, for the contract to refuse, if not."""
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return f"{seconds} s"


def _catalogue(snapshot: Snapshot) -> Columns:
    document = read_json(snapshot)
    models = document.get("data") if isinstance(document, dict) else None
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise SchemaError(snapshot.name, "it is no object with a list `data` of models")
    rows = []
    for model in models:
        architecture, top = _part(model, "architecture"), _part(model, "top_provider")
        pricing = _part(model, "pricing")
        parameters = model.get("supported_parameters")
        known = parameters if isinstance(parameters, list) else None
        rows.append(
            {
                **{name: model.get(name) for name in ("id", "canonical_slug", "hugging_face_id")},
                **{name: model.get(name) for name in ("name", "created", "context_length")},
                "modality": architecture.get("modality"),
                "tokenizer": architecture.get("tokenizer"),
                "price_prompt": pricing.get("prompt"),
                "price_completion": pricing.get("completion"),
                "price_request": pricing.get("request"),
                "price_image": pricing.get("image"),
                "price_cache_read": pricing.get("input_cache_read"),
                "max_completion_tokens": top.get("max_completion_tokens"),
                "is_moderated": top.get("is_moderated"),
                "reasoning": None if known is None else "reasoning" in known,
                "tools": None if known is None else "tools" in known,
            }
        )
    return Columns.from_rows(rows, snapshot.name, list(_COLUMNS.values()))


def _part(model: dict[str, Any], name: str) -> dict[str, Any]:
    part = model.get(name)
    return part if isinstance(part, dict) else {}
