"""Every detector of the audit, in one visible tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.audit.detectors.containers import Compose, Dockerfile
from underlay.audit.detectors.modelfile import Modelfile
from underlay.audit.detectors.notebook import Notebook
from underlay.audit.detectors.python import Python
from underlay.audit.detectors.scripts import Scripts
from underlay.audit.detectors.settings import Dotenv, SettingsFiles

if TYPE_CHECKING:
    from underlay.audit.findings import Detector

__all__ = ["DETECTORS"]

DETECTORS: tuple[Detector, ...] = (
    Python(),
    Notebook(),
    Scripts(),
    Dockerfile(),
    Compose(),
    SettingsFiles(),
    Dotenv(),
    Modelfile(),
)
