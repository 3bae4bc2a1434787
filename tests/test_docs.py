"""The pages name all that the code has, and nothing else; what they show can be run."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import underlay
from underlay import errors
from underlay.api import OpenLake
from underlay.atlas import CORE
from underlay.cli import COMMANDS, pages
from underlay.cli import underlay as program
from underlay.config import SETTINGS
from underlay.errors import LakeMissingError
from underlay.lake import embedded
from underlay.measures import MEASURES, Figure, measure
from underlay.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.measures import Measure
    from underlay.tables import Table

ROOT = Path(__file__).parents[1]
GENERATED = ("sources", "tables", "measures", "rules", "cli", "api")
BY_HAND = ("README.md", "CHANGELOG.md", "docs/design.md", "docs/decisions.md")
PAGES = (*BY_HAND, *(f"docs/{name}.md" for name in GENERATED))


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def sections(page: str, mark: str) -> list[tuple[str, str]]:
    """(heading, text up to the next heading of that level or a higher one), in order."""
    return parts(re.sub(r"<!--.*?-->", "", text_of(page), flags=re.DOTALL), mark)


def parts(text: str, mark: str) -> list[tuple[str, str]]:
    """The same of a text."""
    found: list[tuple[str, str]] = []
    inside = in_block = False
    for line in text.splitlines():
        in_block ^= line.startswith("```")
        depth = 0 if in_block else len(line) - len(line.lstrip("#"))
        if depth and depth <= len(mark):
            inside = depth == len(mark)
            if inside:
                found.append((line.lstrip("# "), ""))
        elif inside:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def named(heading: str) -> str:
    """The name that a heading shows as code."""
    found = re.fullmatch(r"(?:Source )?`([^`]+)`", heading)
    return found.group(1) if found else ""


def bullets(text: str) -> list[str]:
    """Items of the lists in a text, each on one line."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("- "):
            found.append(line[2:])
            inside = True
        elif inside and line.startswith("  "):
            found[-1] += " " + line.strip()
        else:
            inside = False
    return found


def cells(text: str) -> list[list[str]]:
    """Rows of the tables in a text, without header and rule."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in rows[1:] if not row[0].startswith("---")]


def all_tables() -> dict[str, Table]:
    return {t.name: t for t in (*(t for source in SOURCES for t in source.tables), *CORE)}


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_every_source_has_its_section_and_its_row() -> None:
    names = [source.name for source in SOURCES]
    assert [named(heading) for heading, _ in sections("docs/sources.md", "##")] == names
    overview = text_of("docs/sources.md").partition("## `")[0]
    assert [row[0].partition("`")[2].partition("`")[0] for row in cells(overview)] == names


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_says_licence_conflict_files_and_tables(source: Any) -> None:
    text = dict(sections("docs/sources.md", "##"))[f"`{source.name}`"]
    items = dict(item.split(": ", 1) for item in bullets(text))
    assert items["Licence"] == source.terms.licence
    assert items["Page"] == f"<{source.terms.url}>"
    assert items["Conflict of interest"] == (one_line(source.terms.conflict) or "none known")
    assert items["Files"].split(", ") == [f"`{pattern}`" for pattern in source.files]
    linked = re.findall(r"\[`(\w+)`\]", items["Tables"])
    assert linked == [table.name for table in source.tables]


def test_every_table_has_its_section() -> None:
    shown = [named(heading) for heading, _ in sections("docs/tables.md", "###")]
    assert shown == list(all_tables())
    groups = [named(heading) for heading, _ in sections("docs/tables.md", "##")]
    assert groups == [*(source.name for source in SOURCES), ""]


@pytest.mark.parametrize("name", list(all_tables()))
def test_every_column_and_check_has_its_row(name: str) -> None:
    table = all_tables()[name]
    text = dict(sections("docs/tables.md", "###"))[f"`{name}`"]
    rows = cells(text)
    assert [row[0].strip("*") for row in rows] == list(table.column_names)
    assert all(len(row) == 4 for row in rows), "a cell holds a bar, which ends it"
    assert {row[0].strip("*") for row in rows if row[0].startswith("**")} == set(table.key)
    for row, column in zip(rows, table.columns, strict=True):
        assert row[1:] == [column.type, "yes" if column.required else "no", column.doc]
    checks = [item for item in bullets(text) if item.startswith("Check ")]
    assert len(checks) == len(table.checks)
    for shown, check in zip(checks, table.checks, strict=True):
        assert f"*{check.name}*" in shown
        assert f"`{check.column}`" in shown
    assert ("One file a" in text) == bool(table.partition_by)


def measures_page() -> dict[str, str]:
    """Text of the measures of each layer, of the facets, of the choices."""
    found = dict(sections("docs/measures.md", "##"))
    assert list(found)[-2:] == ["Facets", "Choices"]
    return {heading.partition(":")[0].lower(): text for heading, text in found.items()}


def used_by(text: str) -> list[str]:
    """Names behind the last `In` of a text."""
    return re.findall(r"`(\w+)`", one_line(text).rpartition("In `")[2].join(["`", ""]))


def test_every_measure_has_its_section_under_its_layer() -> None:
    page = measures_page()
    assert set(page) - {"facets", "choices"} == {each.layer for each in MEASURES}
    for layer in set(page) - {"facets", "choices"}:
        shown = [named(heading) for heading, _ in parts(page[layer], "###")]
        assert shown == [each.name for each in MEASURES if each.layer == layer]


@pytest.mark.parametrize("asked", MEASURES, ids=lambda each: each.name)
def test_a_measure_says_question_unit_caveat_citation_facets_and_choices(asked: Measure) -> None:
    text = dict(parts(measures_page()[asked.layer], "###"))[f"`{asked.name}`"]
    items = dict(item.split(": ", 1) for item in bullets(text))
    assert one_line(text).startswith(one_line(asked.question))
    assert items["Unit"] == asked.unit
    assert items["Caveat"] == one_line(asked.caveat)
    assert items["Citation"] == one_line(asked.citation)
    assert re.findall(r"`(\w+)`", items["Facets"]) == [split.name for split in asked.splits]
    assert f"`{asked.default_by}` (default)" in items["Facets"]
    assert re.findall(r"`(\w+)`", items["Choices"]) == [choice.name for choice in asked.choices]


def test_every_facet_of_every_measure_is_described_once() -> None:
    shown = []
    for item in bullets(measures_page()["facets"]):
        head, _, rest = item.partition(": ")
        doc = rest.rpartition(". In `")[0]
        shown += [(name, head.strip("`"), doc) for name in used_by(item)]
    expected = [(m.name, split.name, one_line(split.doc)) for m in MEASURES for split in m.splits]
    assert sorted(shown) == sorted(expected)


def test_every_option_of_every_choice_is_described_once() -> None:
    shown = []
    for heading, text in parts(measures_page()["choices"], "###"):
        options = []
        for item in bullets(text):
            head, _, rest = item.partition(": ")
            options.append((head.partition("`")[2].partition("`")[0], "(default)" in head, rest))
        shown += [(name, named(heading), tuple(options)) for name in used_by(text)]
    expected = [
        (
            m.name,
            choice.name,
            tuple(
                (
                    option.name,
                    option is choice.default,
                    one_line(option.reason + (f" [{option.source}]" if option.source else "")),
                )
                for option in choice.options
            ),
        )
        for m in MEASURES
        for choice in m.choices
    ]
    assert sorted(shown) == sorted(expected)


def test_every_rule_of_the_audit_stands_under_its_detector() -> None:
    from underlay.audit.detectors import DETECTORS

    found = {named(head): text for head, text in sections("docs/rules.md", "##")}
    assert list(found) == [detector.name for detector in DETECTORS]
    for detector in DETECTORS:
        shown = {line.split("`")[1] for line in bullets(found[detector.name])}
        assert shown == {rule.id for rule in detector.rules}


def commands() -> dict[str, click.Command]:
    """Every command and group by its words, from the program itself."""

    def below(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
        yield path, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from below(inner, f"{path} {name}")

    return dict(below(program, "underlay"))


def test_every_command_has_its_section() -> None:
    shown = [
        named(heading)
        for mark in ("##", "###", "####")
        for heading, _ in sections("docs/cli.md", mark)
        if heading != "Settings"
    ]
    assert sorted(shown) == sorted(commands())


def test_every_option_has_its_line_of_help() -> None:
    shown = {
        named(heading): text
        for mark in ("##", "###", "####")
        for heading, text in sections("docs/cli.md", mark)
    }
    for path, command in commands().items():
        block = shown[path].partition("```text")[2].partition("```")[0]
        listed = set(re.findall(r"^  (--[\w-]+)", block, flags=re.MULTILINE))
        options = [p for p in command.params if isinstance(p, click.Option)]
        assert listed == {max(p.opts, key=len) for p in options} | {"--help"}, path
        assert all(p.help for p in options), f"an option of `{path}` has no help"


def test_a_command_in_the_list_has_a_line() -> None:
    top = dict(sections("docs/cli.md", "##"))["`underlay`"]
    listed = re.findall(r"^  ([\w-]+) +\S", top.partition("Commands:")[2], flags=re.MULTILINE)
    assert [name for name in listed if name != "Answers"][: len(COMMANDS)] == [
        entry.name for entry in COMMANDS
    ]


def test_every_setting_has_its_row() -> None:
    text = dict(sections("docs/cli.md", "##"))["Settings"]
    shown = [tuple(row) for row in cells(text)]
    assert shown == [
        (f"`{s.name}`", f"`{s.variable}`", s.default or "none", s.help) for s in SETTINGS
    ]


def test_every_public_name_has_its_section() -> None:
    shown = {named(heading) for heading, _ in sections("docs/api.md", "##")} - {""}
    assert shown == set(underlay.__all__)


@pytest.mark.parametrize("name", [n for n in underlay.__all__ if n[0].isupper()])
def test_every_public_member_of_a_public_class_is_described(name: str) -> None:
    cls = getattr(underlay, name)
    methods = {n for n, m in vars(cls).items() if inspect.isfunction(m) and n[0] != "_"}
    attributes = {n for n, m in vars(cls).items() if isinstance(m, property) and n[0] != "_"}
    attributes |= {f.name for f in fields(cls)} if is_dataclass(cls) else set()
    shown = [named(heading) for heading, _ in sections("docs/api.md", "###")]
    assert {s.partition(".")[2] for s in shown if s.startswith(f"{name}.")} == methods
    own = text_of("docs/api.md").partition(f"\n## `{name}`\n")[2]
    own = re.split(r"^##+ ", own, maxsplit=1, flags=re.MULTILINE)[0]
    assert {item.partition("`")[2].partition("`")[0] for item in bullets(own)} == attributes


def test_every_error_stands_in_the_tree() -> None:
    text = dict(sections("docs/api.md", "##"))["Errors"]
    assert sorted(re.findall(r"\b\w+Error\b", text.partition("```text")[2])) == sorted(
        name for name in errors.__all__
    )


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    anchors: dict[str, set[str]] = {}
    text = re.sub(r"```.*?```|<!--.*?-->", "", text_of(page), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), target
        if anchor:
            key = str(found)
            if key not in anchors:
                headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), flags=re.MULTILINE)
                anchors[key] = {
                    re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
                    for heading in headings
                }
            assert anchor in anchors[key], target


def test_no_page_is_left_out() -> None:
    found = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert found == {page for page in PAGES if page.startswith("docs/")}


def shown_commands() -> list[tuple[str, list[str]]]:
    """(page, words) of every `underlay ...` that the pages by hand show as code."""
    found = []
    for page in BY_HAND:
        text = re.sub(r"<!--.*?-->", "", text_of(page), flags=re.DOTALL)
        spans = re.findall(r"(?<!`)`(underlay [^`\n]+)`(?!`)", text)
        lines = []
        for language, block in re.findall(r"```(console|sh)\n([\s\S]*?)```", text):
            prompt = r"\$ " if language == "console" else ""
            lines += re.findall(rf"^{prompt}(underlay .*)$", block, flags=re.MULTILINE)
        found += [(page, shlex.split(line)) for line in (*spans, *lines)]
    return found


@pytest.mark.parametrize(("page", "words"), shown_commands(), ids=str)
def test_a_command_that_a_page_shows_exists_with_its_options(page: str, words: list[str]) -> None:
    known = commands()
    path = words[0]
    rest = words[1:]
    while rest and f"{path} {rest[0]}" in known:
        path = f"{path} {rest.pop(0)}"
    assert path != "underlay" or rest[0].startswith("--"), f"there is no `{' '.join(words)}`"
    options = {name: p for p in known[path].params for name in p.opts}
    for word in rest:
        if word.startswith("--"):
            assert word in options, word
    if path == "underlay figure" and rest and not rest[0].isupper():
        pairs = [b for a, b in pairwise(rest) if a == "--where"]
        measure(rest[0]).definition(dict(pair.split("=", 1) for pair in pairs))


def test_the_readme_names_what_make_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), flags=re.MULTILINE))
    for page in PAGES:
        shown = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), flags=re.MULTILINE))
        assert shown <= targets, page
    assert {"make report", "make test"} <= set(
        re.findall(r"^make \w+", text_of("README.md"), re.MULTILINE)
    )


def test_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    text = dict(sections("README.md", "##"))["Exit codes"]
    assert program.epilog is not None
    assert [row[0] for row in cells(text)] == re.findall(r"\b\d+\b", program.epilog)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    decided = dict(sections("docs/decisions.md", "###"))
    for title, wanted in (
        ("15. Runtime dependencies", project["project"]["dependencies"]),
        ("16. Development dependencies", project["dependency-groups"]["dev"]),
    ):
        heads = [item.partition(":")[0] for item in bullets(decided[title])]
        shown = {name for head in heads for name in re.findall(r"`([\w-]+)`", head)}
        assert shown == {re.split(r"[><=\[]", name)[0] for name in wanted}


def test_a_dependency_that_nothing_imports_is_said_to_be_idle() -> None:
    modules = {
        "cyclonedx-python-lib": "cyclonedx",
        "ibis-framework": "ibis",
        "license-expression": "license_expression",
        "packageurl-python": "packageurl",
        "pyyaml": "yaml",
        "spdx-python-model": "spdx_python_model",
        "tree-sitter": "tree_sitter",
        "vl-convert-python": "vl_convert",
    }
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    decided = dict(sections("docs/decisions.md", "###"))["15. Runtime dependencies"]
    assert "tree_sitter_" in code  # its grammars are loaded by name, one a language
    for item in bullets(decided):
        name = item.partition("`")[2].partition("`")[0]
        module = modules.get(name, name)
        is_used = re.search(rf"^\s*(import|from) {module}\b", code, flags=re.MULTILINE)
        assert ("No module imports it yet" in item) == (is_used is None), name


def test_decisions_are_numbered_and_dated() -> None:
    found = sections("docs/decisions.md", "###")
    assert [heading.partition(".")[0] for heading, _ in found] == [
        str(number) for number in range(1, len(found) + 1)
    ]
    for heading, text in found:
        assert re.match(r"\s*\d{4}-\d\d-\d\d\.", text), heading


def test_the_layers_of_the_design_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contracts[0]["layers"] for name in layer.split(" | ")]
    rows = cells(dict(sections("docs/design.md", "##"))["The layers"])
    assert re.findall(r"`(\w+)`", " ".join(row[0] for row in rows)) == layers


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", text_of("README.md"), flags=re.DOTALL)


@pytest.mark.parametrize("code", examples())
def test_the_example_of_the_readme_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        embedded()
    except LakeMissingError:
        pytest.skip("there is no embedded snapshot: `make snapshot` makes it")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - our own page
    printed = capsys.readouterr().out.splitlines()
    figure = names["figure"]
    assert isinstance(names["lake"], OpenLake)
    assert isinstance(figure, Figure)
    assert printed[0].split()[0] == figure.rows[0].key["country"]
    assert names["table"].num_rows == len(figure.rows)


def test_the_readme_has_an_example() -> None:
    assert len(examples()) == 1


def test_without_the_snapshot_the_pages_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise LakeMissingError("nowhere")

    monkeypatch.setattr(pages, "embedded", missing)
    shown = pages.example("underlay report")
    assert "$ underlay report" in shown
    assert pages.NO_SNAPSHOT in shown
    assert pages.snapshot() == pages.NO_SNAPSHOT
