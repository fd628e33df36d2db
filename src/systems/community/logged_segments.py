"""A segmentation as a run of MLflow: how surely it comes out again, what the segments are like, and the model that tells them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from matplotlib.figure import Figure
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, DataType, Schema

from systems.community.segment_profiles import names_of
from systems.community.segmentation import LEAST_AGREEMENT, N_NULLS, N_PAIRS, SAMPLE, Segmentation
from systems.community.supporter_measures import FEATURES, as_measured

PACKAGES = ("numpy", "pandas", "scikit-learn", "threadpoolctl", "mlflow")
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.double, name) for name in FEATURES]),
    outputs=Schema(
        [ColSpec(DataType.long, "segment"), ColSpec(DataType.string, "segment_name"), ColSpec(DataType.double, "distance")]
    ),
)


class PackagedSegments(PythonModel):
    """Asked with a supporter's features, answers with the segment; it knows of nobody in particular."""

    def __init__(self, found: Segmentation) -> None:
        self.found = found

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A row per row that was asked with, in its order."""
        segment, distance = self.found.of(as_measured(model_input))
        names = names_of(self.found)
        return pd.DataFrame({"segment": segment, "segment_name": [names[n - 1] for n in segment], "distance": distance})


def log_segments(
    found: Segmentation, profiles: pd.DataFrame, figures: Mapping[str, Figure], source: Path, *, seed: int
) -> str:
    """Log parameters, measures, profiles, figures and the model to the running MLflow run; give the model's address.

    Only what segments are like is logged, and nobody's features; the input example is a supporter of the mean.
    """
    limits = {"seed": seed, "sample": SAMPLE, "pairs": N_PAIRS, "nulls": N_NULLS, "least_agreement": LEAST_AGREEMENT}
    mlflow.log_params(limits | {"features": ", ".join(FEATURES)})
    mlflow.log_metrics(measures(found, profiles))
    mlflow.log_table(profiles, "profiles.json")
    for name, figure in figures.items():
        mlflow.log_figure(figure, f"{name}.png")
    packages = [f"{package}=={version(package)}" for package in PACKAGES]
    example = pd.DataFrame([dict.fromkeys(FEATURES, 1.0)])
    logged = mlflow.pyfunc.log_model(
        name="supporter_segments", python_model=PackagedSegments(found), signature=SIGNATURE, input_example=example,
        code_paths=[str(source / name) for name in ("systems", "utils")], pip_requirements=packages,
    )  # fmt: skip
    return str(logged.model_uri)


def measures(found: Segmentation, profiles: pd.DataFrame) -> dict[str, float]:
    """How many segments, how surely each number of them comes out again, and where their centres are."""
    metrics = {"segments": float(len(found.centres))}
    for each in found.stabilities:
        metrics |= {f"{name}.{each.n}": float(getattr(each, name)) for name in
                    ("agreement", "null_agreement", "silhouette", "null_silhouette")}  # fmt: skip
    for number, centre in enumerate(found.centres, start=1):
        metrics |= {f"centre.{number}.{name}": float(value) for name, value in zip(FEATURES, centre, strict=True)}
    sizes = profiles.drop_duplicates("segment")
    return metrics | {f"supporters.{n}": float(size) for n, size in zip(sizes["segment"], sizes["n_supporters"], strict=True)}
