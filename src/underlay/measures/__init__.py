"""One question a module. Adding a measure: a module (or a few lines in one) and a line here."""

from __future__ import annotations

from underlay.errors import UnknownNameError
from underlay.lake import engine  # noqa: F401 - before the modules below, so that Ibis waits
from underlay.measures import (
    arena,
    clusters,
    concentration,
    dependence,
    derivatives,
    downloads,
    head,
    libraries,
    matrix,
    notable,
    prices,
    pulls,
    releases,
    series,
    stock,
    tempo,
    tokens,
)
from underlay.measures.definitions import Definition, Figure, Measure, Query, Row
from underlay.measures.evaluate import evaluate

__all__ = ["MEASURES", "Definition", "Figure", "Measure", "Query", "Row", "evaluate", "measure"]

MEASURES: tuple[Measure, ...] = (
    *downloads.MEASURES,
    *series.MEASURES,
    *derivatives.MEASURES,
    *releases.MEASURES,
    *head.MEASURES,
    *pulls.MEASURES,
    *tokens.MEASURES,
    *arena.MEASURES,
    *prices.MEASURES,
    *notable.MEASURES,
    *matrix.MEASURES,
    *stock.MEASURES,
    *libraries.MEASURES,
    *clusters.MEASURES,
    *concentration.MEASURES,
    *tempo.MEASURES,
    *dependence.MEASURES,
)


def measure(name: str) -> Measure:
    """The measure of that name; raises `UnknownNameError`."""
    for found in MEASURES:
        if found.name == name:
            return found
    raise UnknownNameError("measure", name, tuple(found.name for found in MEASURES))
