"""Time limits of jobs and tasks, run for real, and what a workspace would say about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tideline.workspace.bundle import load_bundle
from tideline.workspace.jobs import JobRun, RunStore, run_job
from tideline.workspace.jobs.events import read_events
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.server import ServerAddress

BUNDLE = """
bundle: {name: limits}
resources:
  jobs:
    limited:
      timeout_seconds: 5
      email_notifications: {on_failure: [team@example.com]}
      webhook_notifications: {on_failure: [{id: pager}]}
      health: {rules: [{metric: RUN_DURATION_SECONDS, op: GREATER_THAN, value: 0}]}
      tasks:
        - {task_key: slow, spark_python_task: {python_file: slow.py}}
        - {task_key: after, depends_on: [{task_key: slow}], condition_task: {op: EQUAL_TO, left: a, right: a}}
    patient:
      tasks:
        - {task_key: slow, spark_python_task: {python_file: slow.py}, timeout_seconds: 1, max_retries: 1, retry_on_timeout: true}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[dict[str, tuple[JobRun, Path]]]:
    """Job -> its run, and the folder in which it is kept."""
    root = write(tmp_path_factory.mktemp("limits"), {"databricks.yml": BUNDLE, "slow.py": "import time\ntime.sleep(60)\n"})
    layout = Layout(root)
    store, bundle = RunStore(layout.runs), load_bundle(root)
    with KernelPool(spark_server, layout, root, size=1) as pool:
        done = {key: run_job(bundle, key, parameters={}, pool=lambda: pool, store=store) for key in bundle.jobs}
        yield {key: (run, store.path(run.run_id)) for key, run in done.items()}


def test_a_job_that_takes_too_long_is_timed_out_with_its_tasks(runs: dict[str, tuple[JobRun, Path]]) -> None:
    run, _ = runs["limited"]
    assert (run.state, run.tasks["slow"].state) == ("TIMEDOUT", "TIMEDOUT")
    assert run.tasks["after"].state not in ("SUCCESS", "RUNNING", "BLOCKED")
    assert 5 <= run.seconds < 50


def test_whom_a_workspace_would_tell_and_which_rule_is_broken_is_noted_and_nothing_is_sent(
    runs: dict[str, tuple[JobRun, Path]],
) -> None:
    notes = [event["text"] for event in read_events(runs["limited"][1] / "events.jsonl") if event["kind"] == "note"]
    assert notes[:2] == [
        "a workspace would tell team@example.com (email_notifications.on_failure)",
        "a workspace would tell pager (webhook_notifications.on_failure)",
    ]
    assert "more than its health rule allows (0 s)" in notes[2]


def test_a_time_out_is_tried_again_where_the_task_asks_for_it(runs: dict[str, tuple[JobRun, Path]]) -> None:
    assert [attempt.state for attempt in runs["patient"][0].tasks["slow"].attempts] == ["TIMEDOUT", "TIMEDOUT"]
