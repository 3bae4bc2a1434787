"""Released packages: what wheels and sdists of the stack declare, bundle, register and test."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.errors import UnreadableError
from underlay.sources.base import Request, Snapshot, Terms, fit
from underlay.sources.packages.artifact import (
    EXTRACT_SUFFIX,
    Artifact,
    Given,
    from_extract,
    from_sdist,
    from_wheel,
    name_of,
)
from underlay.sources.packages.ci import CI_MEMBERS, ci
from underlay.sources.packages.contracts import (
    ARCHITECTURE,
    BACKEND,
    CI,
    MODEL_SUPPORT,
    NATIVE_LIBRARY,
    RELEASE,
    REQUIREMENT,
    TABLES,
)
from underlay.sources.packages.declared import (
    BACKEND_MEMBERS,
    METADATA_MEMBERS,
    backends,
    description,
    metadata,
    native_libraries,
    requirements,
)
from underlay.sources.packages.documents import DOCUMENTS, LISTS, model_support
from underlay.sources.packages.registries import REGISTRIES, architectures
from underlay.tables import Batch, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    import io
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Packages", "open_artifact", "wanted"]

_GIT_LOG = r"\.git/(?:modules/vendor/llama\.cpp/)?logs/HEAD"


def wanted(package: str) -> Callable[[str], bool]:
    """Which members of an artifact of this package are read, as a test of their path."""
    pattern = _wanted(package)
    return lambda path: pattern.fullmatch(path) is not None


@cache
def _wanted(package: str) -> re.Pattern[str]:
    patterns = [METADATA_MEMBERS, _GIT_LOG]
    patterns += [one.members for one in REGISTRIES if package in one.packages]
    patterns += [one.members for one in DOCUMENTS if package in one.packages]
    patterns += [members for packages, members, _ in LISTS if package in packages]
    if package == "transformers":
        patterns.append(BACKEND_MEMBERS)
    if package in CI_MEMBERS:
        patterns.append(CI_MEMBERS[package])
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def open_artifact(snapshot: Snapshot) -> Artifact:
    """The artifact that a snapshot is, or is the extract of; raises `UnreadableError`."""
    import io

    name = PurePosixPath(snapshot.name).name
    if name.endswith(EXTRACT_SUFFIX):
        return from_extract(snapshot.data, snapshot.name)
    found = name_of(name)
    given = Given(snapshot.sha256, len(snapshot.data))
    stream: io.BytesIO = io.BytesIO(snapshot.data)
    if name.endswith(".tar.gz"):
        return from_sdist(found, stream, given, wanted(found.package))
    return from_wheel(found, stream, given, wanted(found.package))


class Packages:
    """Wheels, sdists, and extracts of them that `underlay packages fetch` makes.

    Nothing in a package is imported or run: names come from its metadata, its listing, and
    literal tables of its source. What a package declares, what it bundles and what its CI tests
    stay apart. A test that names a model is no proof that it passed, and jobs that are commented
    out are not there. SGLang's jobs for AMD are in no artifact of the index.
    """

    name = "packages"
    title = "Released packages of the stack"
    terms = Terms(
        licence="facts; packages under Apache-2.0, MIT or BSD licences of their own",
        url="https://packaging.python.org/en/latest/specifications/",
        may_redistribute="rows",
        conflict=(
            "Projects and chip makers state their own support; what they list is not what a third"
            " party measured."
        ),
    )
    tables = TABLES
    files = (f"*{EXTRACT_SUFFIX}", "*.whl", "*.tar.gz", "*-[0-9]*.zip")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: `underlay packages fetch` asks the index that pip is set up for."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one artifact, what was refused in it, and what could not be read."""
        artifact = open_artifact(snapshot)
        place = artifact.name.artifact
        for refusal in artifact.refusals:
            yield Skipped(place, refusal.reason, refusal.count, refusal.example)
        release = _release(artifact, snapshot.observed_on)
        if release["observed_on"] is None:
            raise UnreadableError(
                snapshot.name, "it holds no date; say which day it is from (`--observed-on`)"
            )
        same = {name: release[name] for name in ("observed_on", "package", "version", "artifact")}

        def rows(
            table: Table, found: Iterable[dict[str, Any] | Skipped]
        ) -> Iterator[Batch | Skipped]:
            kept = []
            for one in found:
                if isinstance(one, Skipped):
                    yield one
                else:
                    kept.append({**one, **same})
            names = [name for name in table.column_names if name != "snapshot_sha256"]
            distinct = list({tuple(row.get(name) for name in names): row for row in kept}.values())
            yield from fit(table, Columns.from_rows(distinct, place, names), snapshot)

        body = b""
        try:
            message = metadata(artifact)
        except UnreadableError as error:
            yield Skipped(place, error.reason)
        else:
            body = description(message)
            licence = str(message["License-Expression"] or message["License"] or "").strip()
            release["licence"] = licence if "\n" not in licence and licence else None
            release["summary"] = " ".join(str(message["Summary"] or "").split()) or None
            release["python_specifier"] = str(message["Requires-Python"] or "").strip() or None
            yield from rows(REQUIREMENT, requirements(artifact, message))
        yield from rows(RELEASE, [release])
        yield from rows(ARCHITECTURE, architectures(artifact))
        yield from rows(NATIVE_LIBRARY, native_libraries(artifact))
        yield from rows(BACKEND, backends(artifact))
        yield from rows(CI, ci(artifact))
        yield from rows(MODEL_SUPPORT, model_support(artifact, body))


def _release(artifact: Artifact, observed_on: dt.date | None) -> dict[str, Any]:
    given = artifact.given
    days = {
        "uploaded": given.uploaded_on,
        "built": artifact.built_on,
        "given": observed_on,
        "listed": given.listed_on,
    }
    basis = next((basis for basis, day in days.items() if day), "given")
    return {
        "observed_on": days[basis],
        "date_basis": basis,
        "package": artifact.name.package,
        "version": artifact.name.version,
        "artifact": artifact.name.artifact,
        "kind": artifact.name.kind,
        "tags": artifact.name.tags,
        "size_bytes": given.size_bytes,
        "artifact_sha256": given.sha256,
        "uploaded_on": given.uploaded_on,
        "built_on": artifact.built_on,
        "members_count": len(artifact.members),
    }
