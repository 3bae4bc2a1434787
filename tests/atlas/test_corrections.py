"""Declared corrections, one by one, as the shipped file has them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from underlay.atlas.build import raw_contracts
from underlay.atlas.contracts import CORE
from underlay.atlas.corrections import check_corrections
from underlay.atlas.curated import read_curated
from underlay.atlas.models import Catalogue
from underlay.errors import CorrectionError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.tables import Batch

if TYPE_CHECKING:
    from pathlib import Path

RAW = {table.name: table for table in raw_contracts()}
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CENSUS = "raw_hf_census__model"


def _check(root: Path, *names: str) -> None:
    transaction = Transaction(root)
    rows = [
        {"observed_on": dt.date(2022, 7, 2), "model_id": name, "downloads_30d_count": 1,
         "snapshot_sha256": "0" * 64}
        for name in names
    ]  # fmt: skip
    transaction.merge(Batch.from_rows(RAW[CENSUS], rows))
    transaction.commit(NOW)
    curated = read_curated()
    with Engine(Lake(root), (*RAW.values(), *CORE)) as engine:
        check_corrections(curated, Catalogue(curated), engine)


@pytest.mark.parametrize("name", ["cl-tohoku/bert-base-japanese", "CL-Tohoku/x"])
def test_it_bites(tmp_path: Path, name: str) -> None:
    _check(tmp_path / "lake", "a/b", name)


@pytest.mark.parametrize("name", ["cl-tohoku-2/x", "x/cl-tohoku", "tohoku-nlp/x", "other"])
def test_it_is_idle(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorrectionError) as caught:
        _check(tmp_path / "lake", name)
    assert "cl-tohoku -> tohoku-nlp" in caught.value.message
    assert "remove or update" in caught.value.hint


def test_it_waits_for_its_source(tmp_path: Path) -> None:
    curated = read_curated()
    with Engine(Lake(tmp_path / "lake", must_exist=False), (*RAW.values(), *CORE)) as engine:
        check_corrections(curated, Catalogue(curated), engine)
