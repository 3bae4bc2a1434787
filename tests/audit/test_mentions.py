"""What running text names: words by their schemes, spans of code, and what is left alone."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.audit.detectors.models.prose import Prose
from underlay.audit.detectors.models.prose_places import in_tables, sizes
from underlay.audit.detectors.models.python import Python
from underlay.audit.findings import File, ModelReference
from underlay.audit.names.mentions import mentions, of_others


def names(text: str, *, are_quotes_code: bool = False) -> list[str]:
    """References of a text, in their order."""
    return [one.candidate.ref for one in mentions(text, are_quotes_code=are_quotes_code)]


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("ask gpt-4o-mini, or claude-3-opus-20240229.", ["gpt-4o-mini", "claude-3-opus-20240229"]),
        ("(BAAI/bge-m3) and *thenlper/gte-small*", ["BAAI/bge-m3", "thenlper/gte-small"]),
        ("| `all-MiniLM-L6-v2` | `gpt2` |", ["all-MiniLM-L6-v2", "gpt2"]),
        ("the model \"gpt-4\" of OpenAI", ["gpt-4"]),
        ("the models `o1` and `o3`", ["o1", "o3"]),
        ("run `ollama pull phi3:medium-128k`", ["phi3:medium-128k"]),
        ("answers of llama3.1:70b", ["llama3.1:70b"]),
        ("call `pipeline('fill-mask', model='bert-base-cased')`", ["bert-base-cased"]),
        ("needs en_core_web_trf to tag", ["en_core_web_trf"]),
        ("[m](https://huggingface.co/acme/m-7b-chat/tree/main)", ["acme/m-7b-chat"]),
        ("[bert-base-uncased](https://huggingface.co/google-bert/bert-base-uncased)",
         ["google-bert/bert-base-uncased"]),
        ("[first](https://huggingface.co/gpt2-xl)", ["gpt2-xl"]),
        ("at https://dl.acme.org/models/large_v2.jit now", ["https://dl.acme.org/models/large_v2.jit"]),
        ("https://acme.org/bert_models/uncased_L-12_H-768.zip",
         ["https://acme.org/bert_models/uncased_L-12_H-768.zip"]),
    ],
)  # fmt: skip
def test_a_text_names_models(text: str, refs: list[str]) -> None:
    assert names(text) == refs


@pytest.mark.parametrize(
    "text",
    [
        "step-by-step, command-line, state-of-the-art, GPT-4 and Claude, speech-to-text",
        "step-1a follows, solar-pro panels, a command-light tool",
        "`openai.chat.completions`, `text/plain`, `src/app/main.py`, `actions/checkout@v4`",
        "`o1` is a variable of the planner, `llama3` a folder",
        "see docs/gpt-4o.md and ./models/llama-7b-chat and /data/gpt-4o",
        "[lmfast/llama-serve-7b](https://github.com/lmfast/llama-serve-7b)",
        "data of huggingface.co/datasets/acme/pairs-7b-chat: acme/pairs-7b-chat",
        "https://github.com/acme/zoo-models/archive/v1.0.zip",
        "npm i @acme/gpt-4o-tools; pip install git+https://github.com/acme/llama-7b-chat.git",
        "[setup](guides/llama-7b-chat) and mlx-community/YourModel-4bit",
        "pod meta-llama/Llama-2-7b-chat-hf-308fc81f-746e-4682-af70-05d35b2ee17d",
    ],
)  # fmt: skip
def test_a_text_names_no_model(text: str) -> None:
    assert names(text) == []


def test_quotation_marks_of_an_unread_language_are_code() -> None:
    text = "let model = load('gpt2')"
    assert names(text) == []
    assert names(text, are_quotes_code=True) == ["gpt2"]


def test_places_are_those_of_the_words() -> None:
    text = "one `gpt-4o`,\ntwo BAAI/bge-m3."
    for one in mentions(text):
        assert text[one.start :].startswith(one.candidate.ref)


def test_what_the_text_links_as_code_or_data_is_of_others() -> None:
    text = "https://github.com/a/b. huggingface.co/datasets/c/d, ghcr.io/e/f:1"
    assert of_others(text) == {"a/b", "c/d", "e/f"}


def found(path: str, text: str) -> list[ModelReference]:
    data = text.encode()
    file = File(PurePosixPath(path), data, size=len(data))
    return [one for one in Prose().detect(file) if isinstance(one, ModelReference)]


def test_names_of_a_server_on_this_machine_are_aliases() -> None:
    block = "```\nOPENAI_API_BASE=http://localhost:8080/v1 x\n```\n"
    text = f"The model `gpt-3.5-turbo` answers.\n\n{block}"
    assert [(one.ref, one.line, one.alias) for one in found("README.md", text)] == [
        ("gpt-3.5-turbo", 1, True)
    ]
    assert not any(one.alias for one in found("README.md", "The model `gpt-3.5-turbo` answers."))


def test_what_changed_names_a_model_once_and_not_when_it_goes() -> None:
    text = (
        "- no model gpt-3.5-turbo any more\n- https://huggingface.co/acme/m-7b-chat is new\n"
        "- models: gpt-4o by default\n- models: gpt-4o is fixed\n- removed gpt-4-turbo\n"
    )
    refs = [(one.ref, one.line) for one in found("CHANGELOG.md", text)]
    assert refs == [("acme/m-7b-chat", 2), ("gpt-4o", 3)]
    assert len(found("notes.md", text)) == 5


def refs(path: str, text: str) -> list[tuple[str, int]]:
    return [(one.ref, one.line) for one in found(path, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("download `unet-v2-dev.safetensors` first", ["unet-v2-dev.safetensors"]),
        ("使用512-v-ema.ckpt、等", ["512-v-ema.ckpt"]),
        ("`prog --vae \"<path to clip_big.safetensors>\"`", ["clip_big.safetensors"]),
        ("`clip_big.safetensors` is the encoder", ["clip_big.safetensors"]),
        ("Get [a](https://huggingface.co/acme/thing-7b). Use `Thing.safetensors`.",
         ["acme/thing-7b", "Thing.safetensors"]),
        ("Use `Thing.safetensors`.", []),
        ("--pretrained_model \"Thing-DiT-B.safetensors\" --output_name \"t5-9.safetensors\"",
         ["Thing-DiT-B.safetensors"]),
        ("`my_lora.safetensors`, `model.safetensors`, `last.ckpt`, `Q4_0.gguf`, `a..b1.gguf`", []),
        ("python tag.py --repo_id AcmeLab/tagger-v3 -n 1", ["AcmeLab/tagger-v3"]),
        ("python tag.py --data AcmeLab/tagger-v3 -n 1", []),
    ],
)  # fmt: skip
def test_files_and_repositories_that_a_text_loads(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`WhisperModel(\"large-v3\")` or distil-medium.en", ["large-v3", "distil-medium.en"]),
        ("a screen of large-v3, `base.en`", []),
        ("Whisper's `base` and `small`", []),
        ("one of (tiny, base.en, small, or large)", ["tiny", "base.en", "small", "large"]),
        ("shirts: tiny, base, small", []),
        ("`whisper-tiny` is the default model", ["whisper-tiny"]),
        ("the encoder of CLIP (`ViT-L/14`) and ViT-L/14", ["ViT-L/14"]),
        ("CLIP *ViT-B/32*; OpenCLIP's ViT-B/16 is another", ["ViT-B/32"]),
        ("the \"acme-2-medium\" model; model: `zoo-3-large`", ["acme-2-medium", "zoo-3-large"]),
        ("the \"acme-2-medium\" plan; `user-2-profile` model class; acme-3-tiny model", []),
        ("- `custom_model` = \"acmelab/canary-9b-onnx\"", ["acmelab/canary-9b-onnx"]),
        ("OpenAI o1, o3-mini and the o1 visa", ["o1", "o3-mini"]),
        ("get llama3.2 and mxbai-embed-large via Ollama", ["llama3.2", "mxbai-embed-large"]),
        ("get llama3.2 and python3 via pip", []),
        ("at https://build.nvidia.com/meta/llama-3_1-8b-instruct",
         ["meta/llama-3.1-8b-instruct"]),
        ("[x](https://build.nvidia.com/explore/discover)", []),
        ("at https://platform.openai.com/docs/models/gpt-4o.", ["gpt-4o"]),
    ],
)  # fmt: skip
def test_names_that_their_surroundings_make_models(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    ["模型（gpt-4o-mini）、BAAI/bge-m3，和「claude-3-opus-20240229」。",
     "`gpt-4o-mini`や`BAAI/bge-m3`、claude-3-opus-20240229を使う"],
)  # fmt: skip
def test_names_beside_other_scripts_are_cut_at_their_ends(text: str) -> None:
    assert names(text) == ["gpt-4o-mini", "BAAI/bge-m3", "claude-3-opus-20240229"]


def test_a_page_for_administrators_is_no_server_of_models() -> None:
    text = "At http://localhost:42110/server/admin/ choose the model `dall-e-3`."
    assert [one.is_local for one in mentions(text)] == [False]
    text = "At http://localhost:8080/v1 asks the model `dall-e-3`."
    assert [one.is_local for one in mentions(text)] == [True]


def test_columns_of_models_hold_models() -> None:
    text = "| Model | Size |\n|---|--:|\n| gpt2 | o3 |\n| **Zoo-7B-v0.1** | 7 |\n| o3 | - |\n"
    assert refs("a.md", text) == [("gpt2", 3), ("Zoo-7B-v0.1", 4), ("o3", 5)]
    text = "| Option | Size |\n|---|---|\n| gpt2 | 1 |\n| o3 | 2 |\n"
    assert refs("a.md", f"model\n\n{text}") == []
    text = "Model | model_path\n---|---\nZoo-7B | acme/zoo-base\nZoo-8B |\n"
    assert refs("a.md", text) == [("acme/zoo-base", 3)]


def test_sizes_of_whisper_stand_in_a_row_or_behind_a_flag() -> None:
    text = "Whisper models: `tiny`, `base`, `small` or `large`.\n\n    run --model tiny-int8\n"
    sized = [("tiny", 1), ("base", 1), ("small", 1), ("large", 1), ("tiny-int8", 3)]
    assert refs("a.md", text) == sized
    assert refs("a.md", text.replace("Whisper", "T-shirt")) == []
    assert refs("a.md", "Whisper models are small, and base ones too: small or large\n") == []


def test_a_name_that_a_block_loads_is_that_model_in_the_text_too() -> None:
    block = "```python\nAutoModel.from_pretrained('acme/zoo')\n```\n"
    text = f"The model acme/zoo is small.\n{block}see acme/zoo/tree and acme/zoos\n"
    assert refs("a.md", text) == [("acme/zoo", 1), ("acme/zoo", 3)]
    assert refs("a.md", "The model acme/zoo is small.\n") == []


def test_blocks_whose_language_is_told_by_what_they_hold() -> None:
    text = "```\n# first\nfrom huggingface_hub import hf_hub_download\n\n"
    text += "path = hf_hub_download('acme/zoo', 'a.pt')\n```\n"
    assert refs("a.md", text) == [("acme/zoo", 5)]
    text = "```diff\n- model: 'gpt-3.5-turbo-0125'\n+ model: 'dolphin-mistral'\n```\n"
    assert refs("a.md", text) == [("gpt-3.5-turbo-0125", 2), ("dolphin-mistral", 3)]
    text = "```batchfile\npython gen.py --ckpt zoo_v1_full.ckpt --out C:\\x\\last.ckpt\n```\n"
    assert refs("a.md", text) == [("zoo_v1_full.ckpt", 2)]
    text = "```\npython merge.py --model ..\\lora_train1\\last.safetensors\n```\n"
    assert refs("a.md", text) == []


def test_blocks_of_code_name_what_nothing_else_believes() -> None:
    blocks = "```python\ntrain(x, 'bert-base-uncased')\n```\n```docker\nFROM a/b-7b-chat\n```\n"
    text = f"The model:\n{blocks}"
    assert [(one.ref, one.line) for one in found("README.md", text)] == [("bert-base-uncased", 3)]


def test_loads_from_torch_hub_that_are_commented_out() -> None:
    code = (
        b"import torch\n"
        b"model = torch.hub.load('acme-lab/vision:v1', 'kite18')\n"
        b"# model = torch.hub.load('acme-lab/vision:v1', 'kite34')\n"
        b"# model = torch.hub.load('acme-lab/words', 'tokenizer', 'bert-base-cased')\n"
    )
    file = File(PurePosixPath("a.py"), code, size=len(code))
    names = {(one.ref, one.line) for one in python_models(file)}
    assert {("kite18", 2), ("kite34", 3), ("bert-base-cased", 4)} <= names
    assert not any(name == "tokenizer" for name, _ in names)


def python_models(file: File) -> list[ModelReference]:
    return [one for one in Python().detect(file) if isinstance(one, ModelReference)]


@pytest.mark.parametrize("text", ["`" * 200_000, "a-" * 100_000, "a/" * 100_000, '"' * 200_000,
                                  "`a" * 100_000, "http://" * 30_000, "](" * 100_000,
                                  "gpt-4o " * 30_000, "x_core_" * 30_000, "tiny, " * 50_000,
                                  "whisper large-v3 " * 20_000, "a.gguf" * 50_000, "|" * 200_000,
                                  "ollama llama3 " * 20_000, "--model-" * 40_000, "|-" * 100_000,
                                  "|model|\n|-|\n" * 20_000, "-" * 200_000, "|-|\n" * 50_000,
                                  "whisper--model" * 20_000, "\\a" * 100_000])  # fmt: skip
def test_long_texts_take_a_moment(text: str) -> None:
    begun = time.process_time()
    for _ in mentions(text):
        pass
    assert time.process_time() - begun < 3
    for one in (in_tables, sizes):
        for _ in one(text):
            pass
    assert time.process_time() - begun < 6


@given(st.text(alphabet="`\"'[]()/:.-_ \n\tabgpt4ohttps", max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read(text: str) -> None:
    for one in mentions(text, are_quotes_code=True):
        assert 0 <= one.start < len(text)


def test_columns_of_which_most_are_models() -> None:
    rows = ["| Model | Avg |", "|---|---|", "| bge-base-en-v1.5 | 1 |", "| bge-large-zh-v1.5 | 2 |",
            "| ***bce-embedding-base_v1*** | 3 |", "| Average | 2 |"]  # fmt: skip
    found = [one.candidate.ref for one in in_tables("\n".join(rows) + "\n")]
    assert found == ["bge-base-en-v1.5", "bge-large-zh-v1.5", "bce-embedding-base_v1"]
    few = [rows[0].replace("Model", "模型名称"), *rows[1:3], *rows[4:]]
    assert [one.candidate.ref for one in in_tables("\n".join(few))] == ["bge-base-en-v1.5"]


def test_a_size_of_whisper_that_is_loaded() -> None:
    text = ">>> model = stable_whisper.load_model('base')\n>>> other.load_model('base')"
    assert [(one.candidate.ref, one.start) for one in mentions(text)] == [("base", 39)]
