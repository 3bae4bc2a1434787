"""The command line: `underlay COMMAND ...`.

Commands are loaded when they are used, so that `underlay --help` costs next to nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from underlay import __version__
from underlay.cli.output import run, write
from underlay.cli.session import shared_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

__all__ = ["COMMANDS", "Entry", "Lazy", "main", "underlay"]


_COMPLETE = "_UNDERLAY_COMPLETE"  # set by the shell's completion script


@dataclass(frozen=True)
class Entry:
    """One command: its name, the `module:attribute` that holds it, and a line of help."""

    name: str
    target: str
    help: str

    def load(self) -> click.Command:
        """The command itself; imports its module."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.target} is no click command")
        return command


COMMANDS: tuple[Entry, ...] = (
    Entry("report", "underlay.cli.report:report", "the whole answer: text, page, Markdown, JSON"),
    Entry("figure", "underlay.cli.figures:figure", "one figure under a definition"),
    Entry(
        "multiverse",
        "underlay.cli.multiverse:multiverse",
        "one figure under all definitions: who leads, how surely, what flips it",
    ),
    Entry("measures", "underlay.cli.figures:measures", "what can be asked, and how it is defined"),
    Entry("model", "underlay.cli.figures:model", "what is known of one model"),
    Entry("maker", "underlay.cli.figures:maker", "what is known of one organisation"),
    Entry("whatif", "underlay.cli.stack:whatif", "which models have no route left without X"),
    Entry("routes", "underlay.cli.stack:routes", "all known ways to run one model"),
    Entry("chokepoints", "underlay.cli.stack:chokepoints", "whose loss costs most, how firmly"),
    Entry("tempo", "underlay.cli.tempo:tempo", "how often the lead changes above, against below"),
    Entry("fit", "underlay.cli.fit:fit", "the memory that a model needs, and what holds it"),
    Entry("deals", "underlay.cli.capital:deals", "who funds, supplies and owns whom, and rings"),
    Entry("exposure", "underlay.cli.capital:exposure", "what one owner stands in, by layer"),
    Entry("audit", "underlay.cli.audit:audit", "what one code base stands on: models and below"),
    Entry("diff-bom", "underlay.cli.audit:diff_bom", "what changed between two bills of materials"),
    Entry("claims", "underlay.cli.claims:claims", "what is said in public, with verdicts"),
    Entry("claim", "underlay.cli.claims:claim", "one claim: who said it, and what would turn it"),
    Entry("check", "underlay.cli.claims:check", "check what someone says, in their own words"),
    Entry("reproduce", "underlay.cli.reproduce:reproduce", "what others published, beside ours"),
    Entry("diff", "underlay.cli.diff:diff", "what changed between two days or two lakes"),
    Entry(
        "sources", "underlay.cli.sync:sources", "publishers: licence, conflict, tables, vintages"
    ),
    Entry("sync", "underlay.cli.sync:sync", "read a publisher's files into your lake"),
    Entry(
        "packages",
        "underlay.cli.packages:packages",
        "released packages as evidence: list, fetch, check",
    ),
    Entry("atlas", "underlay.cli.atlas:atlas", "build the core tables; what is unresolved"),
    Entry("bundle", "underlay.cli.atlas:bundle", "make a snapshot that may be given on"),
    Entry("lake", "underlay.cli.lake:lake", "what the lake holds, and whether it is whole"),
)


class Lazy(click.Group):
    """A group whose commands are entries, loaded one by one as they are asked for."""

    def __init__(self, *arguments: Any, entries: Sequence[Entry], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.entries = {entry.name: entry for entry in entries}

    def list_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
    ) -> list[str]:
        """Names in the order of the entries."""
        return list(self.entries)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of that name, loaded now."""
        entry = self.entries.get(cmd_name)
        return entry.load() if entry else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but near spellings come from the entries."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(
                error.command_name, possibilities=list(self.entries), ctx=ctx
            ) from None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of commands, from the entries alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in self.entries.values()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands and options, without loading a command."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(entry.name, help=entry.help)
            for entry in self.entries.values()
            if entry.name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        write(f"underlay {__version__}")
        ctx.exit()


underlay = Lazy(
    "underlay",
    entries=COMMANDS,
    params=[
        *shared_options(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Print the version and stop.",
        ),
    ],
    help="Who leads each layer of the AI stack, and what does that lead stand on?",
    epilog="""\
    Answers go to standard output, all else to standard error. The exit code is 0 when the
    question was answered, 1 when it was answered and something was found (a check that fails, a
    problem in the lake), 2 when it could not be answered; 130 after Ctrl-C.""",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run(lambda: _answer(given), as_json="--json" in given)


def _answer(given: list[str]) -> object:
    # not click's own `main`, which turns a reader that goes away into exit code 1
    instruction = os.environ.get(_COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(underlay, {}, "underlay", _COMPLETE, instruction)
    try:
        with underlay.make_context("underlay", given) as context:
            return underlay.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
