"""Free text to a predicate, offline and explained: English, Portuguese, Chinese.

Every word has to be one that is known, and the words together have to make one comparison with all
the sides that it needs; else the answer is "not understood", with what was read and what wasn't.
Nothing is matched by likeness: a known claim is met where the predicate is the same after both are
brought into normal form, or where the words are the claim's own.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from underlay.atlas import read_curated
from underlay.claims.compose import Misread, Piece, Reading, Word, compose
from underlay.claims.ledger import ledger
from underlay.claims.predicates import in_words, negated, normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from underlay.claims.ledger import Claim
    from underlay.claims.predicates import Predicate, Quantity

__all__ = ["LANGUAGES", "LONGEST", "Understood", "read_pieces", "understand", "words_of"]

LANGUAGES = ("en", "pt", "zh")
LONGEST = 300  # characters: one claim at a time
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"[Tt][Oo][Pp]\s?500(?!\d)|[{_CJK}]|\d+(?:[.,]\d+)*|[^\W\d_]+n't\b|[^\W\d_{_CJK}]+(?=[{_CJK}]|\b|\d|_)|[%％$&]|\d|\S"
)
_PUNCTUATION = re.compile(r"[\s.,;:!?¿¡\"“”‘’'`´()\[\]{}…·、，。；：！？（）《》「」『』–—\-/]+")
_MONTHS = (
    ("january", "jan", "janeiro"), ("february", "feb", "fevereiro"), ("march", "mar", "marco"),
    ("april", "apr", "abril"), ("may", "maio"), ("june", "jun", "junho"), ("july", "jul", "julho"),
    ("august", "aug", "agosto"), ("september", "sept", "sep", "setembro"),
    ("october", "oct", "outubro"), ("november", "nov", "novembro"),
    ("december", "dec", "dezembro"),
)  # fmt: skip
_MONTH = {name: i for i, names in enumerate(_MONTHS, 1) for name in names}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATES = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)(?:-(?P<d>\d\d))?(?![\d-])"),
    re.compile(r"(?P<y>(?:19|20)\d\d)\s*年(?:\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*日)?)?"),
    re.compile(rf"\b(?P<d>\d{{1,2}})\s+(?:de\s+)?(?P<n>{_NAMES})\.?\s+(?:de\s+)?(?P<y>20\d\d)\b"),
    re.compile(rf"\b(?P<n>{_NAMES})\.?\s+(?P<d>\d{{1,2}}),?\s+(?P<y>20\d\d)\b"),
    re.compile(rf"\b(?P<n>{_NAMES})\.?\s+(?:de\s+)?(?P<y>20\d\d)\b"),
    re.compile(r"(?<![\d.,$])(?P<y>20[0-4]\d)(?![\d.,%年])(?!\s*(?:%|percent|per cent|por cento))"),
)
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
_CHINESE_SHARE = re.compile(
    r"百分之(?P<n>\d+(?:\.\d+)?|[零一二三四五六七八九十]+)|(?P<t>[一二三四五六七八九])成(?!为|员)"
    r"|(?P<q>[二三四五六七八九十])分之(?P<p>[一二三四五六七八九])"
)
_COUNTRIES = {
    "CN": "China", "US": "the US", "DE": "Germany", "FR": "France", "KR": "South Korea",
    "JP": "Japan", "GB": "the UK", "BR": "Brazil", "CA": "Canada", "IN": "India", "IT": "Italy",
    "ES": "Spain", "PT": "Portugal", "NL": "the Netherlands", "SE": "Sweden", "FI": "Finland",
    "NO": "Norway", "DK": "Denmark", "CH": "Switzerland", "AT": "Austria", "BE": "Belgium",
    "IE": "Ireland", "PL": "Poland", "CZ": "Czechia", "IL": "Israel", "AE": "the Emirates",
    "SA": "Saudi Arabia", "SG": "Singapore", "TW": "Taiwan", "HK": "Hong Kong", "AU": "Australia",
    "RU": "Russia", "TR": "Türkiye", "VN": "Vietnam", "ID": "Indonesia", "MX": "Mexico",
}  # fmt: skip
_ORDINARY = frozenset(  # names in the atlas that are ordinary words at the start of a sentence
    {"together", "open", "other", "independent", "reflection", "step", "phi", "dream", "nova",
     "command", "solar", "motif", "mercury", "laguna", "morph", "muse", "magnum", "reve", "emu"}
)  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """What was read. `predicate` is None where the text isn't understood, and `why` says why.

    `claim` is the known claim that says the same, or, with `opposite`, the one that it denies, or,
    with `reading`, the one that this is one meaning of.
    """

    text: str
    language: str = ""
    predicate: Predicate | None = None
    claim: Claim | None = None
    opposite: bool = False
    reading: str = ""
    pieces: tuple[Piece, ...] = ()
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""

    @property
    def sentence(self) -> str | None:
        """What was understood, in plain English; None where nothing was."""
        if self.predicate is not None:
            return words_of(self.predicate)
        return self.claim.text if self.claim else None


@dataclass(frozen=True)
class _Token:
    norm: str
    raw: str
    start: int
    end: int
    day: tuple[dt.date, dt.date] | None = None  # first and last day of a date


def understand(text: str) -> Understood:
    """The predicate that a text states, if all of it is understood in one of the languages."""
    if len(text) > LONGEST:
        return Understood(text, why=f"longer than {LONGEST} characters: one claim at a time")
    tokens = list(_tokens(text))
    if not tokens:
        return Understood(text, why="there are no words in it")
    for claim in ledger().claims:
        if [t.norm for t in _tokens(claim.text)] == [t.norm for t in tokens]:
            piece = Piece(text.strip(), 0, len(text), "claim", claim.id)
            return Understood(text, "en", claim.predicate, claim, pieces=(piece,))
    tried = [_read(text, tokens, language) for language in _languages(text)]
    good = [each for each in tried if each.predicate is not None]
    if good:
        if len({normal(each.predicate) for each in good if each.predicate}) == 1:
            return good[0]
        return Understood(text, why="it means different things in English and in Portuguese")
    return min(tried, key=lambda each: (len(each.unread), LANGUAGES.index(each.language)))


def _languages(text: str) -> tuple[str, ...]:
    return ("zh",) if re.search(f"[{_CJK}]", text) else ("en", "pt")


def _read(text: str, tokens: list[_Token], language: str) -> Understood:
    pieces = read_pieces(text, tokens, language)
    unread = tuple(piece.text for piece in pieces if piece.kind == "unread")
    shown = tuple(piece for piece in pieces if piece.kind != "filler")
    if unread:
        words = ", ".join(f"“{word}”" for word in unread)
        return Understood(text, language, pieces=shown, unread=unread, why=f"not read: {words}")
    try:
        reading: Reading = compose(pieces)
    except Misread as error:
        return Understood(text, language, pieces=shown, why=str(error))
    claim, opposite, label = _known(reading.predicate)
    return Understood(
        text, language, reading.predicate, claim, opposite, label, shown, notes=reading.notes
    )


def _known(predicate: Predicate) -> tuple[Claim | None, bool, str]:
    """The claim with the same normal form, whether it is denied, and the reading that it is."""
    same, other = normal(predicate), normal(negated(predicate))
    meanings = [
        (claim, label, normal(each))
        for claim in ledger().claims
        if claim.predicate is not None
        for label, each in (("", claim.predicate), *claim.readings)
    ]
    for claim, label, meaning in meanings:
        if meaning in (same, other):
            return claim, meaning == other, label
    return None, False, ""


def words_of(predicate: Predicate) -> str:
    """A predicate as an English sentence, with the names of the atlas."""
    return in_words(predicate, _party_name, _quantity_words)


def _party_name(party: str) -> str:
    """A country, maker or family by its name; anything else as it is."""
    curated = read_curated()
    families = {family.id: family.name for family in curated.families}
    if party in _COUNTRIES:
        return _COUNTRIES[party]
    if party in families:
        return families[party]
    found = curated.organisations.get(party)
    return (
        found.name
        if found
        else {"open": "open models", "closed": "closed models"}.get(party, party)
    )


def _quantity_words(quantity: Quantity) -> str:
    """What is compared, with what the words settle: `share of ... (scope=language)`."""
    settled = [f"{name}={' or '.join(options)}" for name, options in quantity.where]
    if quantity.as_of is not None:
        settled.append(f"as of {quantity.as_of}")
    words = ledger().words.get(quantity.measure, quantity.measure.replace("_", " "))
    return f"{words} ({', '.join(settled)})" if settled else words


# ---- Tokens ----


def _norm(text: str) -> str:
    """Without case and accents; a lone “é” keeps its own, since “e” is another word."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if folded == "é":
        return folded
    apart = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in apart if not unicodedata.combining(c))


def _tokens(text: str) -> Iterator[_Token]:
    """Words, single Chinese characters, numbers, dates; punctuation is left out."""
    spans: list[tuple[int, int, _Token]] = []
    folded = "".join(f if len(f := _norm(c)) == 1 else c for c in text)
    for pattern in _DATES:
        for found in pattern.finditer(folded):
            day = _day(found.groupdict())
            taken = any(found.start() < end and start < found.end() for start, end, _ in spans)
            if day and not taken:
                raw = text[found.start() : found.end()]
                spans.append(
                    (*found.span(), _Token("<date>", raw, found.start(), found.end(), day))
                )
    for found in _CHINESE_SHARE.finditer(text):
        if found["n"]:
            value = _chinese(found["n"])
        elif found["t"]:
            value = 10.0 * _DIGITS[found["t"]]
        else:
            value = 100.0 * _DIGITS[found["p"]] / _chinese(found["q"])
        token = _Token(f"<share>{value:.10g}", found[0], found.start(), found.end())
        spans.append((*found.span(), token))
    place = 0
    for start, end, token in sorted(spans, key=lambda span: span[:2]):
        yield from _words(text, place, start)
        yield token
        place = end
    yield from _words(text, place, len(text))


def _words(text: str, start: int, end: int) -> Iterator[_Token]:
    part = re.sub(r"\bU\.\s?S\.(?:\s?A\.)?", lambda m: m[0].replace(".", "\u2060"), text[start:end])
    part = part.replace("’", "'")
    for found in re.finditer(r"U\u2060\s?S\u2060(?:\s?A\u2060)?|" + _TOKEN.pattern, part):
        raw = found[0].replace("\u2060", "")
        if not _PUNCTUATION.fullmatch(raw):
            yield _Token(_norm(raw), raw, start + found.start(), start + found.end())


def _chinese(text: str) -> float:
    """30 of `三十` and of `30`."""
    if text[0].isdigit():
        return float(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return float(_DIGITS[text[0]])
    return 10.0 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def _day(found: Mapping[str, str | None]) -> tuple[dt.date, dt.date] | None:
    year = int(found["y"] or 0)
    month = _MONTH[found["n"] or ""] if found.get("n") else int(found.get("m") or 0)
    try:
        if found.get("d"):
            day = dt.date(year, month, int(found["d"] or 0))
            return day, day
        first = dt.date(year, month or 1, 1)
        after = (
            dt.date(year + 1, 1, 1) if not month else dt.date(year + month // 12, month % 12 + 1, 1)
        )
        return first, after - dt.timedelta(days=1)
    except ValueError:
        return None


# ---- Words ----


@dataclass(frozen=True)
class _Vocabulary:
    words: Mapping[tuple[str, ...], tuple[Word, ...]]
    longest: int
    exact: Mapping[tuple[str, ...], tuple[Word, ...]] = field(default_factory=dict)


@cache
def _vocabulary(language: str) -> _Vocabulary:
    text = files("underlay.claims").joinpath("phrases.toml").read_text(encoding="utf-8")
    words: dict[tuple[str, ...], list[Word]] = {}
    exact: dict[tuple[str, ...], list[Word]] = {}
    for given in tomllib.loads(text)["word"]:
        word = _word(given)
        for spelling in given.get(language, ()):
            tokens = list(_tokens(spelling))
            if given.get("exact"):
                exact.setdefault(tuple(t.raw for t in tokens), []).append(word)
            else:
                words.setdefault(tuple(t.norm for t in tokens), []).append(word)
    for spelling, word in _atlas_names():
        tokens = list(_tokens(spelling))
        if tuple(t.norm for t in tokens) not in words:
            exact.setdefault(tuple(t.raw for t in tokens), []).append(word)
    longest = max(map(len, (*words, *exact)))
    return _Vocabulary(
        {key: tuple(found) for key, found in words.items()},
        longest,
        {key: tuple(found) for key, found in exact.items()},
    )


def _word(given: Mapping[str, Any]) -> Word:
    by = given.get("by", ())
    return Word(
        kind=given["kind"],
        meaning=given["meaning"],
        by=(by,) if isinstance(by, str) else tuple(by),
        where=tuple(sorted(given.get("where", {}).items())),
        implies=given.get("implies", ""),
        is_verb=given.get("verb", False),
        is_after=given.get("after", False),
        is_passing=given.get("passes", False),
        is_past=given.get("past", False),
    )


@cache
def _atlas_names() -> tuple[tuple[str, Word], ...]:
    """Makers and families as the atlas spells them, capitals included; people are left out."""
    curated = read_curated()
    found = [
        (organisation.name, Word("party", organisation.id, by=("maker",)))
        for organisation in curated.organisations.values()
        if organisation.kind not in ("individual", "community")
    ]
    found += [
        (family.name, Word("party", family.id, by=("family",)))
        for family in curated.families
        if re.fullmatch(r"[\w.:-]+(?: [\w.:-]+)?", family.name)
    ]
    return tuple(
        (name, word)
        for name, word in found
        if name and not name[0].islower() and name.casefold() not in _ORDINARY
    )


def read_pieces(text: str, tokens: list[_Token], language: str) -> tuple[Piece, ...]:
    """The text as pieces, the longest known phrase first; what isn't known is `unread`."""
    known = _vocabulary(language)
    pieces: list[Piece] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.day is not None:
            pieces.append(Piece(token.raw, token.start, token.end, "date", "", day=token.day))
            i += 1
            continue
        if (number := _number(token.norm)) is not None:
            value, unit = number
            pieces.append(Piece(token.raw, token.start, token.end, "number", unit, number=value))
            i += 1
            continue
        size, words = _longest(tokens, i, known)
        end = tokens[i + size - 1].end
        raw = text[token.start : end]
        if words and words[0].kind == "pair":
            pieces.extend(
                Piece(raw, token.start, end, "party", id_, (Word("party", id_, words[0].by),))
                for id_ in words[0].meaning.split()
            )
        elif words and words[0].kind == "multiple":
            value = float(words[0].meaning)
            pieces.append(Piece(raw, token.start, end, "number", "times", number=value))
        elif words:
            pieces.append(Piece(raw, token.start, end, words[0].kind, words[0].meaning, words))
        else:
            pieces.append(Piece(raw, token.start, end, "unread", ""))
        i += size
    return tuple(pieces)


def _longest(tokens: list[_Token], i: int, known: _Vocabulary) -> tuple[int, tuple[Word, ...]]:
    for size in range(min(known.longest, len(tokens) - i), 0, -1):
        part = tokens[i : i + size]
        found = known.exact.get(tuple(t.raw for t in part), ())
        found += known.words.get(tuple(t.norm for t in part), ())
        if found:
            return size, found
    return 1, ()


def _number(norm: str) -> tuple[float, str] | None:
    """(value, unit as far as it is in the token) of digits, else None."""
    if norm.startswith("<share>"):
        return float(norm.removeprefix("<share>")) / 100.0, "share"
    if not norm[0].isdigit():
        return None
    try:
        if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", norm):
            return float(norm.replace(",", "")), ""
        return float(norm.replace(",", ".")), ""
    except ValueError:
        return None
