"""The reviewed list of packages to read: `packages.toml` beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from underlay.errors import BadValueError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

__all__ = ["Listing", "Wish", "chosen", "listing"]


@dataclass(frozen=True)
class Wish:
    """One artifact to read: which package and version, wheel or sdist, for which platform."""

    package: str
    version: str
    kind: str
    platform: str

    def __str__(self) -> str:
        return f"{self.package}=={self.version} ({self.kind})"


@dataclass(frozen=True)
class Listing:
    """All wishes, and the day on which the list was last held against the index."""

    listed_on: dt.date
    wishes: tuple[Wish, ...]


@cache
def listing() -> Listing:
    """The list that ships with the code."""
    text = files("underlay.sources.packages").joinpath("packages.toml").read_text("utf-8")
    found = tomllib.loads(text)
    wishes = [
        Wish(canonicalize_name(entry["name"]), version, entry["kind"], platform)
        for entry in found["package"]
        for version in entry["versions"]
        for platform in entry.get("platforms", ["linux"])
    ]
    return Listing(found["listed_on"], tuple(wishes))


def chosen(only: Sequence[str]) -> Iterable[Wish]:
    """Wishes that `NAME` or `NAME==VERSION` ask for, all without any.

    A version that the list lacks is read as the package's other ones are. Raises `BadValueError`
    for a package that isn't listed.
    """
    if not only:
        return listing().wishes
    found: dict[Wish, None] = {}
    for asked in only:
        name, _, version = asked.partition("==")
        package = canonicalize_name(name.strip())
        of_package = [wish for wish in listing().wishes if wish.package == package]
        if not of_package:
            names = ", ".join(sorted({wish.package for wish in listing().wishes}))
            raise BadValueError("--only", asked, f"NAME or NAME==VERSION of one of: {names}")
        wanted = version.strip()
        if wanted and all(wish.version != wanted for wish in of_package):
            kinds = {(wish.kind, wish.platform) for wish in of_package}
            of_package = [Wish(package, wanted, kind, place) for kind, place in sorted(kinds)]
        found.update(dict.fromkeys(w for w in of_package if wanted in ("", w.version)))
    return tuple(found)
