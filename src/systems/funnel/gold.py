"""Gold: how many reach every step, per month and kind of user, and how many do not go on."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Lookup
from systems.funnel.config import CLOSED, FUNNELS, OPEN, Funnel

CELL = ("funnel", "period_start", "device", "sex", "channel")
MONTH = "cast(date_trunc('month', period_date) AS date)"


def funnel_steps(users: DataFrame, visits: DataFrame) -> DataFrame:
    """Per cell, step and way of counting: who reached it, who reached the next one, the drop-off in percent.

    Every step of a funnel is there for every cell with a user, with zeros where nobody came. A drop-off is null, with the
    reason, where nobody was at the step, and at the last step.
    """
    people = walkers(users, visits).withColumn("period_start", F.expr(MONTH))
    return reduce(DataFrame.unionByName, [_steps_of(people, funnel) for funnel in FUNNELS])


def walkers(users: DataFrame, visits: DataFrame) -> DataFrame:
    """Every user once, as it is known now: the numbers of the `steps` it was at, and the latest first visit to one of them.

    Both are null where it was at none.
    """
    reached = visits.groupBy("funnel", "user_id").agg(
        F.collect_set("step_number").alias("steps"), F.max("first_visit_at").alias("last_step_at")
    )
    return users.where("is_current").join(reached, ["funnel", "user_id"], "left")


def is_at(n: int) -> SparkColumn:
    """Whether one of `walkers` was at a step: the open way of counting."""
    return F.coalesce(F.array_contains("steps", n), F.lit(False))


def has_passed(n: int) -> SparkColumn:
    """Whether one of `walkers` was at a step and at every one before it: the closed way of counting."""
    return reduce(lambda before, step: before & is_at(step), range(2, n + 1), is_at(1))


def _steps_of(people: DataFrame, funnel: Funnel) -> DataFrame:
    numbers = range(1, len(funnel.steps) + 1)
    cells = people.where(F.col("funnel") == funnel.name).groupBy(*CELL).agg(
        *[F.count_if(is_at(n)).alias(f"{OPEN}_{n}") for n in numbers],
        *[F.count_if(has_passed(n)).alias(f"{CLOSED}_{n}") for n in numbers],
    )
    rows = [_row(funnel, counting, n) for counting in (OPEN, CLOSED) for n in numbers]
    return cells.select(*CELL, F.inline(F.array(*rows)))


def _row(funnel: Funnel, counting: str, n: int) -> SparkColumn:
    is_last = n == len(funnel.steps)
    entered = F.col(f"{counting}_{n}")
    continued = F.lit(0).cast("bigint") if is_last else F.col(f"{counting}_{n + 1}")
    has_drop_off = (entered > 0) & F.lit(not is_last)
    conversion = F.when(has_drop_off, 100 * continued / entered)
    reason = F.lit("last step") if is_last else F.when(entered == 0, F.lit("nobody was at the step"))
    return F.struct(
        F.lit(counting).alias("counting"),
        F.lit(n).alias("step_number"),
        F.lit(funnel.steps[n - 1][0]).alias("step"),
        F.lit(None if is_last else funnel.steps[n][0]).cast("string").alias("next_step"),
        entered.alias("n_entered"),
        continued.alias("n_continued"),
        (F.col(f"{OPEN}_{n}") - F.col(f"{CLOSED}_{n}")).alias("n_skipped"),
        conversion.cast("double").alias("conversion_pct"),
        (100 - conversion).cast("double").alias("drop_off_pct"),
        reason.cast("string").alias("reason"),
    )


FUNNEL_STEPS = Derived(
    build=funnel_steps,
    layer="gold",
    inputs={"users": Input("silver.dim_user", slice_by=MONTH), "visits": Lookup("silver.fct_step_visit", on="user_id")},
    key=[*CELL, "counting", "step_number"],
    slice_by="period_start",
    grain="one row per funnel, month, kind of user, way of counting and step",
    columns=[
        Column("funnel", "string", "Funnel."),
        Column("period_start", "date", "First day of the month that the users count for."),
        Column("device", "string", "desktop, mobile, tablet or unknown."),
        Column("sex", "string", "female, male or unknown."),
        Column("channel", "string", "What brought the users, or unknown; none where the funnel has no channel."),
        Column("counting", "string", "open: whoever was at the step; closed: whoever passed all steps before, too."),
        Column("step_number", "int", "Place of the step, from 1."),
        Column("step", "string", "Step."),
        Column("next_step", "string", "Step after it; null at the last one."),
        Column("n_entered", "bigint", "Users who reached the step."),
        Column("n_continued", "bigint", "Users who reached the next one; 0 at the last step."),
        Column("n_skipped", "bigint", "Users who were at the step and skipped one before it: counted in open only."),
        Column("conversion_pct", "double", "100 x continued / entered; null where drop_off_pct is."),
        Column("drop_off_pct", "double", "100 - conversion_pct: 100 where nobody went on; null with a reason."),
        Column("reason", "string", "Why there is no drop-off: nobody was at the step, or last step; null otherwise."),
    ],
    checks=[
        Check("a closed funnel only narrows", "counting = 'open' OR n_continued <= n_entered", "fail"),
        Check("a missing drop-off has its reason", "(drop_off_pct IS NULL) = (reason IS NOT NULL)", "fail"),
    ],
)
