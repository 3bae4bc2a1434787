"""From pieces of a sentence to one predicate, or a reason why they don't make one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from underlay.claims.entries import band
from underlay.claims.ledger import ledger
from underlay.claims.predicates import Compound, Quantity, Statement, negated
from underlay.measures import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.claims.predicates import Predicate
    from underlay.measures import Measure

__all__ = ["Misread", "Piece", "Reading", "Word", "compose"]

_SILENT = ("filler", "than")
_CLOSED_ELO = 10.0  # points: about the width of a publisher's own interval at the top of a board
_BANDS = {"share": "points", "Elo points": "elo"}
_WHEN_OPEN = {  # where open models are a part of what a measure counts
    "board_share": "population", "arena_gap": "population", "tokens_share": "openness",
    "requests_share": "openness", "price_blended": "openness",
}  # fmt: skip
# what is counted in downloads, so that naming both names one measure
_COUNTED_IN = (("library_share", "downloads_share"),)
_BELOW_IS_LAST = ("price_blended",)
_ARTICLES = frozenset({"the", "o", "a", "os", "as"})
_ELSEWHERE = frozenset(
    {"in", "em", "na", "no", "nos", "nas", "at", "on", "to", "ao", "aos", "com", "with", "在"}
)
_PARTICIPLES = frozenset({"downloaded"})  # “most downloaded” is said of one model
_ORIGIN = frozenset({"from", "for", "come from", "comes from", "para", "por", "vem", "来自"})
_AFTER_ORIGIN = frozenset({"measure", "relation", "party"})


@dataclass(frozen=True)
class Word:
    """What a phrase stands for; the fields are explained in phrases.toml."""

    kind: str
    meaning: str
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    implies: str = ""
    is_verb: bool = False
    is_after: bool = False
    is_passing: bool = False
    is_past: bool = False


@dataclass(frozen=True)
class Piece:
    """A part of the text and what it means; `words` are all meanings that it may have."""

    text: str
    start: int
    end: int
    kind: str
    meaning: str
    words: tuple[Word, ...] = ()
    number: float | None = None
    day: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True)
class Reading:
    """A predicate, and what was assumed that the words don't say."""

    predicate: Predicate
    notes: tuple[str, ...] = ()


class Misread(Exception):  # noqa: N818 - no failure: the text says no such thing
    """The pieces don't make one comparison; the text says why."""


def compose(pieces: Sequence[Piece]) -> Reading:
    """The predicate that all pieces together state; raises `Misread`."""
    return _Sentence(_settled(pieces)).read()


def _settled(pieces: Sequence[Piece]) -> list[Piece]:
    """Each piece with the kind that its neighbours leave it, silent ones dropped."""
    loud = [i for i, piece in enumerate(pieces) if piece.kind != "filler"]
    found: list[Piece] = []
    for i, piece in enumerate(pieces):
        after = next((pieces[j] for j in loud if j > i), None)
        before = next((pieces[j] for j in reversed(loud) if j < i), None)
        kinds = {word.kind for word in piece.words}
        near = (before.kind if before else "", after.kind if after else "")
        if "agent" in kinds:
            kind = {"party": "agent", "date": "time"}.get(near[1], "filler")
            made = replace(piece, kind=kind, meaning="by")
        elif "time" in kinds:
            made = _time(piece, near)
        else:
            made = piece
        if made.kind == "party" and i:
            _check_place(pieces[:i], made)
        if made.kind != "filler":
            found.append(made)
    return found


def _check_place(before: Sequence[Piece], party: Piece) -> None:
    """Raise where a country may be where something happens, not who is compared."""
    if not any("country" in word.by for word in party.words):
        return
    place = len(before) - 1
    while place > 0 and before[place].text.casefold() in _ARTICLES:
        place -= 1
    word = before[place].text.casefold()
    is_origin = word in _ORIGIN and any(each.kind in _AFTER_ORIGIN for each in before[:place])
    # a pair such as 中美 stands at one place
    if word in _ELSEWHERE or is_origin:
        raise Misread(f"“{before[place].text} … {party.text}” may be a place, not a side")


def _time(piece: Piece, near: tuple[str, str]) -> Piece:
    """A word of time stands beside a date; elsewhere it says something else, or too much."""
    word = next(word for word in piece.words if word.kind == "time")
    if "date" in near:
        return replace(piece, kind="time", meaning=word.meaning)
    if word.meaning == "in":
        return replace(piece, kind="filler")
    others = [other for other in piece.words if other.kind != "time"]
    if others:
        return replace(piece, kind=others[0].kind, meaning=others[0].meaning, words=tuple(others))
    raise Misread(f"“{piece.text}” has no date beside it")


class _Sentence:
    """The pieces by kind, and the rules by which they make a comparison."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.notes: list[str] = []
        self.parties = self._kind("party")
        self.relation = self._one("relation", "comparisons")
        self.number = self._one("number", "numbers")
        self.date = self._one("date", "dates")
        self.pins = [word for piece in self._kind("pin") for word in piece.words]
        self._open()
        self.measure = self._measure()

    def _kind(self, kind: str) -> list[Piece]:
        return [piece for piece in self.pieces if piece.kind == kind]

    def _one(self, kind: str, many: str) -> Piece | None:
        found = self._kind(kind)
        if len(found) > 1:
            said = " and ".join(f"“{piece.text}”" for piece in found)
            raise Misread(f"several {many}: {said}; one claim at a time")
        return found[0] if found else None

    def read(self) -> Reading:
        """The predicate; raises `Misread`."""
        self._only_what_fits()
        predicate = self._predicate()
        denials = self._kind("negation")
        if len(denials) > 1:
            raise Misread("more than one negation")
        if denials:
            self._check_denial(denials[0])
            is_less = denials[0].meaning == "not" and self._is_bare_number()
            predicate = self._less_than() if is_less else negated(predicate)
        return Reading(predicate, tuple(self.notes))

    def _is_bare_number(self) -> bool:
        """Whether a share stands there alone: “not 40 %” says less, not anything else than 40 %."""
        is_plain = self.relation is None and self.number is not None and self._unit() == "share"
        return is_plain and self.measure is not None and self.measure.unit == "share"

    def _less_than(self) -> Predicate:
        if self.measure is None or self.number is None:
            raise Misread("nothing is compared")
        self.notes = [note for note in self.notes if not note.startswith("about ")]
        self.notes.append(f"not {self._value():.3g}: less than that")
        return negated(self._with_number(self.measure, "at_least"))

    # ---- What stands where ----

    def _open(self) -> None:
        """Open models are a side of their own where no other side, or closed ones, are named."""
        opens = [piece for piece in self._kind("pin") if piece.meaning == "open"]
        others = [piece for piece in self.parties if piece.meaning != "closed"]
        if opens and not others:
            word = Word("party", "open", by=("openness",))
            place = self.pieces.index(opens[0])
            self.pieces[place] = replace(opens[0], kind="party", meaning="open", words=(word,))
            self.parties = self._kind("party")
            self.pins = [word for word in self.pins if word.meaning != "open"]

    def _only_what_fits(self) -> None:
        """Words whose place or company makes them mean something that isn't read here."""
        near = [piece for piece in self.pieces if piece.kind != "context"]
        for before, piece, after in zip([None, *near], near, [*near[1:], None], strict=False):
            if piece.kind == "joiner" and not (
                before and after and before.kind == after.kind == "party"
            ):
                raise Misread(f"“{piece.text}” joins what isn't two sides")
            if piece.kind == "unit" and not (before and before.kind == "number"):
                raise Misread(f"“{piece.text}” has no number before it")
            if piece.kind == "time" and self.date is None:
                raise Misread(f"“{piece.text}” has no date")
        is_past = any(word.is_past for word in self._relation_words())
        if (is_past or self._kind("past")) and not (self.date or self._kind("agent")):
            raise Misread("it tells of the past and doesn't say when")
        if self._kind("together") and len(self.parties) < 2:
            raise Misread("“together” of fewer than two sides")
        for piece in self._kind("platform"):
            allowed = {name for word in piece.words for name in word.meaning.split()}
            if self.measure and self.measure.name not in allowed:
                raise Misread(f"“{piece.text}” doesn't count {self.measure.name}")
        for piece in self._kind("context"):
            allowed = {name for word in piece.words for name in word.meaning.split()}
            if self.measure is None or self.measure.name not in allowed:
                raise Misread(f"“{piece.text}” says something else of what is counted")

    def _check_denial(self, denial: Piece) -> None:
        place = self.pieces.index(denial)
        if denial.meaning == "not that":
            if any(piece.kind != "filler" for piece in self.pieces[:place]):
                raise Misread(f"“{denial.text}” stands in the middle")
            return
        after = next(iter(self.pieces[place + 1 :]), None)
        if after is None or after.kind not in ("relation", "number", "measure", "than", "time"):
            raise Misread(f"it isn't clear what “{denial.text}” denies")

    # ---- The measure ----

    def _measure(self) -> Measure | None:
        words = {
            (word.meaning, word.where, word.by)
            for piece in self._kind("measure")
            for word in piece.words
        }
        implied = next((w.implies for w in self._relation_words() if w.implies), "")
        if implied:
            words = {each for each in words if each[0] != implied}
            if words - {each for each in words if self._is_same(each[0], implied)}:
                raise Misread(f"“{self._text(self.relation)}” and another measure")
            return self._named(implied, (), _facets(implied))
        for counted, unit in _COUNTED_IN:
            if any(each[0] == counted for each in words):
                words = {each for each in words if each[0] != unit}
        words = self._turned(words)
        if len(words) > 1:
            raise Misread("several measures: " + ", ".join(sorted(word[0] for word in words)))
        if words:
            name, where, by = words.pop()
            return self._named(name, where, by)
        return None

    def _turned(
        self, words: set[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]]
    ) -> set[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]]:
        """The measures after verbs that make another one of what they stand with."""
        for piece in self._kind("turn"):
            source, target = piece.meaning.split()
            if source not in {each[0] for each in words}:
                raise Misread(f"“{piece.text}” says something else of what is counted")
            words = {each for each in words if each[0] != source}
            words.add((target, (), piece.words[0].by))
        return words

    def _named(self, name: str, where: tuple[tuple[str, str], ...], by: tuple[str, ...]) -> Measure:
        self.where, self.facets = dict(where), by
        return measure(name)

    @staticmethod
    def _is_same(name: str, implied: str) -> bool:
        """Whether naming a measure beside a word that implies one says nothing else."""
        return implied == "downloads_growth" and name == "downloads_share"

    def _relation_words(self) -> tuple[Word, ...]:
        return self.relation.words if self.relation else ()

    @staticmethod
    def _text(piece: Piece | None) -> str:
        return piece.text if piece else ""

    def _quantity(self, found: Measure, by: str) -> Quantity:
        where = dict(self.where)
        names = {choice.name for choice in found.choices}
        for word in self.pins:
            settles = dict(word.where)
            if word.meaning == "open":
                name = _WHEN_OPEN.get(found.name, "")
                if not name:
                    self.notes.append("the lists of this measure hold open weights only")
                elif name != by:
                    where[name] = settles[name]
                continue
            for name, option in settles.items():
                if name in names:
                    where[name] = option
                else:
                    self.notes.append(f"this measure isn't told apart by {name}")
        return Quantity.of(found.name, by, where)

    # ---- The sides ----

    def _by(self, found: Measure, parties: Sequence[Piece]) -> tuple[str, tuple[str, ...]]:
        """The facet that all sides are values of, and their names in it."""
        splits = {split.name for split in found.splits}
        for by in self.facets:
            names = [
                next((w.meaning for w in piece.words if w.kind == "party" and by in w.by), None)
                for piece in parties
            ]
            if by in splits and all(names):
                if any(len({b for w in p.words for b in w.by}) > 1 for p in parties):
                    self.notes.append(f"read as names of a {by}")
                return by, tuple(str(name) for name in names)
        said = ", ".join(f"“{piece.text}”" for piece in parties)
        facets = " or ".join(self.facets)
        raise Misread(f"{said}: {found.name} tells apart by {facets}, and not each is one")

    def _sides(self, found: Measure) -> tuple[str, str, str]:
        """(facet, subject, object) of a comparison of two, turned where the sentence is."""
        first, second = self.parties
        by, (subject, other) = self._by(found, self.parties)
        if subject == other:
            raise Misread("both sides are the same")
        relation = self.relation
        agents = self._kind("agent")
        place = self.pieces.index(relation) if relation else -1
        one, two = self.pieces.index(first), self.pieces.index(second)
        if agents:
            agent = self.pieces.index(agents[0])
            if not (one < agent < two and any(w.is_verb for w in self._relation_words())):
                raise Misread(f"it isn't clear what “{agents[0].text}” says")
            return by, other, subject
        if one < place < two:
            self._check_place_names(found, second)
            return by, subject, other
        thans = [self.pieces.index(piece) for piece in self._kind("than")]
        is_after = any(word.is_after for word in self._relation_words())
        if place > two and is_after and any(one < than < two for than in thans):
            return by, subject, other
        raise Misread("it isn't clear which side is compared with which")

    def _check_place_names(self, found: Measure, second: Piece) -> None:
        """Raise where the second side may be a place instead."""
        after = self.pieces[self.pieces.index(second) + 1 :]
        is_beside = bool(after) and after[0].start - second.end <= 1
        if found.name == "board_share" and is_beside and after[0].kind == "measure":
            raise Misread(f"“{second.text} {after[0].text}” may be a place, not a side")

    # ---- The comparison ----

    def _predicate(self) -> Predicate:
        if not self.parties:
            raise Misread("no country, maker or family is named")
        meaning = self.relation.meaning if self.relation else ""
        if self.measure is None and len(self.parties) == 2 and meaning in ("above", "below"):
            self._from_known()
        if self.measure is None:
            raise Misread("it isn't said in what: downloads, tokens, price ...")
        found = self.measure
        if meaning == "most":
            meaning = self._most()
        if found.name == "arena_gap":
            return self._gap(found)
        if self.number is not None:
            return self._with_number(found, meaning or "about")
        if meaning in ("above", "below"):
            return self._compared(found, meaning)
        if meaning == "faster":
            if len(self.parties) != 2 or self.date:
                raise Misread("growth of two sides, over the last year, is what is compared")
            by, subject, other = self._sides(found)
            return Statement("exceeds", self._quantity(found, by), (subject,), other)
        if meaning in ("leads", "lowest", "majority"):
            return self._alone(found, meaning)
        raise Misread("nothing is compared: no more, less, leads, at least ...")

    def _most(self) -> str:
        """“Most downloads are of ...” says a majority; elsewhere it may be the largest part too."""
        relation, after = self.pieces[0], self.pieces[1:]
        is_first = relation is self.relation
        if not is_first or (after and after[0].text.casefold() in _PARTICIPLES):
            raise Misread("“most”: more than half, or more than any other?")
        return "majority"

    def _from_known(self) -> None:
        """The measure that the ledger's only claim about these two sides names."""
        names = {word.meaning for piece in self.parties for word in piece.words}
        found = {
            each.quantity: claim.id
            for claim in ledger().claims
            for each in (claim.predicate,)
            if isinstance(each, Statement)
            and each.kind == "exceeds"
            and {*each.parties, each.other} <= names
            and each.quantity.by == "family"
        }
        if len(found) == 1 and any(word.is_passing for word in self._relation_words()):
            quantity, id_ = next(iter(found.items()))
            self.measure = self._named(quantity.measure, (), (quantity.by,))
            self.notes.append(f"in what isn't said: taken from claim {id_}, {quantity.measure}")

    def _compared(self, found: Measure, meaning: str) -> Predicate:
        if len(self.parties) != 2:
            raise Misread("a comparison needs two sides")
        by, subject, other = self._sides(found)
        if meaning == "below":
            subject, other = other, subject
        said = Statement("exceeds", self._quantity(found, by), (subject,), other)
        if self.date is None or self.date.day is None:
            return said
        is_event = any(word.is_verb for word in self._relation_words()) and meaning == "above"
        return self._crossed(said) if is_event else self._dated(said)

    def _crossed(self, said: Statement) -> Predicate:
        """Passed before, by, in or after a date: ahead now, and then already or not yet."""
        first, last = self.date.day if self.date and self.date.day else (dt.date.min, dt.date.max)
        day_before = first - dt.timedelta(days=1)

        def by(day: dt.date) -> Statement:
            return replace(said, kind="since", before=day)

        when = self._when()
        if when == "before":
            return by(day_before)
        if when == "by":
            return by(last)
        if when == "after":
            return Compound("all_of", (said, negated(by(last))))
        return Compound("all_of", (by(last), negated(by(day_before))))

    def _when(self) -> str:
        times = self._kind("time")
        if len(times) == 2:  # 在 … 之前: the second one says which
            times = [piece for piece in times if piece.meaning != "in"]
        if len({piece.meaning for piece in times}) > 1:
            raise Misread("several words of time")
        return times[0].meaning if times else "in"

    def _dated(self, said: Statement) -> Statement:
        """The same as of a day; only “in” a month or “on” a day names one."""
        if self.date is None or self.date.day is None:
            return said
        first, last = self.date.day
        if self._when() != "in":
            raise Misread(f"“{self.date.text}”: a state is of a day, not before or after one")
        if (last - first).days > 31:
            raise Misread(f"“{self.date.text}” is a year; a figure is of a day or a month")
        return replace(said, quantity=replace(said.quantity, as_of=last))

    def _alone(self, found: Measure, meaning: str) -> Predicate:
        if meaning == "leads" and len(self.parties) == 2 and not self._kind("joiner"):
            return self._compared(found, "above")
        if len(self.parties) != 1:
            raise Misread("one side leads, not several")
        by, names = self._by(found, self.parties)
        quantity = self._quantity(found, by)
        if meaning == "majority":
            if found.unit != "share":
                raise Misread(f"{found.name} has no majority: it isn't a share")
            self.notes.append("a majority: at least half")
            return self._dated(Statement("at_least", quantity, names, number=0.5))
        if found.name in _BELOW_IS_LAST and meaning == "leads":
            raise Misread("the highest or the lowest price? it isn't clear who leads")
        is_lowest = meaning == "lowest"
        return self._dated(Statement("leads", quantity, names, lowest=is_lowest))

    # ---- Numbers ----

    def _unit(self) -> str:
        if self.number is None:
            return ""
        after = self.pieces[self.pieces.index(self.number) + 1 :]
        if after and after[0].kind == "unit":
            return after[0].meaning
        is_word = any(word.kind == "number" for word in self.number.words)
        return "share" if is_word else self.number.meaning

    def _value(self) -> float:
        if self.number is None:
            raise Misread("there is no number")
        if self.number.number is None:  # a word, such as half
            return float(self.number.meaning)
        is_percent = self._unit() == "share" and self.number.meaning != "share"
        return self.number.number / 100.0 if is_percent else self.number.number

    def _with_number(self, found: Measure, meaning: str) -> Predicate:
        unit, value = self._unit(), self._value()
        if unit == "times":
            return self._times(found, meaning, value)
        wanted = {"share": "share", "USD per million tokens": "usd", "models": ""}
        if wanted.get(found.unit) != unit:
            raise Misread(f"“{self._text(self.number)}” of what? {found.name} is in {found.unit}")
        if found.unit == "share" and not 0.0 <= value <= 1.0:
            raise Misread(f"“{self._text(self.number)}” is no part of a whole")
        if meaning in ("leads", "majority", "lowest", "faster", "closed"):
            raise Misread(f"“{self._text(self.relation)}” and a number: two claims")
        if len(self.parties) > 1 and not self._kind("together"):
            raise Misread("several sides and a number: each of them, or together?")
        by, names = self._by(found, self.parties)
        quantity = self._quantity(found, by)
        if meaning in ("above", "at_least", "below", "at_most"):
            kind = "at_least" if meaning in ("above", "at_least") else "at_most"
            return self._dated(Statement(kind, quantity, names, number=value))
        return self._about(found, quantity, names, value)

    def _about(
        self, found: Measure, quantity: Quantity, names: tuple[str, ...], value: float
    ) -> Predicate:
        """Within the band of a number published so, as for published figures."""
        printed = f"{value * 100:.10g}%" if found.unit == "share" else f"{value:.10g}"
        width = band(printed, _BANDS.get(found.unit, "about"))
        self.notes.append(f"about {printed}: from {width.low:.3g} to {width.high:.3g}")
        low = self._dated(Statement("at_least", quantity, names, number=round(width.low, 6)))
        high = self._dated(Statement("at_most", quantity, names, number=round(width.high, 6)))
        return Compound("all_of", (low, high))

    def _times(self, found: Measure, meaning: str, value: float) -> Predicate:
        if meaning not in ("above", "at_least") or len(self.parties) != 2 or self.date:
            raise Misread("so many times: more than that, of two sides, is what is read")
        by, (subject, other) = self._by(found, self.parties)
        places = [self.pieces.index(piece) for piece in self.parties]
        if not places[0] < self.pieces.index(self.number or self.parties[0]) < places[1]:
            raise Misread("it isn't clear which side is compared with which")
        return Statement("exceeds", self._quantity(found, by), (subject,), other, factor=value)

    def _gap(self, found: Measure) -> Predicate:
        """Distance of two sides, in points of a board."""
        meaning = self.relation.meaning if self.relation else ""
        if len(self.parties) != 2 or self.date:
            raise Misread("a gap lies between two sides")
        by, (first, second) = self._by(found, self.parties)
        quantity = self._quantity(found, by)
        if meaning == "closed" and self.number is None:
            self.notes.append(f"closed: at most {_CLOSED_ELO:g} Elo points")
            return Statement("gap_at_most", quantity, (first,), second, number=_CLOSED_ELO)
        if self.number is None or self._unit() != "points":
            raise Misread("how large a gap? in Elo points")
        said = Statement("gap_at_most", quantity, (first,), second, number=self._value())
        if meaning in ("below", "at_most"):
            return said
        if meaning in ("above", "at_least"):
            return negated(said)
        width = band(f"{self._value():.10g}", "elo")
        high = replace(said, number=width.high)
        self.notes.append(f"about: from {width.low:g} to {width.high:g} points")
        return Compound("all_of", (high, negated(replace(said, number=max(width.low, 0.0)))))


def _facets(name: str) -> tuple[str, ...]:
    """Facets by which sides of a measure that a word brings along may be told apart."""
    splits = {split.name for split in measure(name).splits}
    return tuple(by for by in ("country", "family", "maker", "openness") if by in splits)
