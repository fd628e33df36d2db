"""The page that says how far the local workspace goes: `python -m tideline.workspace.bundle.parity`."""

from __future__ import annotations

import sys

from tideline.workspace.bundle.capabilities import CAPABILITIES, Capability

AREAS = {
    "bundle": "Bundles",
    "job": "Jobs",
    "task": "Tasks",
    "reference": "References of the job service",
    "notebook": "Notebooks",
    "control": "Control plane (REST API)",
}
BEGINNING = """# What runs here as it does in a workspace

The same bundle, jobs and notebooks run on a laptop and in a workspace. This page lists every part and what the local
workspace does with it:

- **emulated**: it has the effect that it has in a workspace, as far as the remark says;
- **recorded**: it is validated and shown, and has no effect on a run;
- **refused**: a run that needs it does not start. The message names the file, the line and what to do instead.
  Nothing is ever left out in silence.

`tideline capabilities` prints the same table, and `tideline validate` finds what is refused before a run does.
The page is made from `tideline/workspace/bundle/capability_rows.py` and `capability_around.py`; a test compares them.
"""
ENDING = """
## Where the two differ on purpose

- **One machine.** All tasks share one Spark server. A cluster's size, type and policies have no effect.
- **One person.** Grants, permissions and `run_as` are validated, not enforced.
- **Names.** The catalogue is `spark_catalog`; Hive's catalogue has two levels below it, as Unity Catalog has.
- **Deployment.** Nothing is deployed: tables and folders are made by the run that needs them.
- **Triggers.** `tideline` shows the next run times of a schedule (Quartz, in its time zone); nothing starts by itself.
- **Limits that a laptop keeps too:** 48 KiB of a task value, 10,000 bytes of a task's parameters, 4,096 bytes of a
  parameter's default, 256 bytes of a tag, 5,000 characters of a loop's inputs.
"""


def parity_page() -> str:
    """The whole page as Markdown, one table per area."""
    tables = [_table(area, title) for area, title in AREAS.items()]
    return "\n".join([BEGINNING, *tables]) + ENDING


def _table(area: str, title: str) -> str:
    rows = [row for row in CAPABILITIES if row.area == area]
    lines = [f"## {title}", "", "| part | here | remark |", "| --- | --- | --- |", *map(_line, rows), ""]
    return "\n".join(lines)


def _line(row: Capability) -> str:
    cells = (f"`{row.name}`", row.level, row.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(parity_page())
