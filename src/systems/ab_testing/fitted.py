"""Draws of the variants' conversion rates, under their names: whatever made them, results follow the variant."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from systems.ab_testing.variants import in_order
from utils.errors import SettingsError

Floats = NDArray[np.float64]
KEY = ["experiment", "variant"]


@dataclass(frozen=True)
class Fitted:
    """What is known of every variant's rate in one period by one rule.

    `rates` is (chains, draws, variants): its last axis is the rows of `variants`, whatever the order of the rows that were
    given. `population` has what all experiments share, each (chains, draws), or nothing without pooling.
    """

    day: str
    attribution: str
    variants: pd.DataFrame
    rates: Floats
    population: dict[str, Floats] = field(default_factory=dict)
    n_divergences: int = 0
    seconds: float = 0.0

    @property
    def draws(self) -> Floats:
        """All chains' draws, (draws, variants)."""
        return self.rates.reshape(-1, self.rates.shape[-1])

    @property
    def experiments(self) -> dict[str, list[int]]:
        """Places of each experiment's variants on the last axis, in the variants' order."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.variants["experiment"]):
            places.setdefault(str(name), []).append(place)
        return places


def in_one_order(counts: pd.DataFrame) -> pd.DataFrame:
    """Variants with participants, by experiment and by id. `counts` has experiment, variant, n_participants and n_buyers.

    Raises SettingsError where nobody took part, or a variant stands twice: as in several periods or rules at once.
    """
    found = counts[counts["n_participants"] > 0]
    if found.empty:
        raise SettingsError("hierarchical model", "nobody took part", expected="variants with participants in the period")
    twice = found[found.duplicated(KEY)]
    if len(twice):
        name = " ".join(twice.iloc[0][KEY])
        raise SettingsError("hierarchical model", f"`{name}` stands twice", expected="rows of one period and one rule")
    place = {id_: number for number, id_ in enumerate(in_order(set(found["variant"])))}
    ordered = found.assign(_place=found["variant"].map(place)).sort_values(["experiment", "_place"])
    return ordered[[*KEY, "n_participants", "n_buyers"]].reset_index(drop=True)
