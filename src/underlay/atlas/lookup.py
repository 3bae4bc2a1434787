"""Looking one thing up: a model or a maker, by any of its names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from underlay.errors import BadValueError, UnknownNameError
from underlay.identity import parse_entity
from underlay.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import ibis

    from underlay.lake.engine import Engine, Result

__all__ = ["ASKED_NUMBER", "MakerCard", "ModelCard", "find_maker", "find_model", "find_number"]

# what is looked up stands in a table, not in the question: so its SQL is the same for all
ASKED_NUMBER = Table(
    "core__asked_number", "One row per number asked for.", ("number",),
    (Column("number", "int32", "the number", True),),
)  # fmt: skip
_ASKED_TEXT = Table(
    "core__asked_text", "One row per text asked for.", ("text",),
    (Column("text", "string", "the text", True),),
)  # fmt: skip


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
    number = find_number(engine, text)
    row = _rows(engine, "core__model", "model_id", number, ("model_id",))[0]
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


def find_number(engine: Engine, text: str) -> int:
    """The `model_id` of the model of that name; raises `UnknownNameError` with near names."""
    try:
        entity = parse_entity(text)
        wanted = {entity.name.casefold(), text.strip().casefold()}
    except BadValueError:
        entity, wanted = None, {text.strip().casefold()}

    def named() -> ibis.Table:
        alias, asked = engine.tables["core__alias"], engine.tables[_ASKED_TEXT.name]
        keyed = alias.mutate(text=alias.name.lower()).semi_join(asked, "text")
        return keyed.drop("text").order_by("platform", "name")

    hits = list(_asked(engine, "names", _ASKED_TEXT, sorted(wanted), named).rows())
    if entity is not None and ":" in text and any(h["platform"] == entity.platform for h in hits):
        hits = [hit for hit in hits if hit["platform"] == entity.platform]
    if not hits:
        raise UnknownNameError("model", text, _near_names(engine, text))
    best = next((h for h in hits if h["platform"] == "huggingface"), hits[0])
    return int(best["model_id"])


def find_maker(engine: Engine, text: str) -> MakerCard:
    """The organisation of that id, name or account; raises `UnknownNameError` with near names."""
    wanted = [text.strip().casefold()]

    def by_name() -> ibis.Table:
        makers, asked = engine.tables["core__organisation"], engine.tables[_ASKED_TEXT.name]
        found = makers.join(
            asked,
            (makers.organisation_id.lower() == asked.text) | (makers.name.lower() == asked.text),
        )
        return found.select("organisation_id").order_by("organisation_id")

    def by_account() -> ibis.Table:
        accounts, asked = engine.tables["core__account"], engine.tables[_ASKED_TEXT.name]
        owned = accounts.filter(accounts.organisation_id != "unknown")
        found = owned.mutate(text=owned.account.lower()).semi_join(asked, "text")
        return found.order_by("account_id").select("organisation_id")

    for name, make in (("makers", by_name), ("accounts", by_account)):
        ids = _asked(engine, name, _ASKED_TEXT, wanted, make).objects("organisation_id")
        if ids:
            break
    if not ids:
        makers = engine.tables["core__organisation"]
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


def _asked(
    engine: Engine,
    name: str,
    table: Table,
    values: Iterable[object],
    make: Callable[[], ibis.Table],
) -> Result:
    """The answer to a question about the values that `table` then holds."""
    engine.register_values(table, values)
    return engine.ask(f"lookup/{name}", make)


def _kept(engine: Engine, name: str, column: str, value: object) -> ibis.Table:
    """The rows of a table that hold the value asked for; `value` tells its type only."""
    relation = engine.tables[name]
    table = _table_of(value)
    asked = engine.tables[table.name]
    return relation.semi_join(asked, relation[column] == asked[table.column_names[0]])


def _table_of(value: object) -> Table:
    return _ASKED_TEXT if isinstance(value, str) else ASKED_NUMBER


def _rows(
    engine: Engine, table: str, column: str, value: object, order: Sequence[str]
) -> list[dict[str, Any]]:
    found = _asked(
        engine, f"{table} by {column}", _table_of(value), [value],
        lambda: _kept(engine, table, column, value).order_by(*order),
    )  # fmt: skip
    return [_dated(row) for row in found.rows()]


def _count(engine: Engine, table: str, column: str, value: object) -> int:
    def count() -> ibis.Table:
        kept = _kept(engine, table, column, value)
        return kept.aggregate(n=kept.count())

    found = _asked(engine, f"count of {table} by {column}", _table_of(value), [value], count)
    return int(found.objects("n")[0])


def _organisation(engine: Engine, identifier: str) -> dict[str, Any] | None:
    found = _rows(engine, "core__organisation", "organisation_id", identifier, ("name",))
    return found[0] if found else None


def _bases(engine: Engine, number: int) -> list[dict[str, Any]]:
    """All bases up to the root, nearest first; a cycle is walked once."""

    def step() -> ibis.Table:
        model = engine.tables["core__model"]
        named = model.select(
            base_model_id=model.model_id, name=model.name, organisation_id=model.organisation_id
        )
        kept = _kept(engine, "core__lineage", "model_id", number)
        return kept.join(named, "base_model_id").order_by("model_id", "base_model_id")

    found: list[dict[str, Any]] = []
    seen, wave = {number}, [number]
    while wave:
        rows = _asked(engine, "bases", ASKED_NUMBER, wave, step).rows()
        fresh = [row for row in rows if row["base_model_id"] not in seen]
        found += [_dated(row) for row in fresh]
        wave = [row["base_model_id"] for row in fresh]
        seen |= set(wave)
    return found


def _newest(engine: Engine, table: str, number: int, group: Sequence[str]) -> list[dict[str, Any]]:
    def newest() -> ibis.Table:
        kept = _kept(engine, table, "model_id", number)
        kept = kept.mutate(newest=kept.observed_on.max().over(group_by=list(group)))
        return kept.filter(kept.observed_on == kept.newest).drop("newest").order_by(*group)

    found = _asked(engine, f"newest of {table}", ASKED_NUMBER, [number], newest)
    return [_dated(row) for row in found.rows()]


def _top_models(engine: Engine, identifier: str) -> list[dict[str, Any]]:
    def top() -> ibis.Table:
        counted = engine.tables["core__observation"]
        counted = counted.filter(counted.metric == "downloads_30d_count")
        newest = counted.group_by("listing").agg(observed_on=counted.observed_on.max())
        own = _kept(engine, "core__model", "organisation_id", identifier)
        own = own.select("model_id", "name", "openness")
        joined = counted.semi_join(newest, ["listing", "observed_on"]).join(own, "model_id")
        ranked = joined.select("listing", "observed_on", "name", "openness", "value")
        return ranked.order_by(ranked.value.desc(), "listing", "name").limit(10)

    found = _asked(engine, "top models", _ASKED_TEXT, [identifier], top)
    return [_dated(row) for row in found.rows()]


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
