"""The index of near companies: vectors in a graph (HNSW) of the library usearch, and how good it is against exact search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from usearch.index import BatchMatches, Index

from systems.payments.models import Floats, Ints

# Links per company and how widely the graph is searched: more is surer and slower. Chosen on 35,000 companies, where
# these find 98 % of the 200 nearest in less than a millisecond.
CONNECTIVITY, WIDTH_OF_BUILD, WIDTH_OF_SEARCH = 32, 256, 300


@dataclass(frozen=True)
class CompanyIndex:
    """Finds the companies (columns of the matrix) whose vectors are near a client's, by the cosine."""

    graph: Index

    @classmethod
    def build(cls, vectors: Floats, companies: Ints) -> CompanyIndex:
        """Of the given companies; those without a direction are left out. One thread: the same graph every time."""
        graph = Index(
            ndim=vectors.shape[1], metric="cos", dtype="f32", connectivity=CONNECTIVITY,
            expansion_add=WIDTH_OF_BUILD, expansion_search=WIDTH_OF_SEARCH,
        )  # fmt: skip
        kept = companies[np.linalg.norm(vectors[companies], axis=1) > 0]
        graph.add(kept.astype(np.uint64), vectors[kept], threads=1)
        return cls(graph)

    @classmethod
    def load(cls, path: Path) -> CompanyIndex:
        """From a file, into memory. Raises RuntimeError where it is none."""
        found = Index.restore(str(path))
        if found is None:
            raise RuntimeError(f"{path}: not an index")
        found.expansion_search = WIDTH_OF_SEARCH  # type: ignore[misc]  # no part of the file; its setter has no stub
        return cls(found)

    def save(self, path: Path) -> None:
        self.graph.save(str(path))

    @property
    def size(self) -> int:
        return len(self.graph)

    @property
    def dimensions(self) -> int:
        return int(self.graph.ndim)

    def near(self, vectors: Floats, n: int, *, threads: int = 1) -> Ints:
        """The `n` nearest companies of each vector, nearest first; -1 where there are fewer."""
        found = self.graph.search(vectors, min(n, self.size), threads=threads)
        keys = np.asarray(found.keys).astype(np.int64)
        if isinstance(found, BatchMatches):
            return np.where(np.arange(keys.shape[1])[None, :] < np.asarray(found.counts)[:, None], keys, -1)
        return keys[None, :]  # a single one comes as it is

    def recall(self, vectors: Floats, of_companies: Floats, companies: Ints, n: int) -> float:
        """Share of the `n` truly nearest of `companies` that the index finds, over the given clients' vectors."""
        near = vectors @ of_companies[companies].T
        exact = companies[np.argsort(-near, axis=1, kind="stable")[:, :n]]
        found = self.near(vectors, n)
        return float(np.mean([np.isin(exact[row], found[row]).mean() for row in range(len(vectors))]))
