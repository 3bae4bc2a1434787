"""What released packages require and bundle, from the metadata of their wheels and sdists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms
from underlay.sources.sheets import Sheet, read_sheet, sheet_of
from underlay.tables import Batch, Check, Column, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["WheelDeps"]

_PACKAGE = Column("package", "string", "name of the package on the index", True)
_VERSION = Column("version", "string", "release", True)
_PLATFORM = Column("platform", "string", "platform that was asked for, as in linux-x86_64", True)
_ARTIFACT = Column("artifact", "string", "wheel or sdist", True)

REQUIREMENT = Table(
    "raw_wheel_deps__requirement",
    "One row per requirement that a release declares for a platform.",
    ("observed_on", "package", "version", "platform", "artifact", "requirement"),
    (
        OBSERVED_ON,
        _PACKAGE,
        _VERSION,
        _PLATFORM,
        _ARTIFACT,
        Column("required", "string", "package required", True),
        Column(
            "required_extras",
            "string",
            "extras asked of it: from 2.11 torch asks `cuda-toolkit` for what were `nvidia-*`",
        ),
        Column("specifier", "string", "versions allowed"),
        Column("marker", "string", "condition"),
        Column("extra", "string", "extra of the package that brings it; null if none does"),
        Column("is_optional", "bool", "whether only an extra brings it", True),
        Column(
            "vendor",
            "string",
            "guess by the name: NVIDIA also on kernels of others (flashinfer, quack), Apple also"
            " on `mlx-cuda`",
        ),
        Column("requirement", "string", "the requirement as written", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("artifacts", "artifact", one_of=("wheel", "sdist")),),
)
NATIVE_LIBRARY = Table(
    "raw_wheel_deps__native_library",
    "One row per native library, or bitcode for one, inside a wheel.",
    ("observed_on", "package", "version", "path"),
    (
        OBSERVED_ON,
        _PACKAGE,
        _VERSION,
        Column("path", "string", "path in the wheel", True),
        Column("size_bytes", "int64", "size", True),
        Column("compressed_bytes", "int64", "size in the wheel", True),
        Column("backend", "string", "guess by the name of the file; null if it says nothing"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("not negative", "size_bytes", lowest=0),),
)
VENDOR_SUMMARY = Table(
    "raw_wheel_deps__vendor_summary",
    "One row per release and platform: its requirements by vendor, as the reader counted them.",
    ("observed_on", "package", "version", "platform", "artifact"),
    (
        OBSERVED_ON,
        _PACKAGE,
        _VERSION,
        _PLATFORM,
        _ARTIFACT,
        Column("file", "string", "name of the file or of its unpacked folder", True),
        Column("requirements_count", "int64", "packages required without an extra", True),
        Column("nvidia_requirements_count", "int64", "of these, NVIDIA's by their name", True),
        Column("nvidia_packages", "string", "their names, separated by spaces"),
        Column("vendor_counts", "string", "VENDOR=COUNT of these, separated by semicolons"),
        Column("optional_vendor_counts", "string", "the same of those that extras bring"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("not negative", "requirements_count", lowest=0),
        Check("none of them negative", "nvidia_requirements_count", lowest=0),
    ),
)

# the files state no day: the index was read on this one, by the start of each file's sha256
_READ = "2026-11-21"
_DAYS = {"44e76b4480c026e7": _READ, "8b20f4ef43f71fd6": _READ, "a188178b9f21b178": _READ}
_SHEETS = (
    Sheet(
        "wheel_requires.csv",
        REQUIREMENT,
        {
            "package": "package",
            "version": "version",
            "platform": "platform",
            "artifact": "artifact",
            "required": "req_name",
            "required_extras": "req_extras",
            "specifier": "specifier",
            "marker": "marker",
            "extra": "extra",
            "is_optional": "is_optional_extra",
            "vendor": "vendor",
            "requirement": "raw_requirement",
        },
        days=_DAYS,
    ),
    Sheet(
        "wheel_native_libs.csv",
        NATIVE_LIBRARY,
        {
            "package": "package",
            "version": "version",
            "path": "path",
            "size_bytes": "size_bytes",
            "compressed_bytes": "compressed_bytes",
            "backend": "backend_guess_from_name",
        },
        days=_DAYS,
    ),
    Sheet(
        "wheel_vendor_summary.csv",
        VENDOR_SUMMARY,
        {
            "package": "package",
            "version": "version",
            "platform": "platform",
            "artifact": "artifact",
            "file": "file_or_dir",
            "requirements_count": "n_hard_requires",
            "nvidia_requirements_count": "n_hard_nvidia",
            "nvidia_packages": "hard_nvidia_packages",
            "vendor_counts": "hard_vendor_counts",
            "optional_vendor_counts": "optional_vendor_counts",
        },
        days=_DAYS,
    ),
)


class WheelDeps:
    """What packages declare, and apart from it what they bundle; nothing here was run.

    Vendors are guessed from names, so `NVIDIA` is also on kernels that others wrote for CUDA.
    """

    name = "wheel_deps"
    title = "Package metadata: requirements and native libraries"
    terms = Terms(
        licence="facts from package metadata; packages under their own licences",
        url="https://packaging.python.org/en/latest/specifications/core-metadata/",
        may_redistribute="rows",
        conflict="Packagers declare what they choose to: a requirement left out is no proof.",
    )
    tables = (REQUIREMENT, NATIVE_LIBRARY, VENDOR_SUMMARY)
    files = tuple(sheet.file for sheet in _SHEETS)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file; raises `SchemaError` or `UnreadableError` (no known day)."""
        yield from read_sheet(sheet_of(_SHEETS, snapshot), snapshot)
