"""Figures and tables of the funnel's dashboard and of its breaks, each against DuckDB or SciPy."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from systems.funnel import break_figures, figures
from systems.funnel.config import PURCHASE
from systems.funnel.found import FUNNEL_BREAKS, funnel_breaks
from systems.funnel.series import families_of
from tests.systems.funnel.counts import START, counted, people
from utils.errors import SettingsError

MONTHS = [date(2022, 11, 1), date(2022, 12, 1), date(2023, 1, 1)]
DEVICES, SEXES, CHANNELS = ("desktop", "mobile"), ("female", "male"), ("ads", "email", "search")
NO_BREAKS = pd.DataFrame(columns=FUNNEL_BREAKS.column_names)


def gold() -> pd.DataFrame:
    """Cells of `funnel_steps` over two years' ends; email users reach the third step only, mobile ones skip steps."""
    draw, rows = np.random.default_rng(2), []
    for month, device, sex, channel in itertools.product(MONTHS, DEVICES, SEXES, CHANNELS):
        closed = np.minimum.accumulate(draw.integers(1, 300, 6)) * (1 if channel != "email" else np.array([1, 1, 1, 0, 0, 0]))
        skipped = draw.integers(0, 30, 6) * (device == "mobile") * np.array([0, 0, 1, 1, 1, 1])
        for counting, n in (("closed", closed), ("open", closed + skipped)):
            for step in range(6):
                rows.append(("purchase", month, device, sex, channel, counting, step + 1, PURCHASE.names[step],
                             [*PURCHASE.names[1:], None][step], int(n[step]), int(n[step + 1]) if step < 5 else 0,
                             int(skipped[step])))  # fmt: skip
    names = ("funnel", "period_start", "device", "sex", "channel", "counting", "step_number", "step", "next_step",
             "n_entered", "n_continued", "n_skipped")  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


STEPS = gold()


def asked(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("steps", STEPS)
        return connection.execute(sql).fetchall()


def seen(
    counting: str = "closed", breakdown: str = "none", breaks: pd.DataFrame = NO_BREAKS, start: date | None = None,
    end: date | None = None,
) -> figures.View:  # fmt: skip
    return figures.view(STEPS, breaks, funnel="purchase", counting=counting, breakdown=breakdown, start=start, end=end)


def a_break(dimension: str, value: str, day: date, **more: Any) -> dict[str, Any]:
    return {
        "funnel": "purchase", "counting": "closed", "step_number": 2, "step": "search", "next_step": "product",
        "dimension": dimension, "value": value, "day": day, "earliest": day - timedelta(days=2), "latest": day, "rank": 1,
        "rate_before": 0.5, "rate_after": 0.3, "change": -0.2, "change_low": -0.25, "change_high": -0.15, "p_value": 0.001,
        "explained_by": None, **more,
    }  # fmt: skip


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("counting", figures.COUNTINGS)
@pytest.mark.parametrize("breakdown", figures.BREAKDOWNS)
def test_bars_stand_in_the_order_of_the_steps_with_everyones_count(counting: str, breakdown: str) -> None:
    view = seen(counting, breakdown)
    by = "'everybody'" if breakdown == "none" else breakdown
    expected = {
        (value, step): n for value, step, n in asked(
            f"SELECT {by}, step_number, sum(n_entered) FROM steps WHERE counting = '{counting}' GROUP BY ALL")
    }
    axes = figures.step_chart(view).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(PURCHASE.names)
    drawn = {
        (value, step): bar.get_width()
        for value, bars in zip(view.values, axes.containers, strict=True) for step, bar in enumerate(bars, start=1)
    }
    assert drawn == expected
    assert list(view.values) == sorted(view.values, key=lambda value: (-expected[value, 1], value))
    first, second = (expected[view.values[0], step] for step in (1, 2))
    assert any(label.startswith(f"{second:,.0f}, {100 * second / first:.1f} %") for label in texts(axes.figure))


@pytest.mark.parametrize("counting", figures.COUNTINGS)
def test_drop_off_is_100_where_nobody_goes_on_and_empty_with_a_reason_where_nobody_was(counting: str) -> None:
    table = figures.drop_off_table(seen(counting, "channel"))
    expected = asked(
        "SELECT channel, step, sum(n_entered), sum(n_continued), sum(n_skipped), "
        "CASE WHEN max(step_number) = 6 OR sum(n_entered) = 0 THEN NULL "
        "ELSE round(100 - 100.0 * sum(n_continued) / sum(n_entered), 2) END, "
        "CASE WHEN max(step_number) = 6 THEN 'last step' WHEN sum(n_entered) = 0 THEN 'nobody was at the step' ELSE '' END "
        f"FROM steps WHERE counting = '{counting}' GROUP BY channel, step"
    )
    columns = ["channel", "step", "n_entered", "n_continued", "n_skipped", "drop_off_pct", "reason"]
    found = [tuple(None if value != value else value for value in row) for row in table[columns].itertuples(index=False)]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert table["step"].tolist()[:6] == list(PURCHASE.names)
    if counting == "closed":
        email = table[table["channel"] == "email"].set_index("step")
        assert email["drop_off_pct"]["product"] == 100 and email["reason"]["basket"] == "nobody was at the step"


def test_a_months_rate_has_wilsons_interval_in_the_closed_funnel_and_none_in_the_open_one() -> None:
    view = seen("closed", "device")
    axes = figures.trend(view).axes[1]
    assert axes.get_title(loc="left") == "search to product"
    for value, container in zip(view.values, axes.containers, strict=True):
        expected = asked(
            "SELECT sum(n_entered), sum(n_continued) FROM steps WHERE counting = 'closed' AND step_number = 2 "
            f"AND device = '{value}' GROUP BY period_start ORDER BY period_start"
        )
        line, _, (bars,) = container.lines
        assert line.get_ydata().tolist() == pytest.approx([x / n for n, x in expected])
        for segment, (n, x) in zip(bars.get_segments(), expected, strict=True):
            interval = stats.binomtest(int(x), int(n)).proportion_ci(0.95, method="wilson")
            assert segment[:, 1].tolist() == pytest.approx([interval.low, interval.high])
    (only,) = figures.trend(seen("open")).axes[1].containers
    assert not only.has_yerr


def test_breaks_stand_on_their_day_in_their_panel_and_only_for_what_is_shown() -> None:
    day = date(2022, 12, 15)
    breaks = pd.DataFrame([a_break("everybody", "everybody", day), a_break("device", "mobile", day, rank=2)])
    epoch = date(1970, 1, 1)

    def marked(view: figures.View) -> list[tuple[int, float]]:
        """(panel, day) of every upright line."""
        return [
            (place, line.get_xdata()[0]) for place, axes in enumerate(figures.trend(view).axes)
            for line in axes.lines if list(line.get_ydata()) == [0, 1]
        ]  # fmt: skip

    assert marked(seen(breaks=breaks)) == [(1, (day - epoch).days)]
    assert marked(seen(breakdown="device", breaks=breaks)) == [(1, (day - epoch).days)]
    assert marked(seen(breakdown="sex", breaks=breaks)) == []
    assert marked(seen("open", breaks=breaks)) == []
    band = figures.trend(seen(breaks=breaks)).axes[1].patches[0]
    assert (band.get_x(), band.get_width()) == ((day - epoch).days - 2, 3)


def test_a_break_is_said_in_a_sentence_and_its_size_has_its_interval() -> None:
    day = date(2022, 12, 15)
    of_all = a_break("everybody", "everybody", day, explained_by="device", explained_as="rates", moved="mobile from 1 % to 0 %")
    breaks = pd.DataFrame([of_all, a_break("sex", "male", day, rank=2)])
    first, second = figures.break_table(seen(breaks=breaks))["what changed"]
    assert first == (
        "Of everybody at search, 30.0 % go on to product since 2022-12-15 (likely 2022-12-13 to 2022-12-15), 50.0 % before: "
        "-20.0 points [-25.0, -15.0]. It comes from device: mobile from 1 % to 0 %."
    )
    assert second.endswith("It follows from device.")
    one, other = figures.break_sizes(seen(breaks=breaks)).axes[0].containers
    for place, container in enumerate((one, other)):
        assert container.lines[0].get_xydata().tolist() == [[pytest.approx(-20), place]]
        assert container.lines[2][0].get_segments()[0][:, 0].tolist() == pytest.approx([-25, -15])
    assert figures.break_table(seen("open", breaks=breaks))["what changed"].tolist() == [figures.ONLY_CLOSED]
    assert figures.ONLY_CLOSED in texts(figures.break_sizes(seen("open", breaks=breaks)))


def test_months_that_overlap_the_range_are_shown_whole_and_breaks_of_other_days_are_not() -> None:
    breaks = pd.DataFrame([a_break("everybody", "everybody", date(2022, 11, 20))])
    view = seen(start=date(2022, 12, 31), end=date(2023, 1, 1), breaks=breaks)
    assert sorted(set(view.steps["period_start"])) == MONTHS[1:]
    assert "2022-12 to 2023-01" in view.what
    assert view.breaks.empty
    assert len(seen(start=date(2022, 11, 20), breaks=breaks).breaks) == 1
    assert seen(start=date(2022, 11, 21), breaks=breaks).breaks.empty
    assert seen(end=date(2022, 11, 17), breaks=breaks).breaks.empty


def test_a_range_without_data_shows_empty_figures_and_says_why() -> None:
    view = seen(start=date(2031, 1, 1))
    assert figures.NO_USERS in texts(figures.step_chart(view))
    assert figures.NO_USERS in texts(figures.trend(view))
    assert figures.drop_off_table(view).empty
    assert figures.break_table(view)["what changed"].tolist() == ["No change found."]
    assert "No change found." in texts(figures.break_sizes(view))


def test_a_range_that_ends_before_it_starts_is_refused_and_the_pages_have_no_channel() -> None:
    with pytest.raises(SettingsError, match="2023-01-02 to 2023-01-01; expected an end not before the start"):
        seen(start=date(2023, 1, 2), end=date(2023, 1, 1))
    assert figures.breakdowns_of("pages") == ["none", "device", "sex"]
    assert figures.breakdowns_of("purchase") == ["none", "device", "sex", "channel"]


def test_weekly_rates_are_counted_from_the_break_on_and_both_sides_are_marked() -> None:
    users = people(60, 800, changes=[(30, 2, "mobile", 0.2)])
    families = families_of(counted(users))
    rows = funnel_breaks(families)
    everybody, by_device = break_figures.rates(families, rows).axes
    day = rows[rows["dimension"] == "everybody"].iloc[0]["day"]
    judged = users[users["day"] < START + timedelta(days=57)]
    with duckdb.connect() as connection:
        connection.register("people", judged.astype({"n_2": int, "n_3": int}))
        expected = connection.execute(
            f"SELECT sum(n_3) / sum(n_2) FROM people GROUP BY floor(date_diff('day', DATE '{day}', CAST(day AS DATE)) / 7) "
            "ORDER BY min(day)"
        ).fetchall()
    assert everybody.lines[0].get_ydata().tolist() == pytest.approx([row[0] for row in expected])
    assert everybody.lines[1].get_xdata()[0] == (day - date(1970, 1, 1)).days
    assert [text.get_text() for text in by_device.get_legend().get_texts()] == ["desktop", "mobile"]
    assert by_device.get_title(loc="left") == "by device"
