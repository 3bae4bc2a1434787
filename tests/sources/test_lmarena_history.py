"""Older arena boards: changing columns, four editions committed on one day, files without date."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.lmarena_history import RATING, LmArenaHistory

SOURCE = LmArenaHistory()
OLD = "lmsys_history.parquet"
LATE = "lmarena_text_history.parquet"
LAST = dt.date(2025, 8, 4)


@pytest.fixture
def old(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, OLD, sample(f"lmarena_history/{OLD}"))


@pytest.fixture
def late(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, LATE, sample(f"lmarena_history/{LATE}"))


@pytest.fixture
def image(sample: Any) -> bytes:
    return bytes(sample("lmarena_history/lmarena_image.csv"))


def test_cells(old: Any) -> None:
    assert not old.skipped
    assert len(old.rows[RATING.name]) == 18
    row = old.row(RATING.name, observed_on=dt.date(2024, 10, 16), model_name="o1-preview")
    assert (row["board"], row["rank"], row["rank_style_control"]) == ("text", 1, 1)
    assert row["rating"] == 1335
    assert (row["interval_high_points"], row["interval_low_points"]) == (4, 5)
    assert (row["votes_count"], row["organization"]) == (17_562, "OpenAI")
    assert (row["licence"], row["knowledge_cutoff"]) == ("Proprietary", "2023/10")
    assert row["committed_on"] == dt.date(2024, 10, 16)


def test_the_rating_is_found_under_both_of_its_names(old: Any) -> None:
    for day, column, rating in (
        (dt.date(2024, 6, 19), "arena_elo", 1287),
        (dt.date(2024, 7, 7), "arena_score", 1287),
    ):
        row = old.row(RATING.name, observed_on=day, model_name="GPT-4o-2024-05-13")
        assert (row["rating_column"], row["rating"]) == (column, rating)
        assert row["rank_style_control"] is None


def test_editions_committed_on_one_day_keep_their_own_dates(late: Any) -> None:
    assert not late.skipped
    rows = [r for r in late.rows[RATING.name] if r["model_name"] == "Gemini-2.5-Pro"]
    assert {row["observed_on"].isoformat(): row["rating"] for row in rows} == {
        "2025-07-27": 1472,
        "2025-07-28": 1474,
        "2025-08-01": 1469,
        "2025-08-04": 1470,
    }
    assert {row["committed_on"] for row in rows} == {dt.date(2025, 8, 6)}


def test_one_name_may_stand_at_two_places(late: Any) -> None:
    rows = [r for r in late.rows[RATING.name] if r["model_name"] == "Yi-34B-Chat"]
    assert len(rows) == 8
    assert [row["rank"] for row in rows if row["observed_on"] == LAST] == [200, 201]


def test_the_scale_moves_between_editions(old: Any, late: Any) -> None:
    key = {"model_name": "LLaMA-13B"}
    july = old.row(RATING.name, observed_on=dt.date(2025, 7, 18), **key)
    later = late.row(RATING.name, observed_on=dt.date(2025, 7, 27), **key)
    assert july["votes_count"] == later["votes_count"]
    assert (july["rating"], later["rating"]) == (814, 840)


def test_nothing_known_is_null_and_spellings_stay(old: Any) -> None:
    rows = old.rows[RATING.name]
    maverick = old.row(RATING.name, model_name="Llama-4-Maverick-03-26-Experimental")
    assert (maverick["licence"], maverick["knowledge_cutoff"]) == (None, None)
    assert {row["knowledge_cutoff"] for row in rows} >= {"Online", "2023/2", None}
    assert "Propretary" in {row["licence"] for row in rows}


def test_the_repository_s_own_files(parsed: Any, image: bytes, sample: Any) -> None:
    got = parsed(SOURCE, "lmarena_image.csv", image, LAST)
    assert not got.skipped
    assert len(got.rows[RATING.name]) == 19
    row = got.row(RATING.name, model_name="BAGEL")
    assert (row["board"], row["observed_on"], row["rating"]) == ("image", LAST, 914)
    assert row["committed_on"] is None
    vision = parsed(
        SOURCE, "lmarena_vision.csv", sample("lmarena_history/lmarena_vision.csv"), LAST
    )
    assert {row["board"] for row in vision.rows[RATING.name]} == {"vision"}
    with pytest.raises(UnreadableError, match="no date"):
        parsed(SOURCE, "lmarena_image.csv", image)


def test_bad_rows_are_skipped_with_a_reason(parsed: Any, image: bytes) -> None:
    lines = image.decode().splitlines()
    lines[1] = lines[1].replace("+3/-3", "about 3")
    lines[2] = lines[2].replace(",1134,", ",high,")
    lines[3] = lines[3].rsplit(",", 1)[0]
    lines[4] = lines[4].replace(",22217,", ",-1,")
    got = parsed(SOURCE, "lmarena_image.csv", "\n".join([*lines, lines[5]]).encode(), LAST)
    assert len(got.rows[RATING.name]) == 15
    assert sorted(got.reasons.values()) == [1] * 5
    text = " ".join(got.reasons)
    for name in ("interval_low_points", "rating", "header", "votes_count", "repeats"):
        assert name in text


def test_bad_files(parsed: Any, sample: Any, image: bytes) -> None:
    with pytest.raises(UnreadableError):
        parsed(SOURCE, OLD, sample(f"lmarena_history/{OLD}")[:-9])
    for name in (b"arena_score", b"votes"):
        with pytest.raises(SchemaError, match=name.decode()):
            parsed(SOURCE, "lmarena_image.csv", image.replace(name, b"x"), LAST)


def test_full_files(parsed: Any, staged: Any) -> None:
    folder = staged("models/lmarena_fboulnois")
    counts = {}
    for path in sorted(folder.glob("lm*.*")):
        got = parsed(SOURCE, path.name, path.read_bytes(), LAST)
        assert not got.skipped
        counts[path.name] = len(got.rows[RATING.name])
        if path.name == "lmarena_text.csv":
            text = {
                (row["rank"], row["model_name"]): row["rating"] for row in got.rows[RATING.name]
            }
    assert counts == {
        "lmarena_image.csv": 19,
        "lmarena_text.csv": 266,
        "lmarena_text_history_unrolled.parquet": 1048,
        "lmarena_vision.csv": 86,
        "lmsys_history_unrolled.parquet": 14_964,
    }
    history = pq.read_table(
        io.BytesIO((folder / "lmarena_text_history_unrolled.parquet").read_bytes())
    ).to_pylist()
    last = [row for row in history if row["commit"] == "e964e252a1"]
    assert text == {(row["rank"], row["model"]): row["arena_score"] for row in last}
