"""The report: one HTML page with figures, checks, sources and assumptions."""

from geoborder.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
