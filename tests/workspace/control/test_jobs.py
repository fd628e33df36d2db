"""Jobs and their runs, asked through the platform's client: what it is told is what the store keeps."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotImplemented, OperationFailed
from databricks.sdk.service.jobs import (
    QueueSettings,
    Run,
    RunLifeCycleState,
    RunLifecycleStateV2State,
    RunResultState,
    RunTask,
    TerminationCodeCode,
)

from tests.workspace.control.conftest import Plane, number_of
from tideline.workspace.jobs.numbers import job_number

SOON = timedelta(minutes=2)


@pytest.fixture(scope="module")
def greeted(plane: Plane) -> Run:
    """A run that succeeds."""
    return plane.client.jobs.run_now(plane.job("greet somebody"), job_parameters={"word": "hi"}).result(SOON)


@pytest.fixture(scope="module")
def broken(plane: Plane) -> Run:
    """A run that fails, waited for as the client does it."""
    waiter = plane.client.jobs.run_now(plane.job("break"), notebook_params={"fruit": "plum"})
    with pytest.raises(OperationFailed, match="Task fail failed with message"):
        waiter.result(SOON)
    return plane.client.jobs.get_run(waiter.run_id)


def task(run: Run, key: str) -> RunTask:
    return next(each for each in run.tasks or [] if each.task_key == key)


def test_jobs_are_listed_by_page_with_ids_that_never_change(plane: Plane) -> None:
    found = list(plane.client.jobs.list(limit=3))
    names = [each.settings.name if each.settings else "" for each in found]
    assert names == ["greet somebody", "break", "wait", "both"]
    assert [number_of(each) for each in found] == [job_number("dev", key) for key in ("greet", "break", "wait", "both")]
    assert job_number("dev", "greet") == 6045671566369529 < 2**53  # printf dev/greet | sha256sum, the first 53 bits
    assert job_number("prod", "greet") != job_number("dev", "greet")


def test_a_job_has_its_settings_with_numbers_for_other_jobs(plane: Plane) -> None:
    settings = plane.client.jobs.get(plane.job("both")).settings
    assert settings is not None
    (first,) = settings.tasks or []
    assert first.run_job_task is not None
    assert first.run_job_task.job_id == plane.job("greet somebody")
    greet = plane.client.jobs.get(plane.job("greet somebody")).settings
    assert greet is not None
    assert [(each.name, each.default) for each in greet.parameters or []] == [
        ("word", "hello"), ("whom", "{{job.id}}")
    ]  # fmt: skip


def test_a_run_to_its_success(plane: Plane, greeted: Run) -> None:
    assert greeted.state is not None
    assert (greeted.state.life_cycle_state, greeted.state.result_state) == (
        RunLifeCycleState.TERMINATED, RunResultState.SUCCESS,
    )  # fmt: skip
    assert greeted.status is not None
    assert greeted.status.state is RunLifecycleStateV2State.TERMINATED
    assert greeted.run_name == "greet somebody"
    given = {each.name: (each.value, each.default) for each in greeted.job_parameters or []}
    number = str(plane.job("greet somebody"))
    assert given == {"word": ("hi", None), "whom": (number, number)}
    say = task(greeted, "say")
    assert say.run_id is not None
    output = plane.client.jobs.get_run_output(say.run_id)
    assert output.notebook_output is not None
    assert output.notebook_output.result == f"hi {number}"  # the id that a notebook sees is the one that is asked for
    assert output.error is None
    condition = task(greeted, "long_word").condition_task
    assert condition is not None
    assert condition.outcome == "false"


def test_the_same_run_is_kept_for_the_command_line(plane: Plane, greeted: Run) -> None:
    kept = plane.store.load(str(greeted.run_id))
    assert (kept.job_key, kept.state, kept.overrides) == ("greet", "SUCCESS", {"word": "hi"})
    report = plane.store.path(kept.run_id) / "report.html"
    limit = time.monotonic() + 30
    while not report.is_file():  # it is written a little after the run's end
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert greeted.run_page_url == report.as_uri()
    assert greeted.start_time == int(kept.begun_at * 1000)
    assert greeted.end_time == int((kept.started_at + kept.seconds) * 1000)


def test_a_tasks_run_can_be_asked_for_by_itself(plane: Plane, greeted: Run) -> None:
    say = task(greeted, "say")
    assert say.run_id is not None
    found = plane.client.jobs.get_run(say.run_id)
    assert (found.run_id, found.job_run_id, found.run_name) == (say.run_id, greeted.run_id, "say")
    assert say.run_id < 2**63


def test_why_a_run_failed_stands_in_the_output_of_its_task(plane: Plane, broken: Run) -> None:
    assert broken.state is not None
    assert (broken.state.life_cycle_state, broken.state.result_state) == (
        RunLifeCycleState.INTERNAL_ERROR, RunResultState.FAILED,
    )  # fmt: skip
    assert broken.status is not None
    assert broken.status.termination_details is not None
    assert broken.status.termination_details.code is TerminationCodeCode.RUN_EXECUTION_ERROR
    fail, after = task(broken, "fail"), task(broken, "after")
    assert fail.run_id is not None
    assert after.state is not None
    assert after.state.result_state is RunResultState.UPSTREAM_FAILED
    output = plane.client.jobs.get_run_output(fail.run_id)
    assert output.error == "KeyError: 'plum' (fail.py:7, cell 2)"
    assert "KeyError" in (output.error_trace or "")


def test_a_job_run_has_no_output_of_its_own(plane: Plane, broken: Run) -> None:
    with pytest.raises(InvalidParameterValue, match="fail"):
        plane.client.jobs.get_run_output(broken.run_id or 0)


@pytest.mark.parametrize(
    ("job", "asked", "said"),
    [
        ("greet somebody", {"job_parameters": {"wrod": "hi"}}, "no parameter `wrod`; its parameters: word, whom"),
        ("greet somebody", {"notebook_params": {"word": "hi"}}, "give `job_parameters`"),
        ("break", {"job_parameters": {"fruit": "plum"}}, "has no parameter `fruit`; its parameters: none"),
        ("greet somebody", {"only": ["sya"]}, "no task `sya`"),
        ("greet somebody", {"job_parameters": {"word": 1}}, "job_parameters.word"),
        ("greet somebody", {"idempotency_token": "x" * 65}, "idempotency_token"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_run_is_kept(
    plane: Plane, job: str, asked: dict[str, object], said: str
) -> None:
    before = plane.store.ids()
    with pytest.raises(InvalidParameterValue, match=said):
        plane.client.jobs.run_now(plane.job(job), **asked)
    assert plane.store.ids() == before


def test_a_field_without_effect_here_is_not_ignored(plane: Plane) -> None:
    with pytest.raises(NotImplemented, match="`python_params` of run-now"):
        plane.client.jobs.run_now(plane.job("break"), python_params=["a"])


def test_a_token_starts_one_run_and_only_the_chosen_tasks(plane: Plane) -> None:
    job = plane.job("greet somebody")
    first = plane.client.jobs.run_now(job, only=["say"], idempotency_token="today")
    again = plane.client.jobs.run_now(job, idempotency_token="today")
    assert first.run_id == again.run_id
    other = task(first.result(SOON), "long_word").state
    assert other is not None
    assert other.result_state is RunResultState.DISABLED


def test_a_run_over_the_limit_is_skipped_or_waits_and_each_can_be_cancelled(plane: Plane) -> None:
    jobs, job = plane.client.jobs, plane.job("wait")
    going = jobs.run_now(job)
    _until(plane, going.run_id, RunLifeCycleState.RUNNING)
    skipped = jobs.run_now(job).result(SOON).state
    assert skipped is not None
    assert (skipped.life_cycle_state, skipped.result_state) == (
        RunLifeCycleState.SKIPPED, RunResultState.MAXIMUM_CONCURRENT_RUNS_REACHED,
    )  # fmt: skip
    queued = jobs.run_now(job, queue=QueueSettings(enabled=True))
    waiting = _until(plane, queued.run_id, RunLifeCycleState.QUEUED)
    assert waiting.status is not None
    assert waiting.status.queue_details is not None
    assert {each.run_id for each in jobs.list_runs(active_only=True)} == {going.run_id, queued.run_id}

    for each in (queued.run_id, going.run_id):
        ended = jobs.cancel_run(each).result(SOON)
        assert ended.state is not None
        assert (ended.state.life_cycle_state, ended.state.result_state) == (
            RunLifeCycleState.TERMINATED, RunResultState.CANCELED,
        )  # fmt: skip
        jobs.cancel_run(each)  # once more is no mistake
    assert plane.store.load(str(going.run_id)).tasks["sleep"].state == "CANCELED"
    assert list(jobs.list_runs(active_only=True)) == []


def test_runs_are_listed_newest_first_by_page_and_by_job(plane: Plane, greeted: Run, broken: Run) -> None:
    kept = [int(run_id) for run_id in plane.store.ids()]
    assert [each.run_id for each in plane.client.jobs.list_runs(limit=1)] == kept
    of_job = list(plane.client.jobs.list_runs(job_id=plane.job("break"), expand_tasks=True))
    assert [each.run_id for each in of_job] == [broken.run_id]
    assert len(of_job[0].tasks or []) == 2
    late = list(plane.client.jobs.list_runs(start_time_from=(broken.start_time or 0) + 1))
    assert broken.run_id not in {each.run_id for each in late}
    with pytest.raises(InvalidParameterValue, match="contradict"):
        list(plane.client.jobs.list_runs(active_only=True, completed_only=True))


def test_an_edit_of_the_bundle_counts_at_once_and_a_mistake_is_said(plane: Plane) -> None:
    file, job = plane.layout.root / "databricks.yml", plane.job("greet somebody")
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace("name: greet somebody", "name: greet all"), encoding="utf-8")
        assert plane.job("greet all") == job
        file.write_text(text.replace("say.py", "nowhere.py"), encoding="utf-8")
        with pytest.raises(BadRequest, match=r"databricks\.yml:\d+.*nowhere\.py"):
            plane.client.jobs.run_now(job)
        file.write_text(text.replace("name: greet somebody", "name: ${var.nobody}"), encoding="utf-8")
        with pytest.raises(BadRequest, match="nobody"):
            list(plane.client.jobs.list())
    finally:
        file.write_text(text, encoding="utf-8")


def _until(plane: Plane, run_id: int, state: RunLifeCycleState) -> Run:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        run = plane.client.jobs.get_run(run_id)
        if run.state and run.state.life_cycle_state is state:
            return run
        time.sleep(0.05)
    raise AssertionError(f"run {run_id} did not become {state}")
