"""Deals: the reviewed entries, what was known on a day, and rings of payments."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas import read_curated
from underlay.atlas.contracts import core
from underlay.atlas.stack_curated import read_deals as read_entries
from underlay.errors import NoDataError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.stack.capital import (
    FLOWS,
    GRADES,
    Deal,
    Deals,
    capital,
    cycles,
    read_deals,
)
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENTRIES = read_entries()
NOW = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
STATUSES = ("announced", "closed", "partly closed", "cancelled")


def test_there_are_enough_deals_of_the_years_asked_for() -> None:
    assert len(ENTRIES) >= 30
    assert {entry["announced_on"].year for entry in ENTRIES} <= {2023, 2024, 2025, 2026}
    assert {entry["kind"] for entry in ENTRIES} == set(FLOWS)


@pytest.mark.parametrize("entry", ENTRIES, ids=[str(entry["deal_id"]) for entry in ENTRIES])
def test_a_deal_says_what_it_rests_on(entry: dict[str, Any]) -> None:
    organisations = read_curated().organisations
    assert {entry["giver_id"], entry["receiver_id"]} <= set(organisations)
    assert entry["giver_id"] != entry["receiver_id"]
    assert entry["kind"] in FLOWS
    assert entry["grade"] in GRADES
    assert entry["status"] in STATUSES
    address = urlparse(entry["citation_url"])
    assert address.scheme in ("http", "https")
    assert "." in address.netloc
    if entry.get("citation_on"):
        assert entry["citation_on"] <= entry["read_on"]
    # an amount without words for it could be read as a price that was paid
    assert ("amount_usd" not in entry) or entry.get("amount_note") or entry["kind"] == "funds"
    if entry.get("closed_on"):
        assert entry["status"] in ("closed", "partly closed")
        assert entry["closed_on"] <= entry["read_on"]


def test_a_deal_stands_once_and_in_order_of_days() -> None:
    ids = [entry["deal_id"] for entry in ENTRIES]
    assert len(set(ids)) == len(ids)
    facts = [(e["giver_id"], e["receiver_id"], e["kind"], e["announced_on"]) for e in ENTRIES]
    assert len(set(facts)) == len(facts)
    days = [entry["announced_on"] for entry in ENTRIES]
    assert days == sorted(days)


def deal(payer: str, payee: str, kind: str = "funds", **more: Any) -> Deal:
    ends = (payer, payee) if kind == "funds" else (payee, payer)
    day = more.pop("announced_on", dt.date(2025, 1, 1))
    return Deal(more.pop("id", f"{payer}-{payee}-{kind}"), *ends, kind, day, **more)


def by_hand(sides: set[tuple[str, str]], longest: int) -> set[tuple[str, ...]]:
    """Rings of at most `longest` firms, by trying all orders of all firms."""
    firms = sorted({firm for side in sides for firm in side})
    return {
        order
        for size in range(2, longest + 1)
        for order in permutations(firms, size)
        if order[0] == min(order) and all(side in sides for side in pairwise((*order, order[0])))
    }


SIDES = st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=18)


@given(SIDES, st.integers(2, 5), st.randoms(use_true_random=False))
def test_rings_are_those_that_trying_all_orders_finds(
    sides: set[tuple[str, str]], longest: int, order: Any
) -> None:
    given_deals = [deal(*side) for side in sorted(sides)]
    found = cycles(given_deals, longest)
    plain = {side for side in sides if side[0] != side[1]}
    assert [ring.firms for ring in found] == sorted(
        by_hand(plain, longest), key=lambda ring: (len(ring), ring)
    )
    order.shuffle(given_deals)
    assert cycles(given_deals, longest) == found


def test_who_pays_depends_on_the_kind() -> None:
    for kind, payer, payee in (
        ("funds", "a", "b"),
        ("supplies", "b", "a"),
        ("leases", "b", "a"),
        ("owns", "", ""),
    ):
        made = Deal("d", "a", "b", kind, dt.date(2025, 1, 1))
        assert (made.payer, made.payee) == (payer, payee)


def test_the_supplier_that_funds_its_customer_is_a_ring_of_two() -> None:
    funds = Deal("one", "chips", "models", "funds", dt.date(2025, 3, 1), amount_usd=5.0)
    sells = Deal(
        "two", "chips", "models", "supplies", dt.date(2024, 3, 1), dt.date(2024, 4, 1),
        status="closed",
    )  # fmt: skip
    (ring,) = cycles([funds, sells])
    assert ring.firms == ("chips", "models")
    assert ring.since == dt.date(2025, 3, 1)
    assert ring.closed == 1
    assert [payment.is_done for payment in ring.payments] == [False, True]


def test_two_deals_of_one_direction_are_one_payment() -> None:
    later = deal("a", "b", id="later", announced_on=dt.date(2026, 1, 1))
    (ring,) = cycles([later, deal("a", "b"), deal("b", "a", "leases")])
    assert [each.id for each in ring.payments[0].deals] == ["a-b-funds", "later"]


def test_what_is_owned_cancelled_or_unknown_makes_no_ring() -> None:
    assert not cycles([deal("a", "b"), Deal("o", "b", "a", "owns", dt.date(2025, 1, 1))])
    assert not cycles([deal("a", "b"), deal("b", "a", status="cancelled")])
    assert not cycles([deal("a", "unknown"), deal("unknown", "a")])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    rows = [
        {**entry, "citation_on": entry.get("citation_on")}
        for entry in ENTRIES
        if {entry["giver_id"], entry["receiver_id"]} <= {"nvidia", "openai", "intel", "xai"}
    ]
    transaction = Transaction(tmp_path / "lake")
    transaction.replace(Batch.from_rows(core("deal"), rows))
    transaction.commit(NOW)
    with Engine(Lake(tmp_path / "lake"), (core("deal"),)) as made:
        yield made


def test_a_deal_reads_as_it_was_written(engine: Engine) -> None:
    found = {each.id: each for each in read_deals(engine)}
    entry = next(e for e in ENTRIES if e["deal_id"] == "nvidia-intel-2025-funds")
    read = found["nvidia-intel-2025-funds"]
    assert (read.announced_on, read.closed_on) == (entry["announced_on"], entry["closed_on"])
    assert read.amount_usd == entry["amount_usd"]
    assert (read.url, read.grade, read.read_on) == (
        entry["citation_url"], entry["grade"], entry["read_on"],
    )  # fmt: skip
    assert found["nvidia-openai-2025-supplies"].amount_usd is None


def test_closed_later_was_only_announced_then(engine: Engine) -> None:
    def on(day: dt.date) -> Deal:
        known = capital(engine, as_of=day).deals
        return next(each for each in known if each.id == "nvidia-intel-2025-funds")

    assert (on(dt.date(2025, 12, 25)).status, on(dt.date(2025, 12, 25)).closed_on) == (
        "announced", None,
    )  # fmt: skip
    assert on(dt.date(2025, 12, 26)).status == "closed"
    days = {each.announced_on for each in capital(engine, as_of=dt.date(2025, 9, 18)).deals}
    assert max(days) == dt.date(2025, 9, 18)


def test_before_the_first_deal_the_days_that_have_some_are_named(engine: Engine) -> None:
    with pytest.raises(NoDataError) as caught:
        capital(engine, as_of=dt.date(2020, 1, 1))
    assert caught.value.available.startswith("2024-10-02 to ")


def test_the_answer_holds_amounts_as_stated_and_never_their_sum(engine: Engine) -> None:
    answer = capital(engine, with_rings=True).to_dict()
    json.dumps(answer)
    assert answer["schema"] == "underlay/deals/1"
    ring = next(r for r in answer["cycles"] if r["firms"] == ["nvidia", "openai"])
    amounts = [each["amount_usd"] for each in ring["payments"][0]["deals"]]
    assert amounts == [None, 100e9, 30e9]
    assert "amount_usd" not in ring["payments"][0]
    assert sum(answer["coverage"]["grades"].values()) == answer["coverage"]["deals"]


def test_rings_that_nobody_asked_for_are_left_out() -> None:
    made = Deals(None, (deal("a", "b"),))
    assert "cycles" not in made.to_dict()


def test_deals_from_the_command_line(underlay: Callable[..., Any], small_lake: Path) -> None:
    ran = underlay("--lake", small_lake, "deals", "--json")
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    assert len(answer["deals"]) == len(ENTRIES)
    ran = underlay("--lake", small_lake, "deals", "--cycles", "--firm", "amd")
    assert ran.code == 0
    assert "amd funds openai: 2025-10-06, no amount stated (a warrant" in ran.out
    assert "openai pays amd, which supplies it: 2025-10-06" in ran.out
    assert "Announced is not closed" in ran.out
    ran = underlay("--lake", small_lake, "deals", "--firm", "no such firm", "--json")
    assert ran.code == 2
    assert json.loads(ran.err)["schema"] == "underlay/error/1"
