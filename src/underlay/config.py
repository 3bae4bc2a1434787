"""Settings: one table, read from the environment and one TOML file, nowhere else."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from underlay.errors import BadValueError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SETTINGS", "Setting", "Settings", "settings"]


@dataclass(frozen=True)
class Setting:
    """One thing that a user may set: by `UNDERLAY_<NAME>`, or by `name = ...` in the file."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"UNDERLAY_{self.name.upper()}"


SETTINGS: tuple[Setting, ...] = (
    Setting("lake", "", "folder of your own lake; empty means the user data folder"),
    Setting("threads", "2", "threads that the engine may use"),
    Setting("memory_mb", "1024", "memory that the engine may use, in megabytes"),
    Setting("corrections", "", "TOML file with your own organisation entries, which win"),
    Setting("now", "", "moment to take for the present one, ISO 8601; makes a run repeatable"),
    Setting("config", "", "another settings file than the one in the user config folder"),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force, as typed values."""

    lake: Path
    has_own_lake: bool
    threads: int
    memory_mb: int
    corrections: Path | None
    now: dt.datetime | None


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings in force: environment first, then the file, then the defaults.

    Raises `UnreadableError` for a settings file that is not TOML and `BadValueError` for a
    value that can't be used.
    """
    environment = os.environ if environment is None else environment
    chosen = {setting.name: setting.default for setting in SETTINGS}
    chosen |= _from_file(environment.get("UNDERLAY_CONFIG", ""))
    for setting in SETTINGS:
        if environment.get(setting.variable):
            chosen[setting.name] = environment[setting.variable]
    own = chosen["lake"] or str(_user_folder("data") / "lake")
    return Settings(
        lake=_path("lake", own),
        has_own_lake=bool(chosen["lake"]),
        threads=_positive("threads", chosen["threads"]),
        memory_mb=_positive("memory_mb", chosen["memory_mb"]),
        corrections=_path("corrections", chosen["corrections"]) if chosen["corrections"] else None,
        now=_moment("now", chosen["now"]) if chosen["now"] else None,
    )


def _user_folder(kind: str) -> Path:
    # platformdirs costs 10 ms of start-up, so it is loaded only where a folder is needed
    import platformdirs

    return Path(
        platformdirs.user_data_dir("underlay", appauthor=False)
        if kind == "data"
        else platformdirs.user_config_dir("underlay", appauthor=False)
    )


def _from_file(named: str) -> dict[str, str]:
    path = _path("config", named) if named else _user_folder("config") / "underlay.toml"
    try:
        if not named and not path.is_file():
            return {}
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(str(path), str(error)) from error
    known = {setting.name for setting in SETTINGS}
    for name, value in content.items():
        if name not in known:
            raise BadValueError(str(path), name, "one of " + ", ".join(sorted(known)))
        if isinstance(value, bool | dict | list):
            raise BadValueError(name, str(value), "a text or a number")
    return {name: str(value) for name, value in content.items()}


def _path(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # `~someone` where there is no such user
        raise BadValueError(name, text, "a path of a user that exists") from error


def _moment(name: str, text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadValueError(name, text, "a moment such as 2026-11-21T12:00:00Z") from None
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)


def _positive(name: str, text: str) -> int:
    # nine digits are more than any machine has, and Python refuses to read thousands of them
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise BadValueError(name, text, "a whole number of at least 1")
    return int(text)
