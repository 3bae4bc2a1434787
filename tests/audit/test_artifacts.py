"""Packages of Maven, NuGet, RubyGems, Packagist, Swift, Go and Cargo; devices named in code."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pytest

from underlay.audit.detectors.infrastructure.artifacts import Artifacts
from underlay.audit.detectors.infrastructure.catalogue import catalogue
from underlay.audit.findings import File
from underlay.audit.readers.code_values import vocabulary_code


def found(name: str, text: str) -> dict[str, tuple[int, str, str]]:
    data = text.encode()
    file = File(PurePosixPath(name), data, size=len(data))
    assert Artifacts().wants(file.path, len(data))
    return {one.component: (one.line, one.vendor, one.tie) for one in Artifacts().detect(file)}


CASES = {
    "Maven": (
        "pom.xml",
        "<project>\n<dependency><groupId>com.openai</groupId>\n"
        "<artifactId>openai-java</artifactId></dependency></project>",
        {"maven:com.openai:openai-java": (3, "openai", "switch")},
    ),
    "a property for a version": (
        "a/pom.xml",
        "<p xmlns='http://m/4'><dependency><groupId>ai.djl.pytorch</groupId><artifactId>"
        "pytorch-native-cu124</artifactId><version>${v}</version></dependency></p>",
        {"maven:ai.djl.pytorch:pytorch-native-cu124": (1, "nvidia", "tied")},
    ),
    "Gradle": (
        "build.gradle",
        "dependencies {\n implementation 'com.anthropic:anthropic-java:2.0'\n"
        " // implementation 'com.openai:openai-java:1'\n}",
        {"maven:com.anthropic:anthropic-java": (2, "anthropic", "tied")},
    ),
    "a catalogue of versions": (
        "gradle/libs.versions.toml",
        '[libraries]\nai = { module = "com.google.genai:google-genai", version = "1" }\n'
        'rt = { group = "software.amazon.awssdk", name = "bedrockruntime" }\n',
        {
            "maven:com.google.genai:google-genai": (2, "google", "tied"),
            "maven:software.amazon.awssdk:bedrockruntime": (3, "amazon", "tied"),
        },
    ),
    "NuGet": (
        "A.csproj",
        '<Project><ItemGroup>\n<PackageReference Include="Microsoft.ML.OnnxRuntime.Gpu" '
        'Version="1" />\n<PackageReference Include="xunit" /></ItemGroup></Project>',
        {"nuget:Microsoft.ML.OnnxRuntime.Gpu": (2, "nvidia", "tied")},
    ),
    "central versions of NuGet": (
        "Directory.Packages.props",
        '<Project>\n<PackageVersion Include="TorchSharp-cuda-linux" Version="1" /></Project>',
        {"nuget:TorchSharp-cuda-linux": (2, "nvidia", "tied")},
    ),
    "gems": (
        "Gemfile",
        'gem "rails"\n  gem \'ruby-openai\', "~> 7"\n# gem "anthropic"\n',
        {"gem:ruby-openai": (2, "openai", "switch")},
    ),
    "Swift": (
        "Package.swift",
        'dependencies: [\n .package(url: "https://github.com/argmaxinc/WhisperKit.git")]',
        {"swift:argmaxinc/WhisperKit": (2, "apple", "tied")},
    ),
    "Packagist": (
        "composer.json",
        '{"require": {"php": "8",\n "openai-php/laravel": "*"}, "scripts": {"openai-php/x": 1}}',
        {"composer:openai-php/laravel": (2, "openai", "switch")},
    ),
    "Go, what is asked for directly": (
        "go.mod",
        "module x\nrequire (\n\tgoogle.golang.org/genai v1.0.0\n"
        "\tgithub.com/openai/openai-go v1.0.0 // indirect\n)\n",
        {"go:google.golang.org/genai": (3, "google", "tied")},
    ),
    "features of a crate": (
        "Cargo.toml",
        '[features]\ndefault = ["cuda"]\ncuda = ["candle/cuda"]\nmetal = ["candle/metal"]\n',
        {
            "toolchain:cuda": (3, "nvidia", "tied"),
            "toolchain:metal": (4, "apple", "switch"),
        },
    ),
    "a provider of ONNX Runtime": (
        "a.cs",
        "// MakeSessionOptionWithCudaProvider\nvar o = SessionOptions."
        "MakeSessionOptionWithCudaProvider(0);",
        {"api:CUDAExecutionProvider": (2, "nvidia", "switch")},
    ),
    "a device of candle": (
        "a.rs",
        "let d =\n Device::new_cuda(0)?;",
        {"api:cuda": (2, "nvidia", "switch")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_declared_packages_and_devices(case: str) -> None:
    name, text, expected = CASES[case]
    assert found(name, text) == expected


def test_entities_of_xml_are_never_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "&{a};&{a};&{a};&{a};&{a};&{a};&{a};&{a};&{a};&{a};">'
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    text = f"{bomb}]><project><dependency><groupId>&i;</groupId></dependency></project>"
    began = time.process_time()
    assert not found("pom.xml", text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text", ["<a>" * 100_000, "<a", "\0", "<dependency>" * 5_000, "<p><artifactId>x" * 2_000]
)
def test_broken_xml_ends_the_reading(text: str) -> None:
    assert not found("pom.xml", text)


def test_every_kit_of_the_table_is_one_of_the_catalogue() -> None:
    for row in vocabulary_code()["artifact"]:
        if "kit" in row:
            assert catalogue().kit(row["kit"]) is not None, row["kit"]
        else:
            assert {"vendor", "tie", "need", "replacement"} <= row.keys()
