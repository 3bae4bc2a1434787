"""What is not resolved, and what hangs on it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas import unresolved as module
from underlay.atlas.contracts import CORE, core
from underlay.atlas.curated import read_curated
from underlay.atlas.unresolved import unresolved_architectures, unresolved_rows
from underlay.lake import Engine, Lake
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OLD, NEW = dt.date(2026, 1, 1), dt.date(2026, 2, 1)


def _model(number: int, **facts: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model_id": number, "name": f"acc{number}/m{number}", "platform": "huggingface",
        "account": f"acc{number}", "organisation_id": "alibaba", "family_id": "qwen",
        "subfamily_id": "qwen", "modality": "language", "size_band": "unknown",
        "licence_class": "osi", "openness": "osi-licence", "copy_kind": "original",
        "lineage": "none",
    }  # fmt: skip
    return row | facts


def _rows(
    root: Path, models: Sequence[dict[str, Any]], counts: Sequence[tuple[dt.date, int, float, bool]]
) -> list[dict[str, Any]]:
    observed = [
        {"listing": "l", "metric": "downloads_30d_count", "observed_on": day, "model_id": number,
         "value": value, "is_fresh": fresh, "source": "s"}
        for day, number, value, fresh in counts
    ]  # fmt: skip
    makers = [
        {"organisation_id": "alibaba", "name": "Alibaba", "country": "CN"},
        {"organisation_id": "0xsero", "name": "0xSero", "country": "unknown"},
        {"organisation_id": "unknown", "name": "unknown", "country": "unknown"},
    ]
    with Engine(Lake(root, must_exist=False), CORE) as engine:
        for name, rows in (("model", models), ("observation", observed), ("organisation", makers)):
            engine.register(f"core__{name}", Batch.from_rows(core(name), list(rows)))
        return list(unresolved_rows(engine, read_curated()))


def test_each_kind_with_its_part_of_the_newest_list(tmp_path: Path) -> None:
    found = _rows(
        tmp_path,
        [
            _model(0),
            _model(1, organisation_id="unknown"),
            _model(2, organisation_id="0xsero"),
            _model(3, family_id="unknown"),
            _model(4, licence_class="unknown", licence_text="my own"),
            _model(5, licence_class="unknown"),
            _model(6, organisation_id="unknown", account="", name="bare"),
        ],
        [
            (NEW, 0, 50, True), (NEW, 1, 20, True), (NEW, 2, 10, True), (NEW, 3, 5, True),
            (NEW, 4, 5, True), (NEW, 5, 5, True), (NEW, 6, 5, True),
            (OLD, 1, 1000, True), (NEW, 2, 999, False),
        ][:8],
    )  # fmt: skip
    shares = {(row["kind"], row["name"]): row["weight_share"] for row in found}
    assert shares == {
        ("account", "acc1"): 0.2,
        ("account", "bare"): 0.05,
        ("country", "acc1"): 0.2,
        ("country", "acc2"): 0.1,
        ("country", "bare"): 0.05,
        ("family", "acc3/m3"): 0.05,
        ("licence", "my own"): 0.05,
    }
    reasons = {(row["kind"], row["name"]): row["reason"] for row in found}
    assert "personal account" in reasons["country", "acc2"]
    assert all(reasons.values())
    assert {(row["listing"], row["unit"]) for row in found} == {
        ("l · downloads in 30 days", "downloads in 30 days")
    }
    Batch.from_rows(core("unresolved"), found).check()


def test_stale_counts_weigh_nothing(tmp_path: Path) -> None:
    models = [_model(0), _model(1, organisation_id="unknown")]
    found = _rows(tmp_path, models, [(OLD, 0, 1, True), (OLD, 1, 3, True), (NEW, 1, 9, False)])
    assert {row["weight"] for row in found} == {3}
    assert {row["weight_share"] for row in found} == {0.75}


def test_smaller_ones_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_PER_KIND", 2)
    models = [_model(number, family_id="unknown") for number in range(5)]
    found = _rows(tmp_path, models, [(NEW, n, 10.0 - n, True) for n in range(5)])
    assert [(row["name"], row["weight"]) for row in found] == [
        ("acc0/m0", 10),
        ("acc1/m1", 9),
        ("(3 smaller ones)", 21),
    ]
    assert sum(row["weight_share"] for row in found) == pytest.approx(1.0)


def test_a_list_of_zeros_has_no_shares(tmp_path: Path) -> None:
    found = _rows(tmp_path, [_model(0, family_id="unknown")], [(NEW, 0, 0.0, True)])
    assert [row["weight_share"] for row in found] == [None]


def test_nothing_counted(tmp_path: Path) -> None:
    assert _rows(tmp_path, [], []) == []


def test_language_models_without_a_class_keep_their_reason(tmp_path: Path) -> None:
    models = [_model(0), _model(1), _model(2), _model(3, modality="vision")]
    counts = [(OLD, 1, 50.0, True), *((NEW, number, 10.0, True) for number in range(4))]
    observed = [
        {"listing": "l", "metric": "downloads_30d_count", "observed_on": day, "model_id": number,
         "value": value, "is_fresh": fresh, "source": "s"}
        for day, number, value, fresh in counts
    ]  # fmt: skip
    needed = [
        {"model_id": number, "architecture_id": "unknown" if number else "AForCausalLM",
         "method": "none", "reason": f"why {number}", "weight_format": "unknown",
         "quantisation": "unknown"}
        for number in range(4)
    ]  # fmt: skip
    with Engine(Lake(tmp_path, must_exist=False), CORE) as engine:
        for name, rows in (
            ("model", models), ("observation", observed), ("organisation", []),
            ("requirement", needed),
        ):  # fmt: skip
            engine.register(f"core__{name}", Batch.from_rows(core(name), rows))
        found = list(unresolved_architectures(engine))
    # the newest day, language models only, and their share of those
    assert [(row["name"], row["reason"], row["weight_share"]) for row in found] == [
        ("acc1/m1", "why 1", pytest.approx(1 / 3)),
        ("acc2/m2", "why 2", pytest.approx(1 / 3)),
    ]
    assert {row["kind"] for row in found} == {"architecture"}
