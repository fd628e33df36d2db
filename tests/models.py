"""MLflow for tests that log in their own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from tideline.workspace.layout import Layout
from tideline.workspace.tracking import tracking_environment

EXPERIMENT_ID = "MLFLOW_EXPERIMENT_ID"


@contextmanager
def models_below(root: Path, experiment: str) -> Iterator[mlflow.MlflowClient]:
    """The local store of a bundle in `root`, with `experiment` chosen; nothing of it is left after the block.

    MLflow keeps a chosen experiment in the module and in the environment, where notebooks that start later would find it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TIDELINE_HOME", raising=False)
        patch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
        patch.setenv(EXPERIMENT_ID, "")  # so that it is gone afterwards, whoever sets it
        patch.delenv(EXPERIMENT_ID)
        for name, value in tracking_environment(Layout(root)).items():
            patch.setenv(name, value)
        mlflow.set_experiment(experiment)
        yield mlflow.MlflowClient()
