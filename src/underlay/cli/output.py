"""How an answer leaves the program: the one place that turns errors into words."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import traceback
from typing import IO, TYPE_CHECKING, Any

import click
from click.exceptions import NoArgsIsHelpError

from underlay.errors import UnderlayError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

__all__ = [
    "ANSWERED",
    "FOUND",
    "UNANSWERED",
    "bytes_text",
    "console",
    "plain",
    "run",
    "write",
    "write_json",
    "write_table",
]

ANSWERED, FOUND, UNANSWERED = 0, 1, 2
_INTERRUPTED = 130  # what shells report after Ctrl-C
_ERROR_SCHEMA = "underlay/error/1"


def run(command: Callable[[], object], *, as_json: bool = False) -> int:
    """Run a command and return the exit code; whatever goes wrong is said on standard error.

    An error is one sentence and a hint, or one JSON object. A command returns None or an exit
    code. Only a defect of the program itself shows a traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except UnderlayError as error:
        return _refuse(error.message, error.hint, as_json=as_json)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return UNANSWERED
    except click.ClickException as error:
        return _refuse(*_usage_words(error), as_json=as_json)
    except (KeyboardInterrupt, EOFError, click.Abort):
        _abandon_output()
        return _INTERRUPTED
    except OSError as error:
        return _refuse_system(error, as_json=as_json)
    except MemoryError:
        return _refuse("there is not enough memory for this", "", as_json=as_json)
    except Exception as error:  # noqa: BLE001 - else Python would exit 1, which means "found"
        if not as_json:
            traceback.print_exc()
        words = f"underlay failed, and the fault is its own: {type(error).__name__}: {error}"
        return _refuse(words, "please report it together with the command", as_json=as_json)
    return code if isinstance(code, int) else ANSWERED


def write(text: str = "") -> None:
    """A line of the answer, on standard output."""
    click.echo(text, color=_may_colour(sys.stdout))


def write_json(schema: str, content: dict[str, Any]) -> None:
    """The answer as one JSON object that names its schema."""
    write(_json({"schema": schema, **content}, sys.stdout))


def write_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under headers: ruled on a terminal, aligned plain text elsewhere.

    Whole numbers get thousands separators and stand right; None is shown as `unknown`.
    """
    given = [list(row) for row in rows]
    cells = [[_cell(value) for value in row] for row in given]
    right = [
        bool(given) and all(isinstance(row[i], int | float | None) for row in given)
        for i in range(len(headers))
    ]
    if sys.stdout is not None and sys.stdout.isatty():
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for header, is_right in zip(headers, right, strict=True):
            table.add_column(header, justify="right" if is_right else "left", overflow="fold")
        for row in cells:
            table.add_row(*row)
        console().print(table)
        return
    widths = [max(len(line[i]) for line in [list(headers), *cells]) for i in range(len(headers))]
    for line in [list(headers), *cells]:
        padded = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ]
        write("  ".join(padded).rstrip())


def console(*, stderr: bool = False) -> Console:
    """A rich console that takes text as it is; no colour where `NO_COLOR` is set or it is piped."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def bytes_text(size: int) -> str:
    """A size for people, in decimal units: `12.3 MB`."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            break
    return f"{value:.1f} {unit}"


def plain(text: str) -> str:
    """Text on one line, its control characters spelt out.

    So no file name and no publisher's cell can move the cursor or paint the terminal.
    """
    shown = " ".join(text.split()) if "\n" in text or "\r" in text else text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)


def _cell(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return plain(str(value))


def _may_colour(stream: IO[str] | None) -> bool:
    return (
        stream is not None
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def _json(content: object, stream: IO[str] | None) -> str:
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    return json.dumps(content, ensure_ascii=encoding != "utf8", indent=2, allow_nan=False)


def _refuse(message: str, hint: str, *, as_json: bool) -> int:
    if as_json:
        words = _json({"schema": _ERROR_SCHEMA, "error": message, "hint": hint}, sys.stderr)
    else:
        label = click.style("error:", fg="red", bold=True)
        words = f"{label} {plain(message)}" + (f"\nhint: {plain(hint)}" if hint else "")
    try:
        click.echo(words, file=sys.stderr, color=_may_colour(sys.stderr))
    except OSError:
        _abandon_output()
    return UNANSWERED


def _refuse_system(error: OSError, *, as_json: bool) -> int:
    """Words for what the operating system refused; a reader that went away is no error."""
    _abandon_output()
    if error.errno == errno.EPIPE:
        return ANSWERED
    reason = error.strerror or str(error)
    if error.filename is not None:
        place = os.fsdecode(error.filename)
        return _refuse(f"`{place}` can't be used: {reason}", "", as_json=as_json)
    return _refuse(f"the output can't be written: {reason}", "", as_json=as_json)


def _abandon_output() -> None:
    """Point standard output to nowhere: Python flushes it at exit and would complain again."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _usage_words(error: click.ClickException) -> tuple[str, str]:
    """One sentence and a hint for what click refused."""
    context = getattr(error, "ctx", None)
    hint = f"`{context.command_path if context else 'underlay'} --help` shows what it takes"
    if isinstance(error, click.NoSuchCommand):
        unknown = UnknownNameError("command", error.command_name, error.possibilities or ())
        return unknown.message, unknown.hint or hint
    if isinstance(error, click.NoSuchOption):
        unknown = UnknownNameError("option", error.option_name, error.possibilities or ())
        return unknown.message, unknown.hint or hint
    text = " ".join(error.format_message().split()).rstrip(".")
    text = re.sub(r"'([^']*)'", r"`\1`", text)
    return text[:1].lower() + text[1:], hint
