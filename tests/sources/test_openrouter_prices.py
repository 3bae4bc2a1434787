"""OpenRouter's monthly prices: units, free entries, months without a copy."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.openrouter_prices import MODEL_MONTH, OpenRouterPrices

SOURCE = OpenRouterPrices()
NAME = "history.json.gz"
FIRST = dt.date(2023, 7, 26)


@pytest.fixture
def data(sample: Any) -> bytes:
    return bytes(sample(f"openrouter_prices/{NAME}"))


def test_cells(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    assert not got.skipped
    assert len(got.rows[MODEL_MONTH.name]) == 25
    row = got.row(MODEL_MONTH.name, observed_on=FIRST, slug="openai/gpt-4-32k")
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (60.0, 120.0)
    row = got.row(MODEL_MONTH.name, observed_on=dt.date(2025, 4, 3), slug="openai/o1-pro")
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (150.0, 600.0)


def test_free_is_zero_and_variants_stay_apart(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    key = {"observed_on": dt.date(2025, 4, 3)}
    paid = got.row(MODEL_MONTH.name, slug="deepseek/deepseek-r1", **key)
    free = got.row(MODEL_MONTH.name, slug="deepseek/deepseek-r1:free", **key)
    assert free["input_usd_per_mtok"] == 0.0 < paid["input_usd_per_mtok"]


def test_a_month_without_a_copy_gives_no_rows(parsed: Any, data: bytes) -> None:
    days = {row["observed_on"] for row in parsed(SOURCE, NAME, data).rows[MODEL_MONTH.name]}
    assert days == {FIRST, dt.date(2025, 4, 3), dt.date(2026, 9, 2)}


def test_bad_cells_are_skipped_with_a_reason(parsed: Any) -> None:
    prices = {"a/ok": [1, 2.5], "a/none": [None, None], "a/text": ["much", 1], "a/minus": [-1, -1]}
    prices |= {"a/one": [1], "a/flat": 3}
    copies = [{"date": "2026-01-01", "prices": prices}, {"date": "2026-02-01"}, 7]
    copies.append({"date": "January", "prices": {"a/ok": [1, 1]}})
    got = parsed(SOURCE, "history.json", json.dumps({"snapshots": copies}).encode())
    rows = {row["slug"]: row["input_usd_per_mtok"] for row in got.rows[MODEL_MONTH.name]}
    assert rows == {"a/ok": 1.0, "a/none": None}
    assert got.reasons == {
        "a price is no pair": 2,
        "a copy is no object with `prices`": 2,
        "`observed_on` is not a valid date": 1,
        "`input_usd_per_mtok` is not a valid float64": 1,
        "`input_usd_per_mtok` must be at least 0": 1,
    }


def test_bad_files(parsed: Any, data: bytes) -> None:
    with pytest.raises(UnreadableError, match="gzip"):
        parsed(SOURCE, NAME, data[: len(data) // 2])
    with pytest.raises(UnreadableError, match="JSON"):
        parsed(SOURCE, NAME, gzip.compress(b'{"snapshots": ['))
    for document in ([], {}, {"snapshots": {}}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, "history.json", json.dumps(document).encode())


def test_full_file(parsed: Any, staged: Any) -> None:
    path = staged("models/openrouter_price_history_radar/history_2023-07_to_2026-10.json.gz")
    got = parsed(SOURCE, path.name, path.read_bytes())
    rows = got.rows[MODEL_MONTH.name]
    assert not got.skipped
    assert len(rows) == 8120
    assert len({row["observed_on"] for row in rows}) == 31
