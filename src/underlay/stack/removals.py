"""What a removal takes: `nvidia`, `country:US:fabrication`, `package:torch`, `grade<documented`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.atlas.stack_contracts import EVIDENCE, LAYERS, SCOPES
from underlay.errors import BadValueError, UnknownNameError
from underlay.stack.facets import OPTIONS, State
from underlay.stack.parts import UNKNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from underlay.stack.parts import Component, Stack

__all__ = ["Removal", "Taken", "removal", "removal_names"]

_DESIGN = "design"  # in words of a country: chips and closed toolchains
_COUNTRY_SCOPES = (*SCOPES, _DESIGN, "all")
_GROUPS = {"fabrication": ("fabrication", "equipment"), "all": SCOPES}
_MADE = ("fabrication", "equipment")
_STATES = ("generic", "product", "named")
_OPENNESS = ("open", "closed", "unknown")


@dataclass(frozen=True)
class Taken:
    """One component that a removal takes, and why."""

    component: str
    name: str
    layer: str
    organisation: str
    country: str
    reason: str


@dataclass(frozen=True)
class Removal:
    """What was asked for, and what it comes to.

    `below` is an evidence grade below which statements go, `below_state` a state below which
    edges go, `licences` are the licences whose models go. `spared` says what stays, and why.
    """

    asked: tuple[str, ...]
    takes: tuple[Taken, ...]
    below: str = ""
    below_state: State = State.NO
    licences: tuple[str, ...] = ()
    spared: tuple[Taken, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        """Ids of the components that go."""
        return tuple(taken.component for taken in self.takes)


def removal(
    stack: Stack, asked: Sequence[str], *, scope: str = "default", as_of: dt.date | None = None
) -> Removal:
    """Understand removals; `scope` holds where one names an owner or a country without a scope.

    An owner's default is its silicon and the toolchain whose licence is closed; toolchains of
    unknown licence go too. One that has neither loses what it makes: dies, memory, machines. A
    scope that is written out takes all of it, open or not, and firms that the owner holds on that
    day go with it. Raises `UnknownNameError` or `BadValueError`.
    """
    takes: dict[str, Taken] = {}
    spared: dict[str, Taken] = {}
    licences: list[str] = []
    below, below_state = "", State.NO
    for text in asked:
        if "<" in text:
            kind, _, name = text.partition("<")
            if kind.strip() != "grade":
                raise BadValueError("remove", text, f"`grade<{EVIDENCE[3]}`")
            name = name.strip()
            if name in EVIDENCE:
                below = min(below or name, name, key=EVIDENCE.index)
            elif name in _STATES:
                below_state = max(below_state, State[name.upper()])
            else:
                raise UnknownNameError("grade", name, (*EVIDENCE, *_STATES))
            continue
        found, left = _Reader(stack, scope, as_of).read(text)
        for component, reason in found:
            takes.setdefault(component.id, _taken(component, reason))
        for component, reason in left:
            spared.setdefault(component.id, _taken(component, reason))
        licences += _model_licences(stack, text)
    return Removal(
        tuple(asked),
        tuple(takes[each] for each in sorted(takes)),
        below,
        below_state,
        tuple(dict.fromkeys(licences)),
        tuple(spared[each] for each in sorted(set(spared) - set(takes))),
    )


def removal_names(stack: Stack) -> tuple[str, ...]:
    """Everything that a removal can name, without scopes and grades, in order."""
    owners = {component.organisation for component in stack.components} - {UNKNOWN}
    countries = {component.country for component in stack.components} - {UNKNOWN}
    ids = {c.id for c in stack.components if c.layer != "build"}
    return (*sorted(owners), *sorted(f"country:{each}" for each in countries), *sorted(ids))


def _taken(component: Component, reason: str) -> Taken:
    return Taken(
        component.id, component.name, component.layer, component.organisation, component.country,
        reason,
    )  # fmt: skip


_Found = list[tuple["Component", str]]


class _Reader:
    """Reads one removal."""

    def __init__(self, stack: Stack, scope: str, as_of: dt.date | None) -> None:
        self.stack, self.as_of = stack, as_of
        scopes = tuple(name for name, _ in OPTIONS["scope"])
        if scope not in scopes:
            raise UnknownNameError("option of `scope`", scope, scopes)
        self.scope = scope

    def read(self, text: str) -> tuple[_Found, _Found]:
        """(what goes, what is spared), each with its reason."""
        head, _, rest = text.strip().partition(":")
        if not head or (":" in text and not rest):
            raise BadValueError("remove", text, "a name such as `nvidia` or `runtime:vllm`")
        kind = head.casefold()
        if kind == "country":
            return self._country(*_split(rest))
        if kind in ("licence", "license"):
            return self._licence(rest), []
        if kind in LAYERS:
            return self._component(kind, rest), []
        return self._owner(*_split(text.strip()))

    def _country(self, name: str, scope: str) -> tuple[_Found, _Found]:
        known = sorted({c.country for c in self.stack.components} - {UNKNOWN})
        country = name.upper()
        if country not in known:
            raise UnknownNameError("country in the stack", name, known)
        if scope and scope not in _COUNTRY_SCOPES:
            raise UnknownNameError("scope of a country", scope, _COUNTRY_SCOPES)
        scope = "default" if scope == _DESIGN else scope or self.scope
        return self._scoped(lambda c: c.country == country, scope, f"of {country}")

    def _owner(self, name: str, scope: str) -> tuple[_Found, _Found]:
        owned = {c.organisation for c in self.stack.components} - {UNKNOWN}
        known = {each: self.stack.organisations.get(each) for each in owned}
        spellings = {each.casefold(): each for each in known}
        spellings |= {o.name.casefold(): each for each, o in known.items() if o}
        owner = spellings.get(name.casefold())
        if owner is None:
            # a parent that holds nothing of its own can still hold firms that do
            parents = {o.parent for o in self.stack.organisations.values() if o.id in owned}
            owner = name.casefold() if name.casefold() in parents else None
        if owner is None:
            raise UnknownNameError(
                "owner or component of the stack", name, removal_names(self.stack)
            )
        allowed = (*SCOPES, "all")
        if scope and scope not in allowed:
            raise UnknownNameError("scope of a removal", scope, allowed)
        group = self._held_by(owner)

        def theirs(component: Component) -> bool:
            return component.organisation in group

        found, spared = self._scoped(theirs, scope or self.scope, f"of {owner}")
        if not found and not scope and self.scope == "default":
            # a foundry or a maker of its machines designs no chips: what it makes is what goes
            makes = [c for c, _ in spared if c.scope in _MADE]
            found = [(c, f"{c.scope} of {owner}") for c in makes]
            spared = [(c, why) for c, why in spared if c not in makes]
        return found, spared

    def _held_by(self, owner: str) -> set[str]:
        """The owner and all firms that it holds on the day, directly or not."""
        group = {owner}
        while True:
            more = {
                each.id
                for each in self.stack.organisations.values()
                if each.parent in group
                and each.id not in group
                and (self.as_of is None or not each.parent_since or each.parent_since <= self.as_of)
            }
            if not more:
                return group
            group |= more

    def _scoped(
        self, belongs: Callable[[Component], bool], scope: str, whose: str
    ) -> tuple[_Found, _Found]:
        found: _Found = []
        spared: _Found = []
        for component in self.stack.components:
            if not belongs(component) or component.layer == "build":
                continue
            if scope != "default":
                if component.scope in _GROUPS.get(scope, (scope,)):
                    found.append((component, f"{component.scope} {whose}"))
            elif component.scope == "silicon":
                found.append((component, f"silicon {whose}"))
            elif component.scope == "toolchain" and component.is_open is not True:
                what = "closed" if component.is_open is False else "licence unknown"
                found.append((component, f"toolchain {whose}, {what}"))
            elif component.scope == "toolchain":
                spared.append((component, f"toolchain {whose}, open licence"))
            else:
                spared.append((component, f"{component.scope} {whose}, not asked for"))
        return found, spared

    def _component(self, layer: str, name: str) -> _Found:
        of_layer = [c for c in self.stack.components if c.layer == layer]
        wanted = name.casefold()
        spellings: tuple[Callable[[Component], str], ...] = (
            lambda c: c.id.partition(":")[2],
            lambda c: c.name,
            # a foundry is often meant by its firm, whatever its entry is called
            lambda c: c.organisation if layer == "foundry" else "",
        )
        for spelling in spellings:
            found = [c for c in of_layer if spelling(c).casefold() == wanted]
            if found:
                return [(component, "named") for component in found]
        known = tuple(c.id.partition(":")[2] for c in of_layer)
        raise UnknownNameError(f"{layer} in the stack", name, known)

    def _licence(self, name: str) -> _Found:
        wanted = name.casefold()
        found: _Found = []
        for component in self.stack.components:
            if component.layer == "build":
                continue
            words = {w.casefold() for w in re.findall(r"[\w.+-]+", component.licence)}
            openness = "unknown" if component.is_open is None else _OPENNESS[not component.is_open]
            if wanted in words or wanted == openness:
                found.append((component, f"licence {component.licence or openness}"))
        if not found and not _model_licences(self.stack, f"licence:{name}"):
            raise UnknownNameError("licence in the stack", name, self._licences())
        return found

    def _licences(self) -> tuple[str, ...]:
        words: Iterable[str] = (
            word for c in self.stack.components for word in re.findall(r"[\w.+-]+", c.licence)
        )
        return (*_OPENNESS, *sorted(set(words) - {"AND", "OR", "WITH"}))


def _split(text: str) -> tuple[str, str]:
    name, _, scope = text.partition(":")
    return name.strip(), scope.strip().casefold()


def _model_licences(stack: Stack, text: str) -> list[str]:
    """The class of models' licences that a removal names, where it names one."""
    kind, _, name = text.partition(":")
    if kind.casefold() not in ("licence", "license"):
        return []
    return [name.casefold()] if name.casefold() in stack.licence_classes else []
