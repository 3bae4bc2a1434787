"""What a measure has to say of itself, and what a figure is in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import jsonschema
import pytest
from ibis.config import Config

from underlay.atlas.contracts import CORE
from underlay.errors import NotComputableError, UnknownNameError
from underlay.lake.engine import Tables
from underlay.measures import MEASURES, evaluate, measure
from underlay.measures.definitions import (
    EACH,
    Choice,
    Definition,
    Figure,
    Measure,
    Option,
    Row,
    SourceNote,
    Split,
)
from underlay.measures.schema import figure_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "figure.json"
every_measure = pytest.mark.parametrize("asked", MEASURES, ids=lambda each: each.name)
# those computed from the graph of the stack have no rows to build an expression of
every_expression = pytest.mark.parametrize(
    "asked", [each for each in MEASURES if each.computation is None], ids=lambda each: each.name
)


class _SparkOptions(Config):
    treat_nan_as_null: bool = False


@pytest.fixture
def _spark_options() -> Iterator[None]:
    """What Ibis's compiler reads, and sets only where PySpark is installed."""
    before = ibis.options.pyspark
    ibis.options.pyspark = _SparkOptions()
    yield
    ibis.options.pyspark = before


# ---- every measure -----------------------------------------------------------------------------


def test_names_are_unique() -> None:
    names = [each.name for each in MEASURES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) for name in names)


@every_measure
def test_a_measure_says_what_it_asks_and_what_is_wrong_with_it(asked: Measure) -> None:
    assert asked.question.endswith("?")
    assert asked.question[0].isupper()
    assert asked.caveat.endswith(".")
    assert asked.citation
    assert measure(asked.name) is asked
    assert asked.split(asked.default_by)


@every_measure
def test_each_choice_has_options_with_reasons(asked: Measure) -> None:
    assert len({choice.name for choice in asked.choices}) == len(asked.choices)
    for choice in asked.choices:
        assert choice.doc
        names = [option.name for option in choice.options]
        assert names
        assert len(set(names)) == len(names)
        assert EACH not in names
        assert all(option.reason for option in choice.options)
        if asked.computation is None:  # who chooses a rule of the graph is the graph itself
            assert all(option.source for option in choice.options)
        assert choice.default is choice.options[0]


@every_expression
def test_the_relation_has_every_column_that_is_asked_of_it(asked: Measure) -> None:
    relation = asked.expression(Tables(CORE))
    assert len({split.name for split in asked.splits}) == len(asked.splits)
    wanted = {split.column for split in asked.splits}
    wanted |= {"observed_on", "source", "value", *asked.grain, *asked.columns, *asked.vintage_by}
    assert wanted <= set(relation.columns)
    assert relation.observed_on.type().is_date()
    assert relation.value.type().is_numeric()
    assert relation.source.type().is_string()
    # labels of a column of truth values would be spelled otherwise in SQL and in Python
    assert not [s.name for s in asked.splits if relation[s.column].type().is_boolean()]


@every_expression
def test_an_expression_is_pure(asked: Measure) -> None:
    """Built twice it is the same; and each option's filter is too."""
    tables = Tables(CORE)
    relation = asked.expression(tables)
    assert relation.equals(asked.expression(tables))
    assert relation.equals(asked.expression(Tables(CORE)))
    for choice in asked.choices:
        for option in choice.options:
            if option.keep is not None:
                once, again = (relation.filter(option.keep(relation)) for _ in range(2))
                assert once.equals(again)


@every_expression
@pytest.mark.usefixtures("_spark_options")
def test_another_engine_could_run_it(asked: Measure) -> None:
    """The relation and each option's filter have a spelling in Spark's SQL too."""
    relation = asked.expression(Tables(CORE))
    assert "SELECT" in ibis.to_sql(relation, dialect="pyspark")
    for choice in asked.choices:
        for option in choice.options:
            if option.keep is not None:
                assert ibis.to_sql(relation.filter(option.keep(relation)), dialect="pyspark")


@every_measure
def test_a_bootstrap_needs_something_to_draw(asked: Measure) -> None:
    assert asked.grain or not asked.sampled
    assert asked.vintage_by == () or not asked.history


# ---- names -------------------------------------------------------------------------------------

PLAIN = Measure(
    name="plain",
    layer="above",
    question="What?",
    unit="count",
    caveat="None.",
    citation="None",
    splits=(Split("country", "country", "where"), Split("listing", "listing", "which list")),
    choices=(
        Choice("listing", "which list", (Option("a", "first"), Option("b", "second"))),
        Choice("scope", "what", (Option("all", "everything"),)),
    ),
    grain=("model_id",),
    expression=lambda tables: tables["core__model"],
)


def test_a_definition_has_an_option_for_each_choice() -> None:
    assert PLAIN.definition({}).facets() == {"listing": "a", "scope": "all"}
    chosen = PLAIN.definition({"listing": "b", "country": "CN"})
    assert chosen == Definition({"listing": "b", "scope": "all"}, {"country": "CN"})
    assert chosen.facets() == {"listing": "b", "scope": "all", "country": "CN"}


def test_a_choice_that_a_figure_is_split_by_is_left_open() -> None:
    assert PLAIN.definition({}, "listing").options["listing"] == "each"
    assert PLAIN.definition({"listing": "b"}, "listing").options["listing"] == "b"


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(UnknownNameError) as caught:
        PLAIN.split("maker")
    assert caught.value.name == "maker"
    for where in ({"maker": "x"}, {"listing": "c"}):
        with pytest.raises(UnknownNameError):
            PLAIN.definition(where)
    with pytest.raises(UnknownNameError, match="downloads_shar`"):
        measure("downloads_shar")


# ---- a figure's formats ------------------------------------------------------------------------


def figure(*rows: Row, **changes: Any) -> Figure:
    content: dict[str, Any] = {
        "name": "downloads_share", "question": "Whose?", "unit": "share", "by": "country",
        "rows": rows, "coverage": {"rows": 2, "rows_known": 1, "weight": 0.5},
        "definition": {"scope": "all", "listing": "a"},
        "sources": (SourceNote("s", "S", "MIT", "https://example.org", "2026-01-01", ""),),
        "as_of": "2026-01-01", "caveat": "None.", "citation": "None",
    }  # fmt: skip
    return Figure(**{**content, **changes})


ROWS = (
    Row({"country": "CN"}, 0.75, 0.5, 0.9, more={"without_largest": 0.7}),
    Row({"country": "unknown"}, None, reason="nobody knows"),
)


def test_a_row_is_found_by_its_key() -> None:
    found = figure(Row({"weight": "tokens", "country": "CN"}, 1.0), *ROWS)
    assert found.value("CN") == 1.0
    assert found.value("CN", "tokens") == 1.0
    assert found.value("CN", "spend") is None
    assert found.value("unknown") is None
    assert found.row("unknown") is ROWS[1]
    assert found.row("FR") is None


def test_json() -> None:
    content = figure(*ROWS, notes=("n",)).to_dict()
    assert content["schema"] == "underlay/figure/1"
    assert content["figure"] == "downloads_share"
    assert content["rows"] == [
        {"country": "CN", "value": 0.75, "lower": 0.5, "upper": 0.9, "without_largest": 0.7},
        {"country": "unknown", "value": None, "lower": None, "upper": None,
         "reason": "nobody knows"},
    ]  # fmt: skip
    assert content["sources"][0]["licence"] == "MIT"
    assert content["notes"] == ["n"]
    jsonschema.validate(content, figure_schema())


def test_provenance_stands_in_columns() -> None:
    table = figure(*ROWS).to_arrow().to_pydict()
    assert table["country"] == ["CN", "unknown"]
    assert table["value"] == [0.75, None]
    assert table["reason"] == [None, "nobody knows"]
    assert table["definition"] == ["scope=all; listing=a"] * 2
    assert table["sources"] == ["S, MIT, 2026-01-01"] * 2
    assert table["coverage_share"] == [0.5] * 2
    assert list(table)[:5] == ["country", "value", "lower", "upper", "reason"]


def test_a_figure_without_rows_still_has_columns() -> None:
    table = figure().to_arrow()
    assert table.num_rows == 0
    assert table.column_names[:3] == ["country", "value", "lower"]


def same(value: Any) -> Any:
    return None if value is None or value != value else value


@pytest.mark.parametrize(
    "asked",
    ["downloads_share", "downloads_monthly", "derivatives_count", "open_closed_matrix",
     "concentration", "tempo"],
)  # fmt: skip
def test_all_formats_agree(world: Any, asked: str) -> None:
    found = world.figure(asked)
    arrow = found.to_arrow().to_pylist()
    polars = found.to_polars().to_dicts()
    pandas = found.to_pandas().to_dict("records")
    plain = found.to_dict()["rows"]
    assert len(arrow) == len(polars) == len(pandas) == len(plain) == len(found.rows)
    for of_arrow, of_polars, of_pandas, of_json in zip(arrow, polars, pandas, plain, strict=True):
        assert {k: same(v) for k, v in of_polars.items()} == of_arrow
        assert {k: same(v) for k, v in of_pandas.items()} == of_arrow
        for name, cell in of_json.items():
            assert of_arrow[name] == cell
        assert of_arrow["figure"] == asked
        assert of_arrow["as_of"] == found.as_of


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("underlay.measures.definitions.import_module", missing)
    for to in (figure().to_polars, figure().to_pandas):
        with pytest.raises(NotComputableError, match="isn't installed") as caught:
            to()
        assert "pip install" in caught.value.hint


# ---- the schema --------------------------------------------------------------------------------


def test_the_schema_file_is_what_the_dataclasses_say() -> None:
    """Written by `json.dumps(figure_schema(), indent=2)`."""
    jsonschema.Draft202012Validator.check_schema(figure_schema())
    assert SCHEMA.read_text() == json.dumps(figure_schema(), indent=2) + "\n"


def test_the_schema_refuses_what_programs_could_not_read() -> None:
    good = figure(*ROWS).to_dict()
    bad = [
        {key: value for key, value in good.items() if key != "sources"},
        {**good, "schema": "underlay/figure/2"},
        {**good, "rows": [{"country": "CN", "value": None, "lower": None, "upper": None}]},
        {**good, "rows": [{"country": "CN", "value": "much", "lower": None, "upper": None}]},
        {**good, "coverage": {"weight": "half"}},
        {**good, "sources": [{"name": "s"}]},
    ]
    for content in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content, figure_schema())
    jsonschema.validate({**good, "further": 1}, figure_schema())


MINE = [
    each
    for each in MEASURES
    if each.expression.__module__.rsplit(".", 1)[-1]
    in ("downloads", "series", "derivatives", "concentration", "tempo", "matrix")
]


@pytest.mark.parametrize("asked", MINE, ids=lambda each: each.name)
def test_every_split_of_a_real_figure_fits_the_schema(world: Any, asked: Measure) -> None:
    for split in asked.splits:
        found = evaluate(asked, world.engine, by=split.name)
        content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        jsonschema.validate(content, figure_schema())
        assert content["by"] == split.name
        assert found.rows
        assert found.sources
        shares = [row.value for row in found.rows if row.value is not None]
        if asked.reduce == "share":
            assert sum(shares) == pytest.approx(1.0)
