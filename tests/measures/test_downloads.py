"""Shares, levels and growth of downloads: each choice and facet, computed by hand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from underlay.errors import NoDataError, UnknownNameError
from underlay.measures.downloads import (
    DOWNLOAD_CHOICES,
    DOWNLOADS_LEVEL,
    DOWNLOADS_SHARE,
    LISTINGS,
    MODEL_SPLITS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NEWEST = ("os_ai_map", "2026-06-10")


def total(world: Any, **where: str) -> float:
    return sum(world.values("downloads_level", **where).values())


def test_shares_with_unknown_as_a_row(world: Any) -> None:
    figure = world.figure("downloads_share")
    # 120 US, 90 + 150 CN, 60 FR, 30 + 50 unknown of 500
    assert [(row.key["country"], row.value) for row in figure.rows] == [
        ("CN", pytest.approx(0.48)),
        ("US", pytest.approx(0.24)),
        ("unknown", pytest.approx(0.16)),
        ("FR", pytest.approx(0.12)),
    ]
    assert figure.coverage == {"rows": 6, "rows_known": 4, "weight": pytest.approx(0.84)}
    assert figure.as_of == "2026-06-10"
    assert figure.unit == "share"
    assert [source.name for source in figure.sources] == ["os_ai_map"]
    assert figure.sources[0].vintage == "2026-06-10"
    assert figure.sources[0].conflict == "measures itself"


def test_levels(world: Any) -> None:
    assert world.values("downloads_level") == {"CN": 240, "US": 120, "unknown": 80, "FR": 60}


def test_without_the_largest_model(world: Any) -> None:
    """bo/embed has 150 of 500, so it is named and left out: 90 of 350 remain to CN."""
    figure = world.figure("downloads_share")
    without = {row.key["country"]: row.more["without_largest"] for row in figure.rows}
    assert without == pytest.approx(
        {"CN": 90 / 350, "US": 120 / 350, "unknown": 80 / 350, "FR": 60 / 350}
    )
    assert figure.notes == ("`bo/embed` alone is 30% of the total",)
    level = world.figure("downloads_level").row("CN")
    assert level is not None
    assert level.more["without_largest"] == 90


@pytest.mark.parametrize("split", [s.name for s in MODEL_SPLITS if s.name != "listing"])
def test_each_facet_against_brute_force(world: Any, split: str) -> None:
    expected: dict[str, float] = defaultdict(float)
    for number, count in world.counts[NEWEST].items():
        expected[world.cells()[number][split]] += count
    assert world.values("downloads_level", split) == pytest.approx(dict(expected))
    for name, count in expected.items():
        assert world.values("downloads_level", split, **{split: name}) == {
            name: pytest.approx(count)
        }


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        ("author", {"CN": 240, "US": 120, "FR": 60, "unknown": 80}),
        ("nearest_base", {"CN": 240, "US": 210, "unknown": 50}),
        ("root", {"CN": 240, "US": 210, "unknown": 50}),
        # the merge's 60 go half to each of its bases
        ("fractional", {"CN": 270, "US": 180, "unknown": 50}),
    ],
)
def test_attribution(world: Any, attribution: str, expected: dict[str, float]) -> None:
    assert world.values("downloads_level", attribution=attribution) == expected
    assert sum(expected.values()) == 500


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"scope": "all"}, 500),
        ({"scope": "language"}, 350),
        ({"scope": "text_only"}, 260),
        ({"scope": "vision_language"}, 90),
        ({"scope": "embedding"}, 150),
        ({"copies": "drop"}, 470),
        ({"denominator": "known"}, 420),
        ({"denominator": "us_china"}, 360),
        ({"age": "one_year"}, 150),  # bravo and the merge
        ({"age": "since_llama"}, 300),  # not bo/embed of 2021, nor the one of unknown age
        ({"listing": "llmfit"}, 250),  # 2026-07-01: the edition after it renewed nothing
        ({"listing": "llmfit", "fresh": "all"}, 300),
        ({"listing": "census_2022"}, 10),
        ({"listing": "osir_lmts"}, 750),
        ({"country": "CN", "scope": "language"}, 90),
        ({"country": "CN", "maker": "bo", "modality": "embedding"}, 150),
        ({"attribution": "fractional", "maker": "bo", "scope": "text_only"}, 30),
    ],
)
def test_choices_and_filters(world: Any, where: dict[str, str], expected: float) -> None:
    assert total(world, **where) == expected


def test_every_choice_and_listing_has_been_computed_by_hand() -> None:
    """Whoever adds an option adds its number above."""
    assert [option.name for option in LISTINGS] == [
        "os_ai_map",
        "osir_lmts",
        "llmfit",
        "census_2022",
    ]
    options = {choice.name: [o.name for o in choice.options] for choice in DOWNLOAD_CHOICES[1:]}
    assert options == {
        "scope": ["all", "language", "text_only", "vision_language", "embedding"],
        "attribution": ["author", "nearest_base", "root", "fractional"],
        "copies": ["keep", "drop"],
        "denominator": ["all", "known", "us_china"],
        "age": ["any", "one_year", "since_llama"],
        "fresh": ["only", "all"],
        "platform": ["huggingface", "modelscope"],
        "organisations": ["ours", "atom"],
        "outlier": ["none", "drop_largest", "winsorise"],
        "window": ["last", "mean_of_three"],
        "weight": ["downloads", "models"],
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # what ATOM's table doesn't list is unknown, and Europe is one region
        ({"organisations": "atom"}, {"US": 120, "CN": 240, "EU": 60, "unknown": 80}),
        ({"outlier": "drop_largest"}, {"US": 120, "CN": 90, "FR": 60, "unknown": 80}),
        # fewer than eleven models: all count as much as the smallest, 30
        ({"outlier": "winsorise"}, {"US": 30, "CN": 60, "FR": 30, "unknown": 60}),
        # there are two editions: half of each
        (
            {"window": "mean_of_three"},
            {"US": 110, "CN": 250, "FR": 30, "unknown": 85, "DE": 12.5},
        ),
        ({"window": "mean_of_three", "maker": "elk"}, {"DE": 12.5}),
        ({"window": "mean_of_three", "listing": "osir_lmts", "country": "FR"}, {"FR": 500}),
    ],
)
def test_rules_for_outliers_tables_and_windows(
    world: Any, where: dict[str, str], expected: dict[str, float]
) -> None:
    assert world.values("downloads_level", **where) == expected
    shares = world.values("downloads_share", **where)
    total = sum(expected.values())
    assert shares == pytest.approx({name: count / total for name, count in expected.items()})


def test_windows_of_several_lists_at_once(world: Any) -> None:
    """Each list by its own newest three: the series' last three hold 680, 680 and 750."""
    assert world.values("downloads_level", "listing", window="mean_of_three") == pytest.approx(
        {"osir_lmts": 2110 / 3, "os_ai_map": 487.5, "llmfit": 250, "census_2022": 10}
    )


def test_models_as_weight_are_a_share_and_no_level(world: Any) -> None:
    """A number of models isn't a number of downloads, so the level has no such option."""
    assert world.values("downloads_share", weight="models") == pytest.approx(
        {"CN": 2 / 6, "unknown": 2 / 6, "US": 1 / 6, "FR": 1 / 6}
    )
    # the merge is one model, half of it for each of its bases
    assert world.values(
        "downloads_share", weight="models", attribution="fractional"
    ) == pytest.approx({"US": 2.5 / 6, "CN": 2.5 / 6, "unknown": 1 / 6})
    assert "weight" not in DOWNLOADS_LEVEL.definition({}).options


def test_winsorising_cuts_ten_models_to_the_eleventh(
    changed: Callable[..., Any], rows_of: Any
) -> None:
    template = rows_of.models()[0]
    counts = {n: float(100 - n) for n in range(13)}  # 100, 99, … 88; the eleventh has 90
    world = changed(
        model=[{**template, "model_id": n, "name": f"acme/{n}"} for n in counts],
        attribution=rows_of.attributions({"author": {n: {"acme": 1.0} for n in counts}}),
        observation=rows_of.observations({NEWEST: counts}, "downloads_30d_count"),
    )
    assert total(world, outlier="winsorise") == 11 * 90 + 89 + 88
    assert total(world, outlier="drop_largest") == sum(counts.values()) - 100


def test_one_year_ends_after_365_days(
    world: Any, changed: Callable[..., Any], rows_of: Any
) -> None:
    models = rows_of.models()
    for model, days in zip(models, (365, 366, 0, -1, 5000, 1, 2), strict=True):
        model["released_on"] = dt.date(2026, 6, 10) - dt.timedelta(days)
    counted = changed(model=models).figure("downloads_level", "model", age="one_year")
    # released 365 days, 0 days, and the day after the count; the gone one isn't in the edition
    assert {row.key["model"] for row in counted.rows} == {
        "acme/alpha", "bo/bravo", "bo/embed", "anon/thing",
    }  # fmt: skip


def test_coverage_is_of_all_that_there_is_before_a_denominator(world: Any) -> None:
    """Leaving the unknown out of the shares doesn't make them known."""
    assert world.figure("downloads_share").coverage["weight"] == pytest.approx(0.84)
    known = world.figure("downloads_share", denominator="known")
    assert known.coverage["weight"] == pytest.approx(420 / 500)
    assert sum(row.value for row in known.rows) == pytest.approx(1.0)
    duel = world.figure("downloads_share", denominator="us_china", scope="language")
    assert duel.coverage["weight"] == pytest.approx(210 / 350)


def test_as_of_takes_the_edition_before(world: Any) -> None:
    figure = world.figure("downloads_level", as_of="2026-06-09")
    assert figure.as_of == "2026-04-28"
    assert {row.key["country"]: row.value for row in figure.rows} == {
        "CN": 260, "US": 100, "unknown": 90, "DE": 25,
    }  # fmt: skip


def test_before_all_data(world: Any) -> None:
    with pytest.raises(NoDataError) as caught:
        world.figure("downloads_share", as_of="2026-04-27")
    assert caught.value.what == "downloads_share"
    assert caught.value.asked.startswith("2026-04-27 (listing=os_ai_map")
    assert caught.value.available == "days from 2026-04-28 to 2026-06-10"


def test_a_filter_of_kinds_never_falls_back_to_an_older_edition(world: Any) -> None:
    """elk/gone left the list: it has no downloads now, not those of April."""
    for where in ({"maker": "elk"}, {"maker": "elk", "country": "DE"}):
        with pytest.raises(NoDataError) as caught:
            world.figure("downloads_level", **where)
        assert caught.value.available == "days from 2026-04-28 to 2026-04-28"
    with pytest.raises(NoDataError):  # the merge wasn't there in April
        world.figure("downloads_level", as_of="2026-05-01", age="one_year", family="merge")


def test_a_value_that_does_not_exist_is_answered_with_those_that_do(world: Any) -> None:
    with pytest.raises(NoDataError) as caught:
        world.figure("downloads_share", country="China")
    assert caught.value.available == "`country`: CN, unknown, US, DE, FR"


def test_an_option_without_rows_says_which_list_has_days(world: Any, changed: Any) -> None:
    with pytest.raises(NoDataError) as caught:
        world.figure(
            "downloads_share", listing="census_2022", denominator="us_china", scope="language"
        )
    assert caught.value.available == ""
    alone = changed(observation=[])
    with pytest.raises(NoDataError) as caught:
        alone.figure("downloads_share")
    assert caught.value.available == ""
    assert caught.value.hint == ""


def test_a_denominator_that_leaves_nothing_names_the_others(changed: Any, rows_of: Any) -> None:
    only = rows_of.observations({NEWEST: {5: 40}}, "downloads_30d_count")
    with pytest.raises(NoDataError) as caught:
        changed(observation=only).figure("downloads_share", denominator="known")
    assert caught.value.available == "`denominator`: all, known, us_china"


def test_by_listing_takes_each_list_at_its_newest_day(world: Any) -> None:
    figure = world.figure("downloads_level", "listing")
    assert {row.key["listing"]: row.value for row in figure.rows} == {
        "osir_lmts": 750, "os_ai_map": 500, "llmfit": 250, "census_2022": 10,
    }  # fmt: skip
    assert figure.definition["listing"] == "each"
    assert figure.as_of == "2026-07-01"
    assert {source.name: source.vintage for source in figure.sources} == {
        "osir_lmts": "2025-09-05", "os_ai_map": "2026-06-10", "llmfit": "2026-07-01",
        "census_2022": "2022-07-02",
    }  # fmt: skip


def test_by_listing_under_one_listing(world: Any) -> None:
    figure = world.figure("downloads_level", "listing", listing="llmfit")
    assert {row.key["listing"]: row.value for row in figure.rows} == {"llmfit": 250}
    assert figure.definition["listing"] == "llmfit"


def test_shares_of_overlapping_lists_say_so(world: Any) -> None:
    figure = world.figure("downloads_share", "listing")
    assert sum(row.value for row in figure.rows) == pytest.approx(1.0)
    assert any("overlap" in note for note in figure.notes)
    assert not any("overlap" in note for note in world.figure("downloads_share").notes)


def test_an_edition_that_renews_almost_nothing_is_no_edition(changed: Any, rows_of: Any) -> None:
    """One of eleven counts renewed: the share of that one model is not the list's."""
    template = rows_of.models()[0]
    models = [{**template, "model_id": n, "name": f"acme/{n}"} for n in range(11)]
    counts = {
        ("llmfit", "2026-07-01"): dict.fromkeys(range(11), 10.0),
        ("llmfit", "2026-07-14"): {n: (27.0 if n == 0 else -10.0) for n in range(11)},
    }
    world = changed(
        model=models,
        attribution=rows_of.attributions({"author": {n: {"acme": 1.0} for n in range(11)}}),
        observation=rows_of.observations(counts, "downloads_30d_count"),
    )
    figure = world.figure("downloads_level", listing="llmfit")
    assert (figure.as_of, figure.rows[0].value) == ("2026-07-01", 110)
    assert world.figure("downloads_level", listing="llmfit", fresh="all").as_of == "2026-07-14"


def test_growth_over_the_edition_nearest_to_a_year(changed: Any, rows_of: Any) -> None:
    counts = {
        ("osir_lmts", "2024-01-01"): {0: 1.0, 2: 1.0},
        ("osir_lmts", "2024-12-01"): {0: 100.0, 2: 50.0},
        ("osir_lmts", "2025-11-20"): {0: 7.0, 2: 7.0},
        ("osir_lmts", "2025-12-10"): {0: 150.0, 2: 25.0, 3: 5.0},
    }
    world = changed(observation=rows_of.observations(counts, "downloads_30d_count"))
    rows = {row.key["family"]: row for row in world.figure("downloads_growth", "family").rows}
    assert {name: row.value for name, row in rows.items()} == {
        "alpha": 1.5, "bravo": 0.5, "embed": None,
    }  # fmt: skip
    assert rows["alpha"].more == {
        "from": "2024-12-01", "to": "2025-12-10", "days": 374, "before": 100, "now": 150,
    }  # fmt: skip
    assert rows["embed"].reason == "nothing on 2024-12-01"


def test_growth_of_what_is_gone_is_zero(changed: Any, rows_of: Any) -> None:
    counts = {
        ("osir_lmts", "2024-12-01"): {0: 100.0, 2: 50.0},
        ("osir_lmts", "2025-12-10"): {0: 150.0, 3: 25.0},
    }
    world = changed(observation=rows_of.observations(counts, "downloads_30d_count"))
    assert world.values("downloads_growth", "family") == {"alpha": 1.5, "embed": None, "bravo": 0.0}
    # also where only the gone one is asked for: the editions are the list's
    assert world.values("downloads_growth", "family", family="bravo") == {"bravo": 0.0}


def test_growth_needs_two_editions_that_count_other_days(changed: Any, rows_of: Any) -> None:
    counts = {
        ("osir_lmts", "2025-12-01"): {0: 100.0},
        ("osir_lmts", "2025-12-30"): {0: 100.0},
    }
    world = changed(observation=rows_of.observations(counts, "downloads_30d_count"))
    row = world.figure("downloads_growth").rows[0]
    assert row.value is None
    assert row.reason == "no edition 30 days or more before 2025-12-30"


def test_growth_is_on_a_fixed_panel_unless_asked_otherwise(world: Any) -> None:
    """Dora joined the list later: its 500 are no growth. bo/embed is new, but bo is not."""
    fixed = world.figure("downloads_growth")
    assert {row.key["country"]: row.value for row in fixed.rows} == {
        "US": pytest.approx(0.3),
        "CN": pytest.approx(220 / 60),
    }
    assert fixed.rows[0].more["days"] == 121
    # 160 + 180 + 180 + 250 of the fixed panel, of 1,500 more in all
    assert fixed.coverage["weight"] == pytest.approx(770 / 2270)
    growing = world.figure("downloads_growth", panel="growing")
    assert {row.key["country"]: row.value for row in growing.rows} == {
        "FR": None, "US": pytest.approx(0.3), "CN": pytest.approx(220 / 60),
    }  # fmt: skip


def test_growth_by_listing_compares_each_list_with_itself(world: Any) -> None:
    rows = {row.key["listing"]: row for row in world.figure("downloads_growth", "listing").rows}
    assert rows["osir_lmts"].value == pytest.approx(250 / 160)
    # without dora and elk: 440 of 500 against 450 of 475
    assert rows["os_ai_map"].value == pytest.approx(440 / 450)
    assert rows["os_ai_map"].more["from"] == "2026-04-28"
    assert rows["census_2022"].reason == "no edition 30 days or more before 2022-07-02"


def test_names_that_do_not_exist(world: Any) -> None:
    with pytest.raises(UnknownNameError, match="`planet`"):
        world.figure("downloads_share", "planet")
    with pytest.raises(UnknownNameError, match="`planet`"):
        world.figure("downloads_share", planet="Earth")
    with pytest.raises(UnknownNameError, match="`huge`"):
        world.figure("downloads_share", scope="huge")
    assert DOWNLOADS_SHARE.definition({}).facets()["scope"] == "all"


# ---- The other hub -----------------------------------------------------------------------------


def test_lifetime_totals_are_differenced_to_thirty_days(changed: Any, rows_of: Any) -> None:
    """Of two editions 60 days apart: half of the difference; what joined late counts if it is new.

    One grew by 60, one fell by 20: revised, and kept. The merge (of 2026-05-01) wasn't in the first
    edition but is younger than it; the old one isn't, so nobody knows its growth.
    """
    alpha, bravo, embed, merge = 0, 2, 3, 4  # their places in the small world
    totals = {
        ("osir_lmts_modelscope", "2026-04-01"): {alpha: 1000, bravo: 500},
        ("osir_lmts_modelscope", "2026-05-31"): {alpha: 1060, bravo: 480, merge: 40, embed: 9000},
    }
    world = changed(observation=rows_of.observations(totals, "downloads_total_count"))
    figure = world.figure("downloads_level", "maker", platform="modelscope")
    assert figure.definition["listing"] == "osir_lmts"
    assert {row.key["maker"]: row.value for row in figure.rows} == {
        "acme": 30, "dora": 20, "bo": -10,
    }  # fmt: skip
    assert any("1 counters fell, by 10" in note for note in figure.notes)
    with pytest.raises(NoDataError):
        world.figure("downloads_level", "maker", platform="modelscope", listing="os_ai_map")
