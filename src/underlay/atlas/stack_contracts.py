"""Core tables of the stack: what models need, what provides it, and the evidence for each edge.

The unit of evidence is the triple (architecture, runtime, backend). Pairs are kept as pairs; a
triple is derived from two pairs in `underlay.stack`, as a grade of its own.
"""

from __future__ import annotations

from underlay.tables import Check, Column, Table

__all__ = [
    "ARCHITECTURE",
    "COUPLING",
    "DEAL",
    "DEAL_GRADES",
    "DEAL_KINDS",
    "DEAL_STATUSES",
    "EVIDENCE",
    "LAYERS",
    "REQUIREMENT",
    "REQUIRES",
    "ROUTED",
    "SCOPES",
    "STACK_BUILD",
    "STACK_COMPONENT",
    "STACK_CORE",
    "STATEMENTS",
    "STATUSES",
    "SUPPORT",
    "WAYS",
]

# from the bottom of evidence to its top: who ran it, who tests it, whose release holds it, ...
EVIDENCE = ("measured", "ci", "packaged", "documented", "reported", "conjecture")
# a documented no is not the same as "not tested", and neither is a missing row
STATUSES = ("yes", "experimental", "no", "not-tested", "removed")
STATEMENTS = ("vendor", "project", "third-party")
LAYERS = (
    "runtime",
    "build",
    "package",
    "api",
    "toolchain",
    "accelerator",
    "designer",
    "foundry",
    "memory",
    "lithography",
    "service",
)
WAYS = ("declares", "bundles", "refers", "measured")
SCOPES = ("silicon", "toolchain", "code", "services", "fabrication", "equipment")
DEAL_KINDS = ("funds", "supplies", "leases", "owns")
DEAL_STATUSES = ("announced", "partly closed", "closed", "cancelled")
# read at one of the two firms, in the press, or in a page that tells what another one said
DEAL_GRADES = ("primary", "press", "retold")

_EVIDENCE = Column("evidence", "string", "grade: measured, ci, packaged, documented ...", True)
_STATED_BY = Column("stated_by", "string", "vendor (of itself), project or third-party", True)
_SOURCE = Column("source", "string", "source of the row", True)
_VERSION = Column("version", "string", "release that says so, where there is one")
_PATH = Column("path", "string", "place in the package, document or table")
_FIRST = Column("first_seen_on", "date", "oldest day on which a source says so; a bound")
_LAST = Column("last_seen_on", "date", "newest day on which a source says so")
_SHA = Column("snapshot_sha256", "string", "snapshot that the row comes from")

ARCHITECTURE = Table(
    "core__architecture",
    "One row per architecture class of models, under the name that Transformers gives it.",
    ("architecture_id",),
    (
        Column("architecture_id", "string", "class, as in `Qwen3ForCausalLM`", True),
        Column("model_type", "string", "model type that configurations name, or null"),
        Column("gguf_architecture", "string", "name in GGUF files, or null"),
        Column("head", "string", "causal-lm, multimodal, encoder, speech, vision ...", True),
        Column("reason", "string", "why its names are one class"),
    ),
)
REQUIREMENT = Table(
    "core__requirement",
    "One row per model: what it needs from a runtime.",
    ("model_id",),
    (
        Column("model_id", "int32", "the model, dense from 0", True),
        Column("architecture_id", "string", "class, or `unknown`", True),
        Column("method", "string", "published, model-type, tag, base, name or none", True),
        Column("reason", "string", "why this class, or why none is known", True),
        Column("weight_format", "string", "safetensors, gguf, onnx, mlx ..., or `unknown`", True),
        Column("quantisation", "string", "none, fp8, awq, gptq, gguf-q4 ..., or `unknown`", True),
        Column(
            "is_convertible",
            "bool",
            "whether open weights of it or its base exist at the precision of their release; null "
            "if unknown",
        ),
    ),
)
STACK_COMPONENT = Table(
    "core__stack_component",
    "One row per component of the stack below models.",
    ("component_id",),
    (
        Column("component_id", "string", "`layer:name`, as in `toolchain:cuda`", True),
        Column("layer", "string", "layer", True),
        Column("name", "string", "name for sentences", True),
        Column("organisation_id", "string", "who controls it, or `unknown`", True),
        Column("country", "string", "its country, ISO 3166-1 alpha-2, or `unknown`", True),
        Column("scope", "string", "what a removal of its owner takes with it", True),
        Column("is_open", "bool", "whether its licence lets others go on with it; null if unknown"),
        Column("licence", "string", "SPDX expression, or null"),
        Column("since_on", "date", "first day of the present owner, where recorded"),
        Column("memory_bytes", "float64", "accelerators: largest memory of one card of the line"),
        Column("reason", "string", "what the entry rests on", True),
        _SOURCE,
    ),
    checks=(Check("layers", "layer", one_of=LAYERS), Check("scopes", "scope", one_of=SCOPES)),
)
REQUIRES = Table(
    "core__requires",
    "One row per provider of a slot: a component needs all its slots, and any provider of each.",
    ("component_id", "slot", "provider_id", "use"),
    (
        Column("component_id", "string", "who needs", True),
        Column("slot", "string", "what it needs, as in `toolchain` or `memory`", True),
        Column("provider_id", "string", "a component that provides it, or `unknown`", True),
        Column("use", "string", "inference, training or both", True),
        _EVIDENCE,
        _STATED_BY,
        _SOURCE,
        _VERSION,
        _PATH,
        _FIRST,
        _LAST,
    ),
    checks=(
        Check("grades", "evidence", one_of=EVIDENCE),
        Check("who says so", "stated_by", one_of=STATEMENTS),
    ),
)
STACK_BUILD = Table(
    "core__stack_build",
    "One row per build of a runtime for a backend: a wheel, a plug-in, a fork, an image.",
    ("build_id",),
    (
        Column("build_id", "string", "component `build:runtime/backend`", True),
        Column("runtime_id", "string", "component `runtime:...`", True),
        Column("backend_id", "string", "component `toolchain:...`", True),
        Column("route_class", "string", "serving, runs or cpu", True),
        Column("use", "string", "inference, training or both", True),
        Column("delivery", "string", "in-tree, plugin, fork, enum-only, planned ...", True),
        Column("status", "string", "yes, experimental, no, not-tested or removed", True),
        Column("tracks_version", "string", "release of the runtime that it goes with"),
        Column(
            "has_own_registry",
            "bool",
            "true where it swaps model code, so that the runtime's own list does not hold",
            True,
        ),
        Column("is_registry_closed", "bool", "whether a missing class is refused", True),
        _EVIDENCE,
        _STATED_BY,
        _SOURCE,
        _VERSION,
        _PATH,
        _FIRST,
        _LAST,
    ),
    checks=(
        Check("states", "status", one_of=STATUSES),
        Check("grades", "evidence", one_of=EVIDENCE),
        Check("who says so", "stated_by", one_of=STATEMENTS),
    ),
)
SUPPORT = Table(
    "core__support",
    "One row per statement that a runtime runs, or does not run, an architecture or a format.",
    (
        "runtime_id",
        "backend_id",
        "architecture_id",
        "weight_format",
        "accelerator_id",
        "use",
        "source",
        "version",
        "path",
        "status",
    ),
    (
        Column("runtime_id", "string", "component `runtime:...`", True),
        Column("backend_id", "string", "component `toolchain:...`, or `any` for a pair", True),
        Column("architecture_id", "string", "class, or `any` for a statement on a format", True),
        Column(
            "weight_format",
            "string",
            "container (safetensors, gguf, onnx ...) or number format (fp8, awq ...), or `any`",
            True,
        ),
        Column("accelerator_id", "string", "component `accelerator:...`, or `any`", True),
        Column("use", "string", "inference, training or both", True),
        Column("status", "string", "yes, experimental, no, not-tested or removed", True),
        Column("is_fallback", "bool", "true for a general path instead of code of its own", True),
        _EVIDENCE,
        _STATED_BY,
        _SOURCE,
        Column("version", "string", "release that says so, or `unknown`", True),
        Column("path", "string", "place in the package, document or table", True),
        _FIRST,
        _LAST,
        _SHA,
    ),
    checks=(
        Check("states", "status", one_of=STATUSES),
        Check("grades", "evidence", one_of=EVIDENCE),
        Check("who says so", "stated_by", one_of=STATEMENTS),
    ),
)
COUPLING = Table(
    "core__coupling",
    "One row per package, way of telling and toolchain or interface: how closely it is tied. Ways "
    "are never added up.",
    ("package", "version", "way", "provider_id", "unit"),
    (
        Column("package", "string", "package on the index, or runtime", True),
        Column("version", "string", "its release, or `unknown`", True),
        Column(
            "way",
            "string",
            "declares (requirements), bundles (native libraries), refers (names in its code) or "
            "measured (operators that a machine ran)",
            True,
        ),
        Column(
            "provider_id",
            "string",
            "component `toolchain:...` or `api:...`, `none` or `unknown`",
            True,
        ),
        Column("count", "float64", "how many", True),
        Column("total", "float64", "of how many, where that makes sense"),
        Column("unit", "string", "of what", True),
        _PATH,
        _SOURCE,
        _LAST,
        _SHA,
    ),
    checks=(
        Check("ways", "way", one_of=WAYS),
        Check("not negative", "count", lowest=0.0),
    ),
)
ROUTED = Table(
    "core__routed",
    "One row per requirement, maker's country and openness: tokens of the newest quarter's weekly "
    "top lists, summed over models and weeks.",
    (
        "architecture_id",
        "weight_format",
        "quantisation",
        "country",
        "openness",
        "modality",
        "licence_class",
    ),
    (
        Column("observed_on", "date", "newest week of the sum", True),
        Column("first_week_on", "date", "oldest week in which the row has a model", True),
        Column("architecture_id", "string", "class, or `unknown`", True),
        Column("weight_format", "string", "safetensors, gguf ..., or `unknown`", True),
        Column("quantisation", "string", "none, fp8 ..., or `unknown`", True),
        Column("is_convertible", "bool", "whether all have open, unquantised weights"),
        Column("country", "string", "maker's country, ISO 3166-1 alpha-2, or `unknown`", True),
        Column("openness", "string", "grade of openness, or `unknown`", True),
        Column("modality", "string", "what goes in and out, coarse, or `unknown`", True),
        Column("licence_class", "string", "class of the licence, or `unknown`", True),
        Column("models_count", "int64", "names summed", True),
        Column("weeks_count", "int64", "weeks in which one of them was listed", True),
        Column("tokens_count", "float64", "tokens routed, each in its own tokenizer", True),
        _SOURCE,
    ),
)
DEAL = Table(
    "core__deal",
    "One row per dated deal between two firms of the stack.",
    ("deal_id",),
    (
        Column("deal_id", "string", "the deal", True),
        Column("giver_id", "string", "organisation that funds, supplies, owns or leases out", True),
        Column("receiver_id", "string", "organisation at the other end", True),
        Column("kind", "string", "funds, supplies, leases or owns", True),
        Column("announced_on", "date", "announcement", True),
        Column("closed_on", "date", "completion, where it has happened and is known"),
        Column("amount_usd", "float64", "amount, where one is stated"),
        Column("amount_note", "string", "what the amount means: up to, over years, valuation"),
        Column("status", "string", "announced, partly closed, closed or cancelled", True),
        Column("grade", "string", "who states it: primary, press or retold", True),
        Column("citation_title", "string", "title of the page that was read", True),
        Column("citation_url", "string", "its address", True),
        Column("citation_on", "date", "day of the page"),
        Column("read_on", "date", "day on which it was read", True),
        Column("note", "string", "what a reader must know"),
    ),
    checks=(
        Check("kinds", "kind", one_of=DEAL_KINDS),
        Check("states", "status", one_of=DEAL_STATUSES),
        Check("grades", "grade", one_of=DEAL_GRADES),
        Check("not negative", "amount_usd", lowest=0.0),
    ),
)

STACK_CORE: tuple[Table, ...] = (
    ARCHITECTURE,
    REQUIREMENT,
    STACK_COMPONENT,
    REQUIRES,
    STACK_BUILD,
    SUPPORT,
    COUPLING,
    ROUTED,
    DEAL,
)
