"""`underlay multiverse`: one figure under all definitions."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underlay.cli.figures import number, where_facets
from underlay.cli.output import write, write_json, write_table
from underlay.cli.session import DATE, Command, Session

if TYPE_CHECKING:
    import datetime as dt

    from underlay.measures.multiverse import Multiverse, Spread

__all__ = ["multiverse"]

_WIDTH = 96
_BAR = 40
_HTML = "underlay-multiverse.html"


@click.command(cls=Command)
@click.argument("name")
@click.option("--by", default="", metavar="FACET", help="Facet by which the values are told apart.")
@click.option("--where", multiple=True, metavar="FACET=OPTION", help="Hold a facet; repeatable.")
@click.option(
    "--vary",
    multiple=True,
    metavar="FACET",
    help="Vary a facet that is held otherwise; repeatable.",
)
@click.option("--as-of", type=DATE, metavar="DATE", help="Newest data up to that day.")
@click.option("--limit", type=click.IntRange(1), default=8, help="Parties shown; JSON has all.")
@click.option("--json", "as_json", is_flag=True, help="All definitions with their values as JSON.")
@click.option("--html", "as_html", is_flag=True, help="A page with the specification curve.")
@click.option(
    "--output",
    metavar="PATH",
    help=f"Where the page goes, `-` for standard output; {_HTML} by default.",
)
@click.pass_obj
def multiverse(
    session: Session,
    name: str,
    by: str,
    where: tuple[str, ...],
    vary: tuple[str, ...],
    as_of: dt.date | None,
    limit: int,
    as_json: bool,
    as_html: bool,
    output: str | None,
) -> None:
    """One figure under all combinations of its choices: who leads, and how surely.

    NAME is a measure; `underlay measures NAME` lists its choices and why one would make them.
    """
    if as_json and as_html:
        raise click.UsageError("`--json` and `--html` are two answers; ask for one")
    if output is not None and not as_html:
        raise click.UsageError("`--output` goes with `--html`")
    facets = where_facets(where)
    with session.answers() as lake:
        found = lake.multiverse(name, by=by, where=facets, as_of=as_of, vary=vary)
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), content)
    elif as_html:
        _write_page(session, found, name, output or _HTML)
    else:
        _show(found, limit)


def _write_page(session: Session, found: Multiverse, name: str, output: str) -> None:
    from underlay.measures import measure
    from underlay.report.curve import curve_page
    from underlay.report.html import vega_bundle

    text = curve_page(found, measure(name), vega_bundle())
    if output == "-":
        write(text.rstrip("\n"))
        return
    from underlay.cli.report import write_whole

    write_whole(Path(output), text)
    session.progress(f"wrote {output}")


def _show(found: Multiverse, limit: int) -> None:
    from underlay.report.curve import flip_sentence
    from underlay.report.words import many

    write(found.question)
    counted = many(len(found), "definition")
    _wrapped(f"{counted} of {found.measure} by {found.by}, data to {found.as_of}")
    if found.held:
        _wrapped("held: " + ", ".join(f"{k}={v}" for k, v in found.held.items()))
    for merged in found.merged:
        _wrapped(f"{merged.facet}={merged.option} is the same as {merged.same_as} on these data")
    write()
    if found.leads:
        leads = [(party, f"{part:.1%}") for party, part in list(found.leads.items())[:limit]]
        write("leads    " + ", ".join(f"{party} under {part}" for party, part in leads))
    undefined = int((found.leaders < 0).sum())
    if undefined and found.is_ranked:
        have = many(undefined, "definition has", "definitions have")
        _wrapped(f"{have} no leader: nothing is left, or nobody is named")
    if found.open_to_unknown:
        part = f"{found.open_to_unknown:.1%} of the definitions that count it"
        _wrapped(f"unknown  more is unknown than the lead is, under {part}")
    write("flip     " + _indented(flip_sentence(found)))
    write()
    shown = list(found.spread.items())[:limit]
    top = max((abs(spread.most) for _, spread in shown), default=0.0) or 1.0
    rows = []
    for party, spread in shown:
        default = found.value(0, party)
        line: list[object] = [party, number(default, found.unit) if default is not None else "-"]
        line += [number(v, found.unit) for v in (spread.least, spread.median, spread.most)]
        rows.append([*line, _bar(spread, default, top)])
    write_table([found.by, "default", "least", "median", "most", "- all, = half, | median"], rows)
    if len(found.spread) > limit:
        write(f"and {len(found.spread) - limit} more; `--limit` shows them")
    write()
    influence: list[list[object]] = [
        [i.facet, _part(i.first), _part(i.total), "#" * round(30 * (i.first or 0.0))]
        for i in found.facet_influence
    ]
    if influence:
        heads = [f"what moves {found.leader}", "of variance", "with interactions", ""]
        write_table(heads, influence)


def _part(value: float | None) -> str:
    return "no variance" if value is None else f"{value:.1%}"


def _bar(spread: Spread, default: float | None, top: float) -> str:
    """The span of all definitions, of their middle half, the median, and `o` for the default."""

    def place(value: float) -> int:
        return min(_BAR - 1, max(0, round(value / top * (_BAR - 1))))

    cells = [" "] * _BAR
    for first, last, mark in ((spread.least, spread.most, "-"), (spread.q1, spread.q3, "=")):
        for cell in range(place(first), place(last) + 1):
            cells[cell] = mark
    cells[place(spread.median)] = "|"
    if default is not None:
        cells[place(default)] = "o"
    return "".join(cells).rstrip()


def _wrapped(text: str) -> None:
    for line in textwrap.wrap(text, _WIDTH, subsequent_indent="  "):
        write(line)


def _indented(text: str) -> str:
    return "\n         ".join(textwrap.wrap(text, _WIDTH - 9))
