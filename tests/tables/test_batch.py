"""A batch fits its contract, survives Parquet, and merges by key."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import CheckError, SchemaError
from underlay.lake.read import checked_batch
from underlay.lake.write import encode
from underlay.tables import Batch, Check, Column, Table

EVERY_TYPE = Table(
    "core__everything",
    "One row per name and day.",
    ("name", "seen_on"),
    (
        Column("seen_on", "date", "day", True),
        Column("name", "string", "name; may be unknown"),
        Column("small_count", "int32", "a small number"),
        Column("count", "int64", "a number"),
        Column("share", "float64", "a share"),
        Column("is_open", "bool", "a truth"),
        Column("made_at", "timestamp", "a moment"),
    ),
    partition_by="seen_on",
    grain="month",
)
ROW = st.fixed_dictionaries(
    {
        "seen_on": st.dates(dt.date(2025, 11, 1), dt.date(2026, 2, 28)),
        "name": st.none() | st.sampled_from("abc") | st.text(max_size=5),
        "small_count": st.none() | st.integers(-(2**31), 2**31 - 1),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "is_open": st.none() | st.booleans(),
        "made_at": st.none() | st.datetimes(),
    }
)
ROWS = st.lists(ROW, max_size=12, unique_by=lambda row: (row["name"], row["seen_on"]))


def by_key(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {(row["name"], row["seen_on"]): row for row in rows}


@given(rows=ROWS)
def test_parquet_gives_back_every_cell(rows: list[dict[str, Any]]) -> None:
    batch = Batch.from_rows(EVERY_TYPE, rows)
    data = encode(batch)
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        path.write_bytes(data)
        again = checked_batch(path, hashlib.sha256(data).hexdigest(), EVERY_TYPE)
    assert again.data.to_pylist() == rows
    assert again.data.schema == EVERY_TYPE.arrow_schema()


@given(rows=ROWS, order=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_equal_rows_give_equal_bytes(rows: list[dict[str, Any]], order: Any, cut: int) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    parts = [shuffled[:cut], shuffled[cut:]]  # also however many pieces they came in
    pieces = Batch.concat([Batch.from_rows(EVERY_TYPE, part) for part in parts])
    whole = Batch.from_rows(EVERY_TYPE, rows)
    assert encode(pieces.sorted()) == encode(whole.sorted())


@given(older=ROWS, newer=ROWS)
def test_a_merge_is_a_dictionary_update(
    older: list[dict[str, Any]], newer: list[dict[str, Any]]
) -> None:
    merged = Batch.from_rows(EVERY_TYPE, newer).merged_over(Batch.from_rows(EVERY_TYPE, older))
    merged.check()
    expected = by_key(older) | by_key(newer)
    assert by_key(merged.data.to_pylist()) == expected
    assert len(merged) == len(expected)


@given(rows=ROWS)
def test_partitions_hold_every_row_once_in_its_month(rows: list[dict[str, Any]]) -> None:
    parts = Batch.from_rows(EVERY_TYPE, rows).partitions()
    assert sum(len(part) for part in parts.values()) == len(rows)
    for label, part in parts.items():
        for row in part.data.to_pylist():
            assert label == f"seen_on={row['seen_on']:%Y-%m}"


def test_no_rows_make_no_partition_but_a_readable_file() -> None:
    empty = Batch.from_rows(EVERY_TYPE, [])
    assert len(empty) == 0
    assert empty.partitions() == {}
    assert encode(empty)


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"name": ["a"]}, "seen_on"),
        ({"seen_on": [dt.date(2026, 1, 1)], "nmae": ["a"]}, "`nmae` is not one of its columns"),
        ({"seen_on": [dt.date(2026, 1, 1)], "count": ["many"]}, "many"),
        ({"seen_on": [dt.date(2026, 1, 1)], "count": [2**63]}, "too large|too big|out of"),
        ({"seen_on": [20260101]}, "`seen_on` is a date, not a number"),
        ({"seen_on": [dt.date(2026, 1, 1)], "made_at": [1718000000]}, "not a number"),
        ({"seen_on": [dt.date(2026, 1, 1)] * 2, "name": ["a"]}, "length"),
    ],
)
def test_what_does_not_fit_is_named(lists: dict[str, list[Any]], words: str) -> None:
    with pytest.raises(SchemaError, match=words) as caught:
        Batch.from_lists(EVERY_TYPE, lists)
    assert caught.value.table == "core__everything"


def test_a_batch_from_arrow_is_held_to_the_contract() -> None:
    good = Batch.from_rows(EVERY_TYPE, []).data
    with pytest.raises(SchemaError, match="columns are"):
        Batch(EVERY_TYPE, good.drop_columns(["count"]))
    wrong = good.set_column(3, "count", pa.array([], pa.list_(pa.int64())))
    with pytest.raises(SchemaError):
        Batch(EVERY_TYPE, wrong)


def test_check_finds_a_broken_rule_and_a_repeated_key() -> None:
    table = Table(
        "core__counted",
        "One row per name.",
        ("name",),
        (Column("name", "string", "name", True), Column("count", "int64", "number")),
        checks=(Check("not negative", "count", lowest=0),),
    )
    Batch.from_lists(table, {"name": ["a", "b"], "count": [0, None]}).check()
    with pytest.raises(CheckError, match="at least 0"):
        Batch.from_lists(table, {"name": ["a"], "count": [-1]}).check()
    with pytest.raises(CheckError, match="1 rows repeat a key"):
        Batch.from_lists(table, {"name": ["a", "a"], "count": [1, 2]}).check()
