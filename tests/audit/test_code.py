"""Names of models in Go, Rust, Java, Kotlin, C#, Swift, Ruby, PHP and C++."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import PurePosixPath

import pytest

from underlay.audit.detectors.models.code import Code
from underlay.audit.detectors.models.code_constants import spelled
from underlay.audit.findings import SURE, File, ModelReference, Unknown
from underlay.audit.readers.code_values import Source, language_of


def found(name: str, text: str) -> dict[tuple[int, str], ModelReference]:
    data = text.encode()
    file = File(PurePosixPath(name), data, size=len(data))
    return {
        (one.line, one.ref): one
        for one in Code().detect(file)
        if isinstance(one, ModelReference) and one.confidence >= SURE
    }


SEEN = {
    "option of Go": ("a.go", 'x := openai.New(openai.WithModel("gpt-4o"))', "gpt-4o", "use"),
    "service's own shape": ("a.go", 'o := maritaca.WithModel("sabia-3")', "sabia-3", "use"),
    "Ollama's library": ("a.go", 'l := ollama.New(ollama.WithModel("mistral"))', "mistral", "use"),
    "flag of Go": ("a.go", 'm := flag.String("model", "gpt-4o", "which")', "gpt-4o", "use"),
    "list of Go": ("a.go", 'var models = []string{"o3"}', "o3", "option"),
    "key of a map": ("a.go", 'var sizes = map[string]int{"gpt-4": 8192}', "gpt-4", "option"),
    "arm of a match": (
        "a.rs",
        'fn f() { let repo = match w { W::A => "google/gemma-2b" }; }',
        "google/gemma-2b",
        "option",
    ),
    "hub client of Rust": (
        "a.rs",
        'fn f() { let r = api.model("lmz/candle-sam".to_string()); }',
        "lmz/candle-sam",
        "use",
    ),
    "flag of clap": (
        "a.rs",
        'struct A { #[arg(long, default_value = "gpt-4o-mini")] model: String }',
        "gpt-4o-mini",
        "default",
    ),
    "builder of Java": (
        "A.java",
        'class A { M m = OllamaChatModel.builder().modelName("llama3.2").build(); }',
        "llama3.2",
        "use",
    ),
    "default of Spring": (
        "A.java",
        'class A { @Value("${ai.chat.model:gpt-4o}") String model; }',
        "gpt-4o",
        "default",
    ),
    "default in Kotlin": (
        "a.kt",
        'data class C(val model: String = "gpt-4o")',
        "gpt-4o",
        "default",
    ),
    "argument with a label": (
        "a.kt",
        'val r = Request(model = ModelId("gpt-4.1"))',
        "gpt-4.1",
        "use",
    ),
    "initializer of C#": ("A.cs", 'class A { C c = new C { TextModel = "o1" }; }', "o1", "use"),
    "client of C#": ("A.cs", 'var c = new ChatClient("gpt-4o", key);', "gpt-4o", "use"),
    "configuration of MLX": (
        "a.swift",
        'let m = ModelConfiguration(id: "mlx-community/Qwen3-4B-4bit")',
        "mlx-community/Qwen3-4B-4bit",
        "use",
    ),
    "raw value of an enumeration": (
        "a.swift",
        'enum OpenAIModel: String { case small = "o3" }',
        "o3",
        "option",
    ),
    "hash of Ruby": ("a.rb", 'c.chat(parameters: { model: "gpt-4" })', "gpt-4", "use"),
    "environment of Ruby": (
        "a.rb",
        'x = ENV.fetch("OPENAI_MODEL", "gpt-4o")',
        "gpt-4o",
        "default",
    ),
    "array of PHP": ("a.php", "<?php $c->create(['model' => 'gpt-4']);", "gpt-4", "use"),
    "member of PHP": (
        "a.php",
        "<?php $c = new OllamaConfig();\n$c->model = 'llava';",
        "llava",
        "use",
    ),
    "JSON in C++": ("a.cpp", 'json j = {{"model", "gpt-4o"}};', "gpt-4o", "use"),
    "JSON in a text": ("a.cpp", 'auto b = R"({"model": "gpt-4o"})";', "gpt-4o", "use"),
    "a command's words": (
        "a.go",
        'exec.Command("ollama", "pull", "llama3.2")',
        "llama3.2",
        "use",
    ),
    "a command's flag": (
        "a.rs",
        'fn f() { let a = ["serve", "--model", "Qwen/Qwen3-8B"]; }',
        "Qwen/Qwen3-8B",
        "option",
    ),
    "a kit that is imported": (
        "a.go",
        'import (\n\t"github.com/ollama/ollama/api"\n)\nvar r = api.R{Model: "gemma2"}',
        "gemma2",
        "use",
    ),
    "a file that is opened": (
        "a.cpp",
        'auto n = readNetFromONNX("yolov8n.onnx");',
        "yolov8n.onnx",
        "use",
    ),
    "a provider beside it": (
        "a.rb",
        "x = { provider: :xai, model: 'grok-tts' }",
        "grok-tts",
        "use",
    ),
    "address in a project": (
        "a.csproj",
        "<P>\n<Url>https://huggingface.co/bartowski/Llama-3.2-1B-Instruct-GGUF/resolve/main/x.gguf</Url></P>",
        "bartowski/Llama-3.2-1B-Instruct-GGUF",
        "config",
    ),
    "name on a page": (
        "Home.razor",
        '<b/>\n@code { string m = "gpt-4o-mini"; }',
        "gpt-4o-mini",
        "config",
    ),
    "address of weights": (
        "a.cc",
        'auto u = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main/ggml-base.bin";',
        "ggerganov/whisper.cpp",
        "use",
    ),
}


@pytest.mark.parametrize("case", SEEN)
def test_a_name_is_seen(case: str) -> None:
    file, text, ref, role = SEEN[case]
    seen = {one.ref: one.role for one in found(file, text).values()}
    assert seen.get(ref) == role, seen


QUIET = {
    "an import": ("a.go", 'import "github.com/gpt-4/gpt-4o"\n'),
    "a comparison": ("a.go", 'func f() bool { return strings.HasPrefix(model, "gpt-4") }'),
    "a message": ("a.rs", 'fn f() { println!("gpt-4o"); }'),
    "a part of a text": ("A.java", 'class A { String model = "gpt-4o" + version; }'),
    "a switch": ("A.cs", 'switch (model) { case "gpt-4o": break; }'),
    "a text with parts of run time": ("a.kt", 'val model = "gpt-4o$suffix"'),
    "a media type": ("a.rb", 'x.invoke_model("application/json", "gemini")'),
    "a variable of the environment": ("a.go", 'const hfModel = "HF_TOKEN" // claude-x'),
    "a path": ("a.cpp", '#include "llama-model.h"\nauto model = "models/llama/";'),
    "an image": ("A.java", 'class A { String OLLAMA_IMAGE = "ollama/ollama:latest"; }'),
    "a made-up owner": ("a.go", 'var model = "unknown-org/model-7b-instruct"'),
    "a made-up owner's page": ("a.go", 'var model = "https://huggingface.co/test/valid-model-7b"'),
    "family names alone": ("a.swift", 'let model = "llama"; let other = "claude"'),
}


@pytest.mark.parametrize("case", QUIET)
def test_what_is_no_reference_is_not_seen(case: str) -> None:
    assert not found(*QUIET[case])


def test_a_name_sent_to_a_local_server_is_an_alias() -> None:
    inside = 'c := New(WithModel("gpt-4"), WithBaseURL("http://localhost:8080/v1"))'
    assert found("a.go", inside)[1, "gpt-4"].alias
    before = (
        'func f() {\n cfg := openai.DefaultConfig("x")\n'
        ' cfg.BaseURL = "http://localhost:1234/v1"\n'
        ' c := openai.NewClientWithConfig(cfg)\n c.Do(Request{Model: "gpt-4"})\n}\n'
    )
    assert found("a.go", before)[5, "gpt-4"].alias


def test_another_clients_address_makes_no_alias() -> None:
    text = (
        "class A { void f() {\n"
        ' var a = new OpenAIConfig { TextModel = "gpt-4o" };\n'
        ' var b = new OpenAIConfig { Endpoint = "http://localhost:1234/v1", TextModel = "x" };\n'
        "} }"
    )
    assert not found("a.cs", text)[2, "gpt-4o"].alias


def test_a_constant_is_read_where_its_kit_is_imported() -> None:
    text = (
        "import static dev.langchain4j.model.openai.OpenAiChatModelName.GPT_4_O_MINI;\n"
        "class A { M m = OpenAiChatModel.builder().modelName(GPT_4_O_MINI).build(); }\n"
    )
    assert set(found("A.java", text)) == {(2, "gpt-4o-mini")}
    assert not found("A.java", text.partition("\n")[2].replace("OpenAi", "Claude-"))


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("GPT_4_O_MINI", "gpt-4o-mini"),
        ("GPT3Dot5Turbo", "gpt-3.5-turbo"),
        ("CLAUDE_3_5_SONNET_20241022", "claude-3-5-sonnet-20241022"),
        ("TEXT_EMBEDDING_3_SMALL", "text-embedding-3-small"),
        ("ChatModelGPT4o", "gpt-4o"),
        ("GEMINI_2_0_FLASH", "gemini-2.0-flash"),
        ("ModelClaude3_7SonnetLatest", "claude-3-7-sonnet-latest"),
        ("gpt4_o_mini", "gpt-4o-mini"),
        ("CreateImageModelDallE3", "dall-e-3"),
        ("USER_NAME", None),
        ("Temperature", None),
    ],
)
def test_how_constants_arespelled(word: str, name: str | None) -> None:
    assert spelled(word) == name


def test_a_variable_is_followed_to_its_use() -> None:
    text = (
        'fn f() {\n let picked = "lena/tiny-net";\n let r = Repo::model(picked.to_string());\n}\n'
        "// api.from_pretrained\n"
    )
    assert (2, "lena/tiny-net") in found("a.rs", text)


@pytest.mark.parametrize("ending", [".go", ".rs", ".java", ".kt", ".cs", ".swift", ".rb", ".php"])
@pytest.mark.parametrize("part", ["(", '"gpt-4" + ', "a.model(", '["gpt-4",', "<<A\n", "{model:"])
def test_hostile_files_take_bounded_time(ending: str, part: str) -> None:
    data = (('"gpt-4o"\n' + part * 10 + "\n") * 4_000)[:200_000].encode()
    began = time.process_time()
    results = list(Code().detect(File(PurePosixPath("a" + ending), data, size=len(data))))
    assert time.process_time() - began < 20
    assert all(isinstance(one, ModelReference | Unknown) for one in results)


def test_what_is_cut_is_told() -> None:
    text = 'var model = "gpt-4o"' + "(" * 3_000
    file = File(PurePosixPath("a.go"), text.encode(), size=len(text))
    told = [one for one in Code().detect(file) if isinstance(one, Unknown)]
    assert "brackets" in told[0].reason


def test_grammars_are_loaded_only_for_their_files() -> None:
    code = (
        "import sys, underlay.audit.detectors\n"
        "print(any(name.startswith('tree_sitter') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_language_parses() -> None:
    for name in ("a.go", "a.rs", "A.java", "a.kt", "A.cs", "a.swift", "a.rb", "a.php", "a.mm"):
        language = language_of("." + name.partition(".")[2])
        assert language is not None
        source = Source(b'x = "y"', language)
        assert source.root is not None
        assert not source.problem


def test_running_text_of_comments() -> None:
    text = (
        "// Only gpt-4o-audio-preview speaks; the folder gpt-4o/x doesn't,\n"
        "/* nor does\n   claude-2.1, `gpt-4-0613` */\n"
        'var model = "gpt-4o"\n'
    )
    file = File(PurePosixPath("a.go"), text.encode(), size=len(text))
    found = [
        (one.line, one.column, one.ref, one.role)
        for one in Code().detect(file)
        if isinstance(one, ModelReference)
    ]
    assert [(line, ref, role) for line, _, ref, role in found] == [
        (1, "gpt-4o-audio-preview", "comment"),
        (3, "claude-2.1", "comment"),
        (3, "gpt-4-0613", "comment"),
        (4, "gpt-4o", "use"),
    ]
    lines = text.split("\n")
    for line, column, ref, _ in found:
        assert lines[line - 1][column - 1 :].lstrip("`\"'").startswith(ref)


def test_functions_that_download() -> None:
    text = 'fn t() { let a = download_artifacts("ternlab/tern_en_v5", None)?; }\n'
    text += 'fn u() { show("ternlab/other_en"); }\n'
    assert [ref for _, ref in found("src/a.rs", text)] == ["ternlab/tern_en_v5"]
