"""Kinds of supporters: those that are planted are found, those that are not are not, and the order of rows is nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from systems.community import segment_figures
from systems.community.gold.supporter_segments import segment_profiles, supporter_segments
from systems.community.segment_profiles import names_of, profile_table
from systems.community.segmentation import (
    LEAST_SUPPORTERS,
    Segmentation,
    Stability,
    chosen,
    segmented,
    stability_table,
)
from systems.community.supporter_measures import EVERYBODY, FEATURES, as_measured, in_one_order
from tests.models import models_below
from tideline.workspace.layout import Layout

KINDS = {"givers": (900, 50, 0, 1), "talkers": (30, 5, 60, 2), "voters": (40, 5, 1, 300)}


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    """Three kinds of supporters, forty of each, scattered by a third around what their kind does."""
    draw = np.random.default_rng(1)
    rows = [
        (f"{kind}-{n:03d}", *(np.asarray(usual) * np.exp(draw.normal(0, 0.3, 4))))
        for kind, usual in KINDS.items() for n in range(40)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["user_pseudonym", *FEATURES])


@pytest.fixture(scope="module")
def found(planted: pd.DataFrame) -> Segmentation:
    return segmented(as_measured(in_one_order(planted)))


def test_planted_kinds_are_found_and_everybody_is_with_their_own(planted: pd.DataFrame, found: Segmentation) -> None:
    rows = supporter_segments(planted, found)
    kinds = rows.assign(kind=rows["user_pseudonym"].str.split("-").str[0]).groupby("kind")["segment"].agg(["nunique", "first"])
    assert len(found.centres) == 3
    assert kinds["nunique"].tolist() == [1, 1, 1] and kinds["first"].nunique() == 3
    assert kinds.loc["givers", "first"] == 1  # the greatest supporters come first


def test_segments_are_named_by_what_tells_them_apart(planted: pd.DataFrame, found: Segmentation) -> None:
    rows = supporter_segments(planted, found)
    names = {key.split("-")[0]: name for key, name in zip(rows["user_pseudonym"], rows["segment_name"], strict=True)}
    assert "great support" in names["givers"] or "pays much a month" in names["givers"]
    assert "comments often" in names["talkers"] and "votes often" in names["voters"]
    assert len(set(names.values())) == 3


def test_profiles_are_those_of_the_rows(planted: pd.DataFrame, found: Segmentation) -> None:
    profiles = segment_profiles(planted, found)
    kinds = planted["user_pseudonym"].str.split("-").str[0]
    assert profiles["n_supporters"].tolist() == [40] * 12 and profiles["share"].tolist() == pytest.approx([1 / 3] * 12)
    logs = np.log1p(planted.set_index("user_pseudonym")[list(FEATURES)])
    givers = profiles[profiles["segment"] == 1].set_index("feature")
    for feature in FEATURES:
        mine = logs[feature][kinds.to_numpy() == "givers"]
        expected = (mine.mean() - logs[feature].mean()) / logs[feature].std(ddof=0)
        assert givers.loc[feature, "difference"] == pytest.approx(expected)
        assert givers.loc[feature, "median"] == pytest.approx(planted[feature][kinds == "givers"].median())


def test_shuffled_rows_and_a_second_training_give_the_same_segments(planted: pd.DataFrame, found: Segmentation) -> None:
    shuffled = planted.sample(frac=1, random_state=5)
    again = segmented(as_measured(in_one_order(shuffled)))
    assert np.array_equal(again.centres, found.centres) and again.stabilities == found.stabilities
    assert supporter_segments(shuffled, again).equals(supporter_segments(planted, found))


@pytest.mark.parametrize("noise", ["normal", "correlated", "uniform"])
def test_no_segments_are_found_in_noise(noise: str) -> None:
    draw = np.random.default_rng(7)
    rows = {
        "normal": lambda: draw.normal(3, 1, (150, 4)),
        "correlated": lambda: draw.multivariate_normal(np.full(4, 3.0), 0.3 * np.eye(4) + 0.7, 150),
        "uniform": lambda: draw.uniform(0, 5, (150, 4)),
    }[noise]()
    found = segmented(rows)
    assert len(found.centres) == 1 and len(found.stabilities) == 5
    assert names_of(found) == [EVERYBODY]
    assert np.allclose(found.of(rows)[1], np.linalg.norm((rows - rows.mean(axis=0)) / rows.std(axis=0), axis=1))


@pytest.mark.parametrize("n", [0, 1, LEAST_SUPPORTERS - 1])
def test_too_few_supporters_are_of_one_kind_and_it_is_said(planted: pd.DataFrame, n: int) -> None:
    few = planted.head(n)
    found = segmented(as_measured(in_one_order(few)))
    rows, profiles = supporter_segments(few, found), segment_profiles(few, found)
    assert set(rows["segment"]) <= {1} and len(rows) == n and len(profiles) == (4 if n else 0)
    assert f"fewer than {LEAST_SUPPORTERS}" in str(stability_table(found).iloc[0, 0])
    for figure in (segment_figures.stability(found), segment_figures.differences(profiles)):
        assert figure.axes[0].get_title(loc="left") and figure.axes[0].get_xlabel() and figure.axes[0].texts
    assert len(profile_table(profiles)) == 1


def test_a_number_of_segments_stands_only_against_data_without_any() -> None:
    def tried(n: int, agreement: float, null: float, silhouette: float = 0.5) -> Stability:
        return Stability(n, agreement, null, silhouette, 0.3)

    assert chosen([]) == 1
    assert chosen([tried(2, 0.95, 0.97), tried(3, 0.9, 0.7), tried(4, 0.8, 0.6)]) == 3
    assert chosen([tried(2, 0.7, 0.1), tried(3, 0.9, 0.7, silhouette=0.2)]) == 1


def test_figures_show_segments_beside_data_without_any(planted: pd.DataFrame, found: Segmentation) -> None:
    figure = segment_figures.stability(found)
    assert "3 segments stand" in figure.axes[0].texts[0].get_text()
    drawn = segment_figures.differences(segment_profiles(planted, found))
    assert len(drawn.axes[0].patches) == 12 and len(drawn.axes[0].get_yticklabels()) == 3


def test_the_model_tells_the_segment_and_holds_nobody(
    planted: pd.DataFrame, found: Segmentation, tmp_path: Path, repository: Path
) -> None:
    import mlflow

    from systems.community.logged_segments import log_segments, measures

    profiles = segment_profiles(planted, found)
    with models_below(tmp_path, "/Shared/segments") as store:
        with mlflow.start_run() as run:
            address = log_segments(found, profiles, {}, repository / "src", seed=1)
        model = mlflow.pyfunc.load_model(address)
        said = model.predict(planted[list(FEATURES)])
        expected = supporter_segments(planted, found).set_index("user_pseudonym").loc[planted["user_pseudonym"]]
        assert said["segment"].tolist() == expected["segment"].tolist()
        assert said["distance"].tolist() == pytest.approx(expected["distance"].tolist())
        assert store.get_run(run.info.run_id).data.metrics == pytest.approx(measures(found, profiles))
        logged = [file for file in Layout(tmp_path).models.rglob("*") if file.is_file()]
        assert logged and not [file for file in logged if b"givers-0" in file.read_bytes()]
