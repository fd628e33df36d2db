"""What fans suggest, newest first: the comments that the staff should read."""

from __future__ import annotations

import pandas as pd

from engine.checks import Check, unique
from engine.spec import Column, Published
from systems.community.comment_predictions import LEARNS_FROM
from systems.community.masking import masked


def suggestions(comments: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Comments that are predicted to suggest something, ranked by their time, newest first; ties by id.

    `comments` are those of `asked`: nothing tells who wrote them. Ids and addresses within a text are covered.
    """
    said = predictions.loc[predictions["is_suggestion"].astype(bool), ["comment_id", "suggestion_score", "sentiment"]]
    found = comments.merge(said, on="comment_id").rename(columns={"suggestion_score": "score"})
    ordered = found.sort_values(["created_at", "comment_id"], ascending=[False, True], ignore_index=True)
    return ordered.assign(body=ordered["body"].map(masked), rank=pd.Series(range(1, len(ordered) + 1), dtype="int32"))


SUGGESTIONS = Published(
    build=suggestions,
    inputs=LEARNS_FROM,
    key=["comment_id"],
    grain="one row per comment that suggests something, by the classifier",
    columns=[
        Column("rank", "int", "Place, from 1: the newest first."),
        Column("comment_id", "string", "Comment."),
        Column("post_id", "string", "Post that is commented; it need not exist."),
        Column("title", "string", "Title of the post; unknown where there is none."),
        Column("body", "string", "Text of the comment, ids and addresses in it covered. Who wrote it is not told.", quotes=True),
        Column("language", "string", "Language that it is in; unknown where it says too little."),
        Column("score", "double", "Probability that it is a suggestion, above one half."),
        Column("sentiment", "string", "negative, neutral or positive."),
        Column("created_at", "timestamp", "When it was written, UTC."),
    ],
    checks=[unique("rank"), Check("the score is above one half", "score > 0.5 AND score <= 1", "fail")],
)
