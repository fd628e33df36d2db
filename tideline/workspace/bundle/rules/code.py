"""Code that works on a classic cluster only: in notebooks, and in the modules that they import."""

from __future__ import annotations

from collections.abc import Iterator

from tideline.workspace.bundle.code_facts import Facts
from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.notebooks import facts_of, modules_used
from tideline.workspace.bundle.views import jobs_of


def check(bundle: Bundle) -> Iterator[Finding]:
    """Findings in notebooks first, then in every module of the bundle that a notebook reaches by import."""
    notebooks: list[Facts] = []
    for job in jobs_of(bundle):
        if job.node.get("git_source") is not None:
            continue
        for task in job.all_tasks:
            facts = facts_of(task, bundle.root)
            if facts is not None:
                notebooks.append(facts)
                yield from _loop_values(facts) if task.loop is not None else ()
    for facts in [*notebooks, *modules_used(bundle.root, notebooks)]:
        for call in facts.forbidden:
            yield Finding(call.place, call.rule, call.message, call.hint, severity=call.severity)


def _loop_values(facts: Facts) -> Iterator[Finding]:
    for key, place in facts.values_set.items():
        message = f"task value `{key}` is set in the body of a for_each, which the platform refuses"
        yield Finding(place, "task-value-in-loop", message, "write the result to a table, or exit with it")
