"""The scheduler with real runs of jobs that need no Spark, and a clock that is told the time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from deltalake import write_deltalake

from tests.workspace.scheduler.conftest import Desk
from tideline.workspace.bundle import load_bundle
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs.slots import Slots
from tideline.workspace.scheduler import rules_of
from tideline.workspace.scheduler.memory import read_state
from tideline.workspace.scheduler.sights import folder_of

HOUR = timedelta(hours=1)
Make = Callable[..., Desk]


def test_a_schedule_starts_a_run_that_knows_the_moment_that_was_due(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by(timedelta(0), timedelta(minutes=29), timedelta(minutes=2), timedelta(minutes=2))
    (run,) = there.runs()
    assert (run.state, run.trigger.type, run.parameters) == ("SUCCESS", "periodic", {"due": "2024-01-01T13:00:00"})
    assert there.kinds() == ["due", "started", "ended"]


def test_hours_without_a_scheduler_are_made_up_for_by_one_run(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by(timedelta(0), HOUR)
    there.clock.at += 50 * HOUR
    there.again()
    there.pass_by()
    assert [run.parameters["due"][5:13] for run in there.runs()] == ["01-01T13", "01-03T15"]
    assert "one run stands for all" in there.told[-3].text
    there.again()
    there.pass_by(timedelta(0), timedelta(minutes=1))
    assert len(there.runs()) == 2


def test_a_due_run_that_did_not_start_before_the_end_by_force_starts_after_it(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by()
    state = there.layout.home / "scheduler" / "prod.json"
    there.pass_by(HOUR)
    known = json.loads(state.read_text())
    (run,) = there.runs()
    waiting = {"job": "hourly", "since": there.clock.at.timestamp(), "trigger": {**run.to_dict()["trigger"]}}
    # The process ended between what it wrote down and the start ...
    lost = {**waiting, "trigger": {**waiting["trigger"], "key": "hourly/0@another"}}
    state.write_text(json.dumps({**known, "waiting": [lost]}))
    there.again()
    there.pass_by()
    assert len(there.runs()) == 2
    # ... and between the start and what it wrote down.
    state.write_text(json.dumps({**known, "waiting": [waiting]}))
    there.again()
    there.pass_by()
    assert len(there.runs()) == 2


def test_a_run_that_was_cut_off_goes_on_and_is_no_second_one(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by(timedelta(0), HOUR)
    (run,) = there.runs()
    file = there.store.path(run.run_id) / "run.json"
    cut = json.loads(file.read_text()) | {"state": "RUNNING"}
    cut["tasks"]["same"] |= {"state": "RUNNING"}
    file.write_text(json.dumps(cut))
    kept = read_state(there.layout.home / "scheduler" / "prod.json")
    state = {"rules": {}, "waiting": [], "going": {run.run_id: "hourly"}}
    (there.layout.home / "scheduler" / "prod.json").write_text(json.dumps(state))
    assert kept.going == {}
    there.again()
    there.pass_by()
    (after,) = there.runs()
    assert (after.run_id, after.state, after.repair_count, after.message) == (run.run_id, "SUCCESS", 1, "")
    assert after.parameters == run.parameters
    assert "taken_up" in there.kinds()


def test_runs_of_a_job_wait_in_line_and_the_line_outlives_the_process(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by()
    place = Slots(there.layout.home / "locks", "hourly", 1)
    assert place.take()
    for _ in range(3):
        there.clock.at += HOUR
        there.scheduler.tick()
    assert [run.state for run in there.runs()] == ["QUEUED"]
    assert len(read_state(there.layout.home / "scheduler" / "prod.json").waiting) == 2
    place.give_back()
    there.until(lambda: there.scheduler.is_idle)
    assert [run.parameters["due"][11:13] for run in there.runs()] == ["13", "14", "15"]


def test_without_a_queue_a_run_too_many_is_skipped(desk: Make) -> None:
    there = desk("hourly_or_never")
    there.pass_by()
    place = Slots(there.layout.home / "locks", "hourly_or_never", 1)
    assert place.take()
    there.pass_by(HOUR)
    place.give_back()
    there.pass_by(HOUR)
    assert [run.state for run in there.runs()] == ["MAXIMUM_CONCURRENT_RUNS_REACHED", "SUCCESS"]


def test_files_that_arrive_start_a_run_that_knows_where(desk: Make) -> None:
    there = desk("on_files")
    folder = folder_of("/Volumes/main/raw/landing", there.layout)
    there.pass_by()
    folder.mkdir(parents=True)
    (folder / "one.json").write_text("{}")
    there.pass_by(timedelta(seconds=1), timedelta(seconds=1))
    there.again()
    there.pass_by(timedelta(seconds=1))
    (run,) = there.runs()
    assert (run.trigger.type, run.tasks["right"].outcome) == ("file_arrival", "true")


def test_each_trigger_of_a_list_starts_runs_of_its_own(desk: Make) -> None:
    there = desk("on_both")
    folder = folder_of("/Volumes/main/raw/landing", there.layout)
    folder.mkdir(parents=True)
    there.pass_by()
    (folder / "one.json").write_text("{}")
    there.pass_by(timedelta(minutes=1), timedelta(minutes=59))
    assert [run.trigger.type for run in there.runs()] == ["file_arrival", "periodic"]


def test_a_table_that_changes_starts_a_run_that_knows_which(desk: Make) -> None:
    there = desk("on_tables")
    there.layout.warehouse.mkdir(parents=True)
    there.pass_by()
    write_deltalake(there.layout.warehouse / "shop.db" / "orders", pd.DataFrame({"id": [1]}))
    there.pass_by(timedelta(seconds=1), timedelta(seconds=1))
    (run,) = there.runs()
    assert (run.trigger.type, run.tasks["right"].outcome) == ("table", "true")


def test_a_continuous_job_runs_again_at_once_and_after_failures_later(desk: Make) -> None:
    there = desk("always")
    there.pass_by(timedelta(0), timedelta(seconds=1))
    assert [run.state for run in there.runs()] == ["SUCCESS", "SUCCESS"]
    file = there.root / "databricks.yml"
    file.write_text(file.read_text().replace('default: "1"', "default: one"))
    there.bundle = load_bundle(there.root, target="prod")
    there.again()
    there.pass_by(*[timedelta(seconds=1)] * 11)
    assert [run.state for run in there.runs()][2:] == ["FAILED", "FAILED"]
    there.pass_by(*[timedelta(seconds=1)] * 19)
    assert len(there.runs()) == 4
    there.pass_by(timedelta(seconds=2))
    assert len(there.runs()) == 5


def test_a_state_that_cannot_be_read_is_not_guessed(desk: Make) -> None:
    there = desk("hourly")
    (there.layout.home / "scheduler" / "prod.json").write_text("{")
    with pytest.raises(WorkspaceError, match="remove it to begin anew"):
        there.again()


def test_a_clock_that_is_put_back_starts_nothing_twice(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by(timedelta(0), HOUR, -2 * HOUR, HOUR, HOUR)
    assert [run.trigger.at for run in there.runs()] == [datetime(2024, 1, 1, 13, tzinfo=UTC).timestamp()]


def test_what_waits_for_a_job_that_is_not_served_now_stays_for_later(desk: Make) -> None:
    there = desk("hourly")
    there.pass_by()
    place = Slots(there.layout.home / "locks", "hourly", 1)
    assert place.take()
    for _ in range(2):
        there.clock.at += HOUR
        there.scheduler.tick()
    state = there.layout.home / "scheduler" / "prod.json"
    known = json.loads(state.read_text())
    there.scheduler.close()
    place.give_back()
    others = desk("on_files")
    state.write_text(json.dumps({**known, "going": {}}))
    others.again()
    others.pass_by()
    assert [waiting.job for waiting in read_state(state).waiting] == ["hourly"]
    later = desk("hourly")
    later.clock.at = there.clock.at
    later.pass_by()
    assert [run.state for run in later.runs()] == ["CANCELED", "SUCCESS"]


def test_the_next_moments_are_known_before_anything_happens(desk: Make) -> None:
    there = desk("hourly", "on_files")
    found = {rule.job: there.scheduler.next_of(rule) for rule in rules_of(there.bundle) if rule.job in there.jobs}
    assert found == {"hourly": datetime(2024, 1, 1, 13, tzinfo=UTC), "on_files": None}
