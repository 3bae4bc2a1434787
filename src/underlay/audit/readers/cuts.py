"""What a reader leaves out of the file at hand because it would be too much.

Readers say so here, wherever they are called from; whoever looks at a file collects it afterwards,
so nothing is cut in silence. One file is looked at at a time, in one thread of each process.
"""

from __future__ import annotations

__all__ = ["collected", "cut"]

_REASONS: dict[str, None] = {}


def cut(reason: str) -> None:
    """Something of the file at hand was left out, and why: a sentence that names the limit."""
    _REASONS[reason] = None


def collected() -> list[str]:
    """The reasons since the last call, each once, in their order."""
    reasons = list(_REASONS)
    _REASONS.clear()
    return reasons
