"""The atlas of the samples: whole, dense, reasoned, and the same each time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from underlay.atlas.build import build, raw_contracts
from underlay.atlas.contracts import CORE, core
from underlay.atlas.curated import read_curated
from underlay.errors import CorrectionError, SchemaError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from underlay.atlas.curated import Curated

ROOT = Path(__file__).parents[2]
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
RAW = {table.name: table for table in raw_contracts()}
Rows = list[dict[str, Any]]


def _read(root: Path, name: str, base: Lake | None = None) -> Rows:
    return Lake(root, base).read(core(name)).rows()


@pytest.fixture(scope="module")
def tables(small_lake: Path) -> dict[str, Rows]:
    lake = Lake(small_lake)
    return {table.name: lake.read(table).rows() for table in CORE}


@pytest.fixture
def made(tmp_path: Path, sample_curated: Curated) -> Callable[..., dict[str, Rows]]:
    """Build from raw rows by table; `corrections` replaces the declared ones."""

    def make(
        corrections: Mapping[str, tuple[Mapping[str, Any], ...]] | None = None,
        **raw: Sequence[Mapping[str, object]],
    ) -> dict[str, Rows]:
        root = tmp_path / "lake"
        shutil.rmtree(root, ignore_errors=True)
        transaction = Transaction(root)
        for name, rows in raw.items():
            stamped = [{"snapshot_sha256": "0" * 64, **row} for row in rows]
            transaction.merge(Batch.from_rows(RAW[name], stamped))
        transaction.commit(NOW)
        curated = dataclasses.replace(sample_curated, corrections=corrections or {})
        build(Lake(root, must_exist=False), curated, NOW)
        return {table.name: _read(root, table.name) for table in CORE}

    return make


def _top(name: str, tags: str, downloads: int = 1, **more: object) -> dict[str, object]:
    return {
        "observed_on": dt.date(2026, 6, 10),
        "model_id": name,
        "tags": tags,
        "downloads_30d_count": downloads,
        **more,
    }


def _model(tables: dict[str, Rows], name: str) -> dict[str, Any]:
    found = [row for row in tables["core__model"] if row["name"] == name]
    assert len(found) == 1, f"{len(found)} models are called {name}"
    return found[0]


# ---- what every atlas keeps --------------------------------------------------------------------


def test_every_core_table_fits_its_contract(small_lake: Path) -> None:
    lake = Lake(small_lake)
    for table in CORE:
        batch = lake.read(table)
        batch.check()
        assert len(batch), f"{table.name} is empty"


def test_ids_are_dense_and_everything_named_exists(tables: dict[str, Rows]) -> None:
    models = tables["core__model"]
    count = len(models)
    assert sorted(row["model_id"] for row in models) == list(range(count))
    accounts = [row["account_id"] for row in tables["core__account"]]
    assert sorted(accounts) == list(range(len(accounts)))
    for name, rows in tables.items():
        for row in rows:
            for column in ("model_id", "base_model_id", "root_model_id"):
                assert row.get(column) is None or 0 <= row[column] < count, (name, row)
    makers = {row["organisation_id"] for row in tables["core__organisation"]}
    families = {row["family_id"] for row in tables["core__family"]}
    for name in ("model", "account", "attribution", "price", "rating", "tokens_week", "component"):
        assert {row["organisation_id"] for row in tables[f"core__{name}"]} <= makers, name
    for row in models:
        assert {row["family_id"], row["subfamily_id"]} <= families
    sources = {row["source"] for row in tables["core__source"]}
    assert sources == {source.name for source in SOURCES}
    for rows in tables.values():
        stated = {row["source"] for row in rows if row.get("source")}
        assert stated <= {*sources, "names", "curated"}


def test_parts_sum_to_one(tables: dict[str, Rows]) -> None:
    sums: Counter[tuple[str, int]] = Counter()
    for row in tables["core__attribution"]:
        sums[row["attribution"], row["model_id"]] += row["weight_share"]
    ways = {way for way, _ in sums}
    assert ways == {"author", "nearest_base", "root", "fractional"}
    assert len(sums) == 4 * len(tables["core__model"])
    assert all(total == pytest.approx(1.0) for total in sums.values())


def test_every_name_says_why(tables: dict[str, Rows]) -> None:
    for row in tables["core__alias"]:
        assert row["method"]
        assert len(row["reason"]) > 10, row
    named = {row["model_id"] for row in tables["core__alias"]}
    assert named == {row["model_id"] for row in tables["core__model"]}
    for row in tables["core__organisation"]:
        assert row["country"] != "unknown" or row["country_reason"]
    for row in tables["core__unresolved"]:
        assert row["reason"]
        assert row["weight"] >= 0
        assert row["weight_share"] is None or 0 <= row["weight_share"] <= 1 + 1e-9


def test_lineage_and_models_agree(tables: dict[str, Rows]) -> None:
    edges = {(row["model_id"], row["base_model_id"]) for row in tables["core__lineage"]}
    assert edges
    for row in tables["core__model"]:
        if row["base_model_id"] is None:
            assert row["lineage"] == "none"
            assert row["root_model_id"] is None
            assert row["copy_kind"] in ("original", "quantised copy")
        else:
            assert (row["model_id"], row["base_model_id"]) in edges
            assert row["lineage"] in ("declared", "inferred")
    assert all(child != base for child, base in edges)


def test_counts_are_those_of_the_lists(small_lake: Path, tables: dict[str, Rows]) -> None:
    with Engine(Lake(small_lake), (*RAW.values(), *CORE)) as engine:
        raw = engine.tables["raw_os_ai_map__top_model"]
        result = engine.run(raw.aggregate(total=raw.downloads_30d_count.sum(), n=raw.count()))
    total, count = result.objects("total")[0], result.objects("n")[0]
    kept = [
        row for row in tables["core__observation"]
        if (row["listing"], row["metric"]) == ("os_ai_map", "downloads_30d_count")
    ]  # fmt: skip
    assert (sum(row["value"] for row in kept), len(kept)) == (total, count)


def test_sources_say_what_was_read(tables: dict[str, Rows]) -> None:
    rows = {row["source"]: row for row in tables["core__source"]}
    assert rows["os_ai_map"]["rows_count"] == 29
    assert rows["hf_census"]["first_observed_on"] == dt.date(2022, 7, 2)
    assert rows["hf_census"]["fetched_at"] == "2026-11-01T00:00:00Z"


def test_a_second_build_gives_the_same_bytes(
    tmp_path: Path, raw_lake: Path, small_lake: Path, sample_curated: Curated
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(small_lake, root)
    before = Lake(root).state
    again = build(Lake(root), sample_curated, NOW)
    assert again.version == before.version
    assert Lake(root).state.partitions == before.partitions
    # one thread and two give the same
    other = tmp_path / "other"
    shutil.copytree(raw_lake, other)
    built = build(Lake(other), sample_curated, NOW, threads=1)
    assert Lake(other).state.partitions == before.partitions
    assert built.rows["core__model"] == len(_read(root, "model"))
    assert not built.carried


def test_an_atlas_of_nothing(made: Callable[..., dict[str, Rows]]) -> None:
    tables = made()
    assert tables["core__model"] == []
    assert tables["core__attribution"] == []
    assert tables["core__organisation"]
    assert {row["rows_count"] for row in tables["core__source"]} == {0}


# ---- copies, licences, lineage -----------------------------------------------------------------


def test_a_model_that_also_ships_quantised_files_is_no_copy(
    made: Callable[..., dict[str, Rows]],
) -> None:
    tables = made(
        raw_os_ai_map__top_model=[
            _top("st/all-MiniLM-L6-v2", "onnx,base_model:quantized:nr/MiniLM-L6-H384-uncased"),
            _top("X/all-MiniLM-L6-v2", "onnx,base_model:quantized:st/all-MiniLM-L6-v2"),
            _top("st/all-MiniLM-L6-v2-GGUF", "gguf"),
            _top("y/all-MiniLM-L6-v2", "base_model:finetune:st/all-MiniLM-L6-v2"),
            _top("z/tuned", "base_model:finetune:st/all-MiniLM-L6-v2"),
        ]
    )
    assert _model(tables, "st/all-MiniLM-L6-v2")["copy_kind"] == "derivative"
    assert _model(tables, "X/all-MiniLM-L6-v2")["copy_kind"] == "quantised copy"
    assert _model(tables, "st/all-MiniLM-L6-v2-GGUF")["copy_kind"] == "quantised copy"
    assert _model(tables, "st/all-MiniLM-L6-v2-GGUF")["lineage"] == "inferred"
    assert _model(tables, "y/all-MiniLM-L6-v2")["copy_kind"] == "re-upload"
    assert _model(tables, "z/tuned")["copy_kind"] == "derivative"
    assert _model(tables, "nr/MiniLM-L6-H384-uncased")["copy_kind"] == "original"
    # the relation stays what the Hub says
    relations = {row["model_id"]: row["relation"] for row in tables["core__lineage"]}
    assert relations[_model(tables, "st/all-MiniLM-L6-v2")["model_id"]] == "quantized"


def test_a_copy_of_a_copy_inherits_in_any_order(made: Callable[..., dict[str, Rows]]) -> None:
    for names in (("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")):
        first, second, third = names
        tables = made(
            raw_os_ai_map__top_model=[
                _top(f"{first}/m-7B", "license:apache-2.0,llama"),
            ],
            raw_llmfit__model=[
                {"observed_on": dt.date(2026, 6, 1), "snapshot_source": "s", "date_basis": "d",
                 "model_id": f"{first}/m-7B", "architecture": "llama"}
            ],
            raw_llmfit__gguf_edge=[
                {"observed_on": dt.date(2026, 6, 1), "snapshot_source": "s",
                 "model_id": f"{second}/m-7B-GGUF", "gguf_repo_id": f"{third}/m-7B-GGUF"},
                {"observed_on": dt.date(2026, 6, 1), "snapshot_source": "s",
                 "model_id": f"{first}/m-7B", "gguf_repo_id": f"{second}/m-7B-GGUF"},
            ],
        )  # fmt: skip
        for name in (f"{second}/m-7B-GGUF", f"{third}/m-7B-GGUF"):
            row = _model(tables, name)
            assert row["openness"] == "osi-licence", (names, name)
            assert row["architecture"] == "llama"
            assert row["root_model_id"] == _model(tables, f"{first}/m-7B")["model_id"]


def test_models_built_on_each_other_end(made: Callable[..., dict[str, Rows]]) -> None:
    tables = made(
        raw_os_ai_map__top_model=[
            _top("a/x", "base_model:finetune:b/y"),
            _top("b/y", "base_model:finetune:c/z"),
            _top("c/z", "base_model:finetune:a/x,base_model:finetune:c/z"),
        ]
    )
    roots = {row["root_model_id"] for row in tables["core__model"]}
    assert len(roots) == 1
    assert len(tables["core__lineage"]) == 3


def test_two_licences_and_none(made: Callable[..., dict[str, Rows]]) -> None:
    tables = made(
        raw_os_ai_map__top_model=[
            _top("a/two", "license:mit,license:cc-by-nc-4.0"),
            _top("a/none", "region:us"),
        ]
    )
    assert _model(tables, "a/two")["openness"] == "research-only"
    assert _model(tables, "a/none")["openness"] == "none-declared"


def test_the_newest_known_fact_counts(made: Callable[..., dict[str, Rows]]) -> None:
    def row(day: dt.date, source: str, **facts: object) -> dict[str, object]:
        return {"observed_on": day, "snapshot_source": source, "date_basis": "d",
                "model_id": "a/b", **facts}  # fmt: skip

    old, new = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    tables = made(
        raw_llmfit__model=[
            row(old, "s", parameters_count=5, architecture="llama", licence="mit"),
            row(new, "a", parameters_count=6),
            row(new, "b", parameters_count=7),
        ]
    )
    model = _model(tables, "a/b")
    assert (model["parameters_count"], model["architecture"]) == (7, "llama")
    assert model["licence_text"] == "mit"


def test_a_count_is_stale_only_where_that_was_seen(made: Callable[..., dict[str, Rows]]) -> None:
    def row(name: str, source: str, fresh: bool | None) -> dict[str, object]:
        return {"observed_on": dt.date(2026, 1, 1), "snapshot_source": source, "date_basis": "d",
                "model_id": name, "downloads_30d_count": 5,
                "is_fresh_observation": fresh}  # fmt: skip

    tables = made(
        raw_llmfit__model=[
            row("a/stale", "s", False),
            row("a/stale", "t", None),
            row("a/fresh", "s", True),
            row("a/fresh", "t", False),
            row("a/not-compared", "s", None),
        ]
    )
    names = {row["model_id"]: row["name"] for row in tables["core__model"]}
    fresh = {names[row["model_id"]]: row["is_fresh"] for row in tables["core__observation"]}
    assert fresh == {"a/stale": False, "a/fresh": True, "a/not-compared": True}


def test_two_spellings_of_one_model_count_once(made: Callable[..., dict[str, Rows]]) -> None:
    tables = made(
        raw_os_ai_map__top_model=[_top("A/b", "", 5), _top("a/B", "", 7), _top("a/c", "", 2)]
    )
    counts = [
        row["value"] for row in tables["core__observation"]
        if row["metric"] == "downloads_30d_count"
    ]  # fmt: skip
    assert sorted(counts) == [2, 7]


def test_an_account_has_the_owner_of_the_account(made: Callable[..., dict[str, Rows]]) -> None:
    """A catalogue may know who made one model of an account that nobody knows."""
    tables = made(
        raw_os_ai_map__top_model=[_top("who-is-this/a", ""), _top("who-is-this/b", "")],
        raw_openrouter__model_day=[
            {"observed_on": dt.date(2026, 6, 1), "slug": "mistralai/odd", "name": "Odd",
             "hub_id": "who-is-this/a"}
        ],
    )  # fmt: skip
    owners = {row["account"]: row["organisation_id"] for row in tables["core__account"]}
    assert _model(tables, "who-is-this/a")["organisation_id"] == "mistral"
    assert owners["who-is-this"] == "unknown"


# ---- corrections -------------------------------------------------------------------------------


def _rename(old: str, source: str = "os_ai_map") -> dict[str, object]:
    return {"source": source, "old": old, "new": "new-name", "reason": "r", "date": "2026-01-01"}


def test_a_rename_joins_both_names(made: Callable[..., dict[str, Rows]]) -> None:
    tables = made(
        {"rename_namespace": (_rename("Old-Name"),)},
        raw_os_ai_map__top_model=[_top("old-name/x", "", 3), _top("new-name/X", "", 4)],
    )
    assert [row["name"] for row in tables["core__model"]] in (["new-name/X"], ["new-name/x"])
    aliases = {row["name"]: row["method"] for row in tables["core__alias"]}
    assert aliases["old-name/x"] == "renamed"


@pytest.mark.parametrize("other", ["llmfit", "atom"])
def test_a_correction_that_is_idle_stops_the_build(
    made: Callable[..., dict[str, Rows]], other: str
) -> None:
    """It bites in the source that it names, not in another one."""
    with pytest.raises(CorrectionError, match="old-name"):
        made(
            {"rename_namespace": (_rename("old-name", other),)},
            raw_os_ai_map__top_model=[_top("old-name/x", "")],
            raw_llmfit__model=[
                {"observed_on": dt.date(2026, 6, 1), "snapshot_source": "s", "date_basis": "d",
                 "model_id": "old-name-2/x"}
            ],
            raw_atom__tracked_model=[
                {"observed_on": dt.date(2026, 6, 1), "model_id": "old-names/x",
                 "organization": "o", "model_name": "x", "list": "main"}
            ],
        )  # fmt: skip


def test_a_correction_of_a_source_that_is_not_there_waits(
    made: Callable[..., dict[str, Rows]],
) -> None:
    tables = made(
        {"rename_namespace": (_rename("old-name", "hf_census"),)},
        raw_os_ai_map__top_model=[_top("a/x", "")],
    )
    assert tables["core__model"]


@pytest.mark.parametrize("field", ["source", "reason", "date"])
def test_a_correction_without_reason_or_date(
    made: Callable[..., dict[str, Rows]], field: str
) -> None:
    with pytest.raises(SchemaError, match=field):
        made({"rename_namespace": ({**_rename("a"), field: ""},)})


def test_an_idle_correction_of_openness(made: Callable[..., dict[str, Rows]]) -> None:
    entry = {"source": "os_ai_map", "name": "a/x", "is_open": True, "reason": "r", "date": "d"}
    with pytest.raises(CorrectionError, match="a/x"):
        made({"open_weights": (entry,)}, raw_os_ai_map__top_model=[_top("a/x", "")])


def test_the_samples_lack_what_the_shipped_corrections_mend(raw_lake: Path, tmp_path: Path) -> None:
    root = tmp_path / "lake"
    shutil.copytree(raw_lake, root)
    before = Lake(root).state
    with pytest.raises(CorrectionError):
        build(Lake(root), read_curated(), NOW)
    assert Lake(root).state == before


# ---- over a base -------------------------------------------------------------------------------


def test_sums_of_rows_that_may_not_ship_are_carried_over(
    tmp_path: Path, small_lake: Path, sample_curated: Curated
) -> None:
    base = tmp_path / "base"
    shutil.copytree(small_lake, base)
    kept = [
        table for source in SOURCES if source.terms.may_redistribute == "rows"
        for table in source.tables
    ]  # fmt: skip
    lake = Lake(small_lake)
    bare = tmp_path / "bare"
    transaction = Transaction(bare)
    for table in (*kept, *CORE):
        if lake.files(table.name):
            transaction.replace(lake.read(table))
    transaction.commit(NOW)
    own = tmp_path / "own"
    # of another month: partitions of one month hide those of the base
    new = {**_top("mine/new-model", "license:mit", 9), "observed_on": dt.date(2026, 9, 1)}
    transaction = Transaction(own)
    transaction.merge(
        Batch.from_rows(
            RAW["raw_os_ai_map__top_model"],
            [{"snapshot_sha256": "0" * 64, **new}],
        )
    )
    transaction.commit(NOW)
    built = build(Lake(own, Lake(bare)), sample_curated, NOW)
    assert set(built.carried) == {
        "core__tokens_week",
        "core__library_month",
        "core__supercomputer_share",
        "core__routed",
    }
    for name in built.carried:
        assert _read(own, name) == _read(small_lake, name)
    models = {row["name"] for row in _read(own, "model")}
    hub = {row["name"] for row in _read(small_lake, "model") if row["platform"] == "huggingface"}
    assert models >= {"mine/new-model", *hub}


# ---- the full data -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub listings of the staged data with their atlas; skips where there is none."""
    from underlay.sources import source
    from underlay.sources.pull import sync_from

    data = Path(os.environ.get("UNDERLAY_DATA", ROOT.parent / "shared" / "data"))
    root = tmp_path_factory.mktemp("full") / "lake"
    for line in (ROOT / "snapshot.tsv").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, path, day = line.split("\t")
        if name not in ("os_ai_map", "llmfit", "osir_lmts", "hf_census", "atom"):
            continue
        if not (data / path).exists():
            pytest.skip(f"the full data holds no {path} here (set UNDERLAY_DATA)")
        observed_on = None if day == "-" else dt.date.fromisoformat(day)
        sync_from(source(name), data / path, root, NOW, observed_on=observed_on)
    build(Lake(root), read_curated(), NOW)
    return root


@pytest.mark.slow
def test_coverage_by_organisation_and_country(full_lake: Path) -> None:
    models = {row["model_id"]: row for row in _read(full_lake, "model")}
    makers = {row["organisation_id"]: row for row in _read(full_lake, "organisation")}
    counted = [
        row for row in _read(full_lake, "observation") if row["metric"] == "downloads_30d_count"
    ]
    newest: dict[str, dt.date] = {}
    for row in counted:
        newest[row["listing"]] = max(row["observed_on"], newest.get(row["listing"], dt.date.min))
    total: Counter[str] = Counter()
    known: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    for row in counted:
        if row["observed_on"] == newest[row["listing"]]:
            maker = makers[models[row["model_id"]]["organisation_id"]]
            total[row["listing"]] += row["value"]
            is_known = maker["organisation_id"] != "unknown"
            known[row["listing"]] += row["value"] * is_known
            has_reason = maker["country"] != "unknown" or bool(maker["country_reason"])
            settled[row["listing"]] += row["value"] * (is_known and has_reason)
    assert set(total) == {"os_ai_map", "llmfit", "osir_lmts", "census_2022"}
    shares = {name: (known[name] / total[name], settled[name] / total[name]) for name in total}
    for name, (by_maker, by_country) in shares.items():
        assert by_maker >= 0.95, name
        assert by_country >= 0.90, name


@pytest.mark.slow
def test_the_most_downloaded_models_are_no_copies(full_lake: Path) -> None:
    models = {row["name"]: row for row in _read(full_lake, "model")}
    assert models["sentence-transformers/all-MiniLM-L6-v2"]["copy_kind"] == "derivative"
    assert models["Xenova/all-MiniLM-L6-v2"]["copy_kind"] == "quantised copy"
    copies = [row for row in models.values() if row["copy_kind"] == "quantised copy"]
    with_base = [row for row in copies if row["base_model_id"] is not None]
    assert len(with_base) / len(copies) > 0.6
