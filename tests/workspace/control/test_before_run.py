"""What a run needs besides the bundle is seen to in the run itself, once; kernels stay for the next run where asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tideline.workspace.bundle import Bundle
from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.events import read_events
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        resources:
          jobs:
            two:
              parameters: [{name: word, default: a}]
              tasks:
                - {task_key: first, notebook_task: {notebook_path: say.py}}
                - {task_key: second, notebook_task: {notebook_path: say.py}}
            none:
              tasks: [{task_key: first, condition_task: {op: EQUAL_TO, left: a, right: a}}]
        """,
    "say.py": """
        # Databricks notebook source
        dbutils.widgets.text("word", "")
        dbutils.notebook.exit(dbutils.widgets.get("word"))
        """,
}


def ended(workspace: Workspace, run_id: str) -> JobRun:
    limit = time.monotonic() + 180
    while time.monotonic() < limit:
        run = workspace.store.load(run_id)
        if run.state in s.TERMINAL and not workspace.background.is_going(run_id):
            return run
        time.sleep(0.05)
    raise AssertionError(f"run {run_id} has not ended")


def pools() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "kernel-pool"}


def test_it_is_seen_to_once_per_run_and_said_among_its_events(tmp_path: Path, spark_server: ServerAddress) -> None:
    asked: list[tuple[str, Mapping[str, str]]] = []
    others = pools()

    def before(bundle: Bundle, key: str, parameters: Mapping[str, str]) -> list[str]:
        asked.append((key, dict(parameters)))
        return ["the source is started"]

    workspace = Workspace(write(tmp_path, FILES), remote=spark_server, before_run=before, warm_seconds=60)
    try:
        run = ended(workspace, workspace.background.start(workspace.bundle(), "two", parameters={"word": "hi"}, only=""))
        assert (run.state, asked) == ("SUCCESS", [("two", {"word": "hi"})])
        told = [event for event in read_events(workspace.store.path(run.run_id) / "events.jsonl") if event["kind"] == "note"]
        assert [event["text"] for event in told] == ["the source is started"]
        assert pools() - others  # it waits for the next run
    finally:
        workspace.close()
    assert not pools() - others


def test_where_it_fails_the_task_says_why(tmp_path: Path) -> None:
    def before(bundle: Bundle, key: str, parameters: Mapping[str, str]) -> list[str]:
        raise WorkspaceError("the source does not start", hint="look at its log")

    workspace = Workspace(write(tmp_path, FILES), remote=ServerAddress("sc://localhost:1", ""), before_run=before)
    try:
        run = ended(workspace, workspace.background.start(workspace.bundle(), "two", parameters={}, only="first"))
        error = run.tasks["first"].error
        assert run.state == "FAILED" and error is not None
        assert error.message == "the source does not start (look at its log)"
    finally:
        workspace.close()


def test_a_run_that_needs_no_spark_does_not_ask_for_it(tmp_path: Path) -> None:
    workspace = Workspace(
        write(tmp_path, FILES), remote=ServerAddress("sc://localhost:1", ""), before_run=lambda *_: pytest.fail("asked")
    )
    try:
        assert ended(workspace, workspace.background.start(workspace.bundle(), "none", parameters={}, only="")).state == "SUCCESS"
    finally:
        workspace.close()
