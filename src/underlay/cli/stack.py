"""`underlay whatif`, `routes`, `chokepoints`: what models stand on, and what if a piece goes."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.figures import say, where_facets
from underlay.cli.output import plain, write, write_json, write_table
from underlay.cli.session import DATE, Command, Session

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from underlay.api import OpenLake
    from underlay.stack.chokepoints import Chokepoints
    from underlay.stack.criticality import Shapley
    from underlay.stack.explain import Kept, Lost, Route
    from underlay.stack.routes import ModelRoutes
    from underlay.stack.whatif import Horizon, Rung, WhatIf

__all__ = ["chokepoints", "routes", "whatif"]

_WIDTH = 98
_LABEL = 11  # columns of a label and the blank behind it
_BAR = 24
_SHOWN = 10

_where = click.option(
    "--where",
    multiple=True,
    metavar="FACET=OPTION",
    help="Set a facet, such as object=file, routes=serving, population=all; repeatable.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")


@click.command(cls=Command)
@click.option(
    "--remove",
    "removed",
    multiple=True,
    required=True,
    metavar="X",
    help="What goes: nvidia, nvidia:code, country:US:design, foundry:TSMC, runtime:vllm, "
    "package:torch, api:cuda, licence:MIT, grade<documented; repeatable.",
)
@_where
@click.option(
    "--by",
    type=click.Choice(["country", "openness"]),
    default="country",
    show_default=True,
    help="By what the table of parts tells makers apart; JSON has both.",
)
@click.option("--as-of", type=DATE, metavar="DATE", help="Owners as of that day.")
@_as_json
@click.pass_obj
def whatif(
    session: Session,
    removed: tuple[str, ...],
    where: tuple[str, ...],
    by: str,
    as_of: dt.date | None,
    as_json: bool,
) -> None:
    """Which models have no route left when something goes, by weight and by grade of evidence.

    A route is something that exists, not capacity. An edge that nobody states is unknown: the
    lower bound takes it as real, the upper one counts only what a source names.
    """
    from underlay.stack.facets import Facets
    from underlay.stack.removals import removal
    from underlay.stack.whatif import horizons
    from underlay.stack.whatif import whatif as ask

    facets = Facets.of(where_facets(where))
    with session.answers() as lake:
        stack = lake.stack
        gone = removal(stack, removed, scope=facets.scope, as_of=as_of)
        found = ask(stack, gone, facets)
        past = horizons(stack, gone, facets, weight=found.ranked_by)
        sources = _sources(lake)
    if as_json:
        content = found.to_dict()
        schema = content.pop("schema")
        content["horizons"] = [{**asdict(each), "date": each.date.isoformat()} for each in past]
        content["sources"] = sources
        content["citation"] = _CITATION
        write_json(schema, content)
        return
    _show_whatif(found, past, by)
    _show_sources(sources)


_CITATION = (
    "structural dependence: Hopkins et al. 2025, arXiv 2504.20185; AND across slots, OR across "
    "providers of one slot"
)


def _sources(lake: OpenLake) -> list[dict[str, Any]]:
    """The sources that the statements and builds of the stack come from."""
    stack = lake.stack
    engine = lake.engine
    # asked as `underlay exposure` asks it, so that its SQL is prepared
    known = engine.ask("stack/source", lambda: engine.tables["core__source"].order_by("source"))
    used = {str(each) for each in stack.statements.source}
    used |= {build.source for build in stack.builds} | {need.source for need in stack.needs}
    return [
        {
            "name": row["source"],
            "title": row["title"],
            "licence": row["licence"],
            "url": row["url"],
            "vintage": str(row["last_observed_on"] or "")[:10],  # the engine gives midnights
            "conflict": row["conflict"] or "",
        }
        for row in known.rows()
        if row["source"] in used
    ]


def _show_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    for source in sources:
        vintage = f", to {source['vintage']}" if source["vintage"] else ""
        say(f"source     {source['title']} ({source['licence']}){vintage}, {source['url']}")
        if source["conflict"]:
            _wrapped(f"conflict   {source['conflict']}")
    _wrapped("           reviewed entries with a citation each stand in the atlas's TOML files")
    _wrapped(f"citation   {_CITATION}")


def _show_whatif(found: WhatIf, past: Sequence[Horizon], by: str) -> None:
    from underlay.report.words import many

    _wrapped(f"Without {' and '.join(found.removal.asked)}: who has no route left?")
    write()
    for weight, share in found.weights.items():
        if share.headline is None:
            _wrapped(f"{weight:<10} unknown: {share.reason}")
            continue
        rung = share.headline
        part = f"{_percent(rung.value)} lost [{_percent(rung.lower)} to {_percent(rung.upper)}]"
        kept = f"{_percent(rung.kept)} kept, {_percent(rung.no_evidence)} without evidence before"
        say(f"{weight:<10} {part}; {kept}")
        if share.reason:
            _wrapped(f"           {share.reason}")
    write()
    ranked = found.weights[found.ranked_by]
    write(f"by grade of evidence, in {found.ranked_by} (# lost, = kept, . no evidence)")
    for rung in ranked.ladder:
        mark = "  <- asked" if rung.grade == found.facets.grade else ""
        figures = f"{_percent(rung.value):>6} [{_percent(rung.lower)} to {_percent(rung.upper)}]"
        write(f"  {rung.grade:<9} {figures:<26} {_bar(rung)}{mark}")
    _show_takes(found)
    parts = found.by_country if by == "country" else found.by_openness
    rows = [
        [p.key, _percent(p.share), _percent(p.value), _percent(p.lower), _percent(p.upper),
         _percent(p.no_evidence)]
        for p in parts
        if p.weight == found.ranked_by
    ]  # fmt: skip
    write()
    write_table([f"maker's {by}", "share", "lost", "from", "to", "no evidence"], rows[:_SHOWN])
    _show_lost(found.lost)
    _show_kept(found.kept)
    if found.substitutes:
        write("\nwhat carries the rest (several lines may carry the same model)")
        write_table(
            ["on", "line", "designer", "country", "carries", "alone", "best"],
            [[_short(s.backend), _short(s.line), s.organisation, s.country, _percent(s.share),
              _percent(s.only), s.best_grade] for s in found.substitutes[:_SHOWN]],
        )  # fmt: skip
    _show_past(past)
    write()
    say(f"as of      {found.observed_on}, list {found.listing}")
    of = found.coverage
    say(
        f"coverage   {many(int(of['models']), 'model')}, {of['models_with_architecture']:,} with a "
        f"known architecture ({_percent(of.get(f'{found.ranked_by}_with_architecture_share'))} of "
        f"{found.ranked_by})"
    )
    _wrapped("definition " + ", ".join(f"{k}={v}" for k, v in found.facets.to_dict().items()))
    for assumption in found.assumptions:
        _wrapped(f"assumes    {assumption}")
    for note in found.notes:
        _wrapped(f"note       {note}")


def _show_takes(found: WhatIf) -> None:
    write()
    by_layer: dict[str, list[str]] = {}
    for taken in found.removal.takes:
        by_layer.setdefault(taken.layer, []).append(_short(taken.component))
    if not by_layer:
        _wrapped("takes      no component" + (" (evidence only)" if found.removal.below else ""))
    for layer, names in by_layer.items():
        _wrapped(f"takes      {layer}: {', '.join(names)}")
    if found.removal.spared:
        names = _apart([each.component for each in found.removal.spared])
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        _wrapped(
            f"spares     {', '.join(names[:6])}{more}: open code, services and what was not asked "
            "for; write a scope out (`:code`, `:all`) to take it"
        )


def _show_lost(lost: Sequence[Lost]) -> None:
    if not lost:
        return
    write("\nlargest of the lost")
    for each in lost:
        say(f"  {_percent(each.weight):>6}  {each.model} ({each.architecture})")
        searched = ", ".join(f"{count} {name}" for name, count in each.searched.items())
        had = f"{_short(each.had.runtime)} on {_short(each.had.backend)} ({each.had.grade})"
        _wrapped(f"          had {had}; no {each.slot} is left: needs {_short(each.needs)}")
        near = f"; nearest {_short(each.nearest)} ({each.nearest_state})" if each.nearest else ""
        _wrapped(f"          builds left by what is known: {searched or 'none'}{near}")


def _show_kept(kept: Sequence[Kept]) -> None:
    if not kept:
        return
    write("\nlargest of the kept")
    for each in kept:
        say(f"  {_percent(each.weight):>6}  {each.model}: {each.route} ({each.grade})")
        _wrapped("          " + _rests_on(each.best))


def _show_past(past: Sequence[Horizon]) -> None:
    if len(past) < 2:
        return
    write(f"\nby the evidence that had been seen by a day ({past[0].weight}, today's models)")
    step = max(1, len(past) // _SHOWN)
    chosen = [*past[:-1:step], past[-1]]
    write_table(
        ["day", "lost", "from", "to", "no evidence"],
        [[str(h.date), _percent(h.value), _percent(h.lower), _percent(h.upper),
          _percent(h.no_evidence)] for h in chosen],
    )  # fmt: skip


def _rests_on(route: Route) -> str:
    parts = [f"says {route.source}"]
    if route.version and route.version != "unknown":
        parts.append(route.version)
    if route.path:
        parts.append(route.path)
    text = ", ".join(parts)
    if route.seen_on:
        text += f", seen {route.seen_on}"
    text += f", stated by {route.stated_by}"
    return text + ("; sources disagree" if route.is_conflicting else "")


@click.command(cls=Command)
@click.argument("model")
@click.option(
    "--without",
    multiple=True,
    metavar="X",
    help="Routes that are left without it, named as for `underlay whatif --remove`; repeatable.",
)
@_where
@click.option("--limit", type=click.IntRange(1), default=20, help="Rows shown; JSON has all.")
@_as_json
@click.pass_obj
def routes(
    session: Session,
    model: str,
    without: tuple[str, ...],
    where: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """All known ways to run one model, the best evidence first, and what blocks the others."""
    from underlay.stack.facets import Facets
    from underlay.stack.removals import removal
    from underlay.stack.routes import routes as ask

    facets = Facets.of({"routes": "all", **where_facets(where)})
    with session.answers() as lake:
        stack = lake.stack
        gone = removal(stack, without, scope=facets.scope) if without else None
        found = ask(stack, model, facets, without=gone)
        sources = _sources(lake)
    if as_json:
        content = found.to_dict()
        schema = content.pop("schema")
        write_json(schema, {**content, "without": list(without), "sources": sources})
        return
    _show_routes(found, without, limit)
    _show_sources(sources)


def _show_routes(found: ModelRoutes, without: Sequence[str], limit: int) -> None:
    from underlay.report.words import many

    say(f"{found.model}: {found.architecture}")
    _wrapped(f"  known by {found.method}: {found.reason}")
    size = "unknown size" if found.need_bytes is None else f"{found.need_bytes / 1e9:,.3g} GB"
    form = f"{found.weight_format}, quantisation {found.quantisation}"
    turned = "convertible" if found.is_convertible else "not known to be convertible"
    _wrapped(f"  weights: {size}, {form}, {turned}")
    write()
    gone = f" without {' and '.join(without)}" if without else ""
    if not found.routes:
        _wrapped(
            f"No route is known{gone}; unknown is not impossible: see what was searched below."
        )
    else:
        grouped: dict[tuple[str, ...], list[Route]] = {}
        for route in found.routes:
            key = (route.runtime, route.backend, route.grade, route.source, route.version)
            grouped.setdefault(key, []).append(route)
        over = f"{many(len(found.routes), 'route')} over {many(len(grouped), 'build')}"
        write(f"{over}{gone}, best evidence first")
        rows = []
        for group in list(grouped.values())[:limit]:
            first = group[0]
            lines = [_short(each.line) for each in group]
            shown = ", ".join(lines[:2]) + (f" and {len(lines) - 2} more" if lines[2:] else "")
            said = f"{first.source} {first.version}"
            on = [_short(first.runtime), _short(first.backend), shown]
            rows.append([first.grade, *on, first.route_class, first.seen_on, said])
        write_table(["grade", "runtime", "on", "lines", "class", "seen", "says"], rows)
        if len(grouped) > limit:
            write(f"and {len(grouped) - limit} more; `--limit` shows them")
    if found.depends_on:
        write()
        names = ", ".join(_apart(found.depends_on))
        _wrapped(f"in every route of grade {found.facets.grade} or better: {names}")
    if found.blocks:
        write()
        counted: dict[str, int] = {}
        for block in found.blocks:
            counted[block.kind] = counted.get(block.kind, 0) + 1
        write("no route: " + ", ".join(f"{count} {kind}" for kind, count in counted.items()))
        write_table(
            ["why", "runtime", "on", "because", "says"],
            [[b.kind, _short(b.runtime), _short(b.backend), b.why, f"{b.source} {b.version}"]
             for b in found.blocks if b.kind != "unknown"][:limit],
        )  # fmt: skip
    write()
    _wrapped("definition " + ", ".join(f"{k}={v}" for k, v in found.facets.to_dict().items()))


@click.command(cls=Command)
@_where
@click.option(
    "--weight",
    type=click.Choice(["models", "downloads", "tokens"]),
    default="downloads",
    show_default=True,
    help="What each model counts.",
)
@click.option("--top", type=click.IntRange(1, 1000), default=10, help="Rows of each table.")
@click.option(
    "--share",
    "players",
    multiple=True,
    metavar="X",
    help="Divide the joint loss of these among them (Shapley), named as for `whatif --remove`.",
)
@_as_json
@click.pass_obj
def chokepoints(
    session: Session,
    where: tuple[str, ...],
    weight: str,
    top: int,
    players: tuple[str, ...],
    as_json: bool,
) -> None:
    """Which components, alone and in twos, cost most when they go, and how firm that is.

    A chokepoint is in every known route. It holds only as far as the known edges are all that
    there are, so each one comes with how few unknown edges would dissolve it.
    """
    from underlay.stack.chokepoints import chokepoints as ask
    from underlay.stack.criticality import shapley
    from underlay.stack.facets import Facets

    facets = Facets.of(where_facets(where))
    with session.answers() as lake:
        found = ask(lake.stack, facets, weight=weight, top=top)
        named = players or tuple(each.component for each in found.singles)
        parts = shapley(lake.stack, named, facets, weight=weight) if named else None
        sources = _sources(lake)
    if as_json:
        content = found.to_dict()
        schema = content.pop("schema")
        content["shapley"] = None if parts is None else parts.to_dict()
        write_json(schema, {**content, "sources": sources, "citation": _CITATION})
        return
    _show_chokepoints(found, parts)
    _show_sources(sources)


def _show_chokepoints(found: Chokepoints, parts: Shapley | None) -> None:
    _wrapped(
        f"Of {found.count_singles} components and {found.count_pairs:,} pairs, those whose loss "
        f"takes most {found.weight} with it. `dissolves` is how many unknown edges, were they "
        "real, would give back 10, 50 and 90 % of it: a small number means a weak chokepoint."
    )
    write()
    write_table(
        ["dissolves", "component", "layer", "owner", "lost", "at least", "models"],
        [[_edges(c.missing), c.name + _or(c.same), c.layer, f"{c.organisation} ({c.country})",
          _percent(c.value), _percent(c.lower), c.models] for c in found.singles],
    )  # fmt: skip
    if found.pairs:
        write("\npairs, by what goes with both but with neither alone")
        write_table(
            ["dissolves", "pair", "lost", "joint", "models"],
            [[_edges(p.missing),
              " + ".join(p.names) + (f" ({len(p.same)} more like it)" if p.same else ""),
              _percent(p.value), _percent(p.joint), p.models] for p in found.pairs],
        )  # fmt: skip
    if parts is not None:
        how = "exact" if parts.is_exact else f"{parts.orders:,} orders, seed {parts.seed}"
        write(f"\nthe joint loss of {_percent(parts.total)}, divided (Shapley, {how})")
        write_table(
            ["part", "+-", "alone", "component"],
            [[_percent(p.value), _percent(p.error), _percent(p.alone), _short(p.name)]
             for p in parts.players],
        )  # fmt: skip
    write()
    say(f"as of      {found.observed_on}, list {found.listing}")
    say(f"coverage   {_percent(found.no_evidence)} of {found.weight} had no known route before")
    _wrapped("definition " + ", ".join(f"{k}={v}" for k, v in found.facets.to_dict().items()))


def _or(same: Sequence[str]) -> str:
    """Others whose loss is the same one, as a table has room for them."""
    names = _apart(same)
    more = f" or {len(names) - 3} more" if len(names) > 3 else ""
    return f" (or {', '.join(names[:3])}{more})" if names else ""


def _edges(missing: Any) -> str:
    """Numbers of unknown edges; `-` where no number of them would do."""
    steps = (missing.edges_10, missing.edges_50, missing.edges_90)
    return " / ".join("-" if each is None else str(each) for each in steps)


def _short(component: str) -> str:
    """A component without its layer, as it is said in a table."""
    return component.partition(":")[2] or component


def _apart(components: Sequence[str]) -> list[str]:
    """Components without their layers, but for those that would be called the same."""
    names = [_short(each) for each in components]
    return [
        name if names.count(name) == 1 else component
        for name, component in zip(names, components, strict=True)
    ]


def _percent(part: float | None) -> str:
    """A part of the whole; what is not nothing is not shown as 0."""
    if part is None:
        return "unknown"
    if 0 < part < 0.0005:
        return "<0.1%"
    return f"{part:.1%}"


def _bar(rung: Rung) -> str:
    lost, kept = round(rung.value * _BAR), round(rung.kept * _BAR)
    return ("#" * lost + "=" * kept + "." * _BAR)[:_BAR]


def _wrapped(text: str) -> None:
    """A text in lines of the page; those after the first stand below what follows its label."""
    indent = " " * (len(text) - len(text.lstrip()))
    rest = " " * _LABEL if text[:1].isalpha() and "  " in text[:_LABEL] else indent
    for line in textwrap.wrap(
        plain(text).strip(),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    ):
        write(line)
