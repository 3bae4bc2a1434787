"""What a name stands for that only a program, a file or an address knows.

`large-v3` behind a loader of Whisper is `openai/whisper-large-v3`; `sam_vit_h_4b8939.pth` is
`facebook/sam-vit-huge`. The table is `presets.toml`. Pure: nothing is looked up.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from underlay.audit.names.references import canonical, file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.audit.findings import ModelReference

__all__ = ["Preset", "identities", "makers", "stands_for"]

_GROUP = re.compile(r"\\(L?)(\d)")


@dataclass(frozen=True, slots=True)
class Preset:
    """What a name stands for: a repository on Hugging Face, a maker, or only one of them."""

    repository: str  # empty where the weights are on no hub, or nobody knows where
    maker: str  # organisation of the atlas; empty where it isn't one
    about: str  # in words: `size of Whisper`


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `[[preset]]` of the table."""

    about: str
    maker: str
    kinds: frozenset[str]
    evidence: re.Pattern[str] | None
    address: re.Pattern[str] | None
    names: tuple[tuple[re.Pattern[str], str], ...]
    files: tuple[tuple[re.Pattern[str], str], ...]

    def reads(self, kind: str, text: str, base: str, evidence: str) -> str | None:
        """The repository of the name, empty where it has none; None where the name is another."""
        if kind not in self.kinds or (self.evidence and not self.evidence.search(evidence)):
            return None
        if self.address is not None and not self.address.search(text):
            return None
        for patterns, name in ((self.names, text), (self.files, base)):
            for pattern, template in patterns:
                if found := pattern.fullmatch(name):
                    return _filled(template, found)
        return None


@cache
def _table() -> dict[str, Any]:
    text = resources.files("underlay.audit.names").joinpath("presets.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _entries() -> tuple[_Entry, ...]:
    return tuple(
        _Entry(
            about=entry["about"],
            maker=entry["maker"],
            kinds=frozenset(entry["kinds"]),
            evidence=re.compile(entry["evidence"]) if "evidence" in entry else None,
            address=re.compile(entry["address"]) if "address" in entry else None,
            names=_compiled(entry.get("names", ())),
            files=_compiled(entry.get("files", ())),
        )
        for entry in _table()["preset"]
    )


def _compiled(pairs: Sequence[Sequence[str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(p, re.IGNORECASE | re.ASCII), template) for p, template in pairs)


def _filled(template: str, found: re.Match[str]) -> str:
    def part(mark: re.Match[str]) -> str:
        text = found[int(mark[2])] or ""
        return text.lower() if mark[1] else text

    return _GROUP.sub(part, template)


@lru_cache(maxsize=20_000)
def stands_for(kind: str, ref: str, evidence: str = "") -> Preset | None:
    """What the name stands for, or None where the table doesn't know it.

    An address that no entry knows still tells its publisher where that is an organisation's own
    bucket or account.
    """
    if kind == "hub" and "/" in ref:
        return None
    text = ref.strip()
    base = file_name(text.partition("?")[0])
    for entry in _entries():
        repository = entry.reads(kind, text, base, evidence)
        if repository is not None:
            return Preset(repository, entry.maker, entry.about)
    return _of_publisher(kind, text)


def _of_publisher(kind: str, text: str) -> Preset | None:
    """The owner of the address at which a file lies, or of a repository of torch.hub."""
    owners: Mapping[str, str] = _owners()
    if kind == "torch-hub":
        owner = text.partition("/")[0]
        maker = owners.get(owner.casefold())
        return Preset("", maker, f"code and weights of `{owner}` on GitHub") if maker else None
    if kind != "file" or "://" not in text:
        return None
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return None
    maker = _table()["hosts"].get(host)
    if maker is not None:
        return Preset("", maker, f"file at `{host}`, the publisher's own address")
    path = [part for part in parts.path.split("/") if part]
    if host in ("github.com", "raw.githubusercontent.com", "tfhub.dev") and len(path) > 1:
        maker = owners.get(path[0].casefold())
        if maker is not None:
            return Preset("", maker, f"file in the account `{path[0]}` at `{host}`")
    return None


@cache
def _owners() -> dict[str, str]:
    return {owner.casefold(): maker for owner, maker in _table()["owners"].items()}


@cache
def makers() -> frozenset[str]:
    """All organisations that the table names."""
    table = _table()
    named = {entry["maker"] for entry in table["preset"]} - {""}
    return frozenset(named | set(table["hosts"].values()) | set(table["owners"].values()))


def identities(findings: Sequence[ModelReference]) -> list[str]:
    """One spelling for what each finding refers to: the repository, where its name stands for one.

    A file that lies in one repository that the same findings name is that repository's.
    """
    homes: dict[str, set[str]] = {}
    for found in findings:
        if found.kind == "hub" and found.weight_file:
            key = canonical(found.kind, found.ref, found.operator)
            homes.setdefault(PurePosixPath(found.weight_file).name, set()).add(key)
    return [_identity(found, homes) for found in findings]


def _identity(found: ModelReference, homes: Mapping[str, set[str]]) -> str:
    if found.kind == "file" and "://" not in found.ref:
        home = homes.get(file_name(found.ref), set())
        if len(home) == 1:
            return next(iter(home))
    preset = stands_for(found.kind, found.ref, found.evidence)
    if preset is not None and preset.repository:
        return f"huggingface:{preset.repository}"
    return canonical(found.kind, found.ref, found.operator)
