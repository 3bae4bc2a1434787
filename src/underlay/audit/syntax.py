"""Python source as a syntax tree: bounded, quiet, and read once for all detectors of a file."""

from __future__ import annotations

import ast
import gc
import re
import warnings

__all__ = ["PythonSource", "python_source"]

_LONGEST = 4_000_000  # bytes; ast needs about 100 times the size of what it reads
_DEEPEST = 180  # brackets in brackets; CPython's own parser stops at 200
_LONGEST_MENDED = 500_000


class PythonSource:
    """A parsed file: `tree`, or `problem` where it can't be parsed."""

    __slots__ = ("data", "problem", "tree")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.tree: ast.Module | None = None
        self.problem: str | None = None
        try:
            self.tree = _parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            self.problem = _reason(error)


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"not Python that can be parsed: {error.msg} at line {error.lineno or 0}"
    if isinstance(error, RecursionError | MemoryError):
        return "not Python that can be parsed: it nests too deep"
    return f"not Python that can be parsed: {error}"


def _parse(data: bytes) -> ast.Module:
    if len(data) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} bytes")
    if b"\0" in data:
        raise ValueError("zero bytes")
    if _depth(data) > _DEEPEST:
        raise ValueError(f"brackets nest deeper than {5 * _DEEPEST}")
    collects = gc.isenabled()
    gc.disable()  # trees have no cycles; collecting while they grow doubles the time
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" of other people's strings
            text = data.decode("utf-8-sig", errors="replace")
            try:
                return ast.parse(text)
            except SyntaxError:
                if len(data) > _LONGEST_MENDED:
                    raise
                from underlay.audit.python_mending import mended

                return ast.parse(mended(text.encode("utf-8", "replace")).decode("utf-8", "replace"))
    finally:
        if collects:
            gc.enable()


def _depth(data: bytes) -> int:
    """A cheap upper bound of how deep brackets nest."""
    if data.count(b"(") + data.count(b"[") + data.count(b"{") < _DEEPEST:
        return 0
    depth = deepest = 0
    for match in re.finditer(rb"[][(){}]+", data):
        for byte in match[0]:
            if byte in b"([{":
                depth += 1
                deepest = max(deepest, depth)
            elif depth:
                depth -= 1
        if deepest > 5000:
            break
    # brackets in strings count too, so only what is far beyond real code is refused
    return deepest if deepest > 5 * _DEEPEST else 0


_LAST: list[PythonSource] = []


def python_source(data: bytes) -> PythonSource:
    """The parsed bytes. The last one is kept, so detectors of one file share one parse."""
    if not _LAST or _LAST[0].data is not data:
        _LAST[:] = [PythonSource(data)]
    return _LAST[0]
