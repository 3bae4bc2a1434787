"""BETWEEN: what the lead above stands on below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.errors import NotComputableError
from underlay.measures.pace import by_layer, otherwise
from underlay.report.ask import Ask, name_of
from underlay.report.document import Bar, Bars, Line, Table
from underlay.report.layers import layers_of
from underlay.report.words import bold, country, interval, listed, percent, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.measures import Figure, Row
    from underlay.report.words import Words

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
    """How often the lead changes, in each series above and below."""
    figure = ask("tempo")
    rows = [row for row in figure.rows if row.value is not None]
    missing = [str(row.key["series"]) for row in figure.rows if row.value is None]
    layers = by_layer(figure.rows)
    told = {name: each for name, each in layers.items() if each["series"]}
    if not told:
        raise NotComputableError("tempo", "no series is long enough", "more editions")
    rates = [
        say(
            bold(f"{each['changes_in_a_year']:.1f} times a year {name}"),
            f" ({each['series']} series, {_months(12 * each['years_observed'])} months together)",
        )
        for name, each in told.items()
    ]
    parts = [
        f"{_range(each['spell_months_least'], each['spell_months_most'])} {name}"
        for name, each in told.items()
    ]
    chance = otherwise(figure.rows)
    further = [
        say(f"A leader lasts {' and '.join(parts)}, at least: the first spell began and the last "
            "one ends outside of what is seen.")
    ]  # fmt: skip
    if chance is not None:
        further.insert(
            0,
            say(f"Dividing the series between the two otherwise gives as large a gap in "
                f"{chance['as_large']} of {chance['of']} ways."),
        )  # fmt: skip
    if missing:
        further.append(say(f"Too short to tell: {listed(missing)}."))
    absent = [name for name in layers if name not in told]
    if absent:
        further.append(say(f"No series of the layer {listed(absent)} in this lake."))
    return Line(
        id="tempo",
        label="Tempo",
        finding=say("The lead changes ", *_joined(rates), "."),
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


def _joined(parts: Sequence[Words]) -> Words:
    """Several pieces of a sentence, with `, ` between them."""
    found: list[Words] = []
    for place, part in enumerate(parts):
        found += [say(", "), part] if place else [part]
    return say(*found)


def _party(row: Row) -> str:
    return "family" if str(row.key["series"]).endswith("family") else "maker"


def _range(least: float, most: float) -> str:
    low, high = _months(least), _months(most)
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
    return _without(
        ask, "nvidia", "without-nvidia", "Without Nvidia", "Nvidia's chips and closed toolchain",
        is_first=True,
    )  # fmt: skip


def without_us_design(ask: Ask) -> Line:
    """What is lost without chips and closed toolchains of American designers."""
    return _without(
        ask, "country:US", "without-us-design", "Without US design",
        "chips and closed toolchains designed in the United States",
    )  # fmt: skip


def without_tsmc(ask: Ask) -> Line:
    """What is lost without one foundry."""
    return _without(
        ask, "foundry:tsmc", "without-tsmc", "Without TSMC", "new dies from TSMC", has_short=False
    )


# as they fit beside a bar; the picture's subtitle says what each is
_GRADES = {
    "measured": "measured",
    "ci": "CI-tested",
    "named": "named by a source",
    "product": "packaged",
    "generic": "any general path",
}
_MEANING = (
    "Measured: a benchmark ran it there; CI-tested: the project's own tests do; named: a release "
    "or document says so; packaged: the runtime lists the model and has a build for the chip"
)


def _without(
    ask: Ask,
    remove: str,
    id_: str,
    label: str,
    name: str,
    *,
    is_first: bool = False,
    has_short: bool = True,
) -> Line:
    """The ladder by grade of evidence, and who is hit by maker's country.

    The first of these lines says what the numbers are, for all of them.
    """
    ladder = ask("dependence", "grade", remove=remove, scope="default", supply="new")
    places = ask("dependence", "country", remove=remove, scope="default", supply="new")
    rung = ladder.row("product")
    if rung is None or rung.value is None:
        raise NotComputableError("dependence", "no grade has a value", "a list of downloads")
    bracket = interval(rung.lower, rung.upper, "share")
    lost = f"{percent(rung.value)} {bracket}".strip()
    finding = say(
        bold(lost),
        f" of downloads of language models lose their last packaged route without {name}",
        ask.gauge(ladder, "product"),
        f"; {percent(rung.more['no_evidence'])} had none that is known before.",
    )
    further = []
    named = ladder.row("named")
    if named is not None and named.value is not None and named.more["no_evidence"] < 1.0:
        further.append(
            say(
                "Where only routes count that a source names, ",
                bold(percent(named.value)),
                f" lose their last one and {percent(named.more['no_evidence'])} had none.",
            )
        )
    if is_first:
        further.append(
            say(
                "In brackets: the lower end takes every edge that nobody speaks of as real, the "
                "upper one counts only what a source names. A route exists or not: nothing here "
                "is about capacity, speed or price."
            )
        )
    hit = sorted(
        (row for row in places.rows if _lost(row) >= _HIT), key=lambda row: (-_lost(row), *row.key)
    )[:_COUNTRIES]
    if hit:
        parts = (f"{percent(row.value)} for {_maker(str(row.key['country']))}" for row in hit)
        further.append(say("Lost by maker's country, of its own downloads: ", listed(parts), "."))
    short = say(f"{label}, ", bold(lost), " of downloads lose their last packaged route.")
    return Line(
        id=id_,
        label=label,
        finding=finding,
        further=tuple(further),
        pictures=(_ladder(ladder, label),),
        figures=(ladder, places),
        short=short if has_short else (),
    )


_COUNTRIES = 4
_HIT = 0.001  # of all downloads: less than this says little of a country's makers


def _lost(row: Row) -> float:
    """What a maker's country loses, of all downloads."""
    return float(row.value or 0.0) * float(row.more["share_of_all"])


def _maker(code: str) -> str:
    return "makers of unknown country" if code == "unknown" else country(code)


def _ladder(figure: Figure, label: str) -> Bars:
    """Lost at each grade of evidence."""
    bars = tuple(
        Bar(
            name=_GRADES[str(row.key["grade"])],
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
        f"had none before is not lost. {_MEANING}. Lines are bounds, not 95 % intervals",
        unit="share",
        bars=bars,
        by="evidence",
        ends="bounds",
    )


def avoids(ask: Ask) -> Line:
    """What can avoid each of the large suppliers."""
    figure = ask("dependence", "remove", scope="default", supply="new")
    rows = [row for row in figure.rows if row.value is not None]
    hardest = min(rows, key=lambda row: float(row.more["kept"]))
    name = str(hardest.more["name"])
    return Line(
        id="avoids",
        label="Can be avoided",
        finding=say(
            "Of what was tried, ",
            bold(f"{name} is hardest to avoid"),
            f": {percent(hardest.more['kept'])} of downloads have a packaged route without it.",
        ),
        pictures=(
            Table(
                title=f"{name} is hardest to avoid",
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
    if not figure.rows:
        raise NotComputableError(
            "chokepoints", "no single piece is in every route of a model", "`underlay chokepoints`"
        )
    first = figure.rows[0]
    few = first.more["edges_50"]
    undone = (
        f"{few} unknown edge{'' if few == 1 else 's'}, if real, would undo half of that"
        if few is not None
        else "no number of unknown edges would undo half of that"
    )
    name = str(first.more["name"])
    further = [
        say(
            "A narrow point is as firm as the list of edges is whole: the first column says how "
            "many unknown edges would give back 10, 50 and 90 % of the loss."
        )
    ]
    if first.more["same"]:
        further.insert(0, say(f"The same goes with {_either(str(first.more['same']))}."))
    is_code = first.more["layer"] in ("package", "runtime")
    return Line(
        id="narrowest",
        label="Narrowest points",
        finding=say(
            bold(f"{name} alone is in every route of {percent(first.value)}"),
            f" of downloads; {undone}.",
        ),
        further=tuple(further),
        pictures=(
            Table(
                title=f"{name} is the narrowest point"
                + (", and it is code rather than a chip" if is_code else ""),
                subtitle="Pieces alone, then in twos, by the downloads that lose their last "
                "packaged route with them",
                headers=("undone by", "piece", "owner in", "lost", "models"),
                rows=tuple(
                    _narrow(group, name)
                    for rows in (figure.rows, pairs.rows)
                    for group, name in _alike(rows)[:_NARROWEST]
                ),
                right=(False, False, False, True, True),
            ),
        ),
        figures=(figure, pairs),
    )


def _alike(rows: Sequence[Row]) -> list[tuple[list[Row], str]]:
    """Rows that cost the same models in one, with a name for all of them.

    Those of a group of pairs have one piece in common, and any of the others goes with it.
    """
    groups: list[tuple[tuple[object, ...], set[str], list[Row]]] = []
    for row in rows:
        cost = round(float(row.value or 0.0), 9), row.more["models"]
        parts = str(row.more["name"]).split(_AND)
        pieces = set(parts) if len(parts) > 1 else {""}  # single pieces need nothing in common
        for known, shared, group in groups:
            if known == cost and shared & pieces:
                shared.intersection_update(pieces)
                group.append(row)
                break
        else:
            groups.append((cost, pieces, [row]))
    return [(group, _group_name(group)) for _, _, group in groups]


_AND = " + "


def _group_name(group: Sequence[Row]) -> str:
    names = [str(row.more["name"]) for row in group]
    if _AND not in names[0]:
        same = [str(row.more["same"]) for row in group if row.more["same"]]
        return _either(", ".join([*names, *same]))
    if len(names) == 1:
        return names[0]
    one = min(set.intersection(*(set(name.split(_AND)) for name in names)))
    others = [next(part for part in name.split(_AND) if part != one) for name in names]
    return f"{one}{_AND}{_either(', '.join(others))}"


def _either(names: str) -> str:
    """`a, b or c`; beyond a few, how many more."""
    found = list(dict.fromkeys(names.split(", ")))
    if len(found) > _NAMED:
        return f"{', '.join(found[:_NAMED])} or {len(found) - _NAMED} more"
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


_NAMED = 4


def _narrow(group: Sequence[Row], name: str) -> tuple[str, ...]:
    first = group[0]
    owners = dict.fromkeys(str(row.more.get("owner_country", "")) for row in group)
    return (
        " / ".join(
            "–" if first.more[key] is None else str(first.more[key])
            for key in ("edges_10", "edges_50", "edges_90")
        ),
        name,
        ", ".join(owner for owner in owners if owner) or "–",
        percent(first.value),
        f"{first.more['models']}",
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
        title=_title(figure),
        subtitle="Numbers: part of the downloads of language models with a packaged route through "
        "a piece. Bands: each model divided equally over its routes; ways that exist, not use. "
        "Coloured by country of the owner",
    )
    designers = [node for node in picture.nodes[3] if node.reach is not None]
    sold = {node.key: stock.value(node.key) or 0.0 for node in designers} if stock else {}
    first = max(designers, key=lambda node: (sold.get(node.key, 0.0), node.reach or 0.0))
    share = sold.get(first.key)
    beside = f", which has {percent(share)} of the computing power sold" if share else ""
    others = sum((node.reach or 0.0) > _MOST_OF for node in designers) - 1
    foundry = next((n for n in picture.nodes[4] if n.country != "unknown"), None)
    unknown = next((n for n in picture.nodes[4] if n.key == "unknown"), None)
    return Line(
        id="carried",
        label="What could carry it",
        finding=say(
            bold(
                f"{percent(first.reach)} of downloads have a packaged route on chips of "
                f"{first.name}"
            ),
            f"{beside}; {_others(others)} nine tenths of them too",
            f". Dies from {foundry.name} reach {percent(foundry.reach)}" if foundry else "",
            f"; for {percent(unknown.share)} of the ways nobody names the foundry"
            if unknown
            else "",
            ".",
        ),
        pictures=(picture,),
        figures=(figure, *((stock,) if stock is not None else ())),
    )


_MOST_OF = 0.9


def _title(figure: Figure) -> str:
    """How many named pieces of each layer carry something."""
    named: dict[str, set[str]] = {}
    for row in figure.rows:
        named.setdefault(str(row.more["layer"]), set()).add(str(row.more["from"]))
        last = str(row.more["layer"]), str(row.more["to"])
        if last[0] == "designer":
            named.setdefault("foundry", set()).add(last[1])
    counts = {layer: len(found - {"unknown", "no known route"}) for layer, found in named.items()}
    return (
        f"{counts.get('runtime', 0)} runtimes, {counts.get('backend', 0)} backends and chips of "
        f"{counts.get('designer', 0)} designers can carry downloads; {counts.get('foundry', 0)} "
        f"foundr{'y is' if counts.get('foundry') == 1 else 'ies are'} named for them"
    )


def _others(count: int) -> str:
    if count == 1:
        return "one other designer reaches"
    return f"each of {count} other designers reaches" if count else "no other designer reaches"
