"""The layer below: libraries, accelerators, their stock and foundries, clusters, benchmarks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from underlay.atlas import contracts
from underlay.atlas.curated import UNKNOWN
from underlay.atlas.spellings import (
    NONE,
    SEVERAL,
    Component,
    Meaning,
    Spellings,
    components,
    part_of_each,
    split_names,
)
from underlay.tables import Batch, Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from underlay.atlas.curated import Curated
    from underlay.lake.engine import Engine

__all__ = ["infrastructure_batches"]

ALL = "all"  # a total: over owners, or over chips
_OTHER_THAN_ORGANISATIONS = (NONE, SEVERAL, UNKNOWN)

# Small and in memory only: what the names of one column mean. A cell can have several parts.
_SPELLING = Table(
    "core__spelling",
    "One row per spelling in a column and part of what it means.",
    ("spelling", "part"),
    (
        Column("spelling", "string", "cell as written, empty for null", True),
        Column("part", "string", "one of the names in it", True),
        Column("meaning_id", "string", "organisation or country, or a category", True),
        Column("meaning_country", "string", "country of the organisation, or `unknown`", True),
        Column("part_share", "float64", "weight of the part, sums to 1 per spelling", True),
    ),
)


@dataclass(frozen=True)
class _Part:
    """One part of what a spelling means."""

    part: str
    id: str
    country: str = UNKNOWN
    share: float = 1.0


class _Reader:
    """Reads raw tables of one engine, and keeps account of what does not resolve."""

    def __init__(self, engine: Engine, curated: Curated, unresolved: list[dict[str, Any]]) -> None:
        self.engine = engine
        self.curated = curated
        self.spellings = Spellings(curated)
        self.unresolved = unresolved

    def raw(self, name: str) -> ibis.Table:
        return self.engine.tables[name]

    def batch(self, table: Table, expression: ibis.Table) -> Batch:
        return self.engine.batch(table, expression)

    def country_of(self, identifier: str) -> str:
        return self.curated.country(identifier)

    def joined(
        self,
        table: ibis.Table,
        column: str,
        read: Callable[[str], Sequence[_Part]],
        names: dict[str, str],
    ) -> ibis.Table:
        """`table` with what its text column means: `names` maps spelling columns to new ones.

        `read` is called once per distinct cell. A row appears once per part.
        """
        key = ibis.coalesce(table[column], ibis.literal(""))
        cells = self.engine.run(table.select(spelling=key).distinct()).objects("spelling")
        rows = [
            {
                "spelling": cell,
                "part": part.part,
                "meaning_id": part.id,
                "meaning_country": part.country,
                "part_share": part.share,
            }
            for cell in sorted(cells)
            for part in read(cell)
        ]
        # a name of its own for each column, since a table may be joined more than once
        contract = Table(
            f"core__spelling_{column}", _SPELLING.doc, _SPELLING.key, _SPELLING.columns
        )
        self.engine.register(contract.name, Batch.from_rows(contract, rows))
        lookup = self.engine.tables[contract.name].select(
            **{f"spelling_of_{column}": "spelling", **{new: old for old, new in names.items()}}
        )
        marked = table.mutate(**{f"key_of_{column}": key})
        found = marked.join(lookup, marked[f"key_of_{column}"] == lookup[f"spelling_of_{column}"])
        return found.drop(f"key_of_{column}", f"spelling_of_{column}")

    def account(
        self,
        kind: str,
        listing: str,
        names: ibis.Table,
        reason: Callable[[str], str],
        unit: str,
    ) -> None:
        """Append the names that `reason` gives a reason for; `names` has `name` and `weight`.

        The share is of all the weight in `names`, so of what resolves too.
        """
        grouped = names.group_by(name=ibis.coalesce(names.name, ibis.literal(""))).agg(
            weight=names.weight.sum().cast("float64")
        )
        found = list(self.engine.run(grouped.order_by("name")).rows())
        total = sum(row["weight"] or 0.0 for row in found)
        for row in found:
            why = reason(row["name"])
            if why:
                weight = row["weight"] or 0.0
                self.unresolved.append(
                    {
                        "kind": kind,
                        "listing": listing,
                        "name": row["name"].strip(_SEPARATOR).replace(_SEPARATOR, " / ")
                        or "(empty)",
                        "reason": why,
                        "weight": weight,
                        "unit": unit,
                        "weight_share": weight / total if total else None,
                    }
                )


def infrastructure_batches(
    engine: Engine, curated: Curated, unresolved: list[dict[str, Any]]
) -> Iterator[Batch]:
    """One batch for each core table of the layer below, from whatever raw tables the lake has.

    Appends rows of `core__unresolved` for names of chips, countries, owners, makers and packages
    that mean nothing known; such rows stay in the tables as `unknown`. A table whose raw table
    is empty is empty.
    """
    reader = _Reader(engine, curated, unresolved)
    parts = components(curated)
    listed = _component_batch(parts)
    engine.register(listed.table.name, listed)
    yield listed
    yield _libraries(reader)
    yield _accelerators(reader)
    yield _stock(reader)
    yield _clusters(reader)
    yield _supercomputers(reader)
    yield _benchmarks(reader)
    yield _notable(reader)


def _component_batch(found: Sequence[Component]) -> Batch:
    return Batch.from_rows(
        contracts.core("component"),
        [
            {
                "component_id": each.id,
                "name": each.name,
                "kind": each.kind,
                "market": each.market,
                "organisation_id": each.vendor,
                "organisation_since_on": dt.date.fromisoformat(each.vendor_since)
                if each.vendor_since
                else None,
                "country": each.country,
                "ties": ",".join(each.ties) or NONE,
                "evidence": each.evidence or None,
            }
            for each in found
        ],
    )


def _libraries(reader: _Reader) -> Batch:
    """Downloads by market, kind, vendor and ties. Nothing per package leaves here."""
    counted = reader.raw("raw_pypi__downloads_month")
    depth = reader.raw("raw_pypi__listing_month").select("observed_on", "listed_packages_count")
    # PEP 503: case and the three separators mean nothing
    plain = counted.package.lower().re_replace(r"[-_.]+", "-")
    counted = counted.mutate(component_id=ibis.literal("pypi/") + plain)
    component = reader.engine.tables["core__component"].drop("name", "evidence", "country")
    joined = counted.left_join(component, "component_id").left_join(depth, "observed_on")
    since = joined.organisation_since_on
    is_ours = joined.organisation_id.notnull() & (since.isnull() | (joined.observed_on >= since))
    rows = joined.select(
        "observed_on",
        "package",
        "downloads_30d_count",
        "listed_packages_count",
        market=ibis.coalesce(joined.market, ibis.literal(NONE)),
        kind=ibis.coalesce(joined.kind, ibis.literal(UNKNOWN)),
        organisation_id=ibis.ifelse(is_ours, joined.organisation_id, ibis.literal(UNKNOWN)),
        ties=ibis.coalesce(joined.ties, ibis.literal(NONE)),
        is_listed=joined.organisation_id.notnull(),
    )
    newest = rows.filter(rows.observed_on == rows.observed_on.max().as_scalar())
    known = frozenset(each["id"] for each in reader.curated.components)

    def missing(package: str) -> str:
        plain = "pypi/" + _plain_package(package)
        return "" if plain in known else "the package is not in the curated list of components"

    reader.account(
        "component",
        "pypi",
        newest.select(name=newest.package, weight=newest.downloads_30d_count),
        missing,
        "downloads in 30 days",
    )
    sums = rows.group_by("observed_on", "market", "kind", "organisation_id", "ties").agg(
        packages_count=rows.package.nunique(),
        downloads_30d_count=rows.downloads_30d_count.sum().cast("float64"),
        listed_packages_count=rows.listed_packages_count.max(),
        source=ibis.literal("pypi"),
    )
    return reader.batch(contracts.core("library_month"), sums)


def _plain_package(package: str) -> str:
    plain = package.lower()
    for mark in "_.":
        plain = plain.replace(mark, "-")
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain


def _newest(table: ibis.Table) -> ibis.Table:
    return table.filter(table.observed_on == table.observed_on.max().as_scalar())


def _designer_parts(reader: _Reader, meaning: Meaning, part: str) -> list[_Part]:
    country = UNKNOWN
    if meaning.id not in _OTHER_THAN_ORGANISATIONS:
        country = reader.country_of(meaning.id)
    return [_Part(part, meaning.id, country)]


def _accelerators(reader: _Reader) -> Batch:
    raw = _newest(reader.raw("raw_epoch_hardware__accelerator"))
    both = raw.mutate(written=_written(raw.manufacturer, raw.name))

    def meaning(cell: str) -> Meaning:
        return reader.spellings.designer(*_spelt(cell), source="ml_hardware")

    designed = reader.joined(
        both,
        "written",
        lambda cell: _designer_parts(reader, meaning(cell), cell),
        {"meaning_id": "organisation_id", "meaning_country": "country"},
    )

    def foundry(cell: str) -> list[_Part]:
        parts = part_of_each(reader.spellings.foundries(cell))
        return [_Part(each, each, reader.country_of(each), share) for each, share in parts.items()]

    made = reader.joined(
        designed,
        "foundry",
        foundry,
        {
            "meaning_id": "foundry_id",
            "meaning_country": "foundry_country",
            "part_share": "weight_share",
        },
    )
    one = ibis.literal(1.0)
    reader.account(
        "hardware",
        "epoch_hardware",
        both.select(name=both.written, weight=one),
        lambda cell: _if_unknown(meaning(cell)),
        "accelerators",
    )
    reader.account(
        "foundry",
        "epoch_hardware",
        both.select(name=both.foundry, weight=one),
        lambda cell: _if_unknown(*reader.spellings.foundries(cell)),
        "accelerators",
    )
    return reader.batch(
        contracts.core("accelerator"),
        made.select(
            "name", "observed_on", "organisation_id", "country", "foundry_id", "foundry_country",
            "weight_share", "released_on", "memory_bytes", "snapshot_sha256",
            kind=made.type,
            process_nm=made.process_size_nm,
            fp16_tflops=made.tensor_fp16_flop_per_s / 1e12,
            source=ibis.literal("epoch_hardware"),
        ),
    )  # fmt: skip


_SEPARATOR = "\x1f"  # ASCII's unit separator: stands in no name


def _written(*columns: Any) -> Any:
    """Several text columns as one cell, so that they are read together; see `_spelt`."""
    cells = [ibis.coalesce(column, ibis.literal("")) for column in columns]
    joined = cells[0]
    for cell in cells[1:]:
        joined = joined + ibis.literal(_SEPARATOR) + cell
    return joined


def _spelt(cell: str) -> list[str]:
    return cell.split(_SEPARATOR)


def _if_unknown(*meanings: Meaning) -> str:
    return next((each.reason for each in meanings if each.id == UNKNOWN), "")


def _stock(reader: _Reader) -> Batch:
    totals = reader.raw("raw_epoch_chips__cumulative").mutate(owner=ibis.literal(ALL))
    names = [
        "observed_on", "designer", "owner", "chip_type", "is_incomplete", "snapshot_sha256",
        "compute_p05_h100e", "compute_p50_h100e", "compute_p95_h100e",
        "units_p05_count", "units_p50_count", "units_p95_count",
    ]  # fmt: skip
    owned = reader.raw("raw_epoch_chips__owner_cumulative")
    every = totals.select(names).union(owned.select(names))

    def designer(cell: str) -> list[_Part]:
        return _designer_parts(reader, reader.spellings.designer(cell), cell)

    def owner(cell: str) -> list[_Part]:
        if cell == ALL:
            return [_Part(cell, ALL, ALL)]
        meaning, country = reader.spellings.owner(cell)
        return [_Part(cell, meaning.id, country)]

    found = reader.joined(every, "designer", designer, {"meaning_id": "organisation_id"})
    found = reader.joined(
        found, "owner", owner, {"meaning_id": "owner_id", "meaning_country": "owner_country"}
    )
    newest = _newest(owned.filter(owned.chip_type == ALL))
    reader.account(
        "hardware",
        "epoch_chips",
        totals.select(name=totals.designer, weight=totals.compute_p50_h100e),
        lambda cell: _if_unknown(reader.spellings.designer(cell)),
        "H100 equivalents",
    )
    reader.account(
        "owner",
        "epoch_chips",
        newest.select(name=newest.owner, weight=newest.compute_p50_h100e),
        lambda cell: _if_unknown(reader.spellings.owner(cell)[0]),
        "H100 equivalents",
    )
    complete = _complete_quarters(every)
    marked = found.left_join(
        complete, [found.observed_on == complete.quarter_on, found.owner == complete.for_owner]
    )
    return reader.batch(
        contracts.core("accelerator_stock"),
        marked.select(
            "observed_on", "organisation_id", "owner", "owner_id", "owner_country",
            "snapshot_sha256",
            chip=marked.chip_type,
            h100e_count=marked.compute_p50_h100e,
            h100e_lower=marked.compute_p05_h100e,
            h100e_upper=marked.compute_p95_h100e,
            units_count=marked.units_p50_count.cast("float64"),
            units_lower=marked.units_p05_count.cast("float64"),
            units_upper=marked.units_p95_count.cast("float64"),
            is_complete=ibis.coalesce(marked.is_whole, ibis.literal(False)),
            source=ibis.literal("epoch_chips"),
        ),
    )  # fmt: skip


def _complete_quarters(every: ibis.Table) -> ibis.Table:
    """`quarter_on`, `for_owner`, `is_whole`: whether totals, or owners, are all there.

    Totals need every designer of the series, owners every pair of designer and owner besides.
    """
    total = every.filter((every.chip_type == ALL) & (every.owner == ALL))
    owned = every.filter((every.chip_type == ALL) & (every.owner != ALL))
    designers = total.group_by("observed_on").agg(
        designers=total.designer.nunique(), is_partial=total.is_incomplete.any()
    )
    most = total.aggregate(most=total.designer.nunique())
    quarters = designers.cross_join(most)
    quarters = quarters.select(
        quarter_on=quarters.observed_on,
        is_whole=(quarters.designers == quarters.most) & ~quarters.is_partial,
    )
    pair = owned.mutate(pair=owned.designer + ibis.literal(_SEPARATOR) + owned.owner)
    pairs = pair.group_by("observed_on").agg(
        pairs=pair.pair.nunique(), is_partial=pair.is_incomplete.any()
    )
    pairs = pairs.cross_join(pair.aggregate(most=pair.pair.nunique()))
    owners = pairs.select(
        quarter_on=pairs.observed_on, has_owners=(pairs.pairs == pairs.most) & ~pairs.is_partial
    )
    both = quarters.left_join(owners, "quarter_on")
    both = both.select(
        "quarter_on",
        "is_whole",
        owners_whole=both.is_whole & ibis.coalesce(both.has_owners, ibis.literal(False)),
    )
    owner_names = owned.select(for_owner=owned.owner).distinct()
    for_all = both.select("quarter_on", "is_whole", for_owner=ibis.literal(ALL))
    crossed = both.cross_join(owner_names)
    for_each = crossed.select("quarter_on", "for_owner", is_whole=crossed.owners_whole)
    return for_all.select("quarter_on", "for_owner", "is_whole").union(for_each)


def _clusters(reader: _Reader) -> Batch:
    raw = reader.raw("raw_epoch_clusters__cluster")
    both = raw.mutate(written=_written(raw.chip_supplier_primary, raw.chip_type_primary))

    def meaning(cell: str) -> Meaning:
        return reader.spellings.designer(*_spelt(cell), source="gpu_clusters")

    found = reader.joined(
        both,
        "written",
        lambda cell: _designer_parts(reader, meaning(cell), cell),
        {"meaning_id": "organisation_id"},
    )
    found = reader.joined(
        found.rename(country_written="country"),
        "country_written",
        lambda cell: [_Part(cell, reader.spellings.country(cell).id)],
        {"meaning_id": "country"},
    )

    def owners(cell: str) -> list[_Part]:
        names = split_names(cell)
        parts = []
        for name in names:
            owner, country = reader.spellings.owner(name)
            parts.append(_Part(name, owner.id, country, 1 / len(names)))
        return parts or [_Part(UNKNOWN, UNKNOWN)]

    found = reader.joined(
        found.rename(owner_written="owner"),
        "owner_written",
        owners,
        {
            "part": "owner",
            "meaning_id": "owner_id",
            "meaning_country": "owner_country",
            "part_share": "weight_share",
        },
    )
    newest = _newest(both)
    weight = ibis.coalesce(newest.compute_h100e, ibis.literal(0.0))
    unit = "H100 equivalents"
    reader.account(
        "hardware",
        "epoch_clusters",
        newest.select(name=newest.written, weight=weight),
        lambda cell: _if_unknown(meaning(cell)),
        unit,
    )
    reader.account(
        "country",
        "epoch_clusters",
        newest.select(name=newest.country, weight=weight),
        lambda cell: _if_unknown(reader.spellings.country(cell)),
        unit,
    )
    reader.account(
        "owner",
        "epoch_clusters",
        newest.select(name=newest.owner, weight=weight),
        lambda cell: _if_unknown(
            *(reader.spellings.owner(name)[0] for name in split_names(cell) or [""])
        ),
        unit,
    )
    return reader.batch(
        contracts.core("cluster"),
        found.select(
            "observed_on", "row_number", "name", "country", "owner", "owner_id", "owner_country",
            "weight_share", "organisation_id", "first_operational_on", "snapshot_sha256",
            status=ibis.coalesce(found.status.lower(), ibis.literal(UNKNOWN)),
            h100e_count=found.compute_h100e,
            is_anonymised=found.name.lower().startswith("anonymized"),
            is_standard=found.is_in_standard_analysis,
            is_superseded=found.superseded_by.notnull(),
            source=ibis.literal("epoch_clusters"),
        ),
    )  # fmt: skip


def _supercomputers(reader: _Reader) -> Batch:
    """Sums over systems; nothing about one system leaves here but the sum of its cell."""
    raw = reader.raw("raw_top500__system")
    # the parser writes the list's word for no accelerator as null
    raw = raw.mutate(written=ibis.coalesce(raw.accelerator, ibis.literal("None")))

    def meaning(cell: str) -> Meaning:
        return reader.spellings.designer(cell, source="top500")

    found = reader.joined(
        raw,
        "written",
        lambda cell: _designer_parts(reader, meaning(cell), cell),
        {"meaning_id": "organisation_id"},
    )
    found = reader.joined(
        found.rename(country_written="country"),
        "country_written",
        lambda cell: [_Part(cell, reader.spellings.country(cell).id)],
        {"meaning_id": "country"},
    )
    newest = _newest(raw)
    one = ibis.literal(1.0)
    reader.account(
        "hardware",
        "top500",
        newest.select(name=newest.written, weight=one),
        lambda cell: _if_unknown(meaning(cell)),
        "systems",
    )
    reader.account(
        "country",
        "top500",
        newest.select(name=newest.country, weight=one),
        lambda cell: _if_unknown(reader.spellings.country(cell)),
        "systems",
    )
    return reader.batch(
        contracts.core("supercomputer_share"),
        found.group_by("observed_on", "country", "organisation_id").agg(
            systems_count=found.count(),
            rmax_tflops=found.rmax_tflops.sum(),
            source=ibis.literal("top500"),
        ),
    )


_POWER = ("Watts", "millijoules")


def _benchmarks(reader: _Reader) -> Batch:
    raw = reader.raw("raw_mlperf__result")
    # power measured beside a result stands in a row of its own, without a result
    raw = raw.filter(~ibis.coalesce(raw.units.isin(_POWER), ibis.literal(False)))
    raw = raw.mutate(
        # older rounds of training say it in the path only
        division_known=ibis.coalesce(raw.division, raw.path_division, ibis.literal(UNKNOWN))
    )

    def meaning(cell: str) -> Meaning:
        return reader.spellings.designer(cell, source="mlperf")

    found = reader.joined(
        raw,
        "accelerator",
        lambda cell: _designer_parts(reader, meaning(cell), cell),
        {"meaning_id": "organisation_id"},
    )
    found = reader.joined(
        found,
        "submitter",
        lambda cell: [_Part(cell, reader.spellings.submitter(cell).id)],
        {"meaning_id": "submitter_id"},
    )
    one = ibis.literal(1.0)
    reader.account(
        "hardware",
        "mlperf",
        raw.select(name=raw.accelerator, weight=one),
        lambda cell: _if_unknown(meaning(cell)),
        "results",
    )
    reader.account(
        "submitter",
        "mlperf",
        raw.select(name=raw.submitter, weight=one),
        lambda cell: _if_unknown(reader.spellings.submitter(cell)),
        "results",
    )
    found = found.drop("division").rename(division="division_known")
    return reader.batch(
        contracts.core("benchmark_run"),
        found.group_by(
            "suite", "round", "division", "submitter", "submitter_id", "organisation_id"
        ).agg(
            observed_on=found.observed_on.max(),
            results_count=found.count(),
            source=ibis.literal("mlperf"),
            snapshot_sha256=found.snapshot_sha256.min(),
        ),
    )


_OPEN = (
    "Open weights (unrestricted)",
    "Open weights (non-commercial)",
    "Open weights (restricted use)",
)
_CLOSED = ("Unreleased", "API access", "Hosted access (no API)")


def _notable(reader: _Reader) -> Batch:
    raw = reader.raw("raw_epoch_models__model")

    def countries(cell: str) -> list[_Part]:
        parts = part_of_each(reader.spellings.countries(cell))
        return [_Part(each, each, each, share) for each, share in parts.items()]

    def makers(cell: str) -> list[_Part]:
        parts = reader.spellings.makers(cell)
        return [_Part(each, each, share=share) for each, share in parts.items()]

    def hardware(cell: str) -> Meaning:
        return reader.spellings.designers(cell)

    found = reader.joined(
        raw,
        "country_of_organization",
        countries,
        {"meaning_id": "country", "part_share": "country_share"},
    )
    found = reader.joined(
        found,
        "organization",
        makers,
        {"meaning_id": "organisation_id", "part_share": "maker_share"},
    )
    found = reader.joined(
        found,
        "training_hardware",
        lambda cell: [_Part(cell, hardware(cell).id)],
        {"meaning_id": "hardware_vendor"},
    )
    newest = _newest(raw)
    one = ibis.literal(1.0)
    reader.account(
        "hardware",
        "epoch_models",
        newest.select(name=newest.training_hardware, weight=one),
        lambda cell: _if_unknown(hardware(cell)),
        "models",
    )
    reader.account(
        "country",
        "epoch_models",
        newest.select(name=newest.country_of_organization, weight=one),
        lambda cell: _if_unknown(*reader.spellings.countries(cell)),
        "models",
    )
    reader.account(
        "maker",
        "epoch_models",
        newest.select(name=newest.organization, weight=one),
        lambda cell: _if_unknown(
            *(reader.spellings.maker(name) for name in split_names(cell) or [""])
        ),
        "models",
    )
    is_open = ibis.cases(
        (found.model_accessibility.isin(_OPEN), True),
        (found.model_accessibility.isin(_CLOSED), False),
        else_=ibis.null("boolean"),
    )
    return reader.batch(
        contracts.core("notable_model"),
        found.select(
            "observed_on", "country", "organisation_id", "parameters_count", "hardware_vendor",
            "snapshot_sha256",
            name=found.model,
            weight_share=found.country_share * found.maker_share,
            released_on=found.published_on,
            accessibility=found.model_accessibility,
            openness=ibis.cases((is_open, "open"), (~is_open, "closed"), else_=UNKNOWN),
            is_open_weights=is_open,
            training_flop=found.training_compute_flop,
            source=ibis.literal("epoch_models"),
        ),
    )  # fmt: skip
