"""BETWEEN: what the lead above stands on below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.errors import NotComputableError
from underlay.report.ask import Ask, name_of
from underlay.report.document import Bar, Bars, Line, Table
from underlay.report.layers import layers_of
from underlay.report.words import bold, country, interval, listed, percent, say

if TYPE_CHECKING:
    from underlay.measures import Figure, Row

__all__ = [
    "avoids",
    "carried",
    "narrowest",
    "tempo",
    "without_nvidia",
    "without_tsmc",
    "without_us_design",
]


def tempo(ask: Ask) -> Line:
    """How long a leader lasts, in each series above and below."""
    figure = ask("tempo")
    rows = [row for row in figure.rows if row.value is not None]
    missing = [str(row.key["series"]) for row in figure.rows if row.value is None]
    spells = {
        layer: [float(row.value or 0.0) for row in rows if row.key["layer"] == layer]
        for layer in ("above", "below")
    }
    parts = [
        f"{_range(found)} {layer} ({len(found)} series)" for layer, found in spells.items() if found
    ]
    absent = [layer for layer, found in spells.items() if not found]
    further = [
        say(
            "A leader that still leads counts up to the last day, so these are lower bounds; a "
            "short series cannot show a long spell."
        )
    ]
    if missing:
        further.append(say(f"Too short to tell: {listed(missing)}."))
    if absent:
        further.append(say(f"No series of the layer {listed(absent)} in this lake."))
    return Line(
        id="tempo",
        label="Tempo",
        finding=say("A leader lasts ", bold(f"{' and '.join(parts)}"), " at least."),
        further=tuple(further),
        pictures=(
            Table(
                title="How often the lead changes, above and below",
                subtitle="Months seen, changes of the leader, mean months that one leads, and how "
                "much of the order is kept after six months (Kendall's tau: 1 is all)",
                headers=("layer", "series", "leader now", "seen", "changes", "mean", "tau"),
                rows=tuple(_row(ask, row) for row in rows),
                right=(False, False, False, True, True, True, True),
            ),
        ),
        figures=(figure,),
    )


def _party(row: Row) -> str:
    return "family" if str(row.key["series"]).endswith("family") else "maker"


def _range(months: list[float]) -> str:
    low, high = _months(min(months)), _months(max(months))
    return f"{low} months" if low == high else f"{low} to {high} months"


def _months(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def _row(ask: Ask, row: Row) -> tuple[str, ...]:
    tau = row.more.get("tau_6m")
    return (
        str(row.key["layer"]),
        str(row.key["series"]),
        name_of(str(row.more["leader"]), _party(row), ask.known),
        _months(float(row.more["months_observed"])),
        str(row.more["changes"]),
        _months(float(row.value or 0.0)),
        "–" if tau is None else f"{tau:.2f}",
    )


def without_nvidia(ask: Ask) -> Line:
    """What is lost without Nvidia's chips and its closed toolchain."""
    return _without(ask, "nvidia", "without-nvidia", "Without Nvidia", "Nvidia", with_short=True)


def without_us_design(ask: Ask) -> Line:
    """What is lost without chips and closed toolchains of American designers."""
    return _without(
        ask, "country:US", "without-us-design", "Without US design",
        "chips and closed toolchains designed in the United States", with_short=True,
    )  # fmt: skip


def without_tsmc(ask: Ask) -> Line:
    """What is lost without one foundry."""
    return _without(ask, "foundry:tsmc", "without-tsmc", "Without TSMC", "new dies from TSMC")


_GRADES = {
    "measured": "a benchmark ran it",
    "ci": "tested by its project",
    "named": "named by a source",
    "product": "packaged",
    "generic": "any general path",
}


def _without(
    ask: Ask, remove: str, id_: str, label: str, name: str, *, with_short: bool = False
) -> Line:
    """The ladder by grade of evidence, and who is hit by maker's country."""
    ladder = ask("dependence", "grade", remove=remove, scope="default", supply="new")
    places = ask("dependence", "country", remove=remove, scope="default", supply="new")
    rung = ladder.row("product")
    if rung is None or rung.value is None:
        raise NotComputableError("dependence", "no grade has a value", "a list of downloads")
    bracket = interval(rung.lower, rung.upper, "share")
    had = 1.0 - float(rung.more["no_evidence"])
    lost = f"{percent(rung.value)} {bracket}".strip()
    finding = say(
        bold(lost),
        ask.gauge(ladder, "product"),
        f" of downloads of language models have no packaged route left without {name}; "
        f"{percent(rung.more['no_evidence'])} had none that is known before.",
    )
    named = ladder.row("named")
    further = [
        say(
            "The upper end counts only what a source names for that hardware; the lower end takes "
            "every edge that nobody speaks of as real. A route exists or not: nothing here is "
            "about capacity, speed or price."
        )
    ]
    if named is not None and named.value is not None and had > 0:
        further.insert(
            0,
            say(
                "Where only named support counts, ",
                bold(f"{percent(named.value)}"),
                f" lose their last route and {percent(named.more['no_evidence'])} had none.",
            ),
        )
    hit = [row for row in places.rows if (row.value or 0.0) > 0][:_COUNTRIES]
    if hit:
        further.append(
            say(
                "By maker's country, part of its own downloads: ",
                listed(f"{country(str(row.key['country']))} {percent(row.value)}" for row in hit),
                ".",
            )
        )
    short = say(f"{label}, ", bold(lost), " of downloads have no packaged route left.")
    return Line(
        id=id_,
        label=label,
        finding=finding,
        further=tuple(further),
        pictures=(_ladder(ladder, label),),
        figures=(ladder, places),
        short=short if with_short else (),
    )


_COUNTRIES = 4


def _ladder(figure: Figure, label: str) -> Bars:
    """Lost at each grade of evidence."""
    bars = tuple(
        Bar(
            name=f"{row.key['grade']}: {_GRADES[str(row.key['grade'])]}",
            value=row.value,
            lower=row.lower,
            upper=row.upper,
            country="other",
            reason=row.reason,
            key=str(row.key["grade"]),
        )
        for row in figure.rows
    )
    worst = max((row.value or 0.0 for row in figure.rows), default=0.0)
    return Bars(
        title=f"{label}, at most {percent(worst)} of downloads lose their last route, by grade of "
        "evidence",
        subtitle="Part of all downloads that had a route of that grade and has none left; what "
        "had none before is not lost",
        unit="share",
        bars=bars,
        by="evidence",
    )


def avoids(ask: Ask) -> Line:
    """What can avoid each of the large suppliers."""
    figure = ask("dependence", "remove", scope="default", supply="new")
    rows = [row for row in figure.rows if row.value is not None]
    best = min(rows, key=lambda row: float(row.more["kept"]))
    return Line(
        id="avoids",
        label="Can be avoided",
        finding=say(
            "Of what was tried, ",
            bold(f"{best.key['remove']} is hardest to avoid"),
            f": {percent(best.more['kept'])} of downloads have a packaged route without it.",
        ),
        pictures=(
            Table(
                title=f"{best.key['remove']} is hardest to avoid",
                subtitle="Downloads of language models with a packaged route that avoids a piece; "
                "bounds of what is lost: all unknown edges real, named ones only",
                headers=("without", "have a route", "lost", "bounds", "no evidence"),
                rows=tuple(
                    (
                        str(row.key["remove"]),
                        percent(row.more["kept"]),
                        percent(row.value),
                        interval(row.lower, row.upper, "share"),
                        percent(row.more["no_evidence"]),
                    )
                    for row in rows
                ),
                right=(False, True, True, True, True),
            ),
        ),
        figures=(figure,),
    )


def narrowest(ask: Ask) -> Line:
    """Components, alone and in twos, whose loss costs most."""
    figure = ask("chokepoints", "component")
    pairs = ask("chokepoints", "pair")
    rows = list(figure.rows)[:_NARROWEST]
    if not rows:
        raise NotComputableError(
            "chokepoints", "no single piece is in every route of a model", "`underlay chokepoints`"
        )
    first = rows[0]
    few = first.more["edges_50"]
    undone = (
        f"{few} unknown edge{'' if few == 1 else 's'}, if real, would undo half of that"
        if few is not None
        else "no unknown edge would undo it"
    )
    table = [(row, str(row.more["name"])) for row in rows]
    table += [
        (row, " + ".join(part.partition(":")[2] for part in str(row.key["pair"]).split("+")))
        for row in list(pairs.rows)[:_NARROWEST]
    ]
    return Line(
        id="narrowest",
        label="Narrowest points",
        finding=say(
            bold(f"{first.more['name']} alone is in every route of {percent(first.value)}"),
            f" of downloads; {undone}.",
        ),
        further=(
            say(
                "A narrow point is as firm as the list of edges is whole: the first column says "
                "how many unknown edges would give back 10, 50 and 90 % of the loss."
            ),
        ),
        pictures=(
            Table(
                title=f"{first.more['name']} is the narrowest point, and code rather than a chip"
                if first.more["layer"] in ("package", "runtime")
                else f"{first.more['name']} is the narrowest point",
                subtitle="Pieces alone, then in twos, by the downloads that lose their last "
                "packaged route with them",
                headers=("undone by", "piece", "owner", "lost", "models"),
                rows=tuple(
                    (
                        " / ".join(
                            "–" if row.more[key] is None else str(row.more[key])
                            for key in ("edges_10", "edges_50", "edges_90")
                        ),
                        name,
                        str(row.more.get("owner_country", "")) or "–",
                        percent(row.value),
                        f"{row.more['models']}",
                    )
                    for row, name in table
                ),
                right=(False, False, False, True, True),
            ),
        ),
        figures=(figure, pairs),
    )


_NARROWEST = 5


def carried(ask: Ask) -> Line:
    """The picture of the join: from makers' countries to foundries."""
    figure = ask("stack_flow", "link")
    stock = ask.perhaps("stock_share", "maker")
    names = ("makers", "runtimes", "backends", "designers", "foundries")

    def called(place: int, key: str) -> tuple[str, str]:
        if place == 0 or key == "unknown":
            return key, key
        if key == "no known route":
            return key, "unknown"
        owners = ask.known.owners.get(key)
        if place == 3:
            name = name_of(key, "maker", ask.known)
            return name, ask.known.countries.get(key, "unknown")
        return owners or (key.partition(":")[2] or key, "unknown")

    picture = layers_of(
        figure,
        names,
        called,
        title="Many makers, runtimes and backends can carry the downloads; few designers and "
        "fewer foundries",
        subtitle="Numbers: part of the downloads of language models with a packaged route through "
        "a piece. Bands: each model divided equally over its routes; ways that exist, not use. "
        "Coloured by country of the owner",
    )
    designers = [node for node in picture.nodes[3] if node.reach is not None]
    sold = {node.key: stock.value(node.key) or 0.0 for node in designers} if stock else {}
    first = max(designers, key=lambda node: (sold.get(node.key, 0.0), node.reach or 0.0))
    share = sold.get(first.key)
    beside = f", and it has {percent(share)} of the computing power sold" if share else ""
    others = sum((node.reach or 0.0) > _MOST_OF for node in designers) - 1
    foundry = next((n for n in picture.nodes[4] if n.country != "unknown"), None)
    unknown = next((n for n in picture.nodes[4] if n.key == "unknown"), None)
    return Line(
        id="carried",
        label="What could carry it",
        finding=say(
            bold(f"{percent(first.reach)} of downloads can run on chips of {first.name}"),
            f"{beside}; {others} other designer{'' if others == 1 else 's'} could carry nine "
            "tenths of them too",
            f". {percent(foundry.reach)} can run on dies from {foundry.name}" if foundry else "",
            f"; of {percent(unknown.share)} of the ways the foundry is unknown" if unknown else "",
            ".",
        ),
        pictures=(picture,),
        figures=(figure, *((stock,) if stock is not None else ())),
    )


_MOST_OF = 0.9
