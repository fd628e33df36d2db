"""Counts drawn from rates that are known: experiments around a common mean, their variants close to one another."""

from __future__ import annotations

import numpy as np
import pandas as pd

MEAN, BETWEEN, WITHIN = -2.2, 1.0, 0.25
SIZES = (5, 40, 300, 2_000, 9_000)
# Ids in an order that neither text nor number alone gives.
IDS = ("9", "10", "DEFAULT", "a")


def planted(n_experiments: int, seed: int, *, most_variants: int = 4) -> pd.DataFrame:
    """One row per variant as in `gold.variant_results`, by both rules, with the `planted` rate; in random order."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_experiments):
        effect = rng.normal(MEAN, BETWEEN)
        for id_ in rng.choice(IDS, size=rng.integers(1, most_variants + 1), replace=False):
            rate = 1 / (1 + np.exp(-rng.normal(effect, WITHIN)))
            participants = int(rng.choice(SIZES))
            for attribution in ("later_purchase", "same_item"):
                rows.append({
                    "experiment": f"area/e{number}", "variant": str(id_), "day": "whole", "period": "whole",
                    "attribution": attribution, "n_participants": participants,
                    "n_buyers": int(rng.binomial(participants, rate)), "planted": rate,
                })  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1.0, random_state=seed).reset_index(drop=True)


def of_one_rule(counts: pd.DataFrame) -> pd.DataFrame:
    return counts[counts["attribution"] == "later_purchase"]
