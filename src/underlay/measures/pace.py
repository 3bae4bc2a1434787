"""What tempo comes to: changes of the lead in a year above against below."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.measures.definitions import Row

__all__ = ["by_layer", "otherwise"]

_LAYERS = ("above", "below")


def by_layer(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Changes in a year by layer, over all years in which its series were seen, and mean spells.

    A layer without a series that can be told has None, and says why.
    """
    found: dict[str, dict[str, Any]] = {}
    for layer in _LAYERS:
        here = [row for row in rows if row.key["layer"] == layer and row.value is not None]
        years = sum(float(row.more["months_observed"]) for row in here) / 12
        changes = sum(int(row.more["changes"]) for row in here)
        spells = [float(row.value or 0.0) for row in here]
        found[layer] = {
            "series": len(here),
            "changes": changes,
            "years_observed": round(years, 2),
            "changes_in_a_year": changes / years if years else None,
            "spell_months_least": min(spells, default=None),
            "spell_months_most": max(spells, default=None),
            **({} if here else {"reason": "no series of this layer is long enough"}),
        }
    return found


def otherwise(rows: Sequence[Row]) -> dict[str, int] | None:
    """In how many ways of dividing the series between the layers the rates differ as much.

    A permutation test over series (Fisher 1935), exact; None without series on both sides.
    """
    told = [row for row in rows if row.value is not None]
    above = [place for place, row in enumerate(told) if row.key["layer"] == "above"]
    if not above or len(above) == len(told):
        return None

    def rate(places: Sequence[int]) -> float:
        years = sum(float(told[p].more["months_observed"]) for p in places) / 12
        return sum(int(told[p].more["changes"]) for p in places) / years

    def gap(places: Sequence[int]) -> float:
        return abs(rate(places) - rate([p for p in range(len(told)) if p not in places]))

    seen = gap(above)
    ways = list(combinations(range(len(told)), len(above)))
    # the last digits of a rate depend on the order of its sum
    return {"as_large": sum(gap(each) >= seen - 1e-12 for each in ways), "of": len(ways)}
