"""The ledger of claims: what is said in public, who said it, and the predicate that tests it."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from underlay.claims.entries import published
from underlay.claims.predicates import Compound, predicate_from, quantities
from underlay.claims.spreads import Answers, Spreads
from underlay.claims.verdicts import VERDICTS, Judged, Tested, Verdict, judge
from underlay.errors import BadValueError, UnknownNameError
from underlay.measures import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.claims.predicates import Predicate

__all__ = [
    "Assessed",
    "Claim",
    "Documented",
    "Evidence",
    "Ledger",
    "Telling",
    "assess",
    "grade_of",
    "ledger",
    "spreads_of",
]

_TESTED = ("as worded", "necessary part", "proxy")
_UNTESTED = "untestable with open data"


@dataclass(frozen=True)
class Telling:
    """Who said it, where, when as far as known, and what was said there, in our words."""

    who: str
    where: str
    what: str
    on: dt.date | None = None
    url: str = ""


@dataclass(frozen=True)
class Evidence:
    """A page that was read."""

    what: str
    url: str
    read_on: dt.date


@dataclass(frozen=True)
class Documented:
    """A verdict that documents settle, not figures."""

    verdict: Verdict
    because: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Claim:
    """One claim; `predicate` is None where nothing that we hold tests it."""

    id: str
    text: str
    first: str
    tests: Tested
    needs: str
    review: dt.date
    predicate: Predicate | None = None
    documented: Documented | None = None
    beyond: str = ""
    said: tuple[Telling, ...] = ()
    published_for: tuple[str, ...] = ()
    published_against: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[tuple[str, Predicate], ...]:
        """(label, predicate) of each meaning of the words, none where they have one only."""
        found = self.predicate
        if not isinstance(found, Compound) or found.kind != "readings":
            return ()
        return tuple(zip(found.labels, found.parts, strict=True))


@dataclass(frozen=True)
class Ledger:
    """All claims; which options answer a question about now; and grades, the strongest first."""

    claims: tuple[Claim, ...]
    limits: Mapping[str, Mapping[str, tuple[str, ...]]]
    grades: Mapping[str, str]  # measure -> grade
    grade_names: tuple[str, ...]
    words: Mapping[str, str]  # measure -> what it counts

    def claim(self, id_: str) -> Claim:
        """The claim of that id, in any case; raises `UnknownNameError`."""
        for claim in self.claims:
            if claim.id.casefold() == id_.strip().casefold():
                return claim
        raise UnknownNameError("claim", id_, tuple(claim.id for claim in self.claims))


@cache
def ledger() -> Ledger:
    """The ledger as shipped; raises `BadValueError` where an entry isn't whole."""
    text = files("underlay.claims").joinpath("claims.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)
    limits: dict[str, dict[str, tuple[str, ...]]] = {}
    for limit in given["limit"]:
        for name in limit["measures"]:
            found = next(c for c in measure(name).choices if c.name == limit["choice"])
            options = tuple(found.option(option).name for option in limit["options"])
            limits.setdefault(name, {})[found.name] = options
    grades = {name: grade["name"] for grade in given["grade"] for name in grade["measures"]}
    return Ledger(
        claims=tuple(_claim(each) for each in given["claim"]),
        limits=limits,
        grades=grades,
        grade_names=tuple(grade["name"] for grade in given["grade"]),
        words=given["words"],
    )


def _claim(given: Mapping[str, Any]) -> Claim:
    fields = dict(given)
    known = {entry.id for entry in published()}
    for name in (*fields["for"], *fields["against"]):
        if name not in known:
            raise BadValueError("published figure", name, "an id of published.toml")
    if fields["tests"] not in _TESTED:
        raise BadValueError("tests", fields["tests"], ", ".join(_TESTED))
    predicate, documented = fields.pop("predicate", None), fields.pop("documented", None)
    if (predicate or documented) is None and not fields["needs"]:
        raise BadValueError("needs", fields["id"], "what data would test it")
    if fields["tests"] != "as worded" and not fields.get("beyond"):
        raise BadValueError("beyond", fields["id"], "what the words say beyond the predicate")
    return Claim(
        published_for=tuple(fields.pop("for")),
        published_against=tuple(fields.pop("against")),
        said=tuple(Telling(**each) for each in fields.pop("said", ())),
        predicate=predicate_from(predicate) if predicate else None,
        documented=_documented(documented) if documented else None,
        **fields,
    )


def _documented(given: Mapping[str, Any]) -> Documented:
    if given["verdict"] not in VERDICTS:
        raise BadValueError("verdict", given["verdict"], ", ".join(VERDICTS))
    evidence = tuple(Evidence(**each) for each in given["evidence"])
    return Documented(cast("Verdict", given["verdict"]), given["because"], evidence)


@dataclass(frozen=True)
class Assessed:
    """A claim with its verdict. `judged` is None where no predicate was evaluated."""

    claim: Claim
    verdict: Verdict
    grade: str
    judged: Judged | None
    why: str

    def to_dict(self) -> dict[str, Any]:
        """One row of `underlay/claims/1`."""
        claim, judged = self.claim, self.judged
        flip = judged.flip if judged else None
        return {
            "claim_id": claim.id,
            "text": claim.text,
            "verdict": self.verdict,
            "holds": judged.holds if judged else None,
            "of": judged.of if judged else None,
            "not_computable": judged.not_computable if judged else None,
            "unsure": judged.unsure if judged else None,
            "partial": list(judged.partial) if judged else [],
            "default_holds": judged.default_holds if judged else None,
            "nearest_flip": flip.to_dict() if flip else None,
            "readings": [
                {"reading": label, "holds": holds, "of": of}
                for label, (holds, of) in (judged.by_reading if judged else {}).items()
            ],
            "grade": self.grade,
            "tests": claim.tests,
            "why": self.why,
            "beyond": claim.beyond,
            "needs": claim.needs,
            "first": claim.first,
            "said": [_plain(asdict(telling)) for telling in claim.said],
            "for": list(claim.published_for),
            "against": list(claim.published_against),
            "review": claim.review.isoformat(),
            "predicate": claim.predicate.to_dict() if claim.predicate else None,
            "evidence": [_plain(asdict(e)) for e in claim.documented.evidence]
            if claim.documented
            else [],
            "sources": [asdict(source) for source in judged.sources] if judged else [],
            "reasons": list(judged.reasons) if judged else [],
        }


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in given.items()}


def spreads_of(answers: Answers) -> Spreads:
    """Spreads of a lake within the ledger's limits; figures are computed once each."""
    return Spreads(answers, ledger().limits)


def assess(
    answers: Answers,
    ids: Iterable[str] = (),
    *,
    spreads: Spreads | None = None,
    prepared: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Assessed, ...]:
    """The claims with their verdicts, in the ledger's order; `ids` keeps some of them.

    `prepared` are judgements made before over the same lake by the same code, by the claim's id.
    Raises `UnknownNameError` for an id that isn't there. What can't be computed says why.
    """
    book = ledger()
    chosen: Sequence[Claim] = [book.claim(id_) for id_ in ids] or book.claims
    spreads = spreads or spreads_of(answers)
    return tuple(_assessed(claim, spreads, prepared or {}) for claim in chosen)


def _assessed(
    claim: Claim, spreads: Spreads, prepared: Mapping[str, Mapping[str, Any]]
) -> Assessed:
    if claim.documented is not None:
        return Assessed(
            claim, claim.documented.verdict, "documented", None, claim.documented.because
        )
    if claim.predicate is None:
        return Assessed(claim, "untestable with open data", "none", None, claim.needs)
    if claim.id in prepared:
        judged = Judged.from_plain(prepared[claim.id])
    else:
        judged = judge(claim.predicate, spreads, claim.tests)
    why = claim.beyond if judged.verdict == "unsupported as worded" else ""
    if judged.verdict == _UNTESTED:
        why = "; ".join(judged.reasons) or claim.needs
    return Assessed(claim, judged.verdict, grade_of(claim.predicate), judged, why)


def grade_of(predicate: Predicate) -> str:
    """The weakest grade of the measures that it compares."""
    book = ledger()
    found = [book.grades[each.measure] for each in quantities(predicate)]
    return max(found, key=book.grade_names.index)
