"""What explains a break of everybody's rate: which dimension's values changed differently, or came in another mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from systems.funnel.breaks import ALARMS, Break, Series, holm


@dataclass(frozen=True)
class Explanation:
    """How far a dimension explains a break of everybody's rate; ranked by `p_value`, the least first.

    `p_value` (corrected over the dimensions) is of the hypothesis that all values changed alike. `mix_share` is the share of
    the change that comes from another mix of people, the rest from rates within values; `moved` are the values whose
    own rate changed, with their change.
    """

    dimension: str
    p_value: float
    mix_share: float
    moved: Mapping[str, float]

    @property
    def explains(self) -> bool:
        """Whether values changed differently, which chance does not account for."""
        return self.p_value < ALARMS

    @property
    def is_mix(self) -> bool:
        """Whether most of the change comes from other people, not from people who act otherwise."""
        return self.mix_share > 0.5


def explain(found: Break, everybody: Series, by_dimension: Mapping[str, Sequence[Series]]) -> list[Explanation]:
    """How far each dimension explains a break, best first; `by_dimension` holds a series per value of the same step."""
    at = list(everybody.days).index(found.day)
    raw = [(name, *_apart(at, values)) for name, values in by_dimension.items()]
    corrected = holm([p_value for _, p_value, _, _ in raw])
    explanations = [
        Explanation(name, p_value, mix, moved) for (name, _, mix, moved), p_value in zip(raw, corrected, strict=True)
    ]
    return sorted(explanations, key=lambda each: each.p_value)


def _apart(at: int, values: Sequence[Series]) -> tuple[float, float, dict[str, float]]:
    """(p that all values changed alike, share of the mix, values that moved) at a day; Cochran's Q on the changes."""
    n = np.array([[series.reached[:at].sum(), series.reached[at:].sum()] for series in values], dtype=float)
    x = np.array([[series.went_on[:at].sum(), series.went_on[at:].sum()] for series in values], dtype=float)
    known = [int(place) for place in np.flatnonzero((n > 0).all(axis=1))]
    n, x, names = n[known], x[known], [values[place].value for place in known]
    if len(names) < 2:
        return 1.0, 0.0, {}
    # Half a person added to both outcomes keeps variances above zero (Agresti and Caffo 2000).
    rate = (x + 0.5) / (n + 1)
    change, variance = rate[:, 1] - rate[:, 0], (rate * (1 - rate) / (n + 1)).sum(axis=1)
    common = (change / variance).sum() / (1 / variance).sum()
    q = float(((change - common) ** 2 / variance).sum())
    share = n / n.sum(axis=0)
    by_mix = float(((share[:, 1] - share[:, 0]) * rate.mean(axis=1)).sum())
    by_rate = float((share.mean(axis=1) * change).sum())
    p_values = holm([float(p) for p in 2 * stats.norm.sf(np.abs(change) / np.sqrt(variance))])
    moved = {name: float(d) for name, d, p in zip(names, change, p_values, strict=True) if p < ALARMS}
    whole = abs(by_mix) + abs(by_rate)
    return float(stats.chi2.sf(q, len(names) - 1)), abs(by_mix) / whole if whole else 0.0, moved
