"""From who paid whom to a recommender: models compared on a later time, the winner learned again from everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from systems.payments.judging import TOP, Judgement, judge, judge_ranking, top
from systems.payments.models import MODELS, Embeddings, Ints, Matrix
from systems.payments.recommender import Recommender
from systems.payments.taste import Taste

SERVED, KNOWN = "as served", "known answer"


@dataclass(frozen=True)
class Trained:
    """A recommender and how it was chosen. `judgements`: each model's, the winner's as it is served through the index,
    and that of the known answer where there is one. All are of first payments from `split_at` on.
    """

    recommender: Recommender
    judgements: dict[str, Judgement]
    split_at: pd.Timestamp

    @property
    def winner(self) -> str:
        return self.recommender.model.name

    def table(self) -> pd.DataFrame:
        """A row per judgement, for people."""
        return pd.DataFrame([{"ranking": name, **_measures(each)} for name, each in self.judgements.items()])

    def facts(self) -> dict[str, Any]:
        """What is kept beside the files."""
        return {
            "judgements": {name: _measures(each) for name, each in self.judgements.items()},
            "split_at": str(self.split_at),
            "n_clients": len(self.recommender.clients),
            "n_companies": len(self.recommender.companies),
            "dimensions": self.recommender.index.dimensions,
            "index_size": self.recommender.index.size,
        }


def train(
    taste: Taste, popular: pd.DataFrame, known_answer: pd.DataFrame | None = None, say: Callable[[str], None] = print
) -> Trained:
    """Compare all models on a split by time; the one with the greatest recall is fitted again on all payments.

    `popular` are the ranked companies of `gold.popular_companies` among all; `known_answer` are rows (client, company_id,
    share) of what a generator planted, where there was one.
    """
    before, after, split_at = taste.split()
    say(f"{taste.paid.nnz} pairs of {len(taste.clients)} clients and {len(taste.companies)} companies, split at {split_at}")
    judgements = {}
    for name, model in MODELS.items():
        judgements[name] = judge(model.fit(before), before, after)
        say(f"{name}: recall@{TOP} {judgements[name].recall:.3f}")
    winner = max(judgements, key=lambda name: judgements[name].recall)
    judgements[SERVED] = _as_served(taste, winner, before, after)
    if known_answer is not None:
        judgements[KNOWN] = _known(taste, known_answer, before, after)
    say(f"{winner} wins; learning from everything and building the index")
    embeddings = Embeddings.fit(taste.paid).filled(taste.features())
    recommender = _recommender(taste, winner, embeddings, columns_of(taste, popular))
    return Trained(recommender, judgements, split_at)


def columns_of(taste: Taste, popular: pd.DataFrame) -> Ints:
    """Companies of a ranked list as columns of the matrix, in their order."""
    ids = taste.companies["company_id"].to_numpy()
    return np.searchsorted(ids, popular.sort_values("rank")["company_id"].to_numpy())


def _recommender(taste: Taste, winner: str, embeddings: Embeddings, popular: Ints) -> Recommender:
    model = embeddings if winner == embeddings.name else MODELS[winner].fit(taste.paid)
    return Recommender.fit(taste, model, embeddings, popular)


def _as_served(taste: Taste, winner: str, before: Matrix, after: Matrix) -> Judgement:
    """What is lost by ordering only those companies that the index names, and leaving closed ones out.

    It learns from payments before the split alone: features and popularity are of the whole window, and stay out. Which
    companies are closed is as of the window's end: nobody is served one of them.
    """
    then = replace(taste, paid=before)
    popular = np.argsort(-np.asarray(before.sum(axis=0)).ravel(), kind="stable")
    served = _recommender(then, winner, Embeddings.fit(before), popular[taste.is_open[popular]])
    return judge_ranking(SERVED, lambda rows: served.recommend(rows, TOP).companies, before, after)


def _known(taste: Taste, answer: pd.DataFrame, before: Matrix, after: Matrix) -> Judgement:
    """Of whoever knows what each client's next payment is drawn from: nobody can do better on average."""
    rows = np.searchsorted(taste.clients, answer["client"].to_numpy().astype(taste.clients.dtype))
    rows = np.minimum(rows, len(taste.clients) - 1)
    is_here = taste.clients[rows] == answer["client"].to_numpy().astype(taste.clients.dtype)
    columns = np.searchsorted(taste.companies["company_id"].to_numpy(), answer["company_id"].to_numpy())
    shape, shares = taste.paid.shape, answer["share"].to_numpy(dtype=np.float32)
    planted = sparse.csr_matrix((shares[is_here], (rows[is_here], columns[is_here])), shape=shape)
    return judge_ranking(KNOWN, lambda chosen: top(planted[chosen].toarray(), before[chosen], TOP), before, after)


def _measures(judgement: Judgement) -> dict[str, Any]:
    return {name: value for name, value in asdict(judgement).items() if name != "name"}


def read_known_answer(path: str, pseudonym: Callable[[str], str]) -> pd.DataFrame | None:
    """Rows (client, company_id, share) of a file (external_client_id, company_id, share); None for an empty path.

    Raises OSError for a file that is not there.
    """
    if not path:
        return None
    rows = pd.read_parquet(Path(path))
    names = {id_: pseudonym(id_) for id_ in rows["external_client_id"].unique()}
    return rows.assign(client=rows["external_client_id"].map(names))[["client", "company_id", "share"]]
