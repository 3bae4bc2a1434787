"""WHAT THIS CAN'T SAY: gaps, interests, thin figures, as the data's own dates tell them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from underlay.report.ask import name_of
from underlay.report.document import Known, Line
from underlay.report.words import Words, bold, day, listed, percent, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.measures import Figure
    from underlay.measures.definitions import SourceNote
    from underlay.report.ask import Ask

__all__ = ["FEW_ROWS", "OLD_DAYS", "gaps", "limits"]

OLD_DAYS = 92  # a quarter: older figures are named beside the newest ones
FEW_ROWS = 30
_KNOWN_ENOUGH = 0.8

_METRICS = {
    "downloads_30d_count": "Hub downloads",
    "descendants_count": "counts of derivatives",
    "pulls_total_count": "Ollama pulls",
    "rating": "arena ratings",
    "tokens_count": "routed tokens",
    "downloads_month": "PyPI downloads",
}


def limits(
    lines: Sequence[Line], known: Known, as_of: str, ask: Ask | None = None
) -> tuple[Line, ...]:
    """The coda: what the lines above can't say; with `ask`, also what moved since the edition
    before.
    """
    answered = [line for line in lines if line.figures]
    found = [
        _gaps(known, as_of),
        _old(answered, as_of),
        _interests(answered),
        _thin(answered),
        _moved(answered, ask) if ask else None,
        _unanswered(lines),
    ]
    return tuple(line for line in found if line is not None)


def gaps(days: Sequence[str], least: int = 0) -> list[tuple[str, str]]:
    """Pairs of consecutive days with at least so many days between them.

    With 0, twice the longest usual step (nine in ten are shorter), and three weeks at least.
    """
    moments = [dt.date.fromisoformat(each) for each in sorted(days)]
    steps = [(b - a).days for a, b in pairwise(moments)]
    if not least:
        usual = sorted(steps)[int(0.9 * len(steps))] if steps else 0
        least = max(21, 2 * usual)
    found = zip(pairwise(moments), steps, strict=True)
    return [(str(a), str(b)) for (a, b), step in found if step >= least]


def _gaps(known: Known, as_of: str) -> Line | None:
    by_metric: dict[str, set[str]] = {}
    for (_, metric), listed_days in known.days.items():
        by_metric.setdefault(metric, set()).update(listed_days)
    sentences: list[Words] = []
    for metric, name in _METRICS.items():
        if metric not in by_metric:
            continue
        days = sorted(by_metric[metric])
        parts = [f"before {day(days[0])}"]
        parts += [f"between {day(a)} and {day(b)}" for a, b in gaps(days)]
        if as_of and gaps([days[-1], as_of], OLD_DAYS):
            parts.append(f"after {day(days[-1])}")
        words = ", ".join(parts[:-1]) + (f", or {parts[-1]}" if len(parts) > 1 else parts[0])
        sentences.append(say(f"No {name} {words}."))
    if not sentences:
        return None
    return Line(
        id="gaps",
        label="Gaps in the data",
        finding=sentences[0],
        further=tuple(sentences[1:]),
    )


def _old(lines: Sequence[Line], as_of: str) -> Line | None:
    old = [
        f"{line.label.lower()} ({day(line.as_of[-1])})"
        for line in lines
        if gaps([line.as_of[-1], as_of], OLD_DAYS)
    ]
    if not old:
        return None
    return Line(
        id="older-figures",
        label="Older figures",
        finding=say("More than three months older than the newest one: ", f"{listed(old)}."),
    )


def _interests(lines: Sequence[Line]) -> Line | None:
    by_conflict: dict[str, list[SourceNote]] = {}
    for line in lines:
        for source in line.sources:
            if source.conflict and source not in by_conflict.setdefault(source.conflict, []):
                by_conflict[source.conflict].append(source)
    sentences = [
        say(bold(f"{listed(dict.fromkeys(source.title for source in sources))}: "), conflict)
        for conflict, sources in sorted(by_conflict.items(), key=lambda each: each[1][0].title)
    ]
    if not sentences:
        return None
    return Line(
        id="interests",
        label="Meters with an interest",
        finding=sentences[0],
        further=tuple(sentences[1:]),
    )


def _thin(lines: Sequence[Line]) -> Line | None:
    few, unknown = [], []
    for line in lines:
        coverage = line.figures[0].coverage
        rows, weight = coverage.get("rows"), coverage.get("weight")
        if isinstance(rows, int) and rows < FEW_ROWS:
            few.append(f"{line.label.lower()} ({rows})")
        if weight is not None and weight < _KNOWN_ENOUGH:
            unknown.append(f"{line.label.lower()} ({percent(1 - weight)})")
    sentences = []
    if few:
        sentences.append(say(f"Fewer than {FEW_ROWS} rows carry {listed(few)}."))
    if unknown:
        sentences.append(say(f"More than a fifth is unknown in {listed(unknown)}."))
    if not sentences:
        return None
    return Line(id="thin", label="Thin figures", finding=sentences[0], further=tuple(sentences[1:]))


# figures with a list of editions: which list, and what it counts
_EDITIONS = {
    "downloads_share": ("os_ai_map", "downloads_30d_count"),
    "tokens_share": ("tokens_week", "tokens_count"),
    "library_share": ("library_month", "downloads_month"),
}
_MOVED = 0.01  # of a share: a point


def _moved(lines: Sequence[Line], ask: Ask) -> Line | None:
    """Shares that moved by a point or more since the edition before, the most first."""
    moves, still = [], []
    for line in lines:
        figure = line.figures[0]
        days = ask.known.days.get(_EDITIONS.get(figure.name, ("", "")), ())
        earlier = [each for each in days if each < figure.as_of]
        if not earlier:
            continue
        until = dt.date.fromisoformat(earlier[-1])
        old = ask.perhaps(figure.name, figure.by, until=until, **ask.where(figure))
        if old is None:
            continue
        size, party = max((abs(_step(old, figure, each)), each) for each in _named(figure))
        if size < _MOVED:
            still.append(line.label.lower())
            continue
        name = name_of(party, figure.by, ask.known)
        was, now = old.value(party) or 0.0, figure.value(party) or 0.0
        words = say(
            f"{line.label}, from {day(old.as_of)} to {day(figure.as_of)}: {name} ",
            bold(f"{percent(was)} to {percent(now)}"),
            ".",
        )
        moves.append((size, words))
    if not moves and not still:
        return None
    sentences = [words for _, words in sorted(moves, key=lambda each: -each[0])]
    if still:
        sentences.append(say(f"By less than a point since the edition before: {listed(still)}."))
    return Line(
        id="moved",
        label="Moved since the last edition",
        finding=sentences[0],
        further=(
            *sentences[1:],
            say("Lists change who stands in them, so a move is not of a fixed panel."),
        ),
    )


def _named(figure: Figure) -> list[str]:
    return [str(row.key[figure.by]) for row in figure.rows if row.value is not None]


def _step(old: Figure, new: Figure, party: str) -> float:
    return (new.value(party) or 0.0) - (old.value(party) or 0.0)


def _unanswered(lines: Sequence[Line]) -> Line | None:
    missing = [line.label.lower() for line in lines if line.reason]
    if not missing:
        return None
    return Line(
        id="unanswered",
        label="Unanswered",
        finding=say(
            f"{len(missing)} of {len(lines)} lines "
            f"{'has' if len(missing) == 1 else 'have'} no figure, and "
            f"{'says' if len(missing) == 1 else 'say'} why: {listed(missing)}."
        ),
    )
