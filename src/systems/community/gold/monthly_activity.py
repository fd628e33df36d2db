"""What is posted, said and voted in every month."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input


def monthly_activity(posts: DataFrame, comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Posts by type, comments, chosen options and weights per calendar month; every month from first to last is present."""
    month = F.date_trunc("month", "created_at").cast("date").alias("month")
    distinct_posts = posts.where(F.col("created_at").isNotNull()).dropDuplicates(["post_id"])
    by_post = distinct_posts.groupBy(month).agg(
        F.count_if(F.col("post_type") == "poll").alias("n_polls"),
        F.count_if(F.coalesce(F.col("post_type") != "poll", F.lit(True))).alias("n_posts"),
    )
    by_comment = comments.groupBy(month).agg(F.count(F.lit(1)).alias("n_comments"))
    by_vote = votes.groupBy(month).agg(
        F.count(F.lit(1)).alias("n_chosen_options"), F.sum("weight").alias("total_weight")
    )
    found = (
        by_post.join(by_comment, on="month", how="full")
        .join(by_vote, on="month", how="full")
        .where("month IS NOT NULL")
    )
    months = found.agg(F.explode(F.expr("sequence(min(month), max(month), interval 1 month)")).alias("month"))
    counts = ["n_posts", "n_polls", "n_comments", "n_chosen_options", "total_weight"]
    return months.join(found, on="month", how="left").select(
        "month", *[F.coalesce(name, F.lit(0)).alias(name) for name in counts]
    )


MONTHLY_ACTIVITY = Derived(
    build=monthly_activity,
    layer="gold",
    inputs={
        "posts": Input("silver.posts_english"),
        "comments": Input("silver.comments"),
        "votes": Input("silver.votes"),
    },
    key=["month"],
    grain="one row per calendar month from the first to the last with activity (UTC)",
    columns=[
        Column("month", "date", "First day of the month."),
        Column("n_posts", "bigint", "Posts that are no polls."),
        Column("n_polls", "bigint", "Polls."),
        Column("n_comments", "bigint", "Comments."),
        Column("n_chosen_options", "bigint", "Chosen options of votes."),
        Column("total_weight", "bigint", "Weight of the chosen options."),
    ],
)
