"""Looking one thing up: a model or a maker, by any of its names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from underlay.errors import BadValueError, UnknownNameError
from underlay.identity import parse_entity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.lake.engine import Engine

__all__ = ["MakerCard", "ModelCard", "find_maker", "find_model"]


@dataclass(frozen=True)
class ModelCard:
    """All that the atlas knows of one model."""

    model: dict[str, Any]
    maker: dict[str, Any]
    names: list[dict[str, Any]]
    bases: list[dict[str, Any]]
    derived_count: int
    counts: list[dict[str, Any]]
    prices: list[dict[str, Any]]
    ratings: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """The card as the JSON answer `underlay/model/1`."""
        return {"schema": "underlay/model/1", **asdict(self)}


@dataclass(frozen=True)
class MakerCard:
    """All that the atlas knows of one organisation."""

    maker: dict[str, Any]
    parent: dict[str, Any] | None
    children: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    families: list[dict[str, Any]]
    models_count: int
    top_models: list[dict[str, Any]]
    components: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """The card as the JSON answer `underlay/maker/1`."""
        return {"schema": "underlay/maker/1", **asdict(self)}


def find_model(engine: Engine, text: str) -> ModelCard:
    """The model of that name on any platform; raises `UnknownNameError` with near names."""
    alias = engine.tables["core__alias"]
    try:
        entity = parse_entity(text)
        wanted = {entity.name.casefold(), text.strip().casefold()}
    except BadValueError:
        entity, wanted = None, {text.strip().casefold()}
    found = alias.filter(alias.name.lower().isin(sorted(wanted)))
    hits = list(engine.run(found.order_by("platform", "name")).rows())
    if entity is not None and ":" in text and any(h["platform"] == entity.platform for h in hits):
        hits = [hit for hit in hits if hit["platform"] == entity.platform]
    if not hits:
        raise UnknownNameError("model", text, _near_names(engine, text))
    best = next((h for h in hits if h["platform"] == "huggingface"), hits[0])
    number = int(best["model_id"])
    model = engine.tables["core__model"]
    row = _dated(next(engine.run(model.filter(model.model_id == number)).rows()))
    return ModelCard(
        model=row,
        maker=_organisation(engine, row["organisation_id"]) or {"organisation_id": "unknown"},
        names=_rows(engine, "core__alias", "model_id", number, ("platform", "name")),
        bases=_bases(engine, number),
        derived_count=_count(engine, "core__lineage", "base_model_id", number),
        counts=_newest(engine, "core__observation", number, ("listing", "metric")),
        prices=_newest(engine, "core__price", number, ("catalogue", "provider")),
        ratings=_newest(engine, "core__rating", number, ("scale", "board", "category")),
    )


def find_maker(engine: Engine, text: str) -> MakerCard:
    """The organisation of that id, name or account; raises `UnknownNameError` with near names."""
    wanted = text.strip().casefold()
    makers = engine.tables["core__organisation"]
    by_name = makers.filter(
        (makers.organisation_id.lower() == wanted) | (makers.name.lower() == wanted)
    )
    ids = engine.run(by_name.order_by("organisation_id")).objects("organisation_id")
    if not ids:
        accounts = engine.tables["core__account"]
        owners = accounts.filter(
            (accounts.account.lower() == wanted) & (accounts.organisation_id != "unknown")
        )
        ids = engine.run(owners.order_by("account_id")).objects("organisation_id")
    if not ids:
        names = engine.run(makers.select("organisation_id")).objects("organisation_id")
        raise UnknownNameError("maker", text, tuple(names))
    maker = _organisation(engine, ids[0]) or {}
    identifier = maker["organisation_id"]
    return MakerCard(
        maker=maker,
        parent=_organisation(engine, maker["parent_id"]) if maker["parent_id"] else None,
        children=_rows(engine, "core__organisation", "parent_id", identifier, ("organisation_id",)),
        accounts=_rows(engine, "core__account", "organisation_id", identifier, ("account_id",)),
        families=_rows(engine, "core__family", "organisation_id", identifier, ("family_id",)),
        models_count=_count(engine, "core__model", "organisation_id", identifier),
        top_models=_top_models(engine, identifier),
        components=_rows(
            engine, "core__component", "organisation_id", identifier, ("component_id",)
        ),
    )


def _rows(
    engine: Engine, table: str, column: str, value: object, order: Sequence[str]
) -> list[dict[str, Any]]:
    relation = engine.tables[table]
    kept = relation.filter(relation[column] == value).order_by(*order)
    return [_dated(row) for row in engine.run(kept).rows()]


def _count(engine: Engine, table: str, column: str, value: object) -> int:
    relation = engine.tables[table]
    kept = relation.filter(relation[column] == value)
    return int(engine.run(kept.aggregate(n=kept.count())).objects("n")[0])


def _organisation(engine: Engine, identifier: str) -> dict[str, Any] | None:
    found = _rows(engine, "core__organisation", "organisation_id", identifier, ("name",))
    return found[0] if found else None


def _bases(engine: Engine, number: int) -> list[dict[str, Any]]:
    """All bases up to the root, nearest first; a cycle is walked once."""
    lineage, model = engine.tables["core__lineage"], engine.tables["core__model"]
    named = model.select(
        base_model_id=model.model_id, name=model.name, organisation_id=model.organisation_id
    )
    found: list[dict[str, Any]] = []
    seen, wave = {number}, [number]
    while wave:
        step = lineage.filter(lineage.model_id.isin(wave)).join(named, "base_model_id")
        rows = engine.run(step.order_by("model_id", "base_model_id")).rows()
        fresh = [row for row in rows if row["base_model_id"] not in seen]
        found += [_dated(row) for row in fresh]
        wave = [row["base_model_id"] for row in fresh]
        seen |= set(wave)
    return found


def _newest(engine: Engine, table: str, number: int, group: Sequence[str]) -> list[dict[str, Any]]:
    relation = engine.tables[table]
    kept = relation.filter(relation.model_id == number)
    newest = kept.observed_on.max().over(group_by=list(group))
    kept = kept.mutate(newest=newest)
    kept = kept.filter(kept.observed_on == kept.newest).drop("newest")
    return [_dated(row) for row in engine.run(kept.order_by(*group)).rows()]


def _top_models(engine: Engine, identifier: str) -> list[dict[str, Any]]:
    counted, model = engine.tables["core__observation"], engine.tables["core__model"]
    counted = counted.filter(counted.metric == "downloads_30d_count")
    newest = counted.group_by("listing").agg(observed_on=counted.observed_on.max())
    own = model.filter(model.organisation_id == identifier).select("model_id", "name", "openness")
    joined = counted.semi_join(newest, ["listing", "observed_on"]).join(own, "model_id")
    ranked = joined.select("listing", "observed_on", "name", "openness", "value")
    ordered = ranked.order_by(ranked.value.desc(), "listing", "name").limit(10)
    return [_dated(row) for row in engine.run(ordered).rows()]


def _near_names(engine: Engine, text: str) -> tuple[str, ...]:
    """Names that share the text's longest word: the candidates among which near ones are sought."""
    words = [word for word in text.casefold().replace("/", "-").split("-") if len(word) > 2]
    alias = engine.tables["core__alias"]
    if not words:
        return ()
    kept = alias.filter(alias.name.lower().contains(max(words, key=len)))
    names = kept.select("name").distinct()
    ordered = names.order_by(names.name.length(), "name").limit(2000)
    return tuple(engine.run(ordered).objects("name"))


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    """Days as ISO text, so that a card is plain JSON."""
    return {
        name: cell.date().isoformat() if hasattr(cell, "date") else cell
        for name, cell in row.items()
    }
