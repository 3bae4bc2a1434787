"""ABOVE: who leads in models, and how surely."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from underlay.report.ask import Ask, bars, leaders, name_of
from underlay.report.document import Bar, Bars, Block, Cell, Curve, Curves, Line, Matrix
from underlay.report.words import (
    EU,
    NBSP,
    Bold,
    Words,
    bold,
    country,
    day,
    interval,
    listed,
    many,
    month,
    percent,
    say,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.measures import Figure, Row
    from underlay.report.document import Spread

__all__ = [
    "built_upon",
    "capital",
    "downloads",
    "families",
    "judged",
    "open_or_closed",
    "priced",
    "pulled",
    "ranking",
    "routed",
    "sureness",
]


def _spread_words(spread: Spread | None) -> list[Words]:
    """Who leads under how many definitions; their ends stand in the chart."""
    if spread is None or spread.count < 2 or not spread.leads:
        return []
    leads = [
        f"{country(code)} under {percent(part)}" for code, part in list(spread.leads.items())[:3]
    ]
    return [
        say(
            f"{_of_definitions(spread)} (kinds of model, attribution, copies, age, table of "
            "countries and more) the lead is with ",
            bold(listed(leads)),
            " of them.",
        )
    ]


def _of_definitions(spread: Spread) -> str:
    if spread.led == spread.count:
        return f"Over {many(spread.count, 'definition')}"
    return f"Over {spread.led:,} of {many(spread.count, 'definition')}, those that name a leader,"


def downloads(ask: Ask) -> Line:
    """Downloads in 30 days, by country."""
    figure = ask("downloads_share")
    spread = ask.spread(figure)
    language = ask.perhaps("downloads_share", scope="language")
    first, *others = leaders(figure, 3)
    further = _spread_words(spread)
    further += [sureness(figure)] if others else []
    further += _without_largest(figure, [first, *others])
    if language is not None:
        further.append(_among_language_models(figure, language))
    europe = [row for row in figure.rows if row.key["country"] in EU]
    if len(europe) > 1:
        share = sum(float(row.value or 0.0) for row in europe)
        further.append(say(f"Countries of the European Union hold {percent(share)} together."))
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
        short=_downloads_short(figure, language, spread),
    )


def ranking(figure: Figure, count: int = 3) -> Words:
    """`China 24 % [17–32], ...; unknown 7 %`, the first one bold."""
    found: list[str | Bold | Words] = []
    for position, row in enumerate(leaders(figure, count)):
        code = str(row.key[figure.by])
        name = country(code) if figure.by.endswith("country") else code
        number = f"{capital(name) if position == 0 else name} {value(row.value, figure.unit)}"
        reach = interval(row.lower, row.upper, figure.unit)
        found += [", "] if position else []
        found += [number if position else bold(number), f" {reach}" if reach else ""]
    unknown = figure.value("unknown") or 0.0
    return say(*found, f"; unknown {value(unknown, figure.unit)}.")


def capital(name: str) -> str:
    """With a capital letter, for the beginning of a sentence."""
    return name[:1].upper() + name[1:]


def _lead_title(figure: Figure, what: str) -> str:
    """The first two, and whether their order is certain."""
    first, *others = leaders(figure)
    name = country(str(first.key["country"]))
    if not others:
        return f"Makers in {name} hold {percent(first.value)} of {what}"
    second = f"{country(str(others[0].key['country']))} with {percent(others[0].value)}"
    if _overlap(first, others[0]):
        return (
            f"Makers in {name} with {percent(first.value)} of {what} and {second}: "
            "their order is not certain"
        )
    return f"Makers in {name} hold {percent(first.value)} of {what}, ahead of {second}"


def _overlap(first: Row, second: Row) -> bool | None:
    """Whether the intervals overlap; None where one of them is missing."""
    if first.lower is None or second.upper is None:
        return None
    return first.lower <= second.upper


def sureness(figure: Figure) -> Words:
    """Whether the intervals of the first two overlap."""
    first, second = leaders(figure)
    overlap = _overlap(first, second)
    if overlap is None:
        return say("There is no interval for the order of the first two.")
    if overlap:
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
    return [say(f"{_note(figure)}; without it the shares are {listed(known)}.")]


def _note(figure: Figure) -> str:
    """The figure's first note, with a space before each per cent sign."""
    return figure.notes[0].replace("%", f"{NBSP}%")


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


def _downloads_short(figure: Figure, language: Figure | None, spread: Spread | None) -> Words:
    first = leaders(figure, 1)[0]
    if spread is None or spread.count < 2 or not spread.leads:
        return say(_two_shares(first, language), ".")
    code, part = next(iter(spread.leads.items()))
    words = f"; {country(code)} leads under {percent(part)} of {many(spread.led, 'definition')}."
    return say(_two_shares(first, language), words)


def _two_shares(first: Row, language: Figure | None) -> Words:
    """The leader's share, and who leads among language models."""
    place = country(str(first.key["country"]))
    words = say(f"Makers in {place} have ", bold(percent(first.value)), " of the Hub's downloads")
    if language is None:
        return words
    lead = leaders(language, 1)[0]
    name = country(str(lead.key["country"]))
    if lead.key["country"] == first.key["country"]:
        return say(words, ", and ", bold(percent(lead.value)), " of those of language models")
    return say(
        words, "; of those of language models alone ", bold(f"{name} has {percent(lead.value)}")
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
    changes = sum(a != b for a, b in pairwise(lead))
    name, old = name_of(now, "family", ask.known), name_of(before, "family", ask.known)
    ranked = sorted(series, key=lambda each: -series[each].get(days[-1], 0.0))
    second = next((each for each in ranked if each != now), "")
    shown = list(dict.fromkeys([now, *([before] if before else []), *ranked[:4]]))
    finding = say(
        bold(f"{name} leads since {month(since)}") if start else bold(f"{name} leads throughout"),
        f", with {percent(series[now][days[-1]])} of language-model downloads in the edition of "
        f"{day(days[-1])}",
        f"; next is {name_of(second, 'family', ask.known)} with "
        f"{percent(series[second].get(days[-1], 0.0))}."
        if second
        else ".",
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
                        country=ask.known.countries.get(f"family:{each}", "other"),
                        is_background=each not in (now, before or second),
                    )
                    for each in shown
                ),
            ),
        ),
        figures=(figure,),
        short=say(
            "Among families of language models ", finding[0], f" (list to {month(days[-1])})."
        ),
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
        further.append(say(f"{_note(figure)}; without it the shares are {listed(left)}."))
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
    """Tokens of a router's top list, by country, with bounds; requests and spend beside them."""
    figure = ask("tokens_share", "country")
    requests = ask.perhaps("requests_share", "country")
    first = leaders(figure, 1)[0]
    further: list[Words] = []
    if "entries" in first.more:
        entries = sum(int(row.more.get("entries") or 0) for row in figure.rows)
        further.append(say(f"These are shares of the {entries} models that the list names."))
    if first.more.get("bounds"):
        further.append(say(f"{capital(str(first.more['bounds']))}."))
    if requests is not None:
        further.append(
            say(f"By requests, in the week of {day(requests.as_of)}: ", ranking(requests))
        )
        spend = [
            (float(row.more.get("spend_usd") or 0.0), country(str(row.key["country"])))
            for row in requests.rows
        ]
        total = sum(part for part, _ in spend)
        if total > 0:
            named = [f"{place} {percent(part / total)}" for part, place in sorted(spend)[::-1][:3]]
            further.append(say(f"By spend in that week: {', '.join(named)}."))
    return Line(
        id="routed",
        label="Routed",
        finding=ranking(figure),
        further=tuple(further),
        pictures=(
            Bars(
                title=f"Makers in {country(str(first.key['country']))} have {percent(first.value)} "
                "of the tokens that the list names",
                subtitle=f"Share of tokens routed in the week of {day(figure.as_of)} by the models "
                "of a top list, by country of the maker",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure,) if requests is None else (figure, requests),
    )


def pulled(ask: Ask) -> Line:
    """Pulls from Ollama, by country."""
    figure = ask("pulls_share", "country")
    first, *others = leaders(figure)
    window = first.more
    span = (
        f"from {day(window['from'])} to {day(window['to'])}"
        if window.get("from")
        else f"to {day(figure.as_of)}"
    )
    return Line(
        id="pulled",
        label="Pulled to run at home",
        finding=ranking(figure),
        further=(
            *([sureness(figure)] if others else []),
            *(say(f"{capital(note)}.") for note in figure.notes),
        ),
        pictures=(
            Bars(
                title=_lead_title(figure, "pulls"),
                subtitle=f"Share of pulls from the Ollama library {span}, by country of the maker; "
                "increments of a rounded counter; lines are 95 % intervals over models",
                unit="share",
                bars=bars(figure, ask.known),
            ),
        ),
        figures=(figure,),
    )


def judged(ask: Ask) -> Line:
    """The best model of each country on the board, the best open ones, and the gaps."""
    every = ask("arena_gap", "country")
    free = ask.perhaps("arena_gap", "country", population="open")
    grades = ask.perhaps("arena_gap", "openness")
    rows = [row for row in every.rows if row.value is not None and row.key["country"] != "unknown"]
    first, *others = sorted(rows, key=lambda row: float(row.value or 0.0))
    finding = say(bold(f"{_model(first)} leads"), f" with {first.more['rating']:,.0f} points")
    if others:
        finding = say(finding, f"; {_behind(others[0])}.")
    further = [say(f"{_behind(row)}.") for row in others[1:2]]
    figures = [every]
    if free is not None:
        figures.append(free)
        best = sorted(
            (row for row in free.rows if row.value is not None and row.key["country"] != "unknown"),
            key=lambda row: float(row.value or 0.0),
        )
        words = say(
            "Among open weights ",
            bold(f"{_model(best[0])} leads"),
            f" with {best[0].more['rating']:,.0f} points",
        )
        further.append(say(words, f"; {_behind(best[1])}." if len(best) > 1 else "."))
    if grades is not None:
        figures.append(grades)
        behind = [row for row in grades.rows if row.value and row.key["openness"] != "unknown"]
        further += [
            say(
                f"The best {row.key['openness']} model is {row.value:.0f} points behind the best "
                f"{row.more['leader_group']} one, which wins "
                f"{percent(row.more['win_probability'])} of votes between them."
            )
            for row in behind
        ]
    pictures = [_board(every, "Best model of each country")]
    if free is not None:
        pictures.append(_board(free, "Best open model of each country"))
    return Line(
        id="judged",
        label="Judged",
        finding=finding,
        further=tuple(further),
        pictures=tuple(pictures),
        figures=tuple(figures),
        short=_judged_short(first, others, free),
    )


def _model(row: Row) -> str:
    return f"`{_short_name(row)}` ({row.key['country']})"


def _short_name(row: Row) -> str:
    """A model's name without the account before it."""
    return str(row.more["model"]).rpartition("/")[2]


def _behind(row: Row) -> str:
    reach = interval(row.lower, row.upper, "Elo points")
    sure = "their intervals overlap" if row.more["intervals_overlap"] else "intervals apart"
    return (
        f"{_model(row)} is {row.value:.0f} points {reach} behind, so the leader wins "
        f"{percent(row.more['win_probability'])} of votes between them ({sure})"
    )


def _board(figure: Figure, what: str) -> Bars:
    rows = [row for row in figure.rows if row.value is not None and row.key["country"] != "unknown"]
    rows = sorted(rows, key=lambda row: float(row.value or 0.0))[:5]
    places = [country(str(row.key["country"])) for row in rows[:2]]
    gap = f", {rows[1].value:.0f} points ahead of {places[1]}" if len(rows) > 1 else ""
    return Bars(
        title=f"{what}: {places[0]} leads{gap}",
        subtitle=f"Elo points on the board {figure.definition.get('board', '')}, edition of "
        f"{day(figure.as_of)}; lines are the publisher's 95 % intervals; points have no zero",
        unit="Elo points",
        bars=tuple(
            Bar(
                name=f"{row.key['country']} {_short_name(row)}",
                value=row.more["rating"],
                lower=row.more["rating_lower"],
                upper=row.more["rating_upper"],
                country=str(row.key["country"]),
            )
            for row in rows
        ),
        by="country and model",
        from_zero=False,
        figure=None,  # ratings, where the figure is the gap between them
    )


def _judged_short(first: Row, others: list[Row], free: Figure | None) -> Words:
    place = country(str(first.key["country"]))
    words = say("On the text board a model from ", bold(place), " leads")
    if others:
        second = others[0]
        words = say(
            words,
            f", {second.value:.0f} points (a win rate of "
            f"{percent(second.more['win_probability'])}) ahead of "
            f"{country(str(second.key['country']))}",
        )
    if free is None:
        return say(words, ".")
    lead = min((r for r in free.rows if r.value is not None), key=lambda r: float(r.value or 0.0))
    return say(
        words,
        "; among open weights the leader is from ",
        bold(country(str(lead.key["country"]))),
        ".",
    )


def priced(ask: Ask) -> Line:
    """The cheapest route to the same score, by country."""
    figure = ask("price_blended", "country")
    decline = ask.perhaps("price_decline", "country")
    rows = [row for row in figure.rows if row.value is not None and row.key["country"] != "unknown"]
    rows = sorted(rows, key=lambda row: float(row.value or 0.0))
    first, *others = rows
    score, mix = f"{int(figure.definition['score']):,}", figure.definition["mix"]
    finding = say(
        bold(f"{capital(country(str(first.key['country'])))} {value(first.value, figure.unit)}"),
        f" (`{_short_name(first)}`)",
        "".join(
            f", {country(str(row.key['country']))} {value(row.value, figure.unit)} "
            f"(`{_short_name(row)}`)"
            for row in others[:2]
        ),
        f" per million tokens, for {score} points or more.",
    )
    further: list[Words] = []
    if decline is not None:
        fallen = [
            f"{percent(row.value)} for {country(str(row.key['country']))}"
            for row in decline.rows
            if row.value is not None
        ]
        if fallen:
            further.append(
                say(
                    "The cheapest model of that strength costs this part of what it did about a "
                    f"year before: {listed(fallen)}."
                )
            )
    ratio = float(others[0].value or 0.0) / float(first.value) if others and first.value else None
    title = f"The cheapest strong model is from {country(str(first.key['country']))}"
    if ratio is not None:
        title += (
            f"; the cheapest from {country(str(others[0].key['country']))} costs {ratio:.1f} times "
            "as much"
        )
    return Line(
        id="priced",
        label="Priced",
        finding=finding,
        further=tuple(further),
        pictures=(
            Bars(
                title=title,
                subtitle=f"USD per million tokens, {mix} input to output, of the cheapest model "
                f"with {score} arena points or more; catalogue of {day(figure.as_of)}",
                unit=figure.unit,
                bars=tuple(
                    Bar(
                        name=f"{row.key['country']} {_short_name(row)}",
                        value=row.value,
                        country=str(row.key["country"]),
                        key=str(row.key["country"]),
                    )
                    for row in rows[:5]
                ),
                by="country and model",
            ),
        ),
        figures=(figure,) if decline is None else (figure, decline),
    )


_PLACES, _GRADES = ("CN", "US", "other"), ("open", "closed")


def open_or_closed(ask: Ask) -> Line:
    """Country by open or closed, under every weight."""
    figure = ask("open_closed_matrix")
    blocks, summary = [], []
    for weight in dict.fromkeys(str(row.key["weight"]) for row in figure.rows):
        rows = [row for row in figure.rows if row.key["weight"] == weight]
        cells = {(str(row.key["country"]), str(row.key["openness"])): row for row in rows}
        if ("CN", "open") not in cells:
            blocks.append(Block(weight, reason=rows[0].reason))
            continue
        blocks.append(_block(weight, cells, figure.as_of))
        if all(cells[place, "closed"].value is not None for place in ("CN", "US")):
            summary.append(
                f"by {weight} {_open_part(cells, 'CN')} for China and {_open_part(cells, 'US')} "
                "for the United States"
            )
    missing = [block.name for block in blocks if not block.cells]
    finding = (
        say(bold("The open part of what each country's makers have: "), "; ".join(summary), ".")
        if summary
        else say("No weight sees both the open and the closed models of both countries.")
    )
    return Line(
        id="open-or-closed",
        label="Open or closed",
        finding=finding,
        further=(say(f"No data by {listed(missing)}."),) if missing else (),
        pictures=(
            Matrix(
                title="Country of the maker by open or closed weights, under every weight",
                subtitle="Per cent of each weight's total; unknown is an unknown country or "
                "unknown weights",
                rows=_PLACES,
                columns=_GRADES,
                blocks=tuple(blocks),
            ),
        ),
        figures=(figure,),
    )


def _block(weight: str, cells: dict[tuple[str, str], Row], as_of: str) -> Block:
    reasons = dict.fromkeys(row.reason for row in cells.values() if row.reason)
    date = next((row.more["day"] for row in cells.values() if "day" in row.more), as_of)
    shown = {(place, grade) for place in _PLACES for grade in _GRADES}
    unknown = sum(row.value or 0.0 for key, row in cells.items() if key not in shown)
    return Block(
        name=weight,
        day=str(date),
        cells=tuple(
            tuple(Cell(cells[place, grade].value, cells[place, grade].reason) for grade in _GRADES)
            for place in _PLACES
        ),
        unknown=Cell(unknown),
        reason="; ".join(reasons),
    )


def _open_part(cells: dict[tuple[str, str], Row], place: str) -> str:
    parts = {g: cells[place, g].value or 0.0 for g in ("open", "closed", "unknown")}
    total = sum(parts.values())
    if not total > 0:
        return "nothing"
    return percent(parts["open"] / total)
