"""What makes a fit unsound is found, named and logged: draws here are made without the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from systems.ab_testing import diagnosis, hierarchical_figures
from systems.ab_testing.fitted import Fitted
from systems.ab_testing.gold.experiment_posteriors import EXPERIMENT_POSTERIORS, experiment_posteriors
from systems.ab_testing.hierarchical import Sampling
from systems.ab_testing.logged import log_fits
from tests.models import models_below
from utils.errors import CheckFailed
from utils.tracking import Tracking

COUNTS = pd.DataFrame({
    "experiment": ["a", "a", "b", "b", "b", "c"],
    "variant": ["7", "DEFAULT", "9", "10", "x", "1"],
    "n_participants": [900, 1_100, 400, 500, 600, 50],
    "n_buyers": [180, 110, 40, 50, 60, 0],
})  # fmt: skip
RULE = "later_purchase"


def drawn(counts: pd.DataFrame = COUNTS, n: int = 500) -> Fitted:
    """Independent draws from the exact posterior of each variant, as four chains."""
    a, b = 1 + counts["n_buyers"].to_numpy(), 1 + (counts["n_participants"] - counts["n_buyers"]).to_numpy()
    rates = np.random.default_rng(3).beta(a, b, size=(4, n, len(counts)))
    shared = np.random.default_rng(4).normal(-2, 0.2, (4, n))
    return Fitted("whole", RULE, counts, rates, {"mean": shared, "between": np.exp(shared), "within": np.exp(shared)})


def wrong(fitted: Fitted) -> set[str]:
    findings, _ = diagnosis.diagnose([fitted], seed=1)
    return {each.check for each in findings if not each.holds}


def test_independent_draws_from_the_right_posterior_are_sound() -> None:
    findings, predictions = diagnosis.diagnose([drawn()], seed=1)
    assert len(findings) == 6 and all(each.holds for each in findings)
    assert set(predictions) == {RULE}
    diagnosis.refuse_unless_sound(findings)


def test_a_chain_that_is_elsewhere_is_found() -> None:
    fitted = drawn()
    fitted.rates[2, :, 4] += 0.01
    assert "greatest r_hat" in wrong(fitted)


def test_draws_that_hardly_move_are_found() -> None:
    fitted = drawn()
    walk = np.cumsum(np.random.default_rng(1).normal(size=(4, 500)), axis=1)
    assert "least effective sample size" in wrong(replace(fitted, population={"mean": walk}))


def test_divergent_draws_are_found_and_a_value_that_is_no_number_does_not_hold() -> None:
    assert wrong(replace(drawn(), n_divergences=20)) == {"share of divergent draws"}
    assert not diagnosis.Finding(RULE, "greatest r_hat", float("nan"), 0.0, 1.01).holds


def test_a_model_for_which_all_variants_are_alike_cannot_make_variants_that_differ() -> None:
    fitted = drawn()
    fitted.rates[..., :2] = fitted.rates[..., :2].mean(axis=-1, keepdims=True)
    assert wrong(fitted) == {"p of spread between variants"}


def test_a_model_without_experiments_that_nobody_buys_in_cannot_make_them() -> None:
    fitted = drawn()
    fitted.rates[..., 5] += 0.2
    assert "p of variants without buyers" in wrong(fitted)


def test_a_tail_that_the_model_does_not_make_is_told_beside_every_row_and_refuses_nothing() -> None:
    fitted = drawn()
    fitted.rates[..., 5] += 0.2
    findings, predictions = diagnosis.diagnose([fitted], seed=1)
    tail_only = [each for each in findings if each.holds or "without buyers" in each.check]
    diagnosis.refuse_unless_sound(tail_only)
    told = diagnosis.misfits(tail_only, predictions)
    assert told == {RULE: "1 variants without buyers seen, 0 expected"}
    rows = experiment_posteriors([fitted], seed=3, input_version=7, misfits=told)
    assert set(rows["misfit"]) == set(told.values())
    assert experiment_posteriors([drawn()], seed=3, input_version=7)["misfit"].isna().all()
    assert hierarchical_figures.said(rows, RULE)["what the experiments say"].iloc[-1].startswith("Not explained by the model: 1 ")


def test_spreads_that_the_model_does_not_make_refuse_the_fit() -> None:
    fitted = drawn()
    fitted.rates[..., :2] = fitted.rates[..., :2].mean(axis=-1, keepdims=True)
    findings, _ = diagnosis.diagnose([fitted], seed=1)
    with pytest.raises(CheckFailed, match="p of spread between variants"):
        diagnosis.refuse_unless_sound(findings)


def test_the_spread_between_variants_is_pearsons_chi_square() -> None:
    shares = pd.get_dummies(COUNTS["experiment"], dtype=float).to_numpy()
    buyers, participants = COUNTS["n_buyers"].to_numpy(), COUNTS["n_participants"].to_numpy()
    expected = sum(
        stats.chi2_contingency([group["n_buyers"], group["n_participants"] - group["n_buyers"]], correction=False).statistic
        for name, group in COUNTS.groupby("experiment")
        if name != "c"
    )
    assert diagnosis.spread_between_variants(buyers[None, :], participants, shares)[0] == pytest.approx(expected)


def test_a_refusal_says_what_was_found_by_which_rule_and_what_stands_in_gold() -> None:
    findings, _ = diagnosis.diagnose([replace(drawn(), n_divergences=20)], seed=1)
    with pytest.raises(CheckFailed, match=r"share of divergent draws by later_purchase is 0\.01 .*Nothing was published"):
        diagnosis.refuse_unless_sound(findings)


def test_rows_are_those_of_the_declaration_and_both_ways_agree_where_draws_are_exact() -> None:
    rows = experiment_posteriors([drawn(n=20_000)], seed=3, input_version=7, run_id="r")
    assert list(rows.columns) == EXPERIMENT_POSTERIORS.column_names
    assert rows[["experiment", "variant"]].equals(COUNTS[["experiment", "variant"]])
    assert rows["is_control"].tolist() == [False, True, True, False, False, True]
    for name in ("rate", "rate_low", "rate_high", "expected_loss", "difference", "difference_low", "difference_high"):
        pair = rows[[name, f"unpooled_{name}"]].dropna()
        assert len(pair) == (3 if name.startswith("difference") else 6)
        assert np.allclose(pair[name], pair[f"unpooled_{name}"], atol=6e-4), name
    assert np.allclose(rows["probability_best"], rows["unpooled_probability_best"], atol=0.01)
    assert np.allclose(rows.groupby("experiment")["probability_best"].sum(), 1.0)
    assert experiment_posteriors([], seed=3, input_version=7).empty


def test_sentences_and_figures_tell_the_variants_by_their_names() -> None:
    fitted = drawn()
    rows = experiment_posteriors([fitted], seed=3, input_version=7)
    summary, leader = hierarchical_figures.said(rows, RULE)["what the experiments say"]
    assert summary.startswith("1 of 2 experiments") and leader.startswith("a: 7 is the best with 100%; 20.0")
    axes = hierarchical_figures.differences(rows, RULE).axes[0]
    labels = [each.get_text() for each in axes.get_yticklabels()]
    assert labels[0] == "a  7" and set(labels[1:]) == {"b  10", "b  x"}
    assert axes.lines[1].get_xdata()[0] == pytest.approx(0.1, abs=0.01)
    moved = hierarchical_figures.shrinkage(rows, RULE).axes[0].collections
    assert [len(each.get_offsets()) for each in moved[1:]] == [6, 6]
    _, predictions = diagnosis.diagnose([fitted], seed=1)
    said = [each.get_text() for each in hierarchical_figures.predictions(predictions[RULE], RULE).axes[0].get_yticklabels()]
    assert said[2].startswith("variants without buyers\n1 seen")


def test_without_anything_to_compare_tables_and_figures_say_so() -> None:
    rows = experiment_posteriors([drawn(COUNTS.tail(1))], seed=3, input_version=7)
    assert hierarchical_figures.said(rows, RULE).iloc[0, 0] == hierarchical_figures.NOTHING
    assert hierarchical_figures.differences(rows, RULE).axes[0].texts
    assert hierarchical_figures.shrinkage(rows[:0], RULE).axes[0].texts


def test_a_fit_that_is_not_sound_is_logged_as_such(tmp_path: Path) -> None:
    fits = [replace(drawn(), n_divergences=20)]
    findings, predictions = diagnosis.diagnose(fits, seed=1)
    rows = experiment_posteriors(fits, seed=1, input_version=7)
    figures = {"predictions": hierarchical_figures.predictions(predictions[RULE], RULE)}
    with models_below(tmp_path, "/Shared/other") as store:
        run_id = log_fits(
            Tracking("notebooks/ml/ab_testing_bayes", {}, "/Shared/bayes"), "a fit", fits, findings, rows, sampling=Sampling(),
            versions={"gold.variant_results": ["id", 7]}, code="abc", figures=figures,
        )  # fmt: skip
        run = store.get_run(run_id)
        assert run.data.tags["sound"] == "false" and run.data.tags["code"] == "abc"
        assert run.data.metrics[f"{RULE}.share_of_divergent_draws"] == 0.01
        assert run.data.params["version of gold.variant_results"] == "7" and run.data.params["seed"] == "1"
        assert {each.path for each in store.list_artifacts(run_id)} == {
            "inputs.json", "posteriors.json", "predictions.png",
        }  # fmt: skip
