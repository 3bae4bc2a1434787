"""The Python way in: `underlay.open()` gives the lake's answers."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from underlay.atlas import CORE, Curated, core, read_curated
from underlay.atlas.lookup import MakerCard, ModelCard, find_maker, find_model
from underlay.config import settings
from underlay.errors import BadValueError, LakeMissingError
from underlay.identity import hub_key
from underlay.lake import Engine, Lake, embedded
from underlay.lake.prepared import read_answers
from underlay.measures import MEASURES, Figure, Measure, evaluate, measure
from underlay.measures.dependence import stack_of
from underlay.measures.multiverse import Multiverse, multiverse
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.config import Settings
    from underlay.stack.parts import Stack

__all__ = ["PREPARED", "OpenLake", "open_lake", "prepared_file"]

# what ships beside the embedded snapshot, and the further code that decides it
PREPARED: Mapping[str, tuple[str, ...]] = {
    "queries": (),
    "figures": (),
    "spreads": (),
    "verdicts": ("claims",),
}


def prepared_file(name: str) -> Path:
    """Where one of `PREPARED` lies: SQL of usual questions, answers over the snapshot."""
    return Path(str(resources.files("underlay"))) / f"{name}.json"


class OpenLake:
    """A lake that answers. Close it, or use it as a context manager."""

    def __init__(self, lake: Lake, chosen: Settings, *, is_prepared: bool = True) -> None:
        self.lake = lake
        self.chosen = chosen
        self._is_prepared = is_prepared
        self._engine = Engine(
            lake,
            CORE,
            threads=chosen.threads,
            memory_mb=chosen.memory_mb,
            prepared=prepared_file("queries") if is_prepared else None,
            answers=lambda: self.prepared("figures"),
        )
        self._makers: Batch | None = None
        self._is_corrected = False
        if chosen.corrections is not None:
            self._makers = self._corrected(chosen.corrections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> Engine:
        """The engine, with the reader's corrections in force."""
        if self._makers is not None and not self._is_corrected:
            self._engine.register(self._makers.table.name, self._makers)
            self._is_corrected = True
        return self._engine

    def close(self) -> None:
        """Let go of the engine; it connects again if it is used again."""
        self._engine.close()
        self._is_corrected = False

    @cached_property
    def digest(self) -> str:
        """What answers rest on: this version of the lake, or nothing where it isn't all of it.

        With a base below it or the reader's own corrections, a version alone doesn't tell.
        """
        if self.lake.base is not None or self.chosen.corrections is not None:
            return ""
        return hashlib.sha256(self.lake.state.encode()).hexdigest()

    def prepared(self, name: str) -> dict[str, Any]:
        """Answers computed before over this very lake by this very code; see `PREPARED`."""
        if not (self._is_prepared and self.digest):
            return {}
        return read_answers(prepared_file(name), Engine.code(PREPARED[name]), self.digest)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All measures, with their questions, facets and options."""
        return MEASURES

    def figure(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | str | None = None,
    ) -> Figure:
        """A figure: value, interval, coverage, definition, sources, vintage.

        `by` is one of the measure's facets, `where` sets facets to options or values, `as_of` (a
        day, ISO 8601) takes the newest data up to then. Raises `UnknownNameError`, `NoDataError`,
        or `BadValueError` for a day that is none.
        """
        return evaluate(measure(name), self.engine, by=by, where=where, as_of=_day(as_of))

    def multiverse(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | str | None = None,
        vary: Sequence[str] = (),
    ) -> Multiverse:
        """A measure under every combination of the choices that `where` leaves open.

        `vary` names choices that are held otherwise, such as `listing`. Raises what `figure`
        raises, and `NotComputableError` where there would be too many definitions.
        """
        day = _day(as_of)
        return multiverse(measure(name), self.engine, by=by, where=where, as_of=day, vary=vary)

    def model(self, name: str) -> ModelCard:
        """What is known of one model, by its name on any platform, or its URL or package URL."""
        return find_model(self.engine, name)

    def maker(self, name: str) -> MakerCard:
        """What is known of one organisation, by id, name or account."""
        return find_maker(self.engine, name)

    @property
    def stack(self) -> Stack:
        """What models stand on: components, builds, evidence; read once.

        `underlay.stack` asks it: `whatif`, `routes`, `chokepoints`, `shapley`. Raises
        `NoDataError` where the lake has no tables of the stack.
        """
        return stack_of(self.engine)

    def unresolved(self) -> list[dict[str, Any]]:
        """What could not be resolved, the largest share of its list first."""
        relation = self.engine.tables["core__unresolved"]
        ordered = relation.order_by(relation.weight_share.desc(nulls_first=False), "kind", "name")
        return list(self.engine.run(ordered).rows())

    def sources(self) -> list[dict[str, Any]]:
        """The sources that the figures rest on, with licence, vintage and conflict."""
        return list(self.engine.run(self.engine.tables["core__source"].order_by("source")).rows())

    def _corrected(self, path: Path) -> Batch:
        """Countries, names and owners by the reader's own entries.

        Raises `BadValueError` for an account that they move and that the lake still gives to
        another: whose a model is was settled when the atlas was built.
        """
        curated = read_curated(path)
        moved = _moved_accounts(curated)
        for row in self.lake.read(core("account")).rows() if moved else ():
            new = moved.get((row["platform"], hub_key(row["account"])))
            if new is not None and new != row["organisation_id"]:
                name = f"{row['platform']}:{row['account']}"
                first = "accounts that stay, or run `underlay atlas build` with them first"
                raise BadValueError("corrections", name, first)
        before = self.lake.read(core("organisation"))
        rows = {row["organisation_id"]: row for row in before.rows()}
        for organisation in curated.organisations.values():
            row = rows.setdefault(organisation.id, {"organisation_id": organisation.id})
            row |= {
                "name": organisation.name,
                "country": organisation.country,
                "country_reason": organisation.reason or organisation.contestable or None,
                "kind": organisation.kind,
                "parent_id": organisation.parent or None,
                "parent_since_on": organisation.parent_since,
                "evidence": organisation.evidence or None,
            }
        return Batch.from_rows(core("organisation"), list(rows.values()))


def _moved_accounts(curated: Curated) -> dict[tuple[str, str], str]:
    """(platform, account) -> organisation, for those that the shipped files give to another."""
    found = {}
    for platform in ("huggingface", "modelscope"):
        shipped = read_curated().account_owner(platform)
        for account, owner in curated.account_owner(platform).items():
            if shipped.get(account) != owner:
                found[platform, account] = owner
    return found


def _day(as_of: dt.date | str | None) -> dt.date | None:
    if not isinstance(as_of, str):
        return as_of
    try:
        return dt.date.fromisoformat(as_of)
    except ValueError:
        raise BadValueError("as_of", as_of, "a day such as 2026-06-09") from None


def open_lake(path: str | Path | None = None, *, chosen: Settings | None = None) -> OpenLake:
    """Open the lake at `path`, or your own laid over the embedded snapshot, or that alone.

    Raises `LakeMissingError` where there is none.
    """
    chosen = chosen or settings()
    root = Path(path) if path is not None else chosen.lake
    try:
        base = embedded()
    except LakeMissingError:
        base = None
    try:
        return OpenLake(Lake(root, base), chosen)
    except LakeMissingError:
        if path is not None or chosen.has_own_lake or base is None:
            raise
    return OpenLake(base, chosen)
