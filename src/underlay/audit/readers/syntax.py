"""Python source as a syntax tree: bounded, quiet, and read once for all detectors of a file."""

from __future__ import annotations

import ast
import gc
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
    if _depth(data) > 5 * _DEEPEST:  # only what is far beyond people's code is refused
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
                from underlay.audit.readers.python_mending import mended

                return ast.parse(mended(text.encode("utf-8", "replace")).decode("utf-8", "replace"))
    finally:
        if collects:
            gc.enable()


def _depth(data: bytes) -> int:
    """How deep brackets nest, those in texts too, where any closes any."""
    left = data.translate(None, _NO_BRACKETS)
    rounds = 0
    while left and rounds < _DEEPEST:  # pairs are taken out from the inside
        fewer = left.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(left):
            break
        left = fewer
        rounds += 1
    depth = deepest = 0
    for byte in left:
        depth = depth + 1 if byte in b"([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return rounds + deepest


_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"()[]{}")


_LAST: list[PythonSource] = []


def python_source(data: bytes) -> PythonSource:
    """The parsed bytes. The last one is kept, so detectors of one file share one parse."""
    if not _LAST or _LAST[0].data is not data:
        _LAST[:] = [PythonSource(data)]
    return _LAST[0]
