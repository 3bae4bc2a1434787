"""The Python way in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

import underlay
from underlay import api
from underlay.api import open_lake
from underlay.config import settings
from underlay.errors import (
    BadValueError,
    CorrectionError,
    LakeMissingError,
    NoDataError,
    UnknownNameError,
    UnreadableError,
)
from underlay.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from underlay.api import OpenLake


@pytest.fixture(autouse=True)
def _no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package had been built without its snapshot."""
    monkeypatch.setattr(api, "embedded", _missing)


def _missing() -> Lake:
    raise LakeMissingError("the package")


@pytest.fixture
def lake(small_lake: Path) -> Iterator[OpenLake]:
    with open_lake(small_lake) as opened:
        yield opened


@pytest.fixture
def corrected(small_lake: Path, tmp_path: Path) -> Callable[[str], OpenLake]:
    """Open the lake with one's own entries."""

    def read(text: str) -> OpenLake:
        path = tmp_path / "own.toml"
        path.write_text(text, "utf-8")
        return open_lake(small_lake, chosen=settings({"UNDERLAY_CORRECTIONS": str(path)}))

    return read


def _shares(lake: OpenLake, by: str = "country") -> dict[str, float]:
    figure = lake.figure("downloads_share", by=by, where={"listing": "os_ai_map"})
    return {row.key[by]: row.value or 0.0 for row in figure.rows}


def test_a_figure(lake: OpenLake) -> None:
    figure = lake.figure("downloads_share", where={"listing": "os_ai_map"})
    assert sum(row.value or 0.0 for row in figure.rows) == pytest.approx(1.0)
    assert figure.as_of == "2026-06-10"
    assert figure.definition["listing"] == "os_ai_map"
    assert [source.name for source in figure.sources] == ["os_ai_map"]
    older = lake.figure("downloads_share", where={"listing": "os_ai_map"}, as_of="2026-05-01")
    assert older.as_of == "2026-04-28"
    same = lake.figure("downloads_share", where={"listing": "os_ai_map"}, as_of=dt.date(2026, 5, 1))
    assert same.to_dict() == older.to_dict()


def test_what_can_not_be_asked(lake: OpenLake) -> None:
    with pytest.raises(UnknownNameError, match="downloads_shair"):
        lake.figure("downloads_shair")
    with pytest.raises(UnknownNameError, match="colour"):
        lake.figure("downloads_share", by="colour")
    with pytest.raises(UnknownNameError, match="colour"):
        lake.figure("downloads_share", where={"colour": "red"})
    with pytest.raises(UnknownNameError, match="nowhere"):
        lake.figure("downloads_share", where={"listing": "nowhere"})
    with pytest.raises(NoDataError, match="1999"):
        lake.figure("downloads_share", as_of="1999-01-01")
    for day in ("yesterday", "2026-13-01", ""):
        with pytest.raises(BadValueError, match="as_of"):
            lake.figure("downloads_share", as_of=day)


def test_models_makers_and_the_rest(lake: OpenLake) -> None:
    assert lake.model("Qwen/Qwen3-0.6B").maker["organisation_id"] == "alibaba"
    assert lake.maker("alibaba").maker["country"] == "CN"
    assert lake.measures
    assert {row["source"] for row in lake.sources()} >= {"os_ai_map", "llmfit"}
    shares = [row["weight_share"] or 0.0 for row in lake.unresolved()]
    assert shares == sorted(shares, reverse=True)
    lake.close()
    assert lake.maker("alibaba").maker["country"] == "CN"  # it connects again


def test_a_country_moves_live(corrected: Callable[[str], OpenLake], lake: OpenLake) -> None:
    before = _shares(lake)
    with corrected('[[organisation]]\nid = "sentence-transformers"\ncountry = "IS"\n') as own:
        after = _shares(own)
        card = own.maker("sentence-transformers")
    assert "IS" not in before
    assert after["IS"] == pytest.approx(_shares(lake, "maker")["sentence-transformers"])
    assert sum(after.values()) == pytest.approx(sum(before.values()))
    assert card.maker["country"] == "IS"
    assert "your own entry" in card.maker["country_reason"]


def test_a_correction_stays_in_force_after_closing(corrected: Callable[[str], OpenLake]) -> None:
    own = corrected('[[organisation]]\nid = "alibaba"\ncountry = "IS"\n')
    assert own.maker("alibaba").maker["country"] == "IS"
    own.close()
    assert own.maker("alibaba").maker["country"] == "IS"
    own.close()


def test_corrections_that_are_none(corrected: Callable[[str], OpenLake], small_lake: Path) -> None:
    with pytest.raises(CorrectionError, match="alibaba"):
        corrected('[[organisation]]\nid = "alibaba"\ncountry = "CN"\n')
    with pytest.raises(UnreadableError):
        corrected("= nothing")
    with pytest.raises(UnreadableError, match="nowhere"):
        open_lake(small_lake, chosen=settings({"UNDERLAY_CORRECTIONS": "/nowhere/own.toml"}))


def test_an_account_that_moves_needs_a_new_build(
    corrected: Callable[[str], OpenLake], lake: OpenLake
) -> None:
    text = '[[organisation]]\nid = "meta"\n[organisation.accounts]\nhuggingface = ["Qwen"]\n'
    with pytest.raises(BadValueError, match="Qwen") as caught, corrected(text):
        pass
    assert "atlas build" in caught.value.hint


def test_which_lake(small_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LakeMissingError, match="nowhere"):
        open_lake(tmp_path / "nowhere")
    monkeypatch.setattr(api, "embedded", lambda: Lake(small_lake))
    with open_lake() as opened:  # nobody named a lake, and there is none of one's own
        assert opened.lake.root == small_lake
    chosen = settings({"UNDERLAY_LAKE": str(tmp_path / "own")})
    with pytest.raises(LakeMissingError, match="own"):
        open_lake(chosen=chosen)
    (tmp_path / "own" / "versions").mkdir(parents=True)
    with open_lake(chosen=chosen) as opened:
        assert opened.lake.base is not None
        assert opened.maker("alibaba")
    monkeypatch.setattr(api, "embedded", _missing)
    with pytest.raises(LakeMissingError):
        open_lake()
    with open_lake(str(small_lake)) as opened:
        assert opened.lake.base is None


def test_the_package_offers_it(small_lake: Path) -> None:
    with underlay.open(small_lake) as lake:
        assert lake.maker("alibaba")
