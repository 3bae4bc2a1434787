"""How much evidence the stack holds: what is graded in each layer, and states of all pairs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.evidence import edges
from underlay.stack.facets import GRADES, State
from underlay.stack.flow import foundries
from underlay.stack.parts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underlay.stack.parts import Stack

__all__ = ["GradeCount", "Summary", "summary"]


@dataclass(frozen=True)
class GradeCount:
    """What has an edge of this grade or better; `edges` are pairs of architecture and build.

    `lines` are those of accelerators, `designers` and `foundries` those named for them.
    """

    grade: str
    architectures: int
    runtimes: int
    builds: int
    backends: int
    lines: int
    designers: int
    foundries: int
    edges: int


@dataclass(frozen=True)
class Summary:
    """Counts of edges (architecture, build), each build by its best line.

    `of` is how many there could be, `states` how many are at exactly each state, the best first.
    `conflicting` edges are a yes that another source denies; `lag` and `conjectured_no` are kinds
    of unknown ones.
    """

    use: str
    of: int
    grades: tuple[GradeCount, ...]
    states: Mapping[str, int]
    conflicting: int
    lag: int
    conjectured_no: int

    @property
    def known(self) -> float | None:
        """Part of all pairs of which any source says anything; None where there is no pair."""
        return 1.0 - self.states["unknown"] / self.of if self.of else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def summary(stack: Stack, *, use: str = "inference") -> Summary:
    """All edges of a use, by grade and by what is known of the others."""
    found = edges(stack, use=use)
    builds = sorted({outlet.build for outlet in stack.outlets})
    of_outlet = np.array([outlet.build for outlet in stack.outlets], dtype=np.int64)

    def by_build(cells: Any) -> Any:
        """The most of each build's outlets (architectures, builds)."""
        columns = [cells[:, of_outlet == build].max(axis=1) for build in builds]
        return np.stack(columns, axis=1) if columns else cells

    states = by_build(found.states)
    makers = foundries(stack)
    grades = []
    for grade in GRADES:
        threshold = int(State[grade.upper()])
        known = found.states >= threshold
        places = np.flatnonzero(known.any(axis=0)).tolist()
        outlets = [stack.outlets[place] for place in places]
        used = {stack.builds[outlet.build] for outlet in outlets}
        lines = {stack.components[outlet.line] for outlet in outlets if outlet.line >= 0}
        grades.append(
            GradeCount(
                grade,
                int(known.any(axis=1).sum()),
                len({build.runtime for build in used}),
                len({build.id for build in used}),
                len({build.backend for build in used}),
                len(lines),
                len({line.organisation for line in lines} - {UNKNOWN}),
                len({each for place in places for each in makers[place]} - {UNKNOWN}),
                int((states >= threshold).sum()),
            )
        )
    is_unknown = states == State.UNKNOWN
    return Summary(
        use,
        states.size,
        tuple(grades),
        {
            state.name.lower().replace("_", "-"): int((states == state).sum())
            for state in sorted(State, reverse=True)
        },
        int(by_build(found.conflict).sum()),
        int((by_build(found.lag) & is_unknown).sum()),
        int((by_build(found.conjecture) & is_unknown).sum()),
    )
