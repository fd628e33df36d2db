"""What a run did, as a page for people: `write_report` for one run, `write_index` for several."""

from tideline.workspace.report.pages import write_index, write_report

__all__ = ["write_index", "write_report"]
