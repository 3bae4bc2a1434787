"""The flow through the stack, counted by hand on the made-up vendors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stack.made_up import MadeUp, Model, Row, two_vendors

from underlay.errors import NoDataError
from underlay.stack.facets import Facets
from underlay.stack.flow import FLOW_LAYERS, NO_ROUTE, Flow, flow
from underlay.stack.parts import Need
from underlay.stack.removals import removal
from underlay.stack.whatif import whatif

CLOSE = 1e-12


def with_dies(made: MadeUp) -> MadeUp:
    """Dies as the core tables name the slot: two foundries for one line, none for another."""
    made.needs = [need for need in made.needs if need.slot != "foundry"]
    made.needs += [
        Need("accelerator:hopper", "dies", "foundry:tsmc"),
        Need("accelerator:cdna3", "dies", "foundry:tsmc"),
        Need("accelerator:cdna3", "dies", "unknown"),
    ]
    return made


def links(found: Flow, layer: str) -> dict[tuple[str, str], float]:
    return {(each.source, each.target): each.share for each in found.links if each.layer == layer}


def check(found: Flow) -> None:
    """Every layer is the whole, and what enters a piece leaves it."""
    for layer, after in pairwise(FLOW_LAYERS[:-1]):
        here, there = links(found, layer), links(found, after)
        assert sum(here.values()) == pytest.approx(1.0, abs=CLOSE)
        for piece in {target for _, target in here}:
            into = sum(share for (_, target), share in here.items() if target == piece)
            out = sum(share for (source, _), share in there.items() if source == piece)
            assert into == pytest.approx(out, abs=CLOSE), (layer, piece)
    assert sum(links(found, FLOW_LAYERS[-2]).values()) == pytest.approx(1.0, abs=CLOSE)
    assert all(0.0 <= part <= 1.0 + CLOSE for part in found.reach.values())


def test_every_layer_counted_by_hand() -> None:
    found = flow(with_dies(two_vendors()).stack())
    check(found)
    # of 100: 50 on vLLM's two toolchains, 20 on CUDA only, 15 on TEI, 10 on CUDA, ROCm and CANN,
    # 5 of unknown class
    runtimes = links(found, "maker")
    assert runtimes == pytest.approx(
        {
            ("US", "runtime:vllm"): 0.5,
            ("FR", "runtime:vllm"): 0.2,
            ("CN", "runtime:vllm"): 0.1,
            ("CN", "runtime:tei"): 0.15,
            ("CN", NO_ROUTE): 0.05,
        }
    )
    third = 0.1 / 3
    assert links(found, "runtime") == pytest.approx(
        {
            ("runtime:vllm", "toolchain:cuda"): 0.25 + 0.2 + third,
            ("runtime:vllm", "toolchain:rocm"): 0.25 + third,
            ("runtime:vllm", "toolchain:cann"): third,
            ("runtime:tei", "toolchain:cuda"): 0.15,
            (NO_ROUTE, NO_ROUTE): 0.05,
        }
    )
    # half of what one line could carry has a named foundry; of the other nobody says who makes it
    assert links(found, "designer") == pytest.approx(
        {
            ("nvidia", "foundry:tsmc"): 0.6 + third,
            ("amd", "foundry:tsmc"): (0.25 + third) / 2,
            ("amd", "unknown"): (0.25 + third) / 2,
            ("huawei", "unknown"): third,
            (NO_ROUTE, NO_ROUTE): 0.05,
        }
    )


def test_a_piece_reaches_what_has_any_route_through_it() -> None:
    found = flow(with_dies(two_vendors()).stack())
    assert found.reach["designer", "nvidia"] == pytest.approx(0.95)
    assert found.reach["designer", "amd"] == pytest.approx(0.6)
    assert found.reach["designer", "huawei"] == pytest.approx(0.1)
    assert found.reach["foundry", "foundry:tsmc"] == pytest.approx(0.95)
    assert found.reach["runtime", "runtime:tei"] == pytest.approx(0.15)
    assert found.reach["maker", "CN"] == pytest.approx(0.3)
    for layer in FLOW_LAYERS[1:]:
        assert found.reach[layer, NO_ROUTE] == pytest.approx(0.05)
    shares: dict[tuple[str, str], float] = {}
    for link in found.links:
        key = link.layer, link.source
        shares[key] = shares.get(key, 0.0) + link.share
    for key, share in shares.items():
        assert share <= found.reach[key] + CLOSE


def test_after_a_removal_the_lost_have_no_route() -> None:
    stack = with_dies(two_vendors()).stack()
    gone = removal(stack, ["nvidia"])
    found = flow(stack, without=gone)
    check(found)
    rung = whatif(stack, gone).weights["downloads"].headline
    assert rung is not None
    assert found.reach["runtime", NO_ROUTE] == pytest.approx(rung.value + rung.no_evidence)
    assert not any("nvidia" in (link.source, link.target) for link in found.links)
    # what is left is divided anew: all of the first model is on ROCm
    assert links(found, "runtime")["runtime:vllm", "toolchain:rocm"] == pytest.approx(0.5 + 0.05)


def test_each_model_counts_once_by_models() -> None:
    found = flow(two_vendors().stack(), weight="models")
    check(found)
    assert links(found, "maker")["US", "runtime:vllm"] == pytest.approx(0.2)
    assert found.models == 5
    assert found.weight == "models"


def test_a_weight_that_the_list_lacks() -> None:
    with pytest.raises(NoDataError):
        flow(two_vendors().stack(), weight="tokens")


def test_nothing_known_is_no_route_and_no_loss() -> None:
    made = two_vendors()
    made.rows = [Row("runtime:vllm", "Elsewhere")]
    found = flow(made.stack())
    check(found)
    assert {link.target for link in found.links} == {NO_ROUTE}


runtimes = st.sampled_from(("runtime:vllm", "runtime:tei"))
backends = st.sampled_from(("any", "toolchain:cuda", "toolchain:rocm", "toolchain:cann"))
names = st.sampled_from(("A", "B", "C", "unknown"))


@given(
    rows=st.lists(
        st.tuples(runtimes, names, backends, st.sampled_from(("yes", "no", "not-tested"))),
        max_size=12,
    ),
    models=st.lists(st.tuples(names, st.integers(1, 100)), min_size=1, max_size=6),
    grade=st.sampled_from(("named", "product", "generic")),
    removed=st.sampled_from((None, "nvidia", "foundry:tsmc", "package:torch")),
)
def test_flow_is_whole_whatever_is_known(
    rows: list[tuple[str, str, str, str]],
    models: list[tuple[str, int]],
    grade: str,
    removed: str | None,
) -> None:
    made = with_dies(two_vendors())
    made.rows = [Row(r, a, b, status=s) for r, a, b, s in rows if a != "unknown"]
    made.models = [Model(f"m/{n}", a, w) for n, (a, w) in enumerate(models)]
    stack = made.stack()
    gone = removal(stack, [removed]) if removed else None
    facets = Facets.of({"grade": grade})
    found = flow(stack, facets, without=gone)
    check(found)
    share = whatif(stack, gone or removal(stack, []), facets).weights["downloads"].headline
    assert share is not None
    carried = 1.0 - found.reach.get(("runtime", NO_ROUTE), 0.0)
    assert carried == pytest.approx(share.kept, abs=1e-9)
    assert np.isclose(sum(links(found, "maker").values()), 1.0)
