"""What each model needs from a runtime: its architecture class, file format and number format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN
from underlay.identity import repository_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.atlas.architectures import Architectures
    from underlay.atlas.stack_curated import ArchitectureRules

__all__ = ["ModelFacts", "quantisation_of", "requirement_columns", "weight_format_of"]

# marks in names and tags, first match wins; anchored at separators, so "AWQuant" is no AWQ
_FORMAT_MARKS: tuple[tuple[str, str], ...] = (
    (r"i?1?-?gguf|ggml", "gguf"),
    (r"mlx", "mlx"),
    (r"exl[23]", "exl"),
    (r"openvino|(?:int[48]|fp16|bf16)-ov", "openvino"),
    (r"coreml", "coreml"),
    (r"tflite|litert(?:-lm)?", "tflite"),
    (r"onnx", "onnx"),
)
_QUANT_MARKS: tuple[tuple[str, str], ...] = (
    (r"awq", "awq"),
    (r"gptq", "gptq"),
    (r"nvfp4", "nvfp4"),
    (r"mxfp4", "mxfp4"),
    (r"mxfp8|fp8(?:-(?:dynamic|kv|block))?", "fp8"),
    (r"fp4", "fp4"),
    (r"bnb|bitsandbytes|nf4", "bitsandbytes"),
    (r"hqq", "hqq"),
    (r"aqlm", "aqlm"),
    (r"eetq", "eetq"),
    (r"auto-?round", "autoround"),
    (r"w8a8|int8|8-?bit", "int8"),
    (r"w4a16|w4a8|int4|4-?bit", "int4"),
    (r"[2356]-?bit", "low-bit"),
    (r"quanti[sz]ed|qat", "quantised"),
)
_GGUF_LEVEL = re.compile(r"(?:^|[-_.])i?q([1-8])(?:_[0-9a-z]+)*(?=$|[-_.])")
# formats that hold weights as a trainer writes them, best first; more than one may lie together
_TAGGED_FORMATS = (
    "mlx", "safetensors", "gguf", "pytorch", "onnx", "openvino", "ctranslate2", "nemo", "coreml",
    "tf", "jax", "keras",
)  # fmt: skip
_LIBRARY_FORMATS = {
    "mlx": "mlx",
    "gguf": "gguf",
    "ggml": "gguf",
    "ctranslate2": "ctranslate2",
    "whisperkit": "coreml",
    "litert-lm": "tflite",
    "nemo": "nemo",
    "diffusion-single-file": "safetensors",
}
# number formats that files of these containers state themselves
_PACKED = ("gguf", "mlx", "exl")


def _compiled(marks: Sequence[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?:^|[-_.])(?:{mark})(?=$|[-_.])"), name) for mark, name in marks)


_FORMATS = _compiled(_FORMAT_MARKS)
_QUANTS = _compiled(_QUANT_MARKS)
# nearly no name has a mark, so all are asked as one first; names are in lower case
_ANY_MARK = re.compile(
    "(?:^|[-_.])(?:"
    + "|".join(mark for mark, _ in (*_FORMAT_MARKS, *_QUANT_MARKS))
    + ")(?=$|[-_.])"
)


@dataclass(frozen=True)
class ModelFacts:
    """Columns of all models that a requirement is told from, in the order of their numbers."""

    names: Sequence[str]
    platforms: Sequence[str]
    modalities: Sequence[str]
    tasks: Sequence[str | None]
    copy_kinds: Sequence[str]
    bases: Sequence[int | None]
    is_open: Sequence[bool | None]
    inherited: Sequence[str | None]  # `core__model.architecture`, from a base where need be
    configured: Mapping[int, str]  # model type of the configuration, as llmfit read it
    tags: Mapping[int, tuple[str, ...]]  # the Hub's tags, in their order
    libraries: Mapping[int, str]
    examples: Mapping[int, str] = field(default_factory=dict)  # class that a test suite names


def weight_format_of(name: str, platform: str, tags: Sequence[str], library: str) -> str:
    """The file format of a repository, or `unknown`.

    Of several formats side by side the one that the library names, else the first of the Hub's
    main ones counts; a mark in the name goes before all of them.
    """
    if platform == "ollama":
        return "gguf"  # what Ollama's registry holds
    last = repository_name(name).lower()
    if _ANY_MARK.search(last):
        for pattern, found in _FORMATS:
            if pattern.search(last):
                return found
    if library in _LIBRARY_FORMATS:
        return _LIBRARY_FORMATS[library]
    present = set(tags)
    return next((found for found in _TAGGED_FORMATS if found in present), UNKNOWN)


def quantisation_of(
    name: str, weight_format: str, tags: Sequence[str], is_copy: bool = False
) -> str:
    """The number format of the weights: none, a scheme, or `unknown`.

    `none` needs a known format and no mark anywhere; a repackaged copy without a mark is unknown.
    """
    last = repository_name(name).lower()
    if weight_format == "gguf":
        level = _GGUF_LEVEL.search(last)
        return f"gguf-q{level[1]}" if level else "gguf"
    found = ""
    if _ANY_MARK.search(last):
        found = next((scheme for pattern, scheme in _QUANTS if pattern.search(last)), "")
    if not found:
        found = _tagged_quantisation(tags)
    if found:
        return f"{weight_format}-{found}" if weight_format in _PACKED else found
    if weight_format == UNKNOWN or is_copy:
        return UNKNOWN
    return "none"


def _tagged_quantisation(tags: Sequence[str]) -> str:
    present = {tag.lower() for tag in tags}
    for scheme in ("awq", "gptq", "nvfp4", "mxfp4", "fp8", "bitsandbytes", "hqq", "aqlm"):
        if scheme in present:
            return scheme
    if "compressed-tensors" in present:
        return "int8" if "8-bit" in present else "int4" if "4-bit" in present else "quantised"
    if "8-bit" in present:
        return "int8"
    return "int4" if "4-bit" in present else ""


def requirement_columns(
    facts: ModelFacts, architectures: Architectures, rules: ArchitectureRules
) -> dict[str, list[Any]]:
    """Columns of `core__requirement`: one cell a model."""
    count = len(facts.names)
    formats, quants = _formats(facts)
    types = _types(facts, architectures, rules, formats)
    resolve = lru_cache(maxsize=None)(architectures.resolve)
    found: dict[str, list[Any]] = {
        "model_id": list(range(count)),
        "architecture_id": [],
        "method": [],
        "reason": [],
        "weight_format": formats,
        "quantisation": quants,
        "is_convertible": _convertible(facts),
    }
    for number in range(count):
        model_type, method, reason = types[number]
        architecture = UNKNOWN
        if model_type:
            published = architectures.of_class(model_type)
            if published != UNKNOWN and not architectures.knows_type(model_type):
                architecture, method = published, "published"
            else:
                architecture, how = resolve(
                    model_type, facts.tasks[number], facts.modalities[number]
                )
                reason = f"{reason}: {how}" if reason else how
        example = facts.examples.get(number, UNKNOWN)
        if architecture == UNKNOWN and example != UNKNOWN:
            architecture, method = example, "published"
            reason = "a runtime's tests name it as an example of the class"
        if architecture == UNKNOWN:
            method = "none"
        found["architecture_id"].append(architecture)
        found["method"].append(method)
        found["reason"].append(reason)
    return found


def _formats(facts: ModelFacts) -> tuple[list[str], list[str]]:
    formats, quants = [], []
    for number, name in enumerate(facts.names):
        tags = facts.tags.get(number, ())
        weight_format = weight_format_of(
            name, facts.platforms[number], tags, facts.libraries.get(number, "")
        )
        formats.append(weight_format)
        is_copy = facts.copy_kinds[number] == "quantised copy"
        quants.append(quantisation_of(name, weight_format, tags, is_copy))
    return formats, quants


def _types(
    facts: ModelFacts,
    architectures: Architectures,
    rules: ArchitectureRules,
    formats: Sequence[str],
) -> list[tuple[str, str, str]]:
    """`(model type or empty, method, reason)` of each model, bases before what is made of them."""
    known = architectures.model_types
    found: list[tuple[str, str, str] | None] = [None] * len(facts.names)
    for number in _bases_first(facts.bases):
        found[number] = _type_of(number, facts, rules, known, formats, found)
    return [each or ("", "none", "") for each in found]


def _type_of(
    number: int,
    facts: ModelFacts,
    rules: ArchitectureRules,
    known: frozenset[str],
    formats: Sequence[str],
    found: Sequence[tuple[str, str, str] | None],
) -> tuple[str, str, str]:
    name = facts.names[number]
    base = facts.bases[number]
    of_base = found[base] if base is not None else None
    configured = facts.configured.get(number)
    rule = rules.rule_for(name, facts.platforms[number])
    if rule is not None:
        return rule.model_type, "name", rule.reason
    # a GGUF repository holds no configuration, and its tags are its uploader's words
    if formats[number] == "gguf" and of_base and of_base[0] and base is not None:
        return of_base[0], "base", f"the type of its base {facts.names[base]}"
    if configured and not _is_ambiguous(configured, name, rules):
        return configured, "model-type", "its configuration"
    for tag in facts.tags.get(number, ()):
        key = tag.lower().replace("-", "_").replace(".", "_")
        if ":" not in tag and key in known and not _is_ambiguous(tag, name, rules):
            return tag, "tag", "a tag of its repository"
    if of_base and of_base[0] and base is not None:
        return of_base[0], "base", f"the type of its base {facts.names[base]}"
    inherited = facts.inherited[number]
    if inherited and not _is_ambiguous(inherited, name, rules):
        return inherited, "tag", "a model type that a list states"
    return "", "none", _why_unknown(number, facts)


def _is_ambiguous(tag: str, name: str, rules: ArchitectureRules) -> bool:
    rule = rules.ambiguous.get(tag.lower())
    return rule is not None and not (rule.unless and rule.unless.search(name))


def _why_unknown(number: int, facts: ModelFacts) -> str:
    if facts.platforms[number] not in ("huggingface", "modelscope", "ollama"):
        return "a hosted model or a catalogue's entry: no configuration is published there"
    if facts.bases[number] is not None:
        return "no list states its model type, and its base's is unknown"
    if number in facts.tags:
        return "no tag of its repository is a model type, and it names no base"
    return "no list that states model types has it, and it names no base"


def _bases_first(bases: Sequence[int | None]) -> Iterator[int]:
    """All numbers, each after its base; a ring is entered anywhere."""
    done = [False] * len(bases)
    for start in range(len(bases)):
        chain = []
        number: int | None = start
        while number is not None and not done[number]:
            done[number] = True
            chain.append(number)
            number = bases[number]
        yield from reversed(chain)


def _convertible(facts: ModelFacts) -> list[bool | None]:
    """Whether open weights exist at the precision of their release: its own, or its base's.

    Null where nobody says whether weights are open, or what a repackaged copy is a copy of.
    """
    found: list[bool | None] = [None] * len(facts.names)
    for number in _bases_first(facts.bases):
        base = facts.bases[number]
        own = None if facts.copy_kinds[number] == "quantised copy" else facts.is_open[number]
        if not own and base is not None and found[base] is not None:
            own = found[base]
        found[number] = own
    return found
