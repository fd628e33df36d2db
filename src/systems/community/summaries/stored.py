"""What tables hold for the summaries: posts with their comments, and the summaries that were made before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from utils.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession


def comments_to_summarise(comments: DataFrame, posts: DataFrame, *, post_id: str, n_posts: int) -> pd.DataFrame:
    """The comments of one post, or of the `n_posts` with most comments where none is named; without authors.

    Columns post_id, title, comment_id, body, created_at. Posts with equally many come by id; orphans have no post and are left
    out. Raises SettingsError where the named post has no comment.
    """
    known = comments.where(F.col("has_post")).select("post_id", "comment_id", "body", "created_at")
    counts = known.groupBy("post_id").count()
    wanted = counts.where(F.col("post_id") == post_id) if post_id else counts.orderBy(F.desc("count"), "post_id").limit(n_posts)
    titles = posts.groupBy("post_id").agg(F.max("title").alias("title"))
    chosen = wanted.select("post_id").join(titles, on="post_id", how="left")
    rows = known.join(chosen, on="post_id", how="inner").toPandas()
    if post_id and rows.empty:
        raise SettingsError("widget `post_id`", f"`{post_id}`", expected="the id of a post that has comments")
    return rows


def comments_by_post(comments: DataFrame) -> pd.DataFrame:
    """Columns post_id, post_type, day (of the post, UTC) and n_comments, of every post that has any, by day and id."""
    known = comments.where(F.col("has_post") & F.col("post_created_at").isNotNull())
    days = known.select("post_id", "post_type", F.to_date("post_created_at").alias("day"))
    counts = days.groupBy("post_id", "post_type", "day").agg(F.count("*").alias("n_comments"))
    return counts.orderBy("day", "post_id").toPandas()


def comments_of(comments: DataFrame, post_id: str) -> pd.DataFrame:
    """One post's comments as texts: comment_id, body, created_at."""
    return comments.where(F.col("post_id") == post_id).select("comment_id", "body", "created_at").toPandas()


def stored_summaries(spark: SparkSession, name: str) -> list[dict[str, Any]]:
    """The rows of `gold.comment_summaries`; none where the table does not exist yet."""
    if not spark.catalog.tableExists(name):
        return []
    return [row.asDict(recursive=True) for row in spark.table(name).collect()]
