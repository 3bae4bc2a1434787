"""Every detector of the audit, in one visible tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.audit.detectors.addresses import Addresses
from underlay.audit.detectors.artifacts import Artifacts
from underlay.audit.detectors.code import Code
from underlay.audit.detectors.comfyui import ComfyUI
from underlay.audit.detectors.containers import Compose, Dockerfile
from underlay.audit.detectors.coupling import Coupling
from underlay.audit.detectors.deployment import Deployment
from underlay.audit.detectors.includes import Includes
from underlay.audit.detectors.javascript import JavaScript
from underlay.audit.detectors.kernels import Kernels
from underlay.audit.detectors.lists import Lists, NimImages
from underlay.audit.detectors.locks import Locks, Wheels
from underlay.audit.detectors.manifests import Manifests
from underlay.audit.detectors.modelfile import Modelfile
from underlay.audit.detectors.notebook import Notebook
from underlay.audit.detectors.prose import Prose
from underlay.audit.detectors.python import Python
from underlay.audit.detectors.scripts import Scripts
from underlay.audit.detectors.services import Services
from underlay.audit.detectors.settings import Dotenv, SettingsFiles
from underlay.audit.detectors.terraform import Terraform
from underlay.audit.detectors.weights import Weights

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
