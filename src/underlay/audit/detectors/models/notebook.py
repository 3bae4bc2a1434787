"""Notebooks: the Python of their cells, each line at its place in the file."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import ModelReference, Rule
from underlay.audit.names.roles import role_of
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import Facts, File, Unknown
    from underlay.audit.readers.documents import Node

__all__ = ["Cell", "Notebook", "NotebookCode", "notebook_cells", "notebook_code", "notebook_facts"]

_MOST_LINES = 50_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its kind (`code`, `markdown`), and each line's text and place in the file."""

    kind: str
    lines: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class NotebookCode:
    """All code cells as one text; magics and shell lines are left out, line by line."""

    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """The Python of all cells."""
        return "\n".join(self.lines)

    def position(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file for a line and column of the text, all counted from 1."""
        if not 1 <= line <= len(self.places):
            return 0, 0
        in_file, start = self.places[line - 1]
        before = self.lines[line - 1][: column - 1]
        # a quote and a backslash are written with a backslash before them
        return in_file, start + column - 1 + before.count('"') + before.count("\\")


@lru_cache(maxsize=1)
def notebook_cells(data: bytes) -> tuple[Cell, ...]:
    """The cells of a notebook's bytes; none where it is no notebook."""
    from underlay.audit.readers.documents import read_json

    text = data.decode("utf-8-sig", errors="replace")
    document = read_json(text)
    cells: list[Cell] = []
    for root in document.roots[:1]:
        held = root.get("cells")
        groups = [held] if held is not None else []
        sheets = root.get("worksheets")  # notebooks of before 2015
        if sheets is not None:
            groups += [
                found for sheet in sheets.values if (found := sheet.get("cells")) is not None
            ]
        for group in groups:
            cells.extend(_cell(node) for node in group.values if node.kind == "map")
    return tuple(cells)


def _cell(node: Node) -> Cell:
    kind = node.text_of("cell_type") or ""
    source = node.get("source") or node.get("input")
    lines: list[tuple[str, int, int]] = []
    if source is None:
        pieces: list[Node] = []
    else:
        pieces = source.values if source.kind == "list" else [source]
    for piece in pieces:
        if piece.kind != "text":
            continue
        column = piece.column + 1  # behind the quote
        for number, text in enumerate(piece.text.split("\n")):
            if number and not text and number == piece.text.count("\n"):
                continue  # what follows the last line break
            lines.append((text, piece.line, column))
            # escapes are longer in the file than in the text: \" and \\ count twice, \n too
            column += len(text) + text.count('"') + text.count("\\") + 2
    return Cell(kind, tuple(lines))


def notebook_code(data: bytes) -> NotebookCode:
    """The code of a notebook as one Python text.

    A cell that isn't Python by itself, where the whole can't be parsed, becomes empty lines.
    """
    cells = [cell for cell in notebook_cells(data) if cell.kind == "code" and cell.lines]
    pieces = [_python_lines(cell) for cell in cells]
    if not _parses("\n".join(line for piece in pieces for line in (*piece, ""))):
        pieces = [p if _parses("\n".join(p)) else [""] * len(p) for p in pieces]
    texts: list[str] = []
    places: list[tuple[int, int]] = []
    for cell, piece in zip(cells, pieces, strict=True):
        if len(texts) > _MOST_LINES:
            cut(f"more than {_MOST_LINES} lines of code: the rest is not read")
            break
        texts.extend((*piece, ""))
        places.extend((line, column) for _, line, column in cell.lines)
        places.append(places[-1])
    return NotebookCode(tuple(texts), tuple(places))


def _parses(text: str) -> bool:
    from underlay.audit.readers.syntax import PythonSource

    return PythonSource(text.encode("utf-8", "replace")).tree is not None


def _python_lines(cell: Cell) -> list[str]:
    """The lines of a cell, with magics and shell lines taken out."""
    texts: list[str] = []
    first = cell.lines[0][0].lstrip()
    own = ("%%time", "%%capture", "%%timeit")
    foreign = first.startswith("%%") and not first.startswith(own)
    continued = False
    for text, _, _ in cell.lines:
        stripped = text.lstrip()
        magic = continued or stripped.startswith(("%", "!", "?"))
        continued = magic and text.rstrip().endswith("\\")
        indent = text[: len(text) - len(stripped)]
        texts.append("" if foreign else f"{indent}pass" if magic else text)
    return texts


def notebook_facts(data: bytes) -> Facts | None:
    """Facts of the notebook's Python, at places of the file."""
    from underlay.audit.detectors.models.python import facts_of_source

    code = notebook_code(data)
    if not code.text.strip():
        return None
    facts = facts_of_source(code.text.encode("utf-8", "replace"))
    if facts is None or "problem" in facts:
        return facts
    moved: Facts = _moved(facts, code)
    return moved


def _moved(value: Any, code: NotebookCode) -> Any:
    """Facts with each place in the text replaced by the place in the file."""
    moved = dict(value)
    if "sinks" in value:
        moved["sinks"] = [
            [*sink[:7], _at(sink[7], code), {k: _within(v, code) for k, v in sink[8].items()},
             code.position(sink[9], 1)[0]]
            for sink in value["sinks"]
        ]  # fmt: skip
    if "bind" in value:
        moved["bind"] = {
            key: [[scope, _at(held, code)] for scope, held in found]
            for key, found in value["bind"].items()
        }
    if "func" in value:
        moved["func"] = {
            name: {**known, "d": {k: _at(v, code) for k, v in known["d"].items()},
                   "r": [_at(v, code) for v in known["r"]]}
            for name, known in value["func"].items()
        }  # fmt: skip
    if "calls" in value:
        moved["calls"] = {
            name: [
                [called, [_at(v, code) for v in given], _all(named, code), scope]
                for called, given, named, scope in found
            ]
            for name, found in value["calls"].items()
        }
    for key in ("options", "env"):
        if key in value:
            moved[key] = {name: _at(held, code) for name, held in value[key].items()}
    if "commands" in value:
        moved["commands"] = [
            [[word, *code.position(line, column)] for word, line, column in words]
            for words in value["commands"]
        ]
    if "marks" in value:
        moved["marks"] = {
            "{}:{}".format(*code.position(*map(int, place.split(":")))): role
            for place, role in value["marks"].items()
        }
    if "prose" in value:
        moved["prose"] = [[text, *code.position(line, column), *rest]
                          for text, line, column, *rest in value["prose"]]  # fmt: skip
    return moved


def _all(named: Any, code: NotebookCode) -> Any:
    return {key: _at(held, code) for key, held in named.items()}


def _within(more: Any, code: NotebookCode) -> Any:
    """Values among what else a sink says."""
    if isinstance(more, list) and more and (isinstance(more[0], list) or more[0] is None):
        return [_at(item, code) for item in more]
    return _at(more, code) if isinstance(more, list) else more


def _at(value: Any, code: NotebookCode) -> Any:
    """A value with its places moved."""
    if not isinstance(value, list) or not value:
        return value
    if value[0] == "s":
        line, column = value[2], value[3]
        return ["s", value[1], *(code.position(line, column) if line else (0, 0))]
    if value[0] == "+":
        return ["+", *code.position(value[1], value[2]), *(_at(part, code) for part in value[3:])]
    if value[0] == "d":
        return ["d", *([_at(key, code), _at(item, code)] for key, item in value[1:])]
    if value[0] == "c":
        named = {key: _at(item, code) for key, item in value[3].items()}
        return ["c", value[1], [_at(item, code) for item in value[2]], named]
    return [value[0], *(_at(part, code) for part in value[1:])]


class Notebook:
    """What notebooks name outside their Python: in shell lines and in their text.

    Their Python is read by the Python detector.
    """

    name = "notebook"
    version = 2
    rules = (
        Rule(
            "notebook/prose",
            "A model's name or its address on a hub in a cell of text.",
        ),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Notebooks."""
        return path.suffix == ".ipynb" and size > 0

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """Models of shell lines (by the rules for scripts), names and addresses in text."""
        from underlay.audit.detectors.models.python import may_name_a_model

        data = file.data
        if not any(word in data for word in _TELLING) and not may_name_a_model(data):
            return
        cells = notebook_cells(file.data)
        if not cells and file.data.strip():
            return
        for cell in cells:
            if cell.kind == "code":
                yield from _shell(file, cell)
            else:
                yield from _prose(file, cell)


_TELLING = (b"!", b"%%", b"%pip", b"huggingface.co/", b"hf.co/", b"ollama.com/")


def _shell(file: File, cell: Cell) -> Iterator[ModelReference | Unknown]:
    from underlay.audit.detectors.models.command_lines import shell_models
    from underlay.audit.readers.documents import Fragment

    role = role_of(file.path) or "use"
    if not cell.lines:
        return
    is_shell = cell.lines[0][0].lstrip().startswith(("%%bash", "%%sh", "%%script bash", "%%!"))
    held: list[tuple[str, int, int]] = []
    for number, (text, line, column) in enumerate(cell.lines):
        start = len(text) - len(text.lstrip())
        if held or (is_shell and number) or text[start : start + 1] == "!":
            held.append((text, line, column))
            if text.rstrip().endswith("\\"):
                continue
            # a command over several lines is one text; its lines lie one below the other
            first = held[0]
            offset = 0 if is_shell else len(first[0]) - len(first[0].lstrip()) + 1
            joined = "\n".join([first[0][offset:], *(text for text, _, _ in held[1:])])
            fragment = Fragment.anchored(joined, first[1], first[2] + offset)
            yield from shell_models(fragment, file.path, role)
            held = []


def _prose(file: File, cell: Cell) -> Iterator[ModelReference]:
    from underlay.audit.names.mentions import mentions

    text = "\n".join(written for written, _, _ in cell.lines)
    starts, at = [], 0
    for written, _, _ in cell.lines:
        starts.append(at)
        at += len(written) + 1
    for one in mentions(text):
        found = one.candidate
        number = bisect_right(starts, one.start) - 1
        content, line, column = cell.lines[number]
        before = content[: one.start - starts[number]]
        yield ModelReference(
            ref=found.ref,
            kind=found.kind,
            role=role_of(file.path) or "doc",
            file=str(file.path),
            line=line,
            column=column + len(before) + before.count('"') + before.count("\\"),
            rule="notebook/prose",
            evidence="a cell of text",
            confidence=0.55,
            alias=one.is_local and found.kind == "hosted",
            operator=found.operator,
            revision=found.revision,
            weight_file=found.weight_file,
            flags=found.flags,
        )
