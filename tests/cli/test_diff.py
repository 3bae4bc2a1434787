"""`underlay diff` as a person and a program use it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.contracts import core
from underlay.cli import diff as command
from underlay.errors import LakeMissingError
from underlay.lake.write import Transaction
from underlay.measures import vintages
from underlay.measures.changes import KINDS, Change
from underlay.measures.vintages import Verdict, Watched
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from underlay.lake import Lake

Rows = list[dict[str, Any]]
DAY = dt.date.fromisoformat
WATCHED = (
    Watched("tokens_share", "maker"),
    Watched("library_share", "maker", {"market": "llm-runtime"}),
    Watched("pulls_share", "country"),
)


def week(on: str, maker: str, count: float) -> dict[str, Any]:
    return {
        "observed_on": DAY(on), "organisation_id": maker, "openness": "open", "is_other": False,
        "models_count": 1, "tokens_count": count, "source": "router",
    }  # fmt: skip


WEEKS = [
    week("2026-05-04", "acme", 60), week("2026-05-04", "bo", 40),
    week("2026-05-11", "acme", 30), week("2026-05-11", "bo", 70),
]  # fmt: skip
LIBRARY = {
    "observed_on": DAY("2026-04-01"), "market": "llm-runtime", "kind": "runtime",
    "organisation_id": "acme", "ties": "none", "packages_count": 1, "downloads_30d_count": 5.0,
    "source": "index",
}  # fmt: skip


def make_lake(root: Path, weeks: Rows, *, more: tuple[str, ...] = ()) -> Path:
    tables: dict[str, Rows] = {
        "source": [
            {
                "source": name, "title": name.upper(), "licence": "MIT", "rows_count": 1,
                "url": "https://example.org", "may_redistribute": "rows",
                "conflict": "sells what it measures" if name == "router" else None,
                "first_observed_on": DAY("2026-04-01"), "last_observed_on": DAY("2026-05-11"),
            }
            for name in ("index", "router", *more)
        ],
        "organisation": [
            {"organisation_id": "acme", "name": "Acme Corp", "country": "US"},
            {"organisation_id": "bo", "name": "Bo\x1b[31m Labs", "country": "CN"},
        ],
        "tokens_week": weeks,
        "library_month": [LIBRARY],
    }  # fmt: skip
    transaction = Transaction(root)
    for name, rows in tables.items():
        transaction.replace(Batch.from_rows(core(name), rows))
    transaction.commit(dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    return root


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Your own lake with two weeks of tokens, no embedded one, three watched figures."""

    def none() -> Lake:
        raise LakeMissingError("embedded")

    monkeypatch.setattr("underlay.lake.embedded", none)
    monkeypatch.setattr(vintages, "WATCHED", WATCHED)
    monkeypatch.setenv("UNDERLAY_LAKE", str(tmp_path / "lake"))
    return make_lake(tmp_path / "lake", WEEKS)


def answer(ran: Any, code: int) -> dict[str, Any]:
    assert ran.code == code, ran.err
    found = json.loads(ran.out)
    assert found["schema"] == "underlay/diff/1"
    return dict(found)


def told(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(change["kind"], change["parties"]) for change in found["changes"]]


SWAP = [
    ("crossover", ["bo", "acme"]), ("rank", ["acme", "bo"]), ("level", ["acme"]), ("level", ["bo"]),
]  # fmt: skip


def test_two_days_of_your_lake(underlay: Callable[..., Any], lake: Path) -> None:
    found = answer(underlay("diff", "2026-05-05", "2026-06-01", "--json"), 1)
    assert told(found) == SWAP
    assert found["changes"][0]["sentence"] == (
        "tokens_share by maker: Bo\\x1b[31m Labs leads instead of Acme Corp, 70.0% to 30.0% on "
        "2026-05-11; 40.0% to 60.0% on 2026-05-04"
    )
    assert found["changes"][0]["before"]["values"] == {"bo": 0.4, "acme": 0.6}
    assert found["changes"][0]["definition"] == {"denominator": "list"}
    assert found["changes"][0]["sources"] == ["router"]
    assert list(found["caveats"]) == ["tokens_share"]
    assert found["unchanged"] == [
        {"figure": "library_share by maker, market=llm-runtime", "as_of": "2026-04-01"}
    ]
    (left,) = found["not_comparable"]
    assert left["figure"] == "pulls_share by country"
    assert "no data" in left["before"]
    assert "no data" in left["after"]
    assert (found["before"], found["after"]) == (
        {"asked": "2026-05-05", "is": "day"}, {"asked": "2026-06-01", "is": "day"},
    )  # fmt: skip
    assert [each["figure"] for each in found["watched"]] == [each.id for each in WATCHED]


def test_the_terminal_says_it_in_sentences_that_fit(
    underlay: Callable[..., Any], lake: Path
) -> None:
    ran = underlay("diff", "2026-05-05", "2026-06-01")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == (
        "2026-05-05 and 2026-06-01: 4 changes in 1 figure (1 crossover, 1 rank, 2 level)"
    )
    assert lines[1].startswith("crossover  tokens_share by maker: Bo\\x1b[31m Labs leads instead")
    assert any(line.startswith("unchanged") for line in lines)
    assert any(line.startswith("left out   for both") for line in lines)
    assert any("conflict: sells what it measures" in line for line in lines)
    assert max(len(line) for line in lines) < 100
    assert "\x1b" not in ran.out
    assert ran.err.splitlines() == [
        "computing 3 figures of 2026-06-01", "computing 3 figures of 2026-05-05",
    ]  # fmt: skip
    assert underlay("--quiet", "diff", "2026-05-05", "2026-06-01").err == ""


def test_fewer_lines_are_shown_when_asked(underlay: Callable[..., Any], lake: Path) -> None:
    ran = underlay("diff", "2026-05-05", "2026-06-01", "--limit", "1")
    assert "and 3 more changes; `--limit` shows them" in ran.out
    assert len(answer(underlay("diff", "2026-05-05", "2026-06-01", "--limit", "1", "--json"), 1)
               ["changes"]) == 4  # fmt: skip


def test_the_same_day_twice_has_nothing_to_compare(
    underlay: Callable[..., Any], lake: Path
) -> None:
    found = answer(underlay("diff", "2026-06-01", "2026-06-01", "--json"), 0)
    assert found["changes"] == []
    assert [each["figure"] for each in found["unchanged"]] == [each.id for each in WATCHED[:2]]
    ran = underlay("diff", "2026-06-01", "2026-06-01")
    assert ran.code == 0
    assert "the same data on both sides, so nothing to compare" in ran.out


def test_the_days_the_other_way_round(underlay: Callable[..., Any], lake: Path) -> None:
    there = answer(underlay("diff", "2026-05-05", "2026-06-01", "--json"), 1)["changes"]
    back = answer(underlay("diff", "2026-06-01", "2026-05-05", "--json"), 1)["changes"]
    assert [(c["kind"], c["before"], c["after"]) for c in back] == [
        (c["kind"], c["after"], c["before"]) for c in there
    ]


@pytest.mark.parametrize(
    ("kind", "count", "code"),
    [("rank", 1, 1), ("level", 2, 1), ("panel", 0, 0), ("unchanged", 0, 0)],
)
def test_one_kind_only(
    underlay: Callable[..., Any], lake: Path, kind: str, count: int, code: int
) -> None:
    found = answer(underlay("diff", "2026-05-05", "2026-06-01", "--only", kind, "--json"), code)
    assert len(found["changes"]) == count
    assert {change["kind"] for change in found["changes"]} <= {kind}
    out = underlay("diff", "2026-05-05", "2026-06-01", "--only", kind).out
    assert ("nothing to compare" in out) == (kind == "unchanged")


def test_every_kind_can_be_asked_for() -> None:
    assert set(command.ONLY) == {*KINDS, "unchanged"}


def test_two_folders(
    underlay: Callable[..., Any], lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_lake(tmp_path / "old", WEEKS[:2])
    new = make_lake(tmp_path / "new", WEEKS, more=("census",))
    found = answer(underlay("diff", old, new, "--json"), 1)
    assert told(found) == [*SWAP, ("new_source", [])]
    assert found["before"] == {"asked": str(old), "is": "lake"}
    gone = answer(underlay("diff", new, old, "--json"), 1)
    assert told(gone)[-1] == ("gone_source", [])
    assert answer(underlay("diff", new, new, "--json"), 0)["changes"] == []
    # a folder is only a lake's own: nothing of the session's lake shines through
    assert told(answer(underlay("diff", old, "2026-06-01", "--json"), 1)) == SWAP
    # a folder that is called like a day needs a path
    make_lake(tmp_path / "2026-05-05", WEEKS[2:])
    monkeypatch.chdir(tmp_path)
    assert answer(underlay("diff", "./2026-05-05", "2026-06-01", "--json"), 0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("2026-13-01", "2026-06-01"), "`A` can't be `2026-13-01`"),
        (("2026-06-01", "yesterday"), "`B` can't be `yesterday`"),
        (("1990-01-01", "2026-06-01"), "`diff` has no data for 1990-01-01"),
        (("2026-05-05", "2026-06-01", "--only", "rank", "--claims"), "`--only` can't be `rank`"),
        (("2026-05-05",), "missing argument"),
    ],
)
def test_what_cannot_be_answered(
    underlay: Callable[..., Any], lake: Path, given: tuple[str, ...], words: str
) -> None:
    ran = underlay("--quiet", "diff", *given)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


def test_the_hint_names_the_days_that_there_are(underlay: Callable[..., Any], lake: Path) -> None:
    assert "days from 2026-04-01 to 2026-05-11" in underlay("diff", "1990-01-01", "2026-06-01").err


def test_folders_that_are_no_lake_or_have_no_atlas(
    underlay: Callable[..., Any], lake: Path, tmp_path: Path, raw_lake: Path
) -> None:
    (tmp_path / "empty").mkdir()
    missing = underlay("diff", tmp_path / "empty", lake)
    assert missing.code == 2
    assert "there is no lake at" in missing.err
    raw = underlay("diff", raw_lake, lake)
    assert raw.code == 2
    assert "no core tables" in raw.err
    assert "atlas build" in raw.err


def test_claims_are_judged_when_asked_for(
    underlay: Callable[..., Any], lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdicts(_: Any, day: dt.date | None) -> dict[str, Verdict]:
        word, holds = ("robust", 9) if day == DAY("2026-05-05") else ("contradicted", 0)
        return {"C1": Verdict("C1", "Acme leads", word, holds, 9)}

    monkeypatch.setattr(command, "verdicts_of", verdicts)
    days = ("2026-05-05", "2026-06-01")
    without = answer(underlay("diff", *days, "--json"), 1)
    assert told(without) == SWAP
    found = answer(underlay("diff", *days, "--claims", "--json"), 1)
    assert sorted(told(found)) == sorted([*SWAP, ("claim", [])])
    (alone,) = answer(underlay("diff", *days, "--only", "claim", "--json"), 1)["changes"]
    assert alone["sentence"] == (
        "C1 “Acme leads”: robust (9 of 9) with 2026-05-05, contradicted (0 of 9) with 2026-06-01"
    )
    assert "`--claims` judges them" in underlay("diff", *days).out


def test_the_ledger_sees_nothing_after_the_day(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from underlay.api import open_lake
    from underlay.claims import ledger

    asked = []
    monkeypatch.setattr(
        ledger,
        "assess",
        lambda answers: asked.append(answers) or (),  # type: ignore[func-returns-value]
    )
    with open_lake(lake) as opened:
        assert command.verdicts_of(opened, DAY("2026-05-05")) == {}
        days = [
            asked[0].figure("tokens_share", by="maker", as_of=as_of).as_of
            for as_of in (None, DAY("2026-06-01"), DAY("2026-05-04"))
        ]
    assert days == ["2026-05-04"] * 3


# -------------------------------------------------------------------------------------- sentences

NAMES = command.Names({"acme": "Acme Corp"}, {"qwen": "Qwen"})
PLAIN = Change("level", "m by country", "country", "share", ("CN",), {}, {}, "2026-01-01",
               "2026-02-01", 0.1)  # fmt: skip


def side(value: float, *ends: float, **more: Any) -> dict[str, Any]:
    lower, upper = ends or (None, None)
    return {"value": value, "lower": lower, "upper": upper, **more}


SENTENCES = [
    (
        replace(
            PLAIN,
            before=side(0.1, 0.05, 0.2, on_panel=0.1, without_largest=0.08),
            after=side(0.3, 0.25, 0.4, on_panel=0.12, without_largest=0.09),
            about={"holds_on_panel": True, "windows_overlap_days": 12},
        ),
        "m by country: China 10.0% [5.0% to 20.0%] on 2026-01-01, 30.0% [25.0% to 40.0%] on "
        "2026-02-01; without the largest model of each 8.0% and 9.0%; on the accounts in both "
        "10.0% and 12.0%; the two windows share 12 days, so the change is understated",
    ),
    (
        replace(PLAIN, unit="USD per million tokens", before=side(0.0785), after=side(1.5)),
        "m by country: China $0.079 on 2026-01-01, $1.500 on 2026-02-01",
    ),
    (
        replace(
            PLAIN,
            kind="crossover", by="family", parties=("qwen", "llama"),
            before={"values": {"qwen": None, "llama": 0.2}},
            after={"values": {"qwen": 0.3, "llama": 0.1}},
            about={"is_lead": False, "is_beyond_intervals": False, "holds_on_panel": False},
        ),
        "m by country: Qwen is above llama, 30.0% to 10.0% on 2026-02-01; not listed to 20.0% on "
        "2026-01-01; not on the accounts in both",
    ),
    (
        replace(
            PLAIN,
            kind="rank", by="maker", parties=("acme", "x", "y"),
            before={"ranks": {"acme": 3, "x": None, "y": 1}},
            after={"ranks": {"acme": 1, "x": 2, "y": None}},
            about={"is_beyond_intervals": False},
        ),
        "m by country: of the first 5, Acme Corp 3 to 1, x new at 2, y 1 to not listed; "
        "2026-01-01 and 2026-02-01; all within the intervals",
    ),
    (
        replace(
            PLAIN,
            kind="hhi_band",
            before=side(900, band="not concentrated"),
            after=side(1600, band="moderately concentrated"),
            about={"lines": [
                {"line": 1000, "guidelines": 2023, "is_within_bounds": True},
                {"line": 1500, "guidelines": 2010, "is_within_bounds": False},
            ]},
        ),
        "m by country: HHI 900 (not concentrated) on 2026-01-01, 1,600 (moderately concentrated) "
        "on 2026-02-01; crosses 1,000 of 2023, 1,500 of 2010 (not under both bounds)",
    ),
    (
        replace(
            PLAIN,
            kind="revision", figure="ollama: pulls",
            about={"how": "shrank", "entries": 1, "of": 200, "amount": 30.0, "largest": [
                {"name": "lfm2", "from": "2026-01-03", "was": 1700000.0, "to": "2026-01-04",
                 "is": 907600.0}]},
        ),
        "ollama: pulls: 1 of 200 entries shrank, by 30 in all; most lfm2, 1,700,000 on 2026-01-03 "
        "to 907,600 on 2026-01-04",
    ),
    (
        replace(
            PLAIN,
            kind="revision", figure="ollama: pulls",
            before={"largest": {"lfm2": 5.0}}, after={"largest": {"lfm2": 7.0}},
            about={"how": "restated", "entries": 1, "of": 200, "amount": 2.0},
        ),
        "ollama: pulls: 1 of 200 entries have another count for the same day, 2 apart in all; "
        "most lfm2, 5 and 7 on 2026-02-01",
    ),
    (
        replace(
            PLAIN,
            kind="panel",
            before={"models": 957, "accounts": 254, "downloads": 6e8, "downloads_on_panel": 5e8,
                    "share_of_those": 0.1},
            after={"models": 5163, "accounts": 1474, "downloads": 8e8, "downloads_on_panel": 7e8,
                   "share_of_those": 0.2},
            about={"accounts_in_both": 248},
        ),
        "m by country: the list counts 957 models of 254 accounts on 2026-01-01, 5,163 of 1,474 "
        "on 2026-02-01; its downloads 600 M and 800 M, on the 248 accounts in both 500 M and 700 "
        "M; the others have 10.0% and 20.0%",
    ),
    (
        replace(PLAIN, kind="new_source", figure="x", about={"title": "X", "figures": ["m", "n"]}),
        "X (`x`): data that A has none of; for m, n",
    ),
    (
        replace(PLAIN, kind="gone_source", figure="x", about={"title": "X", "figures": []}),
        "X (`x`): data that B has none of; for no figure here",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), SENTENCES, ids=[c.kind for c, _ in SENTENCES])
def test_sentences(change: Change, words: str) -> None:
    assert command.sentence(change, NAMES) == words
