"""What is new: models released in a span of time, and derivatives added between two editions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split
from underlay.measures.downloads import LISTINGS, MODEL_CHOICES, MODEL_SPLITS, model_relation

if TYPE_CHECKING:
    from collections.abc import Callable

    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES"]

_BILLION = 1_000_000_000
_SHARED = ("copies", "scope")


def _releases(tables: Tables) -> ibis.Table:
    """One row per model and listing, as of the listing's newest day, with its licence."""
    counted = model_relation(tables, "downloads_30d_count")
    counted = counted.filter(counted.attribution == "author")
    model = tables["core__model"].select("model_id", "licence_text", "parameters_count")
    licence = tables["core__licence"].select("licence_text", "spdx")
    joined = counted.join(model, "model_id").join(licence, "licence_text", how="left")
    return joined.mutate(
        value=ibis.literal(1.0),
        licence=ibis.coalesce(joined.spdx, ibis.literal("unknown")),
    )


def _between(first: tuple[int, int], last: tuple[int, int]) -> Callable[[Any], Any]:
    """Released from the first of one month up to the end of another; each is (year, month)."""
    year, month = last
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return lambda t: (
        (t.released_on >= ibis.date(*first, 1)) & (t.released_on < ibis.date(*after, 1))
    )


def _larger(billions: int) -> Callable[[Any], Any]:
    return lambda t: t.parameters_count > billions * _BILLION


_RELEASE_CHOICES: tuple[Choice, ...] = (
    Choice(
        "listing",
        "which list of models is counted",
        tuple(
            option
            for name in ("llmfit", "os_ai_map", "osir_lmts")
            for option in LISTINGS
            if option.name == name
        ),
        varies=False,  # another list is of other models
    ),
    Choice(
        "released",
        "when a model was released",
        (
            Option(
                "2026_to_july",
                "January to July 2026, the span of the Hub's own count",
                "HF State of Open Source, Summer 2026",
                _between((2026, 1), (2026, 7)),
            ),
            *(
                Option(str(year), f"in {year}", "calendar", _between((year, 1), (year, 12)))
                for year in (2026, 2025, 2024, 2023)
            ),
            Option("any", "all, and those whose date isn't known", "the list itself"),
        ),
        role="kind",
        varies=False,  # what came in another year is another question
    ),
    Choice(
        "larger_than",
        "how large a model must be; one of unknown size is in `any` only",
        (
            Option("any", "every size", "the list itself"),
            Option(
                "20b",
                "what a laptop can't hold",
                "HF State of Open Source, Summer 2026",
                _larger(20),
            ),
            Option("100b", "what one machine can't hold", "size bands", _larger(100)),
        ),
        role="kind",
    ),
    *(choice for name in _SHARED for choice in MODEL_CHOICES if choice.name == name),
)
_RELEASE_SPLITS: tuple[Split, ...] = (
    Split("licence", "licence", "SPDX expression of the licence"),
    *(split for split in MODEL_SPLITS if split.name != "listing"),
)
_RELEASE_CAVEAT = (
    "Counts what stands in a list of models that are downloaded, so what nobody fetched is "
    "missing. Repositories are dated by their creation, where no release date is published. "
    "`unknown` and `NONE` are not the same: the first is not recorded, the second is declared."
)
_FIXED = {
    "layer": "above",
    "citation": "Hugging Face, State of Open Source, Summer 2026",
    "splits": _RELEASE_SPLITS,
    "choices": _RELEASE_CHOICES,
    "grain": ("model_id", "name"),
    "expression": _releases,
    "vintage_by": ("listing",),
    "sampled": False,
}
RELEASES_COUNT = Measure(
    name="releases_count",
    question="How many models were released by whom, under which licence?",
    unit="models",
    caveat=_RELEASE_CAVEAT,
    reduce="level",
    **_FIXED,  # type: ignore[arg-type]
)
RELEASES_SHARE = Measure(
    name="releases_share",
    question="Which share of the models released is whose, under which licence?",
    unit="share",
    caveat=_RELEASE_CAVEAT,
    reduce="share",
    **_FIXED,  # type: ignore[arg-type]
)


def _descendants(tables: Tables) -> ibis.Table:
    counted = model_relation(tables, "descendants_count")
    return counted.filter(counted.attribution == "author")


def _added(result: Result, query: Query) -> list[Row]:
    """Derivatives added per group, as a share of all that were added, on a fixed panel.

    The panel: models of accounts that the earlier edition held. A model that is new there was
    released between the two, so all its derivatives are new.
    """
    days = result["observed_on"].astype("datetime64[D]")
    editions = np.unique(days)
    last = editions[-1]
    earlier = editions[:-1]
    if not len(earlier):
        return [Row({query.by: "all"}, None, reason=f"no edition before {last}")]
    wanted = {"edition": 0, "quarter": 91, "year": 365}[query.definition.options["since"]]
    distance = np.abs((last - earlier).astype(int) - wanted)
    first = earlier[distance.argmin()] if wanted else earlier[-1]
    labels = np.array([str(cell or "unknown") for cell in result.objects(query.by)], dtype=object)
    accounts = np.array(result.objects("account"), dtype=object).astype(str)
    held = np.isin(accounts, np.unique(accounts[days == first]))
    values = result.floats("value")
    sign = np.where(days == last, 1.0, np.where(days == first, -1.0, 0.0))
    names, group = np.unique(labels.astype(str), return_inverse=True)
    sums = np.bincount(group, weights=np.where(held, sign * values, 0.0), minlength=len(names))
    total = float(sums.sum())
    if not total > 0:
        return [Row({query.by: str(n)}, None, reason="nothing was added") for n in names]
    models, gains = _by_model(result, held, sign * values)
    top = int(gains.argmax())
    days_between = int((last - first).astype(int))
    about = {
        "from": str(first),
        "to": str(last),
        "largest_model": str(models[top]),
        "largest_model_share": float(gains[top] / total),
        "revised_down": float(gains[gains < 0].sum()),
    }
    return [
        Row(
            {query.by: str(names[i])},
            float(sums[i] / total),
            more={"added": float(sums[i]), "added_a_day": float(sums[i] / days_between), **about},
        )
        for i in np.argsort(-sums, kind="stable")
    ]


def _by_model(result: Result, held: Any, signed: Any) -> tuple[Any, Any]:
    """(names (n,), derivatives added (n,)) of the panel's models."""
    names = np.array(result.objects("name"), dtype=object).astype(str)
    models, model = np.unique(names, return_inverse=True)
    return models, np.bincount(model, weights=np.where(held, signed, 0.0), minlength=len(models))


DERIVATIVES_ADDED = Measure(
    name="derivatives_added_share",
    layer="above",
    question="Which share of the derivatives added between two editions builds on whose models?",
    unit="share",
    caveat="Differences of the Hub's count of all descendants, for models of curated makers, on "
    "a fixed panel of accounts. Counts that were revised down, or models that went away, count as "
    "negative and are said, not clipped. One model with spam can be a large part: it is named.",
    citation="Hugging Face Hub, model tree; ATOM Report, arXiv 2604.07190",
    splits=tuple(
        split for split in MODEL_SPLITS if split.name not in ("listing", "copy_kind", "model")
    ),
    choices=(
        Choice(
            "since",
            "since which edition",
            (
                Option("edition", "the one before, about a month earlier", "OSIR-LMTS"),
                Option("quarter", "the one nearest to three months earlier", "ATOM Report"),
                Option("year", "the one nearest to a year earlier", "METHODS"),
            ),
        ),
        *(choice for choice in MODEL_CHOICES if choice.name == "scope"),
    ),
    grain=("model_id", "name"),
    expression=_descendants,
    reduce=_added,
    columns=("account",),
    history=True,
    sampled=False,
    default_by="family",
)

MEASURES: tuple[Measure, ...] = (RELEASES_COUNT, RELEASES_SHARE, DERIVATIVES_ADDED)
