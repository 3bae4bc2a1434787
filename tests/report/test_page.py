"""The page: whole, closed to the network, and deaf to hostile names."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.report.conftest import HOSTILE

from underlay.report.document import Bars
from underlay.report.html import page, vega_bundle
from underlay.report.markdown import render as markdown
from underlay.report.terminal import render
from underlay.report.words import plain

if TYPE_CHECKING:
    from underlay.report import Report

_VOID = {"meta", "br", "link", "img", "input", "hr"}
_BUNDLE = "window.vegaEmbed = (_, spec) => Promise.resolve(spec);"


class Reader(HTMLParser):
    """Follows open elements, and keeps ids, links, scripts and attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self.open and self.open[-1] == "style":
            self.styles.append(data)
        else:
            self.text.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def found(tiny_report: Report) -> Reader:
    return read(page(tiny_report, _BUNDLE))


def test_is_well_formed(found: Reader) -> None:
    assert found.problems == []
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))


def test_loads_nothing(found: Reader) -> None:
    loads = [
        (tag, name, value)
        for tag, name, value in found.attributes
        if name in ("src", "srcset", "data", "poster", "action", "background", "style")
        or (name == "href" and tag != "a")
        or name.startswith("on")
    ]
    assert loads == []
    assert not any("url(" in style or "@import" in style for style in found.styles)


def test_links_go_to_sources_or_into_the_page(found: Reader) -> None:
    for tag, name, value in found.attributes:
        if (tag, name) == ("a", "href"):
            assert value.startswith("https://example.org/") or value[1:] in found.ids


def test_policy_allows_the_own_scripts_only(found: Reader) -> None:
    policy = next(
        value for _, name, value in found.attributes if name == "content" and "default-src" in value
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    running = [text for attributes, text in found.scripts if "type" not in attributes]
    assert rules["script-src"].split() == [digest(text) for text in running]
    assert rules["style-src"] == digest(found.styles[0])


def test_a_hostile_name_is_text(found: Reader) -> None:
    text = "".join(found.text)
    assert f"eagle/{HOSTILE}" in text
    assert not any("alert(" in script for attributes, script in found.scripts)
    assert not any("javascript:" in v for t, n, v in found.attributes if n in ("href", "src"))


def test_each_chart_has_a_specification_and_a_table(found: Reader) -> None:
    charts = [value for _, name, value in found.attributes if name == "data-chart"]
    specs = {
        attributes["id"]: json.loads(text)
        for attributes, text in found.scripts
        if attributes.get("type") == "application/json"
    }
    assert charts
    assert charts == list(specs)
    assert sum((t, n) == ("details", "open") for t, n, _ in found.attributes) == len(charts)


def test_without_script_the_tables_stand_open(tiny_report: Report) -> None:
    reader = read(page(tiny_report, ""))
    assert reader.scripts == []
    assert ("details", "open", "") in reader.attributes
    assert "'none'" in next(v for _, n, v in reader.attributes if n == "content" and "src" in v)


def test_a_bundle_cannot_end_its_element(tiny_report: Report) -> None:
    reader = read(page(tiny_report, 'const s = "</script><b id=x>"; // <!-- '))
    assert reader.problems == []
    assert "x" not in reader.ids


def test_each_line_has_date_coverage_and_source(tiny_report: Report) -> None:
    for line in tiny_report.lines:
        if line.figures:
            assert line.as_of
            assert re.search(r"\d+ rows?, (.* known for|\d+.* of (the|all) )", line.coverage)
            assert line.sources
    assert [line.id for line in tiny_report.lines if line.reason] == []


def test_without_a_stack_what_stands_on_it_says_so(bare_report: Report) -> None:
    between = {line.id for part in bare_report.parts if part.id == "between" for line in part.lines}
    assert {line.id for line in bare_report.lines if line.reason} == between - {"tempo"}


def test_every_figure_says_over_how_many_definitions_it_is_spread(tiny_report: Report) -> None:
    for line in tiny_report.lines:
        assert len(line.spreads) == len(line.figures)
        for figure, spread in zip(line.figures, line.spreads, strict=True):
            assert (spread.figure, spread.by) == (figure.name, figure.by)
            assert spread.count >= 1 or spread.reason
            for row in figure.rows:
                party = " / ".join(map(str, row.key.values()))
                if row.value is not None and party in spread.reaches:
                    least, most = spread.reaches[party]
                    assert least - 1e-9 <= row.value <= most + 1e-9, (figure.name, party)
        drawn = {picture.figure for picture in line.pictures if isinstance(picture, Bars)}
        told = " ".join(map(plain, line.beside))
        for place, spread in enumerate(line.spreads):
            assert place in drawn or spread.name in told or not spread.marks


def test_small_bars_are_drawn_in_every_format(tiny_report: Report) -> None:
    (line,) = [line for line in tiny_report.lines if line.id == "downloads"]
    assert "●" in render(tiny_report)
    assert "●" in markdown(tiny_report)
    assert 'class="gauge"' in page(tiny_report, "")
    spread = line.to_dict()["figures"][0]["spread"]
    assert spread["count"] > 1
    assert set(spread["spread"]["CN"]) >= {"min", "q1", "median", "q3", "max"}


def test_the_real_bundle_defines_what_the_page_calls() -> None:
    bundle = vega_bundle()
    assert "window.vegaEmbed" in bundle
    assert len(bundle) < 2_000_000
    assert not re.search(r"(?m)^\s*(import|export)\s", bundle)
