"""From counts to words, and the nearest definition that turns the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.claims.made_up import SHARE, MadeUp, spread

from underlay.claims.predicates import Compound, Quantity, Statement, evaluate
from underlay.claims.verdicts import ROBUST, VERDICTS, judge, verdict_of

if TYPE_CHECKING:
    from underlay.claims.verdicts import Judged

LEADS = Statement("leads", SHARE, ("CN",))
OPTIONS = {"scope": ("all", "language"), "copies": ("keep", "drop"), "age": ("any", "new", "old")}
NAN = float("nan")


def judged(*won: float, tested: Any = "as worded", opposite: bool = False) -> Judged:
    """The verdict where China has these shares, in the order of the full factorial."""
    values = [[share, 0.5] for share in won]
    made = MadeUp(spread(OPTIONS, ["CN", "US"], values))
    return judge(LEADS, made, tested, opposite=opposite)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("holds", "of", "tested", "verdict"),
    [
        (100, 100, "as worded", "robust"),
        (95, 100, "as worded", "robust"),
        (94, 100, "as worded", "definition-dependent"),
        (6, 100, "as worded", "definition-dependent"),
        (5, 100, "as worded", "contradicted"),
        (0, 1, "as worded", "contradicted"),
        (0, 0, "as worded", "untestable with open data"),
        (100, 100, "necessary part", "unsupported as worded"),
        (50, 100, "necessary part", "unsupported as worded"),
        (0, 100, "necessary part", "contradicted"),
        (100, 100, "proxy", "unsupported as worded"),
        (0, 100, "proxy", "unsupported as worded"),
        (0, 0, "proxy", "untestable with open data"),
    ],
)
def test_words_for_counts(holds: int, of: int, tested: Any, verdict: str) -> None:
    assert verdict_of({"": (holds, of)}, tested) == verdict
    assert verdict in VERDICTS


def test_many_definitions_of_one_reading_do_not_drown_another() -> None:
    assert verdict_of({"a": (1000, 1000), "b": (0, 2)}, "as worded") == "definition-dependent"
    assert verdict_of({"a": (1000, 1000), "b": (0, 0)}, "as worded") == "robust"
    assert verdict_of({"a": (0, 1000), "b": (0, 2)}, "as worded") == "contradicted"


counts = st.dictionaries(
    st.sampled_from("abc"),
    st.integers(0, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    min_size=1,
)


@given(counts)
def test_a_verdict_and_that_of_the_opposite_go_together(by_reading: Any) -> None:
    opposite = {label: (of - holds, of) for label, (holds, of) in by_reading.items()}
    pairs = {"robust": "contradicted", "contradicted": "robust"}
    verdict = verdict_of(by_reading, "as worded")
    assert verdict_of(opposite, "as worded") == pairs.get(verdict, verdict)


@given(counts)
def test_robust_means_so_in_every_reading(by_reading: Any) -> None:
    is_robust = verdict_of(by_reading, "as worded") == "robust"
    parts = [holds / of for holds, of in by_reading.values() if of]
    assert is_robust == (bool(parts) and min(parts) >= ROBUST)


def test_the_flip_changes_as_few_choices_as_can_be() -> None:
    # fails by default; holds for (language, keep, any) and for (all, drop, old)
    won = [0.1] * 12
    won[6] = 0.9
    won[5] = 0.9
    found = judged(*won)
    assert found.default_holds is False
    assert found.flip is not None
    assert found.flip.holds
    assert found.flip.text == "scope=language instead of all"
    assert found.flip.to_dict()["changed"] == ["scope"]


def test_no_definition_turns_what_holds_everywhere() -> None:
    found = judged(*[0.9] * 12)
    assert (found.holds, found.of, found.flip) == (12, 12, None)
    assert found.count == "holds under 12 of 12 definitions"


def test_what_can_not_be_computed_is_counted_apart() -> None:
    found = judged(*[NAN] * 6, *[0.9] * 6)
    assert (found.holds, found.of, found.not_computable) == (6, 6, 6)
    assert found.verdict == "robust"
    nothing = judged(*[NAN] * 12)
    assert nothing.verdict == "untestable with open data"
    assert nothing.default_holds is None
    assert nothing.flip is None


def test_the_opposite_is_judged_with_the_same_numbers() -> None:
    won = [0.9] * 9 + [0.1] * 3
    one, other = judged(*won), judged(*won, opposite=True)
    assert (one.holds, other.holds) == (9, 3)
    assert one.flip is not None
    assert other.flip is not None
    assert one.flip.changed == other.flip.changed


def test_a_flip_stays_within_its_reading_if_it_can() -> None:
    tokens = Quantity.of("tokens_share", "country")
    left = spread({"scope": ("all", "language")}, ["CN", "US"], [[0.9, 0.5], [0.1, 0.5]])
    right = spread({}, ["CN", "US"], [0.1, 0.5], tokens)
    parts = (LEADS, Statement("leads", tokens, ("CN",)))
    both = Compound("readings", parts, ("downloads", "tokens"))
    found = judge(both, MadeUp(left, right))  # type: ignore[arg-type]
    assert found.by_reading == {"downloads": (1, 2), "tokens": (0, 1)}
    assert found.flip is not None
    assert found.flip.text == "scope=language instead of all"
    always = spread({"scope": ("all", "language")}, ["CN", "US"], [[0.9, 0.5], [0.8, 0.5]])
    found = judge(both, MadeUp(always, right))  # type: ignore[arg-type]
    assert found.flip is not None
    assert found.flip.text == "read as “tokens” instead of “downloads”"


@given(st.lists(st.sampled_from([0.1, 0.9, NAN]), min_size=12, max_size=12))
def test_a_flip_is_proven_by_evaluating_it(won: list[float]) -> None:
    made = MadeUp(spread(OPTIONS, ["CN", "US"], [[share, 0.5] for share in won]))
    found = judge(LEADS, made)  # type: ignore[arg-type]
    outcomes = evaluate(LEADS, made)  # type: ignore[arg-type]
    if found.flip is None:
        assert found.holds in (0, found.of)
        return
    places = {row: i for i, row in enumerate(outcomes.rows)}
    before = places[tuple(found.flip.before.values())]
    after = places[tuple(found.flip.after.values())]
    assert outcomes.truth[before] == 1.0 - outcomes.truth[after]
    assert bool(outcomes.truth[after]) == found.flip.holds
    # nothing nearer turns it
    start = np.array(outcomes.rows[before])
    for row, value in zip(outcomes.rows, outcomes.truth, strict=True):
        if value == outcomes.truth[after]:
            assert (np.array(row) != start).sum() >= len(found.flip.changed)
