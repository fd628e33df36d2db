"""The months ahead: no look into the future, intervals that hold, and no model that is not better than doing nothing."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from systems.community import forecast_figures
from systems.community.backtest import (
    HORIZON,
    LEAST_KNOWN,
    backtest,
    coverage,
    gain_of,
    quantile_of,
    scale_of,
)
from systems.community.forecasters import CANDIDATES, FORECASTERS, NAIVE, SEASONAL_NAIVE, forecast
from systems.community.gold.monthly_forecast import monthly_forecast
from systems.community.monthly_series import SUPPORT, Series, series_of
from systems.community.outlook import Outlook, outlook, outlooks
from tests.models import models_below

MONTH = np.arange(48, dtype=float)
SEASON = 1 + 0.4 * np.cos(2 * np.pi * MONTH / 12)


def months(n: int, name: str = SUPPORT, first: str = "2020-01-01") -> tuple[date, ...]:
    return tuple(each.date() for each in pd.date_range(first, periods=n, freq="MS"))


def of(values: NDArray[np.float64], name: str = SUPPORT) -> Outlook:
    return outlook(Series(name, months(len(values)), values))


def growth(seed: int, n: int = 48) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(0, 0.03, n)
    return np.asarray((100 + 30 * MONTH[:n]) * (SEASON[:n] + noise))


@pytest.mark.parametrize("method", FORECASTERS)
def test_future_values_do_not_change_the_forecast_of_an_origin(method: str) -> None:
    values = growth(1)
    changed = values.copy()
    changed[30:] = 1e6
    mine, other = (backtest(each, [method]) for each in (values, changed))
    known = mine["origin"] <= 30
    for column in ("predicted", "scale"):
        assert np.array_equal(mine.loc[known, column], other.loc[known, column])
    assert not np.array_equal(mine.loc[~known, "predicted"], other.loc[~known, "predicted"])


def test_an_interval_is_made_of_errors_that_had_come_by_its_origin() -> None:
    tests = backtest(growth(2), [SEASONAL_NAIVE])
    share, n = coverage(tests)
    late = tests.copy()
    last = late["origin"].max()
    late.loc[late["origin"] == last, "actual"] *= 50  # errors that come after every other origin
    changed, n_changed = coverage(late)
    inside_lost = round(share * n) - round(changed * n_changed)
    assert n == n_changed and 0 <= inside_lost <= (late["origin"] == last).sum()


def test_every_origin_is_judged_by_the_months_that_followed_it() -> None:
    values = growth(3)
    tests = backtest(values, [SEASONAL_NAIVE])
    assert sorted(tests["origin"].unique()) == list(range(LEAST_KNOWN, 48))
    for row in tests.to_dict("records"):
        place = int(row["origin"] + row["ahead"] - 1)
        assert row["actual"] == values[place] and row["predicted"] == values[place - 12]
    assert scale_of(values[:30]) == pytest.approx(np.mean([abs(values[i] - values[i - 12]) for i in range(12, 30)]))


def test_growth_with_a_season_is_found_and_surely_better_than_naive() -> None:
    found = of(growth(4))
    best = found.judgements[0]
    assert found.is_better and found.method in CANDIDATES and best.p_value < 0.01
    truth = (100 + 30 * np.arange(48, 54)) * (1 + 0.4 * np.cos(2 * np.pi * np.arange(48, 54) / 12))
    assert np.abs(found.rows()["value"] / truth - 1).max() < 0.15


def test_nothing_is_better_than_last_year_on_a_pure_season_and_nothing_is_registered() -> None:
    found = of(1000 * SEASON)
    assert found.method == SEASONAL_NAIVE and not found.is_better
    assert np.allclose(found.rows()["value"], 1000 * (1 + 0.4 * np.cos(2 * np.pi * np.arange(48, 54) / 12)))


def test_on_random_walks_hardly_ever_is_a_model_registered() -> None:
    draw = np.random.default_rng(5)
    walks = [of(1000 + np.cumsum(draw.normal(0, 30, 36))) for _ in range(12)]
    assert sum(each.is_better for each in walks) <= 2  # 5 in 100 by chance
    assert sum(each.method == NAIVE for each in walks) > 6


def test_intervals_hold_what_they_promise_where_errors_come_alike() -> None:
    draw = np.random.default_rng(6)
    shares = []
    for _ in range(8):
        values = 500 + draw.normal(0, 40, 72)
        tests = backtest(values, [SEASONAL_NAIVE])
        shares.append(coverage(tests)[0])
        found = of(values)
        new, ends = 500 + draw.normal(0, 40, 6), found.rows()
        shares.append(float(np.mean((ends["low"] <= new) & (new <= ends["high"]))))
    assert 0.78 < np.mean(shares) < 0.92  # 80 % at least, and not much more


def test_the_conformal_quantile_is_the_one_of_the_definition() -> None:
    assert quantile_of(np.array([3.0, 1.0, 2.0]), 0.8) is None
    assert quantile_of(np.array([4.0, 1.0, 3.0, 2.0]), 0.8) == 4.0
    assert quantile_of(np.arange(1.0, 20.0), 0.8) == 16.0  # ceil(20 * 0.8)


def test_the_test_of_a_gain_is_the_t_test_where_origins_do_not_overlap() -> None:
    gains = np.random.default_rng(7).normal(0.6, 1, 40)
    low, high, p_value = gain_of(gains, 1)
    expected = stats.ttest_1samp(gains, 0, alternative="greater")
    interval = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
    assert p_value == pytest.approx(expected.pvalue) and (low, high) == pytest.approx((interval.low, interval.high))
    wide = gain_of(np.repeat(gains, 6), 6)
    once = stats.ttest_1samp(np.repeat(gains, 6), 0, alternative="greater")
    assert gains.mean() > 0 and wide[2] > once.pvalue  # what is told six times counts once


@pytest.mark.parametrize(("n", "method"), [(1, NAIVE), (5, NAIVE), (20, SEASONAL_NAIVE)])
def test_of_a_short_history_it_is_said_that_it_is_short(n: int, method: str) -> None:
    found = of(growth(8)[:n])
    assert found.method == method and not found.is_better and found.judgements == ()
    assert found.basis == ("too little history: 1 month" if n == 1 else f"too little history: {n} months")
    rows = monthly_forecast({SUPPORT: found}, {})
    assert len(rows) == HORIZON and set(rows["model_version"]) == {"not registered"}
    assert rows["low"].isna().all() if n < 6 else rows["low"].notna().any()


def test_training_twice_gives_the_same() -> None:
    one, other = of(growth(9)), of(growth(9))
    assert one.judgements == other.judgements and one.widths == other.widths and one.rows().equals(other.rows())


def test_nothing_is_expected_below_nought() -> None:
    falling = np.maximum(0.0, 300 - 8 * MONTH)
    for method in FORECASTERS:
        assert (forecast(method, falling[:36], 12) >= 0).all()
    assert (of(falling).rows()["low"].dropna() >= 0).all()


def support(n: int, unknown: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"month": months(n), "entitled_amount": range(n), "n_users": 100, "n_users_unknown": unknown,
                         "is_finished": [True] * (n - 1) + [False]})


def test_series_have_months_that_are_over_and_money_that_is_known() -> None:
    activity = pd.DataFrame({"month": months(5), "n_comments": [5, 4, 3, 2, 1], "n_chosen_options": 7})
    money, comments, votes = series_of(support(5, [30, 40, 1, 0, 0]), activity)
    assert money.months == months(4)[2:] and money.values.tolist() == [2, 3]
    assert comments.months == months(4) and comments.values.tolist() == [5, 4, 3, 2] and votes.values.tolist() == [7] * 4
    assert money.ahead(2) == [date(2020, 5, 1), date(2020, 6, 1)]
    assert series_of(support(1, [0])[:0], activity[:0]) == [] and outlooks([]) == {}
    assert len(monthly_forecast({}, {})) == 0


def test_the_figure_of_support_begins_where_it_is_known_and_not_at_nought() -> None:
    ahead = outlooks(series_of(support(5, [30, 40, 1, 0, 0]), pd.DataFrame(columns=["month", "n_comments", "n_chosen_options"])))
    published = monthly_forecast(ahead, {}).assign(run_id="r")
    (axes,) = forecast_figures.support_forecast(support(5, [30, 40, 1, 0, 0]), published).axes
    assert axes.lines[0].get_ydata().tolist() == [2, 3]
    (empty,) = forecast_figures.support_forecast(support(1, [0])[:0], published[:0]).axes
    assert empty.texts[0].get_text() == forecast_figures.NO_FORECAST


@pytest.mark.parametrize(
    ("draw", "series", "column"),
    [
        (forecast_figures.support_forecast, "support", "entitled_amount"),
        (forecast_figures.comments_forecast, "comments", "n_comments"),
        (forecast_figures.votes_forecast, "votes", "n_chosen_options"),
    ],
)
def test_a_forecast_is_drawn_with_its_interval_after_what_is_known(draw: Any, series: str, column: str) -> None:
    found = of(growth(8), series)
    ahead = monthly_forecast({series: found, "another": of(growth(9), "another")}, {}).assign(run_id="r")
    known = pd.DataFrame({"month": found.series.months, column: found.series.values, "n_users": 9, "n_users_unknown": 0,
                          "is_finished": True})  # fmt: skip
    (axes,) = draw(known, ahead).axes
    was, said = (line.get_ydata().tolist() for line in axes.lines)
    rows = found.rows()
    assert (was, said) == (found.series.values.tolist(), rows["value"].tolist())
    (band,) = axes.collections
    height = band.get_paths()[0].vertices[:, 1]
    assert (height.min(), height.max()) == pytest.approx((rows["low"].min(), rows["high"].max()))
    assert any("interval from past errors" in text.get_text() for text in axes.figure.legends[0].get_texts())


def test_the_model_says_what_was_published(tmp_path: Path, repository: Path) -> None:
    import mlflow

    from systems.community.logged_forecast import log_outlooks, measures, register_winners

    with models_below(tmp_path, "/Shared/forecast") as store:
        found = {"support": of(growth(4)), "votes": of(1000 * SEASON, "votes")}
        with mlflow.start_run() as run:
            address = log_outlooks(found, {}, repository / "src")
        versions = {"gold.monthly_support": ["an-id", 3]}
        assert register_winners(found, address, "", versions) == {}
        for _ in range(2):  # what would say the same is not registered twice
            assert register_winners(found, address, "spark_catalog.gold.forecast", versions) == {"support": "1"}
        other = {"support": of(growth(5))}
        with mlflow.start_run():
            told = log_outlooks(other, {}, repository / "src")
        assert register_winners(other, told, "spark_catalog.gold.other", versions) == {"support": "1"}
        assert register_winners(found, address, "spark_catalog.gold.other", versions) == {"support": "2"}
        model = mlflow.pyfunc.load_model("models:/spark_catalog.gold.forecast_support@champion")
        assert model.metadata.signature is not None and model.input_example is not None
        known = pd.DataFrame({"series": "support", "month": [str(month) for month in months(48)], "value": growth(4)})
        said = model.predict(known.sample(frac=1, random_state=1))
        expected = found["support"].rows()
        assert said["month"].tolist() == [str(month) for month in expected["month"]]
        assert said[["value", "low", "high"]].to_numpy() == pytest.approx(expected[["value", "low", "high"]].to_numpy())
        logged = store.get_run(run.info.run_id).data.metrics
        assert logged == pytest.approx(measures(found)) and not any(math.isnan(value) for value in logged.values())
