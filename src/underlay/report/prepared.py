"""Spreads computed beforehand: of one lake, by one code, and void with any other.

A spread goes over thousands of definitions. The report on the embedded snapshot asks for the same
ones each time, so they are computed when the snapshot is made, and kept with what they rest on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from underlay.report.ask import Prepared

__all__ = ["read_spreads", "write_spreads"]


def read_spreads(path: Path, code: str, lake: str) -> dict[str, Prepared]:
    """The spreads at `path`; none if there are none, or other code or another lake gave them."""
    try:
        content: Any = json.loads(path.read_bytes())
        if content["code"] != code or content["lake"] != lake:
            return {}
        found: dict[str, Prepared] = content["spreads"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def write_spreads(path: Path, code: str, lake: str, spreads: Mapping[str, Prepared]) -> None:
    """Write them as one file; parties keep their order, which is that of their leads."""
    content = {"code": code, "lake": lake, "spreads": dict(sorted(spreads.items()))}
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
