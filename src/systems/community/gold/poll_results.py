"""How every poll ended."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from engine.checks import in_range
from engine.spec import Column, Derived, Input
from systems.community.config import UNKNOWN
from systems.community.silver import NO_OPTION


def poll_results(options: DataFrame, votes: DataFrame) -> DataFrame:
    """Votes, weight and share of every option of every poll; options that nobody chose are there with zero.

    Options that were chosen but that no post has (orphans) are there too, with the text `unknown`.
    """
    key = ["post_id", "option_index"]
    is_patron = F.col("patron_status") == "patron"
    chosen = votes.groupBy(*key).agg(
        F.countDistinct("vote_id").alias("n_votes"),
        F.sum("weight").alias("total_weight"),
        F.countDistinct(F.when(is_patron, F.col("vote_id"))).alias("n_patron_votes"),
    )
    texts = options.where(F.col("option_index") != NO_OPTION).select(
        *key, "title", "option_text", "created_at"
    )
    whole = Window.partitionBy("post_id").rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    counted = texts.join(chosen, on=key, how="full").withColumns(
        {name: F.coalesce(name, F.lit(0)) for name in ("n_votes", "total_weight", "n_patron_votes")}
    )
    return counted.select(
        *key,
        F.coalesce("title", F.lit(UNKNOWN)).alias("title"),
        F.coalesce("option_text", F.lit(UNKNOWN)).alias("option_text"),
        F.coalesce(F.date_format("created_at", "yyyy-MM-dd"), F.lit(UNKNOWN)).alias("posted_on"),
        "n_votes",
        "total_weight",
        "n_patron_votes",
        _share("n_votes", whole).alias("vote_share"),
        _share("total_weight", whole).alias("weight_share"),
        _share("n_patron_votes", whole).alias("patron_vote_share"),
    )


def _share(name: str, of: WindowSpec) -> SparkColumn:
    total = F.sum(name).over(of)
    return F.when(total > 0, F.col(name) / total).otherwise(F.lit(0.0))


POLL_RESULTS = Derived(
    build=poll_results,
    layer="gold",
    inputs={"options": Input("silver.posts_english"), "votes": Input("silver.votes")},
    key=["post_id", "option_index"],
    slice_by="post_id",
    grain="one row per poll and option",
    columns=[
        Column("post_id", "string", "Poll."),
        Column("option_index", "int", "Option, from 0."),
        Column("title", "string", "Title of the poll; unknown for an orphan."),
        Column("option_text", "string", "Text of the option; unknown for an orphan."),
        Column("posted_on", "string", "Day of the poll, YYYY-MM-DD; unknown for an orphan."),
        Column("n_votes", "bigint", "Votes that chose the option."),
        Column("total_weight", "bigint", "Their weight."),
        Column("n_patron_votes", "bigint", "Those of patrons."),
        Column("vote_share", "double", "Share of the poll's chosen options, 0 to 1."),
        Column("weight_share", "double", "Share of the poll's weight, 0 to 1."),
        Column("patron_vote_share", "double", "Share of the options that patrons chose, 0 to 1."),
    ],
    checks=[in_range("vote_share", 0, 1, "fail"), in_range("weight_share", 0, 1, "fail")],
)
