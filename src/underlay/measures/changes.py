"""What changed between two vintages: leaders, ranks, levels, bands, counters, lists, sources.

`compare` is pure: swapping the sides mirrors every change, and equal sides give none.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

from underlay.measures.arena import win_probability
from underlay.measures.vintages import WATCHED, Counter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.measures.definitions import Figure, Row
    from underlay.measures.vintages import Vintage, Watched

__all__ = [
    "HHI_LINES",
    "HHI_SOURCE",
    "KINDS",
    "LEAST_RATIO",
    "LEAST_SHARE",
    "TOP",
    "Change",
    "Comparison",
    "Kind",
    "NotComparable",
    "compare",
    "hhi_band",
]

Kind = Literal[
    "crossover",
    "rank",
    "level",
    "hhi_band",
    "claim",
    "revision",
    "panel",
    "new_source",
    "gone_source",
]
KINDS: tuple[Kind, ...] = (
    "crossover",
    "rank",
    "level",
    "hhi_band",
    "claim",
    "revision",
    "panel",
    "new_source",
    "gone_source",
)
TOP = 5  # ranks that are watched
# a figure without an interval is exact, so any move is one: these are the least that are told
LEAST_SHARE = 0.01
LEAST_RATIO = 1.05
HHI_SOURCE = (
    "Bands: above 1,800 highly concentrated (US Department of Justice and Federal Trade "
    "Commission, Merger Guidelines, 2023, 2.1), from 1,000 moderately (the Department's page on "
    "the HHI); 1,500 and 2,500 are the lines of the guidelines of 2010 (5.3). All are about "
    "markets in the sense of competition law, which no list here is."
)
HHI_LINES: tuple[tuple[int, int], ...] = ((1000, 2023), (1500, 2010), (1800, 2023), (2500, 2010))
_BANDS = ("not concentrated", "moderately concentrated", "highly concentrated")
# residual rows: many parties, or none, so they have no rank
_NO_PARTY = frozenset(("unknown", "several", "independent", "none", "other", "Other", "all"))
_ENTRIES = 5  # entries of a counter that a revision names


@dataclass(frozen=True)
class Change:
    """One thing that differs. `before` and `after` hold the same facts of either side.

    `size`, 0 to 1, is what changes are ordered by: points of a share, distance from an even
    chance for ratings, part of the larger value for others. `parties` of a crossover are the one
    that is above after and the one that was above before. `about` holds what has no sides.
    """

    kind: Kind
    figure: str
    by: str
    unit: str
    parties: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    before_on: str
    after_on: str
    size: float
    about: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The change as part of the JSON answer `underlay/diff/1`."""
        return {
            "kind": self.kind,
            "figure": self.figure,
            "by": self.by,
            "unit": self.unit,
            "parties": list(self.parties),
            "before": {"on": self.before_on, **self.before},
            "after": {"on": self.after_on, **self.after},
            "size": self.size,
            "about": dict(self.about),
            "definition": dict(self.definition),
            "sources": list(self.sources),
        }


@dataclass(frozen=True)
class NotComparable:
    """A figure that one side or both can't give, or whose values can't be set side by side."""

    figure: str
    before: str
    after: str

    def to_dict(self) -> dict[str, str | None]:
        """The reasons by side; None where that side has the figure."""
        return {
            "figure": self.figure,
            "before": self.before or None,
            "after": self.after or None,
        }


@dataclass(frozen=True)
class Comparison:
    """All that differs, the largest first; what is the same data; what can't be compared.

    `unchanged` maps figures to the day of the one vintage that both sides have: of those nothing
    can be said, which isn't the same as no change.
    """

    changes: tuple[Change, ...]
    compared: tuple[str, ...]
    unchanged: Mapping[str, str]
    not_comparable: tuple[NotComparable, ...]


def compare(before: Vintage, after: Vintage, *, watched: Sequence[Watched] = WATCHED) -> Comparison:
    """What differs between two vintages of the watched figures."""
    changes: list[Change] = []
    compared: list[str] = []
    unchanged: dict[str, str] = {}
    apart: list[NotComparable] = []
    for each in watched:
        old, new = before.figures.get(each.id), after.figures.get(each.id)
        if old is None or new is None:
            no = "it isn't watched on this side"
            reasons = (
                "" if found is not None else side.missing.get(each.id, no)
                for side, found in ((before, old), (after, new))
            )
            apart.append(NotComparable(each.id, *reasons))
            continue
        if old.as_of == new.as_of and old.rows == new.rows:
            unchanged[each.id] = old.as_of
            continue
        compared.append(each.id)
        sides = _Sides(each, old, new, _panel(each, before, after))
        changes += sides.changes()
        if sides.has_other_scale:
            reason = "ratings before and after a shift of the scale are never compared"
            apart.append(NotComparable(each.id, reason, reason))
        if each.tells_list:
            changes += _list_changes(sides)
    changes += _revisions(before, after)
    changes += _source_changes(before, after)
    changes += _verdict_changes(before, after)
    changes.sort(key=lambda c: (-c.size, KINDS.index(c.kind), c.figure, c.parties))
    return Comparison(tuple(changes), tuple(compared), unchanged, tuple(apart))


@dataclass(frozen=True)
class _Panel:
    """Amounts by party on either side, and how many accounts there are, in all and in both."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    totals: tuple[float, float]
    accounts: tuple[int, int]
    common: int

    def shares(self, party: str) -> tuple[float | None, float | None]:
        """The party's share on each side, of what the accounts in both have."""
        found = []
        for side in (self.before, self.after):
            total = math.fsum(side.values())
            found.append(side.get(party, 0.0) / total if total > 0 else None)
        return found[0], found[1]

    def others(self) -> tuple[float, float]:
        """On each side, the share of the accounts that are on that side alone."""
        found = []
        for side, total in zip((self.before, self.after), self.totals, strict=True):
            found.append(max(0.0, 1.0 - math.fsum(side.values()) / total) if total > 0 else 0.0)
        return found[0], found[1]


def _panel(watched: Watched, before: Vintage, after: Vintage) -> _Panel | None:
    """The figure on the accounts of both sides; None where it isn't known by account."""
    if watched.id not in before.accounts or watched.id not in after.accounts:
        return None
    cells = before.accounts[watched.id], after.accounts[watched.id]
    accounts = [{account for account, _ in side} for side in cells]
    common = accounts[0] & accounts[1]
    kept: list[dict[str, float]] = [{}, {}]
    for side, sums in zip(cells, kept, strict=True):
        for (account, party), value in sorted(side.items()):
            if account in common:
                sums[party] = sums.get(party, 0.0) + value
    return _Panel(
        kept[0],
        kept[1],
        (math.fsum(cells[0].values()), math.fsum(cells[1].values())),
        (len(accounts[0]), len(accounts[1])),
        len(common),
    )


class _Sides:
    """One figure on both sides."""

    def __init__(self, watched: Watched, old: Figure, new: Figure, panel: _Panel | None) -> None:
        self.watched = watched
        self.figures = (old, new)
        self.panel = panel
        self.rows: tuple[dict[str, Row], dict[str, Row]] = (
            _rows(watched, old),
            _rows(watched, new),
        )
        self.values: tuple[dict[str, float], dict[str, float]] = (
            _parties(self.rows[0]),
            _parties(self.rows[1]),
        )
        is_least = watched.leads == "least"
        self.ranks = (_ranks(self.values[0], is_least), _ranks(self.values[1], is_least))
        scales = [{r.more.get("scale") for r in side.values()} for side in self.rows]
        self.has_other_scale = scales[0] != scales[1] and watched.has_levels

    def changes(self) -> list[Change]:
        """Crossovers, ranks, levels and bands."""
        found: list[Change] = []
        if self.watched.leads:
            found += self._crossovers()
            found += self._moves(found)
        if self.watched.has_levels and not self.has_other_scale:
            found += self._levels()
        found += self._bands()
        return found

    def _made(
        self,
        kind: Kind,
        parties: tuple[str, ...],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        size: float,
        about: Mapping[str, Any] | None = None,
    ) -> Change:
        old, new = self.figures
        overlap = self._window_overlap()
        return Change(
            kind,
            self.watched.id,
            self.watched.by,
            new.unit,
            parties,
            before,
            after,
            old.as_of,
            new.as_of,
            size,
            {**(about or {}), **({"windows_overlap_days": overlap} if overlap else {})},
            new.definition,
            tuple(sorted({note.name for figure in self.figures for note in figure.sources})),
        )

    def _window_overlap(self) -> int:
        """Days that both counts cover."""
        days = [dt.date.fromisoformat(figure.as_of) for figure in self.figures]
        return max(0, self.watched.window_days - abs((days[1] - days[0]).days))

    def _top(self) -> list[str]:
        """Parties that stand among the first on either side."""
        return sorted({p for side in self.ranks for p, rank in side.items() if rank <= TOP})

    def _leaders(self) -> tuple[str | None, str | None]:
        """The one party in front on each side; None where several are level."""
        found: list[str | None] = []
        for side in self.ranks:
            first = [party for party, rank in side.items() if rank == 1]
            found.append(first[0] if len(first) == 1 else None)
        return found[0], found[1]

    def _crossovers(self) -> list[Change]:
        old_leader, new_leader = self._leaders()
        found = []
        for p, q in combinations(self._top(), 2):
            above, below = (p, q) if self._is_above(p, q, 1) else (q, p)
            if not (self._is_above(above, below, 1) and self._is_above(below, above, 0)):
                continue
            is_lead = (above, below) == (new_leader, old_leader)
            found.append(self._crossed(above, below, is_lead=is_lead))
        told = any(change.about["is_lead"] for change in found)
        if not told and old_leader and new_leader and old_leader != new_leader:
            found.append(self._crossed(new_leader, old_leader, is_lead=True))
        return found

    def _is_above(self, p: str, q: str, side: int) -> bool:
        ranks = self.ranks[side]
        return p in ranks and q in ranks and ranks[p] < ranks[q]

    def _crossed(self, above: str, below: str, *, is_lead: bool) -> Change:
        size, is_sure = 0.0, True
        for rows in self.rows:
            first, second = rows.get(above), rows.get(below)
            if first is not None and second is not None:
                size = max(size, self._distance(first.value, second.value))
                is_sure &= _are_apart(first, second)
            else:
                is_sure = False
        if size == 0.0:  # one of the two is on one side only
            size = max(self._part(rows.get(p)) for rows in self.rows for p in (above, below))
        about: dict[str, Any] = {"is_lead": is_lead, "is_beyond_intervals": is_sure}
        sides: list[dict[str, Any]] = [
            {
                "values": {p: rows[p].value if p in rows else None for p in (above, below)},
                "intervals": {
                    p: [rows[p].lower, rows[p].upper] for p in (above, below) if p in rows
                },
            }
            for rows in self.rows
        ]
        for side, shares in zip(sides, self._on_panel((above, below)), strict=False):
            side["on_panel"] = shares
        if "on_panel" in sides[0]:
            leads = [_lead(side["on_panel"], above, below) for side in sides]
            about["holds_on_panel"] = None if None in leads else leads == [-1, 1]
        return self._made("crossover", (above, below), sides[0], sides[1], size, about)

    def _part(self, row: Row | None) -> float:
        """How much a party is that the other side doesn't have."""
        if row is None or row.value is None or self.figures[1].unit != "share":
            return 0.0
        return row.value

    def _distance(self, a: float | None, b: float | None) -> float:
        """How far apart two values of this figure's unit are, 0 to 1."""
        return 0.0 if a is None or b is None else _distance(self.figures[1].unit, a, b)

    def _on_panel(self, parties: Sequence[str]) -> list[dict[str, float | None]]:
        """Shares by side on the accounts of both sides; empty where those are all there are."""
        panel = self.panel
        if panel is None or panel.accounts == (panel.common, panel.common):
            return []
        shares = {party: panel.shares(party) for party in parties}
        return [{party: both[i] for party, both in shares.items()} for i in (0, 1)]

    def _moves(self, crossovers: Sequence[Change]) -> list[Change]:
        moved = [p for p in self._top() if self.ranks[0].get(p) != self.ranks[1].get(p)]
        if not moved:
            return []
        # the one that is now highest first; who has left the list, last
        moved.sort(key=lambda p: (self.ranks[1].get(p, math.inf), self.ranks[0].get(p, 0), p))
        new = [p for p in moved if p not in self.ranks[0] or p not in self.ranks[1]]
        sizes = [change.size for change in crossovers]
        sizes += [self._part(rows.get(p)) for rows in self.rows for p in new]
        sides = [
            {"ranks": {p: ranks.get(p) for p in moved}, "values": {p: v.get(p) for p in moved}}
            for ranks, v in zip(self.ranks, self.values, strict=True)
        ]
        is_sure = any(change.about["is_beyond_intervals"] for change in crossovers)
        about = {"is_beyond_intervals": is_sure}
        size = max(sizes, default=0.0)
        return [self._made("rank", tuple(sorted(moved)), sides[0], sides[1], size, about)]

    def _levels(self) -> list[Change]:
        unit = self.figures[1].unit
        parties = self._top() if self.watched.leads else sorted({*self.rows[0], *self.rows[1]})
        found = []
        for party in dict.fromkeys([*parties, "unknown"]):
            old, new = (rows.get(party) for rows in self.rows)
            if old is None or new is None or not _has_moved(unit, old, new):
                continue
            sides: list[dict[str, Any]] = [
                {"value": row.value, "lower": row.lower, "upper": row.upper} for row in (old, new)
            ]
            for row, side in zip((old, new), sides, strict=True):
                if "without_largest" in row.more:
                    side["without_largest"] = row.more["without_largest"]
            about: dict[str, Any] = {}
            for side, shares in zip(sides, self._on_panel((party,)), strict=False):
                side["on_panel"] = shares[party]
            if "on_panel" in sides[0]:
                about["holds_on_panel"] = _same_way(sides)
            size = self._distance(old.value, new.value)
            found.append(self._made("level", (party,), sides[0], sides[1], size, about))
        return found

    def _bands(self) -> list[Change]:
        if self.watched.measure != "concentration":
            return []
        old, new = (figure.row("HHI") for figure in self.figures)
        if old is None or new is None or old.value is None or new.value is None:
            return []
        crossed = [
            {"line": line, "guidelines": year, "is_within_bounds": _clears(line, old, new)}
            for line, year in HHI_LINES
            if _is_over(old.value, line) != _is_over(new.value, line)
        ]
        if not crossed:
            return []
        sides = [
            {
                "value": row.value,
                "lower": row.lower,
                "upper": row.upper,
                "band": hhi_band(_value(row)),
                "largest": row.more.get("largest"),
            }
            for row in (old, new)
        ]
        size = abs(new.value - old.value) / 10_000
        return [self._made("hhi_band", ("HHI",), sides[0], sides[1], size, {"lines": crossed})]


def _lead(values: Mapping[str, float | None], p: str, q: str) -> int | None:
    """1 where p is above q, -1 where it is below, 0 where they are level; None if not known."""
    first, second = values[p], values[q]
    return None if first is None or second is None else (first > second) - (first < second)


def _same_way(sides: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether the panel's value moved in the direction of the value."""
    old, new = (side["on_panel"] for side in sides)
    if old is None or new is None:
        return None
    return bool((new - old) * (sides[1]["value"] - sides[0]["value"]) > 0)


def hhi_band(hhi: float) -> str:
    """The band of an HHI (0 to 10,000) in the US guidelines of 2023."""
    return _BANDS[sum(_is_over(hhi, line) for line, year in HHI_LINES if year == 2023)]


def _is_over(hhi: float, line: int) -> bool:
    """Whether an HHI is past a line; "between" includes both ends, "greater than" does not."""
    return hhi >= line if line in (1000, 1500) else hhi > line


def _clears(line: int, old: Row, new: Row) -> bool:
    """Whether all that the bounds allow lies on one side of the line before, the other after."""
    ends = [
        {_is_over(end, line) for end in (row.lower, row.value, row.upper) if end is not None}
        for row in (old, new)
    ]
    return all(len(each) == 1 for each in ends) and ends[0] != ends[1]


def _rows(watched: Watched, figure: Figure) -> dict[str, Row]:
    """Rows with a value by party, the first where there are several."""
    found: dict[str, Row] = {}
    for row in figure.rows:
        if row.value is not None and watched.by in row.key:
            found.setdefault(str(row.key[watched.by]), row)
    return found


def _parties(rows: Mapping[str, Row]) -> dict[str, float]:
    return {name: _value(row) for name, row in rows.items() if name not in _NO_PARTY}


def _value(row: Row) -> float:
    return row.value if row.value is not None else math.nan


def _ranks(values: Mapping[str, float], is_least: bool) -> dict[str, int]:
    """Competition ranks: parties that are level share the better one."""
    sign = 1.0 if is_least else -1.0
    ordered = sorted(sign * value for value in values.values())
    first: dict[float, int] = {}
    for place, value in enumerate(ordered, start=1):
        first.setdefault(value, place)
    return {name: first[sign * value] for name, value in values.items()}


def _distance(unit: str, a: float, b: float) -> float:
    if unit == "share":
        return abs(a - b)
    if unit == "Elo points":
        return 2.0 * win_probability(abs(a - b)) - 1.0
    low, high = sorted((abs(a), abs(b)))
    if high == 0.0:
        return 0.0
    return 1.0 - low / high if a * b >= 0 else 1.0


def _has_width(row: Row) -> bool:
    return row.lower != row.upper


def _has_moved(unit: str, old: Row, new: Row) -> bool:
    """Whether each value is outside the other's interval; without one, whether it moved enough."""
    a, b = _value(old), _value(new)
    if _has_width(old) or _has_width(new):
        return _is_outside(b, old) and _is_outside(a, new)
    if unit == "share":
        return abs(a - b) >= LEAST_SHARE
    if min(a, b) <= 0:
        return a != b
    return max(a, b) / min(a, b) >= LEAST_RATIO


def _is_outside(value: float, row: Row) -> bool:
    if not _has_width(row):
        return value != row.value
    below = row.lower is not None and value < row.lower
    return below or (row.upper is not None and value > row.upper)


def _are_apart(first: Row, second: Row) -> bool:
    """Whether the intervals of two parties don't meet; exact values never do unless equal."""
    if not _has_width(first) and not _has_width(second):
        return first.value != second.value
    low, high = sorted((first, second), key=_value)
    upper = low.upper if _has_width(low) else low.value
    lower = high.lower if _has_width(high) else high.value
    return upper is not None and lower is not None and upper < lower


def _list_changes(sides: _Sides) -> list[Change]:
    """That a list counts other accounts or models than before."""
    panel = sides.panel
    if panel is None:
        return []
    models = [int(figure.coverage.get("rows") or 0) for figure in sides.figures]
    others = panel.others()
    has_grown = min(models) > 0 and max(models) / min(models) >= LEAST_RATIO
    if max(others) < LEAST_SHARE and not has_grown:
        return []
    kept = (math.fsum(panel.before.values()), math.fsum(panel.after.values()))
    before, after = (
        {
            "models": models[i],
            "accounts": panel.accounts[i],
            "downloads": panel.totals[i],
            "downloads_on_panel": kept[i],
            "accounts_only_here": panel.accounts[i] - panel.common,
            "share_of_those": others[i],
        }
        for i in (0, 1)
    )
    about = {"accounts_in_both": panel.common}
    return [sides._made("panel", (), before, after, max(others), about)]


def _revisions(before: Vintage, after: Vintage) -> list[Change]:
    """Counters that shrank with time, or that say something else of the same day."""
    lists = sorted({key[:3] for side in (before, after) for key in side.counters})
    found: list[Change] = []
    for name in lists:
        old, new = (
            {key.name: count for key, count in sorted(side.counters.items()) if key[:3] == name}
            for side in (before, after)
        )
        shared = sorted(old.keys() & new.keys())
        steps = _shrunk(old, new, shared) | _steps(name, before, after, old, new)
        restated = {n: (old[n], new[n]) for n in shared if old[n].on == new[n].on}
        restated = {n: pair for n, pair in restated.items() if pair[0].value != pair[1].value}
        if steps:
            found.append(_revised("shrank", name, old, new, steps))
        if restated:
            found.append(_revised("restated", name, old, new, restated))
    return found


_Pairs = dict[str, tuple[Counter, Counter]]


def _shrunk(
    old: Mapping[str, Counter], new: Mapping[str, Counter], shared: Sequence[str]
) -> _Pairs:
    """Entries whose count on the later day is below that on the earlier one, in order of days."""
    found: _Pairs = {}
    for name in shared:
        first, last = sorted((old[name], new[name]), key=lambda counter: counter.on)
        if first.on < last.on and last.value < first.value:
            found[name] = (first, last)
    return found


def _steps(
    name: tuple[str, str, str],
    before: Vintage,
    after: Vintage,
    old: Mapping[str, Counter],
    new: Mapping[str, Counter],
) -> _Pairs:
    """Steps down between the days of the two sides, the largest of each entry.

    A side that has nothing of the counter is the earlier one: all steps are news to it.
    """
    ends = [max((counter.on for counter in side.values()), default=None) for side in (old, new)]
    is_reversed = ends[1] is None or (ends[0] is not None and ends[0] > ends[1])
    first, last = reversed(ends) if is_reversed else ends
    found: _Pairs = {}
    for fall in (before if is_reversed else after).falls:
        is_between = last is not None and fall.after.on <= last
        is_between &= first is None or first < fall.after.on
        if fall.key[:3] != name or not is_between:
            continue
        known = found.get(fall.key.name)
        if known is None or _fall(known) < fall.before.value - fall.after.value:
            found[fall.key.name] = (fall.before, fall.after)
    return found


def _fall(pair: tuple[Counter, Counter]) -> float:
    return pair[0].value - pair[1].value


def _revised(
    how: Literal["shrank", "restated"],
    name: tuple[str, str, str],
    old: Mapping[str, Counter],
    new: Mapping[str, Counter],
    pairs: _Pairs,
) -> Change:
    source, listing, metric = name
    order = sorted(pairs, key=lambda entry: (-abs(_fall(pairs[entry])), entry))
    amount = math.fsum(abs(_fall(pair)) for pair in pairs.values())
    totals = [math.fsum(counter.value for counter in side.values()) for side in (old, new)]
    about: dict[str, Any] = {
        "how": how,
        "source": source,
        "listing": listing,
        "metric": metric,
        "entries": len(pairs),
        "of": max(len(old), len(new)),
        "amount": amount,
    }
    before: dict[str, Any] = {"total": totals[0] if old else None}
    after: dict[str, Any] = {"total": totals[1] if new else None}
    if how == "restated":  # same day, so the two numbers belong to the sides
        before["largest"] = {entry: pairs[entry][0].value for entry in order[:_ENTRIES]}
        after["largest"] = {entry: pairs[entry][1].value for entry in order[:_ENTRIES]}
    else:  # in order of days, whichever side was named first
        about["largest"] = [
            {
                "name": entry,
                "from": pairs[entry][0].on.isoformat(),
                "was": pairs[entry][0].value,
                "to": pairs[entry][1].on.isoformat(),
                "is": pairs[entry][1].value,
            }
            for entry in order[:_ENTRIES]
        ]
    return Change(
        "revision",
        f"{source}: {metric} of {listing}",
        "",
        metric,
        (),
        before,
        after,
        _last_day(old),
        _last_day(new),
        min(1.0, amount / max(totals)) if max(totals) > 0 else 0.0,
        about,
        sources=(source,),
    )


def _last_day(counters: Mapping[str, Counter]) -> str:
    return max((counter.on.isoformat() for counter in counters.values()), default="")


def _source_changes(before: Vintage, after: Vintage) -> list[Change]:
    """Sources with data on one side only; the size is their part of that side's figures."""
    found = []
    kinds: tuple[tuple[Kind, Vintage, Vintage], ...] = (
        ("new_source", after, before),
        ("gone_source", before, after),
    )
    for kind, has, lacks in kinds:
        for name in sorted(has.sources.keys() - lacks.sources.keys()):
            resting = sorted(
                figure.name
                for figure in has.figures.values()
                if name in {source.name for source in figure.sources}
            )
            about = {"title": has.sources[name], "figures": sorted(set(resting))}
            size = len(resting) / len(has.figures) if has.figures else 0.0
            found.append(Change(kind, name, "", "", (), {}, {}, "", "", size, about))
    return found


def _verdict_changes(before: Vintage, after: Vintage) -> list[Change]:
    """Claims that the ledger judges otherwise now."""
    found = []
    for claim in sorted(before.verdicts.keys() & after.verdicts.keys()):
        old, new = before.verdicts[claim], after.verdicts[claim]
        if old.verdict == new.verdict:
            continue
        parts = [
            side.holds / side.of if side.holds is not None and side.of else None
            for side in (old, new)
        ]
        known = [part for part in parts if part is not None]
        # a claim that could not be judged has no distance
        size = abs(known[0] - known[1]) if len(known) == 2 else 0.0
        sides = [
            {"verdict": side.verdict, "holds": side.holds, "of": side.of} for side in (old, new)
        ]
        about = {"text": new.text}
        found.append(
            Change("claim", claim, "", "", (), sides[0], sides[1], before.label, after.label,
                   size, about)
        )  # fmt: skip
    return found
