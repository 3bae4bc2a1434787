"""No bytes make a detector of other languages raise, stall or contradict itself."""

from __future__ import annotations

import os
import time
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from underlay.audit.detectors import DETECTORS
from underlay.audit.findings import File, ModelReference, Unknown

MINE = ("javascript", "scripts", "dockerfile", "compose", "settings", "dotenv", "modelfile",
        "terraform", "comfyui", "weights", "prose", "lists", "nim")  # fmt: skip
PATHS = (
    "a.ts", "a.tsx", "a.vue", "run.sh", "Makefile", "a.bat", "Dockerfile", "compose.yaml",
    "a.yaml", "a.json", "a.toml", "a.ini", ".env", "Modelfile", "a.tf", "README.md", "a.rst",
    "x.gguf", "x.safetensors", "x.onnx", "x.pt", "package.json", "adapter_config.json",
    "models.txt", "config.pbtxt", "a.http", "main.bicep",
)  # fmt: skip
# what the grammars know, and what opens the detectors' prefilters
PIECES = (
    "model", "gpt-4o", "claude-3-opus-20240229", "Qwen/Qwen2-7B", "llama3:8b", "ollama pull ",
    "vllm serve ", "--model ", "--served-model-name=", "${M:-a/b-7b}", "$(x)", "$M", "M=",
    "for m in a b; do ", "done", "<<EOF\n", "EOF\n", "\\\n", "RUN ", "ENV ", "CMD [", "FROM ",
    "{", "}", "[", "]", "(", ")", ":", ",", "=", '"', "'", "`", "```\n", "```bash\n", "---\n",
    "\n", "\n  ", "\t", "- ", "# ", "// ", "/*", "*/", "|", ">", "&a ", "*a ", "{{ x }}",
    "openai(", "const a = ", "enum A { B = ", "type T = ", " ?? ", " ? ", "=> ", "`${a}`",
    "import x from ", "await ", "class_type", "widgets_values", "ckpt_name", "litellm_params",
    "model_list", "api_base", "http://localhost:1/v1",
    "https://huggingface.co/a/b/resolve/main/c.gguf", "hf://a/b-7b", "GGUF", "__metadata__",
    "\x80\x02", "PK\x03\x04", "\ufeff", "é", "\u2028", "\r\n", "\0", "\ue000", "base_model",
    "# model: a/b-7b", "# ollama pull x", "cat > .env <<EOF\n", "cat > a.yaml <<EOF\n",
    "serveConfigV2: |\n", "key: \"model\" value: { string_value: \"", "--model a/b-7b",
    "nvcr.io/nim/a/b:1", "kind: Model\nspec: ", "model_size: ", "PRELOAD_MODELS=[{", "provider: ",
    "param modelName string = ", "@allowed(['gpt-4o'])\n", "readEnvironmentVariable('x', ",
    "variable \"m\" {", "default = ", "[a]\n", "[[a]]\n",
)  # fmt: skip
EXAMPLES = int(os.environ.get("UNDERLAY_FUZZ", "4000"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
blobs = st.one_of(
    texts.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=400)
)


def check(path: str, data: bytes) -> None:
    file = File(PurePosixPath(path), data, size=len(data))
    for detector in DETECTORS:
        if detector.name not in MINE or not detector.wants(file.path, max(file.size, 17)):
            continue
        start = time.perf_counter()
        found = list(detector.detect(file))
        assert time.perf_counter() - start < 20
        assert found == list(detector.detect(file))
        lines = data.count(b"\n") + 2
        for one in found:
            assert isinstance(one, ModelReference | Unknown)
            assert one.file == path
            assert 0 <= one.line <= lines
            if isinstance(one, ModelReference):
                assert one.line > 0
                assert one.column > 0
                assert 0 < one.confidence <= 1


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
@fuzzed
@given(data=blobs)
def test_any_bytes(path: str, data: bytes) -> None:
    check(path, data)


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=25, deadline=None)
@given(data=blobs)
def test_some_bytes(path: str, data: bytes) -> None:
    check(path, data)


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("run.sh", "<<EOF\n"),
        ("run.sh", "a|"),
        ("run.sh", 'M="$M$M"\n'),
        ("run.sh", '"'),
        ("Dockerfile", "ENV A=$A$A\n"),
        ("a.yaml", "{{"),
        ("a.yaml", "["),
        ("a.json", '\\"'),
        ("a.toml", "a={b="),
        ("a.tf", '"${'),
        ("a.ts", "`${"),
        ("a.vue", "<script>"),
        ("README.md", "~~~"),
        (".env", "A= x #"),
        (".env", "# A_MODEL=x\n# B_URL=http://a\n\n"),
        ("a.yaml", "# model: a/b-7b\n"),
        ("a.yaml", "x: |\n # ollama pull "),
        ("a.yaml", "# \\\n"),
        ("run.sh", "# ollama pull "),
        ("run.sh", "cat > a.sh <<EOF\n"),
        ("run.sh", "kubectl -f - <<EOF\nmodel: a\nEOF\n"),
        ("models.txt", "a/b-7b\n"),
        ("models.txt", "https://huggingface.co/"),
        ("config.pbtxt", 'key: "model" value: {'),
        ("a.http", '"model": "'),
        ("main.bicep", "param a object = {"),
        ("main.bicep", "@allowed(["),
        ("main.bicep", "'${"),
        ("a.yaml", "nvcr.io/nim/a/b\n"),
    ],
)
def test_what_grows_without_bound_elsewhere_is_bounded_here(path: str, piece: str) -> None:
    data = (" ollama pull gpt-4o model\n" + piece * (20_000 // len(piece))).encode()
    file = File(PurePosixPath(path), data, size=len(data))
    start = time.perf_counter()
    for detector in DETECTORS:
        if detector.name in MINE and detector.wants(file.path, file.size):
            list(detector.detect(file))
    assert time.perf_counter() - start < 15
