"""What a licence text means: first as people decided, else as an SPDX expression."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN, Licence

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NONE_DECLARED", "licence_of", "spdx_text"]

NONE_DECLARED = "none declared"  # a page that could state a licence was read and states none

# categories of the licence index that comes with license-expression -> our classes. A permissive or
# copyleft licence of that index is open to any use, but the index doesn't say whether the OSI
# approved it; the curated list does, for every licence that the data held when it was written
_CLASS_OF_CATEGORY = {
    "Permissive": "open-content",
    "Copyleft": "open-content",
    "Copyleft Limited": "open-content",
    "Public Domain": "open-content",
    "Free Restricted": "open-with-use-restrictions",
    "Source-available": "open-with-use-restrictions",
    "Proprietary Free": "custom",
    "Commercial": "proprietary",
}
# from the one that allows least; an AND of licences binds to all of them
_STRICTEST = ("proprietary", "custom", "open-with-use-restrictions", "open-content")


def licence_of(curated: Mapping[str, Licence], text: str | None) -> Licence:
    """The meaning of a licence text as a publisher wrote it; class "unknown" if nobody can say."""
    if text is None:
        return Licence("", UNKNOWN, "the source states no licence")
    if text == NONE_DECLARED:
        return Licence("NONE", "none-declared", "its page states none")
    found = curated.get(text) or curated.get(text.casefold())
    return found or _by_expression(text)


def spdx_text(expression: str) -> str | None:
    """An SPDX expression in its canonical spelling; None for what isn't one.

    A `LicenseRef-` is what SPDX provides for a licence that its list lacks, so it may stand.
    """
    parsed = _parsed(expression)
    if parsed is None:
        return None
    known = _categories()
    for symbol in parsed.symbols:
        if symbol.key not in known and not symbol.key.startswith("LicenseRef-"):
            return None
    return str(parsed.render())


@cache
def _by_expression(text: str) -> Licence:
    spdx = spdx_text(text) if len(text) <= 200 else None
    if spdx is None:
        return Licence("", UNKNOWN, "neither in the curated list nor an SPDX expression")
    categories = {_categories().get(symbol.key, "") for symbol in _parsed(text).symbols}
    classes = {_CLASS_OF_CATEGORY.get(category, UNKNOWN) for category in categories}
    chosen = next((each for each in _STRICTEST if each in classes), UNKNOWN)
    if UNKNOWN in classes or (len(classes) > 1 and " OR " in spdx):
        chosen = UNKNOWN
    named = ", ".join(sorted(category for category in categories if category)) or "no category"
    return Licence(spdx, chosen, f"an SPDX expression; its index says {named}")


def _parsed(text: str) -> Any:
    from license_expression import ExpressionError, ExpressionParseError

    try:
        return _licensing().parse(text)
    except (ExpressionError, ExpressionParseError, AttributeError, TypeError, ValueError):
        return None


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@cache
def _categories() -> dict[str, str]:
    from license_expression import get_license_index

    return {
        entry["spdx_license_key"]: entry["category"] or ""
        for entry in get_license_index()
        if entry.get("spdx_license_key") and not entry["is_deprecated"]
    }
