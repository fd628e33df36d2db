"""What the staff says about comments that it read: mood, and whether they suggest something."""

from __future__ import annotations

from pyspark.sql import DataFrame

from engine.checks import accepted_values, not_null
from engine.spec import Column, Latest

SENTIMENTS = ("negative", "neutral", "positive")


def comment_labels(labels: DataFrame) -> DataFrame:
    """Labels; one that was corrected is a newer version of itself."""
    return labels


COMMENT_LABELS = Latest(
    build=comment_labels,
    source="raw.comment_labels",
    key=["id"],
    sequence="labelled_at",
    grain="one row per labelled comment",
    # A note or a name beside a label is no business of what learns from it: such fields stay in raw.
    new_columns="ignore",
    columns=[
        Column("id", "string", "Id of the labelled comment in the sample.", path="_id"),
        Column("body", "string", "Text of the comment.", path="body", personal=True),
        Column("language", "string", "Language that it is written in, as the staff says.", path="language"),
        Column("sentiment", "string", "negative, neutral or positive.", path="sentiment"),
        Column("is_suggestion", "boolean", "Whether it suggests something to the creators.", path="is_suggestion"),
        Column("labelled_at", "timestamp", "When it was labelled or corrected, UTC.", path="labelled_at"),
    ],
    checks=[
        not_null("body"),
        not_null("sentiment"),
        accepted_values("sentiment", SENTIMENTS),
        not_null("is_suggestion"),
    ],
)
