"""How publishers spell chips, owners, foundries and countries, and who is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from underlay.atlas.curated import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.atlas.curated import Curated

__all__ = [
    "NONE",
    "SEVERAL",
    "Component",
    "Meaning",
    "Spellings",
    "components",
    "part_of_each",
    "split_names",
]

NONE = "none"  # a category: there is no accelerator
SEVERAL = "several"  # a category: accelerators of more than one designer

_TAG = re.compile(r"\s*#\w+\s*$")
_COUNTRY = re.compile(r"^[A-Z]{2}$")


@dataclass(frozen=True)
class Meaning:
    """What a spelling means: an organisation or a country, or why it means none."""

    id: str
    reason: str = ""


@dataclass(frozen=True)
class Component:
    """A reviewed infrastructure component and who controls it."""

    id: str
    name: str
    kind: str
    market: str
    vendor: str
    country: str
    ties: tuple[str, ...]
    evidence: str
    vendor_since: str = ""  # before that day its vendor is not recorded


def components(curated: Curated) -> tuple[Component, ...]:
    """The curated components; `market` is "none" for one that competes in no listed market."""
    return tuple(
        Component(
            id=entry["id"],
            name=entry["name"],
            kind=entry["kind"],
            market=entry["market"] or NONE,
            vendor=entry["vendor"],
            country=entry["country"],
            ties=tuple(entry["ties"]),
            evidence=entry.get("evidence", ""),
            vendor_since=str(entry.get("vendor_since", "")),
        )
        for entry in curated.components
    )


def split_names(cell: str) -> tuple[str, ...]:
    """Names of a cell that joins several by commas, each once, without a `#confident`-like tag."""
    names = (_TAG.sub("", part).strip() for part in cell.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


class Spellings:
    """Look-ups over the reviewed spellings; every answer is a `Meaning`, never an error."""

    def __init__(self, curated: Curated) -> None:
        self.curated = curated
        self._tables: Mapping[str, Mapping[str, object]] = {
            name: table for name, table in curated.hardware.items() if isinstance(table, dict)
        }

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple(
            (re.compile(entry["pattern"], re.IGNORECASE), entry["vendor"])
            for entry in self.curated.hardware.get("accelerator_pattern", ())
        )

    @cached_property
    def _absent(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {
            (entry["source"], entry["value"]): (entry["means"], entry["reason"])
            for entry in self.curated.hardware.get("accelerator_absent", ())
            if entry["column"].lower().startswith(("accelerator", "chip type (primary)"))
        }

    def _reason(self, table: str, name: str, otherwise: str) -> str:
        reasons = self._tables.get("unresolved", {}).get(table, {})
        found = reasons.get(name) if isinstance(reasons, dict) else None
        return str(found) if found else otherwise

    def designer(self, *spellings: str, source: str = "") -> Meaning:
        """Who designed the chip, from the first of these spellings that says so.

        `none` where the source's sign for no accelerator stands, `several` for two designers.
        """
        reason = ""
        for spelling in spellings:
            absent = self._absent.get((source, spelling))
            if absent is not None:
                if absent[0] == NONE:
                    return Meaning(NONE)
                reason = reason or absent[1]
                continue
            exact = self._tables.get("accelerator_vendor", {}).get(spelling)
            if isinstance(exact, str):
                return Meaning(exact)
            if spelling in self._tables.get("accelerator_mixed", {}):
                return Meaning(SEVERAL)
            if spelling in self._unresolved_chips:
                reason = reason or self._reason("accelerator_vendor", spelling, "")
                continue
            for pattern, vendor in self._patterns:
                if pattern.search(spelling):
                    return Meaning(vendor)
        return Meaning(UNKNOWN, reason or "no reviewed spelling or pattern of a chip fits")

    @cached_property
    def _unresolved_chips(self) -> frozenset[str]:
        reasons = self._tables.get("unresolved", {}).get("accelerator_vendor", {})
        return frozenset(reasons) if isinstance(reasons, dict) else frozenset()

    def designers(self, cell: str) -> Meaning:
        """Who designed the chips of a cell that lists some, by commas."""
        found = [self.designer(name) for name in split_names(cell)]
        if not found:
            return Meaning(UNKNOWN, "not stated")
        known = {meaning.id for meaning in found if meaning.id != UNKNOWN}
        if len(known) > 1:
            return Meaning(SEVERAL)
        if len(known) == 1 and all(meaning.id in known for meaning in found):
            return Meaning(known.pop())
        return next(meaning for meaning in found if meaning.id == UNKNOWN)

    def foundries(self, cell: str) -> tuple[Meaning, ...]:
        """Who makes the dies, one meaning a foundry."""
        if not cell:
            return (Meaning(UNKNOWN, "not stated"),)
        found = self._tables.get("foundry", {}).get(cell)
        if not isinstance(found, list):
            return (Meaning(UNKNOWN, "no reviewed spelling of a foundry fits"),)
        return tuple(Meaning(str(each)) for each in found)

    def owner(self, name: str) -> tuple[Meaning, str]:
        """The organisation of one owner's name, and its country; a residual has a country only."""
        aggregate = self._tables.get("operator_aggregate", {}).get(name)
        if isinstance(aggregate, dict):
            return Meaning(UNKNOWN, aggregate["reason"]), str(aggregate["country"])
        found = self._tables.get("operator", {}).get(name)
        if isinstance(found, str):
            return Meaning(found), self.curated.country(found)
        otherwise = "no reviewed spelling of an owner fits"
        return Meaning(UNKNOWN, self._reason("operator", name, otherwise)), UNKNOWN

    def maker(self, name: str) -> Meaning:
        """The organisation that Epoch AI names as one of a model's makers."""
        found = self.curated.aliases.makers.get("epoch", {}).get(name.casefold())
        found = found or self._makers.get(name.casefold())
        if found:
            return Meaning(found)
        reasons = self.curated.aliases.unresolved.get("epoch", {})
        return Meaning(
            UNKNOWN, reasons.get(name.casefold(), "no reviewed spelling of a maker fits")
        )

    @cached_property
    def _makers(self) -> dict[str, str]:
        return {each.name.casefold(): each.id for each in self.curated.organisations.values()}

    def submitter(self, name: str) -> Meaning:
        """The organisation that submits to a benchmark, the first named of joint ones."""
        found = self._tables.get("submitter", {}).get(name)
        if isinstance(found, dict):
            return Meaning(str(found["organisation"]))
        return Meaning(UNKNOWN, "no reviewed spelling of a submitter fits")

    def country(self, name: str) -> Meaning:
        """ISO 3166-1 alpha-2 code of a country's English name."""
        found = self._tables.get("country_name", {}).get(name.strip())
        if isinstance(found, str) and _COUNTRY.match(found):
            return Meaning(found)
        otherwise = "no reviewed spelling of a country fits"
        return Meaning(UNKNOWN, self._reason("country_name", name.strip(), otherwise))

    def countries(self, cell: str) -> tuple[Meaning, ...]:
        """Distinct countries of a cell that joins names by commas: `China,China` is one."""
        found = [self.country(name) for name in split_names(cell)] or [self.country("")]
        return tuple({meaning.id: meaning for meaning in found}.values())

    def makers(self, cell: str) -> dict[str, float]:
        """Organisations of a cell that joins makers by commas, with equal parts.

        Two spellings of one organisation count once; each unresolved name counts for itself.
        """
        keys = []
        for name in split_names(cell):
            meaning = self.maker(name)
            keys.append((meaning.id, name.casefold() if meaning.id == UNKNOWN else ""))
        keys = list(dict.fromkeys(keys)) or [(UNKNOWN, "")]
        parts: dict[str, float] = {}
        for identifier, _ in keys:
            parts[identifier] = parts.get(identifier, 0.0) + 1 / len(keys)
        return parts


def part_of_each(meanings: Sequence[Meaning]) -> dict[str, float]:
    """Ids with equal parts, one for each distinct id."""
    ids = list(dict.fromkeys(meaning.id for meaning in meanings))
    return {identifier: 1 / len(ids) for identifier in ids}
