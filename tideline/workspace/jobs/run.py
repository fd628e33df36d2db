"""A run of a job from the question whether it may start to its kept result; and the repair of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Running, Work
from tideline.workspace.jobs.events import EventLog, Listener
from tideline.workspace.jobs.junit import write_junit
from tideline.workspace.jobs.kinds import child, condition, loop, notebook, python, sql
from tideline.workspace.jobs.notes import told_of
from tideline.workspace.jobs.numbers import job_number
from tideline.workspace.jobs.plan import Plan, kind_of, make_plan, refuse_what_cannot_run
from tideline.workspace.jobs.records import JobRun, TaskRun
from tideline.workspace.jobs.references import Scope
from tideline.workspace.jobs.repair import begin_repair, tasks_to_repair
from tideline.workspace.jobs.result import run_result
from tideline.workspace.jobs.schedule import Graph
from tideline.workspace.jobs.slots import Slots
from tideline.workspace.jobs.stop import Stop
from tideline.workspace.jobs.store import RunStore
from tideline.workspace.jobs.trigger import BY_JOB, Trigger
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.redaction import redactor_for_the_record

POLL_SECONDS = 0.2
GetPool = Callable[[], KernelPool]


def run_job(
    bundle: Bundle, key: str, *, parameters: Mapping[str, str] | None = None, only: str | None = None,
    pool: GetPool, store: RunStore, on_event: Listener = lambda event: None, stop: Stop | None = None,
    is_checked: bool = False, variables: Mapping[str, str] | None = None,
    on_kept: Callable[[JobRun], None] = lambda run: None, trigger: Trigger | None = None, server: str = "",
    layout: Layout | None = None,
) -> JobRun:  # fmt: skip
    """Run the job to its end and keep what happened; a failed task is a state of the run, never an exception.

    JobError, before anything starts, for what does not exist, is wrong or is not emulated; `is_checked` says that
    the caller has asked `refuse_what_cannot_run` already. `variables`, those that the bundle was loaded with, are
    kept for a repair. `on_kept` hears of the run as soon as the store has it: for whoever does not wait for its end.
    `trigger` says why it runs (None: by hand), `server` which Spark server other than the bundle's own it works with.
    `layout` is where secrets and locks are, where that is not the bundle's own folder.
    """
    plan = make_plan(bundle, key, parameters=parameters, only=only or "")
    if not is_checked:
        refuse_what_cannot_run(bundle, key)
    run = _new_run(plan, store, trigger or Trigger(), variables=variables or {}, server=server)
    with store.hold(run):  # first: whoever finds a run that nobody holds takes it for dead
        store.save(run)
        on_kept(run)
        _go(_running(plan, run, store, pool, on_event, stop or Stop(), layout))
    return run


def repair_run(
    bundle: Bundle, run: JobRun, *, pool: GetPool, store: RunStore,
    on_event: Listener = lambda event: None, stop: Stop | None = None, tasks: Collection[str] = (),
    with_dependents: bool = False, on_kept: Callable[[JobRun], None] = lambda run: None,
    parameters: Mapping[str, str] | None = None, is_checked: bool = False, layout: Layout | None = None,
) -> JobRun:  # fmt: skip
    """Run again what failed or was stopped, and all that follows it, with the same parameters but for `parameters`.

    `tasks` names those to run again in its place, whatever their state; `with_dependents` adds what follows them.
    All other tasks keep their state and values. `on_kept` hears of the run once the store knows that it goes on.
    `is_checked` is that of `run_job`. JobError where nothing is left to repair, a parameter is unknown, the graph changed
    the run goes on, or another repaired it meanwhile.
    """
    changed = dict(parameters or {})
    plan = make_plan(bundle, run.job_key, parameters={**run.overrides, **changed}, only=run.only)
    if not is_checked:
        refuse_what_cannot_run(bundle, run.job_key)
    again = tasks_to_repair(plan, run, tasks, with_dependents=with_dependents)
    with store.hold(run):
        if store.load(run.run_id).repair_count != run.repair_count:
            raise JobError(f"run {run.run_id} was repaired meanwhile", hint="look at how it ended")
        begin_repair(run, again, changed)
        for key in again:
            fresh = _task(plan, run.run_id, key, list(plan.tasks).index(key) + 1)
            fresh.attempts = run.tasks[key].attempts
            run.tasks[key] = fresh
        store.save(run)
        on_kept(run)
        _go(_running(plan, run, store, pool, on_event, stop or Stop(), layout))
    return run


def _go(running: Running) -> None:
    """Wait for a place, run the graph, keep the result."""
    run, job = running.run, running.plan.job
    folder = running.layout.home / "locks"
    slots = Slots(folder, running.plan.key, int(job.get("max_concurrent_runs") or 1))
    try:
        if _take_place(running, slots):
            with running.stop.limit(float(job.get("timeout_seconds") or 0)):
                _run_graph(running)
    except BaseException:
        run.state = s.FAILED
        raise
    finally:
        slots.give_back()
        _end(running)


def _take_place(running: Running, slots: Slots) -> bool:
    run, job = running.run, running.plan.job
    is_queued = (job.get("queue") or {}).get("enabled", True)
    while not slots.take():
        if not is_queued:
            run.state, run.message = (
                s.SKIPPED,
                "as many runs of this job are going on as max_concurrent_runs allows",
            )
            return False
        if run.state != s.QUEUED:
            run.state = s.QUEUED
            running.store.save(run)
            running.log.tell(
                "run", running.prefix, state=s.QUEUED, text="another run of this job is going on"
            )
        if running.stop.event.wait(POLL_SECONDS):
            run.state = running.stop.reason
            return False
    return True


def _run_graph(running: Running) -> None:
    run, plan = running.run, running.plan
    run.state, run.started_at = s.RUNNING, time.time()
    run.begun_at = run.begun_at or run.started_at
    scope = _scope(running)
    # What was given may have changed by a repair; defaults stay those of the first go.
    run.parameters = {**(run.parameters or scope.fill(plan.parameters)), **scope.fill(run.overrides)}
    scope = replace(scope, parameters=run.parameters)
    running.store.save(run)
    running.log.tell(
        "run", running.prefix, state=s.RUNNING, run_id=run.run_id, order=plan.waves, job=plan.key
    )
    Graph(running, scope, _kinds()).run_all()
    states = {key: task.state for key, task in run.tasks.items()}
    run.state = running.stop.reason or run_result(states, plan.depends_on)


def _end(running: Running) -> None:
    run = running.run
    for task in run.tasks.values():
        if task.state not in s.TERMINAL:
            task.state, task.reason = s.CANCELED, run.message or "the run ended before it began"
    run.seconds = round(time.time() - run.started_at, 3) if run.started_at else 0.0
    for text in told_of(running.plan.job, run):
        running.log.tell("note", running.prefix, text=text)
    running.log.tell("run", running.prefix, state=run.state, text=run.message, seconds=run.seconds)
    running.store.save(run)
    write_junit(run, running.folder / "junit.xml", redactor_for_the_record(running.layout))


def _kinds() -> dict[str, Callable[[Work], Any]]:
    kinds: dict[str, Callable[[Work], Any]] = {
        "notebook_task": notebook.run_notebook,
        "condition_task": condition.compare,
        "run_job_task": partial(child.run_child, start=_start_child),
        "sql_task": sql.run_sql_file,
        "spark_python_task": python.run_file,
        "python_wheel_task": python.run_wheel,
    }
    return kinds | {"for_each_task": partial(loop.run_loop, kinds=kinds)}


def _start_child(work: Work, key: str, parameters: dict[str, str]) -> JobRun:
    above = work.running
    plan = make_plan(above.bundle, key, parameters=parameters)
    run = _new_run(plan, above.store, Trigger(BY_JOB))
    run.parent = above.run.parent or above.run.run_id
    above.store.save(run)
    work.task.child = run
    _go(
        Running(
            plan, run, above.layout, above.store, above.pool, EventLog(above.log.file, above.log.listener),
            work.stop, prefix=f"{work.path}/", callers=(*above.callers, key),
        )
    )  # fmt: skip
    return run


def _running(
    plan: Plan, run: JobRun, store: RunStore, pool: GetPool, on_event: Listener, stop: Stop, layout: Layout | None
) -> Running:
    log = EventLog(store.path(run.run_id) / "events.jsonl", on_event)
    return Running(plan, run, layout or Layout(plan.bundle.root), store, pool, log, stop, callers=(plan.key,))


def _new_run(
    plan: Plan, store: RunStore, trigger: Trigger, *, variables: Mapping[str, str] | None = None, server: str = ""
) -> JobRun:
    run_id = store.new_id()
    tasks = {key: _task(plan, run_id, key, number) for number, key in enumerate(plan.tasks, start=1)}
    tags = {str(name): str(value) for name, value in (plan.job.get("tags") or {}).items()}
    return JobRun(
        run_id, plan.key, plan.name, tasks=tasks, overrides=plan.overrides, only=plan.only,
        target=plan.bundle.target, tags=tags, started_at=time.time(), root=str(plan.bundle.root),
        variables=dict(variables or {}), trigger=trigger, server=server,
    )  # fmt: skip


def planned(plan: Plan) -> JobRun:
    """The run that the plan would make, before it has an id; nothing is kept of it."""
    tasks = {key: _task(plan, "", key, number) for number, key in enumerate(plan.tasks, start=1)}
    return JobRun("", plan.key, plan.name, tasks=tasks, target=plan.bundle.target)


def _task(plan: Plan, run_id: str, key: str, number: int) -> TaskRun:
    spec = plan.tasks[key]
    place = plan.bundle.place_of("resources", "jobs", plan.key, "tasks", number - 1)
    return TaskRun(
        key,
        kind_of(spec),
        task_run_id=f"{run_id}{number:03d}",
        description=str(spec.get("description") or ""),
        run_if=str(spec.get("run_if") or "ALL_SUCCESS"),
        depends_on=[[str(e["task_key"]), str(e.get("outcome") or "")] for e in spec.get("depends_on") or []],
        notebook_path=_file_of(plan.bundle.root, spec),
        place=str(plan.bundle.shown(place)),
    )


def _file_of(root: Path, spec: dict[str, Any]) -> str:
    """The file that a task runs, relative to the bundle."""
    nested = spec.get("for_each_task", {}).get("task") or spec
    for kind, fields in (
        ("notebook_task", ["notebook_path"]),
        ("spark_python_task", ["python_file"]),
        ("sql_task", ["file", "path"]),
    ):
        found: Any = nested.get(kind)
        for name in fields:
            found = found.get(name) if isinstance(found, dict) else None
        if found:
            path = Path(str(found))
            return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return ""


def _scope(running: Running) -> Scope:
    run, plan = running.run, running.plan
    number = job_number(plan.bundle.target, plan.key)
    job = {"id": str(number), "name": plan.name, "run_id": run.run_id, "repair_count": run.repair_count}
    return Scope(job=job, started_at=run.begun_at, trigger=run.trigger)
