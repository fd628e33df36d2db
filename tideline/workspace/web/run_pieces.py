"""The parts of a run's page. Page and stream take them from here, so that what is sent is what a reload shows."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tideline.workspace.control.state import Workspace
from tideline.workspace.jobs import JobRun, TaskRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.events import read_events
from tideline.workspace.jobs.records import all_tasks
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.jobs.tables import COUNTS
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.report.picture import anchor, graph_svg, timeline_svg
from tideline.workspace.report.write import headline
from tideline.workspace.web.history import written_at
from tideline.workspace.web.redacted import redactor_of, secrets_at
from tideline.workspace.web.render import piece

KEPT, ALIVE_SECONDS = 32, 2.0
LAST_LINES = 15
# In the order of the page; the tasks follow them.
PARTS = ("said", "head", "failures", "graph", "timeline", "tables", "parameters")


@dataclass(frozen=True)
class Version:
    """What a page depends on: another version, another page."""

    written: int
    told: int
    is_stopping: bool
    secrets: int


@dataclass
class Now:
    """What a running task is at, and what was noted about the run."""

    cells: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Drawn:
    """A run as of one version: its parts by the ids of their elements."""

    run: JobRun
    version: Version
    parts: dict[str, Markup]
    at: float

    @property
    def has_ended(self) -> bool:
        return self.run.state in s.TERMINAL


class Drawing:
    """Draws runs; many who look at the same one share what was drawn."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Drawn] = OrderedDict()
        self._lock = threading.Lock()

    def drawn(self, workspace: Workspace, run_id: str) -> Drawn:
        """The run as it is now. JobError where there is none."""
        version = version_of(workspace, run_id)
        with self._lock:
            found = self._kept.get(run_id)
            if found is None or found.version != version or _is_old(found):
                found = self._kept[run_id] = _draw(workspace, run_id, version)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(run_id)
        return found


def version_of(workspace: Workspace, run_id: str) -> Version:
    """Told from the files' times, so that asking often costs little."""
    folder = workspace.store.path(run_id)
    events = folder / "events.jsonl"
    told = events.stat().st_size if events.is_file() else 0
    return Version(written_at(folder), told, workspace.background.is_stopping(run_id), secrets_at(workspace))


def _is_old(drawn: Drawn) -> bool:
    """No file tells that the process which runs it has died, so a run that goes on is looked at anew every two seconds."""
    return not drawn.has_ended and time.monotonic() - drawn.at > ALIVE_SECONDS


def _draw(workspace: Workspace, run_id: str, version: Version) -> Drawn:
    redact = redactor_of(workspace)
    run = without_secrets(workspace.store.load(run_id), redact)
    now = _now(workspace.store.path(run.parent or run_id), redact)
    values = {
        "run": run, "now": now, "is_stopping": version.is_stopping, "has_ended": run.state in s.TERMINAL,
        "is_ours": workspace.background.is_going(run_id), "sentence": sentence(run), "counts": COUNTS,
        "can_repair": can_repair(run), "takes_more": set(run.parameters) == set(run.overrides),
        "failures": failures(run), "tables": _tables(run), "anchor": anchor, "last_lines": last_lines,
        "graph": Markup(graph_svg(run)) if run.tasks else "", "timeline": Markup(timeline_svg(run)),  # noqa: S704 (our own markup, escaped where it was made)
    }  # fmt: skip
    parts = {f"run-{name}": Markup(piece(f"run/{name}", **values)) for name in PARTS}  # noqa: S704 (rendered by our templates, which escape)
    for number, task in enumerate(run.tasks.values(), start=1):
        parts[f"run-task-{number}"] = Markup(piece("run/task", task=task, number=number, **values))  # noqa: S704 (as above)
    return Drawn(run, version, parts, time.monotonic())


def sentence(run: JobRun) -> str:
    """What happened, or what goes on, for whoever reads one line alone."""
    if run.state in s.TERMINAL:
        return headline(run)
    if run.state == s.QUEUED:
        return "Waits: another run of this job goes on, and the job allows no more at once."
    states = [task.state for task in run.tasks.values()]
    running = [key for key, task in run.tasks.items() if task.state == s.RUNNING]
    done = sum(state in s.TERMINAL for state in states)
    what = f"; at work: {', '.join(running[:4])}{' …' if len(running) > 4 else ''}" if running else ""
    return f"{done} of {len(states)} tasks have ended{what}."


def failures(run: JobRun) -> list[tuple[str, TaskRun]]:
    """The tasks that failed by themselves, with their paths."""
    return [(path, task) for path, task in all_tasks(run) if task.error and not task.child and not task.iterations]


def can_repair(run: JobRun) -> bool:
    return run.state in s.TERMINAL and not run.parent and any(s.is_bad(task.state) for task in run.tasks.values())


def last_lines(text: str) -> str:
    """The end of a long text."""
    return "\n".join(text.rstrip().splitlines()[-LAST_LINES:])


def _tables(run: JobRun) -> list[tuple[str, dict[str, Any]]]:
    return [(path, row) for path, task in all_tasks(run) for row in task.tables]


def _now(folder: Path, redact: Redactor) -> Now:
    """Of each task the last cell that began."""
    now = Now()
    for event in read_events(folder / "events.jsonl"):
        event["text"] = redact.text(event["text"])
        if event["kind"] == "cell":
            now.cells[event["task"]] = event
        elif event["kind"] == "note" and event["text"] not in now.notes:
            now.notes.append(event["text"])
        elif event["kind"] == "attempt":
            now.cells.pop(event["task"], None)
    return now
