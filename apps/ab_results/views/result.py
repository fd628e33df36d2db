"""Who won, and how sure is that?"""

from __future__ import annotations

from typing import Any

from apps.ab_results import figures, markup, show, words
from apps.ab_results.views import View


def draw(view: View) -> None:
    row = view.result()
    if row is None:
        return
    counts = words.rule(row["attribution"], row["attribution_window_hours"])
    about = f"{row['experiment']}, {words.period(view.selection.day)}. {counts}"
    kind = str(row["verdict"]).split()[-1]
    show.html(markup.verdict(kind, words.title(row), words.sentences(row)), markup.paragraph(about, "small after"))
    _conversion(row)
    _differences(row)
    _evidence(row)


def _conversion(row: dict[str, Any]) -> None:
    met = [each for each in row["variants"] if each["n_participants"]]
    if not met:
        return
    numbers = markup.table(
        f"Users and buyers of {row['experiment']}",
        ("Variant", "Users", "Buyers", "Purchases", "Bought", "95 % interval"),
        [
            [each["variant"], *(words.count(each[name]) for name in ("n_participants", "n_buyers", "n_purchases")),
             words.percent(each["conversion_rate"]), words.interval(each["conversion_low"], each["conversion_high"])]
            for each in row["variants"]
        ],
        ("Users", "Buyers", "Purchases", "Bought"),
    )  # fmt: skip
    says = words.listed([_rate(each) for each in met])
    show.figure("How many bought", figures.conversion(met), says=f"{says}.", key="conversion", numbers=numbers)


def _rate(each: dict[str, Any]) -> str:
    """`9.1 % of variant A's 832 users (7.4 % to 11.3 %)`."""
    known = words.interval(each["conversion_low"], each["conversion_high"])
    users = f"variant {each['variant']}’s {words.count(each['n_participants'])} users"
    return f"{words.percent(each['conversion_rate'])} of {users} ({known})"


def _differences(row: dict[str, Any]) -> None:
    compared = [each for each in row["variants"] if each["difference"] is not None]
    if not compared:
        return
    numbers = markup.table(
        f"Variants of {row['experiment']} against the control, variant {row['control']}",
        ("Variant", "Difference", "95 % interval", "Probability to be best", "Expected loss"),
        [
            [each["variant"], words.points(each["difference"]),
             words.points_interval(each["difference_low"], each["difference_high"]),
             words.percent(each["probability_best"]), words.points(each["expected_loss"]).lstrip("+")]
            for each in row["variants"] if each["n_participants"]
        ],
        ("Difference", "Probability to be best", "Expected loss"),
    )  # fmt: skip
    says = " ".join(_difference(each, row["control"]) for each in compared)
    drawn = figures.differences(row["variants"])
    show.figure("How far they are apart", drawn, says=says, key="difference", numbers=numbers)


def _difference(each: dict[str, Any], control: str) -> str:
    low, high = each["difference_low"], each["difference_high"]
    doubt = "" if low > 0 or high < 0 else ", so that there may be no difference at all"
    stands = f"Variant {each['variant']} is {words.above(each['difference'])} the control, variant {control}"
    return f"{stands}; the 95 % interval is {words.points_interval(low, high)}{doubt}."


def _evidence(row: dict[str, Any]) -> None:
    show.html(markup.heading("What the verdict rests on"), markup.facts([
        ("Users", words.count(row["n_participants"])),
        ("Met several variants, left out", words.count(row["n_contaminated"])),
        ("Control", row["control"] or words.NONE),
        ("Test", row["method"] or words.NONE),
        ("p-value alone", words.p_value(row["p_value"])),
        ("p-value, corrected for all experiments", words.p_value(row["adjusted_p_value"])),
        ("p-value of the split being as meant", words.p_value(row["sample_ratio_p_value"])),
    ]))  # fmt: skip
