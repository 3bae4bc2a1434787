"""Comments of scripts and settings: what is commented out, and what they point to.

A model that is commented out is one that people switch to, and the head of a recipe says how to
get what it needs. Only what a rule believes: an address, a command that takes models, a setting
under a key that names one, a repository of a known owner.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import (
    CommandLines,
    mentions_models,
    model_programs,
)
from underlay.audit.findings import ModelReference, Rule
from underlay.audit.names.references import Place, classify, is_local_url, key_strength, vocabulary
from underlay.audit.names.sites import Sightings, Site
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
    Rule("comment/name", "A repository of a known owner, named in a comment or commented out."),
)

# how many lines of comments are read, and how long a line may be
MAX_LINES = 3_000
LONGEST_LINE = 1_000
# a comment is never as sure as the code beside it
MOST = 0.6

_BLOCK = re.compile(r"(?:^[ \t]*+#(?!!)[^\n]*+(?:\n|\Z))+", re.MULTILINE)
_MARK = re.compile(r"^([ \t]*+)(#++)", re.MULTILINE)
_TRAILING = re.compile(r"(?<=[ \t])#[ \t]?(?P<text>[^\n\"'#]{4,300})$", re.MULTILINE)
_URL = re.compile(r"https?://[^\s\"'<>|;)\\,`]+")
_LINE = re.compile(r"(?:[^\n\\]|\\[^\n])*+(?:\\\n(?:[^\n\\]|\\[^\n])*+)*+")
_FIRST = re.compile(r"[ \t]*+(?:[$>!%][ \t]++)?(?:sudo[ \t]++)?(?P<word>[^\s\"'`]{2,80})[ \t]+\S")
_SETTING = re.compile(
    r"[ \t]*+(?:-[ \t]++)?(?:(?:export|ENV|ARG)[ \t]++)?[\"']?(?P<key>[A-Za-z_][\w.-]{1,60})[\"']?"
    r"[ \t]*+(?::[ \t]|=)[ \t]*+[\"']?(?P<value>[^\s\"'#,]{2,160})[\"']?[ \t]*+,?[ \t]*+(?:#.*)?"
)
_ITEM = re.compile(
    r"[ \t]*+(?:-[ \t]++)?(?P<quote>[\"']?)(?P<value>[^\s\"'#,]{3,160})(?P=quote)[ \t]*+,?"
)
_NAME = re.compile(r"(?<![\w./:@-])[A-Za-z0-9][\w.-]{0,60}/[\w.-]{2,90}(?<=\w)(?![\w/])")
_ADDRESS = re.compile(
    r"(?i)(?:url|base|endpoint|host)\w{0,20}[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?(https?://[^\s\"']+)"
)
# words that begin a command, beside the programs of models themselves
_STARTERS = frozenset(("python", "python3", "uv", "torchrun", "accelerate", "docker", "deepspeed"))


def read_remarks(source: str, file: PurePosixPath, found: Sightings) -> None:
    """Adds what the comments of a text with `#` before them name; role `comment`."""
    if "#" not in source:
        return
    own = Sightings(file)
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
        _block(whole.part(match.start(), match.end()).replaced(bare), file, own)
    for match in _TRAILING.finditer(source):
        if "/" in match["text"]:
            _pointers(whole.part(match.start("text"), match.end("text")), file, own)
    _hand_over(own, source, found)


def _block(fragment: Fragment, file: PurePosixPath, own: Sightings) -> None:
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
            _command(fragment.part(start, match.end()), file, own)
        _setting(part, file, own)
        if len(line) <= LONGEST_LINE:
            _pointers(part, file, own)


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
    text, shift = match["value"], 0
    prefix, sign, rest = text.partition(":")
    if sign and "/" in rest and prefix in vocabulary()["gateways"]:  # `openrouter:org/name`
        text, shift = rest, len(prefix) + 1
    place = Place(None, None, MOST) if shift else Place()
    found = classify(text, place)
    if found is not None and found.confidence >= MOST:
        site = Site(file, "comment/name", "commented out", "comment", place.strength, most=MOST)
        own.see(text, *part.at(match.start("value") + shift), site)


def _pointers(part: Fragment, file: PurePosixPath, own: Sightings) -> None:
    """Addresses, and repositories of owners that keep nothing but models."""
    for match in _URL.finditer(part.text):
        address = match[0].rstrip(".:")
        found = classify(address)
        if found is not None and found.confidence >= 0.55:
            site = Site(file, "comment/address", "address", "comment", 0.0, most=MOST)
            own.see(address, *part.at(match.start()), site)
    for match in _NAME.finditer(part.text):
        found = classify(match[0], Place())
        if found is not None and found.kind == "hub" and found.confidence >= 0.7:
            site = Site(file, "comment/name", "named", "comment", 0.0, most=MOST)
            own.see(match[0], *part.at(match.start()), site)


def _hand_over(own: Sightings, source: str, found: Sightings) -> None:
    """Hosted names only where no server of one's own is told of: they may be its names."""
    is_local: bool | None = None
    for one in own:
        if not isinstance(one, ModelReference):
            continue
        if one.kind == "hosted" and "/" not in one.ref:
            if is_local is None:
                is_local = any(is_local_url(m[1]) for m in _ADDRESS.finditer(source))
            if is_local:
                continue
        confidence = min(one.confidence, MOST)
        found.add(replace(one, role="comment", confidence=confidence))
