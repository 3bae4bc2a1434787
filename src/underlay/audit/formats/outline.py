"""The audit as headings, sentences and tables: what every form for people shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.join import DEPENDENT, counted, is_accelerated
from underlay.audit.knowledge import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from underlay.audit.join import Card, Joined, Line
    from underlay.audit.policy import Report

__all__ = ["Block", "Heading", "Outline", "Rows", "Sentence", "audit_outline"]

_MOST = 40  # rows of one table; JSON has all
_PLACES = 3
_LEVELS = ("error", "warning", "note")
_SOON_DAYS = 183
_RESTRICTED = ("proprietary", "research-only", "custom", "open-with-use-restrictions")


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part; `note` stands beside it."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line with a label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; `more` counts rows that are not shown, `paths` are the columns of files."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0
    paths: tuple[int, ...] = ()


Block = Heading | Sentence | Rows


@dataclass(frozen=True, slots=True)
class Outline:
    """A title, a line below it, and blocks in order."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def audit_outline(joined: Joined, report: Report | None = None) -> Outline:
    """In short, above, below, between, what the policy says, what can't be said."""
    name = joined.name or "this code base"
    date = f"data to {joined.as_of}" if joined.as_of else "no atlas at hand"
    sources = f", {_many(len(joined.sources), 'source')}" if joined.sources else ""
    used = sum(card.is_used for card in joined.cards)
    subtitle = (
        f"{_many(joined.files, 'file')}, {joined.read} read; {_many(used, 'model')} used, "
        f"{_many(len(joined.lines), 'line')} of infrastructure; {date}{sources}"
    )
    blocks = (
        *_in_short(joined, report), *_above(joined), *_below(joined), *_between(joined),
        *_policy(report), *_cannot(joined),
    )  # fmt: skip
    return Outline(f"underlay audit · what {name} stands on", subtitle, blocks)


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def _shares(counts: dict[str, int], most: int = 8) -> str:
    """Each value with how often it stands; past `most`, how many others there are."""
    shown = ", ".join(f"{key} {count}" for key, count in list(counts.items())[:most])
    rest = list(counts.values())[most:]
    if rest:
        shown += f", {_many(len(rest), 'other')} with {sum(rest)}"
    return shown or "none"


def _first(names: Sequence[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _in_short(joined: Joined, report: Report | None) -> Iterator[Block]:
    """What a reader with one minute needs."""
    used = [card for card in joined.cards if card.is_used]
    yield Heading("IN SHORT")
    if not used:
        yield Sentence("models", "no model is used, as far as can be seen")
    else:
        yield Sentence("models", _who_runs(used))
        roles: dict[str, set[str]] = {}
        for reference in joined.references:
            if reference.is_dependency:
                roles.setdefault(reference.canonical, set()).add(reference.found.role)
        choices = sum(found == {"option"} for found in roles.values())
        if choices:
            are = "is" if choices == 1 else "are"
            text = f"{choices} of {len(used)} {are} only offered as a choice among others"
            yield Sentence("choices", text)
        yield Sentence("from", _shares(counted(card.maker.country for card in used)))
        yield Sentence("terms", _terms(used))
        moving = [card for card in used if card.is_pinned is False]
        if moving:
            are = "is" if len(moving) == 1 else "are"
            text = f"{len(moving)} of {len(used)} {are} named without a fixed revision, tag or date"
            yield Sentence("may change", text)
    ends = _ends(used, joined.as_of)
    if ends:
        yield Sentence("ends", ends)
    yield Sentence("tied", _tied(joined))
    lock = joined.lock
    if lock.score is not None:
        yield Sentence("lock-in", f"{lock.score:.2f}, where 0 is free and 1 is bound; its terms "
                       "stand below")  # fmt: skip
    if report is not None and report.findings:
        yield Sentence("policy", _levels(report))
    if joined.unknown:
        are = "place that looks" if len(joined.unknown) == 1 else "places that look"
        text = f"{len(joined.unknown):,} {are} like a reference could not be resolved, or read"
        yield Sentence("open", text)


def _levels(report: Report) -> str:
    counts = counted(finding.level for finding in report.findings)
    return ", ".join(_many(counts[level], level) for level in _LEVELS if level in counts)


def _who_runs(used: Sequence[Card]) -> str:
    hosted = [card for card in used if card.is_hosted]
    named = [card for card in used if card.kind == "hosted" and not card.is_hosted]
    own = len(used) - len(hosted) - len(named)
    parts = []
    if hosted:
        operators = counted(card.operator.name if card.operator else UNKNOWN for card in hosted)
        parts.append((len(hosted), f"run by a service ({_shares(operators, 4)})"))
    if own:
        parts.append((own, "with weights that one runs oneself"))
    if named:
        parts.append((len(named), "by name alone, run by nobody known"))
    if len(parts) == 1:
        return f"{_many(len(used), 'model')}, {'each ' * (len(used) > 1)}{parts[0][1]}"
    return f"{_many(len(used), 'model')}: {', '.join(f'{n} {what}' for n, what in parts)}"


def _terms(used: Sequence[Card]) -> str:
    """Licences that restrict, conflicts, and how many are not known."""
    strict = [
        card for card in used
        if card.licence and card.licence.licence_class in _RESTRICTED
        and not (card.is_hosted and card.licence.licence_class == "proprietary")
    ]  # fmt: skip
    unknown = [
        card for card in used
        if not card.is_hosted and (card.licence is None or card.licence.name == UNKNOWN)
    ]  # fmt: skip
    parts = []
    if strict:
        names = [f"{_short(c.canonical)} ({_licence(c)})" for c in strict]
        parts.append(f"{len(strict)} under a licence that restricts use: {_first(names, 2)}")
    conflicts = sum(len(card.conflicts) for card in used)
    if conflicts:
        parts.append(f"{_many(conflicts, 'conflict')} with the licence of a base")
    if unknown:
        parts.append(f"the licence of {len(unknown)} is not known")
    return "; ".join(parts) or "no licence that restricts use is known of"


def _ends(used: Sequence[Card], today: str) -> str:
    """Hosted models that have ended, or end within half a year of the day of the data."""
    if not today:
        return ""
    soon = (dt.date.fromisoformat(today[:10]) + dt.timedelta(days=_SOON_DAYS)).isoformat()
    days = sorted(
        (card.facts.end.day, f"{_short(card.canonical)} ({card.facts.end.day})")
        for card in used
        if card.is_hosted and card.facts and card.facts.end.day
    )
    past = [name for day, name in days if day <= today]
    next_ = [name for day, name in days if today < day <= soon]
    parts = []
    if past:
        are = "is" if len(past) == 1 else "are"
        parts.append(f"{len(past)} {are} past the end of life: {_first(past, 3)}")
    if next_:
        end = "ends" if len(next_) == 1 else "end"
        parts.append(f"{len(next_)} {end} within six months: {_first(next_, 3)}")
    return "; ".join(parts)


def _tied(joined: Joined) -> str:
    touching = [x for x in joined.lines if x.found.role in DEPENDENT and is_accelerated(x.found)]
    if not touching:
        return "no line touches accelerators"
    places = {(x.found.file, x.found.line) for x in touching}
    tied = [x for x in touching if x.found.tie == "tied"]
    if not tied:
        if len(places) == 1:
            return "the one line that touches accelerators is tied to no vendor"
        return f"none of {len(places)} lines that touch accelerators is tied to a vendor"
    vendors = counted(
        vendor for vendor, _, _ in {(x.vendor.name, x.found.file, x.found.line) for x in tied}
    )
    lines = len({(x.found.file, x.found.line) for x in tied})
    first = min((x.found.file, x.found.line) for x in tied)
    return (
        f"{lines} of {_many(len(places), 'line')} that touch{'es' * (len(places) == 1)} "
        f"accelerators {'is' if lines == 1 else 'are'} tied to a vendor ({_shares(vendors, 4)}); "
        f"the first: {_at(*first)}"
    )


def _at(file: str, line: int) -> str:
    return f"{file}:{line}" if line else file


def _above(joined: Joined) -> Iterator[Block]:
    used = [card for card in joined.cards if card.is_used]
    others = [card for card in joined.cards if not card.is_used]
    yield Heading("ABOVE: MODELS", "whose models, from where, built on what, on which terms")
    if not joined.cards:
        yield Sentence("models", "no model was found")
        return
    yield Sentence("makers", _shares(counted(card.maker.name for card in used)))
    yield Sentence("openness", _shares(counted(card.openness for card in used)))
    hosted = [card for card in used if card.is_hosted]
    if hosted:
        operators = counted(
            f"{card.operator.name} ({card.operator.country})" if card.operator else UNKNOWN
            for card in hosted
        )
        yield Sentence("hosted", f"{len(hosted)} of {len(used)}, run by {_shares(operators)}")
    yield from _used(joined, used)
    for card in used:
        for text in card.conflicts:
            yield Sentence("licence", text)
    ends = [
        (_short(card.canonical), card.facts.end.day or UNKNOWN,
         card.facts.end.source or card.facts.end.reason)
        for card in used
        if card.is_hosted and card.facts and (card.facts.end.day or card.facts.end.is_deprecated)
    ]  # fmt: skip
    if ends:
        yield _table("end of life", ("model", "day", "says"), sorted(ends, key=lambda r: r[1]))
    yield from _aliases(joined)
    if others:
        names = _first([_short(card.canonical) for card in others], 12)
        yield Sentence("not used", f"named in tests, prose or as aliases only: {names}")


def _aliases(joined: Joined) -> Iterator[Block]:
    """Hosted names that reach a server of one's own, with what answers there."""
    places: dict[str, list[str]] = {}
    answers: dict[str, str] = {}
    for reference in joined.references:
        found = reference.found
        if found.alias:
            places.setdefault(found.ref, []).append(_at(found.file, found.line))
            answer = found.evidence.partition("; answered by ")[2]
            answers[found.ref] = answers.get(found.ref) or answer
    rows = [
        (name, answers[name] or UNKNOWN, at[0] + (f" +{len(at) - 1}" if at[1:] else ""))
        for name, at in sorted(places.items())
    ]
    if rows:
        title = "hosted names that are sent to a server of one's own: no dependency"
        yield _table(title, ("name", "answered by", "where"), rows, (2,))


def _used(joined: Joined, used: Sequence[Card]) -> Iterator[Block]:
    """The models that are used, those with most places first, and what they are built on."""
    places: dict[str, list[str]] = {}
    for reference in joined.references:
        if reference.is_dependency and reference.found.file:
            place = _at(reference.found.file, reference.found.line)
            places.setdefault(reference.canonical, []).append(place)
    ordered = sorted(used, key=lambda card: (-len(places.get(card.canonical, ())), card.canonical))
    rows = [_row(card, places.get(card.canonical, [])) for card in ordered]
    headers: tuple[str, ...] = ("model", "made by", "licence", "pinned", "rank", "where")
    if all(row[4] == "-" for row in rows):
        headers = (*headers[:4], headers[5])
        rows = [(*row[:4], row[5]) for row in rows]
    yield _table("models that are used", headers, rows, (len(headers) - 1,))
    built = [
        (_short(card.canonical), _chain(card), _uploader(card))
        for card in used
        if card.ancestors or card.uploader
    ]
    if built:
        yield _table("built on", ("model", "bases, nearest first", "uploaded by"), built)


def _row(card: Card, places: Sequence[str]) -> tuple[str, ...]:
    adoption = card.facts.adoption if card.facts else None
    pinned = {True: "yes", False: "no", None: "-"}[card.is_pinned]
    where = places[0] if places else ""
    if len(places) > 1:
        where += f" +{len(places) - 1}"
    return (
        _short(card.canonical), f"{card.maker.id} ({card.maker.country})"
        if card.maker.id != UNKNOWN else UNKNOWN,
        "hosted only" if card.openness == "hosted-only" else _licence(card), pinned,
        f"{adoption.rank:,}" if adoption else "-", where,
    )  # fmt: skip


def _licence(card: Card) -> str:
    return (card.licence.name if card.licence else UNKNOWN).removeprefix("LicenseRef-")


def _chain(card: Card) -> str:
    if not card.ancestors:
        return "no base is stated"
    return ", ".join(
        f"{_short(a.canonical)} ({a.maker.country}, {a.relation})" for a in card.ancestors
    )


def _uploader(card: Card) -> str:
    party = card.uploader
    return f"{party.name}, {party.country}" if party else "-"


def _below(joined: Joined) -> Iterator[Block]:
    yield Heading("BELOW: WHAT IT RUNS ON", "infrastructure, and how firmly the code is tied to it")
    if not joined.lines:
        yield Sentence("ties", "no line names infrastructure")
        return
    touching = [line for line in joined.lines if line.found.role in DEPENDENT]
    by_vendor: dict[str, list[Line]] = {}
    for line in touching:
        by_vendor.setdefault(line.found.vendor, []).append(line)
    rows = []
    for vendor, lines in sorted(by_vendor.items(), key=lambda p: (-len(p[1]), p[0])):
        places = {
            tie: len({(x.found.file, x.found.line) for x in lines if x.found.tie == tie})
            for tie in ("tied", "switch", "portable")
        }
        names = list(counted(x.found.component for x in lines))
        shown = ", ".join(names[:_PLACES]) + (f" +{len(names) - _PLACES}" if names[3:] else "")
        country = lines[0].vendor.country
        rows.append((vendor, country, *(str(count) for count in places.values()), shown))
    yield _table(
        "lines by vendor", ("vendor", "from", "tied", "switch", "portable", "components"), rows
    )
    chips = [x for x in touching if is_accelerated(x.found)]
    needs = counted(x.found.need for x in chips)
    if needs:
        yield Sentence("needs", f"{_shares(needs)} (an interface can be spoken by others)")


def _between(joined: Joined) -> Iterator[Block]:
    yield Heading("BETWEEN: WHAT IT WOULD TAKE TO MOVE", "routes now and possible, and what blocks")
    lock = joined.lock
    score = "unknown" if lock.score is None else f"{lock.score:.2f} of 1"
    yield Sentence("lock-in", f"{score}, the mean of its known terms:")
    for term in lock.terms:
        share = "unknown" if term.share is None else f"{term.share:.2f}"
        of = term.of.replace("huggingface:", "")
        yield Sentence("", f"{term.name.replace('_', ' ')} {share}: {of}")
    if joined.runtimes:
        yield Sentence("runtimes", "in the code: " + ", ".join(joined.runtimes))
    yield from _routes(joined)
    blocks = [
        (b.vendor.id, b.vendor.country, str(len(b.tied)), str(len(b.switch)), str(len(b.models)),
         _first([*b.tied, *b.switch], 1).replace(" and ", " +").removesuffix(" more"))
        for b in joined.blocks
    ]  # fmt: skip
    if blocks:
        headers = ("without", "from", "lines to rewrite", "to switch", "models lost", "first line")
        yield _table("what blocks doing without a vendor", headers, blocks, (5,))
    alternatives = [
        (
            _short(card.canonical), f"{card.facts.judged.rating:.0f}", _usd(card.facts.price),
            "; ".join(
                f"{_short(a.canonical)} ({a.maker.country}) {a.rating:.0f} {_usd(a.price)}"
                for a in card.facts.alternatives[:2]
            ) or "none is rated as high with a price",
        )
        for card in joined.cards
        if card.is_used and card.facts and card.facts.judged
    ]  # fmt: skip
    if alternatives:
        yield _table(
            "rated as high or higher, cheapest first (USD per million tokens, 3 in to 1 out)",
            ("model", "rating", "price", "instead: model, maker's country, rating, price"),
            alternatives,
        )


def _routes(joined: Joined) -> Iterator[Block]:
    """Ways to run the models whose weights can be had; those with the same ways in one row."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for card in joined.cards:
        if not card.is_used or card.is_hosted:
            continue
        facts = card.facts
        if facts is None or not facts.routes.routes:
            reason = _why(card.reason or (facts.routes.reason if facts else ""))
            key = ("unknown", "unknown", reason)
        else:
            now = list(counted(f"{r.runtime.partition(':')[2]}/{r.backend.partition(':')[2]}"
                               for r in card.routes_used))  # fmt: skip
            shown = ", ".join(now[:2]) + (f" +{len(now) - 2}" if len(now) > 2 else "")
            designers = list(card.vendors or ())
            told = f"{len(designers)}: {_first(designers, 4)}" if designers else "none"
            key = (shown or "none known", str(len(facts.routes.routes)), told)
        grouped.setdefault(key, []).append(_short(card.canonical))
    rows = [(_first(names, 3), *key) for key, names in grouped.items()]
    rows.sort(key=lambda row: (row[1] == "unknown", row[0]))
    if rows:
        headers = ("models", "used now", "known routes", "accelerator designers with a route")
        yield _table("routes", headers, rows)


def _usd(price: object) -> str:
    value = getattr(price, "usd_per_mtok", None)
    return "unknown" if value is None else f"{value:.2f}"


def _policy(report: Report | None) -> Iterator[Block]:
    if report is None or not (report.findings or report.ignored):
        return
    yield Heading("POLICY", _levels(report) if report.findings else "nothing stands")
    rows = [
        (f.level, f.rule, _at(f.file, f.line) or "-", f.message)
        for f in report.findings
        if f.level != "note"
    ]
    notes = counted(f.rule for f in report.findings if f.level == "note")
    if notes:
        yield Sentence("notes", f"{_shares(notes)}; JSON and SARIF have each")
    if rows:
        yield _table("findings", ("level", "rule", "where", "what"), rows, (2,))
    if report.ignored:
        are = "is" if len(report.ignored) == 1 else "are"
        text = f"{_many(len(report.ignored), 'finding')} {are} covered by exceptions"
        yield Sentence("excepted", text)


def _cannot(joined: Joined) -> Iterator[Block]:
    yield Heading("WHAT THIS CAN'T SAY")
    missing: dict[str, list[str]] = {}
    for card in joined.cards:
        if card.facts is None and card.is_used:
            missing.setdefault(_why(card.reason), []).append(_short(card.canonical))
    rows: list[tuple[str, ...]] = [(_first(names, 6), why) for why, names in missing.items()]
    if rows:
        yield _table("models that the atlas does not know", ("models", "why"), rows)
    doubts: Sequence[tuple[str, ...]] = [
        (_at(u.file, u.line), u.text, u.reason) for u in joined.unknown
    ]
    if doubts:
        yield _table("looked like a reference, or could not be read",
                     ("where", "text", "why"), doubts, (0,))  # fmt: skip
    for reason, count in joined.skipped.items():
        yield Sentence("skipped", f"{_many(count, 'file')}: {reason}")
    if not rows and not doubts:
        yield Sentence("unknown", "nothing looked like a reference and stayed unresolved")
    yield Sentence("", "names that are put together when the program runs are not seen")


def _why(reason: str) -> str:
    """A reason in short: what tells the maker, and by which pattern, is in JSON."""
    first, *rest = reason.split("; ")
    told = any("the maker is told" in part for part in rest)
    built = any("which says what it is built on" in part for part in rest)
    says = [
        part for part in rest if "the maker is told" not in part and "the name fits" not in part
    ]
    if told or built:
        what = "its maker" * told or "what it is built on"
        says.append(f"the name itself tells {what}")
    return "; ".join([first, *says])


def _table(
    title: str,
    headers: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    paths: tuple[int, ...] = (),
) -> Rows:
    return Rows(title, headers, tuple(rows[:_MOST]), max(0, len(rows) - _MOST), paths)


def _short(canonical: str) -> str:
    return canonical.removeprefix("huggingface:").removeprefix("hosted:")
