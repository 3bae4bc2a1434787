"""Declared corrections: each with a reason and a date, each failing when it no longer bites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.errors import CorrectionError, SchemaError
from underlay.identity import hub_key

if TYPE_CHECKING:
    from underlay.atlas.curated import Curated
    from underlay.atlas.models import Catalogue
    from underlay.lake.engine import Engine

__all__ = ["check_corrections"]


def check_corrections(curated: Curated, catalogue: Catalogue, engine: Engine) -> None:
    """Raise `CorrectionError` for a correction that changed nothing in this build.

    A correction names the source that it mends; one whose source is not in the lake waits.
    """
    present = {
        table.split("__")[0].removeprefix("raw_")
        for table in engine.tables.contracts
        if table.startswith("raw_") and engine.lake.files(table)
    }
    for kind, entries in curated.corrections.items():
        for entry in entries:
            for field in ("source", "reason", "date"):
                if not entry.get(field):
                    raise SchemaError("corrections.toml", f"a `{kind}` entry lacks `{field}`")
    for entry in curated.corrections.get("rename_namespace", ()):
        if entry["source"] in present and not _has_namespace(engine, entry["source"], entry["old"]):
            raise CorrectionError(
                f"rename_namespace {entry['old']} -> {entry['new']}",
                f"no name in `{entry['source']}` has the namespace `{entry['old']}`",
            )
    for entry in curated.corrections.get("open_weights", ()):
        if entry["source"] in present and entry["name"] not in catalogue.corrected:
            raise CorrectionError(
                f"open_weights {entry['name']}",
                "the source says the same, or no longer has that name",
            )


def _has_namespace(engine: Engine, source: str, namespace: str) -> bool:
    """Whether a source writes a Hub name in that namespace."""
    for name, table in engine.tables.contracts.items():
        if not name.startswith(f"raw_{source}__"):
            continue
        relation = engine.tables[name]
        for column in ("namespace", "model_id", "gguf_repo_id", "hub_id"):
            if column in table.column_names:
                key = relation[column].split("/")[0].lower()
                found = relation.filter(key == hub_key(namespace)).limit(1)
                if len(engine.run(found)):
                    return True
    return False
