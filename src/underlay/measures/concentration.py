"""How concentrated each layer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import ibis
import numpy as np

from underlay.measures.definitions import (
    Choice,
    Measure,
    Option,
    Query,
    Row,
    Split,
    column_is,
)
from underlay.measures.downloads import model_relation

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "Index", "indices"]

# of several designers none holds the whole; independent projects have no common owner
_NO_PARTY = ("unknown", "several", "independent")

_OF = Choice(
    "of",
    "concentration of what",
    tuple(
        Option(name, reason, source, column_is("of", name))
        for name, reason, source in (
            ("downloads", "what is fetched from the Hub", "Open Source AI Map"),
            ("language_downloads", "the same for generative language models", "Open Source AI Map"),
            ("accelerators", "compute in the world, in H100 equivalents", "Epoch AI"),
            ("runtimes", "packages that serve language models", "PyPI"),
            ("frameworks", "deep-learning frameworks", "PyPI"),
            ("tokens", "tokens routed; a top list only", "OpenRouter"),
            ("supercomputers", "systems of TOP500 that name an accelerator", "TOP500"),
        )
    ),
    varies=False,  # the concentration of something else
)


def _parties(tables: Tables) -> ibis.Table:
    maker = tables["core__organisation"].select("organisation_id", "country")
    columns = ["of", "organisation_id", "observed_on", "source", "value", "is_other"]
    parts = [part.select(*columns) for part in _parts(tables)]
    union = parts[0]
    for part in parts[1:]:
        union = union.union(part)
    joined = union.join(maker, "organisation_id", how="left")
    return joined.select(*columns, country=ibis.coalesce(joined.country, ibis.literal("unknown")))


def _parts(tables: Tables) -> list[ibis.Table]:
    no = ibis.literal(False)
    counted = model_relation(tables, "downloads_30d_count")
    counted = counted.filter((counted.listing == "os_ai_map") & (counted.attribution == "author"))
    language = counted.filter(counted.modality.isin(("language", "vision-language")))
    stock = tables["core__accelerator_stock"]
    stock = stock.filter((stock.owner_id == "all") & (stock.chip == "all") & stock.is_complete)
    library = tables["core__library_month"]
    tokens = tables["core__tokens_week"]
    systems = tables["core__supercomputer_share"]
    systems = systems.filter(systems.organisation_id != "none")
    return [
        counted.mutate(of=ibis.literal("downloads"), is_other=no),
        language.mutate(of=ibis.literal("language_downloads"), is_other=no),
        stock.mutate(of=ibis.literal("accelerators"), value=stock.h100e_count, is_other=no),
        *(
            library.filter(library.market == market).mutate(
                of=ibis.literal(of), value=ibis._.downloads_30d_count, is_other=no
            )
            for of, market in (
                ("runtimes", "llm-runtime"),
                ("frameworks", "deep-learning-framework"),
            )
        ),
        tokens.mutate(of=ibis.literal("tokens"), value=tokens.tokens_count),
        systems.mutate(
            of=ibis.literal("supercomputers"),
            value=systems.systems_count.cast("float64"),
            is_other=no,
        ),
    ]


class Index(NamedTuple):
    """An index with its bounds; None where tiny parties make it infinite."""

    value: float | None
    lower: float
    upper: float | None


def indices(known: list[float], other: float) -> dict[str, Index]:
    """HHI (0 to 10,000), CR4 and effective numbers, by name.

    `known` are the amounts of named parties, `other` what no named party holds. The value takes
    `other` as many tiny parties, and so does one bound; the opposite bound takes it as a single
    party. (HHI: Herfindahl 1950; Adelman 1969 for the numbers-equivalent; exp of Shannon's
    entropy: Hill 1973, order 1. Tiny parties make that one infinite, so its value takes `other` as
    a single party and has no upper bound.) Raises `ValueError` if there is no positive amount.
    """
    shares = np.array([*sorted(known, reverse=True), other], dtype=np.float64)
    if not shares.sum() > 0 or shares.min() < 0:
        raise ValueError("amounts are not negative, and one is positive")
    shares = shares / shares.sum()
    named = shares[:-1]
    atoms, one = float((named**2).sum()), float((shares**2).sum())
    cr4, cr4_one = float(named[:4].sum()), float(np.sort(shares)[::-1][:4].sum())
    positive = shares[shares > 0]
    hill = float(np.exp(-(positive * np.log(positive)).sum()))
    return {
        "HHI": Index(atoms * 10_000, atoms * 10_000, one * 10_000),
        "CR4": Index(cr4, cr4, cr4_one),
        "effective number": Index(
            1 / atoms if atoms else None, 1 / one, 1 / atoms if atoms else None
        ),
        "effective number (Shannon)": Index(hill, hill, None if other > 0 else hill),
    }


def _indices(result: Result, query: Query) -> list[Row]:
    names = np.array([str(cell or "unknown") for cell in result.objects(query.by)], dtype=object)
    values = result.floats("value")
    is_other = np.array(result.objects("is_other"), dtype=bool) | np.isin(names, _NO_PARTY)
    other = float(values[is_other].sum())
    parties, group = np.unique(names[~is_other], return_inverse=True)
    sums = np.bincount(group, weights=values[~is_other], minlength=len(parties))
    total = float(sums.sum()) + other
    if not total > 0:
        return [Row({"index": "HHI"}, None, reason="the total is zero")]
    largest = int(sums.argmax()) if len(parties) else None
    about = {
        "parties": len(parties),
        "largest": None if largest is None else str(parties[largest]),
        "largest_share": None if largest is None else float(sums[largest]) / total,
        "unknown_share": other / total,
    }
    return [
        Row(
            {"index": name},
            index.value,
            index.lower,
            index.upper,
            reason="" if index.value is not None else "no party is known",
            more=about,
        )
        for name, index in indices(sums.tolist(), other).items()
    ]


CONCENTRATION = Measure(
    name="concentration",
    layer="below",
    question="How concentrated is a layer, as if how many equal suppliers?",
    unit="index",
    caveat="A top list biases concentration up. `unknown` is taken as many tiny parties; the other "
    "bound takes it as one more. It may belong to a named party instead, which neither bound "
    "shows. Shannon's number has no upper bound where something is unknown. The estimate of "
    "accelerators has errors of its own, which these bounds leave out. Shares of different "
    "markets don't compare.",
    citation="Adelman 1969, Review of Economics and Statistics 51; Hill 1973, Ecology 54",
    splits=(
        Split("maker", "organisation_id", "organisation"),
        Split("country", "country", "primary base of the organisation"),
    ),
    choices=(_OF,),
    grain=("is_other",),
    expression=_parties,
    reduce=_indices,
    sampled=False,
    default_by="maker",
)

MEASURES: tuple[Measure, ...] = (CONCENTRATION,)
