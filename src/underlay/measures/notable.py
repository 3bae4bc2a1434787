"""How many notable models come from where, from whom, and how open they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis

    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "notable_relation"]

_YEARS = ("2025", "2024", "2023", "2022", "2021", "2020", "2019", "2018")


def _published_in(year: int) -> Callable[[Any], Any]:
    return lambda t: t.released_on.year() == year


def notable_relation(tables: Tables) -> ibis.Table:
    """One row per model, country and maker that share in it."""
    return tables["core__notable_model"].mutate(value=lambda table: table.weight_share)


def _count(result: Result, query: Query) -> list[Row]:
    """Models per group: parts of them, or each once in every group that shares in it."""
    labels = [_label(cell) for cell in result.objects(query.by)]
    names, groups = np.unique(np.array(labels, dtype=object).astype(str), return_inverse=True)
    models, model = np.unique(
        np.array(result.objects("name"), dtype=object).astype(str), return_inverse=True
    )
    if query.definition.options["counting"] == "full":
        pairs = np.unique(groups * np.int64(len(models)) + model)
        sums: Any = np.bincount(pairs // len(models), minlength=len(names))
    else:
        sums = np.bincount(groups, weights=result.floats("value"), minlength=len(names))
    return [
        Row({query.by: str(names[i])}, float(sums[i])) for i in np.lexsort((names, -sums.round(9)))
    ]


def _label(cell: Any) -> str:
    return "unknown" if cell in ("unknown", "", None) else str(cell)


NOTABLE_MODELS = Measure(
    name="notable_models",
    layer="above",
    question="How many notable models come from where?",
    unit="models",
    caveat="Notable by Epoch AI's criteria: citations, records, cost, use. What is new has had "
    "less time to be noticed, so that the last year grows with each edition. Lists in English "
    "find English work first. Country is that of the releasing organisations; the publisher "
    "files Google DeepMind under two. One country named twice for a model counts once.",
    citation="Epoch AI, Notable AI models (epoch.ai/data); Stanford AI Index counts from it",
    splits=(
        Split("country", "country", "country of a releasing organisation"),
        Split("maker", "organisation_id", "releasing organisation"),
        Split("openness", "openness", "open, closed or unknown weights"),
        Split("accessibility", "accessibility", "accessibility as published"),
        Split("hardware", "hardware_vendor", "designer of the training hardware"),
    ),
    choices=(
        Choice(
            "year",
            "year of publication",
            (
                Option(
                    "last_full",
                    "the last whole year before the edition",
                    "Stanford AI Index",
                    lambda t: t.released_on.year() == t.observed_on.year() - 1,
                ),
                *(
                    Option(
                        year,
                        f"published in {year}",
                        "Stanford AI Index",
                        _published_in(int(year)),
                    )
                    for year in _YEARS
                ),
                Option("all", "since 1950: the whole list", "Epoch AI"),
            ),
            varies=False,  # what came in another year is another question
        ),
        Choice(
            "counting",
            "how a model of several countries or makers counts",
            (
                Option("fractional", "each model counts once in all", "bibliometrics"),
                Option(
                    "full",
                    "whole for each of them, so that the sum is too large",
                    "press retellings",
                ),
            ),
        ),
    ),
    grain=("name", "country", "organisation_id"),
    expression=notable_relation,
    reduce=_count,
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (NOTABLE_MODELS,)
