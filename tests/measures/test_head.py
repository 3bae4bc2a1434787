"""Heads, tails, overlaps, sizes, disclosure, releases and added derivatives: synthetic rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE, core
from underlay.errors import UnknownNameError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.measures import MEASURES, head, releases
from underlay.measures.evaluate import evaluate
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from underlay.measures.definitions import Figure

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
MAY, JUNE, JULY = dt.date(2026, 5, 1), dt.date(2026, 6, 1), dt.date(2026, 7, 1)
BILLION = 1_000_000_000

# name, organisation, downloads, likes, billions of parameters, dataset named, licence, released
_MODELS: tuple[
    tuple[str, str, float, float, float | None, bool | None, str | None, dt.date], ...
] = (
    ("big/a", "big", 600.0, 1.0, 0.5, True, "apache-2.0", dt.date(2026, 7, 31)),
    ("big/b", "big", 200.0, 9.0, 40.0, None, "mit", dt.date(2026, 1, 1)),
    ("small/c", "small", 100.0, 8.0, None, None, "other", dt.date(2026, 8, 1)),
    ("small/d", "small", 60.0, 2.0, 30.0, None, "mit", dt.date(2025, 12, 31)),
    ("who/e", "unknown", 40.0, 3.0, 200.0, None, None, dt.date(2026, 3, 1)),
    ("who/f", "unknown", 0.0, 4.0, None, None, None, dt.date(2026, 3, 1)),
)
_FIRST = 6  # the listing of one's own has no more models

# model, day, descendants: `new/z` joins late and brings its past with it
_TREE = (
    (0, MAY, 100.0), (0, JUNE, 110.0), (0, JULY, 140.0),
    (2, MAY, 50.0), (2, JUNE, 50.0), (2, JULY, 60.0),
    (3, JULY, 5.0),
    (4, JUNE, 900.0), (4, JULY, 905.0),
)  # fmt: skip


def _observation(
    listing: str, metric: str, day: dt.date, model: int, value: float
) -> dict[str, Any]:
    return {
        "listing": listing, "metric": metric, "observed_on": day, "model_id": model,
        "value": value, "is_fresh": True,
    }  # fmt: skip


def _rows() -> dict[str, list[dict[str, Any]]]:
    models, attribution, observations = [], [], []
    for number, (name, maker, downloads, likes, size, data, licence, day) in enumerate(_MODELS):
        models.append(
            {
                "model_id": number, "name": name, "platform": "huggingface",
                "account": name.split("/")[0], "organisation_id": maker, "family_id": maker,
                "subfamily_id": maker, "modality": "language", "size_band": "unknown",
                "licence_class": "unknown", "openness": "unknown", "copy_kind": "original",
                "lineage": "none", "licence_text": licence, "has_training_data": data,
                "released_on": day,
                "parameters_count": None if size is None else int(size * BILLION),
            }
        )  # fmt: skip
        attribution += [
            {
                "attribution": way, "model_id": number, "organisation_id": maker,
                "weight_share": 1.0,
            }
            for way in ("author", "root")
        ]  # fmt: skip
        for listing in ("os_ai_map", "llmfit"):
            observations.append(
                _observation(listing, "downloads_30d_count", JUNE, number, downloads)
            )
            observations.append(_observation(listing, "likes_count", JUNE, number, likes))
    observations += [
        _observation("osir_lmts", "descendants_count", day, model, value)
        for model, day, value in _TREE
    ]
    return {
        "model": models,
        "attribution": attribution,
        "observation": observations,
        "licence": [
            {"licence_text": text, "spdx": spdx, "licence_class": "custom"}
            for text, spdx in (
                ("apache-2.0", "Apache-2.0"), ("mit", "MIT"), ("other", "LicenseRef-other")
            )
        ],
        "organisation": [
            {"organisation_id": name, "name": name, "country": country}
            for name, country in (("big", "CN"), ("small", "US"), ("unknown", "unknown"))
        ],
        "source": [
            {
                "source": "made_up", "title": "Made up", "licence": "MIT",
                "url": "https://example.org", "may_redistribute": "rows", "rows_count": 1,
            }
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root: Path = tmp_path_factory.mktemp("head")
    transaction = Transaction(root)
    for name, rows in _rows().items():
        table = core(name)
        stamped = [{"source": "made_up", "snapshot_sha256": "0" * 64, **row} for row in rows]
        kept = [{k: v for k, v in row.items() if k in table.column_names} for row in stamped]
        transaction.replace(Batch.from_rows(table, kept))
    transaction.commit(NOW)
    with Engine(Lake(root), CORE) as made:
        yield made


def _values(figure: Figure, key: str) -> dict[str, float | None]:
    return {str(row.key[key]): row.value for row in figure.rows}


def test_head_shares_of_models_accounts_and_makers(engine: Engine) -> None:
    models = _values(evaluate(head.HEAD_SHARE, engine, by="model"), "head")
    assert models == pytest.approx({"top 1": 0.6, "top 5": 1.0, "top 1.0%": 0.6, "top 1.5%": 0.6})
    accounts = evaluate(head.HEAD_SHARE, engine, by="account")
    assert accounts.value("top 1") == pytest.approx(0.8)
    assert accounts.rows[0].more["largest"] == ["big"]


def test_an_unknown_maker_is_no_head_but_counts_in_the_total(engine: Engine) -> None:
    makers = evaluate(head.HEAD_SHARE, engine, by="maker")
    row = makers.row("top 1")
    assert row is not None
    assert row.value == pytest.approx(0.8)
    assert row.upper == pytest.approx(0.84)
    assert row.more["of"] == 2


@given(st.lists(st.floats(0.1, 1e9), min_size=1, max_size=200))
def test_a_larger_head_holds_no_less(sums: list[float]) -> None:
    found = sorted(head.head_shares(np.array(sums), sum(sums)), key=lambda each: each[2])
    shares = [share for _, share, _ in found]
    assert shares == sorted(shares)
    assert all(0 < share <= 1 + 1e-9 for share in shares)


def test_little_used(engine: Engine) -> None:
    figure = evaluate(head.LITTLE_USED, engine)
    assert figure.value("all", "under 1") == pytest.approx(1 / 6)
    assert figure.value("all", "under 200") == pytest.approx(4 / 6)


def test_overlap_of_downloads_and_likes(engine: Engine) -> None:
    figure = evaluate(head.ATTENTION_OVERLAP, engine)
    row = figure.row("top 10")
    assert row is not None
    assert (row.value, row.reason) == (None, f"the listing has {_FIRST} models only")


def test_overlap_counts_names_in_both(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    monkeypatch.setattr(head, "_FIRST", (2, 3))
    figure = evaluate(head.ATTENTION_OVERLAP, engine)
    assert _values(figure, "first") == {"top 2": 1.0, "top 3": 2.0}  # b; b and c
    assert figure.rows[1].more["models"] == ["big/b", "small/c"]


def test_sizes_are_weighted_by_downloads(engine: Engine) -> None:
    figure = evaluate(head.DOWNLOADED_SIZE, engine)
    weighted = (600 * 0.5 + 200 * 40 + 60 * 30 + 40 * 200) / 900 * BILLION
    assert figure.value("all", "mean") == pytest.approx(weighted)
    assert figure.value("all", "median") == 0.5 * BILLION
    assert figure.value("US", "mean") == 30 * BILLION
    row = figure.row("all", "median")
    assert row is not None
    assert row.more["known_weight"] == pytest.approx(0.9)


@given(
    st.lists(
        st.tuples(st.floats(1, 1e6), st.integers(1, 50)),
        min_size=1, max_size=60,
    )
)  # fmt: skip
def test_weighted_median_is_the_median_of_the_repeated(pairs: list[tuple[float, int]]) -> None:
    repeated = sorted(size for size, times in pairs for _ in range(times))
    sizes, weights = zip(*pairs, strict=True)
    assert head.weighted_median(sizes, weights) == repeated[(len(repeated) - 1) // 2]


def test_weighted_median_of_nothing_is_nan() -> None:
    assert np.isnan(head.weighted_median([1.0], [0.0]))


def test_training_data_is_named_or_not(engine: Engine) -> None:
    values = _values(evaluate(head.TRAINING_DATA_SHARE, engine), "training_data")
    assert values == pytest.approx({"named": 0.6, "none named": 0.4})
    with pytest.raises(UnknownNameError):
        evaluate(head.TRAINING_DATA_SHARE, engine, where={"listing": "llmfit"})


def test_releases_of_a_window_by_licence(engine: Engine) -> None:
    figure = evaluate(releases.RELEASES_COUNT, engine, by="licence")
    assert _values(figure, "licence") == {"Apache-2.0": 1.0, "MIT": 1.0, "unknown": 2.0}
    year = evaluate(releases.RELEASES_COUNT, engine, by="licence", where={"released": "2025"})
    assert _values(year, "licence") == {"MIT": 1.0}


def test_releases_above_a_size(engine: Engine) -> None:
    where = {"larger_than": "20b", "released": "any"}
    figure = evaluate(releases.RELEASES_SHARE, engine, by="country", where=where)
    assert _values(figure, "country") == pytest.approx({"CN": 1 / 3, "US": 1 / 3, "unknown": 1 / 3})


def test_derivatives_added_since_the_last_edition(engine: Engine) -> None:
    figure = evaluate(releases.DERIVATIVES_ADDED, engine, by="maker")
    # big 30; small 10 and 5 of its new model; who 5
    assert _values(figure, "maker") == pytest.approx({"big": 0.6, "small": 0.3, "unknown": 0.1})
    assert figure.rows[0].more["from"] == "2026-06-01"
    assert figure.rows[0].more["added_a_day"] == pytest.approx(30 / 30)


def test_an_account_that_joined_later_does_not_bring_its_past(engine: Engine) -> None:
    figure = evaluate(releases.DERIVATIVES_ADDED, engine, by="maker", where={"since": "quarter"})
    assert figure.value("unknown") == 0.0
    assert figure.value("big") == pytest.approx(40 / 55)


def test_derivatives_added_needs_two_editions(engine: Engine) -> None:
    figure = evaluate(releases.DERIVATIVES_ADDED, engine, as_of=MAY)
    assert [row.value for row in figure.rows] == [None]
    assert "no edition before 2026-05-01" in figure.rows[0].reason


def test_they_are_registered() -> None:
    assert {*head.MEASURES, *releases.MEASURES} <= set(MEASURES)
