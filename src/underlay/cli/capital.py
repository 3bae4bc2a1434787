"""`underlay deals` and `underlay exposure`: who funds, supplies and owns whom in the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from underlay.cli.figures import number, say
from underlay.cli.output import write, write_json, write_table
from underlay.cli.session import DATE, Command, Session
from underlay.errors import AskedError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from underlay.api import OpenLake
    from underlay.measures import Figure
    from underlay.stack.capital import Cycle, Deal, Deals
    from underlay.stack.owners import Exposure

__all__ = ["deals", "exposure"]

# what is measured of a layer, and by which split its parties are told apart
_FIGURES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("models", "downloads_share", "maker", {}),
    ("models", "tokens_share", "maker", {}),
    ("models", "derivatives_share", "maker", {}),
    ("accelerators", "stock_share", "maker", {}),
    ("clusters", "cluster_share", "maker", {}),
    ("clusters", "cluster_share", "owner", {}),
    ("supercomputers", "supercomputer_share", "maker", {}),
    ("foundries", "foundry_share", "foundry", {}),
)
_SHOWN = 6  # names in one cell; JSON has all


@click.command(cls=Command)
@click.option("--cycles", is_flag=True, help="Rings in which the money of deals goes round.")
@click.option("--longest", type=click.IntRange(2, 6), default=4, help="Firms in a ring at most.")
@click.option("--firm", metavar="NAME", help="Only deals and rings with that organisation.")
@click.option("--as-of", type=DATE, metavar="DATE", help="As announced and closed by that day.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def deals(
    session: Session,
    cycles: bool,
    longest: int,
    firm: str | None,
    as_of: dt.date | None,
    as_json: bool,
) -> None:
    """Dated deals among the firms of the stack: who funds, supplies, owns or leases out to whom.

    Each rests on a page that was read. Announced is not closed, and amounts are what pages state.
    """
    from dataclasses import replace

    from underlay.stack.capital import capital

    with session.answers() as lake:
        found = capital(lake.engine, as_of=as_of, with_rings=cycles, longest=longest)
        if firm is not None:
            wanted = lake.maker(firm).maker["organisation_id"]
            rings = found.rings
            found = replace(
                found,
                deals=tuple(d for d in found.deals if wanted in (d.giver, d.receiver)),
                rings=None if rings is None else tuple(r for r in rings if wanted in r.firms),
            )
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), content)
    elif found.rings is None:
        _show_deals(found)
    else:
        _show_rings(found.rings, found)


def _show_deals(found: Deals) -> None:
    rows = [
        [
            deal.announced_on.isoformat(),
            deal.giver,
            deal.kind,
            deal.receiver,
            _amount(deal),
            deal.status + (f" {deal.closed_on}" if deal.closed_on else ""),
            deal.grade,
            deal.url,
        ]
        for deal in found.deals
    ]
    write_table(
        ["announced", "giver", "", "receiver", "USD", "status", "grade", "page that was read"],
        rows,
    )
    _close(found)


def _show_rings(rings: tuple[Cycle, ...], found: Deals) -> None:
    write(f"rings of payments among at most {found.longest} firms: {len(rings)}")
    for ring in rings:
        write()
        way = " -> ".join((*ring.firms, ring.firms[0]))
        done = f"{ring.closed} of {len(ring.payments)} payments rest on a closed deal"
        say(f"{way}  (since {ring.since}; {done})")
        for payment in ring.payments:
            for deal in payment.deals:
                amount = _amount(deal, "no amount stated")
                note = f" ({deal.amount_note})" if deal.amount_note else ""
                words = _WORDS[deal.kind].format(payer=payment.payer, payee=payment.payee)
                say(f"  {words}: {deal.announced_on}, {amount}{note}, {deal.status}, {deal.grade}")
    write()
    _close(found)


_WORDS = {
    "funds": "{payer} funds {payee}",
    "supplies": "{payer} pays {payee}, which supplies it",
    "leases": "{payer} pays {payee}, which leases computing out to it",
}


def _close(found: Deals) -> None:
    from underlay.stack.capital import CAVEAT, FLOWS

    coverage = found.to_dict()["coverage"]
    grades = ", ".join(f"{count} {grade}" for grade, count in coverage["grades"].items())
    write(
        f"coverage   {coverage['deals']} deals among {coverage['firms']} firms, "
        f"{coverage['closed']} closed at least in part, {coverage['with_amount']} with an amount; "
        f"grades: {grades}"
    )
    for kind, (payer, other) in FLOWS.items():
        side = f"money goes from the {payer}; the other way {other}" if payer else other
        write(f"{kind:<10} {side}")
    write(f"caveat     {CAVEAT}")


def _amount(deal: Deal, missing: str = "not stated") -> str:
    return missing if deal.amount_usd is None else number(deal.amount_usd, "")


@click.command(cls=Command)
@click.option("--owner", required=True, metavar="NAME", help="An organisation, by id or name.")
@click.option("--as-of", type=DATE, metavar="DATE", help="Control, deals and data of that day.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def exposure(session: Session, owner: str, as_of: dt.date | None, as_json: bool) -> None:
    """What one owner stands in, layer by layer: control with its days, stakes apart, conflicts.

    Where a figure measures a layer, the share of the owner's group stands beside the components,
    and the share of firms that it has money in stands apart.
    """
    from underlay.stack.owners import exposure as expose

    with session.answers() as lake:
        found = expose(lake.engine, owner, as_of=as_of)
        shares = [_share(lake, found, *each) for each in _asked(lake, found)]
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), {**content, "figures": shares})
        return
    _show(found, shares)


def _asked(lake: OpenLake, found: Exposure) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Figures that may have a row of the group: each market in which it holds a package, too."""
    yield from _FIGURES
    measure = next(each for each in lake.measures if each.name == "library_share")
    choice = next(each for each in measure.choices if each.name == "market")
    for option in choice.options:
        if option.name in found.markets:
            yield f"packages: {option.name}", measure.name, "maker", {"market": option.name}


def _share(
    lake: OpenLake, found: Exposure, layer: str, name: str, by: str, where: dict[str, str]
) -> dict[str, Any]:
    """The group's part of a figure, and apart from it that of firms that it has money in."""
    asked = {"layer": layer, "figure": name, "by": by, "where": where}
    try:
        figure = lake.figure(name, by=by, where=where, as_of=found.as_of)
    except AskedError as error:
        empty = {"value": None, "lower": None, "upper": None, "reason": error.message}
        return {**asked, "owned": empty, "funded": empty, "as_of": None, "conflicts": []}
    return {
        **asked,
        "owned": _part(figure, by, found.owned, "none of its organisations"),
        "funded": _part(figure, by, found.funded, "no firm that it has money in"),
        "unknown": next((row.value for row in figure.rows if row.key[by] == "unknown"), None),
        "as_of": figure.as_of,
        "definition": dict(figure.definition),
        "caveat": figure.caveat,
        "conflicts": [
            {"source": source.name, "stated": source.conflict}
            for source in figure.sources
            if source.conflict
        ],
    }


def _part(figure: Figure, by: str, parties: tuple[str, ...], nobody: str) -> dict[str, Any]:
    rows = [row for row in figure.rows if row.key[by] in parties]
    values = [row.value for row in rows if row.value is not None]
    if not values:
        reason = f"{nobody} has a row among the {len(figure.rows)} of this figure"
        return {"value": None, "lower": None, "upper": None, "reason": reason}
    return {
        "value": sum(values),
        # ends of several intervals, added: at least as wide as the interval of the sum
        "lower": _sum([row.lower for row in rows]),
        "upper": _sum([row.upper for row in rows]),
        "parties": sorted(str(row.key[by]) for row in rows),
    }


def _sum(ends: list[float | None]) -> float | None:
    known = [end for end in ends if end is not None]
    return sum(known) if known and len(known) == len(ends) else None


def _show(found: Exposure, shares: list[dict[str, Any]]) -> None:
    day = f" on {found.as_of}" if found.as_of else ""
    say(f"{found.owner.name} (`{found.owner.id}`, {found.owner.country}){day}")
    for member in found.members:
        since = f"since {member.since_on}" if member.since_on else "since an unknown day"
        through = " through " + member.chain[-1].owner if len(member.chain) > 1 else ""
        say(f"owns       {member.name} ({member.country}) {since}{through}")
    if found.layers:
        write()
        heads = ["layer", "held", "of", "owner unknown", "what", "since"]
        write_table(heads, [_layer_row(layer) for layer in found.layers])
    write()
    rows = []
    for share in shares:
        where = "".join(f" {option}" for option in share["where"].values())
        measured = f"{share['figure']} by {share['by']}{where}"
        owned, funded = share["owned"], share["funded"]
        rows.append([share["layer"], measured, _shown(owned), _shown(funded), share["as_of"] or ""])
    write_table(["layer", "share of", "owned", "has money in", "as of"], rows)
    write()
    for title, given in (("stakes", found.stakes), ("money from", found.backers)):
        for deal in given:
            other = deal.receiver if title == "stakes" else deal.giver
            say(
                f"{title:<10} {other}: {_amount(deal, 'amount not stated')} USD, "
                f"{deal.announced_on}, {deal.status}, {deal.grade}"
            )
    for deal in found.trade:
        say(
            f"trade      {deal.giver} {deal.kind} {deal.receiver}: "
            f"{_amount(deal, 'amount not stated')}, {deal.announced_on}, {deal.status}"
        )
    for conflict in found.conflicts:
        say(f"conflict   {conflict.source}: {conflict.why} ({conflict.organisation})")
    from underlay.stack.owners import CAVEAT

    write(f"caveat     {CAVEAT}")


def _layer_row(layer: Any) -> list[object]:
    names = [each.name for each in layer.holdings]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    days = [each.since_on for each in layer.holdings if each.since_on]
    since = f"{min(days)} or earlier" if days and len(days) < len(names) else ""
    since = since or (str(min(days)) if days else "not recorded")
    shown = ", ".join(names[:_SHOWN]) + more
    return [layer.name, len(names), layer.components, layer.unowned, shown, since]


def _shown(part: Mapping[str, Any]) -> str:
    if part["value"] is None:
        return "no row"
    value = number(part["value"], "share")
    if part["lower"] is None:
        return value
    return f"{value} ({number(part['lower'], 'share')} to {number(part['upper'], 'share')})"
