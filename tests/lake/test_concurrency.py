"""Many writers lose nothing, readers never see half, and collecting gets in nobody's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import LakeBusyError
from underlay.lake import Lake
from underlay.lake.write import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable


def finish(child: Any) -> str:
    out, errors = child.communicate(timeout=240)
    assert child.returncode == 0, errors
    return str(out)


def test_many_writers_lose_nothing(toy: Any, process: Callable[..., Any]) -> None:
    writers = [process("add", toy.root, name, 6) for name in "abcd"]
    for writer in writers:
        finish(writer)
    assert toy.rows() == {("2026-01-01", f"{name}{i}", i) for name in "abcd" for i in range(6)}
    assert Lake(toy.root).state.version == 24
    assert toy.problems() == []


def test_readers_never_see_half(
    toy: Any, process: Callable[..., Any], uniform: Callable[..., Any]
) -> None:
    toy.merge(*uniform(1))
    writer = process("forever", toy.root)
    readers = [process("read", toy.root, 8) for _ in range(2)]
    for reader in readers:
        assert int(finish(reader)) == 8, "the reader saw the writer at work"
    writer.kill()


def test_collecting_beside_writers_takes_nothing_that_is_needed(
    toy: Any, process: Callable[..., Any]
) -> None:
    toy.merge(("2026-01-01", "first", 0))
    collector = process("collect", toy.root, 3)
    writers = [process("add", toy.root, name, 12) for name in "ab"]
    for writer in writers:
        finish(writer)
    finish(collector)
    expected = {("2026-01-01", f"{name}{i}", i) for name in "ab" for i in range(12)}
    assert toy.rows() == expected | {("2026-01-01", "first", 0)}
    assert toy.problems() == []


def test_a_writer_that_always_loses_says_so(toy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.merge(("2026-01-01", "a", 1))
    transaction = Transaction(toy.root)
    transaction.merge(toy.batch([("2026-01-01", "b", 2)]))
    monkeypatch.setattr("underlay.lake.write._TRIES", 3)
    monkeypatch.setattr(Transaction, "_publish", lambda *_: False)
    with pytest.raises(LakeBusyError, match="nothing was changed"):
        transaction.commit(toy.now)
    assert toy.rows() == {("2026-01-01", "a", 1)}


def test_a_writer_whose_file_was_collected_says_so(toy: Any) -> None:
    transaction = Transaction(toy.root)
    ref = transaction.add_snapshot(b"data", toy.ref("x"))
    (toy.root / ref.path).unlink()
    with pytest.raises(LakeBusyError):
        transaction.commit(toy.now)
    assert toy.files() == set()


def test_two_writers_in_turn_both_stay(toy: Any) -> None:
    first, second = Transaction(toy.root), Transaction(toy.root)
    first.merge(toy.batch([("2026-01-01", "a", 1)]))
    second.merge(toy.batch([("2026-01-01", "b", 2)]))
    first.commit(toy.now)
    second.commit(toy.now)
    assert toy.rows() == {("2026-01-01", "a", 1), ("2026-01-01", "b", 2)}
