"""The graph of a job: known tasks, no circles, outcomes where there are outcomes."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job, Task


def check(job: Job) -> Iterator[Finding]:
    """Every edge by itself, then the circles."""
    for task in job.tasks:
        yield from _edges(job, task)
    yield from _circles(job)
    for task in job.all_tasks:
        if task.loop is not None and task.depends_on:
            place = task.depends_on[0].place
            yield Finding(
                place, "depends-on-in-loop", f"`{task.key}` is the body of a loop and depends on nothing"
            )


def _edges(job: Job, task: Task) -> Iterator[Finding]:
    for edge in task.depends_on:
        name = edge.text("task_key") or ""
        if name not in job.by_key:
            hint = did_you_mean(name, set(job.by_key) - {task.key}, what="tasks")
            yield Finding(
                edge.place,
                "unknown-depends-on",
                f"`{task.key}` depends on `{name}`, no task of this job",
                hint,
            )
            continue
        outcome = edge.get("outcome")
        if outcome is None:
            continue
        if "condition_task" not in job.by_key[name].kinds:
            message = f"`{task.key}` waits for an outcome of `{name}`, which is no condition_task"
            yield Finding(outcome.place, "outcome-without-condition", message)
        elif edge.text("outcome") not in ("true", "false"):
            message = f"the outcome of `{name}` is `true` or `false`, found `{outcome.value}`"
            yield Finding(outcome.place, "odd-outcome", message, 'write outcome: "true"')


def _circles(job: Job) -> Iterator[Finding]:
    """Each circle once, at the first of its edges."""
    done: set[str] = set()
    for start in job.by_key:
        path: list[str] = []
        circle = _follow(job, start, path, done)
        if circle:
            edge = job.by_key[circle[0]].depends_on[0]
            for candidate in job.by_key[circle[0]].depends_on:
                if candidate.text("task_key") == circle[1 % len(circle)]:
                    edge = candidate
            around = " -> ".join([*circle, circle[0]])
            yield Finding(edge.place, "cyclic-depends-on", f"tasks wait for each other: {around}")


def _follow(job: Job, key: str, path: list[str], done: set[str]) -> list[str]:
    if key in path:
        return path[path.index(key) :]
    if key in done or key not in job.by_key:
        return []
    done.add(key)
    path.append(key)
    for edge in job.by_key[key].depends_on:
        circle = _follow(job, edge.text("task_key") or "", path, done)
        if circle:
            return circle
    path.pop()
    return []
