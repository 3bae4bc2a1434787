"""Predicates: data in and out, normal form, and what holds under which definition."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.claims.made_up import SHARE, MadeUp, spread

from underlay.claims.predicates import (
    STATEMENT_KINDS,
    Compound,
    Quantity,
    Statement,
    evaluate,
    in_words,
    negated,
    normal,
    predicate_from,
    quantities,
)
from underlay.errors import BadValueError, NotComputableError

if TYPE_CHECKING:
    from underlay.claims.predicates import Predicate

NAN = float("nan")
SCOPE = {"scope": ("all", "language")}
DAY = dt.date(2025, 9, 30)
PRICE = Quantity.of("price_blended", "country")


def truth(predicate: Predicate, *spreads: Any) -> list[float | None]:
    found = evaluate(predicate, MadeUp(*spreads))  # type: ignore[arg-type]
    return [None if np.isnan(value) else float(value) for value in found.truth]


def said(kind: str, party: str = "CN", **more: Any) -> Statement:
    quantity = more.pop("quantity", SHARE)
    parties = more.pop("parties", (party,))
    return Statement(kind, quantity, parties, **more)


TWO = spread(SCOPE, ["CN", "US", "unknown"], [[0.3, 0.4, 0.3], [0.5, 0.2, 0.3]])


def test_leads_is_to_be_above_every_named_party() -> None:
    assert truth(said("leads"), TWO) == [0.0, 1.0]
    assert truth(said("leads", "US"), TWO) == [1.0, 0.0]


def test_unknown_can_not_lead_but_leaves_doubt() -> None:
    made = spread(SCOPE, ["CN", "US", "unknown"], [[0.2, 0.1, 0.7], [0.6, 0.3, 0.1]])
    found = evaluate(said("leads"), MadeUp(made))  # type: ignore[arg-type]
    assert found.truth.tolist() == [1.0, 1.0]
    assert found.unsure.tolist() == [True, False]


def test_a_tie_is_no_lead() -> None:
    made = spread({}, ["CN", "US"], [0.5, 0.5])
    assert truth(said("leads"), made) == [0.0]
    assert truth(said("exceeds", other="US"), made) == [0.0]


def test_the_lowest_of_prices() -> None:
    made = spread({}, ["CN", "US", "FR"], [0.1, 0.4, NAN], PRICE, adds_up=False)
    assert truth(said("leads", quantity=PRICE, lowest=True), made) == [1.0]
    assert truth(said("leads", "FR", quantity=PRICE, lowest=True), made) == [None]
    assert truth(said("exceeds", "US", quantity=PRICE, other="CN"), made) == [1.0]


def test_what_has_no_value_can_not_be_compared() -> None:
    made = spread(SCOPE, ["CN", "US"], [[NAN, 0.4], [0.5, NAN]])
    assert truth(said("exceeds", other="US"), made) == [None, None]
    assert truth(said("at_least", number=0.4), made) == [None, 1.0]
    assert truth(said("leads", "BR"), made) == [None, None]


def test_shares_of_several_are_added() -> None:
    assert truth(said("at_least", parties=("CN", "US"), number=0.7), TWO) == [1.0, 1.0]
    assert truth(said("at_most", parties=("CN", "US"), number=0.69), TWO) == [0.0, 0.0]


def test_unknown_could_lift_a_share_over_the_number() -> None:
    found = evaluate(said("at_least", number=0.6), MadeUp(TWO))  # type: ignore[arg-type]
    assert found.truth.tolist() == [0.0, 0.0]
    assert found.unsure.tolist() == [True, True]
    found = evaluate(said("at_most", number=0.9), MadeUp(TWO))  # type: ignore[arg-type]
    assert found.unsure.tolist() == [False, False]


def test_gaps_factors_and_places() -> None:
    assert truth(said("gap_at_most", other="US", number=0.15), TWO) == [1.0, 0.0]
    assert truth(said("exceeds", other="US", factor=2.0), TWO) == [0.0, 1.0]
    assert truth(said("first_places", "US", number=1), TWO) == [1.0, 0.0]
    assert truth(said("first_places", parties=("CN", "US"), number=2), TWO) == [1.0, 1.0]


def test_a_crossing_before_a_day() -> None:
    before = spread(SCOPE, ["CN", "US"], [[0.5, 0.4], [0.1, 0.9]], replace(SHARE, as_of=DAY))
    assert truth(said("since", other="US", before=DAY), TWO, before) == [0.0, 0.0]
    after = spread(SCOPE, ["CN", "US"], [[0.5, 0.4], [0.6, 0.2]], replace(SHARE, as_of=DAY))
    assert truth(said("since", other="US", before=DAY), TWO, after) == [0.0, 1.0]


def test_growth_since_a_day() -> None:
    before = spread(SCOPE, ["CN", "US"], [[0.1, 0.2], [0.5, 0.1]], replace(SHARE, as_of=DAY))
    assert truth(said("changed_faster", other="US", before=DAY), TWO, before) == [1.0, 0.0]
    nothing = spread(SCOPE, ["CN", "US"], [[0.0, 0.2], [0.5, 0.1]], replace(SHARE, as_of=DAY))
    assert truth(said("changed_faster", other="US", before=DAY), TWO, nothing) == [None, 0.0]


def test_two_quantities_agree_in_the_choices_of_both() -> None:
    us = Quantity.of("releases_share", "licence_class", {"country": "US"})
    cn = Quantity.of("releases_share", "licence_class", {"country": "CN"})
    options = {"copies": ("keep", "drop"), "listing": ("a", "b")}
    left = spread(options, ["osi"], [0.1, 0.9, 0.2, 0.8], cn)
    right = spread({"copies": ("keep", "drop")}, ["osi"], [0.5, 0.15], us)
    one = Statement("exceeds", cn, ("osi",), "osi", against=us)
    assert truth(one, left, right) == [0.0, 1.0, 1.0, 1.0]
    with pytest.raises(BadValueError):
        truth(replace(one, kind="gap_at_most", number=1.0), left, right)


def test_parts_settle_a_common_choice_alike_and_others_apart() -> None:
    other = Quantity.of("tokens_share", "country")
    left = spread(SCOPE, ["CN", "US"], [[0.3, 0.4], [0.5, 0.2]])
    right = spread({"list": ("x", "y", "z")}, ["CN", "US"], [[1, 2], [2, 1], [NAN, 1]], other)
    both = Compound("all_of", (said("leads"), said("leads", "CN", quantity=other)))
    assert truth(both, left, right) == [0.0, 0.0, 0.0, 0.0, 1.0, None]
    same = Compound("all_of", (said("at_least", number=0.2), said("at_most", number=0.4)))
    assert truth(same, left) == [1.0, 0.0]


def test_readings_stand_side_by_side() -> None:
    other = Quantity.of("tokens_share", "country")
    right = spread({"list": ("x", "y")}, ["CN", "US"], [[1, 2], [2, 1]], other)
    parts = (said("leads"), said("leads", quantity=other))
    found = evaluate(Compound("readings", parts, ("one", "two")), MadeUp(TWO, right))  # type: ignore[arg-type]
    assert found.reading.tolist() == [0, 0, 1, 1]
    assert found.truth.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert found.definition(0) == {("downloads_share", "scope"): "all"}
    assert found.definition(3) == {("tokens_share", "list"): "y"}


def test_idle_options_do_not_count_twice() -> None:
    options = {"scope": ("all", "language"), "fresh": ("only", "all")}
    values = [[0.3, 0.4], [0.3, 0.4], [0.5, 0.2], [0.5, 0.2]]
    made = spread(options, ["CN", "US"], values, merged={("fresh", "all"): "only"})
    assert truth(said("leads"), made) == [0.0, 1.0]


def test_an_option_idle_on_one_side_only_counts() -> None:
    us = Quantity.of("releases_share", "licence_class", {"country": "US"})
    cn = Quantity.of("releases_share", "licence_class", {"country": "CN"})
    options = {"copies": ("keep", "drop")}
    left = spread(options, ["osi"], [0.4, 0.4], cn, merged={("copies", "drop"): "keep"})
    right = spread(options, ["osi"], [0.3, 0.5], us)
    one = Statement("exceeds", cn, ("osi",), "osi", against=us)
    assert truth(one, left, right) == [1.0, 0.0]


def test_too_many_definitions_are_refused() -> None:
    other = Quantity.of("tokens_share", "country")
    many = tuple(str(i) for i in range(300))
    left = spread({"a": many}, ["CN", "US"], np.ones((300, 2)))
    right = spread({"b": many}, ["CN", "US"], np.ones((300, 2)), other)
    both = Compound("all_of", (said("leads"), said("leads", quantity=other)))
    with pytest.raises(NotComputableError):
        truth(both, left, right)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "is_better"},
        {"kind": "exceeds"},
        {"kind": "exceeds", "other": "US", "number": 1},
        {"kind": "leads", "other": "US"},
        {"kind": "leads", "parties": []},
        {"kind": "leads", "parties": ["CN", "US"]},
        {"kind": "at_least"},
        {"kind": "since", "other": "US"},
        {"kind": "leads", "measure": None, "colour": "red"},
        {"kind": "all_of", "parts": []},
        {"kind": "readings", "parts": [{"kind": "leads", "parties": "CN"}] * 2},
    ],
    ids=str,
)
def test_what_is_no_predicate_is_refused(given: dict[str, Any]) -> None:
    whole = {"measure": "downloads_share", "by": "country", "parties": ["CN"], **given}
    if given["kind"] in ("all_of", "readings"):
        whole = given
    with pytest.raises(BadValueError):
        predicate_from(whole)


def test_a_quantity_needs_a_measure_and_a_facet() -> None:
    with pytest.raises(BadValueError):
        predicate_from({"kind": "leads", "parties": ["CN"], "measure": "downloads_share"})


# ---- For any table ----

PARTIES = ("CN", "US", "FR")
KINDS = st.sampled_from(["leads", "exceeds", "at_least", "at_most", "gap_at_most", "first_places"])


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    kind = draw(KINDS)
    party, other = draw(st.permutations(PARTIES))[:2]
    more: dict[str, Any] = {}
    if kind in ("exceeds", "gap_at_most"):
        more["other"] = other
    if kind in ("at_least", "at_most", "gap_at_most"):
        more["number"] = draw(st.sampled_from([0.2, 0.35, 0.6]))
    if kind == "first_places":
        more["number"] = draw(st.sampled_from([1, 2]))
    return Statement(kind, SHARE, (party,), **more)


predicates = st.recursive(
    statements(),
    lambda inner: st.one_of(
        inner.map(negated),
        st.builds(
            lambda kind, parts: Compound(kind, tuple(parts)),
            st.sampled_from(["all_of", "any_of"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=5,
)
cells = st.one_of(st.just(NAN), st.integers(1, 999).map(lambda n: n / 1000.0))
tables = st.lists(st.tuples(cells, cells, cells), min_size=2, max_size=2)


@given(predicates)
def test_a_predicate_survives_being_data(predicate: Predicate) -> None:
    assert predicate_from(predicate.to_dict()) == predicate
    assert quantities(predicate) == (SHARE,)
    assert in_words(predicate)


@given(predicates)
def test_normal_form_is_its_own(predicate: Predicate) -> None:
    found = normal(predicate)
    assert normal(found) == found
    assert normal(negated(negated(predicate))) == found


@given(predicates, tables)
def test_normal_form_says_the_same(predicate: Predicate, table: list[Any]) -> None:
    flat = [value for row in table for value in row if not np.isnan(value)]
    edges = {0.2, 0.35, 0.6}
    assume(len(set(flat)) == len(flat))  # ties aside
    assume(not edges & set(flat))
    made = spread(SCOPE, PARTIES, table, adds_up=False)
    assert truth(predicate, made) == truth(normal(predicate), made)


@given(predicates, tables)
def test_the_opposite_fails_where_it_holds(predicate: Predicate, table: list[Any]) -> None:
    made = spread(SCOPE, PARTIES, table)
    turned = [None if value is None else 1.0 - value for value in truth(predicate, made)]
    assert truth(negated(predicate), made) == turned


@given(statements(), tables)
def test_a_definition_is_judged_by_its_own_values(said_: Statement, table: list[Any]) -> None:
    together = truth(said_, spread(SCOPE, PARTIES, table))
    alone = [truth(said_, spread({}, PARTIES, row))[0] for row in table]
    assert together == alone


def test_every_kind_is_told_in_words() -> None:
    for kind in STATEMENT_KINDS:
        more: dict[str, Any] = {}
        if kind in ("exceeds", "gap_at_most", "changed_faster", "since"):
            more["other"] = "US"
        if kind in ("at_least", "at_most", "gap_at_most", "first_places"):
            more["number"] = 0.5
        if kind in ("changed_faster", "since"):
            more["before"] = DAY
        assert "China" in in_words(said(kind, **more))
