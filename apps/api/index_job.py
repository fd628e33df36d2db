"""The job that builds the recommender, started and watched through the workspace's Jobs API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.jobs import Run, RunLifeCycleState, RunResultState, RunTask

from apps.api.builds import AlreadyRunning, Build, NoWorkspace

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

OVER = {RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR}
BAD = {RunResultState.FAILED, RunResultState.TIMEDOUT}
GOOD = {RunResultState.SUCCESS, RunResultState.SUCCESS_WITH_FAILURES}


class IndexJob:
    """One job. `connect` makes the client when it is first needed: the API starts and answers without a workspace."""

    def __init__(self, connect: Callable[[], WorkspaceClient], job_id: int, parameters: Mapping[str, str]) -> None:
        self._connect, self._job_id, self._parameters = connect, job_id, dict(parameters)
        self._client: WorkspaceClient | None = None
        self._starting = threading.Lock()

    def start(self) -> int:
        """Start a run and give its id. Raises AlreadyRunning where one is not over, NoWorkspace."""
        with self._starting, _asked():
            active = next(iter(self._jobs.list_runs(job_id=self._job_id, active_only=True)), None)
            if active is not None and active.run_id is not None:
                raise AlreadyRunning(active.run_id)
            return int(self._jobs.run_now(job_id=self._job_id, job_parameters=self._parameters or None).response.run_id or 0)

    def find(self, run_id: int) -> Build | None:
        """How a run stands; None where the job has no such run. Raises NoWorkspace."""
        try:
            with _asked():
                run = self._jobs.get_run(run_id)
                if run.job_id != self._job_id:
                    return None
                failed = next((t for t in run.tasks or [] if t.state and t.state.result_state in BAD), None)
                # Only the output of a task's own run says what went wrong.
                error = self._jobs.get_run_output(failed.run_id).error if failed and failed.run_id else None
        except (NotFound, InvalidParameterValue):
            return None
        return _build_of(run, failed, error)

    @property
    def _jobs(self):  # type: ignore[no-untyped-def]  # the client's own type
        if self._client is None:
            self._client = self._connect()
        return self._client.jobs


@contextmanager
def _asked() -> Iterator[None]:
    """What the workspace says is an answer for people; that a run does not exist is the caller's affair."""
    try:
        yield
    except (NotFound, InvalidParameterValue):
        raise
    except (DatabricksError, OSError, ValueError) as error:  # the client's word for missing credentials is ValueError
        raise NoWorkspace(str(error).split("\n")[0]) from None


def _build_of(run: Run, failed: RunTask | None, error: str | None) -> Build:
    doing = (t for t in run.tasks or [] if t.state and t.state.life_cycle_state == RunLifeCycleState.RUNNING)
    shown = failed or next(doing, None)
    said = error or (run.state.state_message if run.state else None)
    return Build(
        int(run.run_id or 0), _state_of(run), shown.task_key if shown else None, said or None, _moment(run.start_time),
        _moment(run.end_time),
    )  # fmt: skip


def _state_of(run: Run) -> str:
    if run.state is None or run.state.life_cycle_state not in OVER:
        return "running"
    if run.state.result_state in GOOD:
        return "succeeded"
    return "canceled" if run.state.result_state == RunResultState.CANCELED else "failed"


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
