"""Models in the markup of pages: choices of forms, attributes, and what a page tells people to run.

The scripts of a page are read as programs elsewhere; this is the rest of HTML, Vue, Svelte and
Astro.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.running_text import pieces_of, tell, told_in
from underlay.audit.names.references import Place, classify, hosted_operator, key_strength
from underlay.audit.names.sites import Sightings, Site
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import ModelReference, Unknown

__all__ = ["MAX_TAGS", "REPOSITORY", "markup_models"]

MAX_TAGS = 50_000  # of one page
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][\w.:-]{0,60})"
    r"(?P<rest>(?:[^<>\"']{1,400}+|\"[^\"]{0,400}+\"|'[^']{0,400}+'){0,80}+)>"
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[@:\w.-]{1,60})\s{0,3}=\s{0,3}(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|\{(?P<braces>[^{}]*)\})"
)
_QUOTED = re.compile(r"(?P<quote>[\"'`])(?P<text>[\w./:@-]{3,100})(?P=quote)")
_ADVICE = re.compile(r"\bollama (?:pull|run) (?P<name>[a-z0-9][\w./:-]{1,80})")
_CHOICE = re.compile(r"(?:.*-)?(?:option|radio|menu-item|menuitem|select-item)", re.IGNORECASE)
_CHOICES = re.compile(r"(?:.*-)?(?:select|datalist|dropdown|radio-group)", re.IGNORECASE)
# attributes that say what a field is for
_TELLING = ("id", "name", "v-model", "bind:value", "aria-label", "ng-model", "x-model", "for",
            "bind:group", "data-field", "label")  # fmt: skip
# attributes under which a name may stand
_HELD = frozenset(
    ("value", ":value", "v-bind:value", "placeholder", "model", "data-model", "model-id",
     "data-model-id", "default-model", "model-name", "data-value", "key", "default")
)  # fmt: skip
_CLEAR = re.compile(r"(?=.*\d)[\w.]+-[\w.:/-]+|[\w-]+/[\w.-]+")
_BLANKED = re.compile(r"[^\n]")
REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]{1,40}/[\w.-]{2,90}")


@dataclass(slots=True)
class _Choices:
    """The choices of one field, and whether the field says that it is for a model."""

    told: str
    entries: list[tuple[str, int]] = field(default_factory=list)


def markup_models(path: PurePosixPath, text: str) -> Iterator[ModelReference | Unknown]:
    """The models of a page whose scripts are blanked."""
    yield from _Page(path, text).read()


class _Page:
    def __init__(self, path: PurePosixPath, text: str) -> None:
        self._path = path
        self._text = text
        self._found = Sightings(path)
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def read(self) -> Iterator[ModelReference | Unknown]:
        """The findings of the markup."""
        open_: _Choices | None = None
        label = ""
        for number, tag in enumerate(_TAG.finditer(self._text)):
            if number >= MAX_TAGS:
                cut(f"more than {MAX_TAGS} tags of a page: the rest is not read")
                break
            name = tag["name"].lower()
            is_choices = _CHOICES.fullmatch(name) is not None
            if tag["end"]:
                if is_choices and open_ is not None:
                    self._choices(open_)
                    open_ = None
                continue
            attributes = {a["name"].lower(): a for a in _ATTRIBUTE.finditer(tag["rest"])}
            told = _told(attributes)
            if name == "label":
                label = told or self._shown(tag.end())[0]
            if is_choices:
                if open_ is not None:
                    self._choices(open_)
                open_ = _Choices(told or (label if key_strength(label) else ""))
                label = ""
            if _CHOICE.fullmatch(name):
                held = self._held(tag, attributes) or [self._shown(tag.end())]
                if open_ is None:
                    self._choices(_Choices(told, held))
                else:
                    open_.entries += held
            elif not is_choices:
                self._field(tag, attributes, told)
            self._expressions(tag)
        self._running_text()
        if open_ is not None:
            self._choices(open_)
        for quoted in islice(re.finditer(r"\{[^{}\n]{3,300}\}", self._text), MAX_TAGS):
            self._quoted(quoted[0], quoted.start())
        for advice in islice(_ADVICE.finditer(self._text), 200):
            site = Site(self._path, "javascript/name", advice[0][:60], "doc", 0.9, "ollama")
            self._see(advice["name"].rstrip(".,:"), advice.start("name"), site)
        yield from self._found

    def _running_text(self) -> None:
        """What people read between the tags; `<code>` is a span of code."""
        parts, end, is_choice = [], 0, False
        for tag in islice(_TAG.finditer(self._text), MAX_TAGS):
            # what a choice shows stands for its value, which is read with the others
            between = self._text[end : tag.start()]
            parts.append(_BLANKED.sub(" ", between) if is_choice else between)
            is_code = tag["name"].lower() == "code"
            blank = _BLANKED.sub(" ", tag[0])
            parts.append(
                blank if not is_code else f"`{blank[1:]}" if tag["end"] else f"{blank[1:]}`"
            )
            end, is_choice = tag.end(), _CHOICE.fullmatch(tag["name"]) is not None
        if len(parts) < 2 * MAX_TAGS:  # else the rest may be tags that nobody looked at
            parts.append(self._text[end:])
        site = Site(self._path, "javascript/prose", "what the page shows", "doc", 0.6, most=0.52)
        start = 0
        for piece in pieces_of("".join(parts)):
            line = bisect_right(self._lines, start)
            tell(piece, line, start - self._lines[line - 1] + 1, site, self._found)
            start += len(piece)

    def _choices(self, choices: _Choices) -> None:
        """Those of the choices that are models; most of them vouch for the rest."""
        known = [_is_known(text) for text, _ in choices.entries]
        vouched = bool(choices.told) or (sum(known) > 1 and 2 * sum(known) >= len(known))
        for (text, at), is_known in zip(choices.entries, known, strict=True):
            if not is_known and not vouched:
                continue
            is_hub = (
                vouched and REPOSITORY.fullmatch(text) is not None and hosted_operator(text) is None
            )
            site = Site(self._path, "javascript/list", choices.told or "<option>", "option",
                        0.8 if is_hub else 0.6, "hub" if is_hub else None)  # fmt: skip
            self._see(text, at, site)

    def _field(self, tag: re.Match[str], attributes: dict[str, re.Match[str]], told: str) -> None:
        """What a tag holds that is no choice: it is a model if it says so, or its name does."""
        for text, at in self._held(tag, attributes):
            if told or _is_known(text):
                site = Site(self._path, "javascript/field", told or tag["name"], "default", 0.6)
                self._see(text, at, site)

    def _held(
        self, tag: re.Match[str], attributes: dict[str, re.Match[str]]
    ) -> list[tuple[str, int]]:
        found = []
        for name, attribute in attributes.items():
            if name not in _HELD:
                continue
            group = next(g for g in ("double", "single", "braces") if attribute[g] is not None)
            inner = attribute[group]
            text = inner.strip().strip("'\"`")
            if name == "placeholder" and " " in text:  # "e.g. NAME"
                found += [
                    (one, tag.start("rest") + attribute.start(group) + at)
                    for one, below, at in told_in(inner)
                    if not below
                ]
            if 2 < len(text) <= 120 and not re.search(r"[\s{}<>()]", text):
                at = attribute.start(group) + inner.find(text)
                found.append((text, tag.start("rest") + at))
        return found

    def _expressions(self, tag: re.Match[str]) -> None:
        """Strings in the code of attributes: `:options="['gpt-4o']"`, `@click="set('gpt-4o')"`."""
        for attribute in _ATTRIBUTE.finditer(tag["rest"]):
            inner = attribute["double"] or ""
            if "'" in inner or "`" in inner:
                self._quoted(inner, tag.start("rest") + attribute.start("double"))

    def _quoted(self, code: str, at: int) -> None:
        for quoted in islice(_QUOTED.finditer(code), 500):
            text = quoted["text"]
            if _CLEAR.fullmatch(text) and (hosted_operator(text) or _is_known(text)):
                site = Site(self._path, "javascript/name", "an expression of the page", "option", 0)
                self._see(text, at + quoted.start("text"), site)

    def _shown(self, start: int) -> tuple[str, int]:
        """The text that follows a tag, as far as the next."""
        stop = self._text.find("<", start, start + 200)
        inner = self._text[start : stop if stop >= 0 else start]
        text = inner.strip()
        return text if len(text) <= 100 else "", start + len(inner) - len(inner.lstrip())

    def _see(self, text: str, at: int, site: Site) -> None:
        line = bisect_right(self._lines, at)
        self._found.see(text, line, at - self._lines[line - 1] + 1, site)


def _told(attributes: dict[str, re.Match[str]]) -> str:
    """What the attributes of a tag say that it is for, if it is for a model."""
    for name in _TELLING:
        attribute = attributes.get(name)
        if attribute is not None:
            text = attribute["double"] or attribute["single"] or attribute["braces"] or ""
            if len(text) < 60 and key_strength(text) > 0:
                return text
    return ""


def _is_known(text: str) -> bool:
    """Whether a string is a model wherever it stands."""
    if len(text) < 4 or re.search(r"\s", text) or "://" in text:
        return False
    found = classify(text, Place())
    return found is not None and found.confidence >= 0.6 and found.kind in ("hub", "hosted")
