"""A run of a job from the question whether it may start to its kept result; and the repair of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from tideline.workspace.jobs.result import run_result
from tideline.workspace.jobs.schedule import Graph
from tideline.workspace.jobs.select import downstream_of, reach
from tideline.workspace.jobs.slots import Slots
from tideline.workspace.jobs.stop import Stop
from tideline.workspace.jobs.store import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool

POLL_SECONDS = 0.2
GetPool = Callable[[], KernelPool]


def run_job(
    bundle: Bundle, key: str, *, parameters: Mapping[str, str] | None = None, only: str | None = None,
    pool: GetPool, store: RunStore, on_event: Listener = lambda event: None, stop: Stop | None = None,
    is_checked: bool = False, variables: Mapping[str, str] | None = None,
    on_kept: Callable[[JobRun], None] = lambda run: None,
) -> JobRun:  # fmt: skip
    """Run the job to its end and keep what happened; a failed task is a state of the run, never an exception.

    JobError, before anything starts, for what does not exist, is wrong or is not emulated; `is_checked` says that
    the caller has asked `refuse_what_cannot_run` already. `variables`, those that the bundle was loaded with, are
    kept for a repair. `on_kept` hears of the run as soon as the store has it: for whoever does not wait for its end.
    """
    plan = make_plan(bundle, key, parameters=parameters, only=only or "")
    if not is_checked:
        refuse_what_cannot_run(bundle, key)
    run = _new_run(plan, store)
    run.variables = dict(variables or {})
    with store.hold(run):
        on_kept(run)
        running = _running(plan, run, store, pool, on_event, stop or Stop())
        _go(running)
    return run


def repair_run(
    bundle: Bundle, run: JobRun, *, pool: GetPool, store: RunStore,
    on_event: Listener = lambda event: None, stop: Stop | None = None,
) -> JobRun:  # fmt: skip
    """Run again what failed or was stopped, and all that follows it, with the same parameters.

    Finished tasks keep their state and values. JobError where nothing is left to repair or the graph changed.
    """
    plan = make_plan(bundle, run.job_key, parameters=run.overrides, only=run.only)
    refuse_what_cannot_run(bundle, run.job_key)
    if set(plan.tasks) != set(run.tasks):
        raise JobError(
            f"job `{run.job_key}` has other tasks than run {run.run_id} had", hint="start a new run"
        )
    again = {key for key, task in run.tasks.items() if s.is_bad(task.state)}
    if not again:
        raise JobError(f"run {run.run_id} has nothing to repair: it ended {run.state}")
    turned = downstream_of(plan.depends_on)
    for key in again | {below for each in again for below in reach(each, turned)}:
        fresh = _task(plan, run.run_id, key, list(plan.tasks).index(key) + 1)
        fresh.attempts = run.tasks[key].attempts
        run.tasks[key] = fresh
    run.repair_count, run.started_at = run.repair_count + 1, time.time()
    with store.hold(run):
        _go(_running(plan, run, store, pool, on_event, stop or Stop()))
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
    if not run.parameters:
        run.parameters = scope.fill(plan.parameters)
    scope = Scope(job=scope.job, parameters=run.parameters, started_at=run.begun_at)
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
    write_junit(run, running.folder / "junit.xml")


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
    run = _new_run(plan, above.store)
    run.parent = above.run.parent or above.run.run_id
    work.task.child = run
    _go(
        Running(
            plan, run, above.layout, above.store, above.pool, EventLog(above.log.file, above.log.listener),
            work.stop, prefix=f"{work.path}/", callers=(*above.callers, key),
        )
    )  # fmt: skip
    return run


def _running(
    plan: Plan, run: JobRun, store: RunStore, pool: GetPool, on_event: Listener, stop: Stop
) -> Running:
    log = EventLog(store.path(run.run_id) / "events.jsonl", on_event)
    return Running(plan, run, Layout(plan.bundle.root), store, pool, log, stop, callers=(plan.key,))


def _new_run(plan: Plan, store: RunStore) -> JobRun:
    run_id = store.new_id()
    tasks = {key: _task(plan, run_id, key, number) for number, key in enumerate(plan.tasks, start=1)}
    tags = {str(name): str(value) for name, value in (plan.job.get("tags") or {}).items()}
    run = JobRun(
        run_id, plan.key, plan.name, tasks=tasks, overrides=plan.overrides, only=plan.only,
        target=plan.bundle.target, tags=tags, started_at=time.time(), root=str(plan.bundle.root),
    )  # fmt: skip
    store.save(run)
    return run


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
    return Scope(job=job, started_at=run.begun_at)
