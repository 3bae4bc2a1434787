"""What a name alone tells of a model that no list of the atlas holds: its account, its family.

A name is weak evidence, so each answer says what it rests on. A namespace of an organisation tells
who published; a family tells what the name claims to be built on. Only where the name has nothing
but the family, sizes and words of a release does the family's maker count as the maker.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.atlas.curated import read_families
from underlay.atlas.names import Families, copied_name, is_quantised_name
from underlay.audit.knowledge import NO_LICENCE, NOBODY, UNKNOWN, Ancestor, Missing, Party
from underlay.identity import hub_key, repository_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underlay.audit.knowledge import Sought

__all__ = ["Told"]

_ENDING = re.compile(
    r"\.(?:gguf|ggml|safetensors|sft|ckpt|pth?|bin|onnx|llamafile|tflite|h5|keras|nemo|engine)$",
    re.IGNORECASE,
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_WORD = re.compile(r"[a-z]+|\d+", re.IGNORECASE)
# words of releases: they tell a size, a task or a stage, and nobody's own training
_RELEASE = re.compile(
    "a|ai|alpha|b|base|beta|chat|coder|code|cased|cls|dev|distill|distilled|e|embed|"
    "embedding|en|exp|f|flash|hf|instruct|it|k|l|large|latest|lite|m|max|medium|mini|"
    "mm|moe|multilingual|nano|o|omni|oai|p|patch|plus|preview|pro|pruned|ema|emaonly|q|"
    "r|rl|s|sft|small|t|text|thinking|tiny|turbo|uncased|v|vision|vl|x|xl|xs|xxl|zh"
)


class Told:
    """Reads names with the families and the accounts of the atlas."""

    def __init__(self, parties: Mapping[str, Party], accounts: Mapping[str, str]) -> None:
        """`accounts`: namespace on Hugging Face, case folded -> organisation."""
        self._parties = parties
        self._accounts = accounts
        self._families = Families(*read_families())

    def of(self, sought: Sought, reason: str) -> Missing:
        """What the name tells, added to the `reason` why no list holds it."""
        platform, _, name = sought.canonical.partition(":")
        if sought.kind == "file" or platform == "file":
            name = _SHARD.sub("", _ENDING.sub("", sought.ref.partition("?")[0].replace("\\", "/")))
            name = repository_name(name)
        elif platform == "ollama":
            name = name.partition(":")[0]
        family, why = self._families.find(name)
        known = self._families.by_id.get(family)
        of_family = self._maker(family)
        account = name.partition("/")[0] if platform == "huggingface" and "/" in name else ""
        owner = self._party(self._accounts.get(hub_key(account), UNKNOWN) if account else UNKNOWN)
        is_copy = is_quantised_name(name)
        base = tuple(
            _base(each, maker)
            for each in dict.fromkeys((family, self._families.hint(name, family)))
            if (maker := self._maker(each)).id not in (UNKNOWN, owner.id)
        )
        if owner.id != UNKNOWN and not (is_copy and base):
            said = f"the maker is told by its account `{account}`"
            return Missing(f"{reason}; {said}", owner, None, base)
        if known is None:
            return Missing(reason)
        if of_family.id == UNKNOWN or not _is_plain(name, family, known.name, of_family):
            return Missing(f"{reason}; {why}, which says what it is built on", NOBODY, None, base)
        uploader = None
        if account:
            uploader = owner
            if owner.id == UNKNOWN:
                uploader = Party(UNKNOWN, f"huggingface account `{account}`", UNKNOWN, "uncurated")
            if (
                not is_copy
            ):  # a namesake in somebody's account: built on it, made by nobody knows whom
                return Missing(
                    f"{reason}; {why}, which says what it is built on", NOBODY, None, base
                )
        said = f"the maker is told by its family: {why}"
        return Missing(f"{reason}; {said}", of_family, uploader, base if uploader else ())

    def _maker(self, family: str) -> Party:
        known = self._families.by_id.get(family)
        return self._party(known.organisation) if known else NOBODY

    def _party(self, identifier: str) -> Party:
        return self._parties.get(identifier, NOBODY)


def _base(family: str, maker: Party) -> Ancestor:
    return Ancestor(f"family:{family}", "unspecified", "inferred", maker, NO_LICENCE, is_root=True)


def _is_plain(name: str, family: str, family_name: str, maker: Party) -> bool:
    """Whether the name says a family, sizes and words of a release, and nothing else."""
    own = set(_WORD.findall(f"{family} {family_name} {maker.id} {maker.name}".casefold()))
    words = {word.casefold() for word in _WORD.findall(copied_name(name))}
    return all(word.isdigit() or _RELEASE.fullmatch(word) or word in own for word in words)
