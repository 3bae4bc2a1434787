"""Ollama's Modelfile: what it builds upon, and the adapter that it adds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.findings import Rule
from underlay.audit.names.sites import Sightings, Site
from underlay.audit.readers.documents import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, ModelReference, Unknown

__all__ = ["Modelfile", "read_modelfile"]

RULES = (
    Rule(
        "modelfile/from", "FROM of a Modelfile: a model of Ollama's library, of a hub, or a file."
    ),
    Rule("modelfile/adapter", "ADAPTER of a Modelfile: the weights that are added."),
)
_LINE = re.compile(r"(?im)^[ \t]*(?P<word>FROM|ADAPTER)[ \t]+(?P<value>[^\s#]+)")
_WEIGHTS = (".gguf", ".safetensors", ".bin")
_HEADS = ("modelfile.", "modelfile-")
_TAILS = (".modelfile", "-modelfile")
_BLOCK = re.compile(r'"""(?:[^"]|"(?!""))*"""')


def read_modelfile(fragment: Fragment, found: Sightings) -> None:
    """Adds what a Modelfile's lines name; SYSTEM and TEMPLATE blocks are no lines."""
    text = _BLOCK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), fragment.text)
    for match in _LINE.finditer(text):
        word = match["word"].upper()
        value = match["value"].strip("\"'")
        rule = "modelfile/from" if word == "FROM" else "modelfile/adapter"
        is_file = value.startswith(("/", ".", "~")) or value.lower().endswith(_WEIGHTS)
        if is_file:
            site = Site(found.file, rule, word, "use", 0.8)
        elif "://" in value or value.startswith(("hf.co/", "huggingface.co/")):
            site = Site(found.file, rule, word, "use", 0.95)
        else:
            site = Site(found.file, rule, word, "use", 0.95, expects="ollama")
        line, column = fragment.at(match.start("value"))
        found.see(value, line, column, site)


@dataclass(frozen=True, slots=True)
class Modelfile:
    """Files that `ollama create` reads."""

    name: str = "modelfile"
    version: int = 2
    rules: tuple[Rule, ...] = RULES

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Modelfile, Modelfile.NAME, NAME.modelfile."""
        name = path.name.lower()
        return size < 1_000_000 and (
            name == "modelfile" or name.startswith(_HEADS) or name.endswith(_TAILS)
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """FROM and ADAPTER."""
        found = Sightings(file.path)
        read_modelfile(Fragment(file.text()), found)
        yield from found
