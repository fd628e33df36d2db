"""Figures of supporters' segments: how surely they come out again, and what tells them apart."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from systems.community.segmentation import LEAST_AGREEMENT, Segmentation
from systems.community.supporter_measures import FEATURES
from utils.colours import BLUE, COLOURS, GREY, INK
from utils.figures import empty_figure, height_of, legend_below, new_figure

LABELS = {
    "lifetime_support_amount": "support over all time", "entitled_amount": "monthly amount", "n_comments": "comments",
    "n_chosen_options": "votes",
}  # fmt: skip


def stability(found: Segmentation) -> Figure:
    """Agreement of pairs of samples per number of segments, beside the most that data without clusters give."""
    title, x, y = "Do the segments come out again?", "number of segments", "agreement of samples (adjusted Rand index)"
    if not found.stabilities:
        return empty_figure(title, "There are too few supporters to look for segments.", x=x, y=y)
    n = len(found.centres)
    said = f"{n} segments stand" if n > 1 else "None stands: supporters are of one kind"
    figure, axes = new_figure(title, x=x, y=y, subtitle=said)
    counts = [each.n for each in found.stabilities]
    axes.plot(counts, [each.agreement for each in found.stabilities], "o-", color=BLUE, label="supporters")
    nulls = [each.null_agreement for each in found.stabilities]
    axes.plot(counts, nulls, "s--", color=GREY, label="data without clusters, at most")
    axes.axhline(LEAST_AGREEMENT, color=INK, linewidth=0.8, linestyle=":", label="least that counts")
    axes.set_xticks(counts)
    axes.set_ylim(0, 1.05)
    legend_below(figure, axes)
    return figure


def differences(profiles: pd.DataFrame) -> Figure:
    """How far each segment is from all supporters, feature by feature, from `segment_profiles`."""
    title, x, y = "What tells the segments apart", "difference from all supporters (standard deviations)", "segment"
    if profiles.empty:
        return empty_figure(title, "There are no supporters yet.", x=x, y=y)
    if profiles["segment"].nunique() == 1:
        return empty_figure(title, "Supporters are of one kind: there is nothing to tell apart.", x=x, y=y)
    rows = profiles.sort_values("segment")
    segments = rows.drop_duplicates("segment")
    names = [f"{name}\n{n:,} supporters" for name, n in zip(segments["segment_name"], segments["n_supporters"], strict=True)]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(4 * len(names)))
    for place, (feature, colour) in enumerate(zip(FEATURES, COLOURS, strict=False)):
        mine = rows[rows["feature"] == feature]["difference"]
        at = [number + 0.2 * (place - 1.5) for number in range(len(names))]
        axes.barh(at, mine, height=0.18, color=colour, label=LABELS[feature])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    legend_below(figure, axes)
    return figure
