"""What a model's own name and tags say: family, base, kind of copy, size, modality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from underlay.identity import repository_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.atlas.curated import Family, Pattern

__all__ = [
    "SIZE_BANDS",
    "Families",
    "TagFacts",
    "copied_name",
    "is_quantised_name",
    "modality_of",
    "parameters_in_name",
    "read_tags",
    "size_band",
]

_LANGUAGE = ("text-generation", "text2text-generation", "conversational", "translation",
             "summarization", "table-question-answering")  # fmt: skip
_ENCODER = ("fill-mask", "text-classification", "token-classification", "question-answering",
            "zero-shot-classification", "multiple-choice")  # fmt: skip
_EMBEDDING = ("sentence-similarity", "feature-extraction", "text-ranking",
              "visual-document-retrieval")  # fmt: skip
_VISION_LANGUAGE = ("image-text-to-text", "visual-question-answering", "any-to-any",
                    "video-text-to-text", "document-question-answering", "image-to-text",
                    "audio-text-to-text")  # fmt: skip
_SPEECH = ("automatic-speech-recognition", "text-to-speech", "text-to-audio", "audio-to-audio",
           "audio-classification", "voice-activity-detection")  # fmt: skip
_VISION = ("image-classification", "object-detection", "image-segmentation", "depth-estimation",
           "zero-shot-image-classification", "zero-shot-object-detection", "keypoint-detection",
           "image-feature-extraction", "mask-generation", "video-classification")  # fmt: skip
_IMAGE = ("text-to-image", "image-to-image", "unconditional-image-generation", "inpainting",
          "image-text-to-image")  # fmt: skip
_VIDEO = ("text-to-video", "image-to-video", "video-to-video", "image-text-to-video")
_OTHER = ("time-series-forecasting", "robotics", "reinforcement-learning", "graph-ml",
          "tabular-classification", "tabular-regression", "image-to-3d", "text-to-3d",
          "other", "protein-folding")  # fmt: skip
_MODALITY = {
    tag: name
    for name, tags in {
        "language": _LANGUAGE,
        "text-encoder": _ENCODER,
        "embedding": _EMBEDDING,
        "vision-language": _VISION_LANGUAGE,
        "speech": _SPEECH,
        "vision": _VISION,
        "image-generation": _IMAGE,
        "video-generation": _VIDEO,
        "other": _OTHER,
    }.items()
    for tag in tags
}
_FAMILY_MODALITY = {
    "image": "image-generation",
    "video": "video-generation",
    "multimodal": "vision-language",
}

# tags that tell how a model is used, not what goes in: the family decides where it isn't text
_VAGUE = ("feature-extraction",)
_NOT_TEXT = ("speech", "vision", "image-generation", "video-generation")

# formats and number formats in which somebody repacks a model; anchored at a separator so that
# "AWQuant" or "Int8Net" don't match. A bare "ov" is OneVision's mark as often as OpenVINO's.
_FORMATS = (
    r"(?:i?1?-?gguf|ggml|gptq|awq|exl[23]|mlx|bnb|bitsandbytes|onnx|openvino|coreml|tflite|hqq|aqlm"
    r"|eetq|(?:int[48]|fp16|bf16)-ov|(?:nv|mx)?fp[48](?:-(?:dynamic|kv|block))?|nf4|int[48]"
    r"|w[48]a(?:4|8|16)|[1-8]-?bit|q0f(?:16|32)|q[2-8](?:f(?:16|32))?(?:_[0-9a-z]+)*"
    r"|quanti[sz]ed|unquantized|imatrix|qat)"
)
_QUANTISED = re.compile(rf"(?:^|[-_.]){_FORMATS}(?=$|[-_.])", re.IGNORECASE)
# marks that say nothing by themselves but stand beside those: the number format of the original,
# the repacker's own name, the file layout
_MARKS = re.compile(r"(?:^|[-_.])(?:bf16|fp16|unsloth|autoround|ct|mlc)(?=$|[-_.])", re.IGNORECASE)

_EDGE = r"(?:^|[-_.:/ ])"
_SIZE = re.compile(
    rf"{_EDGE}(?:(\d{{1,3}})x)?(\d{{1,4}}(?:\.\d{{1,2}})?)([bm])(?=$|[-_.:/ ])", re.IGNORECASE
)
# where a point can't stand some write "Qwen-1_8B" or "bloom-1b7"; "gemma_3_4B" is no 3.4
_UNDERSCORED = re.compile(r"(?<=-)(\d)_(\d)(?=[bm](?:$|[-_.:/ ]))", re.IGNORECASE)
_SPLIT = re.compile(rf"({_EDGE}\d{{1,2}})b(\d)(?=$|[-_.:/ ])", re.IGNORECASE)

_RUN = 16  # families whose patterns are first asked as one

SIZE_BANDS: tuple[tuple[str, float], ...] = (
    ("<1B", 1e9),
    ("1-7B", 7e9),
    ("7-20B", 20e9),
    ("20-70B", 70e9),
    ("70-100B", 100e9),
    (">100B", float("inf")),
)


@dataclass(frozen=True)
class TagFacts:
    """What the Hub's tags of one model declare."""

    licences: tuple[str, ...]  # all of them hold
    bases: tuple[tuple[str, str], ...]  # (base as written, relation)
    has_dataset: bool
    architecture: str | None


def read_tags(text: str, architectures: frozenset[str] = frozenset()) -> TagFacts:
    """Facts from a comma-separated tag list; a bare tag out of `architectures` is the model type.

    A base stands there twice, as `base_model:X` and `base_model:RELATION:X`; the one with its
    relation wins.
    """
    bases: dict[str, str] = {}
    licences: set[str] = set()
    has_dataset, architecture = False, None
    for tag in text.split(","):
        head, colon, rest = tag.strip().partition(":")
        if not colon:
            if architecture is None and head in architectures:
                architecture = head
            continue
        if head == "license" and rest:
            licences.add(rest)
        elif head == "dataset":
            has_dataset = True
        elif head == "base_model":
            relation, inner, base = rest.partition(":")
            if inner and base and relation in ("finetune", "adapter", "quantized", "merge"):
                # of several relations to one base the first by name, whatever the tags' order
                bases[base] = min(relation, bases.get(base, "unspecified"))
            elif rest:
                bases.setdefault(rest, "unspecified")
    return TagFacts(
        tuple(sorted(licences)), tuple(sorted(bases.items())), has_dataset, architecture
    )


class Families:
    """Finds the family of a name. First match in file order wins; the hints come last."""

    def __init__(self, families: Sequence[Family], base_hints: Sequence[Pattern] = ()) -> None:
        self._chunks = _chunks(families)
        self._hints = base_hints
        self.by_id = {family.id: family for family in families}
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str) -> tuple[str, str]:
        """(family id or "unknown", reason)."""
        last = repository_name(name)
        for any_of, members in self._chunks:
            if not any_of.search(last) and not any_of.search(name):
                continue
            for family in members:
                for pattern in family.patterns:
                    if pattern.search(name if "/" in pattern.pattern else last):
                        return family.id, f"the name fits `{pattern.pattern}`"
        hint = self.hint(name)
        if hint:
            return hint, "the name says what it is built on"
        return "unknown", "no family pattern fits the name"

    def hint(self, name: str, besides: str = "") -> str:
        """Family that the name gives as base, or an empty string; one other than `besides`.

        "deepseek-r1-distill-qwen" is of the family deepseek and gives qwen as its base.
        """
        own = self.counted_in(besides)
        others = [each for each in self._hints if self.counted_in(each.target) != own]
        return _first(others if besides else self._hints, name)

    def counted_in(self, family: str) -> str:
        """The larger family that a narrower one is counted in, or the family itself."""
        found = self.by_id.get(family)
        return found.part_of or family if found else family

    def modality(self, family: str) -> str:
        """Main modality of a family in the atlas's words."""
        found: Family | None = self.by_id.get(family)
        if found is None:
            return "unknown"
        if found.modality == "language" and found.is_encoder:
            return "text-encoder"
        return _FAMILY_MODALITY.get(found.modality, found.modality)


def _chunks(families: Sequence[Family]) -> list[tuple[re.Pattern[str], Sequence[Family]]]:
    """Families in runs, each with one pattern that fits whenever one of its members' does.

    Nearly all names fit few runs, so this asks some thirty patterns instead of a thousand.
    """
    runs = [families[at : at + _RUN] for at in range(0, len(families), _RUN)]
    return [
        (
            re.compile(
                "|".join(f"(?:{p.pattern})" for f in run for p in f.patterns), re.IGNORECASE
            ),
            run,
        )
        for run in runs
    ]


def _first(patterns: Sequence[Pattern], name: str) -> str:
    last = repository_name(name)
    for entry in patterns:
        if entry.pattern.search(name if "/" in entry.pattern.pattern else last):
            return entry.target
    return ""


def modality_of(pipeline_tag: str | None, family_modality: str) -> str:
    """The tag decides; without one the family; else "unknown".

    "feature-extraction" is any encoder's output, so a family of speech or images goes before it.
    """
    if pipeline_tag in _VAGUE and family_modality in _NOT_TEXT:
        return family_modality
    if pipeline_tag:
        return _MODALITY.get(pipeline_tag, "other")
    return family_modality


def is_quantised_name(name: str) -> bool:
    """Whether the name says that somebody repacked a model in another number or file format."""
    return _QUANTISED.search(repository_name(name)) is not None


def copied_name(name: str) -> str:
    """The repository name without repacking marks: what a copy is a copy of, or the name itself."""
    last = repository_name(name)
    shorter = _MARKS.sub("", _QUANTISED.sub("", last))
    return shorter.strip("-_.") or last


def parameters_in_name(name: str) -> float | None:
    """Parameters that the name states ("7B", "8x7B", "560m"); None if it states none.

    Of several, the largest counts: "30B-A3B" states total and active ones. "8x7B" counts as 56 B,
    which is above the truth by what the experts share.
    """
    last = _UNDERSCORED.sub(r"\1.\2", repository_name(name))
    last = _SPLIT.sub(r"\1.\2b", last)
    found = []
    for experts, number, unit in _SIZE.findall(last):
        size = float(number) * (1e9 if unit in "bB" else 1e6)
        found.append(size * int(experts) if experts else size)
    return max(found, default=0.0) or None


def size_band(parameters: float | None) -> str:
    """The band of a number of parameters; "unknown" for None."""
    if parameters is None or not parameters > 0:
        return "unknown"
    return next((name for name, upper in SIZE_BANDS if parameters < upper), SIZE_BANDS[-1][0])
