"""The map's top lists: when they were counted, and what their tags repeat."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.os_ai_map import TOP_MODEL, OsAiMap
from underlay.sources.pull import sync_from

SOURCE = OsAiMap()
JUNE = "top_models.csv"
APRIL = "top_models_2026-06-09_bdc918b.csv"  # named after the day of its commit
HEADER = (
    b"model_id,author,downloads,likes,pipeline_tag,library_name,created_at,last_modified,tags\n"
)
FOLDER = "models/os_ai_map"
STAGED = {
    JUNE: f"{FOLDER}/warehouse/catalog/huggingface/{JUNE}",
    APRIL: f"{FOLDER}/history/{APRIL}",
}


def base_models(tags: str | None) -> tuple[set[str], set[str]]:
    """Base models among the tags: those without a relation, and those with one."""
    found = re.findall(
        r"(?:^|,)base_model:(?:(adapter|finetune|merge|quantized):)?([^,]+)", tags or ""
    )
    return (
        {base for relation, base in found if not relation},
        {base for relation, base in found if relation},
    )


def test_cells(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, JUNE, sample(f"os_ai_map/{JUNE}"))
    assert not got.skipped
    assert len(got.rows[TOP_MODEL.name]) == 15
    row = got.row(TOP_MODEL.name, model_id="sentence-transformers/all-MiniLM-L6-v2")
    assert row["downloads_30d_count"] == 227_008_911
    assert row["likes_count"] == 4_929
    assert row["pipeline_tag"] == "sentence-similarity"
    assert row["library_name"] == "sentence-transformers"
    assert row["created_at"] == dt.datetime(2022, 3, 2, 23, 29, 5)
    assert row["last_modified_at"] == dt.datetime(2026, 6, 1, 6, 29, 13)
    assert ",license:apache-2.0," in row["tags"]


@pytest.mark.parametrize(
    ("name", "day"), [(JUNE, dt.date(2026, 6, 10)), (APRIL, dt.date(2026, 4, 28))]
)
def test_the_newest_change_dates_the_list(
    parsed: Any, sample: Any, name: str, day: dt.date
) -> None:
    got = parsed(SOURCE, name, sample(f"os_ai_map/{name}"))
    assert {row["observed_on"] for row in got.rows[TOP_MODEL.name]} == {day}


def test_a_given_day_counts_unless_it_can_t_be(parsed: Any, sample: Any) -> None:
    data = sample(f"os_ai_map/{APRIL}")
    got = parsed(SOURCE, APRIL, data, dt.date(2026, 4, 29))
    assert {row["observed_on"] for row in got.rows[TOP_MODEL.name]} == {dt.date(2026, 4, 29)}
    for day in (dt.date(2026, 4, 27), dt.date(2026, 6, 9)):  # the latter is the commit's
        with pytest.raises(UnreadableError, match=f"2026-04-28.*can't describe {day}"):
            parsed(SOURCE, APRIL, data, day)


def test_the_day_is_that_of_utc(parsed: Any) -> None:
    rows = b"a/b,a,1,1,,,2022-03-02 23:29:05+00:00,2026-06-11 01:00:00+02:00,x\n"
    got = parsed(SOURCE, JUNE, HEADER + rows)
    assert got.rows[TOP_MODEL.name][0]["observed_on"] == dt.date(2026, 6, 10)


def test_without_any_change_a_day_must_be_given(parsed: Any) -> None:
    data = HEADER + b"a/b,a,1,1,,,2022-03-02 23:29:05+00:00,,x\n"
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, JUNE, data)
    got = parsed(SOURCE, JUNE, data, dt.date(2026, 6, 10))
    assert got.rows[TOP_MODEL.name][0]["last_modified_at"] is None
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, JUNE, HEADER)


def test_one_multimodal_model_falls_from_165_to_2_million(parsed: Any, sample: Any) -> None:
    key = {"model_id": "Qwen/Qwen3-VL-2B-Instruct"}
    april = parsed(SOURCE, APRIL, sample(f"os_ai_map/{APRIL}")).row(TOP_MODEL.name, **key)
    june = parsed(SOURCE, JUNE, sample(f"os_ai_map/{JUNE}")).row(TOP_MODEL.name, **key)
    assert april["downloads_30d_count"] == 165_732_702
    assert june["downloads_30d_count"] == 1_928_171


def test_tags_name_each_base_model_twice(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, JUNE, sample(f"os_ai_map/{JUNE}"))
    row = got.row(TOP_MODEL.name, model_id="sentence-transformers/all-MiniLM-L6-v2")
    assert base_models(row["tags"]) == ({"nreimers/MiniLM-L6-H384-uncased"},) * 2


def test_bad_cells(parsed: Any) -> None:
    good = b"a/a,a,5,1,,,2022-03-02 23:29:05+00:00,2026-06-10 10:00:00+00:00,x\n"
    bad = [
        b"a/b,a,many,1,,,2022-03-02 23:29:05+00:00,2026-06-09 10:00:00+00:00,x\n",
        b"a/c,a,,1,,,2022-03-02 23:29:05+00:00,2026-06-09 10:00:00+00:00,x\n",
        b"a/d,a,-1,1,,,2022-03-02 23:29:05+00:00,2026-06-09 10:00:00+00:00,x\n",
        b"a/e,a,1,1,,,2022-03-02 23:29:05+00:00,yesterday,x\n",
        b"a/f,a,1,1\n",
        b"a/a,a,7,1,,,2022-03-02 23:29:05+00:00,2026-06-10 10:00:00+00:00,x\n",
    ]
    got = parsed(SOURCE, JUNE, HEADER + good + b"".join(bad))
    assert [row["downloads_30d_count"] for row in got.rows[TOP_MODEL.name]] == [5]
    assert got.reasons == {
        "number of cells differs from the header": 1,
        "`downloads_30d_count` is not a valid int64": 1,
        "`downloads_30d_count` is empty": 1,
        "`downloads_30d_count` must be at least 0": 1,
        "`last_modified_at` is not a valid timestamp": 1,
        "repeats a key (observed_on, model_id) with other values; the first row is kept": 1,
    }


def test_bad_files(parsed: Any, sample: Any) -> None:
    with pytest.raises(SchemaError, match="`model_id`"):
        parsed(SOURCE, JUNE, b"id,downloads\na,1\n")
    with pytest.raises(UnreadableError, match="empty"):
        parsed(SOURCE, JUNE, b"")
    data = sample(f"os_ai_map/{JUNE}")
    with pytest.raises(UnreadableError, match="end of data"):  # within the quoted tags
        parsed(SOURCE, JUNE, data[: data.index(b"dataset:s2orc")])


def test_everything_staged(parsed: Any, staged: Any, tmp_path: Any) -> None:
    days = {JUNE: dt.date(2026, 6, 10), APRIL: dt.date(2026, 4, 28)}
    for name, path in STAGED.items():
        got = parsed(SOURCE, name, staged(path).read_bytes())
        rows = got.rows[TOP_MODEL.name]
        assert not got.skipped
        assert len(rows) == 1000
        assert {row["observed_on"] for row in rows} == {days[name]}
        # the rule of dating needs a list that changes every day
        newest = dt.datetime.combine(days[name], dt.time.max)
        recent = [r for r in rows if newest - r["last_modified_at"] < dt.timedelta(days=3)]
        assert len(recent) >= 10
        bases = [base_models(row["tags"]) for row in rows]
        assert all(plain == related for plain, related in bases)
        assert sum(bool(plain) for plain, _ in bases) > 300
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    pulled = sync_from(SOURCE, staged(FOLDER), tmp_path, now)
    assert pulled.rows == {TOP_MODEL.name: 2000}
    assert len(pulled.files) == 2
