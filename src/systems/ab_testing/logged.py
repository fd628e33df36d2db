"""A fit as a run of MLflow: how it was made, from which data, whether it is to be believed, and what it says.

No model is registered: it answers for the experiments that it was fitted to, and those answers are the published table.
There is nothing to ask it about others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from systems.ab_testing.diagnosis import Finding
from systems.ab_testing.fitted import Fitted
from systems.ab_testing.hierarchical import BETWEEN, MEAN, WITHIN, Sampling
from utils.tracking import Tracking


def log_fits(
    tracking: Tracking,
    name: str,
    fits: Sequence[Fitted],
    findings: Sequence[Finding],
    posteriors: pd.DataFrame,
    *,
    sampling: Sampling,
    versions: Mapping[str, Sequence[Any]],
    code: str,
    figures: Mapping[str, Figure],
) -> str:
    """Log all of it as one run, with what it takes to make it again. Gives the run's id.

    Also what is not to be believed is logged: its tag `sound` says false. `code` is the hash of what made the result.
    """
    is_sound = all(each.holds for each in findings)
    tags = {"sound": str(is_sound).lower(), "day": fits[0].day}
    with tracking.run(name, versions, code=code, tags=tags) as run:
        mlflow.log_params(_parameters(fits, sampling, versions))
        mlflow.log_metrics(_metrics(fits, findings))
        mlflow.log_dict({path: list(version) for path, version in versions.items()}, "inputs.json")
        mlflow.log_table(posteriors, "posteriors.json")
        for title, figure in figures.items():
            mlflow.log_figure(figure, f"{title}.png")
    return str(run.info.run_id)


def _parameters(fits: Sequence[Fitted], sampling: Sampling, versions: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Versions are those of the Delta tables that were read."""
    priors = {"prior_mean": MEAN, "prior_between": BETWEEN, "prior_within": WITHIN}
    counted = {"n_experiments": len(fits[0].experiments), "n_variants": len(fits[0].variants), "day": fits[0].day}
    return asdict(sampling) | priors | counted | {f"version of {path}": version[1] for path, version in versions.items()}


def _metrics(fits: Sequence[Fitted], findings: Sequence[Finding]) -> dict[str, float]:
    """By rule of attribution: every finding, what the experiments share, and the seconds that it took."""
    found = {f"{each.attribution}.{each.check.replace(' ', '_')}": each.value for each in findings}
    for each in fits:
        found |= {f"{each.attribution}.{name}": float(np.mean(values)) for name, values in each.population.items()}
        found[f"{each.attribution}.divergences"] = float(each.n_divergences)
        found[f"{each.attribution}.seconds"] = each.seconds
    return found
