"""Experiments and registered models on a laptop: the platform's own client, a store below the bundle."""

from __future__ import annotations

from pathlib import Path

import mlflow

from tests.models import models_below


class _Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context: object, model_input: list[float]) -> list[float]:
        return [number * 2 for number in model_input]


def test_a_model_is_registered_by_its_three_level_name_and_found_by_its_alias(tmp_path: Path) -> None:
    name = "main.gold.doubling"
    with models_below(tmp_path, "/Shared/doubling") as client:
        with mlflow.start_run():
            mlflow.log_metric("error", 0.0)
            logged = mlflow.pyfunc.log_model(name="model", python_model=_Doubling(), registered_model_name=name)
        client.set_registered_model_alias(name, "champion", logged.registered_model_version)

        found = mlflow.pyfunc.load_model(f"models:/{name}@champion")
        run = client.get_run(logged.run_id)

    assert found.predict([1.0, 2.5]) == [2.0, 5.0]
    assert run.data.metrics == {"error": 0.0}
    assert (tmp_path / ".tideline" / "models" / "mlflow.db").is_file()
