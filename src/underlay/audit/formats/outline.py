"""The audit as headings, sentences and tables: what every form for people shows."""

from __future__ import annotations

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
    """A table; `more` counts rows that are not shown."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


Block = Heading | Sentence | Rows


@dataclass(frozen=True, slots=True)
class Outline:
    """A title, a line below it, and blocks in order."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def audit_outline(joined: Joined, report: Report | None = None) -> Outline:
    """Above, below, between, what the policy says, what can't be said."""
    name = joined.name or "this code base"
    date = f"data to {joined.as_of}" if joined.as_of else "no atlas at hand"
    sources = f", {len(joined.sources)} sources" if joined.sources else ""
    used = sum(card.is_used for card in joined.cards)
    subtitle = (
        f"{joined.files} files, {joined.read} read; {used} models, "
        f"{len(joined.lines)} lines of infrastructure; {date}{sources}"
    )
    blocks = (
        *_above(joined), *_below(joined), *_between(joined), *_policy(report), *_cannot(joined),
    )  # fmt: skip
    return Outline(f"underlay audit · what {name} stands on", subtitle, blocks)


def _shares(counts: dict[str, int]) -> str:
    return ", ".join(f"{key} {count}" for key, count in counts.items()) or "none"


def _above(joined: Joined) -> Iterator[Block]:
    used = [card for card in joined.cards if card.is_used]
    others = [card for card in joined.cards if not card.is_used]
    yield Heading("ABOVE: MODELS", "whose models, from where, built on what, on which terms")
    if not joined.cards:
        yield Sentence("models", "no model was found")
        return
    yield Sentence("makers", _shares(counted(card.maker.name for card in used)))
    yield Sentence("countries", _shares(counted(card.maker.country for card in used)))
    yield Sentence("openness", _shares(counted(card.openness for card in used)))
    hosted = [card for card in used if card.is_hosted]
    if hosted:
        operators = counted(
            f"{card.operator.name} ({card.operator.country})" if card.operator else UNKNOWN
            for card in hosted
        )
        yield Sentence("hosted", f"{len(hosted)} of {len(used)}, run by {_shares(operators)}")
    aliases = sum(r.found.alias for r in joined.references)
    if aliases:
        are = "hosted name is" if aliases == 1 else "hosted names are"
        text = f"{aliases} {are} sent to a local server: no dependency"
        yield Sentence("aliases", text)
    rows = [_row(joined, card) for card in used]
    yield _table(
        "models that are used",
        ("model", "maker", "from", "licence", "pinned", "rank", "where"),
        rows,
    )
    built = [
        (_short(card.canonical), _chain(card), _uploader(card))
        for card in used
        if card.ancestors or card.uploader
    ]
    if built:
        yield _table("built on", ("model", "bases, nearest first", "uploaded by"), built)
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
    if others:
        names = ", ".join(_short(card.canonical) for card in others[:12])
        more = f" and {len(others) - 12} more" if len(others) > 12 else ""
        yield Sentence("not used", f"named in tests, prose or as aliases only: {names}{more}")


def _row(joined: Joined, card: Card) -> tuple[str, ...]:
    adoption = card.facts.adoption if card.facts else None
    pinned = {True: "yes", False: "no", None: "-"}[card.is_pinned]
    places = [
        f"{r.found.file}:{r.found.line}"
        for r in joined.references
        if r.canonical == card.canonical and r.is_dependency and r.found.file
    ]
    where = places[0] if places else ""
    if len(places) > 1:
        where += f" +{len(places) - 1}"
    licence = card.licence.name if card.licence else UNKNOWN
    if card.openness == "hosted-only":
        licence = "hosted only"
    return (
        _short(card.canonical), card.maker.id, card.maker.country,
        licence.removeprefix("LicenseRef-"), pinned,
        f"{adoption.rank:,}" if adoption else "-", where,
    )  # fmt: skip


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
        yield Sentence("", f"{term.name.replace('_', ' ')} {share}: {term.of}")
    if joined.runtimes:
        yield Sentence("runtimes", "in the code: " + ", ".join(joined.runtimes))
    rows = []
    for card in joined.cards:
        if not card.is_used or card.is_hosted:
            continue
        facts = card.facts
        if facts is None or not facts.routes.routes:
            reason = card.reason or (facts.routes.reason if facts else "")
            rows.append((_short(card.canonical), "unknown", "unknown", reason))
            continue
        now = counted(f"{r.runtime.partition(':')[2]}/{r.backend.partition(':')[2]}"
                      for r in card.routes_used)  # fmt: skip
        shown = ", ".join(list(now)[:2]) + (f" +{len(now) - 2}" if len(now) > 2 else "")
        designers = ", ".join(card.vendors or ()) or "none"
        rows.append((_short(card.canonical), shown or "none known", str(len(facts.routes.routes)),
                     designers))  # fmt: skip
    if rows:
        yield _table("routes", ("model", "used now", "possible", "designers with a route"), rows)
    blocks = [
        (b.vendor.id, b.vendor.country, str(len(b.tied)), str(len(b.switch)), str(len(b.models)),
         ", ".join([*b.tied, *b.switch][:_PLACES]))
        for b in joined.blocks
    ]  # fmt: skip
    if blocks:
        headers = ("without", "from", "rewrite", "switch", "models lost", "first lines")
        yield _table("what blocks doing without a vendor", headers, blocks)
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
            ("model", "rating", "price", "instead"),
            alternatives,
        )


def _usd(price: object) -> str:
    value = getattr(price, "usd_per_mtok", None)
    return "unknown" if value is None else f"{value:.2f}"


def _policy(report: Report | None) -> Iterator[Block]:
    if report is None or not (report.findings or report.ignored):
        return
    levels = counted(finding.level for finding in report.findings)
    yield Heading("POLICY", _shares(levels) if levels else "nothing stands")
    rows = [
        (f.level, f.rule, f"{f.file}:{f.line}" if f.line else f.file or "-", f.message)
        for f in report.findings
        if f.level != "note"
    ]
    notes = counted(f.rule for f in report.findings if f.level == "note")
    if notes:
        yield Sentence("notes", f"{_shares(notes)}; JSON and SARIF have each")
    if rows:
        yield _table("findings", ("level", "rule", "where", "what"), rows)
    if report.ignored:
        yield Sentence("excepted", f"{len(report.ignored)} findings are covered by exceptions")


def _cannot(joined: Joined) -> Iterator[Block]:
    yield Heading("WHAT THIS CAN'T SAY")
    missing = [card for card in joined.cards if card.facts is None and card.is_used]
    rows: list[tuple[str, ...]] = [(_short(card.canonical), card.reason) for card in missing]
    if rows:
        yield _table("models that the atlas does not know", ("model", "why"), rows)
    doubts: Sequence[tuple[str, ...]] = [
        (f"{u.file}:{u.line}", u.text, u.reason) for u in joined.unknown
    ]
    if doubts:
        yield _table("looked like a reference, or could not be read",
                     ("where", "text", "why"), doubts)  # fmt: skip
    for reason, count in joined.skipped.items():
        yield Sentence("skipped", f"{count} files: {reason}")
    if not rows and not doubts:
        yield Sentence("unknown", "nothing looked like a reference and stayed unresolved")
    yield Sentence("", "names that are put together when the program runs are not seen")


def _table(title: str, headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Rows:
    return Rows(title, headers, tuple(rows[:_MOST]), max(0, len(rows) - _MOST))


def _short(canonical: str) -> str:
    return canonical.removeprefix("huggingface:")
