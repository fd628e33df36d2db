"""Jobs that run jobs: known, not in a circle, with parameters that the other job has."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.calls import circle_from
from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job


def check(job: Job) -> Iterator[Finding]:
    for task in job.all_tasks:
        called = task.node.get("run_job_task", "job_id")
        if called is None:
            continue
        key = job.bundle.job_key_of(called.value)
        if key is None:
            message = f"task `{task.key}` runs job `{called.value}`, which is no job of this bundle"
            hint = "write ${resources.jobs.<key>.id}; " + did_you_mean(
                str(called.value), job.bundle.jobs, what="jobs"
            )
            yield warning(called.place, "run-of-unknown-job", message, hint)
            continue
        around = circle_from(job.bundle, job.key)
        if around and around[1] == key:
            yield Finding(called.place, "job-runs-itself", f"jobs run each other: {' -> '.join(around)}")
        yield from _parameters(job, task.node.entries("run_job_task", "job_parameters"), task.key, key)


def _parameters(job: Job, given: dict[str, Node], task_key: str, called: str) -> Iterator[Finding]:
    declared = Job(job.bundle, called, job.bundle.tree.entries("resources", "jobs")[called]).parameters
    for name, node in given.items():
        if name not in declared:
            hint = did_you_mean(name, declared, what="parameters")
            message = f"task `{task_key}` hands `{name}` to job `{called}`, which declares no such parameter"
            yield Finding(node.place, "undeclared-parameter", message, hint)
