"""Verdicts and funnels for readers, from rows of `experiment_results` and `experiment_funnel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS, EVENT_NAMES, LATER_PURCHASE
from systems.ab_testing.splits import are_configured, odd_one_out
from systems.ab_testing.variants import in_order
from systems.ab_testing.verdicts import MISMATCH, NO_EVIDENCE, SINGLE, TOO_LITTLE, WINNER
from utils.colours import BLUE, COLOURS, GREY
from utils.figures import empty_figure, height_of, in_percent, legend_below, new_figure

SHOWN = (
    "experiment", "verdict", "winner", "leader", "n_variants", "n_participants", "n_buyers", "n_contaminated", "method",
    "p_value", "adjusted_p_value", "sample_ratio_p_value", "probability_best", "expected_loss",
)  # fmt: skip
WORDS = {
    WINNER: "Variant {winner} won: the difference is unlikely to be chance alone (adjusted p = {adjusted_p_value:.2g}).",
    NO_EVIDENCE: "No variant is shown to be better: the difference may be chance.",
    TOO_LITTLE: "Too few users or buyers yet to say anything.",
    SINGLE: "One variant at most has users: there is nothing to compare.",
    MISMATCH: "Users were not dealt to the variants {as_meant}; variant {odd_one} stands out. Whatever made the split uneven may "
    "have made the difference.",
}
NOTHING = "No data for this experiment and period."
DIFFERENCE = "buyers per participant, minus the control's"


def in_words(row: Mapping[str, Any] | None) -> str:
    """What the verdict means, for somebody who does not know the terms; None stands for a row that is not there."""
    if row is None:
        return NOTHING
    return WORDS[str(row["verdict"])].format(**row, **(_split(row) if row["verdict"] == MISMATCH else {}))


def _split(row: Mapping[str, Any]) -> dict[str, str]:
    experiment = str(row["experiment"])
    participants = {str(each["variant"]): int(each["n_participants"]) for each in row["variants"] if each["n_participants"]}
    assumed = "in equal shares, which are assumed because none are configured"
    return {"as_meant": "as meant" if are_configured(experiment) else assumed, "odd_one": odd_one_out(experiment, participants)}


def verdict_table(judged: pd.DataFrame) -> pd.DataFrame:
    """Every experiment of a period and rule with its verdict: winners first, then by participants."""
    order = judged["verdict"].ne(WINNER).rename("_late")
    found = judged.assign(_late=order).sort_values(["_late", "n_participants", "experiment"], ascending=[True, False, True])
    return found[list(SHOWN)].reset_index(drop=True)


def differences(row: Mapping[str, Any] | None) -> Figure:
    """Each variant's conversion rate against the control's, with its 95 % interval; what crosses zero may be chance."""
    compared = [each for each in row["variants"] if each["difference"] is not None] if row is not None else []
    if row is None or not compared:
        why = NOTHING if row is None else WORDS[SINGLE]
        return empty_figure("Difference to the control", why, x=DIFFERENCE, y="variant")
    figure, axes = new_figure(
        f"Difference to the control: {row['experiment']}", x=DIFFERENCE, y="variant",
        height=height_of(2 * len(compared)), subtitle=f"control {row['control']}, 95 % interval of the posterior",
    )  # fmt: skip
    middles, places = [each["difference"] for each in compared], list(range(len(compared)))
    reach = [
        [max(each["difference"] - each["difference_low"], 0.0) for each in compared],
        [max(each["difference_high"] - each["difference"], 0.0) for each in compared],
    ]
    axes.axvline(0, color=GREY, linewidth=1.2)
    axes.errorbar(middles, places, xerr=reach, fmt="o", color=BLUE, capsize=4)
    axes.set_yticks(places, [f"{each['variant']} (best with {each['probability_best']:.0%})" for each in compared])
    axes.set_ylim(len(compared) - 0.5, -0.5)
    in_percent(axes, "x")
    return figure


def funnel(steps: pd.DataFrame) -> Figure:
    """Share of each variant's participants who came to each step, in the order of the steps."""
    x, y = "share of the participants", "step"
    if steps.empty:
        return empty_figure("Funnel", NOTHING, x=x, y=y)
    variants = in_order({str(each) for each in steps["variant"]})
    figure, axes = new_figure(
        f"Funnel: {steps['experiment'].iloc[0]}", x=x, y=y, height=height_of(2 * len(EVENT_NAMES)),
        subtitle=f"{LATER_PURCHASE}: users who came to a step within {ATTRIBUTION_WINDOW_HOURS} h of their first exposure",
    )  # fmt: skip
    width = 0.8 / len(variants)
    for number, variant in enumerate(variants):
        rows = steps[steps["variant"] == variant]
        places = rows["step_number"] - 1 + (number - (len(variants) - 1) / 2) * width
        axes.barh(places, rows["share"], height=width * 0.9, color=COLOURS[number % len(COLOURS)], label=variant)
    axes.set_yticks(range(len(EVENT_NAMES)), list(EVENT_NAMES))
    axes.set_ylim(len(EVENT_NAMES) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    in_percent(axes, "x")
    legend_below(figure, axes)
    return figure
