"""The core tables: what the atlas makes of all sources. Every figure is computed from these."""

from __future__ import annotations

from underlay.atlas.stack_contracts import STACK_CORE
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
        Column("kind", "string", "company, academic, nonprofit, individual, foundry ..."),
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
        Column("platform", "string", "the hub: huggingface or modelscope", True),
        Column("account", "string", "namespace as written", True),
        _ORGANISATION,
        Column("method", "string", "curated or unresolved", True),
        Column("reason", "string", "why these two are one"),
    ),
)
ATOM_COUNTRY = Table(
    "core__atom_country",
    "One row per organisation whose accounts the ATOM Project gives a region.",
    ("organisation_id",),
    (
        _ORGANISATION,
        Column(
            "country",
            "string",
            "the region as far as it tells a country: `US`, `CN`, `EU` (the code that ISO 3166 "
            "reserves for the European Union; no country is told), `other`, or `unknown`",
            True,
        ),
        Column("accounts", "string", "namespaces that have a region, separated by commas", True),
        Column("reason", "string", "why the country is unknown"),
        _ON,
        _SOURCE,
        _SHA,
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
        Column("part_of", "string", "family that it is counted in, where it is a narrower one"),
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
        Column("family_id", "string", "family that it is counted in, or `unknown`", True),
        Column("subfamily_id", "string", "narrower family, the same where there is none", True),
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
        Column("relation", "string", "finetune, adapter, quantized, merge or unspecified", True),
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
    "One row per name, catalogue, provider and last published day of a month.",
    ("catalogue", "provider", "name", "observed_on"),
    (
        Column("catalogue", "string", "catalogue that states the price", True),
        Column("provider", "string", "who sells, or the catalogue that shows one price", True),
        Column("name", "string", "name as written", True),
        Column("variant", "string", "part behind `:`, `moving` for `~`, or empty", True),
        Column("model_id", "int32", "the model, where resolved"),
        _ORGANISATION,
        Column("is_open_weights", "bool", "whether weights are released; null if unknown"),
        _ON,
        Column("input_usd_per_mtok", "float64", "USD per million input tokens", True),
        Column("output_usd_per_mtok", "float64", "USD per million output tokens", True),
        Column("is_free_variant", "bool", "a free, rate-limited variant, or a price of zero", True),
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
    "One row per model, board and last published day of a month; scores of different scales are "
    "never joined.",
    ("scale", "board", "category", "name", "observed_on"),
    (
        Column("series", "string", "official dataset, page of the board, or older history", True),
        Column("scale", "string", "span of a series within which scores compare", True),
        Column("board", "string", "board, under the official dataset's name", True),
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
        Column("models_count", "int64", "entries of the list in this row", True),
        Column("tokens_count", "float64", "tokens routed, each in its own tokenizer", True),
        Column("requests_count", "float64", "requests; null unless counted for every entry"),
        Column("spend_usd", "float64", "the collector's estimate; null unless for every entry"),
        _SOURCE,
    ),
)
LIBRARY = Table(
    "core__library_month",
    "One row per listing day, market, kind, vendor and ties: sums over packages.",
    ("observed_on", "market", "kind", "organisation_id", "ties"),
    (
        _ON,
        Column("market", "string", "packages that compete with each other, or `none`", True),
        Column("kind", "string", "kind of package", True),
        _ORGANISATION,
        Column(
            "ties",
            "string",
            "accelerator vendors that the packages exist for, separated by commas, or `none`",
            True,
        ),
        Column("packages_count", "int64", "packages summed", True),
        Column(
            "downloads_30d_count", "float64", "downloads in 30 days, mirrors and CI included", True
        ),
        Column("listed_packages_count", "int64", "depth of the list: what is missing was below it"),
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
        Column("market", "string", "market within which shares make sense, or `none`", True),
        _ORGANISATION,
        Column("organisation_since_on", "date", "who controlled it before is not recorded"),
        _COUNTRY,
        Column(
            "ties",
            "string",
            "accelerator vendors that it exists for, separated by commas, or `none`",
            True,
        ),
        Column("evidence", "string", "what the entry rests on"),
    ),
)
ACCELERATOR = Table(
    "core__accelerator",
    "One row per accelerator and foundry that makes its dies, newest edition.",
    ("name", "foundry_id"),
    (
        Column("name", "string", "name as written", True),
        _ON,
        _ORGANISATION,
        _COUNTRY,
        Column("kind", "string", "GPU, TPU, NPU ... as written"),
        Column("foundry_id", "string", "who makes the die, or `unknown`", True),
        Column("foundry_country", "string", "its country, or `unknown`", True),
        Column("weight_share", "float64", "1 / number of its foundries", True),
        Column("process_nm", "float64", "process node"),
        Column("released_on", "date", "release"),
        Column("memory_bytes", "float64", "memory per card"),
        Column("fp16_tflops", "float64", "16-bit TFLOP/s with matrix units"),
        _SOURCE,
        _SHA,
    ),
    checks=(Check("a part", "weight_share", lowest=0.0, highest=1.0),),
)
STOCK = Table(
    "core__accelerator_stock",
    "One row per designer, owner, chip and quarter end: accelerators sold since the series began.",
    ("observed_on", "organisation_id", "owner", "chip"),
    (
        _ON,
        _ORGANISATION,
        Column("owner", "string", "owner as written, a residual such as `Other`, or `all`", True),
        Column("owner_id", "string", "its organisation, `all` or `unknown`", True),
        Column("owner_country", "string", "its country, `all` or `unknown`", True),
        Column("chip", "string", "chip as written, or `all`", True),
        Column("h100e_count", "float64", "median, in H100 equivalents"),
        Column("h100e_lower", "float64", "5th percentile"),
        Column("h100e_upper", "float64", "95th percentile"),
        Column("units_count", "float64", "median, in chips"),
        Column("units_lower", "float64", "5th percentile"),
        Column("units_upper", "float64", "95th percentile"),
        Column(
            "is_complete",
            "bool",
            "false for a quarter that lacks a designer, an owner or part of its sales",
            True,
        ),
        _SOURCE,
        _SHA,
    ),
)
CLUSTER = Table(
    "core__cluster",
    "One row per known AI cluster and owner, in one edition.",
    ("observed_on", "row_number", "owner"),
    (
        _ON,
        Column("row_number", "int32", "place in the edition; names repeat", True),
        Column("name", "string", "name as written", True),
        _COUNTRY,
        Column("status", "string", "existing, planned, decommissioned or unknown", True),
        Column("owner", "string", "one owner as written, or `unknown`", True),
        Column("owner_id", "string", "its organisation, or `unknown`", True),
        Column("owner_country", "string", "base of that organisation, or `unknown`", True),
        Column("weight_share", "float64", "1 / number of its owners", True),
        Column(
            "organisation_id",
            "string",
            "designer of its main accelerator, `none`, `several` or `unknown`",
            True,
        ),
        Column("first_operational_on", "date", "start"),
        Column("h100e_count", "float64", "size of the whole cluster in H100 equivalents"),
        Column("is_anonymised", "bool", "owner and name withheld", True),
        Column("is_standard", "bool", "counted in the publisher's own analysis", True),
        Column("is_superseded", "bool", "a later phase, in a row of its own, holds it", True),
        _SOURCE,
        _SHA,
    ),
    checks=(Check("a part", "weight_share", lowest=0.0, highest=1.0),),
)
SUPERCOMPUTER = Table(
    "core__supercomputer_share",
    "One row per edition, country and accelerator designer of TOP500: sums over systems.",
    ("observed_on", "country", "organisation_id"),
    (
        _ON,
        Column("country", "string", "where it stands, ISO 3166-1 alpha-2, or `unknown`", True),
        Column(
            "organisation_id",
            "string",
            "designer of the accelerator, `none`, `several` or `unknown`",
            True,
        ),
        Column("systems_count", "int64", "systems", True),
        Column("rmax_tflops", "float64", "sum of Rmax; null where withheld into a pooled cell"),
        _SOURCE,
    ),
)
BENCHMARK = Table(
    "core__benchmark_run",
    "One row per MLPerf round, suite, division, submitter and accelerator designer: results.",
    ("suite", "round", "division", "submitter", "organisation_id"),
    (
        Column("suite", "string", "inference, training or tiny", True),
        Column("round", "string", "round", True),
        Column("division", "string", "closed, open or unknown", True),
        Column("submitter", "string", "submitter as written", True),
        Column("submitter_id", "string", "its organisation, or `unknown`", True),
        Column(
            "organisation_id",
            "string",
            "designer of the accelerator, `none`, `several` or `unknown`",
            True,
        ),
        _ON,
        Column("results_count", "int64", "results", True),
        _SOURCE,
        _SHA,
    ),
)
NOTABLE = Table(
    "core__notable_model",
    "One row per notable model, country and maker that share in it, in one edition.",
    ("observed_on", "name", "country", "organisation_id"),
    (
        _ON,
        Column("name", "string", "name as written", True),
        _COUNTRY,
        _ORGANISATION,
        Column(
            "weight_share",
            "float64",
            "1 / distinct countries times the maker's part; sums to 1 per model",
            True,
        ),
        Column("released_on", "date", "publication"),
        Column("accessibility", "string", "as published"),
        Column("openness", "string", "open, closed or unknown weights", True),
        Column("is_open_weights", "bool", "whether weights are released; null if unknown"),
        Column("parameters_count", "float64", "parameters"),
        Column("training_flop", "float64", "training compute"),
        Column(
            "hardware_vendor",
            "string",
            "designer of the training hardware, `several` or `unknown`",
            True,
        ),
        _SOURCE,
        _SHA,
    ),
    checks=(Check("a part", "weight_share", lowest=0.0, highest=1.0),),
)
UNRESOLVED = Table(
    "core__unresolved",
    "One row per name that could not be resolved, with the weight that hangs on it.",
    ("kind", "listing", "name"),
    (
        Column(
            "kind",
            "string",
            "account, country, family, licence, architecture, model, maker, owner, foundry, "
            "hardware",
            True,
        ),
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
    ATOM_COUNTRY,
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
    *STACK_CORE,
    UNRESOLVED,
)


def core(name: str) -> Table:
    """The core table of that name, with or without `core__`; raises `KeyError`."""
    name = name if name.startswith("core__") else f"core__{name}"
    return next(table for table in CORE if table.name == name)
