"""What part a file plays in a project, told from its path."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from underlay.audit.findings import Role

__all__ = ["role_of"]

_TEST_FOLDERS = frozenset(
    ("test", "tests", "__tests__", "testing", "testdata", "test_data", "e2e", "spec", "specs",
     "unit_tests", "integration_tests", "fixtures", "__mocks__", "mocks", "cypress", "unittests")
)  # fmt: skip
_TEST_FILE = re.compile(
    r"(?:^tests?[_-].*|^tests?$|.*[_-]tests?|^conftest|.*\.(?:test|spec|e2e|stories))\.[a-z]+$",
    re.IGNORECASE,
)
_DOC_FOLDERS = frozenset(("doc", "docs", "documentation", "website"))
_DOC_ENDINGS = frozenset((".md", ".mdx", ".rst", ".adoc", ".qmd", ".rmd", ".txt"))
_NO_PROSE = re.compile(r"(?:requirements|constraints|cmakelists).*\.txt$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def role_of(path: PurePosixPath) -> Role | None:
    """`test` or `doc` where the path says so, else None: then the place in the file decides."""
    folders = {part.lower() for part in path.parts[:-1]}
    if folders & _TEST_FOLDERS or _TEST_FILE.match(path.name):
        return "test"
    if path.suffix.lower() in _DOC_ENDINGS and not _NO_PROSE.match(path.name):
        return "doc"
    if folders & _DOC_FOLDERS:
        return "doc"
    return None
