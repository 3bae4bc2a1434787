"""Whether a string is a reference to a model, of which kind, and how surely.

Pure. What a string is depends on where it stands: `small` is a model behind
`WhisperModel(...)` and a word elsewhere. So the caller says what the place expects (`Place`), and
names that mean something by themselves are known from `vocabulary.toml`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from underlay.audit.findings import Kind

__all__ = [
    "ANYWHERE",
    "Candidate",
    "Place",
    "canonical",
    "classify",
    "file_name",
    "hosted_operator",
    "key_strength",
    "vocabulary",
    "without_mode",
]


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the place where a string stands.

    `strength`: 0 for any string of a file, about 0.5 for a key such as `model`, 0.9 for the
    argument of a loader or a client. `expects` is the kind that the place takes, where it takes
    one only; `operator` who runs the client behind it.
    """

    expects: Kind | None = None
    operator: str | None = None
    strength: float = 0.0


ANYWHERE = Place()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A string read as a reference; `confidence` says how surely it is one at its place."""

    ref: str
    kind: Kind
    confidence: float
    operator: str | None = None
    revision: str | None = None
    weight_file: str | None = None
    flags: tuple[str, ...] = ()


_LONGEST = 300
# one name in several modes: `gpt-5.5 (high thinking)`
_MODE = re.compile(
    r"(\S{3,80}) \((?:no|none|minimal|low|medium|high|x-?high|max)"
    r"(?: (?:thinking|effort|reasoning))?\)"
)
_PART = r"[A-Za-z0-9_][\w.-]{0,95}"
_HUB = re.compile(rf"({_PART})/({_PART})(?:@([\w./-]{{1,64}}))?", re.ASCII)
_BARE = re.compile(r"[A-Za-z][\w.+-]{1,95}", re.ASCII)
_TAGGED = re.compile(
    r"((?:[a-z0-9][\w.-]*/){0,2}[a-z0-9][\w.-]{0,80}):([A-Za-z0-9][\w.-]{0,60})", re.ASCII
)
# tags of Ollama's library say a size or a quantisation: 8b, 0.5b-instruct-q4_K_M, 8x7b, 335m
_SIZE_TAG = re.compile(r"(?:e?\d+(?:\.\d+)?|\d+x\d+(?:\.\d+)?)[bBmM](?:[-_][\w.-]*)?", re.ASCII)
_QUANT = re.compile(r"(?i)(?:i?q[2-8]_[\w]+|q[48]|fp16|f16|bf16)", re.ASCII)
_PLACEHOLDER = re.compile(
    r"[{}<>$*\s|,;\"'`()\[\]\\=!?#%^&]|\.\.\.|path/to|/path/|(?i:^your[-_]|[/_-]your[-_/]|^my[-_]org|^xxx)|"
    r"(?:^|/)Your[A-Z]|-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
)
_FOLDER = re.compile(
    r"(?:checkpoints?|ckpts?|models?|weights|outputs?|results?|logs?|data|assets|pretrained|exps?|runs?)"
    r"(?:[_-]?v?\d+|_.*)?$"
)
# names that only a program knows: `base.en`, `ViT-B/32`, `tts_models/en/ljspeech/vits`
_PACKAGED = re.compile(r"[A-Za-z0-9][\w.+-]{0,80}(?:/[\w.+-]{1,60}){0,3}", re.ASCII)
# words of data sets, which share the namespaces of models
_DATA = re.compile(
    r"(?i)(?:^|[-_.])(?:data|datasets?|prompts?|conversations?|corpus|corpora|bench|benchmarks?|pile|squad|"
    r"ultrachat|ultrafeedback|fineweb|wikitext|hh-rlhf|preferences?|comparisons|feedback|\d+k)(?=$|[-_.])"
)
_DOMAIN = re.compile(r"\.(?:com|io|org|net|ai|dev|cn|co|sh|app|edu|gov)$")
# what people call a model that is none: `custom-model`, `target-model`, `mock-after`
_GENERIC = re.compile(
    r"(?i)(?:(?:an?|the|my|our|some|any|no|not|new|old|other|another|custom|default|target|source|mock|fake|"
    r"dummy|stub|test|testing|sample|demo|example|first|second|third|primary|secondary|fallback|backup|main|base|"
    r"before|after|valid|invalid|unknown|missing|existing|nonexistent|model|llm|engine|id|name|x|y|z|"
    r"a|b|c|\d)(?:[-_ ]|$)){1,6}"
)
# before the time of .gguf its predecessors ended in .bin
_QUANTISED = re.compile(r"(?i)[-_.](?:gg(?:ml|jt|cc)(?:v\d)?|q[2-8]_[01k]\w*)(?=$|[-_.])")
# whisper.cpp's own files: `ggml-base.en.bin`, `ggml-large-v3-turbo-q5_0.bin`
_OF_WHISPER = re.compile(r"ggml-(?:tiny|base|small|medium|large)(?:[.-][\w.-]+)?$")
_PARTS_OF_A_FILE = re.compile(
    r"(?:[._-](?:fp16|bf16|fp32|f16|f32|u?int[48]|quint8|quantized|avx\d+|q\d[\w]*|ema|non_ema|pruned|"
    r"half|shard|\d{5}-of-\d{5}|\d+))+$"
)
_SIGNS_OF_A_MODEL = re.compile(
    r"(?i)(?:^|[-_.])(?:\d+(?:\.\d+)?[bmk]|\d+x\d+b|instruct|chat|base|large|small|mini|medium|tiny|"
    r"xl|xxl|uncased|cased|gguf|gptq|awq|fp8|fp16|int[48]|4bit|8bit|mlx|onnx|bnb|exl2|v\d[\w.]*|it|hf|sft|dpo|lora|"
    r"turbo|preview|multilingual|en|zh|diffusers|distill|distilled|finetuned|embed|embedding|reranker|"
    r"inpainting|vision|coder|patch\d+|l\d+|\d{3,4})(?=$|[-_.])"
)
# families, as a part of a name that has a namespace before it; alone they mean nothing
_FAMILIES = re.compile(
    r"(?i)bert|gpt|llama|qwen|mi[sx]tral|gemma|phi-?\d|falcon|deepseek|yi-\d|(?<![a-z])t5|whisper|clip|vit(?![a-z])|"
    r"wav2vec|hubert|blip|bart|pegasus|bloom|opt-\d|mpt-\d|vicuna|alpaca|zephyr|olmo|granite|nemotron|"
    r"stable-?diffusion|sdxl|flux|controlnet|lora|minilm|mpnet|e5-|bge-|gte-|splade|colbert|rerank|embed|"
    r"wizard|starcoder|codegen|chatglm|glm-|internlm|baichuan|command-r|smollm|pythia|resnet|convnext|"
    r"dino|segformer|detr|yolo|kandinsky|musicgen|bark|tacotron|vits|xtts|kokoro|parler|sam2?-|segmentation|diarization|speaker|trocr|donut|layoutlm|gliner"
)
# of an address under which models lie packed, and of one under which code or data does
_PACKED = re.compile(
    r"(?i)(?:^|[-_.])(?:models?|checkpoints?|ckpts?|weights|pretrained|vectors|zoo)(?:[-_.]|$)"
)
_TOKENS = re.compile(
    r"(?i)token|vocab|(?:^|[-_.])(?:spm?|bpe|unigram|spiece|sentencepiece)(?:[-_.]|$)"
)
# a pipeline of spaCy as a package of Python: `en_core_web_sm-3.7.1-py3-none-any.whl`
_PIPELINE = re.compile(
    r"(?P<name>[a-z]{2,3}_(?:core|dep|ent|ner|pipeline)_[a-z0-9]{2,20}_[a-z0-9]{2,12})"
    r"-(?P<version>\d+\.\d+(?:\.\d+)?[a-z0-9.]*?)(?=-py|\.tar|\.whl|\.zip)"
)
# one file of weights, packed: `shape_predictor_68_face_landmarks.dat.bz2`
_ONE_PACKED = re.compile(
    r"(?i)\.(?:pth?|ckpt|onnx|h5|pb|tflite|caffemodel|dat(?=\.bz2$))\.(?:gz|bz2|xz|zst)$"
)
# folders of what speaks or listens
_SPOKEN = frozenset(("tts", "asr", "stt", "kws", "vad", "sherpa", "sherpa-onnx", "piper", "vosk"))
_NO_MODELS = frozenset(
    ("archive", "zipball", "tarball", "refs", "datasets", "dataset", "data", "corpora", "src")
)
_HUB_HOSTS = {
    "huggingface.co": "huggingface",
    "hf.co": "huggingface",
    "hf-mirror.com": "huggingface",
    "cdn-lfs.huggingface.co": "",
    "modelscope.cn": "modelscope",
    "www.modelscope.cn": "modelscope",
    "modelscope.ai": "modelscope",
}
_FILE_VERBS = ("resolve", "blob", "raw", "tree")
# hosts kept for examples, at which nothing is
_NOBODYS = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|example|invalid|test)$")
_SCHEMES = (
    "hf://",
    "hf:",
    "hf-hub:",
    "hf_hub:",
    "huggingface://",
    "modelscope://",
    "ms://",
    "local:",
)
_WEIGHTS_FILE = re.compile(r"\.[a-z][a-z0-9]{1,11}$")
_LOADS_FROM_HUB = re.compile(r"(?i)(?:^|[_-])(?:hf|huggingface)(?:[_-]|$)")


@cache
def vocabulary() -> dict[str, Any]:
    """The parsed `vocabulary.toml`."""
    text = resources.files("underlay.audit.names").joinpath("vocabulary.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _schemes() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """One pattern over all hosted names, and whose each of its groups is."""
    strong, ids = [], []
    for number, operator in enumerate(vocabulary()["operator"]):
        strong.append(f"(?P<g{number}>{'|'.join(operator['patterns'])})")
        ids.append(operator["id"])
    return re.compile("|".join(strong), re.ASCII), tuple(ids)


# names of Coqui's TTS: what for, language, data set, architecture
_COQUI = re.compile(
    r"(?:tts_models|vocoder_models|voice_conversion_models)/[a-z-]{2,12}/[\w-]{2,30}/[\w.-]{2,40}"
)
_PROVIDER = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+){0,3}")
# what stands before a name and provides nothing
_NO_PROVIDERS = frozenset(
    ("model", "models", "name", "id", "default", "engine", "deployment", "key", "ft", "llm", "use",
     "using", "with", "version", "type", "value", "image", "docker", "http", "https", "e", "eg")
)  # fmt: skip
# `uint4|owner/name/file.safetensors`: how a program packs what it loads, before the file
_WITH_FORMAT = re.compile(r"[\w-]{1,16}\|([^|]+)")
_PASSED = re.compile(r"^(?:huggingface|hf|hosted_vllm|vllm)/(?=[^/]+/)")
_REPOSITORY = re.compile(r"[^/@]+/[^/@]+")


@cache
def _weak_schemes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (operator["id"], re.compile("|".join(operator["weak"]), re.ASCII))
        for operator in vocabulary()["operator"]
        if "weak" in operator
    )


@cache
def _set(table: str, key: str) -> frozenset[str]:
    return frozenset(vocabulary()[table][key])


@cache
def _folded(table: str, key: str) -> frozenset[str]:
    return frozenset(word.lower() for word in vocabulary()[table][key])


def hosted_operator(text: str) -> str | None:
    """Whose naming scheme the whole string follows, for names that are nothing else."""
    if text.endswith((".com", ".ai", ".net", ".org", ".io", ".cn", ".dev")):
        return None  # a host, though it begins as Bedrock's names do
    found = _schemes()[0].fullmatch(text)
    return _schemes()[1][int(str(found.lastgroup)[1:])] if found else None


def _weak_operator(text: str, operator: str | None) -> str | None:
    for name, pattern in _weak_schemes():
        if pattern.fullmatch(text) and operator in (None, name, "azure", "openrouter"):
            return name
    return None


def without_mode(text: str) -> str:
    """A hosted name without the mode that a list of choices adds to it in brackets."""
    mode = _MODE.fullmatch(text) if text.endswith(")") else None
    return mode[1] if mode is not None and hosted_operator(mode[1]) else text


@lru_cache(maxsize=20_000)
def classify(text: str, place: Place = ANYWHERE) -> Candidate | None:
    """What the string refers to, or None where it is no reference to a model at that place.

    A confidence below 0.5 means: of the right shape, but nothing vouches for it.
    """
    if not 2 <= len(text) <= _LONGEST or not text.isprintable():
        return None
    if "://" in text and not text.startswith(_SCHEMES):
        return _of_url(text)
    for scheme in _SCHEMES:
        if text.startswith(scheme):
            # a third part is a file of the repository, as in an address
            place = replace(place, expects="hub", strength=max(place.strength, 0.9))
            found = _of_hub(text[len(scheme) :], place)
            whole = _REPOSITORY.match(found.ref) if found is not None else None
            return replace(found, ref=whole[0]) if found is not None and whole else found
    if text.startswith(("hf.co/", "huggingface.co/")):
        return _of_hub_path(text)
    text = without_mode(text)
    formatted = _WITH_FORMAT.fullmatch(text) if "|" in text else None
    if formatted is not None:
        inner = classify(formatted[1], place)
        return inner if inner is not None and inner.weight_file is not None else None
    if _PLACEHOLDER.search(text):
        return None
    if _COQUI.fullmatch(text) and place.expects in (None, "package", "hub"):
        return Candidate(text, "package", max(0.7, place.strength - 0.05), place.operator)
    operator = hosted_operator(text)
    variant = re.fullmatch(
        r"[\w-]+/[\w.-]+:(?:free|nitro|floor|online|extended|exacto)", text, re.ASCII
    )
    if variant is not None:
        return _hosted(text, "openrouter", replace(place, operator=None), 0.85)
    if operator is not None:
        return _hosted(text, operator, place, 0.75)
    return _of_gateway(text, place) or _of_name(text, place)


def _hosted(text: str, operator: str, place: Place, alone: float) -> Candidate:
    sure = max(alone, min(0.97, place.strength + 0.05)) if place.strength >= 0.5 else alone
    return Candidate(text, "hosted", sure, place.operator or operator)


def _of_gateway(text: str, place: Place) -> Candidate | None:
    """`prefix/rest` or `prefix:rest` of a gateway."""
    cut = re.match(r"([A-Za-z][\w-]{1,24})([/:])(.{2,})", text, re.ASCII)
    if cut is None:
        return None
    prefix, separator, rest = cut[1].lower() if cut[2] == "/" else cut[1], cut[2], cut[3]
    known = vocabulary()["gateways"].get(prefix)
    deepest = rest.rpartition("/")[2]
    scheme = hosted_operator(rest) or hosted_operator(deepest.partition(":")[0])
    if known is None:
        if separator == ":" and _LOADS_FROM_HUB.search(prefix) and rest.count("/") == 1:
            # what a program calls its way of loading: `hf_clip:owner/name`
            return _of_hub(rest, replace(place, expects="hub", strength=0.9))
        if separator == "/" and prefix in _set("makers", "names") and scheme is not None:
            return _hosted(text, "openrouter", place, 0.75)
        if separator == ":" and prefix in _set("makers", "names") and hosted_operator(rest):
            # a registry of providers: `google:gemini-...`, `xai:grok-...`
            return _hosted(text, str(hosted_operator(rest)), place, 0.75)
        if cut[1].lower() in _NO_PROVIDERS or not _PROVIDER.fullmatch(cut[1]):
            return None
        if separator == ":" and scheme is not None and hosted_operator(rest) is not None:
            return _hosted(text, scheme, place, 0.6)  # a provider that no list here has
        if separator == "/" and cut[1].lower() not in _set("not_namespaces", "folders"):
            return _passed_on(text, rest, place)
        return None
    if scheme is None and known.get("only_hosted"):
        return None
    kind, operator = known["kind"], known["operator"]
    if kind == "hosted":
        if scheme is None and not (place.strength >= 0.5 and _may_be_hosted(prefix, rest, place)):
            return None
        return _hosted(text, operator, replace(place, operator=place.operator or operator), 0.75)
    if kind == "ollama":
        if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+){0,3}(?::[\w.-]+)?", rest, re.ASCII):
            return None
        if not place.strength and ":" not in rest and separator == ":":
            return None
        sure = max(0.6, min(0.95, place.strength + 0.2))
        return Candidate(text, "ollama", sure, "ollama")
    if place.strength < 0.5 and (prefix in ("hf", "huggingface") and rest.count("/") != 1):
        return None
    if rest.count("/") == 1 and (
        found := _of_hub(rest, replace(place, strength=max(0.5, place.strength)))
    ):
        return replace(found, ref=text, operator=operator)
    if kind == "local" and place.strength >= 0.5 and _BARE.fullmatch(rest):
        return Candidate(text, "local", 0.6, "local")
    return None


def _passed_on(text: str, rest: str, place: Place) -> Candidate | None:
    """`proxy/openai/gpt-4o`: a gateway's name behind the name of another gateway."""
    scheme = hosted_operator(rest)
    if scheme is not None and text.partition("/")[0] in _set("proxies", "names"):
        return _hosted(text, scheme, place, 0.7)
    if text.startswith("hf-inference-providers/"):
        found = _of_hub(rest.partition(":")[0], replace(place, strength=max(0.6, place.strength)))
        return replace(found, ref=text, kind="hosted", operator="huggingface") if found else None
    inner = re.match(r"([A-Za-z][\w-]{1,24})[/:]", rest, re.ASCII)
    if inner is None or inner[1].lower() not in vocabulary()["gateways"]:
        return None
    found = _of_gateway(rest, place)
    if found is None or found.kind not in ("hosted", "ollama"):
        return None
    if found.kind == "ollama" and text.partition("/")[0] not in _set("proxies", "names"):
        return None  # a folder
    return replace(found, ref=text, confidence=min(found.confidence, max(0.6, place.strength)))


def _may_be_hosted(prefix: str, rest: str, place: Place) -> bool:
    """Whether `openai/whisper-large-v3` means the gateway's model and not the Hub's.

    Three parts are a gateway's: the Hub's names have two.
    """
    if rest.count("/") == 1 and _HUB.fullmatch(rest) and not _WEIGHTS_FILE.search(rest):
        return True
    if prefix in _set("namespaces", "names") or prefix in ("cohere", "groq", "xai"):
        return (
            place.expects == "hosted"
            and place.operator != "huggingface"
            and bool(_weak_operator(rest, prefix))
        )
    return _BARE.fullmatch(rest.rpartition("/")[2].partition(":")[0]) is not None


def _of_name(text: str, place: Place) -> Candidate | None:
    """Names without scheme or gateway: what the place expects decides first."""
    expects = place.expects
    vouched = place.strength >= 0.5
    if text in _set("unspaced", "names") and expects in (None, "hub", "package"):
        return Candidate(text, "hub", max(0.65, place.strength - 0.05))
    if text.startswith(("/", "./", "../", "~", ".\\", "-", ".")) or text.endswith("/"):
        return _of_file(text, place)
    ending = text.rpartition(".")[2].lower() if "." in text.rpartition("/")[2] else ""
    if ending in _set("endings", "other") or ending in _set("endings", "archives"):
        return None
    if expects == "torch-hub":
        named = _HUB.fullmatch(text.partition(":")[0])
        return Candidate(text, "torch-hub", min(0.9, place.strength)) if named else None
    tagged = _TAGGED.fullmatch(text)
    if tagged:
        return _of_tag(text, tagged[1], tagged[2], place)
    weak = _weak_operator(text, place.operator) if vouched else None
    if expects == "ollama" and vouched:
        if text.partition("/")[0] in _set("namespaces", "names") and text.count("/") == 1:
            return _of_hub(text, replace(place, expects="hub"))
        # names of Ollama's library are lower case; those of its users need not be
        good = re.fullmatch(r"[a-z0-9][a-z0-9._-]*|[\w.-]+/[\w.-]+", text, re.ASCII)
        good = None if text.lower() in _set("placeholders", "everywhere") else good
        return Candidate(text, "ollama", min(0.95, place.strength), "ollama") if good else None
    if ending in _set("endings", "weights") and expects not in ("package", "torch-hub"):
        if text.count("/") == 2:
            found = _of_file_in_hub(text)
            if found is not None:
                return found
        if text.count("/") == 1 and ending not in ("gguf", "safetensors", "ckpt", "pth", "pt"):
            found = _of_hub(text, place)
            if found is not None and found.confidence >= 0.5:
                return found
        return _of_file(text, place)
    if "/" in text and expects == "package":
        found = _of_hub(text, Place(None, None, 0.6))
        if found is not None:
            return replace(found, confidence=max(found.confidence, place.strength - 0.1))
    elif "/" in text:
        return _of_hub(text, place)
    if expects == "package" and place.strength >= 0.7 and _PACKAGED.fullmatch(text):
        return Candidate(text, "package", place.strength, place.operator)
    stop = "everywhere" if place.strength >= 0.8 else "words"
    if not _BARE.fullmatch(text) or text.lower() in _set("placeholders", stop):
        return None
    if weak is not None and expects in (None, "hosted"):
        return _hosted(text, weak, place, 0.6)
    if expects == "hosted" and place.strength >= 0.8 and _GENERIC.fullmatch(text):
        return None
    if expects == "hosted" and place.strength >= 0.8 and re.search(r"\d|-", text):
        return Candidate(text, "hosted", place.strength - 0.1, place.operator)
    if expects == "hub" and place.strength >= 0.8:
        return Candidate(text, "hub", place.strength - 0.05, None)
    return None


def _of_tag(text: str, name: str, tag: str, place: Place) -> Candidate | None:
    """`name:tag` of Ollama's library; an image of a container has the same shape."""
    if place.expects == "ollama" and place.strength >= 0.5:
        return Candidate(text, "ollama", min(0.95, place.strength), "ollama")
    if place.expects not in (None, "hosted") or tag.isdigit():
        return None
    if place.operator not in (None, "ollama") and place.strength >= 0.5:
        # OpenRouter marks variants behind a colon: `deepseek/deepseek-r1:free`
        good = place.expects == "hosted" and name.count("/") <= 1
        return Candidate(text, "hosted", place.strength - 0.05, place.operator) if good else None
    if tag in ("beta", "thinking") and name.count("/") == 1 and place.strength >= 0.5:
        return Candidate(text, "hosted", 0.8, "openrouter")
    if _SIZE_TAG.fullmatch(tag) or _QUANT.fullmatch(tag):
        return Candidate(text, "ollama", 0.85 if place.strength >= 0.5 else 0.55, "ollama")
    if place.strength >= 0.5 and tag == "latest" and name.count("/") <= 1:
        return Candidate(text, "ollama", 0.7, "ollama")
    return None


def _of_hub(text: str, place: Place) -> Candidate | None:
    """`namespace/name` of a hub; a third part is a file there, where a place takes one."""
    parts = text.split("/")
    written = text
    weight_file = None
    if len(parts) > 2:
        if place.strength < 0.9 or place.expects not in (None, "hub"):
            return None
        text, weight_file = "/".join(parts[:2]), "/".join(parts[2:])
        if parts[2].partition(".")[0] in ("resolve", "blob"):
            return _of_hub_path(f"huggingface.co/{'/'.join(parts)}")
        if "." not in parts[-1] or ":" in parts[1]:
            return None
    found = _HUB.fullmatch(text.split(":")[0])
    if found is None:
        return None
    namespace, name, revision = found.groups()
    if "--" in namespace or ".." in text or name.endswith((".", "-")):
        return None
    low = namespace.lower()
    listed = namespace in _set("namespaces", "names")
    sure = listed and namespace not in _set("namespaces", "ambiguous")
    if low in _folded("placeholders", "words") and not listed:
        return None
    if not listed and (_DOMAIN.search(low) or _FOLDER.match(low)):
        return None
    if name.lower() in (
        "model",
        "model-name",
        "name",
        "repo",
        "model_name",
        "my-model",
        "your-model",
    ):
        return None
    if place.expects not in (None, "hub", "hosted"):
        return None
    if not listed and (
        low in _set("not_namespaces", "mime")
        or low in _set("not_namespaces", "folders")
        or namespace in _set("not_namespaces", "zones")
        or (namespace in _set("not_namespaces", "github") and place.strength < 0.9)
    ):
        return None
    if not re.search("[A-Za-z]", name) or (len(namespace) < 2 and place.strength < 0.8):
        return None
    confidence = _hub_confidence(name, place, sure=sure, listed=listed)
    kind: Kind = (
        "hosted"
        if place.expects == "hosted" and place.operator not in (None, "huggingface")
        else "hub"
    )
    operator = place.operator if kind == "hosted" or place.operator == "huggingface" else None
    ref = written if weight_file or revision else text.split(":")[0]
    return Candidate(ref, kind, confidence, operator, revision, weight_file)


def _hub_confidence(name: str, place: Place, *, sure: bool, listed: bool) -> float:
    is_family = _FAMILIES.search(name) is not None
    marked = _SIGNS_OF_A_MODEL.search(name) is not None
    signs = marked or is_family
    if place.strength >= 0.8:
        return place.strength
    if place.strength >= 0.5:
        return 0.9 if listed else 0.75 if signs else 0.6
    if _DATA.search(name) and not is_family:
        return 0.3
    if sure:
        return 0.7 if signs else 0.6
    if listed:
        return 0.6 if signs else 0.4
    return 0.55 if marked and is_family else 0.4 if signs else 0.2


def _of_file_in_hub(text: str) -> Candidate | None:
    """`namespace/name-GGUF/file.gguf`: a file of a repository whose name shows what it is."""
    repository, _, base = text.rpartition("/")
    found = _of_hub(repository, ANYWHERE)
    if found is None or found.confidence < 0.5 or ".." in text:
        return None
    return replace(found, ref=text, weight_file=base)


def _of_file(text: str, place: Place) -> Candidate | None:
    """A file of weights on this machine; only where its own name says which model it is."""
    base = file_name(text)
    stem, _, ending = base.rpartition(".")
    ending = ending.lower()
    if (
        not stem
        or ending not in _set("endings", "weights")
        or place.expects in ("hosted", "torch-hub")
    ):
        return None
    plain = _PARTS_OF_A_FILE.sub("", stem.lower())
    if _OF_WHISPER.match(stem) and ending == "bin":
        return Candidate(text, "file", 0.7, None, None, base)
    # what it is shows in a number, or in a family's name with a size or a variant beside it
    named = _FAMILIES.search(stem.lower().replace("lora", "")) and _SIGNS_OF_A_MODEL.search(stem)
    says = named or re.search(r"\d", stem) or (place.strength >= 0.5 and _has_own_name(plain))
    if plain in _set("generic_files", "names") or not says:
        return None
    clear = ending in (
        "gguf",
        "safetensors",
        "sft",
        "ckpt",
        "llamafile",
        "onnx",
        "pth",
        "pt",
        "ggml",
    )
    clear = clear or bool(named and ending == "bin")
    if not clear and place.strength < 0.8 and not _QUANTISED.search(stem):
        return None
    flags = ("pickle",) if ending in _set("endings", "pickles") else ()
    by_ending = {"gguf": 0.6, "safetensors": 0.55, "llamafile": 0.6, "ckpt": 0.5, "onnx": 0.5}
    sure = by_ending.get(ending, 0.5 if named and clear else 0.4)
    if place.strength >= 0.5:
        sure = max(sure, 0.7)
    return Candidate(text, "file", sure, None, None, base, flags)


def _has_own_name(plain: str) -> bool:
    """Whether a file's name has words, and none that any project calls its files."""
    words = re.split(r"[-_. ]+", plain)
    return (
        len(plain) > 3
        and plain.isascii()
        and not any(word in _set("generic_files", "words") for word in words)
    )


def _of_hub_path(text: str) -> Candidate | None:
    """`huggingface.co/org/name/...`, also without its scheme."""
    parts = [unquote(part) for part in text.split("/")[1:] if part]
    if not parts or parts[0] in _set("not_namespaces", "pages"):
        return None
    if len(parts) == 1:
        return None
    return _of_hub_parts(parts, "huggingface")


def _of_hub_parts(parts: list[str], hub: str) -> Candidate | None:
    tag = None
    name, colon, rest = parts[1].partition(":")
    if colon:
        tag = rest
    if not re.fullmatch(_PART, parts[0], re.ASCII) or not re.fullmatch(_PART, name, re.ASCII):
        return None
    if {parts[0].lower(), name.lower()} & {
        "your-username",
        "username",
        "org",
        "your-model",
        "user",
        "model",
    }:
        return None
    ref = f"{parts[0]}/{name}"
    revision = weight_file = None
    flags: tuple[str, ...] = ()
    if len(parts) > 3 and parts[2] in _FILE_VERBS:
        revision = parts[3] if parts[3] not in ("main", "master") else None
        if len(parts) > 4 and parts[2] != "tree":
            weight_file = "/".join(parts[4:])
            ending = weight_file.rpartition(".")[2].lower()
            flags = ("pickle",) if ending in _set("endings", "pickles") else ()
    operator = "ollama" if tag is not None else None
    if hub == "modelscope":
        flags = (*flags, "modelscope")
    return Candidate(ref, "hub", 0.9, operator, revision, weight_file, flags)


def _of_url(text: str) -> Candidate | None:
    """A model's page or file on a hub, or a file of weights elsewhere."""
    if re.search(r"[{}<>$*\s|\"'`]|\.\.\.", text):
        return None
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    path = [unquote(part) for part in parts.path.split("/") if part]
    if _NOBODYS.search(host):
        return None
    if host in _HUB_HOSTS:
        hub = _HUB_HOSTS[host]
        if hub == "modelscope" and path[:1] == ["models"]:
            path = path[1:]
        if (
            not hub
            or len(path) < 2
            or path[0] in _set("not_namespaces", "pages")
            or parts.scheme == "git"
        ):
            return _of_weights_url(text, path, parts.scheme) if not hub else None
        if path[1].endswith(".git"):
            path[1] = path[1].removesuffix(".git")
        return _of_hub_parts(path, hub)
    if (
        host in ("ollama.com", "www.ollama.com", "ollama.ai")
        and len(path) > 1
        and path[0] == "library"
    ):
        return Candidate(path[1], "ollama", 0.9, "ollama")
    if host == "api-inference.huggingface.co" and path[:1] == ["models"] and len(path) > 2:
        return Candidate("/".join(path[1:3]), "hub", 0.9, "huggingface")
    if host.startswith("router.huggingface") and "models" in path[:-2]:
        at = path.index("models")
        return Candidate("/".join(path[at + 1 : at + 3]), "hub", 0.9, "huggingface")
    if host == "tfhub.dev" and len(path) >= 2:
        return Candidate(text, "file", 0.85)
    return _of_weights_url(text, path, parts.scheme)


def _of_weights_url(text: str, path: list[str], scheme: str) -> Candidate | None:
    if not path or scheme not in ("http", "https", "s3", "gs", "gcs", "az", "abfs", "oci", "ftp"):
        return None
    base = path[-1]
    if len(path) < 3 and text.startswith(("https://github.com/", "https://gitlab.com/")):
        return None  # a repository may be called `llama.onnx`
    stem, _, ending = base.rpartition(".")
    if ending.lower() in _set("endings", "archives") or ending.lower() in ("whl", "model"):
        return _of_archive(text, path)
    if not stem or ending.lower() not in _set("endings", "weights"):
        return None
    if ending.lower() in (
        "pkl",
        "pickle",
        "npz",
        "h5",
        "weights",
        "msgpack",
        "task",
        "bin",
        "joblib",
        "engine",
        "ot",
        "pb",
        "ftz",
    ):
        says = re.search(r"model|weight|checkpoint|ckpt|net|lid\.", text.lower())
        sure = 0.55 if says or (_FAMILIES.search(text) and not _DATA.search(stem)) else 0.35
    else:
        sure = 0.85
    flags = ("pickle",) if ending.lower() in _set("endings", "pickles") else ()
    return Candidate(text, "file", sure, None, None, base, flags)


def _of_archive(text: str, path: list[str]) -> Candidate | None:
    """A packed model, where the address says so and the file's name says which."""
    base = path[-1]
    pipeline = _PIPELINE.match(base)
    if pipeline is not None:
        return Candidate(pipeline["name"], "package", 0.85, None, pipeline["version"])
    stem = re.sub(r"(?i)(?:\.(?:tar|zip|t?gz|t?bz2|xz|7z|zst|bin|whl|model))+$", "", base)
    low = {part.lower() for part in path[:-1]}
    if low & _NO_MODELS or base.lower().endswith(".whl") or _DATA.search(stem):
        return None
    if base.lower().endswith(".model") and _TOKENS.search(stem):
        return None
    says = any(_PACKED.search(part) for part in (*path[:-1], stem))
    says = says or _ONE_PACKED.search(base) is not None
    says = says or (bool(low & _SPOKEN) and _FAMILIES.search(stem) is not None)
    names = _FAMILIES.search(stem) is not None or _SIGNS_OF_A_MODEL.search(stem) is not None
    if not says or not (names or re.search(r"\d", stem)):
        return None
    return Candidate(text, "file", 0.7, None, None, base)


@lru_cache(maxsize=20_000)
def key_strength(name: str) -> float:
    """How far an identifier (keyword, key, variable) says that a model's name stands behind it.

    0.6 for `model`, `modelId`, `EMBEDDING_MODEL`, `repo_id`; 0 for `model_type` and for others.
    """
    words = _words(name)
    if not words or any(word in _set("keys", "not_words") for word in words):
        return 0.0
    last = words[-1]
    if last in _set("keys", "not_last"):
        return 0.0
    joined = " ".join(words)
    if any(phrase in joined for phrase in vocabulary()["keys"]["phrases"]):
        return 0.6
    return 0.6 if any(word in _set("keys", "words") for word in words) else 0.0


@lru_cache(maxsize=20_000)
def _words(name: str) -> tuple[str, ...]:
    """`embeddingModelID` and `EMBEDDING_MODEL_ID` as `embedding model id`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|(?<=[A-Z])([A-Z][a-z])", r"\1 \2\3", name[:120])
    return tuple(word for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if word)


def file_name(path: str) -> str:
    """The last part of a path, of either kind of slash."""
    return path.replace("\\", "/").rpartition("/")[2]


def canonical(kind: Kind, ref: str, operator: str | None = None) -> str:
    """One spelling for what is referred to: `huggingface:Qwen/Qwen2.5-7B`, `openai:gpt-4o`.

    Gateways' prefixes are taken off; who operates stays a field of its own. A file of weights is
    known by its name, whatever folder it lies in.
    """
    if kind == "hub":
        name = _PASSED.sub("", ref)
        whole = _REPOSITORY.match(name)  # without a file of it, and without a revision
        return f"huggingface:{whole[0] if whole else name}"
    if kind == "ollama":
        name = re.sub(r"^(?:ollama_chat|ollama)[/:]", "", ref)
        return f"ollama:{name}"
    if kind == "hosted":
        rest = ref
        cut = re.match(r"([A-Za-z][\w-]*)[/:](.+)", rest, re.ASCII)
        if cut is not None and cut[1].lower() in vocabulary()["gateways"]:
            rest = cut[2]
        last = rest.rpartition("/")[2]
        name = last.partition(":")[0] if operator == "openrouter" else last
        scheme = hosted_operator(name)
        if scheme is not None:  # the maker's own name, whoever passes it on
            return f"{scheme}:{name}"
        return f"{operator or 'hosted'}:{rest}"
    if kind == "file" and "://" not in ref:
        return f"file:{file_name(ref)}"  # wherever it lies on this machine
    return f"{kind}:{ref}"
