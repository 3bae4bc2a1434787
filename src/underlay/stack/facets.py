"""What can be decided about an analysis of the stack, and how strongly an edge is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING

from underlay.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GRADES", "LISTINGS", "OPTIONS", "WEIGHTS", "Facets", "State", "grade_name"]


class State(IntEnum):
    """What is known of one edge (architecture, build), from a documented no upwards.

    From `GENERIC` on an edge is a route. `PRODUCT`: the runtime's registry holds the class and the
    runtime has the build, but nobody names the three together. `NAMED`: a release, a document or a
    report names them. `GENERIC`: a general path, experimental, or converted from its base.
    """

    NO = 0
    UNKNOWN = 1
    NOT_TESTED = 2
    GENERIC = 3
    PRODUCT = 4
    NAMED = 5
    CI = 6
    MEASURED = 7


GRADES: tuple[str, ...] = ("measured", "ci", "named", "product", "generic")
WEIGHTS: tuple[str, ...] = ("models", "downloads", "tokens")
LISTINGS: tuple[str, ...] = ("os_ai_map", "llmfit", "osir_lmts")

# the first option of each is the default
OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "grade": (
        ("product", "registry and build exist: what one can install today"),
        ("measured", "a benchmark ran the three together"),
        ("ci", "the project's own tests run them together"),
        ("named", "a release, document or report names them together"),
        ("generic", "general, experimental and converted paths count too"),
    ),
    "object": (
        ("weights", "the model, in whatever format it has to be"),
        ("file", "the published file as it is; its format needs a reader"),
    ),
    "routes": (
        ("accelerated", "serving engines and plain frameworks on accelerators"),
        ("serving", "serving engines on accelerators only"),
        ("runs", "plain frameworks on accelerators only"),
        ("cpu", "processors only"),
        ("all", "accelerators and processors"),
    ),
    "population": (
        ("text", "models of modality `language`: text in, text out"),
        ("all", "every model of the list"),
    ),
    "use": (("inference", "running the model"), ("training", "training it")),
    "supply": (
        ("new", "nothing new comes from what is removed, nor from who needs it"),
        ("installed", "what is removed stops; other machines don't need their maker any more"),
    ),
    "scope": (
        ("default", "silicon and the toolchain whose licence is closed"),
        ("silicon", "chips only"),
        ("toolchain", "toolchains and interfaces, open ones too"),
        ("code", "code that the owner wrote, open or not"),
        ("services", "hosted services"),
        ("all", "everything that it owns"),
    ),
    "fixtures": (("keep", "all models"), ("drop", "without tiny models made for tests")),
    "largest": (("keep", "all models"), ("drop", "without the model of most weight")),
    "listing": tuple((name, f"models of the newest edition of `{name}`") for name in LISTINGS),
}


@dataclass(frozen=True)
class Facets:
    """One definition of an analysis: an option for each facet."""

    grade: str = "product"
    object: str = "weights"
    routes: str = "accelerated"
    population: str = "text"
    use: str = "inference"
    supply: str = "new"
    scope: str = "default"
    fixtures: str = "keep"
    largest: str = "keep"
    listing: str = "os_ai_map"

    @classmethod
    def of(cls, where: Mapping[str, str] | None = None) -> Facets:
        """With these options, and defaults elsewhere; raises `UnknownNameError`."""
        where = dict(where or {})
        names = tuple(field.name for field in fields(cls))
        for name, option in where.items():
            if name not in names:
                raise UnknownNameError("facet of the stack", name, names)
            options = tuple(each for each, _ in OPTIONS[name])
            if option not in options:
                raise UnknownNameError(f"option of `{name}`", option, options)
        return cls(**where)

    def to_dict(self) -> dict[str, str]:
        """All of it, by facet name."""
        return {name: str(option) for name, option in asdict(self).items()}

    @property
    def state(self) -> State:
        """The weakest edge that counts as a route at this grade."""
        return State[self.grade.upper()]


def grade_name(state: int) -> str:
    """A state in words, as grades are written."""
    return State(state).name.lower().replace("_", "-")
