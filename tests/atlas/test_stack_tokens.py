"""Tokens by requirement: sums over models and weeks, nothing of a single one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from underlay.atlas.contracts import CORE, core
from underlay.atlas.stack_tokens import routed
from underlay.lake import Engine, Lake
from underlay.sources.openrouter_usage import OpenRouterUsage
from underlay.tables import Batch

(WEEKS,) = OpenRouterUsage().tables


def test_a_lake_without_the_lists_gives_no_row() -> None:
    with Engine(Lake(Path("nowhere"), must_exist=False), [*CORE, WEEKS]) as engine:
        assert len(routed(engine)) == 0


def test_sums_over_the_newest_quarter(tmp_path: Path) -> None:
    lake = Lake(tmp_path, must_exist=False)
    week = dict.fromkeys(WEEKS.column_names)
    rows = [
        week
        | {"observed_on": day, "source_set": which, "rank": 1, "slug": slug, "name": slug,
           "tokens_count": tokens, "snapshot_sha256": "0" * 64}
        for day, which, slug, tokens in (
            (dt.date(2026, 5, 11), "current", "acme/one", 60),
            (dt.date(2026, 5, 4), "current", "acme/one", 40),
            (dt.date(2026, 5, 11), "current", "acme/two", 5),
            (dt.date(2026, 5, 11), "current", "acme/nobody", 10),
            (dt.date(2026, 1, 5), "current", "acme/one", 999),
            (dt.date(2026, 5, 11), "older", "acme/one", 999),
        )
    ]  # fmt: skip
    from underlay.lake.write import Transaction

    transaction = Transaction(lake.root)
    transaction.replace(Batch.from_rows(WEEKS, rows))
    transaction.commit(dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    with Engine(Lake(tmp_path), [*CORE, WEEKS]) as engine:
        for name, content in _world().items():
            engine.register(f"core__{name}", Batch.from_rows(core(name), content))
        found = {row["architecture_id"]: row for row in routed(engine).rows()}
    assert set(found) == {"A", "unknown"}
    assert found["A"]["tokens_count"] == 105.0
    assert (found["A"]["models_count"], found["A"]["weeks_count"]) == (2, 2)
    assert found["A"]["is_convertible"] is True
    assert found["A"]["observed_on"] == dt.date(2026, 5, 11)
    assert found["unknown"]["tokens_count"] == 10.0
    assert found["unknown"]["country"] == "unknown"
    assert found["unknown"]["is_convertible"] is None


def _world() -> dict[str, list[dict[str, Any]]]:
    def whole(table: str, **cells: Any) -> dict[str, Any]:
        return dict.fromkeys(core(table).column_names) | cells

    models = [
        whole("model", model_id=n, name=f"acme/{n}", platform="huggingface", account="acme",
              organisation_id="acme", family_id="unknown", subfamily_id="unknown",
              modality="language", size_band="unknown", licence_class="osi",
              openness="osi-licence", copy_kind="original", lineage="none")
        for n in (0, 1)
    ]  # fmt: skip
    return {
        "model": models,
        "organisation": [
            whole("organisation", organisation_id="acme", name="Acme", country="FR"),
        ],
        "alias": [
            whole("alias", platform="openrouter", name=name, model_id=n, method="m", reason="r")
            for n, name in enumerate(("acme/one", "acme/two"))
        ],
        "requirement": [
            whole("requirement", model_id=n, architecture_id="A", method="tag", reason="r",
                  weight_format="safetensors", quantisation="none", is_convertible=True)
            for n in (0, 1)
        ],
    }  # fmt: skip
