"""The report on a tiny lake, byte for byte; `UPDATE_GOLDEN=1` writes what is expected anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay.report.html import page
from underlay.report.markdown import render as markdown
from underlay.report.terminal import render

if TYPE_CHECKING:
    from underlay.report import Report

GOLDEN = Path(__file__).parents[1] / "golden"


def rounded(content: Any) -> Any:
    """Numbers to nine digits: the last ones depend on the machine's linear algebra."""
    if isinstance(content, float):
        return float(f"{content:.9g}")
    if isinstance(content, dict):
        return {key: rounded(each) for key, each in content.items()}
    if isinstance(content, list):
        return [rounded(each) for each in content]
    return content


def as_json(report: Report) -> str:
    return json.dumps(rounded(report.to_dict()), ensure_ascii=False, indent=1) + "\n"


RENDERERS = {
    "txt": lambda report: render(report, 96),
    "md": markdown,
    "json": as_json,
    "html": lambda report: page(report, "window.vegaEmbed = null;"),
}


@pytest.mark.parametrize("kind", RENDERERS)
def test_is_as_expected(tiny_report: Report, kind: str) -> None:
    found = RENDERERS[kind](tiny_report)
    path = GOLDEN / f"report.{kind}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, "utf-8", newline="\n")
    assert found == path.read_text("utf-8"), "run again with UPDATE_GOLDEN=1 if this is meant"


@pytest.mark.parametrize("kind", RENDERERS)
def test_says_the_same_twice(tiny_report: Report, kind: str) -> None:
    assert RENDERERS[kind](tiny_report) == RENDERERS[kind](tiny_report)
