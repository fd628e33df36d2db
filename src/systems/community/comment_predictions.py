"""Silver: what the champion says of every comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import functions as F

from engine.checks import Check, accepted_values
from engine.spec import Column, Published
from systems.community.bronze.comment_labels import SENTIMENTS
from systems.community.config import UNKNOWN

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from systems.community.comment_classifier import CommentClassifier

# What the classifier learns from and answers for; its two tables share them, so that they fall due together.
LEARNS_FROM = ("bronze.comment_labels", "silver.comments", "silver.comment_features", "silver.posts_english")


def comment_predictions(comments: pd.DataFrame, classifier: CommentClassifier, version: str) -> pd.DataFrame:
    """Mood and suggestion of every comment (comment_id, body, language), by the classifier of a registered version."""
    answers = classifier.classify(comments["body"].tolist())
    return pd.concat([comments[["comment_id", "language"]].reset_index(drop=True), answers], axis=1).assign(model_version=version)


def asked(comments: DataFrame, features: DataFrame, posts: DataFrame) -> DataFrame:
    """Comments with their text, their detected language and their post's title; nothing about their author."""
    titles = posts.groupBy("post_id").agg(F.first("title", ignorenulls=True).alias("title"))
    languages = features.select("comment_id", "language")
    joined = comments.join(languages, on="comment_id", how="left").join(titles, on="post_id", how="left")
    unknown = F.lit(UNKNOWN)
    return joined.select(
        "comment_id",
        F.coalesce("post_id", unknown).alias("post_id"),
        F.coalesce("title", unknown).alias("title"),
        F.coalesce("body", F.lit("")).alias("body"),
        F.coalesce("language", unknown).alias("language"),
        "created_at",
    )


def _share(column: str) -> Check:
    return Check(f"{column} is a probability", f"{column} BETWEEN 0 AND 1", "fail")


COMMENT_PREDICTIONS = Published(
    build=comment_predictions,
    layer="silver",
    inputs=LEARNS_FROM,
    key=["comment_id"],
    grain="one row per comment",
    columns=[
        Column("comment_id", "string", "Comment."),
        Column("sentiment", "string", "The likeliest of negative, neutral and positive."),
        Column("sentiment_score", "double", "Its probability, 0 to 1."),
        Column("is_suggestion", "boolean", "Whether the comment suggests something: a probability above one half."),
        Column("suggestion_score", "double", "That probability, 0 to 1."),
        Column("model_version", "string", "Version of the registered classifier that says so."),
        Column("language", "string", "Language that the comment was detected to be in."),
    ],
    checks=[accepted_values("sentiment", SENTIMENTS, "fail"), _share("sentiment_score"), _share("suggestion_score")],
)
