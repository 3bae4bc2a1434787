"""What a name alone tells, where no list holds the model."""

from __future__ import annotations

import pytest

from underlay.audit.knowledge import Missing, Party, Sought
from underlay.cli.told import Told

PARTIES = {
    each.id: each
    for each in (
        Party("meta", "Meta", "US"), Party("openai", "OpenAI", "US"),
        Party("intel", "Intel", "US"), Party("alibaba", "Alibaba", "CN"),
        Party("mistral", "Mistral AI", "FR"),
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> Told:
    return Told(PARTIES, {"openvino": "intel", "facebook": "meta", "qwen": "alibaba"})


def of(told: Told, canonical: str, kind: str = "hub", ref: str = "") -> Missing:
    return told.of(Sought(canonical, kind, ref or canonical.partition(":")[2]), "no list")


def test_a_copy_is_its_makers_and_its_account_passed_it_on(told: Told) -> None:
    found = of(told, "huggingface:OpenVINO/whisper-tiny-fp16-ov")
    assert (found.maker.id, found.uploader and found.uploader.id) == ("openai", "intel")
    assert [(a.canonical, a.evidence) for a in found.ancestors] == [("family:whisper", "inferred")]


def test_a_copy_in_an_account_that_nobody_knows(told: Told) -> None:
    found = of(told, "huggingface:somebody/Llama-2-7B-Chat-GGUF")
    assert found.maker.id == "meta"
    assert found.uploader is not None
    assert (found.uploader.id, found.uploader.country) == ("unknown", "unknown")
    assert "somebody" in found.uploader.name


def test_an_account_of_the_makers_tells_the_maker(told: Told) -> None:
    found = of(told, "huggingface:facebook/some-new-thing")
    assert (found.maker.id, found.uploader, found.ancestors) == ("meta", None, ())
    assert "account `facebook`" in found.reason


def test_what_somebody_built_is_not_the_familys(told: Told) -> None:
    for name in ("somebody/Mistral-7B-for-my-cat", "somebody/Mistral-7B"):
        found = of(told, f"huggingface:{name}")
        assert found.maker.id == "unknown"
        assert [a.maker.id for a in found.ancestors] == ["mistral"]


@pytest.mark.parametrize(
    ("ref", "maker"),
    [
        ("llama-2-7b-chat.Q4_K_M.gguf", "meta"),
        ("models/mistral-7b-instruct-v0.2.Q5_K_S.gguf", "mistral"),
        ("https://example.org/qwen2.5-7b-q4_k_m-00001-of-00002.gguf?download=true", "alibaba"),
        ("mistral-7b-openorca.Q4_0.gguf", "unknown"),
        ("wholly-new-net.gguf", "unknown"),
        ("llama-2-7b-eta.Q4_K_M.gguf", "unknown"),  # a part of a word is no word
    ],
)  # fmt: skip
def test_the_name_of_a_file(told: Told, ref: str, maker: str) -> None:
    assert of(told, f"file:{ref}", "file", ref).maker.id == maker


def test_a_name_may_tell_its_base_too(told: Told) -> None:
    found = of(told, "huggingface:nobody/deepseek-r1-distill-qwen-7b")
    assert "alibaba" in [a.maker.id for a in found.ancestors]


def test_nothing_is_told_by_a_name_that_says_nothing(told: Told) -> None:
    assert of(told, "huggingface:nobody/nothing") == Missing("no list")
