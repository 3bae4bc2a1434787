"""Every detector of the audit, in one visible tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.audit.detectors.python import Python

if TYPE_CHECKING:
    from underlay.audit.findings import Detector

__all__ = ["DETECTORS"]

DETECTORS: tuple[Detector, ...] = (Python(),)
