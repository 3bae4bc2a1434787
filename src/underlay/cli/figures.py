"""`underlay figure`, `measures`, `model`, `maker`: answers from the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import plain, write, write_json, write_table
from underlay.cli.session import DATE, Command, Session
from underlay.errors import BadValueError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from underlay.measures import Figure

__all__ = ["figure", "maker", "measures", "model", "number", "say", "where_facets"]


_SHOWN_ITEMS = 3  # of a list in one cell; JSON has all


def where_facets(pairs: Sequence[str]) -> dict[str, str]:
    """`("listing=llmfit", "scope=language")` as a mapping; raises `BadValueError`."""
    facets = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (name and sign and value):
            raise BadValueError("--where", pair, "FACET=OPTION, for instance listing=llmfit")
        if name in facets:
            raise BadValueError("--where", pair, f"`{name}` once; it was given twice")
        facets[name] = value
    return facets


@click.command(cls=Command)
@click.argument("name")
@click.option("--by", default="", metavar="FACET", help="Facet by which the values are told apart.")
@click.option("--where", multiple=True, metavar="FACET=OPTION", help="Set a facet; repeatable.")
@click.option("--as-of", type=DATE, metavar="DATE", help="Newest data up to that day.")
@click.option("--limit", type=click.IntRange(1), default=20, help="Rows shown; JSON shows all.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def figure(
    session: Session,
    name: str,
    by: str,
    where: tuple[str, ...],
    as_of: dt.date | None,
    limit: int,
    as_json: bool,
) -> None:
    """One figure: its values under a definition, with coverage, sources and date.

    NAME is a measure; `underlay measures` lists them with their facets.
    """
    facets = where_facets(where)
    with session.answers() as lake:
        found = lake.figure(name, by=by, where=facets, as_of=as_of)
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), content)
        return
    _show(found, limit)


def say(text: str) -> None:
    """A line that may hold a publisher's words: its control characters are spelt out."""
    write(plain(text))


def _show(found: Figure, limit: int) -> None:
    from underlay.measures import measure
    from underlay.report.words import many

    write(found.question)
    shown = found.rows[:limit]
    more = list(dict.fromkeys(name for row in shown for name in row.more))
    has_interval = any(row.lower is not None or row.upper is not None for row in shown)
    has_reason = any(row.reason for row in shown)
    keys = list(dict.fromkeys(name for row in shown for name in row.key))
    headers = [*keys, found.unit, *(["from", "to"] if has_interval else []), *more]
    headers += ["why not"] if has_reason else []
    rows = []
    for row in shown:
        line: list[object] = [row.key.get(key) for key in keys]
        line.append(number(row.value, found.unit))
        if has_interval:
            line += [number(row.lower, found.unit), number(row.upper, found.unit)]
        line += [_cell(row.more.get(name)) for name in more]
        rows.append([*line, row.reason] if has_reason else line)
    write_table(headers, rows)
    if len(found.rows) > limit:
        say(f"and {len(found.rows) - limit} more rows; `--limit` shows them")
    weight = found.coverage.get("weight")
    known = "an unknown part" if weight is None else f"{weight:.1%}"
    say(f"as of      {found.as_of}")
    counted = many(int(found.coverage.get("rows") or 0), "row")
    covered = measure(found.name).covered or f"of the weight has a known {found.by}"
    say(f"coverage   {counted}; {known} {covered}")
    write("definition " + ", ".join(f"{k}={v}" for k, v in found.definition.items()))
    for source in found.sources:
        say(f"source     {source.title} ({source.licence}), to {source.vintage}, {source.url}")
        if source.conflict:
            say(f"conflict   {source.conflict}")
    for note in found.notes:
        say(f"note       {note}")
    say(f"caveat     {found.caveat}")
    say(f"citation   {found.citation}")


def number(value: float | None, unit: str) -> str:
    """A value for people: shares in per cent, counts with at most three significant digits."""
    if value is None:
        return "unknown"
    if unit == "share":
        return f"{value:.1%}"
    if abs(value) < 9999.5:
        return f"{value:,.4g}"
    for size, suffix in ((1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T")):
        shown = f"{value / size:.3g}"
        if abs(float(shown)) < 1000:
            return f"{shown} {suffix}"
    return f"{value / 1e12:,.0f} T"


def _cell(value: Any) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, "")
    if isinstance(value, list | tuple):
        shown = ", ".join(str(each) for each in value[:_SHOWN_ITEMS])
        more = len(value) - _SHOWN_ITEMS
        return f"{shown} and {more} more" if more > 0 else shown or "none"
    return value


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def measures(name: str | None, as_json: bool) -> None:
    """The measures: what each one asks, and by what its figures can be split and defined."""
    from underlay.measures import MEASURES, measure

    chosen = MEASURES if name is None else (measure(name),)
    if as_json:
        write_json("underlay/measures/1", {"measures": [_described(each) for each in chosen]})
        return
    if name is None:
        write_table(
            ["measure", "layer", "unit", "question"],
            [[each.name, each.layer, each.unit, each.question] for each in chosen],
        )
        write("`underlay measures NAME` shows facets and options of one")
        return
    each = chosen[0]
    write(each.question)
    write(f"unit      {each.unit}\ncaveat    {each.caveat}\ncitation  {each.citation}")
    write("by        " + ", ".join(split.name for split in each.splits))
    for choice in each.choices:
        held = "" if choice.varies else f" (held; `--vary {choice.name}` in a multiverse)"
        write(f"{choice.name}: {choice.doc}{held}")
        for option in choice.options:
            default = " (default)" if option is choice.default else ""
            source = f" [{option.source}]" if option.source else ""
            write(f"  {option.name}{default}: {option.reason}{source}")


def _described(each: Any) -> dict[str, Any]:
    return {
        "name": each.name,
        "layer": each.layer,
        "question": each.question,
        "unit": each.unit,
        "caveat": each.caveat,
        "citation": each.citation,
        "by": [{"name": s.name, "what": s.doc} for s in each.splits],
        "choices": [
            {
                "name": choice.name,
                "what": choice.doc,
                "options": [
                    {"name": o.name, "reason": o.reason, "source": o.source} for o in choice.options
                ],
            }
            for choice in each.choices
        ],
    }


_FACTS = (
    "family_id",
    "modality",
    "architecture",
    "size_band",
    "licence_text",
    "openness",
    "released_on",
    "released_on_method",
    "copy_kind",
    "lineage",
)


@click.command(cls=Command)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def model(session: Session, name: str, as_json: bool) -> None:
    """What is known of one model, by its name on any platform, its URL or package URL."""
    with session.answers() as lake:
        card = lake.model(name)
    if as_json:
        content = card.to_dict()
        write_json(content.pop("schema"), content)
        return
    facts = card.model
    say(f"{facts['name']} ({facts['platform']})")
    maker_country = f"{card.maker.get('name', 'unknown')}, {card.maker.get('country', 'unknown')}"
    say(f"maker       {maker_country}")
    for label in _FACTS:
        value = "unknown" if facts[label] is None else facts[label]
        say(f"{label.removesuffix('_id').replace('_', ' '):<19} {value}")
    if card.bases:
        write("built on")
        write_table(
            ["base", "relation", "evidence", "maker"],
            [[b["name"], b["relation"], b["evidence"], b["organisation_id"]] for b in card.bases],
        )
    say(f"models that declare it as base: {card.derived_count}")
    write("names")
    write_table(
        ["platform", "name", "joined by", "why"],
        [[n["platform"], n["name"], n["method"], n["reason"]] for n in card.names],
    )
    for title, rows, columns in (
        ("counts", card.counts, ("listing", "metric", "observed_on", "value")),
        ("prices", card.prices, ("catalogue", "provider", "observed_on", "input_usd_per_mtok",
                                 "output_usd_per_mtok")),
        ("ratings", card.ratings, ("board", "category", "observed_on", "rating", "rating_lower",
                                   "rating_upper")),
    ):  # fmt: skip
        if rows:
            write(title)
            write_table(list(columns), [[_cell(row[c]) for c in columns] for row in rows[:20]])


@click.command(cls=Command)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def maker(session: Session, name: str, as_json: bool) -> None:
    """What is known of one organisation, by id, name or account."""
    with session.answers() as lake:
        card = lake.maker(name)
    if as_json:
        content = card.to_dict()
        write_json(content.pop("schema"), content)
        return
    facts = card.maker
    say(f"{facts['name']} (`{facts['organisation_id']}`)")
    say(f"country   {facts['country']}" + _because(facts["country_reason"]))
    say(f"kind      {facts['kind'] or 'unknown'}")
    say(f"evidence  {facts['evidence'] or 'none given'}")
    if card.parent:
        since = f" since {facts['parent_since_on']}" if facts["parent_since_on"] else ""
        say(f"owner     {card.parent['name']}{since}")
    if card.children:
        write("owns      " + ", ".join(child["name"] for child in card.children))
    by_platform: dict[str, list[str]] = {}
    for account in card.accounts:
        by_platform.setdefault(account["platform"], []).append(account["account"])
    for platform, names in by_platform.items():
        say(f"accounts  {platform}: {', '.join(names)}")
    if card.families:
        write("families  " + ", ".join(family["name"] for family in card.families))
    say(f"models    {card.models_count:,} known")
    if card.top_models:
        write_table(
            ["model", "listing", "day", "downloads in 30 days"],
            [[m["name"], m["listing"], m["observed_on"], int(m["value"])] for m in card.top_models],
        )
    if card.components:
        write("infrastructure: " + ", ".join(part["name"] for part in card.components))


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
