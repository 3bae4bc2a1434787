"""Python that stands in other files: `python -c`, heredocs, code blocks of documents."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from underlay.audit.findings import File, ModelReference
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePosixPath

    from underlay.audit.findings import Role
    from underlay.audit.names.sites import Sightings

__all__ = ["embedded_python"]

_LONGEST = 200_000


def embedded_python(
    path: PurePosixPath, found: Sightings, role: Role | None = None
) -> Callable[[str, int, int], None]:
    """A reader of a Python text that stands at a line and a column of the file."""

    def read(text: str, line: int, column: int) -> None:
        if len(text) > _LONGEST:
            cut(f"Python in another file, longer than {_LONGEST} characters: not read")
            return
        from underlay.audit.detectors.models.python import Python

        whole = textwrap.dedent(text)
        indent = len(text) - len(text.lstrip(" ")) if whole != text else 0
        file = File(path, whole.encode("utf-8", "replace"), size=len(whole))
        for one in Python().detect(file):
            if isinstance(one, ModelReference):
                first = one.line == 1
                moved = replace(
                    one,
                    line=one.line + line - 1,
                    column=one.column + (column - 1 if first else 0) + indent,
                )
                found.add(replace(moved, role=role) if role else moved)

    return read
