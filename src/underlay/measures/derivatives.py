"""What is built upon: new models by the base that they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from underlay.measures.definitions import Choice, Measure, Option, Split
from underlay.measures.downloads import MODEL_CHOICES, MODEL_SPLITS, model_relation

if TYPE_CHECKING:
    from underlay.lake.engine import Tables

__all__ = ["MEASURES"]

_SPLITS = (
    *(split for split in MODEL_SPLITS if split.name not in ("listing", "copy_kind")),
    Split(
        "relation",
        "relation",
        "fine-tune, adapter, quantised copy, merge; `all` where not told apart",
        role="kind",
    ),
    Split("deriver_country", "deriver_country", "country of who made the derivative", role="kind"),
)
_SCOPE = next(choice for choice in MODEL_CHOICES if choice.name == "scope")
_COUNTER = Choice(
    "counter",
    "which count of derivatives",
    (
        Option(
            "model_tree",
            "the Hub's own count of all descendants, for models of curated makers",
            "OSIR-LMTS",
            lambda t: t.counter == "model_tree",
        ),
        Option(
            "declared",
            "bases declared by models that stand in a listing, with relation and deriver",
            "Hub tags in the Open Source AI Map, GGUF edges in llmfit",
            lambda t: t.counter == "declared",
        ),
    ),
)


def _derivatives(tables: Tables) -> ibis.Table:
    tree = model_relation(tables, "descendants_count")
    tree = tree.filter(tree.attribution == "author")
    shared = ["model_id", "name", "organisation_id", "country", "account", "family_id",
              "subfamily_id", "openness", "licence_class", "modality", "size_band", "observed_on",
              "source", "value"]  # fmt: skip
    unknown = ibis.literal("unknown")
    tree = tree.select(
        *shared,
        counter=ibis.literal("model_tree"),
        relation=ibis.literal("all"),
        deriver_country=unknown,
    )
    edge = tables["core__lineage"]
    edge = edge.filter(edge.evidence == "declared").rename(deriver_id="model_id")
    bases = edge.group_by("deriver_id").agg(bases_count=edge.count())
    edge = edge.join(bases, "deriver_id")
    model, maker = tables["core__model"], tables["core__organisation"]
    base = model.rename(base_id="model_id").drop("base_model_id")
    deriver = model.select(deriver_id="model_id", deriver_organisation_id="organisation_id")
    base_maker = maker.select("organisation_id", "country")
    deriver_maker = maker.select(
        deriver_organisation_id="organisation_id", deriver_country="country"
    )
    vintage = tables["core__source"].select("source", observed_on="last_observed_on")
    declared = (
        edge.join(base, edge.base_model_id == base.base_id)
        .join(deriver, "deriver_id")
        .join(base_maker, "organisation_id", how="left")
        .join(deriver_maker, "deriver_organisation_id", how="left")
        .join(vintage, "source")
    )
    declared = declared.select(
        "name", "organisation_id", "account", "family_id", "subfamily_id", "openness",
        "licence_class", "modality", "size_band", "source", "relation", "observed_on",
        model_id=declared.base_id,
        country=ibis.coalesce(declared.country, unknown),
        deriver_country=ibis.coalesce(declared.deriver_country, unknown),
        value=1.0 / declared.bases_count,
        counter=ibis.literal("declared"),
    )  # fmt: skip
    return tree.union(declared.select(*tree.columns))


_FIXED = {
    "layer": "above",
    "citation": "Hugging Face Hub, model tree; ATOM Report, arXiv 2604.07190",
    "splits": _SPLITS,
    "choices": (_COUNTER, _SCOPE),
    "grain": ("model_id", "name"),
    "expression": _derivatives,
    "vintage_by": ("source",),
    "default_by": "family",
}
_CAVEAT = (
    "Quantised copies are distribution, not adoption by a new maker. The model tree has spam: "
    "Qwen1.5-0.5B has had tens of thousands of descendants. It counts only models of the series' "
    "curated makers. Declared edges are those of models in a top list, with the day of the "
    "list; a model of several bases counts in equal parts."
)
DERIVATIVES_COUNT = Measure(
    name="derivatives_count",
    question="How many models declare whose models as their base?",
    unit="models",
    caveat=_CAVEAT,
    reduce="level",
    **_FIXED,  # type: ignore[arg-type]
)
DERIVATIVES_SHARE = Measure(
    name="derivatives_share",
    question="Which share of derived models declares whose models as their base?",
    unit="share",
    caveat=_CAVEAT,
    reduce="share",
    **_FIXED,  # type: ignore[arg-type]
)

MEASURES: tuple[Measure, ...] = (DERIVATIVES_COUNT, DERIVATIVES_SHARE)
