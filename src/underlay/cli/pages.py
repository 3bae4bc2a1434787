"""Pages of the documentation, made from what is described where it is defined.

Cog blocks in README.md and docs/ print what these functions return; `make fix` runs the blocks
and `make check` holds the pages to them. No command imports this module.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import shlex
import textwrap
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import underlay
from underlay import errors
from underlay.api import OpenLake
from underlay.atlas import CORE
from underlay.atlas.bundle import shipped
from underlay.atlas.lookup import MakerCard, ModelCard
from underlay.cli import COMMANDS
from underlay.cli import underlay as program
from underlay.cli.session import Session
from underlay.config import SETTINGS, Settings
from underlay.errors import LakeMissingError
from underlay.lake import embedded
from underlay.measures import MEASURES, Definition, Measure, Row
from underlay.measures.definitions import Choice, Option, SourceNote, Split
from underlay.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from underlay.sources import Source
    from underlay.tables import Check, Table

__all__ = [
    "api",
    "citation",
    "cli",
    "example",
    "licences",
    "measures",
    "rules",
    "snapshot",
    "sources",
    "tables",
]

NO_SNAPSHOT = (
    "*Not shown: this checkout has no embedded snapshot. `make snapshot` makes it, then `make fix` "
    "fills this in.*"
)
LAYERS = {
    "above": "Above: models",
    "below": "Below: what they run on",
    "between": "Between: what the lead stands on",
}
# classes that a caller meets inside the answers of the public ones
MET = (Row, SourceNote, Definition, Choice, Option, Split, ModelCard, MakerCard)
_WIDTH = 96
_HELP_WIDTH = 88
_LABEL_WIDTH = 11  # of `caveat     ...` in the answers


def sources() -> str:
    """Every source: terms, conflict, what is read and what is left out, its tables."""
    lines = ["| source | publisher | licence | may be given on |", "| --- | --- | --- | --- |"]
    lines += [
        f"| [`{each.name}`](#{each.name}) | {each.title} | {each.terms.licence} "
        f"| {each.terms.may_redistribute} |"
        for each in SOURCES
    ]
    return _joined(["\n".join(lines), *(_source(each) for each in SOURCES)])


def _source(source: Source) -> str:
    names = ", ".join(f"[`{table.name}`](tables.md#{table.name})" for table in source.tables)
    items = {
        "Title": source.title,
        "Page": f"<{source.terms.url}>",
        "Licence": source.terms.licence,
        "In the embedded snapshot": shipped(source),
        "Conflict of interest": source.terms.conflict or "none known",
        "Files": ", ".join(f"`{pattern}`" for pattern in source.files),
        "Tables": names,
    }
    bullets = "\n".join(_item(f"{label}: {text}") for label, text in items.items())
    return _joined([f"## `{source.name}`", inspect.getdoc(type(source)) or "", bullets])


def tables() -> str:
    """Every contract: the raw tables of each source, then the core tables."""
    parts = []
    for source in SOURCES:
        parts += [f"## Source `{source.name}`", *(_table(table) for table in source.tables)]
    return _joined([*parts, "## Core", *(_table(table) for table in CORE)])


def _table(table: Table) -> str:
    items = []
    if table.partition_by:
        items.append(f"One file a {table.grain} of `{table.partition_by}`.")
    items += [_check(check) for check in table.checks]
    return _joined([table.markdown(), "\n".join(_item(text) for text in items)])


def _check(check: Check) -> str:
    if check.one_of:
        rule = "is one of " + ", ".join(f"`{word}`" for word in check.one_of)
    else:
        bounds = (("at least", check.lowest), ("at most", check.highest))
        rule = "is " + " and ".join(f"{word} {n:g}" for word, n in bounds if n is not None)
    return f"Check *{check.name}*: `{check.column}` {rule}."


def measures() -> str:
    """Every measure by layer, then the facets and the choices that they share."""
    parts = []
    for layer, title in LAYERS.items():
        here = [each for each in MEASURES if each.layer == layer]
        parts += [f"## {title}", *(_measure(each) for each in here)] if here else []
    facets = _by_measure(lambda each: each.splits, _described_split)
    choices = _by_measure(lambda each: each.choices, _described_choice)
    bullets = [_item(f"{text} {_used(names)}") for text, names in facets.items()]
    return _joined(
        [
            *parts,
            "## Facets",
            "What `--by` tells apart, and what `--where FACET=VALUE` keeps to one value.",
            "\n".join(bullets),
            "## Choices",
            "What every definition decides, by `--where CHOICE=OPTION`. Behind each option stand "
            "why one\nwould take it and, in brackets, who does.",
            *(_joined([text, _used(names)]) for text, names in choices.items()),
        ]
    )


def _measure(measure: Measure) -> str:
    facets = [
        f"`{split.name}`" + (" (default)" if split.name == measure.default_by else "")
        for split in measure.splits
    ]
    choices = [f"`{choice.name}`" for choice in measure.choices]
    items = {
        "Unit": measure.unit,
        "Caveat": measure.caveat,
        "Citation": measure.citation,
        "Facets": ", ".join(facets),
        "Choices": ", ".join(choices) or "none",
    }
    bullets = "\n".join(_item(f"{label}: {text}") for label, text in items.items())
    return _joined([f"### `{measure.name}`", measure.question, bullets])


def _by_measure(
    parts: Callable[[Measure], Iterable[Any]], described: Callable[[Any], str]
) -> dict[str, list[str]]:
    """Names of the measures by the description of a part that they have in common."""
    found: dict[str, list[str]] = {}
    for measure in MEASURES:
        for part in parts(measure):
            found.setdefault(described(part), []).append(measure.name)
    return dict(sorted(found.items(), key=lambda entry: entry[0].partition("`:")[0]))


def _described_split(split: Split) -> str:
    return f"`{split.name}`: {split.doc}."


def _described_choice(choice: Choice) -> str:
    bullets = [
        _item(
            f"`{option.name}`{' (default)' if option is choice.default else ''}: {option.reason}"
            + (f" [{option.source}]" if option.source else "")
        )
        for option in choice.options
    ]
    return _joined([f"### `{choice.name}`", f"{_capital(choice.doc)}.", "\n".join(bullets)])


def _used(names: list[str]) -> str:
    return textwrap.fill(
        "In " + ", ".join(f"`{name}`" for name in names) + ".",
        _WIDTH,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rules() -> str:
    """Every rule of the audit, under its detector."""
    from underlay.audit.detectors import DETECTORS

    found = []
    for detector in DETECTORS:
        found.append(f"## `{detector.name}`")
        found.append("\n".join(_item(f"`{rule.id}`: {rule.doc}") for rule in detector.rules))
    return _joined(found)


def cli() -> str:
    """The help of every command, and the settings."""
    parts = ["## `underlay`", _help(program, ("underlay",))]
    for entry in COMMANDS:
        for path, command in _commands(entry.load(), ("underlay", entry.name)):
            parts += [f"{'#' * len(path)} `{' '.join(path)}`", _help(command, path)]
    lines = ["| setting | variable | default | what |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{each.name}` | `{each.variable}` | {each.default or 'none'} | {each.help} |"
        for each in SETTINGS
    ]
    return _joined([*parts, "## Settings", "\n".join(lines)])


def _commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _commands(command.commands[name], (*path, name))


def _help(command: click.Command, path: tuple[str, ...]) -> str:
    context = click.Context(command, info_name=" ".join(path), terminal_width=_HELP_WIDTH)
    return _block(command.get_help(context), "text")


def api() -> str:
    """The public names with their methods, what answers are made of, and the errors."""
    public = {name: getattr(underlay, name) for name in underlay.__all__}
    parts = []
    for name, thing in sorted(public.items(), key=lambda entry: entry[0].casefold()):
        if inspect.isclass(thing):
            parts += _class(thing, "##")
        elif callable(thing):
            parts += [f"## `{name}`", _signature(name, thing), inspect.getdoc(thing) or ""]
        else:
            parts += [f"## `{name}`", "The version of the package, as text."]
    parts += ["## Met in the answers", *(part for each in MET for part in _class(each, "###"))]
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    tree, _, rest = tree.partition("\n\n")
    parts += ["## Errors", "All stand in `underlay.errors`.", _block(tree, "text"), rest]
    return _joined(parts)


def _class(cls: type, mark: str) -> list[str]:
    parts = [f"{mark} `{cls.__name__}`", inspect.getdoc(cls) or ""]
    attributes = [(f.name, f.type) for f in fields(cls)] if is_dataclass(cls) else []
    for name, member in vars(cls).items():
        if isinstance(member, property) and not name.startswith("_"):
            kind = inspect.signature(member.fget).return_annotation if member.fget else ""
            attributes.append((name, f"{kind}, {_lower(inspect.getdoc(member) or '')}"))
    if attributes:
        parts.append("\n".join(_item(f"`{name}`: {kind}") for name, kind in attributes))
    for name, member in vars(cls).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            parts += [
                f"{mark}# `{cls.__name__}.{name}`",
                _signature(name, member),
                inspect.getdoc(member) or "",
            ]
    return parts


def _signature(name: str, function: Callable[..., Any]) -> str:
    """The call as code; annotations as the source spells them, on whichever Python this runs."""
    found = inspect.signature(function)
    shown: list[str] = []
    for parameter in found.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        shown.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
    end = f" -> {found.return_annotation}"
    line = f"{name}({', '.join(shown)}){end}"
    if len(line) > _HELP_WIDTH:
        line = f"{name}(\n" + "".join(f"    {each},\n" for each in shown) + f"){end}"
    return _block(line, "python")


def example(line: str, *, lines: int = 0) -> str:
    """A command line and what it prints over the embedded snapshot, as a code block.

    Keeps the first `lines` lines and the rest of their paragraph, unless that is 0. Without the
    snapshot: the command and a note.
    """
    prompt = f"$ {line}"
    try:
        embedded()
    except LakeMissingError:
        return _joined([_block(prompt, "console"), NO_SNAPSHOT])
    printed = _run(shlex.split(line)[1:]).splitlines()
    if lines and "" in printed[lines:]:
        printed = [*printed[: printed.index("", lines)], "..."]
    printed = [_short(each.rstrip()) for each in printed]
    return _block("\n".join([prompt, *printed]), "console")


def _run(arguments: list[str]) -> str:
    # no lake, settings or moment of whoever makes the pages
    nowhere = Settings(Path("no-lake-of-your-own"), False, 2, 1024, None, None)
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # else the report would be ASCII
    with contextlib.redirect_stdout(output):
        program.main(
            arguments, "underlay", standalone_mode=False, obj=Session(quiet=True, _settings=nowhere)
        )
    output.seek(0)
    return output.read()


def _short(line: str) -> str:
    """The line as a terminal would fold a sentence behind its label; a row of a table is cut."""
    if len(line) <= _WIDTH:
        return line
    label = re.match(r"[a-z]+ +", line)
    if label and label.end() == _LABEL_WIDTH:
        return textwrap.fill(
            line,
            _WIDTH,
            subsequent_indent=" " * _LABEL_WIDTH,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return line[: _WIDTH - 1].rstrip() + "…"


def snapshot() -> str:
    """What the embedded snapshot is: its newest day and its size."""
    try:
        lake = embedded()
    except LakeMissingError:
        return NO_SNAPSHOT
    refs = [ref for _, ref in sorted(lake.state.partitions.items())]
    with OpenLake(lake, Settings(lake.root, False, 2, 1024, None, None)) as opened:
        days = [row["last_observed_on"] for row in opened.sources() if row["last_observed_on"]]
    size = sum(ref.size_bytes for ref in refs) / 1e6
    return (
        f"The embedded snapshot has data to {str(max(days))[:10]}, from {len(days)} sources: "
        f"{len(lake.tables())} tables,\n{sum(ref.rows_count for ref in refs):,} rows, "
        f"{size:.1f} MB."
    )


def citation() -> str:
    """How to cite the program, as a BibTeX entry."""
    lines = (
        "@software{underlay,",
        "  title   = {underlay: who leads each layer of the AI stack},",
        "  author  = {{underlay contributors}},",
        f"  version = {{{underlay.__version__}}},",
        "  license = {Apache-2.0},",
        "}",
    )
    return _block("\n".join(lines), "bibtex")


def licences() -> str:
    """Licences of the data: which sources stand under each, and what may be given on."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in SOURCES:
        key = each.terms.licence, each.terms.may_redistribute
        found.setdefault(key, []).append(f"`{each.name}`")
    lines = ["| licence | may be given on | sources |", "| --- | --- | --- |"]
    lines += [
        f"| {licence} | {given_on} | {', '.join(names)} |"
        for (licence, given_on), names in sorted(found.items(), key=lambda entry: -len(entry[1]))
    ]
    return "\n".join(lines)


def _item(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        _WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block(text: str, language: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join([f"```{language}", *lines, "```"])


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
