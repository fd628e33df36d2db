"""Outlooks as a run of MLflow: what was compared, what was chosen, how well its interval held, and the models that won."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from matplotlib.figure import Figure

from systems.community.backtest import HORIZON, LEAST_KNOWN, LEVEL, SURE
from systems.community.outlook import Outlook, judgement_table
from systems.community.packaged_forecast import log_forecast, registered


def log_outlooks(found: Mapping[str, Outlook], figures: Mapping[str, Figure], source: Path) -> str:
    """Log parameters, measures, back-tests, figures and the model to the running MLflow run; give the model's address.

    Empty where there is no series: then there is no model.
    """
    mlflow.log_params({"horizon": HORIZON, "least_known": LEAST_KNOWN, "level": LEVEL, "sure": SURE})
    mlflow.log_params({f"{name}.method": each.method for name, each in found.items()})
    mlflow.log_params({f"{name}.basis": each.basis for name, each in found.items()})
    mlflow.log_metrics(measures(found))
    mlflow.log_table(judgement_table(found), "judgements.json")
    mlflow.log_table(_forecasts(found), "forecast.json")
    for name, figure in figures.items():
        mlflow.log_figure(figure, f"{name}.png")
    return log_forecast(found, source) if found else ""


def measures(found: Mapping[str, Outlook]) -> dict[str, float]:
    """By series: months known, every month ahead, the interval's coverage, and what each method erred in the past."""
    metrics: dict[str, float] = {}
    for name, each in found.items():
        metrics[f"{name}.months_known"] = float(len(each.series.months))
        metrics |= {f"{name}.ahead_{n}": float(value) for n, value in enumerate(each.rows()["value"], start=1)}
        if not math.isnan(each.coverage):
            metrics |= {f"{name}.coverage": each.coverage, f"{name}.months_covered": float(each.n_covered)}
        for judged in each.judgements:
            method = judged.method.replace(" ", "_")
            told = {"mase": judged.mase, "mae": judged.mae, "p": judged.p_value}
            metrics |= {f"{name}.{method}.{measure}": value for measure, value in told.items()}
    return metrics


def register_winners(found: Mapping[str, Outlook], model: str, prefix: str, versions: Mapping[str, Any]) -> dict[str, str]:
    """Register the logged model as `prefix`_`series` under the alias, for each series whose method is better; series -> version.

    Nothing where `prefix` is empty.
    """
    winners = [name for name, each in found.items() if each.is_better and prefix]
    return {name: registered(f"{prefix}_{name}", model, found[name], versions) for name in winners}


def _forecasts(found: Mapping[str, Outlook]) -> pd.DataFrame:
    tables = [each.rows().assign(series=name) for name, each in found.items()]
    return pd.concat(tables).astype({"month": str}) if tables else pd.DataFrame([{"series": "none"}])
