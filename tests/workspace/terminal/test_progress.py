"""What a person sees while a job runs: a line per change in a log, a picture that moves on a terminal."""

from __future__ import annotations

import io
import re

from rich.console import Console

from tideline.workspace.jobs.events import Event
from tideline.workspace.terminal.live import Progress

CONTROL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
TABLES = [{"table": "gold.a", "status": "written", "inserted": 1200, "updated": 34, "deleted": 0}]
EVENTS = (
    Event("run", state="RUNNING", data={"order": [["raw"], ["gold", "dash"]], "job": "daily", "run_id": "7"}, at=10.0),
    Event("task", "raw", "RUNNING", data={"attempt": 1, "of": 3}, at=10.0),
    Event("task", "raw", "WAITING_FOR_RETRY", "FAILED, next attempt at once", at=11.0),
    Event("task", "raw", "RUNNING", data={"attempt": 2, "of": 3}, at=12.0),
    Event("cell", "raw", text="Load <it>", data={"number": 2, "total": 5, "cell": "python"}),
    Event("task", "raw", "SUCCESS", data={"seconds": 2.5, "tables": TABLES}, at=14.5),
    Event("task", "gold", "RUNNING", data={"attempt": 1, "of": 1}, at=15.0),
)


def shown(console: Console) -> str:
    with Progress(console) as progress:
        for event in EVENTS:
            progress(event)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_in_a_log_every_change_is_a_line_of_its_own() -> None:
    assert shown(Console(file=io.StringIO(), width=200)).splitlines() == [
        "daily, run 7: raw → gold, dash",
        "raw  RUNNING",
        "raw  WAITING_FOR_RETRY  1.0 s  FAILED, next attempt at once",
        "raw  RUNNING    attempt 2 of 3",
        "raw  SUCCESS  2.5 s  attempt 2 of 3, 1,234 rows written, 1 tables",
        "gold  RUNNING",
    ]


def test_on_a_terminal_each_task_has_one_line_that_moves_and_all_stand_at_the_end() -> None:
    text = shown(Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None))
    assert "\x1b[1A" in text  # the cursor went back up
    last = [CONTROL.sub("", line).split() for line in text.splitlines()[-3:]]
    assert last[0] == ["raw", "SUCCESS", "2.5", "s", "attempt", "2", "of", "3,", "1,234", "rows", "written,", "1", "tables"]
    assert last[1][:2] == ["gold", "RUNNING"] and last[2] == ["dash", "BLOCKED"]
