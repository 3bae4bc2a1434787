"""Prepared SQL: saves time, never changes an answer, and is void as soon as other code wrote it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import pytest

from underlay.lake import Engine, Lake
from underlay.lake.prepared import (
    Statement,
    code_digest,
    read_answers,
    read_statements,
    write_answers,
    write_statements,
)
from underlay.lake.write import Transaction
from underlay.tables import Batch, Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = Table(
    "raw_x__count",
    "One row per name.",
    ("name",),
    (Column("name", "string", "a name", True), Column("n", "int64", "a count", True)),
)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    root = tmp_path / "lake"
    transaction = Transaction(root)
    transaction.replace(Batch.from_lists(COUNT, {"name": ["a", "b"], "n": [1, 2]}))
    transaction.commit(NOW)
    return Lake(root)


def _sum(engine: Engine) -> Callable[[], ibis.Table]:
    def make() -> ibis.Table:
        named = engine.view("doubled", lambda tables: tables[COUNT.name].mutate(n=ibis._.n * 2))
        return named.aggregate(n=named.n.sum())

    return make


def _never() -> ibis.Table:
    raise AssertionError("the SQL was prepared, so nothing is made")


def test_a_prepared_question_has_the_same_answer_and_makes_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    path = tmp_path / "queries.json"
    with Engine(lake, [COUNT]) as engine:
        assert engine.ask("sum", _sum(engine)).objects("n") == [6]
        write_statements(path, Engine.code(), engine.asked)
    with Engine(lake, [COUNT], prepared=path) as engine:
        assert engine.ask("sum", _never).objects("n") == [6]
        # an expression made anew may build on the relation that the prepared SQL named
        assert engine.ask("other", _sum(engine)).objects("n") == [6]


def test_statements_of_other_code_are_void(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "queries.json"
    write_statements(path, "other code", {"sum": Statement("SELECT 0 AS n", (), {})})
    with Engine(lake, [COUNT], prepared=path) as engine:
        assert engine.ask("sum", _sum(engine)).objects("n") == [6]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"code": 1}', b'{"code": "x", "statements": 3}']
)
def test_a_file_that_is_none_is_as_good_as_no_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "queries.json"
    path.write_bytes(content)
    assert read_statements(path, "x") == {}
    assert read_statements(tmp_path / "gone.json", "x") == {}


def test_equal_statements_are_equal_bytes_and_come_back(tmp_path: Path) -> None:
    first, second = Statement("SELECT 1", ("t",), {"v": "SELECT 2"}), Statement("SELECT 3", (), {})
    for name, order in (("a", {"x": first, "y": second}), ("b", {"y": second, "x": first})):
        write_statements(tmp_path / name, "code", order)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_statements(tmp_path / "a", "code") == {"x": first, "y": second}


def test_the_digest_depends_on_versions_and_further_folders() -> None:
    assert code_digest(["1"]) == code_digest(["1"]) != code_digest(["2"])
    assert code_digest(["1"], ["claims"]) != code_digest(["1"])


ANSWERS = {
    "b": {"led": 3, "answer": {"leads": {"US": 0.75, "CN": 0.25}, "count": 4}},
    "a": {"led": 0, "answer": {"leads": {}, "count": 1}},
}


def test_answers_are_read_with_the_order_of_what_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    write_answers(path, "code", "lake", ANSWERS)
    found = read_answers(path, "code", "lake")
    assert found == ANSWERS
    # the order of parties is that of their leads: sentences name them in it
    assert list(found["b"]["answer"]["leads"]) == ["US", "CN"]


def test_other_code_or_another_lake_voids_answers(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    write_answers(path, "code", "lake", ANSWERS)
    assert read_answers(path, "other", "lake") == {}
    assert read_answers(path, "code", "other") == {}


def test_a_file_of_answers_that_is_not_there_or_broken_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    assert read_answers(path, "code", "lake") == {}
    for text in ("", "[]", "{}", '{"code": "code", "lake": "lake"}', "\x00"):
        path.write_text(text)
        assert read_answers(path, "code", "lake") == {}


def test_an_answer_is_computed_where_none_is_prepared(lake: Lake) -> None:
    with Engine(lake, [COUNT], answers=lambda: {"old": {"n": 1}}) as engine:
        assert engine.answer("old", dict) == {"n": 1}
        assert engine.answer("new", lambda: {"n": 2}) == {"n": 2}
        assert engine.answered == {"old": {"n": 1}, "new": {"n": 2}}  # for the next start


def test_values_asked_about_are_others_each_time(lake: Lake) -> None:
    asked = Table("core__asked", "One row per number.", ("n",), (Column("n", "int32", "it", True),))
    with Engine(lake, [COUNT]) as engine:

        def count() -> ibis.Table:
            return engine.tables["core__asked"].aggregate(n=engine.tables["core__asked"].n.sum())

        engine.register_values(asked, [1, 2])
        assert engine.ask("sum asked", count).objects("n") == [3]
        engine.register_values(asked, [])
        assert engine.ask("sum asked", count).objects("n") == [None]
        engine.register_values(asked, [40, 2])
        assert engine.ask("sum asked", count).objects("n") == [42]
