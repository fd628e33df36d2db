"""A kept run in the platform's words. Times are UTC milliseconds; 0 where something has not ended."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tideline.workspace.control.run_states import run_states, task_states
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.numbers import job_number
from tideline.workspace.jobs.records import JobRun, Part, TaskRun

MOST = 2**63 - 1
REPORT = "report.html"


def number_of(run_id: str) -> int:
    """The id as the platform's 64-bit number: the digits themselves; a hash where they are too many (turns of a loop)."""
    if run_id.isdecimal() and int(run_id) <= MOST:
        return int(run_id)
    return int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big") >> 11


def repair_number(run_id: str, number: int) -> int:
    """The id of a run's n-th repair, counted from 1."""
    return number_of(f"{run_id}/repair/{number}")


def run_view(run: JobRun, folder: Path, *, is_stopping: bool, with_tasks: bool = True) -> dict[str, Any]:
    """One run. `folder` holds its report, which is written at its end."""
    begun, ended = run.begun_at or run.started_at, 0.0
    if run.state in s.TERMINAL:
        ended = run.started_at + run.seconds
    view = {
        "job_id": job_number(run.target, run.job_key),
        **_ids(run.run_id, run.run_id),
        "run_name": run.job_name,
        "run_type": "JOB_RUN",
        "trigger": "RUN_JOB_TASK" if run.parent else run.trigger.type.upper(),
        "attempt_number": 0,
        "format": "MULTI_TASK",
        **run_states(run, is_stopping=is_stopping),
        **_times(begun, ended),
        "run_page_url": (folder / REPORT).as_uri(),
        "job_parameters": _parameters(run),
    }
    if with_tasks:
        view["tasks"] = [task_view(run, task, folder, is_stopping=is_stopping) for task in run.tasks.values()]
    return view


def task_view(run: JobRun, task: TaskRun, folder: Path, *, is_stopping: bool = False) -> dict[str, Any]:
    """One task, by its last attempt."""
    ended = task.ended_at if task.state in s.TERMINAL else 0.0
    return {
        "task_key": task.key,
        **_ids(task.task_run_id, run.run_id),
        "description": task.description,
        "run_if": task.run_if,
        "depends_on": [_edge(key, outcome) for key, outcome in task.depends_on],
        "attempt_number": max(len(task.attempts) - 1, 0),
        **({task.kind: _work(run, task)} if task.kind else {}),
        **task_states(task, is_stopping=is_stopping),
        **_times(task.started_at, ended),
        "run_page_url": (folder / REPORT).as_uri(),
    }


def task_as_run(run: JobRun, task: TaskRun, folder: Path, *, is_stopping: bool) -> dict[str, Any]:
    """A task's run asked for by itself; that of a loop holds its turns."""
    view = task_view(run, task, folder, is_stopping=is_stopping)
    turns = [task_view(run, each, folder, is_stopping=is_stopping) for each in task.iterations]
    return {
        "job_id": job_number(run.target, run.job_key),
        "run_name": task.key,
        "run_type": "JOB_RUN",
        "job_parameters": _parameters(run),
        **{name: view[name] for name in view if name not in ("task_key", "depends_on", "run_if", task.kind)},
        "tasks": [view],
        **({"iterations": turns} if turns else {}),
    }


def output_view(run: JobRun, task: TaskRun, folder: Path, *, is_stopping: bool) -> dict[str, Any]:
    """What a task gave: the value that its notebook ended with, its printed lines, or the error with its place."""
    last = task.attempts[-1] if task.attempts else None
    found: dict[str, Any] = {"metadata": task_as_run(run, task, folder, is_stopping=is_stopping)}
    if task.kind == "notebook_task":
        result = {"result": last.exit_value} if last and last.exit_value is not None else {}
        found["notebook_output"] = {**result, "truncated": False}
    elif task.kind == "run_job_task":
        found["run_job_output"] = {"run_id": number_of(task.child.run_id)} if task.child else {}
    elif last and last.output:
        found |= {"logs": last.output, "logs_truncated": False}
    if task.error:
        where = f" ({task.error.where})" if task.error.where else ""
        found["error"] = f"{task.error.name}: {task.error.message}{where}"
        found["error_trace"] = task.error.traceback
    return found


def repair_history(run: JobRun, *, is_stopping: bool) -> list[dict[str, Any]]:
    """The first go and every repair, oldest first; a run that was never repaired has its first go alone."""
    begun = run.begun_at or run.started_at
    parts = run.parts or [Part(begun, list(run.tasks))]
    ended = [*((part.state, part.seconds) for part in parts[:-1]), (run.state, run.seconds)]
    history = []
    for number, (part, (state, seconds)) in enumerate(zip(parts, ended, strict=True)):
        end = part.started_at + seconds if state in s.TERMINAL else 0.0
        times = _times(part.started_at, end)
        own = {"type": "REPAIR", "id": repair_number(run.run_id, number)} if number else {"type": "ORIGINAL"}
        history.append({
            **own, "start_time": times["start_time"], "end_time": times["end_time"],
            **run_states(replace(run, state=state), is_stopping=is_stopping and part is parts[-1]),
            "task_run_ids": [number_of(run.tasks[key].task_run_id) for key in part.tasks if key in run.tasks],
        })  # fmt: skip
    return history


def _ids(own: str, of_run: str) -> dict[str, int]:
    number = number_of(own)
    return {"run_id": number, "number_in_job": number, "original_attempt_run_id": number, "job_run_id": number_of(of_run)}


def _times(begun: float, ended: float) -> dict[str, int]:
    """Start, end and the time between; there is no cluster to set up or clean up."""
    start, end = int(begun * 1000), int(ended * 1000)
    took = max(end - start, 0) if end else 0
    return {
        "start_time": start, "end_time": end, "run_duration": took, "execution_duration": took,
        "setup_duration": 0, "cleanup_duration": 0,
    }  # fmt: skip


def _parameters(run: JobRun) -> list[dict[str, str]]:
    """As used in the run; the default is known where nothing was given over it. Before the start: what was given."""
    return [
        {"name": name, "value": value} | ({} if name in run.overrides else {"default": value})
        for name, value in (run.parameters or run.overrides).items()
    ]


def _edge(key: str, outcome: str) -> dict[str, str]:
    return {"task_key": key} | ({"outcome": outcome} if outcome else {})


def _work(run: JobRun, task: TaskRun) -> dict[str, Any]:
    """The fields of the task's kind that the record of the run holds."""
    if task.kind == "notebook_task":
        parameters = task.attempts[-1].parameters if task.attempts else {}
        return {"notebook_path": task.notebook_path, "source": "WORKSPACE", "base_parameters": parameters}
    if task.kind == "condition_task":
        return {"outcome": task.outcome} if task.outcome else {}
    if task.kind == "run_job_task":
        return {"job_id": job_number(run.target, task.child.job_key)} if task.child else {}
    if task.kind == "for_each_task":
        return {"stats": {"task_run_stats": _turns(task)}}
    return {"python_file": task.notebook_path} if task.kind == "spark_python_task" else {}


def _turns(task: TaskRun) -> dict[str, int]:
    states = [each.state for each in task.iterations]
    good, bad = sum(state in s.FINE for state in states), sum(s.is_bad(state) for state in states)
    return {
        "total_iterations": len(states), "completed_iterations": good + bad, "succeeded_iterations": good,
        "failed_iterations": bad, "active_iterations": states.count(s.RUNNING),
        "scheduled_iterations": sum(state != s.BLOCKED for state in states),
    }  # fmt: skip
