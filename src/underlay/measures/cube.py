"""Sums of a measure's rows under many definitions: arrays in, arrays out.

The relation is read once. Each row carries one bit for each option that keeps it, so a definition
is a mask of bits, and the sums under thousands of masks are one product of matrices. Filters,
amounts, editions and rules for outliers mean what they mean in `evaluate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError, NotComputableError
from underlay.measures.definitions import EACH
from underlay.measures.evaluate import labelled, labels_of, listed_relation, vintage_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

    from underlay.lake.engine import Engine, Result
    from underlay.measures.definitions import Choice, Measure, Option, Query, Reshape

__all__ = ["Cube", "cube", "ranked", "rounded"]

_CELLS = 40_000_000  # values (definitions times parties) that are held
_CHUNK = 4_000_000  # cells of a temporary array
_BITS, _NARROW_BITS = 62, 31
_TABLE = 1 << 22  # integers of a smaller span are looked up in a table
_DIGITS = 12  # that count: the last ones of a sum of floats depend on the order of the rows


@dataclass(frozen=True)
class Cube:
    """Values (definitions, parties) of parties in the order of their names, and the newest day."""

    parties: tuple[str, ...]
    values: Any
    newest: str


def cube(measure: Measure, engine: Engine, query: Query, varied: Sequence[str], codes: Any) -> Cube:
    """Values of a measure that sums rows, under every definition of `codes`.

    `codes` (definitions, choices) are places among the options of the choices named by `varied`,
    which `query` leaves open. A value is NaN where a party can't have one: no row of it is left by
    the options of lists and of denominators, or no row at all by all options. Raises `NoDataError`
    where that holds for all, and `NotComputableError` where the answer would be too large.
    """
    return _Cube(measure, engine, query).values(varied, codes)


class _Mask:
    """What the options of a measure ask of a row, as bits: which rows count under a definition."""

    def __init__(self, measure: Measure, query: Query, names: Sequence[str]) -> None:
        self.keeps: list[Any] = []
        self.amounts = ["value"]
        self.reshapes: list[Reshape | None] = [None]
        self.varied: list[tuple[Choice, Any]] = []
        self.list_bits, self.base_bits = 0, 0
        self.held = self._of_splits(measure, query)
        for choice in measure.choices:
            if choice.name in names:
                self.varied.append((choice, [self._of(choice, o) for o in choice.options]))
            elif query.definition.options[choice.name] != EACH:
                option = choice.option(query.definition.options[choice.name])
                # a held choice of lists has been applied to the relation already
                self.held = _joined(self.held, self._of(choice, option, is_applied=True))

    def _of_splits(self, measure: Measure, query: Query) -> tuple[int, int, int, int]:
        """Bits of values that splits are kept to; those of lists are applied already."""
        bits = 0
        for name, value in query.definition.kept.items():
            split = measure.split(name)
            if split.role != "list":
                bits |= self._bit(lambda t, c=split.column, v=value: labels_of(t[c]) == v)
        return bits, 1, 0, 0

    def _of(
        self, choice: Choice, option: Option, *, is_applied: bool = False
    ) -> tuple[int, int, int, int]:
        """(bits, editions, place of the amount, place of the rule for outliers) of an option."""
        bits = 0
        if option.keep is not None and not (is_applied and choice.role == "list"):
            bits = self._bit(option.keep)
            self.list_bits |= bits if choice.role == "list" else 0
            self.base_bits |= bits if choice.role == "base" else 0
        if option.amount not in self.amounts:
            self.amounts.append(option.amount)
        place = 0
        if option.reshape is not None:
            self.reshapes.append(option.reshape)
            place = len(self.reshapes) - 1
        return bits, option.editions, self.amounts.index(option.amount), place

    def _bit(self, keep: Any) -> int:
        if len(self.keeps) >= _BITS:
            raise NotComputableError(
                "a multiverse", f"it has more than {_BITS} options that filter", "fewer open facets"
            )
        self.keeps.append(keep)
        return 1 << (len(self.keeps) - 1)

    def bits(self, relation: ibis.Table) -> dict[str, Any]:
        """A column for each bit: whether the option keeps the row."""
        return {f"bit_{place}": keep(relation) for place, keep in enumerate(self.keeps)}

    def words(self, result: Result) -> Any:
        """The bits of each row as one integer; a filter that is null keeps nothing."""
        kind = np.int32 if len(self.keeps) < _NARROW_BITS else np.int64
        words: Any = np.zeros(len(result), dtype=kind)
        for place in range(len(self.keeps)):
            kept: Any = np.ma.filled(result[f"bit_{place}"], False)
            words |= kept.astype(kind) << kind(place)
        return words

    def of(self, codes: Any) -> Any:
        """(definitions, 4): bits, editions, amount and rule of every definition."""
        held = np.array(self.held, dtype=np.int64)
        found = np.tile(held, (len(codes), 1))
        for column, (_, options) in enumerate(self.varied):
            of_option = np.array(options, dtype=np.int64)[codes[:, column]]
            found[:, 0] |= of_option[:, 0]
            found[:, 1] = np.maximum(found[:, 1], of_option[:, 1])
            found[:, 2] = np.where(found[:, 2] > 0, found[:, 2], of_option[:, 2])
            found[:, 3] = np.where(of_option[:, 3] > 0, of_option[:, 3], found[:, 3])
        return found


def _joined(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    return one[0] | other[0], max(one[1], other[1]), one[2] or other[2], other[3] or one[3]


@dataclass
class _Rows:
    """Rows that some definition may count, coded: integers by party, day, stratum and word."""

    parties: tuple[str, ...]
    days: Any  # (days,) datetime64, ascending
    words: Any  # (words,) the sets of options that keep a row
    party: Any  # this and the following: (rows,)
    day: Any
    stratum: Any
    word: Any
    unit: Any
    amounts: list[Any]  # per amount (rows,)
    counts: Any  # rows that a row stands for


class _Cube:
    """Sums of a measure's rows, from which every definition is put together."""

    def __init__(self, measure: Measure, engine: Engine, query: Query) -> None:
        self.measure, self.engine, self.query = measure, engine, query

    def values(self, varied: Sequence[str], codes: Any) -> Cube:
        """All definitions of these codes."""
        mask = _Mask(self.measure, self.query, varied)
        rows = self._rows(mask)
        if len(codes) * len(rows.parties) > _CELLS:
            raise NotComputableError(
                f"{self.measure.name}, {len(rows.parties):,} parties, {len(codes):,} definitions",
                f"that is more than {_CELLS} values",
                "a coarser `--by`, or fewer open facets: `--where FACET=OPTION`",
            )
        values = np.full((len(codes), len(rows.parties)), np.nan)
        asked = mask.of(codes)
        world_of = np.stack([asked[:, 0] & mask.list_bits, asked[:, 1], asked[:, 2]], axis=1)
        worlds, member = np.unique(world_of, axis=0, return_inverse=True)
        newest = rows.days[0]
        for number, (bits, editions, amount) in enumerate(worlds.tolist()):
            world = _World(rows, bits, editions if not self.measure.history else 0, amount)
            here = np.flatnonzero(member == number)
            newest = max(newest, world.newest)
            masks, combination = np.unique(asked[here, 0], return_inverse=True)
            of_rule = world.sums(masks, mask.base_bits | mask.list_bits, mask.reshapes)
            for rule, sums in enumerate(of_rule):
                is_rule = asked[here, 3] == rule
                of_mask = _shares(sums) if self.measure.reduce == "share" else sums
                values[here[is_rule]] = of_mask[combination[is_rule]]
        if np.isnan(values).all():
            raise NoDataError(self.measure.name, "any definition", "")
        is_share = self.measure.reduce == "share"
        return Cube(rows.parties, rounded(values, is_share=is_share), str(newest))

    def _rows(self, mask: _Mask) -> _Rows:
        """Read the relation: one row per model and word where a rule for outliers asks for models,
        else sums.
        """
        measure, query = self.measure, self.query
        within = vintage_columns(measure, query.by)
        amounts = {f"amount_{i}": name for i, name in enumerate(mask.amounts)}
        has_rule = any(rule is not None for rule in mask.reshapes)

        def coded() -> ibis.Table:
            relation = listed_relation(measure, self.engine, query)
            columns = {
                "party": relation[measure.split(query.by).column],
                "day": relation.observed_on,
                **{f"within_{i}": relation[name] for i, name in enumerate(within)},
                **mask.bits(relation),
            }
            keys = list(columns)
            if has_rule:
                columns["unit"] = relation[measure.grain[0]]
            columns |= {name: relation[column] for name, column in amounts.items()}
            found = relation.filter(relation.value.notnull()).select(**columns)
            if has_rule:
                return found
            return found.group_by(keys).agg(
                rows=found.count(), **{name: found[name].sum() for name in amounts}
            )

        varied = ",".join(choice.name for choice, _ in mask.varied)
        question = f"multiverse {measure.name} by {query.by} of {varied}: {self._asked()}"
        result = self.engine.ask(question, coded)
        if not len(result):
            raise NoDataError(measure.name, self._asked(), "")
        parties, party = labelled(result["party"])
        days, day = ranked(result["day"].astype("datetime64[D]"))
        stratum = np.zeros(len(result), dtype=np.int32)
        for place in range(len(within)):
            names, code = labelled(result[f"within_{place}"])
            _, stratum = ranked(stratum * len(names) + code)
        words, word = ranked(mask.words(result))
        return _Rows(
            parties, days, words, party, day, stratum, word,
            _dense(np.asarray(result["unit"])) if has_rule else stratum,
            [np.nan_to_num(result.floats(name)) for name in amounts],
            np.ones(len(result)) if has_rule else result.floats("rows"),
        )  # fmt: skip

    def _asked(self) -> str:
        facets = self.query.definition.facets()
        asked = ", ".join(f"{k}={v}" for k, v in facets.items() if v != EACH)
        return f"{self.query.as_of} ({asked})" if self.query.as_of else asked


def rounded(values: Any, *, is_share: bool) -> Any:
    """The digits of values that count: the last ones depend on the order of the rows."""
    if is_share:
        return np.round(values, _DIGITS)
    size = np.abs(values)
    known = np.where(size > 0, size, 1.0)  # as for NaN, which stays what it is
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(known)))
    return np.round(values * scale) / scale


def _shares(sums: Any) -> Any:
    totals = np.nansum(sums, axis=1, keepdims=True)
    return np.divide(sums, totals, out=np.full_like(sums, np.nan), where=totals > 0)


def _dense(numbers: Any) -> Any:
    """Numbers that tell the same things apart, small enough to be places in an array."""
    if numbers.dtype.kind == "i" and numbers.min() >= 0 and numbers.max() <= 4 * len(numbers):
        return numbers
    return np.unique(numbers, return_inverse=True)[1]


def ranked(values: Any) -> tuple[Any, Any]:
    """The distinct integers or days in order, and each one's place among them."""
    least, most = values.min(), values.max()
    span = int((most - least).astype(np.int64)) + 1
    if span > _TABLE:
        distinct, places = np.unique(values, return_inverse=True)
        return distinct, places.astype(np.int32)
    offsets = (values - least).astype(np.int32)
    is_there = np.zeros(span, dtype=bool)
    is_there[offsets] = True
    rank = np.cumsum(is_there, dtype=np.int32) - 1
    return least + np.flatnonzero(is_there).astype((most - least).dtype), rank[offsets]


class _World:
    """The rows of some lists and their newest editions, and sums over them under many masks."""

    def __init__(self, rows: _Rows, bits: int, editions: int, amount: int) -> None:
        self.parties, self.words = len(rows.parties), rows.words
        chosen: Any = (rows.words & bits) == bits
        is_here = chosen[rows.word]
        # cells of days within strata; the newest of them count, each as a part of the mean
        strata, days = int(rows.stratum.max()) + 1, len(rows.days)
        cell = rows.stratum.astype(np.int64) * days + rows.day
        has_rows = np.bincount(cell[is_here], minlength=strata * days).reshape(strata, days) > 0
        if editions:
            later = has_rows[:, ::-1].cumsum(axis=1)[:, ::-1]
            has_rows &= later <= editions
            weight = has_rows / np.maximum(has_rows.sum(axis=1, keepdims=True), 1)
        else:
            weight = has_rows.astype(np.float64)
        weight = weight.ravel()
        on = np.flatnonzero(has_rows.any(axis=0))
        self.newest = rows.days[on[-1]] if len(on) else rows.days[0]
        keep = is_here if has_rows.all() else is_here & has_rows.ravel()[cell]
        is_all = bool(keep.all())

        def taken(column: Any) -> Any:
            return column if is_all else column[keep]

        self.word, self.party, self.unit = (
            taken(column) for column in (rows.word, rows.party, rows.unit)
        )
        self.amount = taken(rows.amounts[amount])
        if not (weight[weight > 0] == 1.0).all():
            self.amount = self.amount * weight[taken(cell)]
        present = np.flatnonzero(np.bincount(self.word, minlength=len(self.words)))
        rank = np.zeros(len(self.words), dtype=np.int32)
        rank[present] = np.arange(len(present), dtype=np.int32)
        self.words, self.word = self.words[present], rank[self.word]
        place = self.word.astype(np.int64) * self.parties + self.party
        shape = (len(self.words), self.parties)
        size = shape[0] * shape[1]
        self.cells = np.bincount(place, weights=self.amount, minlength=size).reshape(shape)
        self.counts = np.bincount(place, weights=taken(rows.counts), minlength=size).reshape(shape)

    def sums(self, masks: Any, base_bits: int, rules: Sequence[Reshape | None]) -> list[Any]:
        """Per rule, sums by party under each mask (masks, parties); NaN where no party can be."""
        is_kept = self._kept(masks)
        bases, base = np.unique(masks & base_bits, return_inverse=True)
        can_be = (self._kept(bases) @ self.counts > 0)[base]
        can_be &= (is_kept @ self.counts.sum(axis=1) > 0)[:, None]
        sums = is_kept @ self.cells
        depth = max((rule.depth for rule in rules if rule is not None), default=0)
        heads = _Heads(self, depth) if depth else None
        found = []
        for rule in rules:
            after = sums
            if rule is not None and heads is not None:
                after = np.maximum(sums - heads.lost(is_kept, rule), 0.0)
            found.append(np.where(can_be, after, np.nan))
        return found

    def _kept(self, masks: Any) -> Any:
        masks = np.asarray(masks)[:, None]
        return ((self.words[None, :] & masks) == masks).astype(np.float64)


class _Heads:
    """The models of a world that can be among the largest under some mask, each by itself.

    A model all of whose rows have the same word counts whole or not at all ("simple"), so only the
    first `depth` + 1 of a word can be among the first under any mask. Of a "mixed" model some rows
    may count and others not (a merge of makers of two countries); all of them are kept.
    """

    def __init__(self, world: _World, depth: int) -> None:
        self.parties, self.depth = world.parties, depth
        size = int(world.unit.max(initial=-1)) + 1
        total = np.bincount(world.unit, weights=world.amount, minlength=size)
        low = np.full(size, len(world.words), dtype=np.int32)
        high = np.full(size, -1, dtype=np.int32)
        np.minimum.at(low, world.unit, world.word)
        np.maximum.at(high, world.unit, world.word)
        simple = _first_of_each(np.flatnonzero((low == high) & (total > 0)), low, total, depth + 1)
        simple = simple[np.lexsort((simple, -total[simple]))]
        self.total, self.word = total[simple], low[simple]  # of simple models, the largest first
        # models are numbered: the simple ones in that order, then the mixed ones
        self.units = np.r_[simple, np.flatnonzero((low != high) & (total > 0))]
        number = np.full(size, -1, dtype=np.int64)
        number[self.units] = np.arange(len(self.units))
        # an entry is what one party has of one model under one word; a model's stand together
        rows = np.flatnonzero(number[world.unit] >= 0)
        shape = (max(len(self.units), 1), len(world.words), world.parties)
        key = (number[world.unit[rows]], world.word[rows], world.party[rows])
        entries, place = np.unique(np.ravel_multi_index(key, shape), return_inverse=True)
        self.entry_amount = np.bincount(place, world.amount[rows], minlength=len(entries))
        model, self.entry_word, self.entry_party = np.unravel_index(entries, shape)
        self.first = np.flatnonzero(np.diff(model, prepend=-1))
        self.width = np.diff(self.first, append=len(entries))
        self._largest: tuple[Any, Any] | None = None

    def lost(self, is_kept: Any, rule: Reshape) -> Any:
        """What the rule takes from each party (masks, parties); the masks of all calls are one."""
        lost = np.zeros((len(is_kept), self.parties))
        if not len(self.units):
            return lost
        if self._largest is None:
            self._largest = self._among_all(is_kept, *self._among_simple(is_kept > 0))
        who, largest = self._largest
        part = 1.0 - rule.factors(largest[:, : rule.depth + 1])
        row = np.arange(len(lost))
        for place in range(rule.depth):
            model = who[:, place]
            for offset in range(int(self.width.max())):
                has = (offset < self.width[model]) & (largest[:, place] > 0)
                here, at = row[has], self.first[model[has]] + offset
                amount = self.entry_amount[at] * is_kept[here, self.entry_word[at]]
                np.add.at(lost, (here, self.entry_party[at]), amount * part[has, place])
        return lost

    def _among_simple(self, is_kept: Any) -> tuple[Any, Any]:
        """Numbers and amounts of the largest simple models under each mask (masks, depth + 1)."""
        who = np.zeros((len(is_kept), self.depth + 1), dtype=np.int64)
        largest = np.zeros(who.shape)
        found = np.zeros(len(is_kept), dtype=np.int32)
        left = np.arange(len(is_kept))
        start, step = 0, 128
        # down the models, largest first, until each mask has kept enough; most soon have
        while start < len(self.word) and len(left):
            stop = start + max(1, min(step, _CHUNK // len(left)))
            hit = is_kept[np.ix_(left, self.word[start:stop])]
            rank = hit.cumsum(axis=1, dtype=np.int32) + found[left, None]
            row, column = np.nonzero(hit & (rank <= self.depth + 1))
            place = rank[row, column] - 1
            who[left[row], place] = start + column
            largest[left[row], place] = self.total[start + column]
            found[left] = rank[:, -1]
            left = left[found[left] <= self.depth]
            start, step = stop, step * 2
        return who, largest

    def _among_all(self, is_kept: Any, who: Any, largest: Any) -> tuple[Any, Any]:
        """The same among simple and mixed models; of models as large the lower number counts."""
        count = len(self.units) - len(self.word)
        if not count:
            return who, largest
        first = self.first[len(self.word)]
        words, amounts = self.entry_word[first:], self.entry_amount[first:]
        starts = self.first[len(self.word) :] - first
        numbers = np.arange(len(self.word), len(self.units))
        step = max(1, _CHUNK // len(words))
        for start in range(0, len(is_kept), step):
            part = slice(start, start + step)
            mixed = np.add.reduceat(is_kept[part, words] * amounts, starts, axis=1)
            amount = np.concatenate([largest[part], mixed], axis=1)
            number = np.concatenate(
                [who[part], np.broadcast_to(numbers, (len(mixed), count))], axis=1
            )
            row = np.arange(len(mixed))
            for place in range(self.depth + 1):
                best = amount.max(axis=1)
                unit = np.where(amount == best[:, None], self.units[number], np.iinfo(np.int64).max)
                column = unit.argmin(axis=1)
                who[start + row, place] = number[row, column]
                largest[start + row, place] = np.maximum(best, 0.0)
                amount[row, column] = -1.0
        return who, largest


def _first_of_each(units: Any, group: Any, total: Any, count: int) -> Any:
    """Of the units of each group the `count` with the largest totals; of equals the lower ones."""
    of_unit = group[units]
    if of_unit.max(initial=0) < 1 << 16:
        of_unit = of_unit.astype(np.uint16)  # for which NumPy counts instead of comparing
    units = units[np.argsort(of_unit, kind="stable")]
    ends = np.flatnonzero(np.diff(group[units], append=-1)) + 1
    chosen = []
    for start, stop in pairwise(np.r_[0, ends].tolist()):
        here = units[start:stop]
        if len(here) > count:
            amounts = total[here]
            here = here[amounts >= np.partition(amounts, -count)[-count]]
            here = here[np.lexsort((here, -total[here]))][:count]
        chosen.append(here)
    return np.concatenate(chosen) if chosen else units
