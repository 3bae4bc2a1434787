"""What texts and collections of Python look like: names of models, lists, labels of addresses."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.python_values import text_of
from underlay.audit.names.references import Place, classify, hosted_operator
from underlay.audit.names.sites import OWN_SIZE, WHISPER_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "PERHAPS",
    "WEIGHTS_FILE",
    "are_sizes",
    "constant_at",
    "has_globs",
    "hub_start",
    "is_dated",
    "is_slug",
    "labels_beside_addresses",
    "named_files",
    "names_in_text",
]

PERHAPS = Place(None, None, 0.5)
_SLUG = re.compile(
    r"(?:(?:[A-Za-z0-9][\w-]{1,40}/){1,2}[A-Za-z]\w{0,30}|[A-Za-z][A-Za-z0-9]{0,30})"
    r"(?:[-.][A-Za-z0-9_]{1,30}){1,8}",
    re.ASCII,
)
# regions, encodings, standards, versions, files
# `acme_CTC_300M_v2`: parts with a size among them
_SIZED = re.compile(
    r"[A-Za-z][A-Za-z0-9]{1,30}(?:_[A-Za-z0-9]{1,20}){0,4}_\d{1,3}(?:\.\d)?[BM](?:_[A-Za-z0-9]{1,20}){0,4}"
)
_NO_SLUG = re.compile(
    r"(?i)(?:us|eu|ap|sa|ca|af|me|cn)-[a-z]+-\d|(?:utf|iso|sha|md|cp|win|latin|rfc|v\d|py\d|x-|test|user|"
    r"chatcmpl|cmpl|call|msg|req|resp|asst|thread|item|node|chunk|doc|page|section|step|task|session|run|my|your)[-.\d]|.*\.(?:[a-z]{2,4}|json|yaml)$|"
    r".*(?:[0-9a-f]{12}|[A-Za-z0-9]{24})"
)
# a name with parts and a number, that isn't a part of a model or a step of its training
_NAMED = re.compile(
    r"(?!(?:model|checkpoint|ckpt|weights?|encoder|decoder|net|stage|epoch|step|fold|layer|part|file)"
    r"[-_.]?v?\d)(?=[^\d]{0,60}\d)[A-Za-z][A-Za-z0-9.]{0,40}(?:[-_][\w.]{1,40}){1,10}",
    re.ASCII,
)
# names in a text that lists them
_LISTED = re.compile(r"[^\s,;\"']{2,200}")
_LONGEST_LIST = 20_000
_TRIED = 60
WEIGHTS_FILE = re.compile(r"[\w.@+-]{1,100}\.(?:pth?|ckpt|onnx|safetensors|gguf|bin|h5|pb|tflite)")
# an id with the day on which it was made is a whole name, no family
_DATED = re.compile(r"(?:\d{8}|\d{4}-\d\d-\d\d)$")
# what is shown of a thing; beside its address it names nothing else
_SHOWN = ("name", "label", "title", "display_name", "file_name", "filename", "description")


def is_slug(text: str) -> bool:
    """Whether a text looks like a name of several parts: many of them, or a number in one."""
    if _SIZED.fullmatch(text) is not None:
        return True
    if _SLUG.fullmatch(text) is None or _NO_SLUG.match(text) is not None:
        return False
    return text.count("-") >= 2 or any(letter.isdigit() for letter in text)


def names_in_text(node: ast.Constant) -> list[tuple[str, int, int]]:
    """The words of a text that lists names, one a line or between commas or blanks.

    Each with its line and its column, counted from 0; none where the text is no such list.
    """
    text = node.value
    if not isinstance(text, str) or not 5 <= len(text) <= _LONGEST_LIST:
        return []
    if text.count("\n") != (node.end_lineno or 0) - node.lineno:
        return []  # with breaks that the source has not: no place could be given
    spread = "\n" in text
    found: list[tuple[str, int, int]] = []
    start = node.col_offset + (3 if spread else 1)
    for number, line in enumerate(text.split("\n")):
        shift = 0 if number else start
        found.extend(
            (match[0], node.lineno + number, match.start() + shift)
            for match in _LISTED.finditer(line.partition("#")[0])
        )
    if len(found) < 2 or (not spread and len(found) < 3 and "," not in text):
        return []
    first = [word for word, _, _ in found[:_TRIED]]
    like = sum(is_slug(word) or classify(word, PERHAPS) is not None for word in first)
    return found if like * 3 >= len(first) * 2 else []


def constant_at(text: str, line: int, column: int) -> ast.Constant:
    """A string as if it stood by itself: the quotation mark before its column isn't there."""
    return ast.Constant(
        text, lineno=line, col_offset=column, end_lineno=line, end_col_offset=column + len(text)
    )


def has_globs(node: ast.expr) -> bool:
    """Whether a list has texts that end in a star beside others, and some hosted names."""
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return False
    texts = [text_of(item) or "" for item in node.elts]
    stars = sum(text.endswith("*") for text in texts)
    return 0 < stars < len(texts) and any(hosted_operator(text) for text in texts)


def are_sizes(names: list[str | None]) -> bool:
    """Whether the keys of a mapping are sizes of Whisper and nothing else."""
    if len(names) < 4 or not any(name and OWN_SIZE.fullmatch(name) for name in names):
        return False
    return all(name is not None and WHISPER_SIZE.fullmatch(name) for name in names)


def is_dated(text: str) -> bool:
    """Whether a text is one hosted name with a day in it."""
    return _DATED.search(text) is not None and hosted_operator(text) is not None


def labels_beside_addresses(texts: Mapping[str, str]) -> frozenset[str]:
    """Keys of a mapping that only say how to show what an address in it leads to."""
    found = (classify(text) for text in texts.values() if "://" in text)
    if not any(one is not None and one.kind in ("hub", "file") for one in found):
        return frozenset()
    return frozenset(key for key in _SHOWN if key in texts and "/" not in texts[key])


def named_files(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The names of a mapping from names to files of weights, where they are names of models."""
    if not all(
        WEIGHTS_FILE.fullmatch(text) and _NAMED.fullmatch(key) for key, text in texts.items()
    ):
        return {}
    return {key: {"archive": text} for key, text in texts.items()}


def hub_start(node: ast.JoinedStr) -> bool:
    """Whether a text with fields begins with the address of a hub."""
    text = text_of(node.values[0]) if node.values else None
    return text is not None and text.startswith(("https://huggingface.co/", "hf.co/", "hf://"))
