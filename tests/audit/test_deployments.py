"""Models in deployments: comments, written files, documents in texts, lists, images."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from underlay.audit.detectors import DETECTORS
from underlay.audit.detectors.models.remarks import MAX_LINES, read_remarks
from underlay.audit.findings import SURE, File, ModelReference
from underlay.audit.names.sites import Sightings


def refs(path: str, text: str) -> list[tuple[int, str, str]]:
    """(line, reference, role) of what is believed; aliases end in a star."""
    data = text.encode()
    file = File(PurePosixPath(path), data, size=len(data))
    found = {
        (one.line, one.ref + "*" * one.alias, one.role)
        for detector in DETECTORS
        if detector.wants(file.path, len(data))
        for one in detector.detect(file)
        if isinstance(one, ModelReference) and one.confidence >= SURE
    }
    return sorted(found)


# --- comments -----


@pytest.mark.parametrize(
    ("line", "ref"),
    [
        ("# tune download meta-llama/Llama-3.1-8B --output-dir /tmp/x", "meta-llama/Llama-3.1-8B"),
        ("#   $ ollama pull llama3.2:3b", "llama3.2:3b"),
        ("# model: Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("#MODEL_ID=Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ('#  "https://huggingface.co/Lykon/DreamShaper/resolve/main/D.ckpt"', "Lykon/DreamShaper"),
        ("x: 1  # as BAAI/bge-base-en-v1.5 has it", "BAAI/bge-base-en-v1.5"),
        ("# - openrouter:anthropic/claude-3.5-haiku", "anthropic/claude-3.5-haiku"),
    ],
)
def test_what_is_commented_out_is_a_comment(line: str, ref: str) -> None:
    assert refs("a.yaml", f"model: null\n{line}\n") == [(2, ref, "comment")]


@pytest.mark.parametrize(
    "line",
    [
        "# we run ollama pull before the model starts",
        "# see https://huggingface.co/docs/transformers",
        "# model: a path or a name",
        "# uses: actions/checkout",
        "# copied from src/model/loader",
        "# vllm serve the model",
    ],
)
def test_prose_in_comments_is_none(line: str) -> None:
    assert refs("a.yaml", f"model: null\n{line}\n") == []


def test_hosted_names_beside_a_server_of_ones_own_are_left() -> None:
    text = "base_url: http://localhost:8000/v1\n# model: gpt-4o\n"
    assert refs("a.yaml", text) == []
    assert refs("a.yaml", text.replace("localhost", "api.openai.com")) == [(2, "gpt-4o", "comment")]


def test_comments_without_end_are_bounded() -> None:
    found = Sightings(PurePosixPath("a.sh"))
    read_remarks("# model: Qwen/Qwen3-8B\n" * (MAX_LINES + 10), found.file, found)
    assert not list(found)  # one block that is too long is left as a whole
    read_remarks("# " + "a/b-7b " * 20_000 + "\n" + "#" * 100_000, found.file, found)


# --- files that scripts write -----


def test_heredocs_are_read_as_the_files_that_they_become() -> None:
    script = (
        "cat > .env <<EOF\nCHAT_MODEL=${CHAT_MODEL:-gemma3:4b}\nEOF\n"
        "sudo tee /etc/a.yaml <<EOF\nmodel: Qwen/Qwen3-8B\nEOF\n"
        "kubectl apply -f - <<EOF\nbaseUrl: http://ai.svc.cluster.local/v1\nmodel: gpt-4\nEOF\n"
        "cat > a.py <<EOF\nfrom vllm import LLM\nLLM('acme/m-7b')\nEOF\n"
    )
    assert refs("a.sh", script) == [
        (2, "gemma3:4b", "default"),
        (5, "Qwen/Qwen3-8B", "config"),
        (9, "gpt-4*", "config"),
        (13, "acme/m-7b", "use"),
    ]


# --- documents in texts -----


def test_settings_in_settings() -> None:
    text = (
        "serveConfigV2: |\n  applications:\n    - runtime_env:\n        env_vars:\n"
        '          MODEL_ID: "Qwen/Qwen3-8B"\n'
        'speculative-config: \'{"model": "acme/draft-1b", "n": 3}\'\n'
        "data:\n  serve.py: |\n    from vllm import LLM\n    LLM('acme/m-7b')\n"
    )
    assert refs("a.yaml", text) == [
        (5, "Qwen/Qwen3-8B", "config"),
        (6, "acme/draft-1b", "config"),
        (10, "acme/m-7b", "use"),
    ]


def test_variables_that_hold_arguments_and_pairs() -> None:
    text = 'ARGS="--model-id Qwen/Qwen3-4B --port 80"\nEMBEDDING_DIMENSIONS=768\n'
    assert refs("a.env", text) == [(1, "Qwen/Qwen3-4B", "use")]
    text = '{"env": [{"key": "MODEL_NAME", "value": "acme/m-7b-chat"}]}'
    assert refs("a.json", text) == [(1, "acme/m-7b-chat", "config")]


def test_names_under_which_a_server_answers() -> None:
    text = "name: gpt-4\nparameters:\n  model: luna-ai-llama2.Q4_K_M.gguf\n"
    assert refs("models/gpt-4.yaml", text) == [
        (1, "gpt-4*", "config"),
        (3, "luna-ai-llama2.Q4_K_M.gguf", "config"),
    ]
    text = 'PRELOAD_MODELS=[{"url": "github:a/b/c.yaml", "name": "gpt-3.5-turbo"}]\n'
    assert refs(".env", text) == [(1, "gpt-3.5-turbo*", "config")]
    text = "model_list:\n- litellm_params: {model: openai/own, api_base: http://own:80/v1}\n"
    assert refs("a.yaml", text) == []


# --- commands -----


def test_bodies_sizes_and_known_repositories() -> None:
    text = (
        'ask http://h:1/v1/chat/completions \'{"model": "acme/m-7b"}\'\n'
        "sizes=( tiny.en base.en small.en base )\n"
        "wget https://huggingface.co/acme/m-GGUF/resolve/main/m-$QUANT.gguf\n"
        'src="https://huggingface.co/acme/speech-large"\n'
        "MODELS='phi4:14b qwen3:8b'\n"
    )
    assert [(line, ref) for line, ref, _ in refs("a.sh", text)] == [
        (1, "acme/m-7b"),
        (3, "acme/m-GGUF"),
        (4, "acme/speech-large"),
        (5, "phi4:14b"),
        (5, "qwen3:8b"),
    ]
    text = 'models=( "tiny.en" "base.en" "small.en" "base" )\n'
    assert {ref for _, ref, _ in refs("a.sh", text)} == {"tiny.en", "base.en", "small.en", "base"}
    assert refs("a.sh", 'models=( "small" "base" )\n') == []


# --- lists, requests, images -----


def test_lists_of_links_and_of_names() -> None:
    text = "https://huggingface.co/acme/m/resolve/main/m.ckpt\n  out=x/m.ckpt\n"
    assert refs("links.txt", text) == [(1, "acme/m", "config")]
    assert refs("ollama-models.txt", "phi4:14b\n#qwen3:8b\n") == [
        (1, "phi4:14b", "config"),
        (2, "qwen3:8b", "comment"),
    ]
    assert refs("models.txt", "Our models are small.\nThey run on gpt-4 cards.\n") == []


def test_triton_and_requests() -> None:
    text = 'parameters: {\n  key: "model_name"\n  value: { string_value: "acme/m-7b" }\n}\n'
    assert refs("chat/config.pbtxt", text) == [(3, "acme/m-7b", "config")]
    text = 'POST http://localhost:80/v1\n\n{"model": "gpt-4"}\n'
    assert refs("a.http", text) == [(3, "gpt-4*", "config")]
    assert refs("a.http", text.replace("localhost:80", "api.openai.com")) == [
        (3, "gpt-4", "config")
    ]


def test_images_of_nim_name_their_models() -> None:
    text = "image: nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.3\n# image: nvcr.io/nim/x/y-1b\n"
    assert refs("a.yaml", text) == [
        (1, "meta/llama-3.1-8b-instruct", "config"),
        (2, "x/y-1b", "comment"),
    ]


# --- resources, alternatives, workflows in scripts -----


def test_resources_that_are_models() -> None:
    text = "kind: Model\nmetadata: {name: own}\nspec:\n  params:\n    name: acme/m-7b\n"
    assert refs("a.yaml", text) == [(5, "acme/m-7b", "config")]
    assert refs("a.yaml", text.replace("kind: Model", "kind: Server")) == []
    text = "supportedModelFormats:\n- name: nvidia-nim-llama-3.1-8b-instruct\n"
    assert refs("a.yaml", text) == []


def test_alternatives_of_an_environment_have_their_own_servers() -> None:
    text = (
        "# EMBEDDING_ENGINE=openai\n# EMBEDDING_MODEL=text-embedding-ada-002\n\n"
        "# EMBEDDING_BASE_PATH=http://localhost:8080/v1\n"
        "# EMBEDDING_MODEL=text-embedding-3-small\n\n"
        "# EMBEDDING_BASE_PATH=http://localhost:11434\n# EMBEDDING_MODEL=nomic-embed-text\n\n"
        "# PROXY_BASE_PATH=http://127.0.0.1:4000\n# EMBEDDING_MODEL=text-embedding-3-large\n"
    )
    assert refs(".env.example", text) == [
        (2, "text-embedding-ada-002", "comment"),
        (5, "text-embedding-3-small*", "comment"),
        (8, "nomic-embed-text", "comment"),
        (11, "text-embedding-3-large*", "comment"),
    ]


def test_keys_that_name_ollama_and_the_servers_own_image() -> None:
    text = "CHAT_BASE_URL=https://api.anthropic.com\nCHAT_OLLAMA_MODEL=llama3.2:1b\n"
    assert refs(".env", text) == [(2, "llama3.2:1b", "config")]
    assert refs("Dockerfile", "ARG OLLAMA_MODEL_BASE=ollama/ollama:0.17.1\n") == []


def test_workflows_in_scripts() -> None:
    text = (
        "read -r -d '' workflow <<'JSON' || true\n"
        '{"1": {"class_type": "CheckpointLoaderSimple",\n'
        ' "inputs": {"ckpt_name": "dreamshaper_8.safetensors"}}}\nJSON\n'
        "model=1\n"
    )
    assert refs("a.sh", text) == [(3, "dreamshaper_8.safetensors", "config")]


def test_tables_of_models_and_labels_beside_them() -> None:
    text = "clients:\n- name: ollama\n  models:\n  - name: llama3.2\n    type: embedding\n"
    assert [ref for _, ref, _ in refs("config.yaml", text)] == ["llama3.2"]
    text = '{\n "Own-7B": "acme/own-7b",\n "X": "acme/x-large"\n}\n'
    assert refs("config/model2path.json", text) == [
        (2, "acme/own-7b", "config"),
        (3, "acme/x-large", "config"),
    ]
    text = '{\n "gpt-4o": 120000,\n "o1-mini": 120000\n}\n'
    assert [ref for _, ref, _ in refs("config/model2maxlen.json", text)] == ["gpt-4o", "o1-mini"]
    text = "modelSpec:\n- name: llama3-8b\n  modelURL: acme/own-7b\n"
    assert refs("values.yaml", text) == [(3, "acme/own-7b", "config")]
    text = "whisper:\n  model_size: large-v2\nnllb:\n  model_size: acme/nllb-1b\n"
    assert [ref for _, ref, _ in refs("a.yaml", text)] == ["large-v2", "acme/nllb-1b"]


def test_paths_into_the_cache_name_their_repository() -> None:
    commit = "3ca3f58d3623a058b0c286e4cc55d69adbe14575"
    path = f"/root/.cache/huggingface/hub/models--acme--Judge-v0.1-GGUF/snapshots/{commit}/j.gguf"
    data = f"FROM {path}\n".encode()
    file = File(PurePosixPath("Modelfile"), data, size=len(data))
    detector = next(one for one in DETECTORS if one.name == "modelfile")
    (found,) = detector.detect(file)
    assert isinstance(found, ModelReference)
    assert (found.ref, found.kind, found.revision) == ("acme/Judge-v0.1-GGUF", "hub", commit)
    assert found.weight_file == "j.gguf"


def test_bicep() -> None:
    text = (
        "@description('é: the model')\n@allowed(['gpt-4o', 'gpt-4o-mini'])\n"
        "param chatModelName string = 'gpt-4o-mini'\n"
        "var embedModel = empty(other) ? 'text-embedding-3-large' : other\n"
        "resource d 'Microsoft.CognitiveServices/accounts@2024-10-01' = [for x in y: {\n"
        "  name: 'chat'\n  properties: { model: { format: 'OpenAI', name: 'o3-mini' } }\n}]\n"
        "module m 'm.bicep' = { params: { modelName: '${chatModelName}-x', name: 'gpt-own' } }\n"
    )
    assert refs("infra/main.bicep", text) == [
        (2, "gpt-4o", "option"),
        (2, "gpt-4o-mini", "option"),
        (3, "gpt-4o-mini", "default"),
        (4, "text-embedding-3-large", "config"),
        (7, "o3-mini", "config"),
    ]
    text = "using './main.bicep'\nparam modelName = readEnvironmentVariable('M', 'gpt-4o')\n"
    assert refs("main.bicepparam", text) == [(2, "gpt-4o", "default")]
    assert refs("main.bicepparam", "param modelName = 'gpt-4o'\n") == [(1, "gpt-4o", "default")]
    assert refs("a.bicep", "param x object = " + "{ a: [" * 500) == []


# --- tools of deployment -----


def test_ansible_systemd_and_charts() -> None:
    text = (
        "- vars:\n    ollama_models:\n      - llama3.2:3b\n"
        "  tasks:\n    - shell: ollama pull mistral\n"
    )
    assert [(line, ref) for line, ref, _ in refs("playbook.yml", text)] == [
        (3, "llama3.2:3b"),
        (5, "mistral"),
    ]
    text = (
        '[Service]\nEnvironment="MODEL_ID=Qwen/Qwen3-8B"\n'
        "ExecStartPre=-/usr/bin/ollama pull llama3.2:3b\n"
        "ExecStart=/usr/bin/llama-server -hf acme/m-GGUF\nUser=model\n"
    )
    assert [(line, ref) for line, ref, _ in refs("llama.service", text)] == [
        (2, "Qwen/Qwen3-8B"),
        (3, "llama3.2:3b"),
        (4, "acme/m-GGUF"),
    ]
    text = "ollama:\n  models:\n    pull:\n      - llama3.1\n    run: [mistral]\n"
    assert [(line, ref) for line, ref, _ in refs("values.yaml", text)] == [
        (4, "llama3.1"),
        (5, "mistral"),
    ]


def test_sizes_voices_pipelines_and_aliases() -> None:
    text = (
        "services:\n  a:\n    image: rhasspy/wyoming-whisper\n    command: --model tiny-int8\n"
        "  b:\n    image: own\n    environment:\n      - ASR_MODEL=base\n      - SIZE_MODEL=base\n"
    )
    assert [(line, ref) for line, ref, _ in refs("compose.yaml", text)] == [
        (4, "tiny-int8"),
        (8, "base"),
    ]
    assert refs(".env", "PIPER_VOICE=en_US-lessac-medium\nWHISPER_MODEL=small\n") == [
        (1, "en_US-lessac-medium", "config"),
        (2, "small", "config"),
    ]
    text = '[initialize]\nvectors = "en_core_web_lg"\n[a.model]\nname = "roberta-base"\n'
    assert [ref for _, ref, _ in refs("config.cfg", text)] == ["en_core_web_lg", "roberta-base"]
    text = "models:\n  own:\n    cmd: llama-server -hf acme/m-7b\n    aliases: [gpt-4o]\n"
    assert [ref for _, ref, _ in refs("config.yaml", text)] == ["acme/m-7b", "gpt-4o*"]


def test_addresses_of_bedrock() -> None:
    text = "ModelArn: !Sub arn:aws:bedrock:${R}::foundation-model/amazon.titan-embed-text-v2:0\n"
    assert [ref for _, ref, _ in refs("t.yaml", text)] == ["amazon.titan-embed-text-v2:0"]
    assert (
        refs("t.yaml", "Resource: arn:aws:bedrock:*::foundation-model/anthropic.claude-*\n") == []
    )


def test_objects_of_kubernetes_have_names_of_their_own() -> None:
    text = (
        "apiVersion: inference.example/v1\nkind: Playground\n"
        "metadata:\n  labels:\n    model.example/name: mistral-7b\n"
        "spec:\n  modelClaim:\n    modelName: qwen2-7b\n  model: acme/own-7b\n"
        "  fallbackModel: gpt-4o\n"
    )
    assert [ref for _, ref, _ in refs("a.yaml", text)] == ["acme/own-7b", "gpt-4o"]
    text = "apiVersion: kaito.sh/v1\nkind: Workspace\ninference:\n  preset:\n    name: phi-4-mini\n"
    assert refs("a.yaml", text) == [(5, "phi-4-mini", "config")]
    text = (
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  Supported: |\n    models:\n"
        "      - name: acme/own-7b\n"
    )
    assert refs("a.yaml", text) == [(6, "acme/own-7b", "config")]
    text = 'command: ["/bin/sh", "-c", "--"]\nimage: x\nargs: ["sleep 1; vllm serve acme/own-7b"]\n'
    assert refs("a.yaml", text) == [(3, "acme/own-7b", "config")]


def test_keys_that_can_only_be_models_make_a_table() -> None:
    limits = '{"limits": {"gpt-4o": "80 per minute",\n "claude-3-5-haiku-20241022": "9"}}\n'
    assert refs("limits.json", limits) == [
        (1, "gpt-4o", "option"),
        (2, "claude-3-5-haiku-20241022", "option"),
    ]
    one = '{"limits": {"gpt-4o": "80", "daily": "9", "weekly": "40"}}\n'
    assert refs("limits.json", one) == []
