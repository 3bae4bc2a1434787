"""BETWEEN: what the lead above stands on below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.report.ask import Ask, name_of
from underlay.report.document import Line, Table
from underlay.report.words import bold, listed, say

if TYPE_CHECKING:
    from underlay.measures import Row

__all__ = ["routes", "tempo"]


def tempo(ask: Ask) -> Line:
    """How long a leader lasts, in each series above and below."""
    figure = ask("tempo")
    rows = [row for row in figure.rows if row.value is not None]
    missing = [str(row.key["series"]) for row in figure.rows if row.value is None]
    spells = {
        layer: [float(row.value or 0.0) for row in rows if row.key["layer"] == layer]
        for layer in ("above", "below")
    }
    parts = [
        f"{_range(found)} {layer} ({len(found)} series)" for layer, found in spells.items() if found
    ]
    absent = [layer for layer, found in spells.items() if not found]
    further = [
        say(
            "A leader that still leads counts up to the last day, so these are lower bounds; a "
            "short series cannot show a long spell."
        )
    ]
    if missing:
        further.append(say(f"Too short to tell: {listed(missing)}."))
    if absent:
        further.append(say(f"No series of the layer {listed(absent)} in this lake."))
    return Line(
        id="tempo",
        label="Tempo",
        finding=say("A leader lasts ", bold(f"{' and '.join(parts)}"), " at least."),
        further=tuple(further),
        pictures=(
            Table(
                title="How often the lead changes, above and below",
                subtitle="Months seen, changes of the leader, mean months that one leads, and how "
                "much of the order is kept after six months (Kendall's tau: 1 is all)",
                headers=("layer", "series", "leader now", "seen", "changes", "mean", "tau"),
                rows=tuple(_row(ask, row) for row in rows),
                right=(False, False, False, True, True, True, True),
            ),
        ),
        figures=(figure,),
    )


def _party(row: Row) -> str:
    return "family" if str(row.key["series"]).endswith("family") else "maker"


def _range(months: list[float]) -> str:
    low, high = _months(min(months)), _months(max(months))
    return f"{low} months" if low == high else f"{low} to {high} months"


def _months(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def _row(ask: Ask, row: Row) -> tuple[str, ...]:
    tau = row.more.get("tau_6m")
    return (
        str(row.key["layer"]),
        str(row.key["series"]),
        name_of(str(row.more["leader"]), _party(row), ask.known),
        _months(float(row.more["months_observed"])),
        str(row.more["changes"]),
        _months(float(row.value or 0.0)),
        "–" if tau is None else f"{tau:.2f}",
    )


def routes(ask: Ask) -> Line:
    """What is lost when a supplier is taken away: not computed yet."""
    del ask
    return Line(
        id="routes",
        label="Without a supplier",
        reason="which models keep a route without one supplier is not computed yet: this is filled "
        "when the graph of architectures, runtimes, backends and accelerators lands",
    )
