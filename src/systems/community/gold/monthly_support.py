"""What patrons give at the end of every month, and what changed since the month before."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.community.gold.amounts import USD, cents, usd

COUNTED = ("n_users", "n_patrons", "entitled_cents", "lifetime_cents", "n_unknown")

def monthly_support(users: DataFrame, as_of: date) -> DataFrame:
    """The state at the end of every calendar month (UTC), from the first change that is known to the month of `as_of`.

    A version counts in the months at whose end it was true: it comes in the month in which it begins and goes in the one
    in which it ends, and the state is the sum of what came and went. Months in which nothing changed carry it on.
    """
    moves = _moves(users).groupBy("month").agg(*[F.sum(name).alias(name) for name in COUNTED])
    known = moves.where((F.col("month") <= F.lit(as_of)) & F.col("month").isNotNull())
    this_month = F.date_trunc("month", F.lit(as_of)).cast("date")
    months = known.agg(F.min("month").alias("first")).select(
        F.explode(F.sequence("first", this_month, F.expr("interval 1 month"))).alias("month")
    )
    until_now = _in_order().rowsBetween(Window.unboundedPreceding, Window.currentRow)
    state = months.join(known, on="month", how="left").select(
        "month", *[F.sum(F.coalesce(name, F.lit(0))).over(until_now).alias(name) for name in COUNTED]
    )
    return state.select(
        "month",
        "n_patrons",
        usd(F.col("entitled_cents")).alias("entitled_amount"),
        usd(F.col("lifetime_cents")).alias("lifetime_support_amount"),
        _change("n_patrons").alias("n_patrons_change"),
        usd(_change("entitled_cents")).alias("entitled_amount_change"),
        usd(_change("lifetime_cents")).alias("support_amount"),
        "n_users",
        F.col("n_unknown").alias("n_users_unknown"),
        (F.add_months("month", 1) <= F.lit(as_of)).alias("is_finished"),
    )


def _in_order() -> WindowSpec:
    """All months, one after the other: there are few."""
    return Window.partitionBy(F.lit("all")).orderBy("month")


def _change(name: str) -> SparkColumn:
    """Since the month before; before the first month there was nothing."""
    return F.col(name) - F.lag(name, 1, 0).over(_in_order())


def _moves(users: DataFrame) -> DataFrame:
    """By month, what comes with the versions that begin in it and goes with those that end.

    A user who was created, and of whom no version had begun, is there with a standing that nobody knows.
    """
    standing = [
        F.lit(1).alias("n_users"),
        F.coalesce(F.col("patreon_status_is_patron").cast("bigint"), F.lit(0)).alias("n_patrons"),
        cents("currently_entitled_amount").alias("entitled_cents"),
        cents("lifetime_support").alias("lifetime_cents"),
        F.lit(0).alias("n_unknown"),
    ]
    nothing = [F.lit(0).alias(name) for name in COUNTED[:-1]]
    people = users.groupBy("id_oid").agg(F.min("created_at_date").alias("created"), F.min("valid_from").alias("first"))
    late = people.where("created < first")
    return (
        users.select(_month_of("valid_from"), *standing)
        .unionByName(_gone(users.where("valid_to IS NOT NULL").select(_month_of("valid_to"), *standing)))
        .unionByName(late.select(_month_of("created"), *nothing, F.lit(1).alias("n_unknown")))
        .unionByName(late.select(_month_of("first"), *nothing, F.lit(-1).alias("n_unknown")))
    )


def _gone(moves: DataFrame) -> DataFrame:
    return moves.select("month", *[(-F.col(name)).alias(name) for name in COUNTED])


def _month_of(moment: str) -> SparkColumn:
    return F.date_trunc("month", moment).cast("date").alias("month")


MONTHLY_SUPPORT = Derived(
    build=monthly_support,
    layer="gold",
    inputs={"users": Input("bronze.users_history")},
    key=["month"],
    grain="one row per calendar month from the first known standing to the month of as_of (UTC)",
    columns=[
        Column("month", "date", "First day of the month."),
        Column("n_patrons", "bigint", "Users who pay, at the end of the month."),
        Column("entitled_amount", USD, "Monthly amount that they are entitled to, at the end of the month, USD."),
        Column("lifetime_support_amount", USD, "Support of all users over all time, at the end of the month, USD."),
        Column("n_patrons_change", "bigint", "n_patrons less that of the month before; of the first month, all."),
        Column("entitled_amount_change", USD, "entitled_amount less that of the month before; of the first month, all."),
        Column("support_amount", USD, "What was paid in the month: lifetime support less that of the month before, USD."),
        Column("n_users", "bigint", "Users whose standing at the end of the month is known."),
        Column(
            "n_users_unknown", "bigint",
            "Users who existed by then and whose first known standing is later: the amounts lack theirs.",
        ),
        Column("is_finished", "boolean", "Whether the month was over on as_of; until then it may change."),
    ],
    checks=[
        Check("nobody pays less than nothing", "n_patrons >= 0 AND entitled_amount >= 0", "warn"),
        Check("no user is unknown twice", "n_users_unknown >= 0", "warn"),
    ],
)  # fmt: skip
