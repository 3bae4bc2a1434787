"""How concentrated each layer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

__all__ = ["MEASURES", "indices"]

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


def indices(known: list[float], other: float) -> dict[str, tuple[float, float, float]]:
    """HHI (0 to 10,000), CR4, effective numbers: name -> (value, lower, upper).

    `known` are the amounts of named parties, `other` what no named party holds. The value takes
    `other` as many tiny parties; one bound does too, the opposite one takes it as a single party.
    (HHI: Herfindahl 1950; Adelman 1969 for the numbers-equivalent; exp of Shannon's entropy: Hill
    1973, order 1, whose bound for tiny parties is infinite, so its value is that over `known`.)
    """
    shares = np.array(sorted(known, reverse=True))
    total = shares.sum() + other
    shares, rest = shares / total, other / total
    atoms, one = float((shares**2).sum()), float((shares**2).sum() + rest**2)
    together = np.sort(np.append(shares, rest))[::-1]
    cr4, cr4_one = float(shares[:4].sum()), float(together[:4].sum())
    found = {
        "HHI": (atoms * 10_000, atoms * 10_000, one * 10_000),
        "CR4": (cr4, cr4, cr4_one),
    }
    if atoms > 0:
        found["effective number"] = (1 / atoms, 1 / one, 1 / atoms)
        positive = shares[shares > 0] / shares.sum()
        hill = float(np.exp(-(positive * np.log(positive)).sum()))
        found["effective number (Shannon)"] = (hill, hill, float("nan"))
    return found


def _indices(result: Result, query: Query) -> list[Row]:
    names = np.array(result.objects(query.by), dtype=object).astype(str)
    values = result.floats("value")
    is_other = np.array(result.objects("is_other"), dtype=bool) | (names == "unknown")
    other = float(values[is_other].sum())
    parties, group = np.unique(names[~is_other], return_inverse=True)
    sums = np.bincount(group, weights=values[~is_other], minlength=len(parties))
    if not sums.sum() + other > 0:
        return [Row({"index": "HHI"}, None, reason="the total is zero")]
    order = np.argsort(-sums, kind="stable")
    total = sums.sum() + other
    about = {
        "parties": len(parties),
        "largest": str(parties[order[0]]) if len(parties) else None,
        "largest_share": float(sums[order[0]] / total) if len(parties) else None,
        "unknown_share": other / total,
    }
    return [
        Row(
            {"index": name},
            value,
            lower,
            None if np.isnan(upper) else upper,
            more=about,
        )
        for name, (value, lower, upper) in indices(list(sums), other).items()
    ]


CONCENTRATION = Measure(
    name="concentration",
    layer="below",
    question="How concentrated is a layer, as if how many equal suppliers?",
    unit="index",
    caveat="A top list biases concentration up. `unknown` is taken as many tiny parties; the other "
    "bound takes it as one. Shares of different markets don't compare.",
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
