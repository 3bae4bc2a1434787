"""Tables of the support matrix: which runtime says that it runs what, and on what."""

from __future__ import annotations

from underlay.sources.base import OBSERVED_ON, SNAPSHOT
from underlay.sources.sheets import DAY_PRECISION, KNOWN_PRECISION
from underlay.tables import Check, Column, Table

__all__ = [
    "ARCHITECTURE",
    "ARCHITECTURE_HISTORY",
    "ASCEND_BRANCH",
    "ASCEND_FIRST_SEEN",
    "ASCEND_MODEL",
    "ASCEND_RELEASE",
    "ATTENTION_FLAG",
    "BACKEND",
    "FLAGGEMS_CI",
    "FLAGGEMS_OPERATOR",
    "FLAGGEMS_VENDOR_OPERATOR",
    "LMDEPLOY_MODEL",
    "RUNTIME_VERSION",
    "SGLANG_ASCEND_MODEL",
    "VLLM_FEATURE",
    "VLLM_VALIDATED_MODEL",
]

_RUNTIME = Column("runtime", "string", "runtime as written", True)
_VERSION = Column("version", "string", "release, commit or words for it, as written", True)
_PATH = Column("path", "string", "place in the package or repository")
_COMMIT = Column("commit_id", "string", "commit that was read", True)
_BUILT = Column(
    "built_on",
    "date",
    "day of the newest file in the wheel; null where wheels carry a fixed day (1980-01-01,"
    " 2016-01-01) so that they can be rebuilt",
)
_STATUS = Column("status", "string", "as written", True)

ARCHITECTURE = Table(
    "raw_support_matrix__architecture",
    "One row per architecture in a registry of a runtime, in one release.",
    ("observed_on", "runtime", "architecture", "category", "path", "note"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        _RUNTIME,
        _VERSION,
        Column("architecture", "string", "name as the runtime spells it", True),
        Column("architecture_kind", "string", "hf_class, hf_model_type or gguf_arch", True),
        Column("category", "string", "registry's own group, as in `text-generation`", True),
        Column("status", "string", "supported, removed, supported-via-transformers ...", True),
        Column("repository", "string", "package or repository that was read", True),
        Column("path", "string", "file, and the registry in it after `::`", True),
        Column("artifact", "string", "release file or commit that was read", True),
        Column("source_date", "string", "its date as written; may be a month, or vague", True),
        Column(
            "note",
            "string",
            "module, model type, alias, or the last release that held it, if removed",
        ),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(KNOWN_PRECISION,),
)
ARCHITECTURE_HISTORY = Table(
    "raw_support_matrix__architecture_history",
    "One row per architecture in a registry of each release of a runtime that was read.",
    ("observed_on", "runtime", "version", "architecture", "registry"),
    (
        OBSERVED_ON,
        _RUNTIME,
        _VERSION,
        _BUILT,
        Column("architecture", "string", "class, or name in GGUF files", True),
        Column("registry", "string", "constant that holds it", True),
        Column("path", "string", "file in the wheel", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
RUNTIME_VERSION = Table(
    "raw_support_matrix__runtime_version",
    "One row per release of a runtime that was read for its history.",
    ("observed_on", "runtime", "version"),
    (
        OBSERVED_ON,
        _RUNTIME,
        _VERSION,
        _BUILT,
        Column(
            "entries_count",
            "int64",
            "entries of its registries; a class that stands in two of them counts twice",
            True,
        ),
        Column("platform_modules", "string", "platforms in the wheel, separated by spaces"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("not negative", "entries_count", lowest=0),),
)
BACKEND = Table(
    "raw_support_matrix__backend",
    "One row per backend that a runtime, framework or kernel library names.",
    ("observed_on", "runtime", "backend", "vendor", "path"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        _RUNTIME,
        Column("backend", "string", "backend as the runtime spells it", True),
        Column("vendor", "string", "vendor, or `generic`", True),
        Column("vendor_country", "string", "as written: `UK` is not an ISO code"),
        Column("device", "string", "device as written"),
        Column("status", "string", "in-tree, official-plugin, DeviceType enum ...", True),
        _VERSION,
        Column("path", "string", "place in the package or repository", True),
        Column("artifact", "string", "release file or commit that was read", True),
        Column("note", "string", "what the reader noted"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(KNOWN_PRECISION,),
)
ASCEND_MODEL = Table(
    "raw_support_matrix__ascend_model",
    "One row per model family and hardware in vllm-ascend's table of supported models.",
    ("observed_on", "model_family", "hardware", "tab", "section"),
    (
        OBSERVED_ON,
        _RUNTIME,
        Column("model_family", "string", "family as written; no class and no Hub id", True),
        Column("backend", "string", "`Huawei Ascend`", True),
        Column("hardware", "string", "product line, or several with `/`; null if none is named"),
        Column("tab", "string", "tab of the page, where there are tabs"),
        Column("status", "string", "supported, experimental, unsupported, untested", True),
        Column("section", "string", "headings above the table", True),
        Column("note", "string", "note or issue number"),
        Column("features", "string", "FEATURE=STATUS pairs, separated by semicolons"),
        Column("path", "string", "page", True),
        _COMMIT,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
ASCEND_FIRST_SEEN = Table(
    "raw_support_matrix__ascend_first_seen",
    "One row per model family and status: first day on which vllm-ascend's page said so.",
    ("observed_on", "model_family", "status"),
    (
        OBSERVED_ON,
        Column("model_family", "string", "family as written", True),
        Column("status", "string", "status; null where the cell of the page was empty"),
        Column("first_seen_on", "date", "day of the first version of the page with it", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
ASCEND_RELEASE = Table(
    "raw_support_matrix__ascend_release",
    "One row per release of vllm-ascend: what it goes with.",
    ("observed_on", "version"),
    (
        OBSERVED_ON,
        Column("version", "string", "release of vllm-ascend", True),
        Column("vllm_version", "string", "release of vLLM, or two with `/`", True),
        Column("python", "string", "versions of Python", True),
        Column("cann_version", "string", "release of CANN", True),
        Column("torch_versions", "string", "PyTorch / torch_npu, as written", True),
        Column("triton_ascend_version", "string", "Triton Ascend; null where it says N/A"),
        Column("mooncake_version", "string", "Mooncake; null where it says N/A"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
ASCEND_BRANCH = Table(
    "raw_support_matrix__ascend_branch",
    "One row per development branch of vllm-ascend and its state.",
    ("observed_on", "branch"),
    (
        OBSERVED_ON,
        Column("branch", "string", "branch", True),
        _STATUS,
        Column("note", "string", "what is promised for it"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
SGLANG_ASCEND_MODEL = Table(
    "raw_support_matrix__sglang_ascend_model",
    "One row per model and Ascend product that SGLang's page ticks; it has no other mark.",
    ("observed_on", "product", "category", "model"),
    (
        OBSERVED_ON,
        DAY_PRECISION,
        _RUNTIME,
        Column("backend", "string", "`Huawei Ascend`", True),
        Column("product", "string", "A2 or A3", True),
        Column("category", "string", "LLM, multimodal, embedding, reward or rerank", True),
        Column("model", "string", "Hub id, or words", True),
        _STATUS,
        Column("path", "string", "page", True),
        _COMMIT,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(KNOWN_PRECISION,),
)
LMDEPLOY_MODEL = Table(
    "raw_support_matrix__lmdeploy_model",
    "One row per engine, model, device and precision in LMDeploy's tables.",
    ("observed_on", "engine", "model", "size", "device", "precision"),
    (
        OBSERVED_ON,
        Column("engine", "string", "LMDeploy-TurboMind or LMDeploy-PyTorchEngine", True),
        Column("model", "string", "family as written", True),
        Column("size", "string", "sizes as written", True),
        Column("model_kind", "string", "LLM or MLLM", True),
        Column("backend", "string", "NVIDIA CUDA, Huawei Ascend, MetaX or Cambricon", True),
        Column("device", "string", "product as written", True),
        Column("precision", "string", "weights and KV cache, as written", True),
        Column("status", "string", "supported, supported-partial, unsupported, unverified", True),
        Column("section", "string", "heading above the table", True),
        Column("path", "string", "page", True),
        _COMMIT,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
VLLM_FEATURE = Table(
    "raw_support_matrix__vllm_feature",
    "One row per feature or quantisation and hardware in vLLM's tables; none for Blackwell.",
    ("observed_on", "version", "kind", "item", "hardware"),
    (
        OBSERVED_ON,
        _RUNTIME,
        _VERSION,
        Column("kind", "string", "feature, or implementation (of a quantisation)", True),
        Column("item", "string", "feature or quantisation", True),
        Column("hardware", "string", "Volta ... Hopper, AMD, Intel GPU, CPU ...", True),
        Column("support", "string", "yes, no, yes* (with a footnote) or unknown", True),
        Column("path", "string", "page", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
VLLM_VALIDATED_MODEL = Table(
    "raw_support_matrix__vllm_validated_model",
    "One row per model that vLLM's documents call validated on a backend.",
    ("observed_on", "version", "backend", "section", "model"),
    (
        OBSERVED_ON,
        _RUNTIME,
        _VERSION,
        Column("backend", "string", "xpu or cpu", True),
        Column("section", "string", "heading above the table", True),
        Column("model", "string", "Hub id", True),
        Column("architecture", "string", "class as the page writes it", True),
        _STATUS,
        Column("precision", "string", "precisions as written"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
ATTENTION_FLAG = Table(
    "raw_support_matrix__attention_flag",
    "One row per base class in Transformers: attention kernels that it declares.",
    ("observed_on", "version", "pretrained_class"),
    (
        OBSERVED_ON,
        _VERSION,
        Column("model_dir", "string", "folder of the model, mostly its model type", True),
        Column("pretrained_class", "string", "base class", True),
        Column("has_flash_attention", "bool", "FlashAttention; null if it says nothing"),
        Column("has_sdpa", "bool", "PyTorch's scaled dot product; null if it says nothing"),
        Column("has_flex_attention", "bool", "FlexAttention; null if it says nothing"),
        Column("has_attention_backend", "bool", "any other kernel; null if it says nothing"),
        _PATH,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
FLAGGEMS_OPERATOR = Table(
    "raw_support_matrix__flaggems_operator",
    "One row per operator that FlagGems implements in Triton.",
    ("observed_on", "operator"),
    (
        OBSERVED_ON,
        Column("operator", "string", "operator", True),
        Column("labels", "string", "labels, separated by semicolons"),
        Column("kind", "string", "Math, NeuralNetwork, Tensor ..."),
        Column("stages", "string", "STAGE:RELEASE pairs, separated by semicolons"),
        _COMMIT,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
FLAGGEMS_VENDOR_OPERATOR = Table(
    "raw_support_matrix__flaggems_vendor_operator",
    "One row per operator for which a vendor has files of its own in FlagGems.",
    ("observed_on", "vendor_backend", "operator"),
    (
        OBSERVED_ON,
        Column("vendor_backend", "string", "vendor's folder", True),
        Column("operator", "string", "operator, by the name of the file", True),
        Column("files_count", "int64", "files", True),
        Column("path", "string", "folder", True),
        _COMMIT,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("at least one", "files_count", lowest=1),),
)
FLAGGEMS_CI = Table(
    "raw_support_matrix__flaggems_ci",
    "One row per backend on which FlagGems runs its tests, or could.",
    ("observed_on", "backend"),
    (
        OBSERVED_ON,
        Column("backend", "string", "vendor and toolchain release", True),
        Column("runner_label", "string", "label of the machine", True),
        Column("label", "string", "label of the vendor", True),
        Column("gpu_check", "string", "script that looks for a free device"),
        Column("is_enabled", "bool", "whether tests run", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)
