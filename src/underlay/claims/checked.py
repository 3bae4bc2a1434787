"""A sentence of anyone's, understood, then judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from underlay.claims.ledger import assess, grade_of, spreads_of
from underlay.claims.predicates import quantities
from underlay.claims.understand import Understood, understand
from underlay.claims.verdicts import Judged, Tested, Verdict, judge
from underlay.errors import NoDataError, NotComputableError

if TYPE_CHECKING:
    from underlay.claims.predicates import Predicate
    from underlay.claims.spreads import Answers, Spreads
    from underlay.measures import Figure

__all__ = ["Checked", "check"]


@dataclass(frozen=True)
class Checked:
    """What was understood, and the verdict on it; nothing of the latter where nothing was."""

    understood: Understood
    verdict: Verdict | None = None
    judged: Judged | None = None
    grade: str = ""
    why: str = ""
    figure: Figure | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as `underlay/check/1`."""
        read, judged = self.understood, self.judged
        flip = judged.flip if judged else None
        return {
            "text": read.text,
            "understood": read.sentence,
            "language": read.language or None,
            "claim_id": read.claim.id if read.claim and not read.reading else None,
            "is_opposite": read.opposite,
            "reading_of": read.claim.id if read.claim and read.reading else None,
            "predicate": read.predicate.to_dict() if read.predicate else None,
            "pieces": [
                {
                    "text": piece.text,
                    "start": piece.start,
                    "end": piece.end,
                    "kind": piece.kind,
                    "meaning": piece.meaning,
                }
                for piece in read.pieces
            ],
            "unread": list(read.unread),
            "notes": list(read.notes),
            "verdict": self.verdict,
            "why": self.why or read.why,
            "holds": judged.holds if judged else None,
            "of": judged.of if judged else None,
            "not_computable": judged.not_computable if judged else None,
            "unsure": judged.unsure if judged else None,
            "partial": list(judged.partial) if judged else [],
            "default_holds": judged.default_holds if judged else None,
            "nearest_flip": flip.to_dict() if flip else None,
            "grade": self.grade or None,
            "sources": [asdict(source) for source in judged.sources] if judged else [],
            "figure": self.figure.to_dict() if self.figure else None,
        }


def check(text: str, answers: Answers, *, spreads: Spreads | None = None) -> Checked:
    """Understand a text, then judge what was understood; nothing is guessed.

    The verdict comes from figures alone, never from how the text was read. Raises what a damaged
    lake raises.
    """
    read = understand(text)
    spreads = spreads or spreads_of(answers)
    if read.predicate is None:
        if read.claim is None:
            return Checked(read)
        (known,) = assess(answers, [read.claim.id], spreads=spreads)
        return Checked(read, known.verdict, known.judged, known.grade, known.why)
    tested: Tested = read.claim.tests if read.claim else "as worded"
    judged = judge(read.predicate, spreads, tested)
    why = read.claim.beyond if read.claim and tested != "as worded" else ""
    if judged.verdict == "untestable with open data":
        why = "; ".join(judged.reasons)
    return Checked(
        read,
        judged.verdict,
        judged,
        grade_of(read.predicate),
        why,
        _figure(read.predicate, spreads),
    )


def _figure(predicate: Predicate, spreads: Spreads) -> Figure | None:
    """The figure of its first quantity under the default definition, if it can be had."""
    try:
        return spreads.figure(quantities(predicate)[0])
    except (NoDataError, NotComputableError):
        return None
