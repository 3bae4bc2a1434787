"""Comments of scripts and settings: what is commented out, and what they point to.

A model that is commented out is one that people switch to, and the head of a recipe says how to
get what it needs. Only what a rule believes: an address, a command that takes models, a setting
under a key that names one, a repository of a known owner, a name that running text may be believed
to name, and what stands beside a model's name as its like.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import (
    CommandLines,
    mentions_models,
    model_programs,
)
from underlay.audit.findings import ModelReference, Rule
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.mentions import mentions, of_others
from underlay.audit.names.references import Place, classify, key_strength, vocabulary
from underlay.audit.names.sites import Endpoints, Sightings, Site, endpoint_key
from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import Fragment
from underlay.audit.readers.shell import Command, read_shell

if TYPE_CHECKING:
    from pathlib import PurePosixPath

__all__ = ["REMARK_RULES", "read_remarks"]

REMARK_RULES = (
    Rule("comment/address", "An address of a model or of a file of weights in a comment."),
    Rule("comment/command", "A command that takes a model, in a comment."),
    Rule("comment/setting", "A setting whose key names a model, commented out."),
    Rule("comment/name", "A model that a comment names by its own name, or by one of the file's."),
)

# how many lines of comments are read, and how long a line may be
MAX_LINES = 3_000
LONGEST_LINE = 1_000
_LONGEST_REMARK = 300  # behind a setting
# a comment is never as sure as the code beside it
MOST = 0.6

_BLOCK = re.compile(r"(?:^[ \t]*+#(?!!)[^\n]*+(?:\n|\Z))+", re.MULTILINE)
_MARK = re.compile(r"^([ \t]*+)(#++)", re.MULTILINE)
# a line with a sign in it that doesn't begin it, and the pieces of such a line: what stands before
# a comment may hold the sign in quotation marks, or inside a word
_WITH_SIGN = re.compile(r"^[ \t]*[^\s#][^\n]*?[ \t]#[^\n]{3,}$", re.MULTILINE)
_PIECE = re.compile(r"[^\"'#]+|\"[^\"]*\"|'[^']*'|[#\"']")
_URL = re.compile(r"https?://[^\s\"'<>|;)\\,`]+")
_LINE = re.compile(r"(?:[^\n\\]|\\[^\n])*+(?:\\\n(?:[^\n\\]|\\[^\n])*+)*+")
_FIRST = re.compile(r"[ \t]*+(?:[$>!%][ \t]++)?(?:sudo[ \t]++)?(?P<word>[^\s\"'`]{2,80})[ \t]+\S")
_SETTING = re.compile(
    r"[ \t]*+(?:-[ \t]++)?(?:(?:export|ENV|ARG)[ \t]++)?[\"']?(?P<key>[A-Za-z_][\w.-]{1,60})[\"']?"
    r"[ \t]*+(?::[ \t]|=)[ \t]*+[\"']?(?P<value>[^\s\"'#,]{2,160})[\"']?[ \t]*+,?[ \t]*+(?:#.*)?"
)
# ... with what people write before it: `-- Ex: model: org/name`
_EXAMPLE = re.compile(
    r"(?i)[ \t]*+(?:-{2,3}[ \t]++)?"
    r"(?:(?:ex|e\.?g|i\.e|examples?|for example|default)[.:,]++[ \t]++)?"
)
# `models: ['a', "b"]`, also where the whole list is a text
_LISTED = re.compile(
    r"(?<![\w.-])(?P<key>[A-Za-z_][\w.-]{1,60})[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?"
    r"\[(?P<items>[^\[\]\n]{3,600})\]"
)
_ENTRY = re.compile(r"[^\s\"'`,]{2,160}")
# what may be a name, as one of several
_ALIKE = re.compile(r"[A-Za-z][\w.:/@-]{2,90}", re.ASCII)
_BETWEEN = re.compile(r"[\s\"'`,;|，、；()]+")
# a name in an expression that names are told by: `gpt-4o|gpt-4-.*`
_PATTERN = re.compile(r"[^\s\"'`]{0,200}?(?:\.\*|\\[.dw])")
_SPOKEN = re.compile(
    r"(?i)(?:or|and|oder|ou|with|use|try|alternatives?:?|options?:?|e\.g\.|eg|etc\.?)"
)
_ITEM = re.compile(
    r"[ \t]*+(?:-[ \t]++)?(?P<quote>[\"']?)(?P<value>[^\s\"'#,]{3,160})(?P=quote)[ \t]*+,?"
)
_NAME = re.compile(
    r"(?<![\w./:@-])[A-Za-z0-9][\w.-]{0,60}/[\w.-]{2,90}(?<=\w)(?![\w/-])(?![\w.-]{1,90}/)"
)
_ADDRESS = re.compile(
    r"(?<![\w-])(?P<key>[A-Za-z_][\w-]{1,60})[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?"
    r"(?P<url>https?://[^\s\"']+)"
)
_OF_AN_ADDRESS = re.compile(r"(?i)url|base|endpoint|host")
# words that begin a command, beside the programs of models themselves
_STARTERS = frozenset(("python", "python3", "uv", "torchrun", "accelerate", "docker", "deepspeed"))


@dataclass(frozen=True, slots=True)
class _Around:
    """What the file says outside of its comments."""

    file: PurePosixPath
    refs: frozenset[str]  # the models that it names
    lines: frozenset[int]  # ... and on which lines
    others: frozenset[str]  # repositories of code and data that it links


def read_remarks(source: str, file: PurePosixPath, found: Sightings) -> None:
    """Adds what the comments of a text with `#` before them name; role `comment`."""
    if "#" not in source:
        return
    own = Sightings(file)
    around = _Around(file, found.refs(), found.lines(), of_others(source))
    whole = Fragment(source)
    whole.at(0)  # its parts share what it knows of lines
    count = 0
    for match in _BLOCK.finditer(source):
        text = match[0]
        count += text.count("\n") + 1
        if count > MAX_LINES:
            cut(f"more than {MAX_LINES} lines of comments: the rest is not read")
            break
        if "/" not in text and not mentions_models(text.encode("utf-8", "replace")):
            continue
        bare = _MARK.sub(lambda m: m[1] + " " * len(m[2]), text)
        _block(whole.part(match.start(), match.end()).replaced(bare), around, own)
    for match in islice(_WITH_SIGN.finditer(source), MAX_LINES):
        start = _start_of_comment(match[0]) if len(match[0]) <= LONGEST_LINE else None
        if start is not None:
            _trailing(whole.part(match.start() + start, match.end()), around, own)
    _hand_over(own, source, found)


def _start_of_comment(line: str) -> int | None:
    """Where the comment behind what a line says begins, past its sign; None where there is none."""
    for piece in _PIECE.finditer(line):
        if piece[0] == "#" and line[piece.start() - 1] in " \t":
            return piece.end() if len(line) - piece.end() <= _LONGEST_REMARK else None
    return None


def _block(fragment: Fragment, around: _Around, own: Sightings) -> None:
    programs = model_programs()
    for match in _LINE.finditer(fragment.text):
        line = match[0]
        if not line.strip() or len(line) > LONGEST_LINE * 5:
            continue
        part = fragment.part(match.start(), match.end())
        first = _FIRST.match(line)
        word = first["word"].rpartition("/")[2] if first else ""
        if word in programs or word in _STARTERS:
            start = match.start() + (first.start("word") if first else 0)
            _command(fragment.part(start, match.end()), around.file, own)
        lead = _EXAMPLE.match(line)
        _setting(part.part(lead.end() if lead else 0, len(line)), around.file, own)
        if len(line) <= LONGEST_LINE:
            _listed(part, around.file, own)
            _pointers(part, around, own)
    if len(fragment.text) <= LONGEST_LINE * 20:
        _told(fragment, around, own)


def _trailing(part: Fragment, around: _Around, own: Sightings) -> None:
    """A comment behind a setting or a command: `model: a  # or b`."""
    if "/" in part.text:
        _pointers(part, around, own)
    _told(part, around, own)
    if part.at(0)[0] in around.lines:
        _alternatives(part, around, own)


def _told(part: Fragment, around: _Around, own: Sightings) -> None:
    """The names that a comment's words are."""
    if not mentions_models(part.text.encode("utf-8", "replace")) and "/" not in part.text:
        return
    for one in islice(mentions(part.text, others=around.others), MAX_LINES):
        text, shift = _without_gateway(one.candidate.ref)
        is_repository = one.candidate.kind == "hub" and "/" in text
        if one.is_local or one.candidate.kind == "file" or is_repository or not text[0].isalpha():
            continue  # repositories are looked at as such: a path to a recipe has their shape
        if _PATTERN.match(part.text, one.start):
            continue
        expects = one.candidate.kind if one.candidate.kind != "hosted" else None
        strength = 0.0 if expects is None else MOST
        site = Site(around.file, "comment/name", "named", "comment", strength, expects, most=MOST)
        own.see(text, *part.at(one.start + shift), site)


def _without_gateway(text: str) -> tuple[str, int]:
    """`openrouter:org/name` as the name that the gateway is asked for, and its offset."""
    prefix, sign, rest = text.partition(":")
    if sign and "/" in rest and prefix in vocabulary()["gateways"]:
        return rest, len(prefix) + 1
    return text, 0


def _alternatives(part: Fragment, around: _Around, own: Sightings) -> None:
    """`# small, org/other or name-7b`: behind a model's name, names of its like by themselves.

    The comment holds nothing else: in a sentence, a word with a dash is a word.
    """
    at, words = 0, []
    for sign in (*_BETWEEN.finditer(part.text), None):
        end = sign.start() if sign is not None else len(part.text)
        word = part.text[at:end].rstrip(".:")
        if word and not _SPOKEN.fullmatch(word):
            words.append((word, at))
        at = sign.end() if sign is not None else end
    if not words or not all(_ALIKE.fullmatch(word) for word, _ in words):
        return
    for word, start in words[:40]:
        if re.search(r"[\d-]", word):
            site = Site(around.file, "comment/name", "beside", "comment", 0.6, most=MOST)
            own.see(word, *part.at(start), site)


def _command(part: Fragment, file: PurePosixPath, own: Sightings) -> None:
    reader = CommandLines(file, own, "comment")
    for one in read_shell(part):
        if isinstance(one, Command):
            reader.command(one)


def _setting(part: Fragment, file: PurePosixPath, own: Sightings) -> None:
    match = _SETTING.fullmatch(part.text.rstrip())
    if match is not None:
        strength = key_strength(match["key"])
        if strength:
            site = Site(file, "comment/setting", match["key"], "comment", strength, most=MOST)
            own.see(match["value"], *part.at(match.start("value")), site)
        return
    match = _ITEM.fullmatch(part.text.rstrip())
    if match is None:
        return
    text, shift = _without_gateway(match["value"])
    place = Place(None, None, MOST) if shift else Place()
    found = classify(text, place)
    if found is not None and found.confidence >= MOST:
        site = Site(file, "comment/name", "commented out", "comment", place.strength, most=MOST)
        own.see(text, *part.at(match.start("value") + shift), site)


def _listed(part: Fragment, file: PurePosixPath, own: Sightings) -> None:
    """A list of models under a key that says so, commented out or as an example."""
    for match in _LISTED.finditer(part.text):
        strength = key_strength(match["key"])
        if not strength:
            continue
        for entry in _ENTRY.finditer(match["items"]):
            site = Site(file, "comment/setting", match["key"], "comment", strength, most=MOST)
            own.see(entry[0], *part.at(match.start("items") + entry.start()), site)


def _pointers(part: Fragment, around: _Around, own: Sightings) -> None:
    """Addresses, repositories of owners that keep nothing but models, and those of the file."""
    for match in _URL.finditer(part.text):
        address = match[0].rstrip(".:")
        found = classify(address)
        if found is not None and found.confidence >= 0.55:
            site = Site(around.file, "comment/address", "address", "comment", 0.0, most=MOST)
            own.see(address, *part.at(match.start()), site)
    for match in _NAME.finditer(part.text):
        is_known = match[0] in around.refs  # what the file uses, its comments speak of
        found = classify(match[0], Place("hub", None, 0.6) if is_known else Place())
        least = MOST
        if found is not None and found.kind == "hub" and found.confidence >= least:
            site = Site(around.file, "comment/name", "named", "comment", 0.0, most=MOST)
            site = replace(site, strength=MOST, expects="hub") if is_known else site
            own.see(match[0], *part.at(match.start()), site)


def _hand_over(own: Sightings, source: str, found: Sightings) -> None:
    """Hosted names only where no server of one's own is asked: they may be its names."""
    is_local: bool | None = None
    seen = found.places()
    for one in own:
        if not isinstance(one, ModelReference) or (one.line, one.ref) in seen:
            continue
        if one.kind == "hosted" and "/" not in one.ref:
            if is_local is None:
                is_local = is_local_url(_asked(source) or "")
            if is_local:
                continue
        confidence = min(one.confidence, MOST)
        found.add(replace(one, role="comment", confidence=confidence))


def _asked(source: str) -> str | None:
    """The address that a file's models are asked at; what is commented out counts last."""
    live: list[tuple[str, str]] = []
    commented: list[tuple[str, str]] = []
    for match in islice(_ADDRESS.finditer(source), MAX_LINES):
        key = match["key"]
        if endpoint_key(key) is None:
            if not _OF_AN_ADDRESS.search(key):
                continue
            key = "url"
        before = source[max(0, match.start() - LONGEST_LINE) : match.start()].rpartition("\n")[2]
        (commented if "#" in before else live).append((key, match["url"]))
    return Endpoints.of((*live, *commented)).url_for("model")
