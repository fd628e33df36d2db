"""Champions on a real MLflow store: who takes the place, who does not, and what can be asked of the one that stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from systems.community.classifier_registry import ALIAS, chosen, name_of
from systems.community.classifier_scores import Judged, Score
from systems.community.comment_classifier import TARGETS, CommentClassifier, trained
from systems.community.packaged_classifier import EXAMPLE, log_classifier
from tests.models import models_below
from tests.systems.community.labelled import labelled
from utils.errors import CheckFailed
from utils.settings import Settings

NAME = "main.community_gold.comment_classifier"


def scored(macro_f1: float) -> Judged:
    """A judgement with this score on both questions; the majority's is 0.3."""
    own, base = Score(macro_f1, macro_f1 - 0.03, macro_f1 + 0.03), Score(0.3, 0.29, 0.31)
    return Judged(pd.DataFrame(), dict.fromkeys(TARGETS, own), dict.fromkeys(TARGETS, base))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("bundle")
    with models_below(folder, "of tests"):
        yield folder


@pytest.fixture(scope="module")
def classifiers(store: Path) -> list[CommentClassifier]:
    labels = labelled(store)
    return [trained(labels.head(n)) for n in (200, 220, 240)]


def test_a_champion_is_followed_by_who_is_not_worse_and_by_nobody_else(
    store: Path, classifiers: list[CommentClassifier], repository: Path
) -> None:
    first, worse, as_good = classifiers
    with mlflow.start_run():
        models = [log_classifier(each, store, repository / "src") for each in classifiers]

    with pytest.raises(CheckFailed, match="is not above the majority's.*Nothing was registered"):
        chosen(NAME, models[0], first, scored(0.33))
    made = chosen(NAME, models[0], first, scored(0.7))
    again = chosen(NAME, models[0], first, scored(0.7))
    assert (made.version, again.version) == ("1", "1")

    kept = chosen(NAME, models[1], worse, scored(0.6))
    assert kept.version == "1" and kept.classifier.fingerprint == first.fingerprint != worse.fingerprint
    assert "worse than the champion's 0.700" in kept.why

    followed = chosen(NAME, models[2], as_good, scored(0.69))
    assert followed.version == "2" and followed.classifier is as_good
    assert str(mlflow.MlflowClient().get_model_version_by_alias(NAME, ALIAS).version) == "2"

    asked = mlflow.pyfunc.load_model(f"models:/{NAME}@{ALIAS}")
    pd.testing.assert_frame_equal(asked.predict(EXAMPLE), as_good.classify(EXAMPLE["body"].tolist()))
    assert asked.metadata.signature.inputs.input_names() == ["body"]


def test_without_a_name_the_model_stands_in_the_schema_of_gold() -> None:
    settings = Settings(system_name="community", as_of=pd.Timestamp("2024-01-01").date(), catalog="main", schema_prefix="ada_")
    assert name_of(settings, "") == "main.ada_community_gold.comment_classifier"
    assert name_of(settings, NAME) == NAME
