"""A damaged byte is found and its file named; it never turns into an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pytest

from underlay.errors import (
    CorruptError,
    DataError,
    NotComputableError,
    SchemaError,
    UnreadableError,
)
from underlay.lake import Engine, Lake
from underlay.lake.state import State, versions
from underlay.lake.write import Transaction, encode
from underlay.tables import Batch, Column, Table

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [("2026-01-01", name, ord(name)) for name in "abcdefgh"]


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 0x10
    path.write_bytes(data)


def total(toy: Any) -> int:
    with Engine(Lake(toy.root), [toy.table]) as engine:
        table = engine.tables[toy.table.name]
        found = engine.run(table.aggregate(total=table.downloads_count.sum()))
        return int(found.objects("total")[0])


def test_verify_names_exactly_the_flipped_file(toy: Any) -> None:
    toy.merge(*ROWS, ("2026-02-01", "a", 1))
    ref = toy.keep(b"as the publisher sent it")
    assert toy.problems() == []
    damaged, whole = toy.parquet()
    size = damaged.stat().st_size
    for position in range(0, size, 97):
        flip(damaged, position)
        (problem,) = Lake(toy.root).verify()
        assert problem.path == str(damaged)
        assert "sha256" in problem.problem
        flip(damaged, position)
    assert toy.problems() == []
    flip(toy.root / ref.path, 3)
    (problem,) = Lake(toy.root).verify()
    assert problem.path == str(toy.root / ref.path)
    assert str(whole) not in problem.path


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied", "removed", "not parquet"])
def test_every_reader_names_the_damaged_file(toy: Any, damage: str) -> None:
    toy.merge(*ROWS)
    assert total(toy) == sum(count for _, _, count in ROWS)
    (path,) = toy.parquet()
    data = path.read_bytes()
    if damage == "flipped":
        flip(path, len(data) // 3)
    elif damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b"x" * len(data))
    for read in (toy.rows, lambda: total(toy)):
        with pytest.raises((CorruptError, UnreadableError)) as caught:
            read()
        assert str(path) in caught.value.message
        assert "\n" not in caught.value.message
    # nor may a merge give the damaged rows a good digest
    with pytest.raises((CorruptError, UnreadableError)):
        toy.merge(("2026-01-01", "z", 1))
    assert Lake(toy.root).state.version == 1


def test_syncing_again_mends_a_damaged_file(toy: Any) -> None:
    ref = toy.keep(b"as the publisher sent it")
    path = toy.root / ref.path
    flip(path, 0)
    with pytest.raises(CorruptError, match=ref.sha256[:12]):
        Lake(toy.root).snapshot_bytes(ref)
    toy.keep(b"as the publisher sent it")
    assert Lake(toy.root).snapshot_bytes(ref) == b"as the publisher sent it"
    assert toy.problems() == []


def test_a_file_as_recorded_that_is_no_parquet_is_named(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("underlay.lake.write.encode", lambda _: b"PAR1 nonsense PAR1")
        toy.merge(*ROWS)
    assert toy.problems() == []
    (path,) = toy.parquet()
    for read in (toy.rows, lambda: total(toy)):
        with pytest.raises(UnreadableError) as caught:
            read()
        assert str(path) in caught.value.message
        assert "\n" not in caught.value.message


def test_an_older_file_without_a_new_column_is_named(toy: Any) -> None:
    old = Table(toy.table.name, toy.table.doc, ("name",), (Column("name", "string", "name", True),))
    transaction = Transaction(toy.root)
    transaction.merge(Batch.from_lists(old, {"name": ["a"]}))
    transaction.commit(toy.now)
    for read in (toy.rows, lambda: total(toy)):
        with pytest.raises(SchemaError, match="raw_toy__count"):
            read()


def test_no_flipped_bit_of_a_version_file_makes_another_version(toy: Any) -> None:
    toy.merge(*ROWS)
    (path,) = versions(toy.root)
    data = path.read_bytes()
    state = State.decode(data, "x")
    for position in range(len(data)):
        for bit in (0x01, 0x20):
            changed = bytearray(data)
            changed[position] ^= bit
            try:
                found = State.decode(bytes(changed), "x")
            except DataError as error:
                assert "`x`" in error.message
            else:
                assert found == state  # blanks between the braces


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"sha256": "", "state": {}}', b"[" * 100_000],
)
def test_a_version_file_of_another_kind_is_named(toy: Any, content: bytes) -> None:
    toy.merge(*ROWS)
    (path,) = versions(toy.root)
    path.write_bytes(content)
    with pytest.raises((CorruptError, UnreadableError)) as caught:
        Lake(toy.root)
    assert str(path) in caught.value.message


def test_the_version_before_is_there_when_the_newest_is_taken_away(toy: Any) -> None:
    toy.merge(("2026-01-01", "a", 1))
    toy.merge(("2026-01-01", "a", 2))
    versions(toy.root)[-1].unlink()
    assert toy.rows() == {("2026-01-01", "a", 1)}
    assert toy.problems() == []


def test_too_little_memory_is_one_sentence(toy: Any) -> None:
    toy.merge(*ROWS)
    with Engine(Lake(toy.root), [toy.table], threads=1, memory_mb=1) as engine:
        table = engine.tables[toy.table.name]
        numbers = ibis.range(0, 3_000_000).unnest().name("number").as_table()
        wide = table.cross_join(numbers).order_by(ibis.random())
        with pytest.raises(NotComputableError, match="1 MB"):
            engine.run(wide)


def test_an_engine_reads_what_was_committed(toy: Any) -> None:
    assert encode(toy.batch(ROWS)) == encode(toy.batch(ROWS))
    toy.merge(*ROWS)
    with Engine(Lake(toy.root), [toy.table]) as engine:
        table = engine.tables[toy.table.name]
        assert engine.batch(toy.table, table).data.num_rows == len(ROWS)
        nothing = engine.run(table.filter(table.name == "no such name"))
        assert len(nothing) == 0
        engine.close()
        assert len(engine.run(table)) == len(ROWS)  # connects again
