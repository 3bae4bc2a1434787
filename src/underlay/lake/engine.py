"""The engine: runs Ibis expressions over the lake's Parquet files.

Expressions are built on unbound tables made from the contracts, so nothing connects before a
figure is asked for, and another engine can run the same expressions.
"""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from underlay.errors import (
    NotComputableError,
    SchemaError,
    UnknownNameError,
    UnreadableError,
)
from underlay.lake.lazily import load_lazily
from underlay.lake.prepared import Statement, code_digest, read_statements
from underlay.lake.read import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import duckdb
    import ibis

    from underlay.lake.read import Lake
    from underlay.tables import Batch, Table

__all__ = ["Engine", "Result", "Tables"]

load_lazily("ibis")  # measures import it at their top; prepared questions don't need it


_KEPT = "kept__"  # begins the names of relations whose rows are kept in memory


class Result:
    """Columns of an answer as arrays of one length; null is None in object columns, else masked."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns: dict[str, Any] = dict(columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def objects(self, name: str) -> list[Any]:
        """One column as Python values, null as None."""
        cells = self.columns[name]
        return [None if cell is np.ma.masked else cell for cell in cells.tolist()]

    def floats(self, name: str) -> Any:
        """One column as a float64 array, null as NaN."""
        cells: Any = np.ma.asarray(self.columns[name]).astype(np.float64)
        return cells.filled(np.nan)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The answer row by row; for short answers only."""
        names = list(self.columns)
        for cells in zip(*(self.objects(name) for name in names), strict=True):
            yield dict(zip(names, cells, strict=True))


class Tables:
    """Unbound Ibis tables by name, made from contracts: `tables["core__model"]`."""

    def __init__(self, contracts: Sequence[Table]) -> None:
        self.contracts = {table.name: table for table in contracts}
        self._made: dict[str, ibis.Table] = {}

    def __getitem__(self, name: str) -> ibis.Table:
        import ibis

        if name not in self.contracts:
            raise UnknownNameError("table", name, tuple(self.contracts))
        if name not in self._made:
            self._made[name] = ibis.table(self.contracts[name].ibis_schema(), name=name)
        return self._made[name]


class Engine:
    """DuckDB over one lake, in process. Use as a context manager, or call `close`."""

    def __init__(
        self,
        lake: Lake,
        contracts: Sequence[Table],
        *,
        threads: int = 2,
        memory_mb: int = 1024,
        prepared: Path | None = None,
        answers: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self.lake = lake
        self.tables = Tables(contracts)
        self._threads = threads
        self._memory_mb = memory_mb
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._views: set[str] = set()
        self._named: dict[str, tuple[ibis.Table, ibis.Table]] = {}
        self._named_sql: dict[str, str] = {}
        self.memory: dict[str, Any] = {}  # small answers that stay true while the lake does
        self._prepared_at = prepared
        self._answers = answers
        # by question; what the next start may find prepared
        self.asked: dict[str, Statement] = {}
        self.answered: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; the engine connects again if it is used again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._views.clear()

    def sql(self, expression: ibis.Table) -> str:
        """The SQL that `run` would run."""
        import ibis
        from ibis.backends.sql.compilers.duckdb import compiler

        # merging selects takes Ibis half of its time, and DuckDB's optimiser does it anyway
        merges = ibis.options.sql.fuse_selects
        ibis.options.sql.fuse_selects = False
        try:
            return str(compiler.to_sqlglot(expression).sql("duckdb"))
        finally:
            ibis.options.sql.fuse_selects = merges

    def run(self, expression: ibis.Table) -> Result:
        """Evaluate an expression; raises `UnreadableError` or `CorruptError` naming a file."""
        return Result(self._fetch(self._statement(expression), lambda found: found.fetchnumpy()))

    def ask(self, question: str, make: Callable[[], ibis.Table]) -> Result:
        """Evaluate what `make` makes; where its SQL is prepared, `make` isn't called.

        `question` must tell this expression from all others.
        """
        if question not in self.asked:
            prepared = self._prepared().get(question)
            self.asked[question] = prepared or self._statement(make())
        return Result(self._fetch(self.asked[question], lambda found: found.fetchnumpy()))

    def answer(self, question: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A plain answer that isn't one query: the prepared one, else what `compute` gives."""
        if "answers" not in self.memory:
            self.memory["answers"] = self._answers()
        found: dict[str, Any] = self.memory["answers"].get(question) or compute()
        self.answered[question] = found
        return found

    @staticmethod
    def code(more: Iterable[str] = ()) -> str:
        """Digest of the code and libraries that write this engine's SQL, and of `more` folders."""
        return code_digest((version("ibis-framework"), version("duckdb")), more)

    def view(
        self, name: str, make: Callable[[Tables], ibis.Table], *, is_kept: bool = False
    ) -> ibis.Table:
        """A relation under a name of its own: turned into SQL once, then cheap to build on.

        `name` must tell it from all other relations asked of this engine. With `is_kept` it is
        also computed once, and its rows are kept in memory.
        """
        name = f"{_KEPT}{name}" if is_kept else name
        if name not in self._named:
            import ibis

            made = make(self.tables)
            self._named[name] = (made, ibis.table(made.schema(), name=name))
        return self._named[name][1]

    def batch(self, table: Table, expression: ibis.Table) -> Batch:
        """Evaluate an expression whose columns are those of `table`, as a batch."""
        from underlay.tables import Batch

        arrow = self._fetch(self._statement(expression), lambda found: found.to_arrow_table())
        return Batch(table, arrow.select(list(table.column_names)))

    def register(self, name: str, batch: Batch) -> None:
        """Let expressions read a batch under the name of its contract, in place of the lake's."""
        self.tables.contracts.setdefault(name, batch.table)
        connection = self._connect()
        self._forget(name)
        connection.register(f"{name}__memory", batch.data)
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM "{name}__memory"')  # noqa: S608 - own names only
        self._views.add(name)

    def register_values(self, table: Table, values: Iterable[object]) -> None:
        """Like `register`, for a table of one column. Arrow would import pandas where it is."""
        (column,) = table.columns
        self.tables.contracts.setdefault(table.name, table)
        connection = self._connect()
        self._forget(table.name)
        held = f'"{table.name}__memory"'
        made = f'SELECT unnest(?::{column.sql_type}[]) AS "{column.name}"'
        connection.execute(f"CREATE OR REPLACE TABLE {held} AS {made}", [list(values)])
        connection.execute(f'CREATE VIEW "{table.name}" AS SELECT * FROM {held}')  # noqa: S608 - own names only
        self._views.add(table.name)

    def _forget(self, name: str) -> None:
        connection = self._connect()
        for kept in [each for each in self._views if each.startswith(_KEPT)]:
            connection.execute(f'DROP TABLE "{kept}"')  # it was made of what is replaced
            self._views.discard(kept)
        if name in self._views:
            connection.execute(f'DROP VIEW "{name}"')
            self._views.discard(name)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect(
                ":memory:",
                config={
                    "threads": self._threads,
                    "memory_limit": f"{self._memory_mb}MB",
                    # else it would spill into a folder `.tmp` beside whatever you work on
                    "temp_directory": str(Path(tempfile.gettempdir(), f"underlay-{os.getpid()}")),
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                },
            )
        return self._connection

    def _prepared(self) -> Mapping[str, Statement]:
        if "prepared" not in self.memory:
            self.memory["prepared"] = (
                read_statements(self._prepared_at, self.code()) if self._prepared_at else {}
            )
        found: Mapping[str, Statement] = self.memory["prepared"]
        return found

    def _statement(self, expression: ibis.Table) -> Statement:
        reads = self._read_by(expression)
        views = {}
        for name in (name for name in reads if name in self._named):
            if name not in self._named_sql:
                self._named_sql[name] = self.sql(self._named[name][0])
            views[name] = self._named_sql[name]
        return Statement(self.sql(expression), tuple(reads), views)

    def _fetch(self, statement: Statement, take: Callable[[duckdb.DuckDBPyRelation], Any]) -> Any:
        import duckdb

        connection = self._connect()
        names = statement.reads
        try:
            for name in names:
                if name not in self._views:
                    view = statement.views.get(name)
                    kind = "TEMP TABLE" if name.startswith(_KEPT) else "VIEW"
                    made = f'CREATE {kind} "{name}" AS {view}' if view else self._view(name)
                    connection.execute(made)
                    self._views.add(name)
            return take(connection.sql(statement.sql))
        except duckdb.OutOfMemoryException as error:
            reason = f"the engine needs more than its {self._memory_mb} MB"
            wanted = "more memory (`UNDERLAY_MEMORY_MB`)"
            raise NotComputableError(", ".join(names), reason, wanted) from error
        except duckdb.Error as error:
            for name in (name for name in names if name not in statement.views):
                for path in self.lake.files(name):
                    _probe(path, self.tables.contracts[name])
            if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
                raise UnreadableError(", ".join(names), str(error).splitlines()[0]) from error
            raise

    def _read_by(self, expression: ibis.Table) -> list[str]:
        """What an expression reads, each after all that it reads itself."""
        import ibis.expr.operations as ops

        found: dict[str, None] = {}
        for name in sorted({node.name for node in expression.op().find(ops.UnboundTable)}):
            if name in self._named:
                found |= dict.fromkeys(self._read_by(self._named[name][0]))
            found[name] = None
        return list(found)

    def _view(self, name: str) -> str:
        table = self.tables.contracts[name]
        files = []
        for path, ref in self.lake.partitions(name).values():
            verify_file(path, ref.sha256)  # the engine itself takes a flipped byte for data
            files.append("'" + str(path).replace("'", "''") + "'")
        if not files:
            empty = ", ".join(f'CAST(NULL AS {c.sql_type}) AS "{c.name}"' for c in table.columns)
            return f'CREATE VIEW "{name}" AS SELECT {empty} WHERE FALSE'
        columns = ", ".join(f'"{c.name}"' for c in table.columns)
        # a folder is called `observed_on=2026`, which is no day: the column holds the day
        source = f"read_parquet([{', '.join(files)}], hive_partitioning = false)"
        return f'CREATE VIEW "{name}" AS SELECT {columns} FROM {source}'  # noqa: S608 - own names only


def _probe(path: Path, table: Table) -> None:
    """Raise `UnreadableError` or `SchemaError` if this one Parquet file is what is wrong."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(str(path), str(error).splitlines()[0]) from error
    missing = [name for name in table.column_names if name not in content.column_names]
    if missing:
        raise SchemaError(table.name, f"`{path}` has no column `{missing[0]}`; sync it again")
