"""Python: values followed through names, calls, classes and modules; places of strings."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import time
from pathlib import PurePosixPath
from textwrap import dedent

import pytest

from underlay.audit.detectors.models.python import Python
from underlay.audit.findings import SURE, File, ModelReference, Unknown
from underlay.audit.readers.syntax import python_source


def look(files: dict[str, str]) -> list[ModelReference | Unknown]:
    detector = Python()
    facts = {}
    for path, text in files.items():
        data = dedent(text).encode()
        found = detector.facts(File(PurePosixPath(path), data, size=len(data)))
        if found is not None:
            facts[path] = found
    return list(detector.link(facts))


def models(text: str, **more: str) -> dict[str, ModelReference]:
    files = {"main.py": text, **{name + ".py": held for name, held in more.items()}}
    found = [one for one in look(files) if isinstance(one, ModelReference)]
    return {one.ref: one for one in found if one.confidence >= SURE}


LOAD = "from transformers import AutoModel\n"


@pytest.mark.parametrize(
    ("code", "ref", "role"),
    [
        ('AutoModel.from_pretrained("gpt2")', "gpt2", "use"),
        ('N = "gpt2"\nAutoModel.from_pretrained(N)', "gpt2", "use"),
        ('N = "7b"\nAutoModel.from_pretrained(f"acme/big-{N}")', "acme/big-7b", "use"),
        ('AutoModel.from_pretrained("acme/" + "big")', "acme/big", "use"),
        ('AutoModel.from_pretrained("acme/{}".format("big"))', "acme/big", "use"),
        ('AutoModel.from_pretrained("acme/%s" % "big")', "acme/big", "use"),
        ('D = {"s": "gpt2", "l": "gpt2-xl"}\nAutoModel.from_pretrained(D["l"])', "gpt2-xl", "option"),
        ('D = {"s": {"id": "gpt2"}}\ndef f(k): AutoModel.from_pretrained(D[k]["id"])', "gpt2", "use"),
        ('for n in ["gpt2", "t5-small"]:\n  AutoModel.from_pretrained(n)', "t5-small", "option"),
        ('D = {"a": "gpt2"}\nfor k, n in D.items(): AutoModel.from_pretrained(n)', "gpt2", "option"),
        ('for n, _ in [("gpt2", 1)]:\n  AutoModel.from_pretrained(n)', "gpt2", "option"),
        ('def f(n="gpt2"): AutoModel.from_pretrained(n)', "gpt2", "default"),
        ('def f(n): AutoModel.from_pretrained(n)\nf("gpt2")', "gpt2", "use"),
        ('def f(n): AutoModel.from_pretrained(n)\ndef g(m): f(m)\ng(m="gpt2")', "gpt2", "use"),
        ('def f(): return "gpt2"\nAutoModel.from_pretrained(f())', "gpt2", "use"),
        ('import os\nAutoModel.from_pretrained(os.getenv("X", "gpt2"))', "gpt2", "default"),
        ('import os\nAutoModel.from_pretrained(os.environ.get("X") or "gpt2")', "gpt2", "default"),
        ('AutoModel.from_pretrained("gpt2" if big else "t5-small")', "t5-small", "use"),
        ('class C:\n  x: str = "gpt2"\n  def f(self): AutoModel.from_pretrained(self.x)', "gpt2", "default"),
        ('class C:\n  def __init__(self, n): self.n = n\n  def f(self): AutoModel.from_pretrained(self.n)'
         '\nC("gpt2")', "gpt2", "use"),
        ('from enum import Enum\nclass E(Enum):\n  A = "gpt2"\nAutoModel.from_pretrained(E.A.value)',
         "gpt2", "option"),
        ('import argparse\np = argparse.ArgumentParser()\np.add_argument("--x", default="gpt2")\n'
         'a = p.parse_args()\nAutoModel.from_pretrained(a.x)', "gpt2", "default"),
        ('import click\n@click.option("--net", default="gpt2")\ndef f(net): AutoModel.from_pretrained(net)',
         "gpt2", "default"),
        ('from typing import Literal\nModelName = Literal["gpt-4o", "o3-mini"]', "o3-mini", "option"),
        ('x = {"model": "acme/some-thing", "n": 1}', "acme/some-thing", "use"),
        ('MODEL_CHOICES = ["acme/a-7b", "acme/b-7b"]', "acme/b-7b", "option"),
        ('# model = "acme/old-7b-chat"\nx = 1', "acme/old-7b-chat", "comment"),
        ('def f():\n  """See https://huggingface.co/acme/doc-7b."""', "acme/doc-7b", "doc"),
    ],
)  # fmt: skip
def test_followed(code: str, ref: str, role: str) -> None:
    found = models(LOAD + code)
    assert ref in found, sorted(found)
    assert found[ref].role == role


def test_across_modules() -> None:
    found = look(
        {
            "pkg/__init__.py": "",
            "pkg/config.py": 'class Settings:\n    encoder = "all-MiniLM-L6-v2"\nNET = "gpt2"\n',
            "pkg/inner/load.py": LOAD
            + "from ..config import NET as N, Settings\nfrom pkg import config as c\n"
            "AutoModel.from_pretrained(N)\nAutoModel.from_pretrained(Settings().encoder)\n",
        }
    )
    places = {(f.ref, f.file, f.line) for f in found if isinstance(f, ModelReference)}
    assert places == {("gpt2", "pkg/config.py", 3), ("all-MiniLM-L6-v2", "pkg/config.py", 2)}


def test_place_of_the_string_and_not_of_the_call() -> None:
    found = models(LOAD + 'x = "é"; AutoModel.from_pretrained(\n    "gpt2",\n    revision="abc123",\n'
                          "    trust_remote_code=True)")["gpt2"]  # fmt: skip
    assert (found.line, found.column) == (3, 5)
    assert (found.revision, found.flags) == ("abc123", ("remote-code",))


def test_a_branch_pins_nothing() -> None:
    found = models(LOAD + 'AutoModel.from_pretrained("gpt2", revision="main")')["gpt2"]
    assert found.revision is None
    assert "unpinned" in found.flags


CLIENT = "import os\nfrom openai import OpenAI\nimport openai, requests\n"


@pytest.mark.parametrize(
    "code",
    [
        'OpenAI(base_url="http://localhost:8000/v1").chat.completions.create(model="gpt-4")',
        'c = OpenAI(base_url="http://vllm:8000/v1")\nc.chat.completions.create(model="gpt-4")',
        'U = os.getenv("U", "http://127.0.0.1:1/v1")\nclass A:\n  def __init__(self): self.c = OpenAI(base_url=U)\n'
        '  def f(self): return self.c.chat.completions.create(model="gpt-4")',
        'def make(): return OpenAI(base_url="http://localhost:1/v1")\nmake().chat.completions.create(model="gpt-4")',
        'openai.api_base = "http://localhost:1/v1"\nopenai.ChatCompletion.create(model="gpt-4")',
        'os.environ["OPENAI_API_BASE"] = "http://localhost:1/v1"\nopenai.ChatCompletion.create(model="gpt-4")',
        'from langchain_openai import ChatOpenAI\nChatOpenAI(model="gpt-4", openai_api_base="http://localhost:1")',
        'requests.post("http://localhost:1/v1/chat/completions", json={"model": "gpt-4"})',
        'config_list = [{"model": "gpt-4", "base_url": "http://localhost:1234/v1"}]',
        'M = "gpt-4"\nc = OpenAI(base_url="http://localhost:8000/v1")\nc.chat.completions.create(model=M)',
    ],
)  # fmt: skip
def test_alias(code: str) -> None:
    found = models(CLIENT + code)
    assert found["gpt-4"].alias


@pytest.mark.parametrize(
    ("code", "ref", "operator"),
    [
        ('OpenAI().chat.completions.create(model="gpt-4")', "gpt-4", "openai"),
        ('OpenAI(base_url="https://openrouter.ai/api/v1").chat.completions.create(model="acme/x-7b")',
         "acme/x-7b", "openrouter"),
        ('OpenAI(base_url="https://api.deepseek.com").chat.completions.create(model="deepseek-chat")',
         "deepseek-chat", "deepseek"),
        ('OpenAI(base_url="http://localhost:11434/v1").chat.completions.create(model="llama3")',
         "llama3", "ollama"),
        ('OpenAI(base_url="http://localhost:1/v1").chat.completions.create(model="acme/x-7b")',
         "acme/x-7b", "local"),
    ],
)  # fmt: skip
def test_who_operates(code: str, ref: str, operator: str) -> None:
    found = models(CLIENT + code)[ref]
    assert (found.alias, found.operator) == (False, operator)


@pytest.mark.parametrize(
    "code",
    [
        'load_dataset("HuggingFaceH4/ultrachat_200k")',
        'snapshot_download("acme/things-1b", repo_type="dataset")',
        'REPO_ID = "acme/corpus-base"\nload_dataset(REPO_ID)',
        'if "gpt-4" in name or name.startswith("claude-3"): pass',
        'CATEGORY = "conditioning/inpaint"', 'headers = {"content-type": "text/html"}',
        'x = f"model/{y}"', 'image = "nvidia/cuda:12.1-base"', 'raise ValueError("gpt-4")',
    ],
)  # fmt: skip
def test_nothing(code: str) -> None:
    assert (
        models(
            "from datasets import load_dataset\nfrom huggingface_hub import snapshot_download\n"
            + code
        )
        == {}
    )


def test_what_is_not_known_is_said() -> None:
    found = look({"a.py": LOAD + 'import os\nAutoModel.from_pretrained(os.environ["NET"])\n'
                                 'AutoModel.from_pretrained(f"acme/{size}")\n'})  # fmt: skip
    said = {(f.line, f.text, f.reason) for f in found if isinstance(f, Unknown)}
    assert said == {
        (3, "NET", "an environment variable without a default"),
        (4, "acme/{size}", "part of the name is not written in the code"),
    }


def test_names_that_depend_on_each_other_end() -> None:
    loop = (
        LOAD
        + "a = b\nb = a\ndef f(x): return g(x)\ndef g(x): return f(x)\nAutoModel.from_pretrained(f(a))\n"
    )
    assert models(loop) == {}
    many = LOAD + "x0 = 'gpt2'\n" + "".join(f"x{n} = [x{n - 1}, x{n - 1}]\n" for n in range(1, 40))
    models(many + "AutoModel.from_pretrained(x39)\n")


@pytest.mark.parametrize(
    "broken",
    ["type X = int", "def f[T](x: T): pass", 'y = f"{a["b"]} {chr(10).join(c)}"', 'print "old"',
     "%matplotlib inline", "!pip install x", "{{ template }}", "def f(:", "x = (1,"],
)  # fmt: skip
def test_what_this_python_cannot_parse_hides_nothing_else(broken: str) -> None:
    text = LOAD + f'A = AutoModel.from_pretrained("gpt2")\n\n{broken}\n\n'
    source = python_source(text.encode())
    assert source.tree is not None
    assert models(text)["gpt2"].line == 2


@pytest.mark.parametrize(
    "data",
    [b"\0" * 100, b"\xff\xfe from_pretrained('x')", b"(" * 5000 + b"gpt-4", b"from_pretrained(" * 3000,
     b"x = " + b"-" * 20000 + b"1 # gpt-4", b"a" + b".b" * 9000 + b" # gpt-4", b"if x:\n" * 500 + b"gpt-4",
     b"x = 1" + b" + 1" * 30000 + b" # gpt-4", b"elif x:\n pass\n" * 900 + b"# gpt-4"],
    ids=range(9),
)  # fmt: skip
def test_hostile_source(data: bytes) -> None:
    detector = Python()
    for finding in detector.detect(File(PurePosixPath("a.py"), data, size=len(data))):
        assert isinstance(finding, (ModelReference, Unknown))


@pytest.mark.parametrize(
    "data",
    [b"'a/" + b"1" * 2_000_000, b"'a/1" * 500_000, b"model" * 400_000, b"model" + b" " * 2_000_000,
     b"model: " * 300_000, b"# a = 'b'" * 200_000, b"# " + b"a" * 2_000_000, b"# a.b(" * 300_000 + b"'gpt-4'",
     b"x = 'gpt-4" + b"-mini" * 400_000 + b"'", b'"""' + b"https://huggingface.co/a/" * 80_000 + b'"""'],
    ids=range(10),
)  # fmt: skip
def test_searches_are_linear(data: bytes) -> None:
    start = time.process_time()
    detector = Python()
    list(detector.detect(File(PurePosixPath("a.py"), data, size=len(data))))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "data",
    [b"https://" * 25_000 + b"api.openai.com", b"/* __global__ " * 20_000 + b"gpt-4", b"[" * 50_000 + b"gpt-4",
     b"f'{" * 30_000 + b"gpt-4", b"print x\n" * 30_000 + b"# gpt-4", b"{{ a }}\n" * 30_000 + b"x = 'gpt-4'",
     b"class a:\n" * 5_000 + b"# gpt-4", b"if x:\n " * 9_000 + b"# gpt-4", b'"' * 180_001 + b"gpt-4"],
    ids=range(9),
)  # fmt: skip
def test_mending_is_bounded(data: bytes) -> None:
    start = time.process_time()
    python_source(data)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("code", "ref"),
    [
        ('def f(clip_model="ViT-B/32"): pass', "ViT-B/32"),
        ('import open_clip\nname = "ViT-H-14"', "ViT-H-14"),
        ('TEST_WHISPER_MODEL = "tiny"', "tiny"),
        ('class WhisperParams:\n  model_size: str = Field(default="small")', "small"),
        ('from rembg import new_session\nnames = ["u2netp"]', "u2netp"),
        ('import spacy\nx = "de_core_news_lg"', "de_core_news_lg"),
        ('import timm\nx = "resnet50d"', "resnet50d"),
        ('model = Choice(value="all-MiniLM-L6-v2")', "all-MiniLM-L6-v2"),
        ('D = {"Model": Setting(values=["all-mpnet-base-v2"])}', "all-mpnet-base-v2"),
        ('import tiktoken\nencoding = tiktoken.encoding_for_model("gpt-4o")', "gpt-4o"),
        ('D = {"acme/one-a": 1}\ndef f(model_name): return D[model_name]', "acme/one-a"),
        ('D = {"acme/one-a": 1}\ndef f(model_name): return D.get(model_name)', "acme/one-a"),
        ('D = {"acme/one-a": 1}\ndef f(model_name): return model_name in D', "acme/one-a"),
        ('chat_models = ["acme-chat-13b-v2"]', "acme-chat-13b-v2"),
        ('body = {"model": "acme-chat-2.1", "messages": []}', "acme-chat-2.1"),
        ('L = ["gpt-4o", "claude-3-opus-20240229", "acme-chat-2.1"]', "acme-chat-2.1"),
        ('T = """\nimport x\nmodel = "gpt-4o"\n"""', "gpt-4o"),
        ('T = """\n>>> AutoModel.from_pretrained(\n...     "acme/big-7b"\n... )\n"""', "acme/big-7b"),
        ('MODELS = [\n  "gpt-4o",\n  # "Qwen/Qwen2-7B",\n]', "Qwen/Qwen2-7B"),
        ('C = "acme/odd"\nclass A:\n  def f(self): AutoModel.from_pretrained(self.n)\nclass B(A):\n  n = C', "acme/odd"),
        ('AutoModel.from_pretrained("acme/odd")\nrun(name="acme/odd")', "acme/odd"),
        ('def f(n): torch.hub.load_state_dict_from_url(f"https://a.org/{n}.pt")\nf("fold2_t6")', "fold2_t6"),
        ('python.BaseOptions(model_asset_path=os.path.join(HERE, "hand_v2.task"))', "hand_v2.task"),
        ('raise E("accept it at https://huggingface.co/acme/gated-7b first")', "acme/gated-7b"),
    ],
)  # fmt: skip
def test_told_by_its_place(code: str, ref: str) -> None:
    assert ref in models(LOAD + code)


@pytest.mark.parametrize(
    ("code", "ref"),
    [
        ('language = "small"', "small"),
        ('backbone = "resnet50"', "resnet50"),
        ('class A:\n  name = "base"\n  def f(self): AutoModel.from_pretrained(self.name)', "base"),
        ('AutoModel.from_pretrained("my-model-name")', "my-model-name"),
        ('m.model = "gpt-4o"\nm.model = m.model + ":latest"', "gpt-4o:latest"),
        ('for m in ["llama3.1"]:\n  a.model = f"ollama/{m}"', "ollama/llama3.1"),
        ('D = [{"name": "Big-7B", "url": "https://huggingface.co/acme/big-7b"}]', "Big-7B"),
        ('torch.save(m, "mine_v2.pt")\ntorch.load("mine_v2.pt")', "mine_v2.pt"),
        ('load_state_dict_from_url("http://example.com/w_v1.pt")', "http://example.com/w_v1.pt"),
        ('regions = ["gpt-4o", "claude-3-opus-20240229", "us-east-1"]', "us-east-1"),
        ('run(name="acme/unheard")', "acme/unheard"),
        ('def f(n): load_state_dict_from_url(f"https://a.org/{n}.pt")\nf("fold2_t6")', "https://a.org/fold2_t6.pt"),
    ],
)  # fmt: skip
def test_no_name_by_itself(code: str, ref: str) -> None:
    assert ref not in models(LOAD + "import torch\n" + code)


@pytest.mark.parametrize(
    "code",
    [
        'OpenAIModel("gpt-4o", provider=OpenAIProvider(base_url="http://localhost:1234/v1"))',
        'P = OpenAIProvider(base_url="http://localhost:1/v1")\nOpenAIModel("gpt-4o", provider=P)',
        'D = {"api_base": "http://localhost:8080/v1"}\nOpenAILike(model="gpt-4o", **D)',
        'OpenAIGenerator(model="gpt-4o", api_base_url="http://localhost:8080/v1")',
        'OpenAI(model="gpt-4o", server=Info(api_base="http://localhost:8080"))',
    ],
)
def test_an_address_that_something_else_holds(code: str) -> None:
    assert models("from llama_index.llms import OpenAILike, OpenAI\n" + code)["gpt-4o"].alias


def test_an_address_elsewhere_is_no_alias() -> None:
    code = 'D = {"api_base": "https://api.openai.com/v1"}\nOpenAILike(model="gpt-4o", **D)'
    assert not models("from llama_index.llms import OpenAILike\n" + code)["gpt-4o"].alias


def test_classes_of_local_servers() -> None:
    assert models('from x import LocalAI\nLocalAI(model_name="gpt-4o")')["gpt-4o"].alias
    code = 'from llama_index.llms import OpenAILike\nOpenAILike(model="gpt-4o", **LOCALAI_DEFAULTS)'
    assert models(code)["gpt-4o"].alias


def test_functions_of_repositories_of_torch_hub() -> None:
    found = models('import torch\ntorch.hub.load("acme/kit", "modelForMaskedLM", "acme/big-7b")')
    assert "modelForMaskedLM" not in found
    assert found["acme/big-7b"].kind == "hub"


@pytest.mark.parametrize(
    "code",
    [
        'MODEL_URL = "https://files.example.net/nsfw_b32.zip"',
        'D = {"latin": {"filename": "latin.pth", "url": "https://files.example.net/nsfw_b32.zip"}}',
    ],
)
def test_an_archive_of_weights(code: str) -> None:
    assert "https://files.example.net/nsfw_b32.zip" in models(LOAD + code)


def test_a_namespace_of_no_hub_owns_no_models() -> None:
    code = """
        TOKENS = {"more/embed": [1], "block/embed": [2], "more/list": [3]}
        NAMES = ["more/inner", "more/parameters"]
    """
    found = [
        one for one in look({"main.py": LOAD + dedent(code)}) if isinstance(one, ModelReference)
    ]
    assert not [one for one in found if one.confidence >= SURE and "list" in one.ref]
    assert not [one for one in found if one.confidence >= SURE and "inner" in one.ref]


REGISTRY = """
    from collections import OrderedDict  # settings of models
    OURS = OrderedDict([
        ("bge-m3", Settings(pool="cls")),
        ("bge-small-en", Settings(pool="cls")),
        ("zephyr-embed-{n}", Settings(pool="mean")),
    ])
    KNOWN = OrderedDict()
    KNOWN.update(OURS)
"""


def test_a_mapping_of_pairs_that_is_asked_with_a_model() -> None:
    registry = REGISTRY.replace("{n}", "large")
    asking = "from registry import KNOWN\ndef load(model_name):\n  return KNOWN[model_name]"
    assert models(LOAD + asking, registry=registry)["zephyr-embed-large"].role == "option"
    assert "zephyr-embed-large" not in models(LOAD, registry=registry)


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        ('assert path, "Set MODEL, e.g. `export MODEL=huggyllama/llama-7b`"', ["huggyllama/llama-7b"]),
        ('raise ValueError("Take a model such as \'en_core_web_md\' "\n  "or call spacy.load")', ["en_core_web_md"]),
        ('p.add_argument("--n", help="for bigscience/bloom-petals, half of it")', ["bigscience/bloom-petals"]),
        ('"""Run:\n  python x.py --model_path bigscience/T0pp --fast\n"""', ["bigscience/T0pp"]),
        ('F = {"rank_pair_7b_v1": "rank_pair_7b_v1.Q4.gguf", "mini_pair_v2": "mini.onnx"}', ["rank_pair_7b_v1", "mini_pair_v2"]),
        ('U = "https://huggingface.co/acme/ranker/resolve/main/{}.zip"', ["acme/ranker"]),
        ('f(model="hf_clip:acme/fashion-clip")', ["acme/fashion-clip"]),
        ('import litellm\nlitellm.completion(model="groq/acme/big-120b")', ["groq/acme/big-120b"]),
        ('U = "http://files.example.org/f/shape_predictor_68_points.dat.bz2"', []),
        ('U = "http://dlib.net/files/shape_predictor_68_points.dat.bz2"', ["http://dlib.net/files/shape_predictor_68_points.dat.bz2"]),
        ('f(solver="musicgen/musicgen_base_32khz")', []),
        ('import torch\ntorch.hub.load("acme/kit", "acme_processing_utils")', []),
        ('m.push_to_hub("acme/bert-tuned-7b")\nAutoModel.from_pretrained("acme/bert-tuned-7b")', []),
        ('PARTS = {"model_1": "model_1.pth", "model_2": "model_2.pth"}', []),
    ],
)  # fmt: skip
def test_where_names_stand(code: str, refs: list[str]) -> None:
    found = models(LOAD + code)
    assert [ref for ref in refs if ref not in found] == []
    assert refs or not [ref for ref, one in found.items() if one.kind != "torch-hub"]


def test_the_line_of_a_message_is_the_one_with_the_name() -> None:
    found = models(LOAD + 'raise ValueError("No such model. "\n  "Take huggyllama/llama-7b.")')
    where = found["huggyllama/llama-7b"]
    assert (where.line, where.column, where.role) == (3, 9, "doc")


def test_names_of_data_sets() -> None:
    code = """
        from datasets import load_dataset
        SETS = ["acme/base-large-v1", "acme/base-small-v2"]
        if task_name in SETS or task_name == "acme/base-chat-7b":
            load_dataset("acme/base-tiny-v3")
        AutoModel.from_pretrained("acme/one")
    """
    assert set(models(LOAD + dedent(code))) == {"acme/one"}


@pytest.mark.parametrize(
    "code",
    [
        'import litellm\nlitellm.api_base = "http://localhost:8000/v1"\nlitellm.completion(model="gpt-4o")',
        'import httpx\nc = httpx.Client(base_url="http://localhost:1/v1")\nc.post("/chat/completions", json={"model": "gpt-4o", "messages": []})',
        'import requests\nrequests.request("POST", "http://localhost:1/v1/chat/completions", json={"model": "gpt-4o", "messages": []})',
        'import httpx\nasync def f():\n  async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as c:\n    await c.post("/v1", json={"model": "gpt-4o", "messages": []})',
        'from fastapi.testclient import TestClient\nc = TestClient(app)\nc.post("/v1/chat/completions", json={"model": "gpt-4o", "messages": []})',
        'import os, guidance\nos.environ["OPENAI_API_BASE"] = "http://10.0.0.3:8000/v1"\nguidance.llms.OpenAI("gpt-4o")',
        '@app.post("/v1/chat/completions")\ndef f(body=Body(examples={"a": {"model": "gpt-4o", "messages": []}})): ...',
        'from llama_cpp import Llama\nm = Llama("x.gguf")\nm.create_chat_completion_openai_v1(model="gpt-4o")',
    ],
)  # fmt: skip
def test_servers_of_ones_own(code: str) -> None:
    assert models(code)["gpt-4o"].alias


def test_another_name_of_a_function() -> None:
    kit = """
        import torch
        def load(name):
            return torch.hub.load_state_dict_from_url(f"https://dl.acme.net/models/{name}.pt")
    """
    code = 'import kit\nfrom functools import partial\nread = kit.load\nD = {"a": partial(read, "fold_t6_8M_UR50")}'
    assert "fold_t6_8M_UR50" in models(LOAD + code, kit=kit)


def test_an_enumeration_of_sizes_is_one_of_models() -> None:
    found = models(
        "import enum\nclass WhisperModelSize(str, enum.Enum):\n    TINY = 'tiny'\n"
        "    TINYEN = 'tiny.en'\n    LARGEV2 = 'large-v2'\n    CUSTOM = 'custom'\n"
    )
    assert sorted(found) == ["large-v2", "tiny", "tiny.en"]
    assert {one.role for one in found.values()} == {"option"}


def test_an_enumeration_of_keys_is_none() -> None:
    found = models(
        "import enum\nimport openai\nclass Key(enum.Enum):\n"
        "    APP_MODEL = 'app/model'\n    APP_LLM_MODEL = 'app/llm-model'\n"
        "    APP_MODEL_ID = 'app/model-id'\n    FILE_TASK = 'file/task'\n"
        "    HUGGINGFACE_MODEL_ID = 'app/huggingface-model-id'\n"
        "    def ask(self):\n        return openai.OpenAI().chat.completions.create(model='gpt-4o')\n"
    )
    assert list(found) == ["gpt-4o"]


CLIENT = 'class ChatAcme:\n  def __init__(self, model: str = "bee-2-mini"):\n    self.model = model or "bee-1"\n'


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        # what a client is asked for, whatever the service calls it
        ('llm = ChatAcme(model="bee-2-mini")', ["bee-2-mini"]),
        ('llm = AcmeReranker(model_name="rank-1")', ["rank-1"]),
        ('llm = ChatMessage(model="bee-2-mini")', []),
        ('llm = FakeChatModel(model="bee-2-mini")', []),
        ('llm = Painter(model="bee-2-mini")', []),
        ('llm = ChatAcme(model="custom-model-1")', []),
        (CLIENT, ["bee-1", "bee-2-mini"]),
        (CLIENT.replace("ChatAcme", "Painter"), []),
        ('class Acme(BaseLLM):\n  def f(self):\n    if self.model in NAMES: pass\nNAMES = ["bee-2-mini", "bee-latest"]', ["bee-2-mini", "bee-latest"]),
        ('class Acme(BaseLLM):\n  def f(self): return {"model": x if x else "bee-m"}', ["bee-m"]),
        # ... and the same name in other telling places, but nowhere else
        ('ChatAcme(model="bee-2-mini")\nMODEL_PRICES = {}\nMODEL_PRICES["bee-2-mini"] = 1', ["bee-2-mini"]),
        ('MODEL_PRICES = {}\nMODEL_PRICES["bee-2-mini"] = 1', []),
        # a text that lists names
        ('MODELS = """\ngpt-4\nbee-9-mini\ngpt-4o\n"""', ["bee-9-mini", "gpt-4", "gpt-4o"]),
        ('ACME_MODELS = "gpt-4o, gpt-4, o1-mini".split(", ")', ["gpt-4", "gpt-4o", "o1-mini"]),
        ('MODELS_HELP = """\nModels that this kit knows\n"""', []),
        ('NOTES = """\ngpt-4 is\nold\n"""', []),
        # names that are compared
        ('x = "claude-3-5-sonnet-20241022" in self.model.name', ["claude-3-5-sonnet-20241022"]),
        ('x = "claude-3-5-sonnet" in self.model.name', []),
        ('P = [("gpt-4o", 1), ("o1-mini", 2), ("bee-9", 3)]\nif self.model in [p[0] for p in P]: pass', ["bee-9", "gpt-4o", "o1-mini"]),
        # names in other letters
        ('model = part.replace("bee_3_32b", "bee-3-32b")', ["bee-3-32b"]),
        ('model = part.replace("bee_3", "bee-3-32b").replace("_", "-")', []),
        ('path = part.replace("bee_3_32b", "bee-3-32b")', []),
        ('class A:\n  def f(self, llm):\n    m = str(llm.model)\n    return f"openrouter/{m}"\nA().f(L(model="openai/gpt-5.5"))', ["openai/gpt-5.5"]),
        # sizes
        ('D = {"tiny": "a", "tiny.en": "b", "base": "c", "large-v2": "d"}', ["base", "large-v2", "tiny", "tiny.en"]),
        ('D = {"tiny": "a", "small": "b", "base": "c", "large": "d"}', []),
        ('def f():\n  """Size: tiny, tiny.en, base, base.en,\n  small, or large-v3"""', ["base", "base.en", "large-v3", "small", "tiny", "tiny.en"]),
        ('def f():\n  """Size: tiny, base, small, or large"""', []),
        # weights that are handed over first; bundles by a name that flows
        ("import torchvision.models as m\nm.vgg16(m.VGG16_Weights.DEFAULT)", ["vgg16"]),
        ("import torchvision.models as m\nm.vgg16(False)", []),
        ('import torchaudio\nN = "WAVLM_BASE"\nb = getattr(torchaudio.pipelines, N)', ["WAVLM_BASE"]),
        ('import torchaudio\nN = "WAVLM_BASE"\nb = getattr(torchaudio.things, N)', []),
        # flags in texts, in one line and with fields
        ('CMD = "run.py --num=1 --base_model=acme/big-7b"', ["acme/big-7b"]),
        ('log(f"""\nrun {x} --base_model=\'acme/big-7b\' --data=acme/set-1\n""")', ["acme/big-7b"]),
        # schemas and help
        ('T = {"model": {"type": "string", "description": "Say gpt-4o, or o1-mini."}}', ["gpt-4o", "o1-mini"]),
        ('T = {"place": {"type": "string", "description": "Say gpt-4o, or o1-mini."}}', []),
        ('x: A[str, Arg(help="as openai-community/gpt2")] = 1', ["openai-community/gpt2"]),
    ],
)  # fmt: skip
def test_names_that_no_list_holds(code: str, refs: list[str]) -> None:
    assert sorted(models("import openai  # model\nvllm = 1\n" + code)) == refs


def test_names_of_clients_are_invented_in_tests() -> None:
    code = 'import openai\nllm = ChatAcme(model="bee-2-mini")'
    found = {one.file: one for one in look({"tests/a.py": code}) if isinstance(one, ModelReference)}
    assert all(one.confidence < SURE for one in found.values())
    both = look({"tests/a.py": code, "b.py": code})
    assert {one.file for one in both if isinstance(one, ModelReference)} == {"tests/a.py", "b.py"}


def test_names_in_running_text_that_the_code_has_too() -> None:
    code = """
        # acme/one-7b is loaded, and not acme/two-7b
        AutoModel.from_pretrained("acme/one-7b")
        x = 1  # as in acme/one-7b
        def f():
            \"\"\"Reads acme/one-7b.\"\"\"
            raise ValueError(f"not 'acme/one-7b'; got {x} there")
    """
    found = [one for one in look({"a.py": LOAD + dedent(code)}) if isinstance(one, ModelReference)]
    assert {one.ref for one in found} == {"acme/one-7b"}
    assert [(one.line, one.role) for one in sorted(found, key=lambda one: one.line)] == [
        (3, "comment"), (4, "use"), (5, "comment"), (7, "doc"), (8, "doc")
    ]  # fmt: skip


def test_places_in_a_docstring_with_breaks_that_are_written_out() -> None:
    found = models('def f():\n    """Parts "\\n" and "\\n\\n".\n\n    Uses `gpt-4o` first."""\n')
    assert (found["gpt-4o"].line, found["gpt-4o"].column) == (4, 11)


@pytest.mark.parametrize(
    ("comment", "refs"),
    [
        ("x = 1  # or gpt-4o", ["gpt-4o"]),
        ("x = '  # or gpt-4o'", []),
        ("# see openrouter/acme/bee-2.5-72b-chat:free", ["openrouter/acme/bee-2.5-72b-chat:free"]),
        ("# see folder/acme/bee-2.5-72b-chat", []),
        ("# from lora_up/lora_down to lora_A/lora_B", []),
    ],
)
def test_comments(comment: str, refs: list[str]) -> None:
    assert sorted(models(f"import openai  # model\n{comment}\n")) == refs


def test_a_long_collection_of_other_things() -> None:
    names = ["Anthropic/hh-rlhf", "openai/summarize_from_feedback", *[f"a{n}/b" for n in "abcdef"]]
    assert not models(LOAD + f"useful = {names}")
    assert models(LOAD + f"useful = {['BAAI/bge-m3', 'BAAI/bge-large-en-v1.5', *names[2:3]]}")


def test_a_mapping_from_names_to_names_holds_options() -> None:
    found = models('D = {"gpt-4o": "openai/gpt-4o", "gpt-5": "azure/gpt-5"}\nimport openai')
    assert {one.role for one in found.values()} == {"option"}


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        # where families have a star, what has none is a whole name
        ('A_PATTERNS = ["gpt-4o*", "gpt-4.1", "bee-2-mini", "o3-mini", "o1"]', ["bee-2-mini", "gpt-4.1", "o1", "o3-mini"]),
        ('A_PATTERNS = ["gpt-4", "gpt-4.1", "o3-mini"]', []),
        # membership in a collection of models, and the same name elsewhere
        ('if "bee2" in AVAILABLE_MODELS:\n  model_info.update({"bee2": {"a": 1}})', ["bee2", "bee2"]),
        ('model_info.update({"bee2": {"a": 1}})', []),
        ('if "gpt-4" in model_name: pass', []),
        # members of a list that was commented out, several a line
        ('# "gpt-4o", "o1-mini",\nx = 1', ["gpt-4o", "o1-mini"]),
        ('# "gpt-4o" and others\nx = 1', ["gpt-4o"]),
        # fields of a form
        ('speech_model = "base" #@param ["base", "tiny.en", "my own"]', ["base", "tiny.en"]),
        ('size = "base" #@param ["base", "tiny.en"]', []),
        ('chat_model = "gpt-4o" #@param ["gpt-4o", "openai-community/gpt2"] {allow-input: true}', ["gpt-4o", "gpt-4o", "openai-community/gpt2"]),
        # commands in texts
        ('run("tts --model_name  tts_models/en/acme/glow " f"--out {x}")', ["tts_models/en/acme/glow"]),
        ("# proxies of Qwen/Tiktoken or vLLM/OpenRouter/OpenAI", []),
    ],
)  # fmt: skip
def test_collections_and_forms(code: str, refs: list[str]) -> None:
    found = look({"a.py": "import openai  # model\nvllm = 1\n" + code})
    told = [one for one in found if isinstance(one, ModelReference) and one.confidence >= SURE]
    assert sorted(one.ref for one in told) == refs


PRESETS = """
def create_model_set():
    return {
        "bee": {
            "hashes": {"swap": {"url": address("bee.hash")}},
            "sources": {"swap": {"url": address("bee.onnx"), "path": place("../models/bee.onnx")}},
        },
        "wasp_128": {"path": place("models/wasp_128.pth")},
    }
"""


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        # a mapping whose keys begin the names of the files behind them, and the names elsewhere
        (PRESETS, ["bee", "bee.onnx", "bee.onnx", "models/wasp_128.pth", "wasp_128"]),
        (PRESETS.replace('"bee"', '"text"'), []),  # parts of one model
        (PRESETS.replace('"path": place("models/wasp_128.pth")', '"path": "wasp_128.pth", "url": "https://acme.org/x/wasp_128.pth"'),
         ["bee", "bee.onnx", "bee.onnx", "https://acme.org/x/wasp_128.pth", "wasp_128.pth"]),
        (PRESETS + 'call("bee")\nif get("swap_model") == "bee": pass\nother = "swap"', ["bee", "bee", "bee", "bee.onnx", "bee.onnx", "models/wasp_128.pth", "wasp_128"]),
        # what is asked for again and again, where weights are loaded
        (LOAD + 'AutoModel.from_pretrained("gpt2")\ndef f(model="Bee2_v1_Base"): pass\nif model == "Bee2_v1_Base": model = "Bee2_Base"\nif model == "Bee2_Base": pass',
         ["Bee2_Base", "Bee2_Base", "Bee2_v1_Base", "Bee2_v1_Base", "gpt2"]),
        ('def f(model="Bee2_v1_Base"): pass\nif model == "Bee2_v1_Base": model = "Bee2_Base"\nif model == "Bee2_Base": pass', []),
        # whole names among what names are sifted with
        ('A_PREFIXES = ("gpt-5.4", "claude-opus-4-6", "gemini-3")', ["claude-opus-4-6", "gpt-5.4"]),
        ('A_KEYWORDS = ("gpt-5.4", "claude-opus-4-6")', []),
        ('n.startswith(("gpt-5.4", "claude-opus-4-6", "gpt-"))', ["claude-opus-4-6", "gpt-5.4"]),
        ('n.startswith("gpt-5.4")', []),
        ('x = config.get_value("swap", "face_model", "gpt-4.1")', ["gpt-4.1"]),
    ],
)  # fmt: skip
def test_names_of_a_program_of_its_own(code: str, refs: list[str]) -> None:
    found = look({"a.py": "import openai  # model\n" + code})
    told = [one for one in found if isinstance(one, ModelReference) and one.confidence >= SURE]
    assert sorted(one.ref for one in told) == sorted(refs)


def test_an_enumeration_that_derives_from_another() -> None:
    found = models('class N(str, Enum): pass\nclass M(N):\n  A = "gpt-4o"\nimport openai')
    assert found["gpt-4o"].role == "option"


@pytest.mark.parametrize(
    ("code", "refs"),
    [
        # what is shown to who runs the program
        ('print(f"Choose {x}:\\n" "1: gpt-4o\\n" "2: gpt-5-mini\\n")', ["gpt-4o", "gpt-5-mini"]),
        ('compute("gpt-4o or others")', []),
        ('N = "Bee-M2.7"\nChatAcme(model=N)\nprint("such as Bee-M2.7 or Bee-M2.8")', ["Bee-M2.7", "Bee-M2.7"]),
        ('x = 1  # or "gpt-4o"', ["gpt-4o"]),
        ('x = "a # b gpt-4o"', []),
        # paths of weights and of repositories
        ('acme_ckpt_dir = "../checkpoints/wavlm_large_finetune.pth"', ["../checkpoints/wavlm_large_finetune.pth"]),
        ('acme_out = "../results/run.pth"', []),
        ('asr_dir = "../checkpoints/Systran/faster-whisper-large-v3"', ["Systran/faster-whisper-large-v3"]),
        ('asr_dir = "../checkpoints/acme/other-thing-large"', []),
        (LOAD + 'AutoModel.from_pretrained("acme/bee-24k")\nd = "/home/me/acme/acme-audio"', ["acme/bee-24k"]),
        (LOAD + 'AutoModel.from_pretrained("acme/bee-24k")\nd = "../checkpoints/acme/bee-24k"', ["acme/bee-24k", "acme/bee-24k"]),
        ('import openai\nMODEL_ID = "/mnt/models/Qwen/Bee-4-14B"', []),
        # files of weights without their ending
        ('x = config("DEFAULT_MODEL", default="bee-llama-3-8b.Q4_K_M")', ["bee-llama-3-8b.Q4_K_M"]),
        ('def f():\n    """Body: {"model": "bee-llama-3-8b.Q4_K_M", "table": "bee.Q4_K_M"}"""', ["bee-llama-3-8b.Q4_K_M"]),
        ('table = "bee-llama-3-8b.Q4_K_M"', []),
        # a provider that is a gateway's name, and what an item is compared with
        ('Config(provider="gemini/gemini-2.0-flash")', ["gemini/gemini-2.0-flash"]),
        ('Config(provider="gemini-2.0-flash")', []),
        ('assert body["model"] == "llama3.2"', ["llama3.2"]),
        ('assert body["title"] == "llama3.2"', []),
        # FunASR's names
        ('from funasr import AutoModel\nAutoModel(model=os.path.join(d, "paraformer-zh"), spk_model="cam++")', ["cam++", "paraformer-zh"]),
        ('x = os.path.join(d, "cam++")', []),
    ],
)  # fmt: skip
def test_running_text_and_paths(code: str, refs: list[str]) -> None:
    found = look({"a.py": "import openai  # model\n" + code})
    told = [one for one in found if isinstance(one, ModelReference) and one.confidence >= SURE]
    assert sorted(one.ref for one in told) == sorted(refs)


def test_what_holds_without_a_setting_is_a_default() -> None:
    found = models('import openai\nmodel = c["model"] if "model" in c else "gpt-4o"')
    assert found["gpt-4o"].role == "default"
    found = models('import openai\nmodel = "gpt-5-mini" if big else "gpt-4o"')
    assert {one.role for one in found.values()} == {"use"}


def test_one_of_several_files_is_not_the_file() -> None:
    code = 'from huggingface_hub import hf_hub_download\nF = {"a": "bee-7b.gguf", "b": "bee-8b.gguf"}\n'
    code += 'hf_hub_download("acme/bee", KEY)'
    several = models(code.replace("KEY", "F[kind]"))
    assert several["acme/bee"].weight_file is None
    assert {"bee-7b.gguf", "bee-8b.gguf"} <= set(several)
    assert models(code.replace("KEY", 'F["a"]'))["acme/bee"].weight_file == "bee-7b.gguf"


def test_a_file_that_is_called_after_a_model() -> None:
    code = 'import openai\nfor model in ["gpt-4o"]:\n  model_file = f"{model}END"'
    assert list(models(code.replace("END", "_answers.json"))) == ["gpt-4o"]
    assert sorted(models(code.replace("END", "-mini"))) == ["gpt-4o", "gpt-4o-mini"]


def test_a_name_in_a_message_that_another_one_begins_with() -> None:
    found = look(
        {"a.py": 'import openai\nprint(f"Choose {x}:\\n"\n  "1: gpt-4o\\n"\n  "2: gpt-4\\n")'}
    )
    told = {one.ref: one.line for one in found if isinstance(one, ModelReference)}
    assert told == {"gpt-4o": 3, "gpt-4": 4}


def test_a_name_that_a_server_of_ones_own_serves() -> None:
    code = 'from smolagents import LiteLLMModel\nLiteLLMModel(model_id="openai/NAME", api_base="URL")\n'
    local = code.replace("URL", "http://localhost:8000/v1")
    assert models(local.replace("NAME", "Bee-12B"))["openai/Bee-12B"].alias
    served = models(local.replace("NAME", "gpt-oss-20b"))["openai/gpt-oss-20b"]
    assert served.kind == "hub"
    assert not served.alias


def test_collections_of_names_with_sizes() -> None:
    code = 'KNOWN_ACME_MODELS = ("acmeASR_CTC_300M", "acmeASR_CTC_1B_v2", "acmeASR_LLM_7B")\n'
    assert len(models("import transformers\n" + code)) == 3
    assert not models("import transformers\n" + code.replace("MODELS", "TABLES"))


def test_a_provider_and_a_name_that_both_vary() -> None:
    code = """import openai
class Base:
    provider = "openai"
    model = "claude-3-5-sonnet-20241022"
    def text(self):
        model = f"{self.provider}/{self.model}"
        return {"model": model}
"""
    assert set(models(code)) == {"claude-3-5-sonnet-20241022"}


@pytest.mark.parametrize(
    "code",
    [
        'Task(name="x", hf_repo="EleutherAI/wiki-gpt", hf_subset="default")',
        'ARGS = {"hf_repo": "EleutherAI/wiki-gpt", "evaluation_splits": ["train"]}',
        'def f(hf_repo="EleutherAI/wiki-gpt", few_shots_split=None): pass',
        '"""name: x\\n\\ndataset:\\nEleutherAI/wiki-gpt, EleutherAI/wiki-bert\\n"""',
    ],
)
def test_repositories_of_data(code: str) -> None:
    head = "from transformers import AutoModel\n"
    source = code.replace("\\n", "\n")
    if source.startswith('"'):
        assert not models(source + "\n" + head)
        assert models(source.replace("dataset:", "model:") + "\n" + head)
        return
    assert not models(head + source)
    for beside in ("hf_subset", "evaluation_splits", "few_shots_split"):
        source = source.replace(beside, "other")
    assert set(models(head + source.replace("hf_repo", "hf_model"))) == {"EleutherAI/wiki-gpt"}


def test_a_host_is_no_name_of_bedrock() -> None:
    assert not models('import openai\nif "openai.azure.com" in url: pass')
