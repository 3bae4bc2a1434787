"""MLPerf: three tables of different shape, and the publisher's own file."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.mlperf import MlPerf

RESULT = "raw_mlperf__result"
SOURCE = MlPerf()
HISTORY = "history_closed_results.csv"
INFERENCE = "inference_v5.1_results.csv"
TRAINING = "training_v5.1_results.csv"
SUMMARY = "inference_v5.1_summary_results.json"


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"mlperf/{name}"))


def test_inference(read):
    result = read(INFERENCE)
    assert len(result.rows[RESULT]) == 5
    assert not result.skipped
    row = result.row(RESULT, row_number=2)
    assert (row["suite"], row["round"], row["division"]) == ("inference", "5.1", "closed")
    assert row["observed_on"] == dt.date(2025, 9, 9)
    assert (row["submitter"], row["accelerator"]) == ("AMD", "AMD Instinct MI300X 192GB HBM3")
    assert (row["benchmark"], row["scenario"]) == ("llama2-70b-99", "Offline")
    assert (row["result"], row["units"], row["weight_format"]) == (27803.9, "Tokens/s", "fp8")
    assert row["software"].startswith("vLLM 0.9.0.2")


def test_accelerators_are_counted_per_machine(read):
    row = read(INFERENCE).row(RESULT, submitter="NVIDIA")
    assert "72x GB200" in row["system"]
    assert row["nodes_count"] * row["accelerators_per_node_count"] == 72
    row = read(HISTORY).row(RESULT, submitter="JuniperNetworks")
    assert "H100-SXM-80GBx32" in row["system_id"]
    assert row["nodes_count"] * row["accelerators_per_node_count"] == 32


def test_the_open_division_of_one_submitter_is_told_apart(read):
    row = read(INFERENCE).row(RESULT, submitter="GATEOverflow")
    assert row["division"] == "open"
    assert row["accelerator"] is None


def test_the_publishers_own_file_gives_the_same_rows(read):
    left, right = read(INFERENCE).rows[RESULT], read(SUMMARY).rows[RESULT]
    ignored = {"snapshot_sha256", "accelerator_vendor", "benchmark_model"}
    for one, other in zip(left, right, strict=True):
        assert {k: v for k, v in one.items() if k not in ignored} == {
            k: v for k, v in other.items() if k not in ignored
        }
    assert [row["benchmark_model"] for row in right].count("llama2-70b-99") == 3


def test_training_comes_without_times(read):
    result = read(TRAINING)
    assert not result.skipped
    row = result.row(RESULT, submitter="Wiwynn")
    assert (row["suite"], row["round"], row["runs_count"]) == ("training", "5.1", 10)
    assert row["observed_on"] == dt.date(2025, 11, 12)
    assert (row["result"], row["units"]) == (None, None)
    assert (row["nodes_count"], row["accelerators_per_node_count"]) == (144, 4)
    assert row["availability"] == "Available on-premise"
    assert "cuda_version" in row["software_stack"]


def test_history_mixes_in_microcontrollers(read):
    rows = read(HISTORY).rows[RESULT]
    assert Counter(row["suite"] for row in rows) == {"inference": 6, "training": 2, "tiny": 3}
    assert {row["round"] for row in rows if row["suite"] == "tiny"} == {"0.7"}


def test_history_of_training_has_no_division_but_its_path_has(read):
    rows = [row for row in read(HISTORY).rows[RESULT] if row["suite"] == "training"]
    assert [row["division"] for row in rows] == [None, None]
    assert [row["path_division"] for row in rows] == ["open", "closed"]
    assert [row["path_task"] for row in rows] == ["language-processing", "image-classification"]
    assert [row["benchmark"] for row in rows] == [None, None]


def test_results_that_differ_in_nothing_else_are_all_kept(read):
    rows = [row for row in read(HISTORY).rows[RESULT] if row["submitter"] == "Andes"]
    assert [row["result"] for row in rows] == [12.523, 14.639]
    assert {row["path_task"] for row in rows} == {"kws"}


def test_signs_for_no_accelerator_are_null(read):
    result = read(HISTORY)
    for submitter in ("Krai", "Andes"):
        rows = [row for row in result.rows[RESULT] if row["submitter"] == submitter]
        assert {row["accelerator"] for row in rows} == {None}
    row = result.row(RESULT, submitter="NVIDIA", software="OpenVino 2022")
    assert (row["accelerator"], row["accelerators_per_node_count"]) == (None, 0)


def test_power_has_units_but_no_value(read):
    row = read(HISTORY).row(RESULT, units="Watts")
    assert row["result"] is None
    assert row["path_division"] == "closed"


def test_a_round_of_no_known_day(parsed, sample):
    data = sample(f"mlperf/{INFERENCE}").replace(b"inference,v5.1", b"inference,v9.9")
    result = parsed(SOURCE, INFERENCE, data)
    assert result.reasons == {"`observed_on` is empty": 5}
    result = parsed(SOURCE, INFERENCE, data, dt.date(2030, 1, 1))
    assert {row["observed_on"] for row in result.rows[RESULT]} == {dt.date(2030, 1, 1)}


def test_a_given_day_does_not_move_known_rounds(parsed, sample):
    result = parsed(SOURCE, HISTORY, sample(f"mlperf/{HISTORY}"), dt.date(2030, 1, 1))
    assert max(row["observed_on"] for row in result.rows[RESULT]) == dt.date(2024, 8, 28)


def test_lost_columns(parsed, sample):
    with pytest.raises(SchemaError, match="accelerator"):
        parsed(
            SOURCE, INFERENCE, sample(f"mlperf/{INFERENCE}").replace(b",accelerator,", b",chip,")
        )
    entries = json.loads(sample(f"mlperf/{SUMMARY}"))
    for entry in entries:
        del entry["Accelerator"]
    with pytest.raises(SchemaError, match="Accelerator"):
        parsed(SOURCE, SUMMARY, json.dumps(entries).encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b'[{"ID": 1', "not JSON"), (b'{"ID": 1}', "not a list"), (b"[" * 200_000, "not JSON")],
)
def test_broken_json(parsed, data, reason):
    with pytest.raises(UnreadableError, match=reason):
        parsed(SOURCE, SUMMARY, data)


def test_bad_rows(parsed, sample):
    data = sample(f"mlperf/{INFERENCE}")
    for good, bad in (
        (b"27803.9", b"fast"),
        (b"289712.0", b"-1"),
        (b"inference,v5.1,Intel", b"storage,v5.1,Intel"),
        (b"v5.1,GATEOverflow", b"v5.1,"),
    ):
        assert good in data
        data = data.replace(good, bad)
    result = parsed(SOURCE, INFERENCE, data + b"inference,v5.1,Last\n", dt.date(2030, 1, 1))
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`result` is not a valid float64": 1,
        "`submitter` is empty": 1,
        "`result` must be at least 0": 1,
        "`suite` must be one of inference, training, tiny": 1,
    }
    entries = [*json.loads(sample(f"mlperf/{SUMMARY}")), "stray"]
    result = parsed(SOURCE, SUMMARY, json.dumps(entries).encode())
    assert result.reasons == {"not an object": 1}


def test_full_data(parsed, staged):
    folder = staged("stack/mlperf")
    rows = {}
    for name in (HISTORY, INFERENCE, TRAINING, SUMMARY):
        result = parsed(SOURCE, name, (folder / name).read_bytes())
        assert not result.skipped
        rows[name] = result.rows[RESULT]
    counts = {name: len(found) for name, found in rows.items()}
    assert counts == {HISTORY: 7168, INFERENCE: 1448, TRAINING: 185, SUMMARY: 1448}
    assert Counter(row["suite"] for row in rows[HISTORY]) == {
        "inference": 6107, "training": 831, "tiny": 230,
    }  # fmt: skip
    hidden = [row for row in rows[HISTORY] if row["suite"] == "training"]
    assert {row["division"] for row in hidden} == {None}
    assert Counter(row["path_division"] for row in hidden) == {"closed": 810, "open": 21}
    assert not any(row["round"] == "5.0" for found in rows.values() for row in found)
    opened = Counter(row["submitter"] for row in rows[INFERENCE] if row["division"] == "open")
    assert opened["GATEOverflow"] > 0.9 * opened.total()
    ours = [(row["row_number"], row["path"], row["result"]) for row in rows[INFERENCE]]
    assert ours == [(row["row_number"], row["path"], row["result"]) for row in rows[SUMMARY]]
