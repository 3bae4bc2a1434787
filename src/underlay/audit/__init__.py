"""What one code base stands on: models and infrastructure, found in its files."""

from __future__ import annotations

from underlay.audit.project import Audit, audit
from underlay.audit.walk import Limits

__all__ = ["Audit", "Limits", "audit"]
