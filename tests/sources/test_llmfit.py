"""llmfit's editions: rows carried over, zeros that mean unknown, days with two editions."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.llmfit import GGUF_EDGE, MODEL, LlmFit
from underlay.sources.pull import sync_from

SOURCE = LlmFit()
HISTORY = "llmfit_hf_models_unrolled.parquet"
EDGES = "gguf_quantization_edges_1.1.17.csv"
LIST = "hf_models.json"
LAST = dt.date(2026, 10, 5)
ORIGINAL = "models/llmfit_hf_models/raw/hf_models_pypi_1.1.17.json.gz"


@pytest.fixture
def history(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, HISTORY, sample(f"llmfit/{HISTORY}"))


def test_cells(history: Any) -> None:
    assert not history.skipped
    assert len(history.rows[MODEL.name]) == 64
    row = history.row(MODEL.name, observed_on=LAST, model_id="openai/gpt-oss-20b")
    assert (row["snapshot_source"], row["snapshot_sequence"]) == ("pypi:1.1.17", 36)
    assert (row["provider_label"], row["pipeline_tag"]) == ("openai", "text-generation")
    assert row["architecture"] == "gpt_oss"
    assert row["parameters_count"] == 20_914_757_184
    assert row["active_parameters_count"] == 3_529_365_271
    assert row["is_moe"] is True
    assert row["context_length_tokens"] == 131_072
    assert row["licence"] == "apache-2.0"
    assert row["released_on"] == dt.date(2025, 8, 4)
    assert (row["downloads_30d_count"], row["likes_count"]) == (6_432_026, 5_129)
    assert row["is_discovered"] is True
    assert row["gguf_sources_count"] == 3
    assert (row["languages"], row["capabilities"]) == (None, None)
    row = history.row(MODEL.name, observed_on=LAST, model_id="01-ai/Yi-1.5-34B")
    assert row["revalidated_on"] == LAST
    assert row["is_moe"] is None  # never said to be dense


def test_a_day_can_have_two_editions(history: Any) -> None:
    day = {"observed_on": dt.date(2026, 2, 16), "model_id": "BAAI/bge-large-en-v1.5"}
    first = history.row(MODEL.name, **day, snapshot_source="git:5ca2467")
    second = history.row(MODEL.name, **day, snapshot_source="git:c68d7aa")
    assert first["is_fresh_observation"] is True
    assert second["is_fresh_observation"] is False
    assert first["downloads_30d_count"] == second["downloads_30d_count"] == 4_887_046


def test_rows_are_carried_over_stale(history: Any) -> None:
    key = {"model_id": "01-ai/Yi-1.5-34B"}
    counts = [
        (row["snapshot_sequence"], row["downloads_30d_count"], row["is_fresh_observation"])
        for row in history.rows[MODEL.name]
        if row["model_id"] == key["model_id"] and row["snapshot_sequence"] >= 33
    ]
    assert counts == [
        (33, 10_666, True),
        (34, 10_666, False),
        (35, 10_666, False),
        (36, 9530, True),
    ]
    whisper = [r for r in history.rows[MODEL.name] if r["model_id"] == "openai/whisper-large-v3"]
    assert {r["downloads_30d_count"] for r in whisper} == {12_000_000}  # entered by hand
    assert not any(r["is_fresh_observation"] for r in whisper)


def test_no_downloads_means_never_counted(history: Any) -> None:
    row = history.row(
        MODEL.name, snapshot_source="git:5ca2467", model_id="Qwen/Qwen2.5-14B-Instruct"
    )
    assert row["downloads_30d_count"] is None  # 0 in the file, for a model of millions
    assert row["likes_count"] == 0
    assert row["is_fresh_observation"] is False


def test_unknown_is_null(history: Any) -> None:
    row = history.row(MODEL.name, snapshot_sequence=16, model_id="openai/gpt-oss-20b")
    assert row["pipeline_tag"] is None
    row = history.row(MODEL.name, snapshot_sequence=28, model_id="Qwen/Qwen3-30B-A3B")
    assert row["architecture"] is None


def test_an_absurd_context_stays_as_published(history: Any) -> None:
    name = "nvidia/Llama-3.1-Nemotron-8B-UltraLong-4M-Instruct"
    assert history.row(MODEL.name, model_id=name)["context_length_tokens"] == 2_197_815_296


def test_days_say_what_they_rest_on(history: Any) -> None:
    def basis(sequence: int) -> str:
        row = history.row(MODEL.name, snapshot_sequence=sequence, model_id="Qwen/Qwen3-8B")
        return str(row["date_basis"])

    assert basis(18) == "commit date"
    assert "upper bound" in basis(32)
    assert "lower bound" in basis(36)


def test_edges(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, EDGES, sample(f"llmfit/{EDGES}"), LAST)
    assert not got.skipped
    assert len(got.rows[GGUF_EDGE.name]) == 14
    row = got.row(GGUF_EDGE.name, gguf_repo_id="unsloth/Qwen3-8B-GGUF")
    assert (row["model_id"], row["gguf_provider"]) == ("Qwen/Qwen3-8B", "unsloth")
    assert row["snapshot_source"] == "pypi:1.1.17"
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, EDGES, sample(f"llmfit/{EDGES}"))


def test_bad_edges(parsed: Any) -> None:
    data = b"model_id,gguf_repo,gguf_provider\na/b,q/b,q\na/b,q/b,q\n,q/c,q\na/d\na/e,,q\n"
    got = parsed(SOURCE, EDGES, data, LAST)
    assert len(got.rows[GGUF_EDGE.name]) == 1
    key = ", ".join(GGUF_EDGE.key)
    assert got.reasons == {
        "number of cells differs from the header": 1,
        "`model_id` is empty": 1,
        "`gguf_repo_id` is empty": 1,
        f"repeats another row exactly ({key})": 1,
    }
    with pytest.raises(SchemaError, match="`gguf_repo`"):
        parsed(SOURCE, EDGES, b"model_id,repo\na,b\n", LAST)


def test_the_tool_s_own_file(parsed: Any, sample: Any, history: Any) -> None:
    got = parsed(SOURCE, f"data/{LIST}", sample(f"llmfit/{LIST}"), LAST)
    assert not got.skipped
    assert len(got.rows[MODEL.name]) == 10
    row = got.row(MODEL.name, model_id="Qwen/Qwen3-8B")
    same = history.row(MODEL.name, observed_on=LAST, model_id="Qwen/Qwen3-8B")
    assert {name for name in row if row[name] != same[name]} == {
        "date_basis",
        "is_fresh_observation",
        "snapshot_sequence",
        "snapshot_sha256",
        "snapshot_source",
    }
    assert (row["snapshot_source"], row["is_fresh_observation"]) == ("file:hf_models.json", None)
    edges = [r for r in got.rows[GGUF_EDGE.name] if r["model_id"] == "Qwen/Qwen3-8B"]
    assert len(edges) == row["gguf_sources_count"] == 3
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, LIST, sample(f"llmfit/{LIST}"))


def test_a_bad_list(parsed: Any, sample: Any) -> None:
    entries = [
        {"name": "a/b", "hf_downloads": 5, "gguf_sources": [{"repo": "q/b"}, "q/c"]},
        {"name": "a/c", "hf_downloads": "lots"},
        {"name": "a/d", "parameters_raw": 0},
        {"hf_downloads": 5},
        "a/e",
    ]
    got = parsed(SOURCE, LIST, json.dumps(entries).encode(), LAST)
    assert [row["model_id"] for row in got.rows[MODEL.name]] == ["a/b"]
    assert len(got.rows[GGUF_EDGE.name]) == 1
    assert got.reasons == {
        "an entry is no object": 1,
        "a GGUF source is no object": 1,
        "`model_id` is empty": 1,
        "`downloads_30d_count` is not a valid int64": 1,
        "`parameters_count` must be at least 1": 1,
    }
    with pytest.raises(UnreadableError, match="not JSON"):
        parsed(SOURCE, LIST, sample(f"llmfit/{LIST}")[:-9], LAST)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"3"])
def test_a_list_of_another_kind(parsed: Any, data: bytes) -> None:
    with pytest.raises(SchemaError, match="no list of models"):
        parsed(SOURCE, LIST, data, LAST)


def test_bad_files(parsed: Any, sample: Any) -> None:
    data = sample(f"llmfit/{HISTORY}")
    with pytest.raises(UnreadableError):
        parsed(SOURCE, HISTORY, data[:-20])
    with pytest.raises(SchemaError, match="`snapshot_source`"):
        parsed(SOURCE, HISTORY, sample("osir_lmts/models_monthly_unrolled.parquet"))
    table = pq.read_table(io.BytesIO(data))
    rows = table.slice(0, 4).to_pylist()
    rows[0]["release_date"] = "soon"
    rows[1]["hf_downloads"] = -5
    rows[2]["model_id"] = None
    sink = io.BytesIO()
    pq.write_table(table.from_pylist(rows), sink)
    got = parsed(SOURCE, HISTORY, sink.getvalue())
    assert len(got.rows[MODEL.name]) == 1
    assert got.reasons == {
        "`released_on` is not a valid date": 1,
        "`downloads_30d_count` must be at least 0": 1,
        "`model_id` is empty": 1,
    }


def test_everything_staged(staged: Any, tmp_path: Any) -> None:
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    folder = staged("models/llmfit_hf_models")
    pulled = sync_from(SOURCE, folder, tmp_path, now, observed_on=LAST)
    assert not pulled.skipped
    assert pulled.rows == {MODEL.name: 112_443, GGUF_EDGE.name: 2_917}
    assert pulled.files == [EDGES, HISTORY]  # archived editions have no day of their own


def test_the_staged_history_and_its_last_edition(parsed: Any, staged: Any) -> None:
    path = staged(f"models/llmfit_hf_models/{HISTORY}")
    rows = parsed(SOURCE, HISTORY, path.read_bytes()).rows[MODEL.name]
    assert len({row["snapshot_source"] for row in rows}) == 37
    assert len({row["observed_on"] for row in rows}) == 31
    assert sum(row["downloads_30d_count"] is None for row in rows) == 22_590
    assert not [r for r in rows if r["downloads_30d_count"] is None and r["is_fresh_observation"]]
    last = [row for row in rows if row["observed_on"] == LAST]
    assert len(last) == 16_849
    # no floor of 10,000 downloads any more
    counted = [row["downloads_30d_count"] for row in last if row["downloads_30d_count"]]
    assert sum(count < 10_000 for count in counted) == 10_664

    got = parsed(SOURCE, f"{LIST}.gz", staged(ORIGINAL).read_bytes(), LAST)
    assert not got.skipped
    assert len(got.rows[GGUF_EDGE.name]) == 2_917
    ours = ("snapshot_source", "date_basis", "snapshot_sequence", "is_fresh_observation")
    names = [n for n in MODEL.column_names if n not in (*ours, "snapshot_sha256")]
    assert {tuple(row[name] for name in names) for row in got.rows[MODEL.name]} == {
        tuple(row[name] for name in names) for row in last
    }
