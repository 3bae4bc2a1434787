"""No room, no permission, odd disks: one sentence, and the lake as it was."""

from __future__ import annotations

import errno
import os
import secrets
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import DiskFullError, LakeError, LakeReadOnlyError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction, collect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROW = ("2026-01-01", "a", 1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this machine lets us make one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up(toy: Any, disk: Path) -> None:
    full = type(toy)(disk / "lake")
    full.merge(ROW)
    kept = 0
    with pytest.raises(DiskFullError, match="nothing was changed"):
        for number in range(1000):
            full.keep(secrets.token_bytes(50_000), f"{number}.csv")
            kept = number + 1
    assert 3 <= kept < 40
    assert full.rows() == {ROW}
    assert len(Lake(full.root).snapshots()) == kept
    assert full.problems() == []
    assert not list((full.root / "tmp").iterdir())
    # a commit of several files that fails in the middle leaves files, which gc takes
    collect(full.root, full.now.replace(year=2100), 0)
    assert full.problems() == []


def test_a_disk_that_may_not_be_written(toy: Any, disk: Path) -> None:
    sealed = type(toy)(disk / "lake")
    sealed.merge(ROW)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(LakeReadOnlyError, match="can't be written"):
        sealed.merge(("2026-01-01", "b", 2))
    with pytest.raises(LakeReadOnlyError):
        type(toy)(disk / "new").merge(ROW)
    assert sealed.rows() == {ROW}
    assert sealed.problems() == []
    # nothing to collect is nothing to write
    assert collect(sealed.root, sealed.now.replace(year=2100), 1e12) == []


REFUSALS: list[tuple[int, type[LakeError]]] = [
    (errno.ENOSPC, DiskFullError),
    (errno.EDQUOT, DiskFullError),
    (errno.EROFS, LakeReadOnlyError),
    (errno.EACCES, LakeReadOnlyError),
    (errno.EIO, LakeError),
]


@pytest.mark.parametrize(("code", "kind"), REFUSALS, ids=[errno.errorcode[c] for c, _ in REFUSALS])
@pytest.mark.parametrize(
    "call", ["os.fsync", "os.link", "pathlib.Path.mkdir", "pathlib.Path.replace"]
)
def test_whatever_call_is_refused(
    toy: Any, monkeypatch: pytest.MonkeyPatch, call: str, code: int, kind: type[LakeError]
) -> None:
    toy.merge(ROW)
    before = toy.files()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), "somewhere")

    transaction = Transaction(toy.root)
    with monkeypatch.context() as patched:
        patched.setattr(call, refuse)
        with pytest.raises(kind) as caught:
            transaction.merge(toy.batch([("2026-02-01", "b", 2)]))
            transaction.add_snapshot(b"data", toy.ref("x"))
            transaction.commit(toy.now)
    assert type(caught.value) is kind
    assert str(toy.root) in caught.value.message
    assert toy.rows() == {ROW}
    assert toy.problems() == []
    left = toy.files() - before
    assert not any(name.startswith(("tmp/", "versions/")) for name in left)
    toy.merge(("2026-02-01", "b", 2))  # and works again once it is no longer refused
    assert len(toy.rows()) == 2


def test_a_file_where_the_lake_should_be(toy: Any) -> None:
    toy.root.write_text("not a folder")
    with pytest.raises(LakeError):
        toy.merge(ROW)
    assert toy.root.read_text() == "not a folder"


def test_gc_keeps_what_is_referenced_and_what_is_young(toy: Any) -> None:
    later = toy.now.replace(year=2100)
    for number in range(8):
        toy.merge(("2026-01-01", "a", number))
    ref = toy.keep(b"kept")
    (toy.root / "tmp" / "left").write_bytes(b"by a killed writer")
    stray = toy.root / "partitions" / "raw_toy__gone" / "whole" / "0.parquet"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"")
    assert collect(toy.root, toy.now.replace(year=2000), 0) == []  # all is young
    removed = {path.relative_to(toy.root).as_posix() for path in collect(toy.root, later, 3600)}
    assert {"tmp/left", "partitions/raw_toy__gone/whole/0.parquet"} <= removed
    assert len([name for name in removed if name.startswith("versions/")]) == 4
    assert not stray.parent.exists()
    assert toy.rows() == {("2026-01-01", "a", 7)}
    assert Lake(toy.root).snapshot_bytes(ref) == b"kept"
    assert toy.problems() == []
    assert collect(toy.root, later, 3600) == []


def test_gc_keeps_the_files_of_the_five_newest_versions(toy: Any) -> None:
    for number in range(5):
        toy.merge(("2026-01-01", "a", number))
    readers = list(toy.root.rglob("*.parquet"))
    assert collect(toy.root, toy.now.replace(year=2100), 0) == []
    assert all(path.exists() for path in readers)


def test_gc_stops_at_a_version_that_it_cannot_read(toy: Any) -> None:
    toy.merge(ROW)
    toy.merge(("2026-01-01", "a", 2))
    (toy.root / "versions" / "00000001.json").write_text("{}")
    before = toy.files()
    with pytest.raises(Exception, match="00000001"):
        collect(toy.root, toy.now.replace(year=2100), 0)
    assert toy.files() == before


def test_a_path_with_quotes_spaces_and_other_scripts(toy: Any, tmp_path: Path) -> None:
    odd = type(toy)(tmp_path / 'it\'s a "lake" 湖 [x] *')
    odd.merge(ROW)
    with Engine(Lake(odd.root), [odd.table]) as engine:
        assert len(engine.run(engine.tables[odd.table.name])) == 1
    assert odd.problems() == []
