"""`underlay claims`, `claim`, `check`: what is said in public, beside what the data says."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from underlay.cli.figures import number
from underlay.cli.output import ANSWERED, UNANSWERED, plain, write, write_json
from underlay.cli.session import Command, Session

if TYPE_CHECKING:
    from underlay.claims.checked import Checked
    from underlay.claims.ledger import Assessed
    from underlay.claims.verdicts import Judged
    from underlay.measures import Figure

__all__ = ["check", "claim", "claims"]

WIDTH = 98
_LABEL = 12
_INDENT = 5
_SHOWN_ROWS = 5


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def claims(session: Session, as_json: bool) -> None:
    """What is said in public about the layers, each with its verdict.

    A claim is a predicate over figures. It is judged under every definition that its words allow:
    `robust` holds under 95 % of them or more, `contradicted` fails under as many.
    """
    from underlay.claims.ledger import assess

    with session.answers() as lake:
        prepared = lake.prepared("verdicts")
        if not prepared:
            session.progress("computing the figures of all claims under their definitions")
        rows = assess(lake, prepared=prepared)
    if as_json:
        write_json("underlay/claims/1", {"rows": [row.to_dict() for row in rows]})
        return
    for row in rows:
        _entry(f"{row.claim.id}  ", row.claim.text)
        _entry(" " * _INDENT, _summary(row))
    write()
    _wrapped("; ".join(_counted(rows)), "", "")
    write("`underlay claim ID` shows what a verdict rests on, who said it, and what would turn it")


@click.command(cls=Command)
@click.argument("claim_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def claim(session: Session, claim_id: str, as_json: bool) -> None:
    """One claim: who said it, what would make it true, its verdict, and what would turn it."""
    from underlay.claims.ledger import assess

    with session.answers() as lake:
        (row,) = assess(lake, [claim_id], prepared=lake.prepared("verdicts"))
    if as_json:
        write_json("underlay/claim/1", row.to_dict())
        return
    _show(row)


@click.command(cls=Command)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def check(session: Session, text: str, as_json: bool) -> int:
    """Check what someone says: TEXT in English, Portuguese or Chinese, one claim at a time.

    It says first what it understood. A text that isn't wholly understood is not judged; the exit
    code is then 2.
    """
    from underlay.claims.checked import check as checked

    with session.answers() as lake:
        found = checked(text, lake)
    if as_json:
        content = found.to_dict()
        write_json("underlay/check/1", content)
    else:
        _show_check(found)
    return ANSWERED if found.understood.sentence else UNANSWERED


def _summary(row: Assessed) -> str:
    judged = row.judged
    if judged is None:
        if row.claim.documented:
            return f"{row.verdict}: {row.why}"
        return f"{row.verdict}; it would need {row.claim.needs}"
    parts = [f"{row.verdict}: {judged.count}"]
    if row.verdict == "unsupported as worded":
        parts = [f"{row.verdict}: {_what_holds(row)} {judged.count}"]
        parts.append(row.claim.beyond)
    if judged.flip:
        parts.append(f"turns with {judged.flip.text}")
    return "; ".join(parts)


def _what_holds(row: Assessed) -> str:
    return {"proxy": "what is near to it", "necessary part": "the part that can be tested"}.get(
        row.claim.tests, "it"
    )


def _counted(rows: tuple[Assessed, ...]) -> list[str]:
    verdicts = list(dict.fromkeys(row.verdict for row in rows))
    return [f"{sum(row.verdict == each for row in rows)} {each}" for each in verdicts]


def _show(row: Assessed) -> None:
    from underlay.claims.understand import words_of

    claim = row.claim
    _entry(f"{claim.id}  ", claim.text)
    _lines("first", claim.first)
    for telling in claim.said:
        day = f", {telling.on}" if telling.on else ""
        _lines("said", f"{telling.who}, {telling.where}{day}: {telling.what}")
        if telling.url:
            _lines("", telling.url)
    if claim.predicate:
        _lines("predicate", words_of(claim.predicate))
        if claim.tests != "as worded":
            _lines("tests", f"{claim.tests}; beyond it: {claim.beyond}")
    why = "" if row.why == claim.needs else row.why  # that stands below
    _lines("verdict", row.verdict + (f": {why}" if why else ""))
    if row.judged:
        _show_judged(row.judged)
    if claim.documented:
        for each in claim.documented.evidence:
            _lines("evidence", f"{each.what} ({each.url}, read {each.read_on})")
    _lines("grade", row.grade)
    for label, ids in (("for", claim.published_for), ("against", claim.published_against)):
        if ids:
            _lines(label, ", ".join(_published(id_) for id_ in ids))
    if claim.needs:
        _lines("needs", claim.needs)
    _lines("review", claim.review.isoformat())


def _published(id_: str) -> str:
    from underlay.claims import published

    entry = next(each for each in published() if each.id == id_)
    return f"{id_} {entry.figure}: {entry.published} ({entry.date})"


def _show_judged(judged: Judged) -> None:
    _lines("definitions", judged.count)
    for said in judged.partial:
        _lines("", f"computed {said}")
    if judged.not_computable:
        _lines("", f"{judged.not_computable:,} further ones have no data")
    if judged.unsure:
        _lines("", f"under {judged.unsure:,}, what is of unknown parties could turn it")
    for label, (holds, of) in judged.by_reading.items():
        _lines("", f"{label}: {holds:,} of {of:,}" if of else f"{label}: no data")
    if judged.default_holds is not None:
        _lines("default", "it holds" if judged.default_holds else "it fails")
    _lines("turns with", judged.flip.text if judged.flip else "no definition turns it")
    for source in judged.sources:
        _lines("source", f"{source.title} ({source.licence}), to {source.vintage}")
        if source.conflict:
            _lines("conflict", source.conflict)


def _show_check(found: Checked) -> None:
    read = found.understood
    for piece in read.pieces:
        if piece.kind not in ("unread", "claim"):
            meaning = piece.meaning or (str(piece.day[0]) if piece.day else "")
            _lines("read", f"“{piece.text}” as {piece.kind} {meaning}".rstrip())
    if read.sentence is None:
        _lines("not understood", read.why)
        return
    _lines("understood", read.sentence)
    for note in read.notes:
        _lines("assumed", note)
    if read.claim:
        how = "the opposite of" if read.opposite else "the same as"
        if read.reading:
            how += f" one meaning (“{read.reading}”) of"
        _lines("claim", f"{how} {read.claim.id}: {read.claim.text}")
    _lines("verdict", (found.verdict or "") + (f": {found.why}" if found.why else ""))
    if found.judged:
        _show_judged(found.judged)
    _lines("grade", found.grade)
    if found.figure:
        _show_figure(found.figure)


def _show_figure(figure: Figure) -> None:
    rows = "; ".join(
        f"{' '.join(map(str, row.key.values()))} {number(row.value, figure.unit)}"
        for row in figure.rows[:_SHOWN_ROWS]
    )
    _lines("figure", f"{figure.name} by {figure.by}, {figure.unit}, as of {figure.as_of}: {rows}")
    _lines("definition", ", ".join(f"{k}={v}" for k, v in figure.definition.items()))
    _lines("caveat", figure.caveat)


def _lines(label: str, text: str) -> None:
    """A labelled paragraph within the width; what publishers wrote can't move the cursor."""
    first = label.ljust(_LABEL) if len(label) < _LABEL else f"{label} "
    _wrapped(text, first, " " * _LABEL)


def _entry(first: str, text: str) -> None:
    _wrapped(text, first, " " * _INDENT)


def _wrapped(text: str, first: str, indent: str) -> None:
    for line in textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,  # an address stays whole
    ):
        write(line)
