"""Epoch AI's clusters and data centres."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.epoch_clusters import EpochClusters

CLUSTER = "raw_epoch_clusters__cluster"
DATA_CENTER = "raw_epoch_clusters__data_center"
STEP = "raw_epoch_clusters__data_center_step"
SOURCE = EpochClusters()
DAY = dt.date(2025, 12, 14)


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"epoch_clusters/{name}"), DAY)


def test_a_cluster(read):
    result = read("gpu_clusters.csv")
    assert len(result.rows[CLUSTER]) == 18
    assert not result.skipped
    row = result.row(CLUSTER, name="xAI Colossus 2 Memphis Phase 2")
    assert (row["chip_type_primary"], row["chips_primary_count"]) == ("NVIDIA GB200", 330000)
    assert row["chip_type_secondary"] == "NVIDIA GB300 (Blackwell Ultra)"
    assert row["chips_secondary_count"] == 220000
    assert row["chips_total_count"] == 550000
    assert (row["compute_h100e"], row["power_mw"]) == (852097.0187, 1409.408)
    assert row["compute_max_ops_per_s"] == 1.69e21
    assert (row["status"], row["certainty"]) == ("Planned", "Likely")
    assert row["first_operational_on"] is None
    assert row["is_noteworthy"] is True
    assert row["is_in_standard_analysis"] is False
    assert row["note"].count("\n") == 3  # a cell over several lines


def test_anonymous_clusters_that_look_alike_are_all_kept(read):
    rows = read("gpu_clusters.csv").rows[CLUSTER]
    hidden = [row for row in rows if row["name"] == "Anonymized Chinese System"]
    alike = [{k: v for k, v in row.items() if k != "row_number"} for row in hidden]
    assert [row["row_number"] for row in hidden] == [1, 2, 3]
    assert alike[0] == alike[1]
    assert [row["country"] for row in hidden] == ["China", "China", "Hong Kong"]
    assert {row["chip_supplier_primary"] for row in hidden} == {"Anonymized"}
    assert {row["chip_type_primary"] for row in hidden} == {None}


def test_dates(read):
    result = read("gpu_clusters.csv")
    row = result.row(CLUSTER, name="Preferred Networks MN-1b")
    assert row["first_operational_on"] == dt.date(2018, 7, 30)
    assert row["decommissioned_on"] == dt.date(2021, 7, 1)  # written `2021-07`
    row = result.row(CLUSTER, name="Oak Ridge NL Summit")
    assert row["decommissioned_on"] == dt.date(2024, 11, 15)


def test_unknown_is_not_zero(read):
    row = read("gpu_clusters.csv").row(CLUSTER, name="xAI 5 year plan")
    assert row["country"] is None
    assert row["chips_total_count"] is None
    assert row["chip_supplier_primary"] == "Unknown"


def test_phases_of_one_cluster_say_what_they_extend(read):
    result = read("gpu_clusters.csv")
    one, two, three = (
        result.row(CLUSTER, name=f"xAI Colossus Memphis Phase {phase}") for phase in (1, 2, 3)
    )
    assert one["superseded_by"] == two["name"]
    assert two["superseded_by"] == three["name"]
    assert one["compute_h100e"] < two["compute_h100e"] < three["compute_h100e"]


def test_a_data_centre_and_its_steps(read):
    row = read("data_centers.csv").row(
        DATA_CENTER, data_center="Alibaba Zhangbei Zhangjiakou Hebei"
    )
    assert (row["owner"], row["users"]) == ("Alibaba #confident", "Alibaba #likely")
    assert row["power_mw"] == 339
    steps = read("data_center_timelines.csv").rows[STEP]
    assert len(steps) == 13
    last = max((step for step in steps if "Colossus 2" in step["data_center"]), key=_day)
    assert last["step_on"] == dt.date(2026, 2, 17) > last["observed_on"]  # a forecast
    assert (last["power_mw"], last["buildings_operational_count"]) == (1379, 1)
    assert last["compute_8bit_ops_per_s"] == 2.75e21


def _day(step):
    return step["step_on"]


def test_the_day_has_to_be_given(parsed, sample):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, "data_centers.csv", sample("epoch_clusters/data_centers.csv"))


def test_a_lost_column(parsed, sample):
    data = sample("epoch_clusters/gpu_clusters.csv").replace(b"H100 equivalents", b"H100e")
    with pytest.raises(SchemaError, match="H100 equivalents"):
        parsed(SOURCE, "gpu_clusters.csv", data, DAY)


def test_a_file_cut_within_a_quoted_cell(parsed, sample):
    data = sample("epoch_clusters/gpu_clusters.csv")
    cut = data[: data.index(b"330k GB200s")]
    with pytest.raises(UnreadableError, match="line"):
        parsed(SOURCE, "gpu_clusters.csv", cut, DAY)


def test_bad_rows(parsed, sample):
    data = sample("epoch_clusters/gpu_clusters.csv")
    for good, bad in (
        (b",27648,", b",many,"),
        (b"42.01556342", b"-42"),
        (b"11/18/2024", b"11/38/2024"),
        (b"xAI 5 year plan,", b","),
    ):
        assert good in data
        data = data.replace(good, bad)
    result = parsed(SOURCE, "gpu_clusters.csv", data + b"Last,Existing\n", DAY)
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`chips_primary_count` is not a valid int64": 1,
        "`first_operational_on` is not a valid date": 1,
        "`compute_h100e` must be at least 0": 1,
        "`name` is empty": 1,
    }
    assert len(result.rows[CLUSTER]) == 14


def test_full_data(parsed, staged):
    folder = staged("stack/epoch-companies-datacenters")
    rows = {}
    for name in ("gpu_clusters.csv", "data_centers.csv", "data_center_timelines.csv"):
        result = parsed(SOURCE, name, (folder / name).read_bytes(), DAY)
        assert not result.skipped
        rows.update(result.rows)
    counts = {table: len(found) for table, found in rows.items()}
    assert counts == {CLUSTER: 786, DATA_CENTER: 16, STEP: 112}
    # every cluster in China is anonymised, and nobody else is
    places = Counter(
        row["country"] for row in rows[CLUSTER] if row["chip_supplier_primary"] == "Anonymized"
    )
    assert places == {"China": 253, "Hong Kong": 4}
    assert sum(row["country"] == "China" for row in rows[CLUSTER]) == 253
    known = {row["data_center"] for row in rows[DATA_CENTER]}
    assert {row["data_center"] for row in rows[STEP]} == known
