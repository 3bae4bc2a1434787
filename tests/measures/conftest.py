"""A small world of core tables, written through contracts and a transaction, and asked by name.

Every number in it is small enough to compute a figure by hand.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.contracts import CORE, core
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.measures import evaluate, measure
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from underlay.measures import Figure

Rows = list[dict[str, Any]]

COUNTRIES = {
    "acme": "US",
    "bo": "CN",
    "dora": "FR",
    "elk": "DE",
    "independent": "unknown",
    "several": "unknown",
    "unknown": "unknown",
}
# name, maker, family, modality, copy_kind, released_on, size_band, licence_class, openness
MODELS = (
    ("acme/alpha", "acme", "alpha", "language", "original", "2025-01-01", "7-13B", "osi"),
    ("quanter/alpha-gguf", "unknown", "alpha", "language", "quantised copy", "2025-02-01", "7-13B",
     "osi"),
    ("bo/bravo", "bo", "bravo", "vision-language", "original", "2026-03-01", "70B+", "custom"),
    ("bo/embed", "bo", "embed", "embedding", "original", "2021-01-01", "<1B", "osi"),
    ("dora/merge", "dora", "merge", "language", "derivative", "2026-05-01", "7-13B", "osi"),
    ("anon/thing", "unknown", "unknown", "language", "original", None, "unknown", "unknown"),
    ("elk/gone", "elk", "gone", "language", "original", "2025-01-01", "1-7B", "osi"),
)  # fmt: skip
OPENNESS = {"osi": "osi-licence", "custom": "custom-licence", "unknown": "unknown"}
ALPHA, COPY, BRAVO, EMBED, MERGE, THING, GONE = range(7)
AUTHOR = {number: {model[1]: 1.0} for number, model in enumerate(MODELS)}
BASE = {**AUTHOR, COPY: {"acme": 1.0}, MERGE: {"acme": 1.0}}
WAYS = {
    "author": AUTHOR,
    "nearest_base": BASE,
    "root": BASE,
    "fractional": {**BASE, MERGE: {"acme": 0.5, "bo": 0.5}},
}
# (listing, day): model -> count; a negative number is a count that was not renewed
COUNTS: dict[tuple[str, str], dict[int, float]] = {
    ("os_ai_map", "2026-04-28"): {ALPHA: 100, COPY: 50, BRAVO: 60, EMBED: 200, THING: 40, GONE: 25},
    ("os_ai_map", "2026-06-10"): {ALPHA: 120, COPY: 30, BRAVO: 90, EMBED: 150, MERGE: 60,
                                  THING: 50},
    ("llmfit", "2026-07-01"): {ALPHA: 100, BRAVO: -50, EMBED: 150},
    ("llmfit", "2026-07-20"): {ALPHA: -100, BRAVO: -50, EMBED: -150},
    ("census_2022", "2022-07-02"): {EMBED: 10},
    ("osir_lmts", "2025-05-07"): {ALPHA: 100, BRAVO: 60},
    ("osir_lmts", "2025-06-07"): {ALPHA: 90, BRAVO: 90, MERGE: 500},
    ("osir_lmts", "2025-06-27"): {ALPHA: 60, BRAVO: 120, MERGE: 500},
    # a new kind of model of an account that was there from the start
    ("osir_lmts", "2025-09-05"): {ALPHA: 30, BRAVO: 150, EMBED: 70, MERGE: 500},
}  # fmt: skip


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def models() -> Rows:
    return [
        {
            "model_id": number, "name": name, "platform": "huggingface",
            "account": name.split("/")[0], "organisation_id": maker, "family_id": family,
            "subfamily_id": family, "modality": modality, "size_band": size,
            "licence_class": licence, "openness": OPENNESS[licence], "copy_kind": copy,
            "released_on": day(released) if released else None, "lineage": "none",
        }
        for number, (name, maker, family, modality, copy, released, size, licence)
        in enumerate(MODELS)
    ]  # fmt: skip


def attributions(ways: Mapping[str, Mapping[int, Mapping[str, float]]]) -> Rows:
    return [
        {"attribution": way, "model_id": number, "organisation_id": maker, "weight_share": part}
        for way, parts in ways.items()
        for number, makers in parts.items()
        for maker, part in makers.items()
    ]


def observations(counts: Mapping[tuple[str, str], Mapping[int, float]], metric: str) -> Rows:
    return [
        {
            "listing": listing, "metric": metric, "observed_on": day(on), "model_id": number,
            "value": float(abs(value)), "is_fresh": value >= 0, "source": listing,
        }
        for (listing, on), cells in counts.items()
        for number, value in cells.items()
    ]  # fmt: skip


def edge(child: int, base: int, relation: str, source: str, evidence: str = "declared") -> Any:
    return {
        "model_id": child,
        "base_model_id": base,
        "relation": relation,
        "evidence": evidence,
        "source": source,
    }


def tokens(on: str, maker: str, openness: str, count: float, spend: float | None = None) -> Any:
    return {
        "observed_on": day(on), "organisation_id": maker, "openness": openness, "is_other": False,
        "models_count": 1, "tokens_count": count, "spend_usd": spend,
    }  # fmt: skip


def rating(on: str, maker: str, score: float, is_open: bool | None, name: str = "") -> Any:
    return {
        "series": "official", "scale": "one", "board": "text", "category": "overall",
        "name": name or maker, "model_id": 0, "organisation_id": maker, "is_open_weights": is_open,
        "observed_on": day(on), "rating": score,
    }  # fmt: skip


def library(on: str, maker: str, count: float, market: str = "llm-runtime") -> Any:
    return {
        "observed_on": day(on), "market": market, "kind": "runtime", "organisation_id": maker,
        "ties": "none", "packages_count": 1, "downloads_30d_count": count,
    }  # fmt: skip


def stock(on: str, maker: str, count: float, *, complete: bool = True) -> Any:
    return {
        "observed_on": day(on), "organisation_id": maker, "owner": "all", "owner_id": "all",
        "owner_country": "all", "chip": "all", "h100e_count": count, "is_complete": complete,
    }  # fmt: skip


def notable(name: str, maker: str, part: float, openness: str, released: str) -> Any:
    return {
        "observed_on": day("2026-01-26"), "name": name, "country": COUNTRIES[maker],
        "organisation_id": maker, "weight_share": part, "released_on": day(released),
        "openness": openness, "hardware_vendor": "unknown",
    }  # fmt: skip


def systems(maker: str, count: int) -> Any:
    return {
        "observed_on": day("2025-06-01"), "country": "US", "organisation_id": maker,
        "systems_count": count, "rmax_tflops": 1.0,
    }  # fmt: skip


def everything() -> dict[str, Rows]:
    """Rows of every core table that the measures of this folder read."""
    sources = sorted({listing for listing, _ in COUNTS} | {"test", "names"})
    return {
        "source": [
            {
                "source": name, "title": name.upper(), "licence": "MIT",
                "url": f"https://example.org/{name}", "may_redistribute": "rows",
                "conflict": "measures itself" if name == "os_ai_map" else None, "rows_count": 1,
                "last_observed_on": max(
                    (day(on) for listing, on in COUNTS if listing == name),
                    default=day("2026-01-01"),
                ),
            }
            for name in sources
        ],
        "organisation": [
            {"organisation_id": name, "name": name, "country": country}
            for name, country in COUNTRIES.items()
        ],
        "atom_country": [
            {"organisation_id": name, "country": country, "accounts": name,
             "observed_on": day("2026-07-24")}
            for name, country in (("acme", "US"), ("bo", "CN"), ("dora", "EU"))
        ],
        "model": models(),
        "attribution": attributions(WAYS),
        "observation": [
            *observations(COUNTS, "downloads_30d_count"),
            *observations({("os_ai_map", "2026-06-10"): {ALPHA: 9e9}}, "likes_count"),
            *observations({("osir_lmts", "2025-06-27"): {BRAVO: 999}}, "descendants_count"),
            *observations({("osir_lmts", "2025-09-05"): {ALPHA: 10, BRAVO: 30}},
                          "descendants_count"),
        ],
        "lineage": [
            edge(COPY, ALPHA, "quantized", "llmfit"),
            edge(MERGE, ALPHA, "merge", "os_ai_map"),
            edge(MERGE, BRAVO, "merge", "os_ai_map"),
            edge(GONE, ALPHA, "quantized", "names", "inferred"),
        ],
        "tokens_week": [
            tokens("2026-04-27", "acme", "closed", 50, 50),
            tokens("2026-05-04", "acme", "closed", 60, 90),
            tokens("2026-05-04", "bo", "open", 30, 10),
            tokens("2026-05-04", "unknown", "unknown", 10, 0),
            tokens("2026-05-11", "acme", "closed", 20),
            tokens("2026-05-11", "bo", "open", 70, 5),
            {**tokens("2026-05-11", "unknown", "unknown", 110), "is_other": True},
        ],
        "rating": [
            rating("2026-08-19", "acme", 1500, False),
            rating("2026-08-19", "bo", 1490, True),
            rating("2026-08-19", "dora", 1480, None),
        ],
        "notable_model": [
            notable("old", "dora", 1.0, "open", "2022-01-01"),
            notable("one", "acme", 1.0, "open", "2025-06-01"),
            notable("two", "bo", 1.0, "closed", "2025-12-01"),
            notable("both", "acme", 0.5, "unknown", "2025-07-01"),
            notable("both", "bo", 0.5, "unknown", "2025-07-01"),
        ],
        "accelerator_stock": [
            *(stock(on, "acme", count) for on, count in
              (("2025-03-31", 100), ("2025-06-30", 150), ("2025-09-30", 190), ("2025-12-31", 220))),
            *(stock(on, "bo", count) for on, count in
              (("2025-03-31", 10), ("2025-06-30", 80), ("2025-09-30", 150), ("2025-12-31", 230))),
            stock("2026-03-31", "acme", 300, complete=False),
        ],
        "library_month": [
            library("2026-03-01", "acme", 10),
            library("2026-04-01", "acme", 60),
            library("2026-04-01", "bo", 20),
            library("2026-04-01", "independent", 10),
            library("2026-04-01", "unknown", 10),
            library("2026-04-01", "dora", 5, "deep-learning-framework"),
        ],
        "supercomputer_share": [
            systems("acme", 6), systems("bo", 1), systems("several", 2), systems("unknown", 1),
            systems("none", 90),
        ],
    }  # fmt: skip


@dataclass
class World:
    """A lake with its rows at hand, for brute force."""

    engine: Engine
    root: Path
    counts: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=lambda: COUNTS)
    ways: Mapping[str, Mapping[int, Mapping[str, float]]] = field(default_factory=lambda: WAYS)

    def figure(self, name: str, by: str = "", as_of: str = "", **where: str) -> Figure:
        until = day(as_of) if as_of else None
        return evaluate(measure(name), self.engine, by=by, where=where, as_of=until)

    def values(self, name: str, by: str = "", as_of: str = "", **where: str) -> dict[str, Any]:
        """Values by the value of the first key."""
        rows = self.figure(name, by, as_of, **where).rows
        return {str(next(iter(row.key.values()))): row.value for row in rows}

    def cells(self) -> list[dict[str, Any]]:
        """What each model is, by the names of the facets."""
        return [
            {
                "model": row["name"], "account": row["account"], "family": row["family_id"],
                "subfamily": row["subfamily_id"], "openness": row["openness"],
                "licence_class": row["licence_class"], "modality": row["modality"],
                "size_band": row["size_band"], "copy_kind": row["copy_kind"],
                "maker": row["organisation_id"], "country": COUNTRIES[row["organisation_id"]],
            }
            for row in models()
        ]  # fmt: skip


def write(root: Path, tables: Mapping[str, Rows]) -> None:
    transaction = Transaction(root)
    for name, rows in tables.items():
        batch = Batch.from_rows(
            core(name),
            [{"source": "test", **row} if "source" in core(name).column_names else row
             for row in rows],
        )  # fmt: skip
        batch.check()
        transaction.replace(batch)
    transaction.commit(dt.datetime(2026, 9, 1, tzinfo=dt.UTC))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole small world; read only."""
    root = tmp_path_factory.mktemp("world")
    write(root, everything())
    with Engine(Lake(root), CORE) as engine:
        yield World(engine, root)


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """`changed(observation=[…])`: a world of its own, with these tables in place of the usual."""
    engines: list[Engine] = []

    def make(**tables: Rows) -> World:
        root = tmp_path / str(len(engines))
        write(root, {**everything(), **tables})
        engines.append(Engine(Lake(root), CORE))
        return World(engines[-1], root)

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def rows_of() -> Any:
    """The makers of rows, for tests that need others than the usual ones."""

    class RowsOf:
        rating = staticmethod(rating)
        tokens = staticmethod(tokens)
        library = staticmethod(library)
        stock = staticmethod(stock)
        edge = staticmethod(edge)
        models = staticmethod(models)
        observations = staticmethod(observations)
        attributions = staticmethod(attributions)

    return RowsOf
