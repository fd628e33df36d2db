"""One job with every construct, run for real: each task ends as the workspace would end it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import JobRun, RunStore, Stop, repair_run, run_job
from tideline.workspace.jobs.events import Event, read_events
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.server import ServerAddress

FOLDER = Path(__file__).parent / "every_construct"
EXPECTED = {
    "values": "SUCCESS", "is_many": "SUCCESS", "many": "SUCCESS", "few": "EXCLUDED", "after_few": "EXCLUDED",
    "either": "SUCCESS", "loop": "SUCCESS", "flaky": "SUCCESS", "broken": "FAILED", "slow": "TIMEDOUT",
    "blocked": "UPSTREAM_FAILED", "rescue": "SUCCESS", "one_is_enough": "SUCCESS", "alarm": "EXCLUDED",
    "child": "SUCCESS", "statements": "SUCCESS", "larger": "SUCCESS", "wheel": "SUCCESS",
    "switched_off": "DISABLED", "after_switched_off": "SUCCESS",
}  # fmt: skip


@dataclass
class Shop:
    """A bundle of its own, and what runs its jobs."""

    bundle: Bundle
    store: RunStore
    pool: KernelPool

    def run(self, key: str, *, only: str = "", stop: Stop | None = None, **parameters: str) -> JobRun:
        return run_job(
            self.bundle,
            key,
            parameters=parameters,
            only=only,
            pool=lambda: self.pool,
            store=self.store,
            stop=stop,
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("every") / "bundle"
    shutil.copytree(FOLDER, root)
    layout = Layout(root)
    with KernelPool(spark_server, layout, root, size=2) as pool:
        yield Shop(load_bundle(root), RunStore(layout.runs), pool)


@pytest.fixture(scope="module")
def everything(shop: Shop) -> JobRun:
    return shop.run("everything")


def test_every_task_ends_in_the_state_of_the_workspace(everything: JobRun) -> None:
    assert {key: task.state for key, task in everything.tasks.items()} == EXPECTED
    assert everything.state == "FAILED"


def test_conditions_compare_text_and_numbers(everything: JobRun) -> None:
    outcomes = {key: everything.tasks[key].outcome for key in ("is_many", "either", "rescue", "larger")}
    assert outcomes == {"is_many": "true", "either": "false", "rescue": "true", "larger": "true"}


def test_the_job_parameter_wins_over_the_base_parameter(everything: JobRun) -> None:
    assert everything.tasks["values"].values["said"] == "hello"
    assert everything.tasks["values"].attempts[0].parameters == {"word": "hello"}


def test_a_child_job_gets_what_it_is_given(everything: JobRun) -> None:
    child = everything.tasks["child"].child
    assert child is not None
    assert child.tasks["say"].attempts[0].exit_value == "hello again"


def test_a_loop_runs_its_body_for_every_item(everything: JobRun) -> None:
    said = [each.attempts[0].output for each in everything.tasks["loop"].iterations]
    assert said == ["got 1", "got 2", "got 3"]


def test_a_retry_waits_from_the_start_of_the_failed_attempt(everything: JobRun) -> None:
    first, second = everything.tasks["flaky"].attempts
    assert (first.state, second.state) == ("FAILED", "SUCCESS")
    assert 1.4 <= second.started_at - first.started_at <= 1.5 + max(first.seconds, 1.5)


def test_a_time_out_is_not_retried_unless_asked(everything: JobRun) -> None:
    (attempt,) = everything.tasks["slow"].attempts
    assert attempt.error is not None
    assert "took longer than 2 s" in attempt.error.message


def test_the_error_is_the_users_own_with_its_place(everything: JobRun) -> None:
    error = everything.tasks["broken"].error
    assert error is not None
    assert (error.name, error.message, error.notebook, error.cell, error.line) == (
        "KeyError", "'pear'", "notebooks/broken.py", 2, 8,
    )  # fmt: skip


def test_everything_is_kept(everything: JobRun, shop: Shop) -> None:
    folder = shop.store.path(everything.run_id)
    kept = {file.name for file in folder.iterdir()}
    assert {"run.json", "events.jsonl", "junit.xml", "notebooks"} <= kept
    assert (folder / everything.tasks["broken"].attempts[0].notebook).is_file()
    assert shop.store.load(everything.run_id) == everything
    assert read_events(folder / "events.jsonl")[-1]["state"] == "FAILED"


def test_repair_runs_what_failed_and_keeps_what_is_finished(shop: Shop) -> None:
    run = shop.run("everything", only="values,broken+")
    assert run.tasks["rescue"].state == "SUCCESS"
    broken = shop.bundle.root / "notebooks" / "broken.py"
    text = broken.read_text()
    broken.write_text(text.replace('price["pear"]', 'price["apple"]'))
    try:
        repaired = repair_run(shop.bundle, run, pool=lambda: shop.pool, store=shop.store)
    finally:
        broken.write_text(text)
    assert (repaired.state, repaired.repair_count) == ("SUCCESS", 1)
    assert [len(repaired.tasks[key].attempts) for key in ("values", "broken", "blocked")] == [1, 2, 1]
    assert repaired.tasks["values"].values["n"] == 41
    assert repaired.tasks["rescue"].state == "EXCLUDED"
    with pytest.raises(JobError, match="nothing to repair"):
        repair_run(shop.bundle, repaired, pool=lambda: shop.pool, store=shop.store)


def test_a_cancelled_run_stops_its_tasks_at_once(shop: Shop) -> None:
    stop = Stop()

    def cancel(event: Event) -> None:
        if event.task == "slow" and event.state == "RUNNING":
            threading.Thread(target=stop.set).start()

    run = run_job(
        shop.bundle,
        "everything",
        only="slow,rescue",
        pool=lambda: shop.pool,
        store=shop.store,
        on_event=cancel,
        stop=stop,
    )
    assert (run.state, run.tasks["slow"].state, run.tasks["rescue"].state) == (
        "CANCELED",
        "CANCELED",
        "CANCELED",
    )
    assert run.seconds < 30


def test_a_run_whose_runner_died_is_found_cancelled(shop: Shop) -> None:
    run = shop.run("everything", only="after_switched_off")
    run.state, run.tasks["after_switched_off"].state = "RUNNING", "RUNNING"
    shop.store.save(run)
    found = shop.store.load(run.run_id)
    assert (found.state, found.tasks["after_switched_off"].state) == ("CANCELED", "CANCELED")
    assert found.message == "the runner ended before the run did"


def test_a_second_run_waits_for_the_first(shop: Shop) -> None:
    states: list[str] = []
    first_is_on, end_first = threading.Event(), Stop()

    def first(event: Event) -> None:
        if event.task == "long" and event.state == "RUNNING":
            first_is_on.set()

    def start_first() -> None:
        run_job(
            shop.bundle, "waiting", only="long", pool=lambda: shop.pool, store=shop.store, on_event=first, stop=end_first
        )

    def second_is(event: Event) -> None:
        states.append(event.state)
        if event.state == "QUEUED":
            end_first.set()

    thread = threading.Thread(target=start_first)
    thread.start()
    try:
        assert first_is_on.wait(60)
        second = run_job(
            shop.bundle, "waiting", only="short", pool=lambda: shop.pool, store=shop.store, on_event=second_is
        )
    finally:
        end_first.set()
        thread.join()
    assert states[:2] == ["QUEUED", "RUNNING"]
    assert second.state == "SUCCESS"


def test_unknown_parameters_tasks_and_jobs_are_refused_by_name(shop: Shop) -> None:
    for given, said in (
        ({"key": "everythin"}, "did you mean `everything`"),
        ({"key": "everything", "only": "brokn"}, "did you mean `broken`"),
        ({"key": "everything", "wrd": "x"}, "did you mean `word`"),
    ):
        with pytest.raises(JobError, match=said):
            shop.run(**given)


def test_a_run_keeps_the_variables_of_its_bundle_for_a_repair(shop: Shop) -> None:
    run = run_job(
        shop.bundle, "everything", only="after_switched_off", pool=lambda: shop.pool, store=shop.store,
        variables={"catalog": "mine"},
    )  # fmt: skip
    assert shop.store.load(run.run_id).variables == {"catalog": "mine"}
