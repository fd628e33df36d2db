"""Figures of what was delivered: how much of it there is, what is odd, which amounts and orders are in it."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from systems.vouchers.config import COUNTRIES
from utils.colours import BLUE, GREY, ORANGE
from utils.figures import bars, empty_figure, height_of, in_percent, new_figure

ALL = "all"
NOTHING = "Nothing was delivered."
# What is odd about delivered rows, by the column of `drop_profile` that counts it.
ODDITIES = {
    "n_without_amount": "no voucher amount",
    "n_without_orders": "no count of orders",
    "n_used_before_order": "used before the order it follows",
    "n_no_orders_two_dates": "0 orders and two order dates",
    "n_repeats": "exact repeat of another row",
    "n_first_after_last": "first order after the last one",
    "n_misfits": "value of another type",
}


def countries_of(profile: pd.DataFrame) -> list[str]:
    """`all`, then the delivered countries by name."""
    return [ALL, *sorted(profile["country"])]


def of_country(rows: pd.DataFrame, country: str) -> pd.DataFrame:
    """The rows of a country; of all countries where `all` is chosen."""
    return rows if country == ALL else rows[rows["country"] == country].reset_index(drop=True)


def of_day(rows: pd.DataFrame, as_of: object) -> pd.DataFrame:
    """The rows if the tables are as of that day, none of them otherwise; all where no day is asked for."""
    return rows if as_of is None else rows[rows["as_of"] == as_of].reset_index(drop=True)


def profile_table(profile: pd.DataFrame) -> pd.DataFrame:
    """Rows, files, order dates and oddities of each country, a column per country."""
    shown = profile.sort_values("n_rows", ascending=False).set_index("country").astype(object)
    return shown.T.rename_axis("what").reset_index()


def column_table(columns: pd.DataFrame) -> pd.DataFrame:
    """Types, nulls, empties and ends of every delivered column, by country and in the order of the drop."""
    order = list(dict.fromkeys(columns["column_name"]))
    place = columns["column_name"].map(order.index)
    return columns.assign(place=place).sort_values(["country", "place"]).drop(columns="place").reset_index(drop=True)


def rows_by_country(profile: pd.DataFrame) -> Figure:
    """Delivered rows per country; those of interest stand out."""
    title, x, y = "Rows delivered", "rows", "country"
    if profile.empty:
        return empty_figure(title, NOTHING, x=x, y=y)
    ordered = profile.sort_values("n_rows", ascending=False)
    said = f"{ordered['n_rows'].sum():,} rows; of interest: {', '.join(COUNTRIES)}"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(ordered)), subtitle=said)
    bars(axes, list(ordered["country"]), list(ordered["n_rows"]))
    for patch, country in zip(axes.patches, ordered["country"], strict=True):
        patch.set_color(BLUE if country in COUNTRIES else GREY)
    return figure


def oddities(profile: pd.DataFrame) -> Figure:
    """What is odd about the rows, as shares of all; a row may be odd in several ways."""
    title, x, y = "What is odd about the rows", "share of all delivered rows", "kind of row"
    n_rows = profile["n_rows"].sum()
    if not n_rows:
        return empty_figure(title, NOTHING, x=x, y=y)
    found = {said: profile[name].sum() / n_rows for name, said in ODDITIES.items()}
    ordered = dict(sorted(found.items(), key=lambda pair: -pair[1]))
    said = f"{', '.join(sorted(profile['country']))}: {n_rows:,} rows"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(ordered)), subtitle=said)
    bars(axes, list(ordered), list(ordered.values()), colour=ORANGE, said="{:.2%}")
    axes.xaxis.reset_ticks()
    in_percent(axes, "x")
    return figure


def amounts(rows: pd.DataFrame) -> Figure:
    """Delivered rows of each voucher amount; every country has a currency of its own."""
    title, x, y = "Voucher amounts", "rows", "country and amount (its currency)"
    if rows.empty:
        return empty_figure(title, "No row has an amount.", x=x, y=y)
    ordered = rows.sort_values(["country", "voucher_amount"])
    names = [f"{country} {amount:,.0f}" for country, amount in zip(ordered["country"], ordered["voucher_amount"], strict=True)]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(ordered)))
    bars(axes, names, list(ordered["n_rows"]))
    return figure
