"""The recommender that is served: the index names companies near a client, the model that won puts them in order.

What it consists of is a folder of files (`save`, `load`), which is published as a whole. Answers depend on that folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from systems.payments.config import POPULAR
from systems.payments.index import CompanyIndex
from systems.payments.judging import CLIENTS_AT_ONCE, top
from systems.payments.models import MODELS, Embeddings, Floats, Ints, Matrix, Model
from systems.payments.taste import Taste

# How many near companies and popular ones the model puts in order for a client.
NEAR = 200
FACTS, COMPANIES, CLIENTS, PAID, INDEX = "facts.json", "companies.parquet", "clients.npy", "paid.npz", "near.usearch"


@dataclass(frozen=True)
class Ranked:
    """Per client (row) companies as columns of the matrix, best first, -1 for none; their scores; and the paid company
    that speaks most for each, -1 where nothing but its popularity does.
    """

    companies: Ints
    scores: Floats
    because: Ints


@dataclass(frozen=True)
class Recommender:
    """`popular` are the columns of the open companies that most clients pay, in order."""

    clients: NDArray[np.bytes_]
    companies: pd.DataFrame
    paid: Matrix
    is_open: NDArray[np.bool_]
    popular: Ints
    model: Model
    embeddings: Embeddings
    index: CompanyIndex

    @classmethod
    def fit(cls, taste: Taste, model: Model, embeddings: Embeddings, popular: Ints) -> Recommender:
        """Build the index over all open companies that have a vector."""
        is_open = taste.is_open
        index = CompanyIndex.build(embeddings.vectors, np.flatnonzero(is_open))
        return cls(taste.clients, taste.companies, taste.paid, is_open, popular, model, embeddings, index)

    def row_of(self, pseudonym: str) -> int | None:
        """The client's row; None for one who paid nobody in the training window."""
        key = pseudonym.encode()
        row = int(np.searchsorted(self.clients, key))
        return row if row < len(self.clients) and self.clients[row] == key else None

    def company(self, column: int) -> tuple[int, str, str]:
        """Id, name and code of a column."""
        ids, names, codes = self._named
        return int(ids[column]), str(names[column]), str(codes[column])

    def reason(self, because: int) -> str:
        """Why a company is named, in a sentence: `because` is the paid company that speaks most for it, -1 if none does."""
        return f"Clients who pay {self._named[1][because]} pay it, too." if because >= 0 else "Many clients pay it."

    @cached_property
    def _named(self) -> tuple[Any, ...]:
        return tuple(self.companies[name].to_numpy() for name in ("company_id", "company_name", "company_code"))

    def recommend(self, rows: Ints, n: int, *, threads: int = 1) -> Ranked:
        """The `n` best open companies that each client has not paid yet."""
        parts = [self._recommend(rows[i : i + CLIENTS_AT_ONCE], n, threads) for i in range(0, len(rows), CLIENTS_AT_ONCE)]
        stacked = (np.vstack([getattr(part, field.name) for part in parts]) for field in fields(Ranked))
        return Ranked(*stacked)

    def _recommend(self, rows: Ints, n: int, threads: int) -> Ranked:
        paid = self.paid[rows]
        scores = self.model.scores(paid)
        is_candidate = np.zeros(scores.shape, dtype=bool)
        near = self.index.near(self.embeddings.clients(paid), NEAR, threads=threads)
        is_candidate[np.arange(len(rows))[:, None], near] = True
        is_candidate[:, self.popular[:POPULAR]] = True
        is_candidate &= self.is_open[None, :]  # -1 among the near ones marks the last company, which the model may well rank
        best = top(np.where(is_candidate, scores, -np.inf), paid, n)
        because = np.full(best.shape, -1)
        for row, companies in enumerate(best):
            mine = paid.indices[paid.indptr[row] : paid.indptr[row + 1]]
            because[row] = self.model.reasons(mine, companies)
        return Ranked(best, np.take_along_axis(scores, np.maximum(best, 0), axis=1), np.where(best < 0, -1, because))

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write everything into an empty folder; `facts` are for people and for `load`'s caller."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / CLIENTS, self.clients)
        sparse.save_npz(folder / PAID, self.paid, compressed=False)
        self.companies.assign(is_open=self.is_open, place=self._places()).to_parquet(folder / COMPANIES)
        _save_model(folder, "embeddings", self.embeddings)
        if self.model.name != "embeddings":
            _save_model(folder, self.model.name, self.model)
        self.index.save(folder / INDEX)
        (folder / FACTS).write_text(json.dumps({"model": self.model.name, **facts}, indent=2, default=str))

    def _places(self) -> Ints:
        places = np.zeros(len(self.companies), dtype=np.int64)
        places[self.popular] = np.arange(1, len(self.popular) + 1)
        return places

    @classmethod
    def load(cls, folder: Path) -> tuple[Recommender, dict[str, Any]]:
        """What `save` wrote. Raises OSError, ValueError, KeyError or RuntimeError where a file is missing or broken."""
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text())
        companies = pd.read_parquet(folder / COMPANIES)
        places = companies.pop("place").to_numpy()
        named = np.flatnonzero(places)
        embeddings = _load_model(folder, "embeddings")
        assert isinstance(embeddings, Embeddings)
        model = embeddings if facts["model"] == "embeddings" else _load_model(folder, facts["model"])
        return cls(
            np.load(folder / CLIENTS), companies, sparse.load_npz(folder / PAID), companies.pop("is_open").to_numpy(dtype=bool),
            named[np.argsort(places[named])], model, embeddings, CompanyIndex.load(folder / INDEX),
        ), facts  # fmt: skip


def _save_model(folder: Path, name: str, model: Any) -> None:
    """Its arrays: dense ones in one file, a sparse one in a file of its own."""
    values = {field.name: getattr(model, field.name) for field in fields(model) if field.name != "name"}
    for field, value in values.items():
        if sparse.issparse(value):
            sparse.save_npz(folder / f"{name}.{field}.npz", value, compressed=False)
    np.savez(folder / f"{name}.npz", **{field: value for field, value in values.items() if not sparse.issparse(value)})


def _load_model(folder: Path, name: str) -> Model:
    class_ = MODELS[name]
    with np.load(folder / f"{name}.npz") as dense:
        values: dict[str, Any] = dict(dense)
    for field in fields(class_):
        if field.name not in values and field.name != "name":
            values[field.name] = sparse.load_npz(folder / f"{name}.{field.name}.npz")
    return class_(**values)
