"""Python that this Python can't parse, made such that it can: what is wrong becomes blanks.

Source of a newer Python (`type X = int`, `def f[T]()`, quotes of one kind in each other), of an
older one (`print "x"`, `except E, e`), of IPython, of templates, and what is no Python at all. It
is done with Python's own parser, statement by statement, on a budget of bytes: a parser that
recovers from errors by itself needs memory without bound for some of them.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["mended"]

_TIMES, _FIXED = 20, 200_000  # bytes that are parsed, for each byte of the source and in all
_EACH = 100  # what asking the parser costs, in bytes
_MENDS = 60  # of one top-level statement

_MAGIC = re.compile(rb"(?m)^([ \t]*)([%!]{1,2}[A-Za-z][^\n]*)$")
_TOKEN = re.compile(rb"#[^\n]*|\"\"\"|'''|[\"'\[({\])}\n]|\\\r?\n")
_STRING_ENDS = {
    b'"': re.compile(rb'(?s:\\.|[^\\\n"])*+"'),
    b"'": re.compile(rb"(?s:\\.|[^\\\n'])*+'"),
    b'"""': re.compile(rb'(?s)(?:\\.|[^\\"]|"(?!""))*+"""'),
    b"'''": re.compile(rb"(?s)(?:\\.|[^\\']|'(?!''))*+'''"),
}
# begins a statement even where a bracket was never closed
_FRESH = re.compile(rb"(?:def|class|import|from|if|for|while|try|with|return|async|@)\b|@")
_GOES_ON = re.compile(rb"(?:else|elif|except|finally)\b|[)\]}]")
_BEGINNING = re.compile(rb"[ \t\f]*(?P<word>[A-Za-z_]*)")
_HEADER = re.compile(rb":[ \t]*(?:#[^\n]*)?\s*$")
_HEADERS = {
    b"elif": b"elif 1:", b"else": b"else:", b"except": b"except:", b"finally": b"finally:",
    b"def": b"def _():", b"class": b"class _:", b"try": b"try:",
}  # fmt: skip
_STATEMENT = re.compile(rb"(^|[;:])([ \t]*)(print|exec)\b(?![ \t]*[=(.\[])")
_PARAMETERS = re.compile(
    rb"^(\s*(?:async\s+)?(?:def|class)\s+\w+\s*)(\[[^\[\]\n]{0,300}(?:\[[^\[\]\n]{0,300}\][^\[\]\n]"
    rb"{0,300}){0,9}\])"
)
_EXCEPT = re.compile(rb"^(\s*except\s+[\w.]+)(\s*,[^:\n]{0,200})(?=:)")
_FORMATTED = re.compile(rb"\b(?:[fFtT][rR]?|[rR][fFtT])(?P<quote>\"\"\"|'''|\"|')")
_INSIDE = re.compile(rb"\\.|\{\{|\}\}|\"\"\"|'''|[{}\"'\n]", re.DOTALL)


@dataclass(slots=True)
class _Line:
    """A logical line: a statement, or the head of a compound one."""

    start: int
    end: int
    row: int  # from 0
    tried: int = 0


def mended(data: bytes) -> bytes:
    """The bytes, which are UTF-8, with what can't be parsed taken out; the rest keeps its place."""
    made = bytearray(_MAGIC.sub(_no_magic, data))
    lines = list(_lines(bytes(made)))
    left = _TIMES * len(made) + _FIXED
    lost: list[int] = []
    for block in _blocks(bytes(made), lines):
        left = _mend(made, block, left, lost)
    if lost:
        where = f"line {min(lost)}" if len(lost) == 1 else f"{len(lost)} places from {min(lost)} on"
        cut(f"not Python that can be parsed: {where} left out")
    return bytes(made)


def _no_magic(line: re.Match[bytes]) -> bytes:
    return line[1] + b"pass".ljust(len(line[2]))[: max(len(line[2]), 4)]


def _lines(data: bytes) -> Iterator[_Line]:
    """The logical lines, blank ones with the one before them."""
    start = row = first = depth = position = 0
    hopeless: set[bytes] = set()  # quotes that nothing closes, so that none is sought again
    while match := _TOKEN.search(data, position):
        token, position = match[0], match.end()
        if token in _STRING_ENDS:
            if token in hopeless:
                continue
            end = _STRING_ENDS[token].match(data, position)
            if end is None:
                hopeless.add(token)
            else:
                row += data.count(b"\n", position, end.end())
                position = end.end()
        elif token in b"[({":
            depth += 1
        elif token in b"])}":
            depth = max(0, depth - 1)
        elif token == b"\n":
            row += 1
            hopeless -= {b'"', b"'"}
            if depth and not _FRESH.match(data, position):
                continue
            depth = 0
            if data[position : position + 1] not in b"\r\n#":
                yield _Line(start, position, first)
                start, first = position, row
        elif token[:1] == b"\\":
            row += 1
    if start < len(data):
        yield _Line(start, len(data), first)


def _blocks(data: bytes, lines: list[_Line]) -> Iterator[list[_Line]]:
    """The top-level statements, each with the lines of its body."""
    block: list[_Line] = []
    decorated = False
    for line in lines:
        first = data[line.start : line.start + 1]
        is_top = not first.isspace() and not _GOES_ON.match(data, line.start)
        if is_top and block and not decorated:
            yield block
            block = []
        decorated = first == b"@"
        block.append(line)
    if block:
        yield block


def _mend(data: bytearray, block: list[_Line], left: int, lost: list[int]) -> int:
    """Blank what is wrong in one top-level statement; gives the bytes that may still be parsed."""
    start, end = block[0].start, block[-1].end
    rows = [line.row for line in block]
    is_eased = False
    for _ in range(_MENDS):
        left -= end - start + _EACH
        if left < 0:
            break
        try:
            ast.parse(data[start:end].decode("utf-8", "replace"))
        except SyntaxError as error:
            if not is_eased:  # all at once: the parser names one at a time
                is_eased = True
                if _ease(data, block):
                    continue
            stated = re.search(r"expected an indented block .*on line (\d+)", error.msg)
            number = int(stated[1]) if stated else error.lineno or 1
            index = max(0, bisect_right(rows, rows[0] + number - 1) - 1)
            line = block[index]
            if error.msg.startswith("unexpected indent"):
                line.tried = max(line.tried, 1)
            if line.tried > 1:
                break
            _take_out(data, line)
        except (ValueError, RecursionError, MemoryError, OverflowError):
            break
        else:
            return left
    _blank(data, start, end)
    lost.append(block[0].row + 1)
    return left


def _ease(data: bytearray, block: list[_Line]) -> bool:
    """Write what other Pythons write in another way in a way of this one, where there is any."""
    found = False
    for line in block:
        held = bytes(data[line.start : line.end])
        made = _eased(held)
        if made != held:
            found = True
            data[line.start : line.end] = made
    return found


def _take_out(data: bytearray, line: _Line) -> None:
    """Put a harmless line in a line's place, or nothing at the second time."""
    held = bytes(data[line.start : line.end])
    data[line.start : line.end] = _harmless(held) if line.tried == 0 else _blanks(held)
    line.tried += 1


def _eased(held: bytes) -> bytes:
    """The line with what other Pythons write in another way."""
    made = _PARAMETERS.sub(lambda m: m[1] + _blanks(m[2]), held)
    made = _EXCEPT.sub(lambda m: m[1] + _blanks(m[2]), made)
    made = _STATEMENT.sub(lambda m: m[1] + m[2] + b"0,".ljust(len(m[3])), made)
    pieces, position = [], 0
    while match := _FORMATTED.search(made, position):
        end = _end_of_formatted(made, match.end(), match["quote"])
        literal = made[match.start() : end]
        pieces.append(made[position : match.start()])
        pieces.append(literal if _parses(literal) else _empty(literal, match["quote"]))
        position = end
    return b"".join((*pieces, made[position:]))


def _end_of_formatted(data: bytes, position: int, quote: bytes) -> int:
    """Where an f-string ends whose expressions may hold the quotes that it stands in."""
    depth = 0
    while match := _INSIDE.search(data, position):
        token, position = match[0], match.end()
        if token == b"{":
            depth += 1
        elif token == b"}":
            depth = max(0, depth - 1)
        elif token == quote and not depth:
            return position
        elif token == b"\n" and len(quote) == 1:
            return match.start()
        elif depth and token in _STRING_ENDS:
            end = _STRING_ENDS[token].match(data, position)
            if end is None:
                return position
            position = end.end()
    return len(data)


def _parses(literal: bytes) -> bool:
    try:
        ast.parse(literal.decode("utf-8", "replace"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _empty(literal: bytes, quote: bytes) -> bytes:
    """An empty text of the same length."""
    kept = _blanks(literal)
    mark = b'"""' if b"\n" in kept else quote
    if len(kept) < 2 * len(mark):
        return kept
    return mark + kept[len(mark) : len(kept) - len(mark)] + mark


def _harmless(held: bytes) -> bytes:
    """A statement of the same length and indentation that says nothing."""
    beginning = _BEGINNING.match(held)
    indent = held[: beginning.start("word")] if beginning else b""
    word = beginning["word"] if beginning else b""
    stand_in = b"0"
    if _HEADER.search(held):
        stand_in = _HEADERS.get(word, b"if 1:")
    rest = _blanks(held[len(indent) :])
    room = len(rest) - len(rest.lstrip(b" "))
    if room < len(stand_in):
        return _blanks(held)
    return indent + stand_in + rest[len(stand_in) :]


def _blank(data: bytearray, start: int, end: int) -> None:
    data[start:end] = _harmless(_blanks(bytes(data[start:end])))


def _blanks(held: bytes) -> bytes:
    return re.sub(rb"[^\n]", b" ", held)
