"""All routes of one model, best first, and what blocks the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.chokepoints import dominators
from underlay.stack.evidence import said
from underlay.stack.explain import Route, ranked, route_at, what_is_left
from underlay.stack.facets import Facets, State
from underlay.stack.parts import UNKNOWN
from underlay.stack.population import need_bytes
from underlay.stack.reach import classes_for, offer_for
from underlay.stack.removals import Removal

if TYPE_CHECKING:
    from underlay.stack.parts import Stack
    from underlay.stack.population import Classes
    from underlay.stack.reach import Offer

__all__ = ["KINDS", "Block", "ModelRoutes", "routes"]


@dataclass(frozen=True)
class Block:
    """A build that is no route, and why.

    `kind` is documented-no, format, memory, lag, not-tested, conjectured-no, unknown or removed.
    `lines` are the lines of accelerators for which it holds, or none where it holds for all.
    """

    runtime: str
    backend: str
    lines: tuple[str, ...]
    kind: str
    why: str
    source: str
    version: str
    path: str


@dataclass(frozen=True)
class ModelRoutes:
    """Where one model runs; `depends_on` holds what is in every route of the asked grade."""

    model: str
    architecture: str
    method: str
    reason: str
    weight_format: str
    quantisation: str
    is_convertible: bool
    need_bytes: float | None
    facets: Facets
    routes: tuple[Route, ...]
    blocks: tuple[Block, ...]
    depends_on: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON answer `underlay/routes/1`."""
        return {
            "schema": "underlay/routes/1",
            "model": self.model,
            "requirement": {
                "architecture": self.architecture,
                "method": self.method,
                "reason": self.reason,
                "weight_format": self.weight_format,
                "quantisation": self.quantisation,
                "is_convertible": self.is_convertible,
                "weights_bytes": self.need_bytes,
            },
            "definition": self.facets.to_dict(),
            "routes": [asdict(each) for each in self.routes],
            "blocks": [asdict(each) for each in self.blocks],
            "depends_on": list(self.depends_on),
        }


def routes(
    stack: Stack, model: str, facets: Facets | None = None, *, without: Removal | None = None
) -> ModelRoutes:
    """The routes of a model, by any of its names, after a removal where one is given.

    All grades are listed; the definition's own decides `depends_on` only, which speaks of the stack
    before the removal. Raises `UnknownNameError` with near names.
    """
    facets = facets or Facets(routes="all")
    listed = stack.find(model)
    classes = classes_for(stack, listed)
    offer, alive = what_is_left(stack, classes, facets, without or Removal((), ()))
    states = np.where(alive, offer.states[0], 0)
    found = [
        route_at(stack, offer, classes, 0, outlet, facets.use)
        for outlet in ranked(stack, states, offer.edges.breadth)
        if states[outlet] >= State.GENERIC
    ]
    counts = offer_for(stack, classes, facets).at(int(facets.state))
    need = float(need_bytes(listed.parameters, listed.quantisation.tolist())[0])
    return ModelRoutes(
        str(listed.name[0]),
        str(listed.architecture[0]),
        str(listed.method[0]),
        str(listed.reason[0]),
        str(listed.file_format[0]),
        str(listed.quantisation[0]),
        bool(listed.is_convertible[0]),
        None if np.isnan(need) else need,
        facets,
        tuple(found),
        _blocks(stack, classes, offer, alive, facets),
        dominators(stack, facets, counts)[0],
    )


def _blocks(
    stack: Stack, classes: Classes, offer: Offer, alive: Any, facets: Facets
) -> tuple[Block, ...]:
    name = classes.architecture(0)
    code = stack.architectures.index(name) if name in stack.architectures else -1
    groups: dict[tuple[int, str], list[int]] = {}
    for outlet, place in enumerate(stack.outlets):
        if not offer.is_kind[outlet] or (
            alive[outlet] and offer.states[0, outlet] >= State.GENERIC
        ):
            continue
        kind = _kind(offer, code, outlet, bool(alive[outlet]))
        groups.setdefault((place.build, kind), []).append(outlet)
    of_build: dict[int, int] = {}
    for place in stack.outlets:
        of_build[place.build] = of_build.get(place.build, 0) + 1
    found = []
    for (number, kind), outlets in groups.items():
        build = stack.builds[number]
        lines = tuple(
            sorted(
                stack.components[stack.outlets[o].line].id
                for o in outlets
                if stack.outlets[o].line >= 0
            )
        )
        partly = len(outlets) < of_build[number]
        why, source, version, path = _why(stack, kind, code, outlets[0], classes, facets)
        found.append(
            Block(
                build.runtime, build.backend, lines if partly else (), kind, why, source, version,
                path,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda b: (KINDS.index(b.kind), b.runtime, b.backend, b.lines)))


KINDS = (
    "removed",
    "documented-no",
    "format",
    "memory",
    "lag",
    "not-tested",
    "conjectured-no",
    "unknown",
)


def _kind(offer: Offer, code: int, outlet: int, is_alive: bool) -> str:
    """Why an outlet is no route; the first reason that would hold alone."""
    states = offer.edges.states[code] if code >= 0 else None
    if not is_alive and offer.states[0, outlet] >= State.GENERIC:
        return "removed"
    if states is None:
        return "unknown"
    if states[outlet] == State.NO:
        return "documented-no"
    if states[outlet] >= State.GENERIC:
        # the architecture runs there, so it is the file or its size that does not
        is_format = offer.slots is not None and offer.slots[0, outlet] < State.GENERIC
        return "format" if is_format else "memory"
    if offer.edges.lag[code, outlet]:
        return "lag"
    if states[outlet] == State.NOT_TESTED:
        return "not-tested"
    return "conjectured-no" if offer.edges.conjecture[code, outlet] else "unknown"


def _why(
    stack: Stack, kind: str, code: int, outlet: int, classes: Classes, facets: Facets
) -> tuple[str, str, str, str]:
    """A sentence, and the source, version and path that it rests on."""
    build = stack.builds[stack.outlets[outlet].build]
    runtime, backend = (each.partition(":")[2] for each in (build.runtime, build.backend))
    rests = said(stack, code, outlet, use=facets.use)
    name = classes.architecture(0)
    if kind == "documented-no":
        no = next((each for each in rests if each.status in ("no", "removed")), rests[-1])
        text = f"{no.about}: {no.status}, says {no.source}"
        return text, no.source, no.version, no.path
    if kind == "lag":
        text = f"goes with {runtime} {build.tracks_version}, whose registry did not hold `{name}`"
        return text, build.source, build.version, build.path
    if kind == "not-tested":
        doubt = next((each for each in rests if each.status == "not-tested"), rests[-1])
        return f"listed as not tested on {backend}", doubt.source, doubt.version, doubt.path
    text = {
        "removed": "needs what was removed",
        "format": f"no reader of {' and '.join(classes.formats(0))} is known there",
        "memory": "the weights alone are larger than the machine's memory",
        "conjectured-no": f"the registry is closed and does not list `{name}`",
    }.get(kind, "nothing says that it runs there, and nothing that it does not")
    if name == UNKNOWN:
        text = "the model's architecture is unknown"
    return text, build.source, build.version, build.path
