"""The ledger: complete and well formed; its verdicts on the embedded snapshot; the commands."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.claims.made_up import MadeUp

import underlay as ul
from underlay.claims import published
from underlay.claims.checked import check
from underlay.claims.ledger import assess, grade_of, ledger, spreads_of
from underlay.claims.predicates import Compound, evaluate, quantities
from underlay.claims.understand import words_of
from underlay.claims.verdicts import VERDICTS, judge
from underlay.errors import LakeMissingError, UnknownNameError
from underlay.lake import embedded
from underlay.measures import MEASURES, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Ran

    from underlay.api import OpenLake
    from underlay.claims.ledger import Claim
    from underlay.claims.predicates import Predicate
    from underlay.claims.spreads import Spreads

ROOT = Path(__file__).parents[2]
CLAIMS = ledger().claims
each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
TESTED = [claim for claim in CLAIMS if claim.predicate is not None]


def shared(name: str) -> Path:
    data = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
    if not (data.parent / name).exists():
        pytest.skip(f"{name} is not here (see UNDERLAY_DATA)")
    return data.parent / name


def parts_of(predicate: Predicate) -> Iterator[Predicate]:
    yield predicate
    for part in predicate.parts if isinstance(predicate, Compound) else ():
        yield from parts_of(part)


def test_all_claims_are_there_in_their_words() -> None:
    rows = re.findall(
        r"^\| (C\d\d) \| (.+?) \| .+ \|$", shared("CLAIMS.md").read_text(), re.MULTILINE
    )
    assert len(rows) == 25
    plain = [(claim.id, re.sub("[“”]", '"', claim.text)) for claim in CLAIMS]
    assert plain == rows


@each_claim
def test_a_claim_is_whole(claim: Claim) -> None:
    assert claim.first
    assert claim.review > dt.date(2026, 11, 1)
    assert (claim.tests == "as worded") or claim.beyond
    assert claim.predicate or claim.documented or claim.needs
    assert not (claim.predicate and claim.documented)
    assert not set(claim.published_for) & set(claim.published_against)
    for telling in claim.said:
        assert telling.who
        assert telling.what
        assert not telling.url or telling.url.startswith("https://")
    if claim.documented:
        assert claim.documented.because
        assert claim.documented.evidence


@each_claim
def test_published_figures_of_a_claim_exist(claim: Claim) -> None:
    known = {entry.id for entry in published()}
    assert {*claim.published_for, *claim.published_against} <= known


@pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.id)
def test_a_predicate_asks_for_what_there_is(claim: Claim) -> None:
    assert claim.predicate is not None
    spreads = spreads_of(None)  # type: ignore[arg-type]
    for quantity in quantities(claim.predicate):
        assert spreads.allowed(quantity) is not None
    assert grade_of(claim.predicate) in ledger().grade_names
    assert words_of(claim.predicate)


def test_limits_and_grades_are_of_measures_and_have_reasons() -> None:
    given = tomllib.loads(
        files("underlay.claims").joinpath("claims.toml").read_text(encoding="utf-8")
    )
    assert all(limit["reason"] for limit in given["limit"])
    assert all(grade["reason"] for grade in given["grade"])
    named = [(name, limit["choice"]) for limit in given["limit"] for name in limit["measures"]]
    assert len(set(named)) == len(named)
    for name in [*ledger().limits, *ledger().grades, *ledger().words]:
        assert measure(name)
    assert len(ledger().grades) == sum(len(g["measures"]) for g in given["grade"])
    assert set(ledger().grades) <= {each.name for each in MEASURES}


def test_the_cited_figures_are_of_the_published_list() -> None:
    lines = shared("published-figures.csv").read_text(encoding="utf-8").splitlines()
    known = {row["id"] for row in csv.DictReader(lines)}
    for claim in CLAIMS:
        assert {*claim.published_for, *claim.published_against} <= known


def test_a_claim_is_found_in_any_case() -> None:
    assert ledger().claim("c02").id == "C02"
    with pytest.raises(UnknownNameError) as caught:
        ledger().claim("C99")
    assert "C0" in caught.value.hint


def test_damage_is_no_lack_of_data() -> None:
    class Damaged(MadeUp):
        def figure(self, *_: Any, **__: Any) -> Any:
            raise LakeMissingError(Path("nowhere"))

        multiverse = figure

    with pytest.raises(LakeMissingError):
        assess(Damaged(), ["C06"])  # type: ignore[arg-type]
    with pytest.raises(LakeMissingError):
        assess(Damaged(), ["C12"])  # type: ignore[arg-type]


# ---- On the embedded snapshot ----


@pytest.fixture(scope="module")
def lake() -> Iterator[OpenLake]:
    try:
        embedded()
    except LakeMissingError:
        pytest.skip("the embedded snapshot is not built")
    with ul.open() as found:
        yield found


@pytest.fixture(scope="module")
def spreads(lake: OpenLake) -> Spreads:
    return spreads_of(lake)


@pytest.fixture(scope="module")
def rows(lake: OpenLake, spreads: Spreads) -> dict[str, Any]:
    return {row.claim.id: row for row in assess(lake, spreads=spreads)}


@each_claim
def test_every_claim_has_a_verdict_and_its_reason(rows: dict[str, Any], claim: Claim) -> None:
    row = rows[claim.id]
    assert row.verdict in VERDICTS
    plain = row.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    if row.verdict.startswith("untestable"):
        assert claim.needs
        assert row.why
    elif claim.predicate:
        assert row.judged.of > 0
        assert 0 <= row.judged.holds <= row.judged.of
        assert plain["sources"]
    if row.verdict == "unsupported as worded":
        assert claim.beyond


@pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.id)
def test_a_judgement_that_was_kept_is_the_same(rows: dict[str, Any], claim: Claim) -> None:
    kept = json.loads(json.dumps({claim.id: rows[claim.id].judged.to_plain()}))
    (again,) = assess(None, [claim.id], prepared=kept)  # type: ignore[arg-type]
    assert again == rows[claim.id]
    assert again.judged.flip == rows[claim.id].judged.flip


@pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.id)
def test_a_flip_turns_the_claim_when_it_is_asked_again(
    lake: OpenLake, rows: dict[str, Any], claim: Claim
) -> None:
    """With every choice settled as the flip says, by the path of single figures."""
    judged = rows[claim.id].judged
    if judged.flip is None:
        assert judged.holds in (0, judged.of)
        return
    assert judged.flip.holds is not judged.default_holds
    reading = judged.flip.readings[1]
    predicate = dict(claim.readings)[reading] if reading else claim.predicate
    for definition, holds in (
        (judged.flip.before, judged.default_holds),
        (judged.flip.after, judged.flip.holds),
    ):
        if judged.flip.readings[0] != reading and definition is judged.flip.before:
            continue
        assert truth_at(lake, predicate, definition) == holds


def truth_at(lake: OpenLake, predicate: Any, definition: Any) -> bool:
    class ByFigure:
        """Single figures stand for a multiverse of one definition."""

        figure = staticmethod(lake.figure)

        @staticmethod
        def multiverse(name: str, **asked: Any) -> Any:
            pinned = {facet: option for (of, facet), option in definition.items() if of == name}
            found = lake.figure(
                name, by=asked["by"], where={**asked["where"], **pinned}, as_of=asked["as_of"]
            )
            values = {" ".join(map(str, row.key.values())): row.value for row in found.rows}

            class One:
                facets, merged = (), ()
                parties = tuple(values)
                import numpy as np

                values_ = np.array([list(values.values())], dtype=float)

            One.values = One.values_  # type: ignore[attr-defined]
            return One

    pinned: dict[str, dict[str, tuple[str, ...]]] = {
        name: dict(limits) for name, limits in ledger().limits.items()
    }
    for (of, facet), option in definition.items():
        pinned.setdefault(of, {})[facet] = (option,)
    from underlay.claims.spreads import Spreads

    settled = settle(predicate, definition)
    found = evaluate(settled, Spreads(ByFigure, pinned))  # type: ignore[arg-type]
    assert len(found.rows) == 1
    return bool(found.truth[0] == 1.0)


def settle(predicate: Any, definition: Any) -> Any:
    from dataclasses import replace

    if isinstance(predicate, Compound):
        return replace(predicate, parts=tuple(settle(p, definition) for p in predicate.parts))
    return replace(
        predicate,
        quantity=predicate.quantity.pinned(
            {n: o for (of, n), o in definition.items() if of == predicate.quantity.measure}
        ),
        against=predicate.against
        and predicate.against.pinned(
            {n: o for (of, n), o in definition.items() if of == predicate.against.measure}
        ),
    )


def test_the_opposite_of_a_claim_is_judged_so(lake: OpenLake, spreads: Spreads) -> None:
    one = check("Qwen surpassed Llama in cumulative downloads", lake, spreads=spreads)
    other = check("Llama overtook Qwen", lake, spreads=spreads)
    assert one.judged is not None
    assert other.judged is not None
    assert one.judged.of == other.judged.of
    assert one.judged.holds == other.judged.of - other.judged.holds
    assert other.understood.opposite


def test_a_check_says_what_it_understood_before_it_judges(lake: OpenLake, spreads: Spreads) -> None:
    found = check("中国的下载份额不到30%", lake, spreads=spreads)
    assert found.understood.sentence == "China has at most 30 % of downloads in 30 days"
    assert found.judged is not None
    share = found.figure.value("CN") if found.figure else None
    assert share is not None
    assert found.judged.default_holds == (share <= 0.3)


def test_claims_are_judged_alike_whichever_way_they_are_asked(
    spreads: Spreads, rows: dict[str, Any]
) -> None:
    for claim in TESTED[:3]:
        assert claim.predicate is not None
        again = judge(claim.predicate, spreads, claim.tests)
        assert (again.holds, again.of) == (rows[claim.id].judged.holds, rows[claim.id].judged.of)


def test_claims_in_json(underlay: Callable[..., Ran], lake: OpenLake) -> None:
    ran = underlay("--quiet", "claims", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["schema"] == "underlay/claims/1"
    assert [row["claim_id"] for row in found["rows"]] == [claim.id for claim in CLAIMS]
    wanted = {"claim_id", "text", "verdict", "holds", "of", "nearest_flip", "grade", "sources"}
    for row in found["rows"]:
        assert wanted <= set(row)


def test_check_in_json_and_its_exit_codes(underlay: Callable[..., Ran], lake: OpenLake) -> None:
    ran = underlay("check", "Nvidia has more than half of AI compute", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["schema"] == "underlay/check/1"
    assert found["predicate"]["kind"] == "at_least"
    assert found["reading_of"] == "C12"
    assert found["claim_id"] is None
    assert found["figure"]["figure"] == "stock_share"
    ran = underlay("check", "China may lead downloads", "--json")
    assert ran.code == 2
    found = json.loads(ran.out)
    assert found["understood"] is found["verdict"] is found["figure"] is None
    assert found["unread"] == ["may"]


def test_check_in_words(underlay: Callable[..., Ran], lake: OpenLake) -> None:
    ran = underlay("check", "Nvidia has more than half of AI compute")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) < 100
    labels = [line[:12].strip() for line in lines if line[:12].strip()]
    assert labels.index("understood") < labels.index("verdict") < labels.index("figure")
    ran = underlay("check", "what is \x1b[31mthis")
    assert ran.code == 2
    assert "not understood" in ran.out
    assert "\x1b" not in ran.out


def test_a_claim_in_words(underlay: Callable[..., Ran], lake: OpenLake) -> None:
    ran = underlay("claim", "c10")
    assert ran.code == 0
    for word in ("Casado", "untestable", "needs", "review", "2027"):
        assert word in ran.out
    assert underlay("claim", "C99").code == 2


def test_all_claims_ask_the_lake_about_a_hundred_questions_and_none_twice(lake: OpenLake) -> None:
    """What they cost: a figure some 0.1 s, a list under all definitions some 0.5 s."""
    asked: list[str] = []

    class Counted:
        @staticmethod
        def figure(name: str, **more: Any) -> Any:
            asked.append(f"figure {name} {more}")
            return lake.figure(name, **more)

        @staticmethod
        def multiverse(name: str, **more: Any) -> Any:
            asked.append(f"multiverse {name} {more}")
            return lake.multiverse(name, **more)

    assess(Counted)  # type: ignore[arg-type]
    assert len(set(asked)) == len(asked) <= 130
