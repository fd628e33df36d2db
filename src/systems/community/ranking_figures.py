"""The countries' dashboard: what each of the top countries gives, says and votes, beside its users. Amounts are in USD."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from systems.community.activity_figures import OTHERS, Period
from utils.colours import BLUE, GREEN, INK, ORANGE, PINK, RED, SKY
from utils.figures import empty_figure, in_thousands
from utils.panels import above_each_other

COUNTED = ("n_comments", "n_chosen_options")
SUPPORT, PER_USER, COMMENTS, VOTES, WEIGHTED = (
    "lifetime_support_amount",
    "support_per_user_amount",
    "n_comments",
    "n_chosen_options",
    "total_weight",
)
# What countries can be sorted by: the widget's choices, and the column of `ranking` for each.
SORTS = {
    "support": SUPPORT,
    "support_per_user": PER_USER,
    "comments": COMMENTS,
    "votes": VOTES,
    "weighted_votes": WEIGHTED,
    "users": "n_users",
    "patrons": "n_patrons",
}
PANELS = {
    SUPPORT: ("support\n(USD)", BLUE),
    PER_USER: ("support per\nuser (USD)", SKY),
    COMMENTS: ("comments", GREEN),
    VOTES: ("votes (chosen\noptions)", ORANGE),
    WEIGHTED: ("weighted votes\n(sum of weights)", PINK),
}
PEOPLE = {"n_users": ("users", "o", INK), "n_patrons": ("patrons", "^", RED)}
CENT = Decimal("0.01")
RIGHT = "users and\npatrons (log.)"


def ranking(countries: pd.DataFrame, days: pd.DataFrame, period: Period | None) -> pd.DataFrame:
    """Per country: users and support over all time (`country_ranking`), comments and votes of the window (`daily_activity`).

    A country without comments or votes keeps its users and its money, with zeros.
    """
    talk = (period.of(days) if period else days.head(0)).groupby("country")[[COMMENTS, VOTES, WEIGHTED]].sum()
    people = countries.set_index("country")[["n_users", "n_patrons", SUPPORT]]
    joined = people.join(talk, how="outer")
    counts = [name for name in joined.columns if name != SUPPORT]
    joined[counts] = joined[counts].fillna(0).astype("int64")
    joined[SUPPORT] = joined[SUPPORT].map(lambda amount: Decimal(0) if pd.isna(amount) else Decimal(amount))
    return _with_support_per_user(joined.rename_axis("country").reset_index())


def top_countries(ranked: pd.DataFrame, sort: str, n: int) -> pd.DataFrame:
    """The first `n` countries by one of `SORTS`, greatest first, ties by country; all others are the last row, `others`."""
    by = ranked[SORTS[sort]].astype(float)
    ordered = ranked.assign(_by=by).sort_values(["_by", "country"], ascending=[False, True]).drop(columns="_by")
    rest = ordered.iloc[n:]
    if rest.empty:
        return ordered.reset_index(drop=True)
    sums = rest[["n_users", "n_patrons", SUPPORT, COMMENTS, VOTES, WEIGHTED]].sum()
    others = _with_support_per_user(sums.to_frame().T.assign(country=OTHERS))
    return pd.concat([ordered.head(n), others[ordered.columns]], ignore_index=True)


def country_panels(top: pd.DataFrame, sort: str, period: Period | None) -> Figure:
    """One panel per measure, on the left axis; on the right one users and patrons of the same countries, logarithmic."""
    title, x = f"Countries by {sort.replace('_', ' ')}", "country of the user"
    if top.empty:
        return empty_figure(title, "There are no users yet.", x=x, y="support (USD)")
    dated = f"comments and votes of {period}" if period else "no comments or votes"
    said = f"users and support of all time, {dated}"
    units = [unit for unit, _ in PANELS.values()]
    figure, panels = above_each_other(title, units, x=x, subtitle=said, height=1.75)
    for axes, (column, (_, colour)) in zip(panels, PANELS.items(), strict=True):
        axes.bar(range(len(top)), top[column].astype(float), color=colour, width=0.7, zorder=2)
        axes.set_ylim(0, max(1.0, float(top[column].max())) * 1.1)
        in_thousands(axes, "y")
        axes.grid(axis="x", visible=False)
        axes.tick_params(axis="x", labelbottom=True, labelrotation=90 if len(top) > 16 else 0)
        _people(axes, top)
    panels[-1].set_xticks(range(len(top)), top["country"].tolist())
    handles, labels = figure.axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2, frameon=False, fontsize=9)
    return figure


def _people(axes: Axes, top: pd.DataFrame) -> None:
    right = axes.twinx()
    for column, (label, marker, colour) in PEOPLE.items():
        right.plot(
            range(len(top)), top[column].astype(float), linestyle="none", marker=marker, markersize=6,
            color=colour, markeredgecolor="white", label=f"{label} (right axis)",
        )  # fmt: skip
    right.set_yscale("symlog", linthresh=1)
    right.set_ylim(0, 10 * max(1.0, float(top["n_users"].max())))
    right.set_ylabel(RIGHT)
    right.spines[["top", "left"]].set_visible(False)
    right.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _with_support_per_user(rows: pd.DataFrame) -> pd.DataFrame:
    """Support per user to the cent; 0 where there are no users."""
    pairs = zip(rows[SUPPORT], rows["n_users"], strict=True)
    amounts = [(Decimal(a) / int(n)).quantize(CENT, ROUND_HALF_UP) if n else Decimal(0) for a, n in pairs]
    return rows.assign(**{PER_USER: np.array(amounts, dtype=object)})
