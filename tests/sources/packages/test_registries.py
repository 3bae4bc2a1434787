"""Registries as packages of several years write them; names are real, the source is made up."""

from __future__ import annotations

import pytest

from underlay.errors import UnreadableError
from underlay.sources.packages.literals import mappings, parse
from underlay.sources.packages.registries import REGISTRIES

VLLM = """
_BASE = "vllm.models"
_TEXT_GENERATION_MODELS = {
    "LlamaForCausalLM": ("llama", "LlamaForCausalLM"),
    "Qwen3ForCausalLM": (_BASE + ".qwen3", "Qwen3ForCausalLM"),
}
_EMBEDDING_MODELS: dict[str, tuple[str, str]] = {"BertModel": ("bert", "BertEmbeddingModel")}
_TRANSFORMERS_SUPPORTED_MODELS = {"SmolLM3ForCausalLM": ("transformers", "X")}
_PREVIOUSLY_SUPPORTED_MODELS = {"BartForConditionalGeneration": "0.10.2"}
_OOT_SUPPORTED_MODELS = {"Florence2ForConditionalGeneration": "https://example.org/plugin"}
_VLLM_MODELS = {**_TEXT_GENERATION_MODELS, **_EMBEDDING_MODELS}
_ROCM_UNSUPPORTED_MODELS = ["JambaForCausalLM"]
_ROCM_PARTIALLY_SUPPORTED_MODELS = {"Qwen2ForCausalLM": "no sliding window"}
print(1 / 0)  # nothing here is run
"""


def of(rows: list[dict], *columns: str) -> list[tuple]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_the_registry_of_vllm(rows) -> None:
    got = rows("vllm", {"vllm/model_executor/models/registry.py": VLLM})
    assert of(got["architecture"], "architecture", "category", "status", "implementation") == [
        ("LlamaForCausalLM", "text-generation", "supported", "llama.LlamaForCausalLM"),
        ("Qwen3ForCausalLM", "text-generation", "supported", "vllm.models.qwen3.Qwen3ForCausalLM"),
        ("BertModel", "embedding", "supported", "bert.BertEmbeddingModel"),
        ("SmolLM3ForCausalLM", "transformers-supported", "via-transformers", "transformers.X"),
        ("BartForConditionalGeneration", "previously-supported", "removed", None),
        (
            "Florence2ForConditionalGeneration",
            "oot-supported",
            "out-of-tree",
            "https://example.org/plugin",
        ),
    ]
    removed = [row for row in got["architecture"] if row["status"] == "removed"]
    assert removed[0]["last_version"] == "0.10.2"
    assert {row["runtime"] for row in got["architecture"]} == {"vLLM"}
    assert of(got["model_support"], "model", "backend", "statement") == [
        ("Qwen2ForCausalLM", "rocm", "partially supported: no sliding window"),
        ("JambaForCausalLM", "rocm", "unsupported"),
    ]


def test_the_registry_of_old_vllm(rows) -> None:
    source = '_MODELS = {"LlamaForCausalLM": ("llama", "LlamaForCausalLM")}\n'
    got = rows("vllm", {"vllm/model_executor/models/__init__.py": source})
    assert of(got["architecture"], "architecture", "category", "registry") == [
        ("LlamaForCausalLM", "model", "_MODELS")
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("EntryClass = LlamaForCausalLM", ["LlamaForCausalLM"]),
        ("EntryClass = [A, b.B]", ["A", "b.B"]),
        ("class LlamaForCausalLM: ...", []),
    ],
)
def test_the_registry_of_sglang(rows, source, names) -> None:
    got = rows("sglang", {"sglang/srt/models/llama.py": source})
    assert [row["architecture"] for row in got.get("architecture", [])] == names


TRANSFORMERS = """
CONFIG_MAPPING_NAMES = OrderedDict([("llama", "LlamaConfig"), ("qwen3", "Qwen3Config")])
CONFIG_MAPPING_NAMES.update({"late": "LateConfig"})
CONFIG_MAPPING_NAMES = OrderedDict(**{"gpt-sw3": "GPT2Config"}, **CONFIG_MAPPING_NAMES)
MODEL_MAPPING_NAMES = OrderedDict([("funnel", ("FunnelModel", "FunnelBaseModel"))])
MODEL_FOR_CAUSAL_LM_MAPPING_NAMES = OrderedDict(
    [
        # a comment
        ("llama", "LlamaForCausalLM"),
        ("qwen3", "Qwen3ForCausalLM"),
    ]
)
TOKENIZER_MAPPING_NAMES = OrderedDict([("llama", "LlamaTokenizer")])
MODEL_FOR_CAUSAL_LM_MAPPING = _LazyAutoMapping(CONFIG_MAPPING_NAMES, X)
"""


def test_the_mappings_of_transformers_lead_from_types_to_classes(rows) -> None:
    got = rows("transformers", {"transformers/models/auto/modeling_auto.py": TRANSFORMERS})
    columns = ("model_type", "architecture", "id_kind", "category")
    assert sorted(of(got["architecture"], *columns)) == [
        ("funnel", "FunnelBaseModel", "hf_class", "base"),
        ("funnel", "FunnelModel", "hf_class", "base"),
        ("gpt-sw3", "GPT2Config", "hf_config_class", "configuration"),
        ("late", "LateConfig", "hf_config_class", "configuration"),
        ("llama", "LlamaConfig", "hf_config_class", "configuration"),
        ("llama", "LlamaForCausalLM", "hf_class", "causal-lm"),
        ("qwen3", "Qwen3Config", "hf_config_class", "configuration"),
        ("qwen3", "Qwen3ForCausalLM", "hf_class", "causal-lm"),
    ]


def test_the_registries_of_llama_cpp(rows) -> None:
    top = "vendor/llama.cpp/"
    got = rows(
        "llama-cpp-python",
        {
            top + "gguf-py/gguf/constants.py": "MODEL_ARCH_NAMES: dict[MODEL_ARCH, str] = {\n"
            '    MODEL_ARCH.LLAMA: "llama",\n    MODEL_ARCH.MMPROJ: "clip", # dummy\n}\n',
            top + "src/llama-arch.cpp": "static const std::map<llm_arch, const char *> "
            'LLM_ARCH_NAMES = {\n { LLM_ARCH_LLAMA, "llama" },\n { LLM_ARCH_UNKNOWN, "(unknown)" },'
            '\n};\nOTHER = { { LLM_ARCH_NO, "no" } };\n',
            top + "conversion/__init__.py": 'TEXT_MODEL_MAP: dict[str, str] = {"LlamaForCausalLM": '
            '"llama"}\nMMPROJ_MODEL_MAP: dict[str, str] = {"LlavaModel": "llava"}\n',
            top
            + "conversion/llama.py": '@ModelBase.register("LlamaForCausalLM", "MistralForCausalLM")'
            "\nclass LlamaModel(TextModel):\n    model_arch = gguf.MODEL_ARCH.LLAMA\n\n"
            '@ModelBase.register("ArceeForCausalLM")\nclass ArceeModel(LlamaModel):\n    pass\n',
        },
    )
    assert set(of(got["architecture"], "registry", "architecture", "implementation")) == {
        ("MODEL_ARCH_NAMES", "llama", "MODEL_ARCH.LLAMA"),
        ("MODEL_ARCH_NAMES", "clip", "MODEL_ARCH.MMPROJ"),
        ("LLM_ARCH_NAMES", "llama", "LLM_ARCH_LLAMA"),
        ("TEXT_MODEL_MAP", "LlamaForCausalLM", "llama"),
        ("MMPROJ_MODEL_MAP", "LlavaModel", "llava"),
        ("ModelBase.register", "LlamaForCausalLM", "MODEL_ARCH.LLAMA"),
        ("ModelBase.register", "MistralForCausalLM", "MODEL_ARCH.LLAMA"),
        ("ModelBase.register", "ArceeForCausalLM", "MODEL_ARCH.LLAMA"),
    }


def test_modules_of_mlx_that_its_loader_could_load(rows) -> None:
    model = (
        "from .base import BaseModelArgs\nclass ModelArgs(BaseModelArgs): ...\nclass Model: ...\n"
    )
    got = rows(
        "mlx-lm",
        {
            "mlx_lm/models/llama.py": model,
            "mlx_lm/models/cache.py": "class Cache: ...\n",
            "mlx_lm/utils.py": 'MODEL_REMAPPING = {"mistral": "llama"}\n',
        },
    )
    assert of(got["architecture"], "architecture", "registry", "implementation") == [
        ("llama", "models", None),
        ("mistral", "MODEL_REMAPPING", "llama"),
    ]
    got = rows(
        "mlx-vlm",
        {
            "mlx_vlm/models/qwen2_vl/__init__.py": "from .qwen2_vl import Model, ModelConfig\n",
            "mlx_vlm/models/parts/__init__.py": "from .a import Other\n",
        },
    )
    assert of(got["architecture"], "architecture", "model_type") == [("qwen2_vl", "qwen2_vl")]


def test_the_maps_of_lmdeploy(rows) -> None:
    got = rows(
        "lmdeploy",
        {
            "lmdeploy/pytorch/models/module_map.py": "PATH = 'lmdeploy.pytorch.models'\n"
            "MODULE_MAP = dict()\nASCEND_MODULE_MAP = dict()\n"
            "MODULE_MAP.update({'LlamaForCausalLM': f'{PATH}.llama.LlamaForCausalLM'})\n"
            "ASCEND_MODULE_MAP.update({'QwenForCausalLM': 'x'})\n"
            "REMOVED_MODEL_MAP = {'QWenLMHeadModel': 'Qwen'}\n",
            "lmdeploy/turbomind/supported_models.py": "SUPPORTED_ARCHS = dict(\n"
            "    # a family\n    LlamaForCausalLM='llama',\n)\n",
        },
    )
    columns = ("runtime", "architecture", "category", "status", "implementation")
    assert sorted(of(got["architecture"], *columns), key=str) == [
        (
            "LMDeploy-PyTorch",
            "LlamaForCausalLM",
            "model",
            "supported",
            "lmdeploy.pytorch.models.llama.LlamaForCausalLM",
        ),
        ("LMDeploy-PyTorch", "QWenLMHeadModel", "model", "removed", None),
        ("LMDeploy-PyTorch", "QwenForCausalLM", "ascend", "supported", "x"),
        ("LMDeploy-TurboMind", "LlamaForCausalLM", "model", "supported", "llama"),
    ]


PLUGINS = [
    (
        "vllm-ascend",
        "vllm_ascend/models/__init__.py",
        'def f():\n    ModelRegistry.register_model("KimiForCausalLM", "ascend.k:Kimi")\n',
        ("KimiForCausalLM", "hf_class", "ascend.k:Kimi"),
    ),
    (
        "tpu-inference",
        "tpu_inference/models/common/model_loader.py",
        'def f():\n    _MODEL_REGISTRY["LlamaForCausalLM"] = LlamaForCausalLM\n',
        ("LlamaForCausalLM", "hf_class", "LlamaForCausalLM"),
    ),
    (
        "optimum-intel",
        "optimum/exporters/openvino/model_configs.py",
        '@register_in_tasks_manager("qwen2", *["text-generation"], library_name="transformers")\n'
        "class Qwen2OpenVINOConfig: ...\n",
        ("qwen2", "hf_model_type", "Qwen2OpenVINOConfig"),
    ),
    (
        "optimum-neuron",
        "optimum/neuron/models/inference/auto_models.py",
        '@register_neuron_model_for_inference("llama", "text-generation")\nclass L(B): ...\n',
        ("llama", "hf_model_type", "L"),
    ),
    (
        "optimum-habana",
        "optimum/habana/transformers/modeling_utils.py",
        "def adapt():\n    transformers.models.gpt2.m.GPT2LMHeadModel = GaudiGPT2LMHeadModel"
        "\n    transformers.models.gpt2.modeling_gpt2.GPT2Block.forward = gaudi_forward\n",
        ("GPT2LMHeadModel", "hf_class", "GaudiGPT2LMHeadModel"),
    ),
]


@pytest.mark.parametrize(("package", "path", "source", "row"), PLUGINS, ids=[p[0] for p in PLUGINS])
def test_plugins_of_makers_of_hardware(rows, package, path, source, row) -> None:
    got = rows(package, {path: source})
    assert of(got["architecture"], "architecture", "id_kind", "implementation") == [row]
    assert got["architecture"][0]["runtime"] == package


def test_a_registry_that_is_no_python_is_skipped_and_the_rest_goes_on(rows) -> None:
    got = rows(
        "sglang",
        {
            "sglang/srt/models/bad.py": "def (",
            "sglang/srt/models/deep.py": "x = " + "-" * 60_000 + "1",
            "sglang/srt/models/good.py": "EntryClass = GoodForCausalLM",
            "sglang/srt/models/nul.py": "\0",
        },
    )
    assert [row["architecture"] for row in got["architecture"]] == ["GoodForCausalLM"]
    places = [place.rpartition("/")[2] for place, _ in got["skipped"]]
    assert places == ["bad.py", "deep.py", "nul.py"]
    assert all(reason.startswith("not Python") for _, reason in got["skipped"])


def test_a_table_that_is_gone_from_the_source_is_said(rows) -> None:
    got = rows("llama-cpp-python", {"vendor/llama.cpp/src/llama-arch.cpp": "int main() {}"})
    assert got["skipped"][0][1] == "it has no table `LLM_ARCH_NAMES`"


@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"[" * 100_000,
        b"a" + b".a" * 100_000,
        b"x = " + b"1 + " * 100_000 + b"1",
        b"lambda: " * 50_000 + b"1",
        b"\xff\xfe",
    ],
)
def test_source_that_exhausts_a_parser_is_refused(source) -> None:
    with pytest.raises(UnreadableError, match="not Python"):
        parse(source, "x.py")


def test_a_warning_of_the_source_is_none_of_ours() -> None:
    assert mappings(parse(b'X = {"a": "\\d"}\n', "x.py")) == {"X": [("a", "\\d")]}


def test_nothing_is_taken_from_expressions_that_are_not_literal() -> None:
    source = b'X = {f(): "a", "b": g(), **h(), "c": "d" if p else "e", "f": ("g", h())}'
    assert mappings(parse(source, "x.py")) == {"X": [("b", None), ("c", None), ("f", ("g",))]}


def test_registries_name_runtimes_and_compile() -> None:
    import re

    for registry in REGISTRIES:
        assert registry.runtime
        assert registry.packages
        re.compile(registry.members)
