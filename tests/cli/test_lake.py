"""`underlay sync`, `sources` and `lake` as a person and a program use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import LakeMissingError
from underlay.sources import SOURCES, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from underlay.lake import Lake

HEADER = "model_id,downloads,likes,pipeline_tag,library_name,created_at,last_modified,tags\n"
ROW = "{name},{count},1,text-generation,transformers,2026-01-01T00:00:00Z,2026-06-09T00:00:00Z,x\n"


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    folder = tmp_path / "staged"
    folder.mkdir()
    rows = [ROW.format(name=f"a/{i}", count=i) for i in range(5)]
    rows.append(ROW.format(name="a/bad", count="many"))
    (folder / "top_models_2026-06-10.csv").write_text(HEADER + "".join(rows))
    (folder / "notes.txt").write_text("about")
    return folder


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Your own lake, and no embedded one: what these tests say is about yours."""

    def none() -> Lake:
        raise LakeMissingError("embedded")

    monkeypatch.setattr("underlay.lake.embedded", none)
    monkeypatch.setenv("UNDERLAY_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("UNDERLAY_NOW", "2026-11-21T12:00:00Z")
    return tmp_path / "lake"


def sync(underlay: Callable[..., Any], staged: Path, *options: str) -> Any:
    return underlay("sync", "os_ai_map", "--from", staged, "--observed-on", "2026-06-10", *options)


def answer(ran: Any, schema: str, code: int = 0) -> dict[str, Any]:
    assert ran.code == code, ran.err
    found = json.loads(ran.out)
    assert found["schema"] == schema
    return dict(found)


def test_sync_prints_rows_and_what_was_skipped(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    ran = sync(underlay, staged)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "os_ai_map: 1 file read, the lake is at version 1"
    assert "raw_os_ai_map__top_model     5" in ran.out
    assert "`downloads_30d_count` is not a valid int64" in ran.out
    assert "`many`" in ran.out
    assert "not files of this source: notes.txt" in ran.out
    assert ran.err == "os_ai_map: top_models_2026-06-10.csv\n"


def test_sync_may_be_quiet_and_may_speak_json(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    ran = sync(underlay, staged, "--quiet", "--json")
    assert ran.err == ""
    found = answer(ran, "underlay/sync/1")
    assert found["rows"] == [{"table": "raw_os_ai_map__top_model", "rows_count": 5}]
    assert [row["count"] for row in found["skipped"]] == [1]
    assert found["foreign"] == ["notes.txt"]
    before = underlay("--quiet", "sync", "os_ai_map", "--from", staged)
    assert before.err == ""  # wherever the option stands


def test_skipped_rows_are_counted_largest_first(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    with (staged / "top_models_2026-06-10.csv").open("a") as file:
        file.writelines(ROW.format(name="", count=i) for i in range(3))
    found = answer(sync(underlay, staged, "--json"), "underlay/sync/1")
    assert [row["count"] for row in found["skipped"]] == [3, 1]


def test_status_shows_tables_and_sources(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    sync(underlay, staged)
    found = answer(underlay("lake", "status", "--json"), "underlay/lake-status/1")
    assert (found["version"], found["committed_at"]) == (1, "2026-11-21T12:00:00Z")
    (table,) = found["tables"]
    assert table.pop("size_bytes") > 0
    assert table == {
        "table": "raw_os_ai_map__top_model",
        "rows_count": 5,
        "partitions_count": 1,
        "first": "2026-06-10",
        "last": "2026-06-10",
    }
    (publisher,) = found["sources"]
    assert publisher["source"] == "os_ai_map"
    assert publisher["licences"] == [source("os_ai_map").terms.licence]
    assert (publisher["snapshots_count"], publisher["first"]) == (1, "2026-06-10")
    assert publisher["snapshots"][0]["name"] == "top_models_2026-06-10.csv"
    text = underlay("lake", "status").out
    assert f"{lake}: version 1, committed 2026-11-21T12:00:00Z" in text
    assert "raw_os_ai_map__top_model" in text


def test_the_option_wins_over_the_setting(
    underlay: Callable[..., Any], lake: Path, staged: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    sync(underlay, staged, "--lake", str(other))
    assert not lake.exists()
    for arguments in (["--lake", other, "lake", "status"], ["lake", "status", "--lake", other]):
        assert f"{other}: version 1" in underlay(*arguments).out


@pytest.mark.parametrize("command", [["lake", "status"], ["lake", "verify"], ["lake", "gc"]])
def test_a_lake_that_is_not_there(
    underlay: Callable[..., Any], lake: Path, command: list[str]
) -> None:
    ran = underlay(*command)
    assert (ran.code, ran.out) == (2, "")
    assert f"there is no lake at `{lake}`" in ran.err
    assert not lake.exists()


def test_an_empty_lake_says_so(underlay: Callable[..., Any], lake: Path) -> None:
    (lake / "versions").mkdir(parents=True)
    assert "The lake is empty." in underlay("lake", "status").out


def test_verify_finds_a_flipped_byte(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    sync(underlay, staged)
    assert underlay("lake", "verify").code == 0
    assert answer(underlay("lake", "verify", "--json"), "underlay/lake-verify/1")["problems"] == []
    (path,) = lake.rglob("*.parquet")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    ran = underlay("lake", "verify")
    assert ran.code == 1
    assert str(path) in ran.out
    found = answer(underlay("lake", "verify", "--json"), "underlay/lake-verify/1", code=1)
    assert [row["path"] for row in found["problems"]] == [str(path)]


def test_gc_removes_only_what_is_left_over(
    underlay: Callable[..., Any], lake: Path, staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(underlay, staged)
    stray = lake / "tmp" / "left"
    stray.write_bytes(b"x")
    monkeypatch.setenv("UNDERLAY_NOW", "2100-01-01")
    found = answer(underlay("lake", "gc", "--json"), "underlay/lake-gc/1")
    assert found["removed"] == ["tmp/left"]
    assert underlay("lake", "verify").code == 0
    assert "removed 0 files" in underlay("lake", "gc").out


def test_a_failed_sync_leaves_no_lake(
    underlay: Callable[..., Any], lake: Path, tmp_path: Path
) -> None:
    ran = underlay("sync", "os_ai_map", "--from", tmp_path / "nowhere")
    assert ran.code == 2
    assert "there is no such file or folder" in ran.err
    assert not lake.exists()


def test_sources_lists_every_publisher(underlay: Callable[..., Any], lake: Path) -> None:
    lake.parent.mkdir(exist_ok=True)
    (lake / "versions").mkdir(parents=True)
    found = answer(underlay("sources", "--json"), "underlay/sources/1")["sources"]
    assert [row["source"] for row in found] == [one.name for one in SOURCES]
    for row, one in zip(found, SOURCES, strict=True):
        assert row["licence"] == one.terms.licence
        assert row["may_redistribute"] == one.terms.may_redistribute
        assert [table["table"] for table in row["tables"]] == [t.name for t in one.tables]
    text = underlay("sources").out
    assert all(one.name in text for one in SOURCES)
    assert text.count("not in the lake") == len(SOURCES)


def test_one_source_is_shown_with_its_columns(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    sync(underlay, staged)
    text = underlay("sources", "os_ai_map").out
    one = source("os_ai_map")
    for words in (one.title, one.terms.url, one.terms.conflict, "2026-06-10", "model_id (key)"):
        assert words in text


def test_what_a_publisher_wrote_cannot_move_the_cursor(
    underlay: Callable[..., Any], lake: Path, staged: Path
) -> None:
    (staged / "top_models_2026-06-10.csv").write_text(
        HEADER + ROW.format(name="x", count="\x1b[2J")
    )
    ran = sync(underlay, staged)
    assert "\x1b" not in ran.out + ran.err
