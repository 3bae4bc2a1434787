"""The whole run: the same answer each time, from a cache, and from several processes."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path, PurePosixPath

import pytest

from underlay.audit import audit
from underlay.audit.cache import Cache
from underlay.audit.detectors import DETECTORS
from underlay.audit.detectors.models.notebook import notebook_code
from underlay.audit.names.roles import role_of
from underlay.audit.workers import in_processes

LABELLED = Path(__file__).parents[1] / "data" / "audit" / "labelled"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LABELLED / "rag_service" / "tree", tmp_path / "tree"))


def test_the_same_answer_in_one_process_and_in_several(tree: Path) -> None:
    alone = audit(tree, processes=1)
    assert alone.models
    assert audit(tree, processes=1) == alone
    assert audit(tree, processes=2) == alone
    assert audit(tree, processes=3) == alone


def test_the_same_answer_from_elsewhere(tree: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tree, tmp_path / "other" / "deep"))
    assert audit(other) == audit(tree)


def test_the_cache_gives_the_same_answer(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "c" / "cache.sqlite"
    cold = audit(tree)
    assert audit(tree, cache=cache) == cold
    assert cache.exists()
    assert audit(tree, cache=cache) == cold
    (tree / "app" / "constants.py").write_text(
        'SUMMARY = "t5-small"\nZERO_SHOT = NER = E5 = SUMMARY\n'
    )
    changed = audit(tree, cache=cache)
    assert changed == audit(tree)
    assert "facebook/bart-large-cnn" not in {m.ref for m in changed.models}
    assert "t5-small" in {m.ref for m in changed.models}


def test_a_full_cache_forgets_files_that_are_gone(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("underlay.audit.cache._MOST_BYTES", 0)
    cache = tmp_path / "cache.sqlite"
    audit(tree, cache=cache)
    count = sqlite3.connect(cache).execute("SELECT count(*) FROM found").fetchone()[0]
    (tree / "app" / "cli.py").unlink()
    audit(tree, cache=cache)
    assert sqlite3.connect(cache).execute("SELECT count(*) FROM found").fetchone()[0] == count - 1


@pytest.mark.parametrize("held", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_broken_cache_costs_time_only(tree: Path, tmp_path: Path, held: bytes) -> None:
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(held)
    assert audit(tree, cache=cache) == audit(tree)


def test_a_cache_of_other_versions_is_void(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    first = Cache(path, "one")
    first.replace({b"k": [1]}, [])
    first.close()
    assert Cache(path, "one").get(b"k") == [1]
    assert Cache(path, "two").get(b"k") is None


def test_a_cache_in_a_place_that_cannot_be_written(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert audit(tree, cache=tmp_path / "file" / "cache.sqlite") == audit(tree)


def test_one_file_is_a_tree_too(tree: Path) -> None:
    done = audit(tree / "app" / "llm.py")
    assert "llama3.1" in {m.ref for m in done.models}
    assert {m.file for m in done.models} == {"llm.py"}


def test_no_tree(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        audit(tmp_path / "nothing")


def test_a_child_that_dies_costs_time_only() -> None:
    import os

    here = os.getpid()

    def part(number: int, count: int) -> dict[str, int]:
        if os.getpid() != here:
            os._exit(9)
        return {"number": number, "count": count}

    assert in_processes(part, 2) == [{"number": 0, "count": 2}, {"number": 1, "count": 2}]


def test_detectors_are_complete() -> None:
    names = [detector.name for detector in DETECTORS]
    assert len(set(names)) == len(names)
    for detector in DETECTORS:
        assert detector.version > 0
        assert detector.rules, detector.name
        for rule in detector.rules:
            assert "/" in rule.id
            assert rule.doc
    ids = [rule.id for detector in DETECTORS for rule in detector.rules]
    assert {rule for rule in ids if "/" not in rule} == set()


def test_every_finding_names_a_rule_of_a_detector() -> None:
    known = {rule.id for detector in DETECTORS for rule in detector.rules}
    for root in sorted(LABELLED.iterdir()):
        done = audit(root / "tree", processes=1)
        for finding in (*done.models, *done.weak, *done.infrastructure):
            assert finding.rule in known, finding
            assert finding.line >= 1
            assert finding.column >= 1


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("tests/a.py", "test"), ("a/test_b.py", "test"), ("a/b_test.go", "test"), ("conftest.py", "test"),
        ("src/__tests__/a.ts", "test"), ("a.spec.ts", "test"), ("README.md", "doc"), ("docs/conf.py", "doc"),
        ("requirements.txt", None), ("src/app.py", None), ("latest/contest.py", None), ("attest.py", None),
    ],
)  # fmt: skip
def test_roles(path: str, role: str | None) -> None:
    assert role_of(PurePosixPath(path)) == role


NOTEBOOK = """{
 "cells": [
  {"cell_type": "markdown", "source": ["See https://huggingface.co/acme/prose-7b\\n"]},
  {
   "cell_type": "code",
   "source": [
    "%matplotlib inline\\n",
    "!ollama pull llama3:8b\\n",
    "from transformers import AutoModel\\n",
    "if True:\\n",
    "    !echo\\n",
    "m = AutoModel.from_pretrained(\\"gpt2\\")\\n"
   ]
  },
  {"cell_type": "code", "source": "this is no python"},
  {"cell_type": "code", "source": "x = 1\\nAutoModel.from_pretrained(\\"t5-small\\")"}
 ]
}
"""


def test_a_notebook_is_read_where_its_lines_stand(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(NOTEBOOK)
    done = audit(tmp_path)
    assert [(m.ref, m.line, m.role) for m in done.models] == [
        ("acme/prose-7b", 3, "doc"),
        ("llama3:8b", 8, "use"),
        ("gpt2", 12, "use"),
        ("t5-small", 16, "use"),
    ]
    raw = NOTEBOOK.splitlines()
    for model in done.models[1:]:
        assert raw[model.line - 1][model.column - 1 :].lstrip('\\"').startswith(model.ref)


def test_notebook_code_has_a_place_for_each_line() -> None:
    code = notebook_code(NOTEBOOK.encode())
    assert len(code.lines) == len(code.places)
    assert code.position(10_000, 1) == (0, 0)
