"""What `tideline doctor` finds, on this machine and on ones that lack something."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tideline.workspace.doctor import Check, doctor, doctor_text, is_healthy
from tideline.workspace.layout import Layout


def _named(layout: Layout) -> dict[str, Check]:
    return {check.name: check for check in doctor(layout)}


def test_this_machine_is_healthy_and_nothing_was_made(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "bundle")

    checks = doctor(layout)

    assert is_healthy(checks), doctor_text(checks)
    names = [check.name for check in checks]
    assert names == ["Python", "packages", "Java", "jars", "disk", "memory", "port", "server", "Chromium"]
    assert not layout.root.exists()


def test_missing_jars_are_found_and_the_command_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELINE_JARS", str(tmp_path / "none"))

    found = _named(Layout(tmp_path))["jars"]

    assert not found.ok and found.what_to_do == "make setup"


def test_a_port_in_use_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TIDELINE_PORT", str(port))

        found = _named(Layout(tmp_path))["port"]

    assert not found.ok and str(port) in found.found and "TIDELINE_PORT" in found.what_to_do


def test_a_lack_that_stops_nothing_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    checks = doctor(Layout(tmp_path))

    assert is_healthy(checks)
    assert "note  Chromium  no Chromium; only the browser tests need it\n" in doctor_text(checks)
