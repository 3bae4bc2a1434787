"""The core tables: what the atlas makes of all sources. Every figure is computed from these."""

from __future__ import annotations

from underlay.tables import Check, Column, Table

__all__ = ["CORE", "OPENNESS", "RELATIONS", "core"]

RELATIONS = ("finetune", "adapter", "quantized", "merge", "unspecified")

# graded, from most to least open; "unknown" is a grade of its own
OPENNESS = (
    "osi-licence",
    "open-content",
    "use-restrictions",
    "research-only",
    "custom-licence",
    "none-declared",
    "hosted-only",
    "unknown",
)

_SOURCE = Column("source", "string", "source of the row", True)
_SHA = Column("snapshot_sha256", "string", "snapshot that the row comes from")
_ON = Column("observed_on", "date", "day for which the source states the row", True)
_MODEL = Column("model_id", "int32", "the model, dense from 0", True)
_ORGANISATION = Column("organisation_id", "string", "the organisation, or `unknown`", True)
_COUNTRY = Column("country", "string", "ISO 3166-1 alpha-2 code, or `unknown`", True)

SOURCE = Table(
    "core__source",
    "One row per source that the atlas was built from.",
    ("source",),
    (
        _SOURCE,
        Column("title", "string", "what people call it", True),
        Column("licence", "string", "licence of its data", True),
        Column("url", "string", "its public page", True),
        Column("may_redistribute", "string", "rows, aggregates or no", True),
        Column("conflict", "string", "interest of the publisher in what it measures"),
        Column("rows_count", "int64", "raw rows read", True),
        Column("first_observed_on", "date", "oldest day in it"),
        Column("last_observed_on", "date", "newest day in it"),
        Column("fetched_at", "string", "when its bytes were fetched last, ISO 8601 UTC"),
    ),
)
ORGANISATION = Table(
    "core__organisation",
    "One row per organisation or person that makes models or infrastructure.",
    ("organisation_id",),
    (
        _ORGANISATION,
        Column("name", "string", "name for sentences", True),
        _COUNTRY,
        Column("country_reason", "string", "why the country is unknown or contested"),
        Column("kind", "string", "company, academic, nonprofit, government, community, individual"),
        Column("parent_id", "string", "owner, where it has one"),
        Column("parent_since_on", "date", "since when"),
        Column("evidence", "string", "what the entry rests on"),
    ),
)
ACCOUNT = Table(
    "core__account",
    "One row per namespace on a platform.",
    ("account_id",),
    (
        Column("account_id", "int32", "the account, dense from 0", True),
        Column("platform", "string", "huggingface, modelscope, ollama, openrouter, arena", True),
        Column("account", "string", "namespace as written", True),
        _ORGANISATION,
        Column("method", "string", "curated, listed by a source, or unresolved", True),
        Column("reason", "string", "why these two are one"),
    ),
)
FAMILY = Table(
    "core__family",
    "One row per family of models.",
    ("family_id",),
    (
        Column("family_id", "string", "the family", True),
        Column("name", "string", "name for sentences", True),
        _ORGANISATION,
        Column("modality", "string", "main modality"),
    ),
)
LICENCE = Table(
    "core__licence",
    "One row per licence text as publishers write it.",
    ("licence_text",),
    (
        Column("licence_text", "string", "as written", True),
        Column("spdx", "string", "SPDX expression, LicenseRef- where there is no id"),
        Column("licence_class", "string", "class", True),
        Column("reason", "string", "why this class"),
    ),
)
MODEL = Table(
    "core__model",
    "One row per model, with one identity across hubs and catalogues.",
    ("model_id",),
    (
        _MODEL,
        Column("name", "string", "name on its home platform", True),
        Column("platform", "string", "home platform", True),
        Column("account", "string", "namespace as written", True),
        _ORGANISATION,
        Column("family_id", "string", "family, or `unknown`", True),
        Column("modality", "string", "what goes in and out, coarse", True),
        Column("pipeline_tag", "string", "task that the Hub shows"),
        Column("architecture", "string", "architecture or model type as published"),
        Column("parameters_count", "int64", "parameters, all experts counted"),
        Column("active_parameters_count", "int64", "parameters used per token"),
        Column("size_band", "string", "band of the number of parameters, or `unknown`", True),
        Column("licence_text", "string", "licence as published"),
        Column("licence_class", "string", "class of the licence, or `unknown`", True),
        Column("openness", "string", "grade of openness", True),
        Column("is_open_weights", "bool", "whether weights are released; null if unknown"),
        Column("has_training_data", "bool", "whether training data is named; null if unknown"),
        Column("released_on", "date", "release, corrected where a correction is declared"),
        Column("released_on_method", "string", "corrected, published, or repository created"),
        Column("copy_kind", "string", "original, derivative, quantised copy or re-upload", True),
        Column("base_model_id", "int32", "nearest base, where known"),
        Column("root_model_id", "int32", "last base along the lineage, where known"),
        Column("lineage", "string", "declared, inferred from the name, or none", True),
    ),
    checks=(Check("openness grades", "openness", one_of=OPENNESS),),
)
ALIAS = Table(
    "core__alias",
    "One row per name of a model on a platform, with the reason why it is that model.",
    ("platform", "name"),
    (
        Column("platform", "string", "platform", True),
        Column("name", "string", "name as written", True),
        _MODEL,
        Column("method", "string", "how the two were joined", True),
        Column("reason", "string", "why they are one thing", True),
    ),
)
LINEAGE = Table(
    "core__lineage",
    "One row per base that a model declares, or that its name tells.",
    ("model_id", "base_model_id"),
    (
        _MODEL,
        Column("base_model_id", "int32", "the base", True),
        Column("relation", "string", "fine-tune, adapter, quantised, merge", True),
        Column("evidence", "string", "declared or inferred", True),
        _SOURCE,
        _SHA,
    ),
    checks=(Check("relations of the Hub", "relation", one_of=RELATIONS),),
)
ATTRIBUTION = Table(
    "core__attribution",
    "One row per model, way of attributing it, and organisation that gets a part of it.",
    ("attribution", "model_id", "organisation_id"),
    (
        Column("attribution", "string", "author, nearest_base, root or fractional", True),
        _MODEL,
        _ORGANISATION,
        Column("weight_share", "float64", "part of the model, sums to 1 per model and way", True),
    ),
    checks=(Check("a part", "weight_share", lowest=0.0, highest=1.0),),
)
OBSERVATION = Table(
    "core__observation",
    "One row per model, listing, metric and day.",
    ("listing", "metric", "observed_on", "model_id"),
    (
        Column("listing", "string", "list that the row stands in", True),
        Column("metric", "string", "what is counted, with its unit", True),
        _ON,
        _MODEL,
        Column("value", "float64", "the count", True),
        Column("is_fresh", "bool", "false where a source carried an old value over", True),
        _SOURCE,
        _SHA,
    ),
)
PRICE = Table(
    "core__price",
    "One row per model, catalogue, provider and month-end.",
    ("catalogue", "provider", "name", "observed_on"),
    (
        Column("catalogue", "string", "catalogue that states the price", True),
        Column("provider", "string", "who sells, or `cheapest` where the catalogue shows one", True),
        Column("name", "string", "name as written", True),
        Column("model_id", "int32", "the model, where resolved"),
        _ON,
        Column("input_usd_per_mtok", "float64", "USD per million input tokens", True),
        Column("output_usd_per_mtok", "float64", "USD per million output tokens", True),
        Column("is_free_variant", "bool", "a free, rate-limited variant", True),
        _SOURCE,
        _SHA,
    ),
    checks=(
        Check("not negative", "input_usd_per_mtok", lowest=0.0),
        Check("not negative", "output_usd_per_mtok", lowest=0.0),
    ),
)
RATING = Table(
    "core__rating",
    "One row per model, board and month-end; scores of different scales are never joined.",
    ("scale", "board", "category", "name", "observed_on"),
    (
        Column("scale", "string", "series within which scores compare", True),
        Column("board", "string", "board", True),
        Column("category", "string", "category", True),
        Column("name", "string", "name as written", True),
        Column("model_id", "int32", "the model", True),
        _ORGANISATION,
        Column("is_open_weights", "bool", "whether weights are released; null if unknown"),
        _ON,
        Column("rating", "float64", "Elo points", True),
        Column("rating_lower", "float64", "lower end of the publisher's 95 % interval"),
        Column("rating_upper", "float64", "upper end"),
        Column("votes_count", "int64", "votes"),
        _SOURCE,
        _SHA,
    ),
)
TOKENS = Table(
    "core__tokens_week",
    "One row per week, maker and openness: sums over the models of a top list.",
    ("observed_on", "organisation_id", "openness", "is_other"),
    (
        _ON,
        _ORGANISATION,
        Column("openness", "string", "open, closed or unknown weights", True),
        Column("is_other", "bool", "true for what the list does not name", True),
        Column("models_count", "int64", "models of the list in this row", True),
        Column("tokens_count", "float64", "tokens routed", True),
        Column("requests_count", "float64", "requests, where published"),
        Column("spend_usd", "float64", "spend, where published"),
        _SOURCE,
    ),
)
LIBRARY = Table(
    "core__library_month",
    "One row per month, market, kind and vendor: sums over packages.",
    ("observed_on", "market", "kind", "organisation_id"),
    (
        _ON,
        Column("market", "string", "packages that compete with each other", True),
        Column("kind", "string", "kind of package", True),
        _ORGANISATION,
        Column("ties", "string", "accelerator vendors that the packages exist for"),
        Column("packages_count", "int64", "packages summed", True),
        Column("downloads_30d_count", "float64", "downloads in 30 days, mirrors and CI included", True),
        _SOURCE,
    ),
)
COMPONENT = Table(
    "core__component",
    "One row per infrastructure component, with who controls it.",
    ("component_id",),
    (
        Column("component_id", "string", "the component", True),
        Column("name", "string", "name for sentences", True),
        Column("kind", "string", "kind", True),
        Column("market", "string", "market within which shares make sense"),
        _ORGANISATION,
        _COUNTRY,
        Column("ties", "string", "accelerator vendors that it exists for, separated by commas"),
        Column("evidence", "string", "what the entry rests on"),
    ),
)
ACCELERATOR = Table(
    "core__accelerator",
    "One row per accelerator of Epoch's hardware table.",
    ("name",),
    (
        Column("name", "string", "name as written", True),
        _ORGANISATION,
        _COUNTRY,
        Column("foundry", "string", "who makes the die"),
        Column("foundry_country", "string", "its country, or `unknown`", True),
        Column("process_nm", "float64", "process node"),
        Column("released_on", "date", "release"),
        Column("memory_bytes", "float64", "memory per card"),
        Column("memory_type", "string", "kind of memory"),
        Column("fp16_tflops", "float64", "dense 16-bit tensor TFLOP/s"),
        _SOURCE,
        _SHA,
    ),
)
STOCK = Table(
    "core__accelerator_stock",
    "One row per designer, owner and quarter: accelerators shipped since the series began.",
    ("observed_on", "organisation_id", "owner_id", "chip"),
    (
        _ON,
        _ORGANISATION,
        Column("owner_id", "string", "owner as written, or `all`", True),
        Column("chip", "string", "chip, or `all`", True),
        Column("h100e_count", "float64", "median, in H100 equivalents"),
        Column("h100e_lower", "float64", "5th percentile"),
        Column("h100e_upper", "float64", "95th percentile"),
        Column("units_count", "float64", "median, in chips"),
        Column("units_lower", "float64", "5th percentile"),
        Column("units_upper", "float64", "95th percentile"),
        Column("is_complete", "bool", "false for a quarter that not all makers report", True),
        _SOURCE,
        _SHA,
    ),
)
CLUSTER = Table(
    "core__cluster",
    "One row per known AI cluster.",
    ("name",),
    (
        Column("name", "string", "name as written", True),
        _ON,
        _COUNTRY,
        Column("status", "string", "existing, planned ...", True),
        Column("owner", "string", "owner as written"),
        _ORGANISATION,
        Column("first_operational_on", "date", "start"),
        Column("h100e_count", "float64", "size in H100 equivalents"),
        Column("is_anonymised", "bool", "owner and name withheld", True),
        _SOURCE,
        _SHA,
    ),
)
SUPERCOMPUTER = Table(
    "core__supercomputer_share",
    "One row per edition, country and accelerator vendor of TOP500: sums over systems.",
    ("observed_on", "country", "organisation_id"),
    (
        _ON,
        _COUNTRY,
        _ORGANISATION,
        Column("systems_count", "int64", "systems", True),
        Column("rmax_tflops", "float64", "sum of Rmax", True),
        _SOURCE,
    ),
)
BENCHMARK = Table(
    "core__benchmark_run",
    "One row per MLPerf round, suite, submitter and accelerator vendor: number of results.",
    ("round", "suite", "submitter", "organisation_id"),
    (
        Column("round", "string", "round", True),
        Column("suite", "string", "inference or training", True),
        Column("submitter", "string", "submitter as written", True),
        _ORGANISATION,
        _ON,
        Column("results_count", "int64", "closed-division results", True),
        _SOURCE,
        _SHA,
    ),
)
NOTABLE = Table(
    "core__notable_model",
    "One row per notable model and country that shares in it.",
    ("name", "country"),
    (
        Column("name", "string", "name as written", True),
        _COUNTRY,
        Column("weight_share", "float64", "1 / number of distinct countries", True),
        _ORGANISATION,
        Column("released_on", "date", "publication"),
        Column("accessibility", "string", "as published"),
        Column("is_open_weights", "bool", "whether weights are released; null if unknown"),
        Column("parameters_count", "float64", "parameters"),
        Column("training_flop", "float64", "training compute"),
        Column("hardware_vendor", "string", "vendor of the training hardware, or `unknown`", True),
        _SOURCE,
        _SHA,
    ),
)
UNRESOLVED = Table(
    "core__unresolved",
    "One row per name that could not be resolved, with the weight that hangs on it.",
    ("kind", "listing", "name"),
    (
        Column("kind", "string", "account, country, family, licence, model, hardware", True),
        Column("listing", "string", "list in which it stands", True),
        Column("name", "string", "name as written", True),
        Column("reason", "string", "why it is not resolved", True),
        Column("weight", "float64", "what hangs on it", True),
        Column("unit", "string", "unit of the weight", True),
        Column("weight_share", "float64", "part of the list's total"),
    ),
)

CORE: tuple[Table, ...] = (
    SOURCE,
    ORGANISATION,
    ACCOUNT,
    FAMILY,
    LICENCE,
    MODEL,
    ALIAS,
    LINEAGE,
    ATTRIBUTION,
    OBSERVATION,
    PRICE,
    RATING,
    TOKENS,
    LIBRARY,
    COMPONENT,
    ACCELERATOR,
    STOCK,
    CLUSTER,
    SUPERCOMPUTER,
    BENCHMARK,
    NOTABLE,
    UNRESOLVED,
)


def core(name: str) -> Table:
    """The core table of that name, with or without `core__`; raises `KeyError`."""
    name = name if name.startswith("core__") else f"core__{name}"
    return next(table for table in CORE if table.name == name)
