"""What would make a claim true: a predicate over figures, held as data and evaluated by code.

A statement compares values of one quantity (a measure told apart by a facet). It is evaluated under
every definition of that quantity that is allowed, and holds, fails or can't be computed under each.
Compounds join their parts: a reader who settles a choice settles it for all parts, so definitions
of parts agree in the choices of a measure that both have. `readings` are several meanings of the
same words, each of which counts as further definitions.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from underlay.errors import BadValueError, NotComputableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from underlay.claims.spreads import Spread, Spreads

__all__ = [
    "COMPOUND_KINDS",
    "NO_PARTY",
    "STATEMENT_KINDS",
    "Compound",
    "Facet",
    "Outcomes",
    "Predicate",
    "Quantity",
    "Statement",
    "evaluate",
    "in_words",
    "negated",
    "normal",
    "predicate_from",
    "quantities",
]

STATEMENT_KINDS: Mapping[str, str] = {
    "leads": "the party has the largest value (the smallest, with `lowest`)",
    "exceeds": "the party's value is above `factor` times the other's",
    "at_least": "the parties' values together are the number or more",
    "at_most": "the parties' values together are the number or less",
    "gap_at_most": "the two values are no further apart than the number",
    "changed_faster": "the party's value grew by a larger factor than the other's since a day",
    "since": "the party is above the other, and was so before a day already",
    "first_places": "all parties are among the first `number`",
}
COMPOUND_KINDS: Mapping[str, str] = {
    "all_of": "every part holds",
    "any_of": "at least one part holds",
    "not": "the part fails",
    "readings": "each part is a meaning of its own of the same words",
}
# categories of rest: they are many parties or nobody, so they can't lead
NO_PARTY = frozenset({"unknown", "other", "none", "several", "independent"})
_TWO_SIDED = frozenset({"exceeds", "gap_at_most", "changed_faster", "since"})
_NUMBERED = frozenset({"at_least", "at_most", "gap_at_most", "first_places"})
_DATED = frozenset({"since", "changed_faster"})
_MOST = 50_000  # definitions of a compound

Facet = tuple[str, str]  # (measure, name of the choice)


@dataclass(frozen=True)
class Quantity:
    """A measure told apart by a facet. `where` holds, by facet, the options that are allowed."""

    measure: str
    by: str
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    as_of: dt.date | None = None

    @classmethod
    def of(
        cls,
        measure: str,
        by: str,
        where: Mapping[str, str | Sequence[str]] | None = None,
        as_of: dt.date | None = None,
    ) -> Quantity:
        """The same from a mapping; an option alone stands for itself."""
        pairs = (
            (name, (given,) if isinstance(given, str) else tuple(given))
            for name, given in (where or {}).items()
        )
        return cls(measure, by, tuple(sorted(pairs)), as_of)

    def pinned(self, where: Mapping[str, str]) -> Quantity:
        """The same with these choices settled."""
        allowed = dict(self.where)
        allowed.update({name: (option,) for name, option in where.items()})
        return replace(self, where=tuple(sorted(allowed.items())))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        plain: dict[str, Any] = {"measure": self.measure, "by": self.by}
        if self.where:
            plain["where"] = {k: v[0] if len(v) == 1 else list(v) for k, v in self.where}
        if self.as_of is not None:
            plain["as_of"] = self.as_of.isoformat()
        return plain


@dataclass(frozen=True)
class Statement:
    """One comparison; which fields it needs follows from its kind."""

    kind: str
    quantity: Quantity
    parties: tuple[str, ...]
    other: str = ""
    number: float | None = None
    factor: float = 1.0
    before: dt.date | None = None
    lowest: bool = False
    against: Quantity | None = None  # the quantity of the other side, where it differs

    def __post_init__(self) -> None:
        why = ""
        if self.kind not in STATEMENT_KINDS:
            why = f"one of {', '.join(STATEMENT_KINDS)}"
        elif not self.parties or (self.kind in _TWO_SIDED) != bool(self.other):
            why = "a party, and another where two are compared"
        elif (self.kind in _NUMBERED) != (self.number is not None):
            why = "a number where one is compared with"
        elif (self.kind in _DATED) != (self.before is not None):
            why = "`before`, a day, where a change is dated"
        elif len(self.parties) > 1 and self.kind not in ("at_least", "at_most", "first_places"):
            why = "one party only"
        if why:
            raise BadValueError("predicate", self.kind, why)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        plain: dict[str, Any] = {"kind": self.kind, **self.quantity.to_dict()}
        plain["parties"] = list(self.parties)
        if self.other:
            plain["other"] = self.other
        if self.number is not None:
            plain["number"] = self.number
        if self.factor != 1.0:
            plain["factor"] = self.factor
        if self.before is not None:
            plain["before"] = self.before.isoformat()
        if self.lowest:
            plain["lowest"] = True
        if self.against is not None:
            plain["against"] = self.against.to_dict()
        return plain


@dataclass(frozen=True)
class Compound:
    """Predicates joined. `labels` name the parts of `readings`."""

    kind: Literal["all_of", "any_of", "not", "readings"]
    parts: tuple[Predicate, ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        labelled = len(set(self.labels)) == len(self.parts) if self.kind == "readings" else True
        if not self.parts or (self.kind == "not" and len(self.parts) != 1) or not labelled:
            raise BadValueError("predicate", self.kind, "parts, and a label for each reading")

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        parts = [part.to_dict() for part in self.parts]
        if self.kind == "readings":
            parts = [{"label": k, **part} for k, part in zip(self.labels, parts, strict=True)]
        return {"kind": self.kind, "parts": parts}


Predicate = Statement | Compound


def predicate_from(given: Mapping[str, Any]) -> Predicate:
    """The predicate that `to_dict` wrote, or that stands in a TOML file.

    Raises `BadValueError` for a kind or a field that there isn't, or that is missing.
    """
    fields = dict(given)
    kind = str(fields.pop("kind", ""))
    if kind in COMPOUND_KINDS:
        parts = [dict(part) for part in fields.pop("parts", ())]
        labels = tuple(str(part.pop("label", "")) for part in parts) if kind == "readings" else ()
        _nothing_left(fields)
        return Compound(kind, tuple(map(predicate_from, parts)), labels)  # type: ignore[arg-type]
    against = fields.pop("against", None)
    quantity = _quantity(fields)
    parties = fields.pop("parties", ())
    before = _day(fields.pop("before", None))
    own = {
        name: fields.pop(name) for name in ("other", "number", "factor", "lowest") if name in fields
    }
    _nothing_left(fields)
    other_side = None
    if against is not None:
        rest = dict(against)
        other_side = _quantity(rest)
        _nothing_left(rest)
    return Statement(
        kind,
        quantity,
        (parties,) if isinstance(parties, str) else tuple(parties),
        before=before,
        against=other_side,
        **own,
    )


def _quantity(fields: dict[str, Any]) -> Quantity:
    try:
        measure, by = fields.pop("measure"), fields.pop("by")
    except KeyError as error:
        raise BadValueError("predicate", str(error), "`measure` and `by`") from None
    return Quantity.of(measure, by, fields.pop("where", None), _day(fields.pop("as_of", None)))


def _day(given: Any) -> dt.date | None:
    return dt.date.fromisoformat(given) if isinstance(given, str) else given


def _nothing_left(fields: Mapping[str, Any]) -> None:
    for name in fields:
        raise BadValueError("predicate", name, "no such field")


def negated(predicate: Predicate) -> Predicate:
    """The opposite; of an opposite, the predicate itself."""
    if isinstance(predicate, Compound) and predicate.kind == "not":
        return predicate.parts[0]
    return Compound("not", (predicate,))


def normal(predicate: Predicate) -> Predicate:
    """One form for all that say the same: sides in order, negations at the statements.

    Ties aside: "A above B" is taken as the opposite of "B above A", "at least" of "at most".
    """
    return _normal(predicate, positive=True)


def _normal(predicate: Predicate, *, positive: bool) -> Predicate:
    if isinstance(predicate, Statement):
        return _normal_statement(predicate, positive)
    if predicate.kind == "not":
        return _normal(predicate.parts[0], positive=not positive)
    parts = [_normal(part, positive=positive) for part in predicate.parts]
    if predicate.kind == "readings":
        return Compound("readings", tuple(parts), predicate.labels)
    kind = predicate.kind if positive else {"all_of": "any_of", "any_of": "all_of"}[predicate.kind]
    flat: list[Predicate] = []
    for part in parts:
        is_same = isinstance(part, Compound) and part.kind == kind
        flat.extend(part.parts if is_same and isinstance(part, Compound) else (part,))
    ordered = sorted(dict.fromkeys(flat), key=lambda part: str(part.to_dict()))
    return ordered[0] if len(ordered) == 1 else Compound(kind, tuple(ordered))  # type: ignore[arg-type]


def _normal_statement(given: Statement, positive: bool) -> Predicate:
    said = replace(given, parties=tuple(sorted(given.parties)))
    if said.kind == "at_most":
        said, positive = replace(said, kind="at_least"), not positive
    elif said.kind == "gap_at_most" and said.against is None:
        first, second = sorted((said.parties[0], said.other))
        said = replace(said, parties=(first,), other=second)
    elif said.kind == "exceeds" and said.factor == 1.0:
        turned = replace(
            said,
            quantity=said.against or said.quantity,
            against=said.quantity if said.against else None,
            parties=(said.other,),
            other=said.parties[0],
        )
        if str(turned.to_dict()) < str(said.to_dict()):
            said, positive = turned, not positive
    return said if positive else Compound("not", (said,))


def quantities(predicate: Predicate) -> tuple[Quantity, ...]:
    """All quantities that it compares, once each."""
    if isinstance(predicate, Compound):
        found = [each for part in predicate.parts for each in quantities(part)]
    else:
        found = [predicate.quantity, *([predicate.against] if predicate.against else [])]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Outcomes:
    """Whether a predicate holds, by definition.

    `rows` (n tuples) are the options of `facets`; `truth` (n,) is 1 where it holds, 0 where it
    fails and NaN where it can't be computed. `unsure` (n,) marks where the part of unknown parties
    is large enough to turn it. `defaults` are the options that are used where none is chosen.
    `reading` numbers (n,) point into `readings`, "" where the words have one meaning. `merged` are
    options that say in every definition what an earlier option says. `partial` says of which
    measures only some definitions were computed.
    """

    facets: tuple[Facet, ...]
    rows: tuple[tuple[str, ...], ...]
    truth: Any
    unsure: Any
    defaults: Mapping[Facet, str]
    reasons: tuple[str, ...] = ()
    readings: tuple[str, ...] = ("",)
    reading: Any = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    merged: Mapping[tuple[Facet, str], str] = field(default_factory=dict)
    partial: tuple[str, ...] = ()

    def distinct(self) -> Outcomes:
        """Without definitions that say what others say: one idle option would double the count."""
        if not self.merged:
            return self
        kept = [
            place
            for place, row in enumerate(self.rows)
            if not any(pair in self.merged for pair in zip(self.facets, row, strict=True))
        ]
        return replace(
            self,
            rows=tuple(self.rows[place] for place in kept),
            truth=self.truth[kept],
            unsure=self.unsure[kept],
            reading=self.reading[kept],
            merged={},
        )

    def definition(self, place: int) -> dict[Facet, str]:
        """The options of one row; those that don't concern it are left out."""
        return {
            facet: option
            for facet, option in zip(self.facets, self.rows[place], strict=True)
            if option
        }


def evaluate(predicate: Predicate, spreads: Spreads) -> Outcomes:
    """Whether it holds under each definition.

    A quantity that has no data can't be computed under any of its definitions; nothing is raised
    for it. Raises `UnknownNameError` for a measure, facet or option that there isn't.
    """
    return _evaluated(predicate, spreads).distinct()


def _evaluated(predicate: Predicate, spreads: Spreads) -> Outcomes:
    if isinstance(predicate, Statement):
        return _statement(predicate, spreads)
    parts = [_evaluated(part, spreads) for part in predicate.parts]
    if predicate.kind == "not":
        return replace(parts[0], truth=1.0 - parts[0].truth)
    if predicate.kind == "readings":
        return _side_by_side([part.distinct() for part in parts], predicate.labels)
    is_all = predicate.kind == "all_of"
    joined = parts[0]
    for part in parts[1:]:
        joined = _joined(joined, part, _both if is_all else _either)
    return joined


def _both(a: Any, b: Any) -> Any:
    """Kleene's "and": false beats what can't be computed."""
    return np.where((a == 0) | (b == 0), 0.0, a * b)


def _either(a: Any, b: Any) -> Any:
    return 1.0 - _both(1.0 - a, 1.0 - b)


def _joined(a: Outcomes, b: Outcomes, combine: Callable[[Any, Any], Any]) -> Outcomes:
    """Every pair of definitions that agree in the choices of both."""
    shared = [facet for facet in a.facets if facet in b.facets]
    own = [facet for facet in b.facets if facet not in shared]
    at_a = [a.facets.index(facet) for facet in shared]
    at_b = [b.facets.index(facet) for facet in shared]
    at_own = [b.facets.index(facet) for facet in own]
    by_key: dict[tuple[str, ...], list[int]] = {}
    for j, row in enumerate(b.rows):
        by_key.setdefault(tuple(row[place] for place in at_b), []).append(j)
    pairs = [
        (i, j)
        for i, row in enumerate(a.rows)
        for j in by_key.get(tuple(row[place] for place in at_a), ())
    ]
    if len(pairs) > _MOST:
        raise NotComputableError(
            "predicate", f"{len(pairs):,} definitions are too many", "fewer open choices"
        )
    left = np.array([i for i, _ in pairs], dtype=np.int64)
    right = np.array([j for _, j in pairs], dtype=np.int64)
    truth = combine(a.truth[left], b.truth[right])
    # a doubtful part matters where the outcome would follow it
    unsure = (a.unsure[left] | b.unsure[right]) & ~np.isnan(truth)
    return Outcomes(
        facets=(*a.facets, *own),
        rows=tuple((*a.rows[i], *(b.rows[j][place] for place in at_own)) for i, j in pairs),
        truth=truth,
        unsure=unsure,
        defaults={**b.defaults, **a.defaults},
        reasons=tuple(dict.fromkeys((*a.reasons, *b.reasons))),
        reading=np.zeros(len(pairs), dtype=np.int64),
        merged=_merged_in_both(a, b),
        partial=tuple(dict.fromkeys((*a.partial, *b.partial))),
    )


def _merged_in_both(a: Outcomes, b: Outcomes) -> dict[tuple[Facet, str], str]:
    """Options that are idle on both sides, or on the one side that has the choice."""
    shared = set(a.facets) & set(b.facets)
    return {
        pair: same
        for one, other in ((a, b), (b, a))
        for pair, same in one.merged.items()
        if pair[0] not in shared or other.merged.get(pair) == same
    }


def _side_by_side(parts: Sequence[Outcomes], labels: tuple[str, ...]) -> Outcomes:
    """All definitions of all parts; choices of another reading are blank."""
    facets = tuple(dict.fromkeys(facet for part in parts for facet in part.facets))
    rows = []
    for part in parts:
        places = [part.facets.index(f) if f in part.facets else -1 for f in facets]
        rows += [tuple(row[p] if p >= 0 else "" for p in places) for row in part.rows]
    defaults: dict[Facet, str] = {}
    for part in parts:
        for facet, option in part.defaults.items():
            defaults.setdefault(facet, option)
    return Outcomes(
        facets=facets,
        rows=tuple(rows),
        truth=np.concatenate([part.truth for part in parts]),
        unsure=np.concatenate([part.unsure for part in parts]),
        defaults=defaults,
        reasons=tuple(dict.fromkeys(reason for part in parts for reason in part.reasons)),
        readings=labels,
        reading=np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts]),
        partial=tuple(dict.fromkeys(said for part in parts for said in part.partial)),
    )


def _statement(said: Statement, spreads: Spreads) -> Outcomes:
    spread = spreads.spread(said.quantity)
    if said.kind == "since":
        return _two_times(said, spreads, spread, _was_above)
    if said.kind == "changed_faster":
        return _two_times(said, spreads, spread, _grew_faster)
    if said.against is not None:
        return _against(said, spread, spreads.spread(said.against))
    readers: dict[str, Callable[[Statement, Spread], tuple[Any, Any]]] = {
        "leads": _leads,
        "exceeds": _exceeds,
        "at_least": _at_least,
        "at_most": _at_most,
        "gap_at_most": _gap_at_most,
        "first_places": _first_places,
    }
    truth, unsure = readers[said.kind](said, spread)
    return _outcomes(spread, truth, unsure)


def _outcomes(spread: Spread, truth: Any, unsure: Any) -> Outcomes:
    measure = spread.quantity.measure
    return Outcomes(
        facets=tuple((measure, name) for name in spread.free),
        rows=spread.rows,
        truth=truth,
        unsure=unsure & ~np.isnan(truth),
        defaults={(measure, name): option for name, option in spread.defaults.items()},
        reasons=spread.reasons,
        reading=np.zeros(len(truth), dtype=np.int64),
        merged={((measure, name), option): same for (name, option), same in spread.merged.items()},
        partial=_partial(spread),
    )


def _partial(spread: Spread) -> tuple[str, ...]:
    if len(spread.rows) >= spread.of:
        return ()
    said = f"{len(spread.rows)} of {spread.of} definitions of {spread.quantity.measure}"
    return (f"{said}: the default one and those that differ from it in one choice",)


def _as_truth(holds: Any, *values: Any) -> Any:
    """1 and 0, and NaN where one of the values compared is NaN."""
    missing = np.zeros(len(holds), dtype=bool)
    for value in values:
        missing |= np.isnan(value)
    return np.where(missing, np.nan, holds.astype(np.float64))


def _best_other(said: Statement, spread: Spread, sign: float) -> Any:
    """The best value of any other party (n,), -inf where there is none."""
    others = [
        i
        for i, party in enumerate(spread.parties)
        if party not in said.parties and party not in NO_PARTY
    ]
    if not others:
        return np.full(len(spread.rows), -np.inf)
    values = sign * spread.values[:, others]
    return np.where(np.isnan(values), -np.inf, values).max(axis=1)


def _leads(said: Statement, spread: Spread) -> tuple[Any, Any]:
    sign = -1.0 if said.lowest else 1.0
    own = sign * spread.value(said.parties[0])
    best = _best_other(said, spread, sign)
    return _as_truth(own > best, own), _within_reach(said, spread, np.abs(own - best))


def _within_reach(said: Statement, spread: Spread, distance: Any) -> Any:
    """Where unknown parties hold as much as what decides; nowhere if values aren't parts."""
    if said.lowest or not spread.adds_up:
        return np.zeros(len(distance), dtype=bool)
    return spread.value("unknown") >= distance


def _exceeds(said: Statement, spread: Spread) -> tuple[Any, Any]:
    own, other = spread.value(said.parties[0]), said.factor * spread.value(said.other)
    return _as_truth(own > other, own, other), _within_reach(said, spread, np.abs(own - other))


def _total(said: Statement, spread: Spread) -> Any:
    return np.sum([spread.value(party) for party in said.parties], axis=0)


def _at_least(said: Statement, spread: Spread) -> tuple[Any, Any]:
    total, number = _total(said, spread), said.number or 0.0
    short = np.maximum(number - total, 0.0)
    unsure = _within_reach(said, spread, short) & (total < number)
    return _as_truth(total >= number, total), unsure


def _at_most(said: Statement, spread: Spread) -> tuple[Any, Any]:
    total, number = _total(said, spread), said.number or 0.0
    spare = np.maximum(number - total, 0.0)
    unsure = (spread.value("unknown") > spare) & (total <= number) if spread.adds_up else total < -1
    return _as_truth(total <= number, total), unsure


def _gap_at_most(said: Statement, spread: Spread) -> tuple[Any, Any]:
    own, other = spread.value(said.parties[0]), spread.value(said.other)
    gap = np.abs(own - other)
    distance = np.abs(gap - (said.number or 0.0))
    return _as_truth(gap <= (said.number or 0.0), gap), _within_reach(said, spread, distance)


def _first_places(said: Statement, spread: Spread) -> tuple[Any, Any]:
    named = [i for i, party in enumerate(spread.parties) if party not in NO_PARTY]
    values = np.nan_to_num(spread.values[:, named], nan=-np.inf)
    places = [1 + (values > spread.value(party)[:, None]).sum(axis=1) for party in said.parties]
    owns = [spread.value(party) for party in said.parties]
    holds = np.max(places, axis=0) <= (said.number or 0)
    return _as_truth(holds, *owns), np.zeros(len(holds), dtype=bool)


def _against(said: Statement, spread: Spread, other: Spread) -> Outcomes:
    """Two quantities compared under the definitions that agree in their common choices."""
    if said.kind != "exceeds":
        raise BadValueError("predicate", said.kind, "`against` with `exceeds` only")
    nothing = np.zeros(len(spread.rows), dtype=bool)
    left = _outcomes(spread, spread.value(said.parties[0]), nothing)
    right = _outcomes(
        other, said.factor * other.value(said.other), np.zeros(len(other.rows), dtype=bool)
    )
    return _joined(left, right, lambda a, b: _as_truth(a > b, a, b))


def _two_times(
    said: Statement, spreads: Spreads, now: Spread, compare: Callable[..., Any]
) -> Outcomes:
    earlier = spreads.spread(replace(said.quantity, as_of=said.before))
    known = {row: place for place, row in enumerate(earlier.rows)}
    places = [known[row] for row in now.rows]
    values = [
        each
        for party in (said.parties[0], said.other)
        for each in (now.value(party), earlier.value(party)[places])
    ]
    truth = compare(*values)
    both = {pair: same for pair, same in now.merged.items() if earlier.merged.get(pair) == same}
    nothing = np.zeros(len(truth), dtype=bool)
    return _outcomes(replace(now, merged=both), truth, nothing)


def _was_above(own: Any, own_before: Any, other: Any, other_before: Any) -> Any:
    holds = (own > other) & (own_before > other_before)
    return _as_truth(holds, own, own_before, other, other_before)


def _grew_faster(own: Any, own_before: Any, other: Any, other_before: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(own_before > 0, own / own_before, np.nan)
        growth_other = np.where(other_before > 0, other / other_before, np.nan)
    return _as_truth(growth > growth_other, growth, growth_other)


_NAMES = {"CN": "China", "US": "the US", "DE": "Germany", "FR": "France", "KR": "South Korea"}
_PART = {
    "share": "{party} has {bound} {number} of {what}",
    "other": "{what} of {party} is {bound} {number}",
}


def in_words(
    predicate: Predicate,
    name: Callable[[str], str] = lambda party: _NAMES.get(party, party),
    what: Callable[[Quantity], str] = lambda quantity: quantity.measure.replace("_", " "),
) -> str:
    """The predicate as an English sentence without its full stop."""
    if isinstance(predicate, Compound):
        parts = [in_words(part, name, what) for part in predicate.parts]
        if predicate.kind == "not":
            return f"it is not so that {parts[0]}"
        if predicate.kind == "readings":
            labelled = zip(predicate.labels, parts, strict=True)
            return "; or ".join(f"({label}) {part}" for label, part in labelled)
        return (" and " if predicate.kind == "all_of" else " or ").join(parts)
    said = predicate
    party = _listed(name(each) for each in said.parties)
    other = name(said.other) if said.other else ""
    quantity = what(said.quantity)
    is_share = said.quantity.measure.endswith("share")
    number = "" if said.number is None else _number(said.number, is_share)
    times = "" if said.factor == 1.0 else f"{said.factor:g} times "
    against = f" ({what(said.against)})" if said.against else ""
    day = said.before.isoformat() if said.before else ""
    bound = "at least" if said.kind == "at_least" else "at most"
    part = quantity.removeprefix("share of ")
    form = _PART["share" if is_share else "other"]
    return {
        "leads": f"{party} has the {'lowest' if said.lowest else 'largest'} {quantity}",
        "exceeds": f"{party} is above {times}{other}{against} in {quantity}",
        "at_least": form.format(party=party, bound=bound, number=number, what=part),
        "at_most": form.format(party=party, bound=bound, number=number, what=part),
        "gap_at_most": f"{party} and {other} are at most {number} apart in {quantity}",
        "changed_faster": f"{party} grew faster than {other} since {day} in {quantity}",
        "since": f"{party} is above {other} in {quantity}, and was so before {day}",
        "first_places": f"{party} are among the first {number} in {quantity}",
    }[said.kind]


def _number(value: float, is_share: bool) -> str:
    return f"{value * 100:.4g} %" if is_share and value <= 1 else f"{value:.4g}"


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    head, tail = listed[:-1], listed[-1:]
    return " and ".join([", ".join(head), *tail] if head else tail)
