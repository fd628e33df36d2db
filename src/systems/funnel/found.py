"""Gold: the breaks that the detector found, published by its notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from engine.checks import Check
from engine.spec import Column, Published
from systems.funnel.breaks import ALARMS, EVERYBODY, Break, Series, find_breaks
from systems.funnel.config import CLOSED
from systems.funnel.explain import Explanation, explain
from systems.funnel.series import Family

RATES, MIX = "rates", "mix"


def funnel_breaks(families: Sequence[Family]) -> pd.DataFrame:
    """A row per break of every funnel, the surest first; the declared columns also where nothing changed."""
    rows = [row for family in families for row in _rows(family)]
    return pd.DataFrame(rows, columns=FUNNEL_BREAKS.column_names)


def _rows(family: Family) -> list[dict[str, object]]:
    steps = family.funnel.names
    found = sorted(
        find_breaks(family.series),
        key=lambda each: (each.p_value, -abs(each.change), steps.index(each.step), each.dimension, each.value, each.day),
    )
    rows: list[dict[str, object]] = []
    for rank, each in enumerate(found, start=1):
        number = steps.index(each.step) + 1
        why = _why(family, each, [other for other in found if other.step == each.step]) if each.dimension == EVERYBODY else {}
        place = {"funnel": family.funnel.name, "counting": CLOSED, "step_number": number, "next_step": steps[number]}
        rows.append({**place, "rank": rank, **asdict(each), **why})
    return rows


def _why(family: Family, each: Break, of_step: Sequence[Break]) -> dict[str, object]:
    """What explains a break of everybody's rate, from the days between its neighbours; empty where no dimension does."""
    of_all = [other for other in of_step if other.dimension == EVERYBODY]
    everybody, parts = family.everybody[each.step], family.parts[each.step]
    days = list(everybody.days)
    at, others = days.index(each.day), [days.index(other.day) for other in of_all]
    first = max((place for place in others if place < at), default=0)
    last = min((place for place in others if place > at), default=len(days))
    within = {name: [series.part(first, last) for series in values] for name, values in parts.items()}
    best = _best(explain(each, everybody.part(first, last), within))
    if best is None:
        return {}
    values, at = within[best.dimension], at - first
    return {
        "explained_by": best.dimension,
        "explained_as": RATES if best.explains else MIX,
        "explained_p_value": best.p_value,
        "mix_share": best.mix_share,
        "moved": _moved_rates(best, values, at, of_step) if best.explains else _moved_shares(values, at),
    }


def _best(explanations: Sequence[Explanation]) -> Explanation | None:
    """The dimension whose values changed differently, the surest first; else the one whose mix of people changed most."""
    by_rates = [each for each in explanations if each.explains]
    by_mix = sorted((each for each in explanations if each.is_mix), key=lambda each: -each.mix_share)
    return next(iter([*by_rates, *by_mix]), None)


def _moved_rates(best: Explanation, values: Sequence[Series], at: int, of_step: Sequence[Break]) -> str:
    """The values that moved, the greatest change first: those with a break of their own, if any has one."""
    counts = {each.value: (each.reached, each.went_on) for each in values}
    sure = {other.value for other in of_step if other.dimension == best.dimension} & set(best.moved)
    said = []
    for value in sorted(sure or best.moved, key=lambda value: (-abs(best.moved[value]), value)):
        n, x = counts[value]
        said.append(_from_to(value, x[:at].sum() / n[:at].sum(), x[at:].sum() / n[at:].sum()))
    return "; ".join(said)


def _moved_shares(values: Sequence[Series], at: int) -> str:
    before, after = ({each.value: each.reached[side].sum() for each in values} for side in (slice(at), slice(at, None)))
    shares = {value: (before[value] / sum(before.values()), after[value] / sum(after.values())) for value in before}
    ordered = sorted(shares, key=lambda value: (-abs(shares[value][1] - shares[value][0]), value))
    return "; ".join(_from_to(f"share of {value}", *shares[value]) for value in ordered)


def _from_to(what: str, before: float, after: float) -> str:
    return f"{what} from {100 * before:.1f} % to {100 * after:.1f} %"


FUNNEL_BREAKS = Published(
    build=funnel_breaks,
    inputs=["silver.dim_user", "silver.fct_step_visit"],
    key=["funnel", "counting", "step_number", "dimension", "value", "day"],
    grain="one row per funnel, step, kind of user and day on which a rate changed; none where nothing did",
    columns=[
        Column("funnel", "string", "Funnel."),
        Column("counting", "string", "closed: only there those who go on are some of those who were at the step."),
        Column("step_number", "int", "Place of the step, from 1."),
        Column("step", "string", "Step that people were at."),
        Column("next_step", "string", "Step that they went on to, or not."),
        Column("dimension", "string", "device, sex or channel; everybody for all people."),
        Column("value", "string", "Its value; everybody for all people."),
        Column("day", "date", "First day of the new rate, the likeliest."),
        Column("earliest", "date", "First of the days that are likely with 95 % confidence."),
        Column("latest", "date", "Last of them."),
        Column("rate_before", "double", "Went on per person at the step, 0 to 1, since the series' break before it."),
        Column("rate_after", "double", "The same from `day` until the series' next break."),
        Column("change", "double", "rate_after - rate_before."),
        Column("change_low", "double", "Lower end of its 95 % interval."),
        Column("change_high", "double", "Upper end."),
        Column("p_value", "double", "Corrected (Holm) for all series of the funnel: steps x (everybody and values)."),
        Column("rank", "int", "Place in the funnel, from 1: the least p_value first, then the greatest change."),
        Column("explained_by", "string", "Dimension that explains everybody's break; null where none does, or of a value."),
        Column("explained_as", "string", "rates: its values changed differently; mix: other people came. Else null."),
        Column("explained_p_value", "double", "Corrected p that all its values changed alike; null where explained_by is."),
        Column("mix_share", "double", "Share of the change that comes from another mix of its values; null likewise."),
        Column("moved", "string", "Values whose own rate changed, or the shares of values, before and after; null likewise."),
    ],
    checks=[
        Check("a break is sure", f"p_value < {ALARMS}", "fail"),
        Check("a rate is a share", "rate_before BETWEEN 0 AND 1 AND rate_after BETWEEN 0 AND 1", "fail"),
        Check("the day is one of the likely ones", "day BETWEEN earliest AND latest", "fail"),
    ],
)
