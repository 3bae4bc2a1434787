"""The audit as plain values: `underlay/audit/1`, its JSON Schema, and a fingerprint of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import KINDS, ROLES, TIES
from underlay.audit.join import DEPENDENT, counted, is_accelerated
from underlay.audit.knowledge import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underlay.audit.join import Card, Joined, Line, Reference
    from underlay.audit.knowledge import Party
    from underlay.audit.policy import Report

__all__ = ["SCHEMA", "audit_schema", "digest", "document", "json_text"]

SCHEMA = "underlay/audit/1"


def document(joined: Joined, report: Report | None = None) -> dict[str, Any]:
    """The audit as JSON values; same input, same bytes."""
    cards = {card.canonical: card for card in joined.cards}
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "name": joined.name,
        "as_of": joined.as_of or None,
        "models": [_reference(r, cards[r.canonical]) for r in joined.references],
        "infrastructure": [_line(line) for line in joined.lines],
        "unknown": [
            {"file": u.file, "line": u.line, "column": u.column, "text": u.text,
             "reason": u.reason, "rule": u.rule}
            for u in joined.unknown
        ],
        "summary": _summary(joined, report),
        "cards": [_card(card) for card in joined.cards],
        "between": {
            "runtimes": list(joined.runtimes),
            "blocks": [
                {"vendor": b.vendor.id, "country": b.vendor.country, "tied": list(b.tied),
                 "switch": list(b.switch), "models": list(b.models), "unknown": list(b.unknown)}
                for b in joined.blocks
            ],
            "lock_in": {
                "score": _rounded(joined.lock.score),
                "formula": "mean of the known terms",
                "terms": [
                    {"term": t.name, "share": _rounded(t.share), "of": t.of}
                    for t in joined.lock.terms
                ],
            },
        },
        "findings": [asdict(finding) for finding in report.findings] if report else [],
        "ignored": [asdict(finding) for finding in report.ignored] if report else [],
        "sources": [asdict(source) for source in joined.sources],
    }  # fmt: skip
    return found


def digest(content: dict[str, Any]) -> str:
    """sha256 of the document: what serial numbers are made from."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def json_text(content: dict[str, Any]) -> str:
    """The document as a file."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _reference(reference: Reference, card: Card) -> dict[str, Any]:
    found, facts = reference.found, card.facts
    return {
        "ref": found.ref,
        "canonical": reference.canonical,
        "kind": found.kind,
        "role": found.role,
        "file": found.file,
        "line": found.line,
        "column": found.column,
        "rule": found.rule,
        "evidence": found.evidence,
        "confidence": round(found.confidence, 4),
        "alias": found.alias,
        "dependency": reference.is_dependency,
        "confirmed": reference.is_confirmed,
        "maker": card.maker.id,
        "country": card.maker.country,
        "uploader": card.uploader.id if card.uploader else None,
        "operator": card.operator.id if card.operator else found.operator,
        "operator_country": card.operator.country if card.operator else None,
        "licence": facts.licence.name if facts else UNKNOWN,
        "openness": card.openness,
        "roots": [a.canonical for a in card.ancestors if a.is_root],
        "revision": found.revision,
        "weight_file": found.weight_file,
        "flags": list(found.flags),
    }


def _line(line: Line) -> dict[str, Any]:
    found = line.found
    return {
        "component": found.component,
        "vendor": found.vendor,
        "country": line.vendor.country,
        "tie": found.tie,
        "need": found.need,
        "role": found.role,
        "file": found.file,
        "line": found.line,
        "column": found.column,
        "rule": found.rule,
        "evidence": found.evidence,
        "version": found.version,
        "replacement": found.replacement,
    }


def _party(party: Party) -> dict[str, Any]:
    found: dict[str, Any] = {"id": party.id, "name": party.name, "country": party.country}
    return found | ({"reason": party.reason} if party.reason else {})


def _card(card: Card) -> dict[str, Any]:
    facts = card.facts
    found: dict[str, Any] = {
        "canonical": card.canonical,
        "kind": card.kind,
        "is_used": card.is_used,
        "is_hosted": card.is_hosted,
        "is_pinned": card.is_pinned,
        "operator": _party(card.operator) if card.operator else None,
        "is_known": facts is not None,
        "reason": card.reason,
        "maker": _party(card.maker),
        "uploader": _party(card.uploader) if card.uploader else None,
        "ancestors": [
            {
                "model": a.canonical, "relation": a.relation, "evidence": a.evidence,
                "is_root": a.is_root, "maker": _party(a.maker), "licence": _licence(a.licence),
            }
            for a in card.ancestors
        ],
    }  # fmt: skip
    if facts is None:
        return found
    return found | {
        "model": facts.canonical,
        "found": facts.found,
        "copy_kind": facts.copy_kind,
        "licence": _licence(facts.licence),
        "conflicts": list(card.conflicts),
        "openness": facts.openness,
        "released_on": facts.released_on,
        "architecture": facts.architecture,
        "modality": facts.modality,
        "parameters": facts.parameters,
        "lineage": facts.lineage,
        "adoption": asdict(facts.adoption) if facts.adoption else None,
        "end_of_life": asdict(facts.end),
        "rating": asdict(facts.judged) if facts.judged else None,
        "price": asdict(facts.price) if facts.price else None,
        "alternatives": [
            {
                "model": a.canonical, "maker": _party(a.maker), "rating": a.rating,
                "is_open_weights": a.is_open_weights, "price": asdict(a.price),
            }
            for a in facts.alternatives
        ],
        "routes": {
            "possible": len(facts.routes.routes),
            "used": [_route(r) for r in card.routes_used],
            "by_grade": counted(r.grade for r in facts.routes.routes),
            "designers": list(card.vendors) if card.vendors is not None else None,
            "needs": [{"component": c, "organisation": o} for c, o in facts.routes.needs],
            "grade": facts.routes.grade,
            "reason": facts.routes.reason,
        },
    }  # fmt: skip


def _licence(licence: Any) -> dict[str, Any]:
    return {
        "name": licence.name, "text": licence.text, "spdx": licence.spdx,
        "class": licence.licence_class, "reason": licence.reason,
    }  # fmt: skip


def _route(route: Any) -> dict[str, Any]:
    return {
        "runtime": route.runtime, "backend": route.backend, "line": route.line,
        "class": route.route_class, "grade": route.grade, "designer": route.designer.id,
        "says": f"{route.source} {route.version}".strip(),
    }  # fmt: skip


def _summary(joined: Joined, report: Report | None) -> dict[str, Any]:
    used = [card for card in joined.cards if card.is_used]
    ties: dict[str, dict[str, int]] = {}
    places: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for line in joined.lines:
        if is_accelerated(line.found) and line.found.role in DEPENDENT:
            key = line.found.vendor, line.found.tie
            places.setdefault(key, set()).add((line.found.file, line.found.line))
    for (vendor, tie), found in sorted(places.items()):
        ties.setdefault(vendor, dict.fromkeys(TIES, 0))[tie] = len(found)
    services = {x.found.component for x in joined.lines if x.found.component.startswith("service:")}
    return {
        "files": joined.files,
        "read": joined.read,
        "bytes": joined.bytes,
        "skipped": dict(joined.skipped),
        "models": len({card.canonical for card in joined.cards}),
        "models_used": len(used),
        "references": len(joined.references),
        "aliases": sum(r.found.alias for r in joined.references),
        "by_role": counted(r.found.role for r in joined.references),
        "makers": counted(card.maker.id for card in used),
        "countries": counted(card.maker.country for card in used),
        "openness": counted(card.openness for card in used),
        "licence_classes": counted(
            card.licence.licence_class if card.licence else UNKNOWN for card in used
        ),
        "hosted": sum(card.is_hosted for card in used),
        "pinned": counted(
            {True: "pinned", False: "moving", None: "can't be"}[card.is_pinned] for card in used
        ),
        "infrastructure": len(joined.lines),
        "ties": ties,
        "services": sorted(services),
        "unknown": len(joined.unknown),
        "lock_in": _rounded(joined.lock.score),
        "findings": counted(f.level for f in report.findings) if report else {},
    }


# --- schema ---------------------------------------------------------------------------------------

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_FLAG: dict[str, Any] = {"type": "boolean"}
_SHARE: dict[str, Any] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": _COUNT}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}


def _object(properties: dict[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def audit_schema() -> dict[str, Any]:
    """The JSON Schema of `underlay/audit/1`; more fields may be added, none will go."""
    party = _object({"id": _TEXT, "name": _TEXT, "country": _TEXT, "reason": _TEXT}, ("reason",))
    finding = _object(
        {
            "rule": _TEXT, "level": {"enum": ["error", "warning", "note"]}, "message": _TEXT,
            "subject": _TEXT, "file": _TEXT, "line": _COUNT, "fingerprint": _TEXT,
        }
    )  # fmt: skip
    model = _object(
        {
            "ref": _TEXT, "canonical": _TEXT, "kind": {"enum": list(KINDS)},
            "role": {"enum": list(ROLES)}, "file": _TEXT, "line": _COUNT, "column": _COUNT,
            "rule": _TEXT, "evidence": _TEXT,
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "alias": _FLAG, "dependency": _FLAG, "confirmed": _FLAG, "maker": _TEXT,
            "country": _TEXT, "uploader": _MAYBE, "operator": _MAYBE, "operator_country": _MAYBE,
            "licence": _TEXT, "openness": _TEXT, "roots": _TEXTS, "revision": _MAYBE,
            "weight_file": _MAYBE, "flags": _TEXTS,
        }
    )  # fmt: skip
    line = _object(
        {
            "component": _TEXT, "vendor": _TEXT, "country": _TEXT, "tie": {"enum": list(TIES)},
            "need": {"enum": ["interface", "hardware", "toolchain", "service", "none"]},
            "role": {"enum": list(ROLES)}, "file": _TEXT, "line": _COUNT, "column": _COUNT,
            "rule": _TEXT, "evidence": _TEXT, "version": _MAYBE, "replacement": _MAYBE,
        }
    )  # fmt: skip
    unknown = _object(
        {"file": _TEXT, "line": _COUNT, "column": _COUNT, "text": _TEXT, "reason": _TEXT,
         "rule": _MAYBE}
    )  # fmt: skip
    card = _object(
        {
            "canonical": _TEXT, "kind": {"enum": list(KINDS)}, "is_used": _FLAG,
            "is_hosted": _FLAG, "is_pinned": {"type": ["boolean", "null"]},
            "operator": {"anyOf": [{"$ref": "#/$defs/Party"}, {"type": "null"}]},
            "is_known": _FLAG, "reason": _TEXT, "maker": {"$ref": "#/$defs/Party"},
            "uploader": {"anyOf": [{"$ref": "#/$defs/Party"}, {"type": "null"}]},
            "ancestors": {"type": "array", "items": {"type": "object"}},
        }
    )  # fmt: skip
    block = _object(
        {"vendor": _TEXT, "country": _TEXT, "tied": _TEXTS, "switch": _TEXTS, "models": _TEXTS,
         "unknown": _TEXTS}
    )  # fmt: skip
    term = _object({"term": _TEXT, "share": _SHARE, "of": _TEXT})
    source = _object(dict.fromkeys(("name", "title", "licence", "url", "vintage"), _TEXT))
    summary = _object(
        {
            "files": _COUNT, "read": _COUNT, "bytes": _COUNT, "skipped": _COUNTS, "models": _COUNT,
            "models_used": _COUNT, "references": _COUNT, "aliases": _COUNT, "by_role": _COUNTS,
            "makers": _COUNTS, "countries": _COUNTS, "openness": _COUNTS,
            "licence_classes": _COUNTS, "hosted": _COUNT, "pinned": _COUNTS,
            "infrastructure": _COUNT,
            "ties": {"type": "object", "additionalProperties": _COUNTS},
            "services": _TEXTS, "unknown": _COUNT, "lock_in": _SHARE, "findings": _COUNTS,
        }
    )  # fmt: skip
    properties = {
        "schema": {"const": SCHEMA},
        "name": _TEXT,
        "as_of": _MAYBE,
        "models": _list(model),
        "infrastructure": _list(line),
        "unknown": _list(unknown),
        "summary": summary,
        "cards": _list(card),
        "between": _object(
            {
                "runtimes": _TEXTS,
                "blocks": _list(block),
                "lock_in": _object({"score": _SHARE, "formula": _TEXT, "terms": _list(term)}),
            }
        ),
        "findings": _list(finding),
        "ignored": _list(finding),
        "sources": _list(source),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "What one code base stands on: models, infrastructure, what joins them, "
        "and what could not be resolved.",
        **_object(properties),
        "$defs": {"Party": party},
    }
