"""What a stack is made of, as it stands in the core tables, and its graph in three readings."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from underlay.stack.graph import Graph

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from underlay.stack.population import Listed

__all__ = [
    "ANY",
    "UNKNOWN",
    "Build",
    "Component",
    "Need",
    "Organisation",
    "Outlet",
    "Reading",
    "Stack",
    "Statements",
]

UNKNOWN = "unknown"
ANY = "any"
# what a machine that stands already does not need any more
_MAKERS = frozenset(("designer", "foundry", "memory", "lithography"))
# Real: unknown providers exist. Neutral: they say nothing. Absent: they may be what is removed.
Reading = Literal["lower", "value", "upper"]


@dataclass(frozen=True)
class Organisation:
    """A firm or body that owns components or makes models."""

    id: str
    name: str
    country: str
    parent: str = ""
    parent_since: dt.date | None = None


@dataclass(frozen=True)
class Component:
    """A piece of the stack below models. `is_open` is None where the licence is unknown."""

    id: str
    layer: str
    name: str
    organisation: str = UNKNOWN
    country: str = UNKNOWN
    scope: str = "code"
    is_open: bool | None = None
    licence: str = ""
    memory_bytes: float | None = None


@dataclass(frozen=True)
class Need:
    """One provider of one slot of a component; `use` is inference, training or both."""

    component: str
    slot: str
    provider: str
    use: str = "both"
    evidence: str = "documented"
    source: str = ""


@dataclass(frozen=True)
class Build:
    """A runtime's build for a backend, with what its release says of itself."""

    id: str
    runtime: str
    backend: str
    route_class: str = "serving"
    use: str = "both"
    status: str = "yes"
    delivery: str = ""
    tracks_version: str = ""
    has_own_registry: bool = False
    is_registry_closed: bool = False
    evidence: str = "packaged"
    stated_by: str = "project"
    source: str = ""
    version: str = ""
    path: str = ""
    first_seen: dt.date | None = None
    last_seen: dt.date | None = None

    @property
    def exists(self) -> bool:
        """Whether there is something to install, so that an unknown edge to it could be real."""
        return self.status in ("yes", "experimental")


@dataclass(frozen=True)
class Outlet:
    """A build on one line of accelerators: places of both among components; line -1 if none."""

    build: int
    component: int
    line: int


@dataclass(frozen=True)
class Statements:
    """Rows of `core__support` as columns: codes for names, days since 1970 (-1 where unknown).

    A code of -1 stands for `any`; `statuses`, `evidence` and `uses` are places in the contract's
    lists. The texts are objects, for explanations only.
    """

    runtime: Any
    backend: Any
    architecture: Any
    file_format: Any
    line: Any
    use: Any
    status: Any
    is_fallback: Any
    evidence: Any
    first_day: Any
    last_day: Any
    stated_by: Any
    source: Any
    version: Any
    path: Any

    def __len__(self) -> int:
        return len(self.runtime)


@dataclass(frozen=True)
class Stack:
    """Components, needs, builds and statements of one lake, ready to be asked.

    `listed` gives the models of a list with their weights; `find` the requirement of one model by
    any of its names. `notes` say what of the tables could not be placed, and why.
    """

    components: tuple[Component, ...]
    needs: tuple[Need, ...]
    builds: tuple[Build, ...]
    statements: Statements
    architectures: tuple[str, ...]
    formats: tuple[str, ...]
    organisations: Mapping[str, Organisation]
    listed: Callable[[str], Listed]
    find: Callable[[str], Listed]
    licence_classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    memory: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each component, by id."""
        return {component.id: place for place, component in enumerate(self.components)}

    @cached_property
    def outlets(self) -> tuple[Outlet, ...]:
        """Every build on every line that it can drive, in the order of builds."""
        lines: dict[int, dict[int, None]] = {}
        providers: dict[str, list[str]] = {}
        for need in self.needs:
            providers.setdefault(need.component, []).append(need.provider)
        stated = self._stated_lines()
        found = []
        for number, build in enumerate(self.builds):
            on = lines.setdefault(number, {})
            for owner in (build.id, build.backend):
                named = (
                    self.places[name] for name in providers.get(owner, ()) if name in self.places
                )
                direct = [p for p in named if self.components[p].layer == "accelerator"]
                if direct:
                    on.update(dict.fromkeys(direct))
                    break
            on.update(dict.fromkeys(stated.get((build.runtime, build.backend), ())))
            place = self.places[build.id]
            found += [Outlet(number, place, line) for line in sorted(on) or [-1]]
        return tuple(found)

    def _stated_lines(self) -> dict[tuple[str, str], list[int]]:
        """(runtime, backend) -> lines that statements name."""
        rows = self.statements
        found: dict[tuple[str, str], list[int]] = {}
        keys = {(int(r), int(b), int(a)) for r, b, a in zip(
            rows.runtime, rows.backend, rows.line, strict=True) if a >= 0 and b >= 0}  # fmt: skip
        for runtime, backend, line in sorted(keys):
            key = self.components[runtime].id, self.components[backend].id
            found.setdefault(key, []).append(line)
        return found

    def graph(self, reading: Reading, use: str = "inference", supply: str = "new") -> Graph:
        """The graph of components; what an unknown provider means depends on the reading.

        - A slot with named providers only means the same in all three.
        - In `lower` a slot with an unknown provider is always filled: unknown edges are real.
        - In `value` an unknown provider beside named ones does not count, and a slot that has no
          other is left out: an unknown foundry is unknown, not a loss.
        - In `upper` such a slot is filled only while all that any such slot names is alive: the
          unknown foundry may be the one removed.

        With `supply="installed"` accelerators don't need their makers. The graph has a further
        component for each slot's unknown provider, behind those of the stack.
        """
        key = ("graph", reading, use, supply)
        if key not in self.memory:
            self.memory[key] = self._graph(reading, use, supply)
        found: Graph = self.memory[key]
        return found

    def _graph(self, reading: Reading, use: str, supply: str) -> Graph:
        slots: dict[tuple[int, str], set[str]] = {}
        for need in self._needs_for(use, supply):
            slots.setdefault((self.places[need.component], need.slot), set()).add(need.provider)
        named: dict[str, set[int]] = {}
        for (_, slot), providers in slots.items():
            named.setdefault(slot, set()).update(
                self.places[name] for name in providers if name != UNKNOWN
            )
        behind = {slot: len(self.components) + n for n, slot in enumerate(sorted(named))}
        edges: list[tuple[int, str, int]] = []
        if reading == "upper":
            for slot, place in behind.items():
                edges += [(place, str(provider), provider) for provider in named[slot]]
        for (component, slot), providers in slots.items():
            known = providers - {UNKNOWN}
            if UNKNOWN in providers and reading == "lower":
                continue
            if known:
                edges += [(component, slot, self.places[name]) for name in known]
            elif reading == "upper":
                edges.append((component, slot, behind[slot]))
        return Graph.build(len(self.components) + len(behind), edges)

    def _needs_for(self, use: str, supply: str) -> Sequence[Need]:
        found = []
        for need in self.needs:
            if need.use not in (use, "both"):
                continue
            if supply == "installed" and need.provider != UNKNOWN:
                is_chip = self.components[self.places[need.component]].layer == "accelerator"
                if is_chip and self.components[self.places[need.provider]].layer in _MAKERS:
                    continue
            if supply == "installed" and need.provider == UNKNOWN and need.slot in _MAKERS:
                continue
            found.append(need)
        return found
