"""Names that only a program, a file or an address knows."""

from __future__ import annotations

import pytest
from tests.audit.small_atlas import reference

from underlay.atlas.curated import read_curated
from underlay.audit.names.presets import identities, makers, stands_for


@pytest.mark.parametrize(
    ("kind", "ref", "evidence", "repository", "maker"),
    [
        ("package", "large-v3", "WhisperModel(...)", "openai/whisper-large-v3", "openai"),
        ("package", "turbo", "model_sizes = ...", "openai/whisper-large-v3-turbo", "openai"),
        ("package", "large-v1", "", "openai/whisper-large", "openai"),
        ("package", "small", "MusicGen.get_pretrained(...)", "facebook/musicgen-small", "meta"),
        ("package", "distil-large-v3", "", "distil-whisper/distil-large-v3", "huggingface"),
        ("package", "en_core_web_trf", "spacy.load(...)", "spacy/en_core_web_trf", "explosion"),
        ("package", "ViT-B/32", "clip.load(...)", "openai/clip-vit-base-patch32", "openai"),
        ("package", "yolov8n-seg.pt", "YOLO(...)", "Ultralytics/YOLOv8", "ultralytics"),
        ("file", "models/sam_vit_h_4b8939.pth", "", "facebook/sam-vit-huge", "meta"),
        ("file", "ggml-base.en-q5_1.bin", "", "openai/whisper-base.en", "openai"),
        (
            "file",
            "https://openaipublic.azureedge.net/main/whisper/models/81f7/large-v2.pt",
            "",
            "openai/whisper-large-v2",
            "openai",
        ),
        ("torch-hub", "facebookresearch/dinov2:dinov2_vitb14", "", "facebook/dinov2-base", "meta"),
        ("hub", "all-MiniLM-L6-v2", "", "sentence-transformers/all-MiniLM-L6-v2", ""),
    ],
)
def test_what_a_name_stands_for(
    kind: str, ref: str, evidence: str, repository: str, maker: str
) -> None:
    found = stands_for(kind, ref, evidence)
    assert found is not None
    assert (found.repository, found.maker) == (repository, maker)


@pytest.mark.parametrize(
    ("url", "maker"),
    [
        ("https://dl.fbaipublicfiles.com/some/net.pth", "meta"),
        ("https://github.com/TencentARC/GFPGAN/releases/download/v1.3.0/other.pth", "tencent"),
        ("https://raw.githubusercontent.com/NVlabs/x/main/net.pkl", "nvidia"),
        ("https://tfhub.dev/google/universal-sentence-encoder/4", "google"),
    ],
)
def test_an_address_tells_its_publisher(url: str, maker: str) -> None:
    found = stands_for("file", url)
    assert found is not None
    assert (found.repository, found.maker) == ("", maker)


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        ("hub", "nobody/large-v3"),
        ("hosted", "large-v3"),
        ("package", "larger-v3"),
        ("file", "https://github.com/nobody-at-all/x/raw/main/net.pth"),
        ("file", "https://github.com.example.org/openai/x.pth"),
        ("file", "https://[::1"),
        ("file", "large-v2.pt"),  # no address: any program may call a file so
    ],
)
def test_other_names_stand_for_nothing(kind: str, ref: str) -> None:
    assert stands_for(kind, ref) is None


def test_makers_are_organisations_of_the_atlas() -> None:
    assert makers() <= set(read_curated().organisations)


def test_a_preset_and_its_repository_are_one_model() -> None:
    preset = reference("large-v3", 1, kind="package", evidence="WhisperModel(...)")
    hosted = reference("gpt-4o", 3, kind="hosted", operator="openai")
    found = identities([preset, reference("openai/whisper-large-v3", 2), hosted])
    assert found == ["huggingface:openai/whisper-large-v3"] * 2 + ["openai:gpt-4o"]


def test_a_file_belongs_to_the_repository_that_the_code_loads_it_from() -> None:
    script = reference("city96/FLUX.1-dev-gguf", 1, weight_file="sub/some-net-Q4_0.gguf")
    workflow = reference("some-net-Q4_0.gguf", 9, kind="file", file="flow.json")
    assert identities([script, workflow]) == ["huggingface:city96/FLUX.1-dev-gguf"] * 2
    other = reference("other/again", 2, weight_file="some-net-Q4_0.gguf")
    assert identities([script, other, workflow])[2] == "file:some-net-Q4_0.gguf"
