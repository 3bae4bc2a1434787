"""No bytes make the detectors of other languages raise, stall or contradict themselves."""

from __future__ import annotations

import os
import time
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from underlay.audit.detectors.infrastructure.artifacts import Artifacts
from underlay.audit.detectors.models.code import Code
from underlay.audit.findings import File, Infrastructure, ModelReference, Unknown

PATHS = (
    "a.go", "a.rs", "A.java", "a.kt", "A.cs", "a.swift", "a.rb", "a.php", "a.cpp", "a.mm",
    "pom.xml", "a.csproj", "build.gradle", "Package.swift", "Gemfile", "composer.json", "go.mod",
    "Cargo.toml", "libs.versions.toml",
)  # fmt: skip
# what the grammars know, and what opens the prefilter
PIECES = (
    "gpt-4o", "claude-3-opus-20240229", "Qwen/Qwen2-7B", "llama3:8b", "model", '"gpt-4o"',
    "'gpt-4o'", '"""', '"', "'", "`", '@"', '$"{x}"', 'R"(', ')"', 'r#"', '"#', '"\\(x)"', "\\u{",
    "const m = ", "let m = ", "var m = ", "val m = ", "final String m = ", "$m = ", "@m ||= ",
    "m := ", "static M: &str = ", "func f() {", "fn f() {", "def f(model: ", "fun f(", "class A {",
    "enum E: String { case a = ", "struct S { ", "impl S { ", "match x { ", "switch (x) { ",
    "when (x) { ", "case ", "=> ", "-> ", "return ", "if (m == ", " ?? ", " ?: ", " || ", " ? ",
    " : ", " + ", ".model(", "WithModel(", "ModelConfiguration(id: ", "new ChatClient(",
    "Map.of(", "mapOf(", "listOf(", "vec![", "json!({", "#[arg(default_value = ", "@Value(",
    "env(", "ENV.fetch(", "System.getenv(", "<<~EOS\n", "EOS\n", "%w[", "<?php ", "?>", "<<<X\n",
    "#include ", "#define X ", "#if A\n", "#endif\n", "/*", "*/", "// ", "# ", "/// ", "{", "}",
    "(", ")", "[", "]", "<", ">", ",", ";", ":", "::", ".", "=", "&", "*", "@", "$", "\n", "\t",
    "http://localhost:1/v1", "BaseURL(", "import dev.langchain4j.model.openai.OpenAiChatModelName",
    "GPT_4_O_MINI", "openai.GPT4o", ".gpt4_o", "use rig::x;", "ollama pull x", '{"model": "o1"}',
    "Device::new_cuda(", "CUDAExecutionProvider", "torch::kCUDA", "<dependency>", "</dependency>",
    "<groupId>com.openai</groupId>", "<artifactId>", "</artifactId>", "<!DOCTYPE a [", "<!ENTITY a",
    "&a;", '<PackageReference Include="OpenAI"/>', "implementation 'com.openai:openai-java:1'",
    'gem "openai"', '"require": {"openai-php/client": 1}', "[features]\n", "[dependencies]\n",
    'cuda = ["x"]', "require (", "github.com/openai/openai-go v1", "[libraries]\n",
    "a = { module = ", "\x80", "\ufeff", "é", "\u2028", "\U0010ffff", "\r\n", "\0", "\\", "\\x",
)  # fmt: skip
EXAMPLES = int(os.environ.get("UNDERLAY_FUZZ", "1500"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
blobs = st.one_of(
    texts.map(lambda text: b'"gpt-4o" ' + text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=400).map(lambda data: b'"gpt-4o"\n' + data),
)


def check(path: str, data: bytes) -> None:
    file = File(PurePosixPath(path), data, size=len(data))
    for detector in (Code(), Artifacts()):
        if not detector.wants(file.path, file.size):
            continue
        start = time.perf_counter()
        found = list(detector.detect(file))
        assert time.perf_counter() - start < 20
        assert found == list(detector.detect(file))
        lines = data.count(b"\n") + data.count(b"\r") + 2
        for one in found:
            assert isinstance(one, ModelReference | Infrastructure | Unknown)
            assert one.file == path
            assert 1 <= one.line <= lines
            if not isinstance(one, Unknown):
                assert one.column > 0
                assert one.rule in {rule.id for rule in detector.rules}


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
@fuzzed
@given(data=blobs)
def test_any_bytes(path: str, data: bytes) -> None:
    check(path, data)


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=15, deadline=None)
@given(data=blobs)
def test_some_bytes(path: str, data: bytes) -> None:
    check(path, data)
