"""`underlay diff`: what changed between two days, or between two lakes."""

from __future__ import annotations

import datetime as dt
import textwrap
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.figures import number
from underlay.cli.output import ANSWERED, FOUND, plain, write, write_json
from underlay.cli.session import Command, Session
from underlay.errors import BadValueError, NoDataError, NotComputableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.api import OpenLake
    from underlay.measures.changes import Change, Comparison
    from underlay.measures.definitions import Figure, SourceNote
    from underlay.measures.multiverse import Multiverse
    from underlay.measures.vintages import Verdict, Vintage, Watched

__all__ = ["ONLY", "WIDTH", "Names", "diff", "sentence", "verdicts_of"]

WIDTH = 98
_LABELS = {
    "crossover": "crossover",
    "rank": "rank",
    "level": "level",
    "hhi_band": "HHI band",
    "claim": "claim",
    "revision": "revision",
    "panel": "panel",
    "new_source": "new source",
    "gone_source": "gone",
}
ONLY = (*_LABELS, "unchanged")
_INDENT = 11
_SHOWN = 30
_BY_COUNTRY = ("country", "owner_country", "maker_country")
_BY_MAKER = ("maker", "foundry", "submitter")


@click.command(cls=Command)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--only", type=click.Choice(ONLY), help="One kind of change.")
@click.option("--limit", type=click.IntRange(1), default=_SHOWN, help="Changes shown; JSON: all.")
@click.option("--claims", "with_claims", is_flag=True, help="Judge the ledger's claims too: slow.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def diff(
    session: Session,
    before: str,
    after: str,
    only: str | None,
    limit: int,
    with_claims: bool,
    as_json: bool,
) -> int:
    """What changed from A to B, the largest first.

    A and B are days (ISO 8601: your lake with the data up to then) or folders of lakes or
    bundles; write `./NAME` for a folder whose name is a day. A fixed list of figures is compared;
    the JSON names it. Where both sides rest on the same data, nothing can have changed, and that
    is said instead. The exit code is 1 when a change was found.
    """
    from underlay.measures import vintages
    from underlay.measures.changes import compare

    if with_claims and only not in (None, "claim"):
        raise BadValueError("--only", only, "`claim`, or leave out `--claims`")
    watched = vintages.WATCHED if only != "claim" else ()
    with_claims = with_claims or only == "claim"
    with ExitStack() as stack:
        sides = (_Side.of(before, "A"), _Side.of(after, "B"))
        lakes = _opened(session, sides, stack)
        old, new = _vintages(session, sides, lakes, watched, with_claims=with_claims)
        names = Names.of(lakes)
    found = compare(old, new, watched=watched)
    changes = [change for change in found.changes if only in (None, change.kind)]
    sources = _sources((old, new))
    if as_json:
        write_json("underlay/diff/1", _content(sides, watched, found, changes, names, sources))
    else:
        _show(sides, found, changes, names, sources, only, limit)
        if only is None:
            judged = len(old.verdicts.keys() & new.verdicts.keys())
            told = f"{judged} were judged" if with_claims else "not judged; `--claims` judges them"
            _lines("claims", told)
    return FOUND if changes else ANSWERED


@dataclass(frozen=True)
class _Side:
    """One side as asked: a day of the session's lake, or a folder."""

    asked: str
    day: dt.date | None
    folder: Path | None

    @classmethod
    def of(cls, text: str, which: str) -> _Side:
        """Read an argument; raises `BadValueError` for what is neither a day nor a folder."""
        try:
            return cls(text, dt.date.fromisoformat(text), None)
        except ValueError:
            pass
        if Path(text).is_dir():
            return cls(text, None, Path(text))
        raise BadValueError(which, text, "a day such as 2026-06-09, or the folder of a lake")


def _opened(session: Session, sides: Sequence[_Side], stack: ExitStack) -> list[OpenLake]:
    """The lake of each side: the session's for days, once; a folder's own, nothing below it."""
    from underlay.api import OpenLake
    from underlay.lake import Lake

    own: OpenLake | None = None
    found = []
    for side in sides:
        if side.folder is not None:
            lake = OpenLake(Lake(side.folder), session.settings())
            stack.callback(lake.close)
        else:
            lake = own = own or stack.enter_context(session.answers())
        if "core__source" not in lake.lake.tables():
            place = str(side.folder or lake.lake.root)
            needed = f"an atlas: `underlay --lake {place} atlas build`"
            raise NotComputableError("diff", f"the lake at {place} has no core tables", needed)
        found.append(lake)
    return found


def _vintages(
    session: Session,
    sides: Sequence[_Side],
    lakes: Sequence[OpenLake],
    watched: Sequence[Watched],
    *,
    with_claims: bool,
) -> tuple[Vintage, Vintage]:
    """Both sides' figures; of two days of one lake the later first, which saves work."""
    from underlay.measures.vintages import read_vintage

    is_one = lakes[0] is lakes[1]
    order = [0, 1]
    if is_one and (sides[0].day or dt.date.min) < (sides[1].day or dt.date.min):
        order = [1, 0]
    found: dict[int, Vintage] = {}
    for place in order:
        side, lake = sides[place], lakes[place]
        session.progress(f"computing {len(watched)} figures of {side.asked}")
        later = found.get(order[0]) if is_one else None
        vintage = read_vintage(lake.engine, side.day, side.asked, watched=watched, later=later)
        if watched and not vintage.figures:
            raise NoDataError("diff", side.asked, _days(lake))
        if with_claims:
            session.progress(f"judging claims of {side.asked}")
            vintage = replace(vintage, verdicts=verdicts_of(lake, side.day))
        found[place] = vintage
    return found[0], found[1]


def _days(lake: OpenLake) -> str:
    """The days for which a lake has any data, for a hint."""
    rows = lake.sources()
    first = [row["first_observed_on"] for row in rows if row["first_observed_on"] is not None]
    last = [row["last_observed_on"] for row in rows if row["last_observed_on"] is not None]
    return f"days from {min(first):%Y-%m-%d} to {max(last):%Y-%m-%d}" if first and last else ""


@dataclass(frozen=True)
class _UpTo:
    """A lake that knows nothing after a day; what the ledger asks for an earlier day stays so."""

    lake: OpenLake
    day: dt.date | None

    def figure(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | None = None,
    ) -> Figure:
        """As `OpenLake.figure`."""
        return self.lake.figure(name, by=by, where=where, as_of=self._earlier(as_of))

    def multiverse(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | None = None,
    ) -> Multiverse:
        """As `OpenLake.multiverse`."""
        return self.lake.multiverse(name, by=by, where=where, as_of=self._earlier(as_of))

    def _earlier(self, as_of: dt.date | None) -> dt.date | None:
        return min((day for day in (self.day, as_of) if day is not None), default=None)


def verdicts_of(lake: OpenLake, day: dt.date | None) -> Mapping[str, Verdict]:
    """What the claims ledger says with the data up to that day, by claim."""
    from underlay.claims.ledger import assess
    from underlay.measures.vintages import Verdict

    return {
        each.claim.id: Verdict(
            each.claim.id,
            each.claim.text,
            each.verdict,
            each.judged.holds if each.judged else None,
            each.judged.of if each.judged else None,
        )
        for each in assess(_UpTo(lake, day))
    }


def _sources(vintages: Iterable[Vintage]) -> dict[str, SourceNote]:
    return {
        note.name: note
        for vintage in vintages
        for figure in vintage.figures.values()
        for note in figure.sources
    }


# ------------------------------------------------------------------------------------------ words


@dataclass(frozen=True)
class Names:
    """Names for sentences, by id."""

    makers: Mapping[str, str]
    families: Mapping[str, str]

    @classmethod
    def of(cls, lakes: Iterable[OpenLake]) -> Names:
        """From all the lakes; the last one's where two differ."""
        found: dict[str, dict[str, str]] = {"organisation": {}, "family": {}}
        for lake in lakes:
            for kind, names in found.items():
                table = lake.engine.tables[f"core__{kind}"].select(f"{kind}_id", "name")
                for row in lake.engine.run(table).rows():
                    names[row[f"{kind}_id"]] = row["name"]
        return cls(found["organisation"], found["family"])

    def party(self, by: str, key: str) -> str:
        """A party of a figure that is told apart `by` that facet."""
        if by in _BY_COUNTRY:
            from underlay.report.words import country

            return country(key)
        if by in _BY_MAKER:
            return self.makers.get(key, key)
        return self.families.get(key, key) if by == "family" else key


def sentence(change: Change, names: Names) -> str:
    """One sentence: the figure's definition, the values, and both days."""
    made = {
        "crossover": _crossover,
        "rank": _rank,
        "level": _level,
        "hhi_band": _band,
        "claim": _claim,
        "revision": _revision,
        "panel": _panel,
        "new_source": _source,
        "gone_source": _source,
    }
    return plain(made[change.kind](change, names) + _windows(change))


def _windows(change: Change) -> str:
    days = change.about.get("windows_overlap_days")
    return f"; the two windows share {days} days, so the change is understated" if days else ""


def _of_panel(change: Change) -> str:
    """What the accounts that both sides count say."""
    holds = change.about.get("holds_on_panel")
    if holds is None:
        return ""
    if change.kind == "crossover":
        return f"; {'also' if holds else 'not'} on the accounts in both"
    then, now = (_share(side["on_panel"]) for side in (change.before, change.after))
    return f"; on the accounts in both {then} and {now}"


def _share(value: float | None) -> str:
    return number(value, "share")


def _crossover(change: Change, names: Names) -> str:
    first, second = change.parties
    above, below = (names.party(change.by, party) for party in change.parties)
    verb = "leads instead of" if change.about["is_lead"] else "is above"
    values = [
        " to ".join(_or_absent(side["values"][p], change.unit) for p in (first, second))
        for side in (change.after, change.before)
    ]
    told = (
        f"{change.figure}: {above} {verb} {below}, {values[0]} on {change.after_on}; "
        f"{values[1]} on {change.before_on}"
    )
    is_absent = None in (*change.before["values"].values(), *change.after["values"].values())
    if not change.about["is_beyond_intervals"] and not is_absent:
        told += "; their intervals overlap on one day or both"
    return told + _of_panel(change)


def _or_absent(value: float | None, unit: str) -> str:
    return "not listed" if value is None else _value(value, unit)


def _value(value: float | None, unit: str) -> str:
    return f"${value:,.3f}" if value is not None and unit.startswith("USD") else number(value, unit)


def _rank(change: Change, names: Names) -> str:
    moves = []
    for party, rank in change.after["ranks"].items():
        was, name = change.before["ranks"][party], names.party(change.by, party)
        if was is None:
            moves.append(f"{name} new at {rank}")
        else:
            moves.append(f"{name} {was} to {rank}" if rank else f"{name} {was} to not listed")
    told = f"{change.figure}: of the first 5, {', '.join(moves)}"
    sure = "" if change.about["is_beyond_intervals"] else "; all within the intervals"
    return f"{told}; {change.before_on} and {change.after_on}{sure}"


def _level(change: Change, names: Names) -> str:
    (party,) = change.parties
    sides = [
        f"{_value(side['value'], change.unit)}{_interval(side, change.unit)}"
        for side in (change.before, change.after)
    ]
    told = (
        f"{change.figure}: {names.party(change.by, party)} {sides[0]} on {change.before_on}, "
        f"{sides[1]} on {change.after_on}"
    )
    if "without_largest" in change.before and "without_largest" in change.after:
        then, now = (_share(s["without_largest"]) for s in (change.before, change.after))
        told += f"; without the largest model of each {then} and {now}"
    return told + _of_panel(change)


def _interval(side: Mapping[str, Any], unit: str) -> str:
    if side["lower"] is None or side["lower"] == side["upper"]:
        return ""
    return f" [{_value(side['lower'], unit)} to {_value(side['upper'], unit)}]"


def _band(change: Change, _: Names) -> str:
    sides = [f"{side['value']:,.0f} ({side['band']})" for side in (change.before, change.after)]
    lines = ", ".join(
        f"{line['line']:,} of {line['guidelines']}"
        + ("" if line["is_within_bounds"] else " (not under both bounds)")
        for line in change.about["lines"]
    )
    return (
        f"{change.figure}: HHI {sides[0]} on {change.before_on}, {sides[1]} on {change.after_on}; "
        f"crosses {lines}"
    )


def _claim(change: Change, _: Names) -> str:
    sides = [
        side["verdict"] + (f" ({side['holds']:,} of {side['of']:,})" if side["of"] else "")
        for side in (change.before, change.after)
    ]
    return (
        f"{change.figure} “{change.about['text']}”: {sides[0]} with {change.before_on}, "
        f"{sides[1]} with {change.after_on}"
    )


def _revision(change: Change, _: Names) -> str:
    about = change.about
    told = f"{change.figure}: {about['entries']:,} of {about['of']:,} entries "
    if about["how"] == "restated":
        name, was = next(iter(change.before["largest"].items()))
        now = change.after["largest"][name]
        return (
            f"{told}have another count for the same day, {number(about['amount'], '')} apart in "
            f"all; most {name}, {was:,.0f} and {now:,.0f} on {change.after_on}"
        )
    first = about["largest"][0]
    return (
        f"{told}shrank, by {number(about['amount'], '')} in all; most {first['name']}, "
        f"{first['was']:,.0f} on {first['from']} to {first['is']:,.0f} on {first['to']}"
    )


def _panel(change: Change, _: Names) -> str:
    old, new = change.before, change.after

    def both(name: str, unit: str = "") -> str:
        return f"{number(old[name], unit)} and {number(new[name], unit)}"

    return (
        f"{change.figure}: the list counts {old['models']:,} models of {old['accounts']:,} "
        f"accounts on {change.before_on}, {new['models']:,} of {new['accounts']:,} on "
        f"{change.after_on}; its downloads {both('downloads')}, on the "
        f"{change.about['accounts_in_both']:,} accounts in both {both('downloads_on_panel')}; "
        f"the others have {both('share_of_those', 'share')}"
    )


def _source(change: Change, _: Names) -> str:
    side = "A has none" if change.kind == "new_source" else "B has none"
    figures = ", ".join(change.about["figures"]) or "no figure here"
    return f"{change.about['title']} (`{change.figure}`): data that {side} of; for {figures}"


# ----------------------------------------------------------------------------------------- answer


def _content(
    sides: Sequence[_Side],
    watched: Sequence[Watched],
    found: Comparison,
    changes: Sequence[Change],
    names: Names,
    sources: Mapping[str, SourceNote],
) -> dict[str, Any]:
    from underlay.measures import measure
    from underlay.measures.changes import HHI_SOURCE

    asked = [
        {"asked": side.asked, "is": "day" if side.folder is None else "lake"} for side in sides
    ]
    return {
        "before": asked[0],
        "after": asked[1],
        "changes": [
            {"sentence": sentence(change, names), **change.to_dict()} for change in changes
        ],
        "compared": list(found.compared),
        "unchanged": [{"figure": name, "as_of": day} for name, day in found.unchanged.items()],
        "not_comparable": [each.to_dict() for each in found.not_comparable],
        "watched": [
            {"figure": each.id, "name": each.measure, "by": each.by, "where": dict(each.where)}
            for each in watched
        ],
        "sources": [asdict(sources[name]) for name in sorted(sources)],
        "caveats": {
            each.measure: measure(each.measure).caveat
            for each in watched
            if each.id in found.compared
        },
        "hhi_lines": HHI_SOURCE,
    }


def _show(
    sides: Sequence[_Side],
    found: Comparison,
    changes: Sequence[Change],
    names: Names,
    sources: Mapping[str, SourceNote],
    only: str | None,
    limit: int,
) -> None:
    a, b = (side.asked for side in sides)
    kind = f" of kind `{only}`" if only not in (None, "unchanged") else ""
    if only != "unchanged":
        several = "" if len(found.compared) == 1 else "s"
        place = f" in {len(found.compared)} figure{several}" if only != "claim" else ""
        counted = f"{len(changes):,} change{'' if len(changes) == 1 else 's'}{kind}"
        _lines("", f"{plain(a)} and {plain(b)}: {counted}{place}{_kinds(changes)}")
        for change in changes[:limit]:
            _lines(_LABELS[change.kind], sentence(change, names))
        if len(changes) > limit:
            write(f"and {len(changes) - limit:,} more changes; `--limit` shows them")
    if found.unchanged and only in (None, "unchanged"):
        _lines("unchanged", "the same data on both sides, so nothing to compare:")
        for day in sorted(set(found.unchanged.values())):
            same = _listed(name for name, on in found.unchanged.items() if on == day)
            _lines(" ", f"{day}: {same}")
    if only is None:
        _show_rest(sides, found, changes[:limit], sources)


def _show_rest(
    sides: Sequence[_Side],
    found: Comparison,
    shown: Sequence[Change],
    sources: Mapping[str, SourceNote],
) -> None:
    for where, lacks in (
        (sides[0].asked, [e.figure for e in found.not_comparable if e.before and not e.after]),
        (sides[1].asked, [e.figure for e in found.not_comparable if e.after and not e.before]),
        ("both", [e.figure for e in found.not_comparable if e.before and e.after]),
    ):
        if lacks:
            _lines("left out", f"for {where} (the JSON says why): {_listed(lacks)}")
    for name in sorted({name for change in shown for name in change.sources}):
        note = sources[name]
        conflict = f"; conflict: {note.conflict}" if note.conflict else ""
        _lines("source", f"{note.title} ({note.licence}){conflict}")
    if any(change.kind == "hhi_band" for change in shown):
        from underlay.measures.changes import HHI_SOURCE

        _lines("note", HHI_SOURCE)
    if shown:
        _lines(
            "note", "facets that aren't named are at their default; the JSON has them, and caveats"
        )


def _kinds(changes: Sequence[Change]) -> str:
    """How many there are of each kind, where there are several kinds."""
    counts = {
        label: sum(change.kind == kind for change in changes) for kind, label in _LABELS.items()
    }
    told = [f"{count} {label}" for label, count in counts.items() if count]
    return f" ({', '.join(told)})" if len(told) > 1 else ""


def _listed(figures: Iterable[str]) -> str:
    """Figures in one line; those of one measure and facet share its name."""
    found: dict[str, list[str]] = {}
    for figure in figures:
        name, _, facets = figure.partition(", ")
        found.setdefault(name, []).append(facets)
    return "; ".join(
        name + (f" ({' | '.join(facets or 'default' for facets in each)})" if any(each) else "")
        for name, each in found.items()
    )


def _lines(label: str, text: str) -> None:
    """A labelled line, wrapped under itself."""
    for line in textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=label.ljust(_INDENT) if label else "",
        subsequent_indent=" " * _INDENT,
        break_on_hyphens=False,
    ):
        write(line)
