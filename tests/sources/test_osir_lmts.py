"""OSIR-LMTS: repeated keys, counters that fall, makers that are missing."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.osir_lmts import MAKER_LINK, MODEL_MONTH, OsirLmts
from underlay.sources.pull import sync_from

SOURCE = OsirLmts()
MONTHS = "models_monthly_unrolled.parquet"
LINKS = "org-links.json"
CRAWL = "data/2025-01-14/{}/raw-models-info.jsonl"
JANUARY, SEPTEMBER = dt.date(2025, 1, 14), dt.date(2025, 9, 7)
EXACT = "repeats another row exactly (observed_on, platform, namespace, model_name)"
OTHER = (
    "repeats a key (observed_on, platform, namespace, model_name) with other values; "
    "the first row is kept"
)
NEGATIVE = "`downloads_total_count` must be at least 0"


@pytest.fixture
def months(parsed: Any, sample: Any) -> Any:
    return parsed(SOURCE, MONTHS, sample(f"osir_lmts/{MONTHS}"))


def test_cells(months: Any) -> None:
    assert len(months.rows[MODEL_MONTH.name]) == 56
    row = months.row(
        MODEL_MONTH.name, observed_on=SEPTEMBER, platform="HuggingFace", model_name="resnet-50"
    )
    assert (row["maker"], row["namespace"]) == ("Microsoft", "microsoft")
    assert (row["downloads_30d_count"], row["downloads_total_count"]) == (152_069, None)
    assert (row["likes_count"], row["community_count"]) == (436, 10)
    assert row["descendants_count"] == 212
    assert row["crawled_on"] == dt.date(2025, 9, 8)  # the crawl went on past midnight
    assert row["error"] is None


def test_each_platform_has_its_own_meter(months: Any) -> None:
    for row in months.rows[MODEL_MONTH.name]:
        is_hub = row["platform"] == "HuggingFace"
        assert (row["downloads_30d_count"] is not None) == is_hub
        assert (row["downloads_total_count"] is None) == is_hub
        assert (row["descendants_count"] is not None) == is_hub


def test_repeated_keys_and_a_negative_total_are_told(months: Any) -> None:
    assert months.reasons == {EXACT: 1, OTHER: 1, NEGATIVE: 1}
    row = months.row(MODEL_MONTH.name, model_name="Qwen2-7B-Instruct-AWQ")
    assert row["downloads_total_count"] == 9_134  # and 9,150 further down


def test_artefacts_and_resets_stay_as_published(months: Any) -> None:
    key = {"observed_on": JANUARY, "model_name": "resnet-50"}
    assert months.row(MODEL_MONTH.name, **key)["downloads_30d_count"] == 172_152_055
    key = {"observed_on": SEPTEMBER, "model_name": "Qwen1.5-0.5B"}
    assert months.row(MODEL_MONTH.name, **key)["descendants_count"] == 32_510
    totals = [
        months.row(
            MODEL_MONTH.name, observed_on=day, model_name="speech_fsmn_vad_zh-cn-16k-common-onnx"
        )["downloads_total_count"]
        for day in (JANUARY, dt.date(2025, 2, 14))
    ]
    assert totals == [24_693_512, 2]


def test_a_namespace_spelt_otherwise_in_the_links_has_no_maker(
    months: Any, parsed: Any, sample: Any
) -> None:
    row = months.row(MODEL_MONTH.name, platform="ModelScope", model_name="RLAIF-V-7B")
    assert (row["maker"], row["namespace"]) == (None, "openbmb")
    links = parsed(SOURCE, LINKS, sample(f"osir_lmts/{LINKS}"), SEPTEMBER)
    link = links.row(MAKER_LINK.name, maker="OpenBMB", platform="ModelScope")
    assert link["namespace"] == "OpenBMB"


def test_links(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, f"config/{LINKS}", sample(f"osir_lmts/{LINKS}"), SEPTEMBER)
    assert not got.skipped
    assert len(got.rows[MAKER_LINK.name]) == 31
    row = got.row(MAKER_LINK.name, url="https://huggingface.co/FacebookAI")
    assert (row["maker"], row["platform"], row["namespace"]) == (
        "Meta",
        "HuggingFace",
        "FacebookAI",
    )
    row = got.row(MAKER_LINK.name, url="https://www.modelscope.cn/organization/deepseek-ai")
    assert row["namespace"] == "deepseek-ai"
    row = got.row(MAKER_LINK.name, url="https://data.baai.ac.cn/dataset")
    assert (row["platform"], row["namespace"]) == ("BAAI Data", None)


def test_links_hold_no_date(parsed: Any, sample: Any) -> None:
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, LINKS, sample(f"osir_lmts/{LINKS}"))


def test_the_crawler_s_own_file(parsed: Any, sample: Any, months: Any) -> None:
    for platform, model in (("HuggingFace", "resnet-50"), ("ModelScope", "Qwen2-7B-Instruct-AWQ")):
        data = sample(f"osir_lmts/2025-01-14/{platform}/raw-models-info.jsonl")
        got = parsed(SOURCE, CRAWL.format(platform), data)
        assert len(got.rows[MODEL_MONTH.name]) == (7 if platform == "HuggingFace" else 6)
        mine = got.row(MODEL_MONTH.name, model_name=model)
        same = months.row(MODEL_MONTH.name, observed_on=JANUARY, model_name=model)
        differ = {name for name in mine if mine[name] != same[name]}
        assert differ == {"maker", "snapshot_sha256"}
    assert got.reasons == {OTHER: 1}


def test_a_crawl_without_a_dated_folder(parsed: Any, sample: Any) -> None:
    data = sample("osir_lmts/2025-01-14/ModelScope/raw-models-info.jsonl")
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, "ModelScope/raw-models-info.jsonl", data)
    got = parsed(SOURCE, "ModelScope/raw-models-info.jsonl", data, JANUARY)
    assert {row["observed_on"] for row in got.rows[MODEL_MONTH.name]} == {JANUARY}


def test_a_bad_crawl(parsed: Any, sample: Any) -> None:
    name = CRAWL.format("HuggingFace")
    data = sample("osir_lmts/2025-01-14/HuggingFace/raw-models-info.jsonl")
    got = parsed(SOURCE, name, data[:-40] + b"\n[1]\n")
    assert got.reasons == {"not a JSON object": 2}
    assert len(got.rows[MODEL_MONTH.name]) == 6
    got = parsed(SOURCE, name, b'{"repo": "a", "model_name": "b", "likes": "few"}\n{"likes": 1}\n')
    assert got.reasons == {
        "`namespace` is empty": 1,
        "`likes_count` is not a valid int64": 1,
    }
    with pytest.raises(UnreadableError, match="no crawl"):
        parsed(SOURCE, name, b"\n")


@pytest.mark.parametrize("data", [b"[]", b"{}", b'"x"'])
def test_links_of_another_kind(parsed: Any, data: bytes) -> None:
    with pytest.raises(SchemaError, match="no object of makers"):
        parsed(SOURCE, LINKS, data, SEPTEMBER)


def test_bad_links(parsed: Any, sample: Any) -> None:
    makers = {"A": {"HuggingFace": ["https://huggingface.co/a", None]}, "B": [], "C": {"X": "y"}}
    makers["D"] = {"HuggingFace": ["https://huggingface.co/d/model", "https://[broken"]}
    got = parsed(SOURCE, LINKS, json.dumps(makers).encode(), SEPTEMBER)
    assert got.reasons == {
        "a maker has no object of platforms": 1,
        "a platform has no list of links": 1,
        "`url` is empty": 1,
    }
    assert [row["namespace"] for row in got.rows[MAKER_LINK.name]] == ["a", None, None]
    with pytest.raises(UnreadableError, match="not JSON"):
        parsed(SOURCE, LINKS, sample(f"osir_lmts/{LINKS}")[:-9], SEPTEMBER)


def test_bad_files(parsed: Any, sample: Any) -> None:
    with pytest.raises(UnreadableError):
        parsed(SOURCE, MONTHS, sample(f"osir_lmts/{MONTHS}")[:-20])
    with pytest.raises(SchemaError, match="`platform`"):
        parsed(SOURCE, MONTHS, sample("llmfit/llmfit_hf_models_unrolled.parquet"))
    rows = pq.read_table(io.BytesIO(sample(f"osir_lmts/{MONTHS}"))).slice(0, 3).to_pylist()
    rows[0]["platform"] = "Elsewhere"
    rows[1]["downloads_last_month"] = 2.5
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(sample(f"osir_lmts/{MONTHS}"))).from_pylist(rows), sink)
    got = parsed(SOURCE, MONTHS, sink.getvalue())
    assert got.reasons == {
        "`platform` must be one of HuggingFace, ModelScope": 1,
        "`downloads_30d_count` is not a valid int64": 1,
    }


def test_everything_staged(parsed: Any, staged: Any, tmp_path: Any) -> None:
    folder = staged("models/osir_lmts")
    got = parsed(SOURCE, MONTHS, (folder / MONTHS).read_bytes())
    rows = got.rows[MODEL_MONTH.name]
    assert len(rows) == 90_398 - 26
    assert got.reasons == {EXACT: 20, OTHER: 5, NEGATIVE: 1}
    assert len({row["observed_on"] for row in rows}) == 11
    assert sum(row["maker"] is None for row in rows) == 243
    for day, followed in ((dt.date(2024, 11, 14), 19), (SEPTEMBER, 65)):  # the panel grows
        crawl = [r for r in rows if (r["observed_on"], r["platform"]) == (day, "HuggingFace")]
        assert len({row["namespace"] for row in crawl}) == followed
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    pulled = sync_from(SOURCE, folder, tmp_path, now, observed_on=SEPTEMBER)
    assert pulled.rows == {MODEL_MONTH.name: 90_372, MAKER_LINK.name: 99}
    assert pulled.files == [f"config/{LINKS}", MONTHS]  # packed crawls would hide the makers


def test_a_staged_crawl_has_the_flattened_rows(parsed: Any, staged: Any) -> None:
    folder = staged("models/osir_lmts")
    flat = parsed(SOURCE, MONTHS, (folder / MONTHS).read_bytes()).rows[MODEL_MONTH.name]
    packed = folder / "raw/2025-01-14/ModelScope/raw-models-info.jsonl.gz"
    got = parsed(SOURCE, CRAWL.format("ModelScope"), gzip.decompress(packed.read_bytes()))
    names = [n for n in MODEL_MONTH.column_names if n not in ("maker", "snapshot_sha256")]
    mine = {tuple(row[name] for name in names) for row in got.rows[MODEL_MONTH.name]}
    assert mine == {
        tuple(row[name] for name in names)
        for row in flat
        if row["observed_on"] == JANUARY and row["platform"] == "ModelScope"
    }
