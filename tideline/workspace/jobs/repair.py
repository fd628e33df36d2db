"""What a repair runs again, and what is kept of the goes before it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.plan import Plan
from tideline.workspace.jobs.records import JobRun, Part
from tideline.workspace.jobs.select import downstream_of, reach


def tasks_to_repair(plan: Plan, run: JobRun, named: Collection[str], *, with_dependents: bool) -> list[str]:
    """The keys in the job's order: the named ones, else what failed and what follows it. JobError where there is none."""
    if run.parent:
        raise JobError(f"run {run.run_id} is part of run {run.parent}", hint="repair that one")
    if run.state not in s.TERMINAL:
        raise JobError(f"run {run.run_id} is still going on", hint="wait for its end")
    if set(plan.tasks) != set(run.tasks):
        raise JobError(f"job `{run.job_key}` has other tasks than run {run.run_id} had", hint="start a new run")
    for key in named:
        if key not in run.tasks:
            hint = did_you_mean(key, run.tasks, what="tasks")
            raise JobError(f"run {run.run_id} has no task `{key}`", hint=hint)
    again = set(named) or {key for key, task in run.tasks.items() if s.is_bad(task.state)}
    if not again:
        raise JobError(f"run {run.run_id} has nothing to repair: it ended {run.state}")
    if with_dependents or not named:
        turned = downstream_of(plan.depends_on)
        again |= {below for key in again for below in reach(key, turned)}
    return [key for key in plan.tasks if key in again]


def begin_repair(run: JobRun, again: list[str], parameters: Mapping[str, str]) -> None:
    """The run as one that goes on: its end so far is noted, the repair is counted, `parameters` are among those given."""
    if not run.parts:
        run.parts = [Part(run.begun_at or run.started_at, list(run.tasks), parameters=dict(run.overrides))]
    run.parts[-1].state, run.parts[-1].seconds = run.state, run.seconds
    now = time.time()
    run.parts.append(Part(now, again, parameters=dict(parameters)))
    run.overrides = {**run.overrides, **parameters}
    run.repair_count, run.started_at = run.repair_count + 1, now
    run.state, run.message, run.seconds = s.PENDING, "", 0.0
