"""What a commit changes, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import CheckError, LakeMissingError
from underlay.lake import Lake
from underlay.lake.state import State, read_version
from underlay.lake.write import Transaction
from underlay.tables import Batch, Column, Table

if TYPE_CHECKING:
    from pathlib import Path

JAN, FEB = "2026-01-01", "2026-02-01"


def test_a_merge_adds_rows_and_replaces_those_of_the_same_key(toy: Any) -> None:
    toy.merge((JAN, "a", 1), (JAN, "b", 2), (FEB, "a", 3))
    toy.merge((JAN, "b", 20), (JAN, "c", None))
    assert toy.rows() == {(JAN, "a", 1), (JAN, "b", 20), (JAN, "c", None), (FEB, "a", 3)}
    assert Lake(toy.root).state.version == 2
    assert toy.problems() == []


def test_only_touched_partitions_get_new_files(toy: Any) -> None:
    toy.merge((JAN, "a", 1), (FEB, "a", 3))
    before = read_version(toy.root).partitions
    toy.merge((FEB, "b", 4))
    after = read_version(toy.root).partitions
    assert {label for _, label in after} == {"seen_on=2026-01", "seen_on=2026-02"}
    january = (toy.table.name, "seen_on=2026-01")
    assert after[january] == before[january]


def test_the_same_rows_again_make_no_version(toy: Any) -> None:
    toy.merge((JAN, "a", 1), (JAN, "b", 2))
    before = toy.files()
    toy.merge((JAN, "b", 2), (JAN, "a", 1))
    assert Lake(toy.root).state.version == 1
    assert toy.files() == before


def test_later_batches_of_one_transaction_win(toy: Any) -> None:
    transaction = Transaction(toy.root)
    transaction.merge(toy.batch([(JAN, "a", 1)]))
    transaction.merge(toy.batch([(JAN, "a", 2)]))
    transaction.commit(toy.now)
    assert toy.rows() == {(JAN, "a", 2)}


def test_replace_takes_away_every_old_partition_of_that_table_only(toy: Any) -> None:
    other = Table(
        "raw_toy__other", "One row per name.", ("name",), (Column("name", "string", "n", True),)
    )
    transaction = Transaction(toy.root)
    transaction.merge(toy.batch([(JAN, "a", 1), (FEB, "a", 1)]))
    transaction.merge(Batch.from_lists(other, {"name": ["kept"]}))
    transaction.commit(toy.now)
    transaction = Transaction(toy.root)
    transaction.replace(toy.batch([(FEB, "b", 2)]))
    transaction.commit(toy.now)
    assert toy.rows() == {(FEB, "b", 2)}
    assert Lake(toy.root).read(other).data.to_pylist() == [{"name": "kept"}]


def test_a_broken_rule_changes_nothing(toy: Any) -> None:
    toy.merge((JAN, "a", 1))
    transaction = Transaction(toy.root)
    transaction.add_snapshot(b"data", toy.ref("x"))
    transaction.merge(toy.batch([(JAN, "b", 1), (JAN, "b", 2)]))
    with pytest.raises(CheckError, match="repeat a key"):
        transaction.commit(toy.now)
    assert toy.rows() == {(JAN, "a", 1)}
    assert Lake(toy.root).snapshots() == []


def test_rows_without_a_key_are_added(toy: Any) -> None:
    table = Table("raw_toy__note", "One row per note.", (), (Column("note", "string", "n"),))
    for _ in range(2):
        transaction = Transaction(toy.root)
        transaction.merge(Batch.from_lists(table, {"note": ["same", None]}))
        transaction.commit(toy.now)
    assert len(Lake(toy.root).read(table)) == 4


def test_a_null_in_a_key_is_one_key(toy: Any) -> None:
    table = Table(
        "raw_toy__maybe",
        "One row per name.",
        ("name",),
        (Column("name", "string", "name"), Column("count", "int64", "number")),
    )
    for number in (1, 2):
        transaction = Transaction(toy.root)
        transaction.merge(Batch.from_lists(table, {"name": [None], "count": [number]}))
        transaction.commit(toy.now)
    assert Lake(toy.root).read(table).data.to_pylist() == [{"name": None, "count": 2}]


def test_snapshots_are_kept_by_content(toy: Any) -> None:
    first = toy.keep(b"one", "a.csv")
    second = toy.keep(b"one", "b.csv")
    assert first.path == second.path
    assert [ref.name for ref in Lake(toy.root).snapshots()] == ["a.csv", "b.csv"]
    assert Lake(toy.root).snapshot_bytes(first) == b"one"


def test_a_snapshot_may_be_recorded_without_its_bytes(toy: Any) -> None:
    ref = toy.keep(b"one")
    transaction = Transaction(toy.root / "other")
    transaction.record_snapshot(ref)
    transaction.commit(toy.now)
    lake = Lake(toy.root / "other")
    assert [found.is_kept for found in lake.snapshots()] == [False]
    assert list(lake.verify()) == []


def test_nothing_is_made_before_something_is_kept(toy: Any) -> None:
    Transaction(toy.root)
    assert not toy.root.exists()
    with pytest.raises(LakeMissingError):
        Lake(toy.root)


def test_a_folder_that_is_no_lake_is_no_empty_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeMissingError):
        Lake(tmp_path)
    assert Lake(tmp_path, must_exist=False).tables() == ()


def test_your_lake_lies_over_the_base(toy: Any, tmp_path: Path) -> None:
    toy.merge((JAN, "a", 1), (FEB, "a", 1))
    own = type(toy)(tmp_path / "own")
    own.merge((FEB, "b", 2))
    both = Lake(own.root, Lake(toy.root))
    rows = {(str(r["seen_on"]), r["name"]) for r in both.read(toy.table).data.to_pylist()}
    assert rows == {(JAN, "a"), (FEB, "b")}  # a partition of your own hides the base's
    toy.parquet()[0].unlink()
    assert [found.problem for found in both.verify()] == ["the file is gone"]


EVENTS = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from([JAN, "2026-01-15", FEB]), st.sampled_from("abc")),
        st.none() | st.integers(0, 9),
        max_size=4,
    ),
    max_size=5,
)


@given(events=EVENTS)
def test_any_row_of_merges_is_a_dictionary(
    events: list[dict[tuple[str, str], int | None]], request: Any, tmp_path_factory: Any
) -> None:
    toy = request.getfixturevalue("toy")
    toy = type(toy)(tmp_path_factory.mktemp("lake"))
    expected: dict[tuple[str, str], int | None] = {}
    for event in events:
        toy.merge(*((day, name, count) for (day, name), count in event.items()))
        expected |= event
    state = read_version(toy.root)
    if expected:
        assert toy.rows() == {(day, name, count) for (day, name), count in expected.items()}
        assert toy.problems() == []
    assert State.decode(state.encode(), "x") == state


def test_a_version_says_what_its_files_hold(toy: Any) -> None:
    toy.merge((JAN, "a", 1), (JAN, "b", 2))
    (ref,) = read_version(toy.root).partitions.values()
    assert ref.rows_count == 2
    assert (toy.root / ref.path).stat().st_size == ref.size_bytes
    assert read_version(toy.root).committed_at == "2026-11-21T12:00:00Z"
