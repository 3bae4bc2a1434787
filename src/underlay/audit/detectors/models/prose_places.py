"""Places of a document that make a word the name of a model: tables, flags, repetition.

A column headed `Model` holds models, as a key of that name does. What a flag for models takes is a
size of Whisper where the document speaks of it, and a name that a block of the same document loads
is that model wherever the text repeats it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from underlay.audit.findings import SURE
from underlay.audit.names.references import Candidate, Place, classify
from underlay.audit.names.sites import SPEECH_SIZE, bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Named", "in_tables", "repeated", "sizes"]

_RULE = re.compile(
    r"^[ \t]{0,12}\|?(?:[ \t]*:?-{1,200}:?[ \t]*\|){1,30}[ \t:-]{0,200}$", re.MULTILINE
)
# what a column is called that holds models, and what it is called where it tells of them
_HEAD = re.compile(
    r"(?i)(?:(?:default|base|full|hf|hugging ?face|ollama|embedding|chat|supported|llm|hub|"
    r"pretrained|available|our)[ _-]){0,2}(?:models?|checkpoints?|(?P<exact>"
    r"model[ _-](?:ids?|names?|path|tags?|cards?|repo(?:sitory)?|string|alias(?:es)?)|"
    r"(?:hf|hugging ?face)(?:[ _-](?:repo(?:sitory)?|path|id|name|link))?|"
    r"repo(?:sitory)?[ _-]ids?)|llms?|模型(?:名称|名)?|モデル名?|모델)"
)
_CELL = re.compile(r"[A-Za-z][\w./:@+-]{1,95}")
_MARKS = "`*_ \t\"'"
# `m3e-base`, `bce-reranker-base_v1`: lower case, of several parts
_LIKE_A_NAME = re.compile(r"(?=[^-]{2,20}-)[a-z][a-z0-9]*(?:[-_.][a-z0-9]+){1,6}")
_LONGEST = 100  # of a name
_MOST_ROWS = 300

_SPOKEN = re.compile(r"(?i)whisper")
_AS_FLAG = re.compile(
    rf"(?<![\w-])--(?:\w{{1,12}}[-_]){{0,2}}model(?:[-_](?:size|name|id))?(?:=|[ ]{{1,3}})[\"']?"
    rf"(?P<size>{SPEECH_SIZE.pattern})(?![\w./:-])"
)
_WORD = re.compile(
    r"(?<![\w./:@~$#%\\&=?-])[A-Za-z0-9][\w./:@+-]{3,95}(?<=\w)(?![\w/(=])", re.ASCII
)


class Named(NamedTuple):
    """A model and the offset of its name in the document."""

    candidate: Candidate
    start: int


def in_tables(source: str) -> Iterator[Named]:
    """The models in columns of tables that are headed so."""
    if "|" not in source:
        return
    done = 0
    for rule in _RULE.finditer(source):
        if rule.start() < done:
            continue  # a line of the table before
        above = source.rfind("\n", 0, max(0, rule.start() - 1)) + 1
        heads = [cell for _, cell in _cells(source, above, rule.start() - 1)]
        columns = {
            at: head["exact"] is not None
            for at, cell in enumerate(heads)
            if (head := _HEAD.fullmatch(cell.strip(_MARKS))) is not None
        }
        if not columns:
            continue
        is_doubled = any(columns.values())
        beside = _Beside()
        position = rule.end() + 1
        for _ in range(_MOST_ROWS):
            end = source.find("\n", position)
            end = len(source) if end < 0 else end
            if "|" not in source[position:end]:
                break
            cells = _cells(source, position, end)
            for at, is_exact in columns.items():
                # beside a column of exact names, the other one holds what people call them
                is_title = is_doubled and not is_exact
                named = _of_cell(*cells[at], is_title=is_title) if at < len(cells) else None
                if named is not None:
                    yield named
                if at < len(cells) and not is_title:
                    beside.add(at, *cells[at], is_model=named is not None)
            position = done = end + 1
        yield from beside


class _Beside:
    """The rest of columns of which most are names of models: theirs are too."""

    def __init__(self) -> None:
        self._known: Counter[int] = Counter()
        self._rest: dict[int, list[Named]] = {}

    def add(self, column: int, start: int, cell: str, *, is_model: bool) -> None:
        """One cell, and whether it is known to be a model."""
        self._known[column] += is_model
        text = cell.strip(_MARKS)
        if not is_model and _LIKE_A_NAME.fullmatch(text) is not None:
            candidate = Candidate(text, "hub", 0.55)
            self._rest.setdefault(column, []).append(Named(candidate, start + cell.find(text)))

    def __iter__(self) -> Iterator[Named]:
        for column, rest in self._rest.items():
            if self._known[column] > 1 and self._known[column] >= len(rest):
                yield from rest


def _cells(source: str, start: int, end: int) -> list[tuple[int, str]]:
    """The cells of one row, with their offsets."""
    row = source[start:end] if end - start < 5_000 else ""
    offset = start + len(row) - len(row.lstrip(" \t"))
    row = row.strip(" \t\r")
    if row.startswith("|"):
        row, offset = row[1:], offset + 1
    found = []
    for cell in row.removesuffix("|").split("|"):
        found.append((offset, cell))
        offset += len(cell) + 1
    return found


def _of_cell(start: int, cell: str, *, is_title: bool) -> Named | None:
    text = cell.strip(_MARKS)
    if _CELL.fullmatch(text) is None or len(text) > _LONGEST:
        return None
    place = Place(None, None, 0.6)
    found = classify(text, place)
    if (found is None or found.confidence <= SURE) and not is_title:
        found = bare_name(text, place)
    if found is None or found.kind == "file":
        return None
    return Named(found, start + cell.find(text))


def sizes(source: str) -> Iterator[Named]:
    """The sizes of Whisper behind `--model`, in a document that speaks of it."""
    if _SPOKEN.search(source) is None:
        return
    for flag in _AS_FLAG.finditer(source):
        yield Named(Candidate(flag["size"], "package", 0.6), flag.start("size"))


def repeated(source: str, known: Mapping[str, Candidate]) -> Iterator[Named]:
    """Where the text repeats names that a part of it loads, each a word of its own."""
    if not known:
        return
    for word in _WORD.finditer(source):
        if (candidate := known.get(word[0])) is not None:
            yield Named(candidate, word.start())
