"""Models in files that are no Python: what each form of naming gives, and what is no model."""

from __future__ import annotations

import struct
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from underlay.audit.detectors import DETECTORS
from underlay.audit.detectors.models.command_lines import shell_models
from underlay.audit.findings import File, ModelReference, Unknown
from underlay.audit.readers.documents import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator

MINE = ("javascript", "scripts", "dockerfile", "compose", "settings", "dotenv", "modelfile",
        "terraform", "comfyui", "weights", "prose", "lists")  # fmt: skip
OWN = [detector for detector in DETECTORS if detector.name in MINE]


def look(path: str, data: str | bytes) -> Iterator[ModelReference | Unknown]:
    raw = data.encode() if isinstance(data, str) else data
    file = File(PurePosixPath(path), raw, size=len(raw))
    for detector in OWN:
        if detector.wants(file.path, file.size):
            for one in detector.detect(file):
                assert isinstance(one, ModelReference | Unknown)
                yield one


def models(path: str, data: str | bytes) -> list[ModelReference]:
    return [one for one in look(path, data) if isinstance(one, ModelReference)]


def short(path: str, data: str | bytes) -> list[tuple[int, str]]:
    """(line, reference) of what is sure, an alias with a star."""
    found = sorted(models(path, data), key=lambda one: (one.line, one.column))
    return [(one.line, one.ref + "*" * one.alias) for one in found if one.confidence >= 0.5]


# --- commands -----


@pytest.mark.parametrize(
    ("line", "refs"),
    [
        ("ollama pull llama3.2:1b", ["llama3.2:1b"]),
        ('docker exec -it box ollama run mistral "why?"', ["mistral"]),
        ("ollama cp llama3.2:1b gpt-3.5-turbo", ["llama3.2:1b", "gpt-3.5-turbo*"]),
        ("huggingface-cli download a-b/c-7b-gguf x.gguf --local-dir m", ["a-b/c-7b-gguf"]),
        ("hf download --repo-type dataset org/data", []),
        ("hf download openai/whisper-large-v3", ["openai/whisper-large-v3"]),
        ("vllm serve Qwen/Qwen2-7B --served-model-name gpt-4 m", ["Qwen/Qwen2-7B", "gpt-4*"]),
        ("sudo nohup uv run vllm serve facebook/opt-125m", ["facebook/opt-125m"]),
        ("python -m vllm.entrypoints.openai.api_server --model=gpt2", ["gpt2"]),
        ("python -m sglang.launch_server --model-path Qwen/Qwen2-7B", ["Qwen/Qwen2-7B"]),
        ("docker run --gpus all tgi:2 --model-id tiiuae/falcon-7b", ["tiiuae/falcon-7b"]),
        ("llama-server -hf ggml-org/gemma-3-GGUF:Q4_K_M -c 0", ["ggml-org/gemma-3-GGUF"]),
        ("llama-cli -m models/mistral-7b.Q4_K_M.gguf", ["models/mistral-7b.Q4_K_M.gguf"]),
        ("bash -c 'ollama serve & ollama pull gemma2:2b'", ["gemma2:2b"]),
        ("git clone https://huggingface.co/THUDM/chatglm3-6b", ["THUDM/chatglm3-6b"]),
        ("python -m spacy download en_core_web_sm", ["en_core_web_sm"]),
        ("lm_eval --model hf --model_args pretrained=gpt2,dtype=float16", ["gpt2"]),
        ("python main.py trainer.model.path=Qwen/Qwen2-7B data.files=a/b", ["Qwen/Qwen2-7B"]),
        ("whisper a.mp3 --model large-v3", ["large-v3"]),
        ("helm install x ./chart --set model.name=facebook/opt-125m", ["facebook/opt-125m"]),
        ("curl http://localhost:11434/api/chat -d '{\"model\": \"phi3:mini\"}'", ["phi3:mini"]),
        ("curl https://api.openai.com/v1/x -d '{\"model\": \"gpt-4o\"}'", ["gpt-4o"]),
        ("curl localhost:8000/v1/x -d '{\"model\": \"gpt-4o\"}'", ["gpt-4o*"]),
        ("OPENAI_BASE_URL=http://localhost:1234/v1 app --model gpt-4o", ["gpt-4o*"]),
        ("docker model run ai/smollm2", ["ai/smollm2"]),
        ("echo 'pull gpt-4 with --model gpt-4'", ["gpt-4", "gpt-4"]),  # it tells people so
        ("grep 'pull gpt-4 with --model gpt-4'", []),
        ("echo using gpt-4o", []),
        ("git checkout origin/main", []),
        ("docker pull library/nginx", []),
        ("npx @scope/tool --port 80", []),
        ("python train.py --output_dir out/model --dataset_name nyu-mll/glue", []),
        ("kubectl label node a nvidia.com/gpu=true", []),
        ("pip install sentence-transformers torch", []),
    ],
)  # fmt: skip
def test_a_command_names_models_or_it_does_not(line: str, refs: list[str]) -> None:
    assert [ref for _, ref in short("run.sh", line + "\n")] == refs


def test_a_model_stands_where_its_name_is_written() -> None:
    script = (
        'MODEL="${MODEL:-meta-llama/Llama-3.1-8B}"\n'
        'for m in llama3.2:1b "all-minilm"; do\n'
        "  ollama pull $m\n"
        "done\n"
        "vllm serve $MODEL --trust-remote-code --revision abc\n"
    )
    found = {one.ref: one for one in models("run.sh", script)}
    places = {ref: (one.line, one.column, one.role) for ref, one in found.items()}
    assert places == {
        "meta-llama/Llama-3.1-8B": (1, 17, "default"),
        "llama3.2:1b": (2, 10, "use"),
        "all-minilm": (2, 22, "use"),
    }
    llama = found["meta-llama/Llama-3.1-8B"]
    assert (llama.flags, llama.revision) == (("remote-code",), "abc")


def test_what_only_the_run_knows_is_unknown() -> None:
    (one,) = look("run.sh", 'ollama pull "$1"\n')
    assert isinstance(one, Unknown)
    assert (one.line, one.text) == (1, '"$1"')


def test_makefiles_and_batch_files() -> None:
    text = (
        "M ?= llama3.1:8b\nHF := google/gemma-2b\nall:\n\t@ollama pull $(M)\n\tvllm serve $(HF)\n"
    )
    assert short("Makefile", text) == [(1, "llama3.1:8b"), (2, "google/gemma-2b")]
    text = '@echo off\r\nset "LLM_MODEL=gpt-4o-mini"\r\nset M=Qwen/Qwen2-7B\r\nx --model %M%\r\n'
    assert short("start.bat", text) == [(2, "gpt-4o-mini"), (3, "Qwen/Qwen2-7B")]


def test_python_and_modelfiles_inside_scripts() -> None:
    text = (
        "python - <<EOF\n"
        "from transformers import AutoModel\n"
        'AutoModel.from_pretrained("bert-base-cased")\n'
        "EOF\n"
        "cat > Modelfile <<EOF\n"
        "FROM llama3.1:8b\n"
        "EOF\n"
    )
    assert short("run.sh", text) == [(3, "bert-base-cased"), (6, "llama3.1:8b")]


def test_the_shell_of_a_notebook() -> None:
    found = list(shell_models(Fragment.anchored("ollama pull gemma2:2b", 4, 3), PurePosixPath("n")))
    assert [(f.line, f.column) for f in found] == [(4, 15)]


# --- containers -----


def test_a_dockerfile() -> None:
    text = (
        "FROM vllm/vllm-openai:latest\n"
        "ARG HF_MODEL=mistralai/Mistral-7B-v0.1\n"
        "ENV OPENAI_API_BASE=http://localhost:8000/v1 OPENAI_MODEL=gpt-3.5-turbo\n"
        "RUN ollama serve & sleep 1 && ollama pull nomic-embed-text\n"
        'RUN python -c "import sentence_transformers as s; '
        "s.SentenceTransformer('all-MiniLM-L6-v2')\"\n"
        "ADD https://huggingface.co/acme/m-7b/resolve/main/m.gguf /m/\n"
        'ENTRYPOINT ["python3", "-m", "vllm.entrypoints.openai.api_server"]\n'
        'CMD ["--model", "gpt2", "--served-model-name", "gpt-4"]\n'
    )
    assert short("deploy/Dockerfile.gpu", text) == [
        (2, "mistralai/Mistral-7B-v0.1"),
        (3, "gpt-3.5-turbo*"),
        (4, "nomic-embed-text"),
        (5, "all-MiniLM-L6-v2"),
        (6, "acme/m-7b"),
        (8, "gpt2"),
        (8, "gpt-4*"),
    ]


def test_compose_services_with_a_server_of_their_own() -> None:
    text = (
        "services:\n"
        "  vllm:\n"
        "    command: --model ${M:-Qwen/Qwen2-7B} --served-model-name gpt-4\n"
        "  app:\n"
        "    environment:\n"
        "      OPENAI_API_BASE: http://vllm:8000/v1\n"
        "      OPENAI_MODEL: gpt-4\n"
        "      ANTHROPIC_MODEL: claude-3-5-sonnet-20241022\n"
        "      OLLAMA_HOST: ollama:11434\n"
        "  ollama:\n"
        "    entrypoint: /bin/sh\n"
        '    command: -c "ollama serve & ollama pull llama3.2"\n'
        "  init:\n"
        '    entrypoint: [sh, -c, "ollama pull all-minilm"]\n'
        "    environment:\n"
        "      - HF_MODEL_ID=facebook/opt-125m\n"
        "models:\n"
        "  llm:\n"
        "    model: ai/smollm2\n"
    )
    assert short("docker-compose.prod.yml", text) == [
        (3, "Qwen/Qwen2-7B"),
        (3, "gpt-4*"),
        (7, "gpt-4*"),
        (8, "claude-3-5-sonnet-20241022"),
        (12, "llama3.2"),
        (14, "all-minilm"),
        (16, "facebook/opt-125m"),
        (19, "ai/smollm2"),
    ]


# --- settings -----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: gpt-4o-mini", ["gpt-4o-mini"]),
        ("base_model: tiiuae/falcon-7b\nhub_model_id: me/mine-7b", ["tiiuae/falcon-7b"]),
        ("model_name_or_path: gpt2\noutput_dir: saves/gpt2", ["gpt2"]),
        ("models: [{model: acme/m-13b}]\nbase_model: acme/p-13b", ["acme/m-13b", "acme/p-13b"]),
        ("model: hf\nmodel_args: pretrained=acme/m-7b,dtype=float", ["acme/m-7b"]),
        ("llm: {provider: ollama, config: {model: mistral}}", ["mistral"]),
        ("llm: {provider: openai, model: gpt-4, base_url: 'http://127.0.0.1:1234/v1'}", ["gpt-4*"]),
        ("models: {fast: gpt-4o-mini, big: gpt-4o}", ["gpt-4o-mini", "gpt-4o"]),
        ("providers:\n- openai:chat:gpt-4o\n- id: ollama:chat:phi3:mini", ["gpt-4o", "phi3:mini"]),
        ("model: {type: string, enum: [gpt-4o], default: gpt-4o}", ["gpt-4o", "gpt-4o"]),
        ("model_id: {type: string, example: acme/tern-7b}", ["acme/tern-7b"]),
        ("city: {type: string, example: acme/tern-7b}", []),
        ("model:\n  hf_repo: BAAI/bge-m3\n", ["BAAI/bge-m3"]),
        ("model:\n  hf_repo: BAAI/bge-m3\n  hf_subset: main\n", []),
        ("spring: {model: '${OPENAI_MODEL:gpt-4o}'}", ["gpt-4o"]),
        ("uri: hf://Qwen/Qwen2-7B", ["Qwen/Qwen2-7B"]),
        ("url: ollama://gemma2:2b", ["gemma2:2b"]),
        ("image: {repository: vllm/vllm-openai, tag: v1}", []),
        ("model: {name: x, image: {name: 'lmcache/vllm-openai:latest'}}", []),
        ("tolerations: [{key: nvidia.com/gpu, operator: Exists}]", []),
        ("datasets: [{path: tatsu-lab/alpaca, model: o/x-7b}]", []),
        ("uses: actions/checkout@v4", []),
        ("model_type: llama\nmodel_class: a/b", []),
        ("Content-Type: application/json\nmodel: text/plain", []),
        ("author: claude-sonnet-4", []),
        ("output_dir: jamba-large-ft", []),
        ("model: your-org/your-model", []),
        ("OLLAMA_HOST: ollama:11434", []),
        ("ollama: {credentials: {ollamaApi: {id: xHuYe0MDGOs9}}}", []),
    ],
)  # fmt: skip
def test_a_key_names_a_model_or_it_does_not(text: str, expected: list[str]) -> None:
    assert [ref for _, ref in short("conf/app.yaml", text + "\n")] == expected


def test_litellm_tells_names_from_models() -> None:
    text = (
        "model_list:\n"
        "  - model_name: gpt-4o\n"
        "    litellm_params: {model: ollama/llama3.1:8b, api_base: http://ollama:11434}\n"
        "  - model_name: mine\n"
        "    litellm_params: {model: openai/facebook/opt-125m, api_base: http://vllm:8000/v1}\n"
        "  - model_name: cloud\n"
        "    litellm_params: {model: azure/my-deployment, api_base: https://x.openai.azure.com}\n"
        "    model_info: {base_model: gpt-4o-2024-08-06}\n"
        "  - model_name: stub\n"
        "    litellm_params: {model: openai/gpt-3.5-turbo, api_base: http://localhost:9000}\n"
    )
    assert short("litellm.yaml", text) == [
        (2, "gpt-4o*"),
        (3, "ollama/llama3.1:8b"),
        (5, "facebook/opt-125m"),
        (8, "gpt-4o-2024-08-06"),
        (10, "openai/gpt-3.5-turbo*"),
    ]
    unknown = [one for one in look("litellm.yaml", text) if isinstance(one, Unknown)]
    assert [one.text for one in unknown] == ["azure/my-deployment"]


def test_kubernetes_containers_config_maps_and_templates() -> None:
    text = (
        "kind: Deployment\n"
        "spec:\n"
        "  containers:\n"
        "    - image: vllm/vllm-openai\n"
        "      command: [sh, -c]\n"
        '      args: ["vllm serve Qwen/Qwen2-7B"]\n'
        "    - image: tgi\n"
        "      args:\n"
        "        - --model-id\n"
        "        - tiiuae/falcon-7b\n"
        '        - --tokenizer={{ .Values.t | default "gpt2" }}\n'
        "      env:\n"
        "        - {name: EMBED_MODEL, value: BAAI/bge-m3}\n"
        "---\n"
        "kind: ConfigMap\n"
        "data:\n"
        "  LLM_MODEL: gpt-4o\n"
        "  config.yaml: |\n"
        "    llm:\n"
        "      model: gpt-4.1\n"
        "  run.sh: |\n"
        "    ollama pull qwen2.5:7b\n"
    )
    assert short("k8s/all.yaml", text) == [
        (6, "Qwen/Qwen2-7B"),
        (10, "tiiuae/falcon-7b"),
        (11, "gpt2"),
        (13, "BAAI/bge-m3"),
        (17, "gpt-4o"),
        (20, "gpt-4.1"),
        (22, "qwen2.5:7b"),
    ]


def test_a_workflow_of_actions() -> None:
    text = (
        "env: {JUDGE_MODEL: gpt-4o}\n"
        "jobs:\n"
        "  a:\n"
        "    strategy: {matrix: {model: [llama3.2:1b]}}\n"
        "    steps:\n"
        "      - uses: some/action@v1\n"
        "        with: {model: claude-3-haiku-20240307}\n"
        "      - run: |\n"
        "          ollama pull ${{ matrix.model }}\n"
        "          ollama pull all-minilm\n"
    )
    assert short(".github/workflows/x.yml", text) == [
        (1, "gpt-4o"),
        (4, "llama3.2:1b"),
        (7, "claude-3-haiku-20240307"),
        (10, "all-minilm"),
    ]


def test_dotenv_files() -> None:
    text = (
        "OPENAI_MODEL=gpt-4o # main\n"
        "# OPENAI_MODEL=gpt-4o-mini\n"
        "BASE_URL=http://localhost:3000\n"
        "LOCAL_BASE_URL=http://localhost:1234/v1\n"
        "LOCAL_MODEL=gpt-3.5-turbo\n"
        "ALLOWED_MODELS=gpt-4, claude-3-haiku-20240307\n"
        "HF_MODEL_ID=your-org/your-model\n"
        'CHAT_MODELS=[{"id": "acme/m-7b"}]\n'
    )
    assert short(".env.example", text) == [
        (1, "gpt-4o"),
        (2, "gpt-4o-mini"),
        (5, "gpt-3.5-turbo*"),
        (6, "gpt-4"),
        (6, "claude-3-haiku-20240307"),
        (8, "acme/m-7b"),
    ]
    assert [one.role for one in models(".env.example", text)][:2] == ["config", "comment"]


def test_toml_json_terraform_and_own_names() -> None:
    text = '[llm]\nmodel = "mistral-large-latest"\n'
    assert short("a.toml", text) == [(2, "mistral-large-latest")]
    text = '{"models": [{"provider": "ollama", "model": "llama3", "title": "GPT-4"}]}'
    assert short("a.json", text) == [(1, "llama3")]
    text = '{"base_model_name_or_path": "gpt2", "peft_type": "LORA", "revision": "abc"}'
    assert short("x/adapter_config.json", text) == [(1, "gpt2")]
    assert models("x/adapter_config.json", text)[0].revision == "abc"
    text = 'variable "model_id" {\n  default = "meta-llama/Llama-3.1-8B"\n}\n'
    assert [(m.line, m.column, m.role) for m in models("a.tf", text)] == [(2, 13, "default")]
    assert short("package.json", '{"scripts": {"m": "ollama pull llama3.2"}}') == [(1, "llama3.2")]


def test_a_catalogue_is_cut_and_said() -> None:
    names = ", ".join(f'"gpt-4-{number:04}": {{}}' for number in range(1000, 1200))
    assert len(models("prices.json", '{"models": {' + names + "}}")) == 200, "kept by hand"
    names = ", ".join(f'"gpt-4-{number:04}": {{}}' for number in range(1000, 1300))
    found = list(look("prices.json", '{"models": {' + names + "}}"))
    assert len([one for one in found if isinstance(one, ModelReference)]) == 60
    assert "catalogue" in next(one.reason for one in found if isinstance(one, Unknown))


# --- JavaScript -----


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        ('import {openai} from "@ai-sdk/openai"; openai("gpt-4o")', ["gpt-4o"]),
        ('const l = createOpenAI({baseURL: "http://localhost:1/v1"}); l("gpt-4o")', ["gpt-4o*"]),
        ('const o = createOllama(); o("mistral")', ["mistral"]),
        ('new ChatOpenAI({model: "gpt-4", configuration: {baseURL: "http://v:80"}})', ["gpt-4*"]),
        ('const c = new OpenAI(); c.chat.completions.create({model: M}); const M = "o1";', ["o1"]),
        ('pipeline("summarization", R); const R = "Xenova/t5-small";', ["Xenova/t5-small"]),
        ('stream.pipeline("a", "b/c-7b")', []),
        ('AutoModel.from_pretrained("onnx-community/w-base")', ["onnx-community/w-base"]),
        ('const models = [{id: "gpt-4o"}, {id: "acme/m-7b"}]', ["gpt-4o", "acme/m-7b"]),
        ('type ModelId = "o1" | "claude-3-opus-20240229"', ["o1", "claude-3-opus-20240229"]),
        ('enum Model { A = "gpt-4o" }', ["gpt-4o"]),
        ('z.object({model: z.enum(["gpt-4o"]).default("o1-mini")})', ["gpt-4o", "o1-mini"]),
        ('const M = process.env.MODEL ?? "gpt-4o"', ["gpt-4o"]),
        ('function f(model = "gpt-4o") {}', ["gpt-4o"]),
        ('program.option("--model <m>", "which", "gpt-4o")', ["gpt-4o"]),
        ('fetch("http://localhost:11434/api", {body: JSON.stringify({model: "phi3"})})', ["phi3"]),
        ('await replicate.run("meta/llama-2-70b-chat")', ["meta/llama-2-70b-chat"]),
        ('env.AI.run("@cf/meta/llama-3-8b-instruct")', ["@cf/meta/llama-3-8b-instruct"]),
        ('const x = {"gpt-4o": 0.005}', ["gpt-4o"]),
        ('if (name.startsWith("gpt-4")) {}', []),
        ('if (model === "gpt-4" || kind === "ada") {}', ["gpt-4"]),
        ('console.log("gpt-4")', []),
        ('import x from "gpt-4o"', []),
        ('const t = "text/plain", u = "@scope/pkg", v = "a/b"; f("claude-code")', []),
        ('const link = "https://huggingface.co/Qwen/Qwen2-7B"; const g = "gpt-4"', ["gpt-4"]),
    ],
)  # fmt: skip
def test_javascript_names_models_or_it_does_not(code: str, refs: list[str]) -> None:
    assert [ref for _, ref in short("src/a.ts", code + "\n")] == refs


def test_roles_and_places_in_typescript() -> None:
    code = (
        'export const DEFAULT_MODEL = "gpt-4o-mini";\n'
        'const é = "é", models = ["gpt-4o"];\n'
        'const c = new OpenAI(); c.chat.completions.create({ model: "gpt-4.1" });\n'
    )
    found = [(m.line, m.column, m.role, m.operator) for m in models("src/a.ts", code)]
    assert found == [
        (1, 30, "default", "openai"),
        (2, 26, "option", "openai"),
        (3, 60, "use", "openai"),
    ]


def test_the_scripts_of_a_page() -> None:
    text = '<p>gpt-4</p>\n<script setup lang="ts">\nconst model = ref("qwen-plus")\n</script>\n'
    assert short("a.vue", text) == [(1, "gpt-4"), (3, "qwen-plus")]


def test_a_bundle_is_left() -> None:
    assert models("dist/a.js", 'x="gpt-4o";' * 5000) == []


# --- other files -----


def test_modelfiles() -> None:
    text = 'FROM hf.co/acme/m-3b-GGUF:Q4_K_M\nADAPTER ./lora-v1.gguf\nSYSTEM """\nFROM here\n"""\n'
    assert short("Modelfile.dev", text) == [(1, "acme/m-3b-GGUF"), (2, "./lora-v1.gguf")]


def test_workflows_of_comfyui() -> None:
    text = (
        '{"4": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "xl.safetensors"}},\n'
        '"5": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat"}}}'
    )
    assert short("w.json", text) == [(1, "xl.safetensors")]
    text = (
        '{"nodes": [{"type": "UNETLoader", "widgets_values": ["f.safetensors"], "properties":\n'
        '{"models": [{"url": "https://huggingface.co/acme/m/resolve/main/f.safetensors"}]}}]}'
    )
    assert short("w.json", text) == [(1, "f.safetensors"), (2, "acme/m")]


def _text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf() -> bytes:
    entries = [
        (b"general.architecture", 8, _text(b"llama")),
        (b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + _text(b"a") + _text(b"b")),
        (b"general.file_type", 4, struct.pack("<I", 15)),
        (b"general.base_model.0.repo_url", 8, _text(b"https://huggingface.co/acme/m-1b")),
    ]
    body = b"".join(_text(key) + struct.pack("<I", kind) + data for key, kind, data in entries)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + body


def test_headers_of_weights() -> None:
    first, base = models("m/x.gguf", gguf())
    assert (first.ref, first.kind, first.evidence) == ("m/x.gguf", "file", "GGUF llama Q4_K_M")
    assert (base.ref, base.rule) == ("acme/m-1b", "weights/base")
    header = b'{"__metadata__":{"ss_sd_model_name":"runwayml/stable-diffusion-v1-5"},"a":{}}'
    assert [m.ref for m in models("l.safetensors", _text(header))][1:] == [
        "runwayml/stable-diffusion-v1-5"
    ]
    assert models("m.onnx", b"\x08\x08\x12\x07pytorch\x1a\x032.1 ")[0].evidence == "ONNX pytorch"
    assert models("p.pt", b"PK\x03\x04" + b"0" * 30 + b"archive/data.pkl")[0].flags == ("pickle",)
    assert models("p.bin", b"\x80\x02}q\x00." + b"x" * 20)[0].flags == ("pickle",)
    assert models("p.bin", b"just some bytes, no weights") == []
    assert models("l.pt", b"version https://git-lfs.github.com/spec/v1\n")[0].flags == ("pickle",)


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_a_cut_header_is_read_as_far_as_it_goes(cut: int) -> None:
    found = models("x.gguf", gguf()[:cut])
    assert all(one.kind in ("file", "hub") for one in found)


def test_documents_are_documents() -> None:
    text = (
        "---\nbase_model: acme/m-1b\n---\nGPT-4 is fine. https://huggingface.co/Qwen/Qwen2-7B\n"
        "```bash\n$ ollama pull llama3.2:1b\n```\nollama pull nothing\n"
        "```python\nfrom transformers import AutoModel\nAutoModel.from_pretrained('gpt2')\n```\n"
        "```yaml\nmodel: gpt-4o\n```\n"
    )
    assert short("README.md", text) == [
        (2, "acme/m-1b"),
        (4, "Qwen/Qwen2-7B"),
        (6, "llama3.2:1b"),
        (11, "gpt2"),
        (14, "gpt-4o"),
    ]
    assert {one.role for one in models("README.md", text)} == {"doc"}
    text = "T\n=\n.. code-block:: bash\n\n   hf download google/gemma-2-2b\n\nend\n"
    assert short("docs/a.rst", text) == [(5, "google/gemma-2-2b")]


def test_every_finding_names_a_rule_of_its_detector() -> None:
    known = {rule.id for detector in DETECTORS for rule in detector.rules}
    for path, text in (
        ("run.sh", "M_MODEL=gpt-4o\nollama pull x\nvllm serve a/b-7b --served-model-name gpt-4\n"),
        ("a.yaml", "model: gpt-4o\nuri: hf://a/b-7b\nx: gpt-4o\n"),
        ("a.ts", 'openai("gpt-4o"); const model = "gpt-4o"; f("gpt-4o"); const l = ["gpt-4o"]'),
        ("README.md", "```sh\nollama pull x\n```\n"),
    ):
        for one in models(path, text):
            assert one.rule in known, one


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ('model: "gpt-4-turbo"  # or gpt-3.5-turbo\n', ["gpt-4-turbo", "gpt-3.5-turbo"]),
        ("model: 'gpt-4o' # or 'claude-3-opus-20240229'\n", ["gpt-4o", "claude-3-opus-20240229"]),
        ("model: aa/b-7b  # cc/d-7b，e-mini\n", ["aa/b-7b", "cc/d-7b"]),
        ("model: aa/b-7b  # cc/d-7b is what we had before\n", ["aa/b-7b"]),
        ('note: "it is # gpt-4o"\n', []),
        ("#  model: x  # or gpt-3.5-turbo\nname: y\n", ["gpt-3.5-turbo"]),
        (
            "# -- Ex: visibleModels: ['acme/chat-7b', 'acme/base-7b']\n",
            ["acme/chat-7b", "acme/base-7b"],
        ),
        ("#vision_models: \"['acme/chat-7b']\"\n", ["acme/chat-7b"]),
        ("#files: \"['acme/chat-7b']\"\nmodel: none\n", []),
        ("# the model of acme/thing\nrepo_id: acme/thing\n", ["acme/thing", "acme/thing"]),
        ("# the model of acme/thing\nrepo_id: acme/other\n", ["acme/other"]),
        ("# tune run x --config gemma2/27B_lora\nmodel: 1\n", []),
        ("# url: '' # e.g. 'gpt-4o|gpt-4-.*'\nmodel: 1\n", []),
        ("# like gpt-4o\nbase_url: http://localhost:8000/v1\nmodel: 1\n", []),
        ("# like gpt-4o\npatch_server_endpoint: http://localhost:8000\nmodel: 1\n", ["gpt-4o"]),
    ],
)
def test_remarks_name_what_stands_beside_a_setting(text: str, refs: list[str]) -> None:
    assert [ref for _, ref in short("a.yaml", text)] == refs


def test_a_remark_in_an_environment() -> None:
    text = "MODEL=gpt-4o # or gpt-4o-mini\n# CHAT_MODEL='gpt-4.1'\n"
    assert short(".env", text) == [(1, "gpt-4o"), (1, "gpt-4o-mini"), (2, "gpt-4.1")]


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        (
            "model:\n  arch: ViT-bigG-14\n  version: laion2b_s39b_b160k\n",
            ["ViT-bigG-14", "laion2b_s39b_b160k"],
        ),
        ("model:\n  arch: ViT-bigG-14\n  version: v3\n", []),
        (
            'model:\n  qtype: "uint3|acme/parts/thing_v2_uint3.safetensors"\n',
            ["acme/parts/thing_v2_uint3.safetensors"],
        ),
        ("model:\n  files: [a]\n  shard: m-7b-00002-of-00003.gguf\n", []),
        ('containerArgs:\n  - "acme/chat-7b-instruct"\nmodel: 1\n', ["acme/chat-7b-instruct"]),
        ('command: npx\nargs:\n  - "acme/chat-7b-instruct"\nmodel: 1\n', []),
        ('model:\n  name_or_path: "acme/thing\n  arch: "x"\n', ["acme/thing"]),
        (
            "env:\n  CHAT_MODEL: ${{ inputs.model == 'gpt-4' && 'gpt-4.1' || 'gpt-4o' }}\n",
            ["gpt-4.1", "gpt-4o"],
        ),
        ("env:\n  CHAT_MODEL: ${{ inputs.model == 'gpt-4' }}\n", []),
        (
            "model_id:\n  description: the model, e.g. BAAI/bge-small-en-v1.5, as a name\n",
            ["BAAI/bge-small-en-v1.5"],
        ),
        ("model_id:\n  other: the model, e.g. BAAI/bge-small-en-v1.5, as a name\n", []),
    ],
)
def test_settings_of_other_programs(text: str, refs: list[str]) -> None:
    assert [ref for _, ref in short("a.yaml", text)] == refs


def test_a_table_that_connects_is_used_and_one_of_limits_is_a_choice() -> None:
    text = "models:\n  gpt-4o:\n    api_key: x\n  gpt-4o-mini:\n    max_tokens: 5\n"
    assert [(m.ref, m.role) for m in models("a.yaml", text)] == [
        ("gpt-4o", "config"),
        ("gpt-4o-mini", "option"),
    ]


def test_a_manifest_that_offers_models() -> None:
    text = '{"llm_model": {"type": "string", "enum": ["gpt-4o"], "default": "gpt-4o-mini"}}'
    assert [(m.ref, m.role) for m in models("manifest.json", text)] == [
        ("gpt-4o", "option"),
        ("gpt-4o-mini", "default"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "refs"),
    [
        ("MANIFEST.in", "include a/silero_vad_v6.onnx\ninclude a/*.onnx\n", ["silero_vad_v6.onnx"]),
        ("MANIFEST.in", "include README.md best.pt\n", []),
        ("sums.sha256", "ab" * 32 + "  /data/v1-5-pruned.ckpt\n", ["v1-5-pruned.ckpt"]),
        ("SHA256SUMS", "SHA256 (GFPGANv1.4.pth) = " + "ab" * 32 + "\n", ["GFPGANv1.4.pth"]),
        ("SHA256SUMS", "ab" * 32 + "  tool-1.2.tar.gz\n", []),
        (
            "links.txt",
            "https://x.org/a/b?id=1\n  out=m/codeformer-v0.1.0.pth\n",
            ["codeformer-v0.1.0.pth"],
        ),
        ("run.sh", "cp -vf cache/ViT-L-14.pt data/\n", ["ViT-L-14.pt"]),
        ("run.sh", "cp out/epoch_10.pth out/best_model.pth data/\n", []),
        ("run.sh", "wget -O m/realesr-x4v3.pth $URL\n", ["realesr-x4v3.pth"]),
        ("run.sh", "grep x ViT-L-14.pt\n", []),
        (
            "run.sh",
            "python t.py --model ViT-B-32 --pretrained laion2b_s34b_b79k\n",
            ["ViT-B-32", "laion2b_s34b_b79k"],
        ),
        ("run.sh", "python t.py --model ViT-B-32 --pretrained x\n", []),
        (
            "run.sh",
            "python model.py --lm_path acme/mpt-1b-chat --data_path acme/mpt-1b-chat\n",
            ["acme/mpt-1b-chat"],
        ),
        ("run.sh", "python t.py --models ..\\lora_train1\\last.safetensors\n", []),
        (
            "run.bat",
            "python t.py --ckpt D:\\m\\sd_xl_base_1.0.safetensors\n",
            ["sd_xl_base_1.0.safetensors"],
        ),
    ],
)
def test_files_of_weights_that_are_named(name: str, text: str, refs: list[str]) -> None:
    assert [ref for _, ref in short(name, text)] == refs


def test_how_a_server_calls_the_weights_of_a_path() -> None:
    named = "MODEL_NAME=gpt-4o\nMODEL_PATH=checkpoints/Qwen2-7B-Instruct\n"
    assert [one.alias for one in models(".env", named) if one.ref == "gpt-4o"] == [True]
    alone = named.replace("MODEL_PATH", "OTHER_PATH")
    assert [one.alias for one in models(".env", alone) if one.ref == "gpt-4o"] == [False]
    compose = "services:\n  a:\n    environment:\n      MODEL_NAME: qwen2\n      MODEL_PATH: c/q\n"
    assert models("compose.yml", compose) == []


def test_what_a_script_tells() -> None:
    script = 'echo -e "${Y}1) DeepSeek (deepseek-chat, gpt-4o, etc.)${N}"\necho gpt-4o > model\n'
    found = [(one.line, one.ref, one.role) for one in models("run.sh", script)]
    assert (1, "gpt-4o", "doc") in found
    assert all(line == 1 for line, _, _ in found)
