"""What is checked and settled before anything of a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideline.workspace.bundle.calls import circle_from
from tideline.workspace.bundle.capabilities import refusals
from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.lint import lint
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import JobError
from tideline.workspace.jobs.select import in_order, select


class Refused(JobError):
    """The bundle is wrong, or asks for what is not emulated; `findings` are all reasons, each with its place."""

    def __init__(self, findings: list[Finding]) -> None:
        first = findings[0]
        super().__init__(first.message, place=first.place, hint=first.hint)
        self.findings = findings


@dataclass(frozen=True)
class Plan:
    """One job, ready to run. `chosen` are the tasks that `only` leaves; parameters are not yet filled in."""

    bundle: Bundle
    key: str
    job: dict[str, Any]
    tasks: dict[str, dict[str, Any]]
    depends_on: dict[str, list[str]]
    parameters: dict[str, str]
    overrides: dict[str, str]
    chosen: frozenset[str]
    only: str

    @property
    def name(self) -> str:
        return str(self.job.get("name") or self.key)

    @property
    def waves(self) -> list[list[str]]:
        """The order: each wave can start when those before it have ended."""
        return in_order(self.depends_on)


def make_plan(
    bundle: Bundle, key: str, *, parameters: Mapping[str, str] | None = None, only: str = ""
) -> Plan:
    """The plan of a job's run. JobError for a job, task or parameter that does not exist."""
    job = bundle.job(key)
    tasks = {str(task["task_key"]): task for task in job.get("tasks") or []}
    if not tasks:
        raise JobError(f"job `{key}` has no tasks", place=bundle.place_of("resources", "jobs", key))
    edges = {
        name: [str(edge["task_key"]) for edge in task.get("depends_on") or []] for name, task in tasks.items()
    }
    in_order(edges)
    declared = {str(each["name"]): str(each.get("default", "")) for each in job.get("parameters") or []}
    given = dict(parameters or {})
    for name in given if declared else ():
        if name not in declared:
            hint = did_you_mean(name, declared, what="parameters")
            raise JobError(f"job `{key}` has no parameter `{name}`", hint=hint)
    chosen = select(only, edges) if only else set(tasks)
    return Plan(bundle, key, job, tasks, edges, declared | given, given, frozenset(chosen), only)


def refuse_what_cannot_run(bundle: Bundle, key: str) -> None:
    """Raises Refused with everything that is wrong or not emulated, for the job and those that it runs."""
    found = refusals(bundle, key)
    circle = circle_from(bundle, key)
    if circle:
        place = bundle.shown(bundle.place_of("resources", "jobs", key))
        found.append(Finding(place, "job-runs-itself", f"the job runs itself: {' -> '.join(circle)}"))
    found += [finding for finding in lint(bundle) if finding.severity == "error"]
    if found:
        raise Refused(sorted(set(found)))


def kind_of(task: Mapping[str, Any]) -> str:
    """`notebook_task`, `condition_task` ...: the field that says what the task does."""
    return next((name for name, value in task.items() if name.endswith("_task") and value is not None), "")
