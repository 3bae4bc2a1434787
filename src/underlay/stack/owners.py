"""What one owner stands in: dated ownership through all layers, and stakes apart from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import UnknownNameError
from underlay.identity import match_key
from underlay.stack.capital import Deal, known_deals
from underlay.stack.parts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.lake.engine import Engine

__all__ = [
    "CAVEAT",
    "Conflict",
    "Exposure",
    "Holding",
    "Layer",
    "Member",
    "Step",
    "exposure",
]

CAVEAT = (
    "Control as far as it is recorded and dated: an owner without a day is counted on every day, "
    "and says so; who controlled a component before its present owner is not recorded. A stake is "
    "not control, and stakes are those of announced deals only. The number of components is a "
    "number of entries in a list, not a share of a market: the figures beside it are."
)
# source -> who runs the service that it counts; a meter in the hands of a measured party
_METERS: Mapping[str, tuple[str, ...]] = {
    "hf_census": ("huggingface",),
    "llmfit": ("huggingface",),
    "os_ai_map": ("huggingface",),
    "osir_lmts": ("huggingface", "alibaba"),
    "ollama": ("ollama",),
    "lmarena": ("arena",),
    "lmarena_history": ("arena",),
}
# sources in which designers of accelerators report on themselves
_SELF_REPORTED = ("llama_ops", "mlperf", "portability", "support_matrix", "top500")


@dataclass(frozen=True)
class Step:
    """One link of control: `owner` owns `owned` since a day, where one is recorded."""

    owner: str
    owned: str
    since_on: dt.date | None
    source: str


@dataclass(frozen=True)
class Member:
    """An organisation in the owner's hands, with the links from the owner down to it."""

    id: str
    name: str
    country: str
    chain: tuple[Step, ...] = ()

    @property
    def since_on(self) -> dt.date | None:
        """Since when the whole chain holds, as far as its days are recorded."""
        return max((step.since_on for step in self.chain if step.since_on), default=None)

    @property
    def is_dated(self) -> bool:
        """Whether every link has a day; the owner itself needs none."""
        return all(step.since_on is not None for step in self.chain)


@dataclass(frozen=True)
class Holding:
    """A component in the owner's hands. `since_on` is None where no day is recorded."""

    id: str
    name: str
    organisation: str
    since_on: dt.date | None
    is_dated: bool
    is_open: bool | None = None
    market: str = ""


@dataclass(frozen=True)
class Layer:
    """One layer: what of it is held, of how many components, of how many with unknown owner."""

    name: str
    holdings: tuple[Holding, ...]
    components: int
    unowned: int


@dataclass(frozen=True)
class Conflict:
    """A source whose figures on this owner are made by, or at the word of, the owner's group."""

    source: str
    organisation: str
    why: str
    stated: str = ""


@dataclass(frozen=True)
class Exposure:
    """Where one owner stands in all layers on a day, as far as recorded."""

    owner: Member
    as_of: dt.date | None
    members: tuple[Member, ...]
    layers: tuple[Layer, ...]
    stakes: tuple[Deal, ...]
    backers: tuple[Deal, ...]
    trade: tuple[Deal, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def owned(self) -> tuple[str, ...]:
        """Ids of the owner and of all that it owns."""
        return (self.owner.id, *(member.id for member in self.members))

    @property
    def funded(self) -> tuple[str, ...]:
        """Ids of firms that the group has put money into and doesn't own."""
        return tuple(sorted({deal.receiver for deal in self.stakes}))

    @property
    def markets(self) -> tuple[str, ...]:
        """Markets of packages in which the group holds one."""
        held = {each.market for layer in self.layers for each in layer.holdings}
        return tuple(sorted(held - {"", "none"}))

    def to_dict(self) -> dict[str, Any]:
        """`underlay/exposure/1`, without the figures."""
        return {
            "schema": "underlay/exposure/1",
            "owner": _member(self.owner),
            "as_of": _text(self.as_of),
            "group": [_member(member) for member in self.members],
            "layers": [
                {
                    "layer": layer.name,
                    "held": len(layer.holdings),
                    "components": layer.components,
                    "unknown_owner": layer.unowned,
                    "holdings": [
                        {
                            "component_id": each.id,
                            "name": each.name,
                            "organisation_id": each.organisation,
                            "since_on": _text(each.since_on),
                            "is_dated": each.is_dated,
                            "is_open": each.is_open,
                            "market": each.market or None,
                        }
                        for each in layer.holdings
                    ],
                }
                for layer in self.layers
            ],
            "stakes": [deal.to_dict() for deal in self.stakes],
            "backers": [deal.to_dict() for deal in self.backers],
            "trade": [deal.to_dict() for deal in self.trade],
            "conflicts": [
                {
                    "source": each.source,
                    "organisation_id": each.organisation,
                    "why": each.why,
                    "stated": each.stated or None,
                }
                for each in self.conflicts
            ],
            "caveat": CAVEAT,
        }


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _member(member: Member) -> dict[str, Any]:
    return {
        "organisation_id": member.id,
        "name": member.name,
        "country": member.country,
        "since_on": _text(member.since_on),
        "is_dated": member.is_dated,
        "chain": [
            {
                "owner": step.owner,
                "owned": step.owned,
                "since_on": _text(step.since_on),
                "source": step.source,
            }
            for step in member.chain
        ],
    }


def exposure(engine: Engine, owner: str, *, as_of: dt.date | None = None) -> Exposure:
    """What an organisation stands in, by its id or name; raises `UnknownNameError`.

    With `as_of`, control and deals of later days are left out. Control that has no day stays.
    """
    rows = _rows(engine, "organisation", "organisation_id")
    names = {row["organisation_id"]: row for row in rows}
    found = _named(owner, names)
    deals = known_deals(engine, as_of)
    members = _group(found, names, deals, as_of)
    group = {found: (), **{member.id: member.chain for member in members}}
    given = [deal for deal in deals if deal.giver in group and deal.receiver not in group]
    taken = [deal for deal in deals if deal.receiver in group and deal.giver not in group]
    layers = _layers(engine, group, as_of)
    return Exposure(
        Member(found, names[found]["name"], names[found]["country"]),
        as_of,
        members,
        layers,
        tuple(deal for deal in given if deal.kind == "funds"),
        tuple(deal for deal in taken if deal.kind in ("funds", "owns")),
        tuple(
            sorted(
                (deal for deal in [*given, *taken] if deal.kind in ("supplies", "leases")),
                key=lambda deal: (deal.announced_on, deal.id),
            )
        ),
        _conflicts(engine, tuple(group), layers, given),
    )


def _named(owner: str, names: Mapping[str, Mapping[str, Any]]) -> str:
    wanted = match_key(owner)
    for identifier, row in names.items():
        if identifier != UNKNOWN and wanted in (match_key(identifier), match_key(row["name"])):
            return identifier
    raise UnknownNameError("organisation", owner, tuple(names))


def _rows(engine: Engine, table: str, key: str) -> list[dict[str, Any]]:
    asked = engine.ask(f"stack/{table}", lambda: engine.tables[f"core__{table}"].order_by(key))
    return list(asked.rows())


def _date(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    return dt.date.fromisoformat(str(np.datetime64(value, "D")))


def _group(
    owner: str,
    names: Mapping[str, Mapping[str, Any]],
    deals: Iterable[Deal],
    as_of: dt.date | None,
) -> tuple[Member, ...]:
    """All that the owner owns, down to the last link, the nearest first."""
    below: dict[str, list[Step]] = {}
    has_parent = set()
    for identifier, row in names.items():
        if row["parent_id"]:
            has_parent.add(identifier)
            step = Step(row["parent_id"], identifier, _date(row["parent_since_on"]), "organisation")
            below.setdefault(step.owner, []).append(step)
    for deal in deals:
        # the atlas's own entry of an owner is newer and counts
        if deal.kind == "owns" and deal.is_done and deal.receiver not in has_parent:
            day = deal.closed_on or deal.announced_on
            below.setdefault(deal.giver, []).append(Step(deal.giver, deal.receiver, day, deal.id))
    found: dict[str, Member] = {}
    queue: list[tuple[str, tuple[Step, ...]]] = [(owner, ())]
    while queue:
        holder, chain = queue.pop(0)
        for step in sorted(below.get(holder, ()), key=lambda step: step.owned):
            is_later = as_of is not None and step.since_on is not None and step.since_on > as_of
            if is_later or step.owned in found or step.owned == owner:
                continue
            row = names.get(step.owned, {"name": step.owned, "country": UNKNOWN})
            found[step.owned] = Member(step.owned, row["name"], row["country"], (*chain, step))
            queue.append((step.owned, (*chain, step)))
    return tuple(found.values())


def _layers(
    engine: Engine, group: Mapping[str, Sequence[Step]], as_of: dt.date | None
) -> tuple[Layer, ...]:
    """Layers of the stack in which the group holds something, then kinds of packages."""
    held: dict[str, list[Holding]] = {}
    total: dict[str, int] = {}
    unowned: dict[str, int] = {}

    def note(layer: str, row: Mapping[str, Any], since: dt.date | None) -> None:
        organisation = row["organisation_id"]
        total[layer] = total.get(layer, 0) + 1
        unowned[layer] = unowned.get(layer, 0) + (organisation == UNKNOWN)
        if organisation not in group:
            return
        chain = group[organisation]
        days = [step.since_on for step in chain] + ([since] if since else [])
        known = [day for day in days if day is not None]
        if as_of is not None and any(day > as_of for day in known):
            return
        held.setdefault(layer, []).append(
            Holding(
                row["component_id"],
                row["name"],
                organisation,
                max(known, default=None),
                None not in days and bool(known),
                row.get("is_open"),
                row.get("market") or "",
            )
        )

    for row in _rows(engine, "stack_component", "component_id"):
        note(row["layer"], row, _date(row["since_on"]))
    for row in _rows(engine, "component", "component_id"):
        note(f"packages: {row['kind']}", row, _date(row["organisation_since_on"]))
    return tuple(
        Layer(name, tuple(holdings), total[name], unowned[name])
        for name, holdings in sorted(held.items(), key=lambda item: (":" in item[0], item[0]))
    )


def _conflicts(
    engine: Engine,
    group: Sequence[str],
    layers: Sequence[Layer],
    given: Iterable[Deal],
) -> tuple[Conflict, ...]:
    """Sources that the group runs, has money in, or tells what to say of itself."""
    stated = {row["source"]: row["conflict"] or "" for row in _rows(engine, "source", "source")}
    funded = {deal.receiver: deal.giver for deal in given if deal.kind == "funds"}
    found = []
    for source, keepers in _METERS.items():
        for keeper in keepers:
            if source not in stated:
                continue
            if keeper in group:
                why = "it runs the service that is counted"
                found.append(Conflict(source, keeper, why, stated[source]))
            elif keeper in funded:
                why = f"`{funded[keeper]}` has money in who runs the service that is counted"
                found.append(Conflict(source, keeper, why, stated[source]))
    designs = next((layer.holdings for layer in layers if layer.name == "accelerator"), ())
    for source in _SELF_REPORTED if designs else ():
        if source in stated:
            why = "designers of accelerators report on their own products in it"
            found.append(Conflict(source, designs[0].organisation, why, stated[source]))
    return tuple(found)
