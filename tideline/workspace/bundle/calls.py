"""Which jobs run which: run_job_task as a graph."""

from __future__ import annotations

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.views import jobs_of


def calls_of(bundle: Bundle) -> dict[str, list[str]]:
    """Job -> the jobs of this bundle that its tasks run, bodies of loops included."""
    return {
        job.key: [
            key
            for task in job.all_tasks
            if (key := bundle.job_key_of(task.node.text("run_job_task", "job_id"))) is not None
        ]
        for job in jobs_of(bundle)
    }


def jobs_called(bundle: Bundle, start: str) -> list[str]:
    """The job and every job that it runs, directly or not, each once."""
    calls = calls_of(bundle)
    found: list[str] = []
    waiting = [start] if start in calls else []
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.append(key)
            waiting += calls[key]
    return found


def circle_from(bundle: Bundle, start: str) -> list[str]:
    """The jobs from `start` back to itself, both ends included; empty where it never runs itself."""
    calls = calls_of(bundle)
    waiting = [[start, key] for key in calls.get(start, [])]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path[-1] == start:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            waiting += [[*path, key] for key in calls.get(path[-1], [])]
    return []
