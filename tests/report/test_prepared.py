"""Spreads computed beforehand: void with other code or another lake, and the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.report.prepared import read_spreads, write_spreads

if TYPE_CHECKING:
    from pathlib import Path

    from underlay.report.ask import Prepared

SPREADS: dict[str, Prepared] = {
    "b": {"led": 3, "answer": {"leads": {"US": 0.75, "CN": 0.25}, "count": 4}},
    "a": {"led": 0, "answer": {"leads": {}, "count": 1}},
}


def test_what_was_written_is_read_with_its_order(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    write_spreads(path, "code", "lake", SPREADS)
    found = read_spreads(path, "code", "lake")
    assert found == SPREADS
    # the order of parties is that of their leads: sentences name them in it
    assert list(found["b"]["answer"]["leads"]) == ["US", "CN"]


def test_other_code_or_another_lake_voids_them(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    write_spreads(path, "code", "lake", SPREADS)
    assert read_spreads(path, "other", "lake") == {}
    assert read_spreads(path, "code", "other") == {}


def test_a_file_that_is_not_there_or_broken_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "spreads.json"
    assert read_spreads(path, "code", "lake") == {}
    for text in ("", "[]", "{}", '{"code": "code", "lake": "lake"}', "\x00"):
        path.write_text(text)
        assert read_spreads(path, "code", "lake") == {}
