"""What was voted for every day, by poll and option."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input


def daily_poll_votes(votes: DataFrame) -> DataFrame:
    """Chosen options and weights per day, poll and option; a withdrawn vote leaves nothing, days without any have no row."""
    is_patron = F.col("patron_status") == "patron"
    return (
        votes.where("created_at IS NOT NULL")
        .groupBy(F.to_date("created_at").alias("day"), "post_id", "option_index")
        .agg(
            F.bool_and("has_option").alias("is_known"),
            F.count(F.lit(1)).alias("n_chosen_options"),
            F.sum("weight").alias("total_weight"),
            F.count_if(is_patron).alias("n_patron_options"),
        )
    )


DAILY_POLL_VOTES = Derived(
    build=daily_poll_votes,
    layer="gold",
    inputs={"votes": Input("silver.votes", slice_by="to_date(created_at)")},
    key=["day", "post_id", "option_index"],
    slice_by="day",
    grain="one row per day, poll and option with any vote (UTC)",
    columns=[
        Column("day", "date", "Day on which the votes were first cast."),
        Column("post_id", "string", "Poll."),
        Column("option_index", "int", "Option, from 0."),
        Column("is_known", "boolean", "Whether there is such a poll with such an option; false for an orphan."),
        Column("n_chosen_options", "bigint", "Chosen options of votes."),
        Column("total_weight", "bigint", "Weight of the chosen options."),
        Column("n_patron_options", "bigint", "Those that patrons chose."),
    ],
)
