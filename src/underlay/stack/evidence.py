"""How strongly each edge between an architecture and a build is known, from the statements.

The unit of evidence is the triple (architecture, runtime, backend), on one line of accelerators
where a source says so. The rules, in order:

- A triple that a benchmark ran, a project tests, or a release or document names is `measured`,
  `ci` or `named`. A source that names one line speaks of that line only.
- A pair (architecture, runtime) and a build (runtime, backend) make a `product`; it needs a build
  whose status is yes, and a registry that is the runtime's own. A build that goes with an older
  release takes only what the registry held at that release; what came later is lost by lag.
- A general path (a fallback), and whatever is experimental, is `generic`.
- A documented no beats the product, for that runtime and backend only. Where one source says no
  and another names the triple, the edge is a yes with a conflict, and both rows stay.
- A missing row is unknown; where the registry is closed it is also a conjectured no, still unknown.
- A statement that is a conjecture changes no edge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.atlas.stack_contracts import EVIDENCE, STATUSES
from underlay.stack.facets import State
from underlay.stack.parts import UNKNOWN, Build, Stack

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Edges", "Said", "edges", "said", "slot_states"]

_YES, _EXPERIMENTAL, _NO, _NOT_TESTED, _REMOVED = range(len(STATUSES))
_CONJECTURE = EVIDENCE.index("conjecture")
_TRIPLE = np.array(
    [State.MEASURED, State.CI, State.NAMED, State.NAMED, State.NAMED, State.UNKNOWN], dtype=np.uint8
)
_USES = ("inference", "training", "both")


@dataclass(frozen=True)
class Edges:
    """States (architectures, outlets), with what a reader must know beside each; arrays.

    `formats` (formats, outlets) are the states of reading a file format; `exceptions` those of an
    architecture in a format, where a source names both. `exists` (outlets,) says which outlets an
    unknown edge could lead to, `serves` which are for this use at all; `breadth` is the number of
    architectures that have a route there.
    """

    states: Any
    conflict: Any
    lag: Any
    conjecture: Any
    formats: Any
    exceptions: dict[tuple[int, int], Any]
    exists: Any
    serves: Any
    breadth: Any


@dataclass(frozen=True)
class Said:
    """One statement or build in words, as an explanation quotes it."""

    status: str
    evidence: str
    stated_by: str
    source: str
    version: str
    path: str
    first_seen: str
    last_seen: str
    about: str


def edges(
    stack: Stack, *, use: str = "inference", below: str = "", until: int | None = None
) -> Edges:
    """All edges for a use, from statements and builds at or above the grade `below`.

    `until` (days since 1970) keeps what had been seen by then; a row without a first day counts
    from its last one, and a row without any day is left out.
    """
    key = ("edges", use, below, until)
    if key not in stack.memory:
        stack.memory[key] = _Assembly(stack, use, below, until).edges()
    found: Edges = stack.memory[key]
    return found


class _Assembly:
    """Arrays by (architecture, build) and (architecture, outlet), filled from the statements."""

    def __init__(self, stack: Stack, use: str, below: str, until: int | None) -> None:
        self.stack, self.use = stack, use
        rows = stack.statements
        weakest = EVIDENCE.index(below) if below else _CONJECTURE
        kept: Any = np.isin(rows.use, [_USES.index(use), _USES.index("both")])
        kept &= (rows.evidence <= weakest) & (rows.evidence < _CONJECTURE)
        seen = np.where(rows.first_day >= 0, rows.first_day, rows.last_day)
        if until is not None:
            kept &= (seen >= 0) & (seen <= until)
        self.kept = kept
        self.held: dict[str, dict[int, Any]] = {}
        self.serves = [
            build.use in (use, "both") and (until is None or _build_day(build) <= until)
            for build in stack.builds
        ]
        # a build of weak evidence makes no product, but a triple that names it shows that it is
        self.counts = [
            serves and EVIDENCE.index(build.evidence) <= weakest
            for build, serves in zip(stack.builds, self.serves, strict=True)
        ]
        self.of_outlet = np.array([o.build for o in stack.outlets], dtype=np.int64)
        self.lines = np.array([o.line for o in stack.outlets], dtype=np.int64)
        self.runtimes = np.array([stack.places[b.runtime] for b in stack.builds], dtype=np.int64)
        self.backends = np.array([stack.places[b.backend] for b in stack.builds], dtype=np.int64)

    def edges(self) -> Edges:
        """All of them."""
        stack = self.stack
        n_arch, n_outlets = len(stack.architectures), len(stack.outlets)
        product, lag, conjecture = self._products()
        if n_outlets == 0 or n_arch == 0:
            empty = np.zeros((n_arch, n_outlets), dtype=bool)
            states = np.full((n_arch, n_outlets), State.UNKNOWN, dtype=np.uint8)
            formats = np.full((len(stack.formats), n_outlets), State.UNKNOWN, dtype=np.uint8)
            nobody = np.zeros(n_outlets, dtype=bool)
            return Edges(states, empty, empty, empty, formats, {}, nobody, nobody, nobody * 0)
        rows = stack.statements
        named = self.kept & (rows.backend >= 0) & (rows.architecture >= 0)
        best, no, untested, spoken = self._triples(named)
        product = product[:, self.of_outlet]
        lag, conjecture = lag[:, self.of_outlet], conjecture[:, self.of_outlet]
        states = self._join(best, no, untested, product, spoken)
        conflict = no & (best >= State.NAMED)
        known = states != State.UNKNOWN
        formats, exceptions = self._formats()
        serves = np.array(self.serves, dtype=bool)
        exists = np.array([b.exists for b in stack.builds], dtype=bool) & serves
        return Edges(
            states, conflict, lag & ~known, conjecture & ~known, formats, exceptions,
            exists[self.of_outlet], serves[self.of_outlet], (states >= State.GENERIC).sum(axis=0),
        )  # fmt: skip

    def _join(self, best: Any, no: Any, untested: Any, product: Any, spoken: Any) -> Any:
        """States from the best triple, a documented no, `not tested`, and the product."""
        # named on one line of a build; the others are a product unless the source lists lines
        elsewhere = np.zeros(product.shape, dtype=bool)
        for number in range(len(self.stack.builds)):
            of_build = np.flatnonzero(self.of_outlet == number)
            if len(of_build) > 1:
                on_some = (best[:, of_build] >= State.NAMED).any(axis=1)
                elsewhere[:, of_build] = on_some[:, None] & ~spoken[of_build][None, :]
        product = np.where(elsewhere & (product < State.PRODUCT), np.uint8(State.PRODUCT), product)
        states = np.where(product > State.UNKNOWN, product, np.uint8(State.UNKNOWN))
        states = np.where(product == State.NO, np.uint8(State.NO), states)
        states = np.where(untested & (states <= State.UNKNOWN), np.uint8(State.NOT_TESTED), states)
        states = np.where(best == State.GENERIC, np.uint8(State.GENERIC), states)
        states = np.where(no, np.uint8(State.NO), states)
        return np.where(best >= State.NAMED, best, states)

    def _triples(self, chosen: Any) -> tuple[Any, Any, Any, Any]:
        """(best positive, documented no, not tested) by (architecture, outlet); lines spoken of."""
        stack, rows = self.stack, self.stack.statements
        shape = (len(stack.architectures), len(stack.outlets))
        best = np.zeros(shape, dtype=np.uint8)
        no = np.zeros(shape, dtype=bool)
        untested = np.zeros(shape, dtype=bool)
        spoken = np.zeros(len(stack.outlets), dtype=bool)
        level = _TRIPLE[rows.evidence]
        soft = rows.is_fallback | (rows.status == _EXPERIMENTAL)
        level = np.where(soft, np.uint8(State.GENERIC), level)
        is_yes = (rows.status == _YES) | (rows.status == _EXPERIMENTAL)
        any_format = rows.file_format < 0
        for outlets, of_rows in self._by_outlets(chosen):
            yes = of_rows[is_yes[of_rows]]
            # a no or a doubt about one format is none about the architecture
            denied = of_rows[np.isin(rows.status[of_rows], (_NO, _REMOVED)) & any_format[of_rows]]
            doubt = of_rows[(rows.status[of_rows] == _NOT_TESTED) & any_format[of_rows]]
            for outlet in outlets:
                np.maximum.at(best[:, outlet], rows.architecture[yes], level[yes])
                no[rows.architecture[denied], outlet] = True
                untested[rows.architecture[doubt], outlet] = True
                if len(of_rows) and rows.line[of_rows[0]] >= 0:
                    spoken[outlet] = True
        return best, no, untested, spoken

    def _by_outlets(self, chosen: Any) -> Iterable[tuple[Any, Any]]:
        """Outlets, and the rows that speak of them: those of one runtime, backend and line."""
        rows = self.stack.statements
        places = np.flatnonzero(chosen)
        if not len(places):
            return
        keys = np.stack([rows.runtime[places], rows.backend[places], rows.line[places]], axis=1)
        groups, member = np.unique(keys, axis=0, return_inverse=True)
        for number, (runtime, backend, line) in enumerate(groups.tolist()):
            is_of = self.runtimes[self.of_outlet] == runtime
            if backend >= 0:
                is_of &= self.backends[self.of_outlet] == backend
            if line >= 0:
                is_of &= self.lines == line
            yield np.flatnonzero(is_of), places[member.reshape(-1) == number]

    def _products(self) -> tuple[Any, Any, Any]:
        """States of products, and flags of lag and of conjectured noes, (architectures, builds)."""
        stack = self.stack
        shape = (len(stack.architectures), len(stack.builds))
        product = np.full(shape, State.UNKNOWN, dtype=np.uint8)
        lag = np.zeros(shape, dtype=bool)
        conjecture = np.zeros(shape, dtype=bool)
        newest = self._pairs("")
        for number, build in enumerate(stack.builds):
            if build.is_registry_closed:
                conjecture[:, number] = True
            if build.has_own_registry or not self.counts[number]:
                continue
            runtime = stack.places[build.runtime]
            pair = newest.get(runtime)
            if build.tracks_version:
                old = self._pairs(build.tracks_version).get(runtime)
                none: Any = np.full(shape[0], State.UNKNOWN, dtype=np.uint8)
                pair, now = none if old is None else old, none if pair is None else pair
                lag[:, number] = (now >= State.GENERIC) & (pair == State.UNKNOWN)
            if pair is None:
                continue
            product[:, number] = _through(pair, build.status)
        return product, lag, conjecture

    def _pairs(self, version: str) -> dict[int, Any]:
        """Runtime -> states (architectures,) of its registry, at a release or at the newest."""
        if version in self.held:
            return self.held[version]
        stack, rows = self.stack, self.stack.statements
        is_pair: Any = self.kept & (rows.backend < 0) & (rows.architecture >= 0)
        if version:
            wanted = _release(version)
            held = np.array(
                [bool(v) and v <= wanted for v in map(_release, rows.version[is_pair])], dtype=bool
            )
            is_pair[np.flatnonzero(is_pair)[~held]] = False
        found: dict[int, Any] = {}
        count = len(stack.architectures)
        soft = rows.is_fallback | (rows.status == _EXPERIMENTAL)
        for runtime in np.unique(rows.runtime[is_pair]).tolist():
            of = np.flatnonzero(is_pair & (rows.runtime == runtime))
            own = of[(rows.status[of] == _YES) & ~soft[of]]
            weak = of[np.isin(rows.status[of], (_YES, _EXPERIMENTAL)) & soft[of]]
            denied = of[np.isin(rows.status[of], (_NO, _REMOVED)) & (rows.file_format[of] < 0)]
            doubt = of[rows.status[of] == _NOT_TESTED]
            yes_day = np.full(count, -2, dtype=np.int64)
            no_day = np.full(count, -2, dtype=np.int64)
            np.maximum.at(yes_day, rows.architecture[own], rows.last_day[own])
            np.maximum.at(no_day, rows.architecture[denied], rows.last_day[denied])
            state = np.full(count, State.UNKNOWN, dtype=np.uint8)
            state[rows.architecture[doubt]] = State.NOT_TESTED
            state[(no_day >= -1) & (no_day > yes_day)] = State.NO
            state[rows.architecture[weak]] = State.GENERIC
            state[(yes_day >= -1) & (yes_day >= no_day)] = State.PRODUCT
            found[runtime] = state
        self.held[version] = found
        return found

    def _formats(self) -> tuple[Any, dict[tuple[int, int], Any]]:
        """States (formats, outlets), and those of (architecture, format) that a source names."""
        stack, rows = self.stack, self.stack.statements
        outlets = len(stack.outlets)
        found = np.full((len(stack.formats), outlets), State.UNKNOWN, dtype=np.uint8)
        general = self.kept & (rows.architecture < 0) & (rows.file_format >= 0)
        own = np.array([b.has_own_registry for b in stack.builds], dtype=bool)[self.of_outlet]
        # what speaks of one backend or line beats what speaks of all; a yes as exact beats a no
        exactness = (rows.backend >= 0).astype(np.int8) + (rows.line >= 0)
        for exact in (0, 1, 2):
            for status in (_NOT_TESTED, _NO, _REMOVED, _EXPERIMENTAL, _YES):
                chosen = general & (rows.status == status) & (exactness == exact)
                for places, of_rows in self._by_outlets(chosen):
                    wanted = places[~own[places]] if exact == 0 else places
                    formats = np.unique(rows.file_format[of_rows])
                    found[np.ix_(formats, wanted)] = _FORMAT[status]
        exceptions: dict[tuple[int, int], Any] = {}
        both = self.kept & (rows.architecture >= 0) & (rows.file_format >= 0)
        for places, of_rows in self._by_outlets(both):
            for row in sorted(of_rows.tolist(), key=lambda r: _FORMAT[rows.status[r]]):
                pair = int(rows.architecture[row]), int(rows.file_format[row])
                states = exceptions.setdefault(pair, np.full(outlets, 255, dtype=np.uint8))
                states[places] = _FORMAT[rows.status[row]]
        return found, exceptions


_FORMAT = {
    _YES: State.PRODUCT,
    _EXPERIMENTAL: State.GENERIC,
    _NOT_TESTED: State.NOT_TESTED,
    _NO: State.NO,
    _REMOVED: State.NO,
}


def slot_states(stack: Stack, found: Edges, architecture: int, names: Iterable[str]) -> Any:
    """States (outlets,) of reading a file that has all these formats and quantisations.

    A name that no statement knows is unknown at every outlet.
    """
    states = np.full(len(stack.outlets), State.PRODUCT, dtype=np.uint8)
    for name in names:
        if name not in stack.formats:
            states = np.minimum(states, np.uint8(State.UNKNOWN))
            continue
        place = stack.formats.index(name)
        of_name = found.formats[place]
        named = found.exceptions.get((architecture, place))
        if named is not None:
            of_name = np.where(named < 255, named, of_name)
        states = np.minimum(states, of_name)
    return states


def said(
    stack: Stack, architecture: int, outlet: int, *, use: str = "inference"
) -> tuple[Said, ...]:
    """What bears on one edge: triples, then pairs, then the build itself; best evidence first."""
    rows, place = stack.statements, stack.outlets[outlet]
    build = stack.builds[place.build]
    kept: Any = (rows.architecture == architecture) & np.isin(
        rows.use, [_USES.index(use), _USES.index("both")]
    )
    kept &= rows.runtime == stack.places[build.runtime]
    kept &= (rows.backend < 0) | (rows.backend == stack.places[build.backend])
    kept &= (rows.line < 0) | (rows.line == place.line)
    if build.has_own_registry:
        kept &= rows.backend >= 0

    def rank(row: int) -> tuple[Any, ...]:
        is_pair = bool(rows.backend[row] < 0)
        day = int(rows.last_day[row])
        return (is_pair, int(rows.status[row]), int(rows.evidence[row]), -day, str(rows.path[row]))

    found = []
    for row in sorted(np.flatnonzero(kept).tolist(), key=rank):
        about = "architecture and runtime" if rows.backend[row] < 0 else "all three"
        found.append(
            Said(
                STATUSES[rows.status[row]], EVIDENCE[rows.evidence[row]], str(rows.stated_by[row]),
                str(rows.source[row]), str(rows.version[row]), str(rows.path[row]),
                _day(rows.first_day[row]), _day(rows.last_day[row]), about,
            )
        )  # fmt: skip
    first = build.first_seen.isoformat() if build.first_seen else ""
    last = build.last_seen.isoformat() if build.last_seen else ""
    found.append(
        Said(
            build.status, build.evidence, build.stated_by, build.source, build.version, build.path,
            first, last, "build",
        )
    )  # fmt: skip
    return tuple(found)


def _through(pair: Any, status: str) -> Any:
    """What a registry says, through a build of that status."""
    if status == "yes":
        return pair
    if status == "experimental":
        return np.minimum(pair, np.uint8(State.GENERIC))
    if status == "not-tested":
        return np.minimum(pair, np.uint8(State.NOT_TESTED))
    # a build that was refused or dropped runs nothing, whatever the registry holds
    return np.full(pair.shape, State.NO, dtype=np.uint8)


def _build_day(build: Build) -> int:
    """First day on which a build was seen, else its last; beyond all days where none is known."""
    seen = build.first_seen or build.last_seen
    return seen.toordinal() - _EPOCH if seen else 1 << 30


_EPOCH = 719_163  # ordinal of 1970-01-01


def _day(days: int) -> str:
    return "" if days < 0 else str(np.datetime64(int(days), "D"))


def _release(text: object) -> tuple[int, ...]:
    """Numbers of a release, as in (0, 23, 0) of `v0.23.0rc1`; empty where there are none."""
    found = re.match(r"\D*(\d+(?:\.\d+)*)", str(text))
    return tuple(int(part) for part in found[1].split(".")) if found and text != UNKNOWN else ()
