"""Contracts: a table is described once, and every other view of it is made from that."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Check", "Column", "Grain", "Table", "Type"]

Type = Literal["string", "int32", "int64", "float64", "bool", "date", "timestamp"]
Grain = Literal["day", "month", "year", "whole"]

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TABLE = re.compile(r"^(?:raw_[a-z0-9]+(?:_[a-z0-9]+)*|core)__[a-z][a-z0-9_]*$")
_SQL = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@dataclass(frozen=True)
class Column:
    """One column: its name ends in its unit; `required` means that null is an error."""

    name: str
    type: Type
    doc: str
    required: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"column name {self.name!r} is not snake_case")
        if self.type not in _SQL:
            raise ValueError(f"column {self.name!r} has unknown type {self.type!r}")

    @property
    def sql_type(self) -> str:
        """The type's standard SQL name."""
        return _SQL[self.type]


@dataclass(frozen=True)
class Check:
    """A rule that every row keeps; null keeps every rule.

    Either numbers of `column` lie within [`lowest`, `highest`], or its text is `one_of` a list.
    """

    name: str
    column: str
    lowest: float | None = None
    highest: float | None = None
    one_of: tuple[str, ...] = ()

    def fits(self, column: Column) -> None:
        """Raise `ValueError` if the check can't be made on a column of that type."""
        has_range = self.lowest is not None or self.highest is not None
        if has_range == bool(self.one_of):
            raise ValueError(f"check {self.name!r} needs either a range or a list of values")
        if has_range and column.type not in ("int32", "int64", "float64"):
            raise ValueError(f"check {self.name!r}: a range needs numbers in `{column.name}`")
        if self.one_of and column.type != "string":
            raise ValueError(f"check {self.name!r}: a list of values needs text in `{column.name}`")


@dataclass(frozen=True)
class Table:
    """A contract. `doc` starts with "One row per"; `partition_by` is a date column, or empty.

    `grain` is the span of one partition file: a day, a month, a year, or the whole table.
    """

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition_by: str = ""
    grain: Grain = "whole"
    checks: tuple[Check, ...] = field(default=())

    def __post_init__(self) -> None:
        if not _TABLE.match(self.name):
            raise ValueError(f"{self.name!r} is not raw_<source>__<noun> or core__<noun>")
        if not self.doc.startswith("One row per"):
            raise ValueError(f"{self.name}: the description starts with 'One row per'")
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a column stands twice")
        for name in (*self.key, *(c.column for c in self.checks)):
            if name not in names:
                raise ValueError(f"{self.name}: `{name}` is not a column")
        for check in self.checks:
            check.fits(self.column(check.column))
        if self.partition_by and self.column(self.partition_by).type != "date":
            raise ValueError(f"{self.name}: partitions go by a date column")
        if self.partition_by and not self.column(self.partition_by).required:
            raise ValueError(f"{self.name}: a row without a date fits no partition")
        if bool(self.partition_by) != (self.grain != "whole"):
            raise ValueError(f"{self.name}: partition_by and grain go together")

    def column(self, name: str) -> Column:
        """The column of that name; raises `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(column.name for column in self.columns)

    def arrow_schema(self) -> pa.Schema:
        """The Arrow view of the contract."""
        import pyarrow as pa

        types: dict[str, Any] = {
            "string": pa.string(),
            "int32": pa.int32(),
            "int64": pa.int64(),
            "float64": pa.float64(),
            "bool": pa.bool_(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us"),
        }
        return pa.schema(
            [pa.field(c.name, types[c.type], nullable=not c.required) for c in self.columns]
        )

    def ibis_schema(self) -> dict[str, str]:
        """The Ibis view: column name to Ibis type name."""
        special = {"timestamp": "timestamp(6)", "bool": "boolean"}
        return {c.name: special.get(c.type, c.type) for c in self.columns}

    def sql(self) -> str:
        """The `CREATE TABLE` view, for readers and other engines."""
        rows = [f"  {c.name} {c.sql_type}{' NOT NULL' if c.required else ''}" for c in self.columns]
        if self.key:
            rows.append(f"  PRIMARY KEY ({', '.join(self.key)})")
        return f"CREATE TABLE {self.name} (\n" + ",\n".join(rows) + "\n)"

    def markdown(self) -> str:
        """The documentation view: a heading, the description, one row per column."""
        lines = [f"### `{self.name}`", "", self.doc, ""]
        lines += ["| column | type | required | what |", "| --- | --- | --- | --- |"]
        for c in self.columns:
            name = f"**{c.name}**" if c.name in self.key else c.name
            lines.append(f"| {name} | {c.type} | {'yes' if c.required else 'no'} | {c.doc} |")
        return "\n".join(lines)
