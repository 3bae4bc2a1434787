"""An audit in every form, for tests of the forms: without a clock, the same each time."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from underlay.audit.document import digest, document
from underlay.audit.formats.cyclonedx import cyclonedx
from underlay.audit.formats.outline import audit_outline
from underlay.audit.formats.plain import markdown, text
from underlay.audit.formats.sarif import sarif
from underlay.audit.formats.spdx import spdx
from underlay.audit.policy import Policy, judge
from underlay.report.audit_page import audit_page

if TYPE_CHECKING:
    from underlay.audit.join import Joined

__all__ = ["rendered"]

DAY = dt.date(2026, 11, 21)


def rendered(joined: Joined) -> dict[str, str]:
    """All forms but the terminal's colours."""
    report = judge(joined, Policy(), DAY)
    content = document(joined, report)
    serial = digest(content)
    outline = audit_outline(joined, report)
    return {
        "json": json.dumps(content, ensure_ascii=False),
        "text": text(outline),
        "md": markdown(outline),
        "html": audit_page(outline, version="1.0"),
        "cyclonedx-1.6": cyclonedx(joined, version="1.6", tool="1.0", serial=serial, moment=None),
        "cyclonedx-1.7": cyclonedx(joined, version="1.7", tool="1.0", serial=serial, moment=None),
        "spdx": spdx(joined, tool="1.0", serial=serial, moment=None),
        "sarif": sarif(joined, report, tool="1.0"),
    }
