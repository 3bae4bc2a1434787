"""Deals among the firms of the stack, and the rings in which their money goes round."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError
from underlay.stack.parts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.lake.engine import Engine

__all__ = [
    "CAVEAT",
    "FLOWS",
    "GRADES",
    "LONGEST",
    "Cycle",
    "Deal",
    "Deals",
    "Payment",
    "capital",
    "cycles",
    "known_deals",
    "read_deals",
]

# kind -> (who pays, what goes the other way)
FLOWS: Mapping[str, tuple[str, str]] = {
    "funds": ("giver", "shares or a claim go back, if anything does"),
    "supplies": ("receiver", "goods or a licence"),
    "leases": ("receiver", "computing"),
    "owns": ("", "the price goes to earlier owners, so no money enters the firm"),
}
GRADES = ("primary", "press", "retold")
LONGEST = 4  # firms in a ring; longer ones exist, but no deal in them answers another
_DONE = ("closed", "partly closed")
CAVEAT = (
    "Deals that someone announced or reported, found and read by hand: a deal that is missing is "
    "not known here, and most supply of chips is never announced. Announced is not closed, and "
    "amounts are what pages state: `up to`, over years, or at a valuation, so they are never "
    "summed. A ring says that money could go round, not that any one payment was made for another."
)


@dataclass(frozen=True)
class Deal:
    """One dated deal: `giver` funds, supplies, owns or leases computing out to `receiver`."""

    id: str
    giver: str
    receiver: str
    kind: str
    announced_on: dt.date
    closed_on: dt.date | None = None
    amount_usd: float | None = None
    amount_note: str = ""
    status: str = "announced"
    grade: str = "retold"
    title: str = ""
    url: str = ""
    read_on: dt.date | None = None
    note: str = ""

    @property
    def payer(self) -> str:
        """Who pays whom by it; empty where no money enters either firm."""
        side = FLOWS[self.kind][0]
        return {"giver": self.giver, "receiver": self.receiver}.get(side, "")

    @property
    def payee(self) -> str:
        """Whom the money reaches; empty where it reaches neither."""
        side = FLOWS[self.kind][0]
        return {"giver": self.receiver, "receiver": self.giver}.get(side, "")

    @property
    def is_done(self) -> bool:
        """Whether it is known to have been completed, at least in part."""
        return self.status in _DONE

    def to_dict(self) -> dict[str, Any]:
        """The deal in `underlay/deals/1`."""
        return {
            "deal_id": self.id,
            "giver": self.giver,
            "receiver": self.receiver,
            "kind": self.kind,
            "announced_on": self.announced_on.isoformat(),
            "closed_on": self.closed_on.isoformat() if self.closed_on else None,
            "amount_usd": self.amount_usd,
            "amount_note": self.amount_note or None,
            "status": self.status,
            "grade": self.grade,
            "payer": self.payer or None,
            "payee": self.payee or None,
            "citation": {
                "title": self.title,
                "url": self.url,
                "read_on": self.read_on.isoformat() if self.read_on else None,
            },
            "note": self.note or None,
        }


@dataclass(frozen=True)
class Payment:
    """One side of a ring: all deals by which money goes from `payer` to `payee`."""

    payer: str
    payee: str
    deals: tuple[Deal, ...]

    @property
    def since(self) -> dt.date:
        """The first day on which one of its deals had been announced."""
        return min(deal.announced_on for deal in self.deals)

    @property
    def is_done(self) -> bool:
        """Whether one of its deals is known to have been completed, at least in part."""
        return any(deal.is_done for deal in self.deals)

    def to_dict(self) -> dict[str, Any]:
        """The payment in `underlay/deals/1`."""
        return {
            "payer": self.payer,
            "payee": self.payee,
            "since": self.since.isoformat(),
            "is_closed": self.is_done,
            "deals": [
                {
                    "deal_id": deal.id,
                    "kind": deal.kind,
                    "announced_on": deal.announced_on.isoformat(),
                    "amount_usd": deal.amount_usd,
                    "amount_note": deal.amount_note or None,
                    "status": deal.status,
                    "grade": deal.grade,
                    "other_way": FLOWS[deal.kind][1],
                }
                for deal in self.deals
            ],
        }


@dataclass(frozen=True)
class Cycle:
    """A ring of payments that ends where it began; begins at the first of its firms by name."""

    payments: tuple[Payment, ...]

    @property
    def firms(self) -> tuple[str, ...]:
        """Each firm once, in the order in which the money goes."""
        return tuple(payment.payer for payment in self.payments)

    @property
    def since(self) -> dt.date:
        """The day on which the last missing payment was announced."""
        return max(payment.since for payment in self.payments)

    @property
    def closed(self) -> int:
        """How many of its payments rest on a deal that is known to have been completed."""
        return sum(payment.is_done for payment in self.payments)

    def to_dict(self) -> dict[str, Any]:
        """The ring in `underlay/deals/1`."""
        return {
            "firms": list(self.firms),
            "length": len(self.payments),
            "since": self.since.isoformat(),
            "closed_payments": self.closed,
            "payments": [payment.to_dict() for payment in self.payments],
        }


@dataclass(frozen=True)
class Deals:
    """Deals that were known on a day, with the rings in them; None where none were asked for."""

    as_of: dt.date | None
    deals: tuple[Deal, ...]
    rings: tuple[Cycle, ...] | None = None
    longest: int = LONGEST

    def to_dict(self) -> dict[str, Any]:
        """`underlay/deals/1`."""
        grades = {grade: sum(d.grade == grade for d in self.deals) for grade in GRADES}
        found: dict[str, Any] = {
            "schema": "underlay/deals/1",
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "deals": [deal.to_dict() for deal in self.deals],
            "directions": {
                kind: {
                    "giver_to_receiver": kind,
                    "payer": side or None,
                    "other_way": other,
                }
                for kind, (side, other) in FLOWS.items()
            },
            "coverage": {
                "deals": len(self.deals),
                "firms": len({f for d in self.deals for f in (d.giver, d.receiver)}),
                "with_amount": sum(d.amount_usd is not None for d in self.deals),
                "closed": sum(d.is_done for d in self.deals),
                "grades": grades,
            },
            "caveat": CAVEAT,
        }
        if self.rings is not None:
            found["longest"] = self.longest
            found["cycles"] = [ring.to_dict() for ring in self.rings]
        return found


def capital(
    engine: Engine,
    *,
    as_of: dt.date | None = None,
    with_rings: bool = False,
    longest: int = LONGEST,
) -> Deals:
    """The deals of the engine's lake that had been announced by a day, the oldest first.

    A deal that closed later counts as announced only. Raises `NoDataError` where there is none.
    """
    known = known_deals(engine, as_of)
    if not known:
        found = read_deals(engine)
        days = f"{found[0].announced_on} to {found[-1].announced_on}" if found else ""
        raise NoDataError("deals", f"days up to {as_of}" if as_of else "this lake", days)
    rings = cycles(known, longest) if with_rings else None
    return Deals(as_of, known, rings, longest)


def known_deals(engine: Engine, as_of: dt.date | None = None) -> tuple[Deal, ...]:
    """The lake's deals that had been announced by a day, each as it stood then; maybe none."""
    found = read_deals(engine)
    if as_of is None:
        return found
    return tuple(_as_known(deal, as_of) for deal in found if deal.announced_on <= as_of)


def read_deals(engine: Engine) -> tuple[Deal, ...]:
    """All deals of the engine's lake, by day of the announcement and id; maybe none."""
    asked = engine.ask(
        "stack/deal", lambda: engine.tables["core__deal"].order_by("announced_on", "deal_id")
    )
    return tuple(
        Deal(
            row["deal_id"],
            row["giver_id"],
            row["receiver_id"],
            row["kind"],
            _date(row["announced_on"]) or dt.date.min,
            _date(row["closed_on"]),
            None if row["amount_usd"] is None else float(row["amount_usd"]),
            row["amount_note"] or "",
            row["status"],
            row["grade"],
            row["citation_title"],
            row["citation_url"],
            _date(row["read_on"]),
            row["note"] or "",
        )
        for row in asked.rows()
    )


def _date(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    return dt.date.fromisoformat(str(np.datetime64(value, "D")))


def _as_known(deal: Deal, as_of: dt.date) -> Deal:
    """The deal as it was on that day: what closed later, or who knows when, is only announced."""
    if not deal.is_done:
        return deal
    known_on = deal.closed_on or deal.read_on
    if known_on is None or known_on <= as_of:
        return deal
    return replace(deal, closed_on=None, status="announced")


def cycles(deals: Iterable[Deal], longest: int = LONGEST) -> tuple[Cycle, ...]:
    """All simple rings of payments with at most `longest` firms, each once.

    The shortest come first, then by names of their firms. Cancelled deals, and firms that are not
    known, are no part of any. After D. B. Johnson, "Finding all the elementary circuits of a
    directed graph" (1975): a ring is walked from its least firm only, and no firm is entered from
    which the start is too far away to come back in time.
    """
    sides = _payments(deals)
    ahead: dict[str, list[str]] = defaultdict(list)
    behind: dict[str, list[str]] = defaultdict(list)
    for payer, payee in sorted(sides):
        ahead[payer].append(payee)
        behind[payee].append(payer)
    found: list[Cycle] = []
    for start in sorted(ahead):
        left = _steps_to(start, behind, longest)
        for ring in _walks(start, ahead, left, longest):
            closed = pairwise((*ring, start))
            found.append(Cycle(tuple(sides[side] for side in closed)))
    return tuple(sorted(found, key=lambda ring: (len(ring.payments), ring.firms)))


def _payments(deals: Iterable[Deal]) -> dict[tuple[str, str], Payment]:
    sides: dict[tuple[str, str], list[Deal]] = defaultdict(list)
    for deal in deals:
        ends = deal.payer, deal.payee
        if "" in ends or UNKNOWN in ends or ends[0] == ends[1] or deal.status == "cancelled":
            continue
        sides[ends].append(deal)
    return {
        ends: Payment(*ends, tuple(sorted(each, key=lambda deal: (deal.announced_on, deal.id))))
        for ends, each in sides.items()
    }


def _steps_to(start: str, behind: Mapping[str, Sequence[str]], most: int) -> dict[str, int]:
    """Fewest payments from each firm to `start`, over firms that come after it by name."""
    steps = {start: 0}
    queue = deque([start])
    while queue:
        firm = queue.popleft()
        if steps[firm] == most:
            continue
        for before in behind.get(firm, ()):
            if before > start and before not in steps:
                steps[before] = steps[firm] + 1
                queue.append(before)
    return steps


def _walks(
    start: str, ahead: Mapping[str, Sequence[str]], left: Mapping[str, int], longest: int
) -> Iterable[tuple[str, ...]]:
    """Ways from `start` back to it, over firms that come after it by name, none entered twice."""
    stack: list[tuple[str, ...]] = [(start,)]
    while stack:
        way = stack.pop()
        for payee in ahead.get(way[-1], ()):
            if payee == start:
                yield way
            elif payee not in way and len(way) + left.get(payee, longest) <= longest:
                stack.append((*way, payee))
