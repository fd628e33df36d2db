"""A scheduler that is killed while a notebook runs: the next one goes on with the same run, and with no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.workspace.bundle.bundles import write
from tideline.workspace.jobs import JobRun, RunStore
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        bundle: {name: small}
        resources:
          jobs:
            always:
              continuous: {pause_status: UNPAUSED}
              tasks:
                - {task_key: first, notebook_task: {notebook_path: first.py}}
                - {task_key: second, depends_on: [{task_key: first}], notebook_task: {notebook_path: second.py}}
        """,
    "first.py": "# Databricks notebook source\nprint('done once')\n",
    # Alone it takes for ever; the second time it finds what the first one left and ends.
    "second.py": """
        # Databricks notebook source
        import time
        from pathlib import Path

        here = Path("seen")
        if not here.exists():
            here.touch()
            time.sleep(600)
        """,
}


def started(root: Path, address: ServerAddress, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tideline.cli", "--root", str(root), "--remote", address.remote]
    own = {"SPARK_CONNECT_AUTHENTICATE_TOKEN": address.token}
    return subprocess.Popen(
        [*command, "schedule", "start", "--json", *arguments], cwd=installation_root(), env=os.environ | own,
        stdout=subprocess.PIPE,
    )  # fmt: skip


def until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.2)


def only(store: RunStore) -> JobRun:
    (run,) = store.runs()
    return run


def test_the_same_run_goes_on_and_what_it_finished_stays(tmp_path: Path, spark_server: ServerAddress) -> None:
    root = write(tmp_path, FILES)
    store = RunStore(Layout(root).runs)
    killed = started(root, spark_server)
    until((root / "seen").exists)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    cut = only(store)
    assert (cut.state, cut.is_cut_off, cut.trigger.type) == ("CANCELED", True, "continuous")

    again = started(root, spark_server, "--once")
    said = [json.loads(line) for line in again.communicate(timeout=300)[0].splitlines()]
    assert [each["kind"] for each in said] == ["waiting", "taken_up", "ended"]
    assert again.returncode == 0
    run = only(store)
    assert (run.run_id, run.state, run.repair_count) == (cut.run_id, "SUCCESS", 1)
    assert [len(task.attempts) for task in run.tasks.values()] == [1, 2]
