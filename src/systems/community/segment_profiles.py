"""What a segment of supporters is like, in numbers and in a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from systems.community.supporter_measures import EVERYBODY, FEATURES, as_measured, in_one_order

if TYPE_CHECKING:
    from systems.community.segmentation import Floats, Segmentation

TELLING = 0.5  # standard deviations from all supporters, from which a feature is worth a name
MOST_WORDS = 2


def names_of(found: Segmentation) -> list[str]:
    """A name per segment, from what differs most; segments that would share a name get their number behind it."""
    if len(found.centres) == 1:
        return [EVERYBODY]
    names = [_name(centre) for centre in found.centres]
    return [f"{name} ({number})" if names.count(name) > 1 else name for number, name in enumerate(names, start=1)]


def _name(centre: Floats) -> str:
    """Centres are differences from the mean of all supporters already, in standard deviations."""
    told = sorted(zip(FEATURES.values(), centre, strict=True), key=lambda each: -abs(each[1]))
    telling = [much if value > 0 else little for (much, little), value in told if abs(value) >= TELLING]
    return ", ".join(telling[:MOST_WORDS]) or "like most supporters"


def profiles_of(features: pd.DataFrame, found: Segmentation) -> pd.DataFrame:
    """Rows (segment, segment_name, feature, n_supporters, share, mean, median, difference)."""
    rows = in_one_order(features)
    measured = as_measured(rows)
    segment, _ = found.of(measured)
    names, scaled = names_of(found), pd.DataFrame(found.standardised(measured), columns=list(FEATURES))
    profiles = [
        {"segment": int(number), "segment_name": names[number - 1], "feature": name, "n_supporters": len(mine),
         "share": len(mine) / len(rows), "mean": float(mine[name].mean()), "median": float(mine[name].median()),
         "difference": float(scaled.loc[mine.index, name].mean())}
        for number, mine in ((n, rows[segment == n]) for n in np.unique(segment)) for name in FEATURES
    ]  # fmt: skip
    columns = ["segment", "segment_name", "feature", "n_supporters", "share", "mean", "median", "difference"]
    return pd.DataFrame(profiles, columns=columns)


def profile_table(profiles: pd.DataFrame) -> pd.DataFrame:
    """For people: a row per segment, with the median of each feature."""
    if profiles.empty:
        return pd.DataFrame([{"segment": "there are no supporters yet"}])
    wide = profiles.pivot_table(index=["segment", "segment_name", "n_supporters"], columns="feature", values="median")
    return wide[list(FEATURES)].add_prefix("median ").reset_index()
