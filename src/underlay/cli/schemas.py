"""JSON Schemas of the answers: `python -m underlay.cli.schemas FOLDER` writes them.

Every field that an answer always has is required; more may be added, so programs ignore what they
don't know.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from underlay.audit.baseline import difference_schema
from underlay.audit.document import audit_schema
from underlay.claims.ledger import ledger
from underlay.claims.predicates import COMPOUND_KINDS, STATEMENT_KINDS
from underlay.claims.reproduce import Status
from underlay.claims.verdicts import VERDICTS
from underlay.cli.schema_parts import (
    BY_NAME,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    FLAG_OR_NULL,
    NUMBER,
    NUMBER_OR_NULL,
    SHARE,
    SOURCE,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Part,
    answer,
    list_of,
    object_of,
    or_null,
)
from underlay.cli.stack_schemas import STACK_SCHEMAS
from underlay.measures.schema import figure_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SCHEMAS", "main", "text_of"]

_FLIP = object_of(
    # nothing is changed where another meaning of the same words turns it
    {"from": BY_NAME, "to": BY_NAME, "changed": TEXTS, "holds": FLAG, "readings": TEXTS},
    optional=("readings",),
)  # fmt: skip
_PREDICATE: Part = {
    "description": "One comparison, or several joined in `parts`.",
    "type": "object",
    "properties": {
        "kind": {"enum": [*STATEMENT_KINDS, *COMPOUND_KINDS]},
        "measure": TEXT,
        "by": TEXT,
        "where": {"type": "object"},
        "as_of": {"type": "string", "format": "date"},
        "parties": TEXTS,
        "other": TEXT,
        "number": NUMBER,
        "factor": NUMBER,
        "before": {"type": "string", "format": "date"},
        "lowest": FLAG,
        "against": {"type": "object"},
        "label": TEXT,
        "parts": list_of({"$ref": "#/$defs/Predicate"}),
    },
    "required": ["kind"],
    "if": {"properties": {"kind": {"enum": list(COMPOUND_KINDS)}}},
    "then": {"required": ["parts"]},
    "else": {"required": ["measure", "by", "parties"]},
}
# how a verdict was reached; null where nothing was evaluated
_JUDGED: dict[str, Part] = {
    "holds": COUNT_OR_NULL,
    "of": COUNT_OR_NULL,
    "not_computable": COUNT_OR_NULL,
    "unsure": COUNT_OR_NULL,
    "partial": TEXTS,
    "default_holds": FLAG_OR_NULL,
    "nearest_flip": or_null({"$ref": "#/$defs/Flip"}),
}


def _multiverse() -> Part:
    flip = object_of(
        {"from": BY_NAME, "to": BY_NAME, "changed": {**TEXTS, "minItems": 1},
         "leader_before": TEXT, "leader_after": TEXT, "as_near": COUNT}
    )  # fmt: skip
    ends = dict.fromkeys(("min", "q1", "median", "q3", "max"), NUMBER)
    properties = {
        "figure": TEXT,
        "question": TEXT,
        "unit": TEXT,
        "by": TEXT,
        "as_of": {"type": "string", "format": "date"},
        "count": {"type": "integer", "minimum": 1},
        "is_ranked": FLAG,
        "without_value": COUNT,
        "facets": list_of(object_of({"facet": TEXT, "options": {**TEXTS, "minItems": 2}})),
        "held": BY_NAME,
        "merged": list_of(object_of({"facet": TEXT, "option": TEXT, "same_as": TEXT})),
        "leads": {"type": "object", "additionalProperties": SHARE},
        "open_to_unknown": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "missing": BY_NAME,
        "spread": {
            "type": "object",
            "additionalProperties": object_of({**ends, "definitions": COUNT}),
        },
        "influence_on": TEXT_OR_NULL,
        "facet_influence": list_of(
            object_of(
                {"facet": TEXT, "share_of_variance": NUMBER_OR_NULL,
                 "with_interactions": NUMBER_OR_NULL}
            )
        ),
        "nearest_flip": or_null(flip),
        "definitions": list_of(
            object_of(
                {"facets": BY_NAME, "values": {"type": "object", "additionalProperties": NUMBER}}
            )
        ),
    }  # fmt: skip
    found = answer(
        "underlay/multiverse/1",
        "A figure under every combination of its choices: values by party, who leads, what moves "
        "the leader, and the smallest change that gives another one. Without a flip, `reason` says "
        "why.",
        properties,
    )
    found["if"] = {"properties": {"nearest_flip": {"type": "null"}}}
    found["then"] = {"required": ["reason"], "properties": {"reason": TEXT}}
    return found


def _claims() -> Part:
    telling = object_of({"who": TEXT, "where": TEXT, "what": TEXT, "on": TEXT_OR_NULL,
                       "url": TEXT})  # fmt: skip
    evidence = object_of({"what": TEXT, "url": TEXT, "read_on": {"type": "string"}})
    row = object_of(
        {
            "claim_id": TEXT,
            "text": TEXT,
            "verdict": {"enum": list(VERDICTS)},
            **_JUDGED,
            "readings": list_of(object_of({"reading": TEXT, "holds": COUNT, "of": COUNT})),
            "grade": {"enum": sorted({*ledger().grade_names, "documented", "none"})},
            "tests": {"enum": ["as worded", "necessary part", "proxy"]},
            "why": TEXT,
            "beyond": TEXT,
            "needs": TEXT,
            "first": TEXT,
            "said": list_of(telling),
            "for": TEXTS,
            "against": TEXTS,
            "review": {"type": "string", "format": "date"},
            "predicate": or_null({"$ref": "#/$defs/Predicate"}),
            "evidence": list_of(evidence),
            "sources": list_of({"$ref": "#/$defs/Source"}),
            "reasons": TEXTS,
        }
    )
    return answer(
        "underlay/claims/1",
        "What is said in public, each claim with its verdict over definitions.",
        {"rows": list_of(row)},
        Flip=_FLIP,
        Predicate=_PREDICATE,
        Source=SOURCE,
    )


def _check() -> Part:
    piece = object_of({"text": TEXT, "start": COUNT, "end": COUNT, "kind": TEXT, "meaning": TEXT})
    found = answer(
        "underlay/check/1",
        "What was understood of a sentence, then the verdict on it. Where `understood` is null, "
        "nothing was judged and `why` says what wasn't read.",
        {
            "text": TEXT,
            "understood": TEXT_OR_NULL,
            "language": {"enum": ["en", "pt", "zh", None]},
            "claim_id": TEXT_OR_NULL,
            "is_opposite": FLAG,
            "reading_of": TEXT_OR_NULL,
            "predicate": or_null({"$ref": "#/$defs/Predicate"}),
            "pieces": list_of(piece),
            "unread": TEXTS,
            "notes": TEXTS,
            "verdict": {"enum": [*VERDICTS, None]},
            "why": TEXT,
            **_JUDGED,
            "grade": TEXT_OR_NULL,
            "sources": list_of({"$ref": "#/$defs/Source"}),
            "figure": {"type": ["object", "null"], "description": "An `underlay/figure/1`."},
        },
        Flip=_FLIP,
        Predicate=_PREDICATE,
        Source=SOURCE,
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


def _reproduce() -> Part:
    plain: Part = {"type": ["number", "string", "null"]}
    number = object_of(
        {
            "name": TEXT,
            "printed": TEXT,
            "published": plain,
            "low": plain,
            "high": plain,
            "band": TEXT,
            "unit": TEXT,
            "judged": FLAG,
            "ours": plain,
            "text": TEXT,
            "within": FLAG_OR_NULL,
            "reason": TEXT,
            "definition": {"type": "object"},
            "as_of": TEXT,
            "sources": TEXTS,
            "spread": list_of({"type": "object"}),
        }
    )
    names = ("id", "topic", "figure", "published", "published_date", "published_definition",
             "published_source", "grade")  # fmt: skip
    texts = dict.fromkeys(names, TEXT)
    row = object_of(
        {
            **texts,
            "ours": plain,
            "ours_text": TEXT,
            "status": {"enum": list(get_args(Status))},
            "reason": TEXT,
            "needs": TEXT,
            "definition": {"type": "object"},
            "as_of": TEXT,
            "sources": TEXTS,
            "numbers": list_of(number),
        }
    )
    row["if"] = {"properties": {"status": {"const": "reproduced"}}}
    row["else"] = {"properties": {"reason": {"minLength": 1}}}
    return answer(
        "underlay/reproduce/1",
        "Figures that others published, beside ours. What is off or can't be computed says why.",
        {"rows": list_of(row)},
    )


def _error() -> Part:
    return answer(
        "underlay/error/1",
        "Why there is no answer, on standard error; the exit code is 2.",
        {"error": {"type": "string", "minLength": 1}, "hint": TEXT},
    )


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "figure": figure_schema,
    "multiverse": _multiverse,
    "claims": _claims,
    "check": _check,
    "reproduce": _reproduce,
    **STACK_SCHEMAS,
    "audit": audit_schema,
    "diff-bom": difference_schema,
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
