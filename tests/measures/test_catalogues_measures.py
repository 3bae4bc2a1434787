"""Pulls, tokens, boards and prices: exact figures from small core tables in a real lake."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE, core
from underlay.errors import NoDataError, UnknownNameError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.measures import arena, prices, pulls, tokens
from underlay.measures.arena import win_probability
from underlay.measures.evaluate import evaluate
from underlay.measures.pulls import rounding_half_width
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from underlay.measures import Figure, Measure

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
ALL = {
    measure.name: measure
    for module in (arena, prices, pulls, tokens)
    for measure in module.MEASURES
}
MAKERS = {"alibaba": "CN", "openai": "US", "mistral": "FR", "unknown": "unknown"}
MODELS = (  # name, maker, whether weights are open
    ("qwen3", "alibaba", True),
    ("gpt-x", "openai", False),
    ("gpt-oss", "openai", True),
    ("mistral", "mistral", True),
    ("riddle", "unknown", None),
)
ID = {name: number for number, (name, _, _) in enumerate(MODELS)}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def models() -> dict[str, list[dict[str, Any]]]:
    model: list[dict[str, Any]] = []
    attribution: list[dict[str, Any]] = []
    for name, maker, is_open in MODELS:
        model.append(
            {
                "model_id": ID[name], "name": name, "platform": "ollama", "account": "",
                "organisation_id": maker, "family_id": name, "subfamily_id": name,
                "modality": "language", "size_band": "unknown", "licence_class": "unknown",
                "openness": "unknown", "is_open_weights": is_open, "copy_kind": "original",
                "lineage": "none",
            }
        )  # fmt: skip
        attribution += [
            {"attribution": way, "model_id": ID[name], "organisation_id": maker, "weight_share": 1}
            for way in ("author", "root")
        ]
    return {
        "model": model,
        "attribution": attribution,
        "organisation": [
            {"organisation_id": name, "name": name, "country": country}
            for name, country in MAKERS.items()
        ],
        "source": [
            {"source": "test", "title": "Test", "licence": "MIT", "url": "https://example.org",
             "may_redistribute": "rows", "rows_count": 1}
        ],
    }  # fmt: skip


@pytest.fixture
def figure(tmp_path: Path) -> Iterator[Callable[..., Figure]]:
    """Write core rows, then `figure(name, by, **where)`."""
    engines: list[Engine] = []

    def make(**tables: list[dict[str, Any]]) -> Callable[..., Figure]:
        transaction = Transaction(tmp_path)
        for name, rows in {**models(), **tables}.items():
            contract = core(name)
            wanted = [
                {key: cell for key, cell in {"source": "test", **row}.items()
                 if key in contract.column_names}
                for row in rows
            ]  # fmt: skip
            batch = Batch.from_rows(contract, wanted)
            batch.check()
            transaction.replace(batch)
        transaction.commit(NOW)
        engine = Engine(Lake(tmp_path), CORE)
        engines.append(engine)

        def ask(name: str, by: str = "country", as_of: str = "", **where: str) -> Figure:
            until = day(as_of) if as_of else None
            return evaluate(ALL[name], engine, by=by, where=where, as_of=until)

        return ask

    yield make  # type: ignore[misc]
    for engine in engines:
        engine.close()


def values(figure: Figure) -> dict[str, float | None]:
    return {str(row.key[figure.by]): row.value for row in figure.rows}


@pytest.mark.parametrize("measure", ALL.values(), ids=ALL)
def test_every_measure_says_what_it_is(measure: Measure) -> None:
    assert measure.layer == "above"
    assert measure.question.endswith("?")
    assert len(measure.caveat) > 80
    assert len(measure.citation) > 20
    assert {split.name for split in measure.splits} >= {"country", "maker", "openness"}
    for choice in measure.choices:
        assert all(option.reason for option in choice.options)


# ---- pulls -------------------------------------------------------------------------------------


def count(model: str, on: str, pulls_count: float) -> dict[str, Any]:
    return {
        "listing": "ollama",
        "metric": "pulls_total_count",
        "observed_on": day(on),
        "model_id": ID[model],
        "value": pulls_count,
        "is_fresh": True,
    }


PULLS = [
    count("qwen3", "2026-03-01", 1_000_000),
    count("qwen3", "2026-03-31", 4_000_000),
    count("gpt-oss", "2026-03-01", 5_000_000),
    count("gpt-oss", "2026-03-31", 6_000_000),
    # lifetime says Mistral leads; nobody pulls it now
    count("mistral", "2026-03-01", 90_000_000),
    count("mistral", "2026-03-31", 90_000_000),
]


def test_pulls_are_increments_and_lifetime_is_another_answer(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(observation=PULLS)
    assert values(ask("pulls_share")) == pytest.approx({"CN": 0.75, "US": 0.25, "FR": 0.0})
    assert values(ask("pulls_share", window="lifetime")) == pytest.approx(
        {"CN": 0.04, "US": 0.06, "FR": 0.90}
    )
    level = ask("pulls_level").row("CN")
    assert level is not None
    assert level.value == 3_000_000
    # half of 0.1M at each end
    assert (level.lower, level.upper) == (2_900_000, 3_100_000)
    assert (level.more["from"], level.more["to"], level.more["days"]) == (
        "2026-03-01",
        "2026-03-31",
        30,
    )


def test_a_counter_revision_is_listed_and_never_clipped(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    rows = [*PULLS, count("gpt-x", "2026-03-01", 900_000), count("gpt-x", "2026-03-31", 400_000)]
    level = figure(observation=rows)("pulls_level").row("US")
    assert level is not None
    assert level.value == 500_000
    assert level.more["counter_revisions"] == ["gpt-x"]


def test_the_window_has_the_length_that_the_data_allows(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(
        observation=[
            count("qwen3", "2026-07-14", 1_000_000),
            count("qwen3", "2026-08-17", 2_000_000),
            count("qwen3", "2026-08-21", 2_200_000),
        ]
    )
    near = ask("pulls_level").row("CN")
    assert near is not None
    assert (near.value, near.more["from"], near.more["days"]) == (1_200_000, "2026-07-14", 38)
    far = ask("pulls_level", window="365d").row("CN")
    assert far is not None
    assert far.value is None
    assert "38 days before" in far.reason
    only = ask("pulls_level", as_of="2026-07-14").row("CN")
    assert only is not None
    assert (only.value, only.reason) == (None, "the series has one day only")


def test_a_new_entry_and_one_that_was_not_read_that_day(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(
        observation=[
            count("qwen3", "2026-02-27", 3_000_000),  # not read on 2026-03-01
            count("qwen3", "2026-03-31", 3_500_000),
            count("gpt-oss", "2026-03-01", 1_000_000),
            count("gpt-oss", "2026-03-31", 1_000_000),
            count("mistral", "2026-03-31", 50_000),  # new, or below 10,000 before
            count("gpt-x", "2026-03-01", 70_000),  # gone
        ]
    )
    found = ask("pulls_level")
    assert values(found) == {"CN": 500_000, "US": 0, "FR": 50_000}
    new = found.row("FR")
    assert new is not None
    assert (new.lower, new.upper) == (39_950, 50_050)
    assert new.more["removed"] == 1


@given(st.integers(min_value=0, max_value=2_000_000_000))
def test_a_shown_count_is_within_half_a_step(exact: int) -> None:
    """What a page rounds to a tenth of K, M or B stays within the half width."""
    for scale in (1_000_000_000, 1_000_000, 1_000):
        if exact >= scale:
            shown = round(exact / scale, 1) * scale
            break
    else:
        shown = float(exact)
    assert abs(shown - exact) <= float(rounding_half_width([shown])[0]) + 1e-6


# ---- tokens ------------------------------------------------------------------------------------


def week(maker: str, openness: str, tokens_count: float, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day("2026-05-11"),
        "organisation_id": maker,
        "openness": openness,
        "is_other": False,
        "models_count": 1,
        "tokens_count": tokens_count,
        **cells,
    }


TOKENS = [
    week("alibaba", "open", 50.0, requests_count=5.0),
    week("openai", "closed", 20.0, requests_count=15.0, spend_usd=3.0),
    week("openai", "open", 10.0),
    week("unknown", "unknown", 20.0),
    week("openai", "closed", 99.0, observed_on=day("2026-05-04")),
]


def test_tokens_are_shares_of_the_list_with_bounds_for_the_unknown(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(tokens_week=TOKENS)
    found = ask("tokens_share")
    assert values(found) == pytest.approx({"CN": 0.5, "US": 0.3, "unknown": 0.2})
    bounds = {str(row.key["country"]): (row.lower, row.upper) for row in found.rows}
    assert bounds["CN"] == pytest.approx((0.5, 0.7))
    assert bounds["unknown"] == pytest.approx((0.0, 0.2))
    assert all("total isn't published" in row.more["bounds"] for row in found.rows)
    # requests of one of the two rows aren't counted, so their sum isn't known
    us = found.row("US")
    assert us is not None
    assert (us.more["requests"], us.more["spend_usd"], us.more["tokens"]) == (None, None, 30.0)
    assert values(ask("tokens_share", "openness")) == pytest.approx(
        {"open": 0.6, "closed": 0.2, "unknown": 0.2}
    )
    assert values(ask("tokens_share", denominator="us_china")) == pytest.approx(
        {"CN": 0.625, "US": 0.375}
    )
    assert values(ask("tokens_level")) == {"CN": 50.0, "US": 30.0, "unknown": 20.0}
    assert values(ask("tokens_share", as_of="2026-05-10")) == {"US": 1.0}


def test_requests_are_another_answer_than_tokens(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(tokens_week=TOKENS)
    assert values(ask("requests_share")) == pytest.approx({"US": 0.75, "CN": 0.25})


# ---- boards ------------------------------------------------------------------------------------


def rated(name: str, on: str, rating: float, model: str = "", **cells: Any) -> dict[str, Any]:
    number = ID[model or name]
    _, maker, is_open = MODELS[number]
    return {
        "series": "official",
        "scale": "official text_style_control from 2026-01-31",
        "board": "text_style_control",
        "category": "overall",
        "name": name,
        "model_id": number,
        "organisation_id": maker,
        "is_open_weights": is_open,
        "observed_on": day(on),
        "rating": rating,
        "rating_lower": rating - 6.0,
        "rating_upper": rating + 6.0,
        "votes_count": 1000,
        **cells,
    }


RATINGS = [
    rated("gpt-x", "2026-01-31", 1400.0),
    rated("qwen3", "2026-01-31", 1350.0),
    rated("gpt-x", "2026-02-28", 1440.0),
    rated("qwen3", "2026-02-28", 1380.0),
    rated("gpt-x", "2026-03-31", 1450.0),
    rated("gpt-x-high", "2026-03-31", 1460.0, "gpt-x"),
    rated("qwen3", "2026-03-31", 1430.0),
    rated("gpt-oss", "2026-03-31", 1390.0),
    rated("riddle", "2026-03-31", 1455.0, organisation_id="unknown"),
]


def test_the_leader_of_each_group_has_its_interval(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(rating=RATINGS)
    found = ask("arena_leaders")
    assert values(found) == {"US": 1460.0, "unknown": 1455.0, "CN": 1430.0}
    best = found.row("US")
    assert best is not None
    assert (best.lower, best.upper, best.more["model"]) == (1454.0, 1466.0, "gpt-x-high")
    assert values(ask("arena_leaders", population="open")) == {"CN": 1430.0, "US": 1390.0}
    assert values(ask("arena_leaders", "openness")) == {
        "closed": 1460.0,
        "unknown": 1455.0,
        "open": 1430.0,
    }


def test_a_gap_is_points_and_a_win_probability(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    found = figure(rating=RATINGS)("arena_gap")
    assert values(found) == {"US": 0.0, "unknown": 5.0, "CN": 30.0}
    china = found.row("CN")
    assert china is not None
    assert china.more["win_probability"] == pytest.approx(1 / (1 + 10 ** (-30 / 400)))
    assert china.more["intervals_overlap"] is False
    assert (china.lower, china.upper) == (18.0, 42.0)
    # the leaders had 1430 or more for the first time on 2026-02-28
    assert china.more["leader_reached_on"] == "2026-02-28"
    assert china.more["lag_months"] == pytest.approx(31 / (365.25 / 12))
    riddle = found.row("unknown")
    assert riddle is not None
    assert riddle.more["intervals_overlap"] is True
    assert "%" not in found.unit


def test_a_lag_never_crosses_a_change_of_scale(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    moved = [
        {**row, "scale": "official text_style_control from 2026-03-31"}
        if row["observed_on"] == day("2026-03-31")
        else row
        for row in RATINGS
    ]
    china = figure(rating=moved)("arena_gap").row("CN")
    assert china is not None
    assert china.value == 30.0
    assert china.more["lag_months"] is None
    assert "when the scale began on 2026-03-31" in china.more["lag_reason"]


def test_over_all_boards_the_gap_is_their_median(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    def other(board: str, us: float, cn: float) -> list[dict[str, Any]]:
        where = {"board": board, "scale": f"official {board}"}
        return [
            rated("gpt-x", "2026-02-28", us, **where),
            rated("qwen3", "2026-02-28", cn, **where),
        ]

    rows = [*RATINGS, *other("webdev", 1500.0, 1400.0), *other("search", 1200.0, 1210.0)]
    found = figure(rating=rows)("arena_gap", board="all")
    china = found.row("CN")
    assert china is not None
    assert (china.value, china.lower, china.upper) == (30.0, 0.0, 100.0)
    assert (china.more["boards_count"], china.more["boards_led"]) == (3, 1)
    assert china.more["win_probability"] == pytest.approx(win_probability(30.0))
    assert china.more["boards"] == {
        "text_style_control": 30.0,
        "webdev": 100.0,
        "search": 0.0,
    }


def test_series_do_not_mix(figure: Callable[..., Callable[..., Figure]]) -> None:
    rows = [*RATINGS, rated("mistral", "2026-04-30", 1999.0, series="page", scale="page")]
    ask = figure(rating=rows)
    assert "FR" not in values(ask("arena_leaders"))
    assert values(ask("arena_leaders", scale="page")) == {"FR": 1999.0}
    with pytest.raises(NoDataError):
        ask("arena_leaders", scale="history")


def test_the_top_of_a_board_counts_models_or_entries(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    rows = RATINGS + [rated(f"filler-{i}", "2026-03-31", 1000.0 - i, "mistral") for i in range(6)]
    ask = figure(rating=rows)
    entries = ask("board_share", unit="entries", top="10")
    assert values(entries) == pytest.approx({"FR": 0.5, "US": 0.3, "CN": 0.1, "unknown": 0.1})
    by_model = ask("board_share", top="10")
    # gpt-x, riddle, qwen3, gpt-oss, mistral: five models only, and the figure says so
    assert values(by_model) == pytest.approx({"US": 0.4, "CN": 0.2, "FR": 0.2, "unknown": 0.2})
    assert all(row.reason == "the board has 5 only" for row in by_model.rows)


@given(st.floats(min_value=-800, max_value=800))
def test_win_probabilities_of_both_sides_sum_to_one(gap: float) -> None:
    assert win_probability(gap) + win_probability(-gap) == pytest.approx(1.0)
    assert 0.0 < win_probability(gap) < 1.0


@given(st.permutations(RATINGS))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]]) -> None:
    class Answer(dict[str, Any]):
        def objects(self, name: str) -> list[Any]:
            return [row[name] for row in rows]

        def floats(self, name: str) -> Any:
            return np.array([row[name] for row in rows], dtype=np.float64)

        def __getitem__(self, name: str) -> Any:
            return np.array([row[name] for row in rows], dtype="datetime64[D]")

    board = arena._Board(Answer(), "organisation_id")  # type: ignore[arg-type]
    best = board.best(np.ones(len(rows), dtype=bool))
    assert {group: board.entry(place)["model"] for group, place in best.items()} == {
        "openai": "gpt-x-high",
        "unknown": "riddle",
        "alibaba": "qwen3",
    }
    assert next(iter(best)) == "openai"


# ---- prices ------------------------------------------------------------------------------------


def price(model: str, on: str, input_usd: float, output_usd: float, **cells: Any) -> dict[str, Any]:
    _, maker, is_open = MODELS[ID[model]]
    return {
        "catalogue": "openrouter",
        "provider": "openrouter",
        "name": f"slug/{model}",
        "variant": "",
        "model_id": ID[model],
        "organisation_id": maker,
        "is_open_weights": is_open,
        "observed_on": day(on),
        "input_usd_per_mtok": input_usd,
        "output_usd_per_mtok": output_usd,
        "is_free_variant": False,
        **cells,
    }


PRICES = [
    price("gpt-x", "2026-03-31", 2.0, 10.0),
    price("gpt-oss", "2026-03-31", 0.1, 0.5),
    price("qwen3", "2026-03-31", 0.4, 2.0),
    price("qwen3", "2026-03-31", 0.0, 0.0, name="slug/qwen3:free", variant="free",
          is_free_variant=True),
    price("qwen3", "2026-03-31", 0.2, 1.0, name="slug/qwen3:batch", variant="batch"),
    price("mistral", "2026-03-31", 0.01, 0.01),  # has no rating
    price("qwen3", "2025-03-31", 4.0, 4.0),
]  # fmt: skip


def test_prices_compare_models_of_equal_strength(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    # a page's later scores are on another scale, so they say nothing of strength here
    page = rated("mistral", "2026-04-30", 1500.0, series="page", scale="page")
    ask = figure(rating=[*RATINGS, page], price=PRICES)
    # gpt-oss has 1390 only: strong enough for 1350, not for 1400
    assert values(ask("price_blended", score="1400")) == pytest.approx({"CN": 0.8, "US": 4.0})
    assert values(ask("price_blended", score="1350")) == pytest.approx({"US": 0.2, "CN": 0.8})
    assert values(ask("price_blended", score="1450")) == pytest.approx({"US": 4.0})
    assert values(ask("price_blended", mix="1:1")) == pytest.approx({"CN": 1.2, "US": 6.0})
    assert values(ask("price_blended", mix="10:1"))["CN"] == pytest.approx((4.0 + 2.0) / 11)
    row = ask("price_blended", "openness", score="1350").row("open")
    assert row is not None
    assert (row.more["model"], row.more["score"], row.more["models"]) == ("slug/gpt-oss", 1390, 2)
    best = ask("price_blended", "openness", score="1350").row("closed")
    assert best is not None
    assert best.more["score"] == 1460  # at its highest effort
    with pytest.raises(UnknownNameError):
        ask("price_blended", score="1")


def test_free_and_batch_prices_are_left_out_unless_asked_for(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    ask = figure(rating=RATINGS, price=PRICES)
    assert values(ask("price_blended"))["CN"] == pytest.approx(0.8)
    assert values(ask("price_blended", variants="paid"))["CN"] == pytest.approx(0.4)
    assert values(ask("price_blended", variants="all"))["CN"] == 0.0


def test_the_median_provider_costs_more_than_the_cheapest(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    offers = [
        price("qwen3", "2026-03-31", cost, cost, catalogue="models_dev", provider=f"p{cost}")
        for cost in (1.0, 2.0, 6.0)
    ]
    ask = figure(rating=RATINGS, price=offers)
    assert values(ask("price_blended", catalogue="models_dev")) == {"CN": 1.0}
    found = ask("price_blended", catalogue="models_dev", provider="median")
    assert values(found) == {"CN": 2.0}
    assert found.rows[0].more["offers"] == 3


def test_the_decline_compares_with_a_year_before(
    figure: Callable[..., Callable[..., Figure]],
) -> None:
    found = figure(rating=RATINGS, price=PRICES)("price_decline")
    assert values(found) == pytest.approx({"CN": 0.8 / 4.0, "US": None})
    china, america = found.row("CN"), found.row("US")
    assert china is not None
    assert america is not None
    assert china.more["series"] == pytest.approx({"2025-03-31": 4.0, "2026-03-31": 0.8})
    assert america.reason == "no price within 45 days of a year before"
