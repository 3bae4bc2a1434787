"""Epoch AI's notes on companies."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.epoch_companies import EpochCompanies

COMPANY = "raw_epoch_companies__company"
ROUND = "raw_epoch_companies__funding_round"
SPEND = "raw_epoch_companies__compute_spend"
SOURCE = EpochCompanies()
DAY = dt.date(2025, 12, 14)
ROUNDS = "ai_companies_funding_rounds.csv"


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"epoch_companies/{name}"), DAY)


def test_companies(read):
    result = read("ai_companies.csv")
    assert (len(result.rows[COMPANY]), result.skipped) == (7, [])
    row = result.row(COMPANY, company="Google")
    assert (row["organization"], row["founded_on"]) == ("Google DeepMind", dt.date(1998, 9, 4))


def test_rounds(read):
    result = read(ROUNDS)
    assert (len(result.rows[ROUND]), result.skipped) == (9, [])
    row = result.row(ROUND, company="Anthropic")
    assert (row["equity_usd"], row["valuation_usd"]) == (13e9, 183e9)
    assert (row["status"], row["closed_on"]) == ("Closed", dt.date(2025, 9, 2))
    assert row["debt_usd"] is None


def test_a_round_that_is_talked_about_has_no_day_of_closing(read):
    row = read(ROUNDS).row(ROUND, funding_round_id="OpenAI–Nvidia")
    assert (row["status"], row["closed_on"]) == ("Late discussions", None)
    assert row["reported_on"] == dt.date(2025, 9, 22)


def test_a_tender_brings_no_money_and_unknown_money_is_null(read):
    result = read(ROUNDS)
    assert result.row(ROUND, funding_round_id="14B tender")["equity_usd"] == 0
    assert result.row(ROUND, funding_round_id="2019 LP seed (Other)")["equity_usd"] is None


def test_a_round_that_stands_twice_is_left_out_of_the_graph_once(read):
    rows = [row for row in read(ROUNDS).rows[ROUND] if row["closed_on"] == dt.date(2024, 6, 11)]
    marks = {row["funding_round_id"]: row["is_left_out_of_graph"] for row in rows}
    assert marks == {"June 2024 6B": False, "June 2024 Series B": True}


def test_compute(read):
    result = read("ai_companies_compute_spend.csv")
    assert (len(result.rows[SPEND]), result.skipped) == (4, [])
    row = result.row(SPEND, statement_id="OpenAI 2025 inference compute")
    assert (row["amount_usd"], row["category"]) == (7e9, "Inference cloud compute")
    assert row["reported_on"] < row["period_ends_on"]  # a forecast
    # a slip of the publisher's, kept as written
    row = result.row(SPEND, statement_id="OpenAI 2025 cloud compute")
    assert row["reported_on"] == dt.date(202, 7, 30)


def test_the_day_has_to_be_given(parsed, sample):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, ROUNDS, sample(f"epoch_companies/{ROUNDS}"))


def test_a_lost_column(parsed, sample):
    data = sample(f"epoch_companies/{ROUNDS}").replace(b"Close date", b"Closing")
    with pytest.raises(SchemaError, match="Close date"):
        parsed(SOURCE, ROUNDS, data, DAY)


def test_bad_rows(parsed, sample):
    data = sample(f"epoch_companies/{ROUNDS}")
    for good, bad in (
        (b"13000000000", b"13 billion"),
        (b"7/22/2019", b"22/22/2019"),
        (b"113000000", b"-1"),
        (b"14B tender,", b","),
    ):
        assert good in data
        data = data.replace(good, bad)
    result = parsed(SOURCE, ROUNDS, data + b"Last,xAI\n", DAY)
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`funding_round_id` is empty": 1,
        "`closed_on` is not a valid date": 1,
        "`equity_usd` is not a valid float64": 1,
        "`equity_usd` must be at least 0": 1,
    }
    assert len(result.rows[ROUND]) == 5


def test_full_data(parsed, staged):
    folder = staged("stack/epoch-companies-datacenters")
    counts = {}
    for name in SOURCE.files:
        result = parsed(SOURCE, name, (folder / name).read_bytes(), DAY)
        assert not result.skipped
        counts.update({table: len(rows) for table, rows in result.rows.items()})
    assert counts == {COMPANY: 7, ROUND: 36, SPEND: 11}
