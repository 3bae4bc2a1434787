"""From figures to the report: which lines there are, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.report import above, below, between
from underlay.report.ask import Ask, line_or_reason, with_spreads
from underlay.report.document import Known, Line, Part, Report
from underlay.report.limits import limits

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from underlay.report.ask import Figures, Multiverses, Prepared

__all__ = ["LINES", "build_report"]

LINES: tuple[tuple[str, str, str, Callable[[Ask], Line]], ...] = (
    ("above", "downloads", "Downloads, 30 days", above.downloads),
    ("above", "families", "Families", above.families),
    ("above", "built-upon", "Built upon", above.built_upon),
    ("above", "routed", "Routed", above.routed),
    ("above", "pulled", "Pulled to run at home", above.pulled),
    ("above", "judged", "Judged", above.judged),
    ("above", "priced", "Priced", above.priced),
    ("above", "open-or-closed", "Open or closed", above.open_or_closed),
    ("below", "accelerators", "Accelerators in the world", below.accelerators),
    ("below", "frameworks", "Frameworks", below.frameworks),
    ("below", "runtimes", "Runtimes", below.runtimes),
    ("below", "clusters", "Clusters", below.clusters),
    ("below", "supercomputers", "Supercomputers", below.supercomputers),
    ("below", "foundries", "Foundries", below.foundries),
    ("between", "carried", "What could carry it", between.carried),
    ("between", "without-nvidia", "Without Nvidia", between.without_nvidia),
    ("between", "without-us-design", "Without US design", between.without_us_design),
    ("between", "without-tsmc", "Without TSMC", between.without_tsmc),
    ("between", "avoids", "Can be avoided", between.avoids),
    ("between", "narrowest", "Narrowest points", between.narrowest),
    ("between", "tempo", "Tempo", between.tempo),
)


def build_report(
    figures: Figures,
    known: Known,
    *,
    version: str = "",
    as_of: dt.date | None = None,
    progress: Callable[[str], None] = lambda _: None,
    multiverses: Multiverses | None = None,
    prepared: Mapping[str, Prepared] | None = None,
    answered: dict[str, Prepared] | None = None,
) -> Report:
    """The report from figures alone; a line whose figure can't be computed says why.

    `figures` is called like `OpenLake.figure`; `as_of` takes the newest data up to that day. With
    `multiverses`, called like `OpenLake.multiverse`, each figure has its spread; those that
    `prepared` holds aren't computed again, and `answered` gets all of them.
    """
    ask = Ask(figures, known, as_of, multiverses, prepared or {})
    if answered is not None:
        ask.answered = answered
    made: dict[str, list[Line]] = {"above": [], "below": [], "between": []}
    for part, id_, label, make in LINES:
        progress(f"report: {label.lower()}")
        made[part].append(
            line_or_reason(id_, label, lambda make=make: with_spreads(make(ask), ask))  # type: ignore[misc]
        )
    lines = [line for part in made.values() for line in part]
    newest = max((date for line in lines for date in line.as_of), default="")
    return Report(
        title="underlay",
        question="who leads each layer of the AI stack, and what the lead stands on",
        as_of=newest,
        version=version,
        summary=tuple(line.short for line in lines if line.short),
        parts=(
            Part("above", "Above: models", "who leads, and how surely", tuple(made["above"])),
            Part("below", "Below: what they run on", "and who makes it", tuple(made["below"])),
            Part(
                "between",
                "Between: what the lead stands on",
                "how far one layer carries the other",
                tuple(made["between"]),
            ),
            Part(
                "cannot-say",
                "What this can't say",
                "gaps, interests, thin figures",
                limits(lines, known, newest, ask),
            ),
        ),
    )
