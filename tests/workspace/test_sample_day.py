"""What `as_of` means where samples stand, and the sources that a run starts by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tideline.cli import exit_code
from tideline.commands.app import App
from tideline.commands.secrets import keep_secrets
from tideline.commands.sources import source_of, start_needed
from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.sample_day import keep_sample_day, with_sample_day


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path))
    monkeypatch.chdir(repository)
    return tmp_path


@pytest.fixture(scope="module")
def bundle(repository: Path) -> Bundle:
    return load_bundle(repository, environment={}, has_local_settings=False)


def test_without_samples_a_job_keeps_its_own_as_of(bundle: Bundle, home: Path) -> None:
    assert with_sample_day(bundle, "community", {"rebuild": "true"}, home) == {"rebuild": "true"}


def test_with_samples_as_of_is_their_last_day_unless_it_is_given_or_the_job_has_none(bundle: Bundle, home: Path) -> None:
    keep_sample_day(home, date(2023, 6, 2))
    assert with_sample_day(bundle, "community", {}, home) == {"as_of": "2023-06-02"}
    assert with_sample_day(bundle, "community", {"as_of": "2023-06-01"}, home) == {"as_of": "2023-06-01"}
    without = {key for key in bundle.jobs if "as_of" not in with_sample_day(bundle, key, {}, home)}
    declared = {key for key in bundle.jobs for each in bundle.job(key)["parameters"] if each["name"] == "as_of"}
    assert without == set(bundle.jobs) - declared


def test_samples_leave_their_last_day_and_own_files_take_it_away(
    bundle: Bundle, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["sample", "community", "--days", "3", "--scale", "0.01"]) == 0
    assert with_sample_day(bundle, "community", {}, home) == {"as_of": "2023-06-03"}
    own = tmp_path / "own.csv"
    own.write_text("event_id\n")
    assert exit_code(["deliver", "ab_testing", str(own)]) == 0
    assert with_sample_day(bundle, "community", {}, home) == {}


def test_a_run_starts_the_stopped_source_that_its_job_reads_and_no_other(
    bundle: Bundle, home: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = App(repository)
    payments, funnel = source_of(app, "payments"), source_of(app, "funnel")
    try:
        start_needed(app, bundle, "payments_recommendations", {})
        assert not payments.where()  # never started: there is nothing to serve
        for source in (payments, funnel):
            keep_secrets(app.layout.secrets, source.start())
            source.stop()
        start_needed(app, bundle, "community", {})
        assert not payments.where() and not funnel.where()
        start_needed(app, bundle, "funnel_model", {})
        assert funnel.where() and not payments.where()
        keep_secrets(app.layout.secrets, {"payments_url": "https://payments.example.com"})
        start_needed(app, bundle, "payments_recommendations", {})
        assert not payments.where()  # somebody's own service
        keep_secrets(app.layout.secrets, {"payments_url": "http://127.0.0.1:9"})
        start_needed(app, bundle, "backfill", {"system": "payments"})
        assert payments.where()
    finally:
        payments.stop()
        funnel.stop()
