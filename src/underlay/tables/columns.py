"""Named columns as a publisher wrote them, before a contract makes them a table.

A source never touches Arrow: it reads bytes into `Columns`, renames, derives once per distinct
value, and hands the result to `coerce`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

from underlay.errors import SchemaError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

__all__ = ["MAX_CELL_CHARS", "MAX_PARQUET_BYTES", "Columns", "text_of"]

MAX_PARQUET_BYTES = 4 << 30  # decoded size a Parquet file may announce; larger is an attack
MAX_CELL_CHARS = 4 << 20  # one CSV cell; the largest real one (a tag list) is under 20 kB


class Columns:
    """Columns of one length; immutable. Cells may still be text of any kind."""

    def __init__(self, data: pa.Table, place: str) -> None:
        self._data = data
        self.place = place  # the file that the rows come from, for messages

    @classmethod
    def from_csv(
        cls, data: bytes, place: str, *, delimiter: str = ",", comment: str = ""
    ) -> tuple[Columns, list[tuple[int, str]]]:
        """Read delimited text with a header row; every cell is text, an empty one is null.

        Returns the columns and `(line number, text)` of each row whose number of cells differs
        from the header's. Raises `UnreadableError`.
        """
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableError(place, f"not UTF-8 at byte {error.start}") from error
        # only \n, \r and \r\n end a line: `splitlines` would also cut cells at U+2028 or U+0085
        lines: Iterable[str] = io.StringIO(text, newline="")
        if comment:
            lines = (line for line in lines if not line.startswith(comment))
        # the standard parser: pyarrow's stops at a quoted newline split over two blocks
        csv.field_size_limit(MAX_CELL_CHARS)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = next(reader)
            good: list[list[str]] = []
            bad: list[tuple[int, str]] = []
            for row in reader:
                if len(row) == len(header):
                    good.append(row)
                elif row:
                    bad.append((reader.line_num, delimiter.join(row)[:200]))
        except StopIteration:
            raise UnreadableError(place, "it is empty") from None
        except csv.Error as error:
            raise UnreadableError(place, f"line {reader.line_num}: {error}") from error
        if len(set(header)) != len(header):
            raise UnreadableError(place, "a column name stands twice in its header")
        cells = zip(*good, strict=True) if good else ([] for _ in header)
        return cls.from_lists(
            {n: [c or None for c in cell] for n, cell in zip(header, cells, strict=True)}, place
        ), bad

    @classmethod
    def from_parquet(cls, data: bytes, place: str) -> Columns:
        """Read a Parquet file; raises `UnreadableError` for a broken or a monstrous one."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(io.BytesIO(data))
            meta = file.metadata
            decoded = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
            if decoded > MAX_PARQUET_BYTES:
                raise UnreadableError(place, f"it announces {decoded} bytes of content")
            if len(set(file.schema_arrow.names)) != len(file.schema_arrow.names):
                raise UnreadableError(place, "a column name stands twice")
            return cls(file.read(), place)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UnreadableError(place, str(error).splitlines()[0]) from error

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, object]], place: str, names: Sequence[str]
    ) -> Columns:
        """Make columns `names` from mappings; a key that a row lacks is null.

        Cells of one column may be of several kinds: numbers stay numbers if all are, else all
        become text.
        """
        lists: dict[str, list[object]] = {name: [] for name in names}
        for row in rows:
            for name, cells in lists.items():
                cells.append(row.get(name))
        return cls.from_lists(lists, place)

    @classmethod
    def from_lists(cls, lists: Mapping[str, Sequence[object]], place: str) -> Columns:
        """Make columns from one list a name; all of one length."""
        import pyarrow as pa

        arrays = {name: _array(cells) for name, cells in lists.items()}
        return cls(pa.table(arrays), place)

    def __len__(self) -> int:
        return int(self._data.num_rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(self._data.column_names)

    @property
    def data(self) -> pa.Table:
        """The Arrow table behind it; only `tables` and `lake` use it."""
        return self._data

    def cells(self, name: str) -> list[Any]:
        """One column as a Python list; raises `SchemaError` if there is none."""
        self.require(name)
        return list(self._data[name].to_pylist())

    def require(self, *names: str) -> None:
        """Raise `SchemaError` unless all these columns are there."""
        missing = [name for name in names if name not in self._data.column_names]
        if missing:
            found = ", ".join(self._data.column_names[:20])
            raise SchemaError(
                self.place, f"no column `{'`, `'.join(missing)}`; it has {found or 'none'}"
            )

    def select(self, names: Mapping[str, str]) -> Columns:
        """New columns: new name -> old name. Raises `SchemaError` for an old one not there."""
        import pyarrow as pa

        self.require(*names.values())
        return Columns(pa.table({n: self._data[old] for n, old in names.items()}), self.place)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._data.column_names

    def with_constant(self, name: str, value: object) -> Columns:
        """The same rows and one more (or replaced) column that holds `value` everywhere."""
        return self.with_cells(name, [value] * len(self))

    def with_cells(self, name: str, cells: Sequence[object]) -> Columns:
        """The same rows and one more (or replaced) column."""
        array = _array(cells)
        if self.has(name):
            position = self._data.column_names.index(name)
            return Columns(self._data.set_column(position, name, array), self.place)
        return Columns(self._data.append_column(name, array), self.place)

    def derive(self, name: str, old: str, function: Callable[[Any], object]) -> Columns:
        """Column `name` = `function` of column `old`, called once per distinct value.

        Null stays null: the function never sees it.
        """
        import pyarrow.compute as pc

        self.require(old)
        column = self._data[old]
        if column.null_count == len(column):  # Arrow can't combine the chunks of no rows
            return self.with_cells(name, [None] * len(self))
        encoded = pc.dictionary_encode(column).combine_chunks()
        distinct = [
            None if value is None else function(value) for value in encoded.dictionary.to_pylist()
        ]
        taken = _array(distinct).take(encoded.indices)
        if self.has(name):
            position = self._data.column_names.index(name)
            return Columns(self._data.set_column(position, name, taken), self.place)
        return Columns(self._data.append_column(name, taken), self.place)

    def with_nulls_for(self, *signs: object, names: Sequence[str]) -> Columns:
        """The same rows; in columns `names`, cells equal to one of `signs` become null."""
        columns = self
        for name in names:
            columns = columns.derive(name, name, lambda cell: None if cell in signs else cell)
        return columns

    def split(self, name: str, keep: Callable[[Any], bool]) -> tuple[Columns, Columns]:
        """Rows whose cell in `name` passes `keep`, and all other rows; null is passed as None."""
        import pyarrow as pa

        cells = self.cells(name)
        verdict = {cell: keep(cell) for cell in set(cells)}
        mask = pa.array([verdict[cell] for cell in cells], pa.bool_())
        import pyarrow.compute as pc

        return (
            Columns(self._data.filter(mask), self.place),
            Columns(self._data.filter(pc.invert(mask)), self.place),
        )


def text_of(value: object) -> str:
    """A cell as text that any file can hold: JSON for lists and mappings, `true` for True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # as Arrow spells it where the whole column holds numbers
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return str(value).encode("utf-8", "backslashreplace").decode()


def _array(cells: Sequence[object]) -> pa.Array:
    import pyarrow as pa

    kinds = set(map(type, cells)) - {type(None)}
    # Arrow makes a date of a number that stands among dates; mixed cells are text to us
    if len(kinds) < 2 or kinds == {int, float}:
        # what fails here is huge, or a half character
        with contextlib.suppress(pa.ArrowException, OverflowError, UnicodeEncodeError):
            return pa.array(cells, from_pandas=True)
    return pa.array([None if _is_nothing(cell) else text_of(cell) for cell in cells], pa.string())


def _is_nothing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))
