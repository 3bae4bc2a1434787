"""Epoch AI's chip counts: four makers' files, one shape."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.epoch_cells import iso_date, ticked
from underlay.sources.epoch_chips import EpochChips

CUMULATIVE = "raw_epoch_chips__cumulative"
QUARTER = "raw_epoch_chips__quarter"
FISCAL = "raw_epoch_chips__fiscal_quarter"
OWNED = "raw_epoch_chips__owner_cumulative"
BOUGHT = "raw_epoch_chips__owner_quarter"
SOURCE = EpochChips()


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"epoch_chips/{name}"))


def test_totals_are_rows_of_the_chip_type_all(read):
    result = read("nvidia_cumulative_totals.csv")
    assert len(result.rows[CUMULATIVE]) == 5
    assert not result.skipped
    row = result.row(CUMULATIVE, observed_on=dt.date(2025, 12, 31))
    assert (row["designer"], row["chip_type"]) == ("Nvidia", "all")
    assert row["starts_on"] == dt.date(2022, 1, 1)
    units = (row["units_p05_count"], row["units_p50_count"], row["units_p95_count"])
    assert units == (8973271, 10477887, 12079633)
    compute = (row["compute_p05_h100e"], row["compute_p50_h100e"], row["compute_p95_h100e"])
    assert compute == (11899055, 13659258, 15548902)
    assert (row["power_p05_mw"], row["power_p50_mw"], row["power_p95_mw"]) == (7413, 8562, 9782)


def test_trainium_columns_have_other_names_and_another_order(read):
    row = read("trainium_cumulative_by_chip.csv").row(
        CUMULATIVE, observed_on=dt.date(2025, 12, 31), chip_type="Trainium2"
    )
    assert row["designer"] == "Amazon"
    units = (row["units_p05_count"], row["units_p50_count"], row["units_p95_count"])
    assert units == (1260000, 1400000, 1540000)
    compute = (row["compute_p05_h100e"], row["compute_p50_h100e"], row["compute_p95_h100e"])
    assert compute == (827054, 918948, 1010843)
    assert row["power_p50_mw"] == 700.1
    assert row["is_incomplete"] is False  # this maker has no column for it


def test_the_last_quarter_is_marked_incomplete_by_its_tick(read):
    rows = read("nvidia_cumulative_totals.csv").rows[CUMULATIVE]
    assert [row["observed_on"] for row in rows if row["is_incomplete"]] == [dt.date(2026, 3, 31)]


def test_quarters_without_a_tick_box_are_marked_incomplete_by_their_note(read):
    rows = read("tpu_calendar_quarter_chip_timelines.csv").rows[QUARTER]
    marked = {(row["observed_on"], row["is_incomplete"]) for row in rows}
    assert marked == {
        (dt.date(2022, 12, 31), True),
        (dt.date(2023, 3, 31), False),
        (dt.date(2026, 3, 31), True),
    }


def test_the_first_cumulative_row_of_google_holds_more_than_its_own_quarter(read):
    total = read("tpu_cumulative_totals.csv").row(CUMULATIVE, observed_on=dt.date(2023, 3, 31))
    rows = read("tpu_calendar_quarter_chip_timelines.csv").rows[QUARTER]
    sold = dict.fromkeys((dt.date(2022, 12, 31), dt.date(2023, 3, 31)), 0)
    for row in rows:
        if row["observed_on"] in sold:
            sold[row["observed_on"]] += row["units_p50_count"]
    before, within = sold.values()
    assert total["starts_on"] == dt.date(2023, 1, 1)  # as the publisher says
    assert total["units_p50_count"] == pytest.approx(before + within, rel=0.02)
    assert total["units_p50_count"] > 1.5 * within


def test_fiscal_quarters_are_a_table_of_their_own(read):
    result = read("nvidia_fiscal_quarter_chip_timelines.csv")
    row = result.row(FISCAL, observed_on=dt.date(2026, 1, 25), chip_type="B300")
    assert row["starts_on"] == dt.date(2025, 10, 27)
    assert row["units_p50_count"] == 776710


def test_amd_owner_files_spell_the_median_out(read):
    row = read("amd_owners_cumulative_by_chip.csv").row(
        OWNED, owner="Meta", chip_type="Instinct MI300X"
    )
    assert row["units_p50_count"] == 208391
    assert row["compute_p50_h100e"] == 275352
    assert row["tdp_p95_w"] == 210459502


def test_owner_quarters_have_no_tick_box(read):
    rows = read("nvidia_owners_quarters.csv").rows[BOUGHT]
    assert len(rows) == 12
    assert {row["owner"] for row in rows} == {
        "Amazon", "China", "Google", "Meta", "Microsoft", "Oracle",
    }  # fmt: skip
    assert all(row["is_incomplete"] == (row["observed_on"].year == 2026) for row in rows)


def test_xai_has_no_percentiles_and_its_totals_no_units(read):
    result = read("named_other_owners_cumulative_by_chip.csv")
    row = result.row(OWNED, observed_on=dt.date(2025, 12, 31), chip_type="B200")
    assert (row["owner"], row["units_p50_count"], row["units_p05_count"]) == ("xAI", 140000, None)
    assert row["starts_on"] == dt.date(2024, 1, 1)  # written with two digits of the year
    totals = read("named_other_owners_cumulative_totals.csv")
    row = totals.row(OWNED, observed_on=dt.date(2025, 12, 31))
    assert (row["compute_p50_h100e"], row["units_p50_count"]) == (553714, None)


def test_other_says_whom_it_leaves_out(read):
    rows = read("nvidia_owners_OTHER_cumulative_totals.csv").rows[OWNED]
    assert {row["owner"] for row in rows} == {"Other"}
    assert all("xAI, CoreWeave" in row["notes"] for row in rows)


@pytest.mark.parametrize(
    "name",
    [
        "nvidia_other_cumulative_totals.csv",
        "named_other_owners_quarters_by_chip.csv",
        "Nvidia_quarterly_revenue.csv",
    ],
)
def test_other_inputs_are_not_read(parsed, name):
    with pytest.raises(AssertionError, match="is not a file of epoch_chips"):
        parsed(SOURCE, f"data_inputs/{name}", b"")


def test_a_lost_column_is_an_error(parsed, sample):
    data = sample("epoch_chips/nvidia_cumulative_totals.csv")
    lost = data.replace(b"Number of units (median)", b"Units")
    with pytest.raises(SchemaError, match=r"Number of units \(median\)"):
        parsed(SOURCE, "nvidia_cumulative_totals.csv", lost)
    with pytest.raises(SchemaError, match="Chip type"):
        parsed(SOURCE, "nvidia_cumulative_by_chip.csv", data)


def test_bad_rows_are_skipped_with_their_reason(parsed, sample):
    lines = sample("epoch_chips/nvidia_cumulative_totals.csv").decode().splitlines()
    lines[1] = lines[1].replace("3/31/2025", "31/31/2025")
    lines[2] = lines[2].replace("8245499", "many")
    cells = lines[3].split(",")
    cells[4] = "-5"
    lines[3] = ",".join(cells)
    lines[5] = lines[5][:60]
    result = parsed(SOURCE, "nvidia_cumulative_totals.csv", "\n".join(lines).encode())
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`observed_on` is not a valid date": 1,
        "`units_p50_count` is not a valid int64": 1,
        "`units_p05_count` must be at least 0": 1,
    }
    assert len(result.rows[CUMULATIVE]) == 1


def test_a_file_cut_within_a_character_is_unreadable(parsed):
    with pytest.raises(UnreadableError, match="not UTF-8"):
        parsed(SOURCE, "nvidia_cumulative_totals.csv", "Name,é".encode()[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3/31/2026", "2026-03-31"),
        ("02/01/2026", "2026-02-01"),
        ("1/1/24", "2024-01-01"),
        ("2021-11-01", "2021-11-01"),
        ("soon", "soon"),
    ],
)
def test_dates(text, expected):
    assert iso_date(text) == expected


def test_ticks():
    assert ticked("checked")
    assert ticked("TRUE")
    assert not ticked("")
    assert not ticked(None)


def test_full_data(parsed, staged):
    folder = staged("stack/epoch-ai-chip-counts")
    counts = {}
    for path in sorted(folder.rglob("*.csv")):
        if path.name not in SOURCE.files:
            continue
        result = parsed(SOURCE, path.relative_to(folder).as_posix(), path.read_bytes())
        assert not result.skipped, path
        for table, rows in result.rows.items():
            counts[table] = counts.get(table, 0) + len(rows)
    assert counts == {CUMULATIVE: 233, QUARTER: 120, FISCAL: 69, OWNED: 677, BOUGHT: 487}
