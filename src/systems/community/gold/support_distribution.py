"""What every user pays, under a pseudonym."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input
from systems.community.gold.amounts import COUNTRY, COUNTRY_OF_USER, USD, cents, usd
from systems.community.silver import country_of, patron_status_of


def support_distribution(users: DataFrame, pseudonym: Callable[[SparkColumn], SparkColumn]) -> DataFrame:
    """One row per user, so that any histogram can be drawn; the id is a pseudonym."""
    return users.select(
        pseudonym(F.col("id_oid")).alias("user_pseudonym"),
        country_of("country").alias("country"),
        patron_status_of(F.lit(True)).alias("patron_status"),
        usd(cents("campaign_lifetime_support")).alias("campaign_lifetime_support_amount"),
        usd(cents("lifetime_support")).alias("lifetime_support_amount"),
        usd(cents("currently_entitled_amount")).alias("entitled_amount"),
    )


SUPPORT_DISTRIBUTION = Derived(
    build=support_distribution,
    layer="gold",
    inputs={"users": Input("bronze.users", slice_by=COUNTRY_OF_USER)},
    key=["user_pseudonym"],
    slice_by="country",
    grain="one row per user",
    columns=[
        Column("user_pseudonym", "string", "Keyed hash of the user's id.", pseudonym=True),
        COUNTRY,
        Column("patron_status", "string", "patron, follower, free trial or none."),
        Column("campaign_lifetime_support_amount", USD, "Support for this campaign over all time, USD."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("entitled_amount", USD, "Monthly amount that the user is entitled to, USD."),
    ],
)
