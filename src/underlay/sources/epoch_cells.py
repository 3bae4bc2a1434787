"""How Epoch AI writes dates, ticks and column names in its CSV exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.tables import Columns

__all__ = ["iso_date", "renamed", "ticked"]

_AMERICAN = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$")


def iso_date(text: str) -> str:
    """`M/D/YYYY` or `M/D/YY` (this century) as `YYYY-MM-DD`; any other text as it is."""
    match = _AMERICAN.match(text.strip())
    if not match:
        return text
    month, day, year = (int(part) for part in match.groups())
    return f"{year if year > 99 else 2000 + year:04d}-{month:02d}-{day:02d}"


def ticked(text: str | None) -> bool:
    """Whether a tick box is set: exports write `checked`, `TRUE` or `True`, and leave out no."""
    return (text or "").strip().lower() in ("checked", "true")


def renamed(
    columns: Columns, names: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Columns:
    """Columns under our names: ours -> the publisher's spellings, of which the first one there.

    One that is there under no spelling is left out; raises `SchemaError` if it is in `required`.
    """
    found = {}
    for name, spellings in names.items():
        present = [spelling for spelling in spellings if columns.has(spelling)]
        if present:
            found[name] = present[0]
        elif name in required:
            columns.require(spellings[0])
    return columns.select(found)
