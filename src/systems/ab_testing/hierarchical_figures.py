"""What pooling all experiments says, in sentences, tables and figures: rows of `experiment_posteriors`, and the fits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from systems.ab_testing.config import SURE
from systems.ab_testing.diagnosis import Prediction
from systems.ab_testing.fitted import Fitted
from utils.colours import BLUE, GREY, INK, ORANGE
from utils.figures import empty_figure, height_of, in_percent, legend_below, new_figure

NOTHING = "No experiment has several variants with participants."
SHOWN = (
    "experiment", "variant", "is_control", "n_participants", "n_buyers", "rate", "rate_low", "rate_high", "unpooled_rate",
    "unpooled_rate_low", "unpooled_rate_high", "probability_best", "unpooled_probability_best", "expected_loss",
    "unpooled_expected_loss", "difference", "difference_low", "difference_high",
)  # fmt: skip
REACH = ("difference", "difference_low", "difference_high")
ALONE, TOGETHER = "own data", "all experiments together"
MOST_DIFFERENCES = 15
# Rates that are written on an axis of log-odds.
TICKS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.997)
Row = Mapping[Hashable, Any]


def population(fits: Sequence[Fitted]) -> pd.DataFrame:
    """What all experiments share, by rule: posterior means, and how far they reach."""
    rows = []
    for each in fits:
        mean, within = each.population["mean"], each.population["within"]
        rows.append({
            "attribution": each.attribution,
            "experiments": len(each.experiments),
            "variants": len(each.variants),
            "rate of the average experiment": float(np.mean(1 / (1 + np.exp(-mean)))),
            "experiments differ by (sd, log-odds)": float(np.mean(each.population["between"])),
            "variants differ by (sd, log-odds)": float(np.mean(within)),
            "at most, with 95 %": float(np.quantile(within, 0.95)),
            "seconds": each.seconds,
        })  # fmt: skip
    return pd.DataFrame(rows)


def chosen(rows: pd.DataFrame, attribution: str) -> pd.DataFrame:
    """One rule's rows for people: experiments with several variants, most participants first."""
    several = _several(rows, attribution)
    size = several.groupby("experiment")["n_participants"].transform("sum")
    ordered = several.assign(_size=-size).sort_values(["_size", "experiment"], kind="stable")
    return ordered[list(SHOWN)].reset_index(drop=True)


def said(rows: pd.DataFrame, attribution: str) -> pd.DataFrame:
    """What may be quoted: who leads surely, and whose lead was chance as far as the other experiments tell."""
    several = chosen(rows, attribution)
    if several.empty:
        return pd.DataFrame({"what the experiments say": [NOTHING]})
    is_sure, was_sure = (several[name] >= SURE for name in ("probability_best", "unpooled_probability_best"))
    summary = (
        f"{is_sure.sum()} of {several['experiment'].nunique()} experiments have a variant that is the best with {SURE:.0%} or "
        f"more when all are looked at together; {was_sure.sum()} when each is looked at alone."
    )
    leaders = [_of_leader(row) for row in several[is_sure].to_dict("records")]
    doubtful = [_of_doubtful(row) for row in several[was_sure & ~is_sure].to_dict("records")]
    misfits = rows.loc[rows["attribution"] == attribution, "misfit"].dropna().unique()
    limits = [f"Not explained by the model: {each}. For small variants, trust their own data more." for each in misfits]
    return pd.DataFrame({"what the experiments say": [summary, *leaders, *doubtful, *limits]})


def _of_leader(row: Row) -> str:
    return (
        f"{row['experiment']}: {row['variant']} is the best with {row['probability_best']:.0%}; {row['rate']:.2%} of its users "
        f"buy, likely {row['rate_low']:.2%} to {row['rate_high']:.2%}."
    )


def _of_doubtful(row: Row) -> str:
    return (
        f"{row['experiment']}: {row['variant']} leads on its own data (best with {row['unpooled_probability_best']:.0%}), but "
        f"variants rarely differ that much: with all experiments it is best with {row['probability_best']:.0%}."
    )


def shrinkage(rows: pd.DataFrame, attribution: str) -> Figure:
    """Every variant's rate by its own data and with all experiments: who has few participants is moved most."""
    title, x, y = "How far each rate is moved by the others", "participants (logarithmic)", "buyers per participant (log-odds)"
    mine = rows[rows["attribution"] == attribution]
    if mine.empty:
        return empty_figure(title, "Nobody took part.", x=x, y=y)
    subtitle = f"{_rule(mine)}; from a variant's own data to all experiments together"
    figure, axes = new_figure(title, x=x, y=y, height=5.4, subtitle=subtitle)
    alone, pooled = (np.log(mine[name] / (1 - mine[name])) for name in ("unpooled_rate", "rate"))
    axes.vlines(mine["n_participants"], alone, pooled, color=GREY, linewidth=1)
    axes.scatter(mine["n_participants"], alone, facecolors="none", edgecolors=ORANGE, s=34, label=ALONE, zorder=3)
    axes.scatter(mine["n_participants"], pooled, color=BLUE, s=16, label=TOGETHER, zorder=4)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _percent_by_log_odds(axes)
    legend_below(figure, axes)
    return figure


def _percent_by_log_odds(axes: Axes) -> None:
    low, high = axes.get_ylim()
    places = {rate: float(np.log(rate / (1 - rate))) for rate in TICKS}
    inside = {rate: place for rate, place in places.items() if low <= place <= high}
    axes.set_yticks(list(inside.values()), [f"{100 * rate:.3g} %" for rate in inside])


def differences(rows: pd.DataFrame, attribution: str) -> Figure:
    """Rates minus their control's, with all experiments and by a variant's own data; what crosses zero may be chance."""
    title, x, y = "Difference to the control", "buyers per participant, minus the control's", "variant"
    several = _several(rows, attribution)
    compared = several[~several["is_control"].astype(bool)]
    if compared.empty:
        return empty_figure(title, NOTHING, x=x, y=y)
    surely = (compared["difference"] / (compared["difference_high"] - compared["difference_low"])).abs()
    shown = compared.loc[surely.sort_values(ascending=False, kind="stable").index[:MOST_DIFFERENCES]]
    which = f"the {len(shown)} surest of {len(compared)}" if len(shown) < len(compared) else "the surest first"
    figure, axes = new_figure(
        title, x=x, y=y, height=height_of(len(shown)) + 0.6,
        subtitle=f"{attribution}: {which}; 95 % intervals, cut at the frame",
    )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1.2)
    for shift, prefix, colour, label in ((-0.16, "", BLUE, TOGETHER), (0.16, "unpooled_", ORANGE, ALONE)):
        middle, low, high = (shown[f"{prefix}{name}"].to_numpy(dtype=float) for name in REACH)
        places = np.arange(len(shown)) + shift
        axes.hlines(places, low, high, color=colour, linewidth=1.8, label=label)
        axes.plot(middle, places, "o", color=colour, markersize=4)
    axes.set_yticks(range(len(shown)), (shown["experiment"] + "  " + shown["variant"]).tolist(), fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    reach = 2 * float(shown[["difference_low", "difference_high"]].abs().max().max())
    axes.set_xlim(-reach, reach)
    in_percent(axes, "x")
    legend_below(figure, axes)
    return figure


def predictions(made: Sequence[Prediction], attribution: str) -> Figure:
    """What was seen beside data that the model makes, each statistic in standard deviations of what it makes."""
    x, y = "distance from what the model makes on average (its standard deviations)", "statistic"
    figure, axes = new_figure(
        "Does the model make data like these?", x=x, y=y, height=height_of(2 * len(made)),
        subtitle=f"{attribution}; blue: 95 % of the data sets that the model makes, orange: as observed",
    )  # fmt: skip
    labels = []
    for place, each in enumerate(made):
        middle, spread = float(np.mean(each.replicated)), float(np.std(each.replicated)) or 1.0
        low, high = ((bound - middle) / spread for bound in np.quantile(each.replicated, (0.025, 0.975)))
        axes.hlines(place, low, high, color=BLUE, linewidth=9, alpha=0.45)
        axes.plot((each.observed - middle) / spread, place, "D", color=ORANGE, markersize=8)
        labels.append(f"{each.statistic}\n{each.observed:.3g} seen, {middle:.3g} made; p = {each.p_value:.2f}")
    axes.set_yticks(range(len(made)), labels, fontsize=9)
    axes.set_ylim(len(made) - 0.5, -0.5)
    return figure


def _several(rows: pd.DataFrame, attribution: str) -> pd.DataFrame:
    mine = rows[rows["attribution"] == attribution]
    return mine[mine.groupby("experiment")["variant"].transform("size") > 1]


def _rule(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    return f"{row['attribution']} within {row['attribution_window_hours']} h, {row['day']}"
