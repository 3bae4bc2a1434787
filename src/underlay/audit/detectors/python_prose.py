"""Comments and docstrings of Python: only what a rule believes, with little weight."""

from __future__ import annotations

import ast
import re
from typing import Any

from underlay.audit.references import Place, classify, key_strength

__all__ = ["prose_of"]

_MOST = 2_000
_COMMENT = re.compile(rb"(?m)^[ \t]*#(.*)$")
_TELLS = re.compile(r"huggingface\.co/|hf\.co/|ollama\.com/library|modelscope\.c|[\"']")
_URL = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com|modelscope\.cn|tfhub\.dev)/[\w./@%+:-]+|"
    r"https?://[\w.-]+/[\w./@%+:-]+\.(?:pth|pt|ckpt|safetensors|gguf|onnx|tflite)(?![\w.])"
)
# `model = "..."`, `model="..."`, `"model": "..."`, and the first argument of a loader
_SET = re.compile(
    r"([A-Za-z_][\w.]{0,60})[\"']?\s*(?::\s*\w+\s*)?[=:(]\s*[\"']([^\"'\s]{2,120})[\"']"
)
_LOADERS = (
    "from_pretrained",
    "SentenceTransformer",
    "snapshot_download",
    "hf_hub_download",
    "CrossEncoder",
)


def prose_of(data: bytes, tree: ast.Module) -> list[list[Any]]:
    """`[text, line, column, kind, rule, confidence]` of comments and docstrings.

    `kind` is `comment` or `doc`; what a reference is, is decided when facts are linked.
    """
    found: list[list[Any]] = []
    quoted = _quoted_lines(tree)
    if b"#" in data:
        for match in _COMMENT.finditer(data):
            text = match[1].decode("utf-8", "replace")
            if not _TELLS.search(text):
                continue
            line = data.count(b"\n", 0, match.start(1)) + 1
            if line not in quoted:
                column = match.start(1) - data.rfind(b"\n", 0, match.start(1))
                found.extend(_line(text, line, column, "comment"))
            if len(found) > _MOST:
                return found
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
                continue
            text = first.value.value
            if not isinstance(text, str) or not _TELLS.search(text):
                continue
            for number, line_text in enumerate(text.splitlines()):
                column = first.value.col_offset + 4 if number == 0 else 1
                found.extend(_line(line_text, first.value.lineno + number, column, "doc"))
            if len(found) > _MOST:
                return found
    return found


def _quoted_lines(tree: ast.Module) -> set[int]:
    """Lines inside strings of several lines: a `#` there starts no comment."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (is_text or isinstance(node, ast.JoinedStr)) and (node.end_lineno or 0) > node.lineno:  # type: ignore[attr-defined]
            lines.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))  # type: ignore[attr-defined]
    return lines


def _line(text: str, line: int, column: int, kind: str) -> list[list[Any]]:
    """What one line of prose refers to."""
    if len(text) > 2_000:
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
