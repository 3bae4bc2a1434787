"""Settings come from the environment, then the file, then the defaults, or one clear error."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from underlay.config import SETTINGS, settings
from underlay.errors import BadValueError, UnreadableError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "underlay.toml"


def test_the_defaults() -> None:
    found = settings({})
    assert found.has_own_lake is False
    assert found.lake.name == "lake"
    assert (found.threads, found.memory_mb, found.corrections, found.now) == (2, 1024, None, None)


def test_the_environment_wins_over_the_file(file: Path) -> None:
    file.write_text('threads = 3\nmemory_mb = 50\nlake = "~/mine"\n')
    found = settings({"UNDERLAY_CONFIG": str(file), "UNDERLAY_THREADS": "7"})
    assert (found.threads, found.memory_mb) == (7, 50)
    assert found.lake == Path.home() / "mine"
    assert found.has_own_lake is True


def test_the_file_in_the_config_folder_is_read(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr("underlay.config._user_folder", lambda _: file.parent)
    assert settings({}).threads == 2
    file.write_text("threads = 5\n")
    assert settings({}).threads == 5


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-09", dt.datetime(2026, 6, 9, tzinfo=dt.UTC)),
        ("2026-06-09T12:00:00+02:00", dt.datetime(2026, 6, 9, 10, tzinfo=dt.UTC)),
    ],
)
def test_now(text: str, moment: dt.datetime) -> None:
    assert settings({"UNDERLAY_NOW": text}).now == moment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("threads", value) for value in ("0", "-1", "2.5", "many", "9" * 5000)],
        ("memory_mb", "1 GB"),
        ("now", "yesterday"),
        ("lake", "~nobody-has-this-name/lake"),
    ],
)
def test_a_value_that_cannot_be_meant(name: str, value: str) -> None:
    with pytest.raises(BadValueError) as caught:
        settings({f"UNDERLAY_{name.upper()}": value})
    assert (caught.value.option, caught.value.value) == (name, value)


@pytest.mark.parametrize(
    "content", [b"threads = ", b"\xff", b"threads = 1\nthreads = 2"], ids=["cut", "binary", "twice"]
)
def test_a_file_that_is_not_toml_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UnreadableError, match=str(file)):
        settings({"UNDERLAY_CONFIG": str(file)})


def test_a_named_file_must_be_there(file: Path) -> None:
    with pytest.raises(UnreadableError, match=str(file)):
        settings({"UNDERLAY_CONFIG": str(file)})
    with pytest.raises(UnreadableError):
        settings({"UNDERLAY_CONFIG": str(file.parent)})


@pytest.mark.parametrize("line", ["colour = 1", "threads = true", "lake = ['a']", "[threads]"])
def test_a_file_with_something_else_in_it(file: Path, line: str) -> None:
    file.write_text(line)
    with pytest.raises(BadValueError):
        settings({"UNDERLAY_CONFIG": str(file)})


def test_every_setting_has_a_variable_and_a_help() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.variable == f"UNDERLAY_{setting.name.upper()}"
        assert setting.help
