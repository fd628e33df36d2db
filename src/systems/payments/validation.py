"""What a recommender must show before it takes the place of the one that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from systems.payments.judging import TOP, top
from systems.payments.models import Ints
from systems.payments.recommender import NEAR, Recommender
from systems.payments.training import SERVED
from utils.errors import CheckFailed

# How many clients are looked at, half of them those who pay most companies.
LOOKED_AT, SEED = 400, 5
LEAST_RECALL, LEAST_OVERLAP, LEAST_SIZE = 0.95, 0.7, 0.5


@dataclass(frozen=True)
class Finding:
    """One check of a candidate: what was found, what was expected, whether it holds."""

    check: str
    found: str
    expected: str
    holds: bool


def validate(candidate: Recommender, facts: Mapping[str, Any], served: Mapping[str, Any] | None) -> list[Finding]:
    """Judge a candidate as it was read back from its files; `served` are the facts of the one that is served now."""
    known = _known_clients(candidate)
    named = candidate.recommend(known, TOP)
    open_ones = np.flatnonzero(candidate.is_open)
    n_vectors = int((np.linalg.norm(candidate.embeddings.vectors[open_ones], axis=1) > 0).sum())
    clients = candidate.embeddings.clients(candidate.paid[known])
    n_near = min(NEAR, n_vectors, candidate.index.size)
    recall = candidate.index.recall(clients, candidate.embeddings.vectors, open_ones, n_near) if n_near else 0.0
    popularity, as_served = (facts["judgements"][name]["recall"] for name in ("popularity", SERVED))
    overlap = _overlap(candidate, known, named.companies)
    findings = [
        _equal("dimensions of the index", candidate.index.dimensions, candidate.embeddings.vectors.shape[1]),
        _equal("companies in the index", candidate.index.size, n_vectors),
        _at_least("recall of the index against exact search", recall, LEAST_RECALL),
        _equal("known clients without a recommendation", int((named.companies[:, 0] < 0).sum()), 0),
        _equal("recommended companies that the client pays already", _n_paid(candidate, known, named.companies), 0),
        _equal("recommended companies that are closed", _n_closed(candidate, named.companies), 0),
        _at_least(f"share of the model's own first {TOP} that is served", overlap, LEAST_OVERLAP),
        _at_least(f"recall@{TOP} on a later time, as served, against popularity's", as_served, popularity),
    ]  # fmt: skip
    if served:
        least = LEAST_SIZE * int(served["n_companies"])
        findings.append(_at_least("companies, against those of the one that is served", len(candidate.companies), least))
    return findings


def refuse_unless_valid(findings: Sequence[Finding]) -> None:
    """Raises CheckFailed, which names what does not hold."""
    wrong = [f"{each.check}: {each.found}, expected {each.expected}" for each in findings if not each.holds]
    if wrong:
        raise CheckFailed("the new recommender", "; ".join(wrong), hint="Nothing was published: the one before it is served.")


def as_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """For people."""
    return [asdict(each) for each in findings]


def _known_clients(candidate: Recommender) -> Ints:
    n = len(candidate.clients)
    busiest = np.argsort(-np.diff(candidate.paid.indptr), kind="stable")[: LOOKED_AT // 2]
    others = np.random.default_rng(SEED).choice(n, min(n, LOOKED_AT // 2), replace=False)
    return np.union1d(busiest, others)


def _n_paid(candidate: Recommender, clients: Ints, companies: Ints) -> int:
    paid = candidate.paid[clients].toarray()
    rows, places = np.nonzero(companies >= 0)
    return int(paid[rows, companies[rows, places]].sum())


def _n_closed(candidate: Recommender, companies: Ints) -> int:
    return int((~candidate.is_open[companies[companies >= 0]]).sum())


def _overlap(candidate: Recommender, clients: Ints, companies: Ints) -> float:
    scores = candidate.model.scores(candidate.paid[clients])
    own = top(np.where(candidate.is_open[None, :], scores, -np.inf), candidate.paid[clients], TOP)
    shares = [np.isin(own[row][own[row] >= 0], companies[row]).mean() for row in range(len(clients)) if (own[row] >= 0).any()]
    return float(np.mean(shares)) if shares else 1.0


def _equal(check: str, found: int, expected: int) -> Finding:
    return Finding(check, str(found), str(expected), found == expected)


def _at_least(check: str, found: float, least: float) -> Finding:
    return Finding(check, f"{found:.3f}", f"at least {least:.3f}", found >= least)
