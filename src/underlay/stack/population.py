"""The models whose loss is counted, collapsed to classes that need the same of the stack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.stack.facets import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.stack.facets import Facets

__all__ = [
    "Classes",
    "Listed",
    "classes_of",
    "collapse",
    "fixtures",
    "largest",
    "need_bytes",
    "weights_of",
]

# made to test code: weights are random, so what they need is nobody's need
_FIXTURE = re.compile(
    r"(^|[/_-])(tiny|dummy)-?random|(^|/)tiny-|internal-testing/|[/_-]dummy([_-]|$)", re.IGNORECASE
)
# bytes a parameter, before anything that a format adds for scales; names as in core__requirement
_BYTES = {
    "none": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp4": 0.5,
    "mxfp4": 0.5,
    "nvfp4": 0.5,
    "int4": 0.5,
    "awq": 0.5,
    "gptq": 0.5,
}
_LEVEL = re.compile(r"gguf-q([1-8])$")


@dataclass(frozen=True)
class Listed:
    """Models of one list as columns, and their weights; NaN is no weight on that scale.

    `reasons` says by weight why there is none at all.
    """

    listing: str
    observed_on: str
    model: Any
    name: Any
    organisation: Any
    country: Any
    openness: Any
    modality: Any
    architecture: Any
    method: Any
    reason: Any
    file_format: Any
    quantisation: Any
    is_convertible: Any
    licence: Any
    parameters: Any
    weights: Mapping[str, Any]
    reasons: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.model)

    @cached_property
    def is_fixture(self) -> Any:
        """Which models (models,) are made to test code, by their names."""
        return np.array([bool(_FIXTURE.search(str(name))) for name in self.name], dtype=bool)


@dataclass(frozen=True)
class Classes:
    """Requirement classes: what one asks of the stack; `member` is the class of each model.

    `rows` (classes, 6) are codes: architecture, format, quantisation and licence (places in
    `names`), whether it is convertible, and the memory band (0 unknown, n up to the n-th capacity).
    """

    rows: Any
    names: tuple[tuple[str, ...], ...]
    capacities: tuple[float, ...]
    member: Any

    def __len__(self) -> int:
        return len(self.rows)

    def architecture(self, of: int) -> str:
        """The architecture of a class, or `unknown`."""
        name: str = self.names[0][self.rows[of, 0]]
        return name

    def formats(self, of: int) -> tuple[str, ...]:
        """What a reader of its files has to read: the format, and a quantisation beside it."""
        file_format, quantisation = self.names[1][self.rows[of, 1]], self.names[2][self.rows[of, 2]]
        # a quantisation of a format's own is in the format's name
        if quantisation in ("none", file_format) or quantisation.startswith(f"{file_format}-"):
            return (file_format,)
        return file_format, quantisation

    def has_licence(self, names: Sequence[str]) -> Any:
        """Which classes (classes,) have one of these licences."""
        wanted = [place for place, name in enumerate(self.names[3]) if name in names]
        return np.isin(self.rows[:, 3], wanted)

    def need_bytes(self, of: Any) -> Any:
        """The top of the memory band of classes; NaN where the need is unknown."""
        return np.array([np.nan, *self.capacities, np.inf])[self.rows[of, 5]]

    def alike(self, columns: Sequence[int]) -> tuple[Any, Any]:
        """Kinds of classes, alike in these columns: (first class of each, kind of each class)."""
        key, _ = _packed([self.rows[:, column] for column in columns])
        _, first, kind = np.unique(key, return_index=True, return_inverse=True)
        return first, kind.reshape(-1)


def weights_of(listed: Listed, facets: Facets) -> dict[str, Any]:
    """Weights (models,) under a definition, by scale; 0 for models outside the population.

    A scale without any weight is left out. The largest model is dropped by each scale of its own.
    """
    mask: Any = np.ones(len(listed), dtype=bool)
    if facets.population == "text":
        # a model without a modality is in the list, but nobody says that it is a language model
        mask &= listed.modality == "language"
    if facets.fixtures == "drop":
        mask &= ~fixtures(listed)
    weights = {}
    for name in WEIGHTS:
        column = listed.weights.get(name)
        if column is None or not (mask & (np.nan_to_num(column) > 0)).any():
            continue
        column = np.where(mask, np.nan_to_num(column), 0.0)
        if facets.largest == "drop":
            column[largest(listed, column)] = 0.0
        weights[name] = column
    return weights


def fixtures(listed: Listed) -> Any:
    """Which models (models,) are made to test code, by their names."""
    return listed.is_fixture


def largest(listed: Listed, weights: Any) -> int:
    """Place of the model of most weight; of equals the most downloaded, then the first."""
    ties = np.nan_to_num(listed.weights.get("downloads", weights))
    return int(np.lexsort((-ties, -weights))[0])


def need_bytes(parameters: Any, quantisation: Sequence[str]) -> Any:
    """Bytes of the weights alone, a lower bound of the need; NaN where one of both is unknown."""
    each = np.array([_bytes_each(text) for text in quantisation], dtype=np.float64)
    return np.asarray(parameters, dtype=np.float64) * each


def _bytes_each(quantisation: str) -> float:
    level = _LEVEL.match(quantisation)
    if level:
        return int(level[1]) / 8
    # a container's own scheme, as in `mlx-int4`
    return _BYTES.get(quantisation.rpartition("-")[2], float("nan"))


def classes_of(listed: Listed, capacities: Sequence[float]) -> Classes:
    """Collapse models: same architecture, formats, licence, convertibility, and memory band.

    Bands end at `capacities`, the sizes of memory that a route can depend on, so that all models
    of a class fit the same ones.
    """
    edges = np.unique(np.asarray(capacities, dtype=np.float64))
    need = need_bytes(listed.parameters, listed.quantisation.tolist())
    band = np.where(np.isnan(need), 0, 1 + np.searchsorted(edges, need, side="left"))
    names, columns = [], []
    for column in (listed.architecture, listed.file_format, listed.quantisation, listed.licence):
        found, code = np.unique(column.astype(str), return_inverse=True)
        names.append(tuple(found.tolist()))
        columns.append(code.reshape(-1))
    key, sizes = _packed([*columns, listed.is_convertible.astype(np.int64), band])
    keys, member = np.unique(key, return_inverse=True)
    return Classes(_columns(keys, sizes), tuple(names), tuple(edges.tolist()), member.reshape(-1))


def collapse(columns: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, Any]:
    """Distinct rows of integer columns (classes, columns), sums of weights (weights, classes).

    Columns hold codes from 0. Raises `OverflowError` where their sizes multiply to 2**62.
    """
    key, sizes = _packed(columns)
    span = int(np.prod([float(size) for size in sizes]))
    if span <= _TABLE:
        found = np.flatnonzero(np.bincount(key, minlength=span))
        sums = np.stack([np.bincount(key, weight, span)[found] for weight in weights])
    else:
        found, member = np.unique(key, return_inverse=True)
        member = member.reshape(-1)
        sums = np.stack([np.bincount(member, weight, len(found)) for weight in weights])
    return _columns(found, sizes), sums


_TABLE = 1 << 24  # sums of a smaller span are kept in a table


def _packed(columns: Sequence[Any]) -> tuple[Any, list[int]]:
    """One integer for each row, and the sizes of the columns."""
    sizes = [int(column.max()) + 1 if len(column) else 1 for column in columns]
    span = float(np.prod([float(size) for size in sizes]))
    if span >= 2.0**62:
        raise OverflowError("too many combinations for one integer")
    key: Any = np.zeros(len(columns[0]), dtype=np.int64 if span >= 2.0**31 else np.int32)
    for column, size in zip(columns, sizes, strict=True):
        key *= size
        key += column.astype(key.dtype, copy=False)
    return key, sizes


def _columns(keys: Any, sizes: Sequence[int]) -> Any:
    """The columns (rows, columns) that were packed."""
    rows = np.empty((len(keys), len(sizes)), dtype=np.int64)
    rest = keys.astype(np.int64)
    for place in range(len(sizes) - 1, -1, -1):
        rest, rows[:, place] = np.divmod(rest, sizes[place])
    return rows
