"""Every figure of the community's dashboards says what DuckDB says about the rows that it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.dates import num2date
from matplotlib.figure import Figure

from systems.community import activity_figures, figures, ranking_figures, vote_figures
from systems.community.activity_figures import Period
from tests import drawn_figures
from tests.drawn_figures import bars_of, same
from tests.systems.community import drawn_gold

PERIOD = Period(date(2023, 4, 1), date(2023, 6, 1))
COUNTRIES, SUPPORTERS, MONTHS = drawn_gold.countries(), drawn_gold.supporters(), drawn_gold.months()
DAYS, VOTES = drawn_gold.daily_activity(), drawn_gold.daily_poll_votes()
POLLS = drawn_gold.poll_results(VOTES)
TABLES: Mapping[str, pd.DataFrame] = {
    "countries": COUNTRIES, "supporters": SUPPORTERS, "months": MONTHS, "days": DAYS, "votes": VOTES, "polls": POLLS,
}  # fmt: skip
WITHIN = f"CAST(day AS DATE) BETWEEN '{PERIOD.start}' AND '{PERIOD.end}'"


def asked(query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over the drawn tables."""
    return drawn_figures.asked(TABLES, query)


def by_line(axes: Axes, label: str) -> list[float]:
    return next(list(line.get_ydata()) for line in axes.lines if line.get_label() == label)


def test_users_who_ever_paid() -> None:
    expected = asked("SELECT '0 USD', sum(n_users - n_supporters), sum(n_supporters) FROM countries")[0]
    drawn = figures.share_with_support(COUNTRIES).axes[0]
    assert same(bars_of(drawn), [("above 0 USD", expected[2]), ("0 USD", expected[1])])


def test_support_by_patron_status() -> None:
    expected = asked("SELECT patron_status, sum(lifetime_support_amount) FROM supporters GROUP BY ALL")
    assert sorted(bars_of(figures.support_by_patron_status(SUPPORTERS).axes[0])) == [
        (name, pytest.approx(float(amount))) for name, amount in sorted(expected)
    ]


def test_both_histograms_count_every_supporter_in_his_class() -> None:
    n_bins = 20
    patches = figures.support_histograms(SUPPORTERS, n_bins).axes[0].patches
    most = asked("SELECT max(lifetime_support_amount) FROM supporters")[0][0]
    for drawn, name in ((patches[:n_bins], "lifetime_support_amount"), (patches[n_bins:], "campaign_lifetime_support_amount")):
        classes = f"least({n_bins - 1}, CAST(floor({name} * {n_bins} / {most}) AS INTEGER))"
        found = dict(asked(f"SELECT {classes}, count(*) FROM supporters WHERE {name} > 0 GROUP BY ALL"))
        assert [patch.get_height() for patch in drawn] == [found.get(n, 0) for n in range(n_bins)]


def test_the_greatest_supporters() -> None:
    expected = asked(
        "SELECT left(user_pseudonym, 10) || '… (' || country || ')', lifetime_support_amount FROM supporters "
        "WHERE lifetime_support_amount > 0 ORDER BY 2 DESC, user_pseudonym LIMIT 10"
    )
    assert same(bars_of(figures.top_supporters(SUPPORTERS).axes[0]), expected)


@pytest.mark.parametrize("order", figures.COUNTRY_ORDERS)
def test_countries_in_every_order(order: str) -> None:
    column = figures.COUNTRY_ORDERS[order]
    expected = asked(f"SELECT country, {column} FROM countries ORDER BY 2 DESC, 1 LIMIT 15")
    assert same(bars_of(figures.country_bars(COUNTRIES, order).axes[0]), expected)


def test_posts_polls_and_comments_per_month_with_their_trends() -> None:
    shown = {"posts": ("n_posts", activity_figures.monthly_posts), "polls": ("n_polls", activity_figures.monthly_posts),
             "comments": ("n_comments", activity_figures.monthly_comments)}  # fmt: skip
    for label, (column, draw) in shown.items():
        axes = draw(MONTHS).axes[0]
        rows = asked(f"SELECT {column}, date_diff('day', DATE '2021-01-01', CAST(month AS DATE)) FROM months ORDER BY month")
        assert by_line(axes, label) == [count for count, _ in rows]
        slope, level = asked(
            f"SELECT regr_slope({column}, d), regr_intercept({column}, d) "
            f"FROM (SELECT *, date_diff('day', DATE '2021-01-01', CAST(month AS DATE)) AS d FROM months)"
        )[0]
        trend = next(line for line in axes.lines if str(line.get_label()).startswith(f"trend of {label}"))
        assert list(trend.get_ydata()) == pytest.approx([level + slope * day for _, day in rows])


def test_comments_by_patron_status_and_by_country() -> None:
    by_status = f"SELECT patron_status, sum(n_comments) FROM days WHERE {WITHIN} GROUP BY ALL HAVING sum(n_comments) > 0"
    drawn = bars_of(activity_figures.comments_by_patron_status(DAYS, PERIOD).axes[0])
    assert sorted(drawn) == sorted((name, float(n)) for name, n in asked(by_status))
    expected = asked(
        f"""WITH ranked AS (
          SELECT country, sum(n_comments) AS n, row_number() OVER (ORDER BY sum(n_comments) DESC, country) AS place
          FROM days WHERE {WITHIN} GROUP BY country HAVING sum(n_comments) > 0)
        SELECT if(place <= 5, country, 'others') AS name, sum(n) FROM ranked GROUP BY name ORDER BY min(place)"""
    )
    assert expected[-1][0] == "others"
    assert same(bars_of(activity_figures.comments_by_country(DAYS, PERIOD, n=5).axes[0]), expected)


def test_votes_and_weights_per_month_in_real_months() -> None:
    rows = asked("SELECT month, n_chosen_options, total_weight FROM months ORDER BY month")
    panels = vote_figures.monthly_votes(MONTHS).axes
    for axes, place in zip(panels, (1, 2), strict=True):
        line = axes.lines[0]
        assert list(line.get_ydata()) == [row[place] for row in rows]
        months = [num2date(x).strftime("%Y-%m-%d") for x in axes.convert_xunits(line.get_xdata())]
        assert months == [str(row[0])[:10] for row in rows]


def both(figure: Figure, expected: list[tuple[Any, ...]]) -> bool:
    plain, weighted = figure.axes
    return same(bars_of(plain), [row[:2] for row in expected]) and same(bars_of(weighted), [(row[0], row[2]) for row in expected])


def test_votes_by_option_with_orphans_as_one_unknown_bar() -> None:
    expected = asked(
        f"SELECT if(is_known, 'option ' || option_index, 'unknown') AS name, sum(n_chosen_options), sum(total_weight) "
        f"FROM votes WHERE {WITHIN} GROUP BY name ORDER BY max(if(is_known, option_index, 99))"
    )
    assert expected[-1][0] == "unknown" and len(expected) == 5
    assert both(vote_figures.votes_by_option(VOTES, PERIOD), expected)


def test_votes_by_country_plain_and_weighted_with_the_others() -> None:
    expected = asked(
        f"""WITH ranked AS (
          SELECT country, sum(n_chosen_options) AS n, sum(total_weight) AS w,
                 row_number() OVER (ORDER BY sum(n_chosen_options) DESC, country) AS place
          FROM days WHERE {WITHIN} GROUP BY country HAVING sum(n_chosen_options) > 0)
        SELECT if(place <= 7, country, 'others') AS name, sum(n), sum(w) FROM ranked GROUP BY name ORDER BY min(place)"""
    )
    assert both(vote_figures.votes_by_country(DAYS, PERIOD, n=7), expected)


def test_votes_by_patron_status() -> None:
    expected = asked(
        f"""SELECT patron_status, sum(n_chosen_options), sum(total_weight) FROM days WHERE {WITHIN} GROUP BY patron_status
        ORDER BY list_position(['patron', 'follower', 'free trial', 'none', 'unknown'], patron_status)"""
    )
    assert both(vote_figures.votes_by_patron_status(DAYS, PERIOD), expected)


@pytest.mark.parametrize("number", [3, 11])
def test_one_poll_in_detail(number: int) -> None:
    post_id = f"{number:024x}"
    expected = asked(
        f"""WITH texts AS (SELECT DISTINCT post_id, option_index, option_text FROM polls)
        SELECT option_index || ': ' || if(bool_and(is_known), any_value(option_text), 'unknown'),
               sum(n_chosen_options), sum(total_weight), sum(n_patron_options)
        FROM votes LEFT JOIN texts USING (post_id, option_index)
        WHERE post_id = '{post_id}' GROUP BY option_index ORDER BY option_index"""
    )
    figure = vote_figures.poll_in_detail(POLLS, post_id)
    for axes, place in zip(figure.axes, (1, 2, 3), strict=True):
        assert same(bars_of(axes), [(row[0], row[place]) for row in expected])
    whole = sum(row[1] for row in expected)
    written = [text.get_text() for text in figure.axes[0].texts if "%" in text.get_text()]
    assert written == [f"{n:,} ({100 * n / whole:.0f} %)" for _, n, _, _ in expected]


@pytest.mark.parametrize(("sort", "n"), [*((sort, 10) for sort in ranking_figures.SORTS), ("support", 1), ("comments", 99)])
def test_countries_beside_each_other_lose_nothing(sort: str, n: int) -> None:
    column = {"lifetime_support_amount": "support", "support_per_user_amount": "round(support / n_users, 2)"}.get(
        ranking_figures.SORTS[sort], ranking_figures.SORTS[sort]
    )
    expected = asked(
        f"""WITH talk AS (
          SELECT country, sum(n_comments) AS n_comments, sum(n_chosen_options) AS n_chosen_options,
                 sum(total_weight) AS total_weight
          FROM days WHERE {WITHIN} GROUP BY country),
        joined AS (
          SELECT country, n_users, n_patrons, CAST(lifetime_support_amount AS DECIMAL(18, 2)) AS support,
                 coalesce(n_comments, 0) AS n_comments, coalesce(n_chosen_options, 0) AS n_chosen_options,
                 coalesce(total_weight, 0) AS total_weight
          FROM countries LEFT JOIN talk USING (country)),
        placed AS (SELECT *, row_number() OVER (ORDER BY {column} DESC, country) AS place FROM joined)
        SELECT if(place <= {n}, country, 'others') AS name, sum(support), sum(support) / sum(n_users), sum(n_comments),
               sum(n_chosen_options), sum(total_weight), sum(n_users), sum(n_patrons)
        FROM placed GROUP BY name ORDER BY min(place)"""
    )
    top = ranking_figures.top_countries(ranking_figures.ranking(COUNTRIES, DAYS, PERIOD), sort, n)
    axes = ranking_figures.country_panels(top, sort, PERIOD).axes
    left, right = axes[:5], axes[5:]
    assert [label.get_text() for label in left[-1].get_xticklabels()] == [row[0] for row in expected]
    for place, panel in enumerate(left, 1):
        heights = [patch.get_height() for patch in panel.patches]
        assert heights == pytest.approx([float(row[place]) for row in expected], abs=0.0051)
    for panel in right:
        assert by_line(panel, "users (right axis)") == [row[6] for row in expected]
        assert by_line(panel, "patrons (right axis)") == [row[7] for row in expected]


def test_countries_without_comments_or_votes_keep_their_money() -> None:
    ranked = ranking_figures.ranking(COUNTRIES, DAYS, None)
    assert sum(ranked["lifetime_support_amount"]) == sum(COUNTRIES["lifetime_support_amount"])
    quiet = ranked[(ranked["n_chosen_options"] == 0) & (ranked["lifetime_support_amount"] > 0)]
    assert len(quiet) > 10 and np.isfinite(ranked["support_per_user_amount"].astype(float)).all()
