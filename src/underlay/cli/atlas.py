"""`underlay atlas` and `underlay bundle`: making core tables, and the snapshot that ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from underlay.cli.output import bytes_text, write, write_json, write_table
from underlay.cli.session import Command, Session
from underlay.errors import LakeMissingError, UnknownNameError

if TYPE_CHECKING:
    from underlay.lake import Lake

__all__ = ["atlas", "build", "bundle", "unresolved"]


@click.group()
def atlas() -> None:
    """Who is who: build the core tables, and see what could not be resolved."""


@atlas.command(cls=Command)
@click.pass_obj
def build(session: Session) -> None:
    """Resolve all raw tables of your lake into core tables, in one version."""
    from underlay.atlas import read_curated
    from underlay.atlas.build import build as build_atlas
    from underlay.lake import Lake, embedded

    settings = session.settings()
    try:
        base = embedded()
    except LakeMissingError:
        base = None
    # never into the embedded snapshot: without a lake of your own this makes one on top of it
    lake = Lake(settings.lake, base, must_exist=base is None)
    built = build_atlas(
        lake,
        read_curated(settings.corrections),
        session.now(),
        threads=settings.threads,
        memory_mb=settings.memory_mb,
        progress=session.progress,
    )
    write_table(["table", "rows"], [[name, count] for name, count in built.rows.items()])
    for name in built.carried:
        write(f"`{name}` was carried over: its raw rows may not ship, and your lake lacks them")
    write(f"lake version {built.version}")


@atlas.command(cls=Command)
@click.option("--kind", default="", metavar="KIND", help="Only account, country, family ...")
@click.option("--listing", default="", metavar="NAME", help="Only lists whose name starts so.")
@click.option("--limit", type=click.IntRange(1), default=30, help="Rows shown; JSON shows all.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def unresolved(session: Session, kind: str, listing: str, limit: int, as_json: bool) -> None:
    """Names that could not be resolved, those with the largest share of their list first."""
    with session.answers() as lake:
        rows = lake.unresolved()
    kinds = tuple(dict.fromkeys(row["kind"] for row in rows))
    if kind and kind not in kinds:
        raise UnknownNameError("kind of unresolved name", kind, kinds)
    rows = [r for r in rows if kind in ("", r["kind"])]
    listings = tuple(dict.fromkeys(row["listing"] for row in rows))
    if listing and not any(name.startswith(listing) for name in listings):
        raise UnknownNameError("list with unresolved names", listing, listings)
    rows = [row for row in rows if row["listing"].startswith(listing)]
    if as_json:
        write_json("underlay/unresolved/1", {"rows": rows})
        return
    write_table(
        ["kind", "list", "name", "share of list", "weight", "unit", "why"],
        [
            [
                row["kind"], row["listing"], row["name"],
                "unknown" if row["weight_share"] is None else f"{row['weight_share']:.2%}",
                f"{row['weight']:,.0f}", row["unit"], row["reason"],
            ]
            for row in rows[:limit]
        ],
    )  # fmt: skip
    if len(rows) > limit:
        write(f"and {len(rows) - limit:,} more; `--limit` or `--json` shows them")


@click.command(cls=Command)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR",
    help="Folder of the snapshot; what it holds is replaced.",
)  # fmt: skip
@click.pass_obj
def bundle(session: Session, output: Path) -> None:
    """Make a snapshot that may be given on: redistributable rows only, with a NOTICE."""
    from underlay.atlas.bundle import make_bundle

    made: Lake = make_bundle(session.open_lake(), output, session.now(), session.progress)
    refs = made.state.partitions.values()
    size = sum(ref.size_bytes for ref in refs)
    write(
        f"{len(made.tables())} tables, {sum(r.rows_count for r in refs):,} rows, {bytes_text(size)}"
    )
