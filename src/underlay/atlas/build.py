"""Building the atlas: raw tables of all sources in, core tables out, in one lake version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.atlas import contracts
from underlay.atlas.catalogues import add_catalogues, catalogue_batches
from underlay.atlas.contracts import CORE
from underlay.atlas.corrections import check_corrections
from underlay.atlas.curated import UNKNOWN, Curated
from underlay.atlas.hubs import add_hubs, observations
from underlay.atlas.infrastructure import infrastructure_batches
from underlay.atlas.licences import licence_of, spdx_text
from underlay.atlas.lineage import Edge, attribute, first_bases, roots
from underlay.atlas.models import Catalogue
from underlay.atlas.names import copied_name, is_quantised_name
from underlay.atlas.stack import stack_batches
from underlay.atlas.stack_tokens import routed
from underlay.atlas.unresolved import unresolved_architectures, unresolved_rows
from underlay.identity import hub_key, match_key, repository_name
from underlay.lake import Engine, Lake
from underlay.lake.write import Transaction
from underlay.sources import SOURCES
from underlay.tables import Batch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from underlay.lake import State
    from underlay.tables import Table

__all__ = ["Built", "build", "raw_contracts"]

# ATOM tells two countries apart and the European Union; the rest of the world is one region
_ATOM_REGIONS = {"us": "US", "china": "CN", "eu": "EU", "other": "other"}


@dataclass
class Built:
    """What a build made: rows by table, and the lake version that holds them."""

    rows: dict[str, int] = field(default_factory=dict)
    carried: list[str] = field(default_factory=list)
    version: int = 0


def raw_contracts() -> tuple[Table, ...]:
    """The contracts of all raw tables, in the order of the sources."""
    return tuple(table for source in SOURCES for table in source.tables)


def build(
    lake: Lake,
    curated: Curated,
    now: dt.datetime,
    *,
    threads: int = 2,
    memory_mb: int = 1024,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Resolve everything and replace all core tables of the lake at once.

    A core table that sums rows which may not be redistributed is carried over from the embedded
    snapshot where the lake lacks those rows. Raises `CorrectionError` if a declared correction
    changes nothing, and the lake's errors.
    """
    built = Built()
    with Engine(lake, (*raw_contracts(), *CORE), threads=threads, memory_mb=memory_mb) as engine:
        transaction = Transaction(lake.root)
        for batch in _batches(engine, lake, curated, built, progress):
            progress(f"atlas: {batch.table.name}, {len(batch)} rows")
            transaction.replace(batch)
            built.rows[batch.table.name] = len(batch)
        state: State = transaction.commit(now)
    built.version = state.version
    return built


def _batches(
    engine: Engine,
    lake: Lake,
    curated: Curated,
    built: Built,
    progress: Callable[[str], None],
) -> Iterator[Batch]:
    progress("atlas: reading the hubs")
    catalogue = Catalogue(curated)
    add_hubs(catalogue, engine)
    progress("atlas: reading catalogues and boards")
    add_catalogues(catalogue, engine)
    catalogue.finish()
    check_corrections(curated, catalogue, engine)
    progress("atlas: lineage")
    edges = _edges(catalogue)
    batches = [
        _sources(engine, lake),
        _organisations(curated),
        _accounts(catalogue),
        _atom_countries(curated, engine),
        _families(curated),
        _licences(catalogue),
        _aliases(catalogue),
        *_models_and_lineage(catalogue, edges),
    ]
    for batch in batches:
        engine.register(batch.table.name, batch)
        yield batch
    progress("atlas: counts")
    parts = [engine.batch(contracts.core("observation"), each) for each in observations(engine)]
    observed = Batch.concat(parts)
    engine.register(observed.table.name, observed)
    yield observed
    below: list[dict[str, Any]] = []
    for batch in (
        *catalogue_batches(engine, curated, below),
        *infrastructure_batches(engine, curated, below),
    ):
        kept = _carry_over(batch, lake, built)
        engine.register(kept.table.name, kept)
        yield kept
    progress("atlas: the stack")
    for batch in stack_batches(engine, curated):
        engine.register(batch.table.name, batch)
        yield batch
    tokens = _carry_over(routed(engine), lake, built)
    engine.register(tokens.table.name, tokens)
    yield tokens
    progress("atlas: what is unresolved")
    missing = [*unresolved_rows(engine, curated), *unresolved_architectures(engine), *below]
    yield Batch.from_rows(contracts.core("unresolved"), missing)


def _carry_over(batch: Batch, lake: Lake, built: Built) -> Batch:
    """The base's rows where this lake lacks the raw rows that may not ship."""
    if len(batch) or lake.base is None:
        return batch
    shipped = lake.base.read(batch.table)
    if len(shipped):
        built.carried.append(batch.table.name)
    return shipped


def _sources(engine: Engine, lake: Lake) -> Batch:
    fetched: dict[str, str] = {}
    for ref in lake.snapshots():
        fetched[ref.source] = max(ref.fetched_at, fetched.get(ref.source, ""))
    rows = []
    for source in SOURCES:
        count, first, last = 0, None, None
        for table in source.tables:
            if "observed_on" not in table.column_names or not lake.files(table.name):
                continue
            relation = engine.tables[table.name]
            span = engine.run(
                relation.aggregate(
                    n=relation.count(),
                    first=relation.observed_on.min(),
                    last=relation.observed_on.max(),
                )
            )
            row = next(span.rows())
            count += row["n"]
            if row["n"]:
                first = min(filter(None, (first, row["first"].date())))
                last = max(filter(None, (last, row["last"].date())))
        rows.append(
            {
                "source": source.name,
                "title": source.title,
                "licence": source.terms.licence,
                "url": source.terms.url,
                "may_redistribute": source.terms.may_redistribute,
                "conflict": source.terms.conflict or None,
                "rows_count": count,
                "first_observed_on": first,
                "last_observed_on": last,
                "fetched_at": fetched.get(source.name),
            }
        )
    return Batch.from_rows(contracts.core("source"), rows)


def _organisations(curated: Curated) -> Batch:
    rows: list[dict[str, Any]] = [
        {
            "organisation_id": organisation.id,
            "name": organisation.name,
            "country": organisation.country,
            "country_reason": organisation.reason or organisation.contestable or None,
            "kind": organisation.kind,
            "parent_id": organisation.parent or None,
            "parent_since_on": organisation.parent_since,
            "evidence": organisation.evidence or None,
        }
        for organisation in curated.organisations.values()
        if organisation.id != UNKNOWN
    ]
    rows.append(
        {
            "organisation_id": UNKNOWN,
            "name": "unknown",
            "country": UNKNOWN,
            "country_reason": "the account is not in the curated list",
        }
    )
    return Batch.from_rows(contracts.core("organisation"), rows)


def _accounts(catalogue: Catalogue) -> Batch:
    owners: dict[tuple[str, str], str] = {}
    for draft in catalogue.drafts:
        if draft.platform in ("huggingface", "modelscope"):
            # not the model's own maker, which a catalogue may state for one model of an account
            owner = catalogue.account_owner(draft.platform, draft.name)
            owners[draft.platform, draft.account or draft.name] = owner
    # the curated ones that no list names too: a code base may
    seen = {(platform, hub_key(account)) for platform, account in owners}
    for organisation in catalogue.curated.organisations.values():
        for platform in ("huggingface", "modelscope"):
            for account in organisation.accounts.get(platform, ()):
                if (platform, hub_key(account)) not in seen:
                    owners[platform, account] = organisation.id
    rows = [
        {
            "account_id": number,
            "platform": platform,
            "account": account,
            "organisation_id": owner,
            "method": "unresolved" if owner == UNKNOWN else "curated",
            "reason": "not in the curated list"
            if owner == UNKNOWN
            else catalogue.curated.organisations[owner].evidence or None,
        }
        for number, ((platform, account), owner) in enumerate(sorted(owners.items()))
    ]
    return Batch.from_rows(contracts.core("account"), rows)


def _atom_countries(curated: Curated, engine: Engine) -> Batch:
    """What ATOM's newest table of namespaces says of the organisations behind them.

    Where its namespaces of one organisation disagree, the country is unknown.
    """
    table = engine.tables["raw_atom__organization_region"]
    newest = table.filter(table.observed_on == table.observed_on.max().as_scalar())
    owners = curated.account_owner("huggingface")
    renamed = {
        hub_key(entry["old"]): entry["new"]
        for entry in curated.corrections.get("rename_namespace", ())
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for row in engine.run(newest.order_by("account")).rows():
        account = renamed.get(hub_key(row["account"]), row["account"])
        owner = owners.get(hub_key(account), UNKNOWN)
        if owner != UNKNOWN:  # else no row of a figure could bear the region
            found.setdefault(owner, []).append(row)
    rows = []
    for owner, entries in sorted(found.items()):
        countries = {_ATOM_REGIONS.get(entry["region"], UNKNOWN) for entry in entries}
        reason = None
        if len(countries) > 1:
            reason = "its namespaces stand in several regions"
        elif countries == {UNKNOWN}:
            reason = entries[0]["notes"] or "its region is unknown"
        rows.append(
            {
                "organisation_id": owner,
                "country": countries.pop() if len(countries) == 1 else UNKNOWN,
                "accounts": ", ".join(entry["account"] for entry in entries),
                "reason": reason,
                "observed_on": entries[0]["observed_on"].date(),
                "source": "atom",
                "snapshot_sha256": entries[0]["snapshot_sha256"],
            }
        )
    return Batch.from_rows(contracts.core("atom_country"), rows)


def _families(curated: Curated) -> Batch:
    rows: list[dict[str, object]] = [
        {
            "family_id": family.id,
            "name": family.name,
            "organisation_id": family.organisation,
            "part_of": family.part_of or None,
            "modality": family.modality,
        }
        for family in curated.families
    ]
    rows.append({"family_id": UNKNOWN, "name": "unknown", "organisation_id": UNKNOWN})
    return Batch.from_rows(contracts.core("family"), rows)


def _licences(catalogue: Catalogue) -> Batch:
    known = catalogue.curated.licences
    texts = {draft.licence_text for draft in catalogue.drafts if draft.licence_text is not None}
    rows = []
    for text in sorted({*known, *texts}):
        licence = licence_of(known, text)
        spdx = licence.spdx and (spdx_text(licence.spdx) or licence.spdx)
        rows.append(
            {
                "licence_text": text,
                "spdx": spdx or None,
                "licence_class": licence.licence_class,
                "reason": licence.reason or None,
            }
        )
    return Batch.from_rows(contracts.core("licence"), rows)


def _aliases(catalogue: Catalogue) -> Batch:
    items = catalogue.aliases.items()
    return Batch.from_lists(
        contracts.core("alias"),
        {
            "platform": [platform for (platform, _), _ in items],
            "name": [name for (_, name), _ in items],
            "model_id": [alias.model for _, alias in items],
            "method": [alias.method for _, alias in items],
            "reason": [alias.reason for _, alias in items],
        },
    )


def _edges(catalogue: Catalogue) -> list[Edge]:
    edges: dict[tuple[int, int], Edge] = {}
    for number, draft in enumerate(list(catalogue.drafts)):
        for base, (relation, evidence, source) in draft.bases.items():
            known = catalogue.aliases.get(("huggingface", base))
            if known is not None and known.model != number:
                edges.setdefault(
                    (number, known.model), Edge(number, known.model, relation, evidence, source)
                )
    return list(edges.values())


def _models_and_lineage(catalogue: Catalogue, edges: list[Edge]) -> Iterator[Batch]:
    count = len(catalogue)
    first = first_bases(count, edges)
    root = roots(first)
    evidence = np.full(count, "none", dtype=object)
    relation = np.full(count, "", dtype=object)
    for edge in edges:
        if first[edge.child] == edge.base:
            evidence[edge.child], relation[edge.child] = edge.evidence, edge.relation
    rows = catalogue.rows()
    for number, row in enumerate(rows):
        base = int(first[number])
        row["base_model_id"] = base if base >= 0 else None
        row["root_model_id"] = int(root[number]) if base >= 0 else None
        row["lineage"] = evidence[number]
        row["copy_kind"] = _copy_kind(catalogue, number, base, str(relation[number]))
    for number in _bases_first(first):
        _inherit(rows[number], rows[int(first[number])])
    yield Batch.from_rows(contracts.core("model"), rows)
    yield Batch.from_rows(
        contracts.core("lineage"),
        [
            {
                "model_id": edge.child,
                "base_model_id": edge.base,
                "relation": edge.relation,
                "evidence": edge.evidence,
                "source": edge.source,
                "snapshot_sha256": edge.snapshot_sha256 or None,
            }
            for edge in edges
        ],
    )
    yield _attributions(catalogue, first, edges)


def _bases_first(first: Any) -> Iterator[int]:
    """Models that have a base, each after its base; a ring is entered anywhere."""
    done = first < 0
    for number in np.flatnonzero(~done).tolist():
        chain = []
        while not done[number]:
            done[number] = True
            chain.append(number)
            number = int(first[number])  # noqa: PLW2901 - walks down to what is done
        yield from reversed(chain)


def _inherit(row: dict[str, Any], base: dict[str, Any]) -> None:
    """Give a model what its base tells of it: the architecture, and to a copy the licence."""
    row["architecture"] = row["architecture"] or base["architecture"]
    # a copy without a licence of its own can't be freer than what it copies
    if row["licence_text"] is None and row["copy_kind"] in ("quantised copy", "re-upload"):
        for name in ("licence_text", "licence_class", "openness"):
            row[name] = base[name]


def _copy_kind(catalogue: Catalogue, number: int, base: int, relation: str) -> str:
    """Original, derivative, quantised copy or re-upload.

    The Hub takes a repository that also holds quantised files for a quantised copy of its base
    ("all-MiniLM-L6-v2", trained from "MiniLM-L6-H384-uncased"), so only one that keeps its base's
    name, or whose name states a format, counts as one here.
    """
    name = catalogue.drafts[number].name
    if is_quantised_name(name):
        return "quantised copy"
    if base < 0:
        return "original"
    origin = catalogue.drafts[base].name
    if relation == "quantized" and match_key(copied_name(name)) == match_key(copied_name(origin)):
        return "quantised copy"
    same_name = hub_key(repository_name(name)) == hub_key(repository_name(origin))
    return "re-upload" if same_name else "derivative"


def _attributions(catalogue: Catalogue, first: Any, edges: list[Edge]) -> Batch:
    names = sorted({draft.organisation for draft in catalogue.drafts} - {UNKNOWN})
    number_of = {name: number for number, name in enumerate(names)}
    makers = np.array(
        [number_of.get(draft.organisation, -1) for draft in catalogue.drafts], dtype=np.int32
    )
    labels = np.array([*names, UNKNOWN], dtype=object)  # -1 picks the last one
    found = attribute(makers, first, edges)
    columns: dict[str, Any] = {
        "attribution": np.concatenate(
            [np.full(len(part.model), way, dtype=object) for way, part in found.items()]
        ),
        "model_id": np.concatenate([part.model for part in found.values()]),
        "organisation_id": np.concatenate([labels[part.organisation] for part in found.values()]),
        "weight_share": np.concatenate([part.weight for part in found.values()]),
    }
    return Batch.from_lists(contracts.core("attribution"), columns)
