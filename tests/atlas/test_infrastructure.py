"""The layer below, from synthetic raw rows through a real lake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.atlas.contracts import CORE
from underlay.atlas.curated import Organisation, read_curated
from underlay.atlas.infrastructure import infrastructure_batches
from underlay.atlas.spellings import Meaning, Spellings, split_names
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES, source
from underlay.sources.pull import sync_from
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from underlay.atlas.curated import Curated

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
RAW = {table.name: table for each in SOURCES for table in each.tables}
Q4, Q1 = dt.date(2025, 12, 31), dt.date(2026, 3, 31)


def _organisations() -> dict[str, Organisation]:
    places = {
        "nvidia": "US", "google": "US", "amd": "US", "huawei": "CN", "meta": "US", "tsmc": "TW",
        "smic": "CN", "pytorch-foundation": "US", "deepmind": "GB", "xai": "US",
    }  # fmt: skip
    return {
        name: Organisation(name, name.title(), code, "company") for name, code in places.items()
    }


HARDWARE: dict[str, Any] = {
    "accelerator_vendor": {
        "NVIDIA": "nvidia", "Nvidia": "nvidia", "Google": "google", "AMD": "amd",
        "Huawei": "huawei", "NVIDIA H100": "nvidia",
    },
    "accelerator_mixed": {"NVIDIA K40/AMD S9150": ["nvidia", "amd"]},
    "accelerator_pattern": [
        {"pattern": r"ascend", "vendor": "huawei", "line": "Ascend"},
        {"pattern": r"\btpu\b", "vendor": "google", "line": "TPU"},
        {"pattern": r"\bA100\b", "vendor": "nvidia", "line": "A100"},
    ],
    "accelerator_absent": [
        {"source": "top500", "column": "Accelerator/Co-Processor", "value": "None", "means": "none",
         "reason": "no accelerator"},
        {"source": "mlperf", "column": "accelerator", "value": "", "means": "none",
         "reason": "on processors"},
        {"source": "mlperf", "column": "accelerator", "value": "None", "means": "unknown",
         "reason": "not stated which unit ran"},
    ],
    "foundry": {"TSMC": ["tsmc"], "SMIC,TSMC": ["smic", "tsmc"]},
    "operator": {"Meta": "meta", "Google": "google", "xAI": "xai"},
    "operator_aggregate": {
        "China": {"country": "CN", "reason": "a country, not an organisation"},
        "Other": {"country": "unknown", "reason": "every owner that is not named"},
    },
    "submitter": {"Google": {"organisation": "google", "country": "US"}},
    "country_name": {"United States": "US", "China": "CN", "France": "FR"},
    "unresolved": {
        "accelerator_vendor": {"Anonymized": "the publisher hides it"},
        "country_name": {"": "Not stated", "Multinational": "no single country"},
    },
}  # fmt: skip
COMPONENTS: tuple[dict[str, Any], ...] = (
    {"id": "pypi/torch", "name": "PyTorch", "kind": "framework", "vendor": "pytorch-foundation",
     "country": "US", "ties": [], "market": "deep-learning-framework", "evidence": "",
     "vendor_since": dt.date(2022, 9, 12)},
    {"id": "pypi/nvidia-cublas", "name": "cuBLAS", "kind": "vendor-library", "vendor": "nvidia",
     "country": "US", "ties": ["nvidia"], "market": "vendor-accelerator-library", "evidence": ""},
    {"id": "pypi/nvidia-cudnn", "name": "cuDNN", "kind": "vendor-library", "vendor": "nvidia",
     "country": "US", "ties": ["nvidia"], "market": "vendor-accelerator-library", "evidence": ""},
    {"id": "pypi/onnx-tools", "name": "ONNX tools", "kind": "other", "vendor": "google",
     "country": "US", "ties": ["amd", "nvidia"], "market": "", "evidence": ""},
)  # fmt: skip


@pytest.fixture(scope="module")
def curated() -> Curated:
    return dataclasses.replace(
        read_curated(), organisations=_organisations(), components=COMPONENTS, hardware=HARDWARE
    )


class Made:
    """Core rows by table, and what was unresolved."""

    def __init__(self, batches: Mapping[str, Batch], unresolved: list[dict[str, Any]]) -> None:
        self.batches = batches
        self.unresolved = unresolved

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.batches[f"core__{table}"].data.to_pylist())

    def reasons(self, kind: str, listing: str) -> dict[str, str]:
        return {
            row["name"]: row["reason"]
            for row in self.unresolved
            if (row["kind"], row["listing"]) == (kind, listing)
        }


@pytest.fixture
def made(tmp_path: Path, curated: Curated) -> Callable[..., Made]:
    """Build from raw rows by table: `made(raw_pypi__downloads_month=[...])`."""

    def build(**raw: Sequence[Mapping[str, object]]) -> Made:
        transaction = Transaction(tmp_path / "lake")
        for name, rows in raw.items():
            stamped = [{"snapshot_sha256": "0" * 64, **row} for row in rows]
            transaction.merge(Batch.from_rows(RAW[name], stamped))
        transaction.commit(NOW)
        unresolved: list[dict[str, Any]] = []
        with Engine(Lake(tmp_path / "lake", must_exist=False), (*RAW.values(), *CORE)) as engine:
            batches = {
                batch.table.name: batch
                for batch in infrastructure_batches(engine, curated, unresolved)
            }
        for batch in batches.values():
            batch.check()
        return Made(batches, unresolved)

    return build


def _downloads(day: dt.date, package: str, count: int) -> dict[str, object]:
    return {"observed_on": day, "package": package, "downloads_30d_count": count, "rank": 1}


def test_a_lake_without_sources_gives_empty_tables(made: Callable[..., Made]) -> None:
    found = made(raw_pypi__downloads_month=[])
    assert {name: len(batch) for name, batch in found.batches.items()} == {
        "core__component": 4,
        "core__library_month": 0,
        "core__accelerator": 0,
        "core__accelerator_stock": 0,
        "core__cluster": 0,
        "core__supercomputer_share": 0,
        "core__benchmark_run": 0,
        "core__notable_model": 0,
    }
    assert found.unresolved == []


def test_components_keep_categories_for_what_they_lack(made: Callable[..., Made]) -> None:
    rows = {
        row["component_id"]: row for row in made(raw_pypi__downloads_month=[]).rows("component")
    }
    assert (rows["pypi/torch"]["ties"], rows["pypi/torch"]["market"]) == (
        "none",
        "deep-learning-framework",
    )
    assert (rows["pypi/onnx-tools"]["ties"], rows["pypi/onnx-tools"]["market"]) == (
        "amd,nvidia",
        "none",
    )


def test_libraries_are_sums_over_packages_spelt_in_any_way(made: Callable[..., Made]) -> None:
    day = dt.date(2026, 4, 1)
    found = made(
        raw_pypi__downloads_month=[
            _downloads(day, "nvidia-cublas", 30),
            _downloads(day, "NVIDIA_cuDNN", 12),
            _downloads(day, "surprise", 8),
        ],
        raw_pypi__listing_month=[
            {"observed_on": day, "listed_packages_count": 15000, "listed_downloads_30d_count": 99}
        ],
    )
    rows = {row["organisation_id"]: row for row in found.rows("library_month")}
    assert rows["nvidia"]["downloads_30d_count"] == 42
    assert rows["nvidia"]["packages_count"] == 2
    assert rows["nvidia"]["listed_packages_count"] == 15000
    assert rows["unknown"]["downloads_30d_count"] == 8
    assert found.reasons("component", "pypi") == {
        "surprise": "the package is not in the curated list of components"
    }
    assert found.unresolved[0]["weight_share"] == pytest.approx(8 / 50)
    assert "package" not in found.batches["core__library_month"].data.column_names


def test_a_vendor_counts_from_its_day_on(made: Callable[..., Made]) -> None:
    found = made(
        raw_pypi__downloads_month=[
            _downloads(dt.date(2022, 9, 1), "torch", 5),
            _downloads(dt.date(2022, 10, 1), "torch", 7),
        ]
    )
    assert {str(r["observed_on"]): r["organisation_id"] for r in found.rows("library_month")} == {
        "2022-09-01": "unknown",
        "2022-10-01": "pytorch-foundation",
    }


def _chip(name: str, foundry: str | None, **more: object) -> dict[str, object]:
    day = dt.date(2025, 12, 16)
    return {
        "observed_on": day, "name": name, "foundry": foundry,
        "last_modified_at": dt.datetime(2025, 12, 16), **more,
    }  # fmt: skip


def test_accelerators_of_two_foundries_count_half_for_each(made: Callable[..., Made]) -> None:
    found = made(
        raw_epoch_hardware__accelerator=[
            _chip("NVIDIA A100", "TSMC", manufacturer="NVIDIA", tensor_fp16_flop_per_s=3.12e14),
            _chip("Huawei Ascend 910B", "SMIC,TSMC", manufacturer=None),
            _chip("Strange chip", None, manufacturer="Nobody"),
            _chip("NVIDIA old", "TSMC", manufacturer="NVIDIA")
            | {"observed_on": dt.date(2020, 1, 1)},
        ]
    )
    rows = found.rows("accelerator")
    assert sorted(
        (r["name"], r["foundry_id"], r["foundry_country"], r["weight_share"]) for r in rows
    ) == [
        ("Huawei Ascend 910B", "smic", "CN", 0.5),
        ("Huawei Ascend 910B", "tsmc", "TW", 0.5),
        ("NVIDIA A100", "tsmc", "TW", 1.0),
        ("Strange chip", "unknown", "unknown", 1.0),
    ]  # the older edition is left out
    by_name = {row["name"]: row for row in rows}
    assert by_name["NVIDIA A100"]["fp16_tflops"] == pytest.approx(312.0)
    assert by_name["Huawei Ascend 910B"]["organisation_id"] == "huawei"  # by its name
    assert by_name["Strange chip"]["organisation_id"] == "unknown"
    assert list(found.reasons("hardware", "epoch_hardware")) == ["Nobody / Strange chip"]
    assert found.reasons("foundry", "epoch_hardware") == {"(empty)": "not stated"}


def _sold(
    day: dt.date, designer: str, h100e: float, *, owner: str = "", incomplete: bool = False
) -> dict[str, object]:
    row: dict[str, object] = {
        "observed_on": day, "designer": designer, "chip_type": "all",
        "starts_on": dt.date(2022, 1, 1), "units_p50_count": 10, "compute_p05_h100e": h100e / 2,
        "compute_p50_h100e": h100e, "compute_p95_h100e": h100e * 2, "is_incomplete": incomplete,
    }  # fmt: skip
    return {**row, "owner": owner} if owner else row


def test_quarters_without_a_designer_or_an_owner_are_incomplete(made: Callable[..., Made]) -> None:
    q3 = dt.date(2025, 9, 30)
    found = made(
        raw_epoch_chips__cumulative=[
            _sold(q3, "Nvidia", 80), _sold(q3, "Google", 20),
            _sold(Q4, "Nvidia", 100), _sold(Q4, "Google", 40),
            _sold(Q1, "Nvidia", 120, incomplete=True), _sold(Q1, "Google", 50, incomplete=True),
        ],
        raw_epoch_chips__owner_cumulative=[
            _sold(q3, "Nvidia", 50, owner="Meta"), _sold(q3, "Nvidia", 30, owner="China"),
            _sold(Q4, "Nvidia", 60, owner="Meta"), _sold(Q4, "Nvidia", 35, owner="China"),
            _sold(Q4, "Nvidia", 5, owner="xAI"), _sold(Q1, "Nvidia", 70, owner="Meta"),
        ],
    )  # fmt: skip
    rows = found.rows("accelerator_stock")
    complete = {(r["observed_on"], r["owner"]): r["is_complete"] for r in rows}
    assert complete == {
        (q3, "all"): True, (Q4, "all"): True, (Q1, "all"): False,
        (q3, "Meta"): False, (q3, "China"): False,  # xAI is missing
        (Q4, "Meta"): True, (Q4, "China"): True, (Q4, "xAI"): True,
        (Q1, "Meta"): False,
    }  # fmt: skip


def test_a_quarter_that_one_designer_does_not_report_is_incomplete(
    made: Callable[..., Made],
) -> None:
    found = made(
        raw_epoch_chips__cumulative=[
            _sold(Q4, "Nvidia", 100), _sold(Q4, "Google", 40), _sold(Q1, "Nvidia", 120)
        ]
    )  # fmt: skip
    assert {
        (r["observed_on"], r["organisation_id"]): r["is_complete"]
        for r in found.rows("accelerator_stock")
    } == {(Q4, "nvidia"): True, (Q4, "google"): True, (Q1, "nvidia"): False}


def test_residual_owners_are_no_organisations(made: Callable[..., Made]) -> None:
    found = made(
        raw_epoch_chips__owner_cumulative=[
            _sold(Q4, "Nvidia", 60, owner="Meta"),
            _sold(Q4, "Nvidia", 30, owner="China"),
            _sold(Q4, "Nvidia", 10, owner="Other"),
        ]
    )
    rows = {row["owner"]: row for row in found.rows("accelerator_stock")}
    assert {name: (row["owner_id"], row["owner_country"]) for name, row in rows.items()} == {
        "Meta": ("meta", "US"),
        "China": ("unknown", "CN"),
        "Other": ("unknown", "unknown"),
    }
    assert (rows["Meta"]["h100e_lower"], rows["Meta"]["h100e_upper"]) == (30.0, 120.0)
    assert set(found.reasons("owner", "epoch_chips")) == {"China", "Other"}


def _cluster(number: int, **more: object) -> dict[str, object]:
    return {
        "observed_on": dt.date(2025, 12, 14), "row_number": number, "name": f"Cluster {number}",
        "status": "Existing", "country": "United States", "is_possible_duplicate": False,
        "is_in_standard_analysis": True, "is_excluded": False, "is_noteworthy": False, **more,
    }  # fmt: skip


def test_clusters_with_the_same_name_and_hidden_chips_stay(made: Callable[..., Made]) -> None:
    hidden = {
        "name": "Anonymized Chinese System", "country": "China", "compute_h100e": 100.0,
        "chip_supplier_primary": "Anonymized",
    }  # fmt: skip
    found = made(
        raw_epoch_clusters__cluster=[
            _cluster(1, **hidden),
            _cluster(2, **hidden),
            _cluster(
                3, owner="Meta #confident,Google #likely", compute_h100e=60.0,
                chip_supplier_primary="Unknown", chip_type_primary="NVIDIA H100",
            ),
            _cluster(4, country=None, chip_supplier_primary="AMD", superseded_by="Cluster 3"),
        ]
    )  # fmt: skip
    rows = found.rows("cluster")
    assert [
        (r["row_number"], r["organisation_id"], r["is_anonymised"])
        for r in rows
        if r["country"] == "CN"
    ] == [
        (1, "unknown", True),
        (2, "unknown", True),
    ]
    shared = sorted(
        (r["owner"], r["owner_id"], r["weight_share"]) for r in rows if r["row_number"] == 3
    )
    assert shared == [("Google", "google", 0.5), ("Meta", "meta", 0.5)]
    assert {r["organisation_id"] for r in rows if r["row_number"] == 3} == {"nvidia"}
    last = next(r for r in rows if r["row_number"] == 4)
    assert (last["country"], last["h100e_count"], last["is_superseded"]) == ("unknown", None, True)
    assert found.reasons("hardware", "epoch_clusters") == {"Anonymized": "the publisher hides it"}
    assert found.reasons("country", "epoch_clusters") == {"(empty)": "Not stated"}
    assert next(r for r in found.unresolved if r["name"] == "Anonymized")["weight_share"] == (
        pytest.approx(200 / 260)
    )


def _system(rank: int, country: str, accelerator: str | None, rmax: float) -> dict[str, object]:
    return {
        "observed_on": dt.date(2025, 6, 1), "rank": rank, "system_id": str(rank),
        "country": country, "accelerator": accelerator, "rmax_tflops": rmax, "site": "secret",
    }  # fmt: skip


def test_supercomputers_leave_sums_only(made: Callable[..., Made]) -> None:
    found = made(
        raw_top500__system=[
            _system(1, "United States", "NVIDIA H100", 50.0),
            _system(2, "United States", "NVIDIA A100 SXM4", 30.0),
            _system(3, "China", None, 20.0),
            _system(4, "China", "NVIDIA K40/AMD S9150", 10.0),
            _system(5, "Atlantis", "Mystery", 5.0),
        ]
    )
    rows = found.rows("supercomputer_share")
    assert sorted(
        (r["country"], r["organisation_id"], r["systems_count"], r["rmax_tflops"]) for r in rows
    ) == [
        ("CN", "none", 1, 20.0),
        ("CN", "several", 1, 10.0),
        ("US", "nvidia", 2, 80.0),
        ("unknown", "unknown", 1, 5.0),
    ]
    columns = set(found.batches["core__supercomputer_share"].data.column_names)
    assert columns.isdisjoint({"rank", "name", "site", "system_id", "snapshot_sha256"})


def _result(number: int, **more: object) -> dict[str, object]:
    return {
        "observed_on": dt.date(2023, 6, 27), "suite": "training", "round": "3.0",
        "row_number": number, "submitter": "Google", "units": "min.", "result": 1.0, **more,
    }  # fmt: skip


def test_benchmarks_keep_suites_and_divisions_apart(made: Callable[..., Made]) -> None:
    found = made(
        raw_mlperf__result=[
            _result(1, accelerator="TPU v4", path_division="closed"),
            _result(2, accelerator="TPU v4", path_division="open"),  # its own column is blank
            _result(3, accelerator="NVIDIA A100", path_division="closed", submitter="Someone"),
            _result(4, suite="tiny", round="1.1", division="closed"),
            _result(5, suite="inference", division="closed", accelerator="None", units="Samples/s"),
            _result(6, suite="inference", division="closed", units="Watts", result=None),
            _result(7, suite="inference", division="closed", accelerator="TPU v4", units=None),
        ]
    )
    rows = found.rows("benchmark_run")
    assert sorted(
        (r["suite"], r["division"], r["submitter_id"], r["organisation_id"], r["results_count"])
        for r in rows
    ) == [
        ("inference", "closed", "google", "google", 1),
        ("inference", "closed", "google", "unknown", 1),
        ("tiny", "closed", "google", "none", 1),
        ("training", "closed", "google", "google", 1),
        ("training", "closed", "unknown", "nvidia", 1),
        ("training", "open", "google", "google", 1),
    ]
    assert found.reasons("hardware", "mlperf") == {"None": "not stated which unit ran"}
    assert list(found.reasons("submitter", "mlperf")) == ["Someone"]


def _model(name: str, organisation: str, country: str | None, **more: object) -> dict[str, object]:
    return {
        "observed_on": dt.date(2026, 1, 26), "model": name, "organization": organisation,
        "country_of_organization": country, "published_on": dt.date(2025, 3, 1), **more,
    }  # fmt: skip


def test_one_country_named_twice_counts_once(made: Callable[..., Made]) -> None:
    found = made(
        raw_epoch_models__model=[
            _model("A", "Huawei,Nowhere Lab", "China,China", training_hardware="Ascend 910"),
            _model("B", "Google", "United States,France", model_accessibility="API access",
                   training_hardware="TPU v4,TPU v5"),
            _model("C", "Meta", "Multinational",
                   model_accessibility="Open weights (non-commercial)",
                   training_hardware="NVIDIA H100,TPU v3"),
            _model("D", "Meta,Meta", None),
        ]
    )  # fmt: skip
    rows = found.rows("notable_model")
    assert sorted(
        (r["name"], r["country"], r["organisation_id"], r["weight_share"]) for r in rows
    ) == [
        ("A", "CN", "huawei", 0.5),
        ("A", "CN", "unknown", 0.5),
        ("B", "FR", "google", 0.5),
        ("B", "US", "google", 0.5),
        ("C", "unknown", "meta", 1.0),
        ("D", "unknown", "meta", 1.0),
    ]
    facts = {r["name"]: (r["openness"], r["is_open_weights"], r["hardware_vendor"]) for r in rows}
    assert facts == {
        "A": ("unknown", None, "huawei"),
        "B": ("closed", False, "google"),
        "C": ("open", True, "several"),
        "D": ("unknown", None, "unknown"),
    }
    assert found.reasons("country", "epoch_models") == {
        "(empty)": "Not stated",
        "Multinational": "no single country",
    }


def test_the_order_of_raw_rows_changes_nothing(
    tmp_path: Path, made: Callable[..., Made], curated: Curated
) -> None:
    rows = [
        _system(n, "China" if n % 2 else "France", "NVIDIA H100", float(n)) for n in range(1, 9)
    ]
    sums = []
    for number, order in enumerate((rows, rows[::-1])):
        transaction = Transaction(tmp_path / str(number))
        stamped = [{"snapshot_sha256": "0" * 64, **row} for row in order]
        transaction.merge(Batch.from_rows(RAW["raw_top500__system"], stamped))
        transaction.commit(NOW)
        with Engine(Lake(tmp_path / str(number)), (*RAW.values(), *CORE)) as engine:
            found = {b.table.name: b.sorted() for b in infrastructure_batches(engine, curated, [])}
        sums.append(found["core__supercomputer_share"].data.to_pylist())
    assert sums[0] == sums[1]
    assert sum(row["systems_count"] for row in sums[0]) == 8


def test_exact_spellings_come_before_patterns(curated: Curated) -> None:
    spellings = Spellings(curated)
    assert spellings.designer("NVIDIA H100") == Meaning("nvidia")
    assert spellings.designer("Anonymized", "Ascend 910B") == Meaning("huawei")
    assert spellings.designer("Anonymized").reason == "the publisher hides it"
    assert spellings.designer("-", source="mlperf").id == "unknown"
    assert spellings.designer("", source="mlperf") == Meaning("none")
    assert spellings.designer("").id == "unknown"  # elsewhere an empty cell says nothing
    assert spellings.designers("NVIDIA H100,Mystery").id == "unknown"


SPELLINGS = Spellings(read_curated())


@given(st.text())
def test_every_spelling_has_an_answer(text: str) -> None:
    spellings = SPELLINGS
    for meaning in (
        spellings.designer(text),
        spellings.designers(text),
        spellings.country(text),
        spellings.maker(text),
        spellings.submitter(text),
        spellings.owner(text)[0],
        *spellings.foundries(text),
        *spellings.countries(text),
    ):
        assert meaning.id
        assert meaning.id != "unknown" or meaning.reason
    assert sum(spellings.makers(text).values()) == pytest.approx(1.0)


@given(st.lists(st.text(alphabet=st.characters(exclude_characters=",#"), min_size=1)))
def test_splitting_names_keeps_each_once(names: list[str]) -> None:
    found = split_names(",".join(names))
    assert len(set(found)) == len(found)
    assert set(found) == {name.strip() for name in names if name.strip()}


def test_curated_spellings_name_curated_organisations() -> None:
    curated = read_curated()
    known = set(curated.organisations)
    hardware = curated.hardware
    named = {
        *hardware["accelerator_vendor"].values(),
        *hardware["operator"].values(),
        *(entry["vendor"] for entry in hardware["accelerator_pattern"]),
        *(entry["organisation"] for entry in hardware["submitter"].values()),
        *(each for several in hardware["foundry"].values() for each in several),
        *(entry["vendor"] for entry in curated.components),
    }
    assert named <= known


def _staged(path: str) -> Path:
    root = Path(__file__).parents[2]
    found = Path(os.environ.get("UNDERLAY_DATA", root.parent / "shared" / "data")) / path
    if not found.exists():
        pytest.skip(f"the full data holds no {path} here (set UNDERLAY_DATA)")
    return found


def test_the_full_data_resolves(tmp_path: Path) -> None:
    places = {
        "pypi": ("stack/pypi-downloads", None),
        "epoch_chips": ("stack/epoch-ai-chip-counts", None),
        "epoch_hardware": ("stack/epoch-ml-hardware", None),
        "epoch_clusters": ("stack/epoch-companies-datacenters", dt.date(2025, 12, 14)),
        "top500": ("stack/top500", None),
        "mlperf": ("stack/mlperf", None),
        "epoch_models": ("models/epoch", None),
    }
    for name, (path, day) in places.items():
        sync_from(source(name), _staged(path), tmp_path, NOW, observed_on=day)
    unresolved: list[dict[str, Any]] = []
    with Engine(Lake(tmp_path), (*RAW.values(), *CORE)) as engine:
        made = {b.table.name: b for b in infrastructure_batches(engine, read_curated(), unresolved)}
    for batch in made.values():
        batch.check()
        assert len(batch)
    rows = {name: batch.data.to_pylist() for name, batch in made.items()}
    # what DATA.md says of the files
    super_rows = rows["core__supercomputer_share"]
    assert sum(r["systems_count"] for r in super_rows) == 500
    assert sum(r["systems_count"] for r in super_rows if r["organisation_id"] == "amd") == 26
    assert len({r["name"] for r in rows["core__accelerator"]}) == 170
    huawei = {r["name"] for r in rows["core__accelerator"] if r["organisation_id"] == "huawei"}
    assert len(huawei) == 19
    assert len({r["row_number"] for r in rows["core__cluster"]}) == 786
    assert len({r["name"] for r in rows["core__notable_model"]}) == 976
    quarters = {
        r["observed_on"]
        for r in rows["core__accelerator_stock"]
        if r["owner"] == "all" and r["is_complete"]
    }
    assert (min(quarters), max(quarters)) == (dt.date(2024, 3, 31), Q4)
    # nothing but what the publishers themselves leave out
    assert not [r for r in unresolved if r["kind"] == "component"]
    assert not [r for r in unresolved if r["listing"] == "top500"]
