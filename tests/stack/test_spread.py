"""All definitions at once against one by one, and the routes of one model."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from tests.stack.made_up import Model, Row, two_vendors

from underlay.errors import NotComputableError, UnknownNameError
from underlay.stack import spread as spread_module
from underlay.stack.facets import Facets
from underlay.stack.parts import Build
from underlay.stack.removals import removal
from underlay.stack.routes import routes
from underlay.stack.spread import spread
from underlay.stack.whatif import whatif


@pytest.mark.parametrize("by", ["all", "country", "openness"])
def test_every_definition_is_the_single_answer(by: str) -> None:
    made = two_vendors()
    made.models += [
        Model("a/tiny-random-Both", "Both", 7, "FR", "unknown"),
        Model("a/gguf", "Both", 9, "US", "unknown", "vision", "gguf", "gguf-q4"),
    ]
    made.rows.append(Row("runtime:vllm", "Both", "toolchain:cpu", evidence="measured"))
    stack = made.stack()
    found = spread(stack, ["nvidia"], by=by)
    assert found.definition(0) == {**Facets().to_dict(), "weight": "downloads"}
    rng = random.Random(5)  # noqa: S311 - not for secrets
    for index in [0, *rng.sample(range(len(found)), 60)]:
        where = found.definition(index)
        weight = where.pop("weight")
        asked = removal(stack, ["nvidia"], scope=where["scope"])
        single = whatif(stack, asked, Facets.of(where))
        share = single.weights[weight].headline
        assert share is not None
        parts = {
            "all": {"all": share},
            "country": {p.key: p for p in single.by_country if p.weight == weight},
            "openness": {p.key: p for p in single.by_openness if p.weight == weight},
        }[by]
        for place, party in enumerate(found.parties):
            cells = [a[index, place] for a in (found.values, found.lower, found.upper)]
            if party not in parts:
                assert np.isnan(cells).all()
                continue
            part = parts[party]
            assert cells == pytest.approx([part.value, part.lower, part.upper])
            assert found.no_evidence[index, place] == pytest.approx(part.no_evidence)


def test_facets_that_are_set_are_held() -> None:
    stack = two_vendors().stack()
    found = spread(stack, ["foundry:tsmc"], where={"grade": "named", "weight": "models"})
    assert found.held["grade"] == "named"
    assert found.held["weight"] == "models"
    # a foundry has no scope to choose
    assert found.held["scope"] == "default"
    assert found.missing == {"tokens": "none in a made-up list"}
    assert len(found) == 2 * 2 * 5 * 2 * 2 * 2 * 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"by": "maker"}, "no party of the stack"),
        ({"where": {"weights": "models"}}, "no facet of the stack"),
        ({"where": {"weight": "likes"}}, "no option of `weight`"),
        ({"where": {"grade": "best"}}, "no option of `grade`"),
        ({"vary": ["lists"]}, "no facet of the stack"),
    ],
)
def test_unknown_choices(more: dict[str, object], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        spread(two_vendors().stack(), ["nvidia"], **more)  # type: ignore[arg-type]


def test_too_many_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread_module, "_MOST", 100)
    with pytest.raises(NotComputableError, match="definitions"):
        spread(two_vendors().stack(), ["nvidia"])


def test_routes_of_a_model() -> None:
    stack = two_vendors().stack()
    found = routes(stack, "a/both")
    assert [(r.runtime, r.backend, r.line, r.grade) for r in found.routes] == [
        ("runtime:vllm", "toolchain:rocm", "accelerator:cdna3", "ci"),
        ("runtime:vllm", "toolchain:cuda", "accelerator:hopper", "product"),
        ("runtime:vllm", "toolchain:cpu", "accelerator:cpu", "product"),
    ]
    assert found.depends_on == ("package:torch", "runtime:vllm")
    assert [(b.runtime, b.backend, b.kind) for b in found.blocks] == [
        ("runtime:tei", "toolchain:cuda", "unknown"),
        ("runtime:vllm", "toolchain:cann", "unknown"),
    ]
    answer = json.loads(json.dumps(found.to_dict()))
    assert answer["schema"] == "underlay/routes/1"
    assert answer["requirement"]["architecture"] == "Both"
    assert answer["requirement"]["weights_bytes"] is None


def test_one_model_after_another() -> None:
    stack = two_vendors().stack()
    names = ["a/both", "a/denied", "a/closed", "a/ascended", "a/mystery"] * 80
    found = {(name, routes(stack, name).architecture, len(routes(stack, name).routes))
             for name in names}  # fmt: skip
    assert found == {
        ("a/both", "Both", 3),
        ("a/denied", "Denied", 2),
        ("a/closed", "Closed", 1),
        ("a/ascended", "Ascended", 4),
        ("a/mystery", "unknown", 0),
    }
    assert len(stack.memory) < 300


def test_routes_after_a_removal() -> None:
    stack = two_vendors().stack()
    found = routes(stack, "a/both", without=removal(stack, ["amd", "nvidia"]))
    assert [r.backend for r in found.routes] == ["toolchain:cpu"]
    assert [(b.backend, b.kind) for b in found.blocks][:2] == [
        ("toolchain:cuda", "removed"),
        ("toolchain:rocm", "removed"),
    ]


def test_blocks_are_named() -> None:
    made = two_vendors()
    made.models = [Model("a/new", "New", file_format="gguf", quantisation="gguf", parameters=1e12)]
    made.builds = [
        Build("build:vllm/cuda", "runtime:vllm", "toolchain:cuda", source="repository"),
        Build("build:vllm/rocm", "runtime:vllm", "toolchain:rocm", tracks_version="0.8"),
        Build("build:vllm/cann", "runtime:vllm", "toolchain:cann", has_own_registry=True,
              is_registry_closed=True),
        Build("build:vllm/cpu", "runtime:vllm", "toolchain:cpu", "cpu"),
        Build("build:tei/cuda", "runtime:tei", "toolchain:cuda"),
        Build("build:tei/rocm", "runtime:tei", "toolchain:rocm"),
    ]  # fmt: skip
    made.rows = [
        Row("runtime:vllm", "New", version="0.9"),
        Row("runtime:tei", "New", "toolchain:cuda", status="no", source="vendor", path="table"),
        Row("runtime:tei", "New", "toolchain:rocm", status="not-tested"),
        Row("runtime:vllm", file_format="gguf", backend="toolchain:cpu"),
    ]
    stack = made.stack()
    kinds = {
        (b.runtime.partition(":")[2], b.backend.partition(":")[2]): (b.kind, b.why, b.source)
        for b in routes(stack, "a/new", Facets(routes="all", object="file")).blocks
    }
    assert kinds["tei", "cuda"] == ("documented-no", "all three: no, says vendor", "vendor")
    assert kinds["tei", "rocm"][0] == "not-tested"
    assert kinds["vllm", "cuda"][:2] == ("format", "no reader of gguf is known there")
    assert kinds["vllm", "rocm"] == (
        "lag",
        "goes with vllm 0.8, whose registry did not hold `New`",
        "",
    )
    assert kinds["vllm", "cann"][0] == "conjectured-no"
    # 1e12 parameters in an unknown number format: nobody can say that they don't fit
    assert ("vllm", "cpu") not in kinds
    made.models = [Model("a/new", "New", quantisation="none", parameters=1e12)]
    blocks = routes(made.stack(), "a/new").blocks
    memory = [b for b in blocks if b.backend == "toolchain:cpu"]
    assert [b.kind for b in memory] == ["memory"]


def test_an_unknown_architecture_has_no_route_and_no_no() -> None:
    stack = two_vendors().stack()
    found = routes(stack, "a/mystery")
    assert found.routes == ()
    assert {b.kind for b in found.blocks} == {"unknown"}
    assert found.blocks[0].why == "the model's architecture is unknown"
    assert found.depends_on == ()
