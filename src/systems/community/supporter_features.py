"""What is known of every supporter, under pseudonyms: what was given, and how often was talked and voted."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from systems.community.supporter_measures import FEATURES, ID


def supporter_features(
    support: DataFrame, comments: DataFrame, votes: DataFrame, pseudonym: Callable[[SparkColumn], SparkColumn]
) -> DataFrame:
    """One row per user who ever gave anything; raw ids become pseudonyms before anything is counted."""
    talk = comments.groupBy(pseudonym(F.col("user_id")).alias(ID)).agg(F.count(F.lit(1)).alias("n_comments"))
    choices = votes.groupBy(pseudonym(F.col("user_id")).alias(ID)).agg(F.count(F.lit(1)).alias("n_chosen_options"))
    supporters = support.where("lifetime_support_amount > 0")
    joined = supporters.join(talk, on=ID, how="left").join(choices, on=ID, how="left")
    return joined.select(ID, *[F.coalesce(F.col(name).cast("double"), F.lit(0.0)).alias(name) for name in FEATURES])
