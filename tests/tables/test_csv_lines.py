"""Where a line of delimited text ends."""

from __future__ import annotations

import pytest

from underlay.tables import Columns


@pytest.mark.parametrize("inside", ["\u2028", "\u0085", "\x0b", "\x0c", "\x1c"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_other_separators_stay_within_their_cell(inside, quote):
    text = f"a,b\n1,{quote}x{inside}y{quote}\n2,z\n"
    columns, ragged = Columns.from_csv(text.encode(), "f.csv")
    assert not ragged
    assert columns.cells("b") == [f"x{inside}y", "z"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end(end):
    text = f'# made{end}a,b{end}1,"x{end}y"{end}2,z'
    columns, ragged = Columns.from_csv(text.encode(), "f.csv", comment="#")
    assert not ragged
    assert columns.cells("b") == [f"x{end}y", "z"]
