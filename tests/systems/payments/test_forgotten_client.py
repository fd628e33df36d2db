"""A forgotten client is in no release and in no logged model; everybody else is recommended what they were before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from systems.payments import serving
from systems.payments.forgetting import without_client
from systems.payments.packaged import log_recommender
from systems.payments.recommender import Recommender
from systems.payments.training import train
from tests.engine.forgetting.everywhere import files_with
from tests.models import models_below
from tests.systems.payments.tastes import taste_of
from tideline.samples.payments.world import World
from tideline.workspace.layout import Layout
from utils import releases
from utils.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(system_name="payments", as_of=date(2024, 1, 1), volume_root=str(tmp_path / "volumes"))
    serving.folder_of(found).mkdir(parents=True)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A store of MLflow of the test's own."""
    with models_below(tmp_path, "/Shared/tideline_payments_recommender"):
        yield Layout(tmp_path).models


def test_a_forgotten_client_is_in_no_release_and_no_logged_model(
    settings: Settings, store: Path, repository: Path, tmp_path: Path
) -> None:
    taste, popular = taste_of(World.of(7, companies=60, clients=200), 3_000)
    trained = train(taste, popular, say=lambda _: None).recommender
    files, folder = tmp_path / "recommender", serving.folder_of(settings)
    trained.save(files, {"run_id": "r"})
    for version in ("v1", "v2"):
        releases.release(folder, version, files)
    with mlflow.start_run():
        model = log_recommender(files, repository / "src")
    hers, others = trained.clients[5].decode(), np.delete(np.arange(len(trained.clients)), 5)
    assert len(files_with([hers], folder, store)) == 3

    assert without_client(settings, hers) == {"releases": 2, "logged models": 1}

    assert files_with([hers], folder, store) == []
    assert releases.current(folder) == "v2-1"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["v2-1"]
    releases.refuse_other_files(folder / "v2-1")
    left, _ = Recommender.load(folder / "v2-1")
    assert left.row_of(hers) is None
    expected, found = trained.recommend(others, 5), left.recommend(np.arange(len(others)), 5)
    assert (expected.companies == found.companies).all()
    asked = mlflow.pyfunc.load_model(model).predict(pd.DataFrame({"client": [hers, trained.clients[6].decode()]}))
    assert set(asked["client"]) == {trained.clients[6].decode()}
    assert without_client(settings, hers) == {"releases": 0, "logged models": 0}


def test_without_a_volume_of_releases_nothing_is_asked_of_mlflow(tmp_path: Path) -> None:
    assert without_client(Settings(system_name="payments", as_of=date(2024, 1, 1), volume_root=str(tmp_path)), "x") == {}
