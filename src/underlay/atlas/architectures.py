"""Architecture classes: one name for what runtimes spell differently, and the class of a type.

A class is never told from another by stripping its head: `Qwen3VLForConditionalGeneration` reads
images and `Qwen3ForCausalLM` doesn't, so they are two classes, and so are an encoder and the
language model made of the same layers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.atlas.stack_curated import ArchitectureRules

__all__ = [
    "CLASS",
    "GGUF",
    "MODEL_TYPE",
    "TASKS",
    "ArchitectureClass",
    "Architectures",
    "Registered",
    "plain",
]

# what a runtime's list is a list of
CLASS, MODEL_TYPE, GGUF = "hf_class", "hf_model_type", "gguf_arch"

# Transformers' own lists by the head that they give, under the short and the full name
_HEAD_OF_LIST = {
    "causal-lm": "causal-lm",
    "image-text-to-text": "multimodal",
    "masked-lm": "masked-lm",
    "seq2seq-lm": "seq2seq-lm",
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES": "causal-lm",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES": "multimodal",
    "MODEL_FOR_VISION_2_SEQ_MAPPING_NAMES": "multimodal",
    "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES": "multimodal",
    "MODEL_FOR_AUDIO_TEXT_TO_TEXT_MAPPING_NAMES": "multimodal",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES": "masked-lm",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES": "seq2seq-lm",
    "MODEL_MAPPING_NAMES": "base",
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES": "sequence-classification",
    "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES": "token-classification",
    "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES": "question-answering",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES": "speech",
    "MODEL_FOR_CTC_MAPPING_NAMES": "speech",
    "MODEL_FOR_TEXT_TO_WAVEFORM_MAPPING_NAMES": "speech",
    "MODEL_FOR_RNNT_MAPPING_NAMES": "speech",
    "MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES": "audio",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES": "vision",
    "MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_IMAGE_SEGMENTATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_DEPTH_ESTIMATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_MASK_GENERATION_MAPPING_NAMES": "vision",
    "MODEL_FOR_TIME_SERIES_PREDICTION_MAPPING_NAMES": "time-series",
}
# categories of the other runtimes' lists; None where the category says nothing of the head
_HEAD_OF_CATEGORY = {
    "text-generation": "causal-lm",
    "multimodal": "multimodal",
    "speculative-draft": "draft",
    "speculative-decoding": "draft",
    "embedding": "base",
    "late-interaction": "base",
    "sequence-classification": "sequence-classification",
    "token-classification": "token-classification",
    "reward": "sequence-classification",
    "hf-conversion:multimodal-projector": "multimodal",
}
_HEAD_OF_SUFFIX = (
    (
        re.compile(r"(MTP|MTPModel|Eagle\d?\w*|DFlash\w*|NextN|Medusa\w*|MLPSpeculator\w*)$"),
        "draft",
    ),
    (re.compile(r"(ForCausalLM|LMHeadModel|ForBlockDiffusion|ForDiffusion\w*)$"), "causal-lm"),
    (re.compile(r"ForMaskedLM$"), "masked-lm"),
    (
        re.compile(r"For(SequenceClassification|RewardModel|ProcessRewardModel|Ranking)$"),
        "sequence-classification",
    ),
    (re.compile(r"ForTokenClassification$"), "token-classification"),
    (re.compile(r"ForQuestionAnswering$"), "question-answering"),
    (re.compile(r"(ForSpeechSeq2Seq|ForCTC|ForTextToWaveform)$"), "speech"),
    (re.compile(r"MTModel$"), "seq2seq-lm"),
    (re.compile(r"ForConditionalGeneration$"), "conditional-generation"),
    (re.compile(r"(Image|Video|Object|Segmentation|Depth|Keypoint|Backbone|Pose)\w*$"), "vision"),
    (re.compile(r"(Audio|Speech|Spectrogram)\w*$"), "audio"),
    (re.compile(r"ForPreTraining$"), "pretraining"),
    (re.compile(r"(Model|Embedding|Encoder)$"), "base"),
)
# which head a task asks for, best first
_TEXT = ("causal-lm", "seq2seq-lm", "multimodal")
_WRITTEN_ANEW = ("seq2seq-lm", "causal-lm", "multimodal")
_SEEN = ("multimodal", "speech", "seq2seq-lm")
_ENCODED = ("base", "masked-lm", "causal-lm", "multimodal")
# a decoder that is used for embeddings mostly keeps its own class in its configuration
_DECODED = ("causal-lm", "multimodal", "base")
_JUDGED = ("sequence-classification", "base", "masked-lm", "causal-lm", "multimodal")
_HEARD = ("speech", "seq2seq-lm", "multimodal", "base")
_HEADS_OF_TASK: Mapping[str, tuple[str, ...]] = {
    "text-generation": _TEXT,
    "conversational": _TEXT,
    "text2text-generation": _WRITTEN_ANEW,
    "translation": _WRITTEN_ANEW,
    "summarization": _WRITTEN_ANEW,
    "table-question-answering": _WRITTEN_ANEW,
    "image-text-to-text": _SEEN,
    "image-to-text": _SEEN,
    "any-to-any": _SEEN,
    "visual-question-answering": _SEEN,
    "video-text-to-text": _SEEN,
    "audio-text-to-text": _SEEN,
    "document-question-answering": _SEEN,
    "visual-document-retrieval": ("multimodal", "base"),
    "fill-mask": ("masked-lm", "base"),
    "sentence-similarity": _ENCODED,
    "feature-extraction": _ENCODED,
    "text-ranking": _JUDGED,
    "text-classification": _JUDGED,
    "zero-shot-classification": _JUDGED,
    "token-classification": ("token-classification", "base", "masked-lm", "causal-lm"),
    "question-answering": ("question-answering", "base", "masked-lm"),
    "automatic-speech-recognition": _HEARD,
    "text-to-speech": _HEARD,
}
TASKS = frozenset(_HEADS_OF_TASK)
_HEADS_OF_MODALITY: Mapping[str, tuple[str, ...]] = {
    # a type that has both was trained to write anew: BART, Marian
    "language": _WRITTEN_ANEW,
    "vision-language": _SEEN,
    "embedding": _ENCODED,
    "text-encoder": ("base", "masked-lm", "sequence-classification"),
    "speech": _HEARD,
    "vision": ("vision", "base"),
}
_ANY_HEAD = ("multimodal", "seq2seq-lm", "causal-lm", "base", "masked-lm", "speech", "vision")
# what stands behind a type's letters in the name of a class, in plain letters
_SUFFIXES = ("forcausallm", "forconditionalgeneration", "lmheadmodel", "chatmodel", "model")
# heads whose files llama.cpp writes
_GENERATIVE = ("causal-lm", "seq2seq-lm", "multimodal")


@dataclass(frozen=True)
class Registered:
    """One line of a runtime's list of what it runs, as the runtime writes it."""

    runtime: str  # name of a `runtime:` component, as in `vllm`
    version: str
    name: str
    kind: str  # `CLASS`, `MODEL_TYPE` or `GGUF`
    category: str
    status: str
    path: str
    source: str
    model_type: str = ""
    note: str = ""
    first_seen_on: dt.date | None = None
    last_seen_on: dt.date | None = None
    snapshot_sha256: str | None = None
    package: str = ""  # that holds the list, where a released one was read


@dataclass
class ArchitectureClass:
    """One class, under the spelling of Transformers where it has one."""

    id: str
    head: str
    model_type: str = ""
    gguf: str = ""
    spellings: set[str] = field(default_factory=set)
    reason: str = ""


def plain(name: str) -> str:
    """Letters and digits of a name, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


class Architectures:
    """The classes that runtimes list, and how names lead to them."""

    def __init__(
        self,
        registered: Iterable[Registered],
        rules: ArchitectureRules,
        reviewed: Iterable[str] = (),
    ) -> None:
        """`reviewed` are classes that curated entries name, whether or not a list has them."""
        self._rules = rules
        self._written = {plain(entry.name): entry.architecture for entry in rules.aliases}
        self._of_plain: dict[str, str] = {}
        self.classes: dict[str, ArchitectureClass] = {}
        self._heads: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._guessed: dict[str, dict[str, list[str]]] = {}
        lines = list(registered)
        self._name_classes(lines, reviewed)
        self._read_types(lines)
        self._read_gguf(lines)

    def _name_classes(self, lines: Sequence[Registered], reviewed: Iterable[str]) -> None:
        """Choose one spelling a class, and its head."""
        votes: dict[str, dict[str, None]] = defaultdict(dict)
        for line in lines:
            if line.kind == CLASS:
                votes[plain(line.name)].setdefault(line.name)
        first: dict[str, str] = {}
        for line in sorted(lines, key=lambda line: (line.runtime != "transformers", line.runtime)):
            if line.kind == CLASS:
                first.setdefault(plain(line.name), line.name.rpartition(".")[2])
        for entry in self._rules.types:
            first.setdefault(plain(entry.architecture), entry.architecture)
        for alias in self._rules.aliases:
            first.setdefault(plain(alias.architecture), alias.architecture)
        for name in sorted(reviewed):
            first.setdefault(plain(name), name)
        for key, name in first.items():
            target = self._written.get(key)
            self._of_plain[key] = target or name
        heads: dict[str, dict[str, None]] = defaultdict(dict)
        for line in lines:
            if line.kind != CLASS:
                continue
            head = (
                _HEAD_OF_LIST.get(line.category)
                if line.runtime == "transformers"
                else (_HEAD_OF_CATEGORY.get(line.category))
            )
            if head:
                heads[self.canonical(line.name)].setdefault(head)
        for key in sorted(first):
            name = self._of_plain[key]
            known = self.classes.get(name)
            if known is None:
                known = ArchitectureClass(name, _head(name, heads.get(name, {})))
                self.classes[name] = known
            known.spellings |= set(votes.get(key, {}))
        for alias in self._rules.aliases:
            self.classes[alias.architecture].reason = alias.reason
        for known in self.classes.values():
            if not known.reason and len(known.spellings) > 1:
                known.reason = "one class but for capitals and dashes: " + ", ".join(
                    sorted(known.spellings)
                )

    def _read_types(self, lines: Iterable[Registered]) -> None:
        """Classes by model type and head, as Transformers and then the reviewed rules say."""
        for line in lines:
            if line.runtime != "transformers" or line.kind != CLASS:
                continue
            head = _HEAD_OF_LIST.get(line.category)
            for model_type in filter(None, re.split(r"[;,\s]+", line.model_type)):
                found = self._heads[_type_key(model_type)]
                name = self.canonical(line.name)
                if head and name not in found[head]:
                    found[head].append(name)
                if not self.classes[name].model_type:
                    self.classes[name].model_type = model_type
        for entry in self._rules.types:
            found = self._heads[_type_key(entry.model_type)]
            name = self.canonical(entry.architecture)
            if name not in found[entry.head]:
                found[entry.head].append(name)
            known = self.classes[name]
            if not known.model_type:
                known.model_type = entry.model_type
            if known.head == "conditional-generation":
                known.head = entry.head
        for known in self.classes.values():
            if known.head == "conditional-generation":
                # no list says what the condition is; nearly all that only servers list read images
                known.head = "multimodal"

    def _same_letters(self, model_type: str) -> dict[str, list[str]]:
        """Classes whose name is the type's letters and a head: custom code is named so."""
        found: dict[str, list[str]] = {}
        for suffix in _SUFFIXES:
            name = self._of_plain.get(plain(model_type) + suffix)
            if name is not None:
                found.setdefault(self.classes[name].head, []).append(name)
        return found

    def _found(self, model_type: str) -> Mapping[str, list[str]]:
        key = _type_key(model_type)
        if key not in self._heads and key not in self._guessed:
            self._guessed[key] = self._same_letters(model_type)
        return self._heads.get(key) or self._guessed.get(key) or {}

    def _read_gguf(self, lines: Iterable[Registered]) -> None:
        """GGUF names by model type: the same letters, or a reviewed rule."""
        types = {plain(model_type): model_type for model_type in self._heads}
        self.gguf_types: dict[str, tuple[str, ...]] = {
            entry.gguf: entry.model_types for entry in self._rules.gguf
        }
        for line in lines:
            if line.kind == GGUF and line.name not in self.gguf_types:
                same = types.get(plain(line.name))
                self.gguf_types[line.name] = (same,) if same else ()
        for name, model_types in self.gguf_types.items():
            for model_type in model_types:
                for classes in self._found(model_type).values():
                    for each in classes:
                        if self.classes[each].head in _GENERATIVE and not self.classes[each].gguf:
                            self.classes[each].gguf = name

    def canonical(self, name: str) -> str:
        """The class that a spelling means; the spelling itself where no list has it."""
        return self._of_plain.get(plain(name)) or self._written.get(plain(name)) or name

    def knows_type(self, model_type: str) -> bool:
        """Whether a class is known for the model type."""
        return bool(self._found(model_type))

    @property
    def model_types(self) -> frozenset[str]:
        """All model types that lead to a class, with underscores."""
        return frozenset(self._heads)

    def of_class(self, name: str) -> str:
        """The class of a published class name, or `unknown`."""
        return self._of_plain.get(plain(name), UNKNOWN)

    def classes_of(self, model_type: str) -> tuple[str, ...]:
        """All classes of a model type, each once."""
        found = self._found(model_type)
        return tuple(dict.fromkeys(name for names in found.values() for name in names))

    def generative_of(self, model_type: str) -> tuple[str, ...]:
        """Those of them that write: a family's name in a document means these."""
        return tuple(
            name for name in self.classes_of(model_type) if self.classes[name].head in _GENERATIVE
        )

    def text_part(self, name: str) -> bool:
        """Whether a class reads more than text, so that a text-only runtime runs a part of it."""
        known = self.classes.get(name)
        return known is not None and known.head == "multimodal"

    def resolve(self, model_type: str, task: str | None, modality: str) -> tuple[str, str]:
        """`(class or unknown, reason)` of a model type used for a Hub task or modality."""
        found = self._found(model_type)
        if not found:
            return UNKNOWN, f"no list of classes has the model type `{model_type}`"
        wanted = _HEADS_OF_TASK.get(task or "") or _HEADS_OF_MODALITY.get(modality, _ANY_HEAD)
        if wanted is _ENCODED and found.get("causal-lm") and not found.get("masked-lm"):
            wanted = _DECODED
        for head in wanted:
            if found.get(head):
                how = f"`{model_type}` with the head `{head}`"
                if _type_key(model_type) not in self._heads:
                    how += ", by the letters of a class that runtimes list"
                if head != wanted[0]:
                    how += f", since it has none of `{wanted[0]}`"
                return found[head][0], how
        others = ", ".join(sorted(head for head, names in found.items() if names))
        return UNKNOWN, f"`{model_type}` has no class for `{task or modality}`, only {others}"

    def rows(self) -> list[dict[str, Any]]:
        """Rows of `core__architecture`, by class."""
        return [
            {
                "architecture_id": known.id,
                "model_type": known.model_type or None,
                "gguf_architecture": known.gguf or None,
                "head": known.head,
                "reason": known.reason or None,
            }
            for known in sorted(self.classes.values(), key=lambda known: known.id)
        ]


def _type_key(model_type: str) -> str:
    return model_type.lower().replace("-", "_").replace(".", "_")


def _head(name: str, said: Mapping[str, None]) -> str:
    """The head that lists give a class; where they differ, what its suffix says."""
    if "multimodal" in said:
        return "multimodal"
    by_suffix = next((head for rule, head in _HEAD_OF_SUFFIX if rule.search(name)), "other")
    if len(said) == 1 or (said and by_suffix in ("conditional-generation", "other")):
        return next(iter(said))
    if said and by_suffix not in said:
        return next(iter(said))
    return by_suffix
