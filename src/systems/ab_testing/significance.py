"""Could chance alone explain the difference? p-values of variants' counts, and of how users were dealt to variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Ints = NDArray[np.int64]

CHI_SQUARE, FISHER, EXACT, SAMPLED = "chi-square", "fisher exact", "exact permutation", "sampled permutation"
# Below this expected number of buyers (or of others) in a cell, chi-square's distribution is only roughly the true one.
LEAST_EXPECTED = 5
# Above this skewness of a variant's buyers, chi-square's tail is too thin: of 20 experiments without effect whose users are
# dealt 33 to 1, one won in 7.5 % of all families instead of 5 %. Exact tests hold 5 % at any split; chi-square below this lies
# within 0.3 points of it.
MOST_SKEWED = 0.05
# Tables that are looked at one by one; where there are more, so many permutations are drawn, always the same ones.
MOST_TABLES, DRAWS, SEED = 200_000, 200_000, 20210801
# Tables as likely as the observed one count as extreme, though the two numbers differ in their last digits.
AS_LIKELY = 1 + 1e-9


@dataclass(frozen=True)
class Significance:
    """How likely a table at least as extreme is where all variants convert alike, and how that was found out."""

    p_value: float
    method: str


def difference_of_rates(buyers: Sequence[int], participants: Sequence[int]) -> Significance | None:
    """Whether any variant converts unlike the others; None where nobody bought, or everybody, or one variant stands alone.

    Pearson's chi-square without correction; where an expected cell is under 5, or an uneven split makes a variant's buyers
    skewed, the exact test that holds both margins (Fisher for two variants, Freeman and Halton 1951 for more): the mass of all
    tables that are no likelier than the observed.
    """
    bought, took_part = np.asarray(buyers, dtype=np.int64), np.asarray(participants, dtype=np.int64)
    share = bought.sum() / max(int(took_part.sum()), 1)
    if len(bought) < 2 or share in (0.0, 1.0):
        return None
    expected = np.stack([took_part * share, took_part * (1 - share)])
    if _least_expected(bought, took_part) >= LEAST_EXPECTED and _skewness(bought, took_part) <= MOST_SKEWED:
        observed = np.stack([bought, took_part - bought])
        statistic = float(((observed - expected) ** 2 / expected).sum())
        return Significance(float(special.chdtrc(len(bought) - 1, statistic)), CHI_SQUARE)
    return _exact(bought, took_part)


def _least_expected(bought: Ints, took_part: Ints) -> Fraction:
    """Exact, so that an expected count of five is not 4.999."""
    n_bought, n = int(bought.sum()), int(took_part.sum())
    return Fraction(int(took_part.min()) * min(n_bought, n - n_bought), n)


def _skewness(bought: Ints, took_part: Ints) -> float:
    """The hypergeometric distribution's, of the most skewed variant's number of buyers: none for two variants of one size."""
    n, n_bought = float(took_part.sum()), float(bought.sum())
    spread = np.sqrt(took_part * (n - took_part) * n_bought * (n - n_bought))
    skewness = (n - 2 * n_bought) * (n - 2 * took_part) * np.sqrt(n - 1) / (spread * (n - 2))
    return float(np.abs(skewness).max())


def _exact(bought: Ints, took_part: Ints) -> Significance:
    tables = _tables(took_part, int(bought.sum()))
    method = FISHER if len(bought) == 2 else EXACT
    if tables is not None:
        weight = _log_weight(tables, took_part)
        likely = np.exp(weight - weight.max())
        extreme = weight <= _log_weight(bought[None, :], took_part)[0] + np.log(AS_LIKELY)
        return Significance(float(min(likely[extreme].sum() / likely.sum(), 1.0)), method)
    drawn = np.random.default_rng(SEED).multivariate_hypergeometric(took_part, int(bought.sum()), size=DRAWS)
    extreme = _log_weight(drawn, took_part) <= _log_weight(bought[None, :], took_part)[0] + np.log(AS_LIKELY)
    return Significance(float((extreme.sum() + 1) / (DRAWS + 1)), SAMPLED)


def _log_weight(tables: Ints, took_part: Ints) -> NDArray[np.float64]:
    """Logarithm of the number of ways in which each row of buyers per variant comes about."""
    return np.asarray(
        (special.gammaln(took_part + 1) - special.gammaln(tables + 1) - special.gammaln(took_part - tables + 1)).sum(axis=1)
    )


def _tables(took_part: Ints, n_bought: int) -> Ints | None:
    """Every way in which the buyers fall on the variants, a row each; None where there are too many."""
    found: Ints = np.zeros((1, 0), dtype=np.int64)
    for place, size in enumerate(took_part[:-1]):
        left = n_bought - found.sum(axis=1)
        rest = int(took_part[place + 1 :].sum())
        low, high = np.maximum(left - rest, 0), np.minimum(left, size)
        counts = high - low + 1
        if int(counts.sum()) > MOST_TABLES:
            return None
        rows = np.repeat(np.arange(len(found)), counts)
        steps = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        found = np.column_stack([found[rows], low[rows] + steps])
    return np.column_stack([found, n_bought - found.sum(axis=1)])


def sample_ratio(participants: Sequence[int], shares: Sequence[float]) -> float:
    """p-value of the participants under the shares in which users are meant to be dealt: Pearson's chi-square.

    Few users give the exact multinomial no better answer than this one to the question that matters: is the split broken?
    """
    observed, wanted = np.asarray(participants, dtype=float), np.asarray(shares, dtype=float)
    expected = observed.sum() * wanted / wanted.sum()
    return float(special.chdtrc(len(observed) - 1, ((observed - expected) ** 2 / expected).sum()))


def adjusted(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values of a family, adjusted by Benjamini and Hochberg (1995): the share of false discoveries at each threshold."""
    values = np.asarray(p_values, dtype=float)
    return np.asarray(stats.false_discovery_control(values, method="bh")) if len(values) else values
