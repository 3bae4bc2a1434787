"""What documents of settings tell a person: descriptions, help texts, and addresses in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.findings import Rule
from underlay.audit.names.mentions import mentions
from underlay.audit.names.references import Place, classify
from underlay.audit.names.sites import Site, words_of_name

if TYPE_CHECKING:
    from underlay.audit.detectors.models.settings_values import Settings
    from underlay.audit.readers.documents import Node

__all__ = ["TOLD_RULES", "read_told"]

TOLD_RULES = (Rule("settings/told", "A model that the description of a setting names."),)

_LONGEST = 5_000
_ADDRESS = re.compile(r"https?://[^\s\"'<>|;)\\,`]+")
_DESCRIPTIONS = frozenset(("description", "help", "tooltip", "hint", "summary", "help_text", "doc"))
# a description is never as sure as a setting
MOST = 0.6


def read_told(settings: Settings, key: str, value: Node) -> None:
    """Adds the addresses of models in a text with spaces, and the names in a description."""
    if len(value.text) > _LONGEST:
        return
    fragment = settings.document.fragment(value)
    for match in _ADDRESS.finditer(fragment.text) if "://" in value.text else ():
        text = match[0].rstrip(".,:")
        address = classify(text, Place())
        if address is not None and address.confidence >= 0.7:
            site = Site(settings.file, "settings/url", key, "doc", 0.0, most=MOST)
            settings.found.see(text, *fragment.at(match.start()), site)
    if words_of_name(key) not in _DESCRIPTIONS:
        return
    for one in mentions(fragment.text):
        found = one.candidate
        is_weak = found.kind == "hub" and found.confidence < MOST
        if one.is_local or found.kind == "file" or is_weak:
            continue
        expects = None if found.kind == "hosted" else found.kind
        strength = 0.0 if expects is None else MOST
        site = Site(settings.file, "settings/told", key, "doc", strength, expects, most=MOST)
        settings.found.see(found.ref, *fragment.at(one.start), site)
