"""SARIF 2.1.0: what breaks the policy as results, models and ties as notifications of the run.

GitHub's code scanning shows each result as a problem, whatever its kind and level say, shows those
that an exception covers too, and refuses a log in which one result has no place. So results are
findings that stand, each at a place; all else that the audit saw is a notification with its place.
A result keeps its fingerprint when lines move, so that code scanning tells old from new.
"""

from __future__ import annotations

import hashlib
import json
from posixpath import basename
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from underlay.audit.knowledge import UNKNOWN
from underlay.audit.policy import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.join import Card, Joined, Line, Reference
    from underlay.audit.policy import Finding, PolicyRule, Report

__all__ = ["sarif"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_INFORMATION = (
    ("model", "A line names a model: whose it is, and on which terms."),
    ("alias", "A hosted model's name is sent to a server of one's own: no dependency."),
    ("tie", "A line is tied to one vendor of the layer below."),
    ("switch", "A line names a vendor, and another build, flag or address would do."),
    ("portable", "A line of infrastructure that binds to no vendor."),
    ("unresolved", "Something looked like a reference and could not be resolved."),
    ("excepted", "A finding that an exception of the policy covers."),
)
# what code scanning calls a problem that is no vulnerability
_SEVERITIES = {"error": "error", "warning": "warning", "note": "recommendation"}


def sarif(joined: Joined, report: Report, *, tool: str, within: str = "") -> str:
    """The audit as a SARIF log of one run.

    `within` is the folder that was audited as the repository calls it, so that places are relative
    to the repository.
    """
    return _Writer(joined, report, tool, within).text()


class _Writer:
    def __init__(self, joined: Joined, report: Report, tool: str, within: str) -> None:
        self.joined = joined
        self.report = report
        self.tool = tool
        self.within = f"{within.strip('/')}/" if within.strip("/.") else ""

    def text(self) -> str:
        numbers = {rule.id: number for number, rule in enumerate(RULES)}
        placed = [(each, self.place_of(each)) for each in self.report.findings]
        results = [
            self.result(finding, place, numbers[finding.rule]) for finding, place in placed if place
        ]
        notes = [
            *self.models(), *self.lines(), *self.unknown(),
            *(self.excepted(finding) for finding in self.report.ignored),
            *(self.note("excepted", each.message, None) for each, place in placed if not place),
        ]  # fmt: skip
        driver = {
            "name": "underlay",
            "version": self.tool,
            "semanticVersion": self.tool,
            "rules": [_rule(rule) for rule in RULES],
            "notifications": [
                {"id": f"underlay/{name}", "shortDescription": {"text": doc}}
                for name, doc in _INFORMATION
            ],
        }
        run = {
            "tool": {"driver": driver},
            "automationDetails": {"id": "underlay/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
            "results": results,
            "properties": {"asOf": self.joined.as_of, "lockIn": self.joined.lock.score},
        }
        content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    # --- places ----------------------------------------------------------------------------------

    def place(self, file: str, line: int, column: int = 0) -> dict[str, Any]:
        """A place; the path as a URI that can be taken for no scheme and no root."""
        uri = _uri(f"{self.within}{file}")
        place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": _ROOT}}
        if line > 0:
            place["region"] = {"startLine": line}
            if column > 0:
                place["region"]["startColumn"] = column
        return {"physicalLocation": place}

    def place_of(self, finding: Finding) -> dict[str, Any] | None:
        """Where a finding stands, or what it is about first does; None where nothing stands."""
        if finding.file:
            place = self.place(finding.file, finding.line)
            if finding.rule.startswith("ignore-") and finding.file != "underlay.toml":
                # a policy that was named is as seen from where the program runs
                place["physicalLocation"]["artifactLocation"]["uri"] = _uri(finding.file)
            return place
        for reference in self.joined.references:
            if reference.canonical == finding.subject and reference.found.file:
                return self.place(reference.found.file, reference.found.line)
        for line in self.joined.lines:
            if line.found.component == finding.subject:
                return self.place(line.found.file, line.found.line)
        return None

    # --- results ---------------------------------------------------------------------------------

    def result(self, finding: Finding, place: dict[str, Any], number: int) -> dict[str, Any]:
        return {
            "ruleId": f"underlay/{finding.rule}",
            "ruleIndex": number,
            "level": finding.level,
            "message": {"text": finding.message},
            "locations": [place],
            "partialFingerprints": {"underlay/v1": finding.fingerprint or _mark(finding)},
            "properties": {"subject": finding.subject},
        }

    # --- notifications ---------------------------------------------------------------------------

    def note(
        self, name: str, text: str, place: dict[str, Any] | None, **properties: Any
    ) -> dict[str, Any]:
        found: dict[str, Any] = {
            "descriptor": {
                "id": f"underlay/{name}",
                "index": next(i for i, (each, _) in enumerate(_INFORMATION) if each == name),
            },
            "level": "none",
            "message": {"text": text},
        }
        if place is not None:
            found["locations"] = [place]
        if properties:
            found["properties"] = properties
        return found

    def models(self) -> Iterator[dict[str, Any]]:
        cards = {card.canonical: card for card in self.joined.cards}
        for reference in self.joined.references:
            found = reference.found
            yield self.note(
                "alias" if found.alias else "model",
                _said(cards[reference.canonical], reference),
                self.place(found.file, found.line, found.column) if found.file else None,
                canonical=reference.canonical, role=found.role, rule=found.rule,
                confidence=round(found.confidence, 4),
            )  # fmt: skip

    def lines(self) -> Iterator[dict[str, Any]]:
        for line in self.joined.lines:
            found = line.found
            yield self.note(
                "tie" if found.tie == "tied" else found.tie,
                _tie(line),
                self.place(found.file, found.line, found.column),
                component=found.component, vendor=found.vendor, need=found.need,
                role=found.role, rule=found.rule,
            )  # fmt: skip

    def unknown(self) -> Iterator[dict[str, Any]]:
        for each in self.joined.unknown:
            text = f"`{each.text}`: {each.reason}." if each.text else f"{each.reason}."
            yield self.note("unresolved", text, self.place(each.file, each.line, each.column))

    def excepted(self, finding: Finding) -> dict[str, Any]:
        return self.note(
            "excepted", finding.message, self.place_of(finding),
            rule=finding.rule, subject=finding.subject,
        )  # fmt: skip


def _uri(path: str) -> str:
    return quote(basename(path) if path.startswith(("/", "..")) else path, safe="/")


def _rule(rule: PolicyRule) -> dict[str, Any]:
    help_ = rule.help[:1].upper() + rule.help[1:] + "."
    return {
        "id": f"underlay/{rule.id}",
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": rule.doc},
        "fullDescription": {"text": f"{rule.doc} {help_}"},
        "help": {
            "text": f"{rule.doc} {help_}",
            "markdown": f"{rule.doc}\n\n**What to do:** {help_}\n\n"
            f"The rule is set, switched off or given exceptions in `underlay.toml`, as "
            f"`{rule.id}`.",
        },
        "defaultConfiguration": {"level": rule.default},
        "properties": {
            "precision": "high",
            "problem.severity": _SEVERITIES[rule.default],
            "tags": ["ai", "supply-chain"],
        },
    }


def _mark(finding: Finding) -> str:
    parts = (finding.rule, finding.subject, finding.file)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _said(card: Card, reference: Reference) -> str:
    found = reference.found
    if found.alias:
        _, sign, answer = found.evidence.partition("; answered by ")
        told = f", which answers with `{answer}`" if sign else ""
        return f"`{found.ref}` is sent to a server of one's own{told}: no dependency."
    maker = f"by {card.maker.name} ({card.maker.country})"
    if card.maker.id == UNKNOWN:
        maker = f"maker unknown ({card.reason or 'nobody says who it is'})"
    licence = card.licence.name if card.licence else UNKNOWN
    terms = "hosted only" if card.openness == "hosted-only" else f"licence {licence}"
    return f"`{found.ref}`: {maker}, {terms}."


def _tie(line: Line) -> str:
    found = line.found
    words = {"tied": "tied to", "switch": "names", "portable": "binds to no vendor;"}[found.tie]
    instead = f" Instead: {found.replacement}." if found.replacement else ""
    return f"{found.component} ({words} {found.vendor}): {found.evidence}.{instead}"
