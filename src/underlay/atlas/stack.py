"""The atlas's side of the stack: core tables from raw evidence and reviewed rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.atlas.architectures import Architectures
from underlay.atlas.curated import UNKNOWN
from underlay.atlas.spellings import Spellings
from underlay.atlas.stack_builds import Names, build_rows, require_builds
from underlay.atlas.stack_components import Components, line_patterns
from underlay.atlas.stack_contracts import (
    ARCHITECTURE,
    COUPLING,
    DEAL,
    REQUIREMENT,
    REQUIRES,
    STACK_BUILD,
    STACK_COMPONENT,
    SUPPORT,
)
from underlay.atlas.stack_coupling import (
    bundled_rows,
    declared_rows,
    measured_rows,
    referring_rows,
)
from underlay.atlas.stack_curated import read_architectures, read_deals, read_stack
from underlay.atlas.stack_raw import StackRaw, histories, registered_lines
from underlay.atlas.stack_requirements import ModelFacts, requirement_columns
from underlay.atlas.stack_support import (
    Classes,
    ascend_rows,
    benchmark_rows,
    ci_rows,
    document_rows,
    engine_rows,
    fallback_rows,
    format_rows,
    lmdeploy_rows,
    operator_rows,
    pair_rows,
    plugin_rows,
    sglang_ascend_rows,
    unique_rows,
    validated_rows,
)
from underlay.atlas.stack_wheels import declared_edges
from underlay.tables import Batch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.atlas.architectures import Registered
    from underlay.atlas.curated import Curated
    from underlay.atlas.stack_raw import History
    from underlay.lake.engine import Engine

__all__ = ["stack_batches"]


def stack_batches(engine: Engine, curated: Curated) -> Iterator[Batch]:
    """All core tables of the stack; `core__model` and `core__accelerator` must be registered.

    A lake without the raw evidence gives the curated components and unknown requirements.
    """
    raw = StackRaw(engine)
    rules = read_stack()
    names = Names(rules)
    packages = raw.rows("raw_packages__architecture")
    lines = registered_lines(raw.rows("raw_support_matrix__architecture"), packages, names)
    joins = read_architectures()
    reviewed = [name for entry in rules.of("family") for name in entry["classes"]]
    architectures = Architectures(lines, joins, reviewed)
    past = histories(
        raw.rows("raw_support_matrix__architecture_history"),
        packages,
        names,
        architectures.canonical,
    )
    documents = raw.rows("raw_packages__model_support")
    examples = {
        row["model"]: architectures.of_class(row["architecture"])
        for row in documents
        if row["kind"] == "example" and row["architecture"]
    }
    facts, numbers = _facts(engine, raw, examples)
    columns = requirement_columns(facts, architectures, joins)
    yield Batch.from_rows(ARCHITECTURE, _with_unknown(architectures))
    yield Batch.from_lists(REQUIREMENT, columns)

    def of_model(name: str) -> str:
        number = numbers.get(name)
        found = UNKNOWN if number is None else str(columns["architecture_id"][number])
        return examples.get(name, UNKNOWN) if found == UNKNOWN else found

    components = Components(curated, rules)
    components.add_software()
    accelerators = raw.core("core__accelerator")
    components.add_silicon(accelerators)
    builds = build_rows(
        raw.rows("raw_support_matrix__backend"),
        raw.rows("raw_support_matrix__ascend_release"),
        names,
        _modules(raw),
    )
    known = {*components.rows, *(row["build_id"] for row in builds)}
    declared = _declared(raw)
    for edge in declared_edges(rules, known, declared):
        components.need(**edge)
    require_builds(components, builds)
    components.close()
    yield Batch.from_rows(STACK_COMPONENT, list(components.rows.values()))
    yield Batch.from_rows(REQUIRES, list(components.needs.values()))
    yield Batch.from_rows(STACK_BUILD, builds)
    classes = Classes(architectures, rules, of_model)
    support = unique_rows(
        _statements(raw, curated, names, lines, packages, documents, architectures, past, classes)
    )
    yield Batch.from_rows(SUPPORT, support)
    yield Batch.from_rows(COUPLING, list(_couplings(raw, names, declared)))
    yield Batch.from_rows(DEAL, list(read_deals()))


def _with_unknown(architectures: Architectures) -> list[dict[str, Any]]:
    return [
        *architectures.rows(),
        {
            "architecture_id": UNKNOWN,
            "head": UNKNOWN,
            "reason": "no list, tag, base or name tells the class",
        },
    ]


def _statements(
    raw: StackRaw,
    curated: Curated,
    names: Names,
    lines: Sequence[Registered],
    packages: Sequence[Mapping[str, Any]],
    documents: Sequence[Mapping[str, Any]],
    architectures: Architectures,
    past: Mapping[str, History],
    classes: Classes,
) -> Iterator[dict[str, Any]]:
    rules = names.rules
    spellings = Spellings(curated)
    matrix = "raw_support_matrix__"
    yield from pair_rows(lines, architectures, past, rules)
    flags = raw.rows(f"{matrix}attention_flag")
    yield from fallback_rows(flags, lines, architectures, rules)
    yield from engine_rows(lines, architectures, rules)
    yield from plugin_rows(packages, names, architectures)
    yield from ascend_rows(
        raw.rows(f"{matrix}ascend_model"), raw.rows(f"{matrix}ascend_first_seen"), classes
    )
    yield from sglang_ascend_rows(raw.rows(f"{matrix}sglang_ascend_model"), classes)
    yield from lmdeploy_rows(raw.rows(f"{matrix}lmdeploy_model"), names, classes)
    yield from validated_rows(raw.rows(f"{matrix}vllm_validated_model"), names, classes)
    patterns = line_patterns(rules)
    yield from ci_rows(raw.rows("raw_packages__ci"), names, classes, patterns)
    yield from document_rows(documents, names, classes)
    yield from benchmark_rows(
        raw.rows(
            "raw_mlperf__result", "suite", "round", "submitter", "accelerator", "benchmark",
            "result", "software", "software_stack", "observed_on", "snapshot_sha256",
        ),
        rules,
        patterns,
        lambda chip: spellings.designer(chip, source="mlperf").id,
        lambda submitter: spellings.submitter(submitter).id,
        classes,
    )  # fmt: skip
    yield from format_rows(raw.rows(f"{matrix}vllm_feature"), rules, names)
    yield from operator_rows(raw.rows("raw_llama_ops__backend"), names)


def _couplings(
    raw: StackRaw, names: Names, declared: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Rows of `core__coupling`; what a newer release of a package says stands."""
    bundled = [
        {**row, "source": source}
        for source in ("packages", "wheel_deps")
        for row in raw.rows(f"raw_{source}__native_library")
    ]
    yield from declared_rows(declared)
    yield from bundled_rows(bundled, names)
    yield from measured_rows(raw.rows("raw_llama_ops__backend"), names)
    yield from referring_rows(raw.rows("raw_code_coupling__count"))


def _modules(raw: StackRaw) -> Iterator[tuple[str, str, str, dt.date | None]]:
    """`(runtime, backend, release, day)` of platform modules in releases that were read."""
    for row in raw.rows("raw_support_matrix__runtime_version"):
        for backend in (row["platform_modules"] or "").split():
            yield row["runtime"], backend, row["version"], row["built_on"]
    for row in raw.rows("raw_packages__backend"):
        if row["kind"] in ("platform-module", "backend-folder"):
            yield row["runtime"], row["backend"], row["version"], row["observed_on"]


def _declared(raw: StackRaw) -> list[dict[str, Any]]:
    """Requirements that wheels declare, from released packages and from the staged list."""
    found = [
        {
            "package": row["package"],
            "version": row["version"],
            "required": row["name"],
            "extras": row["extras"],
            "marker": row["marker"],
            "is_optional": not row["is_hard"],
            "source": "packages",
            "observed_on": row["observed_on"],
        }
        for row in raw.rows("raw_packages__requirement")
    ]
    found += [
        {
            "package": row["package"],
            "version": row["version"],
            "required": row["required"],
            "extras": row["required_extras"],
            "marker": row["marker"],
            "is_optional": bool(row["is_optional"]),
            "source": "wheel_deps",
            "observed_on": row["observed_on"],
        }
        for row in raw.rows("raw_wheel_deps__requirement")
    ]
    return found


def _facts(
    engine: Engine, raw: StackRaw, examples: Mapping[str, str]
) -> tuple[ModelFacts, dict[str, int]]:
    """Facts of all models, and the number of each name on the Hub and on ModelScope."""
    relation = engine.tables["core__model"]
    found = engine.run(
        relation.select(
            "model_id", "name", "platform", "modality", "pipeline_tag", "copy_kind",
            "base_model_id", "is_open_weights", "architecture",
        ).order_by("model_id")
    )  # fmt: skip
    alias = engine.tables["core__alias"]
    named = engine.run(
        alias.filter(alias.platform.isin(["huggingface", "modelscope"])).select(
            "platform", "name", "model_id"
        )
    )
    numbers: dict[str, int] = {}
    for platform, name, number in zip(
        named.objects("platform"), named.objects("name"), named.objects("model_id"), strict=True
    ):
        if platform == "huggingface" or name not in numbers:
            numbers[name] = number
    configured: dict[int, str] = {}
    for row in raw.newest("raw_llmfit__model", "model_id", "architecture"):
        if row["model_id"] in numbers:
            configured[numbers[row["model_id"]]] = row["architecture"]
    tags: dict[int, tuple[str, ...]] = {}
    libraries: dict[int, str] = {}
    for row in raw.newest("raw_os_ai_map__top_model", "model_id", "tags", "library_name"):
        number = numbers.get(row["model_id"])
        if number is None:
            continue
        tags[number] = tuple(tag.strip() for tag in (row["tags"] or "").split(","))
        if row["library_name"]:
            libraries[number] = row["library_name"]
    facts = ModelFacts(
        names=found.objects("name"),
        platforms=found.objects("platform"),
        modalities=found.objects("modality"),
        tasks=found.objects("pipeline_tag"),
        copy_kinds=found.objects("copy_kind"),
        bases=found.objects("base_model_id"),
        is_open=found.objects("is_open_weights"),
        inherited=found.objects("architecture"),
        configured=configured,
        tags=tags,
        libraries=libraries,
        examples={numbers[name]: found for name, found in examples.items() if name in numbers},
    )
    return facts, numbers
