"""Names under which services serve models: an operator's key, or a maker's own name for its model.

An operator sells several makers' models. Its key tells a maker where it holds the maker's name
(`meta.llama3-70b-instruct-v1:0`, `together_ai/Qwen/QwQ-32B`), or where the model's name is one that
a maker has already. Names that no catalogue holds stand in `served.toml`.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN, read_toml
from underlay.identity import repository_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from underlay.atlas.models import Catalogue

__all__ = ["PLATFORM", "add_keys", "add_served", "served_names"]

_CATALOGUES = ("litellm", "models_dev")
PLATFORM = "served"  # what names of `served.toml` stand under among aliases
_BEDROCK = re.compile(
    r"^(?:bedrock(?:_mantle)?/(?:[*\w-]+/)*)?(?:(?:us-gov|us|eu|apac|au|jp|ca|global)\.)?"
    r"([a-z0-9]+)\.(.+)$"
)
# what an operator puts behind a model's name: an edition of the service, its number format
_EDITION = re.compile(r"(?::\d+k?)+$|(?:-v\d+)(?::\d+k?)*$")
_DATED = re.compile(r"[-@]20\d{6}$")


def add_keys(catalogue: Catalogue, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add LiteLLM's keys (`model_key`, `provider`).

    Where one maker's models stand under a provider, that is the maker. An operator's key leads to a
    model of the maker that it names, or makes one; else to a model that has its name already.
    """
    makers = catalogue.curated.aliases.makers
    made: dict[tuple[str, str], int] = {}
    others = []
    for row in rows:
        key = row["model_key"]
        maker = makers.get("litellm", {}).get((row["provider"] or "").casefold(), UNKNOWN)
        if maker == UNKNOWN:
            others.append(key)
            continue
        title = repository_name(key).partition("@")[0]
        catalogue.elsewhere("litellm", key, organisation=maker, title=title)
    for key in sorted(others, key=lambda key: (len(key), key)):
        author, name = _parts(key)
        maker = _maker(makers, catalogue, author)
        told = "its author's name" if maker != UNKNOWN else "its name"
        by_family = catalogue.families.by_id.get(catalogue.families.find(name)[0])
        wanted = maker if maker != UNKNOWN else by_family.organisation if by_family else UNKNOWN
        number = next(
            (
                found
                for form in _forms(name)
                if (found := made.get((wanted, form))) is not None
                or (found := catalogue.named(form, wanted)) is not None
            ),
            None,
        )
        if number is not None:
            reason = f"{told} tells the maker; `{catalogue.drafts[number].name}` has the same name"
            catalogue.also("litellm", key, number, "same name and maker", reason)
        elif maker != UNKNOWN:
            title = next(iter(_forms(name)))
            number = catalogue.elsewhere("litellm", key, organisation=maker, title=title)
            made |= {(maker, form): number for form in _forms(name)}


def _parts(key: str) -> tuple[str, str]:
    """(author as named, model) of an operator's key; the author is "" where none is named."""
    bedrock = _BEDROCK.match(key)
    if bedrock and "/" not in bedrock[2]:
        return bedrock[1], bedrock[2]
    *before, name = key.split("/")
    return (before[-1] if before else "").removeprefix("@"), name


def _maker(makers: Mapping[str, Mapping[str, str]], catalogue: Catalogue, author: str) -> str:
    """The organisation that an author's name means on any platform; operators mean none."""
    if not author:
        return UNKNOWN
    for platform in ("models_dev", "openrouter"):
        found = makers.get(platform, {}).get(author.casefold(), UNKNOWN)
        if found != UNKNOWN:
            return found
    return catalogue.hub_owner(f"{author}/x")


def _forms(name: str) -> Iterator[str]:
    """A name as it is without the service's edition, and without its day."""
    plain = name.partition(":")[0]
    yield plain
    shorter = _EDITION.sub("", name)
    if shorter not in ("", plain):
        yield shorter
    for form in (plain, shorter):
        undated = _DATED.sub("", form)
        if undated not in ("", form):
            yield undated


def served_names() -> dict[str, dict[str, str]]:
    """`served.toml`: {"names": name -> `platform:name`, "makers": name -> organisation}."""
    content = read_toml(Path(str(resources.files("underlay.atlas"))) / "served.toml")
    return {
        "names": {name: to for part in content["name"].values() for name, to in part.items()},
        "makers": {
            name: part["organisation"] for part in content["own"].values() for name in part["names"]
        },
    }


def add_served(catalogue: Catalogue) -> None:
    """Add the reviewed names, each as far as what it stands for is in the catalogue.

    A lake without any catalogue of services has none of their names.
    """
    if not any(platform in _CATALOGUES for platform, _ in catalogue.aliases):
        return
    found = served_names()
    for name, target in found["names"].items():
        platform, _, other = target.partition(":")
        known = catalogue.aliases.get((platform, other))
        if known is not None:
            reason = f"what the service calls `{name}` is `{other}` on {platform}"
            catalogue.also(PLATFORM, name, known.model, "curated", reason)
    for name, organisation in found["makers"].items():
        catalogue.elsewhere(PLATFORM, name, organisation=organisation, title=name)
