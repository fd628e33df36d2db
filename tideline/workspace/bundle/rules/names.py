"""References of the job service: known, in scope, and given a value by something upstream."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.notebooks import facts_of
from tideline.workspace.bundle.references import (
    DEPRECATED,
    Reference,
    has_odd_braces,
    problem_of,
    references_in,
)
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job, Task

PARAMETERS = ("base_parameters", "parameters", "named_parameters", "job_parameters")
TRIGGERED = ("file_arrival", "table_update")


def check(job: Job) -> Iterator[Finding]:
    for name, parameter in job.parameters.items():
        default = parameter.get("default")
        if default is not None and isinstance(default.value, str):
            yield from _text(job, None, default, f"parameter `{name}`")
    for task in job.all_tasks:
        for node in job.texts(task):
            yield from _text(job, task, node, f"task `{task.key}`")
        yield from _values_read(job, task)
        yield from _deployed_values(task)


def _deployed_values(task: Task) -> Iterator[Finding]:
    """Parameters that hold an id of a deployed resource reach a notebook as `${...}` here."""
    for kind in task.kinds:
        for field in PARAMETERS:
            given = task.node.get(kind, field)
            for _, node in given.walk() if given is not None else ():
                if isinstance(node.value, str) and "${" in node.value.replace("$${", ""):
                    message = f"task `{task.key}`: `{node.value}` is known after a deployment only"
                    yield warning(node.place, "known-after-deployment", message)


def _values_read(job: Job, task: Task) -> Iterator[Finding]:
    """Task values that the notebook asks for itself, as far as its code names them."""
    facts = facts_of(task, job.bundle.root)
    for other, key, place in facts.values_read if facts is not None else ():
        if other not in job.by_key:
            hint = did_you_mean(other, job.by_key, what="tasks")
            message = f"value `{key}` is asked of `{other}`, no task of job `{job.key}`"
            yield Finding(place, "value-of-unknown-task", message, hint)
        elif other not in job.upstream(task):
            message = f"value `{key}` is asked of `{other}`, which is not upstream of `{task.key}`"
            yield Finding(place, "value-not-upstream", message, f"add depends_on: `{other}`")


def _text(job: Job, task: Task | None, node: Node, owner: str) -> Iterator[Finding]:
    if has_odd_braces(node.value):
        yield Finding(node.place, "odd-braces", f"{owner}: `{node.value}` has braces that make no reference")
    for reference in references_in(node.value):
        problem = problem_of(reference)
        if problem:
            yield Finding(node.place, "unknown-reference", f"{owner}: {problem[0]}", problem[1])
        else:
            yield from _in_scope(job, task, node, reference, owner)


def _in_scope(job: Job, task: Task | None, node: Node, reference: Reference, owner: str) -> Iterator[Finding]:
    steps = reference.steps
    if len(steps) == 1 and steps[0] in DEPRECATED:
        hint = "write {{" + DEPRECATED[steps[0]] + "}}"
        yield warning(node.place, "deprecated-reference", f"{owner}: `{reference}` is deprecated", hint)
    elif steps[:2] == ("job", "parameters"):
        if steps[2] not in job.parameters:
            hint = did_you_mean(steps[2], job.parameters, what="parameters")
            message = f"{owner}: job `{job.key}` declares no parameter `{steps[2]}`"
            yield Finding(node.place, "undeclared-parameter", message, hint)
        elif task is None:
            yield Finding(
                node.place, "parameter-of-parameter", f"{owner}: a default cannot use another parameter"
            )
    elif steps[:2] == ("job", "trigger") and steps[2] in TRIGGERED:
        if job.node.get("trigger", steps[2]) is None:
            yield Finding(
                node.place, "trigger-not-set", f"{owner}: `{reference}` needs a trigger of kind {steps[2]}"
            )
    elif steps[0] == "input" and (task is None or task.loop is None):
        yield Finding(
            node.place, "input-outside-loop", f"{owner}: `{reference}` exists in the body of a loop only"
        )
    elif steps[0] in ("task", "tasks") and task is None:
        yield Finding(
            node.place, "task-in-parameter", f"{owner}: `{reference}` is not known when a run starts"
        )
    elif steps[0] == "tasks" and task is not None:
        yield from _upstream(job, task, node, reference)


def _upstream(job: Job, task: Task, node: Node, reference: Reference) -> Iterator[Finding]:
    other = reference.steps[1]
    if other not in job.by_key:
        hint = did_you_mean(other, job.by_key, what="tasks")
        message = f"task `{task.key}`: `{reference}` names no task of this job"
        yield Finding(node.place, "value-of-unknown-task", message, hint)
    elif other not in job.upstream(task):
        message = f"task `{task.key}`: `{reference}` reads `{other}`, which is not upstream"
        yield Finding(node.place, "value-not-upstream", message, f"add depends_on: `{other}`")
    elif reference.steps[2] == "values":
        yield from _is_set(job, task, node, reference)


def _is_set(job: Job, task: Task, node: Node, reference: Reference) -> Iterator[Finding]:
    """Only where the notebook shows all the values that it sets."""
    facts = facts_of(job.by_key[reference.steps[1]], job.bundle.root)
    key = reference.steps[3]
    if facts is None or not facts.sets_all_known or key in facts.values_set:
        return
    hint = did_you_mean(key, facts.values_set, what=f"`{reference.steps[1]}` sets")
    message = f"task `{task.key}`: `{reference.steps[1]}` never sets the value `{key}`"
    yield Finding(node.place, "value-never-set", message, hint)
