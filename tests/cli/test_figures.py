"""`figure`, `measures`, `model` and `maker` over the lake of the samples."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from underlay import lake as lake_module
from underlay.atlas.contracts import core
from underlay.cli.figures import number, where_facets
from underlay.errors import BadValueError, LakeMissingError
from underlay.lake import Lake
from underlay.lake.write import Transaction
from underlay.measures import MEASURES
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package had been built without its snapshot."""

    def missing() -> Lake:
        raise LakeMissingError("the package")

    monkeypatch.setattr(lake_module, "embedded", missing)


@pytest.fixture
def ask(underlay: Callable[..., Any], small_lake: Path) -> Callable[..., Any]:
    return lambda *arguments: underlay("--lake", small_lake, *arguments)


def _answer(ran: Any) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    assert ran.err == ""
    found: dict[str, Any] = json.loads(ran.out)
    return found


LISTING = ("--where", "listing=os_ai_map")


def test_a_figure_as_text(ask: Callable[..., Any]) -> None:
    ran = ask("figure", "downloads_share", *LISTING)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].endswith("?")
    for label in ("as of      2026-06-10", "coverage   ", "definition ", "source     ", "caveat  "):
        assert any(line.startswith(label) for line in lines), label
    assert any(line.startswith("US ") and "%" in line for line in lines)
    assert "listing=os_ai_map" in ran.out


def test_a_figure_as_json(ask: Callable[..., Any]) -> None:
    content = _answer(ask("figure", "downloads_share", *LISTING, "--json"))
    assert content["schema"] == "underlay/figure/1"
    assert sum(row["value"] for row in content["rows"]) == pytest.approx(1.0)
    assert {row["country"] for row in content["rows"]} >= {"US", "CN"}
    by_maker = _answer(ask("figure", "downloads_share", *LISTING, "--by", "maker", "--json"))
    assert {"alibaba", "google"} <= {row["maker"] for row in by_maker["rows"]}


def test_rows_beyond_the_limit_are_counted(ask: Callable[..., Any]) -> None:
    ran = ask("figure", "downloads_share", *LISTING, "--by", "maker", "--limit", "2")
    content = _answer(ask("figure", "downloads_share", *LISTING, "--by", "maker", "--json"))
    assert f"and {len(content['rows']) - 2} more rows" in ran.out


def test_an_earlier_day(ask: Callable[..., Any]) -> None:
    content = _answer(ask("figure", "downloads_share", *LISTING, "--as-of", "2026-05-01", "--json"))
    assert content["as_of"] == "2026-04-28"


def test_every_measure_answers_or_says_why_not(ask: Callable[..., Any]) -> None:
    for measure in MEASURES:
        ran = ask("figure", measure.name)
        assert ran.code in (0, 2), f"{measure.name}: {ran.err}"
        assert "Traceback" not in ran.err
        if ran.code == 2:
            assert ran.err.startswith("error: "), measure.name


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("figure", "downloads_shar"), "no measure is called `downloads_shar`", "downloads_share"),
        (("figure", "downloads_share", "--by", "contry"), "is called `contry`", "country"),
        (("figure", "downloads_share", "--where", "listng=x"), "is called `listng`", "listing"),
        (("figure", "downloads_share", "--where", "listing=os_ai"), "`os_ai`", "os_ai_map"),
        (("figure", "downloads_share", "--where", "listing"), "`--where`", "FACET=OPTION"),
        (("figure", "downloads_share", "--where", "=x"), "`--where`", "FACET=OPTION"),
        (("figure", "downloads_share", *LISTING, *LISTING), "`--where`", "twice"),
        (("figure", "downloads_share", "--as-of", "May"), "can't be `May`", "2026-06-09"),
        (("figure", "downloads_share", "--as-of", "1999-01-01"), "has no data for 1999", "2026"),
        (("figure", "downloads_share", "--limit", "0"), "`--limit`", "--help"),
        (("measures", "nothing"), "no measure is called `nothing`", ""),
        (("model", "Qwen/Qwen3-0.5B"), "no model is called", "`Qwen/Qwen3-0.6B`"),
        (("maker", "alibabba"), "no maker is called", "`alibaba`"),
    ],
)
def test_what_can_not_be_answered(
    ask: Callable[..., Any], arguments: tuple[str, ...], error: str, hint: str
) -> None:
    ran = ask(*arguments)
    assert (ran.code, ran.out) == (2, "")
    first, _, second = ran.err.strip().partition("\n")
    assert first.startswith("error: ")
    assert error in first
    if hint:
        assert second.startswith("hint: ")
        assert hint in second
    as_json = ask(*arguments, "--json")
    assert (as_json.code, as_json.out) == (2, "")
    content = json.loads(as_json.err)
    assert content["schema"] == "underlay/error/1"
    assert f"error: {content['error']}" == first
    assert hint in content["hint"]


def test_a_lake_that_is_not_there(underlay: Callable[..., Any], tmp_path: Path) -> None:
    for command in ("figure downloads_share", "model x", "maker x", "atlas unresolved"):
        ran = underlay("--lake", tmp_path / "nowhere", *command.split())
        assert (ran.code, ran.out) == (2, "")
        assert "nowhere" in ran.err


def test_a_lake_without_an_atlas(underlay: Callable[..., Any], raw_lake: Path) -> None:
    ran = underlay("--lake", raw_lake, "figure", "downloads_share")
    assert ran.code == 2
    assert "has no data" in ran.err


# ---- corrections -------------------------------------------------------------------------------


def test_one_s_own_country_is_seen(
    ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[organisation]]\nid = "alibaba"\ncountry = "IS"\n', "utf-8")
    before = ask("figure", "downloads_share", *LISTING)
    monkeypatch.setenv("UNDERLAY_CORRECTIONS", str(own))
    after = ask("figure", "downloads_share", *LISTING)
    assert not any(line.startswith("IS ") for line in before.out.splitlines())
    assert any(line.startswith("IS ") for line in after.out.splitlines())
    shown = ask("maker", "alibaba").out
    assert "country   IS (your own entry; the atlas says CN)" in shown
    assert "Alibaba, IS" in ask("model", "Qwen/Qwen3-0.6B").out


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[[organisation]]\nid = "alibaba"\ncountry = "CN"\n', "no longer bites"),
        ('[[organisation]]\nid = "alibaba"\ncountry = "China"\n', "`China`"),
        ("not toml", "can't be read"),
    ],
)
def test_bad_corrections(
    ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    monkeypatch.setenv("UNDERLAY_CORRECTIONS", str(own))
    ran = ask("maker", "alibaba")
    assert (ran.code, ran.out) == (2, "")
    assert error in ran.err
    assert "Traceback" not in ran.err


# ---- model, maker, measures --------------------------------------------------------------------


def test_a_model_as_text_and_json(ask: Callable[..., Any]) -> None:
    ran = ask("model", "MaziyarPanahi/Qwen3-14B-GGUF")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("MaziyarPanahi/Qwen3-14B-GGUF (huggingface)\n")
    assert "built on" in ran.out
    assert "Qwen/Qwen3-14B" in ran.out
    assert "quantised copy" in ran.out
    content = _answer(ask("model", "MaziyarPanahi/Qwen3-14B-GGUF", "--json"))
    assert content["schema"] == "underlay/model/1"
    assert [base["name"] for base in content["bases"]] == ["Qwen/Qwen3-14B"]


def test_a_maker_as_text_and_json(ask: Callable[..., Any]) -> None:
    ran = ask("maker", "google")
    assert (ran.code, ran.err) == (0, "")
    assert "(`google`)" in ran.out
    assert "accounts  huggingface: " in ran.out
    assert "google-bert" in ran.out
    content = _answer(ask("maker", "google", "--json"))
    assert content["schema"] == "underlay/maker/1"
    assert content["top_models"]


def test_owners_are_named(ask: Callable[..., Any], small_lake: Path) -> None:
    makers = {
        row["organisation_id"]: row for row in Lake(small_lake).read(core("organisation")).rows()
    }
    child = next(row for row in makers.values() if row["parent_id"])
    parent = makers[child["parent_id"]]
    assert f"owner     {parent['name']}" in ask("maker", child["organisation_id"]).out
    assert child["name"] in ask("maker", parent["organisation_id"]).out


def test_measures(ask: Callable[..., Any]) -> None:
    ran = ask("measures")
    for measure in MEASURES:
        assert f"\n{measure.name} " in ran.out
    content = _answer(ask("measures", "--json"))
    assert [each["name"] for each in content["measures"]] == [each.name for each in MEASURES]
    one = ask("measures", "downloads_share").out
    assert "os_ai_map (default)" in one
    alone = _answer(ask("measures", "downloads_share", "--json"))
    assert [each["name"] for each in alone["measures"]] == ["downloads_share"]


def test_a_publisher_s_cell_can_not_paint_the_terminal(
    underlay: Callable[..., Any], small_lake: Path, tmp_path: Path
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(small_lake, root)
    lake = Lake(root)
    rows = lake.read(core("organisation")).rows()
    for row in rows:
        if row["organisation_id"] == "alibaba":
            row |= {
                "name": "Ali\x1b[2Jbaba",
                "evidence": "one\ntwo\x07",
                "country_reason": "\x1b]0;x",
            }
    transaction = Transaction(root)
    transaction.replace(Batch.from_rows(core("organisation"), rows))
    transaction.commit(_moment())
    for arguments in (("maker", "alibaba"), ("model", "Qwen/Qwen3-0.6B")):
        ran = underlay("--lake", root, *arguments)
        assert ran.code == 0
        assert all(character.isprintable() or character == "\n" for character in ran.out)


def _moment() -> dt.datetime:
    return dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


# ---- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "share", "unknown"),
        (0.1234, "share", "12.3%"),
        (1.0, "share", "100.0%"),
        (0.0, "downloads", "0"),
        (1234.0, "downloads", "1,234"),
        (12_345.0, "downloads", "12.3 k"),
        (9_999.4, "downloads", "9,999"),
        (9_999.9, "downloads", "10 k"),
        (999_999.0, "downloads", "1 M"),
        (999_499.0, "downloads", "999 k"),
        (-999_999_999.0, "points", "-1 B"),
        (1_234_567.0, "downloads", "1.23 M"),
        (2.5e9, "downloads", "2.5 B"),
        (3.456e12, "tokens", "3.46 T"),
        (7.2e15, "tokens", "7,200 T"),
        (-2.5e6, "points", "-2.5 M"),
        (0.5, "ratio", "0.5"),
    ],
)
def test_numbers_for_people(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_facets() -> None:
    assert where_facets(()) == {}
    assert where_facets(("a=b", "c=d=e")) == {"a": "b", "c": "d=e"}
    with pytest.raises(BadValueError):
        where_facets(("a=",))
