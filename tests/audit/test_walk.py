"""Hostile trees: bounded time and memory, a note for what was cut, never a crash."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import os
import resource
import struct
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from underlay.audit import Limits, audit
from underlay.audit.walk import Notes, Walk, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

    from underlay.audit import Audit
    from underlay.audit.findings import File, Rule

GOOD = 'from openai import OpenAI\nOpenAI().chat.completions.create(model="gpt-4o")\n'
MOST_MEGABYTES = 400  # the test process itself is a part of it

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and fifos of POSIX")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A tree with one good file, to which a test adds what is hostile; time and memory are held."""
    root = tmp_path / "tree"
    root.mkdir()
    (root / "good.py").write_text(GOOD)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    yield root
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MOST_MEGABYTES
    assert time.process_time() - start < 20


def look(root: Path, **limits: int) -> Audit:
    done = audit(root, limits=Limits(**limits))
    assert ("gpt-4o", "good.py") in {(m.ref, m.file) for m in done.models}
    return done


def reasons(done: Audit, path: str) -> list[str]:
    return [unknown.reason for unknown in done.unknown if unknown.file == path]


def test_links_that_leave_loop_or_dangle(tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(GOOD.replace("gpt-4o", "gpt-4-turbo"))
    (tree / "out").symlink_to(outside)
    (tree / "out.py").symlink_to(outside / "secret.py")
    (tree / "sub").mkdir()
    (tree / "sub" / "up").symlink_to(tree)
    (tree / "self").symlink_to(tree / "self")
    (tree / "nowhere").symlink_to(tree / "missing")
    (tree / "again.py").symlink_to(tree / "good.py")
    (tree / "etc").symlink_to("/etc")
    done = look(tree)
    assert {m.ref for m in done.models} == {"gpt-4o"}
    assert reasons(done, "out") == reasons(done, "out.py") == ["symbolic link out of the tree"]
    assert reasons(done, "etc") == ["symbolic link out of the tree"]
    assert reasons(done, "sub/up") == ["symbolic link to a folder that holds it"]
    for name in ("self", "nowhere"):
        assert reasons(done, name) == ["symbolic link that leads nowhere or to itself"]
    assert done.skipped["symbolic link inside the tree"] == 1
    assert str(tmp_path) not in repr(done)


@pytest.mark.parametrize(
    "name", ["big.py", "big.gguf", "big.json", "big.safetensors", "big.bin", "big.yaml"]
)
def test_a_sparse_file_of_four_gigabytes(tree: Path, name: str) -> None:
    with (tree / name).open("wb") as handle:
        handle.truncate(4 << 30)
    done = look(tree)
    assert done.bytes < 10_000_000
    assert reasons(done, name)


def test_a_json_line_of_fifty_megabytes(tree: Path) -> None:
    with (tree / "line.json").open("wb") as handle:
        handle.write(b'{"model": "gpt-4", "data": "')
        for _ in range(50):
            handle.write(b"x" * 1_000_000)
        handle.write(b'"}')
    assert reasons(look(tree), "line.json") == ["larger than 2000000 bytes: not read"]


def test_a_zip_bomb_named_wheel(tree: Path) -> None:
    with zipfile.ZipFile(tree / "bomb.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
        for number in range(10):
            with bomb.open(f"{number}.txt", "w", force_zip64=True) as member:
                for _ in range(20):
                    member.write(bytes(1_000_000))
    (tree / "bomb.zip").write_bytes((tree / "bomb.whl").read_bytes())
    done = look(tree)
    assert reasons(done, "bomb.whl") == ["an archive: known by its name, not opened"]
    assert reasons(done, "bomb.zip") == ["an archive: not opened"]


def test_a_wheel_in_the_tree_is_known_by_its_name(tree: Path) -> None:
    (tree / "torch-2.3.1+cu121-cp311-cp311-linux_x86_64.whl").write_bytes(b"PK")
    found = {i.component: i.version for i in look(tree).infrastructure}
    assert found["package:torch"] == "2.3.1+cu121"
    assert "toolchain:cuda" in found


def test_a_malicious_pickle_is_never_loaded(tree: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    # a pickle whose loading would call os.system: PROTO 2, GLOBAL, MARK, UNICODE, TUPLE, REDUCE, STOP
    command = f"touch {mark}".encode()
    evil = b"\x80\x02cposix\nsystem\n(X" + struct.pack("<I", len(command)) + command + b"tR."
    for name in ("model.pkl", "pytorch_model.bin", "model.pt", "model.ckpt", "model.joblib"):
        (tree / name).write_bytes(evil)
    look(tree)
    assert not mark.exists()


def test_folders_that_nest_too_deep(tree: Path) -> None:
    place = tree
    for _ in range(90):
        place /= "d"
    place.mkdir(parents=True)
    (place / "deep.py").write_text(GOOD)
    done = look(tree)
    assert [u.reason for u in done.unknown] == ["folders nest deeper than 64"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("utf.py", b"model = '\xff\xfe\xfa' # gpt-4\nx = 'gpt-4'\n"),
        ("deep.py", b"x = " + b"[" * 3000 + b"]" * 3000 + b"  # gpt-4\n"),
        ("deep.json", b'{"model": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("deep.yaml", b"model: " + b"[" * 50_000 + b"\n"),
        ("deep.toml", b"model = " + b"[" * 50_000 + b"\n"),
        ("deep.ts", b"const model = " + b"(" * 50_000 + b'"gpt-4"\n'),
        ("deep.ipynb", b'{"cells": ' + b"[" * 100_000 + b'"gpt-4"'),
        ("bomb.yaml", b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((n, n) + (n - 1,) * 9)
            for n in range(ord("b"), ord("z"))) + b"model: *y\n"),
        ("Dockerfile", b"FROM a\nENV MODEL=" + b"$" * 50_000 + b"\n"),
        ("run.sh", b"ollama pull " + b"$(" * 20_000 + b"\n"),
        (".env", b"MODEL=" + b"a" * 1_000_000 + b"\n"),
        ("config.ini", b"[" * 100_000),
        ("main.tf", b"model = " + b"{" * 20_000),
        ("requirements.txt", b"-r requirements.txt\n" * 10_000),
        ("x.md", b"```python\n" * 20_000),
        ("m.gguf", b"GGUF\x03\0\0\0" + b"\xff" * 64),
        ("m.safetensors", b"\xff" * 8 + b"{"),
        ("m.onnx", b"\x08" * 10_000),
        ("k.cu", b"asm volatile(" * 20_000),
        ("line.py", b"https://" * 37_000 + b"api.openai.com"),
        ("c.py", b"from_pretrained /* __global__ " * 10_000),
        ("prints.py", b"print 'gpt-4o'\n" * 20_000),
        ("errors.py", b"from_pretrained = = 1\n" * 10_000),
        ("brackets.py", b"from_pretrained" + b"[" * 300_000),
        ("minus.py", b"from_pretrained = " + b"-" * 300_000 + b"1\n"),
        ("calls.py", b"from_pretrained" + b"()" * 100_000),
        ("arrows.ts", b"'gpt-4o' ->\n" * 8_000),
        ("yields.ts", b"'gpt-4o'; yield new % , /*" * 8_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_hostile_file(tree: Path, name: str, data: bytes) -> None:
    (tree / name).write_bytes(data)
    start = time.process_time()
    look(tree)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("latin.py", b"# caf\xe9\nx = 1\n", "not UTF-8 from line 1"),
        ("wide.yaml", "model: gpt-4".encode("utf-16"), "not UTF-8 from line 1"),
        ("many.json", b'{"model": [' + b'"gpt-4",' * 100_001 + b"1]}", "more than 100000 values"),
        ("deep.json", b'{"model": "gpt-4", "a": ' + b"[" * 200, "nested deeper than 100"),
        ("deep.toml", b"model = " + b"[" * 3_000 + b"'gpt-4'\n", "nested deeper than 2000"),
        ("deep.py", b"from_pretrained" + b"(" * 2_000, "brackets nest deeper than 900"),
        ("lost.py", b"m = from_pretrained('gpt2')\nclass A:\n" + b"\tx\n x\n" * 100, "left out"),
        ("run.sh", b"ollama pull llama3:8b\n" * 6_000, "more than 5000 commands"),
        ("a.env", b"MODEL=gpt-4\n" * 6_000, "more than 5000 assignments"),
        ("Dockerfile", b"ENV MODEL=gpt-4\n" * 2_000, "more than 1000 instructions"),
        ("k.cu", b"__global__ void f() {}\n" * 600, "more than 500 kernels"),
        ("bomb.yaml", b"model: gpt-4\na: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((n, n) + (n - 1,) * 9)
            for n in range(ord("b"), ord("z"))), "aliases for more than 100000 values"),
        ("big.yaml", b"model: gpt-4\n" * 100_000, "larger than 1000000 bytes: not read for settings"),
        ("big.sh", b"ollama pull llama3:8b\n" * 50_000, "larger than 1000000 bytes: not read"),
        ("big.lock", b"", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_cut_is_said(tree: Path, name: str, data: bytes, reason: str) -> None:
    (tree / name).write_bytes(data)
    told = reasons(look(tree), name)
    assert any(each.startswith(reason) or reason in each for each in told) if reason else not told


def test_notes_do_not_depend_on_who_did_the_work(tree: Path) -> None:
    for folder in range(5):
        (tree / str(folder)).mkdir()
        for number in range(40):
            (tree / str(folder) / f"{number}.zip").write_text("PK")
            (tree / str(folder) / f"l{number}").symlink_to("/nowhere")
    for limits in (Limits(), Limits(unknowns=70), Limits(unknowns=7, unknowns_alike=3)):
        one, two = (audit(tree, limits=limits, processes=n) for n in (1, 2))
        assert one.unknown == two.unknown
        assert one.skipped == two.skipped
        named = sum(u.text == "" for u in one.unknown)
        more = sum(int(u.text.split()[0]) for u in one.unknown if u.text)
        assert named + more == 400
        assert named <= limits.unknowns


def test_special_files_are_not_opened(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    assert reasons(look(tree), "pipe.py") == ["neither a file nor a folder"]


def test_what_may_not_be_read_is_said(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "shut.py").write_text(GOOD)
    true_open = os.open

    def refuse(path: str, *arguments: int) -> int:
        if str(path).endswith("shut.py"):
            raise PermissionError(13, "Permission denied")
        return true_open(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    done = audit(tree, processes=1)
    assert reasons(done, "shut.py") == ["can't be read: Permission denied"]


def test_a_file_that_changes_while_it_is_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tree / "busy.py"
    victim.write_text(GOOD)
    entry = next(e for e in Walk(tree, Limits()) if e.path.name == "busy.py")
    true_read = os.read

    def slow(handle: int, count: int) -> bytes:
        data = true_read(handle, count)
        with victim.open("a") as writer:
            writer.write("# more\n")
        return data

    monkeypatch.setattr(os, "read", slow)
    notes = Notes(Limits())
    file = read(entry, Limits(), notes)
    assert file is not None
    assert file.data.startswith(GOOD.encode())
    assert [note.reason for _, note in notes.named] == ["changed while it was read"]


def test_names_that_are_no_utf8(tree: Path) -> None:
    with open(os.fsencode(tree) + b"/\xff\xfe.py", "w") as handle:  # noqa: PTH123 - bytes in a name
        handle.write(GOOD)
    done = look(tree)
    assert len(done.models) == 2
    repr(done).encode("utf-8")


def test_halves_of_characters_are_left_out(tree: Path) -> None:
    (tree / "half.py").write_text(
        'AutoModel.from_pretrained("gpt2", revision="\\ud800main")\n'
        'OpenAI().chat.completions.create(model=f"gpt-4\\ud83d{x()}")\n'
    )
    done = look(tree)
    assert {m.revision for m in done.models} == {None, "?main"}
    assert len(done.unknown) == 1
    assert "\\ud8" not in repr(done)


@pytest.mark.slow
def test_a_hundred_thousand_files(tree: Path) -> None:
    for folder in range(100):
        place = tree / f"f{folder}"
        place.mkdir()
        for number in range(1000):
            (place / f"{number}.py").touch()
    done = look(tree)
    assert done.files == 100_001
    assert done.skipped == {"empty": 100_000}


def test_more_files_than_the_limit(tree: Path) -> None:
    for number in range(30):
        (tree / f"z{number}.py").write_text(GOOD)
    done = look(tree, files=10)
    assert [u.reason for u in done.unknown] == ["more than 10 files"]
    assert done.files == 10


def test_notes_are_counted_beyond_the_limit(tree: Path) -> None:
    for number in range(30):
        (tree / f"l{number}").symlink_to("/nowhere")
    done = look(tree, unknowns=5)
    assert len(done.unknown) == 6
    assert {(u.file, u.text) for u in done.unknown if u.text} == {(".", "25 more")}
    assert sum(done.skipped.values()) == 30


class Boom:
    """A detector that fails on one file."""

    name = "boom"
    version = 1
    rules: tuple[Rule, ...] = ()

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        return path.name == "bad.py"

    def detect(self, file: File, /) -> Iterator[None]:
        raise ZeroDivisionError
        yield


def test_a_detector_that_fails_loses_one_file_and_says_so(tree: Path) -> None:
    (tree / "bad.py").write_text("x")
    from underlay.audit.detectors import DETECTORS

    done = audit(tree, detectors=(*DETECTORS, Boom()))  # type: ignore[arg-type]
    assert {m.ref for m in done.models} == {"gpt-4o"}
    assert reasons(done, "bad.py") == ["the detector boom failed: ZeroDivisionError"]
