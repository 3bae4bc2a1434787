"""What a string refers to, by itself and by its place."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.audit.findings import SURE
from underlay.audit.names.hosts import is_local_url, operator_of_url
from underlay.audit.names.references import (
    ANYWHERE,
    Place,
    canonical,
    classify,
    key_strength,
    vocabulary,
)

KEY = Place(strength=0.6)
LOADER = Place("hub", strength=0.95)
OLLAMA = Place("ollama", "ollama", 0.95)


@pytest.mark.parametrize(
    "text",
    [
        "str", "print", "llama", "gpt", "claude", "claude-code", "claude-code-3", "text/plain", "application/json",
        "actions/checkout", "library/nginx", "America/New_York", "models/llama", "src/main.py",
        "python:3.11", "localhost:8000", "http://localhost:8000/v1", "v1/models",
        "@types/node", "./data", "/usr/bin/env", "your-org/your-model", "path/to/model", "a b",
        "{name}/model", "ghcr.io/some-image", "https://github.com/meta-llama/llama",
        "https://huggingface.co/datasets/a/b", "https://huggingface.co/docs/transformers", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [ANYWHERE, KEY])
def test_no_reference(text: str, place: Place) -> None:
    found = classify(text, place)
    assert found is None or found.confidence < 0.5


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("gpt-5.5 (high thinking)", "gpt-5.5"),
        ("claude-opus-4-8 (low effort)", "claude-opus-4-8"),
        ("gpt-5.5 (see below)", None),
        ("some words (high thinking)", None),
    ],
)
def test_a_mode_in_brackets_is_no_part_of_the_name(text: str, ref: str | None) -> None:
    found = classify(text)
    assert (found.ref if found else None) == ref


@pytest.mark.parametrize(
    "text", ["gpt2-medium", "bert-base-uncased", "t5-11b", "xlm-roberta-large"]
)
def test_models_without_a_namespace_are_known_by_their_names(text: str) -> None:
    found = classify(text)
    assert found is not None
    assert (found.kind, found.confidence >= 0.5) == ("hub", True)


@pytest.mark.parametrize(
    ("text", "place", "kind", "operator"),
    [
        ("gpt-4o", ANYWHERE, "hosted", "openai"),
        ("claude-fable-5", ANYWHERE, "hosted", "anthropic"),
        ("gpt-3.5-turbo-0125", ANYWHERE, "hosted", "openai"),
        ("text-embedding-ada-002", ANYWHERE, "hosted", "openai"),
        ("claude-3-5-sonnet-20241022", ANYWHERE, "hosted", "anthropic"),
        ("anthropic.claude-3-sonnet-20240229-v1:0", ANYWHERE, "hosted", "bedrock"),
        ("bedrock/anthropic.claude-v2", KEY, "hosted", "bedrock"),
        ("openrouter/anthropic/claude-3.5-sonnet", ANYWHERE, "hosted", "openrouter"),
        ("deepseek/deepseek-r1:free", KEY, "hosted", "openrouter"),
        ("azure/my-deployment", KEY, "hosted", "azure"),
        ("google_genai:gemini-2.0-flash", KEY, "hosted", "google"),
        ("models/gemini-1.5-flash", ANYWHERE, "hosted", "google"),
        ("ollama/llama3", KEY, "ollama", "ollama"),
        ("llama3.1:8b-instruct-q4_K_M", KEY, "ollama", "ollama"),
        ("mistral", OLLAMA, "ollama", "ollama"),
        ("openai/whisper-large-v3", KEY, "hub", None),
        ("openai/gpt-oss-120b", ANYWHERE, "hub", None),
        ("gpt2", LOADER, "hub", None),
        ("huggingface/meta-llama/Llama-3-8b", KEY, "hub", "huggingface"),
        ("base.en", Place("package", strength=0.95), "package", None),
    ],
)
def test_reference(text: str, place: Place, kind: str, operator: str | None) -> None:
    found = classify(text, place)
    assert found is not None
    assert (found.ref, found.kind, found.operator) == (text, kind, operator)
    assert found.confidence >= 0.5


@pytest.mark.parametrize(
    ("text", "ref", "kind", "weight_file"),
    [
        ("https://s.acme-lab.org/asr-models/kestrel-small-0.15.zip", "", "file",
         "kestrel-small-0.15.zip"),
        ("https://s.acme-lab.org/zoo/models/de_v1_jit.model", "", "file", "de_v1_jit.model"),
        ("https://s.acme-lab.org/tts/large_v2.jit", "", "file", "large_v2.jit"),
        ("https://s.acme-lab.org/r/en_core_sci_md-0.5.4.tar.gz", "en_core_sci_md", "package", None),
        ("https://s.acme-lab.org/d/en_core_web_sm-3.7.1-py3-none-any.whl", "en_core_web_sm",
         "package", None),
        ("huggingface://acme/m-7b-GGUF/m-7b.Q4_K_M.gguf", "acme/m-7b-GGUF", "hub",
         "m-7b.Q4_K_M.gguf"),
        ("acme/llama-7b-chat-GGUF/llama.Q4_K_M.gguf", "", "hub", "llama.Q4_K_M.gguf"),
    ],
)  # fmt: skip
def test_packed_models_and_files_of_repositories(
    text: str, ref: str, kind: str, weight_file: str | None
) -> None:
    found = classify(text)
    assert found is not None
    assert found.confidence >= 0.5
    assert (found.ref, found.kind, found.weight_file) == (ref or text, kind, weight_file)


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/zoo-models/archive/v1.0.zip",
        "https://s.acme-lab.org/models/data-v2.tar.gz",
        "https://s.acme-lab.org/models/tokenizer_v2.model",
        "https://s.acme-lab.org/files/photos-2.zip",
        "https://s.acme-lab.org/packages/torch-2.1.0-cp310-cp310-linux_x86_64.whl",
        "https://example.com/models/large_v2.pt", "https://cdn.example.org/m.gguf",
        "http://models.invalid/llama-7b.gguf", "mlx-community/YourModel-4bit",
        "acme/llama-7b-chat-308fc81f-746e-4682-af70-05d35b2ee17d",
    ],
)  # fmt: skip
def test_packages_of_others_and_addresses_of_nobody(text: str) -> None:
    found = classify(text)
    assert found is None or found.confidence < 0.5


def test_an_address_is_repository_and_file() -> None:
    found = classify(
        "https://huggingface.co/acme/Big-GGUF/resolve/v1/big.Q4_K_M.gguf?download=true"
    )
    assert found is not None
    assert (found.ref, found.revision, found.weight_file) == (
        "acme/Big-GGUF",
        "v1",
        "big.Q4_K_M.gguf",
    )
    found = classify("https://huggingface.co/acme/big/resolve/main/pytorch_model.bin")
    assert found is not None
    assert (found.revision, found.flags) == (None, ("pickle",))


@pytest.mark.parametrize(
    ("kind", "ref", "operator", "wanted"),
    [
        ("hub", "Qwen/Qwen2.5-7B", None, "huggingface:Qwen/Qwen2.5-7B"),
        ("hub", "huggingface/a/b", "huggingface", "huggingface:a/b"),
        ("hosted", "azure/gpt-4", "azure", "openai:gpt-4"),
        (
            "hosted",
            "openrouter/anthropic/claude-3.5-sonnet",
            "openrouter",
            "anthropic:claude-3.5-sonnet",
        ),
        ("hosted", "models/gemini-1.5-pro", "google", "google:gemini-1.5-pro"),
        ("ollama", "ollama/llama3:8b", "ollama", "ollama:llama3:8b"),
        ("file", "https://a.example/x.pth", None, "file:https://a.example/x.pth"),
    ],
)
def test_canonical(kind: str, ref: str, operator: str | None, wanted: str) -> None:
    assert canonical(kind, ref, operator) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key", ["model", "modelId", "EMBEDDING_MODEL", "repo_id", "llm", "base_model"]
)
def test_keys_that_speak_of_a_model(key: str) -> None:
    assert key_strength(key) > 0


@pytest.mark.parametrize(
    "key", ["model_type", "modelProvider", "dataset", "image", "name", "", "task"]
)
def test_keys_that_do_not(key: str) -> None:
    assert key_strength(key) == 0


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "http://127.0.0.1/v1", "http://vllm:8000/v1", "http://10.0.0.4", "localhost:80",
     "http://192.168.1.2:1234/v1", "http://host.docker.internal:11434", "http://a.svc.cluster.local"],
)  # fmt: skip
def test_local(url: str) -> None:
    assert is_local_url(url)


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://example.com", "gpt-4", ""])
def test_not_local(url: str) -> None:
    assert not is_local_url(url)


def test_operators_of_addresses() -> None:
    assert operator_of_url("https://acme.openai.azure.com/") == "azure"
    assert operator_of_url("https://openrouter.ai/api/v1") == "openrouter"
    assert operator_of_url("https://bedrock-runtime.us-east-1.amazonaws.com") == "bedrock"
    assert operator_of_url("https://example.com") is None


def test_no_pattern_of_the_vocabulary_is_a_plain_word() -> None:
    words = (
        "nova",
        "command",
        "sonar",
        "davinci",
        "o1",
        "model",
        "flash",
        "large",
        "turbo",
        "mini",
    )
    assert [word for word in words if classify(word)] == []
    operators = [entry["id"] for entry in vocabulary()["operator"]]
    assert len(set(operators)) == len(operators)


@given(st.text(max_size=80), st.sampled_from(["hub", "hosted", "ollama", "package", "file", None]))
def test_any_text_is_read(text: str, expects: str | None) -> None:
    for strength in (0.0, 0.6, 0.95):
        found = classify(text, Place(expects, None, strength))  # type: ignore[arg-type]
        if found is not None:
            assert 0 <= found.confidence <= 1
            assert canonical(found.kind, found.ref, found.operator)
    key_strength(text)
    is_local_url(text)
    operator_of_url(text)


@pytest.mark.parametrize(
    ("text", "revision", "weight_file"),
    [
        ("acme/llama-7b-GGUF/llama.Q4_K_M.gguf", None, "llama.Q4_K_M.gguf"),
        ("meta-llama/Llama-2-7b@v2", "v2", None),
    ],
)
def test_a_reference_is_kept_as_written(
    text: str, revision: str | None, weight_file: str | None
) -> None:
    found = classify(text, Place("hub", None, 0.9))
    assert found is not None
    assert (found.ref, found.revision, found.weight_file) == (text, revision, weight_file)
    assert canonical(found.kind, found.ref) == "huggingface:" + "/".join(
        text.partition("@")[0].split("/")[:2]
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("litellm/anthropic/claude-3-5-sonnet-20241022", "hosted"),
        ("litellm/claude-3-5-sonnet-20240620", "hosted"),
        ("portkey/openai/gpt-4o", "hosted"),
        ("litellm/ollama/mistral", "ollama"),
        ("openai-responses:gpt-5.2", "hosted"),
        ("hf-inference-providers/openai/gpt-oss-20b:nebius", "hosted"),
        ("openai.azure.com", None),
        ("google-cloud:gemini-3-pro-preview", "hosted"),
        ("tts_models/en/ljspeech/glow-tts", "package"),
        ("uint4|meta-llama/Llama-2-7b/llama_2_7b.safetensors", "hub"),
        ("llama-2-7b-chat.bin", "file"),
        ("../weights/inswapper_128.onnx", "file"),
        # neither a provider, nor a proxy, nor a name of a model
        ("model:gpt-4o", None),
        ("e:gpt-4o", None),
        ("external/ollama/Dockerfile", None),
        ("src/openai/gpt-4o", None),
        ("model.shard-00001-of-00004.gguf", None),
        ("onnx/model_quint8_avx2.onnx", None),
        ("epoch_10.pth", None),
        ("support-lora.gguf", None),
    ],
)
def test_what_a_string_is_wherever_it_stands(text: str, kind: str | None) -> None:
    found = classify(text)
    if found is not None and found.confidence < SURE:
        found = None
    assert (found.kind if found is not None else None) == kind


@pytest.mark.parametrize(
    ("text", "is_model"),
    [
        ("weights/codeformer.pth", True),
        ("peppa_wutz.onnx", True),
        ("my_classifier.pt", False),
        ("best_weights.onnx", False),
        ("trained.safetensors", False),
    ],
)
def test_a_file_without_a_number_needs_a_name_of_its_own(text: str, is_model: bool) -> None:
    assert (classify(text, Place(None, None, 0.6)) is not None) is is_model
    assert classify(text) is None  # and a place that expects a model


def test_a_file_is_known_by_its_name_in_any_folder() -> None:
    assert canonical("file", "a\\b/llama-2-7b.gguf") == "file:llama-2-7b.gguf"
    url = "https://s.acme-lab.org/m/llama-2-7b.gguf"
    assert canonical("file", url) == f"file:{url}"


def test_a_placeholder_is_no_server_of_ones_own() -> None:
    assert is_local_url("http://vllm:8000")
    assert not is_local_url("https://your_base_url")
