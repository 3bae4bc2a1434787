"""PyPI downloads; the samples are made up, the publisher grants no licence."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.pypi import PyPi

MONTH = "raw_pypi__downloads_month"
LISTING = "raw_pypi__listing_month"
TOP = "raw_pypi__top_package"
SOURCE = PyPi()
AUGUST = dt.date(2025, 8, 1)


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"pypi/{name}"))


def test_downloads(read):
    result = read("infra_packages_monthly.csv")
    assert len(result.rows[MONTH]) == 6
    assert not result.skipped
    row = result.row(MONTH, observed_on=AUGUST, package="beta-kernels")
    assert (row["downloads_30d_count"], row["rank"]) == (90, 7900)
    assert row["commit_id"] == "cccccccccccc"


def test_absence_is_below_the_depth_of_the_listing_and_never_zero(read):
    rows = read("infra_packages_monthly.csv").rows[MONTH]
    july = {row["package"] for row in rows if row["observed_on"] == dt.date(2025, 7, 5)}
    assert july == {"alpha-runtime"}
    assert all(row["downloads_30d_count"] > 0 for row in rows)
    listings = read("snapshots.csv").rows[LISTING]
    depth = {row["observed_on"]: row["listed_packages_count"] for row in listings}
    assert depth == {dt.date(2025, 6, 1): 5000, dt.date(2025, 7, 5): 4000, AUGUST: 8000}
    assert all(row["rank"] <= depth[row["observed_on"]] for row in rows)


def test_the_change_of_counting_is_kept(read):
    listings = read("snapshots.csv").rows[LISTING]
    assert [row["counting_note"] for row in listings] == [None, "ClickHouse", "ClickHouse"]
    assert listings[1]["listed_downloads_30d_count"] == 1900000


def test_a_whole_listing_is_dated_by_its_name_and_ranked_by_its_order(read):
    rows = read("top_pypi_packages_2025-08-01.csv").rows[TOP]
    assert {row["observed_on"] for row in rows} == {AUGUST}
    assert [(row["rank"], row["package"]) for row in rows] == [
        (1, "delta"),
        (2, "alpha-runtime"),
        (3, "beta-kernels"),
        (4, "gamma-nightly"),
    ]


def test_a_whole_listing_without_a_day_needs_one(parsed, sample):
    data = sample("pypi/top_pypi_packages_2025-08-01.csv")
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, "top-pypi-packages.csv", data)
    result = parsed(SOURCE, "top-pypi-packages.csv", data, dt.date(2025, 9, 1))
    assert {row["observed_on"] for row in result.rows[TOP]} == {dt.date(2025, 9, 1)}


def test_ranks_are_unknown_when_a_row_of_the_list_is_lost(parsed, sample):
    data = sample("pypi/top_pypi_packages_2025-08-01.csv").replace(b'16000,"alpha-runtime"', b"16")
    result = parsed(SOURCE, "top_pypi_packages_2025-08-01.csv", data)
    assert result.reasons == {"number of cells differs from the header": 1}
    assert [row["rank"] for row in result.rows[TOP]] == [None, None, None]


def test_a_list_of_ranks_without_counts_is_not_read(parsed):
    with pytest.raises(AssertionError, match="is not a file of pypi"):
        parsed(SOURCE, "env_rank_snapshot_2026-11.csv", b"package,rank\n")


def test_a_wrong_header(parsed):
    with pytest.raises(SchemaError, match="downloads_30d"):
        parsed(SOURCE, "infra_packages_monthly.csv", b"snapshot_date,package,rank,source_commit\n")


def test_bad_rows(parsed, sample):
    lines = sample("pypi/infra_packages_monthly.csv").decode().splitlines()
    lines[1] = lines[1].replace("9000", "9 thousand")
    lines[2] = lines[2].replace("4999", "0")
    lines[3] = lines[4]
    lines[5] = lines[5].replace("2025-08-01", "August")
    lines[6] = lines[6][:14]  # as if the file ended there
    result = parsed(SOURCE, "infra_packages_monthly.csv", "\n".join(lines).encode())
    assert result.reasons == {
        "number of cells differs from the header": 1,
        "`observed_on` is not a valid date": 1,
        "`downloads_30d_count` is not a valid int64": 1,
        "`rank` must be at least 1": 1,
        "repeats another row exactly (observed_on, package)": 1,
    }
    assert len(result.rows[MONTH]) == 1


def test_full_data(parsed, staged):
    folder = staged("stack/pypi-downloads")
    counts, rows = {}, {}
    for path in sorted(folder.glob("*.csv")):
        if path.name.startswith("env_rank"):
            continue
        result = parsed(SOURCE, path.name, path.read_bytes())
        assert not result.skipped, path
        rows.update(result.rows)
        counts.update({table: len(found) for table, found in result.rows.items()})
    assert counts == {MONTH: 12848, LISTING: 156, TOP: 15000}
    listings = {row["observed_on"]: row for row in rows[LISTING]}
    noted = [day for day, row in listings.items() if row["counting_note"]]
    assert min(noted) == dt.date(2025, 7, 5)
    # every rank lies within its listing, and the whole list agrees with the extract
    whole = {row["package"]: row["rank"] for row in rows[TOP]}
    for row in rows[MONTH]:
        assert row["rank"] <= listings[row["observed_on"]]["listed_packages_count"]
        if row["observed_on"] == dt.date(2026, 4, 1):
            assert whole[row["package"]] == row["rank"]
