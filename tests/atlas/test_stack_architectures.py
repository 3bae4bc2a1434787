"""Architecture classes: one spelling each, and never one class for two heads."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.architectures import CLASS, GGUF, MODEL_TYPE, Architectures, Registered, plain
from underlay.atlas.stack_curated import (
    AmbiguousTag,
    ArchitectureRules,
    ClassAlias,
    GgufRule,
    NameRule,
    TypeRule,
    architecture_rules,
    read_architectures,
)
from underlay.atlas.stack_requirements import (
    ModelFacts,
    quantisation_of,
    requirement_columns,
    weight_format_of,
)
from underlay.errors import SchemaError


def line(
    runtime: str, name: str, category: str = "", kind: str = CLASS, model_type: str = ""
) -> Registered:
    """One line of a list."""
    return Registered(
        runtime, "1.0", name, kind, category, "supported", "somewhere", "support_matrix", model_type
    )


LINES = (
    line("transformers", "Qwen3ForCausalLM", "causal-lm", model_type="qwen3"),
    line(
        "transformers", "Qwen3VLForConditionalGeneration", "image-text-to-text", CLASS, "qwen3_vl"
    ),
    line("transformers", "BertForMaskedLM", "masked-lm", model_type="bert"),
    line("transformers", "BertModel", "MODEL_MAPPING_NAMES", model_type="bert"),
    line("transformers", "BartForCausalLM", "causal-lm", model_type="bart"),
    line("transformers", "BartForConditionalGeneration", "seq2seq-lm", model_type="bart"),
    line(
        "transformers", "Kimi_K25ForConditionalGeneration", "image-text-to-text", CLASS, "kimi_k25"
    ),
    line("vllm", "KimiK25ForConditionalGeneration", "multimodal"),
    line("vllm", "OpenELMForCausalLM", "text-generation"),
    line("vllm", "HunYuanDenseV1ForCausalLM", "text-generation"),
    line("vllm", "Phi3VForCausalLM", "multimodal"),
    line("tensorrt-llm", "HunYuanDenseForCausalLM"),
    line("llama.cpp", "qwen3", kind=GGUF),
    line("llama.cpp", "phi2", kind=GGUF),
    line("mlx-lm", "qwen3", kind=MODEL_TYPE),
)
RULES = ArchitectureRules(
    aliases=(ClassAlias("HunYuanDenseForCausalLM", "HunYuanDenseV1ForCausalLM", "left out"),),
    types=(TypeRule("phi3_v", "multimodal", "Phi3VForCausalLM", "reads images"),),
    gguf=(GgufRule("phi2", ("phi",), "named after the model"),),
    names=(NameRule(re.compile("^opus-", re.IGNORECASE), "bart", "they are"),),
    ambiguous={"yi": AmbiguousTag("yi", None, "a language code")},
)


@pytest.fixture(scope="module")
def classes() -> Architectures:
    return Architectures(LINES, RULES)


def test_spellings_that_differ_in_capitals_are_one_class(classes: Architectures) -> None:
    # the spelling of Transformers stands
    assert classes.canonical("KimiK25ForConditionalGeneration") == (
        "Kimi_K25ForConditionalGeneration"
    )
    row = classes.classes["Kimi_K25ForConditionalGeneration"]
    assert row.spellings == {"KimiK25ForConditionalGeneration", "Kimi_K25ForConditionalGeneration"}
    assert "one class but for capitals" in row.reason


def test_an_alias_joins_what_letters_do_not(classes: Architectures) -> None:
    assert classes.canonical("HunYuanDenseForCausalLM") == "HunYuanDenseV1ForCausalLM"
    assert "HunYuanDenseForCausalLM" not in classes.classes
    assert classes.classes["HunYuanDenseV1ForCausalLM"].reason == "left out"


def test_heads_keep_classes_apart(classes: Architectures) -> None:
    heads = {name: each.head for name, each in classes.classes.items()}
    assert heads["Qwen3ForCausalLM"] == "causal-lm"
    assert heads["Qwen3VLForConditionalGeneration"] == "multimodal"
    assert heads["BertForMaskedLM"] == "masked-lm"
    assert heads["BertModel"] == "base"
    assert heads["BartForConditionalGeneration"] == "seq2seq-lm"
    assert heads["Phi3VForCausalLM"] == "multimodal"  # the list's word goes before the suffix


@pytest.mark.parametrize(
    ("model_type", "task", "modality", "expected"),
    [
        ("qwen3", "text-generation", "language", "Qwen3ForCausalLM"),
        ("qwen3_vl", "image-text-to-text", "vision-language", "Qwen3VLForConditionalGeneration"),
        # the type has no text-only class: its one class it is, and the reason says so
        ("qwen3_vl", "text-generation", "language", "Qwen3VLForConditionalGeneration"),
        # a text model under an image task is no image model
        ("qwen3", "image-text-to-text", "vision-language", "unknown"),
        ("bert", "fill-mask", "text-encoder", "BertForMaskedLM"),
        ("bert", "sentence-similarity", "embedding", "BertModel"),
        ("bart", "summarization", "language", "BartForConditionalGeneration"),
        ("bart", "text-generation", "language", "BartForCausalLM"),
        ("phi3_v", None, "vision-language", "Phi3VForCausalLM"),
        ("OpenELM", "text-generation", "language", "OpenELMForCausalLM"),
        ("nothing", "text-generation", "language", "unknown"),
    ],
)
def test_type_and_task_give_a_class(
    classes: Architectures, model_type: str, task: str | None, modality: str, expected: str
) -> None:
    found, reason = classes.resolve(model_type, task, modality)
    assert found == expected
    assert model_type in reason


def test_a_class_by_its_letters_says_so(classes: Architectures) -> None:
    assert "by the letters" in classes.resolve("openelm", "text-generation", "language")[1]
    assert "by the letters" not in classes.resolve("qwen3", "text-generation", "language")[1]


def test_gguf_names_by_letters_and_by_rule(classes: Architectures) -> None:
    assert classes.gguf_types["qwen3"] == ("qwen3",)
    assert classes.gguf_types["phi2"] == ("phi",)
    assert classes.classes["Qwen3ForCausalLM"].gguf == "qwen3"
    assert classes.classes["BertModel"].gguf == ""


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_a_canonical_name_is_its_own(lines: list[Registered]) -> None:
    found = Architectures(lines, RULES)
    for each in lines:
        if each.kind == CLASS:
            name = found.canonical(each.name)
            assert name in found.classes
            assert found.canonical(name) == name


@given(st.permutations(LINES))
def test_the_order_of_lists_changes_no_class(lines: list[Registered]) -> None:
    assert Architectures(lines, RULES).rows() == Architectures(LINES, RULES).rows()


def test_plain_letters() -> None:
    assert plain("modeling_x.SarvamMoEForCausalLM") == "sarvammoeforcausallm"


# ---- which type a model has ---------------------------------------------------------------------


def facts(**more: object) -> ModelFacts:
    """Two models: a base, and a GGUF copy of it whose tags mislead."""
    fields: dict[str, object] = {
        "names": ["org/Base-7B", "org/Base-7B-GGUF"],
        "platforms": ["huggingface", "huggingface"],
        "modalities": ["language", "language"],
        "tasks": ["text-generation", "text-generation"],
        "copy_kinds": ["original", "quantised copy"],
        "bases": [None, 0],
        "is_open": [True, True],
        "inherited": [None, None],
        "configured": {0: "qwen3"},
        "tags": {1: ("gguf", "yi", "bert")},
        "libraries": {},
    }
    return ModelFacts(**{**fields, **more})  # type: ignore[arg-type]


def resolved(known: Architectures, given_facts: ModelFacts) -> list[tuple[str, str, str]]:
    """(class, method, reason) of each model."""
    found = requirement_columns(given_facts, known, RULES)
    return list(zip(found["architecture_id"], found["method"], found["reason"], strict=True))


def test_a_gguf_copy_takes_its_base_before_its_tags(classes: Architectures) -> None:
    first, second = resolved(classes, facts())
    assert first[:2] == ("Qwen3ForCausalLM", "model-type")
    assert second[:2] == ("Qwen3ForCausalLM", "base")
    assert "org/Base-7B" in second[2]


def test_without_a_base_a_tag_is_better_than_nothing(classes: Architectures) -> None:
    alone = facts(bases=[None, None], tags={1: ("gguf", "yi", "qwen3")})
    assert resolved(classes, alone)[1][:2] == ("Qwen3ForCausalLM", "tag")


def test_a_misleading_tag_is_none(classes: Architectures) -> None:
    alone = facts(bases=[None, None], tags={1: ("gguf", "yi")})
    found = resolved(classes, alone)[1]
    assert found[:2] == ("unknown", "none")
    assert "no tag" in found[2]


def test_a_reviewed_name_goes_first(classes: Architectures) -> None:
    named = facts(names=["opus-mt-en-de", "org/x"], bases=[None, None], tasks=["translation", None])
    assert resolved(classes, named)[0][:2] == ("BartForConditionalGeneration", "name")


def test_a_ring_of_bases_ends(classes: Architectures) -> None:
    ring = facts(bases=[1, 0], configured={}, tags={})
    assert {each[0] for each in resolved(classes, ring)} == {"unknown"}


def test_every_unknown_says_why(classes: Architectures) -> None:
    for architecture, _, reason in resolved(classes, facts(configured={}, tags={})):
        assert architecture == "unknown"
        assert len(reason) > 20


def test_convertible_is_told_from_what_is_open(classes: Architectures) -> None:
    def convertible(**more: object) -> list[bool | None]:
        return list(requirement_columns(facts(**more), classes, RULES)["is_convertible"])

    assert convertible() == [True, True]
    assert convertible(is_open=[False, True]) == [False, False]
    assert convertible(is_open=[None, True]) == [None, None]
    # a copy of nothing that is known
    assert convertible(bases=[None, None]) == [True, None]


# ---- formats ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tags", "library", "weight_format", "quantisation"),
    [
        ("org/Qwen3-8B", ("transformers", "safetensors"), "transformers", "safetensors", "none"),
        ("org/Qwen3-8B-GGUF", ("gguf",), "", "gguf", "gguf"),
        ("org/Qwen3-8B-Q4_K_M-GGUF", (), "", "gguf", "gguf-q4"),
        ("org/Qwen3-8B-AWQ", ("safetensors", "4-bit", "awq"), "", "safetensors", "awq"),
        ("org/Qwen3-8B-FP8", ("safetensors",), "", "safetensors", "fp8"),
        ("org/Qwen3-8B-mlx-4bit", ("mlx", "safetensors"), "mlx", "mlx", "mlx-int4"),
        ("org/model", ("safetensors", "fp8", "8-bit"), "", "safetensors", "fp8"),
        ("org/model", ("safetensors", "compressed-tensors", "8-bit"), "", "safetensors", "int8"),
        ("org/model", ("pytorch", "onnx"), "", "pytorch", "none"),
        ("org/model", (), "", "unknown", "unknown"),
        ("org/AWQuant", ("safetensors",), "", "safetensors", "none"),
    ],
)
def test_formats(
    name: str, tags: tuple[str, ...], library: str, weight_format: str, quantisation: str
) -> None:
    assert weight_format_of(name, "huggingface", tags, library) == weight_format
    assert quantisation_of(name, weight_format, tags) == quantisation


def test_a_repackaged_copy_without_a_mark_is_unknown() -> None:
    assert quantisation_of("org/x", "safetensors", (), is_copy=True) == "unknown"


def test_ollama_holds_gguf() -> None:
    assert weight_format_of("llama3", "ollama", (), "") == "gguf"


# ---- the reviewed file --------------------------------------------------------------------------


def test_the_shipped_rules_read() -> None:
    rules = read_architectures()
    assert len({(rule.model_type, rule.head) for rule in rules.types}) == len(rules.types)
    assert len({rule.name for rule in rules.aliases}) == len(rules.aliases)
    for each in (*rules.aliases, *rules.types, *rules.gguf, *rules.names):
        assert len(each.reason) > 10, each
    # no alias strips or swaps a head
    for alias in rules.aliases:
        if "ForCausalLM" in alias.architecture and "For" in alias.name:
            assert "ForCausalLM" in alias.name, alias


def test_an_entry_without_a_reason_is_refused() -> None:
    with pytest.raises(SchemaError, match="lacks `reason`"):
        architecture_rules({"alias": [{"name": "a", "architecture": "b"}]}, "x.toml")
    with pytest.raises(SchemaError, match="none of its tables"):
        architecture_rules({"aliases": []}, "x.toml")
    with pytest.raises(SchemaError, match="pattern"):
        architecture_rules(
            {"name": [{"pattern": "(", "model_type": "", "reason": "long enough"}]}, "x.toml"
        )
