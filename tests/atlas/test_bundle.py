"""The snapshot that may be given on: what it holds, what it doesn't, and that it is never half."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay.api import open_lake
from underlay.atlas.bundle import make_bundle, notice
from underlay.atlas.contracts import CORE, core
from underlay.config import settings
from underlay.errors import BadValueError, NoDataError
from underlay.lake import Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
SHARE = core("supercomputer_share")


@pytest.fixture(scope="module")
def bundle(small_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("bundle") / "data"
    make_bundle(Lake(small_lake), output, NOW)
    return output


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_only_rows_that_may_be_given_on(bundle: Path, small_lake: Path) -> None:
    held = set(Lake(bundle).tables())
    before = Lake(small_lake)
    for source in SOURCES:
        names = {table.name for table in source.tables if before.files(table.name)}
        if source.terms.may_redistribute == "rows":
            assert names <= held
        else:
            assert not names & held, source.name
    assert {table.name for table in CORE} <= held
    assert not list(bundle.rglob("snapshots"))
    assert not list(Lake(bundle).verify())
    assert {ref.is_kept for ref in Lake(bundle).snapshots()} == {False}


def test_the_notice_names_every_licence(bundle: Path, small_lake: Path) -> None:
    text = (bundle / "NOTICE.md").read_text("utf-8")
    assert text == notice(Lake(small_lake))
    for source in SOURCES:
        line = next(line for line in text.splitlines() if f"`{source.name}`" in line)
        assert source.terms.licence in line
        assert source.terms.url in line
        if source.terms.may_redistribute == "no":
            assert "may not be given on" in line


def test_it_opens_as_a_lake(bundle: Path) -> None:
    with open_lake(bundle, chosen=settings({})) as lake:
        figure = lake.figure("downloads_share", where={"listing": "os_ai_map"})
    assert figure.rows


def test_the_same_lake_gives_the_same_bytes(bundle: Path, small_lake: Path, tmp_path: Path) -> None:
    make_bundle(Lake(small_lake), tmp_path / "again", NOW)
    assert _files(tmp_path / "again") == _files(bundle)
    # and on top of itself
    make_bundle(Lake(small_lake), tmp_path / "again", NOW)
    assert _files(tmp_path / "again") == _files(bundle)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_a_lake_without_an_atlas(raw_lake: Path, tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="core__model"):
        make_bundle(Lake(raw_lake), tmp_path / "out", NOW)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_stays(small_lake: Path, tmp_path: Path) -> None:
    output = tmp_path / "precious"
    output.mkdir()
    (output / "thesis.txt").write_text("mine")
    with pytest.raises(BadValueError, match="precious"):
        make_bundle(Lake(small_lake), output, NOW)
    assert _files(output) == {"thesis.txt": b"mine"}
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(BadValueError, match="file"):
        make_bundle(Lake(small_lake), file, NOW)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("step", ["replace", "commit", "write_text", "rename"])
def test_a_failure_midway_leaves_the_old_one(
    bundle: Path, small_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    output = tmp_path / "data"
    shutil.copytree(bundle, output)
    (output / "versions" / "mark").write_text("old")
    before = _files(output)

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    if step == "rename":
        rename = Path.rename
        monkeypatch.setattr(
            Path, "rename", lambda s, t: fail() if s.name == "lake" else rename(s, t)
        )
    else:
        monkeypatch.setattr(Path if step == "write_text" else Transaction, step, fail)
    with pytest.raises(KeyboardInterrupt):
        make_bundle(Lake(small_lake), output, NOW)
    monkeypatch.undo()
    assert _files(output) == before
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_kill_between_the_renames_loses_nothing(
    bundle: Path, raw_lake: Path, small_lake: Path, tmp_path: Path
) -> None:
    output, aside = tmp_path / "data", tmp_path / ".data-old"
    shutil.copytree(bundle, aside)
    before = _files(aside)
    # even a run that can't finish doesn't throw the old one away
    with pytest.raises(NoDataError):
        make_bundle(Lake(raw_lake), output, NOW)
    assert _files(aside) == before
    make_bundle(Lake(small_lake), output, NOW)
    assert _files(output) == before
    assert not aside.exists()


# ---- cells that equal a row --------------------------------------------------------------------


def _pooled(
    tmp_path: Path, small_lake: Path, cells: Sequence[tuple[str, str, int, float]]
) -> dict[tuple[str, str], tuple[int, float | None]]:
    root = tmp_path / "lake"
    shutil.copytree(small_lake, root)
    rows = [
        {"observed_on": dt.date(2025, 6, 1), "country": country, "organisation_id": maker,
         "systems_count": count, "rmax_tflops": rmax, "source": "top500"}
        for country, maker, count, rmax in cells
    ]  # fmt: skip
    transaction = Transaction(root)
    transaction.replace(Batch.from_rows(SHARE, rows))
    transaction.commit(NOW)
    found = make_bundle(Lake(root), tmp_path / "out", NOW).read(SHARE)
    found.check()
    return {
        (row["country"], row["organisation_id"]): (row["systems_count"], row["rmax_tflops"])
        for row in found.rows()
    }


def test_single_systems_go_to_a_pool(tmp_path: Path, small_lake: Path) -> None:
    cells = [("US", "nvidia", 5, 50.0), ("FR", "nvidia", 1, 7.0), ("DE", "nvidia", 1, 8.0)]
    assert _pooled(tmp_path, small_lake, cells) == {
        ("US", "nvidia"): (5, 50.0),
        ("FR", "nvidia"): (1, None),
        ("DE", "nvidia"): (1, None),
        ("unknown", "nvidia"): (0, 15.0),
    }


def test_no_pool_holds_one_system(tmp_path: Path, small_lake: Path) -> None:
    cells = [("CN", "nudt", 1, 61.0), ("CN", "hygon", 1, 4.0), ("US", "amd", 9, 99.0)]
    assert _pooled(tmp_path, small_lake, cells) == {
        ("US", "amd"): (9, 99.0),
        ("CN", "nudt"): (1, None),
        ("CN", "hygon"): (1, None),
        ("unknown", "unknown"): (0, 65.0),
    }


def test_one_system_in_all_is_withheld(tmp_path: Path, small_lake: Path) -> None:
    cells = [("CN", "nudt", 1, 61.0), ("US", "amd", 9, 99.0)]
    found = _pooled(tmp_path, small_lake, cells)
    assert 61.0 not in {rmax for _, rmax in found.values()}
    assert sum(count for count, _ in found.values()) == 10


def test_a_pool_joins_systems_of_unknown_countries(tmp_path: Path, small_lake: Path) -> None:
    cells = [("unknown", "amd", 3, 30.0), ("FR", "amd", 1, 7.0), ("DE", "amd", 1, 8.0)]
    found = _pooled(tmp_path, small_lake, cells)
    assert found["unknown", "amd"] == (3, 45.0)
    assert sum(rmax or 0.0 for _, rmax in found.values()) == 45.0
