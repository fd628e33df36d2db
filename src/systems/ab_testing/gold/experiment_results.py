"""Who won every experiment, and how sure that is: the statistics of each period, by both rules."""

from __future__ import annotations

from pyspark.sql import DataFrame

from engine.checks import Check, accepted_values
from engine.spec import Column, Derived, Input
from systems.ab_testing import config, posteriors, significance, splits, variants, verdicts
from utils.shipping import by_value

VARIANT = (
    "variant: string, n_participants: bigint, n_buyers: bigint, n_purchases: bigint, conversion_rate: double, "
    "conversion_low: double, conversion_high: double, n_participants_all: bigint, n_buyers_all: bigint, "
    "n_purchases_all: bigint, probability_best: double, expected_loss: double, difference: double, "
    "difference_low: double, difference_high: double"
)

by_value(config, posteriors, significance, splits, variants, verdicts)


def experiment_results(counts: DataFrame) -> DataFrame:
    """One verdict per experiment, period and rule; a family of tests is all experiments of one period and rule."""
    schema = ", ".join(f"{column.name} {column.type}" for column in EXPERIMENT_RESULTS.columns)
    return counts.groupBy(*verdicts.FAMILY).applyInPandas(verdicts.judge_family, schema)


EXPERIMENT_RESULTS = Derived(
    build=experiment_results,
    layer="gold",
    inputs={"counts": Input("gold.variant_results")},
    key=["experiment", "day", "attribution"],
    slice_by="day",
    grain="one row per experiment, period (local hour, local day or whole) and attribution rule",
    columns=[
        Column("experiment", "string", "Name of the experiment; may hold slashes."),
        Column("day", "string", "Local time, cut at -04:00: day YYYY-MM-DD, hour YYYY-MM-DD HH, or `whole` for all together."),
        Column("period", "string", "What `day` names: hour, day or whole."),
        Column("attribution", "string", "Rule by which purchases count: later_purchase or same_item."),
        Column("attribution_window_hours", "int", "A purchase counts this many hours after the exposure at most."),
        Column("verdict", "string", "winner, no evidence, too little data, single variant or sample ratio mismatch."),
        Column("winner", "string", "The variant that won; null without evidence that one did."),
        Column("leader", "string", "The variant with the highest conversion rate, proved or not; null where it is shared."),
        Column("control", "string", "The variant that others are compared with; null where nobody met one variant only."),
        Column("n_variants", "int", "Variants with participants."),
        Column("n_participants", "bigint", "Users with an event tagged in the period, contaminated ones left out."),
        Column("n_buyers", "bigint", "Those of them who bought."),
        Column("n_users", "bigint", "Users of the experiment in the period, each once, contaminated ones included."),
        Column("n_contaminated", "bigint", "Those of them who met several variants, ever: left out of everything else."),
        Column("method", "string", "Test behind the p-value; null where there is nothing to test."),
        Column("p_value", "double", "Of all variants converting alike; null where nobody bought, or everybody."),
        Column("adjusted_p_value", "double", "The same after Benjamini and Hochberg, over all experiments of the period."),
        Column(
            "sample_ratio_p_value", "double",
            "Of users having been dealt as meant, equally where no shares are configured; null for one variant.",
        ),
        Column("probability_best", "double", "That the leader's true rate is the highest; null without a leader."),
        Column("expected_loss", "double", "What choosing the leader costs on average, in buyers per participant."),
        Column(
            "variants", f"array<struct<{VARIANT}>>",
            "Per variant, by id: its counts, the same two, and its rate minus the control's with its interval of 95 % or more.",
        ),
    ],
    checks=[
        accepted_values("verdict", verdicts.VERDICTS, "fail"),
        Check("a winner is the leader of at least two variants", "winner IS NULL OR winner = leader AND n_variants > 1", "fail"),
    ],
)
