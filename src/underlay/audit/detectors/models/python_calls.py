"""Calls of Python libraries that take a model's name, from `vocabulary_python.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underlay.audit.findings import Kind

__all__ = ["Call", "Calls", "Scheme", "calls", "scheme_of"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the libraries of one field name their models, and what has to speak for such a name."""

    name: str
    pattern: re.Pattern[str]
    anywhere: bool
    keys: tuple[str, ...]
    packages: frozenset[str]
    strict: bool

    def holds(self, strength: float, around: str, packages: set[str]) -> bool:
        """Whether enough speaks for a name: `around` are the names that it stands under."""
        if self.anywhere or (strength >= 0.5 and not self.strict):
            return True
        if not self.packages.isdisjoint(packages):
            return True
        low = f"{around} {' '.join(packages)}".lower()
        return any(key in low for key in self.keys)


@dataclass(frozen=True, slots=True)
class Call:
    """One entry: where the model's name stands in such a call, and what kind it is."""

    rule: str
    positions: tuple[int, ...]
    keywords: frozenset[str]
    expects: Kind | None
    operator: str | None
    packages: frozenset[str]
    is_method: bool


class Calls:
    """The parsed vocabulary, indexed by the last part of a call's name."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._by_last: dict[str, list[tuple[tuple[str, ...], Call]]] = {}
        for entry in table["call"]:
            call = Call(
                rule=entry["rule"],
                positions=tuple(entry["positions"]),
                keywords=frozenset(entry["keywords"]),
                expects=entry.get("expects"),
                operator=entry.get("operator"),
                packages=frozenset(entry.get("packages", ())),
                is_method=entry.get("is_method", False),
            )
            for name in entry["calls"]:
                parts = tuple(name.split("."))
                self._by_last.setdefault(parts[-1], []).append((parts, call))
        for found in self._by_last.values():  # the longest name that fits says most
            found.sort(key=lambda item: (-len(item[0]), not item[1].packages))
        addresses = table["addresses"]
        self.address_keywords = frozenset(addresses["keywords"])
        self.address_variables = frozenset(addresses["variables"])
        self.clients: dict[str, str] = addresses["clients"]
        self.wrappers = frozenset(addresses["wrappers"])
        self.posts = frozenset(addresses["posts"])
        self.libraries = frozenset(table["libraries"]["names"])
        self.attributes = tuple(
            (entry["prefix"], entry["kind"], re.compile(entry["pattern"]))
            for entry in table["attribute"]
        )
        self.constructors = tuple(
            (entry["prefix"], re.compile(entry["pattern"]), frozenset(entry["loads"]))
            for entry in table["constructor"]
        )
        self.schemes = tuple(
            Scheme(
                name=entry["name"],
                pattern=re.compile(entry["pattern"], re.ASCII),
                anywhere=entry.get("anywhere", False),
                keys=tuple(entry.get("keys", ())),
                packages=frozenset(entry.get("packages", ())),
                strict=entry.get("strict", False),
            )
            for entry in table["scheme"]
        )
        self._nothing: dict[str, list[str]] = {}
        for name in table["nothing"]["calls"]:
            self._nothing.setdefault(name.rpartition(".")[2], []).append(name)
        self.nothing_keywords = frozenset(table["nothing"]["keywords"])

    def find(self, spelled: str, resolved: str, packages: frozenset[str]) -> list[Call]:
        """Entries for a call, by its name as written and as imported.

        `packages` are the roots of what the file imports: a method's object can't be traced to
        its class in general, so a file that imports the package is evidence enough.
        """
        last = spelled.rpartition(".")[2]
        if last not in self._by_last and resolved.rpartition(".")[2] not in self._by_last:
            return []
        parts = tuple(resolved.split("."))
        raw = tuple(spelled.split("."))
        root = parts[0].lstrip(".")
        found: list[Call] = []
        for name in (parts[-1], raw[-1]):
            for wanted, call in self._by_last.get(name, ()):
                if parts[-len(wanted) :] != wanted and raw[-len(wanted) :] != wanted:
                    continue
                if call.is_method and len(raw) < 2:
                    continue
                if call.packages and root not in call.packages:
                    imported = resolved != spelled
                    if imported or not call.packages & packages:
                        continue
                if call not in found:
                    found.append(call)
        longest = found[:1]
        return longest + [c for c in found[1:] if c.rule == found[0].rule and c.packages]

    def means_nothing(self, spelled: str) -> bool:
        """Whether what is handed to the call is never a model: a data set, a path, a format."""
        names = self._nothing.get(spelled.rpartition(".")[2], ())
        return any(spelled == name or spelled.endswith("." + name) for name in names)


@cache
def calls() -> Calls:
    """The shipped vocabulary."""
    source = resources.files("underlay.audit.detectors.models").joinpath("vocabulary_python.toml")
    return Calls(tomllib.loads(source.read_text("utf-8")))


@lru_cache(maxsize=20_000)
def scheme_of(text: str) -> Scheme | None:
    """The naming scheme that the whole string follows."""
    if len(text) > 100:
        return None
    return next((s for s in calls().schemes if s.pattern.fullmatch(text)), None)
