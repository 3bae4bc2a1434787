"""What is known of models and makers beyond the code base: handed in, never looked up from here.

Each part that is not known says why; nothing is left out because it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "NOBODY",
    "NO_END",
    "NO_LICENCE",
    "NO_ROUTES",
    "UNKNOWN",
    "Adoption",
    "Alternative",
    "Ancestor",
    "End",
    "Judged",
    "Knowledge",
    "LicenceFacts",
    "Missing",
    "ModelFacts",
    "Nothing",
    "Party",
    "Price",
    "RouteFacts",
    "Routes",
    "Sought",
    "SourceFacts",
]

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sought:
    """A model to look up: `canonical` is its key in the answer."""

    canonical: str
    kind: str
    ref: str
    operator: str | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation or person; `reason` says why the country is unknown or contested."""

    id: str = UNKNOWN
    name: str = UNKNOWN
    country: str = UNKNOWN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """A licence as published, its SPDX expression and class."""

    text: str = ""
    spdx: str = ""
    licence_class: str = UNKNOWN
    reason: str = ""

    @property
    def name(self) -> str:
        """The expression where it is one, else the text, else `unknown`."""
        return self.spdx or self.text or UNKNOWN


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A base of a model, nearest first in lists; `relation` is the Hub's own word."""

    canonical: str
    relation: str
    evidence: str  # declared or inferred
    maker: Party
    licence: LicenceFacts
    is_root: bool


@dataclass(frozen=True, slots=True)
class Adoption:
    """Place among the models of the newest list of downloads that holds it."""

    rank: int
    of: int
    downloads: int
    listing: str
    day: str


@dataclass(frozen=True, slots=True)
class End:
    """When a hosted model is switched off; `reason` says why the day is unknown."""

    day: str | None = None
    is_deprecated: bool | None = None
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """Rating on the newest edition of a board, with the publisher's interval."""

    board: str
    rating: float
    lower: float | None
    upper: float | None
    day: str


@dataclass(frozen=True, slots=True)
class Price:
    """Cheapest plain list price, USD per million tokens, three input tokens to one output token."""

    usd_per_mtok: float
    catalogue: str
    provider: str
    day: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """A model rated at least as high on the same edition of the same board, with its price."""

    canonical: str
    maker: Party
    is_open_weights: bool | None
    rating: float
    price: Price


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """One known way to run a model; `designer` is who designs the accelerator."""

    runtime: str
    backend: str
    line: str
    route_class: str
    grade: str
    designer: Party
    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Routes:
    """All known routes of a model; `needs` are owners of what stands in every one of them."""

    architecture: str = UNKNOWN
    routes: tuple[RouteFacts, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()  # (component, organisation), in every route
    grade: str = ""  # weakest grade that `needs` and counts of vendors speak of
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """All that is known of one model. `maker` made it, `uploader` only passed it on."""

    canonical: str
    found: str  # why this is the model that the code names
    maker: Party
    uploader: Party | None
    copy_kind: str
    licence: LicenceFacts
    openness: str
    is_open_weights: bool | None
    released_on: str | None
    architecture: str
    modality: str
    parameters: int | None
    lineage: str  # declared, inferred from the name, or none
    ancestors: tuple[Ancestor, ...]
    adoption: Adoption | None
    end: End
    judged: Judged | None
    price: Price | None
    alternatives: tuple[Alternative, ...]
    routes: Routes


@dataclass(frozen=True, slots=True)
class Missing:
    """A model that no list holds, and why; its name and its account may tell whose it is."""

    reason: str
    maker: Party = Party()
    uploader: Party | None = None
    ancestors: tuple[Ancestor, ...] = ()  # what the name says that it is built on


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A publisher that the facts come from."""

    name: str
    title: str
    licence: str
    url: str
    vintage: str


class Knowledge(Protocol):
    """What a join asks; one call each for the whole code base."""

    @property
    def as_of(self) -> str:
        """The newest day of the facts, ISO 8601; empty where there are none."""
        ...

    @property
    def sources(self) -> tuple[SourceFacts, ...]:
        """Publishers of the facts."""
        ...

    def models(self, sought: Sequence[Sought], /) -> Mapping[str, ModelFacts | Missing]:
        """Facts by canonical name; a model that isn't known is `Missing`."""
        ...

    def parties(self, ids: Iterable[str], /) -> Mapping[str, Party]:
        """Organisations by id; those that aren't known are left out."""
        ...


class Nothing:
    """Knowledge of nothing: an audit without a lake."""

    as_of = ""
    sources: tuple[SourceFacts, ...] = ()

    def models(self, sought: Sequence[Sought], /) -> Mapping[str, ModelFacts | Missing]:
        """Every model is missing."""
        return {each.canonical: Missing("no atlas was at hand") for each in sought}

    def parties(self, ids: Iterable[str], /) -> Mapping[str, Party]:  # noqa: ARG002 - protocol
        """No organisation is known."""
        return {}


NOBODY = Party()
NO_LICENCE = LicenceFacts()
NO_END = End(reason="no catalogue states an end")
NO_ROUTES = Routes(reason="no stack of runtimes was at hand")
