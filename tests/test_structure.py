"""The shape of the project: who may import whom, what is public, how large a module may be."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from underlay.cli import COMMANDS
from underlay.cli.session import Command
from underlay.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
MODULES = sorted(SRC.rglob("*.py"))
IDS = [path.relative_to(SRC).with_suffix("").as_posix().replace("/", ".") for path in MODULES]
LONGEST = 800
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "tools"}
HEAVY = {"duckdb", "httpx", "ibis", "numpy", "pandas", "polars", "pyarrow", "rich", "vl_convert"}
LOCKS = ("requirements.lock", "requirements-dev.lock")

each_module = pytest.mark.parametrize("path", MODULES, ids=IDS)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


def own_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, name) of everything taken from the package itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("underlay"):
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_imports_go_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@each_module
def test_a_module_is_short_and_its_name_says_something(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST
    assert not EMPTY_WORDS & set(re.split(r"[_.]", path.stem))


@each_module
def test_what_a_module_defines_for_others_is_in_all(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    definitions = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    defined = {node.name for node in tree.body if isinstance(node, definitions)}
    public = {name for name in defined if not name.startswith("_")}
    module = importlib.import_module(module_name(path))
    listed = getattr(module, "__all__", [])
    assert public <= set(listed)
    assert len(set(listed)) == len(listed)
    for name in listed:
        assert hasattr(module, name)


@each_module
def test_only_public_names_are_taken_from_another_module(path: Path) -> None:
    for name, taken in own_imports(ast.parse(path.read_text("utf-8"))):
        module = importlib.import_module(name)
        is_module = (SRC / name.replace(".", "/") / f"{taken}.py").exists()
        is_module |= (SRC / name.replace(".", "/") / taken / "__init__.py").exists()
        if not is_module:
            assert taken in getattr(module, "__all__", []), f"`{taken}` of {name} is not public"


def test_the_package_offers_what_it_lists() -> None:
    package = importlib.import_module("underlay")
    assert set(dir(package)) == set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = package.no_such_name


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["lake", "--help"], ["nonsense"]])
def test_a_small_question_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from underlay.cli import main; code = main(sys.argv[1:]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == (2 if arguments == ["nonsense"] else 0), done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert not HEAVY & loaded


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child, found in command.commands.items():
            yield from leaves(found, f"{name} {child}")
    else:
        yield name, command


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_command_is_what_its_entry_says(entry: object) -> None:
    command = entry.load()  # type: ignore[attr-defined]
    assert command.name == entry.name  # type: ignore[attr-defined]
    assert command.help
    assert entry.help  # type: ignore[attr-defined]
    for name, leaf in leaves(command, entry.name):  # type: ignore[attr-defined]
        assert leaf.help, name
        assert isinstance(leaf, Command), f"`{name}` lacks the shared options"
        options = [option for option in leaf.params if isinstance(option, click.Option)]
        assert {"--lake", "--quiet"} <= {text for option in options for text in option.opts}
        for option in options:
            assert option.help, f"`{name} {option.opts[0]}` has no help"


def test_every_command_stands_once() -> None:
    names = [entry.name for entry in COMMANDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_is_complete(source: object) -> None:
    terms = source.terms  # type: ignore[attr-defined]
    assert source.title  # type: ignore[attr-defined]
    assert source.files  # type: ignore[attr-defined]
    assert terms.licence
    assert re.match(r"https?://\S+$", terms.url)
    assert terms.may_redistribute in ("rows", "aggregates", "no")
    assert terms.requests_per_minute > 0
    assert source.tables  # type: ignore[attr-defined]
    for table in source.tables:  # type: ignore[attr-defined]
        assert table.name.startswith(f"raw_{source.name}__")  # type: ignore[attr-defined]
        assert table.doc.startswith("One row per")
        assert table.key, f"{table.name} has no key"
        assert {"observed_on", "snapshot_sha256"} <= set(table.column_names)
        for column in table.columns:
            assert column.doc, f"{table.name}.{column.name} says nothing"
    assert type(source).__doc__


def test_sources_and_tables_stand_once_and_in_order() -> None:
    names = [source.name for source in SOURCES]
    assert names == sorted(set(names))
    tables = [table.name for source in SOURCES for table in source.tables]
    assert len(set(tables)) == len(tables)


def locked(name: str) -> dict[str, list[str]]:
    """Package -> locked versions (more than one where they differ by Python version)."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line)
        if match:
            found.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_index(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert len(blocks) > 10
    for block in blocks:
        assert "--hash=sha256:" in block


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_fits_the_project(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if "dev" in name:
        wanted += project["dependency-groups"]["dev"]
    versions = locked(name)
    for text in wanted:
        requirement = Requirement(text)
        found = versions.get(canonicalize_name(requirement.name), [])
        assert found, f"`{requirement.name}` is not in {name}; run `make lock`"
        for version in found:
            assert requirement.specifier.contains(version, prereleases=True)


def test_both_locks_agree() -> None:
    runtime, dev = map(locked, LOCKS)
    assert {name: dev.get(name) for name in runtime} == runtime
