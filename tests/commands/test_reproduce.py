"""What `tideline reproduce` refuses, and when two runs say the same; nothing here starts a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.models import models_below
from tideline.cli import exit_code
from tideline.commands import reproduce
from tideline.commands.metrics import compared
from tideline.workspace.layout import Layout
from utils import tracking

BUNDLE = Path(__file__).parents[1] / "workspace" / "jobs" / "every_construct"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bundle where two runs were logged: one without the tags, one of a notebook that is gone."""
    root = Path(shutil.copytree(BUNDLE, tmp_path_factory.mktemp("reproduced") / "bundle"))
    with models_below(root, "some"):
        tags = {tracking.NOTEBOOK: "notebooks/ml/gone", tracking.PARAMETERS: "{}", tracking.VERSIONS: "{}"}
        for name, given in (("bare", {tracking.NOTEBOOK: "notebooks/values"}), ("gone", tags)):
            with mlflow.start_run(run_name=name, tags=given) as run:
                (root / name).write_text(run.info.run_id)
        yield root


def refusal(root: Path, run_id: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert exit_code(["--root", str(root), "reproduce", run_id]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err
    return err


def test_a_run_that_nobody_logged_is_refused_and_the_newest_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(bundle, "f00", capsys)
    assert "there is no run `f00`" in said and (bundle / "gone").read_text() in said


def test_a_run_that_does_not_say_how_it_was_made_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(bundle, (bundle / "bare").read_text(), capsys)
    assert "no tag tideline.parameters, tideline.versions" in said


def test_a_run_of_a_notebook_that_is_gone_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no notebook `notebooks/ml/gone` any more" in refusal(bundle, (bundle / "gone").read_text(), capsys)


def test_where_no_model_was_trained_no_store_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(shutil.copytree(BUNDLE, tmp_path / "bundle"))
    assert "there is no run of MLflow here yet" in refusal(root, "f00", capsys)
    assert not Layout(root).models.exists()


def test_metrics_are_the_same_within_a_billionth_and_clocks_do_not_count() -> None:
    then = {"a": 1.0, "b": 1.0, "c": float("nan"), "only_then": 1.0, "fit.seconds": 1.0}
    now = {"a": 1.0 + 1e-10, "b": 1.0 + 1e-8, "c": float("nan"), "only_now": 0.0, "fit.seconds": 9.0}
    found = {row.metric: row.is_same for row in compared(then, now)}
    assert found == {"a": True, "b": False, "c": True, "only_then": False, "only_now": False}
    assert not compared({"a": float("nan")}, {"a": 1.0})[0].is_same


def test_the_command_reads_the_tags_that_notebooks_write() -> None:
    for name in ("NOTEBOOK", "PARAMETERS", "VERSIONS", "CODE", "REPRODUCES"):
        assert getattr(reproduce, name) == getattr(tracking, name)
