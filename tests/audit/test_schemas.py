"""Every format of every labelled tree against its publisher's own schema; and always the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.audit.every_format import rendered
from tests.audit.small_atlas import AUDIT, Small

from underlay.audit import audit
from underlay.audit.document import audit_schema
from underlay.audit.join import join

DATA = Path(__file__).parents[1] / "data"
LABELLED = DATA / "audit" / "labelled"
TREES = sorted(path.parent.name for path in LABELLED.glob("*/tree"))


@cache
def schema(name: str) -> Any:
    content = json.loads((DATA / "schemas" / name).read_text("utf-8"))
    return jsonschema_rs.validator_for(content)


def check(formats: dict[str, str]) -> None:
    """Raises or fails where a form does not fit its schema."""
    schema("sarif-schema-2.1.0.json").validate(json.loads(formats["sarif"]))
    schema("spdx-json-schema-3.0.1.json").validate(json.loads(formats["spdx"]))
    jsonschema_rs.validator_for(audit_schema()).validate(json.loads(formats["json"]))
    for version, known in (("1.6", SchemaVersion.V1_6), ("1.7", SchemaVersion.V1_7)):
        assert JsonStrictValidator(known).validate_str(formats[f"cyclonedx-{version}"]) is None


def test_with_an_atlas() -> None:
    check(rendered(join(AUDIT, Small(), name="tree")))


def test_all_labelled_trees_as_one() -> None:
    done = audit(LABELLED, processes=1)
    assert len(done.models) > 300
    check(rendered(join(done, None, name="labelled")))


@pytest.mark.slow
@pytest.mark.parametrize("name", TREES)
def test_each_labelled_tree(name: str) -> None:
    check(rendered(join(audit(LABELLED / name / "tree", processes=1), None, name=name)))


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("sarif-schema-2.1.0.json", {"version": "2.1.0"}),
        ("spdx-json-schema-3.0.1.json", {"@context": "x", "@graph": []}),
    ],
)
def test_the_schemas_refuse(name: str, broken: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        schema(name).validate(broken)


_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.audit.every_format import rendered
from underlay.audit import audit
from underlay.audit.join import join
cache = Path(sys.argv[4]) if sys.argv[4] else None
done = audit(Path(sys.argv[2]), cache=cache, processes=int(sys.argv[3]))
for name, content in rendered(join(done, None, name="tree")).items():
    sys.stdout.buffer.write(f"{name}\\n{content}\\n".encode())
"""


def _from(root: Path, seed: str, processes: int, kept: Path | None = None) -> bytes:
    """All forms of a tree, made by another process somewhere else."""
    repository = Path(__file__).parents[2]
    arguments = [str(repository), str(root), str(processes), str(kept or "")]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "7" else "UTC"},
        cwd=root.parent,
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_the_same_bytes_wherever_and_however_it_runs(tmp_path: Path) -> None:
    one = Path(shutil.copytree(LABELLED / "cluster_models" / "tree", tmp_path / "tree"))
    other = Path(shutil.copytree(one, tmp_path / "far" / "away" / "tree"))
    kept = tmp_path / "cache.sqlite"
    expected = _from(one, "0", 1)
    assert len(expected) > 50_000
    assert _from(other, "7", 2, kept) == expected
    assert kept.exists()
    assert _from(one, "42", 2, kept) == expected
