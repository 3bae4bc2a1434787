"""What the surroundings of a string in JavaScript say: forms, lists, functions, comments."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from underlay.audit.detectors.models import javascript_pages
from underlay.audit.detectors.models.javascript import JavaScript
from underlay.audit.detectors.models.javascript_values import Source
from underlay.audit.findings import SURE, File, ModelReference
from underlay.audit.readers.cuts import collected


def models(code: str, path: str = "src/a.tsx") -> list[ModelReference]:
    raw = code.encode()
    found = JavaScript().detect(File(PurePosixPath(path), raw, size=len(raw)))
    return [one for one in found if isinstance(one, ModelReference) and one.confidence >= SURE]


def short(code: str, path: str = "src/a.tsx") -> list[tuple[int, str]]:
    """(line, reference), an alias with a star."""
    found = sorted(models(code, path), key=lambda one: (one.line, one.column))
    return [(one.line, one.ref + "*" * one.alias) for one in found]


FORM = """class Node {
  inputs = [
    { label: "Model Name", name: "modelName", default: "acme/tiny-7b-chat", placeholder: "llama3" },
    { label: "Model Type", name: "modelType", default: "acme/tiny-7b-chat" },
    { label: "City", name: "city", default: "llama3" },
    { name: TEXT.Panel.ModelVersion, value: "model", options: [
      { name: "Large", value: "acme/large-7b" }, { name: "Small", value: "acme/small-1b" } ] },
  ]
}
"""


def test_fields_of_forms() -> None:
    assert short(FORM, "src/a.ts") == [
        (3, "acme/tiny-7b-chat"),
        (3, "llama3"),
        (7, "acme/large-7b"),
        (7, "acme/small-1b"),
    ]
    local = """const inputs = [
      { name: "basePath", placeholder: "http://localhost:8080/v1" },
      { name: "modelName", placeholder: "text-embedding-ada-002" } ]"""
    assert short(local) == [(3, "text-embedding-ada-002*")]
    assert short(local.replace("localhost:8080", "api.acme.ai"))[0][1] == "text-embedding-ada-002"


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        ('function getModel() { if (x) { return "acme/m-7b" } return "o1" }', ["acme/m-7b", "o1"]),
        ('const getTTSModel = async () => { return "acme/m-7b" }', ["acme/m-7b"]),
        ('function getFolder() { return "acme/m-7b" }', []),
        ('class A { defaultModel() { return y ? "acme/a-7b" : "acme/b-7b" } }',
         ["acme/a-7b", "acme/b-7b"]),
        ('function models() { return [{ id: "acme/a-7b" }] }', ["acme/a-7b"]),
        ('const o = new OpenAIApi(new Configuration({ basePath: "http://localhost:8000/v1" }));'
         ' o.createChatCompletion({ model: "gpt-4" })', ["gpt-4*"]),
        ('const c = new Configuration({ basePath: "http://localhost:8000/v1" });'
         ' new OpenAIApi(c).createChatCompletion({ model: "gpt-4" })', ["gpt-4*"]),
        ('const c = new Configuration({ apiKey: K });'
         ' new OpenAIApi(c).createChatCompletion({ model: "gpt-4" })', ["gpt-4"]),
        ('switch (model) { case "gpt-4": return 1 }', ["gpt-4"]),
        ('switch (kind) { case "gpt-4": return 1; case "davinci": return 2 }', ["gpt-4"]),
        ('const m = { model: "acme-flash-2", temperature: 0 }', ["acme-flash-2"]),
        ('const m = { model: "acme-flash-2", wheels: 4 }', []),
        ('const m = { model: "acme", temperature: 0 }', []),
        ('load(`https://huggingface.co/acme/clip-js/resolve/main/v-${kind}.onnx`)',
         ["acme/clip-js"]),
        ('const o = "acme"; pipeline("summarization", `${o}/t5-onnx`)', ["acme/t5-onnx"]),
        ('run(`https://huggingface.co/datasets/acme/b/resolve/main/v-${kind}.gz`, "o1-x")', []),
        ('it("x", () => { f({ model: "test-org/m-7b" }); g({ model: "mock-model" }) })', []),
        ('if (config.model === "gpt-4") {}', ["gpt-4"]),
        ('expect(f()).toBe("gpt-4o"); expect(f()).toBe("llama3")', ["gpt-4o"]),
        ('usePipeline("feature-extraction", "acme/gte-small")', ["acme/gte-small"]),
        ('emit("ready", "acme/gte-small")', []),
        ('new Runtime.ai.Session("gte-small")', ["gte-small"]),
        ('w.loadModelFromHF({ repo: "acme/models", file: "a/tiny-3b.gguf" })', ["acme/models"]),
        ('const M = { repo: "acme/plain", quant: "Q4_0" }; f("x.gguf")', ["acme/plain"]),
        ('const M = { repo: "acme/plain", branch: "dev" }; f("x.gguf")', []),
        ('const models = env.MODELS ?? "+gpt-4o,-gpt-4"', ["gpt-4o", "gpt-4"]),
        ('const voices = ["nova-2", "gpt-4o"]', []),
        ('const price = { "gpt-4o": 1, "gpt-4": 2, o3: 3, o5: 4 }', ["gpt-4o", "gpt-4", "o3"]),
        ('const price = { o3: 3, "gpt-4": 2 }', ["gpt-4"]),
    ],
)  # fmt: skip
def test_what_surrounds_a_string(code: str, refs: list[str]) -> None:
    assert [ref for _, ref in short(code + "\n", "src/a.ts")] == refs


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        ('const all = ["gpt-4o", "gpt-4", "acme-chat-3"]', ["gpt-4o", "gpt-4", "acme-chat-3"]),
        ('const all = ["gpt-4o", "gpt-4", "other"]', ["gpt-4o", "gpt-4"]),
        ('const all = ["gpt-4o", "acme-chat-3", "acme-chat-4"]', ["gpt-4o"]),
        ('const all = [{ id: "gpt-4o", region: "eu-1" }, { id: "o3-mini", region: "eu-2" }, '
         '{ id: "acme-x-1", region: "us-1" }]', ["gpt-4o", "o3-mini", "acme-x-1"]),
        ('type M = "gpt-4o" | "gpt-4" | "acme-chat-3"', ["gpt-4o", "gpt-4", "acme-chat-3"]),
        ('const t = { a: "gpt-4o", b: "gpt-4", c: "us-east-1" }', ["gpt-4o", "gpt-4"]),
        ('const t = { a: { s: { model: "gpt-4o" } }, b: { s: { model: "o3-mini" } }, '
         'c: { s: { model: "acme-x" } } }', ["gpt-4o", "o3-mini", "acme-x"]),
        ('const ids = { a: "gpt-4o", b: "gpt-4", c: "o3-mini", d: "gpt-4.1", e: "acme-x" }',
         ["gpt-4o", "gpt-4", "o3-mini", "gpt-4.1", "acme-x"]),
    ],
)  # fmt: skip
def test_lists_vouch_for_their_entries(code: str, refs: list[str]) -> None:
    assert [ref for _, ref in short(code + "\n", "src/a.ts")] == refs


def test_comments() -> None:
    code = """// const model = "acme/m-7b";
/* see "gpt-4o", and https://huggingface.co/acme/n-7b
   model: "acme/o-7b" */
// it isn't "acme/p-7b", nor `gpt-4`
const x = "gpt-4o"
"""
    found = [(one.line, one.column, one.ref, one.role) for one in models(code, "src/a.ts")]
    assert found == [
        (1, 18, "acme/m-7b", "comment"),
        (2, 8, "gpt-4o", "comment"),
        (2, 22, "acme/n-7b", "comment"),
        (3, 11, "acme/o-7b", "comment"),
        (4, 31, "gpt-4", "comment"),
        (5, 11, "gpt-4o", "default"),
    ]


def test_what_jsx_shows() -> None:
    code = """const a = (
  <p>
    Try
    ollama pull acme-small:1b
    <input placeholder="gpt-4o" />
  </p>
)
"""
    found = [(one.line, one.column, one.ref) for one in models(code)]
    assert found == [(4, 17, "acme-small:1b"), (5, 24, "gpt-4o")]


def test_models_compiled_for_the_browser() -> None:
    code = 'const m = "Acme-9-mini-q4f16_1-MLC-1k"; f("Acme-8-q0f32-MLC"); g("acme-q4f16")\n'
    assert [ref for _, ref in short(code)] == ["Acme-9-mini-q4f16_1-MLC-1k", "Acme-8-q0f32-MLC"]


PAGE = """<label for="m">Model</label>
<select id="m">
  <option value="acme/tiny-embed" selected>Tiny</option>
  <option>gpt-4o</option>
</select>
<select id="city"><option value="acme/paris">Paris</option><option>Rome</option></select>
<select id="engine-of-a-car">
  <option value="Xenova/gte-base">a</option><option value="Xenova/gte-large">b</option>
  <option value="acme/other">c</option>
</select>
<input id="chat_model" value="llama3.2"/><input id="town" value="llama3.2"/>
<el-select :options="['gpt-4', 'rome-2']" class="gpt-4-box"/>
<script>
const x = "<option value='o1-mini'>"
</script>
<p>Try <code>ollama run acme-small:1b</code>, {#if model === 'gpt-4o-mini'} or gpt-4 {/if}</p>
"""


def test_the_markup_of_pages() -> None:
    found = [
        (3, "acme/tiny-embed"),
        (4, "gpt-4o"),
        (8, "Xenova/gte-base"),
        (8, "Xenova/gte-large"),
        (9, "acme/other"),
        (11, "llama3.2"),
        (12, "gpt-4"),
        (14, "o1-mini"),
        (16, "acme-small:1b"),
        (16, "gpt-4o-mini"),
        (16, "gpt-4"),
    ]
    assert short(PAGE, "src/a.svelte") == found
    assert models(PAGE, "a.html")[0].column == 18
    assert short('<select id="model"' + '<a "' * 5_000, "a.html") == []


def test_bounds_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript_pages, "MAX_TAGS", 2)
    collected()
    assert short("<p><p><input value='gpt-4o'>", "a.html") == []
    assert collected() == ["more than 2 tags of a page: the rest is not read"]


def test_depth_is_bounded() -> None:
    collected()
    code = 'const model = "gpt-4o"\n' + '"a-1"|\n' * 20_000
    assert short(code, "src/a.ts") == [(1, "gpt-4o")]
    assert collected()[0].startswith("expressions ")


def test_running_text() -> None:
    code = """/** Only gpt-4o-audio-preview and `o3-mini` do this, see the folder gpt-4o/x. */
test("counts the tokens of gpt-4-0314", () => {})
it(`streams claude-2.1`, () => {})
log("nothing of gpt-4-0613 here")
const page = <p>Powered by gpt-4o-mini, or not</p>
"""
    inside = [(one.line, one.ref, one.role) for one in models(code, "src/a.tsx")]
    assert inside == [
        (1, "gpt-4o-audio-preview", "comment"),
        (1, "o3-mini", "comment"),
        (5, "gpt-4o-mini", "doc"),
    ]
    tested = [(one.line, one.ref, one.role) for one in models(code, "tests/a.test.tsx")]
    assert [one for one in tested if one[0] in (2, 3, 4)] == [
        (2, "gpt-4-0314", "test"),
        (3, "claude-2.1", "test"),
    ]


def test_repository_that_a_table_is_keyed_by() -> None:
    code = """const defaultEmbeddingModelRepos = {
  'Xenova/UAE-Large-V1': { type: 'repo', repoName: 'Xenova/UAE-Large-V1', shown: 'UAE' },
}
const image = { repoName: 'acme/server' }
"""
    assert short(code, "src/a.ts") == [(2, "Xenova/UAE-Large-V1"), (2, "Xenova/UAE-Large-V1")]


def test_files_of_repositories_and_links_of_entries() -> None:
    code = """const options = [{
  name: 'tern:1b', gateUrl: 'https://huggingface.co/acme/tern-1b',
  adapters: { '4 bit': 'uint4|acme/tern_adapters/tern_1b_uint4.safetensors' },
}]
set('acme/llama_adapters/llama_2b_v1.safetensors', 'config.lora_path')
const help = <a href="https://huggingface.co/acme/other-1b">docs</a>
const defaults = { model: { name_or_path: 'acme/large-7b' } }
"""
    found = [(one.line, one.ref, one.weight_file) for one in models(code, "src/a.tsx")]
    assert [one for one in found if one[0] > 1 and not one[1].startswith("tern:")] == [
        (2, "acme/tern-1b", None),
        (3, "acme/tern_adapters/tern_1b_uint4.safetensors", "tern_1b_uint4.safetensors"),
        (5, "acme/llama_adapters/llama_2b_v1.safetensors", "llama_2b_v1.safetensors"),
        (7, "acme/large-7b", None),
    ]


def test_running_text_of_a_page() -> None:
    page = "<div>\n  <p>Powered by <b>gpt-4o-realtime-preview</b>,\n or o4-mini</p>\n</div>\n"
    found = [(one.line, one.column, one.ref, one.role) for one in models(page, "src/a.vue")]
    assert found == [
        (2, 20, "gpt-4o-realtime-preview", "doc"),
        (3, 5, "o4-mini", "doc"),
    ]


def test_markup_in_templates_and_named_lists() -> None:
    code = """const html = `<select id="model"><option value="tts-1-hd">${shown}</option></select>
  <input id="llm" placeholder="e.g. intfloat/e5-mistral-7b-instruct">`
async function loadNovelModels() {
  return [{ value: 'nai-diffusion-3', text: 'V3' }, { value: 'nai-diffusion-2', text: 'V2' }]
}
const voices = [{ value: 'nova-diffusion-3' }, { value: 'nova-diffusion-2' }]
const steps = { value: 'tts_models/en/vctk/vits' }
const html2 = `Enter a tag, for example <code>llama2:latest</code>, of a model`
"""
    assert short(code, "src/a.ts") == [
        (1, "tts-1-hd"),
        (2, "intfloat/e5-mistral-7b-instruct"),
        (4, "nai-diffusion-3"),
        (4, "nai-diffusion-2"),
        (7, "tts_models/en/vctk/vits"),
        (8, "llama2:latest"),
    ]


def test_order_of_constants_of_one_name_is_that_of_the_file() -> None:
    code = "".join(
        f'function f{n}() {{ const m = "acme/tern-{n}-7b"; return pipeline("summarization", m) }}\n'
        for n in range(40)
    )
    first = [(one.line, one.ref, one.rule, one.role) for one in models(code, "src/a.ts")]
    assert len(first) > 0
    held = []
    for _ in range(12):
        held.append(Source(code.encode(), "typescript"))  # other nodes at other addresses
        again = [(one.line, one.ref, one.rule, one.role) for one in models(code, "src/a.ts")]
        assert again == first
    places = [[v.start_byte for v in one.constants["m"]] for one in held]
    assert places == [sorted(places[0])] * len(held)


def test_plain_words_among_tags() -> None:
    code = """const a = [{ id: 'llama2:13b', name: 'L' }, { id: 'gemma:7b', name: 'G' },
  { id: 'mistral', name: 'Mistral' }]
const b = [{ id: 'llama2:13b' }, { id: 'weather' }]
"""
    assert short(code, "src/a.ts") == [
        (1, "llama2:13b"),
        (1, "gemma:7b"),
        (2, "mistral"),
        (3, "llama2:13b"),
    ]
