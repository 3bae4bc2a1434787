"""`underlay tempo`: how often the lead changes above, against below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from underlay.cli.figures import say
from underlay.cli.output import write, write_json, write_table
from underlay.cli.session import DATE, Command, Session

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from underlay.measures import Figure, Row

__all__ = ["tempo"]

_LAYERS = {"above": "models", "below": "what they run on"}
_LAGS = ("tau_3m", "tau_6m", "tau_12m")


@click.command(cls=Command)
@click.option("--as-of", type=DATE, metavar="DATE", help="Newest data up to that day.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def tempo(session: Session, as_of: dt.date | None, as_json: bool) -> None:
    """How often the lead changes above (models) against below (what they run on).

    The same statistics of every series that has a history: changes of the leader in a year, months
    that one leads, and how much of the order is kept. It is the figure `tempo`, told by layer.
    """
    from underlay.measures.pace import by_layer, otherwise

    with session.answers() as lake:
        found = lake.figure("tempo", as_of=as_of)
    layers = by_layer(found.rows)
    chance = otherwise(found.rows)
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), {**content, "layers": layers, "chance": chance})
        return
    _show(found, layers, chance)


def _show(
    found: Figure, layers: Mapping[str, Mapping[str, Any]], chance: Mapping[str, int] | None
) -> None:
    from underlay.report.words import many

    write("How often does the lead change, above and below?")
    write()
    for layer, each in layers.items():
        name = f"{layer:<6} {_LAYERS[layer]}:"
        if each["changes_in_a_year"] is None:
            write(f"{name} unknown, {each['reason']}")
            continue
        write(
            f"{name} {each['changes_in_a_year']:.2f} changes in a year ({each['changes']} in "
            f"{each['years_observed']:.1f} years of {each['series']} series); a leader lasts "
            f"{_months(each['spell_months_least'])} to {_months(each['spell_months_most'])} months"
        )
    if chance is not None:
        write(
            f"Dividing the series between the two otherwise gives as large a gap in "
            f"{chance['as_large']} of {chance['of']} ways."
        )
    write()
    told = [row for row in found.rows if row.value is not None]
    write_table(
        ["layer", "series", "leader now", "changes", "months seen", "mean spell", "half-life",
         "tau 3, 6, 12"],
        [[row.key["layer"], row.key["series"], row.more["leader"], row.more["changes"],
          _months(row.more["months_observed"]), _months(row.value),
          _months(row.more["half_life_months"]), ", ".join(_tau(row, lag) for lag in _LAGS)]
         for row in told],
    )  # fmt: skip
    for row in found.rows:
        if row.value is None:
            say(f"unknown    {row.key['series']}: {row.reason}")
    write("mean spell in months, a lower bound; half-life of the top five in months; tau is how")
    write("much of the order is kept after 3, 6 and 12 months (1 is all of it)")
    write()
    counted = many(int(found.coverage.get("rows") or 0), "row")
    say(f"as of      {found.as_of}")
    say(f"coverage   {counted}")
    for source in found.sources:
        say(f"source     {source.title} ({source.licence}), to {source.vintage}, {source.url}")
        if source.conflict:
            say(f"conflict   {source.conflict}")
    say(f"caveat     {found.caveat}")
    say(f"citation   {found.citation}")


def _months(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def _tau(row: Row, lag: str) -> str:
    tau = row.more.get(lag)
    return "-" if tau is None else f"{tau:.2f}"
