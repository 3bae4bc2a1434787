"""How well the day of a row is known, and where it comes from."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Snapshot
from underlay.sources.sheets import DAY_PRECISION, KNOWN_PRECISION, Sheet, dated, read_sheet
from underlay.tables import Batch, Column, Table

THING = Table(
    "raw_made_up__thing",
    "One row per thing.",
    ("observed_on", "name"),
    (OBSERVED_ON, DAY_PRECISION, Column("name", "string", "name", True), SNAPSHOT),
    checks=(KNOWN_PRECISION,),
)
MAY = dt.date(2026, 5, 4)


def read(sheet, text, observed_on=None):
    data = text.encode()
    snapshot = Snapshot("made_up", "x.csv", data, hashlib.sha256(data).hexdigest(), observed_on)
    items = list(read_sheet(sheet, snapshot))
    rows = [row for item in items if isinstance(item, Batch) for row in item.rows()]
    days = {row["name"]: (row["observed_on"], row["day_precision"]) for row in rows}
    return days, {item.reason: item.count for item in items if not isinstance(item, Batch)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026-11-02", (dt.date(2026, 11, 2), "day")),
        ("2026-11", (dt.date(2026, 11, 1), "month")),
        ("2026 (undated index copy)", (dt.date(2026, 1, 1), "year")),
        ("docs (undated copy, ~2023)", (dt.date(2023, 1, 1), "year")),
        ("git 2026-08-21", (dt.date(2026, 8, 21), "day")),
        ("by 2026-11-21", (dt.date(2026, 11, 21), "latest")),
        ("2026.10.9", None),  # a release, not a year
        ("0.2026", None),
        ("2026-13-01", None),
        ("20261101", None),
        ("12026", None),
        ("undated", None),
        ("", None),
    ],
)
def test_words_for_a_day(words, expected):
    assert dated(words) == expected


def test_a_column_that_states_days():
    sheet = Sheet("x.csv", THING, {"name": "n"}, day_column="d")
    days, skipped = read(sheet, "n,d\na,2026-11\nb,2026-08-21\nc,long ago\nd,\n")
    assert days == {"a": (dt.date(2026, 11, 1), "month"), "b": (dt.date(2026, 8, 21), "day")}
    assert skipped == {"`observed_on` is empty": 2}


def test_a_given_day_serves_only_where_the_file_states_none():
    sheet = Sheet("x.csv", THING, {"name": "n"}, day_column="d")
    days, skipped = read(sheet, "n,d\na,2026-11\nc,long ago\n", MAY)
    assert days == {"a": (dt.date(2026, 11, 1), "month"), "c": (MAY, "day")}
    assert not skipped


def test_commits_of_which_the_day_was_written_down():
    sheet = Sheet("x.csv", THING, {"name": "n"}, named_by="c", days={"abc": "2026-08-21"})
    days, skipped = read(sheet, "n,c\na,abc\nb,2026-01-01\n")
    assert days == {"a": (dt.date(2026, 8, 21), "day")}
    assert skipped == {"`observed_on` is empty": 1}  # the name of a commit is no day
    with pytest.raises(UnreadableError, match="--observed-on"):
        read(sheet, "n,c\na,other\n")


def test_a_file_that_names_nothing_is_known_by_its_bytes():
    text = "n\na\n"
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    sheet = Sheet("x.csv", THING, {"name": "n"}, days={key: "by 2026-11-21"})
    assert read(sheet, text)[0] == {"a": (dt.date(2026, 11, 21), "latest")}
    with pytest.raises(UnreadableError, match="--observed-on"):
        read(sheet, text + "b\n")
    assert read(sheet, text + "b\n", MAY)[0] == {"a": (MAY, "day"), "b": (MAY, "day")}


def test_rows_of_another_length_are_skipped_with_their_number():
    sheet = Sheet("x.csv", THING, {"name": "n"}, day_column="d")
    days, skipped = read(sheet, "n,d\na,2026-11\nb\nc,2026-11,x\n")
    assert list(days) == ["a"]
    assert skipped == {"number of cells differs from the header": 2}


@pytest.mark.parametrize("sheet", [
    Sheet("x.csv", THING, {"name": "n"}, day_column="d"),
    Sheet("x.csv", THING, {"name": "n"}, named_by="d"),
    Sheet("x.csv", THING, {"name": "d"}),
])  # fmt: skip
def test_a_lost_column(sheet):
    with pytest.raises(SchemaError, match="no column `d`"):
        read(sheet, "n,e\na,2026\n")
