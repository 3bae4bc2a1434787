"""What a measure is, and what a definition of it is: data, no evaluation.

A measure's expression is one relation: its grain, a column for every facet, then `value`. A
definition picks one option of every choice; each option is a filter on that relation. So a figure
is a sum over some of its rows, and every definition is a sum over other ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from underlay.errors import NotComputableError, UnknownNameError
from underlay.tables import Columns

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    import ibis

    from underlay.lake.engine import Engine, Result, Tables

__all__ = [
    "EACH",
    "Answer",
    "Choice",
    "Computation",
    "Definition",
    "Figure",
    "Grid",
    "Layer",
    "Measure",
    "Option",
    "Query",
    "Reshape",
    "Role",
    "Row",
    "SourceNote",
    "Split",
    "Unit",
    "column_is",
]

EACH = "each"  # stands in a definition for a choice that the figure is told apart by
Layer = Literal["above", "below", "between"]
# what a facet keeps some of: lists and their editions, kinds of rows within an edition, or the
# whole that values are related to
Role = Literal["list", "kind", "base"]
Unit = Literal[
    "share",
    "downloads in 30 days",
    "downloads",
    "pulls",
    "models",
    "tokens in a week",
    "Elo points",
    "USD per million tokens",
    "H100 equivalents",
    "systems",
    "index",
    "months",
    "ratio",
    "count",
]


def column_is(name: str, *values: str) -> Callable[[Any], Any]:
    """A filter that keeps the rows whose cell in that column is one of these values."""
    return lambda table: table[name].isin(values)


@dataclass(frozen=True)
class Reshape:
    """A rule for the largest models, applied to what each counts after all filters.

    `factors` turns the `depth` + 1 largest amounts, in descending order along the last axis and 0
    where there are fewer, into the factors by which the first `depth` of them count.
    """

    depth: int
    factors: Callable[[Any], Any]


@dataclass(frozen=True)
class Option:
    """One way to decide a choice: why someone would choose it, who does, and what it changes.

    `keep` turns the relation into the rows that count; None keeps all of them. `amount` is the
    column that is summed, over the newest `editions` on average. `reshape` is a rule for outliers.
    `is_of_row` is false where `keep` looks at other rows than the one that it decides on. `settles`
    are options of other choices that it comes with, where the reader doesn't choose them.
    """

    name: str
    reason: str
    source: str = ""
    keep: Callable[[Any], Any] | None = None
    amount: str = "value"
    editions: int = 1
    reshape: Reshape | None = None
    is_of_row: bool = True
    settles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    """A decision that every definition has to make; the first option is the default.

    `role` says what its options keep some of. The newest edition is looked for under "list"
    choices only, so that no filter of kinds falls back to an older edition; and what a "base"
    choice leaves out still counts in the coverage. `varies` is false where another option asks
    another question of other data, so that a multiverse holds the choice unless it is asked not to.
    """

    name: str
    doc: str
    options: tuple[Option, ...]
    role: Role = "list"
    varies: bool = True

    @property
    def default(self) -> Option:
        """The option used where the reader chooses none."""
        return self.options[0]

    def option(self, name: str) -> Option:
        """The option of that name; raises `UnknownNameError`."""
        for option in self.options:
            if option.name == name:
                return option
        names = tuple(option.name for option in self.options)
        raise UnknownNameError(f"option of `{self.name}`", name, names)


@dataclass(frozen=True)
class Split:
    """A column of the relation by which values can be told apart, or kept to some.

    `role` as for a `Choice`: a "list" split tells editions apart, a "kind" split what is in one.
    """

    name: str
    column: str
    doc: str
    role: Role = "list"


@dataclass(frozen=True)
class Definition:
    """What exactly was computed: an option per choice, and the values that splits were kept to."""

    options: Mapping[str, str]
    kept: Mapping[str, str] = field(default_factory=dict)

    def facets(self) -> dict[str, str]:
        """All of it, by facet name."""
        return {**self.options, **self.kept}


@dataclass(frozen=True)
class Query:
    """What a reader asks: by which split, under which definition, as of which day.

    `editions` are the days, in order, of a measure with history: all those of the chosen list,
    whether or not a row of each is left by the filters of kinds.
    """

    by: str
    definition: Definition
    as_of: dt.date | None = None
    editions: tuple[dt.date, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of a figure. `value` is None where it can't be computed, and `reason` says why."""

    key: Mapping[str, str | int]
    value: float | None
    lower: float | None = None
    upper: float | None = None
    reason: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceNote:
    """Where a figure comes from."""

    name: str
    title: str
    licence: str
    url: str
    vintage: str
    conflict: str


@dataclass(frozen=True)
class Figure:
    """A value under a definition, with all that a sceptic asks for."""

    name: str
    question: str
    unit: str
    by: str
    rows: tuple[Row, ...]
    coverage: Mapping[str, float | int | None]
    definition: Mapping[str, str]
    sources: tuple[SourceNote, ...]
    as_of: str
    caveat: str
    citation: str
    notes: tuple[str, ...] = ()

    def row(self, *keys: str) -> Row | None:
        """The first row whose key holds all these values, if there is one."""
        for row in self.rows:
            if set(keys) <= set(row.key.values()):
                return row
        return None

    def value(self, *keys: str) -> float | None:
        """The value of that row; None if there is no such row or it has none."""
        row = self.row(*keys)
        return row.value if row else None

    def to_dict(self) -> dict[str, Any]:
        """The figure as the JSON answer `underlay/figure/1`."""
        return {
            "schema": "underlay/figure/1",
            "figure": self.name,
            "question": self.question,
            "unit": self.unit,
            "by": self.by,
            "rows": [_plain_row(row) for row in self.rows],
            "coverage": dict(self.coverage),
            "definition": dict(self.definition),
            "sources": [asdict(source) for source in self.sources],
            "as_of": self.as_of,
            "caveat": self.caveat,
            "citation": self.citation,
            "notes": list(self.notes),
        }

    def to_arrow(self) -> Any:
        """The rows as an Arrow table; provenance stands in columns, so no operation loses it."""
        provenance = {
            "figure": self.name,
            "unit": self.unit,
            "as_of": self.as_of,
            "coverage_share": self.coverage.get("weight"),
            "definition": "; ".join(f"{k}={v}" for k, v in self.definition.items()),
            "sources": "; ".join(f"{s.title}, {s.licence}, {s.vintage}" for s in self.sources),
        }
        rows = [{**_plain_row(row), **provenance} for row in self.rows]
        keys = [name for row in self.rows for name in row.key]
        names = [*dict.fromkeys(keys or [self.by]), "value", "lower", "upper", "reason"]
        more = [name for row in rows for name in row if name not in (*names, *provenance)]
        wanted = [*names, *dict.fromkeys(more), *provenance]
        return Columns.from_rows(rows, self.name, wanted).data

    def to_polars(self) -> Any:
        """The same as a Polars frame; raises `NotComputableError` without Polars."""
        return _library("polars").from_arrow(self.to_arrow())

    def to_pandas(self) -> Any:
        """The same as a pandas frame; raises `NotComputableError` without pandas."""
        _library("pandas")
        return self.to_arrow().to_pandas()


def _plain_row(row: Row) -> dict[str, Any]:
    plain = {**row.key, "value": row.value, "lower": row.lower, "upper": row.upper, **row.more}
    if row.reason:
        plain["reason"] = row.reason
    return plain


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise NotComputableError(
            f"to_{name}", f"{name} isn't installed", f"`pip install underlay[{name}]`"
        ) from error


@dataclass(frozen=True)
class Answer:
    """What a measure that computes itself says under one definition.

    `vintages` are the newest days that it rests on, by name of the source.
    """

    rows: tuple[Row, ...]
    coverage: Mapping[str, float | int | None]
    vintages: Mapping[str, str]
    as_of: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """What it says under all definitions: `values` (definitions, parties), NaN where it has none.

    Definitions are in the order of a full factorial of the facets asked for. `missing` says why an
    option has no value at all.
    """

    parties: tuple[str, ...]
    values: Any
    as_of: str
    missing: Mapping[str, str] = field(default_factory=dict)
    is_ranked: bool = True  # whether the largest value is a lead


@dataclass(frozen=True)
class Computation:
    """How a measure answers that is no sum over the rows of a relation, but a graph, say.

    `one` answers a query, `all` the options that it leaves open, given by facet.
    """

    one: Callable[[Engine, Query], Answer]
    all: Callable[[Engine, Query, Mapping[str, tuple[str, ...]]], Grid]


@dataclass(frozen=True)
class Measure:
    """One question, one number with a unit.

    `expression` builds the relation: grain, every split's column, `observed_on`, `source`, then
    `value`. The grain's first column is what a bootstrap draws, with all its rows. `reduce` is
    "share" or "level" for sums over rows, else a function from the kept rows to the figure's rows.
    `history` keeps all days up to the asked one, not only the last.
    """

    name: str
    layer: Layer
    question: str
    unit: str
    caveat: str
    citation: str
    splits: tuple[Split, ...]
    choices: tuple[Choice, ...]
    grain: tuple[str, ...]
    expression: Callable[[Tables], ibis.Table]
    reduce: Literal["share", "level"] | Callable[[Result, Query], list[Row]] = "share"
    columns: tuple[str, ...] = ()  # further columns that a `reduce` function reads
    history: bool = False
    vintage_by: tuple[str, ...] = ()  # columns within which the newest day is taken; () for all
    sampled: bool = True  # whether rows are a sample over which a bootstrap makes sense
    default_by: str = "country"
    computation: Computation | None = None  # instead of sums over the rows of `expression`
    covered: str = ""  # what `coverage.weight` is the part of, where it isn't "known by the split"

    def split(self, name: str) -> Split:
        """The split of that name; raises `UnknownNameError`."""
        for split in self.splits:
            if split.name == name:
                return split
        names = tuple(split.name for split in self.splits)
        raise UnknownNameError(f"facet of `{self.name}`", name, names)

    def definition(self, where: Mapping[str, str], by: str = "") -> Definition:
        """The definition with these facets set; raises `UnknownNameError`.

        A choice that the figure is told apart `by` is left open, unless `where` sets it.
        """
        options = {
            choice.name: EACH if choice.name == by else choice.default.name
            for choice in self.choices
        }
        kept: dict[str, str] = {}
        choices = {choice.name: choice for choice in self.choices}
        splits = {split.name for split in self.splits}
        for name, value in where.items():
            if name in choices:
                option = choices[name].option(value)
                options[name] = option.name
                options.update({k: v for k, v in option.settles if k not in where})
            elif name in splits:
                kept[name] = value
            else:
                raise UnknownNameError(f"facet of `{self.name}`", name, (*choices, *splits))
        return Definition(options, kept)
