"""SARIF 2.1.0: what breaks the policy as results, models and ties as information beside the line.

A result keeps its fingerprint when lines move, so that code scanning tells old from new.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from underlay.audit.knowledge import UNKNOWN
from underlay.audit.policy import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.join import Card, Joined, Line, Reference
    from underlay.audit.policy import Finding, Report

__all__ = ["sarif"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_INFORMATION = (
    ("model", "A line names a model.", "nothing to do: this says whose it is"),
    ("alias", "A hosted model's name is sent to a local server.", "nothing to do: no dependency"),
    ("tie", "A line is tied to one vendor of the layer below.", "use the replacement it names"),
    ("switch", "A line names a vendor, and another build, flag or address would do.",
     "change the build, flag or address to move"),
    ("portable", "A line of infrastructure that binds to no vendor.", "nothing to do"),
    ("unresolved", "Something looked like a reference and could not be resolved.",
     "look at the line: what it names when it runs is not known"),
)  # fmt: skip
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(joined: Joined, report: Report, *, tool: str) -> str:
    """The audit as a SARIF log of one run."""
    rules = [_rule(r.id, r.doc, r.help, r.default) for r in RULES]
    rules += [_rule(name, doc, help_, "none") for name, doc, help_ in _INFORMATION]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [*_findings(report), *_models(joined), *_lines(joined), *_unknown(joined)]
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    content = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "underlay",
                        "version": tool,
                        "semanticVersion": tool,
                        "rules": rules,
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    "ROOT": {"description": {"text": "The folder that was audited."}}
                },
                "results": results,
                "properties": {"asOf": joined.as_of, "lockIn": joined.lock.score},
            }
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _rule(name: str, doc: str, help_: str, level: str) -> dict[str, Any]:
    return {
        "id": f"underlay/{name}",
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": doc},
        "help": {"text": help_[:1].upper() + help_[1:] + "."},
        "defaultConfiguration": {"level": level},
    }


def _result(
    rule: str, level: str, text: str, file: str, line: int, column: int, fingerprint: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": f"underlay/{rule}"}
    if level == "none":
        found["kind"] = "informational"
    found |= {"level": level, "message": {"text": text}}
    if file:
        place: dict[str, Any] = {
            # a colon or a leading slash would make a scheme or a root of it
            "artifactLocation": {"uri": quote(file, safe="/"), "uriBaseId": "ROOT"}
        }
        if line > 0:
            place["region"] = {"startLine": line}
            if column > 0:
                place["region"]["startColumn"] = column
        found["locations"] = [{"physicalLocation": place}]
    found["partialFingerprints"] = {"underlay/v1": fingerprint}
    return found


def _mark(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _findings(report: Report) -> Iterator[dict[str, Any]]:
    for finding, covered in (
        *((f, False) for f in report.findings),
        *((f, True) for f in report.ignored),
    ):
        yield _finding(finding, covered=covered)


def _finding(finding: Finding, *, covered: bool) -> dict[str, Any]:
    found = _result(
        finding.rule, _LEVELS[finding.level], finding.message, finding.file, finding.line, 0,
        finding.fingerprint,
    )  # fmt: skip
    if covered:
        found["suppressions"] = [
            {"kind": "external", "justification": "an exception of the policy covers it"}
        ]
    return found


def _models(joined: Joined) -> Iterator[dict[str, Any]]:
    cards = {card.canonical: card for card in joined.cards}
    for reference in joined.references:
        found = reference.found
        name = "alias" if found.alias else "model"
        mark = _mark(name, reference.canonical, found.file)
        text = _said(cards[reference.canonical], reference)
        result = _result(name, "none", text, found.file, found.line, found.column, mark)
        result["properties"] = {
            "canonical": reference.canonical, "role": found.role,
            "confidence": round(found.confidence, 4), "rule": found.rule,
        }  # fmt: skip
        yield result


def _said(card: Card, reference: Reference) -> str:
    if reference.found.alias:
        return f"`{reference.found.ref}` is the name that a local server gives its model."
    maker = f"by {card.maker.name} ({card.maker.country})"
    if card.maker.id == UNKNOWN:
        maker = f"maker unknown ({card.reason or 'nobody says who it is'})"
    licence = card.licence.name if card.licence else UNKNOWN
    terms = "hosted only" if card.openness == "hosted-only" else f"licence {licence}"
    return f"`{reference.found.ref}`: {maker}, {terms}."


def _lines(joined: Joined) -> Iterator[dict[str, Any]]:
    for line in joined.lines:
        found = line.found
        name = "tie" if found.tie == "tied" else found.tie
        mark = _mark(name, found.component, found.file, found.rule)
        result = _result(name, "none", _tie(line), found.file, found.line, found.column, mark)
        result["properties"] = {
            "component": found.component, "vendor": found.vendor, "need": found.need,
            "role": found.role, "rule": found.rule,
        }  # fmt: skip
        yield result


def _tie(line: Line) -> str:
    found = line.found
    words = {"tied": "tied to", "switch": "names", "portable": "binds to no vendor;"}[found.tie]
    instead = f" Instead: {found.replacement}." if found.replacement else ""
    return f"{found.component} ({words} {found.vendor}): {found.evidence}.{instead}"


def _unknown(joined: Joined) -> Iterator[dict[str, Any]]:
    for each in joined.unknown:
        mark = _mark("unresolved", each.text, each.file)
        text = f"`{each.text}`: {each.reason}."
        yield _result("unresolved", "none", text, each.file, each.line, each.column, mark)
