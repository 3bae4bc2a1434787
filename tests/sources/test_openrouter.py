"""OpenRouter's catalogue: prices that are none, variants, and what early days don't say."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.openrouter import MODEL_DAY, OpenRouter

SOURCE = OpenRouter()
NAME = "openrouter_models_daily.parquet"
LAST = dt.date(2026, 8, 22)
PRICES = [name for name in MODEL_DAY.column_names if "usd" in name]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


@pytest.fixture
def data(sample: Any) -> bytes:
    return bytes(sample(f"openrouter/{NAME}"))


@pytest.fixture
def rows(data: bytes) -> list[dict[str, Any]]:
    return list(pq.read_table(io.BytesIO(data)).to_pylist())


def test_cells(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    assert not got.skipped
    assert len(got.rows[MODEL_DAY.name]) == 35
    row = got.row(MODEL_DAY.name, observed_on=LAST, slug="z-ai/glm-5.2")
    assert row["canonical_slug"] == "z-ai/glm-5.2-20260616"
    assert row["hub_id"] == "zai-org/GLM-5.2"
    assert row["created_at"] == dt.datetime.fromtimestamp(1781631930, dt.UTC).replace(tzinfo=None)
    assert row["input_usd_per_token"] == 9.66e-07
    assert row["output_usd_per_token"] == 3.036e-06
    assert row["max_completion_tokens"] == 131_072


def test_minus_one_is_no_price_and_zero_is_free(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    auto = got.row(MODEL_DAY.name, observed_on=dt.date(2024, 11, 9), slug="openrouter/auto")
    assert [auto[name] for name in PRICES] == [None] * 5
    free = got.row(
        MODEL_DAY.name, observed_on=dt.date(2025, 5, 13), slug="deepseek/deepseek-r1:free"
    )
    assert free["input_usd_per_token"] == 0.0


def test_empty_and_null_both_mean_no_hub_id(parsed: Any, data: bytes, rows: Any) -> None:
    assert {row["hugging_face_id"] for row in rows} >= {"", None}
    got = parsed(SOURCE, NAME, data)
    for slug in ("openrouter/free", "openai/gpt-4"):
        assert got.row(MODEL_DAY.name, observed_on=LAST, slug=slug)["hub_id"] is None
    days = {row["observed_on"] for row in got.rows[MODEL_DAY.name] if row["hub_id"]}
    assert min(days) == dt.date(2025, 5, 13)


def test_variants_and_aliases_stay_rows_of_their_own(parsed: Any, data: bytes) -> None:
    slugs = {row["slug"] for row in parsed(SOURCE, NAME, data).rows[MODEL_DAY.name]}
    assert {"deepseek/deepseek-r1", "deepseek/deepseek-r1:free", "~z-ai/glm-latest"} <= slugs


def test_a_context_of_zero_is_unknown(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    slug = "eva-unit-01/eva-qwen-2.5-32b"
    early = got.row(MODEL_DAY.name, observed_on=dt.date(2024, 11, 9), slug=slug)
    late = got.row(MODEL_DAY.name, observed_on=dt.date(2025, 5, 13), slug=slug)
    assert (early["context_length_tokens"], late["context_length_tokens"]) == (None, 16_384)


def test_days_without_parameter_lists_say_nothing_about_tools(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    for day, tools in ((dt.date(2024, 11, 9), None), (dt.date(2025, 5, 12), True)):
        row = got.row(MODEL_DAY.name, observed_on=day, slug="openai/gpt-4o")
        assert row["has_tools"] is tools
    row = got.row(MODEL_DAY.name, observed_on=LAST, slug="openai/gpt-4o")
    assert (row["has_tools"], row["has_reasoning"]) == (True, False)


def test_the_catalogue_s_own_answer_gives_the_same_rows(
    parsed: Any, data: bytes, sample: Any
) -> None:
    own = parsed(SOURCE, "output.json", sample("openrouter/output.json"), LAST)
    assert not own.skipped
    flat = parsed(SOURCE, NAME, data).rows[MODEL_DAY.name]
    expected = [row | {"snapshot_sha256": ""} for row in flat if row["observed_on"] == LAST]
    found = [row | {"snapshot_sha256": ""} for row in own.rows[MODEL_DAY.name]]
    order = "slug"
    assert sorted(found, key=lambda r: r[order]) == sorted(expected, key=lambda r: r[order])


def test_the_catalogue_s_own_answer_needs_a_day(parsed: Any, sample: Any) -> None:
    with pytest.raises(UnreadableError, match="no date"):
        parsed(SOURCE, "output.json", sample("openrouter/output.json"))


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("price_prompt", -0.5, "input_usd_per_token"),
        ("price_prompt", float("inf"), "input_usd_per_token"),
        ("id", None, "slug"),
        ("snapshot_date", "yesterday", "observed_on"),
        ("created", 10**17, "created_at"),
        ("max_completion_tokens", 0.5, "max_completion_tokens"),
    ],
)
def test_a_bad_cell_skips_its_row(
    parsed: Any, rows: list[dict[str, Any]], column: str, cell: object, reason: str
) -> None:
    rows[-1][column] = cell
    got = parsed(SOURCE, NAME, parquet(rows))
    assert len(got.rows[MODEL_DAY.name]) == len(rows) - 1
    assert [skip.count for skip in got.skipped] == [1]
    assert reason in got.skipped[0].reason


def test_bad_files(parsed: Any, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parsed(SOURCE, NAME, data[:-100])
    with pytest.raises(SchemaError, match="price_prompt"):
        parsed(SOURCE, NAME, parquet([{"snapshot_date": "2026-08-22", "id": "x"}]))
    with pytest.raises(UnreadableError):
        parsed(SOURCE, "output.json", b'{"data": [', LAST)
    for document in ([], {}, {"data": ["x"]}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, "output.json", json.dumps(document).encode(), LAST)


def test_full_file(parsed: Any, staged: Any) -> None:
    path = staged("models/openrouter_catalog_jvrck/openrouter_models_daily_unrolled.parquet")
    got = parsed(SOURCE, path.name, path.read_bytes())
    rows = got.rows[MODEL_DAY.name]
    assert not got.skipped
    assert len(rows) == 202_328
    assert len({row["observed_on"] for row in rows}) == 656
    assert {row["slug"] for row in rows if row["input_usd_per_token"] is None} == {
        "openrouter/auto",
        "openrouter/auto-beta",
        "openrouter/bodybuilder",
        "openrouter/free",
        "openrouter/fusion",
        "openrouter/pareto-code",
    }
    listed = min(row["observed_on"] for row in rows if row["has_tools"] is not None)
    assert listed == dt.date(2025, 4, 30)
