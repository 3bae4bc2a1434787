"""Cumulative pulls of the models in Ollama's library, read off its pages once a day."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from underlay.errors import SchemaError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, read_json
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["Ollama"]

PULLS = Table(
    name="raw_ollama__pulls",
    doc="One row per model of Ollama's library and day; pulls are cumulative, so difference them.",
    key=("observed_on", "model_name"),
    columns=(
        OBSERVED_ON,
        Column("observed_at", "timestamp", "when the library's pages were read", True),
        Column("model_name", "string", "name in the library, without tag", True),
        Column(
            "pulls_text", "string", "pulls as the page shows them, rounded to a tenth of K or M"
        ),
        Column(
            "pulls_total_count",
            "int64",
            "pulls ever, of all tags together, as rounded by the page; null where none was read: "
            "until 2026-07 that is every count under 10,000",
        ),
        Column("tags_count", "int32", "tags of the model"),
        Column("last_updated_text", "string", "age of the newest tag in words, as shown"),
        Column(
            "categories", "string", "capabilities shown, separated by vertical bars; null for none"
        ),
        Column(
            "sizes", "string", "parameter sizes shown, separated by vertical bars; null for none"
        ),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="month",
    checks=(
        Check("not negative", "pulls_total_count", lowest=0),
        Check("tags not negative", "tags_count", lowest=0),
    ),
)

_COLUMNS = {
    "observed_on": "snapshot_date",
    "observed_at": "snapshot_at",
    "model_name": "model",
    "pulls_text": "pull_count_text",
    "tags_count": "tag_count",
    "last_updated_text": "last_updated_text",
    "categories": "categories",
    "sizes": "sizes",
}
_SCALE = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}


class Ollama:
    """Pulls of the library's models, a day at a time, from a registry that reads the pages.

    Takes the flattened history and the registry's own `models.json`, whose tags (with sizes and
    digests) are not read.
    """

    name = "ollama"
    title = "Ollama library: pulls"
    terms = Terms(
        licence="MIT",
        url="https://github.com/auditomatic/ollama-models-registry",
        may_redistribute="rows",
        conflict="Ollama counts pulls from its own service and doesn't say what a pull is.",
    )
    tables = (PULLS,)
    files = ("ollama_pulls_daily*.parquet", "models.json")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of the last reading of each day; those of earlier readings are skipped."""
        if snapshot.name.endswith(".json"):
            columns = _original(snapshot)
        else:
            columns = Columns.from_parquet(snapshot.data, snapshot.name)
        columns = columns.select(_COLUMNS)
        last: dict[str, str] = {}
        for moment in set(columns.cells("observed_at")) - {None}:
            day = str(moment)[:10]
            last[day] = max(last.get(day, ""), str(moment))
        columns, earlier = columns.split(
            "observed_at", lambda moment: moment is None or last[str(moment)[:10]] == str(moment)
        )
        if len(earlier):
            yield Skipped(snapshot.name, "an earlier reading of the same day", len(earlier))
        columns = columns.with_nulls_for("", names=("pulls_text", "categories", "sizes"))
        # not the flattened file's own number: it went through floats and reads 129699.99999999999
        columns = columns.derive("pulls_total_count", "pulls_text", _count)
        yield from fit(PULLS, columns, snapshot)


def _original(snapshot: Snapshot) -> Columns:
    document = read_json(snapshot)
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, dict) or "lastUpdated" not in document:
        raise SchemaError(snapshot.name, "it is no object with `lastUpdated` and `models`")
    moment = str(document["lastUpdated"])
    rows: list[dict[str, object]] = []
    for name, model in models.items():
        if not isinstance(model, dict):
            raise SchemaError(snapshot.name, f"model `{name}` is no object")
        rows.append(
            {
                "snapshot_date": moment[:10],
                "snapshot_at": moment,
                "model": name,
                "pull_count_text": model.get("pullCount"),
                "tag_count": model.get("tagCount"),
                "last_updated_text": model.get("lastUpdated"),
                "categories": "|".join(map(str, model.get("categories") or ())),
                "sizes": "|".join(map(str, model.get("sizes") or ())),
            }
        )
    return Columns.from_rows(rows, snapshot.name, list(_COLUMNS.values()))


def _count(text: object) -> object:
    """The number behind "118.7M"; the text itself if it is none, for the contract to refuse."""
    cleaned = str(text).strip().upper().replace(",", "")
    factor = _SCALE.get(cleaned[-1:])
    try:
        return int(Decimal(cleaned[:-1] if factor else cleaned) * (factor or 1))
    except (InvalidOperation, ValueError, OverflowError):
        return text
