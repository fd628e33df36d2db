"""A training of the classifier as a run of MLflow: how it was made, from which labels, how good it is, and the model."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from matplotlib.figure import Figure

from engine.system import code_hash
from systems.community.classifier_scores import CONFIDENCE, DRAWS, FOLDS, Judged, per_language
from systems.community.comment_classifier import (
    INNER_FOLDS,
    LEAST_TEXTS,
    LETTERS,
    SEED,
    TARGETS,
    CommentClassifier,
)
from systems.community.near_duplicates import LEAST_SHARED
from systems.community.packaged_classifier import log_classifier

if TYPE_CHECKING:
    from engine.publish import Publication
    from utils.tracking import Tracking


def log_training(
    tracking: Tracking, name: str, publication: Publication, classifier: CommentClassifier, judged: Judged,
    *, figures: Mapping[str, Figure], source: Path,
) -> str:  # fmt: skip
    """Log all of it as one run; gives the address of the logged model. `source` is the project's `src`.

    No comment's text and no id is logged.
    """
    code = code_hash(publication.table)
    with (
        tracking.run(name, publication.versions, code=code, tags={"fingerprint": classifier.fingerprint}),
        tempfile.TemporaryDirectory() as folder,
    ):
        mlflow.log_params(_parameters(classifier, judged, publication.versions))
        mlflow.log_metrics(metrics(judged))
        mlflow.log_dict(publication.versions, "inputs.json")
        mlflow.log_table(per_language(judged.answers), "languages.json")
        for title, figure in figures.items():
            mlflow.log_figure(figure, f"{title}.png")
        return log_classifier(classifier, Path(folder), source)


def metrics(judged: Judged) -> dict[str, float]:
    """By question: macro-F1 with its interval, the majority's, and macro-F1 per language; of a suggestion's probability too."""
    found = {"n_labels": float(len(judged.answers)), "brier": judged.brier, "brier_of_the_share": judged.brier_of_the_share,
             "calibration_error": judged.calibration_error}  # fmt: skip
    for target in TARGETS:
        found |= {f"{target}.{name}": value for name, value in asdict(judged.scores[target]).items()}
        found |= {f"{target}.majority.{name}": value for name, value in asdict(judged.baselines[target]).items()}
    for row in per_language(judged.answers).to_dict("records"):
        found[f"{row['question']}.macro_f1.{row['language']}"] = float(row["macro_f1"])
    return found


def _parameters(classifier: CommentClassifier, judged: Judged, versions: Mapping[str, Any]) -> dict[str, Any]:
    strengths = {f"strength of {target}": strength for target, strength in classifier.strengths.items()}
    how = {"letters": f"{LETTERS[0]} to {LETTERS[1]}", "least_texts": LEAST_TEXTS, "folds": FOLDS, "inner_folds": INNER_FOLDS,
           "seed": SEED, "draws": DRAWS, "confidence": CONFIDENCE, "near_duplicates_share": LEAST_SHARED,
           "n_groups": int(judged.answers["group"].nunique())}  # fmt: skip
    return how | strengths | {f"version of {path}": version[1] for path, version in versions.items()}
