"""What people decided, read from reviewed TOML files: who is who, what is built by whom.

Every file is checked as it is read: an id stands once, an account belongs to one organisation, a
country is an ISO 3166-1 alpha-2 code or "unknown" with a reason, and whoever is named exists.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underlay.errors import CorrectionError, SchemaError, UnreadableError
from underlay.identity import hub_key

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "UNKNOWN",
    "Aliases",
    "Curated",
    "Family",
    "Licence",
    "Organisation",
    "Pattern",
    "read_curated",
    "read_families",
    "read_toml",
]

UNKNOWN = "unknown"
_COUNTRY = re.compile(r"[A-Z]{2}")
_LICENCE_CLASSES = (
    "osi", "open-content", "open-with-use-restrictions", "research-only", "custom",
    "none-declared", "proprietary",
)  # fmt: skip
_FIELDS: Mapping[str, type] = {
    "id": str, "name": str, "country": str, "kind": str, "evidence": str, "parent": str,
    "parent_since": dt.date, "reason": str, "contestable": str, "accounts": dict,
}  # fmt: skip
_MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class Organisation:
    """Who makes something. `accounts` are namespaces by platform, as written."""

    id: str
    name: str
    country: str
    kind: str
    evidence: str = ""
    parent: str = ""
    parent_since: dt.date | None = None
    reason: str = ""
    contestable: str = ""
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """Models that share a name and a line of descent."""

    id: str
    name: str
    organisation: str
    modality: str
    patterns: tuple[re.Pattern[str], ...]
    part_of: str = ""
    is_encoder: bool = False


@dataclass(frozen=True)
class Licence:
    """What a licence text means."""

    spdx: str
    licence_class: str
    reason: str


@dataclass(frozen=True)
class Pattern:
    """A regular expression that names an organisation, a family or a vendor."""

    pattern: re.Pattern[str]
    target: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Aliases:
    """Names of makers on platforms other than hubs, and why some have none."""

    makers: Mapping[str, Mapping[str, str]]  # platform -> name, case-folded -> organisation
    ollama_families: Mapping[str, str]
    arena_models: tuple[Pattern, ...]
    unresolved: Mapping[str, Mapping[str, str]]  # platform -> name -> reason


@dataclass(frozen=True)
class Curated:
    """All of it, checked."""

    organisations: Mapping[str, Organisation]
    families: tuple[Family, ...]
    base_hints: tuple[Pattern, ...]
    licences: Mapping[str, Licence]
    aliases: Aliases
    components: tuple[Mapping[str, Any], ...]
    hardware: Mapping[str, Any]
    corrections: Mapping[str, tuple[Mapping[str, Any], ...]]

    def account_owner(self, platform: str) -> dict[str, str]:
        """Account name, case-folded -> organisation id, for one platform."""
        return {
            hub_key(account): organisation.id
            for organisation in self.organisations.values()
            for account in organisation.accounts.get(platform, ())
        }

    def country(self, organisation: str) -> str:
        """The country of an organisation; "unknown" for one that isn't curated."""
        found = self.organisations.get(organisation)
        return found.country if found else UNKNOWN


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises `UnreadableError`."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UnreadableError(str(path), f"it is larger than {_MAX_BYTES} bytes")
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableError(str(path), str(error)) from error


def read_curated(own: Path | None = None) -> Curated:
    """The package's curated files, with the entries of `own` (a TOML file) in front.

    An `[[organisation]]` of `own` replaces the fields that it names on the organisation of that
    id, or adds one; accounts that it names are added, and move from whoever had them. Raises
    `UnreadableError`, `SchemaError`, or `CorrectionError` for an entry of `own` that changes
    nothing.
    """
    return _curated() if own is None else _build(read_toml(own), str(own))


@cache
def read_families() -> tuple[tuple[Family, ...], tuple[Pattern, ...]]:
    """Families in the order of their file, and what a name gives as base; organisations unread."""
    return _families(read_toml(_folder() / "families.toml"))


@cache
def _curated() -> Curated:
    return _build({}, "")


def _folder() -> Path:
    return Path(str(resources.files("underlay.atlas")))


def _build(own: Mapping[str, Any], own_name: str) -> Curated:
    folder = _folder()
    files = {
        name: read_toml(folder / f"{name}.toml")
        for name in (
            "organisations",
            "families",
            "licences",
            "aliases",
            "components",
            "hardware",
            "corrections",
        )
        if (folder / f"{name}.toml").is_file()
    }
    organisations = _organisations(files)
    for entry in _own_entries(own, own_name):
        _override(organisations, entry, own_name)
    _check_organisations(organisations)
    families, base_hints = _families(files["families"])
    hardware = {**files["components"], **files.get("hardware", {})}
    components = tuple(hardware.pop("component"))
    curated = Curated(
        organisations=organisations,
        families=families,
        base_hints=base_hints,
        licences={
            text: Licence(entry.get("spdx", ""), entry["class"], entry.get("reason", ""))
            for text, entry in _licence_table(files["licences"]).items()
        },
        aliases=_aliases(files["aliases"]),
        components=components,
        hardware=hardware,
        corrections={
            kind: tuple(entries)
            for kind, entries in {**files.get("corrections", {})}.items()
            if isinstance(entries, list)
        },
    )
    _check_references(curated)
    return curated


def _own_entries(own: Mapping[str, Any], place: str) -> list[Mapping[str, Any]]:
    """The `[[organisation]]` entries; raises `SchemaError` for anything else in the file."""
    unknown = set(own) - {"organisation"}
    if unknown:
        raise SchemaError(place, f"`{min(unknown)}` is none of its tables; write [[organisation]]")
    entries = own.get("organisation", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SchemaError(place, "`organisation` is no list of tables; write [[organisation]]")
    return entries


def _organisations(files: Mapping[str, Any]) -> dict[str, Organisation]:
    found: dict[str, Organisation] = {}
    for name in ("organisations", "aliases"):
        for entry in files[name].get("organisation", ()):
            organisation = _organisation(entry, f"{name}.toml")
            if organisation.id in found:
                raise SchemaError(f"{name}.toml", f"`{organisation.id}` stands twice")
            found[organisation.id] = organisation
    for name in ("components", "hardware"):
        for entry in files.get(name, {}).get("vendor", ()):
            vendor = _organisation(entry, f"{name}.toml")
            known = found.get(vendor.id)
            if known is None:
                found[vendor.id] = vendor
            elif known.country != vendor.country:
                raise SchemaError(
                    f"{name}.toml",
                    f"`{vendor.id}` is in {vendor.country}, but organisations.toml says "
                    f"{known.country}",
                )
    return found


def _organisation(entry: Mapping[str, Any], place: str) -> Organisation:
    unknown = set(entry) - set(_FIELDS)
    if unknown:
        raise SchemaError(place, f"`{entry.get('id')}` has an unknown field `{min(unknown)}`")
    missing = {"id", "name", "country", "kind"} - set(entry)
    if missing:
        raise SchemaError(place, f"`{entry.get('id')}` lacks `{min(missing)}`")
    for name, cell in entry.items():
        # a moment is a date to Python, but an owner changes on a day
        if not isinstance(cell, _FIELDS[name]) or isinstance(cell, dt.datetime):
            raise SchemaError(place, f"`{name}` of `{entry['id']}` can't be `{cell}`")
    for platform, names in entry.get("accounts", {}).items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise SchemaError(place, f"accounts of `{entry['id']}` on `{platform}` are no list")
    fields = dict(entry)
    fields["accounts"] = {
        platform: tuple(names) for platform, names in entry.get("accounts", {}).items()
    }
    return Organisation(**fields)


def _override(organisations: dict[str, Organisation], entry: Mapping[str, Any], place: str) -> None:
    """Lay one entry of the reader's own over what is there."""
    named = _organisation(
        {"id": "", "name": entry.get("id", ""), "country": UNKNOWN, "kind": "company", **entry},
        place,
    )
    if not named.id:
        raise SchemaError(place, "an `organisation` lacks `id`")
    before = organisations.get(named.id)
    changed = named
    if before is not None:
        fields = {name: getattr(named, name) for name in entry if name != "accounts"}
        if named.country != before.country and "country" in entry:
            # what was said of the other country doesn't hold for this one
            fields.setdefault("reason", "")
            fields.setdefault("contestable", f"your own entry; the atlas says {before.country}")
        accounts = dict(before.accounts)
        for platform, names in named.accounts.items():
            had = accounts.get(platform, ())
            known = {hub_key(name) for name in had}
            accounts[platform] = (*had, *(name for name in names if hub_key(name) not in known))
        changed = replace(before, **fields, accounts=accounts)
    if changed == before:
        raise CorrectionError(f"{place}: {named.id}", "it says what the atlas says already")
    for platform, names in changed.accounts.items():
        for name in names:
            _take_account(organisations, changed.id, platform, name)
    organisations[changed.id] = changed


def _take_account(
    organisations: dict[str, Organisation], new: str, platform: str, account: str
) -> None:
    for other in list(organisations.values()):
        names = other.accounts.get(platform, ())
        if other.id != new and hub_key(account) in map(hub_key, names):
            kept = tuple(name for name in names if hub_key(name) != hub_key(account))
            organisations[other.id] = replace(other, accounts={**other.accounts, platform: kept})


def _check_organisations(organisations: Mapping[str, Organisation]) -> None:
    owner: dict[tuple[str, str], str] = {}
    for organisation in organisations.values():
        place = f"organisation `{organisation.id}`"
        if organisation.country == UNKNOWN and not organisation.reason:
            raise SchemaError(place, "its country is unknown, but no `reason` says why")
        if organisation.country != UNKNOWN and not _COUNTRY.fullmatch(organisation.country):
            raise SchemaError(place, f"`{organisation.country}` is not an ISO 3166-1 alpha-2 code")
        if organisation.parent and organisation.parent not in organisations:
            raise SchemaError(place, f"its parent `{organisation.parent}` isn't in the files")
        if organisation.id in _owners(organisations, organisation.id):
            raise SchemaError(place, "it owns itself")
        for platform, names in organisation.accounts.items():
            for name in names:
                key = (platform, hub_key(name))
                if owner.setdefault(key, organisation.id) != organisation.id:
                    raise SchemaError(
                        place, f"the account {platform}:{name} also belongs to `{owner[key]}`"
                    )


def _owners(organisations: Mapping[str, Organisation], identifier: str) -> list[str]:
    """Ids of the owner, its owner, and so on; a ring once round."""
    found: list[str] = []
    while (parent := organisations[identifier].parent) in organisations and parent not in found:
        found.append(parent)
        identifier = parent
    return found


def _check_references(curated: Curated) -> None:
    """Raise `SchemaError` for a family, maker or class that is named and doesn't exist."""
    families = {family.id for family in curated.families} | {UNKNOWN}
    makers = {*curated.organisations, UNKNOWN}
    for identifier, count in Counter(family.id for family in curated.families).items():
        if count > 1:
            raise SchemaError("families.toml", f"`{identifier}` stands twice")
    for family in curated.families:
        if family.organisation not in makers:
            raise SchemaError(f"family `{family.id}`", f"no organisation `{family.organisation}`")
        if family.part_of and family.part_of not in families:
            raise SchemaError(f"family `{family.id}`", f"no family `{family.part_of}`")
    for hint in curated.base_hints:
        if hint.target not in families:
            raise SchemaError(f"base hint `{hint.pattern.pattern}`", f"no family `{hint.target}`")
    for platform, table in curated.aliases.makers.items():
        for name, maker in table.items():
            if maker not in makers:
                raise SchemaError("aliases.toml", f"{platform}:{name} has no maker `{maker}`")
    for name, named in curated.aliases.ollama_families.items():
        if named not in families:
            raise SchemaError("aliases.toml", f"ollama:{name} has no family `{named}`")
    for entry in curated.aliases.arena_models:
        if entry.target not in makers:
            raise SchemaError("aliases.toml", f"`{entry.pattern.pattern}`: no `{entry.target}`")
    for text, licence in curated.licences.items():
        if licence.licence_class not in _LICENCE_CLASSES:
            raise SchemaError(f"licence `{text}`", f"no class `{licence.licence_class}`")


def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise SchemaError(f"pattern `{pattern}`", str(error)) from error


def _families(content: Mapping[str, Any]) -> tuple[tuple[Family, ...], tuple[Pattern, ...]]:
    return (
        tuple(_family(entry) for entry in content["family"]),
        tuple(
            Pattern(_regex(entry["pattern"]), entry["base_family"])
            for entry in content.get("base_hint", ())
        ),
    )


def _family(entry: Mapping[str, Any]) -> Family:
    return Family(
        id=entry["id"],
        name=entry["name"],
        organisation=entry["organisation"],
        modality=entry["modality"],
        patterns=tuple(_regex(pattern) for pattern in entry["patterns"]),
        part_of=entry.get("part_of", ""),
        is_encoder=entry.get("encoder", False),
    )


def _licence_table(content: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    table = content.get("licence", content)
    return {text: entry for text, entry in table.items() if isinstance(entry, dict)}


def _aliases(content: Mapping[str, Any]) -> Aliases:
    makers: dict[str, dict[str, str]] = {}
    families: dict[str, str] = {}
    for platform, table in content.items():
        if not isinstance(table, dict) or platform == "unresolved":
            continue
        makers[platform] = {}
        for name, target in table.items():
            if isinstance(target, dict):
                makers[platform][name.casefold()] = target["organisation"]
                families[name.casefold()] = target.get("family", UNKNOWN)
            else:
                makers[platform][name.casefold()] = target
    return Aliases(
        makers=makers,
        ollama_families=families,
        arena_models=tuple(
            Pattern(_regex(entry["pattern"]), entry["organisation"])
            for entry in content.get("arena_model", ())
        ),
        unresolved={
            platform: {name.casefold(): str(reason) for name, reason in table.items()}
            for platform, table in content.get("unresolved", {}).items()
        },
    )
