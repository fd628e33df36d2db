"""`tideline doctor` as people and scripts call it: what runs need, what tests and apps look for, exit codes."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tideline.cli import exit_code
from tideline.commands.tools import examine_tools
from tideline.workspace.doctor import Check

NEEDED = {"Python", "pyspark", "Java", "jars", "disk", "memory", "port", "server"}
LOOKED_FOR = {"browser", "browser tests", "real data", "databricks command", "port of api", "port of ab_results"}


def asked(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]], bool]:
    code = exit_code(["--root", str(root), "doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, {check["name"]: check for check in found["checks"]}, found["is_ready"]


def tools() -> dict[str, Check]:
    return {check.name: check for check in examine_tools({})}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without programs and without settings."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("TIDELINE_CHROMIUM", "TIDELINE_REAL_DATA", "DATABRICKS_CLI_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_script_reads_every_check_and_whether_runs_are_possible(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path / "home"))
    code, checks, is_ready = asked(repository, capsys)
    assert (code, is_ready) == (0, True)
    assert checks.keys() >= NEEDED | LOOKED_FOR
    assert not (tmp_path / "home").exists()


def test_what_a_run_needs_and_lacks_gives_exit_code_2(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDELINE_JARS", str(tmp_path / "none"))
    code, checks, is_ready = asked(repository, capsys)
    assert (code, is_ready, checks["jars"]["state"]) == (2, False, "missing")
    assert exit_code(["--root", str(repository), "doctor"]) == 2
    assert "make setup" in capsys.readouterr().out


def test_what_only_tests_lack_is_a_note_that_names_the_setting(bare: Path) -> None:
    found = tools()
    assert {check.state for check in found.values()} == {"note"}
    assert "TIDELINE_CHROMIUM" in found["browser tests"].hint
    assert "TIDELINE_REAL_DATA" in found["real data"].found
    assert "skipped" in found["databricks command"].hint


def test_settings_that_lead_somewhere_are_fine_and_others_are_told(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = bare / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for settings, state in ((("program", "."), "ok"), (("gone", "gone"), "note")):
        monkeypatch.setenv("TIDELINE_CHROMIUM", str(bare / settings[0]))
        monkeypatch.setenv("DATABRICKS_CLI_PATH", str(bare / settings[0]))
        monkeypatch.setenv("TIDELINE_REAL_DATA", str(bare / settings[1]))
        found = tools()
        assert {check.state for check in found.values()} == {state}
        assert all(bool(check.hint) == (state == "note") for check in found.values())


def test_a_port_of_an_app_that_is_taken_is_told_with_the_option_for_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = examine_tools({"api": taken.getsockname()[1]})[-1]
    assert (found.name, found.state) == ("port of api", "note")
    assert found.hint == "tideline app api --port OTHER"
