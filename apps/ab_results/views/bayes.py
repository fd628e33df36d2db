"""What is known of each variant's true rate after the data: posteriors, their difference, who is probably best."""

from __future__ import annotations

from typing import Any

from apps.ab_results import figures, markup, show, words
from apps.ab_results.views import View
from systems.ab_testing.posteriors import Posteriors

HEAD = ("Variant", "Probability to be best", "Likely rate", "95 % interval", "Expected loss")
NUMBERS = ("Probability to be best", "Likely rate", "Expected loss")
METHOD = (
    "Before the data, every rate from 0 to 100 % counts as equally likely (a Beta(1, 1) prior); the curves are exact, not "
    "simulated. The expected loss is what choosing a variant costs on average, in buyers per hundred users, if another is best. "
    "These curves look at one experiment alone: the verdict also asks for a p-value that is corrected for all experiments."
)


def draw(view: View) -> None:
    row = view.result()
    if row is None:
        return
    met = [each for each in row["variants"] if each["n_participants"]]
    if not met:
        show.html(markup.notice("Every user met several variants, so that none tells anything."))
        return
    rates = Posteriors.of([each["n_buyers"] for each in met], [each["n_participants"] for each in met])
    title = f"{row['experiment']}, {words.period(view.selection.day)}"
    show.html(markup.paragraph(f"Verdict: {words.title(row)}.", "lead"))
    drawn = figures.posteriors([each["variant"] for each in met], rates)
    show.figure(title, drawn, says=_known(met, rates), key="posteriors", numbers=_numbers(row, met, rates))
    if len(met) > 1:
        _differences(row, met, rates)
    show.html(markup.paragraph(METHOD, "small"))


def _known(met: list[dict[str, Any]], rates: Posteriors) -> str:
    best = max(met, key=lambda each: float(each["probability_best"]))
    lead = f"Variant {best['variant']} is the best with {words.percent(best['probability_best'])} probability. "
    known = zip(met, *rates.interval(), strict=True)
    ranges = words.listed([f"{words.interval(low, high)} in variant {each['variant']}" for each, low, high in known])
    return f"{lead if len(met) > 1 else ''}With 95 % probability, the true rate is {ranges}."


def _differences(row: dict[str, Any], met: list[dict[str, Any]], rates: Posteriors) -> None:
    to = next(place for place, each in enumerate(met) if each["variant"] == row["control"])
    show.html(markup.heading(f"Better than the control, variant {row['control']}?"))
    for of, each in enumerate(met):
        if of != to:
            likely = words.percent(rates.probability_above(of, to))
            known = words.points_interval(each["difference_low"], each["difference_high"])
            says = f"It is better with {likely} probability; with 95 % probability, the difference is {known}."
            show.figure(
                f"Variant {each['variant']}", figures.difference(rates, of, to), says=says, key=f"difference-{of}",
                numbers=_numbers(row, [met[to], each], rates.some([to, of])), level=3,
            )  # fmt: skip


def _numbers(row: dict[str, Any], met: list[dict[str, Any]], rates: Posteriors) -> str:
    rows = [
        [each["variant"], words.percent(each["probability_best"]), words.percent(mean), words.interval(low, high),
         words.points(each["expected_loss"]).lstrip("+")]
        for each, mean, low, high in zip(met, rates.mean, *rates.interval(), strict=True)
    ]  # fmt: skip
    return markup.table(f"What is known of {row['experiment']}", HEAD, rows, NUMBERS)
