"""From outcomes by definition to a verdict, with what would turn it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from underlay.claims.predicates import evaluate, quantities
from underlay.errors import NoDataError, NotComputableError
from underlay.measures.definitions import SourceNote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underlay.claims.predicates import Facet, Outcomes, Predicate
    from underlay.claims.spreads import Spreads
    from underlay.measures import Figure

__all__ = [
    "ROBUST",
    "VERDICTS",
    "Flip",
    "Judged",
    "Tested",
    "Verdict",
    "judge",
    "nearest_flip",
    "verdict_of",
]

Verdict = Literal[
    "robust",
    "definition-dependent",
    "contradicted",
    "unsupported as worded",
    "untestable with open data",
]
VERDICTS: Mapping[str, str] = {
    "robust": "it holds under 95 % of definitions or more, within each reading",
    "definition-dependent": "it holds under some definitions and fails under others",
    "contradicted": "it fails under 95 % of definitions or more, within each reading",
    "unsupported as worded": "what can be computed says less than the words, or something else",
    "untestable with open data": "no open data says it; `needs` names what would",
}
# how the predicate stands to the words of a claim
Tested = Literal["as worded", "necessary part", "proxy"]
ROBUST = 0.95


# fields of a judgement that JSON holds as they are
_PLAIN = ("verdict", "holds", "of", "not_computable", "unsure", "default_holds")


@dataclass(frozen=True)
class Flip:
    """The nearest definition with the opposite outcome: the choices changed, from and to.

    `readings` are the meanings of the words before and after, "" where they have one only.
    """

    before: Mapping[Facet, str]
    after: Mapping[Facet, str]
    readings: tuple[str, str]
    holds: bool  # whether the predicate holds after the change

    @property
    def changed(self) -> dict[Facet, tuple[str, str]]:
        """Only what is different; choices that one of two readings doesn't have are not."""
        return {
            facet: (self.before[facet], option)
            for facet, option in self.after.items()
            if self.before.get(facet, option) != option
        }

    @property
    def text(self) -> str:
        """In words: `scope=language instead of all`."""
        before, after = self.readings
        parts = [f"read as “{after}” instead of “{before}”"] if before != after else []
        several = len({name for name, _ in self.after}) > 1
        parts += [
            f"{measure + ' ' if several else ''}{name}={option} instead of {former}"
            for (measure, name), (former, option) in self.changed.items()
        ]
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, in the form of `underlay/multiverse/1`."""
        plain = {
            "from": {name: option for (_, name), option in self.before.items()},
            "to": {name: option for (_, name), option in self.after.items()},
            "changed": [name for _, name in self.changed],
            "holds": self.holds,
        }
        return {**plain, "readings": list(self.readings)} if any(self.readings) else plain


@dataclass(frozen=True)
class Judged:
    """A verdict and all that it rests on.

    `holds` of `of` computable definitions; `not_computable` others have no data; under `unsure` of
    them, parties of unknown kind hold enough to turn the outcome.
    """

    verdict: Verdict
    holds: int
    of: int
    not_computable: int
    unsure: int
    flip: Flip | None
    default_holds: bool | None
    by_reading: Mapping[str, tuple[int, int]]
    sources: tuple[SourceNote, ...]
    reasons: tuple[str, ...]
    partial: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """All of it as JSON has it; `from_plain` reads it."""
        flip = self.flip
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "flip": flip
            and {
                "before": [[*facet, option] for facet, option in flip.before.items()],
                "after": [[*facet, option] for facet, option in flip.after.items()],
                "readings": list(flip.readings),
                "holds": flip.holds,
            },
            "by_reading": {label: list(pair) for label, pair in self.by_reading.items()},
            "sources": [asdict(source) for source in self.sources],
            "reasons": list(self.reasons),
            "partial": list(self.partial),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Judged:
        """What `to_plain` gave."""
        flip = plain["flip"]
        return cls(
            **{name: plain[name] for name in _PLAIN},
            flip=flip
            and Flip(
                {(measure, name): option for measure, name, option in flip["before"]},
                {(measure, name): option for measure, name, option in flip["after"]},
                (flip["readings"][0], flip["readings"][1]),
                flip["holds"],
            ),
            by_reading={label: (pair[0], pair[1]) for label, pair in plain["by_reading"].items()},
            sources=tuple(SourceNote(**source) for source in plain["sources"]),
            reasons=tuple(plain["reasons"]),
            partial=tuple(plain["partial"]),
        )

    @property
    def count(self) -> str:
        """`holds under 7 of 8 definitions`; says where nothing could be computed."""
        if not self.of:
            return "no definition can be computed"
        return f"holds under {self.holds:,} of {self.of:,} definition{'' if self.of == 1 else 's'}"


def judge(
    predicate: Predicate, spreads: Spreads, tested: Tested = "as worded", *, opposite: bool = False
) -> Judged:
    """The verdict of a predicate that stands for a claim; `opposite` judges its negation.

    Raises `UnknownNameError` for a measure or facet that there isn't.
    """
    outcomes = evaluate(predicate, spreads)
    truth = 1.0 - outcomes.truth if opposite else outcomes.truth
    is_known = ~np.isnan(truth)
    by_reading = {
        label: (
            int((truth[is_known & (outcomes.reading == i)] == 1).sum()),
            int((is_known & (outcomes.reading == i)).sum()),
        )
        for i, label in enumerate(outcomes.readings)
    }
    figures, reasons = _figures(predicate, spreads)
    default = _default_place(outcomes, truth)
    notes = {note.name: note for figure in figures for note in figure.sources}
    return Judged(
        verdict=verdict_of(by_reading, tested),
        holds=int((truth == 1).sum()),
        of=int(is_known.sum()),
        not_computable=int((~is_known).sum()),
        unsure=int((outcomes.unsure & is_known).sum()),
        flip=nearest_flip(outcomes, truth),
        default_holds=None if default is None else bool(truth[default] == 1),
        by_reading=by_reading if len(by_reading) > 1 else {},
        sources=tuple(notes.values()),
        reasons=tuple(dict.fromkeys((*outcomes.reasons, *reasons))),
        partial=outcomes.partial,
    )


def _figures(predicate: Predicate, spreads: Spreads) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """The figures of the default definitions, and why some are missing."""
    figures, reasons = [], []
    for quantity in quantities(predicate):
        try:
            figures.append(spreads.figure(quantity))
        except (NoDataError, NotComputableError) as error:
            reasons.append(error.message)
    return tuple(figures), tuple(reasons)


def verdict_of(by_reading: Mapping[str, tuple[int, int]], tested: Tested) -> Verdict:
    """The verdict of (holds, of) by reading.

    A proxy can't settle the words. A necessary part that fails settles them; one that holds
    leaves the rest open.
    """
    parts = [holds / of for holds, of in by_reading.values() if of]
    if not parts:
        return "untestable with open data"
    if tested == "proxy":
        return "unsupported as worded"
    if all(part <= 1 - ROBUST for part in parts):
        return "contradicted"
    if tested == "necessary part":
        return "unsupported as worded"
    if all(part >= ROBUST for part in parts):
        return "robust"
    return "definition-dependent"


def _default_place(outcomes: Outcomes, truth: Any) -> int | None:
    """The default definition, else the computable one nearest to it; None if there is none."""
    places = np.flatnonzero(~np.isnan(truth))
    if not len(places):
        return None
    table = _table(outcomes)
    defaults = np.array([outcomes.defaults[facet] for facet in outcomes.facets], dtype=object)
    distance = ((table != "") & (table != defaults)).sum(axis=1)
    return int(places[int(np.argmin(distance[places]))])


def _table(outcomes: Outcomes) -> Any:
    """The rows as an array (n, facets) of options."""
    return np.array(outcomes.rows, dtype=object).reshape(len(outcomes.rows), -1)


def nearest_flip(outcomes: Outcomes, truth: Any) -> Flip | None:
    """From the default definition, the change of the fewest choices that turns the outcome.

    Within the same reading if there is one there. Of equally near ones the first, in the order of
    the choices' options. None where no definition has the other outcome.
    """
    start = _default_place(outcomes, truth)
    if start is None:
        return None
    turned = np.flatnonzero(truth == 1.0 - truth[start])
    if not len(turned):
        return None
    table = _table(outcomes)
    both = (table[turned] != "") & (table[start] != "")
    changed = (both & (table[turned] != table[start])).sum(axis=1)
    elsewhere = outcomes.reading[turned] != outcomes.reading[start]
    place = int(turned[np.lexsort((turned, changed, elsewhere))[0]])
    return Flip(
        before=outcomes.definition(start),
        after=outcomes.definition(place),
        readings=(
            outcomes.readings[int(outcomes.reading[start])],
            outcomes.readings[int(outcomes.reading[place])],
        ),
        holds=bool(truth[place] == 1),
    )
