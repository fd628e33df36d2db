"""A forecast as an MLflow model: given the months that are known, it says those ahead, without this project's notebooks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, DataType, Schema

from systems.community.outlook import ahead
from utils.registry import version_at

if TYPE_CHECKING:
    from systems.community.outlook import Outlook

ALIAS, FINGERPRINT = "champion", "fingerprint"
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "mlflow")
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "series"), ColSpec(DataType.string, "month"), ColSpec(DataType.double, "value")]),
    outputs=Schema(
        [
            ColSpec(DataType.string, "series"), ColSpec(DataType.string, "month"), ColSpec(DataType.double, "value"),
            ColSpec(DataType.double, "low"), ColSpec(DataType.double, "high"),
        ]
    ),
)  # fmt: skip


class PackagedForecast(PythonModel):
    """Asked with series, known months (YYYY-MM-DD) and their values; learns from these and answers with the months ahead.

    `ways` are the method and the widths of the interval of each series that it knows.
    """

    def __init__(self, ways: Mapping[str, tuple[str, tuple[float | None, ...]]]) -> None:
        self.ways = dict(ways)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Rows (series, month, value, low, high) by series and month; the order of the known months does not matter."""
        tables = [self._ahead(str(name), known.sort_values("month")) for name, known in model_input.groupby("series")]
        return pd.concat(tables, ignore_index=True)

    def _ahead(self, name: str, known: pd.DataFrame) -> pd.DataFrame:
        method, widths = self.ways[name]
        following = pd.date_range(known["month"].iloc[-1], periods=len(widths) + 1, freq="MS")[1:]
        months = [month.date() for month in following]
        rows = ahead(method, known["value"].to_numpy(dtype=float), widths, months)
        return rows.assign(series=name, month=[str(month) for month in months])[[each.name for each in SIGNATURE.outputs]]


def log_forecast(found: Mapping[str, Outlook], source: Path) -> str:
    """Log the model of all series as that of the running MLflow run and give its address. `source` is the project's `src`."""
    packages = [f"{package}=={version(package)}" for package in PACKAGES]
    ways = {name: (each.method, each.widths) for name, each in found.items()}
    logged = mlflow.pyfunc.log_model(
        name="forecast", python_model=PackagedForecast(ways), signature=SIGNATURE, input_example=known_months(found),
        code_paths=[str(source / "systems"), str(source / "utils")], pip_requirements=packages,
    )  # fmt: skip
    return str(logged.model_uri)


def known_months(found: Mapping[str, Outlook]) -> pd.DataFrame:
    """What the model is asked with: rows (series, month, value)."""
    tables = [
        pd.DataFrame({"series": name, "month": [str(month) for month in each.series.months], "value": each.series.values})
        for name, each in found.items()
    ]
    return pd.concat(tables, ignore_index=True)


def registered(name: str, model: str, way: Outlook, versions: Mapping[str, Any]) -> str:
    """Register a logged model under the alias and give its version; `versions` of what it learned from are its tag.

    One that would say the same as the present one is not registered again.
    """
    fingerprint = _fingerprint(way)
    now = version_at(name, ALIAS)
    if now and now.tags.get(FINGERPRINT) == fingerprint:
        return str(now.version)
    tags = {"inputs": json.dumps(versions, sort_keys=True), FINGERPRINT: fingerprint}
    number = mlflow.register_model(model, name, tags=tags).version
    mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, number)
    return str(number)


def _fingerprint(way: Outlook) -> str:
    """Of all that the model keeps of a series."""
    return hashlib.sha256(repr((way.method, way.widths)).encode()).hexdigest()[:32]
