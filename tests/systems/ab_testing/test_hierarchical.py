"""The model of all experiments against the exact posterior, planted rates, and the distribution that it claims to be."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest
from numpyro.diagnostics import effective_sample_size
from scipy import stats

from systems.ab_testing.fitted import Fitted
from systems.ab_testing.gold.experiment_posteriors import experiment_posteriors
from systems.ab_testing.hierarchical import Layout, Sampling, _further, fit
from systems.ab_testing.posteriors import Posteriors
from tests.systems.ab_testing.planted import BETWEEN, MEAN, WITHIN, of_one_rule, planted
from utils.errors import SettingsError

pytestmark = pytest.mark.long

SAMPLING = Sampling(seed=3, n_warmup=250, n_draws=300)
KEY = ["experiment", "variant"]


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    return of_one_rule(planted(24, seed=11))


@pytest.fixture(scope="module")
def pooled(counts: pd.DataFrame) -> Fitted:
    return fit(counts, SAMPLING)


@pytest.fixture(scope="module")
def separate(counts: pd.DataFrame) -> Fitted:
    return fit(counts, Sampling(seed=3, n_warmup=150, n_draws=250), pooling=False)


def rows_of(fitted: Fitted) -> pd.DataFrame:
    return experiment_posteriors([fitted], seed=SAMPLING.seed, input_version=1)


def test_without_pooling_rates_are_those_of_the_exact_posterior(separate: Fitted, counts: pd.DataFrame) -> None:
    """Within five Monte Carlo errors, of about 600 numbers: by chance alone, less than one in a thousand runs fails."""
    rows, n = rows_of(separate).set_index(KEY), float(np.min(effective_sample_size(separate.rates)))
    assert n > 400
    for experiment, group in counts.groupby("experiment"):
        exact = Posteriors.of(group["n_buyers"], group["n_participants"])
        sd = np.sqrt(exact.mean * (1 - exact.mean) / (exact.a + exact.b + 1))
        low, high = exact.interval()
        mine = rows.loc[[(experiment, variant) for variant in group["variant"]]]
        assert (np.abs(mine["rate"] - exact.mean) < 5 * sd / np.sqrt(n)).all()
        best = exact.probability_best()
        assert (np.abs(mine["probability_best"] - best) < 5 * np.sqrt(best * (1 - best) / n) + 5 / n).all()
        assert (np.abs(mine["expected_loss"] - exact.expected_loss()) < 5 * np.sqrt(sd**2 + sd.max() ** 2) / np.sqrt(n)).all()
        # A quantile's error in probability is that of a share; in rates, it is this divided by the density there.
        for bound, share in ((low, 0.025), (high, 0.975)):
            found = mine["rate_low"] if share < 0.5 else mine["rate_high"]
            reached = stats.beta.cdf(found, exact.a, exact.b)
            assert (np.abs(reached - share) < 5 * np.sqrt(share * (1 - share) / n)).all(), (experiment, bound)


def test_without_pooling_differences_are_those_of_the_exact_posterior(separate: Fitted) -> None:
    rows = rows_of(separate)
    compared = rows[~rows["is_control"]]
    assert len(compared) > 25
    spread = (compared["unpooled_difference_high"] - compared["unpooled_difference_low"]) / (2 * 1.96)
    for name, factor in (("difference", 0.25), ("difference_low", 0.5), ("difference_high", 0.5)):
        assert (np.abs(compared[name] - compared[f"unpooled_{name}"]) < factor * spread).all(), name


def test_labels_follow_the_variant_and_never_the_row_order(pooled: Fitted, separate: Fitted, counts: pd.DataFrame) -> None:
    given = counts.set_index(KEY)
    for fitted in (pooled, separate):
        rows = rows_of(fitted).set_index(KEY)
        assert rows["n_participants"].equals(given["n_participants"].loc[rows.index])
        assert rows["n_buyers"].equals(given["n_buyers"].loc[rows.index])
        large = rows[rows["n_participants"] >= 2_000]
        assert len(large) > 15 and (large["rate"].max() - large["rate"].min()) > 0.2
        assert (np.abs(large["rate"] - large["n_buyers"] / large["n_participants"]) < 0.03).all()


def test_the_same_rows_in_another_order_and_the_same_seed_give_the_same_numbers_under_the_same_names(
    pooled: Fitted, counts: pd.DataFrame
) -> None:
    other = counts.sort_values("n_buyers")
    assert other[KEY].to_numpy().tolist() != counts[KEY].to_numpy().tolist()
    pd.testing.assert_frame_equal(rows_of(fit(other, SAMPLING)), rows_of(pooled))
    assert (rows_of(fit(counts, replace(SAMPLING, seed=4)))["rate"] != rows_of(pooled)["rate"]).all()


def test_the_control_is_the_one_that_verdicts_compare_with(pooled: Fitted) -> None:
    rows = rows_of(pooled)
    controls = rows[rows["is_control"]].set_index("experiment")["variant"]
    assert controls.index.is_unique and len(controls) == rows["experiment"].nunique()
    for experiment, group in rows.groupby("experiment"):
        ids = set(group["variant"])
        expected = "DEFAULT" if "DEFAULT" in ids else "9" if "9" in ids else "10" if "10" in ids else "a"
        assert controls[experiment] == expected


def test_pooled_intervals_cover_the_planted_rates_and_pooled_rates_are_nearer_to_them(
    pooled: Fitted, counts: pd.DataFrame
) -> None:
    rows = rows_of(pooled).merge(counts[[*KEY, "planted"]], on=KEY)
    n = len(rows)
    covered = ((rows["rate_low"] <= rows["planted"]) & (rows["planted"] <= rows["rate_high"])).sum()
    low, high = np.quantile(pooled.draws, (0.25, 0.75), axis=0)
    halves = ((low <= rows["planted"]) & (rows["planted"] <= high)).sum()
    for found, share in ((covered, 0.95), (halves, 0.5)):
        assert stats.binom.ppf(0.001, n, share) <= found <= stats.binom.ppf(0.999, n, share), (found, n, share)
    raw = rows["n_buyers"] / rows["n_participants"]
    error, of_raw, of_own = (((each - rows["planted"]) ** 2).sum() for each in (rows["rate"], raw, rows["unpooled_rate"]))
    assert error < 0.5 * min(of_raw, of_own)
    few = rows["n_participants"] <= 300
    width, own_width = ((rows[f"{a}rate_high"] - rows[f"{a}rate_low"])[few].mean() for a in ("", "unpooled_"))
    assert width < 0.8 * own_width


def test_what_the_experiments_share_is_found(pooled: Fitted) -> None:
    for name, truth in (("mean", MEAN), ("between", BETWEEN), ("within", WITHIN)):
        low, high = np.quantile(pooled.population[name], (0.005, 0.995))
        assert low < truth < high, (name, low, high)


def test_siblings_in_turn_are_the_distribution_that_the_model_claims() -> None:
    """Log-odds of an experiment's variants: covariance between² everywhere, and within² more on the diagonal."""
    variants = pd.DataFrame({"experiment": [*"aaabccaa"], "n_participants": [5, 9, 7, 1, 2, 3, 8, 6]})
    layout, between, within = Layout.of(variants), 1.3, 0.4
    n_first, n = 3, len(variants)

    def deviations(given: np.ndarray) -> np.ndarray:
        further = _further(given[:n_first], given[n_first:], layout.siblings, 0.0, between, within)
        return np.concatenate([given[:n_first], *further])

    with jax.enable_x64(True):
        linear = np.array([deviations(unit) for unit in np.eye(n)]).T
    variances = np.diag([between**2 + within**2] * n_first + [1.0] * (n - n_first))
    found = linear @ variances @ linear.T
    names = variants["experiment"].to_numpy()[layout.order]
    expected = between**2 * (names[:, None] == names[None, :]) + within**2 * np.eye(n)
    assert np.allclose(found, expected, atol=1e-12)
    assert variants["n_participants"].to_numpy()[layout.order][:3].tolist() == [9, 1, 3]


def test_experiments_of_one_variant_each_are_fitted_too() -> None:
    alone = of_one_rule(planted(4, seed=2, most_variants=1))
    rows = rows_of(fit(alone, Sampling(n_chains=2, n_warmup=100, n_draws=100)))
    assert len(rows) == 4 and (rows["probability_best"] == 1).all() and rows["difference"].isna().all()


def test_counts_that_are_not_one_period_by_one_rule_are_refused(counts: pd.DataFrame) -> None:
    with pytest.raises(SettingsError, match="stands twice"):
        fit(planted(3, seed=1), SAMPLING)
    with pytest.raises(SettingsError, match="nobody took part"):
        fit(counts.assign(n_participants=0, n_buyers=0), SAMPLING)


@pytest.mark.deep
def test_over_many_worlds_the_truth_lies_anywhere_among_the_draws_alike() -> None:
    """Simulation-based calibration (Talts et al. 2018): ranks of what was planted, its own prior drawn anew each time."""
    rng, ranks = np.random.default_rng(5), []
    sampling = Sampling(n_chains=2, n_warmup=400, n_draws=500)
    layout = of_one_rule(planted(12, seed=4))
    codes = pd.factorize(layout["experiment"])[0]
    for _ in range(60):
        mean, between, within = rng.normal(-2.5, 1.5), abs(rng.normal(0, 1.5)), abs(rng.normal(0, 0.3))
        log_odds = rng.normal(mean, between, codes.max() + 1)[codes] + rng.normal(0, within, len(codes))
        rates = 1 / (1 + np.exp(-log_odds))
        world = layout.assign(n_buyers=rng.binomial(layout["n_participants"], rates), planted=rates)
        found = fit(world, sampling)
        truth = found.variants.merge(world, on=KEY)["planted"].to_numpy()
        shares = {name: float(np.mean(found.population[name] < value))
                  for name, value in (("mean", mean), ("between", between), ("within", within))}  # fmt: skip
        rates = {f"rate {place}": float(np.mean(found.draws[:, place] < truth[place])) for place in (0, 5, len(truth) - 1)}
        ranks.append(shares | rates)
    for name, column in pd.DataFrame(ranks).items():
        assert stats.kstest(column, "uniform").pvalue > 0.001, name
