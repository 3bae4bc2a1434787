"""The Hub census of 2022: bare names, tasks that are missing, copies."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.hf_census import MODEL, HfCensus

SOURCE = HfCensus()
NAME = "models_with_downloads_2022-07-02.parquet"
SAMPLE = f"hf_census/{NAME}"


def changed(data: bytes, column: str, cells: list[Any]) -> bytes:
    """The sample with other cells in the first rows of one column."""
    table = pq.read_table(io.BytesIO(data))
    rows = table.to_pylist()
    for row, cell in zip(rows, cells, strict=False):
        row[column] = cell
    sink = io.BytesIO()
    pq.write_table(table.from_pylist(rows), sink)
    return sink.getvalue()


def test_cells(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    assert not got.skipped
    assert len(got.rows[MODEL.name]) == 17
    row = got.row(MODEL.name, model_id="bert-base-uncased")  # no namespace then
    assert row["observed_on"] == dt.date(2022, 7, 2)
    assert row["downloads_30d_count"] == 20_382_194
    assert row["pipeline_tag"] == "fill-mask"
    assert row["revision_sha"] == "418430c3b5df7ace92f2aede75700d22c78a0f95"
    assert row["is_private"] is False


def test_zero_downloads_and_no_task_are_different_things(parsed: Any, sample: Any) -> None:
    row = parsed(SOURCE, NAME, sample(SAMPLE)).row(MODEL.name, model_id="Priscila/teste")
    assert (row["downloads_30d_count"], row["pipeline_tag"]) == (0, None)


def test_copies_share_a_revision_and_stay_apart(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE))
    names = ("flax-community/dalle-mini", "apol/dalle-mini")
    assert len({got.row(MODEL.name, model_id=name)["revision_sha"] for name in names}) == 1


def test_the_file_s_own_day_counts(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, sample(SAMPLE), dt.date(2026, 1, 1))
    assert {row["observed_on"] for row in got.rows[MODEL.name]} == {dt.date(2022, 7, 2)}


def test_bad_cells(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, NAME, changed(sample(SAMPLE), "downloads", [-1, None, 3]))
    assert got.reasons == {
        "`downloads_30d_count` must be at least 0": 1,
        "`downloads_30d_count` is empty": 1,
    }
    assert len(got.rows[MODEL.name]) == 15
    got = parsed(SOURCE, NAME, changed(sample(SAMPLE), "snapshot_date", ["July"]))
    assert got.reasons == {"`observed_on` is not a valid date": 1}


def test_bad_files(parsed: Any, sample: Any) -> None:
    with pytest.raises(UnreadableError):
        parsed(SOURCE, NAME, sample(SAMPLE)[:-20])
    with pytest.raises(SchemaError, match="`model`, `downloads`"):
        parsed(SOURCE, NAME, sample("llmfit/llmfit_hf_models_unrolled.parquet"))


def test_everything_staged(parsed: Any, staged: Any) -> None:
    path = staged(f"models/hf_hub_full_2022-07/{NAME}")
    got = parsed(SOURCE, NAME, path.read_bytes())
    rows = got.rows[MODEL.name]
    assert not got.skipped
    assert len(rows) == 55_524
    assert sum(row["downloads_30d_count"] for row in rows) == 199_235_153
    assert sum(row["pipeline_tag"] is None for row in rows) == 18_549
    assert sum("/" not in row["model_id"] for row in rows) == 68
    assert not [row for row in rows if row["model_id"].startswith("meta-llama/")]
