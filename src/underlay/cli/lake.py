"""`underlay lake`: what the lake holds, whether its bytes are right, and making room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import ANSWERED, FOUND, bytes_text, plain, write, write_json, write_table
from underlay.cli.session import Command, Session
from underlay.errors import LakeMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from underlay.lake import Lake

__all__ = ["gc", "lake", "span", "span_text", "status", "verify"]


@click.group("lake")
def lake() -> None:
    """What the lake holds, and whether it is whole."""


lake.command_class = Command


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """Show tables and snapshots with their size, dates and licences."""
    opened = session.open_lake()
    tables = [_table_row(opened, name) for name in opened.tables()]
    sources = _source_rows(opened)
    if as_json:
        write_json(
            "underlay/lake-status/1",
            {
                "lake": str(opened.root),
                "version": opened.state.version,
                "committed_at": opened.state.committed_at or None,
                "tables": tables,
                "sources": sources,
            },
        )
        return
    moment = f", committed {opened.state.committed_at}" if opened.state.committed_at else ""
    write(plain(f"{opened.root}: version {opened.state.version}{moment}"))
    if not tables and not sources:
        write("The lake is empty.")
        return
    write()
    write_table(
        ("table", "rows", "size", "partitions", "dates"),
        [
            (
                row["table"],
                row["rows_count"],
                bytes_text(row["size_bytes"]),
                row["partitions_count"],
                span_text(row["first"], row["last"]),
            )
            for row in tables
        ],
    )
    write()
    write_table(
        ("source", "licence", "snapshots", "size", "fetched", "dates"),
        [
            (
                row["source"],
                ", ".join(row["licences"]),
                row["snapshots_count"],
                bytes_text(row["size_bytes"]),
                span_text(row["first_fetched_at"][:10], row["last_fetched_at"][:10]),
                span_text(row["first"], row["last"]),
            )
            for row in sources
        ],
    )


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def verify(session: Session, as_json: bool) -> int:
    """Read every byte again; name each file that is gone or changed, and exit 1 if there is one."""
    opened = session.open_lake()
    problems = list(opened.verify())
    if as_json:
        rows = [{"path": found.path, "problem": found.problem} for found in problems]
        write_json("underlay/lake-verify/1", {"lake": str(opened.root), "problems": rows})
    elif problems:
        write_table(("file", "problem"), [(found.path, found.problem) for found in problems])
    else:
        write(plain(f"{opened.root}: every file is as recorded"))
    return FOUND if problems else ANSWERED


@lake.command()
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=3600.0,
    show_default=True,
    help="Keep files younger than this many seconds: a writer may be about to use them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def gc(session: Session, grace: float, as_json: bool) -> None:
    """Remove files of your own lake that no kept version refers to."""
    from underlay.lake.write import collect

    root = session.settings().lake
    if not root.is_dir():
        raise LakeMissingError(str(root))
    removed = collect(root, session.now(), grace)
    if as_json:
        names = [path.relative_to(root).as_posix() for path in removed]
        write_json("underlay/lake-gc/1", {"lake": str(root), "removed": names})
    else:
        write(plain(f"{root}: removed {len(removed)} file{'' if len(removed) == 1 else 's'}"))


def span(opened: Lake, tables: Iterable[str]) -> tuple[str | None, str | None]:
    """First and last date of these tables, as fine as their partitions; None where undated."""
    dates = [
        label.partition("=")[2]
        for table in tables
        for label in opened.partitions(table)
        if "=" in label
    ]
    return (min(dates), max(dates)) if dates else (None, None)


def span_text(first: str | None, last: str | None) -> str:
    """A span for people; empty where there is none."""
    if first is None or last is None:
        return ""
    return first if first == last else f"{first} to {last}"


def _table_row(opened: Lake, name: str) -> dict[str, Any]:
    refs = [ref for _, ref in opened.partitions(name).values()]
    first, last = span(opened, [name])
    return {
        "table": name,
        "rows_count": sum(ref.rows_count for ref in refs),
        "size_bytes": sum(ref.size_bytes for ref in refs),
        "partitions_count": len(refs),
        "first": first,
        "last": last,
    }


def _source_rows(opened: Lake) -> list[dict[str, Any]]:
    by_source: dict[str, list[Any]] = {}
    for ref in opened.snapshots():
        by_source.setdefault(ref.source, []).append(ref)
    rows = []
    for name, refs in by_source.items():
        own = [table for table in opened.tables() if table.startswith(f"raw_{name}__")]
        first, last = span(opened, own)
        rows.append(
            {
                "source": name,
                "licences": sorted({ref.licence for ref in refs}),
                "snapshots_count": len(refs),
                "kept_count": sum(ref.is_kept for ref in refs),
                "size_bytes": sum(ref.size_bytes for ref in refs),
                "first_fetched_at": min(ref.fetched_at for ref in refs),
                "last_fetched_at": max(ref.fetched_at for ref in refs),
                "first": first,
                "last": last,
                "snapshots": [
                    {
                        "name": ref.name,
                        "url": ref.url,
                        "fetched_at": ref.fetched_at,
                        "sha256": ref.sha256,
                        "size_bytes": ref.size_bytes,
                        "licence": ref.licence,
                        "is_kept": ref.is_kept,
                    }
                    for ref in refs
                ],
            }
        )
    return rows
