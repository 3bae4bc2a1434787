"""What stands beside a name decides: files of repositories, servers' own names, parts of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from underlay.audit import audit
from underlay.audit.names.references import Place, classify
from underlay.audit.names.sites import files_of_repositories, pieces

if TYPE_CHECKING:
    from pathlib import Path


def _names(root: Path) -> dict[str, bool]:
    return {found.ref: found.alias for found in audit(root).models}


def test_a_file_goes_with_the_repository_whose_key_begins_alike() -> None:
    pairs = {
        "SMALL_MODEL_REPO_ID": "TheBloke/orca_mini_3B-GGML",
        "SMALL_MODEL_FILE": "orca-mini-3b.ggmlv3.q4_0.bin",
        "LARGE_MODEL_REPO_ID": "TheBloke/Llama-2-70B-chat-GGML",
        "LARGE_MODEL_FILE": "llama-2-70b-chat.ggmlv3.q4_0.bin",
        "CONFIG_FILE": "settings.yaml",
    }
    assert files_of_repositories(pairs) == {
        "SMALL_MODEL_REPO_ID": "SMALL_MODEL_FILE",
        "LARGE_MODEL_REPO_ID": "LARGE_MODEL_FILE",
    }


def test_a_file_without_a_repository_is_a_model_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MODEL_FILE=llama-2-7b-chat.ggmlv3.q4_0.bin\n")
    assert _names(tmp_path) == {"llama-2-7b-chat.ggmlv3.q4_0.bin": False}
    (tmp_path / ".env").write_text(
        "MODEL_REPO_ID=TheBloke/Llama-2-7B-Chat-GGML\nMODEL_FILE=llama-2-7b-chat.ggmlv3.q4_0.bin\n"
    )
    [found] = audit(tmp_path).models
    assert (found.ref, found.kind) == ("TheBloke/Llama-2-7B-Chat-GGML", "hub")


def test_several_repositories_in_one_text() -> None:
    assert pieces("BAAI/bge-m3;intfloat/e5-large;", "MODEL_ID") == [
        ("BAAI/bge-m3", 0),
        ("intfloat/e5-large", 12),
    ]
    assert pieces("one, two", "model") == [("one, two", 0)]


@pytest.mark.parametrize(
    "text", ["custom-model", "target-model", "mock-after", "model-x", "my-llm-2"]
)
def test_what_only_says_that_it_is_a_model_is_none(text: str) -> None:
    assert classify(text, Place("hosted", "openai", 0.95)) is None


@pytest.mark.parametrize("text", ["my-finetune-7b", "command-x2", "nova-lite-2"])
def test_other_words_remain(text: str) -> None:
    assert classify(text, Place("hosted", "openai", 0.95)) is not None


def test_pickles_of_anything_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "trained_agents_data.pkl").write_bytes(b"\x80\x04" + b"." * 40)
    (tmp_path / "churn_model.pkl").write_bytes(b"\x80\x04" + b"." * 40)
    done = audit(tmp_path)
    assert [found.ref for found in done.models] == ["churn_model.pkl"]
    assert [unknown.file for unknown in done.unknown] == ["trained_agents_data.pkl"]


SERVER = """
from fastapi import FastAPI
app = FastAPI()

@app.post("{route}")
def answer(text: str, model: str = "gpt-4o-mini"):
    return text
"""


def test_a_server_with_a_hosted_interface_has_names_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SERVER.format(route="/v1/chat/completions"))
    assert _names(tmp_path) == {"gpt-4o-mini": True}
    (tmp_path / "app.py").write_text(SERVER.format(route="/summaries"))
    assert _names(tmp_path) == {"gpt-4o-mini": False}


def test_sizes_of_whisper_need_whisper(tmp_path: Path) -> None:
    use = "def run(model='small'):\n    return go(model=model)\n"
    (tmp_path / "a.py").write_text("from shirts import go\n" + use)
    assert _names(tmp_path) == {}
    (tmp_path / "a.py").write_text("from whisper_wire import go\n" + use)
    assert _names(tmp_path) == {"small": False}
    sizes = 'SIZES = ["small", "medium", "large", "base"]\n'
    (tmp_path / "a.py").write_text(f"import transformers\n{sizes}")
    assert _names(tmp_path) == {}


@pytest.mark.parametrize("name", ["ALLOWED_PREFIXES", "MODEL_PATTERNS", "EXCLUDED_KEYWORDS"])
def test_parts_of_names_are_no_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.ts").write_text(f"const {name} = ['gpt-5', 'claude-opus-4']\n")
    (tmp_path / "b.py").write_text(f"import openai\n{name} = ['gpt-5', 'claude-opus-4']\n")
    assert _names(tmp_path) == {}


def test_invented_names_of_tests_are_weak(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        "import transformers\nload(model_name='ancestor/thing')\n"
        "load(model_name='Qwen/Qwen3-Embedding-0.6B')\n"
    )
    done = audit(tmp_path)
    assert [found.ref for found in done.models] == ["Qwen/Qwen3-Embedding-0.6B"]
    assert [found.ref for found in done.weak] == ["ancestor/thing"]


def test_a_page_of_too_many_options_is_cut_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("underlay.audit.detectors.models.javascript_pages.MAX_TAGS", 1_000)
    (tmp_path / "a.html").write_text('<option value="gpt-4o">' * 5_000)
    done = audit(tmp_path, processes=1)
    assert len(done.models) == 1_000
    assert ["1000 tags" in one.reason for one in done.unknown] == [True]


def test_a_catalogue_of_files_is_no_mapping_of_one_to_another() -> None:
    pairs = {f"M{n}_REPO_ID": f"Qwen/Qwen{n}-7B" for n in range(3_000)}
    pairs |= {f"M{n}_FILE": f"qwen{n}.gguf" for n in range(3_000)}
    assert files_of_repositories(pairs) == {}
