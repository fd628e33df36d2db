"""How models are judged: by the companies that clients pay for the first time later on. Companies already paid never count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from systems.payments.models import Floats, Ints, Matrix, Model

TOP = 10
# Clients are scored so many at a time, so that memory does not grow with their number.
CLIENTS_AT_ONCE = 500
MOST_JUDGED, SEED = 5_000, 3


@dataclass(frozen=True)
class Judgement:
    """How a model does on payments that it did not see: means over clients who paid a new company later.

    `recall`: share of the new companies among the first TOP; `ndcg`: the same with their rank; `coverage`: share of all companies
    that is recommended to anybody.
    """

    name: str
    recall: float
    ndcg: float
    coverage: float
    n_clients: int


def judge(model: Model, paid: Matrix, later: Matrix) -> Judgement:
    """Judge a model that was fitted on `paid` by the new companies of `later`; rows and columns are the same."""
    return judge_ranking(model.name, lambda rows: top(model.scores(paid[rows]), paid[rows], TOP), paid, later)


def judge_ranking(name: str, ranked: Callable[[Ints], Ints], paid: Matrix, later: Matrix) -> Judgement:
    """Judge whatever names TOP companies, best first, for the clients of given rows; -1 names none.

    Of more than MOST_JUDGED clients a seeded sample is judged.
    """
    new = (later - later.multiply(paid)).tocsr()
    new.eliminate_zeros()
    judged = np.flatnonzero((np.diff(new.indptr) > 0) & (np.diff(paid.indptr) > 0))
    if len(judged) > MOST_JUDGED:
        judged = np.sort(np.random.default_rng(SEED).choice(judged, MOST_JUDGED, replace=False))
    gains = 1 / np.log2(np.arange(2, TOP + 2))
    recall = ndcg = 0.0
    seen: set[int] = set()
    for first in range(0, len(judged), CLIENTS_AT_ONCE):
        rows = judged[first : first + CLIENTS_AT_ONCE]
        companies_of = ranked(rows)
        seen.update(int(company) for company in np.unique(companies_of))
        for row, companies in zip(rows, companies_of, strict=True):
            wanted = new.indices[new.indptr[row] : new.indptr[row + 1]]
            hits = np.isin(companies, wanted)
            recall += hits.sum() / len(wanted)
            ndcg += (hits * gains[: len(hits)]).sum() / gains[: min(len(wanted), TOP)].sum()
    n = max(1, len(judged))
    return Judgement(name, float(recall / n), float(ndcg / n), len(seen - {-1}) / paid.shape[1], len(judged))


def top(scores: Floats, paid: Matrix, n: int) -> Ints:
    """The `n` best companies per client, best first, without those that he paid; ties go to the smaller column.

    -1 where a client has fewer; a score of minus infinity is none.
    """
    open_to = scores.astype(np.float64)
    open_to[np.repeat(np.arange(paid.shape[0]), np.diff(paid.indptr)), paid.indices] = -np.inf
    n = min(n, open_to.shape[1])
    least = -np.partition(-open_to, n - 1, axis=1)[:, n - 1]
    rows, companies = np.nonzero((open_to >= least[:, None]) & ~np.isneginf(open_to))
    order = np.lexsort((companies, -open_to[rows, companies], rows))
    rows, companies = rows[order], companies[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    best = np.full((len(open_to), n), -1)
    best[rows[rank < n], rank[rank < n]] = companies[rank < n]
    return best
