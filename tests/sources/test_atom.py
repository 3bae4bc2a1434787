"""ATOM's lists: billions, blanks that mean unknown, files without a date."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.atom import (
    MODEL_PARAMETERS,
    ORGANIZATION_REGION,
    RELEASE_DATE_CORRECTION,
    TRACKED_MODEL,
    Atom,
)
from underlay.sources.pull import sync_from

SOURCE = Atom()
DAY = dt.date(2026, 8, 1)


def test_both_lists_of_models(parsed: Any, sample: Any) -> None:
    main = parsed(SOURCE, "models.csv", sample("atom/models.csv"), DAY)
    extra = parsed(SOURCE, "extra_models.csv", sample("atom/extra_models.csv"), DAY)
    assert not main.skipped
    assert not extra.skipped
    assert len(main.rows[TRACKED_MODEL.name]) == 21
    assert len(extra.rows[TRACKED_MODEL.name]) == 11
    row = main.row(TRACKED_MODEL.name, model_id="deepseek-ai/DeepSeek-V3")
    assert (row["organization"], row["model_name"]) == ("deepseek-ai", "DeepSeek-V3")
    assert (row["list"], row["observed_on"]) == ("main", DAY)
    assert {row["list"] for row in extra.rows[TRACKED_MODEL.name]} == {"extra"}


def test_regions_keep_unknown_and_contestable_ones(parsed: Any, sample: Any) -> None:
    name = "metadata/organization_regions.csv"
    got = parsed(SOURCE, name, sample("atom/organization_regions.csv"), DAY)
    assert not got.skipped
    assert len(got.rows[ORGANIZATION_REGION.name]) == 16
    assert got.row(ORGANIZATION_REGION.name, account="EleutherAI")["region"] == "unknown"
    assert got.row(ORGANIZATION_REGION.name, account="stabilityai")["region"] == "eu"
    assert "zai-org" in got.row(ORGANIZATION_REGION.name, account="THUDM")["notes"]


def test_parameters_are_whole_numbers(parsed: Any, sample: Any) -> None:
    got = parsed(SOURCE, "model_parameters.csv", sample("atom/model_parameters.csv"), DAY)
    assert not got.skipped
    assert len(got.rows[MODEL_PARAMETERS.name]) == 19
    row = got.row(MODEL_PARAMETERS.name, model_id="stepfun-ai/Step-3.5-Flash")
    assert row["parameters_count"] == 196_810_000_000
    assert row["active_parameters_count"] == 11_000_000_000
    assert row["is_moe"] is True
    row = got.row(MODEL_PARAMETERS.name, model_id="nvidia/MambaVision-T2-1K")
    assert row["parameters_count"] == 35_000_000  # 0.035 * 1e9 is not whole in binary
    assert (row["active_parameters_count"], row["is_moe"]) == (None, None)


def test_a_correction_can_go_either_way(parsed: Any, sample: Any) -> None:
    name = "release_date_corrections.csv"
    got = parsed(SOURCE, name, sample(f"atom/{name}"), DAY)
    assert not got.skipped  # the three lines of comment are no rows
    assert len(got.rows[RELEASE_DATE_CORRECTION.name]) == 6
    row = got.row(RELEASE_DATE_CORRECTION.name, model_id="openai/gpt-oss-20b")
    assert (row["hub_created_on"], row["released_on"]) == (
        dt.date(2025, 8, 4),
        dt.date(2025, 8, 5),
    )
    row = got.row(RELEASE_DATE_CORRECTION.name, model_id="ibm-granite/granite-timeseries-ttm-r3")
    assert row["released_on"] < row["hub_created_on"]


@pytest.mark.parametrize("name", SOURCE.files)
def test_a_day_must_be_given(parsed: Any, sample: Any, name: str) -> None:
    with pytest.raises(UnreadableError, match="holds no date"):
        parsed(SOURCE, name, sample(f"atom/{name}"))


@pytest.mark.parametrize("name", SOURCE.files)
def test_a_wrong_header(parsed: Any, name: str) -> None:
    with pytest.raises(SchemaError, match="no column"):
        parsed(SOURCE, name, b"id,name\na,b\n", DAY)


@pytest.mark.parametrize("name", SOURCE.files)
def test_a_header_alone(parsed: Any, sample: Any, name: str) -> None:
    lines = sample(f"atom/{name}").splitlines(keepends=True)
    header = next(line for line in lines if not line.startswith(b"#"))
    got = parsed(SOURCE, name, header, DAY)
    assert (got.rows, got.skipped) == ({}, [])


def test_a_truncated_file(parsed: Any, sample: Any) -> None:
    data = sample("atom/model_parameters.csv")
    cut = data[: data.index(b"granite-embedding") + 10]  # within the first cell of a row
    got = parsed(SOURCE, "model_parameters.csv", cut, DAY)
    assert got.reasons == {"number of cells differs from the header": 1}
    assert len(got.rows[MODEL_PARAMETERS.name]) == 15
    with pytest.raises(UnreadableError, match="end of data"):  # within a quoted cell
        parsed(SOURCE, "model_parameters.csv", data[: data.index(b"37B active")], DAY)


def test_bad_cells(parsed: Any) -> None:
    header = b"model_id,total_params_b,active_params_b,is_moe,notes\n"
    rows = [
        b"a/ok,1.5,,,",
        b"a/words,about 7,,,",
        b"a/none,,,,",
        b"a/zero,0,,,",
        b"a/part,0.00000000015,,,",
        b"a/huge,1e30,,,",
        b"a/maybe,7,1,perhaps,",
        b"a/ok,1.6,,,",
    ]
    got = parsed(SOURCE, "model_parameters.csv", header + b"\n".join(rows), DAY)
    assert [row["model_id"] for row in got.rows[MODEL_PARAMETERS.name]] == ["a/ok"]
    assert got.rows[MODEL_PARAMETERS.name][0]["parameters_count"] == 1_500_000_000
    assert got.reasons == {
        "`parameters_count` is not a valid int64": 3,
        "`parameters_count` is empty": 1,
        "`parameters_count` must be at least 1": 1,
        "`is_moe` is not a valid bool": 1,
        "repeats a key (observed_on, model_id) with other values; the first row is kept": 1,
    }


def test_everything_staged(staged: Any, tmp_path: Any) -> None:
    folder = staged("models/atom_tracked_models")
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    pulled = sync_from(SOURCE, folder, tmp_path, now, observed_on=DAY)
    assert not pulled.skipped
    assert pulled.rows == {
        TRACKED_MODEL.name: 1772 + 186,
        ORGANIZATION_REGION.name: 118,
        MODEL_PARAMETERS.name: 299,
        RELEASE_DATE_CORRECTION.name: 40,
    }
    assert pulled.foreign == ["LICENSE", "policy/model_policy.yml"]
