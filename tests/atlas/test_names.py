"""What a name and its tags say."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.curated import Curated, read_curated
from underlay.atlas.names import (
    SIZE_BANDS,
    Families,
    copied_name,
    is_quantised_name,
    modality_of,
    parameters_in_name,
    read_tags,
    size_band,
)
from underlay.identity import repository_name


@pytest.fixture(scope="module")
def curated() -> Curated:
    return read_curated()


@pytest.fixture(scope="module")
def families(curated: Curated) -> Families:
    return Families(curated.families, curated.base_hints)


# ---- tags --------------------------------------------------------------------------------------

TAGS = (
    "transformers,safetensors,qwen2,text-generation,dataset:a/b,license:apache-2.0,"
    "base_model:Qwen/Qwen2.5-7B,base_model:finetune:Qwen/Qwen2.5-7B,region:us"
)


def test_tags() -> None:
    facts = read_tags(TAGS, frozenset({"qwen2", "bert"}))
    assert facts.licences == ("apache-2.0",)
    assert facts.bases == (("Qwen/Qwen2.5-7B", "finetune"),)
    assert facts.has_dataset
    assert facts.architecture == "qwen2"


def test_no_tags() -> None:
    facts = read_tags("")
    assert (facts.licences, facts.bases, facts.has_dataset, facts.architecture) == (
        (),
        (),
        False,
        None,
    )
    assert read_tags("license:,base_model:,base_model:finetune:").bases == (
        ("finetune:", "unspecified"),
    )


@given(st.permutations([*TAGS.split(","), "license:other", "base_model:quantized:x/y"]))
def test_the_order_of_tags_does_not_matter(tags: list[str]) -> None:
    facts = read_tags(",".join(tags), frozenset({"qwen2"}))
    assert facts.licences == ("apache-2.0", "other")
    assert facts.bases == (("Qwen/Qwen2.5-7B", "finetune"), ("x/y", "quantized"))
    assert facts.architecture == "qwen2"


@pytest.mark.parametrize(
    ("tags", "bases"),
    [
        ("base_model:a/b", (("a/b", "unspecified"),)),
        ("base_model:merge:a/b,base_model:merge:c/d", (("a/b", "merge"), ("c/d", "merge"))),
        ("base_model:adapter:a/b,base_model:a/b", (("a/b", "adapter"),)),
        ("base_model:finetune:a/b,base_model:adapter:a/b", (("a/b", "adapter"),)),
        ("base_model:adapter:a/b,base_model:finetune:a/b", (("a/b", "adapter"),)),
        ("base_model:odd:a/b", (("odd:a/b", "unspecified"),)),
        (" base_model:a/b , x", (("a/b", "unspecified"),)),
    ],
)
def test_bases(tags: str, bases: tuple[tuple[str, str], ...]) -> None:
    assert read_tags(tags).bases == bases


@given(st.text(max_size=200))
def test_any_text_is_a_tag_list(text: str) -> None:
    facts = read_tags(text, frozenset({"bert"}))
    assert all(base for base, _ in facts.bases)
    assert all(facts.licences)


# ---- quantised copies --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("Qwen/Qwen3-8B-GGUF", "Qwen3-8B"),
        ("TheBloke/Llama-2-7B-Chat-GPTQ", "Llama-2-7B-Chat"),
        ("Qwen/Qwen2-7B-Instruct-GPTQ-Int4", "Qwen2-7B-Instruct"),
        ("unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "Llama-3.2-1B-Instruct"),
        ("unsloth/Qwen3-4B-unsloth-bnb-4bit", "Qwen3-4B"),
        ("lmstudio-community/Qwen3-235B-A22B-MLX-8bit", "Qwen3-235B-A22B"),
        ("RedHatAI/Qwen2.5-VL-7B-Instruct-FP8-Dynamic", "Qwen2.5-VL-7B-Instruct"),
        ("RedHatAI/gemma-4-31B-it-FP8-block", "gemma-4-31B-it"),
        ("x/Qwen3-VL-8B-Instruct-quantized.w4a16", "Qwen3-VL-8B-Instruct"),
        ("nvidia/Gemma-4-31B-IT-NVFP4", "Gemma-4-31B-IT"),
        ("x/gemma-2-9b.i1-GGUF", "gemma-2-9b"),
        ("x/model-i1-gguf", "model"),
        ("mlc-ai/Llama-3-8B-q4f16_1-MLC", "Llama-3-8B"),
        ("x/model.Q4_K_M", "model"),
        ("OpenVINO/Qwen3-8B-int4-ov", "Qwen3-8B"),
        ("OpenVINO/Qwen3-8B-fp16-ov", "Qwen3-8B"),
        ("google/gemma-3-27b-it-qat-q4_0-gguf", "gemma-3-27b-it"),
        ("onnx/a", "a"),
    ],
)
def test_a_repacked_model_says_so(name: str, original: str) -> None:
    marked = name.partition("/")[0] == "onnx"
    assert is_quantised_name(name) is not marked
    assert copied_name(name) == original


@pytest.mark.parametrize(
    "name",
    [
        "Qwen/Qwen3-8B",
        "x/AWQuant-7B",
        "x/Int8Net",
        "x/eightbit-music",
        "llava-hf/llava-onevision-qwen2-7b-ov-hf",
        "sentence-transformers/all-MiniLM-L6-v2",
        "nvidia/NVIDIA-Nemotron-3-Nano-4B-BF16",
        "microsoft/bitnet-b1.58-2B-4T",
        "openai/gpt-oss-20b",
        "x/mlxtend",
        "gguf-org/model",
        "",
    ],
)
def test_other_models_do_not(name: str) -> None:
    assert not is_quantised_name(name)


@given(st.text(max_size=60))
def test_a_copy_has_a_name_to_be_a_copy_of(name: str) -> None:
    shorter = copied_name(name)
    assert bool(shorter) == bool(repository_name(name))
    assert len(shorter) <= len(name)


# ---- sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", 7e9),
        ("mistralai/Mixtral-8x7B-v0.1", 56e9),
        ("mistralai/Mixtral-8x22B", 176e9),
        ("Qwen/Qwen3-30B-A3B", 30e9),
        ("bigscience/bloom-560m", 560e6),
        ("openai-community/gpt2", None),
        ("facebook/opt-6.7b", 6.7e9),
        ("Qwen/Qwen-1_8B-Chat", 1.8e9),
        ("bigscience/bloom-1b7", 1.7e9),
        ("bigscience/bloomz-7b1-mt", 7.1e9),
        ("x/gemma_3_4B_ft", 4e9),
        ("x/PIIP-LLaVA-640-224_7B", 7e9),
        ("facebook/dinov3-vit7b16-pretrain", None),
        ("obi/deid_roberta_i2b2", None),
        ("TinyLlama/TinyLlama-1.1B-step-50K-105b", 105e9),
        ("x/model-0b", None),
        ("qwen3:8b", 8e9),
        ("7b/model", None),
        ("", None),
    ],
)
def test_sizes_in_names(name: str, parameters: float | None) -> None:
    assert parameters_in_name(name) == (None if parameters is None else pytest.approx(parameters))


@given(st.one_of(st.none(), st.floats(allow_nan=False)))
def test_each_size_has_one_band(parameters: float | None) -> None:
    band = size_band(parameters)
    if parameters is None or parameters <= 0:
        assert band == "unknown"
        return
    names = [name for name, _ in SIZE_BANDS]
    uppers = [upper for _, upper in SIZE_BANDS]
    place = min(names.index(band), len(names) - 1)
    assert parameters <= uppers[place]
    assert place == 0 or parameters >= uppers[place - 1]


def test_infinitely_many_parameters_are_many() -> None:
    assert size_band(float("inf")) == ">100B"
    assert size_band(float("nan")) == "unknown"


# ---- families ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen/Qwen3-8B", "qwen"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "deepseek"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit", "llama"),
        ("mistralai/Mixtral-8x7B-v0.1", "mistral"),
        ("openai/gpt-oss-20b", "gpt-oss"),
        ("openai-community/gpt2", "gpt2"),
        ("FacebookAI/xlm-roberta-base", "xlm-roberta"),
        ("FacebookAI/roberta-base", "roberta"),
        ("google-bert/bert-base-uncased", "bert"),
        ("distilbert/distilbert-base-uncased", "distilbert"),
        ("trl-internal-testing/tiny-Qwen2ForCausalLM-2.5", "fixture"),
        ("google/gemma-4-26B-A4B-it", "gemma"),
        ("zai-org/GLM-5.3-Flash", "glm"),
        ("moonshotai/Kimi-K2-Instruct", "kimi"),
        ("dphn/dolphin-2.9.1-yi-1.5-34b", "dolphin"),
        ("somebody/wholly-other", "unknown"),
    ],
)
def test_precedence(families: Families, name: str, family: str) -> None:
    found, reason = families.find(name)
    assert families.counted_in(found) == family
    assert reason


def test_the_hint_says_what_it_is_built_on(families: Families) -> None:
    assert families.hint("DeepSeek-R1-Distill-Qwen-7B") == "deepseek"
    assert families.hint("somebody/my-qwen-tune") == "qwen"
    assert families.find("somebody/my-own-qwen-tune")[0] == "qwen"
    assert families.hint("somebody/wholly-other") == ""


def test_families_that_are_counted_in_larger_ones(families: Families, curated: Curated) -> None:
    for family in curated.families:
        assert families.counted_in(family.id) == (family.part_of or family.id)
    assert families.counted_in("no such family") == "no such family"
    assert families.modality("no such family") == "unknown"
    assert families.modality("bert") == "text-encoder"
    assert families.modality("qwen") == "language"


def _one_by_one(curated: Curated, name: str) -> str:
    last = repository_name(name)
    for family in curated.families:
        for pattern in family.patterns:
            if pattern.search(name if "/" in pattern.pattern else last):
                return family.id
    for hint in curated.base_hints:
        if hint.pattern.search(name if "/" in hint.pattern.pattern else last):
            return hint.target
    return "unknown"


def _words(curated: Curated) -> list[str]:
    """Pieces of the patterns themselves: names made of them come near to many families."""
    text = " ".join(p.pattern for f in curated.families for p in f.patterns)
    return sorted(set(re.findall(r"[a-z0-9]{2,}", text.lower())))


@given(seed=st.integers(0, 2**32 - 1))
def test_runs_of_patterns_give_the_same_family(
    families: Families, curated: Curated, seed: int
) -> None:
    chooser = random.Random(seed)  # noqa: S311 - names for a test
    words = _words(curated)
    for _ in range(5):
        parts = chooser.choices(words, k=chooser.randint(1, 4))
        name = chooser.choice(["-", "_", " ", ".", ""]).join(parts)
        if chooser.random() < 0.5:
            name = f"{chooser.choice(words)}/{name}"
        assert families.find(name)[0] == _one_by_one(curated, name), name


@given(st.text(max_size=40))
def test_any_text_has_a_family_or_none(families: Families, text: str) -> None:
    assert families.find(text)[0] in {*families.by_id, "unknown"}


# ---- modalities --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "family", "modality"),
    [
        ("text-generation", "vision-language", "language"),
        (None, "vision-language", "vision-language"),
        ("", "speech", "speech"),
        (None, "unknown", "unknown"),
        ("feature-extraction", "text-encoder", "embedding"),
        ("feature-extraction", "language", "embedding"),
        ("feature-extraction", "speech", "speech"),
        ("feature-extraction", "vision", "vision"),
        ("a task that is new", "language", "other"),
    ],
)
def test_modalities(tag: str | None, family: str, modality: str) -> None:
    assert modality_of(tag, family) == modality
