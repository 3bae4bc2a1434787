"""Names that a program gives to the weights that it can load, and whole names among beginnings.

A mapping whose key is also the name of a file of weights behind it says what the program calls its
models: `{"acme_swap": {"sources": {"url": address("acme_swap.onnx")}}}`. The same name elsewhere in
the program is that model.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from underlay.audit.detectors.models.python_values import text_of
from underlay.audit.names.references import (
    classify,
    hosted_operator,
    key_strength,
    vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from underlay.audit.findings import Role

__all__ = [
    "ENDINGS",
    "QUANTISED",
    "Own",
    "Preset",
    "is_own_name",
    "level_of",
    "own_words",
    "presets_of",
    "whole_names",
]

# a file that has none of these names no file of weights
ENDINGS = (b".onnx", b".pth", b".pt", b".safetensors", b".ckpt", b".gguf", b".tflite", b".bin")
_FILE = re.compile(
    r"(?:[\w.@+~-]{1,60}[/\\]){0,8}(?P<base>(?P<stem>[\w.@+-]{2,100})"
    r"\.(?:pth?|ckpt|onnx|safetensors|gguf|bin|tflite))",
    re.ASCII,
)
# parts of one model are called after what they do
_PARTS = frozenset(
    ("text", "image", "audio", "video", "vision", "language", "semantic", "coarse", "fine", "mask",
     "speech", "acoustic", "duration", "pitch", "speaker", "projector", "embedding", "head", "body",
     "prior", "main", "base", "small", "large", "tiny", "high", "low", "fast",
     "fp16", "fp32", "int8")
)  # fmt: skip
_KEY = re.compile(r"[A-Za-z0-9][\w.+-]{2,60}", re.ASCII)
_NO_SIGN = re.compile(r"[^a-z0-9]")
_STEPS = 300  # nodes of one value
# what may be such a name: `swap_128`, `acme_v2_base`, also with an owner
_NUMBERED = re.compile(
    r"(?:[a-z][\w-]{1,40}/)?(?=[^\d]{0,60}\d)[A-Za-z0-9][A-Za-z0-9.]{0,40}(?:_[A-Za-z0-9.]{1,40}){1,6}",
    re.ASCII,
)
# ... and with a size or a version in it: a program's own names where it is asked for a model
_SIZED = re.compile(
    r"(?=[^\d]{0,60}\d)[A-Z][A-Za-z0-9]{1,40}(?:_[A-Za-z0-9]{1,30})*?"
    r"_(?:[Vv]\d[\d.]{0,4}|[Tt]iny|[Ss]mall|[Bb]ase|[Mm]edium|[Ll]arge|[Mm]ini|XL)(?:_[A-Za-z0-9]{1,30})*",
    re.ASCII,
)
# the end of a name that llama.cpp's files have
QUANTISED = re.compile(r"[.-](?:I?Q[2-8](?:_[A-Z0-9]{1,2}){1,3}|int[48])$", re.IGNORECASE)
_WORD = re.compile(r"(?<![\w.-])[A-Z]\w{4,60}(?![\w.-])", re.ASCII)
# a word and a number: a family, though for some makers a model has no more
_BARE = re.compile(r"[a-z]+-[a-z]?\d{1,3}(?P<minor>\.\d)?")
_MORE = frozenset(("google", "anthropic"))  # whose models always have more than a number
_HYPHENED = re.compile(r"[a-z][\w.]{0,40}-[\w.-]{0,60}[\w]", re.ASCII)


class Preset(NamedTuple):
    """A key that names weights, and the files behind it: each with the name that it stands for."""

    key: ast.Constant
    base: str
    files: list[tuple[ast.Constant, str]]


class Own(NamedTuple):
    """A text that may be a name of the program's own; `level` says how telling its place is."""

    text: str
    line: int
    column: int
    level: int
    rule: str
    evidence: str
    role: Role | None
    group: str | None


def presets_of(node: ast.Dict) -> Iterator[Preset]:
    """The entries of a mapping whose key is the beginning of a file's name behind it.

    None where one of the keys says what a part of a model does, and none whose address or
    repository is written beside the file: that names the model better.
    """
    words = _words()
    if any(name.lower() in words for key in node.keys if (name := text_of(key)) is not None):
        return
    for key, value in zip(node.keys, node.values, strict=True):
        name = text_of(key)
        if name is None or not isinstance(value, (ast.Dict, ast.Call)) or not _KEY.fullmatch(name):
            continue
        plain = _NO_SIGN.sub("", name.lower())
        if len(plain) < 3 or plain.isdigit() or _is_addressed(value):
            continue
        files = list(_files(value))
        own = [m for _, m in files if _NO_SIGN.sub("", m["stem"].lower()).startswith(plain)]
        if own and isinstance(key, ast.Constant):
            bare = {match[0] for _, match in files if match[0] == match["base"]}
            named = [(n, m["base"] if m["base"] in bare else m[0]) for n, m in files]
            yield Preset(key, own[0]["base"], named)


@cache
def _words() -> frozenset[str]:
    """What files of weights are called that stand for no model in particular."""
    return _PARTS.union(vocabulary()["generic_files"]["names"])


def _is_addressed(value: ast.expr) -> bool:
    """Whether a mapping says, beside a file, at which address or in which repository it lies."""
    if not isinstance(value, ast.Dict):
        return False
    for key, one in zip(value.keys, value.values, strict=True):
        text = text_of(one)
        if text is not None and ("://" in text or key_strength(text_of(key) or "") >= 0.5):
            return True
    return False


def _files(value: ast.expr) -> Iterator[tuple[ast.Constant, re.Match[str]]]:
    """The texts in an expression that are files of weights."""
    stack: list[ast.AST] = [value]
    for _ in range(_STEPS):
        if not stack:
            return
        node = stack.pop()
        if isinstance(node, ast.Constant):
            match = _FILE.fullmatch(node.value) if isinstance(node.value, str) else None
            if match is not None:
                yield node, match
        elif isinstance(node, ast.Dict):
            stack.extend(reversed(node.values))
        elif isinstance(node, ast.Call):
            stack.extend(reversed([*node.args, *(k.value for k in node.keywords)]))
        elif isinstance(node, (ast.List, ast.Tuple)):
            stack.extend(reversed(node.elts))


def level_of(text: str, *, told: bool, asked: bool) -> int | None:
    """How far a text's place speaks for a name of the program's own; None where it can be none.

    3 under the key `model` and its like, 2 under another telling key, 1 for a name with parts and
    a number anywhere, 0 for any other word.
    """
    if _KEY.fullmatch(text) is None and _NUMBERED.fullmatch(text) is None:
        return None
    if text.isdigit():
        return None
    if told:
        return 3 if asked else 2
    return 1 if _NUMBERED.fullmatch(text) is not None else 0


def own_words(text: str) -> Iterator[re.Match[str]]:
    """The words of a text that have the form of `is_own_name`."""
    for match in _WORD.finditer(text) if "_" in text else ():
        if _SIZED.fullmatch(match[0]):
            yield match


def is_own_name(text: str) -> bool:
    """Whether a text has parts, a number, and a size or a version, as names of weights do."""
    return _SIZED.fullmatch(text) is not None


def whole_names(nodes: Iterable[ast.expr]) -> list[ast.Constant]:
    """The texts of a collection that are whole names of hosted models, none of them a beginning.

    With more than a word and a number: `gpt-`, `o1`, `gpt-5` and `gemini-2.5` ask for families.
    """
    found = [node for node in nodes if isinstance(node, ast.Constant)]
    return [node for node in found if isinstance(node.value, str) and _is_whole(node.value)]


def _is_whole(text: str) -> bool:
    if _HYPHENED.fullmatch(text) is None or not any(letter.isdigit() for letter in text):
        return False
    bare = _BARE.fullmatch(text)
    if bare is not None and (not bare["minor"] or hosted_operator(text) in _MORE):
        return False
    known = classify(text)
    return known is not None and known.kind == "hosted" and known.confidence >= 0.5
