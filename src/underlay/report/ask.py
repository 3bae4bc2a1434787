"""Asking for figures: each once, and a reason in place of one that can't be computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from underlay.errors import AskedError, NotComputableError, UnknownNameError
from underlay.report.document import Bar, Line
from underlay.report.words import country

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from underlay.measures import Figure, Row
    from underlay.report.document import Known

__all__ = ["Ask", "Figures", "bars", "leaders", "line_or_reason", "name_of"]

NOBODY = ("unknown", "other", "none", "several", "independent", "all")  # keys that are no party


class Figures(Protocol):
    """Whatever gives figures: `OpenLake.figure`."""

    def __call__(
        self,
        name: str,
        *,
        by: str = "",
        where: Mapping[str, str] | None = None,
        as_of: dt.date | str | None = None,
    ) -> Figure:
        """A figure; raises `AskedError`."""
        ...


@dataclass
class Ask:
    """Figures as of one day, each computed once."""

    figures: Figures
    known: Known
    as_of: dt.date | None = None
    _found: dict[tuple[str, ...], Figure | AskedError] = field(default_factory=dict)

    def __call__(
        self, name: str, by: str = "", *, until: dt.date | None = None, **where: str
    ) -> Figure:
        """The figure; raises the `AskedError` that it raised the first time too.

        `until` takes an earlier day than the report's own.
        """
        as_of = until or self.as_of
        key = (name, by, str(as_of), *(f"{k}={where[k]}" for k in sorted(where)))
        if key not in self._found:
            try:
                self._found[key] = self.figures(name, by=by, where=where, as_of=as_of)
            except AskedError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, AskedError):
            raise found
        return found

    def perhaps(
        self, name: str, by: str = "", *, until: dt.date | None = None, **where: str
    ) -> Figure | None:
        """The figure, or None where it can't be computed: for what a line can do without."""
        try:
            found = self(name, by, until=until, **where)
            leaders(found)
        except AskedError:
            return None
        return found


def line_or_reason(id: str, label: str, make: Callable[[], Line]) -> Line:  # noqa: A002 - the document's word
    """The line, or one that says why there is none."""
    try:
        return make()
    except UnknownNameError as error:
        return Line(id, label, reason=f"{error.message} in this version")
    except AskedError as error:
        reason = f"{error.message}; {error.hint}" if error.hint else error.message
        return Line(id, label, reason=reason)


def name_of(key: str, by: str, known: Known) -> str:
    """A key's name for sentences."""
    if by.endswith("country"):
        return country(key)
    if key == "other":
        return "others"
    return known.names.get(_known_key(key, by), key)


def _known_key(key: str, by: str) -> str:
    return f"family:{key}" if by == "family" else key


def leaders(figure: Figure, count: int = 2) -> list[Row]:
    """The rows with the largest values, `unknown` and residuals left out.

    Raises `NotComputableError` where none is left.
    """
    rows = [
        row
        for row in figure.rows
        if row.value is not None and str(row.key.get(figure.by)) not in NOBODY
    ]
    if not rows:
        raise NotComputableError(figure.name, f"no {figure.by} is known", "a list that names some")
    return sorted(rows, key=lambda row: -float(row.value or 0.0))[:count]


def bars(figure: Figure, known: Known, count: int = 5) -> tuple[Bar, ...]:
    """The largest rows as bars, then all others in one, then the unknown.

    In a chart by country the bars are called by code, else by name. A bar that sums several
    rows has no interval: intervals don't add.
    """
    shown = leaders(figure, count)
    found = [_bar(figure, row, known) for row in shown]
    unknown = figure.row("unknown")
    rest = [row for row in figure.rows if all(row is not one for one in (*shown, unknown))]
    valued = [row for row in rest if row.value is not None]
    if len(valued) == 1:
        found.append(_bar(figure, valued[0], known))
    elif valued:
        total = sum(float(row.value or 0.0) for row in valued)
        found.append(Bar(f"other ({len(valued)})", total, country="other"))
    found += [_bar(figure, row, known) for row in rest if row.value is None][:count]
    if unknown is not None:
        found.append(_bar(figure, unknown, known))
    elif figure.unit == "share":
        found.append(Bar("unknown", 0.0, country="unknown"))
    return tuple(found)


def _bar(figure: Figure, row: Row, known: Known) -> Bar:
    key = str(row.key[figure.by])
    is_place = figure.by.endswith("country")
    country_of = key if is_place else known.countries.get(_known_key(key, figure.by), "other")
    return Bar(
        name=key if is_place else name_of(key, figure.by, known),
        value=row.value,
        lower=row.lower,
        upper=row.upper,
        country="unknown" if key == "unknown" else country_of,
        reason=row.reason,
    )
