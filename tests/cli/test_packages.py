"""`underlay packages`: the list, the fetch with its failures, and the check."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from underlay.sources import index
from underlay.sources.index import Fetched
from underlay.sources.packages.artifact import from_extract
from underlay.tables import Skipped

SAMPLES = Path(__file__).parents[1] / "data" / "packages"
NAME = "vllm-0.33.0.tar.gz.extract.zip"


class FakeIndex:
    """Stands for the network: one artifact is there, one is gone."""

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None: ...

    def fetch(self, wishes, listed_on, progress):
        for wish in wishes:
            progress(f"packages: {wish}")
            if wish.package == "vllm" and wish.kind == "sdist":
                data = (SAMPLES / NAME).read_bytes()
                yield Fetched(NAME, data, from_extract(data, NAME), 3, 1_000)
            else:
                yield Skipped(str(wish), "the index has no such package (any more)")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "Index", FakeIndex)


def test_the_list(underlay) -> None:
    got = underlay("packages", "list")
    assert got.code == 0
    assert "transformers" in got.out
    assert "held against the index on 2026-11-22" in got.out
    found = json.loads(underlay("packages", "list", "--json").out)
    assert {"package", "version", "kind", "platform"} == set(found["packages"][0])


def test_a_fetch_writes_extracts_and_names_what_it_skipped(underlay, offline, tmp_path) -> None:
    got = underlay("packages", "fetch", "--to", tmp_path / "x", "--only", "vllm==0.33.0")
    assert got.code == 0
    assert [path.name for path in (tmp_path / "x").iterdir()] == [NAME]
    assert (tmp_path / "x" / NAME).read_bytes() == (SAMPLES / NAME).read_bytes()
    assert "vllm==0.33.0 (wheel)  the index has no such package (any more)" in got.out
    assert "1 skipped" in got.out
    assert "packages: vllm==0.33.0 (sdist)" in got.err
    found = json.loads(
        underlay("packages", "fetch", "--to", tmp_path / "x", "--only", "vllm", "--json").out
    )
    assert [row["file"] for row in found["extracts"]] == [NAME]
    assert len(found["skipped"]) == len([s for s in found["skipped"] if s["reason"]]) > 5


def test_a_fetch_that_brings_nothing_has_no_answer(underlay, offline, tmp_path) -> None:
    got = underlay("packages", "fetch", "--to", tmp_path, "--only", "gguf")
    assert got.code == 2
    assert "`the index` has no data" in got.err


def test_a_package_that_is_not_listed(underlay, offline, tmp_path) -> None:
    got = underlay("packages", "fetch", "--to", tmp_path, "--only", "made-up")
    assert got.code == 2
    assert "made-up" in got.err


def test_an_extract_goes_into_the_lake_and_again_into_the_same_bytes(underlay, tmp_path) -> None:
    for lake in ("a", "b"):
        got = underlay("--lake", tmp_path / lake, "sync", "packages", "--from", SAMPLES)
        assert got.code == 0, got.err
        assert "raw_packages__architecture" in got.out

    def digests(lake: str) -> list[tuple[str, str]]:
        files = sorted((tmp_path / lake).rglob("*.parquet"))
        return [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]

    assert digests("a") == digests("b") != []


def staged(folder: Path, architecture: str) -> Path:
    """Tables as if made by hand: one class of the sample, and nothing else that it has."""
    for path, text in {
        "support-matrix/runtime_architectures.csv": "runtime,runtime_version,architecture,status,"
        f"source_path\nvLLM,0.33.0,{architecture},supported,x::_REWARD_MODELS\n",
        "support-matrix/runtime_architectures_history.csv": "runtime,version,architecture,registry"
        "\n",
        "wheel-deps/wheel_requires.csv": "package,version,raw_requirement\n",
        "wheel-deps/wheel_native_libs.csv": "package,version,path,size_bytes\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_the_check_prints_agreement_and_differences(underlay, tmp_path) -> None:
    same = staged(tmp_path / "same", "Qwen2ForRewardModel")
    got = underlay("packages", "check", "--from", SAMPLES, "--against", same)
    assert got.code == 0, got.err
    assert "100.0%" in got.out
    other = staged(tmp_path / "other", "OtherForRewardModel")
    got = underlay("packages", "check", "--from", SAMPLES, "--against", other)
    assert got.code == 1
    assert "NOT EXPLAINED" in got.out
    assert "vLLM: OtherForRewardModel supported" in got.out
    found = json.loads(
        underlay("packages", "check", "--from", SAMPLES, "--against", other, "--json").out
    )
    assert found["agreements"][0]["share"] == 0.0


def test_a_check_without_extracts_or_tables(underlay, tmp_path) -> None:
    assert underlay("packages", "check", "--from", tmp_path, "--against", tmp_path).code == 2
    assert underlay("packages", "check", "--from", SAMPLES, "--against", tmp_path).code == 2
