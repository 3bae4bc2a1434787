"""Names of models and components in other tools' formats: package URLs, references, licence ids."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packageurl import PackageURL

__all__ = ["component_purl", "is_spdx_id", "model_purl", "reference_id"]

_SIMPLE = re.compile(r"[A-Za-z0-9.+-]+")
_PURL_TYPES = {
    "package": "pypi", "npm": "npm", "crate": "cargo", "go": "golang", "maven": "maven",
    "nuget": "nuget", "gem": "gem", "composer": "composer", "swift": "swift",
}  # fmt: skip


def reference_id(kind: str, name: str) -> str:
    """A reference that is unique in a bill and the same in every run."""
    digest = hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()[:12]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")[:80]
    return f"{kind}-{readable}-{digest}"


def model_purl(canonical: str, revision: str | None) -> PackageURL | None:
    """The package URL of a hub's model; other platforms have no registered type."""
    from packageurl import PackageURL

    platform, _, name = canonical.partition(":")
    if platform != "huggingface" or not name:
        return None
    namespace, _, last = name.rpartition("/")
    return PackageURL("huggingface", namespace or None, last, revision)


def component_purl(component: str, version: str | None) -> PackageURL | None:
    """The package URL of a package; None for images, toolchains, devices and the like."""
    from packageurl import PackageURL

    kind, _, name = component.partition(":")
    name = name.partition("[")[0]
    if kind not in _PURL_TYPES or not name:
        return None
    if kind == "maven":
        name = name.replace(":", "/")
    elif kind == "swift":
        name = f"github.com/{name}"
    namespace, _, last = name.rpartition("/")
    exact = version if version and re.fullmatch(r"v?\d[\w.+-]*", version) else None
    return PackageURL(_PURL_TYPES[kind], namespace or None, last, exact)


def is_spdx_id(text: str) -> bool:
    """Whether a text is one licence of SPDX's list."""
    return bool(_SIMPLE.fullmatch(text)) and text in _spdx_ids()


@cache
def _spdx_ids() -> frozenset[str]:
    from license_expression import get_spdx_licensing

    known = get_spdx_licensing().known_symbols
    return frozenset(
        key for key, symbol in known.items()
        if not key.startswith("LicenseRef-") and not symbol.is_exception
    )  # fmt: skip
