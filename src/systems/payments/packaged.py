"""The recommender as an MLflow model: what is registered can be loaded and asked without this project's notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow.artifacts
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from systems.payments.recommender import Recommender

FILES = "recommender"
PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "usearch", "mlflow")
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "client")]),
    outputs=Schema(
        [
            ColSpec(DataType.string, "client"), ColSpec(DataType.long, "rank"), ColSpec(DataType.long, "company_id"),
            ColSpec(DataType.double, "score"), ColSpec(DataType.string, "reason"),
        ]
    ),
    params=ParamSchema([ParamSpec("n", DataType.long, 5)]),
)  # fmt: skip

# Nobody's: a client has no business in an artefact that is not made to know clients.
EXAMPLE = pd.DataFrame({"client": ["0" * 32]})


class PackagedRecommender(PythonModel):
    """Asked with pseudonyms of clients; those who paid nobody get no row."""

    def load_context(self, context: Any) -> None:
        self.recommender, _ = Recommender.load(Path(context.artifacts[FILES]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows (client, rank, company_id, score, reason), best first."""
        found = self.recommender
        rows = np.array([row for each in model_input["client"] if (row := found.row_of(each)) is not None], dtype=np.int64)
        columns = list(SIGNATURE.outputs.input_names())
        if not len(rows):
            return pd.DataFrame(columns=columns)
        ranked = found.recommend(rows, int((params or {}).get("n", 5)))
        places, ranks = np.nonzero(ranked.companies >= 0)
        values = (
            found.clients[rows[places]].astype(str), ranks + 1,
            found.companies["company_id"].to_numpy()[ranked.companies[places, ranks]],
            ranked.scores[places, ranks], [found.reason(int(each)) for each in ranked.because[places, ranks]],
        )  # fmt: skip
        return pd.DataFrame(dict(zip(columns, values, strict=True)))


def log_recommender(files: Path, source: Path) -> str:
    """Log the files of a trained recommender as a model of the running MLflow run, with the code that reads them.

    `source` is the project's `src`. Gives the model's address, which is what is registered.
    """
    packages = [f"{name}=={version(name)}" for name in PACKAGES]
    logged = mlflow.pyfunc.log_model(
        name="recommender", python_model=PackagedRecommender(), artifacts={FILES: str(files)}, signature=SIGNATURE,
        input_example=EXAMPLE, code_paths=[str(source / "systems"), str(source / "utils")], pip_requirements=packages,
    )  # fmt: skip
    return str(logged.model_uri)


def fetched(model: str) -> Path:
    """The folder with a logged model's files, as `Recommender.save` wrote them."""
    return Path(mlflow.artifacts.download_artifacts(model)) / "artifacts" / FILES
