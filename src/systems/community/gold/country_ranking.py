"""Countries by the money that their users gave."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input
from systems.community.gold.amounts import COUNTRY, USD


def country_ranking(users: DataFrame, comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Support, users, comments and votes per country, ranked by support; a country without talk keeps its money."""
    people = users.select(
        "country",
        "n_users",
        "n_patrons",
        "lifetime_support_amount",
        (F.col("lifetime_support_amount") / F.col("n_users")).cast(USD).alias("support_per_user_amount"),
    )
    talk = comments.groupBy("country").agg(F.count(F.lit(1)).alias("n_comments"))
    choices = votes.groupBy("country").agg(
        F.count(F.lit(1)).alias("n_chosen_options"), F.sum("weight").alias("total_weight")
    )
    joined = people.join(talk, on="country", how="full").join(choices, on="country", how="full")
    counts = ["n_users", "n_patrons", "n_comments", "n_chosen_options", "total_weight"]
    amounts = ["lifetime_support_amount", "support_per_user_amount"]
    rank = F.row_number().over(
        Window.partitionBy(F.lit(1)).orderBy(F.col("lifetime_support_amount").desc(), "country")
    )
    filled = joined.select(
        "country",
        *[F.coalesce(name, F.lit(0)).alias(name) for name in counts],
        *[F.coalesce(name, F.lit(0)).cast(USD).alias(name) for name in amounts],
    )
    return filled.withColumn("support_rank", rank)


COUNTRY_RANKING = Derived(
    build=country_ranking,
    layer="gold",
    # A rank depends on every country: no slice.
    inputs={
        "users": Input("gold.users_by_country"),
        "comments": Input("silver.comments"),
        "votes": Input("silver.votes"),
    },
    key=["country"],
    grain="one row per country",
    columns=[
        COUNTRY,
        Column("n_users", "bigint", "Users."),
        Column("n_patrons", "bigint", "Users who pay at present."),
        Column("n_comments", "bigint", "Comments of its users."),
        Column("n_chosen_options", "bigint", "Chosen options of its users."),
        Column("total_weight", "bigint", "Weight of those."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("support_per_user_amount", USD, "Support over all time per user, USD."),
        Column("support_rank", "int", "Place by support, from 1; ties by country code."),
    ],
)
