"""What the local workspace does with each part of a bundle: emulated, recorded only, or refused.

`docs/parity.md` and `tideline capabilities` show this table; the runner refuses by it, with file and line.
"""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.calls import jobs_called
from tideline.workspace.bundle.capability_around import AROUND
from tideline.workspace.bundle.capability_data import DATA
from tideline.workspace.bundle.capability_rows import (
    EMULATED,
    JOB_FIELDS,
    RECORDED,
    REFUSED,
    TASK_FIELDS,
    Capability,
)
from tideline.workspace.bundle.capability_runs import RUNS
from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.shown import with_proof
from tideline.workspace.bundle.shown_around import SHOWN_AROUND
from tideline.workspace.bundle.shown_jobs import JOBS, TASKS
from tideline.workspace.bundle.views import Job, Task

SQL_KINDS = ("query", "alert", "dashboard")
__all__ = ["CAPABILITIES", "EMULATED", "RECORDED", "REFUSED", "Capability", "level_of", "refusals"]

CAPABILITIES = with_proof(
    (*AROUND, *JOB_FIELDS, *TASK_FIELDS, *RUNS, *DATA), {**SHOWN_AROUND, "job": JOBS, "task": TASKS}
)
_BY_NAME = {(row.area, row.name): row for row in CAPABILITIES}


def level_of(area: str, name: str) -> str:
    """The level of a field of a `job` or `task`; unknown fields are refused."""
    row = _BY_NAME.get((area, name))
    return row.level if row else REFUSED


def refusals(bundle: Bundle, job_key: str) -> list[Finding]:
    """What stands in the way of running a job here, with the jobs that it runs; empty where nothing does."""
    found: set[Finding] = set()
    for key in jobs_called(bundle, job_key):
        job = Job(bundle, key, bundle.tree.entries("resources", "jobs")[key])
        found.update(_refused(job))
    return sorted(Finding(bundle.shown(f.place), f.rule, f.message, f.hint) for f in found)


def _refused(job: Job) -> Iterator[Finding]:
    for name, node in job.node.entries().items():
        if node.value is not None and level_of("job", name) == REFUSED:
            message = f"job `{job.key}`: `{name}` is not emulated"
            yield Finding(node.place, "not-emulated", message, _note("job", name))
    for task in job.all_tasks:
        yield from _refused_of(task)


def _refused_of(task: Task) -> Iterator[Finding]:
    for name, node in task.node.entries().items():
        if node.value is not None and level_of("task", name) == REFUSED:
            message = f"task `{task.key}`: `{name}` is not emulated"
            yield Finding(node.place, "not-emulated", message, _note("task", name))
    for name in SQL_KINDS:
        asked = task.node.get("sql_task", name)
        if asked is not None:
            message = f"task `{task.key}`: sql_task.{name} is not emulated"
            yield Finding(asked.place, "not-emulated", message, "use sql_task.file")
    for steps in (
        ("notebook_task", "source"),
        ("sql_task", "file", "source"),
        ("spark_python_task", "source"),
    ):
        source = task.node.get(*steps)
        if source is not None and source.value == "GIT":
            message = f"task `{task.key}`: files from Git are not emulated"
            yield Finding(source.place, "not-emulated", message, "check the repository out and name the path")
    notebook = task.node.get("notebook_task", "notebook_path")
    if notebook is not None and str(notebook.value).startswith(
        ("/Workspace/", "/Users/", "/Shared/", "/Repos/")
    ):
        message = f"task `{task.key}`: the notebook {notebook.value} stands in a workspace"
        yield Finding(notebook.place, "not-emulated", message, "name a notebook of this bundle")
    called = task.node.get("run_job_task", "pipeline_params")
    if called is not None:
        message = f"task `{task.key}`: run_job_task.pipeline_params is not emulated"
        yield Finding(called.place, "not-emulated", message)


def _note(area: str, name: str) -> str:
    row = _BY_NAME.get((area, name))
    return row.note if row else ""
