"""Changes of the lead above against below, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from underlay.measures.definitions import Row
from underlay.measures.pace import by_layer, otherwise


def series(layer: str, name: str, changes: int, months: float, spell: float | None = 1.0) -> Row:
    more = {"changes": changes, "months_observed": months}
    return Row({"series": name, "layer": layer}, spell, more=more if spell else {})


def test_tempo_by_layer_is_changes_over_years() -> None:
    rows = [
        series("above", "a", 4, 24.0, 6.0),
        series("above", "b", 2, 12.0, 4.0),
        series("below", "c", 1, 60.0, 30.0),
        series("below", "d", 0, 0.0, None),
    ]
    layers = by_layer(rows)
    assert layers["above"]["changes_in_a_year"] == pytest.approx(2.0)
    assert layers["below"]["changes_in_a_year"] == pytest.approx(0.2)
    assert (layers["above"]["spell_months_least"], layers["above"]["spell_months_most"]) == (4, 6)
    assert layers["below"]["series"] == 1
    # three ways to choose the two above: as seen, {a, c} and {b, c}
    assert otherwise(rows) == {"as_large": 1, "of": 3}
    assert otherwise(rows[:2]) is None
    alone = by_layer(rows[:2])["below"]
    assert alone["changes_in_a_year"] is None
    assert alone["reason"]
    same = [replace(row, more={**row.more, "changes": 0}) for row in rows if row.value]
    assert otherwise(same) == {"as_large": 3, "of": 3}
