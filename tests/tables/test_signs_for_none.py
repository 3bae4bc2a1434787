"""Signs by which publishers say "none", and quantities that are none."""

from __future__ import annotations

import math

from underlay.tables import Column, Columns, Table, coerce

PRICES = Table(
    name="raw_shop__price",
    doc="One row per thing.",
    key=("thing",),
    columns=(Column("thing", "string", "thing", True), Column("usd", "float64", "price")),
)


def test_signs_become_null_in_the_named_columns_only() -> None:
    columns = Columns.from_lists({"usd": [-1, 0, None, 2.5], "rank": [-1, 0, 1, 2]}, "shop.csv")
    columns = columns.with_nulls_for(-1, "-1", names=("usd",))
    assert columns.cells("usd") == [None, 0, None, 2.5]
    assert columns.cells("rank") == [-1, 0, 1, 2]


def test_columns_without_any_cell_stay_empty() -> None:
    columns = Columns.from_lists({"usd": [None, None]}, "shop.csv")
    assert columns.with_nulls_for("", names=("usd",)).cells("usd") == [None, None]


def test_an_infinite_number_is_refused_and_nan_is_null() -> None:
    things = {"thing": ["a", "b", "c", "d"], "usd": [1.5, math.inf, -math.inf, math.nan]}
    batch, skipped = coerce(PRICES, Columns.from_lists(things, "shop.csv"))
    assert batch.data.to_pylist() == [{"thing": "a", "usd": 1.5}, {"thing": "d", "usd": None}]
    assert [(skip.reason, skip.count) for skip in skipped] == [("`usd` is not a valid float64", 2)]
