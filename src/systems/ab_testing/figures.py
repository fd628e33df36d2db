"""Figures and tables of the experiments' dashboard, from rows of `variant_results`."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from systems.ab_testing.config import (
    ATTRIBUTION_WINDOW_HOURS,
    DAY,
    HOUR,
    LATER_PURCHASE,
    SAME_ITEM,
    WHOLE_PERIOD,
)
from systems.ab_testing.variants import in_order
from utils.colours import BLUE, COLOURS, GREY
from utils.figures import empty_figure, height_of, in_percent, in_thousands, legend_below, new_figure

ATTRIBUTIONS = (LATER_PURCHASE, SAME_ITEM)
SHOWN = (
    "variant",
    "n_participants",
    "n_buyers",
    "n_purchases",
    "conversion_rate",
    "conversion_low",
    "conversion_high",
    "n_participants_all",
    "n_buyers_all",
    "n_purchases_all",
)
RATE = "buyers per participant"


def most_compared(results: pd.DataFrame) -> str:
    """The experiment with most participants in its second variant: the one that says most; empty without any."""
    whole = results[(results["day"] == WHOLE_PERIOD) & (results["attribution"] == LATER_PURCHASE)]
    if whole.empty:
        return ""
    ordered = whole.sort_values(["n_participants", "experiment"], ascending=[False, True])
    ordered = ordered.assign(place=ordered.groupby("experiment").cumcount())
    second = ordered[ordered["place"] == 1]
    return str((second if len(second) else ordered).iloc[0]["experiment"])


def experiments_of(results: pd.DataFrame) -> list[str]:
    """Names of the experiments that have results, in order; the empty name where there are none, so that a page shows."""
    return sorted(set(results["experiment"])) or [""]


def periods_of(results: pd.DataFrame) -> list[str]:
    """`whole`, then the local days that have data, newest first, then the local hours."""
    days, hours = (sorted(set(results.loc[results["period"] == kind, "day"]), reverse=True) for kind in (DAY, HOUR))
    return [WHOLE_PERIOD, *days, *hours]


def chosen(results: pd.DataFrame, experiment: str, day: str, attribution: str) -> pd.DataFrame:
    """The variants of one experiment, period and rule, in the order of their ids."""
    is_chosen = (
        (results["experiment"] == experiment)
        & (results["day"] == day)
        & (results["attribution"] == attribution)
    )
    rows = results[is_chosen].set_index("variant", drop=False)
    return rows.loc[in_order(rows.index)].reset_index(drop=True)


def variant_table(variants: pd.DataFrame) -> pd.DataFrame:
    """What is counted per variant; columns that end in `_all` count contaminated users too."""
    return variants[list(SHOWN)]


def conversion(variants: pd.DataFrame) -> Figure:
    """Conversion of each variant with its 95 % interval."""
    if variants.empty:
        return empty_figure("Conversion", "No data for this experiment and period.", x=RATE, y="variant")
    row = variants.iloc[0]
    title = f"Conversion: {row['experiment']}"
    rule = f"{row['attribution']} within {ATTRIBUTION_WINDOW_HOURS} h, {_period(row['day'])}, 95 % interval"
    figure, axes = new_figure(title, x=RATE, y="variant", height=height_of(2 * len(variants)), subtitle=rule)
    rates, places = variants["conversion_rate"], list(range(len(variants)))
    reach = [rates - variants["conversion_low"], variants["conversion_high"] - rates]
    axes.errorbar(
        rates.tolist(),
        places,
        xerr=[side.clip(lower=0).tolist() for side in reach],
        fmt="o",
        color=BLUE,
        capsize=4,
    )
    axes.set_yticks(
        places,
        [f"{v} (n={n:,})" for v, n in zip(variants["variant"], variants["n_participants"], strict=True)],
    )
    axes.set_ylim(len(variants) - 0.5, -0.5)
    axes.set_xlim(left=0)
    in_percent(axes, "x")
    return figure


def conversion_by_day(results: pd.DataFrame, experiment: str, attribution: str) -> Figure:
    """Conversion of each variant per local day, with its 95 % interval as a band."""
    title, x = f"Conversion by day: {experiment}", "local day (-04:00)"
    mine = (
        (results["experiment"] == experiment)
        & (results["attribution"] == attribution)
        & (results["period"] == DAY)
    )
    days = results[mine].sort_values("day")
    if days.empty:
        return empty_figure(title, "No day has data for this experiment.", x=x, y=RATE)
    figure, axes = new_figure(
        title, x=x, y=RATE, subtitle=f"{attribution} within {ATTRIBUTION_WINDOW_HOURS} h"
    )
    order = {day: place for place, day in enumerate(sorted(days["day"].unique()))}
    for number, variant in enumerate(in_order(set(days["variant"]))):
        rows = days[days["variant"] == variant]
        colour, places = COLOURS[number % len(COLOURS)], rows["day"].map(order)
        axes.plot(
            places, rows["conversion_rate"], marker="o^sDvP"[number % 6], color=colour, label=variant
        )
        axes.fill_between(
            places, rows["conversion_low"], rows["conversion_high"], color=colour, alpha=0.15, linewidth=0
        )
    axes.set_xticks(list(order.values()), list(order))
    axes.set_ylim(bottom=0)
    in_percent(axes, "y")
    axes.legend(frameon=False, title="variant")
    return figure


def participants(variants: pd.DataFrame) -> Figure:
    """Participants per variant; those who met several variants stand apart, because they count for none."""
    x, y = "users", "variant"
    if variants.empty:
        return empty_figure("Participants", "No data for this experiment and period.", x=x, y=y)
    row = variants.iloc[0]
    title = f"Participants: {row['experiment']}"
    figure, axes = new_figure(
        title, x=x, y=y, height=height_of(2 * len(variants)), subtitle=_period(row["day"])
    )
    clean, places = variants["n_participants"], list(range(len(variants)))
    axes.barh(places, clean, color=BLUE, label="met one variant")
    axes.barh(
        places,
        variants["n_participants_all"] - clean,
        left=clean,
        color=GREY,
        hatch="///",
        edgecolor="white",
        label="met several variants (left out)",
    )
    axes.set_yticks(places, variants["variant"].tolist())
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    in_thousands(axes, "x")
    legend_below(figure, axes)
    return figure


def _period(day: str) -> str:
    return "all days" if day == WHOLE_PERIOD else f"local {DAY if len(day) == len('YYYY-MM-DD') else HOUR} {day}"
