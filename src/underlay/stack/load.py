"""Reading the stack out of a lake: few queries, then arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.atlas.lookup import ASKED_NUMBER, find_number
from underlay.atlas.stack_contracts import EVIDENCE, STATUSES
from underlay.errors import NoDataError, UnknownNameError
from underlay.stack.facets import LISTINGS
from underlay.stack.parts import (
    ANY,
    UNKNOWN,
    Build,
    Component,
    Need,
    Organisation,
    Stack,
    Statements,
)
from underlay.stack.population import Listed

if TYPE_CHECKING:
    import ibis

    from underlay.lake.engine import Engine, Result

__all__ = ["load"]

_USES = ("inference", "training", "both")
_ROUTED = "core__routed"
# an edition of which less than this part was counted anew is an older one's
_RENEWED = 0.5
_NO_TOKENS = (
    "`{}` is empty: the weekly lists of routed models were not synced when the atlas was built"
)


def load(engine: Engine) -> Stack:
    """The stack of the engine's lake; raises `NoDataError` where its tables are empty."""
    components = [_component(row) for row in _rows(engine, "stack_component", "component_id")]
    if not components:
        raise NoDataError("the stack", "this lake", "")
    builds = [_build(row) for row in _rows(engine, "stack_build", "build_id")]
    notes: list[str] = []
    components = _whole(components, builds, notes)
    known = {component.id for component in components}
    needs = _needs(engine, builds, known, notes)
    architectures = set(_names(engine, "architecture", "architecture_id"))
    said = engine.ask(
        "stack/support",
        lambda: engine.tables["core__support"].order_by(
            "runtime_id", "backend_id", "architecture_id", "weight_format", "accelerator_id",
            "use", "source", "version", "path", "status",
        ),
    )  # fmt: skip
    architectures |= set(said["architecture_id"].tolist()) - {ANY, UNKNOWN}
    listed = tuple(sorted(architectures - {UNKNOWN}))
    formats = tuple(sorted(set(said["weight_format"].tolist()) - {ANY}))
    statements = _statements(said, components, listed, formats, notes)
    memory: dict[str, Listed] = {}

    def of_list(listing: str) -> Listed:
        if listing not in memory:
            memory[listing] = _listed(engine, listing)
        return memory[listing]

    return Stack(
        tuple(components),
        tuple(needs),
        tuple(builds),
        statements,
        listed,
        formats,
        _organisations(engine),
        of_list,
        lambda text: _find(engine, text),
        _names(engine, "model", "licence_class"),
        tuple(notes),
    )


def _rows(engine: Engine, table: str, key: str) -> list[dict[str, Any]]:
    found = engine.ask(f"stack/{table}", lambda: engine.tables[f"core__{table}"].order_by(key))
    return list(found.rows())


def _names(engine: Engine, table: str, column: str) -> tuple[str, ...]:
    def distinct() -> ibis.Table:
        return engine.tables[f"core__{table}"].select(column).distinct().order_by(column)

    found = engine.ask(f"stack/{table}/{column}", distinct)
    return tuple(str(each) for each in found.objects(column) if each is not None)


def _component(row: dict[str, Any]) -> Component:
    return Component(
        row["component_id"], row["layer"], row["name"], row["organisation_id"], row["country"],
        row["scope"], row["is_open"], row["licence"] or "", row["memory_bytes"],
    )  # fmt: skip


def _build(row: dict[str, Any]) -> Build:
    return Build(
        row["build_id"], row["runtime_id"], row["backend_id"], row["route_class"], row["use"],
        row["status"], row["delivery"], row["tracks_version"] or "", bool(row["has_own_registry"]),
        bool(row["is_registry_closed"]), row["evidence"], row["stated_by"], row["source"],
        row["version"] or "", row["path"] or "", _date(row["first_seen_on"]),
        _date(row["last_seen_on"]),
    )  # fmt: skip


def _whole(components: list[Component], builds: list[Build], notes: list[str]) -> list[Component]:
    """All components, with those that only a build names, in order of their ids."""
    found = {component.id: component for component in components}
    for build in builds:
        for name, layer, is_noted in (
            (build.id, "build", False),
            (build.runtime, "runtime", True),
            (build.backend, "toolchain", True),
        ):
            if name not in found:
                found[name] = Component(name, layer, name.partition(":")[2] or name)
                if is_noted:
                    notes.append(f"`{name}` is named by a build, but is no component: no owner")
    return [found[name] for name in sorted(found)]


def _needs(engine: Engine, builds: list[Build], known: set[str], notes: list[str]) -> list[Need]:
    def requires() -> ibis.Table:
        table = engine.tables["core__requires"]
        return table.order_by("component_id", "slot", "provider_id", "use")

    found = []
    for row in engine.ask("stack/requires", requires).rows():
        ends = row["component_id"], row["provider_id"]
        missing = [end for end in ends if end not in known and end != UNKNOWN]
        if missing:
            notes.append(f"`{ends[0]}` needs `{ends[1]}`: no component `{missing[0]}`; left out")
            continue
        found.append(
            Need(ends[0], row["slot"], ends[1], row["use"], row["evidence"], row["source"])
        )
    stated = {(need.component, need.provider) for need in found}
    for build in builds:
        for slot, provider in (("runtime", build.runtime), ("toolchain", build.backend)):
            if (build.id, provider) not in stated:
                found.append(Need(build.id, slot, provider, "both", "packaged", build.source))
    return found


def _statements(
    said: Result,
    components: list[Component],
    architectures: tuple[str, ...],
    formats: tuple[str, ...],
    notes: list[str],
) -> Statements:
    places = {component.id: place for place, component in enumerate(components)}
    columns = {
        "runtime": _codes(said["runtime_id"], places),
        "backend": _codes(said["backend_id"], places),
        "architecture": _codes(said["architecture_id"], _placed(architectures)),
        "file_format": _codes(said["weight_format"], _placed(formats)),
        "line": _codes(said["accelerator_id"], places),
    }
    placed: Any = np.ones(len(said), dtype=bool)
    for name, codes in columns.items():
        missing = codes < -1
        if name == "runtime":
            missing |= codes < 0
        if (missing & placed).any():
            count = int((missing & placed).sum())
            notes.append(f"{count} statements name no known {name.replace('_', ' ')}: not used")
        placed &= ~missing
    empty = (columns["backend"] < 0) & (columns["architecture"] < 0) & (columns["file_format"] < 0)
    if (empty & placed).any():
        notes.append(f"{int((empty & placed).sum())} statements name a runtime only: not used")
    placed &= ~empty
    columns |= {
        "use": _codes(said["use"], _placed(_USES)),
        "status": _codes(said["status"], _placed(STATUSES)),
        "is_fallback": np.ma.filled(said["is_fallback"], False).astype(bool),
        "evidence": _codes(said["evidence"], _placed(EVIDENCE)),
        "first_day": _days(said["first_seen_on"]),
        "last_day": _days(said["last_seen_on"]),
        "stated_by": said["stated_by"],
        "source": said["source"],
        "version": said["version"],
        "path": said["path"],
    }
    # a statement is as new as the last day on which it is known to stand
    columns["last_day"] = np.maximum(columns["last_day"], columns["first_day"])
    return Statements(**{name: column[placed] for name, column in columns.items()})


def _placed(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _codes(column: Any, places: dict[str, int]) -> Any:
    """Places of names; -1 for `any`, -2 for what has none."""
    found, member = np.unique(np.asarray(column, dtype=str), return_inverse=True)
    codes = [-1 if name == ANY else places.get(name, -2) for name in found.tolist()]
    return np.array(codes, dtype=np.int32)[member.reshape(-1)]


def _days(column: Any) -> Any:
    """Dates as days since 1970; -1 for null."""
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    plain = np.asarray(np.ma.getdata(column)).astype("datetime64[D]")
    mask = mask | np.isnat(plain)
    return np.where(mask, -1, np.where(mask, np.datetime64(0, "D"), plain).astype(np.int64))


def _date(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    return dt.date.fromisoformat(str(np.datetime64(value, "D")))


def _organisations(engine: Engine) -> dict[str, Organisation]:
    found = {}
    for row in _rows(engine, "organisation", "organisation_id"):
        since = _date(row["parent_since_on"])
        found[row["organisation_id"]] = Organisation(
            row["organisation_id"], row["name"], row["country"], row["parent_id"] or "", since
        )
    return found


def _columns(engine: Engine, chosen: ibis.Table) -> ibis.Table:
    """What is asked of the models that `chosen` (model_id, value) holds."""
    tables = engine.tables
    model = tables["core__model"].select(
        "model_id", "name", "organisation_id", "openness", "modality", "licence_class",
        "parameters_count",
    )  # fmt: skip
    needs = tables["core__requirement"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = chosen.join(model, "model_id").join(maker, "organisation_id", how="left")
    joined = (
        joined.drop("organisation_id_right")
        if "organisation_id_right" in joined.columns
        else joined
    )
    whole = joined.join(needs, "model_id", how="left")
    return whole.select(
        "model_id", "value", "observed_on", "name", "organisation_id", "country", "openness",
        "modality", "licence_class", "parameters_count", "architecture_id", "method", "reason",
        "weight_format", "quantisation", "is_convertible",
    ).order_by("model_id")  # fmt: skip


def _listed(engine: Engine, listing: str) -> Listed:
    if listing not in LISTINGS:
        raise UnknownNameError("list of models", listing, LISTINGS)

    def chosen() -> ibis.Table:
        counts = engine.tables["core__observation"]
        counts = counts.filter(
            (counts.listing == listing) & (counts.metric == "downloads_30d_count")
        )
        days = counts.group_by("observed_on").agg(part=counts.is_fresh.cast("float64").mean())
        days = days.filter(days.part >= _RENEWED)
        newest = days.aggregate(newest=days.observed_on.max())
        fresh = counts.filter(counts.is_fresh).join(
            newest, counts.observed_on == newest.newest
        )  # fmt: skip
        return _columns(engine, fresh.select("model_id", "value", "observed_on"))

    found = engine.ask(f"stack/listed/{listing}", chosen)
    if not len(found):
        raise NoDataError(f"the list `{listing}`", "downloads in 30 days", "")
    return _with_tokens(engine, _as_listed(found, listing))


def _as_listed(found: Result, listing: str) -> Listed:
    def text(name: str, missing: str = UNKNOWN) -> Any:
        return np.array(
            [missing if c is None else str(c) for c in found.objects(name)], dtype=object
        )

    day = str(np.ma.getdata(found["observed_on"])[0])[:10] if len(found) else ""
    convertible = np.ma.filled(np.ma.asarray(found["is_convertible"]), False)
    return Listed(
        listing,
        day,
        np.ma.getdata(found["model_id"]).astype(np.int64),
        text("name"),
        text("organisation_id"),
        text("country"),
        text("openness"),
        text("modality"),
        text("architecture_id"),
        text("method", "none"),
        text("reason", "the atlas holds no requirement of it"),
        text("weight_format"),
        text("quantisation"),
        np.array([bool(each) for each in convertible], dtype=bool),
        text("licence_class"),
        found.floats("parameters_count"),
        {"models": np.ones(len(found)), "downloads": found.floats("value")},
        {"tokens": _NO_TOKENS.format(_ROUTED)},
    )


def _with_tokens(engine: Engine, listed: Listed) -> Listed:
    """The list with the sums of routed models behind it, which count on the scale of tokens only.

    They are published as a weekly top list without models, so each row stands for all those that
    ask the same of the stack.
    """
    if _ROUTED not in engine.tables.contracts:
        return listed
    found = engine.ask(
        "stack/routed",
        lambda: engine.tables[_ROUTED].order_by(
            "architecture_id", "weight_format", "quantisation", "country", "openness", "modality",
            "licence_class",
        ),
    )  # fmt: skip
    if not len(found):
        return listed

    def text(name: str) -> Any:
        return np.array([str(cell) for cell in found.objects(name)], dtype=object)

    count = len(found)
    architecture, country = text("architecture_id"), text("country")
    names = [
        f"routed models of {where}, {what}"
        for where, what in zip(country, architecture, strict=True)
    ]
    extra: dict[str, Any] = {
        "model": -1 - np.arange(count, dtype=np.int64),
        "name": np.array(names, dtype=object),
        "organisation": np.full(count, UNKNOWN, dtype=object),
        "country": country,
        "openness": text("openness"),
        "modality": text("modality"),
        "architecture": architecture,
        "method": np.full(count, "sum", dtype=object),
        "reason": np.full(count, "a sum over routed models", dtype=object),
        "file_format": text("weight_format"),
        "quantisation": text("quantisation"),
        "is_convertible": np.array([bool(c) for c in found.objects("is_convertible")], dtype=bool),
        "licence": text("licence_class"),
        "parameters": np.full(count, np.nan),
    }
    both: dict[str, Any] = {
        name: np.concatenate([getattr(listed, name), part]) for name, part in extra.items()
    }
    weights = {
        name: np.concatenate([column, np.full(count, np.nan)])
        for name, column in listed.weights.items()
    }
    weights["tokens"] = np.concatenate([np.full(len(listed), np.nan), found.floats("tokens_count")])
    last = str(np.ma.getdata(found["observed_on"]).max())[:10]
    note = f"weekly top lists of the quarter to {last}, no total is published"
    return replace(listed, **both, weights=weights, reasons={"tokens": note})


def _find(engine: Engine, text: str) -> Listed:
    """One model by any of its names, with a weight of 1; raises `UnknownNameError`."""
    engine.register_values(ASKED_NUMBER, [find_number(engine, text)])

    def chosen() -> ibis.Table:
        model, counts = engine.tables["core__model"], engine.tables["core__observation"]
        asked = engine.tables[ASKED_NUMBER.name]
        last = counts.aggregate(observed_on=counts.observed_on.max())
        rows = model.semi_join(asked, model.model_id == asked.number)
        one = rows.select("model_id", value=model.model_id.cast("float64") * 0 + 1)
        return _columns(engine, one.cross_join(last))

    return _as_listed(engine.ask("stack/one model", chosen), "")
