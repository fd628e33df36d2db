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
    "run": "Runs, and what a person sees of them",
    "data": "Tables, functions, models and apps",
    "control": "Control plane (REST API)",
}
HEAD = ("| part | here | remark | the test that shows it | check in a workspace |", "| --- | --- | --- | --- | --- |")
BEGINNING = """# What runs here as it does in a workspace

The same bundle, jobs and notebooks run on a laptop and in a workspace. This page lists every part, what the local
workspace does with it, the test that shows it, and how to check it in a workspace:

- **emulated**: it has the effect that it has in a workspace, as far as the remark says;
- **recorded**: it is validated and shown, and has no effect on a run;
- **refused**: a run that needs it does not start. The message names the file, the line and what to do instead.
  Nothing is ever left out in silence.

`tideline capabilities --long` prints the same table, and `tideline validate` finds what is refused before a run does.
The page is made from the files `capability_*.py` and `shown_*.py` in `tideline/workspace/bundle`; a test compares them, and
another finds that every test named here exists.
Of what a workspace does, only the official command's `bundle validate` was tried (a test asks it where it can); the last
column is what a person does there.
"""
ENDING = """
## Through Databricks Connect

`make test-connect` runs the tests that use Spark through the client of Databricks Connect, in an environment of its own
(Python 3.12, `requirements/connect.txt`), against the local server: the engine, the systems, operations, and the features
above. Left to `make test-all`, with the reason beside each file in `tests/over_connect.py`: tests that run notebooks (their
kernels live in the ordinary environment), and tests in which no session takes part.

Run whole with its 17.3 client, 320 of 324 tests passed in 24 minutes. Three of the others ask the API, whose answer takes no
session: they are left out since. One expected the reason why a file cannot be read, which a long path had cut off: mended, and
seen to pass.

## Where the two differ on purpose

- **One server.** All tasks share one Spark server. A cluster's size, type and policies have no effect.
- **One person.** Grants, permissions and `run_as` are validated, not enforced.
- **Names.** The catalogue is `spark_catalog`; Hive's catalogue has two levels below it, as Unity Catalog has.
- **Deployment.** A run of the bundle needs none: tables and folders are made by the run that needs them. What
  `databricks bundle deploy` puts into the local control plane is kept under `.tideline/` and stands beside the bundle's
  own jobs. `tideline control env` gives the command the values that variables have on this machine
  (`BUNDLE_VAR_...`), so that a deployed job names the catalogue and the folders that are here.
- **Triggers.** Nothing starts by itself unless `tideline schedule start` is asked to: a process in the foreground, one per
  bundle. What was due while none ran is made up for by one run per job; a run that was cut off goes on from what it had
  finished. File arrival watches folders of this machine (a few thousand files), table update the log of tables in this
  machine's warehouse; commits that change no data do not count. It looks every second, the platform about every minute.
- **Another server.** `tideline --remote sc://HOST:PORT/;use_ssl=true` runs the same jobs on any Spark Connect server with
  Delta. Notebooks still run in kernels of this machine, so volumes must be a folder that both see under one path
  (`--volume-root`); this is tried before a run. A token goes to another machine by TLS only, and never to a command line.
  Spark Connect has no TLS of its own: a proxy before the server ends it. Databases must be within the server's reach, user
  functions need its minor version of Python, and table update triggers and apps read this machine's warehouse only.
- **Limits that a laptop keeps too:** 48 KiB of a task value, 10,000 bytes of a task's parameters, 4,096 bytes of a
  parameter's default, 256 bytes of a tag, 5,000 characters of a loop's inputs.
"""


def parity_page() -> str:
    """The whole page as Markdown, one table per area."""
    tables = [_table(area, title) for area, title in AREAS.items()]
    return "\n".join([BEGINNING, *tables, _gaps()]) + ENDING


def _table(area: str, title: str) -> str:
    rows = [row for row in CAPABILITIES if row.area == area]
    lines = [f"## {title}", "", *HEAD, *map(_line, rows), ""]
    return "\n".join(lines)


def _gaps() -> str:
    """Plainly, what no test shows."""
    names = [f"`{row.name}` ({AREAS[row.area]})" for row in CAPABILITIES if not row.shown_by]
    said = f"No test shows: {'; '.join(names)}." if names else "Every part is shown by a test."
    return f"## Gaps\n\n{said}\n"


def _line(row: Capability) -> str:
    shown = f"`{row.shown_by}`" if row.shown_by else "not shown by a test"
    cells = (f"`{row.name}`", row.level, row.note, shown, row.check)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(parity_page())
