"""Parameters and widgets: each is fed, each is read."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.code_facts import Facts
from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.notebooks import facts_of
from tideline.workspace.bundle.references import references_in
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job, Task

LONGEST_WIDGET_DEFAULT = 2_048
# Tasks that see a job parameter only where they name it; all others get every parameter of the job.
NAMED_ONLY = frozenset({"condition_task", "for_each_task", "spark_python_task"})


def check(job: Job) -> Iterator[Finding]:
    if job.node.get("git_source") is not None:
        return
    for task in job.all_tasks:
        facts = facts_of(task, job.bundle.root)
        if facts is not None:
            yield from _widgets(job, task, facts)
            yield from _base_parameters(job, task, facts)
    yield from _unread(job)


def _widgets(job: Job, task: Task, facts: Facts) -> Iterator[Finding]:
    fed = {*job.parameters, *task.node.entries("notebook_task", "base_parameters")}
    for name, place in facts.widgets_read.items():
        if name not in fed and name not in facts.widgets_declared:
            message = f"widget `{name}` is read, but neither declared nor a parameter of job `{job.key}`"
            hint = did_you_mean(name, fed | set(facts.widgets_declared), what="parameters and widgets")
            yield Finding(place, "widget-without-value", message, hint)
    for name, (default, place) in facts.widgets_declared.items():
        if name not in fed and default is None and name in facts.defaults_known:
            message = f"widget `{name}` has no default and job `{job.key}` feeds no such parameter"
            yield Finding(place, "widget-without-value", message, did_you_mean(name, fed, what="parameters"))
        if default is not None and len(default.encode()) > LONGEST_WIDGET_DEFAULT:
            message = f"the default of widget `{name}` has {len(default.encode())} bytes, at most 2048"
            yield Finding(place, "long-default", message)


def _base_parameters(job: Job, task: Task, facts: Facts) -> Iterator[Finding]:
    for name, node in task.node.entries("notebook_task", "base_parameters").items():
        if name in job.parameters:
            message = f"task `{task.key}`: job parameter `{name}` wins over this base parameter"
            yield warning(node.place, "parameter-hidden", message)
        elif facts.reads_all_known and name not in facts.names:
            message = f"task `{task.key}`: nothing in the notebook reads parameter `{name}`"
            hint = did_you_mean(name, facts.names, what="widgets")
            yield warning(node.place, "parameter-never-read", message, hint)


def _unread(job: Job) -> Iterator[Finding]:
    """Only where every notebook of the job shows what it reads, and every other task names its parameters."""
    read: set[str] = set()
    for task in job.all_tasks:
        for node in job.texts(task):
            for reference in references_in(node.value):
                if reference.steps[:2] == ("job", "parameters"):
                    read.update(reference.steps[2:3])
        if "notebook_task" in task.kinds:
            facts = facts_of(task, job.bundle.root)
            if facts is None or not facts.reads_all_known:
                return
            read |= facts.names
        elif not NAMED_ONLY.issuperset(task.kinds):
            return
    for name, parameter in job.parameters.items():
        if name and name not in read:
            message = f"job `{job.key}`: nothing reads parameter `{name}`"
            yield warning(
                parameter.place, "parameter-never-read", message, did_you_mean(name, read, what="read")
            )
