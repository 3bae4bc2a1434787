"""What people decided about the stack, read from reviewed TOML: each entry rests on a citation.

`architectures.toml` joins spellings of architecture classes, `stack.toml` names runtimes,
packages, interfaces and toolchains, `silicon.toml` product lines, foundries, memory and
lithography, and `deals.toml` (where there is one) dated deals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import read_toml
from underlay.atlas.stack_contracts import DEAL, EVIDENCE, STATEMENTS, STATUSES
from underlay.errors import SchemaError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "AmbiguousTag",
    "ArchitectureRules",
    "Citation",
    "ClassAlias",
    "GgufRule",
    "NameRule",
    "StackRules",
    "TypeRule",
    "architecture_rules",
    "read_architectures",
    "read_deals",
    "read_stack",
    "stack_rules",
]


@dataclass(frozen=True)
class ClassAlias:
    """A runtime's own spelling of a class that more than capitals tell apart."""

    name: str
    architecture: str
    reason: str


@dataclass(frozen=True)
class TypeRule:
    """The class of a model type that Transformers' own lists don't have."""

    model_type: str
    head: str
    architecture: str
    reason: str


@dataclass(frozen=True)
class GgufRule:
    """Model types behind a name in GGUF files that is spelt in another way."""

    gguf: str
    model_types: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class NameRule:
    """The model type, or the reason for none, of repositories whose name fits."""

    pattern: re.Pattern[str]
    model_type: str  # empty: unknown, for `reason`
    reason: str
    platform: str = ""  # empty: any


@dataclass(frozen=True)
class AmbiguousTag:
    """A tag that looks like a model type and mostly is something else."""

    tag: str
    unless: re.Pattern[str] | None
    reason: str


@dataclass(frozen=True)
class ArchitectureRules:
    """The reviewed joins between names of architectures."""

    aliases: tuple[ClassAlias, ...] = ()
    types: tuple[TypeRule, ...] = ()
    gguf: tuple[GgufRule, ...] = ()
    names: tuple[NameRule, ...] = ()
    ambiguous: Mapping[str, AmbiguousTag] = field(default_factory=dict)

    def rule_for(self, name: str, platform: str) -> NameRule | None:
        """The first name rule that fits a model."""
        if self._any_name is None or not self._any_name.search(name):
            return None
        for rule in self.names:
            if rule.platform in ("", platform) and rule.pattern.search(name):
                return rule
        return None

    @cached_property
    def _any_name(self) -> re.Pattern[str] | None:
        """All name rules as one, since nearly no name fits any."""
        if not self.names:
            return None
        return re.compile(
            "|".join(f"(?:{rule.pattern.pattern})" for rule in self.names), re.IGNORECASE
        )


@dataclass(frozen=True)
class Citation:
    """A page that was read."""

    id: str
    title: str
    url: str
    on: dt.date | None = None
    read_on: dt.date | None = None


@dataclass(frozen=True)
class StackRules:
    """Entries of `stack.toml` and `silicon.toml` by kind, checked for what they need."""

    entries: Mapping[str, tuple[Mapping[str, Any], ...]]
    citations: Mapping[str, Citation]

    def of(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """The entries of one kind, in file order."""
        return self.entries.get(kind, ())

    def by_id(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The entries of one kind by their id."""
        return {entry["id"]: entry for entry in self.of(kind)}


# kind of entry -> fields that it must have
_STACK_FIELDS: Mapping[str, tuple[str, ...]] = {
    "runtime": ("id", "name", "organisation", "is_open", "closed", "citation"),
    "package": ("id", "name", "organisation", "is_open", "citation"),
    "service": ("id", "name", "organisation", "citation"),
    "api": ("id", "name", "organisation", "citation"),
    "implements": ("api", "toolchain", "reason", "citation"),
    "toolchain": ("id", "name", "organisation", "citation"),
    "backend": ("written", "toolchain"),
    "status": ("written", "status", "delivery"),
    "build": ("runtime", "toolchain", "citation"),
    "slot": ("component", "slot", "providers", "citation"),
    "format": ("runtime", "format", "citation"),
    "wheel": ("package",),
    "hardware": ("written", "toolchain"),
    "benchmark": ("written", "architecture"),
    "software": ("pattern",),
    "family": ("written", "classes"),
    "line": ("id", "name", "organisation", "pattern", "toolchains", "memory", "lithography"),
    "foundry": ("id", "name", "organisation", "lithography", "citation"),
    "memory": ("id", "name", "organisation", "kind", "citation"),
    "lithography": ("id", "name", "organisation", "kind", "citation"),
    "citation": ("id", "title", "url", "read_on"),
}
_ARCHITECTURE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "alias": ("name", "architecture", "reason"),
    "type": ("model_type", "head", "architecture", "reason"),
    "gguf": ("gguf", "model_types", "reason"),
    "name": ("pattern", "model_type", "reason"),
    "ambiguous": ("tag", "reason"),
}


def read_architectures() -> ArchitectureRules:
    """The joins of `architectures.toml`; raises `UnreadableError` or `SchemaError`."""
    return _architectures()


def read_stack() -> StackRules:
    """The entries of `stack.toml` and `silicon.toml`; raises as `read_architectures`."""
    return _stack()


def read_deals(path: Path | None = None) -> tuple[Mapping[str, Any], ...]:
    """Rows of `core__deal` from `deals.toml`; none where the file is missing.

    Raises `SchemaError` for a field that the contract lacks, or a missing one that it requires.
    """
    place = path or _folder() / "deals.toml"
    if not place.is_file():
        return ()
    rows = _entries(read_toml(place), "deal", place.name)
    for row in rows:
        unknown = set(row) - set(DEAL.column_names)
        if unknown:
            raise SchemaError(place.name, f"a deal has an unknown field `{min(unknown)}`")
        for column in DEAL.columns:
            if column.required and row.get(column.name) in (None, ""):
                raise SchemaError(
                    place.name, f"the deal `{row.get('deal_id')}` lacks `{column.name}`"
                )
    return rows


def _folder() -> Path:
    return Path(str(resources.files("underlay.atlas")))


@cache
def _architectures() -> ArchitectureRules:
    return architecture_rules(read_toml(_folder() / "architectures.toml"), "architectures.toml")


def architecture_rules(content: Mapping[str, Any], place: str) -> ArchitectureRules:
    """The rules in the content of a file like `architectures.toml`; raises `SchemaError`."""
    found = {kind: _entries(content, kind, place) for kind in _ARCHITECTURE_FIELDS}
    _only_known(content, _ARCHITECTURE_FIELDS, place)
    for kind, needed in _ARCHITECTURE_FIELDS.items():
        _need(found[kind], needed, f"{place}: {kind}")
    return ArchitectureRules(
        aliases=tuple(
            ClassAlias(entry["name"], entry["architecture"], entry["reason"])
            for entry in found["alias"]
        ),
        types=tuple(
            TypeRule(entry["model_type"], entry["head"], entry["architecture"], entry["reason"])
            for entry in found["type"]
        ),
        gguf=tuple(
            GgufRule(entry["gguf"], tuple(entry["model_types"]), entry["reason"])
            for entry in found["gguf"]
        ),
        names=tuple(
            NameRule(
                _regex(entry["pattern"], place),
                entry["model_type"],
                entry["reason"],
                entry.get("platform", ""),
            )
            for entry in found["name"]
        ),
        ambiguous={
            entry["tag"]: AmbiguousTag(
                entry["tag"],
                _regex(entry["unless"], place) if entry.get("unless") else None,
                entry["reason"],
            )
            for entry in found["ambiguous"]
        },
    )


@cache
def _stack() -> StackRules:
    files = ("stack.toml", "silicon.toml")
    return stack_rules({name: read_toml(_folder() / name) for name in files})


def stack_rules(files: Mapping[str, Mapping[str, Any]]) -> StackRules:
    """The entries of files like `stack.toml`, each kind's in order; raises `SchemaError`."""
    entries: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in _STACK_FIELDS}
    for place, content in files.items():
        _only_known(content, _STACK_FIELDS, place)
        for kind, needed in _STACK_FIELDS.items():
            found = _entries(content, kind, place)
            _need(found, needed, f"{place}: {kind}")
            entries[kind] += found
    citations = {
        entry["id"]: Citation(
            entry["id"], entry["title"], entry["url"], entry.get("on"), entry["read_on"]
        )
        for entry in entries["citation"]
    }
    for kind, listed in entries.items():
        _unique(listed, kind)
        for entry in listed:
            cited = entry.get("citation")
            if cited is not None and cited not in citations:
                raise SchemaError(f"{kind} `{_label(entry)}`", f"no citation `{cited}`")
            for name, allowed in (
                ("evidence", EVIDENCE),
                ("stated_by", STATEMENTS),
                ("status", STATUSES),
            ):
                if entry.get(name, allowed[0]) not in allowed:
                    raise SchemaError(
                        f"{kind} `{_label(entry)}`", f"`{name}` can't be `{entry[name]}`"
                    )
    return StackRules({kind: tuple(found) for kind, found in entries.items()}, citations)


def _label(entry: Mapping[str, Any]) -> str:
    for name in ("id", "written", "component", "runtime", "api", "pattern", "package"):
        if name in entry:
            return str(entry[name])
    return "?"


def _unique(entries: Iterable[Mapping[str, Any]], kind: str) -> None:
    seen: set[str] = set()
    for entry in entries:
        if "id" in entry:
            if entry["id"] in seen:
                raise SchemaError(kind, f"`{entry['id']}` stands twice")
            seen.add(entry["id"])


def _entries(content: Mapping[str, Any], kind: str, place: str) -> tuple[Mapping[str, Any], ...]:
    found = content.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SchemaError(place, f"`{kind}` is no list of tables; write [[{kind}]]")
    return tuple(found)


def _only_known(content: Mapping[str, Any], known: Mapping[str, object], place: str) -> None:
    unknown = set(content) - set(known)
    if unknown:
        raise SchemaError(place, f"`{min(unknown)}` is none of its tables")


def _need(entries: Iterable[Mapping[str, Any]], needed: Sequence[str], place: str) -> None:
    for entry in entries:
        missing = [name for name in needed if name not in entry]
        if missing:
            raise SchemaError(place, f"`{_label(entry)}` lacks `{missing[0]}`")


def _regex(pattern: str, place: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise SchemaError(f"{place}: pattern `{pattern}`", str(error)) from error
