"""Repair of runs, asked through the platform's client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, NotImplemented, OperationFailed
from databricks.sdk.service.jobs import RepairHistoryItemType, Run, RunLifeCycleState, RunResultState

from tests.workspace.control.conftest import Plane

SOON = timedelta(minutes=1)


def failed_run(quiet: Plane, fruit: str = "pear") -> int:
    """The id of a run whose task `order` failed: `pear` is no number."""
    waiter = quiet.client.jobs.run_now(quiet.job("compare"), job_parameters={"fruit": fruit})
    with pytest.raises(OperationFailed, match="Task order failed"):
        waiter.result(SOON)
    return int(waiter.run_id)


def attempts(quiet: Plane, run_id: int) -> dict[str, int]:
    return {key: len(task.attempts) for key, task in quiet.store.load(str(run_id)).tasks.items()}


def states(run: Run) -> dict[str, str]:
    return {
        str(task.task_key): task.state.result_state.value
        for task in run.tasks or []
        if task.state and task.state.result_state
    }


def test_what_failed_runs_again_in_the_same_run(quiet: Plane) -> None:
    run_id = failed_run(quiet)
    waiter = quiet.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    with pytest.raises(OperationFailed, match="Task order failed"):
        waiter.result(SOON)  # it fails again: its input is what it was
    assert attempts(quiet, run_id) == {"is_pear": 1, "order": 2, "apart": 1}
    run = quiet.client.jobs.get_run(run_id, include_history=True)
    first, second = run.repair_history or []
    assert (first.type, first.id, second.type, second.id) == (
        RepairHistoryItemType.ORIGINAL, None, RepairHistoryItemType.REPAIR, waiter.response.repair_id,
    )  # fmt: skip
    tasks = {task.task_key: task.run_id for task in run.tasks or []}
    assert (sorted(first.task_run_ids or []), second.task_run_ids) == (sorted(tasks.values()), [tasks["order"]])
    assert (first.start_time or 0) <= (first.end_time or 0) <= (second.start_time or 0) <= (second.end_time or 0)
    assert first.state is not None
    assert first.state.result_state is RunResultState.FAILED
    assert quiet.store.load(str(run_id)).repair_count == 1


def test_a_mended_job_is_repaired_to_its_success(quiet: Plane) -> None:
    run_id = failed_run(quiet)
    file = quiet.layout.root / "databricks.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('op: GREATER_THAN, left: "{{job.parameters.fruit}}"', "op: GREATER_THAN, left: '7'"))
    try:
        run = quiet.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True).result(SOON)
    finally:
        file.write_text(text, encoding="utf-8")
    assert run.state is not None
    assert (run.state.life_cycle_state, run.state.result_state) == (RunLifeCycleState.TERMINATED, RunResultState.SUCCESS)
    assert states(run) == {"is_pear": "SUCCESS", "order": "SUCCESS", "apart": "SUCCESS"}


def test_named_tasks_run_again_alone_or_with_what_follows(quiet: Plane) -> None:
    run_id = failed_run(quiet)
    first = quiet.client.jobs.repair_run(run_id, rerun_tasks=["is_pear"])
    with pytest.raises(OperationFailed):  # `order` was not asked for and is still failed
        first.result(SOON)
    assert attempts(quiet, run_id) == {"is_pear": 2, "order": 1, "apart": 1}
    second = quiet.client.jobs.repair_run(
        run_id, rerun_tasks=["is_pear"], rerun_dependent_tasks=True, latest_repair_id=first.response.repair_id
    )
    with pytest.raises(OperationFailed):
        second.result(SOON)
    assert attempts(quiet, run_id) == {"is_pear": 3, "order": 2, "apart": 1}
    assert first.response.repair_id != second.response.repair_id


def test_a_second_repair_names_the_one_before_it(quiet: Plane) -> None:
    run_id = failed_run(quiet)
    with pytest.raises(InvalidParameterValue, match="not repaired yet"):
        quiet.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True, latest_repair_id=5)
    first = quiet.client.jobs.repair_run(run_id, rerun_tasks=["apart"])
    with pytest.raises(OperationFailed):
        first.result(SOON)
    for wrong in (None, 5):
        with pytest.raises(InvalidParameterValue, match=f"its latest repair is {first.response.repair_id}"):
            quiet.client.jobs.repair_run(run_id, rerun_tasks=["apart"], latest_repair_id=wrong)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "either `rerun_tasks` or `rerun_all_failed_tasks`"),
        ({"rerun_tasks": ["order"], "rerun_all_failed_tasks": True}, "either `rerun_tasks` or"),
        ({"rerun_all_failed_tasks": True, "rerun_dependent_tasks": True}, "goes with `rerun_tasks`"),
        ({"rerun_tasks": ["oder"]}, "no task `oder`"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_run_stays_as_it_is(
    quiet: Plane, asked: dict[str, object], said: str
) -> None:
    run_id = failed_run(quiet)
    before = quiet.store.load(str(run_id))
    with pytest.raises(InvalidParameterValue, match=said):
        quiet.client.jobs.repair_run(run_id, **asked)
    assert quiet.store.load(str(run_id)) == before


def test_a_run_that_succeeded_has_nothing_to_repair_and_a_task_is_no_run(quiet: Plane) -> None:
    run = quiet.client.jobs.run_now(quiet.job("compare")).result(SOON)
    with pytest.raises(InvalidParameterValue, match="nothing to repair"):
        quiet.client.jobs.repair_run(run.run_id or 0, rerun_all_failed_tasks=True)
    task = (run.tasks or [])[0]
    with pytest.raises(InvalidParameterValue, match="is the run of a task"):
        quiet.client.jobs.repair_run(task.run_id or 0, rerun_all_failed_tasks=True)
    with pytest.raises(NotFound, match="Run 1 does not exist"):
        quiet.client.jobs.repair_run(1, rerun_all_failed_tasks=True)
    with pytest.raises(NotImplemented, match="`job_parameters` of RepairRun"):
        quiet.client.jobs.repair_run(run.run_id or 0, rerun_tasks=["order"], job_parameters={"fruit": "7"})


def test_a_job_that_lost_a_task_cannot_be_repaired(quiet: Plane) -> None:
    run_id = failed_run(quiet)
    file = quiet.layout.root / "databricks.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("    - task_key: apart")], encoding="utf-8")
    try:
        with pytest.raises(BadRequest, match="other tasks than run"):
            quiet.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    finally:
        file.write_text(text, encoding="utf-8")
