"""JSON Schemas of the answers: `python -m underlay.cli.schemas FOLDER` writes them.

Every field that an answer always has is required; more may be added, so programs ignore what they
don't know.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from underlay.claims.ledger import ledger
from underlay.claims.predicates import COMPOUND_KINDS, STATEMENT_KINDS
from underlay.claims.reproduce import Status
from underlay.claims.verdicts import VERDICTS
from underlay.measures.schema import figure_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SCHEMAS", "main", "text_of"]

_Part = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: _Part = {"type": "string"}
_TEXT_OR_NULL: _Part = {"type": ["string", "null"]}
_NUMBER: _Part = {"type": "number"}
_NUMBER_OR_NULL: _Part = {"type": ["number", "null"]}
_FLAG: _Part = {"type": "boolean"}
_FLAG_OR_NULL: _Part = {"type": ["boolean", "null"]}
_COUNT: _Part = {"type": "integer", "minimum": 0}
_COUNT_OR_NULL: _Part = {"type": ["integer", "null"], "minimum": 0}
_SHARE: _Part = {"type": "number", "minimum": 0, "maximum": 1}
_TEXTS: _Part = {"type": "array", "items": _TEXT}
_BY_NAME: _Part = {"type": "object", "additionalProperties": _TEXT}


def _object(properties: Mapping[str, Any], *, optional: tuple[str, ...] = ()) -> _Part:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def _list(items: _Part) -> _Part:
    return {"type": "array", "items": items}


def _or_null(part: _Part) -> _Part:
    return {"anyOf": [part, {"type": "null"}]}


def _answer(name: str, doc: str, properties: Mapping[str, Any], **definitions: _Part) -> _Part:
    made = _object({"schema": {"const": name}, **properties})
    found = {"$schema": _DIALECT, "title": name, "description": doc, **made}
    return {**found, "$defs": definitions} if definitions else found


_FLIP = _object(
    # nothing is changed where another meaning of the same words turns it
    {"from": _BY_NAME, "to": _BY_NAME, "changed": _TEXTS, "holds": _FLAG, "readings": _TEXTS},
    optional=("readings",),
)  # fmt: skip
_SOURCE = _object(dict.fromkeys(("name", "title", "licence", "url", "vintage", "conflict"), _TEXT))
_PREDICATE: _Part = {
    "description": "One comparison, or several joined in `parts`.",
    "type": "object",
    "properties": {
        "kind": {"enum": [*STATEMENT_KINDS, *COMPOUND_KINDS]},
        "measure": _TEXT,
        "by": _TEXT,
        "where": {"type": "object"},
        "as_of": {"type": "string", "format": "date"},
        "parties": _TEXTS,
        "other": _TEXT,
        "number": _NUMBER,
        "factor": _NUMBER,
        "before": {"type": "string", "format": "date"},
        "lowest": _FLAG,
        "against": {"type": "object"},
        "label": _TEXT,
        "parts": _list({"$ref": "#/$defs/Predicate"}),
    },
    "required": ["kind"],
    "if": {"properties": {"kind": {"enum": list(COMPOUND_KINDS)}}},
    "then": {"required": ["parts"]},
    "else": {"required": ["measure", "by", "parties"]},
}
# how a verdict was reached; null where nothing was evaluated
_JUDGED: dict[str, _Part] = {
    "holds": _COUNT_OR_NULL,
    "of": _COUNT_OR_NULL,
    "not_computable": _COUNT_OR_NULL,
    "unsure": _COUNT_OR_NULL,
    "partial": _TEXTS,
    "default_holds": _FLAG_OR_NULL,
    "nearest_flip": _or_null({"$ref": "#/$defs/Flip"}),
}


def _multiverse() -> _Part:
    flip = _object(
        {"from": _BY_NAME, "to": _BY_NAME, "changed": {**_TEXTS, "minItems": 1},
         "leader_before": _TEXT, "leader_after": _TEXT, "as_near": _COUNT}
    )  # fmt: skip
    ends = dict.fromkeys(("min", "q1", "median", "q3", "max"), _NUMBER)
    properties = {
        "figure": _TEXT,
        "question": _TEXT,
        "unit": _TEXT,
        "by": _TEXT,
        "as_of": {"type": "string", "format": "date"},
        "count": {"type": "integer", "minimum": 1},
        "is_ranked": _FLAG,
        "without_value": _COUNT,
        "facets": _list(_object({"facet": _TEXT, "options": {**_TEXTS, "minItems": 2}})),
        "held": _BY_NAME,
        "merged": _list(_object({"facet": _TEXT, "option": _TEXT, "same_as": _TEXT})),
        "leads": {"type": "object", "additionalProperties": _SHARE},
        "open_to_unknown": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "missing": _BY_NAME,
        "spread": {
            "type": "object",
            "additionalProperties": _object({**ends, "definitions": _COUNT}),
        },
        "influence_on": _TEXT_OR_NULL,
        "facet_influence": _list(
            _object(
                {"facet": _TEXT, "share_of_variance": _NUMBER_OR_NULL,
                 "with_interactions": _NUMBER_OR_NULL}
            )
        ),
        "nearest_flip": _or_null(flip),
        "definitions": _list(
            _object(
                {"facets": _BY_NAME, "values": {"type": "object", "additionalProperties": _NUMBER}}
            )
        ),
    }  # fmt: skip
    found = _answer(
        "underlay/multiverse/1",
        "A figure under every combination of its choices: values by party, who leads, what moves "
        "the leader, and the smallest change that gives another one. Without a flip, `reason` says "
        "why.",
        properties,
    )
    found["if"] = {"properties": {"nearest_flip": {"type": "null"}}}
    found["then"] = {"required": ["reason"], "properties": {"reason": _TEXT}}
    return found


def _claims() -> _Part:
    telling = _object({"who": _TEXT, "where": _TEXT, "what": _TEXT, "on": _TEXT_OR_NULL,
                       "url": _TEXT})  # fmt: skip
    evidence = _object({"what": _TEXT, "url": _TEXT, "read_on": {"type": "string"}})
    row = _object(
        {
            "claim_id": _TEXT,
            "text": _TEXT,
            "verdict": {"enum": list(VERDICTS)},
            **_JUDGED,
            "readings": _list(_object({"reading": _TEXT, "holds": _COUNT, "of": _COUNT})),
            "grade": {"enum": sorted({*ledger().grade_names, "documented", "none"})},
            "tests": {"enum": ["as worded", "necessary part", "proxy"]},
            "why": _TEXT,
            "beyond": _TEXT,
            "needs": _TEXT,
            "first": _TEXT,
            "said": _list(telling),
            "for": _TEXTS,
            "against": _TEXTS,
            "review": {"type": "string", "format": "date"},
            "predicate": _or_null({"$ref": "#/$defs/Predicate"}),
            "evidence": _list(evidence),
            "sources": _list({"$ref": "#/$defs/Source"}),
            "reasons": _TEXTS,
        }
    )
    return _answer(
        "underlay/claims/1",
        "What is said in public, each claim with its verdict over definitions.",
        {"rows": _list(row)},
        Flip=_FLIP,
        Predicate=_PREDICATE,
        Source=_SOURCE,
    )


def _check() -> _Part:
    piece = _object(
        {"text": _TEXT, "start": _COUNT, "end": _COUNT, "kind": _TEXT, "meaning": _TEXT}
    )
    found = _answer(
        "underlay/check/1",
        "What was understood of a sentence, then the verdict on it. Where `understood` is null, "
        "nothing was judged and `why` says what wasn't read.",
        {
            "text": _TEXT,
            "understood": _TEXT_OR_NULL,
            "language": {"enum": ["en", "pt", "zh", None]},
            "claim_id": _TEXT_OR_NULL,
            "is_opposite": _FLAG,
            "reading_of": _TEXT_OR_NULL,
            "predicate": _or_null({"$ref": "#/$defs/Predicate"}),
            "pieces": _list(piece),
            "unread": _TEXTS,
            "notes": _TEXTS,
            "verdict": {"enum": [*VERDICTS, None]},
            "why": _TEXT,
            **_JUDGED,
            "grade": _TEXT_OR_NULL,
            "sources": _list({"$ref": "#/$defs/Source"}),
            "figure": {"type": ["object", "null"], "description": "An `underlay/figure/1`."},
        },
        Flip=_FLIP,
        Predicate=_PREDICATE,
        Source=_SOURCE,
    )
    found["if"] = {"properties": {"understood": {"type": "null"}}}
    found["then"] = {
        "properties": {
            "verdict": {"type": "null"},
            "predicate": {"type": "null"},
            "figure": {"type": "null"},
            "why": {"minLength": 1},
        }
    }
    return found


def _reproduce() -> _Part:
    plain: _Part = {"type": ["number", "string", "null"]}
    number = _object(
        {
            "name": _TEXT,
            "printed": _TEXT,
            "published": plain,
            "low": plain,
            "high": plain,
            "band": _TEXT,
            "unit": _TEXT,
            "judged": _FLAG,
            "ours": plain,
            "text": _TEXT,
            "within": _FLAG_OR_NULL,
            "reason": _TEXT,
            "definition": {"type": "object"},
            "as_of": _TEXT,
            "sources": _TEXTS,
            "spread": _list({"type": "object"}),
        }
    )
    names = ("id", "topic", "figure", "published", "published_date", "published_definition",
             "published_source", "grade")  # fmt: skip
    texts = dict.fromkeys(names, _TEXT)
    row = _object(
        {
            **texts,
            "ours": plain,
            "ours_text": _TEXT,
            "status": {"enum": list(get_args(Status))},
            "reason": _TEXT,
            "needs": _TEXT,
            "definition": {"type": "object"},
            "as_of": _TEXT,
            "sources": _TEXTS,
            "numbers": _list(number),
        }
    )
    row["if"] = {"properties": {"status": {"const": "reproduced"}}}
    row["else"] = {"properties": {"reason": {"minLength": 1}}}
    return _answer(
        "underlay/reproduce/1",
        "Figures that others published, beside ours. What is off or can't be computed says why.",
        {"rows": _list(row)},
    )


def _error() -> _Part:
    return _answer(
        "underlay/error/1",
        "Why there is no answer, on standard error; the exit code is 2.",
        {"error": {"type": "string", "minLength": 1}, "hint": _TEXT},
    )


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "figure": figure_schema,
    "multiverse": _multiverse,
    "claims": _claims,
    "check": _check,
    "reproduce": _reproduce,
    "error": _error,
}


def text_of(name: str) -> str:
    """The file of one schema."""
    return json.dumps(SCHEMAS[name](), indent=2) + "\n"


def main() -> int:
    """Write all schemas into a folder; the exit code."""
    folder = Path(sys.argv[1])
    for name in SCHEMAS:
        (folder / f"{name}.json").write_text(text_of(name), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
