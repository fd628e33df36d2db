"""What a task runs on: clusters and environments that its job declares."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job

DECLARED = {
    "job_cluster_key": ("job_clusters", "undeclared-job-cluster"),
    "environment_key": ("environments", "undeclared-environment"),
}


def check(job: Job) -> Iterator[Finding]:
    for field, (where, rule) in DECLARED.items():
        names = {node.text(field) or "" for node in job.node.items(where)}
        for task in job.all_tasks:
            used = task.node.get(field)
            if used is not None and str(used.value) not in names:
                hint = did_you_mean(str(used.value), names, what=where)
                message = f"task `{task.key}`: the job declares no {field} `{used.value}`"
                yield Finding(used.place, rule, message, hint)
    for environment in job.node.items("environments"):
        both = [environment.get("spec", field) for field in ("base_environment", "environment_version")]
        if both[0] is not None and both[1] is not None:
            message = "base_environment and environment_version exclude each other"
            yield Finding(both[1].place, "two-environments", message)
