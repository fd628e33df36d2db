"""Code that works on a classic cluster only: in notebooks, in what they import, and in everything else that is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tideline.workspace.bundle.code_facts import Call, Facts
from tideline.workspace.bundle.code_scan import scan_code
from tideline.workspace.bundle.connect_calls import SERVERLESS_RULE
from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.notebooks import facts_of, is_notebook, modules_used, notebook_facts
from tideline.workspace.bundle.shipped import shipped_code
from tideline.workspace.bundle.views import jobs_of

CLUSTERS = ("job_cluster_key", "existing_cluster_id", "new_cluster")


def check(bundle: Bundle) -> Iterator[Finding]:
    """What fails on serverless compute is an error, unless a task of the bundle has a cluster, where it may work."""
    may_work = _has_cluster(bundle)
    for call in _calls(bundle):
        is_lenient = may_work and call.rule == SERVERLESS_RULE
        shown = replace(call, severity="warning") if is_lenient else call
        yield Finding(shown.place, shown.rule, shown.message, shown.hint, severity=shown.severity)
    for job in jobs_of(bundle):
        for task in job.all_tasks:
            facts = facts_of(task, bundle.root) if task.loop is not None else None
            yield from _loop_values(facts) if facts is not None else ()


def _calls(bundle: Bundle) -> Iterator[Call]:
    notebooks = [
        facts
        for job in jobs_of(bundle)
        if job.node.get("git_source") is None
        for task in job.all_tasks
        if (facts := facts_of(task, bundle.root)) is not None
    ]
    reached = [*notebooks, *modules_used(bundle.root, notebooks)]
    for facts in reached:
        yield from facts.forbidden
    seen = {facts.path for facts in reached}
    for path in shipped_code(bundle):
        if is_notebook(path):
            yield from notebook_facts(path, bundle.root).forbidden
        elif path.suffix == ".py" and path not in seen:
            facts = scan_code(path.read_text(encoding="utf-8", errors="replace"), path)
            yield from (call for call in facts.forbidden if call.rule != "broken-python")  # a template, maybe: nothing runs it


def _has_cluster(bundle: Bundle) -> bool:
    return any(task.node.get(field) for job in jobs_of(bundle) for task in job.all_tasks for field in CLUSTERS)


def _loop_values(facts: Facts) -> Iterator[Finding]:
    for key, place in facts.values_set.items():
        message = f"task value `{key}` is set in the body of a for_each, which the platform refuses"
        yield Finding(place, "task-value-in-loop", message, "write the result to a table, or exit with it")
