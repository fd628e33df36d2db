"""`tideline schedule` as a process of its own: files arrive, it is killed, it starts again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.scheduler.conftest import FILES
from tideline.cli import exit_code
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.scheduler.sights import folder_of

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path, FILES)


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """A scheduler in a process of its own, once it waits; what it says afterwards can be read from its standard output."""
    started: list[subprocess.Popen[str]] = []

    def launch(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tideline.cli", "--root", str(root), "schedule", "start", "-t", "prod", "--json"]
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, text=True, cwd=installation_root(), start_new_session=True
        )
        started.append(process)
        assert heard(process)["kind"] == "waiting"
        return process

    yield launch
    for process in started:
        process.kill()
        process.wait()


def heard(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout
    line = process.stdout.readline()
    assert line, "the scheduler ended"
    return dict(json.loads(line))


def heard_until(process: subprocess.Popen[str], kind: str) -> dict[str, str]:
    while (said := heard(process))["kind"] != kind:
        pass
    return said


def remembered(root: Path) -> None:
    """Until it has looked once: from then on files are new."""
    state, limit = Layout(root).home / "scheduler" / "prod.json", time.monotonic() + 60
    while not (state.is_file() and "on_files/0" in state.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_file_starts_a_run_and_no_end_by_force_loses_or_doubles_one(root: Path, start: Start) -> None:
    store, folder = RunStore(Layout(root).runs), folder_of("/Volumes/main/raw/landing", Layout(root))
    folder.mkdir(parents=True)
    first = start("on_files")
    remembered(root)
    (folder / "one.json").write_text("{}")
    assert heard_until(first, "ended")["state"] == "SUCCESS"
    (run,) = store.runs()
    assert (run.trigger.type, run.tasks["right"].outcome) == ("file_arrival", "true")

    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    (folder / "two.json").write_text("{}")
    second = start("on_files")
    heard_until(second, "ended")
    if len(store.runs()) == 1:  # killed before it noted that end, the first one left it to the second to tell
        heard_until(second, "ended")
    assert len(store.runs()) == 2

    os.kill(second.pid, signal.SIGKILL)
    second.wait()
    third = start("on_files", "--once")
    assert third.wait(60) == 0
    assert len(store.runs()) == 2


def test_an_interrupt_ends_it_cleanly_and_only_one_runs_per_bundle(
    root: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start("on_files")
    remembered(root)
    assert exit_code(["--root", str(root), "schedule", "start", "-t", "prod"]) == 2
    assert f"a scheduler of this bundle runs already: process {process.pid}" in capsys.readouterr().err
    assert exit_code(["--root", str(root), "reset", "--yes"]) == 2
    assert "runs already" in capsys.readouterr().err
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def test_once_runs_what_is_due_and_a_failure_is_its_exit_code(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--root", str(root), "schedule", "start", "always", "-t", "prod", "--once"]) == 0
    said = capsys.readouterr().out
    assert "always  started: run" in said and "SUCCESS" in said
    file = root / "databricks.yml"
    file.write_text(file.read_text().replace('default: "1"', "default: one"))
    assert exit_code(["--root", str(root), "schedule", "start", "always", "-t", "prod", "--once"]) == 1
    assert [run.state for run in RunStore(Layout(root).runs).runs()] == ["FAILED", "SUCCESS"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("hourly", "target dev pauses hourly, as its mode is development (start them all the same: --unpaused"),
        ("by_hand", "by_hand has no schedule or trigger"),
        ("hourley", "did you mean `hourly`"),
        ("hourly_or_never -t prod", "target prod pauses hourly_or_never (start them"),
    ],
)
def test_where_nothing_would_start_it_says_why(
    arguments: str, said: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["--root", str(root), "schedule", "start", *arguments.split()]) == 2
    assert said in capsys.readouterr().err


def test_the_next_times_are_shown_by_the_bare_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--root", str(root), "schedule", "--count", "2", "-t", "prod"]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["by_hand"] == "no schedule"
    assert lines["hourly"].endswith(":00 Europe/Berlin") and lines["hourly"].count(":00") == 2
    assert lines["hourly_or_never (paused)"].endswith("UTC")
    assert lines["on_files"] == "new files in /Volumes/main/raw/landing/"
    assert exit_code(["--root", str(root), "schedule", "show", "--count", "1"]) == 0
    assert "hourly (paused): " in capsys.readouterr().out
