"""Models in files that no program of their own reads: lists of links, Triton's settings, requests.

And the models inside Nvidia's inference images, which are named like the images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from underlay.audit.findings import ModelReference, Rule
from underlay.audit.names.hosts import is_local_url, operator_of_url
from underlay.audit.names.references import classify, key_strength
from underlay.audit.names.roles import role_of
from underlay.audit.names.sites import Sightings, Site, named_weights
from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Role, Unknown

__all__ = ["Lists", "NimImages"]

_LARGEST = 200_000
MAX_ENTRIES = 250
MAX_SUMS = 2_000
_LISTS = re.compile(
    r"(?i)(?:^|[-_. ])(?:links?|urls?|models?|downloads?|checkpoints?|ckpts?|weights|loras?|vaes?|"
    r"ollama|llms?|embedders?|controlnets?|aria2c?)(?:[-_. ]|$)"
)
_ENTRY = re.compile(r"^[ \t]*+(?P<mark>#?[ \t]?)(?P<text>[^\s#]{3,400})[ \t]*+\r?$", re.MULTILINE)
_LINES = re.compile(r"^[ \t]*+[^\s#]", re.MULTILINE)
_URL = re.compile(r"https?://[^\s\"'<>|;)\\,`]+")
# `<hash>  name`, `SHA256 (name) = <hash>`: sums of files
_SUMS = re.compile(r"(?i)(?:^|[-_.])(?:sha\d{1,3}|md5|b3|blake\d?b?|check)(?:sums?)?(?:\.txt)?$")
_SUM = re.compile(
    r"^\\?(?:[0-9a-fA-F]{32,128}[ \t]{1,9}\*?|[A-Z0-9-]{3,12} ?\()(?P<path>[^\n()]{4,300}?)"
    r"(?:\) ?= ?[0-9a-fA-F]{32,128})?[ \t]*+\r?$",
    re.MULTILINE,
)
# what aria2 calls the file of the link above
_OUT = re.compile(r"^[ \t]++out=(?P<path>[^\n]{4,300}?)[ \t]*+\r?$", re.MULTILINE)
# what a source distribution of Python takes along
_SHIPPED = re.compile(
    r"^(?:(?:global-|recursive-)?include|graft)[ \t]++(?P<paths>[^\n#]{4,1000})", re.MULTILINE
)
# parameters { key: "model_name" value: { string_value: "org/name" } }
_PBTXT = re.compile(
    r"key\s{0,9}:\s{0,9}\"(?P<key>[\w.-]{1,80})\"\s{0,9},?\s{0,99}value\s{0,9}:?\s{0,9}\{\s{0,99}"
    r"string_value\s{0,9}:\s{0,9}\"(?P<value>[^\"\n]{2,200})\""
)
_FIELD = re.compile(
    r"[\"']?(?P<key>[A-Za-z_]\w{0,60})[\"']?[ \t]{0,9}[:=][ \t]{0,9}"
    r"[\"']?(?P<value>[^\s\"',{}]{2,160})"
)
_REQUESTS = frozenset((".http", ".rest", ".bru"))
_NIM = re.compile(
    rb"nvcr\.io/nim/(?P<ref>[a-z0-9][\w.-]{0,60}/[a-z0-9][\w.-]{1,90})(?::(?P<tag>[\w.-]{1,60}))?"
)
_DEPLOYS = frozenset(
    (
        ".yaml",
        ".yml",
        ".tf",
        ".tfvars",
        ".hcl",
        ".sh",
        ".env",
        ".json",
        ".toml",
        ".md",
        ".py",
        ".txt",
    )
)


@dataclass(frozen=True, slots=True)
class Lists:
    """Text files that list models, links or sums of files, Triton's config.pbtxt, requests."""

    name: str = "lists"
    version: int = 2
    rules: tuple[Rule, ...] = (
        Rule("list/address", "A line of a list of links: a model's page or a file of weights."),
        Rule("list/name", "A line of a list of models, where most lines are such names."),
        Rule("list/file", "A file of weights in a list of sums, downloads or what is shipped."),
        Rule("list/triton", "A parameter of Triton's config.pbtxt whose key names a model."),
        Rule("list/request", "A field of a saved request whose key names a model."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """By ending, and by a name such as links.txt or models.txt."""
        suffix = path.suffix.lower()
        if size > _LARGEST:
            return False
        if path.name == "MANIFEST.in" or _SUMS.search(path.name):
            return True
        if suffix in (".txt", ".list"):
            return _LISTS.search(path.stem) is not None
        return suffix == ".pbtxt" or suffix in _REQUESTS

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """What the lines name."""
        if b"\0" in file.data[:1000]:
            return
        found = Sightings(file.path)
        suffix = file.path.suffix.lower()
        if file.path.name == "MANIFEST.in":
            _files(file, _SHIPPED, found)
        elif _SUMS.search(file.path.name):
            _files(file, _SUM, found)
        elif suffix == ".pbtxt":
            _fields(file, _PBTXT, "list/triton", None, found)
        elif suffix in _REQUESTS:
            urls = [match[0] for match in _URL.finditer(file.text())]
            known = next((url for url in urls if operator_of_url(url)), None)
            local = next((url for url in urls if is_local_url(url)), "http://localhost")
            _fields(file, _FIELD, "list/request", known or local, found)
        else:
            _lines(file, found)
            _files(file, _OUT, found)
        # such a file is no document, though its ending says so
        role = role_of(file.path.with_suffix(".list"))
        for one in found:
            if isinstance(one, ModelReference) and one.role == "doc":
                yield replace(one, role=role or "config")
            else:
                yield one


def _fields(
    file: File, pattern: re.Pattern[str], rule: str, url: str | None, found: Sightings
) -> None:
    whole = Fragment(file.text())
    for match in pattern.finditer(whole.text):
        strength = key_strength(match["key"])
        if strength:
            site = Site(file.path, rule, match["key"], "config", strength, url=url)
            found.see(match["value"], *whole.at(match.start("value")), site)


def _files(file: File, pattern: re.Pattern[str], found: Sightings) -> None:
    """The files of weights among the paths, under their own names."""
    whole = Fragment(file.text())
    for count, match in enumerate(pattern.finditer(whole.text)):
        if count >= MAX_SUMS:
            cut(f"more than {MAX_SUMS} files in a list: the rest is not read")
            return
        start = match.start(match.lastgroup or 0)
        for word in re.finditer(r"[^\s,]{4,300}", match[match.lastgroup or 0]):
            name = named_weights(word[0])
            if name is not None:
                site = Site(file.path, "list/file", "a list", "config", 0.7, is_file=True)
                at = start + word.start() + word[0].rfind(name)
                found.see(name, *whole.at(at), site)


def _lines(file: File, found: Sightings) -> None:
    """Links anywhere; names where the lines are names, one each."""
    source = file.text()
    whole = Fragment(source)
    for count, match in enumerate(_URL.finditer(source)):
        if count > MAX_ENTRIES:
            return
        address = classify(match[0])
        if address is not None and address.confidence >= 0.7:
            site = Site(file.path, "list/address", "a list", "config", 0.6)
            found.see(match[0], *whole.at(match.start()), site)
    entries = [match for match in _ENTRY.finditer(source) if "://" not in match["text"]]
    live = [match for match in entries if "#" not in match["mark"]]
    if not 0 < len(live) <= MAX_ENTRIES or len(live) * 2 < len(_LINES.findall(source)):
        return
    sites: list[tuple[re.Match[str], ModelReference]] = []
    for match in entries:
        role: Role = "comment" if "#" in match["mark"] else "config"
        site = Site(file.path, "list/name", "a list", role, 0.6)
        one = site.read(match["text"], *whole.at(match.start("text")))
        if one is not None and one.kind != "file":
            sites.append((match, one))
    if len(sites) * 2 >= len(entries):
        for _, one in sites:
            found.add(one)


@dataclass(frozen=True, slots=True)
class NimImages:
    """Images of Nvidia's NIM: each holds the model whose name it has."""

    name: str = "nim"
    version: int = 1
    rules: tuple[Rule, ...] = (
        Rule("nim/image", "An image below nvcr.io/nim: the model that it serves."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Files that start containers, or tell how to."""
        return size <= 1_000_000 and (
            path.suffix.lower() in _DEPLOYS or path.name.lower().startswith(("dockerfile", ".env"))
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """Every image's model."""
        if b"nvcr.io/nim/" not in file.data:
            return
        role: Role = role_of(file.path) or "config"
        line, counted = 1, 0
        for match in _NIM.finditer(file.data):
            start = file.data.rfind(b"\n", 0, match.start()) + 1
            is_comment = file.data[start : match.start()].lstrip().startswith((b"#", b"//"))
            place = match.start("ref")
            line += file.data.count(b"\n", counted, place)
            counted = place
            tag = match["tag"].decode("ascii") if match["tag"] else None
            yield ModelReference(
                ref=match["ref"].decode("ascii").rstrip("."),
                kind="hosted",
                role="comment" if is_comment and role != "doc" else role,
                file=str(file.path),
                line=line,
                column=len(file.data[start:place].decode("utf-8", "replace")) + 1,
                rule="nim/image",
                evidence="nvcr.io/nim",
                confidence=0.8,
                operator="nvidia",
                revision=tag if tag != "latest" else None,
            )
