"""`atlas build`, `atlas unresolved` and `bundle`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay import lake as lake_module
from underlay.atlas.contracts import core
from underlay.errors import LakeMissingError
from underlay.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "data"
NOW = "2026-11-01T00:00:00Z"


@pytest.fixture
def own(underlay: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of one hub listing, made by the commands."""
    monkeypatch.setenv("UNDERLAY_NOW", NOW)
    root = tmp_path / "own"
    assert underlay("--lake", root, "sync", "os_ai_map", "--from", SAMPLES / "os_ai_map").code == 0
    return root


@pytest.fixture(autouse=True)
def _no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package had been built without its snapshot."""

    def missing() -> Lake:
        raise LakeMissingError("the package")

    monkeypatch.setattr(lake_module, "embedded", missing)


def test_build(underlay: Callable[..., Any], own: Path) -> None:
    ran = underlay("--lake", own, "atlas", "build")
    assert ran.code == 0, ran.err
    assert "core__model" in ran.out
    assert "lake version 2" in ran.out
    assert "atlas: lineage" in ran.err
    assert Lake(own).read(core("model")).rows()
    again = underlay("--lake", own, "--quiet", "atlas", "build")
    assert (again.code, again.err) == (0, "")
    assert "lake version 2" in again.out
    assert underlay("--lake", own, "figure", "downloads_share").code == 0


def test_build_with_accounts_of_one_s_own(
    underlay: Callable[..., Any], own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    underlay("--lake", own, "atlas", "build")
    path = tmp_path / "own.toml"
    path.write_text(
        '[[organisation]]\nid = "meta"\n[organisation.accounts]\nhuggingface = ["Qwen"]\n', "utf-8"
    )
    monkeypatch.setenv("UNDERLAY_CORRECTIONS", str(path))
    ran = underlay("--lake", own, "maker", "meta")
    assert ran.code == 2
    assert "atlas build" in ran.err
    assert underlay("--lake", own, "atlas", "build").code == 0
    ran = underlay("--lake", own, "model", "Qwen/Qwen3-0.6B")
    assert "Meta" in ran.out


def test_build_of_nothing(underlay: Callable[..., Any], tmp_path: Path) -> None:
    ran = underlay("--lake", tmp_path / "nowhere", "atlas", "build")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere" in ran.err
    assert not (tmp_path / "nowhere").exists()


def test_build_leaves_the_embedded_snapshot_alone(
    underlay: Callable[..., Any],
    small_lake: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a lake of one's own the atlas is built into one laid over the snapshot."""
    monkeypatch.setattr(lake_module, "embedded", lambda: Lake(small_lake))
    monkeypatch.setenv("UNDERLAY_LAKE", str(tmp_path / "mine"))
    before = sorted(small_lake.rglob("*"))
    ran = underlay("atlas", "build")
    # the samples lack a name that a shipped correction mends
    assert ran.code == 2
    assert "no longer bites" in ran.err
    assert sorted(small_lake.rglob("*")) == before
    assert not list((tmp_path / "mine").rglob("*.json"))


def test_a_correction_that_is_idle(underlay: Callable[..., Any], raw_lake: Path) -> None:
    before = Lake(raw_lake).state
    ran = underlay("--lake", raw_lake, "--quiet", "atlas", "build")
    assert (ran.code, ran.out) == (2, "")
    assert "no longer bites" in ran.err
    assert "hint: " in ran.err
    assert Lake(raw_lake).state == before


# ---- unresolved --------------------------------------------------------------------------------


def test_unresolved(underlay: Callable[..., Any], small_lake: Path) -> None:
    ran = underlay("--lake", small_lake, "atlas", "unresolved", "--limit", "3")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("kind")
    assert len(lines) == 5
    assert "more; `--limit` or `--json` shows them" in lines[-1]
    everything = json.loads(underlay("--lake", small_lake, "atlas", "unresolved", "--json").out)
    assert everything["schema"] == "underlay/unresolved/1"
    kinds = {row["kind"] for row in everything["rows"]}
    assert {"account", "family"} <= kinds
    shares = [row["weight_share"] or 0.0 for row in everything["rows"]]
    assert shares == sorted(shares, reverse=True)


def test_unresolved_of_one_kind_and_list(underlay: Callable[..., Any], small_lake: Path) -> None:
    ran = underlay(
        "--lake", small_lake, "atlas", "unresolved", "--kind", "account", "--listing", "llmfit",
        "--json",
    )  # fmt: skip
    rows = json.loads(ran.out)["rows"]
    assert rows
    assert {row["kind"] for row in rows} == {"account"}
    assert all(row["listing"].startswith("llmfit") for row in rows)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("--kind", "acount"), "`acount`", "account"),
        (("--listing", "llmfitt"), "`llmfitt`", "llmfit"),
        (("--kind", "account", "--listing", "epoch"), "`epoch`", ""),
        (("--limit", "none"), "`--limit`", "--help"),
        (("--colour",), "`--colour`", ""),
    ],
)
def test_unresolved_of_what_is_not_there(
    underlay: Callable[..., Any],
    small_lake: Path,
    arguments: tuple[str, ...],
    error: str,
    hint: str,
) -> None:
    ran = underlay("--lake", small_lake, "atlas", "unresolved", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert error in ran.err
    assert hint in ran.err
    as_json = underlay("--lake", small_lake, "atlas", "unresolved", *arguments, "--json")
    assert as_json.code == 2
    assert json.loads(as_json.err)["schema"] == "underlay/error/1"


def test_an_unknown_command_of_the_group(underlay: Callable[..., Any]) -> None:
    ran = underlay("atlas", "bild")
    assert ran.code == 2
    assert "`build`" in ran.err


# ---- bundle ------------------------------------------------------------------------------------


def test_bundle(underlay: Callable[..., Any], small_lake: Path, tmp_path: Path) -> None:
    output = tmp_path / "bundle"
    ran = underlay("--lake", small_lake, "bundle", "--output", output)
    assert ran.code == 0, ran.err
    assert "tables" in ran.out
    assert "top500 is left out" in ran.err
    assert (output / "NOTICE.md").is_file()
    assert underlay("--lake", output, "maker", "alibaba").code == 0


def test_bundle_of_a_lake_without_an_atlas(
    underlay: Callable[..., Any], raw_lake: Path, tmp_path: Path
) -> None:
    ran = underlay("--lake", raw_lake, "bundle", "--output", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert "atlas build" in ran.err
    ran = underlay("--lake", raw_lake, "bundle")
    assert ran.code == 2
    assert "--output" in ran.err
