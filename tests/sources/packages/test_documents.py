"""Tables for people, lists that code reads, and folders that say something."""

from __future__ import annotations

import pytest

from underlay.errors import UnreadableError
from underlay.sources.packages.documents import markdown_tables
from underlay.sources.packages.workflows import load, walk

ASCEND = """# Supported Models

## Text-Only Language Models

=== "A2/A3"

    | Model | Support | Note | Supported Hardware | W8A8 |
    |-------|---------|------|--------------------|------|
    | [Qwen3-Dense](../x.md) | ✅ | | A2/A3 | ✅ |
    |Llama|❌|a \\| b|||

=== "310P"

    | Model | Support |
    |:--|--:|
    | `Qwen3` | 🔵 |

## Other

| Feature | Support |
|---|---|
| no model | ✅ |
"""


def test_tables_of_a_markdown_text_with_headings_and_tabs() -> None:
    tables = list(markdown_tables(ASCEND))
    assert [section for section, _, _ in tables] == [
        "Supported Models > Text-Only Language Models = A2/A3",
        "Supported Models > Text-Only Language Models = 310P",
        "Supported Models > Other",
    ]
    assert tables[0][2] == [
        ["Qwen3-Dense", "✅", "", "A2/A3", "✅"],
        ["Llama", "❌", "a \\| b", "", ""],
    ]


@pytest.mark.parametrize(
    "source",
    ["| a | b |\n", "| a |\nno rule\n| b |", "```\n| a |\n|---|\n| b |\n```\n", "", "|\n|\n|"],
)
def test_what_is_no_table(source) -> None:
    assert list(markdown_tables(source)) == []


def test_a_line_without_end_takes_no_time() -> None:
    long = "# a" + " " * 1_000_000 + "b\n| a |\n|--|\n| " + "\\|" * 500_000 + " |\n"
    ((_, header, rows),) = markdown_tables(long)
    assert header == ["a"]
    assert len(rows[0][0]) <= 400


def test_a_short_row_is_filled_and_a_long_one_cut() -> None:
    ((_, _, rows),) = markdown_tables("| a | b |\n|--|--|\n| 1 |\n| 1 | 2 | 3 |\n")
    assert rows == [["1", ""], ["1", "2"]]


def test_models_that_vllm_ascend_lists(rows) -> None:
    path = "docs/source/user_guide/support_matrix/supported_models.md"
    got = rows("vllm-ascend", {path: ASCEND})["model_support"]
    assert [(r["model"], r["statement"], r["hardware"], r["backend"]) for r in got] == [
        ("Qwen3-Dense", "✅", "A2/A3", "npu"),
        ("Llama", "❌", "A2/A3", "npu"),
        ("Qwen3", "🔵", "310P", "npu"),
    ]


def test_a_matrix_in_the_long_description_keeps_failing_and_untested(rows) -> None:
    body = """
## Nightly

| Model | Type | Unit&nbsp;Test | Performance&nbsp;Test |
| --- | --- | --- | --- |
| [org/m-1b](https://example.org/m) | Text | <span title="✅ Passing">✅</span> | \
<span title="❌ Failing">❌</span> |
| org/m-2b | Text | <span title="❓ Untested">❓</span> | |
"""
    info = "Metadata-Version: 2.1\nName: tpu-inference\nVersion: 1.0\n\n" + body
    got = rows("tpu-inference", {"PKG-INFO": info})["model_support"]
    assert {(r["model"], r["feature"], r["statement"]) for r in got} == {
        ("org/m-1b", "Unit Test", "✅ Passing"),
        ("org/m-1b", "Performance Test", "❌ Failing"),
        ("org/m-2b", "Unit Test", "❓ Untested"),
        ("org/m-2b", "Performance Test", None),
    }
    assert {row["section"] for row in got} == {"Nightly"}


def test_examples_lead_from_a_class_to_a_model(rows) -> None:
    source = """
_TEXT = {
    "LlamaForCausalLM": _HfExamplesInfo(
        "meta-llama/Llama-3.2-1B", extras={"tiny": "hmellor/tiny-random"}, min_version="5"
    ),
    "OtherForCausalLM": Other("a/b"),
}
"""
    got = rows("vllm", {"tests/models/registry.py": source})["model_support"]
    assert [(r["architecture"], r["model"], r["kind"]) for r in got] == [
        ("LlamaForCausalLM", "meta-llama/Llama-3.2-1B", "example"),
        ("LlamaForCausalLM", "hmellor/tiny-random", "example"),
    ]


def test_folders_of_model_code_for_one_vendor(rows) -> None:
    files = {
        "vllm/models/kimi_k3/amd/model.py": "",
        "vllm/models/kimi_k3/amd/kernels/a.py": "",
        "vllm/models/kimi_k3/nvidia/model.py": "",
        "vllm/models/kimi_k3/common.py": "",
    }
    got = rows("vllm", files)["model_support"]
    assert [(r["model"], r["backend"], r["statement"]) for r in got] == [
        ("kimi_k3", "rocm", "2 modules for amd"),
        ("kimi_k3", "cuda", "1 modules for nvidia"),
    ]


def test_models_that_a_plugin_configures(rows) -> None:
    source = """
_t: &shape
  model_type: granite
models:
  ibm-granite/granite-3.3-8b-instruct:
    architecture: *shape
    continuous_batching_configs: [{tp_size: 1}]
"""
    (row,) = rows("vllm-spyre", {"vllm_spyre/config/model_configs.yaml": source})["model_support"]
    assert (row["model"], row["statement"]) == (
        "ibm-granite/granite-3.3-8b-instruct",
        "continuous_batching_configs",
    )
    assert row["section"] == "model_type granite"


def test_yaml_scalars_stay_text_and_merges_add() -> None:
    source = b"base: &b {on: true, n: 1}\nx:\n  <<: *b\n  n: 007\ny: [*b, ~, 2026-01-01]\n"
    found = load(source, "x")
    assert found["x"] == {"on": "true", "n": "007"}
    assert found["y"] == [{"on": "true", "n": "1"}, "~", "2026-01-01"]
    assert len(list(walk(found))) == 3


BOMBS = {
    "deep": b"[" * 100_000,
    "deep mapping": b"\n".join(b" " * n + b"a:" for n in range(100)),
    "alias of nothing": b"a: *b",
    "not YAML": b"a: [",
    "tab": b"\ta: 1",
    "control": b"a: \x00",
    "merges": b"a0: &a0 {" + b", ".join(b"k%d: 1" % n for n in range(999)) + b"}\n"
    + b"\n".join(b"b%d: {<<: *a0}" % n for n in range(200)),
}  # fmt: skip


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_yaml_that_is_broken_or_a_bomb_is_refused(source) -> None:
    with pytest.raises(UnreadableError):
        load(source, "x")


def test_a_billion_laughs_stay_few() -> None:
    lines = [b"a0: &a0 [x, x]"] + [
        b"a%d: &a%d [*a%d, *a%d]" % (n, n, n - 1, n - 1) for n in range(1, 40)
    ]
    found = load(b"\n".join(lines), "x")
    assert len(list(walk(found))) == 1  # one mapping, the document itself


def test_a_tag_makes_no_object() -> None:
    found = load(b"a: !!python/object/apply:os.system ['echo']", "x")
    assert found == {"a": ["echo"]}
