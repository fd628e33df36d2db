"""Figures of the votes' dashboard: pandas rows of gold in, figures out. A vote chooses options; each choice has a weight."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from systems.community.activity_figures import OTHERS, Period
from systems.community.config import UNKNOWN
from systems.community.figures import STATUSES
from utils.colours import BLUE, ORANGE
from utils.figures import empty_figure, in_thousands
from utils.panels import above_each_other, bar_panels
from utils.settings import checked_choice

COUNTED = ("n_chosen_options",)
CHOICES, WEIGHT = "chosen options (plain)", "weight of them (weighted)"
MEASURES = {CHOICES: "n_chosen_options", WEIGHT: "total_weight"}
MONTHS = {"chosen options\nper month": ("n_chosen_options", BLUE, "o"), "weight\nper month": ("total_weight", ORANGE, "s")}
OPTION_WIDTH = 44  # characters of an option's text in a line


def monthly_votes(months: pd.DataFrame) -> Figure:
    """Chosen options and their weight per calendar month, from `monthly_activity`; months without votes are zero."""
    title, x = "Votes per month", "month (UTC)"
    rows = months.sort_values("month")
    if not rows["n_chosen_options"].sum():
        return empty_figure(title, "Nobody has voted yet.", x=x, y="chosen options per month")
    said = f"{rows['n_chosen_options'].sum():,} chosen options with a weight of {rows['total_weight'].sum():,}"
    figure, panels = above_each_other(title, list(MONTHS), x=x, subtitle=said)
    at = pd.to_datetime(rows["month"])
    for axes, (column, colour, marker) in zip(panels, MONTHS.values(), strict=True):
        axes.plot(at, rows[column].astype(float), color=colour, marker=marker, markersize=4, linewidth=1.4)
        axes.set_ylim(bottom=0)
        in_thousands(axes, "y")
    return figure


def votes_by_option(days: pd.DataFrame, period: Period | None) -> Figure:
    """Choices in the window by the option's place in its poll, from `daily_poll_votes`; orphans are one bar, `unknown`."""
    rows = period.of(days) if period else days.head(0)
    places = rows["option_index"].where(rows["is_known"].astype(bool))
    names = [UNKNOWN if pd.isna(place) else f"option {int(place)}" for place in places]
    counts = rows.assign(option=names, place=places).groupby("option").agg(
        {"place": "min", "n_chosen_options": "sum", "total_weight": "sum"}
    )
    counts = counts.sort_values("place", na_position="last")
    return _bars("Votes by option, in the order of the poll", counts, period, "option, from 0")


def votes_by_country(days: pd.DataFrame, period: Period | None, n: int = 20) -> Figure:
    """Choices in the window per country of the voter, from `daily_activity`; beyond the first `n` countries, `others`."""
    counts = _sums(days, period, "country").sort_index()
    counts = counts.sort_values("n_chosen_options", ascending=False, kind="stable")
    if len(counts) > n:
        rest = counts.iloc[n:].sum().to_frame(OTHERS).T
        counts = pd.concat([counts.head(n), rest])
    return _bars("Votes by country", counts, period, "country of the voter")


def votes_by_patron_status(days: pd.DataFrame, period: Period | None) -> Figure:
    """Choices in the window per standing of the voter, from `daily_activity`."""
    counts = _sums(days, period, "patron_status")
    order = [status for status in (*STATUSES, UNKNOWN) if status in counts.index]
    return _bars("Votes by patron status", counts.loc[order], period, "status of the voter")


def poll_in_detail(polls: pd.DataFrame, post_id: str | None) -> Figure:
    """Votes, weight and patrons' votes of every option of a poll, from `poll_results`, over all time."""
    rows = polls[polls["post_id"] == post_id].sort_values("option_index")
    if rows.empty:
        return empty_figure("One poll in detail", "There is no poll in the range.", x="votes", y="option")
    title, posted = rows["title"].iloc[0], rows["posted_on"].iloc[0]
    measures = {"votes": "vote", "their weight": "weight", "votes of patrons": "patron_vote"}
    columns = {"votes": "n_votes", "their weight": "total_weight", "votes of patrons": "n_patron_votes"}
    options = zip(rows["option_index"], rows["option_text"], strict=True)
    return bar_panels(
        textwrap.shorten(f"Poll: {title}", 80, placeholder=" ..."),
        [textwrap.fill(f"{place}: {text}", OPTION_WIDTH) for place, text in options],
        {unit: rows[column].astype(float).tolist() for unit, column in columns.items()},
        y="option, from 0",
        subtitle=f"all votes of the poll {post_id}, posted on {posted}",
        said={unit: _shares(rows, columns[unit], f"{share}_share") for unit, share in measures.items()},
    )


def poll_table(polls: pd.DataFrame, post_id: str | None) -> pd.DataFrame:
    """The options of a poll, in their order, with shares in percent; no rows where no poll is chosen."""
    rows = polls[polls["post_id"] == post_id].sort_values("option_index").reset_index(drop=True)
    shares = {f"{of}_percent": (100 * rows[f"{of}_share"].astype(float)).round(1) for of in ("vote", "weight", "patron_vote")}
    return rows[["option_index", "option_text", "n_votes", "total_weight", "n_patron_votes"]].assign(**shares)


def chosen_poll(chosen: str, polls: pd.DataFrame, votes: pd.DataFrame, period: Period | None) -> str | None:
    """The poll of the widget `post_id`, or the newest one of the window where it is empty.

    Raises SettingsError, which names near ones, for what is no poll.
    """
    return checked_choice("post_id", chosen, sorted(set(polls["post_id"]))) if chosen else newest_poll(polls, votes, period)


def newest_poll(polls: pd.DataFrame, votes: pd.DataFrame, period: Period | None) -> str | None:
    """Of the polls that were voted for within the window the one posted last; without such, the one posted last in it.

    Ties go to the greater id. None where there is neither. `votes` is `daily_poll_votes`.
    """
    if period is None:
        return None
    known = polls[polls["posted_on"] != UNKNOWN].sort_values(["posted_on", "post_id"])
    posted = known[known["posted_on"].between(str(period.start), str(period.end))]
    voted = known[known["post_id"].isin(period.of(votes)["post_id"])]
    found = [*voted["post_id"].tail(1), *posted["post_id"].tail(1)]
    return str(found[0]) if found else None


def _sums(days: pd.DataFrame, period: Period | None, by: str) -> pd.DataFrame:
    rows = period.of(days) if period else days.head(0)
    counts = rows.groupby(by)[["n_chosen_options", "total_weight"]].sum()
    return counts[counts["n_chosen_options"] > 0]


def _bars(title: str, counts: pd.DataFrame, period: Period | None, y: str) -> Figure:
    if counts.empty:
        why = f"No votes from {period}." if period else "There are no votes yet."
        return empty_figure(title, why, x=CHOICES, y=y)
    measures = {unit: counts[column].astype(float).tolist() for unit, column in MEASURES.items()}
    return bar_panels(title, [str(name) for name in counts.index], measures, y=y, subtitle=str(period))


def _shares(rows: pd.DataFrame, column: str, share: str) -> list[str]:
    return [f"{n:,.0f} ({100 * part:.0f} %)" for n, part in zip(rows[column], rows[share], strict=True)]
