"""The snapshot that ships inside the package: what its licences let us give on."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from underlay.atlas.contracts import CORE
from underlay.errors import BadValueError, NoDataError
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from underlay.sources import Source
    from underlay.tables import Batch, Table

__all__ = ["make_bundle", "notice", "shipped"]


def _pooled(table: ibis.Table) -> ibis.Table:
    """Rmax of cells that hold one system, which is that system's row, goes to a pooled cell.

    The pooled cell keeps the designer and says nothing of the country. Where it would hold one
    system too, it goes on to a cell that says nothing of the designer either, and Rmax is null
    where even that holds one. So the total stays exact but for that case, and shares by Rmax get
    an unknown part.
    """
    alone = table.systems_count == 1
    kept = table.mutate(rmax_tflops=ibis.ifelse(alone, ibis.null("float64"), table.rmax_tflops))
    pool = table.filter(alone).mutate(country=ibis.literal("unknown"), pooled=1)
    lone = pool.pooled.sum().over(group_by=["observed_on", "organisation_id"]) == 1
    maker = ibis.ifelse(lone, ibis.literal("unknown"), pool.organisation_id)
    pool = pool.mutate(organisation_id=maker)
    size = pool.pooled.sum().over(group_by=["observed_on", "organisation_id"])
    pool = pool.mutate(
        rmax_tflops=ibis.ifelse(size == 1, ibis.null("float64"), pool.rmax_tflops),
        systems_count=ibis.literal(0, "int64"),
    ).select(*kept.columns)
    both = kept.union(pool)
    # the pooled cell may be there already, with systems whose country nobody knows
    return both.group_by("observed_on", "country", "organisation_id", "source").agg(
        systems_count=both.systems_count.sum().cast("int64"), rmax_tflops=both.rmax_tflops.sum()
    )


# core tables whose cells can equal a row that must not ship, and what is done about it. Counts of
# downloads by vendor stay although a cell may hold one package: a count is a fact, and the list
# states no licence that would reserve it
_WITHHELD: dict[str, Callable[[ibis.Table], ibis.Table]] = {"core__supercomputer_share": _pooled}

# raw tables of which only a part ships: 340,000 ratings are 13 MB, and no figure asks for a
# category of an old day; whoever wants them syncs the publisher's files into a lake of their own
_SELECTED: dict[str, tuple[str, Callable[[ibis.Table], Any]]] = {
    "raw_lmarena__rating": (
        "category `overall` of every day, all categories of the newest one",
        lambda t: (t.category == "overall") | (t.observed_on == t.observed_on.max().as_scalar()),
    ),
}


def make_bundle(
    lake: Lake, output: Path, now: dt.datetime, progress: Callable[[str], None] = lambda _: None
) -> Lake:
    """Write raw rows that may be redistributed, all core tables, and NOTICE, to a new lake.

    The folder appears whole or stays as it was. Records of snapshots are kept, their bytes are
    not. Raises `NoDataError` if the atlas isn't built, and `BadValueError` if the folder holds
    something else.
    """
    if not lake.files("core__model"):
        raise NoDataError("core__model", "a bundle", "lakes after `underlay atlas build`")
    _check_place(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    raw = [table for source in SOURCES for table in source.tables]
    with (
        tempfile.TemporaryDirectory(dir=output.parent, prefix=".bundle-") as folder,
        Engine(lake, [*raw, *CORE]) as engine,
    ):
        fresh = Path(folder) / "lake"
        transaction = Transaction(fresh)
        for source in SOURCES:
            if source.terms.may_redistribute != "rows":
                progress(f"bundle: {source.name} is left out ({source.terms.licence})")
                continue
            for table in source.tables:
                if lake.files(table.name):
                    transaction.replace(_selection(engine, table))
        for table in CORE:
            transaction.replace(_shipped(engine, table))
        for ref in lake.snapshots():
            transaction.record_snapshot(ref)
        transaction.commit(now)
        (fresh / "NOTICE.md").write_text(notice(lake), "utf-8")
        for leftover in ("tmp", "snapshots"):
            shutil.rmtree(fresh / leftover, ignore_errors=True)
        _put_in_place(fresh, output)
    return Lake(output)


def _selection(engine: Engine, table: Table) -> Batch:
    if table.name not in _SELECTED:
        return engine.lake.read(table)
    relation = engine.tables[table.name]
    return engine.batch(table, relation.filter(_SELECTED[table.name][1](relation)))


def _shipped(engine: Engine, table: Table) -> Batch:
    if table.name not in _WITHHELD:
        return engine.lake.read(table)
    return engine.batch(table, _WITHHELD[table.name](engine.tables[table.name]))


def _check_place(output: Path) -> None:
    """Raise `BadValueError` for a place that is neither free nor a lake.

    Brings back what a bundle that was killed between its two renames had moved aside.
    """
    old = _aside(output)
    if old.is_dir() and not output.exists():
        old.rename(output)
    is_lake = (output / "versions").is_dir()
    if output.exists() and not is_lake and (not output.is_dir() or any(output.iterdir())):
        expected = "a folder that is empty, isn't there yet, or holds a lake"
        raise BadValueError("--output", str(output), expected)


def _aside(output: Path) -> Path:
    return output.with_name(f".{output.name}-old")


def _put_in_place(fresh: Path, output: Path) -> None:
    old = _aside(output)
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    try:
        fresh.rename(output)
    except BaseException:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def notice(lake: Lake) -> str:
    """The licences of all that the snapshot holds, by source, with what was left out and why."""
    fetched: dict[str, str] = {}
    for ref in lake.snapshots():
        fetched[ref.source] = max(ref.fetched_at, fetched.get(ref.source, ""))
    lines = [
        "# Where this data comes from",
        "",
        "underlay's code is under Apache-2.0. The data in this folder was published by others,",
        "under the licences below, and was changed by parsing, resolving and joining.",
        "",
        "| source | licence | publisher | what is here |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {source.title} (`{source.name}`) | {source.terms.licence} | {source.terms.url} "
        f"| {shipped(source)} |"
        for source in SOURCES
        if source.name in fetched
    ]
    lines += ["", "Curated files (organisations, families, licences, components, corrections) are",
              "underlay's own, under Apache-2.0.", ""]  # fmt: skip
    return "\n".join(lines)


def shipped(source: Source) -> str:
    """What of a source a bundle holds, in words."""
    parts = [
        f"of `{table.name}` only {_SELECTED[table.name][0]}"
        for table in source.tables
        if table.name in _SELECTED
    ]
    kept = {
        "rows": "rows, and what was made of them",
        "aggregates": "sums over rows only",
        "no": "sums over rows only; the rows may not be given on",
    }[source.terms.may_redistribute]
    return "; ".join([kept, *parts])
