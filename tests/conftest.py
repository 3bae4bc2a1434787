"""What holds for every test: no settings of this machine, and a way to run the command line."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from underlay.atlas import read_curated
from underlay.atlas.build import build
from underlay.cli import main
from underlay.lake import Lake
from underlay.sources import SOURCES
from underlay.sources.pull import sync_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from underlay.atlas import Curated

ROOT = Path(__file__).parents[1]

# examples are the same in every run, so that a red check is red for everyone
hypothesis.settings.register_profile(
    "underlay",
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "80")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("underlay")


@pytest.fixture(autouse=True)
def _settings_of_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """No lake, no settings file and no colour wish of whoever runs the tests."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    for name in list(os.environ):
        if name.startswith("UNDERLAY_") and name != "UNDERLAY_DATA":
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    for kind in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))


@dataclass(frozen=True)
class Ran:
    """What one run of the command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def underlay(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line in this process: `underlay("lake", "status")`."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


# days of the samples that hold none
_SAMPLE_DAYS = {
    "atom": dt.date(2026, 7, 24),
    "code_coupling": dt.date(2026, 11, 21),
    "epoch_clusters": dt.date(2025, 12, 14),
    "epoch_companies": dt.date(2026, 1, 1),
    "litellm": dt.date(2026, 10, 1),
    "llama_ops": dt.date(2026, 10, 1),
    "llmfit": dt.date(2026, 10, 5),
    "osir_lmts": dt.date(2025, 9, 7),
    "portability": dt.date(2024, 10, 24),
    "wheel_deps": dt.date(2026, 11, 21),
}
SAMPLE_NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def raw_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of all samples under `tests/data`, without an atlas; to change it, copy it."""
    root = tmp_path_factory.mktemp("raw") / "lake"
    for source in SOURCES:
        day = _SAMPLE_DAYS.get(source.name)
        sync_from(source, ROOT / "tests" / "data" / source.name, root, SAMPLE_NOW, observed_on=day)
    return root


@pytest.fixture(scope="session")
def sample_curated() -> Curated:
    """The shipped files, without the corrections whose names are not in the samples."""
    curated = read_curated()
    kept = [e for e in curated.corrections["rename_namespace"] if e["source"] == "llmfit"]
    corrections = {**curated.corrections, "rename_namespace": tuple(kept)}
    return replace(curated, corrections=corrections)


@pytest.fixture(scope="session")
def small_lake(
    tmp_path_factory: pytest.TempPathFactory, raw_lake: Path, sample_curated: Curated
) -> Path:
    """The same lake with its atlas built; to change it, copy it."""
    root = tmp_path_factory.mktemp("small") / "lake"
    shutil.copytree(raw_lake, root)
    build(Lake(root), sample_curated, SAMPLE_NOW)
    return root
