"""The stack out of core tables: what is placed, what can't be, and the models of a list."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from underlay.atlas.contracts import CORE, core
from underlay.errors import NoDataError, UnknownNameError
from underlay.lake import Engine, Lake
from underlay.stack.chokepoints import chokepoints
from underlay.stack.facets import Facets
from underlay.stack.load import load
from underlay.stack.removals import removal
from underlay.stack.routes import routes
from underlay.stack.whatif import whatif
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

Rows = list[dict[str, Any]]
DAY = dt.date(2026, 6, 10)
SHA = "0" * 64


def component(name: str, scope: str = "code", **more: object) -> dict[str, Any]:
    layer, _, short = name.partition(":")
    return {
        "component_id": name, "layer": layer, "name": short, "organisation_id": "unknown",
        "country": "unknown", "scope": scope, "is_open": None, "licence": None, "since_on": None,
        "memory_bytes": None, "reason": "made up", "source": "curated", **more,
    }  # fmt: skip


def requires(owner: str, slot: str, provider: str) -> dict[str, Any]:
    return {
        "component_id": owner, "slot": slot, "provider_id": provider, "use": "both",
        "evidence": "packaged", "stated_by": "project", "source": "curated", "version": None,
        "path": None, "first_seen_on": None, "last_seen_on": None,
    }  # fmt: skip


def build(runtime: str, backend: str, **more: object) -> dict[str, Any]:
    return {
        "build_id": f"build:{runtime}/{backend}", "runtime_id": f"runtime:{runtime}",
        "backend_id": f"toolchain:{backend}", "route_class": "serving", "use": "both",
        "delivery": "in-tree", "status": "yes", "tracks_version": None, "has_own_registry": False,
        "is_registry_closed": False, "evidence": "packaged", "stated_by": "project",
        "source": "curated", "version": None, "path": None, "first_seen_on": None,
        "last_seen_on": None, **more,
    }  # fmt: skip


def support(runtime: str, **more: object) -> dict[str, Any]:
    return {
        "runtime_id": f"runtime:{runtime}", "backend_id": "any", "architecture_id": "any",
        "weight_format": "any", "accelerator_id": "any", "use": "both", "status": "yes",
        "is_fallback": False, "evidence": "packaged", "stated_by": "project", "source": "curated",
        "version": "1.0", "path": "registry.py", "first_seen_on": dt.date(2025, 1, 1),
        "last_seen_on": None, "snapshot_sha256": None, **more,
    }  # fmt: skip


def model(number: int, name: str, **more: object) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(core("model").column_names)
    return row | {
        "model_id": number, "name": name, "platform": "huggingface", "account": "a",
        "organisation_id": "acme", "family_id": "unknown", "subfamily_id": "unknown",
        "modality": "language", "size_band": "unknown", "licence_class": "osi",
        "openness": "osi-licence", "copy_kind": "original", "lineage": "none", **more,
    }  # fmt: skip


def requirement(number: int, architecture: str, **more: object) -> dict[str, Any]:
    return {
        "model_id": number, "architecture_id": architecture, "method": "published",
        "reason": "says so", "weight_format": "safetensors", "quantisation": "none",
        "is_convertible": True, **more,
    }  # fmt: skip


def count(number: int, value: float, day: dt.date = DAY, **more: object) -> dict[str, Any]:
    return {
        "listing": "os_ai_map", "metric": "downloads_30d_count", "observed_on": day,
        "model_id": number, "value": value, "is_fresh": True, "source": "os_ai_map",
        "snapshot_sha256": SHA, **more,
    }  # fmt: skip


def alias(name: str, number: int, platform: str = "huggingface") -> dict[str, Any]:
    return {
        "platform": platform, "name": name, "model_id": number, "method": "exact", "reason": "same",
    }  # fmt: skip


def organisation(name: str, country: str, **more: object) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(core("organisation").column_names)
    return row | {"organisation_id": name, "name": name.upper(), "country": country, **more}


def world() -> dict[str, Rows]:
    return {
        "stack_component": [
            component("runtime:vllm", is_open=True, licence="Apache-2.0"),
            component("toolchain:cuda", "toolchain", organisation_id="nvidia", is_open=False),
            component("toolchain:rocm", "toolchain", organisation_id="amd", is_open=True),
            component("accelerator:h100", "silicon", organisation_id="nvidia", memory_bytes=8e10),
            component("accelerator:mi300", "silicon", organisation_id="amd"),
            component("foundry:tsmc", "fabrication", organisation_id="tsmc", country="TW"),
        ],
        "requires": [
            requires("toolchain:cuda", "accelerator", "accelerator:h100"),
            requires("toolchain:rocm", "accelerator", "accelerator:mi300"),
            requires("accelerator:h100", "foundry", "foundry:tsmc"),
            requires("accelerator:mi300", "foundry", "unknown"),
            requires("accelerator:mi300", "memory", "memory:nobody"),
        ],
        "stack_build": [
            build("vllm", "cuda", first_seen_on=dt.date(2024, 1, 1)),
            build("vllm", "rocm"),
            build("vllm", "tpu", status="not-tested"),
        ],
        "support": [
            support("vllm", architecture_id="A", last_seen_on=dt.date(2026, 1, 1)),
            support("vllm", architecture_id="B", backend_id="toolchain:cuda", evidence="ci"),
            support("vllm", weight_format="safetensors"),
            support("unknown", architecture_id="A"),
            support("vllm", architecture_id="A", backend_id="toolchain:mystery"),
            support("vllm"),
        ],
        "architecture": [
            {"architecture_id": name, "model_type": None, "gguf_architecture": None, "head": "lm",
             "reason": None}
            for name in ("A", "B", "C")
        ],
        "model": [
            model(0, "a/one", parameters_count=7_000_000_000),
            model(1, "a/two", organisation_id="unknown"),
            model(2, "a/three", modality="vision"),
            model(3, "a/routed", openness="hosted-only"),
        ],
        "requirement": [
            requirement(0, "A"),
            requirement(1, "B", is_convertible=None),
            requirement(2, "unknown", weight_format="unknown", quantisation="unknown"),
        ],
        "organisation": [
            organisation("acme", "FR"),
            organisation("amd", "US"),
            organisation("nvidia", "US"),
            organisation("mellanox", "IL", parent_id="nvidia",
                         parent_since_on=dt.date(2020, 4, 27)),
            organisation("unknown", "unknown"),
        ],
        "observation": [
            count(0, 30.0),
            count(1, 10.0),
            count(2, 60.0),
            count(0, 500.0, dt.date(2026, 5, 1)),
            # a later edition of which next to nothing was counted anew
            count(0, 700.0, dt.date(2026, 7, 1)),
            count(1, 700.0, dt.date(2026, 7, 1), is_fresh=False),
            count(2, 700.0, dt.date(2026, 7, 1), is_fresh=False),
            count(0, 9.0, metric="likes_count"),
        ],
        "alias": [alias("a/one", 0), alias("A/One-Mirror", 0, "modelscope"), alias("a/two", 1)],
    }  # fmt: skip


def asked(rows: dict[str, Rows], *more: Any) -> Engine:
    engine = Engine(Lake(Path("nowhere"), must_exist=False), [*CORE, *more])
    for name, content in rows.items():
        engine.register(f"core__{name}", Batch.from_rows(core(name), content))
    return engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    with asked(world()) as opened:
        yield opened


def test_what_is_placed_and_what_is_not(engine: Engine) -> None:
    stack = load(engine)
    assert [c.id for c in stack.components if c.layer == "build"] == [
        "build:vllm/cuda",
        "build:vllm/rocm",
        "build:vllm/tpu",
    ]
    assert stack.architectures == ("A", "B", "C")
    assert stack.formats == ("safetensors",)
    assert len(stack.statements) == 3
    assert stack.notes == (
        "`toolchain:tpu` is named by a build, but is no component: no owner",
        "`accelerator:mi300` needs `memory:nobody`: no component `memory:nobody`; left out",
        "1 statements name no known runtime: not used",
        "1 statements name no known backend: not used",
        "1 statements name a runtime only: not used",
    )
    assert stack.statements.first_day.tolist() == [20_089] * 3
    assert sorted(stack.statements.last_day.tolist()) == [20_089, 20_089, 20_454]
    builds = {b.id: b for b in stack.builds}
    assert builds["build:vllm/cuda"].first_seen == dt.date(2024, 1, 1)
    assert builds["build:vllm/rocm"].first_seen is None
    assert stack.organisations["mellanox"].parent_since == dt.date(2020, 4, 27)
    # a build needs its runtime and its toolchain even if no row says so
    needed = {(n.component, n.provider) for n in stack.needs}
    assert ("build:vllm/rocm", "toolchain:rocm") in needed
    assert ("build:vllm/rocm", "runtime:vllm") in needed


def test_the_models_of_the_newest_whole_edition(engine: Engine) -> None:
    listed = load(engine).listed("os_ai_map")
    assert listed.observed_on == "2026-06-10"
    assert listed.name.tolist() == ["a/one", "a/two", "a/three"]
    assert listed.weights["downloads"].tolist() == [30.0, 10.0, 60.0]
    assert listed.country.tolist() == ["FR", "unknown", "FR"]
    assert listed.architecture.tolist() == ["A", "B", "unknown"]
    assert listed.is_convertible.tolist() == [True, False, True]
    assert listed.parameters[0] == 7e9
    assert np.isnan(listed.parameters[1])
    assert "`core__routed` is empty" in listed.reasons["tokens"]


def test_an_answer(engine: Engine) -> None:
    stack = load(engine)
    found = whatif(stack, removal(stack, ["nvidia"]))
    share = found.weights["downloads"].headline
    assert share is not None
    # `a/one` stays on ROCm; `a/two` is named on CUDA only
    assert (share.value, share.kept, share.no_evidence) == (0.25, 0.75, 0.0)
    assert found.weights["tokens"].headline is None
    assert [each.model for each in found.lost] == ["a/two"]
    assert found.notes == stack.notes


def test_tokens_come_as_sums_over_what_asks_the_same() -> None:
    rows = world()

    def routed(architecture: str, country: str, tokens: float) -> dict[str, Any]:
        return {
            "observed_on": dt.date(2026, 5, 11), "first_week_on": dt.date(2026, 2, 16),
            "architecture_id": architecture, "weight_format": "safetensors",
            "quantisation": "none", "is_convertible": True, "country": country,
            "openness": "osi-licence", "modality": "language", "licence_class": "osi",
            "models_count": 2, "weeks_count": 13, "tokens_count": tokens,
            "source": "openrouter_usage",
        }  # fmt: skip

    rows["routed"] = [routed("A", "FR", 60.0), routed("unknown", "US", 30.0)]
    with asked(rows) as engine:
        stack = load(engine)
        listed = stack.listed("os_ai_map")
        assert listed.name.tolist()[3:] == [
            "routed models of FR, A", "routed models of US, unknown",
        ]  # fmt: skip
        assert np.nan_to_num(listed.weights["tokens"]).tolist() == [0.0, 0.0, 0.0, 60.0, 30.0]
        assert np.isnan(listed.weights["downloads"][3:]).all()
        assert "quarter to 2026-05-11" in listed.reasons["tokens"]
        found = whatif(stack, removal(stack, ["nvidia"]))
        share = found.weights["tokens"].headline
        assert share is not None
        # a hosted model has no known architecture, so no known route before
        assert share.no_evidence == pytest.approx(1 / 3)
        assert found.weights["downloads"].total == 40.0
        assert found.coverage["models_listed"] == 3


def test_a_model_is_found_by_any_of_its_names(engine: Engine) -> None:
    stack = load(engine)
    for name in ("a/one", "a/one-mirror", "A/ONE"):
        found = routes(stack, name)
        assert found.model == "a/one"
        assert [r.backend for r in found.routes] == ["toolchain:cuda", "toolchain:rocm"]
        assert found.need_bytes == 1.4e10
    with pytest.raises(UnknownNameError) as error:
        routes(stack, "a/one-mirror-x")
    assert "A/One-Mirror" in error.value.hint


def test_a_lake_without_a_stack_says_so() -> None:
    with (
        Engine(Lake(Path("nowhere"), must_exist=False), CORE) as engine,
        pytest.raises(NoDataError, match="the stack"),
    ):
        load(engine)


def test_a_list_that_is_not_there(engine: Engine) -> None:
    stack = load(engine)
    with pytest.raises(UnknownNameError, match="no list of models is called `best`"):
        stack.listed("best")
    with pytest.raises(NoDataError):
        stack.listed("llmfit")


def test_the_sample_lake_gives_a_stack(small_lake: Path) -> None:
    """What the atlas builds of the samples can be asked, and keeps the laws."""
    with Engine(Lake(small_lake), CORE) as engine:
        stack = load(engine)
        assert len(stack.builds) > 10
        assert len(stack.statements) > 0
        listed = stack.listed("os_ai_map")
        assert len(listed) > 0
        for where in (Facets(population="all"), Facets(population="all", object="file")):
            found = whatif(stack, removal(stack, ["nvidia"]), where)
            for rung in found.weights["downloads"].ladder:
                assert 0 <= rung.lower <= rung.value <= rung.upper <= 1
                assert rung.value + rung.kept + rung.no_evidence == pytest.approx(1)
            assert chokepoints(stack, where, pairs=False).count_singles > 50
