"""Models that Python code names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from underlay.audit.findings import Facts, File, Infrastructure, ModelReference, Rule, Unknown

__all__ = ["Python"]


class Python:
    """References in Python files, followed through names, calls and modules."""

    name = "python"
    version = 1
    rules: tuple[Rule, ...] = ()

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Python files."""
        return path.suffix == ".py"

    def facts(self, file: File, /) -> Facts | None:
        """What is named where."""
        return None

    def link(
        self, facts: Mapping[str, Facts], /
    ) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """References of the whole project."""
        yield from ()

    def detect(self, file: File, /) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """References of one file by itself."""
        facts = self.facts(file)
        if facts:
            yield from self.link({str(file.path): facts})
