"""Every experiment of a period, with p-values corrected for their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from apps.ab_results import figures, markup, show, words
from apps.ab_results.markup import Cell, Link
from apps.ab_results.selection import RESULT
from apps.ab_results.views import View
from apps.ab_results.words import Row
from systems.ab_testing.config import SIGNIFICANT
from systems.ab_testing.verdicts import MISMATCH, NO_EVIDENCE, SINGLE, TOO_LITTLE, WINNER

HEAD = ("Experiment", "Verdict", "Leads", "Sure it is best", "p alone", "p corrected", "Users")
NUMBERS = ("Sure it is best", "p alone", "p corrected", "Users")


def draw(view: View) -> None:
    chosen = view.selection
    rows = words.in_order_of_interest(view.experiments.all_results(chosen.day, chosen.attribution))
    if not rows:
        show.html(markup.notice(f"No experiment has data {words.during(chosen.day)}."))
        return
    table = markup.table("Winners first; a name leads to its result", HEAD, [_cells(view, row) for row in rows], NUMBERS)
    show.html(markup.heading(f"All experiments {words.during(chosen.day)}"), markup.paragraph(_counts(rows), "lead"), table)
    _correction(rows, table)


def _counts(rows: Sequence[Row]) -> str:
    found = Counter(row["verdict"] for row in rows)
    have = {
        WINNER: "a winner", NO_EVIDENCE: "no winner yet", MISMATCH: "a broken split", TOO_LITTLE: "too little data",
        SINGLE: "one variant only",
    }  # fmt: skip
    parts = [f"{found[each]} {'has' if found[each] == 1 else 'have'} {have[each]}" for each in words.ORDER if found[each]]
    return f"{'None has a winner. ' if not found[WINNER] else ''}Of {len(rows)} experiments, {words.listed(parts)}."


def _correction(rows: Sequence[Row], table: str) -> None:
    title, tested = "Why p-values are corrected", [row for row in rows if row["p_value"] is not None]
    if not tested:
        show.html(markup.heading(title), markup.paragraph("Nothing was tested in this period."))
        return
    alone = sum(row["p_value"] <= SIGNIFICANT for row in tested)
    left = sum(row["adjusted_p_value"] <= SIGNIFICANT for row in tested)
    says = (
        f"{len(tested)} experiments were tested. Even if no variant of any were better, about {len(tested) * SIGNIFICANT:.1f} "
        f"would have a p-value of {SIGNIFICANT} or less. Found: {alone}; left after the correction of Benjamini and Hochberg, "
        f"which keeps the expected share of false discoveries at {words.percent(SIGNIFICANT, 0)}: {left}."
    )
    show.figure(title, figures.p_values(tested), says=says, key="p-values", numbers=table)


def _cells(view: View, row: Row) -> list[Cell]:
    leader = words.variant_of(row, row["leader"])
    return [
        Link(row["experiment"], view.selection.url(page=RESULT, experiment=row["experiment"])),
        words.LABELS[row["verdict"]],
        row["leader"] or words.NONE,
        words.percent(leader["probability_best"] if leader else None),
        words.p_value(row["p_value"]),
        words.p_value(row["adjusted_p_value"]),
        words.count(row["n_participants"]),
    ]
