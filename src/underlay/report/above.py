"""ABOVE: who leads in models, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.report.ask import Ask, bars, leaders, name_of
from underlay.report.document import Bars, Cell, Curve, Curves, Line, Matrix
from underlay.report.words import (
    EU,
    Words,
    bold,
    country,
    day,
    interval,
    listed,
    month,
    percent,
    say,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.measures import Figure, Row

__all__ = [
    "built_upon",
    "capital",
    "downloads",
    "families",
    "open_or_closed",
    "pulled",
    "ranking",
    "routed",
    "sureness",
]


def downloads(ask: Ask) -> Line:
    """Downloads in 30 days, by country."""
    figure = ask("downloads_share")
    language = ask.perhaps("downloads_share", scope="language")
    first, *others = leaders(figure, 3)
    further = [sureness(figure)] if others else []
    further += _without_largest(figure, [first, *others])
    if language is not None:
        further.append(_among_language_models(figure, language))
    europe = [row for row in figure.rows if row.key["country"] in EU]
    if len(europe) > 1:
        share = sum(float(row.value or 0.0) for row in europe)
        further.append(
            say(f"Countries of the European Union hold {percent(share)} together.")
        )
    kept = (figure,) if language is None else (figure, language)
    return Line(
        id="downloads",
        label="Downloads, 30 days",
        finding=ranking(figure),
        further=tuple(further),
        pictures=(
            Bars(
                title=_lead_title(figure, "downloads"),
                subtitle=f"Share of downloads from the Hub in the 30 days to {day(figure.as_of)}, "
                "by country of the maker; lines are 95 % intervals over models",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=kept,
        short=_downloads_short(figure, language),
    )


def ranking(figure: Figure, count: int = 3) -> Words:
    """`China 24 % [17–32], ...; unknown 7 %`, the first one bold."""
    parts: list[Words] = []
    for position, row in enumerate(leaders(figure, count)):
        code = str(row.key[figure.by])
        name = country(code) if figure.by.endswith("country") else code
        number = f"{capital(name) if position == 0 else name} {value(row.value, figure.unit)}"
        reach = interval(row.lower, row.upper, figure.unit)
        parts.append(say(bold(number) if position == 0 else number, f" {reach}" if reach else ""))
    found: list[Words] = [part for pair in zip(parts, [say(", ")] * len(parts)) for part in pair]
    unknown = figure.value("unknown") or 0.0
    return say(*found[:-1], f"; unknown {value(unknown, figure.unit)}.")


def capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _lead_title(figure: Figure, what: str) -> str:
    first, *others = leaders(figure)
    lead = f"Makers in {country(str(first.key['country']))} hold {percent(first.value)} of {what}"
    if not others:
        return lead
    second = others[0]
    return f"{lead}, ahead of {country(str(second.key['country']))} with {percent(second.value)}"


def sureness(figure: Figure) -> Words:
    """Whether the intervals of the first two overlap."""
    first, second = leaders(figure)
    if first.lower is None or second.upper is None:
        return say("There is no interval for the order of the first two.")
    if first.lower <= second.upper:
        return say("The intervals of the first two overlap: their order is not certain.")
    return say("The intervals of the first two do not overlap.")


def _without_largest(figure: Figure, rows: Sequence[Row]) -> list[Words]:
    """The largest model by name, and the figure without it; nothing where none is that large."""
    if not figure.notes or not all("without_largest" in row.more for row in rows):
        return []
    known = [
        f"{percent(row.more['without_largest'])} for {country(str(row.key[figure.by]))}"
        if figure.by.endswith("country")
        else f"{percent(row.more['without_largest'])} for {row.key[figure.by]}"
        for row in rows
    ]
    return [say(f"{capital(figure.notes[0])}; without it the shares are {listed(known)}.")]


def _among_language_models(figure: Figure, language: Figure) -> Words:
    whole, part = leaders(figure, 1)[0], leaders(language, 3)
    names = [
        f"{country(str(row.key['country']))} {percent(row.value)}"
        + (f" {reach}" if (reach := interval(row.lower, row.upper, "share")) else "")
        for row in part
    ]
    if part[0].key["country"] == whole.key["country"]:
        lead = "Generative language models alone keep the same leader"
    else:
        lead = "Generative language models alone have another leader"
    return say(f"{lead}: ", bold(names[0]), ", " + ", ".join(names[1:]) if names[1:] else "", ".")


def _downloads_short(figure: Figure, language: Figure | None) -> Words:
    first = leaders(figure, 1)[0]
    place = country(str(first.key["country"]))
    words = say(
        f"Makers in {place} have ", bold(percent(first.value)), " of the Hub's downloads"
    )
    if language is None:
        return say(words, ".")
    lead = leaders(language, 1)[0]
    name = country(str(lead.key["country"]))
    if lead.key["country"] == first.key["country"]:
        return say(words, ", and ", bold(percent(lead.value)), " of those of language models.")
    return say(
        words,
        "; of those of language models alone ",
        bold(f"{name} has {percent(lead.value)}"),
        ".",
    )


def families(ask: Ask) -> Line:
    """The family that leads month by month, since when, and whom it passed."""
    figure = ask(
        "downloads_monthly", "family", listing="osir_lmts", scope="language", panel="fixed"
    )
    series: dict[str, dict[str, float]] = {}
    for row in figure.rows:
        if row.value is not None and row.key["family"] not in ("unknown", "other"):
            series.setdefault(str(row.key["family"]), {})[str(row.key["day"])] = row.value
    days = sorted({date for points in series.values() for date in points})
    lead = [max(series, key=lambda name: series[name].get(date, 0.0)) for date in days]
    now = lead[-1]
    start = next((i for i in range(len(lead) - 1, -1, -1) if lead[i] != now), -1) + 1
    since = days[start]
    before = lead[start - 1] if start else ""
    changes = sum(a != b for a, b in zip(lead, lead[1:]))
    name, old = name_of(now, "family", ask.known), name_of(before, "family", ask.known)
    ranked = sorted(series, key=lambda each: -series[each].get(days[-1], 0.0))
    second = next((each for each in ranked if each != now), "")
    shown = list(dict.fromkeys([now, *([before] if before else []), *ranked[:4]]))
    finding = say(
        bold(f"{name} leads since {month(since)}") if start else bold(f"{name} leads throughout"),
        f", with {percent(series[now][days[-1]])} of language-model downloads in the edition of "
        f"{day(days[-1])}",
        f"; next is {name_of(second, 'family', ask.known)} with "
        f"{percent(series[second].get(days[-1], 0.0))}." if second else ".",
    )
    further = [
        say(
            f"The lead changed {_times(changes)} in {len(days)} editions from {month(days[0])}"
            + (f"; the leader before was {old}." if before else ".")
        )
    ]
    title = f"{name} leads since {month(since)}" if start else f"{name} leads throughout"
    return Line(
        id="families",
        label="Families",
        finding=finding,
        further=tuple(further),
        pictures=(
            Curves(
                title=f"{title}, where {old} led before" if before else title,
                subtitle="Share of downloads of generative language models in 30 days, by family; "
                "only accounts that stand in every edition of the list",
                unit="share",
                curves=tuple(
                    Curve(
                        name=name_of(each, "family", ask.known),
                        points=tuple(sorted(series[each].items())),
                        country=ask.known.countries.get(each, "other"),
                        is_background=each not in (now, before or second),
                    )
                    for each in shown
                ),
            ),
        ),
        figures=(figure,),
        short=say("Among families of language models ", finding[0], f" (list to {month(days[-1])})."),
    )


def _times(count: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")


def built_upon(ask: Ask) -> Line:
    """Derivatives, by family of their base."""
    figure = ask("derivatives_share", "family")
    by_country = ask.perhaps("derivatives_share", "country")
    rows = leaders(figure, 3)
    named = [
        f"{name_of(str(row.key['family']), 'family', ask.known)} {percent(row.value)}"
        + (f" {reach}" if (reach := interval(row.lower, row.upper, "share")) else "")
        for row in rows
    ]
    further: list[Words] = [sureness(figure)] if len(rows) > 1 else []
    if figure.notes and all("without_largest" in row.more for row in rows):
        left = [
            f"{percent(row.more['without_largest'])} for "
            + name_of(str(row.key["family"]), "family", ask.known)
            for row in rows
        ]
        further.append(
            say(f"{capital(figure.notes[0])}; without it the shares are {listed(left)}.")
        )
    if by_country is not None:
        further.append(say("By country of the base's maker: ", ranking(by_country)))
    return Line(
        id="built-upon",
        label="Built upon",
        finding=say(
            bold(named[0]),
            "".join(f", {each}" for each in named[1:]),
            f"; family unknown {percent(figure.value('unknown') or 0.0)}.",
        ),
        further=tuple(further),
        pictures=(
            Bars(
                title=f"{name_of(str(rows[0].key['family']), 'family', ask.known)} is the base of "
                f"{percent(rows[0].value)} of derived models",
                subtitle="Share of derived models by family of the base, all relations; models of "
                f"the list's makers, {day(figure.as_of)}; lines are 95 % intervals over models",
                unit="share",
                bars=bars(figure, ask.known),
                by="family",
            ),
        ),
        figures=(figure,) if by_country is None else (figure, by_country),
    )


def routed(ask: Ask) -> Line:
    """Tokens of a router's top list, by country, with bounds."""
    figure = ask("tokens_share", "country")
    rows = leaders(figure, 3)
    first = rows[0]
    further = [say(f"{capital(note)}.") for note in figure.notes]
    return Line(
        id="routed",
        label="Routed",
        finding=ranking(figure),
        further=tuple(further),
        pictures=(
            Bars(
                title=f"{capital(country(str(first.key['country'])))} has {percent(first.value)} of "
                "the tokens that the list names",
                subtitle=f"Share of tokens routed in the week of {day(figure.as_of)}, by country of "
                "the maker; lines are bounds, since a top list leaves out the rest",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure,),
    )


def pulled(ask: Ask) -> Line:
    """Pulls from Ollama, by country."""
    figure = ask("pulls_share", "country")
    first = leaders(figure, 1)[0]
    return Line(
        id="pulled",
        label="Pulled to run at home",
        finding=ranking(figure),
        further=tuple(say(f"{capital(note)}.") for note in figure.notes),
        pictures=(
            Bars(
                title=f"{capital(country(str(first.key['country'])))} has {percent(first.value)} of "
                "pulls",
                subtitle=f"Share of pulls from the Ollama library in the 30 days to "
                f"{day(figure.as_of)}, by country of the maker",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure,),
    )


def open_or_closed(ask: Ask) -> Line:
    """Country by open or closed, under every weight."""
    figure = ask("open_closed_matrix")
    blocks = []
    summary: list[str] = []
    for weight in dict.fromkeys(str(row.key["weight"]) for row in figure.rows):
        rows = [row for row in figure.rows if row.key["weight"] == weight]
        cells = {(str(row.key["country"]), str(row.key["openness"])): row for row in rows}
        if ("CN", "open") not in cells:
            blocks.append((weight, rows[0].reason, ()))
            continue
        grid = tuple(
            tuple(
                Cell(cells[place, grade].value, cells[place, grade].reason)
                for grade in ("open", "closed", "unknown")
            )
            for place in ("CN", "US", "other", "unknown")
        )
        date = str(next((row.more["day"] for row in rows if "day" in row.more), figure.as_of))
        reasons = dict.fromkeys(row.reason for row in rows if row.reason)
        blocks.append((weight, "; ".join([day(date), *reasons]), grid))
        if all(cells[place, "closed"].value is not None for place in ("CN", "US")):
            summary.append(f"by {weight} {_open_part(cells, 'CN')} and {_open_part(cells, 'US')}")
    missing = [name for name, _, grid in blocks if not grid]
    finding = (
        say(bold("Of what each country's makers have, open weights are "), "; ".join(summary), ".")
        if summary
        else say("No weight sees both open and closed models of both countries.")
    )
    further = []
    if missing:
        further.append(say(f"No data by {listed(missing)}."))
    return Line(
        id="open-or-closed",
        label="Open or closed",
        finding=finding,
        further=tuple(further),
        pictures=(
            Matrix(
                title="Country of the maker by open or closed weights, under each weight that has "
                "data",
                subtitle="Each block adds up to 100 %; the hub of weights cannot see closed models",
                rows=("CN", "US", "other", "unknown"),
                columns=("open", "closed", "unknown"),
                blocks=tuple(blocks),
            ),
        ),
        figures=(figure,),
    )


def _open_part(cells: dict[tuple[str, str], Row], place: str) -> str:
    parts = {g: cells[place, g].value or 0.0 for g in ("open", "closed", "unknown")}
    total = sum(parts.values())
    if not total > 0:
        return f"nothing for {place}"
    return f"{percent(parts['open'] / total)} for {place}"
