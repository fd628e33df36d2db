"""How far participants of every variant go: the six steps in their order, followed from the exposure onward.

Most experiments tag one kind of event only, so that a step is any event of the user, tagged or not, at or after the first
exposure of the period and within the window of attribution. BUY counts purchases: a funnel knows one rule, `later_purchase`,
because `same_item` follows an item, and a SEARCH, the first step, has none.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Lookup
from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS, EVENT_NAMES, LATER_PURCHASE
from systems.ab_testing.gold.periods import COLUMNS, PERIOD, in_periods, participants
from systems.ab_testing.silver import column_of


def experiment_funnel(exposures: DataFrame, steps: DataFrame) -> DataFrame:
    """Participants of each experiment, variant and period who came to each step; contaminated users are left out.

    A variant that only contaminated users met keeps its six steps, without users: results and funnels know the same periods.
    """
    people = participants(in_periods(exposures))
    is_clean = ~F.col("is_contaminated")
    end = F.col("from_at") + F.expr(f"INTERVAL {ATTRIBUTION_WINDOW_HOURS} HOURS")
    came = [
        F.count_if(
            is_clean & F.exists(column_of(name), lambda at: (at >= F.col("from_at")) & (at <= end))
        ).alias(name)
        for name in EVENT_NAMES
    ]  # fmt: skip
    followed = people.join(steps, on="user_id", how="left")
    counted = followed.groupBy(*PERIOD).agg(F.count_if(is_clean).alias("n_participants"), *came)
    share = F.coalesce(F.try_divide("_step.n_users", "n_participants"), F.lit(0.0))
    step = F.explode(F.array(*[
        F.struct(F.lit(place).alias("step_number"), F.lit(name).alias("step"), F.col(name).alias("n_users"))
        for place, name in enumerate(EVENT_NAMES, start=1)
    ]))  # fmt: skip
    return counted.withColumn("_step", step).select(
        *PERIOD, "_step.*", "n_participants", share.alias("share"),
        F.lit(LATER_PURCHASE).alias("attribution"), F.lit(ATTRIBUTION_WINDOW_HOURS).alias("window_hours"),
    )  # fmt: skip


EXPERIMENT_FUNNEL = Derived(
    build=experiment_funnel,
    layer="gold",
    inputs={"exposures": Input("silver.exposures"), "steps": Lookup("silver.user_steps", on="user_id")},
    key=["experiment", "variant", "day", "step_number"],
    slice_by="experiment",
    grain="one row per experiment, variant, period (local hour, local day or whole) and step",
    columns=[
        *COLUMNS,
        Column("step_number", "int", "Place in the funnel, from 1."),
        Column("step", "string", "SEARCH, PRODUCT, CHECKOUT_1, CHECKOUT_2, CHECKOUT_3 or BUY."),
        Column("n_users", "bigint", "Participants who came to the step at or after their first exposure, within the window."),
        Column("n_participants", "bigint", "Participants; contaminated users are left out."),
        Column("share", "double", "The former per the latter; 0 where nobody took part."),
        Column("attribution", "string", "Rule by which purchases count: later_purchase."),
        Column("window_hours", "int", "A step counts this many hours after the exposure at most."),
    ],
    checks=[Check("who came to a step took part", "n_users <= n_participants", "fail")],
)
