"""Models that Terraform and Bicep name: variables, environments, arguments, deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import COMMAND_RULES, mentions_models
from underlay.audit.detectors.models.remarks import REMARK_RULES, read_remarks
from underlay.audit.detectors.models.settings_values import Settings
from underlay.audit.detectors.models.settings_walk import SETTINGS_RULES, walk_settings
from underlay.audit.names.sites import Sightings
from underlay.audit.readers.bicep import read_bicep
from underlay.audit.readers.documents import read_hcl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, ModelReference, Rule, Unknown

__all__ = ["Terraform"]

_HCL = frozenset((".tf", ".tfvars", ".hcl", ".nomad"))
_BICEP = frozenset((".bicep", ".bicepparam"))


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform, OpenTofu, Nomad, Packer, and Azure's Bicep."""

    name: str = "terraform"
    version: int = 4
    rules: tuple[Rule, ...] = (*SETTINGS_RULES, *COMMAND_RULES, *REMARK_RULES)

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """HCL and Bicep by their endings."""
        return size <= 1_000_000 and path.suffix.lower() in _HCL | _BICEP

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """What its blocks name."""
        if not mentions_models(file.data) or b"\0" in file.data[:1000]:
            return
        is_bicep = file.path.suffix.lower() in _BICEP
        document = read_bicep(file.text()) if is_bicep else read_hcl(file.text())
        found = Sightings(file.path)
        walk_settings(Settings(file.path, found, document), document.roots)
        if document.problem:
            found.doubt("", 0, 0, "terraform", document.problem)
        read_remarks(file.text(), file.path, found)
        yield from found
