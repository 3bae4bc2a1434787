"""From files in a folder to rows in the lake; what can't be used is named, and nothing is half."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import NoDataError, UnreadableError
from underlay.lake import Lake
from underlay.sources.pull import MAX_FILE_BYTES, Pulled, sync_from

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "seen_on,name,downloads_count\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "publisher"
    place.mkdir()
    (place / "one.csv").write_text(HEADER + "2026-01-01,a,1\n2026-01-01,b,2\n")
    return place


def pull(toy: Any, source: Any, place: Path, **options: Any) -> Pulled:
    return sync_from(source, place, toy.root, toy.now, **options)


def reasons(pulled: Pulled) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in pulled.skipped:
        found[one.reason] = found.get(one.reason, 0) + one.count
    return found


def test_rows_snapshots_and_reasons(toy: Any, toy_source: Any, folder: Path) -> None:
    (folder / "two.csv").write_text(HEADER + "2026-02-01,a,many\n2026-02-01,b,\n,c,1\n")
    (folder / "notes.txt").write_text("about")
    said: list[str] = []
    pulled = pull(toy, toy_source, folder, progress=said.append, url="https://example.org/x")
    assert pulled.rows == {"raw_toy__listing": 3}
    assert pulled.files == ["one.csv", "two.csv"]
    assert pulled.foreign == ["notes.txt"]
    assert reasons(pulled) == {
        "`downloads_count` is not a valid int64": 1,
        "`seen_on` is empty": 1,
    }
    assert said == ["toy: one.csv", "toy: two.csv"]
    lake = Lake(toy.root)
    assert [(ref.name, ref.url, ref.licence) for ref in lake.snapshots()] == [
        ("one.csv", "https://example.org/x", "MIT"),
        ("two.csv", "https://example.org/x", "MIT"),
    ]
    assert lake.snapshot_bytes(lake.snapshots()[0]) == (folder / "one.csv").read_bytes()
    digests = {row["snapshot_sha256"] for row in lake.read(toy_source.tables[0]).data.to_pylist()}
    assert digests == {ref.sha256 for ref in lake.snapshots()}


def test_a_second_sync_changes_nothing(toy: Any, toy_source: Any, folder: Path) -> None:
    first = pull(toy, toy_source, folder)
    files = toy.files()
    second = pull(toy, toy_source, folder)
    assert (second.version, second.rows) == (first.version, first.rows)
    assert toy.files() == files


def test_a_bad_file_is_skipped_and_the_others_go_on(
    toy: Any, toy_source: Any, folder: Path
) -> None:
    (folder / "bad.csv").write_bytes(b"\xff\xfe")
    (folder / "short.csv").write_text("seen_on,name\n2026-01-01,x\n")
    (folder / "wrong.csv").write_text("a,b\n1,2\n")
    pulled = pull(toy, toy_source, folder)
    assert pulled.files == ["one.csv", "short.csv"]
    places = {one.place: one.reason for one in pulled.skipped}
    assert "not UTF-8" in places[str(folder / "bad.csv")]
    assert "no column" in places[str(folder / "wrong.csv")]
    assert [ref.name for ref in Lake(toy.root).snapshots()] == ["one.csv", "short.csv"]


def test_when_no_file_can_be_read_nothing_is_made(
    toy: Any, toy_source: Any, folder: Path, tmp_path: Path
) -> None:
    (folder / "one.csv").write_bytes(b"\xff")
    with pytest.raises(UnreadableError, match=r"one\.csv"):
        pull(toy, toy_source, folder)
    with pytest.raises(UnreadableError, match="no such file"):
        pull(toy, toy_source, tmp_path / "nowhere")
    (folder / "one.csv").rename(folder / "one.txt")
    with pytest.raises(NoDataError, match="has no data") as caught:
        pull(toy, toy_source, folder)
    assert "*.csv" in caught.value.hint
    assert not toy.root.exists()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_links_out_of_the_folder_are_named_and_not_followed(
    toy: Any, toy_source: Any, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(HEADER + "2026-01-01,secret,1\n")
    (folder / "link.csv").symlink_to(outside / "secret.csv")
    (folder / "above.csv").symlink_to("../outside/secret.csv")
    (folder / "linked").symlink_to(outside)
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "gone.csv").symlink_to("nothing.csv")
    (folder / "inside.csv").symlink_to("one.csv")
    pulled = pull(toy, toy_source, folder)
    assert pulled.files == ["inside.csv", "one.csv"]
    names = {row["name"] for row in Lake(toy.root).read(toy_source.tables[0]).data.to_pylist()}
    assert names == {"a", "b"}
    skipped = {os.path.basename(one.place): one.reason for one in pulled.skipped}  # noqa: PTH119
    assert set(skipped) == {"link.csv", "above.csv", "linked", "loop.csv", "gone.csv"}
    for name in ("link.csv", "above.csv", "linked"):
        assert "not followed" in skipped[name]


def test_a_file_that_is_too_large_is_refused_unread(
    toy: Any, toy_source: Any, folder: Path
) -> None:
    with (folder / "huge.csv").open("wb") as file:
        file.truncate(600 << 20)
    pulled = pull(toy, toy_source, folder)
    assert pulled.files == ["one.csv"]
    assert str(MAX_FILE_BYTES) in pulled.skipped[0].reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_hang_it(toy: Any, toy_source: Any, folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    pulled = pull(toy, toy_source, folder)
    assert "no regular file" in pulled.skipped[0].reason
    with pytest.raises(UnreadableError, match="no regular file"):
        pull(toy, toy_source, folder / "pipe.csv")


def test_a_name_that_is_not_text(toy: Any, toy_source: Any, folder: Path) -> None:
    try:
        (folder / os.fsdecode(b"caf\xe9.csv")).write_text(HEADER + "2026-01-01,c,3\n")
    except (OSError, UnicodeError):
        pytest.skip("this file system takes text only")
    pulled = pull(toy, toy_source, folder)
    assert "caf\\udce9.csv" in pulled.files
    assert len(Lake(toy.root).read(toy_source.tables[0])) == 3


def test_the_day_may_be_given(toy: Any, toy_source: Any, folder: Path) -> None:
    day = dt.date(2026, 6, 9)
    seen: list[dt.date | None] = []
    parse = toy_source.parse

    def watched(snapshot: Any) -> Any:
        seen.append(snapshot.observed_on)
        return parse(snapshot)

    toy_source.parse = watched
    pull(toy, toy_source, folder / "one.csv", observed_on=day)
    assert seen == [day]
