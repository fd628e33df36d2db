"""Models of taste over who paid whom. NumPy and SciPy, no Spark.

A model sees presence, not how often, and scores companies for a client by those that he paid; whether he paid one already
is not its affair: `judging.top` leaves those out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Matrix: TypeAlias = sparse.csr_matrix

DIMENSIONS, SEED = 128, 7
# How the embeddings' two chances are mixed; chosen once on generated data, by recall on a later time.
TEMPERATURE, NEAR_POWER, PRIOR_SHARE, SMALLEST = 0.1, 0.6, 0.2, 1e-6
# Half of the singular values goes to each side, as in word embeddings (Levy, Goldberg and Dagan 2015, TACL 3); randomised,
# since exact factors of 35,000 companies take four times as long (Halko, Martinsson and Tropp 2011, SIAM Review 53).
VALUE_POWER, COSINE_SHRINKAGE, POWER_ITERATIONS = 0.5, 20.0, 4
RIDGE = 1.0
# Weights of confidence and regularisation for implicit feedback (Hu, Koren and Volinsky 2008).
ALS_FACTORS, ALS_ALPHA, ALS_REGULARISATION, ALS_ROUNDS = 48, 20.0, 0.1, 15


class Model(Protocol):
    """Scores companies for clients whose payments are given; greater is better, scales differ between models."""

    @property
    def name(self) -> str: ...

    def scores(self, paid: Matrix) -> Floats:
        """A row per client, a column per company."""
        ...

    def reasons(self, paid: Ints, companies: Ints) -> Ints:
        """For one client: which of the companies that he paid speaks most for each of `companies`; -1 where none does."""
        ...


@dataclass(frozen=True)
class Popularity:
    """Companies by their number of clients: what anybody could recommend without a model."""

    n_clients: Floats
    name: str = "popularity"

    @classmethod
    def fit(cls, paid: Matrix) -> Popularity:
        return cls(np.asarray(paid.sum(axis=0), dtype=np.float32).ravel())

    def scores(self, paid: Matrix) -> Floats:
        return np.repeat(self.n_clients[None, :], paid.shape[0], axis=0)

    def reasons(self, paid: Ints, companies: Ints) -> Ints:
        return np.full(len(companies), -1)


@dataclass(frozen=True)
class ItemKnn:
    """How often those who paid the client's companies paid another one, too: conditional probabilities, summed.

    A cosine would divide by the root of both companies' clients and never name the large ones, which everybody pays in the
    end (Deshpande and Karypis 2004, ACM TOIS 22, compare both).
    """

    similarity: Matrix
    name: str = "item_knn"

    @classmethod
    def fit(cls, paid: Matrix, *, neighbours: int = 200, shrinkage: float = 30.0) -> ItemKnn:
        """`shrinkage` keeps companies with few clients from being sure of anything; chosen once on generated data."""
        together = _together(paid)
        cells = together.tocoo()
        chance = cells.data / (np.asarray(paid.sum(axis=0)).ravel()[cells.row] + shrinkage)
        return cls(_nearest(sparse.csr_matrix((chance, (cells.row, cells.col)), shape=together.shape), neighbours))

    def scores(self, paid: Matrix) -> Floats:
        scored: Floats = (paid @ self.similarity).toarray().astype(np.float32)
        return scored

    def reasons(self, paid: Ints, companies: Ints) -> Ints:
        return _strongest(paid, self.similarity[paid].toarray()[:, companies])


@dataclass(frozen=True)
class Embeddings:
    """A vector per company from who is paid together: the shrunk cosines, factorised.

    A client is the mean of his companies' vectors, the large ones counting less. The score mixes two chances: that he pays
    what everybody pays, and that he pays what lies near to him, by the cosine.
    """

    vectors: Floats
    weights: Floats
    prior: Floats
    name: str = "embeddings"

    @classmethod
    def fit(cls, paid: Matrix, *, dimensions: int = DIMENSIONS) -> Embeddings:
        """Companies without a common client have a zero vector, and are near to nobody."""
        from sklearn.utils.extmath import randomized_svd  # a second to import: only training pays it

        k = min(dimensions, paid.shape[1] - 1)
        u, s, _ = randomized_svd(_cosines(paid), k, n_iter=POWER_ITERATIONS, random_state=SEED)
        vectors = _unit((u * s**VALUE_POWER).astype(np.float32))
        n = np.asarray(paid.sum(axis=0)).ravel()
        return cls(vectors, (1 / np.sqrt(1 + n)).astype(np.float32), (n / max(n.sum(), 1)).astype(np.float32))

    def filled(self, features: Floats) -> Embeddings:
        """Companies that nobody shares yet get the vector that companies with such features have (ridge regression)."""
        has_vector = np.linalg.norm(self.vectors, axis=1) > 0
        known, others = features[has_vector], features[~has_vector]
        normal = known.T @ known + RIDGE * np.eye(features.shape[1], dtype=np.float32)
        vectors = self.vectors.copy()
        vectors[~has_vector] = _unit(others @ np.linalg.solve(normal, known.T @ self.vectors[has_vector]))
        return replace(self, vectors=vectors)

    def clients(self, paid: Matrix) -> Floats:
        """A unit vector per client; zero for one who paid nobody known."""
        return _unit(np.asarray(paid @ self._weighted, dtype=np.float32))

    @cached_property
    def _weighted(self) -> Floats:
        return self.vectors * self.weights[:, None]

    def scores(self, paid: Matrix) -> Floats:
        near = np.exp(self.clients(paid) @ self.vectors.T / TEMPERATURE) * (self.prior[None, :] + SMALLEST) ** NEAR_POWER
        near /= near.sum(axis=1, keepdims=True)
        mixed: Floats = PRIOR_SHARE * self.prior[None, :] + (1 - PRIOR_SHARE) * near
        return mixed

    def reasons(self, paid: Ints, companies: Ints) -> Ints:
        return _strongest(paid, self.vectors[paid] @ self.vectors[companies].T)


@dataclass(frozen=True)
class Als:
    """Factors for implicit feedback by alternating least squares, of the library `implicit`."""

    factors: Floats
    name: str = "als"

    @classmethod
    def fit(cls, paid: Matrix) -> Als:
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):  # its own threads and BLAS's would wait for each other
            model = AlternatingLeastSquares(
                factors=ALS_FACTORS, alpha=ALS_ALPHA, regularization=ALS_REGULARISATION, iterations=ALS_ROUNDS,
                random_state=SEED, num_threads=1,
            )  # fmt: skip
            model.fit(paid.astype(np.float32), show_progress=False)
        return cls(np.asarray(model.item_factors, dtype=np.float32))

    def scores(self, paid: Matrix) -> Floats:
        """A client's factors are solved from his companies, so that new clients are served without a new model."""
        gram = self.factors.T @ self.factors + ALS_REGULARISATION * np.eye(self.factors.shape[1], dtype=np.float32)
        scored = np.empty(paid.shape, dtype=np.float32)
        for row in range(paid.shape[0]):
            mine = self.factors[paid.indices[paid.indptr[row] : paid.indptr[row + 1]]]
            normal = gram + (ALS_ALPHA - 1) * mine.T @ mine
            scored[row] = self.factors @ np.linalg.solve(normal, ALS_ALPHA * mine.sum(axis=0))
        return scored

    def reasons(self, paid: Ints, companies: Ints) -> Ints:
        return _strongest(paid, self.factors[paid] @ self.factors[companies].T)


MODELS: dict[str, type[Popularity] | type[ItemKnn] | type[Embeddings] | type[Als]] = {
    model.name: model for model in (Popularity, ItemKnn, Embeddings, Als)
}


def matrix_of(clients: Sequence[int] | NDArray[Any], companies: Sequence[int] | NDArray[Any], shape: tuple[int, int]) -> Matrix:
    """Presence of (client, company) pairs; however often a pair stands there, it is 1."""
    found = sparse.csr_matrix((np.ones(len(clients), dtype=np.float32), (clients, companies)), shape=shape)
    found.data[:] = 1
    return found


def _strongest(paid: Ints, support: Floats) -> Ints:
    """Per column of `support` the paid company of its greatest row; -1 where nothing is above 0."""
    if not len(paid):
        return np.full(support.shape[1], -1)
    best = support.argmax(axis=0)
    return np.where(support.max(axis=0) > 0, paid[best], -1)


def _together(paid: Matrix) -> Matrix:
    """Clients in common per pair of companies, the diagonal left out."""
    together = (paid.T @ paid).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    return together


def _cosines(paid: Matrix) -> Matrix:
    """Common clients over the root of the product of both companies' clients; few clients count for less (COSINE_SHRINKAGE)."""
    cells = _together(paid).tocoo()
    root = np.sqrt(np.asarray(paid.sum(axis=0)).ravel() + COSINE_SHRINKAGE)
    return sparse.csr_matrix((cells.data / (root[cells.row] * root[cells.col]), (cells.row, cells.col)), shape=cells.shape)


def _nearest(similarity: Matrix, n: int) -> Matrix:
    """The n greatest of each row."""
    for row in range(similarity.shape[0]):
        data = similarity.data[similarity.indptr[row] : similarity.indptr[row + 1]]
        if len(data) > n:
            data[data < np.partition(data, -n)[-n]] = 0
    similarity.eliminate_zeros()
    return similarity


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return scaled
