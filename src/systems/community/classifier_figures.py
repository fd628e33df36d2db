"""Figures of the classifier's training: what it gets right, in which language, and whether its probabilities hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from systems.community.classifier_scores import BASELINE, Judged, Score, calibration
from systems.community.comment_classifier import SENTIMENT, SUGGESTION, TARGETS
from utils.colours import BLUE, GREY, INK, ORANGE
from utils.figures import height_of, in_percent, legend_below, new_figure

QUESTIONS = {SENTIMENT: "negative, neutral or positive?", SUGGESTION: "does it suggest something?"}
COLOUR_OF = {SENTIMENT: BLUE, SUGGESTION: ORANGE}
SCALE = "macro-F1, 0 to 1 (mean over answers, 95 % interval)"


def as_table(judged: Judged) -> pd.DataFrame:
    """Both questions with their scores and those of always giving the commonest answer."""
    rows = []
    for target in TARGETS:
        own, base = judged.scores[target], judged.baselines[target]
        rows.append((QUESTIONS[target], own.macro_f1, own.low, own.high, base.macro_f1, base.high))
    return pd.DataFrame(rows, columns=["question", "macro-F1", "low", "high", BASELINE, f"{BASELINE} high"]).round(3)


def scores(judged: Judged) -> Figure:
    """The classifier beside the majority, both questions, with intervals."""
    names = [f"{who}: {QUESTIONS[t]}" for t in TARGETS for who in ("classifier", BASELINE)]
    shown = [each for t in TARGETS for each in (judged.scores[t], judged.baselines[t])]
    said = f"{len(judged.answers):,} labelled comments, each judged by a classifier that does not know it"
    figure, axes = new_figure("What the classifier gets right", x=SCALE, y="", height=height_of(len(names)), subtitle=said)
    for place, (each, colour) in enumerate(zip(shown, (BLUE, GREY, ORANGE, GREY), strict=True)):
        _interval(axes, place, each, colour, "o")
        axes.text(each.high + 0.01, place, f"{each.macro_f1:.2f}", va="center", color=INK, fontsize=9)
    axes.set_yticks(range(len(names)), names)
    axes.margins(y=0.15)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    return figure


def by_language(languages: pd.DataFrame) -> Figure:
    """Both questions per language, from `per_language`: languages with few labels have wide intervals."""
    codes = list(dict.fromkeys(languages["language"]))
    counts = languages.drop_duplicates("language").set_index("language")["n"]
    height = height_of(len(codes)) + 1.5
    figure, axes = new_figure("The same by language", x=SCALE, y="language (labelled comments)", height=height)
    for target, shift, marker in ((SENTIMENT, -0.16, "o"), (SUGGESTION, 0.16, "s")):
        rows = languages[languages["question"] == target].set_index("language").loc[codes]
        for place, (_, row) in enumerate(rows.iterrows()):
            _interval(axes, place + shift, Score(row["macro_f1"], row["low"], row["high"]), COLOUR_OF[target], marker)
        axes.plot([], [], marker=marker, color=COLOUR_OF[target], label=QUESTIONS[target])
        axes.scatter(rows[BASELINE], np.arange(len(codes)) + shift, marker="|", color=GREY, s=70)
    axes.plot([], [], marker="|", linestyle="", color=GREY, markersize=9, label="always the commonest answer")
    axes.set_yticks(range(len(codes)), [f"{code} ({counts[code]:,})" for code in codes])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    legend_below(figure, axes)
    return figure


def confusion(judged: Judged) -> Figure:
    """Which mood is taken for which: comments by their label and by the answer."""
    kinds = sorted(judged.answers[SENTIMENT].unique())
    found = pd.crosstab(judged.answers[SENTIMENT], judged.answers[f"{SENTIMENT} answer"])
    counts = found.reindex(index=kinds, columns=kinds, fill_value=0).to_numpy(dtype=int)
    shares = counts / counts.sum(axis=1, keepdims=True)
    figure, axes = new_figure("Which mood is taken for which", x="answer of the classifier", y="label of the staff")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        said = f"{counts[row, column]:,}\n{100 * share:.0f} %"
        axes.text(column, row, said, ha="center", va="center", color="white" if share > 0.55 else INK)
    axes.set_xticks(range(len(kinds)), kinds)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.grid(visible=False)
    return figure


def believed(judged: Judged) -> Figure:
    """Of comments that are said to be suggestions with some probability, how many are?"""
    bins = calibration(judged.answers)
    differ = f"probability and share differ by {100 * judged.calibration_error:.1f} points in the mean"
    said = f"{differ}; Brier {judged.brier:.3f}, of the mere share {judged.brier_of_the_share:.3f}"
    figure, axes = new_figure(
        "Is the probability of a suggestion to be believed?", x="probability that the classifier gives",
        y="share that are suggestions", subtitle=said,
    )  # fmt: skip
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="as it should be")
    axes.plot(bins["score"], bins["share"], color=ORANGE, marker="s", label=f"{len(bins)} groups of as many comments")
    for each in ("x", "y"):
        in_percent(axes, each)
    legend_below(figure, axes)
    return figure


def _interval(axes: Axes, place: float, each: Score, colour: str, marker: str) -> None:
    axes.plot([each.low, each.high], [place, place], color=colour, linewidth=2)
    axes.plot([each.macro_f1], [place], color=colour, marker=marker, markersize=6)
