"""From the hub listings to the catalogue: every model, what is known of it, and its counts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import ibis

from underlay.atlas.licences import NONE_DECLARED
from underlay.atlas.names import read_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.atlas.models import Catalogue
    from underlay.lake.engine import Engine

__all__ = ["add_hubs", "observations"]


def add_hubs(catalogue: Catalogue, engine: Engine) -> None:
    """Add every model of the hub listings, the best informed listing first."""
    catalogue.expect(_hub_names(engine))
    architectures = _architectures(engine)
    _add_os_ai_map(catalogue, engine, architectures)
    _add_llmfit(catalogue, engine)
    _add_atom(catalogue, engine)
    _add_osir(catalogue, engine, "HuggingFace")
    _add_census(catalogue, engine)
    _add_osir(catalogue, engine, "ModelScope")
    _add_release_dates(catalogue, engine)


def _hub_names(engine: Engine) -> Iterator[str]:
    """Every name of a listing that has a namespace, so that order of reading doesn't matter."""
    tables = engine.tables
    osir = tables["raw_osir_lmts__model_month"]
    osir = osir.filter(osir.platform == "HuggingFace")
    for names in (
        tables["raw_os_ai_map__top_model"].model_id,
        tables["raw_llmfit__model"].model_id,
        tables["raw_atom__tracked_model"].model_id,
        osir.namespace + "/" + osir.model_name,
        tables["raw_hf_census__model"].model_id,
    ):
        named = names.name("name").as_table().distinct()
        with_namespace = named.filter(named.name.contains("/")).order_by("name")
        yield from engine.run(with_namespace).objects("name")


def _architectures(engine: Engine) -> frozenset[str]:
    """Model types that a listing states as such; the Hub's tags hold them among other words."""
    relation = engine.tables["raw_llmfit__model"]
    result = engine.run(relation.select("architecture").distinct())
    return frozenset(cell for cell in result.objects("architecture") if cell)


def _add_os_ai_map(catalogue: Catalogue, engine: Engine, architectures: frozenset[str]) -> None:
    relation = engine.tables["raw_os_ai_map__top_model"]
    for row in engine.run(relation.order_by("observed_on", "model_id")).rows():
        number = catalogue.hub(row["model_id"])
        draft = catalogue.drafts[number]
        facts = read_tags(row["tags"] or "", architectures)
        draft.pipeline_tag = row["pipeline_tag"] or draft.pipeline_tag
        draft.licence_text = catalogue.strictest(facts.licences) or NONE_DECLARED
        draft.architecture = facts.architecture or draft.architecture
        # a named dataset shows disclosure; no name shows nothing, so it stays unknown
        draft.has_training_data = True if facts.has_dataset else draft.has_training_data
        draft.created_on = _day(row["created_at"]) or draft.created_on
        for base, relation_name in facts.bases:
            draft.bases[base] = (relation_name, "declared", "os_ai_map")
    # bases become models of the catalogue too: a lineage ends outside the list more often than not
    for draft in list(catalogue.drafts):
        for base in draft.bases:
            if _is_hub_name(base):
                catalogue.hub(base)


def _add_llmfit(catalogue: Catalogue, engine: Engine) -> None:
    table = engine.tables["raw_llmfit__model"]
    facts = ["pipeline_tag", "architecture", "parameters_count", "active_parameters_count",
             "licence", "released_on"]  # fmt: skip
    # some days have several editions: the order of their names decides, not the engine's
    edition = table.observed_on.cast("string") + " " + table.snapshot_source
    newest = table.group_by("model_id").agg(
        **{name: table[name].argmax(edition, where=table[name].notnull()) for name in facts}
    )
    for row in engine.run(newest.order_by("model_id")).rows():
        draft = catalogue.drafts[catalogue.hub(row["model_id"])]
        draft.pipeline_tag = draft.pipeline_tag or row["pipeline_tag"]
        draft.architecture = draft.architecture or row["architecture"]
        draft.parameters = draft.parameters or row["parameters_count"]
        draft.active_parameters = draft.active_parameters or row["active_parameters_count"]
        draft.licence_text = draft.licence_text or row["licence"]
        draft.created_on = draft.created_on or _day(row["released_on"])
    edges = engine.tables["raw_llmfit__gguf_edge"]
    pairs = edges.select("model_id", "gguf_repo_id").distinct()
    for row in engine.run(pairs.order_by("gguf_repo_id", "model_id")).rows():
        copy = catalogue.drafts[catalogue.hub(row["gguf_repo_id"])]
        base = catalogue.drafts[catalogue.hub(row["model_id"])].name
        copy.bases.setdefault(base, ("quantized", "declared", "llmfit"))


def _add_atom(catalogue: Catalogue, engine: Engine) -> None:
    tracked = engine.tables["raw_atom__tracked_model"].select("model_id").distinct()
    for row in engine.run(tracked.order_by("model_id")).rows():
        catalogue.hub(row["model_id"])
    for row in engine.run(engine.tables["raw_atom__model_parameters"].order_by("model_id")).rows():
        draft = catalogue.drafts[catalogue.hub(row["model_id"])]
        draft.parameters = row["parameters_count"] or draft.parameters
        draft.active_parameters = row["active_parameters_count"] or draft.active_parameters


def _add_osir(catalogue: Catalogue, engine: Engine, platform: str) -> None:
    table = engine.tables["raw_osir_lmts__model_month"]
    names = table.filter(table.platform == platform).select("namespace", "model_name").distinct()
    for row in engine.run(names.order_by("namespace", "model_name")).rows():
        name = f"{row['namespace']}/{row['model_name']}"
        if platform == "HuggingFace":
            catalogue.hub(name)
        else:
            catalogue.modelscope(name)


def _add_census(catalogue: Catalogue, engine: Engine) -> None:
    table = engine.tables["raw_hf_census__model"]
    # names with a namespace first: a bare name is then found under the one it moved to
    names = table.order_by(~table.model_id.contains("/"), "model_id")
    for row in engine.run(names.select("model_id", "pipeline_tag")).rows():
        draft = catalogue.drafts[catalogue.hub(row["model_id"])]
        draft.pipeline_tag = draft.pipeline_tag or row["pipeline_tag"]


def _add_release_dates(catalogue: Catalogue, engine: Engine) -> None:
    table = engine.tables["raw_atom__release_date_correction"]
    for row in engine.run(table.order_by("model_id")).rows():
        draft = catalogue.drafts[catalogue.hub(row["model_id"])]
        draft.released_on, draft.is_corrected = _day(row["released_on"]), True


def observations(engine: Engine) -> Iterator[ibis.Table]:
    """Relations of `core__observation`, one a listing; need `core__alias` registered.

    Two spellings of one model in one list state the same counter twice, so the larger one counts.
    """
    os_ai_map = engine.tables["raw_os_ai_map__top_model"]
    yield from _counted(
        engine, os_ai_map, "os_ai_map", "os_ai_map", "huggingface", os_ai_map.model_id,
        {
            "downloads_30d_count": os_ai_map.downloads_30d_count,
            "likes_count": os_ai_map.likes_count,
        },
    )  # fmt: skip
    llmfit = engine.tables["raw_llmfit__model"]
    yield from _counted(
        engine, llmfit, "llmfit", "llmfit", "huggingface", llmfit.model_id,
        {"downloads_30d_count": llmfit.downloads_30d_count, "likes_count": llmfit.likes_count},
        is_fresh=llmfit.is_fresh_observation,
    )  # fmt: skip
    census = engine.tables["raw_hf_census__model"]
    yield from _counted(
        engine, census, "census_2022", "hf_census", "huggingface", census.model_id,
        {"downloads_30d_count": census.downloads_30d_count},
    )  # fmt: skip
    for written, platform, listing in (
        ("HuggingFace", "huggingface", "osir_lmts"),
        ("ModelScope", "modelscope", "osir_lmts_modelscope"),
    ):
        osir = engine.tables["raw_osir_lmts__model_month"]
        osir = osir.filter(osir.platform == written)
        yield from _counted(
            engine, osir, listing, "osir_lmts", platform, osir.namespace + "/" + osir.model_name,
            {
                "downloads_30d_count": osir.downloads_30d_count,
                "downloads_total_count": osir.downloads_total_count,
                "likes_count": osir.likes_count,
                "descendants_count": osir.descendants_count,
            },
        )  # fmt: skip
    ollama = engine.tables["raw_ollama__pulls"]
    yield from _counted(
        engine, ollama, "ollama", "ollama", "ollama", ollama.model_name,
        {"pulls_total_count": ollama.pulls_total_count},
    )  # fmt: skip


def _counted(
    engine: Engine,
    raw: ibis.Table,
    listing: str,
    source: str,
    platform: str,
    name: Any,
    metrics: dict[str, Any],
    is_fresh: Any = None,
) -> Iterator[ibis.Table]:
    named = raw.select(
        "observed_on",
        "snapshot_sha256",
        name=name,
        is_fresh=ibis.literal(True) if is_fresh is None else is_fresh,
        **metrics,
    )
    alias = engine.tables["core__alias"]
    alias = alias.filter(alias.platform == platform).select("name", "model_id")
    joined = named.join(alias, "name")
    for metric in metrics:
        counted = joined.filter(joined[metric].notnull() & (joined[metric] >= 0))
        yield counted.group_by("observed_on", "model_id").agg(
            listing=ibis.literal(listing),
            metric=ibis.literal(metric),
            value=counted[metric].max().cast("float64"),
            # null is an edition that nobody compared with the one before: not shown to be stale
            is_fresh=ibis.coalesce(counted.is_fresh.any(), ibis.literal(True)),
            source=ibis.literal(source),
            snapshot_sha256=counted.snapshot_sha256.min(),
        )


def _is_hub_name(name: str) -> bool:
    return 0 < len(name) <= 200 and name.count("/") <= 1 and not name.startswith(("http", "/", "."))


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else None
