"""The TOP500 list; the sample is made up, the publisher allows no redistribution."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.top500 import Top500

SYSTEM = "raw_top500__system"
SOURCE = Top500()
NAME = "TOP500_203001.csv"


@pytest.fixture
def data(sample):
    return sample(f"top500/{NAME}")


def test_numbers_with_spaces_and_decimal_commas(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert len(result.rows[SYSTEM]) == 3
    assert not result.skipped
    row = result.row(SYSTEM, rank=1)
    assert row["observed_on"] == dt.date(2030, 1, 1)
    assert (row["rmax_tflops"], row["rpeak_tflops"]) == (742000.5, 946376.09)
    assert (row["cores_total_count"], row["cores_accelerator_count"]) == (1039616, 988224)
    assert (row["power_kw"], row["efficiency_gflops_per_w"]) == (9580.98, 77.45)
    assert (row["processor_speed_mhz"], row["hpcg_tflops"]) == (1800, 7406.9)
    assert (row["system_id"], row["installed_year"]) == ("900001", 2028)
    assert (row["first_list"], row["first_rank"], row["previous_rank"]) == (70, 1, 1)


def test_no_accelerator_is_null_even_beside_accelerator_cores(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert result.row(SYSTEM, rank=1)["accelerator"] == "Fast Accelerator"
    assert result.row(SYSTEM, rank=2)["accelerator"] is None
    third = result.row(SYSTEM, rank=3)
    assert (third["accelerator"], third["cores_accelerator_count"]) == (None, 1532)


def test_what_was_not_submitted_is_null(parsed, data):
    row = parsed(SOURCE, NAME, data).row(SYSTEM, rank=2)
    missing = ("name", "power_kw", "hpcg_tflops", "previous_rank", "cores_accelerator_count")
    assert all(row[name] is None for name in missing)


def test_rows_may_not_be_passed_on():
    assert SOURCE.terms.may_redistribute == "no"


def test_a_month_is_needed(parsed, data):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, "TOP500_latest.csv", data)
    result = parsed(SOURCE, "TOP500_latest.csv", data, dt.date(2030, 1, 20))
    assert {row["observed_on"] for row in result.rows[SYSTEM]} == {dt.date(2030, 1, 20)}


def test_a_file_with_commas_between_cells(parsed, data):
    with pytest.raises(SchemaError, match="System ID"):
        parsed(SOURCE, NAME, data.replace(b",", b".").replace(b";", b","))


def test_bad_rows(parsed, data):
    lines = data.decode().splitlines()
    lines[1] = lines[1].replace("742 000,50", "fast")
    lines[2] = lines[2].replace("3 131,25", "-3 131,25")
    lines[3] = lines[3][:80]
    result = parsed(SOURCE, NAME, "\r\n".join(lines).encode())
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`rmax_tflops` is not a valid float64": 1,
        "`rmax_tflops` must be at least 0": 1,
    }
    assert not result.rows


def test_full_data(parsed, staged):
    path = staged("stack/top500/TOP500_202506.csv")
    result = parsed(SOURCE, path.name, path.read_bytes())
    assert not result.skipped
    rows = result.rows[SYSTEM]
    assert [row["rank"] for row in rows] == list(range(1, 501))
    speeds = [row["rmax_tflops"] for row in rows]
    assert speeds == sorted(speeds, reverse=True)
    assert rows[0]["rmax_tflops"] == 1742000.0
    # few systems by count, a large part by speed
    with_chip = [row for row in rows if row["accelerator"]]
    amd = [row for row in with_chip if "AMD" in row["accelerator"]]
    assert (len(amd), len(with_chip)) == (26, 235)
    assert sum(row["rmax_tflops"] for row in amd) > 0.3 * sum(
        row["rmax_tflops"] for row in with_chip
    )
