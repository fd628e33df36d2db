"""Figures of the comments' dashboard and of the summaries' notebook: posts by date and by comments, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from systems.community.activity_figures import Period
from utils.colours import BLUE, GREEN, ORANGE
from utils.figures import bars, empty_figure, height_of, in_thousands, legend_below, new_figure

# Told apart by more than a colour.
KINDS = {"post": (BLUE, "o"), "poll": (ORANGE, "D")}
QUOTED_HATCH = "//"
MOST_LETTERS = 45
NO_REQUEST = "No comment asks for anything."
NOT_READ = "Key comments are quoted only: requests are read by a language model."
NOTHING = "There is no post with comments."
SUMMARISED, QUOTED = "by a language model", "extractive: key comments, quoted"


def posts_by_date(posts: pd.DataFrame, period: Period | None) -> Figure:
    """A stem per post on the day it was posted, as high as it has comments; from `comments_by_post`."""
    title, x, y = "Posts by date", "day of the post (UTC)", "comments below the post"
    rows = _within(posts, period)
    if rows.empty:
        return empty_figure(title, _nothing(period), x=x, y=y)
    figure, axes = new_figure(title, x=x, y=y, subtitle=f"{len(rows):,} posts with comments, {period}")
    for kind, (colour, marker) in KINDS.items():
        of_kind = rows[rows["post_type"] == kind]
        if len(of_kind):
            days = pd.to_datetime(of_kind["day"])
            axes.vlines(days, 0, of_kind["n_comments"], color=colour, linewidth=1.5)
            axes.plot(days, of_kind["n_comments"], marker, color=colour, markersize=5, label=f"{kind}s")
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="x", rotation=30)
    in_thousands(axes, "y")
    legend_below(figure, axes)
    return figure


def posts_by_comments(posts: pd.DataFrame, period: Period | None, summaries: Sequence[Mapping[str, Any]], n: int = 15) -> Figure:
    """The `n` posts with most comments; by title where the post was summarised, else by its id."""
    title, x, y = "Posts by number of comments", "comments", "post"
    rows = _within(posts, period).sort_values(["n_comments", "post_id"], ascending=[False, True]).head(n)
    if rows.empty:
        return empty_figure(title, _nothing(period), x=x, y=y)
    titles = {row["post_id"]: row["title"] for row in summaries}
    names = [_named(row["post_id"], row["day"], titles) for row in rows.to_dict("records")]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(rows)), subtitle=str(period))
    bars(axes, names, [float(value) for value in rows["n_comments"]])
    return figure


def requests(summaries: Sequence[Mapping[str, Any]], n: int = 15) -> Figure:
    """The `n` things that most comments ask for, each with its post where there are several."""
    title, x, y = "What readers ask for", "comments that ask for it", "request"
    if not summaries:
        return empty_figure(title, NOTHING, x=x, y=y)
    read = [row for row in summaries if row["method"] == "model"]
    asked = [(_asked(each["request"], row, len(summaries)), each["n_comments"]) for row in read for each in row["requests"]]
    if not asked:
        return empty_figure(title, NO_REQUEST if read else NOT_READ, x=x, y=y)
    most = sorted(asked, key=lambda each: -each[1])[:n]
    said = f"{sum(row['n_comments'] for row in read):,} comments read, {SUMMARISED}"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(most)), subtitle=said)
    bars(axes, [name for name, _ in most], [float(value) for _, value in most], colour=GREEN)
    return figure


def summarised(summaries: Sequence[Mapping[str, Any]]) -> Figure:
    """Comments per summarised post, by the method that answered."""
    title, x, y = "Comments that were summarised", "comments", "post"
    if not summaries:
        return empty_figure(title, NOTHING, x=x, y=y)
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(summaries)))
    bars(axes, [_short(row["title"]) for row in summaries], [float(row["n_comments"]) for row in summaries], colour=ORANGE)
    for bar, row in zip(axes.patches, summaries, strict=True):
        is_model = row["method"] == "model"
        bar.set(facecolor=GREEN if is_model else ORANGE, edgecolor="white", hatch="" if is_model else QUOTED_HATCH)
    for colour, hatch, name in ((GREEN, "", SUMMARISED), (ORANGE, QUOTED_HATCH, QUOTED)):
        axes.fill_between([0], [0], facecolor=colour, edgecolor="white", hatch=hatch, label=name)
    legend_below(figure, axes)
    return figure


def _within(posts: pd.DataFrame, period: Period | None) -> pd.DataFrame:
    return period.of(posts) if period else posts.head(0)


def _asked(request: str, row: Mapping[str, Any], n_posts: int) -> str:
    return _short(request if n_posts == 1 else f"{request} · {row['title']}")


def _named(post_id: str, day: object, titles: Mapping[str, str]) -> str:
    return f"{_short(titles.get(post_id, post_id))} ({day})"


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _nothing(period: Period | None) -> str:
    return f"No post with comments from {period}." if period else NOTHING
