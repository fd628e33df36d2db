"""How far users of each variant go, step by step."""

from __future__ import annotations

from apps.ab_results import figures, markup, show, words
from apps.ab_results.views import View
from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS, EVENT_NAMES, LATER_PURCHASE
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.questions import Unknown

STEPS = dict(zip(EVENT_NAMES, ("1 Search", "2 Product", "3 Checkout 1", "4 Checkout 2", "5 Checkout 3", "6 Buy"), strict=True))
HEAD, NUMBERS = ("Variant", "Step", "Users", "Of all", "95 % interval"), ("Users", "Of all")


def draw(view: View) -> None:
    chosen = view.selection
    try:
        funnels = view.experiments.funnel(chosen.experiment, chosen.day)
    except Unknown:
        view.say_empty()
        return
    found = [row for row in funnels if row["n_participants"]]
    if not found:
        period = words.during(chosen.day)
        show.html(markup.notice(f"Every user of {chosen.experiment} {period} met several variants: none is followed."))
        return
    shares: dict[str, list[tuple[float, float, float]]] = {}
    rows, said = [], []
    lows, highs = Posteriors.of([row["n_users"] for row in found], [row["n_participants"] for row in found]).interval()
    for row, low, high in zip(found, lows, highs, strict=True):
        shares.setdefault(row["variant"], []).append((row["share"], float(low), float(high)))
        share, users = words.percent(row["share"]), words.count(row["n_users"])
        rows.append([row["variant"], STEPS[row["step"]], users, share, words.interval(low, high)])
        if row["step"] == EVENT_NAMES[-1]:
            said.append(f"{share} of variant {row['variant']}’s {words.count(row['n_participants'])} users")
    show.figure(
        f"How far users of {chosen.experiment} go, {words.period(chosen.day)}", figures.funnel(list(STEPS.values()), shares),
        says=f"To the last step, buying, came {words.listed(said)}.", key="funnel",
        numbers=markup.table(f"Steps of {chosen.experiment}, in their order", HEAD, rows, NUMBERS),
    )  # fmt: skip
    show.html(markup.paragraph(
        f"Users are followed onward from the moment they met the experiment, through all they do, for {ATTRIBUTION_WINDOW_HOURS} "
        f"hours. A step may have more users than the one before: many begin in the middle. {words.rule(LATER_PURCHASE)}", "small",
    ))  # fmt: skip
