"""The cache of an audit costs time where it is broken, never an answer."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from underlay.audit import audit
from underlay.audit.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'from openai import OpenAI\nOpenAI().chat.completions.create(model="gpt-4o")\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "good.py").write_text(GOOD)
    # half of a character: the text that Python makes of it can't be written as UTF-8
    (root / "half.py").write_text(GOOD.replace("gpt-4o", "gpt-4\\ud83d-mini"))
    (root / "half.json").write_text('{"model": "gpt-4o", "name": "\\ud83d"}')
    (root / "half.ts").write_text('const m = openai("gpt-4o"); const x = "\\ud83d";')
    return root


def test_half_a_character_is_kept_like_any_text(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "cache.sqlite", "mark")
    kept.replace({b"1": ["\ud83d", {"é": "\0"}]}, ())
    kept.close()
    again = Cache(tmp_path / "cache.sqlite", "mark")
    assert again.get(b"1") == ["\ud83d", {"é": "\0"}]
    assert again.get(b"2") is None
    again.close()


def test_a_filled_cache_gives_the_same(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    answers = {repr(audit(tree, cache=cache, processes=n)) for n in (1, 1, 2)}
    answers.add(repr(audit(tree)))
    assert len(answers) == 1
    next(iter(answers)).encode("utf-8", "surrogatepass")
    with sqlite3.connect(cache) as base:
        assert base.execute("SELECT count(*) FROM found").fetchone()[0] >= 3


@pytest.mark.parametrize(
    "value",
    ["[", "5", "{}", "[[]]", '[["M"]]', '[["X", 1, 2]]', '[["U", 1]]', "null", b"\xff", None, 7],
)
def test_what_is_damaged_is_looked_for_anew(tree: Path, tmp_path: Path, value: object) -> None:
    cache = tmp_path / "cache.sqlite"
    before = audit(tree, cache=cache)
    with sqlite3.connect(cache) as base:
        base.execute("UPDATE found SET value = ?", (value,))
    assert repr(audit(tree, cache=cache)) == repr(before)
    assert repr(audit(tree, cache=cache)) == repr(before)


def test_what_is_no_cache_is_in_nobodys_way(tree: Path, tmp_path: Path) -> None:
    before = audit(tree)
    for name, made in (("text", b"not a database" * 1000), ("empty", b"")):
        place = tmp_path / name
        place.write_bytes(made)
        assert repr(audit(tree, cache=place)) == repr(before)
    (tmp_path / "folder").mkdir()
    assert repr(audit(tree, cache=tmp_path / "folder")) == repr(before)
    assert repr(audit(tree, cache=tmp_path / "text" / "below")) == repr(before)


def test_another_tree_takes_nothing_until_there_is_too_much(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache.sqlite"
    other = tmp_path / "other"
    other.mkdir()
    (other / "else.py").write_text(GOOD)

    def count() -> int:
        with sqlite3.connect(cache) as base:
            return int(base.execute("SELECT count(*) FROM found").fetchone()[0])

    audit(tree, cache=cache)
    first = count()
    audit(other, cache=cache)
    assert count() == first + 1
    monkeypatch.setattr("underlay.audit.cache._MOST_BYTES", 0)
    audit(other, cache=cache)
    assert count() == 1


def test_two_that_write_at_once(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    before = audit(tree, cache=cache)
    (tree / "more.py").write_text(GOOD)
    held = sqlite3.connect(cache, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    try:
        done = audit(tree, cache=cache)
    finally:
        held.execute("COMMIT")
        held.close()
    assert len(done.models) == len(before.models) + 1
    assert repr(audit(tree, cache=cache)) == repr(done)
