"""The comment classifier as an MLflow model: what is registered can be asked without this project's notebooks."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow.artifacts
import mlflow.pyfunc
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, DataType, Schema

from systems.community.comment_classifier import ANSWERS, FILE, CommentClassifier

NAME = "comment_classifier"
PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "joblib", "threadpoolctl", "mlflow")
KINDS = (DataType.string, DataType.double, DataType.boolean, DataType.double)
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "body")]),
    outputs=Schema([ColSpec(kind, name) for kind, name in zip(KINDS, ANSWERS, strict=True)]),
)
# Made up: a comment of a fan has no business in an artefact.
EXAMPLE = pd.DataFrame({"body": ["please add more music", "la carte, c'est magnifique"]})


class PackagedClassifier(PythonModel):
    """Asked with texts; gives their mood and whether they suggest something, each with its probability."""

    def load_context(self, context: Any) -> None:
        self.classifier = CommentClassifier.load(Path(context.artifacts[NAME]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Rows of `ANSWERS`, in the order of the texts."""
        return self.classifier.classify(model_input["body"].tolist())


def log_classifier(classifier: CommentClassifier, folder: Path, source: Path) -> str:
    """Log a classifier as a model of the running MLflow run, with the code that reads it; `source` is the project's `src`.

    Gives the model's address, which is what is registered.
    """
    logged = mlflow.pyfunc.log_model(
        name=NAME, python_model=PackagedClassifier(), artifacts={NAME: str(classifier.save(folder))}, signature=SIGNATURE,
        input_example=EXAMPLE, code_paths=[str(source / "systems"), str(source / "utils")],
        pip_requirements=[f"{name}=={version(name)}" for name in PACKAGES],
    )  # fmt: skip
    return str(logged.model_uri)


def fetched(model: str) -> CommentClassifier:
    """The classifier that was logged at an address."""
    return CommentClassifier.load(Path(mlflow.artifacts.download_artifacts(model)) / "artifacts" / FILE)
