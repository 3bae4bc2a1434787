"""Models that running text names: in a span of code, in a link, or as a word of their own.

Text names much that is no model: repositories of code, data sets, files, images of containers. So a
word counts only where it follows an operator's whole naming scheme, is a repository of the Hub that
shows what it is, or is one of the few open models known by a bare name; in a span of code a little
more is believed. What the text itself links as code or as data is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from underlay.audit.findings import SURE
from underlay.audit.names.references import Candidate, Place, classify, hosted_operator
from underlay.audit.names.sites import bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mention", "mentions", "of_others"]

_WORD = re.compile(r"(?<![\w./:@~$#%\\&=?-])@?[A-Za-z0-9][\w.]*+[-/:][\w./:@+-]*[\w]", re.ASCII)
_SPAN = re.compile(r"`{1,2}(?P<text>[^`\n]{2,160})`{1,2}")
_QUOTED = re.compile(r"\"(?P<text>[^\"\s]{2,120})\"|'(?P<other>[^'\s]{2,120})'")
_PIPELINE = re.compile(
    r"(?<![\w.-])[a-z]{2,3}_(?:core|dep|ent|ner)_[a-z0-9]{2,20}_(?:sm|md|lg|trf|[a-z]{0,9}bert)(?![\w-])"
)
_PIPELINE_MARKS = ("_core_", "_dep_", "_ent_", "_ner_")
_PAGES = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com/library|modelscope\.cn/models|"
    r"tfhub\.dev)/"
)
_WEIGHTS = re.compile(
    r"https?://[\w.-]+/[\w./@%+:-]+\.(?:pth|pt|ckpt|safetensors|gguf|onnx|tflite|nemo|jit|bin|pkl|"
    r"h5|t7|caffemodel|pdparams|zip|tar\.gz|tgz|tar\.bz2|whl)"
)
# of what stands near a name that is a word elsewhere too
_CONTEXT = re.compile(r"(?i)model|ollama|\bllms?\b|embedding|checkpoint|rerank|openai|hugging")
# schemes whose names are also steps, commands or parts of speech
_WORDS_TOO = re.compile(
    r"(?:step|command|solar|sonar|compound|speech|yi|wan|reka|text-search|j[12])-(?!r\b|r-plus|r7b)"
)
_LOCAL = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|--served-model-name|drop-in")
_FILES = re.compile(r"(?i)\.(?:md|py|ipynb|json|ya?ml|toml|txt|sh|cpp|h|rs|go|ts|js|html?|git)$")
_OF_OTHERS = re.compile(
    r"(?:github\.com|gitlab\.com|datasets|spaces|docker\.io|hub\.docker\.com/r|ghcr\.io)/"
    r"(?P<name>[\w-][\w.-]{0,60}/[\w-][\w.-]{0,90})"
)
_LINKED = re.compile(
    r"[`*]{0,3}\]\(https?://(?:www\.)?(?:huggingface\.co|hf\.co|modelscope\.cn)/(?!docs|spaces)"
)
# what is made or sent there
_MADE = re.compile(
    r"(?:push_to_hub|save_pretrained|save|upload_\w{2,20}|create_repo|output_dir|hub_model_id)"
    r"\s{0,3}[(=]\s{0,9}f?[\"']?$"
)
_SENT = re.compile(r"push_to_hub\(\s{0,20}[\"'](?P<name>[\w.-]{1,60}/[\w.-]{1,90})[\"']")
# a link to a file of the same project
_TO_FILE = re.compile(r"[`*]{0,3}\]\((?!https?:)(?P<path>[^)\s]{1,200})\)")
_NOTHING: frozenset[str] = frozenset()
_CODE = frozenset(("code",))
_ALONE = frozenset(("alone",))
_NEARBY = frozenset(("near",))
_CODE_NEARBY = _CODE | _NEARBY
_NEAR = 160
_MOST = 5_000  # of one text
_LONGEST_KEPT = 10_000  # characters


class Mention(NamedTuple):
    """A model that a text names; `start` is the offset of its first character."""

    candidate: Candidate
    start: int
    is_local: bool  # the same line speaks of a server on this machine


def of_others(text: str) -> frozenset[str]:
    """The `owner/name` that the text links as code, data, a demonstration or an image, or sends."""
    if "/" not in text:
        return frozenset()
    found = {match["name"].rstrip(".") for match in _OF_OTHERS.finditer(text)}
    if "push_to_hub" in text:
        found.update(match["name"] for match in _SENT.finditer(text))
    return frozenset(found)


def mentions(
    text: str, *, others: frozenset[str] | None = None, are_quotes_code: bool = False
) -> Iterator[Mention]:
    """The models that the text names, in the order of their places.

    `others`: what `of_others` says of the whole that the text is a part of. `are_quotes_code`: what
    stands between quotation marks counts as a span of code, as in a block of a language that
    nothing here reads.
    """
    others = of_others(text) if others is None else others
    # what is kept is bounded: only texts of a common size
    read = _read if len(text) <= _LONGEST_KEPT else _read.__wrapped__
    for one in read(text, are_quotes_code):
        if one.candidate.ref not in others or text.startswith("http", one.start):
            yield one


@lru_cache(maxsize=2_000)
def _read(text: str, are_quotes_code: bool) -> tuple[Mention, ...]:
    """What the text names; kept, as documents of several versions repeat their paragraphs."""
    found: list[Mention] = []
    end = -1
    for start, word, is_coded in _words(text, _coded(text, are_quotes_code=are_quotes_code)):
        if start < end:
            continue
        candidate = _candidate(text, start, word, is_coded=is_coded)
        if candidate is None or candidate.confidence < SURE:
            continue
        end = start + len(word)
        is_local = candidate.kind == "hosted" and _LOCAL.search(_line(text, start)) is not None
        found.append(Mention(candidate, start, is_local))
        if len(found) == _MOST:
            break
    return tuple(found)


def _coded(text: str, *, are_quotes_code: bool) -> dict[int, str]:
    """The words that are a span of code by themselves, or an argument in one, by their places."""
    spans: dict[int, str] = {}
    for match in _SPAN.finditer(text) if "`" in text else ():
        inner, start = match["text"], match.start("text")
        if not re.search(r"[\s=(]", inner):
            word = inner.strip("\"'")
            spans[start + inner.find(word)] = word
            continue
        for argument in _QUOTED.finditer(inner):
            group = "text" if argument["text"] else "other"
            spans[start + argument.start(group)] = argument[group]
        for word_match in re.finditer(r"(?<=[\s=])[\w./:@+-]{2,120}", inner):
            spans.setdefault(start + word_match.start(), word_match[0])
    if are_quotes_code or text.count('"') > 1:
        for argument in _QUOTED.finditer(text):
            group = "text" if argument["text"] else "other"
            if are_quotes_code or group == "text":
                spans.setdefault(argument.start(group), argument[group])
    return spans


def _words(text: str, coded: dict[int, str]) -> Iterator[tuple[int, str, bool]]:
    """Every word worth a look, with its place and whether it is code, in order."""
    found = {match.start(): match[0] for match in _WORD.finditer(text)}
    if any(mark in text for mark in _PIPELINE_MARKS):
        for match in _PIPELINE.finditer(text):
            found.setdefault(match.start(), match[0])
    found.update((start, word.rstrip(".,:;")) for start, word in coded.items())
    for start in sorted(found):
        yield start, found[start], start in coded


def _candidate(text: str, start: int, word: str, *, is_coded: bool) -> Candidate | None:
    """What a word means, where its place lets it mean that."""
    candidate, needs = _reading(word)
    if candidate is None:
        return None
    if text[max(0, start - 2) : start] == "](" and not word.startswith("http"):
        return None
    if _MADE.search(text, max(0, start - 40), start):
        return None
    if "/" not in word and _LINKED.match(text, start + len(word)):
        return None  # the text of a link to the model's page, which says whose it is
    shown = _TO_FILE.match(text, start + len(word)) if "/" in word else None
    if shown is not None and word in shown["path"]:
        return None
    if "code" in needs and not is_coded:
        return None
    if "alone" in needs and not is_coded and not _stands_alone(text, start, word):
        return None
    return candidate if "near" not in needs or _near(text, start) else None


@lru_cache(maxsize=20_000)
def _reading(word: str) -> tuple[Candidate | None, frozenset[str]]:
    """What a word may mean, and what its place must be for that.

    `code`: a span of code; `alone`: no part of a path or a call; `near`: where models are spoken
    of.
    """
    if word.startswith(("http:", "https:")):
        # the word ends at signs that an address may have: only what is before them counts
        page = _PAGES.match(word)
        if page is not None:
            alone = word[page.end() :].rstrip("/")
            known = bare_name(alone, Place("hub", None, 0.6)) if "huggingface" in page[0] else None
            if known is not None and known.kind == "hub":
                return known, _NOTHING  # one of the first, which have no owner before them
            return classify(word.rstrip("./:-")), _NOTHING
        address = _WEIGHTS.match(word)
        return (classify(address[0]) if address and address.end() == len(word) else None), _NOTHING
    if _PIPELINE.fullmatch(word):
        return Candidate(word, "package", 0.6), _NOTHING
    if _FILES.search(word):
        return None, _NOTHING
    if "/" in word:
        return classify(word), _NOTHING
    operator = hosted_operator(word)
    if operator is not None:
        if operator == "bedrock" and not re.search(r"\d", word):
            return None, _NOTHING  # a module of a library
        return classify(word), _CODE if _WORDS_TOO.match(word) else _ALONE
    known = bare_name(word.partition(":")[0], Place(None, None, 0.6))
    if ":" in word:
        tagged = classify(word)
        if tagged is not None and tagged.confidence >= SURE:
            return tagged, _NOTHING
        if known is not None and known.kind == "ollama":
            return Candidate(word, "ollama", 0.6, "ollama"), _NEARBY
        return None, _NOTHING
    if known is not None:
        if known.kind == "hub":
            return known, _NOTHING if "-" in word else _CODE
        return known, _CODE_NEARBY
    if word in ("o1", "o3", "o4"):
        return classify(word, Place(None, None, 0.6)), _CODE_NEARBY
    return None, _NOTHING


def _stands_alone(text: str, start: int, word: str) -> bool:
    """Whether the word isn't a part of a path, an address or a name with other signs."""
    after = text[start + len(word) : start + len(word) + 1]
    return after not in ("/", "\\", "=", "(", "_", "*") or after == "*"


def _line(text: str, start: int) -> str:
    end = text.find("\n", start, start + 400)
    first = text.rfind("\n", max(0, start - 400), start) + 1
    return text[max(first, start - 400) : end if end >= 0 else start + 400]


def _near(text: str, start: int) -> bool:
    """Whether what stands around speaks of models."""
    return _CONTEXT.search(text, max(0, start - _NEAR), start + _NEAR) is not None
