"""Measures of the layer below, from synthetic core rows through a real lake."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE, core
from underlay.atlas.curated import read_curated
from underlay.errors import NoDataError, UnknownNameError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.measures import clusters, libraries, notable, stock
from underlay.measures.evaluate import evaluate
from underlay.measures.stock import DRAWS, log_normal_draws
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from underlay.measures.definitions import Figure, Measure

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
Q3, Q4, Q1 = dt.date(2025, 9, 30), dt.date(2025, 12, 31), dt.date(2026, 3, 31)
BELOW = (*stock.MEASURES, *libraries.MEASURES, *clusters.MEASURES, *notable.MEASURES)


def _sold(
    day: dt.date, maker: str, count: float | None, *, owner: str = "all", chip: str = "all",
    width: float | None = 1.5, complete: bool = True, country: str = "all",
) -> dict[str, object]:  # fmt: skip
    known = count is not None and width is not None
    return {
        "observed_on": day, "organisation_id": maker, "owner": owner, "owner_id": owner,
        "owner_country": country, "chip": chip, "h100e_count": count,
        "h100e_lower": count / width if known else None,  # type: ignore[operator]
        "h100e_upper": count * width if known else None,  # type: ignore[operator]
        "units_count": None if count is None else 10.0, "is_complete": complete,
    }  # fmt: skip


STOCK = [
    _sold(Q3, "nvidia", 50.0), _sold(Q3, "google", 50.0),
    _sold(Q4, "nvidia", 300.0), _sold(Q4, "google", 100.0),
    _sold(Q1, "nvidia", 999.0, complete=False),
    _sold(Q4, "nvidia", 200.0, chip="B200"), _sold(Q4, "nvidia", 90.0, chip="H100"),
    _sold(Q4, "google", 110.0, chip="TPU"),
    _sold(Q4, "nvidia", 150.0, owner="Meta", country="US"),
    _sold(Q4, "nvidia", 30.0, owner="China", country="CN"),
    _sold(Q4, "nvidia", 20.0, owner="xAI", country="US", width=None),
    _sold(Q4, "google", 100.0, owner="Other", country="unknown"),
]  # fmt: skip


def _library(
    market: str, vendor: str, count: float, *, ties: str = "none", day: dt.date = Q4
) -> dict[str, object]:
    return {
        "observed_on": day, "market": market, "kind": "runtime", "organisation_id": vendor,
        "ties": ties, "packages_count": 2, "downloads_30d_count": count,
    }  # fmt: skip


LIBRARY = [
    _library("llm-runtime", "sgl-project", 60.0),
    _library("llm-runtime", "nvidia", 30.0, ties="nvidia"),
    _library("llm-runtime", "unknown", 10.0),
    _library("llm-runtime", "nvidia", 999.0, day=Q3),
    _library("deep-learning-framework", "google", 500.0),
]


def _cluster(
    number: int, country: str, maker: str, size: float | None, **more: object
) -> dict[str, object]:
    return {
        "observed_on": Q4, "row_number": number, "name": str(number), "country": country,
        "status": "existing", "owner": "Meta", "owner_id": "meta", "owner_country": "US",
        "weight_share": 1.0, "organisation_id": maker, "h100e_count": size,
        "is_anonymised": False, "is_standard": True, "is_superseded": False, **more,
    }  # fmt: skip


CLUSTER = [
    _cluster(1, "US", "nvidia", 30.0, weight_share=0.5),
    _cluster(1, "US", "nvidia", 30.0, weight_share=0.5, owner="xAI", owner_id="xai"),
    _cluster(2, "CN", "unknown", 10.0, is_anonymised=True, owner="unknown", owner_id="unknown"),
    _cluster(3, "US", "nvidia", 20.0, is_superseded=True),
    _cluster(4, "FR", "none", None),
    _cluster(5, "FR", "google", 40.0, is_standard=False),
    _cluster(6, "SA", "unknown", 9900.0, is_standard=False, status="planned"),
]
SUPERCOMPUTER = [
    {"observed_on": Q4, "country": c, "organisation_id": m, "systems_count": n, "rmax_tflops": r}
    for c, m, n, r in (
        ("US", "amd", 1, 60.0), ("US", "nvidia", 4, 20.0), ("CN", "none", 5, 20.0)
    )
]  # fmt: skip
BENCHMARK = [
    {
        "suite": suite, "round": "5.1", "division": division, "submitter": submitter,
        "submitter_id": "unknown", "organisation_id": maker, "observed_on": day,
        "results_count": count,
    }
    for suite, division, submitter, maker, day, count in (
        ("inference", "closed", "A", "nvidia", Q3, 6),
        ("inference", "closed", "B", "none", Q3, 2),
        ("inference", "open", "B", "none", Q3, 90),
        ("training", "closed", "A", "google", Q4, 3),
        ("tiny", "closed", "A", "none", Q4, 70),
    )
]  # fmt: skip
NOTABLE = [
    {
        "observed_on": dt.date(2026, 1, 26), "name": name, "country": country,
        "organisation_id": maker, "weight_share": weight, "released_on": dt.date(year, 5, 1),
        "openness": openness, "hardware_vendor": "unknown",
    }
    for name, country, maker, weight, year, openness in (
        ("A", "US", "google", 0.5, 2025, "closed"),
        ("A", "GB", "google", 0.5, 2025, "closed"),
        ("B", "CN", "alibaba", 0.5, 2025, "open"),
        ("B", "CN", "unknown", 0.5, 2025, "open"),
        ("C", "US", "meta", 1.0, 2024, "open"),
        ("D", "unknown", "unknown", 1.0, 2025, "unknown"),
    )
]  # fmt: skip
ACCELERATOR = [
    {
        "name": name, "observed_on": Q4, "organisation_id": maker, "country": "US",
        "foundry_id": foundry, "foundry_country": country, "weight_share": share,
        "released_on": dt.date(year, 1, 1),
    }
    for name, maker, foundry, country, share, year in (
        ("A100", "nvidia", "tsmc", "TW", 1.0, 2020),
        ("K40", "nvidia", "tsmc", "TW", 1.0, 2013),
        ("910B", "huawei", "smic", "CN", 0.5, 2022),
        ("910B", "huawei", "tsmc", "TW", 0.5, 2022),
        ("X", "huawei", "unknown", "unknown", 1.0, 2024),
    )
]  # fmt: skip
ORGANISATION = [
    {"organisation_id": name, "name": name, "country": country}
    for name, country in (
        ("nvidia", "US"), ("google", "US"), ("amd", "US"), ("sgl-project", "US"),
        ("huawei", "CN"), ("unknown", "unknown"),
    )
]  # fmt: skip
SOURCE = {
    "source": "made_up", "title": "Made up", "licence": "MIT", "url": "https://example.org",
    "may_redistribute": "rows", "rows_count": 1,
}  # fmt: skip
ROWS: dict[str, Sequence[Mapping[str, object]]] = {
    "accelerator_stock": STOCK,
    "library_month": LIBRARY,
    "cluster": CLUSTER,
    "supercomputer_share": SUPERCOMPUTER,
    "benchmark_run": BENCHMARK,
    "notable_model": NOTABLE,
    "accelerator": ACCELERATOR,
    "organisation": ORGANISATION,
    "source": [SOURCE],
}


def _lake(root: Path, turn: Callable[[list[Any]], list[Any]] = list) -> Engine:
    transaction = Transaction(root)
    for name, rows in ROWS.items():
        stamped = [
            {"source": "made_up", "snapshot_sha256": "0" * 64, **row} for row in turn([*rows])
        ]
        table = core(name)
        kept = [{k: v for k, v in row.items() if k in table.column_names} for row in stamped]
        transaction.replace(Batch.from_rows(table, kept))
    transaction.commit(NOW)
    return Engine(Lake(root), CORE)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with _lake(tmp_path_factory.mktemp("below")) as made:
        yield made


def _values(figure: Figure) -> dict[str, float | None]:
    return {str(row.key[figure.by]): row.value for row in figure.rows}


def _near(figure: Figure, **expected: float) -> bool:
    return _values(figure) == pytest.approx(expected)


def test_stock_is_of_the_newest_complete_quarter(engine: Engine) -> None:
    figure = evaluate(stock.STOCK_SHARE, engine)
    assert figure.as_of == "2025-12-31"
    assert _near(figure, nvidia=0.75, google=0.25)
    assert _near(evaluate(stock.STOCK_SHARE, engine, by="country"), US=1.0)
    assert "No Chinese chips" in figure.caveat


def test_an_incomplete_quarter_counts_only_if_asked_for(engine: Engine) -> None:
    figure = evaluate(stock.STOCK_SHARE, engine, where={"quarters": "any"})
    assert (figure.as_of, _values(figure)) == ("2026-03-31", {"nvidia": 1.0})


def test_stock_as_of_an_earlier_day(engine: Engine) -> None:
    figure = evaluate(stock.STOCK_SHARE, engine, as_of=dt.date(2025, 11, 1))
    assert _near(figure, nvidia=0.5, google=0.5)
    with pytest.raises(NoDataError):
        evaluate(stock.STOCK_SHARE, engine, as_of=dt.date(2020, 1, 1))


def test_stock_by_units_counts_chips(engine: Engine) -> None:
    figure = evaluate(stock.STOCK_SHARE, engine, where={"metric": "units"})
    assert _near(figure, nvidia=0.5, google=0.5)


def test_stock_level_has_the_published_middle_and_an_interval(engine: Engine) -> None:
    row = evaluate(stock.STOCK_LEVEL, engine).row("nvidia")
    assert row is not None
    assert row.value == 300.0
    # 5/95 percentiles of 200 and 450 make 2.5/97.5 ones of 300 · 1.5^(∓1.96/1.645)
    assert row.lower == pytest.approx(300 / 1.5 ** (1.96 / 1.645), rel=0.03)
    assert row.upper == pytest.approx(300 * 1.5 ** (1.96 / 1.645), rel=0.03)


def test_chips_and_owners_are_not_mixed_with_totals(engine: Engine) -> None:
    assert _near(evaluate(stock.STOCK_CHIP_SHARE, engine), B200=0.5, H100=0.225, TPU=0.275)
    owners = evaluate(stock.STOCK_OWNER_SHARE, engine)
    assert _near(owners, Meta=0.5, Other=1 / 3, China=0.1, xAI=1 / 15)
    countries = evaluate(stock.STOCK_OWNER_SHARE, engine, by="country")
    assert _near(countries, US=170 / 300, unknown=1 / 3, CN=0.1)


def test_an_estimate_without_percentiles_is_taken_as_exact(engine: Engine) -> None:
    figure = evaluate(stock.STOCK_OWNER_SHARE, engine, where={"owner": "xAI"})
    assert [(row.value, row.lower, row.upper) for row in figure.rows] == [(1.0, 1.0, 1.0)]


def test_no_estimate_is_not_zero(tmp_path: Path) -> None:
    rows = [_sold(Q4, "nvidia", 5.0), _sold(Q4, "google", None)]
    transaction = Transaction(tmp_path)
    stamped = [{"source": "made_up", "snapshot_sha256": "0" * 64, **row} for row in rows]
    transaction.replace(Batch.from_rows(core("accelerator_stock"), stamped))
    transaction.commit(NOW)
    with Engine(Lake(tmp_path), CORE) as made:
        figure = evaluate(stock.STOCK_SHARE, made)
    assert _values(figure) == {"nvidia": 1.0, "google": None}
    assert figure.rows[-1].reason == "the publisher gives no estimate"


def test_foundries_by_products(engine: Engine) -> None:
    figure = evaluate(stock.FOUNDRY_SHARE, engine)
    assert _near(figure, tsmc=2.5 / 4, unknown=0.25, smic=0.125)
    assert figure.coverage["weight"] == pytest.approx(0.75)
    where = {"foundry_known": "known", "released": "since_2020"}
    assert _near(evaluate(stock.FOUNDRY_SHARE, engine, by="country", where=where), TW=0.75, CN=0.25)


def test_libraries_within_one_market(engine: Engine) -> None:
    figure = evaluate(libraries.LIBRARY_SHARE, engine)
    assert figure.as_of == "2025-12-31"
    assert _values(figure) == pytest.approx({"sgl-project": 0.6, "nvidia": 0.3, "unknown": 0.1})
    where = {"market": "deep-learning-framework"}
    assert _near(evaluate(libraries.LIBRARY_LEVEL, engine, where=where), google=500.0)
    ties = evaluate(libraries.LIBRARY_SHARE, engine, by="ties")
    assert _near(ties, none=0.7, nvidia=0.3)
    untied = evaluate(libraries.LIBRARY_LEVEL, engine, where={"ties_kept": "untied"})
    assert sum(value or 0 for value in _values(untied).values()) == 70.0


def test_every_curated_market_can_be_chosen() -> None:
    markets = {entry["market"] for entry in read_curated().components} - {""}
    assert {option.name for option in libraries.MARKETS} == markets


def test_an_unknown_market_is_refused(engine: Engine) -> None:
    with pytest.raises(UnknownNameError):
        evaluate(libraries.LIBRARY_SHARE, engine, where={"market": "all"})


def test_clusters_count_once_and_by_size(engine: Engine) -> None:
    assert _near(evaluate(clusters.CLUSTER_SHARE, engine), US=0.75, CN=0.25)
    every = evaluate(clusters.CLUSTER_SHARE, engine, where={"phases": "all"})
    assert _near(every, US=50 / 60, CN=10 / 60)
    existing = evaluate(clusters.CLUSTER_SHARE, engine, where={"status": "existing"})
    assert _near(existing, US=30 / 80, CN=10 / 80, FR=40 / 80)
    owners = evaluate(clusters.CLUSTER_SHARE, engine, by="owner")
    assert _near(owners, meta=0.375, xai=0.375, unknown=0.25)


def test_one_planned_cluster_can_outweigh_all_that_exist(engine: Engine) -> None:
    planned = evaluate(clusters.CLUSTER_SHARE, engine, by="status")
    assert _values(planned)["planned"] == pytest.approx(9900 / 9980)


def test_a_cluster_of_unknown_size_counts_by_count_only(engine: Engine) -> None:
    by_count = evaluate(clusters.CLUSTER_SHARE, engine, where={"weight": "clusters"})
    assert _near(by_count, US=1 / 3, CN=1 / 3, FR=1 / 3)


def test_dropping_anonymised_clusters_hides_what_is_unknown(engine: Engine) -> None:
    kept = evaluate(clusters.CLUSTER_SHARE, engine, by="maker")
    dropped = evaluate(clusters.CLUSTER_SHARE, engine, by="maker", where={"anonymised": "drop"})
    assert _near(kept, nvidia=0.75, unknown=0.25)
    assert _near(dropped, nvidia=1.0)
    assert kept.coverage["weight"] == pytest.approx(0.75)


def test_the_weight_decides_who_leads_in_supercomputers(engine: Engine) -> None:
    where = {"systems": "accelerated"}
    by_count = evaluate(clusters.SUPERCOMPUTER_SHARE, engine, by="maker", where=where)
    assert _near(by_count, nvidia=0.8, amd=0.2)
    by_speed = evaluate(
        clusters.SUPERCOMPUTER_SHARE, engine, by="maker", where={**where, "weight": "rmax"}
    )
    assert _near(by_speed, amd=0.75, nvidia=0.25)
    countries = evaluate(clusters.SUPERCOMPUTER_SHARE, engine, by="maker_country")
    assert _near(countries, US=0.5, none=0.5)  # no accelerator has no designer's country


def test_benchmarks_leave_out_other_suites_and_divisions(engine: Engine) -> None:
    assert _near(evaluate(clusters.BENCHMARK_SHARE, engine), nvidia=0.75, none=0.25)
    training = evaluate(clusters.BENCHMARK_SHARE, engine, where={"suite": "training"})
    assert (training.as_of, _values(training)) == ("2025-12-31", {"google": 1.0})
    every = evaluate(clusters.BENCHMARK_SHARE, engine, where={"division": "all"})
    assert _near(every, nvidia=6 / 98, none=92 / 98)


def test_notable_models_in_parts_or_whole(engine: Engine) -> None:
    parts = evaluate(notable.NOTABLE_MODELS, engine)
    assert _near(parts, US=0.5, GB=0.5, CN=1.0, unknown=1.0)
    whole = evaluate(notable.NOTABLE_MODELS, engine, where={"counting": "full"})
    assert _near(whole, US=1.0, GB=1.0, CN=1.0, unknown=1.0)
    makers = evaluate(notable.NOTABLE_MODELS, engine, by="maker")
    assert _near(makers, google=1.0, alibaba=0.5, unknown=1.5)
    before = evaluate(notable.NOTABLE_MODELS, engine, by="openness", where={"year": "2024"})
    assert _near(before, open=1.0)
    every = evaluate(notable.NOTABLE_MODELS, engine, by="openness", where={"year": "all"})
    assert _near(every, closed=1.0, open=2.0, unknown=1.0)


@pytest.mark.parametrize("measure", BELOW, ids=lambda measure: measure.name)
def test_shares_sum_to_one_by_every_split_and_option(engine: Engine, measure: Measure) -> None:
    for split in measure.splits:
        for choice in measure.choices:
            for option in choice.options:
                try:
                    figure = evaluate(
                        measure, engine, by=split.name, where={choice.name: option.name}
                    )
                except NoDataError:
                    continue  # not every market, year or division has synthetic rows
                values = [row.value for row in figure.rows if row.value is not None]
                assert values
                assert all(value >= 0 for value in values)
                for row in figure.rows:
                    if row.lower is not None and row.value is not None:
                        assert row.lower <= row.value <= (row.upper or math.inf)
                if measure.unit == "share":
                    assert math.fsum(values) == pytest.approx(1.0)


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    figures = []
    for name, turn in (("forth", list), ("back", lambda rows: rows[::-1])):
        with _lake(tmp_path / name, turn) as made:
            figures.append([evaluate(measure, made) for measure in BELOW])
    for forth, back in zip(*figures, strict=True):
        assert [row.key for row in forth.rows] == [row.key for row in back.rows]
        for one, other in zip(forth.rows, back.rows, strict=True):
            assert one.value == pytest.approx(other.value, rel=1e-12)
            assert (one.lower is None) == (other.lower is None)
            if one.lower is not None:
                assert one.lower == pytest.approx(other.lower, rel=1e-12)


@pytest.mark.parametrize("measure", BELOW, ids=lambda measure: measure.name)
def test_every_measure_says_what_it_is(measure: Measure) -> None:
    assert measure.question.endswith("?")
    assert measure.caveat
    assert measure.citation
    assert measure.layer == ("above" if measure is notable.NOTABLE_MODELS else "below")
    measure.split(measure.default_by)
    assert all(option.reason for choice in measure.choices for option in choice.options)


@given(
    median=st.floats(1.0, 1e8),
    below=st.floats(1.0, 4.0),
    above=st.floats(1.0, 4.0),
)
def test_draws_keep_the_median_and_the_width(median: float, below: float, above: float) -> None:
    draws = log_normal_draws([median], [median / below], [median * above])
    assert draws.shape == (DRAWS, 1)
    assert np.median(draws) == pytest.approx(median, rel=0.06)
    low, high = np.percentile(draws, [5, 95])
    assert math.log(high / low) == pytest.approx(math.log(below * above), rel=0.06, abs=1e-9)


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=8))
def test_draws_without_percentiles_are_exact(medians: list[float]) -> None:
    nothing = [float("nan")] * len(medians)
    assert (log_normal_draws(medians, nothing, nothing) == np.array(medians)).all()
