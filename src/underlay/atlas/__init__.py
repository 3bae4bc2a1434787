"""The atlas: who is who, what is what, and why we think so."""

from __future__ import annotations

from underlay.atlas.contracts import CORE, core
from underlay.atlas.curated import Curated, read_curated

__all__ = ["CORE", "Curated", "core", "read_curated"]
