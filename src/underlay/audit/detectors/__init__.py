"""Every detector of the audit, in one visible tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.artifacts import Artifacts
from underlay.audit.detectors.infrastructure.coupling import Coupling
from underlay.audit.detectors.infrastructure.deployment import Deployment
from underlay.audit.detectors.infrastructure.includes import Includes
from underlay.audit.detectors.infrastructure.kernels import Kernels
from underlay.audit.detectors.infrastructure.locks import Locks, Wheels
from underlay.audit.detectors.infrastructure.manifests import Manifests
from underlay.audit.detectors.infrastructure.services import Services
from underlay.audit.detectors.models.addresses import Addresses
from underlay.audit.detectors.models.code import Code
from underlay.audit.detectors.models.comfyui import ComfyUI
from underlay.audit.detectors.models.containers import Compose, Dockerfile
from underlay.audit.detectors.models.javascript import JavaScript
from underlay.audit.detectors.models.lists import Lists, NimImages
from underlay.audit.detectors.models.modelfile import Modelfile
from underlay.audit.detectors.models.notebook import Notebook
from underlay.audit.detectors.models.prose import Prose
from underlay.audit.detectors.models.python import Python
from underlay.audit.detectors.models.scripts import Scripts
from underlay.audit.detectors.models.settings import Dotenv, SettingsFiles
from underlay.audit.detectors.models.terraform import Terraform
from underlay.audit.detectors.models.weights import Weights

if TYPE_CHECKING:
    from underlay.audit.findings import Detector

__all__ = ["DETECTORS"]

DETECTORS: tuple[Detector, ...] = (
    Python(),
    Notebook(),
    JavaScript(),
    Code(),
    Scripts(),
    Dockerfile(),
    Compose(),
    SettingsFiles(),
    Dotenv(),
    Modelfile(),
    Terraform(),
    ComfyUI(),
    Weights(),
    Prose(),
    Lists(),
    NimImages(),
    Manifests(),
    Artifacts(),
    Includes(),
    Locks(),
    Wheels(),
    Coupling(),
    Deployment(),
    Kernels(),
    Services(),
    Addresses(),
)
