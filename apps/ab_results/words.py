"""Numbers and verdicts in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from systems.ab_testing.config import (
    ATTRIBUTION_WINDOW_HOURS,
    LATER_PURCHASE,
    LEAST_BUYERS,
    LEAST_PARTICIPANTS,
    SIGNIFICANT,
    SURE,
    WHOLE_PERIOD,
)
from systems.ab_testing.splits import are_configured, odd_one_out
from systems.ab_testing.verdicts import MISMATCH, NO_EVIDENCE, SINGLE, TOO_LITTLE, WINNER

Row = Mapping[str, Any]
# Keeps a number and its unit on one line.
GAP = "\u00a0"
NONE = "–"
LABELS = {
    WINNER: "Winner", NO_EVIDENCE: "No winner", TOO_LITTLE: "Too little data", SINGLE: "One variant only",
    MISMATCH: "Broken split",
}  # fmt: skip


def percent(share: float | None, digits: int = 1) -> str:
    """`12.1 %`; what is not quite none or all is never rounded to it."""
    if share is None:
        return NONE
    least = 10.0**-digits
    if 0 < share * 100 < least / 2:
        return f"<{GAP}{least:.{digits}f}{GAP}%"
    if 100 - least / 2 < share * 100 < 100:
        return f">{GAP}{100 - least:.{digits}f}{GAP}%"
    return f"{share * 100:.{digits}f}{GAP}%"


def about(share: float | None) -> str:
    """`97 %`, `more than 99 %`: a probability in a sentence."""
    return percent(share, 0).replace(f">{GAP}", "more than ").replace(f"<{GAP}", "less than ")


def points(difference: float | None) -> str:
    """`+2.3 points`: a difference of two percentages."""
    return NONE if difference is None else f"{_signed(difference)}{GAP}points"


def interval(low: float | None, high: float | None) -> str:
    """`10.2 % to 14.1 %`."""
    return NONE if low is None or high is None else f"{percent(low)} to {percent(high)}"


def above(difference: float) -> str:
    """`2.3 points above`, `as high as`: how a rate stands to another."""
    if abs(difference) * 100 < 0.05:
        return "as high as"
    return f"{abs(difference) * 100:.1f}{GAP}points {'above' if difference > 0 else 'below'}"


def points_interval(low: float | None, high: float | None) -> str:
    """`−0.4 to +2.1 points`."""
    return NONE if low is None or high is None else f"{_signed(low)} to {_signed(high)}{GAP}points"


def p_value(p: float | None) -> str:
    """`0.012`, `< 0.001`."""
    if p is None:
        return NONE
    if p < 0.001:
        return f"<{GAP}0.001"
    return "1" if p > 0.9995 else f"{p:.3f}"


def p_said(p: float | None) -> str:
    """`p = 0.012`, `p < 0.001`."""
    return f"p {p_value(p)}" if p is not None and p < 0.001 else f"p = {p_value(p)}"


def count(n: int | None) -> str:
    """`12,345`."""
    return NONE if n is None else f"{n:,}"


def period(day: str) -> str:
    """`all days`, `2021-08-01`, `2021-08-01, 23:00 to 24:00`."""
    if day == WHOLE_PERIOD:
        return "all days"
    local_day, _, hour = day.partition(" ")
    return f"{local_day}, {hour}:00 to {int(hour) + 1:02}:00" if hour else local_day


def short_day(day: str) -> str:
    """`Aug 1`."""
    return f"{date.fromisoformat(day):%b} {int(day[-2:])}"


def during(day: str) -> str:
    """`over all days`, `on 2021-08-01`."""
    return f"over {period(day)}" if day == WHOLE_PERIOD else f"on {period(day)}"


def rule(attribution: str, hours: int = ATTRIBUTION_WINDOW_HOURS) -> str:
    """Which purchases count."""
    what = "any purchase" if attribution == LATER_PURCHASE else "only the purchase of an item that was seen in it"
    return f"A user counts as a buyer with {what}, within {hours} hours after meeting the experiment."


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


# What is worth reading first.
ORDER = (WINNER, NO_EVIDENCE, MISMATCH, TOO_LITTLE, SINGLE)


def in_order_of_interest(rows: Sequence[Row]) -> list[Row]:
    """Winners first, experiments with nothing to compare last; otherwise as they were."""
    return sorted(rows, key=lambda row: ORDER.index(row["verdict"]))


def variant_of(row: Row, variant: str | None) -> Row | None:
    """A variant's part of a result."""
    return next((each for each in row["variants"] if each["variant"] == variant), None)


def title(row: Row) -> str:
    """The verdict in a line."""
    if row["verdict"] == WINNER:
        return f"Variant {row['winner']} won"
    return {
        NO_EVIDENCE: "No winner: the difference may be chance",
        TOO_LITTLE: "Too little data to say who is better",
        SINGLE: "Nothing to compare: one variant only",
        MISMATCH: f"Do not trust this comparison: the split is {'broken' if are_configured(row['experiment']) else 'not even'}",
    }[str(row["verdict"])]


def sentences(row: Row) -> list[str]:
    """What stands behind the verdict, for somebody who does not know the terms."""
    said = {WINNER: _won, NO_EVIDENCE: _open, TOO_LITTLE: _little, SINGLE: _single, MISMATCH: _broken}
    left_out = int(row["n_contaminated"])
    tail = [f"{count(left_out)} users met several variants and are left out."] if left_out else []
    return [*said[str(row["verdict"])](row), *tail]


def summary(row: Row) -> str:
    """The verdict and what stands behind it, in one line."""
    return f"{title(row)}. {' '.join(sentences(row))}"


def _won(row: Row) -> list[str]:
    return [
        f"{_rates(row)} We are {about(_best(row))} sure that it is the best.",
        f"If no variant were better, a difference like this would be rare (corrected {p_said(row['adjusted_p_value'])}).",
    ]


def _open(row: Row) -> list[str]:
    if row["leader"] is None:
        return ["The variants share the highest rate: none leads."]
    best, adjusted = _best(row), row["adjusted_p_value"]
    if best is None or best < SURE:
        said = f"{_rates(row)} We are {about(best)} sure that it is the best; {percent(SURE, 0)} is asked for."
        return [said, f"Chance alone makes differences like this too often (corrected {p_said(adjusted)})."]
    return [
        f"{_rates(row)} Looked at alone, it would be the best with {about(best)} probability.",
        f"But many experiments are tested at once, and among so many, chance alone makes differences like this "
        f"(corrected {p_said(adjusted)}; at most {SIGNIFICANT} is asked for).",
    ]


def _little(row: Row) -> list[str]:
    smallest = min(_participants(row).values(), default=0)
    buyers = sum(each["n_buyers"] for each in row["variants"])
    return [
        f"The smallest variant has {count(smallest)} users, and {count(buyers)} users bought in all; "
        f"at least {LEAST_PARTICIPANTS} users in every variant and {LEAST_BUYERS} buyers are needed."
    ]


def _single(row: Row) -> list[str]:
    met = [each["variant"] for each in row["variants"] if each["n_participants"]]
    if not met:
        return ["Every user met several variants, so that none tells anything."]
    rate = percent(variant_of(row, met[0])["conversion_rate"])  # type: ignore[index]  # it is one of the row's
    return [f"All {count(row['n_participants'])} users saw variant {met[0]}; {rate} of them bought."]


def _broken(row: Row) -> list[str]:
    participants, p = _participants(row), p_said(row["sample_ratio_p_value"])
    sizes = listed([f"{count(n)} in variant {variant}" for variant, n in participants.items()])
    odd = f"Variant {odd_one_out(row['experiment'], participants)} stands out."
    if are_configured(row["experiment"]):
        said = f"Users were not dealt to the variants as meant: {sizes} ({p})."
        return [said, odd, "Whatever broke the split may have made the difference, too."]
    return [
        f"Users were not dealt to the variants in equal shares, which are assumed because none are configured: {sizes} ({p}).",
        f"{odd} Unless users are meant to be dealt like this, whatever broke the split may have made the difference, too.",
    ]


def _participants(row: Row) -> dict[str, int]:
    """Users per variant; those that only users of several variants met are none to compare."""
    return {each["variant"]: each["n_participants"] for each in row["variants"] if each["n_participants"]}


def _rates(row: Row) -> str:
    """`12.1 % of variant B's users bought, 9.8 % of the control's (variant A).`"""
    leader, control = variant_of(row, row["leader"]), variant_of(row, row["control"])
    if leader is None or control is None:
        return ""
    is_control = leader["variant"] == control["variant"]
    name = f"variant {leader['variant']}'s" + (", the control's," if is_control else "")
    others = [each for each in row["variants"] if each["variant"] != leader["variant"] and each["n_participants"]]
    if is_control and others:
        second = max(others, key=lambda each: each["conversion_rate"])
        beside = f"{percent(second['conversion_rate'])} of variant {second['variant']}'s, the next best"
    else:
        beside = f"{percent(control['conversion_rate'])} of the control's (variant {control['variant']})"
    return f"{percent(leader['conversion_rate'])} of {name} users bought, {beside}."


def _best(row: Row) -> float | None:
    leader = variant_of(row, row["leader"])
    return leader["probability_best"] if leader else None


def _signed(difference: float) -> str:
    rounded = f"{abs(difference) * 100:.1f}"
    sign = "" if rounded == "0.0" else "+" if difference > 0 else "−"
    return f"{sign}{rounded}"
