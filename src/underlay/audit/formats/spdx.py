"""SPDX 3.0.1 with the AI profile, as JSON-LD, by the project's own bindings.

Models are AI packages: supplied by who runs or uploads them, originated by who made them,
descendants of their bases, with a declared licence where one is known. What is not known is left
open by SPDX's own rule (no assertion), and the reason stands in the package's comment.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import TIES
from underlay.audit.formats.names import component_purl, model_purl, reference_id
from underlay.audit.knowledge import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.join import Card, Joined, Line
    from underlay.audit.knowledge import LicenceFacts, Party

__all__ = ["spdx"]

_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_CORE = "https://spdx.org/rdf/3.0.1/terms/Core/"
_SOFTWARE = "https://spdx.org/rdf/3.0.1/terms/Software/"
_NO_ASSERTION = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"
_WRITTEN_OUT = {"expandedlicensing_NoAssertionLicense": _NO_ASSERTION}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PURPOSES = {
    "image": "container",
    "toolchain": "platform",
    "driver": "deviceDriver",
    "device": "device",
    "resource": "device",
    "instance": "platform",
    "accelerator": "device",
    "tool": "application",
    "service": "other",
}


def spdx(joined: Joined, *, tool: str, serial: str, moment: dt.datetime | None) -> str:
    """The document as JSON-LD. `serial` (hexadecimal) makes its name, `moment` its day of creation.

    Without a moment it is the newest day of the data, or the beginning of time without data.
    """
    return _Writer(joined, tool, serial, moment).text()


class _Writer:
    def __init__(self, joined: Joined, tool: str, serial: str, moment: dt.datetime | None) -> None:
        from spdx_python_model import v3_0_1 as model

        self.model: Any = model
        self.joined = joined
        self.base = f"https://spdx.org/spdxdocs/underlay-{serial[:32]}"
        if moment is None:
            moment = _EPOCH
            if joined.as_of:
                moment = dt.datetime.fromisoformat(joined.as_of).replace(tzinfo=dt.UTC)
        moment = moment.astimezone(dt.UTC).replace(microsecond=0)
        self.info = model.CreationInfo(specVersion="3.0.1", created=moment)
        self.elements: dict[str, Any] = {}
        author = self.add(model.SoftwareAgent, "agent", "underlay", name=f"underlay {tool}")
        self.info.createdBy = [author.spdxId]
        self.licences: dict[str, Any] = {}

    def add(self, kind: Any, group: str, key: str, /, **values: Any) -> Any:
        """An element of that kind under its own id; the same name gives the same element."""
        identifier = f"{self.base}#{reference_id(group, key)}"
        if identifier not in self.elements:
            element = kind(spdxId=identifier, creationInfo=self.info)
            for name, value in values.items():
                if value is not None:
                    setattr(element, name, value)
            self.elements[identifier] = element
        return self.elements[identifier]

    def relate(self, one: Any, relation: str, others: list[Any]) -> None:
        """A relationship between elements; none without a second."""
        if not others:
            return
        self.add(
            self.model.Relationship, "relation", f"{one.spdxId} {relation}", from_=one.spdxId,
            relationshipType=f"{_CORE}RelationshipType/{relation}",
            to=sorted(each if isinstance(each, str) else each.spdxId for each in others),
            completeness=f"{_CORE}RelationshipCompleteness/noAssertion",
        )  # fmt: skip

    def text(self) -> str:
        model, joined = self.model, self.joined
        root = self.add(
            model.software_Package, "package", "code-base", name=joined.name or "code base",
            software_primaryPurpose=f"{_SOFTWARE}SoftwarePurpose/application",
        )  # fmt: skip
        listed = {r.canonical for r in joined.references if not r.found.alias}
        models = [self.card(card) for card in joined.cards if card.canonical in listed]
        grouped: dict[str, list[Line]] = {}
        for line in joined.lines:
            grouped.setdefault(line.found.component, []).append(line)
        parts = [self.part(name, grouped[name]) for name in sorted(grouped)]
        self.relate(root, "dependsOn", [*models, *parts])
        bom = self.add(
            model.software_Sbom, "bom", "bom", name="models and infrastructure",
            software_sbomType=[f"{_SOFTWARE}SbomType/source"], rootElement=[root.spdxId],
            profileConformance=self.profiles(bool(models)), element=sorted(self.elements),
        )  # fmt: skip
        self.add(
            model.SpdxDocument, "document", "document", name=f"what {root.name} stands on",
            rootElement=[bom.spdxId], profileConformance=self.profiles(bool(models)),
            element=sorted(self.elements),
        )  # fmt: skip
        objects = model.SHACLObjectSet([self.elements[key] for key in sorted(self.elements)])
        content = model.JSONLDSerializer().serialize_data(objects, True)
        for element in content["@graph"]:
            if "to" in element:
                # the bindings shorten this name to a term that SPDX's own JSON Schema does not take
                element["to"] = [_WRITTEN_OUT.get(each, each) for each in element["to"]]
        content["@graph"] = sorted(content["@graph"], key=_order)
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def profiles(self, has_models: bool) -> list[str]:
        names = ["core", "software", "simpleLicensing"] + (["ai"] if has_models else [])
        return [f"{_CORE}ProfileIdentifierType/{name}" for name in names]

    def party(self, party: Party | None) -> Any:
        """The organisation, or an agent of no name where nobody knows who it is."""
        if party is None or party.id == UNKNOWN:
            return self.add(
                self.model.Agent, "agent", "nobody known", name="NOASSERTION",
                comment="underlay:country=unknown",
            )  # fmt: skip
        return self.add(
            self.model.Organization, "agent", party.id, name=party.name,
            comment=f"underlay:country={party.country}",
        )  # fmt: skip

    def licence(self, licence: LicenceFacts | None) -> Any | None:
        """The expression, its own references mapped to what the publisher wrote."""
        if licence is None or licence.name in (UNKNOWN, "NONE"):
            return None
        expression = licence.spdx or f"LicenseRef-{re.sub('[^A-Za-z0-9.-]+', '-', licence.text)}"
        mapped = []
        for reference in sorted(set(_REF.findall(expression))):
            written = licence.text or reference
            text = self.add(
                self.model.simplelicensing_SimpleLicensingText, "licence-text", reference,
                name=reference, simplelicensing_licenseText=f"published as: {written}",
            )  # fmt: skip
            mapped.append(self.model.DictionaryEntry(key=reference, value=text.spdxId))
        return self.add(
            self.model.simplelicensing_LicenseExpression, "licence", expression,
            simplelicensing_licenseExpression=expression,
            simplelicensing_customIdToUri=mapped or None,
        )  # fmt: skip

    def terms(self, package: Any, licence: LicenceFacts | None) -> None:
        """What the profile asks of each model: a declared licence and a concluded one.

        Nobody concludes anything here; a licence that is not known is no assertion.
        """
        declared = self.licence(licence)
        for relation, target in (
            ("hasDeclaredLicense", declared.spdxId if declared else _NO_ASSERTION),
            ("hasConcludedLicense", _NO_ASSERTION),
        ):
            self.relate(package, relation, [target])

    def identified(self, name: str, purl: Any) -> list[Any]:
        kinds = f"{_CORE}ExternalIdentifierType/"
        found = [
            self.model.ExternalIdentifier(
                externalIdentifierType=f"{kinds}other", identifier=name,
                comment="underlay:canonical",
            )
        ]  # fmt: skip
        if purl is not None:
            found.append(
                self.model.ExternalIdentifier(
                    externalIdentifierType=f"{kinds}packageUrl", identifier=str(purl)
                )
            )
        return found

    def card(self, card: Card) -> Any:
        facts = card.facts
        found = [r.found for r in self.joined.references if r.canonical == card.canonical]
        revisions = sorted({each.revision for each in found if each.revision})
        revision = revisions[0] if len(revisions) == 1 else None
        purl = model_purl(card.canonical, revision)
        supplier = card.operator if card.is_hosted else card.uploader or card.maker
        name = card.canonical.partition(":")[2]
        values: dict[str, Any] = {
            "name": name,
            "software_primaryPurpose": f"{_SOFTWARE}SoftwarePurpose/model",
            "software_packageVersion": revision or "unpinned",
            "software_packageUrl": str(purl) if purl else None,
            "software_downloadLocation": (
                f"https://huggingface.co/{name}" if card.kind == "hub" else None
            ),
            "suppliedBy": self.party(supplier).spdxId,
            "originatedBy": [self.party(card.maker).spdxId],
            "externalIdentifier": self.identified(card.canonical, purl),
            "comment": "; ".join(_notes(card)),
        }
        if facts is not None:
            if facts.released_on:
                day = dt.datetime.fromisoformat(facts.released_on).replace(tzinfo=dt.UTC)
                values["releaseTime"] = day
            if card.is_hosted and facts.end.day:
                day = dt.datetime.fromisoformat(facts.end.day).replace(tzinfo=dt.UTC)
                values["validUntilTime"] = day
            if facts.architecture != UNKNOWN:
                values["ai_typeOfModel"] = [facts.architecture]
            if facts.modality != UNKNOWN:
                values["ai_domain"] = [facts.modality]
            if facts.parameters:
                values["ai_hyperparameter"] = [
                    self.model.DictionaryEntry(key="parameters", value=str(facts.parameters))
                ]
            if facts.judged:
                judged = facts.judged
                values["ai_metric"] = [
                    self.model.DictionaryEntry(
                        key=f"Elo rating, {judged.board}, {judged.day}", value=str(judged.rating)
                    )
                ]
        if card.conflicts:
            values["ai_limitation"] = "; ".join(card.conflicts)
        package = self.add(self.model.ai_AIPackage, "model", card.canonical, **values)
        self.terms(package, card.licence)
        self.relate(package, "descendantOf", list(self.bases(card)))
        statement = [
            f"{each.file}:{each.line}:{each.column} {each.role} {each.rule} {each.ref}"
            for each in found
            if not each.alias
        ]
        self.note(package, statement)
        return package

    def bases(self, card: Card) -> Iterator[Any]:
        for base in card.ancestors:
            purl = model_purl(base.canonical, None)
            name = base.canonical.partition(":")[2]
            package = self.add(
                self.model.ai_AIPackage, "model", base.canonical, name=name,
                software_primaryPurpose=f"{_SOFTWARE}SoftwarePurpose/model",
                software_packageUrl=str(purl) if purl else None,
                software_packageVersion="unpinned",
                suppliedBy=self.party(base.maker).spdxId,
                originatedBy=[self.party(base.maker).spdxId],
                externalIdentifier=self.identified(base.canonical, purl),
                comment="underlay:is-base=true",
            )  # fmt: skip
            self.terms(package, base.licence)
            yield package

    def part(self, name: str, lines: list[Line]) -> Any:
        kind, _, rest = name.partition(":")
        versions = sorted({line.found.version for line in lines if line.found.version})
        version = versions[0] if len(versions) == 1 else None
        purl = component_purl(name, version)
        tie = min((line.found.tie for line in lines), key=TIES.index)
        needs = ",".join(sorted({line.found.need for line in lines}))
        package = self.add(
            self.model.software_Package, "part", name, name=rest or name,
            software_primaryPurpose=(
                f"{_SOFTWARE}SoftwarePurpose/{_PURPOSES.get(kind, 'library')}"
            ),
            software_packageVersion=version,
            software_packageUrl=str(purl) if purl else None,
            suppliedBy=self.party(lines[0].vendor).spdxId,
            externalIdentifier=self.identified(name, purl),
            comment=f"underlay:tie={tie}; underlay:need={needs}",
        )  # fmt: skip
        self.note(
            package,
            [
                f"{line.found.file}:{line.found.line}:{line.found.column} {line.found.tie} "
                f"{line.found.rule} {line.found.evidence}"
                for line in lines
            ],
        )
        return package

    def note(self, package: Any, statements: list[str]) -> None:
        if statements:
            self.add(
                self.model.Annotation, "places", package.spdxId, subject=package.spdxId,
                annotationType=f"{_CORE}AnnotationType/other",
                statement="\n".join(statements),
            )  # fmt: skip


def _order(element: dict[str, Any]) -> tuple[str, str]:
    return str(element.get("type")), str(element.get("spdxId") or element.get("@id"))


def _notes(card: Card) -> Iterator[str]:
    facts = card.facts
    yield f"underlay:kind={card.kind}"
    yield f"underlay:openness={card.openness}"
    yield f"underlay:maker-country={card.maker.country}"
    if card.operator:
        yield f"underlay:operator-country={card.operator.country}"
    if card.uploader:
        yield f"underlay:uploader={card.uploader.id} ({card.uploader.country})"
    if facts is None:
        yield f"underlay:unknown={card.reason}"
        return
    yield f"underlay:licence-class={facts.licence.licence_class}"
    if card.is_hosted and not facts.end.day:
        yield f"underlay:end-of-life=unknown ({facts.end.reason})"
