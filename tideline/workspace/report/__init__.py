"""The run report: one HTML file that needs nothing else, not even a network."""

from tideline.workspace.report.write import report_html, write_index, write_report

__all__ = ["report_html", "write_index", "write_report"]
