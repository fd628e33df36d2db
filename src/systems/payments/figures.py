"""Figures of the recommender's training: how the rankings compare, and who is recommended what."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from systems.payments.judging import TOP
from systems.payments.recommender import Ranked
from systems.payments.training import KNOWN, SERVED
from utils.colours import BLUE, GREEN, GREY, ORANGE
from utils.figures import bars, height_of, in_percent, new_figure

COLOUR_OF = {"popularity": GREY, KNOWN: GREEN, SERVED: ORANGE}


def rankings(judged: pd.DataFrame, winner: str) -> Figure:
    """Recall of every ranking on the later time, best first; what is possible stands beside it where it is known."""
    ordered = judged.sort_values("recall", ascending=False)
    best = float(ordered.loc[ordered["ranking"] == winner, "recall"].iloc[0])
    popularity = float(ordered.loc[ordered["ranking"] == "popularity", "recall"].iloc[0])
    said = [f"{best / popularity:.1f} times what popularity finds" if popularity else "popularity finds nothing"]
    possible = ordered.loc[ordered["ranking"] == KNOWN, "recall"]
    said += [f"{best / value:.0%} of what is possible" for value in possible if value]
    figure, axes = new_figure(
        f"{winner} wins", x=f"recall@{TOP}: share of the companies newly paid later", y="", height=height_of(len(ordered)),
        subtitle=f"{', '.join(said)}; means over {int(ordered['n_clients'].max()):,} clients",
    )  # fmt: skip
    bars(axes, list(ordered["ranking"]), [float(value) for value in ordered["recall"]], said="{:.1%}")
    for patch, name in zip(axes.patches, ordered["ranking"], strict=True):
        patch.set_color(COLOUR_OF.get(name, BLUE))
    axes.xaxis.reset_ticks()
    in_percent(axes, "x")
    return figure


def coverage(judged: pd.DataFrame) -> Figure:
    """Which share of all companies each model names for anybody, against its recall."""
    shown = judged[~judged["ranking"].isin([KNOWN, SERVED])]
    figure, axes = new_figure(
        "Recall and coverage", x="share of all companies that are recommended to anybody", y=f"recall@{TOP}"
    )
    for _, row in shown.iterrows():
        axes.scatter(row["coverage"], row["recall"], s=70, color=COLOUR_OF.get(row["ranking"], BLUE))
        axes.annotate(row["ranking"], (row["coverage"], row["recall"]), xytext=(6, 6), textcoords="offset points", fontsize=9)
    axes.set_xlim(-0.02, 1.15)
    axes.set_ylim(0, float(shown["recall"].max()) * 1.25 or 1)
    in_percent(axes, "x")
    in_percent(axes, "y")
    return figure


def how_often_named(ranked: Ranked, n_companies: int) -> Figure:
    """To how many clients each company is recommended, from the most to the least named one."""
    named = np.sort(np.bincount(ranked.companies[ranked.companies >= 0], minlength=n_companies))[::-1]
    n_never = int((named == 0).sum())
    figure, axes = new_figure(
        "How often companies are recommended", x="companies, the most recommended first", y="clients + 1 (log scale)",
        subtitle=f"{n_never:,} of {n_companies:,} companies are recommended to nobody of those looked at",
    )  # fmt: skip
    axes.plot(np.arange(1, n_companies + 1), named + 1, color=BLUE)
    axes.set_yscale("log")
    return figure
