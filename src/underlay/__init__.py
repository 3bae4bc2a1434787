"""Who leads each layer of the AI stack, and what that lead stands on.

>>> import underlay as ul
>>> ul.open().figure("downloads_share", by="country").to_pandas()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underlay.api import OpenLake
    from underlay.api import open_lake as open  # noqa: A004 - `underlay.open()` reads like a word
    from underlay.errors import UnderlayError
    from underlay.measures import Figure, Measure

__all__ = ["Figure", "Measure", "OpenLake", "UnderlayError", "__version__", "open"]

__version__ = "0.1.0"

_HOMES = {
    "Figure": ("underlay.measures", "Figure"),
    "Measure": ("underlay.measures", "Measure"),
    "OpenLake": ("underlay.api", "OpenLake"),
    "UnderlayError": ("underlay.errors", "UnderlayError"),
    "open": ("underlay.api", "open_lake"),
}


def __getattr__(name: str) -> object:
    """Load a public name on first use: `import underlay` alone costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'underlay' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(__all__)
