"""One identity per model: the catalogue that names on all platforms resolve to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from underlay.atlas.contracts import OPENNESS
from underlay.atlas.curated import UNKNOWN
from underlay.atlas.licences import licence_of
from underlay.atlas.names import (
    Families,
    copied_name,
    is_quantised_name,
    modality_of,
    parameters_in_name,
    size_band,
)
from underlay.identity import hub_key, match_key, repository_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from underlay.atlas.curated import Curated

__all__ = ["OPENNESS_OF_CLASS", "Alias", "Catalogue", "Draft"]

OPENNESS_OF_CLASS = {
    "osi": "osi-licence",
    "open-content": "open-content",
    "open-with-use-restrictions": "use-restrictions",
    "research-only": "research-only",
    "custom": "custom-licence",
    "none-declared": "none-declared",
    "proprietary": "hosted-only",
}

# namespaces to which the Hub moved models that once had none, so "gpt2" is "openai-community/gpt2"
LEGACY_NAMESPACES = (
    "google-bert",
    "openai-community",
    "FacebookAI",
    "google-t5",
    "distilbert",
    "albert",
    "almanach",
    "xlnet",
    "transfo-xl",
    "dbmdz",
    "Salesforce",
)

_AT_HOME = "its name on its home platform"
_COLLECTIONS = ("ollama",)  # one name there stands for several sizes


@dataclass
class Draft:
    """What is known of one model while the catalogue is being made."""

    name: str
    platform: str
    organisation: str = UNKNOWN
    family: str = UNKNOWN
    pipeline_tag: str | None = None
    architecture: str | None = None
    parameters: float | None = None
    active_parameters: float | None = None
    licence_text: str | None = None
    is_open: bool | None = None
    has_training_data: bool | None = None
    created_on: dt.date | None = None
    released_on: dt.date | None = None
    is_corrected: bool = False
    bases: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The namespace, or an empty string."""
        return self.name.rpartition("/")[0] if "/" in self.name else ""


@dataclass(frozen=True)
class Alias:
    """Why a name on a platform is a model."""

    model: int
    method: str
    reason: str


class Catalogue:
    """All models, numbered from 0 in order of arrival, and all names that lead to them."""

    def __init__(self, curated: Curated) -> None:
        self.curated = curated
        self.families = Families(curated.families, curated.base_hints)
        self.drafts: list[Draft] = []
        self.aliases: dict[tuple[str, str], Alias] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._expected: dict[str, str] = {}
        self._hub_owner = curated.account_owner("huggingface")
        self._root_owner = curated.account_owner("huggingface_root")
        self._modelscope_owner = curated.account_owner("modelscope")
        self._renamed = {
            hub_key(entry["old"]): entry["new"]
            for entry in curated.corrections.get("rename_namespace", ())
        }
        self.corrected: set[str] = set()  # names whose stated openness a correction changed
        self._by_match: dict[str, list[int]] | None = None

    def __len__(self) -> int:
        return len(self.drafts)

    def expect(self, names: Iterable[str]) -> None:
        """Note Hub names that will come, so that a bare name finds its new home in any order."""
        legacy = {hub_key(namespace) for namespace in LEGACY_NAMESPACES}
        self._expected |= {
            hub_key(name): name for name in names if hub_key(name.partition("/")[0]) in legacy
        }

    def hub(self, name: str) -> int:
        """The model of a Hub name; made if it is new. Every spelling gets its alias."""
        known = self.aliases.get(("huggingface", name))
        if known is not None:
            return known.model
        current, method, reason = self._current_hub_name(name)
        number = self._place("huggingface", current)
        self.aliases["huggingface", name] = Alias(number, method, reason)
        # a model is found by the name that it is shown under, also if no list writes that
        self.also("huggingface", self.drafts[number].name, number, "home", _AT_HOME)
        return number

    def modelscope(self, name: str) -> int:
        """The model of a ModelScope name: the Hub's, where maker and name agree, else its own."""
        known = self.aliases.get(("modelscope", name))
        if known is not None:
            return known.model
        last = repository_name(name)
        owner = self.account_owner("modelscope", name)
        same = self._keys.get(("huggingface", hub_key(name)))
        if same is None and owner != UNKNOWN:
            same = self.named(last, owner)
        if same is not None and self.drafts[same].organisation == owner:
            number, method, shared = same, "same name and maker", f"name and the maker `{owner}`"
            if owner == UNKNOWN:  # then the names are equal from end to end
                method, shared = "same full name", "account and name"
            place = "the Hub" if self.drafts[same].platform == "huggingface" else "ModelScope"
            reason = f"`{self.drafts[same].name}` on {place} has the same {shared}"
        else:
            number = self._place("modelscope", name)
            self.drafts[number].organisation = owner
            method, reason = "own identity", "no Hub model of that maker has this name"
        self.aliases["modelscope", name] = Alias(number, method, reason)
        return number

    def elsewhere(
        self,
        platform: str,
        name: str,
        *,
        organisation: str,
        hub_id: str | None = None,
        family: str | None = None,
        title: str | None = None,
        is_collection: bool = False,
    ) -> int:
        """The model behind a catalogue's or board's name.

        In this order: the Hub id that the publisher states; a model of the same maker whose name
        agrees but for case and separators; an identity of its own. A collection (one name for
        several sizes) is never one of the models in it, so it always has its own.
        """
        known = self.aliases.get((platform, name))
        if known is not None:
            return known.model
        if hub_id:
            number = self.hub(hub_id)
            alias = Alias(number, "stated", f"the publisher states the Hub id `{hub_id}`")
        elif is_collection:
            number = self._place(platform, name)
            alias = Alias(number, "own identity", "one name for several sizes")
        else:
            number, alias = self._matched(platform, name, organisation, title)
        draft = self.drafts[number]
        if draft.organisation == UNKNOWN:
            draft.organisation = organisation
        if family and draft.family == UNKNOWN:
            draft.family = family
        self.aliases[platform, name] = alias
        return number

    def _matched(
        self, platform: str, name: str, organisation: str, title: str | None
    ) -> tuple[int, Alias]:
        for spelling in (name, title):
            same = self.named(spelling or "", organisation)
            if same is not None:
                reason = f"`{self.drafts[same].name}` of `{organisation}` has the same name"
                return same, Alias(same, "same name and maker", reason)
        number = self._place(platform, name)
        return number, Alias(number, "own identity", "no other name agrees with it")

    def named(self, name: str, organisation: str) -> int | None:
        """The first model of that maker whose name agrees but for case and separators."""
        key = match_key(repository_name(name))
        if not key or organisation == UNKNOWN:
            return None
        numbers = self.by_match().get(key, [])
        return next((i for i in numbers if self.drafts[i].organisation == organisation), None)

    def also(self, platform: str, name: str, model: int, method: str, reason: str) -> None:
        """Let one more name lead to a model; a name that leads somewhere already stays."""
        self.aliases.setdefault((platform, name), Alias(model, method, reason))

    def remark(self, platform: str, name: str, text: str) -> None:
        """Add to the reason of a name's alias, once."""
        alias = self.aliases[platform, name]
        if text not in alias.reason:
            self.aliases[platform, name] = replace(alias, reason=f"{alias.reason}; {text}")

    def hub_owner(self, name: str) -> str:
        """The organisation behind a Hub name, or "unknown"."""
        namespace = name.partition("/")[0] if "/" in name else ""
        if not namespace:
            return self._root_owner.get(hub_key(name), UNKNOWN)
        return self._hub_owner.get(hub_key(namespace), UNKNOWN)

    def account_owner(self, platform: str, name: str) -> str:
        """The organisation behind the account of a hub's name, or "unknown"."""
        if platform == "huggingface":
            return self.hub_owner(name)
        return self._modelscope_owner.get(hub_key(name.partition("/")[0]), UNKNOWN)

    def by_match(self) -> dict[str, list[int]]:
        """Model numbers by match key, originals before copies."""
        if self._by_match is None:
            self._by_match = {}
            for number in range(len(self.drafts)):
                self._index(number)
        return self._by_match

    def finish(self) -> None:
        """Fill what follows from names: family, and lineage that a copy's name tells."""
        for draft in self.drafts:
            if draft.family == UNKNOWN:
                draft.family = self.families.find(draft.name)[0]
        originals: dict[str, list[int]] = {}
        for number, draft in enumerate(self.drafts):
            if draft.platform == "huggingface" and not is_quantised_name(draft.name):
                key = match_key(copied_name(draft.name))
                originals.setdefault(key, []).append(number)
        for draft in self.drafts:
            if draft.bases or draft.platform != "huggingface" or not is_quantised_name(draft.name):
                continue
            found = self._original_of(draft, originals)
            if found is not None:
                base = self.drafts[found].name
                draft.bases[base] = ("quantized", "inferred", "names")

    def _original_of(self, draft: Draft, originals: Mapping[str, list[int]]) -> int | None:
        """The model whose name is the copy's without the repacking marks, or None.

        Of several one whose name bears no marks itself ("-BF16"); of these one of the same
        account, then the one that the copy's name spells out ("Qwen_Qwen3-8B-GGUF"), then one by
        the maker of the family.
        """
        copied = copied_name(draft.name)
        candidates = originals.get(match_key(copied), [])
        family = self.families.by_id.get(draft.family)
        maker = family.organisation if family else UNKNOWN
        ranked = [(0, i) for i in candidates if self.drafts[i].account == draft.account]
        namespace, underscore, last = copied.partition("_")
        spelt = self._keys.get(("huggingface", hub_key(f"{namespace}/{last}")))
        if underscore and spelt is not None and not is_quantised_name(last):
            ranked.append((1, spelt))
        if maker != UNKNOWN:
            ranked += [(2, i) for i in candidates if self.drafts[i].organisation == maker]
        best = min(
            ((copied_name(self.drafts[i].name) != repository_name(self.drafts[i].name), rank, i)
             for rank, i in ranked),
            default=None,
        )  # fmt: skip
        return best[2] if best else None

    def _index(self, number: int) -> None:
        if self._by_match is not None and self.drafts[number].platform not in _COLLECTIONS:
            key = match_key(repository_name(self.drafts[number].name))
            numbers = self._by_match.setdefault(key, [])
            if number not in numbers:
                numbers.append(number)

    def _current_hub_name(self, name: str) -> tuple[str, str, str]:
        namespace, slash, last = name.partition("/")
        if slash:
            new = self._renamed.get(hub_key(namespace))
            if new:
                return f"{new}/{last}", "renamed", f"the namespace `{namespace}` is now `{new}`"
            return name, "home", _AT_HOME
        for legacy in LEGACY_NAMESPACES:
            moved = hub_key(f"{legacy}/{name}")
            if moved in self._expected:
                reason = "the Hub moved models without a namespace to their makers'"
                return self._expected[moved], "moved", reason
        return name, "home", _AT_HOME

    def _place(self, platform: str, name: str) -> int:
        key = (platform, hub_key(name))
        if key not in self._keys:
            self._keys[key] = len(self.drafts)
            draft = Draft(name, platform)
            if platform == "huggingface":
                draft.organisation = self.hub_owner(name)
            if platform in ("huggingface", "modelscope", "ollama"):
                draft.is_open = True  # hubs hold weights; hosted-only models have no repository
            self.drafts.append(draft)
            self._index(self._keys[key])
        return self._keys[key]

    def rows(self) -> list[dict[str, object]]:
        """The catalogue as rows of `core__model`, without what lineage adds."""
        return [self._row(number, draft) for number, draft in enumerate(self.drafts)]

    def _row(self, number: int, draft: Draft) -> dict[str, object]:
        licence_class = self.licence_class(draft.licence_text)
        is_open = draft.is_open
        if is_open is None and licence_class not in (UNKNOWN, "none-declared"):
            is_open = licence_class != "proprietary"
        openness = OPENNESS_OF_CLASS.get(licence_class, UNKNOWN)
        if is_open is False:
            openness = "hosted-only"
        elif openness == "hosted-only":  # weights on a hub, whatever licence they stand under
            openness = "custom-licence"
        stated = draft.parameters or parameters_in_name(draft.name)
        released = draft.released_on or draft.created_on
        method = None
        if released:
            method = (
                "corrected" if draft.is_corrected
                else "published" if draft.released_on else "repository created"
            )  # fmt: skip
        return {
            "model_id": number,
            "name": draft.name,
            "platform": draft.platform,
            "account": draft.account,
            "organisation_id": draft.organisation,
            "family_id": self.families.counted_in(draft.family),
            "subfamily_id": draft.family,
            "modality": modality_of(draft.pipeline_tag, self.families.modality(draft.family)),
            "pipeline_tag": draft.pipeline_tag,
            "architecture": draft.architecture,
            "parameters_count": _whole(draft.parameters),
            "active_parameters_count": _whole(draft.active_parameters),
            "size_band": size_band(stated),
            "licence_text": draft.licence_text,
            "licence_class": licence_class,
            "openness": openness,
            "is_open_weights": is_open,
            "has_training_data": draft.has_training_data,
            "released_on": released,
            "released_on_method": method,
        }

    def strictest(self, texts: Iterable[str]) -> str | None:
        """Of licences that all hold the one that allows least; None for none.

        One whose class isn't known may allow less than the others, so it goes before them.
        """
        return max(
            texts,
            key=lambda text: (
                OPENNESS.index(OPENNESS_OF_CLASS.get(self.licence_class(text), UNKNOWN)),
                text,
            ),
            default=None,
        )

    def licence_class(self, text: str | None) -> str:
        """Class of a licence text; "unknown" for none, and for one that nobody can read."""
        return licence_of(self.curated.licences, text).licence_class


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
