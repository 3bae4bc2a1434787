"""What running text names: words by their schemes, spans of code, and what is left alone."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.audit.detectors.models.prose import Prose
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


def test_what_changed_names_no_model_but_by_its_address() -> None:
    text = "- no model gpt-3.5-turbo any more\n- https://huggingface.co/acme/m-7b-chat is new\n"
    assert [one.ref for one in found("CHANGELOG.md", text)] == ["acme/m-7b-chat"]
    assert [one.ref for one in found("notes.md", text)] == ["gpt-3.5-turbo", "acme/m-7b-chat"]


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
                                  "gpt-4o " * 30_000, "x_core_" * 30_000])  # fmt: skip
def test_long_texts_take_a_moment(text: str) -> None:
    begun = time.process_time()
    for _ in mentions(text):
        pass
    assert time.process_time() - begun < 3


@given(st.text(alphabet="`\"'[]()/:.-_ \n\tabgpt4ohttps", max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read(text: str) -> None:
    for one in mentions(text, are_quotes_code=True):
        assert 0 <= one.start < len(text)
