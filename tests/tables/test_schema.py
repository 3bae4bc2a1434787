"""A contract that can't be meant is refused where it is written."""

from __future__ import annotations

import duckdb
import ibis
import pytest

from underlay.tables import Check, Column, Table

DAY = Column("seen_on", "date", "day", True)
NAME = Column("name", "string", "name", True)
COUNT = Column("downloads_count", "int64", "number")


def make(**changes: object) -> Table:
    given: dict[str, object] = {
        "name": "raw_somewhere__model",
        "doc": "One row per model.",
        "key": ("name",),
        "columns": (DAY, NAME, COUNT),
    }
    return Table(**(given | changes))  # type: ignore[arg-type]


UNDATED = Column("seen_on", "date", "day")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "model"}, "raw_<source>__<noun>"),
        ({"name": "raw__model"}, "raw_<source>__<noun>"),
        ({"doc": "Models."}, "One row per"),
        ({"columns": (NAME, NAME)}, "twice"),
        ({"key": ("nmae",)}, "`nmae` is not a column"),
        ({"partition_by": "name", "grain": "day"}, "by a date column"),
        ({"partition_by": "seen_on"}, "go together"),
        ({"grain": "day"}, "go together"),
        ({"columns": (UNDATED, NAME), "partition_by": "seen_on", "grain": "day"}, "without a date"),
        ({"checks": (Check("x", "nmae", lowest=0),)}, "`nmae` is not a column"),
        ({"checks": (Check("x", "name", lowest=0),)}, "numbers"),
        ({"checks": (Check("x", "downloads_count", one_of=("a",)),)}, "text"),
        ({"checks": (Check("x", "downloads_count"),)}, "either a range"),
    ],
)
def test_a_wrong_contract_raises(changes: dict[str, object], words: str) -> None:
    make()
    with pytest.raises(ValueError, match=words):
        make(**changes)


@pytest.mark.parametrize(("name", "kind"), [("Name", "string"), ("name", "text"), ("1st", "int64")])
def test_a_wrong_column_raises(name: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"snake_case|unknown type"):
        Column(name, kind, "what")  # type: ignore[arg-type]


def test_every_view_of_a_contract_has_the_same_columns() -> None:
    columns = tuple(
        Column(f"{kind}_x", kind, "what", kind == "string")  # type: ignore[arg-type]
        for kind in ("string", "int32", "int64", "float64", "bool", "date", "timestamp")
    )
    table = make(columns=columns, key=("string_x",))
    names = list(table.column_names)
    assert table.arrow_schema().names == names
    assert list(table.ibis_schema()) == names
    with duckdb.connect() as connection:
        connection.execute(table.sql())
        described = connection.execute(f"DESCRIBE {table.name}").fetchall()
    assert [row[0] for row in described] == names
    assert [str(kind) for kind in ibis.schema(table.ibis_schema()).types] == [
        *("string", "int32", "int64", "float64", "boolean", "date", "timestamp(6)")
    ]
    assert all(name in table.markdown() for name in names)
