"""The bootstrap: against a plain one, by model, whatever the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.measures import intervals
from underlay.measures.intervals import REPLICATES, bootstrap_sums

if TYPE_CHECKING:
    from collections.abc import Sequence


def heavy(rng: np.random.Generator, count: int) -> Any:
    """Downloads as a hub has them: log-normal over several powers of ten."""
    return np.exp(rng.normal(6.0, 2.0, count))


def shares(sums: Any) -> Any:
    return sums / sums.sum(axis=1, keepdims=True)


def multinomial_sums(
    rng: np.random.Generator, values: Any, groups: Any, count: int, times: int
) -> Any:
    """The plain bootstrap (Efron 1979): n draws with replacement, `times` over."""
    drawn = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), times)
    member = np.zeros((len(values), count))
    member[np.arange(len(values)), groups] = values
    return drawn @ member


@pytest.mark.parametrize(("seed", "count"), [(1, 500), (2, 1000), (3, 3000), (4, 6000)])
def test_standard_errors_are_those_of_a_plain_bootstrap(
    monkeypatch: pytest.MonkeyPatch, seed: int, count: int
) -> None:
    """Within 10 %, also where most models are drawn together (more than 2,000 of them)."""
    monkeypatch.setattr(intervals, "REPLICATES", 3000)  # else the two differ by chance alone
    rng = np.random.default_rng(seed)
    values, groups = heavy(rng, count), rng.integers(0, 4, count)
    ours = bootstrap_sums(values, groups, 4, seed=seed)
    plain = multinomial_sums(rng, values, groups, 4, 3000)
    intervals._times.cache_clear()
    assert shares(ours).std(axis=0) == pytest.approx(shares(plain).std(axis=0), rel=0.10)
    assert ours.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.10)
    sums = np.bincount(groups, weights=values)
    assert ours.mean(axis=0) == pytest.approx(sums, rel=0.05)


def test_the_same_seed_gives_the_same_numbers() -> None:
    rng = np.random.default_rng(5)
    values, groups = heavy(rng, 3000), rng.integers(0, 5, 3000)
    once, again = (bootstrap_sums(values, groups, 5) for _ in range(2))
    assert np.array_equal(once, again)
    assert once.shape == (REPLICATES, 5)
    assert not np.array_equal(once, bootstrap_sums(values, groups, 5, seed=1))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=30
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_changes_nothing(
    rows: list[tuple[int, int, int]], random: Any
) -> None:
    """Also among models of the same size in different groups."""

    def sums(rows: Sequence[tuple[int, int, int]]) -> Any:
        units, groups, values = (np.array(column) for column in zip(*rows, strict=True))
        return bootstrap_sums(values * 1.0, groups, 4, units)

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert np.allclose(sums(rows), sums(shuffled))


def test_a_model_is_drawn_with_all_its_rows() -> None:
    """A merge that counts half for two makers is in for both, or for neither."""
    values = np.array([50.0, 50.0, 7.0])
    sums = bootstrap_sums(values, np.array([0, 1, 2]), 3, np.array([9, 9, 4]))
    assert np.array_equal(sums[:, 0], sums[:, 1])
    assert set(np.unique(sums[:, 0] / 50)) <= set(range(10))
    alone = bootstrap_sums(values, np.array([0, 1, 2]), 3)
    assert not np.array_equal(alone[:, 0], alone[:, 1])


def test_parts_of_one_model_in_one_group_are_one_model() -> None:
    values, units = np.array([30.0, 20.0, 8.0]), np.array([0, 0, 1])
    split = bootstrap_sums(values, np.array([0, 0, 1]), 2, units)
    whole = bootstrap_sums(np.array([50.0, 8.0]), np.array([0, 1]), 2)
    assert np.allclose(split, whole)


def test_parts_of_the_small_models_add_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "_INDIVIDUAL", 10)
    rng = np.random.default_rng(6)
    values, groups, units = heavy(rng, 400), rng.integers(0, 3, 400), np.arange(400)
    whole = bootstrap_sums(values, groups, 3, units)
    halves = bootstrap_sums(
        np.concatenate([values / 2] * 2), np.tile(groups, 2), 3, np.tile(units, 2)
    )
    assert np.allclose(whole, halves)
    assert (whole >= 0).all()


def test_a_group_of_small_models_alone_has_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "_INDIVIDUAL", 1)
    sums = bootstrap_sums(np.array([100.0, *[1.0] * 50]), np.array([0, *[1] * 50]), 3)
    assert sums[:, 1].mean() == pytest.approx(50, rel=0.05)
    assert sums[:, 1].std() == pytest.approx(50**0.5, rel=0.15)
    assert not sums[:, 2].any()


def test_intervals_hold_the_share_of_what_was_sampled_from() -> None:
    """95 % intervals of samples from a population whose share is known."""
    rng = np.random.default_rng(7)
    population, maker = heavy(rng, 20_000), rng.integers(0, 4, 20_000)
    truth = float(population[maker == 0].sum() / population.sum())
    held = contained = 0
    for _ in range(100):
        drawn = rng.integers(0, 20_000, 1500)
        values, groups = population[drawn], maker[drawn]
        replicates = shares(bootstrap_sums(values, groups, 4))[:, 0]
        low, high = np.percentile(replicates, [2.5, 97.5])
        held += low <= truth <= high
        contained += low <= values[groups == 0].sum() / values.sum() <= high
    # percentile intervals of heavy tails fall a little short of 95 %
    assert held >= 85
    assert contained >= 99


def test_an_interval_widens_when_one_model_dominates() -> None:
    def width(largest: float) -> float:
        values = np.array([largest, *[10.0] * 199])
        groups = np.arange(200) % 2
        replicates = shares(bootstrap_sums(values, groups, 2))[:, 0]
        return float(np.subtract(*np.percentile(replicates, [97.5, 2.5])))

    widths = [width(largest) for largest in (10, 100, 1000, 10_000)]
    assert widths == sorted(widths)
    # 2 × 1.96 × 0.5 / √200 among equals; from about a half to almost all once one may be missing
    assert widths[0] == pytest.approx(0.139, rel=0.1)
    assert widths[-1] == pytest.approx(0.5, rel=0.1)
