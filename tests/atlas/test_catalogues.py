"""Catalogues, price lists and boards, from synthetic raw rows through a real lake."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.atlas.catalogues import SCALE_SHIFT_POINTS, add_catalogues, catalogue_batches
from underlay.atlas.contracts import CORE, core
from underlay.atlas.curated import (
    Aliases,
    Curated,
    Family,
    Licence,
    Organisation,
    Pattern,
    read_curated,
)
from underlay.atlas.hubs import add_hubs
from underlay.atlas.models import Catalogue
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES, source
from underlay.sources.pull import sync_from
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
RAW = {table.name: table for each in SOURCES for table in each.tables}
SHA = "0" * 64


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def curated(**corrections: Any) -> Curated:
    accounts = {"alibaba": {"huggingface": ("Qwen",)}, "meta": {"huggingface": ("meta-llama",)}}
    countries = {"alibaba": "CN", "openai": "US", "meta": "US", "anthropic": "US", "xai": "US"}
    return Curated(
        organisations={
            name: Organisation(
                name,
                name.title(),
                country,
                "company",
                accounts=accounts.get(name, {}),
            )
            for name, country in countries.items()
        },
        families=(
            Family("qwen", "Qwen", "alibaba", "language", (re.compile("^qwen", re.IGNORECASE),)),
            Family("gpt", "GPT", "openai", "language", (re.compile("^gpt", re.IGNORECASE),)),
        ),
        base_hints=(),
        licences={
            "Apache 2.0": Licence("Apache-2.0", "osi", ""),
            "Proprietary": Licence("", "proprietary", ""),
        },
        aliases=Aliases(
            makers={
                "openrouter": {"qwen": "alibaba", "openai": "openai", "anthropic": "anthropic"},
                "openrouter_model": {"openrouter/quasar-alpha": "openai"},
                "arena": {"alibaba": "alibaba", "openai": "openai", "anthropic": "anthropic",
                          "meta": "meta"},
                "models_dev": {"alibaba": "alibaba", "openai": "openai", "qwen": "alibaba"},
                "litellm": {"openai": "openai"},
                "epoch": {"openai": "openai", "meta ai": "meta"},
                "ollama": {"qwen3": "alibaba", "gpt-x": "openai"},
            },
            ollama_families={"qwen3": "qwen", "gpt-x": "gpt"},
            arena_models=(Pattern(re.compile("^grok", re.IGNORECASE), "xai"),),
            unresolved={
                "openrouter_model": {"openrouter/auto": "router"},
                "openrouter": {"stealth": "cloaked test models"},
                "litellm": {"azure": "operator: the name decides"},
            },
        ),
        components=(),
        hardware={},
        corrections=corrections,
    )  # fmt: skip


def openrouter(slug: str, on: str, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day(on),
        "slug": slug,
        "input_usd_per_token": 1e-6,
        "output_usd_per_token": 4e-6,
        **cells,
    }


def official(name: str, on: str, rating: float, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day(on),
        "fetched_at": NOW.replace(tzinfo=None),
        "board": "text",
        "category": "overall",
        "rank": 1,
        "model_name": name,
        "repeat_number": 1,
        "repeats_count": 1,
        "organization": "OpenAI",
        "rating": rating,
        "rating_lower": rating - 5,
        "rating_upper": rating + 5,
        "votes_count": 100,
        **cells,
    }


def page(name: str, on: str, score: float, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day(on),
        "board": "text",
        "rank": 1,
        "model_name": name,
        "organization": "OpenAI",
        "licence": "proprietary",
        "score": score,
        "interval_half_width": 4.0,
        "votes_count": 10,
        **cells,
    }


def week(slug: str, on: str, tokens: int, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day(on),
        "source_set": "current",
        "rank": 1,
        "slug": slug,
        "tokens_count": tokens,
        **cells,
    }


@dataclass
class Atlas:
    """One run: the catalogue, the core rows that came out, and what had no maker."""

    catalogue: Catalogue
    rows: dict[str, list[dict[str, Any]]]
    unresolved: list[dict[str, Any]]

    def alias(self, platform: str, name: str) -> tuple[str, str]:
        """(name of the model, method)."""
        alias = self.catalogue.aliases[platform, name]
        return self.catalogue.drafts[alias.model].name, alias.method

    def draft(self, platform: str, name: str) -> Any:
        return self.catalogue.drafts[self.catalogue.aliases[platform, name].model]

    def reason(self, platform: str, name: str) -> str:
        return self.catalogue.aliases[platform, name].reason


def made(path: Path, hub: Sequence[str] = (), known: Curated | None = None, **tables: Any) -> Atlas:
    """Put raw rows into a lake and run names, catalogue and batches over it."""
    transaction = Transaction(path)
    for name, rows in tables.items():
        table = RAW[f"raw_{name}"]
        transaction.merge(Batch.from_rows(table, [{"snapshot_sha256": SHA, **row} for row in rows]))
    transaction.commit(NOW)
    catalogue = Catalogue(known or curated())
    with Engine(Lake(path), [*RAW.values(), *CORE]) as engine:
        for name in hub:
            catalogue.hub(name)
        add_catalogues(catalogue, engine)
        catalogue.finish()
        register(engine, catalogue)
        unresolved: list[dict[str, Any]] = []
        rows = {}
        for batch in catalogue_batches(engine, catalogue.curated, unresolved):
            batch.check()
            rows[batch.table.name] = batch.data.to_pylist()
        Batch.from_rows(core("unresolved"), unresolved).check()
    return Atlas(catalogue, rows, unresolved)


def register(engine: Engine, catalogue: Catalogue) -> None:
    aliases = [
        {"platform": platform, "name": name, "model_id": alias.model, "method": alias.method,
         "reason": alias.reason}
        for (platform, name), alias in catalogue.aliases.items()
    ]  # fmt: skip
    models = [{**row, "copy_kind": "original", "lineage": "none"} for row in catalogue.rows()]
    engine.register("core__alias", Batch.from_rows(core("alias"), aliases))
    engine.register("core__model", Batch.from_rows(core("model"), models))


# ---- names -------------------------------------------------------------------------------------


def test_a_stated_hub_id_wins_and_makes_the_weights_open(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter("qwen/qwen3-8b", "2026-07-31", hub_id="Qwen/Qwen3-8B",
                       canonical_slug="qwen/qwen3-8b-20260401"),
            openrouter("qwen/qwen3-8b:free", "2026-07-31",
                       canonical_slug="qwen/qwen3-8b-20260401"),
        ],
    )  # fmt: skip
    assert atlas.alias("openrouter", "qwen/qwen3-8b") == ("Qwen/Qwen3-8B", "stated")
    assert atlas.alias("openrouter", "qwen/qwen3-8b:free") == ("Qwen/Qwen3-8B", "variant")
    assert atlas.alias("openrouter", "qwen/qwen3-8b-20260401") == ("Qwen/Qwen3-8B", "stated")
    assert atlas.draft("openrouter", "qwen/qwen3-8b").is_open is True


def test_the_newest_hub_id_of_a_slug_counts_but_a_dated_id_keeps_its_own(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter("qwen/small", "2026-06-30", hub_id="Qwen/Small-1",
                       canonical_slug="qwen/small-2605"),
            openrouter("qwen/small", "2026-07-31", hub_id="Qwen/Small-2",
                       canonical_slug="qwen/small-2607"),
        ],
    )  # fmt: skip
    assert atlas.alias("openrouter", "qwen/small")[0] == "Qwen/Small-2"
    assert atlas.alias("openrouter", "qwen/small-2605")[0] == "Qwen/Small-1"


def test_no_hub_id_is_not_closed(tmp_path: Path) -> None:
    atlas = made(tmp_path, openrouter__model_day=[openrouter("qwen/new", "2026-07-31")])
    assert atlas.draft("openrouter", "qwen/new").is_open is None


def test_variants_moving_aliases_and_routers_are_no_models(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter(slug, "2026-07-31")
            for slug in ("openai/gpt-x", "openai/gpt-x:thinking", "openai/gpt-x:batch",
                         "~openai/gpt-latest", "openrouter/auto", "stealth/ox")
        ],
    )  # fmt: skip
    assert {draft.name for draft in atlas.catalogue.drafts} == {"openai/gpt-x", "stealth/ox"}
    assert ("openrouter", "~openai/gpt-latest") not in atlas.catalogue.aliases
    reasons = {row["name"]: row["reason"] for row in atlas.unresolved}
    assert reasons == {
        "openrouter/auto": "router",
        "stealth/ox": "cloaked test models",
        "~openai/gpt-latest": "moves to whatever is newest",
    }


def test_a_cloaked_model_whose_maker_was_stated_has_that_maker(tmp_path: Path) -> None:
    atlas = made(
        tmp_path, openrouter__model_day=[openrouter("openrouter/quasar-alpha", "2026-07-31")]
    )
    assert atlas.draft("openrouter", "openrouter/quasar-alpha").organisation == "openai"


def test_titles_match_where_slugs_do_not(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        hub=["Qwen/Qwen3-Max-Thing"],
        openrouter__model_day=[
            openrouter("qwen/q3-mt", "2026-07-31", name="Qwen: Qwen3 Max Thing (free)")
        ],
    )
    assert atlas.alias("openrouter", "qwen/q3-mt") == (
        "Qwen/Qwen3-Max-Thing",
        "same name and maker",
    )


def test_a_board_writes_one_model_at_several_efforts(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter("openai/gpt-5.5", "2026-07-31"),
            openrouter("anthropic/claude-opus-4.5", "2026-07-31"),
            openrouter("openai/chatgpt-latest", "2026-07-31"),
        ],
        lmarena__rating=[
            official("gpt-5.5", "2026-07-31", 1480),
            official("gpt-5.5-high", "2026-07-31", 1490),
            official("GPT 5.5 (xHigh)", "2026-07-31", 1491),
            official("claude-opus-4-5-20251101-high-32k", "2026-07-31", 1470,
                     organization="anthropic"),
            official("chatgpt-latest-20260101", "2026-07-31", 1400),
            official("gpt-5.5-codex", "2026-07-31", 1400),
        ],
    )  # fmt: skip
    assert atlas.alias("arena", "gpt-5.5") == ("openai/gpt-5.5", "same name and maker")
    assert atlas.alias("arena", "gpt-5.5-high") == ("openai/gpt-5.5", "variant")
    assert atlas.alias("arena", "GPT 5.5 (xHigh)") == ("openai/gpt-5.5", "variant")
    assert atlas.alias("arena", "claude-opus-4-5-20251101-high-32k") == (
        "anthropic/claude-opus-4.5",
        "dated",
    )
    # each day of a moving name is another model, and another word is another model too
    assert atlas.alias("arena", "chatgpt-latest-20260101")[1] == "own identity"
    assert atlas.alias("arena", "gpt-5.5-codex")[1] == "own identity"


def test_the_same_name_of_another_maker_is_another_model(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        hub=["meta-llama/Thing-7B"],
        lmarena__rating=[official("thing-7b", "2026-07-31", 1000)],
    )
    assert atlas.alias("arena", "thing-7b") == ("thing-7b", "own identity")
    assert atlas.draft("arena", "thing-7b").organisation == "openai"


def test_a_blank_organisation_is_told_by_the_name(tmp_path: Path) -> None:
    atlas = made(
        tmp_path, lmarena__rating=[official("grok-9", "2026-07-31", 1400, organization=None)]
    )
    assert atlas.draft("arena", "grok-9").organisation == "xai"


def base(name: str, is_open: bool | None, **cells: Any) -> dict[str, Any]:
    return {
        "observed_on": day("2026-07-02"),
        "base_model_id": name,
        "is_open_weights": is_open,
        **cells,
    }


def offer(provider: str, name: str, **cells: Any) -> dict[str, Any]:
    return {"observed_on": day("2026-07-02"), "provider_id": provider, "model_id": name, **cells}


def test_the_hub_is_believed_before_the_board_and_the_board_before_models_dev(
    tmp_path: Path,
) -> None:
    atlas = made(
        tmp_path,
        hub=["Qwen/Qwen3-8B"],
        lmarena__rating=[
            official("qwen3-8b", "2026-07-31", 1300, organization="Alibaba", licence="Proprietary"),
            official("gpt-a", "2026-07-31", 1300, licence="Apache 2.0"),
            official("gpt-b", "2026-07-31", 1300, licence="Proprietary"),
        ],
        models_dev__base_model=[
            base("openai/gpt-a", False),
            base("openai/gpt-b", True),
            base("openai/gpt-c", True, released_on=day("2026-01-02")),
        ],
    )
    assert atlas.draft("arena", "qwen3-8b").is_open is True
    assert "`Proprietary`" in atlas.reason("arena", "qwen3-8b")
    assert "Hub" in atlas.reason("arena", "qwen3-8b")
    assert atlas.draft("arena", "gpt-a").is_open is True
    assert atlas.draft("arena", "gpt-a").licence_text == "Apache 2.0"
    assert "closed, but the board gives `Apache 2.0`" in atlas.reason("models_dev", "openai/gpt-a")
    assert atlas.draft("arena", "gpt-b").is_open is False
    assert atlas.draft("models_dev", "openai/gpt-c").is_open is True
    assert atlas.draft("models_dev", "openai/gpt-c").released_on == day("2026-01-02")


def test_offers_that_disagree_evenly_leave_openness_unknown(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        models_dev__provider_model=[
            offer("one", "openai/gpt-q", is_open_weights=True),
            offer("two", "openai/gpt-q", is_open_weights=False),
        ],
    )
    assert atlas.draft("models_dev", "one/openai/gpt-q").is_open is None
    assert atlas.alias("models_dev", "two/openai/gpt-q")[1] == "same name and maker"


def test_a_page_says_open_without_a_licence_text(tmp_path: Path) -> None:
    atlas = made(tmp_path, lmarena__board_day=[page("gpt-o", "2026-04-30", 1400, licence="open")])
    assert atlas.draft("arena", "gpt-o").is_open is True
    assert atlas.draft("arena", "gpt-o").licence_text is None


def test_a_correction_of_openness_bites(tmp_path: Path) -> None:
    entry = {"source": "models_dev", "name": "openai/gpt-z", "is_open": False, "reason": "r"}
    atlas = made(
        tmp_path,
        known=curated(open_weights=(entry,)),
        models_dev__base_model=[base("openai/gpt-z", True)],
    )
    assert atlas.draft("models_dev", "openai/gpt-z").is_open is False
    assert atlas.catalogue.corrected == {"openai/gpt-z"}


def test_offers_lead_to_a_model_only_where_the_maker_is_plain(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        hub=["Qwen/Qwen3-8B", "meta-llama/Odd"],
        models_dev__base_model=[
            base("alibaba/qwen-flash", False, weights_urls=None),
            base("alibaba/qwen3-8b", True, weights_urls="https://huggingface.co/Qwen/Qwen3-8B"),
        ],
        models_dev__provider_model=[
            offer("router", "flash", base_model_id="alibaba/qwen-flash"),
            offer("router", "Qwen/Qwen3-8B"),
            offer("router", "qwen3-8b"),
            offer("openai", "gpt-own"),
            offer("router", "odd"),
        ],
    )
    assert atlas.alias("models_dev", "alibaba/qwen3-8b") == ("Qwen/Qwen3-8B", "stated")
    assert atlas.alias("models_dev", "router/flash") == ("alibaba/qwen-flash", "stated")
    assert atlas.alias("models_dev", "router/Qwen/Qwen3-8B")[0] == "Qwen/Qwen3-8B"
    assert atlas.alias("models_dev", "router/qwen3-8b")[0] == "Qwen/Qwen3-8B"
    assert atlas.draft("models_dev", "openai/gpt-own").organisation == "openai"
    # "odd" is some maker's name, but nothing says whose
    assert ("models_dev", "router/odd") not in atlas.catalogue.aliases
    assert [row["name"] for row in atlas.unresolved] == ["router/odd"]


def litellm(key: str, provider: str) -> dict[str, Any]:
    return {
        "observed_on": day("2026-08-01"),
        "model_key": key,
        "provider": provider,
        "input_usd_per_token": 2e-6,
        "output_usd_per_token": 8e-6,
    }


def test_keys_lead_to_models_where_they_tell_the_maker(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[openrouter("openai/gpt-x", "2026-07-31")],
        litellm__price=[
            litellm("openai/gpt-x@001", "openai"),
            litellm("azure/eu/gpt-x-20260701", "azure"),  # the name of a model that there is
            litellm("azure/gpt-y", "azure"),  # a name of nobody's: an operator's own, perhaps
            litellm("azure/openai/gpt-z", "azure"),  # its maker is named
            litellm("bedrock/eu-west-1/openai.gpt-z-v1:0", "azure"),
        ],
    )
    assert atlas.alias("litellm", "openai/gpt-x@001")[0] == "openai/gpt-x"
    assert atlas.alias("litellm", "azure/eu/gpt-x-20260701")[0] == "openai/gpt-x"
    assert ("litellm", "azure/gpt-y") not in atlas.catalogue.aliases
    assert atlas.alias("litellm", "azure/openai/gpt-z")[0] == "azure/openai/gpt-z"
    assert atlas.alias("litellm", "bedrock/eu-west-1/openai.gpt-z-v1:0")[0] == "azure/openai/gpt-z"
    prices = {row["name"]: row for row in atlas.rows["core__price"]}
    assert prices["azure/gpt-y"]["organisation_id"] == "unknown"
    assert prices["azure/gpt-y"]["model_id"] is None
    assert prices["azure/openai/gpt-z"]["organisation_id"] == "openai"
    assert prices["openai/gpt-x@001"]["input_usd_per_mtok"] == pytest.approx(2.0)
    assert {row["name"]: row["reason"] for row in atlas.unresolved} == {
        "azure/gpt-y": "operator: the name decides"
    }


def pulls(name: str, on: str = "2026-07-01", count: int = 100) -> dict[str, Any]:
    return {
        "observed_on": day(on),
        "observed_at": dt.datetime.fromisoformat(on),
        "model_name": name,
        "pulls_total_count": count,
    }


def test_a_library_entry_is_a_collection_of_its_own(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        hub=["Qwen/Qwen3"],
        ollama__pulls=[pulls("qwen3"), pulls("nobody")],
        lmarena__rating=[official("qwen3", "2026-07-31", 1300, organization="Alibaba")],
    )
    assert atlas.alias("ollama", "qwen3") == ("qwen3", "own identity")
    draft = atlas.draft("ollama", "qwen3")
    assert (draft.organisation, draft.family, draft.is_open) == ("alibaba", "qwen", True)
    # other names never lead to a collection
    assert atlas.alias("arena", "qwen3")[0] == "Qwen/Qwen3"
    assert [row["name"] for row in atlas.unresolved] == ["nobody"]


def test_a_library_entry_in_front_of_a_hosted_model_is_closed(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        ollama__pulls=[pulls("gpt-x")],
        models_dev__base_model=[base("openai/gpt-x", False)],
    )
    assert atlas.draft("ollama", "gpt-x").is_open is False
    assert "closed weights" in atlas.reason("ollama", "gpt-x")


def test_several_makers_of_a_notable_model(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        hub=["meta-llama/Llama-3.1-405B"],
        epoch_models__model=[
            {"observed_on": day("2026-01-26"), "model": "Llama 3.1-405B\n",
             "organization": "Some University,Meta AI", "published_on": day("2024-07-23")},
            {"observed_on": day("2026-01-26"), "model": "A/B net", "organization": "Nobody"},
        ],
    )  # fmt: skip
    assert atlas.alias("epoch", "Llama 3.1-405B\n")[0] == "meta-llama/Llama-3.1-405B"
    assert atlas.draft("epoch", "A/B net").organisation == "unknown"
    assert [row["name"] for row in atlas.unresolved] == ["A/B net"]


# ---- prices ------------------------------------------------------------------------------------


def test_prices_stand_at_the_last_day_of_each_month(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter("openai/gpt-x", "2026-07-30", input_usd_per_token=9e-6),
            openrouter("openai/gpt-x", "2026-07-31"),
            openrouter("openai/gpt-x", "2026-08-22", output_usd_per_token=2e-6),
            openrouter("openai/gpt-x:free", "2026-08-22", input_usd_per_token=0.0,
                       output_usd_per_token=0.0),
            openrouter("qwen/zero", "2026-08-22", input_usd_per_token=0.0,
                       output_usd_per_token=0.0),
            openrouter("~openai/gpt-latest", "2026-08-22"),
            # published as -1: no price
            openrouter("openrouter/auto", "2026-08-22", input_usd_per_token=None),
        ],
        openrouter_prices__model_month=[
            {"observed_on": day("2023-07-26"), "slug": "openai/gpt-x",
             "input_usd_per_mtok": 30.0, "output_usd_per_mtok": 60.0},
        ],
    )  # fmt: skip
    found = {
        (row["catalogue"], row["name"], row["observed_on"].isoformat()): (
            round(row["input_usd_per_mtok"], 9),
            round(row["output_usd_per_mtok"], 9),
            row["variant"],
            row["is_free_variant"],
        )
        for row in atlas.rows["core__price"]
    }
    assert found == {
        ("openrouter", "openai/gpt-x", "2026-07-31"): (1.0, 4.0, "", False),
        ("openrouter", "openai/gpt-x", "2026-08-22"): (1.0, 2.0, "", False),
        ("openrouter", "openai/gpt-x:free", "2026-08-22"): (0.0, 0.0, "free", True),
        ("openrouter", "qwen/zero", "2026-08-22"): (0.0, 0.0, "", True),
        ("openrouter", "~openai/gpt-latest", "2026-08-22"): (1.0, 4.0, "moving", False),
        ("openrouter_prices", "openai/gpt-x", "2023-07-26"): (30.0, 60.0, "", False),
    }
    ids = {row["model_id"] for row in atlas.rows["core__price"] if "gpt-x" in row["name"]}
    assert len(ids) == 1


def test_models_dev_has_a_price_for_each_provider(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        models_dev__provider_model=[
            offer("one", "openai/gpt-q", input_usd_per_mtok=1.0, output_usd_per_mtok=2.0),
            offer("two", "openai/gpt-q", input_usd_per_mtok=3.0, output_usd_per_mtok=4.0),
            offer("two", "openai/gpt-r"),
        ],
    )
    rows = atlas.rows["core__price"]
    assert sorted((row["provider"], row["input_usd_per_mtok"]) for row in rows) == [
        ("one", 1.0),
        ("two", 3.0),
    ]
    assert {row["organisation_id"] for row in rows} == {"openai"}


# ---- ratings -----------------------------------------------------------------------------------


def test_ratings_stand_at_month_ends_and_the_newest_day_has_all_categories(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        lmarena__rating=[
            official("gpt-a", "2026-07-02", 1400),
            official("gpt-a", "2026-07-31", 1401, licence="Proprietary"),
            official("gpt-a", "2026-07-31", 1390, category="coding"),
            official("gpt-a", "2026-08-19", 1402),
            official("gpt-a", "2026-08-19", 1391, category="coding"),
            official("gpt-a", "2026-08-10", 1300, board="webdev"),
            official("gpt-a", "2026-08-10", 1299, board="webdev", category="webdev-html"),
        ],
    )
    found = {
        (row["board"], row["category"], row["observed_on"].isoformat(), row["rating"])
        for row in atlas.rows["core__rating"]
    }
    assert found == {
        ("text", "overall", "2026-07-31", 1401.0),
        ("text", "overall", "2026-08-19", 1402.0),
        ("text", "coding", "2026-08-19", 1391.0),
        ("webdev", "overall", "2026-08-10", 1300.0),
    }
    row = atlas.rows["core__rating"][0]
    assert (row["organisation_id"], row["is_open_weights"], row["series"]) == (
        "openai",
        False,
        "official",
    )


def test_names_that_stand_twice_do_not_count_nor_does_a_list_made_of_several(
    tmp_path: Path,
) -> None:
    once = [official(f"gpt-{i}", "2026-07-31", 1300 + i) for i in range(19)]
    twins = [
        official("gpt-twin", "2026-07-31", 1500, repeat_number=i, repeats_count=2) for i in (1, 2)
    ]
    mixed = [
        official("gpt-m", "2026-07-31", 1200 + i, board="search", repeat_number=i, repeats_count=3)
        for i in (1, 2, 3)
    ]
    alone = [official("gpt-n", "2026-07-31", 1250, board="search")]
    atlas = made(tmp_path, lmarena__rating=[*once, *twins, *mixed, *alone])
    names = {(row["board"], row["name"]) for row in atlas.rows["core__rating"]}
    assert names == {("text", f"gpt-{i}") for i in range(19)}


def test_pages_go_by_the_official_names_and_agents_have_no_rating(tmp_path: Path) -> None:
    atlas = made(
        tmp_path,
        lmarena__board_day=[
            page("gpt-a", "2026-04-29", 1399),
            page("gpt-a", "2026-04-30", 1400),
            page("gpt-a", "2026-04-30", 1300, board="code"),
            page("gpt-a", "2026-04-30", 1200, board="text-to-image"),
            page("gpt-a", "2026-04-30", 2300, board="agent"),
            page("gpt-a", "2026-04-30", 1100, board="vision"),
        ],
    )
    rows = {row["board"]: row for row in atlas.rows["core__rating"]}
    assert set(rows) == {"text_style_control", "webdev", "text_to_image", "vision_style_control"}
    best = rows["text_style_control"]
    assert (best["rating"], best["rating_lower"], best["rating_upper"]) == (1400, 1396, 1404)
    assert best["scale"] == "page text_style_control from 2026-04-30"


def test_older_editions_have_intervals_around_the_rating(tmp_path: Path) -> None:
    row = {
        "observed_on": day("2024-06-19"), "board": "text", "rank": 1, "model_name": "gpt-4",
        "rating": 1287.0, "rating_column": "arena_elo", "interval_low_points": 3.0,
        "interval_high_points": 4.0, "votes_count": 10, "organization": "OpenAI",
        "licence": "Propretary",
    }  # fmt: skip
    twin = {**row, "rank": 9, "rating": 1100.0, "votes_count": 2}
    atlas = made(tmp_path, lmarena_history__rating=[row, twin])
    (found,) = atlas.rows["core__rating"]
    assert (found["rating"], found["rating_lower"], found["rating_upper"]) == (1287, 1284, 1291)
    assert found["is_open_weights"] is False  # a typing error of "Proprietary"


@settings(max_examples=12)
@given(st.integers(min_value=-12, max_value=12), st.permutations(list(range(6))))
def test_a_scale_ends_where_all_move_together(
    tmp_path_factory: pytest.TempPathFactory, shift: int, order: list[int]
) -> None:
    rows = [official(f"gpt-{i}", "2026-06-30", 1300 + 10 * i) for i in order]
    rows += [official(f"gpt-{i}", "2026-07-31", 1300 + 10 * i + shift) for i in order]
    atlas = made(tmp_path_factory.mktemp("lake"), lmarena__rating=rows)
    scales = {row["scale"] for row in atlas.rows["core__rating"]}
    expected = {"official text from 2026-06-30"}
    if abs(shift) >= SCALE_SHIFT_POINTS:
        expected.add("official text from 2026-07-31")
    assert scales == expected


def test_editions_that_share_few_models_are_not_one_scale(tmp_path: Path) -> None:
    rows = [official(f"gpt-{i}", "2026-06-30", 1300 + i) for i in range(8)]
    rows += [official(f"gpt-{i}", "2026-07-31", 1300 + i) for i in range(4, 12)]
    atlas = made(tmp_path, lmarena__rating=rows)
    assert len({row["scale"] for row in atlas.rows["core__rating"]}) == 2


# ---- tokens ------------------------------------------------------------------------------------


def test_tokens_are_sums_and_the_newer_set_replaces_the_older(tmp_path: Path) -> None:
    old = "pre_2026-02-09_cleanup_UNRELIABLE_SPLITS"
    atlas = made(
        tmp_path,
        openrouter__model_day=[
            openrouter("qwen/qwen3-8b", "2026-07-31", hub_id="Qwen/Qwen3-8B",
                       canonical_slug="qwen/qwen3-8b-20260401"),
        ],
        models_dev__base_model=[base("openai/gpt-x", False)],
        openrouter_usage__model_week=[
            week("qwen/qwen3-8b-20260401", "2026-05-11", 70, requests_count=7, revenue_usd=1.0),
            week("qwen/qwen3-8b-20260401:free", "2026-05-11", 30, requests_count=None),
            week("openai/gpt-x-20260101", "2026-05-11", 40, requests_count=4, revenue_usd=2.0),
            week("stealth/ox", "2026-05-11", 5),
            week("openai/gpt-x", "2026-05-11", 999, source_set=old),
            week("openai/gpt-x", "2025-03-02", 11, source_set=old, requests_count=1,
                 revenue_usd=9.0),
        ],
    )  # fmt: skip
    found = {
        (row["observed_on"].isoformat(), row["organisation_id"], row["openness"]): (
            row["models_count"], row["tokens_count"], row["requests_count"], row["spend_usd"],
        )
        for row in atlas.rows["core__tokens_week"]
    }  # fmt: skip
    assert found == {
        ("2026-05-11", "alibaba", "open"): (2, 100.0, None, None),
        ("2026-05-11", "openai", "closed"): (1, 40.0, 4.0, 2.0),
        ("2026-05-11", "unknown", "unknown"): (1, 5.0, None, None),
        ("2025-03-02", "openai", "closed"): (1, 11.0, 1.0, None),
    }
    assert not any(row["is_other"] for row in atlas.rows["core__tokens_week"])
    (missing,) = (row for row in atlas.unresolved if row["unit"] == "tokens")
    assert (missing["name"], missing["weight"]) == ("stealth/ox", 5.0)
    assert missing["weight_share"] == pytest.approx(5 / 1155)


def test_a_lake_without_these_sources_gives_empty_tables(tmp_path: Path) -> None:
    # a lake that was synced, but with another source
    row = {"observed_on": day("2026-06-10"), "model_id": "Qwen/Qwen3-8B"}
    row |= {"downloads_30d_count": 1, "likes_count": 1}
    atlas = made(tmp_path, os_ai_map__top_model=[row])
    assert atlas.rows == {"core__price": [], "core__rating": [], "core__tokens_week": []}
    assert atlas.unresolved == []
    assert len(atlas.catalogue) == 0


# ---- the full data -----------------------------------------------------------------------------

USAGE = "models/openrouter_usage_johnbean393/openrouter_top_models_weekly_unrolled.csv"
STAGED = {
    "openrouter": "models/openrouter_catalog_jvrck/openrouter_models_daily_unrolled.parquet",
    "openrouter_usage": USAGE,
    "lmarena": "models/lmarena_daily_2026",
    "models_dev": "models/models_dev",
    "ollama": "models/ollama_registry_auditomatic/ollama_pulls_daily_unrolled.parquet",
}  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atlas]:
    root = Path(
        os.environ.get("UNDERLAY_DATA", Path(__file__).parents[2].parent / "shared" / "data")
    )
    missing = [path for path in STAGED.values() if not (root / path).exists()]
    if missing:
        pytest.skip(f"the full data holds no {missing[0]} here (set UNDERLAY_DATA)")
    lake = tmp_path_factory.mktemp("full")
    for name, path in STAGED.items():
        sync_from(source(name), root / path, lake, NOW)
    catalogue = Catalogue(read_curated())
    with Engine(Lake(lake), [*RAW.values(), *CORE]) as engine:
        add_hubs(catalogue, engine)
        add_catalogues(catalogue, engine)
        register(engine, catalogue)
        unresolved: list[dict[str, Any]] = []
        rows: dict[str, list[dict[str, Any]]] = {}
        for batch in catalogue_batches(engine, catalogue.curated, unresolved):
            batch.check()
            rows[batch.table.name] = batch.data.to_pylist()
    yield Atlas(catalogue, rows, unresolved)


def known_share(atlas: Atlas, platform: str) -> float:
    owners = [
        atlas.catalogue.drafts[alias.model].organisation
        for (place, _), alias in atlas.catalogue.aliases.items()
        if place == platform
    ]
    return sum(owner != "unknown" for owner in owners) / len(owners)


@pytest.mark.parametrize("platform", ["openrouter", "arena", "ollama"])
def test_nearly_every_real_name_has_a_maker(full: Atlas, platform: str) -> None:
    assert known_share(full, platform) > 0.95


def test_real_rows_say_what_the_files_say(full: Atlas) -> None:
    newest: Mapping[str, Any] = next(
        row
        for row in full.rows["core__rating"]
        if row["board"] == "text_style_control"
        and row["category"] == "overall"
        and row["observed_on"] == day("2026-08-19")
        and row["name"] == "claude-fable-5"
    )
    assert newest["rating"] == pytest.approx(1507.3328, abs=1e-3)
    assert (newest["organisation_id"], newest["is_open_weights"]) == ("anthropic", False)
    weeks = {row["observed_on"] for row in full.rows["core__tokens_week"]}
    assert max(weeks) == day("2026-05-11")
    last = [r for r in full.rows["core__tokens_week"] if r["observed_on"] == day("2026-05-11")]
    assert sum(row["tokens_count"] for row in last) == pytest.approx(12.446e12)
    assert all(row["spend_usd"] is None for row in last)  # that week's revenue is broken
    stamps = {r["observed_on"] for r in full.rows["core__price"] if r["catalogue"] == "openrouter"}
    assert len({(stamp.year, stamp.month) for stamp in stamps}) == len(stamps)
