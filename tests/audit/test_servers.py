"""Hosted names over several files: which go to a server of one's own, and which do not."""

# ruff: noqa: E501 - a line of a file a line

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from underlay.audit import audit
from underlay.audit.detectors.models.addresses import Addresses, home
from underlay.audit.findings import OUTSIDE, File
from underlay.audit.servers import Servers

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "http://localhost:8000/v1"
PLAIN = "from openai import OpenAI\nprint(OpenAI().responses.create(model='gpt-4o'))\n"
GIVEN = "import os\nfrom openai import OpenAI\nc = OpenAI(base_url=os.environ['LLM_BASE_URL'])\nc.chat.completions.create(model='gpt-4o')\n"
SCRIPT = "import OpenAI from 'openai';\nconst c = new OpenAI({ baseURL: process.env.LLM_BASE_URL });\nc.chat.completions.create({ model: 'gpt-4o' });\n"
ANSWERING = "from fastapi import FastAPI\napp = FastAPI()\n@app.post('/v1/audio/speech')\ndef speak(body):\n    body['model'] = 'tts-1'\n"
SERVED = "vllm serve Qwen/Qwen2.5-7B --served-model-name gpt-4o\n"

ALIASES: dict[str, tuple[dict[str, str], str]] = {
    "the kit reads it": ({".env": f"OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN}, "a.py"),
    "in an example": ({".env.example": f"OPENAI_BASE_URL={LOCAL}\n", "src/a.py": PLAIN}, "src/a.py"),
    "code reads it": ({".env": f"LLM_BASE_URL={LOCAL}\n", "a.py": GIVEN}, "a.py"),
    "with an empty default": (
        {".env": f"LLM_BASE_URL={LOCAL}\n", "a.py": GIVEN.replace("os.environ['LLM_BASE_URL']", "os.getenv('LLM_BASE_URL', '')")},
        "a.py",
    ),
    "the server itself": ({"api.py": ANSWERING}, "api.py"),
    "a script reads it": ({".env": f"LLM_BASE_URL={LOCAL}\n", "web/a.ts": SCRIPT}, "web/a.ts"),
    "a script's kit reads it": (
        {".env": f"OPENAI_BASE_URL={LOCAL}\n", "a.ts": "import OpenAI from 'openai';\nconst c = new OpenAI();\nc.chat.completions.create({ model: 'gpt-4o' });\n"},
        "a.ts",
    ),
    "Compose builds it": (
        {"docker-compose.yml": f"services:\n  app:\n    build: ./app\n    environment:\n      LLM_BASE_URL: {LOCAL}\n", "app/a.py": GIVEN},
        "app/a.py",
    ),
    "Compose from a folder of its own": (
        {"deploy/compose.yaml": f"services:\n  app:\n    build:\n      context: ../app\n    environment:\n      - LLM_BASE_URL=${{LLM_BASE_URL:-{LOCAL}}}\n", "app/a.py": GIVEN},
        "app/a.py",
    ),
    "a shared block of Compose": (
        {"compose.yml": f"x-env: &env\n  OPENAI_BASE_URL: {LOCAL}\nservices:\n  app:\n    build: .\n    environment:\n      <<: *env\n      MODEL: gpt-4o\n"},
        "compose.yml",
    ),
    "Kubernetes": (
        {"k8s/app.yaml": f"kind: Deployment\nspec:\n  containers:\n    - name: app\n      image: me/app\n      env:\n        - name: LLM_BASE_URL\n          value: {LOCAL}\n", "a.py": GIVEN},
        "a.py",
    ),
    "an image": ({"Dockerfile": f"FROM python\nENV OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN}, "a.py"),
    "whoever runs it": ({"run.sh": f"OPENAI_BASE_URL={LOCAL} python jobs/a.py\n", "jobs/a.py": PLAIN}, "jobs/a.py"),
    "an export before it runs": ({"jobs/run.sh": f"export OPENAI_BASE_URL={LOCAL}\npython a.py\n", "jobs/a.py": PLAIN}, "jobs/a.py"),
    "fields of settings": (
        {
            ".env": f"APP_LLM_URL={LOCAL}\n",
            "conf.py": "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    class Config:\n        env_prefix = 'APP_'\n    llm_url: str | None = None\nsettings = S()\n",
            "a.py": "from openai import OpenAI\nfrom conf import settings\nc = OpenAI(base_url=settings.llm_url)\nc.chat.completions.create(model='gpt-4o')\n",
        },
        "a.py",
    ),
    "a constant of a module without models": (
        {"urls.py": f"LLM = '{LOCAL}'\n", "a.py": "from openai import OpenAI\nfrom urls import LLM\nc = OpenAI(base_url=LLM)\nc.chat.completions.create(model='gpt-4o')\n"},
        "a.py",
    ),
    "an environment that another module writes": (
        {"conf.py": f"import os\nos.environ['OPENAI_API_BASE'] = '{LOCAL}'\nMODEL = 'x'\n", "a.py": "import conf\nfrom langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model='gpt-4o')\n"},
        "a.py",
    ),
    "a name that a server of the tree answers to": ({"serve.sh": SERVED, "a.py": GIVEN}, "a.py"),
    "the same in a script": ({"serve.sh": SERVED, "a.ts": SCRIPT}, "a.ts"),
    "LocalAI": (
        {"models/gpt-4o.yaml": "name: gpt-4o\nbackend: llama-cpp\nparameters:\n  model: chat.gguf\n"},
        "models/gpt-4o.yaml",
    ),
    "settings send it, code has it as a default": (
        {
            "config.yaml": f"llm:\n  base_url: {LOCAL}\n  model: gpt-4o\n",
            "a.py": "import yaml\nfrom openai import OpenAI\ncfg = yaml.safe_load(open('config.yaml'))\nc = OpenAI(base_url=cfg['llm']['base_url'])\nc.chat.completions.create(model=cfg['llm'].get('model', 'gpt-4o'))\n",
        },
        "a.py",
    ),
    "constants of a script for another": (
        {
            "lib/config.ts": f"export const API = '{LOCAL}';\nexport const MODEL = 'gpt-4o';\n",
            "lib/ai.ts": "import OpenAI from 'openai';\nimport { API, MODEL } from './config';\nconst c = new OpenAI({ baseURL: API });\nc.chat.completions.create({ model: MODEL });\n",
        },
        "lib/config.ts",
    ),
    "a file of variables that Compose names": (
        {"compose.yml": "services:\n  api:\n    build: ./api\n    env_file: [conf/api.env]\n", "conf/api.env": f"OPENAI_BASE_URL={LOCAL}\n", "api/a.py": PLAIN},
        "api/a.py",
    ),
    "a recipe runs it": ({"Makefile": f"run:\n\t@OPENAI_BASE_URL={LOCAL} python a.py\n", "a.py": PLAIN}, "a.py"),
    "a container of development": (
        {".devcontainer/devcontainer.json": f'{{"containerEnv": {{"OPENAI_BASE_URL": "{LOCAL}"}}}}', "a.py": PLAIN},
        "a.py",
    ),
    "a package's script runs it": (
        {
            "package.json": f'{{"scripts": {{"dev": "OPENAI_BASE_URL={LOCAL} node a.mjs"}}}}',
            "a.mjs": "import OpenAI from 'openai';\nconst c = new OpenAI();\nc.chat.completions.create({ model: 'gpt-4o' });\n",
        },
        "a.mjs",
    ),
    "a remark in a file that asks nobody else": (
        {"a.py": f"from openai import OpenAI\n# model=\"gpt-4o\" would do\nOpenAI(base_url='{LOCAL}').responses.create(model='gpt-4')\n"},
        "a.py",
    ),
    "a page runs it": (
        {"README.md": f"# A\n\n```bash\n$ export OPENAI_BASE_URL={LOCAL}\n$ python a.py\n```\n", "a.py": PLAIN},
        "a.py",
    ),
    "a page beside it": (
        {"README.md": "# A\n\nThe server calls its model `gpt-4o`.\n", ".env": f"OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN},
        "README.md",
    ),
    "the kit of Anthropic": (
        {".env": "ANTHROPIC_BASE_URL=http://proxy:4000\n", "a.py": "from anthropic import Anthropic\nAnthropic().messages.create(model='claude-3-5-haiku-20241022', max_tokens=9, messages=[])\n"},
        "a.py",
    ),
}  # fmt: skip
HOSTED: dict[str, tuple[dict[str, str], str]] = {
    "a proxy that asks the service": ({"api.py": ANSWERING, "b.py": PLAIN}, "api.py"),
    "commented out": ({".env.example": f"# OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN}, "a.py"),
    "one of several environments": ({".env.ollama": f"OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN}, "a.py"),
    "another folder's": ({"local/.env": f"OPENAI_BASE_URL={LOCAL}\n", "cloud/a.py": PLAIN}, "cloud/a.py"),
    "the nearest says OpenAI": (
        {".env": f"OPENAI_BASE_URL={LOCAL}\n", "x/.env": "OPENAI_BASE_URL=https://api.openai.com/v1\n", "x/a.py": PLAIN},
        "x/a.py",
    ),
    "files contradict each other": (
        {".env": f"OPENAI_BASE_URL={LOCAL}\n", "Dockerfile": "FROM x\nENV OPENAI_BASE_URL=https://api.openai.com/v1\n", "a.py": PLAIN},
        "a.py",
    ),
    "the code's default is OpenAI": (
        {".env": f"LLM_BASE_URL={LOCAL}\n", "a.py": GIVEN.replace("os.environ['LLM_BASE_URL']", "os.getenv('LLM_BASE_URL', 'https://api.openai.com/v1')")},
        "a.py",
    ),
    "the code names OpenAI": (
        {".env": f"OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN.replace("OpenAI()", "OpenAI(base_url='https://api.openai.com/v1')")},
        "a.py",
    ),
    "an image of somebody else": (
        {"compose.yml": f"services:\n  ui:\n    image: ghcr.io/open-webui/open-webui\n    environment:\n      OPENAI_BASE_URL: {LOCAL}\n", "a.py": PLAIN},
        "a.py",
    ),
    "another service's variable": (
        {".env": "OLLAMA_URL=http://localhost:11434\n", "a.ts": "import OpenAI from 'openai';\nconst o = process.env.OLLAMA_URL;\nconst c = new OpenAI();\nc.chat.completions.create({ model: 'gpt-4o' });\n"},
        "a.ts",
    ),
    "a service with its own kit": (
        {".env": f"OPENAI_API_BASE={LOCAL}\n", "a.py": "from langchain_cohere import CohereRerank\nr = CohereRerank(model='rerank-english-v3.0')\n"},
        "a.py",
    ),
    "a gateway's other services": (
        {".env": f"OPENAI_API_BASE={LOCAL}\n", "a.py": "import litellm\nlitellm.completion(model='claude-3-7-sonnet-20250219', messages=[])\n"},
        "a.py",
    ),
    "served here, but asked of OpenAI": ({"serve.sh": SERVED, "a.py": PLAIN}, "a.py"),
    "served here, asked by a test": ({"serve.sh": SERVED, "tests/test_a.py": PLAIN}, "tests/test_a.py"),
    "an address that nobody sets": ({"a.py": GIVEN}, "a.py"),
    "somebody's gateway": ({".env": "LLM_BASE_URL=https://llm.example.com/v1\n", "a.py": GIVEN}, "a.py"),
    "settings send it, code asks OpenAI": (
        {"config.yaml": f"llm:\n  base_url: {LOCAL}\n  model: gpt-4o\n", "a.py": PLAIN},
        "a.py",
    ),
    "a frontend whose own server is near": (
        {
            "lib/config.ts": "export const API = 'http://localhost:8000/api';\nexport const MODEL = 'gpt-4o';\n",
            "lib/ai.ts": "import OpenAI from 'openai';\nconst c = new OpenAI({ baseURL: process.env.X_URL });\nc.chat.completions.create({ model: 'gpt-4.1' });\n",
        },
        "lib/config.ts",
    ),
    "a file of variables that nobody names": (
        {"compose.yml": "services:\n  api:\n    build: ./api\n", "conf/api.env": f"OPENAI_BASE_URL={LOCAL}\n", "api/a.py": PLAIN},
        "api/a.py",
    ),
    "a page that runs it in two ways": (
        {"README.md": f"```bash\nexport OPENAI_BASE_URL={LOCAL}\npython a.py\n```\n\n```bash\npython a.py\n```\n", "a.py": PLAIN},
        "a.py",
    ),
    "a page beside code that asks OpenAI": (
        {"README.md": "# A\n\nIt asks `gpt-4o`.\n", "x/.env": f"OPENAI_BASE_URL={LOCAL}\n", "x/b.py": PLAIN, "a.py": PLAIN},
        "README.md",
    ),
    "a catalogue of the frontend": (
        {".env": f"LLM_BASE_URL={LOCAL}\n", "models.ts": "export const MODELS = [{ id: 'gpt-4o' }, { id: 'gpt-4.1' }];\n"},
        "models.ts",
    ),
}  # fmt: skip


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("name", ALIASES)
def test_an_alias(name: str, tmp_path: Path) -> None:
    files, where = ALIASES[name]
    found = [m for m in audit(written(tmp_path, files), processes=1).models if m.file == where]
    assert {m.alias for m in found} == {True}, found
    assert not any(OUTSIDE in m.flags for m in found)


@pytest.mark.parametrize("name", HOSTED)
def test_a_dependency(name: str, tmp_path: Path) -> None:
    files, where = HOSTED[name]
    found = [m for m in audit(written(tmp_path, files), processes=1).models if m.file == where]
    assert found
    assert not any(m.alias for m in found), found
    assert not any(OUTSIDE in m.flags for m in found)


def test_what_answers_is_told(tmp_path: Path) -> None:
    done = audit(written(tmp_path, {"serve.sh": SERVED, "a.py": GIVEN}), processes=1)
    told = {m.file: m.evidence for m in done.models if m.alias}
    assert told["a.py"].endswith("answered by Qwen/Qwen2.5-7B")
    assert told["serve.sh"].endswith("answered by Qwen/Qwen2.5-7B")


def test_a_client_that_goes_to_ones_own_server_is_no_service(tmp_path: Path) -> None:
    files = {".env": f"OPENAI_BASE_URL={LOCAL}\n", "a.py": PLAIN, "b/.env": "X=1\n"}
    found = audit(written(tmp_path, files), processes=1).infrastructure
    (client,) = [i for i in found if i.file == "a.py"]
    assert (client.component, client.tie, client.need) == ("api:openai", "portable", "interface")


def test_the_nearest_scope_counts() -> None:
    facts = {
        ".env": {"set": [["A_URL", LOCAL, ""]]},
        "x/.env": {"set": [["A_URL", "https://a.example.com", "x"]]},
    }
    servers = Servers(facts)
    assert servers.address("A_URL", "y/a.py") == LOCAL
    assert servers.address("A_URL", "x/a.py") is None
    assert servers.address("A_URL", "xy/a.py") == LOCAL
    assert servers.address("B_URL", "a.py") is None


def test_many_files_that_set_addresses_cost_little() -> None:
    facts = {
        f"f{n}/.env": {
            "set": [
                [f"A{n}_URL", LOCAL, f"f{n}"],
                ["B_URL", LOCAL, ""] if n == 0 else [f"A{n}_URL", LOCAL, f"f{n}"],
            ]
        }
        for n in range(20_000)
    }
    servers = Servers(facts)
    began = time.process_time()
    for n in range(20_000):
        assert servers.names(f"f{n}/deep/a.py") == [f"A{n}_URL", "B_URL"]
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["compose.yml", "README.md", "run.sh", "Dockerfile", ".env"])
def test_a_hostile_file_costs_little(name: str) -> None:
    services = "".join(
        f"  s{n}:\n    <<: *env\n    environment: [A_URL=http://x]\n" for n in range(6_000)
    )
    texts = {
        "compose.yml": f"x-env: &env\n  A_URL: http://x\nservices:\n{services}",
        "README.md": "```bash\nexport A_URL=http://localhost\n"
        + "cd a\npython b.py\n" * 12_000
        + "```\n",
        "run.sh": "export A_URL=http://localhost\n" + "cd a\npython b.py\n" * 12_000,
        "Dockerfile": "ENV A_URL=http://localhost\n" * 10_000,
        ".env": "A_URL=http://localhost\n" * 20_000,
    }
    data = texts[name].encode()
    began = time.process_time()
    Addresses().facts(File(PurePosixPath(name), data, size=len(data)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("", ""), ("deploy/k8s", ""), ("app/deploy", "app"), ("app", "app"), ("a/docker/b", "a")],
)
def test_deployments_lie_beside_what_they_deploy(folder: str, expected: str) -> None:
    assert home(folder) == expected
