"""`underlay sync` and `underlay sources`: publishers, and bringing their files into the lake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.lake import span, span_text
from underlay.cli.output import plain, write, write_json, write_table
from underlay.cli.session import DATE, Command, Session
from underlay.errors import LakeMissingError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from underlay.lake import Lake
    from underlay.sources import Source
    from underlay.tables import Skipped

__all__ = ["sources", "sync"]


@click.command("sync", cls=Command)
@click.argument("source_name", metavar="SOURCE")
@click.option("--from", "path", metavar="PATH", required=True, help="A file, or a folder of files.")
@click.option("--observed-on", type=DATE, help="Day that the files describe, if they don't say it.")
@click.option("--url", default="", help="Where the files come from, if not the publisher's page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sync(
    session: Session,
    source_name: str,
    path: str,
    observed_on: dt.date | None,
    url: str,
    as_json: bool,
) -> None:
    """Read a publisher's files into your lake, whole or not at all.

    A row or a file that can't be used is skipped, counted and named with its reason.
    """
    from underlay.sources import source
    from underlay.sources.pull import sync_from

    pulled = sync_from(
        source(source_name),
        Path(path),
        session.settings().lake,
        session.now(),
        observed_on=observed_on,
        url=url,
        progress=session.progress,
    )
    skipped = _by_reason(pulled.skipped)
    if as_json:
        write_json(
            "underlay/sync/1",
            {
                "source": pulled.source,
                "lake": str(session.settings().lake),
                "version": pulled.version,
                "files": pulled.files,
                "rows": [{"table": table, "rows_count": n} for table, n in pulled.rows.items()],
                "skipped": skipped,
                "foreign": pulled.foreign,
            },
        )
        return
    files = f"{len(pulled.files)} file{'' if len(pulled.files) == 1 else 's'}"
    write(f"{pulled.source}: {files} read, the lake is at version {pulled.version}")
    if pulled.rows:
        write()
        largest_first = sorted(pulled.rows, key=lambda table: -pulled.rows[table])
        write_table(("table", "rows"), [(table, pulled.rows[table]) for table in largest_first])
    if skipped:
        write()
        write_table(
            ("skipped", "reason", "first in", "example"),
            [(row["count"], row["reason"], row["place"], row["example"]) for row in skipped],
        )
    if pulled.foreign:
        write()
        write(plain(f"not files of this source: {_some(pulled.foreign)}"))


@click.command("sources", cls=Command)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sources(session: Session, name: str | None, as_json: bool) -> None:
    """Show publishers: licence, what may be passed on, conflicts of interest, tables, vintages.

    With NAME, show one of them with the columns of its tables.
    """
    from underlay.sources import SOURCES, source

    chosen = SOURCES if name is None else (source(name),)
    opened: Lake | None = None
    try:
        opened = session.open_lake()
    except LakeMissingError:
        if session.settings().has_own_lake:
            raise
    rows = [_describe(found, opened) for found in chosen]
    if as_json:
        write_json("underlay/sources/1", {"sources": rows})
    elif name is None:
        write_table(
            ("source", "title", "licence", "may pass on", "in the lake"),
            [
                (r["source"], r["title"], r["licence"], r["may_redistribute"], _vintage(r))
                for r in rows
            ],
        )
    else:
        _write_one(chosen[0], rows[0])


def _describe(found: Source, opened: Lake | None) -> dict[str, Any]:
    names = [table.name for table in found.tables]
    first, last = span(opened, names) if opened else (None, None)
    snapshots = [ref for ref in opened.snapshots() if ref.source == found.name] if opened else []
    return {
        "source": found.name,
        "title": found.title,
        "licence": found.terms.licence,
        "url": found.terms.url,
        "may_redistribute": found.terms.may_redistribute,
        "conflict": found.terms.conflict,
        "files": list(found.files),
        "tables": [
            {
                "table": table.name,
                "doc": table.doc,
                "key": list(table.key),
                "columns": [
                    {"column": c.name, "type": c.type, "required": c.required, "doc": c.doc}
                    for c in table.columns
                ],
            }
            for table in found.tables
        ],
        "snapshots_count": len(snapshots),
        "fetched_at": max((ref.fetched_at for ref in snapshots), default=None),
        "first": first,
        "last": last,
    }


def _write_one(found: Source, row: dict[str, Any]) -> None:
    lines = {
        "licence": f"{row['licence']}; may pass on: {row['may_redistribute']}",
        "page": row["url"],
        "conflict": row["conflict"] or "none known",
        "files": ", ".join(row["files"]),
        "in the lake": _vintage(row),
    }
    write(f"{row['source']}: {row['title']}")
    for label, text in lines.items():
        write(f"  {label}: {plain(text)}")
    for table in found.tables:
        write()
        write(f"{table.name}: {table.doc}")
        write_table(
            ("column", "type", "what"),
            [
                (f"{c.name}{' (key)' if c.name in table.key else ''}", c.type, c.doc)
                for c in table.columns
            ],
        )


def _vintage(row: dict[str, Any]) -> str:
    if not row["snapshots_count"] and row["first"] is None:
        return "not in the lake"
    if row["first"] is None:
        return f"undated, fetched {row['fetched_at'][:10]}"
    return span_text(row["first"], row["last"])


def _by_reason(skipped: Sequence[Skipped]) -> list[dict[str, Any]]:
    """What was skipped, one row a reason, the largest count first."""
    found: dict[str, dict[str, Any]] = {}
    for one in skipped:
        row = found.setdefault(
            one.reason, {"count": 0, "reason": one.reason, "place": one.place, "example": ""}
        )
        row["count"] += one.count
        row["example"] = row["example"] or one.example
    return sorted(found.values(), key=lambda row: (-row["count"], row["reason"]))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")
