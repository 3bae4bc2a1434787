"""Ollama's pulls: rounding, days without a reading, models without a count."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.ollama import PULLS, Ollama

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Ollama()
NAME = "ollama_pulls_daily.parquet"
SAMPLE = f"ollama/{NAME}"


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


@pytest.fixture
def rows(sample: Callable[[str], bytes]) -> list[dict[str, Any]]:
    return pq.read_table(io.BytesIO(sample(SAMPLE))).to_pylist()


def test_cells(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    assert not got.skipped
    assert len(got.rows[PULLS.name]) == 45
    row = got.row(PULLS.name, observed_on=dt.date(2026, 7, 14), model_name="llama3.1")
    assert row["pulls_text"] == "117.1M"
    assert row["pulls_total_count"] == 117_100_000
    assert row["observed_at"] == dt.datetime(2026, 7, 14, 23, 35, 55, 532000)
    assert (row["tags_count"], row["categories"], row["sizes"]) == (93, "tools", None)


def test_a_count_is_exact_although_the_flattened_one_is_not(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    row = got.row(PULLS.name, observed_on=dt.date(2026, 7, 14), model_name="falcon2")
    assert row["pulls_total_count"] == 522_300  # the file says 522299.99999999994


def test_a_model_without_a_count_stays_with_null(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    key = {"model_name": "granite4.1-guardian"}
    early = got.row(PULLS.name, observed_on=dt.date(2026, 7, 14), **key)
    late = got.row(PULLS.name, observed_on=dt.date(2026, 8, 17), **key)
    assert early["pulls_total_count"] is None
    assert late["pulls_total_count"] == 10_000


def test_missing_weeks_stay_missing(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    days = {row["observed_on"] for row in got.rows[PULLS.name]}
    assert days == {dt.date(2026, 7, 13), dt.date(2026, 7, 14), dt.date(2026, 8, 17)}


def test_the_last_reading_of_a_day_wins(parsed: Any, rows: list[dict[str, Any]]) -> None:
    early = [dict(row) for row in rows if row["snapshot_date"] == "2026-07-14"]
    for row in early:
        row["snapshot_at"] = "2026-07-14T01:00:00.000Z"
        row["pull_count_text"] = "1K"
    got = parsed(SOURCE, NAME, parquet(early + rows))
    assert got.reasons == {"an earlier reading of the same day": len(early)}
    row = got.row(PULLS.name, observed_on=dt.date(2026, 7, 14), model_name="llama3.1")
    assert row["pulls_total_count"] == 117_100_000


def test_the_registry_s_own_file(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, "models.json", sample("ollama/models.json"))
    assert not got.skipped
    row = got.row(PULLS.name, observed_on=dt.date(2026, 8, 21), model_name="qwen3")
    assert row["pulls_total_count"] == 35_000_000
    assert row["categories"] == "tools|thinking"


@pytest.mark.parametrize("text", ["many", "1.2X", "1e999M", "M", "-5K"])
def test_a_count_that_is_none_skips_the_row(
    parsed: Any, rows: list[dict[str, Any]], text: str
) -> None:
    rows[0]["pull_count_text"] = text
    got = parsed(SOURCE, NAME, parquet(rows))
    assert len(got.rows[PULLS.name]) == len(rows) - 1
    assert [skip.count for skip in got.skipped] == [1]
    assert "pulls_total_count" in got.skipped[0].reason


def test_bad_files(parsed: Any, sample: Any) -> None:
    good = sample(SAMPLE)
    with pytest.raises(UnreadableError):
        parsed(SOURCE, NAME, good[: len(good) // 2])
    with pytest.raises(SchemaError, match="pull_count_text"):
        parsed(SOURCE, NAME, parquet([{"snapshot_date": "2026-07-14", "model": "x"}]))
    for document in ([], {"models": {}}, {"models": {"x": 1}, "lastUpdated": "2026-08-21"}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, "models.json", json.dumps(document).encode())


def test_full_file(parsed: Any, staged: Any) -> None:
    path = staged("models/ollama_registry_auditomatic/ollama_pulls_daily_unrolled.parquet")
    got = parsed(SOURCE, path.name, path.read_bytes())
    rows = got.rows[PULLS.name]
    assert not got.skipped
    assert len(rows) == 75_028
    assert sum(row["pulls_total_count"] is None for row in rows) == 553
    assert len({row["observed_on"] for row in rows}) == 367
