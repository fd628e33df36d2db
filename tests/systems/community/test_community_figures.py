"""Figures of the community's dashboards: what they show, that they say their units, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from systems.community import activity_figures as activity
from systems.community import figures, ranking_figures, vote_figures
from tests.systems.community import drawn_gold
from utils import colours
from utils.errors import SettingsError

USERS_COLUMNS = [
    "country", "n_users", "n_patrons", "n_followers", "n_free_trials", "n_supporters",
    "campaign_lifetime_support_amount", "lifetime_support_amount", "entitled_amount", "will_pay_amount",
]  # fmt: skip
COUNTRIES = pd.DataFrame(
    [
        ("BR", 4, 1, 2, 1, 1, Decimal("9.50"), Decimal("10.00"), Decimal("5.00"), Decimal("5.00")),
        ("TR", 9, 0, 5, 0, 0, Decimal("0.00"), Decimal("0.00"), Decimal("0.00"), Decimal("0.00")),
        ("unknown", 7, 2, 2, 0, 3, Decimal("80.00"), Decimal("90.00"), Decimal("5.00"), Decimal("5.00")),
    ],
    columns=USERS_COLUMNS,
)
SUPPORTERS = pd.DataFrame(
    {
        "user_pseudonym": ["a" * 32, "b" * 32, "c" * 32, "d" * 32],
        "country": ["BR", "unknown", "unknown", "TR"],
        "patron_status": ["patron", "patron", "none", "follower"],
        "campaign_lifetime_support_amount": [Decimal("9.50"), Decimal("80"), Decimal("0"), Decimal("0")],
        "lifetime_support_amount": [Decimal("10"), Decimal("80"), Decimal("10"), Decimal("0")],
    }
)
MONTHS = pd.DataFrame(
    {
        "month": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)],
        "n_posts": [1, 0, 2],
        "n_polls": [0, 1, 1],
        "n_comments": [31, 60, 91],
    }
)
DAYS = pd.DataFrame(
    {
        "day": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1), date(2024, 3, 9)],
        "country": ["US", "US", "unknown", "BR"],
        "patron_status": ["patron", "none", "unknown", "follower"],
        "n_comments": [3, 4, 1, 0],
    }
)
PERIOD = activity.Period(date(2024, 1, 1), date(2024, 2, 1))
VOTED, CHOICES, POLL_MONTHS = drawn_gold.daily_activity(), drawn_gold.daily_poll_votes(), drawn_gold.months()
POLLS = drawn_gold.poll_results(CHOICES)
SPRING = activity.Period(date(2023, 4, 1), date(2023, 6, 1))
LATER = activity.Period(date(2031, 1, 1), date(2031, 1, 2))
TOP = ranking_figures.top_countries(ranking_figures.ranking(drawn_gold.countries(), VOTED, SPRING), "support", 10)
DRAWN: dict[str, tuple[Callable[[], Figure], Callable[[], Figure]]] = {
    "share": (
        lambda: figures.share_with_support(COUNTRIES),
        lambda: figures.share_with_support(COUNTRIES[:0]),
    ),
    "status": (
        lambda: figures.support_by_patron_status(SUPPORTERS),
        lambda: figures.support_by_patron_status(SUPPORTERS[:0]),
    ),
    "histograms": (
        lambda: figures.support_histograms(SUPPORTERS, 50),
        lambda: figures.support_histograms(SUPPORTERS[3:], 50),
    ),
    "top": (lambda: figures.top_supporters(SUPPORTERS), lambda: figures.top_supporters(SUPPORTERS[3:])),
    "countries": (
        lambda: figures.country_bars(COUNTRIES, "is_patron"),
        lambda: figures.country_bars(COUNTRIES[:0], "is_patron"),
    ),
    "posts": (lambda: activity.monthly_posts(MONTHS), lambda: activity.monthly_posts(MONTHS[:0])),
    "comments": (lambda: activity.monthly_comments(MONTHS), lambda: activity.monthly_comments(MONTHS[:0])),
    "by status": (
        lambda: activity.comments_by_patron_status(DAYS, PERIOD),
        lambda: activity.comments_by_patron_status(DAYS[:0], None),
    ),
    "by country": (
        lambda: activity.comments_by_country(DAYS, PERIOD),
        lambda: activity.comments_by_country(DAYS[3:], PERIOD),
    ),
    "votes": (lambda: vote_figures.monthly_votes(POLL_MONTHS), lambda: vote_figures.monthly_votes(POLL_MONTHS[:0])),
    "votes by option": (
        lambda: vote_figures.votes_by_option(CHOICES, SPRING),
        lambda: vote_figures.votes_by_option(CHOICES, LATER),
    ),
    "votes by country": (
        lambda: vote_figures.votes_by_country(VOTED, SPRING),
        lambda: vote_figures.votes_by_country(VOTED[:0], None),
    ),
    "votes by status": (
        lambda: vote_figures.votes_by_patron_status(VOTED, SPRING),
        lambda: vote_figures.votes_by_patron_status(VOTED, LATER),
    ),
    "poll": (
        lambda: vote_figures.poll_in_detail(POLLS, POLLS["post_id"][0]),
        lambda: vote_figures.poll_in_detail(POLLS, None),
    ),
    "top countries": (
        lambda: ranking_figures.country_panels(TOP, "support", SPRING),
        lambda: ranking_figures.country_panels(TOP[:0], "support", None),
    ),
}


def widths(figure: Figure) -> list[float]:
    return [patch.get_width() for patch in figure.axes[0].patches]


def names(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_a_title_axis_labels_and_an_empty_state(name: str) -> None:
    for draw in DRAWN[name]:
        drawn = draw().axes
        assert drawn[0].get_title(loc="left").strip()
        for axes in drawn:  # an axis that panels share is named once
            assert any(each.get_xlabel() for each in axes.get_shared_x_axes().get_siblings(axes))
            assert any(each.get_ylabel() for each in axes.get_shared_y_axes().get_siblings(axes))
    full, empty = (draw().axes for draw in DRAWN[name])
    empty = empty[0]
    assert any("." in text.get_text() and " " in text.get_text() for text in empty.texts)
    assert empty.get_xlabel() in [axes.get_xlabel() for axes in full] and not empty.patches and not empty.lines


@pytest.mark.parametrize("name", DRAWN)
def test_what_shares_an_axes_differs_by_more_than_colour(name: str) -> None:
    """Readers of any colour vision, and of a black-and-white print, tell series apart by hatch, marker or line."""
    for axes in DRAWN[name][0]().axes:
        series = [line for line in axes.lines if line.get_marker() != "None"]  # a trend has the colour of its series, dashed
        assert len({line.get_marker() for line in series}) == len(series)
        assert all(line.get_linestyle() == "--" for line in axes.lines if line not in series)
        hatches = {(patch.get_facecolor(), patch.get_hatch()) for patch in axes.patches}
        assert len({hatch for _, hatch in hatches}) == len(hatches)


@pytest.mark.parametrize("colour", [*colours.COLOURS[:6], colours.INK])
def test_colours_stand_out_from_the_paper(colour: str) -> None:
    """Contrast by WCAG 2.1 (relative luminance); 2.2 : 1 is the least that the palette has, in large areas."""
    linear = [(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4) for part in to_rgb(colour)]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    assert 1.05 / (luminance + 0.05) >= 2.2


def test_totals_add_up_over_countries() -> None:
    said = dict(figures.totals(COUNTRIES).itertuples(index=False))
    assert said["users"] == "20" and said["patrons"] == "3"
    assert said["users who ever paid"] == "4 (20.0 %)"
    assert said["support over all time"] == "100.00 USD" and said["of it for this campaign"] == "89.50 USD"
    assert dict(figures.totals(COUNTRIES[:0]).itertuples(index=False))["users who ever paid"] == "0 (0.0 %)"


def test_the_number_of_classes_is_the_widget_s_and_users_are_logarithmic() -> None:
    for n_bins in (5, 50):
        axes = figures.support_histograms(SUPPORTERS, n_bins).axes[0]
        assert axes.get_yscale() == "log" and len(axes.patches) == 2 * n_bins
    assert sum(patch.get_height() for patch in axes.patches[:50]) == 3


def test_a_community_without_patrons_or_with_support_of_a_campaign_alone_is_shown() -> None:
    without = dict(figures.totals(COUNTRIES[1:2]).itertuples(index=False))
    assert without["of it per patron"] == "there are no patrons"
    assert dict(figures.totals(COUNTRIES).itertuples(index=False))["of it per patron"] == "3.33 USD"
    odd = SUPPORTERS.assign(lifetime_support_amount=Decimal(0))
    assert sum(patch.get_height() for patch in figures.support_histograms(odd, 5).axes[0].patches) == 2


def test_support_by_status_counts_former_patrons_where_they_stand_today() -> None:
    figure = figures.support_by_patron_status(SUPPORTERS)
    assert dict(zip(names(figure), widths(figure), strict=True)) == {"patron": 90, "follower": 0, "none": 10}


def test_top_supporters_are_in_order_and_equal_ones_by_pseudonym() -> None:
    figure = figures.top_supporters(SUPPORTERS, n=2)
    assert widths(figure) == [80, 10] and names(figure) == ["bbbbbbbbbb… (unknown)", "aaaaaaaaaa… (BR)"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("n_users", ["TR", "unknown", "BR"]),
        ("is_patron", ["unknown", "BR", "TR"]),
        ("lifetime_support", ["unknown", "BR", "TR"]),
        ("is_follower", ["TR", "BR", "unknown"]),
        ("is_free_trial", ["BR", "TR", "unknown"]),
    ],
)
def test_countries_are_ordered_by_the_widget(order: str, expected: list[str]) -> None:
    assert figures.country_table(COUNTRIES, order)["country"].tolist() == expected


def test_a_trend_follows_calendar_time_and_not_the_number_of_the_row() -> None:
    days = np.array([0.0, 31, 60])
    line, per_month = activity.trend(MONTHS["month"], pd.Series(10 + 0.5 * days))
    assert line == pytest.approx(10 + 0.5 * days)
    assert per_month == pytest.approx(0.5 * 365.2425 / 12)
    assert activity.trend(MONTHS["month"][:1], MONTHS["n_posts"][:1])[1] == 0.0


def test_the_default_window_is_the_last_thirty_days_that_have_comments() -> None:
    many = pd.DataFrame(
        {"day": [date(2020 + n // 12, n % 12 + 1, 7) for n in range(40)], "n_comments": [1] * 39 + [0]}
    )
    period = activity.shown_period(many, None, None)
    assert period == activity.Period(date(2020, 10, 7), date(2023, 3, 7))
    assert activity.shown_period(many[:0], None, None) is None


def test_the_window_of_the_votes_is_that_of_days_with_votes_and_countries_show_all_days() -> None:
    rows = pd.DataFrame({"day": [date(2024, 1, n) for n in range(1, 32)], "n_comments": 0, "n_chosen_options": [5] * 30 + [0]})
    period = activity.shown_period(rows, None, None, counted=vote_figures.COUNTED)
    assert period == activity.Period(date(2024, 1, 1), date(2024, 1, 30))
    long_ago = pd.concat([rows, rows.assign(day=[date(2023, 1, n) for n in range(1, 32)])])
    assert activity.shown_period(long_ago, None, None, counted=vote_figures.COUNTED) == period
    whole = activity.shown_period(long_ago, None, None, counted=ranking_figures.COUNTED, n_days=None)
    assert whole == activity.Period(date(2023, 1, 1), date(2024, 1, 30))


def test_the_newest_poll_of_the_window_is_shown_unless_another_is_chosen() -> None:
    posted = POLLS[POLLS["posted_on"] != "unknown"].groupby("post_id")["posted_on"].first()
    voted = set(CHOICES.loc[CHOICES["day"].between(SPRING.start, SPRING.end), "post_id"])
    assert vote_figures.chosen_poll("", POLLS, CHOICES, SPRING) == max(voted & set(posted.index))
    newest = posted.sort_values().index[-1]
    its_day = activity.Period(*[date.fromisoformat(posted[newest])] * 2)
    assert vote_figures.chosen_poll("", POLLS, CHOICES[:0], its_day) == newest, "nobody has voted yet"
    assert vote_figures.chosen_poll("", POLLS, CHOICES, LATER) is None
    assert vote_figures.chosen_poll(posted.index[0], POLLS, CHOICES, LATER) == posted.index[0]
    with pytest.raises(SettingsError, match="000000000000000000000001"):
        vote_figures.chosen_poll("00000000000000000000001", POLLS, CHOICES, SPRING)


def test_chosen_dates_win_and_an_end_before_the_start_is_refused() -> None:
    chosen = activity.shown_period(DAYS, date(2024, 1, 15), None)
    assert chosen == activity.Period(date(2024, 1, 15), date(2024, 2, 1))
    assert activity.shown_period(DAYS, None, date(2024, 1, 20)) == activity.Period(
        date(2024, 1, 1), date(2024, 1, 20)
    )
    with pytest.raises(SettingsError, match="a start before the end"):
        activity.shown_period(DAYS, date(2024, 3, 1), date(2024, 2, 1))


def test_comments_outside_the_window_do_not_count() -> None:
    figure = activity.comments_by_country(DAYS, activity.Period(date(2024, 2, 1), date(2024, 3, 31)))
    assert dict(zip(names(figure), widths(figure), strict=True)) == {"US": 4, "unknown": 1}


def test_countries_beyond_the_first_are_one_bar_and_lose_nothing() -> None:
    figure = activity.comments_by_country(DAYS, PERIOD, n=1)
    assert dict(zip(names(figure), widths(figure), strict=True)) == {"US": 7, "others": 1}
