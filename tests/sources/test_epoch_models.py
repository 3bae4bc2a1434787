"""Epoch AI's notable models."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.epoch_models import EpochModels

MODEL = "raw_epoch_models__model"
SOURCE = EpochModels()
NAME = "notable-ai-models_2026-01-26.csv"


@pytest.fixture
def data(sample):
    return sample(f"epoch_models/{NAME}")


def test_a_model(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert len(result.rows[MODEL]) == 16
    assert not result.skipped
    row = result.row(MODEL, model="DeepSeek-V3")
    assert row["observed_on"] == dt.date(2026, 1, 26)
    assert row["published_on"] == dt.date(2024, 12, 24)
    assert (row["organization"], row["country_of_organization"]) == ("DeepSeek", "China")
    assert (row["parameters_count"], row["training_compute_flop"]) == (671e9, 3.4078e24)
    assert (row["training_hardware"], row["hardware_count"]) == ("NVIDIA H800 SXM5", 2048)
    assert row["model_accessibility"] == "Open weights (restricted use)"
    assert row["is_frontier"] is False
    assert result.row(MODEL, model="Llama 3.1-405B")["is_frontier"] is True


def test_a_country_stands_once_for_each_maker(parsed, data):
    row = parsed(SOURCE, NAME, data).row(MODEL, model="GLM-4.6")
    assert row["organization"] == "Z.ai (Zhipu AI),Tsinghua University"
    assert row["country_of_organization"] == "China,China"


def test_one_maker_can_have_two_countries(parsed, data):
    row = parsed(SOURCE, NAME, data).row(MODEL, model="Gemini 3 Pro")
    assert row["organization"] == "Google DeepMind"
    assert row["country_of_organization"].count(",") == 1


def test_unknown_is_null(parsed, data):
    row = parsed(SOURCE, NAME, data).row(MODEL, model="Gemini 3 Pro")
    assert (row["parameters_count"], row["training_compute_flop"]) == (None, None)
    assert row["hardware_count"] is None
    assert parsed(SOURCE, NAME, data).row(MODEL, model="Olmo 3")["country_of_organization"] is None


def test_cells_stay_as_written(parsed, data):
    result = parsed(SOURCE, NAME, data)
    assert result.row(MODEL, model="Solar Open 100B\n")["organization"] == "Upstage"
    row = result.row(MODEL, model="Masked Autoencoders ViT-H")
    assert row["training_dataset_size"] == "327978752,192851506176"  # two sizes in one cell


@pytest.mark.parametrize("name", ["frontier_ai_models_2026-04.csv", "ml_hardware_2026-04.csv"])
def test_mirrored_lists_are_not_read(parsed, data, name):
    with pytest.raises(AssertionError, match="is not a file of epoch_models"):
        parsed(SOURCE, name, data)


def test_a_day_is_needed(parsed, data):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, "notable_ai_models.csv", data)
    result = parsed(SOURCE, "notable_ai_models.csv", data, dt.date(2026, 2, 1))
    assert {row["observed_on"] for row in result.rows[MODEL]} == {dt.date(2026, 2, 1)}


def test_a_lost_column(parsed, data):
    with pytest.raises(SchemaError, match=r"Country \(of organization\)"):
        parsed(SOURCE, NAME, data.replace(b"Country (of organization)", b"Country"))


def test_a_file_cut_within_a_quoted_cell(parsed, data):
    with pytest.raises(UnreadableError, match="line"):
        parsed(SOURCE, NAME, data[: data.index(b"Tsinghua University")])


def test_bad_rows(parsed, data):
    for good, bad in (
        (b"671000000000.0", b"671B"),
        (b"2019-02-14", b"2019-02-31"),
        (b"\nAlexNet,", b"\n,"),
        (b"2.5272e+24", b"-2.5272e+24"),
    ):
        assert good in data
        data = data.replace(good, bad)
    result = parsed(SOURCE, NAME, data + b"Last,Maker\n")
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`published_on` is not a valid date": 1,
        "`parameters_count` is not a valid float64": 1,
        "`model` is empty": 1,
        "`training_compute_flop` must be at least 0": 1,
    }
    assert len(result.rows[MODEL]) == 12


def test_full_data(parsed, staged):
    path = staged(f"models/epoch/{NAME}")
    result = parsed(SOURCE, path.name, path.read_bytes())
    rows = result.rows[MODEL]
    assert (len(rows), result.skipped) == (976, [])
    assert max(row["published_on"] for row in rows) == dt.date(2025, 12, 31)
    assert sum("China,China" in (row["country_of_organization"] or "") for row in rows) == 29
