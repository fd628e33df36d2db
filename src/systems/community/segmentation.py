"""Are there kinds of supporters? Clusters count only where they come out again, more surely than from data without any.

For every number of clusters k-means is fitted to pairs of samples; the two must agree about who belongs together (adjusted
Rand index). The same is done with data that have the same spread and correlations and no clusters: normal ones, and even ones
in a box. A number of clusters stands where it comes out again more surely, and is farther apart, than from all of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]

COUNTS = (2, 3, 4, 5, 6)
LEAST_SUPPORTERS = 60
SAMPLE = 300  # supporters at most per sample: of very many, anything comes out again
N_PAIRS, N_NULLS = 6, 5
LEAST_AGREEMENT = 0.75


@dataclass(frozen=True)
class Stability:
    """How surely `n` clusters come out again (1: always the same), how far apart they are (silhouette), and the most of both
    that data without clusters give.
    """

    n: int
    agreement: float
    null_agreement: float
    silhouette: float
    null_silhouette: float

    @property
    def stands(self) -> bool:
        """Whether there is more to it than to data without clusters."""
        is_sure = self.agreement >= LEAST_AGREEMENT and self.agreement > self.null_agreement
        return is_sure and self.silhouette > self.null_silhouette


@dataclass(frozen=True)
class Segmentation:
    """Centres in units of standard deviations, (segments, features), the segment of the greatest first feature first.

    One centre where there are no segments. `stabilities` are empty for too few supporters to ask.
    """

    centres: Floats
    mean: Floats
    deviation: Floats
    stabilities: tuple[Stability, ...]

    def of(self, measured: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The segment of each row, from 1, and its distance to the centre."""
        away = np.linalg.norm(self.standardised(measured)[:, None, :] - self.centres[None], axis=2)
        nearest = np.argmin(away, axis=1)
        return nearest + 1, away[np.arange(len(measured)), nearest]

    def standardised(self, measured: Floats) -> Floats:
        """In standard deviations from the mean of those that were learned from."""
        scaled: Floats = (measured - self.mean) / self.deviation
        return scaled


def segmented(measured: Floats, *, seed: int = 1) -> Segmentation:
    """Find how many segments there are, and fit them. The same rows in the same order give the same segments.

    One thread adds up: with several the last digits would depend on which is done first.
    """
    with threadpool_limits(1):
        return _segmented(measured, seed)


def _segmented(measured: Floats, seed: int) -> Segmentation:
    scaler = StandardScaler().fit(measured) if len(measured) else None
    mean, deviation = (scaler.mean_, scaler.scale_) if scaler else (np.zeros(measured.shape[1]), np.ones(measured.shape[1]))
    rows = (measured - mean) / deviation
    stabilities = tuple(_stabilities(rows, seed)) if len(rows) >= LEAST_SUPPORTERS else ()
    centres = _fit(rows, chosen(stabilities), seed, n_init=20).cluster_centers_ if len(rows) else np.zeros((1, measured.shape[1]))
    order = np.lexsort(tuple(-centres[:, place] for place in reversed(range(centres.shape[1]))))
    return Segmentation(centres[order], mean, deviation, stabilities)


def chosen(stabilities: Sequence[Stability]) -> int:
    """The number that comes out again most surely of those that stand; 1 where none does."""
    standing = [each for each in stabilities if each.stands]
    return max(standing, key=lambda each: (round(each.agreement, 2), each.silhouette)).n if standing else 1


def _stabilities(rows: Floats, seed: int) -> Iterator[Stability]:
    draw = np.random.default_rng(seed)
    size = min(SAMPLE, len(rows))
    nulls = [null for _ in range(N_NULLS) for null in (_normal(rows, size, draw), _even(rows, size, draw))]
    some = rows[draw.permutation(len(rows))[: 3 * SAMPLE]]
    for n in COUNTS:
        agreement, silhouette = _measured(some, n, size, seed)
        of_nulls = [_measured(null, n, size, seed) for null in nulls]
        yield Stability(n, agreement, max(each[0] for each in of_nulls), silhouette, max(each[1] for each in of_nulls))


def _measured(rows: Floats, n: int, size: int, seed: int) -> tuple[float, float]:
    """Mean agreement of pairs of samples about all rows, and the silhouette of a fit to them."""
    draw = np.random.default_rng(seed)
    agreements = []
    for _ in range(N_PAIRS):
        one, other = (_fit(rows[draw.integers(0, len(rows), size)], n, seed).predict(rows) for _ in range(2))
        agreements.append(adjusted_rand_score(one, other))
    labels = _fit(rows, n, seed).labels_
    return float(np.mean(agreements)), float(silhouette_score(rows, labels)) if len(set(labels)) > 1 else -1.0


def _fit(rows: Floats, n: int, seed: int, n_init: int = 2) -> KMeans:
    distinct = len(np.unique(rows, axis=0))
    return KMeans(min(n, distinct), n_init=n_init, random_state=seed).fit(rows)


def _normal(rows: Floats, size: int, draw: np.random.Generator) -> Floats:
    """Normal data with the rows' mean and covariances."""
    return draw.multivariate_normal(rows.mean(axis=0), np.cov(rows.T), size)


def _even(rows: Floats, size: int, draw: np.random.Generator) -> Floats:
    """Data spread evenly over the box that holds the rows, along their principal axes."""
    middle = rows.mean(axis=0)
    axes = np.linalg.svd(rows - middle, full_matrices=False)[2]
    along = (rows - middle) @ axes.T
    box: Floats = draw.uniform(along.min(axis=0), along.max(axis=0), (size, rows.shape[1])) @ axes + middle
    return box


def stability_table(found: Segmentation) -> pd.DataFrame:
    """For people: every number of segments that was tried."""
    rows: list[dict[str, object]] = [
        {"segments": each.n, "agreement": each.agreement, "without clusters, at most": each.null_agreement,
         "silhouette": each.silhouette, "without clusters, at most ": each.null_silhouette, "stands": each.stands}
        for each in found.stabilities
    ]  # fmt: skip
    return pd.DataFrame(rows or [{"segments": f"fewer than {LEAST_SUPPORTERS} supporters: none were looked for"}]).round(3)
