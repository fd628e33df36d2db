"""Figures and tables of the users' dashboard: pandas rows of gold in, figures out. Amounts are in USD."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from utils.colours import BLUE, GREEN, ORANGE, SKY
from utils.figures import bars, empty_figure, height_of, in_thousands, legend_below, new_figure

# What the per-country table can be ordered by: the widget's choices, and the column of `users_by_country` for each.
COUNTRY_ORDERS = {
    "n_users": "n_users",
    "is_patron": "n_patrons",
    "lifetime_support": "lifetime_support_amount",
    "is_follower": "n_followers",
    "is_free_trial": "n_free_trials",
}
STATUSES = ("patron", "follower", "free trial", "none")
NOBODY = "There are no users yet."
NO_SUPPORT = "Nobody has paid anything yet."


def totals(countries: pd.DataFrame) -> pd.DataFrame:
    """The community in nine numbers, from `users_by_country`."""
    total = countries.drop(columns="country").astype(float).sum()
    n_users, n_patrons = total["n_users"], total["n_patrons"]
    per_patron = f"{total['entitled_amount'] / n_patrons:,.2f} USD" if n_patrons else "there are no patrons"
    share = 100 * total["n_supporters"] / n_users if n_users else 0.0
    rows = [
        ("users", f"{n_users:,.0f}"),
        ("patrons", f"{n_patrons:,.0f}"),
        ("followers", f"{total['n_followers']:,.0f}"),
        ("free trials", f"{total['n_free_trials']:,.0f}"),
        ("users who ever paid", f"{total['n_supporters']:,.0f} ({share:.1f} %)"),
        ("support over all time", f"{total['lifetime_support_amount']:,.2f} USD"),
        ("of it for this campaign", f"{total['campaign_lifetime_support_amount']:,.2f} USD"),
        ("entitled per month", f"{total['entitled_amount']:,.2f} USD"),
        ("of it per patron", per_patron),
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def share_with_support(countries: pd.DataFrame) -> Figure:
    """How many users ever paid, from `users_by_country`."""
    title, x, y = "Users who ever paid", "users", "support over all time"
    n_users, n_supporters = int(countries["n_users"].sum()), int(countries["n_supporters"].sum())
    if not n_users:
        return empty_figure(title, NOBODY, x=x, y=y)
    said = f"{100 * n_supporters / n_users:.1f} % of {n_users:,} users"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(2), subtitle=said)
    bars(axes, ["above 0 USD", "0 USD"], [n_supporters, n_users - n_supporters])
    return figure


def support_by_patron_status(supporters: pd.DataFrame) -> Figure:
    """Support over all time per standing, from `support_distribution`."""
    title, x, y = "Support by patron status", "support over all time (USD)", "status"
    amounts = supporters.groupby("patron_status")["lifetime_support_amount"].sum().astype(float)
    if not amounts.sum():
        return empty_figure(title, NO_SUPPORT, x=x, y=y)
    known = [status for status in STATUSES if status in amounts.index]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(known)))
    bars(axes, known, [amounts[status] for status in known], colour=GREEN)
    return figure


def support_histograms(supporters: pd.DataFrame, n_bins: int) -> Figure:
    """Campaign and lifetime support of those who ever paid, in the same `n_bins` classes; users on a logarithmic axis."""
    title, x, y = "How much supporters have paid", "support over all time (USD)", "users (logarithmic)"
    lifetime = supporters["lifetime_support_amount"].astype(float)
    campaign = supporters["campaign_lifetime_support_amount"].astype(float)
    lifetime, campaign = lifetime[lifetime > 0], campaign[campaign > 0]
    if lifetime.empty and campaign.empty:
        return empty_figure(title, NO_SUPPORT, x=x, y=y)
    edges = np.linspace(0, max([*lifetime, *campaign]), n_bins + 1)
    figure, axes = new_figure(
        title, x=x, y=y, subtitle=f"{len(lifetime):,} users with support, {n_bins} classes"
    )
    axes.hist(lifetime, bins=list(edges), color=BLUE, alpha=0.55, label="all campaigns")
    axes.hist(
        campaign,
        bins=list(edges),
        color=ORANGE,
        alpha=0.55,
        label="this campaign",
        hatch="///",
        edgecolor="white",
    )
    axes.set_yscale("log")
    in_thousands(axes, "x")
    legend_below(figure, axes)
    return figure


def top_supporters(supporters: pd.DataFrame, n: int = 10) -> Figure:
    """The `n` users with most support; by pseudonym, ties in its order."""
    title, x, y = f"The {n} greatest supporters", "support over all time (USD)", "pseudonym"
    paid = supporters.assign(amount=supporters["lifetime_support_amount"].astype(float))
    top = paid[paid["amount"] > 0].sort_values(["amount", "user_pseudonym"], ascending=[False, True]).head(n)
    if top.empty:
        return empty_figure(title, NO_SUPPORT, x=x, y=y)
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(top)))
    bars(
        axes,
        [
            f"{name[:10]}… ({country})"
            for name, country in zip(top["user_pseudonym"], top["country"], strict=True)
        ],
        top["amount"].tolist(),
        colour=GREEN,
    )
    return figure


def country_table(countries: pd.DataFrame, order: str) -> pd.DataFrame:
    """Countries by one of `COUNTRY_ORDERS`, greatest first; ties by country."""
    column = COUNTRY_ORDERS[order]
    ordered = countries.assign(_by=countries[column].astype(float)).sort_values(
        ["_by", "country"], ascending=[False, True]
    )
    return ordered.drop(columns="_by").reset_index(drop=True)


def country_bars(countries: pd.DataFrame, order: str, n: int = 15) -> Figure:
    """The first `n` countries of the same order."""
    column = COUNTRY_ORDERS[order]
    unit = (
        "support over all time (USD)"
        if column.endswith("_amount")
        else column.removeprefix("n_").replace("_", " ")
    )
    title = f"Countries by {unit.removesuffix(' (USD)')}"
    top = country_table(countries, order).head(n)
    if top.empty:
        return empty_figure(title, NOBODY, x=unit, y="country")
    said = f"the first {len(top)} of {len(countries)} countries" if len(countries) > n else ""
    figure, axes = new_figure(title, x=unit, y="country", height=height_of(len(top)), subtitle=said)
    bars(axes, top["country"].tolist(), top[column].astype(float).tolist(), colour=SKY)
    return figure
