"""Who holds a run and who reads it meanwhile: nobody takes a run for dead that lives, or repairs one that another repaired."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.web.kept import keep, task
from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import JobRun, RunStore, repair_run, run_job
from tideline.workspace.notebook.pool import KernelPool

RUN = "2023060200000001"
BUNDLE = """
bundle: {name: small}
resources:
  jobs:
    outer:
      tasks: [{task_key: inner, run_job_task: {job_id: "${resources.jobs.inner.id}"}}]
    inner:
      parameters: [{name: left, default: "1"}]
      tasks: [{task_key: smaller, condition_task: {op: LESS_THAN, left: "{{job.parameters.left}}", right: "2"}}]
"""


class Watched(RunStore):
    """A store where another process looks at every run as soon as it is kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.found: list[tuple[str, str]] = []

    def save(self, run: JobRun) -> None:
        super().save(run)
        self.found.append((run.state, RunStore(self.folder).load(run.run_id).state))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write(tmp_path / "small", {"databricks.yml": BUNDLE}))


def no_pool() -> KernelPool:
    raise AssertionError("nothing here needs a kernel")


def test_a_run_and_its_child_are_never_taken_for_dead_from_their_first_record_on(bundle: Bundle, tmp_path: Path) -> None:
    store = Watched(tmp_path / "runs")
    assert run_job(bundle, "outer", pool=no_pool, store=store).state == "SUCCESS"
    assert [saved for saved, _ in store.found].count("PENDING") == 2
    assert [found for _, found in store.found] == [saved for saved, _ in store.found]


def test_a_run_whose_end_is_kept_is_waited_for_until_its_runner_gives_it_back(tmp_path: Path) -> None:
    store, held = RunStore(tmp_path), threading.Event()
    run = keep(store, RUN, task("say", "FAILED"), state="FAILED")

    def give_back_late() -> None:
        with store.hold(run):
            held.set()
            time.sleep(0.5)

    runner = threading.Thread(target=give_back_late)
    runner.start()
    assert held.wait(10)
    with RunStore(tmp_path).hold(run):
        pass
    runner.join()


def test_a_run_that_goes_on_is_not_held_twice(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = keep(store, RUN, task("say", "RUNNING"), state="RUNNING")
    with store.hold(run), pytest.raises(JobError, match="still going on"), RunStore(tmp_path).hold(run):
        pass


def test_an_end_that_is_kept_while_somebody_looks_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    run = keep(store, RUN, task("say", "RUNNING"), state="RUNNING")
    looked = store._is_dead

    def is_dead_by_now(read: JobRun) -> bool:
        store.save(replace(run, state="SUCCESS"))
        return looked(read)

    monkeypatch.setattr(store, "_is_dead", is_dead_by_now)
    assert store.load(RUN).state == "SUCCESS"


def test_of_two_repairs_of_the_same_end_one_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    failed = run_job(bundle, "inner", parameters={"left": "one"}, pool=no_pool, store=store)
    first, second = store.load(failed.run_id), store.load(failed.run_id)
    assert repair_run(bundle, first, parameters={"left": "1"}, pool=no_pool, store=store).state == "SUCCESS"
    with pytest.raises(JobError, match="was repaired meanwhile"):
        repair_run(bundle, second, parameters={"left": "0"}, pool=no_pool, store=store)
    assert store.load(failed.run_id) == first
