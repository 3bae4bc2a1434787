"""A tiny lake of made-up rows in the real core tables, and the report on it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from tests.stack.small_lake import COUNTRIES, stack_tables

from underlay.api import OpenLake
from underlay.atlas.contracts import CORE, core
from underlay.cli.report import known_of
from underlay.config import settings
from underlay.lake import Lake
from underlay.lake.write import Transaction
from underlay.report import Report, build_report
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from underlay.tables import Table

HOSTILE = '<script>alert("x")</script>|*a* [b](javascript:c)'
_DAY = dt.date(2026, 6, 10)
_EMPTY = {
    "string": "unknown",
    "int32": 0,
    "int64": 0,
    "float64": 0.0,
    "bool": False,
    "date": _DAY,
}


def _rows(table: Table, rows: list[dict[str, Any]]) -> Batch:
    """A batch in which a required column that a row leaves out is empty or zero."""
    blank = {column.name: _EMPTY[column.type] for column in table.columns if column.required}
    return Batch.from_rows(table, [blank | row for row in rows])


def _models() -> list[dict[str, Any]]:
    makers = ["eagle", "panda", "panda", "coq", "unknown", "eagle"]
    families = ["feather", "bamboo", "bamboo", "plume", "unknown", "feather"]
    modalities = ["embedding", "language", "language", "language", "language", "language"]
    names = [
        f"eagle/{HOSTILE}",
        "panda/bamboo-7b",
        "panda/bamboo-9b",
        "coq/plume",
        "x/y",
        "eagle/f",
    ]
    return [
        {
            "model_id": number,
            "name": names[number],
            "platform": "huggingface",
            "account": names[number].split("/")[0],
            "organisation_id": makers[number],
            "family_id": families[number],
            "modality": modalities[number],
            "openness": "osi-licence",
            "licence_class": "osi",
            "copy_kind": "original",
            "released_on": dt.date(2024, 5, 1),
        }
        for number in range(6)
    ]


def _observations() -> list[dict[str, Any]]:
    rows = []
    for number, count in enumerate((400, 250, 150, 60, 40, 100)):
        rows.append(("os_ai_map", "downloads_30d_count", _DAY, number, count, "os_ai_map"))
    months = [dt.date(2025, month, 7) for month in range(1, 9)]
    for step, month in enumerate(months):
        for number, start, growth in ((1, 20, 12), (2, 5, 2), (3, 30, -2), (5, 60, 1)):
            count = start + growth * step
            rows.append(("osir_lmts", "downloads_30d_count", month, number, count, "osir_lmts"))
    for number, count in ((1, 60), (3, 10), (5, 50)):
        rows.append(("osir_lmts", "descendants_count", months[-1], number, count, "osir_lmts"))
    for day, scale in ((dt.date(2026, 5, 11), 100), (_DAY, 160)):
        for number, count in ((1, 1000), (3, 100), (5, 900)):
            rows.append(("ollama", "pulls_total_count", day, number, count * scale, "ollama"))
    return [
        {
            "listing": listing,
            "metric": metric,
            "observed_on": day,
            "model_id": number,
            "value": float(count),
            "is_fresh": True,
            "source": source,
        }
        for listing, metric, day, number, count, source in rows
    ]


_CLASSES = ("Wide", "Wide", "Cuda", "Denied", "unknown", "Wide")  # of the models, in order


def _stack() -> dict[str, list[dict[str, Any]]]:
    """A made-up stack under the models, one of whose runtimes has a hostile name."""
    tables = stack_tables()
    tables["stack_component"] = [
        row | {"name": HOSTILE} if row["component_id"] == "runtime:llama.cpp" else row
        for row in tables["stack_component"]
    ]
    tables["requirement"] = [
        {
            "model_id": number,
            "architecture_id": name,
            "method": "published",
            "reason": "says so",
            "weight_format": "safetensors",
            "quantisation": "none",
            "is_convertible": True,
        }
        for number, name in enumerate(_CLASSES)
    ]
    return tables


def _tables() -> dict[str, list[dict[str, Any]]]:
    made = _models()
    sources = ["os_ai_map", "osir_lmts", "ollama", "epoch_chips", "pypi", "top500", "board"]
    sources += ["prices", "tokens", "clusters", "hardware", "notable", "packages", "mlperf"]
    quarters = (dt.date(2025, 6, 30), dt.date(2025, 9, 30), dt.date(2025, 12, 31))
    return {
        "source": [
            {
                "source": name,
                "title": f"List {name}" if name != "osir_lmts" else f"List {HOSTILE}",
                "licence": "MIT",
                "url": f"https://example.org/{name}" if name != "ollama" else "javascript:alert(1)",
                "may_redistribute": "rows",
                "conflict": f"{name} counts itself & its <owner>." if name == "os_ai_map" else None,
            }
            for name in sources
        ],
        "organisation": [
            {"organisation_id": "eagle", "name": "Eagle & Co <Inc>", "country": "US"},
            {"organisation_id": "panda", "name": "Panda", "country": "CN"},
            {"organisation_id": "coq", "name": "Coq", "country": "FR"},
            {"organisation_id": "otter", "name": "Otter", "country": "TW"},
            *(
                {"organisation_id": owner, "name": owner.title(), "country": COUNTRIES[owner]}
                for owner in ("nvidia", "amd", "huawei", "apple", "tsmc", "smic")
            ),
        ],
        "family": [
            {"family_id": "feather", "name": "Feather", "organisation_id": "eagle"},
            {"family_id": "bamboo", "name": "Bamboo", "organisation_id": "panda"},
            {"family_id": "plume", "name": "Plume", "organisation_id": "coq"},
        ],
        "model": made,
        "attribution": [
            {
                "attribution": "author",
                "model_id": row["model_id"],
                "organisation_id": row["organisation_id"],
                "weight_share": 1.0,
            }
            for row in made
        ],
        "observation": _observations(),
        "accelerator_stock": [
            {
                "observed_on": quarter,
                "organisation_id": maker,
                "owner": "all",
                "owner_id": "all",
                "owner_country": "all",
                "chip": "all",
                "h100e_count": count * (step + 1),
                "h100e_lower": 0.8 * count * (step + 1),
                "h100e_upper": 1.3 * count * (step + 1),
                "is_complete": True,
                "source": "epoch_chips",
            }
            for step, quarter in enumerate(quarters)
            for maker, count in (("eagle", 3e6), ("otter", 1e6))
        ],
        "library_month": [
            {
                "observed_on": day,
                "market": market,
                "kind": "framework",
                "organisation_id": maker,
                "ties": "none",
                "packages_count": 1,
                "downloads_30d_count": count,
                "source": "pypi",
            }
            for day, factor in ((dt.date(2025, 4, 1), 1.0), (dt.date(2026, 4, 1), 3.0))
            for market in ("deep-learning-framework", "llm-runtime")
            for maker, count in (("eagle", 8e6 * factor), ("panda", 1e6), ("unknown", 5e5))
        ],
        "rating": [
            {
                "series": "official",
                "scale": "official text_style_control from 2026-05-31",
                "board": "text_style_control",
                "category": "overall",
                "name": name,
                "model_id": number,
                "organisation_id": maker,
                "is_open_weights": is_open,
                "observed_on": day,
                "rating": rating + step,
                "rating_lower": rating + step - 8.0,
                "rating_upper": rating + step + 8.0,
                "votes_count": 1000,
                "source": "board",
            }
            for step, day in enumerate((dt.date(2026, 5, 31), _DAY))
            for name, number, maker, is_open, rating in (
                ("eagle-max", 5, "eagle", False, 1500.0),
                ("eagle-mini", 0, "eagle", True, 1390.0),
                ("bamboo-9b", 2, "panda", True, 1480.0),
                ("plume", 3, "coq", True, 1410.0),
            )
        ],
        "price": [
            {
                "catalogue": "openrouter",
                "provider": "openrouter",
                "name": name,
                "variant": "",
                "model_id": number,
                "organisation_id": maker,
                "is_open_weights": True,
                "observed_on": _DAY,
                "input_usd_per_mtok": price,
                "output_usd_per_mtok": 3 * price,
                "is_free_variant": False,
                "source": "prices",
            }
            for name, number, maker, price in (
                ("panda/bamboo-9b", 2, "panda", 0.1),
                ("eagle/max", 5, "eagle", 2.0),
            )
        ],
        "tokens_week": [
            {
                "observed_on": dt.date(2026, 5, 11),
                "organisation_id": maker,
                "openness": openness,
                "is_other": False,
                "models_count": count,
                "tokens_count": tokens,
                "requests_count": tokens / 1e4,
                "spend_usd": spend,
                "source": "tokens",
            }
            for maker, openness, count, tokens, spend in (
                ("panda", "open", 3, 6e12, 1e6),
                ("eagle", "closed", 2, 3e12, 4e6),
                ("unknown", "unknown", 1, 1e12, 1e5),
            )
        ],
        "cluster": [
            {
                "observed_on": dt.date(2025, 12, 14),
                "row_number": number,
                "name": f"cluster {number}",
                "country": country,
                "status": "existing",
                "owner": "owner",
                "weight_share": 1.0,
                "h100e_count": size,
                "is_standard": True,
                "source": "clusters",
            }
            for number, (country, size) in enumerate(
                (("US", 5e5), ("CN", 1e5), ("FR", 5e4), ("unknown", 5e4))
            )
        ],
        "accelerator": [
            {
                "name": name,
                "observed_on": dt.date(2025, 12, 16),
                "organisation_id": "eagle",
                "country": "US",
                "foundry_id": foundry,
                "weight_share": 1.0,
                "source": "hardware",
            }
            for name, foundry in (("A", "otter"), ("B", "otter"), ("C", "panda"), ("D", "unknown"))
        ],
        "notable_model": [
            {
                "observed_on": dt.date(2026, 1, 26),
                "name": name,
                "country": country,
                "organisation_id": maker,
                "weight_share": 1.0,
                "released_on": dt.date(2025, 6, 1),
                "accessibility": openness,
                "openness": openness,
                "source": "notable",
            }
            for name, country, maker, openness in (
                ("M", "US", "eagle", "closed"),
                ("N", "US", "eagle", "open"),
                ("O", "CN", "panda", "open"),
            )
        ],
        "supercomputer_share": [
            {
                "observed_on": dt.date(2025, 6, 1),
                "country": country,
                "organisation_id": maker,
                "systems_count": count,
                "source": "top500",
            }
            for country, maker, count in (
                ("US", "eagle", 30),
                ("US", "none", 20),
                ("CN", "none", 25),
                ("FR", "eagle", 25),
            )
        ],
    }


def build_lake(root: Path, *, has_stack: bool = True) -> Lake:
    """Write the tiny lake; every core table exists, some are empty."""
    root.mkdir(parents=True, exist_ok=True)
    transaction = Transaction(root)
    tables = {**_tables(), **(_stack() if has_stack else {})}
    for table in CORE:
        short = table.name.removeprefix("core__")
        transaction.replace(_rows(core(short), tables.get(short, [])))
    transaction.commit(dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    return Lake(root)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny lake."""
    root = tmp_path_factory.mktemp("tiny") / "lake"
    build_lake(root)
    return root


@pytest.fixture(scope="session")
def opened(tiny: Path) -> Iterator[OpenLake]:
    """The tiny lake, open."""
    with OpenLake(Lake(tiny), settings({"UNDERLAY_LAKE": str(tiny)})) as lake:
        yield lake


@pytest.fixture(scope="session")
def tiny_report(opened: OpenLake) -> Report:
    """The report on the tiny lake."""
    return build_report(opened.figure, known_of(opened), version="0", multiverses=opened.multiverse)


@pytest.fixture(scope="session")
def bare_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on the tiny lake without a stack, and without spreads."""
    root = tmp_path_factory.mktemp("bare") / "lake"
    lake = build_lake(root, has_stack=False)
    with OpenLake(lake, settings({"UNDERLAY_LAKE": str(root)})) as opened:
        return build_report(opened.figure, known_of(opened), version="0")
