"""The report in a terminal: narrow, plain where piped, and the same facts in every format."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from underlay.report import Known, Line, Part, Report, build_report
from underlay.report.document import Bar, Bars, Curve, Curves, Table
from underlay.report.terminal import render, render_rich
from underlay.report.words import bold, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from underlay.api import OpenLake


@pytest.mark.parametrize("width", [20, 79, 80, 96, 99, 100, 140, 400])
def test_lines_are_under_100_columns(tiny_report: Report, width: int) -> None:
    longest = max(len(line) for line in render(tiny_report, width).splitlines())
    assert longest <= max(79, min(width, 98))


def test_colour_changes_no_character(tiny_report: Report) -> None:
    coloured = "\n".join(line.plain.rstrip() for line in render_rich(tiny_report, 96)) + "\n"
    assert coloured == render(tiny_report, 96)


def test_piped_output_is_plain(underlay: Callable[..., Any], tiny: Path) -> None:
    ran = underlay("report", "--lake", tiny)
    assert ran.code == 0
    assert ran.err == ""
    assert "\x1b" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) < 100


def test_ascii_is_ascii(tiny_report: Report) -> None:
    text = render(tiny_report, 96, only_ascii=True)
    assert text.isascii()
    assert "\\u" not in text


def test_control_characters_are_spelt_out() -> None:
    line = Line("x", "La\x1b[31mbel", finding=say("a\x1b]0;title\x07b\u202ec\nd"))
    text = render(_report(line), 96)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "\\x1b" in text


def test_a_word_longer_than_a_line_is_cut() -> None:
    text = render(_report(Line("x", "L", finding=say("a ", bold("b" * 300), " c"))), 80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count("b") - text.count("by") >= 300


def test_a_figure_without_value_says_why() -> None:
    bars = Bars(
        "t", "s", "share", (Bar("a", 0.5, country="US"), Bar("b", None, reason="not counted"))
    )
    text = render(_report(Line("x", "L", finding=say("f"), pictures=(bars,))), 80)
    assert "not counted" in text


def test_pictures_without_anything_are_drawn() -> None:
    pictures = (
        Bars("t", "s", "share", ()),
        Curves("t", "s", "share", ()),
        Curves("t", "s", "share", (Curve("one", (("2026-01-01", 0.0),)),)),
        Table("t", "s", ("a", "b"), (), (False, True)),
    )
    assert render(_report(Line("x", "L", finding=say("f"), pictures=pictures)), 80)


def _report(line: Line) -> Report:
    return Report("t", "q", "2026-01-01", "0", (), (Part("above", "A", "a", (line,)),))


def test_as_of_takes_older_data(underlay: Callable[..., Any], tiny: Path) -> None:
    ran = underlay("report", "--lake", tiny, "--format", "json", "--as-of", "2025-05-15")
    found = json.loads(ran.out)
    assert found["schema"] == "underlay/report/1"
    assert found["as_of"] == "2025-05-07"
    lines = {line["id"]: line for part in found["parts"] for line in part["lines"]}
    assert lines["downloads"]["reason"].startswith("`downloads_share` has no data")
    assert lines["downloads"]["figures"] == []
    assert lines["families"]["as_of"] == ["2025-05-07"]


def test_an_empty_past_has_reasons_only(opened: OpenLake) -> None:
    import datetime as dt

    report = build_report(opened.figure, Known(), as_of=dt.date(2000, 1, 1))
    assert report.as_of == ""
    assert all(line.reason for part in report.parts[:3] for line in part.lines)
    assert "no data" in render(report, 96)


def test_json_holds_each_figure_whole(underlay: Callable[..., Any], tiny: Path) -> None:
    found = json.loads(underlay("report", "--lake", tiny, "--format", "json").out)
    figures = [f for part in found["parts"] for line in part["lines"] for f in line["figures"]]
    assert {figure["schema"] for figure in figures} == {"underlay/figure/1"}
    for figure in figures:
        assert {"rows", "coverage", "definition", "sources", "as_of"} <= set(figure)


@pytest.mark.parametrize("kind", ["terminal", "md", "json", "html"])
def test_a_file_is_written_whole(
    underlay: Callable[..., Any], tiny: Path, tmp_path: Path, kind: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("underlay.report.html.vega_bundle", lambda: "window.vegaEmbed = null;")
    target = tmp_path / "out.txt"
    ran = underlay("report", "--lake", tiny, "--format", kind, "--output", target, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert target.stat().st_size > 5000
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file(
    underlay: Callable[..., Any], tiny: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = underlay("report", "--lake", tiny, "--output", target)
    assert ran.code == 2
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_html_goes_to_a_file_of_its_own(
    underlay: Callable[..., Any], tiny: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("underlay.report.html.vega_bundle", lambda: "window.vegaEmbed = null;")
    monkeypatch.chdir(tmp_path)
    ran = underlay("report", "--lake", tiny, "--format", "html")
    assert ran.code == 0
    assert ran.out == ""
    assert "underlay-report.html" in ran.err
    assert (tmp_path / "underlay-report.html").read_text("utf-8").startswith("<!doctype html>")
    piped = underlay("report", "--lake", tiny, "--format", "html", "--output", "-")
    assert piped.out.startswith("<!doctype html>")


def test_what_a_report_is_made_of_does_not_load_what_writes_sql() -> None:
    """A quarter of a second that a report with prepared SQL doesn't spend."""
    code = "import sys, underlay.report; sys.exit('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == 0
