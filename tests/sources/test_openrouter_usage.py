"""Weekly tokens of the top models. The sample has the publisher's shape and made-up models."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.openrouter_usage import MODEL_WEEK, OpenRouterUsage

SOURCE = OpenRouterUsage()
NAME = "openrouter_top_models_weekly.csv"
SUNDAY, MONDAY = dt.date(2026, 2, 8), dt.date(2026, 2, 16)
OLDER = "pre_2026-02-09_cleanup_UNRELIABLE_SPLITS"


@pytest.fixture
def data(sample: Any) -> bytes:
    return bytes(sample(f"openrouter_usage/{NAME}"))


def test_cells(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    assert not got.skipped
    assert len(got.rows[MODEL_WEEK.name]) == 28
    row = got.row(MODEL_WEEK.name, observed_on=SUNDAY, slug="maker-1/model-1")
    assert row["rank"] == 2
    assert row["tokens_count"] == 889_999_999_999
    assert row["prompt_tokens_count"] == 789_999_999_999
    assert row["requests_count"] == 7_000_001
    assert row["change_percent"] == -3
    assert row["revenue_usd"] == 1001.5
    assert row["input_usd_per_token"] == 2e-06


def test_the_list_grows_and_its_weeks_move_from_sundays_to_mondays(
    parsed: Any, data: bytes
) -> None:
    rows = [r for r in parsed(SOURCE, NAME, data).rows[MODEL_WEEK.name] if r["source_set"] != OLDER]
    lengths = {day: sum(row["observed_on"] == day for row in rows) for day in (SUNDAY, MONDAY)}
    assert lengths == {SUNDAY: 9, MONDAY: 10}
    assert (SUNDAY.isoweekday(), MONDAY.isoweekday()) == (7, 1)


def test_a_broken_week_has_tokens_and_nothing_else(parsed: Any, data: bytes) -> None:
    row = parsed(SOURCE, NAME, data).row(MODEL_WEEK.name, observed_on=SUNDAY, rank=4)
    assert row["tokens_count"] == 869_999_999_997
    empty = ("prompt_tokens_count", "completion_tokens_count", "requests_count", "revenue_usd")
    assert [row[name] for name in empty] == [None] * 4


def test_a_true_zero_stays_zero(parsed: Any, data: bytes) -> None:
    row = parsed(SOURCE, NAME, data).row(MODEL_WEEK.name, observed_on=MONDAY, rank=5)
    assert (row["revenue_usd"], row["reasoning_tokens_count"]) == (0.0, 0)


def test_is_free_is_passed_on_although_it_misses_free_slugs(parsed: Any, data: bytes) -> None:
    got = parsed(SOURCE, NAME, data)
    missed = got.row(MODEL_WEEK.name, observed_on=SUNDAY, slug="maker-2/model-2:free")
    marked = got.row(MODEL_WEEK.name, observed_on=MONDAY, slug="maker-4/model-4:free")
    assert (missed["is_free"], marked["is_free"]) == (False, True)


def test_the_older_set_keeps_its_name(parsed: Any, data: bytes) -> None:
    row = parsed(SOURCE, NAME, data).row(MODEL_WEEK.name, source_set=OLDER, rank=1)
    assert row["requests_count"] is None
    assert row["prompt_tokens_count"] == 0.8 * row["tokens_count"]


@pytest.mark.parametrize("name", ["current/2026-02-16.json", "2026-02-16.json"])
def test_a_week_s_own_file_gives_the_same_rows(
    parsed: Any, data: bytes, sample: Any, name: str
) -> None:
    own = parsed(SOURCE, name, sample("openrouter_usage/2026-02-16.json"))
    table = parsed(SOURCE, NAME, data).rows[MODEL_WEEK.name]
    expected = [row | {"snapshot_sha256": ""} for row in table if row["observed_on"] == MONDAY]
    found = [row | {"snapshot_sha256": ""} for row in own.rows[MODEL_WEEK.name]]
    assert not own.skipped
    assert found == expected


def test_bad_rows_are_skipped_with_a_reason(parsed: Any, data: bytes) -> None:
    lines = data.decode().splitlines()
    lines[1] = lines[1].replace(",900000000000,", ",many,")
    lines[2] = lines[2].replace("2026-02-08,", "last week,", 1)
    lines[3] += ",more"
    got = parsed(SOURCE, NAME, "\n".join([*lines, lines[5]]).encode())
    assert len(got.rows[MODEL_WEEK.name]) == 25
    assert got.reasons == {
        "`tokens_count` is not a valid int64": 1,
        "`observed_on` is not a valid date": 1,
        "number of cells differs from the header": 1,
        "repeats another row exactly (observed_on, source_set, slug)": 1,
    }


def test_bad_files(parsed: Any, data: bytes) -> None:
    with pytest.raises(SchemaError, match="total_tokens"):
        parsed(SOURCE, NAME, data.replace(b"total_tokens", b"tokens"))
    with pytest.raises(UnreadableError):
        parsed(SOURCE, NAME, b"")
    with pytest.raises(UnreadableError):
        parsed(SOURCE, "2026-02-16.json", b'{"date": "2026')
    for document in ([], {"date": "2026-02-16"}, {"date": "2026-02-16", "models": [1]}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, "2026-02-16.json", json.dumps(document).encode())


def test_full_folder(parsed: Any, staged: Any) -> None:
    folder = staged("models/openrouter_usage_johnbean393")
    table = parsed(
        SOURCE, NAME, (folder / "openrouter_top_models_weekly_unrolled.csv").read_bytes()
    )
    rows = table.rows[MODEL_WEEK.name]
    assert not table.skipped
    current = {(r["observed_on"], r["slug"]): r for r in rows if r["source_set"] == "current"}
    assert (len(rows), len(current)) == (715, 247)
    weeks = sorted((folder / "current").glob("*.json"))
    assert len(weeks) == 26
    for path in weeks:
        own = parsed(SOURCE, f"current/{path.name}", path.read_bytes())
        assert not own.skipped
        for row in own.rows[MODEL_WEEK.name]:
            same = current[row["observed_on"], row["slug"]]
            assert row | {"snapshot_sha256": ""} == same | {"snapshot_sha256": ""}
