"""`underlay audit` and `underlay diff-bom`, as people and CI run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from underlay.audit.document import audit_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

ROOT = Path(__file__).parents[2]

CODE = """
from transformers import AutoModel
from openai import OpenAI

MODEL = "Qwen/Qwen2.5-7B-Instruct"
model = AutoModel.from_pretrained(MODEL, trust_remote_code=True).cuda()
OpenAI().chat.completions.create(model="gpt-4o", messages=[])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "app.py").write_text(CODE)
    return root


def test_json_fits_the_contract_and_its_schema(
    underlay: Callable[..., Ran], tree: Path, small_lake: Path
) -> None:
    ran = underlay("--lake", small_lake, "audit", tree, "--format", "json")
    assert ran.code == 0, ran.err
    content = json.loads(ran.out)
    jsonschema.Draft202012Validator(audit_schema()).validate(content)
    models = {m["ref"]: m for m in content["models"]}
    assert models["Qwen/Qwen2.5-7B-Instruct"]["canonical"] == "huggingface:Qwen/Qwen2.5-7B-Instruct"
    assert models["Qwen/Qwen2.5-7B-Instruct"]["line"] == 5
    assert models["gpt-4o"]["operator"] == "openai"
    assert {i["component"] for i in content["infrastructure"]} >= {"service:openai"}
    assert content["as_of"]
    assert underlay("--lake", small_lake, "audit", tree, "--json").out == ran.out


def test_the_schema_in_the_docs_is_the_code_s() -> None:
    shipped = json.loads((ROOT / "docs" / "schema" / "audit.json").read_text("utf-8"))
    assert shipped == audit_schema()


def test_rules_decide_the_exit_code(underlay: Callable[..., Ran], tree: Path) -> None:
    plain = ("audit", tree, "--no-atlas", "--no-cache")
    assert underlay(*plain).code == 0
    assert underlay(*plain, "--fail-on", "remote-code").code == 1
    assert underlay(*plain, "--fail-on", "end-of-life").code == 0
    wrong = underlay(*plain, "--fail-on", "remote-cod")
    assert wrong.code == 2
    assert "`remote-code`" in wrong.err


def test_the_policy_beside_the_code_is_read(underlay: Callable[..., Ran], tree: Path) -> None:
    (tree / "underlay.toml").write_text("[policy]\nmax-tied-line = 0\n")
    wrong = underlay("audit", tree, "--no-atlas")
    assert wrong.code == 2
    assert "max-tied-line" in wrong.err
    assert "`max-tied-lines`" in wrong.err
    (tree / "underlay.toml").write_text('[policy]\nallowed-countries = ["US"]\nunknown = "error"\n')
    ran = underlay("audit", tree, "--no-atlas", "--format", "json")
    assert ran.code == 1
    assert {f["rule"] for f in json.loads(ran.out)["findings"] if f["level"] == "error"} == {
        "country"
    }


def test_a_baseline_leaves_only_what_is_new(
    underlay: Callable[..., Ran], tree: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.json"
    ran = underlay("audit", tree, "--no-atlas", "--format", "cyclonedx", "--output", old)
    assert ran.code == 0, ran.err
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    (tree / "new.py").write_text(CODE.replace("2.5-7B", "3-8B"))
    options = ("--no-atlas", "--format", "json", "--baseline", old)
    content = json.loads(underlay("audit", tree, *options).out)
    assert {m["file"] for m in content["models"]} == {"new.py"}
    new = tmp_path / "new.json"
    underlay("audit", tree, "--no-atlas", "--format", "spdx", "--output", new)
    found = underlay("diff-bom", old, new, "--json")
    assert found.code == 1
    added = [item["key"] for item in json.loads(found.out)["added"] if item["layer"] == "model"]
    assert added == ["huggingface:Qwen/Qwen3-8B-Instruct"]
    assert underlay("diff-bom", old, old).code == 0


@pytest.mark.parametrize("wanted", ["text", "md", "html", "cyclonedx-1.7", "spdx", "sarif"])
def test_a_second_run_gives_the_same_bytes(
    underlay: Callable[..., Ran], tree: Path, wanted: str
) -> None:
    runs = {underlay("audit", tree, "--no-atlas", "--format", wanted).out for _ in range(2)}
    assert len(runs) == 1
    assert str(tree) not in next(iter(runs))  # where the tree lies is nobody's business


def test_source_date_epoch_is_the_moment(
    underlay: Callable[..., Ran], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    ran = underlay("audit", tree, "--no-atlas", "--format", "cyclonedx")
    assert json.loads(ran.out)["metadata"]["timestamp"] == "1970-01-02T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert underlay("audit", tree, "--no-atlas", "--format", "cyclonedx").code == 2


def test_one_model_of_the_hub(underlay: Callable[..., Ran], small_lake: Path) -> None:
    ran = underlay("--lake", small_lake, "audit", "hf:MaziyarPanahi/Qwen3-14B-GGUF", "--json")
    assert ran.code == 0, ran.err
    (card,) = json.loads(ran.out)["cards"]
    assert card["maker"]["id"] == "alibaba"
    assert card["maker"]["country"] == "CN"
    assert card["uploader"]["id"] != "alibaba"


def test_what_is_not_there_is_one_sentence(underlay: Callable[..., Ran], tmp_path: Path) -> None:
    ran = underlay("audit", tmp_path / "nothing", "--no-atlas")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert underlay("audit", tmp_path, "--no-atlas", "--baseline", tmp_path / "x").code == 2
    assert underlay("diff-bom", tmp_path / "x", tmp_path / "y").code == 2


def test_the_action_and_the_hook_are_sound() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        # what a caller writes must reach the script as data, never as a command
        assert "${{" not in step.get("run", "")
    used = {name for step in action["runs"]["steps"] for name in step.get("env", {}).values()}
    for name in action["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in used
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"].startswith("underlay audit")
    assert hook["pass_filenames"] is False
