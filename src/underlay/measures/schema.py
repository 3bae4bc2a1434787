"""The JSON Schema of a figure, made from the dataclasses that a figure is."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from underlay.measures.definitions import Figure, Row, SourceNote

__all__ = ["figure_schema"]

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    Any: {},
}
_FLATTENED = ("key", "more")  # what a row says beside its value stands in the row itself
_RENAMED = {"name": "figure"}


def figure_schema() -> dict[str, Any]:
    """The schema of `underlay/figure/1` (JSON Schema 2020-12)."""
    figure = _object(Figure)
    properties = {_RENAMED.get(name, name): part for name, part in figure["properties"].items()}
    properties["as_of"] = {"type": "string", "format": "date"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "underlay/figure/1",
        "description": "A value under a definition, with its sources. More fields may be added.",
        "type": "object",
        "properties": {"schema": {"const": "underlay/figure/1"}, **properties},
        "required": ["schema", *properties],
        "$defs": {"Row": _row(), "SourceNote": _object(SourceNote)},
    }


def _row() -> dict[str, Any]:
    row = _object(Row)
    properties = {name: part for name, part in row["properties"].items() if name not in _FLATTENED}
    return {
        "description": "Further fields name what the row is about, such as `country`.",
        "type": "object",
        "properties": properties,
        "required": ["value", "lower", "upper"],
        # what can't be computed says why
        "if": {"properties": {"value": {"type": "null"}}},
        "then": {"required": ["reason"]},
    }


def _object(cls: type) -> dict[str, Any]:
    """All fields of a dataclass, each required."""
    hints = get_type_hints(cls, localns={"Mapping": Mapping})
    properties = {field.name: _part(hints[field.name]) for field in fields(cls)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _part(hint: Any) -> dict[str, Any]:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"type": [kind for part in parts for kind in [_part(part)["type"]]]}
    if origin is tuple:
        return {"type": "array", "items": _part(parts[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _part(parts[1])}
    return {"$ref": f"#/$defs/{hint.__name__}"}
