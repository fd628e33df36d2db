"""Is a fit to be believed? Did its chains find the same posterior, and does the model make data like those it was given?

R-hat and the effective sample size after Gelman et al., Bayesian Data Analysis (3rd edition), 11.4 and 11.5; posterior
predictive p-values after 6.3: the share of data sets drawn from the fit in which a statistic exceeds the observed one,
ties by half. Near 0 or 1, the model cannot make what was seen.

Chains that disagree, or spreads that the model cannot make, refuse a fit: what is published rests on them. Another statistic
that it cannot make is told beside every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

from systems.ab_testing.fitted import Fitted, Floats
from utils.errors import CheckFailed

MOST_R_HAT, LEAST_EFFECTIVE, MOST_DIVERGENT = 1.01, 400, 0.001
LEAST_PREDICTIVE = 0.01


@dataclass(frozen=True)
class Finding:
    """One check of a fit: `value` is within `least` and `most`, or the fit is not to be believed."""

    attribution: str
    check: str
    value: float
    least: float
    most: float
    refuses: bool = True

    @property
    def holds(self) -> bool:
        """False for a value that is not a number, too."""
        return self.least <= self.value <= self.most


@dataclass(frozen=True)
class Prediction:
    """A statistic as observed, and in each data set drawn from the fit."""

    statistic: str
    observed: float
    replicated: Floats

    @property
    def p_value(self) -> float:
        """Near 0 or 1 where the model cannot make what was observed."""
        return float(np.mean(self.replicated > self.observed) + np.mean(self.replicated == self.observed) / 2)


def diagnose(fits: Sequence[Fitted], seed: int) -> tuple[list[Finding], dict[str, list[Prediction]]]:
    """All findings, and by rule of attribution the predictions that some of them judge."""
    predictions = {each.attribution: predict(each, seed) for each in fits}
    return [found for each in fits for found in judge(each, predictions[each.attribution])], predictions


def judge(fitted: Fitted, predictions: Sequence[Prediction]) -> list[Finding]:
    """Convergence over every rate and what the experiments share, at its worst; then each prediction."""
    quantities = [fitted.rates, *fitted.population.values()]
    r_hat = max(float(np.max(split_gelman_rubin(each))) for each in quantities)
    effective = min(float(np.min(effective_sample_size(each))) for each in quantities)
    rule = fitted.attribution
    return [
        Finding(rule, "greatest r_hat", r_hat, 0.0, MOST_R_HAT),
        Finding(rule, "least effective sample size", effective, LEAST_EFFECTIVE, np.inf),
        Finding(rule, "share of divergent draws", fitted.n_divergences / len(fitted.draws), 0.0, MOST_DIVERGENT),
        *(
            Finding(
                rule, f"p of {each.statistic}", each.p_value, LEAST_PREDICTIVE, 1 - LEAST_PREDICTIVE,
                refuses=each.statistic in SPREADS,
            )
            for each in predictions
        ),
    ]  # fmt: skip


def predict(fitted: Fitted, seed: int) -> list[Prediction]:
    """Draw new buyers for the same participants, once per draw of the rates, and compare them with those who bought."""
    participants, buyers = (fitted.variants[name].to_numpy() for name in ("n_participants", "n_buyers"))
    replicated = np.random.default_rng(seed).binomial(participants, fitted.draws)
    experiments = pd.get_dummies(fitted.variants["experiment"], dtype=float).to_numpy()
    return [
        Prediction(name, float(statistic(buyers[None, :], participants, experiments)[0]),
                   statistic(replicated, participants, experiments))
        for name, statistic in STATISTICS.items()
    ]  # fmt: skip


def spread_between_experiments(buyers: Any, participants: Any, experiments: Floats) -> Floats:
    """Standard deviation of the experiments' rates."""
    return np.asarray(np.std(buyers @ experiments / (participants @ experiments), axis=1))


def spread_between_variants(buyers: Any, participants: Any, experiments: Floats) -> Floats:
    """Pearson's chi-square of variants against their experiment's rate, over all experiments."""
    rates = (buyers @ experiments / (participants @ experiments)) @ experiments.T
    expected, variance = participants * rates, participants * rates * (1 - rates)
    return np.asarray(np.sum((buyers - expected) ** 2 / np.where(variance > 0, variance, 1.0), axis=1))


def without_buyers(buyers: Any, participants: Any, experiments: Floats) -> Floats:
    """Variants that nobody of bought in."""
    return np.asarray(np.sum(buyers == 0, axis=1), dtype=float)


STATISTICS: dict[str, Callable[[Any, Any, Floats], Floats]] = {
    "spread between experiments": spread_between_experiments,
    "spread between variants": spread_between_variants,
    "variants without buyers": without_buyers,
}


# Those that say how much experiments and variants differ, as the published rates do.
SPREADS = ("spread between experiments", "spread between variants")


def as_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """For people."""
    return pd.DataFrame([{**asdict(each), "holds": each.holds} for each in findings])


def refuse_unless_sound(findings: Sequence[Finding]) -> None:
    """Raises CheckFailed, which names what does not hold of that which must."""
    wrong = [
        f"{each.check} by {each.attribution} is {each.value:.3g} and not within {each.least:.3g} and {each.most:.3g}"
        for each in findings
        if each.refuses and not each.holds
    ]
    if wrong:
        hint = "Nothing was published: what stands there is of the fit before. The run in MLflow has the figures."
        raise CheckFailed("hierarchical model", "; ".join(wrong), hint=hint)


def misfits(findings: Sequence[Finding], predictions: Mapping[str, Sequence[Prediction]]) -> dict[str, str]:
    """By rule of attribution, in words, what was seen that the model does not make; rules without any are left out."""
    wrong = {(each.attribution, each.check) for each in findings if not each.holds}
    said = {
        rule: "; ".join(
            f"{each.observed:.3g} {each.statistic} seen, {np.mean(each.replicated):.3g} expected"
            for each in made
            if (rule, f"p of {each.statistic}") in wrong
        )
        for rule, made in predictions.items()
    }
    return {rule: text for rule, text in said.items() if text}
