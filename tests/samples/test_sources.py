"""Sources by command: started, found by the secrets that they leave, filled, stopped."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import psycopg
import pytest
import requests

from tideline.cli import exit_code
from tideline.samples.sources import Source


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path))
    monkeypatch.chdir(repository)
    return tmp_path


def test_sources_are_started_found_by_their_secrets_and_stopped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert exit_code(["source", "start", "payments"]) == 0
        assert exit_code(["source", "start", "funnel"]) == 0
        secrets = json.loads((home / "secrets.json").read_text())["tideline"]
        assert (home / "secrets.json").stat().st_mode & 0o077 == 0
        said = Source(home / "sources", "payments").write_day(1, scale=0.01, seed=7, start=date(2023, 6, 1))
        assert "payments and 300 companies changed" in said
        headers = {"Authorization": f"Bearer {secrets['payments_token']}"}
        page = requests.get(f"{secrets['payments_url']}/companies", headers=headers, timeout=10).json()
        assert len(page) == 300
        Source(home / "sources", "funnel").write_day(1, scale=0.01, seed=7, start=date(2023, 6, 1))
        dsn = secrets["funnel_url"].removeprefix("jdbc:")
        with psycopg.connect(dsn, user=secrets["funnel_user"], password=secrets["funnel_password"]) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchall() == [(200,)]
        assert exit_code(["source", "start", "payments"]) == 0
        assert json.loads((home / "secrets.json").read_text())["tideline"]["payments_url"] == secrets["payments_url"]
    finally:
        capsys.readouterr()
        assert exit_code(["stop"]) == 0
    assert "the sample sources are stopped" in capsys.readouterr().out
    assert exit_code(["source", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["payments: stopped", "funnel: stopped"]


def test_what_has_no_source_is_said_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["source", "start", "comunity"]) == 2
    assert "`comunity` has no source that runs (choose one of payments, funnel)" in capsys.readouterr().err
    assert exit_code(["source", "load", "payments", str(home)]) == 2
    assert "nothing can be loaded into `payments`" in capsys.readouterr().err
