"""What can be asked of payments: plain Python over the recommender in memory, no web and no Spark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from utils.pseudonyms import pseudonym_of

if TYPE_CHECKING:  # what the model needs is loaded with the model
    from systems.payments.recommender import Recommender

POPULAR = "popular"


@dataclass(frozen=True)
class RecommendedCompany:
    """`score` is the model's, comparable within an answer only; for popular companies it is null."""

    company_id: int
    company_name: str
    company_code: str
    score: float | None
    reason: str


@dataclass(frozen=True)
class Recommendations:
    """Companies in the order of their rank, best first; `fallback` says what stands in for a client's own taste."""

    recommended_companies: tuple[RecommendedCompany, ...]
    fallback: str | None


def recommend_companies(recommender: Recommender, secret: str, client_id: str, n: int) -> Recommendations:
    """Which `n` companies does a client want to pay next? Those he pays already are left out.

    `client_id` is the client's own id, `secret` the one by which ids are pseudonymised in gold. Whoever paid nobody in the
    training window gets what most clients pay.
    """
    row = recommender.row_of(pseudonym_of(secret, client_id))
    if row is None:
        return Recommendations(tuple(_company(recommender, int(c), None) for c in recommender.popular[:n]), POPULAR)
    ranked = recommender.recommend(np.array([row]), n)
    columns, scores, because = ranked.companies[0], ranked.scores[0], ranked.because[0]
    found = [
        _company(recommender, int(column), float(score), int(paid))
        for column, score, paid in zip(columns, scores, because, strict=True)
        if column >= 0
    ]
    return Recommendations(tuple(found), None)


def _company(recommender: Recommender, column: int, score: float | None, because: int = -1) -> RecommendedCompany:
    company = recommender.company(column)
    return RecommendedCompany(*company, score, recommender.reason(because))
