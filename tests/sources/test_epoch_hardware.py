"""Epoch AI's accelerators."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.epoch_hardware import EpochHardware

ACCELERATOR = "raw_epoch_hardware__accelerator"
SOURCE = EpochHardware()
NAME = "ml_hardware.csv"


@pytest.fixture
def data(sample):
    return sample(f"epoch_hardware/{NAME}")


def test_an_accelerator(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert len(result.rows[ACCELERATOR]) == 12
    assert not result.skipped
    row = result.row(ACCELERATOR, name="NVIDIA GB300 (Blackwell Ultra)")
    assert (row["manufacturer"], row["foundry"], row["type"]) == ("NVIDIA", "TSMC", "GPU")
    assert (row["process_size_nm"], row["tdp_w"]) == (4.0, 1400.0)
    assert (row["memory_bytes"], row["memory_bandwidth_bytes_per_s"]) == (287.5e9, 8e12)
    assert (row["tensor_fp16_flop_per_s"], row["fp16_flop_per_s"]) == (2.5e15, None)
    assert (row["fp8_flop_per_s"], row["fp4_flop_per_s"]) == (5e15, 1.5e16)
    assert (row["int8_ops_per_s"], row["max_ops_per_s"]) == (1.65e14, 1.5e16)
    assert row["released_on"] == dt.date(2025, 8, 22)
    assert row["last_modified_at"] == dt.datetime(2025, 11, 21, 23, 11, 7)


def test_the_edition_is_dated_by_its_newest_change(parsed, data):
    rows = parsed(SOURCE, NAME, data).rows[ACCELERATOR]
    assert {row["observed_on"] for row in rows} == {dt.date(2025, 12, 16)}
    rows = parsed(SOURCE, NAME, data, dt.date(2026, 1, 14)).rows[ACCELERATOR]
    assert {row["observed_on"] for row in rows} == {dt.date(2026, 1, 14)}


def test_a_speed_of_zero_is_an_unknown_speed(parsed, data):
    row = parsed(SOURCE, NAME, data).row(ACCELERATOR, name="Huawei Ascend 910B1 (v2)")
    assert (row["max_ops_per_s"], row["ml_ops_per_s"]) == (None, None)
    assert row["memory_bytes"] == 64e9


def test_several_foundries_and_unknown_makers_stay_as_written(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert result.row(ACCELERATOR, name="Huawei Ascend 910C")["foundry"] == "SMIC,TSMC"
    assert result.row(ACCELERATOR, name="GroqChip LPU v1")["manufacturer"] is None
    assert result.row(ACCELERATOR, name="Google TPU v7 Ironwood")["foundry"] is None


def test_the_mirrored_edition_is_not_read(parsed, data):
    with pytest.raises(AssertionError, match="is not a file of epoch_hardware"):
        parsed(SOURCE, "ml_hardware_2026-04.csv", data)


def test_a_lost_column(parsed, data):
    with pytest.raises(SchemaError, match="Foundry"):
        parsed(SOURCE, NAME, data.replace(b"Foundry", b"Fab"))


def test_a_table_that_says_no_day(parsed, data):
    header = data.splitlines()[0] + b"\n"
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, NAME, header)


def test_bad_rows(parsed, data):
    for good, bad in (
        (b"192000000000.0", b"192 GB"),
        (b",960.0,", b",-960.0,"),
        (b"2025-08-22", b"2025-28-22"),
        (b"GroqChip LPU v1,", b","),
        (b"Huawei Ascend 910B,", b"Huawei Ascend 910C,"),
    ):
        assert good in data
        data = data.replace(good, bad)
    result = parsed(SOURCE, NAME, data + b"Last,Maker\n")
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`released_on` is not a valid date": 1,
        "`memory_bytes` is not a valid float64": 2,
        "`name` is empty": 1,
        "repeats a key (observed_on, name) with other values; the first row is kept": 1,
    }
    assert len(result.rows[ACCELERATOR]) == 7


def test_full_data(parsed, staged):
    path = staged("stack/epoch-ml-hardware/ml_hardware.csv")
    result = parsed(SOURCE, path.name, path.read_bytes())
    rows = result.rows[ACCELERATOR]
    assert (len(rows), result.skipped) == (170, [])
    assert sum(row["manufacturer"] == "Huawei" for row in rows) == 19
    assert sum(row["max_ops_per_s"] is None for row in rows) == 6
