"""What is known of every variant when all experiments are looked at together, beside what its own data say alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from engine.checks import Check
from engine.spec import Column, Published
from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS
from systems.ab_testing.fitted import Fitted, Floats
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.variants import control_of

# The share of a posterior between the bounds of its interval.
MASS = 0.95
ALONE = "unpooled_"
EVERYTHING_FITS: Mapping[str, str] = MappingProxyType({})


def experiment_posteriors(
    fits: Sequence[Fitted], *, seed: int, input_version: int, misfits: Mapping[str, str] = EVERYTHING_FITS, run_id: str = ""
) -> pd.DataFrame:
    """A row per variant of every fit, by rule, experiment and variant; `misfits` are those of `diagnosis`, by rule.

    `run_id` is empty as long as no run was logged.
    """
    rows = [{**row, "misfit": misfits.get(fitted.attribution)} for fitted in fits for row in _rows(fitted)]
    made_by = {"seed": seed, "run_id": run_id, "input_version": input_version}
    return pd.DataFrame([{**row, **made_by} for row in rows], columns=EXPERIMENT_POSTERIORS.column_names)


def _rows(fitted: Fitted) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for experiment, places in fitted.experiments.items():
        counts = fitted.variants.iloc[places]
        names = [str(each) for each in counts["variant"]]
        control = names.index(control_of(experiment, names))
        pooled = _from_draws(fitted.draws[:, places], control)
        alone = _exact(counts["n_buyers"].to_numpy(), counts["n_participants"].to_numpy(), control)
        for place, row in enumerate(counts.to_dict("records")):
            own = {f"{ALONE}{name}": value for name, value in alone[place].items()}
            rows.append({
                "day": fitted.day, "attribution": fitted.attribution, "attribution_window_hours": ATTRIBUTION_WINDOW_HOURS,
                **{str(name): value for name, value in row.items()}, "is_control": place == control, **pooled[place], **own,
            })  # fmt: skip
    return rows


def _from_draws(draws: Floats, control: int) -> list[dict[str, float | None]]:
    """Per variant of one experiment, from (draws, variants)."""
    best = np.bincount(draws.argmax(axis=1), minlength=draws.shape[1]) / len(draws)
    loss = (draws.max(axis=1, keepdims=True) - draws).mean(axis=0)
    gain = draws - draws[:, [control]]
    rates, gains = (np.quantile(each, _shares(), axis=0) for each in (draws, gain))
    return [
        _known(draws[:, v].mean(), rates[:, v], best[v], loss[v], None if v == control else (gain[:, v].mean(), gains[:, v]))
        for v in range(draws.shape[1])
    ]


def _exact(buyers: Floats, participants: Floats, control: int) -> list[dict[str, float | None]]:
    """The same by integration, of each variant's own data and a uniform prior."""
    alone = Posteriors.of(buyers, participants)
    mean, best, loss = alone.mean, alone.probability_best(), alone.expected_loss()
    rates = np.array(alone.interval(MASS))
    return [
        _known(
            mean[v], rates[:, v], best[v], loss[v],
            None if v == control else (mean[v] - mean[control], np.array(alone.difference(v, control, MASS))),
        )
        for v in range(len(mean))
    ]  # fmt: skip


def _known(
    rate: float, bounds: Floats, best: float, loss: float, difference: tuple[float, Floats] | None
) -> dict[str, float | None]:
    gain, gains = difference if difference else (None, (None, None))
    values = (rate, *bounds, best, loss, gain, *gains)
    return {name: None if value is None else float(value) for name, value in zip(MEASURES, values, strict=True)}


def _shares() -> tuple[float, float]:
    return (1 - MASS) / 2, (1 + MASS) / 2


MEASURES = {
    "rate": "Buyers per participant, the posterior's mean",
    "rate_low": "Lower end of its 95 % interval",
    "rate_high": "Upper end",
    "probability_best": "That the variant's rate is the experiment's highest; 1 for a single variant",
    "expected_loss": "What choosing the variant costs on average, in buyers per participant",
    "difference": "Its rate minus the control's, the posterior's mean; null for the control",
    "difference_low": "Lower end of its 95 % interval; null for the control",
    "difference_high": "Upper end; null for the control",
}

EXPERIMENT_POSTERIORS = Published(
    build=experiment_posteriors,
    inputs=["gold.variant_results"],
    key=["experiment", "variant", "day", "attribution"],
    grain="one row per experiment, variant with participants, period (the whole) and attribution rule",
    columns=[
        Column("experiment", "string", "Name of the experiment; may hold slashes."),
        Column("variant", "string", "Variant, as text."),
        Column("day", "string", "`whole`: all days together."),
        Column("attribution", "string", "Rule by which purchases count: later_purchase or same_item."),
        Column("attribution_window_hours", "int", "A purchase counts this many hours after the exposure at most."),
        Column("is_control", "boolean", "Whether the others are compared with this variant."),
        Column("n_participants", "bigint", "Users with an event tagged in the period, contaminated ones left out."),
        Column("n_buyers", "bigint", "Those of them who bought."),
        *(Column(name, "double", f"{said}. From all experiments together.") for name, said in MEASURES.items()),
        *(Column(f"{ALONE}{name}", "double", f"{said}. From the variant's own data.") for name, said in MEASURES.items()),
        Column(
            "misfit", "string",
            "What was seen by this rule and the model does not expect; null where its predictions hold. The variant's own data "
            "do not depend on it.",
        ),
        Column("seed", "bigint", "What the sampler began with: the same data and seed give the same numbers."),
        Column("run_id", "string", "The model's run in MLflow, with its diagnostics and figures."),
        Column("input_version", "bigint", "Version of variant_results that the model was fitted to."),
    ],
    checks=[
        Check("buyers are participants", "n_buyers <= n_participants", "fail"),
        Check("a rate is a share, and so are its bounds", "0 <= rate_low AND rate_low <= rate_high AND rate_high <= 1", "fail"),
        Check("a probability is one", "probability_best BETWEEN 0 AND 1 AND unpooled_probability_best BETWEEN 0 AND 1", "fail"),
        Check("only the control has no difference", "is_control = (difference IS NULL)", "fail"),
    ],
)
