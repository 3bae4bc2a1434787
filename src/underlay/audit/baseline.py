"""Bills of materials read back: ours and other tools', for baselines and for differences."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from underlay.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from underlay.audit.findings import ModelReference
    from underlay.audit.project import Audit

__all__ = [
    "MOST_BYTES",
    "Bom",
    "Change",
    "Difference",
    "Item",
    "difference",
    "difference_schema",
    "only_new",
    "read_bom",
]

MOST_BYTES = 200_000_000
_DEEPEST = 200  # components within components
_OURS = "underlay:canonical"
_MODELS = "machine-learning-model"


@dataclass(frozen=True, slots=True)
class Item:
    """A model or a piece of infrastructure in a bill; `facts` are what can change."""

    layer: str  # model or infrastructure
    key: str  # comparable across formats, case kept
    facts: tuple[tuple[str, str], ...] = ()
    places: frozenset[str] = frozenset()  # files that name it; none where the bill has none


@dataclass(frozen=True)
class Bom:
    """A bill of materials: its format and its items by layer and key."""

    format: str
    items: dict[tuple[str, str], Item] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A fact of an item that differs."""

    layer: str
    key: str
    fact: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second bill has more, has less, and has otherwise."""

    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON answer `underlay/diff-bom/1`."""
        return {
            "schema": "underlay/diff-bom/1",
            "added": [_item(each) for each in self.added],
            "removed": [_item(each) for each in self.removed],
            "changed": [
                {"layer": c.layer, "key": c.key, "fact": c.fact, "before": c.before,
                 "after": c.after}
                for c in self.changed
            ],
        }  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {
        "layer": item.layer,
        "key": item.key,
        "facts": dict(item.facts),
        "files": sorted(item.places),
    }


def difference_schema() -> dict[str, Any]:
    """The JSON Schema of `underlay/diff-bom/1`."""
    text = {"type": "string"}
    layer = {"enum": ["model", "infrastructure"]}
    item = {
        "type": "object",
        "properties": {
            "layer": layer,
            "key": text,
            "facts": {"type": "object", "additionalProperties": text},
            "files": {"type": "array", "items": text},
        },
        "required": ["layer", "key", "facts", "files"],
    }
    names = ("key", "fact", "before", "after")
    change = {
        "type": "object",
        "properties": {"layer": layer, **dict.fromkeys(names, text)},
        "required": ["layer", *names],
    }
    properties = {
        "schema": {"const": "underlay/diff-bom/1"},
        "added": {"type": "array", "items": item},
        "removed": {"type": "array", "items": item},
        "changed": {"type": "array", "items": change},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "underlay/diff-bom/1",
        "description": "What a bill of materials has more, has less and has otherwise.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def read_bom(text: str, path: str) -> Bom:
    """A bill in our JSON, CycloneDX JSON or SPDX JSON (2.x, 3.0); raises `UnreadableError`."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(path, f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UnreadableError(path, "not a JSON object")
    if str(content.get("schema", "")).startswith("underlay/audit/"):
        return Bom("underlay", _keyed(_ours(content)))
    if content.get("bomFormat") == "CycloneDX":
        return Bom(f"CycloneDX {content.get('specVersion', '')}", _keyed(_cyclonedx(content)))
    if "spdxVersion" in content:
        return Bom(str(content["spdxVersion"]), _keyed(_spdx2(content)))
    if "@graph" in content:
        return Bom("SPDX 3", _keyed(_spdx3(content)))
    reason = "neither an audit of underlay nor CycloneDX JSON nor SPDX JSON"
    raise UnreadableError(path, reason)


def difference(before: Bom, after: Bom) -> Difference:
    """What changed from one bill to the other; facts are compared where both state them."""
    added = [item for key, item in sorted(after.items.items()) if key not in before.items]
    removed = [item for key, item in sorted(before.items.items()) if key not in after.items]
    changed = []
    for key in sorted(set(before.items) & set(after.items)):
        old, new = dict(before.items[key].facts), dict(after.items[key].facts)
        changed += [
            Change(*key, fact, old[fact], new[fact])
            for fact in sorted(set(old) & set(new))
            if old[fact] != new[fact]
        ]
    return Difference(tuple(added), tuple(removed), tuple(changed))


def only_new(audit: Audit, known: Bom, canonical: Mapping[ModelReference, str]) -> Audit:
    """The audit without what the baseline has: by name and file, where it says files."""
    from dataclasses import replace

    def is_new(layer: str, key: str, file: str) -> bool:
        item = known.items.get((layer, key))
        return item is None or bool(item.places and file not in item.places)

    return replace(
        audit,
        models=tuple(m for m in audit.models if is_new("model", canonical[m], m.file)),
        weak=tuple(m for m in audit.weak if is_new("model", canonical[m], m.file)),
        infrastructure=tuple(
            i for i in audit.infrastructure if is_new("infrastructure", i.component, i.file)
        ),
    )


def _keyed(items: Iterable[Item]) -> dict[tuple[str, str], Item]:
    """Items by key; where one stands twice, places are joined and the first facts stay."""
    found: dict[tuple[str, str], Item] = {}
    for item in items:
        key = item.layer, item.key
        if key in found:
            held = found[key]
            # an item without places stands anywhere: it must not turn into one of few files
            places = held.places | item.places if held.places and item.places else frozenset()
            found[key] = Item(item.layer, item.key, held.facts or item.facts, places)
        else:
            found[key] = item
    return found


def _facts(**given: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, str(value)) for name, value in given.items() if isinstance(value, str) and value
    )


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _ours(content: dict[str, Any]) -> Iterator[Item]:
    for row in _mappings(content.get("models")):
        if row.get("alias"):
            continue
        facts = _facts(
            revision=row.get("revision"), maker=row.get("maker"), country=row.get("country"),
            licence=row.get("licence"), openness=row.get("openness"),
        )  # fmt: skip
        yield Item("model", str(row.get("canonical")), facts, frozenset({str(row.get("file"))}))
    for row in _mappings(content.get("infrastructure")):
        facts = _facts(
            version=row.get("version"), tie=row.get("tie"), vendor=row.get("vendor"),
            country=row.get("country"),
        )  # fmt: skip
        place = frozenset({str(row.get("file"))})
        yield Item("infrastructure", str(row.get("component")), facts, place)


def _cyclonedx(content: dict[str, Any]) -> Iterator[Item]:
    queue = [(each, 0) for each in _mappings(content.get("components"))]
    queue += [({**each, "type": "service"}, 0) for each in _mappings(content.get("services"))]
    for component, depth in queue:
        if depth < _DEEPEST:
            queue += [(each, depth + 1) for each in _mappings(component.get("components"))]
        properties = {
            str(each.get("name")): str(each.get("value"))
            for each in _mappings(component.get("properties"))
        }
        is_model = component.get("type") == _MODELS
        purl = component.get("purl")
        name = str(component.get("name", ""))
        group = component.get("group")
        key = properties.get(_OURS) or _purl_key(purl)
        if key is None:
            key = f"{group}/{name}" if group else name
            if is_model and "/" in key and ":" not in key:
                key = f"huggingface:{key}"
        supplier = component.get("supplier") or component.get("manufacturer") or {}
        supplier = supplier if isinstance(supplier, dict) else {}
        address = supplier.get("address")
        country = address.get("country") if isinstance(address, dict) else None
        evidence = component.get("evidence")
        occurrences = evidence.get("occurrences") if isinstance(evidence, dict) else None
        places = frozenset(
            str(each["location"]) for each in _mappings(occurrences) if "location" in each
        )
        facts = _facts(
            version=component.get("version"), supplier=supplier.get("name"), country=country,
            licence=_cyclonedx_licence(component.get("licenses")),
        )  # fmt: skip
        yield Item("model" if is_model else "infrastructure", key, facts, places)


def _cyclonedx_licence(licences: Any) -> str:
    names = []
    for each in _mappings(licences):
        inner = each.get("license")
        inner = inner if isinstance(inner, dict) else {}
        names.append(str(each.get("expression") or inner.get("id") or inner.get("name") or ""))
    return " AND ".join(name for name in names if name)


def _purl_key(purl: Any) -> str | None:
    """`pkg:huggingface/Qwen/Qwen3-8B@abc` as `huggingface:Qwen/Qwen3-8B`."""
    if not isinstance(purl, str) or not purl.startswith("pkg:"):
        return None
    kind, _, rest = purl[4:].partition("/")
    name = unquote(rest.partition("?")[0].partition("#")[0].rpartition("@")[0] or rest)
    prefix = {"pypi": "package", "npm": "npm", "cargo": "crate", "golang": "go", "docker": "image",
              "oci": "image"}.get(kind, kind)  # fmt: skip
    if kind == "maven":
        name = name.replace("/", ":")
    elif kind == "swift":
        name = name.removeprefix("github.com/")
    return f"{prefix}:{name}"


def _spdx2(content: dict[str, Any]) -> Iterator[Item]:
    for package in _mappings(content.get("packages")):
        purls = [
            each.get("referenceLocator")
            for each in _mappings(package.get("externalRefs"))
            if each.get("referenceType") == "purl"
        ]
        key = _purl_key(purls[0] if purls else None) or str(package.get("name", ""))
        layer = "model" if key.startswith("huggingface:") else "infrastructure"
        facts = _facts(
            version=package.get("versionInfo"), supplier=package.get("supplier"),
            licence=package.get("licenseConcluded"),
        )  # fmt: skip
        yield Item(layer, key, facts)


def _spdx3(content: dict[str, Any]) -> Iterator[Item]:
    for element in _mappings(content.get("@graph")):
        kind = str(element.get("type", element.get("@type", ""))).rpartition("/")[2]
        is_model = kind in ("ai_AIPackage", "AIPackage")
        if not is_model and kind not in ("software_Package", "Package"):
            continue
        ours = [
            each.get("identifier")
            for each in _mappings(element.get("externalIdentifier"))
            if each.get("comment") == _OURS
        ]
        key = str(ours[0]) if ours else None
        key = key or _purl_key(element.get("software_packageUrl")) or str(element.get("name", ""))
        facts = _facts(version=element.get("software_packageVersion"))
        yield Item("model" if is_model else "infrastructure", key, facts)
