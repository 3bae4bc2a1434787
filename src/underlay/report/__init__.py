"""How an answer looks: a document made of figures, and renderers for it. No I/O, no engine."""

from underlay.report.build import build_report
from underlay.report.document import Known, Line, Part, Report

__all__ = ["Known", "Line", "Part", "Report", "build_report"]
