"""Uses of CUDA's names in packages, and the rules of tools that look for them."""

from __future__ import annotations

import datetime as dt

import pytest

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.code_coupling import CodeCoupling

SOURCE = CodeCoupling()
RULE, COUNT = "raw_code_coupling__rule", "raw_code_coupling__count"
DAY = dt.date(2026, 11, 21)


@pytest.fixture
def read(parsed, sample):
    return lambda name: parsed(SOURCE, name, sample(f"code_coupling/{name}"), DAY)


def test_counts(read):
    result = read("cuda_coupling_scan.csv")
    assert len(result.rows[COUNT]) == 46
    assert not result.skipped
    row = result.row(COUNT, package="accelerate", rule="literal_cuda")
    assert (row["version"], row["uses_count"], row["uses_per_kloc"]) == ("1.15.0", 20, 0.551)
    assert (row["python_files_count"], row["lines_count"]) == (84, 36293)
    assert row["files_share"] is None
    assert row["observed_on"] == DAY


def test_one_rule_counts_files_and_its_ratio_is_a_share(read):
    result = read("cuda_coupling_scan.csv")
    rule = "files_with_cuda_reference"
    row = result.row(COUNT, package="accelerate", rule=rule)
    assert (row["uses_count"], row["files_share"], row["uses_per_kloc"]) == (21, 0.25, None)
    none = result.row(COUNT, package="mlx-lm", rule=rule)
    assert (none["version"], none["uses_count"], none["files_share"]) == ("git-d78bf58e", 0, 0)


def test_rules(read):
    result = read("coupling_rules.csv")
    assert len(result.rows[RULE]) == 10
    row = result.row(RULE, tool="DeepSpeed check-torchcuda")
    assert (row["kind"], row["verdict"]) == ("CI lint", "policy")
    assert '"torch.cuda"' in row["rule"]


@pytest.mark.parametrize("name", SOURCE.files)
def test_files_of_no_known_day_and_wrong_headers(parsed, sample, name):
    with pytest.raises(UnreadableError, match="--observed-on"):
        parsed(SOURCE, name, sample(f"code_coupling/{name}"))
    with pytest.raises(SchemaError):
        parsed(SOURCE, name, b"one,two\n1,2\n", DAY)


def test_bad_rows(parsed, sample):
    lines = sample("code_coupling/cuda_coupling_scan.csv").decode().splitlines()
    lines[1] = lines[1].replace("accelerate 1.15.0", "accelerate")
    lines[2] = lines[2].replace(",36293,", ",long,")
    lines[3] = lines[3].rpartition(",")[0]
    lines[4] = lines[5]
    result = parsed(SOURCE, "cuda_coupling_scan.csv", "\n".join(lines).encode(), DAY)
    assert result.reasons == {
        "`package` is empty": 1,
        "`lines_count` is not a valid int64": 1,
        "number of cells differs from the header": 1,
        "repeats another row exactly (observed_on, package, version, rule)": 1,
    }


def test_full_data(parsed, staged):
    folder = staged("stack/code-coupling")
    rows = {}
    for name in SOURCE.files:
        result = parsed(SOURCE, name, (folder / name).read_bytes())
        assert not result.skipped, name
        rows.update(result.rows)
    assert {table: len(found) for table, found in rows.items()} == {RULE: 32, COUNT: 504}
    assert len({row["package"] for row in rows[COUNT]}) == 21
    assert {row["day_precision"] for row in rows[RULE]} == {"year"}
    for row in rows[COUNT]:
        if row["files_share"] is None:
            rate = 1000 * row["uses_count"] / row["lines_count"]
            assert row["uses_per_kloc"] == pytest.approx(rate, abs=6e-4), row
        else:
            share = row["uses_count"] / row["python_files_count"]
            assert row["files_share"] == pytest.approx(share, abs=6e-5), row
