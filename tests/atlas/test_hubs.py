"""From hub listings to the catalogue, and their counts."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas import contracts
from underlay.atlas.build import raw_contracts
from underlay.atlas.contracts import CORE
from underlay.atlas.curated import read_curated
from underlay.atlas.hubs import add_hubs, observations
from underlay.atlas.models import Catalogue, Draft
from underlay.lake import Engine, Lake
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

RAW = {table.name: table for table in raw_contracts()}
DAY = dt.date(2026, 6, 10)
Rows = dict[str, "Sequence[dict[str, Any]]"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path, must_exist=False), (*RAW.values(), *CORE)) as engine:
        yield engine


@pytest.fixture
def read(engine: Engine) -> Callable[..., Catalogue]:
    """The catalogue of raw rows by table: `read(raw_hf_census__model=[...])`."""

    def make(**raw: Sequence[dict[str, Any]]) -> Catalogue:
        for name, rows in raw.items():
            stamped = [{"snapshot_sha256": "0" * 64, "observed_on": DAY, **row} for row in rows]
            engine.register(name, Batch.from_rows(RAW[name], stamped))
        catalogue = Catalogue(read_curated())
        add_hubs(catalogue, engine)
        return catalogue

    return make


def _draft(catalogue: Catalogue, name: str, platform: str = "huggingface") -> Draft:
    return catalogue.drafts[catalogue.aliases[platform, name].model]


def _top(name: str, tags: str = "", **more: Any) -> dict[str, Any]:
    return {"model_id": name, "tags": tags, "downloads_30d_count": 1, **more}


def _fit(name: str, **more: Any) -> dict[str, Any]:
    return {"model_id": name, "snapshot_source": "s", "date_basis": "d", **more}


def _month(platform: str, namespace: str, name: str, **more: Any) -> dict[str, Any]:
    return {"platform": platform, "namespace": namespace, "model_name": name, **more}


def test_the_first_list_s_facts(read: Callable[..., Catalogue]) -> None:
    catalogue = read(
        raw_os_ai_map__top_model=[
            _top("a/b", "llama,license:mit,dataset:x,base_model:finetune:c/d",
                 pipeline_tag="text-generation", created_at=dt.datetime(2025, 3, 4, 5)),
            _top("a/plain"),
        ],
        raw_llmfit__model=[
            _fit("a/b", architecture="llama", pipeline_tag="other", licence="gpl",
                 parameters_count=7, active_parameters_count=3),
            _fit("a/plain", architecture="bert", licence="mit", released_on=dt.date(2025, 1, 1)),
        ],
    )  # fmt: skip
    draft = _draft(catalogue, "a/b")
    assert (draft.pipeline_tag, draft.licence_text, draft.architecture) == (
        "text-generation", "mit", "llama",
    )  # fmt: skip
    assert (draft.parameters, draft.active_parameters) == (7, 3)
    assert draft.has_training_data is True
    assert draft.created_on == dt.date(2025, 3, 4)
    assert draft.bases == {"c/d": ("finetune", "declared", "os_ai_map")}
    assert draft.is_open
    plain = _draft(catalogue, "a/plain")
    assert plain.licence_text == "none declared"  # its page was read and states none
    assert plain.has_training_data is None
    assert plain.architecture == "bert"
    assert plain.created_on == dt.date(2025, 1, 1)
    # a base becomes a model, though no list has it
    assert _draft(catalogue, "c/d").bases == {}


@pytest.mark.parametrize(
    "base", ["https://example.org/x", "/etc/passwd", "./local", "a/b/c", "x" * 201]
)
def test_a_base_that_is_no_hub_name_makes_no_model(
    read: Callable[..., Catalogue], base: str
) -> None:
    catalogue = read(raw_os_ai_map__top_model=[_top("a/b", f"base_model:finetune:{base}")])
    assert [draft.name for draft in catalogue.drafts] == ["a/b"]


def test_gguf_edges(read: Callable[..., Catalogue]) -> None:
    edge = {"snapshot_source": "s", "model_id": "a/b", "gguf_repo_id": "c/b-GGUF"}
    catalogue = read(
        raw_os_ai_map__top_model=[_top("c/b-GGUF", "base_model:quantized:a/b")],
        raw_llmfit__gguf_edge=[edge, {**edge, "gguf_repo_id": "d/b-GGUF"}],
    )
    assert _draft(catalogue, "c/b-GGUF").bases == {"a/b": ("quantized", "declared", "os_ai_map")}
    assert _draft(catalogue, "d/b-GGUF").bases == {"a/b": ("quantized", "declared", "llmfit")}


def test_tracked_models_their_sizes_and_release_dates(read: Callable[..., Catalogue]) -> None:
    catalogue = read(
        raw_atom__tracked_model=[
            {"model_id": "a/b", "organization": "a", "model_name": "b", "list": "main"}
        ],
        raw_atom__model_parameters=[
            {"model_id": "a/b", "parameters_count": 70, "active_parameters_count": 5}
        ],
        raw_atom__release_date_correction=[
            {"model_id": "a/b", "hub_created_on": DAY, "released_on": dt.date(2025, 2, 3)}
        ],
        raw_llmfit__model=[_fit("a/b", parameters_count=7, released_on=dt.date(2025, 1, 1))],
    )
    draft = _draft(catalogue, "a/b")
    assert (draft.parameters, draft.active_parameters) == (70, 5)
    assert (draft.released_on, draft.is_corrected) == (dt.date(2025, 2, 3), True)
    row = catalogue.rows()[catalogue.aliases["huggingface", "a/b"].model]
    assert (row["released_on"], row["released_on_method"]) == (dt.date(2025, 2, 3), "corrected")


def test_bare_names_of_the_census(read: Callable[..., Catalogue]) -> None:
    census = [{"model_id": name, "pipeline_tag": "fill-mask", "downloads_30d_count": 1}
              for name in ("roberta-base", "nobody-s", "x/roberta-base")]  # fmt: skip
    lists: Rows = {
        "raw_os_ai_map__top_model": [_top("x/y", "base_model:finetune:roberta-base")],
        "raw_llmfit__model": [_fit("FacebookAI/roberta-base"), _fit("roberta-base")],
        "raw_hf_census__model": census,
    }
    for names in itertools.permutations(lists, 3):
        catalogue = read(**{name: lists[name] for name in names})
        bare = catalogue.aliases["huggingface", "roberta-base"]
        assert bare.method == "moved"
        assert catalogue.drafts[bare.model].name == "FacebookAI/roberta-base"
        assert catalogue.drafts[bare.model].organisation == "meta"
        assert catalogue.drafts[bare.model].pipeline_tag == "fill-mask"
    assert _draft(catalogue, "nobody-s").account == ""


def test_counts_by_listing(engine: Engine, read: Callable[..., Catalogue]) -> None:
    catalogue = read(
        raw_os_ai_map__top_model=[_top("a/b", downloads_30d_count=11, likes_count=2)],
        raw_llmfit__model=[_fit("a/b", downloads_30d_count=12)],
        raw_hf_census__model=[{"model_id": "a/b", "downloads_30d_count": 13}],
        raw_osir_lmts__model_month=[
            _month("HuggingFace", "a", "b", downloads_30d_count=14, descendants_count=3),
            _month("ModelScope", "a", "b", downloads_total_count=15),
        ],
        raw_ollama__pulls=[
            {"model_name": "b", "pulls_total_count": 16, "observed_at": dt.datetime(2026, 6, 10)}
        ],
    )
    catalogue.elsewhere("ollama", "b", organisation="unknown", is_collection=True)
    items = catalogue.aliases.items()
    aliases = [
        {"platform": platform, "name": name, "model_id": alias.model, "method": alias.method,
         "reason": alias.reason}
        for (platform, name), alias in items
    ]  # fmt: skip
    engine.register("core__alias", Batch.from_rows(contracts.core("alias"), aliases))
    observation = contracts.core("observation")
    batch = Batch.concat([engine.batch(observation, each) for each in observations(engine)])
    batch.check()
    found = {(row["listing"], row["metric"]): row["value"] for row in batch.rows()}
    assert found == {
        ("os_ai_map", "downloads_30d_count"): 11,
        ("os_ai_map", "likes_count"): 2,
        ("llmfit", "downloads_30d_count"): 12,
        ("census_2022", "downloads_30d_count"): 13,
        ("osir_lmts", "downloads_30d_count"): 14,
        ("osir_lmts", "descendants_count"): 3,
        ("osir_lmts_modelscope", "downloads_total_count"): 15,
        ("ollama", "pulls_total_count"): 16,
    }
    hub = catalogue.aliases["huggingface", "a/b"].model
    models = {row["listing"]: row["model_id"] for row in batch.rows()}
    assert models["ollama"] != hub
    assert {models[name] for name in ("os_ai_map", "llmfit", "census_2022", "osir_lmts")} == {hub}


def test_no_lists_at_all(read: Callable[..., Catalogue]) -> None:
    assert len(read()) == 0
