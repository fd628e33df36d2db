"""The graph at work: every task starts when all before it have ended."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.attempts import Do, run_attempts
from tideline.workspace.jobs.context import Running
from tideline.workspace.jobs.records import TaskRun
from tideline.workspace.jobs.references import Scope
from tideline.workspace.jobs.run_if import RUN, Dependency, decide
from tideline.workspace.jobs.select import reach

MOST_THREADS = 32


class Graph:
    """The tasks of one run. `scope` is what references name in every task; tasks add their own."""

    def __init__(self, running: Running, scope: Scope, kinds: Mapping[str, Do]) -> None:
        self._running, self._scope, self._kinds = running, scope, kinds
        self._plan, self._tasks = running.plan, running.run.tasks
        self._going: dict[Future[None], TaskRun] = {}

    def run_all(self) -> None:
        """Run until every task is terminal. A fault of this program stops the run and is raised."""
        with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="task") as threads:
            try:
                while True:
                    self._start_ready(threads)
                    if not self._going:
                        return
                    for ended in wait(self._going, return_when=FIRST_COMPLETED).done:
                        task = self._going.pop(ended)
                        ended.result()
                        self._tell(task)
            except BaseException:
                self._running.stop.set()
                raise

    def _start_ready(self, threads: ThreadPoolExecutor) -> None:
        is_changed = True
        while is_changed:
            is_changed = False
            for key, task in self._tasks.items():
                if task.state != s.BLOCKED or not self._is_ready(key):
                    continue
                answer = self._answer(key)
                if answer == RUN:
                    task.state = s.PENDING
                    self._going[threads.submit(self._run, key, task)] = task
                else:
                    task.state, is_changed = answer, True
                    task.reason = self._reason(key, answer)
                    self._tell(task)

    def _is_ready(self, key: str) -> bool:
        return all(self._tasks[before].state in s.TERMINAL for before in self._plan.depends_on[key])

    def _answer(self, key: str) -> str:
        spec = self._plan.tasks[key]
        if key not in self._plan.chosen or spec.get("disabled"):
            return s.DISABLED
        if self._running.stop.is_set():
            return s.CANCELED
        return decide(str(spec.get("run_if") or "ALL_SUCCESS"), self._edges(spec))

    def _edges(self, spec: dict[str, Any]) -> list[Dependency]:
        """The edges that count: those from tasks that were not chosen do not."""
        return [
            Dependency(self._tasks[before].state, str(edge.get("outcome") or ""), self._tasks[before].outcome)
            for edge in spec.get("depends_on") or []
            if (before := str(edge["task_key"])) in self._plan.chosen
        ]

    def _reason(self, key: str, answer: str) -> str:
        if answer == s.DISABLED:
            return "disabled" if self._plan.tasks[key].get("disabled") else "not chosen by --only"
        if answer == s.CANCELED:
            return "the run was stopped"
        edges = self._edges(self._plan.tasks[key])
        if any(edge.is_other_branch for edge in edges):
            return "the other branch was taken"
        before = ", ".join(f"{each} {self._tasks[each].state}" for each in self._plan.depends_on[key])
        return f"{self._plan.tasks[key].get('run_if') or 'ALL_SUCCESS'} after {before}"

    def _run(self, key: str, task: TaskRun) -> None:
        spec = self._plan.tasks[key]
        run_attempts(
            self._running, spec, task, self._scope_of(key, task), self._kinds, path=self._running.path(task)
        )

    def _scope_of(self, key: str, task: TaskRun) -> Scope:
        above = reach(key, self._plan.depends_on)
        tasks = {name: _named(self._tasks[name]) for name in above if self._tasks[name].state != s.DISABLED}
        own = {"name": key, "run_id": task.task_run_id, "notebook_path": task.notebook_path or None}
        return replace(self._scope, task=own, tasks=tasks)

    def _tell(self, task: TaskRun) -> None:
        running = self._running
        running.log.tell(
            "task", running.path(task), state=task.state, text=task.reason, seconds=task.seconds,
            attempt=len(task.attempts), tables=task.tables, outcome=task.outcome,
        )  # fmt: skip
        running.store.save(running.run)


def _named(task: TaskRun) -> dict[str, Any]:
    """What references and task values of later tasks can name."""
    return {
        "run_id": task.task_run_id,
        "result_state": task.state,
        "error_code": "" if task.state in s.FINE else "RUN_EXECUTION_ERROR",
        "execution_count": len(task.attempts),
        "notebook_path": task.notebook_path or None,
        "values": task.values,
        "output": task.result,
    }
