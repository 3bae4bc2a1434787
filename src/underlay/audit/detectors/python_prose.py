"""Comments and docstrings of Python: only what a rule believes, with little weight."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from underlay.audit.references import Place, classify, key_strength

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["prose_of"]

_MOST = 2_000
_LONGEST = 500  # characters of a line
_COMMENT = re.compile(rb"(?m)^[ \t]*#(.*)$")
_TELLS = re.compile(r"huggingface\.co/|hf\.co/|ollama\.com/library|modelscope\.c|[\"']")
_URL = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com|modelscope\.cn|tfhub\.dev)/[\w./@%+:-]+|"
    r"https?://[\w.-]+/[\w./@%+:-]+\.(?:pth|pt|ckpt|safetensors|gguf|onnx|tflite)(?![\w.])"
)
# `model = "..."`, `model="..."`, `"model": "..."`, and the first argument of a loader
_SET = re.compile(
    r"([A-Za-z_][\w.]{0,60})[\"']?\s{0,4}(?::\s{0,4}\w{1,40}\s{0,4})?[=:(]\s{0,4}[\"']([^\"'\s]{2,120})[\"']"
)
_LOADERS = (
    "from_pretrained",
    "SentenceTransformer",
    "snapshot_download",
    "hf_hub_download",
    "CrossEncoder",
)


def prose_of(
    data: bytes, docstrings: list[ast.expr], quoted: list[tuple[int, int]]
) -> list[list[Any]]:
    """`[text, line, column, kind, confidence, expects]` of comments and docstrings.

    `kind` is `comment` or `doc`. `quoted` are the lines of strings of several lines: a `#` there
    starts no comment.
    """
    found: list[list[Any]] = []
    if b"#" in data and (b"huggingface.co" in data or b"hf.co" in data or b"odel" in data):
        found.extend(_comments(data, docstrings, quoted))
    for node in docstrings:
        text = node.value if isinstance(node, ast.Constant) else ""
        if not isinstance(text, str) or not _TELLS.search(text):
            continue
        for number, line_text in enumerate(text.splitlines()):
            column = node.col_offset + 4 if number == 0 else 1
            found.extend(_line(line_text, node.lineno + number, column, "doc"))
        if len(found) > _MOST:
            break
    return found


def _comments(
    data: bytes, docstrings: list[ast.expr], quoted: list[tuple[int, int]]
) -> Iterator[list[Any]]:
    taken: set[int] = set()
    for first, last in [*quoted, *((d.lineno, d.end_lineno or 0) for d in docstrings)]:
        taken.update(range(first + 1, last + 1))
    line, at = 1, 0
    for match in _COMMENT.finditer(data):
        text = match[1].decode("utf-8", "replace")
        if not _TELLS.search(text):
            continue
        line += data.count(b"\n", at, match.start(1))
        at = match.start(1)
        if line not in taken:
            column = at - data.rfind(b"\n", 0, at)
            yield from _line(text, line, column, "comment")


def _line(text: str, line: int, column: int, kind: str) -> list[list[Any]]:
    """What one line of prose refers to."""
    if len(text) > _LONGEST:
        return []
    found: list[list[Any]] = []
    for match in _URL.finditer(text):
        address = match[0].rstrip(".,;:)")
        if classify(address) is not None:
            found.append([address, line, column + match.start(), kind, 0.6, None])
    for match in _SET.finditer(text):
        name = match[1].rpartition(".")[2]
        if name in _LOADERS:
            place = Place("hub", None, 0.9)
        elif key_strength(name):
            place = Place(None, None, 0.6)
        else:
            continue
        candidate = classify(match[2], place)
        if candidate is not None and candidate.confidence >= 0.6:
            found.append([match[2], line, column + match.start(2) - 1, kind, 0.55, place.expects])
    return found
