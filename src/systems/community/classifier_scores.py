"""How good is the classifier on comments that it has not seen? Honest scores, beside those of always saying the same.

Every label is judged by a classifier that learned without it, without its near duplicates, and whose strengths were chosen
without them. Intervals come from drawing groups of near duplicates anew (bootstrap over clusters, percentiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from systems.community.comment_classifier import SEED, SENTIMENT, SUGGESTION, TARGETS, Ints, folds, trained
from systems.community.near_duplicates import groups_of

FOLDS, DRAWS, CONFIDENCE = 5, 2_000, 0.95
BASELINE = "majority"
# Fewer labels than this, in all or of one answer, cannot be learned from and judged.
LEAST_LABELS, LEAST_OF_AN_ANSWER = 200, 20
BINS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """Macro-F1 with its 95 % interval: the mean over answers, so that rare ones count like common ones."""

    macro_f1: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """What every label was answered by a classifier that did not know it, and what follows from that.

    `answers` has a row per label: language, group, and per question the label, the answer (`... answer`), and what the
    majority says (`... majority`); `suggestion_score` is the probability that was given.
    """

    answers: pd.DataFrame
    scores: dict[str, Score]
    baselines: dict[str, Score]

    @property
    def brier(self) -> float:
        """Mean squared error of the probability of a suggestion."""
        return float(((self.answers["suggestion_score"] - self.answers[SUGGESTION]) ** 2).mean())

    @property
    def brier_of_the_share(self) -> float:
        """The same for saying the share of suggestions to every comment."""
        share = float(self.answers[SUGGESTION].mean())
        return share * (1 - share)

    @property
    def calibration_error(self) -> float:
        """Mean difference between the probability and the share of suggestions, over ten bins of as many comments."""
        bins = calibration(self.answers)
        return float(np.average((bins["score"] - bins["share"]).abs(), weights=bins["n"]))


def lacking(labels: pd.DataFrame) -> str:
    """Why these labels cannot be learned from; empty where they can."""
    if len(labels) < LEAST_LABELS:
        return f"{len(labels)} labelled comments, {LEAST_LABELS} are needed"
    for target in TARGETS:
        counts = labels[target].value_counts()
        if len(counts) < 2 or counts.min() < LEAST_OF_AN_ANSWER:
            return f"{target}: {counts.to_dict()}, at least {LEAST_OF_AN_ANSWER} of each answer are needed"
    return ""


def judge(labels: pd.DataFrame) -> Judged:
    """Judge by grouped, stratified cross-validation, all choices made anew within each fold."""
    groups = groups_of(labels["body"].tolist())
    both = (labels[SENTIMENT].astype(str) + labels[SUGGESTION].astype(str)).to_numpy()
    parts = [_answered(labels, groups, here, there) for here, there in folds(both, groups, FOLDS)]
    answers = pd.concat(parts).sort_index()
    scores, baselines = ({t: score(answers, t, column) for t in TARGETS} for column in ("answer", BASELINE))
    return Judged(answers, scores, baselines)


def score(answers: pd.DataFrame, target: str, column: str) -> Score:
    """Macro-F1 of a column of answers to a question, with its interval."""
    kinds = sorted(answers[target].unique())
    counts = _confusions(answers, target, column, kinds)
    draws = np.random.default_rng(SEED).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    drawn = np.tensordot(draws, counts, axes=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(macro_f1(drawn), [tail, 1 - tail])
    return Score(float(macro_f1(counts.sum(axis=0)[None])[0]), float(low), float(high))


def macro_f1(confusions: Floats) -> Floats:
    """Macro-F1 of each matrix (labels by answers); an answer that is neither there nor given counts nothing."""
    right = np.diagonal(confusions, axis1=1, axis2=2)
    there, given = confusions.sum(axis=2), confusions.sum(axis=1)
    f1 = np.divide(2 * right, there + given, out=np.zeros_like(right, dtype=float), where=there + given > 0)
    return np.asarray(f1.sum(axis=1) / np.maximum(1, (there + given > 0).sum(axis=1)), dtype=np.float64)


def per_language(answers: pd.DataFrame) -> pd.DataFrame:
    """Both questions per language of the labels: how many, macro-F1 with its interval, and the majority's; most labels first."""
    rows = []
    for language, of_it in answers.groupby("language"):
        for target in TARGETS:
            own, base = score(of_it, target, "answer"), score(of_it, target, BASELINE)
            rows.append({"language": language, "question": target, "n": len(of_it), "macro_f1": own.macro_f1,
                         "low": own.low, "high": own.high, BASELINE: base.macro_f1})  # fmt: skip
    return pd.DataFrame(rows).sort_values(["n", "language", "question"], ascending=[False, True, True], ignore_index=True)


def calibration(answers: pd.DataFrame) -> pd.DataFrame:
    """Bins of as many comments each, by the probability of a suggestion: its mean, the true share, and how many."""
    ordered = answers.sort_values("suggestion_score", kind="stable")
    bins = np.array_split(ordered[["suggestion_score", SUGGESTION]].to_numpy(dtype=float), min(BINS, len(ordered)))
    return pd.DataFrame([{"score": b[:, 0].mean(), "share": b[:, 1].mean(), "n": len(b)} for b in bins])


def _answered(labels: pd.DataFrame, groups: Ints, here: Ints, there: Ints) -> pd.DataFrame:
    """Labels at `there`, answered by a classifier and by a majority that know those at `here` alone."""
    known, asked = labels.iloc[here], labels.iloc[there]
    found = trained(known, groups[here]).classify(asked["body"].tolist())
    rows = asked[["language", *TARGETS]].assign(group=groups[there], suggestion_score=found["suggestion_score"].to_numpy())
    for target in TARGETS:
        rows[f"{target} answer"] = found[target].to_numpy()
        rows[f"{target} {BASELINE}"] = known[target].mode().iloc[0]
    return rows


def _confusions(answers: pd.DataFrame, target: str, column: str, kinds: Sequence[Any]) -> Floats:
    """Per group of near duplicates how often each label got each answer: (groups, labels, answers)."""
    place = {kind: number for number, kind in enumerate(kinds)}
    _, group = np.unique(answers["group"], return_inverse=True)
    given = answers[f"{target} {column}"].map(lambda kind: place.get(kind, len(kinds))).to_numpy(dtype=int)
    counts = np.zeros((group.max() + 1, len(kinds) + 1, len(kinds) + 1))
    np.add.at(counts, (group, answers[target].map(place).to_numpy(dtype=int), given), 1)
    return counts
