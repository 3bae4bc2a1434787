"""Counterparts of CUDA and PyTorch elsewhere, as their vendors list them."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.portability import Portability

SOURCE = Portability()
RAW = "raw_portability__"
ASCEND, SYMBOL, SUMMARY = RAW + "ascend_api", RAW + "hipify_symbol", RAW + "hipify_summary"
MUSA, PADDLE, NCCL = RAW + "musa_symbol", RAW + "paddle_api", RAW + "nccl_status"
OCTOBER = dt.date(2024, 10, 24)


@pytest.fixture
def read(parsed, sample):
    return lambda name, day=None: parsed(SOURCE, name, sample(f"portability/{name}"), day)


def test_members_of_a_class_lost_their_names_but_not_their_number(read):
    result = read("ascend_pytorch_native_api_support.csv")
    assert not result.skipped
    bucket = "torch.distributed.GradBucket"
    key = {"torch_version": "2.13.0", "api": bucket, "product": "Ascend 950DT"}
    row = result.row(ASCEND, **key)
    assert (row["interfaces_count"], row["status"], row["has_restriction"]) == (
        7,
        "unsupported",
        True,
    )
    assert row["observed_on"] == dt.date(2026, 8, 21)
    assert sum(row["interfaces_count"] for row in result.rows[ASCEND]) == 100
    assert len(result.rows[ASCEND]) == 64


def test_products_keep_the_name_that_the_page_gives(read):
    rows = read("ascend_pytorch_native_api_support.csv").rows[ASCEND]
    assert {row["product"] for row in rows} == {
        "Atlas A2 训练系列产品",
        "Atlas A3 训练系列产品",
        "Atlas 训练系列产品",
        "Ascend 950DT",
    }


def test_hipify_symbols(read):
    result = read("hipify_cuda_api_equivalents.csv", OCTOBER)
    assert len(result.rows[SYMBOL]) == 24
    assert not result.skipped
    key = {"list": "CUBLAS_API_supported_by_HIP", "cuda_symbol": "cublasSgemm"}
    row = result.row(SYMBOL, **key)
    assert (row["target"], row["target_symbol"], row["target_added"]) == (
        "HIP",
        "hipblasSgemm",
        "1.8.2",
    )
    # one symbol stands in several lists: shares need one list
    assert sum(row["cuda_symbol"] == "cublasSgemm" for row in result.rows[SYMBOL]) > 1
    lost = [row for row in result.rows[SYMBOL] if not row["has_equivalent"]]
    assert lost
    assert {row["target_symbol"] for row in lost} == {None}


def test_hipify_summary(read):
    result = read("hipify_coverage_summary.csv", OCTOBER)
    row = result.row(SUMMARY, list="CUBLAS_API_supported_by_HIP")
    assert (row["cuda_symbols_count"], row["equivalents_count"]) == (1473, 844)
    assert row["equivalents_share"] == 0.573


def test_hipify_names_no_commit(read):
    for name in ("hipify_cuda_api_equivalents.csv", "hipify_coverage_summary.csv"):
        with pytest.raises(UnreadableError, match="--observed-on"):
            read(name)


def test_musa_replaces_texts_and_drops_some(read):
    result = read("musa_cuda_symbol_mapping.csv")
    row = result.row(MUSA, cuda_symbol="cudaMalloc")
    assert (row["musa_symbol"], row["kind"]) == ("musaMalloc", "cuda_runtime")
    assert (row["observed_on"], row["day_precision"]) == (dt.date(2026, 1, 1), "year")
    dropped = result.row(MUSA, cuda_symbol="cudaGridDependencySynchronize()")
    assert dropped["musa_symbol"] == "((void)0)"


def test_paddle(read):
    result = read("paddle_torch_api_mapping.csv")
    assert {(r["status"], bool(r["matcher"])) for r in result.rows[PADDLE]} == {
        ("mapped", True),
        ("no-matcher", False),
    }
    # no counterpart of its own may mean that the rule computes one
    computed = [r for r in result.rows[PADDLE] if r["status"] == "mapped" and not r["paddle_api"]]
    assert len(computed) == 3
    assert {r["observed_on"] for r in result.rows[PADDLE]} == {dt.date(2026, 4, 1)}


def test_nccl(read):
    result = read("syclomatic_nccl_migration_status.csv")
    assert result.row(NCCL, cuda_symbol="ncclGetVersion")["is_migratable"] is True
    assert result.row(NCCL, cuda_symbol="ncclCommInitAll")["is_migratable"] is False
    assert {r["day_precision"] for r in result.rows[NCCL]} == {"latest"}


def test_another_release_of_a_package_needs_a_day(parsed, sample):
    name = "musa_cuda_symbol_mapping.csv"
    data = sample(f"portability/{name}").replace(b"torchada 0.1.103", b"torchada 0.2.0")
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, name, data)
    result = parsed(SOURCE, name, data, dt.date(2026, 12, 1))
    assert {row["observed_on"] for row in result.rows[MUSA]} == {dt.date(2026, 12, 1)}


@pytest.mark.parametrize("name", SOURCE.files)
def test_a_wrong_header(parsed, name):
    with pytest.raises(SchemaError):
        parsed(SOURCE, name, b"one,two\n1,2\n", OCTOBER)


def test_an_empty_table(parsed, sample):
    name = "ascend_pytorch_native_api_support.csv"
    header = sample(f"portability/{name}").splitlines()[0]
    result = parsed(SOURCE, name, header, OCTOBER)
    assert not result.rows
    assert not result.skipped


def test_bad_rows(parsed, sample):
    lines = sample("portability/syclomatic_nccl_migration_status.csv").decode().splitlines()
    lines[1] = lines[1].replace(",YES,", ",PERHAPS,")
    lines[2] = lines[3]
    lines[4] = lines[4].partition(",")[0]
    result = parsed(SOURCE, "syclomatic_nccl_migration_status.csv", "\n".join(lines).encode())
    assert result.reasons == {
        "`is_migratable` is not a valid bool": 1,
        "repeats another row exactly (observed_on, cuda_symbol)": 1,
        "number of cells differs from the header": 1,
    }


def test_full_data(parsed, staged):
    folder = staged("stack/portability")
    rows = {}
    for name in SOURCE.files:
        result = parsed(SOURCE, name, (folder / name).read_bytes())
        assert not result.skipped, name
        rows.update(result.rows)
    assert {table: len(found) for table, found in rows.items()} == {
        ASCEND: 18256,
        SYMBOL: 22105,
        SUMMARY: 27,
        MUSA: 422,
        PADDLE: 1918,
        NCCL: 23,
    }
    assert sum(row["interfaces_count"] for row in rows[ASCEND]) == 39382
    listed = Counter((row["list"], row["target"]) for row in rows[SYMBOL])
    found = Counter((row["list"], row["target"]) for row in rows[SYMBOL] if row["has_equivalent"])
    for row in rows[SUMMARY]:
        key = (row["list"], row["target"])
        assert (row["cuda_symbols_count"], row["equivalents_count"]) == (listed[key], found[key])
