"""Which classifier counts? The champion of MLflow's registry, and what a new one must show to take its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from systems.community.classifier_scores import Judged
from systems.community.comment_classifier import TARGETS, CommentClassifier
from utils.errors import CheckFailed
from utils.registry import version_at

if TYPE_CHECKING:
    from utils.settings import Settings

ALIAS, SCORES, FINGERPRINT = "champion", "scores", "fingerprint"


@dataclass(frozen=True)
class Champion:
    """The classifier that counts now, its version in the registry, and why it is this one."""

    classifier: CommentClassifier
    version: str
    why: str


def name_of(settings: Settings, given: str) -> str:
    """The registered model's name: the one that a job gives, else that of the schema of gold."""
    return given or settings.name_of("gold.comment_classifier").replace("`", "")


def refusal(judged: Judged, champion: Mapping[str, Mapping[str, float]] | None) -> str:
    """Why a classifier may not become the champion; empty where it may. `champion` holds the present one's scores.

    Its interval must lie above the majority's for both questions, and reach up to the champion's score: a sample is
    corrected and grows, so that scores differ by chance, and what is within chance is not worse.
    """
    for target in TARGETS:
        found, base = judged.scores[target], judged.baselines[target]
        if found.low <= base.high:
            return f"{target}: macro-F1 from {found.low:.3f} is not above the majority's, up to {base.high:.3f}"
        if champion and found.high < champion[target]["macro_f1"]:
            return f"{target}: macro-F1 up to {found.high:.3f} is worse than the champion's {champion[target]['macro_f1']:.3f}"
    return ""


def chosen(name: str, model: str, classifier: CommentClassifier, judged: Judged) -> Champion:
    """Register the logged `model` under the alias if it may be, and give the champion that there is then.

    The same classifier is not registered twice. Raises CheckFailed where it may not be and there is no other one.
    """
    import mlflow

    from systems.community.packaged_classifier import fetched

    now = version_at(name, ALIAS)
    if now and now.tags.get(FINGERPRINT) == classifier.fingerprint:
        return Champion(classifier, str(now.version), "the labels say what they said before")
    why_not = refusal(judged, json.loads(now.tags[SCORES]) if now else None)
    if why_not and not now:
        raise CheckFailed("the new classifier", why_not, hint="Nothing was registered or published.")
    if why_not and now:
        return Champion(fetched(f"models:/{name}/{now.version}"), str(now.version), f"the new one is refused: {why_not}")
    scores = json.dumps({target: asdict(judged.scores[target]) for target in TARGETS})
    made = mlflow.register_model(model, name, tags={FINGERPRINT: classifier.fingerprint, SCORES: scores})
    mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, made.version)
    return Champion(classifier, str(made.version), "it is better than the majority, and no worse than the one before")


def as_row(champion: Champion) -> dict[str, Any]:
    """For people."""
    return {"version": champion.version, "fingerprint": champion.classifier.fingerprint, "why": champion.why}
