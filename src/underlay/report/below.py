"""BELOW: what the models run on, and who makes it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from underlay.report.above import capital, ranking, sureness
from underlay.report.ask import Ask, bars, leaders, name_of
from underlay.report.document import Bars, Line
from underlay.report.words import (
    Words,
    amount,
    bold,
    country,
    day,
    interval,
    listed,
    percent,
    say,
)

if TYPE_CHECKING:
    from underlay.measures import Figure, Row

__all__ = ["accelerators", "clusters", "foundries", "frameworks", "runtimes", "supercomputers"]


def accelerators(ask: Ask) -> Line:
    """The stock of accelerators in the world, by designer."""
    figure = ask("stock_share", "maker")
    index = ask.perhaps("concentration", of="accelerators")
    level = ask.perhaps("stock_level", "maker")
    first, *others = leaders(figure, 4)
    name = _party(ask, first)
    further: list[Words] = []
    figures = [figure]
    hhi = effective = None
    if index is not None:
        hhi, effective = index.value("HHI"), index.value("effective number")
        figures.append(index)
    if hhi is not None and effective is not None:
        further.append(
            say(
                f"HHI {hhi:,.0f} of 10,000: as if there were ",
                bold(f"{effective:.1f} equal suppliers"),
                ".",
            )
        )
    if level is not None:
        total = sum(row.value for row in level.rows if row.value is not None)
        further.append(
            say(
                f"The stock is about {amount(total)} H100 equivalents, sold since each series "
                "began."
            )
        )
        figures.append(level)
    if others:
        further.append(sureness(figure))
    further.append(say("Chinese chips are not in this meter: their makers' share here is unknown."))
    places = {ask.known.countries.get(str(row.key["maker"]), "unknown") for row in figure.rows}
    if len(places) == 1 and "unknown" not in places:
        further.append(say(f"Every designer in the meter is based in {country(places.pop())}."))
    return Line(
        id="accelerators",
        label="Accelerators in the world",
        finding=say(
            bold(f"{name} {percent(first.value)}"),
            f" {interval(first.lower, first.upper, 'share')}",
            "".join(f", {_party(ask, row)} {percent(row.value)}" for row in others),
            f"; unknown {percent(figure.value('unknown') or 0.0)}.",
        ),
        further=tuple(further),
        pictures=(
            Bars(
                title=f"{name} designed {percent(first.value)} of the AI compute sold",
                subtitle="Share of H100 equivalents sold since each series began, to "
                f"{day(figure.as_of)}, by designer; without Chinese chips; lines are 95 % "
                "intervals",
                unit="share",
                bars=bars(figure, ask.known),
                by="designer",
            ),
        ),
        figures=tuple(figures),
        short=say(
            "Below, ",
            bold(f"{name} designed {percent(first.value)}"),
            " of the accelerators in the meter, counted as compute"
            + (f": as if {effective:.1f} equal suppliers." if effective is not None else "."),
        ),
    )


def _party(ask: Ask, row: Row) -> str:
    return name_of(str(row.key["maker"]), "maker", ask.known)


_ELSEWHERE = (
    "PyPI cannot see builds that come from other indexes, as those for AMD, Gaudi, Neuron, MUSA "
    "and Cambricon do."
)


def runtimes(ask: Ask) -> Line:
    """Downloads of runtimes of language models."""
    return _library(ask, "runtimes", "Runtimes", "llm-runtime", "runtimes of language models")


def frameworks(ask: Ask) -> Line:
    """Downloads of deep-learning frameworks."""
    return _library(
        ask, "frameworks", "Frameworks", "deep-learning-framework", "deep-learning frameworks"
    )


def _library(ask: Ask, id_: str, label: str, market: str, words: str) -> Line:
    """Downloads of packages that compete, by who controls them and by country."""
    figure = ask("library_share", "maker", market=market)
    by_country = ask("library_share", "country", market=market)
    first, *others = leaders(figure, 3)
    before = _year_before(ask, figure)
    home = leaders(by_country, 1)[0]
    party, share = _party(ask, first), percent(first.value)
    return Line(
        id=id_,
        label=label,
        finding=say(
            bold(f"{party} {share}"),
            "".join(f", {_party(ask, row)} {percent(row.value)}" for row in others),
            f"; unknown {percent(figure.value('unknown') or 0.0)}.",
        ),
        further=(
            say("By country: ", ranking(by_country)),
            *([before] if before else []),
            say(_ELSEWHERE),
        ),
        pictures=(
            Bars(
                title=f"{party} controls {share} of downloads of {words}",
                subtitle=f"Share of PyPI downloads in the 30 days to {day(figure.as_of)} of "
                f"packages that compete as {words}, by who controls the package; mirrors and CI "
                "included",
                unit="share",
                bars=bars(figure, ask.known),
                by="maker",
            ),
        ),
        figures=(figure, by_country),
        short=say(
            f"Of downloads of {words} ",
            bold(f"{percent(home.value)} are of makers in {country(str(home.key['country']))}"),
            ".",
        ),
    )


def _year_before(ask: Ask, figure: Figure) -> Words:
    """The leader's share a year before: so young a lead may be traffic more than use."""
    first = leaders(figure, 1)[0]
    before = dt.date.fromisoformat(figure.as_of) - dt.timedelta(days=365)
    old = ask.perhaps("library_share", "maker", until=before, market=figure.definition["market"])
    if old is None:
        return ()
    share = old.value(str(first.key["maker"]))
    had = percent(share) if share is not None else "no place in the list"
    small = ask.gauge(old, str(first.key["maker"])) if share is not None else ()
    return say(f"A year before, on {day(old.as_of)}, {_party(ask, first)} had {had}", small, ".")


def clusters(ask: Ask) -> Line:
    """Known clusters, by the country where they stand."""
    figure = ask("cluster_share", "country")
    first = leaders(figure, 1)[0]
    return Line(
        id="clusters",
        label="Clusters",
        finding=ranking(figure),
        further=(
            say(
                "The list covers 10 to 20 % of the world's AI compute by its publisher's own "
                "estimate; what is anonymised counts by country, not by chip."
            ),
        ),
        pictures=(
            Bars(
                title=f"{capital(country(str(first.key['country'])))} holds "
                f"{percent(first.value)} of the compute in known clusters",
                subtitle="Share of H100 equivalents in existing clusters that are publicly known, "
                f"edition of {day(figure.as_of)}, by where they stand",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure,),
    )


def supercomputers(ask: Ask) -> Line:
    """TOP500 by country, and by designer of the accelerator."""
    figure = ask("supercomputer_share", "country")
    by_maker = ask("supercomputer_share", "maker")
    without = by_maker.value("none") or 0.0
    named = [f"{_party(ask, row)} {percent(row.value)}" for row in leaders(by_maker, 3)]
    first = leaders(figure, 1)[0]
    return Line(
        id="supercomputers",
        label="Supercomputers",
        finding=ranking(figure),
        further=(
            say(
                f"Accelerators by {listed(named)} of systems; {percent(without)} have none, for "
                f"{percent(by_maker.value('unknown') or 0.0)} the designer is unknown."
            ),
        ),
        pictures=(
            Bars(
                title=f"{capital(country(str(first.key['country'])))} has "
                f"{percent(first.value)} of the systems in TOP500",
                subtitle=f"Share of systems by country, list of {day(figure.as_of)}; owners choose "
                "whether to submit",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure, by_maker),
    )


def foundries(ask: Ask) -> Line:
    """Foundries of the accelerators that there are: existence, not capacity."""
    figure = ask("foundry_share", "foundry")
    first, *others = leaders(figure, 3)
    name = name_of(str(first.key["foundry"]), "maker", ask.known)
    rest = [
        f"{name_of(str(row.key['foundry']), 'maker', ask.known)} {percent(row.value)}"
        for row in others
    ]
    return Line(
        id="foundries",
        label="Foundries",
        finding=say(
            bold(f"{name} {percent(first.value)}"),
            "".join(f", {each}" for each in rest),
            f"; unknown {percent(figure.value('unknown') or 0.0)}.",
        ),
        further=(say("One vote per product in the table: this shows existence, not capacity."),),
        pictures=(
            Bars(
                title=f"{name} makes the dies of {percent(first.value)} of accelerators in the "
                "table",
                subtitle=f"Share of accelerators by foundry, edition of {day(figure.as_of)}; an "
                "accelerator of two foundries counts half for each",
                unit="share",
                bars=bars(figure, ask.known),
                by="foundry",
            ),
        ),
        figures=(figure,),
    )
