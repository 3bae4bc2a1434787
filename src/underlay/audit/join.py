"""What was found in a code base, joined to what is known of it: cards, routes, locks, summary.

The score of lock-in is the plain mean of its known terms, each a share between 0 and 1:

- `tied_lines`: lines tied to one vendor's accelerators, of all lines that touch accelerators;
- `hosted_models`: models that only a service runs, of all models that are used;
- `few_vendors`: 1 divided by the number of accelerator designers with a route, for the model that
  has fewest.

A term without data is left out of the mean and says why; the score never stands without its terms.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import SURE, Unknown
from underlay.audit.knowledge import NOBODY, UNKNOWN, Missing, ModelFacts, Nothing, Sought
from underlay.audit.names.presets import identities, stands_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.audit.findings import Infrastructure, ModelReference
    from underlay.audit.knowledge import (
        Ancestor,
        Knowledge,
        LicenceFacts,
        Party,
        RouteFacts,
        SourceFacts,
    )
    from underlay.audit.project import Audit

__all__ = [
    "DEPENDENT",
    "Block",
    "Card",
    "Joined",
    "Line",
    "Lock",
    "Reference",
    "Term",
    "asked_for",
    "conflict",
    "counted",
    "is_accelerated",
    "is_pinned",
    "join",
]

# roles in which a name is a dependency; what tests and prose name is shown, not counted
DEPENDENT = ("use", "default", "option", "config")
# what a line of the layer below needs, where it is about accelerators
_ACCELERATED = ("interface", "hardware", "toolchain")
_GRADES = ("measured", "ci", "named", "product")
_CONFIRMED = 0.6  # a weak candidate that the atlas knows by exactly this name
# how hosted snapshots are dated: 20240806, 0613 (month and day), 2411 (year and month), 001
_DATED = re.compile(
    r"20[2-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|"
    r"2[2-9](?:0[1-9]|1[0-2])|00[1-9]"
)
_MOVING = frozenset(("main", "master", "latest", "head"))
# what forbids more comes first; a copy can't allow what its base forbids
_STRICT = ("proprietary", "research-only", "custom", "open-with-use-restrictions")
_FREE = ("osi", "open-content")
# parts of a component's name -> runtime of the stack
_RUNTIMES = (
    ("sglang", "sglang"),
    ("tensorrt-llm", "tensorrt-llm"),
    ("tensorrt_llm", "tensorrt-llm"),
    ("lmdeploy", "lmdeploy-pytorch"),
    ("vllm", "vllm"),
    ("ollama", "ollama"),
    ("llama-cpp", "llama.cpp"),
    ("llama.cpp", "llama.cpp"),
    ("mlx-lm", "mlx-lm"),
    ("mlx-vlm", "mlx-vlm"),
    ("onnxruntime", "onnxruntime"),
    ("optimum-habana", "optimum-habana"),
    ("optimum-neuron", "optimum-neuron"),
    ("optimum-intel", "optimum-intel"),
    ("deepspeed", "deepspeed"),
    ("transformers", "transformers"),
)
_EVIDENCE = (
    ("from_pretrained", "transformers"),
    ("pipeline(", "transformers"),
    ("SentenceTransformer", "transformers"),
    ("vllm", "vllm"),
    ("LLM(", "vllm"),
    ("sglang", "sglang"),
    ("Llama(", "llama.cpp"),
    ("llama-server", "llama.cpp"),
    ("ollama", "ollama"),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that names a model, with the key of its card."""

    found: ModelReference
    canonical: str
    is_confirmed: bool = False  # weak by itself; the atlas knows the name

    @property
    def is_dependency(self) -> bool:
        """Whether it counts: no alias, and not only a test or prose."""
        return not self.found.alias and self.found.role in DEPENDENT


@dataclass(frozen=True, slots=True)
class Card:
    """One model of the code base: what is known, or why nothing is."""

    canonical: str
    kind: str
    operator: Party | None  # who runs it, where it is hosted
    facts: ModelFacts | None
    reason: str  # why there are no facts
    is_used: bool  # some reference is a dependency
    is_hosted: bool
    is_pinned: bool | None  # None where the question has no sense
    conflicts: tuple[str, ...]
    routes_used: tuple[RouteFacts, ...]  # through runtimes and vendors that the code base has
    vendors: tuple[str, ...] | None  # accelerator designers with a route; None where not known
    told: Missing | None = None  # what its name alone tells, where no list holds it

    @property
    def maker(self) -> Party:
        """Who made it, or nobody known."""
        return self.facts.maker if self.facts else self.told.maker if self.told else NOBODY

    @property
    def uploader(self) -> Party | None:
        """Who only passed it on, where that is somebody else."""
        return self.facts.uploader if self.facts else self.told.uploader if self.told else None

    @property
    def ancestors(self) -> tuple[Ancestor, ...]:
        """Its bases, nearest first; without facts what its name says that it is built on."""
        return self.facts.ancestors if self.facts else self.told.ancestors if self.told else ()

    @property
    def licence(self) -> LicenceFacts | None:
        """Its licence, where anything is known of it."""
        return self.facts.licence if self.facts else None

    @property
    def openness(self) -> str:
        """Its grade of openness, or `unknown`."""
        return self.facts.openness if self.facts else UNKNOWN


@dataclass(frozen=True, slots=True)
class Line:
    """A place that touches the layer below, with its vendor."""

    found: Infrastructure
    vendor: Party


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in the way of doing without one vendor."""

    vendor: Party
    tied: tuple[str, ...]  # file:line that has to be rewritten
    switch: tuple[str, ...]  # file:line at which a build, flag or address changes
    models: tuple[str, ...]  # models for which no route without it is known
    unknown: tuple[str, ...]  # models whose routes are not known


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the score; `share` is None where there is no data."""

    name: str
    share: float | None
    of: str  # the two numbers in words, or the reason


@dataclass(frozen=True, slots=True)
class Lock:
    """How hard it is to move; the mean of the known terms."""

    score: float | None
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """The whole audit of one code base: above, below, between, and what can't be said."""

    name: str
    references: tuple[Reference, ...]
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]
    unknown: tuple[Unknown, ...]
    runtimes: tuple[str, ...]
    blocks: tuple[Block, ...]
    lock: Lock
    as_of: str
    sources: tuple[SourceFacts, ...]
    files: int
    read: int
    bytes: int
    skipped: Mapping[str, int]


def asked_for(ref: str, kind: str = "hub", operator: str | None = None) -> ModelReference:
    """A reference that a user names, as if a code base used it."""
    from underlay.audit.findings import ModelReference

    return ModelReference(
        ref=ref, kind=kind, role="use", file="", line=0, column=0,  # type: ignore[arg-type]
        rule="asked", evidence="named by the user", confidence=1.0, operator=operator,
    )  # fmt: skip


def join(audit: Audit, knowledge: Knowledge | None = None, *, name: str = "") -> Joined:
    """Everything that is known of what an audit found; one look-up for all."""
    knowledge = knowledge or Nothing()
    named = (*audit.models, *audit.weak)
    keys = list(zip(named, identities(named), strict=True))
    sought: dict[str, Sought] = {}
    for model, key in keys:
        sought.setdefault(key, Sought(key, model.kind, model.ref, model.operator, model.evidence))
    known = knowledge.models([sought[key] for key in sorted(sought)])
    references, unknown = _believed(keys, known, audit.unknown)
    operators = {r.found.operator for r in references if r.found.operator} | _SCHEMES
    presets = (stands_for(m.kind, m.ref, m.evidence) for m, _ in keys)
    parties = knowledge.parties(
        {i.vendor for i in audit.infrastructure}
        | {_operator_id(o) for o in operators}
        | {preset.maker for preset in presets if preset is not None}
    )
    lines = tuple(
        Line(found, parties.get(found.vendor, _nobody(found.vendor)))
        for found in audit.infrastructure
    )
    runtimes = _runtimes(lines, references)
    vendors = {line.vendor.id for line in lines if is_accelerated(line.found)} - {UNKNOWN}
    grouped: dict[str, list[Reference]] = {}
    for reference in references:
        grouped.setdefault(reference.canonical, []).append(reference)
    cards = tuple(
        _card(key, grouped[key], known[key], parties, runtimes, vendors) for key in sorted(grouped)
    )
    return Joined(
        name=name,
        references=tuple(references),
        cards=cards,
        lines=lines,
        unknown=unknown,
        runtimes=runtimes,
        blocks=_blocks(lines, cards),
        lock=_lock(lines, cards),
        as_of=knowledge.as_of,
        sources=knowledge.sources,
        files=audit.files,
        read=audit.read,
        bytes=audit.bytes,
        skipped=audit.skipped,
    )


def _believed(
    keys: Sequence[tuple[ModelReference, str]],
    known: Mapping[str, ModelFacts | Missing],
    unknown: Iterable[Unknown],
) -> tuple[list[Reference], tuple[Unknown, ...]]:
    """References, the weak ones only where the atlas confirms them; the others as unknown."""
    references, doubts = [], list(unknown)
    for model, key in keys:
        if model.confidence >= SURE:
            references.append(Reference(model, key))
        elif isinstance(known[key], ModelFacts):
            raised = replace(model, confidence=_CONFIRMED)
            references.append(Reference(raised, key, is_confirmed=True))
        else:
            why = "has the shape of a model's name; no rule vouches for it, nor does the atlas"
            doubts.append(
                Unknown(
                    file=model.file,
                    line=model.line,
                    text=model.ref,
                    reason=why,
                    column=model.column,
                    rule=model.rule,
                )
            )
    references.sort(key=lambda r: (r.found.file, r.found.line, r.found.column, r.found.ref))
    doubts.sort(key=lambda u: (u.file, u.line, u.column, u.text, u.reason))
    return references, tuple(doubts)


def _operator_id(operator: str) -> str:
    return _OPERATORS.get(operator, operator)


# operators of references.py -> organisations of the atlas, where the words differ
_OPERATORS = {
    "azure": "microsoft",
    "azure_ai": "microsoft",
    "bedrock": "amazon",
    "sagemaker": "amazon",
    "vertex_ai": "google",
    "vertex": "google",
    "gemini": "google",
    "dashscope": "alibaba",
    "together": "together-ai",
    "together_ai": "together-ai",
    "fireworks_ai": "fireworks",
    "watsonx": "ibm",
    "nvidia_nim": "nvidia",
    "github": "microsoft",
    "voyage": "voyage-ai",
    "volcengine": "bytedance",
}
# operators whose names are all of models that they made themselves
_SCHEMES = frozenset(
    ("ai21", "anthropic", "cohere", "dashscope", "deepseek", "google", "minimax", "mistral",
     "moonshot", "openai", "perplexity", "voyage", "xai", "zhipu")
)  # fmt: skip
_OWN = ("ollama", "vllm", "local", "lmstudio", "llamacpp", "tgi")  # a server of one's own


def is_accelerated(found: Infrastructure) -> bool:
    """Whether a line is about accelerators and what drives them, not about hosted services."""
    return found.need in _ACCELERATED and found.component != "api:openai"


def _nobody(name: str) -> Party:
    return replace(NOBODY, id=name or UNKNOWN, name=name or UNKNOWN)


def is_pinned(reference: ModelReference) -> bool | None:
    """Whether the bytes behind a name are fixed; None for what no revision can fix."""
    if reference.kind == "hub":
        return reference.revision is not None and reference.revision.lower() not in _MOVING
    if reference.kind == "ollama":
        tag = reference.ref.rpartition("/")[2].partition(":")[2]
        return "@sha256:" in reference.ref or bool(tag and tag != "latest")
    if reference.kind == "hosted":
        return any(_DATED.fullmatch(part) for part in _parts(reference.ref))
    if reference.kind == "torch-hub":
        return reference.revision is not None
    return None


def _parts(name: str) -> list[str]:
    for mark in "@:_/.":
        name = name.replace(mark, "-")
    joined = name.split("-")
    days = ["".join(joined[i : i + 3]) for i in range(len(joined) - 2)]
    return [*joined, *(day for day in days if day.startswith("20"))]


def _card(
    key: str,
    references: Sequence[Reference],
    known: ModelFacts | Missing,
    parties: Mapping[str, Party],
    runtimes: Sequence[str],
    vendors: set[str],
) -> Card:
    facts = known if isinstance(known, ModelFacts) else None
    first = references[0].found
    operators = sorted({r.found.operator for r in references if r.found.operator})
    served = [o for o in operators if o not in _OWN]
    # a name without a service behind it is nobody's: it may as well be run on one's own machines
    is_hosted = first.kind == "service" or (
        first.kind == "hosted" and (bool(served) or key.partition(":")[0] in _SCHEMES)
    )
    operator = None
    if is_hosted and served:
        identifier = _operator_id(served[0])
        operator = parties.get(identifier, _nobody(identifier))
    told = _told(key, first, known, parties) if isinstance(known, Missing) else None
    states = {is_pinned(r.found) for r in references if r.is_dependency} or {
        is_pinned(r.found) for r in references
    }
    pinned = None if None in states else False not in states
    used: tuple[RouteFacts, ...] = ()
    designers: tuple[str, ...] | None = None
    if facts is not None and facts.routes.routes and not is_hosted:
        wanted = {f"runtime:{name}" for name in runtimes}
        through = [route for route in facts.routes.routes if route.runtime in wanted]
        # where no line names a designer of accelerators, any that the runtime drives may be in use
        mine = vendors & {route.designer.id for route in through}
        used = tuple(route for route in through if not mine or route.designer.id in mine)
        known_ones = [r for r in facts.routes.routes if r.grade in _GRADES]
        designers = tuple(
            sorted({r.designer.id for r in known_ones if r.route_class != "cpu"} - {UNKNOWN})
        )
    return Card(
        canonical=key,
        kind=first.kind,
        operator=operator,
        facts=facts,
        reason=told.reason if told else "",
        is_used=any(r.is_dependency for r in references),
        is_hosted=is_hosted,
        is_pinned=pinned,
        conflicts=conflict(facts) if facts else (),
        routes_used=used,
        vendors=designers,
        told=told,
    )


def _told(
    key: str, found: ModelReference, missing: Missing, parties: Mapping[str, Party]
) -> Missing:
    """What a name tells by itself: a service's scheme or a program's preset before its family."""
    scheme = key.partition(":")[0]
    named = parties.get(_operator_id(scheme)) if scheme in _SCHEMES else None
    if named is not None and found.kind in ("hosted", "service"):
        why = f"the maker is told by the name alone, which follows {named.name}'s scheme"
        return replace(missing, reason=f"{missing.reason}; {why}", maker=named, uploader=None)
    preset = stands_for(found.kind, found.ref, found.evidence)
    named = parties.get(preset.maker) if preset is not None else None
    if preset is None or named is None:
        return missing
    why = f"the maker is told by the name: {preset.about}"
    return replace(missing, reason=f"{missing.reason}; {why}", maker=named, uploader=None)


def conflict(facts: ModelFacts) -> tuple[str, ...]:
    """Sentences where a model claims a freer licence than one of its bases grants."""
    own = facts.licence
    found = []
    for base in facts.ancestors:
        theirs = base.licence
        if theirs.licence_class not in _STRICT:
            continue
        if own.licence_class in _FREE:
            found.append(
                f"{facts.canonical} says {own.name} ({own.licence_class}), but its base "
                f"{base.canonical} is under {theirs.name} ({theirs.licence_class})"
            )
        elif own.licence_class in _STRICT and _STRICT.index(own.licence_class) > _STRICT.index(
            theirs.licence_class
        ):
            found.append(
                f"{facts.canonical} says {own.name} ({own.licence_class}), but its base "
                f"{base.canonical} forbids more: {theirs.name} ({theirs.licence_class})"
            )
        elif own.licence_class in (UNKNOWN, "none-declared"):
            found.append(
                f"{facts.canonical} states no licence; its base {base.canonical} is under "
                f"{theirs.name} ({theirs.licence_class}), which binds it"
            )
    return tuple(dict.fromkeys(found))


def _runtimes(lines: Sequence[Line], references: Sequence[Reference]) -> tuple[str, ...]:
    """Runtimes of the stack that the code base names, by components and by calls."""
    found: set[str] = set()
    for line in lines:
        kind, _, name = line.found.component.partition(":")
        if kind not in ("api", "service", "device", "resource"):
            low = name.lower()
            found |= {runtime for part, runtime in _RUNTIMES[:1] if part in low}
            hit = next((runtime for part, runtime in _RUNTIMES if part in low), None)
            if hit:
                found.add(hit)
    for reference in references:
        if not reference.is_dependency:
            continue
        if reference.found.kind == "ollama":
            found.add("ollama")
        elif reference.found.kind in ("hub", "file"):
            text = reference.found.evidence
            found |= {runtime for part, runtime in _EVIDENCE if part in text}
    return tuple(sorted(found))


def _place(line: Line) -> str:
    return f"{line.found.file}:{line.found.line}"


def _accelerated(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if is_accelerated(line.found) and line.found.role in DEPENDENT]


def _blocks(lines: Sequence[Line], cards: Sequence[Card]) -> tuple[Block, ...]:
    """For each vendor that lines name or that every route of a model needs."""
    touching = [line for line in lines if line.found.role in DEPENDENT]
    parties = {line.vendor.id: line.vendor for line in touching if line.vendor.id != UNKNOWN}
    own = [card for card in cards if card.is_used and not card.is_hosted]
    for card in own:
        for route in card.facts.routes.routes if card.facts else ():
            if route.designer.id in parties or card.vendors == (route.designer.id,):
                parties.setdefault(route.designer.id, route.designer)
    found = []
    for vendor in sorted(parties):
        mine = [line for line in touching if line.vendor.id == vendor]
        tied = tuple(dict.fromkeys(_place(x) for x in mine if x.found.tie == "tied"))
        switch = tuple(dict.fromkeys(_place(x) for x in mine if x.found.tie == "switch"))
        lost = tuple(card.canonical for card in own if card.vendors == (vendor,))
        hosted = tuple(
            card.canonical
            for card in cards
            if card.is_used and card.is_hosted and card.operator and card.operator.id == vendor
        )
        unknown = tuple(card.canonical for card in own if not card.vendors)
        if tied or switch or lost or hosted:
            found.append(Block(parties[vendor], tied, switch, (*lost, *hosted), unknown))
    return tuple(sorted(found, key=lambda b: (-len(b.tied), -len(b.switch), b.vendor.id)))


def _part(count: int, whole: int, noun: str) -> str:
    return f"{count} of {whole} {noun}{'s' * (whole != 1)}"


def _lock(lines: Sequence[Line], cards: Sequence[Card]) -> Lock:
    touching = _accelerated(lines)
    places = {_place(line) for line in touching}
    tied = {_place(line) for line in touching if line.found.tie == "tied"}
    used = [card for card in cards if card.is_used]
    hosted = [card for card in used if card.is_hosted]
    counts = [(len(card.vendors), card.canonical) for card in used if card.vendors]
    terms = [
        Term("tied_lines", len(tied) / len(places), _part(len(tied), len(places), "line"))
        if places
        else Term("tied_lines", None, "no line touches accelerators"),
        Term("hosted_models", len(hosted) / len(used), _part(len(hosted), len(used), "model"))
        if used
        else Term("hosted_models", None, "no model is used"),
    ]
    if counts:
        fewest, name = min(counts)
        of = f"{name} has routes to {fewest} accelerator designers, the fewest: 1 / {fewest}"
        if fewest == 1:
            of = f"{name} has routes to 1 accelerator designer alone"
        terms.append(Term("few_vendors", 1 / fewest, of))
    else:
        terms.append(Term("few_vendors", None, "no routes are known for a model that is used"))
    known = [term.share for term in terms if term.share is not None]
    return Lock(sum(known) / len(known) if known else None, tuple(terms))


def counted(values: Iterable[Any]) -> dict[str, int]:
    """How often each value stands, the most frequent first, then by name."""
    counts = Counter(str(value) for value in values)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
