"""Silver: a dimensional model of both funnels: who, when, and who was at which step.

All that a user's rows depend on is that user's own, so users and visits are sliced by user.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.funnel.config import FUNNELS, NONE, UNKNOWN


def dim_user(users: DataFrame, page_users: DataFrame, visits: DataFrame) -> DataFrame:
    """Every version of every user, numbered; what is not known of a user is the word `unknown`.

    Where a funnel's period is that of the visit, `period_date` is the day of the first one, and the user's date while there
    is none.
    """
    known = {funnel.users: funnel for funnel in FUNNELS}
    parts = []
    for name, rows in (("users", users), ("page_users", page_users)):
        funnel = known[name]
        channel = F.coalesce("channel", F.lit(UNKNOWN)) if funnel.has_channel else F.lit(NONE)
        parts.append(
            rows.select(
                F.lit(funnel.name).alias("funnel"),
                "user_id",
                "date",
                F.lower(F.coalesce("device", F.lit(UNKNOWN))).alias("device"),
                F.lower(F.coalesce("sex", F.lit(UNKNOWN))).alias("sex"),
                channel.alias("channel"),
                "valid_from",
                "valid_to",
                "is_current",
            )
        )
    versions = Window.partitionBy("funnel", "user_id").orderBy("valid_from")
    numbered = _union(parts).withColumn("version", F.row_number().over(versions).cast("bigint"))
    return _with_period(numbered, visits)


def _with_period(users: DataFrame, visits: DataFrame) -> DataFrame:
    by_visit = [funnel.name for funnel in FUNNELS if funnel.period == "visit"]
    if not by_visit:
        return users.withColumn("period_date", F.col("date"))
    first = visits.where(F.col("funnel").isin(by_visit)).groupBy("funnel", "user_id").agg(F.min("first_visit_at").alias("first"))
    joined = users.join(first, ["funnel", "user_id"], "left")
    return joined.withColumn("period_date", F.coalesce(F.to_date("first"), "date")).drop("first")


def dim_date(users: DataFrame) -> DataFrame:
    """Every day from the first to the last one that a user came on or counts for."""
    low, high = F.min(F.least("date", "period_date")), F.max(F.greatest("date", "period_date"))
    ends = users.agg(low.alias("low"), high.alias("high")).where("low IS NOT NULL")
    days = ends.select(F.explode(F.expr("sequence(low, high, interval 1 day)")).alias("date"))
    return days.select(
        "date",
        F.year("date").alias("year"),
        F.month("date").alias("month"),
        F.date_trunc("month", "date").cast("date").alias("month_start"),
        F.expr("extract(YEAROFWEEK FROM date)").cast("int").alias("iso_year"),
        F.weekofyear("date").alias("iso_week"),
        (F.weekday("date") + 1).alias("iso_weekday"),
        (F.weekday("date") >= 5).alias("is_weekend"),
    )


def fct_step_visit(
    step1: DataFrame, step2: DataFrame, step3: DataFrame, step4: DataFrame, step5: DataFrame, step6: DataFrame,
    home_page: DataFrame, search_page: DataFrame, payment_page: DataFrame, payment_confirmation: DataFrame,
) -> DataFrame:  # fmt: skip
    """Users at steps: the first visit and how many there were. However often a visit is logged, a user is there once."""
    tables = {
        "step1": step1, "step2": step2, "step3": step3, "step4": step4, "step5": step5, "step6": step6,
        "home_page": home_page, "search_page": search_page, "payment_page": payment_page,
        "payment_confirmation": payment_confirmation,
    }  # fmt: skip
    parts = [
        tables[table].select(
            F.lit(funnel.name).alias("funnel"),
            "user_id",
            F.lit(number).alias("step_number"),
            F.lit(step).alias("step"),
            "updated_at",
        )
        for funnel in FUNNELS
        for number, (step, table) in enumerate(funnel.steps, start=1)
    ]
    return (
        _union(parts)
        .groupBy("funnel", "user_id", "step_number", "step")
        .agg(F.min("updated_at").alias("first_visit_at"), F.count(F.lit(1)).alias("n_visits"))
    )


def _union(parts: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, parts)


DIM_USER = Derived(
    build=dim_user,
    layer="silver",
    inputs={
        "users": Input("bronze.users"),
        "page_users": Input("bronze.page_users"),
        "visits": Input("silver.fct_step_visit"),
    },
    key=["funnel", "user_id", "version"],
    slice_by="user_id",
    grain="one row per funnel, user and version",
    columns=[
        Column("funnel", "string", "Funnel that the user walks."),
        Column("user_id", "bigint", "User.", personal=True),
        Column("version", "bigint", "Number of the version, from 1."),
        Column("date", "date", "Day on which the user came first."),
        Column("period_date", "date", "Day that the user counts for: date, or the first visit's (UTC) where the funnel says so."),
        Column("device", "string", "desktop, mobile, tablet or unknown."),
        Column("sex", "string", "female, male or unknown."),
        Column("channel", "string", "What brought the user, or unknown; none where the funnel has no channel."),
        Column("valid_from", "timestamp", "When the version began to be true, UTC, inclusive."),
        Column("valid_to", "timestamp", "When it ceased to be true, exclusive; null while it is true."),
        Column("is_current", "boolean", "Whether it is true still."),
    ],
)

DIM_DATE = Derived(
    build=dim_date,
    layer="silver",
    inputs={"users": Input("silver.dim_user")},
    key=["date"],
    grain="one row per day",
    columns=[
        Column("date", "date", "Day."),
        Column("year", "int", "Its year."),
        Column("month", "int", "Its month, 1 to 12."),
        Column("month_start", "date", "First day of its month."),
        Column("iso_year", "int", "Year of its ISO week."),
        Column("iso_week", "int", "ISO week, 1 to 53."),
        Column("iso_weekday", "int", "1 is Monday."),
        Column("is_weekend", "boolean", "Saturday or Sunday."),
    ],
)

FCT_STEP_VISIT = Derived(
    build=fct_step_visit,
    layer="silver",
    inputs={table: Input(f"bronze.{table}") for funnel in FUNNELS for table in funnel.tables},
    key=["funnel", "user_id", "step_number"],
    slice_by="user_id",
    grain="one row per funnel, user and step that the user was at",
    columns=[
        Column("funnel", "string", "Funnel."),
        Column("user_id", "bigint", "User.", personal=True),
        Column("step_number", "int", "Place of the step, from 1."),
        Column("step", "string", "Step."),
        Column("first_visit_at", "timestamp", "First visit, UTC; the user's date where the source has no times."),
        Column("n_visits", "bigint", "Visits."),
    ],
    checks=[Check("a user at a step has a visit", "n_visits > 0", "fail")],
)
