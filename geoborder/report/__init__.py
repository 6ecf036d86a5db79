"""The report: one page with figures, checks, sources and assumptions; also as PDF."""

from geoborder.report.figures import summary_line
from geoborder.report.page import render_report, write_report
from geoborder.report.pdf import find_browser, write_report_pdf

__all__ = [
    "find_browser",
    "render_report",
    "summary_line",
    "write_report",
    "write_report_pdf",
]
