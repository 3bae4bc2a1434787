"""The labelled trees of this folder's languages stay found; `make accuracy` prints the scores."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).with_name("accuracy.py")
_SPEC = importlib.util.spec_from_file_location("audit_accuracy", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
accuracy = importlib.util.module_from_spec(_SPEC)
sys.modules["audit_accuracy"] = accuracy
_SPEC.loader.exec_module(accuracy)


@pytest.mark.parametrize("root", accuracy.trees(), ids=lambda root: root.name)
def test_a_labelled_tree(root: Path) -> None:
    score = accuracy.score(root)
    told = "\n".join(score.details)
    assert score.names.recall >= 0.9, told
    assert score.names.precision >= 0.9, told
    assert score.lines.recall >= 0.85, told
    assert score.aliases_as_dependencies == 0, told


def test_the_score_can_be_bad(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.py").write_text('x = "gpt-4o"\n')
    (tmp_path / "labels.toml").write_text(
        '[[model]]\nref = "acme/other"\nfile = "a.py"\nline = 1\nrole = "use"\n'
    )
    score = accuracy.score(tmp_path)
    assert (score.names.recall, score.names.precision) == (0, 0)
