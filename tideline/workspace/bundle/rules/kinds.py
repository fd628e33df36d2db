"""What a task is: exactly one thing, with only the settings that this thing has."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.views import Job, Task

COMPUTE = ("existing_cluster_id", "new_cluster", "job_cluster_key", "environment_key", "libraries")
RETRIES = ("max_retries", "min_retry_interval_millis", "retry_on_timeout")
ORDERED = ("GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
LONGEST_INPUTS = 5000


def check(job: Job) -> Iterator[Finding]:
    for task in job.all_tasks:
        yield from _one_kind(task)
        if "condition_task" in task.kinds:
            yield from _condition(task)
        if "for_each_task" in task.kinds:
            yield from _loop(job, task)


def _one_kind(task: Task) -> Iterator[Finding]:
    if not task.kinds:
        yield Finding(
            task.node.place, "task-without-work", f"`{task.key}` says not what it does", "add notebook_task"
        )
    elif len(task.kinds) > 1:
        second = task.node.entries()[task.kinds[1]]
        yield Finding(second.place, "task-of-two-kinds", f"`{task.key}` is both {' and '.join(task.kinds)}")


def _condition(task: Task) -> Iterator[Finding]:
    for field in (*COMPUTE, *RETRIES):
        node = task.node.get(field)
        if node is not None and node.value not in (None, 0):
            what = "retries" if field in RETRIES else "compute"
            message = f"condition `{task.key}` takes no {what}, found `{field}`"
            yield Finding(node.place, f"condition-with-{what}", message)
    operator = task.node.text("condition_task", "op") or ""
    sides = [task.node.text("condition_task", side) or "" for side in ("left", "right")]
    place = (task.node.get("condition_task", "op") or task.node).place
    if operator in ("EQUAL_TO", "NOT_EQUAL") and any(_is_number(side) for side in sides):
        message = f"condition `{task.key}`: {operator} compares text, so 12.0 is not 12"
        yield warning(place, "number-compared-as-text", message, "use an order operator to compare numbers")
    for side, text in zip(("left", "right"), sides, strict=True):
        if operator in ORDERED and "{{" not in text and not _is_number(text):
            message = f"condition `{task.key}`: {operator} compares numbers, {side} is `{text}`"
            yield Finding(place, "text-compared-as-number", message)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _loop(job: Job, task: Task) -> Iterator[Finding]:
    for field in RETRIES:
        node = task.node.get(field)
        if node is not None and node.value not in (None, 0, False):
            message = f"loop `{task.key}` takes no `{field}`"
            yield Finding(node.place, "retries-on-for-each", message, "put it on the nested task")
    body = task.body
    if body is not None and "for_each_task" in body.kinds:
        place = body.node.entries()["for_each_task"].place
        yield Finding(place, "nested-for-each", f"the body of loop `{task.key}` is a loop itself")
    cluster = body.node.get("job_cluster_key") if body is not None else None
    if cluster is not None and (task.node.text("for_each_task", "concurrency") or "1") != "1":
        message = f"all iterations of `{task.key}` share one job cluster"
        yield warning(cluster.place, "loop-on-one-cluster", message)
    yield from _inputs(task)


def _inputs(task: Task) -> Iterator[Finding]:
    node = task.node.get("for_each_task", "inputs")
    if node is None or not isinstance(node.value, str):
        return
    rule, text = "for-each-inputs", node.value.strip()
    if len(text) > LONGEST_INPUTS:
        yield Finding(
            node.place, rule, f"inputs of `{task.key}` have {len(text)} characters, at most {LONGEST_INPUTS}"
        )
    if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
        return
    if "{{" in text:
        yield Finding(
            node.place, rule, f"inputs of `{task.key}` are one reference or a JSON array, found both"
        )
        return
    try:
        values = json.loads(text)
    except ValueError:
        yield Finding(
            node.place, rule, f"inputs of `{task.key}` are no JSON: `{text[:60]}`", 'write "[1, 2, 3]"'
        )
        return
    problem = _problem_of_inputs(values)
    if problem:
        yield Finding(node.place, rule, f"inputs of `{task.key}` {problem}")


def _problem_of_inputs(values: object) -> str:
    if not isinstance(values, list):
        return "are no array"
    if any(value is None or isinstance(value, list) for value in values):
        return "hold an empty or nested element, expected texts and numbers, or objects"
    if len({isinstance(value, dict) for value in values}) > 1:
        return "mix objects with texts or numbers"
    return ""
