"""The parts that JSON Schemas of answers are made of."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import fields
from enum import IntEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

__all__ = [
    "BY_NAME",
    "COUNT",
    "COUNT_OR_NULL",
    "DAY",
    "DAY_OR_NULL",
    "FLAG",
    "FLAG_OR_NULL",
    "NUMBER",
    "NUMBER_OR_NULL",
    "SHARE",
    "SHARE_OR_NULL",
    "SOURCE",
    "TEXT",
    "TEXTS",
    "TEXT_OR_NULL",
    "Part",
    "answer",
    "choice",
    "list_of",
    "object_of",
    "or_null",
    "record",
]

Part = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Part = {"type": "string"}
TEXT_OR_NULL: Part = {"type": ["string", "null"]}
NUMBER: Part = {"type": "number"}
NUMBER_OR_NULL: Part = {"type": ["number", "null"]}
FLAG: Part = {"type": "boolean"}
FLAG_OR_NULL: Part = {"type": ["boolean", "null"]}
COUNT: Part = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Part = {"type": ["integer", "null"], "minimum": 0}
SHARE: Part = {"type": "number", "minimum": 0, "maximum": 1}
SHARE_OR_NULL: Part = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
DAY: Part = {"type": "string", "format": "date"}
DAY_OR_NULL: Part = {"type": ["string", "null"], "format": "date"}
TEXTS: Part = {"type": "array", "items": TEXT}
BY_NAME: Part = {"type": "object", "additionalProperties": TEXT}


def object_of(properties: Mapping[str, Any], *, optional: tuple[str, ...] = ()) -> Part:
    """An object with these properties, all required but the `optional` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def list_of(items: Part) -> Part:
    """An array of such items."""
    return {"type": "array", "items": items}


def or_null(part: Part) -> Part:
    """That, or null."""
    return {"anyOf": [part, {"type": "null"}]}


def choice(*options: str | None) -> Part:
    """One of these."""
    return {"enum": list(options)}


def answer(name: str, doc: str, properties: Mapping[str, Any], **definitions: Part) -> Part:
    """The whole schema of the answer of that name."""
    made = object_of({"schema": {"const": name}, **properties})
    found = {"$schema": _DIALECT, "title": name, "description": doc, **made}
    return {**found, "$defs": definitions} if definitions else found


SOURCE = object_of(dict.fromkeys(("name", "title", "licence", "url", "vintage", "conflict"), TEXT))

_PLAIN: dict[Any, Part] = {
    str: TEXT,
    int: {"type": "integer"},
    float: NUMBER,
    bool: FLAG,
    dt.date: DAY,
    type(None): {"type": "null"},
}


def record(cls: type, **known: Part) -> Part:
    """All fields of a dataclass, as `asdict` gives them; `known` says more of some of them.

    Raises `TypeError` for a field that the class lacks, and for a type that has no schema.
    """
    hints = get_type_hints(cls, localns={"Mapping": Mapping, "dt": dt})
    names = [field.name for field in fields(cls)]
    strange = set(known) - set(names)
    if strange:
        raise TypeError(f"{cls.__name__} has no field `{min(strange)}`")
    return object_of({name: known.get(name) or _typed(hints[name]) for name in names})


def _typed(hint: Any) -> Part:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"type": [_typed(part)["type"] for part in parts]}
    if origin is tuple:
        return list_of(_typed(parts[0]))
    if origin in (Mapping, dict):
        return {"type": "object", "additionalProperties": _typed(parts[1])}
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return {"type": "integer"}
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return record(hint)
    raise TypeError(f"no schema is known for {hint!r}")
