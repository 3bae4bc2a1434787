"""CycloneDX ML-BOM, 1.6 and 1.7: models with makers, lineage, licences and places.

The official library writes the bill. It has no model cards yet (11.12), so those are added to its
JSON, as the schema has them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import TIES
from underlay.audit.formats.names import component_purl, is_spdx_id, model_purl, reference_id
from underlay.audit.knowledge import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.contact import OrganizationalEntity
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from cyclonedx.model.service import Service

    from underlay.audit.join import Card, Joined, Line
    from underlay.audit.knowledge import LicenceFacts, Party

__all__ = ["VERSIONS", "cyclonedx"]

VERSIONS = ("1.6", "1.7")
_COUNTRY = re.compile(r"[A-Z]{2}")


def cyclonedx(
    joined: Joined, *, version: str, tool: str, serial: str, moment: dt.datetime | None
) -> str:
    """The bill as JSON. `serial` (hexadecimal) gives the serial number, `moment` the timestamp."""
    from cyclonedx.output.json import JsonV1Dot6, JsonV1Dot7

    bom = _bom(joined, tool, serial)
    writer = {"1.6": JsonV1Dot6, "1.7": JsonV1Dot7}[version](bom)
    content = json.loads(writer.output_as_string())
    if moment is None:
        content["metadata"].pop("timestamp", None)  # the library stamps the present moment
    else:
        content["metadata"]["timestamp"] = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    cards = {reference_id("model", card.canonical): card for card in joined.cards}
    for component in content.get("components", ()):
        card = cards.get(component["bom-ref"])
        if card is not None:
            component["modelCard"] = _model_card(card)
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _bom(joined: Joined, tool: str, serial: str) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    used = [card for card in joined.cards if _is_listed(joined, card)]
    root = Component(
        name=joined.name or "code base", type=ComponentType.APPLICATION, bom_ref="code-base"
    )
    program = Component(name="underlay", version=tool, type=ComponentType.APPLICATION)
    bom = Bom(
        serial_number=uuid.UUID(hex=serial[:32], version=5),
        metadata=BomMetaData(
            component=root,
            tools=ToolRepository(components=[program]),
            properties=list(_about(joined)),
        ),
    )
    models = [_model(joined, card) for card in used]
    grouped: dict[str, list[Line]] = {}
    for line in joined.lines:
        grouped.setdefault(line.found.component, []).append(line)
    parts = [
        _part(name, lines)
        for name, lines in sorted(grouped.items())
        if not name.startswith("service:")
    ]
    services = [
        _service(name, lines)
        for name, lines in sorted(grouped.items())
        if name.startswith("service:")
    ]
    for component in (*models, *parts):
        bom.components.add(component)
    for service in services:
        bom.services.add(service)
    bom.register_dependency(root, [*models, *parts, *services])
    return bom


def _is_listed(joined: Joined, card: Card) -> bool:
    """An alias is no model of the code base."""
    return any(r.canonical == card.canonical and not r.found.alias for r in joined.references)


def _properties(pairs: Iterable[tuple[str, Any]]) -> list[Property]:
    from cyclonedx.model import Property

    return [
        Property(name=f"underlay:{name}", value=str(value))
        for name, value in pairs
        if value not in (None, "")
    ]


def _about(joined: Joined) -> Iterator[Property]:
    lock = joined.lock
    pairs: list[tuple[str, Any]] = [("as-of", joined.as_of)]
    pairs.append(("lock-in", UNKNOWN if lock.score is None else f"{lock.score:.4f}"))
    pairs += [
        (f"lock-in:{t.name}", f"{UNKNOWN if t.share is None else round(t.share, 4)} ({t.of})")
        for t in lock.terms
    ]
    yield from _properties(pairs)


def _entity(party: Party | None) -> OrganizationalEntity | None:
    from cyclonedx.model.contact import OrganizationalEntity, PostalAddress

    if party is None or party.id == UNKNOWN:
        return None
    address = PostalAddress(country=party.country) if _COUNTRY.fullmatch(party.country) else None
    return OrganizationalEntity(name=party.name, address=address)


def _licences(licence: LicenceFacts | None) -> list[LicenseExpression | DisjunctiveLicense]:
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    if licence is None or licence.name in (UNKNOWN, "NONE"):
        return []
    if licence.spdx.startswith("LicenseRef-") and " " not in licence.spdx:
        return [DisjunctiveLicense(name=licence.spdx)]
    if is_spdx_id(licence.spdx):
        return [DisjunctiveLicense(id=licence.spdx)]
    if licence.spdx:
        return [LicenseExpression(licence.spdx)]
    return [DisjunctiveLicense(name=licence.text)]


def _model(joined: Joined, card: Card) -> Component:
    from cyclonedx.model.component import Component, ComponentType, Pedigree
    from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence

    found = [r.found for r in joined.references if r.canonical == card.canonical]
    revisions = sorted({each.revision for each in found if each.revision and not each.alias})
    places = [
        Occurrence(
            bom_ref=_place_id(card.canonical, number), location=each.file or "-", line=each.line,
            symbol=each.ref, additional_context=f"{each.role}: {each.rule}: {each.evidence}",
        )
        for number, each in enumerate(found)
        if not each.alias
    ]  # fmt: skip
    group, _, name = card.canonical.partition(":")[2].rpartition("/")
    ancestors = [
        Component(
            name=base.canonical.partition(":")[2], type=ComponentType.MACHINE_LEARNING_MODEL,
            supplier=_entity(base.maker), licenses=_licences(base.licence),
            purl=model_purl(base.canonical, None),
            properties=_properties([("relation", base.relation), ("evidence", base.evidence),
                                    ("is-root", base.is_root)]),
            bom_ref=reference_id("base", f"{card.canonical} {base.canonical}"),
        )
        for base in card.ancestors
    ]  # fmt: skip
    return Component(
        name=name,
        group=group or None,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=reference_id("model", card.canonical),
        version=revisions[0] if len(revisions) == 1 else None,
        supplier=_entity(card.operator if card.is_hosted else _passer(card)),
        manufacturer=_entity(card.maker),
        licenses=_licences(card.licence),
        purl=model_purl(card.canonical, revisions[0] if len(revisions) == 1 else None),
        pedigree=Pedigree(ancestors=ancestors) if ancestors else None,
        evidence=ComponentEvidence(occurrences=places) if places else None,
        properties=_properties(_facts(card)),
    )


def _passer(card: Card) -> Party:
    return card.uploader or card.maker


def _facts(card: Card) -> Iterator[tuple[str, Any]]:
    facts = card.facts
    yield "canonical", card.canonical
    yield "kind", card.kind
    yield "is-used", card.is_used
    yield "is-pinned", card.is_pinned
    yield "maker", card.maker.id
    yield "maker-country", card.maker.country
    if card.operator:
        yield "operator", card.operator.id
        yield "operator-country", card.operator.country
    if card.uploader:
        yield "uploader", card.uploader.id
        yield "uploader-country", card.uploader.country
    if facts is None:
        yield "unknown", card.reason
        return
    yield "openness", facts.openness
    yield "licence-class", facts.licence.licence_class
    for text in card.conflicts:
        yield "licence-conflict", text
    if facts.adoption:
        yield (
            "adoption-rank",
            f"{facts.adoption.rank} of {facts.adoption.of} ({facts.adoption.day})",
        )
    if card.is_hosted:
        yield "end-of-life", facts.end.day or f"{UNKNOWN}: {facts.end.reason}"
    if card.vendors is not None:
        yield "accelerator-vendors", ", ".join(card.vendors) or "none"


def _part(name: str, lines: list[Line]) -> Component:
    from cyclonedx.model.component import Component
    from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence

    kind, _, rest = name.partition(":")
    versions = sorted({line.found.version for line in lines if line.found.version})
    tie = min((line.found.tie for line in lines), key=TIES.index)
    pairs: list[tuple[str, Any]] = [
        ("canonical", name), ("vendor", lines[0].found.vendor),
        ("vendor-country", lines[0].vendor.country), ("tie", tie),
    ]  # fmt: skip
    pairs += [("need", need) for need in sorted({line.found.need for line in lines})]
    pairs += [
        ("replacement", each)
        for each in sorted({line.found.replacement for line in lines if line.found.replacement})
    ]
    version = versions[0] if len(versions) == 1 else None
    return Component(
        name=rest or name,
        type=_type(kind),
        bom_ref=reference_id("part", name),
        version=version,
        supplier=_entity(lines[0].vendor),
        purl=component_purl(name, version),
        evidence=ComponentEvidence(
            occurrences=[
                Occurrence(
                    bom_ref=_place_id(name, number), location=line.found.file,
                    line=line.found.line,
                    additional_context=f"{line.found.tie}: {line.found.rule}: "
                    f"{line.found.evidence}",
                )
                for number, line in enumerate(lines)
            ]
        ),
        properties=_properties(pairs),
    )  # fmt: skip


def _place_id(name: str, number: int) -> str:
    # without ids of their own the library orders places by where they lie in memory
    return f"{reference_id('place', name)}-{number:06}"


def _type(kind: str) -> ComponentType:
    from cyclonedx.model.component import ComponentType

    return {
        "image": ComponentType.CONTAINER,
        "toolchain": ComponentType.PLATFORM,
        "driver": ComponentType.DEVICE_DRIVER,
        "device": ComponentType.DEVICE,
        "resource": ComponentType.DEVICE,
        "instance": ComponentType.PLATFORM,
        "accelerator": ComponentType.DEVICE,
        "tool": ComponentType.APPLICATION,
    }.get(kind, ComponentType.LIBRARY)


def _service(name: str, lines: list[Line]) -> Service:
    from cyclonedx.model.service import Service

    pairs: list[tuple[str, Any]] = [
        ("canonical", name), ("vendor", lines[0].found.vendor),
        ("vendor-country", lines[0].vendor.country),
        ("tie", min((line.found.tie for line in lines), key=TIES.index)),
    ]  # fmt: skip
    pairs += [("occurrence", f"{line.found.file}:{line.found.line}") for line in lines]
    return Service(
        name=name.partition(":")[2],
        bom_ref=reference_id("service", name),
        provider=_entity(lines[0].vendor),
        properties=_properties(pairs),
    )


def _model_card(card: Card) -> dict[str, Any]:
    facts = card.facts
    parameters: dict[str, Any] = {}
    if facts is not None:
        if facts.modality != UNKNOWN:
            parameters["task"] = facts.modality
        if facts.architecture != UNKNOWN:
            parameters["modelArchitecture"] = facts.architecture
    found: dict[str, Any] = {"bom-ref": reference_id("card", card.canonical)}
    if parameters:
        found["modelParameters"] = parameters
    if facts is not None and facts.judged is not None:
        judged = facts.judged
        metric: dict[str, Any] = {
            "type": f"Elo rating, {judged.board}, {judged.day}", "value": f"{judged.rating}"
        }  # fmt: skip
        if judged.lower is not None and judged.upper is not None:
            metric["confidenceInterval"] = {
                "lowerBound": f"{judged.lower}", "upperBound": f"{judged.upper}"
            }  # fmt: skip
        found["quantitativeAnalysis"] = {"performanceMetrics": [metric]}
    limits = list(card.conflicts)
    if facts is None:
        limits.append(f"Nothing is known of this model: {card.reason}.")
    if limits:
        found["considerations"] = {"technicalLimitations": limits}
    return found
