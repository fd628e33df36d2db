"""What supporters are measured by, whatever order they come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EVERYBODY = "all supporters"
ID = "user_pseudonym"
# Column -> how much and how little of it is called.
FEATURES = {
    "lifetime_support_amount": ("great support", "little support"),
    "entitled_amount": ("pays much a month", "pays little or nothing a month"),
    "n_comments": ("comments often", "comments rarely"),
    "n_chosen_options": ("votes often", "votes rarely"),
}


def in_one_order(features: pd.DataFrame) -> pd.DataFrame:
    """By pseudonym: whatever is learned does not depend on the order in which rows come."""
    return features.sort_values(ID, ignore_index=True)[[ID, *FEATURES]]


def as_measured(features: pd.DataFrame) -> NDArray[np.float64]:
    """Logarithms of the features, (supporters, features): twice as much counts alike, wherever it begins."""
    values = np.maximum(features[list(FEATURES)].to_numpy(dtype=np.float64), 0.0)
    return np.asarray(np.log1p(values), dtype=np.float64)
