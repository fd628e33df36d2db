"""Is a comment glad or not, and does it suggest something? Logistic regression over stretches of letters.

Letters and not words: the same model serves languages with and without spaces, and a mistyped word keeps most of its
stretches. Texts go in as they were written: without stop words the mood is told worse (macro-F1 0.72 instead of 0.77 on
the sample). One vector serves both questions. How strictly each is held back is chosen by cross-validation. Nothing is
random: the same labels in the same order give the same model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.multiclass import OneVsRestClassifier
from threadpoolctl import threadpool_limits

from systems.community.near_duplicates import groups_of

SENTIMENT, SUGGESTION = "sentiment", "is_suggestion"
TARGETS = (SENTIMENT, SUGGESTION)
LETTERS, LEAST_TEXTS = (2, 5), 2
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
INNER_FOLDS, SEED = 3, 1
FILE = "classifier.joblib"
ANSWERS = [SENTIMENT, "sentiment_score", SUGGESTION, "suggestion_score"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CommentClassifier:
    """A trained classifier: one vector of letters, one regression per question."""

    vectoriser: TfidfVectorizer
    heads: dict[str, OneVsRestClassifier]
    strengths: dict[str, float]

    def classify(self, bodies: Sequence[str]) -> pd.DataFrame:
        """`ANSWERS` per text, in order: the likeliest mood with its probability, and the probability of a suggestion."""
        if not len(bodies):
            return pd.DataFrame({name: [] for name in ANSWERS})
        vectors = self.vectoriser.transform(bodies)
        moods = self.heads[SENTIMENT].predict_proba(vectors)
        suggests = self.heads[SUGGESTION].predict_proba(vectors)[:, 1]
        values = (self.heads[SENTIMENT].classes_[moods.argmax(axis=1)], moods.max(axis=1), suggests > 0.5, suggests)
        return pd.DataFrame(dict(zip(ANSWERS, values, strict=True)))

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides an answer: two classifiers that answer alike have the same."""
        words = sorted((word, int(place)) for word, place in self.vectoriser.vocabulary_.items())
        digest = hashlib.sha256(json.dumps(words, ensure_ascii=False).encode())
        digest.update(np.round(self.vectoriser.idf_, 9).tobytes())
        for target in TARGETS:
            for each in self.heads[target].estimators_:
                digest.update(np.round(np.append(each.coef_, each.intercept_), 9).tobytes())
        return digest.hexdigest()[:16]

    def save(self, folder: Path) -> Path:
        """Write the file that `load` reads; gives its path."""
        path = folder / FILE
        joblib.dump({"vectoriser": self.vectoriser, "heads": self.heads, "strengths": self.strengths}, path)
        return path

    @classmethod
    def load(cls, path: Path) -> CommentClassifier:
        return cls(**joblib.load(path))


def trained(labels: pd.DataFrame, groups: Ints | None = None) -> CommentClassifier:
    """Learn from labels (body, sentiment, is_suggestion); `groups` are the near duplicates, where they are known already."""
    groups = groups_of(labels["body"].tolist()) if groups is None else groups
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=LETTERS, min_df=LEAST_TEXTS, sublinear_tf=True)
    vectors = vectoriser.fit_transform(labels["body"])
    answers = {target: labels[target].to_numpy() for target in TARGETS}
    # One thread: the solver's vectors are small, and several threads spend ten times the time waiting for one another.
    with threadpool_limits(1):
        strengths = {target: _best_strength(vectors, answers[target], groups) for target in TARGETS}
        heads = {target: _regression(strengths[target]).fit(vectors, answers[target]) for target in TARGETS}
    return CommentClassifier(vectoriser, heads, strengths)


def folds(answers: NDArray[Any], groups: Ints, n: int) -> Iterator[tuple[Ints, Ints]]:
    """Places to learn from and places to be judged by, n times: answers in like shares, no group on both sides."""
    yield from StratifiedGroupKFold(n, shuffle=True, random_state=SEED).split(answers, answers, groups)


def in_one_order(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels by their id: a table's rows come in any order, and the order of learning decides the last digits."""
    return labels.sort_values("id").reset_index(drop=True).assign(is_suggestion=lambda rows: rows[SUGGESTION].astype(bool))


def _regression(strength: float) -> OneVsRestClassifier:
    return OneVsRestClassifier(LogisticRegression(C=strength, solver="liblinear", random_state=SEED))


def _best_strength(vectors: Any, answers: NDArray[Any], groups: Ints) -> float:
    """The strength with the best macro-F1 on what it did not learn from; of equals the one that is held back more."""
    parts = list(folds(answers, groups, INNER_FOLDS))
    found = {}
    for strength in STRENGTHS:
        given = [_regression(strength).fit(vectors[here], answers[here]).predict(vectors[there]) for here, there in parts]
        scores = [f1_score(answers[there], each, average="macro") for (_, there), each in zip(parts, given, strict=True)]
        found[strength] = float(np.mean(scores))
    return max(STRENGTHS, key=lambda strength: (round(found[strength], 6), -strength))
