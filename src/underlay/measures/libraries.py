"""Whose infrastructure libraries are downloaded, within one market at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from underlay.measures.definitions import Choice, Measure, Option, Split

if TYPE_CHECKING:
    from collections.abc import Callable

    from underlay.lake.engine import Tables

__all__ = ["MARKETS", "MEASURES", "library_relation"]

_REASONS = (
    ("llm-runtime", "serves language models: where hardware support is decided"),
    ("inference-runtime", "runs exported models of any kind"),
    ("deep-learning-framework", "what models are written in"),
    ("vendor-accelerator-library", "what an accelerator's vendor ships; wheels, not installs"),
    ("vendor-cpu-library", "what a processor's vendor ships for numerics"),
    ("gpu-array-library", "arrays and data frames on accelerators"),
    ("kernel-compiler", "compiles kernels for accelerators"),
    ("attention-kernels", "hand-written kernels of the hottest loop"),
    ("quantisation", "makes models smaller"),
    ("distributed-training", "spreads training over machines"),
    ("fine-tuning", "adapts open models"),
    ("high-level-training-api", "wraps a framework's training loop"),
    ("model-library", "ready implementations of architectures"),
    ("model-file-format", "files that weights travel in"),
    ("model-hub-client", "fetches weights from a hub"),
    ("serving-client", "calls a server of models"),
    ("compute-orchestration", "places work on machines"),
)


def _in_market(name: str) -> Callable[[Any], Any]:
    return lambda t: t.market == name


MARKETS: tuple[Option, ...] = tuple(
    Option(name, reason, "underlay", _in_market(name)) for name, reason in _REASONS
)


def library_relation(tables: Tables) -> ibis.Table:
    """One row per listing day, market, kind, vendor and ties."""
    library = tables["core__library_month"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = library.join(maker, "organisation_id", how="left")
    return joined.select(
        "observed_on", "market", "kind", "organisation_id", "ties", "packages_count", "source",
        country=ibis.coalesce(joined.country, ibis.literal("unknown")),
        value=joined.downloads_30d_count,
    )  # fmt: skip


_SPLITS = (
    Split("maker", "organisation_id", "who controls the package since a recorded day"),
    Split("country", "country", "primary base of that organisation"),
    Split("kind", "kind", "kind of package"),
    Split("ties", "ties", "accelerator vendors that the package exists for"),
)
_CHOICES = (
    Choice(
        "market",
        "packages that compete with each other; shares across markets mean nothing",
        MARKETS,
        varies=False,  # another market is another question
    ),
    Choice(
        "ties_kept",
        "whether packages tied to an accelerator count",
        (
            Option("all", "all of the market", "underlay"),
            Option(
                "untied",
                "only what works without any one vendor's accelerator",
                "a reader who asks for a choice of hardware",
                lambda t: t.ties == "none",
            ),
            Option(
                "tied",
                "only what exists for some vendor's accelerator",
                "a reader who asks what a vendor's software holds",
                lambda t: t.ties != "none",
            ),
        ),
        role="kind",
    ),
)
_CAVEAT = (
    "Downloads from PyPI, mirrors and CI included: not people, not machines. sglang went from "
    "76 thousand to 36 million in 30 days within a year, which no growth in users explains. "
    "Builds for AMD, Gaudi, Neuron, MUSA and Cambricon come from other indexes, so this meter "
    "can't see them. A package below the end of the list is missing, not at zero, and the list's "
    "depth varies. The way of counting changed in 2025-07. Before the day since which a vendor "
    "is recorded, a package's vendor is unknown. `independent` is many unconnected projects."
)
_CITATION = "Top PyPI packages (github.com/hugovk/top-pypi-packages), from PyPI's public logs"

LIBRARY_SHARE = Measure(
    name="library_share",
    layer="below",
    question="Whose libraries are downloaded, within one market?",
    unit="share",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("market", "kind", "organisation_id", "ties"),
    expression=library_relation,
    reduce="share",
    sampled=False,
    default_by="maker",
)
LIBRARY_LEVEL = Measure(
    name="library_level",
    layer="below",
    question="How often are whose libraries downloaded in 30 days, within one market?",
    unit="downloads in 30 days",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=_SPLITS,
    choices=_CHOICES,
    grain=("market", "kind", "organisation_id", "ties"),
    expression=library_relation,
    reduce="level",
    sampled=False,
    default_by="maker",
)

MEASURES: tuple[Measure, ...] = (LIBRARY_SHARE, LIBRARY_LEVEL)
