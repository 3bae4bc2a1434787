"""llama.cpp's operators by backend."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.llama_ops import LlamaOps

SOURCE = LlamaOps()
OPERATOR = "raw_llama_ops__operator"
BACKEND = "raw_llama_ops__backend"
DOCUMENTED = "raw_llama_ops__documented_operator"
OCTOBER = dt.date(2026, 10, 1)


def test_operators(parsed, sample):
    result = parsed(SOURCE, "op_backend_support.csv", sample("llama_ops/op_backend_support.csv"))
    assert len(result.rows[OPERATOR]) == 52
    assert not result.skipped
    row = result.row(OPERATOR, backend="CANN", operator="MUL_MAT")
    assert (row["cases_supported_count"], row["cases_count"]) == (629, 1252)
    assert (row["supported_share"], row["status"]) == (0.5024, "partial")
    # each file of the repository is older than the commit, nobody knows how much
    assert (row["observed_on"], row["day_precision"]) == (OCTOBER, "latest")


def test_even_cuda_does_not_support_every_case_and_the_cases_differ(parsed, sample):
    result = parsed(SOURCE, "op_backend_support.csv", sample("llama_ops/op_backend_support.csv"))
    cuda = result.row(OPERATOR, backend="CUDA", operator="FLASH_ATTN_EXT")
    assert (cuda["status"], cuda["cases_count"]) == ("partial", 8800)
    assert result.row(OPERATOR, backend="Vulkan", operator="FLASH_ATTN_EXT")["cases_count"] == 5141


def test_the_summary_and_the_page_name_no_commit(parsed, sample):
    for name, table in (("backend_summary.csv", BACKEND), ("ops_md_table.csv", DOCUMENTED)):
        data = sample(f"llama_ops/{name}")
        rows = parsed(SOURCE, name, data, OCTOBER).rows[table]
        assert {(r["observed_on"], r["day_precision"]) for r in rows} == {(OCTOBER, "day")}
        with pytest.raises(UnreadableError, match="--observed-on"):
            parsed(SOURCE, name, data.replace(b"CANN", b"CONN"))


def test_the_summary(parsed, sample):
    name = "backend_summary.csv"
    result = parsed(SOURCE, name, sample(f"llama_ops/{name}"), OCTOBER)
    row = result.row(BACKEND, backend="CANN")
    assert (row["operators_count"], row["operators_full_count"]) == (103, 55)
    assert (row["operators_partial_count"], row["operators_none_count"]) == (14, 34)
    assert row["cuda_operators_share"] == 0.683
    assert not {"HIP", "MUSA"} & {r["backend"] for r in result.rows[BACKEND]}


def test_bad_rows(parsed, sample):
    lines = sample("llama_ops/op_backend_support.csv").decode().splitlines()
    lines[1] = lines[1].replace(",none,", ",maybe,")
    lines[2] = lines[2].replace(",0,3,", ",0,0,")
    lines[3] = lines[4]
    lines[5] = lines[5].replace(",full,", ",full,x,")
    lines[6] = lines[6].replace("0c1e57", "ffffff")
    result = parsed(SOURCE, "op_backend_support.csv", "\n".join(lines).encode())
    assert result.reasons == {
        "`status` must be one of full, partial, none": 1,
        "`cases_count` must be at least 1": 1,
        "repeats another row exactly (observed_on, backend, operator)": 1,
        "number of cells differs from the header": 1,
        "`observed_on` is empty": 1,
    }
    assert len(result.rows[OPERATOR]) == 47


@pytest.mark.parametrize("name", SOURCE.files)
def test_a_wrong_header(parsed, name):
    with pytest.raises(SchemaError):
        parsed(SOURCE, name, b"one,two\n1,2\n", OCTOBER)


def test_full_data(parsed, staged):
    folder = staged("stack/llama-cpp-ops")
    rows = {}
    for name in SOURCE.files:
        result = parsed(SOURCE, name, (folder / name).read_bytes())
        assert not result.skipped, name
        rows.update(result.rows)
    assert {table: len(found) for table, found in rows.items()} == {
        OPERATOR: 1380,
        BACKEND: 13,
        DOCUMENTED: 1508,
    }
    assert sum(row["cases_count"] for row in rows[OPERATOR]) == 231_779
    states = defaultdict(Counter)
    for row in rows[OPERATOR]:
        states[row["backend"]][row["status"]] += 1
        share = row["cases_supported_count"] / row["cases_count"]
        assert row["supported_share"] == pytest.approx(share, abs=1e-4)
    for row in rows[BACKEND]:
        found = states[row["backend"]]
        assert found["full"] == row["operators_full_count"]
        assert found["partial"] == row["operators_partial_count"]
        assert found["none"] == row["operators_none_count"]
    # the page writes `none` also where a backend was never asked
    other = {"HTP": "Hexagon", "MTL": "Metal"}
    asked = {(row["backend"], row["operator"]): row["status"] for row in rows[OPERATOR]}
    pages = {(other.get(r["backend"], r["backend"]), r["operator"]): r for r in rows[DOCUMENTED]}
    unasked = set(pages) - set(asked)
    assert len(unasked) == 128
    assert {pages[key]["status"] for key in unasked} == {"none"}
