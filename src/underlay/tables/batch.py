"""From columns to a table: every row fits its contract or is skipped with a reason."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from underlay.errors import CheckError, SchemaError
from underlay.tables.columns import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from underlay.tables.columns import Columns
    from underlay.tables.schema import Column, Table, Type

__all__ = ["Batch", "Skipped", "coerce"]


@dataclass(frozen=True)
class Skipped:
    """Rows (or a whole file) that could not become part of a table, and why."""

    place: str  # the file
    reason: str
    count: int = 1
    example: str = ""


class Batch:
    """Rows that fit the contract of `table`, in any order; see `sorted`."""

    def __init__(self, table: Table, data: pa.Table) -> None:
        schema = table.arrow_schema()
        if data.schema.names != schema.names:
            raise SchemaError(
                table.name, f"columns are {data.schema.names}, expected {schema.names}"
            )
        try:
            self.data = data.cast(schema)
        except (ValueError, NotImplementedError) as error:  # what Arrow's own errors derive from
            raise SchemaError(table.name, str(error)) from error
        for column in table.columns:
            if column.required and self.data[column.name].null_count:
                raise SchemaError(table.name, f"`{column.name}` is required but has nulls")
        self.table = table

    @classmethod
    def from_lists(cls, table: Table, lists: Mapping[str, Sequence[object]]) -> Batch:
        """A batch from one list a column; a column that is left out is null.

        Raises `SchemaError` for an unknown column, a wrong type or a missing required value.
        """
        import pyarrow as pa

        schema = table.arrow_schema()
        unknown = set(lists) - set(schema.names)
        if unknown:
            raise SchemaError(table.name, f"`{min(unknown)}` is not one of its columns")
        for column in table.columns:
            # Arrow would count days, or microseconds, since 1970
            if column.type in ("date", "timestamp") and int in map(
                type, lists.get(column.name, ())
            ):
                raise SchemaError(table.name, f"`{column.name}` is a {column.type}, not a number")
        length = max((len(cells) for cells in lists.values()), default=0)
        try:
            arrays = [
                pa.array(lists.get(field.name, [None] * length), field.type, from_pandas=True)
                for field in schema
            ]
            data = pa.Table.from_arrays(arrays, schema=schema)
        except (ValueError, TypeError, OverflowError) as error:
            raise SchemaError(table.name, str(error)) from error
        return cls(table, data)

    @classmethod
    def from_rows(cls, table: Table, rows: Sequence[Mapping[str, object]]) -> Batch:
        """A batch from mappings; see `from_lists`."""
        names = table.column_names
        return cls.from_lists(table, {name: [row.get(name) for row in rows] for name in names})

    @classmethod
    def concat(cls, batches: Sequence[Batch]) -> Batch:
        """One batch from several of the same table; at least one."""
        import pyarrow as pa

        return cls(batches[0].table, pa.concat_tables([batch.data for batch in batches]))

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def rows(self) -> list[dict[str, Any]]:
        """The rows as mappings; for small tables only."""
        return list(self.data.to_pylist())

    def sorted(self) -> Batch:
        """The same rows in key order, so that equal content gives equal bytes."""
        order = [name for name in self.table.key if name] or list(self.table.column_names)
        return Batch(self.table, self.data.sort_by([(name, "ascending") for name in order]))

    def partitions(self) -> dict[str, Batch]:
        """The rows by partition label: `observed_on=2026-06`, or `whole`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.table.grain == "whole":
            return {"whole": self}
        pattern = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[self.table.grain]
        labels = pc.strftime(self.data[self.table.partition_by], format=pattern)
        found = {}
        for label in pc.unique(labels).to_pylist():
            rows = self.data.filter(pc.equal(labels, pa.scalar(label)))
            found[f"{self.table.partition_by}={label}"] = Batch(self.table, rows)
        return dict(sorted(found.items()))

    def merged_over(self, older: Batch) -> Batch:
        """These rows, and those of `older` whose key does not occur here; null equals null."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.table.key:
            return Batch.concat([older, self])
        # a join would take two null cells of a key for different ones
        key = list(self.table.key)
        positions = [*range(len(older)), *([-1] * len(self))]
        keys = pa.concat_tables([older.data.select(key), self.data.select(key)])
        keys = keys.append_column("__position", pa.array(positions, pa.int64()))
        first = keys.group_by(key).aggregate([("__position", "min")])["__position_min"]
        kept = first.filter(pc.greater_equal(first, 0)).combine_chunks()
        rest = Batch(self.table, older.data.take(kept.take(pc.sort_indices(kept))))
        return Batch.concat([rest, self])

    def check(self) -> None:
        """Raise `CheckError` if a row breaks a check or two rows share a key."""
        for column, mask, reason in _broken_checks(self.table, self.data):
            if mask.true_count:
                raise CheckError(self.table.name, reason, f"{mask.true_count} rows, `{column}`")
        if self.table.key:
            groups = self.data.group_by(list(self.table.key)).aggregate([]).num_rows
            if groups != len(self):
                raise CheckError(
                    self.table.name,
                    "unique " + ", ".join(self.table.key),
                    f"{len(self) - groups} rows repeat a key",
                )


def coerce(table: Table, columns: Columns) -> tuple[Batch, list[Skipped]]:
    """Fit columns to a contract: `(rows that fit, rows that don't with reasons)`.

    A column that the contract lacks is ignored (raw tables take what they name); a required one
    that is missing raises `SchemaError`. A row is skipped when a cell can't be converted, a
    required cell is null, a check fails, or its key occurred before. NaN counts as null.
    """
    import pyarrow as pa

    columns.require(*(c.name for c in table.columns if c.required))
    skipped: list[Skipped] = []
    length = len(columns)
    bad = pa.array([False] * length, pa.bool_())
    arrays = []
    schema = table.arrow_schema()
    for column, field in zip(table.columns, schema, strict=True):
        if not columns.has(column.name):
            arrays.append(pa.nulls(length, field.type))
            continue
        raw = columns.data[column.name].combine_chunks()
        array, failed = _convert(raw, column, field.type)
        arrays.append(array)
        bad = _refuse(bad, failed, raw, column, columns.place, skipped)
    loose = pa.schema([pa.field(field.name, field.type) for field in schema])
    data = pa.Table.from_arrays(arrays, schema=loose)
    for name, mask, reason in _broken_checks(table, data):
        fresh = _and_not(mask, bad)
        if fresh.true_count:
            example = data[name].filter(fresh)[0].as_py()
            skipped.append(Skipped(columns.place, reason, fresh.true_count, f"`{example}`"))
            bad = _or(bad, mask)
    data = data.filter(_not(bad))
    if table.key:
        data = _first_of_key(table, data, columns.place, skipped)
    return Batch(table, data), skipped


def _refuse(
    bad: pa.Array,
    failed: pa.Array,
    raw: pa.Array,
    column: Column,
    place: str,
    skipped: list[Skipped],
) -> pa.Array:
    """Add to `bad` the rows that failed to convert or lack a required value."""
    import pyarrow.compute as pc

    wrong = _and_not(failed, bad)
    if wrong.true_count:
        example = _shown(raw.filter(wrong)[0])[:80]
        reason = f"`{column.name}` is not a valid {column.type}"
        skipped.append(Skipped(place, reason, wrong.true_count, f"`{example}`"))
        bad = _or(bad, failed)
    if column.required:
        nulls = pc.is_null(raw, nan_is_null=True)
        fresh = _and_not(nulls, bad)
        if fresh.true_count:
            skipped.append(Skipped(place, f"`{column.name}` is empty", fresh.true_count))
            bad = _or(bad, nulls)
    return bad


def _shown(cell: pa.Scalar) -> str:
    import pyarrow as pa

    try:
        return str(cell.as_py())
    except (ValueError, OverflowError):  # a date beyond what Python knows
        return str(cell.cast(pa.string()).as_py())


def _first_of_key(table: Table, data: pa.Table, place: str, skipped: list[Skipped]) -> pa.Table:
    import pyarrow as pa

    positions = pa.array(range(data.num_rows), pa.int64())
    numbered = data.append_column("__position", positions)
    first = numbered.group_by(list(table.key)).aggregate([("__position", "min")])
    repeats = data.num_rows - first.num_rows
    if not repeats:
        return data
    exact = data.num_rows - data.group_by(data.column_names).aggregate([]).num_rows
    key = ", ".join(table.key)
    if exact:
        skipped.append(Skipped(place, f"repeats another row exactly ({key})", exact))
    if repeats > exact:
        reason = f"repeats a key ({key}) with other values; the first row is kept"
        skipped.append(Skipped(place, reason, repeats - exact))
    return data.take(first["__position_min"].combine_chunks().sort())


def _convert(raw: pa.Array, column: Column, target: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """The array as `target`, and which rows failed (null in the result, not null before)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    if pa.types.is_floating(raw.type):
        raw = pc.if_else(pc.is_nan(raw), pa.scalar(None, raw.type), raw)
    if pa.types.is_timestamp(raw.type):  # the lake keeps microseconds; Python reads no finer ones
        raw = pc.cast(raw, pa.timestamp("us", "UTC" if raw.type.tz else None), safe=False)
    if pa.types.is_null(raw.type):
        return pa.nulls(len(raw), target), pa.array([False] * len(raw), pa.bool_())
    try:
        array = raw.cast(target) if _may_cast(raw, target) else None
    except pa.ArrowException:
        array = None
    if array is None:
        array = _convert_each(raw, column.type, target)
    if pa.types.is_floating(target):  # an infinite quantity is no quantity
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, target))
    elif pa.types.is_temporal(target):  # a year that no calendar here can print is a wrong unit
        lowest, highest = (pa.scalar(day).cast(target) for day in _CALENDAR)
        known = pc.and_(pc.greater_equal(array, lowest), pc.less_equal(array, highest))
        array = pc.if_else(known, array, pa.scalar(None, target))
    failed = _and_not(pc.is_null(array), pc.is_null(raw))
    return array, failed


_CALENDAR = (dt.date(1, 1, 1), dt.date(9999, 12, 31))


def _may_cast(raw: pa.Array, target: pa.DataType) -> bool:
    """Whether Arrow's conversion keeps the meaning.

    Arrow also makes a date of a number, a number of a date, true of seven and 31 of `0x1F`; we
    refuse those.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    given = raw.type
    is_text = pa.types.is_string(given) or pa.types.is_large_string(given)
    if is_text:
        if not pa.types.is_integer(target):
            return True
        return not pc.any(pc.match_substring(raw, "x", ignore_case=True)).as_py()
    if given == target:
        return True
    if pa.types.is_temporal(target):
        return bool(pa.types.is_timestamp(given) or pa.types.is_date(given))
    if pa.types.is_boolean(target):
        return False
    if pa.types.is_string(target):
        return not (pa.types.is_nested(given) or pa.types.is_binary(given))
    return bool(pa.types.is_integer(given) or pa.types.is_floating(given))


def _convert_each(raw: pa.Array, kind: Type, target: pa.DataType) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    read = _READERS[kind]
    try:
        encoded = pc.dictionary_encode(raw)
    except pa.ArrowNotImplementedError:  # lists and structures can't be told apart by Arrow
        cells = [None if cell is None else read(cell) for cell in raw.to_pylist()]
        return pa.array(cells, target)
    distinct = [read(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(distinct, target).take(encoded.indices)


_NUMBERS = (str, int, float, decimal.Decimal)


def _read_int(value: Any) -> int | None:
    # through Decimal, since a float would round what a publisher wrote beyond 2**53
    if not isinstance(value, _NUMBERS) or isinstance(value, bool) or "_" in str(value)[:30]:
        return None
    try:
        number = decimal.Decimal(value.strip() if isinstance(value, str) else value)
    except decimal.InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 18 or number != number.to_integral_value():
        return None
    return int(number) if -(2**63) <= number < 2**63 else None


def _read_int32(value: Any) -> int | None:
    number = _read_int(value)
    return number if number is not None and -(2**31) <= number < 2**31 else None


def _read_float(value: Any) -> float | None:
    if not isinstance(value, _NUMBERS) or isinstance(value, bool) or "_" in str(value)[:30]:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _read_bool(value: Any) -> bool | None:
    return _WORDS.get(str(value).strip().lower().removesuffix(".0"))


_DATE = re.compile(r"^(\d{4})-(\d{2})(?:-(\d{2}))?(?=$|[T ])")


def _read_date(value: Any) -> dt.date | None:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.datetime) or (isinstance(value, str) and len(value.strip()) > 10):
        moment = _read_timestamp(value)
        return moment and moment.date()  # the day in UTC, as everywhere in the lake
    match = _DATE.match(value.strip()) if isinstance(value, str) else None
    try:
        return match and dt.date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None


def _read_timestamp(value: Any) -> dt.datetime | None:
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, str) and not _DATE.match(value):
        return None  # Python also reads 20260102 and 2026-W01, which publishers mean otherwise
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive UTC
    if not isinstance(value, str | dt.datetime):
        return None
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        # the lake keeps naive UTC: engines disagree about zones, nobody disagrees about UTC
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _read_text(value: Any) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return text_of(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "string": _read_text,
    "int32": _read_int32,
    "int64": _read_int,
    "float64": _read_float,
    "bool": _read_bool,
    "date": _read_date,
    "timestamp": _read_timestamp,
}


def _broken_checks(table: Table, data: pa.Table) -> list[tuple[str, pa.Array, str]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    broken = []
    for check in table.checks:
        cells = data[check.column].combine_chunks()
        mask = pa.array([False] * len(cells), pa.bool_())
        rules = []
        if check.lowest is not None:
            mask = _or(mask, pc.fill_null(pc.less(cells, check.lowest), False))
            rules.append(f"at least {check.lowest:g}")
        if check.highest is not None:
            mask = _or(mask, pc.fill_null(pc.greater(cells, check.highest), False))
            rules.append(f"at most {check.highest:g}")
        if check.one_of:
            known = pc.is_in(cells, pa.array(check.one_of))
            mask = _or(mask, _and_not(_not(known), pc.is_null(cells)))
            rules.append("one of " + ", ".join(check.one_of))
        broken.append((check.column, mask, f"`{check.column}` must be " + " and ".join(rules)))
    return broken


def _not(mask: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.invert(mask)


def _or(left: pa.Array, right: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.or_(left, right)


def _and_not(left: pa.Array, right: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.and_not(left, right)
