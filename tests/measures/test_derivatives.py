"""Derivatives: the Hub's model tree against declared bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import NoDataError

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_tree_counts_all_descendants_of_the_newest_edition(world: Any) -> None:
    figure = world.figure("derivatives_count")
    assert {row.key["family"]: row.value for row in figure.rows} == {"bravo": 30, "alpha": 10}
    assert figure.as_of == "2025-09-05"
    assert world.values("derivatives_count", "country") == {"CN": 30, "US": 10}
    assert world.values("derivatives_share", "country") == {"CN": 0.75, "US": 0.25}
    # the tree doesn't tell how, or by whom
    assert world.values("derivatives_count", "relation") == {"all": 40}
    assert world.values("derivatives_count", "deriver_country") == {"unknown": 40}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        # a copy of alpha, and a merge that is half alpha's and half bravo's
        ("family", {"alpha": 1.5, "bravo": 0.5}),
        ("country", {"US": 1.5, "CN": 0.5}),
        ("maker", {"acme": 1.5, "bo": 0.5}),
        ("model", {"acme/alpha": 1.5, "bo/bravo": 0.5}),
        ("relation", {"quantized": 1, "merge": 1}),
        ("deriver_country", {"unknown": 1, "FR": 1}),
        ("modality", {"language": 1.5, "vision-language": 0.5}),
    ],
)
def test_declared_bases_add_up_to_derived_models(
    world: Any, by: str, expected: dict[str, float]
) -> None:
    assert world.values("derivatives_count", by, counter="declared") == expected
    assert sum(expected.values()) == 2


def test_an_inferred_base_is_not_a_declared_one(world: Any, changed: Any, rows_of: Any) -> None:
    sources = {s.name for s in world.figure("derivatives_count", counter="declared").sources}
    assert sources == {"llmfit", "os_ai_map"}
    inferred = [rows_of.edge(6, 0, "quantized", "names", "inferred")]
    with pytest.raises(NoDataError):
        changed(lineage=inferred).figure("derivatives_count", counter="declared")


def test_filters_of_declared_bases(world: Any) -> None:
    def count(**where: str) -> float:
        return sum(world.values("derivatives_count", counter="declared", **where).values())

    assert count(scope="text_only") == 1.5
    assert count(relation="merge") == 1
    assert count(relation="merge", country="CN") == 0.5
    assert count(deriver_country="FR", family="alpha") == 0.5
    assert count() == 2


def test_a_declared_edge_has_the_day_of_its_list(world: Any) -> None:
    figure = world.figure("derivatives_count", counter="declared", as_of="2026-06-30")
    # llmfit's newest day is later
    assert {row.key["family"]: row.value for row in figure.rows} == {"alpha": 0.5, "bravo": 0.5}
    assert figure.as_of == "2026-06-10"
    with pytest.raises(NoDataError) as caught:
        world.figure("derivatives_count", counter="declared", as_of="2026-06-01")
    assert caught.value.available == "days from 2026-06-10 to 2026-07-20"


def test_a_base_of_unknown_country_is_unknown(changed: Callable[..., Any], rows_of: Any) -> None:
    world = changed(lineage=[rows_of.edge(0, 5, "finetune", "llmfit")])
    assert world.values("derivatives_share", "country", counter="declared") == {"unknown": 1.0}
    figure = world.figure("derivatives_share", "country", counter="declared")
    assert figure.coverage["weight"] == 0


def test_one_base_with_many_derivatives_is_one_model(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    """Bases are what a bootstrap draws: all of alpha's derivatives are in, or none."""
    edges = [rows_of.edge(child, 0, "finetune", "llmfit") for child in (2, 3, 4, 6)]
    world = changed(lineage=[*edges, rows_of.edge(1, 5, "finetune", "llmfit")])
    row = world.figure("derivatives_share", counter="declared").row("alpha")
    assert row is not None
    assert row.value == pytest.approx(0.8)
    assert (row.lower, row.upper) == (0.0, 1.0)
    assert row.more["without_largest"] == 0.0
