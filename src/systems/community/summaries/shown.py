"""What a reader is shown of a summary: the stored one of a post, or key comments found on the spot, always with its method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from systems.community.activity_figures import Period
from systems.community.config import UNKNOWN
from systems.community.summaries.rows import MODEL_METHOD, Row, extracted
from systems.community.summaries.threads import threads_of
from utils.errors import SettingsError

ON_THE_SPOT = "not summarised yet: found when this page was made"
NOTHING = "There is no post with comments in these days."


def chosen_post(posts: pd.DataFrame, post_id: str, period: Period | None) -> str:
    """The named post, of any day, or the one with most comments in the period (then: the first id); empty without any.

    Raises SettingsError for a post that has no comment.
    """
    if post_id and post_id not in set(posts["post_id"]):
        raise SettingsError("widget `post_id`", f"`{post_id}`", expected="the id of a post that has comments")
    if post_id or period is None:
        return post_id
    ordered = period.of(posts).sort_values(["n_comments", "post_id"], ascending=[False, True])
    return str(ordered.iloc[0]["post_id"]) if len(ordered) else ""


def summary_of(post_id: str, stored: Sequence[Row], comments: pd.DataFrame, language: str) -> Row | None:
    """The stored summary in a language, else key comments of `comments`; None where there is nothing to summarise."""
    for row in stored:
        if (row["post_id"], row["language"]) == (post_id, language):
            return row
    threads = threads_of(comments.assign(post_id=post_id, title=UNKNOWN))
    return extracted(threads[0], language, date.min, ON_THE_SPOT) if threads else None


def since(row: Row | None, comments: pd.DataFrame) -> str:
    """What changed after a summary was made, by the comments as they are now; empty where nothing did."""
    if row is None:
        return ""
    threads = threads_of(comments.assign(post_id=row["post_id"], title=row["title"]))
    now = threads[0] if threads else None
    if now and now.content_hash == row["content_hash"]:
        return ""
    more = (now.n_comments if now else 0) - row["n_comments"]
    return f"{abs(more):,} comment{'s' * (abs(more) != 1)} {'more' if more > 0 else 'fewer'}" if more else "comments were changed"


def said(rows: Sequence[Row]) -> pd.DataFrame:
    """Summaries as people read them, one per line; the method stands beside every one."""
    lines = [
        (
            row["title"], row["n_comments"], method_of(row), row["summary"], ", ".join(row["keywords"]), row["sentiment"],
            "; ".join(f"{each['request']} ({each['n_comments']})" for each in row["requests"]), f"{row['cost_usd']:.4f}",
        )
        for row in rows
    ]  # fmt: skip
    columns = ["post", "comments", "method", "summary", "keywords", "sentiment", "requests", "cost (USD)"]
    return pd.DataFrame(lines, columns=columns)


def in_lines(row: Row | None, changed: str = "") -> pd.DataFrame:
    """One summary as a table of two columns; `changed` is what `since` says of it."""
    if row is None:
        return pd.DataFrame([("summary", NOTHING)], columns=["what", "value"])
    day = [] if row["summarised_at"] == date.min else [("made", str(row["summarised_at"]))]
    lines = [
        ("post", row["post_id"] if row["title"] == UNKNOWN else f"{row['title']} ({row['post_id']})"), ("method", method_of(row)),
        ("comments read", f"{row['n_comments']:,}"), *day, *([("since then", changed)] if changed else []),
        *(("summary", line) for line in row["summary"].split("\n")),
        ("keywords", ", ".join(row["keywords"]) or "none"), ("sentiment", row["sentiment"]),
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=["what", "value"])


def method_of(row: Row) -> str:
    """How a summary was made, in words: nobody takes quotations for a model's answer, or the other way round."""
    if row["method"] == MODEL_METHOD:
        return f"language model {row['model']}"
    return f"extractive: key comments, quoted ({row['reason']})"
