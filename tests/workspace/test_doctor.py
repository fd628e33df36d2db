"""What `tideline doctor` finds, on this machine and on ones that lack something."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tideline.workspace.doctor import Check, examine
from tideline.workspace.layout import Layout


def _named(layout: Layout) -> dict[str, Check]:
    return {check.name: check for check in examine(layout)}


def test_this_machine_lacks_nothing_and_nothing_was_made(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "bundle")

    checks = _named(layout)

    assert [check for check in checks.values() if check.state == "missing"] == []
    assert {"Python", "pyspark", "Java", "jars", "disk", "memory", "port", "server", "browser"} <= checks.keys()
    assert not layout.root.exists()


def test_missing_jars_are_found_and_the_command_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELINE_JARS", str(tmp_path / "none"))

    found = _named(Layout(tmp_path))["jars"]

    assert found.state == "missing" and "make setup" in found.hint


def test_a_port_in_use_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TIDELINE_PORT", str(port))

        found = _named(Layout(tmp_path))["port"]

    assert found.state == "missing" and str(port) in found.found and "TIDELINE_PORT" in found.hint


def test_a_lack_that_stops_nothing_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _named(Layout(tmp_path))["browser"].state == "note"
