"""Users, their standing and their support, by country."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.community.gold.amounts import COUNTRY, COUNTRY_OF_USER, USD, cents, usd
from systems.community.silver import country_of


def users_by_country(users: DataFrame) -> DataFrame:
    """Users, their standing and their support per country."""
    return users.groupBy(country_of("country").alias("country")).agg(
        F.count(F.lit(1)).alias("n_users"),
        _count_of("patreon_status_is_patron").alias("n_patrons"),
        _count_of("patreon_status_is_follower").alias("n_followers"),
        _count_of("patreon_status_is_free_trial").alias("n_free_trials"),
        F.count_if(cents("lifetime_support") > 0).alias("n_supporters"),
        usd(F.sum(cents("campaign_lifetime_support"))).alias("campaign_lifetime_support_amount"),
        usd(F.sum(cents("lifetime_support"))).alias("lifetime_support_amount"),
        usd(F.sum(cents("currently_entitled_amount"))).alias("entitled_amount"),
        usd(F.sum(cents("will_pay_amount"))).alias("will_pay_amount"),
    )


def _count_of(flag: str) -> SparkColumn:
    return F.count_if(F.coalesce(flag, F.lit(False)))


USERS_BY_COUNTRY = Derived(
    build=users_by_country,
    layer="gold",
    inputs={"users": Input("bronze.users", slice_by=COUNTRY_OF_USER)},
    key=["country"],
    slice_by="country",
    grain="one row per country",
    columns=[
        COUNTRY,
        Column("n_users", "bigint", "Users."),
        Column("n_patrons", "bigint", "Users who pay at present."),
        Column("n_followers", "bigint", "Users who follow."),
        Column("n_free_trials", "bigint", "Users in a free trial."),
        Column("n_supporters", "bigint", "Users who ever paid anything."),
        Column("campaign_lifetime_support_amount", USD, "Support for this campaign over all time, USD."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("entitled_amount", USD, "Monthly amount that users are entitled to, USD."),
        Column("will_pay_amount", USD, "Amount of the next charges, USD."),
    ],
    checks=[Check("supporters are users", "n_supporters <= n_users", "fail")],
)
