"""Whatever a publisher writes, a cell keeps its meaning or its row is counted with a reason."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import SchemaError
from underlay.tables import Check, Column, Columns, Skipped, Table, coerce

KINDS = ("string", "int32", "int64", "float64", "bool", "date", "timestamp")

TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="\ud800\udfff\x00\u2028é", max_size=3),  # half characters, from JSON
    st.sampled_from(
        [
            *("1", "-7", "1e3", "1_000", " 5 ", "0x1F", "1.0", "2.5", "nan", "inf", "-Infinity"),
            *("9007199254740993", "9007199254740993.0", "9223372036854775808", "1e999999999"),
            *("true", "FALSE", "yes", "7", "", "None", "N/A"),
            *("2026-06-09", "2026-06", "2026", "20260609", "2026-02-30", "2026-W01", "0001-01-01"),
            *("2026-06-09T01:02:03Z", "2026-06-09 01:02:03.123456789+02:00"),
            *("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"),
        ]
    ),
)
CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.floats(),
    TEXT,
    st.binary(max_size=4),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**9),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(TEXT, st.integers(0, 9), max_size=2),
)
CELLS = st.one_of(
    st.lists(CELL, max_size=8),
    # of one kind, so that Arrow makes typed columns of them
    st.lists(st.booleans() | st.none(), max_size=8),
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=8),
    st.lists(st.floats() | st.none(), max_size=8),
    st.lists(TEXT | st.none(), max_size=8),
    st.lists(st.dates() | st.none(), max_size=8),
    st.lists(st.datetimes() | st.none(), max_size=8),
    st.lists(st.datetimes(timezones=st.timezones()) | st.none(), max_size=8),
    st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=8),
)


def table(kind: str, *, required: bool = False, checks: tuple[Check, ...] = ()) -> Table:
    return Table(
        "core__probe",
        "One row per cell.",
        ("at",),
        (Column("at", "int64", "place", True), Column("cell", kind, "cell", required)),
        checks=checks,
    )


def coerced(kind: str, cells: Any, **options: Any) -> tuple[list[int], list[Any], list[Skipped]]:
    if isinstance(cells, pa.Array):
        data = pa.table({"at": pa.array(range(len(cells)), pa.int64()), "cell": cells})
        columns = Columns(data, "file.csv")
    else:
        columns = Columns.from_lists({"at": list(range(len(cells))), "cell": cells}, "file.csv")
    batch, skipped = coerce(table(kind, **options), columns)
    return batch.data["at"].to_pylist(), batch.data["cell"].to_pylist(), skipped


def meaning(kind: str, cell: Any) -> Any:
    """What a cell says as this kind, by rules written down apart from the code; None: nothing."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if kind in ("int32", "int64", "float64"):
        if isinstance(cell, bool) or not isinstance(cell, str | int | float | decimal.Decimal):
            return None
        try:
            number = decimal.Decimal(cell)
        except decimal.InvalidOperation:
            return None
        return number if number.is_finite() else None
    if kind == "bool":
        return {"true": True, "1": True, "1.0": True, "yes": True}.get(str(cell).strip().lower())
    if kind == "date" and len(str(cell).strip()) <= 10:
        return str(cell).strip()
    if kind in ("date", "timestamp"):
        moment = cell
        if isinstance(cell, str):
            moment = dt.datetime.fromisoformat(cell)
        if isinstance(moment, dt.datetime) and moment.tzinfo:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
        if isinstance(moment, dt.date) and not isinstance(moment, dt.datetime):
            moment = dt.datetime(moment.year, moment.month, moment.day)
        return moment.date().isoformat() if kind == "date" else moment
    return cell


@pytest.mark.parametrize("kind", KINDS)
@given(cells=CELLS)
def test_every_row_fits_or_is_counted(kind: str, cells: list[Any]) -> None:
    places, kept, skipped = coerced(kind, cells)
    assert len(kept) + sum(one.count for one in skipped) == len(cells)
    assert all(one.reason and one.place == "file.csv" for one in skipped)
    assert places == sorted(places)


@pytest.mark.parametrize("kind", ["int32", "int64", "float64", "bool", "date", "timestamp"])
@given(cells=CELLS)
def test_a_kept_cell_means_what_was_written(kind: str, cells: list[Any]) -> None:
    places, kept, _ = coerced(kind, cells)
    for place, found in zip(places, kept, strict=True):
        said = meaning(kind, cells[place])
        if found is None:
            cell = cells[place]
            assert cell is None or (isinstance(cell, float) and math.isnan(cell))
        elif kind == "float64":
            assert found == pytest.approx(float(said), rel=1e-15)
            assert math.isfinite(found)
        elif kind == "bool":
            assert found == bool(said)
        elif kind == "date":
            assert found.isoformat() == (said if len(said) == 10 else f"{said}-01")
        else:
            # a number among other things goes through its text, the shortest that names it
            shortest = (
                {decimal.Decimal(repr(cells[place]))} if type(cells[place]) is float else set()
            )
            assert found in {said} | shortest


@pytest.mark.parametrize("kind", KINDS)
@given(cells=CELLS)
def test_a_second_time_changes_nothing(kind: str, cells: list[Any]) -> None:
    _, kept, _ = coerced(kind, cells)
    _, again, skipped = coerced(kind, kept)
    assert again == kept
    assert not skipped


@pytest.mark.parametrize("kind", KINDS)
@given(cells=CELLS)
def test_a_required_cell_is_never_null(kind: str, cells: list[Any]) -> None:
    _, kept, skipped = coerced(kind, cells, required=True)
    assert None not in kept
    assert len(kept) + sum(one.count for one in skipped) == len(cells)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("timestamp", [1718000000]),  # seconds or microseconds? nobody said
        ("timestamp", [1718000000.0]),
        ("timestamp", ["20260609"]),
        ("date", [20260609]),
        ("date", pa.array([2024], pa.int32())),  # Arrow would count days since 1970
        ("int64", [dt.datetime(2026, 1, 1)]),
        ("int64", [dt.date(2026, 1, 1)]),
        ("int64", [True]),
        ("int64", [2.5]),
        ("int64", ["1_000"]),
        ("int64", ["9223372036854775808"]),
        ("int32", [2**31]),
        ("float64", ["inf"]),
        ("float64", [float("inf")]),
        ("bool", [7]),
        ("string", pa.array([b"\xff"])),
        ("timestamp", pa.array([2**62], pa.timestamp("us"))),  # the year 148,000
    ],
)
def test_what_could_be_misread_is_refused(kind: str, cells: Any) -> None:
    _, kept, skipped = coerced(kind, cells)
    assert kept == []
    assert [(one.reason, one.count) for one in skipped] == [(f"`cell` is not a valid {kind}", 1)]
    assert skipped[0].example


def test_numbers_beyond_a_float_stay_exact() -> None:
    cells = ["9007199254740993", "9007199254740993.0", "-9223372036854775808"]
    _, kept, _ = coerced("int64", cells)
    assert kept == [9007199254740993, 9007199254740993, -(2**63)]


def test_zones_become_utc() -> None:
    zoned = pa.array([0], pa.timestamp("us", tz="Asia/Tokyo"))
    assert coerced("timestamp", zoned)[1] == [dt.datetime(1970, 1, 1)]
    text = ["2026-01-01T00:00:00+02:00"]
    assert coerced("timestamp", text)[1] == [dt.datetime(2025, 12, 31, 22)]
    assert coerced("date", text)[1] == [dt.date(2025, 12, 31)]


def test_nanoseconds_are_cut_to_microseconds() -> None:
    fine = pa.array([1_718_000_000_000_000_999], pa.timestamp("ns"))
    assert coerced("timestamp", fine)[1] == [dt.datetime(2024, 6, 10, 6, 13, 20)]


def test_lists_and_mappings_become_json() -> None:
    assert coerced("string", [["é", "b"], []])[1] == ['["é", "b"]', "[]"]


def test_a_missing_required_column_stops_the_file() -> None:
    with pytest.raises(SchemaError, match="no column `cell`"):
        coerce(table("int64", required=True), Columns.from_lists({"at": [1]}, "file.csv"))


def test_checks_skip_rows_and_say_the_rule() -> None:
    checks = (
        Check("range", "cell", lowest=0, highest=10),
        Check("known", "cell", one_of=("1", "5", "11")),
    )
    _, kept, skipped = coerced("int64", [5, -1, None, 11], checks=checks[:1])
    assert kept == [5, None]
    assert [(one.reason, one.count, one.example) for one in skipped] == [
        ("`cell` must be at least 0 and at most 10", 2, "`-1`")
    ]
    _, kept, skipped = coerced("string", ["1", "2", None], checks=checks[1:])
    assert kept == ["1", None]
    assert skipped[0].reason == "`cell` must be one of 1, 5, 11"


def test_a_repeated_key_keeps_the_first_row_and_says_so() -> None:
    columns = Columns.from_lists({"at": [1, 1, 1, 2], "cell": ["a", "a", "b", "c"]}, "f")
    batch, skipped = coerce(table("string"), columns)
    assert batch.data.to_pylist() == [{"at": 1, "cell": "a"}, {"at": 2, "cell": "c"}]
    assert sorted(one.count for one in skipped) == [1, 1]
    assert any("repeats another row exactly" in one.reason for one in skipped)
    assert any("the first row is kept" in one.reason for one in skipped)
