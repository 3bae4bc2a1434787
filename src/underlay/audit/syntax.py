"""Python source as a syntax tree: bounded, quiet, and read once for all detectors of a file."""

from __future__ import annotations

import ast
import gc
import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PythonSource", "python_source"]

_LONGEST = 4_000_000  # bytes; ast needs about 100 times the size of what it reads
_DEEPEST = 180  # brackets in brackets; CPython's own parser stops at 200
_MENDS = 8
_LONGEST_MENDED = 500_000
_MAGIC = re.compile(rb"(?m)^([ \t]*)([%!]{1,2}[A-Za-z][^\n]*)$")
_COMPOUND = frozenset(("block", "module"))


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
    return f"not Python that can be parsed: {type(error).__name__}"


def _parse(data: bytes) -> ast.Module:
    if len(data) > _LONGEST:
        raise ValueError("too long")
    if b"\0" in data:
        raise ValueError("zero bytes")
    if _depth(data) > _DEEPEST:
        raise RecursionError
    collects = gc.isenabled()
    gc.disable()  # trees have no cycles; collecting while they grow doubles the time
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" of other people's strings
            text = data.decode("utf-8-sig", errors="replace")
            try:
                return ast.parse(text)
            except SyntaxError:
                return _parse_mended(text)
    finally:
        if collects:
            gc.enable()


def _parse_mended(text: str) -> ast.Module:
    """The tree of a text that this Python can't parse, without the statements that it can't.

    Source of a newer Python (`type X = int`, `def f[T]()`, quotes of one kind in each other), of an
    older one (`print "x"`), of IPython and of templates. What is taken out is replaced by blanks,
    so that the rest keeps its lines and columns.
    """
    data = _MAGIC.sub(_no_magic, text.encode("utf-8", "replace"))
    root = _tolerant(data)
    mended = bytearray(data)
    for part in dict.fromkeys(_mendable(root, data)):
        _blank(mended, part)
    for _ in range(_MENDS):
        try:
            return ast.parse(mended.decode("utf-8", "replace"))
        except SyntaxError as error:
            statement = _statement_at(root, (error.lineno or 1) - 1)
            if statement is None or not _blank(mended, statement):
                raise
    return ast.parse(mended.decode("utf-8", "replace"))


def _no_magic(line: re.Match[bytes]) -> bytes:
    return line[1] + b"pass".ljust(len(line[2]))[: max(len(line[2]), 4)]


class _Part(NamedTuple):
    """A piece of the source that is taken out: `statement`, `text` or `other`."""

    start: int
    end: int
    kind: str


def _tolerant(data: bytes) -> Any:
    """A tree in which what is no Python is marked. Raises `ValueError` where that is too much work.

    The bound is a count of the parser's own steps and no time, so a second run gives the same.
    """
    import tree_sitter
    import tree_sitter_python

    if len(data) > _LONGEST_MENDED:
        raise ValueError("too long to be mended")
    left = len(data) // 40 + 1_000  # people's code takes one step in about 110 bytes

    def stop(*_: object) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def read(offset: int, _: object) -> bytes:
        return data[offset : offset + 65_536]

    language = tree_sitter.Language(tree_sitter_python.language())
    return tree_sitter.Parser(language).parse(read, progress_callback=stop).root_node


def _mendable(root: Any, data: bytes) -> Iterator[_Part]:
    """What other Pythons, or none, can parse."""
    stack = [(root, _Part(0, len(data), "other"))]
    while stack:
        node, statement = stack.pop()
        kind, start, end = node.type, node.start_byte, node.end_byte
        if kind in ("print_statement", "exec_statement", "type_alias_statement"):
            yield _Part(start, end, "statement")
        elif kind == "type_parameter":
            yield _Part(start, end, "other")
        elif kind == "string" and _is_newer(node, data):
            yield _Part(start, end, "text")
        elif kind == "ERROR" or node.is_missing:
            yield statement
        elif kind in _COMPOUND:
            stack.extend((c, _Part(c.start_byte, c.end_byte, "statement")) for c in node.children)
        else:
            stack.extend((child, statement) for child in node.children)


def _is_newer(node: Any, data: bytes) -> bool:
    """Whether a string nests quotes or backslashes as only Python 3.12 and later can."""
    children = node.children
    inner = [data[c.start_byte : c.end_byte] for c in children if c.type == "interpolation"]
    if not inner:
        return False
    quote = data[children[0].start_byte : children[0].end_byte].lstrip(b"fFrRbBuUtT")
    return any(quote in part or b"\\" in part or b"#" in part for part in inner)


def _statement_at(root: Any, row: int) -> _Part | None:
    """The innermost statement that spans a line."""
    found, node = None, root
    while True:
        for child in node.children:
            if child.start_point[0] <= row <= child.end_point[0]:
                if node.type in _COMPOUND:
                    found = _Part(child.start_byte, child.end_byte, "statement")
                node = child
                break
        else:
            return found


def _blank(data: bytearray, part: _Part) -> bool:
    """Put blanks in a part's place, and what has to stand there; false where that was done."""
    held = bytes(data[part.start : part.end])
    kept = re.sub(rb"[^\n]", b" ", held)
    if part.kind == "text":
        quote = b'"""' if b"\n" in kept else b'"'
        if len(kept) >= 2 * len(quote):
            kept = quote + kept[len(quote) : len(kept) - len(quote)] + quote
    elif part.kind == "statement" and len(kept) >= 4 and b"\n" not in kept[:4]:
        kept = b"pass" + kept[4:]  # a block may not be empty
    data[part.start : part.end] = kept
    return held != kept


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
