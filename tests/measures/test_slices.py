"""Definitions of measures that are no sums: the same as the single path, and which can be so."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import ibis
import ibis.expr.operations as ops
import numpy as np
import pytest

from underlay.api import OpenLake
from underlay.atlas.contracts import CORE
from underlay.config import settings
from underlay.errors import NoDataError
from underlay.lake import embedded
from underlay.lake.engine import Tables
from underlay.measures import MEASURES, evaluate, measure
from underlay.measures.definitions import EACH, Definition, Query
from underlay.measures.multiverse import multiverse, open_choices
from underlay.measures.slices import can_slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.lake import Engine
    from underlay.measures import Measure
    from underlay.measures.multiverse import Multiverse

    from .conftest import World

CLOSE = 1e-9


def same_as_alone(found: Multiverse, asked: Measure, engine: Engine, count: int) -> None:
    """Values of so many definitions, against the single path."""
    places = random.Random(7).sample(range(len(found)), min(count, len(found)))  # noqa: S311 - no secret
    for place in places:
        where = {k: v for k, v in found.definition(place).items() if v != EACH}
        try:
            rows = evaluate(asked, engine, by=found.by, where=where).rows
        except NoDataError:
            rows = ()
        alone = {
            " / ".join(map(str, row.key.values())): row.value
            for row in rows
            if row.value is not None
        }
        values = dict(zip(found.parties, found.values[place].tolist(), strict=True))
        here = {party: value for party, value in values.items() if not np.isnan(value)}
        assert here == pytest.approx(alone, rel=CLOSE, abs=CLOSE), where


IN_THE_WORLD = (
    "head_share", "little_used", "downloaded_size", "derivatives_added_share", "tokens_share",
    "stock_share", "concentration", "notable_models",
)  # fmt: skip
# of a panel held, and of tables that the small world lacks
IN_THE_SNAPSHOT = {
    "downloads_monthly": {"attribution": "author", "fresh": "only", "panel": "fixed"},
    "pulls_share": {},
    "arena_gap": {"population": "open"},
    "board_share": {},
    "price_blended": {},
    "price_decline": {"variants": "plain"},
    "stock_owner_share": {},
}


@pytest.mark.parametrize("name", IN_THE_WORLD)
def test_gives_what_the_single_path_gives(name: str, world: World) -> None:
    asked = measure(name)
    same_as_alone(multiverse(asked, world.engine), asked, world.engine, 8)


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Engine]:
    """The engine of the embedded snapshot."""
    if not (embedded().root / "versions").is_dir():
        pytest.skip("no embedded snapshot; `underlay bundle` makes it")
    with OpenLake(embedded(), settings({})) as lake:
        yield lake.engine


@pytest.mark.parametrize("name", IN_THE_SNAPSHOT)
def test_gives_what_the_single_path_gives_on_real_rows(name: str, snapshot: Engine) -> None:
    asked, where = measure(name), IN_THE_SNAPSHOT[name]
    found = multiverse(asked, snapshot, where=where)
    assert can_slice(asked, *query_of(asked, found.by, where))
    assert len(found) > 1
    same_as_alone(found, asked, snapshot, 5)


def query_of(asked: Measure, by: str, where: dict[str, str]) -> tuple[Query, list[str]]:
    varied = [choice.name for choice in open_choices(asked, by, where)]
    definition = asked.definition(where, by)
    options = {k: EACH if k in varied else v for k, v in definition.options.items()}
    return Query(by, Definition(options, definition.kept)), varied


def test_a_panel_that_lists_change_is_not_decided_row_by_row() -> None:
    asked = measure("downloads_monthly")
    assert not can_slice(asked, *query_of(asked, "family", {}))
    one_list = {"attribution": "author", "fresh": "only"}
    assert can_slice(asked, *query_of(asked, "family", {**one_list, "panel": "fixed"}))


def test_filters_that_look_at_other_rows_say_so() -> None:
    tables = Tables(CORE)
    for asked in (each for each in MEASURES if each.computation is None):
        relation = ibis.table(asked.expression(tables).schema(), name="rows")
        for choice in asked.choices:
            for option in choice.options:
                if option.keep is None:
                    continue
                others = option.keep(relation).op().find((ops.Subquery, ops.WindowFunction))
                assert option.is_of_row == (not others), (asked.name, choice.name, option.name)


def test_part_of_a_multiverse_is_the_multiverse_of_that_part(world: World) -> None:
    asked = measure("downloads_share")
    whole = multiverse(asked, world.engine)
    part = whole.at({"scope": "language"})
    alone = multiverse(asked, world.engine, where={"scope": "language"})
    assert part.facets == alone.facets
    assert len(part) == len(alone) < len(whole)
    assert part.parties == alone.parties
    np.testing.assert_array_equal(part.values, alone.values)
    assert part.held["scope"] == "language"


def test_boards_each_have_a_row(snapshot: Engine) -> None:
    found = evaluate(measure("arena_gap"), snapshot, by="board")
    boards = [row.key["board"] for row in found.rows]
    assert len(boards) == len(set(boards)) > 5
    assert all(row.value is not None or row.reason for row in found.rows)
