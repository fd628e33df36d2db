"""Conversion of each variant day by day, and its trend."""

from __future__ import annotations

from apps.ab_results import figures, markup, show, words
from apps.ab_results.views import View
from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS
from systems.ab_testing.trends import Trend, trend
from systems.ab_testing.variants import in_order

HEAD, NUMBERS = ("Day", "Variant", "Users", "Buyers", "Bought", "95 % interval"), ("Users", "Buyers", "Bought")


def draw(view: View) -> None:
    chosen = view.selection
    found = view.experiments.by_day(chosen.experiment, chosen.attribution)
    days = {day: {each["variant"]: each for each in row["variants"] if each["n_participants"]} for day, row in found.items()}
    variants = in_order({variant for each in days.values() for variant in each})
    if not variants:
        show.html(markup.notice(f"No day has users of {chosen.experiment} who met one variant only."))
        return
    trends = {variant: _trend(days, variant) for variant in variants}
    says = " ".join(_said(variant, trends[variant]) for variant in variants)
    rows = [
        [day, name, words.count(each["n_participants"]), words.count(each["n_buyers"]), words.percent(each["conversion_rate"]),
         words.interval(each["conversion_low"], each["conversion_high"])]
        for day, variants_of_day in days.items() for name, each in variants_of_day.items()
    ]  # fmt: skip
    numbers = markup.table(f"{chosen.experiment} per local day", HEAD, rows, NUMBERS)
    drawn = figures.by_day(days, variants, trends)
    show.figure(f"{chosen.experiment}, day by day", drawn, says=says, key="days", numbers=numbers)
    show.html(markup.paragraph(
        f"Days are local (-04:00). A purchase counts up to {ATTRIBUTION_WINDOW_HOURS} hours after the user met the experiment, "
        "so that the newest two days may still rise. Days share users: take a trend as a hint, not as a test.", "small",
    ))  # fmt: skip


def _trend(days: dict[str, dict[str, dict[str, int]]], variant: str) -> Trend | None:
    rows = {day: each[variant] for day, each in days.items() if variant in each}
    return trend(list(rows), [row["n_buyers"] for row in rows.values()], [row["n_participants"] for row in rows.values()])


def _said(variant: str, found: Trend | None) -> str:
    if found is None:
        return f"Variant {variant} has data on one day only, so that it has no trend yet."
    change = words.points_interval(found.low, found.high)
    if not found.is_clear:
        return f"Variant {variant} shows no clear trend: {words.points(found.per_day)} a day (95 % interval: {change})."
    direction = "rises" if found.per_day > 0 else "falls"
    return f"Variant {variant} {direction} by {words.points(abs(found.per_day)).lstrip('+')} a day (95 % interval: {change})."
