"""What is said and voted every day, by country and standing."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input
from systems.community.gold.amounts import COUNTRY


def daily_activity(comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Comments, chosen options and weights per day, country and patron status; days without any have no row."""
    by = [F.to_date("created_at").alias("day"), F.col("country"), F.col("patron_status")]
    zero = F.lit(0).cast("bigint")
    talk = comments.select(*by, F.lit(1).alias("comment"), zero.alias("option"), zero.alias("weight"))
    choices = votes.select(*by, F.lit(0).alias("comment"), F.lit(1).alias("option"), F.col("weight"))
    return (
        talk.unionByName(choices)
        .where("day IS NOT NULL")
        .groupBy("day", "country", "patron_status")
        .agg(
            F.sum("comment").alias("n_comments"),
            F.sum("option").alias("n_chosen_options"),
            F.sum("weight").alias("total_weight"),
        )
    )


DAILY_ACTIVITY = Derived(
    build=daily_activity,
    layer="gold",
    inputs={
        "comments": Input("silver.comments", slice_by="to_date(created_at)"),
        "votes": Input("silver.votes", slice_by="to_date(created_at)"),
    },
    key=["day", "country", "patron_status"],
    slice_by="day",
    grain="one row per day, country and patron status with any comment or vote (UTC)",
    columns=[
        Column("day", "date", "Day."),
        COUNTRY,
        Column(
            "patron_status", "string", "patron, follower, free trial or none; unknown for an unknown user."
        ),
        Column("n_comments", "bigint", "Comments."),
        Column("n_chosen_options", "bigint", "Chosen options of votes."),
        Column("total_weight", "bigint", "Weight of the chosen options."),
    ],
)
