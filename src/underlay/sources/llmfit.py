"""llmfit's list of Hub models that can be run locally, as its releases carried it in 2026."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError
from underlay.sources.base import (
    OBSERVED_ON,
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    skipped_rows,
)
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["LlmFit"]

_SOURCE = Column(
    "snapshot_source",
    "string",
    "edition of the list: `git:COMMIT`, `pypi:RELEASE`, or `file:NAME` for a file fetched by hand",
    True,
)
_MODEL_ID = Column("model_id", "string", "Hub id as written, `namespace/name`", True)

MODEL = Table(
    name="raw_llmfit__model",
    doc="One row per Hub model in one edition of the list; some days have two editions or three.",
    key=("observed_on", "snapshot_source", "model_id"),
    columns=(
        OBSERVED_ON,
        _SOURCE,
        Column(
            "date_basis",
            "string",
            "what `observed_on` is: day of the commit, of the release (upper bound of the day of "
            "counting), or of the newest model in it (lower bound; releases after 1.1.8)",
        ),
        Column("snapshot_sequence", "int32", "position of the edition, from 0"),
        _MODEL_ID,
        Column("provider_label", "string", "maker as the list calls it"),
        Column("pipeline_tag", "string", "task that the Hub shows; null for `unknown`"),
        Column("architecture", "string", "`model_type` of the configuration; null for `unknown`"),
        Column("parameters_count", "int64", "parameters"),
        Column("is_moe", "bool", "true for a mixture of experts; null means not known to be one"),
        Column("active_parameters_count", "int64", "parameters active for one token"),
        Column(
            "context_length_tokens",
            "int64",
            "context as configured: 4,096 also stands for unknown, and a few are absurd",
        ),
        Column("licence", "string", "licence tag of the Hub"),
        Column("released_on", "date", "day on which the repository was made"),
        Column(
            "downloads_30d_count",
            "int64",
            "Hub downloads, trailing 30 days, perhaps counted for an earlier edition; null for 0, "
            "which the list writes for models that it never counted",
        ),
        Column("likes_count", "int64", "likes, ever; 0 also for models never looked up"),
        Column("is_discovered", "bool", "found by the list's crawler, not by hand"),
        Column("revalidated_on", "date", "day on which the list's crawler looked again"),
        Column("gguf_sources_count", "int32", "GGUF repositories that the list knows of"),
        Column(
            "languages",
            "string",
            "languages of the model, separated by vertical bars; null for none",
        ),
        Column("capabilities", "string", "capabilities, separated by vertical bars; null for none"),
        Column(
            "is_fresh_observation",
            "bool",
            "downloads were counted for this edition, not carried over; null where not compared",
        ),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("downloads not negative", "downloads_30d_count", lowest=0),
        Check("likes not negative", "likes_count", lowest=0),
        Check("parameters positive", "parameters_count", lowest=1),
        Check("active parameters positive", "active_parameters_count", lowest=1),
        Check("context positive", "context_length_tokens", lowest=1),
        Check("GGUF sources not negative", "gguf_sources_count", lowest=0),
    ),
)

GGUF_EDGE = Table(
    name="raw_llmfit__gguf_edge",
    doc="One row per Hub model and GGUF repository made from it, in one edition of the list.",
    key=("observed_on", "snapshot_source", "model_id", "gguf_repo_id"),
    columns=(
        OBSERVED_ON,
        _SOURCE,
        _MODEL_ID,
        Column("gguf_repo_id", "string", "Hub id of the quantised repository", True),
        Column("gguf_provider", "string", "account that quantised it"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)

_COLUMNS = {
    "observed_on": "snapshot_date",
    "snapshot_source": "snapshot_source",
    "date_basis": "date_basis",
    "snapshot_sequence": "snapshot_seq",
    "model_id": "model_id",
    "provider_label": "provider_label",
    "pipeline_tag": "pipeline_tag",
    "architecture": "architecture",
    "parameters_count": "params_raw",
    "is_moe": "is_moe",
    "active_parameters_count": "active_params",
    "context_length_tokens": "context_length",
    "licence": "license",
    "released_on": "release_date",
    "downloads_30d_count": "hf_downloads",
    "likes_count": "hf_likes",
    "is_discovered": "discovered",
    "revalidated_on": "revalidated",
    "gguf_sources_count": "n_gguf_sources",
    "languages": "languages",
    "capabilities": "capabilities",
    "is_fresh_observation": "is_fresh_observation",
}
_LIST_COLUMNS = {
    "model_id": "name",
    "provider_label": "provider",
    "pipeline_tag": "pipeline_tag",
    "architecture": "architecture",
    "parameters_count": "parameters_raw",
    "is_moe": "is_moe",
    "active_parameters_count": "active_parameters",
    "context_length_tokens": "context_length",
    "licence": "license",
    "released_on": "release_date",
    "downloads_30d_count": "hf_downloads",
    "likes_count": "hf_likes",
    "is_discovered": "_discovered",
    "revalidated_on": "_revalidated",
    "gguf_sources_count": "gguf_sources",
    "languages": "languages",
    "capabilities": "capabilities",
}
_EDGE_COLUMNS = {
    "model_id": "model_id",
    "gguf_repo_id": "gguf_repo",
    "gguf_provider": "gguf_provider",
}
_EDGES_PREFIX = "gguf_quantization_edges_"


class LlmFit:
    """37 editions from 2026-02 to 2026-10 and the GGUF repositories of the last one.

    Takes the flattened history, the edges of one release, or the tool's own `hf_models.json`
    (whose day must be given). Archived editions named after their release are not read: they are
    in the history, and one of them is what the history calls 1.1.11 under the name 1.1.10.
    Memory needs, layer sizes and the Docker list are not read.
    """

    name = "llmfit"
    title = "llmfit: Hub models to run locally"
    terms = Terms(
        licence="MIT",
        url="https://github.com/AlexsJones/llmfit",
        may_redistribute="rows",
        conflict="The Hub counts downloads of its own service; HEAD requests and CI count too.",
    )
    tables = (MODEL, GGUF_EDGE)
    files = (
        "llmfit_hf_models_unrolled.parquet",
        f"{_EDGES_PREFIX}*.csv",
        "hf_models.json",
        "hf_models.json.gz",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Models of all editions, edges of one, or both of one file of the tool."""
        if snapshot.matches(f"{_EDGES_PREFIX}*.csv"):
            yield from _edges(snapshot)
        elif snapshot.matches("hf_models.json", "hf_models.json.gz"):
            yield from _list(snapshot)
        else:
            columns = Columns.from_parquet(snapshot.unpacked(), snapshot.name).select(_COLUMNS)
            yield from fit(MODEL, _without_signs(columns), snapshot)


def _edges(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Edges of one release, which the file's name tells."""
    columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
    yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
    release = PurePosixPath(snapshot.name).stem.removeprefix(_EDGES_PREFIX)
    columns = columns.select(_EDGE_COLUMNS).with_constant("snapshot_source", f"pypi:{release}")
    yield from fit(GGUF_EDGE, columns, snapshot)


def _list(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Models and edges of the tool's own file."""
    entries = read_json(snapshot)
    if not isinstance(entries, list) or not entries:
        raise SchemaError(snapshot.name, "it is no list of models")
    rows = [entry for entry in entries if isinstance(entry, dict)]
    if len(rows) < len(entries):
        yield Skipped(snapshot.name, "an entry is no object", len(entries) - len(rows))
    source = "file:" + PurePosixPath(snapshot.name).name.removesuffix(".gz")
    edges: list[dict[str, Any]] = []
    flat = []
    odd = 0
    for row in rows:
        quantised = row.get("gguf_sources") or []
        good = [edge for edge in quantised if isinstance(edge, dict)]
        odd += len(quantised) - len(good)
        edges += [
            {
                "model_id": row.get("name"),
                "gguf_repo": edge.get("repo"),
                "gguf_provider": edge.get("provider"),
            }
            for edge in good
        ]
        flat.append(
            row
            | {
                "_discovered": bool(row.get("_discovered", False)),
                "gguf_sources": len(quantised),
                "languages": _joined(row.get("languages")),
                "capabilities": _joined(row.get("capabilities")),
            }
        )
    if odd:
        yield Skipped(snapshot.name, "a GGUF source is no object", odd)
    columns = Columns.from_rows(flat, snapshot.name, tuple(_LIST_COLUMNS.values()))
    columns = _without_signs(columns.select(_LIST_COLUMNS))
    columns = columns.with_constant("snapshot_source", source)
    yield from fit(MODEL, columns.with_constant("date_basis", "given when fetched"), snapshot)
    columns = Columns.from_rows(edges, snapshot.name, tuple(_EDGE_COLUMNS.values()))
    columns = columns.select(_EDGE_COLUMNS).with_constant("snapshot_source", source)
    yield from fit(GGUF_EDGE, columns, snapshot)


def _without_signs(columns: Columns) -> Columns:
    """The same columns, null where the list writes a sign for "unknown"."""
    # In the last edition 3,619 models have 0 downloads but only 59 have 1 to 6, and a model with
    # 264 likes is among the zeros: 0 is what the crawler writes before it has counted.
    columns = columns.with_nulls_for(0, names=("downloads_30d_count",))
    columns = columns.with_nulls_for("unknown", names=("pipeline_tag", "architecture"))
    return columns.with_nulls_for("", names=("languages", "capabilities"))


def _joined(value: object) -> str | None:
    """A list of words as the history writes it; anything else as text."""
    if isinstance(value, list):
        return "|".join(str(word) for word in value)
    return None if value is None else str(value)
