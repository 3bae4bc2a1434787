"""CI of several projects: hardware, jobs, and the models in what the jobs run."""

from __future__ import annotations

import pytest

from underlay.sources.packages.ci import hardware_backend, hub_ids

STEPS = """
group: Models
steps:
- label: ":nvidia: (H100) Language"
  device: h100
  commands:
  - pip freeze
  - pytest -v -s models/language/test_a.py
  mirror:
    amd:
      label: ":amd: (MI300) Language"
      device: mi300_1
      soft_fail: true
- label: Filtered
  device: intel_gpu
  optional: true
  working_dir: "."
  commands:
  - >-
    bash run.sh 'cd tests &&
    pytest -v models --ignore=models/language/test_b.py -k "qwen and not slow"'
- label: Evaluation
  device: mi355_8
  command: pytest -s evals/test_correctness.py --config-list-file=configs/models-rocm.txt
- label: By machine
  device: b200-k8s
  command: pytest -s evals/test_correctness.py --config-list-file=configs/models-small.yaml
- label: By machine on AMD
  device: mi355_1
  command: pytest -s evals/test_correctness.py --config-list-file=configs/models-small.yaml
- label: Harness
  device: mi300_4
  working_dir: /vllm-workspace/.buildkite/lm-eval-harness
  command: pytest -s test_harness.py --config-list-file=configs/models-large.txt
- label: Harness on a chip that is not asked for
  device: mi355_4
  working_dir: /vllm-workspace/.buildkite/lm-eval-harness
  command: pytest -s test_harness.py --config-list-file=configs/models-large.txt
- label: Kernels
  device: l4
  command: pytest kernels
# - label: switched off
#   device: ascend_npu
#   command: pytest models
- wait
"""
FILES = {
    ".buildkite/test_areas/models.yaml": STEPS,
    "tests/models/language/test_a.py": 'MODELS = ["org/a-1b", "tests/data/x.py", "image/png"]',
    "tests/models/language/test_b.py": '@parametrize("model", ["org/b-1b"])\ndef f(): ...',
    "tests/models/other/test_c.py": '"""Loads org/c-1b."""\nM = "org/c-1b"',
    "tests/evals/configs/models-rocm.txt": "# list\nBig.yaml\nGone.yaml\n",
    "tests/evals/configs/models-small.yaml": "common:\n- Small.yaml\nrocm:\n- Big.yaml\n"
    "cdna4:\n- Newest.yaml\ncuda:\n- Asks.yaml\n",
    "tests/evals/configs/Newest.yaml": "model_name: org/newest-1b\n",
    "tests/evals/configs/Asks.yaml": "model_name: org/asks-1b\nrequired_gpu_arch: [gfx942]\n",
    ".buildkite/lm-eval-harness/configs/models-large.txt": "A.yaml\n",
    ".buildkite/lm-eval-harness/configs/A.yaml": "model_name: org/harness-1b\n"
    "required_gpu_arch:\n- gfx942\n",
    "tests/evals/configs/Big.yaml": 'model_name: "org/big-400b"\nserver_args: >-\n  -x\n',
    "tests/evals/configs/Small.yaml": "model_name: org/small-1b\n",
    "tests/evals/test_correctness.py": 'X = "org/never-named"',
}


@pytest.fixture
def vllm(rows):
    return rows("vllm", FILES)


def jobs(got) -> set[tuple]:
    return {(r["backend"], r["hardware"], r["model_id"], r["is_filtered"]) for r in got["ci"]}


def test_a_job_names_the_models_of_what_it_runs(vllm) -> None:
    assert jobs(vllm) == {
        ("cuda", "h100", "org/a-1b", False),
        ("rocm", "mi300_1", "org/a-1b", False),
        ("xpu", "intel_gpu", "org/a-1b", True),
        ("xpu", "intel_gpu", "org/c-1b", True),
        ("rocm", "mi355_8", "org/big-400b", False),
        ("cuda", "b200-k8s", "org/small-1b", False),
        ("rocm", "mi355_1", "org/small-1b", False),
        ("rocm", "mi355_1", "org/big-400b", False),
        ("rocm", "mi355_1", "org/newest-1b", False),
        ("rocm", "mi300_4", "org/harness-1b", False),
        ("rocm", "mi355_4", None, None),
        ("cuda", "l4", None, None),
    }
    assert vllm["skipped"] == []


def test_a_job_says_where_it_is_and_whether_it_stops_the_build(vllm) -> None:
    by_job = {row["job"]: row for row in vllm["ci"]}
    assert by_job[":nvidia: (H100) Language"]["is_blocking"] is True
    assert by_job[":amd: (MI300) Language"]["is_blocking"] is False
    assert by_job["Filtered"]["is_blocking"] is False
    assert by_job["Evaluation"]["model_path"] == "tests/evals/configs/Big.yaml"
    assert {row["path"] for row in vllm["ci"]} == {".buildkite/test_areas/models.yaml"}


def test_a_job_that_is_commented_out_is_no_job(vllm) -> None:
    assert not any(row["backend"] == "npu" for row in vllm["ci"])


def test_broken_members_are_skipped_and_the_rest_goes_on(rows) -> None:
    files = {**FILES, ".buildkite/bad.yaml": "a: [", "tests/models/language/test_a.py": "("}
    got = rows("vllm", files)
    assert {place.rpartition("/")[2] for place, _ in got["skipped"]} == {"bad.yaml", "test_a.py"}
    assert ("rocm", "mi355_8", "org/big-400b", False) in jobs(got)


ASCEND = """
a2:
  single_node:
    test_config:
      - name: dense
        os: linux-aarch64-a2b3-4
        config_file_path: Dense.yaml
        config_base_path: tests/e2e/cases
      - name: gone
        config_file_path: Gone.yaml
  accuracy:
    nightly:
      - name: accuracy
        model_list: [Qwen3-8B, Unlisted-1B]
"""


def test_lists_and_marks_of_vllm_ascend(rows) -> None:
    files = {
        ".github/workflows/configs/nightly_config.yaml": ASCEND,
        "tests/e2e/cases/Dense.yaml": 'test_cases:\n  - name: x\n    model: "Qwen/Qwen3-30B-A3B"\n',
        "tests/e2e/models/configs/Qwen3-8B.yaml": "model_name: Qwen/Qwen3-8B\n",
        "tests/e2e/pull_request/test_x.py": '@pytest.mark.e2e_model("Qwen/Qwen3-0.6B")\n'
        '@pytest.mark.e2e_coverage(arch="dense", hardware=["A2", "A3"])\ndef test_it(): ...\n',
    }
    got = rows("vllm-ascend", files)["ci"]
    assert {(r["hardware"], r["job"], r["model_id"]) for r in got} == {
        ("a2", "dense", "Qwen/Qwen3-30B-A3B"),
        ("a2", "gone", None),
        ("a2", "accuracy", "Qwen/Qwen3-8B"),
        ("a2", "accuracy", "Unlisted-1B"),
        ("A2", "test_it", "Qwen/Qwen3-0.6B"),
        ("A3", "test_it", "Qwen/Qwen3-0.6B"),
    }
    assert {row["backend"] for row in got} == {"npu"}


def test_weights_that_tests_of_sglang_load_on_ascend(rows) -> None:
    source = (
        "import os\nMODEL_WEIGHTS_DIR = '/root/models/'\n"
        'QWEN_WEIGHTS_PATH = os.path.join(MODEL_WEIGHTS_DIR, "Qwen/Qwen3-8B")\nOTHER = f("x/y")\n'
    )
    (row,) = rows("sglang", {"sglang/test/ascend/test_ascend_utils.py": source})["ci"]
    assert (row["model_id"], row["backend"], row["job"]) == (
        "Qwen/Qwen3-8B",
        "npu",
        "QWEN_WEIGHTS_PATH",
    )


def test_test_modules_of_a_package_for_one_kind_of_hardware(rows) -> None:
    files = {"tests/test_text.py": 'M = ("bigscience/bloomz-7b1", "utf-8", "a/b/c")'}
    (row,) = rows("optimum-habana", files)["ci"]
    assert (row["backend"], row["model_id"], row["hardware"]) == (
        "hpu",
        "bigscience/bloomz-7b1",
        None,
    )


@pytest.mark.parametrize(
    ("label", "backend"),
    [
        ("mi355_dpx", "rocm"),
        ("h200_35gb", "cuda"),
        ("b200-k8s", "cuda"),
        ("l4", "cuda"),
        ("gh200", "cuda"),
        ("dgx-spark", "cuda"),
        ("intel_gpu", "xpu"),
        ("intel_hpu", "hpu"),
        ("intel_cpu", "cpu"),
        ("amd_cpu", "cpu"),
        ("cpu-small", "cpu"),
        ("ascend_npu", "npu"),
        ("a2", "npu"),
        ("a3-560t", "npu"),
        ("a100", "cuda"),
        ("tpu_v6e", "tpu"),
        ("someone's laptop", None),
        (None, None),
    ],
)
def test_the_toolchain_of_a_runner(label, backend) -> None:
    assert hardware_backend(label) == backend


def test_the_shape_of_a_hub_id() -> None:
    good = ["org/model", "Qwen/Qwen3-0.6B", "meta-llama/Llama-3.1-8B"]
    bad = [
        "a/b/c",
        "tests/x",
        "x.py",
        "application/json",
        "org/x.safetensors",
        "/a/b",
        "a b/c",
        "1/2",
    ]
    assert hub_ids([*good, *bad, "org/model"]) == good
