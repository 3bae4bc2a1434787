"""`underlay packages`: which released packages are evidence, fetching them, and holding them up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import ANSWERED, FOUND, plain, write, write_json, write_table
from underlay.cli.session import Command, Session
from underlay.errors import NoDataError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.sources.packages.agreement import Agreement
    from underlay.tables import Skipped

__all__ = ["packages"]


@click.group("packages")
def packages() -> None:
    """Released packages of the stack: the list, their extracts, how well they agree."""


@packages.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def _list(as_json: bool) -> None:
    """Show which versions of which packages are read, as wheel or sdist."""
    from underlay.sources.packages.listing import listing

    found = listing()
    rows = [(wish.package, wish.version, wish.kind, wish.platform) for wish in found.wishes]
    names = ("package", "version", "kind", "platform")
    if as_json:
        data = [dict(zip(names, row, strict=True)) for row in rows]
        write_json(
            "underlay/packages/1", {"listed_on": found.listed_on.isoformat(), "packages": data}
        )
        return
    write_table(names, rows)
    write()
    write(f"{len(rows)} artifacts, held against the index on {found.listed_on}")


@packages.command("fetch", cls=Command)
@click.option("--to", "folder", metavar="DIR", required=True, help="Folder for the extracts.")
@click.option(
    "--only", multiple=True, metavar="NAME[==VERSION]", help="Only these packages; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def _fetch(session: Session, folder: str, only: tuple[str, ...], as_json: bool) -> None:
    """Make extracts of released packages: what is read of them, from the index pip is set up for.

    Nothing is installed, built or run, and of a large wheel only parts are fetched. Then
    `underlay sync packages --from DIR` reads the extracts into your lake.
    """
    from underlay.sources.index import Index
    from underlay.sources.packages.listing import chosen, listing
    from underlay.tables import Skipped

    wishes = list(chosen(only))
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, int, int, int]] = []
    skipped: list[Skipped] = []
    with Index() as index:
        for found in index.fetch(wishes, listing().listed_on, session.progress):
            if isinstance(found, Skipped):
                skipped.append(found)
                continue
            _write_file(place / found.name, found.data)
            rows.append((found.name, len(found.data), found.requests, found.received_bytes))
    if as_json:
        names = ("file", "size_bytes", "requests_count", "received_bytes")
        write_json(
            "underlay/packages-fetch/1",
            {
                "folder": folder,
                "extracts": [dict(zip(names, row, strict=True)) for row in rows],
                "skipped": [{"package": one.place, "reason": one.reason} for one in skipped],
            },
        )
    else:
        write_table(("extract", "bytes", "requests", "bytes received"), rows)
        _write_skipped(skipped)
    if not rows:
        raise NoDataError("the index", f"{len(wishes)} artifacts asked for", "")


@packages.command("check", cls=Command)
@click.option("--from", "folder", metavar="DIR", required=True, help="Folder of extracts.")
@click.option(
    "--against",
    metavar="DIR",
    required=True,
    help="Folder with support-matrix/ and wheel-deps/, tables that were made by hand.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def _check(session: Session, folder: str, against: str, as_json: bool) -> int:
    """Hold the extractor up against tables that were made by hand from the same packages.

    The exit code is 1 if there is a difference that nobody has explained.
    """
    from underlay.sources.packages.agreement import STAGED, agreements

    rows = _rows_of(Path(folder), session)
    staged = {name: _read(Path(against, path)) for name, path in STAGED.items()}
    found = agreements(rows, staged)
    if not found:
        raise NoDataError(folder, "any package of those tables", "")
    if as_json:
        write_json("underlay/packages-check/1", {"agreements": [_as_json(one) for one in found]})
    else:
        write_table(
            ("table", "subject", "both", "only ours", "only theirs", "agreement", "unexplained"),
            [
                (
                    one.table,
                    one.subject + (f" ({one.note})" if one.note else ""),
                    one.both,
                    sum(1 for d in one.differences if d.is_ours),
                    sum(1 for d in one.differences if not d.is_ours),
                    f"{one.share:.1%}",
                    one.unexplained,
                )
                for one in found
            ],
        )
        _write_differences(found)
    return FOUND if any(one.unexplained for one in found) else ANSWERED


def _rows_of(folder: Path, session: Session) -> dict[str, list[dict[str, Any]]]:
    """Rows of all extracts in a folder, by table."""
    import hashlib

    from underlay.errors import DataError
    from underlay.sources.base import Snapshot
    from underlay.sources.packages import Packages
    from underlay.sources.packages.artifact import EXTRACT_SUFFIX
    from underlay.tables import Batch

    rows: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob(f"*{EXTRACT_SUFFIX}")):
        session.progress(f"packages: {path.name}")
        data = _read(path)
        snapshot = Snapshot("packages", path.name, data, hashlib.sha256(data).hexdigest())
        try:
            for batch in Packages().parse(snapshot):
                if isinstance(batch, Batch):
                    rows.setdefault(batch.table.name, []).extend(batch.rows())
        except DataError as error:
            session.progress(error.message)
    if not rows:
        raise NoDataError(folder.name, "extracts", "folders that `underlay packages fetch` filled")
    return rows


def _write_differences(found: Sequence[Agreement]) -> None:
    """Differences by their reason, the unexplained first, a few examples each."""
    by_reason: dict[tuple[str, str, bool], list[str]] = {}
    for one in found:
        for difference in one.differences:
            key = (difference.reason, one.table, difference.is_ours)
            by_reason.setdefault(key, []).append(f"{one.subject}: {difference.thing}")
    if by_reason:
        write()
        write_table(
            ("table", "only in", "differences", "why", "examples"),
            [
                (
                    table,
                    "ours" if is_ours else "theirs",
                    len(things),
                    reason or "NOT EXPLAINED",
                    plain("; ".join(things[:3])),
                )
                for (reason, table, is_ours), things in sorted(by_reason.items())
            ],
        )


def _as_json(one: Agreement) -> dict[str, Any]:
    return {
        "table": one.table,
        "subject": one.subject,
        "note": one.note,
        "both": one.both,
        "share": one.share,
        "differences": [
            {"thing": d.thing, "only_in": "ours" if d.is_ours else "theirs", "reason": d.reason}
            for d in one.differences
        ],
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or str(error)) from error


def _write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _write_skipped(skipped: Sequence[Skipped]) -> None:
    if skipped:
        write()
        write_table(("skipped", "reason"), [(plain(one.place), one.reason) for one in skipped])
        write(f"{len(skipped)} skipped")
