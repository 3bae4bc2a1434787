"""Statuses, numbers read from figures, words; and the board on the embedded snapshot."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.claims import entries, reproduce
from underlay.claims.entries import Call, Number, Published, published
from underlay.claims.reproduce import in_words, read_number
from underlay.cli import reproduce as command
from underlay.errors import (
    LakeMissingError,
    NoDataError,
    NotComputableError,
    UnknownNameError,
)
from underlay.lake import embedded
from underlay.measures import Figure, Row
from underlay.measures.definitions import SourceNote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Ran

JUNE = dt.date(2026, 6, 1)


def _figure(rows: list[Row], as_of: str = "2026-06-01", name: str = "made_up") -> Figure:
    note = SourceNote("here", "Here", "MIT", "https://example.org", as_of, "")
    return Figure(
        name, "?", "share", "who", tuple(rows), {}, {"scope": "all"}, (note,), as_of, "", ""
    )


def _rows(**values: float | None) -> list[Row]:
    return [
        Row({"who": name}, value, reason="" if value else "why") for name, value in values.items()
    ]


def _getter(**values: float | None) -> Any:
    return lambda name, **_: _figure(_rows(**values), name=name)


def _number(**more: Any) -> Number:
    call = more.pop("call", Call("made_up", "value", rows=("CN",)))
    given = {"name": "China", "printed": "40%", "unit": "share", "rule": "points", **more}
    return Number(call=call, differs="another list", **given)


def _entry(*numbers: Number, **more: Any) -> Published:
    given = {
        "id": "X01", "topic": "t", "figure": "Share", "published": "40%", "date": "2026-06",
        "until": JUNE, "definition": "theirs", "source": "s", "grade": "P", "ours": numbers,
    }  # fmt: skip
    return Published(**{**given, **more})


def _board(monkeypatch: pytest.MonkeyPatch, *listed: Published) -> None:
    module = import_module("underlay.claims.reproduce")  # the package has a function of that name
    monkeypatch.setattr(module, "published", lambda: listed)


def _one(monkeypatch: pytest.MonkeyPatch, entry: Published, get: Any) -> Any:
    _board(monkeypatch, entry)
    (found,) = reproduce(get)
    return found


def test_within_the_band_is_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _one(monkeypatch, _entry(_number()), _getter(CN=0.44, US=0.56))
    assert (found.status, found.text) == ("reproduced", "44.0%")
    assert found.numbers[0].sources == ("here",)
    assert found.numbers[0].definition == {"figure": "made_up", "by": "who", "scope": "all"}


def test_outside_the_band_is_off_and_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _one(monkeypatch, _entry(_number()), _getter(CN=0.3, US=0.7))
    assert found.status == "off"
    assert found.reason == "10.0 points below; another list"


def test_a_reason_tells_the_distance_of_days(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _entry(_number(), until=dt.date(2025, 6, 1))
    found = _one(monkeypatch, entry, _getter(CN=0.41))
    assert "ours is of 2026-06-01, 12 months later" in found.reason
    inside = replace(entry, begins=dt.date(2026, 1, 1), until=dt.date(2026, 7, 31))
    assert "ours is of" not in _one(monkeypatch, inside, _getter(CN=0.41)).reason


def test_without_data_it_is_not_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(name: str, **_: Any) -> Figure:
        raise NoDataError(name, "2026", "days of 2025")

    found = _one(monkeypatch, _entry(_number(), needs="more data"), get)
    assert (found.status, found.text) == ("not reproducible", "")
    assert "has no data for 2026" in found.reason
    assert "would need more data" in found.reason
    assert found.to_dict()["ours"] is None


def test_without_a_call_it_is_not_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _entry(reason="a survey", needs="its answers")
    found = _one(monkeypatch, entry, _getter(CN=1.0))
    assert (found.status, found.reason) == ("not reproducible", "a survey; would need its answers")


def test_one_number_outside_makes_a_figure_off(monkeypatch: pytest.MonkeyPatch) -> None:
    other = _number(name="US", call=Call("made_up", "value", rows=("US",)))
    found = _one(monkeypatch, _entry(_number(), other), _getter(CN=0.4, US=0.6))
    assert found.status == "off"
    assert found.reason.startswith("1 of 2 numbers within their bands; US: 20.0 points above")
    assert found.text == "China 40.0%; US 60.0%"


def test_a_number_that_cannot_be_had_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = _number(name="Mars", call=Call("made_up", "value", rows=("MARS",)))
    found = _one(monkeypatch, _entry(_number(), other), _getter(CN=0.4))
    assert found.status == "reproduced"
    assert "Mars: `made_up` has no data for `MARS`" in found.reason


def test_another_meter_is_shown_without_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _entry(_number(judged=False), reason="another meter", needs="theirs")
    found = _one(monkeypatch, entry, _getter(CN=0.4))
    assert (found.status, found.text) == ("not reproducible", "40.0%")
    assert found.numbers[0].within is None


def test_other_definitions_have_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    number = _number(also=(("US", Call("made_up", "value", rows=("US",))),
                           ("nowhere", Call("made_up", "value", rows=("X",)))))  # fmt: skip
    found = _one(monkeypatch, _entry(number), _getter(CN=0.3, US=0.41))
    assert found.status == "off"
    assert "within under: US (41.0%)" in found.reason
    us, nowhere = found.numbers[0].spread
    assert (us["ours"], us["within"]) == (0.41, True)
    assert (nowhere["ours"], nowhere["within"]) == (None, None)
    assert nowhere["reason"]


def test_each_figure_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(name: str, **_: Any) -> Figure:
        asked.append(name)
        return _figure(_rows(CN=0.4))

    _board(monkeypatch, _entry(_number()), _entry(_number(), id="X02"))
    reproduce(get)
    assert asked == ["made_up"]


def test_ids_keep_some_and_an_unknown_one_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    _board(monkeypatch, _entry(_number()), _entry(_number(), id="X02"))
    assert [row.id for row in reproduce(_getter(CN=0.4), ["X02"])] == ["X02"]
    with pytest.raises(UnknownNameError):
        reproduce(_getter(CN=0.4), ["X03"])


@given(st.floats(0.0, 1.0))
def test_no_band_depends_on_ours_and_status_follows_from_it(ours: float) -> None:
    number = _number()
    with pytest.MonkeyPatch.context() as patch:
        found = _one(patch, _entry(number), _getter(CN=ours))
    assert found.numbers[0].band == number.band
    assert found.status == ("reproduced" if 0.35 - 1e-9 <= ours <= 0.45 + 1e-9 else "off")


def test_without_any_data_the_whole_board_is_not_reproducible() -> None:
    def get(name: str, **_: Any) -> Figure:
        raise NoDataError(name, "any day", "")

    rows = reproduce(get, spread=False)
    assert {row.status for row in rows} == {"not reproducible"}
    assert not any(row.text for row in rows)


VALUES = {"a": 0.5, "b": 0.3, "c": 0.2, "d": 0.0}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("m", "value", rows=("b",)), 0.3),
        (Call("m", "sum"), 1.0),
        (Call("m", "sum", rows=("a",), maybe=("c", "nobody")), 0.7),
        (Call("m", "sum", maybe=("nobody",)), 0.0),
        (Call("m", "sum", leave_out=("a",)), 0.5),
        (Call("m", "ratio", rows=("a",), over=("b", "c")), 1.0),
        (Call("m", "share", rows=("b",), leave_out=("a",)), 0.6),
        (Call("m", "rank", rows=("c",)), 3.0),
        (Call("m", "count"), 3.0),
        (Call("m", "value", rows=("a",), per=Call("m", "sum", rows=("c",))), 2.5),
    ],
)
def test_how_numbers_are_read(call: Call, expected: float) -> None:
    value, figures = read_number(call, _getter(**VALUES))
    assert value == pytest.approx(expected)
    assert figures


@pytest.mark.parametrize(
    "call",
    [
        Call("m", "value", rows=("nobody",)),
        Call("m", "sum", rows=("nobody",)),
        Call("m", "ratio", rows=("a",), over=("nobody",)),
        Call("m", "value", rows=("a",), per=Call("m", "value", rows=("d",))),
        Call("m", "ratio", rows=("a",), over=("d",)),
    ],
)
def test_a_row_that_is_missing_is_never_zero(call: Call) -> None:
    with pytest.raises((NoDataError, NotComputableError)):
        read_number(call, _getter(**VALUES))


def test_a_value_that_is_none_says_why() -> None:
    with pytest.raises(NotComputableError, match="why"):
        read_number(Call("m", "value", rows=("a",)), _getter(a=None))


def test_a_change_between_two_days() -> None:
    def get(name: str, *, as_of: dt.date | None, **_: Any) -> Figure:
        return _figure(_rows(a=7.0 if as_of == JUNE else 4.0), str(as_of), name)

    call = Call("m", "change", rows=("a",), since=dt.date(2026, 3, 1), as_of=JUNE)
    assert read_number(call, get)[0] == 3.0


def test_since_when_a_row_leads() -> None:
    rows = [
        Row({"who": "a"}, 2.0, more={"leads_since": "2026-02-03"}),
        Row({"who": "b"}, 1.0, more={"leads_since": None}),
    ]

    def get(name: str, **_: Any) -> Figure:
        return _figure(rows, name=name)

    day, _ = read_number(Call("m", "since", rows=("a",)), get)
    assert day == dt.date(2026, 2, 3).toordinal()
    assert read_number(Call("m", "since", rows=("b",)), get)[0] == "not by 2026-06-01: `a` leads"


def test_a_lead_that_did_not_come_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call("m", "since", rows=("CN",))
    number = _number(printed="2025-07", unit="date", rule="month", call=call)
    found = _one(monkeypatch, _entry(number), _getter(CN=1.0, US=2.0))
    assert (found.status, found.text) == ("off", "not by 2026-06-01: `US` leads")
    assert found.to_dict()["ours"] is None


def test_a_day_outside_the_span_says_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row({"who": "CN"}, 2.0, more={"leads_since": "2025-12-10"})]
    call = Call("m", "since", rows=("CN",))
    number = _number(printed="2025-09", unit="date", rule="month", call=call)
    found = _one(monkeypatch, _entry(number), lambda name, **_: _figure(rows, name=name))
    assert found.reason.startswith("40 days later than the published span")
    assert found.to_dict()["ours"] == "2025-12-10"


def test_a_further_number_of_a_row() -> None:
    rows = [Row({"who": "a"}, 1.0, more={"lag": 3.5}), Row({"who": "b"}, 1.0, reason="too short")]

    def get(name: str, **_: Any) -> Figure:
        return _figure(rows, name=name)

    assert read_number(Call("m", "more", rows=("a",), field="lag"), get)[0] == 3.5
    with pytest.raises(NotComputableError, match="too short"):
        read_number(Call("m", "more", rows=("b",), field="lag"), get)


@pytest.mark.parametrize(("statistic", "expected"), [("mean", 1.5), ("max", 3.0)])
def test_over_weeks_a_missing_row_is_a_week_without(statistic: str, expected: float) -> None:
    values: Mapping[dt.date | None, dict[str, float]] = {
        dt.date(2026, 6, 1): {"a": 3.0, "b": 1.0},
        dt.date(2026, 6, 8): {"b": 1.0},
    }

    def get(name: str, *, as_of: dt.date | None, **_: Any) -> Figure:
        return _figure(_rows(**values[as_of]), str(as_of), name)

    call = Call(
        "m", "value", rows=("a",), statistic=statistic, first=JUNE, last=dt.date(2026, 6, 10)
    )
    assert read_number(call, get)[0] == expected
    halved = call.changed({"per": {"take": "value", "rows": ["b"]}})
    assert read_number(halved, get)[0] == expected


def test_changing_a_call_takes_facets_away() -> None:
    call = Call("m", "value", where={"x": "1", "y": "2"}, rows=("a",))
    changed = call.changed({"where": {"x": "", "z": "3"}, "rows": ["b"]})
    assert (changed.where, changed.rows) == ({"y": "2", "z": "3"}, ("b",))
    assert call.where == {"x": "1", "y": "2"}


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.614, "share", "61.4%"),
        (1.375, "ratio", "1.38"),
        (13_659_258.0, "H100 equivalents", "13.66M"),
        (4.1935e12, "tokens in a week", "4.194T"),
        (102_557.0, "models", "102,557"),
        (3.02, "months", "3.0"),
        (float(JUNE.toordinal()), "date", "2026-06-01"),
    ],
)
def test_words_for_numbers(value: float, unit: str, words: str) -> None:
    assert in_words(value, unit) == words


def _needs_snapshot() -> None:
    try:
        embedded()
    except LakeMissingError:
        pytest.skip("the embedded snapshot isn't here")


def test_json_and_words_of_the_command(underlay: Callable[..., Ran]) -> None:
    _needs_snapshot()
    ran = underlay("reproduce", "--json", "--quiet", "--id", "H01", "--id", "T09")
    answer = json.loads(ran.out)
    assert (ran.code, answer["schema"]) == (0, "underlay/reproduce/1")
    survey, chips = answer["rows"]  # in the order of the list
    assert {"id", "published", "ours", "status", "reason", "definition"} <= set(chips)
    assert chips["ours"] > 0
    assert len(chips["numbers"]) == 4
    assert (survey["ours"], survey["status"]) == (None, "not reproducible")
    words = underlay("reproduce", "--quiet", "--id", "H01", "--id", "T09")
    assert words.code == 0
    assert words.out.splitlines()[0].split() == ["id", "figure", "published", "ours", "status"]
    assert "1 not reproducible here" in words.out.splitlines()[-2]


def test_the_table_marks_the_numbers_that_are_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = _number(name="US", call=Call("made_up", "value", rows=("US",)))
    rows = [_one(monkeypatch, _entry(_number(), other), _getter(CN=0.4, US=0.6))]
    command._show(rows)
    printed = capsys.readouterr().out
    assert "China 40.0%; US 60.0%" in " ".join(printed.split()).replace(" (off)", "")
    assert "0 of 1 reproduced within their band, 1 off, 0 not reproducible here" in printed
    assert "(of single numbers 1 of 2 within)" in printed


def test_an_unknown_id_is_refused(underlay: Callable[..., Ran]) -> None:
    _needs_snapshot()
    ran = underlay("reproduce", "--quiet", "--id", "V0")
    assert ran.code == 2
    assert "no published figure is called `V0`" in ran.err


def test_on_the_embedded_snapshot_at_least_20_have_a_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _needs_snapshot()
    from underlay.api import open_lake

    wrong: list[str] = []
    with open_lake() as lake:

        def get(name: str, **definition: Any) -> Figure:
            try:
                return lake.figure(name, **definition)
            except UnknownNameError as error:
                wrong.append(error.message)
                raise

        rows = reproduce(get, spread=False)
    assert not wrong
    assert len(rows) == len(published())
    bands = [number.band for entry in published() for number in entry.ours]
    assert [each.band for row in rows for each in row.numbers] == bands
    assert sum(any(each.ours is not None for each in row.numbers) for row in rows) >= 20
    assert {row.status for row in rows} == {"reproduced", "off", "not reproducible"}
    assert all(row.reason for row in rows)
    json.dumps([row.to_dict() for row in rows], allow_nan=False)
    command._show(rows)
    printed = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in printed) < 100


def test_entries_are_read_once() -> None:
    assert entries.published() is entries.published()
