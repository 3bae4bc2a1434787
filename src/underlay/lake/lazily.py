"""Loading a library when it is first used, though a module imports it at its top."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["load_lazily"]


class _Later(ModuleType):
    """Stands for a module until somebody wants something of it.

    The standard library's `LazyLoader` won't do: Python 3.11 loads its module at `import` already.
    """

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def load_lazily(name: str) -> None:
    """Let the next `import name` bind a stand-in that loads the module at its first use.

    Ibis takes a quarter of a second to load, and a question whose SQL is prepared never uses it.
    A library that isn't there raises `ModuleNotFoundError` at that first use.
    """
    if name not in sys.modules:
        sys.modules[name] = _Later(name)
