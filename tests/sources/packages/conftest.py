"""Made-up wheels and sdists, and what is made of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from underlay.sources.base import Snapshot
from underlay.sources.packages import Packages, open_artifact
from underlay.tables import Batch, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from underlay.sources.packages.artifact import Artifact

STAMP = 1_790_000_000  # 2026-09-21


def make_wheel(
    files: Mapping[str, bytes | str], day: tuple[int, int, int] = (2026, 9, 21)
) -> bytes:
    """A zip of these members, all of one day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (*day, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def make_sdist(
    files: Mapping[str, bytes | str], top: str = "made-1.0", stamp: int = STAMP
) -> bytes:
    """A .tar.gz of these members under one folder; equal calls give equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(f"{top}/{path}")
            content = data.encode() if isinstance(data, str) else data
            info.size = len(content)
            info.mtime = stamp
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def snapshot_of(name: str, data: bytes) -> Snapshot:
    return Snapshot("packages", name, data, hashlib.sha256(data).hexdigest())


@pytest.fixture
def wheel() -> Callable[..., bytes]:
    return make_wheel


@pytest.fixture
def sdist() -> Callable[..., bytes]:
    return make_sdist


@pytest.fixture
def opened() -> Callable[[str, bytes], Artifact]:
    """The artifact that bytes under a file name are: `opened("made-1.0.tar.gz", data)`."""
    return lambda name, data: open_artifact(snapshot_of(name, data))


@pytest.fixture
def rows() -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Rows by noun of a made-up sdist of a package: `rows("vllm", {...})["architecture"]`.

    What was skipped is under `skipped`, as (place, reason).
    """

    def parse(
        package: str, files: Mapping[str, bytes | str], version: str = "1.0"
    ) -> dict[str, list[Any]]:
        name = f"{package.replace('-', '_')}-{version}"
        pkg_info = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        data = make_sdist({"PKG-INFO": pkg_info, **files}, name)
        found: dict[str, list[Any]] = {"skipped": []}
        for item in Packages().parse(snapshot_of(f"{name}.tar.gz", data)):
            if isinstance(item, Batch):
                item.check()
                noun = item.table.name.removeprefix("raw_packages__")
                found.setdefault(noun, []).extend(item.rows())
            elif isinstance(item, Skipped):
                found["skipped"].append((item.place, item.reason))
        return found

    return parse
