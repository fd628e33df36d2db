"""Who won: one verdict per experiment, from the counts of its variants in one period by one rule of attribution.

Verdicts are tried in this order:
`single variant`         one variant at most has participants who met no other;
`sample ratio mismatch`  users were not dealt to the variants as meant, equally where no shares are configured, so that the
                         difference may be the dealing's;
`too little data`        a variant has too few participants, or all have too few buyers;
`winner`                 chance alone is unlikely, after adjusting for all experiments of the period, and one variant is
                         surely the best;
`no evidence`            anything else: equal rates among it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from systems.ab_testing.config import (
    BROKEN_SPLIT,
    LEAST_BUYERS,
    LEAST_PARTICIPANTS,
    SIGNIFICANT,
    SURE,
)
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.significance import adjusted, difference_of_rates, sample_ratio
from systems.ab_testing.splits import shares_of
from systems.ab_testing.variants import control_of, in_order

WINNER, NO_EVIDENCE, TOO_LITTLE = "winner", "no evidence", "too little data"
SINGLE, MISMATCH = "single variant", "sample ratio mismatch"
VERDICTS = (WINNER, NO_EVIDENCE, TOO_LITTLE, SINGLE, MISMATCH)
# Experiments with these in common are judged together: their p-values are one family.
FAMILY = ("day", "period", "attribution", "attribution_window_hours")
# What is told of each variant besides how it compares, as counted.
COUNTED = (
    "n_participants", "n_buyers", "n_purchases", "conversion_rate", "conversion_low", "conversion_high",
    "n_participants_all", "n_buyers_all", "n_purchases_all",
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """What is known of a variant beside the others; the difference is its rate minus the control's, null for the control.

    The bounds hold 95 % of the posterior or more: where a handful of users leave the difference itself outside, they reach it.
    """

    variant: str
    probability_best: float
    expected_loss: float
    difference: float | None
    difference_low: float | None
    difference_high: float | None


def judge_family(counts: pd.DataFrame) -> pd.DataFrame:
    """Rows of `gold.experiment_results` from all rows of `gold.variant_results` of one period and rule."""
    users = counts.groupby("experiment", as_index=False)["n_users"].first()
    found = judge(counts).drop(columns="n_least").merge(users, on="experiment")
    found["n_contaminated"] = found["n_users"] - found["n_participants"]
    compared = {
        name: {each["variant"]: each for each in variants}
        for name, variants in zip(found["experiment"], found["variants"], strict=True)
    }
    variants = [_with_counts(rows, compared[name]) for name, rows in counts.groupby("experiment", sort=True)]
    return found.assign(variants=pd.Series(variants, index=found.index), **{name: counts[name].iloc[0] for name in FAMILY})


def _with_counts(rows: pd.DataFrame, compared: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Every variant by id, those too that only contaminated users met: they have counts, and nothing to compare."""
    counted = {str(row["variant"]): {name: row[name] for name in COUNTED} for row in rows.to_dict("records")}
    return [{"variant": each, **counted[each], **compared.get(each, {})} for each in in_order(list(counted))]


def judge(counts: pd.DataFrame) -> pd.DataFrame:
    """One row per experiment from one row per experiment and variant, all of one period and one rule of attribution.

    `counts` has experiment, variant, n_participants and n_buyers; its order plays no part. p-values are adjusted over all
    experiments in it that have one.
    """
    measured = [_measured(str(name), rows) for name, rows in counts.groupby("experiment", sort=True)]
    tested = [each for each in measured if each["p_value"] is not None]
    for each, value in zip(tested, adjusted([each["p_value"] for each in tested]), strict=True):
        each["adjusted_p_value"] = float(value)
    for each in measured:
        each["verdict"] = _verdict(each)
        each["winner"] = each["leader"] if each["verdict"] == WINNER else None
    return pd.DataFrame(measured)


def _measured(experiment: str, rows: pd.DataFrame) -> dict[str, Any]:
    """All of an experiment but what depends on the others."""
    counts = {
        str(variant): (int(n), int(bought))
        for variant, n, bought in zip(rows["variant"], rows["n_participants"], rows["n_buyers"], strict=True)
        if n > 0
    }
    variants = in_order(list(counts))
    participants, buyers = [counts[each][0] for each in variants], [counts[each][1] for each in variants]
    compared = _compared(experiment, variants, buyers, participants)
    leader = _leader(variants, buyers, participants)
    leads = next((each for each in compared if each.variant == leader), None)
    tested = difference_of_rates(buyers, participants)
    shares = shares_of(experiment, variants)
    return {
        "experiment": experiment,
        "control": control_of(experiment, variants) if variants else None,
        "n_variants": len(variants),
        "n_participants": sum(participants),
        "n_buyers": sum(buyers),
        "n_least": min(participants, default=0),
        "leader": leader,
        "method": tested.method if tested else None,
        "p_value": tested.p_value if tested else None,
        "adjusted_p_value": None,
        "sample_ratio_p_value": sample_ratio(participants, shares) if len(variants) > 1 else None,
        "probability_best": leads.probability_best if leads else None,
        "expected_loss": leads.expected_loss if leads else None,
        "variants": [asdict(each) for each in compared],
    }


def _compared(experiment: str, variants: list[str], buyers: list[int], participants: list[int]) -> list[Compared]:
    if not variants:
        return []
    rates = Posteriors.of(buyers, participants)
    best, losses = rates.probability_best(), rates.expected_loss()
    control = variants.index(control_of(experiment, variants))
    found = []
    for place, variant in enumerate(variants):
        bounds: tuple[float | None, float | None] = (None, None)
        difference = None
        if place != control:
            difference = buyers[place] / participants[place] - buyers[control] / participants[control]
            low, high = rates.difference(place, control)
            bounds = min(low, difference), max(high, difference)
        found.append(Compared(variant, float(best[place]), float(losses[place]), difference, *bounds))
    return found


def _leader(variants: list[str], buyers: list[int], participants: list[int]) -> str | None:
    """The variant with the highest rate; None where two share it, compared as fractions, or where one stands alone."""
    highest = [
        variant
        for variant, bought, of in zip(variants, buyers, participants, strict=True)
        if all(bought * other_of >= other * of for other, other_of in zip(buyers, participants, strict=True))
    ]
    return highest[0] if len(highest) == 1 and len(variants) > 1 else None


def _verdict(measured: dict[str, Any]) -> str:
    if measured["n_variants"] < 2:
        return SINGLE
    if measured["sample_ratio_p_value"] < BROKEN_SPLIT and measured["n_participants"] >= 2 * LEAST_PARTICIPANTS:
        return MISMATCH
    if measured["n_least"] < LEAST_PARTICIPANTS or measured["n_buyers"] < LEAST_BUYERS:
        return TOO_LITTLE
    if measured["leader"] is None or measured["p_value"] is None:
        return NO_EVIDENCE
    is_clear = measured["adjusted_p_value"] <= SIGNIFICANT and measured["probability_best"] >= SURE
    return WINNER if is_clear else NO_EVIDENCE
