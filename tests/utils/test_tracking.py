"""A run that is logged says how it was made."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest

from tests.models import models_below
from tideline.workspace.notebook.kernel.dbutils.context import EntryPoint
from tideline.workspace.notebook.kernel.dbutils.widgets import WidgetsUtility
from utils.errors import SettingsError
from utils.settings import read_text
from utils.tracking import ROOT, Tracking

NOBODY = {"job_id": "", "job_name": "", "task_run_id": "", "run_id": "", "user": "", "task_key": ""}
READ = {"gold.monthly_support": ["an-id", 3]}


def notebook(path: str = "/notebooks/ml/forecast.py", **parameters: str) -> Any:
    point = EntryPoint({"notebook_path": path, "context": NOBODY})
    return SimpleNamespace(widgets=WidgetsUtility(parameters), notebook=SimpleNamespace(entry_point=point))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mlflow.MlflowClient]:
    with models_below(tmp_path_factory.mktemp("bundle"), "the notebook's own") as client:
        yield client


def test_a_run_names_its_notebook_widgets_data_and_code(store: mlflow.MlflowClient) -> None:
    dbutils = notebook(as_of="2024-05-31", experiment="/Shared/forecast")
    read_text(dbutils, "seed", "Seed")
    tracking = Tracking.from_widgets(dbutils)
    with tracking.run("a forecast", READ, code="abc", tags={"is_good": "yes"}) as run:
        mlflow.log_metric("mase", 0.5)
    found = store.get_run(run.info.run_id)
    assert store.get_experiment(found.info.experiment_id).name == "/Shared/forecast"
    assert found.data.tags["tideline.notebook"] == "notebooks/ml/forecast"
    assert json.loads(found.data.tags["tideline.versions"]) == READ
    assert json.loads(found.data.tags["tideline.parameters"]) == {
        "as_of": "2024-05-31", "seed": "", "experiment": "/Shared/forecast", "versions": "", "publish": "true", "reproduces": "",
    }  # fmt: skip
    assert found.data.tags["code"] == "abc" and found.data.tags["is_good"] == "yes"
    assert "tideline.reproduces" not in found.data.tags


def test_a_block_that_fails_leaves_a_run_that_failed(store: mlflow.MlflowClient) -> None:
    tracking = Tracking.from_widgets(notebook())
    with pytest.raises(ZeroDivisionError), tracking.run("a forecast", READ, code="abc") as run:
        1 / 0  # noqa: B018 (it is to fail)
    assert store.get_run(run.info.run_id).info.status == "FAILED"


def test_a_run_that_reproduces_another_reads_its_versions_and_publishes_nothing(store: mlflow.MlflowClient) -> None:
    tracking = Tracking.from_widgets(notebook(versions=json.dumps(READ), reproduces="f00"))
    assert tracking.versions == READ and not tracking.publishes
    assert tracking.why("") == "chosen versions were asked for" and tracking.why("first run") == "first run"
    with tracking.run("again", READ, code="abc") as run:
        pass
    assert store.get_run(run.info.run_id).data.tags["tideline.reproduces"] == "f00"


def test_a_day_that_was_left_empty_is_logged_as_the_day_that_it_meant() -> None:
    dbutils = notebook()
    read_text(dbutils, "as_of", "Day")
    before = datetime.now(UTC).date()
    day = Tracking.from_widgets(dbutils).parameters["as_of"]
    assert day in {each.isoformat() for each in (before, datetime.now(UTC).date())}  # midnight may be between


def test_nothing_is_due_where_nothing_moved_and_nothing_was_asked_for() -> None:
    assert Tracking.from_widgets(notebook()).why("") == ""


@pytest.mark.parametrize("text", ["yesterday", "[1]", '{"gold.x": 3}', '{"gold.x": ["id", "new"]}'])
def test_versions_that_are_none_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match="widget `versions`.*expected JSON like"):
        Tracking.from_widgets(notebook(versions=text))


@pytest.mark.parametrize("folder", ["", str(ROOT), f"/Workspace{ROOT}"])
def test_a_notebook_is_named_from_the_projects_folder_wherever_that_stands(folder: str) -> None:
    assert Tracking.from_widgets(notebook(f"{folder}/notebooks/ml/forecast")).notebook == "notebooks/ml/forecast"


def test_reading_the_widgets_loads_no_mlflow() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import utils.tracking; print('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
