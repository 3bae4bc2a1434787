"""What an owner stands in: dated control, stakes apart from it, and meters in its hands."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.contracts import core
from underlay.errors import UnknownNameError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.stack.owners import exposure
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
BOUGHT = dt.date(2025, 5, 1)
TABLES = ("organisation", "stack_component", "component", "deal", "source")


def organisation(name: str, parent: str | None = None, since: dt.date | None = None) -> Any:
    return {
        "organisation_id": name,
        "name": name.title(),
        "country": "US",
        "parent_id": parent,
        "parent_since_on": since,
    }


def part(layer: str, name: str, owner: str, since: dt.date | None = None) -> Any:
    return {
        "component_id": f"{layer}:{name}",
        "layer": layer,
        "name": name,
        "organisation_id": owner,
        "country": "US",
        "scope": "code",
        "is_open": True,
        "since_on": since,
        "reason": "made up",
        "source": "curated",
    }


def package(name: str, market: str, owner: str) -> Any:
    return {
        "component_id": f"pypi/{name}",
        "name": name,
        "kind": "runtime",
        "market": market,
        "organisation_id": owner,
        "country": "US",
        "ties": "none",
    }


def deal(giver: str, receiver: str, kind: str, day: dt.date, **more: Any) -> Any:
    return {
        "deal_id": f"{giver}-{receiver}-{kind}",
        "giver_id": giver,
        "receiver_id": receiver,
        "kind": kind,
        "announced_on": day,
        "status": "announced",
        "grade": "press",
        "citation_title": "made up",
        "citation_url": "https://example.org",
        "read_on": dt.date(2026, 6, 1),
        **more,
    }


def source(name: str, conflict: str | None) -> Any:
    return {
        "source": name,
        "title": name,
        "licence": "MIT",
        "url": "https://example.org",
        "may_redistribute": "rows",
        "conflict": conflict,
        "rows_count": 1,
    }


ROWS: dict[str, list[Any]] = {
    "organisation": [
        organisation("chips"),
        organisation("tools", "chips", BOUGHT),
        organisation("kernels", "tools"),
        organisation("old", "chips", dt.date(2010, 1, 1)),
        organisation("huggingface"),
        organisation("models"),
        organisation("shop"),
    ],
    "stack_component": [
        part("accelerator", "line", "chips"),
        part("accelerator", "other", "unknown"),
        part("package", "compiler", "tools"),
        part("package", "fast", "kernels", dt.date(2025, 8, 1)),
        part("runtime", "theirs", "models"),
    ],
    "component": [package("serve", "llm-runtime", "tools"), package("hub", "none", "huggingface")],
    "deal": [
        deal(
            "chips", "models", "funds", dt.date(2025, 2, 1), amount_usd=3e9, status="closed",
            closed_on=dt.date(2025, 5, 1),
        ),
        deal("chips", "models", "supplies", dt.date(2025, 3, 1)),
        deal("chips", "tools", "owns", dt.date(2025, 1, 1), status="closed", closed_on=BOUGHT),
        deal(
            "chips", "shop", "owns", dt.date(2025, 6, 1), status="closed",
            closed_on=dt.date(2025, 7, 1),
        ),
        deal("models", "chips", "funds", dt.date(2026, 1, 1)),
        deal("chips", "huggingface", "funds", dt.date(2023, 8, 1)),
    ],
    "source": [source("mlperf", "Vendors choose."), source("os_ai_map", "The Hub counts itself.")],
}  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    transaction = Transaction(tmp_path / "lake")
    for name in TABLES:
        transaction.replace(Batch.from_rows(core(name), ROWS[name]))
    transaction.commit(NOW)
    contracts = tuple(core(name) for name in TABLES)
    with Engine(Lake(tmp_path / "lake"), contracts) as made:
        yield made


def held(found: Any) -> set[str]:
    return {each.id for layer in found.layers for each in layer.holdings}


def test_control_goes_down_all_links(engine: Engine) -> None:
    found = exposure(engine, "Chips")
    assert found.owned == ("chips", "old", "shop", "tools", "kernels")
    assert held(found) == {"accelerator:line", "package:compiler", "package:fast", "pypi/serve"}
    below = {member.id: member for member in found.members}
    assert [step.owned for step in below["kernels"].chain] == ["tools", "kernels"]
    assert (below["kernels"].since_on, below["kernels"].is_dated) == (BOUGHT, False)
    assert (below["tools"].since_on, below["tools"].is_dated) == (BOUGHT, True)
    # of two statements of one purchase the organisation's own entry counts, else the deal does
    assert [step.source for step in below["tools"].chain] == ["organisation"]
    assert [step.source for step in below["shop"].chain] == ["chips-shop-owns"]


def test_a_layer_counts_what_is_held_what_there_is_and_whose_owner_is_unknown(
    engine: Engine,
) -> None:
    layers = {layer.name: layer for layer in exposure(engine, "chips").layers}
    assert set(layers) == {"accelerator", "package", "packages: runtime"}
    accelerators = layers["accelerator"]
    assert (len(accelerators.holdings), accelerators.components, accelerators.unowned) == (1, 2, 1)
    days = {each.id: (each.since_on, each.is_dated) for each in layers["package"].holdings}
    assert days == {
        "package:compiler": (BOUGHT, True),
        "package:fast": (dt.date(2025, 8, 1), False),
    }
    # nobody recorded since when its first owner has it
    assert accelerators.holdings[0].since_on is None
    assert not accelerators.holdings[0].is_dated


@pytest.mark.parametrize(
    ("day", "owned", "components"),
    [
        (dt.date(2025, 4, 30), {"old"}, {"accelerator:line"}),
        (
            BOUGHT,
            {"old", "tools", "kernels"},
            {"accelerator:line", "package:compiler", "pypi/serve"},
        ),
        (
            dt.date(2025, 8, 1),
            {"old", "tools", "kernels", "shop"},
            {"accelerator:line", "package:compiler", "package:fast", "pypi/serve"},
        ),
    ],
)  # fmt: skip
def test_what_came_later_is_left_out(
    engine: Engine, day: dt.date, owned: set[str], components: set[str]
) -> None:
    found = exposure(engine, "chips", as_of=day)
    assert {member.id for member in found.members} == owned
    assert held(found) == components


def test_a_stake_is_not_control(engine: Engine) -> None:
    found = exposure(engine, "chips")
    assert found.funded == ("huggingface", "models")
    assert not set(found.funded) & set(found.owned)
    assert "runtime:theirs" not in held(found)
    assert [each.id for each in found.backers] == ["models-chips-funds"]
    assert [each.id for each in found.trade] == ["chips-models-supplies"]
    assert found.markets == ("llm-runtime",)


def test_stakes_of_later_days_are_left_out(engine: Engine) -> None:
    assert exposure(engine, "chips", as_of=dt.date(2025, 1, 31)).funded == ("huggingface",)


@pytest.mark.parametrize(
    ("day", "status"),
    [(None, "closed"), (dt.date(2025, 5, 1), "closed"), (dt.date(2025, 4, 30), "announced")],
)
def test_a_stake_stands_as_it_did_on_the_day(
    engine: Engine, day: dt.date | None, status: str
) -> None:
    stakes = {each.receiver: each for each in exposure(engine, "chips", as_of=day).stakes}
    assert stakes["models"].status == status
    assert (stakes["models"].closed_on is not None) == (status == "closed")


def test_meters_in_the_hands_of_the_measured_are_named(engine: Engine) -> None:
    conflicts = {(c.source, c.organisation): c for c in exposure(engine, "chips").conflicts}
    assert set(conflicts) == {("mlperf", "chips"), ("os_ai_map", "huggingface")}
    assert "`chips` has money in" in conflicts["os_ai_map", "huggingface"].why
    assert conflicts["mlperf", "chips"].stated == "Vendors choose."
    (own,) = exposure(engine, "huggingface").conflicts
    assert (own.source, own.why) == ("os_ai_map", "it runs the service that is counted")
    assert exposure(engine, "models").conflicts == ()


def test_an_owner_that_nobody_knows_is_refused_with_near_names(engine: Engine) -> None:
    with pytest.raises(UnknownNameError) as caught:
        exposure(engine, "chip")
    assert "`chips`" in caught.value.hint
    with pytest.raises(UnknownNameError):
        exposure(engine, "unknown")


def test_the_answer_is_plain(engine: Engine) -> None:
    answer = exposure(engine, "chips", as_of=dt.date(2025, 6, 1)).to_dict()
    assert answer == json.loads(json.dumps(answer))
    assert (answer["schema"], answer["as_of"]) == ("underlay/exposure/1", "2025-06-01")
    assert [member["organisation_id"] for member in answer["group"]] == ["old", "tools", "kernels"]


def test_exposure_from_the_command_line(underlay: Callable[..., Any], small_lake: Path) -> None:
    ran = underlay("--lake", small_lake, "exposure", "--owner", "nvidia", "--json")
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    members = {member["organisation_id"]: member for member in answer["group"]}
    assert members["mellanox"]["since_on"] == "2020-04-27"
    assert {deal["receiver"] for deal in answer["stakes"]} >= {"openai", "coreweave"}
    for figure in answer["figures"]:
        for side in ("owned", "funded"):
            share = figure[side]
            assert (share["value"] is None) == ("reason" in share)
    before = underlay(
        "--lake", small_lake, "exposure", "--owner", "nvidia", "--as-of", "2019-12-31"
    )
    assert before.code == 0
    assert "Mellanox" not in before.out
    assert "stakes" not in before.out.split("caveat")[0]
    unknown = underlay("--lake", small_lake, "exposure", "--owner", "nobody at all", "--json")
    assert (unknown.code, json.loads(unknown.err)["schema"]) == (2, "underlay/error/1")
