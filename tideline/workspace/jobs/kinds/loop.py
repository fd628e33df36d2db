"""for_each_task: the same task for every item, several at a time; it fails if any of them fails."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.attempts import Do, run_attempts
from tideline.workspace.jobs.context import Done, Work
from tideline.workspace.jobs.loops import concurrency_of, items_of
from tideline.workspace.jobs.plan import kind_of
from tideline.workspace.jobs.records import TaskError, TaskRun
from tideline.workspace.jobs.references import as_text


def run_loop(work: Work, kinds: Mapping[str, Do]) -> Done:
    nested = dict(work.fields["task"])
    items = items_of(work.scope.fill(str(work.fields["inputs"])))
    work.task.iterations = [
        TaskRun(
            f"{nested.get('task_key', work.task.key)}",
            kind_of(nested),
            task_run_id=f"{work.task.task_run_id}{number:03d}",
            description=as_text(item),
            notebook_path=work.task.notebook_path,
        )
        for number, item in enumerate(items, start=1)
    ]
    running = replace(work.running, stop=work.stop)

    def iterate(number: int) -> None:
        task = work.task.iterations[number]
        if work.stop.is_set():
            task.state = s.CANCELED
            return
        scope = replace(work.scope, input=items[number], task=_own(work, task))
        path = f"{work.path}[{number + 1}]"
        run_attempts(running, nested, task, scope, kinds, path=path, is_in_loop=True)
        running.log.tell("task", path, state=task.state, iteration=number + 1, of=len(items))

    with ThreadPoolExecutor(concurrency_of(work.fields.get("concurrency"))) as threads:
        list(threads.map(iterate, range(len(items))))
    return _end(work)


def _own(work: Work, task: TaskRun) -> dict[str, Any]:
    return {**work.scope.task, "name": task.key, "run_id": task.task_run_id}


def _end(work: Work) -> Done:
    states = [task.state for task in work.task.iterations]
    work.task.result = {"completed": states.count(s.SUCCESS), "total": len(states)}
    said = f"{states.count(s.SUCCESS)} of {len(states)} iterations succeeded"
    if work.stop.is_set():
        return Done(s.CANCELED, output=said)
    bad = [number for number, state in enumerate(states, start=1) if s.is_bad(state)]
    if not bad:
        return Done(s.SUCCESS, output=said)
    first = work.task.iterations[bad[0] - 1]
    cause = first.error or TaskError("Failed", first.state)
    message = f"{len(bad)} of {len(states)} iterations failed; the first is {bad[0]} ({first.description[:60]}): {cause.message}"
    error = TaskError(cause.name, message, cause.notebook, cause.cell, cause.line, cause.traceback)
    return Done(s.FAILED, error, output=said)
