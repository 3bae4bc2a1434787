"""Arena's ratings: repeated names, blanks, licence spellings, scales that don't chain."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.lmarena import BOARD_DAY, RATING, LmArena

SOURCE = LmArena()
OFFICIAL = "lmarena_official_dataset.parquet"
BOARDS = "arena_boards.parquet"
JUNE = dt.date(2026, 6, 25)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


@pytest.fixture
def official(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, OFFICIAL, sample(f"lmarena/{OFFICIAL}"))


@pytest.fixture
def boards(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, BOARDS, sample(f"lmarena/{BOARDS}"))


def test_cells_of_the_official_dataset(official: Any) -> None:
    assert not official.skipped
    assert len(official.rows[RATING.name]) == 42
    row = official.row(RATING.name, observed_on=JUNE, board="text", model_name="claude-opus-4-6")
    assert (row["rank"], row["votes_count"]) == (2, 55_027)
    assert row["rating"] == 1498.2288656059497
    assert row["rating_lower"] < row["rating"] < row["rating_upper"]
    assert row["fetched_at"].date() == dt.date(2026, 6, 30)
    assert (row["repeat_number"], row["repeats_count"]) == (1, 1)


def test_repeated_names_are_kept_and_marked(official: Any) -> None:
    rows = official.rows[RATING.name]
    search = [row for row in rows if row["board"] == "search"]
    assert len(search) == 12
    assert {row["repeats_count"] for row in search} == {6}
    for model in ("claude-fable-5", "claude-opus-4-1-search"):
        numbers = [row["repeat_number"] for row in search if row["model_name"] == model]
        assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    twice = [row for row in rows if row["model_name"] == "gpt-5.3-codex (codex-harness)"]
    assert [row["repeats_count"] for row in twice] == [2, 2]
    assert {row["votes_count"] for row in twice} == {2965, 3553}


def test_boards_have_scales_of_their_own(official: Any) -> None:
    ratings = {
        board: official.row(
            RATING.name, observed_on=JUNE, board=board, model_name="gpt-4o-2024-05-13"
        )["rating"]
        for board in ("text", "text_style_control")
    }
    assert ratings == {"text": 1300.5153763434662, "text_style_control": 1345.6614835944422}


def test_blank_makers_and_dashes_are_null_and_licences_stay_as_written(official: Any) -> None:
    row = official.row(
        RATING.name, observed_on=JUNE, board="text", model_name="trinity-large-thinking"
    )
    assert (row["organization"], row["licence"]) == (None, "Apache 2.0")
    row = official.row(RATING.name, model_name="nvila-internal-15b-v1")
    assert (row["organization"], row["licence"]) == ("nvidia", None)
    assert {"Apache 2.0", "Apache-2.0"} <= {r["licence"] for r in official.rows[RATING.name]}


def test_cells_of_the_daily_pages(boards: Any) -> None:
    assert not boards.skipped
    assert len(boards.rows[BOARD_DAY.name]) == 36
    row = boards.row(BOARD_DAY.name, observed_on=dt.date(2026, 6, 30), board="text", rank=1)
    assert row["model_name"] == "claude-fable-5"
    assert (row["score"], row["interval_half_width"], row["votes_count"]) == (1508.0, 9.0, 4366)
    assert (row["organization"], row["licence"]) == ("Anthropic", "proprietary")


def test_a_model_may_stand_twice_on_a_page(boards: Any) -> None:
    rows = [r for r in boards.rows[BOARD_DAY.name] if r["observed_on"] == dt.date(2026, 5, 8)]
    assert [row["rank"] for row in rows if "codex" in row["model_name"]] == [29, 45]


def test_the_pages_say_less_at_times(boards: Any) -> None:
    def row(**key: object) -> dict[str, Any]:
        return dict(boards.row(BOARD_DAY.name, **key))

    assert row(model_name="mimo-v2.5")["organization"] is None
    assert row(model_name="hunyuan-image-3.0-instruct")["licence"] is None
    agent = row(board="agent", observed_on=dt.date(2026, 6, 10), rank=1)
    assert (agent["score"], agent["votes_count"]) == (None, 28_596)
    assert row(board="agent", observed_on=dt.date(2026, 6, 9))["score"] == 2331


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("rank", 0.0, "rank"),
        ("rank", 1.5, "rank"),
        ("rating", float("nan"), "rating"),
        ("model_name", None, "model_name"),
        ("vote_count", -1.0, "votes_count"),
        ("fetched_at", "noon", "fetched_at"),
    ],
)
def test_a_bad_cell_skips_its_row(
    parsed: Any, sample: Any, column: str, cell: object, reason: str
) -> None:
    rows = pq.read_table(io.BytesIO(sample(f"lmarena/{OFFICIAL}"))).to_pylist()
    rows[0][column] = cell
    got = parsed(SOURCE, OFFICIAL, parquet(rows))
    assert len(got.rows[RATING.name]) == len(rows) - 1
    assert [skip.count for skip in got.skipped] == [1]
    assert f"`{reason}`" in got.skipped[0].reason


def test_a_page_s_repeated_place_is_reported(parsed: Any, sample: Any) -> None:
    rows = pq.read_table(io.BytesIO(sample(f"lmarena/{BOARDS}"))).to_pylist()
    got = parsed(SOURCE, BOARDS, parquet([*rows, rows[0], rows[1] | {"score": 1.0}]))
    assert len(got.rows[BOARD_DAY.name]) == len(rows)
    assert sorted(got.reasons.values()) == [1, 1]


def test_bad_files(parsed: Any, sample: Any) -> None:
    for name in (OFFICIAL, BOARDS):
        data = sample(f"lmarena/{name}")
        with pytest.raises(UnreadableError):
            parsed(SOURCE, name, data[:-8])
        with pytest.raises(SchemaError, match="no column"):
            parsed(SOURCE, name, parquet([{"board": "text"}]))


def test_full_files(parsed: Any, staged: Any) -> None:
    folder = staged("models/lmarena_daily_2026")
    path = folder / "lmarena_official_dataset_2026-06-30_to_08-22_unrolled.parquet"
    official = parsed(SOURCE, path.name, path.read_bytes())
    rows = official.rows[RATING.name]
    assert not official.skipped
    assert len(rows) == 340_252
    assert sum(row["repeat_number"] > 1 for row in rows) == 768
    assert sum(row["organization"] is None for row in rows) == 35_152
    path = folder / "arena_boards_2026-03-19_to_06-30_unrolled.parquet"
    boards = parsed(SOURCE, path.name, path.read_bytes())
    assert not boards.skipped
    assert len(boards.rows[BOARD_DAY.name]) == 35_189
