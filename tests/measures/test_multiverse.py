"""The multiverse: the same numbers as the single path, proven flips, influence by the book."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE, core
from underlay.errors import LakeMissingError, NoDataError, NotComputableError, UnknownNameError
from underlay.lake import Engine, Lake, embedded
from underlay.measures import Measure, evaluate, measure
from underlay.measures.multiverse import Facet, Multiverse, multiverse, spread
from underlay.report.curve import curve, curve_page, flip_sentence
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = tuple(dt.date(2026, month, 1) for month in (1, 2, 3, 4))
MAKERS = {"acme": "US", "bo": "CN", "dora": "FR", "unknown": "unknown"}
ATOM = {"acme": "US", "bo": "CN", "dora": "EU"}
MODALITIES = ("language", "vision-language", "embedding")
SHARE, LEVEL = measure("downloads_share"), measure("downloads_level")
MANY = 200  # definitions compared with the single path
CLOSE = 1e-9

makers = st.sampled_from(tuple(MAKERS))
models = st.lists(
    st.fixed_dictionaries(
        {
            "maker": makers,
            "base": makers,
            "modality": st.sampled_from(MODALITIES),
            "is_copy": st.booleans(),
            "age": st.none() | st.integers(0, 1500),
            "counts": st.dictionaries(st.sampled_from(DAYS), st.integers(0, 1000), max_size=4),
        }
    ),
    min_size=1,
    max_size=16,
)


def engine_of(rows: list[dict[str, Any]]) -> Engine:
    """An engine over core tables made from drawn models."""
    tables: dict[str, list[dict[str, Any]]] = {
        "model": [], "attribution": [], "observation": [],
        "organisation": [
            {"organisation_id": name, "name": name, "country": place}
            for name, place in MAKERS.items()
        ],
        "atom_country": [
            {"organisation_id": name, "country": place, "accounts": name, "observed_on": DAYS[0],
             "source": "atom"}
            for name, place in ATOM.items()
        ],
        "source": [
            {"source": "test", "title": "T", "licence": "MIT", "url": "https://example.org",
             "may_redistribute": "rows", "rows_count": 1}
        ],
    }  # fmt: skip
    for number, row in enumerate(rows):
        tables["model"].append(
            {
                "model_id": number, "name": f"m{number}", "platform": "huggingface",
                "account": row["maker"], "organisation_id": row["maker"], "family_id": "f",
                "subfamily_id": "f", "modality": row["modality"], "size_band": "unknown",
                "licence_class": "unknown", "openness": "unknown", "lineage": "none",
                "copy_kind": "quantised copy" if row["is_copy"] else "original",
                "released_on": None if row["age"] is None
                else DAYS[-1] - dt.timedelta(row["age"]),
            }
        )  # fmt: skip
        both = sorted({row["maker"], row["base"]})
        parts = {"author": [row["maker"]], "fractional": both}
        for way in ("author", "nearest_base", "root", "fractional"):
            parties = parts.get(way, [row["base"]])
            tables["attribution"] += [
                {"attribution": way, "model_id": number, "organisation_id": party,
                 "weight_share": 1 / len(parties)}
                for party in parties
            ]  # fmt: skip
        tables["observation"] += [
            {"listing": "os_ai_map", "metric": "downloads_30d_count", "observed_on": on,
             "model_id": number, "value": float(count), "is_fresh": True, "source": "test"}
            for on, count in row["counts"].items()
        ]  # fmt: skip
    engine = Engine(Lake(Path("nowhere"), must_exist=False), CORE)
    for name, made in tables.items():
        engine.register(f"core__{name}", Batch.from_rows(core(name), made))
    return engine


def single(asked: Measure, engine: Engine, by: str, where: dict[str, str]) -> dict[str, float]:
    """The single path's values; empty where it has none."""
    try:
        figure = evaluate(asked, engine, by=by, where=where)
    except NoDataError:
        return {}
    return {str(row.key[by]): row.value for row in figure.rows if row.value is not None}


def compare(found: Multiverse, asked: Measure, engine: Engine, indices: list[int]) -> None:
    for index in indices:
        where = found.definition(index)
        expected = single(asked, engine, found.by, where)
        values = dict(zip(found.parties, found.values[index].tolist(), strict=True))
        assert set(expected) <= set(values), where
        for party, value in values.items():
            if party in expected:
                assert value == pytest.approx(expected[party], rel=CLOSE, abs=CLOSE), (party, where)
            else:  # no row of that party is left
                assert np.isnan(value) or (value == 0 and expected), (party, where)


def sampled(found: Multiverse, count: int) -> list[int]:
    return random.Random(20260610).sample(range(len(found)), min(count, len(found)))  # noqa: S311 - no secret


# ---- the same meaning as the single path -------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(models, st.sampled_from((SHARE, LEVEL)), st.sampled_from(("country", "maker", "modality")))
def test_any_rows_give_what_the_single_path_gives(
    rows: list[dict[str, Any]], asked: Measure, by: str
) -> None:
    vary = ["weight"] if asked is SHARE else []
    with engine_of(rows) as engine:
        try:
            found = multiverse(asked, engine, by=by, vary=vary)
        except NoDataError:
            total = single(LEVEL, engine, by, {})
            assert not any(total.values())
            return
        compare(found, asked, engine, [0, *sampled(found, 6)])


@settings(max_examples=5, deadline=None)
@given(models)
def test_an_option_left_out_is_the_one_that_it_is_said_to_be(rows: list[dict[str, Any]]) -> None:
    with engine_of(rows) as engine:
        try:
            found = multiverse(SHARE, engine)
        except NoDataError:
            return
        sizes = [len(facet.options) for facet in found.facets]
        assert len(found) == int(np.prod(sizes))
        choices = {choice.name: choice for choice in SHARE.choices}
        for merged in found.merged:
            assert merged.option in {o.name for o in choices[merged.facet].options}
            place = random.Random(1).randrange(len(found))  # noqa: S311 - no secret
            where = {**found.definition(place), merged.facet: merged.same_as}
            one = single(SHARE, engine, "country", where)
            other = single(SHARE, engine, "country", {**where, merged.facet: merged.option})
            nonzero = {party: value for party, value in one.items() if value}
            assert nonzero == pytest.approx({k: v for k, v in other.items() if v}, abs=CLOSE)


def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped() -> Iterator[Engine]:
    """The snapshot that ships, or the lake that the environment names."""
    named = os.environ.get("UNDERLAY_TEST_LAKE")
    try:
        lake = Lake(Path(named)) if named else embedded()
    except LakeMissingError:
        pytest.skip("there is no embedded snapshot: run `make snapshot`")
    with Engine(lake, CORE) as engine:
        if not lake.files("core__atom_country"):
            pytest.skip("the embedded snapshot was made before ATOM's regions: `make snapshot`")
        yield engine


def test_two_hundred_definitions_of_the_top_list(shipped: Engine) -> None:
    found = multiverse(SHARE, shipped, by="country", as_of=dt.date(2026, 6, 10))
    assert found.as_of == "2026-06-10"
    assert len(found) >= 1000
    compare(found, SHARE, shipped, sampled(found, MANY))
    answer = found.to_dict()
    assert len(answer["definitions"]) == len(found)
    names = {choice.name for choice in SHARE.choices}
    for row in answer["definitions"]:
        assert set(row["facets"]) == names
        assert sum(row["values"].values()) == pytest.approx(1.0, abs=1e-9)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


@pytest.mark.parametrize("listing", ["llmfit", "osir_lmts"])
def test_lists_with_stale_counts_and_months(shipped: Engine, listing: str) -> None:
    found = multiverse(SHARE, shipped, by="country", where={"listing": listing})
    compare(found, SHARE, shipped, sampled(found, 15))


def test_a_held_facet_and_a_split_are_the_same_as_in_the_single_path(shipped: Engine) -> None:
    where = {"modality": "language", "attribution": "root", "outlier": "winsorise"}
    found = multiverse(SHARE, shipped, by="family", where=where)
    assert {f.name for f in found.facets}.isdisjoint(where)
    compare(found, SHARE, shipped, sampled(found, 10))
    for index in range(len(found)):
        assert where.items() <= found.definition(index).items()


def test_several_lists_side_by_side(shipped: Engine) -> None:
    found = multiverse(LEVEL, shipped, by="listing", where={"age": "any", "scope": "all"})
    assert found.held["listing"] == "each"
    for index in sampled(found, 5):
        where = {k: v for k, v in found.definition(index).items() if k != "listing"}
        expected = single(LEVEL, shipped, "listing", where)
        assert {p: found.value(index, p) for p in expected} == pytest.approx(expected)


# ---- flips -------------------------------------------------------------------------------------


def leader(values: dict[str, float]) -> str:
    named = {k: v for k, v in values.items() if k not in ("unknown", "other")}
    return min(named, key=lambda name: (-round(named[name], 12), name))


@settings(max_examples=6, deadline=None)
@given(models)
def test_a_flip_flips(rows: list[dict[str, Any]]) -> None:
    """Computed anew with the named change, another party leads; and no smaller change does it."""
    with engine_of(rows) as engine:
        try:
            found = multiverse(SHARE, engine)
        except NoDataError:
            return
        flip = found.nearest_flip
        if flip is None:
            decided = found.leaders[found.leaders >= 0]
            assert found.leaders[0] < 0 or set(decided) == {found.leaders[0]}
            return
        before, after = found.definition(flip.origin), found.definition(flip.target)
        assert tuple(sorted(k for k in before if before[k] != after[k])) == flip.changed
        assert leader(single(SHARE, engine, "country", before)) == flip.leader_before
        assert leader(single(SHARE, engine, "country", after)) == flip.leader_after
        assert flip.leader_before != flip.leader_after
        apart = (found.codes != found.codes[0]).sum(axis=1)
        nearer = found.leaders[(apart < len(flip.changed)) & (found.leaders >= 0)]
        assert set(nearer) == {found.leaders[0]}


def made(values: Any, *facets: Facet, parties: tuple[str, ...] = ("CN", "US")) -> Multiverse:
    codes = np.array(list(itertools.product(*(range(len(f.options)) for f in facets))))
    return Multiverse(
        "made", "What?", "share", "country", facets, {}, (), codes, parties,
        np.asarray(values, dtype=np.float64), "2026-01-01",
    )  # fmt: skip


TWO = (Facet("b", ("x", "y")), Facet("a", ("p", "q")))


def test_of_equally_small_changes_the_first_by_name() -> None:
    found = made([[0.4, 0.6], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]], *TWO)
    flip = found.nearest_flip
    assert flip is not None
    assert flip.changed == ("a",)
    assert (flip.target, flip.as_near) == (1, 2)
    assert flip_sentence(found) == (
        "CN leads instead of US with a from p to q. 1 more definition does it as easily."
    )
    from_there = found.flip(3)
    assert from_there is not None
    assert (from_there.target, from_there.changed) == (0, ("a", "b"))
    assert found.leads == {"CN": 0.75, "US": 0.25}


def test_who_always_leads_is_not_flipped() -> None:
    found = made([[0.6, 0.4]] * 4, *TWO)
    assert found.nearest_flip is None
    assert found.to_dict()["nearest_flip"] is None
    assert "no definition" in found.to_dict()["reason"]


def test_nobody_in_particular_leads_not_even_with_most() -> None:
    values = [[0.3, 0.1, 0.6], [0.5, 0.25, 0.2], [0.5, 0.5, np.nan], [np.nan] * 3]
    found = made(values, *TWO, parties=("CN", "US", "unknown"))
    assert found.leaders.tolist() == [0, 0, 0, -1]
    assert found.leads == {"CN": 1.0}
    # of the two that count what is unknown, it is more than the lead in one
    assert found.open_to_unknown == 0.5


# ---- spread and influence ----------------------------------------------------------------------


def test_influence_is_that_of_an_analysis_of_variance() -> None:
    # CN = 0.1 + 0.2 b + 0.1 a + 0.05 ab over {-1, 1}: orthogonal effects, variances by squares
    signs = np.array(list(itertools.product((-1, 1), repeat=2)))
    cn = 0.5 + 0.2 * signs[:, 0] + 0.1 * signs[:, 1] + 0.05 * signs.prod(axis=1)
    found = made(np.stack([cn, 1 - cn], axis=1), *TWO)
    whole = 0.2**2 + 0.1**2 + 0.05**2
    by_name = {each.facet: each for each in found.influence("CN")}
    assert [each.facet for each in found.influence("CN")] == ["b", "a"]
    assert by_name["b"].first == pytest.approx(0.2**2 / whole)
    assert by_name["a"].first == pytest.approx(0.1**2 / whole)
    assert by_name["a"].total == pytest.approx((0.1**2 + 0.05**2) / whole)


@given(st.lists(st.floats(0.0, 1.0), min_size=24, max_size=24))
def test_first_orders_are_parts_of_one_variance(values: list[float]) -> None:
    facets = tuple(Facet(n, tuple("xyz"[:k])) for n, k in (("a", 2), ("b", 3), ("c", 2), ("d", 2)))
    found = made([[v, 0.0] for v in values], *facets)
    parts = found.influence("CN")
    if np.ptp(values) < 1e-6:
        return
    assert sum(each.first or 0.0 for each in parts) <= 1 + 1e-9
    for each in parts:
        assert each.first is not None
        assert each.total is not None
        assert -1e-12 <= each.first <= each.total + 1e-9


def test_no_variance_is_no_influence() -> None:
    assert {each.first for each in made([[0.6, 0.4]] * 4, *TWO).influence("CN")} == {None}


def test_spread_is_of_the_definitions_that_know_the_party() -> None:
    found = made([[0.2, 0.8], [0.4, np.nan], [0.6, np.nan], [1.0, 0.0]], *TWO)
    china, america = found.spread["CN"], found.spread["US"]
    assert (china.least, china.q1, china.median, china.q3, china.most, china.n) == pytest.approx(
        (0.2, 0.35, 0.5, 0.7, 1.0, 4)
    )
    assert (america.least, america.most, america.n) == (0.0, 0.8, 2)


def test_a_party_that_a_table_does_not_know_has_no_value() -> None:
    """ATOM has no France: its share isn't zero there."""
    row = {"base": "dora", "modality": "language", "is_copy": False, "age": 10,
           "counts": {DAYS[-1]: 100}}  # fmt: skip
    with engine_of([{**row, "maker": name} for name in MAKERS]) as engine:
        found = multiverse(SHARE, engine)
        ours, atom = found.index({}), found.index({"organisations": "atom"})
        assert (found.value(ours, "FR"), found.value(ours, "EU")) == (0.25, None)
        assert (found.value(atom, "FR"), found.value(atom, "EU")) == (None, 0.25)
        duel = found.index({"denominator": "us_china"})
        assert found.value(duel, "FR") is None
        assert found.value(duel, "CN") == 0.5
        nothing = found.index({"scope": "embedding"})
        assert np.isnan(found.values[nothing]).all()
        assert spread(SHARE, engine, "FR")[2] == found.spread["FR"].n
        assert spread(SHARE, engine, "nowhere") == (None, None, 0)


def test_the_largest_is_cut_by_hand() -> None:
    counts = [1000, *range(100, 0, -5)]
    rows = [
        {"maker": "bo" if i % 2 else "acme", "base": "bo", "modality": "language",
         "is_copy": False, "age": 10, "counts": {DAYS[-1]: count}}
        for i, count in enumerate(counts)
    ]  # fmt: skip
    with engine_of(rows) as engine:
        found = multiverse(LEVEL, engine)
        assert found.value(found.index({}), "US") == sum(counts[::2])
        assert found.value(found.index({"outlier": "drop_largest"}), "US") == sum(counts[2::2])
        cut = [min(count, counts[10]) for count in counts]
        assert found.value(found.index({"outlier": "winsorise"}), "US") == sum(cut[::2])
        assert found.value(found.index({"outlier": "winsorise"}), "CN") == sum(cut[1::2])


# ---- what is asked -----------------------------------------------------------------------------


def test_what_is_not_there_is_refused() -> None:
    with engine_of([]) as engine:
        for kwargs in ({"by": "nothing"}, {"vary": ["country"]}, {"where": {"scope": "nothing"}}):
            with pytest.raises(UnknownNameError):
                multiverse(SHARE, engine, **kwargs)  # type: ignore[arg-type]
        with pytest.raises(NoDataError):
            multiverse(SHARE, engine)


def test_too_many_definitions_of_what_is_no_sum() -> None:
    asked = replace(SHARE, reduce=lambda result, query: [])
    with engine_of([]) as engine, pytest.raises(NotComputableError, match="one by one"):
        multiverse(asked, engine)


def test_a_measure_that_is_no_sum_is_computed_one_by_one() -> None:
    rows = [
        {"maker": maker, "base": maker, "modality": "language", "is_copy": False, "age": 10,
         "counts": {DAYS[0]: count, DAYS[-1]: 2 * count}}
        for maker, count in (("bo", 30), ("acme", 10))
    ]  # fmt: skip
    growth = measure("downloads_growth")
    where = {"scope": "all", "age": "any", "copies": "keep", "listing": "os_ai_map"}
    with engine_of(rows) as engine:
        found = multiverse(growth, engine, where=where)
    # each twice as much under any definition: nothing is left to vary, and a ratio is no lead
    assert (len(found), found.leads, found.is_ranked) == (1, {}, False)
    assert {party: found.value(0, party) for party in found.parties} == {"CN": 2.0, "US": 2.0}
    assert "growing" in {merged.option for merged in found.merged}


def test_the_curve_draws_the_default_and_has_every_option() -> None:
    rng = np.random.default_rng(1)
    facets = tuple(Facet(name, ("x", "y", "z")) for name in "abcdefg")
    cn = rng.random(3**7)
    found = made(np.stack([cn, 1 - cn], axis=1), *facets)
    spec = curve(found)
    rows = spec["data"]["values"]
    assert 300 <= len(rows) <= 400
    assert sum(row["is_default"] for row in rows) == 1
    assert [row["v0"] for row in rows] == sorted(row["v0"] for row in rows)
    assert len(spec["vconcat"][1]["encoding"]["y"]["sort"]) == 21
    page = curve_page(found, SHARE_LIKE, "window.vegaEmbed = () => '</script>';")
    assert page.count("</script>") == 3
    assert "src=" not in page
    assert "href=" not in page


SHARE_LIKE = replace(
    SHARE,
    choices=tuple(
        replace(SHARE.choices[1], name=name, options=(replace(SHARE.choices[1].options[0], name=o)
                                                      for o in "xyz"))
        for name in "abcdefg"
    ),
)  # fmt: skip
