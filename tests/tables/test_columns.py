"""Publishers' files become named columns, and a broken file becomes one sentence."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.tables import Columns


def csv_cells(data: bytes, **options: str) -> tuple[dict[str, list[object]], list[tuple[int, str]]]:
    columns, bad = Columns.from_csv(data, "file.csv", **options)
    return {name: columns.cells(name) for name in columns.names}, bad


def test_csv_cells_are_text_and_empty_ones_null() -> None:
    cells, bad = csv_cells(b"\xef\xbb\xbfa,b\n1,\n\n x ,NA\n")
    assert cells == {"a": ["1", " x "], "b": [None, "NA"]}
    assert bad == []


def test_csv_rows_of_another_width_are_given_back() -> None:
    cells, bad = csv_cells(b"a,b\n1,2\n3\n4,5,6\n")
    assert cells == {"a": ["1"], "b": ["2"]}
    assert bad == [(3, "3"), (4, "4,5,6")]


def test_csv_lines_end_at_newlines_only() -> None:
    # form feed, next line and line separator stand in tags and names of real lists
    odd = "x\x0cy\x85z\u2028w"
    cells, bad = csv_cells(f'a,b\n{odd},"two\nlines"\n'.encode())
    assert cells == {"a": [odd], "b": ["two\nlines"]}
    assert bad == []


def test_csv_with_comments_and_tabs() -> None:
    assert csv_cells(b"# about\na\tb\n1\t2\n", delimiter="\t", comment="#")[0]["b"] == ["2"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"a,a\n1,2\n", "stands twice"),
        (b"a\n\xff\n", "not UTF-8 at byte 2"),
        (b'a,b\n"open,1\n', "line"),
        (b"a\n" + b"x" * (5 << 20), "field larger"),
    ],
)
def test_a_broken_csv_is_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words) as caught:
        Columns.from_csv(data, "file.csv")
    assert "`file.csv`" in caught.value.message
    assert "\n" not in caught.value.message


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_parquet_is_read() -> None:
    columns = Columns.from_parquet(parquet(pa.table({"a": [1, 2]})), "file.parquet")
    assert columns.cells("a") == [1, 2]


@pytest.mark.parametrize("cut", [0, 3, 60, -1, -9])
def test_a_cut_parquet_file_is_one_sentence(cut: int) -> None:
    whole = parquet(pa.table({"a": list(range(100))}))
    with pytest.raises(UnreadableError) as caught:
        Columns.from_parquet(whole[:cut], "file.parquet")
    assert "`file.parquet`" in caught.value.message
    assert "\n" not in caught.value.message


def test_parquet_with_a_column_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(UnreadableError, match="stands twice"):
        Columns.from_parquet(parquet(table), "file.parquet")


def test_parquet_that_announces_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("underlay.tables.columns.MAX_PARQUET_BYTES", 100)
    with pytest.raises(UnreadableError, match="announces"):
        Columns.from_parquet(parquet(pa.table({"a": list(range(1000))})), "file.parquet")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([1, "a", None, 2.0, True], ["1", "a", None, "2", "true"]),
        ([2**70, 1], ["1180591620717411303424", "1"]),
        (["\ud800"], ["\\ud800"]),
        ([float("nan"), "a"], [None, "a"]),
        ([[1], "a"], ["[1]", "a"]),
        ([], []),
    ],
)
def test_cells_of_several_kinds_become_text(cells: list[object], expected: list[object]) -> None:
    assert Columns.from_lists({"a": cells}, "f").cells("a") == expected


def test_a_missing_column_is_named_with_those_there() -> None:
    columns = Columns.from_lists({"a": [1], "b": [2]}, "file.csv")
    with pytest.raises(SchemaError, match="no column `c`; it has a, b"):
        columns.select({"x": "c"})


def test_derive_sees_each_value_once_and_never_null() -> None:
    seen: list[object] = []

    def double(value: int) -> int:
        seen.append(value)
        return value * 2

    columns = Columns.from_lists({"a": [1, None, 1, 2]}, "f").derive("b", "a", double)
    assert columns.cells("b") == [2, None, 2, 4]
    assert sorted(seen) == [1, 2]
    assert Columns.from_lists({"a": [None]}, "f").derive("b", "a", double).cells("b") == [None]


def test_split_keeps_every_row() -> None:
    columns = Columns.from_lists({"a": [1, None, 3]}, "f")
    kept, rest = columns.split("a", lambda cell: cell is not None and cell > 1)
    assert (kept.cells("a"), rest.cells("a")) == ([3], [1, None])
