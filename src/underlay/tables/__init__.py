"""What a table is: columns with units, a key, checks; and how values come into that shape."""

from underlay.tables.batch import Batch, Skipped, coerce
from underlay.tables.columns import Columns
from underlay.tables.schema import Check, Column, Grain, Table, Type

__all__ = ["Batch", "Check", "Column", "Columns", "Grain", "Skipped", "Table", "Type", "coerce"]
