"""What could carry today's models: their weight, spread over known routes, layer by layer.

A model divides its weight equally over the runtimes that have a route of the asked grade, each
runtime over its backends, each backend over the lines of accelerators, each line over the foundries
named for it. So a share says how many ways lead through a piece, not how much runs there. What a
piece reaches is the part of the whole that has any route through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError
from underlay.stack.explain import what_is_left
from underlay.stack.facets import Facets
from underlay.stack.parts import UNKNOWN
from underlay.stack.population import weights_of
from underlay.stack.reach import classes_for
from underlay.stack.removals import Removal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underlay.stack.parts import Stack

__all__ = ["FLOW_LAYERS", "NO_ROUTE", "Flow", "Link", "flow", "foundries"]

FLOW_LAYERS = ("maker", "runtime", "backend", "designer", "foundry")
NO_ROUTE = "no known route"
_FOUNDRY, _DIES = "foundry", "dies"


@dataclass(frozen=True)
class Link:
    """The part of the whole that goes from one node to one of the next layer."""

    layer: str  # of the source
    source: str
    target: str
    share: float


@dataclass(frozen=True)
class Flow:
    """Links between neighbouring layers; those of each layer add up to 1.

    What has no route goes from its maker's country to `NO_ROUTE`, and stays there.
    """

    links: tuple[Link, ...]
    reach: Mapping[tuple[str, str], float]  # by layer and node
    weight: str
    listing: str
    observed_on: str
    models: int
    facets: Facets


def flow(
    stack: Stack,
    facets: Facets | None = None,
    *,
    weight: str = "downloads",
    without: Removal | None = None,
) -> Flow:
    """The flow under a definition, after a removal where one is given.

    Raises `NoDataError` for a weight that the list does not have.
    """
    facets = facets or Facets()
    listed = stack.listed(facets.listing)
    weights = weights_of(listed, facets)
    if weight not in weights:
        raise NoDataError(weight, f"the list `{facets.listing}`", ", ".join(weights))
    column = weights[weight] / weights[weight].sum()
    classes = classes_for(stack, listed)
    offer, alive = what_is_left(stack, classes, facets, without or Removal((), ()))
    counts = offer.at(int(facets.state)) & alive
    outlet_share = _divided(stack, counts)
    countries, code = np.unique(listed.country.astype(str), return_inverse=True)
    by_country = offer.sums(
        [
            np.bincount(classes.member, np.where(code == n, column, 0.0), minlength=len(classes))
            for n in range(len(countries))
        ]
    )  # (countries, kinds)
    links: dict[tuple[str, str, str], float] = {}
    makers = foundries(stack)
    carried = by_country @ outlet_share  # (countries, outlets)
    stranded = by_country[:, ~counts.any(axis=1)].sum(axis=1)
    for n, country in enumerate(countries.tolist()):
        if stranded[n] > 0:
            _add(links, "maker", country, NO_ROUTE, float(stranded[n]))
    for outlet, place in enumerate(stack.outlets):
        total = float(carried[:, outlet].sum())
        if total <= 0:
            continue
        build = stack.builds[place.build]
        line = stack.components[place.line] if place.line >= 0 else None
        designer = line.organisation if line else UNKNOWN
        for n, country in enumerate(countries.tolist()):
            if carried[n, outlet] > 0:
                _add(links, "maker", country, build.runtime, float(carried[n, outlet]))
        _add(links, "runtime", build.runtime, build.backend, total)
        _add(links, "backend", build.backend, designer, total)
        for foundry in makers[outlet]:
            _add(links, "designer", designer, foundry, total / len(makers[outlet]))
    whole = by_country.sum(axis=0)
    reach = {
        ("maker", name): float(by_country[n].sum()) for n, name in enumerate(countries.tolist())
    }
    through: dict[tuple[str, str], list[int]] = {}
    for outlet, place in enumerate(stack.outlets):
        build = stack.builds[place.build]
        line = stack.components[place.line] if place.line >= 0 else None
        keys = [("runtime", build.runtime), ("backend", build.backend)]
        keys.append(("designer", line.organisation if line else UNKNOWN))
        keys += [("foundry", each) for each in makers[outlet]]
        for key in keys:
            through.setdefault(key, []).append(outlet)
    for key, outlets in through.items():
        reach[key] = float(whole[counts[:, outlets].any(axis=1)].sum())
    if stranded.sum() > 0:
        reach |= {(layer, NO_ROUTE): float(stranded.sum()) for layer in FLOW_LAYERS[1:]}
        for layer in FLOW_LAYERS[1:-1]:
            _add(links, layer, NO_ROUTE, NO_ROUTE, float(stranded.sum()))
    order = {layer: place for place, layer in enumerate(FLOW_LAYERS)}
    found = [Link(*key, share) for key, share in links.items()]
    found.sort(key=lambda link: (order[link.layer], -link.share, link.source, link.target))
    return Flow(
        tuple(found),
        reach,
        weight,
        listed.listing,
        listed.observed_on,
        int((column > 0).sum()),
        facets,
    )


def _add(
    links: dict[tuple[str, str, str], float], layer: str, source: str, target: str, share: float
) -> None:
    key = (layer, source, target)
    links[key] = links.get(key, 0.0) + share


def foundries(stack: Stack) -> list[tuple[str, ...]]:
    """Foundries of the line of each outlet, in order; `unknown` where none is named."""
    found: dict[str, list[str]] = {}
    for need in stack.needs:
        place = stack.places.get(need.provider)
        is_foundry = place is not None and stack.components[place].layer == _FOUNDRY
        if is_foundry or need.slot == _DIES:
            found.setdefault(need.component, []).append(need.provider)
    of_line = {line: tuple(sorted(names)) for line, names in found.items()}
    return [
        of_line.get(stack.components[outlet.line].id, (UNKNOWN,))
        if outlet.line >= 0
        else (UNKNOWN,)
        for outlet in stack.outlets
    ]


def _divided(stack: Stack, counts: Any) -> Any:
    """Part of each kind at each outlet (kinds, outlets): runtimes, then backends, then lines."""
    builds = np.array([outlet.build for outlet in stack.outlets], dtype=np.int64)
    names = sorted({build.runtime for build in stack.builds})
    runtimes = np.array([names.index(build.runtime) for build in stack.builds], dtype=np.int64)
    lines = np.zeros((len(counts), len(stack.builds)))
    np.add.at(lines.T, builds, counts.T.astype(np.float64))
    has_build = (lines > 0).astype(np.float64)
    per_runtime = np.zeros((len(counts), len(names)))
    np.add.at(per_runtime.T, runtimes, has_build.T)
    used = (per_runtime > 0).sum(axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        of_build = has_build / per_runtime[:, runtimes] / used
        of_outlet = counts / lines[:, builds] * of_build[:, builds]
    return np.nan_to_num(of_outlet)
