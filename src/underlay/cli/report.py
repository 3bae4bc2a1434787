"""`underlay report`: the whole answer, as text, a page, Markdown or JSON."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import console, write, write_json
from underlay.cli.session import DATE, Command, Session

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from underlay.api import OpenLake
    from underlay.report import Known, Report

__all__ = ["known_of", "report", "write_whole"]

_PIPED_WIDTH = 96
_SCHEMA = "underlay/report/1"


@click.command("report", cls=Command)
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["terminal", "html", "md", "json"]),
    default="terminal",
    show_default=True,
    help="How it looks.",
)
@click.option(
    "--output",
    metavar="FILE",
    help="Where it goes, `-` for standard output; HTML goes to underlay-report.html by default.",
)
@click.option("--as-of", type=DATE, metavar="DATE", help="Newest data up to that day.")
@click.pass_obj
def report(session: Session, wanted: str, output: str | None, as_of: dt.date | None) -> None:
    """Who leads each layer of the AI stack, and what the lead stands on: the whole answer.

    Each line has its date, coverage and sources; a figure that can't be computed says why.
    """
    from underlay import __version__
    from underlay.report import build_report

    if output is None and wanted == "html":
        output = "underlay-report.html"
    if wanted == "html":
        session.progress("report: computing the figures")
    with session.answers() as lake, _without_collection():
        built = build_report(
            lake.figure,
            known_of(lake, as_of),
            version=__version__,
            as_of=as_of,
            multiverses=lake.multiverse,
            prepared=lake.prepared("spreads") if as_of is None else {},
        )
    if output is None or output == "-":
        _print(built, wanted)
        return
    if wanted == "html":
        session.progress("report: making the page")
    write_whole(Path(output), _rendered(built, wanted))
    session.progress(f"report: wrote {output}")


@contextmanager
def _without_collection() -> Iterator[None]:
    """No search for garbage meanwhile: it costs a tenth of the time, and there is next to none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _print(built: Report, wanted: str) -> None:
    if wanted == "json":
        write_json(_SCHEMA, built.to_dict())
        return
    if wanted == "terminal":
        _print_terminal(built)
        return
    write(_rendered(built, wanted).rstrip("\n"))


def _print_terminal(built: Report) -> None:
    from underlay.report.terminal import render, render_rich

    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    only_ascii = encoding != "utf8"
    has_colour = (
        sys.stdout.isatty()
        and not only_ascii
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
    width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else _PIPED_WIDTH
    if not has_colour:
        write(render(built, width, only_ascii=only_ascii).rstrip("\n"))
        return
    screen = console()
    for line in render_rich(built, width):
        screen.print(line, soft_wrap=True)


def _rendered(built: Report, wanted: str) -> str:
    if wanted == "html":
        from underlay.report.html import page, vega_bundle

        return page(built, vega_bundle())
    if wanted == "md":
        from underlay.report.markdown import render as markdown

        return markdown(built)
    if wanted == "json":
        import json

        content = {"schema": _SCHEMA, **built.to_dict()}
        return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    from underlay.report.terminal import render

    return render(built, _PIPED_WIDTH)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside its place first, then renamed into it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # a temporary file is for its owner's eyes only
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def known_of(lake: OpenLake, as_of: dt.date | None = None) -> Known:
    """Names, countries and the days that lists cover, from the lake's core tables."""
    from underlay.report import Known

    names: dict[str, str] = {}
    countries: dict[str, str] = {}
    for row in _columns(lake, "organisation", "organisation_id", "name", "country"):
        names[row["organisation_id"]] = row["name"]
        countries[row["organisation_id"]] = row["country"]
    for row in _columns(lake, "family", "family_id", "name", "organisation_id"):
        key = f"family:{row['family_id']}"
        names[key] = row["name"]
        countries[key] = countries.get(row["organisation_id"], "unknown")
    days: dict[tuple[str, str], set[str]] = {}
    for row in _columns(lake, "observation", "listing", "metric", "observed_on"):
        days.setdefault((row["listing"], row["metric"]), set()).add(str(row["observed_on"])[:10])
    for name, metric in (
        ("rating", "rating"),
        ("tokens_week", "tokens_count"),
        ("library_month", "downloads_month"),
    ):
        found = {str(row["observed_on"])[:10] for row in _columns(lake, name, "observed_on")}
        days[name, metric] = found
    owners = {
        row["component_id"]: (row["name"], row["country"])
        for row in _columns(lake, "stack_component", "component_id", "name", "country")
    }
    last = str(as_of) if as_of else "9999"
    kept = {key: tuple(sorted(day for day in found if day <= last)) for key, found in days.items()}
    return Known(
        names=names,
        countries=countries,
        owners=owners,
        days={key: kept[key] for key in sorted(kept) if kept[key]},
    )


def _columns(lake: OpenLake, table: str, *columns: str) -> Iterator[dict[str, Any]]:
    """Distinct values of some columns of a core table."""
    question = f"distinct {' '.join(columns)} of {table}"
    tables = lake.engine.tables
    found = lake.engine.ask(
        question, lambda: tables[f"core__{table}"].select(*columns).distinct().order_by(*columns)
    )
    return found.rows()
