"""Models of taste on generated payments whose answer is known, split by time, against popularity and the planted optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from scipy import sparse

from systems.payments.judging import Judgement, judge, top
from systems.payments.models import MODELS, Popularity, matrix_of
from tideline.samples.payments.world import TASTE_SHARE, TOP_SHARE, World


@dataclass(frozen=True)
class Split:
    """Payments of 60 days: three quarters to learn from, the rest to be judged by."""

    world: World
    paid: sparse.csr_matrix
    later: sparse.csr_matrix

    @classmethod
    def of(cls, *, companies: int, clients: int, payments: int) -> Split:
        world, draw = World.of(7, companies=companies, clients=clients), np.random.default_rng(5)
        client = draw.choice(world.n_clients, payments, p=world.activity)
        company, cut = world.choose(draw, client), payments * 3 // 4
        shape = (world.n_clients, world.n_companies)
        return cls(world, matrix_of(client[:cut], company[:cut], shape), matrix_of(client[cut:], company[cut:], shape))

    @cached_property
    def judgements(self) -> dict[str, Judgement]:
        return {name: judge(model.fit(self.paid), self.paid, self.later) for name, model in MODELS.items()}


@dataclass(frozen=True)
class Planted:
    """The probabilities that the generator draws a client's next company from."""

    world: World

    def of(self, client: int) -> np.ndarray:
        share = TASTE_SHARE * self.world.taste(client) + (1 - TOP_SHARE - TASTE_SHARE) / self.world.n_companies
        np.add.at(share, self.world.habits[client], TOP_SHARE / 2)
        return share.astype(np.float32)


def recall_of_the_planted(split: Split) -> float:
    """Recall of whoever knows the generator's probabilities: nobody can do better on average."""
    new = (split.later - split.later.multiply(split.paid)).tocsr()
    new.eliminate_zeros()
    judged = np.flatnonzero((np.diff(new.indptr) > 0) & (np.diff(split.paid.indptr) > 0))
    planted, recall = Planted(split.world), 0.0
    for client in judged:
        best = top(planted.of(int(client))[None, :], split.paid[client], 10)[0]
        wanted = new.indices[new.indptr[client] : new.indptr[client + 1]]
        recall += np.isin(best, wanted).sum() / len(wanted)
    return recall / len(judged)


@pytest.fixture(scope="module")
def split() -> Split:
    return Split.of(companies=2_000, clients=15_000, payments=180_000)


def test_the_best_model_finds_twice_what_popularity_finds(split: Split) -> None:
    recalls = {name: each.recall for name, each in split.judgements.items()}
    best = max(recalls, key=lambda name: recalls[name])
    optimum = recall_of_the_planted(split)
    print(f"\n{recalls}; planted optimum {optimum:.3f}, {best} reaches {recalls[best] / optimum:.0%} of it")
    assert recalls[best] >= 2 * recalls["popularity"]
    assert recalls[best] < optimum < 1
    assert {name for name in recalls if recalls[name] > 1.5 * recalls["popularity"]} >= {"item_knn", "embeddings"}


def test_a_model_reaches_most_companies_and_popularity_a_handful(split: Split) -> None:
    assert split.judgements["popularity"].coverage < 0.02
    assert split.judgements["item_knn"].coverage > 0.5


def test_a_world_without_taste_gives_no_model_an_advantage() -> None:
    draw = np.random.default_rng(1)
    weights = draw.pareto(1.3, 500) + 0.3
    client, company = draw.integers(0, 3_000, 30_000), draw.choice(500, 30_000, p=weights / weights.sum())
    paid, later = (matrix_of(client[half], company[half], (3_000, 500)) for half in (slice(0, 20_000), slice(20_000, None)))
    popularity = judge(Popularity.fit(paid), paid, later).recall
    for name, model in MODELS.items():
        assert judge(model.fit(paid), paid, later).recall < 1.1 * popularity, name


def test_what_a_client_pays_already_is_never_recommended_and_order_is_kept() -> None:
    paid = matrix_of([0, 0, 1], [0, 2, 3], (2, 4))
    scores = np.array([[9, 1, 8, 2], [5, 5, 5, 9]], dtype=np.float32)
    assert top(scores, paid, 4).tolist() == [[3, 1, -1, -1], [0, 1, 2, -1]]


def test_recall_and_ndcg_are_those_of_the_definition() -> None:
    paid, later = matrix_of([0, 1], [0, 0], (3, 30)), matrix_of([0, 0, 1, 2], [1, 20, 0, 5], (3, 30))
    found = judge(Popularity(np.arange(30, 0, -1).astype(np.float32)), paid, later)
    # Client 0 pays 1 (rank 1) and 20 (not among ten) later; client 1 nothing new; client 2 was never seen before.
    assert found.n_clients == 1
    assert found.recall == 0.5
    assert found.ndcg == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert found.coverage == pytest.approx(10 / 30)


def test_models_are_the_same_when_fitted_again(split: Split) -> None:
    some = split.paid[:200]
    for name, model in MODELS.items():
        assert np.allclose(model.fit(split.paid).scores(some), model.fit(split.paid).scores(some), atol=1e-4), name
